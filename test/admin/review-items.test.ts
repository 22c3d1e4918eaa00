import { expect } from "chai";
import { type AdminClient, DATABASES, type Directory, expectProblem, openAdmin, quickWorker } from "./admin-client.js";

for (const [database, newUrl] of DATABASES) {
  describe(`who is who, decided by an admin, on ${database}`, () => {
    let client: AdminClient;
    let tenant: string;
    let directory: Directory;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());
    beforeEach(async () => {
      tenant = await client.tenant();
      directory = await client.directory(tenant);
    });

    const local = async (profile: object): Promise<string> =>
      String((await client.post(`${tenant}/users`, profile)).body["id"]);
    const waiting = async () => (await client.get(`${tenant}/review-items`)).body.items ?? [];
    const adopt = (user: string, connection = "okta") =>
      client.post(`${tenant}/users/${user}/adoption`, { connection });

    it("an owner is handed to a connection, by their own SCIM id, and stays an owner", async () => {
      const ann = await local({ userName: "ann", email: "ann@nowhere.example", title: "Captain" });
      await client.post(`${tenant}/users/${ann}/grants`, { scope: "tenant", role: "owner", reason: "founder" });
      const adopted = await adopt(ann);
      expect(adopted.status, adopted.text).to.equal(200);
      expect(adopted.body).to.deep.include({ synced: true, email: "ann@nowhere.example" });
      expect(adopted.body["roles"]).to.deep.equal([{ scope: "tenant", role: "owner" }]);
      const { body } = await directory.scim("GET", "/Users");
      const [seen] = body["Resources"] as readonly Record<string, unknown>[];
      expect([body["totalResults"], seen?.["userName"], seen?.["title"]]).to.deep.equal([1, "ann", "Captain"]);
      expectProblem(await adopt(ann), 409, "conflict");
      const { items } = (await client.get(`${tenant}/audit?limit=100`)).body;
      expect(items?.find(({ action }) => action === "user.adopted")?.["user"]).to.equal(ann);
    });

    it("nobody is handed over who is not kept by hand, or to a connection that cannot keep them", async () => {
      const ann = await local({ userName: "ann", email: "ann@acme.example" });
      await directory.push("zoe");
      const zoe = String((await client.get(`${tenant}/users?userName=zoe`)).body.items?.[0]?.["id"]);
      expectProblem(await adopt(zoe), 409, "conflict");
      expectProblem(await adopt("nobody"), 404, "not_found");
      for (const connection of ["local", "none"]) expectProblem(await adopt(ann, connection), 404, "not_found");
      await client.call("PATCH", directory.connection, { body: { allowedDomains: ["other.example"] } });
      expectProblem(await adopt(ann), 400, "foreign_domain");
      await client.call("PATCH", directory.connection, { body: { allowedDomains: [] } });
      await directory.push("ann");
      expectProblem(await adopt(ann), 409, "uniqueness");
      await client.call("PATCH", `${tenant}/users/${ann}`, { body: { active: false } });
      expectProblem(await adopt(ann), 409, "conflict");
    });

    it("an admin's word needs no proved domain, only one that the connection allows", async () => {
      const proved = await client.tenant({ domains: [`proved-${tenant.split("/").at(-1)}.example`] });
      const { connection } = await client.directory(proved);
      const zed = await client.post(`${proved}/users`, {
        userName: "zed@foreign.example",
        email: "zed@foreign.example",
      });
      const hand = () => client.post(`${proved}/users/${zed.body["id"]}/adoption`, { connection: "okta" });
      await client.call("PATCH", connection, { body: { allowedDomains: ["other.example"] } });
      const refused = await hand();
      expectProblem(refused, 400, "foreign_domain");
      expect(refused.text).to.match(
        /allows no addresses of `foreign.example`: add the domain to its `allowedDomains` first/,
      );
      await client.call("PATCH", connection, { body: { allowedDomains: ["other.example", "foreign.example"] } });
      const adopted = await hand();
      expect([adopted.status, adopted.body["synced"]], adopted.text).to.deep.equal([200, true]);
      const yan = await client.post(`${proved}/users`, { userName: "yan", email: "yan@foreign.example" });
      await client.call("PATCH", connection, { body: { allowedDomains: [] } });
      const free = await client.post(`${proved}/users/${yan.body["id"]}/adoption`, { connection: "okta" });
      expect(free.status, free.text).to.equal(200);
    });

    it("nobody is handed to a connection that has no SCIM client of users, which could never let them go", async () => {
      const ann = await local({ userName: "ann", email: "ann@acme.example" });
      const okta = (change: object) => client.call("PATCH", directory.connection, { body: change });
      await okta({ manages: ["groups"] });
      const groupsOnly = await adopt(ann);
      expectProblem(groupsOnly, 409, "conflict");
      expect(groupsOnly.text).to.include("keeps no users: add `users` to its `manages` first");
      await okta({ manages: ["users"] });
      const switched = await okta({ sync: "off", onDisable: "convert" });
      expect(switched.status, switched.text).to.equal(200);
      const off = await adopt(ann);
      expectProblem(off, 409, "conflict");
      expect(off.text).to.include("while its sync is off: switch it on first");
      const again = await okta({ sync: "test" });
      expect(again.status, again.text).to.equal(200);
      const [token] = (await client.get(`${directory.connection}/tokens`)).body.items ?? [];
      expect((await client.call("DELETE", `${directory.connection}/tokens/${token?.["id"]}`)).status).to.equal(204);
      const soon = new Date(Date.now() + 60).toISOString();
      await client.post(`${directory.connection}/tokens`, { name: "short", expiresAt: soon });
      await new Promise((resolve) => setTimeout(resolve, 80));
      const nobody = await adopt(ann);
      expectProblem(nobody, 409, "conflict");
      expect(nobody.text).to.include("has no SCIM client: make a token for it first");
      const edited = await client.call("PATCH", `${tenant}/users/${ann}`, { body: { active: false } });
      expect(edited.status, edited.text).to.equal(200);
      await client.call("PATCH", `${tenant}/users/${ann}`, { body: { active: true } });
      await client.post(`${directory.connection}/tokens`, { name: "next" });
      expect((await adopt(ann)).status).to.equal(200);
    });

    it("TEC-24: a token of a service account that opens SCIM no more is no client who could let anybody go", async () => {
      const ann = await local({ userName: "ann", email: "ann@acme.example" });
      const [own] = (await client.get(`${directory.connection}/tokens`)).body.items ?? [];
      expect((await client.call("DELETE", `${directory.connection}/tokens/${own?.["id"]}`)).status).to.equal(204);
      const made = await client.post(`${tenant}/service-accounts`, { name: "sync" });
      const account = String(made.body["id"]);
      const grants = `${tenant}/users/${account}/grants`;
      const grant = async () =>
        String((await client.post(grants, { scope: "tenant", role: "admin", reason: "syncs" })).body["id"]);
      const first = await grant();
      const { body } = await client.post(`${directory.connection}/tokens`, { name: "sync", serviceAccount: account });
      const users = () => client.get("/api/scim/v2/Users", { token: String(body["token"]) });
      expect((await users()).status).to.equal(200);
      const edit = (active: boolean) =>
        client.call("PATCH", `${tenant}/service-accounts/${account}`, { body: { active } });
      const refusals = [
        () => client.call("DELETE", `${grants}/${first}`),
        async () => {
          await grant();
          expect((await users()).status).to.equal(200);
          for (const active of [false, true]) expect((await edit(active)).status).to.equal(200);
          await grant();
        },
      ];
      for (const refuse of refusals) {
        await refuse();
        expect((await users()).status).to.equal(401);
        expectProblem(await adopt(ann), 409, "conflict");
        for (const active of [false, true]) {
          const edited = await client.call("PATCH", `${tenant}/users/${ann}`, { body: { active } });
          expect(edited.status, edited.text).to.equal(200);
        }
      }
      const next = await client.post(`${directory.connection}/tokens`, { name: "next", serviceAccount: account });
      expect(next.status, next.text).to.equal(201);
      expect((await adopt(ann)).status).to.equal(200);
    });

    it("whom a connection kept that is live no more is handed to the next one, and to none while it is live", async () => {
      await client.post(`${tenant}/connections`, { slug: "entra", protocol: "scim", profile: "entra", sync: "live" });
      await client.post(`${tenant}/connections/entra/tokens`, { name: "entra" });
      const [off, ended] = [await local({ userName: "ann" }), await local({ userName: "ben" })];
      for (const user of [off, ended]) {
        expect((await adopt(user)).status).to.equal(200);
        expectProblem(await adopt(user, "entra"), 409, "conflict");
      }
      const sync = await client.call("PATCH", directory.connection, { body: { sync: "off", onDisable: "convert" } });
      expect(sync.status, sync.text).to.be.lessThan(300);
      expectProblem(await adopt(off), 409, "conflict");
      const taken = await adopt(off, "entra");
      expect([taken.status, taken.body["synced"]], taken.text).to.deep.equal([200, true]);
      const end = await client.call("DELETE", directory.connection, { body: { onDisable: "convert" } });
      expect(end.status, end.text).to.be.lessThan(300);
      const next = await adopt(ended, "entra");
      expect([next.status, next.body["synced"]], next.text).to.deep.equal([200, true]);
    });

    it("TAB-6, DS-10: somebody deleted is revived by their externalId under a new SCIM id; a userName alone makes a new account and says so", async () => {
      const first = await directory.push("ann", { externalId: "hr-1" });
      const account = async () =>
        (await client.get(`${tenant}/users?userName=ann`)).body.items?.map(({ id, status }) => [id, status]) ?? [];
      const [[ann] = []] = await account();
      await directory.scim("DELETE", `/Users/${first}`);
      expect(await account()).to.deep.equal([[ann, "deactivated"]]);
      const second = await directory.push("ann", { externalId: "hr-1" });
      expect(second).not.to.equal(first);
      expect([await account(), await waiting()]).to.deep.equal([[[ann, "registered"]], []]);
      await directory.scim("DELETE", `/Users/${second}`);
      await directory.push("ANN", { externalId: "hr-2" });
      expect(await account()).to.have.length(2);
      const [item, ...others] = await waiting();
      expect(others).to.deep.equal([]);
      expect(item).to.deep.include({ kind: "same_user_name", connection: "okta" });
      expect(item?.["detail"]).to.deep.equal({ names: ["ann"], candidates: [second], users: [ann] });
    });

    it("what was decided is put away, once", async () => {
      for (const name of ["ann", "ben"]) {
        await directory.scim("DELETE", `/Users/${await directory.push(name)}`);
        await directory.push(name);
      }
      const [first, second] = await waiting();
      const path = `${tenant}/review-items/${first?.["id"]}`;
      const other = await client.tenant();
      expectProblem(await client.call("DELETE", `${other}/review-items/${first?.["id"]}`), 404, "not_found");
      expect((await client.call("DELETE", path)).status).to.equal(204);
      expect((await waiting()).map(({ id }) => id)).to.deep.equal([second?.["id"]]);
      expectProblem(await client.call("DELETE", path), 404, "not_found");
    });
  });
}
