/** The OIDC door on the way out: the provider says that a session of its own is over. */
import type { Answer } from "../../http/exchange.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import { endByProvider } from "../../provisioning/end-sessions.js";
import { failSignIn } from "../sign-in/finish.js";
import { redactClaims } from "../sign-in/redact.js";
import { findCalledConnection, type Visit } from "../sign-in/sign-in-web.js";
import { type OidcDoor, providerOf } from "./door.js";
import { OidcFailure } from "./failure.js";

/** A token with two names in it is short. */
const LONGEST_LOGOUT = 32_768;

/** OpenID Connect Back-Channel Logout 1.0 section 2.5: asked by the provider itself, without a browser. */
export function backchannelLogoutRoute(door: OidcDoor): Route {
  return defineRoute<{ body: Readonly<Record<string, string>> }>({
    method: "POST",
    path: "/sso/:tenant/:connection/backchannel-logout",
    summary: "Where an OpenID provider says that a session of its own has ended",
    tags: ["sign-in"],
    auth: anybody,
    body: { read: "form", bytes: LONGEST_LOGOUT },
    responses: { 200: null, 400: null },
    async handler({ request, body }) {
      const visit = await findCalledConnection(door.web, request);
      return backchannelLogout(door, visit, body["logout_token"] ?? "");
    },
  });
}

async function backchannelLogout(door: OidcDoor, visit: Visit, token: string): Promise<Answer> {
  const { request, tenant, connection } = visit;
  const provider = providerOf(door, visit);
  try {
    const logout = await door.relyingParty.logout(provider, token);
    const ended = await endByProvider(door.web.p, tenant, connection, logout, request.id);
    if (ended === undefined) throw new OidcFailure("replay");
    return { status: 200 };
  } catch (error) {
    if (!(error instanceof OidcFailure)) throw error;
    return { status: 400, body: { error: "invalid_request", ...(await traceRefusal(door, visit, error)) } };
  }
}

/** INVARIANT: strangers fill no traces: only what the provider's own key signed leaves one. */
export async function traceRefusal(
  door: OidcDoor,
  visit: Visit,
  { guard, detail, claims }: OidcFailure,
): Promise<{ readonly error_description: string }> {
  if (claims === undefined) {
    visit.request.log.warn("oidc.logout_refused", { code: guard });
    return { error_description: "the token is not valid" };
  }
  const seen = { guard, ...detail, logoutToken: redactClaims(claims, []) };
  const { reference } = (await failSignIn(door.web, visit, { code: "sign_in_failed", detail: seen })).detail;
  return { error_description: `the token was refused, reference ${String(reference)}` };
}
