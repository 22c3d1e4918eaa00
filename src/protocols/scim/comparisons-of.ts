import type { FilterNode } from "./filter-parser.js";

/** How many comparisons a filter inside brackets makes with one element. */
export function comparisonsOf(node: FilterNode): number {
  if (node.kind === "and" || node.kind === "or") return node.items.reduce((sum, item) => sum + comparisonsOf(item), 0);
  return node.kind === "not" ? comparisonsOf(node.item) : 1;
}
