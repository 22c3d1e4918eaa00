/**
 * What can be held: a role in a scope.
 * Scopes: `tenant`, `all_teams`, `team:<name>`, `resource:<kind>:<name>`. Inside the engine a team is its name;
 * the store keeps team ids and answers with the present name, so that a rename changes no grant.
 */
export interface Target {
  readonly scope: string;
  readonly role: string;
}

/** Every kind of scope. */
export const SCOPE_KINDS = ["team", "tenant", "all_teams", "resource"] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** The reserved role of a tenant's owners; it exists in the scope `tenant` only. */
export const OWNER: Target = { scope: "tenant", role: "owner" };

const TEAM = "team:";
const RESOURCE = /^resource:[^:\s]+:.+$/s;

/** The kind of a scope, or `undefined` for a text that is no scope. */
export function scopeKind(scope: string): ScopeKind | undefined {
  if (scope === "tenant" || scope === "all_teams") return scope;
  if (scope.startsWith(TEAM) && scope.length > TEAM.length) return "team";
  return RESOURCE.test(scope) ? "resource" : undefined;
}

/** The scope `team:<name>`. */
export function teamScope(name: string): string {
  return TEAM + name;
}

/** The team's name in a `team:` scope, else `undefined`. */
export function teamOf(scope: string): string | undefined {
  return scope.startsWith(TEAM) ? scope.slice(TEAM.length) : undefined;
}

/** Whether this is the role `owner` of the tenant. */
export function isOwner(target: Target): boolean {
  return target.scope === OWNER.scope && target.role === OWNER.role;
}

/** One key for a target, for sets and maps. */
export function targetKey(target: Target): string {
  return `${target.scope}\u0000${target.role}`;
}

/** How people read and write a target: `Platform/editor`, `tenant/owner`, and a star for all teams. */
export function targetLabel(target: Target): string {
  const scope = target.scope === "all_teams" ? "*" : (teamOf(target.scope) ?? target.scope);
  return `${scope}/${target.role}`;
}

/** Whether who holds `held` may do what `wanted` asks for: a role in all teams is a role in each; roles include nothing of one another. */
export function covers(held: Target, wanted: Target): boolean {
  if (held.role !== wanted.role) return false;
  return held.scope === wanted.scope || (held.scope === "all_teams" && teamOf(wanted.scope) !== undefined);
}

/** Privileged: owner, any tenant-scope target, and roles that the tenant's catalogue marks so. */
export function isPrivileged(target: Target, privilegedRoles: ReadonlySet<string>): boolean {
  return target.scope === "tenant" || privilegedRoles.has(target.role);
}
