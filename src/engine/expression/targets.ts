/** What can be seen of a `grants` expression's targets before it runs: mistakes that every evaluation would make. */
import { quote } from "../../model/quote.js";
import { suggest } from "../../model/suggest.js";
import { isTargetKey, keysFault, partFault, TARGET_KEYS, type TargetKey } from "../computed-targets.js";
import { type FactPath, mayBeAbsent } from "./facts.js";
import { type LiteralNode, type SyntaxNode, startOf } from "./syntax.js";
import type { Finding } from "./walk.js";

type ObjectNode = Extract<SyntaxNode, { readonly type: "unary"; readonly value: "{" }>;

/**
 * Parts of targets that are nothing but a fact which may be absent: then the part is missing, and the result is wrong.
 * `guarded`: facts that the expression asks for.
 */
export function absentParts(source: string, tree: SyntaxNode, guarded: ReadonlySet<FactPath>): readonly Finding[] {
  const objects = resultsOf(tree).filter((node) => node.type === "unary" && node.value === "{");
  return objects.flatMap((node) =>
    node.lhs.flatMap(([key, value]) => {
      const path = attributePath(value);
      if (path === undefined || !mayBeAbsent(path) || guarded.has(path)) return [];
      const asked = `$exists(${path})`;
      const name = String((key as LiteralNode).value);
      const message = `${quote(path)} may be absent: the target then has no \`${name}\`, which is a wrong result; ask first, by \`${asked} ? ...\``;
      return [{ code: "absent_target", message, position: startOf(source, value) as number, suggestion: asked }];
    }),
  );
}

/** A fact that stands alone, as `user.department`. */
function attributePath(node: SyntaxNode): FactPath | undefined {
  if (node.type !== "path") return undefined;
  const names = node.steps.map((step) => (step.type === "name" ? step.value : undefined));
  return names.includes(undefined) ? undefined : names.join(".");
}

/** The problems of targets that are written out. What is computed is judged when it runs. */
export function visibleTargets(source: string, tree: SyntaxNode): readonly Finding[] {
  return resultsOf(tree).flatMap((node) => {
    if (node.type === "unary" && node.value === "{") return objectProblems(source, node);
    const isText = node.type === "string" || node.type === "number" || (node.type === "value" && node.value !== null);
    return isText ? [finding(source, node, "`grants` yields targets: write `{'team': ..., 'role': ...}`")] : [];
  });
}

function objectProblems(source: string, node: ObjectNode): readonly Finding[] {
  const entries = node.lhs.map(([key, value]) => [key, String((key as LiteralNode).value), value] as const);
  const unknown = entries.filter(([, name]) => !isTargetKey(name));
  if (unknown.length > 0) {
    return unknown.map(([key, name]) => {
      const near = suggest(name, TARGET_KEYS);
      const message = `a target has no key ${quote(name)}${near === undefined ? "" : `, did you mean \`${near}\`?`}`;
      return { ...finding(source, key, message), ...(near === undefined ? {} : { suggestion: near }) };
    });
  }
  const fault = keysFault(entries.map(([, name]) => name));
  if (fault !== undefined) return [finding(source, node, `a target ${fault}`)];
  return entries.flatMap(([, name, value]) =>
    resultsOf(value).flatMap((part) => {
      const isWritten = part.type === "string" || part.type === "number" || part.type === "value";
      const wrong = isWritten ? partFault(name as TargetKey, part.value) : undefined;
      return wrong === undefined ? [] : [finding(source, part, `a target ${wrong}`)];
    }),
  );
}

/** About a literal or an object: the parser keeps the places of these. */
function finding(source: string, node: SyntaxNode, message: string): Finding {
  return { code: "bad_target", message, position: startOf(source, node) as number };
}

/** The nodes of which one is the result, as far as the syntax tells. */
function resultsOf(node: SyntaxNode): readonly SyntaxNode[] {
  switch (node.type) {
    case "condition":
      return [node.then, ...(node.else ? [node.else] : [])].flatMap(resultsOf);
    case "block":
      return node.expressions.slice(-1).flatMap(resultsOf);
    case "path":
      return node.steps.slice(-1).flatMap(resultsOf);
    case "unary":
      return node.value === "[" ? node.expressions.flatMap(resultsOf) : [node];
    default:
      return [node];
  }
}
