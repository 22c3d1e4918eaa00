import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";
import { ENTERPRISE, USER } from "./tables.js";

const LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const NAMES = ["ada", "bob", "cyd", "dee", "eve"];

/** The names on a page, with the figures of its envelope. */
async function page(directory: ScimDirectory, path: string): Promise<readonly unknown[]> {
  const { status, json, text, headers } = await directory.get(path);
  expect(status, text).to.equal(200);
  expect(headers["content-type"]).to.equal("application/scim+json");
  // C6: exactly these keys, and the list also when it is empty
  expect(Object.keys(json).sort()).to.deep.equal([
    "Resources",
    "itemsPerPage",
    "schemas",
    "startIndex",
    "totalResults",
  ]);
  expect(json["schemas"]).to.deep.equal([LIST]);
  const resources = json["Resources"] as readonly JsonObject[];
  expect(json["itemsPerPage"]).to.equal(resources.length);
  const names = resources.map((resource) => resource["userName"] ?? resource["displayName"]).join(" ");
  return [json["totalResults"], json["startIndex"], names];
}

describe("SCIM lists over HTTP", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let ids: readonly string[];
    before(async () => {
      directory = await service().connect();
      const made: string[] = [];
      for (const [at, name] of NAMES.entries()) {
        made.push(
          await directory.user(name, {
            title: at % 2 === 0 ? "Odd" : "Even",
            emails: [
              { value: `${name}@work.test`, type: "work", primary: true },
              { value: `${name}@home.test`, type: "home" },
            ],
            ...(at > 2 && { [ENTERPRISE]: { department: "IT", manager: { value: made[0] ?? "" } } }),
          }),
        );
      }
      ids = made;
      for (const [at, name] of NAMES.entries()) await directory.group(name.toUpperCase(), ids.slice(0, at));
    });

    it("RFC-39: finds, sorts and shows what every resource has by its schema's URN, too (RFC 7644 section 3.10)", async () => {
      const asked = (query: Readonly<Record<string, string>>) => directory.get(`/Users?${new URLSearchParams(query)}`);
      const [ada] = ids;
      for (const filter of [
        `${USER}:id eq "${ada}"`,
        `${USER}:userName eq "ada" and ${USER}:meta.created gt "2000-01-01T00:00:00Z"`,
      ]) {
        for (const attributes of [`${USER}:id`, `${USER}:meta.created`, `${USER}:meta`]) {
          const { status, json, text } = await asked({ filter, attributes, sortBy: `${USER}:meta.created` });
          expect([status, json["totalResults"]], text).to.deep.equal([200, 1]);
          const [{ id, meta, ...rest }] = json["Resources"] as readonly [JsonObject];
          expect([id, Object.keys(rest)]).to.deep.equal([ada, ["schemas"]]);
          expect(meta !== undefined, attributes).to.equal(attributes.includes("meta"));
        }
      }
      const { json } = await asked({ excludedAttributes: `${USER}:meta` });
      for (const user of json["Resources"] as readonly JsonObject[]) expect(user).not.to.have.property("meta");
    });

    const pages: readonly (readonly [query: string, start: number, names: string])[] = [
      ["", 1, "ada bob cyd dee eve"],
      ["?startIndex=1&count=2", 1, "ada bob"],
      ["?startIndex=3&count=2", 3, "cyd dee"],
      ["?startIndex=5&count=2", 5, "eve"],
      ["?startIndex=6&count=2", 6, ""],
      ["?startIndex=101&count=100", 101, ""],
      ["?startIndex=999999999999999", 999999999999999, ""],
      ["?startIndex=0", 1, "ada bob cyd dee eve"],
      ["?startIndex=-3&count=1", 1, "ada"],
      ["?startIndex=&count=", 1, "ada bob cyd dee eve"],
      ["?count=0", 1, ""],
      ["?count=-1", 1, ""],
      ["?count=5", 1, "ada bob cyd dee eve"],
      ["?count=99999999999999999999", 1, "ada bob cyd dee eve"],
      ["?startIndex=99999999999999999999", 999999999999999, ""],
      ["?count=100000", 1, "ada bob cyd dee eve"],
      ["?startIndex=4", 4, "dee eve"],
      ["?sortBy=&sortOrder=descending", 1, "ada bob cyd dee eve"],
    ];
    for (const [query, start, names] of pages) {
      it(`RFC-38, OKTA-18: pages by ${query || "nothing"}, for users and groups alike`, async () => {
        expect(await page(directory, `/Users${query}`)).to.deep.equal([5, start, names]);
        expect(await page(directory, `/Groups${query}`)).to.deep.equal([5, start, names.toUpperCase()]);
      });
    }

    it("RFC-38: gives at most 200 at a time, whatever is asked for, and nobody twice or never", async () => {
      const large = await service().connect({ sync: "test" });
      await large.crowd(230);
      const first = await large.get("/Users?count=1000");
      expect(first.json).to.include({ totalResults: 230, itemsPerPage: 200, startIndex: 1 });
      const rest = await large.get("/Users?count=1000&startIndex=201");
      expect(rest.json).to.include({ totalResults: 230, itemsPerPage: 30, startIndex: 201 });
      expect((await large.get("/Users")).json).to.include({ itemsPerPage: 100 });
      const seen = [first, rest].flatMap(({ json }) => (json["Resources"] as JsonObject[]).map(({ id }) => id));
      expect(new Set(seen).size).to.equal(230);
    });

    const filters: readonly (readonly [filter: string, names: string])[] = [
      ['userName eq "CYD"', "cyd"],
      ['userName eq "nobody"', ""],
      ['title eq "odd"', "ada cyd eve"],
      ['title ne "odd"', "bob dee"],
      ['emails[type eq "work"].value eq "bob@work.test"', "bob"],
      ['emails[type eq "work"].value eq "bob@home.test"', ""],
      ['emails.value ne "ada@work.test"', "ada bob cyd dee eve"],
      ['emails co "e@HOME"', "dee eve"],
      ['not (userName sw "a" or userName ew "E")', "bob cyd"],
      ["department pr", "dee eve"],
      [`${ENTERPRISE}:department eq "it" and userName gt "dee"`, "eve"],
      ['meta.created gt "2020-01-01T00:00:00Z" and title pr', "ada bob cyd dee eve"],
      ['active eq true and meta.resourceType eq "User"', "ada bob cyd dee eve"],
      ['userName eq "x\\" or userName pr or userName eq \\"x"', ""],
      ["userName eq \"' or '1'='1\"", ""],
    ];
    for (const [filter, names] of filters) {
      it(`RFC-30: finds by ${filter}, also page by page`, async () => {
        const found = names === "" ? [] : names.split(" ");
        const query = `/Users?filter=${encodeURIComponent(filter)}`;
        expect(await page(directory, query)).to.deep.equal([found.length, 1, names]);
        expect(await page(directory, `${query}&startIndex=2&count=1`)).to.deep.equal([found.length, 2, found[1] ?? ""]);
      });
    }

    it("ENTRA-23: finds groups by a member, users by a group and by their manager", async () => {
      const of = (filter: string) => `?filter=${encodeURIComponent(filter)}`;
      expect(await page(directory, `/Groups${of(`members eq "${ids[3]}"`)}`)).to.deep.equal([1, 1, "EVE"]);
      expect(await page(directory, `/Groups${of(`members[value eq "${ids[2]}"]`)}`)).to.deep.equal([2, 1, "DEE EVE"]);
      const { json } = await directory.get(`/Groups${of('displayName eq "cyd"')}`);
      const [{ id } = {}] = json["Resources"] as readonly JsonObject[];
      expect(await page(directory, `/Users${of(`groups.value eq "${id}"`)}`)).to.deep.equal([2, 1, "ada bob"]);
      expect(await page(directory, `/Users${of(`manager eq "${ids[0]}"`)}`)).to.deep.equal([2, 1, "dee eve"]);
    });

    const projections: readonly (readonly [query: string, keys: string])[] = [
      ["attributes=userName", "id schemas userName"],
      ["attributes=USERNAME,Title", "id schemas title userName"],
      ["attributes=userName&attributes2=x", "id schemas userName"],
      ["attributes=nosuch", "id schemas"],
      ["attributes=emails.value", "emails id schemas"],
      [`attributes=${ENTERPRISE}:department`, `id schemas ${ENTERPRISE}`],
      ["attributes=department", `id schemas ${ENTERPRISE}`],
      ["attributes=meta.version,groups", "groups id meta schemas"],
      [`attributes=${encodeURIComponent('emails[type eq "work"]')}`, "emails id schemas"],
      ["excludedAttributes=emails,groups,meta,id,schemas,title,active", `id schemas ${ENTERPRISE} userName`],
      [`excludedAttributes=${ENTERPRISE}`, "active emails groups id meta schemas title userName"],
    ];
    for (const [query, keys] of projections) {
      it(`RFC-39: shows what ${decodeURIComponent(query)} asks for, in every answer with a resource`, async () => {
        const [, , , , eve = ""] = ids;
        const read = await directory.get(`/Users/${eve}?${query}`);
        const whole = await directory.get(`/Users/${eve}`);
        const filter = encodeURIComponent('userName eq "eve"');
        const { json: list } = await directory.get(`/Users?filter=${filter}&${query}`);
        const put = await directory.put(`/Users/${eve}?${query}`, whole.json);
        const patched = await directory.patch(`/Users/${eve}?${query}`, [{ op: "add", path: "title", value: "Odd" }]);
        expect(Object.keys(read.json).sort().join(" ")).to.equal(keys.split(" ").sort().join(" "));
        expect((list["Resources"] as readonly JsonObject[])[0]).to.deep.equal(read.json);
        expect(put.json).to.deep.equal(read.json);
        expect(patched.json).to.deep.equal(read.json);
        const extended = (read.json["schemas"] as readonly string[]).includes(ENTERPRISE);
        expect(extended, "an extension is named where its data is").to.equal(ENTERPRISE in read.json);
      });
    }

    it("RFC-39, C10: shows parts of elements, and the elements that a filter selects", async () => {
      const [ada] = ids;
      const values = async (attributes: string) =>
        (await directory.get(`/Users/${ada}?attributes=${encodeURIComponent(attributes)}`)).json["emails"];
      expect(await values("emails.value")).to.deep.equal([{ value: "ada@work.test" }, { value: "ada@home.test" }]);
      expect(await values('emails[type eq "home"].value')).to.deep.equal([{ value: "ada@home.test" }]);
      const made = await directory.post("/Users?attributes=userName", userBody("temp", { title: "T" }));
      expect([made.status, Object.keys(made.json).sort()]).to.deep.equal([201, ["id", "schemas", "userName"]]);
      expect((await directory.delete(`/Users/${made.json["id"]}`)).status).to.equal(204);
    });

    it("ENTRA-17: lists groups without members, and single ones too", async () => {
      const { json } = await directory.get("/Groups?excludedAttributes=members");
      for (const group of json["Resources"] as readonly JsonObject[]) expect(group).not.to.have.property("members");
      const [, , , , last] = json["Resources"] as readonly JsonObject[];
      expect((await directory.get(`/Groups/${last?.["id"]}?excludedAttributes=members`)).json).not.to.have.property(
        "members",
      );
      expect((await directory.get(`/Groups/${last?.["id"]}`)).json["members"]).to.have.length(4);
    });

    it("C4: ignores filters, sorting and paging in discovery", async () => {
      const plain = await directory.get("/Schemas");
      const asked = await directory.get("/Schemas?filter=invalid&sortBy=x&startIndex=7&count=0");
      expect(asked.status).to.equal(200);
      expect(asked.json).to.deep.equal(plain.json);
    });
  });
});
