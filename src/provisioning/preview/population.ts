/** A plan for a whole population: what a mapping, a switch or a release would do now, for everybody and with nothing of it done. */
import type { CompiledMapping } from "../../engine/compile/compile.js";
import { diff } from "../../engine/diff.js";
import { losesOwner } from "../../engine/guard.js";
import { type PlanDigest, planDigest, shownKey } from "../../engine/plan/digest.js";
import { planLines } from "../../engine/plan/lines.js";
import { type PlanTally, planTally } from "../../engine/plan/summary.js";
import { type UndecidedTally, undecidedTally } from "../../engine/plan/undecided.js";
import type { Decision } from "../../model/evaluation.js";
import type { PersonPlan, PlanLine, PlanSummary } from "../../model/plan.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { teamOf } from "../../model/target.js";
import type { Losing } from "../brake-buckets.js";
import type { Provisioning } from "../deps.js";
import { type Gathered, gather } from "../gather.js";
import { judge, othersFirst } from "../judge.js";
import { invariantProblems, tallyInvariants } from "../mapping/invariants.js";
import type { PlanRow } from "../ports/mappings.js";
import type { Page, PageQuery, TenantReader } from "../ports/store.js";
import { ownersAsKept, seated, shown } from "./as-applied.js";
import { type LosingTally, losingTally } from "./losing.js";
import { beginSheet, type PlanSheet } from "./plan-sheet.js";
import { beginWalk, type PopulationQuery, peopleOf, type Walk } from "./population-walk.js";
import { isUnmoved, MOST_UNMOVED, type UnmovedPeople } from "./unmoved.js";

export type { PopulationQuery } from "./population-walk.js";

/** What a plan of a population comes to; its lines are stored under `digest`. */
export interface PopulationPlan {
  readonly digest: string;
  readonly summary: PlanSummary;
  /** How many lines there are, held ones among them. */
  readonly lines: number;
  /** Invariants of the mapping that somebody would break. */
  readonly problems: readonly Problem[];
  /** Whom a mapping that is to be saved leaves as they are; of a preview nobody asks it. */
  readonly unmoved?: UnmovedPeople;
  /** Who would lose something that no review covers; of a preview nobody asks it. */
  readonly losing: readonly Losing[];
  /** Where the lines were written, if anybody is to read them. */
  readonly sheet?: PlanSheet;
}

/** A stored plan, to be shown in pages and confirmed by its digest. */
export interface Preview {
  readonly id: string;
  readonly digest: string;
  readonly summary: PlanSummary;
  readonly problems: readonly Problem[];
  /** Privileged lines first, owners before all; then losses, then gains. */
  lines(query: PageQuery): Promise<Page<PlanRow>>;
}

/** What a plan is made for: lines are written where somebody will read them, and who is unmoved is noted where it is done. */
export type Purpose = "to_show" | "to_confirm" | "to_do";

/**
 * Plans for everybody in the query, page by page. Memory holds a page of facts and a few pages of lines, however many people
 * there are. Refusal `rate_limited` when too many plans of the tenant wait already. Who asks for a sheet finishes or drops it.
 */
export async function planPopulation(
  p: Provisioning,
  reader: TenantReader,
  query: PopulationQuery,
  purpose: Purpose,
): Promise<PopulationPlan> {
  const { tenant } = reader;
  return p.walks.run(tenant, async () => {
    const unmoved = query.kind === "mapping" && purpose !== "to_show";
    const walk = await beginWalk(p, p.store.walk(tenant), query, { unmoved });
    const sheet = purpose === "to_do" ? undefined : await beginSheet(p, tenant, query);
    try {
      return await planAll(walk, sheet, purpose);
    } catch (error) {
      await sheet?.drop();
      throw error;
    }
  });
}

/** Plans and stores the plan, so that it can be shown in pages and confirmed by its digest within a day. */
export async function storePreview(p: Provisioning, reader: TenantReader, query: PopulationQuery): Promise<Preview> {
  const { digest, summary, problems, sheet } = await planPopulation(p, reader, query, "to_show");
  const { id, finish } = sheet as PlanSheet;
  await p.store.write(reader.tenant, (tx) => finish(tx, digest, summary));
  return { id, digest, summary, problems, lines: (page) => reader.planLines(id, page) };
}

interface Totals {
  readonly digest: PlanDigest;
  readonly tally: PlanTally;
  readonly newTeams: Set<string>;
  readonly undecided: UndecidedTally;
  readonly losing: LosingTally;
  lines: number;
}

interface PlannedPerson {
  readonly person: Gathered;
  readonly plan: PersonPlan;
}

async function planAll(walk: Walk, sheet: PlanSheet | undefined, purpose: Purpose): Promise<PopulationPlan> {
  const totals: Totals = {
    ...{ digest: planDigest(), tally: planTally(), newTeams: new Set(), undecided: undecidedTally() },
    ...{ losing: losingTally(walk.connections), lines: 0 },
  };
  const isReviewed = purpose !== "to_do";
  const take = async (planned: readonly PlannedPerson[], drift: ReadonlySet<string>) => {
    const rows = planned.flatMap((one) => takePerson(walk, totals, one, drift, isReviewed));
    await sheet?.add(rows);
  };
  const owners: PlannedPerson[] = [];
  const ownersDrift = new Set<string>();
  for await (const people of peopleOf(walk)) {
    await othersFirst();
    const planned = (await planPage(walk, people, walk.mapping, totals.undecided)).map(({ person, plan }) => ({
      ...{ person, plan: seated(walk.seats, shown(plan, walk.query)) },
    }));
    await othersFirst();
    const drift = new Set(await driftOf(walk, planned));
    const losing = planned.filter(({ plan }) => losesOwner(plan));
    owners.push(...losing);
    if (losing.length > 0) for (const key of drift) ownersDrift.add(key);
    await take(losing.length === 0 ? planned : planned.filter((one) => !losing.includes(one)), drift);
  }
  const kept = await ownersAsKept(
    walk.reader,
    owners.map(({ plan }) => plan),
    isReviewed,
  );
  await take(
    owners.map(({ person }, index) => ({ person, plan: kept[index] as PersonPlan })),
    ownersDrift,
  );
  await sheet?.close();
  return {
    digest: totals.digest.value(),
    summary: totals.tally.summary([...totals.newTeams].sort(), totals.undecided.value(walk.mapping)),
    lines: totals.lines,
    problems: invariantProblems(walk.tally),
    losing: totals.losing.value(),
    ...(sheet && { sheet }),
    ...(walk.unmoved && { unmoved: walk.unmoved }),
  };
}

function takePerson(
  walk: Walk,
  totals: Totals,
  { person, plan }: PlannedPerson,
  drift: ReadonlySet<string>,
  isReviewed: boolean,
): readonly PlanRow[] {
  const lines = planLines(plan, walk.privileged);
  const drifted = new Set(drift.size === 0 ? [] : lines.filter((line) => drift.has(shownKey(line))));
  totals.tally.add(plan, lines, [...drifted].filter((line) => !line.held).length);
  if (lines.length === 0) return [];
  totals.digest.add(lines);
  totals.losing.add(
    person,
    plan,
    lines.filter((line) => !isReviewed || drifted.has(line)),
  );
  totals.lines += lines.length;
  for (const line of lines) addNewTeam(walk, totals.newTeams, line);
  const { factsVersion } = plan.person;
  return lines.map((line) => ({ ...line, factsVersion, ...(drifted.has(line) && { drifted: true }) }));
}

function addNewTeam({ resolveTeam }: Walk, names: Set<string>, { change, target, held }: PlanLine): void {
  const name = change === "grant" && !held && target ? teamOf(target.scope) : undefined;
  if (name !== undefined && !resolveTeam(name)) names.add(name);
}

/** Plans with nobody left out or kept back. `undecided`: where rules that cannot be judged are counted, if they are. */
async function planPage(
  walk: Walk,
  people: readonly Gathered[],
  mapping: CompiledMapping,
  undecided?: UndecidedTally,
): Promise<readonly PlannedPerson[]> {
  const expressions = mapping === walk.active ? walk.activeExpressions : walk.expressions;
  const { resolveTeam, remembered, query } = walk;
  const decisions = await judge(expressions, walk.tenant.id, mapping, people, resolveTeam, "sync", remembered);
  if (query.mapping === mapping) {
    const asking = { expressions, tenant: walk.tenant.id, mapping, remembered };
    const given = people.map(({ state, links }) => {
      return { who: quote(state.userName), links, decision: decisions.get(state.id) as Decision };
    });
    await tallyInvariants(asking, given, walk.tally);
  }
  const planned: PlannedPerson[] = [];
  for (const person of people) {
    const decision = decisions.get(person.state.id);
    if (!decision) continue;
    const plan = diff(person.state, decision, mapping);
    if (query.mapping === mapping) noteUnmoved(walk, plan, decision);
    if (!plan.frozen || query.includeFrozen) undecided?.add(decision.locks);
    planned.push({ person, plan });
  }
  return planned;
}

function noteUnmoved({ unmoved, tenant }: Walk, plan: PersonPlan, decision: Decision): void {
  const { id: user, factsVersion } = plan.person;
  if (!unmoved || unmoved.people.length >= MOST_UNMOVED) return;
  if (isUnmoved(plan, decision, tenant.activeVersion)) unmoved.people.push({ user, factsVersion });
}

/** What would happen without the edit or switch too: to people with a waiting mark, or who wait for something to gain. */
async function driftOf(walk: Walk, planned: readonly PlannedPerson[]): Promise<readonly string[]> {
  const { activeVersion } = walk.tenant;
  const behind = planned
    .filter(
      ({ person: { state }, plan: { waiting } }) =>
        state.dirty || state.reconciledVersion < activeVersion || waiting?.gains.length,
    )
    .map(({ person }) => person);
  if (behind.length === 0) return [];
  const facts =
    walk.query.overlay || walk.mapping !== walk.active
      ? await gather(
          walk.p,
          walk.reader,
          walk.connections,
          behind.map(({ state }) => state),
          { now: walk.now, mapping: walk.active, overlay: walk.leaving },
        )
      : behind;
  // what was said for the active version reaches who is frozen, and who waits in a held run goes on waiting
  const drifting = (await planPage(walk, facts, walk.active)).map(({ person: { state }, plan }) =>
    shown(plan, { includeFrozen: walk.activeIncludesFrozen && state.reconciledVersion < activeVersion }),
  );
  const changes = drifting
    .flatMap((plan) => planLines(plan, walk.privileged))
    .filter(({ change }) => change !== "hold");
  // what would be gained anyway is no more the edit's doing where it has to wait
  return changes.flatMap((line) => [line, { ...line, held: true as const }]).map(shownKey);
}
