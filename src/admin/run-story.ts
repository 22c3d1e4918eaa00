/** What happened to a run, in words. */
import { counted } from "../model/counted.js";
import type { Run } from "../model/plan.js";
import { quote } from "../model/quote.js";
import { HELD_BECAUSE } from "../provisioning/brake.js";

/** People who wait in a run for one reason. */
export interface HeldFor {
  readonly reason: string;
  readonly because: string;
  readonly people: number;
}

/** Lines that tell an admin who began the run and why, how far it is, what it left behind, and what to do. */
export function runStory(run: Run, connection: string | null, held: readonly HeldFor[]): readonly string[] {
  const { counts, startedBy, decidedBy } = run;
  const begun = `${beginning(run, connection === null ? "a connection" : `connection ${quote(connection)}`)}`;
  return [
    startedBy === undefined ? begun : `${begun}, by ${quote(startedBy)}`,
    ...held.map(({ because, people }) => `${counted(people, "person waits", "people wait")}: ${because}`),
    ...(held.some(({ reason }) => reason === "last_owner")
      ? ["no release lets the last owner go: make somebody else an owner first"]
      : []),
    ...(run.status === "held" && held.length > 0
      ? ["release them with the `digest` of the run's preview, or discard the run to keep them as they are"]
      : []),
    ...(decidedBy === undefined
      ? []
      : [`${run.status === "discarded" ? "discarded" : "released"} by ${quote(decidedBy)}`]),
    ...progress(run),
    ...Object.entries(HELD_BECAUSE).flatMap(([reason, because]) =>
      said(counts[reason], "stays held", "stay held", `, see \`runs?status=held\`: ${because}`),
    ),
    ...said(counts["held"], "was held back by it", "were held back by it", ": see `runs?status=held`"),
    ...said(counts["kept"], "keeps", "keep", " something because a rule cannot be judged"),
    ...said(counts["failed"], "could not be reconciled", "could not be reconciled", ", and is tried again by itself"),
    ...(run.error === undefined ? [] : [`it failed: ${run.error}`]),
  ];
}

const STAYS =
  "whoever is left stays registered until they can be reconciled: the service's log says why they cannot (`worker.reconcile_failed`)";

function beginning({ trigger, mappingVersion }: Run, connection: string): string {
  switch (trigger) {
    case "mapping":
      return `mapping version ${mappingVersion} was saved`;
    case "rollback":
      return `an earlier mapping was brought back as version ${mappingVersion}`;
    case "go_live":
      return `${connection} went live`;
    case "disable":
      return `${connection} was switched off, and its people leave`;
    case "convert":
      return `${connection} was switched off, and its people keep what they hold`;
    case "push":
      return `a push to ${connection} touched more people than its answer waits for`;
    case "pins":
      return `an admin decided which group of ${connection} a name means`;
    case "held":
      return `what people of ${connection} would lose or be given was held back`;
  }
}

function progress({ trigger, status, total, done, counts }: Run): readonly string[] {
  if (status === "held" || status === "discarded") return [];
  const people = `${done} of ${counted(total, "person", "people")} done`;
  const attempts = counts["attempts"] ?? 0;
  const waits = status === "running" && attempts > 0;
  const tried = `${counted(attempts, "attempt", "attempts")} left somebody undone`;
  if (!waits) return [people];
  const next = `${tried}: the next follows by itself within a minute`;
  return trigger === "disable" ? [people, next, STAYS] : [people, next];
}

function said(people: number | undefined, one: string, many: string, rest: string): readonly string[] {
  return people === undefined ? [] : [`${counted(people, `person ${one}`, `people ${many}`)}${rest}`];
}
