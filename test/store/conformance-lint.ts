import { expect } from "chai";
import type { ClaimsDocument } from "../../src/model/directory.js";
import type { UserId } from "../../src/model/ids.js";
import type { PageQuery } from "../../src/provisioning/ports/store.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { groupDocument, LATER, MUCH_LATER, makeWorld, NO_WRITES, NOW, newGrant, unique, type World } from "./world.js";

function claims(...groups: readonly string[]): ClaimsDocument {
  return { attributes: {}, groups: { value: groups, at: NOW }, claims: {}, at: NOW };
}

/** All pages of a walk, each as its items. */
async function pagesOf<Item>(
  read: (query: PageQuery) => Promise<{ readonly items: readonly Item[]; readonly next?: string }>,
  limit: number,
): Promise<readonly (readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  let after: string | undefined;
  do {
    const page = await read(after === undefined ? { limit } : { limit, after });
    pages.push(page.items);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

export function lintConformance(open: OpenStore): void {
  describe("what lint asks", () => {
    const store = storeForTests(open);

    async function signedIn(world: World, document: ClaimsDocument | undefined): Promise<UserId> {
      return world.write(async (tx) => {
        const userName = unique("person");
        const user = await tx.insertPendingUser({ userName }, NOW);
        const row = { connection: world.connection.id, user, linkedBy: "created", userName, subject: userName };
        await tx.insertUserRow(document === undefined ? row : { ...row, claims: document }, NOW);
        return user;
      });
    }

    it("counts members of groups, deleted groups too, page by page", async () => {
      const world = await makeWorld(store());
      const [ann, bob] = [await world.push("ann"), await world.push("bob")];
      const eng = await world.group("Eng", [ann.row, bob.row]);
      const [ops, old] = await world.write(async (tx) => {
        const named = { ...groupDocument("Ops"), externalId: "x-1", idpMappingNames: ["ops-idp"] };
        const made = await tx.insertGroup(world.connection.id, named, LATER);
        const gone = await tx.insertGroup(world.connection.id, groupDocument("Old"), NOW);
        await tx.addNested(eng, [made.id, gone.id]);
        await tx.addNested(gone.id, [made.id]);
        await tx.deleteGroup(world.connection.id, gone.id, LATER);
        return [made.id, gone.id];
      });
      const shared = {
        connection: world.connection.id,
        idpMappingNames: [],
        members: 0,
        nested: 0,
        createdAt: NOW,
        deleted: false,
      };
      const pages = await pagesOf((query) => world.read.sentGroups(query), 2);
      expect(pages).to.deep.equal([
        [
          { ...shared, id: eng, displayName: "Eng", members: 2, nested: 1 },
          { ...shared, id: ops, displayName: "Ops", externalId: "x-1", idpMappingNames: ["ops-idp"], createdAt: LATER },
        ],
        [{ ...shared, id: old, displayName: "Old", deleted: true }],
      ]);
      expect((await (await makeWorld(store())).read.sentGroups({ limit: 5 })).items).to.deep.equal([]);
    });

    it("reads what people are said to be, page by page, without those who were deleted", async () => {
      const world = await makeWorld(store());
      await world.push("ann");
      await signedIn(world, claims("Eng"));
      await signedIn(world, undefined);
      const gone = await world.push("gone");
      await world.write((tx) => tx.deleteUserRow(world.connection.id, gone.row, LATER));
      const pages = await pagesOf((query) => world.read.saidFacts(query), 2);
      expect(pages.map((page) => page.length)).to.deep.equal([2, 1]);
      const [first, ...others] = pages.flat();
      expect(first?.attributes).to.include({ userName: "ann", active: true });
      expect(first?.connection).to.equal(world.connection.id);
      expect(others).to.deep.equal([
        { connection: world.connection.id, claims: claims("Eng") },
        { connection: world.connection.id },
      ]);
    });

    it("counts groups in claims, page by page of people, without those who have none", async () => {
      const world = await makeWorld(store());
      for (const groups of [["A", "B"], ["A"], undefined, ['ä "q"'], ["A"]]) {
        await signedIn(world, groups && claims(...groups));
      }
      await signedIn(world, { attributes: {}, claims: {}, at: NOW });
      await signedIn(await makeWorld(store()), claims("foreign"));
      const shared = { connection: world.connection.id };
      const pages = await pagesOf((query) => world.read.claimedGroups(query), 100);
      expect(pages).to.have.length(1);
      expect(pages[0]).to.have.deep.members([
        { ...shared, value: "A", people: 3 },
        { ...shared, value: "B", people: 1 },
        { ...shared, value: 'ä "q"', people: 1 },
      ]);
      const paged = (await pagesOf((query) => world.read.claimedGroups(query), 2)).flat();
      expect(paged.filter(({ value }) => value === "A").map(({ people }) => people)).to.deep.equal([2, 1]);
      expect((await (await makeWorld(store())).read.claimedGroups({ limit: 5 })).items).to.deep.equal([]);
    });

    it("tells which version was active at an instant", async () => {
      const { read, write } = await makeWorld(store());
      await write((tx) => tx.saveMapping(0, { text: "{}", author: "op" }, NOW));
      await write((tx) => tx.saveMapping(1, { text: '{"a":1}', author: "op" }, MUCH_LATER));
      expect(await read.mappingAt("2026-02-01T00:00:00.000Z")).to.equal(undefined);
      expect((await read.mappingAt(NOW))?.version).to.equal(1);
      expect((await read.mappingAt(LATER))?.version).to.equal(1);
      expect((await read.mappingAt(MUCH_LATER))?.text).to.equal('{"a":1}');
    });

    it("tells when each rule last gave something, open grants now and closed ones at their end", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const grants = [
        newGrant(user, { rule: "open" }),
        newGrant(user, { rule: "closed", target: { scope: "tenant", role: "a" } }),
        newGrant(user, { rule: "closed", target: { scope: "tenant", role: "b" } }),
        newGrant(user, { rule: "default_team", origin: "default" }),
      ];
      const close = (index: number, at: string) =>
        world.write((tx) =>
          tx.applyAccess({ ...NO_WRITES, close: [{ id: grants[index]?.id as never, reason: "x" }] }, at),
        );
      await world.write((tx) => tx.applyAccess({ ...NO_WRITES, open: grants }, NOW));
      await close(1, LATER);
      await close(2, NOW);
      const rules = ["open", "closed", "default_team", "never"];
      expect([...(await world.read.lastGiven(rules, MUCH_LATER))].sort()).to.deep.equal([
        ["closed", LATER],
        ["open", MUCH_LATER],
      ]);
      expect([...(await world.read.lastGiven([], MUCH_LATER))]).to.deep.equal([]);
    });
  });
}
