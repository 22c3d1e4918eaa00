/** Which OpenID provider a connection's subjects are of, and as which of its clients it told them: people are known by nothing else. */
import type { Connection, OidcSettings } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { isSameIssuer } from "../model/web-address.js";
import type { TenantWriter } from "./ports/store.js";

/**
 * INVARIANT: once anybody is known by a subject, the connection's provider never becomes another one: the same subject of another
 * issuer is another person (OpenID Connect Core section 5.7), and the same person may have another subject with another client
 * (section 8.1), by which whoever was switched off would be a stranger. The caller has locked the tenant. Refusal `conflict`.
 */
export async function refuseAnotherIssuer(tx: TenantWriter, before: Connection, after: OidcSettings): Promise<void> {
  const key = movedFrom(before.oidc, after);
  if (key === undefined || !(await tx.knowsSubjects(before.id))) return;
  const known = `people of connection ${quote(before.slug)} are known by what ${quote(before.oidc?.[key] ?? "")} calls them`;
  throw new Refusal("conflict", `${known}: leave \`${key}\` as it is, and make a new connection for another one`);
}

/**
 * Nobody is linked by a subject of the provider that the connection had when the sign-in was verified. The caller has locked the
 * tenant. Refusal `sign_in_expired`: they sign in again, at the present one.
 */
export async function refuseFormerProvider(tx: TenantWriter, { id, slug, oidc }: Connection): Promise<void> {
  if (oidc === undefined) return;
  const now = (await tx.connections()).find((one) => one.id === id)?.oidc;
  if (now !== undefined && movedFrom(oidc, now) === undefined) return;
  throw new Refusal("sign_in_expired", `the provider of connection ${quote(slug)} was changed during the sign-in`);
}

/** By what another provider is meant, or another client of it. */
function movedFrom(before: OidcSettings | undefined, after: OidcSettings): "issuer" | "clientId" | undefined {
  if (!isSameIssuer(before?.issuer, after.issuer)) return "issuer";
  return before?.clientId === after.clientId ? undefined : "clientId";
}
