import { expect } from "chai";
import { createConnection, updateConnection } from "../../src/provisioning/connections.js";
import { takeWakeups } from "../../src/provisioning/runs/due.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

const ENGINEERING = { mappings: [{ group_name: "Engineering", team_name: "Platform", role_name: "editor" }] };
const HOLDS = ["Platform/editor"];

describe("what falls due", () => {
  let clock = testClock();
  let t: TestTenant;
  beforeEach(async () => {
    clock = testClock();
    t = await openTenant({ with: clock.into });
  });
  afterEach(() => t.close());

  const connect = (protocol: "oidc" | "scim") => t.connect({ slug: "okta", protocol, sync: "live" });

  /** Takes out whatever is due until `hours` from now; how many. */
  const due = async (hours: number) => {
    const until = new Date(Date.parse(clock.now()) + hours * 3_600_000).toISOString();
    return (await t.p.store.write((await t.tenant()).id, (tx) => tx.takeWakeups(until))).length;
  };

  it("settles a group at its own time, however many groups are filled after it", async () => {
    await connect("oidc");
    await t.mapping(ENGINEERING);
    const ada = await t.pushUser("okta", "ada@x.test", { externalId: "ada" });
    await t.pushUser("okta", "bob@x.test", { externalId: "bob" });
    await t.signIn("okta", "bob", { groups: ["Engineering"] });
    await t.pushGroup("okta", "Engineering", [ada]);
    for (let at = 0; at < 3; at++) {
      await t.settled();
      expect(await t.holds("bob@x.test")).to.deep.equal(at < 2 ? HOLDS : []);
      clock.forward({ minutes: 35 });
      await t.pushGroup("okta", `other ${at}`, [ada]);
    }
  });

  it("settles what is settling by the new time when the time is made longer", async () => {
    await connect("oidc");
    await t.mapping(ENGINEERING);
    const ada = await t.pushUser("okta", "ada@x.test", { externalId: "ada" });
    await t.pushUser("okta", "bob@x.test", { externalId: "bob" });
    await t.signIn("okta", "bob", { groups: ["Engineering"] });
    await t.pushGroup("okta", "Engineering", [ada]);
    await updateConnection(t.p, await t.tenant(), "okta", { settleSeconds: 7200 }, ADMIN);
    clock.forward({ minutes: 61 });
    await t.settled();
    expect(await t.holds("bob@x.test")).to.deep.equal(HOLDS);
    clock.forward({ minutes: 61 });
    await t.settled();
    expect(await t.holds("bob@x.test")).to.deep.equal([]);
  });

  it("judges a pushed person who matches nothing once their groups had time to come, without anybody's doing", async () => {
    await connect("scim");
    await t.mapping({ ...ENGINEERING, no_match: "deactivate" });
    const ada = await t.pushUser("okta", "ada@x.test");
    await t.pushGroup("okta", "Engineering", [ada]);
    clock.forward({ hours: 2 });
    await t.settled();
    await t.pushUser("okta", "lost@x.test");
    clock.forward({ minutes: 59 });
    await t.settled();
    expect(await t.holds("lost@x.test")).to.deep.equal([]);
    clock.forward({ minutes: 2 });
    await t.settled();
    expect(await t.holds("lost@x.test")).to.equal("deactivated");
    expect(await t.holds("ada@x.test")).to.deep.equal(HOLDS);
  });

  it("judges people who waited for the first group of all", async () => {
    await connect("scim");
    await t.mapping({ ...ENGINEERING, no_match: "deactivate" });
    const ada = await t.pushUser("okta", "ada@x.test");
    await t.pushUser("okta", "lost@x.test");
    clock.forward({ hours: 5 });
    await t.settled();
    expect(await t.holds("lost@x.test")).to.deep.equal([]);
    await t.pushGroup("okta", "Empty");
    clock.forward({ minutes: 30 });
    await t.pushGroup("okta", "Engineering", [ada]);
    clock.forward({ minutes: 31 });
    await t.settled();
    expect(await t.holds("lost@x.test")).to.equal("deactivated");
    expect(await t.holds("ada@x.test")).to.deep.equal(HOLDS);
  });

  it("makes few wake-ups for a bulk, and marks none but the newcomers", async () => {
    await connect("scim");
    await t.mapping(ENGINEERING);
    await t.pushUser("okta", "old@x.test");
    clock.forward({ hours: 2 });
    await t.settled();
    for (let at = 0; at < 30; at++) {
      await t.pushUser("okta", `p${at}@x.test`);
      clock.forward({ seconds: 1 });
    }
    const before = (await t.person("old@x.test")).factsVersion;
    const newcomer = (await t.person("p29@x.test")).factsVersion;
    clock.forward({ hours: 2 });
    await t.settled();
    expect((await t.person("old@x.test")).factsVersion).to.equal(before);
    expect((await t.person("p29@x.test")).factsVersion).to.be.greaterThan(newcomer);
    for (let at = 30; at < 60; at++) await t.pushUser("okta", `p${at}@x.test`);
    expect(await due(2)).to.equal(1);
  });

  it("leaves the schedule to a mapping that was saved while the old one's wake-up was taken", async () => {
    await connect("scim");
    await t.mapping({ mappings: [{ when: "now < '2027-01-01'", team_name: "Platform", role_name: "editor" }] });
    await t.settled();
    await t.worker.stop();
    clock.forward({ hours: 24 });
    const { id } = await t.tenant();
    let saved = false;
    const p = {
      ...t.p,
      mappings: {
        active: async (...call: Parameters<typeof t.p.mappings.active>) => {
          const mapping = await t.p.mappings.active(...call);
          if (!saved) await t.mapping(ENGINEERING);
          saved = true;
          return mapping;
        },
      },
    };
    await takeWakeups(p, id, ADMIN);
    expect(saved).to.equal(true);
    expect(await due(48)).to.equal(0);
  });
});

describe("first_sign_in after sign-ins whose facts nobody took", () => {
  it("takes the facts of the first sign-in under the new setting, and of that one alone", async () => {
    const t = await openTenant();
    await createConnection(t.p, await t.tenant(), { slug: "okta", protocol: "oidc", jit: "off", sync: "live" }, ADMIN);
    await t.mapping(ENGINEERING);
    await t.pushUser("okta", "ada@x.test", { externalId: "ada" });
    const signIn = (groups: readonly string[]) => t.signIn("okta", "ada", { userName: "ada@x.test", groups });
    await signIn(["Engineering"]);
    expect(await t.holds("ada@x.test")).to.deep.equal([]);
    await updateConnection(t.p, await t.tenant(), "okta", { jit: "first_sign_in" }, ADMIN);
    await signIn(["Engineering"]);
    expect(await t.holds("ada@x.test")).to.deep.equal(HOLDS);
    await signIn([]);
    await t.settled();
    expect(await t.holds("ada@x.test")).to.deep.equal(HOLDS);
    await t.close();
  });
});
