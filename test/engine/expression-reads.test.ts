import { expect } from "chai";
import fc from "fast-check";
import { checkExpression, prepareExpression } from "../../src/engine/expression/expression.js";
import { ALLOWED_FUNCTIONS, REFUSED_FUNCTIONS } from "../../src/engine/expression/functions.js";
import { ExpressionFault } from "../../src/engine/expression/result.js";
import type { JsonObject } from "../../src/model/json.js";

const FACTS: JsonObject = {
  user: { userName: "ann", department: "Sales", title: "VP", active: true },
  groups: ["Sales", "Eng"],
  group_ids: ["1", "2"],
  group: { name: "Eng", id: "2" },
  app_roles: ["Admin"],
  claims: { x: ["1"], y: [] },
  connection: { slug: "okta", protocol: "oidc" },
  now: "2026-11-22",
};
const OBJECTS = new Set(["user", "group", "claims", "connection"]);

/** The facts, and the path of every one that is looked at. */
function watched(): { facts: JsonObject; seen: Set<string> } {
  const seen = new Set<string>();
  const watch = (object: JsonObject, prefix: string): JsonObject =>
    new Proxy(object, {
      get(target, key, receiver) {
        const path = `${prefix}${String(key)}`;
        if (Object.hasOwn(target, key) && !OBJECTS.has(path)) seen.add(path);
        return Reflect.get(target, key, receiver);
      },
    });
  const entries = Object.entries(FACTS).map(([name, fact]) => [
    name,
    OBJECTS.has(name) ? watch(fact as JsonObject, `${name}.`) : fact,
  ]);
  return { facts: watch(Object.fromEntries(entries), ""), seen };
}

const functions = [...ALLOWED_FUNCTIONS.keys(), ...REFUSED_FUNCTIONS.keys()].filter((name) => name !== "eval");
const leaves = [
  ...["user.department", "user.title", "user", "department", "title", "groups", "group.name", "group", "name", "now"],
  ...[
    "claims.x",
    "claims",
    "x",
    "connection.slug",
    "$",
    "$$",
    "$x",
    "'Sales'",
    "'x'",
    "0",
    "true",
    "/S/",
    "*",
    "**",
    "%",
  ],
];

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const part = tie("expression");
  const of = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
    fc
      .tuple(...parts.map((piece) => (typeof piece === "string" ? fc.constant(piece) : piece)))
      .map((all) => all.join(""));
  const operator = fc.constantFrom(
    " = ",
    " != ",
    " in ",
    " & ",
    " < ",
    " and ",
    " or ",
    " + ",
    "..",
    " ~> ",
    " ?? ",
    " ?: ",
  );
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { arbitrary: fc.constantFrom(...leaves), weight: 6 },
      { arbitrary: of(part, ".", part), weight: 4 },
      of(part, "[", part, "]"),
      of("(", part, operator, part, ")"),
      of("(", part, "; ", part, ")"),
      of("($x := ", part, "; ", part, ")"),
      of("$", fc.constantFrom(...functions), "(", part, ")"),
      of("$", fc.constantFrom(...functions), "(", part, ", ", part, ")"),
      of("$", fc.constantFrom("map", "filter", "single"), "(", part, ", function($x, $i, $a) { ", part, " })"),
      of("[", part, ", ", part, "]"),
      of("{'k': ", part, "}"),
      of(part, "{'k': ", part, "}"),
      of(part, "^(", part, ")"),
      of("(", part, " ? ", part, " : ", part, ")"),
    ),
  };
});

describe("the facts that an accepted expression reads", () => {
  it("are all among those that the check found, whatever the expression", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(expression, async (source) => {
        const check = checkExpression(source, "when");
        if (!check.ok) return;
        accepted++;
        const { facts, seen } = watched();
        await prepareExpression(source)
          .evaluate(facts)
          .catch((error: unknown) => expect(error).to.be.instanceOf(ExpressionFault));
        expect(check.reads, source).to.include.members([...seen]);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).to.be.greaterThan(100);
  });

  it("are watched by this test: it sees what an unchecked expression reads", async () => {
    const { facts, seen } = watched();
    await prepareExpression("$string($$)").evaluate(facts);
    expect(seen).to.include.keys("user.department", "claims.x", "groups", "now");
  });
});
