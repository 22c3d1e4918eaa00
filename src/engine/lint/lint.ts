/** Lint owns what is worth saying of a mapping that works: findings as data, each with its place and, where it can, a fix. */

import { EXPRESSION_LIMITS } from "../../model/expression.js";
import type { ExampleDocument } from "../../model/mapping.js";
import type { Problem } from "../../model/problem.js";
import { ruleId } from "../compile/rule-id.js";
import { exampleOf } from "../examples/made-example.js";
import { deadRules } from "./dead.js";
import { type LintFinding, lintFinding, type PatchOperation } from "./finding.js";
import { privilegedPatterns } from "./privilege.js";
import { withoutConnection } from "./surroundings.js";
import type { LintRule, LintView } from "./view.js";

/** What the document alone shows, part by part, so that a caller can pause between them. `warnings` are those of its compilation. */
export function* lintDocument(view: LintView, warnings: readonly Problem[]): Generator<readonly LintFinding[]> {
  const dead: LintFinding[] = [];
  for (const part of deadRules(view)) {
    dead.push(...part);
    yield part;
  }
  const documents = new Map(view.rules.map(({ rule, document }) => [rule.pointer, document]));
  const kinOf = (pointer: string) => {
    const document = documents.get(pointer);
    return document && ruleId(document);
  };
  // A rule that stands twice is told once: as the dead one that one of the two is.
  const told = new Set(dead.map(({ pointer }) => kinOf(pointer)));
  const others = warnings.filter(({ code, pointer }) => code !== "duplicate_rule" || !told.has(kinOf(pointer)));
  const byIndex = new Map(view.rules.map((one) => [one.rule.index, one]));
  for (const warning of others) yield [fromWarning(view, byIndex, warning)];
  yield* privilegedPatterns(view);
  yield* coverage(view);
}

/** What a save would refuse, as findings. */
export function errorFindings(problems: readonly Problem[]): readonly LintFinding[] {
  return problems.map((problem) => ({ severity: "error", ...problem }));
}

type ByIndex = ReadonlyMap<number, LintRule>;

function fromWarning(view: LintView, rules: ByIndex, warning: Problem): LintFinding {
  const fix = warningFix(view, rules, warning);
  return { severity: "warning", ...warning, ...(fix === undefined ? {} : { fix }) };
}

function warningFix(
  view: LintView,
  rules: ByIndex,
  { code, pointer, suggestion }: Problem,
): readonly PatchOperation[] | undefined {
  const [, index, key, at] = /^\/mappings\/(\d+)\/(when|connections)(?:\/(\d+))?$/.exec(pointer) ?? [];
  const one = rules.get(Number(index));
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

function* coverage(view: LintView): Generator<readonly LintFinding[]> {
  const { document, alive, covered } = view;
  const own = alive.filter((one) => one.document);
  if (own.length === 0 || covered === undefined) return;
  const made = exampleMaker(view);
  if (document.examples === undefined || document.examples.length === 0) {
    const fix = made(own[0] as LintRule);
    const message = "no example tests this document: write one for each rule you would miss";
    yield [lintFinding("no_examples", "", message, { fix })];
    return;
  }
  const message = "no example matches the rule: write one, so that a later edit cannot break it unseen";
  for (const one of own) {
    if (covered.has(one.rule.id)) continue;
    yield [lintFinding("uncovered_rule", one.rule.pointer, message, { fix: made(one) })];
  }
}

/** So many examples are made, with so many targets in all: who has read as many asks again. */
const MOST_MADE = { examples: 1000, targets: 10_000 };
/** What the schema lets an example expect. */
const MOST_EXPECTED = 500;

function exampleMaker({ document, mapping, hasExpressions }: LintView) {
  let { examples, targets } = MOST_MADE;
  return ({ rule }: LintRule): readonly PatchOperation[] | undefined => {
    if (hasExpressions || examples <= 0 || targets <= 0) return undefined;
    examples -= 1;
    const made = exampleOf(mapping, rule);
    if (made === undefined) return undefined;
    targets -= made.expect.length;
    if (made.expect.length > MOST_EXPECTED) return undefined;
    const value = made as ExampleDocument & Record<string, never>;
    return document.examples === undefined
      ? [{ op: "add", path: "/examples", value: [value] }]
      : [{ op: "add", path: "/examples/-", value }];
  };
}
