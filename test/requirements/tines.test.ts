import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { expectProblem, mistakes } from "../admin/admin-client.js";
import { claimsOf, openTinesHouse, type TinesHouse } from "./tines-house.js";

const MAPPING: JsonObject = {
  tenant_owners_groups: ["IT Admins", "Founders"],
  mappings: [
    { group_name: "Marketing", team_name: "Marketing", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
  ],
};

describe("what Tines promises of sign-ins and mappings", () => {
  let house: TinesHouse;

  before(async () => {
    house = await openTinesHouse();
  });
  after(() => house?.close());

  it("TIN-1: the first sign-in creates an account", async () => {
    const tenant = await house.tenant({}, MAPPING);
    expect(await house.user(tenant, "ada@acme.example")).to.equal(undefined);
    await house.signedIn(tenant, claimsOf("ada@acme.example", ["Sales"]));
    expect(await house.user(tenant, "ada@acme.example")).to.include({ active: true, status: "registered" });
  });

  it("TIN-2: the new user gets the teams and roles that the rules give their groups, and no other", async () => {
    const tenant = await house.tenant({}, MAPPING);
    const held = await house.signedIn(tenant, claimsOf("ada@acme.example", ["Sales", "Marketing", "Chess"]));
    expect(held).to.deep.equal(["Marketing/editor", "Sales/viewer"]);
  });

  it("TIN-3: who signs in by OpenID Connect is provisioned; a connection for pushes alone has no door to sign in by, and takes no choice of JIT", async () => {
    const tenant = await house.tenant({}, MAPPING);
    const made = await house.admin.post(`${tenant}/connections`, { slug: "push", protocol: "scim" });
    expect([made.status, made.body["jit"]]).to.deep.equal([201, "off"]);
    const slug = tenant.slice(tenant.lastIndexOf("/") + 1);
    expect((await house.admin.get(`/sso/${slug}/push/login`, { token: null })).status).to.equal(404);
    expect(await house.signedIn(tenant, claimsOf("ada", ["Sales"]))).to.deep.equal(["Sales/viewer"]);
    const withJit = { slug: "push-2", protocol: "scim", jit: "every_sign_in" };
    expectProblem(await house.admin.post(`${tenant}/connections`, withJit), 400, "bad_request");
    const switched = await house.admin.call("PATCH", `${tenant}/connections/push`, { body: { jit: "first_sign_in" } });
    expectProblem(switched, 400, "bad_request");
    await house.admin.call("DELETE", `${tenant}/connections/sso?onDisable=convert`);
    expect((await house.admin.get(`/sso/${slug}/sso/login`, { token: null })).status, "SSO is gone").to.equal(404);
  });

  it("TIN-4: the attribute that holds groups is a setting of the connection", async () => {
    const tenant = await house.tenant({ groupAttribute: "Group" }, MAPPING);
    const held = await house.signedIn(tenant, claimsOf("ada@acme.example", ["Marketing"], { Group: ["Sales"] }));
    expect(held).to.deep.equal(["Sales/viewer"]);
  });

  it("TIN-5: just-in-time provisioning is one choice among a connection's settings", async () => {
    const tenant = await house.tenant();
    for (const jit of ["off", "first_sign_in", "every_sign_in"]) {
      const changed = await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { jit } });
      expect(changed.status, changed.text).to.equal(200);
      expect((await house.admin.get(`${tenant}/connections/sso`)).body["jit"]).to.equal(jit);
    }
    const other = await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { jit: "sometimes" } });
    expect([other.status, ...mistakes(other)]).to.deep.equal([422, "/jit wrong_value"]);
  });

  it("TIN-6: mappings are edited as JSON, read back as they were written, and refused with the place of each mistake", async () => {
    const tenant = await house.tenant({}, MAPPING);
    expect((await house.admin.get(`${tenant}/mapping`)).body).to.deep.include({ version: 1, document: MAPPING });
    const wrong = { mappings: [{ group_name: "A", team_nane: "B", role_name: "viewer" }] };
    const refused = await house.map(tenant, wrong);
    expect(refused.status).to.equal(422);
    expect(mistakes(refused)).to.include("/mappings/0/team_nane unknown_key");
    const torn = await house.admin.call("PUT", `${tenant}/mapping`, { text: '{"mappings": [' });
    expect(torn.status, torn.text).to.be.within(400, 422);
    expect((await house.admin.get(`${tenant}/mapping`)).body).to.deep.include({ version: 1, document: MAPPING });
  });

  it("TIN-7: group_attribute_name names the attribute, and the connection's own setting comes before it", async () => {
    const mapping = { ...MAPPING, group_attribute_name: "memberships" };
    const said = claimsOf("ada@acme.example", [], { memberships: ["Sales"], Group: ["Marketing"] });
    expect(await house.signedIn(await house.tenant({}, mapping), said)).to.deep.equal(["Sales/viewer"]);
    const named = await house.tenant({ groupAttribute: "Group" }, mapping);
    expect(await house.signedIn(named, said)).to.deep.equal(["Marketing/editor"]);
  });

  it("TIN-8: members of any listed owners' group own the tenant, and the list is optional", async () => {
    const tenant = await house.tenant({}, MAPPING);
    expect(await house.signedIn(tenant, claimsOf("ada", ["Founders"]))).to.deep.equal(["tenant/owner"]);
    expect(await house.signedIn(tenant, claimsOf("bo", ["IT Admins", "Sales"]))).to.deep.equal([
      "Sales/viewer",
      "tenant/owner",
    ]);
    const { tenant_owners_groups: _, ...without } = MAPPING;
    const other = await house.tenant({}, without);
    expect(await house.signedIn(other, claimsOf("ada", ["Founders", "Sales"]))).to.deep.equal(["Sales/viewer"]);
  });

  it("TIN-9: mappings is an array of objects, and nothing else", async () => {
    const tenant = await house.tenant();
    for (const [mappings, mistake] of [
      [{ group_name: "A" }, "/mappings wrong_type"],
      ["A", "/mappings wrong_type"],
      [["A"], "/mappings/0 wrong_type"],
    ] as const) {
      expect(mistakes(await house.map(tenant, { mappings }))).to.deep.equal([mistake]);
    }
    expect((await house.map(tenant, { mappings: [] })).status).to.equal(200);
  });

  it("TIN-10: each object has group_name, team_name and role_name", async () => {
    const whole = { group_name: "Sales", team_name: "Sales", role_name: "viewer" };
    const tenant = await house.tenant();
    expect((await house.map(tenant, { mappings: [whole] })).status).to.equal(200);
    for (const missing of Object.keys(whole)) {
      const part = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== missing));
      const refused = await house.map(tenant, { mappings: [part] });
      expect(refused.status, missing).to.equal(422);
      expect(
        mistakes(refused).every((mistake) => mistake.startsWith("/mappings/0")),
        refused.text,
      ).to.equal(true);
    }
  });

  it("TIN-11: the five default team roles are there, and any other name is a role of its own", async () => {
    const roles = ["team_admin", "editor", "viewer", "case_manager", "workbench_user", "Release Captain"];
    const mappings = roles.map((role, at) => ({ group_name: "All", team_name: `T${at}`, role_name: role }));
    const tenant = await house.tenant({}, { mappings });
    expect(await house.signedIn(tenant, claimsOf("ada", ["All"]))).to.deep.equal(
      roles.map((role, at) => `T${at}/${role}`),
    );
  });

  it("TIN-12, TIN-13, TIN-14, TIN-15: the first sign-in alone counts, until the switch for enhanced syncing is on: then the move to another group moves the team", async () => {
    const tenant = await house.tenant({ jit: "first_sign_in" }, MAPPING);
    await house.signedIn(tenant, claimsOf("ada", ["Marketing"]));
    expect(await house.signedIn(tenant, claimsOf("ada", ["Sales"]))).to.deep.equal(["Marketing/editor"]);
    await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { jit: "every_sign_in" } });
    expect(await house.signedIn(tenant, claimsOf("ada", ["Sales"]))).to.deep.equal(["Sales/viewer"]);
  });

  it("TIN-21: through whichever groups a user reaches a team, the first entry of the document wins", async () => {
    const mappings = [
      { group_name: "Leads", team_name: "Platform", role_name: "team_admin" },
      { group_name: "Engineering", team_name: "Platform", role_name: "editor" },
    ];
    const tenant = await house.tenant({}, { mappings });
    const orders = [
      ["Engineering", "Leads"],
      ["Leads", "Engineering"],
    ];
    for (const groups of orders) {
      expect(await house.signedIn(tenant, claimsOf("ada", groups))).to.deep.equal(["Platform/team_admin"]);
    }
    await house.map(tenant, { mappings: mappings.toReversed() });
    for (const groups of orders) {
      expect(await house.signedIn(tenant, claimsOf("ada", groups)), "not the highest").to.deep.equal([
        "Platform/editor",
      ]);
    }
  });

  it("TIN-22: names are compared by letter case but for the default roles, and documents of the live pages load", async () => {
    const live = {
      user_group_mapping: {
        tenant_owners_group: "IT Admins",
        mappings: [{ sso_group: "Sales", team_name: "Sales", role_name: "TEAM_ADMIN" }],
      },
    };
    const tenant = await house.tenant({}, live);
    expect(await house.signedIn(tenant, claimsOf("ada", ["Sales"]))).to.deep.equal(["Sales/team_admin"]);
    expect(await house.signedIn(tenant, claimsOf("bo", ["IT Admins"]))).to.deep.equal(["tenant/owner"]);
    expect((await house.signIn(tenant, claimsOf("cy", ["sales"]))).text).to.contain("not_assigned");
    const roles = ["Team_Admin", "EDITOR", "Viewer", "CASE_MANAGER", "WORKBENCH_USER", "VIEWER_OF_OURS"];
    const capitals = roles.map((role_name, at) => ({ sso_group: "Sales", team_name: `T${at}`, role_name }));
    await house.map(tenant, { mappings: capitals });
    const held = ["T0/team_admin", "T1/editor", "T2/viewer", "T3/case_manager", "T4/workbench_user"];
    expect(await house.holds(tenant, "ada")).to.deep.equal([...held, "T5/VIEWER_OF_OURS"]);
    const rule = (team_name: string) => ({ group_name: "Sales", team_name, role_name: "viewer" });
    await house.map(tenant, { mappings: [rule("Sales"), rule("sales")] });
    expect(await house.holds(tenant, "ada")).to.deep.equal(["Sales/viewer", "sales/viewer"]);
  });

  it("TIN-23: another JIT mode touches nobody until they sign in, and then only by every_sign_in", async () => {
    const tenant = await house.tenant({ jit: "first_sign_in" }, MAPPING);
    await house.signedIn(tenant, claimsOf("ada", ["Marketing"]));
    for (const jit of ["off", "first_sign_in", "every_sign_in"]) {
      await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { jit } });
      expect(await house.holds(tenant, "ada"), jit).to.deep.equal(["Marketing/editor"]);
      const after = jit === "every_sign_in" ? ["Sales/viewer"] : ["Marketing/editor"];
      expect(await house.signedIn(tenant, claimsOf("ada", ["Sales"])), jit).to.deep.equal(after);
    }
  });

  it("TIN-28: the mapping is read whole and replaced whole; there is no call that appends", async () => {
    const tenant = await house.tenant({}, MAPPING);
    const other = { mappings: [{ group_name: "Ops", team_name: "Ops", role_name: "viewer" }] };
    expect((await house.admin.post(`${tenant}/mapping`, other)).status).to.equal(200);
    expect((await house.admin.get(`${tenant}/mapping`)).body).to.deep.include({ version: 2, document: other });
    const appended = await house.admin.call("PATCH", `${tenant}/mapping`, { body: MAPPING });
    expectProblem(appended, 405, "method_not_allowed");
  });
});
