/** The whole service, with what tests of sign-ins set up in it. */
import type { Connection, OidcSettings, Tenant } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import type { Config } from "../../src/platform/config.js";
import { type ConnectionInput, createConnection } from "../../src/provisioning/connections.js";
import type { Context, Provisioning } from "../../src/provisioning/deps.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { createTenant, type TenantInput } from "../../src/provisioning/tenants.js";
import { startService } from "./service.js";

const OPERATOR: Context = { actor: { kind: "operator" }, door: "admin" };

export interface SignInService {
  readonly url: string;
  readonly p: Provisioning;
  /** What was logged so far. */
  readonly log: readonly string[];
  addTenant(input: TenantInput): Promise<Tenant>;
  map(tenant: Tenant, mapping: JsonObject): Promise<void>;
  connect(tenant: Tenant, input: ConnectionInput): Promise<Connection>;
  addOidc(tenant: Tenant, slug: string, oidc: OidcSettings, more?: OidcExtras): Promise<Connection>;
  callbackUrl(tenant: string, connection: string): string;
  close(): Promise<void>;
}

export type OidcExtras = Partial<Omit<ConnectionInput, "slug" | "protocol" | "oidc">>;

export async function startSignInService(
  limits: Partial<Config["limits"]> = {},
  more: Partial<Config> = {},
): Promise<SignInService> {
  const log: string[] = [];
  const service = await startService({
    log: { write: (line) => void log.push(line) },
    settings: (config) => ({
      ...{ ...config, ...more },
      limits: { ...config.limits, signInsPerMinutePerAddress: 0, ...limits },
    }),
  });
  const { p, publicUrl: url } = service;
  return {
    url,
    p,
    log,
    addTenant: (input) => createTenant(p, input, OPERATOR),
    async map(tenant, mapping) {
      await saveMapping(p, tenant, JSON.stringify(mapping), {}, OPERATOR);
    },
    connect: (tenant, input) => createConnection(p, tenant, input, OPERATOR),
    addOidc: (tenant, slug, oidc, more = {}) =>
      createConnection(p, tenant, { slug, protocol: "oidc", oidc, ...more }, OPERATOR),
    callbackUrl: (tenant, connection) => `${url}/sso/${tenant}/${connection}/callback`,
    close: () => service.close(),
  };
}
