import type { Instant } from "./ids.js";
import type { Known, UnknownReason } from "./known.js";

/** The attributes of a person that rules may read, in the order of `schemas/facts.schema.json`. */
export const USER_ATTRIBUTES = [
  "userName",
  "email",
  "displayName",
  "givenName",
  "familyName",
  "active",
  "department",
  "title",
  "userType",
  "country",
  "employeeNumber",
  "costCenter",
  "division",
  "organization",
  "manager",
] as const;

export type UserAttribute = (typeof USER_ATTRIBUTES)[number];

/** A value of an attribute; `null` is "known to be empty". */
export type AttributeValue = string | boolean | null;

/** One group that the person is a member of, with every name and id by which a rule may mean it. */
export interface GroupFact {
  /** The name to show first, then `idpMappingNames`. */
  readonly names: readonly string[];
  /** Stable ids: SCIM `externalId` and `id`, or the claim's own value. */
  readonly ids: readonly string[];
  readonly source: "scim" | "claims";
  /** When this membership was first asserted. */
  readonly since: Instant;
  readonly staleSince?: Instant;
  /** What the source calls the group now, where rules do not know it by that name. */
  readonly presentName?: string;
  /** The name that it took over from a deleted group: rules that give something privileged wait for an admin. */
  readonly waiting?: string;
}

/** What is known of a person's groups: who is listed, and what it means not to be listed. */
export interface GroupFacts {
  readonly members: readonly GroupFact[];
  /** `not_member`: an unlisted group is known not to hold the person. Otherwise why it is unknown. */
  readonly unlisted: "not_member" | UnknownReason;
  /** Names and ids of groups for which absence is known even when `unlisted` is unknown (SCIM answers for them). */
  readonly answered: ReadonlySet<string>;
}

/** The engine's input for one identity link. Nothing else reaches a rule. */
export interface Facts {
  readonly user: Readonly<Record<UserAttribute, Known<AttributeValue>>>;
  readonly groups: GroupFacts;
  readonly appRoles: Known<readonly string[]>;
  /** Raw claims that rules may read by name; always lists. A name that is missing here is unknown. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
  readonly connection: { readonly slug: string; readonly protocol: Protocol };
  /** The UTC day, `YYYY-MM-DD`. */
  readonly now: string;
}

export type Protocol = "saml" | "oidc" | "scim" | "local";
