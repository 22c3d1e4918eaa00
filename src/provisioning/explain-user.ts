import { type Explanation, explain } from "../engine/explain.js";
import type { Tenant } from "../model/connection.js";
import type { UserId } from "../model/ids.js";
import type { Hold } from "../model/person.js";
import { Refusal } from "../model/problem.js";
import type { Provisioning } from "./deps.js";
import { evaluatePeople } from "./reconcile.js";

export interface UserExplanation extends Explanation {
  /** What the brake keeps back for this person: the account and access stay as they are until its run is released. */
  readonly hold: Pick<Hold, "run" | "status" | "reason"> | null;
}

/** Why a person holds what they hold, and why not the rest, by today's facts and the active mapping. Refusal `not_found`. */
export async function explainUser(p: Provisioning, tenant: Tenant, user: UserId): Promise<UserExplanation> {
  const { people, decisions, mapping } = await evaluatePeople(p, tenant.id, [user], "sync");
  const person = people.get(user);
  const decision = decisions.get(user);
  if (!person || !decision) throw new Refusal("not_found", `no user \`${user}\``);
  const { hold } = person.state;
  return {
    ...explain(mapping, person.links, decision.evaluations, decision, person.state),
    hold: hold ? { run: hold.run, status: hold.status, reason: hold.reason } : null,
  };
}
