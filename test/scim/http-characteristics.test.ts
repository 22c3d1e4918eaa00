import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import type { ScimReply } from "./scim-service.js";
import { TEST, TEST_EXTENSION } from "./test-resource.js";
import { at, errorOf, INVALID, MUTABILITY, onTestResources, testBody } from "./test-resource-client.js";

describe("SCIM attribute characteristics over HTTP", () => {
  onTestResources((client) => {
    const types: readonly (readonly [attribute: string, good: readonly Json[], bad: readonly Json[]])[] = [
      ["integerAttr", [7, -1, 0], [1.5, "7", true]],
      ["decimalAttr", [1.5, 2], ["1.5", false]],
      ["booleanAttr", [true, false], ["yes", 1]],
      [
        "dateTimeAttr",
        ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.25+02:00"],
        ["2026-01-31", "2026-01-31T12:00:00", 7],
      ],
      ["binaryAttr", ["AQID", "-_8="], ["A", "a b", 7]],
      ["referenceAttr", ["https://x.example/y", "urn:a:b", "../Users/1"], ["a b", 7]],
      ["multiStrings", [["a", "b"]], [7, [7]]],
      ["complexAttr", [{ sub1: "a", sub2: 1 }], [{ sub2: 1 }, { sub1: "a", sub2: "1" }, "a"]],
    ];
    for (const [attribute, good, bad] of types) {
      it(`RFC-02, RFC-26: ${attribute} takes its type and refuses others, by POST, PUT and PATCH`, async () => {
        const { directory, idOf, kept, post } = client();
        const id = await idOf();
        for (const value of good) {
          expect((await kept({ [attribute]: value }))[attribute], JSON.stringify(value)).to.deep.equal(value);
        }
        for (const value of bad) {
          expect(errorOf(await post({ [attribute]: value })), JSON.stringify(value)).to.deep.equal(INVALID);
          expect(errorOf(await directory.put(at(id), testBody({ [attribute]: value })))).to.deep.equal(INVALID);
        }
        const [first = null] = bad;
        expect(
          errorOf(await directory.patch(at(id), [{ op: "replace", path: attribute, value: first }])),
        ).to.deep.equal(INVALID);
      });
    }

    it("a single value where the attribute takes a list is a list of one, by POST, PUT and PATCH", async () => {
      const { directory, kept } = client();
      const [lone, list] = [
        { multiComplex: { value: "a" }, multiStrings: "b" },
        { multiComplex: [{ value: "a" }], multiStrings: ["b"] },
      ];
      const made = await kept(lone);
      expect(made).to.deep.include(list);
      const path = at(String(made["id"]));
      for (const reply of [
        await directory.put(path, testBody({ identifier: made["identifier"] ?? null, ...lone })),
        await directory.patch(path, [{ op: "replace", value: lone }]),
      ]) {
        expect(reply.status, reply.text).to.equal(200);
        expect(reply.json).to.deep.include(list);
      }
    });

    it("RFC-26, RFC-48: what is required is there, by POST and PUT, and is not removed by PATCH", async () => {
      const { directory, idOf } = client();
      const id = await idOf();
      const { identifier: _, ...without } = testBody();
      for (const sent of [without, { ...without, identifier: null }, { ...without, identifier: " " }]) {
        expect(errorOf(await directory.post("/TestResources", sent))).to.deep.equal(INVALID);
        expect(errorOf(await directory.put(at(id), sent))).to.deep.equal(INVALID);
      }
      expect(errorOf(await directory.patch(at(id), [{ op: "remove", path: "identifier" }]))).to.deep.equal(MUTABILITY);
    });

    it("RFC-11: a required extension, and what it requires, is enforced", async () => {
      const { directory, idOf, post } = client();
      const id = await idOf();
      for (const extension of [null, {}, { extString: "a" }, { extRequired: "" }]) {
        const reply = await post({ [TEST_EXTENSION]: extension });
        expect(errorOf(reply), JSON.stringify(extension)).to.deep.equal(INVALID);
        expect(reply.json["detail"]).to.contain(TEST_EXTENSION);
      }
      for (const path of [TEST_EXTENSION, `${TEST_EXTENSION}:extRequired`]) {
        expect((await directory.patch(at(id), [{ op: "remove", path }])).status).to.equal(400);
      }
      const changed = await directory.patch(at(id), [{ op: "add", path: `${TEST_EXTENSION}:extInteger`, value: 3 }]);
      expect(changed.json[TEST_EXTENSION]).to.deep.equal({ extRequired: "x", extInteger: 3 });
    });

    it("RFC-07: schemas are non-empty, named once, and declared; an unknown one is refused", async () => {
      const { directory } = client();
      for (const schemas of [
        undefined,
        [],
        [TEST_EXTENSION],
        [TEST, TEST.toUpperCase()],
        [TEST, "urn:nobody:1.0:X"],
        TEST,
      ]) {
        const { schemas: _, ...rest } = testBody();
        const sent = schemas === undefined ? rest : { schemas, ...rest };
        expect(errorOf(await directory.post("/TestResources", sent)), String(schemas)).to.deep.equal(INVALID);
      }
    });

    it("RFC-01: names and URNs are taken in any letter case, and given back as declared", async () => {
      const { directory } = client();
      const { identifier, [TEST_EXTENSION]: _, schemas: __ } = testBody();
      const reply = await directory.post("/TestResources", {
        SCHEMAS: [TEST.toUpperCase()],
        IDENTIFIER: identifier,
        MultiComplex: [{ VALUE: "a", Primary: true }],
        [TEST_EXTENSION.toUpperCase()]: { EXTREQUIRED: "x" },
      } as JsonObject);
      expect(reply.status, reply.text).to.equal(201);
      expect(reply.json).to.deep.include({
        identifier,
        multiComplex: [{ value: "a", primary: true }],
        [TEST_EXTENSION]: { extRequired: "x" },
      });
    });

    it("RFC-06: null, [] and absent are one state, and none is echoed", async () => {
      const { kept } = client();
      const resource = await kept({ caseExactString: null, multiStrings: [], multiComplex: [null], complexAttr: null });
      for (const name of ["caseExactString", "multiStrings", "multiComplex", "complexAttr"]) {
        expect(resource).not.to.have.property(name);
      }
    });

    it("W-6, RFC-08, RFC-09, RFC-10: id and meta of the client are ignored, externalId is the client's", async () => {
      const { found, kept } = client();
      const resource = await kept({ id: "mine", externalId: "Ext", meta: { version: "7", resourceType: "User" } });
      expect(resource["id"]).not.to.equal("mine");
      expect(resource["externalId"]).to.equal("Ext");
      expect(resource["meta"]).to.include({ resourceType: "TestResource", version: 'W/"1"' });
      expect(await found('externalId eq "Ext"')).to.have.length(1);
      expect(await found('externalId eq "ext"')).to.deep.equal([]);
    });

    it("W-6, RFC-19: what is read-only is ignored by POST and PUT, and an error of PATCH", async () => {
      const { directory, idOf, kept } = client();
      const id = await idOf({ readOnlyAttr: "a" });
      expect((await directory.get(at(id))).json).not.to.have.property("readOnlyAttr");
      const put = await directory.put(at(id), testBody({ readOnlyAttr: "a" }));
      expect([put.status, put.json["readOnlyAttr"]]).to.deep.equal([200, undefined]);
      for (const op of ["add", "replace", "remove"]) {
        const operation = { op, path: "readOnlyAttr", ...(op === "remove" ? {} : { value: "a" }) };
        expect(errorOf(await directory.patch(at(id), [operation])), op).to.deep.equal(MUTABILITY);
      }
      expect((await kept({ multiComplex: [{ value: "a", given: "g" }] }))["multiComplex"]).to.deep.equal([
        { value: "a" },
      ]);
    });

    it("RFC-19: what is immutable is set once; the same value may be sent again", async () => {
      const { directory, kept } = client();
      const first = await kept({});
      const id = String(first["id"]);
      const set = (value: Json) => directory.patch(at(id), [{ op: "add", path: "immutableAttr", value }]);
      expect((await set("Once")).json["immutableAttr"]).to.equal("Once");
      expect((await set("Once")).status).to.equal(200);
      expect(errorOf(await set("other"))).to.deep.equal(MUTABILITY);
      expect(errorOf(await directory.patch(at(id), [{ op: "remove", path: "immutableAttr" }]))).to.deep.equal(
        MUTABILITY,
      );
      const { identifier } = first as { readonly identifier: string };
      const { json } = await directory.get(at(id));
      const same = [await set("ONCE"), await directory.put(at(id), testBody({ identifier, immutableAttr: "once" }))];
      for (const reply of same) expect([reply.status, reply.json], reply.text).to.deep.equal([200, json]);
      expect(errorOf(await directory.put(at(id), testBody({ identifier, immutableAttr: "other" })))).to.deep.equal(
        MUTABILITY,
      );
      expect((await directory.get(at(id))).json["immutableAttr"]).to.equal("Once");
    });

    it("RFC-19: so are immutable parts, also of elements; whole elements may come and go", async () => {
      const { directory, idOf } = client();
      const id = await idOf({ complexAttr: { sub1: "a", sub2: 1 }, multiComplex: [{ value: "a", serial: "1" }] });
      const send = (operation: JsonObject) => directory.patch(at(id), [operation]);
      expect(errorOf(await send({ op: "replace", path: "complexAttr.sub2", value: 2 }))).to.deep.equal(MUTABILITY);
      expect((await send({ op: "replace", path: "complexAttr.sub2", value: 1 })).status).to.equal(200);
      const serial = 'multiComplex[value eq "a"].serial';
      expect(errorOf(await send({ op: "replace", path: serial, value: "2" }))).to.deep.equal(MUTABILITY);
      expect((await send({ op: "replace", path: serial, value: "1" })).status).to.equal(200);
      expect((await send({ op: "add", path: "multiComplex", value: [{ value: "b", serial: "2" }] })).status).to.equal(
        200,
      );
      const left = await send({ op: "remove", path: 'multiComplex[value eq "a"]' });
      expect(left.json["multiComplex"]).to.deep.equal([{ value: "b", serial: "2" }]);
    });

    it("W-6, RFC-13, RFC-19: what is write-only is looked at, never returned, never kept and never asked for", async () => {
      const { directory, idOf, post } = client();
      const id = await idOf({ writeOnlyAttr: "hush", multiComplex: [{ value: "a", dropped: "hush" }] });
      const patched = await directory.patch(at(id), [{ op: "replace", path: "writeOnlyAttr", value: "hush" }]);
      const asked = await directory.get(`${at(id)}?attributes=writeOnlyAttr,multiComplex.dropped,multiComplex`);
      for (const reply of [patched, asked]) {
        expect(reply.status).to.equal(200);
        expect(reply.text).not.to.contain("hush");
      }
      expect(errorOf(await post({ writeOnlyAttr: 7 }))).to.deep.equal(INVALID);
      const filter = encodeURIComponent('writeOnlyAttr eq "hush"');
      expect(errorOf(await directory.get(`/TestResources?filter=${filter}`))).to.deep.equal([400, "invalidFilter"]);
    });

    it("RFC-18: what is never returned is kept, and shown in no answer", async () => {
      const { directory, post } = client();
      const reply = await post({ neverReturnedAttr: "hush", multiComplex: [{ value: "a", secret: "hush" }] });
      const id = String(reply.json["id"]);
      const replies = [
        reply,
        await directory.get(`${at(id)}?attributes=neverReturnedAttr,multiComplex.secret`),
        await directory.get(`/TestResources?attributes=neverReturnedAttr`),
        await directory.patch(`${at(id)}?attributes=neverReturnedAttr`, [
          { op: "add", path: "caseExactString", value: "a" },
        ]),
        await directory.put(at(id), testBody({ neverReturnedAttr: "hush" })),
      ];
      for (const { status, text } of replies) {
        expect(status).to.be.lessThan(202);
        expect(text).not.to.contain("hush");
      }
    });

    it("RFC-18, RFC-39: what is returned on request is shown when named by a query, or by the write itself", async () => {
      const { directory, post } = client();
      const sent = await post({ requestOnlyAttr: "r", complexAttr: { sub1: "a", sub3: true } });
      const id = String(sent.json["id"]);
      expect(sent.json).to.deep.include({ requestOnlyAttr: "r", complexAttr: { sub1: "a", sub3: true } });
      const hidden = (reply: ScimReply): void => {
        expect(reply.json).not.to.have.property("requestOnlyAttr");
        expect(reply.json["complexAttr"]).to.deep.equal({ sub1: "a" });
      };
      hidden(await directory.get(at(id)));
      hidden(await directory.get(`${at(id)}?excludedAttributes=identifier`));
      hidden(await directory.patch(at(id), [{ op: "replace", path: "caseExactString", value: "a" }]));
      const [listed] = (await directory.get("/TestResources")).json["Resources"] as readonly JsonObject[];
      expect(listed).not.to.have.property("requestOnlyAttr");
      const named = await directory.get(`${at(id)}?attributes=requestOnlyAttr,complexAttr.sub3`);
      expect(named.json).to.deep.include({ requestOnlyAttr: "r", complexAttr: { sub1: "a", sub3: true } });
      expect(named.json).not.to.have.property("identifier");
      const patched = await directory.patch(at(id), [{ op: "replace", path: "requestOnlyAttr", value: "s" }]);
      expect(patched.json).to.deep.include({ requestOnlyAttr: "s", complexAttr: { sub1: "a" } });
      const part = await directory.patch(at(id), [{ op: "replace", path: "requestComplex.part", value: "p" }]);
      expect(part.json["requestComplex"]).to.deep.equal({ part: "p" });
      const excluded = await directory.put(
        `${at(id)}?excludedAttributes=requestOnlyAttr`,
        testBody({ requestOnlyAttr: "t" }),
      );
      expect(excluded.json).not.to.have.property("requestOnlyAttr");
    });

    it("RFC-18, RFC-39: what is always returned cannot be left out", async () => {
      const { directory, idOf } = client();
      const id = await idOf({ alwaysReturnedAttr: "w", complexAttr: { sub1: "a", sub2: 1 } });
      for (const query of ["attributes=identifier", "excludedAttributes=alwaysReturnedAttr,id,schemas"]) {
        const { json } = await directory.get(`${at(id)}?${query}`);
        expect(json, query).to.deep.include({ alwaysReturnedAttr: "w", id });
        expect(json["schemas"]).to.include(TEST);
      }
      const { json } = await directory.get(`${at(id)}?excludedAttributes=complexAttr.sub1`);
      expect(json["complexAttr"]).to.deep.equal({ sub1: "a", sub2: 1 });
      const lone = await directory.get(`${at(id)}?attributes=${TEST_EXTENSION}:extRequired`);
      expect(Object.keys(lone.json).sort()).to.deep.equal(
        ["alwaysReturnedAttr", "id", "schemas", TEST_EXTENSION].sort(),
      );
    });

    it("RFC-21: caseExact decides what equals what", async () => {
      const { found, idOf } = client();
      const id = await idOf({ caseExactString: "Abc", caseInsensitiveString: "Abc" });
      expect(await found('caseInsensitiveString eq "aBC"')).to.deep.equal([id]);
      expect(await found('caseExactString eq "Abc"')).to.deep.equal([id]);
      expect(await found('caseExactString eq "abc"')).to.deep.equal([]);
      expect(await found('caseExactString sw "A" and caseInsensitiveString co "B"')).to.deep.equal([id]);
      expect(await found(`${TEST}:caseInsensitiveString eq "ABC"`)).to.deep.equal([id]);
    });

    it("RFC-04, RFC-05, RFC-44: one primary at most, and nothing twice", async () => {
      const { directory, idOf, post } = client();
      const two = [
        { value: "a", primary: true },
        { value: "b", primary: true },
      ];
      expect(errorOf(await post({ multiComplex: two }))).to.deep.equal(INVALID);
      const id = await idOf({
        multiStrings: ["a", "A", "b"],
        multiComplex: [
          { value: "a", type: "t", primary: true },
          { value: "A", type: "T" },
          { value: "a", type: "u" },
        ],
      });
      const { json } = await directory.get(at(id));
      expect(json["multiStrings"]).to.deep.equal(["a", "b"]);
      expect(json["multiComplex"]).to.have.length(2);
      const added = await directory.patch(at(id), [
        { op: "add", path: "multiComplex", value: [{ value: "n", primary: true }] },
      ]);
      const primary = (added.json["multiComplex"] as readonly JsonObject[]).filter(
        (element) => element["primary"] === true,
      );
      expect(primary.map((element) => element["value"])).to.deep.equal(["n"]);
    });

    it("suggests canonical values and takes others", async () => {
      const { kept } = client();
      expect((await kept({ suggestedAttr: "blue" }))["suggestedAttr"]).to.equal("blue");
    });
  });
});
