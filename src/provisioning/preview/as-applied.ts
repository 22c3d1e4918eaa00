/** As applied: what apply would make of people's plans, for previews and tries, which write nothing. */
import type { Apply, Waits } from "../../engine/explain/applied.js";
import { keptBack, leftOut, needsSeat, ownerRule, ownersWhoStay, underHold } from "../../engine/guard.js";
import type { Tenant } from "../../model/connection.js";
import type { Hold, PersonState } from "../../model/person.js";
import type { PersonPlan } from "../../model/plan.js";
import { isOwner } from "../../model/target.js";
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
export function shown(evaluated: PersonPlan, { includeFrozen, releasing = false }: ShownAs): PersonPlan {
  if (evaluated.frozen && !includeFrozen) return leftOut(evaluated, FROZEN);
  const full = evaluated.frozen ? { ...evaluated, frozen: false } : evaluated;
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

/** Why nothing changes for people whose facts never come again. */
export const IS_FROZEN: Waits = {
  ...{ why: "frozen", reason: FROZEN },
  text:
    "known by a first sign-in only: the facts are from then, and nothing changes until a mapping is saved that takes such " +
    "people in, or a provider pushes this user",
};

/**
 * What apply would make of any plan of this person whose losses nobody has reviewed, as the tenant and other people are now.
 * Two statements for any number of plans.
 */
export async function applyTo(
  reader: TenantReader,
  { id, grants, hold }: PersonState,
  { includeFrozen }: Pick<ShownAs, "includeFrozen">,
): Promise<Apply> {
  const otherActiveOwners = grants.some(({ target }) => isOwner(target)) ? await reader.otherOwners([id]) : 0;
  const { free } = freeSeats(await reader.tenantNow());
  return (full) => {
    if (full.frozen && !includeFrozen) return { changes: [], waits: IS_FROZEN };
    const plan = seated({ free }, shown(full, { includeFrozen }));
    const owners = ownerRule(plan, { otherActiveOwners });
    if (owners) return { changes: [], waits: WAITS[owners] };
    if (plan.held) return { changes: [], waits: hold ? waitsUnder(hold) : WAITS.no_seat };
    const { changes } = plan;
    return { changes, ...(hold && changes.length < full.changes.length && { waits: waitsUnder(hold) }) };
  };
}

const WAITS = {
  last_owner: {
    ...{ why: "held", reason: HELD_BECAUSE.last_owner, always: true },
    text: `${HELD_BECAUSE.last_owner}; make somebody else an owner first`,
  },
  second_to_last_owner: {
    ...{ why: "held", reason: HELD_BECAUSE.second_to_last_owner },
    text: `${HELD_BECAUSE.second_to_last_owner}, so that it would wait in a run until somebody releases it`,
  },
  no_seat: { why: "held", reason: HELD_BECAUSE.no_seat, text: `${HELD_BECAUSE.no_seat}; free one first` },
} satisfies Readonly<Record<string, Waits>>;

/** Why what a hold keeps back is kept back. */
export function waitsUnder(hold: Hold): Waits {
  return hold.status === "held" ? waitsIn(hold) : discardedIn(hold);
}

function waitsIn({ run, reason }: Hold): Waits {
  const because = HELD_BECAUSE[reason];
  const text = `changes of this user wait in run ${run}: ${because}; release it first`;
  return { why: "held", reason: because, text };
}

function discardedIn({ run }: Hold): Waits {
  const reason = `the loss was discarded with run ${run}`;
  return { why: "held", reason, text: `${reason}, and is not taken up again while nothing else is to be lost` };
}
