/** The parts of the admin API's answers that the story reads. */
import type { PlanSummary } from "../../src/model/plan.js";
import type { Target } from "../../src/model/target.js";

export interface ConnectionAnswer {
  readonly protocol: string;
  readonly sync: string;
  readonly scim: { readonly baseUrl: string };
}

export interface OidcConnectionAnswer extends ConnectionAnswer {
  readonly oidc: { readonly redirectUri: string; readonly loginUrl: string };
}

export interface SamlConnectionAnswer extends ConnectionAnswer {
  readonly saml: { readonly entityId: string; readonly acsUrl: string; readonly loginUrl: string };
}

export interface MappingAnswer {
  readonly version: number;
  readonly document: { readonly mappings: readonly unknown[]; readonly examples: readonly unknown[] };
}

/** Of calls that leave the work to a run. */
export interface StartedAnswer {
  readonly run: { readonly id: number };
}

export interface PlanLineAnswer {
  readonly user: { readonly userName: string };
  readonly change: "create_user" | "deactivate_user" | "grant" | "hold" | "reactivate_user" | "revoke";
  readonly target: Target | null;
  readonly reason: string;
  readonly privileged: boolean;
}

export interface PreviewAnswer {
  readonly digest: string;
  readonly summary: PlanSummary;
  readonly changes: readonly PlanLineAnswer[];
  readonly next: string | null;
}

export interface MappingPreviewAnswer extends PreviewAnswer {
  readonly problems: readonly unknown[];
}

export interface RunAnswer {
  readonly id: number;
  readonly status: string;
  readonly connection: string | null;
  /** People in scope. */
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
}

export interface UserAnswer {
  readonly id: string;
  readonly userName: string;
  readonly status: "deactivated" | "registered";
  readonly synced: boolean;
  readonly teams: readonly TeamRole[];
  readonly roles: readonly Target[];
}

export interface TeamRole {
  readonly team: string;
  readonly role: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface ExplanationAnswer {
  readonly account: { readonly status: string; readonly reason: string };
  readonly assignments: readonly {
    readonly target: Target;
    readonly label: string;
    readonly grants: readonly {
      readonly rule?: string;
      readonly mappingVersion?: number;
      readonly connection?: string;
      readonly evidence: readonly { readonly label: string; readonly source?: string; readonly since?: string }[];
      readonly since: string;
      readonly kept?: string;
    }[];
    readonly sentence: string;
  }[];
  readonly notGiven: readonly { readonly rule: string; readonly label: string; readonly sentence: string }[];
}

export interface EventAnswer {
  readonly type: string;
  readonly user: string | null;
}

export interface ProblemAnswer {
  readonly code: string;
  readonly problems: readonly { readonly pointer: string; readonly code: string; readonly message: string }[];
}

/** What an admin reads of a sign-in, by the reference that the person was shown. */
export interface SignInAnswer {
  readonly reference: string;
  readonly detail: { readonly guard?: string };
}

export interface MeAnswer {
  readonly user: { readonly id: string; readonly userName: string };
  readonly teams: readonly TeamRole[];
  readonly roles: readonly Target[];
}
