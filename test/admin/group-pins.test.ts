import { expect } from "chai";
import { type AdminClient, DATABASES, type Directory, expectProblem, openAdmin, quickWorker } from "./admin-client.js";

const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const MAPPING = {
  tenant_owners_groups: ["IT Admins"],
  mappings: [
    { id: "eng", group_name: "Engineering", team_name: "Platform", role_name: "editor" },
    { id: "plat", group_name: "Platform People", team_name: "Platform", role_name: "viewer" },
    { id: "all", group_pattern: "app-{team}", team_name: "{team}", role_name: "viewer" },
    { id: "ops", group_name: "Ops", scope: "tenant", role_name: "operator" },
    { id: "ops-team", group_name: "Ops", team_name: "Ops", role_name: "editor" },
  ],
  unknown_team: "create_any",
};

for (const [name, newUrl] of DATABASES) {
  describe(`names that move, over HTTP on ${name}`, () => {
    let client: AdminClient;
    let tenant: string;
    let okta: Directory;

    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());
    beforeEach(async () => {
      tenant = await client.tenant();
      okta = await client.directory(tenant, "root@acme.test", "ada@acme.test", "eve@acme.test");
      await save(MAPPING);
      await okta.group("IT Admins", "root@acme.test");
    });

    const save = async (document: object) => {
      const reply = await client.call("PUT", `${tenant}/mapping`, { body: document });
      expect(reply.status, reply.text).to.equal(200);
      await client.finished(tenant, reply);
    };
    const rename = async (group: string, displayName: string) => {
      const Operations = [{ op: "replace", path: "displayName", value: displayName }];
      const reply = await okta.scim("PATCH", `/Groups/${group}`, { schemas: [PATCH], Operations });
      expect(reply.status, reply.text).to.be.oneOf([200, 204]);
    };
    const drop = async (group: string) => expect((await okta.scim("DELETE", `/Groups/${group}`)).status).to.equal(204);
    const user = async (userName: string) => (await client.get(`${tenant}/users?userName=${userName}`)).body.items?.[0];
    const holds = async (userName: string) => {
      const { teams, roles } = (await user(userName)) as Record<"teams" | "roles", Record<string, string>[]>;
      return [...teams, ...roles].map(({ team, scope, role }) => `${team ?? scope}/${role}`).sort();
    };
    /** Waits for the worker, which does what an admin's order brings about. */
    const soon = async (userName: string, wanted: readonly string[]) => {
      for (let left = 200; left > 0; left--) {
        if (JSON.stringify(await holds(userName)) === JSON.stringify(wanted)) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(await holds(userName)).to.deep.equal(wanted);
    };
    const pin = async (name: string) =>
      (await client.get(`${tenant}/group-pins`)).body.items?.find((one) => one["name"] === name);
    const groups = (list: unknown) => (list as readonly { readonly id: string }[]).map(({ id }) => id);
    const audited = async (action: string) =>
      ((await client.get(`${tenant}/audit?action=${action}`)).body.items ?? []).map((one) => one["detail"]);
    const order = (verb: string, body: object) =>
      client.post(`${tenant}/group-pins/${verb}`, { connection: "okta", ...body });

    /** Previews the order, carries it out as reviewed, and tells what the preview showed. */
    const reviewed = async (verb: string, body: object) => {
      const preview = await order(`${verb}/preview`, body);
      expect(preview.status, preview.text).to.equal(200);
      const { digest, changes } = preview.body as unknown as {
        readonly digest: string;
        readonly changes: readonly Record<"user" | "target", Record<string, string>>[];
      };
      const done = await order(verb, { ...body, digest });
      expect(done.status, done.text).to.equal(202);
      await client.finished(tenant, done);
      return changes.map(({ user: { userName }, target, ...more }) => {
        return `${(more as Record<string, unknown>)["change"]} ${userName} ${target["scope"]}/${target["role"]}`;
      });
    };

    it("a rename is shown and changes nothing, and evidence says both names", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      expect(await holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
      await rename(eng, "app-Secret");
      expect(await holds("ada@acme.test"), "neither by the old name nor by a pattern").to.deep.equal([
        "Platform/editor",
      ]);
      expect(await pin("Engineering")).to.deep.include({ connection: "okta", confirmed: true, contenders: [] });
      expect((await pin("Engineering"))?.["holders"]).to.have.nested.property("[0].renamed", true);
      expect((await pin("Engineering"))?.["holders"]).to.have.nested.property("[0].displayName", "app-Secret");
      expect(await audited("group.renamed")).to.deep.equal([
        {
          ...{ connection: "okta", group: eng, displayName: "app-Secret", formerName: "Engineering" },
          names: ["Engineering"],
        },
      ]);
      const explained = await client.get(`${tenant}/users/${(await user("ada@acme.test"))?.["id"]}/explain`);
      expect(explained.text).to.contain("Engineering (now app-Secret)");
    });

    it("a renamed group takes no other name of the mapping", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      await rename(eng, "Ops");
      expect(await holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
      expect(groups((await pin("Ops"))?.["holders"])).to.deep.equal([]);
      expect(groups((await pin("Ops"))?.["contenders"])).to.deep.equal([eng]);
    });

    it("a group that no rule names follows its name, also into a rule that nobody holds", async () => {
      const free = await okta.group("app-Red", "ada@acme.test");
      expect(await holds("ada@acme.test")).to.deep.equal(["Red/viewer"]);
      await rename(free, "app-Blue");
      expect(await holds("ada@acme.test")).to.deep.equal(["Blue/viewer"]);
      await rename(free, "Engineering");
      expect(await holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
      expect(groups((await pin("Engineering"))?.["holders"])).to.deep.equal([free]);
    });

    it("while the pinned group lives, a new one of its name inherits nothing and raises an alert", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      await rename(eng, "Former Engineering");
      const eve = await okta.group("Engineering", "eve@acme.test");
      expect(await holds("eve@acme.test")).to.deep.equal([]);
      expect(await holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
      expect(await audited("group.name_taken")).to.deep.equal([
        { connection: "okta", group: eve, displayName: "Engineering", name: "Engineering" },
      ]);
      const notices = ["group.name_taken", "group.renamed"];
      expect(await client.published(tenant, ...notices)).to.include.members(notices);
      expect(groups((await pin("Engineering"))?.["contenders"])).to.deep.equal([eve]);
    });

    it("a group renamed to the name of a living one inherits nothing either, nor by a pattern", async () => {
      await okta.group("Engineering", "ada@acme.test");
      const other = await okta.group("app-Red", "eve@acme.test");
      await rename(other, "Engineering");
      expect(await holds("eve@acme.test")).to.deep.equal([]);
      await rename(other, "app-Red");
      expect(await holds("eve@acme.test")).to.deep.equal(["Red/viewer"]);
      expect((await pin("Engineering"))?.["contenders"]).to.deep.equal([]);
    });

    it("after a DELETE the next group takes the name; what is privileged waits until it is confirmed", async () => {
      const ops = await okta.group("Ops", "ada@acme.test");
      expect(await holds("ada@acme.test")).to.deep.equal(["Ops/editor", "tenant/operator"]);
      await drop(ops);
      expect(await holds("ada@acme.test")).to.deep.equal([]);
      const next = await okta.group("Ops", "eve@acme.test");
      expect(await holds("eve@acme.test")).to.deep.equal(["Ops/editor"]);
      expect(await pin("Ops")).to.deep.include({ confirmed: false });
      expect(await audited("pin.moved")).to.deep.include({
        ...{ connection: "okta", group: next, displayName: "Ops", name: "Ops", waiting: true },
      });
      const { text } = await client.get(`${tenant}/users/${(await user("eve@acme.test"))?.["id"]}/explain`);
      expect(text).to.contain("waits to be confirmed").and.contain("confirm group `Ops`");
      expectProblem(await order("confirm", { name: "Ops" }), 409, "digest_required");
      expectProblem(await order("confirm", { name: "Ops", digest: "0".repeat(64) }), 409, "plan_changed");
      expect(await pin("Ops"), "nothing was done unseen").to.deep.include({ confirmed: false });
      expect(await reviewed("confirm", { name: "Ops" })).to.deep.equal(["grant eve@acme.test tenant/operator"]);
      expect(await holds("eve@acme.test")).to.deep.equal(["Ops/editor", "tenant/operator"]);
      expect(await pin("Ops")).to.deep.include({ confirmed: true });
      const [said] = (await audited("pin.confirmed")) as readonly object[];
      expect(said)
        .to.deep.include({ connection: "okta", name: "Ops", groups: [next] })
        .and.have.property("digest");
      expectProblem(await order("confirm", { name: "Ops" }), 409, "conflict");
    });

    it("a group that lay in wait takes the name with the DELETE, and makes no owner", async () => {
      const admins = String(groups((await pin("IT Admins"))?.["holders"])[0]);
      const second = await okta.group("Owners", "root@acme.test", "ada@acme.test");
      await save({ ...MAPPING, tenant_owners_groups: ["IT Admins", "Owners"] });
      await okta.group("IT Admins", "eve@acme.test");
      await drop(admins);
      expect(await holds("eve@acme.test")).to.deep.equal([]);
      expect(await pin("IT Admins")).to.deep.include({ confirmed: false, contenders: [] });
      expect(groups((await pin("Owners"))?.["holders"])).to.deep.equal([second]);
      expect(await holds("ada@acme.test")).to.deep.equal(["tenant/owner"]);
    });

    it("a group that waits goes on waiting when the mapping drops its name and uses it again", async () => {
      await okta.group("Owners", "root@acme.test");
      const owners = ["IT Admins", "Owners"];
      await save({ ...MAPPING, tenant_owners_groups: owners });
      await drop(String(groups((await pin("IT Admins"))?.["holders"])[0]));
      const eve = await okta.group("IT Admins", "eve@acme.test");
      await save({ ...MAPPING, tenant_owners_groups: ["Owners"] });
      expect(await pin("IT Admins")).to.deep.include({ confirmed: false });
      const again = { ...MAPPING, tenant_owners_groups: owners };
      const preview = await client.post(`${tenant}/mapping/preview`, again);
      expect(preview.body["summary"]).to.include({ granted: 0, revoked: 0 });
      await save(again);
      expect(await holds("eve@acme.test")).to.deep.equal([]);
      expect(await reviewed("confirm", { name: "IT Admins" })).to.deep.equal(["grant eve@acme.test tenant/owner"]);
      expect(await holds("eve@acme.test")).to.deep.equal(["tenant/owner"]);
      await save({ ...MAPPING, tenant_owners_groups: ["Owners"] });
      expect(await pin("IT Admins"), "confirmed, and named no more").to.equal(undefined);
      expect(groups((await pin("Owners"))?.["holders"])).not.to.include(eve);
    });

    it("an admin accepts a rename: the group goes by its new name, and leaves the old one", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      await rename(eng, "Platform People");
      await okta.group("Engineering", "eve@acme.test");
      expect((await order("accept", { group: eng })).status).to.equal(204);
      await soon("ada@acme.test", ["Platform/viewer"]);
      await soon("eve@acme.test", ["Platform/editor"]);
      expect(groups((await pin("Platform People"))?.["holders"])).to.deep.equal([eng]);
      expect(await audited("group.rename_accepted")).to.have.length(1);
    });

    it("an admin moves a name to another group", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      const second = await okta.group("Engineering", "eve@acme.test");
      expect((await order("move", { name: "Engineering", group: second })).status).to.equal(204);
      await soon("eve@acme.test", ["Platform/editor"]);
      await soon("ada@acme.test", []);
      expect(groups((await pin("Engineering"))?.["holders"])).to.deep.equal([second]);
      expect(groups((await pin("Engineering"))?.["contenders"])).to.deep.equal([eng]);
    });

    it("previews of a move and of an accepted rename show who gains and who loses, and change nothing", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      await rename(eng, "Platform People");
      const second = await okta.group("Engineering", "eve@acme.test");
      const told = async (verb: string, body: object) =>
        (
          (await order(`${verb}/preview`, body)).body["changes"] as readonly Record<string, Record<string, string>>[]
        ).map(({ change, user, target }) => `${change} ${user?.["userName"]} ${target?.["scope"]}/${target?.["role"]}`);
      const accept = ["revoke ada@acme.test team:Platform/editor", "grant ada@acme.test team:Platform/viewer"];
      expect(await told("accept", { group: eng })).to.deep.equal([
        ...accept,
        "grant eve@acme.test team:Platform/editor",
      ]);
      const move = ["revoke ada@acme.test team:Platform/editor", "grant eve@acme.test team:Platform/editor"];
      expect(await told("move", { name: "Engineering", group: second })).to.include.members(move);
      expect(await holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
      expect(groups((await pin("Engineering"))?.["holders"])).to.deep.equal([eng]);
      expectProblem(await order("confirm/preview", { name: "Engineering" }), 409, "conflict");
    });

    it("a digest is good for what it shows: a privilege more is told, and another order is refused", async () => {
      const ops = await okta.group("Ops");
      await drop(ops);
      const next = await okta.group("Ops", "eve@acme.test");
      const { digest } = (await order("confirm/preview", { name: "Ops" })).body;
      expectProblem(await order("move", { name: "Ops", group: next, digest }), 409, "plan_changed");
      const Operations = [{ op: "add", path: "members", value: [{ value: okta.ids.get("ada@acme.test") }] }];
      await okta.scim("PATCH", `/Groups/${next}`, { schemas: [PATCH], Operations });
      const refused = await order("confirm", { name: "Ops", digest });
      expectProblem(refused, 409, "plan_changed");
      expect(refused.text).to.contain("ada@acme.test").and.not.contain("eve@acme.test");
      expect(await holds("ada@acme.test")).to.deep.equal(["Ops/editor"]);
    });

    it("a group named like the id of another one, which the alias book says, gets nothing by that", async () => {
      await save({ ...MAPPING, groups: { Engineering: { okta: "ext-eng" } } });
      const made = await okta.scim("POST", "/Groups", {
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        ...{ displayName: "R&D", externalId: "ext-eng", members: [{ value: okta.ids.get("ada@acme.test") }] },
      });
      expect(made.status).to.equal(201);
      const pushed = await okta.group("ext-eng", "eve@acme.test");
      const renamed = await okta.group("Else", "eve@acme.test");
      await rename(renamed, "ext-eng");
      expect(await holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
      expect(await holds("eve@acme.test")).to.deep.equal([]);
      expect(groups((await pin("ext-eng"))?.["contenders"])).to.have.members([pushed, renamed]);
      expect(await audited("group.name_taken")).to.have.length(2);
      await save(MAPPING);
      await save({ ...MAPPING, groups: { Engineering: { okta: "ext-eng" } } });
      expect(await holds("eve@acme.test"), "nor when the mapping says it later").to.deep.equal([]);
    });

    it("refuses orders about what is not there", async () => {
      const free = await okta.group("Nobody's", "ada@acme.test");
      expectProblem(await order("move", { name: "Nope", group: free }), 404, "not_found");
      expectProblem(await order("move", { name: "Ops", group: "nope" }), 404, "not_found");
      expectProblem(await order("accept", { group: free }), 409, "conflict");
      expectProblem(await order("confirm", { name: "Ops", connection: "nope" }), 404, "not_found");
      expectProblem(await client.post(`${tenant}/group-pins/move`, { name: "Ops" }), 422, "invalid_document");
    });

    describe("in conditions", () => {
      const when = "'Admins' in groups";
      const DRAFT = {
        mappings: [
          { id: "in", when, scope: "tenant", role_name: "admin" },
          { id: "is", group_pattern: "A*", when: "group.name = 'Admins'", team_name: "Named", role_name: "editor" },
          { id: "computed", everyone: true, grants: `${when} ? [{'team': 'Computed', 'role': 'editor'}]` },
        ],
        role_order: ["editor"],
        unknown_team: "create_any",
      };
      const ALL = ["Computed/editor", "Named/editor", "tenant/admin"];
      let admins: string;

      beforeEach(async () => {
        admins = await okta.group("Admins", "ada@acme.test");
        await save(DRAFT);
        expect(await holds("ada@acme.test")).to.deep.equal(ALL);
      });

      it("a second group of the name gives nothing and raises an alert, pushed so or renamed", async () => {
        const pushed = await okta.group("Admins", "eve@acme.test");
        const renamed = await okta.group("Else", "eve@acme.test");
        await rename(renamed, "Admins");
        expect(await holds("eve@acme.test")).to.deep.equal([]);
        expect(groups((await pin("Admins"))?.["holders"])).to.deep.equal([admins]);
        expect(groups((await pin("Admins"))?.["contenders"])).to.have.members([pushed, renamed]);
        expect(await audited("group.name_taken")).to.have.length(2);
        expect(await client.published(tenant, "group.name_taken")).to.include("group.name_taken");
      });

      it("a rename takes nothing away", async () => {
        await rename(admins, "Former admins");
        expect(await holds("ada@acme.test")).to.deep.equal(ALL);
        expect(await audited("group.renamed")).to.have.length(1);
      });

      it("after a DELETE what is privileged or computed waits for an admin", async () => {
        await drop(admins);
        expect(await holds("ada@acme.test")).to.deep.equal([]);
        await okta.group("Admins", "eve@acme.test");
        expect(await holds("eve@acme.test")).to.deep.equal(["Named/editor"]);
        expect(await pin("Admins")).to.deep.include({ confirmed: false });
        await reviewed("confirm", { name: "Admins" });
        expect(await holds("eve@acme.test")).to.deep.equal(ALL);
      });

      it("previews show what pinning changes, and texts that are no group's name do no harm", async () => {
        await rename(admins, "A new name");
        const rule = { id: "new", when: "'A new name' in groups", team_name: "New", role_name: "editor" };
        const texts = {
          ...rule,
          id: "texts",
          when: `$join(groups, '${"-".repeat(2000)}') in ['\\u0000', '\\ud83d']`,
        };
        const draft = { ...DRAFT, mappings: [...DRAFT.mappings, rule, texts] };
        const preview = await client.post(`${tenant}/mapping/preview`, draft);
        expect(preview.body["summary"]).to.include({ granted: 1, revoked: 0 });
        await save(draft);
        expect(await holds("ada@acme.test")).to.deep.equal([...ALL, "New/editor"].sort());
      });
    });

    it("a preview shows what a save gives, also to a group that was renamed to a name the draft begins to use", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      await rename(eng, "Builders");
      const rule = { id: "b", group_name: "Builders", team_name: "Builders", role_name: "editor" };
      const draft = { ...MAPPING, mappings: [...MAPPING.mappings, rule] };
      const preview = await client.post(`${tenant}/mapping/preview`, draft);
      expect(preview.body["summary"]).to.include({ granted: 1, revoked: 0 });
      const saved = await client.call("PUT", `${tenant}/mapping?digest=${preview.body["digest"]}`, { body: draft });
      expect(saved.status, saved.text).to.equal(200);
      await client.finished(tenant, saved);
      expect(await holds("ada@acme.test")).to.deep.equal(["Builders/editor", "Platform/editor"]);
    });

    it("a mapping that drops the name lets the group go by what it is called now", async () => {
      const eng = await okta.group("Engineering", "ada@acme.test");
      await rename(eng, "app-Red");
      const draft = { ...MAPPING, mappings: MAPPING.mappings.filter(({ id }) => id !== "eng") };
      const preview = await client.post(`${tenant}/mapping/preview`, draft);
      expect(preview.body["summary"]).to.include({ granted: 1, revoked: 1 });
      await save(draft);
      expect(await holds("ada@acme.test")).to.deep.equal(["Red/viewer"]);
      expect(await pin("Engineering")).to.equal(undefined);
    });

    it("two groups of one name that were there before the rule keep counting both", async () => {
      const twins = [await okta.group("Twins", "ada@acme.test"), await okta.group("Twins", "eve@acme.test")];
      const rule = { id: "t", group_name: "Twins", team_name: "Twins", role_name: "editor" };
      await save({ ...MAPPING, mappings: [...MAPPING.mappings, rule] });
      expect(groups((await pin("Twins"))?.["holders"])).to.have.members(twins);
      expect(await holds("ada@acme.test")).to.deep.equal(["Twins/editor"]);
      expect(await holds("eve@acme.test")).to.deep.equal(["Twins/editor"]);
      await okta.push("late@acme.test");
      await okta.group("Twins", "late@acme.test");
      expect(await holds("late@acme.test"), "a third one comes too late").to.deep.equal([]);
    });
  });
}
