import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { expectChange } from "../../src/provisioning/expect.js";
import { discardRun, previewRun, releaseRun } from "../../src/provisioning/held-runs.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { testClock } from "../support/clock.js";
import { smallBrake } from "../support/small-brake.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAPPING = { mappings: [{ group_name: "Sales", team_name: "Sales", role_name: "viewer" }] };

describe("the brake", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;
  let ids: DirectoryUserId[];
  let sales: DirectoryGroupId;

  before(async () => {
    database = await openDatabase({ with: (p) => smallBrake(clock.into(p)) });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live", settleSeconds: 0 });
    await t.mapping(MAPPING);
    ids = [];
    for (let at = 0; at < 6; at++) ids.push(await t.pushUser("okta", name(at)));
    sales = await t.pushGroup("okta", "Sales", ids);
    await t.settled();
  });

  const name = (at: number): string => `p${at}@acme.test`;
  const setActive = (at: number, active: boolean) => t.pushUser("okta", name(at), { id: ids[at] as string, active });
  const leave = (at: number) => setActive(at, false);
  const state = async (): Promise<string> =>
    (await Promise.all(ids.map(async (_, at) => ((await t.holds(name(at))) === "deactivated" ? "-" : "+")))).join("");
  const hold = (...people: readonly number[]) =>
    Object.fromEntries(people.map((at) => [name(at), "brake_deactivations"]));

  it("lets as many people go as its bucket holds, and holds the rest as they were", async () => {
    const { p } = t;
    const session = { user: await t.userId(name(2)), connection: await t.connection("okta"), subject: "s" };
    const { token } = await openSession(p, await t.tenant(), session);
    for (const at of [0, 1, 2]) await leave(at);
    expect(await state()).to.equal("--++++");
    expect(await t.held("okta")).to.deep.equal(hold(2));
    expect(await t.holds(name(2))).to.deep.equal(["Sales/viewer"]);
    expect(await currentSession(p, token)).to.include({ userId: session.user });
    const row = await p.store.read((await t.tenant()).id).directoryUser(session.connection.id, ids[2] as never);
    expect(row?.resource).to.include({ active: false });
  });

  it("counts people who lose access apart from accounts that end, and one person once", async () => {
    await t.change("okta", { kind: "removeMembers", group: sales, members: ids.slice(0, 4) });
    expect(await Promise.all([0, 1, 2, 3].map((at) => t.holds(name(at))))).to.deep.equal([
      [],
      [],
      [],
      ["Sales/viewer"],
    ]);
    expect(await t.held("okta")).to.deep.equal({ [name(3)]: "brake_access" });
    await leave(4);
    expect(await state()).to.equal("++++-+");
  });

  it("never slows what people gain", async () => {
    for (const at of [0, 1, 2]) await leave(at);
    const late = await t.pushUser("okta", "late@acme.test");
    await t.change("okta", { kind: "addMembers", group: sales, members: [late] });
    expect(await t.holds("late@acme.test")).to.deep.equal(["Sales/viewer"]);
  });

  it("refills over an hour while nobody is held", async () => {
    await leave(0);
    await leave(1);
    clock.forward({ minutes: 31 });
    await leave(2);
    await leave(3);
    expect(await state()).to.equal("---+++");
    clock.forward({ hours: 1 });
    expect(await t.held("okta")).to.deep.equal(hold(3));
  });

  it("drips for new leavers while somebody is held, and never lets the held go by itself", async () => {
    for (const at of [0, 1, 2]) await leave(at);
    clock.forward({ hours: 10 });
    await leave(3);
    await leave(4);
    await leave(5);
    expect(await state()).to.equal("--+--+");
    expect(await t.held("okta")).to.deep.equal(hold(2, 5));
  });

  it("forgets a hold whose facts came back, and ends the run that holds nobody any more", async () => {
    for (const at of [0, 1, 2]) await leave(at);
    const run = await t.heldRun("okta");
    await setActive(2, true);
    expect(await t.held("okta")).to.deep.equal({});
    const reader = t.p.store.read((await t.tenant()).id);
    expect(await reader.run(run.id)).to.include({ status: "done" });
    expect(await state()).to.equal("--++++");
    // A push that is taken back refills nothing: the next leaver is held.
    await leave(3);
    expect(await t.held("okta")).to.deep.equal(hold(3));
  });

  it("has one open run per connection, however often people are held", async () => {
    for (const at of [0, 1, 2, 3, 4]) await leave(at);
    const { items } = await t.p.store.read((await t.tenant()).id).runs({ limit: 100, status: "held" });
    expect(items).to.have.length(1);
    expect(items[0]).to.include({ trigger: "held", total: 3 });
  });

  describe("a held run", () => {
    beforeEach(async () => {
      for (const at of [0, 1, 2, 3]) await leave(at);
    });

    it("is released as it was previewed, by its digest", async () => {
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      const preview = await previewRun(t.p, tenant, run.id);
      expect(preview.summary).to.include({ users: 2, changed: 2, deactivated: 2, revoked: 2 });
      await releaseRun(t.p, tenant, run.id, preview.digest, ADMIN);
      await t.settled();
      expect(await state()).to.equal("----++");
      expect(await t.p.store.read(tenant.id).run(run.id)).to.include({ status: "done" });
    });

    it("is not released with somebody in it whom nobody has seen: plan_changed shows only them", async () => {
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      const { digest } = await previewRun(t.p, tenant, run.id);
      await leave(4);
      const refused = await releaseRun(t.p, tenant, run.id, digest, ADMIN).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Refusal).with.property("code", "plan_changed");
      const changes = (refused as Refusal).detail["changes"] as readonly {
        readonly user: { readonly userName: string };
      }[];
      expect([...new Set(changes.map(({ user }) => user.userName))]).to.deep.equal([name(4)]);
      expect(await state()).to.equal("--++++");
    });

    it("is released although somebody in it came back meanwhile", async () => {
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      const { digest } = await previewRun(t.p, tenant, run.id);
      await setActive(3, true);
      await releaseRun(t.p, tenant, run.id, digest, ADMIN);
      await t.settled();
      expect(await state()).to.equal("---+++");
    });

    it("is released once: a second release, or a discard behind it, is refused", async () => {
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      const { digest } = await previewRun(t.p, tenant, run.id);
      await releaseRun(t.p, tenant, run.id, digest, ADMIN);
      await t.settled();
      for (const again of [releaseRun(t.p, tenant, run.id, digest, ADMIN), discardRun(t.p, tenant, run.id, ADMIN)]) {
        const refused = await again.catch((error: unknown) => error);
        expect(refused).to.be.instanceOf(Refusal).with.property("code", "run_not_held");
      }
    });

    it("is discarded: its people stay as they are until their facts change again", async () => {
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      await discardRun(t.p, tenant, run.id, ADMIN);
      await t.mapping({ ...MAPPING, no_match: "allow" });
      await t.settled();
      expect(await state()).to.equal("--++++");
      clock.forward({ hours: 2 });
      await setActive(3, true);
      await leave(3);
      expect(await state()).to.equal("--+-++");
    });

    it("is discarded as of now, also when facts moved while people were held", async () => {
      await t.change("okta", { kind: "removeMembers", group: sales, members: [ids[3] as DirectoryUserId] });
      expect(await t.held("okta")).to.deep.equal(hold(2, 3));
      await discardRun(t.p, await t.tenant(), (await t.heldRun("okta")).id, ADMIN);
      clock.forward({ hours: 2 });
      await t.mapping({ ...MAPPING, no_match: "allow" });
      await t.settled();
      expect(await state()).to.equal("--++++");
      expect(await t.holds(name(3))).to.deep.equal(["Sales/viewer"]);
    });

    it("keeps gains of discarded people coming", async () => {
      await discardRun(t.p, await t.tenant(), (await t.heldRun("okta")).id, ADMIN);
      await t.mapping({ mappings: [...MAPPING.mappings, { everyone: true, team_name: "Lobby", role_name: "viewer" }] });
      await t.settled();
      expect(await t.holds(name(3))).to.deep.equal(["Sales/viewer"]);
      expect(await t.holds(name(4))).to.deep.equal(["Lobby/viewer", "Sales/viewer"]);
    });
  });

  describe("an announced change", () => {
    const announce = async (max: number, hours: number) => {
      const until = new Date(Date.parse(clock.now()) + hours * 3_600_000).toISOString();
      await expectChange(t.p, await t.tenant(), "okta", { max, until }, ADMIN);
    };

    it("lets that many more people go, and no more", async () => {
      await announce(3, 1);
      for (const at of [0, 1, 2, 3, 4, 5]) await leave(at);
      expect(await state()).to.equal("-----+");
    });

    it("is over when its time is", async () => {
      await announce(3, 1);
      clock.forward({ hours: 1 });
      for (const at of [0, 1, 2]) await leave(at);
      expect(await state()).to.equal("--++++");
    });

    it("replaces an earlier one", async () => {
      await announce(5, 1);
      await announce(1, 1);
      for (const at of [0, 1, 2, 3]) await leave(at);
      expect(await state()).to.equal("---+++");
    });

    for (const [why, hours] of [
      ["in the past", -1],
      ["a month and more ahead", 24 * 31],
    ] as const) {
      it(`is refused ${why}`, async () => {
        const refused = await announce(3, hours).catch((error: unknown) => error);
        expect(refused).to.be.instanceOf(Refusal).with.property("code", "bad_request");
      });
    }
  });
});
