/**
 * Owns cursors (RFC 9865): a sealed text that says where a list goes on. INVARIANT: it opens for the token, the
 * connection as it is set now, and the question that it was made for, and for nothing else.
 */

import type { ListPosition } from "../../provisioning/ports/directory.js";
import { ScimError } from "./errors.js";
import type { ListRequest } from "./list-query.js";
import type { ScimCaller, ScimRoom } from "./scim-request.js";

/** How long a cursor is good for, from the page that it came with. */
export const CURSOR_SECONDS = 3_600;

/** A text beyond which a cursor would not fit into the address of a request. */
const LONGEST_TEXT = 2_000;

/** What is listed, by whom, at which path. */
export interface CursorScope {
  readonly room: ScimRoom;
  readonly caller: ScimCaller;
  readonly path: string;
  readonly list: ListRequest;
}

/** Behind this resource of this type the list goes on. */
export interface CursorPlace {
  readonly type: string;
  readonly position: ListPosition;
}

interface Sealed extends CursorPlace {
  /** Epoch milliseconds. */
  readonly until: number;
  readonly count: number;
}

export function sealCursor(scope: CursorScope, count: number, place: CursorPlace): string {
  if ((place.position.text?.length ?? 0) > LONGEST_TEXT) {
    const why = `holds more than ${LONGEST_TEXT} characters where this page ends`;
    throw new ScimError(
      "tooMany",
      `\`${scope.list.sortBy}\` ${why}: page by \`startIndex\`, or sort by another attribute`,
    );
  }
  const until = Date.parse(scope.room.p.now()) + CURSOR_SECONDS * 1_000;
  return scope.room.cursors.seal(JSON.stringify({ ...place, until, count } satisfies Sealed), contextOf(scope));
}

/** `undefined` for the empty cursor, which starts. */
export function openCursor(scope: CursorScope, count: number, cursor: string): CursorPlace | undefined {
  if (cursor === "") return undefined;
  const sealed = opened(scope, cursor);
  if (sealed.until <= Date.parse(scope.room.p.now())) {
    const longest = `cursors are good for ${CURSOR_SECONDS} seconds`;
    throw new ScimError("expiredCursor", `the cursor has expired, ${longest}: start again with an empty one`);
  }
  if (sealed.count !== count) {
    throw new ScimError("invalidCount", `\`count\` was ${sealed.count} when the list was begun: it must stay so`);
  }
  return sealed;
}

function opened(scope: CursorScope, cursor: string): Sealed {
  const clear = tryOpen(scope, cursor);
  if (clear !== undefined) return JSON.parse(clear) as Sealed;
  const why = "it was changed, or belongs to another token, another question, or other settings of the connection";
  throw new ScimError("invalidCursor", `the cursor is not good here (${why}): start again with an empty one`);
}

function tryOpen(scope: CursorScope, cursor: string): string | undefined {
  try {
    return scope.room.cursors.open(cursor, contextOf(scope));
  } catch {
    return undefined;
  }
}

function contextOf({ caller: { tenant, connection, tokenId }, path, list }: CursorScope): string {
  const question = [path, list.filter ?? "", list.sortBy ?? "", list.sortOrder ?? ""];
  return JSON.stringify(["scim cursor", tenant.id, connection.id, connection.version, tokenId, ...question]);
}
