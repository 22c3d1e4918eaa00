import { expect } from "chai";
import { explainPast } from "../../src/provisioning/explain/explain-past.js";
import { testClock } from "../support/clock.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const RULE = { id: "r", group_name: ["A", "B"], team_name: "T", role_name: "editor" };

describe("what somebody held something by on an earlier day", () => {
  const clock = testClock();
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant({ with: clock.into });
    await t.mapping({ version: 1, mappings: [RULE] });
  });
  afterEach(() => t.close());

  /** Goes on to the next day once everything is applied, and tells the instant of this one. */
  async function dayEnds(): Promise<string> {
    await t.settled();
    const now = clock.now();
    clock.forward({ hours: 24 });
    return now;
  }

  async function at(instant: string) {
    const { assignments } = await explainPast(t.p, await t.tenant(), await t.userId("ada"), instant);
    const [grant] = assignments.flatMap(({ grants }) => grants);
    if (!grant) throw new Error("nothing was held");
    const { evidence, evidenceKept, sentence } = grant;
    return { labels: evidence.map(({ label }) => label), evidence, evidenceKept, sentence };
  }

  it("is what it was then, whatever took its place since", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    const ada = await t.pushUser("okta", "ada");
    const a = await t.pushGroup("okta", "A", [ada]);
    const first = await dayEnds();
    const b = await t.pushGroup("okta", "B", [ada]);
    const second = await dayEnds();
    await t.change("okta", { kind: "removeMembers", group: a, members: [ada] });
    const third = await dayEnds();
    await t.change("okta", { kind: "addMembers", group: a, members: [ada] });
    await t.change("okta", { kind: "removeMembers", group: b, members: [ada] });
    const fourth = await dayEnds();
    const seen = [await at(first), await at(second), await at(third), await at(fourth)];
    expect(seen.map(({ labels, evidenceKept }) => [labels, evidenceKept])).to.deep.equal([
      [["A"], true],
      [["A", "B"], true],
      [["B"], true],
      [["A"], true],
    ]);
    expect(seen[0]?.sentence).to.contain("group `A` (by SCIM, since").and.not.to.contain("`B`");
  });

  it("is the same by a claim that later sign-ins made again, without an instant that was still to come", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    await t.signIn("sso", "ada", { groups: ["A"] });
    const first = await dayEnds();
    await t.signIn("sso", "ada", { groups: ["A"] });
    const second = await dayEnds();
    await t.signIn("sso", "ada", {});
    const third = await dayEnds();
    const evidence = { kind: "group", label: "A", source: "claims" };
    const lastMade = { ...evidence, since: second };
    expect((await at(first)).evidence).to.deep.equal([evidence]);
    expect((await at(second)).evidence).to.deep.equal([lastMade]);
    expect((await at(third)).evidence).to.deep.equal([{ ...lastMade, staleSince: third }]);
    expect((await at(first)).evidenceKept).to.equal(true);
  });
});
