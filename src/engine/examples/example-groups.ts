/** Which of a person's groups an example has to have, and under which of their names and ids. */
import type { GroupFact } from "../../model/facts.js";
import type { PersonLink } from "../../model/person.js";
import { compareText } from "../compare-text.js";
import { type CompiledMapping, keysAt } from "../compile/compiled-mapping.js";
import type { RuleTable } from "../compile/rule-table.js";
import { type Asked, isAsked } from "../expression/asked.js";
import { labelsOf } from "../fact-reads.js";

export interface GroupKeys {
  /** As `groups` of an example lists them: names of the alias book, and the groups' own. */
  readonly groups: readonly string[];
  /** As `group_ids` lists them: ids, and names to which the alias book gives another meaning, or a wider one. */
  readonly ids: readonly string[];
  /** Some of them is no longer asserted. */
  readonly stale: boolean;
}

/** `byName` and `byId`: what expressions want of `groups` and of `group_ids`. */
export function groupKeysOf(mapping: CompiledMapping, link: PersonLink, byName: Asked, byId: Asked): GroupKeys {
  const table = mapping.tables(link.connection);
  const keysOf = (label: string) => keysAt(mapping.aliases, label, link.connection.slug);
  const groups = new Set<string>();
  const ids = new Set<string>();
  let stale = false;
  for (const member of link.facts.groups.members) {
    const matched = matchedKeys(member, table);
    const labels = labelsOf(member, table).filter(
      (label) => isAsked(byName, label) || keysOf(label).some((key) => matched.has(key)),
    );
    const own = new Set([...member.names, ...member.ids]);
    // A name that stands for several groups would give the person all of them.
    const exact = labels.filter((label) => keysOf(label).every((key) => own.has(key)));
    const said = new Set(exact.flatMap(keysOf));
    const meant = labels.flatMap(keysOf).filter((key) => own.has(key));
    const asked = member.ids.filter((id) => isAsked(byId, id));
    const others = [...matched, ...meant, ...asked].filter((key) => !said.has(key));
    for (const label of exact) groups.add(label);
    for (const key of others) ids.add(key);
    stale ||= member.staleSince !== undefined && exact.length + others.length > 0;
  }
  return { groups: [...groups].sort(compareText), ids: [...ids].sort(compareText), stale };
}

/** The names and ids of a group that some matcher of a rule looks for. */
function matchedKeys({ names, ids }: GroupFact, { byName, byId, patterns, groupRules }: RuleTable): Set<string> {
  // Beside a pattern, names and ids only narrow it, and are not in the table.
  const narrowing = groupRules.filter(({ rule }) => rule.groups?.pattern).flatMap(({ keys }) => (keys ? [keys] : []));
  const fits = (name: string) => (patterns?.hits(name).length ?? 0) > 0;
  return new Set([
    ...names.filter((name) => byName.has(name) || fits(name) || narrowing.some((keys) => keys.names.has(name))),
    ...ids.filter((id) => byId.has(id) || narrowing.some((keys) => keys.ids.has(id))),
  ]);
}
