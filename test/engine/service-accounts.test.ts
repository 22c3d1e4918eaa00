import { expect } from "chai";
import { deactivationReason } from "../../src/engine/account.js";
import { computedProfile } from "../../src/engine/computed-profile.js";
import { explain } from "../../src/engine/explain/explain.js";
import { needsSeat } from "../../src/engine/guard.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import type { PersonLink } from "../../src/model/person.js";
import type { ScimRoleFact } from "../../src/model/scim-role.js";
import { compiled, decided, desiredOf, link, type MadeUpLink, state } from "./made-up.js";

const MAPPING: MappingDocument = {
  scim_roles: [
    { type: "account_type", values: ["admin", "owner"], scope: "tenant" },
    { type: "team_{team}", values: ["editor"], team_name: "{team}" },
  ],
  unknown_team: "create_any",
  mappings: [
    { everyone: true, team_name: "All", role_name: "viewer" },
    { group_name: "Eng", team_name: "Platform", role_name: "editor" },
    { when: "user.active", team_name: "Active", role_name: "viewer" },
  ],
  profile: { displayName: "'computed'" },
};

/** A service account that a source calls active. */
function account(
  roles: readonly ScimRoleFact[] = [],
  made: MadeUpLink = {},
  more: Partial<PersonLink> = {},
): PersonLink {
  const connection = { sync: "live", unruled: true, ...made.connection } as const;
  return { ...link({ scim: "active", groups: ["Eng"], ...made, connection }), scimRoles: roles, ...more };
}

const EDITOR = { type: "team_Data", value: "editor" };

describe("service accounts", () => {
  for (const no_match of ["deny_new", "deny", "deactivate", "default", "allow"] as const) {
    it(`have what SCIM assigns and nothing else, whatever rules, defaults and no_match \`${no_match}\` say`, async () => {
      const mapping = compiled({ ...MAPPING, no_match, default_team: "Everybody" });
      const decision = await decided(mapping, [account([EDITOR])], { everRegistered: false, status: "pending" });
      expect(decision).to.include({ status: "registered" });
      expect(desiredOf(decision)).to.deep.equal(["Data/editor by team_{team}@idp"]);
      const none = await decided(mapping, [account()], { status: "registered" });
      expect(none).to.include({ status: "registered" });
      expect(desiredOf(none)).to.deep.equal([]);
    });
  }

  it("are explained by no rule", async () => {
    const mapping = compiled(MAPPING);
    const links = [account([EDITOR])];
    const decision = await decided(mapping, links, { status: "registered" });
    const said = explain(mapping, links, decision.evaluations, decision, state());
    expect(said.notGiven).to.deep.equal([]);
    expect(said.notGivenLeftOut).to.equal(0);
  });

  it("never own the tenant, whatever the connection may grant", async () => {
    const mapping = compiled(MAPPING);
    const owner = { type: "account_type", value: "owner" };
    const links = [account([owner])];
    const decision = await decided(mapping, links, { status: "registered" });
    expect(desiredOf(decision)).to.deep.equal([]);
    const { rolesNotGiven } = explain(mapping, links, decision.evaluations, decision, state());
    expect(rolesNotGiven.map(({ sentence }) => sentence)).to.deep.equal([
      "SCIM role `account_type: owner` gives nothing: no service account owns the tenant",
    ]);
  });

  it("are not brought back while their time is over, and are by a later end", async () => {
    const mapping = compiled(MAPPING);
    const ended = { status: "deactivated", deactivatedBy: "expired" } as const;
    const still = await decided(mapping, [account([], {}, { expired: true })], ended);
    expect(still).to.deep.include({ status: "unchanged", statusReason: "its time was over" });
    expect(await decided(mapping, [account()], ended)).to.include({ status: "registered" });
    expect(deactivationReason("expired")).to.equal("its time was over");
  });

  it("are called what their source calls them, by no computed profile", () => {
    const mapping = compiled(MAPPING);
    const links = [account([], { user: { displayName: "Nightly export" } })];
    expect(computedProfile(mapping, links, new Map()).get("displayName")).to.deep.equal({ value: "Nightly export" });
  });

  it("take no seat", () => {
    const changes = [{ kind: "create_user", reason: "" }] as const;
    const plan = (serviceAccount: boolean) => ({
      person: state([], { status: "pending", seat: false, ...(serviceAccount && { serviceAccount: true as const }) }),
      ...{ changes, kept: [], refreshed: [], frozen: false },
    });
    expect([needsSeat(plan(true)), needsSeat(plan(false))]).to.deep.equal([false, true]);
  });
});
