import { expect } from "chai";
import type { DirectoryUserId, UserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import type { TenantWriter } from "../../src/provisioning/ports/store.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import {
  expectRefusal,
  groupDocument,
  LATER,
  makeWorld,
  NOW,
  pushUser,
  SCIM_CONNECTION,
  userDocument,
  type World,
} from "./world.js";

type Outcome = "done" | string;

async function outcome(work: Promise<unknown>): Promise<Outcome> {
  return work.then(
    () => "done",
    (error: unknown) => (error instanceof Refusal ? error.code : `fault: ${String(error)}`),
  );
}

async function tally(works: readonly Promise<unknown>[]): Promise<Readonly<Record<Outcome, number>>> {
  const counts: Record<Outcome, number> = {};
  for (const each of await Promise.all(works.map(outcome))) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

function times<T>(n: number, make: (index: number) => T): T[] {
  return Array.from({ length: n }, (_, index) => make(index));
}

export function parallelConformance(open: OpenStore): void {
  describe("writers side by side", () => {
    const store = storeForTests(open);
    const groups = async (world: World) =>
      (await world.read.directoryGroupsList(world.connection.id, { offset: 0, limit: 500 })).rows.length;

    it("lets one of many win a userName, and refuses the others", async () => {
      const world = await makeWorld(store());
      const counts = await tally(times(12, (index) => world.push(index % 2 === 0 ? "ann" : "ANN")));
      expect(counts).to.deep.equal({ done: 1, uniqueness: 11 });
      const list = await world.read.directoryUsers(world.connection.id, { offset: 0, limit: 9 });
      expect([list.total, list.rows.length]).to.deep.equal([1, 1]);
      expect(await world.read.countPeople(), "the losers left nobody behind").to.equal(1);
    });

    it("lets one of two people take over a third's userName", async () => {
      const world = await makeWorld(store());
      const people = await Promise.all(times(6, (index) => world.push(`p${index}`)));
      const rename = ({ row }: { row: DirectoryUserId }) =>
        world.write((tx) => tx.updateScim(world.connection.id, row, userDocument("same"), undefined, LATER));
      expect(await tally(people.map(rename))).to.deep.equal({ done: 1, uniqueness: 5 });
    });

    it("lets one of many win a subject, a slug and a domain", async () => {
      const world = await makeWorld(store());
      const claims = { attributes: {}, claims: {}, at: NOW };
      const insert = (tx: TenantWriter, user: UserId, subject: string) =>
        tx.insertUserRow(
          { connection: world.connection.id, user, linkedBy: "created", claims, subject, userName: "u" },
          NOW,
        );
      const signIns = times(6, () =>
        world.write(async (tx) => insert(tx, await tx.insertPendingUser({ userName: "u" }, NOW), "sub")),
      );
      expect(await tally(signIns)).to.deep.equal({ done: 1, uniqueness: 5 });
      const tenant = { slug: "the-one", name: "x", domains: ["the-one.test"], seats: null, scim: true };
      expect(await tally(times(5, () => store().instance.createTenant(tenant, NOW)))).to.deep.equal({
        done: 1,
        slug_taken: 4,
      });
      const others = times(5, (index) =>
        store().instance.createTenant({ ...tenant, slug: `other-${index}`, domains: ["raced.test"] }, NOW),
      );
      expect(await tally(others)).to.deep.equal({ done: 1, domain_taken: 4 });
    });

    it("loses nothing of fifty members added to one group at once", async () => {
      const world = await makeWorld(store());
      const people = await Promise.all(times(50, (index) => world.push(`p${index}`)));
      const group = await world.group("Eng");
      const add = (rows: readonly DirectoryUserId[]) =>
        world.write(async (tx) => {
          await tx.lockGroup(world.connection.id, group);
          await tx.addMembers(group, rows, NOW);
          await tx.touchGroup(group, NOW);
        });
      await Promise.all(people.map(({ row }, index) => add([row, people[(index + 1) % 50]?.row ?? row])));
      expect((await world.read.membersOf([group])).map((member) => member.user)).to.have.members(
        people.map(({ row }) => row),
      );
      expect(await world.read.directoryGroup(world.connection.id, group)).to.include({ memberCount: 50, version: 51 });
    });

    it("counts members right while they join, leave and are deleted", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const people = await Promise.all(times(20, (index) => world.push(`p${index}`)));
      const group = await world.group("Eng");
      await Promise.all(
        people.flatMap(({ row }, index) => [
          write((tx) => tx.addMembers(group, [row], NOW)),
          index % 3 === 0 ? write((tx) => tx.removeMembers(group, [row], NOW)) : Promise.resolve(),
          index % 4 === 0 ? write((tx) => tx.deleteUserRow(connection.id, row, NOW)) : Promise.resolve(),
        ]),
      );
      const members = await read.membersOf([group]);
      expect((await read.directoryGroup(connection.id, group))?.memberCount).to.equal(members.length);
      const live = await read.directoryUsers(connection.id, { offset: 0, limit: 100 });
      expect([live.total, live.rows.length]).to.deep.equal([15, 15]);
      expect(live.rows.map((row) => row.id)).to.include.members(members.map((member) => member.user));
    });

    it("leaves exactly one of two whole memberships that are set at once", async () => {
      const world = await makeWorld(store());
      const people = await Promise.all(times(6, (index) => world.push(`p${index}`)));
      const group = await world.group("Eng");
      const halves = [people.slice(0, 3), people.slice(3)].map((half) => half.map(({ row }) => row));
      await Promise.all(halves.map((rows) => world.write((tx) => tx.setMembers(group, rows, NOW))));
      const members = (await world.read.membersOf([group])).map((member) => member.user);
      expect(members).to.have.length(3);
      expect(halves.some((rows) => rows.every((row) => members.includes(row)))).to.equal(true);
    });

    it("never gives more seats than there are", async () => {
      const world = await makeWorld(store(), 5);
      const people = await Promise.all(times(20, (index) => world.push(`p${index}`)));
      const refused = await Promise.all(people.map(({ user }) => world.write((tx) => tx.seatPeople([user]))));
      expect(refused.filter((ids) => ids.length === 0)).to.have.length(5);
      expect((await world.read.tenantNow()).seatsUsed).to.equal(5);
      const seated = (await world.read.people(people.map(({ user }) => user))).filter((person) => person.seat);
      expect(seated).to.have.length(5);
    });

    it("lets one of many save a mapping over the version they all read", async () => {
      const world = await makeWorld(store());
      const save = (index: number) => world.write((tx) => tx.saveMapping(0, { text: `${index}`, author: "op" }, NOW));
      expect(await tally(times(8, save))).to.deep.equal({ done: 1, version_conflict: 7 });
      expect((await world.read.mappingVersions({ limit: 9 })).items).to.have.length(1);
    });

    it("lets one of many write over the version they all read", async () => {
      const world = await makeWorld(store());
      const { row } = await world.push("ann");
      const update = (index: number) =>
        world.write((tx) =>
          tx.updateScim(world.connection.id, row, userDocument("ann", { externalId: `${index}` }), 1, LATER),
        );
      expect(await tally(times(8, update))).to.deep.equal({ done: 1, version_conflict: 7 });
    });

    it("gives runs and events numbers without doubles, and claims each mark once", async () => {
      const world = await makeWorld(store());
      const { read, write } = world;
      const runs = await Promise.all(
        times(10, () => write((tx) => tx.insertRun({ trigger: "push", status: "done", total: 0 }, NOW))),
      );
      expect([...runs].sort((a, b) => a - b)).to.deep.equal(times(10, (index) => index + 1));
      await Promise.all(times(10, (index) => write((tx) => tx.appendEvents([{ type: `e${index}`, data: {} }], NOW))));
      const published = await Promise.all(times(4, () => write((tx) => tx.publishEvents(NOW, 4))));
      expect(published.reduce((sum, n) => sum + n, 0)).to.equal(10);
      const positions = (await read.events({ after: 0, limit: 99 })).map((event) => event.position);
      expect(new Set(positions).size).to.equal(10);
      const people = await Promise.all(times(12, (index) => world.push(`p${index}`)));
      await write((tx) =>
        tx.markDirty(
          people.map(({ user }) => user),
          "facts",
          NOW,
        ),
      );
      const claimed = (await Promise.all(times(6, () => write((tx) => tx.claimMarks(NOW, LATER, 3))))).flat();
      expect(new Set(claimed).size).to.equal(claimed.length);
      const rest = await write((tx) => tx.claimMarks(NOW, LATER, 99));
      expect([...claimed, ...rest]).to.have.members(people.map(({ user }) => user));
    });

    it("raises a person's facts version once for each of many writers", async () => {
      const world = await makeWorld(store());
      const people = await Promise.all(times(5, (index) => world.push(`p${index}`)));
      const users = people.map(({ user }) => user);
      await Promise.all(
        times(20, (index) =>
          world.write((tx) => tx.markDirty(index % 2 === 0 ? users : [...users].reverse(), "facts", NOW)),
        ),
      );
      expect((await world.read.people(users)).map((person) => person.factsVersion)).to.deep.equal([20, 20, 20, 20, 20]);
    });

    it("shows a writer that waited for a person what the one before wrote, also beside the person's own row", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const held = { trigger: "held", status: "held", connection: world.connection.id, total: 0 } as const;
      const run = await world.write((tx) => tx.insertRun(held, NOW));
      const holdUnlessHeld = () =>
        world.write(async (tx) => {
          const [state] = await tx.lockPeople([user]);
          if (state?.hold) return 0;
          await tx.hold(run, [{ user, factsVersion: 1, reason: "brake_access", detail: "" }], NOW);
          return 1;
        });
      const entered = await Promise.all(times(8, holdUnlessHeld));
      expect(entered.filter((one) => one === 1)).to.have.length(1);
    });

    it("rolls back all of a write that throws, and throws the same again", async () => {
      const world = await makeWorld(store());
      const fault = new Error("mine");
      const thrown = await world
        .write(async (tx) => {
          const { row } = await pushUser(tx, world.connection.id, userDocument("ann"));
          const { id } = await tx.insertGroup(world.connection.id, groupDocument("Eng"), NOW);
          await tx.addMembers(id, [row], NOW);
          await tx.appendAudit([{ at: NOW, actor: { kind: "worker" }, door: "worker", action: "x", detail: {} }]);
          throw fault;
        })
        .catch((error: unknown) => error);
      expect(thrown).to.equal(fault);
      expect(await world.read.countPeople()).to.equal(0);
      expect(await groups(world)).to.equal(0);
      expect((await world.read.audit({ limit: 9 })).items).to.deep.equal([]);
    });

    it("fails one of thirty writes at once, and commits the twenty-nine", async () => {
      const world = await makeWorld(store());
      const works = times(30, (index) =>
        world.write(async (tx) => {
          await tx.insertGroup(world.connection.id, groupDocument(`g${index}`), NOW);
          if (index === 13) throw new Refusal("forbidden", "no");
          if (index === 17) await tx.touchGroup("nothing" as never, NOW).catch(() => undefined);
        }),
      );
      expect(await tally(works)).to.deep.equal({ done: 29, forbidden: 1 });
      const { total, rows } = await world.read.directoryGroupsList(world.connection.id, { offset: 0, limit: 99 });
      expect([total, rows.length]).to.deep.equal([29, 29]);
      expect(rows.map((row) => row.resource["displayName"])).not.to.include("g13");
    });

    it("shows a write to its own reads, and to nobody else before it is committed", async () => {
      const world = await makeWorld(store());
      const seen: Promise<number>[] = [];
      const work = world.write(async (tx) => {
        await tx.insertGroup(world.connection.id, groupDocument("a"), NOW);
        seen.push(groups(world));
        const own = await tx.directoryGroupsList(world.connection.id, { offset: 0, limit: 9 });
        for (let index = 0; index < 20; index++) await tx.connections();
        expect(own.rows).to.have.length(1);
        throw new Refusal("forbidden", "no");
      });
      await expectRefusal(work, "forbidden");
      expect(await Promise.all(seen)).to.deep.equal([0]);
    });

    it("shows every write whole: readers never see one group of a pair", async () => {
      const world = await makeWorld(store());
      const pair = (index: number) =>
        world.write(async (tx) => {
          await tx.insertGroup(world.connection.id, groupDocument(`a${index}`), NOW);
          await tx.insertGroup(world.connection.id, groupDocument(`b${index}`), NOW);
        });
      let writing = true;
      const counts: number[] = [];
      const reading = (async () => {
        while (writing) counts.push(await groups(world));
      })();
      for (let round = 0; round < 5; round++) await Promise.all(times(8, (index) => pair(round * 8 + index)));
      writing = false;
      await reading;
      expect(counts.filter((count) => count % 2 !== 0)).to.deep.equal([]);
      expect(await groups(world)).to.equal(80);
    });

    it("shows a committed write to the next read", async () => {
      const world = await makeWorld(store());
      for (let index = 1; index <= 10; index++) {
        await world.group(`g${index}`);
        expect(await groups(world)).to.equal(index);
      }
    });

    it("shows a committed write to the next look-up, however many others are at work", async () => {
      const world = await makeWorld(store());
      const { read, connection } = world;
      let looking = true;
      const others = times(4, async () => {
        while (looking) await Promise.all([read.groupsVersion(connection.id), read.teams()]);
      });
      const seen: number[] = [];
      for (let index = 1; index <= 30; index++) {
        await world.group(`g${index}`);
        seen.push(await read.groupsVersion(connection.id));
      }
      looking = false;
      await Promise.all(others);
      expect(seen).to.deep.equal([...new Set(seen)]);
    });

    it("refuses a writer that is used after its write has ended", async () => {
      const world = await makeWorld(store());
      const escaped = await world.write(async (tx) => [tx]);
      const late = await escaped[0]?.insertGroup(world.connection.id, groupDocument("late"), NOW).catch(String);
      expect(late).to.match(/await every call/);
      const forgotten: Promise<unknown>[] = [];
      const careless = world.write(async (tx) => {
        forgotten.push(outcome(tx.insertGroup(world.connection.id, groupDocument("forgotten"), NOW)));
      });
      expect(await careless.catch(String)).to.match(/await every call/);
      await Promise.all(forgotten);
      expect(await groups(world), "a call that nobody awaited is not half done").to.equal(0);
    });

    it("leaves nothing of calls that were started together in one write when one of them fails", async () => {
      const world = await makeWorld(store());
      const insert = (tx: TenantWriter, name: string) => tx.insertGroup(world.connection.id, groupDocument(name), NOW);
      const refuse = () => Promise.reject(new Refusal("forbidden", "no"));
      const failing = world.write((tx) =>
        Promise.all([
          insert(tx, "a"),
          tx.lockGroup(world.connection.id, "none" as never).then(refuse),
          insert(tx, "b"),
        ]),
      );
      const beside = world.write((tx) => insert(tx, "c"));
      await expectRefusal(failing, "forbidden");
      await beside;
      const { rows } = await world.read.directoryGroupsList(world.connection.id, { offset: 0, limit: 99 });
      expect(rows.map((row) => row.resource["displayName"])).to.deep.equal(["c"]);
    });

    it("P2: tells each who asks for one userName at the same time as others of that person alone, with their groups", async () => {
      const world = await makeWorld(store());
      const people = await Promise.all(times(25, (index) => world.push(`p${index}`)));
      const gone = await world.push("gone");
      await world.write((tx) => tx.deleteUserRow(world.connection.id, gone.row, LATER));
      await world.group(
        "Eng",
        people.slice(0, 2).map(({ row }) => row),
      );
      const other = await world.write((tx) => tx.insertConnection({ ...SCIM_CONNECTION, slug: "other" }, NOW));
      await world.write((tx) => pushUser(tx, other.id, userDocument("theirs")));
      const named = (value: string) =>
        world.read.directoryUsers(world.connection.id, {
          ...{ offset: 0, limit: 9, withGroups: true },
          filter: { op: "compare", path: [{ name: "userName", multi: false }], comparator: "eq", value },
        });
      const unstorable = named("half \ud800 a pair");
      const told = async (value: string) => {
        const { total, rows } = await named(value);
        const shown = rows.map(({ id, groups }) => `${id} ${groups?.map(({ displayName }) => displayName).join()}`);
        return [total, ...shown];
      };
      const answers = Promise.all(["gone", "theirs", "nobody", ...times(25, (index) => `p${index}`)].map(told));
      await expectRefusal(unstorable, "bad_request");
      const found = people.map(({ row }, index) => [1, `${row} ${index < 2 ? "Eng" : ""}`]);
      expect(await answers).to.deep.equal([[0], [0], [0], ...found]);
      const byId = await world.read.directoryUser(world.connection.id, people[0]?.row ?? gone.row, undefined, true);
      expect(byId?.groups?.map(({ displayName }) => displayName)).to.deep.equal(["Eng"]);
    });

    it("runs calls that were started together in one write", async () => {
      const world = await makeWorld(store());
      await world.write((tx) =>
        Promise.all(times(10, (index) => tx.insertGroup(world.connection.id, groupDocument(`g${index}`), NOW))),
      );
      const { rows } = await world.read.directoryGroupsList(world.connection.id, { offset: 0, limit: 99 });
      expect(rows.map((row) => row.resource["displayName"])).to.have.members(times(10, (index) => `g${index}`));
    });
  });
}
