import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { TEST_EXTENSION } from "./test-resource.js";
import { onTestResources, testBody } from "./test-resource-client.js";

const SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

describe("SCIM lists of the operator's own types, over HTTP", () => {
  onTestResources((client) => {
    const names = (list: JsonObject): string =>
      (list["Resources"] as readonly JsonObject[]).map((resource) => resource["identifier"]).join(" ");
    /** Resources called so, each with what stands beside its name. */
    const fill = async (of: Readonly<Record<string, JsonObject>>): Promise<void> => {
      for (const [identifier, more] of Object.entries(of)) await client().idOf({ identifier, ...more });
    };

    const orders: readonly (readonly [by: string, values: Readonly<Record<string, JsonObject>>, order: string])[] = [
      [
        "caseInsensitiveString",
        { b: { caseInsensitiveString: "B" }, a: { caseInsensitiveString: "a" }, none: {} },
        "a b none",
      ],
      ["caseExactString", { a: { caseExactString: "a" }, B: { caseExactString: "B" } }, "B a"],
      ["integerAttr", { ten: { integerAttr: 10 }, nine: { integerAttr: 9 }, none: {} }, "nine ten none"],
      [
        "dateTimeAttr",
        { late: { dateTimeAttr: "2026-01-01T01:30:00+01:00" }, early: { dateTimeAttr: "2026-01-01T00:00:00Z" } },
        "early late",
      ],
      [
        "multiComplex.value",
        { z: { multiComplex: [{ value: "a" }, { value: "z", primary: true }] }, m: { multiComplex: [{ value: "m" }] } },
        "m z",
      ],
      [
        `${TEST_EXTENSION}:extInteger`,
        {
          two: { [TEST_EXTENSION]: { extRequired: "x", extInteger: 2 } },
          one: { [TEST_EXTENSION]: { extRequired: "x", extInteger: 1 } },
        },
        "one two",
      ],
      ["identifier", { b: {}, A: {}, c: {} }, "A b c"],
    ];
    for (const [by, values, order] of orders) {
      it(`RFC-37, RFC-21: are sorted by ${by}, both ways`, async () => {
        const { directory } = client();
        await fill(values);
        expect(names((await directory.get(`/TestResources?sortBy=${by}`)).json)).to.equal(order);
        const reversed = await directory.get(`/TestResources?sortBy=${by}&sortOrder=descending`);
        expect(names(reversed.json)).to.equal(order.split(" ").reverse().join(" "));
      });
    }

    it("RFC-37: are not sorted by what is never returned", async () => {
      const reply = await client().directory.get("/TestResources?sortBy=neverReturnedAttr");
      expect(reply.status).to.equal(400);
    });

    it("CUR-01, CUR-02, CUR-08: are walked by cursor, whatever comes and goes, and end without one", async () => {
      const { directory, idOf } = client();
      await fill({ a: {}, b: {}, c: {}, d: {} });
      const page = async (cursor: string) =>
        (await directory.get(`/TestResources?sortBy=identifier&count=2&cursor=${cursor}`)).json;
      const first = await page("");
      await idOf({ identifier: "aa" });
      const second = await page(String(first["nextCursor"]));
      expect([names(first), names(second)]).to.deep.equal(["a b", "c d"]);
      expect(second).not.to.have.property("nextCursor");
    });

    it("RFC-29, RFC-40: are searched at their own endpoint, and with other types at the base URL", async () => {
      const { directory } = client();
      await fill({ ada: { integerAttr: 1 }, bob: {} });
      await directory.user("ada");
      const search = async (path: string, more: Readonly<Record<string, Json>>) => {
        const reply = await directory.post(path, { schemas: [SEARCH], ...more });
        expect(reply.status, reply.text).to.equal(200);
        return reply.json;
      };
      const own = await search("/TestResources/.search", { filter: "integerAttr pr", attributes: ["identifier"] });
      expect([own["totalResults"], names(own)]).to.deep.equal([1, "ada"]);
      const typed = await search("/.search", { filter: 'meta.resourceType eq "TestResource"' });
      expect([typed["totalResults"], names(typed)]).to.deep.equal([2, "ada bob"]);
      const both = await search("/.search", { filter: 'meta.created gt "2020-01-01T00:00:00Z"' });
      const types = (both["Resources"] as readonly JsonObject[]).map(
        (one) => (one["meta"] as JsonObject)["resourceType"],
      );
      expect([...types].sort()).to.deep.equal(["TestResource", "TestResource", "User"]);
    });

    it("RFC-28, RFC-38: have exact totals, pages and a stable order", async () => {
      const { directory } = client();
      const ids: string[] = [];
      for (let count = 0; count < 5; count++)
        ids.push(String((await directory.post("/TestResources", testBody())).json["id"]));
      const page = async (query: string) => {
        const { json } = await directory.get(`/TestResources?${query}`);
        const resources = json["Resources"] as readonly JsonObject[];
        return [json["totalResults"], json["itemsPerPage"], resources.map((resource) => resource["id"])];
      };
      expect(await page("startIndex=2&count=2")).to.deep.equal([5, 2, ids.slice(1, 3)]);
      expect(await page("startIndex=9")).to.deep.equal([5, 0, []]);
      expect(await page("count=0")).to.deep.equal([5, 0, []]);
      expect(await page(`count=1&filter=${encodeURIComponent("identifier pr")}`)).to.deep.equal([
        5,
        1,
        ids.slice(0, 1),
      ]);
    });
  });
});
