/** Puts roles in order, lowest first, where nobody has said it: by words that most products use alike. */
import { compareText } from "../compare-text.js";
import { looksPrivileged } from "../lint/privileged-name.js";

const WORDS: readonly (readonly string[])[] = [
  ["guest", "visitor", "restricted", "none"],
  ["viewer", "view", "reader", "read", "readonly", "ro", "observer", "auditor"],
  ["user", "member", "commenter", "reporter"],
  ["editor", "edit", "writer", "write", "rw", "contributor", "developer", "operator"],
  ["maintainer", "manager", "lead", "power"],
];
const UNKNOWN = WORDS.findIndex((words) => words.includes("member"));

/** The roles in order; those of `said`, lowest first, above all others. */
export function orderedRoles(roles: Iterable<string>, said: readonly string[]): readonly string[] {
  const others = [...new Set(roles)].filter((role) => !said.includes(role));
  return [...others.sort((a, b) => level(a) - level(b) || compareText(a, b)), ...new Set(said)];
}

function level(role: string): number {
  if (looksPrivileged(role)) return WORDS.length;
  const words = role.toLowerCase().split(/[^a-z]+/);
  const found = WORDS.findLastIndex((known) => known.some((word) => words.includes(word)));
  return found < 0 ? UNKNOWN : found;
}
