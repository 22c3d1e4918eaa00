/** Lint owns what is worth saying of a mapping that works: findings as data, each with its place and, where it can, a fix. */

import { EXPRESSION_LIMITS } from "../../model/expression.js";
import type { ExampleDocument } from "../../model/mapping.js";
import type { Problem } from "../../model/problem.js";
import { type CompiledMapping, expressionsOf } from "../compile/compiled-mapping.js";
import { ruleId } from "../compile/rule-id.js";
import { exampleOf } from "../examples/made-example.js";
import { deadRules } from "./dead.js";
import { type LintFinding, lintFinding, type PatchOperation } from "./finding.js";
import { privilegedPatterns } from "./privilege.js";
import { withoutConnection } from "./surroundings.js";
import type { LintRule, LintView } from "./view.js";

/** What the document alone shows, part by part, so that a caller can pause between them. `warnings` are those of its compilation. */
export function* lintDocument(view: LintView, warnings: readonly Problem[]): Generator<readonly LintFinding[]> {
  const dead = deadRules(view);
  yield dead;
  const documents = new Map(view.rules.map(({ rule, document }) => [rule.pointer, document]));
  const kinOf = (pointer: string) => {
    const document = documents.get(pointer);
    return document && ruleId(document);
  };
  // A rule that stands twice is told once: as the dead one that one of the two is.
  const told = new Set(dead.map(({ pointer }) => kinOf(pointer)));
  const others = warnings.filter(({ code, pointer }) => code !== "duplicate_rule" || !told.has(kinOf(pointer)));
  yield others.map((warning) => fromWarning(view, warning));
  yield privilegedPatterns(view);
  yield coverage(view);
}

/** What a save would refuse, as findings. */
export function errorFindings(problems: readonly Problem[]): readonly LintFinding[] {
  return problems.map((problem) => ({ severity: "error", ...problem }));
}

function fromWarning(view: LintView, warning: Problem): LintFinding {
  const fix = warningFix(view, warning);
  return { severity: "warning", ...warning, ...(fix === undefined ? {} : { fix }) };
}

function warningFix(view: LintView, { code, pointer, suggestion }: Problem): readonly PatchOperation[] | undefined {
  const [, index, key, at] = /^\/mappings\/(\d+)\/(when|connections)(?:\/(\d+))?$/.exec(pointer) ?? [];
  const one = view.rules.find(({ rule }) => rule.index === Number(index));
  if (!one) return undefined;
  if (code === "unknown_connection" && key === "connections") return withoutConnection(view, one, Number(at));
  return code === "negation_over_absent" ? askedFirst(view, one, suggestion as string) : undefined;
}

/** The rule gives no more than before by this; an example may count on what it gave. */
function askedFirst(
  { covered }: LintView,
  { rule }: LintRule,
  question: string,
): readonly PatchOperation[] | undefined {
  const value = `${question} and (${rule.when?.source})`;
  if (covered?.has(rule.id) !== false || value.length > EXPRESSION_LIMITS.source) return undefined;
  return [{ op: "replace", path: `${rule.pointer}/when`, value }];
}

function coverage(view: LintView): readonly LintFinding[] {
  const { document, alive, covered } = view;
  const own = alive.filter((one) => one.document);
  if (own.length === 0 || covered === undefined) return [];
  if (document.examples === undefined || document.examples.length === 0) {
    const fix = withExample(view, own[0] as LintRule);
    return [
      lintFinding("no_examples", "", "no example tests this document: write one for each rule you would miss", { fix }),
    ];
  }
  return own
    .filter(({ rule }) => !covered.has(rule.id))
    .map((one) => {
      const message = "no example matches the rule: write one, so that a later edit cannot break it unseen";
      return lintFinding("uncovered_rule", one.rule.pointer, message, { fix: withExample(view, one) });
    });
}

function withExample({ document, mapping }: LintView, { rule }: LintRule): readonly PatchOperation[] | undefined {
  const made = hasExpressions(mapping) ? undefined : exampleOf(mapping, rule);
  if (made === undefined) return undefined;
  const value = made as ExampleDocument & Record<string, never>;
  return document.examples === undefined
    ? [{ op: "add", path: "/examples", value: [value] }]
    : [{ op: "add", path: "/examples/-", value }];
}

/** Their answers, and what invariants say of a new person, are not known here. */
function hasExpressions({ rules, invariants }: CompiledMapping): boolean {
  return invariants.length > 0 || rules.some((rule) => expressionsOf(rule).length > 0);
}
