import {
  type AttributeValue,
  type GroupFact,
  type GroupFacts,
  USER_ATTRIBUTES,
  type UserAttribute,
} from "../../model/facts.js";
import { known } from "../../model/known.js";
import type { PersonLink } from "../../model/person.js";
import { type AliasBook, type CompiledMapping, keysAt } from "../compile/compiled-mapping.js";
import { changed, type GroupChange, withAppRoles, withGroups } from "./fact-changes.js";

/** A whole list, or what to add to the present one and to take out of it. */
export type ListEdit = readonly string[] | { readonly add?: readonly string[]; readonly remove?: readonly string[] };

/** What to pretend of a person; keys as expressions name them. What is not named stays as it is. */
export interface FactEdits {
  /** By name, or by a name of the alias book. */
  readonly groups?: ListEdit;
  readonly group_ids?: ListEdit;
  readonly app_roles?: ListEdit;
  readonly user?: Readonly<Partial<Record<UserAttribute, AttributeValue>>>;
  readonly claims?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The link as if its source had said this. With a whole list of groups it is known that there are no others; `active` of
 * somebody whom SCIM speaks of is SCIM's word on the account.
 */
export function editedLink(link: PersonLink, edits: FactEdits, mapping: CompiledMapping): PersonLink {
  const { aliases } = mapping;
  const active = edits.user?.active;
  const alone = listedAlone(link, edits, aliases);
  const inGroups = { ...alone, facts: withGroups(alone, groupChanges(edits), aliases) };
  const { app_roles: roles = [], user = {} } = edits;
  const inRoles = isWhole(roles) ? inGroups.facts : withAppRoles(inGroups.facts, addedBy(roles), removedBy(roles));
  const said = USER_ATTRIBUTES.reduce(
    (one, attribute) => {
      const value = user[attribute];
      return value === undefined ? one : changed(one, { kind: "attribute", attribute, value }, aliases);
    },
    { ...inGroups, facts: inRoles },
  );
  return {
    ...said,
    ...(link.scim !== undefined && typeof active === "boolean" && { scim: active ? "active" : "inactive" }),
    facts: {
      ...said.facts,
      groups: withAnswered(said, groupEdits(edits).flatMap(removedBy), aliases),
      claims: { ...said.facts.claims, ...edits.claims },
    },
  };
}

function groupChanges(edits: FactEdits): readonly GroupChange[] {
  const groups = groupEdits(edits);
  const said = (names: readonly string[], member: boolean) =>
    names.map((name): GroupChange => ({ kind: "group", name, member }));
  return [
    ...said(groups.flatMap(wholeOf), true),
    ...said(groups.flatMap(addedBy), true),
    ...said(groups.flatMap(removedBy), false),
  ];
}

function groupEdits({ groups, group_ids: ids }: FactEdits): readonly ListEdit[] {
  return [groups, ids].filter((edit) => edit !== undefined);
}

/** Without the groups and roles that a whole list leaves out. */
function listedAlone(link: PersonLink, edits: FactEdits, aliases: AliasBook): PersonLink {
  const { facts, connection } = link;
  const lists = groupEdits(edits);
  const listed = new Set(lists.flatMap(wholeOf).flatMap((name) => keysAt(aliases, name, connection.slug)));
  const isListed = ({ names, ids }: GroupFact) => [...names, ...ids].some((key) => listed.has(key));
  const groups: GroupFacts = lists.some(isWhole)
    ? { ...facts.groups, members: facts.groups.members.filter(isListed), unlisted: "not_member" }
    : facts.groups;
  const { app_roles: roles } = edits;
  return { ...link, facts: { ...facts, groups, appRoles: roles && isWhole(roles) ? known(roles) : facts.appRoles } };
}

/** Who is said to be out of a group is known to be out of it, also where groups as a whole are unknown. */
function withAnswered({ facts, connection }: PersonLink, names: readonly string[], aliases: AliasBook): GroupFacts {
  const { groups } = facts;
  if (names.length === 0) return groups;
  const keys = names.flatMap((name) => keysAt(aliases, name, connection.slug));
  return { ...groups, answered: new Set([...groups.answered, ...keys]) };
}

function isWhole(edit: ListEdit): edit is readonly string[] {
  return Array.isArray(edit);
}

function wholeOf(edit: ListEdit): readonly string[] {
  return isWhole(edit) ? edit : [];
}

function addedBy(edit: ListEdit): readonly string[] {
  return isWhole(edit) ? [] : (edit.add ?? []);
}

function removedBy(edit: ListEdit): readonly string[] {
  return isWhole(edit) ? [] : (edit.remove ?? []);
}
