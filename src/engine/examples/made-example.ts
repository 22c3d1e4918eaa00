/** Makes examples: the simplest person whom a rule matches, and what that person gets. */

import { cutText } from "../../model/cut-text.js";
import type { ExampleDocument } from "../../model/mapping.js";
import type { Target } from "../../model/target.js";
import type { CompiledMapping, CompiledRule } from "../compile/compiled-mapping.js";
import { giveLabel } from "../give.js";
import { judgePerson, someoneBy } from "../judge.js";
import { sampleName } from "../lint/pattern-covers.js";
import { matchPattern, type Pattern } from "../pattern.js";
import { writtenTarget } from "../target-text.js";
import { exampleLink } from "./examples.js";

/** What the schema lets an example be called, less the mark of a cut. */
const LONGEST_NAME = 199;

/**
 * An example that the rule matches, as the document gives it today; `undefined` where the rule matches nobody so simple.
 * The mapping must have no expressions: nothing runs them here.
 */
export function exampleOf(mapping: CompiledMapping, rule: CompiledRule): ExampleDocument | undefined {
  const bare = { ...groupOf(rule), ...(rule.appRoles ? { app_roles: rule.appRoles.slice(0, 1) } : {}) };
  const fromEach = [...(rule.connections ?? [])].map((connection) => ({ connection, ...bare }));
  for (const person of [bare, ...fromEach]) {
    const given = givenTo(mapping, rule, person);
    if (given) return { name: cutText(nameOf(rule), LONGEST_NAME), ...person, expect: given.map(writtenTarget) };
  }
  return undefined;
}

function groupOf({ groups }: CompiledRule): Pick<ExampleDocument, "groups" | "group_ids"> {
  if (!groups) return {};
  const { any, pattern } = groups;
  if (!any) return { groups: [sampleName(pattern as Pattern, "example")] };
  if (any.by === "id") return { group_ids: any.of.slice(0, 1) };
  const named = pattern ? any.of.filter((name) => matchPattern(pattern, name)) : any.of;
  return { groups: named.slice(0, 1) };
}

function givenTo(
  mapping: CompiledMapping,
  rule: CompiledRule,
  person: Omit<ExampleDocument, "name" | "expect">,
): readonly Target[] | undefined {
  const link = exampleLink({ name: "", expect: [], ...person }, mapping);
  const { evaluations, desired } = judgePerson(someoneBy(mapping, link), new Map());
  const outcomes = evaluations.flatMap(({ notable }) => notable);
  if (!outcomes.some((outcome) => outcome.rule === rule.id && outcome.status === "matched")) return undefined;
  return desired.map(({ target }) => target);
}

function nameOf({ groups, appRoles, give }: CompiledRule): string {
  const who = groups?.any?.of[0] ?? groups?.pattern?.text ?? appRoles?.[0] ?? "everyone";
  return `${who}: ${giveLabel(give)}`;
}
