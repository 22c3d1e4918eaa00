import { expect } from "chai";
import { type AdminClient, type Directory, expectProblem, openAdmin, quickWorker, type Reply } from "./admin-client.js";

const SERVICE_ACCOUNT = "urn:ietf:params:scim:schemas:rolecall:2.0:ServiceAccount";
const ROLES = { scim_roles: [{ type: "account_type", values: ["admin"], scope: "tenant" }] };
const ADMIN = { scope: "tenant", role: "admin" };

describe("service accounts, by the admin API", () => {
  let client: AdminClient;
  let tenant: string;
  let directory: Directory;
  let accounts: string;

  before(async () => {
    client = await openAdmin(quickWorker);
  });
  after(() => client.close());
  beforeEach(async () => {
    tenant = await client.tenant({ seats: 3 });
    accounts = `${tenant}/service-accounts`;
    directory = await client.directory(tenant, "ada@acme.test");
    await client.finished(tenant, await client.call("PUT", `${tenant}/mapping`, { body: ROLES }));
  });

  const make = async (body: object): Promise<Record<string, unknown>> => {
    const reply = await client.post(accounts, body);
    expect(reply.status, reply.text).to.equal(201);
    expect(reply.headers["location"]).to.equal(`${accounts}/${reply.body["id"]}`);
    return reply.body;
  };
  const push = async (name: string, more: object = {}): Promise<string> => {
    const body = { schemas: [SERVICE_ACCOUNT], displayName: name, ...more };
    const reply = await directory.scim("POST", "/ServiceAccounts", body);
    expect(reply.status, reply.text).to.equal(201);
    const { body: list } = await client.get(`${accounts}?name=${name}`);
    return String(list.items?.[0]?.["id"]);
  };
  const token = (body: object): Promise<Reply> => client.post(`${directory.connection}/tokens`, { name: "t", ...body });
  const scimWith = (clear: unknown, form = "Bearer ") =>
    client.get("/api/scim/v2/Users?count=1", { token: null, headers: { authorization: `${form}${clear}` } });

  it("TEC-25: are made, shown, listed, changed and removed", async () => {
    const made = await make({
      name: "export",
      owner: "ada@acme.test",
      roles: [ADMIN, { team: "Platform", role: "x" }],
    });
    const ada = (await client.get(`${tenant}/users?userName=ada@acme.test`)).body.items?.[0]?.["id"];
    expect(made).to.deep.include({
      ...{ name: "export", displayName: "export", description: null, ownerInactive: false, expiresAt: null },
      ...{ active: true, status: "registered", synced: false, connection: "local" },
      ...{ roles: [ADMIN], teams: [{ team: "Platform", role: "x" }] },
      owner: { id: ada, userName: "ada@acme.test", displayName: null, active: true },
    });
    const path = `${accounts}/${made["id"]}`;
    expect((await client.get(path)).body).to.deep.equal(made);
    await push("robot");
    const { body } = await client.get(accounts);
    expect(body.items?.map(({ name, connection, synced }) => [name, connection, synced])).to.deep.equal([
      ["export", "local", false],
      ["robot", "okta", true],
    ]);
    const owned = await client.get(`${accounts}?owner=ada@acme.test`);
    expect(owned.body.items?.map(({ name }) => name)).to.deep.equal(["export"]);
    const changed = await client.call("PATCH", path, { body: { displayName: "Export", owner: null, active: false } });
    expect(changed.body).to.deep.include({ displayName: "Export", owner: null, status: "deactivated", roles: [] });
    expect((await client.call("DELETE", path)).status).to.equal(204);
    expectProblem(await client.get(path), 404, "not_found");
    expectProblem(await client.call("DELETE", path), 404, "not_found");
    expect((await client.get(`${tenant}/users?q=export`)).body.items?.map(({ userName }) => userName)).to.deep.equal(
      [],
    );
  });

  it("that an identity provider keeps are changed there alone", async () => {
    const id = await push("robot");
    for (const [method, body] of [
      ["PATCH", { active: false }],
      ["DELETE", undefined],
    ] as const) {
      const reply = await client.call(method, `${accounts}/${id}`, body === undefined ? {} : { body });
      expectProblem(reply, 409, "read_only");
      expect(reply.body["detail"]).to.contain("connection `okta` keeps this service account in sync");
    }
  });

  it("are explained, checked and reviewed as users are, by id and by name", async () => {
    const id = await push("robot", { roles: [{ type: "account_type", value: "Admin" }] });
    const explained = await client.get(`${tenant}/users/${id}/explain`);
    expect(explained.body["notGiven"]).to.deep.equal([]);
    const [held] = explained.body["assignments"] as readonly Record<string, unknown>[];
    expect(held).to.deep.include({ label: "tenant/admin" });
    for (const called of [id, "robot", "ROBOT"]) {
      const check = await client.get(`${tenant}/check?user=${called}&scope=tenant&role=admin`);
      expect(check.body["allowed"], called).to.equal(true);
      const { body } = await client.get(`${tenant}/assignments?user=${called}`);
      expect(body.items?.map(({ origin, user }) => [origin, user])).to.deep.equal([
        ["scim_role", { id, userName: "robot" }],
      ]);
    }
    const grant = { ...ADMIN, role: "auditor", reason: "for the audit" };
    expect((await client.post(`${tenant}/users/${id}/grants`, grant)).status).to.equal(201);
    const owner = { ...grant, role: "owner" };
    expectProblem(await client.post(`${tenant}/users/${id}/grants`, owner), 409, "conflict");
    expectProblem(await client.get(`${tenant}/users/${id}`), 404, "not_found");
    expectProblem(await client.call("PATCH", `${tenant}/users/${id}`, { body: { active: false } }), 404, "not_found");
    expectProblem(await client.post(`${tenant}/users/${id}/erase`, { reason: "asked" }), 404, "not_found");
  });

  it("are found by their name when one of that name was deleted before", async () => {
    const first = await push("robot");
    const { body } = await directory.scim("GET", "/ServiceAccounts");
    const row = (body["Resources"] as readonly Record<string, unknown>[])[0]?.["id"];
    expect((await directory.scim("DELETE", `/ServiceAccounts/${row}`)).status).to.equal(204);
    await push("robot", { roles: [{ type: "account_type", value: "admin" }] });
    const check = await client.get(`${tenant}/check?user=robot&scope=tenant&role=admin`);
    expect(check.body["allowed"], check.text).to.equal(true);
    expect((await client.get(`${accounts}/${first}`)).body).to.include({ status: "deactivated" });
  });

  it("say by events what becomes of them, and never by those of users", async () => {
    const { id } = await make({ name: "export", owner: "ada@acme.test" });
    await directory.deactivate("ada@acme.test");
    await client.call("PATCH", `${accounts}/${id}`, { body: { active: false } });
    await client.published(tenant, "service_account.deactivated");
    const { body } = await client.get(`${tenant}/events?limit=100`);
    const mine = body.items?.filter(({ user }) => user === id) ?? [];
    expect(mine.map(({ type }) => type)).to.deep.equal([
      "service_account.created",
      "service_account.owner_inactive",
      "service_account.deactivated",
    ]);
    const shown = await client.get(`${accounts}/${id}`);
    expect(shown.body).to.include({ ownerInactive: true });
  });

  describe("and tokens of theirs", () => {
    it("TEC-24, TEC-31: need an admin role, open SCIM in the header, and end with the account", async () => {
      const { id } = await make({ name: "export" });
      const refused = await token({ serviceAccount: "export" });
      expectProblem(refused, 409, "conflict");
      expect(refused.body["detail"]).to.contain("holds no admin role: give it `admin`");
      expectProblem(await token({ serviceAccount: "nobody" }), 404, "not_found");
      await client.post(`${tenant}/users/${id}/grants`, { ...ADMIN, reason: "runs SCIM" });
      const made = await token({ serviceAccount: "export", expiresAt: "2099-01-01T00:00:00Z" });
      expect(made.status, made.text).to.equal(201);
      expect(made.body["serviceAccount"]).to.deep.equal({ id, userName: "export" });
      const clear = made.body["token"];
      for (const form of ["Bearer ", ""]) expect((await scimWith(clear, form)).status).to.equal(200);
      const listed = await client.get(`${directory.connection}/tokens`);
      expect(listed.body.items?.map(({ serviceAccount }) => serviceAccount)).to.deep.equal([
        undefined,
        { id, userName: "export" },
      ]);
      await client.call("PATCH", `${accounts}/${id}`, { body: { active: false } });
      const denied = await scimWith(clear);
      expect([denied.status, denied.headers["content-type"]]).to.deep.equal([401, "application/scim+json"]);
      await client.call("PATCH", `${accounts}/${id}`, { body: { active: true } });
      await client.post(`${tenant}/users/${id}/grants`, { ...ADMIN, reason: "runs SCIM" });
      expect((await scimWith(clear)).status, "for good").to.equal(401);
      expect((await scimWith(directory.token)).status, "a token of nobody goes on").to.equal(200);
    });

    it("TEC-24: are refused from the end of the account's time on, before anybody notices", async () => {
      const expiresAt = new Date(Date.now() + 1500).toISOString();
      const { id } = await make({ name: "export", roles: [ADMIN], expiresAt });
      const clear = (await token({ serviceAccount: String(id) })).body["token"];
      expect((await scimWith(clear)).status).to.equal(200);
      while (new Date().toISOString() < expiresAt) await new Promise((resolve) => setTimeout(resolve, 50));
      expect((await scimWith(clear)).status).to.equal(401);
      await client.published(tenant, "service_account.deactivated");
      const { body } = await client.get(`${accounts}/${id}`);
      expect(body).to.include({ status: "deactivated" });
      const back = await client.call("PATCH", `${accounts}/${id}`, { body: { active: true } });
      expectProblem(back, 409, "conflict");
    });
  });
});
