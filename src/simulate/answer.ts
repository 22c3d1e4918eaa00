/** Owns what a provisioning client finds wrong with a SCIM server's answer: every check is a function of the answer and yields complaints. */
import type { Json, JsonObject } from "../model/json.js";
import { quote } from "../model/quote.js";
import { type Complaint, type ComplaintCode, EXPECTED, printable, shown } from "./complaint.js";
import { retryAfterMs } from "./retry-after.js";
import { ERROR } from "./scim-urns.js";

export interface Answer {
  /** Method, path and query, relative to the SCIM base: what a complaint quotes. */
  readonly request: string;
  /** 0 where no answer came at all; `failure` then says why. */
  readonly status: number;
  /** The statuses that the request was sent for. */
  readonly due: readonly number[];
  /** Whether the status is one of them. */
  readonly accepted: boolean;
  /** What the request belongs to in what the client is known to send. */
  readonly row?: string;
  readonly contentType: string;
  readonly retryAfter?: string;
  /** Where a redirect leads; no client goes there. */
  readonly location?: string;
  readonly text: string;
  /** Absent where the text is no JSON object. */
  readonly body?: JsonObject;
  readonly failure?: string;
}

/** What holds for every answer, whatever was asked: the status, the media type, an error that can be read, a body where one is due. */
export function envelopeFaults(answer: Answer): Complaint[] {
  const about = complainer(answer);
  if (answer.status === 0) return [about("no_answer", answer.failure ?? "the server said nothing")];
  const faults: Complaint[] = [];
  if (!answer.accepted) faults.push(about("unexpected_status", describeRefusal(answer)));
  if (answer.text !== "" && mediaType(answer.contentType) !== "application/scim+json") {
    faults.push(about("wrong_content_type", answer.contentType === "" ? "no content type" : quote(answer.contentType)));
  }
  if (answer.status >= 400) {
    if (!isScimError(answer))
      faults.push(about("malformed_error", answer.text === "" ? `an empty ${answer.status}` : printable(answer.text)));
  } else if (answer.status !== 204 && answer.body === undefined && !answer.request.startsWith("DELETE ")) {
    faults.push(about("body_missing", answer.text === "" ? "an empty body" : printable(answer.text)));
  }
  return faults;
}

/** What is wrong with an answer after which the request is sent again. Any gateway may fail; a server that throttles does it by its own code. */
export function throttleFaults(answer: Answer): Complaint[] {
  const { retryAfter, status } = answer;
  const isReadable = retryAfter === undefined || retryAfterMs(retryAfter) !== undefined;
  const pause = isReadable ? [] : [complainer(answer)("retry_after_unreadable", quote(retryAfter))];
  return status === 429 ? [...envelopeFaults({ ...answer, accepted: true }), ...pause] : pause;
}

const LONGEST_ID = 1024;

export interface Wanted {
  readonly attribute: string;
  readonly value: string;
}

export interface ListRequest {
  /** The page size that was asked for; without one the client did not page. */
  readonly count?: number;
  /** The value that the filter asked for, by attribute: a row with another value means that the filter was ignored. */
  readonly wanted?: Wanted;
  readonly excluded?: string;
  /** What the request belongs to in what the client is known to send. */
  readonly row?: string;
}

export function listFaults(answer: Answer, asked: ListRequest): Complaint[] {
  const { body } = answer;
  if (!answer.accepted || body === undefined) return [];
  const about = complainer(answer);
  const faults = ["totalResults", "startIndex", "itemsPerPage"]
    .filter((name) => !(Number.isInteger(body[name]) || mayBeAbsent(name, body, asked)))
    .map((name) => about("list_not_integer", `\`${name}\` is ${shown(body[name])}`));
  if (!Array.isArray(body["Resources"])) return [...faults, about("list_malformed", "`Resources` is no list")];
  const rows = resourcesOf(answer);
  if (typeof body["itemsPerPage"] === "number" && body["itemsPerPage"] !== rows.length) {
    faults.push(about("wrong_items_per_page", `${body["itemsPerPage"]} where ${rows.length} resources came`));
  }
  if (typeof body["totalResults"] === "number" && body["totalResults"] < rows.length) {
    faults.push(about("total_wrong", `\`totalResults\` ${body["totalResults"]} where ${rows.length} resources came`));
  }
  if (asked.count !== undefined && rows.length > asked.count) {
    faults.push(about("page_too_long", `${rows.length} resources where at most ${asked.count} were asked for`));
  }
  return [...faults, ...rows.flatMap((row) => rowFaults(answer, row, asked))];
}

/** Whether a client can read a list in it at all, whatever else is wrong with it. */
export function isList({ accepted, body }: Answer): boolean {
  return accepted && (Array.isArray(body?.["Resources"]) || Number.isInteger(body?.["totalResults"]));
}

function rowFaults(answer: Answer, row: JsonObject, asked: ListRequest): Complaint[] {
  const about = complainer(answer);
  const faults = resourceFaults(answer, row);
  const { wanted, excluded } = asked;
  if (wanted !== undefined && !sameText(valueAt(row, wanted.attribute), wanted.value)) {
    faults.push(
      about("filter_ignored", `${shown(valueAt(row, wanted.attribute))} where ${quote(wanted.value)} was asked for`),
    );
  }
  if (excluded !== undefined && row[excluded] !== undefined) {
    faults.push(about("excluded_attribute_returned", `\`${excluded}\` came though it was excluded`));
  }
  return faults;
}

/** What holds for every user and group that a server returns. */
export function resourceFaults(answer: Answer, resource: JsonObject): Complaint[] {
  const about = complainer(answer);
  const faults: Complaint[] = [];
  const { id, active } = resource;
  if (!isUsableId(id)) faults.push(about("id_missing", `\`id\` is ${shown(id)}`));
  if (active !== undefined && typeof active !== "boolean") {
    faults.push(about("active_not_boolean", `\`active\` is ${shown(active)}`));
  }
  if (resource["password"] !== undefined) faults.push(about("password_returned", "the server returned a password"));
  return faults;
}

/** What a client expects of the resource that answers its own write. An answer of 204, or one without the attribute, proves nothing. */
export interface Written {
  readonly id?: string;
  readonly active?: boolean;
  readonly displayName?: string;
  readonly membersAdded?: readonly string[];
  readonly membersRemoved?: readonly string[];
}

export function writeFaults(answer: Answer, written: Written): Complaint[] {
  const { body } = answer;
  if (!answer.accepted || body === undefined) return [];
  const about = complainer(answer);
  const faults = resourceFaults(answer, body);
  if (written.id !== undefined && typeof body["id"] === "string" && body["id"] !== written.id) {
    faults.push(about("id_changed", `${quote(written.id)} became ${shown(body["id"])}`));
  }
  if (written.active !== undefined && typeof body["active"] === "boolean" && body["active"] !== written.active) {
    faults.push(about("active_unchanged", `\`active\` is ${body["active"]} after it was set to ${written.active}`));
  }
  if (
    written.displayName !== undefined &&
    body["displayName"] !== undefined &&
    body["displayName"] !== written.displayName
  ) {
    faults.push(
      about("attribute_differs", `\`displayName\` is ${shown(body["displayName"])}, not ${quote(written.displayName)}`),
    );
  }
  return body["members"] === undefined ? faults : [...faults, ...memberFaults(answer, body, written)];
}

function memberFaults(answer: Answer, group: JsonObject, written: Written): Complaint[] {
  const about = complainer(answer);
  const present = new Set(memberIds(group));
  const missing = (written.membersAdded ?? []).filter((id) => !present.has(id));
  const remaining = (written.membersRemoved ?? []).filter((id) => present.has(id));
  return [
    ...missing.map((id) => about("member_missing", `${quote(id)} is no member after it was added`)),
    ...remaining.map((id) => about("member_still_there", `${quote(id)} is a member after it was removed`)),
  ];
}

/** Whether a DELETE did what it should, also where its status is another success than the one that is due. */
export function saysGone({ accepted, status }: Answer): boolean {
  return accepted || (status >= 200 && status < 300);
}

/** What tells a name that is taken from any other conflict. */
export function conflictFaults(answer: Answer): Complaint[] {
  const scimType = answer.body?.["scimType"];
  if (answer.status !== 409 || scimType === "uniqueness") return [];
  return [complainer(answer)("uniqueness_not_named", `\`scimType\` is ${shown(scimType)}`)];
}

/** What Okta's test suite must find in a user before it goes on. */
export function profileFaults(answer: Answer, user: JsonObject): Complaint[] {
  const about = complainer(answer);
  const { userName, active, name, emails } = user;
  const { givenName, familyName } = isObject(name) ? name : {};
  const address = Array.isArray(emails) && isObject(emails[0]) ? emails[0]["value"] : undefined;
  const needed = {
    userName,
    active,
    "name.givenName": givenName,
    "name.familyName": familyName,
    "emails[0].value": address,
  };
  return Object.entries(needed)
    .filter(([, value]) => value === undefined || value === null)
    .map(([attribute]) => about("attribute_missing", `the first user has no \`${attribute}\``));
}

/** The id of the resource that a POST made: the one thing that a client cannot go on without. */
export function idOf(answer: Answer): string | undefined {
  const id = answer.accepted ? answer.body?.["id"] : undefined;
  return isUsableId(id) ? id : undefined;
}

/** Whether an id names a resource in a path, and no other place than the one below its endpoint. */
export function isUsableId(id: Json | undefined): id is string {
  return typeof id === "string" && id.length <= LONGEST_ID && !/^\.{0,2}$|\p{Surrogate}/u.test(id);
}

export function resourcesOf(answer: Answer): readonly JsonObject[] {
  const rows = answer.body?.["Resources"];
  return Array.isArray(rows) ? rows.filter(isObject) : [];
}

export function memberIds(group: JsonObject): string[] {
  const { members } = group;
  if (!Array.isArray(members)) return [];
  return members.filter(isObject).flatMap(({ value }) => (typeof value === "string" ? [value] : []));
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function sameText(value: Json | undefined, wanted: string): boolean {
  return typeof value === "string" && value.toLowerCase() === wanted.toLowerCase();
}

/** `emails[type eq "work"].value` reads through the list; any other attribute is read as it is. */
export function valueAt(resource: JsonObject, attribute: string): Json | undefined {
  const path = /^(?<list>\w+)\[type eq "(?<type>\w+)"\]\.(?<sub>\w+)$/.exec(attribute)?.groups;
  if (path === undefined) return resource[attribute];
  const { list = "", type = "", sub = "" } = path;
  const elements = resource[list];
  return Array.isArray(elements)
    ? elements.filter(isObject).find((element) => element["type"] === type)?.[sub]
    : undefined;
}

export function complainer(answer: Answer): (code: ComplaintCode, detail: string) => Complaint {
  const { request, row, due } = answer;
  return (code, detail) => ({
    code,
    request,
    ...(row === undefined ? {} : { row }),
    expected: code === "unexpected_status" ? `status ${due.join(" or ")}` : EXPECTED[code],
    detail,
  });
}

// A server may leave out where the page starts as long as there is nothing on it, or nobody paged.
function mayBeAbsent(name: string, body: JsonObject, asked: ListRequest): boolean {
  if (body[name] !== undefined || name === "totalResults") return false;
  return asked.count === undefined || body["totalResults"] === 0;
}

function describeRefusal(answer: Answer): string {
  const { scimType, detail } = answer.body ?? {};
  if (answer.location !== undefined) return `${answer.status} to ${quote(answer.location)}, where no client follows`;
  const reason = printable(typeof detail === "string" ? detail : answer.text);
  const kind = typeof scimType === "string" ? ` ${printable(scimType)}` : "";
  return reason === "" ? `${answer.status}${kind}` : `${answer.status}${kind}: ${reason}`;
}

function isScimError({ body, status }: Answer): boolean {
  if (body === undefined || body["status"] !== String(status)) return false;
  const { schemas, detail } = body;
  return Array.isArray(schemas) && schemas.includes(ERROR) && typeof detail === "string" && detail !== "";
}

function mediaType(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}
