/** Okta's provisioning as a SCIM client: every request that it makes, in its order and its dialect. */
import { randomBytes } from "node:crypto";
import type { JsonObject } from "../model/json.js";
import { isList, profileFaults, resourcesOf } from "./answer.js";
import { type CycleResult, type OnItem, runCycle } from "./cycle.js";
import type { Directory } from "./directory.js";
import { type Endpoint, list, readAll } from "./lookup.js";
import type { OktaClient } from "./okta/client.js";
import { changeMembers, pushGroup, renameGroup, unlinkGroup } from "./okta/groups.js";
import { assign, assignAgain, deactivate, lookUpUser, reactivate, update } from "./okta/users.js";
import { note, send } from "./scim-http.js";

export { oktaClient } from "./okta/client.js";
export { pushNow } from "./okta/groups.js";
export { assign, assignAgain, changeMembers, deactivate, pushGroup, reactivate, renameGroup, unlinkGroup, update };

/** What Okta asks when an admin saves the connection. */
export async function testConnection({ http }: OktaClient): Promise<boolean> {
  const users = await list(http, "/Users", "startIndex=1&count=2", { count: 2, row: "OKTA-01" });
  const groups = await list(http, "/Groups", "startIndex=1&count=100", { count: 100, row: "OKTA-01" });
  return isList(users) && isList(groups);
}

/** The reading part of the test suite that Okta runs before it lists an integration. */
export async function runSpecTest({ http }: OktaClient): Promise<boolean> {
  const nobody = randomBytes(8).toString("hex");
  const first = await list(http, "/Users", "count=1&startIndex=1", { count: 1, row: "OKTA-01" });
  note(
    http,
    resourcesOf(first).flatMap((user) => profileFaults(first, user)),
  );
  const none = await lookUpUser(http, `${nobody}@example.com`);
  const unknown = await send(http, { method: "GET", path: `/Users/${nobody}`, expect: [404], row: "OKTA-06" });
  const stranger = {
    method: "GET",
    path: "/Users",
    query: "startIndex=1&count=1",
    token: nobody,
    expect: [401],
    row: "OKTA-07",
  } as const;
  const refused = await send(http, stranger);
  return first.accepted && none.outcome === "none" && unknown.accepted && refused.accepted;
}

/** Imports every user or group of the application, page by page. */
export function importAll({ http }: OktaClient, endpoint: Endpoint): Promise<JsonObject[]> {
  return readAll(http, endpoint, { count: 100, row: "OKTA-18" });
}

/** Sends what differs from what was pushed before; the first time, everything. */
export function sync(client: OktaClient, directory: Directory, onItem?: OnItem): Promise<CycleResult> {
  const verbs = {
    provision: assign.bind(undefined, client),
    update: update.bind(undefined, client),
    reactivate: reactivate.bind(undefined, client),
    deactivate: deactivate.bind(undefined, client),
    pushGroup: pushGroup.bind(undefined, client),
    renameGroup: renameGroup.bind(undefined, client),
    changeMembers: changeMembers.bind(undefined, client),
    unlinkGroup: unlinkGroup.bind(undefined, client),
  };
  return runCycle(verbs, client.memory, directory, { concurrency: client.concurrency, onItem });
}
