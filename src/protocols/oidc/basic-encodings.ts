/** Owns the two ways to write a client's id and secret into HTTP Basic, and which of them each provider took. */
import { boundedMap } from "../../model/bounded-map.js";
import type { Json } from "../../model/json.js";
import type { GuardedFetch } from "../../platform/network.js";
import { isObject } from "../sign-in/claims.js";

/** What providers say who do not know the client, in place of `invalid_grant`: they have not looked at the code then. */
const STRANGER: readonly unknown[] = ["invalid_client", "unauthorized_client"];
const MOST_REMEMBERED = 1_000;

export interface BasicEncodings {
  /**
   * A fetch for the token endpoint of this connection's provider. Credentials that differ by their encoding are sent as RFC 6749
   * section 2.3.1 has it, and once more as they are (RFC 7617) where the provider says that it does not know the client. What
   * it knew the client by is sent first the next time, so that failures that a provider counts stay few.
   */
  trying(connection: string, fetch: GuardedFetch): GuardedFetch;
}

export function createBasicEncodings(): BasicEncodings {
  /** Connections whose provider takes them as they are. */
  const literal = boundedMap<string, true>(MOST_REMEMBERED);
  return {
    trying: (connection, fetch) => async (url, options) => {
      const headers = new Headers(options?.headers);
      const encoded = headers.get("authorization") ?? "";
      const plain = literalOf(encoded);
      if (plain === undefined || plain === encoded) return fetch(url, options);
      const send = (authorization: string): Promise<Response> => {
        headers.set("authorization", authorization);
        return fetch(url, { ...options, headers: Object.fromEntries(headers) });
      };
      const wasLiteral = literal.get(connection) === true;
      const first = await send(wasLiteral ? plain : encoded);
      if (!(await isStranger(first))) return first;
      const second = await send(wasLiteral ? encoded : plain);
      if (await isStranger(second)) return first;
      if (wasLiteral) literal.delete(connection);
      else literal.set(connection, true);
      return second;
    },
  };
}

/** The credentials of RFC 6749 section 2.3.1: `application/x-www-form-urlencoded`, but for marks that mean the same as they are. */
export function formEncoded(clientId: string, secret: string): string {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll("%20", "+");
  return headerOf(`${encode(clientId)}:${encode(secret)}`);
}

/** `undefined`: what is sent is no such header, or has a client id that cannot stand as it is before a colon. */
function literalOf(authorization: string): string | undefined {
  if (!authorization.startsWith("Basic ")) return undefined;
  const parts = Buffer.from(authorization.slice("Basic ".length), "base64").toString("utf8").split(":");
  const [id = "", secret = ""] = parts.map((part) => decodeURIComponent(part.replaceAll("+", "%20")));
  return id.includes(":") ? undefined : headerOf(`${id}:${secret}`);
}

function headerOf(credentials: string): string {
  return `Basic ${Buffer.from(credentials, "utf8").toString("base64")}`;
}

async function isStranger(answer: Response): Promise<boolean> {
  if (answer.status === 401) return true;
  if (answer.ok || answer.status >= 500) return false;
  const said = (await answer
    .clone()
    .json()
    .catch(() => undefined)) as Json | undefined;
  return isObject(said) && STRANGER.includes(said["error"]);
}
