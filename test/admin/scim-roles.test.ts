import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../src/platform/root.js";
import { type AdminClient, type Directory, openAdmin, quickWorker } from "./admin-client.js";

const TECTON = JSON.parse(readFileSync(join(projectRoot, "rules", "tecton-roles.json"), "utf8"));
const role = (type: string, value: string) => ({ type, value });

describe("role assignments of SCIM, by the admin API", () => {
  let client: AdminClient;
  let tenant: string;
  let directory: Directory;
  let ada: string;

  before(async () => {
    client = await openAdmin(quickWorker);
    tenant = await client.tenant();
    directory = await client.directory(tenant);
    await client.finished(tenant, await client.call("PUT", `${tenant}/mapping`, { body: TECTON }));
    await directory.push("ada@acme.test", { roles: [role("account_type", "Admin"), role("workspace_fraud", "Owner")] });
    const { body } = await client.get(`${tenant}/users?userName=ada@acme.test`);
    ada = String(body.items?.[0]?.["id"]);
  });
  after(() => client.close());

  const explained = async () => (await client.get(`${tenant}/users/${ada}/explain`)).body;

  it("are what the person is shown to hold", async () => {
    const { body } = await client.get(`${tenant}/users/${ada}`);
    expect(body["roles"]).to.have.deep.members([
      { scope: "tenant", role: "admin" },
      { scope: "resource:workspace:fraud", role: "owner" },
    ]);
  });

  it("are explained by type, value and where they are declared", async () => {
    const { assignments } = (await explained()) as unknown as { assignments: readonly Record<string, unknown>[] };
    const owner = assignments.find((one) => one["label"] === "resource:workspace:fraud/owner") ?? {};
    const [grant] = owner["grants"] as readonly Record<string, unknown>[];
    expect(grant).to.deep.include({
      origin: "scim_role",
      rule: "workspace_{name}",
      pointer: "/scim_roles/2",
      evidence: [
        { kind: "scim_role", label: "workspace_fraud: owner", ...role("workspace_fraud", "owner"), source: "scim" },
      ],
    });
    expect(owner["toLose"]).to.deep.equal([{ do: "lose_scim_role", role: "workspace_fraud: owner" }]);
  });

  it("TEC-18: are told apart from those that give nothing, with the reason", async () => {
    const without = {
      ...TECTON,
      scim_roles: TECTON.scim_roles.slice(0, 2),
      examples: [],
      role_sets: { workspace: ["viewer"] },
    };
    const preview = await client.post(`${tenant}/mapping/preview`, without);
    const reason = "the mapping makes nothing of SCIM role `workspace_fraud: owner` any more";
    expect(preview.body["changes"]).to.deep.equal([
      {
        user: { id: ada, userName: "ada@acme.test" },
        change: "revoke",
        target: { scope: "resource:workspace:fraud", role: "owner" },
        privileged: false,
        reason,
      },
    ]);
    const saved = await client.call("PUT", `${tenant}/mapping?digest=${preview.body["digest"]}`, { body: without });
    await client.finished(tenant, saved);
    const body = await explained();
    expect(body["rolesNotGiven"]).to.deep.equal([
      {
        connection: "okta",
        ...role("workspace_fraud", "owner"),
        why: "unknown_type",
        sentence:
          "SCIM role `workspace_fraud: owner` gives nothing: there is no role type `workspace_fraud`: use `account_type`, `all_workspaces`",
      },
    ]);
    await client.finished(tenant, await client.call("PUT", `${tenant}/mapping`, { body: TECTON }));
    expect((await explained())["rolesNotGiven"]).to.deep.equal([]);
  });

  it("are named by `check`", async () => {
    const { body } = await client.get(`${tenant}/check?user=ada@acme.test&scope=resource:workspace:fraud&role=owner`);
    const [because] = body["because"] as readonly Record<string, unknown>[];
    expect(body["allowed"]).to.equal(true);
    expect(because).to.include({
      origin: "scim_role",
      rule: "workspace_{name}",
      reason: `SCIM role \`workspace_fraud: owner\` gives \`resource:workspace:fraud/owner\` by what connection \`okta\` says`,
    });
  });

  it("are names of the catalogue", async () => {
    const { body } = await client.get(`${tenant}/roles?limit=100`);
    expect(body.items?.map(({ name }) => name)).to.include.members(["admin", "operator", "secret_scope_writer"]);
  });

  it("stand in the access review with their origin, as JSON and as CSV", async () => {
    const { body } = await client.get(`${tenant}/assignments`);
    expect(body.items?.map((one) => [one["origin"], one["rule"]])).to.have.deep.members([
      ["scim_role", "account_type"],
      ["scim_role", "workspace_{name}"],
    ]);
    const { text } = await client.get(`${tenant}/assignments?format=csv`);
    expect(text).to.contain("ada@acme.test,resource:workspace:fraud,owner,scim_role,workspace_{name},");
  });

  it("stand in the audit and in the event feed with their reason", async () => {
    const said = { origin: "scim_role", rule: "account_type", reason: "SCIM role `account_type: admin`" };
    for (const list of ["audit", "events"]) {
      const { text } = await client.get(`${tenant}/${list}?limit=200`);
      for (const [key, value] of Object.entries(said))
        expect(text, list).to.contain(`"${key}":${JSON.stringify(value)}`);
    }
  });

  it("are refused in documents with every mistake at once, and what may have been meant", async () => {
    const body = {
      role_sets: { workspace: ["viewer"] },
      scim_roles: [
        { type: "a_{b}", values: "worksapce", scope: "resource:x:{c}" },
        { type: "t", values: ["Owner", "owner"], scope: "team:A" },
      ],
    };
    const reply = await client.call("PUT", `${tenant}/mapping`, { body });
    const problems = reply.body["problems"] as readonly Record<string, string>[];
    expect(reply.status).to.equal(422);
    expect(problems.map(({ pointer, code }) => `${pointer} ${code}`)).to.deep.equal([
      "/scim_roles/0/values unknown_role_set",
      "/scim_roles/1/values/1 duplicate_value",
      "/scim_roles/1/values owner_scope",
    ]);
    expect(problems[0]).to.include({ suggestion: "workspace" });
  });

  it("TEC-9: are switched for users and groups apart", async () => {
    const path = directory.connection;
    expect((await client.get(path)).body["rolesFrom"]).to.deep.equal(["users", "groups", "serviceAccounts"]);
    for (const rolesFrom of [["groups"], [], ["users"], ["users", "groups", "serviceAccounts"]]) {
      const { status, body } = await client.call("PATCH", path, { body: { rolesFrom } });
      expect([status, body["rolesFrom"]]).to.deep.equal([200, rolesFrom]);
    }
    const refused = await client.call("PATCH", path, { body: { rolesFrom: ["service accounts"] } });
    expect(refused.status).to.equal(422);
    expect(refused.text).to.contain('"/rolesFrom/0"');
  });
});
