import type { Instant, UserId } from "../model/ids.js";
import type { TenantWriter } from "./ports/store.js";

/** Takes people's seats, and has the worker look at those again who wait for one. */
export async function freeSeatsOf(tx: TenantWriter, people: readonly UserId[], now: Instant): Promise<void> {
  if (people.length === 0) return;
  const [{ seats }] = await Promise.all([tx.tenantNow(), tx.unseatPeople(people)]);
  if (seats !== null) await tx.wakeAt(now, "seats", "tenant");
}
