import { expect } from "chai";
import fc from "fast-check";
import { Refusal } from "../../src/model/problem.js";
import { targetLabel } from "../../src/model/target.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { exampleOfUser } from "../../src/provisioning/mapping/example-of-user.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import { testClock } from "../support/clock.js";
import { expressionFault } from "../support/planted-fault.js";
import { smallBrake } from "../support/small-brake.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";
import {
  anything,
  byHand,
  bySources,
  CROWD,
  fromCrowd,
  GROUPS,
  JOINED,
  MAPPINGS,
  PUSHED,
  type Step,
} from "./history.js";
import { begin, type Played, play } from "./play.js";
import { auditOf, eventsOf, replayedAccounts, replayedGrants } from "./replay.js";

const FEW = 8;
/** Few, short, and the same each time, as each is a real tenant on a real database: `PROPERTY_RUNS=500` asks for more, and new ones. */
const asked = process.env["PROPERTY_RUNS"];
const numRuns = Number(asked ?? FEW);
/** So many times the usual, rounded up. */
const more = Math.ceil(numRuns / FEW);
/** A history that never ends is told as a failure of that history, and the search for a shorter one ends in time to tell it. */
const LIMITS = {
  numRuns,
  ...(asked === undefined && { seed: 4 }),
  timeout: 15_000,
  skipAllAfterTimeLimit: more * 30_000,
};

describe("whatever happens to a tenant,", function () {
  this.timeout(more * 60_000);
  const clock = testClock();
  const fault = expressionFault();
  const faults: string[] = [];
  const heard = (p: Provisioning): Provisioning => ({
    ...p,
    log: { ...p.log, fault: (event, error) => faults.push(`${event}: ${error}`) },
  });
  let braked: TestDatabase;
  let database: TestDatabase;

  before(async () => {
    database = await openDatabase({ with: (p) => fault.into(clock.into(heard(p))) });
    braked = await openDatabase({ with: (p) => smallBrake(clock.into(heard(p))) });
  });
  after(async () => {
    await database.close();
    await braked.close();
  });

  /** Plays a history to its end on a new tenant, the worker beside it. */
  async function played(steps: readonly Step[], on = database): Promise<Played> {
    const world = await begin(await on.tenant(), clock);
    for (const step of steps) await play(world, step);
    await world.t.settled();
    return world;
  }

  /**
   * What a history on a new tenant leaves people with. What a step leaves to the worker ends before the next one begins: what
   * a mapping takes another may leave open, so that it matters whether one was in force before the next came.
   */
  async function outcome(steps: readonly Step[], without?: string): Promise<Holdings> {
    const world = await begin(await database.tenant(), clock);
    for (const step of steps) {
      await play(world, step);
      if (step.do === "map" || step.do === "wait") await world.t.settled();
    }
    await world.t.settled();
    // Looked at here: the clock is everybody's, and the next history moves it.
    return holdings(world.t, without);
  }

  const histories = fromCrowd(anything);
  const sourceHistories = fromCrowd(bySources);
  const gifts = fc.array(byHand, { minLength: 2, maxLength: 6, size: "max" });
  const property = <T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>): Promise<void> =>
    fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        await check(value);
        // What fails is tried again later, so that it would hardly show otherwise.
        expect(faults.splice(0)).to.deep.equal([]);
      }),
      LIMITS,
    );

  it("reconciling everybody again changes nothing, once groups have settled", () =>
    property(
      fc.tuple(fc.oneof(settledLast, { weight: 3, arbitrary: settledFirst }), fc.boolean()),
      async ([steps, isBraked]) => {
        const { t } = await played(steps, isBraked ? braked : database);
        const before = await everything(t);
        const { id } = await t.tenant();
        const everybody = await t.p.store.read(id).peopleIds({ limit: 100 });
        const { counts } = await reconcilePeople(t.p, id, everybody, { context: ADMIN, includeFrozen: true });
        expect(["waiting", "kept", "frozen"]).to.include.members(Object.keys(counts));
        expect(await everything(t)).to.deep.equal(before);
      },
    ));

  it("seats are counted right, and never more than there are", () =>
    property(histories, async (steps) => {
      const world = await begin(await database.tenant({ seats: SEATS }), clock);
      for (const step of steps) {
        await play(world, step);
        const { seatsUsed } = await world.t.tenant();
        expect(seatsUsed).to.be.within(0, SEATS);
      }
      await world.t.settled();
      const people = await peopleOf(world.t);
      const seated = people.filter(({ seat }) => seat).map(({ userName }) => userName);
      const registered = people.filter(({ status }) => status === "registered").map(({ userName }) => userName);
      expect(seated).to.deep.equal(registered);
      expect((await world.t.tenant()).seatsUsed).to.equal(registered.length);
    }));

  it("there is always an owner once there was one", () =>
    property(fc.tuple(histories, fc.boolean()), async ([steps, isBraked]) => {
      const world = await played(FIRST_OWNER, isBraked ? braked : database);
      expect(await ownersOf(world.t)).to.deep.equal(["p0"]);
      for (const step of steps) {
        await play(world, step);
        expect(await ownersOf(world.t), JSON.stringify(step)).not.to.deep.equal([]);
      }
      await world.t.settled();
      expect(await ownersOf(world.t)).not.to.deep.equal([]);
    }));

  it("audit and events tell exactly who holds what, and which accounts there are", () =>
    property(histories, async (steps) => {
      const { t } = await played(steps);
      const people = await peopleOf(t);
      const open = people.flatMap(({ id, grants }) => grants.map(({ target }) => `${id} ${targetLabel(target)}`));
      const registered = people.filter(({ status }) => status === "registered").map(({ id }) => id);
      for (const lines of [await eventsOf(t), await auditOf(t)]) {
        expect(replayedGrants(lines)).to.deep.equal(open.sort());
        expect(replayedAccounts(lines)).to.deep.equal([...registered].sort());
      }
    }));

  it("everybody can be explained, tried with other facts, and made an example of", () =>
    property(histories, async (steps) => {
      const { t } = await played([...REHIRED, ...steps]);
      const tenant = await t.tenant();
      for (const { id, status } of await peopleOf(t)) {
        const { account } = await explainUser(t.p, tenant, id);
        expect(account.status).to.equal(status);
        const { user } = await tryPerson(t.p, tenant, { user: id });
        expect(user.id).to.equal(id);
        const edits = { groups: { add: [GROUPS[1] ?? ""] } };
        await tryPerson(t.p, tenant, { user: id, facts: edits }).catch(throwFault);
        const { examples } = await exampleOfUser(t.p, tenant, id);
        expect(new Set(examples.map(({ name }) => name)).size).to.equal(examples.length);
      }
    }));

  it("what sources say of different things may come in any order", () =>
    property(independentChanges, async ({ mapping, steps, shuffled }) => {
      const base: readonly Step[] = [{ do: "map", mapping }, ...PUSHED.map(pushedPerson)];
      const one = await holdings((await played([...base, ...steps, SETTLED])).t);
      const other = await holdings((await played([...base, ...shuffled, SETTLED])).t);
      expect(other).to.deep.equal(one);
    }));

  it("grants by hand change nothing of what rules give", () =>
    property(fc.tuple(gifts, fromCrowd(fc.oneof(bySources, byHand))), async ([before, rest]) => {
      const steps = [...CROWD, ...before, ...rest];
      const without = await outcome(steps.filter((step) => step.do !== "give" && step.do !== "take"));
      const withThem = await outcome(steps, "manual");
      expect(withThem).to.deep.equal(without);
    }));

  it("conditions that all fail to run take nothing, give nothing to anybody with an account, and let nothing else win", () =>
    property(sourceHistories, async (steps) => {
      const { t } = await played([...steps, SETTLED]);
      const before = await holdings(t);
      const { id } = await t.tenant();
      fault.failing = true;
      try {
        await t.p.store.write(id, (tx) => tx.markEverybody("test", clock.now()));
        await t.settled();
        // Somebody whom `no_match` kept out so far is let in by the source while it is open whether a rule matches.
        const known = new Set(before.map(([userName]) => userName));
        expect((await holdings(t)).filter(([userName]) => known.has(userName))).to.deep.equal(before);
      } finally {
        fault.failing = false;
      }
    }));

  it("a sign-in that says nothing of groups takes nothing, gives nothing, and lets nothing else win", () =>
    property(sourceHistories, async (steps) => {
      const world = await played([...steps, SETTLED]);
      const { t } = world;
      const before = await holdings(t);
      const known = new Set(before.flatMap(([userName, held]) => (held === "deactivated" ? [] : [userName])));
      for (const who of [...PUSHED, ...JOINED])
        if (known.has(who)) await play(world, { do: "signIn", who, groups: null });
      await t.settled();
      expect(await holdings(t)).to.deep.equal(before);
    }));
});

/** Fewer than the people there are. */
const SEATS = 3;

/** Groups and newcomers settle within the hour; until then it counts what came first. */
const SETTLED: Step = { do: "wait", minutes: 70 };

const settledLast = fromCrowd(anything).map((steps) => [...steps, SETTLED]);
/** All groups are old, and none is deleted, so that no other comes: whatever is said then counts at once. */
const settledFirst = fromCrowd(anything).map((steps) => [
  ...PUSHED.map(pushedPerson),
  ...PUSHED.flatMap((who) => GROUPS.map((group): Step => ({ do: "member", who, group, isMember: true }))),
  SETTLED,
  ...steps.filter((step) => step.do !== "drop"),
]);

/** Known by a row that is gone and by one that counts. */
const REHIRED: readonly Step[] = [
  { do: "map", mapping: 0 },
  { do: "push", who: "p1", active: true, department: "" },
  { do: "member", who: "p1", group: "plat-ro", isMember: true },
  { do: "remove", who: "p1" },
  { do: "push", who: "p1", active: true, department: "42" },
];

function throwFault(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}

const FIRST_OWNER: readonly Step[] = [
  { do: "map", mapping: 0 },
  { do: "push", who: "p0", active: true, department: "" },
  { do: "member", who: "p0", group: "Admins", isMember: true },
];

function pushedPerson(who: string): Step {
  return { do: "push", who, active: true, department: "" };
}

/** Each person's department once, each membership once, each other person's sign-in once: none stands in another's way. */
const independentChanges = fc
  .record({
    mapping: fc.nat(MAPPINGS.length - 1),
    departments: fc.subarray(PUSHED),
    members: fc.subarray(
      PUSHED.flatMap((who) => GROUPS.map((group) => [who, group] as const)),
      { maxLength: 6 },
    ),
    joined: fc.array(fc.subarray(GROUPS), { minLength: JOINED.length, maxLength: JOINED.length }),
  })
  .map(({ mapping, departments, members, joined }) => {
    const steps: readonly Step[] = [
      ...departments.map((who): Step => ({ do: "push", who, active: true, department: "42" })),
      ...members.map(([who, group]): Step => ({ do: "member", who, group, isMember: true })),
      ...joined.map((groups, at): Step => ({ do: "signIn", who: JOINED[at] ?? "", groups })),
    ];
    return { mapping, steps };
  })
  .chain(({ mapping, steps }) =>
    fc.shuffledSubarray([...steps], { minLength: steps.length }).map((shuffled) => ({ mapping, steps, shuffled })),
  );

async function peopleOf({ p, tenant }: TenantInTest) {
  const reader = p.store.read((await tenant()).id);
  return reader.people(await reader.peopleIds({ limit: 100 }));
}

async function ownersOf(t: TenantInTest): Promise<readonly string[]> {
  return (await peopleOf(t))
    .filter(({ status, grants }) => status === "registered" && grants.some(({ target }) => target.role === "owner"))
    .map(({ userName }) => userName);
}

/** Accounts and grants with all that a reconcile could change of them. */
async function everything(t: TenantInTest): Promise<unknown> {
  return (await peopleOf(t)).map(({ factsVersion: _, ...state }) => state);
}

type Holdings = readonly (readonly [string, unknown])[];

/** Who holds what, the accounts of people whom nobody has registered left out. */
async function holdings(t: TenantInTest, without?: string): Promise<Holdings> {
  return (await peopleOf(t))
    .filter(({ status }) => status !== "pending")
    .map(({ userName, status, grants }): readonly [string, unknown] => {
      const held = grants.filter(({ origin }) => origin !== without).map(({ target }) => targetLabel(target));
      return [userName, status === "deactivated" ? "deactivated" : [...new Set(held)].sort()];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
