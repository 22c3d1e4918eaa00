import { expect } from "chai";
import type { GrantId, UserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import type { Target } from "../../src/model/target.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant, removeManualGrant } from "../../src/provisioning/manual-grants.js";
import type { LocalProfile } from "../../src/provisioning/ports/documents.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const SALES: Target = { scope: "team:Sales", role: "viewer" };

describe("grants by hand", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: clock.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "sso", protocol: "oidc" });
    await t.mapping({
      no_match: "allow",
      mappings: [{ group_name: "Sales", team_name: "Sales", role_name: "viewer" }],
    });
    await t.signIn("sso", "ada", { groups: [] });
    await t.settled();
  });

  const later = (hours: number): string => new Date(Date.parse(clock.now()) + hours * 3_600_000).toISOString();
  const give = async (target: Target, expiresAt?: string, user?: UserId): Promise<GrantId> =>
    addManualGrant(
      t.p,
      await t.tenant(),
      user ?? (await t.userId("ada")),
      { target, reason: "asked for", ...(expiresAt === undefined ? {} : { expiresAt }) },
      ADMIN,
    );
  const take = async (grant: GrantId) => removeManualGrant(t.p, await t.tenant(), await t.userId("ada"), grant, ADMIN);
  const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => "done",
      (error: unknown) => (error instanceof Refusal ? error.code : error),
    );

  it("come, go and make their team, and sync never touches them", async () => {
    const grant = await give({ scope: "team:Brand New", role: "editor" });
    expect(await t.holds("ada")).to.deep.equal(["Brand New/editor"]);
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    await t.mapping({ no_match: "allow" });
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal(["Brand New/editor"]);
    await take(grant);
    expect(await t.holds("ada")).to.deep.equal([]);
  });

  it("end with the account that an admin ends, each with an audit entry and an event", async () => {
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    await give({ scope: "team:Brand New", role: "editor" });
    const tenant = await t.tenant();
    await updateLocalUser(t.p, tenant, await t.userId("ada"), { active: false }, ADMIN);
    await t.settled();
    const reader = t.p.store.read(tenant.id);
    const ended = ["user.deactivated", "grant.removed", "grant.removed"];
    expect((await reader.events({ after: 0, limit: 100 })).slice(-3).map(({ type }) => type)).to.deep.equal(ended);
    const { items } = await reader.audit({ limit: 3 });
    expect(items.map(({ action }) => action)).to.have.members(ended);
  });

  it("end the hold of somebody who would lose what is given", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", mayGrantOwner: true });
    const owners = { group_name: "Admins", connections: ["okta"], scope: "tenant", role_name: "owner" };
    await t.mapping({ no_match: "allow", mappings: [owners] });
    const [bob, cid] = [await t.pushUser("okta", "bob"), await t.pushUser("okta", "cid")];
    const group = await t.pushGroup("okta", "Admins", [bob, cid]);
    await t.change("okta", { kind: "removeMembers", group, members: [bob] });
    await t.settled();
    expect(await t.held("okta")).to.deep.equal({ bob: "second_to_last_owner" });
    await give({ scope: "tenant", role: "owner" }, undefined, await t.userId("bob"));
    await t.settled();
    expect(await t.held("okta").catch(() => "nobody")).to.deep.equal({});
    expect((await t.person("bob")).grants.map(({ origin }) => origin)).to.deep.equal(["manual"]);
  });

  it("stay when a rule that gave the same stops matching, and a rule's stays when they go", async () => {
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    const grant = await give(SALES);
    await t.signIn("sso", "ada", { groups: [] });
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    await take(grant);
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });

  it("end at their time, with nobody's doing, and not a moment earlier", async () => {
    await give(SALES, later(2));
    clock.forward({ minutes: 119 });
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
    clock.forward({ minutes: 1 });
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal([]);
    const history = await t.p.store.read((await t.tenant()).id).grantHistory(await t.userId("ada"));
    expect(history[0]).to.include({ endReason: "expired", origin: "manual", reason: "asked for", by: "operator" });
  });

  it("end once: what was taken earlier, or given again, is left alone at that time", async () => {
    await take(await give(SALES, later(1)));
    await give(SALES);
    clock.forward({ hours: 2 });
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });

  it("end with the account, and do not come back with it", async () => {
    const tenant = await t.tenant();
    const local = await createLocalUser(t.p, tenant, { userName: "local" } satisfies LocalProfile, ADMIN);
    await give(SALES, undefined, local);
    await updateLocalUser(t.p, tenant, local, { active: false }, ADMIN);
    await updateLocalUser(t.p, tenant, local, { active: true }, ADMIN);
    expect(await t.holds("local")).to.deep.equal([]);
  });

  it("are refused where they cannot be: twice, in the past, to nobody, to somebody without an account", async () => {
    await give(SALES);
    const tenant = await t.tenant();
    const local = await createLocalUser(t.p, tenant, { userName: "local" }, ADMIN);
    await updateLocalUser(t.p, tenant, local, { active: false }, ADMIN);
    const codes = [
      await codeOf(give(SALES)),
      await codeOf(give({ ...SALES, role: "editor" }, later(-1))),
      await codeOf(give(SALES, undefined, "01NOBODY" as UserId)),
      await codeOf(give(SALES, undefined, local)),
    ];
    expect(codes).to.deep.equal(["conflict", "bad_request", "not_found", "conflict"]);
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });

  it("can take a default that was given once, and not the one that `no_match: default` keeps giving", async () => {
    await t.mapping({ default_team: "Lobby" });
    await t.settled();
    await t.signIn("sso", "cy", { groups: [] });
    const cy = await t.userId("cy");
    const [once] = (await t.person("cy")).grants;
    await removeManualGrant(t.p, await t.tenant(), cy, once?.id as GrantId, ADMIN);
    await t.signIn("sso", "cy", { groups: [] });
    expect(await t.holds("cy")).to.deep.equal([]);
    await t.mapping({ default_team: "Lobby", no_match: "default" });
    await t.settled();
    const [kept] = (await t.person("cy")).grants;
    expect(await codeOf(removeManualGrant(t.p, await t.tenant(), cy, kept?.id as GrantId, ADMIN))).to.equal(
      "read_only",
    );
    expect(await t.holds("cy")).to.deep.equal(["Lobby/member"]);
  });

  it("cannot be used to take what sync gave, or what another person holds", async () => {
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    await t.signIn("sso", "bob", { groups: [] });
    const { grants } = await t.person("ada");
    const bobs = await give({ scope: "tenant", role: "auditor" }, undefined, await t.userId("bob"));
    expect(await codeOf(take(grants[0]?.id as GrantId))).to.equal("read_only");
    expect(await codeOf(take(bobs))).to.equal("not_found");
    expect(await t.holds("bob")).to.deep.equal(["tenant/auditor"]);
  });
});
