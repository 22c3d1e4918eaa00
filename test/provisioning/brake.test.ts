import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { expectChange } from "../../src/provisioning/expect.js";
import { previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import { discardRun, previewRun, releaseRun } from "../../src/provisioning/runs/held-runs.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { goLive, previewSync, turnSyncOff } from "../../src/provisioning/sync-mode.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { testClock } from "../support/clock.js";
import { scimUser } from "../support/people.js";
import { smallBrake } from "../support/small-brake.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAPPING = { mappings: [{ group_name: "Sales", team_name: "Sales", role_name: "viewer" }] };

describe("W-10: the brake", () => {
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

  /** The held runs that the audit tells of, and the event feed with it. */
  const told = async (): Promise<readonly unknown[]> => {
    const reader = t.p.store.read((await t.tenant()).id);
    const { items } = await reader.audit({ action: "run.held", limit: 10 });
    const events = (await reader.events({ after: 0, limit: 1000 })).filter(({ type }) => type === "run.held");
    const runs = items.map(({ detail }) => detail["run"]).reverse();
    expect(events.map(({ data }) => data["run"])).to.deep.equal(runs);
    return runs;
  };

  it("lets as many people go as its bucket holds, and holds the rest as they were", async () => {
    const { p } = t;
    const session = { user: await t.userId(name(2)), connection: await t.connection("okta"), subject: "s", epoch: 0 };
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
      expect(await t.p.store.read(tenant.id).run(run.id)).to.include({ status: "done", total: 2, done: 2 });
    });

    it("is released for those who were previewed: who is held since stays so, in a run of their own", async () => {
      const run = await t.heldRun("okta");
      const tenant = await t.tenant();
      const { digest } = await previewRun(t.p, tenant, run.id);
      await leave(4);
      await releaseRun(t.p, tenant, run.id, digest, ADMIN);
      await t.settled();
      expect(await state()).to.equal("----++");
      expect(await t.p.store.read(tenant.id).run(run.id)).to.include({ status: "done", total: 2, done: 2 });
      expect(await t.held("okta")).to.deep.equal(hold(4));
      const left = await t.heldRun("okta");
      expect(left).to.include({ status: "held", total: 1 }).and.not.have.property("id", run.id);
      expect(await told(), "somebody has to decide about it").to.deep.equal([run.id, left.id]);
      const released = await t.p.store.read(tenant.id).audit({ action: "run.released", limit: 1 });
      expect(released.items[0]?.detail).to.deep.include({ people: 2, stillHeld: 1, stillHeldIn: left.id });
      clock.forward({ hours: 2 });
      await t.settled();
      expect(await state(), "nobody goes by waiting").to.equal("----++");
      const rest = await previewRun(t.p, tenant, left.id);
      await releaseRun(t.p, tenant, left.id, rest.digest, ADMIN);
      await t.settled();
      expect(await state()).to.equal("-----+");
    });

    it("that was released before releases named what was reviewed lets nobody go: they wait in a run that is told of", async () => {
      const run = await t.heldRun("okta");
      const { id } = await t.tenant();
      await t.p.store.write(id, (tx) => tx.updateRun(run.id, { status: "queued" }, clock.now()));
      await t.settled();
      expect(await t.p.store.read(id).run(run.id)).to.include({ status: "done", done: 0 });
      expect(await t.held("okta")).to.deep.equal({ ...hold(2), ...hold(3) });
      expect(await told()).to.deep.equal([run.id, (await t.heldRun("okta")).id]);
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

  describe("a discarded loss", () => {
    const lose = (...at: readonly number[]) =>
      t.change("okta", { kind: "removeMembers", group: sales, members: at.map((one) => ids[one] as DirectoryUserId) });
    const discard = async () => discardRun(t.p, await t.tenant(), (await t.heldRun("okta")).id, ADMIN);
    const viewers = async () => {
      const held = await Promise.all(ids.map((_, at) => t.holds(name(at))));
      return held.map((one) => (one.includes("Sales/viewer") ? "+" : "-")).join("");
    };

    beforeEach(() => lose(0, 1, 2, 3, 4));

    it("stays discarded whatever else marks the person", async () => {
      expect(await viewers()).to.equal("---+++");
      await discard();
      clock.forward({ hours: 2 });
      await t.pushGroup("okta", "Chess", [ids[3] as DirectoryUserId]);
      await t.pushUser("okta", name(4), { id: ids[4] as string, attributes: { department: "Four" } });
      await t.signIn("okta", "four", { userName: name(4) });
      await t.settled();
      expect(await viewers()).to.equal("---+++");
      expect(await t.held("okta")).to.deep.equal({});
    });

    it("does not stop a new loss", async () => {
      await discard();
      clock.forward({ hours: 2 });
      await leave(3);
      expect(await t.holds(name(3))).to.equal("deactivated");
      expect(await viewers()).to.equal("----++");
    });

    it("is discarded with all that would be lost by then", async () => {
      const support = await t.pushGroup("okta", "Support", [ids[3] as DirectoryUserId]);
      await t.mapping({
        mappings: [...MAPPING.mappings, { group_name: "Support", team_name: "Support", role_name: "viewer" }],
      });
      await t.settled();
      await lose(5);
      await t.change("okta", { kind: "addMembers", group: sales, members: [ids[3] as DirectoryUserId] });
      await t.settled();
      await lose(3);
      const before = await t.holds(name(3));
      expect(before).to.deep.equal(["Sales/viewer", "Support/viewer"]);
      await t.change("okta", { kind: "setMembers", group: support, members: [] });
      expect(await t.held("okta")).to.have.property(name(3), "brake_access");
      await discard();
      clock.forward({ hours: 2 });
      await t.pushGroup("okta", "Chess", [ids[3] as DirectoryUserId]);
      await t.settled();
      expect(await t.holds(name(3))).to.deep.equal(before);
    });

    it("goes with its rule, as the preview of the mapping says", async () => {
      await discard();
      const text = JSON.stringify({ mappings: [{ group_name: "Other", team_name: "Other", role_name: "viewer" }] });
      const preview = await previewMapping(t.p, await t.tenant(), text, {});
      expect(preview.summary).to.include({ revoked: 3, held: 0 });
      await saveMapping(t.p, await t.tenant(), text, { digest: preview.digest }, ADMIN);
      await t.settled();
      expect(await viewers()).to.equal("------");
      expect(await t.held("okta")).to.deep.equal({});
    });

    it("is no line of the preview of a mapping that leaves its rule alone", async () => {
      await discard();
      const text = JSON.stringify({ ...MAPPING, no_match: "allow" });
      const preview = await previewMapping(t.p, await t.tenant(), text, {});
      expect(preview.summary).to.include({ revoked: 0, deactivated: 0 });
    });

    it("is a leaver's all the same, when the directory ends an account that waits for lost access", async () => {
      expect(await t.held("okta")).to.deep.equal({ [name(3)]: "brake_access", [name(4)]: "brake_access" });
      await leave(3);
      expect(await t.holds(name(3))).to.equal("deactivated");
      expect(await t.held("okta")).to.deep.equal({ [name(4)]: "brake_access" });
    });
  });

  it("passes people who are held when a run's approval covers what they lose", async () => {
    await t.change("okta", { kind: "setMembers", group: sales, members: [] });
    const held = Object.keys(await t.held("okta"));
    expect(held).to.have.length(3);
    const people = await Promise.all(held.map((one) => t.person(one)));
    const covered = new Set(people.flatMap(({ hold: one }) => one?.losses ?? []));
    const ids = people.map(({ id }) => id);
    await reconcilePeople(t.p, (await t.tenant()).id, ids, { context: ADMIN, approval: covered });
    expect(await t.held("okta")).to.deep.equal({});
    expect(await Promise.all(held.map((one) => t.holds(one)))).to.deep.equal([[], [], []]);
  });

  it("charges losses that no connection gave to the built-in connection", async () => {
    const other = await database.tenant();
    await other.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await other.mapping({ ...MAPPING, no_match: "default", default_team: "Lobby", default_role: "viewer" });
    await other.pushGroup("okta", "Chess");
    for (const at of ids.keys()) await other.pushUser("okta", name(at));
    await other.settled();
    const holding = async () => (await Promise.all(ids.map((_, at) => other.holds(name(at))))).flat();
    expect(await holding()).to.deep.equal(Array(6).fill("Lobby/viewer"));
    const [okta, tenant] = [await other.connection("okta"), await other.tenant()];
    const off = turnSyncOff(other.p, tenant, okta, { onDisable: "convert" }, ADMIN);
    expect(await off.catch(({ code }: { readonly code: string }) => code)).to.equal("digest_required");
    // nobody has reviewed what they lose
    await other.p.store.write(tenant.id, async (tx) => {
      await tx.updateConnection(okta.id, { sync: "off" }, other.p.now());
      await tx.markConnection(okta.id, "connection", other.p.now());
    });
    await other.settled();
    expect(await holding()).to.have.length(3);
    const held = { ...(await other.held("local")), ...(await other.held("okta")) };
    expect(Object.values(held)).to.deep.equal(Array(3).fill("brake_access"));
    const audit = await other.p.store.read((await other.tenant()).id).audit({ limit: 1, action: "grant.removed" });
    expect(audit.items[0]?.detail["reason"]).to.equal("no connection knows the person any more");
  });

  it("holds an owner who need not stay any more like anybody else, where too many people leave", async () => {
    const group = await t.pushGroup("okta", "IT", [ids[0] as DirectoryUserId]);
    await t.mapping({ ...MAPPING, tenant_owners_groups: ["IT"] });
    await t.settled();
    await leave(0);
    expect(await t.held("okta")).to.deep.equal({ [name(0)]: "last_owner" });
    for (const at of [1, 2]) await leave(at);
    await t.change("okta", { kind: "addMembers", group, members: ids.slice(3, 5) });
    await t.settled();
    expect(await t.held("okta")).to.deep.equal({ [name(0)]: "brake_deactivations" });
    expect((await t.heldRun("okta")).total).to.equal(1);
    expect(await state()).to.equal("+--+++");
  });

  it("shows as kept the owner whom apply keeps", async () => {
    await t.pushGroup("okta", "IT", ids.slice(0, 3));
    await t.mapping({ ...MAPPING, tenant_owners_groups: ["IT"] });
    await t.settled();
    const text = JSON.stringify(MAPPING);
    const preview = await previewMapping(t.p, await t.tenant(), text, {});
    const lines = (await preview.lines({ limit: 50 })).items.filter(({ target }) => target?.role === "owner");
    await saveMapping(t.p, await t.tenant(), text, { digest: preview.digest }, ADMIN);
    await t.settled();
    const kept = Object.keys(await t.held("okta"));
    expect(lines.filter(({ change }) => change === "hold").map(({ user }) => user.userName)).to.deep.equal(kept);
    expect(lines.filter(({ change }) => change === "revoke")).to.have.length(2);
    expect(preview.summary).to.include({ revoked: 2, held: 1 });
    expect(kept).to.have.length(1);
    expect(await t.holds(kept[0] as string)).to.include("tenant/owner");
  });

  it("is not slowed by people who wait for a seat", async () => {
    const { id } = await t.connection("okta");
    const tenant = (await t.tenant()).id;
    const waiting = (await t.person(name(5))).id;
    await t.p.store.write(tenant, async (tx) => {
      const run = await tx.insertRun({ trigger: "held", status: "held", connection: id, total: 1 }, clock.now());
      await tx.hold(run, [{ user: waiting, factsVersion: 1, reason: "no_seat", detail: "" }], clock.now());
    });
    await leave(0);
    await leave(1);
    clock.forward({ minutes: 30 });
    expect((await t.p.store.read(tenant).brakeState(id, "access")).held).to.equal(0);
    await leave(2);
    expect(await state()).to.equal("---+++");
  });

  it("lets people in who wait for a seat as soon as there are more", async () => {
    const small = await database.tenant({ seats: 1 });
    await small.connect({ slug: "okta", protocol: "scim", sync: "test" });
    await small.mapping({ mappings: [{ everyone: true, team_name: "Lobby", role_name: "viewer" }] });
    for (const one of ["a", "b", "c"]) await small.pushUser("okta", one);
    const { digest } = await previewSync(small.p, await small.tenant(), "okta", { to: "live" });
    await goLive(small.p, await small.tenant(), "okta", digest, ADMIN);
    await small.settled();
    expect(Object.values(await small.held("okta"))).to.deep.equal(["no_seat", "no_seat"]);
    await updateTenant(small.p, await small.tenant(), { seats: 2 }, ADMIN);
    await small.settled();
    expect(Object.values(await small.held("okta"))).to.deep.equal(["no_seat"]);
    await updateTenant(small.p, await small.tenant(), { seats: null }, ADMIN);
    await small.settled();
    expect(await Promise.all(["a", "b", "c"].map(small.holds))).to.deep.equal(Array(3).fill(["Lobby/viewer"]));
  });

  it("gives seats that leavers leave to who waits for one, in the order of their ids, and to no more", async () => {
    const small = await database.tenant({ seats: 3 });
    await small.connect({ slug: "okta", protocol: "scim", sync: "test" });
    await small.mapping({ mappings: [{ everyone: true, team_name: "Lobby", role_name: "viewer" }] });
    const rows = new Map<string, DirectoryUserId>();
    for (const one of ["a", "b", "c", "d", "e", "f"]) rows.set(one, await small.pushUser("okta", one));
    const { digest } = await previewSync(small.p, await small.tenant(), "okta", { to: "live" });
    await goLive(small.p, await small.tenant(), "okta", digest, ADMIN);
    await small.settled();
    const held = async () => Object.keys(await small.held("okta"));
    expect(await held()).to.have.length(3);
    const waiting = await Promise.all((await held()).map(small.person));
    const inOrder = [...waiting].sort((one, other) => (one.id < other.id ? -1 : 1)).map(({ userName }) => userName);
    const seated = ["a", "b", "c", "d", "e", "f"].filter((one) => !inOrder.includes(one));
    for (const one of seated.slice(0, 2)) {
      await small.pushUser("okta", one, { id: rows.get(one) as string, active: false });
    }
    await small.settled();
    expect(await held()).to.deep.equal(inOrder.slice(2));
    expect(await small.tenant()).to.include({ seats: 3, seatsUsed: 3 });
    const rest = await small.person(inOrder[2] as string);
    expect(rest.factsVersion, "nobody is looked at in vain").to.equal(
      waiting.find(({ id }) => id === rest.id)?.factsVersion,
    );
  });

  describe("an announced change", () => {
    const announce = async (max: number, hours: number) => {
      const until = new Date(Date.parse(clock.now()) + hours * 3_600_000).toISOString();
      await expectChange(t.p, await t.tenant(), "okta", { max, until }, ADMIN);
    };

    it("is used once by people of one batch of whom some leave and others lose access", async () => {
      await announce(2, 1);
      const off = [0, 1].map((at) => {
        const document = scimUser(name(at), { active: false });
        return { kind: "upsertUser", id: ids[at] as DirectoryUserId, document } as const;
      });
      await t.change("okta", ...off, { kind: "setMembers", group: sales, members: [] });
      await t.settled();
      expect(await state()).to.equal("--++++");
      expect(Object.values(await t.held("okta"))).to.deep.equal(["brake_access"]);
    });

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
