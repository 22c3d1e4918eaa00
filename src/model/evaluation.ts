import type { DesiredGrant, Evidence, GrantKey } from "./grant.js";
import type { ConnectionId, Instant } from "./ids.js";
import type { UnknownReason } from "./known.js";
import type { ScimRole } from "./scim-role.js";
import type { Target } from "./target.js";

/** One way in which a rule matched: what it gives, and the evidence. */
export interface Match {
  readonly target: Target;
  readonly evidence: readonly Evidence[];
  readonly stale: boolean;
}

/** Why one matcher of a rule did not hold, for explanations. */
export interface Unmet {
  readonly matcher: "group" | "app_role" | "when" | "connections" | "owner_connection" | "enabled" | "expires_at";
  /** What would have had to be there: group names, the role, the expression's text. */
  readonly wanted: readonly string[];
}

/**
 * What came of one rule for one link. INVARIANT: `undecided` and `failed` never grant and never revoke.
 * A `matched` rule may still be open: more groups might match that are unknown.
 */
export type RuleOutcome = {
  readonly rule: string;
  /** Position in the document. */
  readonly index: number;
} & (
  | {
      readonly status: "matched";
      readonly matches: readonly Match[];
      readonly open?: Open;
      /** It matches in some way that gives nothing, as `grants` may yield nothing. */
      readonly barren?: { readonly stale: boolean };
    }
  | { readonly status: "unmatched"; readonly unmet: Unmet }
  | { readonly status: "undecided"; readonly open: Open }
  | { readonly status: "failed"; readonly open: Open }
);

/** Why a rule cannot be judged to its end. */
export interface Open {
  readonly reason:
    | UnknownReason
    | "expression_failed"
    | "expression_stopped"
    | "expression_suspended"
    | "not_boolean"
    | "not_targets"
    | "too_many_targets"
    | "not_text"
    | "stale"
    | "ambiguous_connection"
    | "unconfirmed_group"
    /** Of `no_match` alone: groups may be on their way still. */
    | "settling";
  /** The fact that is unknown, or the message of the failure. */
  readonly detail: string;
  readonly position?: number;
  /** From when on it is judged by what is known then; absent where nobody can say. */
  readonly until?: Instant;
  /** The only targets at stake; absent: whatever the rule could give. */
  readonly could?: readonly Target[];
}

/** Every rule's outcome for one link, in document order. */
export interface LinkEvaluation {
  readonly connection: ConnectionId;
  /** The outcomes that are not `unmatched`. */
  readonly notable: readonly RuleOutcome[];
  /** All of them; made when asked for. */
  readonly outcomes: readonly RuleOutcome[];
}

/** Where nothing may change because a rule that could decide it cannot be judged; of the account, it covers no grant. */
export interface Lock {
  readonly rule: string;
  readonly open: Open;
  /** The only scope that it covers anything in, where there is one: people may have very many of these. */
  readonly scope?: string;
  /** Whether an open grant of the target stays as it is; `rule` is the grant's, as some locks keep their own grants alone. */
  covers(target: Target, rule?: string): boolean;
}

/** A role assignment of SCIM that gives nothing, and why. */
export interface Unassigned {
  /** Slug of the connection that says it. */
  readonly connection: string;
  readonly role: ScimRole;
  readonly group?: string;
  readonly why:
    | "no_scim_roles"
    | "unknown_type"
    | "unknown_value"
    | "unknown_team"
    | "owner_connection"
    | "service_account";
}

/** Whether a sign-in may go on. */
export type Verdict =
  | { readonly allow: true }
  | { readonly allow: false; readonly code: "not_assigned" | "groups_unknown" | "deactivated" | "provisioning_off" };

/** Everything that evaluation decided for one person, over all links. */
export interface Decision {
  /** `unchanged`: no source speaks on the account's status. */
  readonly status: "registered" | "deactivated" | "unchanged";
  readonly statusReason: string;
  readonly statusConnection?: ConnectionId | undefined;
  readonly deactivatedBy?: "scim" | "no_match" | "disabled_connection" | undefined;
  readonly desired: readonly DesiredGrant[];
  readonly locks: readonly Lock[];
  /** What rules would give, before conflicts; targets with present team names. */
  readonly offered: readonly {
    readonly rule: { readonly id: string };
    readonly connection: ConnectionId;
    readonly target: Target;
    readonly stale: boolean;
  }[];
  /** Matches that give nothing, because their team does not exist and may not be made. */
  readonly rejected: readonly { readonly rule: string; readonly connection: ConnectionId; readonly target: Target }[];
  /** Role assignments of SCIM that give nothing. */
  readonly unassigned: readonly Unassigned[];
  readonly verdict: Verdict;
  /** Only facts from a first sign-in: a mapping save leaves the person out. */
  readonly frozen: boolean;
  /** The rule of an open grant still stands: it exists, is enabled, has not expired, and gives in that scope by that connection. */
  stands(grant: GrantKey): boolean;
  readonly evaluations: readonly LinkEvaluation[];
}
