/** What an expression reads of a person: whether all of it is known, and the input that it runs on. */

import type { ExpressionJob } from "../model/expression.js";
import type { Facts, GroupFact, UserAttribute } from "../model/facts.js";
import type { Instant } from "../model/ids.js";
import type { Json, JsonObject } from "../model/json.js";
import { type Known, known, type UnknownReason, unknown } from "../model/known.js";
import { type Target, teamOf } from "../model/target.js";
import type { CompiledExpression } from "./compile/compiled-mapping.js";
import type { RuleTable } from "./compile/rule-table.js";
import type { FactPath } from "./expression/facts.js";

/** What there is to read: a person's facts at a connection and, where the expression may read them, a group or a target. */
export interface Readable {
  readonly facts: Facts;
  readonly table: RuleTable;
  readonly group?: GroupFact | undefined;
  readonly target?: Target;
}

/** `refused`: the expression never runs, and counts as failed. */
export type Reads =
  | { readonly ok: false; readonly refused: string }
  | { readonly ok: true; readonly job: ExpressionJob; readonly key: string; readonly staleSince?: Instant }
  | { readonly ok: false; readonly refused?: undefined; readonly path: FactPath; readonly reason: UnknownReason };

/** The job of an expression, or the first fact that is unknown, or why it never runs. `key` is equal for equal jobs. */
export function readFacts({ source, reads, refused }: CompiledExpression, from: Readable): Reads {
  if (refused !== undefined) return { ok: false, refused };
  const input: Record<string, Record<string, Json> | Json> = {};
  let staleSince: Instant | undefined;
  for (const path of reads) {
    const fact = factAt(path, from);
    if (!fact.known) return { ok: false, path, reason: fact.reason };
    staleSince = earlier(staleSince, fact.staleSince);
    put(input, path, fact.value);
  }
  // Reads are sorted and lists too, so that people with the same facts have the same text.
  const key = `${source}\u0000${JSON.stringify(input)}`;
  return {
    ok: true,
    job: { source, input: input as JsonObject },
    key,
    ...(staleSince === undefined ? {} : { staleSince }),
  };
}

function earlier(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

/** `null`: known to be absent, which JSONata knows as "nothing", so it is left out of the input. */
function put(input: Record<string, Record<string, Json> | Json>, path: FactPath, value: Json): void {
  const dot = path.indexOf(".");
  const root = dot < 0 ? path : path.slice(0, dot);
  if (dot < 0) {
    input[root] = value;
    return;
  }
  input[root] ??= {};
  const parts = input[root] as Record<string, Json>;
  if (value !== null) parts[path.slice(dot + 1)] = value;
}

function factAt(path: FactPath, { facts, table, group, target }: Readable): Known<Json> {
  const dot = path.indexOf(".");
  const name = path.slice(dot + 1);
  switch (dot < 0 ? path : path.slice(0, dot)) {
    case "user":
      return facts.user[name as UserAttribute];
    case "groups":
      return allGroups(facts, (member) => labelsOf(member, table));
    case "group_ids":
      return allGroups(facts, (member) => member.ids);
    case "app_roles":
      return facts.appRoles.known ? { ...facts.appRoles, value: facts.appRoles.value.toSorted() } : facts.appRoles;
    case "claims":
      return Object.hasOwn(facts.claims, name)
        ? known(facts.claims[name] as readonly string[])
        : unknown("absent_claim");
    case "connection":
      return known(facts.connection[name as keyof Facts["connection"]]);
    case "group":
      return groupPart(group as GroupFact, name, table);
    case "target":
      return known(targetPart(target as Target, name));
    default:
      return known(facts.now);
  }
}

function allGroups({ groups }: Facts, textsOf: (member: GroupFact) => readonly string[]): Known<Json> {
  if (groups.unlisted !== "not_member") return unknown(groups.unlisted);
  const staleSince = groups.members.map((member) => member.staleSince).reduce(earlier, undefined);
  return known([...new Set(groups.members.flatMap(textsOf))].sort(), staleSince);
}

/** The names of a group as rules know it: those of the alias book, and its own that the book gives no other meaning here. */
export function labelsOf(member: GroupFact, { labelsOf: labels, aliased }: RuleTable): readonly string[] {
  const own = member.names.filter((name) => !aliased.has(name));
  return [...[...member.names, ...member.ids].flatMap((key) => labels.get(key) ?? []), ...own];
}

/** INVARIANT: a group that goes by no name has none here either, whatever it is called now. */
function groupPart(group: GroupFact, part: string, table: RuleTable): Known<Json> {
  const name = labelsOf(group, table)[0] ?? group.names[0] ?? null;
  return known(part === "id" ? (group.ids[0] as string) : name, group.staleSince);
}

function targetPart(target: Target, part: string): Json {
  if (part === "team") return teamOf(target.scope) ?? null;
  return part === "role" ? target.role : target.scope;
}
