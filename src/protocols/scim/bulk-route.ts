/** Owns `/Bulk`: each operation goes to the handler that the request alone would go to. */

import type { HttpRequest } from "../../http/exchange.js";
import { type Authenticator, defineRoute, type Route, type RouteInput } from "../../http/route.js";
import type { Json, JsonObject } from "../../model/json.js";
import { type BulkResult, carryOutBulk } from "./bulk.js";
import { readBulkRequest } from "./bulk-request.js";
import { operate, type ResourceHandler } from "./resource-handler.js";
import { renderScimError, scimAnswer } from "./scim-answer.js";
import { countRequest, noteQuirks, SCIM_PREFIX, type ScimCaller, type ScimRoom, scimBody } from "./scim-request.js";

interface Shape {
  readonly principal: ScimCaller;
  readonly body: Json;
}

export function bulkRoute(
  room: ScimRoom,
  auth: Authenticator<ScimCaller>,
  handlers: readonly ResourceHandler[],
): Route {
  return defineRoute<Shape>({
    method: "POST",
    path: `${SCIM_PREFIX}/Bulk`,
    summary: "Carries out many operations in one request, each wholly or not at all",
    tags: ["scim"],
    auth,
    body: scimBody(room.bulk.maxPayloadSize),
    responses: { 200: null },
    handler: (input) => serveBulk(room, handlers, input),
  });
}

async function serveBulk(
  room: ScimRoom,
  handlers: readonly ResourceHandler[],
  { request, principal: caller, body }: RouteInput<Shape>,
) {
  const bulk = readBulkRequest(body, handlers, room.bulk.maxOperations);
  const onQuirks = noteQuirks(request);
  let membersBefore = 0;
  const onMembers = (named: number): void => {
    membersBefore += named;
  };
  let isFirst = true;
  const results = await carryOutBulk(bulk, async ({ handler, id, version, operation }) => {
    // The request itself was counted when its token was looked at.
    if (!isFirst) countRequest(room, caller);
    isFirst = false;
    const asked = { room, caller, id, preconditions: { ifMatch: version }, membersBefore, onMembers, onQuirks };
    return operate(handler, asked, operation);
  });
  const runs = [...new Set(results.flatMap(({ outcome }) => outcome?.run ?? []))];
  return scimAnswer(
    200,
    {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
      Operations: results.map((result) => resultDocument(result, room.baseUrl, request)),
    },
    runs.length === 0 ? {} : { "rolecall-run": runs.join(", ") },
  );
}

function resultDocument({ line, id, outcome, error }: BulkResult, baseUrl: string, request: HttpRequest): JsonObject {
  const { method, bulkId, asked } = line;
  const known = "handler" in asked && id !== undefined && id !== "";
  const echoed = {
    ...(method !== "" && { method }),
    ...(bulkId !== undefined && { bulkId }),
    ...(known && { location: `${baseUrl}${asked.handler.type.endpoint}/${id}` }),
    ...(outcome?.etag !== undefined && { version: outcome.etag }),
  };
  if (error === undefined) return { ...echoed, status: String(outcome?.status) };
  const { status, body } = renderScimError(error, request);
  if (status >= 500) request.log.fault("bulk_operation_failed", error);
  return { ...echoed, status: String(status), response: body as JsonObject };
}
