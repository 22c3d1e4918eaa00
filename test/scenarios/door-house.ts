/** The whole service on one database, with a tenant of its own for each replay, and one identity provider for all. */
import type { ProviderClient } from "../../demo/processes/oidc-provider-config.js";
import type { OidcProviderProcess } from "../../demo/processes/start-oidc-provider.js";
import type { Connection, SyncMode, Tenant } from "../../src/model/connection.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { targetLabel, teamScope } from "../../src/model/target.js";
import { createConnection } from "../../src/provisioning/connections.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import type { ScenarioOutcome } from "../../src/provisioning/scenario/scenario.js";
import { scenarioConnections } from "../../src/provisioning/scenario/scenario-document.js";
import { createTenant } from "../../src/provisioning/tenants.js";
import { CLIENT_SECRET, idpClient, startOidcIdp } from "../support/oidc-idp.js";
import { startService, type TestService } from "../support/service.js";
import { ADMIN, isSettled } from "../support/tenant.js";
import type { ScenarioFile } from "./scenario-files.js";

const CLIENT = "rolecall-scenarios";

/** Claims that the identity provider may be told to make, beside those that it knows. */
const CLAIMS = [
  ...["groups", "hasgroups", "roles", "department", "title", "user_type", "country", "employee_number"],
  ...["cost_center", "division", "organization"],
];

export interface DoorHouse {
  readonly service: TestService;
  readonly idp: OidcProviderProcess;
}

/** The services on these databases and one identity provider that sends people back to all of them. */
export async function openDoorHouses(
  databaseUrls: readonly string[],
  files: readonly ScenarioFile[],
): Promise<{ readonly houses: readonly DoorHouse[]; close(): Promise<void> }> {
  const settings: Parameters<typeof startService>[0] = {
    settings: (config) => ({
      ...config,
      limits: { ...config.limits, signInsPerMinutePerAddress: 0, requestsPerMinutePerToken: 0 },
      worker: { pollMilliseconds: 30 },
    }),
  };
  const services = await Promise.all(databaseUrls.map((databaseUrl) => startService({ ...settings, databaseUrl })));
  const idp = await startOidcIdp({ accounts: {}, claims: claimNames(files), clients: [clientOf(services, files)] });
  return {
    houses: services.map((service) => ({ service, idp })),
    async close() {
      await idp.stop();
      for (const service of services) await service.close();
    },
  };
}

function claimNames(files: readonly ScenarioFile[]): readonly string[] {
  const people = files.flatMap(({ scenario }) => scenario.people ?? []);
  const facts = people.flatMap((person) => [person, person.before ?? {}, ...(person.links ?? [])]);
  return [...new Set([...CLAIMS, ...facts.flatMap(({ claims = {} }) => Object.keys(claims))])];
}

function clientOf(services: readonly TestService[], files: readonly ScenarioFile[]): ProviderClient {
  const callbacks = services.flatMap(({ url }) =>
    files.flatMap(({ path, scenario }) =>
      scenarioConnections(scenario).map(({ slug }) => `${url}/sso/${tenantSlug(path, "in")}/${slug}/callback`),
    ),
  );
  return { ...idpClient(CLIENT, ""), redirectUris: callbacks };
}

function tenantSlug(path: string, door: string): string {
  return `${door}-${path.replace("/", "-")}`.slice(0, 60).replace(/-+$/, "");
}

/** A tenant in which one scenario is replayed by one door. */
export interface Stage {
  readonly house: DoorHouse;
  readonly p: Provisioning;
  readonly tenant: Tenant;
  connection(slug: string): Connection;
}

/** Makes the tenant with the scenario's connections and teams; the mapping is the door's to bring in. */
export async function setStage(
  house: DoorHouse,
  { path, scenario }: ScenarioFile,
  door: string,
  sync: SyncMode,
): Promise<Stage> {
  const { p } = house.service;
  const tenant = await createTenant(p, { slug: tenantSlug(path, door), name: path }, ADMIN);
  const connections = new Map<string, Connection>();
  for (const { protocol, ...settings } of scenarioConnections(scenario)) {
    const input = { protocol, ...settings, sync, settleSeconds: 0 } as const;
    const oidc = { issuer: house.idp.issuer, clientId: CLIENT, scopes: [] };
    const secret = protocol === "oidc" ? { oidc, clientSecret: CLIENT_SECRET } : {};
    connections.set(settings.slug, await createConnection(p, tenant, { ...input, ...secret }, ADMIN));
  }
  await p.store.write(tenant.id, (tx) => tx.ensureTeams(scenario.teams ?? [], p.now()));
  return {
    house,
    p,
    tenant,
    connection(slug) {
      const connection = connections.get(slug);
      if (!connection) throw new Error(`no connection ${slug}`);
      return connection;
    },
  };
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** A call of the admin API about the stage's tenant; `path` begins behind it. */
export async function callAdmin(
  { house, tenant }: Stage,
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: string,
): Promise<AdminAnswer> {
  const { service } = house;
  const answer = await fetch(`${service.url}/api/v1/tenants/${tenant.slug}${path}`, {
    method,
    headers: { authorization: `Bearer ${service.operatorToken}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, body: (await answer.json()) as JsonObject };
}

/** As `callAdmin`; anything but this status is an error that shows the answer. */
export async function askAdmin(
  stage: Stage,
  status: number,
  ...call: [method: "GET" | "POST" | "PUT", path: string, body?: string]
): Promise<JsonObject> {
  const answer = await callAdmin(stage, ...call);
  if (answer.status !== status)
    throw new Error(`${call[0]} ${call[1]}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Waits until nothing is left to do for the tenant. */
export async function settled({ p, tenant }: Stage): Promise<void> {
  p.wake();
  while (!(await isSettled(p, tenant.id))) await new Promise((resolve) => setTimeout(resolve, 15));
}

/** What the tenant's users hold, by user name. */
export async function outcomes({ p, tenant }: Stage): Promise<ReadonlyMap<string, ScenarioOutcome>> {
  const { items } = await p.store.read(tenant.id).users({ limit: 1000 });
  return new Map(
    items.map((user) => [
      user.userName,
      user.status === "deactivated" ? "deactivated" : user.assignments.map(targetLabel).sort(),
    ]),
  );
}

/** Targets as `/me` and the admin API show them, as labels. */
export function labelsOf({ teams, roles }: { readonly teams?: Json; readonly roles?: Json }): readonly string[] {
  const inTeams = (teams ?? []) as readonly { readonly team: string; readonly role: string }[];
  const elsewhere = (roles ?? []) as readonly { readonly scope: string; readonly role: string }[];
  return [...inTeams.map(({ team, role }) => ({ scope: teamScope(team), role })), ...elsewhere].map(targetLabel).sort();
}

/**
 * A row of a further connection for somebody who is registered already, as an admin's linking would leave it: people are
 * recognised across connections by nobody else.
 */
export async function linkByHand(stage: Stage, userName: string, slug: string, subject: string): Promise<void> {
  const { p, tenant } = stage;
  const { items } = await p.store.read(tenant.id).users({ userName, limit: 2 });
  const [user] = items;
  if (!user) throw new Error(`${userName} is not registered`);
  const row = { connection: stage.connection(slug).id, user: user.id, linkedBy: "admin", subject, userName };
  await p.store.write(tenant.id, (tx) => tx.insertUserRow(row, p.now()));
}
