import type { Instant, RunId, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import type { Page, PageQuery } from "./store.js";

/** Who did it: an operator, an admin's API key, an IdP's token or its own signed word, a person signing in, or Rolecall's own worker. */
export interface Actor {
  readonly kind: "operator" | "api_key" | "scim_token" | "identity_provider" | "person" | "worker" | "command_line";
  readonly id?: string;
  readonly label?: string;
}

/** Through which door a change came. */
export type Door = "scim" | "sign_in" | "admin" | "mapping" | "worker" | "command_line";

/** Who changed what, when, and by which door. */
export interface AuditEntry {
  readonly at: Instant;
  readonly actor: Actor;
  readonly door: Door;
  /** `user.created`, `grant.added`, `mapping.saved`, `connection.updated` ... */
  readonly action: string;
  readonly user?: UserId;
  readonly run?: RunId;
  readonly requestId?: string;
  readonly detail: JsonObject;
}

/** An event for the outside. `position` orders the feed once the event is published. */
export interface FeedEvent {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly at: Instant;
  readonly user?: UserId;
  readonly data: JsonObject;
}

/** The audit and the feed of events. */
export interface JournalReader {
  audit(
    query: PageQuery & { readonly user?: UserId; readonly action?: string },
  ): Promise<Page<AuditEntry & { readonly id: string }>>;
  /** Published events after a position, in order. */
  events(query: { readonly after: number; readonly limit: number }): Promise<readonly FeedEvent[]>;
}

/** INVARIANT: written in the transaction of the change that they speak of, and by nobody but that change. */
export interface JournalWriter {
  appendAudit(entries: readonly AuditEntry[]): Promise<void>;
  appendEvents(
    events: readonly { readonly type: string; readonly user?: UserId; readonly data: JsonObject }[],
    now: Instant,
  ): Promise<void>;
  /** Gives waiting events their place in the feed, in the order they were written; how many. */
  publishEvents(now: Instant, limit: number): Promise<number>;
}
