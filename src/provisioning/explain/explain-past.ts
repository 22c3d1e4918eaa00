/** Explain past owns the answer to "why did she have it then": from grants, which are closed and never deleted, and from old versions. */

import { compareText } from "../../engine/compare-text.js";
import { isThere } from "../../engine/explain/explain.js";
import { grantSentence } from "../../engine/explain/grant.js";
import { documentText, isMadeId } from "../../engine/rule-text.js";
import type { Tenant } from "../../model/connection.js";
import { grouped } from "../../model/grouped.js";
import type { GrantId, Instant, UserId } from "../../model/ids.js";
import type { RuleDocument } from "../../model/mapping.js";
import { quote } from "../../model/quote.js";
import { type Target, targetKey, targetLabel, teamOf } from "../../model/target.js";
import type { Provisioning } from "../deps.js";
import { mappingAuthors, type VersionNote } from "../mapping/mapping-authors.js";
import type { PastGrant } from "../ports/access.js";
import type { TenantReader } from "../ports/store.js";
import { type PastEvidence, withPastEvidence } from "./past-evidence.js";
import { type VersionThen, versionsThen } from "./version-then.js";

export interface PastExplanation {
  readonly at: Instant;
  readonly assignments: readonly PastAssignment[];
  /** How many more the person held. */
  readonly assignmentsLeftOut: number;
  /** What cannot be said of the past. */
  readonly absence: string;
}

export interface PastAssignment {
  /** A team by its present name. */
  readonly target: Target;
  readonly label: string;
  /** Names that the team had before. */
  readonly formerNames: readonly string[];
  readonly grants: readonly ExplainedPastGrant[];
}

/** A grant with its evidence of the instant asked about. */
type GrantThen = Omit<PastGrant, "evidence"> & PastEvidence;

export interface ExplainedPastGrant extends Omit<GrantThen, "id" | "target" | "connection"> {
  readonly connection?: string;
  readonly name?: string;
  /** The version that stood behind it then, and the rule as it was written in it. */
  readonly version?: VersionNote;
  readonly ruleThen?: RuleDocument;
  readonly sentence: string;
}

const ABSENCE = "why somebody did not hold something is told of the present only: facts of the past are not kept";

/** Most assignments that one explanation tells of. */
const MOST_ASSIGNMENTS = 500;

/**
 * What a person held at an instant, and why; with `wanted` only what was held in its place or gave it. Boundaries: from
 * `since` on, and no more at `endedAt`; `at` is not in the future.
 */
export async function explainPast(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  at: Instant,
  wanted?: Target,
): Promise<PastExplanation> {
  const reader = p.store.read(tenant.id);
  const all = grouped(await reader.grantHistory(user, at), ({ target }) => targetKey(target));
  const asked = [...all.values()].filter(([{ target }]) => !wanted || isThere(target, wanted));
  const labelled = asked.map((grants) => ({ grants, label: targetLabel(grants[0].target) }));
  const told = labelled.sort((a, b) => compareText(a.label, b.label)).slice(0, MOST_ASSIGNMENTS);
  const explained = await explainGrants(
    reader,
    user,
    told.flatMap(({ grants }) => grants),
    at,
  );
  const aliases = new Map((await reader.teams()).map((team) => [team.name, team.aliases]));
  const assignments = told.map(({ grants, label }): PastAssignment => {
    const { target } = grants[0];
    const formerNames = aliases.get(teamOf(target.scope) ?? "") ?? [];
    return { target, label, formerNames, grants: grants.map(({ id }) => explained.get(id) as ExplainedPastGrant) };
  });
  return { at, assignments, assignmentsLeftOut: all.size - told.length, absence: ABSENCE };
}

async function explainGrants(
  reader: TenantReader,
  user: UserId,
  grants: readonly PastGrant[],
  at: Instant,
): Promise<ReadonlyMap<GrantId, ExplainedPastGrant>> {
  const authors = await mappingAuthors(reader);
  const [state] = await reader.people([user]);
  const thenOf = versionsThen(reader, authors, at, state?.reconciledVersion ?? 0);
  const slugs = new Map<string, string>((await reader.connections()).map(({ id, slug }) => [id, slug]));
  const told = new Map<GrantId, ExplainedPastGrant>();
  for (const grant of await withPastEvidence(reader, grants, at)) {
    told.set(grant.id, explainGrant(grant, at, await thenOf(grant), slugs.get(String(grant.connection))));
  }
  return told;
}

function explainGrant(
  grant: GrantThen,
  at: Instant,
  { version, ruleThen }: VersionThen,
  connection: string | undefined,
): ExplainedPastGrant {
  const { id: _id, target: _target, connection: _connection, ...said } = grant;
  const name = nameOf(grant, ruleThen);
  const saved = version === undefined ? "" : `; mapping version ${version.version}, saved by ${quote(version.author)}`;
  const unkept = grant.evidenceKept ? "" : "; what it was given by on that day is not kept";
  return {
    ...said,
    ...(name === undefined ? {} : { name }),
    ...(connection === undefined ? {} : { connection }),
    ...(version === undefined ? {} : { version }),
    ...(ruleThen === undefined ? {} : { ruleThen }),
    sentence: `${grantSentence(grant, name === undefined ? undefined : quote(name, LONGEST_NAME), at)}${saved}${unkept}`,
  };
}

const LONGEST_NAME = 120;

function nameOf({ origin, rule }: GrantThen, ruleThen: RuleDocument | undefined): string | undefined {
  if (origin !== "rule") return undefined;
  const id = String(rule);
  return ruleThen && isMadeId(id) ? documentText(ruleThen) : id;
}
