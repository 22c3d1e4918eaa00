import type { FactPath } from "./facts.js";
import { type CallNode, type LiteralNode, type SyntaxNode, startOf, type TokenNode } from "./syntax.js";

/** A text that an expression compares with a fact by `=`, `!=` or `in`. */
export interface ComparedText {
  readonly path: FactPath;
  readonly text: string;
  /** Offset of the text's first character, a quote, in the source. */
  readonly position: number;
  /** The offset behind its last one. */
  readonly end: number;
  /** The answer is yes for whoever does not have the text: by `!=`, within `$not`, and not by both. */
  readonly negated: boolean;
}

const COMPARISONS: ReadonlySet<unknown> = new Set(["=", "!=", "in"]);

/** Where a fact is compared under its own name; what was filtered out of it is still one of its values. Each place once, in order. */
export function comparedTexts(source: string, tree: SyntaxNode): readonly ComparedText[] {
  const found = new Map<number, ComparedText>();
  collect(tree, false, (path, literal, negated) => {
    // The parser shows the left side of `??` twice.
    const position = startOf(source, literal) as number;
    found.set(position, { path, text: String(literal.value), position, end: literal.position as number, negated });
  });
  return [...found.values()].sort((a, b) => a.position - b.position);
}

type Take = (path: FactPath, literal: LiteralNode, negated: boolean) => void;

function collect(part: unknown, isDenied: boolean, take: Take): void {
  if (typeof part !== "object" || part === null) return;
  const { type, value, lhs, rhs } = part as Partial<Record<string, unknown>>;
  if (type === "binary" && COMPARISONS.has(value)) {
    const negated = isDenied !== (value === "!=");
    compare(lhs as SyntaxNode, rhs as SyntaxNode, negated, take);
    compare(rhs as SyntaxNode, lhs as SyntaxNode, negated, take);
  }
  const isInnerDenied = isDenied !== isNot(part as Partial<CallNode>);
  for (const inner of Object.values(part)) collect(inner, isInnerDenied, take);
}

function isNot({ type, procedure }: Partial<CallNode>): boolean {
  return type === "function" && (procedure as TokenNode).value === "not";
}

function compare(fact: SyntaxNode, other: SyntaxNode, negated: boolean, take: Take): void {
  const path = factPath(fact);
  if (path !== undefined) for (const literal of textsOf(other)) take(path, literal, negated);
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
