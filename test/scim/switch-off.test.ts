import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { readUser } from "../../src/protocols/scim/document.js";
import { ScimError } from "../../src/protocols/scim/errors.js";
import { applyPatch } from "../../src/protocols/scim/patch.js";
import { readPatchRequest } from "../../src/protocols/scim/patch-request.js";
import type { Attribute } from "../../src/protocols/scim/schema.js";
import { bodySaysOff, orSwitchOff, patchSaysOff } from "../../src/protocols/scim/switch-off.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { groupBody, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";
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

  it("a PUT without what is required, or with another value of what never changes, is refused", () => {
    for (const extension of [{}, { [ENTERPRISE]: { employeeNumber: "8" } }]) {
      expect(refusal(() => put({ ...extension, active: false })).kind).to.be.oneOf(["invalidValue", "mutability"]);
    }
  });

  const core = "urn:ietf:params:scim:schemas:core:2.0:User";
  const replace = (value: Json, path?: string) => ({ op: "Replace", ...(path && { path }), value });
  const wrong = replace({ userName: "" });
  type Says = () => boolean;
  const body =
    (more: JsonObject): Says =>
    () =>
      bodySaysOff({ schemas: [USER], userName: 5, ...more }, userReading());
  const operations =
    (...Operations: readonly Json[]): Says =>
    () =>
      patchSaysOff({ schemas: [PATCH_OP], Operations: [wrong, ...Operations] }, before, userReading());
  const OFF: Readonly<Record<string, Says>> = {
    "a PUT": body({ active: false }),
    "a PUT with a text": body({ ACTIVE: "False" }),
    "a PUT below the core URN": body({ [core]: { active: false, title: 5 } }),
    "a path": operations(replace(false, "active")),
    "a path with the core URN": operations(replace("False", `${core}:active`)),
    "the core URN as path": operations(replace({ active: false, title: 5 }, core)),
    "a key of a value": operations(replace({ title: 5, active: false })),
    "a key with the core URN": operations(replace({ [`${core}:active`]: false })),
    "a key below the core URN": operations(replace({ [core]: { active: false } })),
    "an operation beside some that cannot be read": operations(
      { op: "add", path: "title" },
      5,
      replace(false, "active"),
    ),
    "the last of two": operations(replace(true, "active"), replace({ active: false })),
    "a PUT that says it twice": body({ active: false, Active: "False" }),
    "a PUT that says it at the root and below the core URN": body({ active: false, [core]: { Active: false } }),
    "a PUT with the core URN before it": body({ [`${core}:active`]: "False" }),
    "a PUT that says it by its name and by its URN": body({ active: false, [`${core}:active`]: false }),
    "a value that says it by its name, below its URN and by it": operations(
      replace({ active: false, [core]: { Active: "False", [`${core}:active`]: false } }),
    ),
    "two lists of operations": () =>
      patchSaysOff(
        { schemas: [PATCH_OP], Operations: [replace(false, "active")], operations: [replace({ active: false })] },
        before,
        userReading(),
      ),
    "an operation with a key of nothing in two letter cases": operations({
      ...replace(false, "active"),
      ...{ note: 1, Note: 2 },
    }),
    "a PUT with its schemas twice": body({ active: false, Schemas: [USER] }),
    "an operation that says each of its parts twice": operations({
      ...{ op: "replace", Op: "Replace", OP: "REPLACE", path: "active", Path: "Active", value: false, Value: "False" },
    }),
    "an operation beside one that says two things": operations(
      { op: "add", Op: "remove", path: "title", value: "x" },
      replace(false, "active"),
    ),
  };
  const NOT: Readonly<Record<string, Says>> = {
    "a PUT that says nothing of it": body({}),
    "a PUT of another schema": () => bodySaysOff({ schemas: [SERVICE_ACCOUNT], active: false }, userReading()),
    "a PUT without schemas": () => bodySaysOff({ active: false }, userReading()),
    "a PUT that says both": body({ active: false, Active: true }),
    "a PUT that says both, once by its URN": body({ active: false, [`${core}:active`]: true }),
    "a value that says both, once below its URN": operations(replace({ active: false, [core]: { active: true } })),
    "one of two lists of operations": () =>
      patchSaysOff(
        { schemas: [PATCH_OP], Operations: [replace(false, "active")], operations: [replace("x", "title")] },
        before,
        userReading(),
      ),
    "a PUT that says it and nothing": body({ active: null, Active: false }),
    "an operation of two kinds": operations({ op: "replace", Op: "remove", path: "active", value: false }),
    "an operation with two values": operations({ op: "replace", path: "active", value: false, Value: true }),
    "a PUT with a key that no body may have": () =>
      bodySaysOff(JSON.parse(`{"schemas":["${USER}"],"active":false,"__proto__":{}}`), userReading()),
    "neither true nor false": body({ active: "no" }),
    null: body({ active: null }),
    "a list": () => bodySaysOff([], userReading()),
    "a PATCH that says nothing of it": operations(replace("x", "title"), replace(false, "emails.active")),
    "the extension's own": operations(
      replace(false, `${ENTERPRISE}:active`),
      replace({ [ENTERPRISE]: { active: false } }),
    ),
    "the first of two": operations(replace(false, "active"), replace({ active: true })),
    "a removal": operations({ op: "remove", path: "active" }),
    "a PATCH of another schema": () =>
      patchSaysOff({ schemas: [USER], Operations: [replace(false, "active")] }, before, userReading()),
    "a PATCH without operations": () => patchSaysOff({ schemas: [PATCH_OP], active: false }, before, userReading()),
  };
  for (const [expected, ways] of [
    [true, OFF],
    [false, NOT],
  ] as const) {
    for (const [way, says] of Object.entries(ways)) {
      it(`SEC-05: ${way} ${expected ? "switches off" : "does not switch off"}, whatever else it says`, async () => {
        const reading = userReading();
        const outcome = orSwitchOff({
          ...{ reading, stored: before, saysOff: says },
          write: () => Promise.reject(new ScimError("invalidValue", "wrong")),
          alone: () => Promise.resolve("off"),
        });
        expect(await outcome.catch(({ message }: Error) => message)).to.equal(expected ? "off" : "wrong");
        expect([...reading.quirks], "for the log").to.deep.equal(expected ? ["refused_beside_deactivation"] : []);
      });
    }
  }

  it("a PATCH is taken though something was missing before that is required now, and removes nothing that is", () => {
    const title = { op: "add", path: "title", value: "Boss" };
    expect(patch([title])).to.deep.equal({ ...before, title: "Boss" });
    expect(patch([title], { userName: "ada", active: true })).to.include({ title: "Boss" });
    const full = { ...before, [ENTERPRISE]: { department: "IT" } };
    const empty = { op: "replace", path: `${ENTERPRISE}:department`, value: " " };
    expect(refusal(() => patch([empty], full)).kind).to.equal("invalidValue");
  });
});

describe("a deactivation that comes with what is refused", () => {
  onTestResources((client, service) => {
    const long = "x".repeat(513);
    const rolesOf = (count: number) => Array.from({ length: count }, (_, at) => ({ value: `r${at}` }));
    const primary = (value: string) => ({ value, primary: true });
    const REFUSED: Readonly<Record<string, readonly [wrong: JsonObject, status: number]>> = {
      "a userName that is taken": [{ userName: "taken" }, 409],
      "a value that is taken": [{ [BADGE]: { number: "a-1" } }, 409],
      "a userName that is too long": [{ userName: long }, 400],
      "an externalId that is too long": [{ externalId: long }, 400],
      "no userName": [{ userName: "" }, 400],
      "too many roles": [{ roles: rolesOf(251) }, 400],
      "two primary e-mails": [{ emails: [primary("a@x.test"), primary("b@x.test")] }, 400],
      "more than is kept": [
        { [BADGE]: { doors: Array.from({ length: 250 }, (_, at) => `${at} ${long}${long}`) } },
        400,
      ],
      "a number for a text": [{ title: 5 }, 400],
      "an attribute twice": [{ title: "a", Title: "b" }, 400],
      "roles that nobody declared": [{ roles: [{ type: "gone", value: "x" }] }, 400],
    };
    for (const [what, [wrong, status]] of Object.entries(REFUSED)) {
      it(`SEC-05: ${what} stops no deactivation: by PUT and PATCH nothing but active is changed`, async () => {
        const { directory } = client();
        await declareAdmins(directory);
        await directory.user("taken", { [BADGE]: { number: "A-1" } });
        const has = { nickName: "Bo", roles: [{ type: "account_type", value: "admin" }], [BADGE]: { number: "b" } };
        const body = (active: boolean) => userBody("bob", { nickName: "Bobby", ...wrong, active });
        const value = (active: boolean) => ({ op: "replace", value: { nickName: "Bobby", ...wrong, active } });
        const writes: readonly ((path: string, active: boolean) => Promise<ScimReply>)[] = [
          (path, active) => directory.put(path, body(active)),
          // a key twice is no fault of a PATCH, which takes one after the other
          ...("Title" in wrong ? [] : [(path: string, active: boolean) => directory.patch(path, [value(active)])]),
        ];
        for (const write of writes) {
          const path = `/Users/${await directory.user("bob", has)}`;
          const { meta, ...before } = (await directory.get(path)).json;
          const refused = await write(path, true);
          expect(refused.status, refused.text).to.equal(status);
          const off = await write(path, false);
          expect(off.status, off.text).to.equal(200);
          expect(off.json).to.deep.equal({ ...before, active: false, meta: off.json["meta"] });
          expect((await directory.get(path)).json, "read again").to.deep.equal(off.json);
          expect(off.json["meta"]).to.not.deep.equal(meta);
          for (const active of [false, true]) {
            expect((await write(path, active)).status, `off already, ${active}`).to.equal(status);
          }
          expect((await directory.delete(path)).status).to.equal(204);
        }
      });
    }
    const declareAdmins = async ({ tenant }: ScimDirectory) => {
      const mapping = {
        mappings: [],
        scim_roles: [
          { type: "account_type", scope: "tenant", values: ["admin"] },
          { type: "workspace_{name}", scope: "resource:workspace:{name}", values: ["editor"] },
        ],
      };
      const { run } = await saveMapping(service().p, tenant, JSON.stringify(mapping), {}, ADMIN);
      await waitForRun(service().p, tenant, run, 30);
    };

    it("SEC-05: who is switched off and on again comes back with the roles that were taken before, and with none that were refused", async () => {
      const { directory } = client();
      await declareAdmins(directory);
      const kept = [{ type: "account_type", value: "admin" }];
      const wrong = [
        { type: "gone", value: "x" },
        { type: "account_type", value: "superuser" },
      ];
      const path = `/Users/${await directory.user("ada", { roles: kept })}`;
      for (const roles of [wrong, [...kept, ...wrong]]) {
        const write = (active: boolean) => directory.put(path, userBody("ada", { roles, active }));
        expect(errorOf(await write(true))).to.deep.equal(INVALID);
        const off = await write(false);
        expect([off.status, off.json["active"], off.json["roles"]], off.text).to.deep.equal([200, false, kept]);
        expect(errorOf(await write(true)), "still refused").to.deep.equal(INVALID);
        const on = await directory.patch(path, [{ op: "replace", path: "active", value: true }]);
        expect([on.status, on.json["roles"]], on.text).to.deep.equal([200, kept]);
      }
    });

    it("SEC-05: a version that does not match, and a body that is none, switch nobody off", async () => {
      const { directory } = client();
      const path = `/Users/${await directory.user("bob")}`;
      const wrong = userBody(long, { active: false });
      const stale = await directory.put(path, wrong, { "If-Match": 'W/"7"' });
      expect(stale.status, stale.text).to.equal(412);
      const replies = [
        await directory.put(path, { ...wrong, schemas: [SERVICE_ACCOUNT] }),
        await directory.put(path, `{"schemas":["${USER}"],"active":false,`),
      ];
      expect(replies.map(({ status }) => status)).to.deep.equal([400, 400]);
      expect((await directory.get(path)).json["active"]).to.equal(true);
    });

    it("SEC-05, RFC-39: what an answer should show keeps nobody in, neither who is switched off nor who is removed", async () => {
      const { directory } = client();
      const names = Array.from({ length: 201 }, (_, at) => `a${at}`).join(",");
      const wrong = ["attributes=id&excludedAttributes=name", `attributes=${names}`, `excludedAttributes=${names}`];
      for (const [at, query] of wrong.entries()) {
        const path = `/Users/${await directory.user(`p${at}`)}`;
        const off = [{ op: "replace", path: "active", value: false }];
        expect(errorOf(await directory.patch(`${path}?${query}`, [{ ...off[0], path: "title" }]))).to.deep.equal(
          INVALID,
        );
        expect(errorOf(await directory.put(`${path}?${query}`, userBody(`p${at}`)))).to.deep.equal(INVALID);
        expect(errorOf(await directory.get(`${path}?${query}`))).to.deep.equal(INVALID);
        const patched = await directory.patch(`${path}?${query}`, off);
        expect([patched.status, patched.json["active"]], patched.text).to.deep.equal([200, false]);
        await directory.patch(path, [{ op: "replace", path: "active", value: true }]);
        const put = await directory.put(`${path}?${query}`, userBody(`p${at}`, { active: false }));
        expect([put.status, put.json["active"]], put.text).to.deep.equal([200, false]);
        expect((await directory.delete(`${path}?${query}`)).status).to.equal(204);
        expect((await directory.get(path)).status).to.equal(404);
        const made = await directory.post(`/Users?${query}`, userBody(`new${at}`));
        expect(errorOf(made)).to.deep.equal(INVALID);
        const crew = `/Groups/${await directory.group(`G${at}`)}`;
        expect(errorOf(await directory.patch(`${crew}?${query}`, [{ op: "remove", path: "members" }]))).to.deep.equal(
          INVALID,
        );
        expect((await directory.delete(`${crew}?${query}`)).status).to.equal(204);
      }
    });

    const ways = ["POST", "PUT", "PATCH"] as const;
    for (const way of ways) {
      it(`SEC-05: a ${way} that takes somebody over, with a value that is taken, switches them off all the same`, async () => {
        const domain = `acme${Date.now()}${way.toLowerCase()}.example`;
        const directory = await service().connect({ of: { domains: [domain] } });
        const { p } = service();
        const { tenant } = directory;
        const name = `h@${domain}`;
        await directory.user(`other@${domain}`, { [BADGE]: { number: "1" } });
        const user = await createLocalUser(p, tenant, { userName: name, email: name }, ADMIN);
        const found = await directory.get(`/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`);
        const [{ meta: _, ...before } = {}] = found.json["Resources"] as readonly JsonObject[];
        const path = `/Users/${before["id"]}`;
        const taken = { [BADGE]: { number: "1" } };
        const send = (active: boolean) => {
          if (way === "PATCH") return directory.patch(path, [{ op: "replace", value: { active, ...taken } }]);
          const body = userBody(name, { active, ...taken });
          return way === "PUT" ? directory.put(path, body) : directory.post("/Users", body);
        };
        expect(errorOf(await send(true))).to.deep.equal(TAKEN);
        const off = await send(false);
        expect(off.status, off.text).to.equal(way === "POST" ? 201 : 200);
        expect(off.json).to.deep.equal({ ...before, active: false, meta: off.json["meta"] });
        expect((await directory.get(path)).json).to.deep.equal(off.json);
        const [state] = await p.store.read(tenant.id).people([user]);
        expect(state?.status).to.equal("deactivated");
      });
    }

    const NAMES: Readonly<Record<string, JsonObject>> = {
      "an externalId that is too long": { externalId: "x".repeat(600) },
      "two primary e-mails": { emails: [primary("a@x.test"), primary("b@x.test")] },
      "an e-mail that is too long": { emails: [{ value: `${long}@x.test` }] },
      "a number for e-mails": { emails: 7 },
      "e-mails of more than is kept": {
        emails: rolesOf(250).map(({ value }) => ({ value: `${value}${long}${long}` })),
      },
      "active twice": { Active: false },
    };
    for (const [what, wrong] of Object.entries(NAMES)) {
      it(`SEC-05: a POST with ${what} switches off whom the names mean that can be read`, async () => {
        const domain = `names${Object.keys(NAMES).indexOf(what)}x${Date.now()}.example`;
        const oidc = { issuer: `https://${domain}`, clientId: "c", scopes: [] };
        const directory = await service().connect({ protocol: "oidc", oidc, of: { domains: [domain] } });
        const { p } = service();
        const { tenant, connection } = directory;
        const name = `h@${domain}`;
        await createLocalUser(p, tenant, { userName: name, email: name }, ADMIN);
        await signIn(p, { tenant, connection, observed: signInOf("sub-sue", { userName: "sue" }) });
        for (const userName of [name, "sue"]) {
          const send = (more: JsonObject) => directory.post("/Users", userBody(userName, { ...wrong, ...more }));
          expect(errorOf(await send({ active: true })), "who stays").to.deep.equal(INVALID);
          const off = await send({ active: false });
          expect(off.status, off.text).to.equal(201);
          expect(off.json).to.include({ userName, active: false }).and.not.have.property("externalId");
        }
        const { items } = await p.store.read(tenant.id).users({ limit: 5 });
        expect(items.map(({ userName, status }) => `${userName} ${status}`)).to.have.members([
          `${name} deactivated`,
          "sue deactivated",
        ]);
        const nobody = await directory.post("/Users", userBody("nobody", { ...wrong, active: false }));
        expect(errorOf(nobody), "it means nobody").to.deep.equal(INVALID);
      });
    }

    it("SEC-05: an operation that says the same twice, or stands beside one that says two things, switches off", async () => {
      const { directory } = client();
      const off = { op: "replace", path: "active", value: false };
      const wrong = { op: "add", Op: "remove", path: "title", value: "x" };
      for (const operations of [[{ ...off, Op: "Replace" }], [wrong, off]]) {
        const path = `/Users/${await directory.user("bob")}`;
        const reply = await directory.patch(path, operations);
        expect([reply.status, reply.json["active"]], reply.text).to.deep.equal([200, false]);
        expect((await directory.delete(path)).status).to.equal(204);
      }
      const path = `/Users/${await directory.user("bob")}`;
      const both = await directory.put(path, userBody("bob", { active: false, Active: true }));
      expect(errorOf(both), "it says both").to.deep.equal(INVALID);
    });

    it("SEC-05: a reference of a bulk request that means nothing keeps nobody in", async () => {
      const oidc = { issuer: "https://bulk.example", clientId: "c", scopes: [] };
      const directory = await service().connect({ protocol: "oidc", oidc });
      const { p } = service();
      const { tenant, connection } = directory;
      await signIn(p, { tenant, connection, observed: signInOf("sub-sue", { userName: "sue" }) });
      const pathOf = async (name: string) => `/Users/${await directory.user(name)}`;
      const [put, patch, stays] = [await pathOf("put"), await pathOf("patch"), await pathOf("stays")];
      const account = { schemas: [SERVICE_ACCOUNT], displayName: "Export" };
      const made = await directory.post("/ServiceAccounts", account);
      const exporter = `/ServiceAccounts/${made.json["id"]}`;
      const group = `/Groups/${(await directory.post("/Groups", groupBody("G", []))).json["id"]}`;
      const manager = (bulkId: string) => ({ [ENTERPRISE]: { manager: { value: `bulkId:${bulkId}` } } });
      const whole = (name: string, active: boolean) => userBody(name, { ...manager("b"), active });
      const value = { active: false, ...manager("gone") };
      const patchOf = (operation: JsonObject) => ({ schemas: [PATCH_OP], Operations: [operation] });
      const reply = await directory.post("/Bulk", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        Operations: [
          { method: "POST", path: "/Users", bulkId: "b", data: userBody("") },
          { method: "PUT", path: put, data: whole("renamed", false) },
          { method: "PATCH", path: patch, data: patchOf({ op: "replace", value }) },
          { method: "PUT", path: stays, data: whole("stays", true) },
          { method: "PUT", path: stays, version: 'W/"7"', data: whole("stays", false) },
          { method: "PUT", path: exporter, data: { ...account, active: false, owner: { value: "bulkId:b" } } },
          { method: "POST", path: "/Users", bulkId: "s", data: whole("sue", false) },
          { method: "POST", path: "/Users", bulkId: "n", data: whole("nobody", false) },
          { method: "PUT", path: "/Users/bulkId:b", data: whole("stays", false) },
          {
            method: "PATCH",
            path: group,
            data: patchOf({ op: "add", path: "members", value: [{ value: "bulkId:b" }] }),
          },
          {
            method: "POST",
            path: "/ServiceAccounts",
            bulkId: "a",
            data: { ...account, active: false, owner: { value: "bulkId:b" } },
          },
        ],
      });
      const lines = reply.json["Operations"] as readonly JsonObject[];
      const statuses = lines.map(({ status }) => status);
      expect(statuses, reply.text).to.deep.equal([
        "400",
        "200",
        "200",
        "409",
        "412",
        "200",
        "201",
        "409",
        "409",
        "409",
        "409",
      ]);
      const shown = async (path: string) => (await directory.get(path)).json;
      expect(await shown(put))
        .to.include({ userName: "put", active: false })
        .and.not.have.property(ENTERPRISE);
      expect(await shown(patch))
        .to.include({ active: false })
        .and.not.have.property(ENTERPRISE);
      expect(await shown(stays))
        .to.include({ active: true })
        .and.not.have.property(ENTERPRISE);
      expect(await shown(exporter))
        .to.include({ active: false })
        .and.not.have.property("owner");
      expect((await shown(group))["members"], "nobody else joins").to.deep.equal([]);
      const { items } = await p.store.read(tenant.id).users({ limit: 9 });
      expect(items.map(({ userName, status }) => `${userName} ${status}`)).to.include("sue deactivated");
      expect(items.map(({ userName }) => userName)).to.not.include("nobody");
    });

    it("SEC-05: a POST with a value that is taken switches off somebody who is known by sign-ins alone", async () => {
      const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
      const directory = await service().connect({ protocol: "oidc", oidc });
      const { p } = service();
      const { tenant, connection } = directory;
      await directory.user("other", { [BADGE]: { number: "1" } });
      await signIn(p, { tenant, connection, observed: signInOf("sub-sue", { userName: "sue" }) });
      const more = { externalId: "sub-sue", [BADGE]: { number: "1" } };
      expect(errorOf(await directory.post("/Users", userBody("sue", more)))).to.deep.equal(TAKEN);
      const off = await directory.post("/Users", userBody("sue", { ...more, active: false }));
      expect(off.status, off.text).to.equal(201);
      expect(off.json)
        .to.include({ userName: "sue", externalId: "sub-sue", active: false })
        .and.not.have.property(BADGE);
      const { items } = await p.store.read(tenant.id).users({ limit: 5 });
      expect(items.map(({ userName, status }) => `${userName} ${status}`)).to.have.members([
        "other registered",
        "sue deactivated",
      ]);
      expect(errorOf(await directory.post("/Users", userBody("sue", { ...more, active: false })))).to.deep.equal(TAKEN);
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
