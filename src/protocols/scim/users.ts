/** Owns `/Users`: requests become directory changes, rows become answers. */

import type { Answer } from "../../http/exchange.js";
import { type Authenticator, defineRoute, type Route, type RouteInput } from "../../http/route.js";
import type { ScimUserDocument } from "../../model/directory.js";
import type { DirectoryUserId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import { pushTo } from "../../model/push-to.js";
import { quote } from "../../model/quote.js";
import type { DirectoryUserRow } from "../../provisioning/ports/directory.js";
import { push } from "../../provisioning/push.js";
import { readUser, userDocument } from "./document.js";
import { ScimError } from "./errors.js";
import { isObject, sameJson } from "./json-value.js";
import { applyPatch } from "./patch.js";
import { readPatchRequest } from "./patch-request.js";
import { wants } from "./project.js";
import { etagOf, locationOf, renderUser } from "./render.js";
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
const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

type Asked = Pick<RouteInput<{ principal: ScimCaller }>, "request" | "principal">;

export function userRoutes(room: ScimRoom, auth: Authenticator<ScimCaller>): readonly Route[] {
  const visit = ({ request, principal: caller }: Asked, serve: (visit: Visit) => Promise<Answer>): Promise<Answer> =>
    visited({ room, caller, request }, room.schemas.user, serve);
  const body = scimBody(room.bodyBytes);
  const shared = { tags: TAGS, auth } as const;
  return [
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "GET",
      path: "/api/scim/v2/Users",
      summary: "Lists users",
      responses: { 200: null },
      handler: (input) => visit(input, listUsers),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "POST",
      path: "/api/scim/v2/Users",
      summary: "Makes a user, or links one who is known by sign-in alone",
      body,
      responses: { 201: null },
      handler: (input) => visit(input, async (visit) => createUser(await withRoles(visit, input.body), input.body)),
    }),
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "GET",
      path: "/api/scim/v2/Users/:id",
      summary: "Reads a user",
      responses: { 200: null, 304: null },
      handler: (input) => visit(input, readOne),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "PUT",
      path: "/api/scim/v2/Users/:id",
      summary: "Replaces a user",
      body,
      responses: { 200: null },
      handler: (input) => visit(input, async (visit) => replaceUser(await withRoles(visit, input.body), input.body)),
    }),
    defineRoute<{ principal: ScimCaller; body: Json }>({
      ...shared,
      method: "PATCH",
      path: "/api/scim/v2/Users/:id",
      summary: "Changes a user",
      body,
      responses: { 200: null },
      handler: (input) => visit(input, async (visit) => patchUser(await withRoles(visit, input.body), input.body)),
    }),
    defineRoute<{ principal: ScimCaller }>({
      ...shared,
      method: "DELETE",
      path: "/api/scim/v2/Users/:id",
      summary: "Removes a user from the directory; the account is deactivated, never erased",
      responses: { 204: null },
      handler: (input) => visit(input, deleteUser),
    }),
  ];
}

async function listUsers(visit: Visit): Promise<Answer> {
  const query = listQuery(visit.request, visit.reading);
  const { total, rows } = await visit.caller.reader.directoryUsers(visit.caller.connection.id, query);
  return scimAnswer(200, listResponse(query, total, await renderAll(visit, rows)));
}

async function createUser(visit: Visit, body: Json): Promise<Answer> {
  const document = readUser(body, visit.reading);
  return saved(visit, 201, document, await pushUser(visit, document));
}

async function readOne(visit: Visit): Promise<Answer> {
  const row = await stored(visit);
  if (isUnchanged(visit.request, row.version)) return scimAnswer(304, undefined, { etag: etagOf(row.version) });
  return answer(visit, 200, row);
}

function replaceUser(visit: Visit, body: Json): Promise<Answer> {
  return change(visit, (row) => readUser(body, visit.reading, row.resource));
}

function patchUser(visit: Visit, body: Json): Promise<Answer> {
  const operations = readPatchRequest(body, visit.reading);
  return change(visit, (row) => {
    const { resource, changed } = applyPatch(row.resource, operations, visit.reading);
    return changed ? userDocument(resource, visit.reading) : undefined;
  });
}

/** Reads, changes and writes back; what changes nothing is not written (RFC-45), and a lost race is run again. */
function change(visit: Visit, next: (row: DirectoryUserRow) => ScimUserDocument | undefined): Promise<Answer> {
  return changing(visit, async () => {
    const row = await stored(visit);
    checkIfMatch(visit.request, row.version);
    const document = next(row);
    if (document === undefined || sameJson(document.resource, row.resource)) return answer(visit, 200, row);
    return saved(visit, 200, document, await pushUser(visit, document, row));
  });
}

function deleteUser(visit: Visit): Promise<Answer> {
  const { tenant, connection, context } = visit.caller;
  return changing(visit, async () => {
    const { id, version } = await stored(visit);
    const ifVersion = checkIfMatch(visit.request, version) ? { ifVersion: version } : {};
    const changes = [{ kind: "deleteUser" as const, id, ...ifVersion }];
    await push(visit.room.p, { tenant, connection, context, changes });
    return scimAnswer(204);
  });
}

async function stored(visit: Visit): Promise<DirectoryUserRow> {
  const { reader, connection } = visit.caller;
  const id = idOf(visit);
  const row = isStorable(id) ? await reader.directoryUser(connection.id, id as DirectoryUserId) : undefined;
  if (!row) throw new ScimError("notFound", `no user ${quote(id)}`);
  return row;
}

function pushUser({ room, caller }: Visit, document: ScimUserDocument, row?: DirectoryUserRow) {
  const { tenant, connection, context } = caller;
  const at = row && { id: row.id, ifVersion: row.version };
  return push(room.p, { tenant, connection, context, changes: [{ kind: "upsertUser", document, ...at }] });
}

async function saved(
  visit: Visit,
  status: 200 | 201,
  { resource }: ScimUserDocument,
  { rows }: Awaited<ReturnType<typeof pushUser>>,
): Promise<Answer> {
  const [written] = rows;
  if (!written) throw new Error("a user was written and no row came back");
  return answer(visit, status, { ...written, id: written.id as DirectoryUserId, resource });
}

async function answer(visit: Visit, status: 200 | 201, row: DirectoryUserRow): Promise<Answer> {
  const [body] = await renderAll(visit, [row]);
  const location = locationOf(visit.room.schemas.user, row.id, visit.room.baseUrl);
  return scimAnswer(status, body, { etag: etagOf(row.version), ...locationHeaders(status, location) });
}

/** Groups and managers of the whole page in one question each, and only when the answer shows them. */
async function renderAll(visit: Visit, rows: readonly DirectoryUserRow[]): Promise<readonly JsonObject[]> {
  if (rows.length === 0) return [];
  const { room, caller, projection } = visit;
  const type = room.schemas.user;
  const groups = wants(type, "groups", projection) ? await groupsByUser(caller, rows) : undefined;
  const managers = wants(type, "manager", projection, ENTERPRISE) ? await managersOf(caller, rows) : new Map();
  return rows.map((row) => {
    const manager = managers.get(managerId(row.resource) ?? "");
    const relations = { ...(groups && { groups: groups.get(row.id) ?? [] }), ...(manager && { manager }) };
    return renderUser(row, relations, { type, baseUrl: room.baseUrl, projection });
  });
}

async function groupsByUser(caller: ScimCaller, rows: readonly DirectoryUserRow[]) {
  const byUser = new Map<string, { id: string; displayName: string }[]>();
  for (const { user, group, displayName } of await caller.reader.groupsOf(rows.map((row) => row.id))) {
    pushTo(byUser, user, { id: group, displayName });
  }
  return byUser;
}

async function managersOf(caller: ScimCaller, rows: readonly DirectoryUserRow[]) {
  const ids = [...new Set(rows.flatMap((row) => managerId(row.resource) ?? []))].filter(isStorable);
  if (ids.length === 0) return new Map<string, { readonly displayName?: string }>();
  const found = await caller.reader.displayNames(caller.connection.id, ids);
  return new Map(found.map(({ id, ...name }) => [id as string, name]));
}

function managerId(resource: JsonObject): string | undefined {
  const enterprise = resource[ENTERPRISE];
  const manager = isObject(enterprise) ? enterprise["manager"] : undefined;
  const value = isObject(manager) ? manager["value"] : undefined;
  return typeof value === "string" ? value : undefined;
}
