/** SCIM 2.0 at one base URL for everybody: the token names tenant and connection (RFC 7643, RFC 7644). */
import { join } from "node:path";
import type { Face } from "../../http/route.js";
import { projectRoot } from "../../platform/root.js";
import { discoveryRoutes } from "./discovery-routes.js";
import { groupRoutes } from "./groups.js";
import { readScimSchemas } from "./schema.js";
import { renderScimError } from "./scim-answer.js";
import { type ScimRoom, scimAuthenticator } from "./scim-request.js";
import { userRoutes } from "./users.js";
import { createWhileUnchanged } from "./while-unchanged.js";

const PREFIX = "/api/scim/v2";

export function openScimFace(
  settings: Omit<ScimRoom, "schemas" | "baseUrl" | "whileUnchanged"> & { readonly publicUrl: string },
): Face {
  const { publicUrl, ...rest } = settings;
  const room: ScimRoom = {
    ...rest,
    schemas: readScimSchemas(join(projectRoot, "schemas", "scim")),
    baseUrl: publicUrl + PREFIX,
    whileUnchanged: createWhileUnchanged(),
  };
  const auth = scimAuthenticator(room);
  return {
    prefix: PREFIX,
    routes: [...userRoutes(room, auth), ...groupRoutes(room, auth), ...discoveryRoutes(room)],
    renderError: renderScimError,
  };
}
