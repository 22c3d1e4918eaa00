/** Owns which part of a list is asked for (RFC 7644 section 3.4.2, RFC 9865), and the form in which it is answered. */

import type { JsonObject } from "../../model/json.js";
import type { DirectoryQuery } from "../../provisioning/ports/directory.js";
import { ScimError } from "./errors.js";
import type { SortRequest } from "./sort-order.js";

/** Resources on a page: unless told otherwise, and at most. */
export const PAGE = { default: 100, largest: 200 } as const;

/** As in the query of a request; empty is the same as absent, but for the cursor, of which an empty one starts, and the filter. */
export interface ListRequest extends SortRequest {
  readonly filter?: string | undefined;
  readonly startIndex?: string | undefined;
  readonly count?: string | undefined;
  readonly cursor?: string | undefined;
}

/** What a handler is asked for. */
export type ListQuery = DirectoryQuery;

export type Paging =
  | { readonly by: "index"; readonly startIndex: number; readonly count: number }
  | { readonly by: "cursor"; readonly cursor: string; readonly count: number };

/**
 * RFC-38: a start below 1 is 1, a negative count is 0, a count above the largest page is the largest page.
 * CUR-04: with a cursor, a count above the largest page is refused.
 */
export function readPaging({ startIndex, count, cursor }: ListRequest): Paging {
  const start = integer("startIndex", startIndex, "invalidValue");
  if (cursor === undefined) {
    const asked = integer("count", count, "invalidValue") ?? PAGE.default;
    return { by: "index", startIndex: Math.max(1, start ?? 1), count: Math.min(PAGE.largest, Math.max(0, asked)) };
  }
  if (start !== undefined) {
    throw new ScimError("invalidValue", "`startIndex` and `cursor` exclude one another: send one of them");
  }
  const asked = integer("count", count, "invalidCount") ?? PAGE.default;
  if (asked > PAGE.largest) throw new ScimError("invalidCount", `\`count\` may be at most ${PAGE.largest}`);
  return { by: "cursor", cursor, count: Math.max(0, asked) };
}

function integer(name: string, text: string | undefined, kind: "invalidValue" | "invalidCount"): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^-?\d+$/.test(text)) throw new ScimError(kind, `\`${name}\` must be an integer`);
  return Math.min(LARGEST, Number(text));
}

/** More than any list has, and no more than a database counts. */
const LARGEST = 999_999_999_999_999;

/** C6: `nextCursor` where a cursor was asked for, and nothing but the five keys otherwise. */
export function listResponse(
  total: number,
  resources: readonly JsonObject[],
  place: { readonly startIndex: number } | { readonly nextCursor?: string },
): JsonObject {
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults: total,
    ...place,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}
