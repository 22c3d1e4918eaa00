import {
  type AttributeValue,
  type GroupFact,
  type GroupFacts,
  USER_ATTRIBUTES,
  type UserAttribute,
} from "../../model/facts.js";
import { type Known, known } from "../../model/known.js";
import type { PersonLink } from "../../model/person.js";
import { type CompiledMapping, keysAt } from "../compile/compiled-mapping.js";
import { groupDirectory } from "../directory-groups.js";

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
  const { facts, scim } = link;
  const active = edits.user?.active;
  return {
    ...link,
    ...(scim !== undefined && typeof active === "boolean" && { scim: active ? "active" : "inactive" }),
    facts: {
      ...facts,
      user: editedUser(facts.user, edits.user ?? {}),
      groups: editedGroups(link, edits, mapping),
      appRoles: editedRoles(facts.appRoles, edits.app_roles),
      claims: { ...facts.claims, ...edits.claims },
    },
  };
}

function editedUser(user: PersonLink["facts"]["user"], edits: NonNullable<FactEdits["user"]>) {
  const edited = { ...user };
  for (const attribute of USER_ATTRIBUTES) {
    const value = edits[attribute];
    if (value !== undefined) edited[attribute] = known(value);
  }
  return edited;
}

function editedRoles(held: Known<readonly string[]>, edit: ListEdit | undefined): Known<readonly string[]> {
  if (edit === undefined) return held;
  if (isWhole(edit)) return known(edit);
  const { add = [], remove = [] } = edit;
  const before = held.known ? held.value : [];
  return known([...new Set([...before, ...add])].filter((role) => !remove.includes(role)));
}

function editedGroups(link: PersonLink, edits: FactEdits, mapping: CompiledMapping): GroupFacts {
  const lists = [edits.groups, edits.group_ids].filter((edit) => edit !== undefined);
  const { groups } = link.facts;
  if (lists.length === 0) return groups;
  const keysOf = (name: string) => keysAt(mapping.aliases, name, link.connection.slug);
  const wholes = lists.filter(isWhole).flat();
  const isListed = means(wholes.flatMap(keysOf));
  const members = lists.some(isWhole) ? groups.members.filter(isListed) : [...groups.members];
  const added = lists.flatMap((edit) => (isWhole(edit) ? [] : (edit.add ?? [])));
  for (const name of [...wholes, ...added]) {
    const keys = keysOf(name);
    const at = members.findIndex(means(keys));
    if (at < 0) members.push(joined(link, keys));
    else members[at] = asserted(members[at] as GroupFact);
  }
  const removed = lists.flatMap((edit) => (isWhole(edit) ? [] : (edit.remove ?? []).flatMap(keysOf)));
  const isRemoved = means(removed);
  const gone = members.filter(isRemoved).flatMap(({ names, ids }) => [...names, ...ids]);
  return {
    members: members.filter((member) => !isRemoved(member)),
    unlisted: lists.some(isWhole) ? "not_member" : groups.unlisted,
    // Who is said to be out of a group is known to be out of it, also where groups as a whole are unknown.
    answered: removed.length === 0 ? groups.answered : new Set([...groups.answered, ...removed, ...gone]),
  };
}

function asserted({ staleSince: _, ...member }: GroupFact): GroupFact {
  return member;
}

function isWhole(edit: ListEdit): edit is readonly string[] {
  return Array.isArray(edit);
}

function means(keys: readonly string[]): (member: GroupFact) => boolean {
  const wanted = new Set(keys);
  return ({ names, ids }) => [...names, ...ids].some((key) => wanted.has(key));
}

/** A group that the directory knows comes with all its names and ids. */
function joined({ connection, at }: PersonLink, keys: readonly string[]): GroupFact {
  const directory = groupDirectory(connection.directoryGroups, connection.settleSeconds);
  const [record] = keys.flatMap((key) => directory.meantBy(key));
  if (!record) return { names: keys, ids: keys, source: "claims", since: at };
  return { ...directory.namesOf(record), source: "scim", since: at };
}
