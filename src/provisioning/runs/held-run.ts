import { lossKeys } from "../../engine/guard.js";
import { grouped } from "../../model/grouped.js";
import type { ConnectionId, Instant, RunId, UserId } from "../../model/ids.js";
import type { PersonState } from "../../model/person.js";
import type { HeldPlan } from "../brake.js";
import { auditEntry, type Context } from "../deps.js";
import type { TenantWriter } from "../ports/store.js";

/** Enters newly held people in their connection's one open held run, and opens it when there is none. */
export async function enterHeld(
  tx: TenantWriter,
  held: readonly HeldPlan[],
  context: Context,
  now: Instant,
): Promise<void> {
  for (const [connection, people] of grouped(held, (one) => one.connection)) {
    const run = (await tx.heldRun(connection))?.id ?? (await openRun(tx, connection, context, now));
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

async function openRun(tx: TenantWriter, connection: ConnectionId, context: Context, now: Instant): Promise<RunId> {
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
    const [left] = await tx.heldPeople(run, { afterSeq: 0, limit: 1 });
    if (!left) await tx.updateRun(run, { status: "done" }, now);
  }
}
