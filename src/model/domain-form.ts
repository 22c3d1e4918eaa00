import { asciiLower, emailDomain, fold } from "./fold.js";

const LETTERS = /^[\p{L}\p{M}\p{N}.-]+$/u;

/**
 * An e-mail domain in the one form in which domains are compared: an internationalized one in ASCII, as `xn--`. What is no
 * domain stays as it is, ASCII-lowered.
 */
export function domainForm(domain: string): string {
  const lower = asciiLower(domain);
  // ASCII alone needs no mapping, and the parser of hosts would read numbers as addresses
  if (/^[\x21-\x7e]*$/.test(lower) || !LETTERS.test(lower)) return lower;
  const url = `http://${lower}`;
  return URL.canParse(url) ? new URL(url).hostname : lower;
}

/** An address in the one form in which addresses are compared; what is none, folded. */
export function addressForm(address: string): string {
  const domain = emailDomain(address);
  return fold(domain === undefined ? address : address.slice(0, -domain.length) + domainForm(domain));
}
