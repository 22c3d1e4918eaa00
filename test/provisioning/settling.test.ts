import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const ENGINEERING = { group_name: "Engineering", team_name: "Platform", role_name: "editor" };
const GROUPS = { no_match: "allow", mappings: [ENGINEERING] };
const HOLDS = ["Platform/editor"];

describe("what time changes by itself", () => {
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

  describe("a group that settles (groups: auto)", () => {
    beforeEach(async () => {
      await t.connect({ slug: "okta", protocol: "oidc", sync: "live" });
      await t.mapping(GROUPS);
      for (const name of ["ada", "bob"]) {
        await t.pushUser("okta", name, { externalId: name });
        await t.signIn("okta", name, { groups: ["Engineering"] });
      }
      await t.settled();
    });

    const pushGroup = async (member: string) => {
      const reader = t.p.store.read((await t.tenant()).id);
      const links = await reader.links([await t.userId(member)]);
      return t.pushGroup("okta", "Engineering", links.map((link) => link.directoryUser).slice(0, 1));
    };

    it("counts by SCIM or claims until then, and by SCIM alone from then on, with nobody's doing", async () => {
      await pushGroup("ada");
      await t.settled();
      expect([await t.holds("ada"), await t.holds("bob")]).to.deep.equal([HOLDS, HOLDS]);
      clock.forward({ minutes: 59 });
      await t.settled();
      expect(await t.holds("bob")).to.deep.equal(HOLDS);
      clock.forward({ minutes: 2 });
      await t.settled();
      expect([await t.holds("ada"), await t.holds("bob")]).to.deep.equal([HOLDS, []]);
    });

    it("ends by its deletion what claims alone said of it, and a new one of its name begins anew", async () => {
      const group = await t.pushGroup("okta", "Engineering");
      clock.forward({ hours: 2 });
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal(HOLDS);
      await t.change("okta", { kind: "deleteGroup", id: group });
      clock.forward({ minutes: 61 });
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal([]);
      await t.pushGroup("okta", "Engineering");
      clock.forward({ minutes: 61 });
      await t.settled();
      expect(await t.holds("ada")).to.deep.equal(HOLDS);
    });

    it("is not put off by other groups that are filled meanwhile", async () => {
      await pushGroup("ada");
      clock.forward({ minutes: 50 });
      const [link] = await t.p.store.read((await t.tenant()).id).links([await t.userId("ada")]);
      await t.pushGroup("okta", "Other", link ? [link.directoryUser] : []);
      clock.forward({ minutes: 20 });
      await t.settled();
      expect(await t.holds("bob")).to.deep.equal([]);
    });
  });

  describe("people whom no_match waits for", () => {
    beforeEach(async () => {
      await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
      await t.mapping({ no_match: "deactivate", mappings: [ENGINEERING] });
    });

    it("stay until the first group was pushed and has settled, and go then, with nobody's doing", async () => {
      const ada = await t.pushUser("okta", "ada");
      await t.pushUser("okta", "eve");
      await t.settled();
      expect([await t.holds("ada"), await t.holds("eve")]).to.deep.equal([[], []]);
      await t.pushGroup("okta", "Engineering", [ada]);
      await t.settled();
      expect([await t.holds("ada"), await t.holds("eve")]).to.deep.equal([HOLDS, []]);
      clock.forward({ minutes: 61 });
      await t.settled();
      expect([await t.holds("ada"), await t.holds("eve")]).to.deep.equal([HOLDS, "deactivated"]);
    });

    it("are given the same time when they come long after the first group", async () => {
      const ada = await t.pushUser("okta", "ada");
      await t.pushGroup("okta", "Engineering", [ada]);
      clock.forward({ hours: 5 });
      await t.settled();
      await t.pushUser("okta", "late");
      await t.settled();
      expect(await t.holds("late")).to.deep.equal([]);
      clock.forward({ minutes: 61 });
      await t.settled();
      expect(await t.holds("late")).to.equal("deactivated");
    });

    it("come back by themselves when their group comes", async () => {
      const ada = await t.pushUser("okta", "ada");
      const group = await t.pushGroup("okta", "Engineering", [ada]);
      const late = await t.pushUser("okta", "late");
      clock.forward({ minutes: 61 });
      await t.settled();
      expect(await t.holds("late")).to.equal("deactivated");
      await t.change("okta", { kind: "addMembers", group, members: [late] });
      expect(await t.holds("late")).to.deep.equal(HOLDS);
    });
  });

  describe("accounts that no_match will end", () => {
    const EDITORS = { no_match: "deactivate", mappings: [ENGINEERING] };
    const everybody = Array.from({ length: 15 }, (_, at) => `u${at}`);
    const names = ["ada", ...everybody];
    const until = "2026-11-22T10:00:00.000Z";
    const ends = `if no rule matches by 10:00:00 UTC on 2026-11-22, the account ends`;
    const undecided = { rule: "no_match", name: "no_match", reason: "settling", people: everybody.length, until };
    const left = async () => {
      const held = await Promise.all(names.map((name) => t.holds(name)));
      return held.filter((one) => one !== "deactivated").length;
    };
    const arrive = async (sync: "live" | "test") => {
      await t.connect({ slug: "okta", protocol: "scim", sync });
      const [ada] = await Promise.all(names.map((name) => t.pushUser("okta", name)));
      await t.pushGroup("okta", "Engineering", [ada as DirectoryUserId]);
      await t.settled();
    };
    const dueLater = async () => {
      await t.settled();
      expect(await left()).to.equal(names.length);
      clock.forward({ minutes: 61 });
      await t.settled();
    };
    let clock: ReturnType<typeof testClock>;
    let database: TestDatabase;
    beforeEach(async () => {
      clock = testClock();
      database = await openDatabase({ with: clock.into });
      t = await database.tenant();
    });
    afterEach(() => database.close());

    it("are told of by the preview, a try and an explanation, and pass the brake when they are due", async () => {
      await t.mapping(GROUPS);
      await arrive("live");
      const preview = await previewMapping(t.p, await t.tenant(), JSON.stringify(EDITORS), {});
      expect(preview.summary.undecided).to.deep.equal({ items: [undecided], more: 0 });
      expect(preview.summary).to.include({ changed: 0, deactivated: 0 });
      const tried = await tryPerson(t.p, await t.tenant(), { user: "u3", document: JSON.stringify(EDITORS) });
      expect(tried.account.reason).to.include(ends);
      await t.mapping(EDITORS, { digest: preview.digest });
      await t.settled();
      const explained = await explainUser(t.p, await t.tenant(), await t.userId("u3"));
      expect(explained.account.reason).to.include(ends);
      await dueLater();
      expect(await left(), "the brake lets ten people go in an hour").to.equal(names.length - 10);
      expect(Object.values(await t.held("okta"))).to.deep.equal(Array(5).fill("brake_deactivations"));
    });

    it("are told of before a connection goes live, and pass the brake when they are due", async () => {
      await t.mapping(EDITORS);
      await arrive("test");
      const preview = await previewSync(t.p, await t.tenant(), "okta", { to: "live" });
      expect(preview.summary).to.include({ created: names.length });
      expect(preview.summary.undecided.items).to.deep.equal([undecided]);
      const { items } = await preview.lines({ limit: 100 });
      const told = items.filter(({ change, reason }) => change === "create_user" && reason.includes(ends));
      expect(told.map(({ user }) => user.userName)).to.have.members(everybody);
      await goLive(t.p, await t.tenant(), "okta", preview.digest, ADMIN);
      await dueLater();
      expect(await left(), "the brake lets ten people go in an hour").to.equal(names.length - 10);
      expect(Object.values(await t.held("okta"))).to.deep.equal(Array(5).fill("brake_deactivations"));
    });
  });

  it("a rule that expires takes what it gave, at its instant, with nobody's doing", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const expires_at = new Date(Date.parse(clock.now()) + 3_600_000).toISOString();
    const again = new Date(Date.parse(clock.now()) + 7_200_000).toISOString();
    const rules = [
      { ...ENGINEERING, expires_at },
      { ...ENGINEERING, team_name: "Data", expires_at: again },
    ];
    await t.mapping({ no_match: "allow", mappings: rules });
    await t.signIn("sso", "ada", { groups: ["Engineering"] });
    expect(await t.holds("ada")).to.deep.equal(["Data/editor", "Platform/editor"]);
    clock.forward({ minutes: 61 });
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal(["Data/editor"]);
    clock.forward({ minutes: 61 });
    await t.settled();
    expect(await t.holds("ada")).to.deep.equal([]);
  });

  it("a rule that reads the day is asked again each UTC day, day after day", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const days = [1, 2].map((day) => new Date(Date.parse(clock.now()) + day * 86_400_000).toISOString().slice(0, 10));
    await t.mapping({
      no_match: "allow",
      mappings: [
        { when: `now < '${days[0]}'`, team_name: "Today", role_name: "viewer" },
        { when: `now = '${days[0]}'`, team_name: "Tomorrow", role_name: "viewer" },
        { when: `now >= '${days[1]}'`, team_name: "Later", role_name: "viewer" },
      ],
    });
    await t.signIn("sso", "ada", { groups: [] });
    const seen = [await t.holds("ada")];
    for (const _ of days) {
      clock.forward({ hours: 24 });
      await t.settled();
      seen.push(await t.holds("ada"));
    }
    expect(seen).to.deep.equal([["Today/viewer"], ["Tomorrow/viewer"], ["Later/viewer"]]);
  });
});
