/** Owns the questions that every provisioning client asks before it writes: is this object there already, and what is there in all. */
import type { JsonObject } from "../model/json.js";
import {
  type Answer,
  complainer,
  type ListRequest,
  listFaults,
  resourcesOf,
  sameText,
  valueAt,
  type Wanted,
} from "./answer.js";
import { note, type ScimHttp, send } from "./scim-http.js";

export type Endpoint = "/Groups" | "/Users";

/** INVARIANT: a lookup that failed is never taken for "not there", or one outage would push everybody a second time. */
export type Found =
  | { readonly outcome: "failed" }
  | { readonly outcome: "none" }
  | { readonly outcome: "one"; readonly id: string; readonly resource: JsonObject };

export async function list(http: ScimHttp, endpoint: Endpoint, query: string, asked: ListRequest): Promise<Answer> {
  const answer = await send(http, { method: "GET", path: endpoint, query, expect: [200] });
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
  const resource = rows.find((row) => sameText(valueAt(row, attribute), value));
  const id = resource?.["id"];
  return resource !== undefined && typeof id === "string" && id !== ""
    ? { outcome: "one", id, resource }
    : { outcome: "failed" };
}

/** A query as HTML forms write it, with `+` for a space. */
export function formEncoded(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString();
}

/** Reads page after page while the server says that there is more. */
export async function readAll(http: ScimHttp, endpoint: Endpoint, count: number): Promise<JsonObject[]> {
  const read: JsonObject[] = [];
  const seen = new Set<string>();
  for (;;) {
    const query = `startIndex=${read.length + 1}&count=${count}`;
    const answer = await list(http, endpoint, query, { count });
    const rows = resourcesOf(answer);
    const about = complainer(answer);
    const total = answer.body?.["totalResults"];
    const repeated = rows.filter(({ id }) => typeof id === "string" && seen.has(id));
    note(
      http,
      repeated.map(({ id }) => about("page_repeats", `\`${String(id)}\` was on an earlier page too`)),
    );
    for (const { id } of rows) if (typeof id === "string") seen.add(id);
    read.push(...rows);
    if (!answer.accepted || typeof total !== "number" || read.length >= total) return read;
    if (rows.length === 0) {
      note(http, [about("total_wrong", `\`totalResults\` ${total}, but the pages end after ${read.length}`)]);
      return read;
    }
  }
}
