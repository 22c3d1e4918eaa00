/** The sign-in door over real provisioning and a real database in memory, without the rest of the service. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openProvisioning } from "../../src/compose.js";
import { createApp } from "../../src/http/app.js";
import { createMetrics } from "../../src/http/metrics.js";
import { createRateLimiter } from "../../src/http/rate-limit.js";
import type { Connection, OidcSettings, Tenant } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import { loadConfig } from "../../src/platform/config.js";
import { createLogger } from "../../src/platform/log.js";
import { createGuardedFetch } from "../../src/platform/network.js";
import { openOidcDoor } from "../../src/protocols/oidc/routes.js";
import { signInFaces } from "../../src/protocols/sign-in/routes.js";
import { createSignInWeb } from "../../src/protocols/sign-in/sign-in-web.js";
import { type ConnectionInput, createConnection } from "../../src/provisioning/connections.js";
import type { Context, Provisioning } from "../../src/provisioning/deps.js";
import { saveMapping } from "../../src/provisioning/mappings.js";
import { createTenant, type TenantInput } from "../../src/provisioning/tenants.js";

export const OPERATOR: Context = { actor: { kind: "operator" }, door: "admin" };

export interface SignInService {
  readonly url: string;
  readonly p: Provisioning;
  /** What was logged so far. */
  readonly log: readonly string[];
  addTenant(input: TenantInput): Promise<Tenant>;
  map(tenant: Tenant, mapping: JsonObject): Promise<void>;
  addOidc(tenant: Tenant, slug: string, oidc: OidcSettings, more?: OidcExtras): Promise<Connection>;
  callbackUrl(tenant: string, connection: string): string;
  close(): Promise<void>;
}

export type OidcExtras = Partial<Omit<ConnectionInput, "slug" | "protocol" | "oidc">>;

export async function startSignInService(signInsPerMinutePerAddress = 0): Promise<SignInService> {
  const log: string[] = [];
  const logger = createLogger("info", { write: (line) => void log.push(line) });
  const config = loadConfig({
    ROLECALL_DATABASE_URL: "sqlite::memory:",
    ROLECALL_OPERATOR_TOKEN: "operator-token-for-tests-only",
    ROLECALL_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
    ROLECALL_ALLOW_PRIVATE_NETWORK: "1",
  });
  const { p, vault, close } = await openProvisioning(config, logger);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const web = createSignInWeb({ p, publicUrl: url, rateLimiter: createRateLimiter(), signInsPerMinutePerAddress });
  const fetch = createGuardedFetch({ ...config.network, allowPrivateNetwork: true });
  const oidc = openOidcDoor({ web, fetch, unseal: vault.open, allowHttp: true });
  const faces = signInFaces(web, [oidc.protocol], oidc.routes);
  server.on(
    "request",
    createApp({ logger, publicUrl: url, trustedProxies: [], metrics: createMetrics(), faces, checkAnswers: true }),
  );
  return {
    url,
    p,
    log,
    addTenant: (input) => createTenant(p, input, OPERATOR),
    async map(tenant, mapping) {
      await saveMapping(p, tenant, JSON.stringify(mapping), {}, OPERATOR);
    },
    addOidc: (tenant, slug, settings, more = {}) =>
      createConnection(p, tenant, { slug, protocol: "oidc", oidc: settings, ...more }, OPERATOR),
    callbackUrl: (tenant, connection) => `${url}/sso/${tenant}/${connection}/callback`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await close();
    },
  };
}
