import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";
import { ENTERPRISE } from "./tables.js";

const PEOPLE: Readonly<Record<string, JsonObject>> = {
  dan: { name: { familyName: "Zeta" }, title: "b", active: false, externalId: "b" },
  Ann: {
    name: { familyName: "alpha" },
    emails: [{ value: "q@x.test" }, { value: "A@x.test", primary: true }],
    externalId: "a",
  },
  cid: {
    name: { familyName: "Álvarez" },
    title: "a",
    emails: [{ value: "m@x.test" }, { value: "b@x.test" }],
    externalId: "B",
    [ENTERPRISE]: { department: "IT", manager: { value: "m" } },
  },
  bob: { name: { givenName: "B" }, title: "B", emails: [], [ENTERPRISE]: { department: "Art" } },
};

async function names(directory: ScimDirectory, path: string): Promise<string> {
  const { status, json, text } = await directory.get(path);
  expect(status, text).to.equal(200);
  return (json["Resources"] as readonly JsonObject[]).map((one) => one["userName"] ?? one["displayName"]).join(" ");
}

describe("sorted SCIM lists over HTTP", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    before(async () => {
      directory = await service().connect({ sync: "test" });
      for (const [name, more] of Object.entries(PEOPLE)) await directory.user(name, more);
      for (const name of ["b", "C", "a"]) await directory.group(name);
    });

    const orders: readonly (readonly [rule: string, sortBy: string, ascending: string, descending: string])[] = [
      ["letter case does not count", "userName", "Ann bob cid dan", "dan cid bob Ann"],
      ["nor in the name of the attribute", "USERNAME", "Ann bob cid dan", "dan cid bob Ann"],
      ["a sub-attribute, absent last or first", "name.familyName", "Ann dan cid bob", "bob cid dan Ann"],
      [
        "the same with its schema",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName",
        "Ann bob cid dan",
        "dan cid bob Ann",
      ],
      ["equal values by id", "title", "cid dan bob Ann", "Ann dan bob cid"],
      ["the primary of several, else the first", "emails", "Ann cid dan bob", "dan bob cid Ann"],
      ["the same, said in full", "emails.value", "Ann cid dan bob", "dan bob cid Ann"],
      ["letter case counts where the schema says so", "externalId", "cid Ann dan bob", "bob dan Ann cid"],
      ["false before true", "active", "dan Ann cid bob", "Ann cid bob dan"],
      ["an extension's attribute", `${ENTERPRISE}:department`, "bob cid dan Ann", "dan Ann cid bob"],
      ["the same without its schema", "department", "bob cid dan Ann", "dan Ann cid bob"],
      ["a complex attribute by its value", "manager", "cid dan Ann bob", "dan Ann bob cid"],
      ["by when it was made", "meta.created", "dan Ann cid bob", "bob cid Ann dan"],
      ["by id, which is the order of making", "id", "dan Ann cid bob", "bob cid Ann dan"],
    ];
    for (const [rule, sortBy, ascending, descending] of orders) {
      it(`RFC-37, C15, RFC-21: sorts by ${sortBy}: ${rule}`, async () => {
        expect(await names(directory, `/Users?sortBy=${sortBy}`)).to.equal(ascending);
        expect(await names(directory, `/Users?sortBy=${sortBy}&sortOrder=ascending`)).to.equal(ascending);
        expect(await names(directory, `/Users?sortBy=${sortBy}&sortOrder=Descending`)).to.equal(descending);
        const [, second, third] = descending.split(" ");
        const page = `/Users?sortBy=${sortBy}&sortOrder=descending&startIndex=2&count=2`;
        expect(await names(directory, page)).to.equal(`${second} ${third}`);
      });
    }

    it("RFC-37: sorts groups, and what a filter leaves", async () => {
      expect(await names(directory, "/Groups?sortBy=displayName")).to.equal("a b C");
      const filter = encodeURIComponent('userName gt "b"');
      expect(await names(directory, `/Users?filter=${filter}&sortBy=userName&sortOrder=descending`)).to.equal(
        "dan cid bob",
      );
    });

    it("RFC-37: says what may have been meant, and what an attribute is sorted by", async () => {
      const detail = async (sortBy: string) => (await directory.get(`/Users?sortBy=${sortBy}`)).json["detail"];
      expect(await detail("usrName")).to.equal("`usrName` is no attribute of User, did you mean `userName`?");
      expect(await detail("name")).to.equal("`name` has parts: sort by one, for instance `name.formatted`");
      expect(await detail("password")).to.equal("`password` cannot be sorted by");
    });
  });
});
