/** Sign-in on the web owns what every protocol shares: choosing a connection, the way back, refusals, sessions and `/me`. */
import { randomBytes } from "node:crypto";
import { type Cookie, pendingLoginCookie, sessionCookie } from "../../http/cookies.js";
import type { HttpRequest } from "../../http/exchange.js";
import type { RateLimiter } from "../../http/rate-limit.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { Protocol } from "../../model/facts.js";
import { Refusal } from "../../model/problem.js";
import type { Provisioning } from "../../provisioning/deps.js";
import type { ClosedSession } from "../../provisioning/sessions.js";

export interface SignInWeb {
  readonly p: Provisioning;
  /** What browsers see, without a trailing slash: the only source of absolute addresses. */
  readonly publicUrl: string;
  readonly sessionCookie: Cookie;
  readonly pendingCookie: Cookie;
  readonly rateLimiter: RateLimiter;
  readonly signInsPerMinutePerAddress: number;
  /** Of identity providers themselves, without a browser. */
  readonly providerCallsPerMinute: number;
}

export function createSignInWeb(settings: Omit<SignInWeb, "sessionCookie" | "pendingCookie">): SignInWeb {
  const { publicUrl } = settings;
  return { ...settings, sessionCookie: sessionCookie(publicUrl), pendingCookie: pendingLoginCookie(publicUrl) };
}

/** A protocol that people sign in with. */
export interface SignInProtocol {
  readonly protocol: Protocol;
  /** Remembers the login and answers how the browser leaves for the identity provider. Throws a refusal that may be shown. */
  begin(login: BeginLogin): Promise<Departure>;
  /**
   * Where the browser goes on to, so that the identity provider ends its session too; `undefined`: it takes no such word. The
   * session has ended already: whatever goes wrong here, nobody stays signed in.
   */
  leave?(session: LeftSession): Promise<Departure | undefined>;
}

/** How a browser leaves: by a redirect, or with a form that it posts. */
export type Departure =
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "form"; readonly action: string; readonly fields: Readonly<Record<string, string>> };

/** A request to one connection of one tenant, both named by its address. */
export interface Visit {
  readonly request: HttpRequest;
  readonly tenant: Tenant;
  readonly connection: Connection;
}

export interface BeginLogin extends Visit {
  /** The random value in the browser's pending-login cookie. */
  readonly browser: string;
  /** A path on our own origin. */
  readonly returnTo?: string;
  readonly loginHint?: string;
}

/** A session that its browser has ended. */
export interface LeftSession extends Visit {
  readonly ended: ClosedSession;
}

/** The `state` with which browsers come back from a provider that has signed people out. */
export const SIGNED_OUT = "signed_out";

/** Seconds for which a browser may be away at the identity provider. */
export const LOGIN_SECONDS = 600;

const SLUG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** INVARIANT: unknown tenants, unknown connections and such as nobody signs in with are answered alike. */
export function nothingHere(): Refusal {
  return new Refusal("not_found", "there is nothing at this address");
}

export async function findTenant(web: SignInWeb, slug: string | undefined): Promise<Tenant> {
  const tenant = slug !== undefined && SLUG.test(slug) ? await web.p.store.instance.tenantBySlug(slug) : undefined;
  if (tenant === undefined) throw nothingHere();
  return tenant;
}

/** The tenant and the connection that an address names, for one turn. INVARIANT: never taken from what an identity provider sent. */
export function findConnection(web: SignInWeb, request: HttpRequest): Promise<Visit> {
  takeTurn(web, request);
  return visitOf(web, request);
}

/** The same where an identity provider itself calls, for many people at once. */
export function findCalledConnection(web: SignInWeb, request: HttpRequest): Promise<Visit> {
  web.rateLimiter.take("provider", request.network, web.providerCallsPerMinute);
  return visitOf(web, request);
}

async function visitOf(web: SignInWeb, request: HttpRequest): Promise<Visit> {
  const tenant = await findTenant(web, request.params["tenant"]);
  const slug = request.params["connection"] ?? "";
  const connection = SLUG.test(slug) ? await web.p.store.read(tenant.id).connectionBySlug(slug) : undefined;
  if (connection === undefined) throw nothingHere();
  request.identify({ tenant: tenant.slug, connection: connection.slug });
  return { request, tenant, connection };
}

/** One turn of this network; throws `rate_limited`. */
export function takeTurn(web: SignInWeb, request: HttpRequest): void {
  web.rateLimiter.take("sign-in", request.network, web.signInsPerMinutePerAddress);
}

/** The browser's value, kept while it lasts, so that logins in two tabs do not spoil each other. */
export function browserValue(web: SignInWeb, request: HttpRequest): string {
  const known = web.pendingCookie.read(request);
  return known !== undefined && /^[\w-]{43}$/.test(known) ? known : randomBytes(32).toString("base64url");
}
