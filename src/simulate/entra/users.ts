/** Owns how Entra creates, aligns, disables and deletes users. */
import type { JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { type Answer, complainer, conflictFaults, idOf, saysGone, type Wanted, writeFaults } from "../answer.js";
import { forgetPerson, linkedPerson } from "../cycle.js";
import { emailOf, type Person } from "../directory.js";
import { type Found, formEncoded, lookUp } from "../lookup.js";
import { note, send } from "../scim-http.js";
import type { EntraClient, Matching } from "./client.js";
import { activation, managerOperation, patch, profileOperations } from "./dialect.js";
import { changesBetween, managerOf, newUser, renderPath } from "./mapping.js";

/** Brings a person in scope into the application: creates the user, or aligns the one that matches. */
export async function provision(client: EntraClient, person: Person): Promise<boolean> {
  const found = await match(client, person);
  if (found.outcome === "failed") return false;
  if (found.outcome === "one") {
    if (!(await align(client, found.id, found.resource, person))) return false;
    client.memory.people.set(person.id, { scimId: found.id, sent: person, active: true });
    return true;
  }
  const answer = await send(client.http, {
    method: "POST",
    path: "/Users",
    body: newUser(person),
    expect: [201],
    row: "ENTRA-05",
  });
  note(client.http, writeFaults(answer, { active: true }));
  const scimId = idOf(answer);
  if (scimId !== undefined) client.memory.people.set(person.id, { scimId, sent: person, active: true });
  return scimId !== undefined;
}

/** Reads the user and patches what differs from the person's profile: nothing, if nothing does. */
export async function update(client: EntraClient, person: Person): Promise<boolean> {
  const linked = linkedPerson(client.memory, person.id);
  const read = await send(client.http, { method: "GET", path: pathOf(linked.scimId), expect: [200], row: "ENTRA-06" });
  note(client.http, writeFaults(read, { id: linked.scimId }));
  if (!read.accepted || read.body === undefined) return false;
  const confirmed = await align(client, linked.scimId, read.body, person);
  if (confirmed) client.memory.people.set(person.id, { ...linked, sent: person, active: true });
  return confirmed;
}

/** What follows when a person is suspended, deleted softly or out of scope. */
export function disable(client: EntraClient, id: string): Promise<boolean> {
  return setActive(client, id, false);
}

export function enable(client: EntraClient, id: string): Promise<boolean> {
  return setActive(client, id, true);
}

/** What follows when an account is destroyed, 30 days after it was deleted. Gone already is as good. */
export async function deleteUser({ http, memory }: EntraClient, id: string): Promise<boolean> {
  const answer = await send(http, {
    method: "DELETE",
    path: pathOf(linkedPerson(memory, id).scimId),
    expect: [204, 404],
    row: "ENTRA-25",
  });
  const isGone = saysGone(answer);
  if (isGone) forgetPerson(memory, id);
  return isGone;
}

/** Tells who manages the person. The manager must have been pushed. */
export async function assignManager(client: EntraClient, person: Person): Promise<boolean> {
  const { manager, ...linked } = linkedPerson(client.memory, person.id);
  const scimId = person.manager === undefined ? undefined : linkedPerson(client.memory, person.manager).scimId;
  const change = { replaces: manager !== undefined, ...(scimId === undefined ? {} : { scimId }) };
  const row = scimId === undefined ? "ENTRA-14" : "ENTRA-13";
  const answer = await patchUser(client, linked.scimId, [managerOperation(client.dialect, change)], row);
  note(client.http, writeFaults(answer, { id: linked.scimId }));
  const after = person.manager === undefined ? linked : { ...linked, manager: person.manager };
  if (answer.accepted) client.memory.people.set(person.id, after);
  return answer.accepted;
}

/** Asks for a user by its name alone. */
export function lookUpUser({ http }: EntraClient, userName: string, row: string): Promise<Found> {
  const filter = `userName eq ${JSON.stringify(userName)}`;
  return lookUp(http, "/Users", formEncoded({ filter }), { wanted: { attribute: "userName", value: userName }, row });
}

/** What a client sends that did not hear of its own success: the same user once more, whom the server must refuse. */
export async function provisionAgain({ http }: EntraClient, person: Person): Promise<void> {
  const request = { method: "POST", path: "/Users", body: newUser(person), expect: [409], row: "ENTRA-26" } as const;
  note(http, conflictFaults(await send(http, request)));
}

/** Reads a user as each cycle may, and complains of what Entra would patch, and patch again in every cycle to come. */
export async function checkSettled({ http, memory }: EntraClient, id: string): Promise<void> {
  const { scimId, sent, manager } = linkedPerson(memory, id);
  const answer = await send(http, { method: "GET", path: pathOf(scimId), expect: [200], row: "ENTRA-10" });
  if (!answer.accepted || answer.body === undefined) return;
  const differing = changesBetween(answer.body, sent).map(({ path }) => renderPath(path));
  const told = manager === undefined ? undefined : memory.people.get(manager)?.scimId;
  if (managerOf(answer.body) !== told) differing.push("manager.value");
  note(
    http,
    differing.map((path) => complainer(answer)("not_settled", `${quote(path)} of ${quote(sent.userName)} differs`)),
  );
}

const MATCHING_ROWS = { userName: "ENTRA-02", externalId: "ENTRA-03", email: "ENTRA-04" } as const;

async function match({ http, matching }: EntraClient, person: Person): Promise<Found> {
  for (const attribute of matching) {
    const wanted = matchingValue(attribute, person);
    const filter = `${wanted.attribute} eq ${JSON.stringify(wanted.value)}`;
    const found = await lookUp(http, "/Users", formEncoded({ filter }), { wanted, row: MATCHING_ROWS[attribute] });
    if (found.outcome !== "none") return found;
  }
  return { outcome: "none" };
}

function matchingValue(attribute: Matching, person: Person): Wanted {
  if (attribute === "email") return { attribute: 'emails[type eq "work"].value', value: emailOf(person) };
  return { attribute, value: attribute === "userName" ? person.userName : person.id };
}

async function align(client: EntraClient, scimId: string, user: JsonObject, person: Person): Promise<boolean> {
  const { dialect, http } = client;
  const operations = [
    ...profileOperations(dialect, changesBetween(user, person)),
    ...(user["active"] === true ? [] : [activation(dialect, true)]),
  ];
  if (operations.length === 0) return true;
  const answer = await patchUser(client, scimId, operations, dialect === "default" ? "ENTRA-10" : "ENTRA-09");
  const { displayName } = person;
  note(http, writeFaults(answer, { id: scimId, active: true, ...(displayName === undefined ? {} : { displayName }) }));
  return answer.accepted;
}

async function setActive(client: EntraClient, id: string, active: boolean): Promise<boolean> {
  const linked = linkedPerson(client.memory, id);
  const row = client.dialect === "default" ? "ENTRA-07" : "ENTRA-08";
  const answer = await patchUser(client, linked.scimId, [activation(client.dialect, active)], row);
  note(client.http, writeFaults(answer, { id: linked.scimId, active }));
  if (answer.accepted) client.memory.people.set(id, { ...linked, active });
  return answer.accepted;
}

function patchUser(
  { http }: EntraClient,
  scimId: string,
  operations: readonly JsonObject[],
  row: string,
): Promise<Answer> {
  return send(http, { method: "PATCH", path: pathOf(scimId), body: patch(operations), expect: [200, 204], row });
}

function pathOf(scimId: string): string {
  return `/Users/${encodeURIComponent(scimId)}`;
}
