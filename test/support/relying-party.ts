/** Our relying party on loopback, without the rest of the service. */
import { createBrowser } from "../../demo/clients/browser.js";
import type { Connection, OidcSettings } from "../../src/model/connection.js";
import type { ConnectionId, TenantId } from "../../src/model/ids.js";
import { createGuardedFetch } from "../../src/platform/network.js";
import { OidcFailure } from "../../src/protocols/oidc/failure.js";
import { createRelyingParty, type Provider, type RelyingParty } from "../../src/protocols/oidc/rp.js";
import { loadIdpProfiles, profileFor } from "../../src/protocols/sign-in/idp-profile.js";

const profiles = loadIdpProfiles();

export function loopbackRelyingParty(
  secret: string,
  now: () => string = () => new Date().toISOString(),
  timeoutMilliseconds = 5_000,
): RelyingParty {
  const policy = { allowPrivateNetwork: true, allow: [], timeoutMilliseconds, responseBytes: 1_048_576 };
  return createRelyingParty({
    fetch: createGuardedFetch(policy),
    clientSecret: async () => secret,
    signingKey: () => Promise.reject(new Error("no key here")),
    now,
    allowHttp: true,
  });
}

/** One whole login at a provider, as a browser does it. */
export async function logInAt(relyingParty: RelyingParty, provider: Provider, redirectUri: string, hint?: string) {
  const login = relyingParty.newLogin();
  const url = await relyingParty.authorizationUrl(provider, redirectUri, login, hint);
  const answer = await createBrowser().visit(url, { stopBefore: redirectUri });
  return relyingParty.redeem(provider, new URL(answer.url), login);
}

/** Which check refused. */
export async function guardOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof OidcFailure) return error.guard;
    throw error;
  }
  return "none: the sign-in went through";
}

export function providerAt(settings: OidcSettings, profile: Connection["profile"] = "rfc"): Provider {
  const connection: Connection = {
    id: `connection of ${settings.clientId}` as ConnectionId,
    slug: "sso",
    protocol: "oidc",
    jit: "every_sign_in",
    sync: "off",
    syncChosen: false,
    groups: "auto",
    profile,
    priority: 1,
    mayGrantOwner: true,
    allowedDomains: [],
    requireDomains: false,
    absentGroups: "unknown",
    rolesFrom: ["users", "groups"],
    manages: ["users", "groups", "serviceAccounts"],
    adopt: "verified_domain",
    linkAcross: "off",
    settleSeconds: 3600,
    oidc: settings,
    createdAt: "2026-01-01T00:00:00.000Z",
    version: 1,
  };
  const { issuer } = settings;
  return {
    tenant: { id: 1 as TenantId, slug: "acme" },
    connection,
    settings,
    profile: profileFor(profiles, { protocol: "oidc", issuer, profile }),
  };
}
