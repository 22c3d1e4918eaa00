/** Owns which part of a list is asked for (RFC 7644 section 3.4.2), and the form in which it is answered. */

import type { JsonObject } from "../../model/json.js";
import type { DirectoryQuery } from "../../provisioning/ports/directory.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { readFilter } from "./filter-resolve.js";

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 200;

/** As in the query of a request; empty is the same as absent. */
export interface ListRequest {
  readonly filter?: string | undefined;
  readonly startIndex?: string | undefined;
  readonly count?: string | undefined;
}

export interface ListQuery extends DirectoryQuery {
  readonly startIndex: number;
}

/** RFC-38: a start below 1 is 1, a negative count is 0, a count above the largest page is the largest page. */
export function readListQuery(asked: ListRequest, reading: Reading): ListQuery {
  const startIndex = Math.max(1, integer("startIndex", asked.startIndex) ?? 1);
  const limit = Math.min(LARGEST_PAGE, Math.max(0, integer("count", asked.count) ?? DEFAULT_PAGE));
  const base = { startIndex, offset: startIndex - 1, limit };
  return asked.filter ? { ...base, filter: readFilter(asked.filter, reading) } : base;
}

function integer(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw new ScimError("invalidValue", `\`${name}\` must be an integer`);
  return Number(text);
}

export function listResponse(startIndex: number, total: number, resources: readonly JsonObject[]): JsonObject {
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}
