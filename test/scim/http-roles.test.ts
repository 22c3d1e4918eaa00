import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { targetLabel } from "../../src/model/target.js";
import { projectRoot } from "../../src/platform/root.js";
import { speaksOfRoles } from "../../src/protocols/scim/roles.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { ADMIN } from "../support/tenant.js";
import {
  type DirectoryOptions,
  groupBody,
  onEachDatabase,
  type ScimDirectory,
  type ScimReply,
  userBody,
} from "./scim-service.js";

const TECTON = readFileSync(join(projectRoot, "rules", "tecton-roles.json"), "utf8");
const ROLECALL_GROUP = "urn:ietf:params:scim:schemas:extension:rolecall:2.0:Group";

/** `type=value` of each role in an answer, in its order. */
function rolesOf({ json }: ScimReply): readonly string[] {
  return ((json["roles"] ?? []) as readonly JsonObject[]).map(({ type = "", value }) => `${type}=${value}`);
}

const role = (type: string, value: Json) => ({ type, value });
const THREE = [role("account_type", "admin"), role("all_workspaces", "viewer"), role("workspace_fraud", "owner")];
const WORKSPACE_ROLES = ["owner", "editor", "consumer", "operator", "viewer"];
const SECRET_SCOPE_ROLES = ["secret_scope_manager", "secret_scope_writer", "secret_scope_reader"];
const THREE_SAID = ["account_type=admin", "all_workspaces=viewer", "workspace_fraud=owner"];

describe("role assignments over SCIM", () => {
  onEachDatabase((service) => {
    const connect = async (options: DirectoryOptions = {}, mapping: string = TECTON): Promise<ScimDirectory> => {
      const directory = await service().connect({ profile: "okta", ...options });
      const { run } = await saveMapping(service().p, directory.tenant, mapping, {}, ADMIN);
      await waitForRun(service().p, directory.tenant, run, 30);
      return directory;
    };
    const userOf = async ({ tenant }: ScimDirectory, userName = "ada") => {
      const { items } = await service().p.store.read(tenant.id).users({ userName, limit: 1 });
      const [user] = items;
      if (!user) throw new Error(`nobody is called ${userName}`);
      return user.id;
    };
    const grantsOf = async (directory: ScimDirectory, userName?: string) => {
      const [person] = await service()
        .p.store.read(directory.tenant.id)
        .people([await userOf(directory, userName)]);
      return person?.grants ?? [];
    };
    const holds = async (directory: ScimDirectory, userName?: string) =>
      (await grantsOf(directory, userName)).map(({ target }) => targetLabel(target)).sort();

    describe("of a user", () => {
      const EXTERNAL = "roles.^[type=='workspace_fraud'].value";
      const FORMS = [
        EXTERNAL,
        EXTERNAL.replaceAll("'", '"'),
        EXTERNAL.replaceAll("'", ""),
        `urn:ietf:params:scim:schemas:core:2.0:User:${EXTERNAL}`,
      ];
      for (const name of FORMS) {
        it(`TEC-34: PATCH takes ${name} as a path and as a key, as what it means`, async () => {
          const directory = await connect();
          const id = await directory.user("ada", { roles: THREE });
          const at = `/Users/${id}`;
          const others = ["account_type=admin", "all_workspaces=viewer"];
          const steps: readonly (readonly [JsonObject, readonly string[]])[] = [
            [{ op: "replace", path: name, value: "viewer" }, [...others, "workspace_fraud=viewer"]],
            [{ op: "replace", path: name, value: null }, others],
            [{ op: "add", path: name, value: "editor" }, [...others, "workspace_fraud=editor"]],
            [{ op: "replace", value: { [name]: "owner" } }, [...others, "workspace_fraud=owner"]],
            [{ op: "remove", path: name }, others],
          ];
          for (const [operation, roles] of steps) {
            const reply = await directory.patch(at, [operation]);
            expect([reply.status, [...rolesOf(reply)].sort()], reply.text).to.deep.equal([200, roles]);
          }
          expect((await holds(directory)).join()).not.to.match(/fraud/i);
        });
      }

      it("TEC-34: POST and PUT take such names as keys, beside roles and without, and refuse what they cannot read", async () => {
        const directory = await connect();
        const keys = {
          "roles.^[type=='account_type'].value": "admin",
          "roles.^[type=='all_workspaces'].value": "viewer",
        };
        const posted = await directory.post(
          "/Users",
          userBody("ada", { ...keys, roles: [role("workspace_fraud", "owner")] }),
        );
        expect([posted.status, [...rolesOf(posted)].sort()], posted.text).to.deep.equal([201, THREE_SAID]);
        const put = { [EXTERNAL]: "viewer", "roles.^[type=='account_type'].value": null };
        const replaced = await directory.put(`/Users/${posted.json["id"]}`, userBody("ada", put));
        expect([replaced.status, rolesOf(replaced)], replaced.text).to.deep.equal([200, ["workspace_fraud=viewer"]]);
        const bad = [
          "roles.^[type='x'].value",
          "roles.^[type=='x'",
          "roles.^[type=='x'].nothing",
          "roles.^[x=='x'].value",
          "title.^[type=='x'].value",
          "no.^[type=='x'].value",
        ];
        for (const name of bad) {
          const made = await directory.post("/Users", userBody("bob", { [name]: "admin" }));
          expect([made.status, made.json["scimType"]], made.text).to.deep.equal([400, "invalidValue"]);
          const patched = await directory.patch(`/Users/${posted.json["id"]}`, [
            { op: "replace", path: name, value: "admin" },
          ]);
          expect(patched.status, patched.text).to.equal(400);
        }
        const undeclared = await directory.post(
          "/Users",
          userBody("bob", { "roles.^[type=='nothing'].value": "admin" }),
        );
        expect([undeclared.status, undeclared.json["scimType"]], undeclared.text).to.deep.equal([400, "invalidValue"]);
      });

      it("TEC-17, TEC-34: such names write to the elements of a list beside them, in any order, by POST, PUT and PATCH alike", async () => {
        const directory = await connect();
        const VIEWER = [...THREE_SAID.slice(0, 2), "workspace_fraud=viewer"];
        const core = `urn:ietf:params:scim:schemas:core:2.0:User:${EXTERNAL}`;
        const cases: readonly (readonly [JsonObject, readonly string[]])[] = [
          [{ roles: THREE, [EXTERNAL]: "viewer" }, VIEWER],
          [{ [EXTERNAL]: "viewer", Roles: THREE }, VIEWER],
          [{ [core]: "viewer", roles: THREE }, VIEWER],
          [{ roles: THREE, [EXTERNAL]: null }, THREE_SAID.slice(0, 2)],
          [{ [EXTERNAL]: " ", roles: THREE }, THREE_SAID.slice(0, 2)],
          [{ roles: THREE.slice(0, 2), [EXTERNAL]: "viewer" }, VIEWER],
          [{ roles: THREE.slice(0, 2), [EXTERNAL]: null }, THREE_SAID.slice(0, 2)],
          [{ roles: null, [EXTERNAL]: "viewer" }, VIEWER.slice(2)],
        ];
        for (const [at, [said, expected]] of cases.entries()) {
          const posted = await directory.post("/Users", userBody(`ada${at}`, said));
          const path = `/Users/${posted.json["id"]}`;
          const put = await directory.put(path, userBody(`ada${at}`, said));
          await directory.patch(path, [{ op: "remove", path: "roles" }]);
          const patched = await directory.patch(path, [{ op: "replace", value: said }]);
          for (const reply of [posted, put, patched]) {
            expect([reply.status < 300, [...rolesOf(reply)].sort()], reply.text).to.deep.equal([true, expected]);
          }
        }
        const twice = { [EXTERNAL]: "viewer", [EXTERNAL.replaceAll("'", "")]: "owner" };
        expect((await directory.post("/Users", userBody("bob", twice))).status).to.equal(400);
        const many = Object.fromEntries(Array.from({ length: 251 }, (_, at) => [`roles.^[type=='${at}'].value`, "x"]));
        expect((await directory.post("/Users", userBody("bob", many))).status).to.equal(400);
      });

      it("TEC-8, TEC-11..TEC-16, TEC-35: arrive together, land each in its own element, and give each its own role", async () => {
        const directory = await connect();
        const roles = [...THREE, role("secret_scope_warehouse", "secret_scope_reader")];
        const created = await directory.post("/Users", userBody("ada", { roles }));
        expect(created.status).to.equal(201);
        const read = await directory.get(`/Users/${created.json["id"]}`);
        expect(rolesOf(read)).to.deep.equal([...THREE_SAID, "secret_scope_warehouse=secret_scope_reader"]);
        expect(await holds(directory)).to.deep.equal([
          "resource:secret_scope:warehouse/secret_scope_reader",
          "resource:workspace:fraud/owner",
          "resource:workspaces:all/viewer",
          "tenant/admin",
        ]);
        expect((await grantsOf(directory)).map(({ origin }) => origin)).to.deep.equal(Array(4).fill("scim_role"));
      });

      it("TEC-40: `Admin` and `Owner` are taken, and read back in the document's spelling", async () => {
        const directory = await connect();
        const id = await directory.user("ada", {
          roles: [role("Account_Type", "Admin"), role("all_workspaces", "Owner")],
        });
        const said = ["account_type=admin", "all_workspaces=owner"];
        expect(rolesOf(await directory.get(`/Users/${id}`))).to.deep.equal(said);
        const found = await directory.get(
          `/Users?filter=${encodeURIComponent('roles[type eq "account_type" and value eq "ADMIN"]')}`,
        );
        expect(found.json["totalResults"]).to.equal(1);
        expect(await holds(directory)).to.deep.equal(["resource:workspaces:all/owner", "tenant/admin"]);
      });

      const removals: readonly (readonly [string, (id: string, directory: ScimDirectory) => Promise<ScimReply>])[] = [
        [
          "TEC-17: null in a PUT",
          (id, d) => d.put(`/Users/${id}`, userBody("ada", { roles: [role("account_type", null), ...THREE.slice(1)] })),
        ],
        ["TEC-41: left out of a PUT", (id, d) => d.put(`/Users/${id}`, userBody("ada", { roles: THREE.slice(1) }))],
        [
          "TEC-41: an empty text in a PUT",
          (id, d) => d.put(`/Users/${id}`, userBody("ada", { roles: [role("account_type", ""), ...THREE.slice(1)] })),
        ],
        [
          "TEC-41: an element without a value in a PUT",
          (id, d) => d.put(`/Users/${id}`, userBody("ada", { roles: [{ type: "account_type" }, ...THREE.slice(1)] })),
        ],
        ...(["replace", "add"] as const).flatMap((op) =>
          ([null, "", " ", [{ value: null }]] as const).map(
            (value) =>
              [
                `TEC-17: ${op} of one by its type with ${JSON.stringify(value)}`,
                (id: string, d: ScimDirectory) =>
                  d.patch(`/Users/${id}`, [{ op, path: 'roles[type eq "account_type"].value', value }]),
              ] as const,
          ),
        ),
        [
          "TEC-17: replace of the whole element with null",
          (id, d) => d.patch(`/Users/${id}`, [{ op: "replace", path: 'roles[type eq "Account_Type"]', value: null }]),
        ],
        [
          "TEC-17: replace of the whole element with one without a value",
          (id, d) =>
            d.patch(`/Users/${id}`, [
              { op: "replace", path: 'roles[type eq "account_type"]', value: role("account_type", null) },
            ]),
        ],
        [
          "TEC-17: remove by its type",
          (id, d) => d.patch(`/Users/${id}`, [{ op: "remove", path: 'roles[type eq "account_type"]' }]),
        ],
        [
          "TEC-17: remove of its value",
          (id, d) => d.patch(`/Users/${id}`, [{ op: "remove", path: 'roles[type eq "account_type"].value' }]),
        ],
        [
          "TEC-17: remove that lists it with null",
          (id, d) => d.patch(`/Users/${id}`, [{ op: "remove", path: "roles", value: [role("account_type", null)] }]),
        ],
        [
          "TEC-17: remove that lists it",
          (id, d) => d.patch(`/Users/${id}`, [{ op: "Remove", path: "roles", value: [role("account_type", "ADMIN")] }]),
        ],
        ...(["replace", "add"] as const).flatMap((op) => [
          [
            `TEC-17: ${op} without a path that lists it alone, with null`,
            (id: string, d: ScimDirectory) =>
              d.patch(`/Users/${id}`, [{ op, value: { roles: [role("account_type", null)] } }]),
          ] as const,
          [
            `TEC-17: ${op} that lists it with null beside the others`,
            (id: string, d: ScimDirectory) =>
              d.patch(`/Users/${id}`, [{ op, path: "roles", value: [role("account_type", null), ...THREE.slice(1)] }]),
          ] as const,
        ]),
      ];
      for (const [what, remove] of removals) {
        it(`${what} takes that assignment away and no other`, async () => {
          const directory = await connect();
          const id = await directory.user("ada", { roles: THREE });
          const { status, text } = await remove(id, directory);
          expect(status, text).to.equal(200);
          expect(rolesOf(await directory.get(`/Users/${id}`))).to.deep.equal(THREE_SAID.slice(1));
          expect(await holds(directory)).to.deep.equal([
            "resource:workspace:fraud/owner",
            "resource:workspaces:all/viewer",
          ]);
        });
      }

      describe("whose types differ by the letter case of what the placeholder stands for", () => {
        const UPPER = "resource:workspace:Fraud/owner";
        const LOWER = "resource:workspace:fraud/viewer";
        const BOTH = [role("workspace_Fraud", "owner"), role("workspace_fraud", "viewer")];

        it("TEC-18: are two, also with one value, and each is stored and given", async () => {
          const directory = await connect();
          await directory.user("ada", {
            roles: [role("workspace_Fraud", "viewer"), role("workspace_fraud", "viewer")],
          });
          expect(await holds(directory)).to.deep.equal(["resource:workspace:Fraud/viewer", LOWER]);
          const bob = await directory.user("bob");
          const { json } = await directory.put(`/Users/${bob}`, userBody("bob", { roles: BOTH }));
          expect(json["roles"]).to.deep.equal(BOTH);
          expect(await holds(directory, "bob")).to.deep.equal([UPPER, LOWER]);
        });

        it("add beside one another, and meet what differs in the declared part alone", async () => {
          const directory = await connect();
          const id = await directory.user("ada", { roles: [role("workspace_B", "viewer")] });
          const add = (type: string) =>
            directory.patch(`/Users/${id}`, [{ op: "add", path: "roles", value: [role(type, "viewer")] }]);
          expect(rolesOf(await add("WORKSPACE_b"))).to.deep.equal(["workspace_B=viewer", "workspace_b=viewer"]);
          expect(rolesOf(await add("WorkSpace_B"))).to.deep.equal(["workspace_B=viewer", "workspace_b=viewer"]);
          expect(await holds(directory)).to.have.length(2);
        });

        const oneGoes: readonly (readonly [string, JsonObject])[] = [
          ["null at its path", { op: "replace", path: 'roles[type eq "Workspace_fraud"].value', value: null }],
          ["null at the path of the element", { op: "replace", path: 'roles[type eq "workspace_fraud"]', value: null }],
          ["remove at its path", { op: "remove", path: 'roles[type eq "WORKSPACE_fraud"]' }],
          ["remove of all but the other", { op: "remove", path: 'roles[not (type ne "WORKSPACE_fraud")]' }],
          [
            "remove at its path and value",
            { op: "remove", path: 'roles[type eq "workspace_fraud" and value eq "VIEWER"]' },
          ],
          ["null in a list", { op: "add", path: "roles", value: [role("Workspace_fraud", null)] }],
          ["a removal that lists it", { op: "remove", path: "roles", value: [role("WORKSPACE_fraud", "viewer")] }],
          ["a removal that lists its type", { op: "remove", path: "roles", value: [role("workspace_fraud", null)] }],
        ];
        for (const [what, operation] of oneGoes) {
          it(`TEC-17: ${what} takes one of them away and not the other`, async () => {
            const directory = await connect();
            const id = await directory.user("ada", { roles: BOTH });
            const { status, json, text } = await directory.patch(`/Users/${id}`, [operation]);
            expect([status, json["roles"]], text).to.deep.equal([200, BOTH.slice(0, 1)]);
            expect(await holds(directory)).to.deep.equal([UPPER]);
          });
        }

        it("change one by its path and not the other, and make it where only the other is there", async () => {
          const directory = await connect();
          const id = await directory.user("ada", { roles: BOTH.slice(0, 1) });
          const set = (value: Json) =>
            directory.patch(`/Users/${id}`, [{ op: "replace", path: 'roles[type eq "workspace_fraud"].value', value }]);
          expect((await set("editor")).json["roles"]).to.deep.equal([BOTH[0], role("workspace_fraud", "editor")]);
          expect((await set("viewer")).json["roles"]).to.deep.equal(BOTH);
          expect(await holds(directory)).to.deep.equal([UPPER, LOWER]);
          const found = await directory.get(`/Users?filter=${encodeURIComponent('roles.type eq "WORKSPACE_FRAUD"')}`);
          expect(found.json["totalResults"], "lists compare as the schema says").to.equal(1);
        });

        it("go to the members of a group, each of them", async () => {
          const directory = await connect();
          const ada = await directory.user("ada");
          const { json } = await directory.post("/Groups", { ...groupBody("Data", [ada]), roles: BOTH });
          expect(await holds(directory)).to.deep.equal([UPPER, LOWER]);
          const path = 'roles[type eq "workspace_Fraud"].value';
          await directory.patch(`/Groups/${json["id"]}`, [{ op: "replace", path, value: null }]);
          expect(await holds(directory)).to.deep.equal([LOWER]);
        });
      });

      it("TEC-41: a PUT without roles takes all of them away", async () => {
        const directory = await connect();
        const id = await directory.user("ada", { roles: THREE });
        await directory.put(`/Users/${id}`, userBody("ada"));
        expect(await holds(directory)).to.deep.equal([]);
      });

      it("a path that names another part than the value leaves the assignment alone", async () => {
        const directory = await connect();
        const id = await directory.user("ada", { roles: [{ ...THREE[0], display: "Boss" }] });
        const { status } = await directory.patch(`/Users/${id}`, [
          { op: "replace", path: 'roles[type eq "account_type"].display', value: null },
        ]);
        expect([status, await holds(directory)]).to.deep.equal([200, ["tenant/admin"]]);
      });

      const refused: readonly (readonly [string, readonly Json[], string])[] = [
        [
          "an unknown type",
          [role("acount_type", "admin")],
          "there is no role type `acount_type`, did you mean `account_type`?: use `account_type`, `all_workspaces`, `workspace_{name}`, `secret_scope_{name}`",
        ],
        [
          "a value of another type",
          [...THREE.slice(1), role("account_type", "viewer")],
          "role type `account_type` takes no value `viewer`: use `admin`",
        ],
        [
          "a value that is nearly right",
          [role("workspace_fraud", "ownr")],
          "role type `workspace_fraud` takes no value `ownr`, did you mean `owner`?: use `owner`, `editor`, `consumer`, `operator`, `viewer`",
        ],
      ];
      for (const [what, roles, detail] of refused) {
        it(`TEC-18, TEC-36: ${what} is refused with what is allowed, and nothing is stored`, async () => {
          const directory = await connect();
          const id = await directory.user("ada", { roles: THREE.slice(0, 1) });
          const first = roles.at(-1) as JsonObject;
          const replies = [
            await directory.post("/Users", userBody("bob", { roles })),
            await directory.put(`/Users/${id}`, userBody("ada", { roles })),
            await directory.patch(`/Users/${id}`, [{ op: "replace", path: "roles", value: roles }]),
            await directory.patch(`/Users/${id}`, [{ op: "add", value: { roles } }]),
            await directory.patch(`/Users/${id}`, [
              { op: "replace", path: `roles[type eq "${first["type"]}"].value`, value: first["value"] ?? null },
            ]),
          ];
          for (const { status, json } of replies) {
            const schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
            expect([status, json]).to.deep.equal([400, { schemas, status: "400", scimType: "invalidValue", detail }]);
          }
          expect(rolesOf(await directory.get(`/Users/${id}`))).to.deep.equal(["account_type=admin"]);
          expect((await directory.get("/Users")).json["totalResults"]).to.equal(1);
        });
      }

      it("TEC-34: replace makes the element of a declared type, whatever the profile", async () => {
        for (const profile of ["rfc", "okta", "entra"] as const) {
          const directory = await connect({ profile });
          const id = await directory.user("ada");
          const reply = await directory.patch(`/Users/${id}`, [
            { op: "replace", path: 'roles[type eq "account_type"].value', value: "Admin" },
            { op: "replace", path: 'roles[type eq "workspace_fraud"].value', value: "editor" },
          ]);
          expect([reply.status, rolesOf(reply)], profile).to.deep.equal([
            200,
            ["account_type=admin", "workspace_fraud=editor"],
          ]);
          expect(await holds(directory)).to.deep.equal(["resource:workspace:fraud/editor", "tenant/admin"]);
        }
      });

      const enumerations: readonly (readonly [string, string, string, readonly string[]])[] = [
        ["TEC-13", "account_type", "tenant", ["admin"]],
        ["TEC-14", "all_workspaces", "resource:workspaces:all", WORKSPACE_ROLES],
        ["TEC-15", "workspace_fraud", "resource:workspace:fraud", WORKSPACE_ROLES],
        ["TEC-16", "secret_scope_warehouse", "resource:secret_scope:warehouse", SECRET_SCOPE_ROLES],
      ];
      for (const [row, type, scope, values] of enumerations) {
        it(`${row}, TEC-12, TEC-36: ${type} takes each of ${values.join(", ")}, or null, and no other`, async () => {
          const directory = await connect();
          const id = await directory.user("ada", { roles: [role("workspace_other", "viewer")] });
          const other = "resource:workspace:other/viewer";
          const set = (value: Json) =>
            directory.patch(`/Users/${id}`, [{ op: "replace", path: `roles[type eq "${type}"].value`, value }]);
          for (const value of values) {
            const reply = await set(value);
            expect([reply.status, rolesOf(reply)], value).to.deep.equal([
              200,
              ["workspace_other=viewer", `${type}=${value}`],
            ]);
            expect(await holds(directory)).to.have.members([other, `${scope}/${value}`]);
          }
          const others = ["admin", ...WORKSPACE_ROLES, ...SECRET_SCOPE_ROLES, "member", "true"];
          for (const value of others.filter((one) => !values.includes(one))) {
            const { status, json } = await set(value);
            expect(status, value).to.equal(400);
            const schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
            expect(json).to.deep.include({ schemas, status: "400", scimType: "invalidValue" });
            for (const allowed of values) expect(json["detail"], value).to.contain(`\`${allowed}\``);
          }
          expect(await holds(directory)).to.have.members([other, `${scope}/${values.at(-1)}`]);
          expect(rolesOf(await set(null))).to.deep.equal(["workspace_other=viewer"]);
          expect(await holds(directory)).to.deep.equal([other]);
        });
      }

      it("TEC-42: a changed assignment is followed at once, with no sign-in", async () => {
        const directory = await connect();
        const id = await directory.user("ada", { roles: [role("workspace_fraud", "viewer")] });
        await directory.patch(`/Users/${id}`, [
          { op: "replace", path: 'roles[type eq "workspace_fraud"].value', value: "editor" },
        ]);
        expect(await holds(directory)).to.deep.equal(["resource:workspace:fraud/editor"]);
      });

      it("elements without a type stay app roles, and are never refused", async () => {
        const mapping = {
          ...(JSON.parse(TECTON) as JsonObject),
          mappings: [{ app_role: "Acme.Reader", scope: "tenant", role_name: "reader" }],
          invariants: [],
        };
        const directory = await connect({ profile: "rfc" }, JSON.stringify(mapping));
        const id = await directory.user("ada", { roles: [{ value: "Acme.Reader", primary: true }, THREE[0] as Json] });
        expect(rolesOf(await directory.get(`/Users/${id}`))).to.deep.equal(["=Acme.Reader", "account_type=admin"]);
        expect(await holds(directory)).to.deep.equal(["tenant/admin", "tenant/reader"]);
      });

      it("an assignment of a declared type is no app role, so that an admin of one place is none of the tenant; by every mapping edit, with no resend", async () => {
        const rules = { mappings: [{ app_role: "admin", scope: "tenant", role_name: "admin" }] };
        const places = { type: "workspace_{name}", scope: "resource:workspace:{name}", values: ["admin", "viewer"] };
        const apart = JSON.stringify({ ...rules, scim_roles: [places] });
        const directory = await connect({ profile: "entra" }, apart);
        const of = (...roles: readonly Json[]) => ({ roles });
        await directory.user("declared", of(role("workspace_lab", "admin")));
        await directory.user("undeclared", of(role("WindowsAzureActiveDirectoryRole", "admin")));
        await directory.user("untyped", of({ value: "admin" }, role("Workspace_lab", "admin")));
        const [lab, tenant] = ["resource:workspace:lab/admin", "tenant/admin"] as const;
        const everybody = async () =>
          Promise.all(["declared", "undeclared", "untyped"].map((name) => holds(directory, name)));
        expect(await everybody()).to.deep.equal([[lab], [tenant], [lab, tenant]]);
        const { p } = service();
        const edited = async (text: string, expected: readonly string[]) => {
          const preview = await previewMapping(p, directory.tenant, text, {});
          const { items } = await preview.lines({ limit: 10 });
          const said = items.flatMap((line) => (line.target ? [`${line.change} ${targetLabel(line.target)}`] : []));
          expect(said.sort()).to.deep.equal(expected);
          const tried = await tryPerson(p, directory.tenant, {
            user: await userOf(directory, "declared"),
            document: text,
          });
          const { run } = await saveMapping(p, directory.tenant, text, { digest: preview.digest }, ADMIN);
          await waitForRun(p, directory.tenant, run, 30);
          expect(tried.assignments.map((one) => targetLabel(one.target))).to.deep.equal(
            await holds(directory, "declared"),
          );
        };
        await edited(JSON.stringify(rules), [`grant ${tenant}`, `revoke ${lab}`, `revoke ${lab}`]);
        expect(await everybody()).to.deep.equal([[tenant], [tenant], [tenant]]);
        await edited(apart, [`grant ${lab}`, `grant ${lab}`, `revoke ${tenant}`]);
        expect(await everybody()).to.deep.equal([[lab], [tenant], [lab, tenant]]);
      });

      it("ENTRA-30, ENTRA-31: types of Entra's own are kept as app roles where the profile is entra; declared ones are held to their values", async () => {
        const microsoft = role("WindowsAzureActiveDirectoryRole", "Acme.Admin");
        const entra = await connect({ profile: "entra" });
        const id = await entra.user("ada", { roles: [microsoft] });
        expect(rolesOf(await entra.get(`/Users/${id}`))).to.deep.equal(["WindowsAzureActiveDirectoryRole=Acme.Admin"]);
        expect(
          (await entra.post("/Users", userBody("bob", { roles: [role("account_type", "root")] }))).status,
        ).to.equal(400);
        const rfc = await connect({ profile: "rfc" });
        expect((await rfc.post("/Users", userBody("ada", { roles: [microsoft] }))).status).to.equal(400);
      });

      it("nothing is refused and nothing is given where the mapping has no `scim_roles`", async () => {
        const directory = await connect({}, "{}");
        const id = await directory.user("ada", { roles: [role("anything", "Goes")] });
        expect(rolesOf(await directory.get(`/Users/${id}`))).to.deep.equal(["anything=Goes"]);
        expect(await holds(directory)).to.deep.equal([]);
      });

      it("a mapping that declares types later takes what was stored, with no resend; preview, save and explanation say so", async () => {
        const directory = await connect({}, "{}");
        const id = await directory.user("ada", { roles: [...THREE, role("gone", "x")] });
        const { p } = service();
        const preview = await previewMapping(p, directory.tenant, TECTON, {});
        const lines = await preview.lines({ limit: 10 });
        expect(lines.items.map(({ reason }) => reason)).to.include("SCIM role `account_type: admin`");
        const { run } = await saveMapping(p, directory.tenant, TECTON, { digest: preview.digest }, ADMIN);
        await waitForRun(p, directory.tenant, run, 30);
        expect(await holds(directory)).to.deep.equal([
          "resource:workspace:fraud/owner",
          "resource:workspaces:all/viewer",
          "tenant/admin",
        ]);
        const { rolesNotGiven } = await explainUser(p, directory.tenant, await userOf(directory));
        expect(rolesNotGiven.map(({ type, why }) => `${type} ${why}`)).to.deep.equal(["gone unknown_type"]);
        // What was stored before stops no other change, and stays until SCIM takes it away.
        const { status } = await directory.put(
          `/Users/${id}`,
          userBody("ada", { title: "x", roles: [role("gone", "X"), ...THREE] }),
        );
        expect(status).to.equal(200);
        const patched = await directory.patch(`/Users/${id}`, [
          { op: "add", path: "roles", value: [role("workspace_a", "viewer")] },
        ]);
        expect([patched.status, rolesOf(patched)]).to.deep.equal([
          200,
          ["gone=X", ...THREE_SAID, "workspace_a=viewer"],
        ]);
      });

      it("W-5, W-6: SCIM makes an owner of the tenant only by a connection that may", async () => {
        const document = JSON.stringify({ scim_roles: [{ type: "account_type", values: ["owner"], scope: "tenant" }] });
        const directory = await connect({ mayGrantOwner: false }, document);
        await directory.user("ada", { roles: [role("account_type", "Owner")] });
        expect(await holds(directory)).to.deep.equal([]);
        const able = await connect({}, document);
        await able.user("ada", { roles: [role("account_type", "Owner")] });
        expect(await holds(able)).to.deep.equal(["tenant/owner"]);
      });

      it("assignments of a connection in test mode are held to the mapping, read back, and give nothing yet", async () => {
        const directory = await connect({ sync: "test" });
        const id = await directory.user("ada", { roles: THREE });
        expect(rolesOf(await directory.get(`/Users/${id}`))).to.deep.equal(THREE_SAID);
        expect((await service().p.store.read(directory.tenant.id).users({ limit: 9 })).items).to.deep.equal([]);
        expect(
          (await directory.patch(`/Users/${id}`, [{ op: "add", value: { roles: [role("x", "y")] } }])).status,
        ).to.equal(400);
      });

      it("a deactivated person holds none, and has them again with the account", async () => {
        const directory = await connect();
        const id = await directory.user("ada", { roles: THREE.slice(0, 1) });
        await directory.patch(`/Users/${id}`, [{ op: "replace", value: { active: false } }]);
        expect(await holds(directory)).to.deep.equal([]);
        await directory.patch(`/Users/${id}`, [{ op: "replace", value: { active: true } }]);
        expect(await holds(directory)).to.deep.equal(["tenant/admin"]);
      });
    });

    describe("where the connection does not take them", () => {
      it("TEC-9, TEC-10: roles of users are ignored, whatever they are, and what was assigned survives every write", async () => {
        const directory = await connect();
        const id = await directory.user("ada", { roles: THREE });
        await updateConnection(
          service().p,
          directory.tenant,
          directory.connection.slug,
          { rolesFrom: ["groups"] },
          ADMIN,
        );
        const writes = [
          await directory.put(`/Users/${id}`, userBody("ada", { title: "x" })),
          await directory.put(`/Users/${id}`, userBody("ada", { roles: [role("nonsense", "x")] })),
          await directory.patch(`/Users/${id}`, [{ op: "replace", path: "roles", value: [] }]),
          await directory.patch(`/Users/${id}`, [{ op: "remove", path: 'roles[type eq "account_type"]' }]),
          await directory.patch(`/Users/${id}`, [{ op: "add", value: { roles: [role("nonsense", "x")], title: "y" } }]),
        ];
        expect(writes.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200]);
        for (const reply of writes) expect(rolesOf(reply)).to.deep.equal(THREE_SAID);
        expect(writes.at(-1)?.json).to.include({ title: "y" });
        expect(await holds(directory)).to.have.length(3);
        const created = await directory.post("/Users", userBody("bob", { roles: THREE }));
        expect([created.status, rolesOf(created), await holds(directory, "bob")]).to.deep.equal([201, [], []]);
      });

      it("TEC-9, TEC-23: a push of names and members alone erases nothing of a group, and its roles are ignored", async () => {
        const directory = await connect();
        const ada = await directory.user("ada");
        const said = { description: "Data people", idpMappingNames: ["data"], roles: THREE };
        const extension = { [ROLECALL_GROUP]: { description: "d" } };
        const { json } = await directory.post("/Groups", { ...groupBody("Data", [ada]), ...said, ...extension });
        await updateConnection(
          service().p,
          directory.tenant,
          directory.connection.slug,
          { rolesFrom: ["users"] },
          ADMIN,
        );
        const put = await directory.put(`/Groups/${json["id"]}`, groupBody("Data Team", [ada]));
        expect(put.json).to.deep.include({ ...said, displayName: "Data Team", ...extension });
        const again = await directory.put(`/Groups/${json["id"]}`, {
          ...groupBody("Data", [ada]),
          DESCRIPTION: null,
          roles: [role("nonsense", "x")],
          [ROLECALL_GROUP.toUpperCase()]: { idpMappingNames: ["y"] },
        });
        expect(again.json).to.deep.include({
          roles: said.roles,
          [ROLECALL_GROUP]: { ...extension[ROLECALL_GROUP], idpMappingNames: ["y"] },
        });
        expect(again.json, "names are one list, and the request speaks of it").not.to.have.any.keys(
          ...["description", "idpMappingNames"],
        );
        const patched = await directory.patch(`/Groups/${json["id"]}`, [
          { op: "remove", path: ROLECALL_GROUP },
          { op: "remove", path: "description" },
          { op: "replace", path: "roles", value: [] },
        ]);
        expect([patched.status, rolesOf(patched)]).to.deep.equal([200, THREE_SAID]);
        expect(await holds(directory)).to.have.length(3);
      });
    });

    describe("of a group", () => {
      it("TEC-11, TEC-22, TEC-44: go to each member, beside their own, other groups' and those by hand", async () => {
        const directory = await connect();
        const ada = await directory.user("ada", { roles: [role("workspace_fraud", "viewer")] });
        const bob = await directory.user("bob");
        const data = { ...groupBody("Data", [ada, bob]), roles: [role("Workspace_fraud", "Editor")] };
        const created = await directory.post("/Groups", data);
        expect([created.status, rolesOf(created)]).to.deep.equal([201, ["workspace_fraud=editor"]]);
        const admins = { ...groupBody("Admins", [ada]), [ROLECALL_GROUP]: { roles: [role("account_type", "ADMIN")] } };
        const other = await directory.post("/Groups", admins);
        expect(other.json[ROLECALL_GROUP]).to.deep.equal({ roles: [role("account_type", "admin")] });
        const by = { target: { scope: "resource:workspace:fraud", role: "operator" }, reason: "by hand" };
        await addManualGrant(service().p, directory.tenant, await userOf(directory), by, ADMIN);
        expect(await holds(directory)).to.deep.equal([
          "resource:workspace:fraud/editor",
          "resource:workspace:fraud/operator",
          "resource:workspace:fraud/viewer",
          "tenant/admin",
        ]);
        expect(await holds(directory, "bob")).to.deep.equal(["resource:workspace:fraud/editor"]);
        const [grant] = await grantsOf(directory, "bob");
        expect(grant?.evidence).to.deep.include({
          kind: "scim_role",
          label: "workspace_fraud: editor",
          type: "workspace_fraud",
          value: "editor",
          group: "Data",
          source: "scim",
          since: grant?.evidence[0]?.since,
        });
        await directory.patch(`/Groups/${created.json["id"]}`, [{ op: "remove", path: `members[value eq "${bob}"]` }]);
        expect(await holds(directory, "bob")).to.deep.equal([]);
        await directory.delete(`/Groups/${other.json["id"]}`);
        expect(await holds(directory)).not.to.include("tenant/admin");
      });

      it("TEC-44: what rules give by each pushed group adds up, with what was given by hand", async () => {
        const rule = (group_name: string, role_name: string) => ({
          ...{ group_name, role_name, scope: "resource:workspace:fraud" },
        });
        const mappings = [rule("Data", "viewer"), rule("Fraud", "editor")];
        const directory = await connect({}, JSON.stringify({ mappings }));
        const ada = await directory.user("ada");
        const by = { target: { scope: "resource:workspace:fraud", role: "operator" }, reason: "by hand" };
        await addManualGrant(service().p, directory.tenant, await userOf(directory), by, ADMIN);
        await directory.group("Data", [ada]);
        const fraud = await directory.group("Fraud", [ada]);
        const all = ["editor", "operator", "viewer"].map((one) => `resource:workspace:fraud/${one}`);
        expect(await holds(directory)).to.deep.equal(all);
        await directory.delete(`/Groups/${fraud}`);
        expect(await holds(directory)).to.deep.equal(all.slice(1));
      });

      const PATHS = ["roles", `${ROLECALL_GROUP}:roles`] as const;
      for (const [sentAt, changedAt] of [PATHS, [...PATHS].reverse()] as readonly (readonly [string, string])[]) {
        const sent = (roles: Json): JsonObject => (sentAt === "roles" ? { roles } : { [ROLECALL_GROUP]: { roles } });
        it(`TEC-17, TEC-22: are one list: sent as ${sentAt}, changed as ${changedAt}`, async () => {
          const directory = await connect();
          const ada = await directory.user("ada");
          const { json } = await directory.post("/Groups", { ...groupBody("Data", [ada]), ...sent(THREE) });
          const patch = (...operations: readonly Json[]) => directory.patch(`/Groups/${json["id"]}`, operations);
          const gone = await patch({
            op: "replace",
            path: `${changedAt}[type eq "all_workspaces"].value`,
            value: null,
          });
          const left = [THREE[0], THREE[2]] as readonly Json[];
          expect([gone.status, gone.json["roles"], gone.json[ROLECALL_GROUP]]).to.deep.equal([
            ...[200, left, { roles: left }],
          ]);
          expect(await holds(directory)).to.deep.equal(["resource:workspace:fraud/owner", "tenant/admin"]);
          const listed = [role("Account_Type", "ADMIN"), role("workspace_a", "viewer")];
          await patch({ op: "add", path: changedAt, value: listed });
          expect(await holds(directory)).to.have.members([
            ...["resource:workspace:a/viewer", "resource:workspace:fraud/owner", "tenant/admin"],
          ]);
          await patch({ op: "remove", path: changedAt });
          expect(await holds(directory)).to.deep.equal([]);
        });
      }

      it("TEC-17, TEC-22: sent at both paths are joined, and are one list; so are mapping names", async () => {
        const directory = await connect();
        const ada = await directory.user("ada");
        const body = {
          ...{ ...groupBody("Data", [ada]), roles: THREE.slice(0, 2), idpMappingNames: ["a"] },
          [ROLECALL_GROUP]: { roles: [role("Account_Type", "Admin"), THREE[2]] as Json, idpMappingNames: ["a", "b"] },
        };
        const created = await directory.post("/Groups", body);
        expect(rolesOf(created)).to.deep.equal(THREE_SAID);
        expect(created.json).to.deep.include({
          idpMappingNames: ["a", "b"],
          [ROLECALL_GROUP]: { roles: THREE, idpMappingNames: ["a", "b"] },
        });
        const path = `/Groups/${created.json["id"]}`;
        const named = await directory.patch(path, [{ op: "remove", path: `${ROLECALL_GROUP}:idpMappingNames` }]);
        expect(named.json).not.to.have.property("idpMappingNames");
        expect(named.json[ROLECALL_GROUP]).to.deep.equal({ roles: THREE });
        await directory.patch(path, [{ op: "replace", path: `${ROLECALL_GROUP}:roles`, value: [THREE[2] as Json] }]);
        expect(await holds(directory)).to.deep.equal(["resource:workspace:fraud/owner"]);
        const emptied = await directory.patch(path, [{ op: "remove", path: ROLECALL_GROUP }]);
        expect(emptied.json).not.to.have.any.keys("roles", ROLECALL_GROUP);
        expect(await holds(directory)).to.deep.equal([]);
        const many = Array.from({ length: 200 }, (_, index) => role(`workspace_${index}`, "viewer"));
        const more = Array.from({ length: 200 }, (_, index) => role(`secret_scope_${index}`, "secret_scope_reader"));
        const tooMany = { ...groupBody("Many"), roles: many, [ROLECALL_GROUP]: { roles: more } };
        expect((await directory.post("/Groups", tooMany)).json).to.include({ status: "400", scimType: "invalidValue" });
      });

      it("TEC-17, TEC-18, TEC-42: change by PATCH for every member, and are held to what is declared", async () => {
        const directory = await connect();
        const id = await directory.group("Data", [await directory.user("ada"), await directory.user("bob")]);
        const paths = ["roles", `${ROLECALL_GROUP}:roles`];
        for (const path of paths) {
          const patch = (op: string, at: string, value: Json) =>
            directory.patch(`/Groups/${id}`, [{ op, path: at, value }]);
          expect(
            (await patch("add", path, [role("account_type", "Admin"), role("workspace_a", "viewer")])).status,
          ).to.equal(200);
          expect(await holds(directory, "bob")).to.deep.equal(["resource:workspace:a/viewer", "tenant/admin"]);
          const refusal = await patch("replace", `${path}[type eq "account_type"].value`, "root");
          expect(refusal.json).to.include({ status: "400", scimType: "invalidValue" });
          expect((await patch("replace", `${path}[type eq "account_type"].value`, null)).status).to.equal(200);
          expect(await holds(directory, "ada")).to.deep.equal(["resource:workspace:a/viewer"]);
          expect((await patch("replace", path, [])).status).to.equal(200);
          expect(await holds(directory, "ada")).to.deep.equal([]);
        }
      });
    });
  });
});

describe("a body that speaks of roles, for which alone the mapping is asked,", () => {
  const cases: readonly (readonly [string, Json, boolean])[] = [
    ["an attribute", { Roles: [] }, true],
    ["an attribute of the extension", { [ROLECALL_GROUP]: { roles: [] } }, true],
    ["an operation's path", { Operations: [{ op: "add", path: 'ROLES[type eq "x"].value', value: "y" }] }, true],
    ["an operation's value", { operations: [{ op: "add", value: { roles: [] } }] }, true],
    [
      "an extension inside an operation's value",
      { Operations: [{ value: { [ROLECALL_GROUP]: { roles: [] } } }] },
      true,
    ],
    ["nothing but a name", { displayName: "roles", members: [{ value: "roles", roles: 1 }] }, false],
    ["other operations", { Operations: [{ op: "add", path: "title", value: "roles" }, "roles", null] }, false],
    ["what is no object", ["roles"], false],
  ];
  for (const [what, body, expected] of cases) {
    it(`is ${expected ? "" : "not "}${what}`, () => expect(speaksOfRoles(body)).to.equal(expected));
  }
});
