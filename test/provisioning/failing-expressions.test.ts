import { expect } from "chai";
import type { ExpressionFailure } from "../../src/model/expression.js";
import { Refusal } from "../../src/model/problem.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { type TestClock, testClock } from "../support/clock.js";
import { expressionsThrough } from "../support/expressions-through.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const RULE = {
  id: "senior",
  when: "$number(user.employeeNumber) > 100",
  team_name: "Seniors",
  role_name: "editor",
};
const SENIORS = ["Seniors/editor"];

describe("an expression that fails for one person", () => {
  let t: TestTenant;
  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
    await t.mapping({ mappings: [RULE] });
  });
  afterEach(() => t.close());

  const push = (name: string, employeeNumber: string, id?: string) =>
    t.pushUser("main", name, { externalId: name, attributes: { employeeNumber }, ...(id === undefined ? {} : { id }) });
  const everybody = async () => [await t.holds("ann"), await t.holds("bob"), await t.holds("cyd")];

  it("leaves that person's access as it is, and nobody else's, when facts are pushed", async () => {
    const ann = await push("ann", "200");
    const bob = await push("bob", "300");
    const cyd = await push("cyd", "1");
    expect(await everybody()).to.deep.equal([SENIORS, SENIORS, []]);
    await push("ann", "no number", ann);
    await push("bob", "2", bob);
    await push("cyd", "400", cyd);
    expect(await everybody()).to.deep.equal([SENIORS, [], SENIORS]);
    await push("ann", "3", ann);
    expect(await everybody()).to.deep.equal([[], [], SENIORS]);
  });

  it("leaves it as it is when the person signs in, who is let in", async () => {
    const ann = await push("ann", "200");
    await push("bob", "200");
    await push("ann", "no number", ann);
    expect(await t.signIn("main", "ann", { groups: [] })).to.have.property("allowed", true);
    expect(await t.signIn("main", "bob", { groups: [] })).to.have.property("allowed", true);
    expect([await t.holds("ann"), await t.holds("bob")]).to.deep.equal([SENIORS, SENIORS]);
  });

  it("leaves it as it is when a mapping is saved, and says so to whoever looks before and after", async () => {
    await push("ann", "200");
    await push("bob", "200");
    await push("cyd", "1");
    const draft = { mappings: [{ ...RULE, when: "user.userName = 'ann' ? -user.userName > 1 : false" }] };
    const { summary, lines } = await previewMapping(t.p, await t.tenant(), JSON.stringify(draft), {});
    expect(summary).to.include({ revoked: 1, held: 1 });
    const held = (await lines({ limit: 10 })).items.find(({ change }) => change === "hold");
    expect(held?.reason).to.contain("rule `senior` cannot be judged: `-` needs a number");
    await t.mapping(draft);
    await t.settled();
    expect(await everybody()).to.deep.equal([SENIORS, [], []]);
    const { notGiven, assignments } = await explainUser(t.p, await t.tenant(), await t.userId("ann"));
    expect(assignments[0]?.grants[0]?.kept).to.contain("`-` needs a number");
    expect(notGiven).to.have.length(1);
    expect(notGiven[0]).to.include({ rule: "senior", why: "failed" });
  });
});

describe("a condition over an attribute that is known to be empty", () => {
  const CONDITIONS = [
    "$contains(user.title, 'Lead')",
    "user.employeeNumber > '5'",
    "$length(user.title) > 3",
    "$number(user.costCenter) > 5",
    "$not($contains(user.title, 'Lead'))",
  ];
  let t: TestTenant;
  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
  });
  afterEach(() => t.close());

  for (const when of CONDITIONS) {
    it(`${when}: shuts nobody out of what the next rule gives`, async () => {
      const leads = { id: "leads", when, team_name: "Platform", role_name: "team_admin" };
      const all = { id: "all", group_name: "Eng", team_name: "Platform", role_name: "viewer" };
      const invariants = [{ name: "no such person", never: when }];
      await t.mapping({ mappings: [leads, all], invariants });
      const bob = await t.pushUser("main", "bob", { externalId: "bob" });
      await t.pushGroup("main", "Eng", [bob]);
      await t.settled();
      expect(await t.holds("bob")).to.deep.equal(["Platform/viewer"]);
      const { notGiven } = await explainUser(t.p, await t.tenant(), await t.userId("bob"));
      expect(notGiven.map(({ rule, why }) => [rule, why])).to.deep.equal([["leads", "unmet"]]);
    });
  }
});

describe("an expression that cannot be run at all for now", () => {
  let t: TestTenant;
  let code: ExpressionFailure | undefined;
  let clock: TestClock;
  beforeEach(async () => {
    code = undefined;
    clock = testClock();
    t = await openTenant({
      with: (p) => ({
        ...p,
        now: clock.now,
        expressions: expressionsThrough(p.expressions, (port) => async (tenant, jobs) => {
          const failing = code;
          if (failing === undefined) return port.run(tenant, jobs);
          return jobs.map(() => ({ ok: false, code: failing, message: "planted" }));
        }),
      }),
    });
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
    await t.mapping({ no_match: "deny_new", mappings: [RULE] });
  });
  afterEach(() => t.close());

  for (const failing of ["queue_full", "unavailable", "closed"] as const) {
    it(`decides nothing (${failing}): the mark stays, and the person is judged once it can`, async () => {
      const attributes = { employeeNumber: "200" };
      const id = await t.pushUser("main", "ann", { externalId: "ann", attributes });
      expect(await t.holds("ann")).to.deep.equal(SENIORS);
      code = failing;
      await t.pushUser("main", "ann", { externalId: "ann", id, attributes: { employeeNumber: "1" } });
      expect(await t.holds("ann")).to.deep.equal(SENIORS);
      expect((await t.person("ann")).dirty).to.equal(true);
      expect(await t.signIn("main", "ann"), "with present access").to.have.property("allowed", true);
      code = undefined;
      clock.forward({ minutes: 5 });
      await t.settled();
      expect(await t.holds("ann")).to.deep.equal([]);
    });
  }

  for (const failing of ["timeout", "memory"] as const) {
    it(`keeps what an evaluation that was stopped (${failing}) could take, and takes it once one comes to its end`, async () => {
      const id = await t.pushUser("main", "ann", { externalId: "ann", attributes: { employeeNumber: "200" } });
      code = failing;
      await t.pushUser("main", "ann", { externalId: "ann", id, attributes: { employeeNumber: "1" } });
      expect(await t.holds("ann")).to.deep.equal(SENIORS);
      expect((await t.person("ann")).dirty, "to be looked at again").to.equal(true);
      code = undefined;
      clock.forward({ seconds: 31 });
      await t.settled();
      expect(await t.holds("ann")).to.deep.equal([]);
      expect((await t.person("ann")).dirty).to.equal(false);
    });
  }

  it("refuses a save and a preview with what to do, and changes nothing", async () => {
    code = "unavailable";
    const document = { mappings: [RULE], examples: [{ name: "x", user: { employeeNumber: "200" }, expect: SENIORS }] };
    for (const attempt of [
      async () => t.mapping(document),
      async () => previewMapping(t.p, await t.tenant(), JSON.stringify(document), {}),
    ]) {
      const refusal = await attempt().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).to.be.instanceOf(Refusal).with.property("code", "expression_busy");
    }
    expect(await t.p.store.read((await t.tenant()).id).activeMapping()).to.have.property("version", 1);
  });
});
