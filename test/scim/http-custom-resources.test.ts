import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { userBody } from "./scim-service.js";
import { PATCH_OP } from "./tables.js";
import { TEST, TEST_EXTENSION } from "./test-resource.js";
import { at, errorOf, INVALID, onTestResources, testBody } from "./test-resource-client.js";

describe("SCIM resources of the operator's own types, over HTTP", () => {
  onTestResources((client, service) => {
    it("RFC-10, RFC-25, RFC-27: is made, read, replaced, changed and removed like any resource", async () => {
      const { directory, post } = client();
      const created = await post({ caseExactString: "a" });
      const { id, meta } = created.json as { readonly id: string; readonly meta: JsonObject };
      expect(created.status).to.equal(201);
      expect(meta).to.include({
        resourceType: "TestResource",
        location: `${service().publicUrl}/api/scim/v2${at(id)}`,
      });
      expect(created.headers["location"]).to.equal(meta["location"]);
      expect(created.headers["etag"]).to.equal(meta["version"]);
      expect(meta["created"]).to.equal(meta["lastModified"]);
      expect(created.json["schemas"]).to.deep.equal([TEST, TEST_EXTENSION]);
      expect((await directory.get(at(id))).json).to.deep.equal(created.json);
      const patched = await directory.patch(at(id), [{ op: "replace", path: "caseExactString", value: "b" }]);
      expect([patched.status, patched.json["caseExactString"]]).to.deep.equal([200, "b"]);
      const replaced = await directory.put(at(id), testBody());
      expect([replaced.status, replaced.json["id"]]).to.deep.equal([200, id]);
      expect(replaced.json).not.to.have.property("caseExactString");
      expect((await directory.delete(at(id))).status).to.equal(204);
      for (const reply of [
        await directory.get(at(id)),
        await directory.put(at(id), testBody()),
        await directory.delete(at(id)),
      ]) {
        expect(reply.status).to.equal(404);
      }
    });

    it("RFC-45, RFC-56: what changes nothing leaves version and time alone; versions are held to what was named", async () => {
      const { directory, post } = client();
      const before = (await post({ multiStrings: ["a"] })).json;
      const id = String(before["id"]);
      const { version } = before["meta"] as JsonObject;
      expect((await directory.patch(at(id), [{ op: "add", path: "multiStrings", value: ["A"] }])).json).to.deep.equal(
        before,
      );
      expect((await directory.put(at(id), before)).json).to.deep.equal(before);
      expect((await directory.get(at(id), { "If-None-Match": String(version) })).status).to.equal(304);
      const change = [{ op: "add", path: "multiStrings", value: ["b"] }];
      expect((await directory.patch(at(id), change, { "If-Match": String(version) })).status).to.equal(200);
      expect((await directory.patch(at(id), change, { "If-Match": String(version) })).status).to.equal(412);
      expect((await directory.delete(at(id), { "If-Match": String(version) })).status).to.equal(412);
    });

    it("BUG-19: parallel additions are all kept", async () => {
      const { directory, idOf } = client();
      const id = await idOf();
      await Promise.all(
        Array.from({ length: 12 }, (_, value) =>
          directory.patch(at(id), [{ op: "add", path: "multiStrings", value: [`${value}`] }]),
        ),
      );
      expect((await directory.get(at(id))).json["multiStrings"]).to.have.length(12);
    });

    it("SEC-01: resources of another connection or tenant, and of another type, are not found", async () => {
      const { directory, idOf } = client();
      const id = await idOf();
      const user = await directory.user("ada");
      const beside = await service().connect({ tenant: directory.tenant });
      const elsewhere = await service().connect();
      for (const other of [beside, elsewhere]) {
        const replies = [
          await other.get(at(id)),
          await other.put(at(id), testBody()),
          await other.patch(at(id), [{ op: "add", path: "caseExactString", value: "a" }]),
          await other.delete(at(id)),
        ];
        expect(replies.map((reply) => reply.status)).to.deep.equal([404, 404, 404, 404]);
        expect((await other.get("/TestResources")).json["totalResults"]).to.equal(0);
      }
      expect((await directory.get(at(user))).status).to.equal(404);
      expect((await directory.get(`/Users/${id}`)).status).to.equal(404);
    });

    it("RFC-30, RFC-35, RFC-36: filters compare each type as what it is", async () => {
      const { directory, found, idOf, post } = client();
      const id = await idOf({
        "x-odd_$1": "o",
        ...{ integerAttr: 10, decimalAttr: 1.5, booleanAttr: true, dateTimeAttr: "2026-01-01T01:00:00+01:00" },
        ...{ binaryAttr: "AQID", multiStrings: ["Red"], multiComplex: [{ value: "v", type: "t", primary: true }] },
        [TEST_EXTENSION]: { extRequired: "Q", extInteger: 7 },
      });
      await post({ integerAttr: 9 });
      for (const filter of [
        "integerAttr gt 9",
        `x-odd_$1 eq "O" and ${TEST}:X-ODD_$1 pr`,
        "decimalAttr le 1.5",
        "booleanAttr eq true",
        'dateTimeAttr eq "2026-01-01T00:00:00Z"',
        'dateTimeAttr lt "2025-12-31T23:30:00-01:00"',
        'binaryAttr eq "AQID"',
        'multiStrings eq "red"',
        'multiComplex[value eq "V" and primary eq true]',
        'multiComplex.type eq "T"',
        `${TEST_EXTENSION}:extInteger ge 7`,
        'extRequired eq "q"',
        'meta.resourceType eq "TestResource" and decimalAttr pr',
      ]) {
        expect(await found(filter), filter).to.deep.equal([id]);
      }
      expect(await found('binaryAttr eq "aqid"')).to.deep.equal([]);
      for (const filter of [
        "integerAttr lt 1e400",
        "booleanAttr gt true",
        'binaryAttr gt "A"',
        'integerAttr co "1"',
        "nosuch pr",
      ]) {
        const reply = await directory.get(`/TestResources?filter=${encodeURIComponent(filter)}`);
        expect(errorOf(reply), filter).to.deep.equal([400, "invalidFilter"]);
      }
    });

    it("attributes called like those of users and groups are like any others", async () => {
      const { directory, found, kept } = client();
      const resource = await kept({
        members: [{ value: "nobody", display: "N" }],
        roles: [{ value: "", type: "t" }, { value: "r" }],
      });
      expect(resource).to.deep.include({
        members: [{ value: "nobody", display: "N" }],
        roles: [{ value: "", type: "t" }, { value: "r" }],
      });
      expect(resource).not.to.have.property("active");
      const id = String(resource["id"]);
      expect(await found('members[display eq "n"]')).to.deep.equal([id]);
      const patched = await directory.patch(at(id), [{ op: "remove", path: 'members[value eq "nobody"]' }]);
      expect(patched.json).not.to.have.property("members");
    });

    it("RFC-17, RFC-57: is declared: type and schemas, as lists and one by one", async () => {
      const { directory } = client();
      const { json: type } = await directory.get("/ResourceTypes/TestResource");
      expect(type).to.deep.include({
        endpoint: "/TestResources",
        schema: TEST,
        schemaExtensions: [{ schema: TEST_EXTENSION, required: true }],
      });
      for (const urn of [TEST, TEST_EXTENSION]) {
        const { json } = await directory.get(`/Schemas/${urn}`);
        expect(json["id"]).to.equal(urn);
      }
      const { json } = await directory.get(`/Schemas/${TEST}`);
      const identifier = (json["attributes"] as readonly JsonObject[]).find((row) => row["name"] === "identifier");
      expect(identifier).to.include({ required: true, uniqueness: "server", type: "string", returned: "default" });
      const listed = (await directory.get("/Schemas")).json["Resources"] as readonly JsonObject[];
      expect(listed.map((schema) => schema["id"])).to.include.members([TEST, TEST_EXTENSION]);
    });

    it("RFC-47: a PATCH applies whole or not at all", async () => {
      const { directory, idOf } = client();
      const id = await idOf();
      const before = (await directory.get(at(id))).json;
      const reply = await directory.send({
        method: "PATCH",
        path: at(id),
        body: {
          schemas: [PATCH_OP],
          Operations: [
            { op: "add", path: "caseExactString", value: "a" },
            { op: "add", path: "integerAttr", value: "no number" },
          ],
        },
      });
      expect(errorOf(reply)).to.deep.equal(INVALID);
      expect((await directory.get(at(id))).json).to.deep.equal(before);
    });

    it("RFC-02, SEC-06: refuses numbers that cannot be kept", async () => {
      const { directory } = client();
      for (const name of ["integerAttr", "decimalAttr"]) {
        const text = JSON.stringify(testBody({ [name]: 1 })).replace(`"${name}":1`, `"${name}":1e400`);
        expect(errorOf(await directory.post("/TestResources", text)), name).to.deep.equal([400, "invalidValue"]);
      }
    });

    it("RFC-52: is made by bulk requests, which refer to what they make", async () => {
      const { directory } = client();
      const reply = await directory.post("/Bulk", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        Operations: [
          {
            ...{ method: "POST", path: "/TestResources", bulkId: "one" },
            data: testBody({ members: [{ value: "bulkId:two" }], referenceAttr: "bulkId:two" }),
          },
          { method: "POST", path: "/TestResources", bulkId: "two", data: testBody() },
          {
            method: "PATCH",
            path: "/TestResources/bulkId:two",
            data: { schemas: [PATCH_OP], Operations: [{ op: "add", path: "integerAttr", value: 3 }] },
          },
        ],
      });
      const operations = reply.json["Operations"] as readonly JsonObject[];
      expect(operations.map((operation) => operation["status"])).to.deep.equal(["201", "201", "200"]);
      const [one = "", two = ""] = operations.map((operation) => String(operation["location"]).split("/").at(-1));
      const referring = (await directory.get(at(one))).json;
      expect(referring).to.deep.include({ members: [{ value: two }], referenceAttr: two });
      expect((await directory.get(at(two))).json["integerAttr"]).to.equal(3);
    });

    it("RFC-52: bulk requests resolve what the schema calls a reference, alone or at the end of a link, and no text", async () => {
      const { directory } = client();
      const bulk = async (...lines: readonly (readonly [string, string, JsonObject])[]) => {
        const reply = await directory.post("/Bulk", {
          schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
          Operations: lines.map(([path, bulkId, data]) => ({ method: "POST", path, bulkId, data })),
        });
        const operations = reply.json["Operations"] as readonly JsonObject[];
        const ids = operations.map(({ location }) => String(location).split("/").at(-1));
        return { ids, statuses: operations.map(({ status }) => status) };
      };
      const texts = {
        caseExactString: "bulkId:u",
        multiStrings: ["bulkId:nope"],
        multiComplex: [{ value: "bulkId:u" }],
      };
      const links = { referenceAttr: "../Users/bulkId:u", members: [{ $ref: "https://x.example/v2/Users/bulkId:u" }] };
      const user = userBody("referred", { displayName: "bulkId:nope", title: "bulkId:t", profileUrl: "bulkId:nope" });
      const made = await bulk(["/TestResources", "t", testBody({ ...texts, ...links })], ["/Users", "u", user]);
      expect(made.statuses).to.deep.equal(["201", "201"]);
      const [own = "", person = ""] = made.ids;
      expect((await directory.get(at(own))).json).to.deep.include({
        ...{ ...texts, referenceAttr: `../Users/${person}` },
        members: [{ $ref: `https://x.example/v2/Users/${person}` }],
      });
      const { displayName, title, profileUrl } = (await directory.get(`/Users/${person}`)).json;
      expect({ displayName, title, profileUrl }).to.deep.equal({
        ...{ displayName: "bulkId:nope", title: "bulkId:t", profileUrl: "bulkId:nope" },
      });
      const named = await bulk(
        [
          "/TestResources",
          "t",
          testBody({ "members.^[display=='a'].value": "bulkId:u", referenceAttr: "/Users/bulkId:u?x=1" }),
        ],
        ["/TestResources", "k", testBody({ "members.^[value=='bulkId:u'].display": "b" })],
        ["/TestResources", "n", testBody({ "members.^[value=='bulkId:nope'].display": "b" })],
        ["/TestResources", "q", testBody({ referenceAttr: "/Users/bulkId:nope?x=/1" })],
        ["/Users", "u", userBody("named")],
      );
      expect(named.statuses).to.deep.equal(["201", "201", "400", "400", "201"]);
      const [byValue = "", byOperand = "", , , id] = named.ids;
      expect((await directory.get(at(byValue))).json).to.deep.include({
        ...{ members: [{ display: "a", value: id }], referenceAttr: `/Users/${id}?x=1` },
      });
      expect((await directory.get(at(byOperand))).json).to.deep.include({ members: [{ value: id, display: "b" }] });
      const failed = await bulk(
        ["/TestResources", "t", testBody({ referenceAttr: "../Users/bulkId:u" })],
        ["/TestResources", "n", testBody({ referenceAttr: "../Users/bulkId:nope" })],
        ["/Users", "u", userBody("referred")],
      );
      expect(failed.statuses).to.deep.equal(["409", "400", "409"]);
    });

    it("RFC-52: a PATCH in a bulk request refers by its paths and the keys of its values, as the schema says", async () => {
      const { directory } = client();
      const id = String((await directory.post("/TestResources", testBody({ members: [{ value: "x" }] }))).json["id"]);
      const patched = async (...Operations: readonly JsonObject[]) => {
        const data = { schemas: [PATCH_OP], Operations };
        const reply = await directory.post("/Bulk", {
          schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
          Operations: [
            { method: "PATCH", path: at(id), data },
            { method: "POST", path: "/Users", bulkId: "u", data: userBody(`u${Operations.length}`) },
          ],
        });
        const lines = reply.json["Operations"] as readonly JsonObject[];
        expect(lines.map(({ status }) => status)).to.deep.equal(["200", "201"]);
        const { members, referenceAttr, multiComplex, caseExactString } = (await directory.get(at(id))).json;
        return {
          person: String(lines[1]?.["location"]).split("/").at(-1),
          members,
          referenceAttr,
          multiComplex,
          caseExactString,
        };
      };
      const one = await patched(
        { op: "replace", path: "members", value: [{ value: "bulkId:u" }] },
        { op: "replace", path: 'members[value eq "bulkId:u"].display', value: "bulkId:text" },
        { op: "add", value: { [`${TEST}:referenceAttr`]: "/Users/bulkId:u", caseExactString: "bulkId:u" } },
        { op: "add", path: 'multiComplex[value eq "bulkId:u"].type', value: "bulkId:nope" },
      );
      expect(one).to.deep.include({
        ...{ members: [{ value: one.person, display: "bulkId:text" }], referenceAttr: `/Users/${one.person}` },
        ...{ multiComplex: [{ value: "bulkId:u", type: "bulkId:nope" }], caseExactString: "bulkId:u" },
      });
      const two = await patched({ op: "replace", path: "referenceAttr", value: "bulkId:u" });
      expect(two.referenceAttr).to.equal(two.person);
      const three = await patched(
        { op: "replace", path: "members", value: [] },
        { op: "add", path: "members.^[display=='new'].value", value: "bulkId:u" },
        { op: "add", value: { 'members[value eq "bulkId:u"].$ref': "../Users/bulkId:u?a=/bulkId:u#b" } },
      );
      expect(three.members).to.deep.equal([
        { display: "new", value: three.person, $ref: `../Users/${three.person}?a=/${three.person}#b` },
      ]);
      const four = await patched(
        { op: "replace", path: "members", value: [{ value: "bulkId:u" }] },
        { op: "add", path: "members.^[value=='bulkId:u'].display", value: "bulkId:u" },
        { op: "add", value: { "multiComplex.^[value=='bulkId:u'].type": "bulkId:u" } },
        ...["x", "y"].map((value) => ({ op: "add", path: "caseExactString", value })),
      );
      expect(four.members).to.deep.equal([{ value: four.person, display: "bulkId:u" }]);
      expect(four.multiComplex).to.deep.equal([{ value: "bulkId:u", type: "bulkId:u" }]);
    });

    it("is kept while sync is a test, and refused while it is off", async () => {
      const test = await service().connect({ sync: "test" });
      expect((await test.post("/TestResources", testBody())).status).to.equal(201);
      const off = await service().connect({ sync: "off" });
      expect((await off.post("/TestResources", testBody())).status).to.equal(403);
    });
  });
});
