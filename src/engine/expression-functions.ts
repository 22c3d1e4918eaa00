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

const CLOCK = "a rule that reads the clock has no lasting answer: read the fact `now`, the UTC day";
const CHANCE = "the same facts must always give the same answer";
const GROWTH = "it can grow without end";
const WHOLE = "it hides which facts are read: name each one, as in `user.department`";
const NEEDLESS = "rules have no use for it";

/** The others, with the reason: switched off when a rule is saved, and again where it runs. */
export const REFUSED_FUNCTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    assert: NEEDLESS,
    base64decode: NEEDLESS,
    base64encode: NEEDLESS,
    clone: NEEDLESS,
    decodeUrl: NEEDLESS,
    decodeUrlComponent: NEEDLESS,
    each: WHOLE,
    encodeUrl: NEEDLESS,
    encodeUrlComponent: NEEDLESS,
    error: NEEDLESS,
    eval: "it would run an expression that nobody checked",
    formatBase: NEEDLESS,
    formatInteger: "its pictures can run for ever",
    formatNumber: "its pictures can run for ever",
    fromMillis: "its pictures can run for ever",
    keys: WHOLE,
    lookup: WHOLE,
    merge: WHOLE,
    millis: CLOCK,
    now: CLOCK,
    pad: GROWTH,
    parseInteger: "its pictures can run for ever",
    power: GROWTH,
    random: CHANCE,
    reduce: GROWTH,
    shuffle: CHANCE,
    sift: WHOLE,
    spread: WHOLE,
    sqrt: NEEDLESS,
    toMillis: "its pictures can run for ever",
    zip: NEEDLESS,
  }),
);
