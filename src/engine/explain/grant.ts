/** Why a person holds something: one grant with its rule, evidence and age, as data and in words. */
import type { Grant } from "../../model/grant.js";
import type { Instant } from "../../model/ids.js";
import type { CompiledMapping } from "../compile/compiled-mapping.js";
import { agedEvidence, ageText, dayOf } from "../reasons.js";
import { plainName, ruleNameOf } from "../rule-text.js";
import type { ExplainedGrant } from "./explain.js";

/** `connection`: its slug; `kept`: why it stays although nothing decides so; `now`: what ages are reckoned to. */
export function explainGrant(
  grant: Grant,
  mapping: CompiledMapping,
  connection: string | undefined,
  kept: string | undefined,
  now: Instant | undefined,
): ExplainedGrant {
  const { id: _id, target: _target, connection: _connection, ...said } = grant;
  const rule = grant.origin === "rule" ? mapping.ruleById.get(String(grant.rule)) : undefined;
  const declared = grant.origin === "scim_role" ? mapping.scimRoles?.declared : undefined;
  const pointer = declared ? declared.find(({ type }) => type === grant.rule)?.pointer : rule?.pointer;
  const name = grant.origin === "rule" ? ruleNameOf(mapping, String(grant.rule)) : undefined;
  return {
    ...said,
    ...(rule === undefined ? {} : { name: plainName(rule) }),
    ...(rule?.note === undefined ? {} : { note: rule.note }),
    ...(pointer === undefined ? {} : { pointer }),
    ...(connection === undefined ? {} : { connection }),
    ...(kept === undefined ? {} : { kept }),
    sentence: grantSentence(grant, name, now),
  };
}

/** `name`: what people call the rule of a rule's grant. */
export function grantSentence(grant: Grant, name: string | undefined, now: Instant | undefined): string {
  const age = now === undefined ? "" : `, ${ageText(grant.since, now)}`;
  const until = grant.expiresAt === undefined ? "" : `, until ${dayOf(grant.expiresAt)}`;
  return `${cause(grant, name, now)}; held since ${dayOf(grant.since)}${age}${until}`;
}

function cause(
  { origin, rule, evidence, by, reason }: Grant,
  name: string | undefined,
  now: Instant | undefined,
): string {
  switch (origin) {
    case "rule":
      return `rule ${name}${evidence.length === 0 ? "" : `: ${agedEvidence(evidence, now)}`}`;
    case "manual":
      return `given by ${by ?? "hand"}: ${reason ?? "without a reason"}`;
    case "default":
      return rule === "no_match" ? "no rule matches: the default" : "the default of new accounts";
    case "scim_role":
      return agedEvidence(evidence, now);
  }
}
