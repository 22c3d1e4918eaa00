/** Owns how Entra creates, renames, fills and deletes groups. It never reads their members. */
import type { JsonObject } from "../../model/json.js";
import { idOf, saysGone, type Written, writeFaults } from "../answer.js";
import { assignedMembers, changedMembers, linkedGroup, linkedPerson, type MemberChange } from "../cycle.js";
import type { Group } from "../directory.js";
import { formEncoded, lookUp } from "../lookup.js";
import { note, send } from "../scim-http.js";
import type { EntraClient } from "./client.js";
import { additions, newGroup, patch, removals, renaming } from "./dialect.js";

/** Brings a group in scope into the application, or takes over the one that has its name, and adds the members who are there. */
export async function provisionGroup(client: EntraClient, group: Group): Promise<boolean> {
  const { http, memory } = client;
  const query = formEncoded({ excludedAttributes: "members", filter: `displayName eq ${JSON.stringify(group.name)}` });
  const wanted = { attribute: "displayName", value: group.name };
  const found = await lookUp(http, "/Groups", query, { wanted, excluded: "members", row: "ENTRA-17" });
  if (found.outcome === "failed") return false;
  const scimId = found.outcome === "one" ? found.id : await create(client, group);
  if (scimId === undefined) return false;
  memory.groups.set(group.id, { scimId, name: group.name, members: new Set() });
  return sendMembers(client, group.id, { add: assignedMembers(memory, group), remove: [] });
}

export async function changeMembers(client: EntraClient, id: string, change: MemberChange): Promise<boolean> {
  return (await isThere(client, id)) && (await sendMembers(client, id, change));
}

export async function renameGroup(client: EntraClient, id: string, name: string): Promise<boolean> {
  if (!(await isThere(client, id))) return false;
  const linked = linkedGroup(client.memory, id);
  const confirmed = await patchGroup(client, linked.scimId, [renaming(client.dialect, name)], {
    displayName: name,
    row: "ENTRA-22",
  });
  if (confirmed) client.memory.groups.set(id, { ...linked, name });
  return confirmed;
}

/** What follows when a group is deleted or out of scope. Gone already is as good. */
export async function deleteGroup({ http, memory }: EntraClient, id: string): Promise<boolean> {
  const path = pathOf(linkedGroup(memory, id).scimId);
  const answer = await send(http, { method: "DELETE", path, expect: [204, 404], row: "ENTRA-25" });
  const isGone = saysGone(answer);
  if (isGone) memory.groups.delete(id);
  return isGone;
}

async function create({ http }: EntraClient, group: Group): Promise<string | undefined> {
  const body = newGroup(group.id, group.name);
  const answer = await send(http, { method: "POST", path: "/Groups", body, expect: [201], row: "ENTRA-18" });
  note(http, writeFaults(answer, { displayName: group.name }));
  return idOf(answer);
}

// Entra looks at a group before it changes it, without the members, which may be many.
async function isThere({ http, memory }: EntraClient, id: string): Promise<boolean> {
  const { scimId } = linkedGroup(memory, id);
  const query = "excludedAttributes=members";
  const answer = await send(http, { method: "GET", path: pathOf(scimId), query, expect: [200], row: "ENTRA-17" });
  note(http, writeFaults(answer, { id: scimId }));
  return answer.accepted;
}

async function sendMembers(client: EntraClient, id: string, { add, remove }: MemberChange): Promise<boolean> {
  const chunks = [
    ...inChunks(remove, client.membersPerPatch).map((part) => ({ add: [], remove: part })),
    ...inChunks(add, client.membersPerPatch).map((part) => ({ add: part, remove: [] })),
  ];
  for (const chunk of chunks) if (!(await sendChunk(client, id, chunk))) return false;
  return true;
}

async function sendChunk(client: EntraClient, id: string, change: MemberChange): Promise<boolean> {
  const { dialect, memory } = client;
  const linked = linkedGroup(memory, id);
  const membersAdded = change.add.map((member) => linkedPerson(memory, member).scimId);
  const membersRemoved = change.remove.map((member) => linkedPerson(memory, member).scimId);
  const operations = change.add.length > 0 ? additions(dialect, membersAdded) : removals(dialect, membersRemoved);
  const removing = dialect === "default" ? "ENTRA-20" : "ENTRA-21";
  const row = change.add.length > 0 ? "ENTRA-19" : removing;
  const confirmed = await patchGroup(client, linked.scimId, operations, { membersAdded, membersRemoved, row });
  if (confirmed) memory.groups.set(id, { ...linked, members: changedMembers(linked.members, change) });
  return confirmed;
}

async function patchGroup(
  { http }: EntraClient,
  scimId: string,
  operations: readonly JsonObject[],
  { row, ...written }: Written & { readonly row: string },
): Promise<boolean> {
  const answer = await send(http, {
    method: "PATCH",
    path: pathOf(scimId),
    body: patch(operations),
    expect: [200, 204],
    row,
  });
  note(http, writeFaults(answer, { id: scimId, ...written }));
  return answer.accepted;
}

function inChunks(items: readonly string[], size: number): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

function pathOf(scimId: string): string {
  return `/Groups/${encodeURIComponent(scimId)}`;
}
