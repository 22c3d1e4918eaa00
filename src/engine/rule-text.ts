/** What people call a rule: its id where somebody wrote one, else what it says. */
import type { RuleDocument } from "../model/mapping.js";
import { quote } from "../model/quote.js";
import { targetLabel, teamScope } from "../model/target.js";
import type { CompiledMapping, CompiledRule } from "./compile/compiled-mapping.js";
import { asList } from "./compile/rule-id.js";
import { COMPUTED, giveLabel } from "./give.js";

const MADE_ID = /^rule-[0-9a-f]{12}(?:-[0-9a-f]{6}(?:-\d+)?)?$/;
const LONGEST = 120;
const MOST_NAMES = 3;

/** The id was made from what the rule says: it tells people nothing. */
export function isMadeId(id: string): boolean {
  return MADE_ID.test(id);
}

/** For sentences: the id in backticks, or what the rule says, as in `group Engineering -> Platform/editor`. */
export function ruleName(rule: CompiledRule): string {
  return quote(plainName(rule), LONGEST);
}

/** The same as data, without backticks. */
export function plainName(rule: CompiledRule): string {
  return isMadeId(rule.id) ? ruleText(rule) : rule.id;
}

/** The same by id; a rule that is not in the mapping is known by its id alone. */
export function ruleNameOf({ ruleById }: Pick<CompiledMapping, "ruleById">, id: string): string {
  const rule = ruleById.get(id);
  return rule ? ruleName(rule) : quote(id);
}

/** Matchers and target of a compiled rule, in one line. */
export function ruleText({ groups, appRoles, everyone, when, give }: CompiledRule): string {
  const named = groups?.label ?? listed(groups?.any?.of ?? []);
  return said(
    [named, groups?.pattern?.text].filter((one) => one !== undefined && one !== ""),
    { appRoles: appRoles ?? [], everyone, when: when?.source },
    giveLabel(give),
  );
}

/** The same of a rule as it is written, which may stand in a version that is not active. */
export function documentText(rule: RuleDocument): string {
  const names = listed(asList(rule.group_name ?? rule.sso_group ?? rule.group_id));
  return said(
    [names, rule.group_pattern].filter((one) => one !== undefined && one !== ""),
    { appRoles: asList(rule.app_role), everyone: rule.everyone === true, when: rule.when },
    documentTarget(rule),
  );
}

function documentTarget({ team_name: team, scope, role_name: role, grants }: RuleDocument): string {
  if (grants !== undefined) return COMPUTED;
  return targetLabel({ scope: team === undefined ? String(scope) : teamScope(team), role: String(role) });
}

interface Others {
  readonly appRoles: readonly string[];
  readonly everyone: boolean;
  readonly when: string | undefined;
}

function said(groups: readonly (string | undefined)[], { appRoles, everyone, when }: Others, target: string): string {
  const matchers = [
    ...groups.map((name) => `group ${name}`),
    ...(appRoles.length > 0 ? [`app role ${listed(appRoles)}`] : []),
    ...(everyone ? ["everyone"] : []),
    ...(when === undefined ? [] : [`when ${when}`]),
  ];
  return `${matchers.join(" and ")} -> ${target}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(" or ");
  return names.length > MOST_NAMES ? `${shown} or ${names.length - MOST_NAMES} more` : shown;
}
