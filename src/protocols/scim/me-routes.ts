/** Owns `/Me` (RFC 7644 section 3.11): the service account whose token asks. A token of a connection alone is nobody's. */

import type { HttpRequest } from "../../http/exchange.js";
import { type Authenticator, defineRoute, type Route, type RouteInput } from "../../http/route.js";
import type { Json } from "../../model/json.js";
import { ScimError } from "./errors.js";
import { type Operation, operate, type ResourceHandler } from "./resource-handler.js";
import { visitRequest } from "./resource-routes.js";
import { outcomeAnswer } from "./scim-answer.js";
import { SCIM_PREFIX, type ScimCaller, type ScimRoom, scimBody } from "./scim-request.js";

/** What a token is of, found before any body is read. */
interface Own {
  readonly caller: ScimCaller;
  /** SCIM id of the account. */
  readonly id: string;
}

interface Asked {
  readonly principal: Own;
}

interface Written extends Asked {
  readonly body: Json;
}

/** What the token may do to the account by its id, it may do here, and nothing more. */
export function meRoutes(
  room: ScimRoom,
  { authenticate, ...scheme }: Authenticator<ScimCaller>,
  accounts: ResourceHandler,
): readonly Route[] {
  const auth: Authenticator<Own> = {
    ...scheme,
    async authenticate(request) {
      const caller = await authenticate(request);
      return { caller, id: await ownId(caller, request) };
    },
  };
  const shared = { path: `${SCIM_PREFIX}/Me`, tags: ["scim"], auth } as const;
  const serve = async ({ request, principal: { caller, id } }: RouteInput<Asked>, operation: Operation) =>
    outcomeAnswer(await operate(accounts, visitRequest(room, caller, request, id), operation));
  const asked = (method: "GET" | "DELETE", summary: string, kind: "read" | "remove"): Route =>
    defineRoute<Asked>({
      ...{ ...shared, method, summary },
      responses: kind === "read" ? { 200: null, 304: null } : { 204: null },
      handler: (input) => serve(input, { kind }),
    });
  const written = (method: "PUT" | "PATCH", summary: string, kind: "replace" | "patch"): Route =>
    defineRoute<Written>({
      ...{ ...shared, method, summary },
      body: scimBody(accounts.bodyBytes),
      responses: { 200: null },
      handler: (input) => serve(input, { kind, body: input.body }),
    });
  return [
    asked("GET", "Reads the service account whose token asks", "read"),
    written("PUT", "Replaces the service account whose token asks", "replace"),
    written("PATCH", "Changes the service account whose token asks", "patch"),
    asked("DELETE", "Removes the service account whose token asks", "remove"),
    defineRoute<Asked>({
      ...{ ...shared, method: "POST", summary: "Not offered: nobody makes themselves" },
      responses: { 501: null },
      handler: async () => notOffered("nobody makes themselves: send a POST to `/ServiceAccounts` instead"),
    }),
  ];
}

async function ownId({ serviceAccount, reader, connection }: ScimCaller, { method }: HttpRequest): Promise<string> {
  if (serviceAccount === undefined) {
    return notOffered("the token of a connection is no person's: ask for `/Users` instead");
  }
  const id = await reader.directoryIdOf(connection.id, serviceAccount);
  if (id !== undefined || method === "POST") return id ?? "";
  throw new ScimError("notFound", "the service account of this token is no resource of this connection");
}

function notOffered(detail: string): never {
  throw new ScimError("notImplemented", detail);
}
