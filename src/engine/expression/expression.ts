/**
 * Owns JSONata: what an expression of a mapping may be (`checkExpression`, when it is saved) and how it runs
 * (`prepareExpression`, in the expression host's child process and nowhere else). The one importer of jsonata.
 */
import jsonata from "jsonata";
import { boundedMap } from "../../model/bounded-map.js";
import { EXPRESSION_LIMITS } from "../../model/expression.js";
import type { Json, JsonObject } from "../../model/json.js";
import { analyse } from "./analysis.js";
import { textsAskedOf, textsWrittenIn } from "./asked.js";
import { type ComparedText, comparedTexts } from "./compared.js";
import type { ExpressionUse, FactPath } from "./facts.js";
import { REFUSED_FUNCTIONS } from "./functions.js";
import { LinearRegex, unsupportedSyntax } from "./regex.js";
import { ExpressionFault, faultOf, plainJson, SwitchedOff } from "./result.js";
import { depthOf, type SyntaxNode, startOfToken } from "./syntax.js";
import { absentParts, visibleTargets } from "./targets.js";
import { neverTrueOrFalse } from "./truth.js";
import type { Finding } from "./walk.js";

export type ExpressionCheck =
  | {
      readonly ok: true;
      /** Every fact that the expression can read, sorted. */
      readonly reads: readonly FactPath[];
      /** Reads `group`, so it needs a group matcher beside it. */
      readonly usesGroup: boolean;
      /** Reads `group` and nothing else: one answer per group serves everybody. */
      readonly groupScoped: boolean;
      /** Texts that it may compare with names of groups; none where it reads no names. */
      readonly groupNames: readonly string[];
      readonly compared: readonly ComparedText[];
      readonly warnings: readonly Finding[];
      /** Where its result could stand and is seen to be neither true nor false: no condition is saved with any. */
      readonly neverBoolean: readonly Finding[];
    }
  | { readonly ok: false; readonly problems: readonly Finding[] };

/** An expression that is ready to run, any number of times. */
export interface PreparedExpression {
  /**
   * The expression's value for these facts, as plain JSON; `null` when it yields nothing.
   * Rejects with an ExpressionFault. INVARIANT: an evaluation may still not end; only killing the process stops it then.
   */
  evaluate(input: JsonObject): Promise<Json>;
}

/** Deepest nesting of evaluations that is accepted: well below JSONata's own guard, which counts more. */
const DEEPEST = 150;

/** Text that the parser may produce by copying the left sides of `??` and `?:`, each of which doubles it. */
const LONGEST_COPY = 32 * 1024;

/** Characters of expressions whose checks are remembered, each with as many as a check of nothing takes. */
const REMEMBERED = 1_000_000;
const BESIDE_TEXT = 200;

const remembered = boundedMap<string, { readonly source: string; readonly check: ExpressionCheck }>(
  REMEMBERED,
  ({ source }) => source.length + BESIDE_TEXT,
);

/**
 * Judges an expression before it is saved: syntax, what rules may use, and every fact that it names. Synchronous and
 * bounded, and it runs nothing. Only expressions of rules may read `group`, only an invariant `target`. The same question
 * is soon asked again, by previews, saves and lint, so that the latest answers are remembered.
 */
export function checkExpression(source: string, use: ExpressionUse): ExpressionCheck {
  const key = `${use} ${source}`;
  const known = remembered.get(key);
  if (known) return known.check;
  const check = judgeExpression(source, use);
  remembered.set(key, { source, check });
  return check;
}

function judgeExpression(source: string, use: ExpressionUse): ExpressionCheck {
  // Where the parser would run out of its stack depends on the moment; brackets can be counted before.
  if (source.length <= EXPRESSION_LIMITS.source && openBrackets(source) > DEEPEST) return TOO_DEEP;
  const parsed = parse(source);
  if (!parsed.ok) return { ok: false, problems: [parsed.problem] };
  const tree = parsed.compiled.ast() as unknown as SyntaxNode;
  if (depthOf(tree) > DEEPEST) return TOO_DEEP;
  const { problems, warnings, reads, guarded } = analyse(source, tree, use);
  const visible = use === "grants" ? visibleTargets(source, tree) : [];
  if (problems.length + visible.length > 0) return { ok: false, problems: [...problems, ...visible] };
  const ofGroup = reads.filter((path) => path.startsWith("group."));
  const usesGroup = ofGroup.length > 0;
  const groupScoped = usesGroup && ofGroup.length === reads.length;
  const absent = use === "grants" ? absentParts(source, tree, guarded) : [];
  const groupNames = reads.some((path) => GROUP_NAMES.has(path)) ? textsWrittenIn(tree).filter(canBeName) : [];
  const neverBoolean = neverTrueOrFalse(source, tree);
  const compared = comparedTexts(source, tree);
  return {
    ...{ ok: true, reads, usesGroup, groupScoped, groupNames, compared },
    ...{ warnings: [...warnings, ...absent], neverBoolean },
  };
}

const GROUP_NAMES: ReadonlySet<FactPath> = new Set(["groups", "group.name"]);

/** What `group_name` may be, as `schemas/mapping.schema.json` has it, and a database can hold. */
const LONGEST_NAME = 512;

function canBeName(text: string): boolean {
  const isShort = text.length > 0 && text.length <= LONGEST_NAME;
  return isShort && !text.includes("\u0000") && !/\p{Cs}/u.test(text);
}

const TOO_DEEP: ExpressionCheck = {
  ok: false,
  problems: [
    {
      code: "too_deep",
      message: "the expression nests too deeply: compare with a list, as in `user.country in ['SE', 'NO']`",
      position: 0,
    },
  ],
};

/** Most brackets that are open at once, those inside of texts counted too. */
function openBrackets(source: string): number {
  let open = 0;
  let most = 0;
  for (const character of source) {
    if ("([{".includes(character)) most = Math.max(most, ++open);
    else if (")]}".includes(character)) open -= 1;
  }
  return most;
}

/** The syntax tree of an expression that was accepted when it was saved; `undefined` where it does not parse. */
export function syntaxTree(source: string): SyntaxNode | undefined {
  const parsed = parse(source);
  return parsed.ok ? (parsed.compiled.ast() as unknown as SyntaxNode) : undefined;
}

/**
 * The texts that an expression looks for in a list of facts, where `'text' in groups` and the like is all it does with
 * the list: no other entry of it can change the answer. `undefined` where it reads the list in any other way.
 */
export function askedTexts(source: string, list: FactPath): readonly string[] | undefined {
  const parsed = parse(source);
  return parsed.ok ? textsAskedOf(parsed.compiled.ast() as unknown as SyntaxNode, list) : undefined;
}

/**
 * Makes an expression ready to run with JSONata's guard rails on, its dangerous functions off, and regular expressions
 * on a linear-time engine. Does not ask whether `checkExpression` accepted it. Throws an ExpressionFault.
 */
export function prepareExpression(source: string): PreparedExpression {
  const { timeout, stack, sequence } = EXPRESSION_LIMITS;
  const RegexEngine = LinearRegex as unknown as RegExpConstructor;
  const parsed = parse(source, { timeout, stack, sequence, RegexEngine });
  if (!parsed.ok) throw new ExpressionFault("refused", parsed.problem.message, parsed.problem.position);
  const { compiled } = parsed;
  for (const name of REFUSED_FUNCTIONS.keys()) compiled.registerFunction(name, switchedOff);
  return {
    async evaluate(input) {
      try {
        return plainJson(await compiled.evaluate(input));
      } catch (error) {
        throw faultOf(error, source);
      }
    },
  };
}

function switchedOff(): never {
  throw new SwitchedOff("this function is switched off");
}

type Parsed =
  | { readonly ok: true; readonly compiled: jsonata.Expression }
  | { readonly ok: false; readonly problem: Finding };

function parse(source: string, options?: jsonata.JsonataOptions): Parsed {
  const oversized = sizeProblem(source);
  if (oversized !== undefined) return { ok: false, problem: oversized };
  try {
    return { ok: true, compiled: jsonata(source, options) };
  } catch (error) {
    return { ok: false, problem: syntaxProblem(source, error as ParseError) };
  }
}

function sizeProblem(source: string): Finding | undefined {
  if (source.length > EXPRESSION_LIMITS.source) {
    const message = `the expression is longer than ${EXPRESSION_LIMITS.source} characters`;
    return { code: "too_large", message, position: EXPRESSION_LIMITS.source };
  }
  // `(?:` opens a group of a regular expression, and is an error elsewhere.
  const copies = [...source.matchAll(/\?\?|(?<!\()\?:/g)];
  if (source.length * 2 ** copies.length <= LONGEST_COPY) return undefined;
  const message =
    "too many `??` and `?:` for an expression of this length: write `$exists(a) ? a : b`, or use a variable";
  return { code: "too_large", message, position: Math.max(...copies.map((copy) => copy.index)) };
}

/** JSONata's parser throws objects of its own; its tokenizer lets through what RegExp says of a literal. */
interface ParseError {
  readonly message: string;
  /** Behind the token. */
  readonly position?: number;
  readonly token?: string;
}

/** What people write who know another language, and what JSONata has for it. */
const HABITS = [
  ["==", "="],
  ["&&", "and"],
  ["||", "or"],
  ["!", "$not(...)"],
] as const;

function syntaxProblem(source: string, error: ParseError): Finding {
  if (error instanceof SyntaxError) {
    const literal = /\/.*\//s.exec(error.message)?.[0] ?? "";
    const position = Math.max(0, source.indexOf(literal));
    const unsupported = unsupportedSyntax(literal);
    if (unsupported === undefined) return { code: "regex", message: worded(error.message), position };
    return { code: "regex", message: unsupported.message, position, suggestion: unsupported.instead };
  }
  const end = Math.min(error.position ?? 0, source.length);
  const position = error.token === undefined ? end : startOfToken(source, end, error.token);
  const habit = HABITS.find(
    ([written]) => source.startsWith(written, position) || source.startsWith(written, position - 1),
  );
  if (habit === undefined) return { code: "syntax", message: worded(error.message), position };
  const [written, suggestion] = habit;
  return { code: "syntax", message: `JSONata has no \`${written}\`: write \`${suggestion}\``, position, suggestion };
}

/** A message in the grammar of ours; it may quote a stranger's text. */
function worded(message: string): string {
  const line = message.replaceAll('"', "`").replace(/\p{Cc}/gu, "?");
  return line.charAt(0).toLowerCase() + line.slice(1, LONGEST_MESSAGE);
}

const LONGEST_MESSAGE = 200;
