import { expect } from "chai";
import { type AdminClient, openAdmin, type Reply, runOf, tightBrake } from "./admin-client.js";
import { idpMetadata, startMetadataServer } from "./saml-metadata.js";

/** The paths and methods of the admin API, as its own description lists them. */
async function documentedRoutes(client: AdminClient): Promise<readonly string[]> {
  const { body } = await client.get("/openapi.json", { token: null });
  const paths = body["paths"] as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return Object.entries(paths)
    .filter(([path]) => path.startsWith("/api/v1"))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

/** Calls by pattern, and remembers which patterns were called and answered as wanted. */
class Journey {
  readonly walked = new Set<string>();
  readonly client: AdminClient;

  constructor(client: AdminClient) {
    this.client = client;
  }

  async step(
    route: string,
    params: Readonly<Record<string, string | number>>,
    status: number,
    options: { readonly query?: string; readonly body?: unknown } = {},
  ): Promise<Reply> {
    const [method = "", pattern = ""] = route.split(" ");
    const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
    const { query = "", body } = options;
    const reply = await this.client.call(method, path + query, body === undefined ? {} : { body });
    expect(reply.status, `${route}: ${reply.text}`).to.equal(status);
    this.walked.add(route);
    return reply;
  }
}

const MAPPING = { mappings: [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }] };
const T = "/api/v1/tenants/{tenant}";

/** Every answer is held against its schema by the service itself, which answers 500 where one does not fit. */
describe("the admin API's routes", () => {
  let client: AdminClient;
  before(async () => {
    client = await openAdmin(tightBrake);
  });
  after(() => client.close());

  it("answer as documented, each of them", async () => {
    const journey = new Journey(client);
    const tenant = "whole-journey";
    await setUp(journey, tenant);
    await metadata(journey, tenant);
    await domains(journey, tenant);
    await mapping(journey, tenant);
    await people(journey, tenant);
    await sessions(journey, tenant);
    await pins(journey);
    await byHand(journey);
    await heldRuns(journey, tenant);
    await endings(journey, tenant);
    expect([...journey.walked].sort()).to.deep.equal(await documentedRoutes(client));
  });
});

async function setUp(journey: Journey, tenant: string): Promise<void> {
  const at = { tenant, connection: "okta" };
  const domains = ["acme.example", "acme.test"];
  await journey.step("POST /api/v1/tenants", {}, 201, { body: { slug: tenant, name: "Acme", domains, seats: 50 } });
  await journey.step("GET /api/v1/tenants", {}, 200);
  await journey.step(`GET ${T}`, at, 200);
  await journey.step(`PATCH ${T}`, at, 200, { body: { name: "Acme Ltd", seats: null, scim: true } });
  const okta = { slug: "okta", protocol: "scim", profile: "okta" };
  await journey.step(`POST ${T}/connections`, at, 201, { body: okta });
  const entra = {
    slug: "entra",
    protocol: "oidc",
    issuer: "https://idp.example",
    clientId: "rolecall",
    clientSecret: "s",
  };
  await journey.step(`POST ${T}/connections`, at, 201, { body: entra });
  await journey.step(`GET ${T}/connections`, at, 200);
  await journey.step(`GET ${T}/connections/{connection}`, { tenant, connection: "entra" }, 200);
  await ownKeys(journey, { tenant, connection: "entra" });
  await journey.step(`PATCH ${T}/connections/{connection}`, at, 200, { body: { jit: "off", settleSeconds: 0 } });
  await journey.step(`POST ${T}/connections/{connection}/tokens`, at, 201, {
    body: { name: "okta", expiresAt: "2099-01-01T00:00:00+02:00" },
  });
  const { body } = await journey.step(`GET ${T}/connections/{connection}/tokens`, at, 200);
  const token = String(body.items?.[0]?.["id"]);
  await journey.step(`DELETE ${T}/connections/{connection}/tokens/{token}`, { ...at, token }, 204);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await journey.step(`GET ${T}/connections/{connection}/preview`, at, 200, { query: "?to=live" });
  await journey.step(`POST ${T}/connections/{connection}/go-live`, at, 202, { body: {} });
  await journey.step(`POST ${T}/connections/{connection}/expect`, at, 200, { body: { max: 1, until } });
  const key = await journey.step(`POST ${T}/api-keys`, at, 201, { body: { name: "ci", scopes: ["read", "write"] } });
  await journey.step(`GET ${T}/api-keys`, at, 200);
  await journey.step(`DELETE ${T}/api-keys/{key}`, { tenant, key: String(key.body["id"]) }, 204);
}

async function metadata(journey: Journey, tenant: string): Promise<void> {
  const idp = await startMetadataServer();
  idp.serve(idpMetadata());
  const body = { slug: "saml", protocol: "saml", metadataUrl: idp.url, jit: "off" };
  await journey.step(`POST ${T}/connections`, { tenant }, 201, { body });
  await journey.step(`POST ${T}/connections/{connection}/refresh-metadata`, { tenant, connection: "saml" }, 200);
  await idp.close();
}

async function ownKeys(journey: Journey, at: Readonly<Record<string, string>>): Promise<void> {
  const { body: next } = await journey.step(`POST ${T}/connections/{connection}/keys`, at, 201, {
    body: { use: "signing" },
  });
  const { body: list } = await journey.step(`GET ${T}/connections/{connection}/keys`, at, 200);
  const before = list.items?.find(({ state }) => state === "active");
  await journey.step(`POST ${T}/connections/{connection}/keys/{key}/activate`, { ...at, key: String(next["id"]) }, 200);
  await journey.step(`DELETE ${T}/connections/{connection}/keys/{key}`, { ...at, key: String(before?.["id"]) }, 204);
}

/** Nobody is signed in here. */
async function sessions(journey: Journey, tenant: string): Promise<void> {
  const at = { tenant, session: "none" };
  await journey.step(`GET ${T}/sessions`, at, 200);
  await journey.step(`DELETE ${T}/sessions/{session}`, at, 404);
  const { body } = await journey.client.get(`/api/v1/tenants/${tenant}/users`);
  const query = `?user=${body.items?.[0]?.["id"]}`;
  await journey.step(`DELETE ${T}/sessions`, at, 200, { query });
}

async function domains(journey: Journey, tenant: string): Promise<void> {
  const at = { tenant, domain: "acme-labs.example" };
  await journey.step(`POST ${T}/domains`, at, 201, { body: { domain: at.domain } });
  await journey.step(`GET ${T}/domains`, at, 200);
  await journey.step(`GET ${T}/domains/{domain}`, at, 200);
  // The operator vouches for this one: nobody asks the DNS.
  await journey.step(`POST ${T}/domains/{domain}/verify`, { ...at, domain: "acme.test" }, 200);
  await journey.step(`DELETE ${T}/domains/{domain}`, at, 204);
}

async function mapping(journey: Journey, tenant: string): Promise<void> {
  const preview = await journey.step(`POST ${T}/mapping/preview`, { tenant }, 200, { body: MAPPING });
  await journey.step(`GET ${T}/plans/{plan}`, { tenant, plan: String(preview.body["id"]) }, 200);
  await journey.step(`PUT ${T}/mapping`, { tenant }, 200, {
    body: MAPPING,
    query: `?digest=${preview.body["digest"]}`,
  });
  await journey.step(`POST ${T}/mapping`, { tenant }, 200, {
    body: { ...MAPPING, no_match: "allow" },
    query: "?note=why",
  });
  await journey.step(`GET ${T}/mapping`, { tenant }, 200);
  await journey.step(`GET ${T}/mapping/lint`, { tenant }, 200, { query: "?days=30" });
  await journey.step(`POST ${T}/mapping/lint`, { tenant }, 200, { body: { mappings: [] } });
  await journey.step(`POST ${T}/mapping/try`, { tenant }, 200, { body: { facts: { groups: ["Eng"] } } });
  await journey.step(`GET ${T}/mapping/versions`, { tenant }, 200);
  await journey.step(`GET ${T}/mapping/versions/{version}`, { tenant, version: 1 }, 200);
  await journey.step(`GET ${T}/mapping/versions/{version}/diff`, { tenant, version: 2 }, 200, { query: "?against=1" });
  await journey.step(`POST ${T}/mapping/versions/{version}/preview`, { tenant, version: 1 }, 200);
  const saved = await journey.step(`POST ${T}/mapping/versions/{version}/activate`, { tenant, version: 1 }, 200);
  await journey.step(`GET ${T}/runs/{run}`, { tenant, run: runOf(saved) }, 200, {
    query: "?wait=30",
  });
  await journey.step(`GET ${T}/runs`, { tenant }, 200, { query: "?status=done" });
}

async function people(journey: Journey, tenant: string): Promise<void> {
  const made = await journey.step(`POST ${T}/users`, { tenant }, 201, {
    body: { userName: "ada@acme.example", email: "ada@acme.example", department: "IT", title: null },
  });
  const at = { tenant, user: String(made.body["id"]) };
  await journey.step(`GET ${T}/users`, at, 200, { query: "?q=ada&status=registered" });
  await journey.step(`PATCH ${T}/users/{user}`, at, 200, { body: { displayName: "Ada" } });
  await journey.step(`GET ${T}/users/{user}`, at, 200);
  const given = await journey.step(`POST ${T}/users/{user}/grants`, at, 201, {
    body: { team: "Platform", role: "viewer", reason: "on loan", expiresAt: "2099-01-01T00:00:00Z" },
  });
  await journey.step(`GET ${T}/users/{user}/explain`, at, 200);
  await journey.step(`GET ${T}/users/{user}/example`, at, 200);
  await journey.step(`GET ${T}/check`, at, 200, { query: "?user=ada@acme.example&team=Platform&role=viewer" });
  const body = { name: "ci", owner: "ada@acme.example", roles: [{ scope: "tenant", role: "admin" }] };
  const account = String((await journey.step(`POST ${T}/service-accounts`, at, 201, { body })).body["id"]);
  await journey.step(`GET ${T}/service-accounts`, at, 200, { query: "?owner=ada@acme.example&status=registered" });
  await journey.step(`GET ${T}/service-accounts/{account}`, { tenant, account }, 200);
  const change = { body: { displayName: "CI", expiresAt: "2099-01-01T00:00:00Z", description: null } };
  await journey.step(`PATCH ${T}/service-accounts/{account}`, { tenant, account }, 200, change);
  await journey.step(`DELETE ${T}/service-accounts/{account}`, { tenant, account }, 204);
  await journey.step(`GET ${T}/assignments`, at, 200);
  const teams = await journey.step(`GET ${T}/teams`, at, 200);
  const team = String((teams.body.items as readonly { readonly id: string }[])[0]?.id);
  await journey.step(`PATCH ${T}/teams/{team}`, { ...at, team }, 200, { body: { policy: "idp_only" } });
  await journey.step(`GET ${T}/roles`, at, 200);
  await journey.step(`DELETE ${T}/users/{user}/grants/{grant}`, { ...at, grant: String(given.body["id"]) }, 204);
  await journey.step(`PATCH ${T}/users/{user}`, at, 200, { body: { active: false } });
  await journey.step(`POST ${T}/users/{user}/erase`, at, 200, { body: { reason: "asked for" } });
  await journey.step(`GET ${T}/audit`, at, 200);
  await journey.step(`GET ${T}/events`, at, 200);
}

async function pins(journey: Journey): Promise<void> {
  const path = await journey.client.tenant();
  const tenant = path.split("/")[4] ?? "";
  const directory = await journey.client.directory(path);
  const saved = await journey.client.call("PUT", `${path}/mapping`, { body: MAPPING });
  expect(saved.status, saved.text).to.equal(200);
  await directory.scim("DELETE", `/Groups/${await directory.group("Eng")}`);
  const group = await directory.group("Eng");
  const pin = { connection: "okta", name: "Eng" };
  await journey.step(`GET ${T}/group-pins`, { tenant }, 200);
  const named = { ...pin, group };
  const ofGroup = { connection: "okta", group };
  const reviewed = await journey.step(`POST ${T}/group-pins/confirm/preview`, { tenant }, 200, { body: pin });
  const { digest } = reviewed.body;
  await journey.step(`POST ${T}/group-pins/confirm`, { tenant }, 202, { body: { ...pin, digest } });
  await journey.step(`POST ${T}/group-pins/move/preview`, { tenant }, 200, { body: named });
  await journey.step(`POST ${T}/group-pins/accept/preview`, { tenant }, 200, { body: ofGroup });
  await journey.step(`POST ${T}/group-pins/move`, { tenant }, 204, { body: named });
  await journey.step(`POST ${T}/group-pins/accept`, { tenant }, 204, { body: ofGroup });
}

async function byHand(journey: Journey): Promise<void> {
  const path = await journey.client.tenant();
  const tenant = path.split("/")[4] ?? "";
  const directory = await journey.client.directory(path);
  const ann = (await journey.client.post(`${path}/users`, { userName: "ann" })).body["id"];
  const made = await journey.step(`POST ${T}/groups`, { tenant }, 201, {
    body: { displayName: "Crew", members: [ann] },
  });
  const at = { tenant, group: String(made.body["id"]) };
  await journey.step(`GET ${T}/groups`, at, 200, { query: "?name=crew&connection=local" });
  await journey.step(`PATCH ${T}/groups/{group}`, at, 200, { body: { description: "Who sails" } });
  await directory.group("Crew");
  await journey.step(`GET ${T}/groups/{group}`, at, 200);
  const back = await journey.step(`POST ${T}/groups/{group}/undo-adoption`, at, 200);
  const group = String(back.body["id"]);
  await journey.step(`GET ${T}/groups/{group}/members`, { tenant, group }, 200);
  await journey.step(`DELETE ${T}/groups/{group}`, { tenant, group }, 204);
  await directory.scim("DELETE", `/Users/${await directory.push("ben")}`);
  await directory.push("ben");
  const { body } = await journey.step(`GET ${T}/review-items`, { tenant }, 200);
  const waiting = { tenant, item: String(body.items?.[0]?.["id"]) };
  const all = { connection: "okta", kind: "other_subject" };
  await journey.step(`POST ${T}/review-items/accept`, { tenant }, 200, { body: all });
  await journey.step(`POST ${T}/review-items/{item}/accept`, waiting, 409);
  await journey.step(`DELETE ${T}/review-items/{item}`, waiting, 204);
  await requests(journey, { tenant, connection: "okta" });
  const adoption = { tenant, user: String(ann) };
  await journey.step(`POST ${T}/users/{user}/adoption`, adoption, 200, { body: { connection: "okta" } });
}

/** Requests are in the log soon after their answers. */
async function requests(journey: Journey, at: { readonly tenant: string; readonly connection: string }): Promise<void> {
  const path = `${T}/connections/{connection}`;
  await journey.step(`GET ${path}/dialect`, at, 200);
  for (let left = 500; left > 0; left--) {
    const { body } = await journey.step(`GET ${path}/requests`, at, 200);
    const request = body.items?.[0]?.["id"];
    if (request !== undefined) {
      await journey.step(`GET ${path}/requests/{request}`, { ...at, request: String(request) }, 200);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function heldRuns(journey: Journey, tenant: string): Promise<void> {
  const { client } = journey;
  const directory = await client.directory(await client.tenant(), "a@acme.example", "b@acme.example", "c@acme.example");
  const other = directory.connection.split("/")[4] ?? "";
  for (const userName of directory.ids.keys()) await directory.deactivate(userName);
  const runs = await journey.step(`GET ${T}/runs`, { tenant: other }, 200, { query: "?status=held" });
  const at = { tenant: other, run: Number(runs.body.items?.[0]?.["id"]) };
  const preview = await journey.step(`GET ${T}/runs/{run}/preview`, at, 200);
  await journey.step(`POST ${T}/runs/{run}/undo`, at, 422);
  await journey.step(`POST ${T}/runs/{run}/release`, at, 202, { body: { digest: preview.body["digest"] } });
  await journey.step(`GET ${T}/runs/{run}`, at, 200, { query: "?wait=30" });
  const more = await client.directory(await client.tenant(), "a@acme.example", "b@acme.example", "c@acme.example");
  for (const userName of more.ids.keys()) await more.deactivate(userName);
  const slug = more.connection.split("/")[4] ?? "";
  const held = await journey.step(`GET ${T}/runs`, { tenant: slug }, 200, { query: "?status=held" });
  await journey.step(`POST ${T}/runs/{run}/discard`, { tenant: slug, run: Number(held.body.items?.[0]?.["id"]) }, 200);
  expect(tenant).to.not.equal(other);
}

async function endings(journey: Journey, tenant: string): Promise<void> {
  const { service } = journey.client;
  const found = await service.p.store.instance.tenantBySlug(tenant);
  if (found === undefined) throw new Error("the journey's tenant is gone");
  const [connection] = await service.p.store.read(found.id).connections();
  if (connection === undefined) throw new Error("the journey's connection is gone");
  const at = service.p.now();
  const trace = {
    reference: "reference-1",
    connection: connection.id,
    at,
    outcome: "deactivated",
    detail: { by: "sub" },
  };
  await service.p.store.write(found.id, (tx) => tx.insertSignInTrace(trace));
  await journey.step(`GET ${T}/sign-ins/{reference}`, { tenant, reference: "reference-1" }, 200);
  await journey.step(`DELETE ${T}/connections/{connection}`, { tenant, connection: "okta" }, 202, {
    query: "?onDisable=convert",
  });
}
