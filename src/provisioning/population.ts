/** A plan for a whole population: what a mapping, a switch or a release would do now, for everybody and with nothing written. */
import type { CompiledMapping } from "../engine/compile.js";
import { diff } from "../engine/diff.js";
import { dangerKey, planDigest } from "../engine/digest.js";
import { keptBack, losesOwner, ownersWhoStay, underHold } from "../engine/guard.js";
import { planLines } from "../engine/plan-lines.js";
import { emptySummary, summarise } from "../engine/plan-summary.js";
import type { Connection, Tenant } from "../model/connection.js";
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import type { PersonPlan, PlanLine, PlanSummary } from "../model/plan.js";
import type { Problem } from "../model/problem.js";
import { isOwner } from "../model/target.js";
import { HELD_BECAUSE } from "./brake.js";
import type { Provisioning } from "./deps.js";
import { type Gathered, gather, type Overlay } from "./gather.js";
import { type InvariantTally, invariantProblems, tallyInvariants } from "./invariants.js";
import { judge, type TeamBook, teamBook } from "./judge.js";
import type { PlanKind, PlanRow } from "./ports/mappings.js";
import type { TenantReader } from "./ports/store.js";

const PAGE = 1000;
const PLAN_HOURS = 24;

export interface PopulationQuery {
  readonly kind: PlanKind;
  /** What the plan is of; a digest is good for the same subject only. */
  readonly subject: string;
  /** The mapping to pretend; the active one when absent. */
  readonly mapping?: CompiledMapping;
  readonly overlay?: Overlay;
  /** Only people linked here. */
  readonly connection?: ConnectionId;
  /** Only these people. */
  readonly people?: readonly UserId[];
  readonly includeFrozen?: boolean;
  /** People in a held run are planned as if they were released. */
  readonly releasing?: boolean;
}

export interface PopulationPlan {
  readonly digest: string;
  readonly summary: PlanSummary;
  /** Privileged lines first, owners before all; then losses, then gains. */
  readonly lines: readonly PlanRow[];
  /** Invariants of the mapping that somebody would break. */
  readonly problems: readonly Problem[];
  /** Danger keys of lines that today's facts and settings would cause anyway. */
  readonly drift: ReadonlySet<string>;
}

/** A stored plan, to be shown in pages and confirmed by its digest. */
export interface Preview {
  readonly id: string;
  readonly digest: string;
  readonly summary: PlanSummary;
  readonly problems: readonly Problem[];
  lines(from: number, limit: number): Promise<readonly PlanRow[]>;
}

interface Walk {
  readonly p: Provisioning;
  readonly reader: TenantReader;
  readonly tenant: Tenant;
  readonly connections: readonly Connection[];
  readonly teams: TeamBook;
  readonly privileged: ReadonlySet<string>;
  readonly mapping: CompiledMapping;
  readonly active: CompiledMapping;
  readonly query: PopulationQuery;
  readonly tally: InvariantTally;
  readonly now: Instant;
}

/** Plans for everybody in the query, page by page; memory holds one page of facts and the lines of what would change. */
export async function planPopulation(
  p: Provisioning,
  reader: TenantReader,
  query: PopulationQuery,
): Promise<PopulationPlan> {
  const walk = await beginWalk(p, reader, query);
  const lines: PlanRow[] = [];
  const owners: PersonPlan[] = [];
  const drift = new Set<string>();
  let summary: PlanSummary = emptySummary();
  for await (const ids of pages(walk)) {
    const people = await gather(p, reader, walk.connections, await reader.people(ids), {
      now: walk.now,
      ...(query.overlay && { overlay: query.overlay }),
    });
    const plans = await planPage(walk, people, walk.mapping);
    owners.push(...plans.filter(losesOwner));
    const sure = plans.filter((plan) => !losesOwner(plan));
    for (const plan of sure) lines.push(...rowsOf(walk, plan));
    summary = summarise(summary, sure);
    for (const key of await driftOf(walk, people)) drift.add(key);
  }
  const ends = await ownersAsKept(walk, owners);
  for (const plan of ends) lines.push(...rowsOf(walk, plan));
  summary = summarise(summary, ends);
  lines.sort(byDanger);
  const drifted = lines.filter((line) => drift.has(dangerKey(line))).length;
  return {
    digest: planDigest(lines),
    summary: { ...summary, drifted, newTeams: newTeams(walk, lines) },
    lines,
    problems: invariantProblems(walk.tally),
    drift,
  };
}

/** Plans and stores the plan, so that it can be shown in pages and confirmed by its digest within a day. */
export async function storePreview(p: Provisioning, reader: TenantReader, query: PopulationQuery): Promise<Preview> {
  const plan = await planPopulation(p, reader, query);
  const now = p.now();
  const expiresAt = new Date(Date.parse(now) + PLAN_HOURS * 3_600_000).toISOString();
  const { digest, summary, lines, problems } = plan;
  const id = await p.store.write(reader.tenant, (tx) =>
    tx.savePlan({ kind: query.kind, subject: query.subject, digest, summary, expiresAt }, lines, now),
  );
  return { id, digest, summary, problems, lines: async (from, limit) => lines.slice(from, from + limit) };
}

async function beginWalk(p: Provisioning, reader: TenantReader, query: PopulationQuery): Promise<Walk> {
  const tenant = await reader.tenantNow();
  const connections = await reader.connections();
  const active = await p.mappings.active(reader, tenant.activeVersion, connections);
  return {
    p,
    reader,
    tenant,
    connections,
    teams: teamBook(await reader.teams()),
    privileged: await reader.privilegedRoles(),
    mapping: query.mapping ?? active,
    active,
    query,
    tally: { broken: new Map() },
    now: p.now(),
  };
}

async function* pages({ reader, query }: Walk): AsyncGenerator<readonly UserId[]> {
  if (query.people) {
    for (let at = 0; at < query.people.length; at += PAGE) yield query.people.slice(at, at + PAGE);
    return;
  }
  const where = query.connection === undefined ? {} : { connection: query.connection };
  let after: UserId | undefined;
  do {
    const ids = await reader.peopleIds({ limit: PAGE, ...where, ...(after === undefined ? {} : { after }) });
    if (ids.length > 0) yield ids;
    after = ids.length === PAGE ? ids.at(-1) : undefined;
  } while (after !== undefined);
}

async function planPage(
  walk: Walk,
  people: readonly Gathered[],
  mapping: CompiledMapping,
): Promise<readonly PersonPlan[]> {
  const decisions = await judge(walk.p, walk.tenant.id, mapping, people, walk.teams, "sync");
  if (walk.query.mapping === mapping) {
    await tallyInvariants(walk.p.expressions, walk.tenant.id, mapping, people, decisions, walk.tally);
  }
  const plans: PersonPlan[] = [];
  for (const { state } of people) {
    const decision = decisions.get(state.id);
    if (decision) plans.push(shown(walk, diff(state, decision, mapping)));
  }
  return plans;
}

/** A preview shows people as apply would treat them: frozen ones left out, held ones waiting, discarded losses gone. */
function shown(walk: Walk, full: PersonPlan): PersonPlan {
  if (full.frozen && !walk.query.includeFrozen) return { ...full, changes: [], kept: [] };
  const { kind, plan } = underHold(full, { covers: () => false, releasing: walk.query.releasing ?? false });
  return kind === "waits" ? { ...plan, changes: [] } : plan;
}

/** What would happen without the edit or switch too: only people with a waiting mark can have any. */
async function driftOf(walk: Walk, people: readonly Gathered[]): Promise<readonly string[]> {
  const behind = people.filter(({ state }) => state.dirty || state.reconciledVersion < walk.tenant.activeVersion);
  if (behind.length === 0) return [];
  const facts = walk.query.overlay
    ? await gather(
        walk.p,
        walk.reader,
        walk.connections,
        behind.map(({ state }) => state),
        { now: walk.now },
      )
    : behind;
  const plans = await planPage(walk, facts, walk.active);
  return plans.flatMap((plan) => planLines(plan).map(dangerKey));
}

function rowsOf(walk: Walk, plan: PersonPlan): readonly PlanRow[] {
  const { factsVersion } = plan.person;
  return planLines(plan, walk.privileged).map((line) => ({ ...line, factsVersion }));
}

/** Whoever confirms the plan has seen who goes: only the last owner stays then, and stays whole. */
async function ownersAsKept(walk: Walk, owners: readonly PersonPlan[]): Promise<readonly PersonPlan[]> {
  if (owners.length === 0) return [];
  const others = await walk.reader.otherOwners(owners.map((plan) => plan.person.id));
  const stay = ownersWhoStay(owners, others, () => true);
  return owners.map((plan) => {
    const reason = stay.get(plan.person.id);
    return reason ? keptBack(plan, HELD_BECAUSE[reason]) : plan;
  });
}

function newTeams(walk: Walk, lines: readonly PlanLine[]): readonly string[] {
  const names = new Set<string>();
  for (const { change, target } of lines) {
    const name =
      change === "grant" && target?.scope.startsWith("team:") ? target.scope.slice("team:".length) : undefined;
    if (name !== undefined && !walk.teams.has(name)) names.add(name);
  }
  return [...names].sort();
}

const LOSSES_FIRST = ["hold", "deactivate_user", "revoke", "reactivate_user", "create_user", "grant"] as const;

function byDanger(a: PlanRow, b: PlanRow): number {
  return (
    rank(a) - rank(b) ||
    compare(a.user.userName, b.user.userName) ||
    compare(a.target?.scope ?? "", b.target?.scope ?? "")
  );
}

function rank(line: PlanRow): number {
  const owner = line.target !== undefined && isOwner(line.target);
  return (owner ? 0 : line.privileged ? 10 : 20) + LOSSES_FIRST.indexOf(line.change);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
