/** The groups that a document names, one by one, with what each connection calls them. */
import type { MappingDocument, RuleDocument } from "../../model/mapping.js";
import { keysAt, type MappingConnection } from "../compile/compiled-mapping.js";
import { escapePointer } from "../compile/pointer.js";
import { asList } from "../compile/rule-id.js";
import { appliesAt } from "../compile/rule-table.js";
import type { ComparedText } from "../expression/compared.js";
import { expressionsAt, type LintView, type PlacedExpression } from "./view.js";

/** What tells groups apart: their names, or their ids. */
export type GroupKeyKind = "name" | "id";

export interface WantedGroup {
  /** Of the name itself, in its list where it stands in one, or of the expression that it stands in. */
  readonly pointer: string;
  readonly name: string;
  readonly kinds: readonly GroupKeyKind[];
  /** By connection: what the group would have to be called there. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  readonly from:
    | { readonly kind: "rule"; readonly list: readonly string[] | undefined }
    | { readonly kind: "expression"; readonly of: PlacedExpression; readonly text: ComparedText }
    | { readonly kind: "alias"; readonly alias: string; readonly list: readonly string[] };
}

/** `connections`: those that are looked at. What is not alive is not asked for; the alias book always is. */
export function wantedGroups(view: LintView, connections: readonly MappingConnection[]): readonly WantedGroup[] {
  return [
    ...matchedNames(view, connections),
    ...expressionsAt(view).flatMap((one) => comparedNames(view, one, connections)),
    ...aliasKeys(view, connections),
  ];
}

const BY_NAME: readonly GroupKeyKind[] = ["name"];
const BY_ID: readonly GroupKeyKind[] = ["id"];
const BY_EITHER: readonly GroupKeyKind[] = ["name", "id"];

function matchedNames(view: LintView, connections: readonly MappingConnection[]): readonly WantedGroup[] {
  return view.alive.flatMap((one) => {
    const { any } = one.rule.groups ?? {};
    if (!any) return [];
    const applying = connections.filter(({ slug, mayGrantOwner }) => appliesAt(one.rule, slug, mayGrantOwner));
    return writtenNames(view.document, one).map(({ name, pointer, list }) => {
      return { pointer, from: { kind: "rule", list } as const, ...meant(view, any.by, name, applying) };
    });
  });
}

/** A name stands for what the alias book says that a connection calls it; an id stands for itself. */
function meant({ mapping: { aliases } }: LintView, by: GroupKeyKind, name: string, at: readonly MappingConnection[]) {
  const isAlias = by === "name" && aliases.has(name);
  const keys = new Map(at.map(({ slug }) => [slug, isAlias ? keysAt(aliases, name, slug) : [name]]));
  return { name, keys, kinds: isAlias ? BY_EITHER : by === "name" ? BY_NAME : BY_ID };
}

const COMPARED_BY: ReadonlyMap<string, GroupKeyKind> = new Map([
  ["groups", "name"],
  ["group.name", "name"],
  ["group_ids", "id"],
  ["group.id", "id"],
]);

function comparedNames(
  view: LintView,
  of: PlacedExpression,
  connections: readonly MappingConnection[],
): readonly WantedGroup[] {
  const { rule } = of;
  const applying = rule
    ? connections.filter(({ slug, mayGrantOwner }) => appliesAt(rule, slug, mayGrantOwner))
    : connections;
  return of.expression.compared.flatMap((text) => {
    const by = COMPARED_BY.get(text.path);
    if (by === undefined) return [];
    return [
      { pointer: of.pointer, from: { kind: "expression", of, text } as const, ...meant(view, by, text.text, applying) },
    ];
  });
}

function aliasKeys({ document }: LintView, connections: readonly MappingConnection[]): readonly WantedGroup[] {
  const known = new Set(connections.map(({ slug }) => slug));
  return Object.entries(document.groups ?? {}).flatMap(([alias, bySlug]) =>
    Object.entries(bySlug).flatMap(([slug, written]) => {
      if (!known.has(slug)) return [];
      const from = { kind: "alias", alias, list: asList(written) } as const;
      return namesAt(written, `/groups/${escapePointer(alias)}/${escapePointer(slug)}`).map(({ name, pointer }) => {
        return { pointer, name, kinds: BY_EITHER, keys: new Map([[slug, [name]]]), from };
      });
    }),
  );
}

interface Written {
  readonly name: string;
  readonly pointer: string;
  readonly list: readonly string[] | undefined;
}

function writtenNames(
  document: MappingDocument,
  { rule, document: written }: LintView["alive"][number],
): readonly Written[] {
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
