/** Owns `/Groups`. Members are rows of their own: no write reads the list of a group, whatever its size. */
import type { Answer, HttpRequest } from "../../http/exchange.js";
import { type Authenticator, defineRoute, type Route } from "../../http/route.js";
import type { DirectoryChange } from "../../model/directory.js";
import type { DirectoryGroupId, DirectoryUserId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { DirectoryGroupRow } from "../../provisioning/ports/directory.js";
import { type Pushed, push } from "../../provisioning/push.js";
import type { Reading } from "./dialect.js";
import { groupDocument, readGroup } from "./document.js";
import { ScimError } from "./errors.js";
import { sameJson } from "./json-value.js";
import { applyPatch } from "./patch.js";
import { readPatchRequest } from "./patch-request.js";
import { type Projection, wants } from "./project.js";
import { etagOf, locationOf, renderGroup } from "./render.js";
import { scimAnswer } from "./scim-answer.js";
import {
  checkIfMatch,
  isUnchanged,
  listQuery,
  listResponse,
  projectionOf,
  readingFor,
  type ScimCaller,
  type ScimRoom,
  scimBody,
} from "./scim-request.js";
import { whileUnchanged } from "./while-unchanged.js";

const TAGS = ["scim"];

/** A PATCH of a larger group is answered without a body unless attributes are asked for: its cost would be the group's size. */
const MEMBERS_IN_ANSWER = 200;

/** One request about groups. */
interface Visit {
  readonly room: ScimRoom;
  readonly caller: ScimCaller;
  readonly request: HttpRequest;
  readonly reading: Reading;
  readonly projection: Projection;
}

export function groupRoutes(room: ScimRoom, auth: Authenticator<ScimCaller>): readonly Route[] {
  const visit = (request: HttpRequest, caller: ScimCaller): Visit => {
    const reading = readingFor(room, room.schemas.group, caller);
    return { room, caller, request, reading, projection: projectionOf(request, reading) };
  };
  const body = scimBody(room.groupBodyBytes);
  const shared = { tags: TAGS, auth } as const;
  return [
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "GET",
      path: "/api/scim/v2/Groups",
      summary: "Lists groups",
      responses: { 200: null },
      handler: ({ request, principal }) => listGroups(visit(request, principal)),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "POST",
      path: "/api/scim/v2/Groups",
      summary: "Makes a group with its members",
      body,
      responses: { 201: null },
      handler: (input) => createGroup(visit(input.request, input.principal), input.body),
    }),
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "GET",
      path: "/api/scim/v2/Groups/:id",
      summary: "Reads a group",
      responses: { 200: null, 304: null },
      handler: ({ request, principal }) => readOne(visit(request, principal)),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "PUT",
      path: "/api/scim/v2/Groups/:id",
      summary: "Replaces a group and its members",
      body,
      responses: { 200: null },
      handler: (input) => replaceGroup(visit(input.request, input.principal), input.body),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "PATCH",
      path: "/api/scim/v2/Groups/:id",
      summary: "Changes a group; members are added and removed as differences",
      body,
      responses: { 200: null, 204: null },
      handler: (input) => patchGroup(visit(input.request, input.principal), input.body),
    }),
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "DELETE",
      path: "/api/scim/v2/Groups/:id",
      summary: "Removes a group; its members stay",
      responses: { 204: null },
      handler: ({ request, principal }) => deleteGroup(visit(request, principal)),
    }),
  ];
}

async function listGroups(visit: Visit): Promise<Answer> {
  const query = listQuery(visit.request, visit.reading);
  const { total, rows } = await visit.caller.reader.directoryGroupsList(visit.caller.connection.id, query);
  return scimAnswer(200, listResponse(query, total, await renderAll(visit, rows)));
}

async function createGroup(visit: Visit, body: Json): Promise<Answer> {
  const { document, members } = readGroup(body, visit.reading);
  const ids = members as readonly DirectoryUserId[];
  const pushed = await pushGroup(visit, [{ kind: "upsertGroup", document, members: ids }]);
  const [written] = pushed.rows;
  if (!written) throw new Error("a group was written and no row came back");
  const row = { ...written, id: written.id as DirectoryGroupId, resource: document.resource, memberCount: ids.length };
  return answer(visit, 201, row, pushed);
}

async function readOne(visit: Visit): Promise<Answer> {
  const row = await stored(visit);
  if (isUnchanged(visit.request, row.version)) return scimAnswer(304, undefined, { etag: etagOf(row.version) });
  return answer(visit, 200, row);
}

function replaceGroup(visit: Visit, body: Json): Promise<Answer> {
  return whileUnchanged(async () => {
    const row = await stored(visit);
    const matched = checkIfMatch(visit.request, row.version);
    const { document, members } = readGroup(body, visit.reading, row.resource);
    const ids = members as readonly DirectoryUserId[];
    const same = sameJson(document.resource, row.resource);
    const pushed = await pushGroup(visit, [
      ...(same && !matched ? [] : [{ kind: "upsertGroup" as const, id: row.id, ifVersion: row.version, document }]),
      { kind: "setMembers", group: row.id, members: ids },
    ]);
    return answer(visit, 200, await stored(visit), pushed);
  });
}

function patchGroup(visit: Visit, body: Json): Promise<Answer> {
  const operations = readPatchRequest(body, visit.reading);
  return whileUnchanged(async () => {
    const row = await stored(visit);
    const matched = checkIfMatch(visit.request, row.version);
    const outcome = applyPatch(row.resource, operations, visit.reading);
    const members = outcome.members.map(({ kind, members: ids }) => ({
      kind,
      group: row.id,
      members: ids as readonly DirectoryUserId[],
    }));
    // A named version must still hold when the members change, and the group's row is where it is compared.
    const document = groupDocument(outcome.resource, visit.reading);
    const upsert = { kind: "upsertGroup" as const, id: row.id, ifVersion: row.version, document };
    const changes = [...(outcome.changed || (matched && members.length > 0) ? [upsert] : []), ...members];
    const pushed = changes.length > 0 ? await pushGroup(visit, changes) : undefined;
    return patched(visit, await stored(visit), pushed);
  });
}

/** C1: 204 where the profile asks for it, and for large groups; 200 with the resource otherwise, and always when attributes were asked for. */
function patched(visit: Visit, row: DirectoryGroupRow, pushed: Pushed | undefined): Promise<Answer> {
  const asked = visit.request.query.has("attributes") || visit.request.query.has("excludedAttributes");
  const large = row.memberCount > MEMBERS_IN_ANSWER;
  if (!asked && (large || visit.reading.dialect.groupPatchStatus === 204)) {
    return Promise.resolve(scimAnswer(204, undefined, { etag: etagOf(row.version), ...runHeader(pushed) }));
  }
  return answer(visit, 200, row, pushed);
}

async function deleteGroup(visit: Visit): Promise<Answer> {
  const row = await stored(visit);
  checkIfMatch(visit.request, row.version);
  const pushed = await pushGroup(visit, [{ kind: "deleteGroup", id: row.id }]);
  return scimAnswer(204, undefined, runHeader(pushed));
}

async function stored({ caller, request }: Visit): Promise<DirectoryGroupRow> {
  const id = request.params["id"] ?? "";
  const row = await caller.reader.directoryGroup(caller.connection.id, id as DirectoryGroupId);
  if (!row) throw new ScimError("notFound", `no group \`${id}\``);
  return row;
}

function pushGroup({ room, caller }: Visit, changes: readonly DirectoryChange[]): Promise<Pushed> {
  const { tenant, connection, context } = caller;
  return push(room.p, { tenant, connection, context, changes });
}

function runHeader(pushed: Pushed | undefined): Readonly<Record<string, string>> {
  return pushed?.run === undefined ? {} : { "rolecall-run": String(pushed.run) };
}

async function answer(visit: Visit, status: 200 | 201, row: DirectoryGroupRow, pushed?: Pushed): Promise<Answer> {
  const [body] = await renderAll(visit, [row]);
  const location = locationOf(visit.room.schemas.group, row.id, visit.room.baseUrl);
  return scimAnswer(status, body, {
    etag: etagOf(row.version),
    [status === 201 ? "location" : "content-location"]: location,
    ...runHeader(pushed),
  });
}

/** Members of the whole page in one question, and only when the answer shows them. */
async function renderAll(visit: Visit, rows: readonly DirectoryGroupRow[]): Promise<readonly JsonObject[]> {
  const { room, caller, projection } = visit;
  const type = room.schemas.group;
  const members = wants(type, "members", projection) ? await membersByGroup(caller, rows) : undefined;
  return rows.map((row) =>
    renderGroup(row, members ? { members: members.get(row.id) ?? [] } : {}, {
      type,
      baseUrl: room.baseUrl,
      projection,
    }),
  );
}

async function membersByGroup(caller: ScimCaller, rows: readonly DirectoryGroupRow[]) {
  const byGroup = new Map<string, { id: string; display?: string }[]>();
  for (const { group, user, userName, display } of await caller.reader.membersOf(rows.map((row) => row.id))) {
    const mine = byGroup.get(group) ?? [];
    mine.push({ id: user, display: display ?? userName });
    byGroup.set(group, mine);
  }
  return byGroup;
}
