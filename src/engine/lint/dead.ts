/** Lint's look at rules beside each other: which of them never decide anything, and which disagree. */
import { grouped } from "../../model/grouped.js";
import { quote } from "../../model/quote.js";
import { type LintFinding, lintFinding } from "./finding.js";
import { rivals } from "./rivals.js";
import { ruleCovers } from "./rule-covers.js";
import { type LintRule, type LintView, removal, type WrittenPlace } from "./view.js";

type Placed = LintRule & { readonly place: WrittenPlace };

/** Rules that give nothing, whoever comes, part by part. */
export function* deadRules(view: LintView): Generator<readonly LintFinding[]> {
  yield idleRules(view);
  const places = grouped(view.alive.filter(isPlaced), ({ place }) => place.scope);
  for (const rules of places.values()) if (rules.length > 1) yield* inOnePlace(view, rules);
}

function idleRules(view: LintView): readonly LintFinding[] {
  const alive = new Set(view.alive);
  return view.rules.flatMap((one) => {
    const { rule } = one;
    if (!rule.enabled) {
      const message = "the rule is switched off: remove it when it is no longer wanted";
      return [lintFinding("disabled_rule", `${rule.pointer}/enabled`, message, { fix: removal(view, one) })];
    }
    if (alive.has(one)) return [];
    // Examples live before many an expiry, and may still count on the rule.
    const fix = view.covered?.has(rule.id) === false ? removal(view, one) : undefined;
    const message = `the rule ended on ${rule.expiresAt?.slice(0, 10)}: remove it`;
    return [lintFinding("expired_rule", `${rule.pointer}/expires_at`, message, { fix })];
  });
}

function isPlaced(one: LintRule): one is Placed {
  return one.place !== undefined;
}

function* inOnePlace(view: LintView, rules: readonly Placed[]): Generator<readonly LintFinding[]> {
  const { coveringMaybe, byName } = rivals(rules);
  const dead = new Set<LintRule>();
  for (const one of rules) {
    const winner = (coveringMaybe(one) as readonly Placed[]).find((other) => alwaysWins(view, other, one));
    if (winner) dead.add(one);
    yield winner ? [deadFinding(view, one, winner)] : [];
  }
  yield* orderDependent(view, byName() as Iterable<readonly [string, readonly Placed[]]>, dead);
}

function alwaysWins(view: LintView, winner: Placed, loser: Placed): boolean {
  // A captured text never makes an owner: where any text may become the role, the winner may give nothing.
  if (winner.rule.give.roles === undefined || !sameScope(winner, loser)) return false;
  if (!ruleCovers(winner.rule, loser.rule, view.mapping)) return false;
  const isEarlier = winner.rule.index < loser.rule.index;
  const strategy = strategyOf(view, loser);
  if (strategy === "first") return isEarlier;
  if (winner.place.role !== loser.place.role) return strategy === "highest" && ranksAbove(view, winner, loser);
  return isEarlier && loser.rule.give.literal !== undefined;
}

function strategyOf({ mapping }: LintView, { place }: Placed) {
  return mapping.conflicts[place.kind];
}

function ranksAbove({ mapping: { roleOrder } }: LintView, { rule: a }: Placed, { rule: b }: Placed): boolean {
  const [above, below] = [a.give.literal, b.give.literal];
  return above !== undefined && below !== undefined && roleOrder.rank(above.role) > roleOrder.rank(below.role);
}

/** One text with captures in it is one place only when both rules capture alike. */
function sameScope(a: Placed, b: Placed): boolean {
  if (a.rule.give.scope.captures.size + b.rule.give.scope.captures.size === 0) return true;
  const [left, right] = [a.document, b.document];
  return left?.group_pattern === right?.group_pattern && JSON.stringify(left?.values) === JSON.stringify(right?.values);
}

function deadFinding(view: LintView, one: Placed, winner: Placed): LintFinding {
  const fix = removal(view, one);
  const { pointer } = one.rule;
  const by = `\`${winner.rule.pointer}\``;
  const isSame = ruleCovers(one.rule, winner.rule, view.mapping);
  if (isSame && one.place.role !== winner.place.role) {
    const roles = `${quote(winner.place.role)}, not ${quote(one.place.role)}`;
    return lintFinding(
      "conflicting_rules",
      pointer,
      `${by} matches the same people and gives them ${roles}: remove one`,
      { fix },
    );
  }
  if (strategyOf(view, one) === "first") {
    const message = `${by} comes first and matches everybody whom this rule matches: move this one up, or remove it`;
    return lintFinding("shadowed_rule", pointer, message, { fix });
  }
  const message = `${by} gives everybody whom this rule matches at least as much in the same place: remove this one`;
  return lintFinding("redundant_rule", pointer, message, { fix });
}

/** Members of one group who get one role or another by the order of two rules, neither of which is the general case of the other. */
function* orderDependent(
  view: LintView,
  byName: Iterable<readonly [string, readonly Placed[]]>,
  dead: ReadonlySet<LintRule>,
): Generator<readonly LintFinding[]> {
  const told = new Set<LintRule>();
  for (const [name, named] of byName) {
    const [first, ...later] = named.filter((one) => !dead.has(one));
    if (first === undefined || strategyOf(view, first) !== "first") continue;
    yield later.flatMap((one) => {
      const isRival = one.place.role !== first.place.role && sameScope(first, one) && mayMeet(first, one);
      if (told.has(one) || !isRival || ruleCovers(one.rule, first.rule, view.mapping)) return [];
      told.add(one);
      const message = `members of ${quote(name)} get ${quote(first.place.role)} by \`${first.rule.pointer}\`, which comes first, and not ${quote(one.place.role)}: say which is meant by naming the group once`;
      return [lintFinding("order_dependent", one.rule.pointer, message)];
    });
  }
}

/** Rules of different connections never speak of one link; the rest may. */
function mayMeet({ rule: a }: Placed, { rule: b }: Placed): boolean {
  return !a.connections || !b.connections || [...a.connections].some((slug) => b.connections?.has(slug));
}
