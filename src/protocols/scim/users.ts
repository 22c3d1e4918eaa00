/** Owns `/Users`: requests become directory changes, rows become answers. */

import type { DirectoryChange, ScimUserDocument, UpsertUser } from "../../model/directory.js";
import type { DirectoryUserId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import { pushTo } from "../../model/push-to.js";
import { quote } from "../../model/quote.js";
import { inBreaths } from "../../platform/in-breaths.js";
import type { Written } from "../../provisioning/ingest-state.js";
import type { DirectoryList, DirectoryUserRow } from "../../provisioning/ports/directory.js";
import { soughtName } from "../../provisioning/ports/sought-name.js";
import { readUser, userDocument } from "./document.js";
import { earlyRow } from "./early-reads.js";
import { ScimError } from "./errors.js";
import { isObject, sameJson } from "./json-value.js";
import type { ListQuery } from "./list-query.js";
import { applyPatchInTurns } from "./patch.js";
import { readPatchRequest } from "./patch-request.js";
import { checkIfMatch } from "./preconditions.js";
import { wants } from "./project.js";
import { locationOf, renderUser, type Shown, shownUser } from "./render.js";
import { type Creation, type Listed, type Outcome, type ResourceHandler, unlessUnchanged } from "./resource-handler.js";
import { adoptableFor, type ScimCaller, type ScimRoom } from "./scim-request.js";
import { isStorable } from "./storable-text.js";
import { bodySaysOff, namesLeaving, orSwitchOff, patchSaysOff, switchedOff } from "./switch-off.js";
import { changing, newIdOf, pushFor, type Visit } from "./visit.js";

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/** A POST makes a user, or links one who is known by sign-in alone; DELETE deactivates the account and erases nothing. */
export function userHandler({ schemas, bodyBytes }: ScimRoom): ResourceHandler {
  return {
    type: schemas.user,
    managedAs: "users",
    bodyBytes,
    list: listUsers,
    create: createUser,
    switchesOff: true,
    letGo,
    read: readOne,
    replace: replaceUser,
    patch: patchUser,
    remove: deleteUser,
  };
}

async function listUsers(visit: Visit, query: ListQuery): Promise<Listed> {
  const { rows, ...listed } = await listedRows(visit, query);
  const shown = await renderAll(visit, rows, shownUser);
  return { ...listed, resources: shown.map(({ resource }) => resource) };
}

async function listedRows(visit: Visit, query: ListQuery): Promise<DirectoryList<DirectoryUserRow>> {
  const { reader, connection, early } = visit.caller;
  const besides = adoptableFor(visit.caller);
  const found = await earlyRow(early, "userName", soughtName(query), besides.adoptable);
  if (found) return found.row ? { total: 1, rows: [found.row] } : { total: 0, rows: [] };
  return reader.directoryUsers(connection.id, { ...query, ...besides, withGroups: showsGroups(visit) });
}

function createUser(visit: Visit, body: Json): Creation {
  const document = readUser(body, visit.reading);
  return {
    change: { kind: "upsertUser", ...whole(visit, document), ...newIdOf<DirectoryUserId>(visit) },
    hasFallback: !document.active,
    made: (written) => saved(visit, 201, document, written),
  };
}

/** By the names alone: whatever else is said may be what was refused. */
function letGo(visit: Visit, body: Json): Creation {
  const { reading } = visit;
  const document = namesLeaving(body, reading);
  const leaving = (stored: JsonObject) => offDocument(visit, stored);
  return {
    change: { kind: "upsertUser", document, leaving },
    made: (written) => saved(visit, 201, document, written),
  };
}

async function readOne(visit: Visit): Promise<Outcome> {
  const row = await stored(visit, showsGroups(visit));
  return unlessUnchanged(visit, await outcome(visit, 200, row, shownUser));
}

function replaceUser(visit: Visit, body: Json): Promise<Outcome> {
  const { reading } = visit;
  return change(visit, {
    next: async ({ resource }) => whole(visit, readUser(body, reading, resource)),
    saysOff: () => bodySaysOff(body, reading),
  });
}

function patchUser(visit: Visit, body: Json): Promise<Outcome> {
  const { reading } = visit;
  return change(visit, {
    async next({ resource: before }) {
      const { resource, changed } = await applyPatchInTurns(before, readPatchRequest(body, reading), reading);
      return changed ? { document: userDocument(resource, reading) } : undefined;
    },
    saysOff: ({ resource }) => patchSaysOff(body, resource, reading),
  });
}

type Draft = Pick<UpsertUser, "document" | "withEmails">;

/** A whole resource says nothing of what it leaves out; a PATCH removes what it says. */
function whole({ reading }: Visit, document: ScimUserDocument): Draft {
  return { document, withEmails: (emails) => userDocument({ ...document.resource, emails }, reading) };
}

/** Reads, changes and writes back; what changes nothing is not written (RFC-45), and a lost race is run again. */
function change(
  visit: Visit,
  {
    next,
    saysOff,
  }: { next(row: DirectoryUserRow): Promise<Draft | undefined>; saysOff(row: DirectoryUserRow): boolean },
): Promise<Outcome> {
  return changing(visit, async () => {
    const row = await stored(visit);
    checkIfMatch(visit.preconditions, row.version);
    const { id, version, resource: before } = row;
    const written = async (one: Draft, hasFallback = false) => {
      const { rows } = await pushFor(visit, [{ kind: "upsertUser", ...one, id, ifVersion: version }], hasFallback);
      return saved(visit, 200, one.document, rows[0]);
    };
    return orSwitchOff({
      ...{ reading: visit.reading, stored: before, saysOff: () => saysOff(row) },
      async write() {
        const draft = await next(row);
        const isSame = draft === undefined || sameJson(draft.document.resource, before);
        if (isSame && !row.adoptable) return outcome(visit, 200, row);
        const full = draft ?? { document: userDocument(before, visit.reading) };
        return written(full, before["active"] !== false && !full.document.active);
      },
      alone: () => written({ document: offDocument(visit, before) }),
    });
  });
}

function offDocument({ reading }: Visit, stored: JsonObject): ScimUserDocument {
  return switchedOff(stored, (resource) => userDocument(resource, reading));
}

function deleteUser(visit: Visit): Promise<Outcome> {
  return changing(visit, async () => {
    const { id, version, resource, adoptable } = await stored(visit);
    const ifVersion = checkIfMatch(visit.preconditions, version) ? { ifVersion: version } : {};
    // Who was made by hand becomes the connection's own first, and leaves as anybody else does.
    const changes: readonly DirectoryChange[] = adoptable
      ? [
          { kind: "upsertUser", id, document: offDocument(visit, resource), ...ifVersion },
          { kind: "deleteUser", id },
        ]
      : [{ kind: "deleteUser", id, ...ifVersion }];
    await pushFor(visit, changes);
    return { status: 204 } as const;
  });
}

function showsGroups({ room, projection }: Visit): boolean {
  return wants(room.schemas.user, "groups", projection);
}

async function stored(visit: Visit, withGroups = false): Promise<DirectoryUserRow> {
  const { id, caller } = visit;
  const { reader, connection, early } = caller;
  const { adoptable } = adoptableFor(caller);
  const read = () => reader.directoryUser(connection.id, id as DirectoryUserId, adoptable, withGroups);
  const found = await earlyRow(early, "id", id, adoptable);
  const row = found ? found.row : isStorable(id) && (await read());
  if (!row) throw new ScimError("notFound", `no user ${quote(id)}`);
  return row;
}

async function saved(
  visit: Visit,
  status: 200 | 201,
  { resource }: ScimUserDocument,
  written: Written,
): Promise<Outcome> {
  if (!written) throw new Error("a user was written and no row came back");
  return outcome(visit, status, { resource, ...written, id: written.id as DirectoryUserId });
}

async function outcome(
  visit: Visit,
  status: 200 | 201,
  row: DirectoryUserRow,
  show: typeof renderUser = renderUser,
): Promise<Outcome> {
  const [shown] = await renderAll(visit, [row], show);
  return { status, location: locationOf(visit.room.schemas.user, row.id, visit.room.baseUrl), ...shown };
}

/** Groups and managers of the whole page in one question each, and only when the answer shows them. */
async function renderAll(
  visit: Visit,
  rows: readonly DirectoryUserRow[],
  show: typeof renderUser,
): Promise<readonly Shown[]> {
  if (rows.length === 0) return [];
  const { room, caller, projection } = visit;
  const type = room.schemas.user;
  const groups = showsGroups(visit) ? await groupsByUser(caller, rows) : undefined;
  const managers = wants(type, "manager", projection, ENTERPRISE) ? await managersOf(caller, rows) : new Map();
  const shown = (row: DirectoryUserRow): Shown => {
    const manager = managers.get(managerId(row.resource) ?? "");
    const relations = { ...(groups && { groups: groups.get(row.id) ?? [] }), ...(manager && { manager }) };
    return show(row, relations, { type, baseUrl: room.baseUrl, projection });
  };
  return rows.length > 1 ? inBreaths(rows, shown) : rows.map(shown);
}

async function groupsByUser(caller: ScimCaller, rows: readonly DirectoryUserRow[]) {
  const byUser = new Map<string, { id: string; displayName: string }[]>();
  const bare: DirectoryUserId[] = [];
  for (const { id, groups } of rows) {
    if (groups === undefined) bare.push(id);
    else
      byUser.set(
        id,
        groups.map(({ group, displayName }) => ({ id: group, displayName })),
      );
  }
  for (const { user, group, displayName } of bare.length > 0 ? await caller.reader.groupsOf(bare) : []) {
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
