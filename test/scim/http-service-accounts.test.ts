import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { targetLabel } from "../../src/model/target.js";
import { projectRoot } from "../../src/platform/root.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { createServiceAccount, updateServiceAccount } from "../../src/provisioning/service-accounts.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { createToken } from "../../src/provisioning/tokens.js";
import { ADMIN } from "../support/tenant.js";
import { type DirectoryOptions, onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";
import { SERVICE_ACCOUNT } from "./tables.js";

const TECTON = readFileSync(join(projectRoot, "rules", "tecton-roles.json"), "utf8");
const role = (type: string, value: Json) => ({ type, value });
const ADMIN_ROLE = role("account_type", "admin");
const FRAUD = role("workspace_fraud", "owner");

function accountBody(displayName: string, more: JsonObject = {}): JsonObject {
  return { schemas: [SERVICE_ACCOUNT], displayName, ...more };
}

function expectError({ status, json, text }: ScimReply, code: number, scimType?: string): void {
  expect({ status, scimType: json["scimType"] }, text).to.deep.equal({ status: code, scimType });
}

describe("service accounts over SCIM", () => {
  onEachDatabase((service) => {
    const connect = async (options: DirectoryOptions = {}): Promise<ScimDirectory> => {
      const directory = await service().connect(options);
      const { run } = await saveMapping(service().p, directory.tenant, TECTON, {}, ADMIN);
      await waitForRun(service().p, directory.tenant, run, 30);
      return directory;
    };
    const reader = ({ tenant }: ScimDirectory) => service().p.store.read(tenant.id);
    const accountOf = async (directory: ScimDirectory, name: string) => {
      const { items } = await reader(directory).serviceAccounts({ name, limit: 1 });
      const [account] = items;
      if (!account) throw new Error(`no service account ${name}`);
      return account;
    };
    const holds = async (directory: ScimDirectory, name: string) =>
      (await accountOf(directory, name)).assignments.map(targetLabel).sort();
    const made = async (directory: ScimDirectory, name: string, more: JsonObject = {}): Promise<string> => {
      const { status, text, json } = await directory.post("/ServiceAccounts", accountBody(name, more));
      expect(status, text).to.equal(201);
      return String(json["id"]);
    };

    it("TEC-6: are made, read, found, replaced, changed and listed as resources of their own", async () => {
      const directory = await connect();
      const ada = await directory.user("ada", { displayName: "Ada" });
      const created = await directory.post(
        "/ServiceAccounts",
        accountBody("CI", { externalId: "x1", description: "builds", owner: { value: ada } }),
      );
      expect(created.status, created.text).to.equal(201);
      const { id, meta, ...rest } = created.json;
      const base = created.headers["location"]?.split("/ServiceAccounts/")[0];
      expect(rest).to.deep.equal({
        schemas: [SERVICE_ACCOUNT],
        ...{ externalId: "x1", displayName: "CI", userName: "CI", description: "builds", active: true },
        owner: { value: ada, $ref: `${base}/Users/${ada}`, displayName: "Ada" },
      });
      expect(meta).to.include({ resourceType: "ServiceAccount", location: `${base}/ServiceAccounts/${id}` });
      const path = `/ServiceAccounts/${id}`;
      const read = await directory.get(path);
      expect(read.json).to.deep.equal(created.json);
      const same = await directory.put(path, read.json);
      expect([same.status, same.json], "a PUT of what was read changes nothing").to.deep.equal([200, read.json]);
      const patched = await directory.patch(path, [{ op: "replace", path: "description", value: "builds and ships" }]);
      expect(patched.json).to.deep.include({ description: "builds and ships", userName: "CI" });
      const replaced = await directory.put(path, accountBody("Build"));
      expect(replaced.json).to.deep.include({ displayName: "Build", userName: "CI", active: true });
      expect(replaced.json).to.not.have.any.keys("owner", "description", "externalId");
      const found = await directory.get(`/ServiceAccounts?filter=${encodeURIComponent('userName eq "ci"')}`);
      expect(found.json).to.deep.include({ totalResults: 1, Resources: [replaced.json] });
      expect((await directory.get("/ServiceAccounts?count=0")).json["totalResults"]).to.equal(1);
      expect((await directory.get("/Users?count=0")).json["totalResults"], "no user").to.equal(1);
      expectError(await directory.get(`/Users/${id}`), 404);
      expectError(await directory.get(`/ServiceAccounts/${ada}`), 404);
    });

    it("C17: keep their name and whether they are active where a PATCH takes these away", async () => {
      const directory = await connect();
      const path = `/ServiceAccounts/${await made(directory, "CI", { userName: "ci", active: false })}`;
      const before = await directory.get(path);
      for (const attribute of ["userName", "active"]) {
        const reply = await directory.patch(path, [{ op: "remove", path: attribute }]);
        expect([reply.status, reply.json]).to.deep.equal([200, before.json]);
      }
    });

    it("are unique by name in their connection, whatever its letter case, and by nothing else", async () => {
      const directory = await connect();
      await directory.user("ci", { externalId: "x1" });
      await made(directory, "CI", { externalId: "x1" });
      expectError(await directory.post("/ServiceAccounts", accountBody("ci")), 409, "uniqueness");
      const other = await made(directory, "ci", { userName: "cd", externalId: "x1" });
      const renamed = await directory.patch(`/ServiceAccounts/${other}`, [
        { op: "replace", path: "userName", value: "Ci" },
      ]);
      expectError(renamed, 409, "uniqueness");
      const parallel = await Promise.all([1, 2, 3].map(() => directory.post("/ServiceAccounts", accountBody("x"))));
      expect(parallel.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409]);
    });

    const wrong: readonly (readonly [string, JsonObject, string])[] = [
      ["no displayName", { schemas: [SERVICE_ACCOUNT], userName: "ci" }, "invalidValue"],
      ["an owner who is nobody here", accountBody("ci", { owner: { value: "nobody" } }), "invalidValue"],
      ["an owner that is no object", accountBody("ci", { owner: "ada" }), "invalidValue"],
      ["an end that is no instant", accountBody("ci", { expiresAt: "tomorrow" }), "invalidValue"],
      ["another schema", { ...accountBody("ci"), schemas: ["urn:example:other"] }, "invalidValue"],
      ["a role type that is not declared", accountBody("ci", { roles: [role("nothing", "admin")] }), "invalidValue"],
      ["a role value that is not declared", accountBody("ci", { roles: [role("account_type", "x")] }), "invalidValue"],
      ["a name that is too long", accountBody("x".repeat(513)), "invalidValue"],
    ];
    for (const [what, body, scimType] of wrong) {
      it(`TEC-18: are refused with ${what}, and nothing is stored`, async () => {
        const directory = await connect();
        expectError(await directory.post("/ServiceAccounts", body), 400, scimType);
        expect((await directory.get("/ServiceAccounts?count=0")).json["totalResults"]).to.equal(0);
      });
    }

    it("are refused as owners of the tenant, whatever the connection may grant", async () => {
      const directory = await service().connect({ mayGrantOwner: true });
      const mapping = { scim_roles: [{ type: "account_type", values: ["owner", "admin"], scope: "tenant" }] };
      const { run } = await saveMapping(service().p, directory.tenant, JSON.stringify(mapping), {}, ADMIN);
      await waitForRun(service().p, directory.tenant, run, 30);
      const body = accountBody("ci", { roles: [role("account_type", "Owner")] });
      const refused = await directory.post("/ServiceAccounts", body);
      expectError(refused, 400, "invalidValue");
      expect(refused.json["detail"]).to.contain("no service account owns the tenant");
      const user = await directory.post("/Users", userBody("ada", { roles: [role("account_type", "owner")] }));
      expect(user.status, "a person may").to.equal(201);
    });

    describe("and their roles", () => {
      it("TEC-11: are assigned, read back, changed at a path, and explained", async () => {
        const directory = await connect();
        const id = await made(directory, "ci", { roles: [role("Account_Type", "Admin"), FRAUD] });
        expect(await holds(directory, "ci")).to.deep.equal(["resource:workspace:fraud/owner", "tenant/admin"]);
        const path = 'roles[type eq "workspace_fraud"].value';
        const changed = await directory.patch(`/ServiceAccounts/${id}`, [{ op: "replace", path, value: "viewer" }]);
        expect(changed.json["roles"]).to.deep.equal([ADMIN_ROLE, role("workspace_fraud", "viewer")]);
        expect(await holds(directory, "ci")).to.deep.equal(["resource:workspace:fraud/viewer", "tenant/admin"]);
        const account = await accountOf(directory, "ci");
        const { account: said, assignments, notGiven } = await explainUser(service().p, directory.tenant, account.id);
        expect(said.status).to.equal("registered");
        expect(assignments.map(({ grants }) => grants.map(({ origin, rule }) => `${origin} ${rule}`))).to.deep.equal([
          ["scim_role workspace_{name}"],
          ["scim_role account_type"],
        ]);
        expect(notGiven, "no rule speaks of it").to.deep.equal([]);
      });

      const removals: readonly (readonly [string, (d: ScimDirectory, path: string) => Promise<ScimReply>])[] = [
        [
          "null at a path",
          (d, path) => d.patch(path, [{ op: "replace", path: 'roles[type eq "account_type"].value', value: null }]),
        ],
        ["remove at a path", (d, path) => d.patch(path, [{ op: "remove", path: 'roles[type eq "account_type"]' }])],
        ["null in a PUT", (d, path) => d.put(path, accountBody("ci", { roles: [role("account_type", null), FRAUD] }))],
      ];
      for (const [how, remove] of removals) {
        it(`TEC-17: ${how} takes one away and no other`, async () => {
          const directory = await connect();
          const id = await made(directory, "ci", { roles: [ADMIN_ROLE, FRAUD] });
          expect((await remove(directory, `/ServiceAccounts/${id}`)).json["roles"]).to.deep.equal([FRAUD]);
          expect(await holds(directory, "ci")).to.deep.equal(["resource:workspace:fraud/owner"]);
        });
      }

      it("TEC-9, TEC-10: are ignored where the connection does not take them, and what was assigned survives", async () => {
        const directory = await connect();
        const id = await made(directory, "ci", { roles: [ADMIN_ROLE] });
        const { p } = service();
        await updateConnection(
          p,
          directory.tenant,
          directory.connection.slug,
          { rolesFrom: ["users", "groups"] },
          ADMIN,
        );
        const path = `/ServiceAccounts/${id}`;
        for (const reply of [
          await directory.put(path, accountBody("ci", { roles: [FRAUD] })),
          await directory.put(path, accountBody("ci", { description: "new" })),
          await directory.patch(path, [{ op: "remove", path: "roles" }]),
          await directory.patch(path, [{ op: "replace", value: { roles: [role("no such", "type")] } }]),
        ]) {
          expect([reply.status, reply.json["roles"]], reply.text).to.deep.equal([200, [ADMIN_ROLE]]);
        }
        expect(await holds(directory, "ci")).to.deep.equal(["tenant/admin"]);
        await made(directory, "cd", { roles: [FRAUD] });
        expect(await holds(directory, "cd")).to.deep.equal([]);
        await directory.user("ada", { roles: [FRAUD] });
        const [ada] = (await reader(directory).users({ userName: "ada", limit: 1 })).items;
        expect(ada?.assignments, "users' roles are taken as before").to.have.length(1);
      });
    });

    it("are not active once their time is over: in answers, lists and filters, until a later end is pushed", async () => {
      const directory = await connect();
      const [past, future] = ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"];
      const over = `/ServiceAccounts/${await made(directory, "over", { expiresAt: past, active: true, roles: [ADMIN_ROLE] })}`;
      await made(directory, "later", { expiresAt: future });
      await made(directory, "endless");
      await made(directory, "idle", { active: false });
      expect((await directory.get(over)).json["active"]).to.equal(false);
      const pushed = await directory.patch(over, [{ op: "replace", path: "active", value: true }]);
      expect([pushed.status, pushed.json["active"]]).to.deep.equal([200, false]);
      const found = async (filter: string) => {
        const { json } = await directory.get(`/ServiceAccounts?filter=${encodeURIComponent(filter)}`);
        return ((json["Resources"] ?? []) as readonly JsonObject[]).map(({ displayName }) => displayName).sort();
      };
      const [live, ended] = [
        ["endless", "later"],
        ["idle", "over"],
      ];
      for (const filter of ["active eq true", "active ne false", "not (active eq false)"]) {
        expect(await found(filter), filter).to.deep.equal(live);
      }
      for (const filter of ["active eq false", "active ne true", "not (active eq true)"]) {
        expect(await found(filter), filter).to.deep.equal(ended);
      }
      expect(await found('active eq true and displayName sw "l" or active eq false')).to.deep.equal([
        ...["idle", "later", "over"],
      ]);
      expect(await found("active pr")).to.have.length(4);
      const sorted = async (query: string) => {
        const { json } = await directory.get(query);
        return ((json["Resources"] ?? []) as readonly JsonObject[]).map(({ displayName }) => displayName);
      };
      for (const path of ["/ServiceAccounts", "/"]) {
        expect(await sorted(`${path}?sortBy=active`)).to.deep.equal(["over", "idle", "later", "endless"]);
        const down = `${path}?sortBy=active&sortOrder=descending`;
        expect(await sorted(down)).to.deep.equal(["later", "endless", "over", "idle"]);
        expect(await sorted(`${down}&startIndex=3&count=1`)).to.deep.equal(["over"]);
      }
      const first = (await directory.get("/ServiceAccounts?sortBy=active&count=1&cursor")).json["nextCursor"];
      expect(await sorted(`/ServiceAccounts?sortBy=active&count=1&cursor=${first}`)).to.deep.equal(["idle"]);
      const search = { schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], filter: "active eq true" };
      expect((await directory.post("/.search", search)).json["totalResults"]).to.equal(2);
      const back = await directory.patch(over, [{ op: "replace", path: "expiresAt", value: future }]);
      expect(back.json["active"], "what was pushed counts again").to.equal(true);
      expect(await holds(directory, "over")).to.deep.equal(["tenant/admin"]);
    });

    it("keep what was pushed when what GET answered after their time is put back, and come back with a later end", async () => {
      const directory = await connect();
      const owner = { value: await directory.user("ada", { displayName: "Ada" }) };
      const past = { expiresAt: "2020-01-01T00:00:00Z", active: true, roles: [ADMIN_ROLE], owner };
      const path = `/ServiceAccounts/${await made(directory, "over", past)}`;
      const read = await directory.get(path);
      expect(read.json["active"]).to.equal(false);
      const again = await directory.put(path, read.json);
      expect([again.status, again.json], again.text).to.deep.equal([200, read.json]);
      const refused = await directory.put(path, { ...read.json, owner: { value: "nobody" } });
      expectError(refused, 400, "invalidValue");
      const later: JsonObject = { ...read.json, expiresAt: "2999-01-01T00:00:00Z" };
      const back = await directory.put(path, later);
      expect([back.status, back.json["active"]], back.text).to.deep.equal([200, true]);
      expect(await holds(directory, "over")).to.deep.equal(["tenant/admin"]);
      const { meta: _, id: __, ...bare } = later;
      for (const [name, body, headers] of [
        ["without a tag it is no reading", bare, {}],
        ["If-Match is as good as meta", bare, "tag"],
      ] as const) {
        const one = `/ServiceAccounts/${await made(directory, name, past)}`;
        const tag = String((await directory.get(one)).headers["etag"]);
        const sent = { ...body, displayName: name, userName: name };
        const put = await directory.put(one, sent, headers === "tag" ? { "If-Match": tag } : headers);
        expect([put.status, put.json["active"]], `${name}: ${put.text}`).to.deep.equal([200, headers === "tag"]);
      }
    });

    it("keep what was pushed when what was read comes back in another spelling, and believe no tag but the present one", async () => {
      const directory = await connect();
      const owner = { value: await directory.user("olga", { displayName: "Olga" }) };
      const past = { expiresAt: "2020-01-01T00:00:00Z", active: true, roles: [ADMIN_ROLE], owner };
      const spelled: readonly (readonly [name: string, said: JsonObject])[] = [
        ["as text", { active: "False" }],
        ["in another letter case", { ACTIVE: "false" }],
        ["below the URN of the core", { [SERVICE_ACCOUNT]: { active: "FALSE" } }],
      ];
      for (const stale of [false, true]) {
        for (const [how, said] of spelled) {
          const name = `${how} ${stale}`;
          const path = `/ServiceAccounts/${await made(directory, name, past)}`;
          const { active: _, ...read } = (await directory.get(path)).json;
          if (stale) await directory.patch(path, [{ op: "add", path: "description", value: "d" }]);
          const back = await directory.put(path, { ...read, ...said, expiresAt: "2999-01-01T00:00:00Z" });
          expect([back.status, back.json["active"]], `${name}: ${back.text}`).to.deep.equal([200, !stale]);
        }
      }
      const foreign = `/ServiceAccounts/${await made(directory, "foreign", past)}`;
      const { json } = await directory.get(foreign);
      const meta = { ...(json["meta"] as JsonObject), version: 'W/"999-over"' };
      const off = await directory.put(foreign, { ...json, meta, expiresAt: "2999-01-01T00:00:00Z" });
      expect([off.status, off.json["active"]], off.text).to.deep.equal([200, false]);
    });

    it("RFC-52: have another ETag once their time is over, though nothing was written", async () => {
      const directory = await connect();
      const path = `/ServiceAccounts/${await made(directory, "over", { expiresAt: "2020-01-01T00:00:00Z" })}`;
      const { headers, json } = await directory.get(path);
      const tag = String(headers["etag"]);
      const before = tag.replace("-over", "");
      expect(before).not.to.equal(tag);
      expect((json["meta"] as JsonObject)["version"]).to.equal(tag);
      const status = async (ifNoneMatch: string) =>
        (await directory.get(path, { "If-None-Match": ifNoneMatch })).status;
      expect([await status(before), await status(tag)]).to.deep.equal([200, 304]);
      const listed = (await directory.get("/ServiceAccounts")).json["Resources"] as readonly JsonObject[];
      expect(listed.map(({ meta }) => (meta as JsonObject)["version"])).to.deep.equal([tag]);
      const change = [{ op: "add", path: "description", value: "d" }];
      expect((await directory.patch(path, change, { "If-Match": before })).status, "nobody wrote").to.equal(200);
      expectError(await directory.patch(path, change, { "If-Match": tag }), 412);
      expectError(await directory.delete(path, { "If-Match": before }), 412);
    });

    it("RFC-53: are `/Me` to their own tokens, in every way that their token may change them", async () => {
      const directory = await connect();
      const id = await made(directory, "ci", { roles: [ADMIN_ROLE] });
      await made(directory, "other", { roles: [ADMIN_ROLE] });
      const tokenOf = async (serviceAccount: string) =>
        (
          await createToken(
            service().p,
            directory.tenant,
            directory.connection.slug,
            { name: "t", serviceAccount },
            ADMIN,
          )
        ).token;
      const own = { Authorization: `Bearer ${await tokenOf("ci")}` };
      const read = await directory.get("/Me?attributes=displayName", own);
      expect([read.status, read.json["displayName"], read.json["id"]]).to.deep.equal([200, "ci", id]);
      const whole = await directory.get(`/ServiceAccounts/${id}`);
      const mine = await directory.get("/me", own);
      expect([mine.json, mine.headers["content-location"]]).to.deep.equal([
        whole.json,
        whole.headers["content-location"],
      ]);
      const same = await directory.get("/Me", { ...own, "If-None-Match": String(mine.headers["etag"]) });
      expect(same.status).to.equal(304);
      const patched = await directory.patch("/Me", [{ op: "add", path: "description", value: "builds" }], own);
      expect([patched.status, patched.json["description"]]).to.deep.equal([200, "builds"]);
      const put = await directory.put("/Me", accountBody("CI", { userName: "ci", roles: [ADMIN_ROLE] }), own);
      expect([put.status, put.json["displayName"], put.json["id"]]).to.deep.equal([200, "CI", id]);
      const others = await directory.get("/ServiceAccounts?sortBy=displayName&attributes=displayName");
      const names = ((others.json["Resources"] ?? []) as readonly JsonObject[]).map(({ displayName }) => displayName);
      expect(names, "nobody else changed").to.deep.equal(["CI", "other"]);
      expectError(await directory.post("/Me", accountBody("x"), own), 501);
      for (const method of ["GET", "PUT", "PATCH", "DELETE", "POST"]) {
        expectError(await directory.send({ method, path: "/Me" }), 501);
        expectError(await directory.send({ method, path: "/Me", headers: { Authorization: null } }), 401);
      }
      const roles = [{ scope: "tenant", role: "admin" }];
      await createServiceAccount(service().p, directory.tenant, { name: "by-hand", roles }, ADMIN);
      const elsewhere = await service().connect({ tenant: directory.tenant });
      await made(elsewhere, "foreign", { roles: [ADMIN_ROLE] });
      for (const name of ["by-hand", "foreign"]) {
        const theirs = { Authorization: `Bearer ${await tokenOf(name)}` };
        for (const method of ["GET", "DELETE"])
          expectError(await directory.send({ method, path: "/Me", headers: theirs }), 404);
      }
      expect((await directory.delete("/Me", own)).status).to.equal(204);
      expectError(await directory.get("/Me", own), 401);
      expectError(await directory.get(`/ServiceAccounts/${id}`), 404);
    });

    it("take no seat", async () => {
      const directory = await connect({ of: { seats: 1 } });
      await directory.user("ada");
      await made(directory, "ci");
      expect((await accountOf(directory, "ci")).status).to.equal("registered");
      expect((await directory.post("/Users", userBody("bob"))).status).to.equal(403);
      expect((await reader(directory).tenantNow()).seatsUsed).to.equal(1);
    });

    for (const [how, end] of [
      ["DELETE", (d: ScimDirectory, path: string) => d.delete(path)],
      [
        "active: false",
        (d: ScimDirectory, path: string) => d.patch(path, [{ op: "Replace", path: "active", value: "False" }]),
      ],
    ] as const) {
      it(`are deactivated by ${how}, lose what they hold, and are kept in the access ledger`, async () => {
        const directory = await connect();
        const path = `/ServiceAccounts/${await made(directory, "ci", { externalId: "x1", roles: [ADMIN_ROLE] })}`;
        expect((await end(directory, path)).status).to.be.oneOf([200, 204]);
        const ended = await accountOf(directory, "ci");
        expect(ended).to.deep.include({ status: "deactivated", synced: false, assignments: [] });
        expect((await directory.get(path)).status).to.equal(how === "DELETE" ? 404 : 200);
        if (how !== "DELETE") {
          await directory.patch(path, [{ op: "replace", path: "active", value: true }]);
          expect(await accountOf(directory, "ci")).to.include({ id: ended.id, status: "registered" });
          return;
        }
        expectError(await directory.delete(path), 404);
        const again = await made(directory, "ci", { externalId: "x1" });
        expect(path).to.not.contain(again);
        const { items } = await reader(directory).serviceAccounts({ name: "ci", limit: 9 });
        expect(
          items.map(({ status }) => status),
          "another account",
        ).to.deep.equal(["deactivated", "registered"]);
      });
    }

    it("TEC-21: made by hand are neither seen nor touched by a client, nor is what another connection pushed", async () => {
      const directory = await connect();
      const { p } = service();
      const id = await createServiceAccount(
        p,
        directory.tenant,
        { name: "ci", roles: [{ scope: "tenant", role: "admin" }] },
        ADMIN,
      );
      const other = await service().connect({ tenant: directory.tenant });
      const theirs = await made(other, "cd");
      expect((await directory.get("/ServiceAccounts")).json["Resources"]).to.deep.equal([]);
      for (const foreign of [id, theirs]) {
        expectError(await directory.get(`/ServiceAccounts/${foreign}`), 404);
        expectError(await directory.delete(`/ServiceAccounts/${foreign}`), 404);
        expectError(await directory.put(`/ServiceAccounts/${foreign}`, accountBody("mine")), 404);
      }
      await made(directory, "ci");
      await directory.user("ada");
      expect(await reader(directory).serviceAccount(id)).to.deep.include({
        ...{ status: "registered", assignments: [{ scope: "tenant", role: "admin" }] },
      });
    });

    it("are no members of groups, and nobody's sign-in", async () => {
      const directory = await connect();
      const id = await made(directory, "ci", { roles: [ADMIN_ROLE] });
      const group = await directory.group("Eng");
      const added = await directory.patch(`/Groups/${group}`, [{ op: "add", path: "members", value: [{ value: id }] }]);
      expectError(added, 400, "invalidValue");
    });

    it("change nothing while sync is in test mode, and have what SCIM assigned once it is live", async () => {
      const directory = await connect({ sync: "test" });
      await made(directory, "ci", { roles: [ADMIN_ROLE] });
      expect((await reader(directory).serviceAccounts({ limit: 9 })).items).to.deep.equal([]);
      const { p } = service();
      const { slug } = directory.connection;
      const refused = await updateConnection(p, directory.tenant, slug, { sync: "live" }, ADMIN).catch(
        (e: unknown) => e,
      );
      expect(refused, "its plan is to be reviewed").to.have.property("code", "digest_required");
      const { digest } = await previewSync(p, directory.tenant, slug, { to: "live" });
      const { run } = await updateConnection(p, directory.tenant, slug, { sync: "live", digest }, ADMIN);
      if (run === undefined) throw new Error("no run");
      await waitForRun(p, directory.tenant, run, 30);
      expect(await holds(directory, "ci")).to.deep.equal(["tenant/admin"]);
    });

    it("show what an admin changed while sync was off, and come back where the client says so", async () => {
      const directory = await connect();
      const [ada, bob] = [await directory.user("ada"), await directory.user("bob")];
      const more = { active: true, expiresAt: "2099-12-31T00:00:00Z", description: "builds", owner: { value: ada } };
      const id = await made(directory, "CI", more);
      const { p } = service();
      const { slug } = directory.connection;
      const turn = async (sync: "off" | "live") => {
        const convert = sync === "off" ? { onDisable: "convert" as const } : {};
        const { digest } = await previewSync(p, directory.tenant, slug, { to: sync, ...convert });
        const { run } = await updateConnection(p, directory.tenant, slug, { sync, digest, ...convert }, ADMIN);
        if (run !== undefined) await waitForRun(p, directory.tenant, run, 30);
      };
      await turn("off");
      const { id: user } = await accountOf(directory, "CI");
      const { items } = await reader(directory).users({ userName: "bob", limit: 1 });
      const owner = items[0]?.id ?? null;
      const edit = { active: false, expiresAt: null, description: null, displayName: "CI 2", owner };
      await updateServiceAccount(p, directory.tenant, user, edit, ADMIN);
      await turn("live");
      const { json } = await directory.get(`/ServiceAccounts/${id}`);
      expect(json).to.deep.include({ displayName: "CI 2", userName: "CI", active: false });
      expect(json).not.to.have.any.keys("expiresAt", "description");
      expect(json["owner"]).to.include({ value: bob });
      const found = await directory.get("/ServiceAccounts?filter=active%20eq%20true");
      expect(found.json["totalResults"]).to.equal(0);
      expect((await accountOf(directory, "CI")).status).to.equal("deactivated");
      const back = await directory.patch(`/ServiceAccounts/${id}`, [{ op: "replace", path: "active", value: true }]);
      expect([back.status, back.json["active"]], back.text).to.deep.equal([200, true]);
      expect(await accountOf(directory, "CI")).to.deep.include({ status: "registered", displayName: "CI 2" });
      await turn("off");
      const dan = await createLocalUser(p, directory.tenant, { userName: "dan" }, ADMIN);
      const another = { active: false, expiresAt: "2098-01-01T00:00:00.000Z", owner: dan };
      await updateServiceAccount(p, directory.tenant, user, another, ADMIN);
      await turn("live");
      await directory.patch(`/ServiceAccounts/${id}`, [{ op: "replace", path: "description", value: "tests" }]);
      expect((await accountOf(directory, "CI")).owner, "whom the directory does not know").to.include({ id: dan });
      const put = await directory.put(`/ServiceAccounts/${id}`, accountBody("CI 2", { userName: "CI", ...more }));
      expect(put.json, put.text).to.deep.include({ active: true, expiresAt: more.expiresAt, description: "builds" });
      const account = await accountOf(directory, "CI");
      expect(account).to.deep.include({ status: "registered", expiresAt: "2099-12-31T00:00:00.000Z" });
      expect(account.owner).to.include({ userName: "ada" });
    });

    it("keep their owner, when the directory has forgotten the user since", async () => {
      const directory = await connect();
      const ada = await directory.user("ada");
      const id = await made(directory, "ci", { owner: { value: ada } });
      await directory.delete(`/Users/${ada}`);
      const path = `/ServiceAccounts/${id}`;
      const read = await directory.get(path);
      expect(read.json["owner"]).to.deep.equal({ value: ada });
      const changed = await directory.put(path, { ...read.json, description: "new" });
      expect([changed.status, changed.json["owner"]], changed.text).to.deep.equal([200, { value: ada }]);
      expect((await accountOf(directory, "ci")).owner).to.include({ userName: "ada", active: false });
      const gone = await directory.patch(path, [{ op: "remove", path: "owner" }]);
      expect(gone.json).to.not.have.property("owner");
      expect((await accountOf(directory, "ci")).owner).to.equal(undefined);
    });

    it("answer 304, 412 and 204 as every resource does", async () => {
      const directory = await connect();
      const path = `/ServiceAccounts/${await made(directory, "ci")}`;
      expect((await directory.get(path, { "If-None-Match": 'W/"1"' })).status).to.equal(304);
      const stale = { "If-Match": 'W/"7"' };
      expectError(await directory.put(path, accountBody("x"), stale), 412);
      expectError(await directory.delete(path, stale), 412);
      expect((await directory.delete(path, { "If-Match": 'W/"1"' })).status).to.equal(204);
    });
  });
});
