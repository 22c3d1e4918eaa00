import type { Answer, HttpRequest } from "../../http/exchange.js";
import type { Json } from "../../model/json.js";
import { type Reading, startReading } from "./dialect.js";
import { type Projection, readProjection } from "./project.js";
import { speaksOfRoles } from "./roles.js";
import type { ResourceType } from "./schema.js";
import type { ScimCaller, ScimRoom } from "./scim-request.js";

/** One request about resources of one type. */
export interface Visit {
  readonly room: ScimRoom;
  readonly caller: ScimCaller;
  readonly request: HttpRequest;
  readonly reading: Reading;
  readonly projection: Projection;
}

/** Serves a request; whether it is answered or refused, the access log tells which quirks reading it needed. */
export async function visited(
  { room, caller, request }: Pick<Visit, "room" | "caller" | "request">,
  type: ResourceType,
  serve: (visit: Visit) => Promise<Answer>,
): Promise<Answer> {
  const { profile, rolesFrom } = caller.connection;
  const managed = rolesFrom.includes(type === room.schemas.group ? "groups" : "users");
  const reading: Reading = { ...startReading(type, profile, room.limits), roles: { managed, profile } };
  try {
    return await serve({ room, caller, request, reading, projection: projectionOf(request, reading) });
  } finally {
    if (reading.quirks.size > 0) request.identify({ quirks: [...reading.quirks].sort().join(",") });
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

function projectionOf({ query }: HttpRequest, reading: Reading): Projection {
  const attributes = query.get("attributes");
  const excludedAttributes = query.get("excludedAttributes");
  return readProjection(
    { ...(attributes !== null && { attributes }), ...(excludedAttributes !== null && { excludedAttributes }) },
    reading,
  );
}

/** The resource's id in the path. */
export function idOf({ request }: Visit): string {
  return request.params["id"] ?? "";
}

/** Reads, changes and writes back the resource of the path, and again when it was changed in between. */
export function changing<T>(visit: Visit, attempt: () => Promise<T>): Promise<T> {
  return visit.room.whileUnchanged(idOf(visit), attempt);
}
