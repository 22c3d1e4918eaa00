/** Walks over a population in id order: facts of a page are read while the page before is judged. */
import type { CompiledMapping } from "../../engine/compile/compile.js";
import type { ResolveTeam } from "../../engine/offers.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { ExpressionResult } from "../../model/expression.js";
import type { ConnectionId, Instant, UserId } from "../../model/ids.js";
import type { ExpressionPort, Provisioning } from "../deps.js";
import { type Gathered, gather, type Overlay } from "../gather.js";
import { teamBook } from "../judge.js";
import { activeMapping } from "../mapping/compiled-mappings.js";
import type { InvariantTally } from "../mapping/invariants.js";
import { besideSwitches, openSwitches } from "../open-switches.js";
import type { PlanKind } from "../ports/mappings.js";
import type { TenantReader } from "../ports/store.js";
import { type FreeSeats, freeSeats } from "./as-applied.js";
import type { UnmovedPeople } from "./unmoved.js";

/** Few enough that judging them keeps nobody waiting, enough that statements are worth their while. */
const PAGE = 100;
/** The first pages are smaller: what a process runs for the first time takes it many times as long. */
const FIRST_PAGE = 10;

/** Whom a plan is of, and as if what. */
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

/** What a walk reads once, for everybody. */
export interface Walk {
  readonly p: Provisioning;
  readonly reader: TenantReader;
  readonly tenant: Tenant;
  readonly connections: readonly Connection[];
  readonly resolveTeam: ResolveTeam;
  readonly privileged: ReadonlySet<string>;
  readonly mapping: CompiledMapping;
  readonly active: CompiledMapping;
  /** For the mapping, and for the active one. */
  readonly expressions: ExpressionPort;
  readonly activeExpressions: ExpressionPort;
  readonly query: PopulationQuery;
  /** Under which people leave by switches that are under way; and the same beside what the query pretends. */
  readonly leaving: Overlay;
  readonly overlay: Overlay;
  readonly tally: InvariantTally;
  /** How many are left to give. */
  readonly seats: FreeSeats;
  /** Results of expressions by their keys: people with the same inputs share them, over all pages. */
  readonly remembered: Map<string, ExpressionResult>;
  /** The active version was saved for frozen people, too. */
  readonly activeIncludesFrozen: boolean;
  /** When it began. */
  readonly now: Instant;
  /** People for whom the query's mapping changes nothing, if they are wanted. */
  readonly unmoved?: UnmovedPeople;
}

/** Reads once what all people of a walk are judged by, as of now. */
export async function beginWalk(
  p: Provisioning,
  reader: TenantReader,
  query: PopulationQuery,
  wanted: { readonly unmoved: boolean },
): Promise<Walk> {
  const now = p.now();
  const tenant = await reader.tenantNow();
  const connections = await reader.connections();
  const active = await activeMapping(p, reader, connections);
  const activeExpressions = p.expressions.apart(active.version);
  const switches = await openSwitches(p, reader, await reader.openRuns());
  return {
    p,
    reader,
    tenant,
    connections,
    resolveTeam: teamBook(await reader.teams()),
    privileged: await reader.privilegedRoles(),
    mapping: query.mapping ?? active,
    active,
    expressions: query.mapping ? p.expressions.apart() : activeExpressions,
    activeExpressions,
    query,
    leaving: besideSwitches(switches),
    overlay: besideSwitches(switches, query.overlay),
    tally: { broken: new Map() },
    seats: freeSeats(tenant),
    remembered: new Map(),
    activeIncludesFrozen: (await reader.mappingRun(active.version))?.includeFrozen ?? false,
    now,
    ...(wanted.unmoved && { unmoved: { begun: now, connections, active, people: [] } }),
  };
}

/** Everybody in the query, in id order. */
export async function* peopleOf(walk: Walk): AsyncGenerator<readonly Gathered[]> {
  const pages = idPages(walk);
  const read = async (): Promise<readonly Gathered[] | undefined> => {
    const page = await pages.next();
    return page.done ? undefined : gatherPage(walk, page.value);
  };
  let ahead = read();
  for (;;) {
    const people = await ahead;
    if (people === undefined) return;
    ahead = read();
    // whoever stops halfway hears of its own fault, not of the one ahead
    ahead.catch(() => undefined);
    yield people;
  }
}

async function gatherPage(walk: Walk, ids: readonly UserId[]): Promise<readonly Gathered[]> {
  const { p, reader, connections, mapping, overlay } = walk;
  // INVARIANT: before the people, so that whatever falls due later marks them later than they were read
  const now = p.now();
  return gather(p, reader, connections, await reader.people(ids), { now, mapping, overlay });
}

async function* idPages({ reader, query }: Walk): AsyncGenerator<readonly UserId[]> {
  if (query.people) {
    const people = [...query.people].sort();
    for (let at = 0; at < people.length; at += PAGE) yield people.slice(at, at + PAGE);
    return;
  }
  const where = query.connection === undefined ? {} : { connection: query.connection };
  let after: UserId | undefined;
  let limit = FIRST_PAGE;
  do {
    const ids = await reader.peopleIds({ limit, ...where, ...(after === undefined ? {} : { after }) });
    if (ids.length > 0) yield ids;
    after = ids.length === limit ? ids.at(-1) : undefined;
    limit = Math.min(PAGE, 2 * limit);
  } while (after !== undefined);
}
