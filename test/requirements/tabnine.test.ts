import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { projectRoot } from "../../src/platform/root.js";
import { openTinesHouse, type TinesHouse, USER } from "./tines-house.js";

const SHIPPED = JSON.parse(readFileSync(join(projectRoot, "rules", "tabnine-default-team.json"), "utf8")) as JsonObject;

describe("what Tabnine promises of new users, by the document that ships", () => {
  let house: TinesHouse;
  let tenant: string;
  let push: (userName: string, id?: string) => Promise<string>;

  before(async () => {
    house = await openTinesHouse();
  });
  after(() => house?.close());
  beforeEach(async () => {
    tenant = await house.tenant({ sync: "live" }, SHIPPED);
    const scim = await house.scim(tenant);
    push = async (userName, id) => {
      const body = { schemas: [USER], userName, active: true, title: id === undefined ? "new" : "again" };
      const reply = id === undefined ? await scim("POST", "/Users", body) : await scim("PUT", `/Users/${id}`, body);
      expect(reply.status, reply.text).to.be.oneOf([200, 201]);
      return String(reply.body["id"]);
    };
  });

  async function userId(userName: string): Promise<string> {
    return String((await house.user(tenant, userName))?.["id"]);
  }

  async function give(userName: string, grant: JsonObject): Promise<void> {
    const reply = await house.admin.post(`${tenant}/users/${await userId(userName)}/grants`, {
      reason: "asked",
      ...grant,
    });
    expect(reply.status, reply.text).to.equal(201);
  }

  async function takeDefault(userName: string): Promise<void> {
    const id = await userId(userName);
    const { body } = await house.admin.get(`${tenant}/users/${id}/explain`);
    const assignments = body["assignments"] as readonly {
      readonly grants: readonly { id: number; origin: string }[];
    }[];
    const grant = assignments.flatMap(({ grants }) => grants).find(({ origin }) => origin === "default");
    const reply = await house.admin.call("DELETE", `${tenant}/users/${id}/grants/${grant?.id}`);
    expect(reply.status, reply.text).to.be.oneOf([200, 204]);
  }

  it("TAB-14, TAB-17: somebody new is a member of the chosen default team", async () => {
    await push("ada@acme.example");
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal(["Newcomers/member"]);
  });

  it("TAB-15: an admin raises a member, and no later push undoes it", async () => {
    const id = await push("ada@acme.example");
    await give("ada@acme.example", { scope: "tenant", role: "admin" });
    await push("ada@acme.example", id);
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal(["Newcomers/member", "tenant/admin"]);
  });

  it("TAB-18: without a default team new people belong to none", async () => {
    const { default_team: _, ...without } = SHIPPED;
    expect((await house.map(tenant, without)).status).to.equal(200);
    await push("ada@acme.example");
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal([]);
    expect(await house.user(tenant, "ada@acme.example")).to.include({ active: true });
  });

  it("TAB-19: an admin moves somebody out of the default team, and no later push moves them back", async () => {
    const id = await push("ada@acme.example");
    await give("ada@acme.example", { team: "Platform", role: "member" });
    await takeDefault("ada@acme.example");
    await push("ada@acme.example", id);
    expect(await house.holds(tenant, "ada@acme.example")).to.deep.equal(["Platform/member"]);
  });
});
