/** Owns the paths of the operator's own resource types: their tables say everything there is to know of them. */

import type { CustomDocument } from "../../model/directory.js";
import type { CustomResourceId } from "../../model/ids.js";
import type { Json } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { inBreaths } from "../../platform/in-breaths.js";
import { deleteCustomResource, replaceCustomResource } from "../../provisioning/custom-resources.js";
import type { CustomResourceRow } from "../../provisioning/ports/custom-resources.js";
import { customDocument, readCustom } from "./document.js";
import { ScimError } from "./errors.js";
import { sameJson } from "./json-value.js";
import type { ListQuery } from "./list-query.js";
import { applyPatchInTurns } from "./patch.js";
import { readPatchRequest } from "./patch-request.js";
import { checkIfMatch } from "./preconditions.js";
import { locationOf, renderCustom, type Shown } from "./render.js";
import { type Creation, type Listed, type Outcome, type ResourceHandler, unlessUnchanged } from "./resource-handler.js";
import type { ResourceType } from "./schema.js";
import type { ScimRoom } from "./scim-request.js";
import { isStorable } from "./storable-text.js";
import { changing, newIdOf, type Visit } from "./visit.js";

export function customHandler({ bodyBytes }: ScimRoom, type: ResourceType): ResourceHandler {
  return {
    type,
    bodyBytes,
    list: listAll,
    create: createOne,
    read: readOne,
    replace: (visit, body) => change(visit, async (row) => readCustom(body, visit.reading, row.resource)),
    patch: patchOne,
    remove: removeOne,
  };
}

async function listAll(visit: Visit, query: ListQuery): Promise<Listed> {
  const { reader, connection } = visit.caller;
  const { rows, ...listed } = await reader.customResources(connection.id, visit.reading.type.name, query);
  return { ...listed, resources: await inBreaths(rows, (row) => shown(visit, row).resource) };
}

function createOne(visit: Visit, body: Json): Creation {
  const document = readCustom(body, visit.reading);
  const { resource } = document;
  return {
    change: { kind: "createCustom", type: visit.reading.type.name, document, ...newIdOf<CustomResourceId>(visit) },
    made: async (written) => outcome(visit, 201, { ...written, id: written.id as CustomResourceId, resource }),
  };
}

async function readOne(visit: Visit): Promise<Outcome> {
  const row = await stored(visit);
  return unlessUnchanged(visit, outcome(visit, 200, row));
}

function patchOne(visit: Visit, body: Json): Promise<Outcome> {
  const operations = readPatchRequest(body, visit.reading);
  return change(visit, async (row) => {
    const { resource } = await applyPatchInTurns(row.resource, operations, visit.reading);
    return customDocument(resource, visit.reading);
  });
}

/** Reads, changes and writes back; what changes nothing is not written (RFC-45), and a lost race is run again. */
function change(visit: Visit, next: (row: CustomResourceRow) => Promise<CustomDocument>): Promise<Outcome> {
  return changing(visit, async () => {
    const row = await stored(visit);
    checkIfMatch(visit.preconditions, row.version);
    const document = await next(row);
    const { resource } = document;
    if (sameJson(resource, row.resource)) return outcome(visit, 200, row);
    const written = await replaceCustomResource(visit.room.p, pushOf(visit), document, row);
    return outcome(visit, 200, { ...written, resource });
  });
}

function removeOne(visit: Visit): Promise<Outcome> {
  return changing(visit, async () => {
    const { id, version } = await stored(visit);
    const ifVersion = checkIfMatch(visit.preconditions, version) ? { ifVersion: version } : {};
    await deleteCustomResource(visit.room.p, pushOf(visit), { id, ...ifVersion });
    return { status: 204 } as const;
  });
}

async function stored({ id, caller: { reader, connection }, reading: { type } }: Visit): Promise<CustomResourceRow> {
  const row = isStorable(id)
    ? await reader.customResource(connection.id, type.name, id as CustomResourceId)
    : undefined;
  if (!row) throw new ScimError("notFound", `no ${type.name} ${quote(id)}`);
  return row;
}

function pushOf({ caller: { tenant, connection }, reading: { type } }: Visit) {
  return { tenant, connection, type: type.name };
}

function outcome(visit: Visit, status: 200 | 201, row: CustomResourceRow): Outcome {
  return { status, location: locationOf(visit.reading.type, row.id, visit.room.baseUrl), ...shown(visit, row) };
}

function shown({ reading: { type }, room: { baseUrl }, projection }: Visit, row: CustomResourceRow): Shown {
  return renderCustom(row, { type, baseUrl, projection });
}
