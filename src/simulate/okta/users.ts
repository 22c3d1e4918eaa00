/** Owns how Okta creates, changes, deactivates and reactivates users. */
import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../model/json.js";
import { conflictFaults, idOf, type Written, writeFaults } from "../answer.js";
import { linkedPerson } from "../cycle.js";
import { fullName, type Person } from "../directory.js";
import { type Found, lookUp } from "../lookup.js";
import { note, type ScimHttp, send } from "../scim-http.js";
import { activation, changedUser, newUser, patch } from "./bodies.js";
import type { OktaClient } from "./client.js";

/** Assigns a person to the application: creates the user, or takes over the one that has the user name already. */
export async function assign(client: OktaClient, person: Person): Promise<boolean> {
  const { http, memory } = client;
  const found = await lookUpUser(http, person.userName);
  if (found.outcome === "failed") return false;
  const scimId = found.outcome === "one" ? await takeOver(http, found.id, person) : await create(http, person);
  if (scimId === undefined) return false;
  memory.people.set(person.id, { scimId, sent: person, active: true });
  return true;
}

/** Pushes a changed profile of a person who is assigned. */
export async function update({ http, memory }: OktaClient, person: Person): Promise<boolean> {
  const linked = linkedPerson(memory, person.id);
  const written = { displayName: fullName(person) };
  const confirmed = await replaceUser(http, linked.scimId, (read) => changedUser(read, person), {
    ...written,
    row: "OKTA-08",
  });
  if (confirmed) memory.people.set(person.id, { ...linked, sent: person });
  return confirmed;
}

/** What follows when a person is unassigned, suspended or deactivated: Okta never deletes a user. */
export function deactivate(client: OktaClient, id: string): Promise<boolean> {
  return setActive(client, id, false);
}

export function reactivate(client: OktaClient, id: string): Promise<boolean> {
  return setActive(client, id, true);
}

export function lookUpUser(http: ScimHttp, userName: string, row = "OKTA-02"): Promise<Found> {
  const filter = encodeURIComponent(`userName eq ${JSON.stringify(userName)}`);
  const wanted = { attribute: "userName", value: userName };
  return lookUp(http, "/Users", `filter=${filter}&startIndex=1&count=100`, { count: 100, wanted, row });
}

/** What a client sends that did not hear of its own success: the same user once more, whom the server must refuse. */
export async function assignAgain({ http }: OktaClient, person: Person): Promise<void> {
  const body = newUser(person, randomBytes(4).toString("hex"));
  note(http, conflictFaults(await send(http, { method: "POST", path: "/Users", body, expect: [409], row: "OKTA-05" })));
}

async function create(http: ScimHttp, person: Person): Promise<string | undefined> {
  const user = newUser(person, randomBytes(4).toString("hex"));
  const answer = await send(http, { method: "POST", path: "/Users", body: user, expect: [201], row: "OKTA-04" });
  note(http, writeFaults(answer, { active: true, displayName: fullName(person) }));
  return idOf(answer);
}

async function takeOver(http: ScimHttp, scimId: string, person: Person): Promise<string | undefined> {
  const written = { active: true, displayName: fullName(person) };
  const change = (read: JsonObject) => ({ ...changedUser(read, person), active: true });
  return (await replaceUser(http, scimId, change, { ...written, row: "OKTA-08" })) ? scimId : undefined;
}

async function setActive(client: OktaClient, id: string, active: boolean): Promise<boolean> {
  const { http, memory, kind } = client;
  const linked = linkedPerson(memory, id);
  const confirmed =
    kind === "custom"
      ? await replaceUser(http, linked.scimId, (read) => ({ ...read, active }), { active, row: "OKTA-10" })
      : await patchActive(http, linked.scimId, active);
  if (confirmed) memory.people.set(id, { ...linked, active });
  return confirmed;
}

async function patchActive(http: ScimHttp, scimId: string, active: boolean): Promise<boolean> {
  const body = patch(activation(active));
  const answer = await send(http, { method: "PATCH", path: pathOf(scimId), body, expect: [200, 204], row: "OKTA-09" });
  note(http, writeFaults(answer, { id: scimId, active }));
  return answer.accepted;
}

// Okta changes a user by reading it and putting it back whole, so that the server keeps what Okta does not manage.
async function replaceUser(
  http: ScimHttp,
  scimId: string,
  change: (read: JsonObject) => JsonObject,
  { row, ...written }: Written & { readonly row: string },
): Promise<boolean> {
  const path = pathOf(scimId);
  const read = await send(http, { method: "GET", path, expect: [200], row: "OKTA-06" });
  note(http, writeFaults(read, { id: scimId }));
  if (!read.accepted || read.body === undefined) return false;
  const answer = await send(http, { method: "PUT", path, body: change(read.body), expect: [200], row });
  note(http, writeFaults(answer, { id: scimId, ...written }));
  return answer.accepted;
}

function pathOf(scimId: string): string {
  return `/Users/${encodeURIComponent(scimId)}`;
}
