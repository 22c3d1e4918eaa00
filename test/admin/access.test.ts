import { expect } from "chai";
import { type AdminClient, expectProblem, openAdmin, type Reply } from "./admin-client.js";

type Needs = "operator" | "read" | "write" | "admin";
const T = "/api/v1/tenants/{tenant}";

/** Who may call what, written down a second time. */
const ACCESS: Readonly<Record<string, Needs>> = {
  "POST /api/v1/tenants": "operator",
  "GET /api/v1/tenants": "operator",
  [`GET ${T}`]: "read",
  [`PATCH ${T}`]: "admin",
  [`POST ${T}/connections`]: "admin",
  [`GET ${T}/connections`]: "read",
  [`GET ${T}/connections/{connection}`]: "read",
  [`PATCH ${T}/connections/{connection}`]: "admin",
  [`DELETE ${T}/connections/{connection}`]: "admin",
  [`GET ${T}/connections/{connection}/preview`]: "read",
  [`POST ${T}/connections/{connection}/go-live`]: "admin",
  [`POST ${T}/connections/{connection}/expect`]: "admin",
  [`POST ${T}/connections/{connection}/tokens`]: "admin",
  [`GET ${T}/connections/{connection}/tokens`]: "read",
  [`DELETE ${T}/connections/{connection}/tokens/{token}`]: "admin",
  [`POST ${T}/connections/{connection}/refresh-metadata`]: "admin",
  [`GET ${T}/connections/{connection}/keys`]: "read",
  [`POST ${T}/connections/{connection}/keys`]: "admin",
  [`POST ${T}/connections/{connection}/keys/{key}/activate`]: "admin",
  [`DELETE ${T}/connections/{connection}/keys/{key}`]: "admin",
  [`GET ${T}/connections/{connection}/requests`]: "read",
  [`GET ${T}/connections/{connection}/requests/{request}`]: "read",
  [`GET ${T}/connections/{connection}/dialect`]: "read",
  [`GET ${T}/domains`]: "read",
  [`POST ${T}/domains`]: "admin",
  [`GET ${T}/domains/{domain}`]: "read",
  [`DELETE ${T}/domains/{domain}`]: "admin",
  [`POST ${T}/domains/{domain}/verify`]: "admin",
  [`GET ${T}/groups`]: "read",
  [`POST ${T}/groups`]: "write",
  [`GET ${T}/groups/{group}`]: "read",
  [`PATCH ${T}/groups/{group}`]: "write",
  [`DELETE ${T}/groups/{group}`]: "write",
  [`GET ${T}/groups/{group}/members`]: "read",
  [`POST ${T}/groups/{group}/undo-adoption`]: "admin",
  [`POST ${T}/users/{user}/adoption`]: "admin",
  [`GET ${T}/review-items`]: "read",
  [`DELETE ${T}/review-items/{item}`]: "write",
  [`POST ${T}/review-items/accept`]: "admin",
  [`POST ${T}/review-items/{item}/accept`]: "admin",
  [`GET ${T}/sessions`]: "read",
  [`DELETE ${T}/sessions`]: "write",
  [`DELETE ${T}/sessions/{session}`]: "write",
  [`GET ${T}/mapping`]: "read",
  [`PUT ${T}/mapping`]: "write",
  [`POST ${T}/mapping`]: "write",
  [`POST ${T}/mapping/preview`]: "read",
  [`GET ${T}/mapping/lint`]: "read",
  [`POST ${T}/mapping/lint`]: "read",
  [`POST ${T}/mapping/try`]: "read",
  [`GET ${T}/mapping/versions`]: "read",
  [`GET ${T}/mapping/versions/{version}`]: "read",
  [`GET ${T}/mapping/versions/{version}/diff`]: "read",
  [`POST ${T}/mapping/versions/{version}/preview`]: "read",
  [`POST ${T}/mapping/versions/{version}/activate`]: "write",
  [`GET ${T}/plans/{plan}`]: "read",
  [`GET ${T}/users`]: "read",
  [`POST ${T}/users`]: "write",
  [`GET ${T}/users/{user}`]: "read",
  [`PATCH ${T}/users/{user}`]: "write",
  [`GET ${T}/users/{user}/explain`]: "read",
  [`GET ${T}/users/{user}/example`]: "read",
  [`POST ${T}/users/{user}/erase`]: "admin",
  [`POST ${T}/users/{user}/grants`]: "write",
  [`DELETE ${T}/users/{user}/grants/{grant}`]: "write",
  [`GET ${T}/service-accounts`]: "read",
  [`POST ${T}/service-accounts`]: "write",
  [`GET ${T}/service-accounts/{account}`]: "read",
  [`PATCH ${T}/service-accounts/{account}`]: "write",
  [`DELETE ${T}/service-accounts/{account}`]: "write",
  [`GET ${T}/assignments`]: "read",
  [`GET ${T}/group-pins`]: "read",
  [`POST ${T}/group-pins/confirm`]: "write",
  [`POST ${T}/group-pins/confirm/preview`]: "read",
  [`POST ${T}/group-pins/move`]: "write",
  [`POST ${T}/group-pins/move/preview`]: "read",
  [`POST ${T}/group-pins/accept`]: "write",
  [`POST ${T}/group-pins/accept/preview`]: "read",
  [`GET ${T}/check`]: "read",
  [`GET ${T}/runs`]: "read",
  [`GET ${T}/runs/{run}`]: "read",
  [`GET ${T}/runs/{run}/preview`]: "read",
  [`POST ${T}/runs/{run}/release`]: "write",
  [`POST ${T}/runs/{run}/discard`]: "write",
  [`POST ${T}/runs/{run}/undo`]: "write",
  [`GET ${T}/teams`]: "read",
  [`PATCH ${T}/teams/{team}`]: "admin",
  [`GET ${T}/roles`]: "read",
  [`GET ${T}/sign-ins/{reference}`]: "read",
  [`POST ${T}/api-keys`]: "admin",
  [`GET ${T}/api-keys`]: "read",
  [`DELETE ${T}/api-keys/{key}`]: "admin",
  [`GET ${T}/audit`]: "read",
  [`GET ${T}/events`]: "read",
};

const SCOPES = ["read", "write", "admin"] as const;

describe("access to the admin API", () => {
  let client: AdminClient;
  let tenant: string;
  const keys = new Map<string, string>();

  before(async () => {
    client = await openAdmin();
    tenant = await client.tenant();
    for (const scope of SCOPES) keys.set(scope, await client.key(tenant, scope));
    keys.set("stranger", await client.key(await client.tenant(), "admin"));
  });
  after(() => client.close());

  /** Nothing that these name exists, and no body is complete: whoever gets past the door changes nothing. */
  function knock(route: string, token: string | null, slug = tenant.split("/").at(-1) ?? ""): Promise<Reply> {
    const [method = "", pattern = ""] = route.split(" ");
    const ids: Record<string, string> = { tenant: slug, version: "999", run: "999" };
    const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "nothing");
    return client.call(method, path, { token, ...(method === "GET" ? {} : { body: { nothing: true } }) });
  }

  it("is written down for every route", async () => {
    const { body } = await client.get("/api/v1/openapi.json", { token: null });
    const paths = body["paths"] as Readonly<Record<string, object>>;
    const routes = Object.entries(paths)
      .filter(([path]) => path.startsWith("/api/v1/tenants"))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
    expect(Object.keys(ACCESS).sort()).to.deep.equal(routes.sort());
  });

  for (const [route, needs] of Object.entries(ACCESS)) {
    describe(route, () => {
      it("refuses whoever shows no token, or one that nobody has", async () => {
        for (const token of [null, "rca_0000000000000000000000000000000000000000000", "x", "Bearer"]) {
          expectProblem(await knock(route, token), 401, "unauthorized");
        }
      });

      if (needs === "operator") {
        it("refuses a tenant's key, however much it may do at home", async () => {
          expectProblem(await knock(route, keys.get("admin") ?? ""), 403, "forbidden");
        });
        return;
      }

      it("does not exist for another tenant's key", async () => {
        const reply = await knock(route, keys.get("stranger") ?? "");
        expectProblem(reply, 404, "not_found");
        expect(reply.body["detail"]).to.equal(`no tenant \`${tenant.split("/").at(-1)}\``);
      });

      it("does not exist for the operator in a tenant that does not", async () => {
        expectProblem(await knock(route, client.service.operatorToken, "nobody"), 404, "not_found");
      });

      for (const scope of SCOPES) {
        const enough = SCOPES.indexOf(scope) >= SCOPES.indexOf(needs);
        it(`${enough ? "lets in" : "refuses"} a key that may ${scope}`, async () => {
          const reply = await knock(route, keys.get(scope) ?? "");
          if (enough) expect(reply.status, reply.text).to.not.be.oneOf([401, 403, 500]);
          else expectProblem(reply, 403, "forbidden");
        });
      }
    });
  }

  it("tells a tenant's key nothing about which other tenants exist", async () => {
    const token = keys.get("read") ?? "";
    const other = (await client.tenant()).split("/").at(-1) ?? "";
    const existing = await client.get(`/api/v1/tenants/${other}/users`, { token });
    const unknown = await client.get("/api/v1/tenants/never-made/users", { token });
    const shape = ({ status, body }: Reply, slug: string) => ({
      status,
      body: { ...body, requestId: "", detail: String(body["detail"]).replace(slug, "SLUG") },
    });
    expect(shape(existing, other)).to.deep.equal(shape(unknown, "never-made"));
  });

  it("ends for a key the moment it is revoked, and for that key alone", async () => {
    const home = await client.tenant();
    const made = await client.post(`${home}/api-keys`, { name: "leaked", scopes: ["admin"] });
    const token = String(made.body["key"]);
    const kept = await client.key(home, "read");
    expect((await client.get(home, { token })).status).to.equal(200);
    expect((await client.call("DELETE", `${home}/api-keys/${made.body["id"]}`)).status).to.equal(204);
    expectProblem(await client.get(home, { token }), 401, "unauthorized");
    expect((await client.get(home, { token: kept })).status).to.equal(200);
    expectProblem(await client.call("DELETE", `${home}/api-keys/${made.body["id"]}`), 404, "not_found");
  });

  it("lets a tenant's admin key change its name, and leaves what the operator vouches for to the operator", async () => {
    const home = await client.tenant({ domains: ["a.example"], seats: 5 });
    const token = await client.key(home, "admin");
    expect((await client.call("PATCH", home, { token, body: { name: "Renamed" } })).body["name"]).to.equal("Renamed");
    for (const body of [{ domains: ["b.example"] }, { seats: 500 }, { scim: false }, { name: "x", seats: null }]) {
      expectProblem(await client.call("PATCH", home, { token, body }), 403, "forbidden");
    }
    const { body } = await client.get(home);
    expect([body["name"], body["domains"], body["seats"], body["scim"]]).to.deep.equal([
      "Renamed",
      ["a.example"],
      5,
      true,
    ]);
  });

  it("shows in the audit who came, by which door, and with which request", async () => {
    const home = await client.tenant();
    const made = await client.post(`${home}/api-keys`, { name: "deploy job", scopes: ["write"] });
    const token = String(made.body["key"]);
    await client.post(`${home}/users`, { userName: "ada" }, { token, headers: { "x-request-id": "job-17" } });
    await client.call("PUT", `${home}/mapping`, { body: {} });
    const { body } = await client.get(`${home}/audit`);
    const entry = (action: string) => body.items?.find((one) => one["action"] === action);
    expect(entry("user.created")).to.include({ door: "admin", requestId: "job-17" });
    expect(entry("user.created")?.["actor"]).to.deep.equal({
      kind: "api_key",
      id: made.body["id"],
      label: "deploy job",
    });
    expect(entry("mapping.saved")).to.include({ door: "mapping" });
    expect(entry("mapping.saved")?.["actor"]).to.deep.equal({ kind: "operator" });
  });

  it("W-22: writes no secret to the log", async () => {
    const home = await client.tenant();
    const made = await client.post(`${home}/api-keys`, { name: "quiet", scopes: ["admin"] });
    const key = String(made.body["key"]);
    const oidc = {
      slug: "sso",
      protocol: "oidc",
      issuer: "https://idp.example",
      clientId: "c",
      clientSecret: "s3cret-s3cret",
    };
    await client.post(`${home}/connections`, oidc, { token: key });
    await client.get(`${home}/users?q=${key}`, { token: key });
    const log = client.log.join("\n");
    expect(log).to.contain("/api/v1/tenants/:tenant/connections");
    for (const secret of [key, "s3cret-s3cret", client.service.operatorToken]) expect(log).to.not.contain(secret);
  });
});

describe("the admin API's rates", () => {
  it("refuse a save behind too many others of its tenant with when to try again, and nothing is done by it", async () => {
    const client = await openAdmin((config) => ({ ...config, previews: { atOnce: 1, waiting: 1 } }));
    try {
      const tenant = await client.tenant();
      const mappings = [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }];
      const saves = Array.from({ length: 16 }, () => client.call("PUT", `${tenant}/mapping`, { body: { mappings } }));
      const late = (await Promise.all(saves)).filter(({ status }) => status === 429);
      expect(late).not.to.have.length(0);
      for (const refused of late) {
        expectProblem(refused, 429, "rate_limited");
        expect([refused.headers["retry-after"], refused.body["retryAfterSeconds"]]).to.deep.equal(["10", 10]);
        expect(refused.body["detail"]).to.contain("nothing was done, try again in 10 seconds");
      }
    } finally {
      await client.close();
    }
  });

  it("slow each key by itself, and strangers by their address", async () => {
    const client = await openAdmin((config) => ({
      ...config,
      limits: { ...config.limits, requestsPerMinutePerToken: 6, signInsPerMinutePerAddress: 2 },
    }));
    try {
      const tenant = await client.tenant();
      const [busy, calm] = [await client.key(tenant, "read"), await client.key(tenant, "read")];
      for (let calls = 0; calls < 6; calls += 1) await client.get(tenant, { token: busy });
      const late = await client.get(tenant, { token: busy });
      expectProblem(late, 429, "rate_limited");
      expect(Number(late.headers["retry-after"])).to.be.at.least(1);
      expect((await client.get(tenant, { token: calm })).status).to.equal(200);
      const guesses = [];
      for (let guess = 0; guess < 3; guess += 1)
        guesses.push((await client.get(tenant, { token: `g${guess}` })).status);
      expect(guesses).to.deep.equal([401, 401, 429]);
      expect((await client.get(tenant, { token: calm })).status).to.equal(200);
    } finally {
      await client.close();
    }
  });
});
