import type { ConnectionId, GrantId, Instant } from "./ids.js";
import type { Target } from "./target.js";

/** Why a person holds something. Sync removes only what sync gave: `rule`, `scim_role` and the synced default. */
export type GrantOrigin = "rule" | "scim_role" | "default" | "manual";

/** One observed thing that made a rule match: enough to say why, in words, later. */
export interface Evidence {
  /**
   * `group`: name and source. `app_role`: its value. `expression`: the condition's text. `grants`: the text of the
   * expression that computed the target. `everyone`: nothing to show.
   */
  readonly kind: "group" | "app_role" | "expression" | "grants" | "everyone" | "scim_role";
  readonly label: string;
  /** `scim_role`: its type and value, and the group that carries it when it is not the person's own. */
  readonly type?: string;
  readonly value?: string;
  readonly group?: string;
  readonly source?: "scim" | "claims";
  /** Since when the fact holds. */
  readonly since?: Instant;
  readonly staleSince?: Instant;
}

/**
 * The key of a grant: one reason for one target. Mapping version and evidence are attributes of a grant, not of its key,
 * so that a new version of a mapping that says the same changes nothing.
 */
export interface GrantKey {
  readonly target: Target;
  readonly origin: GrantOrigin;
  /** The connection whose facts gave it; absent for manual grants and one-time defaults. */
  readonly connection?: ConnectionId;
  /** The rule's id; the declared type of a `scim_role`; `default_team`, `default_role` or `no_match` for defaults. */
  readonly rule?: string;
}

/** An open grant as the access ledger holds it. */
export interface Grant extends GrantKey {
  readonly id: GrantId;
  /** The version that gave it, or under which its evidence last moved: later ones that say the same leave it alone. */
  readonly mappingVersion?: number;
  readonly evidence: readonly Evidence[];
  readonly since: Instant;
  readonly expiresAt?: Instant;
  /** Manual grants: who gave it, and why. */
  readonly by?: string;
  readonly reason?: string;
}

/** A grant that evaluation wants to be open. */
export interface DesiredGrant extends GrantKey {
  readonly evidence: readonly Evidence[];
  /** Its evidence is stale: it may keep an open grant and never opens a new one. */
  readonly stale: boolean;
}

/** One text for a key, for sets, maps and the unique index of open grants. */
export function grantKey(key: GrantKey): string {
  return [key.target.scope, key.target.role, key.origin, key.connection ?? "", key.rule ?? ""].join("\u0000");
}
