import { expect } from "chai";
import type { SessionLimits } from "../../src/model/connection.js";
import type { UserId } from "../../src/model/ids.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import {
  ALIVE,
  expectRefusal,
  LATER,
  LONGEST,
  MUCH_LATER,
  makeWorld,
  NOW,
  register,
  SUMMARY,
  savePlan,
  unique,
  type World,
} from "./world.js";

const BROWSER = { address: "203.0.113.7", browser: "Firefox on Linux" };

async function signedIn(
  world: World,
  user: UserId,
  more: { subject?: string; idpSession?: string; sealedHint?: string } = {},
): Promise<string> {
  const hash = unique("session");
  const session = {
    hash,
    user,
    connection: world.connection.id,
    subject: "sub",
    epoch: 0,
    expiresAt: MUCH_LATER,
    ...BROWSER,
    ...more,
  };
  await world.write((tx) => tx.insertSession(session, NOW));
  return hash;
}

export function signInConformance(open: OpenStore): void {
  describe("sign-ins", () => {
    const store = storeForTests(open);
    const alive = async (hash: string) => (await store().instance.sessionByHash(hash)) !== undefined;

    it("takes a pending login out once, and shows it until then", async () => {
      const { read, write, connection } = await makeWorld(store());
      const login = {
        ...{ stateHash: unique("state"), connection: connection.id, browserHash: "b", nonce: "n", verifier: "v" },
        ...{ returnTo: "/me", expiresAt: LATER },
      };
      await write((tx) => tx.insertPendingLogin(login));
      await expectRefusal(
        write((tx) => tx.insertPendingLogin(login)),
        "conflict",
      );
      expect(await read.pendingLogin(login.stateHash)).to.deep.equal(login);
      const taken = await Promise.all([1, 2, 3].map(() => write((tx) => tx.takePendingLogin(login.stateHash))));
      expect(taken.filter((each) => each !== undefined)).to.deep.equal([login]);
      expect(await read.pendingLogin(login.stateHash)).to.equal(undefined);
      const { returnTo: _returnTo, ...bare } = login;
      await write((tx) => tx.insertPendingLogin(bare));
      expect(await write((tx) => tx.takePendingLogin(login.stateHash))).to.deep.equal(bare);
    });

    it("says whether anybody of a connection, gone or not, is known by a subject or kept out by one", async () => {
      const known = async ({ write, connection }: World) => write((tx) => tx.knowsSubjects(connection.id));
      const claims = { at: NOW, attributes: {}, claims: {} };
      const [world, other] = [await makeWorld(store()), await makeWorld(store())];
      const { row } = await world.push("ann");
      expect(await known(world)).to.equal(false);
      await world.write((tx) => tx.updateClaims(row, claims, "sub-1", NOW));
      expect(await known(world)).to.equal(true);
      await world.write((tx) => tx.deleteUserRow(world.connection.id, row, NOW));
      expect(await known(world)).to.equal(true);
      const { row: off } = await other.push("bob");
      expect(await known(other), "another tenant's").to.equal(false);
      await other.write((tx) => tx.noteKeptOut(other.connection.id, [{ subject: "sub-2", by: off }], NOW));
      expect(await known(other)).to.equal(true);
    });

    it("finds a session with all that a request needs, and moves its last use", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      await register(world, [user]);
      const hash = await signedIn(world, user);
      await world.write((tx) => tx.touchSession(hash, LATER));
      expect(await store().instance.sessionByHash(hash)).to.deep.equal({
        ...{
          id: (await world.read.sessions({ ...ALIVE, user })).items[0]?.id,
          tenant: world.tenant,
          userId: user,
          connection: world.connection,
        },
        ...{ createdAt: NOW, lastSeenAt: LATER, expiresAt: MUCH_LATER },
      });
      const listed = (more: object = {}) => world.read.sessions({ ...ALIVE, user, ...more });
      const [one] = (await listed()).items;
      const { address, browser } = BROWSER;
      expect(one).to.deep.equal({
        ...{ id: one?.id, user: { id: user, userName: "ann" }, connection: world.connection.id },
        ...{ createdAt: NOW, lastSeenAt: LATER, expiresAt: MUCH_LATER, address, browser },
      });
      const none = [{ now: MUCH_LATER }, { usedAfter: LATER }, { openedAfter: NOW }, { after: one?.id }, { user: "x" }];
      for (const more of none) expect((await listed(more)).items, JSON.stringify(more)).to.deep.equal([]);
      const end = () => world.write((tx) => tx.endSession(hash, LATER));
      expect([await end(), await end()]).to.deep.equal([{ subject: "sub" }, undefined]);
      expect(await alive(hash)).to.equal(false);
      expect((await listed()).items).to.deep.equal([]);
    });

    it("finds no session of a disabled connection or of a person who is not registered", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const session = {
        hash: unique("s"),
        user,
        connection: world.connection.id,
        subject: "s",
        epoch: 0,
        expiresAt: LATER,
      };
      const open = () => world.write((tx) => tx.insertSession({ ...session, hash: unique("s") }, NOW));
      expect(await open(), "pending").to.equal("account");
      await register(world, [user]);
      expect(await open()).to.equal(undefined);
      const hash = await signedIn(world, user);
      expect(await alive(hash)).to.equal(true);
      await world.write((tx) => tx.updateConnection(world.connection.id, { disabledAt: NOW }, NOW));
      expect(await alive(hash)).to.equal(false);
      expect(await open()).to.equal("connection");
    });

    it("opens no session of an epoch that is over, and says that sessions ended", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      await register(world, [user]);
      const session = { user, connection: world.connection.id, subject: "s", expiresAt: LATER };
      const open = (epoch: number) =>
        world.write((tx) => tx.insertSession({ ...session, epoch, hash: unique("s") }, NOW));
      await world.write((tx) => tx.endAllSessions([user]));
      expect([await open(0), await open(1)]).to.deep.equal(["sessions", undefined]);
    });

    it("changes what a trace says came of a sign-in, and no other tenant's", async () => {
      const [world, other] = [await makeWorld(store()), await makeWorld(store())];
      const reference = unique("reference");
      for (const { write, connection } of [world, other]) {
        const trace = { connection: connection.id, at: NOW, outcome: "allowed", detail: { subject: "s" } };
        await write((tx) => tx.insertSignInTrace({ reference, ...trace }));
      }
      const change = { outcome: "deactivated", detail: { subject: "s", guard: "account" } };
      await world.write((tx) => tx.updateSignInTrace(reference, change));
      expect(await world.read.signInTrace(reference)).to.deep.include(change);
      expect(await other.read.signInTrace(reference)).to.deep.include({ outcome: "allowed", detail: { subject: "s" } });
    });

    it("ends sessions by person and by the IdP's names for them", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      await register(world, [user]);
      const end = (names: { subject?: string; idpSession?: string }) =>
        world.write((tx) => tx.endIdpSessions(world.connection.id, names, LATER));
      const first = await signedIn(world, user, { subject: "a", idpSession: "x" });
      const second = await signedIn(world, user, { subject: "a", idpSession: "y" });
      await signedIn(world, user, { subject: "b" });
      expect(await end({}), "no name ends nothing").to.deep.equal([]);
      expect(await end({ subject: "c", idpSession: "x" }), "both must hold").to.deep.equal([]);
      expect(await end({ subject: "b", idpSession: "y" }), "who was never named is meant").to.deep.equal([
        { user, sessions: 1 },
      ]);
      const third = await signedIn(world, user, { subject: "b" });
      expect(await end({ idpSession: "x" })).to.deep.equal([{ user, sessions: 1 }]);
      expect([await alive(first), await alive(second), await alive(third)]).to.deep.equal([false, true, true]);
      expect(await end({ subject: "a" })).to.deep.equal([{ user, sessions: 1 }]);
      expect(await world.write((tx) => tx.endSessionsOf(user, LATER))).to.equal(1);
      expect(await alive(third)).to.equal(false);
    });

    it("ends one session by its id, of whom it is of, and the others of a person", async () => {
      const world = await makeWorld(store());
      const [{ user }, { user: other }] = [await world.push("ann"), await world.push("bob")];
      await register(world, [user, other]);
      const hashes = [await signedIn(world, user), await signedIn(world, user), await signedIn(world, user)];
      const ids = (await world.read.sessions({ ...ALIVE, user, limit: 2 })).items.map(({ id }) => id);
      const end = (id = "", of?: UserId) => world.write((tx) => tx.endSessionById(id, of, LATER));
      expect([await end(ids[0], other), await end(ids[0], user), await end(ids[0])]).to.deep.equal([
        ...[undefined, user, undefined],
      ]);
      expect(await Promise.all(hashes.map(alive))).to.deep.equal([false, true, true]);
      expect(await world.write((tx) => tx.endSessionsOf(user, LATER, ids[1]))).to.equal(1);
      expect(await Promise.all(hashes.map(alive))).to.deep.equal([false, true, false]);
    });

    it("ends nothing a second time that has run out, or that ended with all of the person's", async () => {
      const world = await makeWorld(store());
      const people = [await world.push("ann"), await world.push("bob")] as const;
      const [ann, bob] = people.map(({ user }) => user) as [UserId, UserId];
      await register(world, [ann, bob]);
      await signedIn(world, ann, { subject: "a" });
      await signedIn(world, bob, { subject: "b" });
      const listed = async (user: UserId) => (await world.read.sessions({ ...ALIVE, user })).items[0]?.id ?? "none";
      const [ofAnn, ofBob] = [await listed(ann), await listed(bob)];
      await world.write((tx) => tx.endAllSessions([ann]));
      const end = (subject: string, at: string) =>
        world.write((tx) => tx.endIdpSessions(world.connection.id, { subject }, at));
      const endById = (id: string, at: string) => world.write((tx) => tx.endSessionById(id, undefined, at));
      expect([await endById(ofAnn, LATER), await endById(ofBob, MUCH_LATER)]).to.deep.equal([undefined, undefined]);
      expect([await end("a", LATER), await end("b", MUCH_LATER)]).to.deep.equal([[], []]);
      expect(await end("b", LATER)).to.deep.equal([{ user: bob, sessions: 1 }]);
    });

    it("opens no session under a mark that stands, and one when it is over", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      await register(world, [user]);
      const mark = unique("mark");
      await world.write((tx) => tx.rememberOnce(world.connection.id, mark, LATER));
      const session = { user, connection: world.connection.id, subject: "s", epoch: 0, expiresAt: MUCH_LATER };
      const open = (after: string, ...marks: readonly string[]) =>
        world.write((tx) =>
          tx.insertSession(
            { ...session, hash: unique("s"), ended: [{ marks: [], after: NOW }, ...[{ marks, after }]] },
            NOW,
          ),
        );
      expect([await open(NOW, mark), await open(NOW, "another"), await open(LATER, mark)]).to.deep.equal([
        ...["sessions", undefined, undefined],
      ]);
      await world.write((tx) => tx.markUntil(world.connection.id, mark, MUCH_LATER));
      await world.write((tx) => tx.markUntil(world.connection.id, mark, LATER));
      expect([await open(LATER, "another", mark), await open(MUCH_LATER, mark), await open(NOW)]).to.deep.equal([
        ...["sessions", undefined, undefined],
      ]);
    });

    it("hands out what the IdP wants to hear of a session once, when it ends", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      await register(world, [user]);
      const end = (hash: string) => world.write((tx) => tx.endSession(hash, LATER));
      const hinted = await signedIn(world, user, { idpSession: "x", sealedHint: "v1.sealed" });
      expect(await end(hinted)).to.deep.equal({ subject: "sub", idpSession: "x", sealedHint: "v1.sealed" });
      expect(await end(hinted), "ended before").to.equal(undefined);
      expect(await end(await signedIn(world, user))).to.deep.equal({ subject: "sub" });
    });

    it("remembers a one-time id once, however many ask at the same moment", async () => {
      const world = await makeWorld(store());
      const [local] = (await world.read.connections()).filter((each) => each.protocol === "local");
      const remember = (connection = world.connection.id) =>
        world.write((tx) => tx.rememberOnce(connection, "jti", LATER));
      const answers = await Promise.all([remember(), remember(), remember(), remember()]);
      expect(answers.filter((fresh) => fresh)).to.have.length(1);
      expect(await remember(local?.id), "another connection's ids are others").to.equal(true);
    });

    it("keeps a sign-in's trace by its reference", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const trace = {
        reference: unique("ref"),
        connection: world.connection.id,
        at: NOW,
        outcome: "not_assigned",
        detail: { a: [1] },
      };
      const known = { ...trace, reference: unique("ref"), user };
      await world.write(async (tx) => {
        await tx.insertSignInTrace(trace);
        await tx.insertSignInTrace(known);
      });
      expect(await world.read.signInTrace(trace.reference)).to.deep.equal(trace);
      expect(await world.read.signInTrace(known.reference)).to.deep.equal(known);
      expect(await world.read.signInTrace("none")).to.equal(undefined);
    });

    it("sweeps what is sealed in sessions that ended by idleness, by a limit or with the account's others, and in no other", async () => {
      const opened = async (
        limits: SessionLimits,
        also: (world: World, user: UserId, hash: string) => unknown = () => 0,
      ) => {
        const world = await makeWorld(store());
        const { user } = await world.push("ann");
        await register(world, [user]);
        await store().instance.updateTenant(world.tenant.id, { sessionLimits: limits }, NOW);
        const hash = await signedIn(world, user, { sealedHint: "sealed" });
        await also(world, user, hash);
        return () => world.write(async (tx) => (await tx.endSession(hash, LATER))?.sealedHint ?? "gone");
      };
      const used = (world: World, _: UserId, hash: string) => world.write((tx) => tx.touchSession(hash, LATER));
      const ended = (world: World, user: UserId) => world.write((tx) => tx.endAllSessions([user]));
      const kept = [
        await opened({}),
        await opened({ idleMinutes: 61, absoluteMinutes: 61 }),
        await opened({ idleMinutes: 60 }, used),
      ];
      const gone = [
        await opened({ idleMinutes: 60 }),
        await opened({ absoluteMinutes: 60 }, used),
        await opened({}, ended),
      ];
      await store().instance.sweep(LATER, LONGEST);
      const left = (all: typeof kept) => Promise.all(all.map((read) => read()));
      expect(await left(kept)).to.deep.equal(["sealed", "sealed", "sealed"]);
      expect(await left(gone)).to.deep.equal(["gone", "gone", "gone"]);
      const [idle, long] = [await opened({}), await opened({ idleMinutes: 100 })];
      await store().instance.sweep(LATER, { ...LONGEST, idleMinutes: 60 });
      expect(await left([idle, long]), "no tenant makes it longer").to.deep.equal(["gone", "gone"]);
    });

    it("sweeps what is past its time and nothing else", async () => {
      const world = await makeWorld(store());
      const { read, write, connection } = world;
      const { user } = await world.push("ann");
      await register(world, [user]);
      const plan = (digest: string, expiresAt: string) =>
        write((tx) =>
          savePlan(tx, { kind: "mapping", subject: "s", digest, summary: SUMMARY, expiresAt }, [
            { user: { id: "u", userName: "x" }, change: "hold", reason: "r", privileged: false, factsVersion: 0 },
          ]),
        );
      const login = (stateHash: string, expiresAt: string) =>
        write((tx) =>
          tx.insertPendingLogin({
            stateHash,
            connection: connection.id,
            browserHash: "b",
            nonce: "n",
            verifier: "v",
            expiresAt,
          }),
        );
      const [old, fresh] = [unique("old"), unique("fresh")];
      await plan(old, LATER);
      await plan(fresh, MUCH_LATER);
      await login(old, LATER);
      await login(fresh, MUCH_LATER);
      await write((tx) => tx.rememberOnce(connection.id, old, LATER));
      await write((tx) => tx.rememberOnce(connection.id, fresh, MUCH_LATER));
      const session = await signedIn(world, user);
      const ended = await signedIn(world, user);
      await write((tx) => tx.endSession(ended, NOW));
      await store().instance.sweep(LATER, LONGEST);
      expect(await read.plan("mapping", "s", old)).to.equal(undefined);
      expect(await read.plan("mapping", "s", fresh)).not.to.equal(undefined);
      expect(await write((tx) => tx.takePendingLogin(old))).to.equal(undefined);
      expect(await write((tx) => tx.takePendingLogin(fresh))).not.to.equal(undefined);
      expect(await write((tx) => tx.rememberOnce(connection.id, old, LATER))).to.equal(true);
      expect(await write((tx) => tx.rememberOnce(connection.id, fresh, LATER))).to.equal(false);
      expect(await alive(session)).to.equal(true);
    });
  });
}
