import type { Connection } from "../../model/connection.js";
import type { DirectoryChange } from "../../model/directory.js";
import type { Json } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { type Pushed, push } from "../../provisioning/push.js";
import { type QuirkName, type Reading, startReading } from "./dialect.js";
import { ScimError } from "./errors.js";
import type { Preconditions } from "./preconditions.js";
import { type Projection, type ProjectionRequest, readProjection } from "./project.js";
import type { ResourceHandler } from "./resource-handler.js";
import { speaksOfRoles } from "./roles.js";
import type { ScimCaller, ScimRoom } from "./scim-request.js";

/** What a request, or one operation of a bulk request, asks for. */
export interface VisitRequest {
  readonly room: ScimRoom;
  readonly caller: ScimCaller;
  /** Nothing is written. Else a projection that is refused is refused as what a body says is: it keeps nobody in. */
  readonly reads?: boolean;
  /** Other types are asked the same: what this one lacks is no mistake. */
  readonly isOneOfSeveral?: boolean;
  /** Of the resource that is meant, or the one that is made where it has its id beforehand; absent where all of them are. */
  readonly id?: string;
  readonly projection?: ProjectionRequest;
  readonly preconditions?: Preconditions;
  /** Why nothing else than switching somebody off is done. */
  readonly refused?: ScimError;
  /** How many members other operations of the same request named. */
  readonly membersBefore?: number;
  /** Told how many this one named, where it did. */
  readonly onMembers?: (named: number) => void;
  /** Told which quirks reading it needed, whether it is answered or refused; not called when there were none. */
  onQuirks(quirks: readonly QuirkName[]): void;
}

/** One request about resources of one type. */
export interface Visit {
  readonly room: ScimRoom;
  readonly caller: ScimCaller;
  readonly id: string;
  readonly reading: Reading;
  readonly projection: Projection;
  readonly preconditions: Preconditions;
}

/** Whether the connection's client may see and change resources of the type at all. */
export function isManaged(managedAs: ResourceHandler["managedAs"], { manages }: Connection): boolean {
  return managedAs === undefined || manages.includes(managedAs);
}

/** One request about resources of several types; quirks are told type by type. */
export async function visitedAll<T>(
  [first, ...others]: readonly ResourceHandler[],
  request: VisitRequest,
  serve: (visits: readonly Visit[]) => Promise<T>,
): Promise<T> {
  if (first === undefined) return serve([]);
  return visited(first, request, (visit) => visitedAll(others, request, (visits) => serve([visit, ...visits])));
}

export async function visited<T>(
  handler: ResourceHandler,
  {
    room,
    caller,
    reads = false,
    isOneOfSeveral = false,
    id = "",
    projection = {},
    preconditions = {},
    membersBefore = 0,
    refused,
    ...told
  }: VisitRequest,
  serve: (visit: Visit) => Promise<T>,
): Promise<T> {
  const { type, managedAs } = handler;
  const { profile, rolesFrom } = caller.connection;
  if (!isManaged(managedAs, caller.connection)) refuseUnmanaged(handler, caller.connection, reads ? id : undefined);
  const roles = managedAs && {
    ...{ managed: rolesFrom.includes(managedAs), profile },
    ...(managedAs === "serviceAccounts" && { ownsNothing: true as const }),
  };
  const members = { before: membersBefore, named: 0 };
  const start: Reading = { ...startReading(type, profile, room.limits), members, ...(roles && { roles }) };
  try {
    const asked = projectionOrRefusal(projection, start, isOneOfSeveral);
    const unread = asked instanceof ScimError ? asked : undefined;
    if (unread !== undefined && reads) throw unread;
    const why = refused ?? unread;
    const reading = why === undefined ? start : { ...start, refused: why };
    const shown = asked instanceof ScimError ? readProjection({}, start) : asked;
    return await serve({ room, caller, id, reading, projection: shown, preconditions });
  } finally {
    if (start.quirks.size > 0) told.onQuirks([...start.quirks].sort());
    if (members.named > 0) told.onMembers?.(members.named);
  }
}

/** `id`: of what is read, empty for a list, absent where something is to be written. */
function refuseUnmanaged({ type, managedAs, readsAsNone }: ResourceHandler, { slug }: Connection, id?: string): void {
  const reason = `connection \`${slug}\` does not manage ${type.endpoint}: add \`${managedAs}\` to its setting \`manages\``;
  if (id === undefined || !readsAsNone) throw new ScimError("forbidden", reason);
  if (id !== "") throw new ScimError("notFound", `no ${type.name} ${quote(id)}: ${reason}`);
}

function projectionOrRefusal(
  asked: ProjectionRequest,
  reading: Reading,
  isOneOfSeveral: boolean,
): Projection | ScimError {
  try {
    return readProjection(asked, reading, isOneOfSeveral);
  } catch (refusal) {
    if (refusal instanceof ScimError) return refusal;
    throw refusal;
  }
}

/** The visit with what the active mapping says of roles, where the body speaks of them and the connection takes them. */
export async function withRoles(visit: Visit, body: Json): Promise<Visit> {
  const { roles } = visit.reading;
  if (!roles?.managed || !speaksOfRoles(body)) return visit;
  const { reader, tenant } = visit.caller;
  const { scimRoles } = await visit.room.p.mappings.active(reader, tenant.activeVersion, await reader.connections());
  if (scimRoles === undefined) return visit;
  return { ...visit, reading: { ...visit.reading, roles: { ...roles, declared: scimRoles } } };
}

/** The id that a new resource shall have, where it has one beforehand. */
export function newIdOf<Id extends string>({ id }: Visit): { readonly newId?: Id } {
  return id === "" ? {} : { newId: id as Id };
}

/** All of the changes or none, as the caller's. `hasFallback`: where they are refused, less is asked for. */
export function pushFor(
  { room, caller }: Pick<Visit, "room" | "caller">,
  changes: readonly DirectoryChange[],
  hasFallback = false,
): Promise<Pushed> {
  const { tenant, connection, context } = caller;
  return push(room.p, { tenant, connection, context, changes, hasFallback });
}

/** Reads, changes and writes back the resource that is meant, and again when it was changed in between. */
export function changing<T>(visit: Visit, attempt: () => Promise<T>): Promise<T> {
  return visit.room.whileUnchanged(visit.id, attempt);
}
