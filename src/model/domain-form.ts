import { asciiLower, emailDomain, fold } from "./fold.js";

const LETTERS = /^[\p{L}\p{M}\p{N}.-]+$/u;

/**
 * An e-mail domain in the one form in which domains are compared: an internationalized one in ASCII, as `xn--`. What is no
 * domain stays as it is, ASCII-lowered.
 */
export function domainForm(domain: string): string {
  const lower = asciiLower(domain);
  // ASCII alone needs no mapping, and the parser of hosts would read numbers as addresses
  if (isAscii(lower) || !LETTERS.test(lower)) return lower;
  const url = `http://${lower}`;
  return URL.canParse(url) ? new URL(url).hostname : lower;
}

/**
 * A domain as DNS knows it, by which people may be recognised; `undefined`: by this one nobody is. INVARIANT: letters beyond ASCII stay some
 * (`xn--`): a look-alike that becomes plain ASCII, as full-width letters do, is refused, also beside letters that stay.
 */
export function dnsName(domain: string): string | undefined {
  const labels = domain.split(".");
  if (!labels.every(isHonest)) return undefined;
  const name = labels.map(domainForm).join(".");
  return isAscii(name) ? name : undefined;
}

function isHonest(label: string): boolean {
  return label !== "" && [...label].every((letter) => isAscii(letter) || !/[!-~]/.test(letter.normalize("NFKC")));
}

function isAscii(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

/** An address in the one form in which addresses are compared; what is none, folded. */
export function addressForm(address: string): string {
  const domain = emailDomain(address);
  return fold(domain === undefined ? address : address.slice(0, -domain.length) + domainForm(domain));
}
