/** Refusal problems owns what an admin reads, in the trace of a sign-in that was refused, of those who stand in its way. */
import { cutText } from "../model/cut-text.js";
import { quote } from "../model/quote.js";
import type { Across, HeldBecause } from "./decide-across.js";
import type { LinkCandidate } from "./ports/directory-writer.js";

const LONGEST_PROBLEM = 500;

type Named = Pick<LinkCandidate, "id" | "userName" | "deleted">;

/** Of somebody who is kept out by others. `undefined`: by their own row, of which the account says enough. */
export function keptOutBy(keepers: readonly Named[]): string | undefined {
  if (keepers.length === 0) return undefined;
  const said = keepers.map((keeper) => `${named(keeper)}, who ${keeper.deleted ? "was deleted" : "is switched off"}`);
  return cutText(`kept out by the pushed user ${said.join(", and by ")}`, LONGEST_PROBLEM);
}

/** Of somebody who could be these; `meant`: one of them, by whom an admin could let the subject sign in. */
export function couldBe(rows: readonly Named[], meant: Named | undefined): string {
  const remedy =
    meant === undefined
      ? "correct the names at the provider, and put the review item `ambiguous_link` away"
      : `accept the review item \`other_subject\` if it is ${quote(meant.userName)}`;
  return cutText(`may be the user ${rows.map(named).join(", or ")}: ${remedy}`, LONGEST_PROBLEM);
}

const WHY = {
  several: "of which it can be only one",
  known_here: "to which people sign in here under another subject",
  privileged: "which owns the tenant, or has privileges by hand",
  stale: "by the word of a connection that has ended, or whose SCIM is off",
  may_own: "to which people sign in by a connection that may not make owners, as this one may",
  inactive: "and who comes is switched off",
} as const satisfies Readonly<Record<HeldBecause, string>>;

/** Of somebody whose e-mail is that of accounts known elsewhere. They go by their ids: no address stays behind in a trace. */
export function heldAcross(across: Extract<Across, { kind: "off" | "review" }>): string {
  const accounts = across.users.map((user) => quote(user)).join(" and ");
  const [off, why] =
    across.kind === "off"
      ? [across.users.length > 1 ? `, of which ${quote(across.user)}` : ", which", " was switched off or deleted"]
      : [", ", WHY[across.reason]];
  const said = `the e-mail is, or was, that of the account${across.users.length > 1 ? "s" : ""} ${accounts}`;
  return cutText(
    `${said}${off}${why}: accept the review item \`same_email\` if it is them, else put it away`,
    LONGEST_PROBLEM,
  );
}

function named({ id, userName }: Named): string {
  return `${quote(userName)} (${quote(id)})`;
}
