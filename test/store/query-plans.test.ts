import { expect } from "chai";
import type {
  ConnectionId,
  CustomResourceId,
  DirectoryGroupId,
  DirectoryUserId,
  GrantId,
  RunId,
  TenantId,
  UserId,
} from "../../src/model/ids.js";
import { NOTHING_SHOWN } from "../../src/model/person.js";
import type { TenantWriter } from "../../src/provisioning/ports/store.js";
import type { Database } from "../../src/store/database.js";
import { createGathering } from "../../src/store/gathering.js";
import { instanceStore } from "../../src/store/instance.js";
import { createIds } from "../../src/store/new-id.js";
import { openPostgres } from "../../src/store/postgres.js";
import { type Fragment, type Sql, sql, verbatim } from "../../src/store/sql.js";
import { openSqlite } from "../../src/store/sqlite.js";
import { tenantWriter } from "../../src/store/tenant-handle.js";
import { sweep, tenantsWithWork } from "../../src/store/upkeep.js";
import { postgresUrl } from "./postgres-server.js";
import {
  groupDocument,
  LATER,
  LONGEST,
  NO_WRITES,
  NOW,
  newcomer,
  newGrant,
  SCIM_CONNECTION,
  userDocument,
} from "./world.js";

const CONNECTION = "c" as ConnectionId;
const USER = "u" as UserId;
const ROW = "d" as DirectoryUserId;
const GROUP = "g" as DirectoryGroupId;
const PAGE = { offset: 0, limit: 100 };
const DEVICE = "v" as CustomResourceId;
const UNIQUE = [{ within: "tenant", attribute: "serial", value: "1" }] as const;

const AT_A = { id: "a", number: null, text: "ann" };
const BY_USER_NAME = { path: [{ name: "userName", multi: false }], descending: false };
const BY_DISPLAY_NAME = { path: [{ name: "displayName", multi: false }], descending: false };

function column(name: string, value: string) {
  return { op: "compare", path: [{ name, multi: false }], comparator: "eq", value } as const;
}

/** What runs for a request or for each batch of the worker, and so may not depend on a tenant's size. */
const HOT: Readonly<Record<string, (tx: TenantWriter) => Promise<unknown>>> = {
  "a user by id": (tx) => tx.directoryUser(CONNECTION, ROW),
  "userName eq": (tx) => tx.directoryUsers(CONNECTION, { ...PAGE, filter: column("userName", "ann") }),
  "externalId eq": (tx) => tx.directoryUsers(CONNECTION, { ...PAGE, filter: column("externalId", "x") }),
  "a page of users": (tx) => tx.directoryUsers(CONNECTION, PAGE),
  "a page of users by cursor": (tx) => tx.directoryUsers(CONNECTION, { ...PAGE, walk: AT_A }),
  "a page of users by userName": (tx) => tx.directoryUsers(CONNECTION, { ...PAGE, sort: BY_USER_NAME }),
  "a page of users by userName, backwards": (tx) =>
    tx.directoryUsers(CONNECTION, { ...PAGE, sort: { ...BY_USER_NAME, descending: true } }),
  "a page of users by userName by cursor": (tx) =>
    tx.directoryUsers(CONNECTION, { ...PAGE, sort: BY_USER_NAME, walk: AT_A }),
  "a page of groups by displayName": (tx) => tx.directoryGroupsList(CONNECTION, { ...PAGE, sort: BY_DISPLAY_NAME }),
  "displayName eq of groups": (tx) =>
    tx.directoryGroupsList(CONNECTION, { ...PAGE, filter: column("displayName", "x") }),
  "a group with a member": (tx) =>
    tx.directoryGroupsList(CONNECTION, {
      ...PAGE,
      filter: {
        op: "and",
        items: [
          column("id", "g"),
          {
            op: "compare",
            path: [
              { name: "members", multi: true },
              { name: "value", multi: false },
            ],
            comparator: "eq",
            value: "d",
          },
        ],
      },
    }),
  "the log of a connection": (tx) => tx.keptRequests(CONNECTION, { limit: 100 }),
  "more like a logged request": (tx) => tx.addRepeats([{ id: "r", count: 1, until: NOW }]),
  "room in the log of a connection": (tx) => tx.trimRequests(CONNECTION, 10_000, 100),
  "a resource of an own type": (tx) => tx.customResource(CONNECTION, "Device", DEVICE),
  "a page of an own type": (tx) => tx.customResources(CONNECTION, "Device", PAGE),
  "writing a resource of an own type": (tx) =>
    tx.updateCustomResource(
      CONNECTION,
      "Device",
      { id: DEVICE, ifVersion: 1 },
      { resource: {}, search: {}, unique: UNIQUE },
      NOW,
    ),
  "deleting a resource of an own type": (tx) => tx.deleteCustomResource(CONNECTION, "Device", { id: DEVICE }),
  "ending a connection": (tx) => tx.updateConnection(CONNECTION, { disabledAt: NOW }, NOW),
  "members of a group": (tx) => tx.membersOf([GROUP]),
  "groups of users": (tx) => tx.groupsOf([ROW]),
  "who may be a member": (tx) => tx.shownAsMembers(CONNECTION, [ROW, GROUP]),
  "names of users": (tx) => tx.displayNames(CONNECTION, [ROW]),
  "rows to link to": (tx) => tx.rowsByNames(CONNECTION, { externalIds: ["x"], userNames: ["ann"] }),
  "people known by sign-in alone": (tx) => tx.signedInAlone(CONNECTION, { externalIds: ["s"], userNames: ["ann"] }),
  "names of a sign-in": (tx) => tx.keepSignInNames(ROW, [{ kind: "name", name: "ann" }]),
  "names that move to another row": (tx) => tx.moveSignInNames(ROW, ROW),
  "whom a sign-in meets": (tx) => tx.metBy(CONNECTION, [signInNamed(["x"], ["ann"])]),
  "a newcomer since somebody left": (tx) => tx.hasNewcomerSince(CONNECTION, ROW),
  "who keeps somebody out": (tx) => tx.keptOutBy(USER),
  "people by what somebody was ever called": (tx) =>
    tx.signedInAlone(CONNECTION, { externalIds: ["s"], userNames: ["ann"] }, [ROW]),
  "another whom a sign-in names": (tx) => tx.namesAnother(CONNECTION, signInNamed(["x"], ["ann"]), ROW),
  "pushed people by what they came in by": (tx) => tx.pushedSignIns(CONNECTION, ["s"], [ROW]),
  "noting who is kept out": (tx) => tx.noteKeptOut(CONNECTION, [{ subject: "s", by: ROW }], NOW),
  "letting a subject pass": (tx) => tx.letPass(CONNECTION, "s", [ROW], NOW),
  "names that a row had": (tx) => tx.keepFormerNames(ROW, [{ kind: "name", name: "ann" }]),
  "owners who can come in": (tx) => tx.waysInOfOwners(),
  "how an account came to be known": (tx) => tx.linkOrigins(USER),
  "whose an e-mail is": (tx) => tx.emailHolders("ann@acme.test"),
  "e-mails that are somebody's": (tx) => tx.knownEmails(["ann@acme.test"]),
  "an e-mail that a row had": (tx) => tx.keepFormerEmails([{ id: ROW, email: "ann@acme.test" }]),
  "telling people apart": (tx) => tx.tellApart(CONNECTION, "s", [USER]),
  "who was told apart": (tx) => tx.toldApart([{ connection: CONNECTION, subject: "s" }]),
  "telling an account apart": (tx) => tx.tellAccountApart(USER, [USER]),
  "whose several e-mails are": (tx) => tx.holdersOfEmails(["ann@acme.test", "bo@acme.test"]),
  "whether an e-mail is somebody else's, too": (tx) => tx.isKnownToOthers(["ann@acme.test"], USER),
  "who signs in with the e-mails of people": (tx) => tx.signInsWithEmailsOf([USER]),
  "e-mails of people's sign-ins": (tx) => tx.vouchedSignInsOf([USER]),
  "letting names go": (tx) => tx.letNamesGo([ROW]),
  "people by what a connection knows them as": (tx) => tx.usersKnownAs(CONNECTION, { ids: ["s"], names: ["ann"] }),
  "sessions of a user": (tx) => tx.sessions({ user: USER, now: NOW, usedAfter: NOW, openedAfter: NOW, limit: 100 }),
  "ending all sessions": (tx) => tx.endAllSessions([USER]),
  "ending somebody known by sign-in alone": (tx) => tx.endSignedIn(ROW, NOW),
  "a row by subject": (tx) => tx.rowBySubject(CONNECTION, "s"),
  "a deleted row": (tx) => tx.deletedRow(CONNECTION, { subject: "s", externalIds: ["x"] }),
  "rows by their ids": (tx) => tx.rowsById(CONNECTION, [ROW]),
  strangers: (tx) => tx.strangers(CONNECTION, [userDocument("ann", { externalId: "x" })]),
  // Newcomers are not here: for several rows that others refer to, SQLite plans a search for these others, and runs it only
  // where a reference is broken.
  "writing users": (tx) => tx.updateScims(CONNECTION, [{ id: ROW, document: userDocument("ann"), ifVersion: 1 }], NOW),
  "writing a user": (tx) => tx.updateScim(CONNECTION, ROW, userDocument("ann"), 1, NOW),
  "deleting a user": (tx) => tx.deleteUserRow(CONNECTION, ROW, NOW),
  "some members of a group": (tx) => tx.membersOf([GROUP], [ROW]),
  "ids of a group's members": (tx) => tx.memberIdsOf(GROUP),
  "groups inside a group": (tx) => tx.nestedIn([GROUP]),
  "a group inside a group": (tx) => tx.nestedIn([GROUP], [GROUP]),
  "members by kind": (tx) => tx.membersNamed(CONNECTION, [ROW]),
  "adding members": (tx) => tx.addMembers(GROUP, [ROW], NOW),
  "removing members": (tx) => tx.removeMembers(GROUP, [ROW], NOW),
  "setting members": (tx) => tx.setMembers(GROUP, [ROW], NOW),
  "adding groups inside": (tx) => tx.addNested(GROUP, [GROUP]),
  "removing groups inside": (tx) => tx.removeNested(GROUP, [GROUP]),
  "setting groups inside": (tx) => tx.setNested(GROUP, [GROUP]),
  "deleting a group": (tx) => tx.deleteGroup(CONNECTION, GROUP, NOW),
  "people of rows": (tx) => tx.usersOfRows([ROW]),
  "people of a group": (tx) => tx.usersOfGroups([GROUP]),
  "claiming names": (tx) => tx.claimNames(CONNECTION, GROUP, ["a"], NOW),
  "leaving names": (tx) => tx.leaveNames(GROUP, ["a"]),
  "freeing names": (tx) => tx.freeNames(CONNECTION, GROUP, true),
  "inheriting names": (tx) => tx.inheritNames(CONNECTION, ["a"], "waiting", NOW),
  "people with open grants": (tx) => tx.people([USER]),
  "links of one person": (tx) => tx.links([USER]),
  "marking people": (tx) => tx.markDirty([USER], "facts", NOW),
  "due marks": (tx) => tx.claimMarks(NOW, LATER, 100),
  "marks of a connection for a run": (tx) => tx.markConnection(CONNECTION, "x", NOW, 1 as RunId),
  "marks given to a run": (tx) => tx.giveMarks([USER], 1 as RunId),
  "marks left of a run": (tx) => tx.leftOfRun(1 as RunId),
  "people who wait for a seat": (tx) => tx.markSeatless(NOW),
  "owners who wait": (tx) => tx.markHeldOwners(NOW),
  "people left behind": (tx) => tx.leftBehind(3),
  "marks passed on": (tx) => tx.passMarksOn(1 as RunId),
  "people behind the version": (tx) => tx.claimBehind(3, NOW, LATER, 100),
  "putting marks off": (tx) => tx.delayMarks([USER], NOW),
  seats: (tx) => tx.seatPeople([USER]),
  "seats for all": (tx) => tx.seatAll([USER]),
  "taking seats": (tx) => tx.unseatPeople([USER], NOW),
  owners: (tx) => tx.otherOwners([USER]),
  "people made by hand": (tx) => tx.adoptableUsers(MAY_ADOPT, { userNames: ["ann", "bob"], emails: ["a@acme.test"] }),
  "ids of owners": (tx) => tx.ownerIds(),
  applying: (tx) =>
    tx.applyAccess(
      {
        statuses: [{ user: USER, to: "deactivated", by: "scim" }],
        profiles: [{ user: USER, userName: "a", email: null, ...NOTHING_SHOWN }],
        open: [newGrant(USER)],
        close: [{ id: newGrant(USER).id, reason: "x" }],
        refresh: [{ id: newGrant(USER).id, evidence: [], replaces: true }],
        reconciled: [{ user: USER, factsVersion: 1 }],
        version: 1,
      },
      NOW,
    ),
  settling: (tx) => tx.applyAccess({ ...NO_WRITES, reconciled: [{ user: USER, factsVersion: 1 }] }, NOW),
  "what people are judged by": (tx) => tx.standing(),
  "teams by name": (tx) => tx.ensureTeams(["a"], NOW),
  "claiming a run": (tx) => tx.claimRun(NOW, LATER),
  "the held run": (tx) => tx.heldRun(CONNECTION),
  "what the brake judges by": (tx) => tx.brakeState(CONNECTION, "access"),
  "who is held in runs for what": (tx) => tx.heldReasons([1 as RunId, 2 as RunId]),
  "how many are held in a run": (tx) => tx.heldIn(1 as RunId, [USER]),
  "moving holds": (tx) => tx.moveHolds(1 as RunId, 2 as RunId, [USER]),
  "dissolving holds": (tx) => tx.dissolveHolds([USER]),
  "what is due": (tx) => tx.takeWakeups(NOW),
  "publishing events": (tx) => tx.publishEvents(NOW, 100),
  "a pending login": (tx) => tx.takePendingLogin("h"),
  "a login that is waited for": (tx) => tx.pendingLogin("h"),
  "a page of the population": (tx) => tx.peopleIds({ limit: 100 }),
  "a page of a connection's population": (tx) => tx.peopleIds({ limit: 100, connection: CONNECTION }),
  "a page of the audit": (tx) => tx.audit({ limit: 100 }),
  "evidence of a day": (tx) => tx.evidenceAt([newGrant(USER).id], NOW),
  "when rules last gave": (tx) => tx.lastGiven(["r"], NOW),
  "a page of events": (tx) => tx.events({ after: 1, limit: 100 }),
};

const MAY_ADOPT = { connection: CONNECTION, domains: ["acme.test"] };

/** What takes sets: however many people, members or grants there are, the statements are as many. */
function signInNamed(ids: readonly string[], names: readonly string[]) {
  const of = (kind: "id" | "name", said: readonly string[]) => said.map((name) => ({ kind, name }));
  return { subject: "s", names: [...of("id", ids), ...of("name", names)] };
}

const SETS: Readonly<Record<string, (tx: TenantWriter, ids: readonly string[]) => Promise<unknown>>> = {
  people: (tx, ids) => tx.people(ids as readonly UserId[]),
  lockPeople: (tx, ids) => tx.lockPeople(ids as readonly UserId[]),
  links: (tx, ids) => tx.links(ids as readonly UserId[]),
  evidenceAt: (tx, ids) => tx.evidenceAt(ids as readonly GrantId[], NOW),
  membersOf: (tx, ids) => tx.membersOf(ids as readonly DirectoryGroupId[]),
  groupsOf: (tx, ids) => tx.groupsOf(ids as readonly DirectoryUserId[]),
  shownAsMembers: (tx, ids) => tx.shownAsMembers(CONNECTION, ids),
  displayNames: (tx, ids) => tx.displayNames(CONNECTION, ids),
  rowsById: (tx, ids) => tx.rowsById(CONNECTION, ids as readonly DirectoryUserId[]),
  strangers: (tx, ids) =>
    tx.strangers(
      CONNECTION,
      ids.map((id) => userDocument(id)),
    ),
  insertNewcomers: (tx, ids) => tx.insertNewcomers(CONNECTION, ids.map(newcomer), NOW),
  updateScims: (tx, ids) =>
    tx.updateScims(
      CONNECTION,
      ids.map((id) => ({ id: id as DirectoryUserId, document: userDocument(id) })),
      NOW,
    ),
  signedInAlone: (tx, ids) => tx.signedInAlone(CONNECTION, { externalIds: ids, userNames: ids }),
  metBy: (tx, ids) => tx.metBy(CONNECTION, [signInNamed(ids, ids)]),
  knownEmails: (tx, ids) => tx.knownEmails(ids),
  keepFormerEmails: (tx, ids) => tx.keepFormerEmails(ids.map((id) => ({ id: id as DirectoryUserId, email: "x" }))),
  tellApart: (tx, ids) => tx.tellApart(CONNECTION, "s", ids as readonly UserId[]),
  adoptableUsers: (tx, ids) => tx.adoptableUsers(MAY_ADOPT, { userNames: ids, emails: ids }),
  rowsByNames: (tx, ids) => tx.rowsByNames(CONNECTION, { externalIds: ids, userNames: ids }),
  nestedIn: (tx, ids) => tx.nestedIn(ids as readonly DirectoryGroupId[]),
  membersNamed: (tx, ids) => tx.membersNamed(CONNECTION, ids as readonly DirectoryUserId[]),
  addNested: (tx, ids) => tx.addNested(GROUP, ids as readonly DirectoryGroupId[]),
  removeNested: (tx, ids) => tx.removeNested(GROUP, ids as readonly DirectoryGroupId[]),
  setNested: (tx, ids) => tx.setNested(GROUP, ids as readonly DirectoryGroupId[]),
  addMembers: (tx, ids) => tx.addMembers(GROUP, ids as readonly DirectoryUserId[], NOW),
  removeMembers: (tx, ids) => tx.removeMembers(GROUP, ids as readonly DirectoryUserId[], NOW),
  setMembers: (tx, ids) => tx.setMembers(GROUP, ids as readonly DirectoryUserId[], NOW),
  markDirty: (tx, ids) => tx.markDirty(ids as readonly UserId[], "facts", NOW),
  delayMarks: (tx, ids) => tx.delayMarks(ids as readonly UserId[], NOW),
  seatPeople: (tx, ids) => tx.seatPeople(ids as readonly UserId[]),
  seatAll: (tx, ids) => tx.seatAll(ids as readonly UserId[]),
  unseatPeople: (tx, ids) => tx.unseatPeople(ids as readonly UserId[], NOW),
  ensureTeams: (tx, ids) => tx.ensureTeams(ids, NOW),
  hold: (tx, ids) =>
    tx.hold(
      1 as RunId,
      ids.map((user) => ({ user: user as UserId, factsVersion: 1, reason: "no_seat", detail: "" })),
      NOW,
    ),
  dissolveHolds: (tx, ids) => tx.dissolveHolds(ids as readonly UserId[]),
  appendAudit: (tx, ids) =>
    tx.appendAudit(ids.map((action) => ({ at: NOW, actor: { kind: "worker" }, door: "worker", action, detail: {} }))),
  appendEvents: (tx, ids) =>
    tx.appendEvents(
      ids.map((type) => ({ type, data: {} })),
      NOW,
    ),
  applyAccess: (tx, ids) => {
    const users = ids as readonly UserId[];
    return tx.applyAccess(
      {
        statuses: users.map((user) => ({ user, to: "deactivated", by: "scim" })),
        profiles: users.map((user) => ({ user, userName: "a", email: null, ...NOTHING_SHOWN })),
        open: users.map((user) => newGrant(user)),
        close: users.map((user) => ({ id: newGrant(user).id, reason: "x" })),
        refresh: users.map((user) => ({ id: newGrant(user).id, evidence: [], replaces: true })),
        reconciled: users.map((user) => ({ user, factsVersion: 1 })),
        version: 1,
      },
      NOW,
    );
  },
};

/** What finds people by many names or ids at once. */
const NAMED: Readonly<Record<string, (tx: TenantWriter, asked: Asked) => Promise<unknown>>> = {
  rowsByNames: (tx, { externalIds, userNames }) => tx.rowsByNames(CONNECTION, { externalIds, userNames }),
  rowsById: (tx, { ids }) => tx.rowsById(CONNECTION, ids as readonly DirectoryUserId[]),
  signedInAlone: (tx, { ids, externalIds, userNames }) =>
    tx.signedInAlone(CONNECTION, { externalIds, userNames }, ids as readonly DirectoryUserId[]),
  metBy: (tx, { externalIds, userNames }) => tx.metBy(CONNECTION, [signInNamed(externalIds, userNames)]),
  usersKnownAs: (tx, { externalIds, userNames }) => tx.usersKnownAs(CONNECTION, { ids: externalIds, names: userNames }),
  doubles: (tx) => tx.doubles(CONNECTION),
};

interface Asked {
  readonly ids: readonly string[];
  readonly externalIds: readonly string[];
  readonly userNames: readonly string[];
}

/** Tables that grow with a tenant; the others are walked without harm. */
const LARGE =
  /\b(users|u|directory_users|directory_memberships|m|directory_nestings|n|identity_links|l|grants|g|directory_groups|held_people|h|sessions|audit_entries|outbox_events|runs|sign_in_names|s|p|d|k|custom_resources|x|unique_values)\b/;

/** A row that has a one in every column. */
const ONES: unknown = new Proxy({}, { get: () => 1 });

function recording(said: Fragment[]): Sql {
  return {
    // one row that answers everything, so that every statement behind it is reached
    all: async <Row>(statement: Fragment) => {
      said.push(statement);
      return [ONES as Row];
    },
    run: async (statement) => {
      said.push(statement);
      return 1;
    },
    send: async (statement) => {
      said.push(statement);
    },
  };
}

describe("query plans on SQLite", () => {
  let database: Database;
  before(async () => {
    database = await openSqlite(":memory:");
    await database.migrate();
  });
  after(() => database.close());

  const planOf = async (statement: Fragment): Promise<readonly string[]> => {
    const steps = await database.reader.all<{ readonly detail: string }>(sql`explain query plan ${statement}`);
    return steps.map((step) => step.detail);
  };

  /** What the first statement of this is planned as. */
  const plan = async (ask: (tx: TenantWriter) => Promise<unknown>): Promise<string> => {
    const said: Fragment[] = [];
    const scope = { tenant: 1 as TenantId, sql: recording(said), dialect: database.dialect, newId: () => "n" };
    await ask(tenantWriter(scope)).catch(() => undefined);
    return (await planOf(said[0] ?? verbatim("select 1"))).join("\n");
  };

  /** Steps of the plan that walk a large table, or all rows of a tenant where it is no page in the order of an index. */
  const walks = async (statement: Fragment): Promise<readonly string[]> => {
    const details = await planOf(statement);
    const sorted = details.some((detail) => detail.startsWith("USE TEMP B-TREE FOR ORDER BY"));
    const page = statement.text.includes("limit ") && !sorted;
    return details.filter((detail) => {
      const scan = /^SCAN (?!json_each)/.test(detail) && LARGE.test(detail);
      const tenantOnly = /^SEARCH .*\(tenant_id=\?\)$/.test(detail) && LARGE.test(detail);
      return scan || (tenantOnly && !page);
    });
  };

  for (const [what, ask] of Object.entries(HOT)) {
    it(`finds by index: ${what}`, async () => {
      const said: Fragment[] = [];
      const handle = tenantWriter({
        tenant: 1 as TenantId,
        sql: recording(said),
        dialect: database.dialect,
        newId: () => "n",
      });
      // rows made of ones do not always read as what was asked for; the statements were said all the same
      await ask(handle).catch(() => undefined);
      expect(said.length).to.be.greaterThan(0);
      for (const statement of said) expect(await walks(statement), statement.text).to.deep.equal([]);
    });
  }

  for (const [what, ask] of Object.entries(SETS)) {
    it(`says as many statements for two as for fifty: ${what}`, async () => {
      const counts: number[] = [];
      for (const size of [2, 50]) {
        const said: Fragment[] = [];
        const scope = { tenant: 1 as TenantId, sql: recording(said), dialect: database.dialect, newId: () => "n" };
        await ask(
          tenantWriter(scope),
          Array.from({ length: size }, (_, index) => `id${index}`),
        ).catch(() => undefined);
        counts.push(said.length);
      }
      expect(counts[0]).to.be.greaterThan(0);
      expect(counts[1]).to.equal(counts[0]);
    });
  }

  for (const sort of [BY_USER_NAME, { ...BY_USER_NAME, descending: true }]) {
    it(`goes on with a sorted list at its place in the index${sort.descending ? ", backwards" : ""}`, async () => {
      expect(await plan((tx) => tx.directoryUsers(CONNECTION, { ...PAGE, sort, walk: AT_A }))).to.match(
        /INDEX directory_users_by_name \(tenant_id=\? AND connection_id=\? AND user_name_folded[<>]\?\)/,
      );
    });
  }

  it("reads what somebody holds past everything that they ever held", async () => {
    expect(await plan((tx) => tx.people([USER]))).to.include("SEARCH g USING INDEX grants_open (");
  });

  it("reads somebody's memberships from an index alone", async () => {
    expect(await plan((tx) => tx.links([USER]))).to.include("COVERING INDEX directory_memberships_of_user (");
    expect(await plan((tx) => tx.groupsOf([ROW]))).to.include("COVERING INDEX directory_memberships_of_user (");
  });

  it("asks for tenants with work by index", async () => {
    const said: Fragment[] = [];
    await tenantsWithWork(recording(said), NOW, 10);
    for (const statement of said) {
      const steps = await walks(statement);
      // the smallest tenant of an index: one look at its first entry
      expect(steps.filter((step) => !/^SEARCH \w+ USING COVERING INDEX/.test(step))).to.deep.equal([]);
      // any other index holds everybody, and who is marked would be looked for among them
      const ofPeople = (await planOf(statement)).filter((step) => /^(SEARCH|SCAN) (users|u) /.test(step));
      expect(ofPeople.filter((step) => !/ INDEX users_(dirty|behind)\b/.test(step))).to.deep.equal([]);
    }
  });

  it("looks for what is sealed in ended sessions among the sessions that keep something sealed", async () => {
    const said: Fragment[] = [];
    await sweep({ ...database, walker: recording(said), transaction: async () => undefined as never }, NOW, LONGEST);
    const plans = said.map((statement) =>
      database.reader.all<{ readonly detail: string }>(sql`explain query plan ${statement}`),
    );
    const steps = (await Promise.all(plans)).flat().map(({ detail }) => detail);
    expect(steps.filter((step) => step.startsWith("SCAN"))).to.deep.equal(["SCAN s USING INDEX sessions_with_hint"]);
  });

  it("sees a walk where there is one", async () => {
    expect(await walks(sql`select * from users u where u.display_name = 'x'`)).to.have.length(1);
    expect(await walks(sql`select * from users u where u.tenant_id = 1 and u.display_name = 'x'`)).to.have.length(1);
  });
});

describe("query plans on PostgreSQL", () => {
  let database: Database;
  before(async () => {
    database = await openPostgres(await postgresUrl());
    await database.migrate();
  });
  after(() => database.close());

  const asks: Readonly<Record<string, (tx: TenantWriter) => Promise<unknown>>> = {
    "who was deleted": (tx) => tx.deletedRow(CONNECTION, { externalIds: ["x"], subject: "s", userName: "ann" }),
    "who has the same external id or name": (tx) =>
      tx.rowsByNames(CONNECTION, { externalIds: ["x"], userNames: ["ann"] }),
  };
  for (const [what, ask] of Object.entries(asks)) {
    it(`enter each table by its key before there are statistics, or a first push is quadratic: ${what}`, async () => {
      const said: Fragment[] = [];
      const sqlSaid: Sql = {
        all: async (statement) => {
          said.push(statement);
          return [];
        },
        run: async () => 0,
        send: async () => undefined,
      };
      const { dialect, reader } = database;
      await ask(tenantWriter({ tenant: 1 as TenantId, sql: sqlSaid, dialect, newId: () => "n" }));
      expect(said).to.have.length(1);
      const plan = await reader.all<Readonly<Record<string, string>>>(sql`explain ${said[0] ?? verbatim("select 1")}`);
      const lines = plan.map((row) => String(row["QUERY PLAN"]));
      expect(lines.filter((line) => /Index Cond: \(tenant_id = [^()]*\)$|Seq Scan/.test(line))).to.deep.equal([]);
    });
  }

  describe("for a tenant that is younger than the statistics", () => {
    const PEOPLE = 300;
    const ids = Array.from({ length: 100 }, (_, index) => `p${index}`);
    const undo = new Error("undone");
    let young: TenantId;
    /** What each statement of `NAMED` looked at before there were any statistics, by how many people it asked for. */
    const unknowing: { readonly what: string; readonly asked: number; readonly text: string; readonly cost: number }[] =
      [];

    /** People whose account and row have the same id. */
    const fill = async (slug: string): Promise<TenantId> => {
      const tenant = await instanceStore(database, createIds(), createGathering()).createTenant(
        { slug, name: slug, domains: [], seats: null, scim: true },
        NOW,
      );
      await database.transaction(async (tx) => {
        let made = 0;
        const newId = (): string => (made < 2 * PEOPLE ? `p${made++ >> 1}` : `l${made++}`);
        const scope = { tenant: tenant.id, sql: tx, dialect: database.dialect, newId };
        await tenantWriter({ ...scope, newId: () => CONNECTION }).insertConnection(
          { ...SCIM_CONNECTION, slug: "main" },
          NOW,
        );
        const people = Array.from({ length: PEOPLE }, (_, index) => newcomer(`n${index}`));
        const filled = tenantWriter(scope);
        await filled.insertNewcomers(CONNECTION, people, NOW);
        const group = await filled.insertGroup(CONNECTION, groupDocument("All"), NOW, GROUP);
        await filled.addMembers(
          group.id,
          ids.map((id) => id as DirectoryUserId),
          NOW,
        );
      });
      return tenant.id;
    };

    /** Every fourth of them has signed in and was never pushed; all have an external id and a name of a sign-in. */
    const signIn = async (tenant: TenantId): Promise<void> => {
      await database.reader.run(
        sql`update directory_users set external_id = 'x' || substr(id, 2),
            subject = case when cast(substr(id, 2) as integer) % 4 = 3 then 's' || substr(id, 2) end,
            scim_resource = case when cast(substr(id, 2) as integer) % 4 = 3 then null else scim_resource end
          where tenant_id = ${tenant}`,
      );
      await database.reader.run(
        sql`insert into sign_in_names (tenant_id, directory_user_id, connection_id, kind, name)
          select tenant_id, id, connection_id, 'name', user_name from directory_users where tenant_id = ${tenant}`,
      );
    };

    const measure = async (tenant: TenantId): Promise<void> => {
      for (const asked of [10, PEOPLE]) {
        const of = (letter: string) => Array.from({ length: asked }, (_, index) => `${letter}${index}`);
        const names = { ids: of("p"), externalIds: [...of("x"), ...of("s")], userNames: of("n") };
        for (const [what, ask] of Object.entries(NAMED)) {
          const said: Fragment[] = [];
          const scope = { tenant, sql: recording(said), dialect: database.dialect, newId: () => "n" };
          await ask(tenantWriter(scope), names).catch(() => undefined);
          for (const statement of said) {
            unknowing.push({ what, asked, text: statement.text, cost: await cost(statement) });
          }
        }
      }
    };

    before(async () => {
      const tables = await database.reader.all<{ readonly name: string }>(
        sql`select relname as name from pg_class where relkind = 'r' and relnamespace = cast(current_schema() as regnamespace)`,
      );
      // nobody but this test takes statistics
      for (const { name } of tables) {
        await database.reader.run(sql`alter table ${verbatim(name)} set (autovacuum_enabled = off)`);
      }
      const old = await fill("old");
      await signIn(old);
      await measure(old);
      await database.reader.run(sql`analyze`);
      young = await fill("young");
    });

    interface Step {
      readonly "Actual Rows": number;
      readonly "Actual Loops": number;
      readonly "Rows Removed by Filter"?: number;
      readonly "Rows Removed by Join Filter"?: number;
      readonly Plans?: readonly Step[];
    }

    const looked = (step: Step): number => {
      const { "Rows Removed by Filter": filtered = 0, "Rows Removed by Join Filter": unjoined = 0 } = step;
      const own = (step["Actual Rows"] + filtered + unjoined) * step["Actual Loops"];
      return (step.Plans ?? []).reduce((sum, inner) => sum + looked(inner), own);
    };

    /** How many rows all steps of the statement looked at. */
    const cost = async (statement: Fragment): Promise<number> => {
      let plan = "";
      const explained = database.transaction(async (tx) => {
        const rows = await tx.all<Readonly<Record<string, string>>>(
          sql`explain (analyze, timing off, format json) ${statement}`,
        );
        plan = rows[0]?.["QUERY PLAN"] ?? "";
        throw undo;
      });
      await explained.catch((error: unknown) => {
        if (error !== undo) throw error;
      });
      const [{ Plan }] = JSON.parse(plan) as [{ readonly Plan: Step }];
      return looked(Plan);
    };

    for (const what of Object.keys(NAMED)) {
      it(`looks at nobody but those it asks for where there are no statistics at all: ${what}`, () => {
        const measured = unknowing.filter((one) => one.what === what);
        expect(new Set(measured.map(({ asked }) => asked)).size).to.equal(2);
        for (const { asked, text, cost } of measured) {
          // doubles are looked for among all
          expect(cost, text).to.be.below(what === "doubles" ? 20 * PEOPLE : 70 * asked);
        }
      });
    }

    // these write what refers to rows that an undone statement made
    const others = Object.entries(SETS).filter(([name]) => name !== "hold" && name !== "insertNewcomers");
    for (const [what, ask] of others) {
      it(`looks at each row a few times at most, or a first push holds everybody up: ${what}`, async () => {
        const said: Fragment[] = [];
        const { dialect } = database;
        let made = 0;
        const scope = { tenant: young, sql: recording(said), dialect, newId: () => `new${made++}` };
        await ask(tenantWriter(scope), ids).catch(() => undefined);
        expect(said.length).to.be.greaterThan(0);
        for (const statement of said) expect(await cost(statement), statement.text).to.be.below(20 * PEOPLE);
      });
    }
  });
});
