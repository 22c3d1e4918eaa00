/** Owns the questions that every provisioning client asks before it writes: is this object there already, and what is there in all. */
import type { Json, JsonObject } from "../model/json.js";
import { quote } from "../model/quote.js";
import {
  type Answer,
  complainer,
  isUsableId,
  type ListRequest,
  listFaults,
  resourcesOf,
  sameText,
  valueAt,
  type Wanted,
} from "./answer.js";
import { shown } from "./complaint.js";
import { note, type ScimHttp, send } from "./scim-http.js";

export type Endpoint = "/Groups" | "/Users";

export interface PagesRequest {
  readonly count: number;
  readonly row?: string;
}

/** A server whose list never ends is left after so many. */
const MOST_PAGES = 10_000;

/** INVARIANT: a lookup that failed is never taken for "not there", or one outage would push everybody a second time. */
export type Found =
  | { readonly outcome: "failed" }
  | { readonly outcome: "none" }
  | { readonly outcome: "one"; readonly id: string; readonly resource: JsonObject };

export async function list(http: ScimHttp, endpoint: Endpoint, query: string, asked: ListRequest): Promise<Answer> {
  const row = asked.row === undefined ? {} : { row: asked.row };
  const answer = await send(http, { method: "GET", path: endpoint, query, expect: [200], ...row });
  note(http, listFaults(answer, asked));
  return answer;
}

/** Asks for one object by an attribute that names it. What came though nobody asked for it is never taken for the object. */
export async function lookUp(
  http: ScimHttp,
  endpoint: Endpoint,
  query: string,
  asked: ListRequest & { readonly wanted: Wanted },
): Promise<Found> {
  const answer = await list(http, endpoint, query, asked);
  if (!answer.accepted || answer.body === undefined) return { outcome: "failed" };
  const rows = resourcesOf(answer);
  if (rows.length === 0) return { outcome: "none" };
  const { attribute, value } = asked.wanted;
  const matches = rows.filter((row) => sameText(valueAt(row, attribute), value));
  const [resource] = matches;
  const id = resource?.["id"];
  if (resource === undefined || !isUsableId(id)) return { outcome: "failed" };
  if (matches.length > 1) {
    note(http, [complainer(answer)("lookup_ambiguous", `${matches.length} resources have ${quote(value)}`)]);
  }
  return { outcome: "one", id, resource };
}

/** A query as HTML forms write it, with `+` for a space. */
export function formEncoded(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString();
}

/** Reads page after page while the server says that there is more, and gives something new. */
export async function readAll(http: ScimHttp, endpoint: Endpoint, asked: PagesRequest): Promise<JsonObject[]> {
  const read: JsonObject[] = [];
  const seen = new Set<Json | undefined>();
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await list(http, endpoint, `startIndex=${read.length + 1}&count=${asked.count}`, asked);
    const rows = resourcesOf(answer);
    const about = complainer(answer);
    const total = answer.body?.["totalResults"];
    const repeated = rows.filter(({ id }) => seen.has(id));
    note(
      http,
      repeated.map(({ id }) => about("page_repeats", `${shown(id)} was on an earlier page too`)),
    );
    for (const { id } of rows) seen.add(id);
    read.push(...rows);
    if (!answer.accepted || typeof total !== "number" || read.length >= total) return read;
    if (rows.length === 0) {
      note(http, [about("total_wrong", `\`totalResults\` ${total}, but the pages end after ${read.length}`)]);
    }
    if (repeated.length === rows.length) return read;
  }
  return read;
}
