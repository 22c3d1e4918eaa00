import { createHash } from "node:crypto";
import type { RuleDocument } from "../../model/mapping.js";

/** Ids that grants of other origins, and the owners' rule, already use. */
export const RESERVED_RULE_IDS: ReadonlySet<string> = new Set([
  "tenant_owners",
  "default_team",
  "default_role",
  "no_match",
]);

/**
 * The id of a rule: its own, else made from what it matches and where it gives. Never from its position and never from
 * its role, `values`, note or expiry: a document that was reordered or refined goes on giving the same grants.
 */
export function ruleId(rule: RuleDocument): string {
  return rule.id ?? madeId(rule);
}

/** The id that a rule has without one of its own, whether or not it has one. */
export function madeId(rule: RuleDocument): string {
  const match = [
    sorted(rule.group_id ?? rule.group_name ?? rule.sso_group),
    rule.group_id === undefined ? "name" : "id",
    rule.group_pattern ?? null,
    sorted(rule.app_role),
    rule.when ?? null,
    sorted(rule.connections),
    placeOf(rule),
  ];
  return `rule-${createHash("sha256").update(JSON.stringify(match)).digest("hex").slice(0, 12)}`;
}

/** Tells rules apart that share match and place: by what each gives there, wherever it stands. */
export function madeIdWithRole(rule: RuleDocument): string {
  const given = JSON.stringify([rule.role_name ?? null, rule.values ?? null]);
  return `${madeId(rule)}-${createHash("sha256").update(given).digest("hex").slice(0, 6)}`;
}

function placeOf({ grants, team_name: team, scope }: RuleDocument): readonly string[] {
  if (grants !== undefined) return ["grants", grants];
  return team === undefined ? ["scope", scope as string] : ["team", team];
}

function sorted(values: string | readonly string[] | undefined): readonly string[] {
  return [...new Set(asList(values))].sort();
}

/** One text or a list of them, as a list. */
export function asList(values: string | readonly string[] | undefined): readonly string[] {
  if (values === undefined) return [];
  return typeof values === "string" ? [values] : values;
}
