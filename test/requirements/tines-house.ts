/** A service over HTTP with an OpenID provider that says of people what a test wants: every door that the rows speak of. */
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type { JsonObject } from "../../src/model/json.js";
import { type AdminClient, openAdmin, quickWorker, type Reply } from "../admin/admin-client.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";

export interface TinesHouse {
  readonly admin: AdminClient;
  readonly op: HostileOp;
  /** A tenant with one OpenID connection `sso`; answers with the tenant's path. */
  tenant(connection?: JsonObject, mapping?: JsonObject): Promise<string>;
  map(tenant: string, mapping: JsonObject): Promise<Reply>;
  signIn(tenant: string, claims: JsonObject, browser?: Browser): Promise<Visit>;
  /** Signs in, and answers with what the person then holds, as `Team/role` and `scope/role`. */
  signedIn(tenant: string, claims: JsonObject): Promise<readonly string[]>;
  /** What the person holds by the list of users; `undefined` when there is nobody of this name. */
  holds(tenant: string, userName: string): Promise<readonly string[] | undefined>;
  user(tenant: string, userName: string): Promise<Record<string, unknown> | undefined>;
  /** A SCIM client of the connection `sso`. */
  scim(tenant: string): Promise<(method: string, path: string, body?: unknown) => Promise<Reply>>;
  close(): Promise<void>;
}

const CLIENT = "rolecall";

export const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
export const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
export const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

interface Person extends Record<string, unknown> {
  readonly teams: readonly { readonly team: string; readonly role: string }[];
  readonly roles: readonly { readonly scope: string; readonly role: string }[];
}

export async function openTinesHouse(databaseUrl?: string): Promise<TinesHouse> {
  const admin = await openAdmin(
    (config) => ({
      ...quickWorker(config),
      limits: { ...config.limits, signInsPerMinutePerAddress: 0 },
    }),
    databaseUrl,
  );
  const op = await startHostileOp(CLIENT);
  const slugOf = (tenant: string): string => tenant.slice(tenant.lastIndexOf("/") + 1);
  const house: TinesHouse = {
    admin,
    op,
    async tenant(connection = {}, mapping) {
      const tenant = await admin.tenant();
      const oidc = { protocol: "oidc", issuer: op.issuer, clientId: CLIENT, clientSecret: "s", scopes: ["openid"] };
      const made = await admin.post(`${tenant}/connections`, { slug: "sso", ...oidc, ...connection });
      expect(made.status, made.text).to.equal(201);
      if (mapping !== undefined) expect((await house.map(tenant, mapping)).status).to.equal(200);
      return tenant;
    },
    async map(tenant, mapping) {
      const reply = await admin.call("PUT", `${tenant}/mapping`, { body: mapping });
      if (reply.status === 200) await admin.finished(tenant, reply);
      return reply;
    },
    signIn(tenant, claims, browser = createBrowser()) {
      op.behave({ claims });
      return browser.visit(`${admin.service.url}/sso/${slugOf(tenant)}/sso/login`);
    },
    async signedIn(tenant, claims) {
      const browser = createBrowser();
      const visit = await house.signIn(tenant, claims, browser);
      expect(visit.status, visit.text).to.equal(200);
      const me = await browser.visit(`${admin.service.url}/me`, { headers: { accept: "application/json" } });
      return heldBy(JSON.parse(me.text) as Person);
    },
    async user(tenant, userName) {
      const reply = await admin.get(`${tenant}/users?userName=${encodeURIComponent(userName)}`);
      return reply.body.items?.[0];
    },
    async holds(tenant, userName) {
      const person = await house.user(tenant, userName);
      return person === undefined ? undefined : heldBy(person as Person);
    },
    async scim(tenant) {
      const token = String((await admin.post(`${tenant}/connections/sso/tokens`, { name: "push" })).body["token"]);
      return (method, path, body) =>
        admin.call(method, `/api/scim/v2${path}`, { token, ...(body === undefined ? {} : { body }) });
    },
    async close() {
      await op.close();
      await admin.close();
    },
  };
  return house;
}

function heldBy({ teams, roles }: Person): readonly string[] {
  const held = [
    ...teams.map(({ team, role }) => `${team}/${role}`),
    ...roles.map(({ scope, role }) => `${scope}/${role}`),
  ];
  return held.sort();
}

/** A person as an OpenID provider says it. */
export function claimsOf(userName: string, groups?: readonly string[], more: JsonObject = {}): JsonObject {
  return { sub: userName, preferred_username: userName, ...(groups === undefined ? {} : { groups }), ...more };
}
