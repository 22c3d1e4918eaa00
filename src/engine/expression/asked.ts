/** Finds out what an expression wants of a list: certain texts, or the list itself; and which texts it writes out. */
import type { FactPath } from "./facts.js";
import type { SyntaxNode } from "./syntax.js";

/** What expressions want of a list: certain texts, or all of it. */
export type Asked = ReadonlySet<string> | "all";

/** Whether a text of a list can make a difference to somebody who asks so. */
export function isAsked(of: Asked, text: string): boolean {
  return of === "all" || of.has(text);
}

/** The texts of `'text' in list`, if the list is read in no other way; `undefined` otherwise. */
export function textsAskedOf(tree: SyntaxNode, list: FactPath): readonly string[] | undefined {
  const dot = list.indexOf(".");
  const steps = dot < 0 ? [list] : [list.slice(0, dot), list.slice(dot + 1)];
  const nodes = [...nodesIn(tree)];
  const named = nodes.filter(({ type, value }) => type === "name" && value === steps.at(-1));
  const asked = nodes.flatMap((node) => askedIn(node, steps));
  return named.length === asked.length ? asked : undefined;
}

/** Every text that stands in the expression, each once: compared with something, put together, or a key. */
export function textsWrittenIn(tree: SyntaxNode): readonly string[] {
  const texts = [...nodesIn(tree)].filter(({ type }) => type === "string").map(({ value }) => String(value));
  return [...new Set(texts)];
}

/** A node of the tree, of whatever kind. */
type Part = Readonly<Record<string, unknown>>;

function* nodesIn(part: unknown): Generator<Part> {
  if (typeof part !== "object" || part === null) return;
  if (!Array.isArray(part)) yield part as Part;
  for (const value of Object.values(part)) yield* nodesIn(value);
}

function askedIn({ type, value, lhs, rhs }: Part, steps: readonly string[]): readonly string[] {
  if (type !== "binary" || value !== "in") return [];
  const text = lhs as Part;
  return text["type"] === "string" && isPlainPath(rhs as Part, steps) ? [String(text["value"])] : [];
}

/** The path and nothing else: no filter, no grouping. */
function isPlainPath({ type, steps, ...more }: Part, names: readonly string[]): boolean {
  if (type !== "path" || !Array.isArray(steps) || Object.keys(more).length > 0) return false;
  return steps.length === names.length && steps.every((step: Part, at) => isPlainName(step, names[at]));
}

function isPlainName({ type, value, position: _position, ...more }: Part, name: string | undefined): boolean {
  return type === "name" && value === name && Object.keys(more).length === 0;
}
