/** Owns what the settings of an OIDC connection must be before anything is sent anywhere. */
import type { OidcSettings } from "../../model/connection.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { type IdpProfile, livesAt } from "../sign-in/idp-profile.js";

export interface OidcInput extends Partial<Omit<OidcSettings, "issuer" | "clientId">> {
  readonly issuer: string;
  readonly clientId: string;
  /** Whether there is a client secret; the secret itself is nobody's business here. */
  readonly hasSecret: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DISCOVERY_SUFFIX = "/.well-known/openid-configuration";
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;
const METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
const WITHOUT_SECRET: readonly unknown[] = ["private_key_jwt", "none"];

export interface OidcRules {
  /** Development and tests, where providers live on loopback. */
  readonly allowHttp: boolean;
  readonly profiles: readonly IdpProfile[];
}

/** Every mistake at once. */
export function checkOidcSettings(input: OidcInput, rules: OidcRules): readonly Problem[] {
  const { clientAuthMethod: method, scopes = [] } = input;
  const mistakes: [wrong: boolean, pointer: string, message: string][] = [
    [!/^[\x20-\x7e]{1,255}$/.test(input.clientId), "/clientId", "must be 1 to 255 printable ASCII characters"],
    [method !== undefined && !METHODS.includes(method), "/clientAuthMethod", `must be one of ${METHODS.join(", ")}`],
    [
      !input.hasSecret && !WITHOUT_SECRET.includes(method),
      "/clientSecret",
      "is missing: give it, or set `clientAuthMethod` to `private_key_jwt` or `none`",
    ],
    [scopes.length > 0 && !scopes.includes("openid"), "/scopes", "must contain `openid`: it asks for the ID token"],
  ];
  for (const [at, scope] of scopes.entries()) {
    mistakes.push([!SCOPE.test(scope), `/scopes/${at}`, `${quote(scope)} is no scope (RFC 6749 section 3.3)`]);
  }
  const problems = mistakes.filter(([wrong]) => wrong);
  return [
    ...checkIssuer(input.issuer, rules),
    ...problems.map(([, pointer, message]) => ({ pointer, code: "invalid_setting", message })),
  ];
}

/** The tenant id in an issuer that many tenants share, for profiles that pin it. */
export function tenantIdOf(issuer: string): string | undefined {
  const [, step = ""] = new URL(issuer).pathname.split("/");
  return UUID.test(step) ? step.toLowerCase() : undefined;
}

function checkIssuer(issuer: string, { allowHttp, profiles }: OidcRules): readonly Problem[] {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined || (url.protocol !== "https:" && !(allowHttp && url.protocol === "http:"))) {
    return issuerRefused(`must be an https URL, is ${quote(issuer)}`);
  }
  if (issuer.endsWith(DISCOVERY_SUFFIX)) {
    const bare = issuer.slice(0, -DISCOVERY_SUFFIX.length);
    return issuerRefused("must be the issuer itself, not its discovery document", bare);
  }
  if (/[?#\s]/.test(issuer) || url.username !== "" || url.password !== "") {
    return issuerRefused("must be a URL without query, fragment, blanks or user");
  }
  return checkTenant(url, profiles);
}

/** Some hosts serve many tenants' issuers, and one that stands for all of them would let everybody in (nOAuth). */
function checkTenant(url: URL, profiles: readonly IdpProfile[]): readonly Problem[] {
  const profile = profiles.find((one) => one.identity.tenantClaim !== undefined && livesAt(one, url.hostname));
  if (profile === undefined) return [];
  const tenant = tenantIdOf(url.href);
  if (tenant !== undefined && !profile.identity.sharedTenants?.includes(tenant)) return [];
  const message = `must name one tenant of ${profile.title} by its id: shared issuers such as \`common\` let anybody in`;
  return issuerRefused(message, `${url.origin}/<tenant id>/v2.0`);
}

function issuerRefused(message: string, suggestion?: string): readonly Problem[] {
  const problem = { pointer: "/issuer", code: "issuer_refused", message };
  return [suggestion === undefined ? problem : { ...problem, suggestion }];
}
