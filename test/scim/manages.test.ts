import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { ManagedResource } from "../../src/model/connection.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { ADMIN, isSettled } from "../support/tenant.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimRequest, userBody } from "./scim-service.js";

const ids = { user: "", group: "" };
const REQUESTS: Readonly<Record<"users" | "groups", readonly (() => ScimRequest)[]>> = {
  users: [
    () => ({ method: "GET", path: "/Users" }),
    () => ({ method: "GET", path: `/Users/${ids.user}` }),
    () => ({ method: "PUT", path: `/Users/${ids.user}`, body: userBody("ann") }),
    () => ({ method: "PATCH", path: `/Users/${ids.user}`, body: userBody("ann") }),
    () => ({ method: "POST", path: "/Users", body: userBody("ben") }),
    () => ({ method: "DELETE", path: `/Users/${ids.user}` }),
  ],
  groups: [
    () => ({ method: "GET", path: "/Groups" }),
    () => ({ method: "GET", path: `/Groups/${ids.group}` }),
    () => ({ method: "PUT", path: `/Groups/${ids.group}`, body: groupBody("Crew") }),
    () => ({ method: "PATCH", path: `/Groups/${ids.group}`, body: groupBody("Crew") }),
    () => ({ method: "POST", path: "/Groups", body: groupBody("Other") }),
    () => ({ method: "DELETE", path: `/Groups/${ids.group}` }),
  ],
};

describe("what a connection manages", () => {
  onEachDatabase((service) => {
    const manage = (directory: ScimDirectory, manages: readonly ManagedResource[]) =>
      updateConnection(service().p, directory.tenant, directory.connection.slug, { manages }, ADMIN);

    for (const off of ["users", "groups"] as const) {
      it(`TEC-29: without ${off} every write of them is 403 and says which setting, and nothing is lost`, async () => {
        const directory = await service().connect();
        ids.user = await directory.user("ann");
        ids.group = await directory.group("Crew", [ids.user]);
        const path = off === "users" ? `/Users/${ids.user}` : `/Groups/${ids.group}`;
        const before = await directory.get(path);
        await manage(directory, off === "users" ? ["groups"] : ["users"]);
        for (const request of REQUESTS[off]) {
          const { method, path: asked } = request();
          const { status, json } = await directory.send(request());
          if (off === "groups" && method === "GET") {
            expect([status, json["totalResults"]], asked).to.deep.equal(
              asked === "/Groups" ? [200, 0] : [404, undefined],
            );
            continue;
          }
          expect(status, method).to.equal(403);
          expect(json["detail"]).to.match(new RegExp(`add \`${off}\` to its setting \`manages\`$`));
        }
        const kept = off === "users" ? `/Groups/${ids.group}` : `/Users/${ids.user}`;
        expect((await directory.get(kept)).status).to.equal(200);
        expect((await directory.get("/ResourceTypes", { Authorization: null })).status).to.equal(200);
        await manage(directory, ["users", "groups"]);
        expect((await directory.get(path)).text, "as it was").to.equal(before.text);
      });
    }

    it("OKTA-01, ENTRA-01, TEC-29: without groups their lists are empty for whoever tests the connection, whatever is there", async () => {
      const directory = await service().connect();
      const crew = await directory.group("Crew", [await directory.user("ann")]);
      await manage(directory, ["users"]);
      const empty = { totalResults: 0, itemsPerPage: 0, Resources: [] };
      for (const query of [
        "?startIndex=1&count=100",
        "?excludedAttributes=members&filter=displayName+eq+%22Crew%22",
        `?filter=id+eq+%22${crew}%22`,
        "?sortBy=displayName&count=0",
      ]) {
        const { status, json } = await directory.get(`/Groups${query}`);
        expect({ status, ...json }, query).to.deep.include({ status: 200, startIndex: 1, ...empty });
      }
      const byCursor = await directory.get("/Groups?cursor&count=10");
      expect([byCursor.status, byCursor.json]).to.deep.equal([
        200,
        { schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], ...empty },
      ]);
      const search = { schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] };
      expect((await directory.post("/Groups/.search", search)).json).to.deep.include(empty);
      expect((await directory.get("/")).json["totalResults"], "people alone").to.equal(1);
      expect((await directory.get("/Groups?filter=x")).status, "what cannot be read is refused as ever").to.equal(400);
      const unread = await directory.get(`/Groups/${crew}`);
      expect([unread.status, unread.json["detail"]]).to.satisfy(
        ([status, detail]: [number, string]) => status === 404 && detail.includes("does not manage /Groups"),
      );
      for (const path of ["/ResourceTypes", "/Schemas", "/ServiceProviderConfig"])
        expect((await directory.get(path)).status, path).to.equal(200);
    });

    it("TEC-29: unmanaged groups keep what they gave, give nothing new, and are believed again when they are managed", async () => {
      const directory = await service().connect({ settleSeconds: 0 });
      const { tenant } = directory;
      const rules = { mappings: [{ group_name: "Crew", team_name: "Platform", role_name: "editor" }] };
      await saveMapping(service().p, tenant, JSON.stringify(rules), {}, ADMIN);
      const ann = await directory.user("ann");
      const ben = await directory.user("ben");
      const crew = await directory.group("Crew", [ann]);
      const held = async () => {
        const { items } = await service().p.store.read(tenant.id).users({ limit: 10 });
        return Object.fromEntries(items.map(({ userName, assignments }) => [userName, assignments.length]));
      };
      expect(await held()).to.deep.equal({ ann: 1, ben: 0 });
      await manage(directory, ["users"]);
      await directory.patch(`/Users/${ann}`, [{ op: "replace", path: "title", value: "Captain" }]);
      await directory.patch(`/Users/${ben}`, [{ op: "replace", path: "title", value: "Mate" }]);
      expect(await held()).to.deep.equal({ ann: 1, ben: 0 });
      await directory.patch(`/Users/${ann}`, [{ op: "replace", path: "active", value: false }]);
      expect(await held(), "leavers lose access all the same").to.deep.equal({ ann: 0, ben: 0 });
      await manage(directory, ["users", "groups"]);
      await directory.patch(`/Groups/${crew}`, [{ op: "add", path: "members", value: [{ value: ben }] }]);
      expect(await held()).to.deep.equal({ ann: 0, ben: 1 });
    });

    /** Ann and Ben were pushed into Crew; then groups are not managed for a time, in which Ann signs in with other groups. */
    const whileAway = async () => {
      const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
      const directory = await service().connect({ settleSeconds: 0, protocol: "oidc", oidc });
      const { tenant } = directory;
      const [ann, ben] = [await directory.user("ann", { externalId: "s1" }), await directory.user("ben")];
      const crew = await directory.group("Crew", [ann, ben]);
      const gives = (...teams: readonly string[]) => {
        const mappings = teams.map((team_name) => ({ group_name: "Crew", team_name, role_name: "editor" }));
        return saveMapping(service().p, tenant, JSON.stringify({ mappings }), {}, ADMIN);
      };
      const held = async () => {
        for (; !(await isSettled(service().p, tenant.id)); await sleep(5)) service().p.wake();
        const { items } = await service().p.store.read(tenant.id).users({ limit: 10 });
        return Object.fromEntries(items.map(({ userName, assignments }) => [userName, assignments.length]));
      };
      const enter = async (...groups: readonly string[]) => {
        const observed = signInOf("s1", { userName: "ann", groups });
        const connection = await service().p.store.read(tenant.id).connectionBySlug(directory.connection.slug);
        if (!connection) throw new Error("no connection");
        expect((await signIn(service().p, { tenant, connection, observed })).allowed).to.equal(true);
      };
      await gives("Platform");
      expect(await held()).to.deep.equal({ ann: 1, ben: 1 });
      await manage(directory, ["users"]);
      await enter("Else");
      expect(await held(), "the sign-in took it away").to.deep.equal({ ann: 0, ben: 1 });
      await manage(directory, ["users", "groups"]);
      return { directory, crew, ann, ben, gives, held, enter };
    };

    it("TEC-29: groups that are managed again give nobody back what a sign-in took away meanwhile, and nobody anything new", async () => {
      const { held, gives, enter } = await whileAway();
      expect(await held()).to.deep.equal({ ann: 0, ben: 1 });
      await gives("Platform", "Sales");
      expect(await held()).to.deep.equal({ ann: 0, ben: 1 });
      await enter("Crew");
      expect(await held(), "a sign-in confirms whom it is of").to.deep.equal({ ann: 2, ben: 1 });
    });

    it("TEC-29: roles that a group carries end with the membership while groups are unmanaged, and nobody gets them anew", async () => {
      const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
      const directory = await service().connect({ settleSeconds: 0, protocol: "oidc", oidc });
      const { tenant } = directory;
      const mappings = [{ group_name: "Admins", team_name: "Platform", role_name: "editor" }];
      const admins = { type: "account_type", values: ["admin"], scope: "tenant" };
      const save = async (...types: readonly object[]) => {
        const document = { mappings, ...(types.length > 0 && { scim_roles: types }) };
        await saveMapping(service().p, tenant, JSON.stringify(document), {}, ADMIN);
      };
      const held = async () => {
        for (; !(await isSettled(service().p, tenant.id)); await sleep(5)) service().p.wake();
        const { items } = await service().p.store.read(tenant.id).users({ limit: 10 });
        return Object.fromEntries(
          items.map(({ userName, assignments }) => [userName, assignments.map(({ role }) => role).sort()]),
        );
      };
      const enter = async (userName: string, ...groups: readonly string[]) => {
        const connection = await service().p.store.read(tenant.id).connectionBySlug(directory.connection.slug);
        if (!connection) throw new Error("no connection");
        await signIn(service().p, { tenant, connection, observed: signInOf(userName, { userName, groups }) });
      };
      const people = ["ann", "ben", "cem"];
      const rows = await Promise.all(people.map((one) => directory.user(one, { externalId: one })));
      const roles = [{ type: "account_type", value: "admin" }];
      await save(admins);
      const posted = await directory.post("/Groups", { ...groupBody("Admins", rows), roles });
      expect(posted.status, posted.text).to.equal(201);
      expect(await held()).to.deep.equal(Object.fromEntries(people.map((one) => [one, ["admin", "editor"]])));
      await manage(directory, ["users"]);
      await enter("ann");
      await enter("ben", "Admins");
      const after = { ann: [], ben: ["admin", "editor"], cem: ["admin", "editor"] };
      expect(await held(), "a sign-in without the group ends both").to.deep.equal(after);
      await save();
      expect(await held()).to.deep.equal({ ann: [], ben: ["editor"], cem: ["editor"] });
      await save(admins);
      expect(await held(), "what was lost is not declared back").to.deep.equal({
        ann: [],
        ben: ["editor"],
        cem: ["editor"],
      });
      await manage(directory, ["users", "groups"]);
      expect(await held(), "until somebody says who is in it").to.deep.equal({
        ann: [],
        ben: ["admin", "editor"],
        cem: ["editor"],
      });
      await directory.patch(`/Groups/${posted.json["id"]}`, [
        { op: "add", path: "members", value: [{ value: rows[0] ?? "" }] },
      ]);
      expect(await held()).to.deep.equal(Object.fromEntries(people.map((one) => [one, ["admin", "editor"]])));
    });

    type Write = (
      directory: ScimDirectory,
      group: string,
      ann: string,
      ben: string,
    ) => Promise<{ readonly status: number }>;
    const CONFIRMING: Readonly<Record<string, Write>> = {
      "a PUT that changes nothing": (one, group, ann, ben) =>
        one.put(`/Groups/${group}`, groupBody("Crew", [ann, ben])),
      "a PATCH of somebody who is in": (one, group, _, ben) =>
        one.patch(`/Groups/${group}`, [{ op: "add", path: "members", value: [{ value: ben }] }]),
    };
    for (const [name, write] of Object.entries(CONFIRMING)) {
      it(`TEC-29: ${name} confirms the members of a group that is managed again`, async () => {
        const { directory, crew, ann, ben, held, gives } = await whileAway();
        await gives("Platform", "Sales");
        await directory.patch(`/Groups/${crew}`, [{ op: "replace", path: "displayName", value: "CREW" }]);
        await directory.patch(`/Groups/${crew}`, [{ op: "replace", path: "displayName", value: "Crew" }]);
        expect(await held(), "a new name says nothing of members").to.deep.equal({ ann: 0, ben: 1 });
        expect((await write(directory, crew, ann, ben)).status).to.equal(200);
        expect(await held()).to.deep.equal({ ann: 2, ben: 2 });
      });
    }

    it("TEC-29: each of import, new users, profile updates and groups works by itself", async () => {
      const actions: Readonly<
        Record<string, (one: ScimDirectory, user: string) => Promise<{ readonly status: number }>>
      > = {
        "import users": (one) => one.get("/Users?startIndex=1&count=100"),
        "push new users": (one) => one.post("/Users", userBody("new")),
        "push profile updates": (one, user) => one.put(`/Users/${user}`, userBody("known", { title: "Captain" })),
        "push groups": (one, user) => one.post("/Groups", groupBody("Crew", [user])),
        "import groups": (one) => one.get("/Groups?startIndex=1&count=100"),
      };
      for (const [name, act] of Object.entries(actions)) {
        const directory = await service().connect({ manages: [name.includes("groups") ? "groups" : "users"] });
        await manage(directory, ["users"]);
        const user = await directory.user("known");
        await manage(directory, [name.includes("groups") ? "groups" : "users"]);
        expect((await act(directory, user)).status, name).to.be.oneOf([200, 201]);
      }
    });
  });
});
