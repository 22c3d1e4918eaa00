/** Owns Okta's group push: how groups are created, renamed, filled and removed. */
import type { JsonObject } from "../../model/json.js";
import { idOf, saysGone, type Written, writeFaults } from "../answer.js";
import { assignedMembers, changedMembers, linkedGroup, linkedPerson, type MemberChange } from "../cycle.js";
import type { Group } from "../directory.js";
import { lookUp } from "../lookup.js";
import { note, send } from "../scim-http.js";
import {
  addMembers,
  type Member,
  newGroup,
  patch,
  removeMember,
  rename,
  replaceMembers,
  wholeGroup,
} from "./bodies.js";
import type { OktaClient } from "./client.js";

/** Pushes a group for the first time, or takes over the one that has its name already, with the members who are assigned. */
export async function pushGroup(client: OktaClient, group: Group): Promise<boolean> {
  const { http, memory } = client;
  const filter = encodeURIComponent(`displayName eq ${JSON.stringify(group.name)}`);
  const wanted = { attribute: "displayName", value: group.name };
  const asked = { count: 100, wanted, row: "OKTA-14" };
  const found = await lookUp(http, "/Groups", `filter=${filter}&startIndex=1&count=100`, asked);
  if (found.outcome === "failed") return false;
  const scimId = found.outcome === "one" ? found.id : await create(client, group.name);
  if (scimId === undefined) return false;
  memory.groups.set(group.id, { scimId, name: group.name, members: new Set() });
  if (found.outcome === "one") return pushNow(client, group);
  return sendMembers(client, group.id, { add: assignedMembers(memory, group), remove: [] });
}

/** A change of members. A catalogue app sends the group's name along each time, changed or not. */
export async function changeMembers(client: OktaClient, id: string, change: MemberChange): Promise<boolean> {
  const { name } = linkedGroup(client.memory, id);
  if (client.kind === "catalogue" && !(await renameGroup(client, id, name))) return false;
  return sendMembers(client, id, change);
}

/** "Push now": the whole list of members takes the place of what the server has. */
export async function pushNow(client: OktaClient, group: Group): Promise<boolean> {
  const linked = linkedGroup(client.memory, group.id);
  const ids = assignedMembers(client.memory, group);
  const members = membersOf(client, ids);
  const written = { membersAdded: members.map(({ value }) => value) };
  const bodies = { patch: patch(replaceMembers(members)), put: wholeGroup(linked.name, members) };
  const confirmed = await write(client, linked.scimId, { ...bodies, row: "OKTA-15" }, written);
  if (confirmed) client.memory.groups.set(group.id, { ...linked, members: new Set(ids) });
  return confirmed;
}

export async function renameGroup(client: OktaClient, id: string, name: string): Promise<boolean> {
  const linked = linkedGroup(client.memory, id);
  const members = membersOf(client, [...linked.members]);
  const bodies = { patch: patch(rename(linked.scimId, name)), put: wholeGroup(name, members) };
  const confirmed = await write(client, linked.scimId, { ...bodies, row: "OKTA-11" }, { displayName: name });
  if (confirmed) client.memory.groups.set(id, { ...linked, name });
  return confirmed;
}

/** "Unlink pushed group" with "delete the group in the target app". */
export async function unlinkGroup({ http, memory }: OktaClient, id: string): Promise<boolean> {
  const path = pathOf(linkedGroup(memory, id).scimId);
  const answer = await send(http, { method: "DELETE", path, expect: [204], row: "OKTA-17" });
  const isGone = saysGone(answer);
  if (isGone) memory.groups.delete(id);
  return isGone;
}

async function create({ http }: OktaClient, name: string): Promise<string | undefined> {
  const answer = await send(http, {
    method: "POST",
    path: "/Groups",
    body: newGroup(name),
    expect: [201],
    row: "OKTA-14",
  });
  note(http, writeFaults(answer, { displayName: name }));
  return idOf(answer);
}

async function sendMembers(client: OktaClient, id: string, change: MemberChange): Promise<boolean> {
  const steps = [
    ...change.remove.map((member) => ({ add: [], remove: [member] })),
    ...change.add.map((member) => ({ add: [member], remove: [] })),
  ];
  const size = client.kind === "custom" ? Math.max(1, steps.length) : client.membersPerPatch;
  for (let start = 0; start < steps.length; start += size) {
    const chunk = steps.slice(start, start + size);
    const part = { add: chunk.flatMap(({ add }) => add), remove: chunk.flatMap(({ remove }) => remove) };
    if (!(await sendChunk(client, id, part))) return false;
  }
  return true;
}

async function sendChunk(client: OktaClient, id: string, change: MemberChange): Promise<boolean> {
  const linked = linkedGroup(client.memory, id);
  const after = changedMembers(linked.members, change);
  const added = membersOf(client, change.add);
  const removed = membersOf(client, change.remove).map(({ value }) => value);
  const operations = [...removed.map(removeMember), ...(added.length > 0 ? [addMembers(added)] : [])];
  const bodies = { patch: patch(...operations), put: wholeGroup(linked.name, membersOf(client, [...after])) };
  const written = { membersAdded: added.map(({ value }) => value), membersRemoved: removed };
  const row = removed.length > 0 ? "OKTA-13" : "OKTA-12";
  const confirmed = await write(client, linked.scimId, { ...bodies, row }, written);
  if (confirmed) client.memory.groups.set(id, { ...linked, members: after });
  return confirmed;
}

async function write(
  { http, kind }: OktaClient,
  scimId: string,
  bodies: { readonly patch: JsonObject; readonly put: JsonObject; readonly row: string },
  written: Written,
): Promise<boolean> {
  const path = pathOf(scimId);
  const answer =
    kind === "custom"
      ? await send(http, { method: "PUT", path, body: bodies.put, expect: [200], row: "OKTA-16" })
      : await send(http, { method: "PATCH", path, body: bodies.patch, expect: [200, 204], row: bodies.row });
  note(http, writeFaults(answer, { id: scimId, ...written }));
  return answer.accepted;
}

function membersOf({ memory }: OktaClient, ids: readonly string[]): Member[] {
  return ids.map((id) => {
    const { scimId, sent } = linkedPerson(memory, id);
    return { value: scimId, display: sent.userName };
  });
}

function pathOf(scimId: string): string {
  return `/Groups/${encodeURIComponent(scimId)}`;
}
