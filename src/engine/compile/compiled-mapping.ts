import type { Protocol } from "../../model/facts.js";
import type { Instant } from "../../model/ids.js";
import type { ConflictStrategy, ExampleDocument, NoMatch, ProfileAttribute, UnknownTeam } from "../../model/mapping.js";
import type { ScopeKind, Target } from "../../model/target.js";
import type { ComparedText } from "../expression/compared.js";
import type { FactPath } from "../expression/facts.js";
import type { Give } from "../give.js";
import type { Pattern } from "../pattern.js";
import type { RoleOrder } from "../role-order.js";
import type { CompiledScimRoles } from "./compile-scim-roles.js";
import type { RuleTables } from "./rule-table.js";

/** A mapping document after every check: what evaluation runs on. Made by `compileMapping`, immutable. */
export interface CompiledMapping {
  readonly version: number;
  /** The owners' rule first (index -1), then the document's rules in their order, disabled ones too. */
  readonly rules: readonly CompiledRule[];
  readonly ruleById: ReadonlyMap<string, CompiledRule>;
  /** By the id that each rule of the document would have without one of its own: rules that match and give in one place share it. */
  readonly rulesByMadeId: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly roleOrder: RoleOrder;
  readonly conflicts: Readonly<Record<ScopeKind, ConflictStrategy>>;
  readonly noMatch: NoMatch;
  /** What `default_team` and `default_role` give, once or as the fallback of `no_match: default`. */
  readonly defaults: readonly { readonly rule: "default_team" | "default_role"; readonly target: Target }[];
  readonly unknownTeam: UnknownTeam;
  /** Scopes of teams that the document writes out: `unknown_team: create` may make these. */
  readonly writtenScopes: ReadonlySet<string>;
  readonly aliases: AliasBook;
  readonly connections: readonly MappingConnection[];
  /** Facts that some enabled rule, or the profile, reads in an expression, as `user.department` or `claims.costcenter`. */
  readonly reads: ReadonlySet<FactPath>;
  /** Some enabled rule depends on groups, by a matcher or in an expression. */
  readonly readsGroups: boolean;
  /** What SCIM's role assignments become; absent: nothing. */
  readonly scimRoles?: CompiledScimRoles;
  /** Expressions that compute attributes of a person's profile. */
  readonly profile: ReadonlyMap<ProfileAttribute, CompiledExpression>;
  readonly examples: readonly CompiledExample[];
  readonly invariants: readonly CompiledInvariant[];
  /** Look-up tables per connection, filled at first use. */
  readonly tables: RuleTables;
}

/** What compiling knows of a connection. */
export interface MappingConnection {
  readonly slug: string;
  readonly protocol: Protocol;
  readonly mayGrantOwner: boolean;
}

/** What each connection (by slug) calls a group that rules know by one name. */
export type AliasBook = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** What a connection calls the group that a name stands for: the name itself, where the book says nothing of it there. */
export function keysAt(aliases: AliasBook, name: string, slug: string): readonly string[] {
  return aliases.get(name)?.get(slug) ?? [name];
}

/** One rule as evaluation reads it, with where it stands in the document. */
export interface CompiledRule {
  readonly id: string;
  /** Position among `mappings`; -1 for the owners' rule. */
  readonly index: number;
  readonly pointer: string;
  /** Why it is there, as its author wrote. */
  readonly note?: string;
  readonly enabled: boolean;
  /** From this instant on the rule gives nothing. */
  readonly expiresAt?: Instant;
  /** Slugs of the only connections whose facts it reads. */
  readonly connections?: ReadonlySet<string>;
  /** A stored rule that became ambiguous: it gives `owner`, and several connections may grant that. */
  readonly ambiguous: boolean;
  readonly groups?: GroupMatcher;
  readonly appRoles?: readonly string[];
  readonly everyone: boolean;
  readonly when?: CompiledExpression;
  readonly give: Give;
}

/** All that is present must hold for the same group. */
export interface GroupMatcher {
  /** Names or, with `by: "id"`, stable ids; any of them. Absent: the pattern alone decides. */
  readonly any?: { readonly by: "name" | "id"; readonly of: readonly string[] };
  /** `group_name` beside `group_id`: what people call it. */
  readonly label?: string;
  readonly pattern?: Pattern;
}

/** An expression that was checked, and what it reads. */
export interface CompiledExpression {
  readonly source: string;
  /** Facts that it reads, sorted. */
  readonly reads: readonly FactPath[];
  /** Texts in it that may mean groups by name; none where it reads no names of groups. */
  readonly groupNames: readonly string[];
  /** Texts in it that are compared with a fact. */
  readonly compared: readonly ComparedText[];
  /** Why it never runs: it stands in a stored document, and what may be saved has been narrowed since. */
  readonly refused?: string;
}

/** An example of the document, with the targets that it expects. */
export interface CompiledExample {
  readonly document: ExampleDocument;
  readonly pointer: string;
  readonly expect: readonly Target[];
}

/** A condition that nothing given may meet. */
export interface CompiledInvariant {
  readonly name: string;
  readonly pointer: string;
  readonly never: CompiledExpression;
}

/** The expressions of a rule in the order in which they are asked: its condition, then what it gives. */
export function expressionsOf({ when, give: { grants } }: CompiledRule): readonly CompiledExpression[] {
  return [when, grants].filter((one) => one !== undefined);
}

/** Whether the instant has come from which on the rule gives nothing. */
export function isExpired(rule: CompiledRule, now: Instant): boolean {
  return rule.expiresAt !== undefined && rule.expiresAt <= now;
}
