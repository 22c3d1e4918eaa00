/** Owns searches by POST, at each type and at the base URL, and the query of the base URL itself (RFC 7644 sections 3.4.2.1, 3.4.3). */

import { type Authenticator, defineRoute, type Route, type RouteInput } from "../../http/route.js";
import type { Json } from "../../model/json.js";
import type { QuirkName } from "./dialect.js";
import { listRequest, projectionRequest } from "./list-parameters.js";
import { listResources } from "./list-resources.js";
import type { ResourceHandler } from "./resource-handler.js";
import { listAnswer } from "./scim-answer.js";
import { noteQuirks, SCIM_PREFIX, type ScimCaller, type ScimRoom, scimBody } from "./scim-request.js";
import { readSearchRequest, type SearchRequest } from "./search-request.js";
import { isManaged } from "./visit.js";

interface Asked {
  readonly principal: ScimCaller;
}

interface Searched extends Asked {
  readonly body: Json;
}

export function searchRoutes(
  room: ScimRoom,
  auth: Authenticator<ScimCaller>,
  handlers: readonly ResourceHandler[],
): readonly Route[] {
  const shared = { tags: ["scim"], auth, responses: { 200: null } } as const;
  const searched = (path: string, what: string, among: readonly ResourceHandler[]): Route =>
    defineRoute<Searched>({
      ...shared,
      method: "POST",
      path: `${SCIM_PREFIX}${path}/.search`,
      summary: `Searches ${what}, with a query in the body`,
      body: scimBody(room.bodyBytes),
      handler: (input) => {
        const quirks = new Set<QuirkName>();
        const asked = readSearchRequest(input.body, quirks);
        return search(room, among, input, path, asked, quirks);
      },
    });
  return [
    ...handlers.map((handler) => searched(handler.type.endpoint, `resources of type ${handler.type.name}`, [handler])),
    searched("", "resources of all types", handlers),
    defineRoute<Asked>({
      ...shared,
      method: "GET",
      path: SCIM_PREFIX,
      summary: "Lists resources of all types",
      handler: (input) => {
        const { request } = input;
        return search(room, handlers, input, "", {
          list: listRequest(request),
          projection: projectionRequest(request),
        });
      },
    }),
  ];
}

async function search(
  room: ScimRoom,
  handlers: readonly ResourceHandler[],
  { request, principal: caller }: RouteInput<Asked>,
  path: string,
  { list, projection }: SearchRequest,
  quirks: ReadonlySet<QuirkName> = new Set(),
) {
  const onQuirks = noteQuirks(request);
  if (quirks.size > 0) onQuirks([...quirks]);
  // Who searches everything sees what the connection manages; who names a type that it does not is told so.
  const among =
    handlers.length > 1 ? handlers.filter((handler) => isManaged(handler.managedAs, caller.connection)) : handlers;
  const asked = { room, caller, projection, onQuirks };
  return room.listInTurn(String(caller.tenant.id), async () =>
    listAnswer(await listResources(among, asked, list, path)),
  );
}
