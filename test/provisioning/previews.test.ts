import { expect } from "chai";
import { dangerKey } from "../../src/engine/plan/digest.js";
import type { DirectoryGroupId, DirectoryUserId, GrantId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { targetLabel } from "../../src/model/target.js";
import { HELD_BECAUSE } from "../../src/provisioning/brake.js";
import { expectChange } from "../../src/provisioning/expect.js";
import { ingest } from "../../src/provisioning/ingest.js";
import { addManualGrant, removeManualGrant } from "../../src/provisioning/manual-grants.js";
import { activateVersion, previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import type { PlanRow } from "../../src/provisioning/ports/mappings.js";
import type { Preview } from "../../src/provisioning/preview/population.js";
import { previewRun, releaseRun } from "../../src/provisioning/runs/held-runs.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { testClock } from "../support/clock.js";
import { smallBrake } from "../support/small-brake.js";
import { ADMIN, openDatabase, openTenant, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const sales = (role: string) => ({ group_name: "Sales", team_name: "Sales", role_name: role });
const ADMINS = { group_name: "Sales", scope: "tenant", role_name: "admin" };
const EDITOR = JSON.stringify({ mappings: [sales("editor")] });
const NOTHING = JSON.stringify({ no_match: "allow" });

describe("previews and what is done by them", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;
  let ids: DirectoryUserId[];
  let group: DirectoryGroupId;

  before(async () => {
    database = await openDatabase({ with: (p) => smallBrake(clock.into(p)) });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.mapping({ mappings: [sales("viewer")] });
    ids = [];
    for (let at = 0; at < 5; at++) ids.push(await t.pushUser("okta", `p${at}`));
    group = await t.pushGroup("okta", "Sales", ids);
    await t.settled();
  });

  const preview = async (text: string) => previewMapping(t.p, await t.tenant(), text, {});
  const save = async (text: string, options: Parameters<typeof saveMapping>[3] = {}) =>
    saveMapping(t.p, await t.tenant(), text, options, ADMIN);
  const refusalOf = async (work: Promise<unknown>): Promise<Refusal> => {
    const refused = await work.catch((error: unknown) => error);
    if (!(refused instanceof Refusal)) throw new Error("nothing was refused");
    return refused;
  };
  const holding = async (label: string): Promise<number> => {
    const held = await Promise.all(ids.map((_, at) => t.holds(`p${at}`)));
    return held.filter((labels) => labels.includes(label)).length;
  };

  /** Facts move, and nobody has reconciled them yet: a worker that is due to do so later. */
  const unreconciled = async (changes: Parameters<typeof ingest>[3]) => {
    const tenant = await t.tenant();
    const connection = await t.connection("okta");
    await t.p.store.write(tenant.id, async (tx) => {
      const { touched } = await ingest(tx, tenant, connection, changes, clock.now());
      await tx.delayMarks(touched, new Date(Date.parse(clock.now()) + 60_000).toISOString());
    });
  };

  it("show every change with its reason, privileged ones first, and change nothing", async () => {
    const { summary, lines } = await preview(JSON.stringify({ mappings: [ADMINS] }));
    expect(summary).to.include({ users: 5, changed: 5, granted: 5, revoked: 5, held: 0, drifted: 0 });
    const shown = (await lines({ limit: 100 })).items;
    expect(shown.slice(0, 5).map(({ privileged, change }) => [privileged, change])).to.deep.equal(
      Array.from({ length: 5 }, () => [true, "grant"]),
    );
    expect(shown.map(({ target }) => target && targetLabel(target))).to.include.members([
      "tenant/admin",
      "Sales/viewer",
    ]);
    expect(shown.every(({ reason }) => reason.length > 0)).to.equal(true);
    expect(await holding("Sales/viewer")).to.equal(5);
    expect(await t.tenant()).to.include({ activeVersion: 1 });
  });

  it("name the teams that would be made", async () => {
    const { summary } = await preview(JSON.stringify({ mappings: [{ ...sales("viewer"), team_name: "Brand New" }] }));
    expect(summary.newTeams).to.deep.equal(["Brand New"]);
  });

  it("are the same for the same facts, whoever asks and however often", async () => {
    const [one, two] = [await preview(EDITOR), await preview(EDITOR)];
    expect(one.digest).to.equal(two.digest);
    expect((await preview(NOTHING)).digest).not.to.equal(one.digest);
  });

  it("let everything pass that they showed, however much that is", async () => {
    const { digest } = await preview(NOTHING);
    expect((await save(NOTHING, { digest })).beyondBrake).to.deep.equal([]);
    await t.settled();
    expect(await holding("Sales/viewer")).to.equal(0);
  });

  it("are not needed: without one the brake holds what is beyond its bucket", async () => {
    const { beyondBrake } = await save(NOTHING);
    const connection = (await t.connection("okta")).id;
    expect(beyondBrake).to.deep.equal([{ connection, kind: "access", people: 5, passes: 3 }]);
    await t.settled();
    expect(await holding("Sales/viewer")).to.equal(2);
    expect(Object.values(await t.held("okta"))).to.deep.equal(["brake_access", "brake_access"]);
    // Whoever waits is shown with what would be lost, and why it is not.
    const { summary, lines } = await preview(NOTHING);
    expect(summary).to.include({ changed: 0, revoked: 0, held: 2, kept: 0 });
    expect(
      (await lines({ limit: 10 })).items.map(({ change, target, reason }) => [change, target, reason]),
    ).to.deep.equal(Array(2).fill(["hold", { scope: "team:Sales", role: "viewer" }, HELD_BECAUSE.brake_access]));
  });

  it("are not needed where the brake lets all of it pass, as for what was announced", async () => {
    const until = new Date(Date.parse(clock.now()) + 3_600_000).toISOString();
    await expectChange(t.p, await t.tenant(), "okta", { max: 2, until }, ADMIN);
    expect((await save(NOTHING)).beyondBrake).to.deep.equal([]);
    await t.settled();
    expect(await holding("Sales/viewer")).to.equal(0);
  });

  it("are not needed to say which owner stays until somebody looks", async () => {
    const owners = { group_name: "Owners", scope: "tenant", role_name: "owner" };
    await t.mapping({ mappings: [sales("viewer"), owners] });
    await t.pushGroup("okta", "Owners", ids.slice(0, 2));
    await t.settled();
    const text = JSON.stringify({ mappings: [sales("viewer"), { ...owners, group_name: "Nobody" }] });
    const { summary, beyondBrake } = await save(text);
    expect([summary.held, summary.revoked, beyondBrake]).to.deep.equal([2, 0, []]);
    await t.settled();
    expect(await holding("tenant/owner")).to.equal(2);
  });

  it("name rules that cannot be judged, for how many people, and why", async () => {
    const rule = { id: "leads", when: "$number(user.title) > 1", team_name: "Sales", role_name: "lead" };
    const { summary } = await preview(JSON.stringify({ mappings: [sales("viewer"), rule] }));
    expect(summary.undecided).to.deep.equal({ items: [], more: 0 });
    for (const at of [0, 1])
      await t.pushUser("okta", `p${at}`, { id: String(ids[at]), attributes: { title: "no number" } });
    const failing = await preview(JSON.stringify({ mappings: [sales("viewer"), rule] }));
    expect(failing.summary.undecided).to.deep.equal({
      items: [{ rule: "leads", name: "leads", reason: "expression_failed", people: 2 }],
      more: 0,
    });
  });

  it("count as their run does, however many reasons an assignment has", async () => {
    const twice = {
      mappings: [sales("viewer"), { everyone: true, team_name: "Sales", role_name: "viewer" }],
      conflicts: "all",
    };
    await save(JSON.stringify(twice));
    await t.settled();
    const before = JSON.stringify({
      ...twice,
      mappings: twice.mappings.map((one) => ({ ...one, team_name: "Trade" })),
    });
    const { digest, summary } = await preview(before);
    expect(summary).to.include({ granted: 5, revoked: 5 });
    const { run } = await save(before, { digest });
    await t.settled();
    expect((await t.p.store.read((await t.tenant()).id).run(run))?.counts).to.include({ grant: 5, revoke: 5 });
  });

  it("do not cover what came later: plan_changed shows only that", async () => {
    const { digest } = await preview(NOTHING);
    const late = await t.pushUser("okta", "late");
    await t.change("okta", { kind: "addMembers", group, members: [late] });
    const refused = await refusalOf(save(NOTHING, { digest }));
    expect(refused.code).to.equal("plan_changed");
    expect(refused.message).to.contain("more would be taken away").and.not.to.contain("privileged");
    const changes = refused.detail["changes"] as readonly { readonly user: { readonly userName: string } }[];
    expect(changes.map(({ user }) => user.userName)).to.deep.equal(["late"]);
    expect(await t.tenant()).to.include({ activeVersion: 1 });
  });

  it("are told anew by plan_changed: what is shown then is confirmed by the digest that comes with it", async () => {
    const { digest } = await preview(NOTHING);
    const late = await t.pushUser("okta", "late");
    await t.change("okta", { kind: "addMembers", group, members: [late] });
    const { detail } = await refusalOf(save(NOTHING, { digest }));
    const reader = t.p.store.read((await t.tenant()).id);
    const stored = await reader.planById(String(detail["plan"]));
    expect(stored).to.include({ kind: "mapping", digest: detail["digest"] });
    const { items } = await reader.planLines(String(stored?.id), { limit: 100 });
    expect(items)
      .to.have.length(stored?.summary.revoked ?? 0)
      .and.length(6);
    await save(NOTHING, { digest: String(detail["digest"]) });
    await t.settled();
    expect(await holding("Sales/viewer")).to.equal(0);
    expect(await t.holds("late")).to.deep.equal([]);
  });

  it("that are told anew are kept for a day, as others are", async () => {
    const { digest } = await preview(NOTHING);
    await t.change("okta", { kind: "addMembers", group, members: [await t.pushUser("okta", "late")] });
    const { detail } = await refusalOf(save(NOTHING, { digest }));
    clock.forward({ hours: 25 });
    await t.p.store.instance.sweep(clock.now(), t.p.settings.sessions);
    const expired = await refusalOf(save(NOTHING, { digest: String(detail["digest"]) }));
    expect(expired.detail).to.deep.equal({});
  });

  it("are told anew, and cover nothing of what today's facts cause anyway", async () => {
    const { digest } = await preview(NOTHING);
    const late = await t.pushUser("okta", "late");
    await t.change("okta", { kind: "addMembers", group, members: [late] });
    const removed = [{ kind: "removeMembers", group, members: ids.slice(0, 4) } as const];
    await unreconciled(removed);
    const { detail } = await refusalOf(save(NOTHING, { digest }));
    const reader = t.p.store.read((await t.tenant()).id);
    const stored = await reader.planById(String(detail["plan"]));
    expect(stored?.summary).to.include({ revoked: 6, drifted: 4 });
    const { items } = await reader.planLines(String(stored?.id), { limit: 100 });
    expect(items.map(({ drifted = false }) => drifted).sort()).to.deep.equal([false, false, true, true, true, true]);
    await save(NOTHING, { digest: String(detail["digest"]) });
    clock.forward({ minutes: 2 });
    await t.settled();
    // Three of the four pass the brake, which is what it lets through of what nobody reviewed.
    expect(await holding("Sales/viewer")).to.equal(1);
    expect(await t.holds("late")).to.deep.equal([]);
    expect(await t.holds("p4")).to.deep.equal([]);
  });

  it("let people come and go meanwhile, as long as nobody loses more than was shown", async () => {
    const text = JSON.stringify({ mappings: [{ ...sales("viewer"), team_name: "Trade" }] });
    const { digest, summary } = await preview(text);
    expect(summary).to.include({ granted: 5, revoked: 5 });
    await t.pushUser("okta", "elsewhere");
    await t.change("okta", { kind: "removeMembers", group, members: ids.slice(0, 1) });
    await save(text, { digest });
    await t.settled();
    expect(await holding("Trade/viewer")).to.equal(4);
    expect(await holding("Sales/viewer")).to.equal(0);
  });

  it("refuse a digest of another draft, or of none", async () => {
    const { digest } = await preview(EDITOR);
    for (const unknown of [digest, "0".repeat(64)]) {
      const refused = await refusalOf(save(NOTHING, { digest: unknown }));
      expect(refused).to.include({ code: "plan_changed" });
      expect(refused.detail).to.deep.equal({});
      expect(refused.message).to.contain(unknown).and.to.contain("preview it");
    }
  });

  it("that nobody made are asked for at once, before anybody is looked at", async () => {
    const busy = { ...t.p, walks: { run: () => Promise.reject(new Error("everybody was looked at")) } };
    const tenant = await t.tenant();
    const digest = "0".repeat(64);
    const doors = [
      () => saveMapping(busy, tenant, NOTHING, { digest }, ADMIN),
      () => activateVersion(busy, tenant, 1, { digest }, ADMIN),
      () => goLive(busy, tenant, "okta", digest, ADMIN),
    ];
    for (const door of doors) expect((await refusalOf(door())).code).to.equal("plan_changed");
  });

  it("leave aside what today's facts cause anyway: drift is counted, and confirmed by nobody", async () => {
    await t.settled();
    const gone = [{ kind: "removeMembers", group, members: ids.slice(0, 1) } as const];
    const text = JSON.stringify({ mappings: [sales("viewer"), { ...sales("viewer"), team_name: "More" }] });
    const before = await preview(text);
    expect(before.summary).to.include({ drifted: 0, revoked: 0, granted: 5 });
    await unreconciled(gone);
    const after = await preview(text);
    expect(after.summary).to.include({ drifted: 1, revoked: 1, granted: 4 });
    await save(text, { digest: before.digest });
    clock.forward({ minutes: 2 });
    await t.settled();
    expect(await t.holds("p0")).to.deep.equal([]);
    expect(await holding("More/viewer")).to.equal(4);
  });

  describe("of people who are known by a first sign-in alone", () => {
    const NAMES = ["f0", "f1", "f2", "f3", "f4"];
    const lost = async () => (await Promise.all(NAMES.map(t.holds))).filter((labels) => labels.length === 0).length;

    beforeEach(async () => {
      await t.connect({ slug: "once", protocol: "oidc", jit: "first_sign_in" });
      for (const name of NAMES) await t.signIn("once", name, { groups: ["Sales"] });
      await t.settled();
    });

    it("approve what these lose, although they wait to be looked at: what left them out is no drift", async () => {
      await save(NOTHING, { digest: (await preview(NOTHING)).digest });
      await t.settled();
      expect(await lost()).to.equal(0);
      const people = await Promise.all(NAMES.map(t.userId));
      await t.p.store.write((await t.tenant()).id, async (tx) => {
        await tx.markDirty(people, "facts", clock.now());
        await tx.delayMarks(people, new Date(Date.parse(clock.now()) + 60_000).toISOString());
      });
      const { digest, summary } = await previewMapping(t.p, await t.tenant(), NOTHING, { includeFrozen: true });
      expect(summary).to.include({ revoked: 5, drifted: 0 });
      await save(NOTHING, { digest, includeFrozen: true });
      clock.forward({ minutes: 2 });
      await t.settled();
      expect(await lost()).to.equal(5);
    });

    it("call drift what the active version was saved to do to these, and nobody did yet", async () => {
      const alone = await openTenant({ with: clock.into });
      await alone.connect({ slug: "once", protocol: "oidc", jit: "first_sign_in" });
      await alone.mapping({ mappings: [sales("viewer")] });
      await alone.signIn("once", "f0", { groups: ["Sales"] });
      await alone.settled();
      await alone.worker.stop();
      const { version } = await saveMapping(alone.p, await alone.tenant(), NOTHING, { includeFrozen: true }, ADMIN);
      expect((await alone.person("f0")).reconciledVersion).to.be.lessThan(version);
      const { summary } = await previewMapping(alone.p, await alone.tenant(), NOTHING, { includeFrozen: true });
      await alone.close();
      expect(summary).to.include({ revoked: 1, drifted: 1 });
    });
  });

  describe("of another role in the same place", () => {
    const ordered = (role: string, more: object = {}) =>
      JSON.stringify({ role_order: ["viewer", "editor"], mappings: [sales(role)], ...more });
    const lateComer = async () => {
      const late = await t.pushUser("okta", "late");
      await t.change("okta", { kind: "addMembers", group, members: [late] });
      await t.settled();
    };

    it("that is higher need nobody's review, and the brake holds nobody: nobody loses by it", async () => {
      const { digest, summary } = await preview(ordered("editor"));
      expect(summary).to.include({ granted: 5, revoked: 5 });
      await lateComer();
      await save(ordered("editor"), { digest });
      await t.settled();
      expect(await holding("Sales/editor")).to.equal(5);
      expect(await t.holds("late")).to.deep.equal(["Sales/editor"]);
      await save(ordered("viewer"), { digest: (await preview(ordered("viewer"))).digest });
      await t.settled();
      await save(ordered("editor"));
      await t.settled();
      expect(await holding("Sales/editor")).to.equal(5);
      expect(await t.held("okta")).to.deep.equal({});
    });

    it("that today's facts would raise are no drift where the draft ends them instead", async () => {
      const lead = await t.pushGroup("okta", "Lead");
      const order = { role_order: ["viewer", "editor"] };
      const raise = { ...sales("editor"), group_name: "Lead" };
      await t.mapping({ ...order, mappings: [raise, sales("viewer")] });
      await t.settled();
      const when = "'Sales' in groups and $not('Lead' in groups)";
      const text = JSON.stringify({ ...order, mappings: [{ when, team_name: "Sales", role_name: "viewer" }] });
      const { digest, summary } = await preview(text);
      expect(summary).to.include({ revoked: 0 });
      await unreconciled([{ kind: "addMembers", group: lead, members: ids.slice(0, 1) }]);
      const { code, detail } = await refusalOf(save(text, { digest }));
      expect(code).to.equal("plan_changed");
      const changes = detail["changes"] as readonly PlanRow[];
      expect(changes.map(({ user, change }) => [user.userName, change])).to.deep.equal([["p0", "revoke"]]);
    });

    describe("beside a higher one that was given by hand", () => {
      const ORDER = { role_order: ["viewer", "editor", "admin"] };
      const MORE = { ...sales("viewer"), team_name: "More" };
      const RULED = JSON.stringify({ ...ORDER, mappings: [sales("editor"), MORE] });
      const grants = new Map<string, GrantId>();

      beforeEach(async () => {
        grants.clear();
        await save(RULED, { digest: (await preview(RULED)).digest });
        await t.settled();
        for (let at = 0; at < 5; at++) {
          const target = { scope: "team:Sales", role: "admin" };
          const given = { target, reason: "stands in" };
          grants.set(`p${at}`, await addManualGrant(t.p, await t.tenant(), await t.userId(`p${at}`), given, ADMIN));
        }
      });

      const endByHand = async () => {
        for (const [name, grant] of grants)
          await removeManualGrant(t.p, await t.tenant(), await t.userId(name), grant, ADMIN);
      };
      const raisedOf = async ({ lines }: Preview, role: string) =>
        (await lines({ limit: 100 })).items.filter(({ target }) => target?.role === role).map(({ raised }) => raised);

      it("are shown as raises, and confirmed as such: once that one has ended they are losses that nobody reviewed", async () => {
        const text = JSON.stringify({ ...ORDER, mappings: [MORE] });
        const before = await preview(text);
        expect(await raisedOf(before, "editor")).to.deep.equal(Array(5).fill(true));
        await endByHand();
        const after = await preview(text);
        expect(await raisedOf(after, "editor")).to.deep.equal(Array(5).fill(undefined));
        expect(after.digest).not.to.equal(before.digest);
        const refused = await refusalOf(save(text, { digest: before.digest }));
        expect(refused).to.include({ code: "plan_changed" });
        expect(refused.detail["changes"]).to.have.length(5);
        expect(await holding("Sales/editor")).to.equal(5);
      });

      it("are approved as no loss when they are confirmed", async () => {
        const text = JSON.stringify({ ...ORDER, mappings: [] });
        const { digest, lines } = await preview(text);
        const { version } = await save(text, { digest });
        const { approval } = await t.p.approvals.ofMapping(t.p.store.read((await t.tenant()).id), version);
        const approved = (await lines({ limit: 100 })).items.filter((line) =>
          typeof approval === "string" ? approval === "all" : approval.has(dangerKey(line)),
        );
        expect(approved.map(({ target }) => target && targetLabel(target))).to.deep.equal(Array(5).fill("More/viewer"));
      });

      it("are losses of a release, too, once that one has ended", async () => {
        await save(JSON.stringify({ ...ORDER, mappings: [sales("editor")] }));
        await t.settled();
        const waiting = Object.keys(await t.held("okta"));
        expect(waiting).to.have.length(2);
        const { id } = await t.heldRun("okta");
        const tenant = await t.tenant();
        await t.change("okta", { kind: "removeMembers", group, members: ids });
        await t.settled();
        const before = await previewRun(t.p, tenant, id);
        expect(await raisedOf(before, "editor")).to.deep.equal([true, true]);
        await endByHand();
        const refused = await refusalOf(releaseRun(t.p, tenant, id, before.digest, ADMIN));
        expect(refused).to.include({ code: "plan_changed" });
        const changes = refused.detail["changes"] as readonly PlanRow[];
        expect(changes.map(({ target }) => target?.role)).to.deep.equal(["editor", "editor"]);
      });
    });

    const losses: readonly (readonly [string, from: string, to: string])[] = [
      ["is lower", ordered("editor"), ordered("viewer")],
      ["nobody has ordered", ordered("viewer"), EDITOR],
      ["adds up with others", ordered("viewer"), ordered("editor", { conflicts: "all" })],
    ];
    for (const [what, from, to] of losses) {
      it(`that ${what} are losses: reviewed, or held`, async () => {
        await save(from, { digest: (await preview(from)).digest });
        await t.settled();
        const { digest } = await preview(to);
        await lateComer();
        expect(await refusalOf(save(to, { digest }))).to.include({ code: "plan_changed" });
        await save(to);
        await t.settled();
        expect(Object.keys(await t.held("okta"))).to.have.length(3);
      });
    }
  });

  it("show, and the brake counts, what is taken from a rule that got an id by the same edit", async () => {
    const text = JSON.stringify({ mappings: [sales("auditor"), { ...sales("viewer"), id: "sales" }] });
    expect((await preview(text)).summary).to.include({ revoked: 5 });
    await save(text);
    await t.settled();
    expect(await holding("Sales/viewer")).to.equal(2);
  });

  it("of a privileged gain cover nobody who was not shown", async () => {
    const text = JSON.stringify({ mappings: [sales("viewer"), ADMINS] });
    const { digest } = await preview(text);
    const late = await t.pushUser("okta", "late");
    await t.change("okta", { kind: "addMembers", group, members: [late] });
    const refused = await refusalOf(save(text, { digest }));
    expect(refused).to.include({ code: "plan_changed" });
    expect(refused.message).to.contain("a privileged role would be given").and.not.to.contain("taken away");
    expect(JSON.stringify(refused.detail["changes"])).to.contain("late").and.not.to.contain("p0");
  });

  describe("versions", () => {
    it("refuse a save over another's, with both, and keep the winner", async () => {
      const refused = await refusalOf(save(EDITOR, { expectedVersion: 0 }));
      expect(refused.code).to.equal("version_conflict");
      expect(refused.detail).to.deep.include({ expected: 0, yours: JSON.parse(EDITOR) });
      expect(refused.detail["active"]).to.deep.include({ version: 1, document: { mappings: [sales("viewer")] } });
      await save(EDITOR, { expectedVersion: 1 });
      expect(await t.tenant()).to.include({ activeVersion: 2 });
    });

    it("let one of two saves at the same moment win", async () => {
      const outcomes = await Promise.all(
        [EDITOR, NOTHING].map((text) => save(text, { expectedVersion: 1 }).catch((error: unknown) => error)),
      );
      const codes = outcomes.map((outcome) => (outcome instanceof Refusal ? outcome.code : "saved")).sort();
      expect(codes).to.deep.equal(["saved", "version_conflict"]);
      expect(await t.tenant()).to.include({ activeVersion: 2 });
    });

    it("come back as a new version by the same way: previewed, confirmed, applied, undone", async () => {
      const { digest } = await preview(EDITOR);
      await save(EDITOR, { digest });
      await t.settled();
      expect(await holding("Sales/editor")).to.equal(5);
      const tenant = await t.tenant();
      const before = await preview(JSON.stringify({ mappings: [sales("viewer")] }));
      const back = await activateVersion(t.p, tenant, 1, { digest: before.digest }, ADMIN);
      expect(back.version).to.equal(3);
      await t.settled();
      expect(await holding("Sales/viewer")).to.equal(5);
      const { items } = await t.p.store.read(tenant.id).mappingVersions({ limit: 10 });
      expect(items.map(({ version, restores }) => [version, restores])).to.deep.include([3, 1]);
      const run = await t.p.store.read(tenant.id).run(back.run);
      expect(run).to.include({ trigger: "rollback", status: "done" });
    });

    it("that say the same change nothing, and no grant begins anew", async () => {
      const reader = t.p.store.read((await t.tenant()).id);
      const since = async () =>
        (await reader.people([await t.userId("p0")]))[0]?.grants.map((grant) => [grant.id, grant.since]);
      const before = await since();
      clock.forward({ hours: 1 });
      const { summary } = await save(JSON.stringify({ mappings: [{ ...sales("viewer"), note: "as it was" }] }));
      expect(summary).to.include({ changed: 0 });
      await t.settled();
      expect(await since()).to.deep.equal(before);
      const [grant] = (await reader.people([await t.userId("p0")]))[0]?.grants ?? [];
      expect(grant?.mappingVersion, "the version that gave it").to.equal(1);
    });

    it("that are no mapping are refused with every problem, and nothing is saved", async () => {
      const refused = await refusalOf(save('{"mappings": [{"group": "x"}], "no_match": "maybe"}'));
      expect(refused.code).to.equal("invalid_document");
      expect((refused.detail["problems"] as readonly unknown[]).length).to.be.greaterThan(1);
      expect(await t.tenant()).to.include({ activeVersion: 1 });
    });
  });

  describe("of going live", () => {
    beforeEach(async () => {
      await t.connect({ slug: "trial", protocol: "scim", sync: "test", mayGrantOwner: false, settleSeconds: 0 });
      const ada = await t.pushUser("trial", "ada");
      await t.pushGroup("trial", "Sales", [ada]);
      await t.settled();
    });

    it("are needed where anything changes", async () => {
      const refused = await refusalOf(goLive(t.p, await t.tenant(), "trial", undefined, ADMIN));
      expect(refused).to.include({ code: "digest_required" });
      expect(await t.connection("trial")).to.include({ sync: "test" });
    });

    it("are not needed where nothing does", async () => {
      await t.connect({ slug: "empty", protocol: "scim", sync: "test", mayGrantOwner: false });
      await goLive(t.p, await t.tenant(), "empty", undefined, ADMIN);
      expect(await t.connection("empty")).to.include({ sync: "live" });
    });

    it("say who would be held for want of a seat: those who are, with the reason, and what they wait for", async () => {
      const small = await database.tenant({ seats: 2 });
      await small.connect({ slug: "okta", protocol: "scim", sync: "test", settleSeconds: 0 });
      await small.mapping({ mappings: [sales("viewer")] });
      const names = ["a", "b", "c", "d"];
      const people = [];
      for (const name of names) people.push(await small.pushUser("okta", name));
      await small.pushGroup("okta", "Sales", people);
      await small.settled();
      const { digest, summary, lines } = await previewSync(small.p, await small.tenant(), "okta", { to: "live" });
      expect(summary).to.include({ users: 4, changed: 2, created: 2, granted: 2, held: 2, kept: 0 });
      const held = (await lines({ limit: 100 })).items.filter(({ change }) => change === "hold");
      expect(held.map(({ target, reason }) => [target, reason])).to.deep.equal(
        Array(2).fill([undefined, "no seat is free"]),
      );
      const later = (await lines({ limit: 100 })).items.filter((line) => line.held);
      expect(later.map(({ user }) => user)).to.deep.equal(held.map(({ user }) => user));
      expect(later.map(({ change, reason }) => [change, reason])).to.deep.equal(
        Array(2).fill(["grant", "no seat is free"]),
      );
      await goLive(small.p, await small.tenant(), "okta", digest, ADMIN);
      await small.settled();
      expect(Object.keys(await small.held("okta")).sort()).to.deep.equal(held.map(({ user }) => user.userName).sort());
      // Again, of people who wait by now.
      const waiting = async () => previewRun(small.p, await small.tenant(), (await small.heldRun("okta")).id);
      expect((await waiting()).summary).to.include({ users: 2, created: 0, held: 2 });
      await updateTenant(small.p, await small.tenant(), { seats: 3 }, ADMIN);
      await small.settled();
      expect((await waiting()).summary).to.include({ users: 1, created: 0, held: 1 });
    });

    it("do not cover a privilege of somebody else who took over a reviewed person's name", async () => {
      await t.mapping({ mappings: [{ group_name: "Admins", scope: "tenant", role_name: "admin" }] });
      const eve = await t.pushUser("trial", "eve");
      const admins = await t.pushGroup("trial", "Admins", [eve]);
      const { digest, lines } = await previewSync(t.p, await t.tenant(), "trial", { to: "live" });
      const shown = (await lines({ limit: 1 })).items;
      expect(shown.map(({ user, change }) => [user.userName, user.pending, change])).to.deep.equal([
        ["eve", true, "grant"],
      ]);
      await t.change("trial", { kind: "removeMembers", group: admins, members: [eve] });
      await t.pushUser("trial", "eve-of-old", { id: eve });
      const another = await t.pushUser("trial", "eve");
      await t.change("trial", { kind: "addMembers", group: admins, members: [another] });
      const refused = await refusalOf(goLive(t.p, await t.tenant(), "trial", digest, ADMIN));
      expect(refused).to.include({ code: "plan_changed" });
      expect(await t.connection("trial")).to.include({ sync: "test" });
    });

    it("leave other connections' people out", async () => {
      const { summary } = await previewSync(t.p, await t.tenant(), "trial", { to: "live" });
      expect(summary).to.include({ users: 1, created: 1, granted: 1 });
    });
  });
});
