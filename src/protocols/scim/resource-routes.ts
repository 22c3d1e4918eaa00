/** Owns the paths of resources: each type's collection and its resources, served by the type's handler. */

import type { HttpRequest } from "../../http/exchange.js";
import { type Authenticator, defineRoute, type Route, type RouteInput } from "../../http/route.js";
import type { Json } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { listRequest, projectionRequest } from "./list-parameters.js";
import { listResources } from "./list-resources.js";
import { type Operation, operate, type ResourceHandler } from "./resource-handler.js";
import { listAnswer, outcomeAnswer } from "./scim-answer.js";
import { noteQuirks, SCIM_PREFIX, type ScimCaller, type ScimRoom, scimBody } from "./scim-request.js";
import type { VisitRequest } from "./visit.js";

/** No resource is called so: searches are posted there. */
export const SEARCH = ".search";

interface Asked {
  readonly principal: ScimCaller;
}

interface Written extends Asked {
  readonly body: Json;
}

export function resourceRoutes(
  room: ScimRoom,
  auth: Authenticator<ScimCaller>,
  handler: ResourceHandler,
): readonly Route[] {
  const { name, endpoint } = handler.type;
  const shared = { tags: ["scim"], auth } as const;
  const body = scimBody(handler.bodyBytes);
  const collection = SCIM_PREFIX + endpoint;
  const resource = `${collection}/:id`;
  const serve = async ({ request, principal }: RouteInput<Asked>, operation: Operation) =>
    outcomeAnswer(await operate(handler, visitRequest(room, principal, request), operation));
  return [
    defineRoute<Asked>({
      ...shared,
      method: "GET",
      path: collection,
      summary: `Lists resources of type ${name}`,
      responses: { 200: null },
      handler: (input) => list(room, handler, input),
    }),
    defineRoute<Written>({
      ...shared,
      method: "POST",
      path: collection,
      summary: `Makes a ${name}`,
      body,
      responses: { 201: null },
      handler: (input) => serve(input, { kind: "create", body: input.body }),
    }),
    defineRoute<Asked>({
      ...shared,
      method: "GET",
      path: resource,
      summary: `Reads a ${name}`,
      responses: { 200: null, 304: null },
      handler: (input) => serve(input, { kind: "read" }),
    }),
    defineRoute<Written>({
      ...shared,
      method: "PUT",
      path: resource,
      summary: `Replaces a ${name}`,
      body,
      responses: { 200: null },
      handler: (input) => serve(input, { kind: "replace", body: input.body }),
    }),
    defineRoute<Written>({
      ...shared,
      method: "PATCH",
      path: resource,
      summary: `Changes a ${name}, wholly or not at all`,
      body,
      responses: { 200: null, 204: null },
      handler: (input) => serve(input, { kind: "patch", body: input.body }),
    }),
    defineRoute<Asked>({
      ...shared,
      method: "DELETE",
      path: resource,
      summary: `Removes a ${name} from the directory`,
      responses: { 204: null },
      handler: (input) => serve(input, { kind: "remove" }),
    }),
  ];
}

async function list(room: ScimRoom, handler: ResourceHandler, { request, principal }: RouteInput<Asked>) {
  const asked = visitRequest(room, principal, request);
  const query = listRequest(request);
  return room.listInTurn(String(principal.tenant.id), async () =>
    listAnswer(await listResources([handler], asked, query, handler.type.endpoint)),
  );
}

/** About the resource that the path names, or another. */
export function visitRequest(
  room: ScimRoom,
  caller: ScimCaller,
  request: HttpRequest,
  id = request.params["id"] ?? "",
): VisitRequest {
  if (id.toLowerCase() === SEARCH) {
    throw new Refusal("method_not_allowed", `${request.method} is not possible here, only POST`, { allow: "POST" });
  }
  return {
    room,
    caller,
    id,
    projection: projectionRequest(request),
    preconditions: { ifMatch: request.header("if-match"), ifNoneMatch: request.header("if-none-match") },
    onQuirks: noteQuirks(request),
  };
}
