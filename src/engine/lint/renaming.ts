/** Fixes that write another text in the place of one that nobody sends. */
import { EXPRESSION_LIMITS } from "../../model/expression.js";
import type { MappingDocument } from "../../model/mapping.js";
import { expressionsOf } from "../compile/compiled-mapping.js";
import type { ComparedText } from "../expression/compared.js";
import { matchPattern } from "../pattern.js";
import type { PatchOperation } from "./finding.js";
import type { LintView, PlacedExpression } from "./view.js";
import type { GroupKeyKind, WantedGroup } from "./wanted.js";

/**
 * Calls a wanted group by another name; `undefined` where that would change what the document's examples mean. Where they
 * speak of a rule's group it is renamed everywhere at once, and only if nothing in the document tells the two names apart.
 */
export function renaming(
  view: LintView,
  wanted: WantedGroup,
  all: readonly WantedGroup[],
  to: string,
): readonly PatchOperation[] | undefined {
  const { from } = wanted;
  if (from.kind === "expression") return respelt(view, from.of, from.text, to);
  if (from.kind === "alias") return isTested(view, wanted.name, to) ? undefined : [replaced(wanted, to)];
  return renamedRule(view, wanted, all, to);
}

/** Writes another text in an expression of a rule; what invariants say is for their author to decide. */
export function respelt(
  view: LintView,
  { pointer, rule, expression: { source } }: PlacedExpression,
  { text, position, end }: ComparedText,
  to: string,
): readonly PatchOperation[] | undefined {
  const value = `${source.slice(0, position)}${spelt(to, source.charAt(position))}${source.slice(end)}`;
  if (!rule || value.length > EXPRESSION_LIMITS.source || isTested(view, text, to)) return undefined;
  return [{ op: "replace", path: pointer, value }];
}

function spelt(text: string, mark: string): string {
  return text.includes(mark) || text.includes("\\") ? JSON.stringify(text) : `${mark}${text}${mark}`;
}

/** Whether some example writes one of the two texts, wherever that is. */
function isTested({ document: { examples = [] } }: LintView, from: string, to: string): boolean {
  const isEither = (value: unknown): boolean =>
    typeof value === "object" && value !== null ? Object.values(value).some(isEither) : value === from || value === to;
  return isEither(examples);
}

function renamedRule(
  view: LintView,
  wanted: WantedGroup,
  all: readonly WantedGroup[],
  to: string,
): readonly PatchOperation[] | undefined {
  const { document } = view;
  const [by] = wanted.kinds as readonly [GroupKeyKind];
  const tested = mentions(document, by, wanted.name);
  if (tested.length === 0) return [replaced(wanted, to)];
  const isNamed = mentions(document, by, to).length > 0 || all.some(({ name }) => name === to);
  if (isNamed || tellsApart(view, wanted.name, to)) return undefined;
  const everywhere = all.filter(
    ({ name, kinds, from }) => from.kind === "rule" && name === wanted.name && kinds[0] === by,
  );
  return [
    ...everywhere.map((one) => replaced(one, to)),
    ...tested.map((path) => ({ op: "replace", path, value: to }) as const),
  ];
}

function replaced({ from, pointer }: WantedGroup, to: string): PatchOperation {
  const isListed = from.kind !== "expression" && from.list?.includes(to) === true;
  return isListed ? { op: "remove", path: pointer } : { op: "replace", path: pointer, value: to };
}

/** Where examples have a person in the group. */
function mentions({ examples = [] }: MappingDocument, by: GroupKeyKind, name: string): readonly string[] {
  const key = by === "name" ? "groups" : "group_ids";
  return examples.flatMap((example, index) =>
    (example[key] ?? []).flatMap((group, at) => (group === name ? [`/examples/${index}/${key}/${at}`] : [])),
  );
}

/** Expressions may spell the name out, patterns may match one of the two. */
function tellsApart({ mapping }: LintView, from: string, to: string): boolean {
  const hasExpressions = mapping.invariants.length > 0 || mapping.rules.some((rule) => expressionsOf(rule).length > 0);
  if (hasExpressions || mapping.aliases.has(from) || mapping.aliases.has(to)) return true;
  return mapping.rules.some(({ groups }) => {
    const pattern = groups?.pattern;
    return (
      pattern !== undefined && (matchPattern(pattern, from) !== undefined || matchPattern(pattern, to) !== undefined)
    );
  });
}
