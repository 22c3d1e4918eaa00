import { expect } from "chai";
import type { CustomDocument, UniqueValue } from "../../src/model/directory.js";
import type { ConnectionId, CustomResourceId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { groupDocument, LATER, makeWorld, NOW, pushUser, SCIM_CONNECTION, userDocument, type World } from "./world.js";

const TYPE = "Device";
const PAGE = { offset: 0, limit: 10 };

function serial(value: string, within: UniqueValue["within"] = "connection"): UniqueValue {
  return { within, attribute: "serial", value };
}

function device(name: string, ...unique: readonly UniqueValue[]): CustomDocument {
  return { resource: { name }, search: { name }, unique };
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (fault: unknown) => fault,
  );
  return error instanceof Refusal ? error.code : String(error);
}

/** Resources of the operator's own types, and values that only one resource may have. */
export function customConformance(open: OpenStore): void {
  describe("resources of the operator's own types", () => {
    const store = storeForTests(open);
    let world: World;
    beforeEach(async () => {
      world = await makeWorld(store());
    });
    const insert = (document: CustomDocument, connection?: ConnectionId) =>
      world.write((tx) => tx.insertCustomResource(connection ?? world.connection.id, TYPE, document, NOW));
    const update = (id: CustomResourceId, ifVersion: number, document: CustomDocument) =>
      world.write((tx) => tx.updateCustomResource(world.connection.id, TYPE, { id, ifVersion }, document, LATER));
    const remove = (row: { readonly id: CustomResourceId; readonly ifVersion?: number }) =>
      world.write((tx) => tx.deleteCustomResource(world.connection.id, TYPE, row));
    const another = () => world.write((tx) => tx.insertConnection({ ...SCIM_CONNECTION, slug: "other" }, NOW));

    it("are given back as they were written, by their connection and type alone", async () => {
      const { id } = await insert(device("a"));
      const row = { id, resource: { name: "a" }, version: 1, createdAt: NOW, modifiedAt: NOW };
      const { read, connection } = world;
      expect(await read.customResource(connection.id, TYPE, id)).to.deep.equal(row);
      expect(await read.customResources(connection.id, TYPE, PAGE)).to.deep.equal({ total: 1, rows: [row] });
      const other = await another();
      expect(await read.customResource(connection.id, "Other", id)).to.equal(undefined);
      expect(await read.customResource(other.id, TYPE, id)).to.equal(undefined);
      expect(await read.customResources(connection.id, "Other", PAGE)).to.deep.equal({ total: 0, rows: [] });
      expect(await read.customResources(other.id, TYPE, PAGE)).to.deep.equal({ total: 0, rows: [] });
    });

    it("are listed in the order of their making, by page and filter, with exact totals", async () => {
      for (const name of ["a", "b", "c", "b"]) await insert(device(name));
      const { read, connection } = world;
      const names = async (query: Parameters<typeof read.customResources>[2]) => {
        const { total, rows } = await read.customResources(connection.id, TYPE, query);
        return [total, rows.map((row) => row.resource["name"]).join("")];
      };
      const path = [{ name: "name", multi: false }];
      const filter = { op: "compare", path, comparator: "eq", value: "b" } as const;
      expect(await names({ offset: 1, limit: 2 })).to.deep.equal([4, "bc"]);
      expect(await names({ offset: 9, limit: 2 })).to.deep.equal([4, ""]);
      expect(await names({ offset: 0, limit: 0 })).to.deep.equal([4, ""]);
      expect(await names({ offset: 0, limit: 1, filter })).to.deep.equal([2, "b"]);
      expect(await names({ ...PAGE, sort: { path, descending: true } })).to.deep.equal([4, "cbba"]);
    });

    it("are written back and deleted only at the version that was read", async () => {
      const { id } = await insert(device("a"));
      expect(await update(id, 1, device("b"))).to.include({ version: 2, createdAt: NOW, modifiedAt: LATER });
      expect(await refusalOf(update(id, 1, device("c")))).to.equal("version_conflict");
      expect(await remove({ id, ifVersion: 1 })).to.equal(false);
      expect((await world.read.customResource(world.connection.id, TYPE, id))?.resource).to.deep.equal({ name: "b" });
      expect(await remove({ id, ifVersion: 2 })).to.equal(true);
      expect(await remove({ id })).to.equal(false);
      expect(await refusalOf(update(id, 2, device("c")))).to.equal("version_conflict");
    });

    it("RFC-20: keep their unique values from others, whole or not at all, until they change or go", async () => {
      const { id } = await insert(device("a", serial("1"), serial("2")));
      expect(await refusalOf(insert(device("b", serial("3"), serial("2"))))).to.equal("uniqueness");
      const { id: other } = await insert(device("b", serial("3")));
      expect(await refusalOf(update(other, 1, device("c", serial("1"))))).to.equal("uniqueness");
      expect((await world.read.customResource(world.connection.id, TYPE, other))?.version).to.equal(1);
      await update(id, 1, device("a", serial("2"), serial("4")));
      await update(other, 1, device("b", serial("1")));
      await remove({ id });
      await insert(device("c", serial("2"), serial("4"), serial("3")));
    });

    it("RFC-20: keep values of the tenant from other connections until the connection ends, and others from their own alone", async () => {
      const other = await another();
      await insert(device("a", serial("1"), serial("1", "tenant")));
      await insert(device("b", serial("1")), other.id);
      expect(await refusalOf(insert(device("c", serial("1", "tenant")), other.id))).to.equal("uniqueness");
      await world.write((tx) => tx.updateConnection(world.connection.id, { disabledAt: LATER }, LATER));
      await insert(device("c", serial("1", "tenant")), other.id);
    });

    it("RFC-20: share the space with users and groups, whose values are free again when they go", async () => {
      const { connection, write } = world;
      const unique = [serial("1")];
      const { row } = await write((tx) => pushUser(tx, connection.id, userDocument("ann", { unique })));
      const ofGroup = { ...groupDocument("Eng"), unique };
      expect(await refusalOf(write((tx) => tx.insertGroup(connection.id, ofGroup, NOW)))).to.equal("uniqueness");
      await write((tx) =>
        tx.updateScim(connection.id, row, userDocument("ann", { unique: [serial("2")] }), undefined, LATER),
      );
      const group = await write((tx) => tx.insertGroup(connection.id, ofGroup, NOW));
      expect(await refusalOf(insert(device("a", serial("1"))))).to.equal("uniqueness");
      expect(await refusalOf(insert(device("a", serial("2"))))).to.equal("uniqueness");
      await write((tx) =>
        tx.updateGroup(connection.id, group.id, { ...ofGroup, unique: [serial("3")] }, undefined, LATER),
      );
      await insert(device("a", serial("1")));
      await write((tx) => tx.deleteGroup(connection.id, group.id, LATER));
      await write((tx) => tx.deleteUserRow(connection.id, row, LATER));
      await insert(device("b", serial("2"), serial("3")));
    });

    it("RFC-20: of writers at the same moment one gets a value", async () => {
      const results = await Promise.all(
        Array.from({ length: 5 }, (_, at) =>
          insert(device(`${at}`, serial("a"), serial("b"))).then(
            () => "made",
            (error: unknown) => error instanceof Refusal && error.code,
          ),
        ),
      );
      expect(results.sort()).to.deep.equal(["made", "uniqueness", "uniqueness", "uniqueness", "uniqueness"]);
    });
  });
}
