import { expect } from "chai";
import {
  type HoldOptions,
  keptBack,
  leavesSeat,
  leftOut,
  lossKeys,
  needsSeat,
  ownersWhoStay,
  underHold,
  unseenLoss,
} from "../../src/engine/guard.js";
import { planLines } from "../../src/engine/plan/lines.js";
import type { Grant } from "../../src/model/grant.js";
import type { ConnectionId, RunId, UserId } from "../../src/model/ids.js";
import type { Hold } from "../../src/model/person.js";
import type { Change, PersonPlan } from "../../src/model/plan.js";
import { grant, state } from "./made-up.js";

const sales = grant("team:Sales", "viewer");
const support = grant("team:Support", "viewer");
const owner = grant("tenant", "owner");

const takes = (one: Grant, unruled = false): Change => ({
  kind: "revoke",
  grant: one,
  reason: "taken",
  ...(unruled && { unruled: true }),
});
const gives = (one: Grant): Change => ({ kind: "grant", grant: { ...one, stale: false }, reason: "given" });
const leaves: Change = { kind: "deactivate_user", reason: "left", by: "scim" };

function planOf(changes: readonly Change[], hold?: Hold): PersonPlan {
  const person = state([sales, support], hold && { hold });
  return { person, changes, kept: [], refreshed: [], frozen: false };
}
const lossesOf = (...changes: readonly Change[]) => lossKeys(planOf(changes));
function holdOf(status: Hold["status"], losses: readonly string[]): Hold {
  return { run: 1 as RunId, status, reason: "brake_access", factsVersion: 1, losses };
}
const nothing: HoldOptions = { covers: () => false, releasing: false };
const covering = (...keys: readonly string[]): HoldOptions => ({
  covers: (key: string) => keys.includes(key),
  releasing: false,
});

describe("a plan under a hold", () => {
  const lost = lossesOf(takes(sales));
  const left = lossesOf(leaves, takes(sales), takes(support));
  const both = lossesOf(takes(sales), takes(support));

  const cases: readonly (readonly [what: string, PersonPlan, HoldOptions, kind: string, changes: number])[] = [
    ["no hold", planOf([takes(sales)]), nothing, "free", 1],
    ["held, and still losing", planOf([takes(sales)], holdOf("held", lost)), nothing, "waits", 1],
    ["held, and nothing to lose", planOf([gives(owner)], holdOf("held", lost)), nothing, "free", 1],
    ["held, and reviewed", planOf([takes(sales)], holdOf("held", lost)), covering(...lost), "free", 1],
    [
      "held, and released",
      planOf([takes(sales)], holdOf("held", lost)),
      { covers: () => false, releasing: true },
      "free",
      1,
    ],
    ["held for access, and leaving now", planOf([leaves, takes(sales)], holdOf("held", lost)), nothing, "free", 2],
    ["held as a leaver", planOf([leaves, takes(sales)], holdOf("held", left)), nothing, "waits", 2],
    ["discarded, as then", planOf([takes(sales), gives(owner)], holdOf("discarded", lost)), nothing, "stays", 1],
    ["discarded, and less to lose", planOf([takes(sales)], holdOf("discarded", both)), nothing, "stays", 0],
    [
      "discarded, and more to lose",
      planOf([takes(sales), takes(support)], holdOf("discarded", lost)),
      nothing,
      "free",
      2,
    ],
    ["discarded, and the facts came back", planOf([], holdOf("discarded", lost)), nothing, "free", 0],
    [
      "discarded, and reviewed in part",
      planOf([takes(sales), takes(support)], holdOf("discarded", both)),
      covering(...lost),
      "stays",
      1,
    ],
    ["discarded, and reviewed", planOf([takes(sales)], holdOf("discarded", lost)), covering(...lost), "free", 1],
    ["discarded, and the rule is gone", planOf([takes(sales, true)], holdOf("discarded", lost)), nothing, "free", 1],
    ["discarded, and leaving now", planOf([leaves, takes(sales)], holdOf("discarded", lost)), nothing, "free", 2],
    [
      "a discarded leaver, whatever the account held since",
      planOf([leaves, takes(sales), takes(support)], holdOf("discarded", lossesOf(leaves, takes(sales)))),
      nothing,
      "stays",
      0,
    ],
    [
      "a discarded leaver, whose end is reviewed",
      planOf([leaves, takes(sales)], holdOf("discarded", left)),
      covering(...lossesOf(leaves)),
      "free",
      2,
    ],
  ];
  for (const [what, plan, options, kind, changes] of cases) {
    it(`${what}: ${kind}`, () => {
      const judged = underHold(plan, options);
      expect([judged.kind, judged.plan.changes.length]).to.deep.equal([kind, changes]);
    });
  }

  it("stays discarded while it is open what would be lost", () => {
    const open = planOf([], holdOf("discarded", lost));
    const kept = { ...open, kept: [{ grant: sales, rule: "r", reason: "undecided" }] };
    expect(underHold(kept, nothing).kind).to.equal("stays");
    expect(underHold({ ...open, frozen: true }, nothing).kind).to.equal("stays");
  });

  it("lets service accounts end at once, whatever is held of them, and takes no role of theirs past the brake", () => {
    const robot = (changes: readonly Change[], hold?: Hold): PersonPlan => {
      const plan = planOf(changes, hold);
      return { ...plan, person: { ...plan.person, serviceAccount: true } };
    };
    for (const hold of [undefined, holdOf("held", left), holdOf("discarded", left)]) {
      const ending = robot([leaves, takes(sales)], hold);
      const judged = underHold(ending, nothing);
      expect([judged.kind, judged.plan.changes.length], hold?.status).to.deep.equal(["free", 2]);
      expect(unseenLoss(ending, nothing.covers)).to.equal(undefined);
    }
    expect(unseenLoss(robot([takes(sales)]), nothing.covers)).to.include({ kind: "access" });
    expect(underHold(robot([takes(sales)], holdOf("held", lost)), nothing).kind).to.equal("waits");
  });

  it("is a loss that somebody has seen only when all of it was", () => {
    const plan = planOf([takes(sales), takes(support)]);
    expect(unseenLoss(plan, (key) => lost.includes(key))).to.include({ kind: "access" });
    expect(unseenLoss(plan, (key) => both.includes(key))).to.equal(undefined);
  });
});

describe("who stays an owner", () => {
  const going = (id: string): PersonPlan => ({
    ...planOf([]),
    person: state([owner], { id: id as UserId }),
    changes: [takes(owner), gives(sales)],
  });
  const three = ["c", "a", "b"].map(going);

  it("is the last by id when all were seen to go, and nobody where another owner is left", () => {
    expect([...ownersWhoStay(three, 0, () => true)]).to.deep.equal([["c", "last_owner"]]);
    expect([...ownersWhoStay(three, 1, () => true)]).to.deep.equal([]);
  });

  it("is the second to last too, until somebody looks", () => {
    expect([...ownersWhoStay(three, 0, () => false)]).to.deep.equal([
      ["b", "second_to_last_owner"],
      ["c", "second_to_last_owner"],
    ]);
    expect([...ownersWhoStay([going("a")], 1, () => false)]).to.deep.equal([["a", "second_to_last_owner"]]);
  });

  it("is shown as held, with no change at all, and with what waits", () => {
    const kept = keptBack(going("a"), "stays");
    expect(kept.changes).to.deep.equal([]);
    const lines = planLines(kept).map(({ change, target, reason, held }) => [change, target, reason, held]);
    expect(lines).to.deep.equal([
      ["hold", owner.target, "stays", undefined],
      ["grant", sales.target, "stays", true],
    ]);
  });
});

describe("who is left out", () => {
  it("loses nothing, and is shown with what is gained later", () => {
    const plan = leftOut(planOf([takes(sales), gives(owner)]), "frozen");
    expect(plan.changes).to.deep.equal([]);
    expect(planLines(plan).map(({ change, target, held }) => [change, target, held])).to.deep.equal([
      ["grant", owner.target, true],
    ]);
  });
});

describe("who needs a seat", () => {
  const pending = { status: "pending", seat: false } as const;
  const cases: readonly (readonly [string, boolean, PersonPlan])[] = [
    ["a newcomer", true, { ...planOf([{ kind: "create_user", reason: "" }]), person: state([], pending) }],
    [
      "somebody who comes back",
      true,
      { ...planOf([{ kind: "reactivate_user", reason: "" }]), person: state([], pending) },
    ],
    ["a newcomer for whom one was reserved", false, planOf([{ kind: "create_user", reason: "" }])],
    ["nobody who is no more than given something", false, { ...planOf([gives(sales)]), person: state([], pending) }],
  ];
  for (const [who, needs, plan] of cases) {
    it(`is ${needs ? "" : "not "}${who}`, () => expect(needsSeat(plan)).to.equal(needs));
  }
});

describe("who leaves a seat", () => {
  const ends: Change = { kind: "deactivate_user", reason: "", by: "scim", connection: "c" as ConnectionId };
  const pending = state([], { status: "pending", seat: true });
  const cases: readonly (readonly [string, boolean, PersonPlan])[] = [
    ["somebody whose account ends", true, planOf([ends])],
    ["somebody who goes on", false, planOf([gives(sales)])],
    ["somebody who has none", false, { ...planOf([]), person: state([], { status: "pending", seat: false }) }],
    ["somebody who was let in and comes to nothing", true, { ...planOf([]), person: pending }],
    ["somebody who waits with a frozen plan", false, { ...planOf([]), person: pending, frozen: true }],
    ["somebody new", false, { ...planOf([{ kind: "create_user", reason: "" }]), person: pending }],
    ["somebody who comes back", false, { ...planOf([{ kind: "reactivate_user", reason: "" }]), person: pending }],
  ];
  for (const [who, leaves, plan] of cases) {
    it(`is ${leaves ? "" : "not "}${who}`, () => expect(leavesSeat(plan)).to.equal(leaves));
  }
});
