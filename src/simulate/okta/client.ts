/** Owns what an Okta application integration is: its connection, its kind and what it remembers of its pushes. */
import { emptyMemory, type Memory } from "../cycle.js";
import { type Connection, openScimHttp, type ScimHttp } from "../scim-http.js";

/**
 * `catalogue`: an app of the Okta Integration Network, which patches activation and groups. `custom`: one made with the app integration
 * wizard, which sends PUT for everything.
 */
export type OktaKind = "catalogue" | "custom";

export interface OktaOptions extends Connection {
  readonly kind?: OktaKind;
  /** How many users, or groups, are on the wire at the same time. */
  readonly concurrency?: number;
  readonly membersPerPatch?: number;
}

export interface OktaClient {
  readonly http: ScimHttp;
  readonly memory: Memory;
  readonly kind: OktaKind;
  readonly concurrency: number;
  readonly membersPerPatch: number;
}

const HEADERS = {
  Accept: "application/scim+json",
  "Accept-Charset": "utf-8",
  "Content-Type": "application/scim+json; charset=utf-8",
  "User-Agent": "Okta SCIM Client 1.0.0",
};

export function oktaClient(options: OktaOptions): OktaClient {
  const { kind = "catalogue", concurrency = 3, membersPerPatch = 100 } = options;
  return { http: openScimHttp(options, HEADERS), memory: emptyMemory(), kind, concurrency, membersPerPatch };
}
