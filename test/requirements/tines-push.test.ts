import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { expectProblem, type Reply } from "../admin/admin-client.js";
import { claimsOf, GROUP, openTinesHouse, PATCH, type TinesHouse, USER } from "./tines-house.js";

const MAPPING: JsonObject = {
  tenant_owners_groups: ["IT Admins"],
  mappings: [
    { group_name: "Marketing", team_name: "Marketing", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
  ],
};

type Scim = (method: string, path: string, body?: unknown) => Promise<Reply>;

describe("what Tines promises of SCIM", () => {
  let house: TinesHouse;

  before(async () => {
    house = await openTinesHouse();
  });
  after(() => house?.close());

  const live = (): Promise<string> => house.tenant({ sync: "live" }, MAPPING);

  async function pushed(scim: Scim, userName: string, more: object = {}): Promise<string> {
    const emails = [{ value: userName, primary: true }];
    return made(await scim("POST", "/Users", { schemas: [USER], userName, emails, active: true, ...more }));
  }

  async function grouped(scim: Scim, displayName: string, ...ids: readonly string[]): Promise<string> {
    const members = ids.map((value) => ({ value }));
    return made(await scim("POST", "/Groups", { schemas: [GROUP], displayName, members }));
  }

  function made(reply: Reply): string {
    expect(reply.status, reply.text).to.equal(201);
    return String(reply.body["id"]);
  }

  async function patch(scim: Scim, path: string, ...Operations: readonly object[]): Promise<void> {
    const reply = await scim("PATCH", path, { schemas: [PATCH], Operations });
    expect(reply.status, reply.text).to.be.oneOf([200, 204]);
  }

  it("TIN-16: a push creates, moves and deactivates at once, and nobody has to sign in", async () => {
    const tenant = await live();
    const scim = await house.scim(tenant);
    const ada = await pushed(scim, "ada@acme.example");
    const marketing = await grouped(scim, "Marketing", ada);
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal(["Marketing/editor"]);
    await grouped(scim, "Sales", ada);
    await patch(scim, `/Groups/${marketing}`, { op: "remove", path: `members[value eq "${ada}"]` });
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal(["Sales/viewer"]);
    await patch(scim, `/Users/${ada}`, { op: "replace", value: { active: false } });
    expect(await house.user(tenant, "ada@acme.example")).to.include({ active: false, status: "deactivated" });
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal([]);
  });

  it("TIN-17: SCIM is switched on and off in the settings, per connection and per tenant", async () => {
    const tenant = await house.tenant({}, MAPPING);
    const scim = await house.scim(tenant);
    await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { sync: "off", onDisable: "convert" } });
    expect((await scim("GET", "/Users")).status).to.equal(403);
    await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { sync: "test" } });
    expect((await scim("GET", "/Users")).status).to.equal(200);
    await house.admin.call("PATCH", tenant, { body: { scim: false } });
    expect((await scim("GET", "/Users")).status).to.equal(403);
  });

  it("TIN-18: a token opens one tenant, and nothing of another", async () => {
    const [one, other] = [await live(), await live()];
    const [ours, theirs] = [await house.scim(one), await house.scim(other)];
    const ada = await pushed(ours, "ada@acme.example");
    expect((await ours("GET", "/Users")).body["totalResults"]).to.equal(1);
    expect((await theirs("GET", "/Users")).body["totalResults"]).to.equal(0);
    expect((await theirs("GET", `/Users/${ada}`)).status).to.equal(404);
  });

  it("TIN-19: one base URL, a Bearer token, and a userName that nobody has twice: an e-mail address, or what the provider has instead", async () => {
    const tenant = await live();
    const scim = await house.scim(tenant);
    await pushed(scim, "ada@acme.example");
    const filter = encodeURIComponent('userName eq "ADA@acme.example"');
    expect((await scim("GET", `/Users?filter=${filter}`)).body["totalResults"]).to.equal(1);
    await pushed(scim, "a-number-4711", { emails: [] });
    const again = await scim("POST", "/Users", { schemas: [USER], userName: "ada@acme.example" });
    expect([again.status, again.body["scimType"]]).to.deep.equal([409, "uniqueness"]);
    const signedIn = claimsOf("s1", ["Sales"], { preferred_username: "ada@acme.example" });
    await house.signedIn(tenant, signedIn);
    expect((await house.admin.get(`${tenant}/users`)).body.items).to.have.length(2);
    const stranger = await house.admin.get("/api/scim/v2/Users", { token: null });
    expect([stranger.status, stranger.headers["www-authenticate"]?.split(" ")[0]]).to.deep.equal([401, "Bearer"]);
  });

  it("TIN-20: sign-ins and pushes are read by the same mapping", async () => {
    const tenant = await live();
    const scim = await house.scim(tenant);
    await grouped(scim, "Marketing", await pushed(scim, "pushed@acme.example"));
    await house.signedIn(tenant, claimsOf("signed-in@acme.example", ["Marketing"]));
    const both = [
      await house.holds(tenant, "pushed@acme.example"),
      await house.holds(tenant, "signed-in@acme.example"),
    ];
    expect(both).to.deep.equal([["Marketing/editor"], ["Marketing/editor"]]);
    await house.map(tenant, { mappings: [{ group_name: "Marketing", team_name: "Brand", role_name: "viewer" }] });
    const moved = [
      await house.holds(tenant, "pushed@acme.example"),
      await house.holds(tenant, "signed-in@acme.example"),
    ];
    expect(moved).to.deep.equal([["Brand/viewer"], ["Brand/viewer"]]);
  });

  it("TIN-24: with syncing on, what sync keeps is nobody's to edit; an admin may still give by hand, and sync takes only what sync gave", async () => {
    const tenant = await live();
    const scim = await house.scim(tenant);
    const ada = await pushed(scim, "ada@acme.example");
    const marketing = await grouped(scim, "Marketing", ada);
    const { id } = (await house.user(tenant, "ada@acme.example")) ?? {};
    for (const body of [{ displayName: "Somebody" }, { active: false }]) {
      const edited = await house.admin.call("PATCH", `${tenant}/users/${id}`, { body });
      expectProblem(edited, 409, "read_only");
      expect(edited.text).to.contain("`sso` keeps this user in sync");
    }
    const given = { team: "Sales", role: "editor", reason: "covers for Bo" };
    expect((await house.admin.post(`${tenant}/users/${id}/grants`, given)).status).to.equal(201);
    await patch(scim, `/Groups/${marketing}`, { op: "remove", path: `members[value eq "${ada}"]` });
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal(["Sales/editor"]);
  });

  it("TIN-25: SCIM and just-in-time provisioning work together, on one connection and for one person", async () => {
    const tenant = await live();
    const scim = await house.scim(tenant);
    await grouped(scim, "Marketing", await pushed(scim, "ada@acme.example"));
    const said = claimsOf("s1", ["Marketing", "Sales"], { preferred_username: "ada@acme.example" });
    expect(await house.signedIn(tenant, said)).to.deep.equal(["Marketing/editor", "Sales/viewer"]);
    await house.signedIn(tenant, claimsOf("never-pushed@acme.example", ["Sales"]));
    expect((await house.admin.get(`${tenant}/users`)).body.items).to.have.length(2);
  });

  it("TIN-26: names come from attributes; permissions are roles of the scope tenant; a key that is not known is refused by name", async () => {
    const tenant = await house.tenant(
      {},
      { mappings: [{ group_name: "Ops", scope: "tenant", role_name: "operator" }] },
    );
    const said = claimsOf("ada", ["Ops"], { name: "Ada Lovelace", given_name: "Ada", family_name: "Lovelace" });
    expect(await house.signedIn(tenant, said)).to.deep.equal(["tenant/operator"]);
    const names = { displayName: "Ada Lovelace", givenName: "Ada", familyName: "Lovelace" };
    expect(await house.user(tenant, "ada")).to.include(names);
    const refused = await house.map(tenant, { mappings: [], tenant_permission: [] });
    expect([refused.status, refused.text.includes("tenant_permission")]).to.deep.equal([422, true]);
  });

  it("TIN-27: userType may make owners, and the last owner is not locked out when it is gone", async () => {
    const rule = { when: "user.userType = 'Owner'", scope: "tenant", role_name: "owner" };
    const tenant = await house.tenant({ sync: "live" }, { mappings: [rule] });
    const scim = await house.scim(tenant);
    const ada = await pushed(scim, "ada@acme.example", { userType: "Owner" });
    const bo = await pushed(scim, "bo@acme.example", { userType: "Owner" });
    await pushed(scim, "cy@acme.example", { userType: "Owner" });
    const without = (userName: string) => ({ schemas: [USER], userName, active: true });
    await scim("PUT", `/Users/${bo}`, without("bo@acme.example"));
    expect(await house.holds(tenant, "bo@acme.example")).to.deep.equal([]);
    const { id } = (await house.user(tenant, "cy@acme.example")) ?? {};
    for (const [scimId, name] of [
      [ada, "ada@acme.example"],
      [await scimIdOf(scim, "cy@acme.example"), "cy@acme.example"],
    ] as const) {
      expect((await scim("PUT", `/Users/${scimId}`, without(name))).status).to.equal(200);
    }
    const owners = await house.admin.get(`${tenant}/users?role=owner`);
    expect(owners.body.items, `${id}`).to.have.length.above(0);
    const runs = await house.admin.get(`${tenant}/runs`);
    expect(runs.body.items?.map(({ status }) => status)).to.include("held");
  });

  async function scimIdOf(scim: Scim, userName: string): Promise<string> {
    const found = await scim("GET", `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`);
    return String((found.body["Resources"] as readonly { readonly id: string }[])[0]?.id);
  }

  it("TIN-29: the endpoints, every verb and the content type of SCIM, and a DELETE that only disables: removal of data is a separate call", async () => {
    const tenant = await live();
    const raw = await house.scim(tenant);
    const scim: Scim = async (method, path, body) => {
      const reply = await raw(method, path, body);
      const type = reply.text === "" ? undefined : "application/scim+json";
      expect(reply.headers["content-type"]?.split(";")[0], `${method} ${path}`).to.equal(type);
      return reply;
    };
    for (const path of ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Users", "/Groups"]) {
      const reply = await scim("GET", path);
      expect([reply.status, reply.headers["content-type"]?.split(";")[0]], path).to.deep.equal([
        200,
        "application/scim+json",
      ]);
    }
    const ada = await pushed(scim, "ada@acme.example");
    const sales = await grouped(scim, "Sales", ada);
    const emails = [{ value: "ada@acme.example", primary: true }];
    const person = { schemas: [USER], userName: "ada@acme.example", emails, displayName: "Ada", active: true };
    expect((await scim("PUT", `/Users/${ada}`, person)).body["displayName"]).to.equal("Ada");
    await patch(scim, `/Users/${ada}`, { op: "replace", path: "title", value: "Dr" });
    expect((await scim("GET", `/Users/${ada}`)).body["title"]).to.equal("Dr");
    const group = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName: "Sales", members: [] };
    expect((await scim("PUT", `/Groups/${sales}`, group)).status).to.equal(200);
    await patch(scim, `/Groups/${sales}`, { op: "replace", path: "displayName", value: "Sellers" });
    expect((await scim("GET", `/Groups/${sales}`)).body["displayName"]).to.equal("Sellers");
    expect((await scim("DELETE", `/Groups/${sales}`)).status).to.equal(204);
    expect((await scim("DELETE", `/Users/${ada}`)).status).to.equal(204);
    expect((await scim("GET", `/Users/${ada}`)).status).to.equal(404);
    const disabled = { active: false, status: "deactivated", email: "ada@acme.example", displayName: "Ada" };
    const { id } = (await house.user(tenant, "ada@acme.example")) ?? {};
    expect(await house.user(tenant, "ada@acme.example")).to.include(disabled);
    expect((await house.admin.post(`${tenant}/users/${id}/erase`, { reason: "asked for" })).status).to.equal(200);
    expect(await house.user(tenant, "ada@acme.example")).to.equal(undefined);
    const left = (await house.admin.get(`${tenant}/users/${id}`)).body;
    expect(left).to.include({ status: "deactivated", email: null, displayName: null });
  });
});
