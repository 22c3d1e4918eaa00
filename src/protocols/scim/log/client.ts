/** Owns what can be told of a client by its requests: the product, and the profile that would suit it. */

import type { ScimProfile } from "../../../model/connection.js";
import type { QuirkName } from "../dialect.js";

/** By how a client introduces itself; the first that fits. */
const PRODUCTS: readonly (readonly [name: string, introduces: RegExp])[] = [
  ["okta", /^okta scim client/i],
  ["entra", /^microsoft (?:azure ad|entra(?: id)?) scim/i],
  ["onelogin", /onelogin/i],
  ["jumpcloud", /jumpcloud/i],
  ["ping", /ping ?(?:one|federate|identity)/i],
  ["sailpoint", /sailpoint/i],
  ["cyberark", /cyberark|idaptive/i],
  ["rippling", /rippling/i],
  ["google", /google/i],
  ["curl", /^curl\//i],
  ["postman", /^postmanruntime\//i],
];

/** `unknown` for everybody else. */
export function clientOf(userAgent: string | undefined, query: URLSearchParams): string {
  const product = PRODUCTS.find(([, introduces]) => introduces.test(userAgent ?? ""))?.[0];
  if (product !== undefined) return product;
  // The tenant URL of Entra's compliant dialect keeps this switch, with some number behind it.
  return [...query.keys()].some((name) => /^aadOptscim/i.test(name)) ? "entra" : "unknown";
}

/** Deviations that no other client was seen with. */
const OF_ENTRA: ReadonlySet<string> = new Set<QuirkName>([
  ...(["capitalised_operation", "boolean_as_text", "foreign_schema"] as const),
  ...(["manager_as_list", "app_role_as_json"] as const),
]);

/** The profile that the client would be better served with, if that is another one than the connection's. */
export function betterProfile(
  profile: ScimProfile,
  client: string,
  quirks: readonly string[],
): ScimProfile | undefined {
  const speaks = client === "unknown" && quirks.some((quirk) => OF_ENTRA.has(quirk)) ? "entra" : client;
  return (speaks === "entra" || speaks === "okta") && speaks !== profile ? speaks : undefined;
}
