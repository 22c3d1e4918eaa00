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
import { type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";
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
  };
  const NOT: Readonly<Record<string, Says>> = {
    "a PUT that says nothing of it": body({}),
    "a PUT of another schema": () => bodySaysOff({ schemas: [SERVICE_ACCOUNT], active: false }, userReading()),
    "a PUT without schemas": () => bodySaysOff({ active: false }, userReading()),
    "a PUT that says it twice": body({ active: false, Active: false }),
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
