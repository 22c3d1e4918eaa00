import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import type { DirectoryQuery } from "../../src/provisioning/ports/directory.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import {
  expectRefusal,
  groupDocument,
  insertRow,
  LATER,
  MUCH_LATER,
  makeWorld,
  NOW,
  newcomer,
  userDocument,
} from "./world.js";

const CLAIMS = { attributes: {}, claims: { team: ["a"] }, at: NOW };

export function directoryConformance(open: OpenStore): void {
  describe("the directory ledger", () => {
    const store = storeForTests(open);

    it("gives a pushed user back as it was sent, with version and instants", async () => {
      const world = await makeWorld(store());
      const resource = { userName: "Ann", zeta: 1, alpha: { b: [true, 1.5, "ü\u2028\\u0000"] }, nested: [] };
      const { row } = await world.push("Ann", { resource });
      const found = await world.read.directoryUser(world.connection.id, row);
      expect(found).to.deep.equal({ id: row, resource, version: 1, createdAt: NOW, modifiedAt: NOW });
      expect(JSON.stringify(found?.resource), "keys in their order").to.equal(JSON.stringify(resource));
    });

    it("writes a document: version up, modified later, created as before", async () => {
      const world = await makeWorld(store());
      const { row } = await world.push("ann");
      const changed = userDocument("ann", { resource: { userName: "ann", title: "x" } });
      const written = await world.write((tx) => tx.updateScim(world.connection.id, row, changed, 1, LATER));
      expect(written).to.deep.equal({ id: row, version: 2, createdAt: NOW, modifiedAt: LATER });
      expect((await world.read.directoryUser(world.connection.id, row))?.resource).to.deep.equal(changed.resource);
    });

    it("refuses to write over a version that is not the one that was read", async () => {
      const world = await makeWorld(store());
      const { row } = await world.push("ann");
      const update = (id: DirectoryUserId, ifVersion?: number) =>
        world.write((tx) => tx.updateScim(world.connection.id, id, userDocument("ann"), ifVersion, LATER));
      await expectRefusal(update(row, 2), "version_conflict");
      await expectRefusal(update("nobody" as DirectoryUserId, 1), "not_found");
      await update(row);
    });

    it("makes newcomers together, each as one who is made alone, marked and with a seat", async () => {
      const world = await makeWorld(store(), 2);
      const { connection, read, write } = world;
      const people = [newcomer("ann"), { ...newcomer("Bob"), seat: false }, newcomer("cyd")];
      const made = await write((tx) => tx.insertNewcomers(connection.id, people, NOW));
      for (const [at, { user, written }] of made.entries()) {
        const { document, seat } = people[at] ?? newcomer("nobody");
        const found = await read.directoryUser(connection.id, written.id);
        expect(found).to.deep.equal({ ...written, resource: document.resource });
        expect(written).to.include({ version: 1, createdAt: NOW, modifiedAt: NOW });
        const [state] = await read.people([user]);
        expect(state).to.include({
          userName: document.userName,
          status: "pending",
          dirty: true,
          factsVersion: 1,
          seat,
        });
        const [link] = await read.links([user]);
        expect(link).to.include({ directoryUser: written.id, connection: connection.id, deleted: false });
        expect(link?.scim?.attributes).to.deep.equal(document.attributes);
      }
      expect((await read.directoryUsers(connection.id, { offset: 0, limit: 0 })).total).to.equal(3);
      expect((await read.tenantNow()).seatsUsed).to.equal(2);
      expect(await write((tx) => tx.claimMarks(NOW, LATER, 10))).to.have.members(made.map(({ user }) => user));
    });

    it("makes no newcomer where seats are too few, or a name is taken, for one of them", async () => {
      const world = await makeWorld(store(), 1);
      const make = (...names: readonly string[]) =>
        world.write((tx) => tx.insertNewcomers(world.connection.id, names.map(newcomer), NOW));
      await expectRefusal(make("ann", "bob"), "no_seat");
      await world.push("ANN");
      const twice = await make("ann").catch((refusal: unknown) => refusal);
      expect(twice).to.be.instanceOf(Refusal);
      expect((await world.read.directoryUsers(world.connection.id, { offset: 0, limit: 0 })).total).to.equal(1);
      expect((await world.read.tenantNow()).seatsUsed).to.equal(0);
    });

    it("knows strangers: nobody of the connection, deleted ones included, has one of their names", async () => {
      const { connection, push, write } = await makeWorld(store());
      await push("Ann", { externalId: "e-ann" });
      const bob = await push("bob", { externalId: "e-bob" });
      await write((tx) => tx.deleteUserRow(connection.id, bob.row, NOW));
      await write(async (tx) => {
        const user = await tx.insertPendingUser({ userName: "cyd" }, NOW);
        const row = { connection: connection.id, user, linkedBy: "created", userName: "cyd", subject: "e-cyd" };
        await tx.insertUserRow({ ...row, claims: CLAIMS }, NOW);
      });
      const asked = [
        userDocument("dot", { externalId: "e-dot" }),
        userDocument("dot"),
        userDocument("aNN", { externalId: "x" }),
        userDocument("x", { externalId: "e-ann" }),
        userDocument("BOB"),
        userDocument("x", { externalId: "e-bob" }),
        userDocument("CYD"),
        userDocument("x", { externalId: "e-cyd" }),
      ];
      const strangers = await write((tx) => tx.strangers(connection.id, asked));
      expect(strangers).to.deep.equal([true, true, false, false, false, false, false, false]);
    });

    it("writes documents together: each at its version, or none where one is another", async () => {
      const { connection, push, read, write } = await makeWorld(store());
      const [ann, bob] = [await push("ann"), await push("bob")];
      const document = (userName: string) => userDocument(userName, { resource: { userName, title: "x" } });
      const update = (...changed: readonly (readonly [DirectoryUserId, string, number?])[]) =>
        write((tx) =>
          tx.updateScims(
            connection.id,
            changed.map(([id, name, ifVersion]) => ({
              ...{ id, document: document(name) },
              ...(ifVersion !== undefined && { ifVersion }),
            })),
            LATER,
          ),
        );
      const written = await update([bob.row, "Bo", 1], [ann.row, "ann"]);
      expect(written).to.deep.equal([
        { id: bob.row, version: 2, createdAt: NOW, modifiedAt: LATER },
        { id: ann.row, version: 2, createdAt: NOW, modifiedAt: LATER },
      ]);
      expect((await read.directoryUser(connection.id, bob.row))?.resource).to.deep.equal(document("Bo").resource);
      await expectRefusal(update([ann.row, "ann", 2], [bob.row, "Bo", 1]), "conflict");
      await expectRefusal(update([ann.row, "ann"], [bob.row, "ANN"]), "conflict");
      await expectRefusal(update([ann.row, "ann"], ["nobody" as DirectoryUserId, "x"]), "conflict");
      expect((await read.directoryUser(connection.id, ann.row))?.version).to.equal(2);
    });

    it("refuses a userName that differs in letter case only, on create and on rename", async () => {
      const world = await makeWorld(store());
      await world.push("Ann");
      const bob = await world.push("bob");
      await expectRefusal(world.push("aNN"), "uniqueness");
      const rename = world.write((tx) =>
        tx.updateScim(world.connection.id, bob.row, userDocument("ANN"), undefined, LATER),
      );
      await expectRefusal(rename, "uniqueness");
      await world.write((tx) => tx.updateScim(world.connection.id, bob.row, userDocument("BOB"), undefined, LATER));
    });

    it("lets two connections use the same userName, and the same one again after a deletion", async () => {
      const world = await makeWorld(store());
      const { row } = await world.push("ann");
      const [local] = (await world.read.connections()).filter((each) => each.protocol === "local");
      await world.write(async (tx) => {
        const user = await tx.insertPendingUser({ userName: "ann" }, NOW);
        await insertRow(tx, local?.id ?? world.connection.id, user, userDocument("ann"));
      });
      const remove = (version?: number) =>
        world.write((tx) => tx.deleteUserRow(world.connection.id, row, NOW, version));
      expect(await remove(2)).to.equal(false);
      expect(await remove(1)).to.equal(true);
      expect(await remove()).to.equal(false);
      expect(await world.read.directoryUser(world.connection.id, row)).to.equal(undefined);
      expect((await world.push("ann")).row).not.to.equal(row);
    });

    it("finds rows to link to by subject, externalId and ASCII-lowered userName, live ones only", async () => {
      const world = await makeWorld(store());
      const ann = await world.push("Ann", { externalId: "00u1" });
      const bob = await world.push("bob", { externalId: "00U1" });
      await world.push("\u212Aelvin");
      const { connection, write } = world;
      const byNames = (externalIds: string[], userNames: string[]) =>
        write((tx) => tx.rowsByNames(connection.id, { externalIds, userNames }));
      const ids = async (externalIds: string[], userNames: string[]) =>
        (await byNames(externalIds, userNames)).map((row) => row.id);
      expect(await ids(["00u1"], []), "externalId is exact").to.deep.equal([ann.row]);
      expect(await ids([], ["ANN", "BOB"])).to.deep.equal([ann.row, bob.row]);
      expect(await ids(["00u1"], ["ann"]), "once each").to.deep.equal([ann.row]);
      expect(await ids([], ["Kelvin"]), "a look-alike is another name").to.deep.equal([]);
      await write((tx) => tx.updateClaims(ann.row, CLAIMS, "sub-1", LATER));
      const found = await write((tx) => tx.rowBySubject(connection.id, "sub-1"));
      expect(found).to.deep.equal({
        ...{ id: ann.row, user: ann.user, userName: "Ann", subject: "sub-1", externalId: "00u1", hasScim: true },
        pushedEmail: "ann@acme.test",
        ...{ scimActive: true, deleted: false, claims: CLAIMS },
      });
      await write((tx) => tx.deleteUserRow(connection.id, ann.row, LATER));
      expect(await ids(["00u1"], ["ann"])).to.deep.equal([]);
      expect(await write((tx) => tx.rowBySubject(connection.id, "sub-1"))).to.equal(undefined);
      expect(await write((tx) => tx.rowById(connection.id, ann.row))).to.deep.include({
        user: ann.user,
        deleted: true,
      });
      expect(await write((tx) => tx.deletedRow(connection.id, { externalIds: ["00u1"] }))).to.include({
        user: ann.user,
      });
    });

    it("names the latest of several deleted rows with one externalId", async () => {
      const world = await makeWorld(store());
      const { connection, write } = world;
      const first = await world.push("ann", { externalId: "x" });
      await write((tx) => tx.deleteUserRow(connection.id, first.row, NOW));
      const second = await world.push("ann", { externalId: "x" });
      await write((tx) => tx.deleteUserRow(connection.id, second.row, LATER));
      expect((await write((tx) => tx.deletedRow(connection.id, { externalIds: ["x"] })))?.id).to.equal(second.row);
    });

    it("keeps people known by claims alone out of SCIM until a document is attached", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const id = await write(async (tx) => {
        const user = await tx.insertPendingUser({ userName: "ann" }, NOW);
        const row = {
          connection: connection.id,
          user,
          linkedBy: "created",
          claims: CLAIMS,
          subject: "s",
          userName: "ann",
        };
        return (await tx.insertUserRow(row, NOW)).id;
      });
      const list = () => read.directoryUsers(connection.id, { offset: 0, limit: 10 });
      expect(await read.directoryUser(connection.id, id)).to.equal(undefined);
      expect(await list()).to.deep.equal({ total: 0, rows: [] });
      expect(await write((tx) => tx.membersNamed(connection.id, [id]))).to.deep.include({ missing: [id] });
      await write((tx) => tx.updateScim(connection.id, id, userDocument("ann"), undefined, LATER));
      const attached = await read.directoryUser(connection.id, id);
      expect(attached, "the resource is as old as its document").to.include({ createdAt: LATER, modifiedAt: LATER });
      expect(await list()).to.deep.include({ total: 1 });
      expect(await read.directoryUsers(connection.id, { offset: 0, limit: 0 })).to.include({ total: 1 });
      expect(await write((tx) => tx.membersNamed(connection.id, [id]))).to.deep.include({ users: [id], missing: [] });
    });

    it("keeps a subject where none is given, moves to a given one, and refuses one that another row has", async () => {
      const world = await makeWorld(store());
      const { connection, write } = world;
      const [ann, bob] = [await world.push("ann"), await world.push("bob")];
      await write((tx) => tx.updateClaims(ann.row, CLAIMS, "first", NOW));
      await write((tx) => tx.updateClaims(ann.row, { ...CLAIMS, at: LATER }, "second", LATER));
      await write((tx) => tx.updateClaims(ann.row, CLAIMS, undefined, LATER));
      expect(await write((tx) => tx.rowById(connection.id, ann.row))).to.include({ subject: "second" });
      const outcome = await write((tx) => tx.updateClaims(bob.row, CLAIMS, "second", NOW)).then(
        () => "written",
        () => "refused",
      );
      expect(outcome).to.equal("refused");
    });

    it("lists in creation order, by offset and by cursor, with exact totals", async () => {
      const world = await makeWorld(store());
      const { connection, read } = world;
      const rows: DirectoryUserId[] = [];
      for (const name of ["d", "c", "b", "a", "e"]) rows.push((await world.push(name)).row);
      await world.write((tx) => tx.deleteUserRow(connection.id, rows[2] as DirectoryUserId, NOW));
      const live = rows.filter((_, index) => index !== 2);
      const page = async (query: DirectoryQuery) => {
        const { total, rows: found } = await read.directoryUsers(connection.id, query);
        return [total, found.map((row) => row.id)];
      };
      expect(await page({ offset: 0, limit: 10 })).to.deep.equal([4, live]);
      const behind = (id = "") => ({ id, number: null, text: null });
      expect(await page({ offset: 0, limit: 2 })).to.deep.equal([4, live.slice(0, 2)]);
      expect(await page({ offset: 2, limit: 2 })).to.deep.equal([4, live.slice(2)]);
      expect(await page({ offset: 9, limit: 2 })).to.deep.equal([4, []]);
      expect(await page({ offset: 0, limit: 0 })).to.deep.equal([4, []]);
      expect(await page({ offset: 0, limit: 2, walk: behind(live[1]) })).to.deep.equal([4, live.slice(2)]);
      expect(await page({ offset: 0, limit: 2, walk: behind(live[3]) })).to.deep.equal([4, []]);
    });

    it("keeps groups with their members in the order of joining, and says who really joined or left", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const [ann, bob, cid] = [await world.push("ann"), await world.push("bob"), await world.push("cid")];
      const group = await world.group("Eng", [cid.row, ann.row]);
      const add = (ids: DirectoryUserId[], at: string) => write((tx) => tx.addMembers(group, ids, at));
      expect(await add([ann.row, bob.row, bob.row], LATER)).to.deep.equal([bob.row]);
      expect(await add([], LATER)).to.deep.equal([]);
      expect((await read.membersOf([group])).map((member) => member.userName)).to.deep.equal(["cid", "ann", "bob"]);
      expect(await read.directoryGroup(connection.id, group)).to.include({ memberCount: 3 });
      const left = await write((tx) => tx.removeMembers(group, [ann.row, "nobody" as DirectoryUserId], LATER));
      expect(left).to.deep.equal([ann.row]);
      const set = await write((tx) => tx.setMembers(group, [ann.row, bob.row], MUCH_LATER));
      expect(set).to.deep.equal({ added: [ann.row], removed: [cid.row] });
      expect((await read.membersOf([group])).map((member) => member.user)).to.deep.equal([bob.row, ann.row]);
      expect(await write((tx) => tx.setMembers(group, [], MUCH_LATER))).to.deep.include({ added: [] });
      expect(await read.directoryGroup(connection.id, group)).to.include({ memberCount: 0 });
    });

    it("keeps members in the order of the writes, though the later write was asked for first or in the same instant", async () => {
      const world = await makeWorld(store());
      const people = [
        await world.push("ann"),
        await world.push("bob"),
        await world.push("cid"),
        await world.push("dan"),
      ];
      const [ann, bob, ...rest] = people.map(({ row }) => row);
      const group = await world.group("Eng");
      const writes: readonly (readonly [readonly (DirectoryUserId | undefined)[], string])[] = [
        [rest.toReversed(), LATER],
        [[bob], NOW],
        [[ann], NOW],
      ];
      for (const [members, at] of writes) {
        const ids = members.filter((id) => id !== undefined);
        expect(await world.write((tx) => tx.addMembers(group, ids, at))).to.have.length(ids.length);
      }
      const names = (await world.read.membersOf([group])).map(({ userName }) => userName);
      expect(names).to.deep.equal(["dan", "cid", "bob", "ann"]);
    });

    it("answers many groups and many users in one call each, with display names", async () => {
      const world = await makeWorld(store());
      const attributes = { ...userDocument("x").attributes, displayName: "Ann A." };
      const ann = await world.push("ann", { attributes });
      const bob = await world.push("bob");
      const [eng, ops] = [await world.group("Eng", [ann.row, bob.row]), await world.group("Ops", [ann.row])];
      expect(await world.read.membersOf([eng, ops])).to.deep.equal([
        { group: eng, user: ann.row, userName: "ann", display: "Ann A." },
        { group: eng, user: bob.row, userName: "bob" },
        { group: ops, user: ann.row, userName: "ann", display: "Ann A." },
      ]);
      expect(await world.read.groupsOf([ann.row, bob.row])).to.deep.equal([
        { user: ann.row, group: eng, displayName: "Eng" },
        { user: ann.row, group: ops, displayName: "Ops" },
        { user: bob.row, group: eng, displayName: "Eng" },
      ]);
      expect(await world.write((tx) => tx.usersOfGroups([eng]))).to.have.members([ann.user, bob.user]);
      expect(await world.write((tx) => tx.usersOfRows([ann.row, bob.row]))).to.have.members([ann.user, bob.user]);
    });

    it("takes no member that is deleted, of another connection, or known by claims alone", async () => {
      const world = await makeWorld(store());
      const { connection, write } = world;
      const gone = await world.push("gone");
      await write((tx) => tx.deleteUserRow(connection.id, gone.row, NOW));
      const [local] = (await world.read.connections()).filter((each) => each.protocol === "local");
      const foreign = await write(async (tx) => {
        const user = await tx.insertPendingUser({ userName: "far" }, NOW);
        return (await insertRow(tx, local?.id ?? connection.id, user, userDocument("far"))).id;
      });
      const group = await world.group("Eng");
      const { missing } = await write((tx) => tx.membersNamed(connection.id, [gone.row, foreign]));
      expect(missing).to.have.members([gone.row, foreign]);
      expect(await write((tx) => tx.addMembers(group, [gone.row, foreign], NOW))).to.deep.equal([]);
      expect(await world.read.directoryGroup(connection.id, group)).to.include({ memberCount: 0 });
    });

    it("drops a deleted user from groups, and raises their versions", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const [ann, bob] = [await world.push("ann"), await world.push("bob")];
      const group = await world.group("Eng", [ann.row, bob.row]);
      await write((tx) => tx.deleteUserRow(connection.id, ann.row, LATER));
      expect((await read.membersOf([group])).map((member) => member.user)).to.deep.equal([bob.row]);
      expect(await read.directoryGroup(connection.id, group)).to.include({
        memberCount: 1,
        version: 2,
        modifiedAt: LATER,
      });
    });

    it("writes, touches and deletes groups by version", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const ann = await world.push("ann");
      const group = await world.group("Eng", [ann.row]);
      const update = (ifVersion?: number) =>
        write((tx) => tx.updateGroup(connection.id, group, groupDocument("Engine"), ifVersion, LATER));
      await expectRefusal(update(9), "version_conflict");
      expect(await update(1)).to.deep.equal({ id: group, version: 2, createdAt: NOW, modifiedAt: LATER });
      expect(await write((tx) => tx.touchGroup(group, MUCH_LATER))).to.include({ version: 3, modifiedAt: MUCH_LATER });
      expect(await write((tx) => tx.lockGroup(connection.id, group))).to.deep.equal({
        ...{ version: 3, memberCount: 1, nestedCount: 0, displayName: "Engine", idpMappingNames: [] },
      });
      expect(await write((tx) => tx.deleteGroup(connection.id, group, MUCH_LATER, 2))).to.equal(undefined);
      expect(await write((tx) => tx.deleteGroup(connection.id, group, MUCH_LATER, 3))).to.deep.equal([ann.row]);
      expect(await write((tx) => tx.deleteGroup(connection.id, group, MUCH_LATER))).to.equal(undefined);
      expect(await write((tx) => tx.lockGroup(connection.id, group))).to.equal(undefined);
      expect(await read.directoryGroup(connection.id, group)).to.equal(undefined);
      await expectRefusal(update(), "not_found");
      await expectRefusal(
        write((tx) => tx.touchGroup(group, NOW)),
        "not_found",
      );
    });

    it("deletes only the version that was read, where one is named", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const { row } = await world.push("ann");
      const group = await world.group("Eng", [row]);
      expect(await write((tx) => tx.deleteGroup(connection.id, group, NOW, 9))).to.equal(undefined);
      expect(await write((tx) => tx.deleteUserRow(connection.id, row, NOW, 9))).to.equal(false);
      expect((await read.membersOf([group])).map((member) => member.user)).to.deep.equal([row]);
      expect(await write((tx) => tx.deleteGroup(connection.id, group, NOW, 1))).to.deep.equal([row]);
      expect(await write((tx) => tx.deleteUserRow(connection.id, row, NOW, 1))).to.equal(true);
    });

    it("tells display names of live users, and nothing of others", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const attributes = { ...userDocument("x").attributes, displayName: "Ann A." };
      const [ann, bob, cid] = [
        await world.push("ann", { attributes }),
        await world.push("bob"),
        await world.push("cid"),
      ];
      await write((tx) => tx.deleteUserRow(connection.id, cid.row, NOW));
      expect(await read.displayNames(connection.id, [ann.row, bob.row, cid.row])).to.have.deep.members([
        { id: ann.row, displayName: "Ann A." },
        { id: bob.row },
      ]);
    });

    it("raises the groups' version when a group is made, renamed, first filled or deleted, and not otherwise", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const [ann, bob] = [await world.push("ann"), await world.push("bob")];
      let last = await read.groupsVersion(connection.id);
      const raised = async () => {
        const now = await read.groupsVersion(connection.id);
        const higher = now > last;
        last = now;
        return higher;
      };
      const group = await world.group("Eng");
      expect(await raised(), "made").to.equal(true);
      await write((tx) => tx.addMembers(group, [ann.row], NOW));
      expect(await raised(), "first filled").to.equal(true);
      await write((tx) => tx.addMembers(group, [bob.row], NOW));
      await write((tx) => tx.removeMembers(group, [bob.row], NOW));
      await write((tx) => tx.touchGroup(group, NOW));
      expect(await raised(), "members changed").to.equal(false);
      await write((tx) => tx.updateGroup(connection.id, group, groupDocument("E"), undefined, NOW));
      expect(await raised(), "renamed").to.equal(true);
      await write((tx) => tx.deleteGroup(connection.id, group, NOW));
      expect(await raised(), "deleted").to.equal(true);
      const records = await read.directoryGroups(connection.id);
      expect(records).to.deep.equal([
        { id: group, displayName: "E", idpMappingNames: [], firstMembershipAt: NOW, deleted: true },
      ]);
    });

    it("refuses text that only one database could store", async () => {
      const world = await makeWorld(store());
      await expectRefusal(world.push("a\u0000b"), "bad_request");
      await expectRefusal(world.push("ann", { resource: { title: "x\u0000" } }), "bad_request");
      await expectRefusal(world.push("ann", { search: { title: "\ud800" } }), "bad_request");
      await world.push("ann", { resource: { title: "\\u0000 \\ud800 😀" } });
    });
  });
}
