/** Compiles `scim_roles` and `role_sets`: which role assignments SCIM may make, and what target each of them becomes. */
import { fold } from "../../model/fold.js";
import type { MappingDocument, RoleValues, ScimRoleDocument } from "../../model/mapping.js";
import { suggest } from "../../model/suggest.js";
import { OWNER, type ScopeKind, scopeKind } from "../../model/target.js";
import { badScope, scopeText } from "../give.js";
import { roleName } from "../role-name.js";
import type { MappingContext } from "./mapping-connections.js";
import { escapePointer } from "./pointer.js";
import { type Findings, problem } from "./problems.js";

/** The declared types of role assignments, ready for look-ups. */
export interface CompiledScimRoles {
  /** In document order. */
  readonly declared: readonly CompiledScimRole[];
  /** Types without a placeholder, by their folded text: they come before those with one. */
  readonly byType: ReadonlyMap<string, CompiledScimRole>;
  readonly patterns: readonly CompiledScimRole[];
}

export interface CompiledScimRole {
  /** As the document writes it; grants name it as their rule. */
  readonly type: string;
  readonly pointer: string;
  /** What stands before and behind the placeholder; without one, the whole type and nothing. */
  readonly before: string;
  readonly after: string;
  /** With its braces, as it stands in the scope. */
  readonly placeholder?: string;
  readonly kind: ScopeKind;
  /** As written, with the placeholder. */
  readonly scope: string;
  /** What may be assigned, by folded value. */
  readonly roles: ReadonlyMap<string, GivenRole>;
}

export interface GivenRole {
  /** In the document's own spelling: how SCIM reads it back. */
  readonly value: string;
  readonly role: string;
}

type RoleSets = ReadonlyMap<string, RoleValues>;

const TYPE = /^([^{}]*)(?:(\{[A-Za-z_][A-Za-z0-9_]*\})([^{}]*))?$/;
const PLACEHOLDER = /\{[A-Za-z_][A-Za-z0-9_]*\}/g;
/** A placeholder may name a team or a resource; the kind of a scope is always written out. */
const OPEN_SCOPE = /^(?:team:|resource:[^:\s{}]+:)/;

/** `undefined`: the document has no `scim_roles`, and SCIM's roles make no targets. */
export function compileScimRoles(
  document: MappingDocument,
  context: MappingContext,
  findings: Findings,
): CompiledScimRoles | undefined {
  const sets = compileSets(document, findings);
  if (document.scim_roles === undefined) return undefined;
  const declared = document.scim_roles.flatMap((entry, index) => {
    const compiled = compileEntry(entry, `/scim_roles/${index}`, sets, findings);
    return compiled ? [compiled] : [];
  });
  refuseTwice(declared, findings);
  warnOfOwners(declared, context, findings);
  const literal = declared.filter((entry) => entry.placeholder === undefined);
  return {
    declared,
    byType: new Map(literal.map((entry) => [fold(entry.type), entry])),
    patterns: declared.filter((entry) => entry.placeholder !== undefined),
  };
}

function compileSets(
  { role_sets: written = {}, scim_roles: entries = [] }: MappingDocument,
  findings: Findings,
): RoleSets {
  const used = new Set(entries.map((entry) => entry.values));
  for (const [name, values] of Object.entries(written)) {
    const pointer = `/role_sets/${escapePointer(name)}`;
    compileValues(values, pointer, findings);
    if (used.has(name)) continue;
    findings.warnings.push(
      problem(pointer, "unused_role_set", `no entry of \`scim_roles\` uses the role set \`${name}\`: remove it`),
    );
  }
  return new Map(Object.entries(written));
}

function compileEntry(
  entry: ScimRoleDocument,
  pointer: string,
  sets: RoleSets,
  findings: Findings,
): CompiledScimRole | undefined {
  const report = (at: string, code: string, message: string) =>
    findings.problems.push(problem(`${pointer}${at}`, code, message));
  const type = TYPE.exec(entry.type);
  const [, before = "", placeholder, after = ""] = type ?? [];
  if (!type || before + after === "") {
    report("/type", "bad_type", "a type is a text with at most one placeholder in it, as `workspace_{name}`");
  }
  const written = scopeText(entry, pointer);
  if (!written.ok) findings.problems.push(written.problem);
  const roles = entryRoles(entry, pointer, sets, findings);
  if (!type || !written.ok || !roles) return undefined;
  const kind = placeOf(written.scope, placeholder, written.pointer, findings);
  if (kind === undefined) return undefined;
  refuseOwners(entry, roles, kind, pointer, findings);
  const { scope } = written;
  if (placeholder !== undefined && !scope.includes(placeholder)) {
    const message = `every \`${entry.type}\` gives in the same place: name \`${placeholder}\` in the scope`;
    findings.warnings.push(problem(pointer, "placeholder_unused", message));
  }
  return { type: entry.type, pointer, before, after, ...(placeholder && { placeholder }), kind, scope, roles };
}

function placeOf(
  scope: string,
  placeholder: string | undefined,
  pointer: string,
  findings: Findings,
): ScopeKind | undefined {
  const used = scope.match(PLACEHOLDER) ?? [];
  const stray = used.find((one) => one !== placeholder);
  if (stray !== undefined) {
    const message = `\`type\` has no placeholder \`${stray}\``;
    findings.problems.push(problem(pointer, "unknown_placeholder", message, suggest(stray, [placeholder ?? ""])));
    return undefined;
  }
  const kind = used.length > 0 && !OPEN_SCOPE.test(scope) ? undefined : scopeKind(scope);
  if (kind === undefined) findings.problems.push(badScope(scope, pointer));
  return kind;
}

function entryRoles(
  { values }: ScimRoleDocument,
  pointer: string,
  sets: RoleSets,
  findings: Findings,
): CompiledScimRole["roles"] | undefined {
  if (typeof values !== "string") return compileValues(values, `${pointer}/values`, findings);
  const set = sets.get(values);
  // What is wrong with a set is said where the set stands, once.
  if (set !== undefined) return compileValues(set, pointer, undefined);
  const message = `there is no role set \`${values}\``;
  findings.problems.push(problem(`${pointer}/values`, "unknown_role_set", message, suggest(values, sets.keys())));
  return undefined;
}

function compileValues(values: RoleValues, pointer: string, findings: Findings | undefined): CompiledScimRole["roles"] {
  const roles = new Map<string, GivenRole>();
  for (const [key, value, role] of pairsOf(values)) {
    const earlier = roles.get(fold(value));
    if (earlier === undefined) roles.set(fold(value), { value, role: roleName(role) });
    else {
      const message = `\`${value}\` and \`${earlier.value}\` are the same value, as letter case does not count: remove one`;
      findings?.problems.push(problem(`${pointer}/${escapePointer(key)}`, "duplicate_value", message));
    }
  }
  return roles;
}

/** Each value with its place and the role that it becomes: itself, unless the document names another. */
function pairsOf(values: RoleValues): readonly (readonly [string, string, string])[] {
  return isList(values)
    ? values.map((value, index) => [String(index), value, value])
    : Object.entries(values).map(([value, role]) => [value, value, role]);
}

function isList(values: RoleValues): values is readonly string[] {
  return Array.isArray(values);
}

/** INVARIANT: an owner of the tenant is written out in the entry itself, where whoever reads the entry sees it. */
function refuseOwners(
  { values }: ScimRoleDocument,
  roles: CompiledScimRole["roles"],
  kind: ScopeKind,
  pointer: string,
  findings: Findings,
): void {
  if (kind === "resource" || ![...roles.values()].some(({ role }) => role === OWNER.role)) return;
  if (kind !== OWNER.scope) {
    const message = "`owner` is held in the scope `tenant` or of a resource: name another role";
    findings.problems.push(problem(`${pointer}/values`, "owner_scope", message));
  } else if (typeof values === "string") {
    const message = `the role set \`${values}\` would make owners of the tenant: list the values of this type itself`;
    findings.problems.push(problem(`${pointer}/values`, "owner_role_set", message));
  }
}

function refuseTwice(declared: readonly CompiledScimRole[], findings: Findings): void {
  const seen = new Map<string, CompiledScimRole>();
  for (const entry of declared) {
    const key = fold(`${entry.before}{${entry.placeholder === undefined ? "" : "*"}}${entry.after}`);
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, entry);
    else {
      const message = `\`${entry.type}\` is declared by \`${earlier.pointer}\` already: letter case does not count`;
      findings.problems.push(problem(`${entry.pointer}/type`, "duplicate_type", message));
    }
  }
}

function warnOfOwners(declared: readonly CompiledScimRole[], context: MappingContext, findings: Findings): void {
  if (context.connections.some((connection) => connection.mayGrantOwner)) return;
  for (const { kind, roles, pointer } of declared) {
    if (kind !== OWNER.scope || ![...roles.values()].some(({ role }) => role === OWNER.role)) continue;
    const message = "no connection may grant `owner`: nobody becomes one by this until `mayGrantOwner` is set";
    findings.warnings.push(problem(pointer, "owner_connection", message));
  }
}
