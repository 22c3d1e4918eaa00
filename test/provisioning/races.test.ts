import { expect } from "chai";
import { updateConnection } from "../../src/provisioning/connections.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { saveMapping } from "../../src/provisioning/mappings.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

/** Does something once, between a reconcile's reading of connections and all that it reads behind them. */
interface Interruption {
  once?: (() => Promise<unknown>) | undefined;
  readonly into: (p: Provisioning) => Provisioning;
}

function interruption(): Interruption {
  const planted: Interruption = {
    into: (p) => ({
      ...p,
      store: {
        ...p.store,
        read(tenant) {
          const reader = p.store.read(tenant);
          return {
            ...reader,
            async connections() {
              const connections = await reader.connections();
              const { once } = planted;
              planted.once = undefined;
              await once?.();
              return connections;
            },
          };
        },
      },
    }),
  };
  return planted;
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
});
