/**
 * Owns Okta's Universal Logout: the identity provider has all sessions of a person ended, at a connection of either protocol
 * (draft-parecki-oauth-global-token-revocation, subjects by RFC 9493).
 */
import { bearerToken } from "../../http/bearer.js";
import type { Answer } from "../../http/exchange.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import { asciiLower } from "../../model/fold.js";
import type { Json } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { isSameIssuer } from "../../model/web-address.js";
import { revokeByProvider } from "../../provisioning/end-sessions.js";
import type { KnownAs } from "../../provisioning/ports/sign-ins.js";
import { textOf } from "../sign-in/claim-values.js";
import { isObject, own } from "../sign-in/claims.js";
import { profileFor } from "../sign-in/idp-profile.js";
import { findCalledConnection, nothingHere, type Visit } from "../sign-in/sign-in-web.js";
import { boundedKey, markedKey } from "../sign-in/subject-key.js";
import { addressOf, type OidcDoor, providerOf } from "./door.js";
import { OidcFailure } from "./failure.js";
import { traceRefusal } from "./logout-routes.js";
import type { Provider } from "./rp.js";

const LONGEST_BODY = 16_384;
const PATH = "global-token-revocation";

export function revocationRoute(door: OidcDoor): Route {
  return defineRoute<{ body: Json }>({
    method: "POST",
    path: `/sso/:tenant/:connection/${PATH}`,
    summary: "Where an identity provider has all sessions of a person ended (Okta's Universal Logout)",
    tags: ["sign-in"],
    auth: anybody,
    body: { read: "json", bytes: LONGEST_BODY },
    responses: { 204: null, 400: null, 401: null, 404: null },
    async handler({ request, body }) {
      const visit = await findCalledConnection(door.web, request);
      return revoke(door, visit, callerOf(door, visit), body);
    },
  });
}

async function revoke(door: OidcDoor, visit: Visit, caller: Provider, body: Json): Promise<Answer> {
  const { request, tenant, connection } = visit;
  try {
    const token = tokenOf(visit);
    const { id, until } = await door.relyingParty.revocation(caller, token, `${addressOf(door, visit)}/${PATH}`);
    const subject = subjectIn(body);
    if (subject === undefined)
      return failed(400, "invalid_request", "`sub_id` must be of the format `email` or `iss_sub`");
    const known = knownAs(caller, visit, subject);
    const done = known && (await revokeByProvider(door.web.p, tenant, connection, { id, until, known }, request.id));
    if (done === "misused") throw new OidcFailure("replay");
    if (done === undefined || done === "nobody") return failed(404, "not_found", "nobody is known so here");
    return { status: 204 };
  } catch (error) {
    if (!(error instanceof OidcFailure)) throw error;
    const { error_description } = await traceRefusal(door, visit, error);
    return failed(401, "invalid_token", error_description, { "www-authenticate": 'Bearer error="invalid_token"' });
  }
}

function failed(
  status: number,
  error: string,
  error_description: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, body: { error, error_description } };
}

function tokenOf({ request }: Visit): string {
  try {
    return bearerToken(request);
  } catch (error) {
    throw error instanceof Refusal ? new OidcFailure("token", {}, { cause: error }) : error;
  }
}

/** Whose keys sign such calls: the provider of an OpenID connection, or the issuer that a SAML connection names for them. */
function callerOf(door: OidcDoor, visit: Visit): Provider {
  const { tenant, connection } = visit;
  if (connection.protocol !== "saml") return providerOf(door, visit);
  const issuer = connection.saml?.universalLogoutIssuer ?? undefined;
  if (issuer === undefined || connection.disabledAt !== undefined) throw nothingHere();
  const profile = profileFor(door.profiles, { protocol: "oidc", issuer, profile: connection.profile });
  return { tenant, connection, settings: { issuer, clientId: "rolecall", scopes: [] }, profile };
}

type Subject = { readonly email: string } | { readonly iss: string; readonly sub: string };

/** RFC 9493 sections 3.2.2 and 3.2.3; `undefined` for what names nobody in a way that is known here. */
function subjectIn(body: Json): Subject | undefined {
  const said = isObject(body) ? own(body, "sub_id") : undefined;
  if (!isObject(said)) return undefined;
  const text = (name: string) => (typeof said[name] === "string" ? textOf(own(said, name)) : undefined);
  const [email, iss, sub] = [text("email"), text("iss"), text("sub")];
  if (own(said, "format") === "email" && email !== undefined) return { email };
  return own(said, "format") === "iss_sub" && iss !== undefined && sub !== undefined ? { iss, sub } : undefined;
}

/** INVARIANT: a provider names its own people alone: `undefined` where the issuer is another's. */
function knownAs({ settings }: Provider, { connection }: Visit, subject: Subject): KnownAs | undefined {
  if ("email" in subject) return { ids: [], names: [asciiLower(subject.email)] };
  const { iss, sub } = subject;
  if (!isSameIssuer(iss, settings.issuer) && iss !== connection.saml?.entityId) return undefined;
  return connection.saml === undefined ? { ids: [boundedKey(sub)], names: [] } : nameId(sub);
}

/** A NameID is told without its format: any of those that people sign in with is meant. */
function nameId(value: string): KnownAs {
  const lower = asciiLower(value);
  const keys = [boundedKey(value), ...[value, lower].flatMap((one) => FORMATS.map((name) => markedKey(name, one)))];
  return { ids: [...new Set(keys)], names: [lower] };
}

const FORMATS = ["persistent", "emailAddress", "unspecified"];
