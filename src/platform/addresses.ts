/** Owns which network addresses are whose: public, the operator's own, or nobody's business. */

import ipaddr from "ipaddr.js";

export type AddressRanges = readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

/** `undefined` when one of the texts is no CIDR range. */
export function parseRanges(texts: readonly string[]): AddressRanges | undefined {
  const ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  for (const text of texts) {
    if (!ipaddr.isValidCIDR(text)) return undefined;
    ranges.push(ipaddr.parseCIDR(text));
  }
  return ranges;
}

export function isInRanges(address: string, ranges: AddressRanges): boolean {
  const parsed = parse(address);
  return parsed !== undefined && ranges.some((range) => range[0].kind() === parsed.kind() && parsed.match(range));
}

/**
 * - `public`: unicast on the internet.
 * - `private`: loopback and the ranges of private networks, which an operator may open.
 * - `special`: link-local (cloud metadata answers there), multicast, tunnels, reserved and everything else.
 */
export type AddressKind = "public" | "private" | "special";

const PRIVATE_RANGES: ReadonlySet<string> = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

export function addressKind(address: string): AddressKind {
  const parsed = parse(address);
  if (parsed === undefined) return "special";
  const range = parsed.range();
  if (PRIVATE_RANGES.has(range)) return "private";
  if (range !== "unicast") return "special";
  return parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_UNICAST) ? "special" : "public";
}

/**
 * What everybody there counts together as: the IPv4 address, or of IPv6 the network of 64 bits, of which whoever has one address has
 * them all. What is no address stands for itself.
 */
export function networkOf(address: string): string {
  const parsed = parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed?.toString() ?? address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}

/** An IPv4 address inside an IPv6 one is judged as what it is. */
function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = address.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  // Octal, hexadecimal and shortened forms mean different things to different readers: only four decimal parts count.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  return ipaddr.IPv6.isValid(bare) ? ipaddr.process(bare) : undefined;
}
