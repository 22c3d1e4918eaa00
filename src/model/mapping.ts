import type { ScimRole } from "./scim-role.js";

/**
 * A mapping document as admins write it, after AJV has accepted it (`schemas/mapping.schema.json`).
 * Keys are snake_case, as in Tines, whose documents are valid as they stand.
 */
export interface MappingDocument {
  readonly version?: 1;
  readonly note?: string;
  /** Tines: the claim that carries groups; feeds connections that name none themselves. */
  readonly group_attribute_name?: string;
  readonly tenant_owners_groups?: readonly string[];
  /** Variant of Tines' live pages. */
  readonly tenant_owners_group?: string | readonly string[];
  /** Alias book: a name stands for what each connection (by slug) calls the group. */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Lowest first; roles that are not listed rank below. */
  readonly role_order?: readonly string[];
  readonly conflicts?: ConflictStrategy | Readonly<Partial<Record<ConflictScope, ConflictStrategy>>>;
  readonly no_match?: NoMatch;
  readonly default_team?: string;
  readonly default_role?: string;
  readonly unknown_team?: UnknownTeam;
  /** JSONata per attribute; an attribute without one is what the identity provider says. */
  readonly profile?: Readonly<Partial<Record<ProfileAttribute, string>>>;
  readonly mappings?: readonly RuleDocument[];
  /** Lists of role values that several entries of `scim_roles` share. */
  readonly role_sets?: Readonly<Record<string, RoleValues>>;
  /** What SCIM's `roles` may assign; without it they make no targets. */
  readonly scim_roles?: readonly ScimRoleDocument[];
  readonly examples?: readonly ExampleDocument[];
  readonly invariants?: readonly InvariantDocument[];
}

/** Attributes of a person that may be computed: none that identifies anybody. */
export const PROFILE_ATTRIBUTES = ["displayName", "givenName", "familyName", "photo"] as const;

export type ProfileAttribute = (typeof PROFILE_ATTRIBUTES)[number];

export type ConflictStrategy = "first" | "highest" | "all";
export type ConflictScope = "team" | "tenant" | "all_teams" | "resource";
export type NoMatch = "deny_new" | "allow" | "deny" | "default" | "deactivate";
export type UnknownTeam = "create" | "create_any" | "reject";

/** One rule. All matchers must hold; the group matchers must hold for the same group. */
export interface RuleDocument {
  readonly id?: string;
  readonly note?: string;
  readonly enabled?: boolean;
  /** ISO 8601 date or instant; from then on the rule gives nothing. */
  readonly expires_at?: string;

  readonly group_name?: string | readonly string[];
  /** Variant of Tines' live pages for `group_name`. */
  readonly sso_group?: string | readonly string[];
  readonly group_id?: string | readonly string[];
  readonly group_pattern?: string;
  readonly values?: Readonly<Record<string, Readonly<Record<string, string | true>> | readonly string[]>>;
  readonly app_role?: string | readonly string[];
  readonly everyone?: true;
  readonly when?: string;
  readonly connections?: readonly string[];

  readonly team_name?: string;
  readonly role_name?: string;
  readonly scope?: string;
  /** Instead of these: a JSONata expression that yields one target or a list of targets. */
  readonly grants?: string;
}

/** Values that SCIM may send: a list of roles, or what role each value stands for. */
export type RoleValues = readonly string[] | Readonly<Record<string, string>>;

/** One type of role assignment, and the place where its values are roles. */
export interface ScimRoleDocument {
  /** The `type` of an element of SCIM's `roles`, with at most one placeholder: `workspace_{name}`. */
  readonly type: string;
  readonly note?: string;
  /** What may be assigned, or the name of a role set. */
  readonly values: string | RoleValues;
  readonly team_name?: string;
  readonly scope?: string;
}

/** `Team/role`, `*` + `/role` (all teams), `tenant/role`, or a target, in which `team` is short for a scope. */
export type WrittenTarget =
  | string
  | { readonly scope: string; readonly team?: never; readonly role: string }
  | { readonly team: string; readonly scope?: never; readonly role: string };

/** A person made up for a test inside the document; `expect` is exact. */
export interface ExampleDocument {
  readonly name: string;
  readonly note?: string;
  readonly connection?: string;
  readonly groups?: readonly string[];
  readonly group_ids?: readonly string[];
  readonly app_roles?: readonly string[];
  /** Role assignments as SCIM would push them. */
  readonly scim_roles?: readonly ScimRole[];
  readonly user?: Readonly<Record<string, string | boolean | null>>;
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  readonly expect: readonly WrittenTarget[];
}

/** A JSONata condition over facts and `target` that must never be true for anything that is given. */
export interface InvariantDocument {
  readonly name: string;
  readonly note?: string;
  readonly never: string;
}
