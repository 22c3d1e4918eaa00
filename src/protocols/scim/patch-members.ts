/** Owns what the operations of a PATCH do to the members of a group: whom each names, and whom it must not be taken to name. */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { matches } from "./filter-match.js";
import { memberCandidates, membersListed, namesNobody, readMemberIds, refuseTooMany } from "./member-ids.js";
import type { MemberOperations } from "./member-operations.js";
import type { AttributeTarget } from "./patch-path.js";
import type { PatchKind } from "./patch-request.js";
import { searchValue } from "./search-document.js";

/** Members, and who may be one, as answers show them, by id. */
export type PresentMembers = ReadonlyMap<string, JsonObject>;

export interface MemberDraft {
  readonly reading: Reading;
  readonly members: MemberOperations;
  readonly present: PresentMembers;
  readonly asked: Set<string>;
  /** Ids named so far, for the bound on one request. */
  named: number;
}

export function applyMembers(
  draft: MemberDraft,
  kind: PatchKind,
  target: AttributeTarget,
  value: Json | undefined,
): void {
  const { members } = draft;
  if (target.sub !== undefined) {
    throw new ScimError("mutability", `${quote(target.sub.id)} cannot be changed: add and remove whole members`);
  }
  const ids = target.where === undefined ? listedIds(draft, kind, value) : selectedIds(draft, target, target.where);
  if (ids === undefined) members.set([]);
  else if (kind === "add") members.add(ids);
  else if (kind === "remove") members.remove(ids);
  else if (target.where === undefined) members.set(ids);
  else throw new ScimError("mutability", "a member cannot be replaced by another: remove it and add the other");
}

/** RFC-48: all that the path says must hold, also of whom an operation before has added. An id of nobody is let pass: it is refused later. */
function selectedIds(
  draft: MemberDraft,
  { attribute }: AttributeTarget,
  { node, filter }: NonNullable<AttributeTarget["where"]>,
): readonly string[] {
  const { ids, conditional } = memberCandidates(node, attribute);
  countNamed(draft, ids.length);
  if (!conditional) return ids;
  return ids.filter((id) => {
    draft.asked.add(id);
    const member = draft.present.get(id);
    return member === undefined || matches(filter, searchValue(attribute, member));
  });
}

/** `undefined`: a removal without any value, which is of everybody. An empty list names nobody at all. */
function listedIds(draft: MemberDraft, kind: PatchKind, value: Json | undefined): readonly string[] | undefined {
  if (value === null) throw namesNobody("null");
  if (value === undefined) return undefined;
  countNamed(draft, membersListed(value));
  if (kind !== "remove") return readMemberIds(value, draft.reading);
  draft.reading.quirks.add("remove_by_value");
  return readMemberIds(value, draft.reading);
}

/** Each as often as it is named: who names somebody again makes as much work. */
function countNamed(draft: MemberDraft, count: number): void {
  draft.named += count;
  refuseTooMany(draft.named, draft.reading);
}
