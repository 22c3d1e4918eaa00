/**
 * JSONata's syntax tree as its parser leaves it after post-processing, typed for the analysis: `.`, `[` and `:=` have
 * become paths, filters and binds. Offsets in the tree point behind a token; `startOf` turns them into its first character.
 */
export type SyntaxNode =
  | PathNode
  | TokenNode
  | LiteralNode
  | RegexNode
  | BinaryNode
  | UnaryNode
  | ConditionNode
  | BlockNode
  | BindNode
  | CallNode
  | LambdaNode
  | ForeignNode;

interface Positioned {
  readonly position?: number;
  /** Filters after a step. */
  readonly stages?: readonly Stage[];
  /** Filters after anything else. */
  readonly predicate?: readonly Stage[];
  /** `{...}` after a value: grouping. */
  readonly group?: object;
  /** `@$name` and `#$name` after a step. */
  readonly focus?: string;
  readonly index?: string;
}

export type Stage =
  | { readonly type: "filter"; readonly expr: SyntaxNode; readonly position: number }
  | { readonly type: "index"; readonly position: number };

export interface PathNode extends Positioned {
  readonly type: "path";
  readonly steps: readonly [SyntaxNode, ...SyntaxNode[]];
}
/** `name` without, `variable` with `$`. */
export interface TokenNode extends Positioned {
  readonly type: "name" | "variable";
  readonly value: string;
}
export interface LiteralNode extends Positioned {
  readonly type: "string" | "number" | "value";
  readonly value: string | number | boolean | null;
}
/** `value` is no RegExp where the parser copied the node through JSON: on the left of `?:` and `??`. */
export interface RegexNode extends Positioned {
  readonly type: "regex";
  readonly value: object;
}
export interface BinaryNode extends Positioned {
  readonly type: "binary";
  readonly value: string;
  readonly lhs: SyntaxNode;
  readonly rhs: SyntaxNode;
}
export type UnaryNode = Positioned & { readonly type: "unary" } & (
    | { readonly value: "-"; readonly expression: SyntaxNode }
    | { readonly value: "["; readonly expressions: readonly SyntaxNode[] }
    | { readonly value: "{"; readonly lhs: readonly (readonly [SyntaxNode, SyntaxNode])[] }
  );
export interface ConditionNode extends Positioned {
  readonly type: "condition";
  readonly condition: SyntaxNode;
  readonly then: SyntaxNode;
  readonly else?: SyntaxNode;
}
export interface BlockNode extends Positioned {
  readonly type: "block";
  readonly expressions: readonly SyntaxNode[];
}
export interface BindNode extends Positioned {
  readonly type: "bind";
  readonly lhs: TokenNode;
  readonly rhs: SyntaxNode;
}
export interface CallNode extends Positioned {
  readonly type: "function";
  readonly procedure: SyntaxNode;
  readonly arguments: readonly SyntaxNode[];
}
export interface LambdaNode extends Positioned {
  readonly type: "lambda";
  readonly arguments: readonly TokenNode[];
  readonly body: SyntaxNode;
  readonly signature?: object;
  /** Put around a call in tail position by the parser; nobody wrote it. */
  readonly thunk?: true;
}
/** What rules may not use, in any form. */
export interface ForeignNode extends Positioned {
  readonly type: "wildcard" | "descendant" | "parent" | "partial" | "apply" | "transform" | "sort";
  readonly procedure?: SyntaxNode;
}

/** The parts of a node that the evaluator visits one after the other, and those that it has under way at once. */
function partsOf(node: SyntaxNode): {
  readonly inTurn: readonly SyntaxNode[];
  readonly atOnce: readonly SyntaxNode[];
} {
  const filters = [...(node.stages ?? []), ...(node.predicate ?? [])].flatMap((stage) =>
    stage.type === "filter" ? [stage.expr] : [],
  );
  switch (node.type) {
    case "path":
      return { inTurn: [...filters, ...node.steps], atOnce: [] };
    case "binary":
      return { inTurn: [...filters, node.lhs, node.rhs], atOnce: [] };
    case "unary":
      if (node.value === "-") return { inTurn: [...filters, node.expression], atOnce: [] };
      return { inTurn: filters, atOnce: node.value === "[" ? node.expressions : node.lhs.flat() };
    case "condition":
      return { inTurn: [...filters, node.condition, node.then, ...(node.else ? [node.else] : [])], atOnce: [] };
    case "block":
      return { inTurn: [...filters, ...node.expressions], atOnce: [] };
    case "bind":
      return { inTurn: [...filters, node.rhs], atOnce: [] };
    case "function":
      return { inTurn: [...filters, ...node.arguments], atOnce: [] };
    case "lambda":
      return { inTurn: [node.body], atOnce: [] };
    default:
      return { inTurn: filters, atOnce: [] };
  }
}

/** How many evaluations JSONata may have under way at once, at most: what its stack guard counts. */
export function depthOf(node: SyntaxNode): number {
  const { inTurn, atOnce } = partsOf(node);
  if (inTurn.length + atOnce.length === 0) return 0;
  const together = atOnce.reduce((sum, part) => sum + depthOf(part), 0);
  return 1 + Math.max(together, ...inTurn.map(depthOf));
}

/** The offset of a node's first character (of its operator, for operators), or `undefined` where the parser keeps none. */
export function startOf(source: string, node: SyntaxNode): number | undefined {
  if (node.type === "path") return startOf(source, node.steps[0]);
  if ("procedure" in node && node.procedure) return startOf(source, node.procedure);
  const end = node.position;
  if (end === undefined) return undefined;
  if (node.type === "string") return startOfText(source, end);
  if (node.type === "lambda") return Math.max(source.lastIndexOf("function", end), source.lastIndexOf("\u03bb", end));
  if (node.type === "regex") return end - lengthOfRegex(node.value);
  const text = "value" in node ? String(node.value) : "";
  return startOfToken(source, end, text);
}

/**
 * The offset of a token that ends at `end`: a name (in backticks or not), a variable, an operator.
 * A token without a text of its own is one character long; one that does not stand there leaves `end`.
 */
export function startOfToken(source: string, end: number, text: string): number {
  if (text === "") return Math.max(0, end - 1);
  const written = [`\`${text}\``, `$${text}(`, `$${text}`, text].find((form) => source.endsWith(form, end));
  return written === undefined ? end : end - written.length;
}

/** The parser adds the flag `g` to what was written; a copied expression has lost its text, and only its end is known. */
function lengthOfRegex(value: object): number {
  return value instanceof RegExp ? `/${value.source}/${value.flags}`.length - 1 : 1;
}

function startOfText(source: string, end: number): number {
  const quote = source.charAt(end - 1);
  let start = source.lastIndexOf(quote, end - 2);
  while (isEscaped(source, start)) start = source.lastIndexOf(quote, start - 1);
  return start;
}

function isEscaped(source: string, offset: number): boolean {
  let slashes = 0;
  while (source.charAt(offset - 1 - slashes) === "\\") slashes++;
  return slashes % 2 === 1;
}
