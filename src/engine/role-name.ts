import { asciiLower } from "../model/fold.js";

/** The default roles of Tines' teams, and the reserved `owner`: these alone are read without regard to case. */
const DEFAULT_ROLES: ReadonlySet<string> = new Set([
  "team_admin",
  "editor",
  "viewer",
  "case_manager",
  "workbench_user",
  "owner",
]);

/** A role's name as it is held: the default roles in small letters, every other name as it is written. */
export function roleName(written: string): string {
  const lowered = asciiLower(written);
  return DEFAULT_ROLES.has(lowered) ? lowered : written;
}
