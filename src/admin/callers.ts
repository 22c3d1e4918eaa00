import { bearerToken } from "../http/bearer.js";
import type { HttpRequest } from "../http/exchange.js";
import type { Authenticator } from "../http/route.js";
import type { Tenant } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { tokensEqual } from "../platform/secrets.js";
import type { Context } from "../provisioning/deps.js";
import type { ApiKeyOwner } from "../provisioning/ports/instance.js";
import type { AdminDeps } from "./deps.js";

/** What an API key may do; each of them includes those before it. */
export const KEY_SCOPES = ["read", "write", "admin"] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** Who calls: the operator, or a tenant's own program. */
export interface Caller {
  readonly operator: boolean;
  readonly context: Context;
}

export interface TenantCaller extends Caller {
  readonly tenant: Tenant;
}

/** For what concerns the whole installation. */
export function operatorAccess(deps: AdminDeps): Authenticator<Caller> {
  return {
    name: "operator",
    scheme: "bearer",
    async authenticate(request) {
      const key = await keyOf(deps, request);
      if (key !== undefined) throw new Refusal("forbidden", "only the operator's token may do this");
      return operator(request);
    },
  };
}

/**
 * For what concerns the tenant in the path: the operator, or one of the tenant's keys. To a key the other tenants do
 * not exist, so that it learns nothing about who else is a customer.
 */
export function tenantAccess(deps: AdminDeps, scope: KeyScope): Authenticator<TenantCaller> {
  return {
    name: scope,
    scheme: "bearer",
    async authenticate(request) {
      const slug = request.params["tenant"] ?? "";
      const key = await keyOf(deps, request);
      request.identify({ tenant: slug.slice(0, 63) });
      if (key === undefined) return { ...operator(request), tenant: await tenantNamed(deps, slug) };
      if (key.tenant.slug !== slug) throw noTenant(slug);
      requireScope(key, scope);
      const actor = { kind: "api_key", id: key.keyId, label: key.name } as const;
      return { operator: false, tenant: key.tenant, context: contextOf(request, actor) };
    },
  };
}

/** The key that was shown; `undefined` for the operator's token. Whoever has neither is slowed down by address. */
async function keyOf(deps: AdminDeps, request: HttpRequest): Promise<ApiKeyOwner | undefined> {
  const token = bearerToken(request);
  if (tokensEqual(token, deps.operatorToken)) {
    request.identify({ token: "operator" });
    deps.rateLimiter.take("admin", "operator", deps.limits.requestsPerMinutePerToken);
    return undefined;
  }
  const key = await deps.p.store.instance.apiKeyByHash(deps.p.secrets.hashToken(token));
  if (key === undefined) {
    deps.rateLimiter.take("admin-stranger", request.network, deps.limits.signInsPerMinutePerAddress);
    throw new Refusal("unauthorized", "no such token: show the operator's token or a live API key of the tenant");
  }
  request.identify({ token: key.keyId });
  deps.rateLimiter.take("admin", key.keyId, deps.limits.requestsPerMinutePerToken);
  return key;
}

function requireScope({ scopes }: ApiKeyOwner, wanted: KeyScope): void {
  const enough = KEY_SCOPES.slice(KEY_SCOPES.indexOf(wanted));
  if (enough.some((scope) => scopes.includes(scope))) return;
  throw new Refusal("forbidden", `this API key has the scopes ${scopes.join(", ")}: the call needs \`${wanted}\``, {
    needs: wanted,
  });
}

async function tenantNamed(deps: AdminDeps, slug: string): Promise<Tenant> {
  const tenant = /^[a-z0-9-]{1,63}$/.test(slug) ? await deps.p.store.instance.tenantBySlug(slug) : undefined;
  if (tenant === undefined) throw noTenant(slug);
  return tenant;
}

function noTenant(slug: string): Refusal {
  return new Refusal("not_found", `no tenant ${quote(slug)}`);
}

function operator(request: HttpRequest): Caller {
  return { operator: true, context: contextOf(request, { kind: "operator" }) };
}

function contextOf(request: HttpRequest, actor: Context["actor"]): Context {
  return { actor, door: "admin", requestId: request.id };
}
