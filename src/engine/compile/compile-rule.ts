/** Compiles one rule, or the owners' list, which is a rule of its own. */
import type { MappingDocument, RuleDocument } from "../../model/mapping.js";
import type { Problem } from "../../model/problem.js";
import { computedGive } from "../computed-targets.js";
import { checkExpression } from "../expression/expression.js";
import type { ExpressionUse } from "../expression/facts.js";
import { type Captures, type Give, OWNER_GIVE, parseGive } from "../give.js";
import { type Pattern, parsePattern } from "../pattern.js";
import type { RoleOrder } from "../role-order.js";
import type { CompiledExpression, CompiledRule, GroupMatcher } from "./compiled-mapping.js";
import { parseInstant } from "./expiry.js";
import { checkConnection, type MappingContext } from "./mapping-connections.js";
import { type Findings, noFindings, problem } from "./problems.js";
import { asList, RESERVED_RULE_IDS, ruleId } from "./rule-id.js";

/** The rule, or `undefined` when it has problems; all of them are in `findings` then. */
export function compileRule(
  document: RuleDocument,
  index: number,
  context: MappingContext,
  order: RoleOrder,
  findings: Findings,
): CompiledRule | undefined {
  const pointer = `/mappings/${index}`;
  const before = findings.problems.length;
  checkMatchers(document, pointer, findings);
  const pattern = compilePattern(document, pointer, findings);
  const give =
    document.grants === undefined
      ? compileGive(document, pattern, pointer, order, findings)
      : compileGrants(document, document.grants, pointer, context, order, findings);
  const when =
    document.when === undefined
      ? undefined
      : compileOfRule(document, document.when, "when", pointer, context, findings);
  const expiresAt = compileExpiry(document, pointer, findings);
  asList(document.connections).forEach((slug, at) => {
    checkConnection(slug, `${pointer}/connections/${at}`, context, findings);
  });
  if (!give || findings.problems.length > before) return undefined;
  const groups = groupMatcher(document, pattern);
  return {
    id: ruleId(document),
    index,
    pointer,
    enabled: document.enabled ?? true,
    ambiguous: false,
    everyone: document.everyone ?? false,
    give,
    ...(document.note === undefined ? {} : { note: document.note }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(document.connections === undefined ? {} : { connections: new Set(document.connections) }),
    ...(groups === undefined ? {} : { groups }),
    ...(document.app_role === undefined ? {} : { appRoles: asList(document.app_role) }),
    ...(when === undefined ? {} : { when }),
  };
}

function checkMatchers(rule: RuleDocument, pointer: string, findings: Findings): void {
  const report = (at: string, code: string, message: string) => findings.problems.push(problem(at, code, message));
  if (rule.id !== undefined && RESERVED_RULE_IDS.has(rule.id)) {
    report(`${pointer}/id`, "reserved_id", `the id \`${rule.id}\` is reserved: choose another`);
  }
  if (rule.group_name !== undefined && rule.sso_group !== undefined) {
    report(`${pointer}/sso_group`, "duplicate_matcher", "`sso_group` is another word for `group_name`: remove one");
  }
  const matchers = [
    rule.group_name,
    rule.sso_group,
    rule.group_id,
    rule.group_pattern,
    rule.app_role,
    rule.everyone,
    rule.when,
  ];
  if (matchers.every((matcher) => matcher === undefined)) {
    report(pointer, "matcher_missing", "the rule matches nobody: add `group_name`, `app_role`, `when` or `everyone`");
  }
  if (rule.values !== undefined && rule.group_pattern === undefined) {
    report(
      `${pointer}/values`,
      "values_without_pattern",
      "`values` belong to the captures of a `group_pattern`: add one",
    );
  }
}

type PatternState = { readonly pattern?: Pattern; readonly broken: boolean };

function compilePattern(rule: RuleDocument, pointer: string, findings: Findings): PatternState {
  if (rule.group_pattern === undefined) return { broken: false };
  const parsed = parsePattern(rule.group_pattern, rule.values ?? {}, pointer);
  if (parsed.ok) return { pattern: parsed.pattern, broken: false };
  findings.problems.push(...parsed.problems);
  return { broken: true };
}

function compileGive(
  rule: RuleDocument,
  { pattern, broken }: PatternState,
  pointer: string,
  order: RoleOrder,
  findings: Findings,
): Give | undefined {
  // Without a readable pattern nothing can be said about the captures that the target uses.
  if (broken) return undefined;
  const captures: Captures = pattern?.captures;
  const parsed = parseGive(rule, captures, pointer);
  if (!parsed.ok) {
    findings.problems.push(...parsed.problems);
    return undefined;
  }
  if (parsed.give.needsRoleOrder && !order.isGiven) {
    const message = "several groups may give different roles in one place by this rule: add `role_order`, lowest first";
    findings.problems.push(problem(`${pointer}/role_name`, "role_order_missing", message));
  }
  return parsed.give;
}

/** A rule that computes its targets: it could give anything anywhere, so `role_order` must be there to choose. */
function compileGrants(
  rule: RuleDocument,
  source: string,
  pointer: string,
  context: MappingContext,
  order: RoleOrder,
  findings: Findings,
): Give | undefined {
  for (const key of ["team_name", "scope", "role_name"] as const) {
    if (rule[key] === undefined) continue;
    const message = `\`grants\` alone says what the rule gives: remove \`${key}\`, or \`grants\``;
    findings.problems.push(problem(`${pointer}/${key}`, "target_ambiguous", message));
  }
  if (!order.isGiven) {
    const message = "`grants` may give different roles in one place: add `role_order`, lowest first";
    findings.problems.push(problem(`${pointer}/grants`, "role_order_missing", message));
  }
  const found = noFindings();
  const grants = compileOfRule(rule, source, "grants", pointer, context, found);
  findings.problems.push(...found.problems);
  findings.warnings.push(...found.warnings.filter((warning) => !isAskedBy(rule, warning)));
  return grants && computedGive(grants);
}

/** The rule's condition asks already whether the fact is there. */
function isAskedBy({ when }: RuleDocument, { code, suggestion }: Problem): boolean {
  return code === "absent_target" && when?.includes(String(suggestion)) === true;
}

/** An expression of a rule, which may read `group` beside a group matcher. */
function compileOfRule(
  rule: RuleDocument,
  source: string,
  key: "when" | "grants",
  pointer: string,
  context: MappingContext,
  findings: Findings,
): CompiledExpression | undefined {
  const compiled = compileExpression(source, key, `${pointer}/${key}`, context, findings);
  const grouped = rule.group_name ?? rule.sso_group ?? rule.group_id ?? rule.group_pattern;
  if (compiled?.reads.some((path) => path.startsWith("group.")) && grouped === undefined) {
    const message =
      "`group` is the group that another matcher found: add `group_name`, `group_id` or `group_pattern`, or read `groups`";
    findings.problems.push(problem(`${pointer}/${key}`, "group_without_matcher", message));
  }
  return compiled;
}

/**
 * Checks an expression; `undefined` when it has problems. INVARIANT: a stored document goes on compiling when what may
 * be saved is narrowed: an expression that would be refused today then never runs, and its rule fails, which keeps.
 */
export function compileExpression(
  source: string,
  use: ExpressionUse,
  pointer: string,
  { stored = false }: Pick<MappingContext, "stored">,
  findings: Findings,
): CompiledExpression | undefined {
  const checked = checkExpression(source, use);
  const problems = checked.ok ? (isCondition(use) ? checked.neverBoolean : []) : checked.problems;
  if (!checked.ok || problems.length > 0) {
    const found = problems.map((finding) => ({ pointer, ...finding }));
    (stored ? findings.warnings : findings.problems).push(...found);
    return stored
      ? {
          source,
          reads: [],
          groupNames: [],
          compared: [],
          refused: "the expression is refused today: save the mapping anew",
        }
      : undefined;
  }
  findings.warnings.push(...checked.warnings.map((finding) => ({ pointer, ...finding })));
  const { reads, groupNames, compared } = checked;
  return { source, reads, groupNames, compared };
}

function isCondition(use: ExpressionUse): boolean {
  return use === "when" || use === "invariant";
}

function compileExpiry(rule: RuleDocument, pointer: string, findings: Findings): string | undefined {
  if (rule.expires_at === undefined) return undefined;
  const instant = parseInstant(rule.expires_at);
  if (instant === undefined) {
    const message = `\`${rule.expires_at}\` is no date: write \`2027-01-31\`, or \`2027-01-31T18:00:00Z\` with the zone`;
    findings.problems.push(problem(`${pointer}/expires_at`, "bad_instant", message));
  }
  return instant;
}

function groupMatcher(rule: RuleDocument, { pattern }: PatternState): GroupMatcher | undefined {
  const names = rule.group_name ?? rule.sso_group;
  const label = rule.group_id === undefined ? undefined : asList(names).join(", ");
  const any = rule.group_id === undefined ? byName(names) : ({ by: "id", of: asList(rule.group_id) } as const);
  if (!any && !pattern) return undefined;
  return { ...(any ? { any } : {}), ...(label ? { label } : {}), ...(pattern ? { pattern } : {}) };
}

function byName(names: string | readonly string[] | undefined): GroupMatcher["any"] {
  return names === undefined ? undefined : { by: "name", of: asList(names) };
}

/** The owners' list as a rule of its own; `undefined` without one. */
export function compileOwners(document: MappingDocument): CompiledRule | undefined {
  const groups = [...new Set([...asList(document.tenant_owners_groups), ...asList(document.tenant_owners_group)])];
  if (groups.length === 0) return undefined;
  const pointer = document.tenant_owners_groups === undefined ? "/tenant_owners_group" : "/tenant_owners_groups";
  return {
    id: "tenant_owners",
    index: -1,
    pointer,
    enabled: true,
    ambiguous: false,
    everyone: false,
    groups: { any: { by: "name", of: groups } },
    give: OWNER_GIVE,
  };
}
