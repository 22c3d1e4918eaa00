import { checkExpression } from "../../engine/expression/expression.js";
import type { ExpressionUse } from "../../engine/expression/facts.js";
import type { MappingDocument } from "../../model/mapping.js";
import { othersFirst } from "../judge.js";

/** So many expressions are checked before somebody else gets a turn. */
const CHUNK = 20;

/**
 * Checks the expressions of a document a few at a time. What was checked is remembered, so that compiling the document, which
 * cannot pause, does not keep everybody waiting for thousands of them.
 */
export async function checkAhead(document: MappingDocument): Promise<void> {
  const expressions = expressionsIn(document);
  for (let from = 0; from < expressions.length; from += CHUNK) {
    for (const [source, use] of expressions.slice(from, from + CHUNK)) checkExpression(source, use);
    await othersFirst();
  }
}

function expressionsIn({ mappings = [], invariants = [], profile = {} }: MappingDocument) {
  const found: (readonly [source: string, use: ExpressionUse])[] = [];
  for (const { when, grants } of mappings) {
    if (when !== undefined) found.push([when, "when"]);
    if (grants !== undefined) found.push([grants, "grants"]);
  }
  for (const { never } of invariants) found.push([never, "invariant"]);
  for (const source of Object.values(profile)) found.push([source, "profile"]);
  return found;
}
