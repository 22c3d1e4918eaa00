/** Owns what a resource type can do over SCIM. Routes, searches and bulk requests call the same handlers. */

import type { ManagedResource } from "../../model/connection.js";
import type { DirectoryChange } from "../../model/directory.js";
import type { RunId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { Written } from "../../provisioning/ingest-state.js";
import type { Walked } from "../../provisioning/ports/directory.js";
import type { ListQuery } from "./list-query.js";
import { isUnchanged } from "./preconditions.js";
import type { ResourceType } from "./schema.js";
import { bodySaysOff, orSwitchOff } from "./switch-off.js";
import { pushFor, type Visit, type VisitRequest, visited, withRoles } from "./visit.js";

/** What came of one operation on one resource. */
export interface Outcome {
  readonly status: 200 | 201 | 204 | 304;
  /** As the answer shows it; absent where there is nothing to show. */
  readonly resource?: JsonObject;
  /** Absolute. */
  readonly location?: string;
  readonly etag?: string;
  /** The run that brings the change to people, when they were too many to wait for. */
  readonly run?: RunId;
}

/** A page of a list as the answer shows it, and how many resources match in all. */
export interface Listed {
  readonly total: number;
  readonly resources: readonly JsonObject[];
  /** Of a walk. */
  readonly walked?: Walked;
}

/** A new resource before it is written, and the outcome of which the written row is a part. */
export interface Creation {
  readonly change: DirectoryChange;
  /** Where it is refused, `letGo` does less. */
  readonly hasFallback?: boolean;
  made(written: NonNullable<Written>): Promise<Outcome>;
}

/** Each function throws ScimErrors and the Refusals of provisioning. The id of the resource that is meant is the visit's. */
export interface ResourceHandler {
  readonly type: ResourceType;
  /** Its name in the settings of a connection; absent for types that operators define. */
  readonly managedAs?: ManagedResource;
  /** Where the connection does not manage it, it is read as if there were none: clients test a connection by what they never push. */
  readonly readsAsNone?: true;
  /** PUT and PATCH switch off by `orSwitchOff`, and do nothing else of what is refused beforehand. */
  readonly switchesOff?: true;
  /** Bytes of a body at most. */
  readonly bodyBytes: number;
  list(visit: Visit, query: ListQuery): Promise<Listed>;
  /** What a POST is to write. Nothing is written yet: others may be made with it. The visit's id is that which it shall have, if any. */
  create(visit: Visit, body: Json): Creation;
  /** Where a POST is refused that says `active: false`: whom it means is switched off, and nothing is made. */
  letGo?(visit: Visit, body: Json): Creation;
  read(visit: Visit): Promise<Outcome>;
  replace(visit: Visit, body: Json): Promise<Outcome>;
  patch(visit: Visit, body: Json): Promise<Outcome>;
  remove(visit: Visit): Promise<Outcome>;
}

/** What was read, or that the client has it already. `saysAll`: the tag tells every change of it. */
export function unlessUnchanged({ preconditions }: Visit, read: Outcome, saysAll = true): Outcome {
  const { etag = "" } = read;
  return isUnchanged(preconditions, etag, saysAll) ? { status: 304, etag } : read;
}

/** One operation as a request or a line of a bulk request asks for it. */
export type Operation =
  | { readonly kind: "create"; readonly body: Json }
  | { readonly kind: "replace" | "patch"; readonly body: Json }
  | { readonly kind: "read" }
  | { readonly kind: "remove" };

export function operate(handler: ResourceHandler, asked: VisitRequest, operation: Operation): Promise<Outcome> {
  if (operation.kind === "create") return makeOne(handler, asked, operation.body);
  if (operation.kind === "read") return visited(handler, { ...asked, reads: true }, (visit) => handler.read(visit));
  // there is nothing to show after it
  if (operation.kind === "remove")
    return visited(handler, { ...asked, projection: {} }, (visit) => handler.remove(visit));
  const { kind, body } = operation;
  return visited(handler, asked, async (visit) => {
    const { refused } = visit.reading;
    if (refused && !handler.switchesOff) throw refused;
    return handler[kind](await withRoles(visit, body), body);
  });
}

function makeOne(handler: ResourceHandler, asked: VisitRequest, body: Json): Promise<Outcome> {
  return visited(handler, asked, (visit) => {
    const { reading } = visit;
    const { letGo } = handler;
    const write = async () => makeNow(asked, handler.create(await withRoles(visit, body), body));
    if (letGo === undefined) {
      if (reading.refused) throw reading.refused;
      return write();
    }
    const alone = async () => makeNow(asked, letGo(visit, body));
    return orSwitchOff({ reading, saysOff: () => bodySaysOff(body, reading), write, alone });
  });
}

async function makeNow(asked: VisitRequest, creation: Creation): Promise<Outcome> {
  // Somebody else may take over the group of that name at the same moment: then this is another group.
  const [outcome] = await asked.room.whileUnchanged("", () => makeTogether(asked, [creation], creation.hasFallback));
  return outcome as Outcome;
}

/** Reads what is to be made, and writes nothing. */
export function readCreation(handler: ResourceHandler, asked: VisitRequest, body: Json): Promise<Creation> {
  return visited(handler, asked, async (visit) => handler.create(await withRoles(visit, body), body));
}

/** Makes all of them or none, in one transaction; outcomes in their order. */
export async function makeTogether(
  asked: Pick<VisitRequest, "room" | "caller">,
  creations: readonly Creation[],
  hasFallback = false,
): Promise<readonly Outcome[]> {
  const changes = creations.map(({ change }) => change);
  const { rows, run } = await pushFor(asked, changes, hasFallback);
  const outcomes: Outcome[] = [];
  for (const [at, { made }] of creations.entries()) {
    const row = rows[at];
    if (row === undefined) throw new Error("a resource was made and no row came back");
    outcomes.push({ ...(await made(row)), ...(run !== undefined && { run }) });
  }
  return outcomes;
}
