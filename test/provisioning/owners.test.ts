import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId, GrantId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { OWNER } from "../../src/model/target.js";
import { deleteConnection, updateConnection } from "../../src/provisioning/connections.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant, removeManualGrant } from "../../src/provisioning/manual-grants.js";
import { previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { previewRun, releaseRun } from "../../src/provisioning/runs/held-runs.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { postgresUrl } from "../store/postgres-server.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAPPING = { tenant_owners_groups: ["IT Admins"], no_match: "allow" } as const;
const OWNS = ["tenant/owner"];

for (const database of ["SQLite", "PostgreSQL"] as const) {
  describe(`W-9: owners of a tenant, on ${database}`, () => {
    const clock = testClock();
    let opened: TestDatabase;
    let t: TenantInTest;
    let root: DirectoryUserId;
    let admins: DirectoryGroupId;

    before(async () => {
      const databaseUrl = database === "SQLite" ? "sqlite::memory:" : await postgresUrl();
      opened = await openDatabase({ databaseUrl, with: clock.into });
    });
    after(() => opened.close());
    beforeEach(async () => {
      t = await opened.tenant();
      await t.connect({ slug: "okta", protocol: "oidc", sync: "live", settleSeconds: 0 });
      await t.mapping(MAPPING);
      root = await t.pushUser("okta", "root");
      admins = await t.pushGroup("okta", "IT Admins", [root]);
      await t.settled();
      expect(await t.holds("root")).to.deep.equal(OWNS);
    });

    async function another(userName = "second"): Promise<DirectoryUserId> {
      const id = await t.pushUser("okta", userName);
      await t.change("okta", { kind: "addMembers", group: admins, members: [id] });
      await t.settled();
      expect(await t.holds(userName)).to.deep.equal(OWNS);
      return id;
    }

    async function releaseHeld(): Promise<void> {
      const tenant = await t.tenant();
      const run = await t.heldRun("okta");
      const { digest } = await previewRun(t.p, tenant, run.id);
      await releaseRun(t.p, tenant, run.id, digest, ADMIN);
      await t.settled();
    }

    const code = (refused: unknown) => (refused instanceof Refusal ? refused.code : refused);

    /** Every way in which somebody's ownership can end. */
    const ways: readonly [way: string, end: () => Promise<unknown>][] = [
      ["a pushed deactivation", () => t.pushUser("okta", "root", { id: root, active: false })],
      ["a pushed deletion", () => t.change("okta", { kind: "deleteUser", id: root })],
      ["leaving the group", () => t.change("okta", { kind: "removeMembers", group: admins, members: [root] })],
      ["emptying the group", () => t.change("okta", { kind: "setMembers", group: admins, members: [] })],
      ["the group's end", () => t.change("okta", { kind: "deleteGroup", id: admins })],
      ["a mapping without owners", () => t.mapping({})],
      [
        "a mapping without owners, as previewed",
        async () => {
          const { digest } = await previewMapping(t.p, await t.tenant(), "{}", {});
          return saveMapping(t.p, await t.tenant(), "{}", { digest }, ADMIN);
        },
      ],
      [
        "the connection's loss of the right",
        async () => updateConnection(t.p, await t.tenant(), "okta", { mayGrantOwner: false }, ADMIN),
      ],
      [
        "the connection's end, as previewed",
        async () => {
          const tenant = await t.tenant();
          const { digest } = await previewSync(t.p, tenant, "okta", { to: "off", onDisable: "deactivate" });
          return deleteConnection(t.p, tenant, "okta", { onDisable: "deactivate", digest }, ADMIN);
        },
      ],
    ];
    for (const [way, end] of ways) {
      it(`keep the last one through ${way}`, async () => {
        await end();
        await t.settled();
        expect(await t.holds("root")).to.deep.equal(OWNS);
      });
    }

    it("keep the last one through the release of the run that holds them", async () => {
      await t.pushUser("okta", "root", { id: root, active: false });
      expect(await t.held("okta")).to.deep.equal({ root: "last_owner" });
      const { id } = await t.heldRun("okta");
      await releaseHeld();
      expect(await t.holds("root")).to.deep.equal(OWNS);
      expect(await t.held("okta")).to.deep.equal({ root: "last_owner" });
      const run = await t.p.store.read((await t.tenant()).id).run(id);
      expect(run).to.include({ status: "done", done: 0 });
      expect(run?.counts).to.deep.equal({ last_owner: 1 });
    });

    it("wait for the reason that is true now, and go by themselves when there are two others", async () => {
      await t.pushUser("okta", "root", { id: root, active: false });
      expect(await t.held("okta")).to.deep.equal({ root: "last_owner" });
      const run = await t.heldRun("okta");
      await another("second");
      expect(await t.held("okta")).to.deep.equal({ root: "second_to_last_owner" });
      expect((await t.heldRun("okta")).id).to.equal(run.id);
      expect((await t.heldRun("okta")).total).to.equal(1);
      expect(await t.holds("root")).to.deep.equal(OWNS);
      await another("third");
      expect(await t.holds("root")).to.equal("deactivated");
      const reader = t.p.store.read((await t.tenant()).id);
      expect((await reader.run(run.id))?.status).to.equal("done");
    });

    it("let the former last one go once there is another, when the run is released", async () => {
      await t.pushUser("okta", "root", { id: root, active: false });
      await another("second");
      await releaseHeld();
      expect(await t.holds("root")).to.equal("deactivated");
    });

    it("are looked at again when an owner goes who was made by hand", async () => {
      await t.pushUser("okta", "root", { id: root, active: false });
      await createLocalUser(t.p, await t.tenant(), { userName: "local" }, ADMIN);
      const local = await t.userId("local");
      const grant = { target: OWNER, reason: "break glass" };
      const id = await addManualGrant(t.p, await t.tenant(), local, grant, ADMIN);
      await t.settled();
      expect(await t.held("okta")).to.deep.equal({ root: "second_to_last_owner" });
      await removeManualGrant(t.p, await t.tenant(), local, id, ADMIN);
      t.p.wake();
      await t.settled();
      expect(await t.held("okta")).to.deep.equal({ root: "last_owner" });
    });

    it("keep the second to last until somebody has looked", async () => {
      await another();
      await t.pushUser("okta", "root", { id: root, active: false });
      expect(await t.held("okta")).to.deep.equal({ root: "second_to_last_owner" });
      expect(await t.holds("root")).to.deep.equal(OWNS);
      await releaseHeld();
      expect(await t.holds("root")).to.equal("deactivated");
      expect(await t.holds("second")).to.deep.equal(OWNS);
    });

    it("go freely while two others stay", async () => {
      await another("second");
      await another("third");
      await t.pushUser("okta", "root", { id: root, active: false });
      expect(await t.holds("root")).to.equal("deactivated");
    });

    it("keep one of two who are deactivated at the same moment", async () => {
      const second = await another();
      await Promise.all([
        t.pushUser("okta", "root", { id: root, active: false }),
        t.pushUser("okta", "second", { id: second, active: false }),
      ]);
      await t.settled();
      const owners = [await t.holds("root"), await t.holds("second")].filter((held) => held !== "deactivated");
      expect(owners).to.deep.include(OWNS);
      await releaseHeld();
      const left = [await t.holds("root"), await t.holds("second")].filter((held) => held !== "deactivated");
      expect(left).to.deep.equal([OWNS]);
    });

    describe("made by hand", () => {
      async function byHand(userName: string, expiresAt?: string): Promise<GrantId> {
        const grant = { target: OWNER, reason: "break glass", ...(expiresAt === undefined ? {} : { expiresAt }) };
        return addManualGrant(t.p, await t.tenant(), await t.userId(userName), grant, ADMIN);
      }

      it("count as owners: the one from the IdP may go then, once somebody has looked", async () => {
        await createLocalUser(t.p, await t.tenant(), { userName: "local" }, ADMIN);
        await byHand("local");
        await t.pushUser("okta", "root", { id: root, active: false });
        expect(await t.held("okta")).to.deep.equal({ root: "second_to_last_owner" });
      });

      it("keep the last one through removal by hand, deactivation by hand, and by both at once", async () => {
        const tenant = await t.tenant();
        const local = await createLocalUser(t.p, tenant, { userName: "local" }, ADMIN);
        const grant = await byHand("local");
        await t.change("okta", { kind: "removeMembers", group: admins, members: [root] });
        await releaseHeld();
        expect(await t.holds("root")).to.deep.equal([]);
        const refusals = await Promise.all([
          removeManualGrant(t.p, tenant, local, grant, ADMIN).catch(code),
          updateLocalUser(t.p, tenant, local, { active: false }, ADMIN).catch(code),
        ]);
        expect(refusals).to.deep.equal(["last_owner", "last_owner"]);
        expect(await t.holds("local")).to.deep.equal(OWNS);
      });

      it("keep the last one when the grant's time is over, and take it once there is another", async () => {
        await createLocalUser(t.p, await t.tenant(), { userName: "local" }, ADMIN);
        await byHand("local", new Date(Date.parse(clock.now()) + 3_600_000).toISOString());
        await t.change("okta", { kind: "removeMembers", group: admins, members: [root] });
        await releaseHeld();
        clock.forward({ hours: 2 });
        await t.settled();
        expect(await t.holds("local")).to.deep.equal(OWNS);
        await another("third");
        clock.forward({ hours: 24 });
        await t.settled();
        expect(await t.holds("local")).to.deep.equal([]);
      });

      it("do not end with the group that gave the same", async () => {
        await byHand("root");
        await t.change("okta", { kind: "removeMembers", group: admins, members: [root] });
        expect(await t.holds("root")).to.deep.equal(OWNS);
        expect(await t.held("okta")).to.deep.equal({});
      });
    });
  });
}
