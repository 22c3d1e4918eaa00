import type { ConnectionId, Instant, TenantId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import type { Page, PageQuery } from "./store.js";

/** A SCIM request as an admin sees it afterwards. INVARIANT: it holds nothing that says who anybody is: `detail` is redacted. */
export interface KeptRequest {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly at: Instant;
  readonly method: string;
  readonly status: number;
  /** Names of the deviations that reading it needed. */
  readonly quirks: readonly string[];
  /** The product that sent it, as far as it can be told. */
  readonly client: string;
  /** As in the answer's header `x-request-id`. */
  readonly requestId: string;
  /** SCIM id of the resource that it was about. */
  readonly resource?: string;
  readonly token?: string;
  /** So many more like it came soon after and are not kept themselves, the last of them then. */
  readonly alike: number;
  readonly alikeUntil?: Instant;
  readonly detail: JsonObject;
}

export type NewKeptRequest = Omit<KeptRequest, "alike" | "alikeUntil"> & { readonly expiresAt: Instant };

/** Requests that are counted with one that is kept. */
export interface Repeats {
  readonly id: string;
  readonly count: number;
  readonly until: Instant;
}

/** `quirk`: a deviation; `client`: a product; `outcome`: `answered` or `refused`; `profile`: one that would suit better. */
export type SightingKind = "quirk" | "client" | "outcome" | "profile";

/** How often something was seen of the requests at a connection, and when; every request counts, kept or not. */
export interface Sighting {
  readonly kind: SightingKind;
  readonly name: string;
  readonly count: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

export type NewSighting = Sighting & { readonly connection: ConnectionId; readonly expiresAt: Instant };

export interface KeptRequestQuery extends PageQuery {
  readonly status?: number;
  readonly method?: string;
  /** Answered with 400 or more, or with `failedOperations` in its detail; `false`: neither. */
  readonly failed?: boolean;
  readonly quirk?: string;
  readonly client?: string;
  readonly resource?: string;
  readonly requestId?: string;
}

/** The log of SCIM requests. */
export interface RequestLogReader {
  /** Latest first. */
  keptRequests(connection: ConnectionId, query: KeptRequestQuery): Promise<Page<KeptRequest>>;
  keptRequest(connection: ConnectionId, id: string): Promise<KeptRequest | undefined>;
  /** By kind and name. */
  sightings(connection: ConnectionId): Promise<readonly Sighting[]>;
}

export interface RequestLogWriter {
  /** In one statement. What is of another tenant's connection refuses them all: Refusal `not_found`. */
  keepRequests(requests: readonly NewKeptRequest[]): Promise<void>;
  addRepeats(repeats: readonly Repeats[]): Promise<void>;
  /** Counts are added to those that are there. */
  addSightings(sightings: readonly NewSighting[]): Promise<void>;
  /** Removes the oldest of the connection beyond its `most` latest ones, at most `limit` of them. */
  trimRequests(connection: ConnectionId, most: number, limit: number): Promise<number>;
}

/** A token that is shown to be no longer good, or has not been looked at, and where a request with it belongs. */
export interface KnownToken {
  readonly hash: string;
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly token: string;
  readonly revokedAt?: Instant;
  readonly expiresAt?: Instant;
}
