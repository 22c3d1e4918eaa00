import { expect } from "chai";
import { compileMapping } from "../../src/engine/compile/compile.js";
import { LINT_CODES, type LintCode } from "../../src/engine/lint/finding.js";
import { errorFindings } from "../../src/engine/lint/lint.js";
import { type SeenGroup, seenGroups } from "../../src/engine/lint/seen.js";
import { lintView } from "../../src/engine/lint/view.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { expectValid, type LintWorld, lintCodes, linted, patched, seenGroup } from "./lint-made-up.js";
import { CONTEXT, compiled, NOW } from "./made-up.js";

const rule = (group: string | readonly string[], role = "editor", more: Partial<RuleDocument> = {}): RuleDocument => ({
  group_name: group,
  team_name: "Platform",
  role_name: role,
  ...more,
});
const pattern = (text: string, more: Partial<RuleDocument> = {}): RuleDocument => ({
  group_pattern: text,
  team_name: "Platform",
  role_name: "editor",
  ...more,
});

/** Findings about rules beside each other; coverage is another matter. */
async function rivals(mappings: readonly RuleDocument[], more: Partial<MappingDocument> = {}) {
  return lintCodes({ ...more, mappings }, { untested: true });
}

describe("lint: rules that never decide", () => {
  const ORDER = ["viewer", "editor", "team_admin"];
  const shadowed: readonly (readonly [string, readonly RuleDocument[], Partial<MappingDocument>?])[] = [
    ["a name among the names of an earlier rule", [rule(["A", "B"]), rule("B")]],
    ["a name that an earlier pattern matches", [pattern("A*"), rule("Abc")]],
    ["a narrower pattern", [pattern("app-*"), pattern("app-x-*")]],
    [
      "a pattern whose listed values are all matched",
      [pattern("app-*-ro"), pattern("app-{t}-{r}", { values: { t: ["a", "b"], r: ["ro"] } })],
    ],
    [
      "a narrower list of values",
      [pattern("g-{t}", { values: { t: ["a", "b"] } }), pattern("g-{t}", { values: { t: ["a"] } })],
    ],
    ["anybody after everyone", [{ everyone: true, team_name: "Platform", role_name: "viewer" }, rule("A")]],
    ["a condition more", [rule("A"), rule("A", "editor", { when: "user.country = 'SE'" })]],
    [
      "the same condition for fewer groups",
      [
        rule(["A", "B"], "editor", { when: "user.country = 'SE'" }),
        rule("A", "editor", { when: "user.country = 'SE'" }),
      ],
    ],
    ["an app role beside the group", [rule("A"), rule("A", "editor", { app_role: "r" })]],
    [
      "an app role among several",
      [
        { app_role: ["r", "s"], team_name: "Platform", role_name: "editor" },
        { app_role: "s", team_name: "Platform", role_name: "editor", note: "n" },
      ],
    ],
    [
      "one connection of several",
      [rule("A", "editor", { connections: ["idp", "other"] }), rule("A", "editor", { connections: ["idp"] })],
    ],
    [
      "an end before the other's end",
      [rule("A", "editor", { expires_at: "2027-02-01" }), rule("A", "editor", { expires_at: "2027-01-01", id: "x" })],
    ],
    [
      "the same text of captures",
      [pattern("g-{t}-*", { team_name: "{t}" }), pattern("g-{t}-*", { team_name: "{t}", when: "user.country = 'SE'" })],
    ],
    [
      "an id among ids",
      [
        { group_id: ["1", "2"], team_name: "Platform", role_name: "editor" },
        { group_id: "1", team_name: "Platform", role_name: "editor" },
      ],
    ],
    [
      "a name and a pattern beside a name and a pattern",
      [rule("Abc", "editor", { group_pattern: "A*" }), rule("Abc", "editor", { group_pattern: "Ab*" })],
    ],
    [
      "everyone under the same condition",
      [
        { when: "user.country = 'SE'", team_name: "Platform", role_name: "viewer" },
        rule("A", "editor", { when: "user.country = 'SE'" }),
      ],
    ],
  ];
  for (const [what, mappings, more] of shadowed) {
    it(`tells of ${what}, and the removal that it suggests changes nothing else`, async () => {
      const document = { ...more, mappings };
      const [found, ...others] = await linted(document, { untested: true });
      expect([found?.code, found?.pointer, others.length]).to.deep.equal(["shadowed_rule", "/mappings/1", 0]);
      expect(await lintCodes(patched(document, found?.fix ?? []), { untested: true })).to.deep.equal([]);
    });
  }

  const alive: readonly (readonly [string, readonly RuleDocument[], Partial<MappingDocument>?])[] = [
    ["another team", [rule("A"), rule("A", "editor", { team_name: "Sales" })]],
    ["a name more", [rule("A"), rule(["A", "B"])]],
    ["an earlier rule with a condition", [rule("A", "editor", { when: "user.country = 'SE'" }), rule("A")]],
    [
      "another condition",
      [rule("A", "editor", { when: "user.country = 'SE'" }), rule("A", "editor", { when: "user.country = 'NO'" })],
    ],
    [
      "an earlier rule that ends",
      [rule("A", "editor", { expires_at: "2027-01-01" }), rule("A", "editor", { id: "x" })],
    ],
    ["an earlier rule of one connection", [rule("A", "editor", { connections: ["idp"] }), rule("A")]],
    [
      "connections that do not meet",
      [rule("A", "viewer", { connections: ["idp"] }), rule("A", "editor", { connections: ["other"] })],
    ],
    ["an earlier rule with an app role", [rule("A", "editor", { app_role: "r" }), rule("A")]],
    [
      "a pattern that is not proved wider",
      [pattern("app-*-ro"), pattern("app-{t}-{r}", { values: { r: ["ro", "rw"] } })],
    ],
    ["a pattern that takes some text where the other may have none", [pattern("app{t}x"), pattern("app*x")]],
    [
      "more values than are tried",
      [pattern("*"), pattern("{a}-{b}", { values: { a: manyValues(9), b: manyValues(9) } })].toReversed(),
    ],
    ["a name that stands for something else", [pattern("A*"), rule("Abc")], { groups: { Abc: { idp: "1f3c" } } }],
    ["an id beside a name", [rule("A"), { group_id: "A", team_name: "Platform", role_name: "editor" }]],
    [
      "a rule for everyone behind one for a group",
      [rule("A"), { everyone: true, team_name: "Platform", role_name: "editor" }],
    ],
    [
      "captures with other values",
      [
        pattern("g-{t}-*", { team_name: "{t}", values: { t: ["a"] } }),
        pattern("g-{t}-*", { id: "b", team_name: "{t}", values: { t: { b: "a" } } }),
      ],
    ],
    ["the same place as a rule that is off", [rule("A"), rule("B")]],
  ];
  for (const [what, mappings, more] of alive) {
    it(`lets alone ${what}`, async () => {
      const codes = await rivals(mappings, more);
      expect(codes.filter((code) => !code.endsWith("open_role_capture"))).to.deep.equal([]);
    });
  }

  it("tells of two rules that ask for the same people and give them different roles", async () => {
    const mappings = [rule(["B", "A"]), rule(["A", "B"], "viewer")];
    expect(await rivals(mappings)).to.deep.equal(["/mappings/1 conflicting_rules"]);
    const highest = { conflicts: "highest", role_order: ORDER } as const;
    expect(await rivals(mappings, highest)).to.deep.equal(["/mappings/1 conflicting_rules"]);
    expect(await rivals(mappings.toReversed(), highest)).to.deep.equal(["/mappings/0 conflicting_rules"]);
    expect(await rivals(mappings, { conflicts: "all" })).to.deep.equal(["/mappings/1 duplicate_rule"]);
  });

  it("tells of a rule that gives no more than another one does, where roles are compared or add up", async () => {
    const wide = [rule(["A", "B"]), rule("A")];
    expect(await rivals(wide, { conflicts: "all" })).to.deep.equal(["/mappings/1 redundant_rule"]);
    expect(await rivals([rule("A"), rule(["A", "B"])], { conflicts: "all" })).to.deep.equal([]);
    const highest = { conflicts: "highest", role_order: ORDER } as const;
    expect(await rivals([rule("A", "viewer"), rule(["A", "B"])], highest)).to.deep.equal([
      "/mappings/0 redundant_rule",
    ]);
    expect(await rivals([rule(["A", "B"], "viewer"), rule("A")], highest)).to.deep.equal([]);
    const captured = [
      pattern("g-{r}", { role_name: "{r}", values: { r: ["viewer", "editor"] } }),
      rule("g-viewer", "team_admin"),
    ];
    expect(await rivals(captured, highest)).to.deep.equal([]);
    const same = [captured[0] as RuleDocument, pattern("g-{r}", { role_name: "{r}", values: { r: ["viewer"] } })];
    expect(await rivals(same, { ...highest, conflicts: "all" })).to.deep.equal(["/mappings/1 duplicate_rule"]);
  });

  it("tells where the order of rules decides for members of one group, once per rule", async () => {
    const overlap = [rule(["A", "B", "C"]), rule(["B", "C", "D"], "viewer")];
    expect(await rivals(overlap)).to.deep.equal(["/mappings/1 order_dependent"]);
    expect(await rivals(overlap, { conflicts: "all" })).to.deep.equal([]);
    expect(await rivals([rule(["A", "B"]), rule(["B", "C"])])).to.deep.equal([]);
    expect(await rivals([rule(["Ab", "B"]), pattern("A*", { role_name: "viewer" })])).to.deep.equal([
      "/mappings/1 order_dependent",
    ]);
    expect(await rivals([rule("Ab"), pattern("A*", { role_name: "viewer" })])).to.deep.equal([]);
  });

  it("does not count on an open capture, which never makes an owner", async () => {
    const open = pattern("g-{r}", { role_name: "{r}", values: { r: { "*": true } } });
    const codes = await rivals([open, rule("g-owner")], { role_order: ORDER });
    expect(codes).to.not.include("/mappings/1 shadowed_rule");
    expect(await rivals([pattern("g-*", { id: "g" }), rule("g-owner", "v")])).to.deep.equal([
      "/mappings/1 shadowed_rule",
    ]);
  });

  it("does not let an owners' rule shadow others where its connections may not grant `owner`", async () => {
    const [owner, admin] = ["owner", "admin"].map((role_name) => ({ group_name: "IT", scope: "tenant", role_name }));
    const at = (connections: readonly string[]) =>
      rivals(
        [
          { ...owner, connections },
          { ...admin, connections },
        ] as RuleDocument[],
        { conflicts: "first" },
      );
    const dead = async (found: Promise<readonly string[]>) =>
      (await found).filter((code) => !/(owner_connection|duplicate_rule)$/.test(code));
    expect(await dead(at(["idp", "other"]))).to.deep.equal([]);
    expect(await dead(at(["idp"]))).to.deep.equal(["/mappings/1 conflicting_rules"]);
    const nobody = CONTEXT.connections.map((one) => ({ ...one, mayGrantOwner: false }));
    const document = { conflicts: "first", mappings: [owner, admin] } as MappingDocument;
    const codes = lintCodes(document, { untested: true, context: { connections: nobody } });
    expect(await dead(codes)).to.deep.equal([]);
    expect(await rivals([owner, { ...owner, id: "again" }] as RuleDocument[])).to.deep.equal([
      "/mappings/1 redundant_rule",
    ]);
  });

  it("counts owners' rules among the rivals, and never suggests to remove the owners' list", async () => {
    const owners = { group_name: "IT", scope: "tenant", role_name: "owner" } as const;
    const document: MappingDocument = { tenant_owners_groups: ["IT", "Ops"], mappings: [owners] };
    const [found] = await linted(document, { untested: true });
    expect([found?.code, found?.pointer]).to.deep.equal(["redundant_rule", "/mappings/0"]);
    const ambiguous = {
      ...CONTEXT,
      stored: true,
      connections: CONTEXT.connections.map((one) => ({ ...one, mayGrantOwner: true })),
    };
    const codes = await lintCodes(document, { untested: true, context: ambiguous });
    expect(codes.filter((code) => code.endsWith("redundant_rule"))).to.deep.equal([]);
  });

  it("tells of rules that are off or over, and removes the last rule only where `no_match` is written", async () => {
    const off = rule("A", "editor", { enabled: false });
    const over = rule("B", "editor", { expires_at: "2026-11-01" });
    expect(
      await lintCodes({
        mappings: [off, over, rule("C")],
        examples: [{ name: "c", groups: ["C"], expect: ["Platform/editor"] }],
      }),
    ).to.deep.equal(["/mappings/0/enabled disabled_rule", "/mappings/1/expires_at expired_rule"]);
    expect((await linted({ mappings: [off] }))[0]?.fix).to.equal(undefined);
    expect((await linted({ mappings: [off], no_match: "deny" }))[0]?.fix).to.have.length(1);
    // the day of examples is before its end: an example counts on it
    const tested = {
      mappings: [over, rule("C")],
      examples: [{ name: "b", groups: ["B"], expect: ["Platform/editor"] }],
    };
    expect((await linted(tested))[0])
      .to.include({ code: "expired_rule" })
      .and.not.have.property("fix");
  });

  it("says nothing of where a rule gives that computes its targets", async () => {
    const grants = "{'scope': 'tenant', 'role': 'x'}";
    const computed = { group_pattern: "*", grants };
    expect(await rivals([computed, { group_name: "A", grants }], { role_order: ORDER })).to.deep.equal([]);
  });

  it("compares thousands of rules for one place without comparing each with each", async () => {
    const mappings = Array.from({ length: 3000 }, (_, index) =>
      rule([`G${index}`, `H${index}`], index % 2 ? "editor" : "viewer"),
    );
    expect(await rivals([...mappings, rule("H7", "viewer", { note: "dead" })])).to.deep.equal([
      "/mappings/3000 shadowed_rule",
    ]);
  });
});

function manyValues(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `v${index}`);
}

describe("lint: what patterns may give", () => {
  const role_order = ["ro", "rw", "sysadmin"];
  const unknown_team = "create_any";
  const open = pattern("g-{t}-{r}", { team_name: "{t}", role_name: "{r}" });

  it("tells of a role that is any captured text, and lists the roles that are meant", async () => {
    for (const values of [undefined, { r: { "*": true, adm: "boss" } }, { t: ["a"], r: { "*": true } }] as const) {
      const written = values === undefined ? open : { ...open, values };
      const document: MappingDocument = {
        role_order,
        unknown_team,
        mappings: [written],
        examples: [{ name: "x", groups: ["g-a-odd"], expect: ["a/odd"] }],
      };
      const [found] = await linted(document);
      expect(found?.code).to.equal("open_role_capture");
      expect(found?.pointer).to.equal(values === undefined ? "/mappings/0/group_pattern" : "/mappings/0/values/r/*");
      const fixed = patched(document, found?.fix ?? []);
      await expectValid(fixed);
      expect(await lintCodes(fixed)).to.deep.equal([]);
      expect(Object.keys(fixed.mappings?.[0]?.values?.["r"] ?? {}))
        .to.include.members(["ro", "rw", "odd"])
        .and.not.include("sysadmin");
    }
  });

  it("lists what examples count on, where no `role_order` names roles", async () => {
    const both = pattern("g-{t}", { team_name: "{t}", role_name: "{t}" });
    const examples = [
      { name: "x", groups: ["g-odd", "other"], expect: ["odd/odd"] },
      { name: "y", expect: [] },
    ];
    const document: MappingDocument = { unknown_team, mappings: [both], examples };
    const [found] = await linted(document);
    const fixed = patched(document, found?.fix ?? []);
    expect(fixed.mappings?.[0]?.values).to.deep.equal({ t: { odd: true } });
    await expectValid(fixed);
  });

  it("lists no more than the schema lets a capture be, and stops listing where hundreds of patterns meet thousands of names", async () => {
    const examplesOf = (count: number) => {
      const groups = Array.from({ length: count }, (_, index) => `g-r${index}`);
      return [{ name: "all", groups, expect: [] }];
    };
    const fixes = async (patterns: number, names: number) => {
      const mappings = Array.from({ length: patterns }, (_, index) => {
        return pattern(index === 0 ? "g-{role}" : `h${index}-{role}`, { role_name: "{role}", id: `p${index}` });
      });
      const document = { mappings, role_order: ["v"], examples: examplesOf(names) };
      return (await linted(document, { untested: true })).flatMap(({ code, fix }) =>
        code === "open_role_capture" ? [fix !== undefined] : [],
      );
    };
    expect(await fixes(1, 1990)).to.deep.equal([true]);
    expect(await fixes(1, 2001)).to.deep.equal([false]);
    const many = await fixes(510, 1990);
    expect([many[0], many[502], many[503], many[509]]).to.deep.equal([true, true, false, false]);
  });

  it("says nothing of roles that are too many to list", async () => {
    const many = pattern("{a}-{b}", { role_name: "{a}{b}", values: { a: manyValues(101), b: manyValues(101) } });
    expect(await lintCodes({ role_order, mappings: [many] }, { untested: true })).to.deep.equal([]);
  });

  it("suggests nothing where it knows no role to list", async () => {
    const [found] = await linted(
      { role_order: ["root"], mappings: [{ ...open, values: { t: ["a"] } }] },
      { untested: true },
    );
    expect(found).to.include({ code: "open_role_capture" }).and.not.have.property("fix");
  });

  it("hints at patterns that give what looks privileged, and not at rules that name their groups", async () => {
    const privileged = [
      pattern("a-*", { role_name: "team_admin" }),
      pattern("b-*", { role_name: "billing", scope: "tenant", team_name: undefined as never }),
      pattern("c-{t}", { role_name: "{t}", team_name: "{t}", values: { t: { x: "SuperUser", y: "viewer" } } }),
    ];
    const modest = [
      pattern("d-*", { role_name: "supervisor" }),
      rule("e-x", "team_admin", { group_pattern: "e-*" }),
      pattern("f-{t}", { role_name: "{t}", team_name: "{t}", values: { t: { "*": "viewer" } } }),
    ];
    const mappings = [...privileged, ...modest].map((one) => JSON.parse(JSON.stringify(one)) as RuleDocument);
    expect(await lintCodes({ mappings, conflicts: "all" }, { untested: true })).to.deep.equal(
      [0, 1, 2].map((index) => `/mappings/${index}/group_pattern privileged_pattern`),
    );
  });
});

describe("lint: what examples leave out", () => {
  it("asks for a first example, and makes one that holds", async () => {
    const document = {
      mappings: [rule("A"), { app_role: "r", scope: "tenant", role_name: "x", connections: ["other"] }],
    };
    const [found, ...others] = await linted(document);
    expect([found?.pointer, found?.code, others.length]).to.deep.equal(["", "no_examples", 0]);
    await expectValid(patched(document, found?.fix ?? []));
    expect(await lintCodes({ ...document, examples: [] })).to.deep.equal([" no_examples"]);
  });

  const uncovered: readonly RuleDocument[] = [
    rule("A"),
    { group_id: "1", team_name: "tenant", role_name: "viewer" },
    pattern("g-{t}-*", { team_name: "{t}", values: { t: ["a"] } }),
    rule(["no", "yes-1"], "editor", { group_pattern: "yes-*" }),
    { app_role: ["r"], scope: "all_teams", role_name: "viewer" },
    { everyone: true, scope: "tenant", role_name: "guest", connections: ["other"] },
  ];
  for (const one of uncovered) {
    it(`makes an example of ${JSON.stringify(one)}`, async () => {
      const document = {
        mappings: [rule("Z", "boss"), one],
        examples: [{ name: "z", groups: ["Z"], expect: ["Platform/boss"] }],
      };
      const [found] = await linted(document);
      expect([found?.code, found?.pointer]).to.deep.equal(["uncovered_rule", "/mappings/1"]);
      const fixed = patched(document, found?.fix ?? []);
      await expectValid(fixed);
      expect(await lintCodes(fixed)).to.deep.equal([]);
    });
  }

  it("makes none that expects more than the schema allows, and no more than anybody reads", async () => {
    const makes = async (mappings: readonly RuleDocument[]) => {
      const found = await linted({ mappings, examples: [{ name: "x", groups: [], expect: [] }] });
      return found.flatMap(({ code, fix }) => (code === "uncovered_rule" ? [fix !== undefined] : []));
    };
    const apart = await makes(Array.from({ length: 1001 }, (_, index) => rule(`G${index}`, "v")));
    expect([apart.length, apart[999], apart[1000]]).to.deep.equal([1001, true, false]);
    const teams = Array.from({ length: 501 }, (_, index) => rule("G", "v", { team_name: `T${index}` }));
    expect(await makes(teams.slice(1))).to.deep.equal([...Array(20).fill(true), ...Array(480).fill(false)]);
    expect(new Set(await makes(teams))).to.deep.equal(new Set([false]));
  });

  it("makes none where expressions would have to run, or where the rule matches nobody so simple", async () => {
    const examples = [{ name: "z", groups: ["Z"], expect: ["Platform/boss"] }];
    const fixes = async (document: MappingDocument) =>
      (await linted({ ...document, examples })).filter(({ code }) => code === "uncovered_rule").map(({ fix }) => fix);
    const mappings = [rule("Z", "boss"), rule("A")];
    expect(await fixes({ mappings, invariants: [{ name: "i", never: "target.role = 'owner'" }] })).to.deep.equal([
      undefined,
    ]);
    expect(await fixes({ mappings: [rule("Z", "boss", { when: "user.active" }), rule("A")] })).to.deep.equal([
      undefined,
    ]);
    expect(await fixes({ mappings: [rule("Z", "boss"), rule("no", "x", { group_pattern: "yes-*" })] })).to.deep.equal([
      undefined,
    ]);
  });
});

describe("lint: warnings of a save as findings", () => {
  it("asks for an attribute first where a condition negates it, unless an example counts on the rule", async () => {
    const when = "user.department != 'Sales'";
    const document = {
      mappings: [{ when, team_name: "A", role_name: "viewer" }, rule("B")],
      examples: [{ name: "b", groups: ["B"], user: { department: "Sales" }, expect: ["Platform/editor"] }],
    };
    const found = (await linted(document)).find(({ code }) => code === "negation_over_absent");
    expect(found).to.include({ pointer: "/mappings/0/when", severity: "warning" });
    const fixed = patched(document, found?.fix ?? []);
    expect(fixed.mappings?.[0]?.when).to.equal(`$exists(user.department) and (${when})`);
    await expectValid(fixed);
    expect((await lintCodes(fixed)).join()).to.not.contain("negation_over_absent");
    const counted = {
      ...document,
      examples: [{ name: "a", groups: ["B"], user: { department: "IT" }, expect: ["Platform/editor", "A/viewer"] }],
    };
    expect((await linted(counted)).find(({ code }) => code === "negation_over_absent")).to.not.have.property("fix");
    const long = {
      mappings: [
        { when: `${when} and user.title != '${"x".repeat(4040)}'`, team_name: "A", role_name: "v" },
        rule("B"),
      ],
    };
    expect((await linted(long)).filter(({ code, fix }) => code === "negation_over_absent" && fix)).to.deep.equal([]);
    const never = {
      mappings: [rule("B")],
      invariants: [{ name: "i", never: "target.role = 'x' and user.department != 'IT'" }],
    };
    expect((await linted(never)).find(({ code }) => code === "negation_over_absent")).to.not.have.property("fix");
  });

  it("takes a connection that is gone out of a rule, or the rule with its only one", async () => {
    const context = { stored: true };
    const document: MappingDocument = {
      groups: { A: { gone: "x", idp: "A" } },
      mappings: [rule("A", "editor", { connections: ["gone", "idp"] }), rule("B", "editor", { connections: ["gone"] })],
      examples: [{ name: "a", connection: "idp", groups: ["A"], expect: ["Platform/editor"] }],
    };
    const found = (await linted(document, { context })).filter(({ code }) => code === "unknown_connection");
    expect(found.map(({ pointer }) => pointer)).to.deep.equal([
      "/groups/A/gone",
      "/mappings/0/connections/0",
      "/mappings/1/connections/0",
    ]);
    for (const one of found.slice(1)) {
      const fixed = patched(document, one.fix ?? []);
      await expectValid(fixed, { ...CONTEXT, ...context });
      expect((await linted(fixed, { context })).filter(({ code }) => code === "unknown_connection")).to.have.length(2);
    }
    expect(found[0]).to.not.have.property("fix");
  });

  it("has no fix for what only an author can decide", async () => {
    const found = await linted({ mappings: [rule("B", "v", { when: "groups = 'B'" })] }, { untested: true });
    expect(found.map(({ code, fix = null }) => [code, fix])).to.deep.equal([["list_compared", null]]);
  });

  it("says of what a save would refuse that it is an error", () => {
    const problem = { pointer: "/x", code: "unknown_key", message: "m" };
    expect(errorFindings([problem])).to.deep.equal([{ ...problem, severity: "error" }]);
  });
});

describe("lint: beside the groups that were sent", () => {
  const tested = { name: "e", groups: ["Enginering"], expect: ["Platform/editor"] };

  it("tells of groups that nobody sent, and what was probably meant", async () => {
    const document: MappingDocument = {
      tenant_owners_groups: ["it_admins"],
      mappings: [
        rule("Enginering"),
        rule(["Sales", "Ghosts"], "viewer"),
        { group_id: "1234-5679", team_name: "X", role_name: "v" },
        { sso_group: "Old", team_name: "O", role_name: "v" },
      ],
    };
    const groups = [
      ...["Engineering", "IT Admins", "Sales", "Engineerings"].map((name) => seenGroup(name)),
      seenGroup("Old", { deleted: true }),
      seenGroup("named", { ids: ["1234-5678"] }),
    ];
    const found = (await linted(document, { groups, untested: true })).filter(({ code }) => code === "unknown_group");
    expect(
      found.map(({ pointer, suggestion = null, message }) => [pointer, suggestion, message.includes("deleted")]),
    ).to.deep.equal([
      ["/tenant_owners_groups/0", "IT Admins", false],
      ["/mappings/0/group_name", "Engineering", false],
      ["/mappings/1/group_name/1", null, false],
      ["/mappings/2/group_id", null, false],
      ["/mappings/3/sso_group", null, true],
    ]);
    for (const one of found.filter(({ suggestion }) => suggestion !== undefined)) {
      const fixed = patched(document, one.fix ?? []);
      await expectValid(fixed);
      const left = (await linted(fixed, { groups, untested: true })).filter(({ code }) => code === "unknown_group");
      expect(left).to.have.length(found.length - 1);
    }
  });

  it("says nothing of connections that sent no group yet, of aliases that were sent, and of what names an id", async () => {
    expect(await lintCodes({ mappings: [rule("A")] }, { untested: true })).to.deep.equal([]);
    const document = {
      groups: { Fin: { idp: ["f-1", "f-2"] } },
      mappings: [rule("Fin"), rule("A", "v", { connections: ["other"] })],
      tenant_owners_group: "Bosses",
    };
    const groups = [seenGroup("f-2"), seenGroup("Bosses")];
    expect(await lintCodes(document, { groups, untested: true })).to.deep.equal([]);
    const missing = (
      await linted(document, { groups: [seenGroup("f-3"), seenGroup("Bosess")], untested: true })
    ).filter(({ code }) => code.startsWith("unknown_"));
    expect(
      missing.map(({ pointer, suggestion = null, fix = null }) => [pointer, suggestion, fix === null]),
    ).to.deep.equal([
      ["/groups/Fin/idp/0", null, true],
      ["/groups/Fin/idp/1", null, true],
      ["/tenant_owners_group", "Bosess", false],
    ]);
  });

  it("tells of groups in conditions, computed targets and invariants that nobody sent, each where it stands", async () => {
    const document: MappingDocument = {
      role_order: ["v"],
      groups: { Fin: { idp: "Finance" }, Far: { nowhere: "x" } },
      mappings: [
        { when: "$not('Finanse' in groups) and user.title = 'Finanse'", team_name: "A", role_name: "v" },
        { ...rule("Finance"), when: "group.name in ['Finance', \"Finacne\"] or 'F-1' in group_ids" },
        { when: "'Fin' in groups or 'Far' in groups", team_name: "A", role_name: "v" },
        {
          group_name: "Finance",
          connections: ["other"],
          when: "group.id = 'nobody' or 'Financ' in groups",
          grants: "{'team': 'A', 'role': 'Finanse' in groups ? 'v' : 'v'}",
        },
        { ...rule("Finance", "v", { team_name: "Off" }), enabled: false, when: "'Off' in groups" },
      ],
      invariants: [{ name: "i", never: "'Financ' in groups and target.role = 'Financ'" }],
    };
    const groups = [seenGroup("Finance", { ids: ["F-1"] }), seenGroup('Bob\'s "Fin" group')];
    const context = {
      connections: [...CONTEXT.connections, { slug: "nowhere", protocol: "oidc", mayGrantOwner: false }],
    } as const;
    const found = (await linted(document, { groups, context, untested: true })).filter(
      ({ code }) => code === "unknown_group",
    );
    expect(found.map(({ pointer, position, suggestion = null }) => [pointer, position, suggestion])).to.deep.equal([
      ["/invariants/0/never", 0, "Finance"],
      ["/mappings/0/when", 5, "Finance"],
      ["/mappings/1/when", 26, "Finance"],
      ["/mappings/2/when", 19, null],
    ]);
    expect(found[3]?.message).to.equal("the group `Far` was never sent: nobody is in it until somebody sends it");
    expect(found[0]?.fix).to.equal(undefined);
    const fixed = patched(document, [...(found[1]?.fix ?? []), ...(found[2]?.fix ?? [])]);
    expect(fixed.mappings?.map(({ when }) => when).slice(0, 2)).to.deep.equal([
      "$not('Finance' in groups) and user.title = 'Finanse'",
      "group.name in ['Finance', \"Finance\"] or 'F-1' in group_ids",
    ]);
  });

  it("respells a group in a condition so that it stays one, and not where an example speaks of it or the text grows too long", async () => {
    const fixOf = async (when: string, examples: MappingDocument["examples"] = []) => {
      const document = { mappings: [{ when, team_name: "A", role_name: "v" }], examples };
      const groups = [seenGroup("Bob's group"), seenGroup('Ann "A group'), seenGroup("C:\\ drive")];
      const found = (await linted(document, { groups })).find(({ code }) => code === "unknown_group");
      if (found?.fix) await expectValid(patched(document, found.fix));
      return found?.fix?.map((operation) => operation.op === "replace" && operation.value);
    };
    expect(await fixOf("'Bobs group' in groups")).to.deep.equal(['"Bob\'s group" in groups']);
    expect(await fixOf('"Bobs group" in groups')).to.deep.equal(['"Bob\'s group" in groups']);
    expect(await fixOf('"Ann A group" in groups')).to.deep.equal(['"Ann \\"A group" in groups']);
    expect(await fixOf("'C: drive' in groups")).to.deep.equal(['"C:\\\\ drive" in groups']);
    expect(await fixOf("'Bobs group' in groups", [{ name: "b", groups: ["Bob's group"], expect: [] }])).to.equal(
      undefined,
    );
    expect(await fixOf(`'Bobs group' in groups${" ".repeat(4096 - 22)}`)).to.equal(undefined);
  });

  it("tells of keys of the alias book that nobody sent there, and what was probably meant", async () => {
    const id = "1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";
    const document: MappingDocument = {
      groups: {
        "Fin/ance": { idp: id.replace("1f3c", "1f3d"), other: "app-finance" },
        Sales: { idp: ["Sales Nordic", "Sales South"], other: "Sales" },
        Old: { idp: ["Gone", "Old"] },
        Two: { idp: ["Sales Nordics", "Sales Nordic"] },
        Ids: { idp: ["app-00000001", "app-00000002"] },
      },
      mappings: [rule("Fin/ance"), rule("Sales", "v")],
      examples: [{ name: "o", groups: ["Old"], expect: [] }],
    };
    const groups = [
      seenGroup("a", { ids: [id] }),
      ...["Sales Nordics", "app-00000002", "Old"].map((name) => seenGroup(name)),
      seenGroup("Gone", { deleted: true }),
    ];
    const found = (await linted(document, { groups })).filter(({ code }) => code.startsWith("unknown_"));
    expect(found.map(({ pointer, suggestion = null, message }) => [pointer, suggestion, message])).to.deep.equal([
      [
        "/groups/Fin~1ance/idp",
        id,
        `the group \`${id.replace("1f3c", "1f3d")}\` was never sent at \`idp\`, did you mean \`${id}\`?`,
      ],
      [
        "/groups/Sales/idp/0",
        "Sales Nordics",
        "the group `Sales Nordic` was never sent at `idp`, did you mean `Sales Nordics`?",
      ],
      [
        "/groups/Sales/idp/1",
        null,
        "the group `Sales South` was never sent at `idp`: the name stands for nobody there until somebody sends it",
      ],
    ]);
    const fixed = patched(document, [...(found[0]?.fix ?? []), ...(found[1]?.fix ?? [])]);
    expect(fixed.groups).to.deep.include({ "Fin/ance": { idp: id, other: "app-finance" } });
    expect((await linted(fixed, { groups })).filter(({ code }) => code.startsWith("unknown_"))).to.deep.equal([]);
    const tested = { ...document, examples: [{ name: "t", group_ids: [id], expect: ["Platform/editor"] }] };
    const [first] = (await linted({ ...tested, mappings: [rule("Fin/ance")] }, { groups })).filter(
      ({ code }) => code === "unknown_alias",
    );
    expect(first?.fix).to.equal(undefined);
  });

  it("tells of names whose groups moved: renamed, borne by another group, taken over and not confirmed", async () => {
    const pins = (name: string, state: "held" | "waiting" | "contends", isRenamed = false) => ({
      pins: [{ name, state, isRenamed }],
    });
    const document: MappingDocument = {
      groups: { Fin: { idp: "Finance" } },
      mappings: [
        rule("Engineering"),
        { when: "'Ops' in groups", team_name: "A", role_name: "v" },
        rule("Fin", "v"),
        rule("Twice", "v", { team_name: "B" }),
        rule("Still", "v", { team_name: "C" }),
      ],
    };
    const groups = [
      seenGroup("R&D", { names: ["Engineering"], ...pins("Engineering", "held", true) }),
      seenGroup("Engineering", { names: [], ids: ["1"], ...pins("Engineering", "contends") }),
      seenGroup("Ops", pins("Ops", "waiting")),
      seenGroup("Still", pins("Still", "held")),
      seenGroup("Money", { names: ["Finance"], ...pins("Finance", "held", true) }),
      seenGroup("One", { names: ["Twice"], ...pins("Twice", "held", true) }),
      seenGroup("Two", { names: ["Twice"], ...pins("Twice", "held", true) }),
      seenGroup("Finance", { names: ["Else"], ids: ["2"], ...pins("Finance", "contends") }),
      seenGroup("Other", { pins: [{ name: "nobody asks", state: "contends", isRenamed: false }] }),
    ];
    const found = (await linted(document, { groups, untested: true })).filter(({ code }) => code !== "no_examples");
    expect(
      found.map(({ code, pointer, message, suggestion = "" }) => [code, pointer, suggestion, message]),
    ).to.deep.equal([
      ["unmapped_groups", "/mappings", "", "1 group is mapped by no rule; the largest is `Other` with 1 person"],
      [
        ...["name_taken", "/mappings/0/group_name", ""],
        "1 group is called `Engineering`, by which rules mean another one: nothing is given by it unless an admin moves the name",
      ],
      [
        ...["renamed_group", "/mappings/0/group_name", "R&D"],
        "the group that is meant by `Engineering` is called `R&D` now, and goes on giving what it gave",
      ],
      [
        ...["unconfirmed_group", "/mappings/1/when", ""],
        "the group that is meant by `Ops` took the name over from a deleted one: anything privileged waits until an admin confirms it",
      ],
      [
        ...["name_taken", "/mappings/2/group_name", ""],
        "1 group is called `Finance`, by which rules mean another one: nothing is given by it unless an admin moves the name",
      ],
      [
        ...["renamed_group", "/mappings/2/group_name", "Money"],
        "the group that is meant by `Finance` is called `Money` now, and goes on giving what it gave",
      ],
      [
        ...["renamed_group", "/mappings/3/group_name", "One"],
        "the group that is meant by `Twice` is called `One`, `Two` now, and goes on giving what it gave",
      ],
    ]);
    const renamed = found.filter(({ code }) => code === "renamed_group");
    expect(renamed.map(({ fix }) => fix)).to.deep.equal([
      [{ op: "replace", path: "/mappings/0/group_name", value: "R&D" }],
      undefined,
      undefined,
    ]);
  });

  it("tells of patterns that match no group of a connection that sent some", async () => {
    const mappings = [
      pattern("app-*"),
      pattern("grp-*", { team_name: "B" }),
      pattern("old-*", { team_name: "C" }),
      pattern("far-*", { team_name: "D", connections: ["other"] }),
      rule("grp-1", "v", { group_pattern: "grp-*", team_name: "E" }),
      { ...pattern("off-*", { team_name: "F" }), enabled: false },
    ];
    const groups = [seenGroup("app-1"), seenGroup("old-1", { deleted: true })];
    const told = async (sent: typeof groups) =>
      (await lintCodes({ mappings }, { groups: sent, untested: true })).filter((one) =>
        one.endsWith("unmatched_pattern"),
      );
    expect(await told(groups)).to.deep.equal([
      "/mappings/1/group_pattern unmatched_pattern",
      "/mappings/2/group_pattern unmatched_pattern",
    ]);
    expect(await told([])).to.deep.equal([]);
  });

  it("renames in examples too, and not where somebody tells the two names apart", async () => {
    const groups = [seenGroup("Engineering")];
    const fixOf = async (document: MappingDocument) =>
      (await linted(document, { groups })).find(({ code }) => code === "unknown_group")?.fix;
    const document = {
      mappings: [rule("Enginering"), rule(["x", "Enginering"], "v", { team_name: "T" })],
      examples: [
        { ...tested, expect: ["Platform/editor", "T/v"] },
        { name: "nobody", expect: [] },
      ],
    };
    const fixed = patched(document, (await fixOf(document)) ?? []);
    await expectValid(fixed);
    expect(JSON.stringify(fixed)).to.not.contain("Enginering");
    const byId = {
      mappings: [{ group_id: "Enginering", team_name: "A", role_name: "v" }],
      examples: [{ name: "i", group_ids: ["Enginering"], expect: ["A/v"] }],
    };
    await expectValid(patched(byId, (await fixOf(byId)) ?? []));
    const one = { mappings: [rule("Enginering")], examples: [tested] };
    for (const more of [
      { mappings: [...one.mappings, rule("Engineering", "v", { team_name: "T" })] },
      { examples: [tested, { name: "x", groups: ["Engineering"], expect: [] }] },
      { mappings: [...one.mappings, pattern("*gineering", { team_name: "T" })] },
      { mappings: [...one.mappings, { when: "'a' in groups", team_name: "T", role_name: "v" }] },
      { groups: { Engineering: { other: "x" } } },
    ]) {
      expect(await fixOf({ ...one, ...more })).to.equal(undefined);
    }
    const listed = { mappings: [rule(["Engineering", "Enginering"])] };
    const alone = patched(listed, (await fixOf(listed)) ?? []);
    expect(alone.mappings?.[0]?.group_name).to.deep.equal(["Engineering"]);
  });

  it("renames no group that stands in more than a hundred places, as each of its findings would say them all", async () => {
    const fixOf = async (places: number) => {
      const document: MappingDocument = {
        mappings: [rule("Enginering", "v")],
        examples: Array.from({ length: places - 1 }, (_, index) => {
          return { name: `e${index}`, groups: ["Enginering"], expect: ["Platform/v"] };
        }),
      };
      const found = await linted(document, { groups: [seenGroup("Engineering")], untested: true });
      return found.find(({ code }) => code === "unknown_group")?.fix?.length;
    };
    expect([await fixOf(100), await fixOf(101)]).to.deep.equal([100, undefined]);
  });

  it("counts the groups that no rule maps, the largest first, a hundred of them", async () => {
    const mappings = [
      rule("A"),
      pattern("p-*", { team_name: "P" }),
      { group_id: "id", team_name: "I", role_name: "v" },
      { when: "'Spelt' in groups or \"Quoted\" in groups", team_name: "W", role_name: "v" },
      { when: "user.title = 'No'", team_name: "N", role_name: "v" },
    ];
    const mapped = ["A", "p-1", "Spelt", "Quoted"].map((name) => seenGroup(name));
    const groups = [
      ...mapped,
      seenGroup("named", { ids: ["id"] }),
      seenGroup("gone", { deleted: true }),
      seenGroup("elsewhere", { connection: "nowhere" }),
      ...Array.from({ length: 300 }, (_, index) => seenGroup(`n${index}`, { members: index })),
      seenGroup("No", { connection: "other", members: 299 }),
      seenGroup("No", { members: 299 }),
    ];
    const view = lintView({ mappings }, compiled({ mappings }), { now: NOW });
    const seen = seenGroups(view, { connections: CONTEXT.connections, privilegedRoles: new Set() });
    for (const group of groups) seen.take(group);
    const { count, largest } = seen.unmapped();
    expect([count, largest.length]).to.deep.equal([302, 100]);
    expect(largest.slice(0, 4).map(({ name, connection }) => `${name}@${connection}`)).to.deep.equal([
      "No@idp",
      "No@other",
      "n299@idp",
      "n298@idp",
    ]);
    expect([...seen.findings()].flat().find(({ code }) => code === "unmapped_groups")?.message)
      .to.contain("302 groups")
      .and.contain("`No` with 299 people");
    const alone = seenGroups(view, { connections: CONTEXT.connections, privilegedRoles: new Set() });
    alone.take(seenGroup("Lone", { members: 1 }));
    expect([...alone.findings()].flat().find(({ code }) => code === "unmapped_groups")?.message).to.equal(
      "1 group is mapped by no rule; the largest is `Lone` with 1 person",
    );
    expect(
      await lintCodes(
        { mappings: [rule("A")] },
        { groups: [seenGroup("A"), seenGroup("B", { members: 0 })], untested: true },
      ),
    ).to.deep.equal([]);
  });

  it("tells which mapped groups have groups inside, those with most first, and nothing of others", async () => {
    const mappings = [pattern("a-{t}", { team_name: "{t}", role_name: "v", values: { t: { "*": true } } })];
    const messages = async (groups: readonly SeenGroup[]) =>
      (await linted({ mappings }, { groups, untested: true }))
        .filter(({ code }) => code === "nested_group")
        .map(({ pointer, message, severity }) => [severity, pointer, message]);
    const advice = "; who is only in an inner group gets nothing by the outer one: map the inner groups too";
    const some = [
      seenGroup("a-one", { nested: 1 }),
      seenGroup("a-two", { nested: 2 }),
      seenGroup("a-none", { nested: 0 }),
      seenGroup("a-claimed"),
      seenGroup("unmapped", { nested: 9 }),
      seenGroup("a-gone", { nested: 9, deleted: true }),
    ];
    expect(await messages(some)).to.deep.equal([
      ["warning", "/mappings", `\`a-two\` has 2 groups inside, \`a-one\` has 1 group inside${advice}`],
    ]);
    const six = Array.from({ length: 6 }, (_, at) => seenGroup(`a-${6 - at}`, { nested: 1 }));
    const [[, , many] = []] = await messages(six);
    expect(many).to.match(/^`a-1` has 1 group inside, .*`a-5` has 1 group inside and others have some;/);
    expect(await messages([seenGroup("a-none")])).to.deep.equal([]);
  });

  it("tells which groups a pattern lets hand out privileges, and which of them nobody reviewed", async () => {
    const mappings = [
      pattern("a-{r}", { role_name: "{r}", team_name: "{r}", values: { r: { "*": true } } }),
      pattern("s-*", { role_name: "special" }),
      rule("a-root", "v", { group_pattern: "a-*", team_name: "K" }),
    ];
    const groups = [
      ...["a-root", "a-viewer", "a-Owner", "s-1", "a-admin1", "a-admin-2", "a-admin-3", "a-admin-4", "a-admin-5"].map(
        (name) => seenGroup(name),
      ),
      seenGroup("a-sysadmin", { createdAt: "2026-11-21T00:00:00.000Z" }),
      seenGroup("a-god", { createdAt: "2026-11-01T00:00:00.000Z" }),
    ];
    const seen = { privilegedRoles: new Set(["special"]), savedAt: "2026-11-20T00:00:00.000Z" };
    const found = (await linted({ role_order: ["x"], mappings }, { groups, seen, untested: true })).filter(({ code }) =>
      code.endsWith("privileged_match"),
    );
    expect(found.map(({ pointer, code }) => `${pointer} ${code}`)).to.deep.equal([
      "/mappings/0/group_pattern new_privileged_match",
      "/mappings/0/group_pattern privileged_match",
      "/mappings/1/group_pattern privileged_match",
    ]);
    expect(found[0]?.message).to.contain("1 group that came").and.contain("`a-sysadmin`");
    expect(found[1]?.message).to.contain("7 groups").and.contain("and others");
    const draft = await linted({ role_order: ["x"], mappings }, { groups, untested: true });
    expect(draft.map(({ code }) => code)).to.not.include("new_privileged_match");
  });

  it("tells which groups that look privileged a pattern takes in, whatever it gives them", async () => {
    const mappings = [pattern("Platform-*", { role_name: "viewer" }), pattern("Ops-*", { team_name: "Ops" })];
    const groups = [
      ...["Platform-Admins", "Platform-Users", "Ops-Users"].map((name) => seenGroup(name)),
      seenGroup("Platform-Owners", { createdAt: "2026-11-21T00:00:00.000Z" }),
      seenGroup("Platform-Root", { createdAt: "2026-11-21T00:00:00.000Z" }),
      seenGroup("Ops-Users2", { names: ["Ops-sudoers"] }),
    ];
    const seen = { savedAt: "2026-11-20T00:00:00.000Z" };
    const found = (await linted({ mappings }, { groups, seen, untested: true })).filter(({ code }) =>
      code.endsWith("privileged_match"),
    );
    expect(found.map(({ pointer, code, message }) => `${pointer} ${code}: ${message}`)).to.deep.equal([
      "/mappings/0/group_pattern new_privileged_match: gives `Platform/viewer` or the like to members of 2 groups whose names look privileged and that came after the mapping was saved: `Platform-Owners`, `Platform-Root`",
      "/mappings/0/group_pattern privileged_match: gives `Platform/viewer` or the like to members of 1 group whose name looks privileged: `Platform-Admins`",
      "/mappings/1/group_pattern privileged_match: gives `Ops/editor` or the like to members of 1 group whose name looks privileged: `Ops-Users2`",
    ]);
  });
});

describe("lint: beside what was said of people", () => {
  const when = (text: string, more: Partial<RuleDocument> = {}): RuleDocument => ({
    ...{ when: text, team_name: "A", role_name: "v" },
    ...more,
  });
  const told = async (document: MappingDocument, said: LintWorld["said"]) =>
    (await linted(document, { said: said ?? [], untested: true }))
      .filter(({ code }) => /^(?:misspelt|unknown)_(?:value|claim)$/.test(code))
      .map(({ pointer, code, position = -1, suggestion = "" }) => `${pointer}@${position} ${code} ${suggestion}`);

  it("tells of texts that nobody has, be it pushed or claimed, and what was probably meant", async () => {
    const at = "2026-11-01T00:00:00.000Z";
    const said = [
      { connection: "idp", attributes: { department: "Sales", active: true, title: null }, appRoles: ["Acme.Admin"] },
      {
        connection: "idp",
        claims: {
          attributes: { country: { value: "SE", at }, title: { value: null, at } },
          appRoles: { value: ["Acme.Reader"], at },
          claims: { costcenter: ["Nordics", "Finance"] },
        },
      },
      { connection: "other", attributes: { department: "Marketing" } },
    ];
    const document: MappingDocument = {
      mappings: [
        when("user.department = 'sales' and 'SE' = user.country and user.title != 'Boss'"),
        when("user.department in ['Sales', 'Marketnig', 'Marketing']"),
        when("user.department = 'Marketing'", { connections: ["idp"] }),
        when("'Nordic' in claims.costcenter or claims.costcenter[0] = 'Finance' or $exists(claims.costcentre)"),
        { app_role: ["Acme.Admin", "Acme.Raeder"], team_name: "A", role_name: "v" },
        { app_role: "Acme.Owner", team_name: "A", role_name: "v", connections: ["idp"] },
        when("connection.slug = 'ipd' or connection.slug = 'other' or 'Acme.Reader' in app_roles or now = 'x'"),
        when("user.department = 'Off'", { enabled: false }),
        when("$exists(claims.other)", { connections: ["other"] }),
        when("'x' in claims.y"),
      ],
      invariants: [{ name: "i", never: "$$.user.department = 'Salse' and target.role = 'admin'" }],
    };
    expect(await told(document, said)).to.deep.equal([
      "/invariants/0/never@21 misspelt_value Sales",
      "/mappings/0/when@18 misspelt_value Sales",
      "/mappings/1/when@29 misspelt_value Marketing",
      "/mappings/2/when@18 unknown_value ",
      "/mappings/3/when@0 misspelt_value Nordics",
      "/mappings/3/when@84 unknown_claim costcenter",
      "/mappings/4/app_role/1@-1 misspelt_value Acme.Reader",
      "/mappings/5/app_role@-1 unknown_value ",
      "/mappings/6/when@18 unknown_value ",
      "/mappings/9/when@14 unknown_claim ",
    ]);
    expect(await told(document, [])).to.deep.equal(["/mappings/6/when@18 unknown_value "]);
    const [first] = await linted(document, { said, untested: true });
    expect([first?.message, first?.fix]).to.deep.equal([
      "nobody has `Salse` as `user.department`, did you mean `Sales`?",
      undefined,
    ]);
  });

  it("respells a text in a rule's condition, and leaves one that an example counts on", async () => {
    const said = [{ connection: "idp", attributes: { department: "Sales" } }];
    const document = { mappings: [when("user.department = 'Salse'")] };
    const fixOf = async (examples: MappingDocument["examples"] = []) =>
      (await linted({ ...document, examples }, { said })).find(({ code }) => code === "misspelt_value")?.fix;
    const fixed = patched(document, (await fixOf()) ?? []);
    expect(fixed.mappings?.[0]?.when).to.equal("user.department = 'Sales'");
    expect(await told(fixed, said)).to.deep.equal([]);
    expect(await fixOf([{ name: "s", user: { department: "Salse" }, expect: ["A/v"] }])).to.equal(undefined);
  });

  it("lets alone texts that are excluded, which nobody may well have, unless they look misspelt", async () => {
    const said = [{ connection: "idp", attributes: { department: "Sales" } }];
    const document = {
      mappings: [
        when("user.department != 'Board'"),
        when("$not(user.department in ['Board', 'Legal'])"),
        when("$not(user.department != 'Board')"),
        when("user.department != 'Salse'"),
      ],
    };
    expect(await told(document, said)).to.deep.equal([
      "/mappings/2/when@24 unknown_value ",
      "/mappings/3/when@19 misspelt_value Sales",
    ]);
  });
});

describe("lint: beside the tenant", () => {
  const codes = async (document: MappingDocument, around: LintWorld["around"]) =>
    (await linted(document, { around: around ?? {} })).filter(
      ({ code }) => !code.endsWith("_examples") && code !== "uncovered_rule",
    );

  it("tells of rules that read disabled connections", async () => {
    const document: MappingDocument = {
      mappings: [rule("A", "v", { connections: ["idp", "other"] }), rule("B", "v", { connections: ["other"] })],
      examples: [{ name: "a", connection: "idp", groups: ["A"], expect: ["Platform/v"] }],
    };
    const around = { disabled: new Set(["other"]) };
    const found = await codes(document, around);
    expect(found.map(({ pointer, code }) => `${pointer} ${code}`)).to.deep.equal([
      "/mappings/0/connections/1 disabled_connection",
      "/mappings/1/connections/0 disabled_connection",
    ]);
    for (const one of found) {
      const fixed = patched(document, one.fix ?? []);
      await expectValid(fixed);
      expect(await codes(fixed, around)).to.have.length(1);
    }
    const counted = {
      ...document,
      examples: [{ name: "b", connection: "other", groups: ["A", "B"], expect: ["Platform/v"] }],
    };
    expect((await codes(counted, around)).filter(({ fix }) => fix)).to.deep.equal([]);
  });

  it("tells of rules that stood for the days asked for and gave nothing in them", async () => {
    const document: MappingDocument = {
      tenant_owners_group: "IT",
      mappings: [rule("A", "v", { id: "a" }), rule("B", "v", { team_name: "B" }), rule("C", "v", { team_name: "C" })],
      examples: [{ name: "b", groups: ["B"], expect: ["B/v"] }],
    };
    const former = { mappings: document.mappings?.slice(0, 2) ?? [], tenant_owners_groups: ["IT"] };
    const found = await codes(document, { former });
    expect(found.map(({ pointer, code, fix }) => [pointer, code, fix?.length ?? 0])).to.deep.equal([
      ["/tenant_owners_group", "never_matched", 0],
      ["/mappings/0", "never_matched", 1],
      ["/mappings/1", "never_matched", 0],
    ]);
    const fixed = patched(document, found[1]?.fix ?? []);
    await expectValid(fixed);
    expect(await codes(fixed, { former })).to.have.length(2);
    const lastGave = new Map([
      ["a", NOW],
      ["tenant_owners", "2026-08-24T12:00:00.000Z"],
    ]);
    expect(await codes(document, { former, lastGave })).to.have.length(1);
    expect(await codes(document, { former: {} })).to.deep.equal([]);
    expect(await codes({ mappings: [] }, { former: {} })).to.deep.equal([]);
  });

  it("tells of teams whose names are almost those of existing ones", async () => {
    const document: MappingDocument = {
      mappings: [
        rule("A", "v", { team_name: "Platfrom" }),
        rule("B", "v", { team_name: "Sales" }),
        rule("C", "v", { team_name: "Brand new" }),
        { group_name: "D", scope: "team:sales", role_name: "v" },
      ],
    };
    const around = { teams: ["Platform", "Sales"] };
    const found = await codes(document, around);
    expect(found.map(({ pointer, suggestion, fix }) => [pointer, suggestion, fix?.length ?? 0])).to.deep.equal([
      ["/mappings/0", "Platform", 1],
      ["/mappings/3", "Sales", 0],
    ]);
    expect(await codes(patched(document, found[0]?.fix ?? []), around)).to.have.length(1);
    const counted = {
      ...document,
      examples: [
        { name: "a", groups: ["A"], expect: [{ scope: "team:Platfrom", role: "v" }] },
        { name: "t", groups: [], expect: [] },
      ],
    };
    expect((await codes(counted, around))[0]).to.not.have.property("fix");
  });
});

describe("lint codes", () => {
  it("each have a severity and a sentence", () => {
    for (const code of Object.keys(LINT_CODES) as LintCode[]) {
      expect(LINT_CODES[code].meaning, code).to.match(/^[A-Z].*\.$/s);
      expect(["warning", "hint"]).to.include(LINT_CODES[code].severity);
    }
    expect(compileMapping({}, CONTEXT).ok).to.equal(true);
  });
});
