/** Left-behind owns what still counts of people and groups made by hand beside a connection that keeps them, or once kept them. */
import type { Connection } from "../model/connection.js";
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import { known } from "../model/known.js";
import type { DirectoryGroupRecord, LinkRecord } from "../model/person.js";
import type { LinkRow } from "./ports/access.js";

/** What of a connection decides whether it has taken the place of what was made by hand. */
export type Keeper = Pick<Connection, "id" | "protocol" | "sync" | "disabledAt" | "liveUntil">;

/** Of each connection whether it is live, and when it last ceased to be, as of `now` and as if `sync` were so. */
export type Keepers = ReadonlyMap<ConnectionId, { readonly isLive: boolean; readonly liveUntil?: Instant | undefined }>;

export function keepersOf(
  connections: readonly Keeper[],
  pretended: (id: ConnectionId) => Connection["sync"] | undefined,
  now: Instant,
): Keepers {
  const others = connections.filter(({ protocol }) => protocol !== "local");
  return new Map(
    others.map(({ id, sync, disabledAt, liveUntil }) => {
      const isEnded = disabledAt !== undefined;
      const isLive = !isEnded && (pretended(id) ?? sync) === "live";
      return [id, { isLive, liveUntil: !isLive && !isEnded && sync === "live" ? now : liveUntil }];
    }),
  );
}

/** INVARIANT: a group made by hand counts until the connection that took it over was live, once and for all. */
export function standingGroups(
  groups: readonly DirectoryGroupRecord[],
  keepers: Keepers,
): readonly DirectoryGroupRecord[] {
  if (!groups.some(({ overwrittenBy }) => overwrittenBy !== undefined)) return groups;
  return groups.filter(({ overwrittenBy, overwrittenAt }) => {
    const keeper = overwrittenBy === undefined ? undefined : keepers.get(overwrittenBy);
    return !keeper?.isLive && !reaches(keeper?.liveUntil, overwrittenAt);
  });
}

function reaches(until: Instant | undefined, at: Instant | undefined): boolean {
  return until !== undefined && at !== undefined && at <= until;
}

/** Who spoke of a person in the place of admins: what is said now, or until when it was. */
export interface Superseded {
  readonly pushed?: NonNullable<LinkRow["scim"]>;
  readonly until?: Instant;
}

/** Of those of these people who are, or were, kept by a connection that is or was live. */
export function supersededPeople(rows: readonly LinkRow[], keepers: Keepers): ReadonlyMap<UserId, Superseded> {
  const byHand = new Set(rows.filter((row) => !keepers.has(row.connection)).map((row) => row.user));
  const superseded = new Map<UserId, Superseded>();
  for (const { user, connection, scim, linkedAt } of rows) {
    const keeper = scim && byHand.has(user) ? keepers.get(connection) : undefined;
    if (!scim || !keeper) continue;
    const before = superseded.get(user);
    if (keeper.isLive) superseded.set(user, { ...before, pushed: scim });
    else if (keeper.liveUntil !== undefined && reaches(keeper.liveUntil, linkedAt)) {
      const until = before?.until !== undefined && before.until > keeper.liveUntil ? before.until : keeper.liveUntil;
      superseded.set(user, { ...before, until });
    }
  }
  return superseded;
}

/**
 * INVARIANT: what an admin typed of a person is no evidence beside what a live connection says of them: from the groups alone
 * that they were put into by hand something may follow, and their attributes are the pushed ones there too. Once no connection is
 * live any more, only what was typed since is evidence, and the rest is unknown.
 */
export function whatStays(record: LinkRecord, { pushed, until }: Superseded = {}): LinkRecord | undefined {
  const { claims, ...rest } = record;
  if (pushed !== undefined) {
    if (record.memberships.length === 0) return undefined;
    const { attributes, createdAt } = pushed;
    return { ...rest, scim: { active: true, deleted: false, attributes, appRoles: known([]), createdAt } };
  }
  if (until === undefined) return record;
  const typed = Object.entries(claims?.attributes ?? {}).filter(([, { at }]) => at > until);
  if (record.memberships.length === 0 && typed.length === 0) return undefined;
  return { ...rest, ...(claims && { claims: { ...claims, attributes: Object.fromEntries(typed) } }) };
}
