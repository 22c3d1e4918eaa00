/** Owns what both simulated identity providers can be asked to do, whatever each of them sends for it. */
import type { CycleResult, Memory, OnItem } from "./cycle.js";
import type { Directory } from "./directory.js";
import * as entra from "./entra.js";
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
  testConnection(): Promise<boolean>;
  /** Sends what differs from what was pushed before; the first time, everything. */
  sync(directory: Directory, onItem?: OnItem): Promise<CycleResult>;
}

export interface PlayerOptions extends Connection {
  readonly concurrency?: number;
}

/** Throws where the base URL is none that HTTP can reach. */
export function openPlayer(idp: IdentityProvider, variant: Variant, options: PlayerOptions): Player {
  if (idp === "okta") {
    const client = okta.oktaClient({ ...options, kind: variant === "aiw" ? "custom" : "catalogue" });
    return {
      idp,
      http: client.http,
      memory: client.memory,
      testConnection: () => okta.testConnection(client),
      sync: (directory, onItem) => okta.sync(client, directory, onItem),
    };
  }
  const client = entra.entraClient({ ...options, aadOptscim062020: variant === "aadOptscim062020" });
  return {
    idp,
    http: client.http,
    memory: client.memory,
    testConnection: () => entra.testConnection(client),
    sync: (directory, onItem) => entra.sync(client, directory, onItem),
  };
}
