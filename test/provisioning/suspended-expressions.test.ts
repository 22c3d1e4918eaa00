import { expect } from "chai";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

/** Beyond any time: a million entries. Each title makes it another evaluation. */
const ENDLESS = "$count($map([1..1000], function($a) { $map([1..1000], function($b) { 1 }) })) > 0";
const when = `user.title != 'good' and user.title != 'fine' and ${ENDLESS}`;
const RULE = { id: "endless", when, team_name: "Board", role_name: "editor" };
const SEVEN = ["a", "b", "c", "d", "e", "f", "g"];

/** A hundred seconds a second, so that nobody waits for another attempt. */
const begun = Date.now();
const hurried = () => new Date(begun + (Date.now() - begun) * 100).toISOString();

describe("an expression that ended badly five times", () => {
  let t: TestTenant;
  before(async () => {
    t = await openTenant({ with: (p) => ({ ...p, now: hurried }) });
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
    await t.mapping({
      mappings: [
        { ...RULE, when: "user.title != ''" },
        { ...RULE, id: "other", when: "false" },
      ],
    });
    for (const name of SEVEN) await t.pushUser("main", name, { externalId: name, attributes: { title: name } });
    await t.mapping({ mappings: [RULE], invariants: [{ name: "slow", never: "target.role = 'x'" }] });
    await t.settled();
  });
  after(() => t.close());

  const told = async () => {
    const reader = t.p.store.read((await t.tenant()).id);
    const { items } = await reader.audit({ action: "expression.suspended", limit: 10 });
    const events = await reader.events({ after: 0, limit: 1000 });
    return { items, events: events.filter(({ type }) => type === "expression.suspended") };
  };

  it("leaves everybody what they had", async () => {
    for (const name of SEVEN) expect(await t.holds(name)).to.deep.equal(["Board/editor"]);
  });

  it("is told to admins once, by audit and event, with the rule and the version", async () => {
    const { items, events } = await told();
    const detail = {
      version: 2,
      code: "timeout",
      reach: "everybody",
      places: [{ pointer: "/mappings/0", rule: "endless" }],
    };
    expect(items.map((one) => one.detail)).to.deep.equal([detail]);
    expect(events.map(({ data }) => data)).to.deep.equal([detail]);
  });

  it("is counted in runs and named by explanations and previews", async () => {
    const tenant = await t.tenant();
    const { items } = await t.p.store.read(tenant.id).runs({ limit: 10 });
    expect(items.some(({ counts }) => (counts["suspended"] ?? 0) > 0)).to.equal(true);
    const { notGiven } = await explainUser(t.p, tenant, await t.userId("g"));
    expect(notGiven[0]).to.include({ rule: "endless", why: "failed" });
    expect(notGiven[0]?.sentence).to.contain("ended badly 5 times: it runs again once a mapping is activated");
    const { lines } = await previewMapping(t.p, tenant, JSON.stringify({ mappings: [RULE] }), {});
    const reasons = (await lines({ limit: 10 })).items.map(({ reason }) => reason);
    expect(reasons.some((reason) => reason.includes("rule `endless` cannot be judged"))).to.equal(true);
  });

  it("writes nothing for a draft that nobody saved", async () => {
    const draft = { mappings: [{ ...RULE, when: `${when} and true` }] };
    await previewMapping(t.p, await t.tenant(), JSON.stringify(draft), {});
    await t.settled();
    expect((await told()).items).to.have.length(1);
  });

  it("runs again once a mapping is activated", async () => {
    await t.mapping({ mappings: [{ ...RULE, when: "user.title = 'a'" }] });
    await t.settled();
    expect(await t.holds("a")).to.deep.equal(["Board/editor"]);
    expect(await t.holds("g")).to.deep.equal([]);
  });
});

describe("an expression of `profile` that ended badly five times", () => {
  let t: TestTenant;
  before(async () => {
    t = await openTenant({ with: (p) => ({ ...p, now: hurried }) });
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
  });
  after(() => t.close());

  it("is told by audit, event and run with the attribute it was to compute, and leaves that as it is", async () => {
    for (const name of SEVEN) {
      await t.pushUser("main", name, { externalId: name, attributes: { title: name, displayName: `Mr ${name}` } });
    }
    await t.mapping({
      mappings: [{ ...RULE, when: "true" }],
      profile: { displayName: `user.title & $string(${ENDLESS})` },
    });
    await t.settled();
    const reader = t.p.store.read((await t.tenant()).id);
    const detail = {
      version: 1,
      code: "timeout",
      reach: "everybody",
      places: [{ pointer: "/profile/displayName", attribute: "displayName" }],
    };
    const { items } = await reader.audit({ action: "expression.suspended", limit: 10 });
    expect(items.map((one) => one.detail)).to.deep.equal([detail]);
    const events = await reader.events({ after: 0, limit: 1000 });
    expect(events.filter(({ type }) => type === "expression.suspended").map(({ data }) => data)).to.deep.equal([
      detail,
    ]);
    expect((await reader.runs({ limit: 10 })).items.some(({ counts }) => (counts["suspended"] ?? 0) > 0)).to.equal(
      true,
    );
    for (const name of SEVEN) expect((await t.person(name)).displayName).to.equal(`Mr ${name}`);
  });
});
