/** Version then owns which mapping version stood behind a grant at a moment of the past, and the rule as it was written in it. */

import { madeId, madeIdWithRole, ruleId } from "../../engine/compile/rule-id.js";
import { isSyncedGrant } from "../../engine/diff.js";
import { grouped } from "../../model/grouped.js";
import type { Instant } from "../../model/ids.js";
import type { RuleDocument } from "../../model/mapping.js";
import type { MappingAuthors, VersionNote } from "../mapping/mapping-authors.js";
import { storedDocument } from "../mapping/stored-document.js";
import type { PastGrant } from "../ports/access.js";
import type { TenantReader } from "../ports/store.js";

export interface VersionThen {
  readonly version?: VersionNote;
  readonly ruleThen?: RuleDocument;
}

/** Enabled rules of one version. */
interface Rules {
  /** By the ids that their grants were given under. */
  readonly byId: ReadonlyMap<string, RuleDocument>;
  /** Those without an id of their own, by what they match and where. */
  readonly byMadeId: ReadonlyMap<string, readonly RuleDocument[]>;
}
type RulesIn = (version: number) => Promise<Rules>;

/** Versions that are looked through for a rule, backwards, before the one that gave the grant is named instead. */
const LOOKED_THROUGH = 20;

/**
 * A row tells which version gave it, not which later ones confirmed it. So what stood behind it is the last version in
 * which its rule is found, of those that were active until then and had reached the person by now (`reconciledVersion`):
 * the active one, or an earlier one while the run of an edit had not come to the person yet, or kept the grant back.
 */
export function versionsThen(
  reader: TenantReader,
  authors: MappingAuthors,
  at: Instant,
  reconciledVersion: number,
): (grant: PastGrant) => Promise<VersionThen> {
  const rulesIn = rememberedRules(reader);
  const idIn = rememberedIds(rulesIn, reconciledVersion);
  return async (grant) => {
    const { mappingVersion: given, rule } = grant;
    if (given === undefined) return {};
    const last = Math.min(authors.at(at)?.version ?? given, Math.max(reconciledVersion, given));
    const isRuled = grant.origin === "rule" && rule !== OWNERS;
    if (!isRuled) return noteOf(authors, isSyncedGrant(grant) ? last : given);
    const made = await idIn(String(rule), last);
    const first = Math.max(1, authors.at(grant.since)?.version ?? given, last - LOOKED_THROUGH);
    for (let version = last; version >= first; version--) {
      const ruleThen = ruleOf(grant, made, await rulesIn(version));
      if (ruleThen) return { ...noteOf(authors, version), ruleThen };
    }
    const version = Math.min(given, last);
    const ruleThen = ruleOf(grant, made, await rulesIn(version));
    return { ...noteOf(authors, version), ...(ruleThen && { ruleThen }) };
  };
}

/** By its id; else the one without an id of its own that says the same, which the grant was of before the rule got its id. */
function ruleOf({ rule, target }: PastGrant, made: string | undefined, rules: Rules): RuleDocument | undefined {
  const named = rules.byId.get(String(rule));
  if (named || made === undefined) return named;
  const same = rules.byMadeId.get(made) ?? [];
  return same.find((one) => one.role_name === target.role) ?? (same.length === 1 ? same[0] : undefined);
}

/** `rule-` and twelve digits: what is matched and where. */
const MADE_ID = /^rule-[0-9a-f]{12}(?=-[0-9a-f]{6}|$)/;

/**
 * What the rule's id was, or would have been, as long as it had none of its own: by the first of the next versions in which it
 * has this one. The grants of a rule that gets an id go by that from then on.
 */
function rememberedIds(
  rulesIn: RulesIn,
  reached: number,
): (rule: string, after: number) => Promise<string | undefined> {
  const known = new Map<string, string | undefined>();
  return async (rule, after) => {
    const key = `${after} ${rule}`;
    const made = MADE_ID.exec(rule)?.[0];
    if (made !== undefined) return made;
    if (!known.has(key)) known.set(key, await idBefore(rulesIn, rule, after, reached));
    return known.get(key);
  };
}

async function idBefore(rulesIn: RulesIn, rule: string, after: number, reached: number): Promise<string | undefined> {
  for (let version = after; version <= Math.min(reached, after + LOOKED_THROUGH); version++) {
    const named = (await rulesIn(version)).byId.get(rule);
    if (named) return madeId(named);
  }
  return undefined;
}

/** The owners' rule is a list of groups at the head of the document, and no rule of it. */
const OWNERS = "tenant_owners";

function noteOf(authors: MappingAuthors, number: number): VersionThen {
  const version = authors.of(number);
  return version === undefined ? {} : { version };
}

/** Rules without those that gave nothing as they were switched off. */
function rememberedRules(reader: TenantReader): RulesIn {
  const known = new Map<number, Rules>();
  return async (version) => {
    const before = known.get(version);
    if (before) return before;
    const stored = await reader.mappingVersion(version);
    const documents = storedDocument(stored?.text ?? "{}").mappings ?? [];
    const enabled = documents.filter((rule) => rule.enabled !== false);
    const nameless = enabled.filter(({ id }) => id === undefined);
    const rules: Rules = {
      byId: new Map([
        ...nameless.map((rule) => [madeIdWithRole(rule), rule] as const),
        ...enabled.map((rule) => [ruleId(rule), rule] as const),
      ]),
      byMadeId: grouped(nameless, madeId),
    };
    known.set(version, rules);
    return rules;
  };
}
