/** What patterns make of the groups that were sent: which hand out privileges, and which match none of them. */
import { counted } from "../../model/counted.js";
import type { Instant } from "../../model/ids.js";
import { quote } from "../../model/quote.js";
import { isPrivileged, targetLabel } from "../../model/target.js";
import type { MappingConnection } from "../compile/compiled-mapping.js";
import { appliesAt, type TableRule } from "../compile/rule-table.js";
import { targetOf } from "../give.js";
import type { PatternHit } from "../pattern-index.js";
import { type LintCode, type LintFinding, lintFinding } from "./finding.js";
import { listed } from "./listed.js";
import { looksPrivileged } from "./privileged-name.js";
import type { SeenGroup } from "./seen.js";
import type { LintView } from "./view.js";

export interface ReachOptions {
  readonly connections: readonly MappingConnection[];
  /** The catalogue's privileged roles. */
  readonly privilegedRoles: ReadonlySet<string>;
  /** When the document was saved; absent for a draft, to which no group is new. */
  readonly savedAt?: Instant;
}

export interface PatternReach {
  take(group: SeenGroup, hits: readonly PatternHit<TableRule>[]): void;
  /** `heard`: connections that sent some group. */
  findings(view: LintView, heard: ReadonlySet<string>): readonly LintFinding[];
}

/** What one pattern gives to groups that are worth a look: by what they get, or by what they are called. */
interface Reached {
  readonly pointer: string;
  readonly label: string;
  readonly isRole: boolean;
  readonly names: string[];
  readonly fresh: string[];
}

export function patternReach({ privilegedRoles, savedAt }: Omit<ReachOptions, "connections">): PatternReach {
  const reached = new Map<string, Reached>();
  const matched = new Set<string>();
  return {
    take({ called, names, createdAt = "" }, hits) {
      for (const { owner, captured } of hits) {
        if (owner.keys) continue;
        const { pointer, give } = owner.rule;
        matched.add(pointer);
        const target = targetOf(give, captured);
        if (!target) continue;
        const isRole = isPrivileged(target, privilegedRoles) || looksPrivileged(target.role);
        if (!isRole && ![called, ...names].some(looksPrivileged)) continue;
        const key = `${pointer} ${isRole}`;
        const known = reached.get(key) ?? { pointer, label: targetLabel(target), isRole, names: [], fresh: [] };
        reached.set(key, known);
        (savedAt !== undefined && createdAt > savedAt ? known.fresh : known.names).push(called);
      }
    },
    findings: (view, heard) => [
      ...[...reached.values()].flatMap(privilegedMatches),
      ...unmatchedPatterns(view, matched, heard),
    ],
  };
}

function privilegedMatches({ pointer, label, isRole, names, fresh }: Reached): readonly LintFinding[] {
  const some = (code: LintCode, found: readonly string[], came: string) => {
    if (found.length === 0) return [];
    const groups = counted(found.length, "group", "groups");
    const like = isRole ? "" : found.length === 1 ? " whose name looks privileged" : " whose names look privileged";
    const message = `gives ${quote(label)} or the like to members of ${groups}${like}${came}: ${listed(found)}`;
    return [lintFinding(code, `${pointer}/group_pattern`, message)];
  };
  const joint = isRole ? " that" : " and that";
  return [
    ...some("new_privileged_match", fresh, `${joint} came after the mapping was saved`),
    ...some("privileged_match", names, ""),
  ];
}

function unmatchedPatterns(
  { alive, mapping }: LintView,
  matched: ReadonlySet<string>,
  heard: ReadonlySet<string>,
): readonly LintFinding[] {
  return alive.flatMap(({ rule }) => {
    const { groups, pointer } = rule;
    // With names beside it the pattern only reads them.
    if (!groups?.pattern || groups.any || matched.has(pointer)) return [];
    const isHeard = mapping.connections.some(
      ({ slug, mayGrantOwner }) => heard.has(slug) && appliesAt(rule, slug, mayGrantOwner),
    );
    if (!isHeard) return [];
    const message = "no group that was sent matches the pattern: it gives nobody anything until one does";
    return [lintFinding("unmatched_pattern", `${pointer}/group_pattern`, message)];
  });
}
