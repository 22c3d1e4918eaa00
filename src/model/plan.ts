import type { Open } from "./evaluation.js";
import type { DesiredGrant, Evidence, Grant } from "./grant.js";
import type { ConnectionId, GrantId, Instant, RunId } from "./ids.js";
import type { DeactivatedBy, PersonState } from "./person.js";
import type { Target } from "./target.js";

/** One step from what a person holds to what the facts and the mapping give. */
export type Change =
  | { readonly kind: "create_user"; readonly reason: string }
  | { readonly kind: "reactivate_user"; readonly reason: string }
  | {
      readonly kind: "deactivate_user";
      readonly reason: string;
      readonly by: DeactivatedBy;
      readonly connection?: ConnectionId;
    }
  | { readonly kind: "grant"; readonly grant: DesiredGrant; readonly reason: string }
  | {
      readonly kind: "revoke";
      readonly grant: Grant;
      readonly reason: string;
      /** The mapping does not give this any more, whatever the facts are. */
      readonly unruled?: true;
      /** The person holds a higher role in the same place afterwards, so that nothing is lost. */
      readonly raised?: true;
    };

/** An open grant that stays although no rule decided so: some rule is undecided, failed or stale. */
export interface Kept {
  readonly grant: Grant;
  readonly rule: string;
  readonly reason: string;
}

/** The plan for one person, before and after the guard. Changes come in a fixed order: status, revokes, grants. */
export interface PersonPlan {
  readonly person: PersonState;
  readonly changes: readonly Change[];
  readonly kept: readonly Kept[];
  /** Open grants whose evidence moved; updated without a change. */
  readonly refreshed: readonly Refreshed[];
  /** Left out, once it is known by whom the plan is asked for. */
  readonly frozen: boolean;
  /** Set where all that the person would gain and lose waits: there are no changes then. */
  readonly held?: HeldBack;
  /** Set where the person is kept back or left out, and gains nothing yet. */
  readonly waiting?: Waiting;
}

/** An open grant that goes on with other evidence, or by a rule of another id. */
export interface Refreshed {
  readonly id: GrantId;
  readonly evidence: readonly Evidence[];
  /** It says something else than before, and not only that the same is so still, or is stale by now. */
  readonly replaces: boolean;
  /** The rule's present id, where it got another. */
  readonly rule?: string | undefined;
}

/** What waits as a whole, and why. */
export interface HeldBack {
  readonly reason: string;
  /** Of each assignment that would have been lost, one grant. */
  readonly losses: readonly Grant[];
}

/** What comes as soon as nothing keeps it back, and what keeps it. */
export interface Waiting {
  readonly reason: string;
  /** Of each assignment that would have been gained, one grant. */
  readonly gains: readonly DesiredGrant[];
}

/** One line of a preview. */
export interface PlanLine {
  readonly user: {
    /** Of the account in the ledger, also where nobody has registered it yet: names belong to the identity provider. */
    readonly id: string;
    readonly userName: string;
    /** No account yet, so that readers are shown no id. */
    readonly pending?: true;
  };
  readonly change: "create_user" | "deactivate_user" | "reactivate_user" | "grant" | "revoke" | "hold";
  /** Absent for changes of the account itself. */
  readonly target?: Target;
  readonly reason: string;
  readonly privileged: boolean;
  /** Of a revoke: the person holds a higher role in the same place afterwards, so that nothing is lost. */
  readonly raised?: true;
  /** Of a grant: the person is kept back or left out, and gets it as soon as that ends; no change yet. */
  readonly held?: true;
}

/** What a plan comes to, in numbers of people and assignments. */
export interface PlanSummary {
  /** People in scope. */
  readonly users: number;
  /** People with at least one change. */
  readonly changed: number;
  /** Assignments that would appear and vanish. */
  readonly granted: number;
  readonly revoked: number;
  /** People held, including those with something kept. */
  readonly held: number;
  /** People with something kept because a rule cannot be judged for them. */
  readonly kept: number;
  readonly frozen: number;
  /** Registrations that would begin and end. */
  readonly created: number;
  readonly deactivated: number;
  /** Teams that would be made, by name. */
  readonly newTeams: readonly string[];
  /** Rules that cannot be judged for somebody, those that concern the most people first; and how many others there are. */
  readonly undecided: { readonly items: readonly Undecided[]; readonly more: number };
  /** Changes that today's facts would make without the edit too. */
  readonly drifted: number;
  /** Assignments among them that are privileged. */
  readonly privileged: { readonly granted: number; readonly revoked: number };
  /** Assignments by where they hold and by role, those with the most changes first. */
  readonly byScope: Largest<{ readonly scope: string }>;
  readonly byRole: Largest<{ readonly role: string }>;
}

/** For so many people the rule cannot be judged, for this reason; what it could decide stays as it is. */
export interface Undecided {
  /** Its id (`no_match` for what becomes of people whom no rule matches), and what people call it. */
  readonly rule: string;
  readonly name: string;
  readonly reason: Open["reason"];
  readonly people: number;
  /** From when on it is judged for all of them by what is known then; absent where nobody can say. */
  readonly until?: Instant;
}

/** The largest of many figures. */
export interface Largest<Name> {
  readonly items: readonly (Name & { readonly granted: number; readonly revoked: number })[];
  /** How many others there are. */
  readonly more: number;
}

export type RunStatus = "queued" | "running" | "held" | "done" | "failed" | "discarded";
export type RunTrigger = "mapping" | "rollback" | "go_live" | "push" | "held" | "disable" | "convert" | "pins";

/** Work on many people: what began it, how far it is, and what it came to. */
export interface Run {
  readonly id: RunId;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly connection?: ConnectionId;
  readonly mappingVersion?: number;
  readonly digest?: string;
  /** People in scope and people done. */
  readonly total: number;
  readonly done: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly error?: string;
  /** Who asked for it; absent where nobody did. */
  readonly startedBy?: string;
  /** Who released or discarded it. */
  readonly decidedBy?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}
