/** Owns what every SCIM request shares: whose token it is, how its query is read, and preconditions. */
import { bearerToken } from "../../http/bearer.js";
import type { HttpRequest } from "../../http/exchange.js";
import type { RateLimiter } from "../../http/rate-limit.js";
import type { Authenticator, BodyRule } from "../../http/route.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { JsonObject } from "../../model/json.js";
import type { Context, Provisioning } from "../../provisioning/deps.js";
import type { DirectoryQuery } from "../../provisioning/ports/directory.js";
import type { TenantReader } from "../../provisioning/ports/store.js";
import { authenticateToken } from "../../provisioning/tokens.js";
import type { Reading, ScimLimits } from "./dialect.js";
import { ScimError } from "./errors.js";
import { readFilter } from "./filter-resolve.js";
import { etagOf } from "./render.js";
import type { ScimSchemas } from "./schema.js";
import type { WhileUnchanged } from "./while-unchanged.js";

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
  readonly whileUnchanged: WhileUnchanged;
}

/** A request with a live token: the tenant and the connection come from it and from nowhere else. */
export interface ScimCaller {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly reader: TenantReader;
  readonly context: Context;
}

export function scimAuthenticator(room: ScimRoom): Authenticator<ScimCaller> {
  return {
    name: "scimToken",
    scheme: "bearer",
    async authenticate(request) {
      const { tokenId, tenant, connection } = await authenticateToken(room.p, bearerToken(request), request.address);
      request.identify({ tenant: tenant.slug, connection: connection.slug, token: tokenId });
      room.rateLimiter.take("scim", tokenId, room.requestsPerMinutePerToken);
      const actor = { kind: "scim_token", id: tokenId, label: connection.slug } as const;
      const context = { actor, door: "scim", requestId: request.id } as const;
      return { tenant, connection, reader: room.p.store.read(tenant.id), context };
    },
  };
}

/** RFC-23: both media types, with any parameters. */
export function scimBody(bytes: number): BodyRule {
  return { read: "json", bytes, types: ["application/scim+json", "application/json"] };
}

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 200;

export interface ListQuery extends DirectoryQuery {
  readonly startIndex: number;
}

/** RFC-38: a start below 1 is 1, a negative count is 0, a count above the largest page is the largest page. */
export function listQuery(request: HttpRequest, reading: Reading): ListQuery {
  const text = request.query.get("filter");
  const startIndex = Math.max(1, integer(request, "startIndex") ?? 1);
  const limit = Math.min(LARGEST_PAGE, Math.max(0, integer(request, "count") ?? DEFAULT_PAGE));
  const base = { startIndex, offset: startIndex - 1, limit };
  return text === null || text === "" ? base : { ...base, filter: readFilter(text, reading) };
}

function integer(request: HttpRequest, name: string): number | undefined {
  const text = request.query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw new ScimError("invalidValue", `\`${name}\` must be an integer`);
  return Number(text);
}

export function listResponse(query: ListQuery, total: number, resources: readonly JsonObject[]) {
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults: total,
    startIndex: query.startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

/** RFC-56: `If-Match` must name the present version (or be a star). True when the client named one. */
export function checkIfMatch(request: HttpRequest, version: number): boolean {
  const tags = tagsOf(request.header("if-match"));
  if (tags.length === 0) return false;
  if (!tags.includes("*") && !tags.includes(opaque(etagOf(version)))) {
    throw new ScimError("preconditionFailed", "the resource has changed since that version: read it again");
  }
  return true;
}

/** The client has this version already: 304. */
export function isUnchanged(request: HttpRequest, version: number): boolean {
  const tags = tagsOf(request.header("if-none-match"));
  return tags.includes("*") || tags.includes(opaque(etagOf(version)));
}

function tagsOf(header: string | undefined): readonly string[] {
  return (header ?? "")
    .split(",")
    .map((tag) => opaque(tag.trim()))
    .filter((tag) => tag !== "");
}

function opaque(tag: string): string {
  return tag.replace(/^W\//i, "");
}
