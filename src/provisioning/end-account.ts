import type { Instant } from "../model/ids.js";
import type { DeactivatedBy, PersonState } from "../model/person.js";
import { applyPlans } from "./apply.js";
import type { Context, Provisioning } from "./deps.js";
import type { TenantWriter } from "./ports/store.js";

/** By what an account ends outside the mapping and its sources. */
export interface Ending {
  readonly by: Extract<DeactivatedBy, "admin" | "expired">;
  readonly reason: string;
  readonly context: Context;
  readonly now: Instant;
}

/** Deactivates a registered account and ends all that it holds. Whoever calls has seen to the tenant's last owner. */
export async function endAccount(
  p: Provisioning,
  tx: TenantWriter,
  person: PersonState,
  { by, reason, context, now }: Ending,
): Promise<void> {
  const revokes = person.grants.map((grant) => ({ kind: "revoke", grant, reason }) as const);
  const changes = [{ kind: "deactivate_user", by, reason } as const, ...revokes];
  const plans = [{ person, changes, kept: [], refreshed: [], frozen: false }];
  await applyPlans(p, tx, {
    plans,
    profiles: new Map(),
    reconciled: [],
    mappingVersion: 0,
    contextOf: () => context,
    now,
  });
}
