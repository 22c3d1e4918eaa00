/**
 * Unmoved owns people for whom a mapping that is being saved changes nothing: the walk of the save has found them so, and
 * its run takes them as done while their facts stay as they were.
 */
import { type CompiledMapping, nextExpiry, readsNow } from "../../engine/compile/compile.js";
import { boundedMap } from "../../model/bounded-map.js";
import type { Connection } from "../../model/connection.js";
import type { Decision } from "../../model/evaluation.js";
import type { ConnectionId, Instant, TenantId, UserId } from "../../model/ids.js";
import type { DirectoryGroupRecord } from "../../model/person.js";
import type { PersonPlan } from "../../model/plan.js";
import type { Overlay } from "../gather.js";
import type { Repins } from "../mapping/mapping-pins.js";

export interface Unmoved {
  readonly user: UserId;
  readonly factsVersion: number;
}

/** What a walk found, and what all of it was judged by. */
export interface UnmovedPeople {
  /** Before anything was read. */
  readonly begun: Instant;
  readonly connections: readonly Connection[];
  /** The mapping that was active meanwhile. */
  readonly active: CompiledMapping;
  readonly people: Unmoved[];
}

/**
 * Whether a reconcile would write nothing for the person but the version. INVARIANT: nobody with a mark, a hold, or a rule
 * that could not be judged, and nobody whom an earlier version has not reached: these are looked at again.
 */
export function isUnmoved(
  { person, changes, kept, refreshed, frozen }: PersonPlan,
  { locks }: Decision,
  activeVersion: number,
): boolean {
  const isInStep = person.status === "registered" && !person.dirty && person.reconciledVersion === activeVersion;
  const isLeftAlone = changes.length + kept.length + refreshed.length + locks.length === 0;
  return isInStep && isLeftAlone && !frozen && person.hold === undefined;
}

/**
 * Whether what was found still holds when the mapping becomes active at `now`. People's facts are compared one by one, later;
 * this is what they were judged by, and what no version of a person speaks of: connections, names that are pinned by the
 * save, and the time.
 */
export function stillHolds(
  { begun, connections, active }: UnmovedPeople,
  mapping: CompiledMapping,
  overlay: Overlay,
  save: { readonly connections: readonly Connection[]; readonly repins: Repins; readonly now: Instant },
): boolean {
  const expiry = nextExpiry(mapping, begun);
  if (expiry !== undefined && expiry <= save.now) return false;
  if (readsNow(mapping) && begun.slice(0, DAY) !== save.now.slice(0, DAY)) return false;
  if (profileText(mapping) !== profileText(active)) return false;
  if (JSON.stringify(connections) !== JSON.stringify(save.connections)) return false;
  return arePinsAsPretended(overlay, save.repins);
}

/** Length of a day's date in an instant. */
const DAY = 10;

function profileText({ profile }: CompiledMapping): string {
  return JSON.stringify([...profile].map(([attribute, { source }]) => [attribute, source]));
}

function arePinsAsPretended(overlay: Overlay, repins: Repins): boolean {
  if (![...overlay.keys()].every((connection) => repins.has(connection))) return false;
  return [...repins].every(([connection, { before, groups }]) =>
    areSame(groups, pretendedGroups(overlay, connection) ?? before),
  );
}

function pretendedGroups(overlay: Overlay, connection: ConnectionId): readonly DirectoryGroupRecord[] | undefined {
  return overlay.get(connection)?.groups;
}

function areSame(groups: readonly DirectoryGroupRecord[], others: readonly DirectoryGroupRecord[]): boolean {
  if (groups === others) return true;
  if (groups.length !== others.length) return false;
  return groups.every((group, index) => JSON.stringify(group) === JSON.stringify(others[index]));
}

/** People of one walk who are noted, and of all tenants who are remembered: a few tens of megabytes. */
export const MOST_UNMOVED = 250_000;

/** What this process remembers between a save and its run; whatever it forgets is looked at again. */
export interface UnmovedBook {
  keep(tenant: TenantId, version: number, people: readonly Unmoved[]): void;
  /** Takes up to `limit` people out; none for another version than the last that was kept. */
  take(tenant: TenantId, version: number, limit: number): readonly Unmoved[];
}

interface Kept {
  readonly version: number;
  readonly people: readonly Unmoved[];
  taken: number;
}

/** `most` people are remembered over all tenants, the longest known forgotten first. */
export function createUnmovedBook(most: number): UnmovedBook {
  const kept = boundedMap<TenantId, Kept>(most, ({ people }) => people.length);
  return {
    keep(tenant, version, people) {
      if (people.length === 0 || people.length > most) kept.delete(tenant);
      else kept.set(tenant, { version, people, taken: 0 });
    },
    take(tenant, version, limit) {
      const entry = kept.get(tenant);
      if (entry?.version !== version) return [];
      const people = entry.people.slice(entry.taken, entry.taken + limit);
      entry.taken += people.length;
      if (entry.taken === entry.people.length) kept.delete(tenant);
      return people;
    },
  };
}
