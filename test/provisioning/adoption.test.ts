import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId, TenantId, UserId } from "../../src/model/ids.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import {
  createLocalGroup,
  deleteLocalGroup,
  undoGroupAdoption,
  updateLocalGroup,
} from "../../src/provisioning/local-groups.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import type { LocalProfile } from "../../src/provisioning/ports/documents.js";
import { startWorker } from "../../src/provisioning/runs/worker.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { postgresUrl } from "../store/postgres-server.js";
import { NO_WRITES } from "../store/world.js";
import { testClock } from "../support/clock.js";
import { scimGroup, scimUser } from "../support/people.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const RULES = {
  mappings: [
    { group_name: "Crew", team_name: "Ship", role_name: "sailor" },
    { when: "user.department = 'Sales'", team_name: "Sales", role_name: "viewer" },
  ],
};

for (const [name, newUrl] of [
  ["SQLite", async () => "sqlite::memory:"] as const,
  ["PostgreSQL", postgresUrl] as const,
]) {
  describe(`what stays behind of what was made by hand, on ${name}`, () => {
    const clock = testClock();
    let database: TestDatabase;
    let t: TenantInTest;
    let domain: string;
    let tenants = 0;
    before(async () => {
      database = await openDatabase({ databaseUrl: await newUrl(), with: clock.into });
    });
    after(() => database.close());
    beforeEach(async () => {
      domain = `stay${++tenants}.example`;
      t = await database.tenant({ domains: [domain] });
      await t.mapping(RULES);
      await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    });

    const local = async (userName: string, more: LocalProfile = {}): Promise<UserId> =>
      createLocalUser(t.p, await t.tenant(), { ...more, userName, email: userName }, ADMIN);
    const group = async (displayName: string, ...members: readonly UserId[]): Promise<DirectoryGroupId> =>
      createLocalGroup(t.p, await t.tenant(), { displayName, members }, ADMIN);

    it("keeps a person in their groups by hand when a connection takes them over, and in nothing that was merely typed", async () => {
      const ann = `ann@${domain}`;
      await group("Crew", await local(ann, { department: "Sales" }));
      expect(await t.holds(ann)).to.deep.equal(["Sales/viewer", "Ship/sailor"]);
      await t.pushUser("okta", ann);
      expect(await t.holds(ann)).to.deep.equal(["Ship/sailor"]);
    });

    it("judges groups by hand with what is pushed, and ends with the account", async () => {
      const ann = `ann@${domain}`;
      const rules = [{ group_name: "Crew", when: "user.title = 'Captain'", team_name: "Ship", role_name: "captain" }];
      await t.mapping({ mappings: rules });
      await group("Crew", await local(ann, { title: "Captain" }));
      const id = await t.pushUser("okta", ann, { attributes: { title: "Mate" } });
      expect(await t.holds(ann)).to.deep.equal([]);
      await t.pushUser("okta", ann, { id, attributes: { title: "Captain" } });
      expect(await t.holds(ann)).to.deep.equal(["Ship/captain"]);
      await t.change("okta", { kind: "deleteUser", id: id as DirectoryUserId });
      expect(await t.holds(ann)).to.equal("deactivated");
    });

    it("lets nobody escape `no_match` whom a live connection keeps: a group by hand that no rule names is no reason to stay", async () => {
      const rules = [{ group_name: "Crew", team_name: "Ship", role_name: "sailor" }];
      await t.mapping({
        mappings: [...rules, { when: "user.department = 'Sales'", team_name: "Sales", role_name: "viewer" }],
      });
      const [ann, ben, cem] = ["ann", "ben", "cem"].map((one) => `${one}@${domain}`) as [string, string, string];
      await group("Book club", await local(ann), await local(cem));
      await group("Crew", await local(ben));
      await t.change("okta", { kind: "upsertGroup", document: scimGroup("Pushed") });
      for (const one of [ann, ben]) await t.pushUser("okta", one, { attributes: { department: "Gone" } });
      await t.mapping({ mappings: rules, no_match: "deactivate" });
      clock.forward({ hours: 2 });
      await t.settled();
      expect([await t.holds(ann), await t.holds(ben)]).to.deep.equal(["deactivated", ["Ship/sailor"]]);
      expect(await t.holds(cem), "whom no connection keeps, admins keep").to.deep.equal([]);
    });

    it("can be taken out of a group by hand also when a connection keeps the person, and put back by none", async () => {
      const ann = `ann@${domain}`;
      const user = await local(ann);
      const crew = await group("Crew", user);
      await t.pushUser("okta", ann);
      await updateLocalGroup(t.p, await t.tenant(), crew, { removeMembers: [user] }, ADMIN);
      expect(await t.holds(ann)).to.deep.equal([]);
      const back = updateLocalGroup(t.p, await t.tenant(), crew, { addMembers: [user] }, ADMIN);
      expect(await back.catch(({ code }: { readonly code: string }) => code)).to.equal("unknown_member");
    });

    const switchOff = async (onDisable: "convert" | "deactivate") => {
      const tenant = await t.tenant();
      const { digest, summary } = await previewSync(t.p, tenant, "okta", { to: "off", onDisable });
      await updateConnection(t.p, tenant, "okta", { sync: "off", onDisable, digest }, ADMIN);
      await t.settled();
      return summary;
    };
    const touch = async (user: UserId) => {
      clock.forward({ hours: 1 });
      await updateLocalUser(t.p, await t.tenant(), user, { profile: { title: "Mate" } }, ADMIN);
      await t.settled();
    };
    for (const onDisable of ["convert", "deactivate"] as const) {
      it(`never comes back once the connection was live: a group taken over, switched off by \`${onDisable}\``, async () => {
        const ann = `ann@${domain}`;
        const user = await local(ann);
        await group("Crew", user);
        await t.change("okta", { kind: "upsertGroup", document: scimGroup("Crew") });
        expect(await t.holds(ann)).to.deep.equal([]);
        clock.forward({ hours: 60 * 24 });
        expect(await switchOff(onDisable)).to.include({ granted: 0, revoked: 0 });
        expect(await t.holds(ann)).to.deep.equal([]);
        await touch(user);
        expect(await t.holds(ann), "after the next touch").to.deep.equal([]);
      });
    }

    it("never comes back once the connection was live: attributes that were typed, until they are typed anew", async () => {
      const ann = `ann@${domain}`;
      const user = await local(ann, { department: "Sales" });
      await t.pushUser("okta", ann, { attributes: { department: "Finance" } });
      expect(await t.holds(ann)).to.deep.equal([]);
      clock.forward({ hours: 24 });
      expect(await switchOff("convert")).to.include({ granted: 0, revoked: 0 });
      await touch(user);
      expect(await t.holds(ann)).to.deep.equal([]);
      await updateLocalUser(t.p, await t.tenant(), user, { profile: { department: "Sales" } }, ADMIN);
      expect(await t.holds(ann), "typed since").to.deep.equal(["Sales/viewer"]);
    });

    it("counts at a connection that went back to test mode, for whom it took over since", async () => {
      const ann = `ann@${domain}`;
      clock.forward({ hours: 1 });
      await switchOff("convert");
      clock.forward({ hours: 1 });
      await updateConnection(t.p, await t.tenant(), "okta", { sync: "test" }, ADMIN);
      await group("Crew", await local(ann, { department: "Sales" }));
      await t.pushUser("okta", ann, { attributes: { department: "Finance" } });
      await t.change("okta", { kind: "upsertGroup", document: scimGroup("Crew") });
      expect(await t.holds(ann)).to.deep.equal(["Sales/viewer", "Ship/sailor"]);
    });

    for (const [days, outcome] of [
      [29, "done"],
      [31, "conflict"],
    ] as const) {
      it(`DS-20: a group's members can be brought back after ${days} days: ${outcome}`, async () => {
        const ann = `ann@${domain}`;
        const crew = await group("Crew", await local(ann));
        await t.change("okta", { kind: "upsertGroup", document: scimGroup("CREW") });
        expect(await t.holds(ann)).to.deep.equal([]);
        clock.forward({ hours: days * 24 });
        const undone = undoGroupAdoption(t.p, await t.tenant(), crew, ADMIN).then(() => "done");
        expect(await undone.catch(({ code }: { readonly code: string }) => code)).to.equal(outcome);
        expect(await t.holds(ann)).to.deep.equal(outcome === "done" ? ["Ship/sailor"] : []);
      });
    }

    it("is not brought back beside a group that an admin has made of that name since", async () => {
      const ann = `ann@${domain}`;
      const crew = await group("Crew", await local(ann));
      await t.change("okta", { kind: "upsertGroup", document: scimGroup("Crew") });
      const another = await group("CREW");
      const undo = async () => undoGroupAdoption(t.p, await t.tenant(), crew, ADMIN);
      expect(await undo().catch(({ code }: { readonly code: string }) => code)).to.equal("uniqueness");
      expect(await t.holds(ann)).to.deep.equal([]);
      await deleteLocalGroup(t.p, await t.tenant(), another, ADMIN);
      await undo();
      expect(await t.holds(ann)).to.deep.equal(["Ship/sailor"]);
    });

    /** Somebody made by hand as an earlier version left them. */
    const undescribed = async (tenant: TenantId, userName: string, email = userName) => {
      const now = clock.now();
      return t.p.store.write(tenant, async (tx) => {
        const made = (await tx.connections()).find(({ protocol }) => protocol === "local");
        if (made === undefined) throw new Error("no local connection");
        const user = await tx.insertPendingUser({ userName, email }, now);
        const attributes = { userName: { value: userName, at: now }, email: { value: email, at: now } };
        await tx.applyAccess({ ...NO_WRITES, statuses: [{ user, to: "registered" }] }, now);
        const claims = { attributes, claims: {}, at: now };
        const row = await tx.insertUserRow({ connection: made.id, user, linkedBy: "created", claims, userName }, now);
        return { user, row: row.id };
      });
    };

    it("is made up for everybody but those of whom it cannot be, and an admin is told of who is called like somebody pushed", async () => {
      const tenant = await t.tenant();
      const bad = await undescribed(tenant.id, "x".repeat(600), `x@${domain}`);
      const ann = await undescribed(tenant.id, `ann@${domain}`);
      const { id } = await t.connection("okta");
      const pushed = await t.p.store.write(tenant.id, async (tx) => {
        const now = clock.now();
        const user = await tx.insertPendingUser({ userName: `ann@${domain}` }, now);
        const scim = scimUser(`ann@${domain}`);
        const row = { connection: id, user, linkedBy: "created", scim, userName: scim.userName };
        return { user, row: (await tx.insertUserRow(row, now)).id };
      });
      const faults: unknown[] = [];
      const log = { fault: (event: string, _: unknown, about: object = {}) => faults.push([event, about]) };
      const upgraded = startWorker({ ...t.p, log });
      const items = async () => (await t.p.store.read(tenant.id).reviewItems({ limit: 10 })).items;
      for (; (await items()).length === 0; await sleep(5));
      await upgraded.stop();
      expect(faults).to.deep.include(["local_user.describe_failed", { tenant: tenant.id, user: bad.user }]);
      const adoptable = { connection: id, domains: [domain] };
      const seen = await t.p.store.read(tenant.id).directoryUsers(id, { offset: 0, limit: 10, adoptable });
      expect(seen.total, "the pushed one alone").to.equal(1);
      expect((await items()).map(({ kind, detail }) => [kind, detail])).to.deep.equal([
        ["same_user_name", { names: [`ann@${domain}`], candidates: [pushed.row], users: [ann.user, pushed.user] }],
      ]);
    });

    it("is made up for people made by hand in earlier versions in slices behind the start: from then on clients find them", async () => {
      const tenant = await t.tenant();
      const userName = `ann@${domain}`;
      const { row } = await undescribed(tenant.id, userName);
      const { id } = await t.connection("okta");
      const shown = () => t.p.store.read(tenant.id).directoryUser(id, row, { connection: id, domains: [domain] });
      expect(await shown()).to.equal(undefined);
      expect(await t.p.store.instance.tenantsToDescribe()).to.include(tenant.id);
      const upgraded = startWorker(t.p);
      for (; (await shown()) === undefined; await sleep(5));
      await upgraded.stop();
      expect(await t.p.store.instance.tenantsToDescribe()).not.to.include(tenant.id);
      expect((await shown())?.resource).to.include({ userName, active: true });
    });
  });
}
