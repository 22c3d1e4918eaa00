import { expect } from "chai";
import { type AdminClient, DATABASES, mistakes, openAdmin, quickWorker, type Reply } from "./admin-client.js";

const TITLES = "$exists(user.title) ? {'team': user.title, 'role': user.userType = 'x' ? 'own' & 'er' : 'editor'}";
const document = (grants: string, more: object = {}) => ({
  role_order: ["viewer", "editor"],
  unknown_team: "create_any",
  mappings: [{ id: "computed", everyone: true, grants }],
  ...more,
});

for (const [database, newUrl] of DATABASES) {
  describe(`rules that compute their targets, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    async function idOf(tenant: string, userName: string): Promise<unknown> {
      return (await client.get(`${tenant}/users?userName=${userName}`)).body.items?.[0]?.["id"];
    }

    async function teamsOf(tenant: string, userName: string): Promise<unknown> {
      return (await client.get(`${tenant}/users?userName=${userName}`)).body.items?.[0]?.["teams"];
    }

    async function save(tenant: string, body: object, query = ""): Promise<Reply> {
      const reply = await client.call("PUT", `${tenant}/mapping${query}`, { body });
      if (reply.status === 200) await client.finished(tenant, reply);
      return reply;
    }

    it("are previewed with the teams that would be made, and saved by that digest", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant);
      await directory.push("ada", { title: "Red" });
      await directory.push("bob", { title: "Blue" });
      await directory.push("eve");
      const preview = await client.post(`${tenant}/mapping/preview`, document(TITLES));
      expect(preview.body["summary"]).to.deep.include({ granted: 2, revoked: 0, newTeams: ["Blue", "Red"] });
      await directory.push("cai", { title: "Green" });
      const saved = await save(tenant, document(TITLES), `?digest=${preview.body["digest"]}`);
      expect(saved.status, saved.text).to.equal(200);
      expect(await teamsOf(tenant, "ada")).to.deep.equal([{ team: "Red", role: "editor" }]);
      expect(await teamsOf(tenant, "cai")).to.deep.equal([{ team: "Green", role: "editor" }]);
      expect(await teamsOf(tenant, "eve")).to.deep.equal([]);
    });

    it("keep what a person has for whom the result is wrong, and say so in preview and explanation", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant);
      await directory.push("ada", { title: "Red" });
      await save(tenant, document(TITLES));
      const worse = document("$exists(user.title) ? {'team': user.title, 'role': 'own' & 'er'}");
      const preview = await client.post(`${tenant}/mapping/preview`, worse);
      expect(preview.body["summary"]).to.include({ granted: 0, revoked: 0, held: 1 });
      await save(tenant, worse);
      expect(await teamsOf(tenant, "ada")).to.deep.equal([{ team: "Red", role: "editor" }]);
      const { body, status, text } = await client.get(`${tenant}/users/${await idOf(tenant, "ada")}/explain`);
      expect(status, text).to.equal(200);
      expect(JSON.stringify(body["assignments"])).to.contain("nothing computed may do");
      expect(text).not.to.contain("`Red`");
    });

    it("are explained with the expression as evidence, and so is a rule that yields nothing", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant);
      await directory.push("ada", { title: "Red" });
      await directory.push("eve");
      await save(tenant, document(TITLES));
      const explained = async (userName: string) =>
        (await client.get(`${tenant}/users/${await idOf(tenant, userName)}/explain`)).body;
      const [assignment] = (await explained("ada"))["assignments"] as readonly Record<string, unknown>[];
      expect(assignment).to.have.nested.property("grants[0].evidence[0].kind", "everyone");
      expect(assignment).to.have.nested.property("grants[0].evidence[1].kind", "grants");
      expect(assignment?.["toLose"]).to.deep.equal([{ do: "change_result", expression: TITLES }]);
      const [rule] = (await explained("eve"))["notGiven"] as readonly Record<string, unknown>[];
      expect(rule).to.include({ rule: "computed", why: "no_targets" });
    });

    it("are held to invariants, with a person's name, and never make an owner", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant);
      await directory.push("ada", { title: "Red" });
      const never = [{ name: "no Red team", never: "target.team = 'Red'" }];
      const broken = await save(tenant, document(TITLES, { invariants: never }));
      expect(mistakes(broken)).to.deep.equal(["/invariants/0/never invariant_broken"]);
      expect(broken.text).to.contain("`ada`");
      const owner = await save(tenant, document("{'scope': 'tenant', 'role': 'owner'}"));
      expect(mistakes(owner)).to.deep.equal(["/mappings/0/grants bad_target"]);
      await save(tenant, document("{'scope': 'tenant', 'role': $join(['own', 'er'])}"));
      expect(JSON.stringify((await client.get(`${tenant}/assignments`)).body.items)).not.to.contain("owner");
    });
  });
}
