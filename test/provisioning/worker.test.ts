import { expect } from "chai";
import type { DirectoryUserId, RunId } from "../../src/model/ids.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { push } from "../../src/provisioning/push.js";
import { applyPrepared, preparePeople } from "../../src/provisioning/reconcile.js";
import { previewRun, releaseRun } from "../../src/provisioning/runs/held-runs.js";
import { startWorker } from "../../src/provisioning/runs/worker.js";
import { goLive, previewSync, turnSyncOff } from "../../src/provisioning/sync-mode.js";
import { testClock } from "../support/clock.js";
import { scimUser } from "../support/people.js";
import { expressionFault } from "../support/planted-fault.js";
import { ADMIN, isSettled, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const gives = (role: string) => ({
  mappings: [
    { id: "sales", when: "user.department = 'Sales'", team_name: "Sales", role_name: role },
    { id: "lobby", everyone: true, team_name: "Lobby", role_name: "viewer" },
  ],
});
const SALES = { attributes: { department: "Sales" } };
const HOLDS = ["Lobby/viewer", "Sales/viewer"];

describe("the worker", () => {
  const clock = testClock();
  const fault = expressionFault();
  const workerFault = expressionFault();
  let database: TestDatabase;
  let t: TenantInTest;

  beforeEach(async () => {
    fault.planted = false;
    workerFault.planted = false;
    database = await openDatabase({ with: (p) => fault.into(clock.into(p)), withWorker: workerFault.into });
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.mapping(gives("viewer"));
    await t.settled();
  });
  afterEach(() => database.close());

  const id = async () => (await t.tenant()).id;
  const reader = async () => t.p.store.read(await id());

  /** Waits until nothing that is due now is left: what failed is put off to later. */
  async function idle(): Promise<void> {
    for (;;) {
      t.worker.wake();
      await new Promise((resolve) => setTimeout(resolve, 10));
      if ((await t.p.store.instance.tenantsWithWork(t.p.now(), 10)).length === 0) return;
    }
  }

  /** Waits until the run was tried and put off. */
  async function putOff(run: RunId | undefined): Promise<void> {
    if (run === undefined) throw new Error("there is no run");
    for (;;) {
      const { counts } = (await (await reader()).run(run)) ?? {};
      if ((counts?.["attempts"] ?? 0) > 0) return;
      t.worker.wake();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Waits until the run is over, or has had time for all its attempts. */
  async function over(run: RunId | undefined): Promise<void> {
    for (let second = 0; run !== undefined && second < 600; second += 2) {
      await idle();
      if (/done|failed/.test((await (await reader()).run(run))?.status ?? "")) return;
      clock.forward({ seconds: 2 });
    }
  }

  describe("after a failure", () => {
    it("of a reconcile inside a push, the push is answered, the mark waits, and the worker catches up", async () => {
      fault.planted = true;
      const ada = await t.pushUser("okta", "ada", SALES);
      expect(ada).to.be.a("string");
      await idle();
      expect(await t.holds("ada")).to.equal("nobody");
      expect(await t.person("ada")).to.include({ dirty: true, status: "pending" });
      fault.planted = false;
      clock.forward({ seconds: 31 });
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal(HOLDS);
    });

    it("for one person, everybody else goes on", async () => {
      await t.pushUser("okta", "ada", { attributes: { department: "Poison" } });
      for (const name of ["bob", "cyd"]) await t.pushUser("okta", name, SALES);
      workerFault.planted = ({ input }) => JSON.stringify(input).includes("Poison");
      const { run } = await t.mapping({ mappings: gives("editor").mappings.slice(0, 1) });
      await idle();
      expect([await t.holds("bob"), await t.holds("cyd")]).to.deep.equal([["Sales/editor"], ["Sales/editor"]]);
      expect(await t.holds("ada")).to.deep.equal(["Lobby/viewer"]);
      const ended = await (await reader()).run(run);
      expect([ended?.status, ended?.done, ended?.counts["failed"]]).to.deep.equal(["done", 2, 1]);
      workerFault.planted = false;
      clock.forward({ minutes: 10 });
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal([]);
    });

    it("of a release, the held do not stay behind for ever", async () => {
      const people: DirectoryUserId[] = [];
      for (let at = 0; at < 12; at++) people.push(await t.pushUser("okta", `p${at}`, SALES));
      for (const [at, person] of people.entries()) await t.pushUser("okta", `p${at}`, { id: person, active: false });
      expect(Object.keys(await t.held("okta"))).to.deep.equal(["p10", "p11"]);
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      const { digest } = await previewRun(t.p, tenant, run.id);
      workerFault.planted = true;
      await releaseRun(t.p, tenant, run.id, digest, ADMIN);
      await putOff(run.id);
      workerFault.planted = false;
      clock.forward({ hours: 1 });
      await t.settled();
      expect([await t.holds("p10"), await t.holds("p11")]).to.deep.equal(["deactivated", "deactivated"]);
      expect(await t.held("okta")).to.deep.equal({});
    });

    it("of a switch to off, people who were to leave leave all the same", async () => {
      for (const name of ["ada", "bob"]) await t.pushUser("okta", name, SALES);
      await t.connect({ slug: "other", protocol: "scim", sync: "live", mayGrantOwner: false });
      const tenant = await t.tenant();
      const { digest } = await previewSync(t.p, tenant, "okta", { to: "off", onDisable: "deactivate" });
      workerFault.planted = true;
      const options = { onDisable: "deactivate", digest } as const;
      const { run } = await turnSyncOff(t.p, tenant, await t.connection("okta"), options, ADMIN);
      await putOff(run);
      workerFault.planted = false;
      clock.forward({ hours: 1 });
      await t.settled();
      expect([await t.holds("ada"), await t.holds("bob")]).to.deep.equal(["deactivated", "deactivated"]);
    });

    describe("of one who is to leave by a switch to off", () => {
      let leaving: RunId | undefined;
      beforeEach(async () => {
        await t.pushUser("okta", "ada", { attributes: { department: "Poison" } });
        await t.pushUser("okta", "bob", SALES);
        const tenant = await t.tenant();
        const { digest } = await previewSync(t.p, tenant, "okta", { to: "off", onDisable: "deactivate" });
        workerFault.planted = ({ input }) => JSON.stringify(input).includes("Poison");
        const options = { onDisable: "deactivate", digest } as const;
        leaving = (await turnSyncOff(t.p, tenant, await t.connection("okta"), options, ADMIN)).run;
        await putOff(leaving);
        await over(leaving);
      });
      const run = async () => leaving && (await reader()).run(leaving);

      it("they leave as soon as they can be reconciled, however long that takes", async () => {
        expect((await run())?.counts["attempts"]).to.be.at.least(10);
        expect([await t.holds("ada"), await t.holds("bob")]).to.deep.equal([["Lobby/viewer"], "deactivated"]);
        workerFault.planted = false;
        clock.forward({ minutes: 1 });
        await t.settled();
        expect(await t.holds("ada")).to.equal("deactivated");
        expect(await run()).to.include({ status: "done", total: 2, done: 2 });
      });

      it("they stay when the connection goes live again meanwhile", async () => {
        const { digest } = await previewSync(t.p, await t.tenant(), "okta", { to: "live" });
        const { run: live } = await goLive(t.p, await t.tenant(), "okta", digest, ADMIN);
        expect(await run()).to.include({
          status: "failed",
          error: "another switch of the connection took its place",
        });
        workerFault.planted = false;
        clock.forward({ minutes: 1 });
        await t.settled();
        expect([await t.holds("ada"), await t.holds("bob")]).to.deep.equal([["Lobby/viewer"], HOLDS]);
        expect(await (await reader()).run(live)).to.include({ status: "done", total: 2, done: 2 });
      });
    });

    it("of one person in a push, later runs of other connections are over when their own people are done", async () => {
      workerFault.planted = ({ input }) => JSON.stringify(input).includes("Poison");
      const few = { ...t.p, settings: { ...t.p.settings, inlineUsers: 1 } };
      const [tenant, connection] = [await t.tenant(), await t.connection("okta")];
      const person = (name: string, department: string) =>
        ({ kind: "upsertUser", document: scimUser(name, { attributes: { department } }) }) as const;
      const changes = [person("bob", "Sales"), person("cyd", "Sales"), person("ada", "Poison")];
      const { run: pushed } = await push(few, { tenant, connection, changes, context: ADMIN });
      await over(pushed);
      expect(pushed && (await (await reader()).run(pushed))).to.deep.include({ status: "done", total: 3, done: 2 });
      await t.connect({ slug: "trial", protocol: "scim", sync: "test", mayGrantOwner: false });
      await t.pushUser("trial", "dan", SALES);
      const { digest } = await previewSync(t.p, tenant, "trial", { to: "live" });
      const { run } = await goLive(t.p, tenant, "trial", digest, ADMIN);
      await over(run);
      expect(await (await reader()).run(run)).to.deep.include({ status: "done", total: 1, done: 1 });
      workerFault.planted = false;
      clock.forward({ minutes: 1 });
      await t.settled();
      expect(await t.holds("ada"), "tried again all the same").to.deep.equal(["Lobby/viewer"]);
    });

    it("of going live, nobody is forgotten", async () => {
      await t.connect({ slug: "trial", protocol: "scim", sync: "test", mayGrantOwner: false });
      await t.pushUser("trial", "ada", SALES);
      const tenant = await t.tenant();
      const { digest } = await previewSync(t.p, tenant, "trial", { to: "live" });
      workerFault.planted = true;
      const { run } = await goLive(t.p, tenant, "trial", digest, ADMIN);
      await putOff(run);
      workerFault.planted = false;
      clock.forward({ hours: 1 });
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal(HOLDS);
    });
  });

  describe("that died", () => {
    beforeEach(() => t.worker.stop());
    let second: ReturnType<typeof startWorker> | undefined;
    afterEach(() => second?.stop());

    async function anotherWorks(until: () => Promise<boolean>): Promise<void> {
      second = startWorker(t.p);
      while (!(await until())) {
        second.wake();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await second.stop();
      second = undefined;
    }

    const nothingDue = async () => (await t.p.store.instance.tenantsWithWork(t.p.now(), 10)).length === 0;
    const nothingLeft = async () => isSettled(t.p, await id());

    it("between claim and apply, its marks are another's once the lease has run out", async () => {
      fault.planted = true;
      await t.pushUser("okta", "ada", SALES);
      fault.planted = false;
      const until = new Date(Date.parse(clock.now()) + 60_000).toISOString();
      const claimed = await t.p.store.write(await id(), (tx) => tx.claimMarks(clock.now(), until, 10));
      expect(claimed).to.have.length(1);
      await anotherWorks(nothingDue);
      expect(await t.person("ada")).to.include({ dirty: true });
      clock.forward({ seconds: 61 });
      await anotherWorks(nothingLeft);
      expect(await t.holds("ada")).to.deep.equal(HOLDS);
    });

    it("with a run in its hands, what another does meanwhile for the same mapping counts as the run's work", async () => {
      await t.pushUser("okta", "ada", SALES);
      await t.pushUser("okta", "bob", SALES);
      const { run } = await t.mapping(gives("editor"));
      const until = new Date(Date.parse(clock.now()) + 60_000).toISOString();
      await t.p.store.write(await id(), (tx) => tx.claimRun(clock.now(), until));
      await anotherWorks(nothingDue);
      expect(await t.holds("bob")).to.deep.equal(["Lobby/viewer", "Sales/editor"]);
      const counted = { done: 2, counts: { revoke: 2, grant: 2 } };
      expect(await (await reader()).run(run)).to.deep.include({ status: "running", ...counted });
      const { items } = await (await reader()).audit({ action: "grant.removed", limit: 10 });
      expect(items.map((one) => one.run)).to.deep.equal([run, run]);
      clock.forward({ seconds: 61 });
      await anotherWorks(nothingLeft);
      expect(await (await reader()).run(run)).to.deep.include({ status: "done", ...counted });
    });

    describe("with a run of a switch or a push in its hands", () => {
      const NAMES = ["ada", "bob", "cyd", "dan"];
      const inAMinute = () => new Date(Date.parse(clock.now()) + 60_000).toISOString();
      let ada: DirectoryUserId;

      /** Everybody pushed to a connection in test mode, which is then switched live while no worker works. */
      async function wentLive(): Promise<RunId> {
        await t.connect({ slug: "trial", protocol: "scim", sync: "test", mayGrantOwner: false });
        ada = await t.pushUser("trial", "ada", SALES);
        for (const name of NAMES.slice(1)) await t.pushUser("trial", name, SALES);
        await anotherWorks(nothingDue);
        const tenant = await t.tenant();
        const { digest } = await previewSync(t.p, tenant, "trial", { to: "live" });
        return (await goLive(t.p, tenant, "trial", digest, ADMIN)).run;
      }

      async function pushed(): Promise<RunId> {
        const few = { ...t.p, settings: { ...t.p.settings, inlineUsers: 3 } };
        const [tenant, connection] = [await t.tenant(), await t.connection("okta")];
        const changes = NAMES.map((name) => ({ kind: "upsertUser" as const, document: scimUser(name, SALES) }));
        const { run } = await push(few, { tenant, connection, changes, context: ADMIN });
        if (run === undefined) throw new Error("the push waited for everybody");
        return run;
      }

      const givenBy = async () => {
        const { items } = await (await reader()).audit({ action: "grant.added", limit: 100 });
        return items.map((one) => one.run);
      };

      for (const [what, begin] of [
        ["a switch", wentLive],
        ["a push", pushed],
      ] as const) {
        it(`and some of its people claimed, all of ${what} is counted once, whoever does it`, async () => {
          const run = await begin();
          await t.p.store.write(await id(), async (tx) => {
            await tx.claimRun(clock.now(), inAMinute());
            await tx.claimMarks(clock.now(), inAMinute(), 2);
          });
          await anotherWorks(nothingDue);
          const half = { status: "running", total: 4, done: 2, counts: { create_user: 2, grant: 4 } };
          expect(await (await reader()).run(run)).to.deep.include(half);
          clock.forward({ seconds: 61 });
          await anotherWorks(nothingLeft);
          const whole = { status: "done", total: 4, done: 4, counts: { create_user: 4, grant: 8 } };
          expect(await (await reader()).run(run)).to.deep.include(whole);
          expect(await givenBy()).to.deep.equal(Array(8).fill(run));
        });

        it(`${what} is not over while somebody of it is in other hands`, async () => {
          const run = await begin();
          await t.p.store.write(await id(), (tx) => tx.claimMarks(clock.now(), inAMinute(), 2));
          await anotherWorks(nothingDue);
          const half = await (await reader()).run(run);
          expect(half).to.include({ total: 4, done: 2 });
          expect(half?.status).to.be.oneOf(["queued", "running"]);
          clock.forward({ seconds: 61 });
          await anotherWorks(nothingLeft);
          expect(await (await reader()).run(run)).to.include({ status: "done", total: 4, done: 4 });
        });
      }

      it("what a request does meanwhile for one of its people is the run's work, and a newcomer is not", async () => {
        const run = await wentLive();
        await t.p.store.write(await id(), (tx) => tx.claimRun(clock.now(), inAMinute()));
        await t.pushUser("trial", "ada", { ...SALES, id: ada, attributes: { department: "Ops" } });
        await t.pushUser("trial", "eve", SALES);
        expect(await (await reader()).run(run)).to.deep.include({ done: 1, counts: { create_user: 1, grant: 1 } });
        expect(await givenBy()).to.have.members([run, undefined, undefined]);
        clock.forward({ seconds: 61 });
        await anotherWorks(nothingLeft);
        expect(await (await reader()).run(run)).to.include({ status: "done", total: 4, done: 4 });
      });

      it("people whom an earlier run marked stay its own, and the later one is not over before them", async () => {
        const earlier = await pushed();
        const tenant = await t.tenant();
        const { digest } = await previewSync(t.p, tenant, "okta", { to: "off", onDisable: "deactivate" });
        const options = { onDisable: "deactivate", digest } as const;
        const { run } = await turnSyncOff(t.p, tenant, await t.connection("okta"), options, ADMIN);
        if (run === undefined) throw new Error("no run");
        await t.p.store.write(await id(), (tx) => tx.claimMarks(clock.now(), inAMinute(), 2));
        await anotherWorks(nothingDue);
        const runs = async () => {
          const both = await Promise.all([earlier, run].map(async (one) => (await reader()).run(one)));
          return both.map((one) => [one?.status === "done", one?.total, one?.done]);
        };
        expect(await runs()).to.deep.equal([
          [false, 4, 2],
          [false, 0, 0],
        ]);
        clock.forward({ seconds: 61 });
        await anotherWorks(nothingLeft);
        expect(await runs()).to.deep.equal([
          [true, 4, 4],
          [true, 0, 0],
        ]);
      });
    });

    it("with people of a held run claimed, their release counts for them all the same", async () => {
      const people: DirectoryUserId[] = [];
      for (let at = 0; at < 12; at++) people.push(await t.pushUser("okta", `p${at}`, SALES));
      for (const [at, person] of people.entries()) await t.pushUser("okta", `p${at}`, { id: person, active: false });
      const run = await t.heldRun("okta");
      const [tenant, user] = [await t.tenant(), await t.userId("p10")];
      const until = new Date(Date.parse(clock.now()) + 60_000).toISOString();
      await t.p.store.write(tenant.id, async (tx) => {
        await tx.markDirty([user], "facts", clock.now());
        await tx.claimMarks(clock.now(), until, 10);
      });
      const { digest, summary } = await previewRun(t.p, tenant, run.id);
      expect(summary).to.include({ deactivated: 2, drifted: 0 });
      await releaseRun(t.p, tenant, run.id, digest, ADMIN);
      await anotherWorks(nothingDue);
      expect([await t.holds("p10"), await t.holds("p11")]).to.deep.equal(["deactivated", "deactivated"]);
      expect(await (await reader()).run(run.id)).to.include({ status: "done", total: 2, done: 2 });
    });

    it("before it came to a released run, who would lose more by then than was reviewed stays held", async () => {
      const people: DirectoryUserId[] = [];
      for (let at = 0; at < 12; at++) people.push(await t.pushUser("okta", `p${at}`, SALES));
      for (const [at, person] of people.entries()) await t.pushUser("okta", `p${at}`, { id: person, active: false });
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      const { digest } = await previewRun(t.p, tenant, run.id);
      await releaseRun(t.p, tenant, run.id, digest, ADMIN);
      const cover = { target: { scope: "team:Ops", role: "editor" }, reason: "cover" };
      await addManualGrant(t.p, tenant, await t.userId("p10"), cover, ADMIN);
      await anotherWorks(nothingLeft);
      expect([await t.holds("p10"), await t.holds("p11")]).to.deep.equal([
        [...HOLDS, "Ops/editor"].sort(),
        "deactivated",
      ]);
      expect(await t.held("okta")).to.deep.equal({ p10: "brake_deactivations" });
      expect(await (await reader()).run(run.id)).to.include({ status: "done", total: 2, done: 1 });
      clock.forward({ hours: 3 });
      await anotherWorks(nothingLeft);
      expect(await t.held("okta"), "nobody goes by waiting").to.deep.equal({ p10: "brake_deactivations" });
    });

    it("in the middle of a run, another takes the run up and ends it", async () => {
      await t.pushUser("okta", "ada", SALES);
      const { run, version } = await t.mapping(gives("editor"));
      const until = new Date(Date.parse(clock.now()) + 60_000).toISOString();
      await t.p.store.write(await id(), async (tx) => {
        await tx.claimRun(clock.now(), until);
        await tx.claimBehind(version, clock.now(), until, 10);
      });
      await anotherWorks(nothingDue);
      expect(await (await reader()).run(run)).to.include({ status: "running" });
      clock.forward({ seconds: 61 });
      await anotherWorks(nothingLeft);
      expect(await (await reader()).run(run)).to.include({ status: "done" });
      expect(await t.holds("ada")).to.deep.equal(["Lobby/viewer", "Sales/editor"]);
    });
  });

  describe("that is told to stop", () => {
    it("gives its run back with nobody claimed: another goes on at once", async () => {
      await t.worker.stop();
      const [tenant, connection] = [await t.tenant(), await t.connection("okta")];
      const names = Array.from({ length: 1200 }, (_, at) => `p${at}`);
      const changes = names.map((name) => ({ kind: "upsertUser" as const, document: scimUser(name, SALES) }));
      const { run } = await push(t.p, { tenant, connection, changes, context: ADMIN });
      if (run === undefined) throw new Error("the push waited for everybody");
      const state = async () => (await reader()).run(run);
      const first = startWorker(t.p);
      while (((await state())?.done ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await first.stop();
      const half = await state();
      expect(half).to.include({ status: "queued", total: 1200 });
      expect(half?.done).to.be.within(1, 1199);
      const second = startWorker(t.p);
      while ((await state())?.status !== "done") await new Promise((resolve) => setTimeout(resolve, 5));
      await second.stop();
      expect(await state()).to.deep.include({ done: 1200, counts: { create_user: 1200, grant: 2400 } });
    });
  });

  it("does no harm where a batch outlasts its lease and another does it, too", async () => {
    await t.worker.stop();
    for (const name of ["ada", "bob"]) await t.pushUser("okta", name, SALES);
    const { run } = await t.mapping(gives("editor"));
    const ids = await (await reader()).peopleIds({ limit: 10 });
    const prepare = async () => preparePeople(t.p, await id(), ids, { context: ADMIN });
    const [slow, quick] = [await prepare(), await prepare()];
    for (const batch of [quick, slow]) await applyPrepared(t.p, await id(), batch);
    expect(await (await reader()).run(run)).to.deep.include({ done: 2, total: 2, counts: { revoke: 2, grant: 2 } });
    const { items } = await (await reader()).audit({ action: "grant.removed", limit: 10 });
    expect(items).to.have.length(2);
    expect([await t.holds("ada"), await t.holds("bob")]).to.deep.equal(Array(2).fill(["Lobby/viewer", "Sales/editor"]));
  });

  it("reaches everybody with the latest mapping when one is saved while the run of another is under way", async () => {
    for (const name of ["ada", "bob", "cyd"]) await t.pushUser("okta", name, SALES);
    const runs = [];
    for (const role of ["editor", "team_admin", "case_manager"]) runs.push((await t.mapping(gives(role))).run);
    await t.settled();
    for (const name of ["ada", "bob", "cyd"]) {
      expect(await t.holds(name)).to.deep.equal(["Lobby/viewer", "Sales/case_manager"]);
      expect(await t.person(name)).to.include({ reconciledVersion: (await t.tenant()).activeVersion });
    }
    // each is done with everybody, and who got a later one at once has changes of that one alone
    const ended = await Promise.all(runs.map(async (run) => (await reader()).run(run)));
    for (const run of ended) expect(run).to.include({ status: "done", total: 3, done: 3 });
    const { items } = await (await reader()).audit({ action: "grant.added", limit: 100 });
    for (const run of ended) {
      const written = items.filter((one) => one.run === run?.id).length;
      expect(run?.counts["grant"] ?? 0).to.equal(written);
    }
  });

  it("names the run of a push that touches more people than an answer waits for", async () => {
    const members: DirectoryUserId[] = [];
    for (let at = 0; at < 5; at++) members.push(await t.pushUser("okta", `p${at}`));
    const few = { ...t.p, settings: { ...t.p.settings, inlineUsers: 3 } };
    const tenant = await t.tenant();
    const changes = members.map((person, at) => ({
      kind: "upsertUser" as const,
      id: person,
      document: scimUser(`p${at}`, SALES),
    }));
    const connection = await t.connection("okta");
    const { run } = await push(few, { tenant, connection, changes, context: ADMIN });
    if (run === undefined) throw new Error("the push waited for everybody");
    await t.settled();
    expect(await (await reader()).run(run)).to.include({ trigger: "push", status: "done", total: 5 });
    for (let at = 0; at < 5; at++) expect(await t.holds(`p${at}`)).to.deep.equal(HOLDS);
  });

  it("gives events their place in the order in which they happened", async () => {
    await t.pushUser("okta", "ada", SALES);
    await t.mapping(gives("editor"));
    await t.settled();
    const events = await (await reader()).events({ after: 0, limit: 100 });
    expect(events.map(({ position }) => position)).to.deep.equal(events.map((_, at) => at + 1));
    const ofAda = events.filter(({ user }) => user !== undefined).map(({ type }) => type);
    expect(ofAda[0]).to.equal("user.created");
    expect(ofAda.slice(-2)).to.deep.equal(["grant.removed", "grant.added"]);
  });
});
