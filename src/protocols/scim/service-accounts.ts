/** Owns `/ServiceAccounts`: accounts of programs. Only those that this connection pushed are seen here. */

import type { ScimServiceAccountDocument } from "../../model/directory.js";
import type { DirectoryUserId, Instant } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { inBreaths } from "../../platform/in-breaths.js";
import type { Written } from "../../provisioning/ingest-state.js";
import type { DirectoryUserRow } from "../../provisioning/ports/directory.js";
import { accountAt, accountFilterAt, accountSortAt, withoutReadActive } from "./account-expiry.js";
import { ScimError } from "./errors.js";
import { sameJson } from "./json-value.js";
import type { ListQuery } from "./list-query.js";
import { applyPatchInTurns } from "./patch.js";
import { readPatchRequest } from "./patch-request.js";
import { checkIfMatch } from "./preconditions.js";
import { wants } from "./project.js";
import { locationOf, renderServiceAccount, type Shown } from "./render.js";
import { type Creation, type Listed, type Outcome, type ResourceHandler, unlessUnchanged } from "./resource-handler.js";
import type { ScimRoom } from "./scim-request.js";
import { ownerOf, readServiceAccount, serviceAccountDocument } from "./service-account-document.js";
import { isStorable } from "./storable-text.js";
import { bodySaysOff, orSwitchOff, patchSaysOff, switchedOff } from "./switch-off.js";
import { changing, newIdOf, pushFor, type Visit } from "./visit.js";

/** DELETE deactivates the account and erases nothing. */
export function serviceAccountHandler({ schemas, bodyBytes }: ScimRoom): ResourceHandler {
  return {
    type: schemas.serviceAccount,
    managedAs: "serviceAccounts",
    bodyBytes,
    switchesOff: true,
    list: listAccounts,
    create: createAccount,
    read: readOne,
    replace: replaceAccount,
    patch: patchAccount,
    remove: deleteAccount,
  };
}

async function listAccounts(visit: Visit, query: ListQuery): Promise<Listed> {
  const { reader, connection } = visit.caller;
  const now = visit.room.p.now();
  const { rows, ...listed } = await reader.directoryServiceAccounts(connection.id, {
    ...query,
    ...(query.filter && { filter: accountFilterAt(query.filter, now) }),
    ...(query.sort && { sort: accountSortAt(query.sort, now) }),
  });
  const shown = await renderAll(visit, rows, now);
  return { ...listed, resources: shown.map(({ resource }) => resource) };
}

function createAccount(visit: Visit, body: Json): Creation {
  const document = readServiceAccount(body, visit.reading);
  refuseStrangeOwner(document);
  return {
    change: { kind: "upsertServiceAccount", document, ...newIdOf<DirectoryUserId>(visit) },
    made: (written) => saved(visit, 201, document, written),
  };
}

async function readOne(visit: Visit): Promise<Outcome> {
  return unlessUnchanged(visit, await outcome(visit, 200, await stored(visit)));
}

function replaceAccount(visit: Visit, sent: Json): Promise<Outcome> {
  const { reading, preconditions } = visit;
  const pushed = (row: DirectoryUserRow) =>
    withoutReadActive(sent, row, { preconditions, reading, now: visit.room.p.now() });
  return change(visit, {
    next: async (row) => readServiceAccount(pushed(row), reading, row.resource),
    saysOff: (row) => bodySaysOff(pushed(row), reading),
  });
}

function patchAccount(visit: Visit, body: Json): Promise<Outcome> {
  const { reading } = visit;
  return change(visit, {
    async next({ resource: before }) {
      const { resource, changed } = await applyPatchInTurns(before, readPatchRequest(body, reading), reading);
      return changed ? serviceAccountDocument(resource, reading, before) : undefined;
    },
    saysOff: ({ resource }) => patchSaysOff(body, resource, reading),
  });
}

/** Reads, changes and writes back; what changes nothing is not written, and a lost race is run again. */
function change(
  visit: Visit,
  {
    next,
    saysOff,
  }: {
    next(row: DirectoryUserRow): Promise<ScimServiceAccountDocument | undefined>;
    saysOff(row: DirectoryUserRow): boolean;
  },
): Promise<Outcome> {
  return changing(visit, async () => {
    const row = await stored(visit);
    checkIfMatch(visit.preconditions, row.version);
    const { resource: before } = row;
    const written = (document: ScimServiceAccountDocument) => write(visit, document, row);
    return orSwitchOff({
      ...{ reading: visit.reading, stored: before, saysOff: () => saysOff(row) },
      async write() {
        const document = await next(row);
        if (document === undefined || sameJson(document.resource, before)) return outcome(visit, 200, row);
        return written(document);
      },
      alone() {
        const documentOf = (resource: JsonObject) => serviceAccountDocument(resource, visit.reading, before);
        return written(switchedOff(before, documentOf));
      },
    });
  });
}

function deleteAccount(visit: Visit): Promise<Outcome> {
  return changing(visit, async () => {
    const { id, version } = await stored(visit);
    const ifVersion = checkIfMatch(visit.preconditions, version) ? { ifVersion: version } : {};
    await pushFor(visit, [{ kind: "deleteServiceAccount", id, ...ifVersion }]);
    return { status: 204 } as const;
  });
}

async function stored({ id, caller: { reader, connection } }: Visit): Promise<DirectoryUserRow> {
  const row = isStorable(id) ? await reader.directoryServiceAccount(connection.id, id as DirectoryUserId) : undefined;
  if (!row) throw new ScimError("notFound", `no service account ${quote(id)}`);
  return row;
}

function refuseStrangeOwner({ owner }: ScimServiceAccountDocument): void {
  if (owner !== undefined && !isStorable(owner)) throw new ScimError("invalidValue", `no user ${quote(owner)}`);
}

async function write(
  visit: Visit,
  document: ScimServiceAccountDocument,
  { id, version }: DirectoryUserRow,
): Promise<Outcome> {
  refuseStrangeOwner(document);
  const { rows } = await pushFor(visit, [{ kind: "upsertServiceAccount", document, id, ifVersion: version }]);
  return saved(visit, 200, document, rows[0]);
}

async function saved(
  visit: Visit,
  status: 200 | 201,
  document: ScimServiceAccountDocument,
  written: Written,
): Promise<Outcome> {
  if (!written) throw new Error("a service account was written and no row came back");
  return outcome(visit, status, { ...written, id: written.id as DirectoryUserId, resource: document.resource });
}

async function outcome(visit: Visit, status: 200 | 201, row: DirectoryUserRow): Promise<Outcome> {
  const [shown] = await renderAll(visit, [row], visit.room.p.now());
  return { status, location: locationOf(visit.room.schemas.serviceAccount, row.id, visit.room.baseUrl), ...shown };
}

/** Owners of the whole page in one question, and only when the answer shows them. */
async function renderAll(visit: Visit, stored: readonly DirectoryUserRow[], now: Instant): Promise<readonly Shown[]> {
  const { room, caller, projection } = visit;
  const rows = stored.map((row) => accountAt(row, now));
  const type = room.schemas.serviceAccount;
  const owned = wants(type, "owner", projection) ? rows.flatMap(({ resource }) => ownerOf(resource).owner ?? []) : [];
  const ids = [...new Set(owned)];
  const found = ids.length === 0 ? [] : await caller.reader.displayNames(caller.connection.id, ids);
  const owners = new Map<string, { readonly displayName?: string }>(found.map(({ id, ...name }) => [id, name]));
  return inBreaths(rows, (row) => {
    const owner = owners.get(ownerOf(row.resource).owner ?? "");
    return renderServiceAccount(row, { ...(owner && { owner }) }, { type, baseUrl: room.baseUrl, projection });
  });
}
