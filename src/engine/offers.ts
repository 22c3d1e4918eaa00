/** Turns the outcomes of a person's links into what is on offer, with team names as the tenant knows them now. */
import type { Decision, LinkEvaluation, Open } from "../model/evaluation.js";
import { grouped } from "../model/grouped.js";
import type { UnknownTeam } from "../model/mapping.js";
import { OWNER, type ScopeKind, scopeKind, type Target, teamOf, teamScope } from "../model/target.js";
import type { CompiledMapping, CompiledRule } from "./compile/compiled-mapping.js";
import type { Offer, OpenRule } from "./conflict.js";
import type { RoleOrder } from "./role-order.js";

/** The present name of the team that a name means, or `undefined` for a name that no team has or had. */
export type ResolveTeam = (name: string) => { readonly name: string } | undefined;

/** What matched rules offer and open rules could, by kind of scope, and what was refused for want of a team. */
export interface Offered {
  readonly byKind: ReadonlyMap<ScopeKind, OfferedInKind>;
  readonly offers: readonly Offer[];
  readonly rejected: Decision["rejected"];
}

interface OfferedInKind {
  readonly offers: Offer[];
  readonly opens: OpenRule[];
}

/** Collects what the outcomes of one person's links offer. `evaluations`: of the current links. */
export function collectOffers(
  mapping: CompiledMapping,
  evaluations: readonly LinkEvaluation[],
  resolveTeam: ResolveTeam,
): Offered {
  const byKind = new Map<ScopeKind, OfferedInKind>();
  const offers: Offer[] = [];
  const rejected: Decision["rejected"][number][] = [];
  for (const { connection, notable } of evaluations) {
    for (const outcome of notable) {
      const rule = mapping.ruleById.get(outcome.rule) as CompiledRule;
      if (outcome.status !== "unmatched" && outcome.open) {
        for (const kind of rule.give.kinds) {
          ofKind(byKind, kind).opens.push(openRule(rule, outcome.open, kind, resolveTeam));
        }
      }
      if (outcome.status !== "matched") continue;
      for (const { target, evidence, stale } of outcome.matches) {
        const present = presentTarget(target, mapping, resolveTeam);
        if (!present) {
          rejected.push({ rule: rule.id, connection, target });
          continue;
        }
        const offer = { rule, connection, target: present, evidence, stale };
        ofKind(byKind, scopeKind(present.scope) as ScopeKind).offers.push(offer);
        offers.push(offer);
      }
    }
  }
  return { byKind, offers, rejected };
}

function ofKind(byKind: Map<ScopeKind, OfferedInKind>, kind: ScopeKind): OfferedInKind {
  const existing = byKind.get(kind);
  if (existing) return existing;
  const added = { offers: [], opens: [] };
  byKind.set(kind, added);
  return added;
}

/** The target with its team's present name; `undefined` when there is no such team and the mapping may not make it. */
export function presentTarget(
  target: Target,
  mapping: Pick<CompiledMapping, "unknownTeam" | "writtenScopes">,
  resolveTeam: ResolveTeam,
): Target | undefined {
  const name = teamOf(target.scope);
  if (name === undefined) return target;
  const team = resolveTeam(name);
  if (team) return team.name === name ? target : { scope: teamScope(team.name), role: target.role };
  return mayMake(mapping.unknownTeam, mapping.writtenScopes.has(target.scope)) ? target : undefined;
}

/** INVARIANT: names that stand in no document, as captured ones, make teams only under `create_any`. */
function mayMake(policy: UnknownTeam, isWritten: boolean): boolean {
  return policy === "create_any" || (policy === "create" && isWritten);
}

/** A scope with its team's present name. */
export function presentScope(scope: string, resolveTeam: ResolveTeam): string {
  const name = teamOf(scope);
  const team = name === undefined ? undefined : resolveTeam(name);
  return team ? teamScope(team.name) : scope;
}

/** Whether the rule could give anything in the scope, by what is written in it. */
export function couldGiveIn({ give }: CompiledRule, scope: string, resolveTeam: ResolveTeam): boolean {
  if (!give.kinds.some((kind) => kind === scopeKind(scope))) return false;
  return give.scopes === undefined || [...give.scopes].some((one) => presentScope(one, resolveTeam) === scope);
}

function presentScopes(scopes: Iterable<string>, kind: ScopeKind, resolveTeam: ResolveTeam): ReadonlySet<string> {
  return new Set([...scopes].filter((one) => scopeKind(one) === kind).map((one) => presentScope(one, resolveTeam)));
}

/** What the rule could still give in scopes of one kind. */
function openRule(rule: CompiledRule, open: Open, kind: ScopeKind, resolveTeam: ResolveTeam): OpenRule {
  const { could } = open;
  if (could) {
    const targets = could.map(({ scope, role }) => ({ scope: presentScope(scope, resolveTeam), role }));
    const inScopes = grouped(targets, ({ scope }) => scope);
    const someIn = (scope: string, isIt: (role: string) => boolean) =>
      inScopes.get(scope)?.some((target) => isIt(target.role)) === true;
    return {
      rule,
      open,
      scopes: new Set(inScopes.keys()),
      couldGiveIn: (scope) => inScopes.has(scope),
      couldGive: (target) => someIn(target.scope, (role) => role === target.role),
      couldExceed: (scope, role, order) => someIn(scope, (one) => order.compare(one, role) > 0),
    };
  }
  const { roles } = rule.give;
  // Captured text never makes an owner of the tenant; an owner of a resource is a role like any other.
  const ownable = kind === "resource";
  const scopes = rule.give.scopes && presentScopes(rule.give.scopes, kind, resolveTeam);
  const inScope = (scope: string) => scopes?.has(scope) ?? scopeKind(scope) === kind;
  return {
    rule,
    open,
    scopes,
    couldGiveIn: inScope,
    couldGive: ({ scope, role }) => inScope(scope) && (roles?.has(role) ?? (role !== OWNER.role || ownable)),
    couldExceed: (scope, role, order) =>
      inScope(scope) &&
      (roles ? [...roles].some((one) => order.compare(one, role) > 0) : order.rank(role) < highestOf(order, ownable)),
  };
}

/** The rank that an open role can reach. */
function highestOf(order: RoleOrder, ownable: boolean): number {
  return ownable ? Math.max(order.top, order.rank(OWNER.role)) : order.top;
}
