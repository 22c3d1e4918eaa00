/** Owns what a value of the type `reference` may be: a URI or a relative reference (RFC 3986, RFC 7643 section 2.3.7). */

import { isIPv6 } from "node:net";

const CHARACTERS = /^[^\s<>"{}|\\^`]*$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const AUTHORITY = /^(?:[^:/?#]*:)?\/\/([^/?#]*)/;
const PORT = /^(?::\d*)?$/;

/**
 * Letters beyond ASCII, and in path and query brackets and a stray `%`, are let be: addresses of pictures have them. A colon
 * in the first segment ends a scheme, and the host is one.
 */
export function isReference(text: string): boolean {
  if (!CHARACTERS.test(text)) return false;
  const colon = text.search(/[:/?#]/);
  if (text[colon] === ":" && !SCHEME.test(text.slice(0, colon))) return false;
  const authority = AUTHORITY.exec(text)?.[1];
  return authority === undefined || isAuthority(authority);
}

function isAuthority(authority: string): boolean {
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (host.startsWith("[")) {
    const end = host.indexOf("]");
    return isIPv6(host.slice(1, Math.max(end, 1))) && PORT.test(host.slice(end + 1));
  }
  const colon = host.indexOf(":");
  return !/[[\]]/.test(host) && PORT.test(colon < 0 ? "" : host.slice(colon));
}
