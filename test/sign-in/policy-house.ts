/** The whole service with the doors that people sign in by, and behind each a provider that says of people what a test wants. */
import { inflateRawSync } from "node:zlib";
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type { JsonObject } from "../../src/model/json.js";
import { type AdminClient, openAdmin, quickWorker, type Reply } from "../admin/admin-client.js";
import { idpMetadata, ssoService } from "../saml/idp-metadata.js";
import { codeOn } from "../saml/saml-house.js";
import { startHostileOp } from "../support/hostile-op.js";
import { ACME, NAME_ID, samlResponse } from "../support/saml-response.js";
import { isSettled } from "../support/tenant.js";

export const PROTOCOLS = ["saml", "oidc"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What a provider says of somebody. What is absent, it does not say. */
export interface Said {
  /** Subject and user name. */
  readonly name: string;
  readonly groups?: readonly string[];
  readonly email?: string;
  /** The subject is an opaque one, and stands for no user name. */
  readonly unnamed?: boolean;
  /** Laid over the rest, under the provider's own words; a claim of SAML is a list. */
  readonly claims?: Readonly<Record<string, string | readonly string[]>>;
}

/** A connection, by its tenant's path, its slug and the protocol that it speaks. */
export interface Door {
  readonly tenant: string;
  readonly slug: string;
  readonly protocol: Protocol;
}

export interface PolicyHouse {
  readonly admin: AdminClient;
  connect(door: Door, settings?: JsonObject): Promise<void>;
  change(door: Door, settings: JsonObject): Promise<void>;
  /** Saves a mapping and waits until it is applied. */
  map(tenant: string, mapping: JsonObject): Promise<void>;
  settled(tenant: string): Promise<void>;
  signIn(door: Door, said: Said, browser?: Browser): Promise<Visit>;
  /** What the person of the browser holds; `undefined` when nobody is signed in. */
  holds(browser: Browser): Promise<readonly string[] | undefined>;
  user(tenant: string, userName: string): Promise<Record<string, unknown> | undefined>;
  seatsUsed(tenant: string): Promise<number>;
  /** What an admin finds under the reference on the page of a refusal. */
  traceOf(tenant: string, visit: Visit): Promise<Record<string, unknown>>;
  /** A SCIM client of the connection: pushes somebody, and switches them off. */
  push(door: Door): Promise<{
    person(userName: string, more?: JsonObject): Promise<string>;
    switchOff(id: string): Promise<void>;
  }>;
  close(): Promise<void>;
}

const CLIENT = "rolecall";
const IDP = "https://idp.acme.example/sso";
const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export async function openPolicyHouse(databaseUrl?: string): Promise<PolicyHouse> {
  const admin = await openAdmin(
    (config) => ({
      ...quickWorker(config),
      limits: { ...config.limits, signInsPerMinutePerAddress: 0 },
      // Nobody is held: how many are sent away at once is another matter.
      brake: { ...config.brake, deactivationsFloor: 1_000, accessFloor: 1_000 },
    }),
    databaseUrl,
  );
  const op = await startHostileOp(CLIENT);
  const settingsOf = {
    oidc: { issuer: op.issuer, clientId: CLIENT, clientSecret: "s", scopes: ["openid"] },
    saml: { metadataXml: idpMetadata({ entityId: ACME.idp, services: ssoService(IDP) }) },
  };
  const { p, publicUrl } = admin.service;
  const base = ({ tenant, slug }: Door): string => `${publicUrl}/sso/${slugOf(tenant)}/${slug}`;
  const pathOf = ({ tenant, slug }: Door): string => `${tenant}/connections/${slug}`;
  const signInBy: Readonly<Record<Protocol, (door: Door, said: Said, browser: Browser) => Promise<Visit>>> = {
    oidc(door, { name, groups, email, unnamed, claims }, browser) {
      const told = { ...(groups && { groups }), ...(email !== undefined && { email, email_verified: true }) };
      op.behave({ claims: { sub: name, preferred_username: unnamed ? undefined : name, ...told, ...claims } });
      return browser.visit(`${base(door)}/login`);
    },
    async saml(door, { name, groups, email, unnamed, claims = {} }, browser) {
      const { url } = await browser.visit(`${base(door)}/login`, { stopBefore: IDP });
      const acs = `${base(door)}/acs`;
      const { base64 } = samlResponse({
        ...{
          responseId: newId(),
          assertionId: newId(),
          inResponseTo: requestIn(url),
          destination: acs,
          recipient: acs,
        },
        ...{ audiences: [[`${base(door)}/metadata`]], nameId: name },
        nameIdFormat: unnamed ? NAME_ID.persistent : NAME_ID.unspecified,
        attributes: [
          ...(groups === undefined ? [] : [{ name: "groups", values: groups }]),
          ...(email === undefined ? [] : [{ name: "email", values: [email] }]),
          ...Object.entries(claims).map(([name, values]) => ({ name, values: [values].flat() })),
        ],
      });
      return browser.visit(acs, { method: "POST", body: new URLSearchParams({ SAMLResponse: base64 }) });
    },
  };
  const house: PolicyHouse = {
    admin,
    async connect(door, settings = {}) {
      const { slug, protocol } = door;
      const body = { slug, protocol, ...settingsOf[protocol], mayGrantOwner: false, ...settings };
      wanted(await admin.post(`${door.tenant}/connections`, body), 201);
    },
    async change(door, settings) {
      wanted(await admin.call("PATCH", pathOf(door), { body: settings }), 200);
    },
    async map(tenant, mapping) {
      await admin.finished(tenant, wanted(await admin.call("PUT", `${tenant}/mapping`, { body: mapping }), 200));
      await house.settled(tenant);
    },
    async settled(tenant) {
      const found = await p.store.instance.tenantBySlug(slugOf(tenant));
      if (found === undefined) throw new Error(`no tenant at ${tenant}`);
      while (!(await isSettled(p, found.id))) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    signIn: (door, said, browser = createBrowser()) => signInBy[door.protocol](door, said, browser),
    async holds(browser) {
      const { status, text } = await browser.visit(`${publicUrl}/me`, { headers: { accept: "application/json" } });
      return status === 200 ? heldBy(JSON.parse(text)) : undefined;
    },
    async user(tenant, userName) {
      const { body } = wanted(await admin.get(`${tenant}/users?userName=${encodeURIComponent(userName)}`), 200);
      return body.items?.[0];
    },
    async seatsUsed(tenant) {
      return Number(wanted(await admin.get(tenant), 200).body["seatsUsed"]);
    },
    async traceOf(tenant, { text }) {
      const [, reference = "none"] = /Reference<\/dt><dd><code>([^<]+)</.exec(text) ?? [];
      return wanted(await admin.get(`${tenant}/sign-ins/${reference}`), 200).body;
    },
    async push(door) {
      const made = wanted(await admin.post(`${pathOf(door)}/tokens`, { name: "push" }), 201);
      const token = String(made.body["token"]);
      const scim = (method: string, path: string, body: object) =>
        admin.call(method, `/api/scim/v2${path}`, { token, body });
      return {
        async person(userName, more = {}) {
          return String(wanted(await scim("POST", "/Users", { schemas: [USER], userName, ...more }), 201).body["id"]);
        },
        async switchOff(id) {
          const Operations = [{ op: "replace", value: { active: false } }];
          wanted(await scim("PATCH", `/Users/${id}`, { schemas: [PATCH], Operations }), 200);
        },
      };
    },
    async close() {
      await op.close();
      await admin.close();
    },
  };
  return house;
}

const STATUSES: Readonly<Record<string, number>> = { foreign_domain: 400, expression_busy: 503 };

/** `in`, or the code of the page, which goes with one status each. */
export function endOf({ status, text }: Visit): string {
  if (status === 200) return "in";
  const code = codeOn(text);
  expect(status, text).to.equal(STATUSES[code] ?? 403);
  return code;
}

let ids = 0;

function newId(): string {
  ids += 1;
  return `_id-${ids}`;
}

function requestIn(url: string): string {
  const deflated = Buffer.from(new URL(url).searchParams.get("SAMLRequest") ?? "", "base64");
  return /ID="([^"]+)"/.exec(inflateRawSync(deflated).toString("utf8"))?.[1] ?? "";
}

function slugOf(tenant: string): string {
  return tenant.slice(tenant.lastIndexOf("/") + 1);
}

interface Holder {
  readonly teams: readonly { readonly team: string; readonly role: string }[];
  readonly roles: readonly { readonly scope: string; readonly role: string }[];
}

function heldBy({ teams, roles }: Holder): readonly string[] {
  return [
    ...teams.map(({ team, role }) => `${team}/${role}`),
    ...roles.map(({ scope, role }) => `${scope}/${role}`),
  ].sort();
}

function wanted(reply: Reply, status: number): Reply {
  expect(reply.status, reply.text).to.equal(status);
  return reply;
}
