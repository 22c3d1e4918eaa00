import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import { targetLabel } from "../../src/model/target.js";
import { HELD_BECAUSE } from "../../src/provisioning/brake.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { type Tried, type TryInput, tryPerson } from "../../src/provisioning/preview/try-person.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { testClock } from "../support/clock.js";
import { scimUser } from "../support/people.js";
import { smallBrake } from "../support/small-brake.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const RULES = {
  tenant_owners_groups: ["IT Admins"],
  mappings: [{ id: "sales", group_name: "Sales", team_name: "Sales", role_name: "viewer" }],
  no_match: "allow",
} as const;
const OWNERLESS = JSON.stringify({ mappings: RULES.mappings, no_match: "allow" });
const NOTHING = JSON.stringify({ no_match: "allow" });

describe("trying somebody tells what apply would do", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;
  let ids: DirectoryUserId[];
  let admins: DirectoryGroupId;

  before(async () => {
    database = await openDatabase({ with: (p) => smallBrake(clock.into(p)) });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live", settleSeconds: 0 });
    await t.mapping(RULES);
    ids = [];
    for (let at = 0; at < 5; at++) ids.push(await t.pushUser("okta", `p${at}`));
    await t.pushGroup("okta", "Sales", ids);
    admins = await t.pushGroup("okta", "IT Admins", ids.slice(0, 1));
    await t.settled();
  });

  const tried = async (user: string, input: Omit<TryInput, "user"> = {}) =>
    tryPerson(t.p, await t.tenant(), { user, ...input });
  const told = ({ changes }: Tried) =>
    changes.map(({ change, target, reason }) => [change, target ? targetLabel(target) : "", reason]);
  const labels = ({ assignments }: Tried) => assignments.map(({ label }) => label);
  const keptOf = ({ assignments }: Tried, of: string) =>
    assignments.find(({ label }) => label === of)?.grants.map(({ kept }) => kept);
  const noOwner = { facts: { groups: { remove: ["IT Admins"] } } } as const;
  const alsoAdmin = async (...members: readonly DirectoryUserId[]) => {
    await t.change("okta", { kind: "addMembers", group: admins, members });
    await t.settled();
  };

  for (const [what, input] of [
    ["facts without it", noOwner],
    ["a draft without it", { document: OWNERLESS }],
  ] as const) {
    it(`leaves the last owner by ${what}, and says why`, async () => {
      const answer = await tried("p0", input);
      expect(told(answer)).to.deep.equal([["hold", "tenant/owner", HELD_BECAUSE.last_owner]]);
      expect(labels(answer)).to.include("tenant/owner");
      expect(keptOf(answer, "tenant/owner")).to.deep.equal([HELD_BECAUSE.last_owner]);
    });
  }

  it("leaves the second to last owner whom facts would end, and lets a draft end one of two, as a reviewed save does", async () => {
    await alsoAdmin(ids[1] as DirectoryUserId);
    const unseen = await tried("p0", noOwner);
    expect(told(unseen)).to.deep.equal([["hold", "tenant/owner", HELD_BECAUSE.second_to_last_owner]]);
    const both = [await tried("p0", { document: OWNERLESS }), await tried("p1", { document: OWNERLESS })];
    const lines = both.flatMap(({ changes }) => changes.map(({ change, reason }) => [change, reason]));
    // Each by itself would leave the other one: together somebody has to stay.
    expect(lines).to.have.deep.members([
      ["revoke", "rule `tenant_owners` is not in the mapping any more"],
      ["hold", HELD_BECAUSE.last_owner],
    ]);
  });

  it("keeps the last owner as a save would, however many people own a resource", async () => {
    const many = Array.from({ length: 205 }, (_, at) => ({
      document: scimUser(`r${at}`),
      kind: "upsertUser" as const,
    }));
    await t.change("okta", ...many);
    const boxes = { everyone: true, scope: "resource:box:b", role_name: "owner" };
    await t.mapping({ ...RULES, mappings: [...RULES.mappings, boxes] });
    // behind all others by name and by id
    const last = [await t.pushUser("okta", "zed0"), await t.pushUser("okta", "zed1")];
    await alsoAdmin(...last);
    await t.change("okta", { kind: "removeMembers", group: admins, members: ids.slice(0, 1) });
    await t.settled();
    const owners = await t.p.store.read((await t.tenant()).id).ownerIds();
    const names = new Map(
      await Promise.all(["zed0", "zed1"].map(async (name) => [await t.userId(name), name] as const)),
    );
    const document = JSON.stringify({ mappings: [...RULES.mappings, boxes], no_match: "allow" });
    const ends = async (user: string) => {
      const line = (await tried(user, { document })).changes.find(({ target }) => target?.scope === "tenant");
      return [line?.change, line?.reason];
    };
    const [goes, stays] = owners.map((user) => names.get(user) ?? "");
    expect(await ends(String(goes))).to.deep.equal(["revoke", "rule `tenant_owners` is not in the mapping any more"]);
    expect(await ends(String(stays))).to.deep.equal(["hold", HELD_BECAUSE.last_owner]);
  });

  it("lets an owner go where two others stay", async () => {
    await alsoAdmin(ids[1] as DirectoryUserId, ids[2] as DirectoryUserId);
    expect((await tried("p0", noOwner)).changes.map(({ change }) => change)).to.deep.equal(["revoke"]);
  });

  it("leaves whom the brake holds as they are, with what waits", async () => {
    await saveMapping(t.p, await t.tenant(), JSON.stringify({ ...RULES, mappings: [] }), {}, ADMIN);
    await t.settled();
    const waiting = Object.keys(await t.held("okta"));
    expect(waiting.length).to.be.greaterThan(0);
    const answer = await tried(waiting[0] as string);
    expect(told(answer)).to.deep.equal([["hold", "Sales/viewer", HELD_BECAUSE.brake_access]]);
    expect(keptOf(answer, "Sales/viewer")).to.deep.equal([HELD_BECAUSE.brake_access]);
    // A draft that gives it again takes the cause away.
    const again = await tried(waiting[0] as string, { document: JSON.stringify(RULES) });
    expect(told(again)).to.deep.equal([]);
    expect(keptOf(again, "Sales/viewer")).to.deep.equal([undefined]);
  });

  it("gives nothing to somebody for whom no seat is free", async () => {
    await t.pushUser("okta", "p4", { id: ids[4] as DirectoryUserId, active: false });
    await t.settled();
    await updateTenant(t.p, await t.tenant(), { seats: 4 }, ADMIN);
    const back = { facts: { user: { active: true } } } as const;
    const answer = await tried("p4", back);
    expect(answer.changes.map(({ change, reason }) => [change, reason])).to.deep.equal([
      ["hold", HELD_BECAUSE.no_seat],
      ["grant", HELD_BECAUSE.no_seat],
    ]);
    expect(answer.changes.map(({ held }) => held)).to.deep.equal([undefined, true]);
    expect(labels(answer)).to.deep.equal([]);
    await updateTenant(t.p, await t.tenant(), { seats: 5 }, ADMIN);
    expect((await tried("p4", back)).changes.map(({ change }) => change)).to.deep.equal(["reactivate_user", "grant"]);
  });

  it("leaves people who are known by a first sign-in alone, unless facts are pretended", async () => {
    await t.connect({ slug: "once", protocol: "oidc", jit: "first_sign_in" });
    await t.signIn("once", "eve", { groups: ["Sales"] });
    expect(await t.holds("eve")).to.deep.equal(["Sales/viewer"]);
    const answer = await tried("eve", { document: NOTHING });
    expect(answer).to.include({ frozen: true });
    expect(told(answer)).to.deep.equal([]);
    expect(keptOf(answer, "Sales/viewer")?.[0]).to.match(/^known by a first sign-in only/);
    const pretended = await tried("eve", { facts: { groups: [] } });
    expect(pretended).to.include({ frozen: false });
    expect(told(pretended)).to.deep.equal([["revoke", "Sales/viewer", "rule `sales` does not match any more"]]);
  });
});
