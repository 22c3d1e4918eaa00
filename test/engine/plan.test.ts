import { expect } from "chai";
import { type BrakeSettings, capacity, losesOwner, lossOf, ownerRule, refill, take } from "../../src/engine/guard.js";
import { dangerKey, isDangerous, planDigest } from "../../src/engine/plan/digest.js";
import { planLines } from "../../src/engine/plan/lines.js";
import { planTally } from "../../src/engine/plan/summary.js";
import { undecidedTally } from "../../src/engine/plan/undecided.js";
import type { Lock, Open } from "../../src/model/evaluation.js";
import type { Grant } from "../../src/model/grant.js";
import type { ConnectionId, RunId } from "../../src/model/ids.js";
import type { PersonState } from "../../src/model/person.js";
import type { Change, Kept, PersonPlan, PlanLine } from "../../src/model/plan.js";
import { targetLabel } from "../../src/model/target.js";
import { compiled, grant, NOW, state } from "./made-up.js";

const OKTA = "okta" as ConnectionId;
const MANUAL = { origin: "manual", connection: undefined as never, rule: undefined as never } as const;

function plan(before: PersonState, changes: readonly Change[], kept: readonly Kept[] = [], frozen = false): PersonPlan {
  return { person: before, changes, kept, refreshed: [], frozen };
}
const gives = (one: Grant): Change => ({ kind: "grant", grant: { ...one, stale: false }, reason: "given" });
const takes = (one: Grant): Change => ({ kind: "revoke", grant: one, reason: "taken" });
const leaves = (connection?: ConnectionId): Change => ({
  kind: "deactivate_user",
  reason: "left",
  by: "scim",
  ...(connection === undefined ? {} : { connection }),
});
const waits = (before: PersonState, losses: readonly Grant[]): PersonPlan => ({
  ...plan(before, []),
  held: { reason: "waits", losses },
});
const gainsLater = (before: PersonState, gains: readonly Grant[]): PersonPlan => ({
  ...plan(before, []),
  waiting: { reason: "waits", gains: gains.map((one) => ({ ...one, stale: false })) },
});
const keeps = (one: Grant): Kept => ({ grant: one, rule: "open", reason: "kept" });

const editor = grant("team:A", "editor", { connection: OKTA });
const same = grant("team:A", "editor", { rule: "second" });
const byHand = grant("team:A", "editor", MANUAL);
const viewer = grant("team:B", "viewer");
const owner = grant("tenant", "owner", { connection: OKTA });
const ownerByHand = grant("tenant", "owner", MANUAL);

function lines(one: PersonPlan, privileged?: ReadonlySet<string>): readonly string[] {
  return planLines(one, privileged).map(
    (line) => `${line.change}${line.target ? ` ${targetLabel(line.target)}` : ""}${line.privileged ? "!" : ""}`,
  );
}

const NONE_UNDECIDED = { items: [], more: 0 };

/** `also`: roles that the catalogue marks as privileged. Every line counts as drift. */
function summaryOf(people: readonly PersonPlan[], newTeams: readonly string[] = [], also?: ReadonlySet<string>) {
  const tally = planTally();
  for (const one of people) {
    const mine = planLines(one, also);
    tally.add(one, mine, mine.length);
  }
  return tally.summary(newTeams, NONE_UNDECIDED);
}

describe("what a plan means", () => {
  describe("lines", () => {
    const cases: readonly (readonly [string, PersonPlan, readonly string[]])[] = [
      ["an assignment that appears", plan(state(), [gives(editor)]), ["grant A/editor"]],
      ["an assignment that vanishes", plan(state([editor]), [takes(editor)]), ["revoke A/editor"]],
      ["a second reason is no new assignment", plan(state([editor]), [gives(same)]), []],
      ["one reason of two is no loss", plan(state([editor, byHand]), [takes(editor)]), []],
      ["a reason that takes another's place is neither", plan(state([editor]), [takes(editor), gives(same)]), []],
      [
        "two reasons that come together are one assignment",
        plan(state(), [gives(editor), gives(same)]),
        ["grant A/editor"],
      ],
      [
        "two reasons that go together are one loss",
        plan(state([editor, same]), [takes(editor), takes(same)]),
        ["revoke A/editor"],
      ],
      [
        "the account stands first",
        plan(state([editor]), [leaves(), takes(editor)]),
        ["deactivate_user", "revoke A/editor"],
      ],
      ["what is kept is held", plan(state([editor]), [], [keeps(editor)]), ["hold A/editor"]],
      ["what a held person would lose is held", waits(state([editor, owner]), [editor]), ["hold A/editor"]],
      ["a held person who would lose nothing is held as a whole", waits(state([editor]), []), ["hold"]],
      [
        "owners before all, then by name",
        plan(state([owner]), [takes(owner), gives(viewer), gives(editor), gives(grant("tenant", "admin"))]),
        ["revoke tenant/owner!", "grant tenant/admin!", "grant A/editor", "grant B/viewer"],
      ],
    ];
    for (const [what, one, expected] of cases) it(what, () => expect(lines(one)).to.deep.equal(expected));

    it("mark the roles that the tenant calls privileged", () => {
      expect(lines(plan(state(), [gives(editor), gives(viewer)]), new Set(["viewer"]))).to.deep.equal([
        "grant B/viewer!",
        "grant A/editor",
      ]);
    });

    it("name the person, and whether there is an account yet", () => {
      const pending = state([], { status: "pending" });
      const [line] = planLines(plan(pending, [{ kind: "create_user", reason: "new" }]));
      expect(line).to.deep.equal({
        user: { id: "u1", userName: "ada@acme.test", pending: true },
        change: "create_user",
        reason: "new",
        privileged: false,
      });
      expect(planLines(plan(state(), [gives(editor)]))[0]?.user).to.deep.equal({ id: "u1", userName: "ada@acme.test" });
    });
  });

  describe("summaries", () => {
    it("count people, assignments, and what is held", () => {
      const people = [
        plan(state(), [gives(editor), gives(same), gives(viewer)]),
        plan(state([editor, byHand]), [takes(editor)]),
        plan(state([editor]), [], [keeps(editor)]),
        { ...waits(state([viewer]), [viewer]), frozen: true },
        plan(state([editor]), [leaves(), takes(editor)]),
        gainsLater(state(), [viewer]),
        plan(state([], { status: "pending" }), [{ kind: "create_user", reason: "new" }]),
        plan(state([], { status: "deactivated" }), [{ kind: "reactivate_user", reason: "back" }]),
      ];
      const all = summaryOf(people, ["New"], new Set(["viewer"]));
      expect(all).to.deep.equal({
        users: 8,
        changed: 4,
        granted: 2,
        revoked: 1,
        held: 2,
        kept: 1,
        frozen: 1,
        created: 2,
        deactivated: 1,
        newTeams: ["New"],
        undecided: NONE_UNDECIDED,
        drifted: 9,
        privileged: { granted: 1, revoked: 0 },
        byScope: {
          items: [
            { scope: "team:A", granted: 1, revoked: 1 },
            { scope: "team:B", granted: 1, revoked: 0 },
          ],
          more: 0,
        },
        byRole: {
          items: [
            { role: "editor", granted: 1, revoked: 1 },
            { role: "viewer", granted: 1, revoked: 0 },
          ],
          more: 0,
        },
      });
    });

    it("name the scopes and roles with the most changes, and count the others", () => {
      const many = Array.from({ length: 23 }, (_, at) => grant(`team:T${at}`, `r${at}`));
      const { byScope, byRole } = summaryOf([
        plan(state(), many.map(gives)),
        plan(state(), many.slice(21).map(gives)),
        plan(state([many[22] as Grant]), [takes(many[22] as Grant)]),
      ]);
      expect(byScope.items).to.have.length(20);
      expect(byScope.items.slice(0, 3)).to.deep.equal([
        { scope: "team:T22", granted: 2, revoked: 1 },
        { scope: "team:T21", granted: 2, revoked: 0 },
        { scope: "team:T0", granted: 1, revoked: 0 },
      ]);
      expect([byScope.more, byRole.more, byRole.items[0]?.role]).to.deep.equal([3, 3, "r22"]);
    });

    it("count by what becomes of people now: whose hold is over or discarded is not held", () => {
      for (const status of ["held", "discarded"] as const) {
        const hold: PersonState["hold"] = { run: 1 as RunId, status, reason: "no_seat", factsVersion: 1, losses: [] };
        expect(summaryOf([plan(state([], { hold }), [])]).held).to.equal(0);
      }
    });
  });

  describe("rules that cannot be judged", () => {
    const mapping = compiled({
      mappings: [{ id: "it", when: "user.department = 'IT'", team_name: "A", role_name: "editor" }],
    });
    const lock = (rule: string, reason: Open["reason"]): Lock => ({
      rule,
      open: { reason, detail: "" },
      covers: () => true,
    });

    it("are counted by reason, each person once, those that concern the most people first", () => {
      const tally = undecidedTally();
      tally.add([lock("it", "stale"), lock("it", "stale")]);
      tally.add([lock("it", "expression_failed"), lock("no_match", "stale")]);
      tally.add([lock("it", "expression_failed")]);
      tally.add([]);
      const it = { rule: "it", name: "it" };
      expect(tally.value(mapping)).to.deep.equal({
        items: [
          { ...it, reason: "expression_failed", people: 2 },
          { ...it, reason: "stale", people: 1 },
          { rule: "no_match", name: "no_match", reason: "stale", people: 1 },
        ],
        more: 0,
      });
    });

    it("say from when on all of them are judged, if anybody can", () => {
      const settling = (until?: string): Lock => ({
        rule: "no_match",
        open: { reason: "settling", detail: "", ...(until === undefined ? {} : { until }) },
        covers: () => false,
      });
      const [one, two, three] = ["2026-11-22T13:00:00.000Z", "2026-11-22T14:00:00.000Z", "2026-11-22T12:00:00.000Z"];
      const tally = undecidedTally();
      const said = () => tally.value(mapping).items;
      for (const until of [one, two, three]) tally.add([settling(until)]);
      const rule = { rule: "no_match", name: "no_match", reason: "settling" };
      expect(said()).to.deep.equal([{ ...rule, people: 3, until: two }]);
      tally.add([settling()]);
      tally.add([settling(one)]);
      expect(said()).to.deep.equal([{ ...rule, people: 5 }]);
    });

    it("are named up to twenty, and counted beyond, with what a rule without an id says", () => {
      const rules = Array.from({ length: 22 }, (_, at) => ({
        when: `user.department = 'd${at}'`,
        team_name: "A",
        role_name: "editor",
      }));
      const many = compiled({ mappings: rules });
      const tally = undecidedTally();
      tally.add(many.rules.flatMap(({ id }) => [lock(id, "stale"), lock(id, "overage")]));
      const { items, more } = tally.value(many);
      expect([items.length, more]).to.deep.equal([20, 24]);
      expect(items[0]?.name).to.match(/^when user\.department = 'd\d+' -> A\/editor$/);
      expect(items[0]?.reason).to.equal("overage");
    });
  });

  describe("digests", () => {
    const some = planLines(plan(state([owner]), [takes(owner), gives(viewer), gives(editor)], [keeps(byHand)]));
    const digestOf = (...people: readonly (readonly PlanLine[])[]) => {
      const digest = planDigest();
      for (const lines of people) digest.add(lines);
      return digest.value();
    };

    it("do not depend on the order of a person's lines, on reasons, or on what is merely held", () => {
      const turned = some.toReversed().map((line) => ({ ...line, reason: "other words" }));
      expect(digestOf(turned)).to.equal(digestOf(some));
      expect(digestOf(some.filter((line) => line.change !== "hold"))).to.equal(digestOf(some));
    });

    it("do not depend on people for whom nothing changes", () => {
      expect(digestOf([], some, [])).to.equal(digestOf(some));
    });

    it("are SHA-256 in hex, of nothing too", () => {
      expect(digestOf(some)).to.match(/^[0-9a-f]{64}$/);
      expect(digestOf()).to.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    });

    const variations: readonly (readonly [string, (line: PlanLine) => PlanLine])[] = [
      ["person", (line) => ({ ...line, user: { id: "u2", userName: "ada@acme.test" } })],
      ["change", (line) => ({ ...line, change: "grant" })],
      ["scope", (line) => ({ ...line, target: { scope: "team:A", role: "owner" } })],
      ["role", (line) => ({ ...line, target: { scope: "tenant", role: "admin" } })],
      ["raise that a revoke was shown as", (line) => ({ ...line, raised: true })],
      ["wait that a change was shown in", (line) => ({ ...line, held: true })],
      ["privilege that a role was shown with", (line) => ({ ...line, privileged: !line.privileged })],
    ];
    for (const [what, vary] of variations) {
      it(`depend on the ${what}`, () => {
        const [first, ...rest] = some as [PlanLine, ...PlanLine[]];
        expect(digestOf([vary(first), ...rest])).not.to.equal(digestOf(some));
      });
    }

    it("tell two people of one name apart, also while neither has an account", () => {
      const line = (id: string): PlanLine => ({
        user: { id, userName: "eve", pending: true },
        change: "create_user",
        reason: "",
        privileged: false,
      });
      expect(dangerKey(line("u1"))).not.to.equal(dangerKey(line("u2")));
    });

    it("cannot be forged by a name that holds a separator", () => {
      const line = (scope: string, role: string): PlanLine => ({
        user: { id: "u", userName: "u" },
        change: "grant",
        target: { scope, role },
        reason: "",
        privileged: false,
      });
      expect(dangerKey(line("team:a", 'x","y'))).not.to.equal(dangerKey(line('team:a","x', "y")));
    });
  });

  describe("reviews", () => {
    const all = planLines(
      plan(
        state([owner, viewer]),
        [leaves(), takes(owner), takes(viewer), gives(editor), gives(grant("tenant", "admin"))],
        [keeps(byHand)],
      ),
    );
    const shown = (found: readonly PlanLine[]) =>
      found.map((line) => line.change + (line.target ? ` ${targetLabel(line.target)}` : ""));

    it("are needed for privileged grants that wait, and not for others that do", () => {
      const later = planLines(gainsLater(state(), [viewer, grant("tenant", "admin")]));
      expect(shown(later)).to.deep.equal(["grant tenant/admin", "grant B/viewer"]);
      expect(shown(later.filter(isDangerous))).to.deep.equal(["grant tenant/admin"]);
    });

    it("are needed for losses, deactivations and privileged grants, and not for the rest", () => {
      expect(shown(all.filter(isDangerous))).to.deep.equal([
        "deactivate_user",
        "revoke tenant/owner",
        "grant tenant/admin",
        "revoke B/viewer",
      ]);
    });
  });
});

describe("the guard", () => {
  const settings: BrakeSettings = {
    deactivationsFloor: 10,
    deactivationsShare: 0.01,
    accessFloor: 25,
    accessShare: 0.05,
    dripPerHour: 2,
  };

  it("sizes buckets by a floor and a share of the people", () => {
    const sizes = (people: number) => [
      capacity(settings, "deactivations", people),
      capacity(settings, "access", people),
    ];
    expect(sizes(0)).to.deep.equal([10, 25]);
    expect(sizes(1_000)).to.deep.equal([10, 50]);
    expect(sizes(20_099)).to.deep.equal([200, 1004]);
  });

  describe("refill", () => {
    const at = (minutes: number) => new Date(Date.parse(NOW) + minutes * 60_000).toISOString();
    const tokens = (from: number, minutes: number, held: boolean, size = 20) =>
      refill(settings, { tokens: from, updatedAt: NOW }, at(minutes), size, held);

    it("fills an empty bucket within an hour, and never beyond", () => {
      expect([
        tokens(0, 0, false),
        tokens(0, 30, false),
        tokens(0, 60, false),
        tokens(15, 60, false),
        tokens(0, 600, false),
      ]).to.deep.equal([0, 10, 20, 20, 20]);
    });

    it("only drips while somebody is held", () => {
      expect([tokens(0, 30, true), tokens(0, 60, true), tokens(5, 90, true), tokens(0, 6000, true)]).to.deep.equal([
        1, 2, 8, 20,
      ]);
    });

    it("never drips faster than it would fill", () => expect(tokens(0, 60, true, 1)).to.equal(1));

    it("gives nothing for a clock that went back", () => expect(tokens(3, -30, false)).to.equal(3));

    it("shrinks to a smaller capacity", () => expect(tokens(15, 0, false, 10)).to.equal(10));
  });

  it("spends whole tokens, as far as they go", () => {
    expect(take(3.9, 5)).to.deep.equal({ taken: 3, left: 3.9 - 3 });
    expect(take(3.9, 2)).to.deep.equal({ taken: 2, left: 3.9 - 2 });
    expect(take(-1, 2)).to.deep.equal({ taken: 0, left: -1 });
  });

  describe("losses", () => {
    const cases: readonly (readonly [string, PersonPlan, object | undefined])[] = [
      ["none", plan(state([editor]), [gives(viewer)]), undefined],
      ["a reason, but no assignment", plan(state([editor, byHand]), [takes(editor)]), undefined],
      ["an assignment", plan(state([editor]), [takes(editor)]), { kind: "access", connection: OKTA }],
      [
        "the account before its assignments",
        plan(state([editor]), [leaves(OKTA), takes(editor)]),
        { kind: "deactivation", connection: OKTA },
      ],
      ["an account that an admin ended", plan(state([editor]), [leaves(), takes(editor)]), { kind: "deactivation" }],
      ["an assignment that no connection gave", plan(state([byHand]), [takes(byHand)]), { kind: "access" }],
      [
        "the first that a connection gave",
        plan(state([grant("team:0", "x", MANUAL), editor]), [takes(grant("team:0", "x", MANUAL)), takes(editor)]),
        { kind: "access", connection: OKTA },
      ],
    ];
    for (const [what, one, expected] of cases) it(what, () => expect(lossOf(one)).to.deep.equal(expected));
  });

  describe("owners", () => {
    const cases: readonly (readonly [string, PersonPlan, boolean])[] = [
      ["who leave", plan(state([owner]), [leaves(), takes(owner)]), true],
      ["whose only grant goes", plan(state([owner]), [takes(owner)]), true],
      ["who own by hand too", plan(state([owner, ownerByHand]), [takes(owner)]), false],
      ["whose both grants go", plan(state([owner, ownerByHand]), [takes(owner), takes(ownerByHand)]), true],
      ["whose grant changes its reason", plan(state([owner]), [takes(owner), gives(ownerByHand)]), false],
      ["who lose something else", plan(state([owner, viewer]), [takes(viewer)]), false],
      ["who were none", plan(state([viewer]), [leaves()]), false],
      ["whose account is not active", plan(state([owner], { status: "deactivated" }), [takes(owner)]), false],
    ];
    for (const [what, one, expected] of cases)
      it(`${what}: ${expected ? "a loss" : "no loss"}`, () => expect(losesOwner(one)).to.equal(expected));

    it("never all go, and the second to last waits", () => {
      const going = plan(state([owner]), [takes(owner)]);
      const rule = (otherActiveOwners: number) => ownerRule(going, { otherActiveOwners });
      expect([rule(0), rule(1), rule(2)]).to.deep.equal(["last_owner", "second_to_last_owner", undefined]);
      expect(ownerRule(plan(state([owner]), []), { otherActiveOwners: 0 })).to.equal(undefined);
    });
  });
});
