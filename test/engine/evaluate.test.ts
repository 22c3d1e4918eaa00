import { expect } from "chai";
import { nextExpiry, readsNow } from "../../src/engine/compile/compile.js";
import { evaluate, expressionJobs } from "../../src/engine/evaluate.js";
import type { ExpressionResult } from "../../src/model/expression.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import {
  CONTEXT,
  compiled,
  evaluated,
  group,
  known,
  link,
  type MadeUpLink,
  NOW,
  outcomesOf,
  unknown,
} from "./made-up.js";

const STALE = "2026-11-20T00:00:00.000Z";

async function outcomes(
  rules: readonly RuleDocument[],
  made: MadeUpLink,
  more: MappingDocument = {},
): Promise<readonly string[]> {
  return outcomesOf(await evaluated(compiled({ ...more, mappings: rules }), link(made)));
}

const rule = (more: Partial<RuleDocument>): RuleDocument => ({ id: "r", team_name: "A", role_name: "editor", ...more });

describe("evaluating a link", () => {
  const matchers: readonly (readonly [string, Partial<RuleDocument>, MadeUpLink, string | undefined])[] = [
    ["a group by name", { group_name: "Eng" }, { groups: ["Eng"] }, "matched A/editor"],
    ["a group by another case", { group_name: "Eng" }, { groups: ["eng"] }, undefined],
    ["any group of a list", { group_name: ["Ops", "Eng"] }, { groups: ["Eng"] }, "matched A/editor"],
    [
      "a group by any of its names",
      { group_name: "crew" },
      { groups: [group("Eng", { names: ["Eng", "crew"] })] },
      "matched A/editor",
    ],
    ["no group by its id as a name", { group_name: "g-1" }, { groups: [group("Eng", { ids: ["g-1"] })] }, undefined],
    ["a group by id", { group_id: "g-1" }, { groups: [group("Eng", { ids: ["ext", "g-1"] })] }, "matched A/editor"],
    ["no group by name as an id", { group_id: "Eng" }, { groups: [group("Eng", { ids: ["g-1"] })] }, undefined],
    [
      "an id beside a label that is another group's name",
      { group_id: "g-1", group_name: "Ops" },
      { groups: ["Ops"] },
      undefined,
    ],
    ["a pattern", { group_pattern: "app-*" }, { groups: ["app-x"] }, "matched A/editor"],
    [
      "a pattern by a second name",
      { group_pattern: "app-*" },
      { groups: [group("x", { names: ["x", "app-x"] })] },
      "matched A/editor",
    ],
    [
      "name and pattern of the same group",
      { group_pattern: "app-{t}", group_name: ["app-x", "y"], team_name: "{t}" },
      { groups: ["app-x"] },
      "matched x/editor",
    ],
    [
      "name and pattern of two groups",
      { group_pattern: "app-*", group_name: "y" },
      { groups: ["app-x", "y"] },
      undefined,
    ],
    [
      "id and pattern of the same group",
      { group_pattern: "app-*", group_id: "g-1" },
      { groups: [group("app-x", { ids: ["g-1"] })] },
      "matched A/editor",
    ],
    [
      "id and pattern of two groups",
      { group_pattern: "app-*", group_id: "g-1" },
      { groups: ["app-x", group("y", { ids: ["g-1"] })] },
      undefined,
    ],
    ["an app role", { app_role: ["x", "y"] }, { appRoles: known(["y"]) }, "matched A/editor"],
    ["no app role", { app_role: "x" }, { appRoles: known(["y"]) }, undefined],
    [
      "group and app role",
      { group_name: "Eng", app_role: "x" },
      { groups: ["Eng"], appRoles: known(["x"]) },
      "matched A/editor",
    ],
    ["group without the app role", { group_name: "Eng", app_role: "x" }, { groups: ["Eng"] }, undefined],
    ["everyone", { everyone: true }, {}, "matched A/editor"],
    ["a condition that holds", { when: "user.department = 'IT'" }, { user: { department: "IT" } }, "matched A/editor"],
    ["a condition that does not", { when: "user.department = 'IT'" }, { user: { department: "HR" } }, undefined],
    ["a condition over what is known to be absent", { when: "user.department = 'IT'" }, {}, undefined],
    [
      "a condition on the matched group",
      { group_name: ["a", "b"], when: "group.name = 'b'" },
      { groups: ["a", "b"] },
      "matched A/editor",
    ],
    [
      "a condition on the matched group's id",
      { group_name: "a", when: "group.id = 'g-1'" },
      { groups: [group("a", { ids: ["g-1"] })] },
      "matched A/editor",
    ],
    ["its own connection", { everyone: true, connections: ["idp"] }, {}, "matched A/editor"],
    ["another connection", { everyone: true, connections: ["other"] }, {}, undefined],
    ["a rule that is switched off", { everyone: true, enabled: false }, {}, undefined],
    ["a rule that ends later", { everyone: true, expires_at: "2026-11-23" }, {}, "matched A/editor"],
    ["a rule that has ended", { everyone: true, expires_at: NOW }, {}, undefined],
    [
      "a captured role in capitals",
      { group_pattern: "a-{r}", role_name: "{r}" },
      { groups: ["a-EDITOR"] },
      "matched A/editor",
    ],
    [
      "a captured `owner` that is not written out",
      { group_pattern: "a-{r}", role_name: "{r}" },
      { groups: ["a-Owner"] },
      undefined,
    ],
  ];
  for (const [what, matcher, made, expected] of matchers) {
    it(`${what}: ${expected ?? "unmatched"}`, async () => {
      const found = await outcomes([rule(matcher)], made, { role_order: ["x"] });
      expect(found).to.deep.equal(expected === undefined ? [] : [`r ${expected}`]);
    });
  }

  describe("what is unknown", () => {
    const gone = { unlisted: "overage" } as const;
    const cases: readonly (readonly [string, Partial<RuleDocument>, MadeUpLink, readonly string[]])[] = [
      ["groups, none listed", { group_name: "Eng" }, gone, ["r undecided (overage)"]],
      ["groups, one listed", { group_name: "Eng" }, { ...gone, groups: ["Eng"] }, ["r matched A/editor"]],
      [
        "groups, a pattern's one listed: there may be more",
        { group_pattern: "a-{t}", team_name: "{t}" },
        { ...gone, groups: ["a-x"] },
        ["r matched x/editor (overage)"],
      ],
      ["groups, but not the named ones", { group_name: ["Eng", "Ops"] }, { ...gone, answered: ["Eng", "Ops"] }, []],
      [
        "groups, one of the named ones",
        { group_name: ["Eng", "Ops"] },
        { ...gone, answered: ["Eng"] },
        ["r undecided (overage)"],
      ],
      ["groups, for a pattern", { group_pattern: "a-*" }, { ...gone, answered: ["a-x"] }, ["r undecided (overage)"]],
      [
        "groups, for a pattern of a group that is answered for",
        { group_pattern: "a-*", group_name: "a-x" },
        { ...gone, answered: ["a-x"] },
        [],
      ],
      ["groups, but the app role is known to be missing", { group_name: "Eng", app_role: "x" }, gone, []],
      [
        "groups, of a rule whose condition does not hold: it is over",
        { group_name: "Eng", when: "user.title = 'x'" },
        gone,
        [],
      ],
      [
        "groups beside one that matches, of a rule whose condition does not hold: it is over",
        { group_pattern: "a-{t}", team_name: "{t}", when: "user.title = 'x'" },
        { ...gone, groups: ["a-b"] },
        [],
      ],
      [
        "app roles, of a rule whose condition does not hold: it is over",
        { app_role: "x", when: "user.title = 'x'" },
        { appRoles: unknown("overage") },
        [],
      ],
      [
        "app roles, of a rule whose condition fails",
        { app_role: "x", when: "$number('x') > 1" },
        { appRoles: unknown("overage") },
        ["r undecided (overage)"],
      ],
      [
        "groups, of a rule whose condition holds",
        { group_name: "Eng", when: "1 = 1" },
        gone,
        ["r undecided (overage)"],
      ],
      ["app roles", { app_role: "x" }, { appRoles: unknown("absent_claim") }, ["r undecided (absent_claim)"]],
      [
        "app roles, beside a group",
        { group_name: "Eng", app_role: "x" },
        { groups: ["Eng"], appRoles: unknown("absent_claim") },
        ["r undecided (absent_claim)"],
      ],
      [
        "app roles and groups",
        { group_name: "Eng", app_role: "x" },
        { ...gone, appRoles: unknown("absent_claim") },
        ["r undecided (absent_claim)"],
      ],
      [
        "app roles, but the group is known to be missing",
        { group_name: "Eng", app_role: "x" },
        { appRoles: unknown("absent_claim") },
        [],
      ],
      [
        "an attribute that a condition reads",
        { when: "user.department = 'IT'" },
        { user: { department: unknown("never_asserted") } },
        ["r undecided (never_asserted)"],
      ],
      [
        "an attribute that a condition reads, of a group that is missing",
        { group_name: "Eng", when: "user.department = 'IT'" },
        { user: { department: unknown("never_asserted") } },
        [],
      ],
      [
        "groups that a condition reads",
        { when: "'Eng' in groups" },
        { ...gone, groups: ["Eng"] },
        ["r undecided (overage)"],
      ],
      ["group ids that a condition reads", { when: "'Eng' in group_ids" }, gone, ["r undecided (overage)"]],
      [
        "app roles that a condition reads",
        { when: "'x' in app_roles" },
        { appRoles: unknown("overage") },
        ["r undecided (overage)"],
      ],
      ["a claim that a condition reads", { when: "'x' in claims.duties" }, {}, ["r undecided (absent_claim)"]],
    ];
    for (const [what, matcher, made, expected] of cases) {
      it(`${what}: ${expected[0] ?? "unmatched"}`, async () =>
        expect(await outcomes([rule(matcher)], made)).to.deep.equal(expected));
    }
  });

  describe("what is stale", () => {
    const staleGroup = group("Eng", { staleSince: STALE });
    const cases: readonly (readonly [string, Partial<RuleDocument>, MadeUpLink, readonly string[]])[] = [
      ["a group", { group_name: "Eng" }, { groups: [staleGroup] }, ["r matched A/editor?"]],
      [
        "one of two groups, which the fresh one makes needless",
        { group_name: ["Eng", "Ops"] },
        { groups: [staleGroup, "Ops"] },
        ["r matched A/editor"],
      ],
      [
        "one of two groups, in the other order",
        { group_name: ["Eng", "Ops"] },
        { groups: ["Ops", staleGroup] },
        ["r matched A/editor"],
      ],
      ["an app role", { app_role: "x" }, { appRoles: known(["x"], STALE) }, ["r matched A/editor?"]],
      [
        "an app role beside a fresh group",
        { group_name: "Eng", app_role: "x" },
        { groups: ["Eng"], appRoles: known(["x"], STALE) },
        ["r matched A/editor?"],
      ],
      [
        "a group beside a fresh app role",
        { group_name: "Eng", app_role: "x" },
        { groups: [staleGroup], appRoles: known(["x"]) },
        ["r matched A/editor?"],
      ],
      [
        "what a condition reads",
        { when: "user.department = 'IT' and user.title = 'x'" },
        { user: { department: known("IT", STALE), title: known("x", "2026-11-21T00:00:00.000Z") } },
        ["r matched A/editor?"],
      ],
      [
        "app roles that a condition reads",
        { when: "'x' in app_roles" },
        { appRoles: known(["x"], STALE) },
        ["r matched A/editor?"],
      ],
      [
        "the group that a condition reads",
        { group_name: "Eng", when: "group.name = 'Eng'" },
        { groups: [staleGroup] },
        ["r matched A/editor?"],
      ],
    ];
    for (const [what, matcher, made, expected] of cases) {
      it(`${what}: ${expected[0]}`, async () => expect(await outcomes([rule(matcher)], made)).to.deep.equal(expected));
    }

    it("says so in the evidence, with the earliest time", async () => {
      const user = {
        department: known("IT", STALE),
        title: known("x", "2026-11-21T00:00:00.000Z"),
        country: known("SE"),
      };
      const when = "user.country = 'SE' and user.title = 'x' and user.department = 'IT'";
      const [outcome] = (await evaluated(compiled({ mappings: [rule({ when })] }), link({ user }))).notable;
      expect(outcome?.status === "matched" && outcome.matches[0]?.evidence).to.deep.equal([
        { kind: "expression", label: when, staleSince: STALE },
      ]);
    });
  });

  describe("what one person may be given", () => {
    const groups = Array.from({ length: 4000 }, (_, index) => `g${index}`);
    const perGroup = (id: string, kind: string): RuleDocument => {
      return { id, group_pattern: "g{n}", scope: `resource:${kind}:{n}`, role_name: "editor" };
    };

    it("is bounded: the rule that goes beyond fails, whole, and one that fits in counts", () => {
      const mapping = compiled({
        mappings: [perGroup("a", "x"), perGroup("b", "y"), perGroup("c", "z"), rule({ id: "d", everyone: true })],
      });
      const { notable } = evaluate(mapping, link({ groups }), new Map());
      expect(notable.map(({ rule: id, status }) => `${id} ${status}`)).to.deep.equal([
        "a matched",
        "b matched",
        "c failed",
        "d matched",
      ]);
      expect(notable[2]).to.deep.include({
        open: { reason: "too_many_targets", detail: "the rules up to this one give more than 10000 targets here" },
      });
    });

    for (const [count, expected] of [
      [5, "matched"],
      [6, "failed"],
    ] as const) {
      it(`by results of ${count * 200} targets together: ${expected}`, () => {
        const mapping = compiled({
          role_order: ["v"],
          mappings: [{ id: "r", group_pattern: "*", grants: "{'team': group.name, 'role': 'v'}" }],
        });
        const person = link({ groups: groups.slice(0, count) });
        const results = [...expressionJobs(mapping, [person]).keys()].map((key, at): [string, ExpressionResult] => [
          key,
          { ok: true, value: Array.from({ length: 200 }, (_, i) => ({ scope: `resource:p:${at}-${i}`, role: "v" })) },
        ]);
        expect(evaluate(mapping, person, new Map(results)).notable.map(({ status }) => status)).to.deep.equal([
          expected,
        ]);
      });
    }
  });

  describe("expressions", () => {
    const mapping = compiled({ mappings: [rule({ when: "user.department = 'IT'" })] });
    const person = link({ user: { department: "IT" } });
    const [key = ""] = expressionJobs(mapping, [person]).keys();
    const withResult = (result?: ExpressionResult) =>
      outcomesOf(evaluate(mapping, person, new Map(result ? [[key, result]] : [])));

    it("that have no result count as failed", () => {
      expect(withResult()).to.deep.equal(["r failed (expression_failed)"]);
    });

    it("that failed say why and where", () => {
      const result = { ok: false, code: "error", message: "a number is out of range", position: 3 } as const;
      const [outcome] = evaluate(mapping, person, new Map([[key, result]])).notable;
      expect(outcome).to.deep.equal({
        rule: "r",
        index: 0,
        status: "failed",
        open: {
          reason: "expression_failed",
          detail: "a number is out of range",
          position: 3,
          could: [{ scope: "team:A", role: "editor" }],
        },
      });
    });

    for (const code of ["timeout", "memory"] as const) {
      it(`that were stopped (${code}) say so, as the machine may be to blame`, () => {
        expect(withResult({ ok: false, code, message: "x" })).to.deep.equal(["r failed (expression_stopped)"]);
      });
    }

    it("that are suspended say so", () => {
      expect(withResult({ ok: false, code: "suspended", message: "x" })).to.deep.equal([
        "r failed (expression_suspended)",
      ]);
    });

    it("that yield nothing do not match, as every fact that they read is known", () => {
      expect(withResult({ ok: true, value: null })).to.deep.equal([]);
    });

    for (const value of ["yes", 1, [], [true], {}]) {
      it(`that yield ${JSON.stringify(value)} are no answer`, () => {
        expect(withResult({ ok: true, value })).to.deep.equal(["r failed (not_boolean)"]);
      });
    }

    it("leave a rule matched for one group and open for another", () => {
      const both = compiled({
        role_order: ["ro", "rw"],
        mappings: [rule({ group_pattern: "a-{r}", role_name: "{r}", when: "group.name = 'a-ro'" })],
      });
      const one = link({ groups: ["a-ro", "a-rw"] });
      const results = new Map<string, ExpressionResult>();
      for (const [jobKey, job] of expressionJobs(both, [one])) {
        const yes = JSON.stringify(job.input).includes("a-ro");
        results.set(jobKey, yes ? { ok: true, value: true } : { ok: false, code: "error", message: "slow" });
      }
      const [outcome] = evaluate(both, one, results).notable;
      expect(outcomesOf(evaluate(both, one, results))).to.deep.equal(["r matched A/ro (expression_failed)"]);
      expect(outcome?.status === "matched" && outcome.open?.could).to.deep.equal([{ scope: "team:A", role: "rw" }]);
    });

    it("count before groups that may be missing", () => {
      const open = compiled({
        mappings: [rule({ group_name: ["a", "b"], when: "group.name = 'b' and user.title = 'x'" })],
      });
      const one = link({ groups: ["a", "b"], unlisted: "overage", user: { title: "x" } });
      expect(outcomesOf(evaluate(open, one, new Map()))).to.deep.equal(["r failed (expression_failed)"]);
      const [outcome] = evaluate(open, one, new Map()).notable;
      expect(outcome?.status === "failed" && "could" in outcome.open).to.equal(false);
    });
  });

  describe("jobs", () => {
    it("are asked only where the other matchers hold, or may hold, and all that is read is known", () => {
      const mapping = compiled({
        mappings: [
          rule({ id: "no-group", group_name: "Ops", when: "user.active" }),
          rule({ id: "no-role", app_role: "x", when: "user.active", team_name: "B" }),
          rule({ id: "unsure", app_role: "y", when: "user.active", team_name: "C", group_name: "Eng" }),
          rule({ id: "unknown", when: "user.title = 'x'", team_name: "D" }),
          rule({ id: "off", when: "user.userName = 'x'", team_name: "E", enabled: false }),
          rule({ id: "listed", app_role: "z", when: "'Eng' in groups", team_name: "F" }),
        ],
      });
      const made = {
        groups: ["Eng"],
        user: { title: unknown("never_asserted"), active: true },
        appRoles: unknown("overage"),
      } as const;
      const jobs = [...expressionJobs(mapping, [link(made)]).values()];
      expect(jobs).to.deep.equal([{ source: "user.active", input: { user: { active: true } } }]);
    });

    it("are shared by people with the same inputs, and asked once per distinct group", () => {
      const mapping = compiled({
        mappings: [
          rule({ group_pattern: "a-*", when: "$contains(group.name, 'x')" }),
          rule({ id: "s", when: "user.country = 'SE'" }),
        ],
      });
      const people = [
        link({ groups: ["a-x", "a-y"], user: { country: "SE", title: "1" } }),
        link({ groups: ["a-y", "a-z"], user: { country: "SE", title: "2" } }),
      ];
      expect([...expressionJobs(mapping, people).values()].map((job) => JSON.stringify(job.input))).to.deep.equal([
        '{"group":{"name":"a-x"}}',
        '{"group":{"name":"a-y"}}',
        '{"user":{"country":"SE"}}',
        '{"group":{"name":"a-z"}}',
      ]);
    });

    it("hold the facts that are read and no others, lists sorted, absent ones left out", () => {
      const reads =
        "user.title = connection.slug and connection.protocol = now and 'a' in groups and 'a' in group_ids and 'a' in app_roles and 'a' in claims.duties and user.active";
      const mapping = compiled({ mappings: [rule({ when: reads })] });
      const person = link({
        groups: [group("b", { ids: ["2"] }), group("a", { ids: ["3", "1"] })],
        appRoles: known(["z", "y"]),
        claims: { duties: ["x"], other: ["y"] },
        user: { active: true, department: "IT" },
      });
      expect([...expressionJobs(mapping, [person]).values()][0]?.input).to.deep.equal({
        app_roles: ["y", "z"],
        claims: { duties: ["x"] },
        connection: { protocol: "oidc", slug: "idp" },
        group_ids: ["1", "2", "3"],
        groups: ["a", "b"],
        now: "2026-11-22",
        user: { active: true },
      });
    });

    it("are none for a mapping without expressions", () => {
      expect(expressionJobs(compiled({ mappings: [rule({ everyone: true })] }), [link()]).size).to.equal(0);
    });
  });

  describe("the alias book", () => {
    const groups = { Finance: { idp: ["guid-1", "fin"] } };
    const named = (made: MadeUpLink) => outcomes([rule({ group_name: "Finance" })], made, { groups });

    it("makes a name stand for a group's id or name at that connection", async () => {
      expect(await named({ groups: [group("x", { ids: ["guid-1"] })] })).to.have.length(1);
      expect(await named({ groups: ["fin"] })).to.have.length(1);
    });

    it("takes the name's own meaning away there, and nowhere else", async () => {
      expect(await named({ groups: ["Finance"] })).to.deep.equal([]);
      expect(await named({ groups: ["Finance"], connection: { slug: "other" } })).to.have.length(1);
      expect(await named({ groups: ["fin"], connection: { slug: "other" } })).to.deep.equal([]);
    });

    it("decides absence by what the connection calls the group", async () => {
      expect(await named({ unlisted: "overage", answered: ["Finance"] })).to.deep.equal(["r undecided (overage)"]);
      expect(await named({ unlisted: "overage", answered: ["guid-1", "fin"] })).to.deep.equal([]);
    });

    it("names groups in expressions and in evidence that the source knows by an id alone", async () => {
      const rules = [
        rule({ group_name: "Finance" }),
        rule({ id: "s", when: "'Finance' in groups" }),
        rule({ id: "g", group_id: "guid-1", when: "group.name = 'Finance'" }),
      ];
      const one = link({ groups: ["guid-1"] });
      const evaluation = await evaluated(compiled({ groups, mappings: rules }), one);
      expect(outcomesOf(evaluation)).to.have.length(3);
      const [first] = evaluation.notable;
      expect(first?.status === "matched" && first.matches[0]?.evidence[0]?.label).to.equal("Finance (guid-1)");
    });

    it("does not let a group of that name pass for it in an expression", async () => {
      expect(
        await outcomes([rule({ when: "'Finance' in groups" })], { groups: ["Finance"] }, { groups }),
      ).to.deep.equal([]);
      const ofGroup = rule({ group_pattern: "Fin*", when: "group.name = 'Finance'" });
      expect(await outcomes([ofGroup], { groups: ["Finance"] }, { groups })).to.have.length(1);
    });

    it("uses a label beside an id", async () => {
      const one = await evaluated(
        compiled({ mappings: [rule({ group_id: "guid", group_name: "Payroll" })] }),
        link({ groups: ["guid"] }),
      );
      const [outcome] = one.notable;
      expect(outcome?.status === "matched" && outcome.matches[0]?.evidence).to.deep.equal([
        { kind: "group", label: "Payroll (guid)", source: "claims", since: "2026-11-01T00:00:00.000Z" },
      ]);
    });
  });

  it("lists every group that supports a match, each once, in an order of its own", async () => {
    const rules = [rule({ group_name: ["a", "b", "c"] })];
    const twice = group("c", { names: ["c", "a"], ids: ["1"] });
    const labels = async (...groups: readonly (string | ReturnType<typeof group>)[]) => {
      const [outcome] = (await evaluated(compiled({ mappings: rules }), link({ groups }))).notable;
      return outcome?.status === "matched"
        ? outcome.matches.map((match) => match.evidence.map((one) => one.label))
        : [];
    };
    expect(await labels("b", twice, "a")).to.deep.equal([["a", "b", "c"]]);
    expect(await labels("a", twice, "b")).to.deep.equal([["a", "b", "c"]]);
  });

  it("counts a group once for a pattern that several of its names match", async () => {
    const both = group("a-x", { names: ["a-x", "a-y"] });
    expect(await outcomes([rule({ group_pattern: "a-{t}", team_name: "{t}" })], { groups: [both] })).to.deep.equal([
      "r matched x/editor",
    ]);
  });

  it("lists every app role that supports a match, in an order of its own", async () => {
    const labels = async (...roles: readonly string[]) => {
      const [outcome] = (
        await evaluated(compiled({ mappings: [rule({ app_role: ["x", "y"] })] }), link({ appRoles: known(roles) }))
      ).notable;
      return outcome?.status === "matched" ? outcome.matches[0]?.evidence.map((one) => one.label) : [];
    };
    expect(await labels("y", "x")).to.deep.equal(["x", "y"]);
    expect(await labels("x", "y")).to.deep.equal(["x", "y"]);
  });

  it("shows evidence of every kind", async () => {
    const rules = [
      rule({ group_name: "Eng", app_role: "x", when: "user.active" }),
      rule({ id: "e", everyone: true }),
      rule({ id: "w", everyone: true, when: "user.active", team_name: "B" }),
    ];
    const { notable } = await evaluated(
      compiled({ mappings: rules }),
      link({ groups: ["Eng"], appRoles: known(["x"]), user: { active: true } }),
    );
    const kinds = notable.map((one) =>
      one.status === "matched" ? one.matches[0]?.evidence.map((evidence) => evidence.kind) : [],
    );
    expect(kinds).to.deep.equal([["group", "app_role", "expression"], ["everyone"], ["expression"]]);
  });

  describe("owners", () => {
    const owners: MappingDocument = { tenant_owners_groups: ["IT"] };

    it("come by the connection that may make them, and by no other", async () => {
      const mapping = compiled(owners);
      expect(outcomesOf(await evaluated(mapping, link({ groups: ["IT"] })))).to.deep.equal([
        "tenant_owners matched tenant/owner",
      ]);
      expect(
        outcomesOf(await evaluated(mapping, link({ groups: ["IT"], connection: { slug: "other" } }))),
      ).to.deep.equal([]);
    });

    it("do not come by a connection that was allowed after the rule was written", async () => {
      const mapping = compiled(owners);
      const later = link({ groups: ["IT"], connection: { slug: "other", mayGrantOwner: true } });
      expect(outcomesOf(await evaluated(mapping, later))).to.deep.equal([]);
    });

    it("do not come by a connection that lost the right", async () => {
      const lost = link({ groups: ["IT"], connection: { mayGrantOwner: false } });
      expect(outcomesOf(await evaluated(compiled(owners), lost))).to.deep.equal([]);
    });

    it("are left as they are while it is ambiguous who may make them", async () => {
      const connections = CONTEXT.connections.map((one) => ({ ...one, mayGrantOwner: true }));
      const mapping = compiled({ ...owners, mappings: [rule({ everyone: true })] }, { connections, stored: true });
      expect(outcomesOf(await evaluated(mapping, link({ groups: ["IT"] })))).to.deep.equal([
        "tenant_owners undecided (ambiguous_connection)",
        "r matched A/editor",
      ]);
      expect(outcomesOf(await evaluated(mapping, link({ groups: [] })))).to.deep.equal(["r matched A/editor"]);
    });
  });

  describe("all outcomes", () => {
    const person: MadeUpLink = { groups: ["Eng"], appRoles: known(["y"]), user: { department: "IT" } };
    const cases: readonly (readonly [Partial<RuleDocument>, object])[] = [
      [
        { everyone: true, enabled: false },
        { matcher: "enabled", wanted: ["true"] },
      ],
      [
        { everyone: true, expires_at: "2026-01-01" },
        { matcher: "expires_at", wanted: ["2026-01-01T00:00:00.000Z"] },
      ],
      [
        { everyone: true, connections: ["other"] },
        { matcher: "connections", wanted: ["other"] },
      ],
      [{ when: "user.department = 'HR'" }, { matcher: "when", wanted: ["user.department = 'HR'"] }],
      [
        { group_name: "Eng", when: "user.department = 'HR'" },
        { matcher: "when", wanted: ["user.department = 'HR'"] },
      ],
      [
        { group_name: ["Ops", "Dev"], when: "user.department = 'HR'" },
        { matcher: "group", wanted: ["Ops", "Dev"] },
      ],
      [{ group_pattern: "a-*" }, { matcher: "group", wanted: ["a-*"] }],
      [{ app_role: "x" }, { matcher: "app_role", wanted: ["x"] }],
      [
        { app_role: "x", group_name: "Eng" },
        { matcher: "app_role", wanted: ["x"] },
      ],
      [
        { app_role: "y", group_name: "Ops" },
        { matcher: "group", wanted: ["Ops"] },
      ],
    ];
    for (const [matcher, unmet] of cases) {
      it(`say of ${JSON.stringify(matcher)} what was in the way`, async () => {
        const evaluation = await evaluated(compiled({ mappings: [rule(matcher)] }), link(person));
        expect(evaluation.outcomes).to.deep.equal([{ rule: "r", index: 0, status: "unmatched", unmet }]);
      });
    }

    it("say that the connection may make no owners", async () => {
      const evaluation = await evaluated(
        compiled({ tenant_owners_groups: ["Eng"] }),
        link({ ...person, connection: { slug: "other" } }),
      );
      expect(evaluation.outcomes).to.deep.equal([
        {
          rule: "tenant_owners",
          index: -1,
          status: "unmatched",
          unmet: { matcher: "owner_connection", wanted: ["idp"] },
        },
      ]);
      const nobody = compiled({ tenant_owners_groups: ["Eng"] }, { connections: [] });
      const [outcome] = (await evaluated(nobody, link({ ...person, connection: { mayGrantOwner: false } }))).outcomes;
      expect(outcome?.status === "unmatched" && outcome.unmet.wanted).to.deep.equal([]);
    });

    it("say so of unknown app roles beside a missing group", async () => {
      const evaluation = await evaluated(
        compiled({ mappings: [rule({ app_role: "x", group_name: "Ops" })] }),
        link({ appRoles: unknown("overage") }),
      );
      expect(evaluation.outcomes.map((one) => one.status)).to.deep.equal(["unmatched"]);
    });

    it("keep those that matter, in document order", async () => {
      const rules = [
        rule({ id: "a", group_name: "Ops" }),
        rule({ id: "b", everyone: true }),
        rule({ id: "c", group_name: "Eng" }),
        rule({ id: "d", app_role: "y" }),
      ];
      const evaluation = await evaluated(compiled({ mappings: rules }), link(person));
      expect(evaluation.outcomes.map((one) => `${one.rule} ${one.status}`)).to.deep.equal([
        "a unmatched",
        "b matched",
        "c matched",
        "d matched",
      ]);
      expect(evaluation.notable).to.equal(evaluation.notable);
    });
  });

  it("knows when a rule ends next, and whether any reads the day", () => {
    const mapping = compiled({
      mappings: [
        rule({ id: "a", everyone: true, expires_at: "2026-12-24" }),
        rule({ id: "b", everyone: true, expires_at: "2026-12-01" }),
        rule({ id: "c", everyone: true, expires_at: "2026-11-01" }),
        rule({ id: "d", everyone: true, expires_at: "2026-11-25", enabled: false }),
      ],
    });
    expect(nextExpiry(mapping, NOW)).to.equal("2026-12-01T00:00:00.000Z");
    expect(nextExpiry(mapping, "2026-12-24T00:00:00.000Z")).to.equal(undefined);
    expect(readsNow(mapping)).to.equal(false);
    expect(readsNow(compiled({ mappings: [rule({ when: "now = '2026-01-01'" })] }))).to.equal(true);
  });
});
