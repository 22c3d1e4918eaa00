/** Turns role assignments of SCIM into grants, beside those of rules: they take no part in `conflicts`. */
import type { Unassigned } from "../model/evaluation.js";
import { fold } from "../model/fold.js";
import { type DesiredGrant, type Evidence, type GrantKey, grantKey } from "../model/grant.js";
import type { PersonLink } from "../model/person.js";
import { quote } from "../model/quote.js";
import { type ScimRole, type ScimRoleFact, scimRoleLabel } from "../model/scim-role.js";
import { didYouMean, suggest } from "../model/suggest.js";
import { isOwner, scopeKind, type Target } from "../model/target.js";
import type { CompiledScimRole, CompiledScimRoles } from "./compile/compile-scim-roles.js";
import type { CompiledMapping } from "./compile/compiled-mapping.js";
import { presentScope, presentTarget, type ResolveTeam } from "./offers.js";

/** Longer types are unknown ones: what a placeholder catches becomes part of a scope. */
export const LONGEST_TYPE = 256;

/** What a role that SCIM assigned means by the document, or why it means nothing. */
export type ResolvedScimRole =
  | {
      readonly ok: true;
      readonly declared: CompiledScimRole;
      /** Type and value in the document's spelling; what the placeholder caught stays as it was sent. */
      readonly role: ScimRole;
      readonly target: Target;
    }
  | { readonly ok: false; readonly why: "unknown_type" | "unknown_value" };

/** What an assignment means by these declarations. Letter case counts for nothing but a placeholder's text. */
export function resolveScimRole(roles: CompiledScimRoles, { type, value }: ScimRole): ResolvedScimRole {
  const found = findType(roles, type);
  if (found === undefined) return { ok: false, why: "unknown_type" };
  const { declared, caught } = found;
  const given = declared.roles.get(fold(value));
  if (given === undefined) return { ok: false, why: "unknown_value" };
  const { scope, placeholder = "" } = declared;
  return {
    ok: true,
    declared,
    role: { type: spelled(found), value: given.value },
    target: { scope: caught === "" ? scope : scope.split(placeholder).join(caught), role: given.role },
  };
}

/**
 * One text for all spellings of a type: those that mean the same by these declarations. What the placeholder caught counts as it
 * is; all else, and all of a type that is not declared, without regard to letter case.
 */
export function typeKey(roles: CompiledScimRoles, type: string): string {
  const found = findType(roles, type);
  return found === undefined ? fold(type) : spelled(found);
}

interface FoundType {
  readonly declared: CompiledScimRole;
  readonly caught: string;
}

function spelled({ declared: { before, after }, caught }: FoundType): string {
  return before + caught + after;
}

/** Whether the declarations know the type, whatever its value. */
export function isDeclaredType(roles: CompiledScimRoles, type: string): boolean {
  return findType(roles, type) !== undefined;
}

function findType(roles: CompiledScimRoles, type: string): FoundType | undefined {
  const literal = roles.byType.get(fold(type));
  if (literal !== undefined) return { declared: literal, caught: "" };
  if (type.length > LONGEST_TYPE) return undefined;
  for (const declared of roles.patterns) {
    const caught = catchIn(declared, type);
    if (caught !== "") return { declared, caught };
  }
  return undefined;
}

/** What the placeholder stands for in a type; nothing when the type is another. */
function catchIn({ before, after }: CompiledScimRole, type: string): string {
  const end = type.length - after.length;
  const fits = fold(type.slice(0, before.length)) === fold(before) && fold(type.slice(end)) === fold(after);
  return fits ? type.slice(before.length, Math.max(end, before.length)).trim() : "";
}

/** The assignments that the declarations know, each once and in the document's spelling, whoever carries them. */
export function declaredRoles(roles: CompiledScimRoles, facts: readonly ScimRoleFact[]): readonly ScimRole[] {
  const known = facts.flatMap((fact) => {
    const resolved = resolveScimRole(roles, fact);
    return resolved.ok ? [resolved.role] : [];
  });
  return [...new Map(known.map((role) => [scimRoleLabel(role), role])).values()];
}

const MOST_LISTED = 20;

/** What is wrong with an assignment that does not resolve, and what may be written instead. */
export function scimRoleProblem(roles: CompiledScimRoles, { type, value }: ScimRole): string {
  const declared = findType(roles, type)?.declared;
  if (declared !== undefined) {
    const allowed = [...declared.roles.values()].map((one) => one.value);
    return `role type ${quote(type)} takes no value ${quote(value)}${hint(value, allowed)}: use ${listed(allowed)}`;
  }
  const types = roles.declared.map((one) => one.type);
  return `there is no role type ${quote(type)}${hint(type, types)}: use ${listed(types)}`;
}

function hint(word: string, candidates: readonly string[]): string {
  return didYouMean(suggest(word, candidates));
}

function listed(words: readonly string[]): string {
  const shown = words.slice(0, MOST_LISTED).map((word) => quote(word));
  return words.length > MOST_LISTED
    ? `${shown.join(", ")} or one of ${words.length - MOST_LISTED} more`
    : shown.join(", ");
}

/** What SCIM assigns at all links together. */
export interface Assigned {
  /** One per target, connection and declared type, with every assignment that gives it as evidence. */
  readonly grants: readonly DesiredGrant[];
  readonly unassigned: readonly Unassigned[];
}

const NOTHING: Assigned = { grants: [], unassigned: [] };

/** Turns the role assignments of these links into grants: stale ones where all that assigns them is. Nothing of them is open. */
export function assignRoles(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  resolveTeam: ResolveTeam,
): Assigned {
  if (!links.some(({ scimRoles = [] }) => scimRoles.length > 0)) return NOTHING;
  const grants = new Map<string, DesiredGrant>();
  const unassigned: Unassigned[] = [];
  for (const link of links) {
    for (const fact of link.scimRoles ?? []) {
      const given = giveRole(mapping, link, fact, resolveTeam);
      if (typeof given === "string") {
        const { group, since: _, staleSince: __, ...role } = fact;
        unassigned.push({ connection: link.connection.slug, role, ...(group !== undefined && { group }), why: given });
      } else {
        const before = grants.get(grantKey(given));
        grants.set(grantKey(given), before ? together(before, given) : given);
      }
    }
  }
  return { grants: [...grants.values()], unassigned };
}

function together(a: DesiredGrant, b: DesiredGrant): DesiredGrant {
  return { ...a, evidence: [...a.evidence, ...b.evidence], stale: a.stale && b.stale };
}

function giveRole(
  mapping: CompiledMapping,
  { connection: { id, mayGrantOwner, unruled } }: PersonLink,
  fact: ScimRoleFact,
  resolveTeam: ResolveTeam,
): DesiredGrant | Unassigned["why"] {
  if (mapping.scimRoles === undefined) return "no_scim_roles";
  const resolved = resolveScimRole(mapping.scimRoles, fact);
  if (!resolved.ok) return resolved.why;
  // INVARIANT: SCIM makes an owner by the word of a connection that may grant it, and by no other; and of persons alone.
  if (isOwner(resolved.target) && unruled) return "service_account";
  if (isOwner(resolved.target) && !mayGrantOwner) return "owner_connection";
  const target = presentTarget(resolved.target, mapping, resolveTeam);
  if (target === undefined) return "unknown_team";
  const evidence = [evidenceOf(resolved.role, fact)];
  const stale = fact.staleSince !== undefined;
  return { target, origin: "scim_role", connection: id, rule: resolved.declared.type, evidence, stale };
}

function evidenceOf(role: ScimRole, { group, since, staleSince }: ScimRoleFact): Evidence {
  return {
    kind: "scim_role",
    label: scimRoleLabel(role),
    ...role,
    ...(group === undefined ? {} : { group }),
    source: "scim",
    ...(since === undefined ? {} : { since }),
    ...(staleSince === undefined ? {} : { staleSince }),
  };
}

/** The declaration of an open grant still stands: its type is there, and gives that role in that place by that connection. */
export function scimRoleStands(
  mapping: CompiledMapping,
  { rule, target, connection }: GrantKey,
  links: readonly PersonLink[],
  resolveTeam: ResolveTeam,
): boolean {
  const declared = mapping.scimRoles?.declared.find((one) => one.type === rule);
  if (!declared || ![...declared.roles.values()].some(({ role }) => role === target.role)) return false;
  const link = links.find((one) => one.connection.id === connection);
  if (isOwner(target) && link?.connection.mayGrantOwner === false) return false;
  const { kind, scope, placeholder } = declared;
  if (scopeKind(target.scope) !== kind) return false;
  const parts = placeholder === undefined ? [scope] : scope.split(placeholder);
  if (parts.length === 1) return presentScope(scope, resolveTeam) === target.scope;
  // A team that a placeholder named may have another name by now.
  return (
    kind === "team" || (target.scope.startsWith(parts[0] as string) && target.scope.endsWith(parts.at(-1) as string))
  );
}
