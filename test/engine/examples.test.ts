import { expect } from "chai";
import { exampleLink, judgeExample, newcomers } from "../../src/engine/examples/examples.js";
import { invariantChecks, invariantJobs, judgeInvariants } from "../../src/engine/examples/invariants.js";
import type { ExpressionResult } from "../../src/model/expression.js";
import type { ExampleDocument, MappingDocument } from "../../src/model/mapping.js";
import { CONTEXT, compiled, decided, known, link, resultsOf, unknown } from "./made-up.js";

const EXAMPLE: ExampleDocument = { name: "bob", expect: [] };

describe("examples", () => {
  const person = (
    example: Partial<ExampleDocument>,
    document: MappingDocument = {},
    connections = CONTEXT.connections,
  ) => exampleLink({ ...EXAMPLE, ...example }, compiled(document, { connections }));

  it("know everything of their person: what is left out is known to be absent", () => {
    const { facts } = person({ user: { title: "Boss", country: null } });
    expect(facts.user.title).to.deep.equal(known("Boss"));
    expect(facts.user.country).to.deep.equal(known(null));
    expect(facts.user.department).to.deep.equal(known(null));
    expect(facts.user.active).to.deep.equal(known(true));
    expect(facts.groups).to.include({ unlisted: "not_member" });
    expect(facts.appRoles).to.deep.equal(known([]));
  });

  it("have what they list", () => {
    const { facts } = person({
      groups: ["a"],
      group_ids: ["g-1"],
      app_roles: ["r"],
      claims: { x: ["y"] },
      user: { active: false },
    });
    expect(facts.groups.members.map(({ names, ids }) => [names, ids])).to.deep.equal([
      [["a"], ["a"]],
      [["g-1"], ["g-1"]],
    ]);
    expect(facts.appRoles).to.deep.equal(known(["r"]));
    expect(facts.claims).to.deep.equal({ x: ["y"] });
    expect(facts.user.active).to.deep.equal(known(false));
  });

  it("take a name of the alias book for what the connection calls the group", () => {
    const { facts } = person({ groups: ["Finance"], connection: "idp" }, { groups: { Finance: { idp: "guid" } } });
    expect(facts.groups.members.map((one) => one.ids)).to.deep.equal([["guid"]]);
  });

  it("have an empty list for each claim that a rule or an invariant reads", () => {
    const document: MappingDocument = {
      mappings: [{ when: "'x' in claims.duties", team_name: "A", role_name: "x" }],
      invariants: [{ name: "n", never: "'x' in claims.other" }],
    };
    expect(person({}, document).facts.claims).to.deep.equal({ duties: [], other: [] });
  });

  it("live on one day for ever, unless another is given", () => {
    expect(person({}).facts.now).to.equal("2026-01-01");
    expect(exampleLink(EXAMPLE, compiled({}), "2027-02-03T04:05:06.000Z").facts.now).to.equal("2027-02-03");
  });

  describe("come by a connection", () => {
    const none = CONTEXT.connections.map((one) => ({ ...one, mayGrantOwner: false }));
    const slug = (example: Partial<ExampleDocument>, connections = CONTEXT.connections) =>
      person(example, {}, connections).connection.slug;
    it("that they name", () => expect(slug({ connection: "other" })).to.equal("other"));
    it("that may grant owner", () => expect(slug({})).to.equal("idp"));
    it("that comes first", () => expect(slug({}, none)).to.equal("idp"));
    it("that is made up while there is none", () => {
      expect(slug({}, [])).to.equal("example");
      expect(person({}, {}, []).connection.mayGrantOwner).to.equal(true);
    });
  });

  describe("are judged exactly", () => {
    const judge = (expected: ExampleDocument["expect"], ...given: readonly string[]) =>
      judgeExample(
        { ...EXAMPLE, expect: expected },
        3,
        given.map((role) => ({ scope: "team:A", role })),
      );

    it("and pass in any order and spelling", () => {
      expect(judge(["A/x", { scope: "team:A", role: "EDITOR" }], "editor", "x", "x")).to.deep.equal([]);
    });

    it("and fail by name, with what is missing and what is too much", () => {
      expect(judge(["A/y", "A/x", "*/z"], "w", "v")).to.deep.equal([
        {
          pointer: "/examples/3/expect",
          code: "example_failed",
          message: "example `bob`: this person does not get `*/z`, `A/x`, `A/y` and gets `A/v`, `A/w` too",
        },
      ]);
      expect(judge(["A/x"])[0]?.message).to.equal("example `bob`: this person does not get `A/x`");
      expect(judge([], "x")[0]?.message).to.equal("example `bob`: this person gets `A/x` too");
    });

    it("whatever else is wrong with what they expect", () => {
      expect(judge(["nonsense"])).to.deep.equal([]);
    });
  });

  it("are given what decide gives", async () => {
    const mapping = compiled({ tenant_owners_groups: ["IT"] });
    const decision = await decided(mapping, [exampleLink({ ...EXAMPLE, groups: ["IT"] }, mapping)]);
    expect(decision.desired.map((one) => one.target)).to.deep.equal([{ scope: "tenant", role: "owner" }]);
  });
});

describe("newcomers", () => {
  it("come by each connection, pushed where nobody signs in, and by none that admins fill", () => {
    const made = newcomers(
      compiled(
        {},
        {
          connections: [
            { slug: "local", protocol: "local", mayGrantOwner: false },
            { slug: "sso", protocol: "oidc", mayGrantOwner: true },
            { slug: "hr", protocol: "scim", mayGrantOwner: false },
          ],
        },
      ),
    );
    expect(made.map(({ plain }) => [plain.connection.slug, plain.signedIn, plain.scim])).to.deep.equal([
      ["sso", true, undefined],
      ["hr", false, "active"],
    ]);
    expect(newcomers(compiled({}, { connections: [] }))).to.have.length(1);
  });

  it("have nothing, or nothing is known of them but the connection", () => {
    const [{ plain, unknown: unseen } = expect.fail()] = newcomers(compiled({}));
    expect(plain.facts.user.title).to.deep.equal(known(null));
    expect(plain.facts.groups.unlisted).to.equal("not_member");
    expect(unseen.facts.user.title).to.deep.equal(unknown("never_asserted"));
    expect(unseen.facts.appRoles).to.deep.equal(unknown("never_asserted"));
    expect(unseen.facts.groups.unlisted).to.equal("never_asserted");
    expect(unseen.facts.connection).to.deep.equal(plain.facts.connection);
  });
});

describe("invariants", () => {
  const document: MappingDocument = {
    invariants: [
      { name: "owners from IT", never: "target.role = 'owner' and $not('IT' in groups)" },
      {
        name: "no title in Finance",
        never: "target.team = 'Finance' and target.scope = 'team:Finance' and $exists(user.title)",
      },
    ],
  };
  const OWNER = { scope: "tenant", role: "owner" };
  const FINANCE = { scope: "team:Finance", role: "x" };
  const judged = async (made: Parameters<typeof link>[0], given: readonly (typeof OWNER)[]) => {
    const mapping = compiled(document);
    const one = link(made);
    const problems = judgeInvariants(
      invariantChecks(mapping, one, given),
      await resultsOf(invariantJobs(invariantChecks(mapping, one, given))),
    );
    return problems.map(({ pointer, code, message }) => `${pointer} ${code}: ${message}`);
  };

  it("hold where their condition is false for everything given", async () => {
    expect(await judged({ groups: ["IT"] }, [OWNER, FINANCE])).to.deep.equal([]);
    expect(await judged({}, [])).to.deep.equal([]);
  });

  it("are broken by name, each once", async () => {
    expect(await judged({ user: { title: "x" } }, [OWNER, FINANCE, OWNER, { ...FINANCE, role: "y" }])).to.deep.equal([
      "/invariants/0/never invariant_broken: invariant `owners from IT` is broken: somebody would be given `tenant/owner`",
      "/invariants/1/never invariant_broken: invariant `no title in Finance` is broken: somebody would be given `Finance/x`",
    ]);
  });

  it("prove nothing about people of whom they read something unknown", async () => {
    expect(await judged({ unlisted: "overage" }, [OWNER])).to.deep.equal([]);
    expect(await judged({ user: { title: unknown("never_asserted") } }, [FINANCE])).to.deep.equal([]);
  });

  it("that cannot be judged are reported", () => {
    const mapping = compiled({ invariants: [{ name: "n", never: "target.role = 'x'" }] });
    const one = link();
    const [key = ""] = invariantJobs(invariantChecks(mapping, one, [OWNER])).keys();
    const judge = (...results: readonly ExpressionResult[]) =>
      judgeInvariants(invariantChecks(mapping, one, [OWNER]), new Map(results.map((result) => [key, result]))).map(
        (problem) => problem.message,
      );
    expect(judge({ ok: false, code: "timeout", message: "slow" })).to.deep.equal([
      "invariant `n` cannot be judged: slow",
    ]);
    expect(judge({ ok: true, value: "x" })).to.deep.equal([
      "invariant `n` cannot be judged: it yielded neither true nor false",
    ]);
    expect(judge()).to.have.length(1);
    expect(judge({ ok: true, value: false })).to.deep.equal([]);
  });

  it("that yield nothing are not broken", async () => {
    const mapping = compiled({ invariants: [{ name: "n", never: "$contains(user.title, 'x')" }] });
    const one = link({ user: { title: known(null) } });
    const results = await resultsOf(invariantJobs(invariantChecks(mapping, one, [OWNER])));
    expect([...results.values()]).to.deep.equal([{ ok: true, value: null }]);
    expect(judgeInvariants(invariantChecks(mapping, one, [OWNER]), results)).to.deep.equal([]);
  });
});
