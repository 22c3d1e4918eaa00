/** Addresses are stored as they were written, folded: the ways in which one of a known form may stand there. */
import { domainToUnicode } from "node:url";
import { emailDomain, fold } from "../model/fold.js";

/** Of a domain in ASCII: it, and it in letters. */
export function domainSpellings(domain: string): readonly string[] {
  const letters = domain.includes("xn--") ? fold(domainToUnicode(domain)) : "";
  return letters === "" || letters === domain ? [domain] : [domain, letters];
}

/** The same of an address whose domain is in ASCII. */
export function addressSpellings(address: string): readonly string[] {
  const domain = emailDomain(address) ?? "";
  const local = address.slice(0, address.length - domain.length);
  return domainSpellings(domain).map((one) => local + one);
}
