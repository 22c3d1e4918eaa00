import { expect } from "chai";
import type { DirectoryUserId, UserId } from "../../src/model/ids.js";
import { targetLabel } from "../../src/model/target.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { eraseUser } from "../../src/provisioning/erasure/erase-user.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant, removeManualGrant } from "../../src/provisioning/manual-grants.js";
import {
  createServiceAccount,
  type NewServiceAccount,
  removeServiceAccount,
  type ServiceAccountChange,
  updateServiceAccount,
} from "../../src/provisioning/service-accounts.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { authenticateToken, createToken } from "../../src/provisioning/tokens.js";
import { postgresUrl } from "../store/postgres-server.js";
import { expectRefusal } from "../store/world.js";
import { testClock } from "../support/clock.js";
import { scimServiceAccount } from "../support/scim-service-account.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

const ROLES = { scim_roles: [{ type: "account_type", values: ["admin", "viewer"], scope: "tenant" }] };
const IS_ADMIN = [{ type: "account_type", value: "admin" }];
const TENANT_ADMIN = { scope: "tenant", role: "admin" };

const DATABASES: readonly (readonly [name: string, url: () => Promise<string>])[] = [
  ["SQLite", async () => "sqlite::memory:"],
  ["PostgreSQL", postgresUrl],
];

for (const [name, url] of DATABASES) {
  describe(`service accounts, on ${name}`, () => {
    let clock = testClock();
    let t: TestTenant;
    beforeEach(async () => {
      clock = testClock();
      t = await openTenant({ databaseUrl: await url(), with: clock.into });
      await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
      await t.mapping(ROLES);
      await t.settled();
    });
    afterEach(() => t.close());

    const inHours = (hours: number) => new Date(Date.parse(clock.now()) + hours * 3_600_000).toISOString();
    const make = async (more: Partial<NewServiceAccount> = {}) =>
      createServiceAccount(t.p, await t.tenant(), { name: "ci", ...more }, ADMIN);
    const change = async (id: UserId, said: ServiceAccountChange) =>
      updateServiceAccount(t.p, await t.tenant(), id, said, ADMIN);
    const shown = async (id: UserId) => {
      const row = await t.p.store.read((await t.tenant()).id).serviceAccount(id);
      if (!row) throw new Error("no such service account");
      return { ...row, holds: row.assignments.map(targetLabel) };
    };
    const push = async (more: Parameters<typeof scimServiceAccount>[1] = {}, id?: DirectoryUserId) => {
      const document = scimServiceAccount("robot", more);
      const { rows } = await t.change("okta", { kind: "upsertServiceAccount", document, ...(id && { id }) });
      return rows[0]?.id as DirectoryUserId;
    };
    const robot = async () => (await t.person("robot")).id;
    const token = async (serviceAccount: string) =>
      (await createToken(t.p, await t.tenant(), "okta", { name: "t", serviceAccount }, ADMIN)).token;
    const isGood = (clear: string) =>
      authenticateToken(t.p, clear, "127.0.0.1").then(
        () => true,
        ({ code }: { readonly code: string }) => code,
      );
    const events = async () => {
      await t.settled();
      return t.p.store.read((await t.tenant()).id).events({ after: 0, limit: 1000 });
    };
    const typesOf = async (user: UserId) => (await events()).filter((one) => one.user === user).map(({ type }) => type);

    it("TEC-25: are made by hand with an owner, an end and roles, and without a seat", async () => {
      const owner = await createLocalUser(t.p, await t.tenant(), { userName: "ada" }, ADMIN);
      const before = (await t.tenant()).seatsUsed;
      const id = await make({ owner: "ADA", description: "builds", expiresAt: inHours(1), roles: [TENANT_ADMIN] });
      expect(await shown(id)).to.deep.include({
        ...{ userName: "ci", displayName: "ci", description: "builds", expiresAt: inHours(1), status: "registered" },
        owner: { id: owner, userName: "ada", displayName: null, active: true },
        ...{ synced: false, holds: ["tenant/admin"] },
      });
      expect((await t.tenant()).seatsUsed).to.equal(before);
      expect(await typesOf(id)).to.deep.equal(["service_account.created", "grant.added"]);
      await expectRefusal(make({ name: "CI" }), "uniqueness");
    });

    it("survive every save of the mapping with what they hold", async () => {
      const id = await make({ roles: [TENANT_ADMIN] });
      const mappings = [{ everyone: true, team_name: "All", role_name: "viewer" }];
      const { summary } = await t.mapping({ ...ROLES, mappings, no_match: "deactivate", default_team: "X" });
      await t.settled();
      expect([summary.deactivated, (await shown(id)).status, (await shown(id)).holds]).to.deep.equal([
        ...[0, "registered"],
        ["tenant/admin"],
      ]);
    });

    it("have owners who are registered persons", async () => {
      const ada = await createLocalUser(t.p, await t.tenant(), { userName: "ada" }, ADMIN);
      await updateLocalUser(t.p, await t.tenant(), ada, { active: false }, ADMIN);
      await expectRefusal(make({ owner: "ada" }), "conflict");
      await expectRefusal(make({ owner: "nobody" }), "not_found");
      const id = await make();
      await expectRefusal(make({ name: "cd", owner: id }), "conflict");
      await expectRefusal(change(id, { owner: id }), "conflict");
    });

    it("never own the tenant, by hand either", async () => {
      const owner = { scope: "tenant", role: "owner" };
      const id = await make();
      await expectRefusal(addManualGrant(t.p, await t.tenant(), id, { target: owner, reason: "r" }, ADMIN), "conflict");
      await expectRefusal(make({ name: "cd", roles: [TENANT_ADMIN, owner] }), "conflict");
      expect(
        (await t.p.store.read((await t.tenant()).id).serviceAccounts({ limit: 9 })).items,
        "all or nothing",
      ).to.have.length(1);
    });

    it("are flagged when their owner is deactivated, with an event, and go on", async () => {
      const ada = await t.pushUser("okta", "ada");
      await push({ owner: ada, roles: IS_ADMIN });
      const mine = await make({ owner: "ada" });
      await t.pushUser("okta", "ada", { id: ada, active: false });
      for (const id of [await robot(), mine]) {
        expect(await shown(id)).to.deep.include({ status: "registered" });
        expect((await shown(id)).owner).to.include({ userName: "ada", active: false });
      }
      const [told, again] = (await events()).filter(({ type }) => type === "service_account.owner_inactive");
      expect([told, again].map((one) => one?.user)).to.have.members([mine, await robot()]);
      expect(told?.data["owner"]).to.equal(await t.userId("ada"));
      await t.pushUser("okta", "ada", { id: ada, active: true });
      expect((await shown(mine)).owner).to.include({ active: true });
    });

    it("end at their time, whoever pushed or made them, with all that they hold, past any brake", async () => {
      const settings = { ...t.p.settings.brake, deactivationsFloor: 0, deactivationsShare: 0 };
      Object.assign(t.p.settings.brake, settings);
      await push({ roles: IS_ADMIN, expiresAt: inHours(1) });
      const mine = await make({ expiresAt: inHours(1), roles: [TENANT_ADMIN] });
      clock.forward({ minutes: 59 });
      await t.settled();
      expect([(await shown(mine)).status, (await shown(await robot())).status]).to.deep.equal([
        "registered",
        "registered",
      ]);
      clock.forward({ minutes: 2 });
      await t.settled();
      for (const id of [mine, await robot()]) {
        expect(await shown(id)).to.deep.include({ status: "deactivated", assignments: [] });
        expect(await typesOf(id)).to.include("service_account.deactivated");
      }
      expect((await t.person("ci")).deactivatedBy).to.equal("expired");
    });

    it("do not come back by a push or by hand while their time is over, and do by a later end", async () => {
      const row = await push({ roles: IS_ADMIN, expiresAt: inHours(1) });
      const mine = await make({ expiresAt: inHours(1) });
      clock.forward({ hours: 2 });
      await t.settled();
      await push({ roles: IS_ADMIN, expiresAt: inHours(-1), description: "changed" }, row);
      expect((await shown(await robot())).status).to.equal("deactivated");
      await expectRefusal(change(mine, { active: true }), "conflict");
      await push({ roles: IS_ADMIN, expiresAt: inHours(1) }, row);
      expect(await shown(await robot())).to.deep.include({ status: "registered", holds: ["tenant/admin"] });
      await change(mine, { active: true, expiresAt: null });
      expect((await shown(mine)).status).to.equal("registered");
      expect(await typesOf(await robot())).to.include("service_account.reactivated");
    });

    it("are another version for SCIM once their time is over, unless they were written since", async () => {
      const row = await push({ roles: IS_ADMIN, expiresAt: inHours(1) });
      const version = async () => {
        await t.settled();
        const { id } = await t.tenant();
        const [connection] = (await t.p.store.read(id).connections()).filter(({ slug }) => slug === "okta");
        if (!connection) throw new Error("no connection");
        return (await t.p.store.read(id).directoryServiceAccount(connection.id, row))?.version;
      };
      expect(await version()).to.equal(1);
      clock.forward({ hours: 2 });
      expect(await version()).to.equal(2);
      await push({ roles: IS_ADMIN, expiresAt: inHours(-1), description: "changed" }, row);
      expect(await version()).to.equal(3);
    });

    it("end at the time that was said last", async () => {
      const mine = await make({ expiresAt: inHours(1) });
      await change(mine, { expiresAt: inHours(5) });
      clock.forward({ hours: 2 });
      await t.settled();
      expect((await shown(mine)).status).to.equal("registered");
      await change(mine, { expiresAt: null });
      clock.forward({ hours: 9 });
      await t.settled();
      expect((await shown(mine)).status).to.equal("registered");
    });

    it("that were pushed are changed in the identity provider alone, until it keeps them no more", async () => {
      await push({ roles: IS_ADMIN });
      await t.pushUser("okta", "ada", { roles: IS_ADMIN });
      const id = await robot();
      await expectRefusal(change(id, { description: "x" }), "read_only");
      await expectRefusal(removeServiceAccount(t.p, await t.tenant(), id, ADMIN), "read_only");
      const off = { to: "off", onDisable: "convert" } as const;
      const { digest } = await previewSync(t.p, await t.tenant(), "okta", off);
      await updateConnection(t.p, await t.tenant(), "okta", { sync: "off", onDisable: "convert", digest }, ADMIN);
      await t.settled();
      expect(await shown(id)).to.deep.include({ status: "registered", synced: false, holds: ["tenant/admin"] });
      expect(await t.holds("ada"), "of a person, too").to.deep.equal(["tenant/admin"]);
      await change(id, { expiresAt: inHours(1) });
      clock.forward({ hours: 2 });
      await t.settled();
      expect((await shown(id)).status).to.equal("deactivated");
    });

    it("are deactivated with everybody else where a switch to off says so", async () => {
      await push({ roles: IS_ADMIN });
      const id = await robot();
      const { digest, summary } = await previewSync(t.p, await t.tenant(), "okta", {
        to: "off",
        onDisable: "deactivate",
      });
      expect(summary.deactivated).to.equal(1);
      await updateConnection(t.p, await t.tenant(), "okta", { sync: "off", onDisable: "deactivate", digest }, ADMIN);
      await t.settled();
      expect(await shown(id)).to.deep.include({ status: "deactivated", assignments: [] });
    });

    it("are removed by admins: ended, out of the lists, and in the history", async () => {
      const id = await make({ roles: [TENANT_ADMIN] });
      await removeServiceAccount(t.p, await t.tenant(), id, ADMIN);
      const reader = t.p.store.read((await t.tenant()).id);
      expect(await reader.serviceAccount(id)).to.equal(undefined);
      expect((await reader.people([id]))[0]).to.include({ status: "deactivated" });
      expect((await reader.grantHistory(id)).map(({ endReason }) => endReason)).to.deep.equal(["removed by an admin"]);
      await expectRefusal(removeServiceAccount(t.p, await t.tenant(), id, ADMIN), "not_found");
      await make();
    });

    it("that SCIM deleted can be removed by an admin, and not be changed", async () => {
      const row = await push({ roles: IS_ADMIN });
      const id = await robot();
      await t.change("okta", { kind: "deleteServiceAccount", id: row });
      expect((await shown(id)).status).to.equal("deactivated");
      await expectRefusal(change(id, { active: true }), "conflict");
      await removeServiceAccount(t.p, await t.tenant(), id, ADMIN);
      await expectRefusal(
        shown(id).catch(() => change(id, { active: true })),
        "not_found",
      );
    });

    it("are changed and shown as they were changed, and as persons never", async () => {
      const id = await make({ description: "a", expiresAt: inHours(1) });
      await change(id, { displayName: "CI", description: null, owner: null });
      expect(await shown(id))
        .to.include({ displayName: "CI", expiresAt: inHours(1) })
        .and.not.have.property("description");
      expect((await t.person("ci")).displayName).to.equal("CI");
      expect(await typesOf(id)).to.deep.equal(["service_account.created", "service_account.updated"]);
      const tenant = await t.tenant();
      await change(id, { active: false });
      await expectRefusal(eraseUser(t.p, tenant, id, "asked", ADMIN), "not_found");
      await expectRefusal(updateLocalUser(t.p, tenant, id, { active: true }, ADMIN), "not_found");
    });

    it("renamed by their source are called so", async () => {
      const row = await push();
      await push({ displayName: "Robot two" }, row);
      expect(await t.person("robot")).to.include({ displayName: "Robot two" });
      expect(await typesOf(await robot()))
        .to.include("service_account.updated")
        .and.not.include("user.updated");
    });

    describe("and their tokens", () => {
      it("TEC-24, TEC-31: are refused to an account without an admin role, with what to do, and good with one", async () => {
        const id = await make({
          roles: [
            { scope: "tenant", role: "auditor" },
            { scope: "all_teams", role: "admin" },
          ],
        });
        await expectRefusal(token("ci"), "conflict");
        await expectRefusal(token("nobody"), "not_found");
        await addManualGrant(t.p, await t.tenant(), id, { target: TENANT_ADMIN, reason: "r" }, ADMIN);
        expect(await isGood(await token("CI"))).to.equal(true);
        expect(await isGood(await token(id))).to.equal(true);
      });

      const endings: readonly (readonly [string, (id: UserId) => Promise<unknown>])[] = [
        ["is deactivated", (id) => change(id, { active: false })],
        ["is removed", async (id) => removeServiceAccount(t.p, await t.tenant(), id, ADMIN)],
        [
          "loses its admin role",
          async (id) => {
            const [grant] = (await t.person("ci")).grants;
            if (grant) await removeManualGrant(t.p, await t.tenant(), id, grant.id, ADMIN);
          },
        ],
        ["has come to its end, whether or not anybody has noticed", async () => clock.forward({ hours: 3 })],
      ];
      for (const [what, end] of endings) {
        it(`TEC-24: end at once when the account ${what}`, async () => {
          const id = await make({ roles: [TENANT_ADMIN], expiresAt: inHours(2) });
          const good = await token("ci");
          expect(await isGood(good)).to.equal(true);
          await end(id);
          expect(await isGood(good)).to.equal("unauthorized");
        });
      }

      it("stay dead when the account comes back, and a new one is good", async () => {
        const id = await make({ roles: [TENANT_ADMIN] });
        const old = await token("ci");
        await change(id, { active: false });
        await expectRefusal(token(id), "conflict");
        await change(id, { active: true });
        await addManualGrant(t.p, await t.tenant(), id, { target: TENANT_ADMIN, reason: "r" }, ADMIN);
        expect(await isGood(old)).to.equal("unauthorized");
        expect(await isGood(await token("ci"))).to.equal(true);
      });

      const byScim: readonly (readonly [string, (row: DirectoryUserId) => Promise<unknown>])[] = [
        ["active: false", (row) => push({ roles: IS_ADMIN, active: false }, row)],
        ["a DELETE", (row) => t.change("okta", { kind: "deleteServiceAccount", id: row })],
      ];
      for (const [what, end] of byScim) {
        it(`SEC-05: of a pushed account end with ${what}, past any brake, also where a role waits behind it`, async () => {
          const row = await push({ roles: IS_ADMIN });
          const id = await robot();
          const good = await token("robot");
          const none = { deactivationsFloor: 0, deactivationsShare: 0, accessFloor: 0, accessShare: 0 };
          Object.assign(t.p.settings.brake, { ...t.p.settings.brake, ...none });
          await push({}, row);
          await t.settled();
          expect((await shown(id)).holds, "the role waits as a person's does").to.deep.equal(["tenant/admin"]);
          expect(await isGood(good)).to.equal(true);
          await end(row);
          await t.settled();
          expect(await isGood(good)).to.equal("unauthorized");
          expect(await shown(id)).to.deep.include({ status: "deactivated", holds: [] });
          expect((await t.person("robot")).hold).to.equal(undefined);
        });
      }

      it("of a pushed account end with what SCIM says of it", async () => {
        const row = await push({ roles: IS_ADMIN });
        const good = await token("robot");
        expect(await isGood(good)).to.equal(true);
        await push({ roles: [{ type: "account_type", value: "viewer" }] }, row);
        expect(await isGood(good)).to.equal("unauthorized");
        await push({ roles: IS_ADMIN }, row);
        expect(await isGood(good)).to.equal(true);
        await t.change("okta", { kind: "deleteServiceAccount", id: row });
        expect(await isGood(good)).to.equal("unauthorized");
      });
    });
  });
}
