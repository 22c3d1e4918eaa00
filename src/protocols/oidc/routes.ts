/** The OIDC door: sends people to their provider and takes in what comes back. */
import type { Answer } from "../../http/exchange.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import type { JsonObject } from "../../model/json.js";
import { type Problem, Refusal } from "../../model/problem.js";
import type { GuardedFetch } from "../../platform/network.js";
import { keysOf, signingKey } from "../../provisioning/connection-keys.js";
import { secretContext } from "../../provisioning/connections.js";
import type { PendingLogin } from "../../provisioning/ports/sign-ins.js";
import { provedDomains } from "../../provisioning/proved-domains.js";
import { beginLogin, begunAt, takeLogin } from "../../provisioning/sessions.js";
import { failSignIn, finishSignIn, type LostVisit } from "../sign-in/finish.js";
import { createGroupAttributes } from "../sign-in/group-attribute.js";
import { groupPaths } from "../sign-in/groups.js";
import { type ClaimPath, loadIdpProfiles } from "../sign-in/idp-profile.js";
import { redactClaims } from "../sign-in/redact.js";
import {
  findConnection,
  nothingHere,
  SIGNED_OUT,
  type SignInProtocol,
  type SignInWeb,
  type Visit,
} from "../sign-in/sign-in-web.js";
import { translate } from "../sign-in/translate.js";
import { jsonWebKey } from "./client-authentication.js";
import { addressOf, type OidcDoor, providerOf } from "./door.js";
import { OidcFailure } from "./failure.js";
import { backchannelLogoutRoute } from "./logout-routes.js";
import { revocationRoute } from "./revocation-route.js";
import { claimsOf, createRelyingParty, type Provider, type VerifiedSignIn } from "./rp.js";
import { checkOidcSettings, type OidcInput } from "./settings.js";

export interface OidcDoorOptions {
  readonly web: SignInWeb;
  readonly fetch: GuardedFetch;
  /** Opens what was sealed for this context; see `secretContext`. */
  unseal(sealed: string, context: string): string;
  /** Providers over plain http: development and tests only. */
  readonly allowHttp: boolean;
}

export interface OpenedOidcDoor {
  readonly protocol: SignInProtocol;
  readonly routes: readonly Route[];
  /** Every mistake in the settings of a connection, before it is made. */
  check(input: OidcInput): readonly Problem[];
}

export function openOidcDoor({ web, fetch, unseal, allowHttp }: OidcDoorOptions): OpenedOidcDoor {
  const { p } = web;
  const profiles = loadIdpProfiles();
  const relyingParty = createRelyingParty({
    fetch,
    allowHttp,
    now: p.now,
    async clientSecret(tenant, connection) {
      const sealed = await p.store.read(tenant).connectionSecret(connection);
      return sealed === undefined ? undefined : unseal(sealed, secretContext({ id: tenant }));
    },
    signingKey: ({ tenant, connection }) => signingKey(p, tenant, connection),
  });
  const door: OidcDoor = { web, relyingParty, profiles, groupAttributeOf: createGroupAttributes(p) };
  return {
    protocol: oidcSignIn(door),
    routes: [callbackRoute(door), jwksRoute(door), backchannelLogoutRoute(door), revocationRoute(door)],
    check: (input) => checkOidcSettings(input, { allowHttp, profiles }),
  };
}

function oidcSignIn(door: OidcDoor): SignInProtocol {
  return {
    protocol: "oidc",
    async begin({ browser, returnTo, loginHint, ...visit }) {
      const provider = providerOf(door, visit);
      const to = returnTo === undefined ? {} : { returnTo };
      const login = door.relyingParty.newLogin();
      const redirectUri = `${addressOf(door, visit)}/callback`;
      const location = await door.relyingParty
        .authorizationUrl(provider, redirectUri, login, loginHint)
        .catch(async (error: unknown) => {
          throw error instanceof OidcFailure ? await refused(door, { ...visit, ...to }, error, []) : error;
        });
      const connection = visit.connection.id;
      await beginLogin(door.web.p, visit.tenant, { connection, browser, ...login, ...to });
      return { kind: "redirect", location };
    },
    leave({ ended: { idpSession, logoutHint }, ...visit }) {
      return door.relyingParty.endSession(providerOf(door, visit), {
        ...{ returnTo: `${door.web.publicUrl}/sso/${visit.tenant.slug}`, state: SIGNED_OUT },
        ...(idpSession === undefined ? {} : { idpSession }),
        ...(logoutHint === undefined ? {} : { idToken: logoutHint }),
      });
    },
  };
}

function callbackRoute(door: OidcDoor): Route {
  return defineRoute({
    method: "GET",
    path: "/sso/:tenant/:connection/callback",
    summary: "Where an OpenID provider sends the browser back to",
    tags: ["sign-in"],
    auth: anybody,
    responses: { 303: null },
    async handler({ request }) {
      return callback(door, await findConnection(door.web, request));
    },
  });
}

/** Public halves alone; a key that comes next is there before it is used. */
function jwksRoute(door: OidcDoor): Route {
  return defineRoute({
    method: "GET",
    path: "/sso/:tenant/:connection/jwks",
    summary: "The keys by which an OpenID provider knows a connection that signs for itself (`private_key_jwt`)",
    tags: ["sign-in"],
    auth: anybody,
    responses: { 200: null },
    async handler({ request }) {
      const visit = await findConnection(door.web, request);
      if (providerOf(door, visit).settings.clientAuthMethod !== "private_key_jwt") throw nothingHere();
      const keys = await keysOf(door.web.p, visit.tenant, visit.connection);
      return { status: 200, body: { keys: keys.filter(({ use }) => use === "signing").map(jsonWebKey) } };
    },
  });
}

async function callback(door: OidcDoor, visit: Visit): Promise<Answer> {
  const { tenant, connection } = visit;
  const provider = providerOf(door, visit);
  const { login, state } = await pendingLogin(door, visit);
  const to = login.returnTo === undefined ? {} : { returnTo: login.returnTo };
  const attribute = await door.groupAttributeOf(tenant, connection);
  const paths = groupPaths(provider.profile, attribute);
  try {
    const verified = await door.relyingParty.redeem(provider, answerUrl(door, visit), { ...login, state });
    if (verified.userinfoFailed) visit.request.log.warn("oidc.userinfo_failed");
    const { clientId } = provider.settings;
    const { absentGroups, groupSeparator } = connection;
    const groups = { absentGroups, ...(groupSeparator && { groupSeparator }), ...attribute };
    const settings = { clientId, provedDomains: provedDomains(tenant), ...groups };
    const observed = translate(claimsOf(verified), provider.profile, settings);
    if (observed === undefined) {
      throw new OidcFailure("subject", { wanted: provider.profile.identity.subject.map(String) });
    }
    const { subject, idpSession, keptIdToken } = verified;
    return await finishSignIn(door.web, {
      ...visit,
      observed,
      subject,
      from: { since: begunAt(login), begun: begunAt(login) },
      message: messageOf(provider, verified, paths),
      ...(idpSession === undefined ? {} : { idpSession }),
      ...(keptIdToken === undefined ? {} : { logoutHint: keptIdToken }),
      ...to,
    });
  } catch (error) {
    throw error instanceof OidcFailure ? await refused(door, { ...visit, ...to }, error, paths) : error;
  }
}

/** What a trace keeps of the provider's message: which profile read it, and its claims, redacted. */
function messageOf(provider: Provider, verified: VerifiedSignIn, paths: readonly ClaimPath[]): JsonObject {
  const { idToken, userinfo, userinfoFailed } = verified;
  return {
    profile: provider.profile.name,
    idToken: redactClaims(idToken, paths),
    ...(userinfo === undefined ? {} : { userinfo: redactClaims(userinfo, paths) }),
    ...(userinfoFailed === undefined ? {} : { userinfoFailed }),
  };
}

/** INVARIANT: the login that was begun is taken out before anything else is looked at, so that nothing is tried twice. */
async function pendingLogin(
  door: OidcDoor,
  visit: Visit,
): Promise<{ readonly login: PendingLogin; readonly state: string }> {
  const { request, tenant, connection } = visit;
  const { p, pendingCookie } = door.web;
  const state = request.query.get("state") ?? "";
  try {
    const login = await takeLogin(p, tenant, {
      connection: connection.id,
      state,
      browser: pendingCookie.read(request),
    });
    return { login, state };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw await failSignIn(door.web, visit, { code: error.code, detail: { guard: "state" } });
  }
}

/** Our own address with what the provider sent to it. INVARIANT: never taken from the Host header. */
function answerUrl(door: OidcDoor, visit: Visit): URL {
  const url = new URL(`${addressOf(door, visit)}/callback`);
  url.search = visit.request.query.toString();
  return url;
}

function refused(
  door: OidcDoor,
  visit: LostVisit,
  { guard, detail, claims, claimsOf }: OidcFailure,
  paths: readonly ClaimPath[],
): Promise<Refusal> {
  const code = guard === "provider_unreachable" ? "unavailable" : "sign_in_failed";
  const said = claims === undefined ? {} : { [claimsOf]: redactClaims(claims, paths) };
  // RFC 6749 section 4.1.2.1.
  const declined = guard === "provider_error" && detail["error"] === "access_denied";
  return failSignIn(door.web, visit, { code, detail: { guard, ...detail, ...said }, declined });
}
