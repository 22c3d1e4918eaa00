/** Issuers are addresses: an absent slash after the host is no difference; one at the end of a path is. */
export function isSameIssuer(one: unknown, other: unknown): boolean {
  return one === other || (isWebAddress(one) && isWebAddress(other) && new URL(one).href === new URL(other).href);
}

export function isWebAddress(address: unknown): address is string {
  return typeof address === "string" && URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}
