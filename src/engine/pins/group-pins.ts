/**
 * Group pins own which group a name of the mapping means, whatever groups are called later: a rename changes nothing, and a
 * group that takes the name of a living one inherits nothing.
 */
import type { DirectoryGroupRecord, GroupPin } from "../../model/person.js";
import { compareText } from "../compare-text.js";
import { type CompiledMapping, type CompiledRule, expressionsOf, keysAt } from "../compile/compiled-mapping.js";

/** What the source calls the group now. */
export function ownNames({
  displayName,
  idpMappingNames,
}: Pick<DirectoryGroupRecord, "displayName" | "idpMappingNames">): readonly string[] {
  return [...new Set([displayName, ...idpMappingNames])];
}

/** Whether the group holds a name, confirmed or not; then a rename changes nothing. */
export function holdsName({ pins = [] }: Pick<DirectoryGroupRecord, "pins">): boolean {
  return pins.some(isHeld);
}

export function isHeld({ state }: Pick<GroupPin, "state">): boolean {
  return state !== "contends";
}

/**
 * By which names rules know the group. One that holds a name goes by what it was called when it took it; any other by its
 * own names. INVARIANT: never by a name that it only contends for.
 */
export function knownNames(group: DirectoryGroupRecord): readonly string[] {
  const { pins } = group;
  if (!pins) return ownNames(group);
  const held = pins.filter(isHeld);
  const names = held.length > 0 ? held.flatMap((pin) => [...pin.knownAs, pin.name]) : ownNames(group);
  const contended = new Set(pins.filter((pin) => !isHeld(pin)).map((pin) => pin.name));
  return [...new Set(names)].filter((name) => !contended.has(name));
}

/**
 * Every name that the mapping's rules look for at a connection, after the alias book: by a matcher, or as a text of an
 * expression that reads names of groups. Such a text may be something else; no group bears it then. Patterns are conventions
 * over names, and not among them. Whether the connection may grant `owner` makes no difference, so that switching it off and
 * on again moves no pin.
 */
export function mappedNames(
  { rules, aliases }: Pick<CompiledMapping, "rules" | "aliases">,
  slug: string,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const rule of rules) {
    const isRead = rule.enabled && (rule.give.owner || rule.connections?.has(slug) !== false);
    if (!isRead) continue;
    for (const key of writtenNames(rule)) for (const name of keysAt(aliases, key, slug)) names.add(name);
  }
  return names;
}

function writtenNames(rule: CompiledRule): readonly string[] {
  const any = rule.groups?.any;
  return [...(any?.by === "name" ? any.of : []), ...expressionsOf(rule).flatMap(({ groupNames }) => groupNames)];
}

/** A pin to be written. */
export interface PinWrite extends Pick<GroupPin, "name" | "knownAs"> {
  readonly group: string;
  readonly state: GroupPin["state"];
}

/** What a mapping that names `wanted` instead of the names before it changes in a connection's pins. */
export interface Repinned {
  /** The groups as they will be; the same list when no group changes. */
  readonly groups: readonly DirectoryGroupRecord[];
  readonly dropped: readonly string[];
  readonly fresh: readonly string[];
  readonly pins: readonly PinWrite[];
}

/**
 * Pins of a connection under another mapping. A name that is new to the mapping goes to every living group that bears it,
 * as today each of them would match; one that the mapping drops is forgotten, unless a group waits under it: a mapping that
 * names it again confirms nobody. A group that loses its last name so takes its place among those that wait for a name.
 */
export function repin(
  groups: readonly DirectoryGroupRecord[],
  before: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
): Repinned {
  const waiting = waitingNames(groups);
  const dropped = [...before].filter((name) => !wanted.has(name) && !waiting.has(name));
  const fresh = [...wanted].filter((name) => !before.has(name));
  if (dropped.length === 0 && fresh.length === 0) return { groups, dropped, fresh, pins: [] };
  const gone = new Set(dropped);
  const isNew = new Set(fresh);
  const pins: PinWrite[] = [];
  const meant = groupsById(groups, isNew);
  const next = groups.map((group) => {
    const taken = namesToTake(group, isNew, meant);
    if (taken.length === 0 && !group.pins?.some((pin) => gone.has(pin.name))) return group;
    pins.push(...taken);
    return withPins(without(group, gone), taken);
  });
  const freed = groups.filter((group, at) => holdsName(group) && !holdsName(next[at] as DirectoryGroupRecord));
  const heirs = freed.length === 0 ? [] : heirsAmong(next);
  pins.push(...heirs);
  const changed = pins.length > 0 || next.some((group, at) => group !== groups[at]);
  return { groups: changed ? withHeirs(next, heirs) : groups, dropped, fresh, pins };
}

function waitingNames(groups: readonly DirectoryGroupRecord[]): ReadonlySet<string> {
  const pins = groups.flatMap((group) => group.pins ?? []);
  return new Set(pins.filter(({ state }) => state === "waiting").map(({ name }) => name));
}

/**
 * Living groups that a name means by its being their id, as the alias book may say ids. INVARIANT: a group that calls itself
 * by the id of another one takes nothing by that.
 */
function groupsById(
  groups: readonly DirectoryGroupRecord[],
  names: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const meant = new Map<string, Set<string>>();
  for (const { id, externalId, deleted } of groups) {
    if (deleted) continue;
    for (const key of [id, externalId]) {
      if (key === undefined || !names.has(key)) continue;
      meant.set(key, (meant.get(key) ?? new Set()).add(id));
    }
  }
  return meant;
}

function isAnothers(
  meant: ReadonlyMap<string, ReadonlySet<string>>,
  name: string,
  group: DirectoryGroupRecord,
): boolean {
  return meant.get(name)?.has(group.id) === false;
}

function namesToTake(
  group: DirectoryGroupRecord,
  fresh: ReadonlySet<string>,
  meant: ReadonlyMap<string, ReadonlySet<string>>,
): readonly PinWrite[] {
  if (group.deleted) return [];
  const own = ownNames(group);
  const known = knownNames(group);
  const names = [...new Set([...own, ...known])].filter((name) => fresh.has(name));
  return names.map((name) => ({
    group: group.id,
    name,
    state: isAnothers(meant, name, group) ? "contends" : "held",
    knownAs: own.includes(name) ? own : known,
  }));
}

/** The group without what it has to do with these names. */
export function without(group: DirectoryGroupRecord, gone: ReadonlySet<string>): DirectoryGroupRecord {
  const { pins = [], ...rest } = group;
  const left = pins.filter((pin) => !gone.has(pin.name));
  return left.length > 0 ? { ...rest, pins: left } : rest;
}

/** As of the writing: a pin of a preview has no age. */
export function withPins(group: DirectoryGroupRecord, writes: readonly PinWrite[]): DirectoryGroupRecord {
  if (writes.length === 0) return group;
  const names = new Set(writes.map((write) => write.name));
  const kept = (group.pins ?? []).filter((pin) => !names.has(pin.name));
  const added = writes.map(({ name, state, knownAs }) => ({ name, state, knownAs, since: "" }));
  return { ...group, pins: [...kept, ...added] };
}

/** For each name that nobody holds, the oldest group that contends for it and holds no name: it waits for an admin. */
export function heirsAmong(groups: readonly DirectoryGroupRecord[]): readonly PinWrite[] {
  const held = new Set<string>();
  for (const { pins = [] } of groups) for (const pin of pins) if (isHeld(pin)) held.add(pin.name);
  const meant = groupsById(groups, new Set(groups.flatMap(({ pins = [] }) => pins.map(({ name }) => name))));
  const heirs = new Map<string, PinWrite>();
  for (const group of groups.toSorted((a, b) => compareText(a.id, b.id))) {
    if (group.deleted || holdsName(group)) continue;
    for (const { name } of group.pins ?? []) {
      if (held.has(name) || heirs.has(name) || isAnothers(meant, name, group)) continue;
      heirs.set(name, { group: group.id, name, state: "waiting", knownAs: ownNames(group) });
    }
  }
  return [...heirs.values()];
}

/** The groups once these heirs wait. */
export function withHeirs(
  groups: readonly DirectoryGroupRecord[],
  heirs: readonly PinWrite[],
): readonly DirectoryGroupRecord[] {
  if (heirs.length === 0) return groups;
  return groups.map((group) =>
    withPins(
      group,
      heirs.filter((heir) => heir.group === group.id),
    ),
  );
}
