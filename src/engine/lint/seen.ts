/** Lint's look at a document beside what identity providers sent: group by group, so that a caller can pause between them. */

import { counted } from "../../model/counted.js";
import type { Instant } from "../../model/ids.js";
import { pushTo } from "../../model/push-to.js";
import { quote } from "../../model/quote.js";
import { isPrivileged, targetLabel } from "../../model/target.js";
import { compareText } from "../compare-text.js";
import { expressionsOf, type MappingConnection } from "../compile/compiled-mapping.js";
import { targetOf } from "../give.js";
import { type LintFinding, lintFinding } from "./finding.js";
import { nearNames } from "./near-names.js";
import { looksPrivileged } from "./privileged-name.js";
import type { LintView } from "./view.js";
import { renaming, type WantedGroup, wantedGroups } from "./wanted.js";

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
  /** Absent for groups in claims, of which nobody knows when they were made. */
  readonly createdAt?: Instant;
  readonly deleted: boolean;
}

export interface UnmappedGroup {
  readonly connection: string;
  readonly name: string;
  readonly source: "scim" | "claims";
  readonly members: number;
}

export interface SeenOptions {
  readonly connections: readonly MappingConnection[];
  /** The catalogue's privileged roles. */
  readonly privilegedRoles: ReadonlySet<string>;
  /** When the document was saved; absent for a draft, to which no group is new. */
  readonly savedAt?: Instant;
}

export interface SeenGroups {
  take(group: SeenGroup): void;
  /** Asks again for each group, once all were taken: what the misspelt names may have meant. */
  compare(group: SeenGroup): void;
  findings(): readonly LintFinding[];
  /** The largest groups that no rule maps, and how many there are. */
  unmapped(): { readonly count: number; readonly largest: readonly UnmappedGroup[] };
}

/** As many unmapped groups are listed, and as many groups are named in one message. */
const LISTED = 100;
const NAMED = 5;

interface Privileged {
  readonly pointer: string;
  readonly label: string;
  readonly names: string[];
  readonly fresh: string[];
}

export function seenGroups(view: LintView, options: SeenOptions): SeenGroups {
  const wanted = wantedGroups(view, options.connections);
  const book = wantedBook(wanted);
  const privileged = new Map<string, Privileged>();
  const unmapped = largest();
  const spelt = speltNames(view);
  const tables = new Map(options.connections.map((one) => [one.slug, view.mapping.tables(one)]));
  const heard = new Set<string>();
  return {
    take(group) {
      heard.add(group.connection);
      book.take(group);
      const table = tables.get(group.connection);
      if (group.deleted || !table) return;
      const hits = group.names.flatMap((name) => table.patterns?.hits(name) ?? []);
      const isNamed = group.names.some((name) => table.byName.has(name)) || group.ids.some((id) => table.byId.has(id));
      const isSpelt = [...group.names, ...group.ids].some((text) => spelt.has(text));
      if (!isNamed && !isSpelt && hits.length === 0) unmapped.take(group);
      for (const { owner, captured } of hits) {
        if (owner.keys) continue;
        const target = targetOf(owner.rule.give, captured);
        if (!target || !(isPrivileged(target, options.privilegedRoles) || looksPrivileged(target.role))) continue;
        const { pointer } = owner.rule;
        const known = privileged.get(pointer) ?? { pointer, label: targetLabel(target), names: [], fresh: [] };
        privileged.set(pointer, known);
        const isFresh = options.savedAt !== undefined && (group.createdAt ?? "") > options.savedAt;
        (isFresh ? known.fresh : known.names).push(group.called);
      }
    },
    compare: (group) => book.compare(group),
    findings: () => [
      ...book.missing(heard).map(({ group, isGone, near }) => unknownGroup(view, wanted, group, isGone, near)),
      ...[...privileged.values()].flatMap(privilegedMatches),
      ...unmappedFinding(unmapped.count, unmapped.largest()),
    ],
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

function wantedBook(wanted: readonly WantedGroup[]) {
  const byKey = new Map<string, WantedGroup[]>();
  for (const one of wanted) {
    for (const [slug, keys] of one.keys) {
      for (const key of keys)
        for (const kind of one.isAlias ? (["name", "id"] as const) : [one.by])
          pushTo(byKey, keyOf(slug, kind, key), one);
    }
  }
  const seen = new Set<WantedGroup>();
  const gone = new Set<WantedGroup>();
  const missing = () => wanted.filter((one) => !seen.has(one));
  let near: ReturnType<typeof nearNames> | undefined;
  return {
    take({ connection, names, ids, deleted }: SeenGroup) {
      const found = [
        ...names.flatMap((name) => byKey.get(keyOf(connection, "name", name)) ?? []),
        ...ids.flatMap((id) => byKey.get(keyOf(connection, "id", id)) ?? []),
      ];
      for (const one of found) (deleted ? gone : seen).add(one);
    },
    compare({ connection, names, ids, deleted }: SeenGroup) {
      near ??= nearNames(missing().map(({ name }) => name));
      if (deleted) return;
      for (const name of names) near.take(name, `${connection} name`);
      for (const id of ids) near.take(id, `${connection} id`);
    },
    /** Names that no connection ever sent, of those that sent any groups at all. */
    missing: (heard: ReadonlySet<string>) =>
      missing().flatMap((group) => {
        const slugs = [...group.keys.keys()].filter((slug) => heard.has(slug));
        if (slugs.length === 0) return [];
        const meant = slugs.flatMap((slug) => near?.nearest(group.name, `${slug} ${group.by}`) ?? []);
        return [{ group, isGone: gone.has(group), near: group.isAlias ? undefined : meant[0] }];
      }),
  };
}

function keyOf(slug: string, kind: "name" | "id", key: string): string {
  return `${slug}\u0000${kind}\u0000${key}`;
}

function unknownGroup(
  view: LintView,
  all: readonly WantedGroup[],
  group: WantedGroup,
  isGone: boolean,
  near: string | undefined,
): LintFinding {
  const what = `the group ${quote(group.name)} ${isGone ? "was deleted" : "was never sent"}`;
  if (near === undefined) {
    const message = `${what}: the rule matches nobody by it until somebody sends it`;
    return lintFinding("unknown_group", group.pointer, message);
  }
  const fix = renaming(view, group, all, near);
  return lintFinding("unknown_group", group.pointer, `${what}, did you mean ${quote(near)}?`, {
    suggestion: near,
    fix,
  });
}

function privilegedMatches({ pointer, label, names, fresh }: Privileged): readonly LintFinding[] {
  const at = `${pointer}/group_pattern`;
  const some = (
    code: "privileged_match" | "new_privileged_match",
    found: readonly string[],
    which: readonly [one: string, many: string],
  ) => {
    if (found.length === 0) return [];
    const message = `gives ${quote(label)} or the like to members of ${counted(found.length, ...which)}: ${listed(found)}`;
    return [lintFinding(code, at, message)];
  };
  return [
    ...some("new_privileged_match", fresh, [
      "group that came after the mapping was saved",
      "groups that came after the mapping was saved",
    ]),
    ...some("privileged_match", names, ["group", "groups"]),
  ];
}

function listed(names: readonly string[]): string {
  const shown = names
    .toSorted(compareText)
    .slice(0, NAMED)
    .map((name) => quote(name));
  return `${shown.join(", ")}${names.length > NAMED ? " and others" : ""}`;
}

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
