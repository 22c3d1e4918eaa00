import { createHash } from "node:crypto";
import { expect } from "chai";
import { groupBody, userBody } from "./scim-service.js";
import { TEST, TEST_EXTENSION } from "./test-resource.js";
import { at, errorOf, INVALID, onTestResources, TAKEN, testBody } from "./test-resource-client.js";

describe("SCIM uniqueness over HTTP", () => {
  onTestResources((client, service) => {
    for (const [attribute, taken, other] of [
      ["identifier", "IDENTICAL", "another"],
      ["uniqueString", "TAKEN", "free"],
      ["uniqueNumbers", [3, 1], [4]],
    ] as const) {
      it(`RFC-20, RFC-21: ${attribute} is unique, by POST, PUT and PATCH, and free again`, async () => {
        const { directory, idOf, post } = client();
        const value = attribute === "uniqueNumbers" ? [1, 2] : String(taken).toLowerCase();
        const holder = await idOf({ [attribute]: value });
        const id = await idOf({ [attribute]: other });
        const before = (await directory.get(at(id))).json;
        expect(errorOf(await post({ [attribute]: taken }))).to.deep.equal(TAKEN);
        expect(errorOf(await directory.put(at(id), testBody({ [attribute]: taken })))).to.deep.equal(TAKEN);
        const patch = [{ op: "replace", path: attribute, value: taken }];
        const refused = await directory.patch(at(id), patch);
        expect(errorOf(refused)).to.deep.equal(TAKEN);
        expect(refused.json["detail"]).to.contain(`${TEST}:${attribute}`);
        expect((await directory.get(at(id))).json).to.deep.equal(before);
        expect(
          (await directory.patch(at(holder), [{ op: "add", path: "caseExactString", value: "a" }])).status,
        ).to.equal(200);
        await directory.delete(at(holder));
        expect((await directory.patch(at(id), patch)).status).to.equal(200);
        expect(errorOf(await post({ [attribute]: value }))).to.deep.equal(TAKEN);
        expect((await post({ [attribute]: other })).status).to.equal(201);
      });
    }

    /** 512 of them, in an order that does not compress. */
    const texts = (first: (at: number) => number, second = first): string =>
      Array.from({ length: 512 }, (_, at) => {
        const digest = createHash("sha256").update(`${at}`).digest().readUInt32BE();
        return String.fromCodePoint((at % 5 < 2 ? first : second)(digest));
      }).join("");
    const privateUse = (digest: number) => 0xf0000 + (digest % 0xfffd);

    for (const [what, text] of [
      ["of four bytes each", texts(privateUse)],
      [
        "that are longer in lower case",
        texts(
          () => 0x130,
          () => 0x23a,
        ),
      ],
    ] as const) {
      it(`RFC-20, SEC-06: 512 characters ${what} are indexed, and one more is refused`, async () => {
        const { directory, post } = client();
        const made = await post({ identifier: text, uniqueString: text, uniqueExact: text });
        expect(made.status, made.text).to.equal(201);
        expect(errorOf(await post({ uniqueString: text }))).to.deep.equal(TAKEN);
        expect(errorOf(await post({ uniqueString: `${text}x` }))).to.deep.equal(INVALID);
        const user = { emails: [{ value: text }], externalId: text };
        expect((await directory.post("/Users", userBody(text, user))).status).to.equal(201);
        expect(errorOf(await directory.post("/Users", userBody(text)))).to.deep.equal(TAKEN);
        expect(errorOf(await directory.post("/Users", userBody(`${text}x`)))).to.deep.equal(INVALID);
        expect((await directory.post("/Groups", groupBody(text))).status).to.equal(201);
      });
    }

    it("SEC-06: what normalization makes too long for an index is refused, not a fault", async () => {
      const { directory, post } = client();
      const notes = (digest: number) => 0x1d15e + (digest % 7);
      for (const text of [
        texts(notes),
        texts(privateUse, notes),
        texts(privateUse, (digest) => 0xfb2a + (digest % 12)),
      ]) {
        expect(errorOf(await post({ uniqueString: text }))).to.deep.equal(INVALID);
        expect(errorOf(await directory.post("/Users", userBody(text)))).to.deep.equal(INVALID);
      }
      expect((await directory.post("/Users", userBody("\u{1d15e}".repeat(170)))).status).to.equal(201);
    });

    it("RFC-20: a unique attribute of an extension, a unique part, and one whose letter case counts", async () => {
      const { post } = client();
      await post({ uniqueExact: "Case", [TEST_EXTENSION]: { extRequired: "x", extUnique: "e" } });
      expect((await post({ uniqueExact: "case" })).status).to.equal(201);
      expect(errorOf(await post({ uniqueExact: "Case" }))).to.deep.equal(TAKEN);
      await post({
        multiComplex: [
          { value: "a", code: "c1" },
          { value: "b", code: "c2" },
        ],
      });
      expect(errorOf(await post({ multiComplex: [{ value: "z", code: "C2" }] }))).to.deep.equal(TAKEN);
      const clash = { extRequired: "x", extUnique: "E" };
      expect(errorOf(await post({ [TEST_EXTENSION]: clash }))).to.deep.equal(TAKEN);
    });

    it("RFC-20, SEC-01: server means the connection, global all connections of the tenant, and nothing the other tenants", async () => {
      const { directory, post } = client();
      await post({ uniqueString: "s", uniqueExact: "g" });
      const beside = await service().connect({ tenant: directory.tenant });
      const elsewhere = await service().connect();
      expect((await beside.post("/TestResources", testBody({ uniqueString: "s" }))).status).to.equal(201);
      expect(errorOf(await beside.post("/TestResources", testBody({ uniqueExact: "g" })))).to.deep.equal(TAKEN);
      expect(
        (await elsewhere.post("/TestResources", testBody({ uniqueString: "s", uniqueExact: "g" }))).status,
      ).to.equal(201);
    });

    it("RFC-20: of parallel creates with one value one is made", async () => {
      const { post } = client();
      const replies = await Promise.all(Array.from({ length: 8 }, () => post({ uniqueString: "race" })));
      expect(replies.map((reply) => reply.status).sort()).to.deep.equal([201, ...Array.from({ length: 7 }, () => 409)]);
    });
  });
});
