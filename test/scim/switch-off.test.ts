import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { readUser } from "../../src/protocols/scim/document.js";
import { applyPatch } from "../../src/protocols/scim/patch.js";
import { readPatchRequest } from "../../src/protocols/scim/patch-request.js";
import type { Attribute } from "../../src/protocols/scim/schema.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { ADMIN } from "../support/tenant.js";
import { userBody } from "./scim-service.js";
import { ENTERPRISE, PATCH_OP, refusal, SERVICE_ACCOUNT, USER, userReading } from "./tables.js";
import { BADGE } from "./test-resource.js";
import { errorOf, INVALID, onTestResources, TAKEN } from "./test-resource-client.js";

/** As if a file of the operator asked for the enterprise extension, with a department, and with a number that never changes. */
function strictReading() {
  const reading = userReading();
  const extensions = reading.type.extensions.map(({ schema }) => {
    const attributes = new Map(schema.attributes);
    const change = (name: string, more: Partial<Attribute>) => {
      const attribute = attributes.get(name);
      if (attribute) attributes.set(name, { ...attribute, ...more });
    };
    change("department", { required: true });
    change("employeenumber", { mutability: "immutable" });
    return { schema: { ...schema, attributes }, required: true };
  });
  return { ...reading, type: { ...reading.type, extensions } };
}

describe("what a schema asks for and somebody who is switched off", () => {
  const before: JsonObject = { userName: "ada", active: true, [ENTERPRISE]: { employeeNumber: "7" } };
  const put = (more: JsonObject, previous = before) =>
    readUser({ schemas: [USER], userName: "ada", ...more }, strictReading(), previous);
  const patch = (Operations: Json, stored = before) => {
    const reading = strictReading();
    return applyPatch(stored, readPatchRequest({ schemas: [PATCH_OP], Operations }, reading), reading).resource;
  };

  it("SEC-05: a PUT that switches off is taken without what is required or never changes, which stays as it was", () => {
    for (const extension of [{}, { [ENTERPRISE]: { employeeNumber: "8" } }]) {
      expect(put({ ...extension, active: false }).resource).to.deep.equal({ ...before, active: false });
      expect(refusal(() => put({ ...extension, active: true })).kind).to.be.oneOf(["invalidValue", "mutability"]);
    }
    const { [ENTERPRISE]: _, ...bare } = before;
    expect(put({ active: false }, bare).resource).to.deep.equal({ ...bare, active: false });
    expect(refusal(() => put({ active: false }, { ...before, active: false })).kind, "off already").to.equal(
      "invalidValue",
    );
  });

  it("a PATCH is taken though something was missing before that is required now, and removes nothing that is", () => {
    const title = { op: "add", path: "title", value: "Boss" };
    expect(patch([title])).to.deep.equal({ ...before, title: "Boss" });
    expect(patch([title], { userName: "ada", active: true })).to.include({ title: "Boss" });
    const full = { ...before, [ENTERPRISE]: { department: "IT" } };
    const empty = { op: "replace", path: `${ENTERPRISE}:department`, value: " " };
    expect(refusal(() => patch([empty], full)).kind).to.equal("invalidValue");
  });
});

describe("a deactivation that comes with a value that is refused", () => {
  onTestResources((client, service) => {
    it("SEC-05: switches off and keeps everything else as it was; without a deactivation it is refused", async () => {
      const { directory } = client();
      await directory.user("ada", { [BADGE]: { number: "A-1" } });
      for (const [name, wrong] of Object.entries({
        bob: userBody("ada", { title: "Boss" }),
        cyd: userBody("cyd", { [BADGE]: { number: "a-1" } }),
      })) {
        const id = await directory.user(name, { [BADGE]: { number: name } });
        expect(errorOf(await directory.put(`/Users/${id}`, wrong))).to.deep.equal(TAKEN);
        const off = await directory.put(`/Users/${id}`, { ...wrong, active: false });
        expect(off.status, off.text).to.equal(200);
        expect(off.json).to.include({ userName: name, active: false }).and.not.have.property("title");
        expect(off.json[BADGE]).to.deep.equal({ number: name });
        expect((await directory.get(`/Users/${id}`)).json).to.deep.equal(off.json);
        const again = await directory.put(`/Users/${id}`, { ...wrong, active: false });
        expect(errorOf(again), "off already").to.deep.equal(TAKEN);
        expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      }
    });

    it("SEC-05: role assignments that the mapping does not declare stop no deactivation", async () => {
      const { directory } = client();
      const { p } = service();
      const mapping = { mappings: [], scim_roles: [{ type: "account_type", scope: "tenant", values: ["admin"] }] };
      const { run } = await saveMapping(p, directory.tenant, JSON.stringify(mapping), {}, ADMIN);
      await waitForRun(p, directory.tenant, run, 30);
      const id = await directory.user("ada");
      const roles = [{ type: "gone", value: "x" }];
      expect(errorOf(await directory.put(`/Users/${id}`, userBody("ada", { roles })))).to.deep.equal(INVALID);
      expect((await directory.put(`/Users/${id}`, userBody("ada", { roles, active: false }))).status).to.equal(200);
    });

    it("SEC-05: a service account is switched off, whoever its owner is said to be", async () => {
      const { directory } = client();
      const body = { schemas: [SERVICE_ACCOUNT], displayName: "Export" };
      const made = await directory.post("/ServiceAccounts", body);
      const path = `/ServiceAccounts/${made.json["id"]}`;
      const wrong = { ...body, owner: { value: "nobody" } };
      expect(errorOf(await directory.put(path, wrong))).to.deep.equal(INVALID);
      const off = await directory.put(path, { ...wrong, active: false });
      expect(off.status, off.text).to.equal(200);
      expect(off.json).to.include({ active: false }).and.not.have.property("owner");
    });
  });
});
