/** A mapping seen from one connection: the rules that apply there, keyed by what the connection calls each group. */
import type { LinkConnection } from "../../model/person.js";
import { pushTo } from "../../model/push-to.js";
import { type PatternIndex, patternIndex } from "../pattern-index.js";
import { type AliasBook, type CompiledRule, expressionsOf, type GroupMatcher } from "./compiled-mapping.js";

/** A rule that applies at the table's connection. */
export interface TableRule {
  readonly rule: CompiledRule;
  /** What the literal group matcher looks for here, after the alias book; `undefined` without one. */
  readonly keys: GroupKeys | undefined;
}

/** Names and ids, any of which will do, each with what to call the group where the source knows it by this key alone. */
export interface GroupKeys {
  readonly names: ReadonlyMap<string, string | undefined>;
  readonly ids: ReadonlyMap<string, string | undefined>;
}

/** A rule by one key of a group; `label` as in `GroupKeys`. */
export interface TableEntry {
  readonly owner: TableRule;
  readonly key: string;
  readonly label: string | undefined;
}

/** The rules that apply at one connection, by what finds them. */
export interface RuleTable {
  readonly byName: ReadonlyMap<string, readonly TableEntry[]>;
  readonly byId: ReadonlyMap<string, readonly TableEntry[]>;
  readonly patterns: PatternIndex<TableRule> | undefined;
  /** Rules with a group matcher, rules with app roles and no group matcher, and all others. */
  readonly groupRules: readonly TableRule[];
  readonly byAppRole: ReadonlyMap<string, readonly TableRule[]>;
  readonly appRoleRules: readonly TableRule[];
  readonly otherRules: readonly TableRule[];
  readonly hasExpressions: boolean;
  /** Some rule asks for app roles beside groups. */
  readonly hasJoint: boolean;
  readonly expires: boolean;
  /** Some owners' rule became ambiguous: it neither gives nor takes. */
  readonly hasAmbiguous: boolean;
  /** Which names of the alias book stand for a group's name or id here. */
  readonly labelsOf: ReadonlyMap<string, readonly string[]>;
  /** Names of the alias book that mean something else than themselves here. */
  readonly aliased: ReadonlySet<string>;
}

/** The tables of one mapping, one per connection and right to grant `owner`; an empty one for who is unruled. */
export type RuleTables = (connection: Pick<LinkConnection, "slug" | "mayGrantOwner" | "unruled">) => RuleTable;

/** Tables by connection, each made when it is first asked for. */
export function ruleTables(rules: readonly CompiledRule[], aliases: AliasBook): RuleTables {
  const owners = new Map<string, RuleTable>();
  const others = new Map<string, RuleTable>();
  const none = buildTable([], "", aliases);
  return ({ slug, mayGrantOwner, unruled }) => {
    if (unruled) return none;
    const tables = mayGrantOwner ? owners : others;
    const existing = tables.get(slug);
    if (existing) return existing;
    const table = buildTable(
      rules.filter((rule) => appliesAt(rule, slug, mayGrantOwner)),
      slug,
      aliases,
    );
    tables.set(slug, table);
    return table;
  };
}

/** Whether the rule reads the facts of this connection at all; expiry aside. */
export function appliesAt(rule: CompiledRule, slug: string, mayGrantOwner: boolean): boolean {
  return rule.enabled && (mayGrantOwner || !rule.give.owner) && rule.connections?.has(slug) !== false;
}

function buildTable(rules: readonly CompiledRule[], slug: string, aliases: AliasBook): RuleTable {
  const judged = rules.map((rule) => tableRule(rule, slug, aliases));
  const groupRules = judged.filter(({ rule }) => rule.groups);
  const appRoleRules = judged.filter(({ rule }) => !rule.groups && rule.appRoles);
  const byName = new Map<string, TableEntry[]>();
  const byId = new Map<string, TableEntry[]>();
  for (const owner of groupRules) {
    // With a pattern beside them the keys narrow the pattern's matches instead.
    if (!owner.keys || owner.rule.groups?.pattern) continue;
    for (const [name, label] of owner.keys.names) pushTo(byName, name, { owner, key: name, label });
    for (const [id, label] of owner.keys.ids) pushTo(byId, id, { owner, key: id, label });
  }
  const byAppRole = new Map<string, TableRule[]>();
  for (const one of appRoleRules)
    for (const role of one.rule.appRoles as readonly string[]) pushTo(byAppRole, role, one);
  return {
    byName,
    byId,
    patterns: patternIndex(groupRules.flatMap((one) => patternOf(one))),
    groupRules,
    byAppRole,
    appRoleRules,
    otherRules: judged.filter(({ rule }) => !rule.groups && !rule.appRoles),
    hasExpressions: judged.some(({ rule }) => expressionsOf(rule).length > 0),
    hasJoint: groupRules.some(({ rule }) => rule.appRoles),
    expires: rules.some((rule) => rule.expiresAt !== undefined),
    hasAmbiguous: rules.some((rule) => rule.ambiguous),
    ...labels(slug, aliases),
  };
}

function tableRule(rule: CompiledRule, slug: string, aliases: AliasBook): TableRule {
  return { rule, keys: rule.groups && groupKeys(rule.groups, slug, aliases) };
}

function groupKeys({ any, label }: GroupMatcher, slug: string, aliases: AliasBook): GroupKeys | undefined {
  if (!any) return undefined;
  const names = new Map<string, string | undefined>();
  const ids = new Map<string, string | undefined>();
  for (const key of any.of) {
    const stands = any.by === "name" ? aliases.get(key)?.get(slug) : undefined;
    if (any.by === "id") ids.set(key, label === undefined ? undefined : `${label} (${key})`);
    else if (!stands) names.set(key, undefined);
    for (const alias of stands ?? []) {
      names.set(alias, `${key} (${alias})`);
      ids.set(alias, `${key} (${alias})`);
    }
  }
  return { names, ids };
}

function patternOf(owner: TableRule) {
  const pattern = owner.rule.groups?.pattern;
  return pattern ? [{ owner, pattern }] : [];
}

function labels(slug: string, aliases: AliasBook): Pick<RuleTable, "labelsOf" | "aliased"> {
  const labelsOf = new Map<string, string[]>();
  const aliased = new Set<string>();
  for (const [name, bySlug] of aliases) {
    const stands = bySlug.get(slug);
    if (!stands) continue;
    aliased.add(name);
    for (const key of stands) pushTo(labelsOf, key, name);
  }
  return { labelsOf, aliased };
}
