import { expect } from "chai";
import type { JitMode } from "../../src/model/connection.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { testClock } from "../support/clock.js";
import { signInOf } from "../support/people.js";
import { expressionFault } from "../support/planted-fault.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAPPING = {
  mappings: [
    { group_name: "Marketing", team_name: "Marketing", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
  ],
};
const MARKETING = ["Marketing/editor"];
const SALES = ["Sales/viewer"];

describe("just-in-time provisioning", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: clock.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
  });

  async function connected(jit: JitMode): Promise<void> {
    await t.connect({ slug: "sso", protocol: "oidc", jit });
    await t.mapping(MAPPING);
    await t.settled();
  }

  it("lets a person in whose trace cannot be kept", async () => {
    await connected("every_sign_in");
    const observed = signInOf("ada", { groups: ["Sales"] });
    const message = { half: "\uD83D" };
    const signedIn = await signIn(t.p, {
      ...{ tenant: await t.tenant(), connection: await t.connection("sso") },
      ...{ observed, message },
    });
    expect(signedIn).to.include({ allowed: true, created: true });
    expect(await t.p.store.read((await t.tenant()).id).signInTrace(signedIn.reference)).to.equal(undefined);
    expect(await t.holds("ada")).to.deep.equal(SALES);
  });

  const modes: readonly [jit: JitMode, first: readonly string[] | "nobody", moved: readonly string[] | "nobody"][] = [
    ["off", "nobody", "nobody"],
    ["first_sign_in", MARKETING, MARKETING],
    ["every_sign_in", MARKETING, SALES],
  ];
  for (const [jit, first, moved] of modes) {
    it(`${jit}: a stranger's first sign-in, and the move to another group at the next (TIN-12, TIN-13, TIN-14)`, async () => {
      await connected(jit);
      await t.signIn("sso", "ada", { groups: ["Marketing"] });
      expect(await t.holds("ada")).to.deep.equal(first);
      await t.signIn("sso", "ada", { groups: ["Sales"] });
      expect(await t.holds("ada")).to.deep.equal(moved);
    });
  }

  it("off refuses strangers and leaves nothing behind", async () => {
    await connected("off");
    expect(await t.signIn("sso", "ada", { groups: ["Sales"] })).to.include({
      allowed: false,
      code: "provisioning_off",
    });
    expect(await t.p.store.read((await t.tenant()).id).countPeople()).to.equal(0);
  });

  it("off signs known people in, links them, and learns nothing from what they claim", async () => {
    await t.connect({ slug: "sso", protocol: "oidc", jit: "off", sync: "live" });
    await t.mapping(MAPPING);
    const ada = await t.pushUser("sso", "ada@acme.test");
    await t.pushGroup("sso", "Marketing", [ada]);
    const signedIn = await t.signIn("sso", "subject-1", { userName: "ADA@acme.test", groups: ["Sales"] });
    expect(signedIn).to.include({ allowed: true, created: false, user: await t.userId("ada@acme.test") });
    expect(await t.holds("ada@acme.test")).to.deep.equal(MARKETING);
    // Known by subject from now on, whatever the name says.
    const again = await t.signIn("sso", "subject-1", { userName: "renamed@acme.test", groups: ["Sales"] });
    expect(again).to.include({ allowed: true, user: await t.userId("ada@acme.test") });
  });

  it("first_sign_in takes the facts of a pushed person's first sign-in, and of no later one", async () => {
    await t.connect({ slug: "sso", protocol: "oidc", jit: "first_sign_in", sync: "live" });
    await t.mapping(MAPPING);
    await t.pushUser("sso", "ada@acme.test", { externalId: "ada" });
    await t.signIn("sso", "ada", { groups: ["Marketing"] });
    expect(await t.holds("ada@acme.test")).to.deep.equal(MARKETING);
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    expect(await t.holds("ada@acme.test")).to.deep.equal(MARKETING);
  });

  it("a sign-in that taught nothing is still judged by today's mapping", async () => {
    await connected("first_sign_in");
    await t.signIn("sso", "ada", { groups: ["Marketing"] });
    await t.mapping({ ...MAPPING, no_match: "deny", mappings: [MAPPING.mappings[1]] });
    await t.settled();
    expect(await t.signIn("sso", "ada", { groups: ["Sales"] })).to.include({ allowed: false, code: "not_assigned" });
  });

  it("the same person twice at the same moment is one person, and both get in", async () => {
    await connected("every_sign_in");
    const [one, two] = await Promise.all([
      t.signIn("sso", "ada", { groups: ["Sales"] }),
      t.signIn("sso", "ada", { groups: ["Sales"] }),
    ]);
    expect([one.allowed, two.allowed]).to.deep.equal([true, true]);
    expect(await t.p.store.read((await t.tenant()).id).countPeople()).to.equal(1);
  });

  describe("frozen people, known from a first sign-in alone,", () => {
    const EDIT = { mappings: [{ group_name: "Marketing", team_name: "Marketing", role_name: "team_admin" }] };

    beforeEach(async () => {
      await connected("first_sign_in");
      await t.signIn("sso", "ada", { groups: ["Marketing"] });
    });

    it("are left out of a mapping save, counted, and shown by a preview with what they gain later", async () => {
      const preview = await previewMapping(t.p, await t.tenant(), JSON.stringify(EDIT), {});
      const { items } = await preview.lines({ limit: 10 });
      expect(items.map(({ change, target, held }) => [change, target?.role, held])).to.deep.equal([
        ["grant", "team_admin", true],
      ]);
      const { summary, run } = await t.mapping(EDIT);
      expect(summary).to.include({ users: 1, changed: 0, granted: 0, held: 0, frozen: 1 });
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal(MARKETING);
      const done = await t.p.store.read((await t.tenant()).id).run(run);
      expect(done?.counts).to.include({ frozen: 1 });
    });

    it("are taken along when asked to, and by a later save too", async () => {
      await t.mapping(EDIT);
      await t.settled();
      const { summary, run } = await saveMapping(
        t.p,
        await t.tenant(),
        JSON.stringify(EDIT),
        { includeFrozen: true },
        ADMIN,
      );
      expect(summary).to.include({ changed: 1, granted: 1, revoked: 1, frozen: 0 });
      await t.settled();
      expect((await t.p.store.read((await t.tenant()).id).run(run))?.counts).to.deep.equal({ grant: 1, revoke: 1 });
      expect(await t.holds("ada")).to.deep.equal(["Marketing/team_admin"]);
    });

    it("thaw when the connection takes facts at every sign-in", async () => {
      await t.mapping(EDIT);
      await updateConnection(t.p, await t.tenant(), "sso", { jit: "every_sign_in" }, ADMIN);
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal(["Marketing/team_admin"]);
    });
  });
});

describe("a sign-in whose reconcile fails", () => {
  const fault = expressionFault();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: fault.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "sso", protocol: "oidc", mayGrantOwner: true });
    await t.mapping({ mappings: [{ when: "'Sales' in groups", team_name: "Sales", role_name: "viewer" }] });
    await t.settled();
  });
  afterEach(() => {
    fault.planted = false;
  });

  it("lets a known person in with the access they have, and catches up later", async () => {
    await t.signIn("sso", "ada", { groups: ["Sales"] });
    fault.planted = true;
    expect(await t.signIn("sso", "ada", { groups: [] })).to.include({ allowed: true, created: false });
    expect(await t.holds("ada")).to.deep.equal(SALES);
    expect(await t.person("ada")).to.include({ dirty: true });
  });

  it("tells a new person to come back, takes no seat, and lets them in once it works", async () => {
    fault.planted = true;
    expect(await t.signIn("sso", "ada", { groups: ["Sales"] })).to.include({ allowed: false, code: "expression_busy" });
    expect(await t.holds("ada")).to.equal("nobody");
    expect(await t.tenant()).to.include({ seatsUsed: 0 });
    fault.planted = false;
    expect(await t.signIn("sso", "ada", { groups: ["Sales"] })).to.include({ allowed: true, created: true });
    expect(await t.holds("ada")).to.deep.equal(SALES);
  });
});
