/** Lint's look at a document beside its tenant: its connections, its teams, and what its rules gave lately. */
import { counted } from "../../model/counted.js";
import type { Instant } from "../../model/ids.js";
import type { MappingDocument } from "../../model/mapping.js";
import { quote } from "../../model/quote.js";
import { teamOf } from "../../model/target.js";
import { compareText } from "../compare-text.js";
import { ruleId } from "../compile/rule-id.js";
import { type LintFinding, lintFinding, type PatchOperation } from "./finding.js";
import { nearNames } from "./near-names.js";
import { type LintRule, type LintView, removal } from "./view.js";

/** What a tenant knows that a document does not say. */
export interface Surroundings {
  /** Slugs of disabled connections. */
  readonly disabled: ReadonlySet<string>;
  /** Names and former names of teams. */
  readonly teams: readonly string[];
  /** The mapping that was active `days` ago, if there was one. */
  readonly former?: MappingDocument;
  readonly days: number;
  /** When each rule last gave somebody something, by its id; `now` for one that does. */
  readonly lastGave: ReadonlyMap<string, Instant>;
  /** `days` before now. */
  readonly since: Instant;
}

/** Part by part, so that a caller can pause between them. */
export function* surroundingFindings(view: LintView, around: Surroundings): Generator<readonly LintFinding[]> {
  for (const one of view.alive) yield disabledConnections(view, one, around.disabled);
  yield neverMatched(view, around);
  yield* misspeltTeams(view, around.teams);
}

function disabledConnections(view: LintView, one: LintRule, disabled: ReadonlySet<string>): readonly LintFinding[] {
  return (one.document?.connections ?? []).flatMap((slug, at) => {
    if (!disabled.has(slug)) return [];
    const pointer = `${one.rule.pointer}/connections/${at}`;
    const message = `the connection ${quote(slug)} is disabled: take it out, or enable it`;
    return [lintFinding("disabled_connection", pointer, message, { fix: withoutConnection(view, one, at) })];
  });
}

/** Takes a connection out of a rule's list; out of a list of one, the rule goes, as it would read everybody's facts else. */
export function withoutConnection(view: LintView, one: LintRule, at: number): readonly PatchOperation[] | undefined {
  const connections = one.document?.connections as readonly string[];
  const isTested = view.tested.connections.has(connections[at] as string);
  if (connections.length === 1) return view.covered?.has(one.rule.id) === false ? removal(view, one) : undefined;
  return isTested ? undefined : [{ op: "remove", path: `${one.rule.pointer}/connections/${at}` }];
}

function neverMatched(view: LintView, { former, days, lastGave, since }: Surroundings): readonly LintFinding[] {
  if (!former) return [];
  const stood = new Set((former.mappings ?? []).map(ruleId));
  return view.alive.flatMap((one) => {
    const { rule, document } = one;
    const isOld = document
      ? stood.has(ruleId(document))
      : (former.tenant_owners_groups ?? former.tenant_owners_group) !== undefined;
    if (!isOld || (lastGave.get(rule.id) ?? "") >= since) return [];
    const fix = document && view.covered?.has(rule.id) === false ? removal(view, one) : undefined;
    const message = `the rule gave nobody anything in the last ${counted(days, "day", "days")}: remove it when it is no longer wanted`;
    return [lintFinding("never_matched", rule.pointer, message, { fix })];
  });
}

function* misspeltTeams(view: LintView, teams: readonly string[]): Generator<readonly LintFinding[]> {
  const present = new Set(teams);
  const missing = view.alive.flatMap((one) =>
    [...one.rule.give.writtenScopes].flatMap((scope) => {
      const name = teamOf(scope);
      return name === undefined || present.has(name) ? [] : [{ one, name }];
    }),
  );
  if (missing.length === 0) return;
  const near = nearNames(missing.map(({ name }) => name));
  yield [];
  for (const team of teams) {
    near.take(team, "");
    yield [];
  }
  for (const { one, name } of missing) {
    const meant = near.nearest(name, "");
    if (meant === undefined) continue;
    const message = `there is no team ${quote(name)}, did you mean ${quote(meant)}?`;
    const more = { suggestion: meant, fix: teamRenamed(view, one, name, meant) };
    yield [lintFinding("misspelt_team", one.rule.pointer, message, more)];
  }
}

/** Only where the name is the rule's own text and no example expects it. */
function teamRenamed(
  { tested }: LintView,
  { rule, document }: LintRule,
  from: string,
  to: string,
): readonly PatchOperation[] | undefined {
  if (tested.teams.has(from) || document?.team_name !== from) return undefined;
  return [{ op: "replace", path: `${rule.pointer}/team_name`, value: to }];
}

/** In document order. */
export function inPlace(findings: readonly LintFinding[]): readonly LintFinding[] {
  return findings
    .map((finding) => ({ finding, place: placeOf(finding) }))
    .sort(
      ({ finding: a, place: left }, { finding: b, place: right }) =>
        left - right || compareText(a.pointer, b.pointer) || compareText(a.code, b.code),
    )
    .map(({ finding }) => finding);
}

function placeOf({ pointer }: LintFinding): number {
  return Number(/^\/mappings\/(\d+)/.exec(pointer)?.[1] ?? -1);
}
