/** Microsoft Entra's provisioning as a SCIM client: every request that it makes, in its order and its two dialects. */
import { randomUUID } from "node:crypto";
import { isList } from "./answer.js";
import { type CycleResult, type OnItem, runCycle } from "./cycle.js";
import type { Directory } from "./directory.js";
import type { EntraClient } from "./entra/client.js";
import { changeMembers, deleteGroup, provisionGroup, renameGroup } from "./entra/groups.js";
import { assignManager, deleteUser, disable, enable, provision, update } from "./entra/users.js";
import { formEncoded, list } from "./lookup.js";

export { entraClient } from "./entra/client.js";
export {
  assignManager,
  changeMembers,
  deleteGroup,
  deleteUser,
  disable,
  enable,
  provision,
  provisionGroup,
  renameGroup,
  update,
};

/** What Entra asks when an admin presses "Test Connection": for a user and a group that cannot be there. */
export async function testConnection({ http }: EntraClient): Promise<boolean> {
  const nobody = randomUUID();
  const user = { attribute: "userName", value: nobody };
  const users = await list(http, "/Users", formEncoded({ filter: `userName eq "${nobody}"` }), {
    wanted: user,
    row: "ENTRA-01",
  });
  const group = { attribute: "displayName", value: nobody };
  const query = formEncoded({ excludedAttributes: "members", filter: `displayName eq "${nobody}"` });
  const groups = await list(http, "/Groups", query, { wanted: group, excluded: "members", row: "ENTRA-01" });
  return isList(users) && isList(groups);
}

/** An incremental cycle: sends what differs from what was pushed before. */
export function sync(client: EntraClient, directory: Directory, onItem?: OnItem): Promise<CycleResult> {
  const verbs = {
    provision: provision.bind(undefined, client),
    update: update.bind(undefined, client),
    reactivate: enable.bind(undefined, client),
    deactivate: disable.bind(undefined, client),
    erase: deleteUser.bind(undefined, client),
    relate: assignManager.bind(undefined, client),
    pushGroup: provisionGroup.bind(undefined, client),
    renameGroup: renameGroup.bind(undefined, client),
    changeMembers: changeMembers.bind(undefined, client),
    unlinkGroup: deleteGroup.bind(undefined, client),
  };
  return runCycle(verbs, client.memory, directory, { concurrency: client.concurrency, onItem });
}

/** "Restart provisioning": forgets what was pushed, looks everybody up again and aligns what is there. */
export function initialCycle(client: EntraClient, directory: Directory): Promise<CycleResult> {
  client.memory.people.clear();
  client.memory.groups.clear();
  return sync(client, directory);
}
