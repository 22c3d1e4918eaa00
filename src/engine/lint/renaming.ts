/** Fixes that write another text in the place of one that nobody sends. */
import { EXPRESSION_LIMITS } from "../../model/expression.js";
import { grouped } from "../../model/grouped.js";
import type { ComparedText } from "../expression/compared.js";
import { patternIndex } from "../pattern-index.js";
import type { PatchOperation } from "./finding.js";
import type { LintView, PlacedExpression } from "./view.js";
import type { GroupKeyKind, WantedGroup } from "./wanted.js";

/**
 * Calls a wanted group by another name; `undefined` where that would change what the document's examples mean, or many
 * places at once. Where examples speak of a rule's group it is renamed everywhere, and only if nothing in the document
 * tells the two names apart.
 */
export type Renaming = (wanted: WantedGroup, to: string) => readonly PatchOperation[] | undefined;

/** More places than these are for their author to rename: each of as many findings would say them all again. */
const MOST_PLACES = 100;

/** `all`: the groups that the document names. */
export function renamings(view: LintView, all: readonly WantedGroup[]): Renaming {
  const names = new Set(all.map(({ name }) => name));
  const inRules = grouped(
    all.filter(({ from }) => from.kind === "rule"),
    ({ name, kinds: [by] }) => `${by}:${name}`,
  );
  const patterns = patternIndex(
    view.mapping.rules.flatMap(({ groups }) =>
      groups?.pattern ? [{ owner: undefined, pattern: groups.pattern }] : [],
    ),
  );
  const { hasExpressions, tested } = view;
  const { aliases } = view.mapping;
  /** Expressions may spell the name out, patterns may match one of the two. */
  const isSpecial = (name: string) => aliases.has(name) || (patterns?.hits(name).length ?? 0) > 0;
  const renamedRule = (wanted: WantedGroup, to: string): readonly PatchOperation[] | undefined => {
    const [by] = wanted.kinds as readonly [GroupKeyKind];
    const places = tested.groups[by].get(wanted.name);
    if (!places) return [replaced(wanted, to)];
    const everywhere = inRules.get(`${by}:${wanted.name}`) as readonly WantedGroup[];
    if (everywhere.length + places.length > MOST_PLACES || tested.groups[by].has(to) || names.has(to)) return undefined;
    if (hasExpressions || isSpecial(wanted.name) || isSpecial(to)) return undefined;
    return [
      ...everywhere.map((one) => replaced(one, to)),
      ...places.map((path) => ({ op: "replace", path, value: to }) as const),
    ];
  };
  return (wanted, to) => {
    const { from } = wanted;
    if (from.kind === "expression") return respelt(view, from.of, from.text, to);
    if (from.kind === "alias") return isTested(view, wanted.name, to) ? undefined : [replaced(wanted, to)];
    return renamedRule(wanted, to);
  };
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
function isTested({ tested: { texts } }: LintView, from: string, to: string): boolean {
  return texts.has(from) || texts.has(to);
}

function replaced({ from, pointer }: WantedGroup, to: string): PatchOperation {
  const isListed = from.kind !== "expression" && from.list?.includes(to) === true;
  return isListed ? { op: "remove", path: pointer } : { op: "replace", path: pointer, value: to };
}
