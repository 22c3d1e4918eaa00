/** Owns what an Entra enterprise application's provisioning is: its tenant URL, its dialect and what it remembers of its pushes. */
import { emptyMemory, type Memory } from "../cycle.js";
import { type Connection, openScimHttp, type ScimHttp } from "../scim-http.js";

/** The attribute by which Entra finds a user that is there already; tried in order. */
export type Matching = "email" | "externalId" | "userName";

/** The flag that admins write into the tenant URL to have PATCH bodies that keep to the RFC. Entra leaves it in every URL that it calls. */
const COMPLIANCE_FLAG = "aadOptscim062020";

export interface EntraOptions extends Connection {
  /** The same as writing the flag into the base URL. */
  readonly aadOptscim062020?: boolean;
  readonly matching?: readonly Matching[];
  /** How many users, or groups, are on the wire at the same time. */
  readonly concurrency?: number;
  readonly membersPerPatch?: number;
}

export type Dialect = "compliant" | "default";

export interface EntraClient {
  readonly http: ScimHttp;
  readonly memory: Memory;
  readonly dialect: Dialect;
  readonly matching: readonly Matching[];
  readonly concurrency: number;
  readonly membersPerPatch: number;
}

// No public capture of Entra's requests shows a user agent.
const HEADERS = { Accept: "application/scim+json", "Content-Type": "application/scim+json; charset=utf-8" };

export function entraClient(options: EntraOptions): EntraClient {
  const { matching = ["userName", "externalId"], concurrency = 5, membersPerPatch = 100 } = options;
  const http = openScimHttp({ ...options, baseUrl: withFlag(options) }, HEADERS);
  const dialect = http.base.searchParams.has(COMPLIANCE_FLAG) ? "compliant" : "default";
  return { http, memory: emptyMemory(), dialect, matching, concurrency, membersPerPatch };
}

function withFlag({ baseUrl, aadOptscim062020 = false }: EntraOptions): string {
  if (!aadOptscim062020 || baseUrl.includes(COMPLIANCE_FLAG)) return baseUrl;
  return `${baseUrl}${baseUrl.includes("?") ? "&" : "?"}${COMPLIANCE_FLAG}`;
}
