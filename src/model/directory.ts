import type { UserAttribute } from "./facts.js";
import type { CustomResourceId, DirectoryGroupId, DirectoryUserId, Instant, MemberId } from "./ids.js";
import type { Json, JsonObject } from "./json.js";
import type { Known, UnknownReason } from "./known.js";
import type { ScimRole } from "./scim-role.js";

/**
 * What a source said, in the words of the pipeline. A protocol translates; only `ingest` writes (design section 1).
 * `ifVersion`, everywhere: refuse with `version_conflict` when the row has another version than the caller has read.
 * `newId`, everywhere: the id of what is made, given beforehand because other changes of the same push refer to it.
 */
export type DirectoryChange =
  | ObserveUser
  | UpsertUser
  | { readonly kind: "deleteUser"; readonly id: DirectoryUserId; readonly ifVersion?: number }
  | UpsertGroup
  | { readonly kind: "deleteGroup"; readonly id: DirectoryGroupId; readonly ifVersion?: number }
  | MembersChange
  | UpsertServiceAccount
  | { readonly kind: "deleteServiceAccount"; readonly id: DirectoryUserId; readonly ifVersion?: number }
  | CreateCustom;

/** A verified sign-in. What the claims left out is unknown, never empty. */
export interface ObserveUser {
  readonly kind: "observeUser";
  /** The lasting key of the person at this connection: OIDC `sub`, Entra `oid`, SAML persistent NameID. */
  readonly subject: string;
  /** Other identifiers by which a pushed person may be recognised at the first link, most trusted first. */
  readonly externalIds: readonly string[];
  readonly userNames: readonly string[];
  /**
   * The user name that stands in the place of a lasting key: a SAML NameID that is neither persistent nor transient, and is the
   * subject. Who was pushed under it is meant, whatever they were called before.
   */
  readonly assertedName?: string;
  /** Only an e-mail that the IdP declared verified. */
  readonly verifiedEmail?: string;
  /** The e-mail as claimed, verified or not. It closes doors, and opens none. */
  readonly claimedEmail?: string;
  /** All that stands where e-mails and user names stand, of whatever claim. It is held against allowed domains, and is good for nothing else. */
  readonly claimedNames: readonly string[];
  readonly attributes: Readonly<Partial<Record<UserAttribute, Known<string | null>>>>;
  /** `partial`: the listed groups are known, and that others are missing proves nothing. */
  readonly groups: Known<readonly string[]> & { readonly partial?: UnknownReason };
  readonly appRoles: Known<readonly string[]>;
  /** Claims by name, as lists, for rules that read `claims.<name>`; secrets and protocol claims left out. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
}

/** A user's whole SCIM document, new or changed. */
export interface UpsertUser {
  readonly kind: "upsertUser";
  /** Absent: create. */
  readonly id?: DirectoryUserId;
  readonly newId?: DirectoryUserId;
  readonly ifVersion?: number;
  readonly document: ScimUserDocument;
  /** The document with these `emails`, where it says nothing of them and the row's may stay; absent: it removes them. */
  readonly withEmails?: (emails: Json) => ScimUserDocument;
  /**
   * Of a creation: the document says by its names whom it means, and they are switched off; nobody is made. Whoever was made by
   * hand keeps the resource that they have: this is its document, switched off.
   */
  readonly leaving?: (stored: JsonObject) => ScimUserDocument;
}

/** A value that no two resources may share (RFC 7643 section 7, `uniqueness`). */
export interface UniqueValue {
  /** `server` means one connection, `global` all of the tenant's. */
  readonly within: "connection" | "tenant";
  /** Resource type and attribute: one name for what is compared. */
  readonly attribute: string;
  /** As it is compared: folded unless the attribute is case-exact. */
  readonly value: string;
}

/** A resource of a type that the operator defines. */
export interface CustomDocument {
  /** The resource without `id`, `meta` and write-only attributes, canonical names, no nulls. */
  readonly resource: JsonObject;
  /** The search document, see `ResourceFilter`. */
  readonly search: JsonObject;
  /** Absent where its type has none. */
  readonly unique?: readonly UniqueValue[];
}

/** A new resource of the type of this name, which the operator defines. */
export interface CreateCustom {
  readonly kind: "createCustom";
  readonly type: string;
  readonly newId?: CustomResourceId;
  readonly document: CustomDocument;
}

/** A user document with what the store indexes; the protocol derives it all from the resource. */
export interface ScimUserDocument {
  /** The resource without `id`, `meta`, `groups` and write-only attributes, canonical names, no nulls. */
  readonly resource: JsonObject;
  /** The search document, see `ResourceFilter`. */
  readonly search: JsonObject;
  readonly userName: string;
  readonly userNameFolded: string;
  readonly externalId?: string;
  readonly active: boolean;
  /** The primary e-mail (else the first), as sent. */
  readonly email?: string;
  /** The facts that rules read. Absent from a SCIM document is known to be empty (null). */
  readonly attributes: Readonly<Record<UserAttribute, string | boolean | null>>;
  readonly appRoles: readonly string[];
  /** Role assignments: elements of `roles` with a type and a value. */
  readonly roles?: readonly ScimRole[];
  /** Of extensions that the operator added; absent where these have none. */
  readonly unique?: readonly UniqueValue[];
}

/** A group's attributes; members are changed apart, as rows. */
export interface UpsertGroup {
  readonly kind: "upsertGroup";
  readonly id?: DirectoryGroupId;
  readonly newId?: DirectoryGroupId;
  readonly ifVersion?: number;
  readonly document: ScimGroupDocument;
  /** Only on create: the first members, also such as the same push makes. */
  readonly members?: readonly MemberId[];
}

export interface ScimGroupDocument {
  /** The resource without `id`, `meta` and `members`. */
  readonly resource: JsonObject;
  readonly search: JsonObject;
  readonly displayName: string;
  readonly displayNameFolded: string;
  readonly externalId?: string;
  readonly idpMappingNames: readonly string[];
  /** Role assignments that every member has. */
  readonly roles?: readonly ScimRole[];
  /** Of extensions that the operator added; absent where these have none. */
  readonly unique?: readonly UniqueValue[];
}

/** A service account's whole SCIM document, new or changed. */
export interface UpsertServiceAccount {
  readonly kind: "upsertServiceAccount";
  /** Absent: create. */
  readonly id?: DirectoryUserId;
  readonly newId?: DirectoryUserId;
  readonly ifVersion?: number;
  readonly document: ScimServiceAccountDocument;
}

export interface ScimServiceAccountDocument {
  /** The resource without `id` and `meta`. */
  readonly resource: JsonObject;
  readonly search: JsonObject;
  readonly userName: string;
  readonly displayName: string;
  readonly description?: string;
  readonly externalId?: string;
  readonly active: boolean;
  readonly expiresAt?: Instant;
  /** SCIM id of the user who answers for it. */
  readonly owner?: DirectoryUserId;
  readonly roles?: readonly ScimRole[];
  /** Of extensions that the operator added; absent where these have none. */
  readonly unique?: readonly UniqueValue[];
}

/** Users come and go with their facts; groups inside a group are kept and give nobody anything. */
export interface MembersChange {
  readonly kind: "setMembers" | "addMembers" | "removeMembers";
  readonly group: DirectoryGroupId;
  readonly ifVersion?: number;
  readonly members: readonly MemberId[];
}

/** A value that claims asserted once, and since when it no longer is asserted. */
export interface Asserted<T> {
  readonly value: T;
  readonly at: Instant;
  readonly staleSince?: Instant;
}

/** The `claims` document of a directory user: the last known value of each thing, kept when a later sign-in leaves it out. */
export interface ClaimsDocument {
  readonly attributes: Readonly<Partial<Record<UserAttribute, Asserted<string | null>>>>;
  readonly groups?: Asserted<readonly string[]>;
  /** Why groups that the latest sign-in did not list are unknown; absent when it listed them all. */
  readonly groupsUnknown?: UnknownReason;
  readonly appRoles?: Asserted<readonly string[]>;
  readonly claims: Readonly<Record<string, readonly string[]>>;
  /** What the latest sign-in that said anything of it vouched for. */
  readonly verifiedEmail?: string;
  readonly at: Instant;
}
