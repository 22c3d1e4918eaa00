import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { compileSchema } from "../../src/platform/schemas.js";
import type { ConnectionInput } from "../../src/provisioning/connections.js";
import { expressionFault } from "../support/planted-fault.js";
import { openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const RULES = {
  no_match: "deny",
  mappings: [
    { id: "sales", group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { id: "it", group_name: "IT", team_name: "IT", role_name: "editor" },
    { id: "nordic", when: "user.country = 'SE'", team_name: "Nordics", role_name: "viewer" },
  ],
};

interface Traced extends JsonObject {
  readonly facts: {
    readonly user: { readonly [name: string]: JsonObject };
    readonly groups: { readonly members: readonly JsonObject[]; readonly unlisted: string };
    readonly app_roles: JsonObject;
    readonly claims: readonly string[];
  };
  readonly rules: readonly { readonly rule: string; readonly status: string; readonly reason: string }[];
}

describe("the trace of a sign-in", () => {
  const check = compileSchema("admin/sign-in#/$defs/detail", "document");
  const fault = expressionFault();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: fault.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
  });
  afterEach(() => {
    fault.planted = false;
  });

  async function traced(...[slug, subject, more]: Parameters<TenantInTest["signIn"]>): Promise<Traced> {
    const { reference, ...signedIn } = await t.signIn(slug, subject, more);
    const trace = await t.p.store.read((await t.tenant()).id).signInTrace(reference);
    if (trace === undefined) throw new Error("no trace");
    expect(trace.outcome).to.equal(signedIn.allowed ? "allowed" : signedIn.code);
    expect(check(trace.detail)).to.deep.include({ ok: true });
    return trace.detail as unknown as Traced;
  }

  const outcomes = ({ rules }: Traced) => rules.map(({ rule, status }) => [rule, status]);
  const memberNames = ({ facts }: Traced) => facts.groups.members.map(({ name }) => name);

  describe("of somebody who was let in", () => {
    beforeEach(async () => {
      await t.connect({ slug: "sso", protocol: "oidc" });
      await t.mapping(RULES);
    });

    it("has no guard, and the facts as rules read them", async () => {
      const detail = await traced("sso", "ada", { groups: ["Sales"] });
      const { user, groups, app_roles } = detail.facts;
      expect(detail).not.to.have.any.keys("guard", "problem", "rulesLeftOut");
      expect(user["userName"]).to.deep.equal({ known: true, value: "ada" });
      expect(user["country"]).to.deep.equal({ known: false, reason: "never_asserted" });
      expect(groups).to.deep.equal({ members: [{ name: "Sales", source: "claims" }], unlisted: "not_member" });
      expect(app_roles).to.deep.equal({ known: false, reason: "never_asserted" });
    });

    it("says of each rule what came of it, and why", async () => {
      const { rules } = await traced("sso", "ada", { groups: ["Sales"] });
      const [sales, it, nordic] = rules;
      expect(sales).to.deep.include({
        pointer: "/mappings/0",
        connection: "sso",
        label: "Sales/viewer",
        status: "matched",
        reason: "Sales/viewer by rule `sales`: group `Sales`",
      });
      expect(it).to.deep.include({
        status: "unmatched",
        why: "unmet",
        reason: "IT/editor by rule `it` does not match: join group `IT`",
      });
      expect(nordic).to.deep.include({ status: "undecided", why: "undecided" });
      expect(nordic?.reason).to.contain("`user.country` was never asserted");
    });

    it("shows facts that have gone stale as they are, not as this sign-in left them out", async () => {
      await t.signIn("sso", "ada", { groups: ["Sales"] });
      const detail = await traced("sso", "ada");
      const [member] = detail.facts.groups.members;
      expect([member?.["name"], detail.facts.groups.unlisted]).to.deep.equal(["Sales", "absent_claim"]);
      expect(member?.["staleSince"]).to.be.a("string");
      expect(detail["groups"]).to.deep.equal({ unknown: "absent_claim" });
    });

    it("shows what was pushed beside what was claimed", async () => {
      await t.connect({ slug: "okta", protocol: "oidc", sync: "live" });
      const ada = await t.pushUser("okta", "ada", { attributes: { country: "SE" } });
      await t.pushGroup("okta", "IT", [ada]);
      const detail = await traced("okta", "ada", { groups: ["Sales"] });
      expect(detail.facts.user["country"]).to.deep.equal({ known: true, value: "SE" });
      expect(detail.facts.groups.members).to.deep.include({ name: "IT", source: "scim" });
      expect(outcomes(detail)).to.deep.include(["nordic", "matched"]);
    });
  });

  describe("of somebody who was refused names the guard", () => {
    async function connected(more: Partial<ConnectionInput> = {}): Promise<void> {
      await t.connect({ slug: "sso", protocol: "oidc", ...more });
      await t.mapping(RULES);
    }

    it("no_match, with the facts and every rule", async () => {
      await connected();
      await t.mapping({ ...RULES, mappings: RULES.mappings.slice(0, 2) });
      const detail = await traced("sso", "ada", { groups: ["Marketing"] });
      expect([detail["guard"], memberNames(detail)]).to.deep.equal(["no_match", ["Marketing"]]);
      expect(outcomes(detail)).to.deep.equal([
        ["sales", "unmatched"],
        ["it", "unmatched"],
      ]);
    });

    it("groups, with why they are unknown", async () => {
      await connected();
      const detail = await traced("sso", "ada");
      expect([detail["guard"], detail.facts.groups]).to.deep.equal([
        "groups",
        { members: [], unlisted: "absent_claim" },
      ]);
      expect(outcomes(detail)).to.deep.include(["sales", "undecided"]);
    });

    it("jit, with what this sign-in says", async () => {
      await connected({ jit: "off" });
      const detail = await traced("sso", "ada", { groups: ["Sales"] });
      expect([detail["guard"], memberNames(detail), detail.rules]).to.deep.equal(["jit", ["Sales"], []]);
    });

    it("link, when two people could be meant", async () => {
      await connected({ sync: "live" });
      await t.pushUser("sso", "ada@acme.test", { externalId: "s1" });
      await t.pushUser("sso", "ada.old@acme.test", { externalId: "s2" });
      const detail = await traced("sso", "s1", { externalIds: ["s2"], groups: ["Sales"] });
      expect([detail["guard"], memberNames(detail)]).to.deep.equal(["link", ["Sales"]]);
    });

    it("account, of somebody whom SCIM turned off", async () => {
      await connected({ sync: "live" });
      await t.pushUser("sso", "ada", { active: false });
      const detail = await traced("sso", "s1", { userName: "ada", groups: ["Sales"] });
      expect([detail["guard"], memberNames(detail)]).to.deep.equal(["account", ["Sales"]]);
    });

    it("account, of somebody who was linked before, with the rules", async () => {
      await connected({ sync: "live" });
      const id = await t.pushUser("sso", "ada", { externalId: "s1" });
      await t.signIn("sso", "s1", { userName: "ada", groups: ["Sales"] });
      await t.pushUser("sso", "ada", { id, externalId: "s1", active: false });
      const detail = await traced("sso", "s1", { userName: "ada", groups: ["Sales"] });
      expect([detail["guard"], detail.facts.user["active"]]).to.deep.equal(["account", { known: true, value: false }]);
      expect(outcomes(detail)).to.deep.include(["sales", "matched"]);
    });

    it("domains, and says which are allowed", async () => {
      await connected({ allowedDomains: ["acme.test"] });
      const detail = await traced("sso", "s1", { userName: "eve@evil.test", groups: ["Sales"] });
      expect([detail["guard"], memberNames(detail)]).to.deep.equal(["domains", ["Sales"]]);
      expect(detail["problem"]).to.equal("e-mail domain `evil.test` is not one of acme.test");
    });

    it("seats, with the rule that would have let the person in", async () => {
      t = await database.tenant({ seats: 0 });
      await connected();
      const detail = await traced("sso", "ada", { groups: ["Sales"] });
      expect(detail["guard"]).to.equal("seats");
      expect(outcomes(detail)).to.deep.include(["sales", "matched"]);
    });

    it("reconcile, when rules could not be judged", async () => {
      await connected();
      await t.mapping({ mappings: [{ when: "'Sales' in groups", team_name: "Sales", role_name: "viewer" }] });
      fault.planted = true;
      const detail = await traced("sso", "ada", { groups: ["Sales"] });
      expect([detail["guard"], memberNames(detail), detail.rules]).to.deep.equal(["reconcile", ["Sales"], []]);
    });

    it("connection, when it has ended", async () => {
      await connected();
      const { id } = await t.connection("sso");
      const now = new Date().toISOString();
      await t.p.store.write((await t.tenant()).id, (tx) => tx.updateConnection(id, { disabledAt: now }, now));
      const detail = await traced("sso", "ada", { groups: ["Sales"] });
      expect([detail["guard"], memberNames(detail)]).to.deep.equal(["connection", ["Sales"]]);
    });
  });

  it("is kept wherever long reasons made of emoji are cut", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const groups = Array.from({ length: 40 }, (_, at) => `${"😀".repeat(30)}${at}`);
    const ids = Array.from({ length: 8 }, (_, at) => "r".repeat(at + 1));
    const mappings = ids.map((id) => ({ id, group_name: groups, team_name: "🚀".repeat(30), role_name: "viewer" }));
    await t.mapping({ mappings });
    const { rules } = await traced("sso", "ada", { groups: ["Sales"] });
    expect(rules.map(({ reason }) => !/\p{Surrogate}/u.test(reason) && reason.endsWith("…"))).to.deep.equal(
      ids.map(() => true),
    );
  });

  it("stays of a bearable size, and counts what it leaves out", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const many = Array.from({ length: 300 }, (_, at) => ({
      id: `r${at}`,
      group_name: Array.from({ length: 40 }, (_, n) => `a group with a long name ${at}-${n}`),
      team_name: `T${at}`,
      role_name: "viewer",
    }));
    const last = { id: "last", group_name: "g0", team_name: "Last", role_name: "viewer" };
    await t.mapping({ mappings: [...many, last] });
    const detail = await traced("sso", "ada", { groups: Array.from({ length: 3000 }, (_, at) => `g${at}`) });
    expect([detail.rules.length, detail["rulesLeftOut"], detail.facts.groups.members.length]).to.deep.equal([
      200, 101, 1000,
    ]);
    expect(detail.rules.at(-1)).to.include({ rule: "last", status: "matched" });
    expect(JSON.stringify(detail.rules).length).to.be.below(200_000);
  });
});
