import { type AddressRanges, isInRanges } from "../platform/addresses.js";
import { withoutBlanks } from "./header-blanks.js";

/**
 * The address of the client: the last hop that is no trusted proxy, read from the right, because everything left of it
 * may have been written by the client itself.
 */
export function clientAddress(socketAddress: string, forwardedFor: string | undefined, proxies: AddressRanges): string {
  let address = plainAddress(socketAddress);
  if (proxies.length === 0) return address;
  for (const hop of (forwardedFor ?? "").split(",").toReversed()) {
    if (!isInRanges(address, proxies)) return address;
    const next = plainAddress(addressOf(withoutBlanks(hop)));
    if (!/^[0-9a-fA-F.:]{2,45}$/.test(next)) return address;
    address = next;
  }
  return address;
}

/** Some proxies write the port of the client behind its address, an IPv6 one in brackets then. Each port would be a client of its own. */
function addressOf(hop: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(hop) ?? [];
  return bracketed ?? hop.replace(/^([\d.]+):\d+$/, "$1");
}

/** IPv4 clients of a dual-stack socket come as `::ffff:1.2.3.4`. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");
}
