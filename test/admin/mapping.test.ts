import { expect } from "chai";
import {
  type AdminClient,
  DATABASES,
  expectProblem,
  openAdmin,
  quickWorker,
  type Reply,
  wholeList,
} from "./admin-client.js";

const rule = (group: string, team: string, role = "editor") => ({
  group_name: group,
  team_name: team,
  role_name: role,
});

interface Change {
  readonly user: { readonly userName: string };
  readonly change: string;
  readonly target: { readonly scope: string; readonly role: string } | null;
  readonly privileged: boolean;
}

/** `ada grant team:A/editor`, in the order of the answer. */
function changes({ body }: Reply): readonly string[] {
  return (body["changes"] as readonly Change[]).map(({ user, change, target }) =>
    [user.userName.split("@")[0], change, ...(target ? [`${target.scope}/${target.role}`] : [])].join(" "),
  );
}

for (const [database, newUrl] of DATABASES) {
  describe(`the mapping, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    async function save(tenant: string, document: object, query = ""): Promise<Reply> {
      const reply = await client.call("PUT", `${tenant}/mapping${query}`, { body: document });
      if (reply.status === 200) await client.finished(tenant, reply);
      return reply;
    }

    it("is nothing before the first save, at version 0", async () => {
      const { status, body, headers } = await client.get(`${await client.tenant()}/mapping`);
      expect({ status, body, etag: headers["etag"] }).to.deep.equal({
        status: 200,
        body: { version: 0, document: {} },
        etag: '"0"',
      });
    });

    it("is refused with keys that stand twice, of which JSON would keep one in silence", async () => {
      const tenant = await client.tenant();
      const text = '{ "mappings": [{ "group_name": "G", "team_name": "A", "role_name": "viewer" }], "mappings": [] }';
      const { status, body } = await client.call("PUT", `${tenant}/mapping`, { text });
      expect([status, body["code"]]).to.deep.equal([422, "invalid_document"]);
      expect(body["problems"]).to.have.nested.property("[0].code", "duplicate_key");
      expect(body["problems"]).to.have.nested.property("[0].pointer", "/mappings");
    });

    it("comes back exactly as it was sent, character by character, also inside the history", async () => {
      const tenant = await client.tenant();
      const values = '{"n": {"10": "Ten", "9": "Nine"}}';
      const rule = `{"group_pattern": "app-{n}",\r\n\t"values": ${values}, "team_name": "{n}", "role_name": "viewer"}`;
      const text = `{ "user_group_mapping": { "version": 1.0, "mappings": [${rule}],\n "note": "\\u00e9\\/ \u2028" } }`;
      const saved = await client.call("PUT", `${tenant}/mapping`, { text });
      expect(saved.status, saved.text).to.equal(200);
      const read = await client.get(`${tenant}/mapping`);
      expect(read.text).to.equal(`{"version":1,"document":${text}}`);
      expect(read.headers["content-type"]).to.match(/^application\/json/);
      const version = await client.get(`${tenant}/mapping/versions/1`);
      expect(version.text.endsWith(`,"document":${text}}`)).to.equal(true);
    });

    it("is saved under If-Match only on top of the version that was read, and shows both where they differ", async () => {
      const tenant = await client.tenant();
      const [first, second] = [{ mappings: [rule("A", "A")] }, { mappings: [rule("B", "B")] }];
      const put = (document: object, etag: string) =>
        client.call("PUT", `${tenant}/mapping`, { body: document, headers: { "if-match": etag } });
      const saved = await put(first, '"0"');
      expect([saved.status, saved.headers["etag"], saved.body["version"]]).to.deep.equal([200, '"1"', 1]);
      const stale = await put(second, '"0"');
      expectProblem(stale, 409, "version_conflict");
      expect(stale.body).to.deep.include({ expected: 0, yours: second });
      expect(stale.body["active"]).to.deep.include({ version: 1, document: first });
      expect((await put(second, 'W/"1"')).body["version"]).to.equal(2);
      expect((await put(first, "*")).body["version"]).to.equal(3);
    });

    it("is previewed in pages, privileged changes first, each change on one page", async () => {
      const tenant = await client.tenant();
      const people = ["ada", "ben", "cai", "dot", "eve"].map((name) => `${name}@acme.example`);
      const directory = await client.directory(tenant, ...people);
      await directory.group("Eng", ...people);
      await directory.group("IT", "eve@acme.example");
      const document = { tenant_owners_groups: ["IT"], mappings: [rule("Eng", "Platform")] };
      const first = await client.call("POST", `${tenant}/mapping/preview?limit=2`, { body: document });
      expect(first.body["summary"]).to.deep.include({
        users: 5,
        changed: 5,
        granted: 6,
        revoked: 0,
        newTeams: ["Platform"],
      });
      const seen = [...changes(first)];
      let next = first.body["next"];
      while (next !== null) {
        const page = await client.get(`${tenant}/plans/${first.body["id"]}?cursor=${next}&limit=2`);
        expect(page.body["digest"]).to.equal(first.body["digest"]);
        seen.push(...changes(page));
        next = page.body["next"];
      }
      expect(seen).to.deep.equal([
        "eve grant tenant/owner",
        ...["ada", "ben", "cai", "dot", "eve"].map((name) => `${name} grant team:Platform/editor`),
      ]);
      const found = async (query: string) => changes(await client.get(`${tenant}/plans/${first.body["id"]}?${query}`));
      expect(await found("user=EVE@acme.example")).to.deep.equal([
        "eve grant tenant/owner",
        "eve grant team:Platform/editor",
      ]);
      expect(await found("team=Platform&role=editor&change=grant&limit=2")).to.deep.equal(seen.slice(1, 3));
      expect(await found("team=Nowhere")).to.deep.equal([]);
      expect(await found("change=revoke")).to.deep.equal([]);
      const other = await client.call("POST", `${tenant}/mapping/preview`, { body: { mappings: [] } });
      for (const [plan, filters] of [
        [other.body["id"], ""],
        [first.body["id"], "&role=editor"],
        [first.body["id"], "&user=eve@acme.example"],
      ]) {
        const misled = await client.get(`${tenant}/plans/${plan}?cursor=${first.body["next"]}${filters}`);
        expectProblem(misled, 400, "bad_request");
        expect(misled.text).to.contain("of another plan, or of other filters");
      }
      const filtered = await client.get(`${tenant}/plans/${first.body["id"]}?role=editor&limit=2`);
      const further = `${tenant}/plans/${first.body["id"]}?role=editor&cursor=${filtered.body["next"]}`;
      expect(changes(await client.get(further))).to.deep.equal(seen.slice(3));
      expect((await client.get(`${tenant}/mapping`)).body["version"]).to.equal(0);
      expect((await client.get(`${tenant}/assignments`)).body.items).to.deep.equal([]);
    });

    it("does what its preview showed, and by the run's end has done it", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      const document = { mappings: [rule("Eng", "Platform")] };
      const preview = await client.post(`${tenant}/mapping/preview`, document);
      const saved = await save(tenant, document, `?digest=${preview.body["digest"]}&note=first%20try`);
      expect(saved.body).to.deep.include({
        version: 1,
        digest: preview.body["digest"],
        summary: preview.body["summary"],
      });
      const { body } = await client.get(`${tenant}/users?userName=ada@acme.example`);
      expect(body.items?.[0]?.["teams"]).to.deep.equal([{ team: "Platform", role: "editor" }]);
      const [version] = (await client.get(`${tenant}/mapping/versions`)).body.items ?? [];
      expect(version).to.deep.include({
        version: 1,
        active: true,
        author: "operator",
        note: "first try",
        restores: null,
      });
    });

    it("refuses a digest when more would be lost than was reviewed, and lists only what is new", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example", "ben@acme.example");
      await directory.group("Eng", "ada@acme.example");
      await save(tenant, { mappings: [rule("Eng", "Platform"), rule("Ops", "Platform")] });
      const without = { mappings: [rule("Elsewhere", "Platform")] };
      const preview = await client.post(`${tenant}/mapping/preview`, without);
      expect(changes(preview)).to.deep.equal(["ada revoke team:Platform/editor"]);
      await directory.group("Ops", "ben@acme.example");
      const refused = await save(tenant, without, `?digest=${preview.body["digest"]}`);
      expectProblem(refused, 409, "plan_changed");
      expect(changes(refused)).to.deep.equal(["ben revoke team:Platform/editor"]);
      const whole = await client.get(`${tenant}/plans/${refused.body["plan"]}`);
      expect(whole.body["digest"]).to.equal(refused.body["digest"]);
      expect(changes(whole).toSorted()).to.deep.equal([
        "ada revoke team:Platform/editor",
        "ben revoke team:Platform/editor",
      ]);
      const saved = await save(tenant, without, `?digest=${refused.body["digest"]}`);
      expect([saved.status, saved.body["beyondBrake"]]).to.deep.equal([200, []]);
      expect((await client.get(`${tenant}/assignments`)).body.items).to.deep.equal([]);
    });

    it("goes back to an earlier version as a new one, by the same rules", async () => {
      const tenant = await client.tenant();
      const [first, second] = [{ mappings: [rule("A", "A")] }, { mappings: [rule("B", "B")] }];
      await save(tenant, first);
      await save(tenant, second);
      const activate = `${tenant}/mapping/versions/1/activate`;
      expectProblem(await client.post(activate, { expectedVersion: 1 }), 409, "version_conflict");
      expectProblem(
        await client.post(activate, undefined, { headers: { "if-match": '"1"' } }),
        409,
        "version_conflict",
      );
      const back = await client.post(activate, { expectedVersion: 2, note: "B was wrong" });
      expect(back.body["version"]).to.equal(3);
      expect((await client.get(`${tenant}/mapping`)).body).to.deep.equal({ version: 3, document: first });
      const versions = await wholeList(client, `${tenant}/mapping/versions`, 2);
      expect(versions.map(({ version, active, restores, note }) => [version, active, restores, note])).to.deep.equal([
        [3, true, 1, "B was wrong"],
        [2, false, null, null],
        [1, false, null, null],
      ]);
    });
  });
}
