/** Owns lists: the resources of one type, or those of several types as one list in one exact order. */

import type { ResourceFilter, ResourceSort } from "../../model/filter.js";
import type { JsonObject } from "../../model/json.js";
import type { DirectoryQuery } from "../../provisioning/ports/directory.js";
import { type CursorPlace, type CursorScope, openCursor, sealCursor } from "./cursor.js";
import { ScimError, type ScimErrorKind } from "./errors.js";
import { ALWAYS, NEVER, readFilter } from "./filter-resolve.js";
import { type ListRequest, listResponse, type Paging, readPaging } from "./list-query.js";
import { inMergedOrder } from "./merged-lists.js";
import type { Listed, ResourceHandler } from "./resource-handler.js";
import { readSort } from "./sort-order.js";
import { unknownAttribute } from "./unknown-attribute.js";
import { isManaged, type Visit, type VisitRequest, visitedAll } from "./visit.js";

/** One type's share of a list. */
export interface ListPart {
  readonly type: string;
  /** Absent where the type has no attribute of that name. */
  readonly sort?: ResourceSort;
  list(query: DirectoryQuery): Promise<Listed>;
}

/** A page, and behind which resource the next one starts, if there is one. */
export interface ListPage extends Listed {
  readonly next?: CursorPlace;
}

/** The ListResponse for a query at `path`, below the base URL. */
export function listResources(
  handlers: readonly ResourceHandler[],
  asked: VisitRequest,
  list: ListRequest,
  path: string,
): Promise<JsonObject> {
  return visitedAll(handlers, { ...asked, reads: true, isOneOfSeveral: handlers.length > 1 }, async (visits) => {
    const paging = readPaging(list);
    const parts = readParts(handlers, visits, list);
    const scope: CursorScope = { room: asked.room, caller: asked.caller, path, list };
    const place = paging.by === "cursor" ? openCursor(scope, paging.count, paging.cursor) : undefined;
    if (place !== undefined && !parts.some(({ type }) => type === place.type)) {
      throw new ScimError("invalidCursor", "the cursor ends among resources that are no longer here: start again");
    }
    const merged = parts.length > 1 && Boolean(list.sortBy);
    const page = await (merged ? inMergedOrder(parts, paging, place) : typeByType(parts, paging, place));
    if (paging.by === "index") return listResponse(page.total, page.resources, { startIndex: paging.startIndex });
    const next = page.next && { nextCursor: sealCursor(scope, paging.count, page.next) };
    return listResponse(page.total, page.resources, { ...next });
  });
}

function readParts(
  handlers: readonly ResourceHandler[],
  visits: readonly Visit[],
  { filter, ...sorting }: ListRequest,
): readonly ListPart[] {
  const several = visits.length > 1;
  const unknown = { filter: [] as ReadonlySet<string>[], sort: [] as ReadonlySet<string>[] };
  const parts = visits.map((visit, index) => {
    const strange = { filter: new Set<string>(), sort: new Set<string>() };
    const reading = (strangers: Set<string>) => (several ? { ...visit.reading, strangers } : visit.reading);
    const wanted = filter === undefined ? ALWAYS : readFilter(filter, reading(strange.filter));
    const sort = readSort(sorting, reading(strange.sort));
    unknown.filter.push(strange.filter);
    unknown.sort.push(strange.sort);
    return partOf(handlers[index], visit, wanted, sort);
  });
  refuseUnknown("invalidFilter", unknown.filter, visits);
  refuseUnknown("invalidValue", unknown.sort, visits);
  return parts;
}

function partOf(
  handler: ResourceHandler | undefined,
  visit: Visit,
  filter: ResourceFilter,
  sort: ResourceSort | undefined,
): ListPart {
  const sorted = sort && { sort };
  return {
    type: visit.reading.type.name,
    ...sorted,
    async list(query) {
      const isThere = handler !== undefined && isManaged(handler.managedAs, visit.caller.connection);
      if (!isThere || filter === NEVER) return { total: 0, resources: [] };
      const listed = await handler.list(visit, { ...query, ...sorted, ...(filter !== ALWAYS && { filter }) });
      // or a list would end early and nobody would know
      if (query.walk && !listed.walked)
        throw new Error(`a walk through ${visit.reading.type.endpoint} says not where it is`);
      return listed;
    },
  };
}

/** RFC-33: what one type lacks is as absent there; what all of them lack is a mistake. */
function refuseUnknown(kind: ScimErrorKind, unknown: readonly ReadonlySet<string>[], visits: readonly Visit[]): void {
  const [first, ...others] = unknown;
  const name = [...(first ?? [])].find((candidate) => others.every((set) => set.has(candidate)));
  if (name !== undefined)
    throw unknownAttribute(
      kind,
      name,
      visits.map(({ reading }) => reading.type),
    );
}

/** One type behind the other, each in its own order. */
function typeByType(parts: readonly ListPart[], paging: Paging, place: CursorPlace | undefined): Promise<ListPage> {
  return paging.by === "index" ? fromIndex(parts, paging) : fromPlace(parts, paging.count, place);
}

async function fromIndex(
  parts: readonly ListPart[],
  { startIndex, count }: Extract<Paging, { by: "index" }>,
): Promise<ListPage> {
  const resources: JsonObject[] = [];
  let total = 0;
  for (const part of parts) {
    const offset = Math.max(0, startIndex - 1 - total);
    const listed = await part.list({ offset, limit: count - resources.length });
    total += listed.total;
    resources.push(...listed.resources);
  }
  return { total, resources };
}

async function fromPlace(parts: readonly ListPart[], count: number, place: CursorPlace | undefined): Promise<ListPage> {
  const resources: JsonObject[] = [];
  let total = 0;
  let last: CursorPlace | undefined;
  let more = false;
  let reached = place === undefined;
  for (const part of parts) {
    const goesOn = place?.type === part.type;
    reached ||= goesOn;
    const left = reached ? count - resources.length : 0;
    const from = left > 0 ? { walk: goesOn ? place.position : ("start" as const) } : {};
    const listed = await part.list({ ...from, offset: 0, limit: left });
    total += listed.total;
    resources.push(...listed.resources);
    const position = listed.walked?.positions.at(-1);
    if (position !== undefined) last = { type: part.type, position };
    more ||= listed.walked?.more ?? (reached && listed.total > 0);
  }
  return { total, resources, ...(more && last && { next: last }) };
}
