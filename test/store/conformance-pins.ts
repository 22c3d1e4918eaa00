import { expect } from "chai";
import type { DirectoryGroupId } from "../../src/model/ids.js";
import type { PinWrites } from "../../src/provisioning/ports/pins.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { groupDocument, LATER, makeWorld, NOW, type World } from "./world.js";

const NO_PINS: PinWrites = { drop: [], add: [], remove: [], put: [] };

/** `name group state`, with names of groups for their ids; in order. */
function shown(world: World): Promise<readonly string[]> {
  return world.read
    .pins()
    .then((rows) => rows.map(({ name, displayName, state }) => `${name} ${displayName} ${state}`));
}

async function named(world: World, ...names: readonly string[]): Promise<void> {
  const connection = world.connection.id;
  await world.write((tx) => tx.writePins({ ...NO_PINS, add: names.map((name) => ({ connection, name })) }, NOW));
}

/** Makes a group as a push does, under the counter that it holds from then on. */
function made(world: World, displayName: string, names: readonly string[] = [displayName]) {
  return world.write(async (tx) => {
    const { id } = await tx.insertGroup(world.connection.id, groupDocument(displayName), NOW);
    return { id, claimed: await tx.claimNames(world.connection.id, id, names, NOW) };
  });
}

export function pinConformance(open: OpenStore): void {
  describe("group pins", () => {
    const store = storeForTests(open);

    it("give a name that the mapping uses to the first group, and let later ones contend for it", async () => {
      const world = await makeWorld(store());
      await named(world, "A", "B");
      const first = await made(world, "A", ["A", "Unused"]);
      expect(first.claimed).to.deep.equal([{ name: "A", group: first.id, state: "held" }]);
      const second = await made(world, "second", ["A", "B"]);
      expect([...second.claimed].sort((a, b) => (a.name < b.name ? -1 : 1))).to.deep.equal([
        { name: "A", group: second.id, state: "contends" },
        { name: "B", group: second.id, state: "held" },
      ]);
      const third = await world.write((tx) => tx.claimNames(world.connection.id, first.id, ["A", "B"], NOW));
      expect(third, "who holds a name takes no other").to.deep.equal([
        { name: "B", group: first.id, state: "contends" },
      ]);
      expect(await shown(world)).to.deep.equal(["A A held", "A second contends", "B A contends", "B second held"]);
    });

    it("stand in the records of groups, in the order in which they were taken", async () => {
      const world = await makeWorld(store());
      const connection = world.connection.id;
      await named(world, "A", "B");
      const { id } = await made(world, "A", ["A", "x"]);
      const put = [{ connection, name: "B", group: id, state: "waiting" as const, knownAs: ["y"] }];
      await world.write((tx) => tx.writePins({ ...NO_PINS, put }, LATER));
      await made(world, "free");
      const [record, free] = await world.read.directoryGroups(connection);
      expect(record?.pins).to.deep.equal([
        { name: "A", state: "held", knownAs: ["A", "x"], since: NOW },
        { name: "B", state: "waiting", knownAs: ["y"], since: LATER },
      ]);
      expect(free).not.to.have.property("pins");
    });

    it("stay with a renamed group, which stops contending for names that it has no more", async () => {
      const world = await makeWorld(store());
      await named(world, "A", "B", "C");
      await made(world, "B");
      const group = await made(world, "A", ["A", "B", "C"]);
      expect(group.claimed).to.have.length(3);
      expect(await world.write((tx) => tx.leaveNames(group.id, ["New", "B"]))).to.deep.equal(["A", "C"]);
      expect(await shown(world)).to.deep.equal(["A A held", "B B held", "B A contends", "C A held"]);
      const records = await world.read.directoryGroups(world.connection.id);
      const pins = records.find(({ id }) => id === group.id)?.pins ?? [];
      expect(pins.map(({ name, knownAs }) => `${name}: ${knownAs}`).sort()).to.deep.equal([
        "A: A,B,C",
        "B: New,B",
        "C: A,B,C",
      ]);
    });

    it("go to the oldest contender that holds no name, and wait where the group before it is remembered", async () => {
      const world = await makeWorld(store());
      const connection = world.connection.id;
      await named(world, "A", "Own");
      const first = await made(world, "A");
      const busy = await made(world, "busy", ["Own"]);
      await world.write((tx) => tx.claimNames(connection, busy.id, ["A"], NOW));
      const [heir, late] = [await made(world, "heir", ["A"]), await made(world, "late", ["A"])];
      expect(await world.write((tx) => tx.inheritNames(connection, ["A"], "waiting", LATER))).to.deep.equal([]);
      const outcome = await world.write(async (tx) => {
        const freed = await tx.freeNames(connection, first.id, true);
        return { freed, heirs: await tx.inheritNames(connection, freed, "waiting", LATER) };
      });
      expect(outcome).to.deep.equal({ freed: ["A"], heirs: [{ name: "A", group: heir.id, state: "waiting" }] });
      await world.write(async (tx) => {
        for (const group of [heir.id, late.id, busy.id]) await tx.freeNames(connection, group, false);
        expect(await tx.inheritNames(connection, ["A"], "waiting", LATER)).to.deep.equal([]);
      });
      expect((await made(world, "A")).claimed).to.deep.equal([
        { name: "A", group: (await world.read.pins())[0]?.group, state: "waiting" },
      ]);
      expect((await made(world, "Own")).claimed[0]?.state, "nobody remembers the busy one").to.equal("held");
    });

    it("end with the name, and are written over and taken out in sets", async () => {
      const world = await makeWorld(store());
      const connection = world.connection.id;
      await named(world, "A", "B");
      const { id } = await made(world, "A", ["A", "B"]);
      const put = [{ connection, name: "A", group: id, state: "contends" as const, knownAs: [] }];
      await world.write((tx) =>
        tx.writePins({ ...NO_PINS, put, remove: [{ connection, name: "B", group: id }] }, LATER),
      );
      expect(await shown(world)).to.deep.equal(["A A contends"]);
      const next = await made(world, "B");
      expect(next.claimed, "who comes after it waits").to.deep.equal([{ name: "B", group: next.id, state: "waiting" }]);
      await world.write((tx) =>
        tx.writePins({ ...NO_PINS, remove: [{ connection, name: "B", group: next.id }] }, LATER),
      );
      await world.write((tx) => tx.writePins({ ...NO_PINS, drop: [{ connection, name: "A" }] }, LATER));
      expect(await shown(world)).to.deep.equal([]);
      expect(await world.read.pinnedNames()).to.deep.equal([{ connection, name: "B" }]);
    });

    it("raise the groups' version when they are locked", async () => {
      const world = await makeWorld(store());
      const { id } = world.connection;
      const before = await world.read.groupsVersion(id);
      await world.write((tx) => tx.lockPins([id]));
      expect(await world.read.groupsVersion(id)).to.be.greaterThan(before);
    });

    it("give a name to one of many who ask for it at once", async () => {
      const world = await makeWorld(store());
      await named(world, "A");
      const asked = await Promise.all(Array.from({ length: 8 }, () => made(world, "A")));
      const states = asked.map(({ claimed }) => claimed[0]?.state).sort();
      expect(states).to.deep.equal([...Array.from({ length: 7 }, () => "contends"), "held"]);
      const heirs = await Promise.all(
        asked.map(({ id }) =>
          world.write(async (tx) => {
            await tx.deleteGroup(world.connection.id, id as DirectoryGroupId, LATER);
            const freed = await tx.freeNames(world.connection.id, id, true);
            return tx.inheritNames(world.connection.id, freed, "waiting", LATER);
          }),
        ),
      );
      expect(heirs.flat().length).to.be.lessThan(8);
      expect(await shown(world)).to.deep.equal([]);
    });
  });
}
