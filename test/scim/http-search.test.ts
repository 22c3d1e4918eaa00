import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { onEachDatabase, type ScimDirectory, type ScimReply } from "./scim-service.js";

const LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

function resourcesOf({ status, json, text }: ScimReply): readonly JsonObject[] {
  expect(status, text).to.equal(200);
  expect(json["schemas"]).to.deep.equal([LIST]);
  const resources = json["Resources"] as readonly JsonObject[];
  expect(json["itemsPerPage"]).to.equal(resources.length);
  return resources;
}

/** Users by their userName, groups by their name. */
function namesOf(reply: ScimReply): string {
  return resourcesOf(reply)
    .map((one) => one["userName"] ?? one["displayName"])
    .join(" ");
}

describe("SCIM searches over HTTP", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    before(async () => {
      directory = await service().connect({ sync: "test" });
      await directory.user("ann", { displayName: "ann's", title: "T", nickName: "n" });
      // one name in two types, in another letter case
      await directory.user("bob", { displayName: "BOB", title: "T", nickName: "n" });
      await directory.user("cid", { title: "T", nickName: "n" });
      for (const name of ["Zebra", "apes", "bob"]) await directory.group(name);
    });
    const search = (path: string, more: JsonObject = {}) =>
      directory.post(`${path}/.search`, { schemas: [SEARCH], ...more });

    it("RFC-29: a sorted list of everything is empty behind its end, however far that is", async () => {
      const few = await service().connect({ sync: "test" });
      await few.user("ann");
      for (const query of ["startIndex=999&count=10", "startIndex=5000", "startIndex=2&count=200"]) {
        const reply = await few.get(`/?sortBy=displayName&${query}`);
        expect(resourcesOf(reply), query).to.deep.equal([]);
        expect(reply.json["totalResults"]).to.equal(1);
      }
    });

    it("RFC-59: refuses a key given twice, as PATCH does, where one of them would be passed over", async () => {
      for (const twice of [
        { filter: null, Filter: 'userName eq "zz"' },
        { FILTER: 'userName eq "zz"', filter: 'userName eq "ann"' },
        { count: 1, Count: 2 },
      ]) {
        for (const path of ["/Users", ""]) {
          const { status, json, text } = await search(path, twice);
          expect([status, json["scimType"]], text).to.deep.equal([400, "invalidValue"]);
          expect(json["detail"]).to.include("is given twice");
        }
      }
    });

    it("RFC-40, RFC-59: answers a query in a body as it answers it in the address", async () => {
      for (const [body, query] of [
        [{}, ""],
        [{ filter: 'userName ge "BOB"' }, "filter=userName%20ge%20%22BOB%22"],
        [{ startIndex: 2, count: 1 }, "startIndex=2&count=1"],
        [{ count: 0 }, "count=0"],
        [{ sortBy: "userName", sortOrder: "descending", count: 2 }, "sortBy=userName&sortOrder=descending&count=2"],
        [{ attributes: ["userName", "title"] }, "attributes=userName,title"],
        [
          { attributes: ["userName"], filter: 'userName eq "ann"' },
          "attributes=userName&filter=userName%20eq%20%22ann%22",
        ],
        [{ excludedAttributes: ["meta", "groups"] }, "excludedAttributes=meta,groups"],
        [
          { FILTER: 'userName eq "ann"', startindex: "1", count: "5", cursor: null },
          "filter=userName%20eq%20%22ann%22",
        ],
        [{ schemas: [], attributes: "userName,title", sortBy: null, nosuch: 1 }, "attributes=userName,title"],
      ] as const) {
        const asked = await directory.get(`/Users?${query}`);
        const searched = await search("/Users", body);
        expect([searched.status, searched.json], JSON.stringify(body)).to.deep.equal([200, asked.json]);
        expect(searched.headers["content-type"]).to.equal("application/scim+json");
      }
      expect((await directory.post("/Groups/.search", {})).json["totalResults"]).to.equal(3);
    });

    it("RFC-39: keeps to the attributes that a search names, and to the smallest set", async () => {
      const [ann] = resourcesOf(await search("/Users", { attributes: ["userName"], filter: 'userName eq "ann"' }));
      expect(Object.keys(ann ?? {}).sort()).to.deep.equal(["id", "schemas", "userName"]);
      const both = await search("/Users", { attributes: ["userName"], excludedAttributes: ["title"] });
      expect([both.status, both.json["scimType"]]).to.deep.equal([400, "invalidValue"]);
    });

    it("CUR-07: takes a cursor in the body, and not beside a start", async () => {
      const first = await search("/Users", { cursor: "", count: 2 });
      expect(first.json).not.to.have.property("startIndex");
      const cursor = first.json["nextCursor"] as string;
      const second = await search("/Users", { cursor, count: 2 });
      expect([namesOf(first), namesOf(second)]).to.deep.equal(["ann bob", "cid"]);
      expect(second.json).not.to.have.property("nextCursor");
      const both = await search("/Users", { cursor: "", startIndex: 1 });
      expect([both.status, both.json["scimType"]]).to.deep.equal([400, "invalidValue"]);
    });

    const found: readonly (readonly [filter: string, names: string])[] = [
      ['meta.resourceType eq "User"', "ann bob cid"],
      ['meta.resourceType eq "Group"', "Zebra apes bob"],
      ['meta.resourceType ne "Group"', "ann bob cid"],
      ['not (meta.resourceType eq "User")', "Zebra apes bob"],
      ['meta.resourceType eq "User" or meta.resourceType eq "Group"', "ann bob cid Zebra apes bob"],
      ['meta.resourceType eq "User" and userName eq "bob"', "bob"],
      ['meta.resourceType eq "Printer"', ""],
      ['userName eq "bob" or displayName sw "Z"', "bob Zebra"],
      ["displayName pr", "ann bob Zebra apes bob"],
      ["userName pr", "ann bob cid"],
      ["not (userName pr)", "Zebra apes bob"],
      ['userName ne "ann"', "bob cid Zebra apes bob"],
      ["userName eq null", "Zebra apes bob"],
      ["userName ne null", "ann bob cid"],
      ['emails[type eq "work"] or members pr', ""],
      ['not (emails[type eq "work"])', "ann bob cid Zebra apes bob"],
      ['urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "APES"', "apes"],
      ['title eq "t" and displayName pr', "ann bob"],
    ];
    for (const [filter, names] of found) {
      it(`RFC-29: finds resources of several types by ${filter}`, async () => {
        const whole = await search("", { filter });
        expect(namesOf(whole)).to.equal(names);
        expect(whole.json["totalResults"]).to.equal(names === "" ? 0 : names.split(" ").length);
        for (const base of ["/", ""]) {
          const asked = await directory.get(`${base}?filter=${encodeURIComponent(filter)}`);
          expect(asked.json).to.deep.equal(whole.json);
        }
      });
    }

    it("RFC-29: pages through several types in one order, with the total of all", async () => {
      const all = ["ann", "bob", "cid", "Zebra", "apes", "bob"];
      for (let count = 1; count <= 7; count++) {
        for (let start = 1; start <= 7; start++) {
          const reply = await search("", { startIndex: start, count });
          expect(namesOf(reply)).to.equal(all.slice(start - 1, start - 1 + count).join(" "));
          expect(reply.json).to.include({ totalResults: 6, startIndex: start });
        }
      }
    });

    const orders: readonly (readonly [sortBy: string, ascending: string, descending: string])[] = [
      ["displayName", "ann apes bob bob Zebra cid", "cid Zebra bob bob apes ann"],
      ["userName", "ann bob cid Zebra apes bob", "Zebra apes bob cid bob ann"],
      ["title", "ann bob cid Zebra apes bob", "Zebra apes bob ann bob cid"],
      ["meta.created", "ann bob cid Zebra apes bob", "bob apes Zebra cid bob ann"],
    ];
    for (const [sortBy, ascending, descending] of orders) {
      for (const [sortOrder, expected] of [
        ["ascending", ascending],
        ["descending", descending],
      ] as const) {
        it(`RFC-29, RFC-37: sorts several types by ${sortBy}, ${sortOrder}, by index and by cursor`, async () => {
          const all = expected.split(" ");
          const order = { sortBy, sortOrder };
          expect(namesOf(await search("", order))).to.equal(expected);
          for (const [start, count] of [
            [2, 3],
            [4, 1],
            [6, 9],
            [7, 1],
          ] as const) {
            const reply = await search("", { ...order, startIndex: start, count });
            expect(namesOf(reply)).to.equal(all.slice(start - 1, start - 1 + count).join(" "));
          }
          for (const count of [1, 2, 3, 4, 6]) {
            const seen: string[] = [];
            let cursor: string | undefined = "";
            for (let page = 0; cursor !== undefined && page < 9; page++) {
              const reply = await search("", { ...order, count, cursor });
              expect(reply.json["totalResults"]).to.equal(6);
              seen.push(namesOf(reply));
              cursor = reply.json["nextCursor"] as string | undefined;
            }
            expect(seen.join(" "), `pages of ${count}`).to.equal(expected);
            expect(seen).to.have.length(Math.ceil(6 / count));
          }
        });
      }
    }

    it("CUR-02: walks through several types by cursor, page by page, and over the edge between them", async () => {
      for (const count of [1, 2, 3, 4, 5, 6, 7]) {
        const seen: string[] = [];
        let cursor: string | undefined = "";
        for (let page = 0; cursor !== undefined && page < 9; page++) {
          const reply = await directory.get(`/?count=${count}&cursor=${cursor}`);
          seen.push(namesOf(reply));
          cursor = reply.json["nextCursor"] as string | undefined;
        }
        expect(seen.join(" ")).to.equal("ann bob cid Zebra apes bob");
        expect(seen).to.have.length(Math.ceil(6 / count));
      }
      const users = await directory.get(`/?filter=${encodeURIComponent('meta.resourceType eq "User"')}&count=3&cursor`);
      expect(users.json).not.to.have.property("nextCursor");
    });

    it("RFC-33: refuses what no type knows, and says which types were looked at", async () => {
      const reply = await search("", { filter: 'displayNam eq "x" or nosuch pr' });
      expect(reply.json["detail"]).to.equal(
        "`displayNam` is no attribute of User, Group or ServiceAccount, did you mean `displayName`?",
      );
      expect((await search("", { filter: "emails[nosuch pr]" })).json["scimType"]).to.equal("invalidFilter");
    });

    it("RFC-39: takes attributes of some types alone", async () => {
      const all = resourcesOf(await search("", { attributes: ["userName", "members"] }));
      const keys = new Set(all.map((one) => Object.keys(one).sort().join(" ")));
      expect([...keys]).to.have.members(["id schemas userName", "id members schemas"]);
    });

    it("SEC-01: finds nothing of another connection, nor of what the connection does not manage", async () => {
      const other = await service().connect({ tenant: directory.tenant, sync: "test" });
      expect((await other.get("/")).json["totalResults"]).to.equal(0);
      const alone = await service().connect({ sync: "test", manages: ["groups"] });
      await alone.group("only");
      expect(namesOf(await alone.get("/"))).to.equal("only");
      expect((await alone.post("/Users/.search", {})).status).to.equal(403);
      expect((await alone.post("/.search", { filter: "nickName pr" })).json["scimType"]).to.equal("invalidFilter");
    });

    it("RFC-38: takes a count beyond all counts for the largest page, and in a bulk no other method", async () => {
      const huge = await directory.post("/Users/.search", { schemas: [SEARCH], count: 1e300, startIndex: 1e300 });
      expect([huge.status, huge.json["startIndex"]], huge.text).to.deep.equal([200, 999_999_999_999_999]);
      const { json } = await directory.post("/Bulk", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        Operations: [
          { method: "PUT", path: "/Users/.search", data: {} },
          { method: "DELETE", path: "/Groups/.Search" },
        ],
      });
      const statuses = (json["Operations"] as readonly JsonObject[]).map(({ status }) => status);
      expect(statuses).to.deep.equal(["405", "405"]);
    });

    it("RFC-22, RFC-54: asks for a token like every other path", async () => {
      for (const path of ["/.search", "/Users/.search"]) {
        const reply = await directory.post(path, {}, { Authorization: null });
        expect([reply.status, reply.json["status"]]).to.deep.equal([401, "401"]);
      }
      expect((await directory.get("/", { Authorization: null })).status).to.equal(401);
    });
  });
});
