/** The groups that a document names in its rules, one by one, with what each connection calls them. */
import type { MappingDocument, RuleDocument } from "../../model/mapping.js";
import { expressionsOf, type MappingConnection } from "../compile/compiled-mapping.js";
import { appliesAt } from "../compile/rule-table.js";
import { matchPattern } from "../pattern.js";
import type { PatchOperation } from "./finding.js";
import type { LintRule, LintView } from "./view.js";

export interface WantedGroup {
  /** Of the name itself, in its list where it stands in one. */
  readonly pointer: string;
  readonly name: string;
  readonly by: "name" | "id";
  /** By connection: what the group would have to be called there. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  readonly isAlias: boolean;
  /** The list that the name stands in. */
  readonly list: readonly string[] | undefined;
}

/** Names and ids in rules that give something; `connections`: those that are looked at. */
export function wantedGroups(view: LintView, connections: readonly MappingConnection[]): readonly WantedGroup[] {
  return view.alive.flatMap((one) => {
    const { any } = one.rule.groups ?? {};
    if (!any) return [];
    const applying = connections.filter(({ slug, mayGrantOwner }) => appliesAt(one.rule, slug, mayGrantOwner));
    return writtenNames(view.document, one).map(({ name, pointer, list }) => {
      const aliases = any.by === "name" ? view.mapping.aliases.get(name) : undefined;
      const keys = new Map(applying.map(({ slug }) => [slug, aliases?.get(slug) ?? [name]]));
      return { pointer, name, by: any.by, keys, isAlias: aliases !== undefined, list };
    });
  });
}

interface Written {
  readonly name: string;
  readonly pointer: string;
  readonly list: readonly string[] | undefined;
}

function writtenNames(document: MappingDocument, { rule, document: written }: LintRule): readonly Written[] {
  if (written) {
    const key = (["group_id", "group_name", "sso_group"] as const).find((one) => written[one] !== undefined);
    return namesAt(written[key as keyof RuleDocument] as string | readonly string[], `${rule.pointer}/${key}`);
  }
  return [
    ...namesAt(document.tenant_owners_groups ?? [], "/tenant_owners_groups"),
    ...namesAt(document.tenant_owners_group ?? [], "/tenant_owners_group"),
  ];
}

function namesAt(names: string | readonly string[], pointer: string): readonly Written[] {
  if (typeof names === "string") return [{ name: names, pointer, list: undefined }];
  return names.map((name, at) => ({ name, pointer: `${pointer}/${at}`, list: names }));
}

/**
 * Calls a wanted group, which no alias stands for, by another name. Where examples speak of it, everywhere at once, and only if nothing in the
 * document tells the two names apart; `undefined` when that would change what the document means.
 */
export function renaming(
  view: LintView,
  wanted: WantedGroup,
  all: readonly WantedGroup[],
  to: string,
): readonly PatchOperation[] | undefined {
  const { document } = view;
  const tested = mentions(document, wanted.by, wanted.name);
  if (tested.length === 0) return [replaced(wanted, to)];
  const isNamed = mentions(document, wanted.by, to).length > 0 || all.some(({ name }) => name === to);
  if (isNamed || tellsApart(view, wanted.name, to)) return undefined;
  const everywhere = all.filter(({ name, by }) => name === wanted.name && by === wanted.by);
  return [
    ...everywhere.map((one) => replaced(one, to)),
    ...tested.map((path) => ({ op: "replace", path, value: to }) as const),
  ];
}

function replaced({ list, pointer }: WantedGroup, to: string): PatchOperation {
  return list?.includes(to) ? { op: "remove", path: pointer } : { op: "replace", path: pointer, value: to };
}

/** Where examples have a person in the group. */
function mentions({ examples = [] }: MappingDocument, by: "name" | "id", name: string): readonly string[] {
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
