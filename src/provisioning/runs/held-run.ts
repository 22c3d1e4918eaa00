import { lossKeys } from "../../engine/guard.js";
import { grouped } from "../../model/grouped.js";
import type { ConnectionId, Instant, RunId, UserId } from "../../model/ids.js";
import type { PersonState } from "../../model/person.js";
import type { Run } from "../../model/plan.js";
import type { HeldPlan } from "../brake.js";
import { auditEntry, type Context } from "../deps.js";
import type { TenantWriter } from "../ports/store.js";

/** Enters newly held people in their connection's one open held run. */
export async function enterHeld(
  tx: TenantWriter,
  held: readonly HeldPlan[],
  contextOf: (user: UserId) => Context,
  now: Instant,
): Promise<void> {
  for (const [connection, people] of grouped(held, (one) => one.connection)) {
    const [first] = people;
    const run = await openHeldRun(tx, connection, contextOf(first.plan.person.id), now);
    await tx.hold(
      run,
      people.map(({ plan, reason, detail }) => ({
        user: plan.person.id,
        factsVersion: plan.person.factsVersion,
        reason,
        detail,
        losses: lossKeys(plan),
      })),
      now,
    );
    await tx.updateRun(run, { addTotal: people.length }, now);
  }
}

/** The connection's one open held run. INVARIANT: a new one is told of: somebody has to decide about it. */
async function openHeldRun(tx: TenantWriter, connection: ConnectionId, context: Context, now: Instant): Promise<RunId> {
  const present = await tx.heldRun(connection);
  if (present) return present.id;
  const run = await tx.insertRun({ trigger: "held", status: "held", connection, total: 0 }, now);
  await tx.appendAudit([auditEntry(context, now, "run.held", { run })]);
  await tx.appendEvents([{ type: "run.held", data: { run } }], now);
  return run;
}

/** A held run whose people all came back by themselves is over: nobody has to release it. */
export async function endEmptyRuns(
  tx: TenantWriter,
  states: readonly PersonState[],
  dissolved: readonly UserId[],
  now: Instant,
): Promise<void> {
  const gone = new Set(dissolved);
  const runs = new Set(states.flatMap(({ id, hold }) => (hold?.status === "held" && gone.has(id) ? [hold.run] : [])));
  for (const run of runs) {
    // one that is being released is ended by who releases it
    const isOpen = (await tx.run(run))?.status === "held";
    if (isOpen && (await tx.heldIn(run, [])) === 0) await tx.updateRun(run, { status: "done" }, now);
  }
}

/** Who waits in a held run again, as a run that held them lets them go no more. */
interface KeptHeld {
  readonly run: RunId;
  readonly people: number;
}

/**
 * INVARIANT: nobody stays held under a run that is over: whoever is in it without being let go waits in the connection's held
 * run, if there is anybody.
 */
export async function keepHeld(
  tx: TenantWriter,
  { id, trigger, connection }: Pick<Run, "id" | "trigger" | "connection">,
  letGo: readonly UserId[],
  context: Context,
  now: Instant,
): Promise<KeptHeld | undefined> {
  if (trigger !== "held" || connection === undefined || (await tx.heldIn(id, letGo)) === 0) return undefined;
  const run = await openHeldRun(tx, connection, context, now);
  const people = await tx.moveHolds(id, run, letGo);
  await tx.updateRun(run, { addTotal: people }, now);
  return { run, people };
}
