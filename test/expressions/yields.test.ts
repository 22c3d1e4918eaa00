import { expect } from "chai";
import { checkExpression } from "../../src/engine/expression/expression.js";
import { createExpressionRunner, type ExpressionRunner } from "../../src/platform/expression-runner.js";
import { tryAlone } from "../../src/provisioning/mapping/examples.js";
import { compiled, link } from "../engine/made-up.js";
import { openTenant } from "../support/tenant.js";
import { HOSTILE_EXPRESSIONS } from "./corpus.js";

const DOUBLING = `($a := 'xxxxxxxx'; ${"$a := $a & $a; ".repeat(40)}`;
const ENDLESS = "$count($map([1..1000], function($a) { $map([1..1000], function($b) { 1 }) }))";

/** Targets that nobody may compute. `refused` when it is saved, or `failed` where it runs: it gives nothing. */
const GRANTS: readonly (readonly [name: string, source: string, fate: "refused" | "failed"])[] = [
  ["owner, written out", "{'scope': 'tenant', 'role': 'owner'}", "refused"],
  ["owner, put together", "{'scope': 'tenant', 'role': 'own' & 'er'}", "failed"],
  ["owner in other letters", "{'scope': 'tenant', 'role': $uppercase('owner')}", "failed"],
  ["a key of somebody else's schema", "{'team': 'A', 'role': 'x', 'tenantId': 'globex'}", "refused"],
  [
    "a key that shows only when it runs",
    "$map(['A'], function($t) { {'team': $t, 'role': 'x', 'isSuperAdmin': true} })",
    "failed",
  ],
  ["a prototype", "{'team': 'A', 'role': 'x', '__proto__': {'role': 'owner'}}", "refused"],
  ["a scope that does not exist", "{'scope': 'tenant:globex', 'role': 'x'}", "refused"],
  ["a computed scope that does not exist", "{'scope': 'tenant' & ':globex', 'role': 'x'}", "failed"],
  ["a thousand targets", "$map([1..1000], function($i) { {'team': $string($i), 'role': 'x'} })", "failed"],
  ["a team with a name of thousands of letters", "{'team': $join([1..1000].$string()), 'role': 'x'}", "failed"],
  ["a team with a name that doubles", `{'team': ${DOUBLING}$a), 'role': 'x'}`, "failed"],
  ["a team without a name", "{'team': $join([]) & '', 'role': 'x'}", "failed"],
  ["a role that is a number", "{'team': 'A', 'role': $count(groups)}", "failed"],
  ["a list of names", "groups", "failed"],
  ["a text", "'A/editor'", "refused"],
  ["true", "true", "refused"],
  ["lists in lists", `($a := {'team': 'A', 'role': 'x'}; ${"$a := [[$a]]; ".repeat(40)}$a)`, "failed"],
  ["a function", "function() { {'team': 'A', 'role': 'x'} }", "refused"],
  ["one good target and one bad", "[{'team': 'A', 'role': 'x'}, $append(groups, groups)[0]]", "failed"],
  ["what takes for ever", `{'team': $string(${ENDLESS}), 'role': 'x'}`, "failed"],
];

describe("W-5, W-21: a hostile expression that computes targets", () => {
  let runner: ExpressionRunner;
  before(() => {
    runner = createExpressionRunner();
  });
  after(() => runner.close());

  for (const [name, source, fate] of GRANTS) {
    it(`${name}: ${fate}`, async () => {
      const check = checkExpression(source, "grants");
      expect(check.ok ? "failed" : "refused").to.equal(fate);
      if (!check.ok) return;
      const mapping = compiled({ role_order: ["x"], mappings: [{ id: "hostile", everyone: true, grants: source }] });
      const [tried] = await tryAlone(runner, 1, mapping, [link({ groups: ["Eng", "Ops"] })]);
      expect(tried?.given).to.deep.equal([]);
      expect(tried?.decision.evaluations[0]?.notable.map(({ status }) => status)).to.deep.equal(["failed"]);
    });
  }

  it("leaves the person what they had", async () => {
    const t = await openTenant();
    try {
      await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
      const rule = { id: "computed", everyone: true };
      const base = { role_order: ["x"], unknown_team: "create_any" };
      await t.mapping({ ...base, mappings: [{ ...rule, grants: "{'team': 'A', 'role': 'x'}" }] });
      await t.pushUser("main", "ann", { externalId: "ann" });
      const hostile = "{'scope': user.userName = 'ann' ? 'no' & 'where' : 'team:B', 'role': 'x'}";
      await t.mapping({ ...base, mappings: [{ ...rule, grants: hostile }] });
      await t.pushUser("main", "bob", { externalId: "bob" });
      await t.settled();
      expect([await t.holds("ann"), await t.holds("bob")]).to.deep.equal([["A/x"], ["B/x"]]);
    } finally {
      await t.close();
    }
  });
});

describe("what a condition may not use", () => {
  const uses = ["grants", "profile", "invariant"] as const;
  const refused = HOSTILE_EXPRESSIONS.filter(({ save, source }) => save !== "saved" && !source.includes("target."));
  for (const use of uses) {
    it(`${use} may not use either`, () => {
      const accepted = refused.filter(({ source }) => checkExpression(source, use).ok);
      expect(accepted.map(({ name }) => name)).to.deep.equal([]);
    });
  }
});

/** A hundred seconds a second, so that nobody waits for the attempts on what was stopped. */
const begun = Date.now();
const hurried = () => new Date(begun + (Date.now() - begun) * 100).toISOString();

describe("a hostile expression that computes a name", () => {
  const sources = [
    DOUBLING.concat("$a)"),
    "groups",
    "{'name': 'x'}",
    "$join([1..1000].$string())",
    `${ENDLESS} & ''`,
    "1",
  ];
  for (const source of sources) {
    it(`${source.slice(0, 60)}: leaves the name as it is`, async () => {
      const t = await openTenant({ with: (p) => ({ ...p, now: hurried }) });
      try {
        await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
        const attributes = { displayName: "Ann" };
        const id = await t.pushUser("main", "ann", { externalId: "ann", attributes });
        const before = (await t.person("ann")).displayName;
        await t.mapping({ mappings: [], profile: { displayName: source } });
        await t.pushUser("main", "ann", { externalId: "ann", id, attributes });
        await t.settled();
        expect((await t.person("ann")).displayName).to.equal(before);
      } finally {
        await t.close();
      }
    });
  }
});
