/** As applied: what apply would make of people's plans, for previews and tries, which write nothing. */
import { keptBack, leftOut, needsSeat, ownersWhoStay, underHold } from "../../engine/guard.js";
import type { Tenant } from "../../model/connection.js";
import type { PersonPlan } from "../../model/plan.js";
import { HELD_BECAUSE } from "../brake.js";
import type { TenantReader } from "../ports/store.js";

/** Why frozen people are left out, in words. */
export const FROZEN = "known by a first sign-in only: whoever saves a mapping decides whether it reaches such people";

export interface ShownAs {
  /** Frozen people are planned as the others are. */
  readonly includeFrozen?: boolean | undefined;
  /** People in a held run are planned as if they were released. */
  readonly releasing?: boolean | undefined;
}

/** Frozen people left out, held ones waiting, discarded losses gone: what they would gain is told as waiting. */
export function shown(full: PersonPlan, { includeFrozen, releasing = false }: ShownAs): PersonPlan {
  if (full.frozen && !includeFrozen) return leftOut(full, FROZEN);
  const { hold } = full.person;
  const { kind, plan } = underHold(full, { covers: () => false, releasing });
  return hold && kind === "waits" ? keptBack(plan, HELD_BECAUSE[hold.reason]) : plan;
}

/** How many are left to give. */
export interface FreeSeats {
  free: number;
}

export function freeSeats({ seats, seatsUsed }: Pick<Tenant, "seats" | "seatsUsed">): FreeSeats {
  return { free: seats === null ? Number.POSITIVE_INFINITY : seats - seatsUsed };
}

/**
 * Seats are given in the order that apply has: people's ids. One that is freed by the same change counts for nobody yet:
 * apply frees seats behind each batch, which may come too late.
 */
export function seated(seats: FreeSeats, plan: PersonPlan): PersonPlan {
  if (!needsSeat(plan)) return plan;
  if (seats.free <= 0) return keptBack(plan, HELD_BECAUSE.no_seat);
  seats.free -= 1;
  return plan;
}

/**
 * Plans that take an owner each, as they would be applied together. Whoever confirms a plan has seen (`seen`) who goes: only
 * the last owner stays then, and stays whole.
 */
export async function ownersAsKept(
  reader: TenantReader,
  owners: readonly PersonPlan[],
  seen: boolean,
): Promise<readonly PersonPlan[]> {
  if (owners.length === 0) return [];
  const others = await reader.otherOwners(owners.map((plan) => plan.person.id));
  const stay = ownersWhoStay(owners, others, () => seen);
  return owners.map((plan) => {
    const reason = stay.get(plan.person.id);
    return reason ? keptBack(plan, HELD_BECAUSE[reason]) : plan;
  });
}
