import type { ConnectionId, Instant } from "../../model/ids.js";
import type { MappingVersion } from "./mappings.js";
import type { Page, PageQuery } from "./store.js";

/** A group of a SCIM directory, as lint looks at it. */
export interface SentGroup {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly displayName: string;
  readonly externalId?: string;
  readonly idpMappingNames: readonly string[];
  readonly members: number;
  readonly createdAt: Instant;
  readonly deleted: boolean;
}

/** A value of the group claim, and how many people of one page carry it. */
export interface ClaimedGroup {
  readonly connection: ConnectionId;
  readonly value: string;
  readonly people: number;
}

/** What lint asks beside a document: everything counted by the database, nothing read person by person. */
export interface LintReader {
  /** Groups of every connection's directory, deleted ones too. */
  sentGroups(query: PageQuery): Promise<Page<SentGroup>>;
  /** Groups in the claims of the next `limit` people, counted: a walk over everybody in statements that are soon over. */
  claimedGroups(query: PageQuery): Promise<Page<ClaimedGroup>>;
  /** The version that was active at an instant; `undefined` before the first. */
  mappingAt(at: Instant): Promise<MappingVersion | undefined>;
  /** When each of these rules last gave somebody something, by its id: `now` for one that does, nothing for one that never did. */
  lastGiven(rules: readonly string[], now: Instant): Promise<ReadonlyMap<string, Instant>>;
}
