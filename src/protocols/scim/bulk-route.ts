/** Owns `/Bulk`: each operation goes to the handler that the request alone would go to. */

import type { HttpRequest } from "../../http/exchange.js";
import { type Authenticator, defineRoute, type Route, type RouteInput } from "../../http/route.js";
import type { Json, JsonObject } from "../../model/json.js";
import { type BulkResult, type Carrier, carryOutBulk } from "./bulk.js";
import { blaming, makeCircle } from "./bulk-circle.js";
import { readBulkRequest } from "./bulk-request.js";
import type { QuirkName } from "./dialect.js";
import { operate, type ResourceHandler, readCreation } from "./resource-handler.js";
import { renderScimError, scimAnswer } from "./scim-answer.js";
import { countRequest, noteQuirks, SCIM_PREFIX, type ScimCaller, type ScimRoom, scimBody } from "./scim-request.js";
import type { VisitRequest } from "./visit.js";

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
  const [quirks, onQuirks] = [new Set<QuirkName>(), noteQuirks(request)];
  const bulk = readBulkRequest(body, handlers, room.bulk.maxOperations, quirks);
  if (quirks.size > 0) onQuirks([...quirks]);
  const results = await carryOutBulk(bulk, carrierFor({ room, caller, onQuirks }));
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

/** Each operation counts against the token's rate, and its members together with those that operations before it named. */
function carrierFor(request: Pick<VisitRequest, "room" | "caller" | "onQuirks">): Carrier {
  let isFirst = true;
  let membersBefore = 0;
  const count = (): void => {
    // The request itself was counted when its token was looked at.
    if (!isFirst) countRequest(request.room, request.caller);
    isFirst = false;
  };
  const onMembers = (named: number): void => {
    membersBefore += named;
  };
  const visitOf = (id: string, ifMatch?: string): VisitRequest => {
    return { ...request, id, preconditions: { ifMatch }, membersBefore, onMembers };
  };
  return {
    async one({ handler, id, version, operation, refused }) {
      count();
      return operate(handler, { ...visitOf(id, version), ...(refused && { refused }) }, operation);
    },
    async circle(circle) {
      for (const bulkId of circle.keys()) await blaming(bulkId, count);
      const before = membersBefore;
      return makeCircle(request, circle, () => {
        membersBefore = before;
        return ({ handler, body }, id) => readCreation(handler, visitOf(id), body);
      });
    },
  };
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
