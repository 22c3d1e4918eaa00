/** Owns how members are named on the wire: lists of values, and filters over them. Only ids come out. */

import type { Json } from "../../model/json.js";
import type { AttributeReference } from "./attribute-reference.js";
import { memberOf, noteLink, refuseKeysTwice } from "./attribute-value.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import type { FilterNode } from "./filter-parser.js";
import { isList, isObject } from "./json-value.js";
import { memberFromText } from "./quirks/generic.js";
import type { Attribute } from "./schema.js";
import { isStorable } from "./storable-text.js";

/** How many a value of `members` lists, as it was sent. */
export function membersListed(value: Json): number {
  if (value === null) return 0;
  return isList(value) ? value.length : 1;
}

/** The ids that a value of `members` lists, each once; null lists none, and a list of nulls is refused. Linear in the list. */
export function readMemberIds(value: Json, reading: Reading): readonly string[] {
  if (value === null) return [];
  if (!isList(value)) reading.quirks.add("lone_value");
  const list = isList(value) ? value : [value];
  const ids = new Set<string>();
  for (const item of list) {
    if (item === null) reading.quirks.add("null_element");
    else ids.add(readMemberId(item, reading));
  }
  if (ids.size === 0 && list.length > 0) throw namesNobody("a list of nulls");
  return [...ids];
}

/** BUG-20: who writes null for "nothing to say" must not lose everybody, nor be told that something was done. */
export function namesNobody(what: string): ScimError {
  return new ScimError(
    "invalidValue",
    `\`members\` is ${what}, which names nobody: to empty the group, replace \`members\` by \`[]\``,
  );
}

/** `named`: by the operation as far as it was read; read again, it names as many and no more. */
export function refuseTooMany(named: number, { members, limits }: Reading): void {
  const all = members.before + named;
  if (all > limits.members) {
    throw new ScimError("tooLarge", `${all} members in one request: send at most ${limits.members} at a time`);
  }
  members.named = Math.max(members.named, named);
}

function readMemberId(item: Json, reading: Reading): string {
  const bare = memberFromText(item);
  if (bare !== undefined) reading.quirks.add("bare_member");
  const member = bare ?? item;
  if (isObject(member)) refuseKeysTwice(member);
  const id = isObject(member) ? memberOf(member, "value") : undefined;
  if (!isObject(member) || typeof id !== "string" || id === "" || !isStorable(id)) {
    throw new ScimError(
      "invalidValue",
      "each of `members` must be an object whose `value` is the id of a user or a group",
    );
  }
  noteLink(member, reading);
  if (Object.hasOwn(member, "displayName")) reading.quirks.add("member_display_name");
  const type = memberOf(member, "type") ?? null;
  if (type !== null && !isMemberType(type)) {
    throw new ScimError("invalidValue", "`members.type` must be `User` or `Group`");
  }
  if (type !== null && type.toLowerCase() === "group") reading.calledGroups.add(id);
  return id;
}

/** Whom `members[...]`, or `groups[...]`, may select, by `value eq "id"`, and whether more must hold of them than their id. */
export interface MemberCandidates {
  readonly ids: readonly string[];
  readonly conditional: boolean;
}

export function memberCandidates(where: FilterNode, attribute: Attribute): MemberCandidates {
  const ids = pinnedIds(where);
  const types = (attribute.subs.get("type")?.canonicalValues ?? []).map((type) => type.toLowerCase());
  if (ids === undefined || asksUnknownType(where, types)) throw noSelection();
  return { ids, conditional: isConditional(where) };
}

function pinnedIds(where: FilterNode): readonly string[] | undefined {
  if (where.kind === "compare") {
    const isPinned = where.comparator === "eq" && isCalled(where.attribute, "value") && typeof where.value === "string";
    return isPinned ? [String(where.value)] : undefined;
  }
  if (where.kind !== "and" && where.kind !== "or") return undefined;
  const parts = where.items.map(pinnedIds);
  if (where.kind === "and") {
    const pinned = parts.filter((ids) => ids !== undefined);
    // Nobody has two ids.
    return pinned.length === 1 ? pinned[0] : undefined;
  }
  return parts.includes(undefined) ? undefined : parts.flatMap((ids) => ids ?? []);
}

/** Of what pins ids. */
function isConditional(where: FilterNode): boolean {
  return where.kind === "or" ? where.items.some(isConditional) : where.kind === "and";
}

/** None has another type: the path would select nobody, and its success say otherwise. */
function asksUnknownType(where: FilterNode, types: readonly string[]): boolean {
  if (where.kind === "and" || where.kind === "or") return where.items.some((item) => asksUnknownType(item, types));
  if (where.kind === "not") return asksUnknownType(where.item, types);
  if (where.kind !== "compare" || !isCalled(where.attribute, "type")) return false;
  return typeof where.value !== "string" || !types.includes(where.value.toLowerCase());
}

export function noSelection(): ScimError {
  return new ScimError("invalidFilter", 'those that belong are selected by `[value eq "id"]`, several joined by or');
}

/** What a member is shows in its id; a type that says something else is let pass. */
function isMemberType(type: Json): type is string {
  return typeof type === "string" && ["user", "group"].includes(type.toLowerCase());
}

export function isCalled(reference: AttributeReference, name: string): boolean {
  return reference.uri === undefined && reference.sub === undefined && reference.name.toLowerCase() === name;
}
