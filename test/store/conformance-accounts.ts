import { expect } from "chai";
import type { DirectoryUserId, UserId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import type { AccountDocument } from "../../src/provisioning/ports/service-accounts.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import {
  expectRefusal,
  LATER,
  MUCH_LATER,
  makeWorld,
  NO_WRITES,
  NOW,
  newGrant,
  register,
  type World,
} from "./world.js";

function document(userName: string, more: Partial<AccountDocument> = {}): AccountDocument {
  const resource: JsonObject = { userName, displayName: `The ${userName}` };
  return {
    ...{ userName, displayName: `The ${userName}`, active: true, resource },
    ...{ search: { userName: userName.toLowerCase(), displayName: `the ${userName}`.toLowerCase() } },
    ...more,
  };
}

/** The same without a resource: made by an admin. */
function handMade(userName: string, more: Partial<AccountDocument> = {}): AccountDocument {
  return { userName, displayName: userName, active: true, ...more };
}

async function insert(world: World, said: AccountDocument, connection = world.connection.id) {
  const { userName, displayName } = said;
  return world.write(async (tx) => {
    const user = await tx.insertPendingUser({ userName, displayName }, NOW, "service_account");
    const row = await tx.insertServiceAccount({ connection, user, document: said }, NOW);
    return { user, row: row.id };
  });
}

const ADMIN = { scope: "tenant", role: "admin" };

export function accountConformance(open: OpenStore): void {
  describe("service accounts", () => {
    const store = storeForTests(open);

    it("are given back as they were pushed, with version and instants, and as no user", async () => {
      const world = await makeWorld(store());
      const { connection, read } = world;
      const { user, row } = await insert(world, document("CI", { externalId: "x-1" }));
      expect(await read.directoryServiceAccount(connection.id, row)).to.deep.equal({
        ...{ id: row, resource: document("CI").resource, version: 1, createdAt: NOW, modifiedAt: NOW },
      });
      const changed = document("ci", { description: "builds", resource: { userName: "ci", description: "builds" } });
      const written = await world.write((tx) => tx.updateServiceAccount(connection.id, row, changed, 1, LATER));
      expect(written).to.deep.equal({ id: row, version: 2, createdAt: NOW, modifiedAt: LATER });
      expect((await read.directoryServiceAccount(connection.id, row))?.resource).to.deep.equal(changed.resource);
      expect(await read.directoryUser(connection.id, row)).to.equal(undefined);
      expect(await read.directoryUsers(connection.id, { offset: 0, limit: 9 })).to.deep.equal({ total: 0, rows: [] });
      const [person] = await read.people([user]);
      expect(person).to.include({ serviceAccount: true, status: "pending", userName: "CI" });
      await register(world, [user]);
      expect(await read.user(user)).to.equal(undefined);
      expect((await read.users({ limit: 9 })).items).to.deep.equal([]);
    });

    it("are nobody that a sign-in or a pushed user is linked to, and no member of any group", async () => {
      const world = await makeWorld(store());
      const { connection, write } = world;
      const { row } = await insert(world, document("ci@acme.test", { externalId: "x-1" }));
      const names = { externalIds: ["x-1", row], userNames: ["ci@acme.test", ""] };
      await write(async (tx) => {
        expect(await tx.rowsByNames(connection.id, names)).to.deep.equal([]);
        expect(await tx.deletedRow(connection.id, { subject: "", externalIds: ["x-1", row, ""] })).to.equal(undefined);
        expect(await tx.rowBySubject(connection.id, "")).to.equal(undefined);
        expect((await tx.rowById(connection.id, row))?.hasScim).to.equal(false);
        expect((await tx.membersNamed(connection.id, [row])).missing).to.deep.equal([row]);
      });
      await world.push("ci@acme.test", { externalId: "x-1" });
    });

    it("have names that are unique in their connection, letter case aside, and free again after a deletion", async () => {
      const world = await makeWorld(store());
      const { connection, write } = world;
      const first = await insert(world, document("ci"));
      const other = await insert(world, document("cd"));
      await expectRefusal(insert(world, document("CI")), "uniqueness");
      const rename = (name: string) =>
        write((tx) => tx.updateServiceAccount(connection.id, other.row, document(name), undefined, LATER));
      await expectRefusal(rename("Ci"), "uniqueness");
      await rename("CD");
      const [local] = (await world.read.connections()).filter(({ protocol }) => protocol === "local");
      await insert(world, handMade("ci"), local?.id);
      const remove = (version?: number) =>
        write((tx) => tx.deleteServiceAccount(connection.id, first.row, LATER, version));
      expect([await remove(7), await remove(1), await remove()]).to.deep.equal([false, true, false]);
      expect(await world.read.directoryServiceAccount(connection.id, first.row)).to.equal(undefined);
      await insert(world, document("ci"));
    });

    it("are written by one of two who make the same name at the same moment", async () => {
      const world = await makeWorld(store());
      const made = await Promise.allSettled(["ci", "CI", "Ci"].map((name) => insert(world, document(name))));
      expect(made.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected", "rejected"]);
    });

    it("refuse a version that is not the one that was read, and ids of nobody", async () => {
      const world = await makeWorld(store());
      const { row } = await insert(world, document("ci"));
      const update = (id: DirectoryUserId, version?: number) =>
        world.write((tx) => tx.updateServiceAccount(world.connection.id, id, document("ci"), version, LATER));
      await expectRefusal(update(row, 2), "version_conflict");
      await expectRefusal(update("nobody" as DirectoryUserId, 1), "not_found");
      await update(row);
    });

    it("are listed with exact totals, filtered, and without those of other connections and of admins", async () => {
      const world = await makeWorld(store());
      const { connection, read } = world;
      const rows = await Promise.all(["a", "b", "c"].map(async (name) => (await insert(world, document(name))).row));
      const [local] = (await read.connections()).filter(({ protocol }) => protocol === "local");
      await insert(world, handMade("by-hand"), local?.id);
      const first = await read.directoryServiceAccounts(connection.id, { offset: 0, limit: 2 });
      expect([first.total, first.rows.length]).to.deep.equal([3, 2]);
      expect(await read.directoryServiceAccounts(connection.id, { offset: 0, limit: 0 })).to.deep.equal({
        ...{ total: 3, rows: [] },
      });
      const named = (name: string, value: string) =>
        read.directoryServiceAccounts(connection.id, {
          ...{ offset: 0, limit: 9 },
          filter: { op: "compare", path: [{ name, multi: false }], comparator: "eq", value },
        });
      expect((await named("userName", "b")).rows.map(({ id }) => id)).to.deep.equal([rows[1]]);
      expect((await named("displayName", "the c")).rows.map(({ id }) => id)).to.deep.equal([rows[2]]);
      expect(await named("externalId", "none")).to.deep.equal({ total: 0, rows: [] });
    });

    it("have one link each, with what their source says of them and their end", async () => {
      const world = await makeWorld(store());
      const { connection, read } = world;
      const roles = [{ type: "t", value: "v" }];
      const pushed = await insert(world, document("ci", { roles, expiresAt: LATER, active: false }));
      const [local] = (await read.connections()).filter(({ protocol }) => protocol === "local");
      const made = await insert(world, handMade("by-hand"), local?.id);
      const [one, two] = await read.accountLinks([pushed.user, made.user, "nobody" as UserId]);
      expect(one).to.deep.include({ user: pushed.user, connection: connection.id, deleted: false, expiresAt: LATER });
      expect(one?.scim).to.deep.include({ active: false, roles, createdAt: NOW });
      expect(one?.scim?.attributes).to.include({ userName: "ci", displayName: "The ci", email: null });
      expect(two?.scim).to.equal(undefined);
      expect(two?.claims?.attributes["userName"]).to.deep.equal({ value: "by-hand", at: NOW });
      expect(await read.accountLinks([])).to.deep.equal([]);
      expect(await read.peopleIds({ limit: 9, connection: connection.id }), "a switch reaches them").to.deep.equal([
        pushed.user,
      ]);
      expect(await world.write((tx) => tx.markConnection(connection.id, "x", NOW))).to.equal(1);
    });

    it("are shown to admins with owner, end and what they hold, once they are registered, until they are removed", async () => {
      const world = await makeWorld(store());
      const { read, write } = world;
      const ann = await world.push("ann");
      await register(world, [ann.user]);
      const ci = await insert(world, document("ci", { owner: ann.user, expiresAt: LATER, description: "builds" }));
      expect(await read.serviceAccount(ci.user)).to.equal(undefined);
      await register(world, [ci.user]);
      await write((tx) => tx.applyAccess({ ...NO_WRITES, open: [newGrant(ci.user, { target: ADMIN })] }, NOW));
      expect(await read.serviceAccount(ci.user)).to.deep.equal({
        ...{ id: ci.user, userName: "ci", displayName: "The ci", description: "builds", status: "registered" },
        ...{ connection: world.connection.id, synced: true, expiresAt: LATER, createdAt: NOW },
        owner: { id: ann.user, userName: "ann", displayName: null, active: true },
        ...{ assignments: [ADMIN], assignmentsLeftOut: 0 },
      });
      const cd = await insert(world, document("cd"));
      await register(world, [cd.user]);
      const ids = async (query: object) =>
        (await read.serviceAccounts({ limit: 9, ...query })).items.map(({ id }) => id);
      expect(await ids({})).to.deep.equal([ci.user, cd.user]);
      expect([await ids({ name: "CD" }), await ids({ owner: ann.user })]).to.deep.equal([[cd.user], [ci.user]]);
      expect(await ids({ status: "deactivated" })).to.deep.equal([]);
      const page = await read.serviceAccounts({ limit: 1 });
      expect(page).to.include({ next: ci.user });
      expect(await read.accountsOwnedBy([ann.user, cd.user])).to.deep.equal([
        { id: ci.user, userName: "ci", owner: ann.user },
      ]);
      await write((tx) => tx.removeServiceAccount(ci.user, LATER));
      expect(await ids({})).to.deep.equal([cd.user]);
      expect(await write((tx) => tx.accountRow({ user: ci.user }))).to.equal(undefined);
    });

    it("TEC-24: stand for a token while they are registered, in time, and hold an admin role of the tenant", async () => {
      const world = await makeWorld(store());
      const { user } = await insert(world, document("ci", { expiresAt: MUCH_LATER }));
      const standing = (now = NOW) => world.read.accountStanding(user, now);
      const open = (target: typeof ADMIN, more = {}) =>
        world.write((tx) => tx.applyAccess({ ...NO_WRITES, open: [newGrant(user, { target, ...more })] }, NOW));
      expect(await standing()).to.deep.equal({ live: false, admin: false, epoch: 0 });
      await register(world, [user]);
      for (const target of [
        { scope: "tenant", role: "viewer" },
        { scope: "all_teams", role: "admin" },
      ])
        await open(target);
      expect(await standing()).to.deep.equal({ live: true, admin: false, epoch: 0 });
      await open(ADMIN, { expiresAt: LATER });
      expect((await standing())?.admin).to.equal(true);
      expect(await standing(LATER), "the grant's time is over").to.include({ live: true, admin: false });
      expect(await standing(MUCH_LATER)).to.include({ live: false });
      const statuses = [{ user, to: "deactivated" as const, by: "admin" as const }];
      await world.write((tx) => tx.applyAccess({ ...NO_WRITES, statuses }, NOW));
      expect(await standing()).to.include({ live: false, epoch: 1 });
      expect(await world.read.accountStanding("nobody" as UserId, NOW)).to.equal(undefined);
    });

    it("have tokens that name them and the epoch of their making", async () => {
      const world = await makeWorld(store());
      const { user } = await insert(world, document("ci"));
      const hash = `hash-of-${world.tenant.slug}`;
      const serviceAccount = { id: user, epoch: 3 };
      await world.write((tx) => tx.insertToken(world.connection.id, { name: "t", hash, serviceAccount }, NOW));
      expect((await store().instance.tokenByHash(hash))?.serviceAccount).to.deep.equal(serviceAccount);
      const [token] = await world.read.tokens(world.connection.id);
      expect(token?.serviceAccount).to.deep.equal({ ...serviceAccount, userName: "ci" });
    });

    it("of one tenant do not exist in another", async () => {
      const [world, other] = [await makeWorld(store()), await makeWorld(store())];
      const { user, row } = await insert(world, document("ci"));
      await register(world, [user]);
      expect(await other.read.serviceAccount(user)).to.equal(undefined);
      expect(await other.read.accountLinks([user])).to.deep.equal([]);
      expect(await other.read.accountStanding(user, NOW)).to.equal(undefined);
      expect(await other.read.directoryServiceAccount(other.connection.id, row)).to.equal(undefined);
      expect(await other.read.directoryServiceAccount(world.connection.id, row)).to.equal(undefined);
      expect(await other.write((tx) => tx.deleteServiceAccount(world.connection.id, row, NOW))).to.equal(false);
      await other.write((tx) => tx.removeServiceAccount(user, NOW));
      expect(await world.read.serviceAccount(user)).to.include({ id: user });
    });
  });
}
