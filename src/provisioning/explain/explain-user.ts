import { type KeptAttribute, keptAttributes } from "../../engine/computed-profile.js";
import type { Case } from "../../engine/explain/as-if.js";
import type { ExplainedAssignment } from "../../engine/explain/assignment.js";
import {
  type Explained,
  type ExplainedGrant,
  type ExplainOptions,
  type Explanation,
  explain,
} from "../../engine/explain/explain.js";
import type { Pieces } from "../../engine/explain/pieces.js";
import { proveGains } from "../../engine/explain/prove.js";
import { proveLosses } from "../../engine/explain/prove-losses.js";
import type { Tenant } from "../../model/connection.js";
import type { Decision } from "../../model/evaluation.js";
import type { DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { Hold } from "../../model/person.js";
import { Refusal } from "../../model/problem.js";
import type { ExpressionPort, Provisioning } from "../deps.js";
import { othersFirst } from "../judge.js";
import { resultsOf } from "../mapping/expression-results.js";
import { type MappingAuthors, mappingAuthors, type VersionNote } from "../mapping/mapping-authors.js";
import type { TenantReader } from "../ports/store.js";
import { applyTo } from "../preview/as-applied.js";
import { evaluatePeople } from "../reconcile.js";
import { textVersions } from "./text-version.js";

export interface UserExplanation extends Omit<Explanation, "assignments"> {
  /** Attributes that the mapping's `profile` leaves as they are, with the reason. */
  readonly profileKept: readonly KeptAttribute[];
  readonly assignments: readonly AuthoredAssignment[];
  /** The active version of the mapping; null before the first. */
  readonly mapping: VersionNote | null;
  /** Known by a first sign-in only, whose facts never come again: neither facts nor an ordinary save change anything. */
  readonly frozen: boolean;
  /** What the brake keeps back for this person: the account and access stay as they are until its run is released. */
  readonly hold: Pick<Hold, "run" | "status" | "reason"> | null;
  /** Whose deactivation or deletion keeps the person out, as it was noted. */
  readonly keptOut: readonly KeptOutBy[];
}

export interface KeptOutBy {
  /** Its slug. */
  readonly connection: string;
  readonly subject: string;
  /** As SCIM knows them. */
  readonly by: { readonly id: DirectoryUserId; readonly userName: string; readonly deleted: boolean };
  readonly since: Instant;
}

export interface AuthoredAssignment extends Omit<ExplainedAssignment, "grants"> {
  /** Each with the version in which its rule got its present text; of another one with that which was active when it was given. */
  readonly grants: readonly (ExplainedGrant & { readonly givenBy?: VersionNote })[];
}

/**
 * Why a person holds what they hold, and why not the rest, by today's facts and the active mapping; what it suggests was
 * tried by evaluating again. Refusals: `not_found`; `rate_limited` when
 * too many questions of the tenant wait already.
 */
export function explainUser(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  options: ExplainOptions = {},
): Promise<UserExplanation> {
  return p.questions.run(tenant.id, () => explanationOf(p, tenant, user, options));
}

/** The same for an answer that waits behind nobody's questions. Refusal `not_found`. */
export async function explanationOf(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  options: ExplainOptions = {},
): Promise<UserExplanation> {
  const evaluated = await evaluatePeople(p, tenant.id, [user], { door: "sync", whatIf: true });
  const { people, decisions, mapping, resolveTeam, profiles, expressions } = evaluated;
  const person = people.get(user);
  const decision = decisions.get(user);
  if (!person || !decision) throw new Refusal("not_found", `no user \`${user}\``);
  const { state, links } = person;
  const apply = await applyTo(p.store.read(tenant.id), state, {});
  const base: Case = { mapping, links, state, door: "sync", resolveTeam, apply };
  const { hold } = state;
  await othersFirst();
  const explanation = explain(mapping, links, decision.evaluations, decision, state, { ...options, apply });
  await othersFirst();
  const proved = await provedExplanation(expressions, tenant, base, decision, explanation);
  const reader = p.store.read(tenant.id);
  const authors = await mappingAuthors(reader);
  const versions = await textVersions(reader, rulesIn(proved.assignments));
  return {
    ...proved,
    assignments: proved.assignments.map((one) => authored(one, authors, versions)),
    profileKept: keptAttributes(profiles.get(user)),
    mapping: authors.active() ?? null,
    frozen: decision.frozen,
    hold: hold ? { run: hold.run, status: hold.status, reason: hold.reason } : null,
    keptOut: await keptOutOf(reader, user),
  };
}

async function keptOutOf(reader: TenantReader, user: UserId): Promise<readonly KeptOutBy[]> {
  const rows = await reader.keptOutBy(user);
  if (rows.length === 0) return [];
  const slugs = new Map((await reader.connections()).map(({ id, slug }) => [id, slug]));
  return rows.map(({ connection, subject, keeper: id, keeperName: userName, deleted, since }) => {
    return { connection: slugs.get(connection) ?? connection, subject, by: { id, userName, deleted }, since };
  });
}

function rulesIn(assignments: readonly ExplainedAssignment[]): ReadonlySet<string> {
  const grants = assignments.flatMap((assignment) => assignment.grants);
  return new Set(grants.flatMap(({ origin, rule }) => (origin === "rule" && rule !== undefined ? [rule] : [])));
}

function authored(
  assignment: ExplainedAssignment,
  authors: MappingAuthors,
  versions: ReadonlyMap<string, number>,
): AuthoredAssignment {
  const grants = assignment.grants.map((grant) => {
    const { mappingVersion, origin, rule, since } = grant;
    const version = origin === "rule" ? versions.get(String(rule)) : undefined;
    const given = version === undefined ? authors.at(since) : authors.of(version);
    const givenBy = mappingVersion === undefined ? undefined : given;
    return givenBy === undefined ? grant : { ...grant, givenBy };
  });
  return { ...assignment, grants };
}

/** Others are served between the pieces. */
async function inPieces<Result>(pieces: Pieces<Result>): Promise<Result> {
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return value;
    await othersFirst();
  }
}

/** Tries the steps that an explanation suggests, and says which of them do what they say. Writes nothing; others are served between its steps. */
export async function provedExplanation(
  expressions: ExpressionPort,
  tenant: Pick<Tenant, "id">,
  base: Case,
  decision: Decision,
  explanation: Explained,
): Promise<Explanation> {
  let gains = await inPieces(proveGains(base, decision, explanation));
  let losses = await inPieces(proveLosses(base, explanation.assignments));
  while (gains.next ?? losses.next) {
    const results = await resultsOf(expressions, tenant.id, new Map([...gains.jobs, ...losses.jobs]));
    if (gains.next) gains = await inPieces(gains.next(results));
    if (losses.next) losses = await inPieces(losses.next(results));
  }
  return { ...gains.explanation, assignments: losses.assignments };
}
