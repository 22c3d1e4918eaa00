/** What can be seen of a condition's result before it runs: one that is never true or false would fail for everybody. */
import { type SyntaxNode, startOf } from "./syntax.js";
import type { Finding } from "./walk.js";

const ARITHMETIC: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "&", ".."]);
const COUNTS_AND_TEXTS: ReadonlySet<string> = new Set([
  ...["count", "length", "sum", "max", "min", "average", "number", "abs", "floor", "ceil", "round"],
  ...["string", "substring", "substringBefore", "substringAfter", "uppercase", "lowercase", "trim", "join", "split"],
]);
const MESSAGE =
  "this is never true or false: write a comparison, as in `user.department = 'Sales'` or `'Sales' in groups`";

/** The places whose value would be the condition's, and can be nothing that is true or false. */
export function neverTrueOrFalse(source: string, tree: SyntaxNode): readonly Finding[] {
  return resultsOf(tree)
    .filter(isNoBoolean)
    .map((node) => ({ code: "not_boolean", message: MESSAGE, position: startOf(source, node) as number }));
}

function resultsOf(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.type === "condition") return [node.then, ...(node.else ? [node.else] : [])].flatMap(resultsOf);
  if (node.type === "block") return node.expressions.slice(-1).flatMap(resultsOf);
  return [node];
}

function isNoBoolean(node: SyntaxNode): boolean {
  switch (node.type) {
    case "string":
    case "number":
    case "unary":
      return true;
    case "binary":
      return ARITHMETIC.has(node.value);
    case "function":
      return node.procedure.type === "variable" && COUNTS_AND_TEXTS.has(node.procedure.value);
    case "path":
      return isFactPath(node.steps);
    default:
      return false;
  }
}

/** A fact that stands alone, or a filtered list of them; one attribute is a boolean. */
function isFactPath(steps: readonly SyntaxNode[]): boolean {
  const names = steps.map((step) => (step.type === "name" ? step.value : ""));
  return !names.includes("") && names.join(".") !== "user.active";
}
