/** Owns `/Groups`. Members are rows of their own: no write reads the list of a group, whatever its size. */

import type { Answer } from "../../http/exchange.js";
import { type Authenticator, defineRoute, type Route, type RouteInput } from "../../http/route.js";
import type { DirectoryChange, ScimGroupDocument } from "../../model/directory.js";
import type { DirectoryGroupId, DirectoryUserId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import { pushTo } from "../../model/push-to.js";
import { quote } from "../../model/quote.js";
import type { DirectoryGroupRow } from "../../provisioning/ports/directory.js";
import { type Pushed, push } from "../../provisioning/push.js";
import { groupDocument, readGroup } from "./document.js";
import { ScimError } from "./errors.js";
import { sameJson } from "./json-value.js";
import type { MemberOperation } from "./member-operations.js";
import { applyPatch } from "./patch.js";
import { readPatchRequest } from "./patch-request.js";
import { wants } from "./project.js";
import { etagOf, locationOf, renderGroup } from "./render.js";
import { locationHeaders, scimAnswer } from "./scim-answer.js";
import {
  checkIfMatch,
  isUnchanged,
  listQuery,
  listResponse,
  type ScimCaller,
  type ScimRoom,
  scimBody,
} from "./scim-request.js";
import { isStorable } from "./storable-text.js";
import { changing, idOf, type Visit, visited, withRoles } from "./visit.js";

const TAGS = ["scim"];

/** A PATCH of a larger group is answered without a body unless attributes are asked for: its cost would be the group's size. */
const MEMBERS_IN_ANSWER = 200;

type Asked = Pick<RouteInput<{ principal: ScimCaller }>, "request" | "principal">;

export function groupRoutes(room: ScimRoom, auth: Authenticator<ScimCaller>): readonly Route[] {
  const visit = ({ request, principal: caller }: Asked, serve: (visit: Visit) => Promise<Answer>): Promise<Answer> =>
    visited({ room, caller, request }, room.schemas.group, serve);
  const body = scimBody(room.groupBodyBytes);
  const shared = { tags: TAGS, auth } as const;
  return [
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "GET",
      path: "/api/scim/v2/Groups",
      summary: "Lists groups",
      responses: { 200: null },
      handler: (input) => visit(input, listGroups),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "POST",
      path: "/api/scim/v2/Groups",
      summary: "Makes a group with its members",
      body,
      responses: { 201: null },
      handler: (input) => visit(input, async (visit) => createGroup(await withRoles(visit, input.body), input.body)),
    }),
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "GET",
      path: "/api/scim/v2/Groups/:id",
      summary: "Reads a group",
      responses: { 200: null, 304: null },
      handler: (input) => visit(input, readOne),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "PUT",
      path: "/api/scim/v2/Groups/:id",
      summary: "Replaces a group and its members",
      body,
      responses: { 200: null },
      handler: (input) => visit(input, async (visit) => replaceGroup(await withRoles(visit, input.body), input.body)),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "PATCH",
      path: "/api/scim/v2/Groups/:id",
      summary: "Changes a group; members are added and removed as differences",
      body,
      responses: { 200: null, 204: null },
      handler: (input) => visit(input, async (visit) => patchGroup(await withRoles(visit, input.body), input.body)),
    }),
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "DELETE",
      path: "/api/scim/v2/Groups/:id",
      summary: "Removes a group; its members stay",
      responses: { 204: null },
      handler: (input) => visit(input, deleteGroup),
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
  return changing(visit, async () => {
    const row = await stored(visit);
    const named = checkIfMatch(visit.request, row.version);
    const { document, members } = readGroup(body, visit.reading, row.resource);
    const next = sameJson(document.resource, row.resource) ? undefined : document;
    const pushed = await pushGroup(visit, groupChanges(row, named, next, [{ kind: "setMembers", members }]));
    return answer(visit, 200, await stored(visit), pushed);
  });
}

function patchGroup(visit: Visit, body: Json): Promise<Answer> {
  const operations = readPatchRequest(body, visit.reading);
  return changing(visit, async () => {
    const row = await stored(visit);
    const named = checkIfMatch(visit.request, row.version);
    const { resource, changed, members } = applyPatch(row.resource, operations, visit.reading);
    const next = changed ? groupDocument(resource, visit.reading) : undefined;
    const changes = groupChanges(row, named, next, members);
    const pushed = changes.length > 0 ? await pushGroup(visit, changes) : undefined;
    return patched(visit, await stored(visit), pushed);
  });
}

/**
 * Attributes are written only when they change, and back to the version that was read; members come and go whatever
 * else changed meanwhile, unless the client named a version.
 */
function groupChanges(
  { id, version }: DirectoryGroupRow,
  versionNamed: boolean,
  document: ScimGroupDocument | undefined,
  members: readonly MemberOperation[],
): readonly DirectoryChange[] {
  // Once the attributes are written, the version is another.
  const ifVersion = versionNamed && document === undefined ? { ifVersion: version } : {};
  return [
    ...(document === undefined ? [] : [{ kind: "upsertGroup" as const, id, ifVersion: version, document }]),
    ...members.map((operation) => ({
      kind: operation.kind,
      group: id,
      members: operation.members as readonly DirectoryUserId[],
      ...ifVersion,
    })),
  ];
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

function deleteGroup(visit: Visit): Promise<Answer> {
  return changing(visit, async () => {
    const { id, version } = await stored(visit);
    const ifVersion = checkIfMatch(visit.request, version) ? { ifVersion: version } : {};
    const pushed = await pushGroup(visit, [{ kind: "deleteGroup", id, ...ifVersion }]);
    return scimAnswer(204, undefined, runHeader(pushed));
  });
}

async function stored(visit: Visit): Promise<DirectoryGroupRow> {
  const { reader, connection } = visit.caller;
  const id = idOf(visit);
  const row = isStorable(id) ? await reader.directoryGroup(connection.id, id as DirectoryGroupId) : undefined;
  if (!row) throw new ScimError("notFound", `no group ${quote(id)}`);
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
    ...locationHeaders(status, location),
    ...runHeader(pushed),
  });
}

/** Members of the whole page in one question, and only when the answer shows them. */
async function renderAll(visit: Visit, rows: readonly DirectoryGroupRow[]): Promise<readonly JsonObject[]> {
  if (rows.length === 0) return [];
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
    pushTo(byGroup, group, { id: user, display: display ?? userName });
  }
  return byGroup;
}
