import { type DesiredGrant, type Evidence, type Grant, grantKey } from "../model/grant.js";
import type { GrantId, Instant } from "../model/ids.js";
import type { DeactivatedBy, PersonState, UserStatus } from "../model/person.js";
import type { PersonPlan } from "../model/plan.js";

/** The state after a plan, with nothing written: for dry runs, scenario files and tests. Ids of new grants are made up. */
export function applyInMemory(
  state: PersonState,
  plan: PersonPlan,
  { version, now }: { readonly version: number; readonly now: Instant },
): PersonState {
  let status: UserStatus = state.status;
  let deactivatedBy: DeactivatedBy | undefined = state.deactivatedBy;
  const evidence = new Map(plan.refreshed.map((one) => [one.id, one.evidence]));
  const closed = new Set<GrantId>();
  const open: Grant[] = [];
  for (const change of plan.changes) {
    switch (change.kind) {
      case "create_user":
      case "reactivate_user":
        status = "registered";
        deactivatedBy = undefined;
        break;
      case "deactivate_user":
        status = "deactivated";
        deactivatedBy = change.by;
        break;
      case "revoke":
        closed.add(change.grant.id);
        break;
      case "grant":
        open.push(opened(change.grant, version, now));
        break;
    }
  }
  const stay = state.grants.filter(({ id }) => !closed.has(id));
  const grants = [...stay.map((grant) => refreshed(grant, evidence.get(grant.id), version)), ...open];
  const { deactivatedBy: _, ...rest } = state;
  return {
    ...rest,
    status,
    everRegistered: state.everRegistered || status === "registered",
    reconciledVersion: version,
    dirty: false,
    seat: status === "registered",
    grants,
    ...(deactivatedBy === undefined ? {} : { deactivatedBy }),
  };
}

function refreshed(grant: Grant, evidence: readonly Evidence[] | undefined, version: number): Grant {
  return evidence === undefined ? grant : { ...grant, evidence, mappingVersion: version };
}

function opened({ stale: _, ...grant }: DesiredGrant, version: number, now: Instant): Grant {
  return { ...grant, id: grantKey(grant) as GrantId, mappingVersion: version, since: now };
}
