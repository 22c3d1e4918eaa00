/** A document as lint looks at it: each compiled rule beside what its author wrote. */
import type { Instant } from "../../model/ids.js";
import type { MappingDocument, RuleDocument } from "../../model/mapping.js";
import { OWNER, type ScopeKind, teamScope } from "../../model/target.js";
import {
  type CompiledExpression,
  type CompiledMapping,
  type CompiledRule,
  expressionsOf,
  isExpired,
} from "../compile/compiled-mapping.js";
import { roleName } from "../role-name.js";
import type { PatchOperation } from "./finding.js";
import { type Tested, testedBy } from "./tested.js";

/** Where a rule gives and which role, as written: with its captures unfilled. */
export interface WrittenPlace {
  readonly scope: string;
  readonly role: string;
  readonly kind: ScopeKind;
}

export interface LintRule {
  readonly rule: CompiledRule;
  /** Absent for the owners' list. */
  readonly document?: RuleDocument;
  /** Absent for a rule whose targets no text says. */
  readonly place?: WrittenPlace;
}

export interface LintView {
  readonly document: MappingDocument;
  readonly mapping: CompiledMapping;
  readonly rules: readonly LintRule[];
  /** Rules that give something at `now`. */
  readonly alive: readonly LintRule[];
  readonly now: Instant;
  /** Ids of the rules that some example matches; absent where the examples were not run. */
  readonly covered?: ReadonlySet<string>;
  readonly tested: Tested;
  /** Some rule or invariant asks an expression, whose answers are not known here. */
  readonly hasExpressions: boolean;
}

/** An expression of a rule that gives something, or of an invariant. */
export interface PlacedExpression {
  readonly pointer: string;
  readonly expression: CompiledExpression;
  /** Absent for an invariant. */
  readonly rule?: CompiledRule;
}

export function expressionsAt({ alive, mapping }: LintView): readonly PlacedExpression[] {
  const ofRules = alive.flatMap(({ rule }) => [
    ...(rule.when ? [{ pointer: `${rule.pointer}/when`, expression: rule.when, rule }] : []),
    ...(rule.give.grants ? [{ pointer: `${rule.pointer}/grants`, expression: rule.give.grants, rule }] : []),
  ]);
  const ofInvariants = mapping.invariants.map(({ pointer, never }) => ({
    pointer: `${pointer}/never`,
    expression: never,
  }));
  return [...ofRules, ...ofInvariants];
}

export function lintView(
  document: MappingDocument,
  mapping: CompiledMapping,
  { now, covered }: { readonly now: Instant; readonly covered?: ReadonlySet<string> | undefined },
): LintView {
  const rules = mapping.rules.map((rule) => lintRule(document, rule));
  const alive = rules.filter(({ rule }) => rule.enabled && !isExpired(rule, now));
  const hasExpressions = mapping.invariants.length > 0 || mapping.rules.some((rule) => expressionsOf(rule).length > 0);
  const tested = testedBy(document);
  return {
    document,
    mapping,
    rules,
    alive,
    now,
    tested,
    hasExpressions,
    ...(covered === undefined ? {} : { covered }),
  };
}

function lintRule({ mappings = [] }: MappingDocument, rule: CompiledRule): LintRule {
  const document = mappings[rule.index];
  if (!document) return { rule, place: OWNERS };
  if (rule.give.grants) return { rule, document };
  const scope = document.team_name === undefined ? document.scope : teamScope(document.team_name);
  return {
    rule,
    document,
    place: {
      scope: scope as string,
      role: roleName(document.role_name as string),
      kind: rule.give.kinds[0] as ScopeKind,
    },
  };
}

const OWNERS: WrittenPlace = { ...OWNER, kind: "tenant" };

/**
 * Takes a rule of `mappings` out, which must not change what an example expects (the caller knows that), nor what the
 * document says of people whom no rule matches: that hangs on there being a rule at all.
 */
export function removal({ document, rules }: LintView, { rule }: LintRule): readonly PatchOperation[] | undefined {
  const isSafe = rules.length > 1 || document.no_match !== undefined;
  return isSafe ? [{ op: "remove", path: rule.pointer }] : undefined;
}
