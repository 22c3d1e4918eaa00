/** Owns what a resource type can do over SCIM. Routes, searches and bulk requests call the same handlers. */

import type { RoleSource } from "../../model/connection.js";
import type { RunId } from "../../model/ids.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { Walked } from "../../provisioning/ports/directory.js";
import type { ListQuery } from "./list-query.js";
import type { ResourceType } from "./schema.js";
import { type Visit, type VisitRequest, visited, withRoles } from "./visit.js";

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

/** Each function throws ScimErrors and the Refusals of provisioning. The id of the resource that is meant is the visit's. */
export interface ResourceHandler {
  readonly type: ResourceType;
  /** Its name in the settings of a connection; absent for types that operators define. */
  readonly managedAs?: RoleSource;
  /** Bytes of a body at most. */
  readonly bodyBytes: number;
  list(visit: Visit, query: ListQuery): Promise<Listed>;
  create(visit: Visit, body: Json): Promise<Outcome>;
  read(visit: Visit): Promise<Outcome>;
  replace(visit: Visit, body: Json): Promise<Outcome>;
  patch(visit: Visit, body: Json): Promise<Outcome>;
  remove(visit: Visit): Promise<Outcome>;
}

/** One operation as a request or a line of a bulk request asks for it. */
export type Operation =
  | { readonly kind: "create" | "replace" | "patch"; readonly body: Json }
  | { readonly kind: "read" | "remove" };

export function operate(handler: ResourceHandler, asked: VisitRequest, operation: Operation): Promise<Outcome> {
  return visited(handler, asked, async (visit) => {
    if ("body" in operation) return handler[operation.kind](await withRoles(visit, operation.body), operation.body);
    return handler[operation.kind](visit);
  });
}
