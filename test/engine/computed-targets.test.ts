import { expect } from "chai";
import fc from "fast-check";
import { ruleId } from "../../src/engine/compile/rule-id.js";
import { computedTargets, MOST_COMPUTED_TARGETS } from "../../src/engine/computed-targets.js";
import { diff } from "../../src/engine/diff.js";
import { evaluate, expressionJobs, nextJobs } from "../../src/engine/evaluate.js";
import { explain } from "../../src/engine/explain/explain.js";
import { nearestFirst } from "../../src/engine/explain/near-miss.js";
import { explainOutcomes } from "../../src/engine/explain/outcomes.js";
import { stepsToLose, stepText } from "../../src/engine/explain/steps.js";
import { checkExpression } from "../../src/engine/expression/expression.js";
import type { Decision } from "../../src/model/evaluation.js";
import type { ExpressionResult } from "../../src/model/expression.js";
import type { Json } from "../../src/model/json.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { PersonLink, PersonState } from "../../src/model/person.js";
import { targetLabel } from "../../src/model/target.js";
import { compileSchema } from "../../src/platform/schemas.js";
import {
  ANY_TEAM,
  BEFORE,
  codesOf,
  compiled,
  decided,
  desiredOf,
  evaluated,
  grant,
  group,
  known,
  link,
  type MadeUpLink,
  outcomesOf,
  resultsOf,
  state,
  unknown,
  warningsOf,
} from "./made-up.js";

const PROJECTS = "claims.projects.{'scope': 'resource:project:' & $, 'role': 'reader'}";
const DEPARTMENT = "$exists(user.department) ? {'team': user.department, 'role': 'editor'}";

function document(rules: readonly RuleDocument[], more: MappingDocument = {}): MappingDocument {
  return { role_order: ["viewer", "editor", "admin"], unknown_team: "create_any", mappings: rules, ...more };
}

function mapping(rules: readonly RuleDocument[], more: MappingDocument = {}) {
  return compiled(document(rules, more));
}

const outcomes = async (rule: RuleDocument, one: PersonLink) =>
  outcomesOf(await evaluated(mapping([{ id: "r", ...rule }]), one));

describe("computed targets", () => {
  describe("as an expression yields them", () => {
    const accepted: readonly (readonly [Json, readonly string[]])[] = [
      [null, []],
      [[], []],
      [{ team: "Red", role: "Viewer" }, ["Red/viewer"]],
      [{ scope: "all_teams", role: "auditor" }, ["*/auditor"]],
      [
        [
          { scope: "tenant", role: "admin" },
          { scope: "resource:db:a:b", role: "x" },
        ],
        ["tenant/admin", "resource:db:a:b/x"],
      ],
      [{ team: "\u{1F600}".repeat(256), role: "x" }, [`${"\u{1F600}".repeat(256)}/x`]],
    ];
    for (const [value, expected] of accepted) {
      it(`accepts ${JSON.stringify(value).slice(0, 80)}`, () => {
        const computed = computedTargets(value);
        expect(computed.ok && computed.targets.map(targetLabel)).to.deep.equal(expected);
      });
    }

    const refused: readonly (readonly [string, Json, string])[] = [
      ["a text", "Red/viewer", "is no object"],
      ["a list in a list", [[{ team: "Red", role: "x" }]], "is no object"],
      ["nothing in a list", [null], "is no object"],
      ["a further key", { team: "Red", role: "x", admin: true }, "has a key besides `scope`, `team` and `role`"],
      ["__proto__ as a key", JSON.parse('{"team":"Red","role":"x","__proto__":{}}'), "has a key besides"],
      ["no role", { team: "Red" }, "has no `role`"],
      ["no place", { role: "x" }, "has neither `team` nor `scope`"],
      ["two places", { team: "Red", scope: "tenant", role: "x" }, "has both `team` and `scope`"],
      ["a number for a name", { team: 3, role: "x" }, "has a `team` that is no text, or empty"],
      ["an empty role", { team: "Red", role: "" }, "has a `role` that is no text, or empty"],
      ["a name that is too long", { team: "x".repeat(257), role: "x" }, "longer than 256 characters"],
      ["a control character, which PostgreSQL cannot hold", { team: "a\u0000", role: "x" }, "control characters"],
      ["half a surrogate pair", { team: "a\ud800", role: "x" }, "control characters"],
      ["a scope that is none", { scope: "team:", role: "x" }, "has a `scope` that is none"],
      ["an owner", { scope: "tenant", role: "owner" }, "makes an `owner`"],
      ["an owner in capitals, and outside the tenant", { team: "Red", role: "OWNER" }, "makes an `owner`"],
      [
        "too many",
        Array.from({ length: MOST_COMPUTED_TARGETS + 1 }, () => ({ team: "Red", role: "x" })),
        "more than 200 targets",
      ],
    ];
    for (const [what, value, message] of refused) {
      it(`refuses ${what}`, () => {
        const computed = computedTargets(value);
        expect(computed.ok ? "" : computed.message).to.contain(message);
      });
    }

    it("names the place of a wrong one and nothing of what is in it", () => {
      const computed = computedTargets([{ team: "Red", role: "x" }, { team: "Ada Lovelace" }]);
      expect(computed).to.deep.equal({ ok: false, message: "target 2 of 2 that `grants` yielded has no `role`" });
    });

    it("are what schemas/target.schema.json accepts, owners and control characters aside", () => {
      const fits = compileSchema("target", "document");
      const part = fc.oneof(
        fc.constantFrom("tenant", "all_teams", "team:", "team:A", "resource:a:b", "resource:a b:c", "resource:a", ""),
        fc.string({ unit: "grapheme", maxLength: 6 }),
        fc.nat(300).map((length) => "x".repeat(length)),
        fc.constantFrom(null, 1, true),
      );
      const entry = fc.record({ scope: part, team: part, role: part, more: part }, { requiredKeys: [] });
      fc.assert(
        fc.property(entry, (value) => {
          if (/\p{Cc}|owner/iu.test(JSON.stringify(value))) return;
          expect(computedTargets(value as Json).ok, JSON.stringify(value)).to.equal(fits(value).ok);
        }),
        { numRuns: 2000 },
      );
    });
  });

  describe("at save time", () => {
    const rule = (grants: string, more: Partial<RuleDocument> = {}): MappingDocument =>
      document([{ everyone: true, grants, ...more }]);

    it("are all that a rule gives", () => {
      const also = { team_name: "A", scope: "tenant", role_name: "viewer" };
      expect(codesOf(rule(DEPARTMENT, also))).to.deep.equal([
        "/mappings/0/team_name target_ambiguous",
        "/mappings/0/scope target_ambiguous",
        "/mappings/0/role_name target_ambiguous",
      ]);
    });

    it("need a `role_order`, as several roles may meet in one place", () => {
      expect(codesOf({ mappings: [{ everyone: true, grants: DEPARTMENT }] })).to.deep.equal([
        "/mappings/0/grants role_order_missing",
      ]);
    });

    it("read `group` beside a group matcher alone, and never `target`", () => {
      const byGroup = "{'team': group.name, 'role': 'viewer'}";
      expect(codesOf(rule(byGroup))).to.deep.equal(["/mappings/0/grants group_without_matcher"]);
      expect(codesOf(document([{ group_pattern: "a-*", grants: byGroup }]))).to.deep.equal([]);
      expect(codesOf(rule("{'team': target.team, 'role': 'x'}"))).to.deep.equal(["/mappings/0/grants unknown_fact"]);
    });

    const visible: readonly (readonly [string, string, string])[] = [
      ["{'scope': 'tenant', 'role': 'Owner'}", "makes an `owner`", "'Owner'"],
      ["{'scope': 'tenant', 'role': user.title = 'CTO' ? 'owner' : 'admin'}", "makes an `owner`", "'owner'"],
      ["($t := user.title; [{'team': $t, 'role': 'x'}, {'team': $t, 'role': 'owner'}])", "makes an `owner`", "'owner'"],
      ["claims.a.{'team': $, 'role': 'owner'}", "makes an `owner`", "'owner'"],
      ["{'tem': 'A', 'role': 'x'}", "no key `tem`, did you mean `team`?", "'tem'"],
      ["{'team': 'A', 'role': 'x', 'password': 'y'}", "no key `password`", "'password'"],
      ["{'role': 'x'}", "has neither `team` nor `scope`", "{"],
      ["{'scope': 'tenants', 'role': 'x'}", "has a `scope` that is none", "'tenants'"],
      ["{'team': 3, 'role': 'x'}", "is no text, or empty", "3"],
      ["{'team': null, 'role': 'x'}", "is no text, or empty", "null"],
      ["user.title = 'x' ? 'Red/viewer'", "yields targets", "'Red/viewer'"],
      ["[1]", "yields targets", "1"],
      ["true", "yields targets", "true"],
    ];
    for (const [source, message, at] of visible) {
      it(`refuses ${source}`, () => {
        const checked = checkExpression(source, "grants");
        const [first] = checked.ok ? [] : checked.problems;
        expect(first?.message).to.contain(message);
        expect(first?.position).to.equal(source.indexOf(at));
      });
    }

    for (const source of [
      "null",
      "[]",
      DEPARTMENT,
      PROJECTS,
      "$map(claims.a, function($p){ {'team': $p, 'role': 'x'} })",
      "-user.title",
    ]) {
      it(`accepts ${source}`, () => expect(checkExpression(source, "grants").ok).to.equal(true));
    }

    const warned: readonly (readonly [string, Partial<RuleDocument>, readonly string[]])[] = [
      ["{'team': user.department, 'role': 'x'}", {}, ["$exists(user.department)"]],
      [
        "[{'team': 'A', 'role': user.title}, {'team': user.department, 'role': 'x'}]",
        {},
        ["$exists(user.title)", "$exists(user.department)"],
      ],
      ["{'team': user.department, 'role': 'x'}", { when: "$exists(user.department)" }, []],
      ["{'team': user.department, 'role': 'x'}", { when: "$exists(user.title)" }, ["$exists(user.department)"]],
      ["{'team': user.userName, 'role': 'team ' & user.title}", {}, []],
      ["claims.a.{'team': $, 'role': 'x'}", {}, []],
      ["{'team': ('A').$uppercase($), 'role': 'x'}", {}, []],
    ];
    for (const [source, more, suggestions] of warned) {
      it(`warns ${suggestions.length === 0 ? "not " : ""}of absence in ${source} by ${JSON.stringify(more)}`, () => {
        const warnings = warningsOf(rule(source, more)).filter(({ code }) => code === "absent_target");
        expect(warnings.map(({ suggestion }) => suggestion)).to.deep.equal(suggestions);
        expect(warnings.every(({ pointer }) => pointer === "/mappings/0/grants")).to.equal(true);
      });
    }

    it("make another rule of it, by an id from what it computes", () => {
      const id = ruleId({ everyone: true, grants: DEPARTMENT });
      expect(ruleId({ everyone: true, grants: DEPARTMENT, note: "why" })).to.equal(id);
      expect(ruleId({ everyone: true, grants: PROJECTS })).not.to.equal(id);
    });

    it("count among the facts that the mapping reads, while the rule is enabled", () => {
      expect([...mapping([{ everyone: true, grants: "{'team': now, 'role': 'x'}" }]).reads]).to.deep.equal(["now"]);
      expect([...mapping([{ everyone: true, enabled: false, grants: PROJECTS }]).reads]).to.deep.equal([]);
    });
  });

  describe("when a rule is evaluated", () => {
    const cases: readonly (readonly [string, RuleDocument, Parameters<typeof link>[0], readonly string[]])[] = [
      [
        "a target per claim",
        { everyone: true, grants: PROJECTS },
        { claims: { projects: ["a", "b"] } },
        ["r matched resource:project:a/reader,resource:project:b/reader"],
      ],
      [
        "nothing to give is a match",
        { everyone: true, grants: PROJECTS },
        { claims: { projects: [] } },
        ["r matched "],
      ],
      ["an unknown fact leaves it undecided", { everyone: true, grants: PROJECTS }, {}, ["r undecided (absent_claim)"]],
      [
        "a stale fact makes stale targets",
        { everyone: true, grants: DEPARTMENT },
        { user: { department: known("Red", BEFORE) } },
        ["r matched Red/editor?"],
      ],
      [
        "a wrong shape is a failure",
        { everyone: true, grants: "user.department" },
        { user: { department: "Red" } },
        ["r failed (not_targets)"],
      ],
      [
        "a computed owner is a failure",
        { everyone: true, grants: "{'scope': 'tenant', 'role': user.title}" },
        { user: { title: "owner" } },
        ["r failed (not_targets)"],
      ],
      [
        "an evaluation that breaks is a failure",
        { everyone: true, grants: "{'team': 'A', 'role': 'x' & $number(user.title)}" },
        { user: { title: "x" } },
        ["r failed (expression_failed)"],
      ],
      [
        "each group by itself",
        { group_pattern: "app-{x}", grants: "{'team': group.name, 'role': 'editor'}" },
        { groups: ["app-b", "app-a", "b"] },
        ["r matched app-a/editor,app-b/editor"],
      ],
      [
        "by name and by id",
        { group_name: "A", grants: "{'team': group.name, 'role': 'editor'}" },
        { groups: ["A"] },
        ["r matched A/editor"],
      ],
      [
        "by an app role",
        { app_role: "r", grants: "{'team': 'A', 'role': 'editor'}" },
        { appRoles: known(["r"]) },
        ["r matched A/editor"],
      ],
      [
        "unknown app roles leave it undecided",
        { app_role: "r", grants: "{'team': 'A', 'role': 'editor'}" },
        { appRoles: unknown("never_asserted") },
        ["r undecided (never_asserted)"],
      ],
      [
        "the condition comes first",
        { when: "user.title = 'x'", grants: DEPARTMENT },
        { user: { title: "y", department: "Red" } },
        [],
      ],
      [
        "the condition lets it through",
        { when: "user.title = 'x'", grants: DEPARTMENT },
        { user: { title: "x", department: "Red" } },
        ["r matched Red/editor"],
      ],
      [
        "what is unknown behind a false condition does not matter",
        { when: "user.title = 'x'", grants: PROJECTS },
        { user: { title: "y" } },
        [],
      ],
      [
        "an unknown condition leaves it undecided",
        { when: "user.title = 'x'", grants: DEPARTMENT },
        { user: { title: unknown("never_asserted") } },
        ["r undecided (never_asserted)"],
      ],
      [
        "more groups may match",
        { group_pattern: "app-*", grants: "{'team': group.name, 'role': 'editor'}" },
        { groups: ["app-a"], unlisted: "overage" },
        ["r matched app-a/editor (overage)"],
      ],
      [
        "one group fails, another gives",
        {
          group_pattern: "app-*",
          grants: "{'team': group.name, 'role': $number($substringAfter(group.name, '-')) > 1 ? 'viewer' : 'editor'}",
        },
        { groups: ["app-2", "app-x"] },
        ["r matched app-2/viewer (expression_failed)"],
      ],
      [
        "one group fails, another gives nothing",
        {
          group_pattern: "app-*",
          grants: "$number($substringAfter(group.name, '-')) > 5 ? {'team': 'A', 'role': 'x'}",
        },
        { groups: ["app-2", "app-x"] },
        ["r failed (expression_failed)"],
      ],
      [
        "one group gives nothing, another does",
        { group_pattern: "app-*", grants: "$contains(group.name, 'x') ? {'team': 'A', 'role': 'x'}" },
        { groups: ["app-2", "app-x"] },
        ["r matched A/x"],
      ],
    ];
    for (const [what, rule, made, expected] of cases) {
      it(what, async () => expect(await outcomes(rule, link(made))).to.deep.equal(expected));
    }

    it("asks condition and targets in one round, each once for people with the same facts", async () => {
      const rules = mapping([{ when: "user.title = 'x'", grants: DEPARTMENT }]);
      const people = ["Red", "Red", "Blue"].map((department) => link({ user: { title: "x", department } }));
      const undecided = link({ user: { title: unknown("never_asserted"), department: "Green" } });
      const jobs = [...expressionJobs(rules, [...people, undecided]).values()];
      expect(jobs.map(({ source }) => source)).to.deep.equal(["user.title = 'x'", DEPARTMENT, DEPARTMENT]);
    });

    it("counts an answer that is missing as a failure", () => {
      const [outcome] = evaluate(mapping([{ everyone: true, grants: DEPARTMENT }]), link(), new Map()).notable;
      expect(outcome?.status).to.equal("failed");
    });

    it("shows the expression among the evidence, unless it reads nothing", async () => {
      const evidence = async (grants: string) => {
        const one = link({ groups: ["A"], user: { department: "Red" } });
        const [outcome] = (await evaluated(mapping([{ group_name: "A", grants }]), one)).notable;
        const [match] = outcome?.status === "matched" ? outcome.matches : [];
        return match?.evidence.map(({ kind, label }) => `${kind} ${label}`);
      };
      expect(await evidence(DEPARTMENT)).to.deep.equal(["group A", `grants ${DEPARTMENT}`]);
      expect(await evidence("{'team': 'B', 'role': 'x'}")).to.deep.equal(["group A"]);
    });
  });

  describe("in a decision", () => {
    const decide = (rules: readonly RuleDocument[], one: PersonLink, more: MappingDocument = {}, person = {}) =>
      decided(mapping(rules, more), [one], person);
    const BOTH =
      "[{'team': 'A', 'role': 'viewer'}, {'team': 'A', 'role': 'editor'}, {'scope': 'tenant', 'role': 'admin'}]";

    for (const conflicts of ["first", "highest", "all"] as const) {
      it(`meet in one place: \`role_order\` decides within the rule under \`${conflicts}\``, async () => {
        const decision = await decide([{ id: "r", everyone: true, grants: BOTH }], link(), { conflicts });
        expect(desiredOf(decision)).to.deep.equal(["A/editor by r@idp", "tenant/admin by r@idp"]);
      });
    }

    it("meet other rules per kind of scope", async () => {
      const rules: readonly RuleDocument[] = [
        { id: "first", everyone: true, team_name: "A", role_name: "guest" },
        { id: "low", everyone: true, scope: "tenant", role_name: "viewer" },
        { id: "r", everyone: true, grants: BOTH },
      ];
      expect(desiredOf(await decide(rules, link()))).to.deep.equal(["A/guest by first@idp", "tenant/admin by r@idp"]);
    });

    for (const [policy, expected] of [
      ["create", ["Known/editor by r@idp"]],
      ["create_any", ["Known/editor by r@idp", "New/editor by r@idp"]],
      ["reject", ["Known/editor by r@idp"]],
    ] as const) {
      it(`make teams only under \`create_any\`, like captured names: ${policy}`, async () => {
        const grants = "['Known', 'New'].{'team': $, 'role': 'editor'}";
        const decision = await decided(
          mapping([{ id: "r", everyone: true, grants }], { unknown_team: policy }),
          [link()],
          {},
          "sync",
          { resolveTeam: (name) => (name === "Known" ? { name } : undefined) },
        );
        expect(desiredOf(decision)).to.deep.equal(expected);
      });
    }

    const HELD = [
      grant("team:Red", "editor", { rule: "r" }),
      grant("team:Blue", "admin", { rule: "other" }),
      grant("tenant", "admin", { rule: "other" }),
      grant("all_teams", "viewer", { rule: "r" }),
      grant("resource:project:a", "reader", { rule: "r" }),
    ];
    const FAILS: RuleDocument = { id: "r", everyone: true, grants: "user.title" };
    const LATER: RuleDocument = { id: "other", everyone: true, team_name: "Red", role_name: "viewer" };
    const failing = link({ user: { title: "x" } });

    for (const conflicts of ["first", "highest", "all"] as const) {
      it(`that failed leave every kind of place as it is under \`${conflicts}\``, async () => {
        const rules = mapping([FAILS, { ...LATER, enabled: false }], { conflicts });
        const held = HELD.filter((one) => one.rule === "r");
        const plan = diff(state(held), await decided(rules, [failing]), rules);
        expect(plan.changes).to.deep.equal([]);
        expect(plan.kept.map(({ rule }) => rule)).to.deep.equal(["r", "r", "r"]);
      });
    }

    it("that failed let no lower rule win behind them, anywhere", async () => {
      expect(desiredOf(await decide([FAILS, LATER], failing))).to.deep.equal([]);
      expect(desiredOf(await decide([LATER, FAILS], failing))).to.deep.equal(["Red/viewer by other@idp"]);
    });

    const OWNERS: RuleDocument = { id: "owners", group_name: "IT", scope: "tenant", role_name: "owner" };
    const owner = grant("tenant", "owner", { rule: "owners" });
    const ends = async (rules: readonly RuleDocument[], one: PersonLink, conflicts: "first" | "highest" | "all") => {
      const compiledRules = mapping(rules, { conflicts });
      return diff(state([owner]), await decided(compiledRules, [one]), compiledRules).changes.map(({ kind }) => kind);
    };
    for (const conflicts of ["first", "highest", "all"] as const) {
      it(`that failed keep no owner whom no rule makes one, and end none whom one makes, under \`${conflicts}\``, async () => {
        const member = link({ user: { title: "x" }, groups: ["IT"] });
        expect(await ends([FAILS, OWNERS], failing, conflicts)).to.deep.equal(["revoke"]);
        expect(await ends([OWNERS, FAILS], failing, conflicts)).to.deep.equal(["revoke"]);
        expect(await ends([FAILS, OWNERS], member, conflicts)).to.deep.equal([]);
        expect(await ends([OWNERS, FAILS], member, conflicts)).to.deep.equal([]);
      });
    }

    it("go with their rule, when it goes or is switched off", async () => {
      const rules = mapping([{ ...FAILS, enabled: false }]);
      const plan = diff(state(HELD.slice(0, 1)), await decided(rules, [failing]), rules);
      expect(plan.changes.map(({ kind }) => kind)).to.deep.equal(["revoke"]);
    });

    it("that are none still count as a match for `no_match`", async () => {
      const rules = [{ everyone: true, grants: DEPARTMENT }] as const;
      const verdict = async (department: Parameters<typeof link>[0]) =>
        (await decide(rules, link(department), {}, { status: "pending", everRegistered: false })).verdict;
      expect(await verdict({ user: { department: null } })).to.deep.equal({ allow: true });
      expect(await verdict({ user: { department: known(null, BEFORE) } })).to.deep.equal({
        allow: false,
        code: "groups_unknown",
      });
    });
  });

  describe("in explanations", () => {
    const explained = async (rule: RuleDocument, one: PersonLink, held: PersonState = state()) => {
      const rules = mapping([{ id: "r", ...rule }], { unknown_team: "create" });
      const decision: Decision = await decided(rules, [one]);
      return {
        ...explain(rules, [one], decision.evaluations, decision, held),
        trace: explainOutcomes(rules, [one], decision, held, 10).rules,
      };
    };

    it("say how to lose what was computed", async () => {
      const one = link({ groups: [group("A")], user: { department: "Red" } });
      const rules = mapping([{ id: "r", group_name: "A", grants: DEPARTMENT }]);
      const [wanted] = (await decided(rules, [one])).desired;
      const held = state([grant("team:Red", "editor", { rule: "r", evidence: wanted?.evidence ?? [] })]);
      const { assignments, notGiven, trace } = await explained({ group_name: "A", grants: DEPARTMENT }, one, held);
      expect(assignments[0]?.toLose).to.deep.equal([{ do: "leave_group", group: "A" }]);
      const alone = { origin: "rule", rule: "r", evidence: [{ kind: "grants", label: DEPARTMENT }] } as const;
      expect(stepsToLose(alone).map((step) => stepText(step, String))).to.deep.equal([
        `have \`${DEPARTMENT}\` yield something else`,
      ]);
      expect(notGiven).to.deep.equal([]);
      expect(trace[0]?.reason).to.equal(
        `computed targets by rule \`r\`: group \`A\` and the result of \`${DEPARTMENT}\``,
      );
    });

    it("say of a rule that yields nothing that it does", async () => {
      const { notGiven } = await explained({ everyone: true, grants: DEPARTMENT }, link());
      expect(notGiven.map(({ why, steps, sentence }) => ({ why, steps, sentence }))).to.deep.equal([
        {
          why: "no_targets",
          steps: [],
          sentence: "computed targets by rule `r`, which matches, but its `grants` yield nothing here",
        },
      ]);
    });

    it("count the rule among the near misses of any target, and of no ownership", async () => {
      const one = link();
      const rules = mapping([{ id: "r", everyone: true, grants: DEPARTMENT }]);
      const evaluations = [await evaluated(rules, one)];
      const near = (scope: string, role: string) =>
        nearestFirst(rules, [one], evaluations, { scope, role }).map(({ outcome }) => outcome.rule);
      expect(near("team:Red", "editor")).to.deep.equal(["r"]);
      expect(near("resource:db:main", "reader")).to.deep.equal(["r"]);
      expect(near("tenant", "owner")).to.deep.equal([]);
    });

    it("say of a failed one what was wrong, and that the rule wants repair", async () => {
      const { notGiven } = await explained({ everyone: true, grants: "user.title" }, link({ user: { title: "x" } }));
      expect(notGiven[0]?.why).to.equal("failed");
      expect(notGiven[0]?.steps).to.deep.equal([{ do: "change_rule", rule: "r", how: "repair" }]);
      expect(notGiven[0]?.sentence).to.contain("target 1 of 1 that `grants` yielded is no object");
    });

    it("say of a computed team that is not there that it is not", async () => {
      const rules = mapping([{ id: "r", everyone: true, grants: DEPARTMENT }], { unknown_team: "reject" });
      const one = link({ user: { department: "Red" } });
      const decision = await decided(rules, [one], {}, "sync", { resolveTeam: () => undefined });
      const [rule] = explain(rules, [one], decision.evaluations, decision, state()).notGiven;
      expect(rule).to.include({ why: "unknown_team" });
    });
  });

  describe("of people with very many groups", () => {
    const groupsOf = (count: number, more: MadeUpLink = {}) =>
      link({ groups: Array.from({ length: count }, (_, at) => `g${at}`), ...more });
    const MANY = "[1..200].{'scope': 'resource:p:' & $$.group.name & '-' & $, 'role': 'viewer'}";
    const ONE = "{'scope': 'resource:p:' & group.name, 'role': 'viewer'}";

    async function askedInRounds(rules: readonly RuleDocument[], one: PersonLink) {
      const version = mapping(rules);
      const results = new Map<string, ExpressionResult>();
      const rounds: number[] = [];
      let { jobs, pending } = nextJobs(version, [one]);
      for (;;) {
        rounds.push(jobs.size);
        for (const [key, result] of await resultsOf(jobs)) results.set(key, result);
        if (pending.length === 0) break;
        ({ jobs, pending } = nextJobs(version, pending, results));
      }
      const whole = await resultsOf(expressionJobs(version, [one]));
      expect(outcomesOf(evaluate(version, one, results))).to.deep.equal(outcomesOf(evaluate(version, one, whole)));
      return rounds;
    }

    it("are asked no further once the rule has failed", async () => {
      expect(await askedInRounds([{ id: "r", group_pattern: "*", grants: MANY }], groupsOf(400))).to.deep.equal([
        50, 0,
      ]);
    });

    it("are asked to the end where the rule goes on giving, and other rules once", async () => {
      const rules = [
        { id: "r", group_pattern: "*", grants: ONE },
        { id: "other", when: "user.department = 'IT'", team_name: "A", role_name: "viewer" },
        { id: "plain", group_name: "g1", team_name: "B", role_name: "viewer" },
      ];
      expect(await askedInRounds(rules, groupsOf(180))).to.deep.equal([51, 50, 80, 0]);
      expect(await askedInRounds(rules, groupsOf(50))).to.deep.equal([51]);
    });

    it("are asked for nothing where the condition cannot be read, or does not hold", async () => {
      const rule = { id: "r", group_pattern: "*", grants: ONE };
      const open = { ...rule, when: "user.department = 'IT' and group.name != ''" };
      expect(
        await askedInRounds([open], groupsOf(60, { user: { department: unknown("never_asserted") } })),
      ).to.deep.equal([0]);
      const never = { ...rule, when: "group.name = 'other'" };
      expect(await askedInRounds([never], groupsOf(60))).to.deep.equal([100, 20, 0]);
    });

    it("are asked for nothing where the mapping has no expressions", async () => {
      expect(
        await askedInRounds([{ group_pattern: "g{n}", team_name: "T", role_name: "v" }], groupsOf(60)),
      ).to.deep.equal([0]);
    });
  });

  it("are asked by the same jobs as ever", async () => {
    const rules = mapping([{ everyone: true, grants: DEPARTMENT }]);
    const one = link({ user: { department: "Red" } });
    const results = await resultsOf(expressionJobs(rules, [one]));
    const decision = await decided(rules, [one], {}, "sync", ANY_TEAM);
    expect([...results.values()]).to.deep.equal([{ ok: true, value: { team: "Red", role: "editor" } }]);
    expect(decision.desired).to.have.length(1);
  });
});
