import type { Tenant } from "../model/connection.js";
import type { UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import type { Provisioning } from "../provisioning/deps.js";
import type { UserRow } from "../provisioning/ports/access.js";

/** By id, else by userName. Refusals: `not_found`, `conflict` when several people have that userName. */
export async function personNamed(p: Provisioning, tenant: Tenant, name: string): Promise<UserRow> {
  const reader = p.store.read(tenant.id);
  const byId = await reader.user(name as UserId);
  const { items } = byId === undefined ? await reader.users({ userName: name, limit: 2 }) : { items: [byId] };
  const [user, another] = items;
  if (another !== undefined) throw new Refusal("conflict", `several users are called ${quote(name)}: give an id`);
  if (user === undefined) throw new Refusal("not_found", `no user ${quote(name)}`);
  return user;
}
