/** The mapping of a generated tenant, and an edit of it: 100 rules, of which ten are patterns and ten ask an expression about the group. */
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { groupName, type Shape, shapedUser } from "./shape.js";

const AREAS = 10;
const ROLES = ["viewer", "editor", "team_admin"];

/** `rules`: how many in all, at least twenty. */
export function mappingOf(shape: Shape, rules = 100): MappingDocument {
  return document([...literalRules(shape, rules - 2 * AREAS), ...patternRules(), ...expressionRules()]);
}

function document(mappings: readonly RuleDocument[]): MappingDocument {
  return { version: 1, role_order: ROLES, unknown_team: "create_any", no_match: "allow", mappings };
}

/** Rules that name one group each, over small and large groups alike. */
export function literalRules(shape: Shape, count: number): readonly RuleDocument[] {
  const plain = Array.from({ length: shape.groups }, (_, at) => at).filter((at) => at % 10 !== 7 && at % 10 !== 4);
  const step = Math.max(1, Math.floor(plain.length / count));
  return Array.from({ length: count }, (_, index) => {
    const group = plain[(index * step + 3) % plain.length] ?? 0;
    return { group_name: groupName(group), team_name: `Team ${group}`, role_name: ROLES[index % 2] ?? "viewer" };
  });
}

function patternRules(): readonly RuleDocument[] {
  return Array.from({ length: AREAS }, (_, area) => ({
    group_pattern: `app-${area}-{team}-{role}`,
    values: { team: { "*": true as const }, role: { ro: "viewer", rw: "editor", adm: "team_admin" } },
    team_name: `Area ${area} {team}`,
    role_name: "{role}",
  }));
}

function expressionRules(): readonly RuleDocument[] {
  return Array.from({ length: AREAS }, (_, area) => ({
    group_pattern: `prj-${area}-*`,
    when: "$contains(group.name, '-open') or $substringAfter(group.name, 'prj-') = 'never'",
    team_name: `Projects ${area}`,
    role_name: "viewer",
  }));
}

/** The mapping with another role in some literal rules, so that about `share` of the people see a change. */
export function editOf(shape: Shape, mapping: MappingDocument, share: number): MappingDocument {
  const edited = rulesFor(shape, mapping.mappings ?? [], share);
  return {
    ...mapping,
    mappings: (mapping.mappings ?? []).map((rule, at) =>
      edited.has(at) ? { ...rule, role_name: "team_admin" } : rule,
    ),
  };
}

const SAMPLE = 2000;

/** Positions of rules whose groups together hold that share of the people, by a sample. */
function rulesFor(shape: Shape, rules: readonly RuleDocument[], share: number): ReadonlySet<number> {
  const people = Array.from({ length: Math.min(SAMPLE, shape.users) }, (_, at) => groupNamesOf(shape, at));
  const edited = new Set<number>();
  const reached = new Set<number>();
  for (let at = rules.length - 1; at >= 0 && reached.size < share * people.length; at--) {
    const name = rules[at]?.group_name;
    if (typeof name !== "string") continue;
    const holders = people.flatMap((groups, person) => (groups.has(name) ? [person] : []));
    if (reached.size + holders.length > (share + 0.03) * people.length) continue;
    for (const person of holders) reached.add(person);
    edited.add(at);
  }
  return edited;
}

function groupNamesOf(shape: Shape, at: number): ReadonlySet<string> {
  return new Set(shapedUser(shape, at).groups.map(groupName));
}
