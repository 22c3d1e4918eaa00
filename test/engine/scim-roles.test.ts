import { expect } from "chai";
import { diff } from "../../src/engine/diff.js";
import { explain } from "../../src/engine/explain/explain.js";
import { linkFacts } from "../../src/engine/facts.js";
import { declaredRoles, LONGEST_TYPE, resolveScimRole, scimRoleProblem, typeKey } from "../../src/engine/scim-roles.js";
import type { ClaimsDocument } from "../../src/model/directory.js";
import type { Evidence } from "../../src/model/grant.js";
import { known } from "../../src/model/known.js";
import type { MappingDocument, ScimRoleDocument } from "../../src/model/mapping.js";
import type { DirectoryGroupRecord, LinkRecord, PersonLink } from "../../src/model/person.js";
import type { ScimRole, ScimRoleFact } from "../../src/model/scim-role.js";
import { targetLabel } from "../../src/model/target.js";
import {
  ANY_TEAM,
  BEFORE,
  codesOf,
  compiled,
  connection,
  decided,
  desiredOf,
  grant,
  link,
  type MadeUpLink,
  NOW,
  problemsOf,
  state,
  warningsOf,
} from "./made-up.js";

const TECTON: MappingDocument = {
  role_sets: { workspace: ["owner", "editor", "viewer"], renamed: { Admin: "workspace_admin" } },
  scim_roles: [
    { type: "account_type", values: ["admin"], scope: "tenant" },
    { type: "all_workspaces", values: "workspace", scope: "resource:workspaces:all" },
    { type: "workspace_{name}", values: "workspace", scope: "resource:workspace:{name}" },
    { type: "workspace_{name}_extra", values: "renamed", scope: "resource:extra:{name}" },
    { type: "team_{team}", values: { RW: "editor" }, team_name: "{team}" },
  ],
};

const types = (entry: Partial<ScimRoleDocument>, more: Partial<MappingDocument> = {}): MappingDocument => ({
  scim_roles: [{ type: "t", values: ["x"], scope: "tenant", ...entry }],
  ...more,
});

const assigned = (roles: readonly ScimRoleFact[], made: MadeUpLink = {}): PersonLink => ({
  ...link({ scim: "active", ...made }),
  scimRoles: roles,
});

const ADMIN: ScimRole = { type: "account_type", value: "admin" };
const OWN_FRAUD: ScimRole = { type: "workspace_Fraud", value: "owner" };

describe("role assignments of SCIM", () => {
  it("have types that are told apart by what the placeholder stands for, and by no other letter case", () => {
    const { scimRoles } = compiled(TECTON);
    if (scimRoles === undefined) throw new Error("the document declares role types");
    const keys = (...spelt: readonly string[]) => [...new Set(spelt.map((type) => typeKey(scimRoles, type)))];
    expect(keys("workspace_Fraud", "WORKSPACE_Fraud", "Workspace_ Fraud")).to.have.length(1);
    expect(keys("workspace_Fraud", "workspace_fraud")).to.have.length(2);
    expect(keys("account_type", "Account_Type"), "without a placeholder").to.have.length(1);
    expect(keys("unknown", "UnKnown"), "undeclared").to.have.length(1);
  });

  describe("are declared by `scim_roles`", () => {
    const refused: readonly (readonly [string, MappingDocument, readonly string[]])[] = [
      ["two placeholders", types({ type: "a_{b}_{c}" }), ["/scim_roles/0/type bad_type"]],
      ["a lone brace", types({ type: "a_{b" }), ["/scim_roles/0/type bad_type"]],
      ["a placeholder alone, which is any type", types({ type: "{b}" }), ["/scim_roles/0/type bad_type"]],
      ["no type at all", types({ type: "" }), ["/scim_roles/0/type bad_type"]],
      [
        "a placeholder that the type does not have",
        types({ type: "a_{b}", scope: "resource:x:{c}" }),
        ["/scim_roles/0/scope unknown_placeholder"],
      ],
      [
        "a placeholder of a type without one",
        types({ scope: "resource:x:{c}" }),
        ["/scim_roles/0/scope unknown_placeholder"],
      ],
      [
        "a placeholder for the kind of a scope",
        types({ type: "a_{b}", scope: "resource:{b}:x" }),
        ["/scim_roles/0/scope bad_scope"],
      ],
      ["what is no scope", types({ scope: "tenants" }), ["/scim_roles/0/scope bad_scope"]],
      ["both ways of saying where", types({ team_name: "A" }), ["/scim_roles/0 target_ambiguous"]],
      ["neither of them", { scim_roles: [{ type: "t", values: ["x"] }] }, ["/scim_roles/0 target_missing"]],
      ["a role set that is not there", types({ values: "worksapce" }), ["/scim_roles/0/values unknown_role_set"]],
      [
        "values that differ in letter case alone",
        types({ values: ["a", "A"] }),
        ["/scim_roles/0/values/1 duplicate_value"],
      ],
      [
        "the same of a role set, once",
        types({ values: "s" }, { role_sets: { s: { a: "x", A: "y" } } }),
        ["/role_sets/s/A duplicate_value"],
      ],
      [
        "one type twice",
        {
          scim_roles: [
            { type: "t_{a}", values: ["x"], scope: "tenant" },
            { type: "T_{b}", values: ["x"], scope: "tenant" },
          ],
        },
        ["/scim_roles/1/type duplicate_type"],
      ],
      ["owners of a team", types({ values: ["Owner"], scope: "team:A" }), ["/scim_roles/0/values owner_scope"]],
      [
        "owners of all teams",
        types({ values: { boss: "owner" }, scope: "all_teams" }),
        ["/scim_roles/0/values owner_scope"],
      ],
      [
        "owners of the tenant by a role set",
        types({ values: "s" }, { role_sets: { s: ["owner"] } }),
        ["/scim_roles/0/values owner_role_set"],
      ],
    ];
    for (const [what, document, codes] of refused) {
      it(`refuse ${what}`, () => expect(codesOf(document)).to.deep.equal(codes));
    }

    it("suggest what a misspelt role set may mean", () => {
      const [problem] = problemsOf(types({ values: "worksapce" }, { role_sets: { workspace: ["x"] } }));
      expect(problem?.suggestion).to.equal("workspace");
      expect(problem?.message).to.equal("there is no role set `worksapce`, did you mean `workspace`?");
    });

    it("accept a type of many workspaces beside one that is written out", () => {
      expect(codesOf(types({ type: "t_{a}", scope: "resource:w:{a}" }, TECTON))).to.deep.equal([]);
    });

    it("warn of a set that nothing uses, of a placeholder that changes nothing, and of owners that nobody can be", () => {
      const document = types({ type: "t_{a}", values: ["owner"] }, { role_sets: { s: ["x"] } });
      const codes = (context = {}) => warningsOf(document, context).map(({ pointer, code }) => `${pointer} ${code}`);
      expect(codes()).to.deep.equal(["/role_sets/s unused_role_set", "/scim_roles/0 placeholder_unused"]);
      expect(codes({ connections: [] })).to.include("/scim_roles/0 owner_connection");
      expect(warningsOf(TECTON, { connections: [] })).to.deep.equal([]);
    });

    it("stand beside examples whose roles SCIM would take", () => {
      const example = (role: ScimRole) => ({ name: "x", scim_roles: [role], expect: [] });
      const examples = [
        example({ type: "acount_type", value: "admin" }),
        example({ type: "account_type", value: "root" }),
      ];
      expect(problemsOf({ ...TECTON, examples }).map(({ pointer, message }) => `${pointer} ${message}`)).to.deep.equal([
        "/examples/0/scim_roles/0 there is no role type `acount_type`, did you mean `account_type`?: use `account_type`, `all_workspaces`, `workspace_{name}`, `workspace_{name}_extra`, `team_{team}`",
        "/examples/1/scim_roles/0 role type `account_type` takes no value `root`: use `admin`",
      ]);
      expect(codesOf({ examples: [example(ADMIN)] })).to.deep.equal(["/examples/0/scim_roles/0 unknown_scim_role"]);
      expect(codesOf({ ...TECTON, examples: [example(ADMIN)] })).to.deep.equal([]);
    });
  });

  describe("are resolved", () => {
    const roles = compiled(TECTON).scimRoles as NonNullable<ReturnType<typeof compiled>["scimRoles"]>;
    const resolved = (type: string, value: string) => {
      const found = resolveScimRole(roles, { type, value });
      return found.ok ? `${found.role.type}=${found.role.value} ${targetLabel(found.target)}` : found.why;
    };
    const cases: readonly (readonly [string, string, string, string])[] = [
      ["TEC-12, TEC-13: a type and a value", "account_type", "admin", "account_type=admin tenant/admin"],
      ["TEC-40: `Admin`, stored as the document spells it", "Account_Type", "Admin", "account_type=admin tenant/admin"],
      [
        "TEC-14, TEC-40: `Owner` of all workspaces",
        "all_workspaces",
        "Owner",
        "all_workspaces=owner resource:workspaces:all/owner",
      ],
      [
        "TEC-15: of one workspace, whose name keeps its letters",
        "WORKSPACE_Fraud",
        "EDITOR",
        "workspace_Fraud=editor resource:workspace:Fraud/editor",
      ],
      [
        "a name with anything in it",
        "workspace_$& a:b",
        "viewer",
        "workspace_$& a:b=viewer resource:workspace:$& a:b/viewer",
      ],
      ["a value that stands for a role of another name", "team_Platform", "rw", "team_Platform=RW Platform/editor"],
      ["a placeholder that catches nothing", "workspace_", "viewer", "unknown_type"],
      ["a placeholder that catches blanks", "workspace_  ", "viewer", "unknown_type"],
      ["an empty type", "", "viewer", "unknown_type"],
      ["a type that is only nearly declared", "account_typ", "admin", "unknown_type"],
      ["a type too long for a scope", `workspace_${"x".repeat(LONGEST_TYPE)}`, "viewer", "unknown_type"],
      ["a value of another type", "account_type", "viewer", "unknown_value"],
      ["no value", "account_type", "", "unknown_value"],
    ];
    for (const [what, type, value, expected] of cases) {
      it(what, () => expect(resolved(type, value)).to.equal(expected));
    }

    it("by the first declaration with a placeholder that fits, after those written out", () => {
      expect(resolved("workspace_a_extra", "viewer")).to.equal(
        "workspace_a_extra=viewer resource:workspace:a_extra/viewer",
      );
      const extra = compiled({ ...TECTON, scim_roles: [...(TECTON.scim_roles ?? [])].reverse() }).scimRoles;
      const found = extra && resolveScimRole(extra, { type: "workspace_a_EXTRA", value: "admin" });
      expect(found?.ok && targetLabel(found.target)).to.equal("resource:extra:a/workspace_admin");
    });

    it("as a list, each once and spelled as the document has it, without what nobody declares", () => {
      const said = [
        { ...ADMIN, group: "Data" },
        { type: "ACCOUNT_TYPE", value: "Admin" },
        { type: "gone", value: "x" },
      ];
      expect(declaredRoles(roles, said)).to.deep.equal([ADMIN]);
    });

    it("TEC-36: or refused with what may be written instead, the first of very many", () => {
      expect(scimRoleProblem(roles, { type: "all_workspaces", value: "ownr" })).to.equal(
        "role type `all_workspaces` takes no value `ownr`, did you mean `owner`?: use `owner`, `editor`, `viewer`",
      );
      const many = compiled(types({ values: Array.from({ length: 25 }, (_, at) => `role ${at}`) })).scimRoles;
      expect(many && scimRoleProblem(many, { type: "t", value: "none" })).to.match(/`role 19` or one of 5 more$/);
    });
  });

  describe("become grants", () => {
    it("TEC-15, TEC-35: each for itself, beside those of rules and whatever `conflicts` says", async () => {
      const mapping = compiled({
        ...TECTON,
        role_order: ["viewer", "editor", "owner"],
        conflicts: "highest",
        mappings: [{ id: "r", everyone: true, scope: "resource:workspace:Fraud", role_name: "viewer" }],
      });
      const decision = await decided(mapping, [assigned([ADMIN, OWN_FRAUD])]);
      expect(desiredOf(decision)).to.deep.equal([
        "resource:workspace:Fraud/owner by workspace_{name}@idp",
        "resource:workspace:Fraud/viewer by r@idp",
        "tenant/admin by account_type@idp",
      ]);
    });

    it("TEC-11, TEC-44: the person's own and those of groups together, with one grant per place", async () => {
      const facts = [
        OWN_FRAUD,
        { ...OWN_FRAUD, group: "Data", since: BEFORE },
        { ...ADMIN, group: "Data", since: BEFORE },
      ];
      const { desired } = await decided(compiled(TECTON), [assigned(facts)]);
      const evidence = desired.map((one) => one.evidence);
      const own: Evidence = { kind: "scim_role", label: "workspace_Fraud: owner", ...OWN_FRAUD, source: "scim" };
      expect(evidence).to.deep.equal([
        [own, { ...own, group: "Data", since: BEFORE }],
        [{ kind: "scim_role", label: "account_type: admin", ...ADMIN, group: "Data", source: "scim", since: BEFORE }],
      ]);
      expect(desired.map(({ origin, stale }) => [origin, stale])).to.deep.equal([
        ["scim_role", false],
        ["scim_role", false],
      ]);
    });

    it("but not of a link that SCIM calls inactive, of an unknown type, or of a team that may not be made", async () => {
      const facts = [
        { type: "gone", value: "x" },
        { type: "team_New", value: "rw", group: "G" },
        { type: "account_type", value: "root" },
      ];
      const { unassigned } = await decided(compiled(TECTON), [assigned(facts)], {}, "sync", {
        resolveTeam: () => undefined,
      });
      expect(unassigned.map(({ role, why, group }) => `${role.type} ${why} ${group}`)).to.deep.equal([
        "gone unknown_type undefined",
        "team_New unknown_team G",
        "account_type unknown_value undefined",
      ]);
      const second = await decided(compiled(TECTON), [link({ connection: { slug: "other" } }), assigned([ADMIN])]);
      expect(desiredOf(second)).to.deep.equal(["tenant/admin by account_type@idp"]);
      const inactive = await decided(compiled(TECTON), [assigned([ADMIN], { scim: "inactive" })]);
      expect([...inactive.desired, ...inactive.unassigned]).to.deep.equal([]);
      const without = await decided(compiled({}), [assigned([ADMIN])]);
      expect(without.unassigned.map(({ why }) => why)).to.deep.equal(["no_scim_roles"]);
    });

    it("of an owner by a connection that may grant it alone", async () => {
      const mapping = compiled(types({ values: ["Owner"] }));
      const by = (slug: string) =>
        decided(mapping, [assigned([{ type: "t", value: "owner" }], { connection: { slug } })]);
      expect(desiredOf(await by("idp"))).to.deep.equal(["tenant/owner by t@idp"]);
      const other = await by("other");
      expect(other.desired).to.deep.equal([]);
      expect(other.unassigned.map(({ why, connection: slug }) => `${slug} ${why}`)).to.deep.equal([
        "other owner_connection",
      ]);
    });

    it("count as a match: nobody is refused or falls back while SCIM assigns something", async () => {
      const mapping = compiled({ ...TECTON, no_match: "default", default_role: "guest" });
      expect(desiredOf(await decided(mapping, [assigned([ADMIN])]))).to.deep.equal([
        "tenant/admin by account_type@idp",
      ]);
      expect(desiredOf(await decided(mapping, [assigned([])]))).to.deep.equal(["tenant/guest by no_match"]);
    });

    it("of which some are kept alone prove no match, and no absence of one", async () => {
      const mapping = compiled({ ...TECTON, no_match: "deactivate" });
      const kept = { ...ADMIN, group: "Admins", since: BEFORE, staleSince: NOW };
      const judged = async (facts: readonly ScimRoleFact[]) => {
        const decision = await decided(mapping, [assigned(facts)]);
        return [decision.status, ...desiredOf(decision)];
      };
      expect(await judged([kept])).to.deep.equal(["registered", "tenant/admin by account_type@idp?"]);
      expect(await judged([kept, OWN_FRAUD])).to.deep.equal([
        "registered",
        "resource:workspace:Fraud/owner by workspace_{name}@idp",
        "tenant/admin by account_type@idp?",
      ]);
      expect(await judged([kept, ADMIN]), "by somebody who says it still").to.deep.equal([
        "registered",
        "tenant/admin by account_type@idp",
      ]);
      expect(await judged([])).to.deep.equal(["deactivated"]);
    });

    it("wait for groups under `no_match`, as groups may bring roles", () => {
      expect([compiled(TECTON).readsGroups, compiled({}).readsGroups]).to.deep.equal([true, false]);
    });

    it("in teams by their present names, which the document may make when it writes them out", async () => {
      const mapping = compiled({ scim_roles: [{ type: "t", values: ["editor"], team_name: "New" }] });
      const link = assigned([{ type: "t", value: "editor" }]);
      const nobody = await decided(mapping, [link], {}, "sync", { resolveTeam: () => undefined });
      expect(desiredOf(nobody)).to.deep.equal(["New/editor by t@idp"]);
      const renamed = await decided(mapping, [link], {}, "sync", { resolveTeam: () => ({ name: "Newer" }) });
      expect(desiredOf(renamed)).to.deep.equal(["Newer/editor by t@idp"]);
    });
  });

  describe("change what a person holds", () => {
    const held = grant("resource:workspace:Fraud", "owner", {
      origin: "scim_role",
      rule: "workspace_{name}",
      evidence: [{ kind: "scim_role", label: "workspace_Fraud: owner", ...OWN_FRAUD, group: "Data", source: "scim" }],
    });
    const changes = async (document: MappingDocument, links: readonly PersonLink[], grants = [held]) => {
      const mapping = compiled(document);
      const { changes: all } = diff(state(grants), await decided(mapping, links), mapping);
      return all.map(
        (one) =>
          `${one.kind} ${"grant" in one ? targetLabel(one.grant.target) : ""}: ${one.reason}${"unruled" in one ? " (unruled)" : ""}`,
      );
    };

    it("TEC-17: an assignment that SCIM takes away goes, and no other", async () => {
      expect(await changes(TECTON, [assigned([{ type: "workspace_Other", value: "viewer" }])])).to.deep.equal([
        "revoke resource:workspace:Fraud/owner: SCIM does not say SCIM role `workspace_Fraud: owner` of group `Data` any more",
        "grant resource:workspace:Other/viewer: SCIM role `workspace_Other: viewer`",
      ]);
    });

    it("also while a rule over the same place cannot be judged", async () => {
      const rule = { id: "r", group_name: "G", scope: "resource:workspace:Fraud", role_name: "viewer" };
      const unknownGroups = assigned([], { unlisted: "overage" });
      expect(await changes({ ...TECTON, mappings: [rule] }, [unknownGroups])).to.have.length(1);
    });

    it("and is kept, and not given anew, where nobody says any more who is in the group that carries it", async () => {
      const fact = { ...OWN_FRAUD, group: "Data", staleSince: NOW };
      expect(await changes(TECTON, [assigned([fact])])).to.deep.equal([]);
      expect(await changes(TECTON, [assigned([fact])], [])).to.deep.equal([]);
      const mapping = compiled(TECTON);
      const { kept } = diff(state([held]), await decided(mapping, [assigned([fact])]), mapping);
      expect(kept.map(({ rule, reason }) => `${rule}: ${reason}`)).to.deep.equal([
        "workspace_{name}: SCIM role `workspace_Fraud: owner` of group `Data`: nobody says any more who is in the group",
      ]);
    });

    it("and a new one comes while a rule's grant is kept there", async () => {
      const rule = { id: "r", group_name: "G", scope: "resource:workspace:Fraud", role_name: "viewer" };
      const kept = grant("resource:workspace:Fraud", "viewer", { rule: "r" });
      const link = assigned([OWN_FRAUD], { unlisted: "overage" });
      const document: MappingDocument = { ...TECTON, conflicts: "first", mappings: [rule] };
      expect(await changes(document, [link], [kept])).to.deep.equal([
        "grant resource:workspace:Fraud/owner: SCIM role `workspace_Fraud: owner`",
      ]);
    });

    const edits: readonly (readonly [string, Partial<ScimRoleDocument> | undefined, string])[] = [
      ["its type is gone", undefined, "(unruled)"],
      [
        "the role is gone",
        { type: "workspace_{name}", values: ["viewer"], scope: "resource:workspace:{name}" },
        "(unruled)",
      ],
      [
        "it holds elsewhere",
        { type: "workspace_{name}", values: ["owner"], scope: "resource:space:{name}" },
        "(unruled)",
      ],
      [
        "it holds in another kind of place",
        { type: "workspace_{name}", values: ["owner"], scope: "tenant" },
        "(unruled)",
      ],
      [
        "it holds in one place for all",
        { type: "workspace_{name}", values: ["owner"], scope: "resource:w:all" },
        "(unruled)",
      ],
    ];
    for (const [what, entry, end] of edits) {
      it(`the mapping's doing is told from SCIM's: ${what}`, async () => {
        const document: MappingDocument = entry ? types(entry) : {};
        const [first = ""] = await changes(document, [assigned([OWN_FRAUD])]);
        expect(first).to.match(/^revoke resource:workspace:Fraud\/owner: the mapping makes nothing of SCIM role/);
        expect(first.endsWith(end)).to.equal(true);
      });
    }

    it("grants in teams, in one place, and of owners stand as long as their declaration does", async () => {
      const mapping = compiled({
        scim_roles: [
          { type: "team_{team}", values: ["editor"], team_name: "{team}" },
          { type: "one", values: ["editor"], team_name: "One" },
          { type: "boss", values: ["owner"], scope: "tenant" },
        ],
      });
      const decision = await decided(mapping, [assigned([]), assigned([], { connection: { slug: "other" } })]);
      const stands = (scope: string, role: string, rule: string, slug = "idp") =>
        decision.stands(grant(scope, role, { origin: "scim_role", rule, connection: connection({ slug }).id }));
      expect([
        stands("team:Renamed since", "editor", "team_{team}"),
        stands("team:One", "editor", "one"),
        stands("team:Two", "editor", "one"),
        stands("tenant", "owner", "boss"),
        stands("tenant", "owner", "boss", "other"),
        stands("tenant", "owner", "boss", "gone"),
      ]).to.deep.equal([true, true, false, true, false, true]);
    });

    it("and are refreshed when another group carries them", async () => {
      const mapping = compiled(TECTON);
      const decision = await decided(mapping, [assigned([{ ...OWN_FRAUD, group: "Other" }])]);
      const { changes: none, refreshed } = diff(state([held]), decision, mapping);
      expect([none.length, refreshed.map(({ evidence }) => evidence[0]?.group)]).to.deep.equal([0, ["Other"]]);
    });
  });

  describe("are explained", () => {
    const explained = async (document: MappingDocument, roles: readonly ScimRoleFact[], made: MadeUpLink = {}) => {
      const mapping = compiled(document);
      const links = [assigned(roles, made)];
      const decision = await decided(mapping, links, {}, "sync", { resolveTeam: () => undefined });
      const plan = diff(state([]), decision, mapping);
      const grants = plan.changes.flatMap((one) => (one.kind === "grant" ? [grant("", "", { ...one.grant })] : []));
      return explain(mapping, links, decision.evaluations, decision, state(grants));
    };

    it("with where they are declared, and what would end them", async () => {
      const { assignments } = await explained(TECTON, [OWN_FRAUD, { ...OWN_FRAUD, group: "Data" }]);
      expect(
        assignments.map(({ sentence, grants }) => [sentence, grants[0]?.origin, grants[0]?.pointer]),
      ).to.deep.equal([
        [
          "resource:workspace:Fraud/owner: to lose it, have SCIM take away role `workspace_Fraud: owner`, and leave group `Data`, or have SCIM take role `workspace_Fraud: owner` away from it",
          "scim_role",
          "/scim_roles/2",
        ],
      ]);
    });

    it("also those whose declaration is gone", async () => {
      const mapping = compiled({ ...TECTON, scim_roles: TECTON.scim_roles?.slice(0, 1) ?? [], role_sets: {} });
      const gone = grant("resource:workspace:Fraud", "owner", { origin: "scim_role", rule: "workspace_{name}" });
      const decision = await decided(mapping, [assigned([])]);
      const { assignments } = explain(mapping, [assigned([])], decision.evaluations, decision, state([gone]));
      expect(assignments[0]?.grants[0]).not.to.have.property("pointer");
    });

    const inVain: readonly (readonly [string, MappingDocument, ScimRoleFact, string, MadeUpLink?])[] = [
      [
        "a type that the mapping does not know any more",
        TECTON,
        { type: "gone", value: "x", group: "Data" },
        "SCIM role `gone: x` of group `Data` gives nothing: there is no role type `gone`: use `account_type`",
      ],
      [
        "a value",
        TECTON,
        { type: "account_type", value: "root" },
        "gives nothing: role type `account_type` takes no value `root`",
      ],
      ["a mapping that takes none", {}, ADMIN, "gives nothing: the mapping has no `scim_roles`"],
      [
        "a team",
        TECTON,
        { type: "team_New", value: "rw" },
        "gives nothing: there is no such team, and the mapping may not make it",
      ],
      [
        "an owner",
        types({ values: ["owner"] }),
        { type: "t", value: "owner" },
        "gives nothing: set `mayGrantOwner` for connection `other`",
        { connection: { slug: "other" } },
      ],
    ];
    for (const [what, document, fact, sentence, made] of inVain) {
      it(`TEC-18: where they give nothing, with the reason: ${what}`, async () => {
        const { rolesNotGiven } = await explained(document, [fact], made);
        expect(rolesNotGiven.map((one) => one.sentence).join()).to.contain(sentence);
      });
    }
  });

  describe("are facts of a link", () => {
    const data: DirectoryGroupRecord = {
      id: "g1",
      displayName: "Data",
      idpMappingNames: [],
      deleted: false,
      roles: [OWN_FRAUD],
    };
    const record = (
      overrides: Partial<LinkRecord["connection"]>,
      groups: readonly DirectoryGroupRecord[] = [data],
    ): LinkRecord => ({
      directoryUser: "du" as LinkRecord["directoryUser"],
      connection: connection({ protocol: "scim", sync: "live", directoryGroups: groups, ...overrides }),
      scim: {
        active: true,
        deleted: false,
        attributes: {} as never,
        appRoles: known([]),
        roles: [ADMIN],
        createdAt: BEFORE,
      },
      memberships: groups.map((group) => ({ group, since: BEFORE })),
    });
    const of = (one: LinkRecord) => linkFacts(one, NOW)?.scimRoles;
    const ofGroup = { ...OWN_FRAUD, group: "Data", since: BEFORE };

    it("TEC-11: the person's own, and those of each group", () =>
      expect(of(record({}))).to.deep.equal([ADMIN, ofGroup]));

    it("without those of deleted groups, and of groups that carry none", () => {
      const { roles: _, ...plain } = data;
      expect(of(record({}, [plain, { ...data, deleted: true }]))).to.deep.equal([ADMIN]);
      expect(of(record({}, [plain, data]))).to.deep.equal([ADMIN, ofGroup]);
    });

    it("without those of groups where claims alone say who is in them", () => {
      expect(of(record({ groups: "claims" }))).to.deep.equal([ADMIN]);
    });

    describe("of groups that are unmanaged, or not confirmed since", () => {
      const AWAY = "2026-11-10T00:00:00.000Z";
      const SINCE = "2026-11-15T00:00:00.000Z";
      const away = { protocol: "oidc", groupsUnmanagedSince: AWAY } as const;
      const back = { ...data, unconfirmedSince: AWAY };
      const kept = { ...ofGroup, staleSince: AWAY };
      const claimed = (value: readonly string[], more: object = {}, at = SINCE) => ({
        claims: { attributes: {}, claims: {}, at, groups: { value, at, ...more } } as ClaimsDocument,
      });
      const silent = { groupsUnknown: "absent_claim" } as const;
      const held = { name: "Data", state: "held", knownAs: ["Data"], since: BEFORE } as const;
      const bearer = { ...data, id: "g2", pins: [{ ...held, state: "contends" }] } as const;
      const twin = { ...back, id: "g2" };
      const cases: readonly (readonly [string, LinkRecord, readonly ScimRoleFact[]])[] = [
        ["unmanaged, nobody signed in", record(away), [kept]],
        ["unmanaged, a sign-in of before", { ...record(away), ...claimed([], {}, BEFORE) }, [kept]],
        ["unmanaged, a sign-in in other groups", { ...record(away), ...claimed(["Else"]) }, []],
        ["unmanaged, a sign-in in the group", { ...record(away), ...claimed(["Data"]) }, [kept]],
        ["unmanaged, SCIM alone is asked", { ...record({ ...away, groups: "scim" }), ...claimed([]) }, [kept]],
        ["unconfirmed, nobody signed in", record({ protocol: "oidc" }, [back]), [kept]],
        ["unconfirmed, a sign-in in other groups", { ...record({}, [back]), ...claimed(["Else"]) }, []],
        ["unconfirmed, a sign-in in the group", { ...record({}, [back]), ...claimed(["Data"]) }, [ofGroup]],
        [
          "unconfirmed, the latest sign-in said nothing of groups",
          (() => {
            const { claims } = claimed(["Else"], { staleSince: NOW });
            return { ...record({}, [back]), claims: { ...claims, ...silent } };
          })(),
          [kept],
        ],
        [
          "unconfirmed, an old sign-in in the group",
          { ...record({}, [back]), ...claimed(["Data"], { staleSince: NOW }) },
          [kept],
        ],
        [
          "unconfirmed, a sign-in by a name of two groups",
          { ...record({ directoryGroups: [back, twin] }, [back]), ...claimed(["Data"]) },
          [kept],
        ],
        [
          "unconfirmed, a sign-in by a name that another group bears",
          {
            ...record({ directoryGroups: [{ ...back, pins: [held] }, bearer] }, [back]),
            ...claimed(["Data"]),
          },
          [kept],
        ],
        ["confirmed", { ...record({}), ...claimed(["Else"]) }, [ofGroup]],
      ];
      for (const [what, one, expected] of cases) {
        it(`TEC-29: ${what}`, () => expect(of(one)).to.deep.equal([ADMIN, ...expected]));
      }
    });

    it("and no app roles, where the mapping declares their type", () => {
      const { scimRoles } = compiled({ scim_roles: [{ type: "account_{x}", scope: "tenant", values: ["Admin"] }] });
      const { scim, ...one } = record({}, []);
      const appRoles = (values: readonly string[], roles: LinkRecord["scim"] & object) =>
        linkFacts({ ...one, scim: { ...roles, appRoles: known(values) } }, NOW, scimRoles)?.facts.appRoles;
      const typed = (...types: readonly string[]) => ({
        ...(scim as NonNullable<typeof scim>),
        roles: types.map((type) => ({ type, value: "Admin" })),
      });
      expect(appRoles(["Admin", "Reader"], typed("Account_a"))).to.deep.equal(known(["Reader"]));
      expect(appRoles(["Admin", "Admin"], typed("account_a", "account_b"))).to.deep.equal(known([]));
      expect(appRoles(["Admin", "Admin"], typed("account_a"))).to.deep.equal(known(["Admin"]));
      expect(appRoles(["Admin", "Admin"], typed("account_a", "other"))).to.deep.equal(known(["Admin"]));
      expect(appRoles(["Admin"], typed("other"))).to.deep.equal(known(["Admin"]));
      const undeclared = linkFacts({ ...one, scim: { ...typed("account_a"), appRoles: known(["Admin"]) } }, NOW);
      expect(undeclared?.facts.appRoles).to.deep.equal(known(["Admin"]));
      expect(appRoles(["Admin"], typed("account_a", "account_b"))).to.deep.equal(known([]));
    });

    it("none where SCIM says none, or is no evidence yet", () => {
      const { scim, ...one } = record({}, []);
      const { roles: _, ...unassigned } = scim as NonNullable<typeof scim>;
      expect(of({ ...one, scim: unassigned })).to.deep.equal([]);
      const claims = { attributes: {}, claims: {}, at: BEFORE };
      const testing = { ...record({ protocol: "oidc", sync: "test" }), claims };
      expect(linkFacts(testing, NOW)).not.to.have.property("scimRoles");
    });
  });
});

describe("an owner of a resource", () => {
  it("is a role like any other, which a rule may give and a pattern may catch", async () => {
    const mapping = compiled({
      role_order: ["viewer"],
      mappings: [
        { id: "w", group_pattern: "ws-{name}-{role}", scope: "resource:workspace:{name}", role_name: "{role}" },
        { id: "o", group_name: "Owners", scope: "resource:workspace:All", role_name: "Owner" },
      ],
    });
    const decision = await decided(mapping, [
      link({ groups: ["ws-Fraud-owner", "Owners"], connection: { slug: "other" } }),
    ]);
    expect(desiredOf(decision)).to.deep.equal([
      "resource:workspace:All/owner by o@other",
      "resource:workspace:Fraud/owner by w@other",
    ]);
  });

  it("is kept while a rule that may catch it cannot be judged, and ranks above what is listed", async () => {
    const mapping = compiled({
      role_order: ["viewer", "editor"],
      mappings: [
        { id: "w", group_pattern: "ws-{name}-{role}", scope: "resource:workspace:{name}", role_name: "{role}" },
        { id: "e", everyone: true, scope: "resource:workspace:A", role_name: "editor" },
      ],
    });
    const decision = await decided(mapping, [link({ unlisted: "overage" })], {}, "sync", ANY_TEAM);
    const { kept, changes } = diff(state([grant("resource:workspace:A", "owner", { rule: "w" })]), decision, mapping);
    expect([kept.length, changes]).to.deep.equal([1, []]);
  });
});
