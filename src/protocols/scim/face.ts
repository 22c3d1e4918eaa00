/** SCIM 2.0 at one base URL for everybody: the token names tenant and connection (RFC 7643, RFC 7644). */
import type { Face } from "../../http/route.js";
import type { RequestLog } from "../../provisioning/request-log.js";
import { bulkRoute } from "./bulk-route.js";
import { customHandler } from "./custom-resources.js";
import { SCIM_TABLES } from "./custom-schemas.js";
import { discoveryRoutes } from "./discovery-routes.js";
import { groupHandler } from "./groups.js";
import { requestNotes } from "./log/note-requests.js";
import { meRoutes } from "./me-routes.js";
import { resourceRoutes } from "./resource-routes.js";
import { readScimSchemas } from "./schema.js";
import type { CustomTables } from "./schema-tables.js";
import { renderScimError } from "./scim-answer.js";
import { SCIM_PREFIX, SCIM_UNVERSIONED, type ScimRoom, scimAuthenticator } from "./scim-request.js";
import { searchRoutes } from "./search-routes.js";
import { serviceAccountHandler } from "./service-accounts.js";
import { createTurns } from "./turns.js";
import { userHandler } from "./users.js";
import { createWhileUnchanged } from "./while-unchanged.js";

/** Of one tenant: a page of the largest resources is 25 MB, and several times that while it is made. */
const PAGES_AT_ONCE = 4;

export function openScimFace(
  settings: Omit<ScimRoom, "schemas" | "baseUrl" | "whileUnchanged" | "listInTurn"> & {
    readonly publicUrl: string;
    readonly customTables?: CustomTables;
    /** Absent: no request is noted. */
    readonly requestLog?: RequestLog;
  },
): Face {
  const { publicUrl, customTables, requestLog, ...rest } = settings;
  const room: ScimRoom = {
    ...rest,
    schemas: readScimSchemas(SCIM_TABLES, customTables),
    baseUrl: publicUrl + SCIM_PREFIX,
    whileUnchanged: createWhileUnchanged(),
    listInTurn: createTurns(PAGES_AT_ONCE),
  };
  const auth = scimAuthenticator(room);
  const custom = room.schemas.custom.map((type) => customHandler(room, type));
  const accounts = serviceAccountHandler(room);
  const handlers = [userHandler(room), groupHandler(room), accounts, ...custom];
  return {
    prefix: SCIM_PREFIX,
    alias: SCIM_UNVERSIONED,
    anyCase: true,
    routes: [
      ...handlers.flatMap((handler) => resourceRoutes(room, auth, handler)),
      ...searchRoutes(room, auth, handlers),
      bulkRoute(room, auth, handlers),
      ...meRoutes(room, auth, accounts),
      ...discoveryRoutes(room),
    ],
    renderError: renderScimError,
    ...(requestLog && { answered: requestNotes(room, requestLog) }),
  };
}
