import type { ClaimsDocument } from "../../model/directory.js";
import type { AttributeValue, UserAttribute } from "../../model/facts.js";
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
  readonly nested: number;
  readonly createdAt: Instant;
  readonly deleted: boolean;
}

/** A value of the group claim, and how many people of one page carry it. */
export interface ClaimedGroup {
  readonly connection: ConnectionId;
  readonly value: string;
  readonly people: number;
}

/** What one connection says of one person that is there. */
export interface SaidRow {
  readonly connection: ConnectionId;
  readonly attributes?: Readonly<Record<UserAttribute, AttributeValue>>;
  readonly appRoles?: readonly string[];
  readonly claims?: ClaimsDocument;
}

/** What lint asks beside a document: counted by the database, but for the texts that people have. */
export interface LintReader {
  /** Groups of every connection's directory, deleted ones too. */
  sentGroups(query: PageQuery): Promise<Page<SentGroup>>;
  /** Groups in the claims of the next `limit` people, counted: a walk over everybody in statements that are soon over. */
  claimedGroups(query: PageQuery): Promise<Page<ClaimedGroup>>;
  /** What the next `limit` people are said to be, deleted ones left out. */
  saidFacts(query: PageQuery): Promise<Page<SaidRow>>;
  /** The version that was active at an instant; `undefined` before the first. */
  mappingAt(at: Instant): Promise<MappingVersion | undefined>;
  /** When each of these rules last gave somebody something, by its id: `now` for one that does, nothing for one that never did. */
  lastGiven(rules: readonly string[], now: Instant): Promise<ReadonlyMap<string, Instant>>;
}
