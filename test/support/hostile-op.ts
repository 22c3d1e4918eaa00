/** A small OpenID provider that does what it is told, however wrong: for answers that no honest provider gives. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import type { JsonObject } from "../../src/model/json.js";

export interface HostileKeys {
  readonly privateKey: CryptoKey;
  /** The public key as text, for those who take it for an HMAC secret. */
  readonly publicPem: string;
  readonly jwk: JWK;
}

export interface Behaviour {
  readonly metadata?: JsonObject;
  readonly jwks?: readonly JWK[];
  /** Laid over an honest token's claims; `undefined` takes a claim away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Makes the token of the claims; signs honestly when absent. */
  readonly token?: (claims: Readonly<Record<string, unknown>>, keys: HostileKeys) => Promise<string> | string;
  /** The token endpoint's whole answer, instead of one with a token. */
  readonly tokenAnswer?: { readonly status: number; readonly body: string };
  /** Claims, a status, a whole answer, or the makings of a signed one. */
  readonly userinfo?: JsonObject | number | Response | ((keys: HostileKeys) => Promise<string> | string);
  /** The discovery document's status, instead of 200. */
  readonly metadataStatus?: number;
  /** HTTP Basic must say exactly this, as providers want it that decode nothing. */
  readonly credentials?: string;
  /** Laid over the parameters that go back to the redirect URI. */
  readonly answer?: Readonly<Record<string, string>>;
  /** Requests for this path are never answered, or byte by byte without an end. */
  readonly hangAt?: string;
  readonly dripAt?: string;
  /** Connections to cut before a request is answered. */
  readonly cut?: number;
  /** The next request for this path is cut once. */
  readonly cutAt?: string;
}

export interface TokenRequest {
  readonly authorization?: string;
  readonly form: URLSearchParams;
}

export interface HostileOp {
  readonly issuer: string;
  readonly keys: HostileKeys;
  /** Path and query of each request that was answered. */
  readonly requests: readonly string[];
  readonly tokenRequests: readonly TokenRequest[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

export async function newKeys(algorithm = "RS256", kid = "k1"): Promise<HostileKeys> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, use: "sig", alg: algorithm };
  return { privateKey, publicPem: await exportSPKI(publicKey), jwk };
}

export function honest(claims: Readonly<Record<string, unknown>>, { privateKey, jwk }: HostileKeys): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: jwk.alg ?? "RS256", ...(jwk.kid && { kid: jwk.kid }) })
    .sign(privateKey);
}

export async function startHostileOp(clientId: string, path = ""): Promise<HostileOp> {
  const keys = await newKeys();
  const requests: string[] = [];
  const tokenRequests: TokenRequest[] = [];
  const logins = new Map<string, string>();
  let behaviour: Behaviour = {};
  let cuts = 0;
  let cutAt: string | undefined;
  const server = createServer((request, response) => {
    const isNamed = cutAt !== undefined && request.url === cutAt;
    if (cuts > 0 || isNamed) {
      if (isNamed) cutAt = undefined;
      else cuts -= 1;
      request.socket.destroy();
      return;
    }
    requests.push(request.url ?? "");
    if (request.url === behaviour.hangAt) return;
    if (request.url === behaviour.dripAt) return drip(response);
    serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", issuer);
    switch (url.pathname.slice(withoutSlash(path).length)) {
      case "/.well-known/openid-configuration":
        return json(response, behaviour.metadataStatus ?? 200, { ...metadata(issuer), ...behaviour.metadata });
      case "/jwks":
        return json(response, 200, { keys: behaviour.jwks ?? [keys.jwk] });
      case "/auth":
        return authorize(url, response);
      case "/token": {
        const form = new URLSearchParams(await text(request));
        const { authorization } = request.headers;
        tokenRequests.push(authorization === undefined ? { form } : { authorization, form });
        const said = Buffer.from(authorization?.replace("Basic ", "") ?? "", "base64").toString();
        const { credentials = said } = behaviour;
        return credentials === said ? token(form, response) : json(response, 401, { error: "invalid_client" });
      }
      case "/userinfo": {
        const { userinfo } = behaviour;
        if (typeof userinfo === "function") {
          response.writeHead(200, { "content-type": "application/jwt" }).end(await userinfo(keys));
          return;
        }
        if (userinfo instanceof Response) {
          response.writeHead(userinfo.status, Object.fromEntries(userinfo.headers)).end(await userinfo.clone().text());
          return;
        }
        return typeof userinfo === "number"
          ? json(response, userinfo, {})
          : json(response, 200, userinfo ?? { sub: "u1" });
      }
      default:
        return json(response, 404, {});
    }
  }

  function authorize({ searchParams }: URL, response: ServerResponse): void {
    const code = `code-${logins.size}`;
    logins.set(code, searchParams.get("nonce") ?? "");
    const target = new URL(searchParams.get("redirect_uri") ?? "");
    const answer = { code, state: searchParams.get("state") ?? "", ...behaviour.answer };
    for (const [name, value] of Object.entries(answer)) target.searchParams.set(name, value);
    response.writeHead(302, { location: target.href }).end();
  }

  async function token(form: URLSearchParams, response: ServerResponse): Promise<void> {
    const { tokenAnswer } = behaviour;
    if (tokenAnswer !== undefined) {
      response.writeHead(tokenAnswer.status, { "content-type": "application/json" }).end(tokenAnswer.body);
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const nonce = logins.get(form.get("code") ?? "");
    const claims = { iss: issuer, aud: clientId, sub: "u1", iat: now, exp: now + 300, nonce, ...behaviour.claims };
    const made = await (behaviour.token ?? honest)(claims, keys);
    json(response, 200, { access_token: "at", token_type: "Bearer", id_token: made });
  }

  return {
    issuer,
    keys,
    requests,
    tokenRequests,
    behave(next) {
      behaviour = next;
      cuts = next.cut ?? 0;
      cutAt = next.cutAt;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, "");
}

function metadata(issuer: string): JsonObject {
  const base = withoutSlash(issuer);
  return {
    issuer,
    authorization_endpoint: `${base}/auth`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
    token_endpoint_auth_methods_supported: ["client_secret_post"],
  };
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  const timer = setInterval(() => response.write(" "), 50);
  response.on("close", () => clearInterval(timer));
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
