import { expect } from "chai";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { explainPast } from "../../src/provisioning/explain/explain-past.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const rule = (note: string, more: object = {}) => ({
  mappings: [{ id: "sales", group_name: "Sales", team_name: "Sales", role_name: "viewer", note, ...more }],
});

/** A worker that finds nothing to do while it is busy elsewhere. */
const busyWhen = (isBusy: () => boolean) => (p: Provisioning) => {
  const { instance } = p.store;
  const tenantsWithWork: typeof instance.tenantsWithWork = async (...asked) =>
    isBusy() ? [] : instance.tenantsWithWork(...asked);
  return { ...p, store: { ...p.store, instance: { ...instance, tenantsWithWork } } };
};

describe("the version that stood behind a grant", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;
  let isBusy = false;

  before(async () => {
    database = await openDatabase({ with: clock.into, withWorker: busyWhen(() => isBusy) });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
  });

  /** Saves, and answers with a moment after it. */
  async function save(document: object, { settled = true } = {}): Promise<string> {
    clock.forward({ minutes: 1 });
    await t.mapping(document);
    if (settled) await t.settled();
    clock.forward({ minutes: 1 });
    return clock.now();
  }

  async function pushed(): Promise<void> {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.pushGroup("okta", "Sales", [await t.pushUser("okta", "ada")]);
  }

  async function told(at: string): Promise<readonly unknown[]> {
    const { assignments } = await explainPast(t.p, await t.tenant(), await t.userId("ada"), at);
    return assignments.flatMap(({ grants }) =>
      grants.map(({ mappingVersion, version, ruleThen }) => [mappingVersion, version?.version, ruleThen?.note]),
    );
  }

  it("is the one that was active then, with the rule as it was written, though later ones wrote nothing", async () => {
    await pushed();
    const first = await save(rule("one"));
    const second = await save(rule("two"));
    const third = await save(rule("three"));
    await save({ mappings: [] });
    expect([await told(first), await told(second), await told(third)]).to.deep.equal([
      [[1, 1, "one"]],
      [[1, 2, "two"]],
      [[1, 3, "three"]],
    ]);
  });

  it("is the one before while the run of an edit has not reached the person", async () => {
    await pushed();
    await save(rule("one"));
    await save(rule("two"));
    isBusy = true;
    const third = await save(rule("three"), { settled: false });
    const before = await told(third);
    const { assignments } = await explainUser(t.p, await t.tenant(), await t.userId("ada"));
    isBusy = false;
    await t.settled();
    expect([before, await told(third)]).to.deep.equal([[[1, 2, "two"]], [[1, 3, "three"]]]);
    expect(assignments[0]?.grants[0]).to.include({ mappingVersion: 2 });
  });

  it("is the last with the rule where edits left the person as they were", async () => {
    await t.connect({ slug: "sso", protocol: "oidc", jit: "first_sign_in", mayGrantOwner: false });
    await save(rule("one"));
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    await save(rule("two"));
    const third = await save(rule("three", { enabled: false }));
    const fourth = await save({ mappings: [] });
    expect([await told(third), await told(fourth)]).to.deep.equal([[[1, 2, "two"]], [[1, 2, "two"]]]);
  });

  it("is the one that gave it where the rule is gone for long", async () => {
    await t.connect({ slug: "sso", protocol: "oidc", jit: "first_sign_in", mayGrantOwner: false });
    await save(rule("one"));
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    await save(rule("two"));
    for (let at = 0; at < 21; at++) await save({ mappings: [{ ...rule("x").mappings[0], id: `other${at}` }] });
    expect(await told(clock.now())).to.deep.equal([[1, 1, "one"]]);
  });

  it("finds a rule that got an id since by what it said then", async () => {
    const { id, ...nameless } = rule("one").mappings[0] as { readonly id: string };
    const beside = { group_name: "Sales", team_name: "Sales", role_name: "editor", note: "beside" };
    await pushed();
    const first = await save({ mappings: [nameless] });
    const second = await save({ mappings: [{ ...nameless, note: "two" }, beside] });
    const other = { ...nameless, id: "other", group_name: "Else" };
    const third = await save({ mappings: [other, { ...nameless, id, note: "three" }, beside] });
    await save({ mappings: [{ ...nameless, id, group_name: ["Sales", "Else"] }] });
    expect([await told(first), await told(second), await told(third)]).to.deep.equal([
      [[3, 1, "one"]],
      [[3, 2, "two"]],
      [[3, 3, "three"]],
    ]);
  });

  it("tells of very much the first, and of one place alone when asked", async () => {
    await t.connect({ slug: "okta", protocol: "oidc" });
    await save({ mappings: [{ group_pattern: "g{n}", scope: "resource:p:{n}", role_name: "viewer" }] });
    await t.signIn("okta", "ada", { groups: Array.from({ length: 501 }, (_, index) => `g${index}`) });
    clock.forward({ minutes: 1 });
    const [tenant, user] = [await t.tenant(), await t.userId("ada")];
    const all = await explainPast(t.p, tenant, user, clock.now());
    expect([all.assignments.length, all.assignmentsLeftOut]).to.deep.equal([500, 1]);
    const wanted = { scope: "resource:p:500", role: "viewer" };
    const one = await explainPast(t.p, tenant, user, clock.now(), wanted);
    expect(one.assignments.map(({ target }) => target)).to.deep.equal([wanted]);
    expect(one.assignmentsLeftOut).to.equal(500);
  });

  it("names the version that gave a default once, whatever came after, and none for what was given by hand", async () => {
    await save({ default_role: "member" });
    await pushed();
    await t.settled();
    const first = clock.now();
    const second = await save({ default_role: "guest" });
    expect([await told(first), await told(second)]).to.deep.equal([[[1, 1, undefined]], [[1, 1, undefined]]]);
    const byHand = { target: { scope: "tenant", role: "auditor" }, reason: "year's end" };
    await addManualGrant(t.p, await t.tenant(), await t.userId("ada"), byHand, ADMIN);
    expect(await told(second)).to.deep.include([undefined, undefined, undefined]);
  });

  it("is at present the one in which the rule got the text that it has now", async () => {
    await pushed();
    const by = async () => {
      const { assignments } = await explainUser(t.p, await t.tenant(), await t.userId("ada"));
      return assignments.map(({ label, grants }) => [label, ...grants.map(({ givenBy }) => givenBy?.version)]);
    };
    const owners = { tenant_owners_groups: ["Sales"] };
    await save({ ...rule("one"), ...owners });
    await save({ ...rule("one"), ...owners, no_match: "allow" });
    expect(await by()).to.deep.equal([
      ["Sales/viewer", 1],
      ["tenant/owner", 1],
    ]);
    await save({ ...rule("one", { group_name: ["Sales", "More"] }), ...owners });
    await save({
      mappings: [{ group_name: "Sales", team_name: "T", role_name: "x" }, ...rule("one").mappings],
      ...owners,
    });
    await save({
      mappings: [...rule("one").mappings, { group_name: "Sales", team_name: "T", role_name: "x" }],
      ...owners,
    });
    // Text that came back is as old as its return; what other rules do, and where it stands, is no matter.
    expect(await by()).to.deep.equal([
      ["Sales/viewer", 4],
      ["T/x", 4],
      ["tenant/owner", 1],
    ]);
    await save({ ...rule("one"), tenant_owners_groups: ["Sales", "Others"] });
    expect(await by()).to.deep.equal([
      ["Sales/viewer", 4],
      ["tenant/owner", 6],
    ]);
  });
});
