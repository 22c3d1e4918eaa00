/**
 * An OpenID provider as a process of its own: panva's oidc-provider on loopback, with accounts that can be changed while
 * it runs. Development and tests only: it signs in whoever `login_hint` names, without a password.
 *
 * Takes its configuration as JSON, as the first argument or on standard input, and prints one line of JSON with its
 * `issuer` and `admin` address when it can serve. `PUT <admin>/accounts/<sub>` with claims replaces an account.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair } from "jose";
import { type Account, type ClientMetadata, type Configuration, type JWK, Provider } from "oidc-provider";
import type { OidcProviderConfig, ProviderClaims, ProviderClient } from "./oidc-provider-config.js";

/** Claims that a scope releases; every other one comes with `openid`. */
const PROFILE = ["name", "given_name", "family_name", "preferred_username", "locale", "updated_at"];
const EMAIL = ["email", "email_verified"];
const STANDARD: ReadonlySet<string> = new Set(["sub", ...PROFILE, ...EMAIL]);

const config: OidcProviderConfig = JSON.parse(process.argv[2] ?? (await text(process.stdin)));
/** `null`: a person whom the provider refuses. */
const accounts = new Map<string, ProviderClaims | null>(Object.entries(config.accounts));
const path = config.path ?? "";

const server = createServer();
await new Promise<void>((resolve) => server.listen(config.port ?? 0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const provider = new Provider(`${origin}${path}`, await configuration());
const serveProvider = provider.callback();

server.on("request", (request: IncomingMessage, response: ServerResponse) => {
  serve(request, response).catch((error: unknown) => {
    response.writeHead(500, { "content-type": "text/plain" }).end(error instanceof Error ? error.message : "failed");
  });
});
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
process.stdout.write(`${JSON.stringify({ issuer: `${origin}${path}`, admin: `${origin}/admin` })}\n`);

async function configuration(): Promise<Configuration> {
  const algorithms = config.algorithms ?? ["RS256"];
  const jwks = { keys: await Promise.all(algorithms.map(newKey)) };
  const hour = 3600;
  return {
    jwks,
    clients: config.clients.map(clientMetadata),
    claims: { openid: ["sub", ...otherClaims()], profile: PROFILE, email: EMAIL, groups: ["groups"] },
    conformIdTokenClaims: false,
    subjectTypes: ["public", "pairwise"],
    pairwiseIdentifier: (_context, accountId, { clientId }) =>
      createHash("sha256").update(`${clientId}/${accountId}`).digest("base64url"),
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      backchannelLogout: { enabled: true },
    },
    // Clients live on loopback here, where the provider's own way out would not go.
    fetch: (url, { dispatcher: _, ...options }: RequestInit & { readonly dispatcher?: unknown } = {}) =>
      fetch(url, options),
    cookies: { keys: ["a key for development"], ...(config.takesForms && { long: { sameSite: "none" } }) },
    ...(config.takesForms && { enableHttpPostMethods: true }),
    ttl: { AccessToken: hour, AuthorizationCode: 60, Grant: hour, IdToken: hour, Interaction: hour, Session: hour },
    interactions: { url: (_context, interaction) => `${path}/interaction/${interaction.uid}` },
    async findAccount(context, sub) {
      const claims = accounts.get(sub);
      const placement =
        config.clients.find((one) => one.clientId === context.oidc.client?.clientId)?.placement ?? "both";
      return claims ? account(sub, claims, placement) : undefined;
    },
    // Everybody consents to everything: what is shown here is the sign-in.
    async loadExistingGrant(context) {
      const { client, session, params } = context.oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(String(params?.["scope"] ?? "openid"));
      await grant.save();
      return grant;
    },
  };
}

async function newKey(algorithm: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: algorithm, use: "sig", kid: `${algorithm}-1` } as JWK;
}

function clientMetadata(client: ProviderClient): ClientMetadata {
  return {
    client_id: client.clientId,
    ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }),
    redirect_uris: client.redirectUris,
    token_endpoint_auth_method:
      client.authMethod ?? (client.clientSecret === undefined ? "none" : "client_secret_basic"),
    id_token_signed_response_alg: client.algorithm ?? "RS256",
    ...(client.jwksUri === undefined ? {} : { jwks_uri: client.jwksUri }),
    ...(client.pairwise && { subject_type: "pairwise" }),
    ...(client.userinfoAlgorithm === undefined ? {} : { userinfo_signed_response_alg: client.userinfoAlgorithm }),
    ...(client.postLogoutRedirectUris && { post_logout_redirect_uris: [...client.postLogoutRedirectUris] }),
    ...(client.backchannelLogoutUri === undefined ? {} : { backchannel_logout_uri: client.backchannelLogoutUri }),
  };
}

function otherClaims(): readonly string[] {
  const used = Object.values(config.accounts).flatMap((claims) => Object.keys(claims ?? {}));
  return [...new Set(["groups", ...used, ...(config.claims ?? [])])].filter((name) => !STANDARD.has(name));
}

function account(sub: string, claims: ProviderClaims, placement: "both" | "id_token" | "userinfo"): Account {
  return {
    accountId: sub,
    claims: (use) => {
      const here = placement === "both" || placement === use;
      const shown = Object.entries(claims).filter(([name]) => here || STANDARD.has(name));
      return { ...Object.fromEntries(shown), sub };
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", origin);
  if (url.pathname.startsWith("/admin/accounts/")) return serveAdmin(request, response, url);
  if (url.pathname.startsWith(`${path}/interaction/`)) return interact(request, response, url);
  if (path !== "" && url.pathname.startsWith(path)) {
    Object.assign(request, { originalUrl: request.url, url: (request.url ?? "").slice(path.length) || "/" });
  }
  await serveProvider(request, response);
}

async function serveAdmin(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const sub = decodeURIComponent(url.pathname.slice("/admin/accounts/".length));
  if (request.method === "PUT") accounts.set(sub, JSON.parse(await text(request)));
  else if (request.method === "DELETE") accounts.delete(sub);
  else return void response.writeHead(405).end();
  response.writeHead(204).end();
}

/** The login: by hint, or by a click on one of the names. */
async function interact(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const who = url.searchParams.get("account") ?? String(params["login_hint"] ?? "");
  const claims = accounts.get(who);
  if (claims === null) {
    const refusal = { error: "access_denied", error_description: "this person may not use the application" };
    return provider.interactionFinished(request, response, refusal);
  }
  if (claims) return provider.interactionFinished(request, response, { login: { accountId: who } });
  const names = [...accounts.keys()].map(
    (sub) => `<li><a href="?account=${encodeURIComponent(sub)}">${escaped(sub)}</a></li>`,
  );
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><title>Sign in</title><h1>Who is signing in?</h1><ul>${names.join("")}</ul>`);
}

function escaped(name: string): string {
  return name.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
