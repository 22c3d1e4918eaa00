import { expect } from "chai";
import {
  type AdminClient,
  DATABASES,
  type Directory,
  expectProblem,
  openAdmin,
  quickWorker,
  type Reply,
  wholeList,
} from "./admin-client.js";

const PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const RULES = { mappings: [{ group_name: "Crew", team_name: "Ship", role_name: "sailor" }] };

for (const [database, newUrl] of DATABASES) {
  describe(`groups made by hand, on ${database}`, () => {
    let client: AdminClient;
    let tenant: string;
    const users = new Map<string, string>();
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());
    beforeEach(async () => {
      tenant = await client.tenant();
      for (const userName of ["ann", "ben", "cai"]) {
        const { body } = await client.post(`${tenant}/users`, { userName });
        users.set(userName, String(body["id"]));
      }
      await client.call("PUT", `${tenant}/mapping`, { body: RULES });
    });

    const ids = (...names: readonly string[]) => names.map((name) => users.get(name));
    const make = (displayName: string, ...names: readonly string[]): Promise<Reply> =>
      client.post(`${tenant}/groups`, { displayName, members: ids(...names) });
    const members = async (group: unknown): Promise<readonly unknown[]> =>
      ((await client.get(`${tenant}/groups/${group}/members`)).body.items ?? []).map(({ userName }) => userName);
    const sailors = async (): Promise<readonly unknown[]> =>
      ((await client.get(`${tenant}/users?team=Ship`)).body.items ?? []).map(({ userName }) => userName).sort();
    const findGroup = async (directory: Directory, name: string) => {
      const { body } = await directory.scim("GET", `/Groups?filter=${encodeURIComponent(`displayName eq "${name}"`)}`);
      return (body["Resources"] as readonly { readonly id: string }[])[0]?.id ?? "";
    };

    it("are made, read, changed and removed, and give what rules say at once", async () => {
      const made = await client.post(`${tenant}/groups`, {
        displayName: "Crew",
        description: "Who sails",
        members: ids("ann", "ben"),
      });
      expect(made.status, made.text).to.equal(201);
      const group = `${tenant}/groups/${made.body["id"]}`;
      expect(made.headers["location"]).to.equal(group);
      expect(made.body).to.deep.include({ displayName: "Crew", description: "Who sails", connection: "local" });
      expect(made.body).to.deep.include({ memberCount: 2, adopted: null });
      expect(await sailors()).to.deep.equal(["ann", "ben"]);
      const change = { description: null, addMembers: ids("cai"), removeMembers: ids("ann") };
      expect((await client.call("PATCH", group, { body: change })).body).to.include({
        description: null,
        memberCount: 2,
      });
      expect([await sailors(), await members(made.body["id"])]).to.deep.equal([
        ["ben", "cai"],
        ["ben", "cai"],
      ]);
      await client.call("PATCH", group, { body: { members: ids("ann") } });
      expect(await sailors()).to.deep.equal(["ann"]);
      expect((await client.call("DELETE", group)).status).to.equal(204);
      expectProblem(await client.get(group), 404, "not_found");
      expect(await sailors()).to.deep.equal([]);
      const { body } = await client.get(`${tenant}/audit?limit=100`);
      const actions = body.items?.map(({ action }) => action).filter((action) => /^group\./.test(String(action)));
      expect(actions?.sort()).to.deep.equal(["group.created", "group.deleted", "group.updated", "group.updated"]);
    });

    it("are listed with those of connections, by name and by who keeps them", async () => {
      const directory = await client.directory(tenant, "zoe");
      await directory.group("Pushed", "zoe");
      for (const name of ["Crew", "Cooks"]) await make(name, "ann");
      const all = await wholeList(client, `${tenant}/groups`, 2);
      expect(all.map((one) => [one["displayName"], one["connection"], one["memberCount"]])).to.have.deep.members([
        ["Pushed", "okta", 1],
        ["Crew", "local", 1],
        ["Cooks", "local", 1],
      ]);
      const found = async (query: string) =>
        (await client.get(`${tenant}/groups?${query}`)).body.items?.map(({ displayName }) => displayName);
      expect(await found("connection=okta")).to.deep.equal(["Pushed"]);
      expect(await found("name=crew")).to.deep.equal(["Crew"]);
      expect(await found("connection=local&name=Pushed")).to.deep.equal([]);
      expectProblem(await client.get(`${tenant}/groups?connection=nobody`), 404, "not_found");
    });

    it("refuse what cannot be, and say what to do", async () => {
      const crew = (await make("Crew", "ann")).body["id"];
      expectProblem(await make("CREW"), 409, "uniqueness");
      const directory = await client.directory(tenant, "zoe");
      const pushed = await directory.group("Pushed");
      const zoe = (await client.get(`${tenant}/users?userName=zoe`)).body.items?.[0]?.["id"];
      const other = await client.tenant();
      const stranger = (await client.post(`${other}/users`, { userName: "eve" })).body["id"];
      for (const user of [zoe, stranger, "nobody"]) {
        expectProblem(
          await client.post(`${tenant}/groups`, { displayName: "X", members: [user] }),
          400,
          "unknown_member",
        );
        const body = { addMembers: [user] };
        expectProblem(await client.call("PATCH", `${tenant}/groups/${crew}`, { body }), 400, "unknown_member");
      }
      const body = { displayName: "Mine" };
      expectProblem(await client.call("PATCH", `${tenant}/groups/${pushed}`, { body }), 409, "read_only");
      expectProblem(await client.call("DELETE", `${tenant}/groups/${pushed}`), 409, "read_only");
      expectProblem(await client.call("PATCH", `${other}/groups/${crew}`, { body }), 404, "not_found");
      expectProblem(await client.post(`${tenant}/groups/${crew}/undo-adoption`), 409, "conflict");
      expectProblem(await client.post(`${other}/groups/${crew}/undo-adoption`), 404, "not_found");
      expect(await members(crew)).to.deep.equal(["ann"]);
    });

    it("TEC-30: are found by a client that imports groups, also in a tenant without domains", async () => {
      const id = (await make("Crew", "ann")).body["id"];
      const directory = await client.directory(tenant);
      const { body } = await directory.scim("GET", "/Groups");
      expect(body["totalResults"]).to.equal(1);
      expect((body["Resources"] as readonly object[])[0]).to.deep.include({ id, displayName: "Crew" });
      const read = await directory.scim("GET", `/Groups/${id}`);
      expect([read.status, read.text.includes("ann")], "its people are nobody's business yet").to.deep.equal([
        200,
        false,
      ]);
      expect(JSON.stringify(body)).not.to.contain("ann");
      await client.call("PATCH", directory.connection, { body: { adopt: "off" } });
      expect((await directory.scim("GET", "/Groups")).body["totalResults"]).to.equal(0);
      expect((await directory.scim("GET", `/Groups/${id}`)).status).to.equal(404);
      expect((await directory.scim("DELETE", `/Groups/${id}`)).status).to.equal(404);
      const posted = await directory.scim("POST", "/Groups", { schemas: [GROUP], displayName: "Crew" });
      expect(posted.body["id"]).not.to.equal(id);
    });

    it("are found by no filter of members, as long as a client sees none in them", async () => {
      const domain = `${tenant.split("/").at(-1)}.example`;
      const proved = await client.tenant({ domains: [domain] });
      const ann = await client.post(`${proved}/users`, { userName: "ann", email: `ann@${domain}` });
      await client.post(`${proved}/groups`, { displayName: "Crew", members: [ann.body["id"]] });
      const directory = await client.directory(proved);
      const found = async (path: string, filter: string) => {
        const { body } = await directory.scim("GET", `/${path}?filter=${encodeURIComponent(filter)}`);
        return (body["Resources"] as readonly { readonly id: string }[]).map(({ id }) => id);
      };
      const [id] = await found("Users", 'userName eq "ann"');
      const [crew] = await found("Groups", 'displayName eq "Crew"');
      expect(await found("Groups", `members.value eq "${id}"`)).to.deep.equal([]);
      expect(await found("Groups", `members[value eq "${id}"]`)).to.deep.equal([]);
      expect(await found("Groups", `not (members.value eq "${id}")`)).to.deep.equal([crew]);
    });

    it("are taken over by one of two pushes of the name at once, and the other makes a group of its own", async () => {
      const id = (await make("Crew", "ann")).body["id"];
      const directory = await client.directory(tenant);
      const body = { schemas: [GROUP], displayName: "Crew" };
      const posted = await Promise.all([1, 2, 3].map(() => directory.scim("POST", "/Groups", body)));
      expect(
        posted.map(({ status }) => status),
        posted.map(({ text }) => text).join(),
      ).to.deep.equal([201, 201, 201]);
      expect(posted.filter((reply) => reply.body["id"] === id)).to.have.length(1);
    });

    it("DS-19, TEC-45: a pushed group of that name adopts the local one, and makes no duplicate; another name makes a group", async () => {
      const id = (await make("Crew", "ann")).body["id"];
      const directory = await client.directory(tenant, "zoe");
      expect(await directory.group("crew", "zoe")).to.equal(id);
      expect(await directory.group("Cooks")).not.to.equal(id);
      const all = await wholeList(client, `${tenant}/groups`, 10);
      expect(all.map((one) => one["displayName"])).to.have.members(["crew", "Cooks"]);
      const { body } = await client.get(`${tenant}/groups/${id}`);
      expect(body["adopted"]).to.deep.include({ overwrittenMembers: 1 });
      const { items } = (await client.get(`${tenant}/audit?limit=100`)).body;
      const said = items?.find(({ action }) => action === "group.adopted");
      expect(said?.["detail"]).to.deep.include({ connection: "okta", group: id, overwrittenMembers: 1 });
    });

    type Link = (directory: Directory, id: string) => Promise<Reply>;
    const member = (directory: Directory) => [{ value: directory.ids.get("zoe") }];
    const LINKS: Readonly<Record<string, Link>> = {
      "POST of the name": async (one) =>
        one.scim("POST", "/Groups", { schemas: [GROUP], displayName: "Crew", members: member(one) }),
      "PUT of the group": async (one, id) =>
        one.scim("PUT", `/Groups/${id}`, { schemas: [GROUP], displayName: "Crew", members: member(one) }),
      "PATCH that replaces members": async (one, id) => {
        const Operations = [{ op: "replace", path: "members", value: member(one) }];
        return one.scim("PATCH", `/Groups/${id}`, { schemas: [PATCH_OP], Operations });
      },
      "PATCH that adds members": async (one, id) => {
        const Operations = [{ op: "add", path: "members", value: member(one) }];
        return one.scim("PATCH", `/Groups/${id}`, { schemas: [PATCH_OP], Operations });
      },
    };
    for (const [name, link] of Object.entries(LINKS)) {
      it(`DS-20, TEC-45: ${name} overwrites who was in it at once, and 30 days bring it back`, async () => {
        const id = String((await make("Crew", "ann", "ben")).body["id"]);
        const directory = await client.directory(tenant, "zoe");
        expect(await findGroup(directory, "CREW")).to.equal(id);
        const linked = await link(directory, id);
        expect([200, 201, 204], linked.text).to.include(linked.status);
        expect([await members(id), await sailors()]).to.deep.equal([["zoe"], ["zoe"]]);
        const undone = await client.post(`${tenant}/groups/${id}/undo-adoption`);
        expect(undone.status, undone.text).to.equal(200);
        expect(undone.body).to.include({ displayName: "Crew", connection: "local", memberCount: 2 });
        expect(await sailors(), "beside the pushed one").to.deep.equal(["ann", "ben", "zoe"]);
        expect(await members(id)).to.deep.equal(["zoe"]);
        expectProblem(await client.post(`${tenant}/groups/${id}/undo-adoption`), 409, "conflict");
      });
    }

    it("a DELETE by the client takes the group over and away; it can be brought back", async () => {
      const id = String((await make("Crew", "ann")).body["id"]);
      const directory = await client.directory(tenant);
      expect((await directory.scim("DELETE", `/Groups/${id}`)).status).to.equal(204);
      expect((await directory.scim("GET", `/Groups/${id}`)).status).to.equal(404);
      expect(await sailors()).to.deep.equal([]);
      expect((await client.post(`${tenant}/groups/${id}/undo-adoption`)).status).to.equal(200);
      expect(await sailors()).to.deep.equal(["ann"]);
    });

    it("in test mode a taken over group goes on giving, and the preview of going live shows who loses by it", async () => {
      await make("Crew", "ann");
      const connection = `${tenant}/connections/entra`;
      await client.post(`${tenant}/connections`, { slug: "entra", protocol: "scim", sync: "test" });
      const { token } = (await client.post(`${connection}/tokens`, { name: "t" })).body;
      const posted = await client.post(
        "/api/scim/v2/Groups",
        { schemas: [GROUP], displayName: "Crew" },
        { token: String(token) },
      );
      expect(posted.status, posted.text).to.equal(201);
      expect(await sailors()).to.deep.equal(["ann"]);
      const preview = await client.get(`${connection}/preview?to=live`);
      const changes = preview.body["changes"] as readonly { readonly user: { readonly userName: string } }[];
      expect(
        changes.map(({ user }) => user.userName),
        preview.text,
      ).to.deep.equal(["ann"]);
      const { digest } = preview.body;
      await client.finished(tenant, await client.post(`${connection}/go-live`, { digest }));
      expect(await sailors()).to.deep.equal([]);
      const off = await client.call("PATCH", connection, { body: { sync: "off", onDisable: "convert" } });
      await client.finished(tenant, off);
      expect(await sailors(), "it was live once").to.deep.equal([]);
      expect((await client.get(`${tenant}/groups?connection=local`)).body.items).to.deep.equal([]);
    });

    for (const [way, settings] of Object.entries({
      off: { sync: "off" },
      "no longer managing groups": { manages: ["users"] },
    })) {
      it(`what a taken over group was before is an admin's to change and remove as long as it counts: connection ${way}`, async () => {
        const id = String((await make("Crew", "ann", "ben")).body["id"]);
        const connection = `${tenant}/connections/entra`;
        await client.post(`${tenant}/connections`, { slug: "entra", protocol: "scim", sync: "test" });
        const { token } = (await client.post(`${connection}/tokens`, { name: "t" })).body;
        const crew = { schemas: [GROUP], displayName: "Crew" };
        expect((await client.post("/api/scim/v2/Groups", crew, { token: String(token) })).body["id"]).to.equal(id);
        const changed = await client.call("PATCH", connection, { body: settings });
        expect(changed.status, changed.text).to.be.oneOf([200, 202]);
        const listed = await wholeList(client, `${tenant}/groups?connection=local`, 10);
        expect(listed.map((one) => [one["displayName"], one["memberCount"], one["adopted"]])).to.deep.equal([
          ["Crew", 2, null],
        ]);
        const before = `${tenant}/groups/${listed[0]?.["id"]}`;
        expect(await sailors()).to.deep.equal(["ann", "ben"]);
        expect((await client.call("PATCH", before, { body: { removeMembers: ids("ann") } })).status).to.equal(200);
        expect(await sailors()).to.deep.equal(["ben"]);
        expect((await client.call("DELETE", before)).status).to.equal(204);
        expect([await sailors(), (await client.get(before)).status]).to.deep.equal([[], 404]);
        expect((await client.get(`${tenant}/groups/${id}`)).body).to.include({ connection: "entra", memberCount: 0 });
      });
    }
  });
}
