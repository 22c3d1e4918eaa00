import type {
  Connection,
  GroupSeparator,
  LinkAcross,
  OidcSettings,
  SamlSettings,
  Tenant,
} from "../../model/connection.js";
import type { Protocol } from "../../model/facts.js";
import type { ConnectionId, Instant, UserId } from "../../model/ids.js";
import type { DirectoryGroupRecord } from "../../model/person.js";

export type NewConnection = Pick<
  Connection,
  | "slug"
  | "jit"
  | "sync"
  | "syncChosen"
  | "groups"
  | "profile"
  | "mayGrantOwner"
  | "allowedDomains"
  | "requireDomains"
  | "absentGroups"
  | "rolesFrom"
  | "manages"
  | "adopt"
  | "settleSeconds"
> & {
  /** Absent: `off`. */
  readonly linkAcross?: LinkAcross;
  readonly protocol: Exclude<Protocol, "local">;
  readonly groupAttribute?: string;
  readonly groupSeparator?: GroupSeparator;
  /** Present exactly where `manages` has no groups. */
  readonly groupsUnmanagedSince?: Instant;
  readonly oidc?: OidcSettings;
  readonly saml?: SamlSettings;
  /** The client secret, encrypted by the caller; the store never sees the clear text. */
  readonly secret?: string;
};

export type ConnectionChange = Partial<
  Omit<NewConnection, "slug" | "protocol" | "groupAttribute" | "groupSeparator" | "groupsUnmanagedSince"> & {
    /** `null`: the provider's usual ones again. */
    readonly groupAttribute: string | null;
    /** `null`: a bare text is one group, unless the provider's profile knows better. */
    readonly groupSeparator: GroupSeparator | null;
    /** `null`: it manages groups. */
    readonly groupsUnmanagedSince: Instant | null;
    readonly priority: number;
    readonly disabledAt: Instant | null;
    readonly firstGroupPushAt: Instant;
  }
>;

export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly expiresAt?: Instant;
  readonly lastUsedAt?: Instant;
  readonly lastUsedFrom?: string;
  /** The service account that it is of, and the epoch in which it was made. */
  readonly serviceAccount?: { readonly id: UserId; readonly userName: string; readonly epoch: number };
}

export interface ApiKeyInfo {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Instant;
}

/** The tenant's own row, its connections, tokens and API keys. */
export interface ConnectionReader {
  /** The tenant's own row, as it is now. */
  tenantNow(): Promise<Tenant>;
  /** All connections, `local` among them, strongest priority first. */
  connections(): Promise<readonly Connection[]>;
  connectionBySlug(slug: string): Promise<Connection | undefined>;
  connectionSecret(id: ConnectionId): Promise<string | undefined>;
  tokens(connection: ConnectionId): Promise<readonly TokenInfo[]>;
  /** The tenant's live API keys. */
  apiKeys(): Promise<readonly ApiKeyInfo[]>;
  /** Raised with every group made, renamed, deleted or first filled: a cheap question before `directoryGroups`. */
  groupsVersion(connection: ConnectionId): Promise<number>;
  /** Every group of the connection's directory, deleted ones included, without members. */
  directoryGroups(connection: ConnectionId): Promise<readonly DirectoryGroupRecord[]>;
}

/** Writing connections, tokens and API keys. */
export interface ConnectionWriter {
  /** Throws Refusal `slug_taken`. The first connection besides `local` gets `mayGrantOwner` unless the input says otherwise: the caller decides. */
  insertConnection(input: NewConnection, now: Instant): Promise<Connection>;
  /** Raises the connection's version. */
  updateConnection(id: ConnectionId, change: ConnectionChange, now: Instant): Promise<Connection>;
  insertToken(
    connection: ConnectionId,
    token: {
      readonly name: string;
      readonly hash: string;
      readonly expiresAt?: Instant;
      readonly serviceAccount?: { readonly id: UserId; readonly epoch: number };
    },
    now: Instant,
  ): Promise<TokenInfo>;
  /** False when there is no such live token. */
  revokeToken(connection: ConnectionId, id: string, now: Instant): Promise<boolean>;
  insertApiKey(
    key: { readonly name: string; readonly hash: string; readonly scopes: readonly string[] },
    now: Instant,
  ): Promise<{ readonly id: string }>;
  /** False when there is no such live key. */
  revokeApiKey(id: string, now: Instant): Promise<boolean>;
}
