/** Explain past owns the answer to "why did she have it then": from grants, which are closed and never deleted, and from old versions. */
import { compareText } from "../engine/compare-text.js";
import { grantSentence } from "../engine/explain-grant.js";
import { ruleId } from "../engine/rule-id.js";
import { documentText, isMadeId } from "../engine/rule-text.js";
import type { Tenant } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import type { RuleDocument } from "../model/mapping.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { type Target, targetKey, targetLabel, teamOf } from "../model/target.js";
import type { Provisioning } from "./deps.js";
import { type MappingAuthors, mappingAuthors, type VersionNote } from "./mapping-authors.js";
import type { PastGrant } from "./ports/access.js";
import type { TenantReader } from "./ports/store.js";
import { storedDocument } from "./stored-document.js";

export interface PastExplanation {
  readonly at: Instant;
  readonly assignments: readonly PastAssignment[];
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

export interface ExplainedPastGrant extends Omit<PastGrant, "id" | "target" | "connection"> {
  readonly connection?: string;
  readonly name?: string;
  /** The version that stood behind it then, and the rule as it was written in it. */
  readonly version?: VersionNote;
  readonly ruleThen?: RuleDocument;
  readonly sentence: string;
}

const ABSENCE = "why somebody did not hold something is told of the present only: facts of the past are not kept";

/** What a person held at an instant, and why. Boundaries: from `since` on, and no more at `endedAt`. Refusal `bad_request`. */
export async function explainPast(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  at: Instant,
): Promise<PastExplanation> {
  if (at > p.now()) throw new Refusal("bad_request", "`at` is in the future: leave it out to ask about now");
  const reader = p.store.read(tenant.id);
  const history = await reader.grantHistory(user);
  const held = history.filter(({ since, endedAt }) => since <= at && (endedAt === undefined || at < endedAt));
  const authors = await mappingAuthors(reader);
  const rules = await rulesOf(reader, new Set(held.flatMap((grant) => versionThen(grant, at, authors)?.version ?? [])));
  const slugs = new Map<string, string>((await reader.connections()).map(({ id, slug }) => [id, slug]));
  const aliases = new Map((await reader.teams()).map((team) => [team.name, team.aliases]));
  const explained = (grant: PastGrant) =>
    explainGrant(grant, at, versionThen(grant, at, authors), rules, slugs.get(String(grant.connection)));
  const byTarget = new Map<string, PastGrant[]>();
  for (const grant of held) {
    const key = targetKey(grant.target);
    byTarget.set(key, [...(byTarget.get(key) ?? []), grant]);
  }
  const assignments = [...byTarget.values()].map(([first, ...others]): PastAssignment => {
    const { target } = first as PastGrant;
    const formerNames = aliases.get(teamOf(target.scope) ?? "") ?? [];
    return { target, label: targetLabel(target), formerNames, grants: [first as PastGrant, ...others].map(explained) };
  });
  return { at, assignments: assignments.sort((a, b) => compareText(a.label, b.label)), absence: ABSENCE };
}

/**
 * The version that was active then; an earlier one for a grant that later versions never confirmed, as nobody could judge it or
 * the run had not come to this person yet.
 */
function versionThen(grant: PastGrant, at: Instant, authors: MappingAuthors): VersionNote | undefined {
  const { mappingVersion } = grant;
  if (mappingVersion === undefined) return undefined;
  const active = authors.at(at);
  return active && active.version <= mappingVersion ? active : authors.of(mappingVersion);
}

type Rules = ReadonlyMap<number, ReadonlyMap<string, RuleDocument>>;

async function rulesOf(reader: TenantReader, versions: ReadonlySet<number>): Promise<Rules> {
  const rules = new Map<number, ReadonlyMap<string, RuleDocument>>();
  for (const version of versions) {
    const stored = await reader.mappingVersion(version);
    const documents = storedDocument(stored?.text ?? "{}").mappings ?? [];
    rules.set(version, new Map(documents.map((rule) => [ruleId(rule), rule])));
  }
  return rules;
}

function explainGrant(
  grant: PastGrant,
  at: Instant,
  version: VersionNote | undefined,
  rules: Rules,
  connection: string | undefined,
): ExplainedPastGrant {
  const { id: _id, target: _target, connection: _connection, ...said } = grant;
  const ruleThen = version && rules.get(version.version)?.get(String(grant.rule));
  const name = nameOf(grant, ruleThen);
  const saved = version === undefined ? "" : `; mapping version ${version.version}, saved by ${quote(version.author)}`;
  return {
    ...said,
    ...(name === undefined ? {} : { name }),
    ...(connection === undefined ? {} : { connection }),
    ...(version === undefined ? {} : { version }),
    ...(ruleThen === undefined ? {} : { ruleThen }),
    sentence: `${grantSentence(grant, name === undefined ? undefined : quote(name, LONGEST_NAME), at)}${saved}`,
  };
}

const LONGEST_NAME = 120;

function nameOf({ origin, rule }: PastGrant, ruleThen: RuleDocument | undefined): string | undefined {
  if (origin !== "rule") return undefined;
  const id = String(rule);
  return ruleThen && isMadeId(id) ? documentText(ruleThen) : id;
}
