/** Owns how members of groups are read for an answer: at once where they are few, piece by piece as they are sent where not. */

import { pushTo } from "../../model/push-to.js";
import type { DirectoryGroupRow, ShownMember } from "../../provisioning/ports/directory.js";
import type { TenantReader } from "../../provisioning/ports/store.js";

/** So many are read by one statement and written in one go: a few milliseconds of work. */
const PIECE = 1000;

export type MembersByGroup = ReadonlyMap<string, readonly ShownMember[]>;
/** Of one group of a page, users before groups. Nothing is read before it is asked for. */
export type MemberPieces = (row: DirectoryGroupRow) => AsyncIterable<readonly ShownMember[]>;

type Rows = readonly DirectoryGroupRow[];

/** With `only`, those of these ids alone are asked for, however many there are. */
export async function membersOf(reader: TenantReader, rows: Rows, only?: readonly string[]): Promise<MembersByGroup> {
  const byGroup = new Map<string, ShownMember[]>();
  const ids = rows.filter(({ adoptable }) => !adoptable).map((row) => row.id);
  for (const { group, user, userName, display } of await reader.membersOf(ids, only)) {
    pushTo(byGroup, group, { id: user, type: "User", display: display ?? userName });
  }
  for (const [group, nested] of await nestedOf(reader, rows, only)) pushTo(byGroup, group, nested);
  return byGroup;
}

async function nestedOf(reader: TenantReader, rows: Rows, only?: readonly string[]) {
  const nesting = rows.filter((row) => row.nestedCount > 0).map((row) => row.id);
  if (nesting.length === 0) return [];
  const found = await reader.nestedIn(nesting, only);
  return found.map(({ group, nested, displayName }): readonly [string, ShownMember] => [
    group,
    { id: nested, type: "Group", display: displayName },
  ]);
}

/** Whether there are more than one statement should read. */
export function areMany(rows: Rows): boolean {
  return rows.reduce((sum, row) => sum + sizeOf(row), 0) > PIECE;
}

/**
 * Small groups are read together, and the latest of these readings is kept: asked for in the order of the page, each
 * member is read once, and never are more held than a piece.
 */
export function memberPieces(reader: TenantReader, rows: Rows, piece = PIECE): MemberPieces {
  const packs = packed(rows, piece);
  let latest: { readonly pack: Rows; readonly members: MembersByGroup } | undefined;
  return async function* (row) {
    const pack = packs.get(row.id) ?? [row];
    if (pack.length === 1 && sizeOf(row) > piece) {
      yield* piecesOf(reader, row, piece);
      return;
    }
    if (latest?.pack !== pack) latest = { pack, members: await membersOf(reader, pack) };
    yield latest.members.get(row.id) ?? [];
  };
}

function packed(rows: Rows, piece: number): ReadonlyMap<string, Rows> {
  const packs = new Map<string, DirectoryGroupRow[]>();
  let pack: DirectoryGroupRow[] = [];
  let size = 0;
  for (const row of rows) {
    size += sizeOf(row);
    if (size > piece) [pack, size] = [[], sizeOf(row)];
    pack.push(row);
    packs.set(row.id, pack);
  }
  return packs;
}

function sizeOf({ memberCount, nestedCount }: DirectoryGroupRow): number {
  return memberCount + nestedCount;
}

async function* piecesOf(
  reader: TenantReader,
  row: DirectoryGroupRow,
  piece: number,
): AsyncGenerator<readonly ShownMember[]> {
  const ids = await reader.memberIdsOf(row.id);
  const people = { ...row, nestedCount: 0 };
  for (let at = 0; at < ids.length; at += piece) {
    yield (await membersOf(reader, [people], ids.slice(at, at + piece))).get(row.id) ?? [];
  }
  yield (await nestedOf(reader, [row])).map(([, nested]) => nested);
}
