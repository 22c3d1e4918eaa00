import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { ingest } from "../../src/provisioning/ingest.js";
import { ingestTogether, type PersonPush } from "../../src/provisioning/ingest-together.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import type { Database } from "../../src/store/database.js";
import { openPostgres } from "../../src/store/postgres.js";
import { type Fragment, sql } from "../../src/store/sql.js";
import { postgresUrl } from "../store/postgres-server.js";
import { scimUser } from "../support/people.js";
import { ADMIN, IDP, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAPPING = {
  no_match: "allow",
  mappings: [{ when: "user.department = 'Sales'", team_name: "Sales", role_name: "viewer" }],
};

describe("who waits for a tenant that somebody else has locked, on PostgreSQL,", () => {
  let other: Database;
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    const databaseUrl = await postgresUrl();
    other = await openPostgres(databaseUrl);
    database = await openDatabase({ databaseUrl });
    // whoever is marked waits for the test
    await database.worker.stop();
  });
  after(async () => {
    await database.close();
    await other.close();
  });
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.mapping(MAPPING);
  });

  async function untilSomebodyWaits(): Promise<void> {
    const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await other.reader.all(waiting)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** How many rows nobody has locked while the work waits for the tenant. */
  async function freeWhileWaiting(work: () => Promise<unknown>, rows: Fragment): Promise<number> {
    const { id } = await t.tenant();
    let done: Promise<unknown> | undefined;
    const free = await other.transaction(async (tx) => {
      await tx.all(sql`select id from tenants where id = ${id} for no key update`);
      done = work();
      await untilSomebodyWaits();
      return (await tx.all(rows)).length;
    });
    await done;
    return free;
  }

  const CHANGES = {
    "an account that ends": { active: false },
    "access that is lost": { attributes: { department: "Ops" } },
  };
  for (const [what, more] of Object.entries(CHANGES)) {
    it(`reconciling ${what} holds nobody whom a push would wait for meanwhile`, async () => {
      const id = await t.pushUser("okta", "ada", { attributes: { department: "Sales" } });
      const user = await t.userId("ada");
      const [tenant, connection] = [await t.tenant(), await t.connection("okta")];
      const change = { kind: "upsertUser", id, document: scimUser("ada", more) } as const;
      await t.p.store.write(tenant.id, (tx) => ingest(tx, tenant, connection, [change], t.p.now()));
      const rows = sql`select id from users where id = ${user} for no key update skip locked`;
      const reconcile = () => reconcilePeople(t.p, tenant.id, [user], { context: ADMIN });
      expect(await freeWhileWaiting(reconcile, rows)).to.equal(1);
      expect(await t.holds("ada")).to.deep.equal(more === CHANGES["an account that ends"] ? "deactivated" : []);
    });
  }

  it("a batch of people who are switched on, and called by another address, holds none of their rows", async () => {
    const names = ["p0", "p1"];
    const ids: string[] = [];
    for (const name of names) ids.push(await t.pushUser("okta", name, { active: false, email: `${name}@a.test` }));
    const [tenant, connection] = [await t.tenant(), await t.connection("okta")];
    const pushes = names.map((name, at): PersonPush => {
      const document = scimUser(name, { email: `${name}@b.test` });
      const changes = [{ kind: "upsertUser", id: ids[at] as DirectoryUserId, document }] as const;
      return { tenant, connection, changes, context: IDP };
    });
    const rows = sql`select id from directory_users where connection_id = ${connection.id} for no key update skip locked`;
    const store = () => t.p.store.write(tenant.id, (tx) => ingestTogether(tx, pushes, t.p.now(), undefined));
    expect(await freeWhileWaiting(store, rows)).to.equal(2);
    expect((await t.tenant()).seatsUsed).to.equal(2);
  });
});
