/** Owns the two cookies of a browser: the session's and that of a login under way. Values are opaque; the store knows more. */

import type { HttpRequest } from "./exchange.js";
import { withoutBlanks } from "./header-blanks.js";

export interface Cookie {
  readonly name: string;
  read(request: HttpRequest): string | undefined;
  /** A `Set-Cookie` line. */
  set(value: string, maxAgeSeconds: number): string;
  clear(): string;
}

/** Lax: it comes along when people follow a link to us, and never with what another site posts. */
export function sessionCookie(publicUrl: string): Cookie {
  return buildCookie("rolecall_session", publicUrl, "Lax");
}

/**
 * On https it must come along when the identity provider's page posts to us, which only `None` does. Browsers take
 * `None` only with Secure, so that on http, in development, it is Lax.
 */
export function pendingLoginCookie(publicUrl: string): Cookie {
  return buildCookie("rolecall_login", publicUrl, publicUrl.startsWith("https:") ? "None" : "Lax");
}

function buildCookie(plainName: string, publicUrl: string, sameSite: "Lax" | "None"): Cookie {
  const secure = publicUrl.startsWith("https:");
  // `__Host-` keeps other hosts of the domain, and plain http, from setting it.
  const name = secure ? `__Host-${plainName}` : plainName;
  const line = (value: string, maxAgeSeconds: number): string =>
    `${name}=${value}; Path=/; Max-Age=${Math.floor(maxAgeSeconds)}; HttpOnly; SameSite=${sameSite}${secure ? "; Secure" : ""}`;
  return {
    name,
    read: (request) => request.cookie(name),
    set(value, maxAgeSeconds) {
      if (!/^[\w.~-]{1,512}$/.test(value)) throw new Error("a cookie's value must be a token");
      return line(value, maxAgeSeconds);
    },
    clear: () => line("", 0),
  };
}

/**
 * The value of a cookie. Of two that bear the very name with different values one was planted by somebody, whatever its
 * place in the header, so that both count as absent: a browser keeps one `__Host-` cookie of a name and no more.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = new Set<string>();
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && withoutBlanks(pair.slice(0, equals)) === name) values.add(withoutBlanks(pair.slice(equals + 1)));
  }
  const [value] = values;
  return values.size === 1 && value !== "" ? value : undefined;
}
