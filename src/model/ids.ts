/** The kinds of identifiers. They are opaque outside the store; the brands keep one from standing in for another. */

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Internal number of a tenant; never leaves the process. The outside names a tenant by its slug. */
export type TenantId = Branded<number, "TenantId">;
/** Internal id of a connection; the outside names it by its slug within the tenant. */
export type ConnectionId = Branded<string, "ConnectionId">;
/** Id of a user in the access ledger; public in the admin API. */
export type UserId = Branded<string, "UserId">;
/** Id of a row of the directory ledger; it is the SCIM id of a user. */
export type DirectoryUserId = Branded<string, "DirectoryUserId">;
/** SCIM id of a group. */
export type DirectoryGroupId = Branded<string, "DirectoryGroupId">;
/** SCIM id of a resource of an operator's own type. */
export type CustomResourceId = Branded<string, "CustomResourceId">;
/** Id of what is in a group: a user, or a group inside it. */
export type MemberId = DirectoryUserId | DirectoryGroupId;
export type TeamId = Branded<string, "TeamId">;
export type GrantId = Branded<string, "GrantId">;
/** Number of a run within its tenant, counted from 1. */
export type RunId = Branded<number, "RunId">;

/** An ISO 8601 instant in UTC with milliseconds, as `Date.toISOString` writes it; such strings sort in time order. */
export type Instant = string;
