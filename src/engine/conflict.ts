/**
 * Conflict decides between rules that speak of one place, and leaves a place alone that an open rule could decide.
 * INVARIANT: a failed or undecided rule gives nothing, takes nothing, and lets no lower rule win behind it.
 */
import type { Lock, Open } from "../model/evaluation.js";
import type { DesiredGrant, Evidence } from "../model/grant.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId } from "../model/ids.js";
import type { ConflictStrategy } from "../model/mapping.js";
import { pushTo } from "../model/push-to.js";
import { isOwner, type Target } from "../model/target.js";
import type { CompiledRule } from "./compile/compiled-mapping.js";
import type { RoleOrder } from "./role-order.js";

/** Something that a rule gives by one link's facts. */
export interface Offer {
  readonly rule: CompiledRule;
  readonly connection: ConnectionId;
  readonly target: Target;
  readonly evidence: readonly Evidence[];
  /** Its facts are stale: it may keep, and never newly gives. */
  readonly stale: boolean;
}

/** A rule that one link's facts cannot judge to its end, and what it could still give. */
export interface OpenRule {
  readonly rule: CompiledRule;
  readonly open: Open;
  /** The only scopes in which it could; absent: any of the kind that is settled. */
  readonly scopes: ReadonlySet<string> | undefined;
  couldGive(target: Target): boolean;
  couldGiveIn(scope: string): boolean;
  couldExceed(scope: string, role: string, order: RoleOrder): boolean;
}

/** What is given of the offers in one kind of scope, and what undecided rules keep as it is. */
export interface Settled {
  readonly desired: readonly DesiredGrant[];
  readonly locks: readonly Lock[];
}

interface Winner {
  readonly role: string;
  readonly rules: readonly CompiledRule[];
}
type Winners = ReadonlyMap<string, Winner>;

/** Settles the offers of one scope kind. Offers and open rules may come in any order. */
export function settle(
  strategy: ConflictStrategy,
  order: RoleOrder,
  offers: readonly Offer[],
  opens: readonly OpenRule[],
): Settled {
  if (strategy === "all") return settleAll(order, offers, opens);
  const winners = strategy === "first" ? firstWinners(order, offers, opens) : highestWinners(order, offers, opens);
  const desired: DesiredGrant[] = [];
  const ownerOffered = offers.some((offer) => isOwner(offer.target));
  const locks: Lock[] = opens.map((one) => openLock(one, winners, order, ownerOffered));
  for (const offer of offers) {
    const winner = winners.get(offer.target.scope);
    if (winner ? winner.role === offer.target.role : offer.stale) desired.push(desiredGrant(offer));
    if (!winner && offer.stale) locks.push(staleLock(offer));
  }
  return { desired, locks };
}

function desiredGrant({ rule, connection, target, evidence, stale }: Offer): DesiredGrant {
  return { target, origin: "rule", connection, rule: rule.id, evidence, stale };
}

/** Per scope the first rule in document order that gives something there, as long as no open rule stands before it. */
function firstWinners(order: RoleOrder, offers: readonly Offer[], opens: readonly OpenRule[]): Winners {
  const winners = new Map<string, Winner>();
  const opensIn = opensByScope(opens);
  const opensBefore = (index: number, scope: string) => opensIn(scope).some((one) => one.rule.index < index);
  for (const [scope, inScope] of byScope(offers)) {
    const first = inScope.reduce((least, offer) => Math.min(least, offer.rule.index), Number.POSITIVE_INFINITY);
    const best = highest(
      inScope.filter((offer) => offer.rule.index === first),
      order,
    );
    // A rule's own open groups come after what it gives already; stale facts of its own do not.
    if (best.stale || opensBefore(first, scope)) continue;
    winners.set(scope, { role: best.target.role, rules: [best.rule] });
  }
  return winners;
}

/** Per scope the highest role, as long as nothing open could give a higher one. */
function highestWinners(order: RoleOrder, offers: readonly Offer[], opens: readonly OpenRule[]): Winners {
  const winners = new Map<string, Winner>();
  const opensIn = opensByScope(opens);
  for (const [scope, inScope] of byScope(offers)) {
    const best = highest(inScope, order);
    const { role } = best.target;

    const rules = inScope.filter((offer) => !offer.stale && offer.target.role === role).map((offer) => offer.rule);
    // A rule's own open groups do not hold back what it gives already.
    const open = opensIn(scope).some((one) => !rules.includes(one.rule) && one.couldExceed(scope, role, order));
    if (best.stale || open) continue;
    winners.set(scope, { role, rules });
  }
  return winners;
}

/** Which open rules could give something in a scope; people may have very many of both. */
function opensByScope(opens: readonly OpenRule[]): (scope: string) => readonly OpenRule[] {
  const anywhere = opens.filter(({ scopes }) => scopes === undefined);
  const inScope = new Map<string, OpenRule[]>();
  for (const one of opens) for (const scope of one.scopes ?? []) pushTo(inScope, scope, one);
  return (scope) => {
    const there = inScope.get(scope);
    return there ? [...anywhere, ...there] : anywhere;
  };
}

/** The highest role; of equal ones a fresh offer, so that staleness never hides what is known. */
function highest(offers: readonly Offer[], order: RoleOrder): Offer {
  return offers.reduce((best, offer) => {
    const above = order.compare(offer.target.role, best.target.role);
    return above > 0 || (above === 0 && best.stale) ? offer : best;
  });
}

function byScope(offers: readonly Offer[]): ReadonlyMap<string, readonly Offer[]> {
  return grouped(offers, (offer) => offer.target.scope);
}

/**
 * An undecided scope stays as it is. In a decided one the open rule's own grants of the winning role stay; and where the
 * rule itself wins, every grant of a higher role that it may still turn out to give. What it gives for sure outranks the rest.
 */
function openLock(one: OpenRule, winners: Winners, order: RoleOrder, ownerOffered: boolean): Lock {
  return {
    rule: one.rule.id,
    open: one.open,
    ...onlyScope(one),
    covers(target, rule) {
      const winner = winners.get(target.scope);
      // INVARIANT: computed targets, which could be anywhere, keep no ownership that no rule offers.
      if (!winner && one.rule.give.grants && isOwner(target)) return ownerOffered;
      if (!winner) return one.couldGiveIn(target.scope);
      if (!one.couldGive(target)) return false;
      const above = order.compare(target.role, winner.role);
      return above === 0 ? rule === one.rule.id : above > 0 && winner.rules.includes(one.rule);
    },
  };
}

function onlyScope({ scopes }: Pick<OpenRule, "scopes">): Pick<Lock, "scope"> {
  const [scope, another] = scopes ?? [];
  return scope === undefined || another !== undefined ? {} : { scope };
}

function staleLock({ rule, target: { scope }, evidence }: Offer): Lock {
  return {
    rule: rule.id,
    open: { reason: "stale", detail: evidence.map((one) => one.label).join(", ") },
    scope,
    covers: (target) => target.scope === scope,
  };
}

/** Everything adds up; only within one rule and scope does `role_order` choose. Open rules keep what they could give. */
function settleAll(order: RoleOrder, offers: readonly Offer[], opens: readonly OpenRule[]): Settled {
  const best = new Map<string, Offer>();
  const placeOf = (offer: Offer) => `${offer.rule.id}\u0000${offer.target.scope}`;
  for (const offer of offers) {
    if (offer.stale) continue;
    const before = best.get(placeOf(offer));
    best.set(placeOf(offer), before ? highest([before, offer], order) : offer);
  }
  const stays = (offer: Offer) => {
    const above = order.compare(offer.target.role, best.get(placeOf(offer))?.target.role ?? "");
    return offer.stale ? above >= 0 : above === 0;
  };
  return {
    desired: offers.filter(stays).map(desiredGrant),
    locks: opens.map(({ rule, open, scopes, couldGive }) => {
      const outranked = ({ scope, role }: Target) => {
        const sure = best.get(`${rule.id}\u0000${scope}`);
        return sure !== undefined && order.compare(role, sure.target.role) < 0;
      };
      return {
        rule: rule.id,
        open,
        ...onlyScope({ scopes }),
        covers: (target) => couldGive(target) && !outranked(target),
      };
    }),
  };
}
