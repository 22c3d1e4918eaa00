/** Why a rule gives a person nothing at one connection, and the smallest change after which it would. */
import type { Decision, Open, RuleOutcome, Unmet } from "../../model/evaluation.js";
import type { PersonLink, PersonState } from "../../model/person.js";
import { quote } from "../../model/quote.js";
import { covers, type ScopeKind, scopeKind, type Target, targetKey, targetLabel } from "../../model/target.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import { isActiveAfter } from "../diff.js";
import { groupDirectory } from "../directory-groups.js";
import { inScope, ofRule } from "../of-rule.js";
import { openReason } from "../reasons.js";
import { ruleName, ruleNameOf } from "../rule-text.js";
import type { Waits } from "./applied.js";
import type { ExplainedRule } from "./explain.js";
import { groupsFor } from "./groups-for.js";
import type { Step } from "./steps.js";

export type Because = Pick<ExplainedRule, "why" | "by" | "steps"> & { readonly text: string };

/** What was decided for the person who is asked about. */
export interface Decided {
  readonly mapping: CompiledMapping;
  readonly decision: Decision;
  readonly state: PersonState;
  /** Only this is asked about. */
  readonly wanted?: Target | undefined;
  /** Why what rules would give may wait. */
  readonly waits?: Waits | undefined;
}

/** `undefined` for a rule that gives all it has, or what is wanted. */
export function whyNot(
  decided: Decided,
  rule: CompiledRule,
  link: PersonLink,
  outcome: RuleOutcome,
): Because | undefined {
  switch (outcome.status) {
    case "unmatched":
      return unmet(rule, link, outcome.unmet, decided.wanted);
    case "undecided":
    case "failed":
      return opened(rule, outcome.status, outcome.open);
    case "matched":
      return matchedInVain(decided, rule, link, outcome);
  }
}

function unmet(rule: CompiledRule, link: PersonLink, { matcher, wanted }: Unmet, target: Target | undefined): Because {
  const said = (text: string, ...steps: readonly Step[]): Because => ({
    why: "unmet",
    steps,
    text: `rule ${ruleName(rule)} ${text}`,
  });
  switch (matcher) {
    case "group":
      return said(
        `does not match${namesakeText(link, wanted)}`,
        ...(target ? joinFor(rule, link, target) : [{ do: "join_group", anyOf: wanted } as const]),
      );
    case "app_role":
      return said("does not match", { do: "get_app_role", anyOf: wanted });
    case "when":
      return said("does not match", { do: "meet_condition", condition: wanted.join() });
    case "connections":
      return said("reads other connections", { do: "use_connection", anyOf: wanted });
    case "owner_connection":
      return said("gives `owner`", { do: "allow_owners", connection: link.connection.slug });
    case "enabled":
      return said("is switched off", { do: "change_rule", rule: rule.id, how: "enable" });
    case "expires_at":
      return said(`ended at ${wanted.join()}`, { do: "change_rule", rule: rule.id, how: "extend" });
  }
}

/** That a group of the person bears a name by which rules mean another one; empty where there is none. */
function namesakeText(
  { facts, connection: { directoryGroups, settleSeconds, slug } }: PersonLink,
  wanted: Unmet["wanted"],
) {
  const directory = groupDirectory(directoryGroups, settleSeconds);
  const texts = facts.groups.members.flatMap(({ presentName, ids }) => {
    if (presentName === undefined || !wanted.includes(presentName)) return [];
    const meant = directory.meantBy(presentName).find(({ id }) => !ids.includes(id));
    if (!meant) return [];
    const [own, other] = [ids[0] as string, directory.namesOf(meant).ids[0] as string];
    return [
      `, as the person's group ${quote(presentName)} (id ${quote(own)}) inherits nothing: rules mean another one by that name, id ${quote(other)} of connection ${quote(slug)}`,
    ];
  });
  return texts.slice(0, 1).join("");
}

/** To join a group by which a pattern fills in the target. */
function joinFor(rule: CompiledRule, link: PersonLink, target: Target): readonly Step[] {
  const { groups } = rule;
  const anyOf = groups ? groupsFor({ ...rule, groups }, link, target).map(({ name }) => name) : [];
  return anyOf.length > 0 ? [{ do: "join_group", anyOf }] : [];
}

function opened(rule: CompiledRule, status: "undecided" | "failed", open: Open): Because {
  return { why: status, steps: [stepToJudge(rule, status, open)], text: openReason(ruleName(rule), open) };
}

function stepToJudge(rule: CompiledRule, status: "undecided" | "failed", { reason, detail }: Open): Step {
  if (reason === "unconfirmed_group") return { do: "confirm_group", group: detail };
  if (status === "failed" || reason === "ambiguous_connection")
    return { do: "change_rule", rule: rule.id, how: "repair" };
  return { do: "assert_fact", fact: detail };
}

/** The rule matches: then the account, a missing team, another rule or an open one is in its way, or nothing is. */
function matchedInVain(
  { mapping, decision, state, wanted, waits }: Decided,
  rule: CompiledRule,
  link: PersonLink,
  { matches, barren }: Extract<RuleOutcome, { status: "matched" }>,
): Because | undefined {
  const isMeant = ({ target }: { readonly target: Target }) => !wanted || covers(target, wanted);
  const name = `rule ${ruleName(rule)}, which matches`;
  if (!isActiveAfter(state, decision)) {
    return { why: "account", steps: [], text: `${name}, but the account is not active` };
  }
  if (barren && matches.length === 0) {
    return { why: "no_targets", steps: [], text: `${name}, but its \`grants\` yield nothing here` };
  }
  const connection = link.connection.id;
  const offers = ofRule(decision.offered, rule.id, connection).filter(isMeant);
  const [offer] = offers;
  if (!offer) {
    const rejected = ofRule(decision.rejected, rule.id, connection).filter(isMeant);
    if (wanted && rejected.length === 0) {
      const steps = joinFor(rule, link, wanted);
      return { why: "unmet", steps, text: `${name}, but gives something else` };
    }
    const target = rejected.map((one) => targetLabel(one.target)).join();
    return { why: "unknown_team", steps: [{ do: "create_team", target }], text: `${name}, but there is no such team` };
  }
  // Held already by this very rule, or given anew.
  const own = ofRule(state.grants, rule.id, connection).filter((grant) => grant.origin === "rule");
  const has = new Set(own.map(({ target }) => targetKey(target)));
  if (offers.some(({ target }) => has.has(targetKey(target)))) return undefined;
  const anew = ofRule(decision.desired, rule.id, connection).filter(({ origin, stale }) => origin === "rule" && !stale);
  const due = new Set(anew.map(({ target }) => targetKey(target)));
  if (offers.some(({ target }) => due.has(targetKey(target)))) {
    return waits && { why: waits.why, steps: [], text: `${name}, but ${waits.text}` };
  }
  const scope = offer.target.scope;
  const winner = inScope(decision.desired, scope).find((grant) => !grant.stale && grant.origin === "rule");
  if (winner) {
    const by = String(winner.rule);
    const steps: readonly Step[] =
      mapping.conflicts[scopeKind(scope) as ScopeKind] === "first"
        ? [{ do: "change_rule", rule: rule.id, how: "move_up", above: by }]
        : [];
    return { why: "overruled", by, steps, text: `${name}, but rule ${ruleNameOf(mapping, by)} decides there` };
  }
  const lock = decision.locks.find(
    (one) => (one.scope === undefined || one.scope === scope) && one.covers(offer.target, rule.id),
  );
  const open: Open = lock?.open ?? { reason: "stale", detail: "what it matches by" };
  const by = lock?.rule ?? rule.id;
  return { why: "waits", by, steps: [], text: `${name}, but ${openReason(ruleNameOf(mapping, by), open)}` };
}
