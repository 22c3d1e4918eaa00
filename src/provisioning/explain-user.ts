import { type Explanation, explain } from "../engine/explain.js";
import type { Tenant } from "../model/connection.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import type { Provisioning } from "./deps.js";
import { evaluatePeople } from "./reconcile.js";

/** Why a person holds what they hold, and why not the rest, by today's facts and the active mapping. Refusal `not_found`. */
export async function explainUser(p: Provisioning, tenant: Tenant, user: UserId): Promise<Explanation> {
  const { people, decisions, mapping } = await evaluatePeople(p, tenant.id, [user], "sync");
  const person = people.get(user);
  const decision = decisions.get(user);
  if (!person || !decision) throw new Refusal("not_found", `no user \`${user}\``);
  return explain(mapping, person.links, decision.evaluations, decision, person.state);
}
