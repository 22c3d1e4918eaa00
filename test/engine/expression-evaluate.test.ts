import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { checkExpression, prepareExpression } from "../../src/engine/expression/expression.js";
import { ALLOWED_FUNCTIONS, REFUSED_FUNCTIONS } from "../../src/engine/expression/functions.js";
import { ExpressionFault } from "../../src/engine/expression/result.js";
import { EXPRESSION_LIMITS } from "../../src/model/expression.js";
import type { Json } from "../../src/model/json.js";

const FACTS = {
  user: { userName: "ann", email: "ann@acme.example", department: "Sales", employeeNumber: "42", active: true },
  groups: ["Sales", "app-acme-platform-rw"],
  group: { name: "Sales", id: "g1" },
  app_roles: [],
  claims: { costcenter: ["4711", "4712"], one: ["1"] },
  now: "2026-11-22",
};

async function faultOf(source: string): Promise<ExpressionFault> {
  try {
    const value = await prepareExpression(source).evaluate(FACTS);
    throw new Error(`no fault but ${JSON.stringify(value)}`);
  } catch (error) {
    if (error instanceof ExpressionFault) return error;
    throw error;
  }
}

describe("an expression's value", () => {
  const cases: readonly (readonly [source: string, value: Json])[] = [
    ["user.department = 'Sales' and user.active", true],
    ["'Sales' in groups", true],
    ["'4712' in claims.costcenter", true],
    ["'x' in app_roles", false],
    ["user.title", null],
    ["null", null],
    ["$number(user.employeeNumber) + 0.5", 42.5],
    ["now >= '2026-01-01' ? 'new' : 'old'", "new"],
    [
      "groups.{'team': $, 'role': 'viewer'}",
      [
        { team: "Sales", role: "viewer" },
        { team: "app-acme-platform-rw", role: "viewer" },
      ],
    ],
    ["[[], {}, [user.title]]", [[], {}, []]],
    ["$map(groups, $length)", [5, 20]],
    ["$match(user.email, /(ann)@(.*)\\.(com)?/)", { match: "ann@acme.", index: 0, groups: ["ann", "acme", null] }],
    ["$match('a1b22', /[0-9]+/).match", ["1", "22"]],
    ["$replace('a1b22', /([0-9])([0-9])?/, '<$1$2>')", "a<1>b<22>"],
    ["$split('a-b--c', /-/)", ["a", "b", "", "c"]],
    ["$contains('A\\nB', /^b$/im)", true],
    ["$contains('A\\nB', /^b$/i)", false],
    ["$contains('a/b', /[/]/) and $contains('a/b', /\\//)", true],
    ["$map(['ax', 'bx'], function($t) { $contains($t, /^a/) })", [true, false]],
  ];
  for (const [source, value] of cases) {
    it(source, async () => {
      expect(await prepareExpression(source).evaluate(FACTS)).to.deep.equal(value);
    });
  }

  it("is computed anew for each input", async () => {
    const prepared = prepareExpression("($t := user.title; $contains($t, /^V/i))");
    expect(await prepared.evaluate({ user: { title: "VP" } })).to.equal(true);
    expect(await prepared.evaluate({ user: { title: "clerk" } })).to.equal(false);
    expect(await prepared.evaluate({ user: {} })).to.equal(null);
  });

  it("has lists and objects of its own, not those of the input", async () => {
    const value = await prepareExpression("groups").evaluate(FACTS);
    expect(value).to.deep.equal(FACTS.groups);
    expect(value).to.not.equal(FACTS.groups);
  });
});

describe("look-alike letters", () => {
  it("do not pass for ASCII letters when case is ignored: K (KELVIN SIGN) is no k, and \u017f no s", async () => {
    const owned = prepareExpression("$contains(user.email, /@kiss\\.example$/i)");
    expect(await owned.evaluate({ user: { email: "a@KISS.example" } })).to.equal(true);
    expect(await owned.evaluate({ user: { email: "a@\u212aISS.example" } })).to.equal(false);
    expect(await owned.evaluate({ user: { email: "a@ki\u017fs.example" } })).to.equal(false);
  });

  it("keep their places in what is matched beside them", async () => {
    const matched = await prepareExpression("$match(user.email, /.b/i)").evaluate({ user: { email: "\u212aB" } });
    expect(matched).to.deep.equal({ match: "\u212aB", index: 0, groups: [] });
  });
});

describe("attacks on the evaluator", () => {
  const refusedAndContained: readonly (readonly [name: string, source: string, code: string])[] = [
    ["tail recursion without end", "($f := function($x) { $f($x) }; $f(1))", "timeout"],
    ["recursion without end", "($f := function($x) { 1 + $f($x) }; $f(1))", "too_large"],
    ["a range of ten million", "[1..10000000]", "too_large"],
    ["a range of a hundred million", "[1..100000000]", "too_large"],
    ["a cross product", "[1..3000].([1..3000])", "too_large or timeout"],
    ["$pad", '$pad("", 500000000)', "refused"],
    ["$pad by another name", '($p := $pad; $p("", 500000000))', "refused"],
    ["$pad in a chain", '"" ~> $pad(500000000)', "refused"],
    ["$pad mapped", "$map([500000000], function($n) { $pad('', $n) })", "refused"],
    ["$pad applied in part", '($p := $pad(?, 500000000); $p(""))', "refused"],
    ["$eval", "($s := '$eval($s)'; $eval($s))", "refused"],
    ["$toMillis with a picture", "$toMillis('1', '[f1][f1][f1]')", "refused"],
    ["$fromMillis with a picture", "$fromMillis(1, '[f1]')", "refused"],
    ["the clock", "$now()", "refused"],
    ["the clock in milliseconds", "$millis()", "refused"],
    ["chance", "$random()", "refused"],
    ["chance in order", "$shuffle([1, 2])", "refused"],
    ["a transform, by $clone", "$ ~> |user|{'department': 'IT'}|", "refused"],
    ["an own key __proto__", "{'__proto__': {'admin': true}}", "error"],
    ["an own key __proto__ further in", "[{'a': {'constructor': 1}}]", "error"],
    ["a computed prototype key", "{'proto' & 'type': 1}", "error"],
    ["a function as the result", "function($x) { $x }", "error"],
    ["a built-in function as the result", "[$uppercase]", "error"],
    ["a regular expression as the result", "/a/", "error"],
    ["a result that is too large", `$map([1..1001], function($i) { '${"x".repeat(90)}' })`, "too_large"],
    [
      "a result that nests without end",
      "($f := function($x, $n) { $n = 0 ? $x : $f([[$x]], $n - 1) }; $f(1, 50))",
      "too_large",
    ],
    ["a copied regular expression", "$contains('a', /a/) ?: 'x'", "error"],
    ["a regular expression with back references", "$contains('aa', /(a)\\1/)", "error"],
    ["brackets without end", "(".repeat(EXPRESSION_LIMITS.source), "refused"],
    ["a source without end", "1".repeat(EXPRESSION_LIMITS.source + 1), "refused"],
    ["a parser that copies without end", `${"(".repeat(40)}1${"??1)".repeat(40)}`, "refused"],
  ];
  for (const [name, source, code] of refusedAndContained) {
    it(`${name}: refused when saved, and ends as ${code} where it runs`, async () => {
      expect(checkExpression(source, "when")).to.have.property("ok", false);
      expect((await faultOf(source)).code).to.be.oneOf(code.split(" or "));
    });
  }

  const contained: readonly (readonly [name: string, source: string, code: string])[] = [
    ["a text that doubles", `(${"$a := $a & $a;".repeat(40).replace("$a & $a", "'xxxxxxxx'")} $a)`, "too_large"],
    ["a number that JSON cannot say", "1 / 0", "error"],
  ];
  for (const [name, source, code] of contained) {
    it(`${name}: ends as \`${code}\` where it runs`, async () => {
      expect(checkExpression(source, "when")).to.have.property("ok", true);
      expect(await faultOf(source)).to.have.property("code", code);
    });
  }

  const harmless: readonly (readonly [name: string, source: string, value: Json])[] = [
    [
      "a regular expression that backtracks",
      "$contains($join($map([1..900], function($i) { 'aaaaa' })) & '!', /^(a+)+$/)",
      false,
    ],
    ["__proto__ as a path", "user.__proto__", null],
    ["constructor as a path", "'a'.constructor.constructor", null],
    ["constructor of a match", "$match('a', /a/).constructor", null],
    ["members of functions", "$uppercase.constructor", null],
    ["members of lists", "groups.push", null],
  ];
  for (const [name, source, value] of harmless) {
    it(`${name}: yields ${JSON.stringify(value)}`, async () => {
      expect(await prepareExpression(source).evaluate(FACTS)).to.equal(value);
    });
  }

  it("$lookup reaches no prototype, being switched off", async () => {
    for (const key of ["__proto__", "constructor", "toString"]) {
      expect(await faultOf(`$lookup(user, '${key}')('return 1')`)).to.have.property("code", "refused");
    }
  });

  it("every function of JSONata is either allowed or switched off, none forgotten", () => {
    const library = readFileSync(createRequire(import.meta.url).resolve("jsonata"), "utf8");
    const names = [...library.matchAll(/(?:staticFrame|environment)\.bind\('(\w+)'/g)].map(([, name]) => String(name));
    expect(names).to.include.members(["now", "pad", "eval", "filter"]);
    const decided = [...ALLOWED_FUNCTIONS.keys(), ...REFUSED_FUNCTIONS.keys()];
    expect([...decided].sort()).to.deep.equal([...new Set(names)].sort());
  });

  for (const name of REFUSED_FUNCTIONS.keys()) {
    it(`$${name} is refused when saved, with the reason`, () => {
      const check = checkExpression(`1 = $${name}(user.title)`, "when");
      expect(check).to.have.nested.property("problems[0].code", "refused_function");
      expect(check).to.have.nested.property("problems[0].position", 4);
    });
  }
});

describe("an evaluation that fails", () => {
  const cases: readonly (readonly [source: string, message: string, offset: number | undefined])[] = [
    ["1 + user.department", "the right side of `+` must be a number", 2],
    ["user.department > 1", "both sides of `>` must be texts, or both numbers", 16],
    ["'x' & $uppercase(1)", "argument 1 of `$uppercase` has the wrong type", 6],
    ["$sum(groups)", "argument 1 of `$sum` has entries of the wrong type", 0],
    ["$number(user.department)", "`$number` cannot read this as a number", 0],
    ["$replace('a', /b*/, '')", "the regular expression matches the empty text", 0],
    ["$single(groups, function($g) { true })", "`$single` found more than one entry", 0],
    ["$formatBase(1)", "`$formatBase` is switched off", 0],
    ["(", "expected `)` before end of expression", 1],
    ["user.active.($uppercase())", "argument 1 of `$uppercase` is missing, and the context is no stand-in", 13],
    ["$substring('a', 1, 2, 3)", "argument 4 of `$substring` has the wrong type", 0],
    ["$round(1, 'a')", "argument 2 of `$round` has the wrong type", 0],
    ["$formatNumber", "the result holds a function", undefined],
    ["$split('a', 'b', -1)", "JSONata cannot evaluate this", 0],
  ];
  for (const [source, message, offset] of cases) {
    it(`${source}: ${message}`, async () => {
      const fault = await faultOf(source);
      expect([fault.message, fault.offset]).to.deep.equal([message, offset]);
    });
  }

  it("never quotes a value of the facts", async () => {
    for (const source of [
      "user.department > 1",
      "$number(user.department)",
      "user.department + 1",
      "-user.department",
      "{user.active: 1}",
    ]) {
      expect((await faultOf(source)).message).to.not.match(/Sales|true/);
    }
  });
});
