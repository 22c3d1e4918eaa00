import { expect } from "chai";
import { compileMapping, unwrapMapping } from "../../src/engine/compile/compile.js";
import { ruleId } from "../../src/engine/compile/rule-id.js";
import { parseTarget } from "../../src/engine/target-text.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { targetLabel } from "../../src/model/target.js";
import { CONTEXT, codesOf, compiled, problemsOf, warningsOf } from "./made-up.js";

const RULE: RuleDocument = { group_name: "Engineering", team_name: "Platform", role_name: "editor" };

/** A document of one rule, which says `rule` beside or instead of what `RULE` says. */
function withRule(rule: Partial<RuleDocument>, more: MappingDocument = {}): MappingDocument {
  return { ...more, mappings: [{ ...RULE, ...rule }] };
}

function bare(rule: Partial<RuleDocument>, more: MappingDocument = {}): MappingDocument {
  return { ...more, mappings: [{ role_name: "editor", ...rule }] };
}

describe("compiling a mapping", () => {
  describe("documents of Tines", () => {
    it("takes one as it stands", () => {
      const mapping = compiled({
        group_attribute_name: "groups",
        tenant_owners_groups: ["IT Admins"],
        mappings: [RULE],
      });
      expect(mapping.rules.map((rule) => [rule.id, rule.index, rule.pointer, rule.give.literal])).to.deep.equal([
        ["tenant_owners", -1, "/tenant_owners_groups", { scope: "tenant", role: "owner" }],
        [ruleId(RULE), 0, "/mappings/0", { scope: "team:Platform", role: "editor" }],
      ]);
    });

    it("takes the spellings of its live pages", () => {
      const mapping = compiled({
        tenant_owners_group: "IT Admins",
        mappings: [{ sso_group: "Engineering", team_name: "Platform", role_name: "TEAM_ADMIN" }],
      });
      expect(mapping.rules.map((rule) => rule.groups?.any?.of)).to.deep.equal([["IT Admins"], ["Engineering"]]);
      expect(mapping.rules[0]?.pointer).to.equal("/tenant_owners_group");
      expect(mapping.rules[1]?.give.literal?.role).to.equal("team_admin");
    });

    it("takes off the wrapper and leaves everything else alone", () => {
      const inner = { mappings: [] };
      expect(unwrapMapping({ user_group_mapping: inner })).to.equal(inner);
      for (const json of [inner, { user_group_mapping: inner, other: 1 }, {}, [], null, "text"]) {
        expect(unwrapMapping(json)).to.equal(json);
      }
    });

    it("gives the same rule the same id in both spellings", () => {
      const { group_name: name = "", ...rest } = RULE;
      expect(ruleId({ ...rest, sso_group: name })).to.equal(ruleId(RULE));
    });
  });

  describe("role names", () => {
    for (const [written, held] of [
      ["TEAM_ADMIN", "team_admin"],
      ["Case_Manager", "case_manager"],
      ["Auditor", "Auditor"],
      ["wor\u212Abench_user", "wor\u212Abench_user"],
    ] as const) {
      it(`holds \`${written}\` as \`${held}\``, () => {
        expect(compiled(withRule({ role_name: written })).rules[0]?.give.literal?.role).to.equal(held);
      });
    }
  });

  describe("rule ids", () => {
    const same: readonly (readonly [string, Partial<RuleDocument>])[] = [
      ["role", { role_name: "viewer" }],
      ["note", { note: "why" }],
      ["expiry", { expires_at: "2030-01-01" }],
      ["switch", { enabled: false }],
    ];
    for (const [what, change] of same) {
      it(`do not depend on the ${what}`, () => expect(ruleId({ ...RULE, ...change })).to.equal(ruleId(RULE)));
    }
    const different: readonly (readonly [string, Partial<RuleDocument>])[] = [
      ["group", { group_name: "Sales" }],
      ["team", { team_name: "Sales" }],
      ["condition", { when: "user.active" }],
      ["connections", { connections: ["idp"] }],
      ["kind of name", { group_name: "Sales", group_id: "Engineering" }],
    ];
    for (const [what, change] of different) {
      it(`depend on the ${what}`, () => expect(ruleId({ ...RULE, ...change })).not.to.equal(ruleId(RULE)));
    }

    it("do not depend on the order of a list, nor on the rule's place", () => {
      const rules = [RULE, { ...RULE, group_name: ["B", "A"] }];
      const ids = compiled({ mappings: rules }).rules.map((rule) => rule.id);
      const turned = compiled({ mappings: [{ ...RULE, group_name: ["A", "B"] }, RULE] }).rules.map((rule) => rule.id);
      expect(turned.toReversed()).to.deep.equal(ids);
    });

    it("tell a team apart from the scope that spells it", () => {
      const { team_name: _, ...rest } = RULE;
      expect(ruleId({ ...rest, scope: "Platform" })).not.to.equal(ruleId(RULE));
    });
  });

  describe("refuses", () => {
    const cases: readonly (readonly [string, MappingDocument, readonly string[]])[] = [
      ["a rule that matches nobody", bare({ team_name: "A" }), ["/mappings/0 matcher_missing"]],
      ["a rule that gives nowhere", bare({ group_name: "A" }), ["/mappings/0 target_missing"]],
      ["a rule that gives in two places", withRule({ scope: "tenant" }), ["/mappings/0 target_ambiguous"]],
      ["two words for one matcher", withRule({ sso_group: "A" }), ["/mappings/0/sso_group duplicate_matcher"]],
      ["a reserved id", withRule({ id: "tenant_owners" }), ["/mappings/0/id reserved_id"]],
      [
        "values without a pattern",
        withRule({ values: { team: ["a"] } }),
        ["/mappings/0/values values_without_pattern"],
      ],
      ["a scope that is none", bare({ everyone: true, scope: "tenants" }), ["/mappings/0/scope bad_scope"]],
      ["an empty team", bare({ everyone: true, scope: "team:" }), ["/mappings/0/scope bad_scope"]],
      ["a resource without a name", bare({ everyone: true, scope: "resource:db" }), ["/mappings/0/scope bad_scope"]],
      [
        "a captured kind of scope",
        bare({ group_pattern: "a-{kind}", scope: "resource:{kind}:x" }),
        ["/mappings/0/scope bad_scope"],
      ],
      ["a wholly captured scope", bare({ group_pattern: "a-{s}", scope: "{s}" }), ["/mappings/0/scope bad_scope"]],
      [
        "a captured team that is not declared",
        bare({ group_pattern: "a-{x}", team_name: "{team}" }),
        ["/mappings/0/team_name unknown_capture"],
      ],
      [
        "a captured role that is not declared",
        { ...bare({ group_pattern: "a-{x}", team_name: "{x}", role_name: "{role}" }), role_order: ["a"] },
        ["/mappings/0/role_name unknown_capture"],
      ],
      ["owner in a team", withRule({ role_name: "owner" }), ["/mappings/0/role_name owner_scope"]],
      ["OWNER in a team", withRule({ role_name: "OWNER" }), ["/mappings/0/role_name owner_scope"]],
      [
        "owner by an open capture",
        {
          role_order: ["admin"],
          ...bare({
            group_pattern: "a-{r}",
            values: { r: { o: "owner", "*": true } },
            scope: "tenant",
            role_name: "{r}",
          }),
        },
        ["/mappings/0/role_name owner_capture"],
      ],
      [
        "a captured role without an order",
        bare({ group_pattern: "a-{t}-{r}", team_name: "{t}", role_name: "{r}" }),
        ["/mappings/0/role_name role_order_missing"],
      ],
      ["a date that does not exist", withRule({ expires_at: "2026-02-30" }), ["/mappings/0/expires_at bad_instant"]],
      ["a day that is none", withRule({ expires_at: "2026-13-01" }), ["/mappings/0/expires_at bad_instant"]],
      [
        "an hour that is none",
        withRule({ expires_at: "2026-12-01T25:00:00Z" }),
        ["/mappings/0/expires_at bad_instant"],
      ],
      [
        "an instant without a zone",
        withRule({ expires_at: "2026-12-01T10:00:00" }),
        ["/mappings/0/expires_at bad_instant"],
      ],
      [
        "a connection that nobody has",
        withRule({ connections: ["idp", "odp"] }),
        ["/mappings/0/connections/1 unknown_connection"],
      ],
      [
        "an alias for a connection that nobody has",
        { groups: { "a/b": { "o~": "x" } } },
        ["/groups/a~1b/o~0 unknown_connection"],
      ],
      [
        "`group` without a group matcher",
        bare({ when: "group.name = 'x'", team_name: "A" }),
        ["/mappings/0/when group_without_matcher"],
      ],
      [
        "a condition that does not parse",
        bare({ when: "user.department ==", team_name: "A" }),
        ["/mappings/0/when syntax"],
      ],
      ["highest without an order", { conflicts: "highest" }, ["/conflicts role_order_missing"]],
      [
        "highest for one kind without an order",
        { conflicts: { resource: "highest" } },
        ["/conflicts/resource role_order_missing"],
      ],
      [
        "a role that stands twice in the order",
        { role_order: ["editor", "viewer", "EDITOR"] },
        ["/role_order/2 duplicate_role"],
      ],
      ["owner as everybody's default", { default_role: "Owner" }, ["/default_role owner_default"]],
      ["a fallback that is not there", { no_match: "default" }, ["/no_match default_missing"]],
      [
        "a given id twice",
        {
          mappings: [
            { ...RULE, id: "x" },
            { ...RULE, id: "x", team_name: "B" },
          ],
        },
        ["/mappings/1/id duplicate_id"],
      ],
      [
        "an example that expects no target",
        { examples: [{ name: "x", expect: ["Platform", "Platform/", "/editor", "A/b"] }] },
        ["/examples/0/expect/0 bad_target", "/examples/0/expect/1 bad_target", "/examples/0/expect/2 bad_target"],
      ],
      [
        "an example that expects a scope that is none",
        { examples: [{ name: "x", expect: [{ scope: "nowhere", role: "x" }] }] },
        ["/examples/0/expect/0 bad_target"],
      ],
      [
        "an example from a connection that nobody has",
        { examples: [{ name: "x", connection: "odp", expect: [] }] },
        ["/examples/0/connection unknown_connection"],
      ],
      [
        "an invariant that is no expression",
        { invariants: [{ name: "x", never: "target.rol = 'x'" }] },
        ["/invariants/0/never unknown_fact"],
      ],
    ];
    for (const [what, document, expected] of cases) {
      it(what, () => expect(codesOf(document)).to.deep.equal(expected));
    }

    it("everything at once, and no follow-on mistakes", () => {
      const document: MappingDocument = {
        no_match: "default",
        mappings: [
          { group_pattern: "a-{team", team_name: "{team}", role_name: "{role}", expires_at: "soon" },
          { ...RULE, role_name: "owner", when: "user.departmnt = 'x'" },
        ],
      };
      expect(codesOf(document)).to.deep.equal([
        "/mappings/0/group_pattern bad_pattern",
        "/mappings/0/expires_at bad_instant",
        "/mappings/1/role_name owner_scope",
        "/mappings/1/when unknown_fact",
        "/no_match default_missing",
      ]);
    });

    it("with a suggestion and the place of the character", () => {
      const [typo] = problemsOf(bare({ when: "user.departmnt = 'x'", team_name: "A" }));
      expect(typo).to.include({ pointer: "/mappings/0/when", suggestion: "user.department", position: 5 });
      const [slug] = problemsOf(withRule({ connections: ["ipd"] }));
      expect(slug).to.include({ suggestion: "idp", message: "unknown connection `ipd`, did you mean `idp`?" });
      const [scope] = problemsOf(bare({ everyone: true, scope: "tenat" }));
      expect(scope?.suggestion).to.equal("tenant");
    });
  });

  describe("accepts", () => {
    const cases: readonly (readonly [string, MappingDocument])[] = [
      ["an empty document", {}],
      ["braces in a rule without a pattern, which are plain text", withRule({ team_name: "{team}" })],
      [
        "one captured role, which needs no order",
        bare({ group_pattern: "a-{r}", values: { r: ["x"] }, team_name: "A", role_name: "{r}" }),
      ],
      [
        "one capture for place and role, which needs no order",
        bare({ group_pattern: "a-{x}", team_name: "{x}", role_name: "{x}-lead" }),
      ],
      ["a captured resource", bare({ group_pattern: "a-{db}", scope: "resource:database:{db}" })],
      ["a captured team scope", bare({ group_pattern: "a-{t}", scope: "team:{t}" })],
      [
        "owner among written values",
        {
          role_order: ["admin"],
          ...bare({
            group_pattern: "a-{r}",
            values: { r: { o: "OWNER", a: "admin" } },
            scope: "tenant",
            role_name: "{r}",
          }),
        },
      ],
      ["highest with an order", { conflicts: "highest", role_order: ["a"] }],
    ];
    for (const [what, document] of cases) it(what, () => expect(codesOf(document)).to.deep.equal([]));

    it("expiry as a date in UTC or as an instant with its zone", () => {
      const expiry = (text: string) => compiled(withRule({ expires_at: text })).rules[0]?.expiresAt;
      expect(expiry("2026-12-31")).to.equal("2026-12-31T00:00:00.000Z");
      expect(expiry("2026-12-31T10:00+02:00")).to.equal("2026-12-31T08:00:00.000Z");
      expect(expiry("2026-12-31T10:00:30.5Z")).to.equal("2026-12-31T10:00:30.500Z");
    });
  });

  describe("defaults of a document", () => {
    const cases: readonly (readonly [MappingDocument, string])[] = [
      [{}, "allow"],
      [{ mappings: [RULE] }, "deny_new"],
      [{ mappings: [{ ...RULE, enabled: false }] }, "deny_new"],
      [{ tenant_owners_groups: ["A"] }, "deny_new"],
      [{ mappings: [RULE], default_team: "A" }, "allow"],
      [{ mappings: [RULE], default_role: "member" }, "allow"],
      [{ mappings: [RULE], default_team: "A", no_match: "deny" }, "deny"],
    ];
    for (const [document, policy] of cases) {
      it(`${JSON.stringify(document)} means \`no_match: ${policy}\``, () =>
        expect(compiled(document).noMatch).to.equal(policy));
    }

    it("a default team has the role member unless another is given, and a role alone is the tenant's", () => {
      const labels = (document: MappingDocument) =>
        compiled(document).defaults.map((one) => `${one.rule} ${targetLabel(one.target)}`);
      expect(labels({ default_team: "A" })).to.deep.equal(["default_team A/member"]);
      expect(labels({ default_team: "A", default_role: "EDITOR" })).to.deep.equal(["default_team A/editor"]);
      expect(labels({ default_role: "guest" })).to.deep.equal(["default_role tenant/guest"]);
      expect(labels({})).to.deep.equal([]);
    });

    it("teams go by the first rule; elsewhere roles are compared if there is an order, else they add up", () => {
      expect(compiled({}).conflicts).to.deep.equal({ team: "first", tenant: "all", all_teams: "all", resource: "all" });
      expect(compiled({ role_order: ["a"], conflicts: { resource: "all" } }).conflicts).to.deep.equal({
        team: "first",
        tenant: "highest",
        all_teams: "highest",
        resource: "all",
      });
      expect(compiled({ conflicts: "first" }).conflicts.tenant).to.equal("first");
    });
  });

  describe("owners", () => {
    const two = [
      { slug: "idp", protocol: "oidc", mayGrantOwner: true },
      { slug: "second", protocol: "saml", mayGrantOwner: true },
    ] as const;
    const none = [{ slug: "idp", protocol: "oidc", mayGrantOwner: false }] as const;
    const owners: MappingDocument = { tenant_owners_groups: ["IT"] };
    const rule: MappingDocument = bare({ group_name: "IT", scope: "tenant", role_name: "owner" });

    it("W-5: are bound to the one connection that may make them, so that a later one makes none", () => {
      expect(compiled(owners).rules[0]?.connections).to.deep.equal(new Set(["idp"]));
    });

    it("are refused while several connections may make them and none is named", () => {
      expect(codesOf(owners, { connections: two })).to.deep.equal(["/tenant_owners_groups ambiguous_connection"]);
      expect(codesOf(rule, { connections: two })).to.deep.equal(["/mappings/0 ambiguous_connection"]);
      const named = bare({ group_name: "IT", scope: "tenant", role_name: "owner", connections: ["second"] });
      expect(codesOf(named, { connections: two })).to.deep.equal([]);
    });

    it("become a warning in a stored document, whose rule then neither gives nor takes", () => {
      const mapping = compiled(rule, { connections: two, stored: true });
      expect(mapping.rules[0]?.ambiguous).to.equal(true);
      expect(warningsOf(rule, { connections: two, stored: true }).map((one) => one.code)).to.deep.equal([
        "ambiguous_connection",
      ]);
    });

    it("W-5: are warned of where no connection, or not the named one, may make them", () => {
      expect(warningsOf(rule, { connections: none }).map((one) => one.code)).to.deep.equal(["owner_connection"]);
      const named = bare({ group_name: "IT", scope: "tenant", role_name: "owner", connections: ["other", "idp"] });
      expect(warningsOf(named).map((one) => one.message)).to.have.length(1);
      expect(warningsOf(named)[0]?.message).to.include("`other` may not grant `owner`");
    });

    it("are warned of once, whatever is wrong with their connections", () => {
      const unable = two.map((one) => ({ ...one, mayGrantOwner: false }));
      const ofBoth = bare({
        scope: "tenant",
        role_name: "owner",
        group_name: "IT",
        connections: unable.map(({ slug }) => slug),
      });
      const both = warningsOf(ofBoth, { connections: unable });
      expect(both.map(({ code }) => code)).to.deep.equal(["owner_connection"]);
      for (const { slug } of unable) expect(both[0]?.message).to.include(`\`${slug}\``);
      const ofGone = bare({ scope: "tenant", role_name: "owner", group_name: "IT", connections: ["gone"] });
      expect(warningsOf(ofGone, { stored: true }).map(({ code }) => code)).to.deep.equal(["unknown_connection"]);
    });
  });

  describe("warnings", () => {
    it("tells rules for the same people in the same place apart, as Tines documents may hold them", () => {
      const document = { mappings: [RULE, { ...RULE, role_name: "viewer" }, { ...RULE, role_name: "case_manager" }] };
      const warnings = warningsOf(document).map(({ pointer, code }) => `${pointer} ${code}`);
      expect(warnings).to.deep.equal(["/mappings/1 duplicate_rule", "/mappings/2 duplicate_rule"]);
      const alone = compiled({ mappings: [RULE] }).rules[0]?.id;
      const ids = compiled(document).rules.map((rule) => rule.id);
      expect(ids.map((id) => id.slice(0, -6))).to.deep.equal([`${alone}-`, `${alone}-`, `${alone}-`]);
      const reversed = compiled({ mappings: document.mappings.toReversed() }).rules.map((rule) => rule.id);
      expect(reversed.toReversed(), "by what they give, not by place").to.deep.equal(ids);
    });

    it("tells rules that give the same, too, apart by a number", () => {
      const [first, second, named] = compiled({ mappings: [RULE, RULE, { ...RULE, id: "named" }] }).rules;
      expect(second?.id).to.equal(`${first?.id}-2`);
      expect(named?.id).to.equal("named");
      const computed = { everyone: true as const, grants: "{'team': 'A', 'role': 'x'}" };
      const [one, two] = compiled({ role_order: ["x"], mappings: [computed, computed] }).rules;
      expect(two?.id).to.equal(`${one?.id}-2`);
      const open = { group_pattern: "{t}", values: { t: ["a"] }, team_name: "{t}", role_name: "viewer" };
      const [a, b] = compiled({ mappings: [open, { ...open, values: { t: ["b"] } }] }).rules;
      expect(b?.id, "by what a capture may be").not.to.equal(`${a?.id}-2`);
    });

    it("keep a stored document whose connection is gone", () => {
      const document = withRule({ connections: ["gone"] });
      expect(warningsOf(document, { stored: true }).map((one) => one.code)).to.deep.equal(["unknown_connection"]);
      expect(compiled(document, { stored: true }).rules).to.have.length(1);
    });

    it("come with problems too", () => {
      const document = { mappings: [RULE, RULE, { ...RULE, team_name: "Apart", role_name: "owner" }] };
      const result = compileMapping(document, CONTEXT);
      expect(result.ok).to.equal(false);
      expect(result.warnings.map(({ code }) => code)).to.deep.equal(["duplicate_rule"]);
    });

    it("carry what an expression is warned of", () => {
      const document = bare({ when: "$not(user.title = 'x')", team_name: "A" });
      expect(warningsOf(document).map((one) => `${one.pointer} ${one.code}`)).to.deep.equal([
        "/mappings/0/when negation_over_absent",
      ]);
    });
  });

  it("notes what expressions of enabled rules read", () => {
    const mapping = compiled({
      mappings: [
        { when: "user.department = now", team_name: "A", role_name: "x" },
        { when: "user.title = 'y'", team_name: "B", role_name: "x", enabled: false },
      ],
    });
    expect([...mapping.reads]).to.deep.equal(["now", "user.department"]);
    expect(mapping.readsGroups).to.equal(false);
    expect(compiled(bare({ when: "'x' in groups", team_name: "A" })).readsGroups).to.equal(true);
    expect(compiled(withRule({})).readsGroups).to.equal(true);
  });

  describe("targets in words", () => {
    for (const [written, scope, role] of [
      ["Platform/editor", "team:Platform", "editor"],
      ["R&D/Core/EDITOR", "team:R&D/Core", "editor"],
      ["*/viewer", "all_teams", "viewer"],
      ["tenant/owner", "tenant", "owner"],
      ["resource:db:main/reader", "resource:db:main", "reader"],
    ] as const) {
      it(`reads \`${written}\``, () => expect(parseTarget(written)).to.deep.equal({ scope, role }));
    }

    it("reads objects with a scope, or with a team for short", () => {
      const target = { scope: "team:Platform", role: "editor" };
      expect(parseTarget({ scope: "team:Platform", role: "EDITOR" })).to.deep.equal(target);
      expect(parseTarget({ team: "Platform", role: "editor" })).to.deep.equal(target);
      expect(parseTarget({ team: "", role: "editor" })).to.equal(undefined);
    });
  });

  it("lists no combinations without end: a rule with too many could give any of them", () => {
    const many = Object.fromEntries(
      ["a", "b"].map((name) => [name, Array.from({ length: 200 }, (_, n) => `${name}${n}`)]),
    );
    const rule = compiled(bare({ group_pattern: "{a}-{b}", values: many, team_name: "{a} {b}" })).rules[0];
    expect(rule?.give.scopes).to.equal(undefined);
    expect(rule?.give.writtenScopes.size).to.equal(0);
    const byRole = {
      role_order: ["x"],
      ...bare({ group_pattern: "{a}-{b}", values: many, team_name: "A", role_name: "{a}{b}" }),
    };
    expect(compiled(byRole).rules[0]?.give).to.include({ roles: undefined, owner: false });
  });

  it("counts what all other values stand for among the written names", () => {
    const rule = bare({ group_pattern: "g-{t}", values: { t: { a: "A", "*": "Others" } }, team_name: "{t}" });
    expect([...(compiled(rule).rules[0]?.give.writtenScopes ?? [])]).to.deep.equal(["team:A", "team:Others"]);
  });
});
