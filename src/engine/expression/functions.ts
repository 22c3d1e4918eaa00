/** JSONata's built-in functions: those that a rule may call, and why it may not call the others. */

export interface BuiltIn {
  /** Fewest and most arguments when all are written out. */
  readonly arguments: readonly [number, number];
  /** One argument fewer is allowed: the first is then the context value. */
  readonly context?: true;
  /** The first argument is one text, so that a list of several is an error at run time. */
  readonly text?: true;
  /** The second argument may be a regular expression. */
  readonly regex?: true;
  /** The second argument is a function, called once per entry of the first. */
  readonly higher?: true;
  /** What comes out: plain texts, numbers and booleans; entries of the first argument; or anything. */
  readonly yields: "plain" | "entries" | "any";
}

const ofText = { context: true, text: true, yields: "plain" } as const;
const ofNumber = { context: true, yields: "plain" } as const;
const ofList = { arguments: [1, 1], yields: "plain" } as const;

/** What rules may call, by name. */
export const ALLOWED_FUNCTIONS: ReadonlyMap<string, BuiltIn> = new Map<string, BuiltIn>(
  Object.entries({
    abs: { ...ofNumber, arguments: [1, 1] },
    append: { arguments: [2, 2], yields: "any" },
    average: ofList,
    boolean: { arguments: [1, 1], context: true, yields: "plain" },
    ceil: { ...ofNumber, arguments: [1, 1] },
    contains: { ...ofText, arguments: [2, 2], regex: true },
    count: ofList,
    distinct: { arguments: [1, 1], yields: "entries" },
    exists: { arguments: [1, 1], yields: "plain" },
    filter: { arguments: [2, 2], higher: true, yields: "entries" },
    floor: { ...ofNumber, arguments: [1, 1] },
    join: { arguments: [1, 2], yields: "plain" },
    length: { ...ofText, arguments: [1, 1] },
    lowercase: { ...ofText, arguments: [1, 1] },
    map: { arguments: [2, 2], higher: true, yields: "any" },
    match: { ...ofText, arguments: [2, 3], regex: true, yields: "any" },
    max: ofList,
    min: ofList,
    not: { arguments: [1, 1], context: true, yields: "plain" },
    number: { ...ofNumber, arguments: [1, 1] },
    replace: { ...ofText, arguments: [3, 4], regex: true },
    reverse: { arguments: [1, 1], yields: "entries" },
    round: { ...ofNumber, arguments: [1, 2] },
    single: { arguments: [2, 2], higher: true, yields: "entries" },
    sort: { arguments: [1, 1], yields: "entries" },
    split: { ...ofText, arguments: [2, 3], regex: true },
    string: { arguments: [1, 2], context: true, yields: "plain" },
    substring: { ...ofText, arguments: [2, 3] },
    substringAfter: { ...ofText, arguments: [2, 2] },
    substringBefore: { ...ofText, arguments: [2, 2] },
    sum: ofList,
    trim: { ...ofText, arguments: [1, 1] },
    type: { arguments: [1, 1], yields: "plain" },
    uppercase: { ...ofText, arguments: [1, 1] },
  } satisfies Record<string, BuiltIn>),
);

/** Why a function is switched off, and an expression to write in its place. */
export interface SwitchedOffFunction {
  readonly why: string;
  readonly instead: string;
}

const CLOCK = "a rule that reads the clock has no lasting answer, and the fact `now` is the UTC day";
const CHANCE = "the same facts must always give the same answer";
const GROWTH = "it can grow without end";
const PICTURE = "its pictures can run for ever";
const WHOLE = "it hides which facts are read";
const ENCODED = "texts are compared as they came, encoded or not";
const RAISES = "a rule cannot stop with an error of its own; what nobody may ever get stands under `invariants`";

const BY_NAME = "user.department";
const CONDITION = "user.department = 'Sales'";
const ENTRIES = "$filter(groups, function($g) { ... })";
const NUMBER = "$number(user.employeeNumber) = 42";
const TODAY = "now >= '2026-12-01'";
const PLAIN_TEXT = "user.title = 'Sales'";
const BASE64 = "user.title = 'U2FsZXM='";
const URL_ENCODED = "user.title = 'R%26D'";

/** The others: switched off when a rule is saved, and again where it runs. */
export const REFUSED_FUNCTIONS: ReadonlyMap<string, SwitchedOffFunction> = new Map(
  Object.entries({
    assert: { why: `${RAISES}; a condition is true or false by itself`, instead: CONDITION },
    base64decode: { why: ENCODED, instead: BASE64 },
    base64encode: { why: ENCODED, instead: PLAIN_TEXT },
    clone: { why: "facts never change, so that no copy of them is needed", instead: BY_NAME },
    decodeUrl: { why: ENCODED, instead: URL_ENCODED },
    decodeUrlComponent: { why: ENCODED, instead: URL_ENCODED },
    each: { why: WHOLE, instead: "[user.department, user.title]" },
    encodeUrl: { why: ENCODED, instead: PLAIN_TEXT },
    encodeUrlComponent: { why: ENCODED, instead: PLAIN_TEXT },
    error: { why: `${RAISES}; a condition is false where it does not hold`, instead: CONDITION },
    eval: { why: "it would run an expression that nobody checked", instead: CONDITION },
    formatBase: { why: "numbers are written in decimal", instead: "$string(...)" },
    formatInteger: { why: PICTURE, instead: "$string(...)" },
    formatNumber: { why: PICTURE, instead: "$string($round(..., 2))" },
    fromMillis: { why: PICTURE, instead: TODAY },
    keys: { why: WHOLE, instead: "$exists(user.department)" },
    lookup: { why: WHOLE, instead: BY_NAME },
    merge: { why: WHOLE, instead: "{'team': user.department}" },
    millis: { why: CLOCK, instead: TODAY },
    now: { why: CLOCK, instead: TODAY },
    pad: { why: GROWTH, instead: "$substring('000000' & user.employeeNumber, -6)" },
    parseInteger: { why: PICTURE, instead: NUMBER },
    power: { why: GROWTH, instead: "$number(user.employeeNumber) * $number(user.employeeNumber)" },
    random: {
      why: `${CHANCE}, as a digit does for a lasting tenth of the people`,
      instead: "$substring(user.employeeNumber, -1) = '7'",
    },
    reduce: { why: GROWTH, instead: "$sum($map(groups, function($g) { ... }))" },
    shuffle: { why: CHANCE, instead: "$sort(groups)" },
    sift: { why: WHOLE, instead: ENTRIES },
    spread: { why: WHOLE, instead: "[user.department, user.title]" },
    sqrt: { why: "the number itself can be compared with the square", instead: "$number(user.employeeNumber) > 9" },
    toMillis: { why: PICTURE, instead: TODAY },
    zip: {
      why: "places in a list are counted by the second parameter",
      instead: "$map(groups, function($g, $i) { ... })",
    },
  } satisfies Record<string, SwitchedOffFunction>),
);
