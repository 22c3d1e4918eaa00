/**
 * Hostile expressions: what a tenant might write to stop, fill or leave the process that runs it, to read what it does not
 * name, or to give itself what it may not have. None has to be run twice to be dangerous.
 */
import type { ExpressionFailure } from "../../src/model/expression.js";
import type { Json } from "../../src/model/json.js";

export interface HostileExpression {
  readonly group: string;
  readonly name: string;
  readonly source: string;
  /** The code that a save refuses it with; `saved`: it may be saved, and does no harm where it runs. */
  readonly save: string;
  /** What becomes of it where it runs unchecked. */
  readonly run: Fate;
}

/**
 * - a code: it fails with that, at once;
 * - `stopped`: the guards end it, whichever comes first on this machine: the clock, the memory or a length;
 * - `yields`: nothing comes of it but this value;
 * - `harmless`: it ends by itself with a value made of its own facts.
 */
export type Fate = ExpressionFailure | "stopped" | "harmless" | { readonly yields: Json };

type Row = readonly [name: string, source: string, save: string, run: Fate];

/** A function that calls itself for ever. */
const LOOP = "$f := function($x) { $f($x) };";

const GROUPS: Readonly<Record<string, readonly Row[]>> = {
  "loops and recursion": [
    ["endless tail recursion", "($f := function($x) { $f($x) }; $f(1))", "not_allowed", "stopped"],
    [
      "endless recursion that is no tail call",
      "($f := function($x) { 1 + $f($x) }; $f(1))",
      "not_allowed",
      "too_large",
    ],
    [
      "two functions that call each other",
      "($a := function($x) { $b($x) }; $b := function($x) { $a($x) }; $a(1))",
      "not_allowed",
      "stopped",
    ],
    ["the Y combinator", "(function($f) { $f($f) })(function($f) { $f($f) })", "not_allowed", "stopped"],
    [
      "a loop by a thunk in a condition",
      "($f := function($n) { $n < 0 ? 1 : $f($n + 1) }; $f(0))",
      "not_allowed",
      "stopped",
    ],
    [
      "Ackermann",
      "($a := function($m, $n) { $m = 0 ? $n + 1 : $n = 0 ? $a($m - 1, 1) : $a($m - 1, $a($m, $n - 1)) }; $a(4, 4))",
      "not_allowed",
      "stopped",
    ],
    [
      "Fibonacci the slow way",
      "($f := function($n) { $n < 2 ? $n : $f($n - 1) + $f($n - 2) }; $f(40))",
      "not_allowed",
      "stopped",
    ],
    ["recursion through $map", "($f := function($x) { $map([1, 2], $f) }; $f(1))", "not_allowed", "stopped"],
    [
      "recursion through $filter",
      "($f := function($x) { $filter([1, 2], function($y) { $f($y) }) }; $f(1))",
      "not_allowed",
      "stopped",
    ],
    ["recursion through an object", "($o := {'f': function($x) { $o.f($x) }}; $o.f(1))", "not_allowed", "too_large"],
    [
      "a promise that nobody keeps",
      "($g := function($f) { {'then': $f} }; $g(function($a) { 1 }))",
      "not_allowed",
      "stopped",
    ],
    ["a then that is called for ever", "{'then': function($ok) { $ok({'then': 1}) }}", "not_allowed", "error"],
  ],
  "ranges and products": [
    ["ten million entries", "[1..10000000]", "range", "too_large"],
    ["a hundred million entries", "[1..100000000]", "range", "too_large"],
    ["a range up to a computed end", "[1..$count(groups) * 9999999]", "range", "too_large"],
    ["a range from a long number", "[-99999999999999..99999999999999]", "range", "too_large"],
    ["a cross product", "[1..3000].([1..3000])", "range", "stopped"],
    ["a cross product of what may be written", "[1..1000].([1..1000])", "saved", "stopped"],
    ["three of them", "[1..1000].([1..1000].([1..1000]))", "saved", "stopped"],
    [
      "a product by $map",
      "$map([1..1000], function($a) { $map([1..1000], function($b) { $a * $b }) })",
      "saved",
      "stopped",
    ],
    [
      "a product of four $map",
      "$map([1..100], function($a) { $map([1..100], function($b) { $map([1..100], function($c) { $map([1..100], function($d) { 1 }) }) }) })",
      "saved",
      "stopped",
    ],
    ["a product in a filter", "$count([1..1000][$ in [1..1000][$ in [1..1000]]])", "saved", "stopped"],
    [
      "a product by $append that doubles",
      `($a := [1..1000]; ${"$a := $append($a, $a); ".repeat(20)}$count($a))`,
      "saved",
      "too_large",
    ],
    [
      "a list inside lists that doubles",
      `($a := [1]; ${"$a := [$a, $a]; ".repeat(40)}$count($a))`,
      "saved",
      "too_large",
    ],
    [
      "joins by a focus variable",
      "groups@$a.groups@$b.groups@$c.{'a': $a, 'b': $b, 'c': $c}",
      "not_allowed",
      "harmless",
    ],
    ["$zip of long lists", "$zip([1..1000], [1..1000], [1..1000])", "refused_function", "refused"],
  ],
  "texts that grow": [
    ["$pad", "$pad('', 500000000)", "refused_function", "refused"],
    ["$pad to the left", "$pad('x', -500000000)", "refused_function", "refused"],
    ["a text that doubles by &", `($a := 'xxxxxxxx'; ${"$a := $a & $a; ".repeat(40)}$a)`, "saved", "too_large"],
    [
      "a text that doubles and is only measured",
      `($a := 'xxxxxxxxxxxxxxxx'; ${"$a := $a & $a; ".repeat(24)}$length($a))`,
      "saved",
      "stopped",
    ],
    [
      "a chain of & over a literal",
      `$length(${Array(60)
        .fill(`'${"x".repeat(60)}'`)
        .join(" & ")}) > 1`,
      "saved",
      { yields: true },
    ],
    [
      "$join of many copies",
      "$length($join($map([1..1000], function($i) { $join($map([1..1000], function($j) { 'xxxxxxxxxx' })) })))",
      "saved",
      "stopped",
    ],
    [
      "$join with a long separator",
      "$length($join([1..1000].$string(), $join([1..1000].$string(), $join([1..1000].$string()))))",
      "saved",
      "stopped",
    ],
    [
      "$replace that multiplies",
      `($a := 'xxxxxxxxxx'; ${"$a := $replace($a, 'x', 'xxxxxxxxxx'); ".repeat(9)}$length($a))`,
      "saved",
      "stopped",
    ],
    [
      "$replace by a regular expression that multiplies",
      `($a := 'xxxxxxxxxx'; ${"$a := $replace($a, /x/, 'xxxxxxxxxx'); ".repeat(9)}$length($a))`,
      "saved",
      "stopped",
    ],
    [
      "$replace with the match many times",
      `($a := 'xxxxxxxxxx'; ${"$a := $replace($a, /x+/, '$0$0$0$0$0$0$0$0'); ".repeat(12)}$length($a))`,
      "saved",
      "stopped",
    ],
    [
      "$string of nested lists, prettily",
      `($a := [1]; ${"$a := [$a]; ".repeat(100)}$length($string($a, true)))`,
      "saved",
      { yields: 7 },
    ],
    [
      "$string of what doubles",
      `($a := 'xxxxxxxx'; ${"$a := [$a, $a]; ".repeat(24)}$length($string($a)))`,
      "saved",
      "too_large",
    ],
    [
      "$split into single letters and back",
      `($a := $join([1..1000].$string()); ${"$a := $join($split($a, ''), $a); ".repeat(4)}$length($a))`,
      "saved",
      "stopped",
    ],
    ["$substring with endless numbers", "$substring(user.title, -1e308, 1e308)", "saved", { yields: "VP" }],
    ["$base64encode in turns", `(${"$a := $base64encode(user.title); ".repeat(30)}$a)`, "refused_function", "refused"],
    ["$encodeUrl in turns", "$encodeUrl($encodeUrl($encodeUrl('%%%%')))", "refused_function", "refused"],
  ],
  "regular expressions": [
    [
      "nested repetition over a long text",
      "$contains($join($map([1..900], function($i) { 'aaaaa' })) & '!', /^(a+)+$/)",
      "saved",
      { yields: false },
    ],
    [
      "alternatives that overlap",
      "$match($join($map([1..900], function($i) { 'aaaaa' })) & '!', /^(a|a|aa)+$/)",
      "saved",
      { yields: null },
    ],
    [
      "$split by nested repetition",
      "$count($split($join($map([1..900], function($i) { 'aaaaa' })), /(a*)*b/))",
      "saved",
      { yields: 1 },
    ],
    [
      "$replace by nested repetition",
      "$length($replace($join($map([1..900], function($i) { 'aaaaa' })) & '!', /(a+)+$/, 'x'))",
      "saved",
      { yields: 4501 },
    ],
    [
      "nested repetition without regard to case",
      "$contains($join($map([1..900], function($i) { 'aAaAa' })) & '!', /^(a+)+$/i)",
      "saved",
      { yields: false },
    ],
    [
      "nested repetition over lines",
      "$contains($join($map([1..900], function($i) { 'a\\n' })) & '!', /^(a+\\n?)+$/m)",
      "saved",
      { yields: true },
    ],
    [
      "polynomial backtracking",
      "$contains($join($map([1..900], function($i) { '     ' })) & 'x', /\\s+\\s+\\s+\\s+$/)",
      "saved",
      { yields: false },
    ],
    [
      "a match at each place",
      "$count($match($join($map([1..900], function($i) { 'aaaaa' })), /a/)) > 0",
      "saved",
      { yields: true },
    ],
    [
      "a quadratic search at each place",
      "$count($match($join($map([1..900], function($i) { 'aaaaa' })), /a.*b|a/)) > 0",
      "saved",
      "stopped",
    ],
    ["counted repetitions that multiply", "$contains(user.title, /((a{30}){30}){30}/)", "regex", "error"],
    ["a counted repetition of thousands", "$contains(user.title, /a{2000}/)", "regex", "error"],
    ["many Unicode classes", `$contains(user.title, /[${"\\pL".repeat(120)}]/)`, "regex", { yields: true }],
    [
      "many small ones over the budget",
      `${Array(12).fill("$contains(user.title, /a{400}/)").join(" or ")}`,
      "regex",
      { yields: false },
    ],
    ["look-ahead", "$contains(user.title, /(?=(a+))a*b\\1/)", "regex", "error"],
    ["look-behind", "$contains(user.title, /(?<=a+)b/)", "regex", "error"],
    ["a back reference", "$contains(user.title, /(a+)\\1+$/)", "regex", "error"],
    ["a matcher as a value", "($m := /(a+)+$/; $m(user.title))", "not_allowed", { yields: null }],
    ["a chain of matches by next", "/a/('aaaa').next().next().next()", "not_allowed", "error"],
    [
      "a matcher made of a function",
      "$match(user.title, function($s) { {'match': 'x', 'start': 0, 'end': 0, 'groups': [], 'next': function() { 1 }} })",
      "not_allowed",
      "error",
    ],
    [
      "$replace by a function that never moves on",
      "$replace('aaaa', function($s) { {'match': '', 'start': 0, 'end': 0, 'groups': []} }, 'x')",
      "not_allowed",
      "error",
    ],
    ["an empty match", "$replace(user.title, /b*/, 'x')", "saved", "error"],
    ["a literal copied by ?:", "$contains(user.title, /(a+)+$/) ?: 'x'", "regex", "error"],
    ["flags that JavaScript does not know", "$contains(user.title, /a/xyz)", "syntax", "refused"],
  ],
  pictures: [
    [
      "$toMillis with a picture that backtracks",
      "$toMillis('1', '[f1][f1][f1][f1][f1][f1][f1][f1]')",
      "refused_function",
      "refused",
    ],
    ["$fromMillis with a long picture", `$fromMillis(1, '${"[Y9999999]".repeat(50)}')`, "refused_function", "refused"],
    ["$formatNumber with a long picture", `$formatNumber(1, '${"#,".repeat(900)}0')`, "refused_function", "refused"],
    [
      "$formatNumber with digits without end",
      "$formatNumber(1, '0.' & $pad('', 100000000, '0'))",
      "refused_function",
      "refused",
    ],
    ["$formatInteger in words without end", "$formatInteger(1e300, 'w')", "refused_function", "refused"],
    ["$formatInteger in Roman numbers", "$formatInteger(99999999999, 'I')", "refused_function", "refused"],
    ["$parseInteger of words", "$parseInteger('one thousand thousand thousand', 'w')", "refused_function", "refused"],
    ["$formatBase", "$formatBase(1e300, 2)", "refused_function", "refused"],
    ["$number of a long text", `$number('${"9".repeat(3000)}')`, "saved", "error"],
    ["$round to many digits", "$round(1.5, 999999999)", "saved", "error"],
  ],
  sorting: [
    ["a comparator that never agrees", "$sort([1..9999], function($a, $b) { true })", "arguments", "stopped"],
    ["a comparator that loops", `(${LOOP} $sort([1, 2], function($a, $b) { $f(1) }))`, "not_allowed", "stopped"],
    ["order by an expression", "groups^($length($))", "not_allowed", { yields: ["IT", "Sales", "app-1"] }],
    [
      "order by many terms",
      `groups^(${Array(200).fill("$").join(",")})`,
      "not_allowed",
      { yields: ["IT", "Sales", "app-1"] },
    ],
    ["order by a product", "[1..1000]^($count([1..1000][$ > 1]))", "not_allowed", "stopped"],
    ["$sort of mixed types", "$sort([1, 'a', true])", "saved", "error"],
    ["$sort of a long list", "$sort($append([1..1000], [1..1000]))", "saved", "harmless"],
    [
      "$distinct of many texts",
      "$count($distinct($split($join($map([1..1000], function($i) { 'x' & $string($i) & 'y' }), 'x'), 'x')))",
      "saved",
      { yields: 1001 },
    ],
    ["$shuffle", "$shuffle(groups)", "refused_function", "refused"],
  ],
  "higher order": [
    ["$reduce that doubles", "$reduce([1..1000], function($a, $b) { $a & $a }, 'x')", "refused_function", "refused"],
    ["$each over all facts", "$each($$, function($v, $k) { $k })", "refused_function", "refused"],
    ["$sift over all facts", "$sift($$, function($v) { true })", "refused_function", "refused"],
    [
      "$single in $single",
      "$single([1..1000], function($a) { $single([1..1000], function($b) { false }) })",
      "saved",
      "error",
    ],
    ["a function as a value", "($f := $uppercase; $f(user.title))", "not_allowed", { yields: "VP" }],
    ["a function in a list", "[$uppercase, $lowercase]", "not_allowed", "error"],
    ["partial application", "($p := $substring(?, 0, ?); $p(user.title, 5))", "not_allowed", { yields: "VP" }],
    ["a chain of functions", "user.title ~> $uppercase ~> $length", "not_allowed", { yields: 2 }],
    [
      "a chain composed of itself",
      `($c := $trim ~> $trim; ${"$c := $c ~> $c; ".repeat(40)}$c('x'))`,
      "not_allowed",
      "stopped",
    ],
    ["a function with a signature", "(function($x)<x:x> { $x })(1)", "not_allowed", { yields: 1 }],
    ["$map with a built-in that takes more", "$map(groups, $substring)", "not_a_function", "error"],
  ],
  aliases: [
    ["$pad by another name", "($p := $pad; $p('', 500000000))", "not_allowed", "refused"],
    ["$eval by another name", "($e := $eval; $e('1'))", "not_allowed", "refused"],
    ["$eval out of a list", "[$eval][0]('1')", "not_allowed", "refused"],
    ["$eval out of an object", "{'e': $eval}.e('1')", "not_allowed", "refused"],
    ["$pad in a chain", "'' ~> $pad(500000000)", "not_allowed", "refused"],
    ["$pad mapped", "$map(['x'], function($t) { $pad($t, 500000000) })", "refused_function", "refused"],
    ["$pad handed to $map", "$map(['x'], $pad)", "not_a_function", "refused"],
    ["$pad in part", "($p := $pad(?, 500000000); $p(''))", "not_allowed", "refused"],
    ["$pad returned by a function", "(function() { $pad })()('', 500000000)", "not_allowed", "refused"],
    ["$pad chosen by a condition", "(user.active ? $pad : $trim)('', 500000000)", "not_allowed", "refused"],
    ["$eval under a name in backticks", "$`eval`('1')", "unknown_function", "error"],
    ["a built-in set anew", "($not := function($x) { true }; $not(true))", "reserved_name", { yields: true }],
    [
      "a parameter named like a built-in",
      "$map(groups, function($eval) { $eval })",
      "reserved_name",
      { yields: ["IT", "Sales", "app-1"] },
    ],
    ["$eval of itself", "($s := '$eval($s)'; $eval($s))", "refused_function", "refused"],
    ["$eval behind a comment", "$/* not really */eval('1')", "syntax", "refused"],
    ["$eval with a comment before the bracket", "$eval/* ( */('1')", "refused_function", "refused"],
  ],
  "prototypes and code": [
    ["__proto__ as a path", "user.__proto__", "prototype_key", { yields: null }],
    ["__proto__ in backticks", "user.`__proto__`.polluted", "prototype_key", { yields: null }],
    ["__proto__ in quotes", 'user."__proto__"', "prototype_key", { yields: null }],
    ["constructor of a text", "'a'.constructor.constructor('return process')()", "unknown_fact", { yields: null }],
    ["constructor of a function", "$uppercase.constructor('return process')()", "not_allowed", "error"],
    [
      "constructor of a lambda's environment",
      "(function($x) { $x }).environment.lookup('eval')",
      "not_allowed",
      { yields: null },
    ],
    ["constructor of a match", "$match(user.title, /a/).constructor.constructor", "prototype_key", { yields: null }],
    ["implementation of a built-in", "$uppercase.implementation", "not_allowed", { yields: null }],
    ["members of lists", "groups.push('x')", "not_allowed", "error"],
    ["$lookup of __proto__", "$lookup(user, '__proto__')", "refused_function", "refused"],
    ["$lookup of constructor", "$lookup($uppercase, 'constructor')", "refused_function", "refused"],
    ["$spread", "$spread(user)", "refused_function", "refused"],
    ["$merge with prototype keys", "$merge([user, {'__proto__': {'admin': true}}])", "refused_function", "refused"],
    ["$keys of everything", "$keys($$)", "refused_function", "refused"],
    ["$clone", "$clone(user)", "refused_function", "refused"],
    ["a result with the key __proto__", "{'__proto__': {'admin': true}}", "prototype_key", "error"],
    ["a result with a computed prototype key", "{'__pro' & 'to__': 1}", "not_allowed", "error"],
    ["a result with the key constructor, further in", "[{'a': {'constructor': 1}}]", "prototype_key", "error"],
    ["a key written with escapes", "{'\\u005f\\u005fproto__': 1}", "prototype_key", "error"],
    ["grouping by __proto__", "groups{'__proto__': 1}", "not_allowed", "error"],
    ["a transform that writes", "$$ ~> |user|{'department': 'IT'}|", "not_allowed", "refused"],
    ["a transform that deletes", "$$ ~> |user|{}, ['active']|", "not_allowed", "refused"],
    ["a transform of the prototype", "$$ ~> |user.`__proto__`|{'polluted': 1}|", "not_allowed", "refused"],
    ["process by a path", "$$.process.env", "unknown_fact", { yields: null }],
    ["require", "$require('fs')", "unknown_function", "error"],
    ["the environment of the evaluator", "$$$.x", "unknown_variable", { yields: null }],
  ],
  "hidden reads": [
    ["a wildcard", "user.*", "not_allowed", { yields: ["ann", "VP", true, "Sales"] }],
    ["everything below", "**", "not_allowed", "harmless"],
    ["everything below, filtered", `**[$ = 'x']`, "not_allowed", { yields: null }],
    ["the parent", "groups.%.user", "not_allowed", "harmless"],
    ["parents of parents", "user.title.%.%.%", "syntax", "refused"],
    ["a focus variable", "groups@$g[$g = 'x']", "not_allowed", { yields: null }],
    ["an index variable", "groups#$i[$i = 0]", "not_allowed", { yields: "IT" }],
    ["all facts as a value", "$string($$)", "whole_object", "harmless"],
    ["$error with facts in its message", "$error(user.title)", "refused_function", "refused"],
    ["$assert with facts in its message", "$assert(false, user.title)", "refused_function", "refused"],
    ["facts of another kind of expression", "target.role = 'owner'", "unknown_fact", { yields: false }],
    ["$now", "$now() > '2026'", "refused_function", "refused"],
    ["$millis", "$millis() > 0", "refused_function", "refused"],
    ["$random", "$random() > 0.5", "refused_function", "refused"],
  ],
  results: [
    ["a text beyond the limit", `$map([1..1000], function($i) { '${"x".repeat(90)}' })`, "saved", "too_large"],
    [
      "a list of lists without end",
      "($f := function($x, $n) { $n = 0 ? $x : $f([[$x]], $n - 1) }; $f(1, 50))",
      "not_allowed",
      "too_large",
    ],
    ["nesting by hand", `($a := 1; ${"$a := [[$a]]; ".repeat(40)}$a)`, "saved", "too_large"],
    ["an endless number", "1 / 0", "saved", "error"],
    ["no number", "0 / 0", "saved", "error"],
    ["a number beyond doubles", "1e309 > 1", "syntax", "refused"],
    ["numbers that overflow", "1e308 * 1e308", "saved", "error"],
    ["a function", "function($x) { $x }", "not_allowed", "error"],
    ["a regular expression", "/a/", "not_allowed", "error"],
    ["a text where yes or no belongs", "user.title", "saved", { yields: "VP" }],
  ],
  syntax: [
    ["brackets without end", `${"(".repeat(4096)}`, "too_deep", "refused"],
    ["five thousand brackets", "(".repeat(5000), "too_large", "too_large"],
    ["square brackets without end", `${"[".repeat(2000)}${"]".repeat(2000)}`, "too_deep", "too_large"],
    ["objects in objects", `${"{'a':".repeat(160)}1${"}".repeat(160)}`, "too_deep", "too_large"],
    ["signs without end", `${"-".repeat(4000)}1`, "saved", { yields: 1 }],
    ["conditions in conditions", `${"now ? ".repeat(200)}1 : 1`, "too_deep", "too_large"],
    ["a parser that copies", `${"(".repeat(40)}1${"??1)".repeat(40)}`, "too_large", "refused"],
    ["the other operator that copies", `${"(".repeat(12)}now${"?:1)".repeat(12)}`, "too_large", "refused"],
    ["a source without end", `${"1".repeat(4097)}`, "too_large", "too_large"],
    ["paths of thousands of steps", `user.title${".x".repeat(2000)}`, "no_such_path", { yields: null }],
    ["filters in filters", `${"groups[".repeat(160)}1${"]".repeat(160)}`, "too_deep", { yields: null }],
    ["a comment that never ends", "/* user.title", "syntax", "refused"],
    ["a comment that hides the end", "true /* */ or $eval('1') /* */", "refused_function", { yields: true }],
    ["a name in backticks that never ends", "user.`title", "syntax", "refused"],
    ["a text that never ends", "'abc", "syntax", "refused"],
    ["half a surrogate pair", "user.title = '\\ud83d'", "saved", { yields: false }],
    ["half a surrogate pair, as it is", "user.title = '\ud83d'", "saved", { yields: false }],
    ["a name of look-alike letters", "us\u0435r.title = 'x'", "unknown_fact", { yields: false }],
    [
      "text that runs from right to left",
      "user.title = 'x' /* \u202e } */ and $now() > 1",
      "refused_function",
      { yields: false },
    ],
    ["NUL", "user.title = '\u0000' and $eval('1')", "refused_function", { yields: false }],
    ["a Greek lambda", "($f := \u03bb($x) { $f($x) }; $f(1))", "not_allowed", "stopped"],
    ["an unknown escape", "'\\q'", "syntax", "refused"],
    ["nothing", "", "syntax", "refused"],
  ],
};

export const HOSTILE_EXPRESSIONS: readonly HostileExpression[] = Object.entries(GROUPS).flatMap(([group, rows]) =>
  rows.map(([name, source, save, run]) => ({ group, name, source, save, run })),
);
