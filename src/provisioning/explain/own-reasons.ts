/**
 * Own reasons: why a person holds something, for that person's own eyes. INVARIANT: nothing is said but what they know of
 * themselves: their groups and roles, never a rule's text, id or note, a condition, another group, or who gave it and why.
 */
import type { Evidence, Grant } from "../../model/grant.js";
import { quote } from "../../model/quote.js";
import { type Target, targetKey, teamOf } from "../../model/target.js";

export interface OwnAssignment {
  readonly scope: string;
  /** Of a role in a team. */
  readonly team?: string;
  readonly role: string;
  /** In plain words, each sentence once. */
  readonly because: readonly string[];
}

/** One entry for each thing that is held, in the order of the grants. */
export function ownReasons(grants: readonly Grant[]): readonly OwnAssignment[] {
  const byTarget = new Map<string, { readonly target: Target; readonly because: Set<string> }>();
  for (const grant of grants) {
    const key = targetKey(grant.target);
    const entry = byTarget.get(key) ?? { target: grant.target, because: new Set() };
    entry.because.add(ownReason(grant));
    byTarget.set(key, entry);
  }
  return [...byTarget.values()].map(({ target: { scope, role }, because }) => {
    const team = teamOf(scope);
    return { scope, ...(team === undefined ? {} : { team }), role, because: [...because] };
  });
}

function ownReason({ origin, evidence, expiresAt }: Grant): string {
  switch (origin) {
    case "rule":
    case "scim_role":
      return [...new Set(evidence.map(ownFact))].join(", and ") || "your organization's rules say so";
    case "default":
      return "everybody starts with it";
    case "manual":
      return expiresAt === undefined
        ? "an admin gave it to you"
        : `an admin gave it to you until ${expiresAt.slice(0, 10)}`;
  }
}

function ownFact({ kind, label, group }: Evidence): string {
  switch (kind) {
    case "group":
      return `you are in group ${quote(label)}`;
    case "app_role":
      return `you have the application role ${quote(label)}`;
    case "scim_role":
      return group === undefined
        ? `your identity provider gives you the role ${quote(label)}`
        : `your group ${quote(group)} has the role ${quote(label)}`;
    case "everyone":
      return "everybody has it";
    case "expression":
    case "grants":
      return "your profile meets a condition";
  }
}
