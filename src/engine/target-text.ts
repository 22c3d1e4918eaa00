import type { WrittenTarget } from "../model/mapping.js";
import { scopeKind, type Target, targetKey, targetLabel, teamScope } from "../model/target.js";
import { roleName } from "./role-name.js";

/**
 * Reads a target as people write it: `Team/role`, `tenant/role`, a star for all teams, `resource:<kind>:<name>/role`, or
 * an object. The last slash divides, so that team names may hold one. `undefined`: neither.
 */
export function parseTarget(written: WrittenTarget): Target | undefined {
  if (typeof written !== "string") {
    const scope = written.scope ?? teamScope(written.team);
    return scopeKind(scope) === undefined ? undefined : { scope, role: roleName(written.role) };
  }
  const slash = written.lastIndexOf("/");
  if (slash < 1 || slash === written.length - 1) return undefined;
  return { scope: scopeOf(written.slice(0, slash)), role: roleName(written.slice(slash + 1)) };
}

/** A target as `parseTarget` reads it back: in short, unless that would read as another target. */
export function writtenTarget(target: Target): string | Target {
  const label = targetLabel(target);
  const read = parseTarget(label);
  return read && targetKey(read) === targetKey(target) ? label : { scope: target.scope, role: target.role };
}

function scopeOf(place: string): string {
  if (place === "*") return "all_teams";
  return place === "tenant" || scopeKind(place) === "resource" ? place : teamScope(place);
}
