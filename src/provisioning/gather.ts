import type { CompiledMapping } from "../engine/compile/compile.js";
import { linkFacts } from "../engine/facts.js";
import type { Connection } from "../model/connection.js";
import type { Grant } from "../model/grant.js";
import type { ConnectionId, Instant, UserId } from "../model/ids.js";
import { known } from "../model/known.js";
import type {
  DirectoryGroupRecord,
  LinkConnection,
  LinkRecord,
  MembershipRecord,
  PersonLink,
  PersonState,
} from "../model/person.js";
import { pushTo } from "../model/push-to.js";
import type { Provisioning } from "./deps.js";
import { asJoined, type Joins } from "./join-doubles.js";
import { type Keepers, keepersOf, standingGroups, supersededPeople, whatStays } from "./left-behind.js";
import type { LinkRow } from "./ports/access.js";
import type { TenantReader } from "./ports/store.js";

/** One person with current links: what evaluation reads. */
export interface Gathered {
  readonly state: PersonState;
  readonly links: readonly PersonLink[];
}

/** "As if": connection settings that a preview or a switch pretends, by connection. */
export type Overlay = ReadonlyMap<ConnectionId, Pretence>;
/** What is pretended of one connection; what is absent stays as it is. */
export interface Pretence {
  readonly sync?: LinkConnection["sync"];
  /** Everybody pushed here counts as deactivated by their source: the connection is being switched off. */
  readonly leaving?: boolean;
  /** What it gave is everybody's by hand. */
  readonly converted?: boolean;
  /** Rows that become one as it goes live. */
  readonly joins?: Joins;
  /** Its groups with the names that they would hold. */
  readonly groups?: LinkConnection["directoryGroups"];
}

/** As of when, and as if what. */
export interface GatherOptions {
  readonly now: Instant;
  /** What the facts are for: what its `scim_roles` declare is no app role. */
  readonly mapping: Pick<CompiledMapping, "scimRoles">;
  readonly overlay?: Overlay;
  /** What `linksOf` says of these people, where it was asked already. */
  readonly links?: readonly StoredLink[];
  /** The same of a connection's `groupsVersion`. */
  readonly groups?: { readonly connection: ConnectionId; readonly version: number } | undefined;
}

/**
 * Reads the facts of people, in a constant number of statements for any number of people. Connections are given by the
 * caller, who read them once for the whole batch or walk. INVARIANT: `states` were read before everything that they are
 * judged by, connections too: whatever moves meanwhile raises a version that apply compares with theirs.
 */
export async function gather(
  p: Provisioning,
  reader: TenantReader,
  connections: readonly Connection[],
  states: readonly PersonState[],
  options: GatherOptions,
): Promise<readonly Gathered[]> {
  const stored = options.links ?? (await linksOf(reader, states));
  const rows = stored.map((row) => {
    const joins = options.overlay?.get(row.connection)?.joins;
    return joins ? asJoined(row, joins, options.now) : row;
  });
  const linked = new Set(rows.map((row) => row.connection));
  const keepers = keepersOf(connections, (id) => options.overlay?.get(id)?.sync, options.now);
  const byId = new Map<ConnectionId, LinkConnection>();
  let privilegedRoles: ReadonlySet<string> | undefined;
  for (const connection of connections) {
    if (!linked.has(connection.id)) continue;
    const pretence = options.overlay?.get(connection.id);
    const all =
      pretence?.groups ?? (await p.groupBook.groups(reader, connection.id, versionOf(connection.id, options)));
    const groups = connection.protocol === "local" ? standingGroups(all, keepers) : all;
    if (groups.some(hasWaitingName)) privilegedRoles ??= await reader.privilegedRoles();
    const base = linkConnection(connection, groups, privilegedRoles);
    byId.set(connection.id, asPretended(base, pretence));
  }
  const links = linksByUser(rows, byId, keepers, options);
  return states.map((state) => ({ state: asConverted(state, options.overlay), links: links.get(state.id) ?? [] }));
}

function versionOf(connection: ConnectionId, { groups }: GatherOptions): number | undefined {
  return groups?.connection === connection ? groups.version : undefined;
}

/** A link as the ledger has it; with `until` where it is a service account's. */
export interface StoredLink extends LinkRow {
  readonly account?: { readonly until?: Instant | undefined };
}

/**
 * All links of these people. INVARIANT: a batch without service accounts, as nearly every one is, asks nothing more for them.
 */
export async function linksOf(reader: TenantReader, states: readonly PersonState[]): Promise<readonly StoredLink[]> {
  const ids = (accounts: boolean) =>
    states.filter(({ serviceAccount = false }) => serviceAccount === accounts).map(({ id }) => id);
  const rows = await reader.links(ids(false));
  const accounts = ids(true);
  if (accounts.length === 0) return rows;
  const links = await reader.accountLinks(accounts);
  return [...rows, ...links.map(({ expiresAt: until, ...row }) => ({ ...row, account: { until } }))];
}

/** People leave by a connection that is being ended, too: it says nothing more only once they have. */
function asPretended(base: LinkConnection, { sync, leaving }: Pretence = {}): LinkConnection {
  return { ...base, ...(sync !== undefined && { sync }), ...(leaving && { disabled: false }) };
}

/** The person with what converted connections gave as theirs by hand. */
function asConverted(state: PersonState, overlay: Overlay = new Map()): PersonState {
  const isConverted = ({ origin, connection }: Grant) =>
    (origin === "rule" || origin === "scim_role") && connection !== undefined && overlay.get(connection)?.converted;
  if (!state.grants.some(isConverted)) return state;
  const grants = state.grants.map((grant): Grant => {
    if (!isConverted(grant)) return grant;
    const { connection: _, rule: __, mappingVersion: ___, ...kept } = grant;
    return { ...kept, origin: "manual" };
  });
  return { ...state, grants };
}

/** What evaluation reads of a connection. */
export function linkConnection(
  connection: Connection,
  directoryGroups: LinkConnection["directoryGroups"],
  privilegedRoles?: ReadonlySet<string>,
): LinkConnection {
  return {
    id: connection.id,
    slug: connection.slug,
    protocol: connection.protocol,
    sync: connection.sync,
    jit: connection.jit,
    groups: connection.groups,
    mayGrantOwner: connection.mayGrantOwner,
    disabled: connection.disabledAt !== undefined,
    settleSeconds: connection.settleSeconds,
    priority: connection.priority,
    ...(connection.firstGroupPushAt === undefined ? {} : { firstGroupPushAt: connection.firstGroupPushAt }),
    ...(connection.groupsUnmanagedSince === undefined ? {} : { groupsUnmanagedSince: connection.groupsUnmanagedSince }),
    directoryGroups,
    ...(privilegedRoles && { privilegedRoles }),
  };
}

function hasWaitingName({ pins }: DirectoryGroupRecord): boolean {
  return pins?.some(({ state }) => state === "waiting") === true;
}

function linksByUser(
  rows: readonly StoredLink[],
  connections: ReadonlyMap<ConnectionId, LinkConnection>,
  keepers: Keepers,
  { now, mapping, overlay }: GatherOptions,
): ReadonlyMap<UserId, PersonLink[]> {
  const links = new Map<UserId, PersonLink[]>();
  const superseded = supersededPeople(rows, keepers);
  for (const row of rows) {
    const connection = connections.get(row.connection);
    const record = connection && linkRecord(row, connection);
    const said = record?.connection.protocol === "local" ? whatStays(record, superseded.get(row.user)) : record;
    const present = said && linkFacts(said, now, mapping.scimRoles);
    if (!present) continue;
    const leaving = present.scim !== undefined && overlay?.get(row.connection)?.leaving;
    const link: PersonLink = leaving ? { ...present, scim: "inactive" } : present;
    pushTo(links, row.user, row.account ? accountLink(link, row.account.until, now) : link);
  }
  for (const mine of links.values()) mine.sort(strongestFirst);
  return links;
}

/** The link of a service account: what the mapping says of people is not said of it. */
function accountLink(link: PersonLink, until: Instant | undefined, now: Instant): PersonLink {
  const connection: LinkConnection = { ...link.connection, unruled: true };
  return { ...link, connection, ...(until !== undefined && until <= now && { expired: true }) };
}

function strongestFirst(a: PersonLink, b: PersonLink): number {
  return a.connection.priority - b.connection.priority || (a.directoryUser < b.directoryUser ? -1 : 1);
}

function linkRecord(row: LinkRow, connection: LinkConnection): LinkRecord {
  return {
    directoryUser: row.directoryUser,
    connection,
    ...(row.scim && {
      scim: {
        active: row.scim.active,
        deleted: row.deleted,
        attributes: row.scim.attributes,
        appRoles: known(row.scim.appRoles),
        ...(row.scim.roles && { roles: row.scim.roles }),
        createdAt: row.scim.createdAt,
      },
    }),
    ...(row.claims && { claims: row.claims }),
    memberships: membershipsOf(row, connection),
  };
}

// Kept with the list itself, which is one array for everybody until a group changes.
const recordsById = new WeakMap<readonly DirectoryGroupRecord[], ReadonlyMap<string, DirectoryGroupRecord>>();

/** INVARIANT: links are read before the groups of their connection, so that every group of a membership is there. */
function membershipsOf(row: LinkRow, { directoryGroups }: LinkConnection): readonly MembershipRecord[] {
  const records = recordsById.get(directoryGroups) ?? new Map(directoryGroups.map((group) => [group.id, group]));
  recordsById.set(directoryGroups, records);
  const memberships: MembershipRecord[] = [];
  for (const { group: id, since } of row.memberships) {
    const group = records.get(id);
    if (group) memberships.push({ group, since });
  }
  return memberships;
}
