/** "Try this person": what one person would hold by edited facts or a draft, or a made-up person would. Nothing is written. */
import { applyInMemory } from "../../engine/apply-in-memory.js";
import type { CompiledMapping } from "../../engine/compile/compile.js";
import { type KeptAttribute, keptAttributes } from "../../engine/computed-profile.js";
import { diff } from "../../engine/diff.js";
import { exampleLink } from "../../engine/examples/examples.js";
import { applyAll } from "../../engine/explain/applied.js";
import { editedLink, type FactEdits } from "../../engine/explain/edited-facts.js";
import { type Explanation, explain } from "../../engine/explain/explain.js";
import { losesOwner } from "../../engine/guard.js";
import { type JudgedPerson, judgeAgain, judgePerson } from "../../engine/judge.js";
import type { ResolveTeam } from "../../engine/offers.js";
import { planLines } from "../../engine/plan/lines.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { Decision } from "../../model/evaluation.js";
import type { Instant, UserId } from "../../model/ids.js";
import { isCurrent, NOTHING_SHOWN, type PersonLink, type PersonState } from "../../model/person.js";
import type { PersonPlan, PlanLine } from "../../model/plan.js";
import { type Problem, Refusal } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { ExpressionPort, Provisioning } from "../deps.js";
import { provedExplanation } from "../explain/explain-user.js";
import { personNamed } from "../explain/person-named.js";
import { type Gathered, type GatherOptions, gather, type Overlay } from "../gather.js";
import { answersFor, judge, othersFirst, teamBook } from "../judge.js";
import { activeMapping } from "../mapping/compiled-mappings.js";
import { draftMapping } from "../mapping/mappings.js";
import { besideSwitches, openSwitches } from "../open-switches.js";
import type { TenantReader } from "../ports/store.js";
import { computeProfiles } from "../profile.js";
import { applyTo, FROZEN, freeSeats, ownersAsKept, seated, shown } from "./as-applied.js";

export interface TryInput {
  /** Id or userName; absent: a made-up person of whom everything is known. */
  readonly user?: string;
  /** Slug of the connection whose facts are edited, or by which a made-up person comes. */
  readonly connection?: string;
  readonly facts?: FactEdits;
  /** Text of a draft; the active mapping when absent. */
  readonly document?: string;
}

export interface Tried extends Omit<Explanation, "account"> {
  /** `id` is `null` for a made-up person. */
  readonly user: { readonly id: UserId | null; readonly userName: string };
  /** Slug of the connection whose facts were edited; `null` when none were. */
  readonly connection: string | null;
  /** The mapping reaches this person only if whoever saves it says so. */
  readonly frozen: boolean;
  /** As it would be; the verdict is that of a sign-in with these facts. */
  readonly account: Explanation["account"];
  /** What apply would do; what it would keep back is told with the reason. */
  readonly changes: readonly PlanLine[];
  /** How many more there are. */
  readonly changesLeftOut: number;
  /** Attributes that the mapping's `profile` would leave as they are, with the reason. */
  readonly profileKept: readonly KeptAttribute[];
  /** Of the draft: it can be tried, and not be saved. */
  readonly problems: readonly Problem[];
}

/** Most changes that one answer tells of. */
const MOST_CHANGES = 500;

/** Refusals: `not_found`, `conflict` (several people of the name), `bad_request`, `invalid_document`, `rate_limited`. */
export function tryPerson(p: Provisioning, tenant: Tenant, input: TryInput): Promise<Tried> {
  return p.questions.run(tenant.id, () => tried(p, tenant, input));
}

async function tried(p: Provisioning, tenant: Tenant, input: TryInput): Promise<Tried> {
  const reader = p.store.read(tenant.id);
  const now = p.now();
  const connections = await reader.connections();
  refuseUnknown(input.connection, connections);
  const { mapping, overlay: draft, problems } = await mappingOf(p, reader, connections, input.document);
  const overlay = besideSwitches(await openSwitches(p, reader, await reader.openRuns()), draft);
  const person =
    input.user === undefined
      ? madeUp(mapping, input, now)
      : await realPerson(p, reader, connections, input.user, { now, mapping, overlay });
  const { links, edited } = input.user === undefined ? asMadeUp(person) : withEdits(person.links, input, mapping);
  const door = input.user === undefined ? "sign_in" : "sync";
  const resolveTeam = teamBook(await reader.teams());
  const judged: JudgedPerson = { mapping, links, state: person.state, door, resolveTeam };
  const expressions = input.document === undefined ? p.expressions.apart(mapping.version) : p.expressions.apart();
  const decision = judgePerson(judged, await answersFor(expressions, tenant.id, mapping, links));
  await othersFirst();
  const full = diff(person.state, decision, mapping);
  const asked = { p, reader, connections, mapping, overlay, resolveTeam, expressions, now, input };
  const plan = input.user === undefined ? full : await asApplied(asked, full);
  const isLeftOut = plan.frozen && input.facts === undefined;
  const after = withoutHold(applyInMemory(person.state, plan, { version: mapping.version, now }), plan);
  const apply =
    input.user === undefined ? applyAll : await applyTo(reader, after, { includeFrozen: input.facts !== undefined });
  await othersFirst();
  const keptBack = isLeftOut ? FROZEN : plan.held?.reason;
  const explanation = explain(mapping, links, decision.evaluations, decision, after, { apply, keptBack });
  await othersFirst();
  const explained = await provedExplanation(
    expressions,
    tenant,
    { ...judged, state: after, apply },
    decision,
    explanation,
  );
  const changes = planLines(plan, await reader.privilegedRoles());
  await othersFirst();
  return {
    ...explained,
    account: {
      ...explained.account,
      verdict: judgeAgain({ ...judged, door: "sign_in" }, decision.evaluations).verdict,
    },
    user: { id: input.user === undefined ? null : person.state.id, userName: person.state.userName },
    connection: edited ?? null,
    frozen: isLeftOut,
    changes: changes.slice(0, MOST_CHANGES),
    changesLeftOut: Math.max(0, changes.length - MOST_CHANGES),
    profileKept: keptAttributes(
      (await computeProfiles(expressions, tenant.id, mapping, [{ state: person.state, links }])).get(person.state.id),
    ),
    problems,
  };
}

/** A hold ends when its cause does. */
function withoutHold({ hold, ...state }: PersonState, { held }: PersonPlan): PersonState {
  return hold && (held || hold.status === "discarded") ? { ...state, hold } : state;
}

interface Asked {
  readonly p: Provisioning;
  readonly reader: TenantReader;
  readonly connections: readonly Connection[];
  readonly mapping: CompiledMapping;
  readonly overlay: Overlay;
  readonly resolveTeam: ResolveTeam;
  readonly expressions: ExpressionPort;
  readonly now: Instant;
  readonly input: TryInput;
}

/**
 * What apply would make of the plan of somebody there is. Facts that are pretended have reached a frozen person, too; they
 * come seen by nobody, while whoever saves a draft has seen who loses what.
 */
async function asApplied(asked: Asked, full: PersonPlan): Promise<PersonPlan> {
  const { reader, input } = asked;
  const waiting = shown(full, { includeFrozen: input.facts !== undefined });
  const plan = seated(freeSeats(await reader.tenantNow()), waiting);
  if (!losesOwner(plan)) return plan;
  const isReviewed = input.document !== undefined && input.facts === undefined;
  const beside = input.document === undefined ? [] : await otherOwnersLosing(asked, plan);
  const kept = await ownersAsKept(reader, [plan, ...beside], isReviewed);
  return kept[0] as PersonPlan;
}

/** Owners who are judged at a time. */
const OWNERS_PAGE = 100;
/** Where so many other owners stay, anybody may go. */
const ENOUGH_OWNERS = 2;

/** Owners who would go by the same draft: which of them stays depends on all, unless enough others stay anyway. */
async function otherOwnersLosing(asked: Asked, { person }: PersonPlan): Promise<readonly PersonPlan[]> {
  const others = (await asked.reader.ownerIds()).filter((id) => id !== person.id);
  const losing: PersonPlan[] = [];
  for (let at = 0; at < others.length && at - losing.length < ENOUGH_OWNERS; at += OWNERS_PAGE) {
    losing.push(...(await losingAmong(asked, others.slice(at, at + OWNERS_PAGE))));
    await othersFirst();
  }
  return losing;
}

async function losingAmong(asked: Asked, owners: readonly UserId[]): Promise<readonly PersonPlan[]> {
  const { p, reader, connections, mapping, overlay, resolveTeam, expressions, now } = asked;
  const others = await gather(p, reader, connections, await reader.people(owners), { now, mapping, overlay });
  const decisions = await judge(expressions, reader.tenant, mapping, others, resolveTeam, "sync");
  const plans = others.map(({ state }) => diff(state, decisions.get(state.id) as Decision, mapping));
  return plans.map((plan) => shown(plan, {})).filter(losesOwner);
}

function refuseUnknown(slug: string | undefined, connections: readonly Connection[]): void {
  if (slug === undefined || connections.some((one) => one.slug === slug)) return;
  throw new Refusal("not_found", `no connection ${quote(slug)}`);
}

async function mappingOf(
  p: Provisioning,
  reader: TenantReader,
  connections: readonly Connection[],
  document: string | undefined,
): Promise<{
  readonly mapping: CompiledMapping;
  readonly overlay?: Overlay;
  readonly problems: readonly Problem[];
}> {
  if (document !== undefined) return draftMapping(p, reader.tenant, document);
  return { mapping: await activeMapping(p, reader, connections), problems: [] };
}

function madeUp(mapping: CompiledMapping, { connection, facts = {} }: TryInput, at: Instant): Gathered {
  const base = exampleLink({ name: "", expect: [], ...(connection !== undefined && { connection }) }, mapping, at);
  const link = editedLink(base, facts, mapping);
  const { userName } = link.facts.user;
  const state: PersonState = {
    id: "made-up" as UserId,
    userName: userName.known && typeof userName.value === "string" ? userName.value : "somebody",
    ...{ email: null, ...NOTHING_SHOWN, status: "pending", everRegistered: false, factsVersion: 0 },
    ...{ reconciledVersion: 0, dirty: false, seat: false, grants: [] },
  };
  return { state, links: [link] };
}

function asMadeUp({ links }: Gathered) {
  return { links, edited: links[0]?.connection.slug };
}

async function realPerson(
  p: Provisioning,
  reader: TenantReader,
  connections: readonly Connection[],
  name: string,
  options: GatherOptions,
): Promise<Gathered> {
  const [person] = await gather(p, reader, connections, [await personNamed(reader, name)], options);
  return person as Gathered;
}

interface Edited {
  readonly links: readonly PersonLink[];
  readonly edited?: string;
}

function withEdits(links: readonly PersonLink[], { connection, facts }: TryInput, mapping: CompiledMapping): Edited {
  if (facts === undefined) return { links };
  const named = links.filter((one) => connection === undefined || one.connection.slug === connection);
  const link = named.find(isCurrent) ?? named[0];
  if (!link) {
    const where = connection === undefined ? "any connection" : `connection ${quote(connection)}`;
    throw new Refusal(
      "bad_request",
      `${where} says nothing of this user that counts: leave \`user\` out to make one up`,
    );
  }
  const edited = links.map((one) => (one === link ? editedLink(one, facts, mapping) : one));
  return { links: edited, edited: link.connection.slug };
}
