import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { ingest } from "../../src/provisioning/ingest.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import { postgresUrl } from "../store/postgres-server.js";
import { scimUser } from "../support/people.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

for (const kind of ["SQLite", "PostgreSQL"] as const) {
  describe(`the seats of people who were pushed, on ${kind},`, () => {
    let database: TestDatabase;
    let t: TenantInTest;

    before(async () => {
      database = await openDatabase({ databaseUrl: kind === "SQLite" ? "sqlite::memory:" : await postgresUrl() });
      // pushes are stored here without what follows on them: nobody else shall do it
      await database.worker.stop();
    });
    after(() => database.close());
    beforeEach(async () => {
      t = await database.tenant({ seats: 1 });
      await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
      await t.mapping({
        no_match: "allow",
        mappings: [{ group_name: "Sales", team_name: "Sales", role_name: "viewer" }],
      });
    });

    const used = async () => (await t.tenant()).seatsUsed;

    async function stored(active: boolean, known?: DirectoryUserId): Promise<DirectoryUserId> {
      const [tenant, connection] = [await t.tenant(), await t.connection("okta")];
      const change = {
        kind: "upsertUser",
        ...(known && { id: known }),
        document: scimUser("ada", { active }),
      } as const;
      const { rows } = await t.p.store.write(tenant.id, (tx) => ingest(tx, tenant, connection, [change], t.p.now()));
      return rows[0]?.id as DirectoryUserId;
    }

    async function reconciled(): Promise<void> {
      const { id } = await t.person("ada");
      await reconcilePeople(t.p, (await t.tenant()).id, [id], { context: ADMIN });
    }

    it("are free again when somebody new is switched off before anybody looked, and others get them", async () => {
      await stored(false, await stored(true));
      expect(await used()).to.equal(1);
      await reconciled();
      expect(await used()).to.equal(0);
      expect(await t.person("ada")).to.include({ status: "pending", seat: false });
      await t.pushUser("okta", "bob");
      expect([await t.holds("bob"), await used()]).to.deep.equal([[], 1]);
    });

    it("are free again when somebody who left comes back and leaves before anybody looked", async () => {
      const id = await t.pushUser("okta", "ada");
      await t.pushUser("okta", "ada", { id, active: false });
      await stored(false, await stored(true, id));
      expect(await used()).to.equal(1);
      await reconciled();
      expect([await t.holds("ada"), await used()]).to.deep.equal(["deactivated", 0]);
    });

    it("are not kept for those whom the rules refuse, who get one once a rule lets them in", async () => {
      const rule = { when: "user.department = 'Sales'", team_name: "Sales", role_name: "viewer" };
      await t.mapping({ no_match: "deactivate", mappings: [rule] });
      const id = await t.pushUser("okta", "ada");
      expect(await t.person("ada")).to.include({ status: "pending", seat: false });
      expect(await used()).to.equal(0);
      await t.pushUser("okta", "ada", { id, attributes: { department: "Sales" } });
      expect([await t.holds("ada"), await used()]).to.deep.equal([["Sales/viewer"], 1]);
    });

    it("stay with those who are let in, and go with those who leave", async () => {
      const id = await stored(true);
      await reconciled();
      await reconciled();
      expect(await used()).to.equal(1);
      await stored(false, id);
      await reconciled();
      expect([await t.holds("ada"), await used()]).to.deep.equal(["deactivated", 0]);
    });
  });
}
