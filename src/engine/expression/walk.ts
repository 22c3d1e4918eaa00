import { type ExpressionUse, type FactPath, mayBeAbsent, type Shape } from "./facts.js";
import { ALLOWED_FUNCTIONS, REFUSED_FUNCTIONS } from "./functions.js";
import { REGEX_BUDGET } from "./regex.js";
import { type ForeignNode, type SyntaxNode, startOf } from "./syntax.js";

/** Something to say about a place in an expression. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  /** Offset of a character in the source. */
  readonly position: number;
  readonly suggestion?: string;
}

/** One walk over one expression: what it found so far. */
export interface Walk {
  readonly source: string;
  readonly use: ExpressionUse;
  readonly reads: Set<FactPath>;
  /** Facts that the expression asks for by `$exists`. */
  readonly guarded: Set<FactPath>;
  /** Facts that may be absent, with the first place where they are read below a negation. */
  readonly negated: Map<FactPath, number>;
  /** By place and code, since the parser shows the left side of `??` twice. */
  readonly problems: Map<string, Finding>;
  readonly warnings: Map<string, Finding>;
  regexBudget: number;
  /** The last place that the parser kept, for nodes that have none of their own. */
  lastPosition: number;
}

/** What a node sees around itself. */
export interface Scope {
  /** What names are read from. */
  readonly context: Shape;
  readonly variables: Map<string, Shape>;
  readonly negated: boolean;
}

/** Visits a node whose result is used as a value, and tells its shape. */
export type VisitValue = (walk: Walk, node: SyntaxNode, scope: Scope) => Shape;

export const ANY: Shape = { kind: "any" };
export const PLAIN: Shape = { kind: "plain" };

/** Why rules do without a construct of the language, and what to write instead. */
const NOT_ALLOWED: Readonly<
  Record<
    ForeignNode["type"] | "lambda" | "regex" | "binding" | "group" | "key",
    readonly [why: string, instead: string]
  >
> = {
  wildcard: ["wildcards hide which facts are read: name each one", "user.department"],
  descendant: ["wildcards hide which facts are read: name each one", "user.department"],
  parent: ["the parent operator hides which facts are read: start at `$$.`", "$$.user.department"],
  partial: ["partial application is switched off: call the function with all its arguments", "$contains(..., ...)"],
  apply: ["`~>` is switched off: call the function with its arguments in brackets", "$count(groups)"],
  transform: ["transforms are switched off: rules read facts and change nothing", "user.department"],
  sort: ["`^(...)` is switched off, and `$sort` sorts texts and numbers", "$sort(groups)"],
  lambda: [
    "functions stand only where `$map`, `$filter` and `$single` take one",
    "$filter(groups, function($g) { ... })",
  ],
  regex: [
    "a regular expression stands only as an argument of `$contains`, `$match`, `$replace` or `$split`",
    "$contains(user.title, /.../)",
  ],
  binding: ["`@$...` and `#$...` are switched off: use a function", "$map(groups, function($g, $i) { ... })"],
  group: ["grouping by `{...}` is switched off: build one object per entry", "groups.{'team': $}"],
  key: ["keys are written out as texts", "{'team': ...}"],
};

/** Refuses a construct of the language, with what to write instead. */
export function refuseConstruct(walk: Walk, position: number, construct: keyof typeof NOT_ALLOWED): Shape {
  const [why, instead] = NOT_ALLOWED[construct];
  return refuse(walk, position, "not_allowed", `${why}, as in \`${instead}\``, instead);
}

/** A walk that has found nothing so far. `use`: what the expression is for. */
export function startWalk(source: string, use: ExpressionUse): Walk {
  return {
    source,
    use,
    reads: new Set(),
    guarded: new Set(),
    negated: new Map(),
    problems: new Map(),
    warnings: new Map(),
    regexBudget: REGEX_BUDGET,
    lastPosition: 0,
  };
}

/** Where a node starts, as exactly as the parser knows. */
export function positionOf(walk: Walk, node: SyntaxNode): number {
  walk.lastPosition = startOf(walk.source, node) ?? walk.lastPosition;
  return walk.lastPosition;
}

/** Refuses the expression for this; what is built on it is not judged again. */
export function refuse(walk: Walk, position: number, code: string, message: string, suggestion?: string): Shape {
  const finding = { code, message, position };
  walk.problems.set(`${position} ${code}`, suggestion === undefined ? finding : { ...finding, suggestion });
  return ANY;
}

/** Notes what is allowed and probably a mistake, once for each place and code. */
export function warn(walk: Walk, position: number, code: string, message: string, suggestion?: string): void {
  const found = { code, message, position };
  walk.warnings.set(`${position} ${code}`, suggestion === undefined ? found : { ...found, suggestion });
}

/** Notes that a fact is read. */
export function noteRead(walk: Walk, path: FactPath, position: number, scope: Scope): void {
  walk.reads.add(path);
  if (scope.negated && mayBeAbsent(path) && !walk.negated.has(path)) walk.negated.set(path, position);
}

/** A name of JSONata's stays what it is, for readers and for these checks. */
export function isReserved(name: string): boolean {
  return name === "" || name === "$" || ALLOWED_FUNCTIONS.has(name) || REFUSED_FUNCTIONS.has(name);
}

/** A fact object, or all facts: nothing that an expression may take as a value. */
export function isWhole(shape: Shape): boolean {
  return shape.kind === "facts" || shape.kind === "object";
}

/** What one entry of a value looks like: the context of filters, steps and functions over it. */
export function entryOf(shape: Shape): Shape {
  return shape.kind === "list" || shape.kind === "text" ? PLAIN : shape;
}

/** Whether the value is known to be a list. */
export function isList(shape: Shape): shape is Shape & { readonly kind: "list" } {
  return shape.kind === "list";
}

/** Everything found, in the order of the text. */
export function findings(found: ReadonlyMap<string, Finding>): readonly Finding[] {
  return [...found.values()].sort((a, b) => a.position - b.position);
}
