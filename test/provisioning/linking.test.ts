import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { updateLocalUser } from "../../src/provisioning/local-users.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAPPING = {
  no_match: "allow",
  mappings: [{ group_name: "Engineering", team_name: "Platform", role_name: "editor" }],
};
const KELVIN = "\u212A";

describe("linking inside one connection", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: clock.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "oidc", sync: "live" });
    await t.mapping(MAPPING);
  });

  const people = async (): Promise<number> => t.p.store.read((await t.tenant()).id).countPeople();
  const remove = (id: DirectoryUserId) => t.change("okta", { kind: "deleteUser", id });

  describe("a sign-in of somebody who was pushed", () => {
    const table: readonly [
      threat: string,
      pushed: { userName: string; externalId?: string },
      signIn: { subject: string; userName: string; externalIds?: readonly string[] },
      linked: boolean,
    ][] = [
      [
        "is theirs by the subject that SCIM sends as externalId",
        { userName: "ada@acme.test", externalId: "s1" },
        { subject: "s1", userName: "else" },
        true,
      ],
      [
        "is theirs by another lasting id",
        { userName: "ada@acme.test", externalId: "oid-1" },
        { subject: "s1", userName: "else", externalIds: ["oid-1"] },
        true,
      ],
      [
        "is theirs by user name, ASCII letter case aside",
        { userName: "Ada@Acme.test" },
        { subject: "s1", userName: "aDA@acme.TEST" },
        true,
      ],
      ["is not theirs by a part of the name", { userName: "ada@acme.test" }, { subject: "s1", userName: "ada" }, false],
      [
        "is not theirs when the externalId differs in letter case",
        { userName: "x", externalId: "S1" },
        { subject: "s1", userName: "y" },
        false,
      ],
      [
        "is not theirs by a look-alike: the KELVIN SIGN is no k",
        { userName: "kate@acme.test" },
        { subject: "s1", userName: `${KELVIN}ate@acme.test` },
        false,
      ],
      [
        "is not theirs by letters beyond ASCII at all, equal though they look",
        { userName: "jos\u00e9@acme.test" },
        { subject: "s1", userName: "jos\u00e9@acme.test" },
        false,
      ],
      ["is not theirs by an empty name", { userName: "ada" }, { subject: "s1", userName: "" }, false],
    ];
    for (const [threat, { userName, externalId }, { subject, ...signIn }, linked] of table) {
      it(threat, async () => {
        await t.pushUser("okta", userName, externalId === undefined ? {} : { externalId });
        const pushed = (await t.person(userName)).id;
        const outcome = await t.signIn("okta", subject, { ...signIn, groups: [] });
        expect(outcome.allowed && outcome.user === pushed).to.equal(linked);
        expect(await people()).to.equal(linked ? 1 : 2);
      });
    }

    it("links once: a second subject with the same name is a case for an admin, and no second account", async () => {
      await t.pushUser("okta", "ada@acme.test");
      const first = await t.signIn("okta", "s1", { userName: "ada@acme.test" });
      const second = await t.signIn("okta", "s2", { userName: "ada@acme.test" });
      expect(first).to.include({ allowed: true, created: false });
      expect(second).to.include({ allowed: false, code: "needs_review" });
      expect(await people()).to.equal(1);
    });

    it("moves with the name that the provider itself names the person by: a renamed login stays theirs", async () => {
      const id = await t.pushUser("okta", "ada.old@acme.test", { externalId: "e1" });
      const before = await t.signIn("okta", "n:ada.old@acme.test", {
        userName: "ada.old@acme.test",
        assertedName: "ada.old@acme.test",
      });
      await t.pushUser("okta", "ada.new@acme.test", { externalId: "e1", id });
      const renamed = { userName: "ada.new@acme.test", assertedName: "Ada.New@acme.test" };
      for (let times = 0; times < 2; times++) {
        const after = await t.signIn("okta", "n:ada.new@acme.test", { ...renamed, groups: ["Engineering"] });
        expect(after).to.include({ allowed: true, created: false });
        expect(after.allowed && after.user).to.equal(before.allowed && before.user);
      }
      expect(await people()).to.equal(1);
    });

    it("moves to the subject that SCIM sends as externalId: a provider that changes to lasting identifiers doubles nobody", async () => {
      await t.pushUser("okta", "ada@acme.test", { externalId: "e1" });
      await t.signIn("okta", "n:ada@acme.test", { userName: "ada@acme.test", assertedName: "ada@acme.test" });
      for (let times = 0; times < 2; times++) {
        expect(await t.signIn("okta", "e1", { userName: "e1" })).to.include({ allowed: true, created: false });
      }
      expect(await people()).to.equal(1);
    });

    const thefts: readonly [threat: string, signIn: { subject: string } & Parameters<TenantInTest["signIn"]>[2]][] = [
      ["a name beside another lasting subject", { subject: "oid-b", userName: "ada@acme.test" }],
      [
        "an id that is not the subject",
        { subject: "n:eve", userName: "eve", assertedName: "eve", externalIds: ["e1"] },
      ],
      [
        "the very name, with a lasting id of somebody else",
        { subject: "n:ada", userName: "ada@acme.test", assertedName: "ada@acme.test", externalIds: ["e2"] },
      ],
      ["an unproved e-mail that is the user name", { subject: "p1", userName: "p1", claimedEmail: "ada@acme.test" }],
    ];
    for (const [threat, { subject, ...more }] of thefts) {
      it(`does not move by ${threat}: an admin looks at it, and nobody is made`, async () => {
        await t.pushUser("okta", "ada@acme.test", { externalId: "e1" });
        await t.signIn("okta", "s1", { userName: "ada@acme.test" });
        const outcome = await t.signIn("okta", subject, { ...more, groups: ["Engineering"] });
        expect(outcome).to.include({ allowed: false, code: "needs_review" });
        expect(await people()).to.equal(1);
      });
    }

    it("moves though somebody else, who was switched off, has the claimed e-mail for a name", async () => {
      await t.pushUser("okta", "info@acme.test", { active: false });
      await t.pushUser("okta", "lou", { externalId: "e1" });
      await t.signIn("okta", "s1", { userName: "lou" });
      const outcome = await t.signIn("okta", "e1", { userName: "e1", claimedEmail: "info@acme.test" });
      expect(outcome).to.include({ allowed: true, created: false });
    });

    it("is refused under a name beyond ASCII, too, to one who was switched off", async () => {
      const id = await t.pushUser("okta", "åsa@acme.test", { externalId: "e1" });
      await t.signIn("okta", "e1", { userName: "åsa@acme.test" });
      await t.pushUser("okta", "åsa@acme.test", { externalId: "e1", id, active: false });
      const outcome = await t.signIn("okta", "s2", { userName: "åsa@acme.test", groups: ["Engineering"] });
      expect(outcome).to.include({ allowed: false, code: "deactivated" });
    });

    const disguises: readonly [what: string, more: Parameters<TenantInTest["signIn"]>[2]][] = [
      ["another subject", { userName: "ada@acme.test" }],
      ["another letter case", { userName: "ADA@acme.test", assertedName: "ADA@acme.test" }],
      ["another name, and the e-mail", { userName: "s2", claimedEmail: "ada@acme.test" }],
    ];
    for (const [what, more] of disguises) {
      it(`is refused to one who was switched off by SCIM and comes back under ${what}`, async () => {
        const id = await t.pushUser("okta", "ada@acme.test");
        await t.signIn("okta", "s1", { userName: "ada@acme.test", groups: ["Engineering"] });
        await t.pushUser("okta", "ada@acme.test", { id, active: false });
        const outcome = await t.signIn("okta", "s2", { ...more, groups: ["Engineering"] });
        expect(outcome).to.include({ allowed: false, code: "deactivated" });
        expect(await people()).to.equal(1);
      });
    }

    it("is refused to one whose account an admin switched off, under whatever subject", async () => {
      await t.signIn("okta", "s1", { userName: "zoe", groups: ["Engineering"] });
      await updateLocalUser(t.p, await t.tenant(), await t.userId("zoe"), { active: false }, ADMIN);
      const outcome = await t.signIn("okta", "s2", { userName: "ZOE", groups: ["Engineering"] });
      expect(outcome).to.include({ allowed: false, code: "deactivated" });
    });

    it("is refused, and makes nobody, when SCIM deactivated them", async () => {
      await t.pushUser("okta", "ada@acme.test", { active: false });
      const outcome = await t.signIn("okta", "s1", { userName: "ada@acme.test", groups: ["Engineering"] });
      expect(outcome).to.include({ allowed: false, code: "deactivated" });
      expect(await people()).to.equal(1);
    });

    it("is refused, and makes nobody, when SCIM deleted them", async () => {
      const id = await t.pushUser("okta", "ada@acme.test", { externalId: "s1" });
      await t.signIn("okta", "s1");
      await remove(id);
      const outcome = await t.signIn("okta", "s1", { groups: ["Engineering"] });
      expect(outcome).to.include({ allowed: false, code: "deactivated" });
      expect(await people()).to.equal(1);
    });
  });

  describe("in test mode, where SCIM is no evidence yet,", () => {
    beforeEach(async () => {
      await t.connect({ slug: "trial", protocol: "oidc", sync: "test", mayGrantOwner: false });
    });

    it("a pushed deactivation keeps nobody from signing in", async () => {
      await t.signIn("trial", "s1", { userName: "ada", groups: ["Engineering"] });
      await t.pushUser("trial", "ada", { active: false });
      expect(await t.signIn("trial", "s1", { userName: "ada" })).to.include({ allowed: true, created: false });
      expect(await t.holds("ada")).to.deep.equal(["Platform/editor"]);
    });

    it("a pushed inactive stranger may sign in, as the same person", async () => {
      await t.pushUser("trial", "ada", { active: false });
      expect(await t.signIn("trial", "s1", { userName: "ada" })).to.include({ allowed: true, created: true });
      expect(await people()).to.equal(1);
    });

    it("a pushed deletion keeps nobody from signing in, and what they claim goes on counting", async () => {
      const before = await t.signIn("trial", "s1", { userName: "ada", groups: ["Engineering"] });
      const id = await t.pushUser("trial", "ada", { externalId: "s1" });
      await t.change("trial", { kind: "deleteUser", id });
      const after = await t.signIn("trial", "s1", { userName: "ada", groups: [] });
      expect(after).to.include({ allowed: true, created: false });
      expect(after.allowed && after.user).to.equal(before.allowed && before.user);
      expect(await t.holds("ada")).to.deep.equal([]);
      expect(await people()).to.equal(1);
    });
  });

  describe("a push of somebody who signed in", () => {
    it("is the same person by the subject, and keeps what sign-ins gave", async () => {
      const signedIn = await t.signIn("okta", "s1", { userName: "old name", groups: ["Engineering"] });
      await t.pushUser("okta", "ada@acme.test", { externalId: "s1" });
      expect(signedIn.allowed && signedIn.user).to.equal(await t.userId("ada@acme.test"));
      expect(await t.holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
    });

    it("is the same person by the user name", async () => {
      const signedIn = await t.signIn("okta", "s1", { userName: "Ada@acme.test", groups: ["Engineering"] });
      await t.pushUser("okta", "ada@ACME.test");
      expect(await people()).to.equal(1);
      expect(signedIn.allowed && signedIn.user).to.equal(await t.userId("ada@ACME.test"));
    });

    it("is nobody's by a look-alike name", async () => {
      await t.signIn("okta", "s1", { userName: `${KELVIN}ate@acme.test` });
      await t.pushUser("okta", "kate@acme.test");
      expect(await people()).to.equal(2);
    });

    it("of a name that a look-alike was pushed with is refused: the two could not be told apart by a client", async () => {
      await t.pushUser("okta", "kate@acme.test");
      const refused = await t.pushUser("okta", `${KELVIN}ate@acme.test`).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Refusal).with.property("code", "uniqueness");
    });
  });

  describe("two candidates", () => {
    it("refuse the sign-in, link nobody and leave the choice to an admin", async () => {
      await t.pushUser("okta", "ada@acme.test", { externalId: "s1" });
      await t.pushUser("okta", "ada.old@acme.test", { externalId: "oid-1" });
      const outcome = await t.signIn("okta", "s1", { userName: "new", externalIds: ["oid-1"] });
      expect(outcome).to.include({ allowed: false, code: "needs_review" });
      expect(await people()).to.equal(2);
      const links = await t.p.store
        .read((await t.tenant()).id)
        .links([await t.userId("ada@acme.test"), await t.userId("ada.old@acme.test")]);
      expect(links.filter((link) => link.claims !== undefined)).to.deep.equal([]);
    });

    it("make the pushed person a new one", async () => {
      await t.signIn("okta", "s1", { userName: "ada" });
      await t.signIn("okta", "s2", { userName: "ada" });
      await t.pushUser("okta", "ada");
      expect(await people()).to.equal(3);
    });
  });

  describe("a rehire", () => {
    it("by externalId revives the account under a new SCIM id, without what it held before", async () => {
      const old = await t.pushUser("okta", "ada@acme.test", { externalId: "00u1" });
      await t.pushGroup("okta", "Engineering", [old]);
      const user = await t.userId("ada@acme.test");
      expect(await t.holds("ada@acme.test")).to.deep.equal(["Platform/editor"]);
      await remove(old);
      expect(await t.holds("ada@acme.test")).to.equal("deactivated");
      const again = await t.pushUser("okta", "ada.married@acme.test", { externalId: "00u1" });
      expect(again).not.to.equal(old);
      expect(await t.userId("ada.married@acme.test")).to.equal(user);
      expect(await t.holds("ada.married@acme.test")).to.deep.equal([]);
    });

    it("by user name alone is somebody new", async () => {
      const old = await t.pushUser("okta", "ada@acme.test", { externalId: "00u1" });
      const user = await t.userId("ada@acme.test");
      await remove(old);
      await t.pushUser("okta", "ada@acme.test", { externalId: "00u2" });
      expect(await people()).to.equal(2);
      expect((await t.p.store.read((await t.tenant()).id).user(user))?.status).to.equal("deactivated");
    });

    it("signs in to the revived account", async () => {
      const old = await t.pushUser("okta", "ada@acme.test", { externalId: "s1" });
      await t.signIn("okta", "s1");
      const user = await t.userId("ada@acme.test");
      await remove(old);
      await t.pushUser("okta", "ada@acme.test", { externalId: "s1" });
      expect(await t.signIn("okta", "s1")).to.include({ allowed: true, user });
      expect(await people()).to.equal(1);
    });

    it("ends again when the new row goes", async () => {
      for (const _ of [1, 2, 3]) {
        const id = await t.pushUser("okta", "ada@acme.test", { externalId: "00u1" });
        expect(await t.holds("ada@acme.test")).to.deep.equal([]);
        await remove(id);
        expect(await t.holds("ada@acme.test")).to.equal("deactivated");
      }
      expect(await people()).to.equal(1);
    });
  });
});
