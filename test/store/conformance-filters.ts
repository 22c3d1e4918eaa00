import { expect } from "chai";
import type { AttributePath, Comparator, ResourceFilter, ResourceSort } from "../../src/model/filter.js";
import type { JsonObject } from "../../src/model/json.js";
import type { DirectoryQuery } from "../../src/provisioning/ports/directory.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { groupDocument, LATER, makeWorld, NOW, userDocument, type World } from "./world.js";

/** `emails*.value`: the star marks a multi-valued attribute. */
function path(text: string): AttributePath {
  return text.split("/").map((name) => ({ name: name.replace(/\*$/, ""), multi: name.endsWith("*") }));
}

function compare(at: string, comparator: Comparator, value: string | number | boolean | null): ResourceFilter {
  return { op: "compare", path: path(at), comparator, value };
}
const present = (at: string): ResourceFilter => ({ op: "present", path: path(at) });
const not = (item: ResourceFilter): ResourceFilter => ({ op: "not", item });
const and = (...items: ResourceFilter[]): ResourceFilter => ({ op: "and", items });
const or = (...items: ResourceFilter[]): ResourceFilter => ({ op: "or", items });
const element = (at: string, where: ResourceFilter): ResourceFilter => ({ op: "element", path: path(at), where });

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PEOPLE: Readonly<
  Record<string, { readonly search: JsonObject; readonly externalId?: string; readonly active?: boolean }>
> = {
  ann: {
    externalId: "00uAnn",
    search: {
      name: { familyName: "adams" },
      title: "100%_sure\\",
      emails: [
        { value: "ann@work.test", type: "work", primary: true },
        { value: "ann@home.test", type: "home" },
      ],
      tags: ["red", "blue"],
      level: 3,
      vip: true,
      hired: 1_700_000_000_000,
      [ENTERPRISE]: { department: "sales" },
    },
  },
  bob: {
    search: {
      name: { familyName: "b" },
      title: "x",
      emails: [{ value: "bob@home.test", type: "work" }],
      tags: [],
      level: 20,
      vip: false,
      [ENTERPRISE]: { department: "it" },
    },
  },
  cid: { active: false, externalId: "", search: { title: "", emails: [], level: -1.5, odd: "3", signs: "[]" } },
  dee: { search: { emails: { value: "ann@work.test" }, odd: 3, nothing: null, name: {} } },
};

const CASES: readonly (readonly [what: string, filter: ResourceFilter, who: string])[] = [
  ["eq on a folded column", compare("userName", "eq", "ann"), "ann"],
  ["eq of a column with quotes in it", compare("userName", "eq", "ann' or '1'='1"), ""],
  ["ne on a column", compare("userName", "ne", "ann"), "bob cid dee"],
  ["externalId is exact", compare("externalId", "eq", "00uann"), ""],
  ["externalId eq", compare("externalId", "eq", "00uAnn"), "ann"],
  ["ne holds where the column is null", compare("externalId", "ne", "00uAnn"), "bob cid dee"],
  ["externalId present, empty is not", present("externalId"), "ann"],
  ["a boolean column", compare("active", "eq", false), "cid"],
  ["a column against another type", compare("userName", "eq", 1), ""],
  ["co on a column", compare("userName", "co", "i"), "cid"],
  ["sw on a column", compare("userName", "sw", "b"), "bob"],
  ["ew on a column", compare("userName", "ew", "e"), "dee"],
  ["order on a column", compare("userName", "gt", "bob"), "cid dee"],
  ["created after an instant", compare("meta/created", "gt", Date.parse(NOW)), ""],
  ["created at an instant", compare("meta/created", "eq", Date.parse(NOW)), "ann bob cid dee"],
  ["modified before an instant", compare("meta/lastModified", "lt", Date.parse(LATER)), "ann bob cid dee"],
  ["eq in the document", compare("title", "eq", "x"), "bob"],
  ["ne in the document, absent included", compare("title", "ne", "x"), "ann cid dee"],
  ["eq of an empty text", compare("title", "eq", ""), "cid"],
  ["a sub-attribute", compare("name/familyName", "eq", "adams"), "ann"],
  ["an extension's attribute", compare(`${ENTERPRISE}/department`, "eq", "sales"), "ann"],
  ["co takes % and _ as they are", compare("title", "co", "%_"), "ann"],
  ["co with an underscore is no wildcard", compare("title", "co", "1_0"), ""],
  ["co with a backslash", compare("title", "ew", "\\"), "ann"],
  ["co of nothing holds where there is text", compare("title", "co", ""), "ann bob cid"],
  ["sw of nothing", compare("title", "sw", ""), "ann bob cid"],
  ["ew longer than the value", compare("title", "ew", "xx"), ""],
  ["co is exact in letter case", compare("title", "co", "SURE"), ""],
  ["numbers by size, not by letters", compare("level", "gt", 3), "bob"],
  ["ge", compare("level", "ge", 3), "ann bob"],
  ["le with a fraction", compare("level", "le", -1.5), "cid"],
  ["a date as milliseconds", compare("hired", "lt", 1_700_000_000_001), "ann"],
  ["a number is no text", compare("odd", "eq", 3), "dee"],
  ["a text is no number", compare("odd", "eq", "3"), "cid"],
  ["order between texts only", compare("odd", "ge", "0"), "cid"],
  ["true", compare("vip", "eq", true), "ann"],
  ["false is not absent", compare("vip", "eq", false), "bob"],
  ["ne true, absent included", compare("vip", "ne", true), "bob cid dee"],
  ["a boolean is no number", compare("vip", "eq", 1), ""],
  ["eq null is absent", compare("vip", "eq", null), "cid dee"],
  ["ne null is present", compare("vip", "ne", null), "ann bob"],
  ["gt null is nothing", compare("level", "gt", null), ""],
  ["present: neither empty text nor null nor empty list", present("title"), "ann bob"],
  ["present of a list", present("tags"), "ann"],
  ["present of an object", present("name"), "ann bob"],
  ["present of null", present("nothing"), ""],
  ["present: signs that look like nothing are text", present("signs"), "cid"],
  ["any value of a list", compare("emails*/value", "co", "home"), "ann bob"],
  ["ne on a list: no value is it", compare("emails*/value", "ne", "bob@home.test"), "ann cid dee"],
  ["ne on a list: some value is another", compare("emails*/value", "ne", "ann@work.test"), "ann bob cid dee"],
  ["ne on a list: elements without the part say nothing", compare("emails*/primary", "ne", true), "bob cid dee"],
  ["ne on a list of plain values", compare("tags*", "ne", "red"), "ann bob cid dee"],
  ["ne on a list, turned around", not(compare("tags*", "ne", "grey")), ""],
  ["ne of another type than all values", compare("emails*/value", "ne", 1), "ann bob cid dee"],
  ["ne inside an element", element("emails*", compare("type", "ne", "work")), "ann"],
  ["ne null on a list is present", compare("emails*/primary", "ne", null), "ann"],
  ["what is no list has no values", compare("emails*/value", "eq", "ann@work.test"), "ann"],
  ["a list of plain values", compare("tags*", "eq", "blue"), "ann"],
  ["a sub-attribute of plain values", compare("tags*/value", "eq", "blue"), ""],
  ["present in some element", present("emails*/primary"), "ann"],
  [
    "one element satisfies both",
    element("emails*", and(compare("type", "eq", "work"), compare("value", "co", "home"))),
    "bob",
  ],
  ["not inside an element", element("emails*", not(compare("type", "eq", "work"))), "ann"],
  ["an element that is a plain value", element("tags*", compare("[]", "sw", "bl")), "ann"],
  ["no element", not(element("emails*", present("value"))), "cid dee"],
  ["and", and(compare("level", "gt", 0), compare("vip", "eq", true)), "ann"],
  ["or", or(compare("userName", "eq", "bob"), compare("vip", "eq", true)), "ann bob"],
  ["not of an or over absent values", not(or(compare("title", "eq", "x"), compare("level", "eq", 3))), "cid dee"],
  ["not of not", not(not(compare("vip", "eq", true))), "ann"],
  ["not around an absent attribute in an and", not(and(present("vip"), compare("vip", "eq", true))), "bob cid dee"],
  ["the element sign outside an element", compare("[]", "eq", "x"), ""],
  ["a name with quotes is only a name", compare("na'me", "eq", "x"), ""],
  ["an unknown attribute", compare("nickName", "eq", "x"), ""],
];

const SORTS: readonly (readonly [what: string, sort: ResourceSort, order: string])[] = [
  ["by a column", { path: path("userName"), descending: true }, "dee cid bob ann"],
  ["by text, absent last", { path: path("name/familyName"), descending: false }, "ann bob cid dee"],
  ["by text, absent first when descending", { path: path("name/familyName"), descending: true }, "cid dee bob ann"],
  ["by number", { path: path("level"), descending: false }, "cid ann bob dee"],
  ["by number, descending", { path: path("level"), descending: true }, "dee bob ann cid"],
  ["by boolean", { path: path("vip"), descending: false }, "bob ann cid dee"],
  ["numbers before texts", { path: path("odd"), descending: false }, "dee cid ann bob"],
  ["by a list's primary, else first element", { path: path("emails*/value"), descending: false }, "ann bob cid dee"],
  ["by a boolean column", { path: path("active"), descending: false }, "cid ann bob dee"],
  ["by a boolean column, descending", { path: path("active"), descending: true }, "ann bob dee cid"],
  [
    "by what holds",
    { path: path("vip"), holds: not(compare("vip", "eq", true)), descending: false },
    "ann bob cid dee",
  ],
  [
    "by what holds, descending",
    { path: path("vip"), holds: compare("vip", "eq", true), descending: true },
    "ann bob cid dee",
  ],
  ["by a column of times, then by id", { path: path("meta/created"), descending: true }, "ann bob cid dee"],
  ["by externalId, absent first when descending", { path: path("externalId"), descending: true }, "bob dee ann cid"],
  ["by externalId, absent last", { path: path("externalId"), descending: false }, "cid ann bob dee"],
];

export function filterConformance(open: OpenStore): void {
  describe("filters and sort orders of resources", () => {
    const store = storeForTests(open);
    let world: World;
    before(async () => {
      world = await makeWorld(store());
      for (const [name, { search, active = true, externalId }] of Object.entries(PEOPLE)) {
        await world.push(name, { search, active, ...(externalId === undefined ? {} : { externalId }) });
      }
    });
    const names = async (query: { filter?: ResourceFilter; sort?: ResourceSort; offset?: number; limit?: number }) => {
      const { total, rows } = await world.read.directoryUsers(world.connection.id, { offset: 0, limit: 100, ...query });
      return { total, names: rows.map((row) => row.resource["userName"]).join(" ") };
    };

    for (const [what, filter, who] of CASES) {
      it(`filters: ${what}`, async () => {
        const found = await names({ filter });
        expect(found.names).to.equal(who);
        expect(found.total).to.equal(who === "" ? 0 : who.split(" ").length);
      });
    }

    for (const [what, sort, order] of SORTS) {
      it(`sorts: ${what}`, async () => {
        expect((await names({ sort })).names).to.equal(order);
      });
    }

    const walk = async (sort: ResourceSort | undefined, size: number, filter?: ResourceFilter) => {
      const pages: string[] = [];
      let from: DirectoryQuery["walk"] | undefined = "start";
      while (from !== undefined) {
        const query: DirectoryQuery = {
          walk: from,
          offset: 0,
          limit: size,
          ...(sort && { sort }),
          ...(filter && { filter }),
        };
        const { total, rows, walked } = await world.read.directoryUsers(world.connection.id, query);
        expect(total).to.equal(filter ? 2 : 4);
        expect(walked?.positions.map(({ id }) => id)).to.deep.equal(rows.map(({ id }) => id));
        pages.push(rows.map((row) => row.resource["userName"]).join(" "));
        from = walked?.more ? walked.positions.at(-1) : undefined;
      }
      return pages;
    };

    for (const [what, sort, order] of SORTS) {
      it(`CUR-08: walks from row to row in the same order: ${what}`, async () => {
        expect(await walk(sort, 1)).to.deep.equal(order.split(" "));
        const [first, second, third, last] = order.split(" ");
        expect(await walk(sort, 3)).to.deep.equal([`${first} ${second} ${third}`, last]);
        expect(await walk(sort, 4)).to.deep.equal([order]);
      });
    }

    it("CUR-08: walks by id where nothing sorts, and over what a filter leaves", async () => {
      expect(await walk(undefined, 3)).to.deep.equal(["ann bob cid", "dee"]);
      expect(await walk(SORTS[0]?.[1], 1, compare("level", "ge", 3))).to.deep.equal(["bob", "ann"]);
    });

    for (const [by, behind] of [
      [undefined, "f h"],
      ["userName", "f g"],
      ["title", "f g"],
    ] as const) {
      it(`CUR-08: walks on behind a row that is gone, to what came behind it, by ${by ?? "id"}`, async () => {
        const other = await makeWorld(store());
        const push = async (name: string) => (await other.push(name, { search: { title: name } })).row;
        await push("b");
        const gone = await push("d");
        await push("f");
        await push("h");
        const page = async (walk: NonNullable<DirectoryQuery["walk"]>) => {
          const sort = by && { sort: { path: path(by), descending: false } };
          const list = await other.read.directoryUsers(other.connection.id, { walk, offset: 0, limit: 2, ...sort });
          const names = list.rows.map((row) => row.resource["userName"]).join(" ");
          return { names, last: list.walked?.positions.at(-1) ?? ("start" as const), more: list.walked?.more };
        };
        const first = await page("start");
        expect(first).to.include({ names: "b d", more: true });
        await other.write((tx) => tx.deleteUserRow(other.connection.id, gone, NOW));
        for (const name of ["a", "g"]) await push(name);
        const second = await page(first.last);
        expect(second).to.include({ names: behind, more: true });
        expect(await page(second.last)).to.include({ names: by ? "h" : "a g", more: false });
      });
    }

    it("counts all matches of a filter when it shows a page of them", async () => {
      const filter = compare("level", "gt", -100);
      expect(await names({ filter, limit: 1, offset: 1 })).to.deep.equal({ total: 3, names: "bob" });
      expect(await names({ filter, limit: 0 })).to.deep.equal({ total: 3, names: "" });
      expect(await names({ filter, limit: 5, offset: 7 })).to.deep.equal({ total: 3, names: "" });
    });

    it("takes fifty terms", async () => {
      const filter = or(...Array.from({ length: 50 }, (_, index) => compare("emails*/value", "eq", `p${index}`)));
      expect((await names({ filter })).total).to.equal(0);
    });

    it("asks the membership rows for members of groups and groups of users", async () => {
      const ann = await world.push("member");
      const [eng, ops] = [await world.group("Eng", [ann.row]), await world.group("Ops")];
      const groups = async (filter: ResourceFilter) => {
        const { rows } = await world.read.directoryGroupsList(world.connection.id, { filter, offset: 0, limit: 10 });
        return rows.map((row) => row.id);
      };
      const ofMember = compare("members*/value", "eq", ann.row);
      expect(await groups(ofMember)).to.deep.equal([eng]);
      expect(await groups(not(ofMember))).to.deep.equal([ops]);
      expect(await groups(compare("members*", "eq", ann.row))).to.deep.equal([eng]);
      expect(await groups(present("members*"))).to.deep.equal([eng]);
      expect(await groups(compare("members*/value", "ne", ann.row))).to.deep.equal([ops]);
      expect(await groups(compare("members*/value", "ne", "someone"))).to.deep.equal([eng, ops]);
      expect(await groups(element("members*", compare("value", "eq", ann.row)))).to.deep.equal([eng]);
      expect(await groups(element("members*", compare("display", "eq", "member")))).to.deep.equal([]);
      expect(await groups(and(compare("id", "eq", eng), ofMember))).to.deep.equal([eng]);
      expect(await groups(compare("displayName", "eq", "ops"))).to.deep.equal([ops]);
      expect(await names({ filter: compare("groups*/value", "eq", eng) })).to.include({ names: "member" });
      expect(await names({ filter: compare("groups*/display", "eq", "eng") })).to.include({ names: "" });
    });

    it("lists groups with totals that are kept", async () => {
      const other = await makeWorld(store());
      const first = await other.group("B");
      await other.group("a");
      const { connection, read, write } = other;
      const sort = { path: path("displayName"), descending: false };
      const list = await read.directoryGroupsList(connection.id, { sort, offset: 0, limit: 1 });
      expect(list.total).to.equal(2);
      expect(list.rows.map((row) => row.resource["displayName"])).to.deep.equal(["a"]);
      await write((tx) => tx.deleteGroup(connection.id, first, NOW));
      expect(await read.directoryGroupsList(connection.id, { offset: 0, limit: 0 })).to.deep.equal({
        total: 1,
        rows: [],
      });
    });

    it("compares letters by their code, whatever the database's own order", async () => {
      const other = await makeWorld(store());
      for (const name of ["Z", "a", "é", "_"]) {
        await other.write((tx) =>
          tx.insertGroup(other.connection.id, groupDocument(name, { displayNameFolded: name }), NOW),
        );
      }
      await other.push("u", { search: { title: "Z" }, resource: userDocument("u").resource });
      const sort = { path: path("displayName"), descending: false };
      const list = await other.read.directoryGroupsList(other.connection.id, { sort, offset: 0, limit: 9 });
      expect(list.rows.map((row) => row.resource["displayName"]).join("")).to.equal("Z_aé");
      const below = await other.read.directoryUsers(other.connection.id, {
        filter: compare("title", "lt", "a"),
        offset: 0,
        limit: 9,
      });
      expect(below.total).to.equal(1);
    });
  });
}
