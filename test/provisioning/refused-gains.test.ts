import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import type { PlanLine } from "../../src/model/plan.js";
import type { Refusal } from "../../src/model/problem.js";
import { HELD_BECAUSE } from "../../src/provisioning/brake.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { FROZEN } from "../../src/provisioning/preview/as-applied.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { signInOf } from "../support/people.js";
import { smallBrake } from "../support/small-brake.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

const EVERYONE = { mappings: [{ everyone: true, team_name: "All", role_name: "viewer" }] };

describe("doors that must not open by a side entrance", () => {
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant();
  });

  afterEach(() => t.close());

  it("holds an unverified e-mail against allowed domains, although it is good for nothing else", async () => {
    const connection = await t.connect({ slug: "sso", protocol: "oidc", allowedDomains: ["acme.test"] });
    await t.mapping(EVERYONE);
    const observed = { ...signInOf("eve"), claimedEmail: "eve@evil.test" };
    const outcome = await signIn(t.p, { tenant: await t.tenant(), connection, observed });
    expect(outcome).to.include({ allowed: false, code: "foreign_domain" });
    expect(await t.holds("eve")).to.equal("nobody");
  });

  it("does not refill the brake when a broken push is taken back, and ends the held run that is empty by then", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    const names = Array.from({ length: 20 }, (_, at) => `p${at}@acme.test`);
    const ids: DirectoryUserId[] = [];
    for (const name of names) ids.push(await t.pushUser("okta", name));
    const turn = async (active: boolean, count: number) => {
      for (const [at, id] of ids.slice(0, count).entries()) await t.pushUser("okta", names[at] ?? "", { id, active });
    };
    const leavers = async () => {
      const states = await Promise.all(names.map((name) => t.holds(name)));
      return states.filter((state) => state === "deactivated").length;
    };
    await turn(false, 20);
    expect(await leavers()).to.equal(10);
    const held = await explainUser(t.p, await t.tenant(), await t.userId("p19@acme.test"));
    expect(held.hold).to.include({ status: "held", reason: "brake_deactivations" });
    await turn(true, 20);
    expect(await leavers()).to.equal(0);
    const { items } = await t.p.store.read((await t.tenant()).id).runs({ limit: 10 });
    expect(items.map((run) => [run.trigger, run.status])).to.deep.include(["held", "done"]);
    await turn(false, 15);
    expect(await leavers()).to.equal(0);
  });

  describe("of people who wait: what they would gain is in the review", () => {
    const OWNERS = { group_name: "Owners", scope: "tenant", role_name: "owner" };
    const ALL = { everyone: true, team_name: "All", role_name: "viewer" };
    beforeEach(async () => {
      await t.close();
      t = await openTenant({ with: smallBrake });
    });

    const joins = async (slug: string, group: DirectoryGroupId, eve: DirectoryUserId) => {
      await t.change(slug, { kind: "addMembers", group, members: [eve] });
      await t.settled();
    };
    /** How eve comes to wait, at which connection and why; it answers with how she comes to gain what the draft gives. */
    const ways: readonly (readonly [
      string,
      slug: string,
      reason: string,
      summary: object,
      () => Promise<() => Promise<void>>,
    ])[] = [
      [
        "for a seat",
        "trial",
        HELD_BECAUSE.no_seat,
        { held: 1, frozen: 0 },
        async () => {
          await t.connect({ slug: "trial", protocol: "scim", sync: "test", mayGrantOwner: true, settleSeconds: 0 });
          const eve = await t.pushUser("trial", "eve");
          const group = await t.pushGroup("trial", "Owners");
          await updateTenant(t.p, await t.tenant(), { seats: 1 }, ADMIN);
          const { digest } = await previewSync(t.p, await t.tenant(), "trial", { to: "live" });
          await goLive(t.p, await t.tenant(), "trial", digest, ADMIN);
          await t.settled();
          expect(await t.held("trial")).to.deep.equal({ eve: "no_seat" });
          return () => joins("trial", group, eve);
        },
      ],
      [
        "in a hold",
        "okta",
        HELD_BECAUSE.brake_access,
        { held: 1, frozen: 0 },
        async () => {
          const lost = await t.pushGroup("okta", "Lost");
          const more = { group_name: "Lost", team_name: "Lost", role_name: "viewer" };
          await t.mapping({ mappings: [ALL, more] });
          const people: DirectoryUserId[] = [];
          for (const name of ["eve", "p1", "p2", "p3"]) people.push(await t.pushUser("okta", name));
          await t.change("okta", { kind: "addMembers", group: lost, members: people });
          await t.settled();
          await t.change("okta", { kind: "removeMembers", group: lost, members: people.slice(1) });
          await t.change("okta", { kind: "removeMembers", group: lost, members: people.slice(0, 1) });
          await t.settled();
          expect(await t.held("okta")).to.deep.equal({ eve: "brake_access" });
          const group = await t.pushGroup("okta", "Owners");
          return () => joins("okta", group, people[0] as DirectoryUserId);
        },
      ],
      [
        "for the next sign-in",
        "once",
        FROZEN,
        { held: 0, frozen: 1 },
        async () => {
          await t.connect({ slug: "once", protocol: "oidc", jit: "first_sign_in", mayGrantOwner: true });
          return async () => {
            await t.signIn("once", "eve", { groups: ["Owners"] });
          };
        },
      ],
    ];
    for (const [how, slug, reason, summary, wait] of ways) {
      it(`${how}, and plan_changed names who was not in it`, async () => {
        await t.connect({ slug: "okta", protocol: "scim", sync: "live", mayGrantOwner: true, settleSeconds: 0 });
        await t.mapping({ mappings: [ALL] });
        await t.pushUser("okta", "root");
        await t.settled();
        const gains = await wait();
        const draft = JSON.stringify({ mappings: [ALL, { ...OWNERS, connections: [slug] }] });
        const before = await previewMapping(t.p, await t.tenant(), draft, {});
        expect((await before.lines({ limit: 10 })).items.filter(({ privileged }) => privileged)).to.deep.equal([]);
        await gains();
        const refused = await saveMapping(t.p, await t.tenant(), draft, { digest: before.digest }, ADMIN).catch(
          (error: unknown) => error,
        );
        expect(refused).to.have.property("code", "plan_changed");
        const after = await previewMapping(t.p, await t.tenant(), draft, {});
        expect(after.summary).to.deep.include({ ...summary, granted: 0, privileged: { granted: 0, revoked: 0 } });
        const { items } = await after.lines({ limit: 10 });
        const lines = items.filter(({ privileged }) => privileged);
        const told = (all: readonly PlanLine[]) =>
          all.map(({ user, change, target, ...rest }) => [user.userName, change, target?.role, rest.reason, rest.held]);
        expect(told(lines)).to.deep.equal([["eve", "grant", "owner", reason, true]]);
        expect(told((refused as Refusal).detail["changes"] as readonly PlanLine[])).to.deep.equal(told(lines));
        const user = (await t.person("eve")).id;
        const { changes } = await tryPerson(t.p, await t.tenant(), { user, document: draft });
        expect(told(changes)).to.have.deep.members(told(items.filter(({ user }) => user.userName === "eve")));
        await saveMapping(t.p, await t.tenant(), draft, { digest: after.digest }, ADMIN);
      });
    }
  });

  it("holds a draft's invariants against the people there are, and names one who would break them", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.pushGroup("okta", "Contractors", [await t.pushUser("okta", "eve@acme.test")]);
    const draft = {
      mappings: [{ group_name: "Contractors", scope: "tenant", role_name: "admin" }],
      invariants: [{ name: "no contractor is an admin", never: "target.role = 'admin' and 'Contractors' in groups" }],
    };
    const preview = await previewMapping(t.p, await t.tenant(), JSON.stringify(draft), {});
    expect(preview.problems.map(({ message }) => message).join()).to.include("`eve@acme.test` would be given");
    const saved = await t.mapping(draft).catch((error: unknown) => error);
    expect(saved).to.have.property("code", "invalid_document");
  });
});
