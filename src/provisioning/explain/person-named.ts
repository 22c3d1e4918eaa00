import type { UserId } from "../../model/ids.js";
import type { PersonState } from "../../model/person.js";
import { Refusal } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { TenantReader } from "../ports/store.js";

/**
 * Whom somebody means: by id, else by the userName of a user, else by the name of a service account, so that nobody gets in
 * an id's way by being called like it. Who was hired again may have two accounts of one name: the one that is not deactivated is
 * meant. Refusals: `not_found`, `conflict` when several have that name.
 */
export async function personNamed(reader: TenantReader, name: string): Promise<PersonState> {
  const [byId] = await reader.people([name as UserId]);
  if (byId) return byId;
  const { items } = await reader.users({ userName: name, limit: 2 });
  const meant =
    items.length > 1 ? (await reader.users({ userName: name, status: "registered", limit: 2 })).items : items;
  if (items.length > 1 && meant.length !== 1) {
    throw new Refusal("conflict", `several users are called ${quote(name)}: give an id`);
  }
  // Who is called so is asked before what is.
  const accounts = meant.length > 0 ? [] : await accountsNamed(reader, name);
  if (accounts.length > 1)
    throw new Refusal("conflict", `several service accounts are called ${quote(name)}: give an id`);
  const [person] = await reader.people([...meant, ...accounts].map(({ id }) => id));
  if (!person) throw new Refusal("not_found", `no user ${quote(name)}`);
  return person;
}

async function accountsNamed(reader: TenantReader, name: string): Promise<readonly Pick<PersonState, "id">[]> {
  const { items } = await reader.serviceAccounts({ name, limit: 2 });
  if (items.length < 2) return items;
  const registered = (await reader.serviceAccounts({ name, status: "registered", limit: 2 })).items;
  return registered.length === 0 ? items : registered;
}
