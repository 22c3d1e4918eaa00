import { expect } from "chai";
import type { TenantId } from "../../src/model/ids.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { startWorker } from "../../src/provisioning/runs/worker.js";
import { testClock } from "../support/clock.js";
import { overridden } from "../support/overridden.js";
import { openDatabase, openTenant, type TestDatabase } from "../support/tenant.js";

const MAPPING = { mappings: [{ group_name: "Engineering", team_name: "Platform", role_name: "editor" }] };
const DAY_HOURS = 24;

const rest = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("the worker's rounds", () => {
  describe("with a tenant whose mapping no longer compiles", () => {
    const clock = testClock();
    const broken = new Set<TenantId>();
    let faults = 0;
    let database: TestDatabase;

    beforeEach(async () => {
      broken.clear();
      faults = 0;
      const into = (p: Provisioning): Provisioning => ({
        ...clock.into(p),
        log: { fault: () => void faults++ },
        mappings: {
          async active(reader, ...more) {
            if (broken.has(reader.tenant)) throw new Error("stored mapping version 1 no longer compiles");
            return p.mappings.active(reader, ...more);
          },
        },
      });
      database = await openDatabase({ withWorker: into, with: clock.into });
    });
    afterEach(() => database.close());

    it("tries it again after one second, then two, then four, and not more often", async () => {
      const t = await database.tenant();
      await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
      const { id } = await t.tenant();
      broken.add(id);
      await t.p.store.write(id, (tx) => tx.wakeAt(clock.now(), "new_day", "mapping"));
      const seen: number[] = [];
      for (let second = 0; second < 8; second++) {
        for (let at = 0; at < 5; at++) {
          database.worker.wake();
          await rest(10);
        }
        seen.push(faults);
        clock.forward({ seconds: 1 });
      }
      expect(seen).to.deep.equal([1, 2, 2, 3, 3, 3, 3, 4]);
    });

    it("goes on for everybody else, and for that tenant as soon as it is well", async () => {
      const [sick, well] = [await database.tenant(), await database.tenant()];
      for (const t of [sick, well]) {
        await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
        await t.settled();
      }
      const { id } = await sick.tenant();
      broken.add(id);
      await sick.p.store.write(id, (tx) => tx.wakeAt(clock.now(), "new_day", "mapping"));
      await well.mapping(MAPPING);
      await well.settled();
      expect(faults).to.be.greaterThan(0);
      broken.clear();
      clock.forward({ seconds: 61 });
      await sick.settled();
    });
  });

  it("give a fifth tenant's single mark its turn while four tenants' bulks go on", async () => {
    const database = await openDatabase();
    const { p } = database;
    const tenants: TenantId[] = [];
    for (let at = 0; at < 5; at++) tenants.push((await (await database.tenant()).tenant()).id);
    await database.worker.stop();
    const small = tenants.at(-1);
    for (const tenant of tenants) {
      await p.store.write(tenant, async (tx) => {
        await tx.insertPendingUser({ userName: "somebody" }, p.now());
        await tx.markEverybody("test", p.now());
      });
    }
    // Four tenants who never run out of work: after each batch there is another.
    const claimed: TenantId[] = [];
    const endless: Provisioning = {
      ...p,
      store: {
        ...p.store,
        write: (tenant, work) =>
          p.store.write(tenant, (tx) =>
            work(
              overridden(tx, {
                async claimMarks(now, until, limit) {
                  const ids = await tx.claimMarks(now, until, limit);
                  claimed.push(tenant);
                  return ids;
                },
                async publishEvents(now, limit) {
                  if (tenant !== small) await tx.markEverybody("more", now);
                  return tx.publishEvents(now, limit);
                },
              }),
            ),
          ),
      },
    };
    const worker = startWorker(endless);
    while (claimed.length < 200 && !claimed.includes(small as TenantId)) await rest(5);
    await worker.stop();
    expect(claimed).to.include(small);
    await database.close();
  });
});

describe("what is kept", () => {
  it("of sign-ins is their trace, for 90 days", async () => {
    const clock = testClock();
    const t = await openTenant({ with: clock.into });
    await t.connect({ slug: "sso", protocol: "oidc" });
    const { reference } = await t.signIn("sso", "eve", { groups: [] });
    const trace = async () => t.p.store.read((await t.tenant()).id).signInTrace(reference);
    clock.forward({ hours: 89 * DAY_HOURS });
    await t.p.store.instance.sweep(clock.now(), t.p.settings.sessions);
    expect(await trace()).not.to.equal(undefined);
    clock.forward({ hours: 2 * DAY_HOURS });
    await t.p.store.instance.sweep(clock.now(), t.p.settings.sessions);
    expect(await trace()).to.equal(undefined);
    await t.close();
  });
});
