/** Version then owns which mapping version stood behind a grant at a moment of the past, and the rule as it was written in it. */

import { ruleId } from "../../engine/compile/rule-id.js";
import { isSyncedGrant } from "../../engine/diff.js";
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

type Rules = ReadonlyMap<string, RuleDocument>;
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
  return async (grant) => {
    const { mappingVersion: given, rule } = grant;
    if (given === undefined) return {};
    const last = Math.min(authors.at(at)?.version ?? given, Math.max(reconciledVersion, given));
    const isRuled = grant.origin === "rule" && rule !== OWNERS;
    if (!isRuled) return noteOf(authors, isSyncedGrant(grant) ? last : given);
    const first = Math.max(1, authors.at(grant.since)?.version ?? given, last - LOOKED_THROUGH);
    for (let version = last; version >= first; version--) {
      const ruleThen = (await rulesIn(version)).get(String(rule));
      if (ruleThen) return { ...noteOf(authors, version), ruleThen };
    }
    const ruleThen = (await rulesIn(given)).get(String(rule));
    return { ...noteOf(authors, given), ...(ruleThen && { ruleThen }) };
  };
}

/** The owners' rule is a list of groups at the head of the document, and no rule of it. */
const OWNERS = "tenant_owners";

function noteOf(authors: MappingAuthors, number: number): VersionThen {
  const version = authors.of(number);
  return version === undefined ? {} : { version };
}

/** Rules by id, without those that gave nothing as they were switched off. */
function rememberedRules(reader: TenantReader): RulesIn {
  const known = new Map<number, Rules>();
  return async (version) => {
    const before = known.get(version);
    if (before) return before;
    const stored = await reader.mappingVersion(version);
    const documents = storedDocument(stored?.text ?? "{}").mappings ?? [];
    const rules = new Map(documents.flatMap((rule) => (rule.enabled === false ? [] : [[ruleId(rule), rule] as const])));
    known.set(version, rules);
    return rules;
  };
}
