import { expect } from "chai";
import type { MappingDocument } from "../../src/model/mapping.js";
import type { Problem } from "../../src/model/problem.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const NOBODY_ADMINISTERS = { name: "nobody administers", never: "target.scope = 'tenant'" };
const RULES = [{ id: "g", group_name: "G", team_name: "P", role_name: "e" }];

describe("invariants over what defaults give", () => {
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant();
  });
  afterEach(() => t.close());

  const previewed = async (draft: MappingDocument): Promise<readonly string[]> => {
    const { problems } = await previewMapping(t.p, await t.tenant(), JSON.stringify(draft), {});
    return problems.map(({ code, message }) => `${code}: ${message}`);
  };
  const refused = async (draft: MappingDocument): Promise<readonly string[]> => {
    const error = await t.mapping(draft).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    if (error === undefined) return [];
    expect(error).to.have.property("code", "invalid_document");
    const { problems } = (error as { readonly detail: { readonly problems: readonly Problem[] } }).detail;
    return problems.map(({ code }) => code);
  };

  it("see the fallback of real people, each of whom counts once however many connections know them", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.pushUser("okta", "ada@acme.test");
    const draft: MappingDocument = {
      ...{ no_match: "default", default_role: "admin", mappings: RULES },
      invariants: [
        { name: "nobody by okta administers", never: "target.role = 'admin' and user.userName = 'ada@acme.test'" },
      ],
    };
    expect(await previewed(draft)).to.deep.equal([
      "invariant_broken: invariant `nobody by okta administers` is broken: `ada@acme.test` would be given `tenant/admin`",
    ]);
    expect(await refused(draft)).to.deep.equal(["invariant_broken"]);
    expect(await refused({ ...draft, default_role: "viewer" })).to.deep.equal([]);
  });

  it("see what a new account would be given once, though nobody is new", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const draft: MappingDocument = { default_role: "admin", mappings: RULES, invariants: [NOBODY_ADMINISTERS] };
    for (const no_match of ["allow", "deny", "default"] as const) {
      expect(await previewed({ ...draft, no_match }), no_match).to.deep.equal([
        "invariant_broken: invariant `nobody administers` is broken: somebody new by `sso` would be given `tenant/admin`",
      ]);
      expect(await refused({ ...draft, no_match }), no_match).to.deep.equal(["invariant_broken"]);
    }
  });

  it("see it in teams that the document may not make", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const draft: MappingDocument = {
      ...{ default_team: "Newcomers", unknown_team: "reject", mappings: RULES },
      invariants: [{ name: "nobody is a newcomer", never: "target.team = 'Newcomers'" }],
    };
    expect(await refused(draft)).to.deep.equal(["invariant_broken"]);
  });

  it("ask of somebody whom only rules let in nothing that depends on the person", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const staffOnly = { name: "staff alone has roles", never: "$not('G' in groups)" };
    const draft: MappingDocument = { default_role: "viewer", mappings: RULES, invariants: [staffOnly] };
    expect(await refused({ ...draft, no_match: "deny" })).to.deep.equal([]);
    expect(await refused({ ...draft, no_match: "allow" })).to.deep.equal(["invariant_broken"]);
  });

  it("see the default beside the rules of an example's person, who may be new", async () => {
    await t.connect({ slug: "sso", protocol: "oidc" });
    const draft: MappingDocument = {
      ...{ no_match: "deny", default_role: "admin", mappings: RULES },
      examples: [
        { name: "one of G", groups: ["G"], expect: ["P/e"] },
        { name: "another one of G", groups: ["G", "H"], expect: ["P/e"] },
      ],
      invariants: [{ name: "G does not administer", never: "target.scope = 'tenant' and 'G' in groups" }],
    };
    expect(await previewed(draft)).to.deep.equal([
      "invariant_broken: invariant `G does not administer` is broken: the person of example `one of G` would be given `tenant/admin`, and 1 more person",
    ]);
  });
});
