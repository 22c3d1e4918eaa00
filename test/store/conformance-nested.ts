import { expect } from "chai";
import type { DirectoryGroupId } from "../../src/model/ids.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { groupDocument, LATER, MUCH_LATER, makeWorld, NOW, userDocument, type World } from "./world.js";

export function nestedConformance(open: OpenStore): void {
  describe("groups inside groups", () => {
    const store = storeForTests(open);

    /** Writes as ingest does: with the outer group locked. */
    const locked = <T>({ write, connection }: World, group: DirectoryGroupId, work: Parameters<World["write"]>[0]) =>
      write(async (tx) => {
        await tx.lockGroup(connection.id, group);
        return (await work(tx)) as T;
      });

    const put = (world: World, outer: DirectoryGroupId, ...nested: readonly DirectoryGroupId[]) =>
      locked<number>(world, outer, (tx) => tx.addNested(outer, nested));

    const inside = async ({ read }: World, ...groups: readonly DirectoryGroupId[]) =>
      (await read.nestedIn(groups)).map(({ displayName }) => displayName);

    it("come, go and are set as differences, and are counted apart from people", async () => {
      const world = await makeWorld(store());
      const { connection, read } = world;
      const ann = await world.push("ann");
      const [outer, a, b, c] = [
        await world.group("Outer", [ann.row]),
        await world.group("A"),
        await world.group("B"),
        await world.group("C"),
      ];
      expect(await put(world, outer, b, a, a)).to.equal(2);
      expect(await put(world, outer, a)).to.equal(0);
      expect(await read.nestedIn([outer])).to.deep.equal([
        { group: outer, nested: a, displayName: "A" },
        { group: outer, nested: b, displayName: "B" },
      ]);
      expect(await read.nestedIn([outer], [b, c])).to.deep.equal([{ group: outer, nested: b, displayName: "B" }]);
      expect(await read.directoryGroup(connection.id, outer)).to.include({ memberCount: 1, nestedCount: 2 });
      expect(await locked(world, outer, (tx) => tx.removeNested(outer, [a, ann.row, c]))).to.equal(1);
      expect(await locked(world, outer, (tx) => tx.setNested(outer, [b, c]))).to.equal(1);
      expect(await inside(world, outer)).to.deep.equal(["B", "C"]);
      expect(await locked(world, outer, (tx) => tx.setNested(outer, []))).to.equal(2);
      expect(await read.directoryGroup(connection.id, outer)).to.include({ memberCount: 1, nestedCount: 0 });
      expect(
        (await read.membersOf([outer])).map(({ user }) => user),
        "people stay",
      ).to.deep.equal([ann.row]);
    });

    it("may go round in circles", async () => {
      const world = await makeWorld(store());
      const [a, b] = [await world.group("A"), await world.group("B")];
      await put(world, a, a, b);
      await put(world, b, a);
      expect(await inside(world, a, b)).to.deep.equal(["A", "B", "A"]);
      await world.write((tx) => tx.deleteGroup(world.connection.id, a, LATER));
      expect(await inside(world, a, b)).to.deep.equal([]);
    });

    it("give nobody anything: neither facts nor memberships of people know them", async () => {
      const world = await makeWorld(store());
      const { read, write } = world;
      const ann = await world.push("ann");
      const [outer, inner] = [await world.group("Outer"), await world.group("Inner", [ann.row])];
      await put(world, outer, inner);
      expect(await read.membersOf([outer])).to.deep.equal([]);
      expect((await read.groupsOf([ann.row])).map(({ group }) => group)).to.deep.equal([inner]);
      expect(await write((tx) => tx.usersOfGroups([outer]))).to.deep.equal([]);
      const [link] = await read.links([ann.user]);
      expect(link?.memberships.map(({ group }) => group)).to.deep.equal([inner]);
    });

    it("leave with the group that is deleted, inner or outer, and another version of the outer one stays", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const [outer, other, inner] = [await world.group("O"), await world.group("P"), await world.group("I")];
      await put(world, outer, inner, other);
      await put(world, other, inner, outer);
      await write((tx) => tx.deleteGroup(connection.id, inner, LATER));
      for (const id of [outer, other]) {
        expect(await read.directoryGroup(connection.id, id)).to.include({
          ...{ nestedCount: 1, version: 2, modifiedAt: LATER },
        });
      }
      await write((tx) => tx.deleteGroup(connection.id, outer, MUCH_LATER));
      expect(await read.directoryGroup(connection.id, other)).to.include({ nestedCount: 0, version: 3 });
      expect(await inside(world, outer, other, inner)).to.deep.equal([]);
    });

    it("are live groups of the same connection, told from people and from nobody in one question", async () => {
      const world = await makeWorld(store());
      const { connection, write } = world;
      const ann = await world.push("ann");
      const [outer, inner, gone] = [await world.group("O"), await world.group("I"), await world.group("G")];
      await write((tx) => tx.deleteGroup(connection.id, gone, NOW));
      const [local] = (await world.read.connections()).filter((each) => each.protocol === "local");
      const { id: foreign } = await write((tx) =>
        tx.insertGroup(local?.id ?? connection.id, groupDocument("Far"), NOW),
      );
      const named = await write((tx) => tx.membersNamed(connection.id, [inner, ann.row, gone, foreign]));
      expect(named).to.deep.include({ users: [ann.row], groups: [inner] });
      expect(named.missing).to.have.members([gone, foreign]);
      expect(await put(world, outer, gone, foreign)).to.equal(0);
      expect(await world.read.directoryGroup(connection.id, outer)).to.include({ nestedCount: 0 });
    });

    it("are found by a filter over members, beside people", async () => {
      const world = await makeWorld(store());
      const { connection, read } = world;
      const ann = await world.push("ann");
      const [outer, inner] = [await world.group("O", [ann.row]), await world.group("I")];
      await world.group("Other");
      await put(world, outer, inner);
      const members = [{ name: "members", multi: true }] as const;
      const value = [{ name: "value", multi: false }] as const;
      const found = async (id: string, within: "path" | "element") => {
        const compare = { op: "compare", comparator: "eq", value: id } as const;
        const filter =
          within === "path"
            ? ({ ...compare, path: [...members, ...value] } as const)
            : ({ op: "element", path: members, where: { ...compare, path: value } } as const);
        const { rows } = await read.directoryGroupsList(connection.id, { offset: 0, limit: 10, filter });
        return rows.map((row) => row.id);
      };
      for (const within of ["path", "element"] as const) {
        expect(await found(inner, within)).to.deep.equal([outer]);
        expect(await found(ann.row, within)).to.deep.equal([outer]);
        expect(await found(outer, within)).to.deep.equal([]);
      }
    });

    it("are put into one another at once, however many, and lose nothing", async () => {
      const world = await makeWorld(store());
      const { connection, read } = world;
      const groups = await Promise.all(Array.from({ length: 12 }, (_, at) => world.group(`G${at}`)));
      await Promise.all(groups.map((group) => put(world, group, ...groups)));
      for (const id of groups) {
        expect(await read.directoryGroup(connection.id, id)).to.include({ nestedCount: 12 });
      }
      expect(await read.nestedIn(groups)).to.have.length(144);
    });

    it("are counted right while they come and are deleted at once", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const outer = await world.group("Outer");
      const inner = await Promise.all(Array.from({ length: 12 }, (_, at) => world.group(`I${at}`)));
      await Promise.all(
        inner.flatMap((group, at) => [
          put(world, outer, group),
          at % 2 === 0 ? write((tx) => tx.deleteGroup(connection.id, group, LATER)) : Promise.resolve(),
        ]),
      );
      const left = (await read.nestedIn([outer])).map(({ nested }) => nested);
      expect(left).to.have.members(inner.filter((_, at) => at % 2 === 1));
      expect(await read.directoryGroup(connection.id, outer)).to.include({ nestedCount: left.length });
    });

    it("are shown as members beside people by their ids, as far as the connection has them", async () => {
      const world = await makeWorld(store());
      const { connection, write, read } = world;
      const attributes = { ...userDocument("x").attributes, displayName: "Ann A." };
      const [ann, bob] = [await world.push("ann", { attributes }), await world.push("bob")];
      const gone = await world.push("gone");
      await write((tx) => tx.deleteUserRow(connection.id, gone.row, NOW));
      const [group, over] = [await world.group("G"), await world.group("Over")];
      await write((tx) => tx.deleteGroup(connection.id, over, LATER));
      const ids = [ann.row, bob.row, gone.row, group, over, "nobody"];
      expect(await read.shownAsMembers(connection.id, ids)).to.have.deep.members([
        { id: ann.row, type: "User", display: "Ann A." },
        { id: bob.row, type: "User", display: "bob" },
        { id: group, type: "Group", display: "G" },
      ]);
    });

    it("do not hide the order in which people joined, read as ids or a few at a time", async () => {
      const world = await makeWorld(store());
      const [ann, bob, cid] = [await world.push("ann"), await world.push("bob"), await world.push("cid")];
      const group = await world.group("G", [cid.row]);
      await world.write((tx) => tx.addMembers(group, [bob.row, ann.row], LATER));
      expect(await world.read.memberIdsOf(group)).to.deep.equal([cid.row, bob.row, ann.row]);
      const some = await world.read.membersOf([group], [ann.row, cid.row, "nobody"]);
      expect(some.map(({ user }) => user)).to.deep.equal([cid.row, ann.row]);
    });
  });
}
