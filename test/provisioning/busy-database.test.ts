import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { startWorker } from "../../src/provisioning/runs/worker.js";
import type { Database } from "../../src/store/database.js";
import { openPostgres } from "../../src/store/postgres.js";
import { type Fragment, sql, verbatim } from "../../src/store/sql.js";
import { postgresUrl } from "../store/postgres-server.js";
import { testClock } from "../support/clock.js";
import { openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const RULE = { id: "sales", when: "user.department = 'Sales'", team_name: "Sales", role_name: "viewer" };
const SALES = { attributes: { department: "Sales" } };

describe("a push whose reconciling the operator's `lock_timeout` ended, on PostgreSQL,", () => {
  const clock = testClock();
  let other: Database;
  let database: TestDatabase;
  let t: TenantInTest;
  let ada: DirectoryUserId;
  let faults: string[];
  let onFault: () => void;
  let onEvaluate: () => Promise<void>;

  beforeEach(async () => {
    faults = [];
    onFault = () => undefined;
    onEvaluate = async () => undefined;
    const databaseUrl = await postgresUrl();
    other = await openPostgres(databaseUrl);
    const name = new URL(databaseUrl).pathname.slice(1);
    await other.reader.run(sql`alter database ${verbatim(name)} set lock_timeout = '200ms'`);
    database = await openDatabase({
      databaseUrl,
      with: (p) => ({
        ...clock.into(p),
        mappings: {
          ...p.mappings,
          async active(...asked) {
            await onEvaluate();
            return p.mappings.active(...asked);
          },
        },
        log: {
          fault(event) {
            faults.push(event);
            onFault();
          },
        },
      }),
    });
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.mapping({ mappings: [RULE], no_match: "allow" });
    ada = await t.pushUser("okta", "ada", SALES);
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });
  afterEach(async () => {
    await database.close();
    await other.close();
  });

  /** Holds rows until the work is over. */
  async function whileLocked<T>(rows: Fragment, work: () => Promise<T>): Promise<T> {
    return other.transaction(async (tx) => {
      expect((await tx.all(rows)).length).to.be.greaterThan(0);
      return work();
    });
  }

  /** Resolves with the next fault that is logged as this. */
  const fault = (event: string) =>
    new Promise<void>((resolve) => {
      onFault = () => {
        if (faults.at(-1) === event) resolve();
      };
    });

  it("takes the access of who leaves two seconds after the database is free", async () => {
    await whileLocked(sql`select id from grants where ended_at is null for update`, async () => {
      const failed = fault("worker.reconcile_failed");
      await t.pushUser("okta", "ada", { ...SALES, id: ada, active: false });
      await failed;
      expect(faults).to.include("reconcile.inline_failed");
      // the worker says that they wait, and until when
      await database.worker.stop();
    });
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
    clock.forward({ seconds: 2 });
    expect(await t.p.store.instance.tenantsWithWork(t.p.now(), 10)).to.deep.equal([(await t.tenant()).id]);
    const worker = startWorker(t.p);
    await t.settled();
    await worker.stop();
    expect(await t.holds("ada")).to.equal("deactivated");
  });

  it("leaves who leaves to the worker at once where the database was too busy to be told so", async () => {
    let free: () => void = () => undefined;
    const freed = new Promise<void>((resolve) => {
      free = resolve;
    });
    let locked: Promise<void> | undefined;
    onEvaluate = async () => {
      if (locked !== undefined) return;
      await new Promise<void>((held) => {
        locked = whileLocked(sql`select id from users where user_name = 'ada' for update`, async () => {
          held();
          await freed;
        });
      });
    };
    onFault = () => {
      // the reconciling, and the first word that ada is due
      if (faults.length === 2) free();
    };
    await t.pushUser("okta", "ada", { ...SALES, id: ada, active: false });
    await locked;
    expect(faults).to.deep.equal(["reconcile.inline_failed", "reconcile.inline_failed"]);
    await t.settled();
    expect(await t.holds("ada")).to.equal("deactivated");
  });
});
