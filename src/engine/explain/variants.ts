/** Variants own what could be changed so that a rule gives a person something: guesses, smallest first, made to be tried. */
import type { PersonLink } from "../../model/person.js";
import { covers, type Target } from "../../model/target.js";
import { candidates } from "../candidates.js";
import { type CompiledMapping, type CompiledRule, isExpired } from "../compile/compiled-mapping.js";
import { ruleTables } from "../compile/rule-table.js";
import { syntaxTree } from "../expression/expression.js";
import { type Way, waysTo } from "./condition-ways.js";
import { changed, changeStep, type FactChange } from "./fact-changes.js";
import { groupsFor } from "./groups-for.js";
import type { Step } from "./steps.js";

/** One rule and one link as they would be after some steps. */
export interface Variant {
  readonly steps: readonly Step[];
  readonly rule: CompiledRule;
  readonly link: PersonLink;
  /** A team that is taken to exist. */
  readonly team?: string;
}

const MOST_ALTERNATIVES = 5;
const MOST_VARIANTS = 16;

/**
 * Changes of the rule's own settings and of facts after which its matchers might all hold, and with `wanted` give that;
 * smallest first.
 */
export function matchingVariants(
  mapping: CompiledMapping,
  rule: CompiledRule,
  link: PersonLink,
  wanted?: Target,
): readonly Variant[] {
  return structural(mapping, { steps: [], rule, link })
    .flatMap((one) => withGroup(mapping, one, wanted))
    .flatMap(withAppRole)
    .flatMap((one) => withCondition(mapping, one))
    .filter(({ steps }) => steps.length > 0)
    .toSorted((a, b) => a.steps.length - b.steps.length)
    .slice(0, MOST_VARIANTS);
}

/** What the rule's own settings, and the connection's, keep out. */
function structural(mapping: CompiledMapping, variant: Variant): readonly Variant[] {
  let { rule, steps } = variant;
  const { link } = variant;
  if (!rule.enabled) {
    steps = [...steps, { do: "change_rule", rule: rule.id, how: "enable" }];
    rule = { ...rule, enabled: true };
  }
  if (isExpired(rule, link.at)) {
    const { expiresAt: _, ...endless } = rule;
    steps = [...steps, { do: "change_rule", rule: rule.id, how: "extend" }];
    rule = endless;
  }
  if (rule.connections?.has(link.connection.slug) === false) return otherConnections(mapping, { steps, rule, link });
  if (!rule.give.owner || link.connection.mayGrantOwner) return [{ steps, rule, link }];
  // A second connection that may grant `owner` makes a rule ambiguous that does not say which one it means.
  if (!rule.connections && mapping.connections.some(({ mayGrantOwner }) => mayGrantOwner)) return [];
  const allowed = { ...link, connection: { ...link.connection, mayGrantOwner: true } };
  return [{ steps: [...steps, { do: "allow_owners", connection: link.connection.slug }], rule, link: allowed }];
}

/** The same facts, come by a connection that the rule reads. */
function otherConnections(mapping: CompiledMapping, { steps, rule, link }: Variant): readonly Variant[] {
  return mapping.connections
    .filter(({ slug }) => rule.connections?.has(slug))
    .slice(0, MOST_ALTERNATIVES)
    .map(({ slug, protocol, mayGrantOwner }) => ({
      steps: [...steps, { do: "use_connection", anyOf: [slug] }],
      rule,
      link: {
        ...link,
        connection: { ...link.connection, slug, protocol, mayGrantOwner },
        facts: { ...link.facts, connection: { slug, protocol } },
      },
    }));
}

function withGroup(mapping: CompiledMapping, variant: Variant, wanted: Target | undefined): readonly Variant[] {
  const { rule, link } = variant;
  const { groups } = rule;
  if (!groups || holdsGroup(mapping, variant, wanted)) return [variant];
  return groupsFor({ ...rule, groups }, link, wanted).map((change) => after(mapping, variant, [change]));
}

/** Some group of the person's is one that the rule asks for, whatever else it asks for. */
function holdsGroup(mapping: CompiledMapping, { rule, link }: Variant, wanted: Target | undefined): boolean {
  const { when: _when, appRoles: _appRoles, ...alone } = rule;
  const isMeant = (target: Target | undefined) => !wanted || !target || covers(target, wanted);
  const table = ruleTables([alone], mapping.aliases)(link.connection);
  return candidates(table, link).some(({ hits }) => hits.some(({ match }) => !match.stale && isMeant(match.target)));
}

function withAppRole(variant: Variant): readonly Variant[] {
  const { appRoles } = variant.rule;
  const held = variant.link.facts.appRoles;
  if (!appRoles) return [variant];
  if (held.known && held.staleSince === undefined && appRoles.some((role) => held.value.includes(role)))
    return [variant];
  return appRoles
    .slice(0, MOST_ALTERNATIVES)
    .map((role) => after({ aliases: new Map() }, variant, [{ kind: "app_role", role, held: true }]));
}

/** As it is, in case the condition holds by then, and with what would make it hold. */
function withCondition(mapping: CompiledMapping, variant: Variant): readonly Variant[] {
  const { when } = variant.rule;
  if (!when) return [variant];
  const ways = waysFor(when.source, true);
  return [variant, ...ways.map((way) => after(mapping, variant, way))];
}

/** Ways to make a condition come out so; none for one that does not parse. */
export function waysFor(source: string, truth: boolean): readonly Way[] {
  const tree = syntaxTree(source);
  return tree ? waysTo(tree, truth) : [];
}

/** With these facts changed, as far as they are not so already. */
export function after(
  { aliases }: Pick<CompiledMapping, "aliases">,
  variant: Variant,
  changes: readonly FactChange[],
): Variant {
  let { link, steps } = variant;
  for (const change of changes) {
    const next = changed(link, change, aliases);
    if (next === link) continue;
    link = next;
    steps = [...steps, changeStep(change)];
  }
  return { ...variant, link, steps };
}
