/** Regular expressions of rules: the one place that knows re2js, whose matching takes linear time whatever the pattern. */
import { RE2JS } from "re2js";

/** Instructions that the regular expressions of one source may compile to, all together. */
export const REGEX_BUDGET = 2000;

/** A reason quotes the pattern. */
const LONGEST_REASON = 120;

export type RegexCheck =
  | { readonly ok: true; readonly cost: number }
  | { readonly ok: false; readonly message: string; readonly instead?: string };

/**
 * Whether a literal of the syntax tree can run, and what it costs. RE2 has no look-around and no back references;
 * counted repetitions are unrolled, so they are weighed before anything is compiled.
 */
export function checkRegex(literal: object, budget: number): RegexCheck {
  if (!(literal instanceof RegExp))
    return { ok: false, message: "a regular expression cannot stand left of `?:` or `??`" };
  const cost = programSize(literal.source);
  if (cost > budget) return { ok: false, message: "regular expression too large: shorten its counted repetitions" };
  try {
    compile(literal);
    return { ok: true, cost };
  } catch (error) {
    const unsupported = unsupportedSyntax(literal.source);
    if (unsupported) return { ok: false, ...unsupported };
    const reason = String(error)
      .replace(/^.*error parsing regexp: /, "")
      .replace(/\p{Cc}/gu, "?");
    return { ok: false, message: `regular expression refused: ${reason.slice(0, LONGEST_REASON)}` };
  }
}

const RE2 = "regular expressions run in linear time, by RE2, without";

/** What other engines have, by how it is written; what to write instead is an expression of its own. */
const UNSUPPORTED: readonly (readonly [written: RegExp, why: string, how: string, instead: string])[] = [
  [
    /\(\?=/,
    `${RE2} look-ahead`,
    "write two conditions",
    "$contains(user.title, /^app/) and $contains(user.title, /admin/)",
  ],
  [
    /\(\?!/,
    `${RE2} look-ahead`,
    "write two conditions",
    "$contains(user.title, /^app/) and $not($contains(user.title, /^app-test/))",
  ],
  [
    /\(\?<=/,
    `${RE2} look-behind`,
    "let the pattern begin with what stands before",
    "$contains(user.title, /app-admin/)",
  ],
  [
    /\(\?<!/,
    `${RE2} look-behind`,
    "write two conditions",
    "$contains(user.title, /admin/) and $not($contains(user.title, /test-admin/))",
  ],
  [
    /\\[1-9]/,
    `${RE2} back references`,
    "compare the two parts as texts",
    "$substringBefore(user.title, '-') = $substringAfter(user.title, '-')",
  ],
  [/[*+?}]\+|\(\?>/, `${RE2} possessive and atomic parts`, "a plain one is as fast", "$contains(user.title, /a+/)"],
  [/\{\d{4,}/, `${RE2} counting beyond 1000`, "ask for the length", "$length(user.title) > 1000"],
  [/\(\?[a-z]+[):]/, "flags stand behind a pattern", "write them there", "$contains(user.title, /sales/i)"],
];

/** What other engines have, and linear-time matching has not, with what to write instead; `undefined` for other mistakes. */
export function unsupportedSyntax(pattern: string): { readonly message: string; readonly instead: string } | undefined {
  // Escaped characters and classes mean themselves.
  const bare = pattern.replace(/\\[^1-9]|\[(?:\\.|[^\]\\])*\]/gs, ".");
  for (const [written, why, how, instead] of UNSUPPORTED) {
    const found = written.exec(bare)?.[0];
    if (found !== undefined) return { message: `${why} (\`${found}\`): ${how}, as in \`${instead}\``, instead };
  }
  return undefined;
}

/**
 * Stands in for RegExp inside JSONata, which calls `exec` from `lastIndex` on and reads groups and index of the answer.
 * Constructed anew for each evaluation; the compiled program belongs to the literal.
 */
export class LinearRegex {
  lastIndex = 0;
  readonly #engine: RE2JS;
  readonly #ignoresCase: boolean;

  constructor(literal: RegExp) {
    const engine = programs.get(literal) ?? compile(literal);
    programs.set(literal, engine);
    this.#engine = engine;
    this.#ignoresCase = literal.ignoreCase;
  }

  exec(text: string): LinearMatch | null {
    const matcher = this.#engine.matcher(this.#ignoresCase ? withoutLookAlikes(text) : text);
    if (!matcher.find(this.lastIndex)) {
      this.lastIndex = 0;
      return null;
    }
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) =>
      matcher.start(group) < 0 ? undefined : text.slice(matcher.start(group), matcher.end(group)),
    );
    this.lastIndex = matcher.end(0);
    return Object.assign(groups, { index: matcher.start(0) });
  }
}

export type LinearMatch = readonly (string | undefined)[] & { readonly index: number };

const programs = new WeakMap<RegExp, RE2JS>();

function compile(literal: RegExp): RE2JS {
  const flags = (literal.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (literal.multiline ? RE2JS.MULTILINE : 0);
  return RE2JS.compile(RE2JS.translateRegExp(literal.source), flags);
}

// INVARIANT: without regard to case, ASCII letters match ASCII letters only, as in JavaScript. RE2 would let the
// KELVIN SIGN pass for `k` and the LONG S for `s`, and with them an e-mail address that somebody else owns.
function withoutLookAlikes(text: string): string {
  return text.replace(/[\u212a\u017f]/g, "\ufffe");
}

const PIECE = /\\.|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|./gs;

/** The size of the compiled program, roughly, from the text alone; parentheses are balanced since JavaScript read them. */
function programSize(pattern: string): number {
  const outer: number[] = [];
  let group = 0;
  let atom = 0;
  for (const [piece] of pattern.matchAll(PIECE)) {
    if (piece === "(") {
      outer.push(group + atom);
      group = 0;
      atom = 0;
    } else if (piece === ")") {
      atom += group + 2;
      group = Number(outer.pop());
    } else if (piece.length > 1 && piece.startsWith("{")) {
      atom *= Math.max(...piece.slice(1, -1).split(",").map(Number));
    } else {
      group += atom;
      atom = 1 + UNICODE_CLASS_COST * (piece.match(/\\p/gi) ?? []).length;
    }
  }
  return group + atom;
}

/** A Unicode class is hundreds of ranges. */
const UNICODE_CLASS_COST = 20;
