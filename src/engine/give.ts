/** What a rule gives: a literal target, one that a pattern's captures fill in, or what an expression computes. */
import type { RuleDocument } from "../model/mapping.js";
import type { Problem } from "../model/problem.js";
import { suggest } from "../model/suggest.js";
import { OWNER, type ScopeKind, scopeKind, type Target, targetLabel, teamScope } from "../model/target.js";
import type { CompiledExpression } from "./compile/compiled-mapping.js";
import { type Captured, type CaptureValues, unknownCapture } from "./pattern.js";
import { roleName } from "./role-name.js";

/** Captures of the rule's pattern; `undefined` for a rule without a pattern, in which braces are plain text. */
export type Captures = ReadonlyMap<string, CaptureValues> | undefined;

interface Template {
  readonly parts: readonly (string | { readonly capture: string })[];
  readonly captures: ReadonlySet<string>;
}

/** What a rule gives: its target as a template, and everything that it could give. */
export interface Give {
  /** The kinds of scope that it may give in: one, or all for a rule with `grants`. */
  readonly kinds: readonly ScopeKind[];
  /** The one target of a rule without captures in its target. */
  readonly literal?: Target;
  readonly scope: Template;
  readonly role: Template;
  /** Every scope and role that the rule could give; `undefined`: any of its kinds, but never `owner`. */
  readonly scopes: ReadonlySet<string> | undefined;
  readonly roles: ReadonlySet<string> | undefined;
  /** Scopes that stand in the rule or in its `values`, as far as they are written out. */
  readonly writtenScopes: ReadonlySet<string>;
  readonly owner: boolean;
  /** Several matches may give different roles in one scope, so that `role_order` must decide. */
  readonly needsRoleOrder: boolean;
  /** Computes the targets, once per way in which the rule matches; scope and role are then empty. */
  readonly grants?: CompiledExpression;
}

/** More combinations of captures than this are not listed one by one: the rule then counts as one that could give any. */
const MAX_COMBINATIONS = 10_000;
const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const CAPTURED_SCOPE = /^(?:team:|resource:[^:\s{}]+:)/;

/** Reads what a rule gives. `pointer` addresses the rule. */
export function parseGive(
  rule: RuleDocument,
  captures: Captures,
  pointer: string,
): { readonly ok: true; readonly give: Give } | { readonly ok: false; readonly problems: readonly Problem[] } {
  const written = scopeText(rule, pointer);
  if (!written.ok) return { ok: false, problems: [written.problem] };
  const scope = template(written.scope, captures);
  // The schema asks every rule without `grants` for it.
  const role = template(rule.role_name as string, captures);
  const kind = kindOf(written.scope, scope);
  const problems = [
    ...undeclared(scope, captures, written.pointer),
    ...undeclared(role, captures, `${pointer}/role_name`),
    ...(kind === undefined ? [badScope(written.scope, written.pointer)] : []),
  ];
  if (kind === undefined || problems.length > 0) return { ok: false, problems };
  const give = build(kind, scope, role, captures ?? new Map());
  const refused = ownerProblems(give, captures ?? new Map(), pointer);
  return refused.length > 0 ? { ok: false, problems: refused } : { ok: true, give };
}

type ScopeText =
  | { readonly ok: true; readonly scope: string; readonly pointer: string }
  | { readonly ok: false; readonly problem: Problem };

/** The place that a rule or an entry of `scim_roles` names, either way of writing it. */
export function scopeText(rule: Pick<RuleDocument, "team_name" | "scope">, pointer: string): ScopeText {
  if (rule.team_name !== undefined && rule.scope !== undefined) {
    return refuse("target_ambiguous", "a rule gives either `team_name` or `scope`, not both: remove one", pointer);
  }
  if (rule.team_name !== undefined)
    return { ok: true, scope: teamScope(rule.team_name), pointer: `${pointer}/team_name` };
  if (rule.scope !== undefined) return { ok: true, scope: rule.scope, pointer: `${pointer}/scope` };
  return refuse("target_missing", "the rule does not say where its role holds: add `team_name` or `scope`", pointer);
}

function refuse(code: string, message: string, pointer: string): ScopeText {
  return { ok: false, problem: { pointer, code, message } };
}

function template(text: string, captures: Captures): Template {
  const parts: (string | { capture: string })[] = [];
  const used = new Set<string>();
  let end = 0;
  for (const token of captures === undefined ? [] : text.matchAll(PLACEHOLDER)) {
    const capture = token[1] as string;
    if (token.index > end) parts.push(text.slice(end, token.index));
    parts.push({ capture });
    used.add(capture);
    end = token.index + token[0].length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return { parts, captures: used };
}

function kindOf(text: string, scope: Template): ScopeKind | undefined {
  if (scope.captures.size === 0) return scopeKind(text);
  // Captures may name the team or the resource; the kind of a scope is always written out.
  const fixed = CAPTURED_SCOPE.exec(text)?.[0];
  return fixed === undefined ? undefined : scopeKind(`${fixed}-`);
}

/** The problem of a text that is no scope, with the kinds that there are. */
export function badScope(text: string, pointer: string): Problem {
  const near = suggest(text, ["tenant", "all_teams"]);
  return {
    pointer,
    code: "bad_scope",
    message: `\`${text}\` is no scope: write \`tenant\`, \`all_teams\`, \`team:<name>\` or \`resource:<kind>:<name>\``,
    ...(near === undefined ? {} : { suggestion: near }),
  };
}

function undeclared(used: Template, captures: Captures, pointer: string): readonly Problem[] {
  const declared = captures ?? new Map();
  return [...used.captures]
    .filter((name) => !declared.has(name))
    .map((name) => unknownCapture(name, declared.keys(), pointer));
}

function build(kind: ScopeKind, scope: Template, role: Template, captures: ReadonlyMap<string, CaptureValues>): Give {
  const roles = combinations(role, captures, false);
  const writtenRoles = combinations(role, captures, true);
  const scopes = combinations(scope, captures, false);
  const literal = scope.captures.size + role.captures.size === 0;
  return {
    kinds: [kind],
    ...(literal ? { literal: { scope: fill(scope, {}), role: roleName(fill(role, {})) } } : {}),
    scope,
    role,
    scopes,
    roles: roles && new Set([...roles].map(roleName)),
    writtenScopes: combinations(scope, captures, true) ?? new Set(),
    owner: kind !== "resource" && [...(writtenRoles ?? [])].some((name) => roleName(name) === OWNER.role),
    needsRoleOrder: roles?.size !== 1 && !sameCapture(scope, role),
  };
}

/** Scope and role are filled by one and the same capture: each scope then has one role. */
function sameCapture(scope: Template, role: Template): boolean {
  const [only] = scope.captures;
  return only !== undefined && scope.captures.size === 1 && role.captures.size === 1 && role.captures.has(only);
}

/** Every text that a template can become; with `writtenOnly`, those whose values are written out. */
function combinations(
  used: Template,
  captures: ReadonlyMap<string, CaptureValues>,
  writtenOnly: boolean,
): ReadonlySet<string> | undefined {
  let filled: Captured[] = [{}];
  for (const name of used.captures) {
    const { written, others } = captures.get(name) as CaptureValues;
    if (others === true && !writtenOnly) return undefined;
    const meanings = new Set([...written.values(), ...(typeof others === "string" ? [others] : [])]);
    if (filled.length * meanings.size > MAX_COMBINATIONS) return undefined;
    filled = filled.flatMap((one) => [...meanings].map((text) => ({ ...one, [name]: text })));
  }
  return new Set(filled.map((one) => fill(used, one)));
}

function fill(used: Template, captured: Captured): string {
  return used.parts.map((part) => (typeof part === "string" ? part : captured[part.capture])).join("");
}

function ownerProblems(give: Give, captures: ReadonlyMap<string, CaptureValues>, pointer: string): readonly Problem[] {
  if (!give.owner) return [];
  const report = (code: string, message: string) => [{ pointer: `${pointer}/role_name`, code, message }];
  if (give.kinds[0] !== OWNER.scope) {
    return report(
      "owner_scope",
      '`owner` is held in the scope `tenant` or of a resource: write `"scope": "tenant"`, or name another role',
    );
  }
  const open = [...give.role.captures].find((name) => captures.get(name)?.others !== false);
  if (open === undefined) return [];
  return report(
    "owner_capture",
    `a rule that may give \`owner\` lists every value of \`{${open}}\` in \`values\`, without \`*\``,
  );
}

/** What the owners' list gives. */
export const OWNER_GIVE: Give = build(
  "tenant",
  template(OWNER.scope, undefined),
  template(OWNER.role, undefined),
  new Map(),
);

/**
 * The target of one match; `undefined` when it is still to be computed, or when captured text spells the reserved
 * `owner`, which must be written out.
 */
export function targetOf(give: Give, captured: Captured): Target | undefined {
  if (give.literal || give.grants) return give.literal;
  const role = roleName(fill(give.role, captured));
  if (role === OWNER.role && !give.owner && give.kinds[0] !== "resource") return undefined;
  return { scope: fill(give.scope, captured), role };
}

/** What a rule with `grants` gives, in words. */
export const COMPUTED = "computed targets";

/** What a rule gives in words, with its captures as they are written: `{team}/editor`. */
export function giveLabel({ scope, role, grants }: Give): string {
  if (grants) return COMPUTED;
  return targetLabel({ scope: asWritten(scope), role: asWritten(role) });
}

function asWritten({ parts }: Template): string {
  return parts.map((part) => (typeof part === "string" ? part : `{${part.capture}}`)).join("");
}
