import { expect } from "chai";
import { checkExpression } from "../../src/engine/expression/expression.js";
import type { ExpressionUse } from "../../src/engine/expression/facts.js";
import { REFUSED_FUNCTIONS } from "../../src/engine/expression/functions.js";

function problemsOf(source: string, use: ExpressionUse = "when") {
  const check = checkExpression(source, use);
  return check.ok ? [] : check.problems;
}

describe("checkExpression: what an expression reads", () => {
  const cases: readonly (readonly [source: string, reads: readonly string[], group?: "uses" | "scoped"])[] = [
    ["true", []],
    ["user.department = 'Sales' and user.country in ['SE', 'NO']", ["user.country", "user.department"]],
    ["'IT' in groups or 'a1' in group_ids or 'Admin' in app_roles", ["app_roles", "group_ids", "groups"]],
    ["'42' in claims.costcenter", ["claims.costcenter"]],
    ["'x' in claims.`http://schemas.example/roles`", ["claims.http://schemas.example/roles"]],
    ["claims.costcenter[0] = '42'", ["claims.costcenter"]],
    ["connection.slug = 'entra' and connection.protocol = 'oidc'", ["connection.protocol", "connection.slug"]],
    ["now >= '2026-12-01'", ["now"]],
    ["group.name = 'Eng'", ["group.name"], "scoped"],
    ["$contains(group.id, /^0a/) and group.name != ''", ["group.id", "group.name"], "scoped"],
    ["group.name & '-x' in groups", ["group.name", "groups"], "uses"],
    ['user."department" = user.`division`', ["user.department", "user.division"]],
    ["user.(department = 'Sales' and active)", ["user.active", "user.department"]],
    ["user.[department, title]", ["user.department", "user.title"]],
    ["(user).department = ''", ["user.department"]],
    ["user[active].department = ''", ["user.active", "user.department"]],
    ["$.user.department = ''", ["user.department"]],
    ["$$.user.department = ''", ["user.department"]],
    ["($u := user; $u.title = $u.department)", ["user.department", "user.title"]],
    ["($a := $$; $a.user.title = 'x')", ["user.title"]],
    ["($d := user.title; $d := user.department; $d = 'x')", ["user.department", "user.title"]],
    ["$count(groups[$contains($, 'app-')]) > 2", ["groups"]],
    ["$count(groups[$ = $$.user.department]) = 1", ["groups", "user.department"]],
    ["$filter(groups, function($g) { $contains($g, user.title) })", ["groups", "user.title"]],
    ["$map(groups, function($g, $i, $all) { $i > 0 ? $uppercase($g) : ($count($all); $trim($g)) })", ["groups"]],
    ["$map(user.title, function($t, $i, $all, $more) { $more.x })", ["user.title"]],
    ["$map($match(user.email, /@(.*)/), function($m) { $m.groups[0] })", ["user.email"]],
    ["$map(groups, $uppercase)", ["groups"]],
    ["groups.$uppercase()", ["groups"]],
    ["groups.$contains(/^a/)", ["groups"]],
    ["groups.{'team': $, 'role': 'viewer'}", ["groups"]],
    ["{'a': user.title}.a", ["user.title"]],
    ["$single(groups, function($g) { $g = 'x' })", ["groups"]],
    ["$sort($distinct($append(groups, app_roles)))[0] = 'x'", ["app_roles", "groups"]],
    ["user.title ?? user.department", ["user.department", "user.title"]],
    ["user.title ?: user.department", ["user.department", "user.title"]],
    ["user.active ? user.title", ["user.active", "user.title"]],
    ["-$number(user.employeeNumber) < 0 and -1 < 0", ["user.employeeNumber"]],
    ["$sum([1..12]) > 3 and $substring(user.title, 0, 2) = 'VP'", ["user.title"]],
    ["groups[]", ["groups"]],
    ["()", []],
    ["/* why */ $not($exists(user.manager))", ["user.manager"]],
  ];
  for (const [source, reads, group] of cases) {
    it(source, () => {
      const check = checkExpression(source, "when");
      expect(check).to.deep.include({
        ok: true,
        reads,
        usesGroup: group !== undefined,
        groupScoped: group === "scoped",
      });
    });
  }

  it("an invariant reads the target", () => {
    const check = checkExpression("target.role = 'owner' and $not('IT Admins' in groups)", "invariant");
    expect(check).to.deep.include({ ok: true, reads: ["groups", "target.role"] });
  });

  it("accepts expressions as deep and as long as people write them", () => {
    const clauses = Array.from({ length: 100 }, (_, index) => `user.title = 't${index}'`).join(" or ");
    const list = Array.from({ length: 300 }, (_, index) => `'${index}'`).join(",");
    expect(problemsOf(clauses)).to.deep.equal([]);
    expect(problemsOf(`user.title in [${list}]`)).to.deep.equal([]);
  });
});

describe("checkExpression: what it refuses, where, and what was meant", () => {
  const cases: readonly (readonly [source: string, code: string, position: number, suggestion?: string])[] = [
    // syntax
    ["", "syntax", 0],
    ["user.title = ", "syntax", 13],
    ["(user.title", "syntax", 11],
    ["'abc", "syntax", 4],
    ["foo bar", "syntax", 4],
    ["user.title == 'x'", "syntax", 12, "="],
    ["user.active && true", "syntax", 13, "and"],
    ["user.active || true", "syntax", 12, "or"],
    ["!user.active", "syntax", 0, "$not(...)"],
    ["%", "syntax", 0],
    // facts
    ["department = 'x'", "unknown_fact", 0, "user.department"],
    ["user.title = Department", "unknown_fact", 13, "user.department"],
    ["user.departmnt", "unknown_fact", 5, "user.department"],
    ["user.shoeSizes", "unknown_fact", 5],
    ["'x' in gruops", "unknown_fact", 7, "groups"],
    ["nonsense", "unknown_fact", 0],
    ["'x' in claim.y", "unknown_fact", 7, "claims"],
    ["group.label", "unknown_fact", 6],
    ["target.role = 'owner'", "unknown_fact", 0],
    ["groups.name", "no_such_path", 7],
    ["groups[name = 'x']", "no_such_path", 7],
    ["user.title.short", "no_such_path", 11],
    ["user.title[$ = 'x'].y", "no_such_path", 20],
    ["$filter(groups, function($g) { $g.name = 'x' })", "no_such_path", 34],
    ["$", "whole_object", 0],
    ["$$", "whole_object", 0],
    ["user", "whole_object", 0],
    ["'x' in claims", "whole_object", 7],
    ["$exists(group)", "whole_object", 8],
    ["[user].title", "whole_object", 1],
    ["user.active ? user : claims", "whole_object", 14],
    ["{'a': connection}", "whole_object", 6],
    ["$string($)", "whole_object", 8],
    ["$string()", "arguments", 0],
    ["user.$string()", "arguments", 5],
    ["1 + user.$not()", "arguments", 9],
    // names that reach JavaScript
    ["user.constructor", "prototype_key", 5],
    ["claims.`__proto__`", "prototype_key", 7],
    ["$match(user.title, /a/).constructor.prototype", "prototype_key", 24],
    ["{'x': 1, '__proto__': 1}", "prototype_key", 9],
    ['{"constructor": 1}', "prototype_key", 1],
    ['{\'say "constructor"\': 1, "prototype": 2}', "prototype_key", 25],
    // constructs
    ["user.*", "not_allowed", 5],
    ["**", "not_allowed", 0],
    ["groups.%.user", "not_allowed", 0],
    ["groups ~> $count()", "not_allowed", 7],
    ["$contains(?, 'x')", "not_allowed", 0],
    ["|$|{}|", "not_allowed", 0],
    ["groups^($)", "not_allowed", 6],
    ["groups^(>$)[0]", "not_allowed", 6],
    ["groups@$g", "not_allowed", 0],
    ["groups#$i", "not_allowed", 0],
    ["groups[0]#$i", "not_allowed", 0],
    ["groups{$: 1}", "not_allowed", 0],
    ["user.title{'a': 1}", "not_allowed", 0],
    ["{user.title: 1}", "not_allowed", 1],
    ['1 & "a\\"b"{"c": 1}', "not_allowed", 4],
    ['"\\\\"{"c": 1}', "not_allowed", 0],
    ["($x := 1){'a': 1}", "not_allowed", 0],
    ["/a/", "not_allowed", 0],
    ["$count(/[/]x/i)", "not_allowed", 7],
    ["$contains(user.title, /a/) ?: 'x'", "regex", 24],
    // functions and variables
    ["count(groups)", "unknown_function", 0, "$count"],
    ["nonsense(groups)", "not_allowed", 0],
    ["user.title(1)", "not_allowed", 5],
    ["(1)(2)", "not_allowed", 0],
    ["function($x){ $x }(1)", "not_allowed", 0],
    ["\u03bb($x){ $x }", "not_allowed", 0],
    ["user.title = $upercase('x')", "unknown_function", 13, "$uppercase"],
    ["$nonsense(1)", "unknown_function", 0],
    ["$user.title", "unknown_variable", 0, "user"],
    ["($dept := 1; $dpt)", "unknown_variable", 13, "$dept"],
    ["$nonsense", "unknown_variable", 0],
    ["$count", "not_allowed", 0],
    ["($f := function($x) { $f($x) }; 1)", "not_allowed", 7],
    ["($count := 1)", "reserved_name", 1],
    ["($eval := 1)", "reserved_name", 1],
    ["($ := 1)", "reserved_name", 1],
    ["($$ := 1)", "reserved_name", 1],
    ["($u := user; $u := 1)", "reserved_name", 13],
    ["($u := 1; $u := user)", "reserved_name", 10],
    ["$map(groups, function($map) { 1 })", "reserved_name", 22],
    ["$map(groups, function($g)<s:s> { $g })", "not_allowed", 13],
    ["$map(groups, 1)", "not_a_function", 13],
    ["$map(groups, $filter)", "not_a_function", 13],
    ["$map(groups, $contains)", "not_a_function", 13],
    ["$map(groups, $nonsense)", "not_a_function", 13],
    ["$sort(groups, function($a, $b) { $a > $b })", "arguments", 0],
    ["$uppercase('a', 'b')", "arguments", 0],
    ["$filter(groups)", "arguments", 0],
    // ranges and sizes
    ["[1..1001]", "range", 2],
    ["[1..$count(groups)]", "range", 2],
    ["[$count(groups)..5]", "range", 15],
    [`'${"x".repeat(4095)}'`, "too_large", 4096],
    [`${"(".repeat(160)}1${")".repeat(160)}`, "too_deep", 0],
    [Array(200).fill("now = 'x'").join(" or "), "too_deep", 0],
    [`[${Array(160).fill("groups[0]").join(",")}]`, "too_deep", 0],
    [`{${Array.from({ length: 160 }, (_, i) => `'${i}': now`).join(",")}}`, "too_deep", 0],
    [`${"-".repeat(200)}now`, "too_deep", 0],
    [`${"now ? ".repeat(200)}now : 1`, "too_deep", 0],
    [`${"($a := ".repeat(160)}1${")".repeat(160)}`, "too_deep", 0],
    [`${"$map(groups, function($g) {".repeat(100)}1${"})".repeat(100)}`, "too_deep", 0],
    [`${"groups[".repeat(160)}1${"]".repeat(160)}`, "too_deep", 0],
    [`${"(".repeat(12)}now${"??1)".repeat(12)}`, "too_large", 59],
    [`${"(".repeat(12)}now${"?:1)".repeat(12)}`, "too_large", 59],
    // regular expressions
    ["$contains(user.title, /(?=a)/)", "regex", 22],
    ["$contains(user.title, /[/](?!a)/im)", "regex", 22],
    ["$contains(user.title, /(a)\\1/)", "regex", 22],
    ["$contains(user.title, /(?<=a)b/)", "regex", 22],
    ["$contains(user.title, /a**/)", "regex", 22],
    ["$contains(user.title, /a/ii)", "regex", 0],
    ["$contains(user.title, /((a{30}){30}){30}/)", "regex", 22],
    ["$contains(user.title, /[a\\]b]{700}(x{700}|y{700,})/)", "regex", 22],
    ["$contains(user.title, /a{2000}/)", "regex", 22],
    [`$contains(user.title, /[${"\\pL".repeat(120)}]/)`, "regex", 22],
    ["$match('a', /a{900}/) and $match('a', /a{900}/) and $match('a', /a{900}/)", "regex", 64],
  ];
  for (const [source, code, position, suggestion] of cases) {
    it(`${source.length > 90 ? `${source.slice(0, 87)}...` : source}  (${code} at ${position})`, () => {
      const [first] = problemsOf(source);
      expect(first).to.include({ code, position });
      if (suggestion !== undefined) expect(first?.suggestion).to.equal(suggestion);
    });
  }

  describe("says what to write instead", () => {
    const refused: readonly (readonly [source: string, instead: string])[] = [
      ...[...REFUSED_FUNCTIONS].flatMap(([name, { instead }]) =>
        instead === undefined ? [] : [[`$${name}(user.title)`, instead] as const],
      ),
      ["$match(user.title, /(?=a)/)", "$contains(user.title, /^app/) and $contains(user.title, /admin/)"],
      [
        "$match(user.title, /[/](?!a)/im)",
        "$contains(user.title, /^app/) and $not($contains(user.title, /^app-test/))",
      ],
      ["$match(user.title, /(?<=a)b/)", "$contains(user.title, /app-admin/)"],
      ["$match(user.title, /(?<!a)b/)", "$contains(user.title, /admin/) and $not($contains(user.title, /test-admin/))"],
      ["$match(user.title, /(a)\\1/)", "$substringBefore(user.title, '-') = $substringAfter(user.title, '-')"],
      ["$match(user.title, /a{2000}/)", "$length(user.title) > 1000"],
      ["$match(user.title, /a++/)", "$contains(user.title, /a+/)"],
      ["$match(user.title, /(?>a)/)", "$contains(user.title, /a+/)"],
      ["$match(user.title, /(?i)a/)", "$contains(user.title, /sales/i)"],
      ["user.*", "user.department"],
      ["**", "user.department"],
      ["groups.%.user", "$$.user.department"],
      ["$contains(?, 'x')", "$contains(..., ...)"],
      ["groups ~> $count()", "$count(groups)"],
      ["|$|{}|", "user.department"],
      ["groups^($)", "$sort(groups)"],
      ["($f := function($x) { 1 })", "$filter(groups, function($g) { ... })"],
      ["/a/", "$contains(user.title, /.../)"],
      ["groups@$g", "$map(groups, function($g, $i) { ... })"],
      ["groups#$i", "$map(groups, function($g, $i) { ... })"],
      ["groups{$: 1}", "groups.{'team': $}"],
      ["{user.title: 1}", "{'team': ...}"],
      ["$$", "user.department"],
      ["user", "user.department"],
      ["claims", "claims.NAME"],
      ["connection", "connection.slug"],
      ["groups[now = 'x']", "$$.now"],
      ["$filter(groups)", "$filter(..., ...)"],
      ["$map(groups, 1)", "function($entry) { ... }"],
      ["$map(groups, function($g)<s:s> { $g })", "function($entry) { ... }"],
      ["($count := 1)", "$my_count"],
      ["($$ := 1)", "$mine"],
      ["($u := user; $u := 1)", "$other_u"],
      ["(1)(2)", "$count(...)"],
      ["$count", "$count(...)"],
      ["[1..1001]", "[1..12]"],
    ];
    for (const [source, instead] of refused) {
      it(`${source}: ${instead}`, () => {
        const [first] = problemsOf(source);
        expect(first).to.have.property("suggestion", instead);
        expect(first?.message).to.not.match(/\.$/);
        // What is only sketched (`...`) is no expression yet.
        const whole = instead
          .replace("claims.NAME", "claims.x = 1")
          .replace(/^\$(mine|my_count|other_u)$/, "($& := 1)");
        if (!whole.includes("...")) expect(problemsOf(whole), whole).to.deep.equal([]);
      });
    }
  });

  it("says why `$error` is switched off, and which syntax is not there", () => {
    const [raised] = problemsOf("$error('no')");
    expect(raised?.message).to.match(
      /cannot stop with an error .*; a condition is false where it does not hold; write/,
    );
    expect(problemsOf("$contains(user.title, /(?=a)/)")[0]?.message).to.contain(
      "without look-ahead (`(?=`): write two conditions, as in `$contains(",
    );
    for (const mistake of ["/[a-\\d](a)[(?=)]/", "/[(?=)]**/"]) {
      const [found] = problemsOf(`$contains(user.title, ${mistake})`);
      expect([found?.code, found?.suggestion], mistake).to.deep.equal(["regex", undefined]);
    }
  });

  it("`group` has no meaning in an invariant", () => {
    expect(problemsOf("group.name = 'x'", "invariant")).to.have.nested.property("[0].code", "unknown_fact");
  });

  it("tells every problem at once, in the order of the text, each once", () => {
    const found = problemsOf("user.x = 'a' and ($now() ?? gruops) and groups.y");
    expect(found.map(({ code, position }) => [code, position])).to.deep.equal([
      ["unknown_fact", 5],
      ["refused_function", 18],
      ["unknown_fact", 28],
      ["no_such_path", 47],
    ]);
  });

  it("quotes a stranger's text on one line and in bounds", () => {
    for (const source of [
      `user.\`${"x".repeat(900)}\u0007\``,
      `'${"x\u0007".repeat(900)}' 1`,
      `$match('', /(?=${"\u0007".repeat(900)})/)`,
    ]) {
      expect(problemsOf(source)[0]?.message).to.match(/^[^\p{Cc}]{10,250}$/u);
    }
  });
});

describe("checkExpression: warnings", () => {
  const cases: readonly (readonly [
    source: string,
    warnings: readonly (readonly [code: string, position: number])[],
  ])[] = [
    ["$not(user.title = 'x')", [["negation_over_absent", 10]]],
    ["user.title != 'x'", [["negation_over_absent", 5]]],
    ["'x' != user.title and user.title != 'y'", [["negation_over_absent", 12]]],
    ["$not($contains(user.title, 'x'))", [["negation_over_absent", 20]]],
    ["(user.title = 'x') = false", [["negation_over_absent", 6]]],
    ["false = $boolean(user.title = 'x')", [["negation_over_absent", 22]]],
    ["user.title = 'x' ? false : true", [["negation_over_absent", 5]]],
    ["user.title = 'x' ? (false) : 'y' in groups", [["negation_over_absent", 5]]],
    ["user.title = 'x' ? 'y' in groups : 'z' in groups", []],
    ["user.title = 'x' ? false : false", []],
    ["user.title = 'x' ? false", []],
    ["user.title = 'x' ? true : false", []],
    ["(user.title = 'x') = true", []],
    ["$exists(user.title) = false", []],
    ["user.title = false", []],
    ["user.active = false", []],
    ["$not($exists(user.title))", []],
    ["$exists(user.title) and user.title != 'x'", []],
    ["$not((user.title ?? '') = 'x')", []],
    ["$not(user.userName = 'x' or user.active)", []],
    ["$not('x' in groups or 'y' in claims.z)", []],
    ["$not(connection.slug = 'x') and now != '2026-01-01'", []],
    ["user.title = 'x'", []],
    ["groups = 'Sales'", [["list_compared", 7]]],
    ["'Sales' != claims.x", [["list_compared", 8]]],
    ["groups[0] = 'Sales' and 'x' in groups", [["list_compared", 10]]],
    ["groups < 'Sales'", []],
    ["$contains(groups, 'x')", [["list_as_text", 0]]],
    ["groups[$contains($, 'x')]", []],
    ["$uppercase($filter(groups, $boolean))", [["list_as_text", 0]]],
  ];
  for (const [source, warnings] of cases) {
    it(source, () => {
      const check = checkExpression(source, "when");
      expect(check.ok && check.warnings.map(({ code, position }) => [code, position])).to.deep.equal(warnings);
    });
  }

  it("a team is absent from targets of other scopes", () => {
    const check = checkExpression("target.team != 'x'", "invariant");
    expect(check).to.have.nested.property("warnings[0].code", "negation_over_absent");
  });
});

describe("checkExpression: texts that are compared with facts", () => {
  const cases: readonly (readonly [source: string, compared: readonly string[]])[] = [
    ["'IT' in groups", ["groups 0-4 IT"]],
    ['user.country in [\'SE\', "N\\"O", user.title]', ["user.country 17-21 SE", 'user.country 23-29 N"O']],
    ["$not(group.name != 'a') or 'b' = $$.group.name", ["group.name 19-22 a", "group.name 27-30 b"]],
    ["user.title != 'x' and $not('y' in groups)", ["user.title 14-17 x, negated", "groups 27-30 y, negated"]],
    ["$not($not(user.title = 'x')) and $exists(groups[$ = 'a'])", ["user.title 23-26 x"]],
    ["(user.title = 'x' ?? true) and claims.c[0] = 'y'", ["user.title 14-17 x", "claims.c 45-48 y"]],
    ["$lowercase(user.title) = 'x' and user.active = true and $d = 'x'", []],
    ["{'name': 'x'}.name = 'x'", []],
    ["$count(groups) > 1 and 'a' = 'b'", []],
  ];
  for (const [source, expected] of cases) {
    it(source, () => {
      const check = checkExpression(source.replace("$d = 'x'", "($d := user.title; $d = 'x')"), "when");
      expect(check, JSON.stringify(check)).to.have.property("ok", true);
      const compared = check.ok ? check.compared : [];
      const shown = compared.map(
        ({ path, text, position, end, negated }) => `${path} ${position}-${end} ${text}${negated ? ", negated" : ""}`,
      );
      expect(shown).to.deep.equal(expected);
    });
  }
});
