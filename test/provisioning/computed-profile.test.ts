import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { expressionFault } from "../support/planted-fault.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

const RULES = { mappings: [{ everyone: true, team_name: "Hall", role_name: "viewer" }] };
const FULL_NAME = { ...RULES, profile: { displayName: "user.givenName & ' ' & user.familyName" } };
const ADA = { displayName: "alovelace", givenName: "Ada", familyName: "Lovelace" };

describe("a profile that the mapping computes", () => {
  const fault = expressionFault();
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant({ with: fault.into });
  });

  afterEach(async () => {
    fault.failing = false;
    await t.close();
  });

  async function shown(userName: string): Promise<string | null> {
    return (await t.person(userName)).displayName;
  }

  async function updates(user: UserId): Promise<number> {
    await t.settled();
    const events = await t.p.store.read((await t.tenant()).id).events({ after: 0, limit: 1000 });
    return events.filter((event) => event.type === "user.updated" && event.user === user).length;
  }

  it("TIN-26: first and last name from attributes reach people by a push, and again when they change", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(FULL_NAME);
    const id = await t.pushUser("okta", "ada", { attributes: ADA });
    expect(await shown("ada")).to.equal("Ada Lovelace");
    await t.pushUser("okta", "ada", { id, attributes: { ...ADA, familyName: "King" } });
    expect(await shown("ada")).to.equal("Ada King");
  });

  it("TIN-26: and by a sign-in; one that leaves an attribute out changes nothing", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    await t.mapping(FULL_NAME);
    await t.signIn("sso", "ada", { attributes: { givenName: "Ada" } });
    expect(await shown("ada")).to.equal(null);
    await t.signIn("sso", "ada", { attributes: { givenName: "Ada", familyName: "Lovelace" } });
    expect(await shown("ada")).to.equal("Ada Lovelace");
    await t.signIn("sso", "ada", { attributes: { givenName: "Augusta" } });
    expect(await shown("ada")).to.equal("Augusta Lovelace");
  });

  it("reaches everybody when a mapping is saved that changes nothing else, and only once", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(RULES);
    await t.pushUser("okta", "ada", { attributes: ADA });
    expect(await shown("ada")).to.equal("alovelace");
    const ada = await t.userId("ada");
    const before = await updates(ada);
    await t.mapping(FULL_NAME);
    await t.settled();
    expect(await shown("ada")).to.equal("Ada Lovelace");
    expect(await t.holds("ada")).to.deep.equal(["Hall/viewer"]);
    await t.mapping({ ...FULL_NAME, note: "says the same" });
    await t.settled();
    expect((await updates(ada)) - before).to.equal(1);
    await t.mapping(RULES);
    await t.settled();
    expect(await shown("ada")).to.equal("alovelace");
  });

  it("leaves people as they are for whom the expression fails, and gives them their access all the same", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(RULES);
    await t.pushUser("okta", "ada", { attributes: ADA });
    fault.failing = true;
    await t.mapping(FULL_NAME);
    await t.settled();
    expect(await shown("ada")).to.equal("alovelace");
    await t.pushUser("okta", "bob", { attributes: { ...ADA, displayName: "bob" } });
    expect(await t.holds("bob")).to.deep.equal(["Hall/viewer"]);
  });

  it("TIN-26: first and last name come from the facts of the strongest connection where the mapping says nothing", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(RULES);
    const id = await t.pushUser("okta", "ada", { attributes: ADA });
    const ada = await t.userId("ada");
    expect(await t.person("ada")).to.include({ ...ADA, photo: null });
    expect(await updates(ada), "a new person is not an updated one").to.equal(0);
    await t.pushUser("okta", "ada", { id, attributes: { ...ADA, givenName: null, familyName: "King" } });
    expect(await t.person("ada")).to.include({ displayName: "alovelace", givenName: null, familyName: "King" });
    expect(await updates(ada)).to.equal(1);
  });

  it("TIN-26: a photo is an https address that the mapping computes, stays where one fails, and goes with its expression", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    const photos = { ...RULES, profile: { photo: "user.title" } };
    await t.mapping(photos);
    const photo = "https://img.acme.test/ada";
    const id = await t.pushUser("okta", "ada", { attributes: { ...ADA, title: photo } });
    expect(await t.person("ada")).to.include({ ...ADA, photo });
    for (const title of ["http://img.acme.test/ada", "javascript:alert(1)", `https://a.test/${"a".repeat(2048)}`]) {
      await t.pushUser("okta", "ada", { id, attributes: { ...ADA, title } });
      expect(await t.person("ada"), title).to.include({ photo });
    }
    await t.mapping(RULES);
    await t.settled();
    expect(await t.person("ada")).to.include({ ...ADA, photo: null });
  });

  it("counts in the run of a save for how many people an expression failed", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(RULES);
    for (const [name, title] of [
      ["ada", "1"],
      ["bob", "x"],
      ["cai", "y"],
    ] as const) {
      await t.pushUser("okta", name, { attributes: { ...ADA, title } });
    }
    await t.mapping({
      ...RULES,
      profile: { givenName: "'n' & $number(user.title)", familyName: "$number(user.title)" },
    });
    await t.settled();
    const runs = await t.p.store.read((await t.tenant()).id).runs({ limit: 10 });
    expect(runs.items.map(({ counts }) => counts["profileFailed"] ?? 0)).to.include(3);
    expect((await t.person("ada")).givenName).to.equal("n1");
    expect((await t.person("bob")).givenName).to.equal("Ada");
  });

  it("looks again at whoever it left as they are because an evaluation was stopped", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.mapping(FULL_NAME);
    fault.failing = "timeout";
    await t.pushUser("okta", "ada", { attributes: ADA });
    expect(await t.person("ada")).to.include({ displayName: "alovelace", dirty: true });
    expect(await t.holds("ada")).to.deep.equal(["Hall/viewer"]);
    fault.failing = true;
    await t.pushUser("okta", "bob", { attributes: ADA });
    expect(await t.person("bob")).to.include({ displayName: "alovelace", dirty: false });
  });

  it("leaves frozen people out of a save, unless they are taken in", async () => {
    await t.connect({ slug: "sso", protocol: "oidc", jit: "first_sign_in" });
    await t.mapping(RULES);
    await t.signIn("sso", "ada", { attributes: ADA });
    await t.mapping(FULL_NAME);
    await t.settled();
    expect(await shown("ada")).to.equal("alovelace");
    await t.mapping(FULL_NAME, { includeFrozen: true });
    await t.settled();
    expect(await shown("ada")).to.equal("Ada Lovelace");
  });

  it("touches neither the user name, nor the e-mail, nor people whom an admin keeps by hand", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await createLocalUser(t.p, await t.tenant(), { userName: "local", displayName: "Boss", givenName: "B" }, ADMIN);
    await t.pushUser("okta", "ada@acme.test", { attributes: ADA });
    await t.mapping(FULL_NAME);
    await t.settled();
    expect(await t.person("ada@acme.test")).to.include({ email: "ada@acme.test", displayName: "Ada Lovelace" });
    expect(await t.person("local")).to.include({ displayName: "Boss", givenName: "B", familyName: null });
    const identity = { ...RULES, profile: { userName: "'root'", email: "'root@acme.test'" } };
    const refused = await t.mapping(identity).catch((error: unknown) => error);
    expect(JSON.stringify(refused)).to.contain("/profile/userName").and.to.contain("/profile/email");
  });
});
