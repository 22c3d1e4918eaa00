/**
 * Decides which source answers for which of a person's groups (design section 2, "Group authority").
 * INVARIANT: a group that both sources name is one fact, and what no source has said is unknown, never "not a member".
 */

import type { ClaimsDocument } from "../model/directory.js";
import type { GroupFact, GroupFacts } from "../model/facts.js";
import type { Instant } from "../model/ids.js";
import type { DirectoryGroupRecord, LinkConnection, LinkRecord } from "../model/person.js";
import { type GroupDirectory, groupDirectory } from "./directory-groups.js";

const NOTHING_ANSWERED: ReadonlySet<string> = new Set();

/** `isLive`: the person has a SCIM document that is evidence. */
export function groupFacts(record: LinkRecord, isLive: boolean, now: Instant): GroupFacts {
  const { connection, claims } = record;
  const directory = groupDirectory(connection.directoryGroups, connection.settleSeconds);
  if (connection.protocol === "local") return scimAlone(record, directory);
  if (isLive && connection.groupsUnmanagedSince !== undefined && !claimsAnswer(record)) {
    return lastPushed(record, directory, connection.groupsUnmanagedSince);
  }
  if (connection.groups === "scim") return isLive ? scimAlone(record, directory) : nothingKnown();
  const knowsNames = connection.sync === "live";
  if (!isLive || claimsAnswer(record)) return claimsAlone(claims, knowsNames ? directory : undefined);
  return together(record, directory, now);
}

/**
 * Claims answer where they were chosen, and where they have spoken since SCIM says nothing of groups any more; what they said
 * before only where it never said anything.
 */
function claimsAnswer({ connection, claims }: LinkRecord): boolean {
  if (connection.groups === "claims") return true;
  const { groupsUnmanagedSince, firstGroupPushAt } = connection;
  if (connection.groups !== "auto" || groupsUnmanagedSince === undefined || !claims?.groups) return false;
  return firstGroupPushAt === undefined || claims.groups.at >= groupsUnmanagedSince;
}

/** Unknown is not empty: what was pushed while groups were managed keeps, and gives nothing new. */
function lastPushed(record: LinkRecord, directory: GroupDirectory, staleSince: Instant): GroupFacts {
  const members = scimMembers(record.memberships, directory).map((member) => ({ staleSince, ...member }));
  return { members, unlisted: "never_asserted", answered: NOTHING_ANSWERED };
}

function nothingKnown(): GroupFacts {
  return { members: [], unlisted: "never_asserted", answered: NOTHING_ANSWERED };
}

function scimAlone(record: LinkRecord, directory: GroupDirectory): GroupFacts {
  return { members: scimMembers(record.memberships, directory), unlisted: "not_member", answered: NOTHING_ANSWERED };
}

function scimMembers(memberships: LinkRecord["memberships"], directory: GroupDirectory): GroupFact[] {
  const members: GroupFact[] = [];
  for (const { group, since } of memberships) {
    if (group.deleted) continue;
    const { names, ids, ...pinned } = directory.namesOf(group);
    const { unconfirmedSince: staleSince } = group;
    members.push({ names, ids, source: "scim", since, ...pinned, ...(staleSince !== undefined && { staleSince }) });
  }
  return members;
}

function claimsAlone(claims: ClaimsDocument | undefined, directory: GroupDirectory | undefined): GroupFacts {
  const members = new Map<string, GroupFact>();
  for (const value of claims?.groups?.value ?? []) {
    const living = directory?.meantBy(value).filter((group) => !group.deleted) ?? [];
    addClaimed(members, claims as ClaimsDocument, value, living, directory);
  }
  return { members: [...members.values()], unlisted: unlistedByClaims(claims), answered: NOTHING_ANSWERED };
}

/** What claims prove of groups that they do not list. */
export function unlistedByClaims(claims: ClaimsDocument | undefined): GroupFacts["unlisted"] {
  if (!claims) return "never_asserted";
  if (claims.groupsUnknown !== undefined) return claims.groupsUnknown;
  if (!claims.groups) return "never_asserted";
  return claims.groups.staleSince === undefined ? "not_member" : "absent_claim";
}

/**
 * SCIM answers for its settled groups, both for those that settle still, claims for all others and for those that came back
 * unconfirmed, where they spoke since.
 */
function together(record: LinkRecord, directory: GroupDirectory, now: Instant): GroupFacts {
  const { connection, claims } = record;
  const unlisted = !claims?.groups && scimKnowsAll(connection, claims) ? "not_member" : unlistedByClaims(claims);
  if (!claims?.groups) {
    return { members: scimMembers(record.memberships, directory), unlisted, answered: directory.allKeys };
  }
  const claimed = claims.groups;
  const memberships = standing(record.memberships, claimed, directory, unlisted);
  const held = new Set(memberships.map(({ group }) => group.id));
  const members = new Map<string, GroupFact>();
  for (const value of claimed.value) {
    const meant = directory.meantBy(value);
    const open = meant.filter((group) => !directory.isSettled(group, now) || spokeSince(claimed, group));
    const isAnswered = meant.length > 0 && open.length === 0;
    if (isAnswered || meant.some((group) => held.has(group.id))) continue;
    addClaimed(members, claims, value, open, directory);
  }
  return {
    members: [...scimMembers(memberships, directory), ...members.values()],
    unlisted,
    answered: directory.settledKeys(now),
  };
}

/** Claims that list groups. */
type Claimed = NonNullable<ClaimsDocument["groups"]>;

/** Whether claims listed groups after anybody last said who is in the group. */
function spokeSince({ at }: Claimed, { unconfirmedSince }: DirectoryGroupRecord): boolean {
  return unconfirmedSince !== undefined && at >= unconfirmedSince;
}

/**
 * Pushed memberships but those for which claims answer: the group came back unconfirmed, and they list it, or all that there
 * are without it.
 */
function standing(
  memberships: LinkRecord["memberships"],
  claimed: Claimed,
  directory: GroupDirectory,
  unlisted: GroupFacts["unlisted"],
): LinkRecord["memberships"] {
  if (!memberships.some(({ group }) => spokeSince(claimed, group))) return memberships;
  const listed = new Set(claimed.value.flatMap((value) => directory.meantBy(value).map(({ id }) => id)));
  const isAnswered = (group: DirectoryGroupRecord) =>
    spokeSince(claimed, group) && (unlisted === "not_member" || listed.has(group.id));
  return memberships.filter(({ group }) => !isAnswered(group));
}

/**
 * Whether SCIM's word is all there is for a person whose claims never listed a group: the directory has no sign-ins of its
 * own, or it pushes groups. Nothing that claims gave can be lost by it, as they gave nothing. A provider that says there are
 * groups it does not list is believed.
 */
function scimKnowsAll(connection: LinkConnection, claims: ClaimsDocument | undefined): boolean {
  if (connection.protocol === "scim") return true;
  const hides = claims?.groupsUnknown === "overage" || claims?.groupsUnknown === "truncated_at_100";
  return connection.firstGroupPushAt !== undefined && !hides;
}

/**
 * One fact per group, however many of its names and ids the claims list; a name that several groups share stays a name. A
 * name that a living group holds and another one bears may mean either: it keeps what the holder's members have, and gives
 * nothing new.
 */
function addClaimed(
  members: Map<string, GroupFact>,
  claims: ClaimsDocument,
  value: string,
  meant: readonly DirectoryGroupRecord[],
  directory: GroupDirectory | undefined,
): void {
  const [only, another] = meant;
  const known = only && !another ? directory?.namesOf(only) : undefined;
  // A value that is some group's id means that group, so the two kinds of key do not meet.
  const key = known && only ? only.id : value;
  const groups = claims.groups as NonNullable<ClaimsDocument["groups"]>;
  const staleSince = groups.staleSince ?? directory?.contendedSince(value);
  const { names, ids, ...pinned } = known ?? { names: [value], ids: [value] };
  const fact: GroupFact = { names, ids, source: "claims", since: groups.at, ...pinned };
  // The same group by its id, or by a name that it shares with none, is certain.
  if (staleSince === undefined) members.set(key, fact);
  else if (!members.has(key)) members.set(key, { ...fact, staleSince });
}
