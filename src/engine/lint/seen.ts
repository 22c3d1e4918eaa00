/** Lint's look at a document beside what identity providers sent: group by group, so that a caller can pause between them. */

import { counted } from "../../model/counted.js";
import type { Instant } from "../../model/ids.js";
import type { GroupPin } from "../../model/person.js";
import { quote } from "../../model/quote.js";
import { compareText } from "../compare-text.js";
import { expressionsOf } from "../compile/compiled-mapping.js";
import { type LintFinding, lintFinding } from "./finding.js";
import { movedNames } from "./moved-names.js";
import { nesting } from "./nesting.js";
import { patternReach, type ReachOptions } from "./pattern-reach.js";
import { type Renaming, renamings } from "./renaming.js";
import type { LintView } from "./view.js";
import { wantedGroups } from "./wanted.js";
import { type MissingGroup, wantedBook } from "./wanted-book.js";

/** A group that a source sent, at one connection. */
export interface SeenGroup {
  /** The connection's slug. */
  readonly connection: string;
  /** What people call it now. */
  readonly called: string;
  /** The names by which rules know it; after a rename that changed nothing, those before it. */
  readonly names: readonly string[];
  readonly ids: readonly string[];
  readonly source: "scim" | "claims";
  readonly members: number;
  /** Groups inside it; absent for groups in claims. */
  readonly nested?: number;
  /** Absent for groups in claims, of which nobody knows when they were made. */
  readonly createdAt?: Instant;
  readonly deleted: boolean;
  /** Names that it holds or contends for. */
  readonly pins?: readonly SeenPin[];
}

export interface SeenPin extends Pick<GroupPin, "name" | "state"> {
  /** The group is not called so any more. */
  readonly isRenamed: boolean;
}

export interface UnmappedGroup {
  readonly connection: string;
  readonly name: string;
  readonly source: "scim" | "claims";
  readonly members: number;
}

export interface SeenGroups {
  take(group: SeenGroup): void;
  /** Asks again for each group, once all were taken: what the misspelt names may have meant. */
  compare(group: SeenGroup): void;
  /** Part by part, so that a caller can pause between them. */
  findings(): Generator<readonly LintFinding[]>;
  /** The largest groups that no rule maps, and how many there are. */
  unmapped(): { readonly count: number; readonly largest: readonly UnmappedGroup[] };
}

/** As many unmapped groups are listed. */
const LISTED = 100;

export function seenGroups(view: LintView, options: ReachOptions): SeenGroups {
  const wanted = wantedGroups(view, options.connections);
  const book = wantedBook(wanted);
  const reach = patternReach(options);
  const unmapped = largest();
  const nested = nesting();
  const spelt = speltNames(view);
  const tables = new Map(options.connections.map((one) => [one.slug, view.mapping.tables(one)]));
  const heard = new Set<string>();
  return {
    take(group) {
      heard.add(group.connection);
      const isWanted = book.take(group);
      const table = tables.get(group.connection);
      if (group.deleted || !table) return;
      const hits = group.names.flatMap((name) => table.patterns?.hits(name) ?? []);
      const isNamed = group.names.some((name) => table.byName.has(name)) || group.ids.some((id) => table.byId.has(id));
      const isSpelt = [...group.names, ...group.ids].some((text) => spelt.has(text));
      if (!isWanted && !isNamed && !isSpelt && hits.length === 0) unmapped.take(group);
      else nested.take(group);
      reach.take(group, hits);
    },
    compare: (group) => book.compare(group),
    *findings() {
      const renamed = renamings(view, wanted);
      const missing = book.missing(heard);
      yield [];
      for (const one of missing) yield [unknownGroup(renamed, one)];
      for (const one of book.moved()) yield [movedNames(renamed, one)];
      yield reach.findings(view, heard);
      yield nested.findings();
      yield unmappedFinding(unmapped.count, unmapped.largest());
    },
    unmapped: () => ({ count: unmapped.count, largest: unmapped.largest() }),
  };
}

/** Texts in expressions that read groups: a group of that name is spoken of. */
function speltNames({ alive }: LintView): ReadonlySet<string> {
  const sources = alive
    .flatMap(({ rule }) => expressionsOf(rule))
    .flatMap(({ reads, source }) => (reads.some((path) => path.startsWith("group")) ? [source] : []));
  return new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/'([^']*)'|"([^"]*)"/g)].map((found) => found[1] ?? (found[2] as string)),
    ),
  );
}

function unknownGroup(renamed: Renaming, { group, isGone, near }: MissingGroup): LintFinding {
  const { from, name, pointer, keys } = group;
  const where = from.kind === "alias" ? ` at ${quote([...keys.keys()].join())}` : "";
  const what = `the group ${quote(name)} was ${isGone ? "deleted" : "never sent"}${where}`;
  const code = from.kind === "alias" ? "unknown_alias" : "unknown_group";
  const place = from.kind === "expression" ? { position: from.text.position } : {};
  if (near === undefined) {
    const message = `${what}: ${NOBODY[from.kind]} until somebody sends it`;
    return { ...lintFinding(code, pointer, message), ...place };
  }
  const more = { suggestion: near, fix: renamed(group, near) };
  return { ...lintFinding(code, pointer, `${what}, did you mean ${quote(near)}?`, more), ...place };
}

const NOBODY = {
  rule: "the rule matches nobody by it",
  expression: "nobody is in it",
  alias: "the name stands for nobody there",
} as const;

function unmappedFinding(count: number, [first]: readonly UnmappedGroup[]): readonly LintFinding[] {
  if (first === undefined || first.members === 0) return [];
  const which = counted(count, "group is", "groups are");
  const message = `${which} mapped by no rule; the largest is ${quote(first.name)} with ${counted(first.members, "person", "people")}`;
  return [lintFinding("unmapped_groups", "/mappings", message)];
}

/** The largest of many, without keeping all. */
function largest() {
  let kept: UnmappedGroup[] = [];
  const shrink = () => {
    kept = kept.sort(bySize).slice(0, LISTED);
    return kept;
  };
  return {
    count: 0,
    take({ connection, called: name, source, members }: SeenGroup) {
      this.count += 1;
      kept.push({ connection, name, source, members });
      if (kept.length >= 2 * LISTED) shrink();
    },
    largest: (): readonly UnmappedGroup[] => shrink(),
  };
}

function bySize(a: UnmappedGroup, b: UnmappedGroup): number {
  return b.members - a.members || compareText(a.name, b.name) || compareText(a.connection, b.connection);
}
