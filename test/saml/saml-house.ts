/** The whole service with tenants that sign in by SAML, set up as admins do: over the admin API. */
import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type { SamlServiceProvider } from "../../demo/processes/saml-provider-config.js";
import type { JsonObject } from "../../src/model/json.js";
import type { Config } from "../../src/platform/config.js";
import { openAdmin, type Reply } from "../admin/admin-client.js";
import { othersKey } from "../support/saml-encryption.js";
import type { SigningKey } from "../support/saml-keys.js";

export interface SamlHouse {
  readonly url: string;
  /** Makes a tenant with a mapping. */
  addTenant(slug: string, mapping: JsonObject): Promise<void>;
  /** What an identity provider is told of a connection, also of one that is not there yet. */
  partner(tenant: string, connection: string): Required<Pick<SamlServiceProvider, "acsUrl" | "entityId">>;
  connect(tenant: string, slug: string, settings: object): Promise<void>;
  disconnect(tenant: string, slug: string): Promise<void>;
  change(tenant: string, slug: string, settings: object): Promise<void>;
  deactivate(tenant: string, userName: string): Promise<void>;
  /** Switches live SCIM on for a connection; answers a way to push people, which answers how they are known to SCIM. */
  pushTo(tenant: string, connection: string): Promise<(person: object) => Promise<string>>;
  loginUrl(tenant: string, connection: string): string;
  /** Who is signed in, in this browser. */
  me(browser: Browser): Promise<Me>;
  /** What an admin finds under the reference on the page. */
  traceOf(tenant: string, page: string): Promise<JsonObject>;
  users(tenant: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** `status` alone where nobody is signed in. */
export interface Me {
  readonly status: number;
  readonly user?: { readonly id: string; readonly userName: string; readonly email: string | null };
  readonly teams?: readonly { readonly team: string; readonly role: string }[];
}

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";

export async function openSamlHouse(settings: Partial<Config> = {}): Promise<SamlHouse> {
  const admin = await openAdmin((config) => ({
    ...config,
    ...settings,
    limits: { ...config.limits, signInsPerMinutePerAddress: 0 },
  }));
  const url = admin.service.publicUrl;
  const base = (tenant: string): string => `/api/v1/tenants/${tenant}`;
  const sso = (tenant: string, connection: string): string => `${url}/sso/${tenant}/${connection}`;
  return {
    url,
    async addTenant(slug, mapping) {
      wanted(await admin.post("/api/v1/tenants", { slug, name: slug }), 201);
      wanted(await admin.call("PUT", `${base(slug)}/mapping`, { body: mapping }), 200);
    },
    partner: (tenant, connection) => ({
      entityId: `${sso(tenant, connection)}/metadata`,
      acsUrl: `${sso(tenant, connection)}/acs`,
    }),
    async connect(tenant, slug, settings) {
      wanted(await admin.post(`${base(tenant)}/connections`, { slug, protocol: "saml", ...settings }), 201);
    },
    async disconnect(tenant, slug) {
      wanted(
        await admin.call("DELETE", `${base(tenant)}/connections/${slug}`, { body: { onDisable: "convert" } }),
        202,
      );
    },
    async change(tenant, slug, settings) {
      wanted(await admin.call("PATCH", `${base(tenant)}/connections/${slug}`, { body: settings }), 200);
    },
    async deactivate(tenant, userName) {
      const { items = [] } = wanted(await admin.get(`${base(tenant)}/users?limit=1000`), 200).body;
      const user = items.find((one) => one["userName"] === userName)?.["id"];
      wanted(await admin.call("PATCH", `${base(tenant)}/users/${user}`, { body: { active: false } }), 200);
    },
    async pushTo(tenant, connection) {
      const made = await admin.post(`${base(tenant)}/connections/${connection}/tokens`, { name: "push" });
      const token = String(wanted(made, 201).body["token"]);
      return async (person) => {
        const reply = await admin.post("/api/scim/v2/Users", { schemas: [USER], ...person }, { token });
        return String(wanted(reply, 201).body["id"]);
      };
    },
    loginUrl: (tenant, connection) => `${sso(tenant, connection)}/login`,
    async me(browser) {
      const { status, text } = await browser.visit(`${url}/me`, { headers: { accept: "application/json" } });
      return status === 200 ? { status, ...JSON.parse(text) } : { status };
    },
    async traceOf(tenant, page) {
      const reply = await admin.get(`${base(tenant)}/sign-ins/${referenceOn(page)}`);
      return wanted(reply, 200).body as JsonObject;
    },
    async users(tenant) {
      return wanted(await admin.get(`${base(tenant)}/users?limit=1000`), 200).body.items ?? [];
    },
    close: () => admin.close(),
  };
}

function wanted(reply: Reply, status: number): Reply {
  expect(reply.status, reply.text).to.equal(status);
  return reply;
}

export function codeOn(page: string): string {
  return /Code<\/dt><dd><code>([a-z_]+)</.exec(page)?.[1] ?? "no code";
}

export function referenceOn(page: string): string {
  return /Reference<\/dt><dd><code>([^<]+)</.exec(page)?.[1] ?? "no reference";
}

/** A visit's end in short: where it ended well, or the status and code of the refusal. */
export function endOf({ status, url, text }: Visit): string {
  return status === 200 ? new URL(url).pathname : `${status} ${codeOn(text)}`;
}

/** Goes to the identity provider's form, fills it in, and comes back as far as it leads. */
export async function signInBy(
  loginUrl: string,
  fields: Readonly<Record<string, string>>,
  { browser = createBrowser(), stopBefore }: { readonly browser?: Browser; readonly stopBefore?: string } = {},
): Promise<Visit> {
  const form = await browser.visit(loginUrl);
  return browser.submit(form, fields, stopBefore === undefined ? {} : { stopBefore });
}

/** Metadata of a provider that takes requests by POST alone. */
export function withoutRedirect(metadataXml: string): string {
  const services = /<SingleSignOnService\b[^>]*HTTP-Redirect[^>]*>(?:<\/SingleSignOnService>)?/g;
  expect(metadataXml).to.match(services).and.to.contain("HTTP-POST");
  return metadataXml.replace(services, "");
}

/** What a connection's metadata says is to be encrypted for. */
export async function publishedKey({ entityId }: { readonly entityId: string }): Promise<SigningKey> {
  const { text } = await createBrowser().visit(entityId);
  const [, certificate = ""] = /use="encryption">.*?<[^>]*X509Certificate>([^<]+)</s.exec(text) ?? [];
  const { publicKey } = new X509Certificate(Buffer.from(certificate, "base64"));
  return { ...othersKey, publicPem: publicKey.export({ type: "spki", format: "pem" }).toString() };
}
