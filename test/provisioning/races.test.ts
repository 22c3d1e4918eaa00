import { expect } from "chai";
import { updateConnection } from "../../src/provisioning/connections.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import type { ClaimedRun } from "../../src/provisioning/ports/runs.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import { type RunPace, workRun } from "../../src/provisioning/runs/run-work.js";
import { subjectsWritten } from "../../src/provisioning/subjects.js";
import { goLive, previewSync, turnSyncOff } from "../../src/provisioning/sync-mode.js";
import { overridden } from "../support/overridden.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

/**
 * Does something once: between a reconcile's reading of connections, teams and runs and all that it reads behind them, or `after` a
 * transaction and before anything that follows on it.
 */
interface Interruption {
  once?: (() => Promise<unknown>) | undefined;
  after?: (() => Promise<unknown>) | undefined;
  readonly into: (p: Provisioning) => Provisioning;
}

function interruption(): Interruption {
  const planted: Interruption = {
    into: (p) => ({
      ...p,
      store: {
        ...p.store,
        async write(tenant, work) {
          const written = await p.store.write(tenant, work);
          const { after } = planted;
          planted.after = undefined;
          await after?.();
          return written;
        },
        read(tenant) {
          const reader = p.store.read(tenant);
          return overridden(reader, {
            async standing() {
              const standing = await reader.standing();
              const { once } = planted;
              planted.once = undefined;
              await once?.();
              return standing;
            },
          });
        },
      },
    }),
  };
  return planted;
}

const LATER = "2999-01-01T00:00:00.000Z";
const PACE: RunPace = { size: 500, lease: () => LATER, published: async () => {}, stopped: () => false };

async function claimedRun({ p, tenant }: TenantInTest): Promise<ClaimedRun> {
  const run = await p.store.write((await tenant()).id, (tx) => tx.claimRun(p.now(), LATER));
  if (!run) throw new Error("no run waits");
  return run;
}

const SALES = { mappings: [{ group_name: "Sales", team_name: "Sales", role_name: "viewer" }] };

describe("what changes while people are evaluated", () => {
  const interrupt = interruption();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: interrupt.into });
    // Only what a test does itself shall happen.
    await database.worker.stop();
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
  });

  it("is not lost when it is a connection's settings", async () => {
    await t.connect({ slug: "sso", protocol: "oidc", jit: "first_sign_in" });
    await t.mapping(SALES);
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    const edit = { mappings: [{ ...SALES.mappings[0], role_name: "editor" }] };
    const tenant = await t.tenant();
    await saveMapping(t.p, tenant, JSON.stringify(edit), {}, ADMIN);
    interrupt.once = () => updateConnection(t.p, tenant, "sso", { jit: "every_sign_in" }, ADMIN);
    const ada = await t.userId("ada");
    expect(await reconcilePeople(t.p, tenant.id, [ada], { context: ADMIN })).to.deep.include({
      moved: [ada],
      done: [],
    });
    expect(await t.person("ada")).to.include({ dirty: true });
    expect(await reconcilePeople(t.p, tenant.id, [ada], { context: ADMIN })).to.deep.include({ done: [ada] });
    expect(await t.holds("ada")).to.deep.equal(["Sales/editor"]);
  });

  it("is not lost when it comes after a push that read them as it stored them", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping({ mappings: [{ when: "user.title = 'Boss'", scope: "tenant", role_name: "boss" }] });
    const ada = await t.pushUser("okta", "ada");
    const { id } = await t.person("ada");
    const tenant = await t.tenant();
    interrupt.after = () => t.p.store.write(tenant.id, (tx) => tx.markDirty([id], "facts", t.p.now()));
    await t.pushUser("okta", "ada", { id: ada, attributes: { title: "Boss" } });
    expect(await t.holds("ada")).to.deep.equal(["tenant/boss"]);
    expect(await t.person("ada")).to.include({ dirty: false });
  });

  it("is not lost when people are judged by what was read before", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(SALES);
    const ada = await t.pushUser("okta", "ada");
    const { id } = await t.person("ada");
    const tenant = await t.tenant();
    const connection = await t.connection("okta");
    const subjects = await t.p.store.write(tenant.id, (tx) => subjectsWritten(tx, [id], connection.id));
    await t.pushGroup("okta", "Sales", [ada]);
    expect(await reconcilePeople(t.p, tenant.id, [id], { context: ADMIN, subjects })).to.deep.include({
      moved: [id],
      done: [],
    });
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });

  it("is not lost when it is the switch to live", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "test" });
    await t.mapping(SALES);
    const ada = await t.pushUser("okta", "ada");
    await t.pushGroup("okta", "Sales", [ada]);
    const tenant = await t.tenant();
    const { digest } = await previewSync(t.p, tenant, "okta", { to: "live" });
    const { id } = await t.person("ada");
    interrupt.once = () => goLive(t.p, tenant, "okta", digest, ADMIN);
    await reconcilePeople(t.p, tenant.id, [id], { context: ADMIN });
    expect(await t.person("ada")).to.include({ dirty: true });
    await reconcilePeople(t.p, tenant.id, [id], { context: ADMIN });
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
  });

  it("keeps no run open for somebody who was done by whoever came between", async () => {
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live" });
    await t.mapping(SALES);
    await t.pushUser("okta", "ada", { externalId: "ada" });
    const tenant = await t.tenant();
    const off = { to: "off", onDisable: "convert" } as const;
    const { digest } = await previewSync(t.p, tenant, "okta", off);
    await turnSyncOff(t.p, tenant, await t.connection("okta"), { ...off, digest }, ADMIN);
    const [mapping, convert] = [await claimedRun(t), await claimedRun(t)];
    expect([mapping.trigger, convert.trigger]).to.deep.equal(["mapping", "convert"]);
    interrupt.once = () => t.signIn("okta", "ada", { groups: ["Sales"] });
    await workRun(t.p, tenant.id, convert, PACE);
    expect(await t.person("ada")).to.include({ dirty: false });
    expect(await t.holds("ada")).to.deep.equal(["Sales/viewer"]);
    expect(await t.p.store.read(tenant.id).run(convert.id)).to.include({ status: "done" });
  });

  it("is not done twice when it is the account: a newcomer's defaults are given by whoever comes first", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "test" });
    await t.mapping({ default_team: "Hall" });
    await t.pushUser("okta", "ada");
    const tenant = await t.tenant();
    const { digest } = await previewSync(t.p, tenant, "okta", { to: "live" });
    await goLive(t.p, tenant, "okta", digest, ADMIN);
    const { id } = await t.person("ada");
    const reconcile = () => reconcilePeople(t.p, tenant.id, [id], { context: ADMIN });
    interrupt.once = reconcile;
    expect(await reconcile()).to.deep.include({ moved: [id], done: [] });
    expect(await t.holds("ada")).to.deep.equal(["Hall/member"]);
    expect(await reconcile()).to.deep.include({ done: [id], counts: {} });
  });
});
