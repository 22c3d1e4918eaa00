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
const NEEDLESS = "rules have no use for it";

const AS_IT_CAME = "user.title = '...'";
const BY_NAME = "user.department";
const ENTRIES = "$filter(groups, function($g) { ... })";
const NUMBER = "$number(user.employeeNumber) = 42";
const TODAY = "now >= '2026-12-01'";

/** The others: switched off when a rule is saved, and again where it runs. */
export const REFUSED_FUNCTIONS: ReadonlyMap<string, SwitchedOffFunction> = new Map(
  Object.entries({
    assert: { why: NEEDLESS, instead: "$exists(user.department)" },
    base64decode: { why: NEEDLESS, instead: AS_IT_CAME },
    base64encode: { why: NEEDLESS, instead: AS_IT_CAME },
    clone: { why: NEEDLESS, instead: BY_NAME },
    decodeUrl: { why: NEEDLESS, instead: AS_IT_CAME },
    decodeUrlComponent: { why: NEEDLESS, instead: AS_IT_CAME },
    each: { why: WHOLE, instead: "[user.department, user.title]" },
    encodeUrl: { why: NEEDLESS, instead: AS_IT_CAME },
    encodeUrlComponent: { why: NEEDLESS, instead: AS_IT_CAME },
    error: { why: NEEDLESS, instead: "false" },
    eval: { why: "it would run an expression that nobody checked", instead: "user.department = 'Sales'" },
    formatBase: { why: NEEDLESS, instead: "$string(...)" },
    formatInteger: { why: PICTURE, instead: "$string(...)" },
    formatNumber: { why: PICTURE, instead: "$string(...)" },
    fromMillis: { why: PICTURE, instead: TODAY },
    keys: { why: WHOLE, instead: "$exists(user.department)" },
    lookup: { why: WHOLE, instead: BY_NAME },
    merge: { why: WHOLE, instead: "{'team': user.department}" },
    millis: { why: CLOCK, instead: TODAY },
    now: { why: CLOCK, instead: TODAY },
    pad: { why: GROWTH, instead: NUMBER },
    parseInteger: { why: PICTURE, instead: NUMBER },
    power: { why: GROWTH, instead: NUMBER },
    random: { why: CHANCE, instead: "user.employeeNumber" },
    reduce: { why: GROWTH, instead: ENTRIES },
    shuffle: { why: CHANCE, instead: "$sort(groups)" },
    sift: { why: WHOLE, instead: ENTRIES },
    spread: { why: WHOLE, instead: "[user.department, user.title]" },
    sqrt: { why: NEEDLESS, instead: NUMBER },
    toMillis: { why: PICTURE, instead: TODAY },
    zip: { why: NEEDLESS, instead: "$map(groups, function($g, $i) { ... })" },
  }),
);
