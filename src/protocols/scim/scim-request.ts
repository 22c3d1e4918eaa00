/** Owns what every SCIM request shares: the room that serves it, whose token it is, which bodies are read, and what the log hears. */
import { bearerToken } from "../../http/bearer.js";
import type { HttpRequest } from "../../http/exchange.js";
import type { RateLimiter } from "../../http/rate-limit.js";
import type { Authenticator, BodyRule } from "../../http/route.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { TenantId, UserId } from "../../model/ids.js";
import type { Vault } from "../../platform/secrets.js";
import { adoptableBy } from "../../provisioning/adopt.js";
import type { Context, Provisioning } from "../../provisioning/deps.js";
import type { DirectoryQuery } from "../../provisioning/ports/directory.js";
import type { TenantReader } from "../../provisioning/ports/store.js";
import { authenticateToken } from "../../provisioning/tokens.js";
import type { QuirkName, ScimLimits } from "./dialect.js";
import { type EarlyRead, isOf, readEarly } from "./early-reads.js";
import { spelledApart } from "./said-twice.js";
import type { ScimSchemas } from "./schema.js";
import type { InTurn } from "./turns.js";
import type { WhileUnchanged } from "./while-unchanged.js";

/** Below which everything of SCIM lies. */
export const SCIM_PREFIX = "/api/scim/v2";
/** RFC-55: the base without the version of the protocol. */
export const SCIM_UNVERSIONED = "/api/scim";

/** What the SCIM room is made of. */
export interface ScimRoom {
  readonly p: Provisioning;
  readonly schemas: ScimSchemas;
  /** Absolute, without a slash at its end. */
  readonly baseUrl: string;
  readonly limits: ScimLimits;
  readonly rateLimiter: RateLimiter;
  readonly requestsPerMinutePerToken: number;
  readonly bodyBytes: number;
  readonly groupBodyBytes: number;
  /** What one bulk request may hold; bytes. */
  readonly bulk: { readonly maxOperations: number; readonly maxPayloadSize: number };
  readonly whileUnchanged: WhileUnchanged;
  /** For pages of lists, from reading them until they are text. */
  readonly listInTurn: InTurn;
  /** Seals cursors; they need open again only while they are good for something. */
  readonly cursors: Vault;
}

/** A request with a live token: the tenant and the connection come from it and from nowhere else. */
export interface ScimCaller {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly tokenId: string;
  /** Whose token it is, where it is no token of the connection alone. */
  readonly serviceAccount?: UserId;
  readonly reader: TenantReader;
  readonly context: Context;
  /** What was read while the token was looked up. */
  readonly early?: EarlyRead;
}

/** What of the people and groups made by hand the caller sees beside its own, and takes over by writing to it. */
export function adoptableFor({ tenant, connection }: ScimCaller): Pick<DirectoryQuery, "adoptable"> {
  const adoptable = adoptableBy(tenant, connection);
  return adoptable === undefined ? {} : { adoptable };
}

export function scimAuthenticator(room: ScimRoom): Authenticator<ScimCaller> {
  const all = SCIM_PREFIX + room.schemas.user.endpoint;
  const paths = { all, one: `${all}/` };
  const readerOf = (tenant: TenantId): TenantReader => room.p.store.read(tenant);
  return {
    name: "scimToken",
    scheme: "bearer",
    async authenticate(request) {
      let early: EarlyRead | undefined;
      const owner = await authenticateToken(room.p, bearerToken(request), request.address, (was) => {
        early = readEarly(was, request, paths, readerOf);
      });
      const { tokenId, tenant, connection, serviceAccount } = owner;
      request.identify({ tenant: tenant.slug, connection: connection.slug, token: tokenId });
      const actor = { kind: "scim_token", id: tokenId, label: connection.slug } as const;
      const context = { actor, door: "scim", requestId: request.id } as const;
      const caller: ScimCaller = {
        ...{ tenant, connection, tokenId, reader: readerOf(tenant.id), context },
        ...(serviceAccount && { serviceAccount: serviceAccount.id }),
        ...(early && isOf(early, owner) && { early }),
      };
      countRequest(room, caller);
      return caller;
    },
  };
}

/** Counts one operation of the token; Refusal `rate_limited` when it has asked for too many. */
export function countRequest(room: ScimRoom, { tokenId }: Pick<ScimCaller, "tokenId">): void {
  room.rateLimiter.take("scim", tokenId, room.requestsPerMinutePerToken);
}

/** RFC-23: both media types, with any parameters. */
export function scimBody(bytes: number): BodyRule {
  return { read: "json", bytes, types: ["application/scim+json", "application/json"], respell: spelledApart };
}

/** Tells the log of the request every quirk that any part of it needed, each once. */
export function noteQuirks(request: HttpRequest): (quirks: readonly QuirkName[]) => void {
  const all = new Set<QuirkName>();
  return (quirks) => {
    for (const quirk of quirks) all.add(quirk);
    request.identify({ quirks: [...all].sort().join(",") });
  };
}
