import { expect } from "chai";
import { expectProblem, type Reply } from "../admin/admin-client.js";
import { claimsOf, openTinesHouse, type TinesHouse } from "./tines-house.js";

const MAPPING = {
  mappings: [
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { group_name: "Sales", team_name: "Support", role_name: "viewer" },
  ],
};

describe("what Tines promises of managing by hand", () => {
  let house: TinesHouse;

  before(async () => {
    house = await openTinesHouse();
  });
  after(() => house?.close());

  /** A tenant with Ada in it; answers with how to give her something. */
  async function withAda({ jit, ...connection }: { readonly jit: string; readonly sync?: string }) {
    const tenant = await house.tenant({ jit: "every_sign_in", ...connection }, MAPPING);
    await house.signedIn(tenant, claimsOf("ada", ["Sales"]));
    const changed = await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { jit } });
    expect(changed.status, changed.text).to.equal(200);
    const { id } = (await house.user(tenant, "ada")) ?? {};
    const give = (target: object, role = "editor"): Promise<Reply> =>
      house.admin.post(`${tenant}/users/${id}/grants`, { role, reason: "r", ...target });
    return { tenant, give, grants: `${tenant}/users/${id}/grants` };
  }

  async function teamOf(tenant: string, name: string): Promise<Record<string, unknown>> {
    const { body } = await house.admin.get(`${tenant}/teams`);
    return body.items?.find((team) => team["name"] === name) ?? {};
  }

  async function setPolicy(tenant: string, name: string, policy: string | null): Promise<Reply> {
    const { id } = await teamOf(tenant, name);
    const reply = await house.admin.call("PATCH", `${tenant}/teams/${id}`, { body: { policy } });
    expect(reply.status, reply.text).to.equal(200);
    return reply;
  }

  for (const [what, connection, refused] of [
    ["with enhanced JIT on", { jit: "every_sign_in" }, true],
    ["with SCIM live", { jit: "first_sign_in", sync: "live" }, true],
    ["with standard JIT alone", { jit: "first_sign_in" }, false],
    ["with SCIM in test mode", { jit: "first_sign_in", sync: "test" }, false],
  ] as const) {
    const outcome = refused ? "is refused" : "stays possible";
    it(`TIN-24: ${what}, giving a role in teams by hand ${outcome} where the tenant has chosen idp_only`, async () => {
      const { tenant, give } = await withAda(connection);
      expect((await give({ team: "Sales" })).status, "the default").to.equal(201);
      const chosen = await house.admin.call("PATCH", tenant, { body: { teamPolicy: "idp_only" } });
      expect([chosen.status, chosen.body["teamPolicy"]]).to.deep.equal([200, "idp_only"]);
      for (const target of [{ team: "Support" }, { team: "Of nobody so far" }, { scope: "all_teams" }]) {
        const reply = await give(target);
        expect(reply.status, reply.text).to.equal(refused ? 409 : 201);
        if (!refused) continue;
        expectProblem(reply, 409, "read_only");
        expect(reply.text).to.contain("`sso`");
      }
      expect(Object.keys(await teamOf(tenant, "Of nobody so far")).length > 0, "no team by a refusal").to.equal(
        !refused,
      );
      expect((await give({ scope: "tenant" }, "owner")).status, "owners by hand open locked doors").to.equal(201);
      const held = ["Sales/editor", "Sales/viewer", "Support/viewer", "tenant/owner"];
      expect(await house.holds(tenant, "ada")).to.include.members(held);
    });
  }

  it("TIN-24: a team has a policy of its own before the tenant's; what was given there before is listed, stays, and can be taken away", async () => {
    const { tenant, give, grants } = await withAda({ jit: "every_sign_in" });
    const given = await give({ team: "Sales" });
    const set = await setPolicy(tenant, "Sales", "idp_only");
    const facts = { name: "Sales", policy: "idp_only", ownPolicy: "idp_only", manualGrants: 1 };
    expect(set.body["team"]).to.include(facts);
    const [listed] = set.body["manual"] as readonly Record<string, unknown>[];
    expect(listed).to.deep.include({ id: given.body["id"], role: "editor", reason: "r", by: "operator" });
    expect(listed?.["user"]).to.include({ userName: "ada" });
    expect(await teamOf(tenant, "Support")).to.include({ policy: "idp_plus_manual", ownPolicy: null, manualGrants: 0 });
    expectProblem(await give({ team: "Sales" }, "team_admin"), 409, "read_only");
    expect((await give({ team: "Support" })).status).to.equal(201);
    expect(await house.signedIn(tenant, claimsOf("ada", ["Sales"]))).to.include("Sales/editor");
    const taken = await house.admin.call("DELETE", `${grants}/${given.body["id"]}`);
    expect(taken.status, taken.text).to.equal(204);
    await house.admin.call("PATCH", tenant, { body: { teamPolicy: "idp_only" } });
    await setPolicy(tenant, "Sales", "idp_plus_manual");
    expect((await give({ team: "Sales" })).status).to.equal(201);
    await setPolicy(tenant, "Sales", null);
    expectProblem(await give({ team: "Sales" }, "team_admin"), 409, "read_only");
    const audited = (await house.admin.get(`${tenant}/audit?action=team.updated`)).body.items;
    expect(audited?.map(({ detail }) => detail)).to.deep.equal([
      { team: "Sales", policy: null, before: "idp_plus_manual" },
      { team: "Sales", policy: "idp_plus_manual", before: "idp_only" },
      { team: "Sales", policy: "idp_only", before: null },
    ]);
  });

  it("TIN-24: what is given in all teams reaches a team with idp_only of its own: it is refused, and what stands is told", async () => {
    const { tenant, give } = await withAda({ jit: "every_sign_in" });
    const given = await give({ scope: "all_teams" });
    const set = await setPolicy(tenant, "Sales", "idp_only");
    const [listed] = set.body["manual"] as readonly Record<string, unknown>[];
    expect(listed).to.deep.include({ id: given.body["id"], scope: "all_teams", role: "editor" });
    expect(set.body["team"]).to.include({ manualGrants: 1 });
    expect(await teamOf(tenant, "Support")).to.include({ manualGrants: 1 });
    const refused = await give({ scope: "all_teams" }, "team_admin");
    expectProblem(refused, 409, "read_only");
    expect(refused.text).to.contain("`Sales`").and.to.contain("`sso`");
    await setPolicy(tenant, "Sales", null);
    expect((await give({ scope: "all_teams" }, "team_admin")).status).to.equal(201);
  });

  it("TIN-24: nobody is invited: an account comes by a provider or by whom the tenant trusts to write, and no e-mail is sent", async () => {
    const tenant = await house.tenant({}, MAPPING);
    for (const [scope, status] of [
      ["read", 403],
      ["write", 201],
    ] as const) {
      const token = await house.admin.key(tenant, scope);
      expect((await house.admin.post(`${tenant}/users`, { userName: scope }, { token })).status, scope).to.equal(
        status,
      );
    }
    const { paths } = (await house.admin.get("/openapi.json")).body as { paths: object };
    expect(Object.keys(paths).filter((path) => /invit/i.test(path))).to.deep.equal([]);
  });

  it("sets a policy for teams that there are, by whom may set the tenant's, and to what there is", async () => {
    const { tenant } = await withAda({ jit: "every_sign_in" });
    const { id } = await teamOf(tenant, "Sales");
    const path = `${tenant}/teams/${id}`;
    expectProblem(await house.admin.call("PATCH", path, { body: { policy: "manual" } }), 422, "invalid_document");
    const token = await house.admin.key(tenant, "admin");
    expectProblem(
      await house.admin.call("PATCH", `${tenant}/teams/none`, { body: { policy: null }, token }),
      404,
      "not_found",
    );
    const write = await house.admin.key(tenant, "write");
    expectProblem(
      await house.admin.call("PATCH", path, { body: { policy: "idp_plus_manual" }, token: write }),
      403,
      "forbidden",
    );
    const other = await house.tenant();
    expectProblem(
      await house.admin.call("PATCH", `${other}/teams/${id}`, { body: { policy: null } }),
      404,
      "not_found",
    );
    const own = await house.admin.call("PATCH", tenant, { body: { teamPolicy: "idp_only" }, token });
    expect(own.status, own.text).to.equal(200);
    expectProblem(await house.admin.call("PATCH", tenant, { body: { seats: 1 }, token }), 403, "forbidden");
  });
});
