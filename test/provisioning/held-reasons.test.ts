import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import { targetLabel, teamScope } from "../../src/model/target.js";
import { HELD_BECAUSE } from "../../src/provisioning/brake.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { personNamed } from "../../src/provisioning/explain/person-named.js";
import { whyDenied } from "../../src/provisioning/explain/why-denied.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { discardRun } from "../../src/provisioning/runs/held-runs.js";
import { testClock } from "../support/clock.js";
import { smallBrake } from "../support/small-brake.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const rule = (id: string, group: string, team: string) => ({
  ...{ id, group_name: group, team_name: team, role_name: "editor" },
});
const RULES = {
  tenant_owners_groups: ["IT"],
  mappings: [rule("f", "F", "F"), rule("g", "G", "A"), rule("h", "H", "B")],
  no_match: "allow",
} as const;

describe("the reasons of people whom apply keeps as they are", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;
  let ids: DirectoryUserId[];
  const groups = new Map<string, DirectoryGroupId>();

  before(async () => {
    database = await openDatabase({ with: (p) => smallBrake(clock.into(p)) });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live", settleSeconds: 0 });
    await t.mapping(RULES);
    ids = [];
    for (let at = 0; at < 6; at++) ids.push(await t.pushUser("okta", `p${at}`));
    groups.set("F", await t.pushGroup("okta", "F", ids));
    groups.set("G", await t.pushGroup("okta", "G", ids));
    groups.set("H", await t.pushGroup("okta", "H"));
    groups.set("IT", await t.pushGroup("okta", "IT", ids.slice(0, 1)));
    await t.settled();
  });

  const member = async (who: number, group: string, isMember: boolean) => {
    const kind = isMember ? "addMembers" : "removeMembers";
    await t.change("okta", {
      kind,
      group: groups.get(group) as DirectoryGroupId,
      members: [ids[who] as DirectoryUserId],
    });
    await t.settled();
  };
  const explained = async (userName: string) => explainUser(t.p, await t.tenant(), await t.userId(userName));
  const told = async (userName: string, label: string) => {
    const one = (await explained(userName)).assignments.find((assignment) => assignment.label === label);
    return { toLose: one?.toLose, toLoseProved: one?.toLoseProved, keptBack: one?.keptBack, sentence: one?.sentence };
  };
  const missed = async (userName: string, id: string) =>
    (await explained(userName)).notGiven.find((one) => one.rule === id);
  const denied = async (userName: string, team: string) => {
    const reader = t.p.store.read((await t.tenant()).id);
    const target = { scope: teamScope(team), role: "editor" };
    return whyDenied(t.p, await t.tenant(), await personNamed(reader, userName), target, await reader.teams());
  };

  describe("held by the brake", () => {
    let who: number;
    let name: string;
    let waits: string;

    beforeEach(async () => {
      await t.change("okta", { kind: "setMembers", group: groups.get("F") as DirectoryGroupId, members: [] });
      await t.settled();
      name = Object.keys(await t.held("okta"))
        .sort()
        .at(-1) as string;
      who = Number(name.slice(1));
      const { id } = await t.heldRun("okta");
      waits = `changes of this user wait in run ${id}: ${HELD_BECAUSE.brake_access}; release it first`;
    });

    it("promise no loss that would wait, and what is promised is what happens", async () => {
      expect(await told(name, "A/editor")).to.deep.equal({
        toLose: [{ do: "leave_group", group: "G" }],
        toLoseProved: false,
        keptBack: waits,
        sentence: `A/editor stays: ${waits}; then, to lose it, leave group \`G\``,
      });
      await member(who, "G", false);
      expect(await t.holds(name)).to.include("A/editor");
    });

    it("ask for no step where the cause is gone already", async () => {
      const said = await told(name, "F/editor");
      expect(said).to.include({ keptBack: waits, sentence: `F/editor stays: ${waits}` });
      expect(said.toLose).to.deep.equal([]);
    });

    it("promise no gain that would wait, and name the hold as its reason once it does", async () => {
      expect(await missed(name, "h")).to.deep.include({
        steps: [{ do: "join_group", anyOf: ["H"] }],
        ...{ proved: false, keptBack: waits },
        sentence: `B/editor by rule \`h\` does not match: join group \`H\`; but ${waits}`,
      });
      // The team is not there yet: rules would make it.
      const before = await denied(name, "B");
      expect(before.map(({ code }) => code)).to.deep.equal(["unknown_team", "held", "near_miss"]);
      expect(before[1]?.reason).to.equal(waits);
      expect(before[2]?.nearest).to.include({ rule: "h", proved: false });
      await member(who, "H", true);
      expect(await t.holds(name)).to.not.include("B/editor");
      expect(await missed(name, "h")).to.deep.include({
        ...{ why: "held", steps: [], because: `rule \`h\`, which matches, but ${waits}` },
      });
      expect((await denied(name, "B")).map(({ code }) => code)).to.deep.equal(["unknown_team", "held", "near_miss"]);
    });

    it("have proved steps again once the cause of the hold is gone", async () => {
      await member(who, "F", true);
      expect(await told(name, "F/editor")).to.deep.include({ toLoseProved: true });
    });

    it("say of a discarded loss that it was discarded, and prove what goes on beside it", async () => {
      const run = await t.heldRun("okta");
      await discardRun(t.p, await t.tenant(), run.id, ADMIN);
      const said = await told(name, "F/editor");
      expect(said.sentence).to.match(/^F\/editor stays: the loss was discarded with run/);
      expect(said.toLose).to.deep.equal([]);
      expect(await missed(name, "h")).to.include({ proved: true });
      await member(who, "H", true);
      expect(await t.holds(name)).to.include("B/editor");
      expect((await explained(name)).notGiven.map((one) => one.rule)).to.not.include("h");
    });
  });

  it("leave the last owner without a proved step, before any hold", async () => {
    const said = await told("p0", "tenant/owner");
    expect(said).to.include({ toLoseProved: false });
    expect(said.keptBack).to.equal(`${HELD_BECAUSE.last_owner}; make somebody else an owner first`);
    await member(1, "IT", true);
    expect((await told("p0", "tenant/owner")).keptBack).to.match(/^the tenant would be left with one active owner/);
    await member(2, "IT", true);
    expect(await told("p0", "tenant/owner")).to.deep.include({ toLoseProved: true, keptBack: undefined });
  });

  it("leave the last owner by hand without a proved step, and not the last but one, as admins may take that", async () => {
    const owner = { target: { scope: "tenant", role: "owner" }, reason: "by hand" };
    await t.mapping({ ...RULES, tenant_owners_groups: ["Other"], mappings: RULES.mappings });
    await t.settled();
    await addManualGrant(t.p, await t.tenant(), await t.userId("p1"), owner, ADMIN);
    expect(await told("p1", "tenant/owner")).to.deep.include({ toLoseProved: true });
    expect((await explained("p1")).assignments.map(({ target }) => targetLabel(target))).to.include("tenant/owner");
  });

  describe("known by a first sign-in only", () => {
    beforeEach(async () => {
      await t.connect({ slug: "once", protocol: "oidc", jit: "first_sign_in" });
      await t.signIn("once", "eve", { groups: ["G"] });
    });

    it("are called so, and no step is suggested that cannot come true", async () => {
      const { frozen, assignments, notGiven } = await explained("eve");
      expect(frozen).to.equal(true);
      expect((await explained("p0")).frozen).to.equal(false);
      const [held] = assignments;
      expect(held?.toLose).to.deep.equal([]);
      expect(held?.sentence).to.match(/^A\/editor stays: known by a first sign-in only: the facts are from then/);
      const of = notGiven.find((one) => one.rule === "h");
      expect([of?.why, of?.steps, of?.proved]).to.deep.equal(["unmet", [], undefined]);
      expect(of?.sentence).to.match(/^B\/editor by rule `h` does not match; but known by a first sign-in only/);
    });

    it("prove that admins may end what was given by hand", async () => {
      const grant = { target: { scope: "tenant", role: "auditor" }, reason: "year's end" };
      await addManualGrant(t.p, await t.tenant(), await t.userId("eve"), grant, ADMIN);
      expect(await told("eve", "tenant/auditor")).to.deep.include({
        ...{ toLose: [{ do: "end_grant", origin: "manual" }], toLoseProved: true, keptBack: undefined },
      });
    });

    it("go on holding what the mapping gives no more, and are not told to leave a group for it", async () => {
      await t.mapping({ ...RULES, mappings: [rule("x", "G", "X")] });
      await t.settled();
      const said = await told("eve", "A/editor");
      expect([said.toLose, said.toLoseProved]).to.deep.equal([[], false]);
      expect(said.sentence).to.match(/^A\/editor stays: known by a first sign-in only/);
      const would = await missed("eve", "x");
      expect([would?.why, would?.steps]).to.deep.equal(["frozen", []]);
      const why = await denied("eve", "X");
      expect(why.map(({ code }) => code)).to.deep.equal(["not_held", "frozen", "near_miss"]);
    });
  });
});
