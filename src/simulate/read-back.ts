/** Reads everything back and compares it with what was pushed. No identity provider does that: it is the simulator's own proof. */
import type { JsonObject } from "../model/json.js";
import { type Complaint, isObject, memberIds, sameText, valueAt } from "./answer.js";
import type { LinkedGroup, LinkedPerson, Memory } from "./cycle.js";
import { emailOf } from "./directory.js";
import { type Endpoint, readAll } from "./lookup.js";
import { note, type ScimHttp } from "./scim-http.js";

export interface ReadBack {
  readonly users: number;
  readonly groups: number;
  readonly differences: number;
}

/** Compares what the memory holds; what the server holds beside it is not counted. Each difference becomes a complaint. */
export async function readBack(http: ScimHttp, memory: Memory): Promise<ReadBack> {
  const users = byId(await readAll(http, "/Users", 100));
  const groups = byId(await readAll(http, "/Groups", 100));
  const complaints = [
    ...[...memory.people.values()].flatMap((linked) => personDifferences(linked, users.get(linked.scimId))),
    ...[...memory.groups.values()].flatMap((linked) => groupDifferences(linked, groups.get(linked.scimId), memory)),
  ];
  note(http, complaints);
  return { users: memory.people.size, groups: memory.groups.size, differences: complaints.length };
}

function personDifferences(linked: LinkedPerson, user: JsonObject | undefined): Complaint[] {
  const { sent, active, scimId } = linked;
  const about = readingOf("/Users", scimId);
  if (user === undefined) return [about("resource_missing", `\`${sent.userName}\` is not there`)];
  const name = isObject(user["name"]) ? user["name"] : {};
  const differing = [
    ["userName", user["userName"], sent.userName],
    ["externalId", user["externalId"], sent.id],
    ["name.givenName", name["givenName"], sent.givenName],
    ["name.familyName", name["familyName"], sent.familyName],
    ["emails", valueAt(user, 'emails[type eq "work"].value'), emailOf(sent)],
  ] as const;
  const faults = differing
    .filter(([, there, wanted]) => !sameText(there, wanted))
    .map(([attribute, there, wanted]) => {
      return about(
        "attribute_differs",
        `\`${attribute}\` of \`${sent.userName}\` is ${JSON.stringify(there)}, not \`${wanted}\``,
      );
    });
  if (user["active"] === active) return faults;
  return [
    ...faults,
    about("attribute_differs", `\`active\` of \`${sent.userName}\` is ${JSON.stringify(user["active"])}`),
  ];
}

function groupDifferences(linked: LinkedGroup, group: JsonObject | undefined, memory: Memory): Complaint[] {
  const about = readingOf("/Groups", linked.scimId);
  if (group === undefined) return [about("resource_missing", `\`${linked.name}\` is not there`)];
  const there = new Set(memberIds(group));
  const wanted = new Map([...linked.members].map((id) => [memory.people.get(id)?.scimId ?? id, id]));
  const missing = [...wanted.keys()].filter((id) => !there.has(id));
  const remaining = [...there].filter((id) => !wanted.has(id));
  const renamed = group["displayName"] === linked.name ? [] : [`its name is ${JSON.stringify(group["displayName"])}`];
  return [
    ...renamed.map((detail) => about("attribute_differs", `\`${linked.name}\`: ${detail}`)),
    ...missing.map((id) => about("member_missing", `\`${id}\` is not in \`${linked.name}\``)),
    ...remaining.map((id) => about("member_still_there", `\`${id}\` is in \`${linked.name}\``)),
  ];
}

function readingOf(endpoint: Endpoint, id: string): (code: Complaint["code"], detail: string) => Complaint {
  return (code, detail) => ({ code, request: `GET ${endpoint}/${id}`, detail });
}

function byId(resources: readonly JsonObject[]): Map<string, JsonObject> {
  return new Map(
    resources.flatMap((resource) => (typeof resource["id"] === "string" ? [[resource["id"], resource]] : [])),
  );
}
