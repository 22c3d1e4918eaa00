/** Compile owns the meaning of a mapping document: every semantic check, and the form that evaluation runs on. */

import type { Json } from "../../model/json.js";
import type { ConflictStrategy, MappingDocument, NoMatch, ProfileAttribute } from "../../model/mapping.js";
import type { Problem } from "../../model/problem.js";
import { pushTo } from "../../model/push-to.js";
import { OWNER, SCOPE_KINDS, teamScope } from "../../model/target.js";
import { roleName } from "../role-name.js";
import { type RoleOrder, roleOrder } from "../role-order.js";
import { compileExpression, compileOwners, compileRule } from "./compile-rule.js";
import { compileScimRoles } from "./compile-scim-roles.js";
import { compileExamples, compileInvariants } from "./compile-tests.js";
import { type AliasBook, type CompiledMapping, type CompiledRule, expressionsOf } from "./compiled-mapping.js";
import { checkConnection, limitOwners, type MappingContext } from "./mapping-connections.js";
import { escapePointer } from "./pointer.js";
import { type Findings, noFindings, problem } from "./problems.js";
import { asList, madeId, madeIdWithRole } from "./rule-id.js";
import { ruleTables } from "./rule-table.js";

export type { CompiledMapping } from "./compiled-mapping.js";
export { nextExpiry, readsNow } from "./expiry.js";
export type { MappingContext } from "./mapping-connections.js";

/** All problems at once, or the compiled mapping; warnings either way. */
export type CompileResult =
  | { readonly ok: true; readonly mapping: CompiledMapping; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/** Takes off the `user_group_mapping` wrapper of Tines' live pages; everything else comes back as it is. */
export function unwrapMapping(json: Json): Json {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const [only, ...others] = Object.entries(json);
  return only?.[0] === "user_group_mapping" && others.length === 0 ? only[1] : json;
}

/** Compiles a document that the schema has accepted. Everything that is wrong is reported at once. */
export function compileMapping(document: MappingDocument, context: MappingContext): CompileResult {
  const findings = noFindings();
  const order = compileOrder(document, findings);
  const aliases = compileAliases(document, context, findings);
  const rules = compileRules(document, context, order, findings);
  const conflicts = compileConflicts(document, order, findings);
  const defaults = compileDefaults(document, findings);
  const scimRoles = compileScimRoles(document, context, findings);
  const profile = compileProfile(document, context, findings);
  const examples = compileExamples(document, context, scimRoles, findings);
  const invariants = compileInvariants(document, context, findings);
  const writtenScopes = new Set([
    ...rules.flatMap((rule) => [...rule.give.writtenScopes]),
    ...defaults.map((one) => one.target.scope),
    ...[...(scimRoles?.byType.values() ?? [])].map(({ scope }) => scope),
  ]);
  if (findings.problems.length > 0) return { ok: false, ...findings };
  const enabled = rules.filter((rule) => rule.enabled);
  const ruleReads = enabled.flatMap((rule) => expressionsOf(rule).flatMap((one) => one.reads));
  const mapping: CompiledMapping = {
    version: context.version,
    rules,
    ruleById: new Map(rules.map((rule) => [rule.id, rule])),
    rulesByMadeId: rulesByMadeId(document, rules),
    roleOrder: order,
    conflicts,
    noMatch: noMatchOf(document, rules.length > 0),
    defaults,
    unknownTeam: document.unknown_team ?? "create",
    writtenScopes,
    aliases,
    connections: context.connections,
    reads: new Set([...ruleReads, ...[...profile.values()].flatMap((one) => one.reads)]),
    readsGroups:
      scimRoles !== undefined ||
      enabled.some((rule) => rule.groups) ||
      ruleReads.some((path) => path.startsWith("group")),
    profile,
    ...(scimRoles === undefined ? {} : { scimRoles }),
    examples,
    invariants,
    tables: ruleTables(rules, aliases),
  };
  return { ok: true, mapping, warnings: findings.warnings };
}

function compileOrder(document: MappingDocument, findings: Findings): RoleOrder {
  const names = document.role_order?.map(roleName);
  names?.forEach((name, index) => {
    if (names.indexOf(name) === index) return;
    findings.problems.push(
      problem(`/role_order/${index}`, "duplicate_role", `the role \`${name}\` stands twice: remove one`),
    );
  });
  return roleOrder(names);
}

function compileAliases(document: MappingDocument, context: MappingContext, findings: Findings): AliasBook {
  const book = new Map<string, ReadonlyMap<string, readonly string[]>>();
  for (const [name, bySlug] of Object.entries(document.groups ?? {})) {
    const pointer = `/groups/${escapePointer(name)}`;
    for (const slug of Object.keys(bySlug))
      checkConnection(slug, `${pointer}/${escapePointer(slug)}`, context, findings);
    book.set(name, new Map(Object.entries(bySlug).map(([slug, keys]) => [slug, asList(keys)])));
  }
  return book;
}

function compileRules(
  document: MappingDocument,
  context: MappingContext,
  order: RoleOrder,
  findings: Findings,
): readonly CompiledRule[] {
  const rules = (document.mappings ?? []).map((rule, index) => compileRule(rule, index, context, order, findings));
  const owners = compileOwners(document);
  const compiled = [owners, ...rules].filter((rule) => rule !== undefined);
  return tellApart(document, compiled, findings).map((rule) => limitOwners(rule, context, findings));
}

/**
 * Ids written twice are refused. Rules without an id that ask the same of the same people in the same place are told
 * apart by their roles, wherever they stand, and those that give the same role too by a number, as Tines documents may hold
 * them: the first wins, and under `all` both count.
 */
function tellApart(
  document: MappingDocument,
  rules: readonly CompiledRule[],
  findings: Findings,
): readonly CompiledRule[] {
  const times = new Map<string, number>();
  for (const { id } of rules) times.set(id, (times.get(id) ?? 0) + 1);
  const first = new Map<string, CompiledRule>();
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const earlier = first.get(rule.id);
    if (!earlier) first.set(rule.id, rule);
    if (times.get(rule.id) === 1) return rule;
    const written = document.mappings?.[rule.index];
    if (!written || written.id !== undefined) {
      if (!earlier) return rule;
      const message = `\`${rule.id}\` is also the id of \`${earlier.pointer}\`: choose another`;
      findings.problems.push(problem(`${rule.pointer}/id`, "duplicate_id", message));
      return rule;
    }
    const id = madeIdWithRole(written);
    const number = (seen.get(id) ?? 0) + 1;
    seen.set(id, number);
    const apart = { ...rule, id: number === 1 ? id : `${id}-${number}` };
    if (!earlier) return apart;
    const message = `matches the same people and gives in the same place as \`${earlier.pointer}\`: remove one, or give one an \`id\``;
    findings.warnings.push(problem(rule.pointer, "duplicate_rule", message));
    return apart;
  });
}

function rulesByMadeId(document: MappingDocument, rules: readonly CompiledRule[]): CompiledMapping["rulesByMadeId"] {
  const byId = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const written = document.mappings?.[rule.index];
    if (written) pushTo(byId, madeId(written), rule);
  }
  return byId;
}

function compileConflicts(
  document: MappingDocument,
  order: RoleOrder,
  findings: Findings,
): CompiledMapping["conflicts"] {
  const written = document.conflicts ?? {};
  const report = (pointer: string) =>
    findings.problems.push(
      problem(
        pointer,
        "role_order_missing",
        "`highest` compares roles: add `role_order`, lowest first, or choose `first` or `all`",
      ),
    );
  if (typeof written === "string") {
    if (written === "highest" && !order.isGiven) report("/conflicts");
    return { team: written, tenant: written, all_teams: written, resource: written };
  }
  for (const kind of SCOPE_KINDS) if (written[kind] === "highest" && !order.isGiven) report(`/conflicts/${kind}`);
  const elsewhere: ConflictStrategy = order.isGiven ? "highest" : "all";
  return { team: "first", tenant: elsewhere, all_teams: elsewhere, resource: elsewhere, ...written };
}

function noMatchOf(document: MappingDocument, hasRules: boolean): NoMatch {
  if (document.no_match !== undefined) return document.no_match;
  const hasDefault = document.default_team !== undefined || document.default_role !== undefined;
  return hasRules && !hasDefault ? "deny_new" : "allow";
}

function compileDefaults(document: MappingDocument, findings: Findings): CompiledMapping["defaults"] {
  const { default_team: team, default_role: role, no_match: noMatch } = document;
  if (role !== undefined && roleName(role) === OWNER.role) {
    findings.problems.push(
      problem("/default_role", "owner_default", "`owner` cannot be everybody's default: choose another role"),
    );
  }
  if (team !== undefined) {
    return [{ rule: "default_team", target: { scope: teamScope(team), role: roleName(role ?? "member") } }];
  }
  if (role !== undefined) return [{ rule: "default_role", target: { scope: "tenant", role: roleName(role) } }];
  if (noMatch === "default") {
    const message = "`no_match: default` gives a default that is not there: add `default_team` or `default_role`";
    findings.problems.push(problem("/no_match", "default_missing", message));
  }
  return [];
}

function compileProfile(
  { profile = {} }: MappingDocument,
  context: MappingContext,
  findings: Findings,
): CompiledMapping["profile"] {
  const entries = Object.entries(profile) as readonly (readonly [ProfileAttribute, string])[];
  const compiled = entries.flatMap(([attribute, source]) => {
    const expression = compileExpression(source, "profile", `/profile/${attribute}`, context, findings);
    return expression ? [[attribute, expression] as const] : [];
  });
  return new Map(compiled);
}
