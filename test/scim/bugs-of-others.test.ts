import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";

const work = (value: string): JsonObject => ({ emails: [{ value, type: "work", primary: true }] });

describe("what other SCIM servers got wrong", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    const find = (path: string, filter: string) => directory.get(`${path}?filter=${encodeURIComponent(filter)}`);
    const namesIn = (reply: ScimReply): readonly Json[] => {
      expect(reply.status, reply.text).to.equal(200);
      const found = reply.json["Resources"] as readonly JsonObject[];
      return found.map((resource) => resource["userName"] ?? resource["displayName"] ?? null);
    };
    beforeEach(async () => {
      directory = await service().connect();
    });

    it("BUG-10: values of a filter are compared without regard to letter case where the schema says so", async () => {
      await directory.user("Ada.Lovelace@acme.example", { ...work("Ada@Acme.example"), externalId: "A1" });
      await directory.group("Platform Team");
      expect(namesIn(await find("/Users", 'userName eq "ADA.lovelace@ACME.example"'))).to.have.length(1);
      expect(namesIn(await find("/Users", 'emails.value eq "ada@acme.EXAMPLE"'))).to.have.length(1);
      expect(namesIn(await find("/Users", 'emails[type eq "WORK" and value sw "ADA"]'))).to.have.length(1);
      expect(namesIn(await find("/Groups", 'displayName eq "platform TEAM"'))).to.deep.equal(["Platform Team"]);
      expect(namesIn(await find("/Users", 'externalId eq "a1"')), "externalId is case-exact").to.be.empty;
    });

    it("BUG-12: words of the filter language inside a value are text, and no part of a filter is dropped", async () => {
      await directory.user("this eq that", { title: 'a "quoted" and b' });
      await directory.user("ada", { title: "Lead", ...work("ada@acme.example") });
      await directory.user("bob", { title: "Lead" });
      expect(namesIn(await find("/Users", 'userName eq "this eq that"'))).to.deep.equal(["this eq that"]);
      expect(namesIn(await find("/Users", 'title eq "a \\"quoted\\" and b"'))).to.deep.equal(["this eq that"]);
      expect(namesIn(await find("/Users", 'title eq "Lead" and emails.value eq "ada@acme.example"'))).to.deep.equal([
        "ada",
      ]);
      expect(
        namesIn(await find("/Users", 'title eq "Lead" and not (userName eq "ada") and active eq true')),
      ).to.deep.equal(["bob"]);
    });

    for (const filter of [
      "userName eq",
      'userName is "ada"',
      'userName eq "ada" and',
      '(userName eq "ada"',
      "userName",
      'userName eq "ada" extra',
      'eq "ada"',
      'nobody eq "ada"',
    ]) {
      it(`BUG-12: ${filter} is refused, and never answered with everybody`, async () => {
        await directory.user("ada");
        const reply = await find("/Users", filter);
        expect(reply.status, reply.text).to.equal(400);
        expect(reply.json).to.include({ scimType: "invalidFilter" });
      });
    }

    it("BUG-13, RFC-09: externalId is found as it was sent, and is the client's to change", async () => {
      const id = await directory.user("ada", { externalId: "00uAbC-é" });
      expect((await directory.get(`/Users/${id}`)).json).to.include({ externalId: "00uAbC-é" });
      const found = await find("/Users", 'externalId eq "00uAbC-é"');
      expect(found.json).to.include({ totalResults: 1 });
      await directory.put(`/Users/${id}`, userBody("ada", { externalId: "00u-2" }));
      expect(namesIn(await find("/Users", 'externalId eq "00uAbC-é"'))).to.be.empty;
      expect(namesIn(await find("/Users", 'externalId eq "00u-2"'))).to.deep.equal(["ada"]);
    });

    it("BUG-14, RFC-28: totals count all matches, itemsPerPage counts what came, and nothing is cut at 100", async () => {
      await directory.crowd(230);
      const seen = new Set<Json>();
      for (const [startIndex, items] of [
        [1, 100],
        [101, 100],
        [201, 30],
        [301, 0],
      ] as const) {
        const { json } = await directory.get(`/Users?startIndex=${startIndex}&count=100`);
        expect(json).to.include({ totalResults: 230, itemsPerPage: items, startIndex });
        expect(json["Resources"]).to.have.length(items);
        for (const name of namesIn(await directory.get(`/Users?startIndex=${startIndex}&count=100`))) seen.add(name);
      }
      expect(seen.size).to.equal(230);
      const filtered = await directory.get(`/Users?count=7&filter=${encodeURIComponent('userName sw "crowd1"')}`);
      expect(filtered.json).to.include({ totalResults: 111, itemsPerPage: 7 });
    });

    it("BUG-14: whoever matches a filter by several values counts once, also among those who are passed over", async () => {
      const emails = ["a", "b", "c"].map((name) => ({ value: `${name}@acme.example`, type: name }));
      for (const name of ["ada", "bob"]) await directory.user(name, { emails });
      await directory.group("G", [...(await directory.crowd(3))]);
      const page = (path: string, filter: string, startIndex: number) =>
        directory.get(`${path}?startIndex=${startIndex}&count=1&filter=${encodeURIComponent(filter)}`);
      for (const [startIndex, names] of [
        [1, ["ada"]],
        [2, ["bob"]],
        [3, []],
      ] as const) {
        expect(namesIn(await page("/Users", "emails.value pr", startIndex))).to.deep.equal(names);
      }
      expect(namesIn(await page("/Groups", "members pr", 2))).to.be.empty;
    });

    it("BUG-15, RFC-28: a filter on groups selects, and finding none is an empty list", async () => {
      for (const name of ["Sales", "Sales EMEA", "Research"]) await directory.group(name);
      expect(namesIn(await find("/Groups", 'displayName eq "Sales"'))).to.deep.equal(["Sales"]);
      const none = await find("/Groups", 'displayName eq "Nobody"');
      expect(none.json).to.include({ totalResults: 0, itemsPerPage: 0 }).and.to.have.deep.property("Resources", []);
    });

    it("BUG-16: the type of an e-mail is kept, so that a match by type finds its owner", async () => {
      const emails = [
        { value: "ada@acme.example", type: "work", primary: true },
        { value: "ada@home.example", type: "home" },
      ];
      const id = await directory.user("ada", { emails });
      expect((await directory.get(`/Users/${id}`)).json["emails"]).to.deep.equal(emails);
      expect(namesIn(await find("/Users", 'emails[type eq "work"].value eq "ada@acme.example"'))).to.deep.equal([
        "ada",
      ]);
      expect(namesIn(await find("/Users", 'emails[type eq "work"].value eq "ada@home.example"'))).to.be.empty;
    });

    it("BUG-17: a placeholder password meets no policy, is kept nowhere, and is answered nowhere", async () => {
      for (const password of ["1mz050nq", "x", ""]) {
        const created = await directory.post("/Users", userBody(`with-${password.length}`, { password }));
        expect(created.status, created.text).to.equal(201);
        const id = String(created.json["id"]);
        const replaced = await directory.put(
          `/Users/${id}`,
          userBody(`with-${password.length}`, { password, title: "x" }),
        );
        const changed = await directory.patch(`/Users/${id}`, [{ op: "replace", path: "password", value: password }]);
        expect(changed.headers["etag"], "a password alone changes nothing").to.equal(replaced.headers["etag"]);
        for (const reply of [
          created,
          replaced,
          changed,
          await directory.get(`/Users/${id}?attributes=password,userName`),
        ]) {
          expect(reply.json).to.have.property("userName");
          expect(reply.json).to.not.have.property("password");
        }
        const { rows } = await service()
          .p.store.read(directory.tenant.id)
          .directoryUsers(directory.connection.id, { offset: 0, limit: 200 });
        expect(rows.flatMap(({ resource }) => Object.keys(resource))).to.not.include("password");
      }
      expect((await find("/Users", 'password eq "1mz050nq"')).status).to.equal(400);
    });

    it("BUG-18, C12: uniqueness is that of userName alone, in any letter case, and says so", async () => {
      const same = { ...work("shared@acme.example"), externalId: "\u0024{__UUID}" };
      await directory.user("ada@acme.example", same);
      await directory.user("bob@acme.example", same);
      const taken = await directory.post("/Users", userBody("ADA@acme.example"));
      expect(taken.status).to.equal(409);
      expect(taken.json).to.include({ scimType: "uniqueness", status: "409" });
      const bob = await find("/Users", 'userName eq "bob@acme.example"');
      const id = (bob.json["Resources"] as readonly JsonObject[])[0]?.["id"];
      const stolen = await directory.patch(`/Users/${id}`, [
        { op: "replace", path: "userName", value: "Ada@Acme.example" },
      ]);
      expect(stolen.json).to.include({ scimType: "uniqueness" });
    });

    it("BUG-21: a PATCH of a group with more than 100 members drops none, and removes who is meant", async () => {
      const people = await directory.crowd(260);
      const group = await directory.group("Everybody", people.slice(0, 130));
      const added = people.slice(130).map((value) => ({ value }));
      await directory.patch(`/Groups/${group}`, [{ op: "add", path: "members", value: added }]);
      expect(await directory.members(group)).to.have.members([...people]);
      const [first = "", middle = "", last = ""] = [people[0], people[131], people[259]];
      await directory.patch(`/Groups/${group}`, [
        { op: "remove", path: `members[value eq "${middle}"]` },
        { op: "remove", path: "members", value: [{ value: first }, { value: last }] },
      ]);
      expect(await directory.members(group)).to.have.members(
        people.filter((id) => ![first, middle, last].includes(id)),
      );
    });

    it("BUG-22: answers are SCIM's media type, a PATCH of a user has a body, and a userName comes back as it was sent", async () => {
      const id = await directory.user("Ada.LOVELACE@Acme.example");
      const { status, headers, json } = await directory.patch(`/Users/${id}`, [
        { op: "add", path: "title", value: "Lead" },
      ]);
      expect(status).to.equal(200);
      expect(headers["content-type"]).to.equal("application/scim+json");
      expect(json).to.include({ userName: "Ada.LOVELACE@Acme.example", title: "Lead" });
    });

    it("C6: a list has five keys and no other unless a cursor was asked for", async () => {
      await directory.group("Sales");
      const keys = ["Resources", "itemsPerPage", "schemas", "startIndex", "totalResults"];
      expect(Object.keys((await directory.get("/Groups")).json).sort()).to.deep.equal(keys);
      expect(Object.keys((await find("/Groups", 'displayName eq "x"')).json).sort()).to.deep.equal(keys);
    });

    it("RFC-27: a resource of nobody is a 404 with SCIM's error, also right after it was deleted", async () => {
      const id = await directory.user("ada");
      await directory.delete(`/Users/${id}`);
      for (const path of [`/Users/${id}`, "/Users/nobody", `/Groups/${id}`]) {
        const { status, json } = await directory.get(path);
        expect([path, status, json["status"], json["schemas"]]).to.deep.equal([
          path,
          404,
          "404",
          ["urn:ietf:params:scim:api:messages:2.0:Error"],
        ]);
      }
    });

    it("SEC-02: a number as externalId is a label, and never names anybody's account", async () => {
      const id = await directory.user("ada", { externalId: "1" });
      const other = await directory.user("bob", { externalId: id });
      expect((await directory.get("/Users/1")).status).to.equal(404);
      expect((await directory.get(`/Users/${id}`)).json).to.include({ userName: "ada" });
      const group = await directory.post("/Groups", groupBody("G", ["1"]));
      expect(group.status, group.text).to.equal(400);
      expect(other).to.not.equal(id);
    });
  });
});
