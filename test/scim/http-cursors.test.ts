import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { revokeToken } from "../../src/provisioning/tokens.js";
import { ADMIN } from "../support/tenant.js";
import { onEachDatabase, type ScimDirectory, type ScimReply } from "./scim-service.js";

const NAMES = ["eve", "Bob", "ada", "dee", "cyd"];

function namesOf({ json }: ScimReply): string {
  return (json["Resources"] as readonly JsonObject[]).map((one) => one["userName"] ?? one["displayName"]).join(" ");
}

function nextOf({ status, json, text }: ScimReply): string | undefined {
  expect(status, text).to.equal(200);
  return json["nextCursor"] as string | undefined;
}

/** All pages from the first on. */
async function walk(page: (cursor: string) => Promise<ScimReply>): Promise<readonly string[]> {
  const pages: string[] = [];
  let cursor: string | undefined = "";
  while (cursor !== undefined && pages.length < 20) {
    const reply = await page(cursor);
    cursor = nextOf(reply);
    pages.push(namesOf(reply));
  }
  return pages;
}

function refused({ status, json, text }: ScimReply): unknown {
  expect(status, text).to.equal(400);
  return json["scimType"];
}

describe("SCIM cursors over HTTP (RFC 9865)", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    beforeEach(async () => {
      directory = await service().connect({ sync: "test" });
      for (const name of NAMES) await directory.user(name, { title: name < "c" ? "x" : "y" });
    });

    it("CUR-01, C6: begins with an empty cursor, and answers none where none was asked for", async () => {
      for (const begin of ["cursor", "cursor="]) {
        const { status, json } = await directory.get(`/Users?${begin}&count=2`);
        expect(status).to.equal(200);
        expect(Object.keys(json).sort().join(" ")).to.equal("Resources itemsPerPage nextCursor schemas totalResults");
        expect(json).to.include({ totalResults: 5, itemsPerPage: 2 });
      }
      expect((await directory.get("/Users?count=2")).json).not.to.have.property("nextCursor");
    });

    it("CUR-02: goes on page by page, and leaves nextCursor out on the last page alone", async () => {
      const pages = (count: number) => walk((cursor) => directory.get(`/Users?count=${count}&cursor=${cursor}`));
      expect(await pages(2)).to.deep.equal(["eve Bob", "ada dee", "cyd"]);
      expect(await pages(5)).to.deep.equal(["eve Bob ada dee cyd"]);
      expect(await pages(1)).to.have.length(5);
      expect(await walk((cursor) => directory.get(`/Users?cursor=${cursor}`))).to.have.length(1);
    });

    for (const [order, expected] of [
      ["sortBy=userName", ["ada Bob", "cyd dee", "eve"]],
      ["sortBy=userName&sortOrder=descending", ["eve dee", "cyd Bob", "ada"]],
      ["sortBy=title", ["Bob ada", "eve dee", "cyd"]],
      ["sortBy=nickName&sortOrder=descending", ["eve Bob", "ada dee", "cyd"]],
      ["filter=title%20eq%20%22y%22&sortBy=userName", ["cyd dee", "eve"]],
      ["filter=title%20eq%20%22z%22", [""]],
    ] as const) {
      it(`CUR-02: keeps filter and order on every page: ${order}`, async () => {
        const pages = await walk((cursor) => directory.get(`/Users?${order}&count=2&cursor=${cursor}`));
        expect(pages).to.deep.equal(expected);
      });
    }

    it("CUR-03: makes cursors of characters that need no escaping, and that say nothing", async () => {
      const cursor = nextOf(await directory.get("/Users?sortBy=userName&count=2&cursor")) ?? "";
      expect(cursor).to.match(/^[\w.~-]+$/);
      const parts = cursor.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"));
      for (const text of [cursor, ...parts]) expect(text).not.to.match(/bob|User/i);
    });

    it("CUR-03, SEC-01: refuses cursors that were changed, or that others, other lists and other questions got", async () => {
      const cursor = nextOf(await directory.get("/Users?count=2&cursor")) ?? "";
      const flipped = cursor.slice(0, -5) + (cursor.at(-5) === "A" ? "B" : "A") + cursor.slice(-4);
      for (const bad of [
        `${cursor}x`,
        cursor.slice(0, -2),
        flipped,
        cursor.slice(3),
        `${cursor}.${cursor}`,
        "v1...",
        "x",
      ]) {
        expect(refused(await directory.get(`/Users?count=2&cursor=${bad}`)), bad).to.equal("invalidCursor");
      }
      for (const question of ["sortBy=userName", "filter=title%20pr", "sortOrder=descending"]) {
        const reply = await directory.get(`/Users?count=2&${question}&cursor=${cursor}`);
        expect(refused(reply), question).to.equal("invalidCursor");
      }
      expect(refused(await directory.get(`/Groups?count=2&cursor=${cursor}`))).to.equal("invalidCursor");
      expect(refused(await directory.get(`/?count=2&cursor=${cursor}`))).to.equal("invalidCursor");
      const { token } = await directory.newToken();
      const another = { Authorization: `Bearer ${token}` };
      expect(refused(await directory.get(`/Users?count=2&cursor=${cursor}`, another))).to.equal("invalidCursor");
      const stranger = await service().connect({ sync: "test" });
      expect(refused(await stranger.get(`/Users?count=2&cursor=${cursor}`))).to.equal("invalidCursor");
      expect(namesOf(await directory.get(`/Users?count=2&cursor=${cursor}`))).to.equal("ada dee");
      const narrower = await directory.get(`/Users?count=2&cursor=${cursor}&attributes=userName`);
      expect(namesOf(narrower)).to.equal("ada dee");
    });

    it("CUR-04, CUR-05: takes no other count midway; 0 and less ask for the total alone", async () => {
      const cursor = nextOf(await directory.get("/Users?count=2&cursor")) ?? "";
      for (const count of ["count=3", "count=0", "", "count=201", "count=x"]) {
        const reply = await directory.get(`/Users?${count}&cursor=${cursor}`);
        expect(refused(reply), count).to.equal("invalidCount");
      }
      for (const count of [0, -3]) {
        const { json } = await directory.get(`/Users?count=${count}&cursor`);
        expect(json).to.deep.include({ totalResults: 5, itemsPerPage: 0, Resources: [] });
        expect(json).not.to.have.property("nextCursor");
      }
    });

    it("CUR-08: neither repeats nor skips anybody when users come and go between pages", async () => {
      const seen: string[] = [];
      let cursor = "";
      const gone: string[] = [];
      for (let page = 0; page < 4; page++) {
        const reply = await directory.get(`/Users?count=2&sortBy=userName&cursor=${cursor}`);
        const shown = reply.json["Resources"] as readonly JsonObject[];
        seen.push(...shown.map((one) => String(one["userName"])));
        cursor = nextOf(reply) ?? "end";
        if (cursor === "end") break;
        // whoever was shown last goes, and somebody comes who stands before all of them
        gone.push(String(shown.at(-1)?.["id"]));
        await directory.delete(`/Users/${gone.at(-1)}`);
        await directory.user(`aa${page}`);
      }
      expect(seen).to.deep.equal(["ada", "Bob", "cyd", "dee", "eve"]);
    });

    it("CUR-09: asks anew on every page whether the token may, and ends with the settings that it was begun under", async () => {
      const { p } = service();
      const own = await directory.newToken();
      const mine = { Authorization: `Bearer ${own.token}` };
      const hers = nextOf(await directory.get("/Users?count=2&cursor", mine)) ?? "";
      await revokeToken(p, directory.tenant, directory.connection.slug, own.id, ADMIN);
      expect((await directory.get(`/Users?count=2&cursor=${hers}`, mine)).status).to.equal(401);

      const groups = nextOf(await directory.get("/Users?count=2&cursor")) ?? "";
      const change = (changes: Parameters<typeof updateConnection>[3]) =>
        updateConnection(p, directory.tenant, directory.connection.slug, changes, ADMIN);
      await change({ manages: ["users"] });
      expect(refused(await directory.get(`/Users?count=2&cursor=${groups}`))).to.equal("invalidCursor");
      const begun = nextOf(await directory.get("/Users?count=2&cursor")) ?? "";
      await change({ manages: ["groups"] });
      expect((await directory.get(`/Users?count=2&cursor=${begun}`)).status).to.equal(403);
    });

    it("CUR-06: says that it pages both ways, by index unless asked otherwise", async () => {
      const { json } = await directory.get("/ServiceProviderConfig");
      expect(json).to.deep.include({
        sort: { supported: true },
        filter: { supported: true, maxResults: 200 },
        pagination: {
          cursor: true,
          index: true,
          defaultPaginationMethod: "index",
          defaultPageSize: 100,
          maxPageSize: 200,
          cursorTimeout: 3600,
        },
      });
    });

    it("refuses to write a long value into a cursor, and says what to do", async () => {
      await directory.user("zoe", { nickName: "n".repeat(3_000) });
      await directory.user("zed", { nickName: "z" });
      const reply = await directory.get("/Users?sortBy=nickName&count=1&cursor");
      expect(refused(reply)).to.equal("tooMany");
      expect(reply.json["detail"]).to.match(/^`nickName` holds more than 2000 characters .*: page by `startIndex`/);
      expect(nextOf(await directory.get("/Users?sortBy=nickName&count=2&cursor"))).to.be.a("string");
    });
  });
});
