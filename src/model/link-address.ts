import { dnsName } from "./domain-form.js";
import { asciiLower, emailDomain } from "./fold.js";

/** Printable ASCII without quotes, brackets and what ends an address: what RFC 5322 section 3.4.1 calls a dot-atom, and a little more. */
const PLAIN_LOCAL = /^[!#-'*+\-./0-9=?A-Z^-~]+$/;

const PLAIN_DOMAIN = /^[a-z0-9.-]+$/;

/** An e-mail in the one form by which people are told to be the same, ASCII-lowered, its domain as `xn--`. */
export interface LinkAddress {
  readonly address: string;
  readonly domain: string;
}

/**
 * `undefined`: nobody is recognised by it. INVARIANT: a local part with letters beyond ASCII, or in quotes, is nobody's: look-alike letters would
 * take an account.
 */
export function linkAddress(email: string | undefined): LinkAddress | undefined {
  const written = email === undefined ? undefined : emailDomain(email);
  const domain = written === undefined ? undefined : dnsName(written);
  if (email === undefined || written === undefined || domain === undefined) return undefined;
  const local = asciiLower(email.slice(0, email.length - written.length - 1));
  return PLAIN_LOCAL.test(local) && PLAIN_DOMAIN.test(domain) ? { address: `${local}@${domain}`, domain } : undefined;
}
