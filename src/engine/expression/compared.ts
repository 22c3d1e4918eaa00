import type { FactPath } from "./facts.js";
import { type LiteralNode, type SyntaxNode, startOf } from "./syntax.js";

/** A text that an expression compares with a fact by `=`, `!=` or `in`. */
export interface ComparedText {
  readonly path: FactPath;
  readonly text: string;
  /** Offset of the text's first character, a quote, in the source. */
  readonly position: number;
  /** The offset behind its last one. */
  readonly end: number;
}

const COMPARISONS: ReadonlySet<unknown> = new Set(["=", "!=", "in"]);

/** Where a fact is compared under its own name; what was filtered out of it is still one of its values. Each place once, in order. */
export function comparedTexts(source: string, tree: SyntaxNode): readonly ComparedText[] {
  const found = new Map<number, ComparedText>();
  collect(tree, (path, literal) => {
    // The parser shows the left side of `??` twice.
    const position = startOf(source, literal) as number;
    found.set(position, { path, text: String(literal.value), position, end: literal.position as number });
  });
  return [...found.values()].sort((a, b) => a.position - b.position);
}

function collect(part: unknown, take: (path: FactPath, literal: LiteralNode) => void): void {
  if (typeof part !== "object" || part === null) return;
  const { type, value, lhs, rhs } = part as Partial<Record<string, unknown>>;
  if (type === "binary" && COMPARISONS.has(value)) {
    compare(lhs as SyntaxNode, rhs as SyntaxNode, take);
    compare(rhs as SyntaxNode, lhs as SyntaxNode, take);
  }
  for (const inner of Object.values(part)) collect(inner, take);
}

function compare(fact: SyntaxNode, other: SyntaxNode, take: (path: FactPath, literal: LiteralNode) => void): void {
  const path = factPath(fact);
  if (path !== undefined) for (const literal of textsOf(other)) take(path, literal);
}

/** The fact that a path names, from wherever it starts; facts are compared under two names at most, as in `user.title`. */
function factPath(node: SyntaxNode): FactPath | undefined {
  if (node.type !== "path") return undefined;
  const [first, ...rest] = node.steps;
  const steps = first.type === "variable" && first.value === "$" ? rest : node.steps;
  const names = steps.flatMap((step) => (step.type === "name" ? [step.value] : []));
  return names.length === steps.length ? names.join(".") : undefined;
}

function textsOf(node: SyntaxNode): readonly LiteralNode[] {
  if (node.type === "string") return [node];
  return node.type === "unary" && node.value === "[" ? node.expressions.flatMap(textsOf) : [];
}
