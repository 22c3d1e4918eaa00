/** A connection's SCIM groups as evidence: what names and ids they go by, and for which of them SCIM alone answers. */
import type { Instant } from "../model/ids.js";
import type { DirectoryGroupRecord } from "../model/person.js";
import { pushTo } from "../model/push-to.js";
import { isHeld, knownNames, ownNames } from "./pins/group-pins.js";

/** How facts show a group: its names and its stable ids. Shared by everybody in the group. */
export interface GroupNames {
  readonly names: readonly string[];
  readonly ids: readonly string[];
  /** What the source calls it now, where rules do not know it by that name. */
  readonly presentName?: string;
  /** A name that it took over from a deleted group, and that no admin has confirmed. */
  readonly waiting?: string;
}

/** The groups of one connection, as claims and memberships ask for them. */
export interface GroupDirectory {
  namesOf(group: DirectoryGroupRecord): GroupNames;
  /**
   * Groups that a claim's value may mean: by id before by name, living ones before deleted ones. A name means the group that
   * rules know by it, and by its present name too.
   */
  meantBy(value: string): readonly DirectoryGroupRecord[];
  /** Since when a group bears a name that another living group holds: claims cannot tell the two apart. */
  contendedSince(value: string): Instant | undefined;
  /** SCIM alone answers for the group: it is deleted, or had its first member `settleSeconds` ago. */
  isSettled(group: DirectoryGroupRecord, now: Instant): boolean;
  /** Names and ids by which only groups go that SCIM alone answers for. Shared by everybody at one instant. */
  settledKeys(now: Instant): ReadonlySet<string>;
  /** Names and ids of every group. */
  readonly allKeys: ReadonlySet<string>;
}

const NO_GROUPS: readonly never[] = [];

// A connection's list is one array for all its links, replaced when a group changes: what is built from it is kept with it.
const directories = new WeakMap<readonly DirectoryGroupRecord[], Map<number, GroupDirectory>>();

/** The directory of a list of groups. Lists are taken as immutable. */
export function groupDirectory(groups: readonly DirectoryGroupRecord[], settleSeconds: number): GroupDirectory {
  const bySettle = directories.get(groups) ?? new Map<number, GroupDirectory>();
  directories.set(groups, bySettle);
  const existing = bySettle.get(settleSeconds);
  if (existing) return existing;
  const directory = buildDirectory(groups, settleSeconds);
  bySettle.set(settleSeconds, directory);
  return directory;
}

function buildDirectory(groups: readonly DirectoryGroupRecord[], settleSeconds: number): GroupDirectory {
  const names = new Map(groups.map((group) => [group.id, groupNames(group)]));
  const namesOf = (group: DirectoryGroupRecord) => names.get(group.id) ?? groupNames(group);
  const byId = new Map<string, DirectoryGroupRecord[]>();
  for (const group of groups) {
    for (const id of namesOf(group).ids) pushTo(byId, id, group);
  }
  const contended = contendedNames(groups);
  const byName = claimedNames(groups, namesOf, contended);
  const settling = new Map<DirectoryGroupRecord, Instant>();
  for (const group of groups) {
    if (group.firstMembershipAt !== undefined) settling.set(group, settledAt(group.firstMembershipAt, settleSeconds));
  }
  const isSettled = (group: DirectoryGroupRecord, now: Instant) => {
    const at = settling.get(group);
    return group.deleted || (at !== undefined && at <= now);
  };
  return {
    namesOf,
    isSettled,
    meantBy: (value) => livingFirst(byId.get(value) ?? byName.get(value) ?? NO_GROUPS),
    contendedSince: (value) => (byId.has(value) ? undefined : contended.get(value)),
    settledKeys: settledKeys(groups, namesOf, isSettled, [...settling.values()].sort()),
    allKeys: new Set([...byId.keys(), ...byName.keys()]),
  };
}

function groupNames(group: DirectoryGroupRecord): GroupNames {
  const { displayName, externalId, id, pins = NO_GROUPS } = group;
  const names = knownNames(group);
  const waiting = pins.find((pin) => pin.state === "waiting");
  return {
    names,
    ids: externalId === undefined ? [id] : [externalId, id],
    ...(names.includes(displayName) ? {} : { presentName: displayName }),
    ...(waiting ? { waiting: waiting.name } : {}),
  };
}

/** Claims say the present name after a rename, and sign-ins from before it say the old one: both mean the group. */
function claimedNames(
  groups: readonly DirectoryGroupRecord[],
  namesOf: GroupDirectory["namesOf"],
  contended: ReadonlyMap<string, Instant>,
): ReadonlyMap<string, readonly DirectoryGroupRecord[]> {
  const claimed = new Map<string, DirectoryGroupRecord[]>();
  for (const group of groups) {
    const { names } = namesOf(group);
    for (const name of names) pushTo(claimed, name, group);
    if (!group.pins) continue;
    for (const name of ownNames(group)) if (!names.includes(name) && !contended.has(name)) pushTo(claimed, name, group);
  }
  return claimed;
}

function contendedNames(groups: readonly DirectoryGroupRecord[]): ReadonlyMap<string, Instant> {
  const held = new Set<string>();
  const since = new Map<string, Instant>();
  for (const { deleted, pins = NO_GROUPS } of groups) {
    for (const pin of deleted ? NO_GROUPS : pins) {
      if (isHeld(pin)) held.add(pin.name);
      else since.set(pin.name, earlier(pin.since, since.get(pin.name)));
    }
  }
  return new Map([...since].filter(([name]) => held.has(name)));
}

function earlier(a: Instant, b: Instant | undefined): Instant {
  return b !== undefined && b < a ? b : a;
}

function settledAt(firstMembershipAt: Instant, settleSeconds: number): Instant {
  return new Date(Date.parse(firstMembershipAt) + settleSeconds * 1000).toISOString();
}

function livingFirst(groups: readonly DirectoryGroupRecord[]): readonly DirectoryGroupRecord[] {
  const living = groups.filter((group) => !group.deleted);
  return living.length > 0 ? living : groups;
}

/** Built anew only when another group has settled. `instants`: when groups settle, in order. */
function settledKeys(
  groups: readonly DirectoryGroupRecord[],
  namesOf: GroupDirectory["namesOf"],
  isSettled: GroupDirectory["isSettled"],
  instants: readonly Instant[],
): GroupDirectory["settledKeys"] {
  let builtFor: number | undefined;
  let keys: ReadonlySet<string> = new Set();
  const keysOf = (group: DirectoryGroupRecord) => [...namesOf(group).names, ...namesOf(group).ids];
  return (now) => {
    const passed = passedBy(instants, now);
    if (builtFor === passed) return keys;
    // A deleted group's name may have passed on to a living one, for which SCIM does not answer yet.
    const open = new Set(groups.filter((group) => !isSettled(group, now)).flatMap(keysOf));
    const settled = groups.filter((group) => isSettled(group, now)).flatMap(keysOf);
    keys = new Set(settled.filter((key) => !open.has(key)));
    builtFor = passed;
    return keys;
  };
}

/** How many of the instants, which stand in order, have passed. */
function passedBy(instants: readonly Instant[], now: Instant): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((instants[middle] as Instant) <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}
