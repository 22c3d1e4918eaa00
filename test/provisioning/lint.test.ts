import { expect } from "chai";
import { lintMapping } from "../../src/provisioning/mapping/lint.js";
import { scimGroup } from "../support/people.js";
import { openTenant } from "../support/tenant.js";

const DAY = 86_400_000;

describe("lint beside a tenant's past", () => {
  it("tells of rules that gave nothing since the days asked for, counted from the version in which they first stood", async () => {
    let at = Date.parse("2026-01-01T00:00:00.000Z");
    const acme = await openTenant({ with: (p) => ({ ...p, now: () => new Date(at).toISOString() }) });
    try {
      await acme.connect({ slug: "okta", protocol: "scim", sync: "live" });
      const rule = (group: string) => ({ id: group, group_name: group, team_name: group, role_name: "editor" });
      const dead = { ...rule("Dead"), id: "shadowed", team_name: "Used" };
      await acme.mapping({ mappings: [rule("Used"), rule("Dead"), { ...dead, group_name: "Used" }] });
      await acme.pushGroup("okta", "Used", [await acme.pushUser("okta", "ann@acme.test")]);
      await acme.settled();
      expect(await acme.holds("ann@acme.test")).to.deep.equal(["Used/editor"]);
      const lint = async (days: number) => {
        const { findings } = await lintMapping(acme.p, await acme.tenant(), undefined, { days });
        return findings.filter(({ code }) => code === "never_matched").map(({ pointer }) => pointer);
      };
      at += 50 * DAY;
      await acme.mapping({ mappings: [rule("Used"), rule("Dead"), { ...dead, group_name: "Used" }, rule("Young")] });
      await acme.settled();
      expect(await lint(90)).to.deep.equal([]);
      expect(await lint(30)).to.deep.equal(["/mappings/1"]);
      at += 50 * DAY;
      expect(await lint(90)).to.deep.equal(["/mappings/1"]);
      expect(await lint(30)).to.deep.equal(["/mappings/1", "/mappings/3"]);
    } finally {
      await acme.close();
    }
  });

  it("counts groups in claims, and takes a claimed name of a pushed group for that group", async () => {
    const acme = await openTenant();
    try {
      await acme.connect({ slug: "okta", protocol: "scim", sync: "live" });
      const entra = {
        slug: "entra",
        protocol: "oidc",
        oidc: { issuer: "https://idp.test", clientId: "c", scopes: [] },
      } as const;
      await acme.connect({ ...entra, sync: "live" });
      await acme.mapping({ no_match: "allow", mappings: [{ group_name: "Mapped", team_name: "A", role_name: "v" }] });
      for (const name of ["ann", "bob", "cy"]) {
        const groups = name === "cy" ? ["Mapped"] : ["Mapped", "Loose", "Both"];
        await acme.signIn("entra", name, { groups });
      }
      await acme.pushGroup("okta", "Pushed", [await acme.pushUser("okta", "dan@acme.test")]);
      await acme.pushGroup("entra", "Both", [await acme.pushUser("entra", "eva@acme.test")]);
      const { groups } = await lintMapping(acme.p, await acme.tenant(), undefined, { days: 90 });
      expect(groups).to.deep.equal({
        ...{ seen: 4, unmapped: 3 },
        largest: [
          { connection: "entra", name: "Both", source: "scim", members: 2 },
          { connection: "entra", name: "Loose", source: "claims", members: 2 },
          { connection: "okta", name: "Pushed", source: "scim", members: 1 },
        ],
      });
    } finally {
      await acme.close();
    }
  });

  it("knows a renamed group by the name that rules still know it by, in a draft by the names that the draft would pin", async () => {
    const acme = await openTenant();
    try {
      await acme.connect({ slug: "okta", protocol: "scim", sync: "live" });
      const naming = (name: string) => ({ mappings: [{ group_name: name, team_name: "T", role_name: "editor" }] });
      await acme.mapping(naming("Engineering"));
      const id = await acme.pushGroup("okta", "Engineering", [await acme.pushUser("okta", "ada@acme.test")]);
      await acme.change("okta", { kind: "upsertGroup", id, document: scimGroup("R&D") });
      await acme.settled();
      expect(await acme.holds("ada@acme.test")).to.deep.equal(["T/editor"]);
      const lint = async (draft?: object) => {
        const text = draft && JSON.stringify(draft);
        const { findings, groups } = await lintMapping(acme.p, await acme.tenant(), text, { days: 90 });
        const unknown = findings.filter(({ code }) => code === "unknown_group").map(({ pointer }) => pointer);
        return { unknown, ...groups };
      };
      const known = { unknown: [], seen: 1, unmapped: 0, largest: [] };
      expect(await lint()).to.deep.equal(known);
      expect(await lint(naming("Engineering"))).to.deep.equal(known);
      expect(await lint(naming("R&D"))).to.deep.equal(known);
      const largest = [{ connection: "okta", name: "R&D", source: "scim", members: 1 }];
      const other = { unknown: ["/mappings/0/group_name"], seen: 1, unmapped: 1, largest };
      expect(await lint(naming("Sales"))).to.deep.equal(other);
      const text = (name: string) => JSON.stringify(naming(name));
      const tells = async (draft?: string) =>
        (await lintMapping(acme.p, await acme.tenant(), draft, { days: 90 })).findings.map(({ code }) => code);
      expect(await tells()).to.include("renamed_group");
      expect(await tells(text("R&D")), "the fix makes the finding go away").to.not.include("renamed_group");
      await acme.pushGroup("okta", "Engineering", [await acme.pushUser("okta", "eve@acme.test")]);
      expect(await tells()).to.include.members(["renamed_group", "name_taken"]);
      await acme.change("okta", { kind: "deleteGroup", id });
      expect(await tells())
        .to.include("unconfirmed_group")
        .and.not.include("renamed_group");
    } finally {
      await acme.close();
    }
  });

  it("holds texts of conditions beside what people have, pushed in test mode or said at a sign-in", async () => {
    const acme = await openTenant();
    try {
      await acme.connect({ slug: "okta", protocol: "scim", sync: "test" });
      const oidc = { issuer: "https://idp.test", clientId: "c", scopes: [] };
      await acme.connect({ slug: "entra", protocol: "oidc", oidc, sync: "off" });
      const document = {
        mappings: [
          { when: "user.userName = 'ann@acme.tset'", team_name: "A", role_name: "v" },
          { when: "'x' in claims.costcentre", team_name: "A", role_name: "v" },
        ],
      };
      const lint = async () => {
        const { findings } = await lintMapping(acme.p, await acme.tenant(), JSON.stringify(document), { days: 90 });
        return findings.flatMap(({ code, suggestion = "" }) =>
          code.endsWith("_examples") ? [] : [`${code} ${suggestion}`],
        );
      };
      expect(await lint()).to.deep.equal([]);
      await acme.pushUser("okta", "ann@acme.test");
      expect(await lint()).to.deep.equal(["misspelt_value ann@acme.test"]);
      await acme.signIn("entra", "bob", { attributes: { department: "Sales" } });
      expect(await lint()).to.deep.equal(["misspelt_value ann@acme.test", "unknown_claim "]);
    } finally {
      await acme.close();
    }
  });
});
