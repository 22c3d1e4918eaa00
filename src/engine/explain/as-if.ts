/** As if: evaluates one person again with a rule, facts or grants other than they are. Nothing is written. */
import type { PersonLink, PersonState } from "../../model/person.js";
import { candidates } from "../candidates.js";
import type { CompiledRule } from "../compile/compiled-mapping.js";
import { ruleTables } from "../compile/rule-table.js";
import type { JudgedPerson } from "../judge.js";
import type { Apply } from "./applied.js";

/** What a person is judged by, with all that they hold. */
export interface Case extends JudgedPerson {
  readonly state: PersonState;
  /** What keeps changes of this person back. */
  readonly apply: Apply;
}

/** The case with one link replaced by what it would be. */
export function withLink(base: Case, from: PersonLink, to: PersonLink): Case {
  return from === to ? base : { ...base, links: base.links.map((link) => (link === from ? to : link)) };
}

/**
 * The case with a rule replaced, or taken out. Only the rules that speak to these links are kept, so that the tables of a
 * large mapping are not made anew: the others do not match, whatever this rule is. Links must be in place before.
 */
export function withRule(base: Case, id: string, rule: CompiledRule | undefined): Case {
  const { mapping, links } = base;
  if (mapping.ruleById.get(id) === rule) return base;
  const near = new Set(
    links.flatMap((link) => candidates(mapping.tables(link.connection), link)).map(({ owner }) => owner.rule),
  );
  const rules = [...near].filter((one) => one.id !== id);
  if (rule) rules.push(rule);
  rules.sort((a, b) => a.index - b.index);
  const ruleById = new Map(mapping.ruleById);
  if (rule) ruleById.set(id, rule);
  else ruleById.delete(id);
  return { ...base, mapping: { ...mapping, rules, ruleById, tables: ruleTables(rules, mapping.aliases) } };
}
