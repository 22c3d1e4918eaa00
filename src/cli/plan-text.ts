import { counted } from "../model/counted.js";
import type { PlanLine, PlanSummary } from "../model/plan.js";
import { targetLabel } from "../model/target.js";

const WORDS: Readonly<Record<PlanLine["change"], string>> = {
  create_user: "is registered",
  deactivate_user: "is deactivated",
  reactivate_user: "is registered again",
  grant: "gets",
  revoke: "loses",
  hold: "is held",
};

/** A plan's figures, as one reads them before saying yes. */
export function summaryLines(summary: PlanSummary): readonly string[] {
  const { users, changed, granted, revoked, held, kept, frozen, created, deactivated, newTeams, drifted, undecided } =
    summary;
  return [
    `${users} people looked at, ${changed} of them change`,
    `  assignments: ${granted} new, ${revoked} ended`,
    `  accounts: ${created} registered, ${deactivated} deactivated`,
    ...(held > 0
      ? [`  held or kept as they are: ${held}${kept > 0 ? `, ${kept} because a rule cannot be judged` : ""}`]
      : []),
    ...undecided.items.map(undecidedLine),
    ...(undecided.more > 0 ? [`  rules that cannot be judged, besides: ${undecided.more}`] : []),
    ...(frozen > 0 ? [`  left out, known from a first sign-in only: ${frozen}`] : []),
    ...(newTeams.length > 0 ? [`  new teams: ${newTeams.join(", ")}`] : []),
    ...(drifted > 0 ? [`  changes that would come anyway: ${drifted}`] : []),
  ];
}

function undecidedLine({ name, reason, people, until }: PlanSummary["undecided"]["items"][number]): string {
  const who = counted(people, "person", "people");
  if (reason !== "settling") return `  rule ${name} cannot be judged for ${who} (${reason})`;
  return `  accounts that end if no rule matches ${until === undefined ? "when groups have come" : `by ${until}`}: ${who}`;
}

export function changeLine({ user, change, target, reason, privileged, held }: PlanLine): string {
  const what = target === undefined ? "" : ` ${targetLabel(target)}`;
  return `${privileged ? "! " : "  "}${user.userName} ${held ? "would get" : WORDS[change]}${what}: ${reason}`;
}
