/** Owns `/Groups`. Members are rows of their own: no write reads the list of a group, whatever its size. */

import type { DirectoryChange, ScimGroupDocument } from "../../model/directory.js";
import type { DirectoryGroupId, MemberId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { inBreaths } from "../../platform/in-breaths.js";
import type { DirectoryGroupRow, ShownMember } from "../../provisioning/ports/directory.js";
import type { Pushed } from "../../provisioning/push.js";
import { comesApart, readLater, withApart } from "./apart.js";
import { groupDocument, readGroup } from "./document.js";
import { entityTag } from "./entity-tag.js";
import { ScimError } from "./errors.js";
import { sameJson } from "./json-value.js";
import type { ListQuery } from "./list-query.js";
import type { MemberOperation } from "./member-operations.js";
import { areMany, type MemberPieces, memberPieces, membersOf } from "./members.js";
import { applyPatchInTurns, type PatchOutcome } from "./patch.js";
import { type PatchOperation, readPatchRequest } from "./patch-request.js";
import { checkIfMatch } from "./preconditions.js";
import { chosenIds, wants } from "./project.js";
import { locationOf, memberDocument, type Rendering, renderGroup, renderMembers, type Shown } from "./render.js";
import { type Creation, type Listed, type Outcome, type ResourceHandler, unlessUnchanged } from "./resource-handler.js";
import { adoptableFor, type ScimRoom } from "./scim-request.js";
import { isStorable } from "./storable-text.js";
import { changing, newIdOf, pushFor, type Visit } from "./visit.js";

/** A PATCH of a larger group is answered without a body unless attributes are asked for: its cost would be the group's size. */
const MEMBERS_IN_ANSWER = 200;

/** A PATCH adds and removes members as differences; DELETE leaves them. */
export function groupHandler({ schemas, groupBodyBytes }: ScimRoom): ResourceHandler {
  return {
    type: schemas.group,
    managedAs: "groups",
    readsAsNone: true,
    bodyBytes: groupBodyBytes,
    list: listGroups,
    create: createGroup,
    read: readOne,
    replace: replaceGroup,
    patch: patchGroup,
    remove: deleteGroup,
  };
}

async function listGroups(visit: Visit, query: ListQuery): Promise<Listed> {
  const { reader, connection } = visit.caller;
  const asked = { ...query, ...adoptableFor(visit.caller) };
  const { rows, ...listed } = await reader.directoryGroupsList(connection.id, asked);
  return { ...listed, resources: await renderPage(visit, rows) };
}

function createGroup(visit: Visit, body: Json): Creation {
  const { document, members } = readGroup(body, visit.reading);
  const { length } = members;
  // At most: which of them are groups shows when they are read.
  const counts = { memberCount: length, nestedCount: length };
  return {
    change: {
      kind: "upsertGroup",
      ...{ document, members: members as readonly MemberId[] },
      ...newIdOf<DirectoryGroupId>(visit),
    },
    made: async (written) => {
      await noteTypes(visit);
      const row = { ...written, ...counts, id: written.id as DirectoryGroupId, resource: document.resource };
      return outcome(visit, 201, row);
    },
  };
}

async function readOne(visit: Visit): Promise<Outcome> {
  const found = await outcome(visit, 200, await stored(visit));
  // names that are read only as they are sent are in no tag
  return unlessUnchanged(visit, found, !comesApart(found.resource));
}

function replaceGroup(visit: Visit, body: Json): Promise<Outcome> {
  return changing(visit, async () => {
    const row = await stored(visit);
    const named = checkIfMatch(visit.preconditions, row.version);
    const { document, members } = readGroup(body, visit.reading, row.resource);
    const next = sameJson(document.resource, row.resource) && !row.adoptable ? undefined : document;
    const pushed = await pushFor(visit, groupChanges(row, named, next, [{ kind: "setMembers", members }]));
    await noteTypes(visit);
    return outcome(visit, 200, await stored(visit), pushed);
  });
}

function patchGroup(visit: Visit, body: Json): Promise<Outcome> {
  const operations = readPatchRequest(body, visit.reading);
  return changing(visit, async () => {
    const row = await stored(visit);
    const named = checkIfMatch(visit.preconditions, row.version);
    const { resource, changed, members } = await applyToGroup(visit, row, operations);
    const next = changed || row.adoptable ? groupDocument(resource, visit.reading) : undefined;
    const changes = groupChanges(row, named, next, members);
    const pushed = changes.length > 0 ? await pushFor(visit, changes) : undefined;
    await noteTypes(visit);
    return patched(visit, await stored(visit), pushed);
  });
}

/** What a member is shows in its id: whom the request calls a group is looked up, and nobody else. */
async function noteTypes({ caller, reading }: Visit): Promise<void> {
  if (reading.calledGroups.size === 0) return;
  const shown = await caller.reader.shownAsMembers(caller.connection.id, [...reading.calledGroups].filter(isStorable));
  if (shown.some(({ type }) => type === "User")) reading.quirks.add("member_type");
}

/** Who is named is read where a path asks more of them than their id, and nowhere else: members, and who becomes one just now. */
async function applyToGroup(
  { room, caller, reading }: Visit,
  row: DirectoryGroupRow,
  operations: readonly PatchOperation[],
): Promise<PatchOutcome> {
  const outcome = await applyPatchInTurns(row.resource, operations, reading);
  if (outcome.asked.length === 0) return outcome;
  const found = await caller.reader.shownAsMembers(caller.connection.id, outcome.asked.filter(isStorable));
  const present = new Map(found.map((member) => [member.id, memberDocument(member, room.baseUrl)]));
  return applyPatchInTurns(row.resource, operations, reading, present);
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
      members: operation.members as readonly MemberId[],
      ...ifVersion,
    })),
  ];
}

/** C1: 204 where the profile asks for it, and for large groups; 200 with the resource otherwise, and always when attributes were asked for. */
function patched(visit: Visit, row: DirectoryGroupRow, pushed: Pushed | undefined): Promise<Outcome> {
  const asked = visit.projection.mode !== "default";
  const large = row.memberCount + row.nestedCount > MEMBERS_IN_ANSWER;
  if (!asked && (large || visit.reading.dialect.groupPatchStatus === 204)) {
    return Promise.resolve({ status: 204, etag: entityTag(row), ...runOf(pushed) });
  }
  return outcome(visit, 200, row, pushed);
}

function deleteGroup(visit: Visit): Promise<Outcome> {
  return changing(visit, async () => {
    const { id, version, resource, adoptable } = await stored(visit);
    const ifVersion = checkIfMatch(visit.preconditions, version) ? { ifVersion: version } : {};
    const pushed = await pushFor(
      visit,
      adoptable
        ? [
            { kind: "upsertGroup", id, document: groupDocument(resource, visit.reading), ...ifVersion },
            { kind: "deleteGroup", id },
          ]
        : [{ kind: "deleteGroup", id, ...ifVersion }],
    );
    return { status: 204, ...runOf(pushed) } as const;
  });
}

async function stored(visit: Visit): Promise<DirectoryGroupRow> {
  const { id, caller } = visit;
  const { reader, connection } = caller;
  const { adoptable } = adoptableFor(caller);
  const row = isStorable(id)
    ? await reader.directoryGroup(connection.id, id as DirectoryGroupId, adoptable)
    : undefined;
  if (!row) throw new ScimError("notFound", `no group ${quote(id)}`);
  return row;
}

function runOf(pushed: Pushed | undefined): Pick<Outcome, "run"> {
  return pushed?.run === undefined ? {} : { run: pushed.run };
}

async function outcome(visit: Visit, status: 200 | 201, row: DirectoryGroupRow, pushed?: Pushed): Promise<Outcome> {
  const shown = await renderOne(visit, row);
  const location = locationOf(visit.room.schemas.group, row.id, visit.room.baseUrl);
  return { status, location, ...shown, ...runOf(pushed) };
}

function renderingOf({ room, projection }: Visit): Rendering {
  return { type: room.schemas.group, baseUrl: room.baseUrl, projection };
}

async function renderOne(visit: Visit, row: DirectoryGroupRow): Promise<Shown> {
  const [shown] = (await renderAtOnce(visit, [row])) ?? [];
  return shown ?? inPieces(row, memberPieces(visit.caller.reader, [row]), renderingOf(visit));
}

/** INVARIANT: a group has the tag here that it has by itself, so that its members are known before it is sent, unless they never are. */
async function renderPage(visit: Visit, rows: readonly DirectoryGroupRow[]): Promise<readonly JsonObject[]> {
  const atOnce = await renderAtOnce(visit, rows);
  if (atOnce !== undefined) return atOnce.map(({ resource }) => resource);
  const rendering = renderingOf(visit);
  const pieces = memberPieces(visit.caller.reader, rows);
  return rows.map((row) =>
    areMany([row])
      ? inPieces(row, pieces, rendering).resource
      : readLater(async () => renderGroup(row, await allOf(pieces(row)), rendering).resource),
  );
}

/**
 * Members of the whole page are asked for at once, and none where the answer shows none. `undefined`: they are too many to be read
 * before they are sent.
 */
async function renderAtOnce(visit: Visit, rows: readonly DirectoryGroupRow[]): Promise<readonly Shown[] | undefined> {
  if (rows.length === 0) return [];
  const rendering = renderingOf(visit);
  const { type, projection } = rendering;
  if (!wants(type, "members", projection)) return inBreaths(rows, (row) => renderGroup(row, undefined, rendering));
  const only = chosenIds(type, "members", projection);
  if (only === undefined && areMany(rows)) return undefined;
  const members = await membersOf(visit.caller.reader, rows, only);
  return inBreaths(rows, (row) => renderGroup(row, members.get(row.id) ?? [], rendering));
}

function inPieces(row: DirectoryGroupRow, pieces: MemberPieces, rendering: Rendering): Shown {
  const { resource, etag } = renderGroup(row, undefined, rendering);
  return { etag, resource: withApart(resource, "members", shownPieces(pieces(row), rendering)) };
}

async function allOf(pieces: AsyncIterable<readonly ShownMember[]>): Promise<readonly ShownMember[]> {
  const all: ShownMember[] = [];
  for await (const members of pieces) all.push(...members);
  return all;
}

async function* shownPieces(pieces: AsyncIterable<readonly ShownMember[]>, rendering: Rendering) {
  for await (const members of pieces) yield renderMembers(members, rendering);
}
