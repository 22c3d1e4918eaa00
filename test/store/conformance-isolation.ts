import { expect } from "chai";
import type {
  ConnectionId,
  CustomResourceId,
  DirectoryGroupId,
  DirectoryUserId,
  GrantId,
  RunId,
  TeamId,
  UserId,
} from "../../src/model/ids.js";
import { NOTHING_SHOWN } from "../../src/model/person.js";
import { Refusal } from "../../src/model/problem.js";
import type { SealedConnectionKey } from "../../src/provisioning/ports/connection-keys.js";
import type { TenantReader, TenantWriter } from "../../src/provisioning/ports/store.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import {
  ALIVE,
  groupDocument,
  insertRow,
  LATER,
  MUCH_LATER,
  makeWorld,
  NO_WRITES,
  NOW,
  newcomer,
  newGrant,
  register,
  SCIM_CONNECTION,
  SUMMARY,
  savePlan,
  unique,
  userDocument,
  type World,
} from "./world.js";

/** Everything of tenant A that has a name by which tenant B might ask for it. */
interface Ids {
  readonly connection: ConnectionId;
  readonly user: UserId;
  /** Registered, with no mark. */
  readonly quiet: UserId;
  readonly row: DirectoryUserId;
  readonly group: DirectoryGroupId;
  readonly device: CustomResourceId;
  /** Somebody made by hand, with their row. */
  readonly byHand: UserId;
  readonly local: DirectoryUserId;
  readonly handEmail: string;
  readonly localGroup: DirectoryGroupId;
  /** A group made by hand that the connection took over. */
  readonly taken: DirectoryGroupId;
  readonly review: string;
  readonly grant: GrantId;
  readonly team: TeamId;
  readonly run: RunId;
  readonly plan: string;
  readonly token: string;
  readonly key: string;
  readonly apiKey: string;
  readonly state: string;
  readonly domain: string;
  readonly session: string;
  readonly sessionId: string;
  readonly trace: string;
  readonly request: string;
}

const DOCUMENT = userDocument("ann", { externalId: "00u1" });
const NO_PINS = { drop: [], add: [], remove: [], put: [] };
const SESSION = { subject: "sub", idpSession: "idp", epoch: 0, expiresAt: MUCH_LATER };
const LOGIN = { browserHash: "b", nonce: "n", verifier: "v", expiresAt: MUCH_LATER };
const CLAIMS = { attributes: {}, claims: {}, at: NOW };
const adoptable = ({ connection }: Pick<Ids, "connection">) => ({ connection, domains: ["acme.test"] });
const PAGE = { offset: 0, limit: 10 };
const SERIAL = { within: "tenant", attribute: "serial", value: "1" } as const;
const DEVICE = { resource: {}, search: {}, unique: [SERIAL] };
const LINE = {
  user: { id: "u", userName: "x" },
  change: "hold",
  reason: "r",
  privileged: false,
  factsVersion: 0,
} as const;

const TIMES = { firstAt: NOW, lastAt: NOW, expiresAt: MUCH_LATER };
const SIGHTING = { kind: "client", name: "okta", count: 1, ...TIMES } as const;

function keptRequest(id: string, connection: ConnectionId) {
  const came = { id, connection, at: NOW, method: "GET", status: 200, quirks: [], client: "okta", requestId: "r" };
  return { ...came, expiresAt: MUCH_LATER, detail: {} };
}

const KEY: Omit<SealedConnectionKey, "id"> = {
  use: "signing",
  algorithm: "RSA 2048",
  certificate: "MIIC",
  sealed: "v1.a.b.c",
  state: "active",
  createdAt: NOW,
  activatedAt: NOW,
};

const METADATA = { checkedAt: NOW, failures: 0, waiting: [] };

async function furnish(world: World): Promise<Ids> {
  const { connection, write } = world;
  const { user, row } = await world.push("ann", DOCUMENT);
  const group = await world.group("Eng", [row]);
  const quiet = await write((tx) => tx.insertPendingUser({ userName: "quiet" }, NOW));
  await register(world, [user, quiet]);
  const grant = newGrant(user, { connection: connection.id });
  const [state, session, trace] = [unique("state"), unique("session"), unique("trace")];
  const request = world.store.newId();
  return write(async (tx) => {
    await tx.updateClaims(row, CLAIMS, "sub", NOW);
    const team = (await tx.ensureTeams(["Platform"], NOW)).get("Platform") as TeamId;
    const manual = newGrant(user, { origin: "manual", team, target: { scope: "team:Platform", role: "viewer" } });
    await tx.applyAccess({ ...NO_WRITES, open: [grant, manual] }, NOW);
    const run = await tx.insertRun({ trigger: "held", status: "held", connection: connection.id, total: 1 }, NOW);
    await tx.hold(run, [{ user, factsVersion: 0, reason: "brake_access", detail: "d" }], NOW);
    await tx.markDirty([user], "facts", NOW);
    await tx.seatPeople([user]);
    await tx.putBucket(connection.id, "access", { tokens: 1, updatedAt: NOW });
    await tx.putExpectation(connection.id, 3, LATER);
    const plan = { kind: "mapping", subject: "s", digest: "d", summary: SUMMARY, expiresAt: LATER } as const;
    const token = await tx.insertToken(connection.id, { name: "t", hash: unique("hash") }, NOW);
    const key = unique("key");
    await tx.insertConnectionKey(connection.id, { ...KEY, id: key });
    await tx.keepMetadataState(connection.id, METADATA);
    const domain = unique("domain");
    await tx.insertDomainClaim(domain, "token", NOW);
    await tx.holdDomain(domain, NOW);
    const apiKey = (await tx.insertApiKey({ name: "k", hash: unique("hash"), scopes: [] }, NOW)).id;
    await tx.insertPendingLogin({ ...LOGIN, stateHash: state, connection: connection.id });
    await tx.insertSession({ ...SESSION, hash: session, user, connection: connection.id }, NOW);
    const sessionId = (await tx.sessions({ ...ALIVE, user })).items[0]?.id ?? "";
    await tx.insertSignInTrace({ reference: trace, connection: connection.id, at: NOW, outcome: "x", detail: {} });
    await tx.keepRequests([keptRequest(request, connection.id)]);
    await tx.addSightings([{ ...SIGHTING, connection: connection.id }]);
    await tx.saveMapping(0, { text: "{}", author: "op" }, NOW);
    await tx.wakeAt(NOW, "settle", connection.id);
    await tx.writePins({ ...NO_PINS, add: [{ connection: connection.id, name: "Eng" }] }, NOW);
    await tx.claimNames(connection.id, group, ["Eng"], NOW);
    await tx.addNested(group, [group]);
    await tx.appendEvents([{ type: "user.created", data: {} }], NOW);
    const { id: device } = await tx.insertCustomResource(connection.id, "Device", DEVICE, NOW);
    const hand = await furnishByHand(tx, connection.id);
    const ids = { ...hand, connection: connection.id, user, quiet, row, group, device, grant: grant.id, team, run };
    return {
      ...ids,
      plan: await savePlan(tx, plan, [LINE]),
      token: token.id,
      key,
      domain,
      apiKey,
      state,
      session,
      sessionId,
      trace,
      request,
    };
  });
}

async function furnishByHand(tx: TenantWriter, connection: ConnectionId) {
  const local = (await tx.connections()).find(({ protocol }) => protocol === "local");
  if (local === undefined) throw new Error("no local connection");
  const handEmail = `${unique("hand")}@acme.test`.toLowerCase();
  const byHand = await tx.insertPendingUser({ userName: "hand", email: handEmail }, NOW);
  const row = { connection: local.id, user: byHand, linkedBy: "created", userName: "hand" };
  const { id } = await tx.insertUserRow(
    { ...row, claims: CLAIMS, shown: { ...userDocument("hand"), email: handEmail } },
    NOW,
  );
  await tx.tellApart(connection, "apart", [byHand]);
  await tx.applyAccess({ ...NO_WRITES, statuses: [{ user: byHand, to: "registered" }] }, NOW);
  const localGroup = (await tx.insertGroup(local.id, groupDocument("By hand"), NOW)).id;
  const taken = (await tx.insertGroup(local.id, groupDocument("Taken"), NOW)).id;
  for (const group of [localGroup, taken]) await tx.addMembers(group, [id], NOW);
  await tx.adoptGroup(connection, taken, NOW);
  await tx.insertReviewItem({ kind: "x", connection, detail: { users: [byHand] } }, NOW);
  const review = (await tx.reviewItems({ limit: 1 })).items[0]?.id ?? "";
  return { byHand, handEmail, local: id, localGroup, taken, review };
}

/** Every read that takes an id, asked by B for what is A's. */
const READS: Readonly<Record<string, (b: TenantReader, a: Ids) => Promise<unknown>>> = {
  connectionSecret: (b, a) => b.connectionSecret(a.connection),
  connectionBySlug: (b) => b.connectionBySlug("main"),
  metadataState: (b, a) => b.metadataState(a.connection),
  linkOrigins: (b, a) => b.linkOrigins(a.user),
  tokens: (b, a) => b.tokens(a.connection),
  connectionKeys: (b, a) => b.connectionKeys(a.connection),
  apiKeys: (b) => b.apiKeys(),
  lastPushed: (b, a) => b.lastPushed(a.connection, 10),
  tenantDomains: (b) => b.tenantDomains(),
  groupsVersion: (b, a) => b.groupsVersion(a.connection),
  directoryGroups: (b, a) => b.directoryGroups(a.connection),
  pinnedNames: (b) => b.pinnedNames(),
  pins: (b) => b.pins(),
  group: (b, a) => b.group(a.group),
  groups: (b) => b.groups({ limit: 10 }),
  groupPeople: (b, a) => b.groupPeople(a.group, { limit: 10 }),
  localRows: async (b, a) => [...(await b.localRows([a.user, a.byHand]))],
  adoptableUser: (b, a) => b.directoryUser(a.connection, a.local, adoptable(a)),
  adoptableUsersList: (b, a) => b.directoryUsers(a.connection, { ...PAGE, adoptable: adoptable(a) }),
  adoptableGroup: (b, a) => b.directoryGroup(a.connection, a.localGroup, adoptable(a)),
  adoptableGroupsList: (b, a) => b.directoryGroupsList(a.connection, { ...PAGE, adoptable: adoptable(a) }),
  reviewItems: (b) => b.reviewItems({ limit: 10 }),
  directoryUser: (b, a) => b.directoryUser(a.connection, a.row),
  displayNames: (b, a) => b.displayNames(a.connection, [a.row]),
  directoryUsers: (b, a) => b.directoryUsers(a.connection, PAGE),
  directoryUsersFiltered: (b, a) =>
    b.directoryUsers(a.connection, {
      ...PAGE,
      filter: { op: "compare", path: [{ name: "userName", multi: false }], comparator: "eq", value: "ann" },
    }),
  directoryGroup: (b, a) => b.directoryGroup(a.connection, a.group),
  directoryGroupsList: (b, a) => b.directoryGroupsList(a.connection, PAGE),
  customResource: (b, a) => b.customResource(a.connection, "Device", a.device),
  customResources: (b, a) => b.customResources(a.connection, "Device", PAGE),
  membersOf: (b, a) => b.membersOf([a.group]),
  memberIdsOf: (b, a) => b.memberIdsOf(a.group),
  shownAsMembers: (b, a) => b.shownAsMembers(a.connection, [a.row, a.group]),
  nestedIn: (b, a) => b.nestedIn([a.group]),
  groupsOf: (b, a) => b.groupsOf([a.row]),
  people: (b, a) => b.people([a.user]),
  links: (b, a) => b.links([a.user]),
  peopleIds: (b, a) => b.peopleIds({ limit: 10, connection: a.connection }),
  allPeopleIds: (b) => b.peopleIds({ limit: 10 }),
  countPeople: (b, a) => b.countPeople(a.connection),
  user: (b, a) => b.user(a.user),
  users: (b) => b.users({ limit: 10 }),
  usersByExternalId: (b) => b.users({ limit: 10, externalId: "00u1" }),
  evidenceAt: async (b, a) => [...(await b.evidenceAt([a.grant], MUCH_LATER))],
  teamPolicies: (b) => b.teamPolicies(),
  manualGrantsIn: (b, a) => b.manualGrantsIn(a.team, 10),
  grantHistory: (b, a) => b.grantHistory(a.user),
  assignments: (b) => b.assignments({ limit: 10 }),
  otherOwners: (b) => b.otherOwners([]),
  keptOutBy: (b, a) => b.keptOutBy(a.user),
  ownerIds: (b) => b.ownerIds(),
  brakeState: (b, a) => b.brakeState(a.connection, "access"),
  activeMapping: (b) => b.activeMapping(),
  mappingVersion: (b) => b.mappingVersion(1),
  mappingVersions: (b) => b.mappingVersions({ limit: 10 }),
  mappingAuthors: (b) => b.mappingAuthors(),
  plan: (b) => b.plan("mapping", "s", "d"),
  planById: (b, a) => b.planById(a.plan),
  planLines: (b, a) => b.planLines(a.plan, { limit: 10 }),
  run: (b, a) => b.run(a.run),
  runs: (b) => b.runs({ limit: 10 }),
  mappingRun: (b) => b.mappingRun(1),
  heldRun: (b, a) => b.heldRun(a.connection),
  heldReasons: (b, a) => b.heldReasons([a.run]),
  heldIn: (b, a) => b.heldIn(a.run, []),
  heldPeople: (b, a) => b.heldPeople(a.run, { afterSeq: 0, limit: 10 }),
  signInTrace: (b, a) => b.signInTrace(a.trace),
  pendingLogin: (b, a) => b.pendingLogin(a.state),
  sessions: (b, a) => b.sessions({ ...ALIVE, user: a.user }),
  keptRequests: (b, a) => b.keptRequests(a.connection, { limit: 10 }),
  keptRequest: (b, a) => b.keptRequest(a.connection, a.request),
  sightings: (b, a) => b.sightings(a.connection),
  audit: (b) => b.audit({ limit: 10 }),
  events: (b) => b.events({ after: 0, limit: 10 }),
  personalRecords: (b, a) => b.personalRecords(a.user),
  notesOf: (b, a) => b.notesOf(a.user, "evidence"),
  notesNaming: (b, a) => b.notesNaming(["{}"], { place: "trace", without: a.user, after: "", limit: 10 }),
  mappingsNaming: (b) => b.mappingsNaming(["{}"]),
};

/** Every write that takes an id, tried by B on what is A's; `own` is B's connection, row, user and group. */
const WRITES: Readonly<Record<string, (b: TenantWriter, a: Ids, own: Ids) => Promise<unknown>>> = {
  updateConnection: (b, a) => b.updateConnection(a.connection, { sync: "off" }, LATER),
  insertToken: (b, a) => b.insertToken(a.connection, { name: "x", hash: unique("hash") }, LATER),
  insertConnectionKey: (b, a) => b.insertConnectionKey(a.connection, { ...KEY, id: unique("key") }),
  revokeToken: (b, a) => b.revokeToken(a.connection, a.token, LATER),
  revokeTokenOfOwn: (b, a, own) => b.revokeToken(own.connection, a.token, LATER),
  rowBySubject: (b, a) => b.rowBySubject(a.connection, "sub"),
  rowsByNames: (b, a) => b.rowsByNames(a.connection, { externalIds: ["00u1"], userNames: ["ann"] }),
  deletedRow: (b, a) => b.deletedRow(a.connection, { subject: "sub", externalIds: ["00u1"] }),
  insertDomainClaim: (b, a) => b.insertDomainClaim(a.domain, "x", LATER),
  noteDomainCheck: (b, a) => b.noteDomainCheck(a.domain, { at: LATER, problem: "x" }),
  holdDomain: (b, a) => b.holdDomain(a.domain, LATER),
  lapseDomain: (b, a) => b.lapseDomain(a.domain, LATER),
  removeDomain: (b, a) => b.removeDomain(a.domain),
  revokeApiKey: (b, a) => b.revokeApiKey(a.apiKey, LATER),
  rowById: (b, a) => b.rowById(a.connection, a.row),
  rowsById: (b, a) => b.rowsById(a.connection, [a.row]),
  strangers: async (b, a) =>
    (await b.strangers(a.connection, [userDocument("ann")])).filter((isStranger) => !isStranger),
  signedInAlone: (b, a) => b.signedInAlone(a.connection, { externalIds: ["sub"], userNames: ["ann"] }),
  doubles: (b, a) => b.doubles(a.connection),
  keepSignInNames: (b, a) => b.keepSignInNames(a.row, [{ kind: "name", name: "eve" }]),
  moveSignInNamesHere: (b, a, own) => b.moveSignInNames(a.row, own.row),
  moveSignInNamesAway: (b, a, own) => b.moveSignInNames(own.row, a.row),
  waysInOfOwners: (b) => b.waysInOfOwners(),
  metBy: async (b, a) => {
    const names = [{ kind: "id", name: "00u1" } as const, { kind: "name", name: "ann" } as const];
    return (await b.metBy(a.connection, [{ subject: "sub", names }])).flat();
  },
  namesAnother: async (b, a, own) => {
    const named = await b.namesAnother(
      a.connection,
      { subject: "00u1", names: [{ kind: "name", name: "ann" }] },
      own.row,
    );
    return named ? [a.row] : [];
  },
  pushedSignIns: (b, a) => b.pushedSignIns(a.connection, ["sub", "00u1"], [a.row]),
  hasNewcomerSince: (b, a) => b.hasNewcomerSince(a.connection, a.row),
  waitingItems: async (b, a) => (await b.waitingItems({ kind: "x", connection: a.connection }, { limit: 9 })).items,
  itemsNaming: (b, a) => b.itemsNaming({ kind: "x", connection: a.connection }, [a.byHand]),
  countWaiting: (b, a) => b.countWaiting({ kind: "x", connection: a.connection }),
  signInNames: (b, a) => b.signInNames(a.row),
  signedInAloneEver: (b, a, own) => b.signedInAlone(own.connection, { externalIds: [], userNames: [] }, [a.row]),
  noteKeptOut: (b, a) => b.noteKeptOut(a.connection, [{ subject: "sub", by: a.row }], LATER),
  letPass: (b, a) => b.letPass(a.connection, "sub", [a.row], NOW),
  keepFormerNames: (b, a) => b.keepFormerNames(a.row, [{ kind: "name", name: "eve" }]),
  keepNamesOfLive: (b, a) => b.keepNamesOfLive(a.connection),
  signedInNow: (b, a) => b.signedInNow(a.connection),
  letNamesGo: (b, a) => b.letNamesGo([a.row]),
  emailHolders: (b, a) => b.emailHolders(a.handEmail),
  knownEmails: (b, a) => b.knownEmails([a.handEmail]),
  keepFormerEmails: (b, a) => b.keepFormerEmails([{ id: a.row, email: "eve@acme.test" }]),
  tellApart: (b, a) => b.tellApart(a.connection, "sub", [a.user]),
  toldApart: (b, a) => b.toldApart([{ connection: a.connection, subject: "apart" }]),
  tellAccountApart: (b, a) => b.tellAccountApart(a.user, [a.user]),
  tellAccountApartHere: (b, a, own) => b.tellAccountApart(own.user, [a.user]),
  holdersOfEmails: (b, a) => b.holdersOfEmails([a.handEmail]),
  isKnownToOthers: (b, a, own) => b.isKnownToOthers([a.handEmail], own.user),
  signInsWithEmailsOf: (b, a) => b.signInsWithEmailsOf([a.user]),
  vouchedSignInsOf: (b, a) => b.vouchedSignInsOf([a.user]),
  moveRow: (b, a, own) => b.moveRow(a.connection, a.row, own.user, LATER),
  moveRowHere: (b, a, own) => b.moveRow(own.connection, own.row, a.user, LATER),
  moveSignIns: (b, a, own) => b.moveSignIns(a.user, own.user, LATER),
  moveSignInsHere: (b, a, own) => b.moveSignIns(own.user, a.user, LATER),
  endAllSessions: (b, a) => b.endAllSessions([a.user]),
  insertNewcomers: (b, a) => b.insertNewcomers(a.connection, [newcomer("new")], LATER),
  updateScims: (b, a) => b.updateScims(a.connection, [{ id: a.row, document: userDocument("eve") }], LATER),
  updateScimsInOwn: (b, a, own) => b.updateScims(own.connection, [{ id: a.row, document: userDocument("eve") }], LATER),
  insertRowInConnection: (b, a, own) => insertRow(b, a.connection, own.user, userDocument("new")),
  insertRowOfUser: (b, a, own) => insertRow(b, own.connection, a.user, userDocument("new")),
  updateScim: (b, a) => b.updateScim(a.connection, a.row, userDocument("eve"), undefined, LATER),
  updateScimInOwn: (b, a, own) => b.updateScim(own.connection, a.row, userDocument("eve"), undefined, LATER),
  updateClaims: (b, a) => b.updateClaims(a.row, { ...CLAIMS, at: LATER }, "eve", LATER),
  deleteUserRow: (b, a) => b.deleteUserRow(a.connection, a.row, LATER),
  insertGroup: (b, a) => b.insertGroup(a.connection, groupDocument("x"), LATER),
  updateGroup: (b, a) => b.updateGroup(a.connection, a.group, groupDocument("x"), undefined, LATER),
  touchGroup: (b, a) => b.touchGroup(a.group, LATER),
  deleteGroup: (b, a) => b.deleteGroup(a.connection, a.group, LATER),
  lockGroup: (b, a) => b.lockGroup(a.connection, a.group),
  membersNamed: async (b, a, own) => {
    const { users, groups, missing } = await b.membersNamed(own.connection, [a.row, a.group]);
    return [...users, ...groups, ...missing.filter((id) => id !== a.row && id !== a.group)];
  },
  addMyNested: (b, a, own) => b.addNested(a.group, [own.group]),
  addTheirNested: (b, a, own) => b.addNested(own.group, [a.group]),
  removeNested: (b, a) => b.removeNested(a.group, [a.group]),
  setNested: (b, a) => b.setNested(a.group, []),
  insertCustomResource: (b, a) => b.insertCustomResource(a.connection, "Device", DEVICE, LATER),
  updateCustomResource: (b, a) =>
    b.updateCustomResource(a.connection, "Device", { id: a.device, ifVersion: 1 }, DEVICE, LATER),
  deleteCustomResource: (b, a) => b.deleteCustomResource(a.connection, "Device", { id: a.device }),
  addMyMember: (b, a, own) => b.addMembers(a.group, [own.row], LATER),
  addTheirMember: (b, a, own) => b.addMembers(own.group, [a.row], LATER),
  addTheirs: (b, a) => b.addMembers(a.group, [a.row], LATER),
  removeMembers: (b, a) => b.removeMembers(a.group, [a.row], LATER),
  setMembers: (b, a) => b.setMembers(a.group, [], LATER),
  usersOfGroups: (b, a) => b.usersOfGroups([a.group]),
  lockPins: (b, a) => b.lockPins([a.connection]),
  claimNames: (b, a) => b.claimNames(a.connection, a.group, ["Eng", "New"], LATER),
  leaveNames: (b, a) => b.leaveNames(a.group, []),
  freeNames: (b, a) => b.freeNames(a.connection, a.group, true),
  inheritNames: (b, a) => b.inheritNames(a.connection, ["Eng"], "waiting", LATER),
  dropPinnedName: (b, a) => b.writePins({ ...NO_PINS, drop: [{ connection: a.connection, name: "Eng" }] }, LATER),
  addPinnedName: (b, a) => b.writePins({ ...NO_PINS, add: [{ connection: a.connection, name: "New" }] }, LATER),
  removePin: (b, a) =>
    b.writePins({ ...NO_PINS, remove: [{ connection: a.connection, name: "Eng", group: a.group }] }, LATER),
  putPin: (b, a) => {
    const pin = { connection: a.connection, name: "Eng", group: a.group, state: "waiting", knownAs: [] } as const;
    return b.writePins({ ...NO_PINS, put: [pin] }, LATER);
  },
  adoptableUsers: (b, a) => b.adoptableUsers(adoptable(a), { id: a.local }),
  adoptableUsersByName: async (b, a) =>
    (await b.adoptableUsers(adoptable(a), { userNames: ["hand"], emails: ["hand@acme.test"] })).filter(
      ({ id }) => id === a.local,
    ),
  hasPushed: (b, a) => b.hasPushed(a.connection, "ann"),
  hiddenNamesakes: (b, a) => b.hiddenNamesakes(a.connection, { users: [a.byHand] }),
  hiddenNamesakesOfDomains: (b, a) => b.hiddenNamesakes(a.connection, { domains: ["acme.test"] }),
  adoptUser: (b, a, own) => b.adoptUser(own.connection, a.local, LATER),
  adoptUserAway: (b, a, own) => b.adoptUser(a.connection, own.local, LATER),
  adoptableGroupById: (b, a) => b.adoptableGroup({ id: a.localGroup }),
  adoptableGroupByName: async (b, a) => (await b.adoptableGroup({ name: "by hand" })) === a.localGroup,
  adoptGroup: (b, a, own) => b.adoptGroup(own.connection, a.localGroup, LATER),
  adoptGroupAway: (b, a, own) => b.adoptGroup(a.connection, own.localGroup, LATER),
  undoGroupAdoption: (b, a) => b.undoGroupAdoption(a.taken, "2020-01-01T00:00:00.000Z", LATER),
  updateShown: (b, a) => b.updateShown(a.local, userDocument("eve"), LATER),
  closeReviewItem: (b, a) => b.closeReviewItem(a.review, LATER),
  closeReviewItems: (b, a) => b.closeReviewItems(a.connection, "x", LATER),
  keepMetadataState: (b, a) => b.keepMetadataState(a.connection, { ...METADATA, failures: 1 }),
  dropMetadataState: (b, a) => b.keepMetadataState(a.connection, undefined),
  usersOfRows: (b, a) => b.usersOfRows([a.row]),
  insertReviewItem: (b, a) => b.insertReviewItem({ kind: "x", connection: a.connection, detail: {} }, LATER),
  insertReviewItems: (b, a) => b.insertReviewItems({ kind: "x", connection: a.connection, details: [{}] }, LATER),
  markDirty: (b, a) => b.markDirty([a.user], "facts", LATER),
  markConnection: (b, a) => b.markConnection(a.connection, "x", LATER),
  markSeatless: (b) => b.markSeatless(LATER),
  markHeldOwners: (b) => b.markHeldOwners(LATER),
  giveMarks: (b, a) => b.giveMarks([a.user], a.run),
  claimMarks: (b) => b.claimMarks(MUCH_LATER, MUCH_LATER, 10),
  claimBehind: async (b, a) => (await b.claimBehind(9, LATER, MUCH_LATER, 99)).filter((id) => id === a.user),
  delayMarks: (b, a) => b.delayMarks([a.user], MUCH_LATER),
  lockPeople: (b, a) => b.lockPeople([a.user]),
  applyStatus: (b, a) =>
    b.applyAccess({ ...NO_WRITES, statuses: [{ user: a.user, to: "deactivated", by: "scim" }] }, LATER),
  applyProfile: (b, a) =>
    b.applyAccess(
      { ...NO_WRITES, profiles: [{ user: a.user, userName: "eve", email: null, ...NOTHING_SHOWN }] },
      LATER,
    ),
  openGrantOfUser: (b, a) => b.applyAccess({ ...NO_WRITES, open: [newGrant(a.user, { rule: "eve" })] }, LATER),
  openGrantOfConnection: (b, a, own) =>
    b.applyAccess({ ...NO_WRITES, open: [newGrant(own.user, { connection: a.connection, rule: "eve" })] }, LATER),
  closeByApply: (b, a) => b.applyAccess({ ...NO_WRITES, close: [{ id: a.grant, reason: "eve" }] }, LATER),
  refresh: (b, a) =>
    b.applyAccess({ ...NO_WRITES, refresh: [{ id: a.grant, evidence: [], mappingVersion: 9, replaces: true }] }, LATER),
  reconciled: (b, a) =>
    b.applyAccess({ ...NO_WRITES, reconciled: [{ user: a.user, factsVersion: 1 }], version: 1 }, LATER),
  settleUnmoved: (b, a) => b.settleUnmoved([{ user: a.quiet, factsVersion: 0 }], 1),
  seatPeople: async (b, a) => (await b.seatPeople([a.user])).filter((id) => id !== a.user),
  seatAll: (b, a) => b.seatAll([a.user]),
  unseatPeople: (b, a) => b.unseatPeople([a.user], NOW),
  takeWakeups: (b) => b.takeWakeups(MUCH_LATER),
  setKeyState: (b, a) => b.setKeyState(a.connection, a.key, "retiring", LATER),
  deleteConnectionKey: (b, a) => b.deleteConnectionKey(a.connection, a.key),
  putBucket: (b, a) => b.putBucket(a.connection, "access", { tokens: 9, updatedAt: LATER }),
  putExpectation: (b, a) => b.putExpectation(a.connection, 99, MUCH_LATER),
  useExpectation: (b, a) => b.useExpectation(a.connection, 2),
  hold: (b, a, own) => b.hold(own.run, [{ user: a.user, factsVersion: 1, reason: "no_seat", detail: "x" }], LATER),
  // runs are numbered per tenant: a stranger's own people may bear the number
  moveHolds: async (b, a, own) => void (await b.moveHolds(a.run, own.run, [])),
  dissolveHolds: (b, a) => b.dissolveHolds([a.user]),
  convertGrants: (b, a) => b.convertGrants(a.connection, { by: "eve", reason: "x", endReason: "y" }, LATER),
  setTeamPolicy: (b, a) => b.setTeamPolicy(a.team, "idp_only"),
  closeGrant: (b, a) => b.closeGrant(a.grant, "x", LATER),
  insertRun: (b, a) => b.insertRun({ trigger: "push", status: "queued", connection: a.connection, total: 0 }, LATER),
  insertPendingLogin: (b, a) =>
    b.insertPendingLogin({ ...LOGIN, stateHash: unique("state"), connection: a.connection }),
  takePendingLogin: (b, a) => b.takePendingLogin(a.state),
  sessionEpoch: (b, a) => b.sessionEpoch(a.connection, "sub"),
  insertSession: async (b, a, own) => {
    const session = { ...SESSION, hash: unique("s"), user: a.user, connection: own.connection };
    return (await b.insertSession(session, LATER)) === undefined;
  },
  touchSession: (b, a) => b.touchSession(a.session, MUCH_LATER),
  endSession: (b, a) => b.endSession(a.session, LATER),
  endSessionById: (b, a) => b.endSessionById(a.sessionId, undefined, LATER),
  endSessionsOf: (b, a) => b.endSessionsOf(a.user, LATER),
  usersKnownAs: (b, a) => b.usersKnownAs(a.connection, { ids: ["sub"], names: ["ann"] }),
  endIdpSessions: (b, a) => b.endIdpSessions(a.connection, { subject: "sub" }, LATER),
  insertSignInTrace: (b, a) =>
    b.insertSignInTrace({ reference: unique("trace"), connection: a.connection, at: NOW, outcome: "x", detail: {} }),
  updateSignInTrace: (b, a) => b.updateSignInTrace(a.trace, { outcome: "y", detail: {} }),
  keepRequests: (b, a) => b.keepRequests([keptRequest(unique("request"), a.connection)]),
  addRepeats: (b, a) => b.addRepeats([{ id: a.request, count: 9, until: LATER }]),
  addSightings: (b, a) => b.addSightings([{ ...SIGHTING, connection: a.connection }]),
  trimRequests: (b, a) => b.trimRequests(a.connection, 0, 10),
  markUntil: (b, a) => b.markUntil(a.connection, "jti", MUCH_LATER),
  rememberOnce: (b, a) => b.rememberOnce(a.connection, "jti", LATER),
  remembers: (b, a) => b.remembers(a.connection, "jti"),
  publishEvents: (b) => b.publishEvents(LATER, 10),
  rewriteNotes: (b, a) => b.rewriteNotes("evidence", [{ key: a.grant, text: "[]" }]),
  removeNotes: (b, a) => b.removeNotes("trace", [a.trace]),
  erasePerson: (b, a) => b.erasePerson(a.user, { pseudonym: "eve", userNames: ["ann"] }, LATER),
};

/** What an answer may hold for somebody who has no business there. */
function isNothing(answer: unknown): boolean {
  if (answer === undefined || answer === false || answer === 0) return true;
  if (Array.isArray(answer)) return answer.length === 0;
  return typeof answer === "object" && answer !== null && Object.values(answer).every(isNothing);
}

/** All of A's rows that a stranger could have changed. */
async function snapshot({ read, connection, store, tenant }: World, a: Ids): Promise<unknown> {
  return [
    await read.tenantNow(),
    await read.connections(),
    await read.tokens(connection.id),
    await read.connectionKeys(connection.id),
    await read.apiKeys(),
    await read.directoryUsers(connection.id, PAGE),
    await read.directoryGroupsList(connection.id, PAGE),
    await read.directoryGroups(connection.id),
    await read.customResources(connection.id, "Device", PAGE),
    await read.groupsVersion(connection.id),
    await read.pinnedNames(),
    await read.pins(),
    await read.nestedIn([a.group]),
    await read.shownAsMembers(connection.id, [a.row, a.group]),
    await read.membersOf([a.group, a.localGroup]),
    await read.directoryUsers(connection.id, { ...PAGE, adoptable: adoptable(a) }),
    await read.groups({ limit: 10 }),
    await read.reviewItems({ limit: 10 }),
    await read.links([a.byHand]),
    await read.people([a.user, a.quiet]),
    await read.links([a.user]),
    await read.grantHistory(a.user),
    await read.teamPolicies(),
    [...(await read.evidenceAt([a.grant], NOW))],
    await read.brakeState(connection.id, "access"),
    await read.runs({ limit: 10 }),
    await read.heldPeople(a.run, { afterSeq: 0, limit: 10 }),
    await read.sessions({ ...ALIVE, user: a.user }),
    await read.pendingLogin(a.state),
    await read.signInTrace(a.trace),
    await read.keptRequests(connection.id, { limit: 10 }),
    await read.sightings(connection.id),
    await read.planLines(a.plan, { limit: 10 }),
    await read.events({ after: 0, limit: 10 }),
    await store.instance.sessionByHash(a.session),
    await store.instance.tenantBySlug(tenant.slug),
  ];
}

export function isolationConformance(open: OpenStore): void {
  describe("tenants apart", () => {
    const store = storeForTests(open);
    let victim: World;
    let theirs: Ids;

    before(async () => {
      victim = await makeWorld(store());
      theirs = await furnish(victim);
    });

    for (const [name, ask] of Object.entries(READS)) {
      it(`answers nothing of another tenant: ${name}`, async () => {
        const stranger = await makeWorld(store());
        expect(isNothing(await ask(victim.read, theirs)), "the owner sees it").to.equal(
          name === "connectionSecret" || QUIET.has(name),
        );
        const empty = await store().instance.createTenant(
          { slug: unique("empty"), name: "x", domains: [], seats: null, scim: true },
          NOW,
        );
        expect(isNothing(await ask(store().read(empty.id), theirs))).to.equal(true);
        if (!OWN_NAMES.has(name)) expect(isNothing(await ask(stranger.read, theirs))).to.equal(true);
      });
    }

    for (const [name, attempt] of Object.entries(WRITES)) {
      it(`changes nothing of another tenant: ${name}`, async () => {
        const stranger = await makeWorld(store());
        const own = await furnish(stranger);
        await stranger.write((tx) => tx.takeWakeups(MUCH_LATER));
        await stranger.write((tx) => tx.publishEvents(NOW, 10));
        await stranger.write((tx) => tx.claimMarks(NOW, "2027-01-01T00:00:00.000Z", 10));
        const before = await snapshot(victim, theirs);
        const answer = await stranger
          .write((tx) => attempt(tx, theirs, own))
          .catch((error: unknown) => (error instanceof Refusal ? [] : [String(error)]));
        expect(isNothing(answer), JSON.stringify(answer)).to.equal(true);
        expect(await snapshot(victim, theirs)).to.deep.equal(before);
      });
    }

    it("does not touch another tenant's token", async () => {
      const stranger = await makeWorld(store());
      await store().instance.touchToken(stranger.tenant.id, theirs.token, LATER, "192.0.2.9");
      expect((await victim.read.tokens(theirs.connection))[0]).not.to.have.property("lastUsedAt");
    });

    it("keeps what belongs to one tenant from being taken by waiting marks or wake-ups of another", async () => {
      const stranger = await makeWorld(store());
      expect(await stranger.write((tx) => tx.claimMarks(MUCH_LATER, MUCH_LATER, 10))).to.deep.equal([]);
      expect(await stranger.write((tx) => tx.takeWakeups(MUCH_LATER))).to.deep.equal([]);
    });

    it("lets two tenants use the same slugs, names, subjects and external ids", async () => {
      const other = await makeWorld(store());
      await furnish(other);
      await expectSlug(other);
    });
  });
}

/** What even the owner has none of here. */
const QUIET = new Set(["otherOwners", "ownerIds", "waysInOfOwners", "keptOutBy", "audit", "events", "mappingRun"]);
/** Asked by a name that each tenant may use for something of its own. */
const OWN_NAMES = new Set(["connectionBySlug"]);

async function expectSlug(world: World): Promise<void> {
  const made = await world.write((tx) => tx.insertConnection({ ...SCIM_CONNECTION, slug: "second" }, NOW));
  expect(made.slug).to.equal("second");
}
