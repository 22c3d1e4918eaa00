/** Scenarios: made-up people and exactly what a mapping gives them, replayed in memory with nothing stored. */
import { applyInMemory } from "../../engine/apply-in-memory.js";
import type { CompiledMapping } from "../../engine/compile/compile.js";
import { diff } from "../../engine/diff.js";
import { linkFacts } from "../../engine/facts.js";
import { type JudgedPerson, jobsOf, judgePerson } from "../../engine/judge.js";
import { parseTarget } from "../../engine/target-text.js";
import type { Decision } from "../../model/evaluation.js";
import type { Instant, UserId } from "../../model/ids.js";
import { type DirectoryGroupRecord, NOTHING_SHOWN, type PersonLink, type PersonState } from "../../model/person.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { targetLabel, teamOf } from "../../model/target.js";
import { resultsOf } from "../mapping/expression-results.js";
import { brokenInvariants, type GivenPerson } from "../mapping/invariants.js";
import { type CheckingMappings, checkMapping } from "../mapping/mappings.js";
import {
  type ScenarioDocument,
  type ScenarioVisitor,
  type ScenarioWay,
  scenarioConnections,
  scenarioVisitors,
} from "./scenario-document.js";
import { linkRecordOf, rowAfter, type ScenarioRow, scenarioGroup } from "./scenario-facts.js";

export interface ScenarioRun {
  readonly p: CheckingMappings;
  /** Whose expressions these are, for the runner's fairness. */
  readonly tenant: number;
  /** The instant at which everything happens. */
  readonly now: Instant;
}

/** What became of somebody: targets as labels in order, `refused:<code>` or `deactivated`. */
export type ScenarioOutcome = readonly string[] | string;

/**
 * Replays a scenario in memory, once with the facts as sign-ins and once as SCIM pushes. `text`: the mapping's. Answers
 * with what went otherwise than expected, a sentence each; nothing when all is well.
 */
export async function runScenario(
  run: ScenarioRun,
  scenario: ScenarioDocument,
  text: string,
): Promise<readonly string[]> {
  const connections = scenarioConnections(scenario);
  const checked = await checkMapping(run.p, text, { tenant: run.tenant, connections, version: 1 });
  if (scenario.problems) return problemFaults(scenario.problems, checked.ok ? [] : checked.problems);
  if (!checked.ok) return problemFaults([], checked.problems);
  const faults: string[] = [];
  for (const way of ["sign_in", "push"] as const) {
    const replay = {
      run,
      scenario,
      mapping: checked.mapping,
      teams: new Set(scenario.teams),
      broken: new Set<string>(),
    };
    for (const [userName, outcome] of await replayWay(replay, way)) {
      faults.push(...outcomeFaults(scenario, userName, outcome, way));
    }
    faults.push(...replay.broken);
  }
  return faults;
}

/** How the outcome differs from what the scenario expects; `where` says by which door it came about. */
export function outcomeFaults(
  { expect }: Pick<ScenarioDocument, "expect">,
  userName: string,
  outcome: ScenarioOutcome,
  where: string,
): readonly string[] {
  const wanted = expect?.[userName];
  if (wanted === undefined) return [`\`${userName}\` (${where}): the scenario expects nothing of this person`];
  const asked = typeof wanted === "string" ? wanted : outcomeText(wanted.map(label).sort());
  const given = outcomeText(outcome);
  return asked === given ? [] : [`\`${userName}\` (${where}): expected ${asked}, got ${given}`];
}

function label(written: string): string {
  const target = parseTarget(written);
  return target === undefined ? written : targetLabel(target);
}

function outcomeText(outcome: ScenarioOutcome): string {
  if (typeof outcome === "string") return outcome;
  return outcome.length === 0 ? "nothing" : outcome.join(", ");
}

/** How the problems of a refused mapping differ from the expected ones. */
function problemFaults(
  wanted: readonly Pick<Problem, "pointer" | "code">[],
  found: readonly Problem[],
): readonly string[] {
  const key = ({ pointer, code }: Pick<Problem, "pointer" | "code">) => `${code} at \`${pointer}\``;
  const expected = new Set(wanted.map(key));
  const given = new Map(found.map((problem) => [key(problem), problem.message]));
  return [
    ...[...expected].filter((one) => !given.has(one)).map((one) => `the mapping should have been refused with ${one}`),
    ...[...given].filter(([one]) => !expected.has(one)).map(([one, message]) => `the mapping has ${one}: ${message}`),
  ];
}

interface Replay {
  readonly run: ScenarioRun;
  readonly scenario: ScenarioDocument;
  readonly mapping: CompiledMapping;
  /** Teams that exist by now. */
  readonly teams: Set<string>;
  /** What says that somebody is given what an invariant forbids. */
  readonly broken: Set<string>;
}

async function replayWay(replay: Replay, way: ScenarioWay): Promise<ReadonlyMap<string, ScenarioOutcome>> {
  const visitors = scenarioVisitors(replay.scenario, way);
  const groups = pushedGroups(replay, visitors);
  const outcomes = new Map<string, ScenarioOutcome>();
  for (const visitor of visitors) outcomes.set(visitor.userName, await replayVisitor(replay, visitor, groups));
  return outcomes;
}

type PushedGroups = ReadonlyMap<string, readonly DirectoryGroupRecord[]>;

function pushedGroups({ run, scenario }: Replay, visitors: readonly ScenarioVisitor[]): PushedGroups {
  const names = new Map<string, Set<string>>();
  for (const { connection, by, said } of visitors.flatMap((visitor) => visitor.links)) {
    if (by !== "push") continue;
    const mine = names.get(connection.slug) ?? new Set();
    names.set(connection.slug, mine);
    for (const name of said.flatMap((facts) => facts.groups ?? [])) mine.add(name);
  }
  const records = (mine: ReadonlySet<string>) =>
    [...mine].map((name) => scenarioGroup(name, scenario.groupIds?.[name], run.now));
  return new Map([...names].map(([slug, mine]) => [slug, records(mine)]));
}

async function replayVisitor(
  replay: Replay,
  { userName, links }: ScenarioVisitor,
  groups: PushedGroups,
): Promise<ScenarioOutcome> {
  let state = stranger(userName);
  let verdict: Decision["verdict"] = { allow: true };
  const rows = new Map<string, ScenarioRow>();
  for (const visit of links) {
    const { slug } = visit.connection;
    // A push comes without its groups first: the members of a group must be there before it.
    const steps = visit.by === "push" ? [visit.said[0] ?? {}, ...visit.said] : visit.said;
    for (const [index, facts] of steps.entries()) {
      const before = rows.get(slug) ?? { visit, groupsPushed: false };
      const row = rowAfter({ ...before, groupsPushed: index > 0 }, userName, facts, replay.scenario, replay.run.now);
      rows.set(slug, row);
      const present = [...rows].flatMap(([at, one]) => personLink(one, userName, groups.get(at) ?? [], replay));
      const door = visit.by === "push" ? "sync" : "sign_in";
      const decision = await judged(replay, { links: present, state, door });
      state = applyInMemory(state, diff(state, decision, replay.mapping), { version: 1, now: replay.run.now });
      if (state.status === "registered")
        await holdAgainstInvariants(replay, { who: quote(userName), links: present, decision });
      verdict = visit.by === "push" ? { allow: true } : decision.verdict;
      for (const grant of state.grants) replay.teams.add(teamOf(grant.target.scope) ?? "");
    }
  }
  return outcomeOf(state, verdict);
}

function personLink(
  row: ScenarioRow,
  userName: string,
  groups: readonly DirectoryGroupRecord[],
  { run: { now }, mapping }: Replay,
): readonly PersonLink[] {
  const link = linkFacts(linkRecordOf(row, userName, groups, now), now, mapping.scimRoles);
  return link ? [link] : [];
}

async function judged(
  { run, mapping, teams }: Replay,
  { links, state, door }: Pick<JudgedPerson, "links" | "state" | "door">,
): Promise<Decision> {
  const resolveTeam = (name: string) => (teams.has(name) ? { name } : undefined);
  const person: JudgedPerson = { mapping, links, state, door, resolveTeam };
  return judgePerson(person, await resultsOf(run.p.expressions, run.tenant, jobsOf(person)));
}

async function holdAgainstInvariants({ run, mapping, broken }: Replay, person: GivenPerson): Promise<void> {
  const asking = { expressions: run.p.expressions, tenant: run.tenant, mapping, remembered: new Map() };
  for (const { message } of (await brokenInvariants(asking, [person])).flat()) broken.add(message);
}

function outcomeOf(state: PersonState, verdict: Decision["verdict"]): ScenarioOutcome {
  if (state.status === "deactivated") return "deactivated";
  if (!verdict.allow) return `refused:${verdict.code}`;
  if (state.status === "pending") return "deactivated";
  return [...new Set(state.grants.map((grant) => targetLabel(grant.target)))].sort();
}

function stranger(userName: string): PersonState {
  return {
    id: userName as UserId,
    userName,
    email: null,
    ...NOTHING_SHOWN,
    status: "pending",
    everRegistered: false,
    factsVersion: 1,
    reconciledVersion: 0,
    dirty: true,
    seat: false,
    grants: [],
  };
}
