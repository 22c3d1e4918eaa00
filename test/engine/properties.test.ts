import { expect } from "chai";
import fc from "fast-check";
import { applyInMemory } from "../../src/engine/apply-in-memory.js";
import type { CompiledMapping } from "../../src/engine/compile/compile.js";
import { diff } from "../../src/engine/diff.js";
import { expressionJobs } from "../../src/engine/evaluate.js";
import { applyAll } from "../../src/engine/explain/applied.js";
import type { Case } from "../../src/engine/explain/as-if.js";
import { explain } from "../../src/engine/explain/explain.js";
import { explainOutcomes } from "../../src/engine/explain/outcomes.js";
import { proveGains } from "../../src/engine/explain/prove.js";
import { proveLosses } from "../../src/engine/explain/prove-losses.js";
import { lossKeys, lossOf, unseenLoss } from "../../src/engine/guard.js";
import { jobsOf, judgePerson } from "../../src/engine/judge.js";
import { dangerKey, isDangerous, isLoss } from "../../src/engine/plan/digest.js";
import { planLines } from "../../src/engine/plan/lines.js";
import type { Decision } from "../../src/model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../../src/model/expression.js";
import type { GroupFact } from "../../src/model/facts.js";
import { type Grant, grantKey } from "../../src/model/grant.js";
import type { ConnectionId, DirectoryUserId } from "../../src/model/ids.js";
import type { Json } from "../../src/model/json.js";
import type { Known } from "../../src/model/known.js";
import type { ConflictStrategy, MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { PersonLink, PersonState } from "../../src/model/person.js";
import type { PersonPlan } from "../../src/model/plan.js";
import { type Target, targetLabel } from "../../src/model/target.js";
import { atOnce } from "./at-once.js";
import { ANY_TEAM, compiled, grant, group, known, link, NOW, state, unknown } from "./made-up.js";

const STALE = "2026-11-20T00:00:00.000Z";
const GROUPS = ["g-a-ro", "g-a-adm", "g-b-rw", "plain"];
const TEAMS = ["a", "b"];
const ROLES = ["ro", "rw", "adm", "odd"];
const ORDER = ["ro", "rw", "adm"];
const DEPARTMENTS = ["d0", "d1"];

/** Conditions whose answers are computed here, so that properties stay synchronous. */
const CONDITIONS: Readonly<Record<string, (input: ExpressionJob["input"]) => boolean>> = {
  "user.department = 'd0'": (input) => JSON.stringify(input).includes('"d0"'),
  "group.name = 'plain'": (input) => JSON.stringify(input).includes('"plain"'),
  "'plain' in groups": (input) => JSON.stringify(input).includes('"plain"'),
};

/** What computed targets are at stake, likewise; while `failing` they are no targets at all. */
const GRANTS: Readonly<Record<string, (input: ExpressionJob["input"]) => Json>> = {
  "user.department = 'd0' ? [{'team': 'a', 'role': 'adm'}, {'scope': 'tenant', 'role': 'rw'}]": (input) =>
    JSON.stringify(input).includes('"d0"')
      ? [
          { team: "a", role: "adm" },
          { scope: "tenant", role: "rw" },
        ]
      : null,
  "{'team': 'b', 'role': $contains(group.name, 'rw') ? 'rw' : 'odd'}": (input) => ({
    team: "b",
    role: JSON.stringify(input).includes("rw") ? "rw" : "odd",
  }),
};
const EXPRESSIONS = [...Object.keys(CONDITIONS), ...Object.keys(GRANTS)];
const [BY_DEPARTMENT, BY_GROUP] = Object.keys(GRANTS) as [string, string];

interface World {
  readonly rules: readonly RuleDocument[];
  readonly conflicts: ConflictStrategy;
  readonly links: readonly PersonLink[];
  /** Conditions that fail to run. */
  readonly failing: readonly string[];
  readonly state: PersonState;
}

const role = fc.constantFrom(...ROLES);
const team = fc.constantFrom(...TEAMS);
const someGroups = fc.subarray(GROUPS);

const matcher: fc.Arbitrary<Partial<RuleDocument>> = fc.oneof(
  fc.subarray(GROUPS, { minLength: 1 }).map((names) => ({ group_name: names })),
  fc.constant({ everyone: true as const }),
  fc.constant({ app_role: "r" }),
  fc.constantFrom("user.department = 'd0'", "'plain' in groups").map((when) => ({ when })),
  fc.constant({ group_name: GROUPS, when: "group.name = 'plain'" }),
);
const literalRule = fc
  .record({ matcher, team, role })
  .map((one) => ({ ...one.matcher, team_name: one.team, role_name: one.role }));
const patternRule = fc.constantFrom<RuleDocument>(
  { group_pattern: "g-{t}-{r}", team_name: "{t}", role_name: "{r}" },
  { group_pattern: "g-{t}-{r}", values: { r: { ro: "ro", rw: "rw", adm: "adm" } }, team_name: "{t}", role_name: "{r}" },
  { group_pattern: "g-{t}-*", team_name: "{t}", role_name: "rw" },
  { group_pattern: "*", when: "user.department = 'd0'", team_name: "a", role_name: "adm" },
);
const computedRule = fc.constantFrom<RuleDocument>(
  { everyone: true, grants: BY_DEPARTMENT },
  { app_role: "r", when: "'plain' in groups", grants: BY_DEPARTMENT },
  { group_pattern: "g-*", grants: BY_GROUP },
  { group_name: GROUPS, when: "group.name = 'plain'", grants: BY_GROUP },
);
const rules = fc
  .array(fc.oneof({ weight: 3, arbitrary: literalRule }, patternRule, computedRule), { maxLength: 6 })
  .map((all) => all.map((one, index): RuleDocument => ({ ...one, id: `r${index}` })));

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Known<T>> {
  return fc.oneof(
    value.map((one) => known(one)),
    value.map((one) => known(one, STALE)),
    fc.constant(unknown("never_asserted")),
  );
}

const groupFact = (name: string): fc.Arbitrary<GroupFact> =>
  fc.boolean().map((stale) => group(name, stale ? { staleSince: STALE } : {}));

const aLink = (slug: string): fc.Arbitrary<PersonLink> =>
  fc
    .record({
      groups: someGroups.chain((names) => fc.tuple(...names.map(groupFact))),
      unlisted: fc.constantFrom("not_member", "not_member", "overage" as const),
      answered: someGroups,
      department: maybe(fc.constantFrom<string | null>(...DEPARTMENTS, null)),
      appRoles: maybe(fc.subarray(["r", "s"])),
    })
    .map(({ department, ...facts }) => link({ ...facts, connection: { slug }, user: { department } }));

const links = fc.oneof(
  aLink("idp").map((one) => [one]),
  fc.tuple(aLink("idp"), aLink("other")).map((both) => [...both]),
);

/** What SCIM says of a row, if it says anything. */
const presence = fc.constantFrom({}, { scim: "active" } as const, { scim: "inactive" } as const);

const aGrant: fc.Arbitrary<Grant> = fc
  .record({
    scope: fc.oneof(
      { weight: 3, arbitrary: team.map((name) => `team:${name}`) },
      fc.constantFrom("tenant", "all_teams"),
    ),
    role,
    rule: fc.constantFrom("r0", "r1", "r2", "r3", "gone"),
    connection: fc.constantFrom("idp", "other", "former"),
    origin: fc.constantFrom("rule" as const, "rule" as const, "manual" as const),
  })
  .map((one) =>
    grant(one.scope, one.role, {
      origin: one.origin,
      ...(one.origin === "rule"
        ? { rule: one.rule, connection: one.connection as ConnectionId }
        : { rule: undefined as never, connection: undefined as never }),
    }),
  );
const aState = fc.uniqueArray(aGrant, { maxLength: 6, selector: grantKey }).map((grants) => state(grants));

/** Counterexamples as people read them. */
function readable(one: World): World {
  const ofLink = ({ connection, facts }: PersonLink) => ({
    at: connection.slug,
    groups: facts.groups.members.map((member) => member.names[0] + (member.staleSince ? "?" : "")),
    unlisted: facts.groups.unlisted,
    answered: [...facts.groups.answered],
    department: facts.user.department,
    appRoles: facts.appRoles,
  });
  const text = () =>
    JSON.stringify({
      rules: one.rules,
      conflicts: one.conflicts,
      links: one.links.map(ofLink),
      failing: one.failing,
      holds: one.state.grants.map((held) => grantKey(held).replaceAll("\u0000", "|")),
    });
  return Object.defineProperty({ ...one }, fc.toStringMethod, { value: text });
}

const world: fc.Arbitrary<World> = fc
  .record({
    rules,
    conflicts: fc.constantFrom("first" as const, "highest" as const, "all" as const),
    links,
    failing: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray(EXPRESSIONS)),
    state: aState,
  })
  .map(readable);

function unnamed({ id: _, ...rule }: RuleDocument): RuleDocument {
  return rule;
}

function mappingOf(
  { rules: mappings, conflicts }: Pick<World, "rules" | "conflicts">,
  more: MappingDocument = {},
): CompiledMapping {
  return compiled({ conflicts, role_order: ORDER, unknown_team: "create_any", mappings, ...more });
}

function answers(
  mapping: CompiledMapping,
  { links: people, failing }: Pick<World, "links" | "failing">,
): Map<string, ExpressionResult> {
  return answersTo(expressionJobs(mapping, people), failing);
}

function answersTo(
  jobs: ReadonlyMap<string, ExpressionJob>,
  failing: readonly string[],
): Map<string, ExpressionResult> {
  const results = new Map<string, ExpressionResult>();
  for (const [key, { source, input }] of jobs) {
    results.set(key, failing.includes(source) ? failed(source) : { ok: true, value: answerOf(source, input) });
  }
  return results;
}

function failed(source: string): ExpressionResult {
  return source in GRANTS ? { ok: true, value: "no target" } : { ok: false, code: "error", message: "failed" };
}

function answerOf(source: string, input: ExpressionJob["input"]): Json {
  return GRANTS[source]?.(input) ?? CONDITIONS[source]?.(input) ?? null;
}

function decisionOf(mapping: CompiledMapping, one: Pick<World, "links" | "failing" | "state">): Decision {
  return judgePerson({ ...one, mapping, door: "sync", ...ANY_TEAM }, answers(mapping, one));
}

function planOf(one: World, mapping = mappingOf(one)): PersonPlan {
  return diff(one.state, decisionOf(mapping, one), mapping);
}

/** What a plan does to grants, without the order and the reasons. */
function effectOf(plan: PersonPlan): readonly string[] {
  const changes = plan.changes.map((change) => `${change.kind} ${"grant" in change ? grantKey(change.grant) : ""}`);
  return [...changes, ...plan.kept.map((one) => `keep ${grantKey(one.grant)}`)].sort();
}

function shuffled<T>(values: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length });
}

function withGroups(one: PersonLink, members: readonly GroupFact[]): PersonLink {
  return { ...one, facts: { ...one.facts, groups: { ...one.facts.groups, members } } };
}

/**
 * Every fact that is unknown or stale made certain in one way, and every failing condition answered. What was known once
 * to be otherwise stays so until it is asserted anew: only what was never known is open both ways (design rule 1).
 */
function certain(one: PersonLink): fc.Arbitrary<PersonLink> {
  const { groups, user, appRoles } = one.facts;
  const open = groups.unlisted === "not_member" ? [] : GROUPS.filter((name) => !groups.answered.has(name));
  const listed = new Set(groups.members.map((member) => member.names[0]));
  return fc
    .record({
      stay: fc.subarray(groups.members.filter((member) => member.staleSince)),
      join: fc.subarray(open.filter((name) => !listed.has(name))),
      department: certainValue(user.department, [...DEPARTMENTS, null], (value) => [value, "d1", null]),
      appRoles:
        appRoles.known && appRoles.staleSince
          ? fc.subarray([...appRoles.value])
          : certainValue(appRoles, [[], ["r"], ["s"], ["r", "s"]], (value) => [value]),
    })
    .map((made) => {
      const fresh = groups.members.filter((member) => !member.staleSince);
      const members = [
        ...fresh,
        ...made.stay.map(({ staleSince: _, ...rest }) => rest),
        ...made.join.map((name) => group(name)),
      ];
      return link({
        connection: { slug: one.connection.slug },
        groups: members,
        user: { department: made.department },
        appRoles: known(made.appRoles),
      });
    });
}

function certainValue<T>(fact: Known<T>, any: readonly T[], ifStale: (value: T) => readonly T[]): fc.Arbitrary<T> {
  if (!fact.known) return fc.constantFrom(...any);
  return fact.staleSince ? fc.constantFrom(...ifStale(fact.value)) : fc.constant(fact.value);
}

function certainWorld(one: World): fc.Arbitrary<World> {
  return fc.tuple(...one.links.map(certain)).map((sure) => readable({ ...one, links: sure, failing: [] }));
}

describe("properties of the engine", () => {
  const check = <T>(values: fc.Arbitrary<T>, holds: (value: T) => void) =>
    fc.assert(fc.property(values, holds), { numRuns: 300 });

  it("a plan that was applied leaves nothing to do", () => {
    check(world, (one) => {
      const mapping = mappingOf(one, { default_team: "a" });
      const pending = { ...one.state, status: "pending", everRegistered: false, grants: [] } as const;
      const pushed = one.links.map((each) => ({ ...each, scim: "active" as const }));
      for (const before of [one, { ...one, state: pending, links: pushed }]) {
        const after = applyInMemory(before.state, planOf(before, mapping), { version: mapping.version, now: NOW });
        const again = planOf({ ...before, state: after }, mapping);
        expect(again.changes).to.deep.equal([]);
        expect(again.refreshed).to.deep.equal([]);
      }
    });
  });

  it("the order of groups and of links never matters", () => {
    const turned = world.chain((one) =>
      fc.record({
        one: fc.constant(one),
        links: fc
          .tuple(
            ...one.links.map((each) => shuffled(each.facts.groups.members).map((members) => withGroups(each, members))),
          )
          .chain(shuffled),
      }),
    );
    check(turned, ({ one, links: others }) => {
      const plan = planOf(one);
      const other = planOf({ ...one, links: others });
      expect(effectOf(other)).to.deep.equal(effectOf(plan));
      const evidence = ({ refreshed }: PersonPlan) => refreshed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      expect(evidence(other)).to.deep.equal(evidence(plan));
    });
  });

  for (const conflicts of ["highest", "all"] as const) {
    it(`under \`${conflicts}\` the order of rules never matters`, () => {
      const turned = world.chain((one) =>
        fc.record({ one: fc.constant({ ...one, conflicts }), rules: shuffled(one.rules) }),
      );
      check(turned, ({ one, rules: others }) => {
        expect(effectOf(planOf({ ...one, rules: others }))).to.deep.equal(effectOf(planOf(one)));
      });
    });
  }

  it("a condition that yields nothing does what a false one does", () => {
    check(world, (one) => {
      const mapping = mappingOf(one);
      const results = answers(mapping, one);
      const nothing = new Map<string, ExpressionResult>(
        [...results].map(([key, result]) => [
          key,
          result.ok && result.value === false ? { ok: true, value: null } : result,
        ]),
      );
      const effect = (by: ReadonlyMap<string, ExpressionResult>) =>
        effectOf(diff(one.state, judgePerson({ ...one, mapping, door: "sync", ...ANY_TEAM }, by), mapping));
      expect(effect(nothing)).to.deep.equal(effect(results));
    });
  });

  it("a manual grant never changes what rules do", () => {
    const pair = fc.record({ one: world, more: aGrant, at: fc.nat(6) });
    check(pair, ({ one, more, at }) => {
      const byHand = { ...more, origin: "manual", by: "eve", id: "by hand" } as unknown as Grant;
      const grants = one.state.grants.toSpliced(at, 0, byHand);
      expect(effectOf(planOf({ ...one, state: { ...one.state, grants } }))).to.deep.equal(effectOf(planOf(one)));
    });
  });

  it("what is unknown, stale or failed takes nothing that any certainty would keep", () => {
    const pair = world.chain((one) => fc.record({ one: fc.constant(one), sure: certainWorld(one) }));
    check(pair, ({ one, sure }) => {
      const mapping = mappingOf(one);
      const gone = new Set(
        planOf(sure, mapping).changes.flatMap((change) => (change.kind === "revoke" ? [change.grant.id] : [])),
      );
      for (const change of planOf(one, mapping).changes) {
        if (change.kind === "revoke") expect(gone.has(change.grant.id), grantKey(change.grant)).to.equal(true);
      }
    });
  });

  it("what is unknown, stale or failed lets no rule win that a certainty would let lose", () => {
    const pair = world.chain((one) => fc.record({ one: fc.constant(one), sure: certainWorld(one) }));
    check(pair, ({ one, sure }) => {
      const mapping = mappingOf(one);
      const certainly = decisionOf(mapping, sure).desired;
      const now = decisionOf(mapping, one).desired.filter((wanted) => !wanted.stale);
      for (const change of planOf(one, mapping).changes) {
        if (change.kind !== "grant") continue;
        const { scope, role: given } = change.grant.target;
        const inPlace = certainly.filter((wanted) => wanted.target.scope === scope);
        // A rule that gives this already may turn out to give more by groups that are unknown; no other rule may.
        const givers = now.filter((wanted) => wanted.target.scope === scope && wanted.target.role === given);
        const isFair = inPlace.some(
          ({ target, rule }) =>
            target.role === given ||
            (mapping.roleOrder.compare(target.role, given) > 0 && givers.some((giver) => giver.rule === rule)),
        );
        expect(isFair, grantKey(change.grant)).to.equal(true);
      }
    });
  });

  it("stale facts alone open nothing", () => {
    check(world, (one) => {
      const stale = one.links.map((each) => {
        const members = each.facts.groups.members.map((member) => ({ ...member, staleSince: STALE }));
        const { department } = each.facts.user;
        const user = { ...each.facts.user, department: department.known ? known(department.value, STALE) : department };
        const appRoles = each.facts.appRoles.known ? known(each.facts.appRoles.value, STALE) : each.facts.appRoles;
        return {
          ...each,
          facts: {
            ...each.facts,
            user,
            appRoles,
            groups: { ...each.facts.groups, members, unlisted: "overage" as const },
          },
        };
      });
      const withoutEveryone = one.rules.filter((rule) => !rule.everyone);
      const plan = planOf({ ...one, rules: withoutEveryone, links: stale });
      expect(plan.changes.filter((change) => change.kind === "grant")).to.deep.equal([]);
    });
  });

  it("a rule that computes its targets keeps no ownership that no rule offers", () => {
    const owner = grant("tenant", "owner", { rule: "owners" });
    check(world, (one) => {
      const rules = one.rules.filter((rule) => rule.grants !== undefined);
      const plan = planOf({ ...one, rules, state: { ...one.state, grants: [owner] } });
      expect(plan.kept).to.deep.equal([]);
      expect(plan.changes.map((change) => "grant" in change && grantKey(change.grant))).to.include(grantKey(owner));
    });
  });

  it("every explanation says why, and tries what it suggests, whatever rows a connection knows a person by", () => {
    const people = fc.record({
      one: world,
      links: fc.array(fc.tuple(fc.constantFrom("idp", "other").chain(aLink), presence), { minLength: 1, maxLength: 3 }),
      teams: fc.subarray(TEAMS),
      unknownTeam: fc.constantFrom("reject" as const, "create" as const, "create_any" as const),
    });
    check(people, ({ one, links: rows, teams, unknownTeam }) => {
      const mapping = mappingOf(one, { unknown_team: unknownTeam });
      const resolveTeam = (name: string) => (teams.includes(name) ? { name } : undefined);
      const as: Case = {
        mapping,
        links: rows.map(([row, scim], at) => ({ ...row, ...scim, directoryUser: `row ${at}` as DirectoryUserId })),
        ...{ state: one.state, door: "sync", resolveTeam, apply: applyAll },
      };
      const asked = (jobs: ReadonlyMap<string, ExpressionJob>) => answersTo(jobs, one.failing);
      const decision = judgePerson(as, asked(jobsOf(as)));
      const explained = explain(mapping, as.links, decision.evaluations, decision, as.state);
      let gains = atOnce(proveGains(as, decision, explained));
      while (gains.next) gains = atOnce(gains.next(asked(gains.jobs)));
      let losses = atOnce(proveLosses(as, explained.assignments));
      while (losses.next) losses = atOnce(losses.next(asked(losses.jobs)));
      const { rules: told } = explainOutcomes(mapping, as.links, decision, as.state, 100);
      expect(told.length === 0).to.equal(one.rules.length === 0);
      if (as.links.every(({ scim }) => scim === "inactive")) expect(gains.explanation.notGiven).to.deep.equal([]);
      for (const { why, steps } of gains.explanation.notGiven)
        if (why === "unknown_team") expect(JSON.stringify(steps)).not.to.include('"target":""');
    });
  });

  it("whatever is taken and was not reviewed is a loss, to the brake and to who confirms, unless a higher role stands in its place", () => {
    const edits = world.chain((one) =>
      fc.record({
        one: fc.constant(one),
        later: world.map(({ links: moved }) => moved),
        rules: fc.shuffledSubarray([...one.rules]),
        named: fc.tuple(fc.boolean(), fc.boolean()),
        reviewed: fc.func(fc.boolean()),
      }),
    );
    check(edits, ({ one, later, rules: edited, named: [were, are], reviewed }) => {
      const { conflicts, failing } = one;
      const first = mappingOf({ conflicts, rules: were ? one.rules : one.rules.map(unnamed) });
      const before = applyInMemory(one.state, planOf(one, first), { version: 1, now: NOW });
      const second = mappingOf({ conflicts, rules: are ? edited : edited.map(unnamed) });
      const plan = planOf({ ...one, links: later, failing, state: before }, second);
      const after = applyInMemory(before, plan, { version: 2, now: NOW });
      const has = new Set(after.grants.map(({ target }) => targetLabel(target)));
      const isRaised = ({ scope, role: lost }: Target) => {
        const above = ORDER.slice(ORDER.indexOf(lost) + 1);
        return (
          conflicts !== "all" && ORDER.includes(lost) && above.some((r) => has.has(targetLabel({ scope, role: r })))
        );
      };
      const taken = before.grants.map(({ target }) => target).filter((target) => !has.has(targetLabel(target)));
      const lost = [...new Set(taken.filter((target) => !isRaised(target)).map(targetLabel))].sort();
      const lines = planLines(plan).filter(isLoss);
      expect(lines.map(({ target }) => target && targetLabel(target)).sort()).to.deep.equal(lost);
      expect(lossKeys(plan)).to.deep.equal(lines.map(dangerKey));
      expect(lines.every(isDangerous)).to.equal(true);
      expect(lossOf(plan) !== undefined).to.equal(lost.length > 0);
      const isSeen = lines.every((line) => reviewed(dangerKey(line)));
      expect(unseenLoss(plan, reviewed) === undefined).to.equal(isSeen);
    });
  });

  it("a deactivation takes everything, whatever is unknown", () => {
    check(world, (one) => {
      const inactive = one.links.map((each) => ({ ...each, scim: "inactive" as const }));
      const plan = planOf({ ...one, links: inactive });
      expect(plan.kept).to.deep.equal([]);
      expect(plan.changes.filter((change) => change.kind === "revoke")).to.have.length(one.state.grants.length);
    });
  });
});
