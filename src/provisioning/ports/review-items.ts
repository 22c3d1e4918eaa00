import type { ConnectionId, Instant } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import type { Page, PageQuery } from "./store.js";

/** Something about who is who that only an admin can decide. */
export interface ReviewItem {
  readonly id: string;
  readonly kind: string;
  readonly connection: ConnectionId;
  readonly detail: JsonObject;
  readonly createdAt: Instant;
}

export interface ReviewItems extends Pick<ReviewItem, "kind" | "connection"> {
  readonly details: readonly JsonObject[];
}

export interface ReviewItemReader {
  /** Those that wait, oldest first. */
  reviewItems(query: PageQuery): Promise<Page<ReviewItem>>;
}

/** Which items are meant. */
export type ItemsOf = Pick<ReviewItem, "kind" | "connection">;

export interface ReviewItemWriter {
  /** Those of this kind that wait at the connection, oldest first. */
  waitingItems(of: ItemsOf, query: PageQuery): Promise<Page<ReviewItem>>;
  /** Those among them whose detail names one of these ids, or subjects. One statement. */
  itemsNaming(of: ItemsOf, names: readonly string[]): Promise<readonly ReviewItem[]>;
  countWaiting(of: ItemsOf): Promise<number>;
  /** One that waits already is not put down again. */
  insertReviewItem(item: Pick<ReviewItem, "kind" | "connection" | "detail">, now: Instant): Promise<void>;
  /** The same of many, in one statement. */
  insertReviewItems(items: ReviewItems, now: Instant): Promise<void>;
  /** Those of this kind that wait at the connection: what they ask is settled. */
  closeReviewItems(connection: ConnectionId, kind: string, now: Instant): Promise<void>;
  /** Those `other_subject` of this subject that wait at the connection: it is somebody's by now. */
  closeItemsOfSubject(connection: ConnectionId, subject: string, now: Instant): Promise<void>;
  /** The same of those of which this says how things stand by now. */
  closeOutdated(item: Pick<ReviewItem, "connection" | "detail">, now: Instant): Promise<void>;
  /** The item as it was; `undefined`: no such item waits. */
  closeReviewItem(id: string, now: Instant): Promise<ReviewItem | undefined>;
}
