import { expect } from "chai";
import type { Connection } from "../../src/model/connection.js";
import type { RunId, UserId } from "../../src/model/ids.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { expectRefusal, LATER, MUCH_LATER, makeWorld, NO_WRITES, NOW, SCIM_CONNECTION, type World } from "./world.js";

const BEFORE = "2026-03-01T07:00:00.000Z";

async function peopleOf(world: World, names: readonly string[]): Promise<readonly UserId[]> {
  const users: UserId[] = [];
  for (const name of names) users.push((await world.push(name)).user);
  return users;
}

export function workConformance(open: OpenStore): void {
  describe("the worker's work", () => {
    const store = storeForTests(open);
    const reconcile = (world: World, reconciled: readonly { user: UserId; factsVersion: number }[], version = 0) =>
      world.write((tx) => tx.applyAccess({ ...NO_WRITES, reconciled, version }, NOW));

    it("raises facts versions with marks, and lets go only of the mark that was reconciled", async () => {
      const world = await makeWorld(store());
      const [ann, bob] = (await peopleOf(world, ["ann", "bob"])) as [UserId, UserId];
      await world.write((tx) => tx.markDirty([ann, bob], "facts", NOW));
      await world.write((tx) => tx.markDirty([ann], "facts", NOW));
      await reconcile(world, [
        { user: ann, factsVersion: 1 },
        { user: bob, factsVersion: 1 },
      ]);
      const state = (await world.read.people([ann, bob])).map(({ factsVersion, dirty }) => [factsVersion, dirty]);
      expect(state).to.deep.equal([
        [2, true],
        [1, false],
      ]);
      await world.write((tx) => tx.markDirty([], "facts", NOW));
    });

    it("claims due marks for a while, and gives them again when the while is over", async () => {
      const world = await makeWorld(store());
      const [ann, bob] = (await peopleOf(world, ["ann", "bob"])) as [UserId, UserId];
      const claim = (now: string, until: string, limit = 10) => world.write((tx) => tx.claimMarks(now, until, limit));
      await world.write((tx) => tx.markDirty([ann, bob], "facts", NOW));
      expect(await claim(BEFORE, NOW), "not due yet").to.deep.equal([]);
      const first = await claim(NOW, LATER, 1);
      const second = await claim(NOW, LATER, 5);
      expect([...first, ...second]).to.have.members([ann, bob]);
      expect(await claim(NOW, LATER)).to.deep.equal([]);
      expect(await claim(LATER, MUCH_LATER), "an abandoned claim").to.have.members([ann, bob]);
      await world.write((tx) => tx.markDirty([ann], "facts", LATER));
      expect(await claim(LATER, MUCH_LATER), "new facts are due at once").to.deep.equal([ann]);
      await world.write((tx) => tx.delayMarks([ann, bob], NOW));
      expect(await claim(NOW, LATER), "put off to an instant").to.have.members([ann, bob]);
    });

    it("leaves a leased mark to who made it, until the lease ends, the mark is put off or made anew", async () => {
      const world = await makeWorld(store());
      const [ann, bob, cyd] = (await peopleOf(world, ["ann", "bob", "cyd"])) as [UserId, UserId, UserId];
      const claim = (now: string) => world.write((tx) => tx.claimMarks(now, MUCH_LATER, 10));
      await world.write((tx) => tx.markDirty([ann, bob, cyd], "facts", NOW, LATER));
      expect(await claim(NOW)).to.deep.equal([]);
      const busy = await store().instance.tenantsWithWork(NOW, 100);
      expect(busy, "nor is there work").not.to.include(world.tenant.id);
      await world.write((tx) => tx.delayMarks([ann], NOW));
      expect(await claim(NOW)).to.deep.equal([ann]);
      await world.write((tx) => tx.markDirty([bob], "facts", NOW));
      expect(await claim(NOW)).to.deep.equal([bob]);
      expect(await claim(LATER)).to.deep.equal([cyd]);
    });

    it("marks everyone linked at a connection, or everyone", async () => {
      const world = await makeWorld(store());
      const users = await peopleOf(world, ["a", "b"]);
      const lone = await world.write((tx) => tx.insertPendingUser({ userName: "lone" }, NOW));
      expect(await world.write((tx) => tx.markConnection(world.connection.id, "settings", NOW))).to.equal(2);
      expect(await world.write((tx) => tx.claimMarks(NOW, LATER, 10))).to.have.members([...users]);
      expect(await world.write((tx) => tx.markEverybody("new_day", NOW))).to.equal(3);
      expect(await world.write((tx) => tx.claimMarks(NOW, LATER, 10))).to.have.members([...users, lone]);
    });

    it("knows whose marks are a run's, and who of them is left", async () => {
      const world = await makeWorld(store());
      const { write } = world;
      const [ann, bob, cyd] = (await peopleOf(world, ["ann", "bob", "cyd"])) as [UserId, UserId, UserId];
      const run = (status: "queued" | "done" = "queued") =>
        write((tx) =>
          tx.insertRun(
            { trigger: "push", status, connection: world.connection.id, total: 0, startedBy: "operator" },
            NOW,
          ),
        );
      const left = (id: RunId) => write((tx) => tx.leftOfRun(id));
      const [over, early, late] = [await run("done"), await run(), await run()];
      expect(await write((tx) => tx.giveMarks([ann], early)), "nobody is marked").to.equal(0);
      await write((tx) => tx.markDirty([ann, bob], "facts", NOW));
      expect(await write((tx) => tx.giveMarks([ann, bob], over))).to.equal(2);
      expect(await write((tx) => tx.giveMarks([ann], early)), "the run before it is over").to.equal(1);
      const marked = await write((tx) => tx.markConnection(world.connection.id, "go_live", NOW, late));
      expect(marked, "one stays with the run that asked before").to.equal(2);
      await write((tx) => tx.markDirty([ann, bob, cyd], "facts", NOW));
      const owners = (await world.read.people([ann, bob, cyd])).map(({ markRun }) => markRun);
      expect(owners, "other marks change nothing about it").to.deep.equal([early, late, late]);
      expect([await left(early), await left(late)]).to.deep.equal([
        { claimed: 1, failed: 0 },
        { claimed: 3, failed: 0 },
      ]);
      await write((tx) => tx.delayMarks([bob], LATER));
      await reconcile(world, [{ user: ann, factsVersion: 3 }]);
      await reconcile(world, [{ user: cyd, factsVersion: 1 }]);
      expect(await left(late), "an old reconcile lets no mark go").to.deep.equal({ claimed: 1, failed: 1 });
      await reconcile(world, [{ user: bob, factsVersion: 3 }]);
      await write((tx) => tx.markDirty([bob], "facts", NOW));
      expect((await world.read.people([bob]))[0], "later marks are nobody's").to.not.have.property("markRun");
    });

    it("counts whom an earlier run has while it is open and they are asked for, and passes them on when it ends", async () => {
      const world = await makeWorld(store());
      const { write, connection } = world;
      const [ann, bob] = (await peopleOf(world, ["ann", "bob"])) as [UserId, UserId];
      const lone = await write((tx) => tx.insertPendingUser({ userName: "lone" }, NOW));
      const other = await write((tx) => tx.insertConnection({ ...SCIM_CONNECTION, slug: "other" }, NOW));
      const run = (trigger: "push" | "go_live" | "pins", at: Connection) =>
        write((tx) => tx.insertRun({ trigger, status: "queued", connection: at.id, total: 0 }, NOW));
      const left = (id: RunId) => write((tx) => tx.leftOfRun(id));
      const early = await run("go_live", connection);
      await write((tx) => tx.markDirty([ann, bob, lone], "facts", NOW));
      expect(await write((tx) => tx.giveMarks([ann, bob, lone], early))).to.equal(3);
      const elsewhere = await run("go_live", other);
      expect(await left(elsewhere), "people of another connection").to.deep.equal({ claimed: 0, failed: 0 });
      await run("push", connection);
      const [pins, last] = [await run("pins", connection), await run("go_live", connection)];
      expect(await left(pins), "while the earlier run is open").to.deep.equal({ claimed: 2, failed: 0 });
      await reconcile(world, [{ user: bob, factsVersion: 1 }]);
      const passed = await write(async (tx) => {
        const to = await tx.passMarksOn(early);
        await tx.updateRun(early, { status: "failed" }, NOW);
        return to;
      });
      expect([...passed]).to.deep.equal([[pins, 1]]);
      expect([await left(pins), await left(last)]).to.deep.equal([
        { claimed: 1, failed: 0 },
        { claimed: 1, failed: 0 },
      ]);
      const [marked, free] = await world.read.people([ann, lone]);
      expect([marked?.markRun, free?.markRun, free?.dirty]).to.deep.equal([pins, undefined, true]);
      await write((tx) => tx.updateRun(pins, { status: "done" }, NOW));
      expect(await left(last), "a mark of a run that is over is no open run's").to.deep.equal({
        claimed: 0,
        failed: 0,
      });
    });

    it("tells who is behind a version, and who was tried in vain; whoever comes later is not", async () => {
      const world = await makeWorld(store());
      const [, bob] = (await peopleOf(world, ["ann", "bob"])) as [UserId, UserId];
      const version = await world.write((tx) => tx.saveMapping(0, { text: "{}", author: "op" }, NOW));
      const left = () => world.write((tx) => tx.leftBehind(version));
      await world.write((tx) => tx.delayMarks([bob], LATER));
      await peopleOf(world, ["eve"]);
      expect(await left()).to.deep.equal({ claimed: 1, failed: 1 });
      await reconcile(world, [{ user: bob, factsVersion: 0 }], version);
      await world.write((tx) => tx.saveMapping(version, { text: "{}", author: "op" }, NOW));
      expect(await world.write((tx) => tx.leftBehind(version + 1)), "attempts begin anew").to.deep.equal({
        claimed: 3,
        failed: 0,
      });
    });

    it("claims people behind a version once each, in id order, until they are reconciled", async () => {
      const world = await makeWorld(store());
      const users = await peopleOf(world, ["a", "b", "c"]);
      const version = await world.write((tx) => tx.saveMapping(0, { text: "{}", author: "op" }, NOW));
      const claim = (now: string, until: string, limit: number) =>
        world.write((tx) => tx.claimBehind(version, now, until, limit));
      expect(await claim(NOW, LATER, 2)).to.deep.equal(users.slice(0, 2));
      expect(await claim(NOW, LATER, 2)).to.deep.equal(users.slice(2));
      expect(await claim(NOW, LATER, 2)).to.deep.equal([]);
      await reconcile(
        world,
        users.slice(0, 2).map((user) => ({ user, factsVersion: 0 })),
        version,
      );
      expect((await world.read.people(users)).map((person) => person.reconciledVersion)).to.deep.equal([1, 1, 0]);
      expect(await claim(LATER, MUCH_LATER, 10), "the claim ran out").to.deep.equal(users.slice(2));
      await world.write((tx) => tx.delayMarks(users.slice(2), BEFORE));
      expect(await claim(NOW, LATER, 10), "put off to the past").to.deep.equal(users.slice(2));
    });

    it("never takes a person back to an older version", async () => {
      const world = await makeWorld(store());
      const [ann] = (await peopleOf(world, ["ann"])) as [UserId];
      await reconcile(world, [{ user: ann, factsVersion: 0 }], 5);
      await reconcile(world, [{ user: ann, factsVersion: 0 }], 4);
      expect((await world.read.people([ann]))[0]?.reconciledVersion).to.equal(5);
    });

    it("wakes for what is due, once, at the instant that was said last", async () => {
      const world = await makeWorld(store());
      const { write } = world;
      await write((tx) => tx.wakeAt(NOW, "settle", "c1"));
      await write((tx) => tx.wakeAt(LATER, "settle", "c1"));
      await write((tx) => tx.wakeAt(NOW, "settle", "c2"));
      await write((tx) => tx.wakeAt(BEFORE, "grant_expiry", "c1"));
      const take = (now: string) => write((tx) => tx.takeWakeups(now));
      expect(await take(NOW)).to.deep.equal([
        { kind: "grant_expiry", ref: "c1" },
        { kind: "settle", ref: "c2" },
      ]);
      expect(await take(NOW)).to.deep.equal([]);
      expect(await take(LATER)).to.deep.equal([{ kind: "settle", ref: "c1" }]);
    });

    it("numbers runs within the tenant, and adds up their progress", async () => {
      const world = await makeWorld(store());
      const { read, write, connection } = world;
      const plan = "plan-1";
      const first = await write((tx) =>
        tx.insertRun(
          { trigger: "mapping", status: "queued", mappingVersion: 1, digest: "d", plan, total: 9, includeFrozen: true },
          NOW,
        ),
      );
      const second = await write((tx) =>
        tx.insertRun({ trigger: "push", status: "running", connection: connection.id, total: 1 }, NOW),
      );
      expect([first, second]).to.deep.equal([1, 2]);
      const queued = { id: 1, trigger: "mapping", mappingVersion: 1, digest: "d", createdAt: NOW };
      expect(await read.run(first)).to.deep.equal({ ...queued, status: "queued", total: 9, done: 0, counts: {} });
      await write((tx) =>
        tx.updateRun(first, { status: "running", addDone: 2, addTotal: 1, addCounts: { granted: 2 } }, LATER),
      );
      await write((tx) => tx.updateRun(first, { addDone: 3, addCounts: { granted: 1, held: 4 } }, LATER));
      await write((tx) => tx.updateRun(first, { status: "failed", error: "x", digest: "e" }, MUCH_LATER));
      expect(await read.run(first)).to.deep.equal({
        ...{
          ...queued,
          status: "failed",
          total: 10,
          done: 5,
          counts: { granted: 3, held: 4 },
          error: "x",
          digest: "e",
        },
        ...{ startedAt: LATER, finishedAt: MUCH_LATER },
      });
      await write((tx) => tx.updateRun(first, { status: "queued" }, MUCH_LATER));
      expect(await read.run(first), "who works on it still does not open it again").to.include({ status: "failed" });
      expect(await read.mappingRun(1)).to.deep.equal({ plan, includeFrozen: true });
      expect(await read.mappingRun(2)).to.equal(undefined);
      expect(
        (await read.runs({ limit: 10 })).items.map((run) => run.id),
        "newest first",
      ).to.deep.equal([2, 1]);
      expect((await read.runs({ limit: 10, status: "failed" })).items.map((run) => run.id)).to.deep.equal([1]);
      const page = await read.runs({ limit: 1 });
      expect((await read.runs({ limit: 1, after: page.next ?? "" })).items.map((run) => run.id)).to.deep.equal([1]);
      await expectRefusal(read.runs({ limit: 1, after: "1; drop table runs" }), "bad_request");
      await expectRefusal(
        write((tx) => tx.updateRun(99 as typeof first, {}, NOW)),
        "not_found",
      );
    });

    it("lets one worker at a time drive a run", async () => {
      const world = await makeWorld(store());
      const { write } = world;
      const claim = (now: string, until: string) => write((tx) => tx.claimRun(now, until));
      expect(await claim(NOW, LATER)).to.equal(undefined);
      const insert = (status: "queued" | "done") =>
        write((tx) => tx.insertRun({ trigger: "push", status, total: 1 }, NOW));
      await insert("done");
      const [first, second] = [await insert("queued"), await insert("queued")];
      expect(await claim(NOW, LATER)).to.include({
        id: first,
        status: "running",
        includeFrozen: false,
        startedAt: NOW,
      });
      expect(await claim(NOW, LATER)).to.include({ id: second });
      expect(await claim(NOW, LATER), "both are driven").to.equal(undefined);
      await write((tx) => tx.updateRun(first, { leaseUntil: MUCH_LATER }, LATER));
      expect(await claim(LATER, MUCH_LATER), "abandoned").to.include({ id: second });
      await write((tx) => tx.updateRun(first, { status: "queued" }, LATER));
      expect(await claim(LATER, MUCH_LATER), "put back").to.include({ id: first });
    });

    it("holds one open held run per connection", async () => {
      const world = await makeWorld(store());
      const { read, write, connection } = world;
      const insert = () =>
        write((tx) => tx.insertRun({ trigger: "held", status: "held", connection: connection.id, total: 0 }, NOW));
      expect(await read.heldRun(connection.id)).to.equal(undefined);
      const run = await insert();
      expect(await read.heldRun(connection.id)).to.include({ id: run });
      await expectRefusal(insert(), "conflict");
      await write((tx) => tx.updateRun(run, { status: "done" }, NOW));
      expect(await insert()).to.be.greaterThan(run);
    });
  });

  describe("which tenants have work", () => {
    it("names a tenant for each kind of work, and none when all is done", async () => {
      const store = await open();
      try {
        const busy = (now = NOW) => store.instance.tenantsWithWork(now, 10);
        expect(await busy(), "an empty instance").to.deep.equal([]);
        const idle = await makeWorld(store);
        const world = await makeWorld(store);
        const { tenant, write } = world;
        const { user } = await idle.push("idle");
        const { user: ann } = await world.push("ann");
        expect(await busy()).to.deep.equal([]);

        await write((tx) => tx.markDirty([ann], "facts", NOW));
        expect(await busy(), "a mark").to.deep.equal([tenant.id]);
        expect(await busy(BEFORE), "a mark that is not due").to.deep.equal([]);
        await reconcile(world, ann, 1, 0);
        expect(await busy(), "reconciled").to.deep.equal([]);

        const version = await write((tx) => tx.saveMapping(0, { text: "{}", author: "op" }, NOW));
        expect(await busy(), "behind").to.deep.equal([tenant.id]);
        await write((tx) => tx.claimBehind(version, NOW, LATER, 10));
        expect(await busy(), "claimed").to.deep.equal([]);
        expect(await busy(LATER), "the claim ran out").to.deep.equal([tenant.id]);
        await reconcile(world, ann, 1, version);
        expect(await busy(LATER), "reconciled to the version").to.deep.equal([]);
        await write((tx) => tx.claimBehind(version, LATER, MUCH_LATER, 10));
        expect(await busy(LATER), "nobody is behind").to.deep.equal([]);

        const run = await write((tx) => tx.insertRun({ trigger: "push", status: "queued", total: 0 }, NOW));
        expect(await busy(), "a queued run").to.deep.equal([tenant.id]);
        await write((tx) => tx.claimRun(NOW, LATER));
        expect(await busy(), "a run that is driven").to.deep.equal([]);
        expect(await busy(LATER), "an abandoned run").to.deep.equal([tenant.id]);
        await write((tx) => tx.updateRun(run, { status: "done" }, NOW));

        await write((tx) => tx.wakeAt(LATER, "settle", "c"));
        expect(await busy(), "not yet").to.deep.equal([]);
        expect(await busy(LATER), "a wake-up").to.deep.equal([tenant.id]);
        await write((tx) => tx.takeWakeups(LATER));

        await write((tx) => tx.appendEvents([{ type: "user.created", data: {} }], NOW));
        expect(await busy(), "an event").to.deep.equal([tenant.id]);
        await write((tx) => tx.publishEvents(NOW, 10));
        expect(await busy(MUCH_LATER), "all done").to.deep.equal([]);

        await idle.write((tx) => tx.markDirty([user], "facts", NOW));
        await write((tx) => tx.markDirty([ann], "facts", NOW));
        expect(await busy(), "two tenants").to.deep.equal([idle.tenant.id, tenant.id]);
        expect(await store.instance.tenantsWithWork(NOW, 1)).to.have.length(1);
      } finally {
        await store.close();
      }
    });
  });

  const reconcile = (world: World, user: UserId, factsVersion: number, version: number) =>
    world.write((tx) => tx.applyAccess({ ...NO_WRITES, reconciled: [{ user, factsVersion }], version }, NOW));
}
