import type { Instant } from "./ids.js";

/** One role assignment as SCIM says it: an element of `roles` that has both a type and a value (RFC 7643 section 4.1.2). */
export interface ScimRole {
  readonly type: string;
  readonly value: string;
}

/** A role assignment as evidence of one person: their own, or one of a group that SCIM put them into. */
export interface ScimRoleFact extends ScimRole {
  /** The group that carries it, by its display name; absent for the person's own. */
  readonly group?: string;
  /** Since when the person is in that group. */
  readonly since?: Instant;
  /** Since when nobody says who is in that group: it may keep what it gave, and gives nothing new. */
  readonly staleSince?: Instant;
}

/** How people read a role assignment: `workspace_Fraud: editor`. */
export function scimRoleLabel({ type, value }: ScimRole): string {
  return `${type}: ${value}`;
}
