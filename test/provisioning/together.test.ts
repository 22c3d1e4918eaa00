import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { postgresUrl } from "../store/postgres-server.js";
import { overridden } from "../support/overridden.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const EVERYBODY = { mappings: [{ everyone: true, scope: "tenant", role_name: "viewer" }] };
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `p${at}`);
const codeOf = (error: unknown): unknown => (error instanceof Refusal ? error.code : error);

/** Provisioning that tells each time it asks for people made by hand, by how many userNames. */
function tellingOf(told: number[]): (p: Provisioning) => Provisioning {
  return (p) => {
    const { store } = p;
    return overridden(p, {
      store: overridden(store, {
        write: (tenant, work) =>
          store.write(tenant, (tx) => {
            const adoptableUsers: typeof tx.adoptableUsers = (adoptable, names) => {
              told.push("userNames" in names ? names.userNames.length : 0);
              return tx.adoptableUsers(adoptable, names);
            };
            return work(overridden(tx, { adoptableUsers }));
          }),
      }),
    });
  };
}

for (const database of ["SQLite", "PostgreSQL"] as const) {
  describe(`pushes of the same time, on ${database},`, () => {
    let opened: TestDatabase;
    const asked: number[] = [];

    before(async () => {
      const databaseUrl = database === "SQLite" ? "sqlite::memory:" : await postgresUrl();
      opened = await openDatabase({ databaseUrl, with: tellingOf(asked) });
    });
    after(() => opened.close());

    async function connected(seats: number | null = null, domains: readonly string[] = []): Promise<TenantInTest> {
      const t = await opened.tenant({ seats, domains });
      await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0, allowedDomains: [...domains] });
      await t.mapping(EVERYBODY);
      await t.settled();
      return t;
    }
    const audited = async (t: TenantInTest) => {
      const { items } = await t.p.store.read((await t.tenant()).id).audit({ limit: 200 });
      return items.filter(({ action }) => action === "user.created" || action === "user.deactivated");
    };

    it("store and give as many single ones do, before they are answered", async () => {
      const t = await connected();
      const rows = await Promise.all(names(20).map((name) => t.pushUser("okta", name)));
      expect(new Set(rows).size).to.equal(20);
      for (const name of names(20)) expect(await t.holds(name)).to.deep.equal(["tenant/viewer"]);
      const left = names(20).map((name, at) => t.pushUser("okta", name, { id: rows[at] ?? "", active: at % 2 === 0 }));
      expect(await Promise.all(left)).to.deep.equal(rows);
      for (const [at, name] of names(20).entries()) {
        expect(await t.holds(name)).to.deep.equal(at % 2 === 0 ? ["tenant/viewer"] : "deactivated");
      }
      expect(await audited(t)).to.have.length(30);
    });

    it("are refused each for itself, and take nobody with them", async () => {
      const t = await connected(null, ["acme.test"]);
      const taken = await t.pushUser("okta", "taken@acme.test");
      const refused = await Promise.all(
        [
          t.pushUser("okta", "ada@acme.test"),
          t.pushUser("okta", "TAKEN@acme.test"),
          t.pushUser("okta", "eve@evil.test"),
          t.pushUser("okta", "ada@acme.test"),
          t.pushUser("okta", "nobody@acme.test", { id: "nobody" }),
          t.pushUser("okta", "Taken@acme.test", { id: taken }),
          t.pushUser("okta", "bob@acme.test"),
        ].map((pushed) => pushed.then(() => "stored", codeOf)),
      );
      const [first, , , second, ...rest] = refused;
      expect([first, second].sort()).to.deep.equal(["stored", "uniqueness"]);
      expect([refused[1], refused[2], ...rest]).to.deep.equal([
        ...["uniqueness", "foreign_domain", "not_found"],
        ...["stored", "stored"],
      ]);
      for (const name of ["ada", "Taken", "bob"]) {
        expect(await t.holds(`${name}@acme.test`), name).to.deep.equal(["tenant/viewer"]);
      }
    });

    it("take over who was made by hand, and ask but once where nobody of them was", async () => {
      const t = await connected(null, ["hand.test"]);
      const mails = names(10).map((name) => `${name}@hand.test`);
      asked.length = 0;
      await Promise.all(mails.map((mail) => t.pushUser("okta", mail)));
      // the first of them may have gone alone
      expect(asked.reduce((sum, count) => sum + count, 0)).to.equal(10);
      expect(asked.length).to.be.at.most(2);

      const made = { userName: "hand", email: "hand@hand.test" };
      const id = await createLocalUser(t.p, await t.tenant(), made, ADMIN);
      const others = names(10).map((name) => `other-${name}@hand.test`);
      await Promise.all([...others, "HAND@hand.test"].map((mail) => t.pushUser("okta", mail)));
      expect(await t.userId("HAND@hand.test")).to.equal(id);
      for (const mail of others) expect(await t.holds(mail), mail).to.deep.equal(["tenant/viewer"]);
    });

    it("take no more seats than there are", async () => {
      const t = await connected(5);
      const pushed = await Promise.all(names(12).map((name) => t.pushUser("okta", name).then(() => "stored", codeOf)));
      expect(pushed.filter((one) => one === "stored")).to.have.length(5);
      expect(pushed.filter((one) => one === "no_seat")).to.have.length(7);
      const { seatsUsed } = await t.p.store.read((await t.tenant()).id).tenantNow();
      expect(seatsUsed).to.equal(5);
    });

    it("of one person are one after the other, whoever else is pushed with them", async () => {
      const t = await connected();
      const ada = await t.pushUser("okta", "ada");
      const version = (await t.p.store.read((await t.tenant()).id).directoryUser((await t.connection("okta")).id, ada))
        ?.version;
      await Promise.all([
        ...names(5).map((name) => t.pushUser("okta", name, { id: ada as DirectoryUserId })),
        ...names(5).map((name) => t.pushUser("okta", `other-${name}`)),
      ]).catch((refusal: unknown) => expect(codeOf(refusal)).to.equal("uniqueness"));
      const row = await t.p.store.read((await t.tenant()).id).directoryUser((await t.connection("okta")).id, ada);
      expect(row?.version).to.equal((version ?? 0) + 5);
    });

    it("revive the account of one externalId once", async () => {
      const t = await connected();
      const id = await t.pushUser("okta", "ada", { externalId: "e1" });
      const before = await t.userId("ada");
      await t.change("okta", { kind: "deleteUser", id });
      await Promise.all([
        t.pushUser("okta", "ada2", { externalId: "e1" }),
        t.pushUser("okta", "bob", { externalId: "e2" }),
        t.pushUser("okta", "ada3", { externalId: "e1" }),
      ]);
      const people = [await t.userId("ada2"), await t.userId("ada3")];
      expect(people.filter((user) => user === before)).to.have.length(1);
    });
  });
}
