/** Owns what both simulated identity providers can be asked to do, whatever each of them sends for it. */
import type { JsonObject } from "../model/json.js";
import type { CycleResult, Memory, OnItem } from "./cycle.js";
import type { Directory, Person } from "./directory.js";
import { checkSettled, lookUpUser as lookUpEntraUser, provisionAgain } from "./entra/users.js";
import * as entra from "./entra.js";
import type { Endpoint, Found } from "./lookup.js";
import { lookUpUser as lookUpOktaUser } from "./okta/users.js";
import * as okta from "./okta.js";
import type { Connection, ScimHttp } from "./scim-http.js";
import type { IdentityProvider } from "./simulated-directory.js";

/**
 * How a client speaks. `oin`: an app of the Okta Integration Network, which patches groups and activation; `aiw`: one made with the app
 * integration wizard, which puts everything. `default`: Entra as it is; `aadOptscim062020`: Entra with the compliance flag in its URL.
 */
export const VARIANTS = { okta: ["oin", "aiw"], entra: ["default", "aadOptscim062020"] } as const;
export type Variant = (typeof VARIANTS)[IdentityProvider][number];

export interface Player {
  readonly idp: IdentityProvider;
  readonly http: ScimHttp;
  readonly memory: Memory;
  /** What the identity provider asks when an admin saves the connection. */
  testConnection(): Promise<boolean>;
  /** What it asks besides, before it lists an application. */
  readonly probe?: () => Promise<unknown>;
  /** Sends what differs from what was pushed before; the first time, everything. */
  sync(directory: Directory, onItem?: OnItem): Promise<CycleResult>;
  /** Asks for a user by a user name that is written in another letter case. */
  findInOtherCase(userName: string): Promise<Found>;
  find(userName: string): Promise<Found>;
  /** Creates a user whom the server has already, and must refuse. */
  createAgain(person: Person): Promise<void>;
  /** Absent: the client never reads what it pushed before it changes something. */
  readonly checkSettled?: (id: string) => Promise<void>;
  /** Absent: the client never reads the whole application. */
  readonly importAll?: (endpoint: Endpoint) => Promise<readonly JsonObject[]>;
  /** Whether accounts that are destroyed are deleted at the application. */
  readonly erases: boolean;
}

export interface PlayerOptions extends Connection {
  readonly concurrency?: number;
}

/** Throws where the base URL is none that HTTP can reach. */
export function openPlayer(idp: IdentityProvider, variant: Variant, options: PlayerOptions): Player {
  return idp === "okta" ? openOkta(variant, options) : openEntra(variant, options);
}

function openOkta(variant: Variant, options: PlayerOptions): Player {
  const client = okta.oktaClient({ ...options, kind: variant === "aiw" ? "custom" : "catalogue" });
  const { http, memory } = client;
  return {
    idp: "okta",
    http,
    memory,
    testConnection: () => okta.testConnection(client),
    probe: () => okta.runSpecTest(client),
    sync: (directory, onItem) => okta.sync(client, directory, onItem),
    find: (userName) => lookUpOktaUser(http, userName),
    findInOtherCase: (userName) => lookUpOktaUser(http, userName, "OKTA-03"),
    createAgain: (person) => okta.assignAgain(client, person),
    importAll: (endpoint) => okta.importAll(client, endpoint),
    erases: false,
  };
}

function openEntra(variant: Variant, options: PlayerOptions): Player {
  const client = entra.entraClient({ ...options, aadOptscim062020: variant === "aadOptscim062020" });
  const { http, memory } = client;
  return {
    idp: "entra",
    http,
    memory,
    testConnection: () => entra.testConnection(client),
    sync: (directory, onItem) => entra.sync(client, directory, onItem),
    find: (userName) => lookUpEntraUser(client, userName, "ENTRA-02"),
    findInOtherCase: (userName) => lookUpEntraUser(client, userName, "ENTRA-26"),
    createAgain: (person) => provisionAgain(client, person),
    checkSettled: (id) => checkSettled(client, id),
    erases: true,
  };
}
