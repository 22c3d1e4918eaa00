/** Decides which role assignments SCIM makes of a person: their own, and those of the groups that it put them into. */

import type { ClaimsDocument } from "../model/directory.js";
import type { Instant } from "../model/ids.js";
import type { DirectoryGroupRecord, LinkRecord, MembershipRecord } from "../model/person.js";
import type { ScimRole, ScimRoleFact } from "../model/scim-role.js";
import { type GroupDirectory, groupDirectory } from "./directory-groups.js";
import { unlistedByClaims } from "./group-facts.js";

const NO_ROLES: readonly ScimRole[] = [];

/** Of a link whose SCIM document is evidence. Where claims alone answer for groups, SCIM's memberships are none. */
export function scimRoleFacts(record: LinkRecord): readonly ScimRoleFact[] {
  const { connection, scim, memberships } = record;
  const own = scim?.roles ?? NO_ROLES;
  if (connection.groups === "claims") return own;
  const carrying = memberships.filter(({ group }) => !group.deleted && group.roles !== undefined);
  if (carrying.length === 0) return own;
  return [...own, ...carrying.flatMap((membership) => carriedRoles(record, membership))];
}

/**
 * INVARIANT: no role outlives the membership that carries it: what ends a rule's grant by the group ends its roles, and what only
 * keeps that grant only keeps these.
 */
function carriedRoles(record: LinkRecord, { group, since }: MembershipRecord): readonly ScimRoleFact[] {
  const standing = standingOf(record, group);
  if (standing === "ended") return [];
  const { displayName, roles = NO_ROLES } = group;
  return roles.map((role) => ({ ...role, group: displayName, since, ...standing }));
}

type Standing = { readonly staleSince?: Instant } | "ended";

/** Since groups are unmanaged, or until the client confirms one that is managed again, sign-ins may end the membership. */
function standingOf({ connection, claims }: LinkRecord, group: DirectoryGroupRecord): Standing {
  const { groupsUnmanagedSince, directoryGroups, settleSeconds } = connection;
  const staleSince = groupsUnmanagedSince ?? group.unconfirmedSince;
  if (staleSince === undefined) return {};
  const claimed = connection.groups === "auto" ? claims?.groups : undefined;
  if (claimed === undefined || claimed.at < staleSince) return { staleSince };
  const told = listing(claimed.value, group, groupDirectory(directoryGroups, settleSeconds));
  if (told === "unlisted") return unlistedByClaims(claims) === "not_member" ? "ended" : { staleSince };
  // Nobody can change what an unmanaged group carries, so that a sign-in keeps it and makes it no newer.
  const isFresh = told === "listed" && groupsUnmanagedSince === undefined && claimed.staleSince === undefined;
  return isFresh ? {} : { staleSince };
}

/** Whether claims list a group; `perhaps` by a name that may be another's. */
function listing(
  values: NonNullable<ClaimsDocument["groups"]>["value"],
  group: DirectoryGroupRecord,
  directory: GroupDirectory,
): "listed" | "perhaps" | "unlisted" {
  const naming = values.filter((value) => directory.meantBy(value).some(({ id }) => id === group.id));
  if (naming.length === 0) return "unlisted";
  const isSure = (value: string) =>
    directory.meantBy(value).length === 1 && directory.contendedSince(value) === undefined;
  return naming.some(isSure) ? "listed" : "perhaps";
}
