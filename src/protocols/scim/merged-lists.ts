/** Owns the order of a list over several types that some attribute sorts: by its value, then by type, then by id. */

import type { ListPosition } from "../../provisioning/ports/directory.js";
import type { CursorPlace } from "./cursor.js";
import { ScimError } from "./errors.js";
import type { Paging } from "./list-query.js";
import type { ListPage, ListPart } from "./list-resources.js";

/** By index, each type is read from its start: so far, and no further. */
const DEEPEST = 1_000;

/** Before and behind every id. */
const LOWEST = "";
const HIGHEST = "\u{10FFFF}";

export async function inMergedOrder(
  parts: readonly ListPart[],
  paging: Paging,
  place: CursorPlace | undefined,
): Promise<ListPage> {
  const offset = paging.by === "index" ? paging.startIndex - 1 : 0;
  const end = offset + paging.count > DEEPEST ? await endOfShort(parts, offset) : offset + paging.count;
  const descending = parts.some(({ sort }) => sort?.descending);
  const origin = place && { position: place.position, index: parts.findIndex(({ type }) => type === place.type) };
  const read: Awaited<ReturnType<typeof readPart>>[] = [];
  // one after the other: a request takes one connection of the database
  for (const [index, part] of parts.entries()) read.push(await readPart(part, index, end, origin, descending));
  const rows = read.flatMap(({ rows: shown }) => shown);
  rows.sort((one, other) => compare(one, other, descending));
  const page = rows.slice(offset, end);
  const last = page.at(-1);
  const more = rows.length > end || read.some((part) => part.more);
  return {
    total: read.reduce((sum, part) => sum + part.total, 0),
    resources: page.map(({ resource }) => resource),
    ...(more && last && { next: { type: last.type, position: last.position } }),
  };
}

/** Where a page ends that would go too deep: at the end of what there is, and nothing is read for one behind that. */
async function endOfShort(parts: readonly ListPart[], offset: number): Promise<number> {
  let total = 0;
  for (const part of parts) total += (await part.list({ offset: 0, limit: 0 })).total;
  if (total <= offset) return 0;
  if (total <= DEEPEST) return total;
  const way = "page by `cursor`, or name one type by `meta.resourceType`";
  throw new ScimError("tooMany", `a sorted list over several types goes to its first ${DEEPEST} resources: ${way}`);
}

interface Origin {
  readonly position: ListPosition;
  readonly index: number;
}

async function readPart(part: ListPart, index: number, limit: number, origin: Origin | undefined, descending: boolean) {
  const walk = origin === undefined ? "start" : walkFrom(part, index, origin, descending);
  const { total, resources, walked } = await part.list({
    offset: 0,
    ...(walk === undefined || limit === 0 ? { limit: 0 } : { walk, limit }),
  });
  const positions = walked?.positions ?? [];
  const rows = resources.flatMap((resource, at) => {
    const position = positions[at];
    return position === undefined ? [] : [{ type: part.type, index, position, resource }];
  });
  return { total, rows, more: walked?.more ?? false };
}

/** Where a type's share goes on behind a place that may be another type's; `undefined`: it is at its end. */
function walkFrom(part: ListPart, index: number, { position, index: at }: Origin, descending: boolean) {
  const isAbsent = position.number === null && position.text === null;
  // nothing of a type without the attribute has a value: all of it stands at one end
  if (part.sort === undefined && !isAbsent) return descending ? undefined : "start";
  if (index === at) return position;
  return { ...position, id: index < at ? HIGHEST : LOWEST };
}

interface Row {
  readonly index: number;
  readonly position: ListPosition;
}

function compare(one: Row, other: Row, descending: boolean): number {
  const [a, b] = [one.position, other.position];
  const byValue = compareNumbers(a.number, b.number) || compareTexts(a.text, b.text);
  if (byValue !== 0) return descending ? -byValue : byValue;
  return one.index - other.index || compareTexts(a.id, b.id);
}

function compareNumbers(one: number | null, other: number | null): number {
  return one === null || other === null ? Number(one === null) - Number(other === null) : one - other;
}

/** As databases compare them, which differs from the order of UTF-16. */
function compareTexts(one: string | null, other: string | null): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
