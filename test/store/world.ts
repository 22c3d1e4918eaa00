/** A tenant with what most tests of the store need: people and groups by name, written through the ports alone. */
import { expect } from "chai";
import type { Connection, Tenant } from "../../src/model/connection.js";
import type { ScimGroupDocument, ScimUserDocument } from "../../src/model/directory.js";
import { USER_ATTRIBUTES, type UserAttribute } from "../../src/model/facts.js";
import { fold } from "../../src/model/fold.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, GrantId, Instant, UserId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import type { PlanSummary } from "../../src/model/plan.js";
import { Refusal, type RefusalCode } from "../../src/model/problem.js";
import type { AccessWrites, NewGrant } from "../../src/provisioning/ports/access.js";
import type { NewConnection } from "../../src/provisioning/ports/connections.js";
import type { Newcomer, WrittenRow } from "../../src/provisioning/ports/directory-writer.js";
import type { PlanKind, PlanRow } from "../../src/provisioning/ports/mappings.js";
import type { Store, TenantReader, TenantWriter } from "../../src/provisioning/ports/store.js";

export const NOW = "2026-03-01T08:00:00.000Z";
export const LATER = "2026-03-01T09:00:00.000Z";
export const MUCH_LATER = "2026-04-01T08:00:00.000Z";
/** How long sessions last at the longest: none has ended by it at `LATER`. */
export const LONGEST = { idleMinutes: 90, absoluteMinutes: 120 };

/** Of sessions that were opened and used at any of these instants before the last. */
export const ALIVE = {
  now: NOW,
  usedAfter: "2026-02-01T08:00:00.000Z",
  openedAfter: "2026-02-01T08:00:00.000Z",
  limit: 100,
};

export const SUMMARY: PlanSummary = {
  ...{ users: 1, changed: 1, granted: 1, revoked: 0, held: 0, kept: 0, frozen: 0, created: 0, deactivated: 0 },
  ...{ newTeams: ["Platform"], undecided: { items: [], more: 0 }, drifted: 0, privileged: { granted: 0, revoked: 0 } },
  ...{ byScope: { items: [], more: 0 }, byRole: { items: [], more: 0 } },
};

let numbers = 0;
/** Different in each call, so that tests on one database never meet. */
export function unique(prefix: string): string {
  return `${prefix}-${++numbers}`;
}

export const SCIM_CONNECTION: Omit<NewConnection, "slug"> = {
  protocol: "scim",
  jit: "off",
  sync: "live",
  syncChosen: true,
  groups: "auto",
  profile: "rfc",
  mayGrantOwner: true,
  allowedDomains: ["acme.test"],
  requireDomains: false,
  absentGroups: "unknown",
  rolesFrom: ["users", "groups"],
  manages: ["users", "groups", "serviceAccounts"],
  adopt: "verified_domain",
  settleSeconds: 3600,
};

export interface Pushed {
  readonly user: UserId;
  readonly row: DirectoryUserId;
}

export interface World {
  readonly store: Store;
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly read: TenantReader;
  write<T>(work: (tx: TenantWriter) => Promise<T>): Promise<T>;
  push(userName: string, more?: Partial<ScimUserDocument>): Promise<Pushed>;
  group(displayName: string, members?: readonly DirectoryUserId[]): Promise<DirectoryGroupId>;
}

export async function makeWorld(store: Store, seats: number | null = null): Promise<World> {
  const slug = unique("tenant");
  const tenant = await store.instance.createTenant({ slug, name: slug, domains: [], seats, scim: true }, NOW);
  const write: World["write"] = (work) => store.write(tenant.id, work);
  const connection = await write((tx) => tx.insertConnection({ ...SCIM_CONNECTION, slug: "main" }, NOW));
  return {
    store,
    tenant,
    connection,
    read: store.read(tenant.id),
    write,
    push: (userName, more) => write((tx) => pushUser(tx, connection.id, userDocument(userName, more))),
    group: (displayName, members = []) =>
      write(async (tx) => {
        const { id } = await tx.insertGroup(connection.id, groupDocument(displayName), NOW);
        await tx.addMembers(id, members, NOW);
        return id;
      }),
  };
}

export async function pushUser(tx: TenantWriter, connection: ConnectionId, scim: ScimUserDocument): Promise<Pushed> {
  const { userName } = scim;
  const user = await tx.insertPendingUser(
    { userName, ...(scim.email === undefined ? {} : { email: scim.email }) },
    NOW,
  );
  const row = await insertRow(tx, connection, user, scim);
  return { user, row: row.id };
}

export function newcomer(userName: string): Newcomer {
  return { document: userDocument(userName), profile: { userName }, seat: true };
}

export function insertRow(
  tx: TenantWriter,
  connection: ConnectionId,
  user: UserId,
  scim: ScimUserDocument,
): Promise<WrittenRow<DirectoryUserId>> {
  return tx.insertUserRow({ connection, user, linkedBy: "created", scim, userName: scim.userName }, NOW);
}

function noAttributes(): Record<UserAttribute, string | boolean | null> {
  return Object.fromEntries(USER_ATTRIBUTES.map((name) => [name, null])) as Record<
    UserAttribute,
    string | boolean | null
  >;
}

export function userDocument(userName: string, more: Partial<ScimUserDocument> = {}): ScimUserDocument {
  const resource: JsonObject = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName, active: true };
  return {
    resource,
    search: { userName: fold(userName), active: true },
    userName,
    userNameFolded: fold(userName),
    active: true,
    email: `${userName}@acme.test`,
    attributes: { ...noAttributes(), userName, active: true },
    appRoles: [],
    ...more,
  };
}

export function groupDocument(displayName: string, more: Partial<ScimGroupDocument> = {}): ScimGroupDocument {
  return {
    resource: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName },
    search: { displayName: fold(displayName) },
    displayName,
    displayNameFolded: fold(displayName),
    idpMappingNames: [],
    ...more,
  };
}

export const NO_WRITES: AccessWrites = {
  statuses: [],
  profiles: [],
  open: [],
  close: [],
  refresh: [],
  reconciled: [],
  version: 0,
};

export function newGrant(user: UserId, more: Partial<NewGrant> = {}): NewGrant {
  return {
    id: unique("grant") as GrantId,
    user,
    target: { scope: "tenant", role: "admin" },
    origin: "rule",
    rule: "r1",
    evidence: [{ kind: "everyone", label: "" }],
    ...more,
  };
}

export function register(world: World, users: readonly UserId[]): Promise<void> {
  return world.write((tx) =>
    tx.applyAccess({ ...NO_WRITES, statuses: users.map((user) => ({ user, to: "registered" as const })) }, NOW),
  );
}

/** That the promise is refused with this code. */
export async function expectRefusal(promise: Promise<unknown>, code: RefusalCode): Promise<void> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!("error" in outcome)) expect.fail(`expected the refusal ${code}, got ${JSON.stringify(outcome.value)}`);
  expect(outcome.error).to.be.instanceOf(Refusal);
  expect((outcome.error as Refusal).code).to.equal(code);
}

/** A finished plan of one page. */
export async function savePlan(
  tx: TenantWriter,
  plan: {
    readonly kind: PlanKind;
    readonly subject: string;
    readonly digest: string;
    readonly summary: PlanSummary;
    readonly expiresAt: Instant;
  },
  lines: readonly PlanRow[],
): Promise<string> {
  const id = await tx.beginPlan(plan, NOW);
  await tx.addPlanPages(id, lines.length === 0 ? [] : [{ place: 0, lines }]);
  await tx.finishPlan(id, plan);
  return id;
}
