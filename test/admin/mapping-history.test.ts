import { expect } from "chai";
import { type AdminClient, DATABASES, expectProblem, openAdmin, quickWorker, type Reply } from "./admin-client.js";

const rule = (id: string, more: object = {}) => ({
  id,
  group_name: id,
  team_name: id,
  role_name: "editor",
  ...more,
});

for (const [database, newUrl] of DATABASES) {
  describe(`the mapping's history, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    async function save(tenant: string, document: object, query = "", token?: string): Promise<Reply> {
      const reply = await client.call("PUT", `${tenant}/mapping${query}`, {
        body: document,
        ...(token === undefined ? {} : { token }),
      });
      if (reply.status === 200) await client.finished(tenant, reply);
      return reply;
    }

    it("tells of each version who saved it and why, how many rules it has, and what it changed", async () => {
      const tenant = await client.tenant();
      await save(tenant, { mappings: [rule("a"), rule("b")] }, "?note=first");
      const made = await client.post(`${tenant}/api-keys`, { name: "terraform", scopes: ["write"] });
      const key = String(made.body["key"] ?? made.body["token"]);
      await save(tenant, { mappings: [rule("b"), rule("a"), rule("c")], no_match: "allow" }, "", key);
      for (const round of ["computed", "remembered"]) {
        const { body } = await client.get(`${tenant}/mapping/versions?limit=1`);
        const rest = await client.get(`${tenant}/mapping/versions?limit=1&cursor=${body["next"]}`);
        const [second, first] = [body.items?.[0], rest.body.items?.[0]];
        const none = { added: 0, removed: 0, changed: 0, moved: 0, settings: 0, groups: 0, examples: 0, invariants: 0 };
        expect(second, round).to.deep.include({
          ...{ version: 2, author: "api_key:terraform", note: null, rules: 3 },
          changes: { ...none, added: 1, moved: 1, settings: 1 },
        });
        expect(first, round).to.deep.include({
          ...{ version: 1, author: "operator", note: "first", rules: 2 },
          changes: { ...none, added: 2 },
        });
      }
    });

    it("tells an API key from the operator, whatever the key is called", async () => {
      const tenant = await client.tenant();
      const named = { name: "operator", scopes: ["admin"] };
      const made = await client.post(`${tenant}/api-keys`, named);
      const options = { token: String(made.body["key"]) };
      await save(tenant, { mappings: [rule("a")] }, "", options.token);
      const versions = await client.get(`${tenant}/mapping/versions`);
      expect(versions.body.items?.[0]).to.include({ author: "api_key:operator" });
      const user = await client.post(`${tenant}/users`, { userName: "ada@acme.test" });
      const grants = `${tenant}/users/${user.body["id"]}/grants`;
      await client.post(grants, { scope: "tenant", role: "auditor", reason: "r" }, options);
      await client.post(grants, { scope: "tenant", role: "editor", reason: "r" });
      const given = (await client.get(`${tenant}/assignments`)).body.items ?? [];
      expect(given.map(({ by, target }) => [(target as Record<string, string>)["role"], by])).to.have.deep.members([
        ["auditor", "api_key:operator"],
        ["editor", "operator"],
      ]);
      const [saved] = (await client.get(`${tenant}/audit?action=mapping.saved`)).body.items ?? [];
      expect(saved?.["actor"]).to.deep.equal({ kind: "api_key", id: made.body["id"], label: "operator" });
    });

    it("compares a version with the one before it, with any other, and with nothing", async () => {
      const tenant = await client.tenant();
      await save(tenant, { mappings: [rule("a"), rule("b")] });
      await save(tenant, { mappings: [rule("a", { role_name: "viewer" }), rule("b")] });
      await save(tenant, { user_group_mapping: { mappings: [rule("b"), rule("c")] } });
      const diff = async (query: string) => (await client.get(`${tenant}/mapping/versions/${query}`)).body;
      expect((await diff("2/diff"))["rules"]).to.deep.include({
        added: [],
        changed: [
          {
            id: "a",
            text: "group a -> a/viewer",
            pointer: "/mappings/0",
            keys: [{ key: "role_name", before: "editor", after: "viewer" }],
          },
        ],
      });
      const wide = await diff("3/diff?against=1");
      expect(wide).to.deep.include({ version: 3, against: 1, same: false });
      expect(wide["counts"]).to.deep.include({ added: 1, removed: 1, changed: 0, moved: 0 });
      expect((await diff("1/diff"))["counts"]).to.deep.include({ added: 2 });
      expect(await diff("2/diff?against=2")).to.deep.include({ same: true });
      for (const missing of ["9/diff", "1/diff?against=9"]) {
        expectProblem(await client.get(`${tenant}/mapping/versions/${missing}`), 404, "not_found");
      }
    });

    it("previews an earlier version, and brings it back by that digest", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("a", "ada@acme.example");
      await save(tenant, { mappings: [rule("a")] });
      await save(tenant, { mappings: [rule("b")] });
      const preview = await client.post(`${tenant}/mapping/versions/1/preview`);
      expect(preview.body["summary"]).to.deep.include({ granted: 1, revoked: 0 });
      const draft = await client.post(`${tenant}/mapping/preview`, { mappings: [rule("a")] });
      expect(draft.body["digest"]).to.equal(preview.body["digest"]);
      const back = await client.post(`${tenant}/mapping/versions/1/activate`, { digest: preview.body["digest"] });
      expect([back.status, back.body["version"], back.body["digest"]]).to.deep.equal([200, 3, preview.body["digest"]]);
      expectProblem(await client.post(`${tenant}/mapping/versions/9/preview`), 404, "not_found");
    });

    it("refuses to bring back a version that today's connections do not bear any more, with its problems", async () => {
      const tenant = await client.tenant();
      const connect = (slug: string) =>
        client.post(`${tenant}/connections`, { slug, protocol: "scim", sync: "test", mayGrantOwner: true });
      await connect("okta");
      await save(tenant, { tenant_owners_groups: ["IT"] });
      await save(tenant, { mappings: [rule("b")] });
      expect((await connect("entra")).status).to.equal(201);
      for (const way of ["preview", "activate"]) {
        const refused = await client.post(`${tenant}/mapping/versions/1/${way}`);
        expectProblem(refused, 422, "invalid_document");
        expect(refused.body["problems"]).to.have.nested.property("[0].code", "ambiguous_connection");
      }
      expect((await client.get(`${tenant}/mapping`)).body["version"]).to.equal(2);
    });

    it("answers a stale save with both documents, who saved the other, and what happened since", async () => {
      const tenant = await client.tenant();
      const [base, theirs, mine] = [
        { mappings: [rule("a")] },
        { mappings: [rule("a"), rule("b")] },
        { mappings: [rule("a"), rule("c")] },
      ];
      await save(tenant, base);
      await save(tenant, theirs, "?note=b%20too");
      const stale = await client.call("PUT", `${tenant}/mapping`, { body: mine, headers: { "if-match": '"1"' } });
      expectProblem(stale, 409, "version_conflict");
      expect(stale.body).to.deep.include({ expected: 1, yours: mine });
      expect(stale.body["active"]).to.deep.include({ version: 2, document: theirs, author: "operator", note: "b too" });
      expect(stale.body["since"]).to.have.nested.property("rules.added[0].id", "b");
      const future = await client.call("PUT", `${tenant}/mapping`, { body: mine, headers: { "if-match": '"7"' } });
      expectProblem(future, 409, "version_conflict");
      expect(future.body).not.to.have.property("since");
      const broken = await client.call("PUT", `${tenant}/mapping`, { text: "{", headers: { "if-match": '"1"' } });
      expect(broken.body).to.deep.include(broken.status === 409 ? { yours: null } : { status: broken.status });
    });

    it("lets one of two savers through who race without If-Match, and tells the other of both", async () => {
      const tenant = await client.tenant();
      await client.directory(tenant, "ada@acme.example");
      const documents = [1, 2, 3, 4].map((n) => ({ mappings: [rule(`r${n}`)] }));
      const replies = await Promise.all(documents.map((body) => client.call("PUT", `${tenant}/mapping`, { body })));
      const { body } = await client.get(`${tenant}/mapping/versions`);
      const won = replies.filter(({ status }) => status === 200);
      expect(body.items?.map(({ version }) => version)).to.deep.equal(won.map((_, n) => won.length - n));
      replies.forEach((reply, index) => {
        if (reply.status === 200) return;
        expectProblem(reply, 409, "version_conflict");
        expect(reply.body["yours"]).to.deep.equal(documents[index]);
        expect(reply.body).to.have.nested.property("active.author", "operator");
      });
    });
  });
}
