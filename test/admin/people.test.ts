import { expect } from "chai";
import type { GrantId, UserId } from "../../src/model/ids.js";
import {
  type AdminClient,
  DATABASES,
  expectProblem,
  mistakes,
  openAdmin,
  quickWorker,
  wholeList,
} from "./admin-client.js";

for (const [database, newUrl] of DATABASES) {
  describe(`people, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    async function local(tenant: string, userName: string, more: object = {}): Promise<string> {
      const { status, body, text } = await client.post(`${tenant}/users`, { userName, ...more });
      expect(status, text).to.equal(201);
      return `${tenant}/users/${body["id"]}`;
    }

    it("are found by each filter, and by all of them together", async () => {
      const tenant = await client.tenant();
      const ada = await local(tenant, "Ada", { email: "ada@acme.example", displayName: "Countess 100%" });
      await local(tenant, "ben", { email: "ben@acme.example" });
      const directory = await client.directory(tenant);
      await directory.push("cai", { externalId: "hr-7", emails: [] });
      await client.call("PATCH", `${tenant}/users/${(await idsBy(tenant, "userName=ben"))[0]}`, {
        body: { active: false },
      });
      await client.post(`${ada}/grants`, { team: "Platform", role: "editor", reason: "r" });
      await client.post(`${ada}/grants`, { scope: "tenant", role: "auditor", reason: "r" });
      const cases: readonly (readonly [query: string, names: readonly string[]])[] = [
        ["", ["Ada", "ben", "cai"]],
        ["userName=ADA", ["Ada"]],
        ["userName=Ad", []],
        ["email=BEN@acme.example", ["ben"]],
        ["externalId=hr-7", ["cai"]],
        ["externalId=HR-7", []],
        ["status=deactivated", ["ben"]],
        ["status=registered", ["Ada", "cai"]],
        ["q=acme.example", ["Ada", "ben"]],
        ["q=100%25", ["Ada"]],
        ["q=%25", ["Ada"]],
        ["q=_", []],
        ["team=Platform", ["Ada"]],
        ["team=platform", []],
        ["role=auditor", ["Ada"]],
        ["team=Platform&role=auditor", []],
        ["team=Platform&role=editor&status=registered&q=countess", ["Ada"]],
      ];
      for (const [query, names] of cases) {
        const { body } = await client.get(`${tenant}/users?${query}`);
        expect(body.items?.map(({ userName }) => userName).sort(), query).to.deep.equal(names);
      }
    });

    async function idsBy(tenant: string, query: string): Promise<readonly string[]> {
      return ((await client.get(`${tenant}/users?${query}`)).body.items ?? []).map(({ id }) => String(id));
    }

    it("are listed in pages that hold everybody once", async () => {
      const tenant = await client.tenant();
      const names = Array.from({ length: 7 }, (_, index) => `user-${index}`);
      for (const name of names)
        await client.post(`${await local(tenant, name)}/grants`, { team: name, role: "viewer", reason: "r" });
      for (const limit of [1, 3, 7, 8]) {
        const users = await wholeList(client, `${tenant}/users`, limit);
        expect(users.map(({ userName }) => userName)).to.deep.equal(names);
        const assignments = await wholeList(client, `${tenant}/assignments`, limit);
        expect(assignments).to.have.length(7);
        const teams = await wholeList(client, `${tenant}/teams`, limit);
        expect(teams.map(({ name }) => name)).to.deep.equal(names);
        expect(await wholeList(client, `${tenant}/audit?action=grant.added`, limit)).to.have.length(7);
        const events = await wholeList(client, `${tenant}/events`, limit);
        expect(events.length).to.equal((await client.get(`${tenant}/events?limit=1000`)).body.items?.length);
        expect(events.map(({ position }) => position)).to.deep.equal([...events.keys()].map((index) => index + 1));
      }
    });

    it("of the tenant's own making are edited, deactivated and taken back, and lose what they held", async () => {
      const tenant = await client.tenant();
      const ada = await local(tenant, "ada", { displayName: "Ada", department: "IT" });
      await client.post(`${ada}/grants`, { team: "Platform", role: "viewer", reason: "r" });
      const patch = async (body: object) => (await client.call("PATCH", ada, { body })).body;
      expect(await patch({ displayName: null, email: "ada@acme.example" })).to.include({
        displayName: null,
        email: "ada@acme.example",
      });
      expect(await patch({ active: false })).to.deep.include({ active: false, status: "deactivated", teams: [] });
      expectProblem(await client.post(`${ada}/grants`, { team: "x", role: "y", reason: "z" }), 409, "conflict");
      expect(await patch({ active: true })).to.deep.include({ active: true, status: "registered", teams: [] });
    });

    it("keep their last owner, by every door of the API", async () => {
      const tenant = await client.tenant();
      const ada = await local(tenant, "ada");
      const owner = { scope: "tenant", role: "owner", reason: "founder" };
      const grant = `${ada}/grants/${(await client.post(`${ada}/grants`, owner)).body["id"]}`;
      expectProblem(await client.call("DELETE", grant), 409, "last_owner");
      expectProblem(await client.call("PATCH", ada, { body: { active: false } }), 409, "last_owner");
      expect((await client.get(ada)).body["roles"]).to.deep.equal([{ scope: "tenant", role: "owner" }]);
      await client.post(`${await local(tenant, "ben")}/grants`, owner);
      expect((await client.call("DELETE", grant)).status).to.equal(204);
    });

    it("take seats as far as there are any", async () => {
      const tenant = await client.tenant({ seats: 1 });
      await local(tenant, "ada");
      const refused = await client.post(`${tenant}/users`, { userName: "ben" });
      expectProblem(refused, 403, "no_seat");
      expect(refused.body["detail"]).to.contain("1 of 1 used");
      await client.call("PATCH", tenant, { body: { seats: 2 } });
      await local(tenant, "ben");
      expect((await client.get(tenant)).body["seatsUsed"]).to.equal(2);
    });

    it("hold what was given by hand until it is taken back, and the API says because of what", async () => {
      const tenant = await client.tenant();
      const ada = await local(tenant, "ada");
      const given = await client.post(`${ada}/grants`, { scope: "all_teams", role: "Viewer", reason: "audit season" });
      const check = async (query: string) => (await client.get(`${tenant}/check?user=ada&${query}`)).body;
      const allowed = await check("team=Any%20team&role=viewer");
      expect(allowed["allowed"]).to.equal(true);
      const [reason] = allowed["because"] as readonly Record<string, unknown>[];
      expect(reason).to.include({ grant: given.body["id"], origin: "manual" });
      expect(reason?.["reason"]).to.contain("audit season");
      const asked = ["scope=all_teams&role=viewer", "scope=tenant&role=viewer", "team=Any&role=editor"];
      const answers = await Promise.all(asked.map(async (query) => (await check(query))["allowed"]));
      expect(answers).to.deep.equal([true, false, false]);
      expect((await client.call("DELETE", `${ada}/grants/${given.body["id"]}`)).status).to.equal(204);
      expect((await check("scope=all_teams&role=viewer"))["allowed"]).to.equal(false);
      expectProblem(await client.call("DELETE", `${ada}/grants/${given.body["id"]}`), 404, "not_found");
    });

    it("hold nothing while they are deactivated, says the check", async () => {
      const tenant = await client.tenant();
      const ada = await local(tenant, "ada");
      await client.call("PATCH", ada, { body: { active: false } });
      const { body } = await client.get(`${tenant}/check?user=ada&scope=tenant&role=owner`);
      expect(body).to.deep.equal({
        allowed: false,
        because: [{ code: "deactivated", reason: "the user is deactivated: an admin deactivated it" }],
      });
    });

    it("become examples that the mapping passes with, and that tell nothing of them that no rule looks at", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      await directory.group("Choir", "ada@acme.example");
      const mapping = { mappings: [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }] };
      await client.finished(tenant, await client.call("PUT", `${tenant}/mapping`, { body: mapping }));
      const { body } = await client.get(`${tenant}/users?userName=ada@acme.example`);
      const made = await client.get(`${tenant}/users/${body.items?.[0]?.["id"]}/example`);
      expect(made.status, made.text).to.equal(200);
      expect(made.body).to.deep.equal({
        version: 1,
        examples: [{ name: "a person of okta", connection: "okta", groups: ["Eng"], expect: ["Platform/editor"] }],
      });
      const pasted = { ...mapping, examples: made.body["examples"] };
      expect((await client.call("PUT", `${tenant}/mapping`, { body: pasted })).status).to.equal(200);
      const broken = { ...pasted, mappings: [] };
      const refused = await client.call("PUT", `${tenant}/mapping`, { body: broken });
      expectProblem(refused, 422, "invalid_document");
      expect(mistakes(refused)).to.deep.equal(["/examples/0/expect example_failed"]);
      expect(refused.text).to.contain("example `a person of okta`");
      const preview = await client.post(`${tenant}/mapping/preview`, broken);
      expect(mistakes(preview)).to.deep.equal(["/examples/0/expect example_failed"]);
      expect(preview.body["summary"]).to.include({ revoked: 1 });
    });

    it("are explained: what they hold by which rule and evidence, and what would give them the rest", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      const mappings = [
        { id: "engineers", group_name: "Eng", team_name: "Platform", role_name: "editor" },
        { id: "money", group_name: "Finance", team_name: "Finance", role_name: "viewer" },
      ];
      const saved = await client.call("PUT", `${tenant}/mapping`, { body: { mappings } });
      await client.finished(tenant, saved);
      const [id] = await idsBy(tenant, "userName=ada@acme.example");
      const { body } = await client.get(`${tenant}/users/${id}/explain`);
      const explained = body["assignments"] as readonly {
        target: object;
        grants: readonly Record<string, unknown>[];
      }[];
      const [assignment] = explained;
      expect(assignment?.target).to.deep.equal({ scope: "team:Platform", role: "editor" });
      expect(assignment?.grants[0]).to.include({
        origin: "rule",
        rule: "engineers",
        connection: "okta",
        mappingVersion: 1,
      });
      expect(assignment?.grants[0]?.["evidence"]).to.have.nested.property("[0].label", "Eng");
      expect(assignment?.grants[0]).to.not.have.property("id");
      const byHand = { team: "Platform", role: "editor", reason: "for good" };
      const given = await client.post(`${tenant}/users/${id}/grants`, byHand);
      const again = (await client.get(`${tenant}/users/${id}/explain`)).body["assignments"] as typeof explained;
      expect(again[0]?.grants.map(({ origin, id: grant }) => [origin, grant]).sort()).to.deep.equal([
        ["manual", given.body["id"]],
        ["rule", undefined],
      ]);
      const notGiven = body["notGiven"] as readonly Record<string, unknown>[];
      expect(notGiven).to.have.length(1);
      expect(notGiven[0]).to.deep.include({
        rule: "money",
        why: "unmet",
        steps: [{ do: "join_group", anyOf: ["Finance"] }],
      });
    });

    it("are listed with what they held at an earlier time, and since when and until when", async () => {
      const tenant = await client.tenant();
      const ada = await local(tenant, "ada");
      const before = client.service.p.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const given = await client.post(`${ada}/grants`, { team: "Platform", role: "viewer", reason: "r" });
      const during = client.service.p.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await client.call("DELETE", `${ada}/grants/${given.body["id"]}`);
      const at = async (instant: string) => (await client.get(`${tenant}/assignments?at=${instant}`)).body.items ?? [];
      expect(await at(before)).to.deep.equal([]);
      const [held] = await at(during);
      expect(held).to.deep.include({
        target: { scope: "team:Platform", role: "viewer" },
        origin: "manual",
        rule: null,
      });
      expect(held?.["endedAt"]).to.be.a("string");
      expect((await client.get(`${tenant}/assignments`)).body.items).to.deep.equal([]);
    });

    it("are written for an access review without a formula, all of them in one file", async () => {
      const tenant = await client.tenant();
      const ada = await local(tenant, '=cmd|" /C calc"!A0');
      await client.post(`${ada}/grants`, { team: "a,b", role: "+1", reason: "r" });
      await client.post(`${ada}/grants`, { scope: "tenant", role: "auditor", reason: "r" });
      const { text, headers } = await client.get(`${tenant}/assignments?format=csv&limit=1`);
      expect(headers["content-type"]).to.match(/^text\/csv/);
      expect(headers["content-disposition"]).to.match(
        /^attachment; filename="tenant-\d+-assignments-\d{4}-\d\d-\d\d\.csv"$/,
      );
      const lines = text.trimEnd().split("\r\n");
      expect(lines[0]).to.equal(
        "userId,userName,scope,role,origin,rule,connection,since,endedAt,mappingVersion,evidence,by,reason,expiresAt,endReason",
      );
      expect(lines).to.have.length(3);
      expectProblem(await client.get(`${tenant}/assignments?format=csv&cursor=zz`), 400, "bad_request");
      expect(lines[1]).to.contain(`,"'=cmd|"" /C calc""!A0","team:a,b","'+1",manual,,,`);
    });

    it("are all in the file, however many they are", async () => {
      const tenant = await client.tenant();
      const user = (await local(tenant, "ada")).split("/").at(-1) as UserId;
      const { store, newId, now } = client.service.p;
      const found = await store.instance.tenantBySlug(tenant.split("/").at(-1) ?? "");
      if (found === undefined) throw new Error("the test's tenant is gone");
      const open = Array.from({ length: 1001 }, (_, index) => ({
        ...{ id: newId() as GrantId, user, origin: "manual" as const, evidence: [], by: "test", reason: "many" },
        target: { scope: `resource:repository:${index}`, role: "reader" },
      }));
      const nothing = { statuses: [], profiles: [], close: [], refresh: [], reconciled: [], version: 0 };
      await store.write(found.id, (tx) => tx.applyAccess({ ...nothing, open }, now()));
      const { text } = await client.get(`${tenant}/assignments?format=csv`);
      expect(new Set(text.match(/resource:repository:\d+/g)).size).to.equal(1001);
    });

    it("name the roles that somebody wrote down, owners marked", async () => {
      const tenant = await client.tenant();
      const mappings = [{ group_name: "A", team_name: "A", role_name: "TEAM_ADMIN" }];
      await client.call("PUT", `${tenant}/mapping`, { body: { mappings, default_role: "guest" } });
      expect((await client.get(`${tenant}/roles`)).body.items).to.deep.equal([
        { name: "guest", privileged: false },
        { name: "owner", privileged: true },
        { name: "team_admin", privileged: false },
      ]);
    });
  });
}
