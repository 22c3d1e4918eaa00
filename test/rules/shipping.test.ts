import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
  type CompiledMapping,
  compileMapping,
  type MappingContext,
  unwrapMapping,
} from "../../src/engine/compile/compile.js";
import { exampleLink, judgeExample } from "../../src/engine/examples/examples.js";
import { invariantChecks, invariantJobs, judgeInvariants } from "../../src/engine/examples/invariants.js";
import type { ExampleDocument, MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { Problem } from "../../src/model/problem.js";
import { projectRoot } from "../../src/platform/root.js";
import { compileSchema } from "../../src/platform/schemas.js";
import { decided, resultsOf } from "../engine/made-up.js";

const CONTEXT: MappingContext = {
  version: 1,
  connections: [
    { slug: "entra", protocol: "oidc", mayGrantOwner: true },
    { slug: "okta", protocol: "saml", mayGrantOwner: false },
  ],
};
const FOLDER = join(projectRoot, "rules");
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
const check = compileSchema<MappingDocument>("mapping", "document");

function read(file: string): MappingDocument {
  const checked = check(unwrapMapping(JSON.parse(readFileSync(join(FOLDER, file), "utf8"))));
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems, null, 2));
  return checked.value;
}

function compile(document: MappingDocument): CompiledMapping {
  const result = compileMapping(document, CONTEXT);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.mapping;
}

/** What an example and the invariants say of the example's person. */
async function judge(mapping: CompiledMapping, example: ExampleDocument, index: number): Promise<readonly Problem[]> {
  const link = exampleLink(example, mapping);
  const decision = await decided(mapping, [link]);
  const given = decision.desired.filter((grant) => !grant.stale).map((grant) => grant.target);
  const results = await resultsOf(invariantJobs(invariantChecks(mapping, link, given)));
  return [...judgeExample(example, index, given), ...judgeInvariants(invariantChecks(mapping, link, given), results)];
}

/** The same document without one type of role assignment. */
function withoutType(document: MappingDocument, index: number): MappingDocument {
  return { ...document, scim_roles: (document.scim_roles ?? []).filter((_, at) => at !== index) };
}

/** The same rules with one taken out: some example ought to notice. */
function without(document: MappingDocument, index: number): MappingDocument {
  return { ...document, mappings: (document.mappings ?? []).filter((_: RuleDocument, at: number) => at !== index) };
}

describe("mapping documents that ship", () => {
  it("are there", () => {
    expect(FILES).to.include.members([
      "departments.json",
      "entra-object-ids.json",
      "okta-naming-convention.json",
      "starter.json",
      "tabnine-default-team.json",
      "tecton-roles.json",
    ]);
  });

  for (const file of FILES) {
    describe(file, () => {
      const document = read(file);

      it("compiles without a warning", () => {
        expect(compileMapping(document, CONTEXT).warnings).to.deep.equal([]);
        const { rules, scimRoles } = compile(document);
        expect(rules.length + (scimRoles?.declared.length ?? 0)).to.be.greaterThan(0);
      });

      it("says with examples and invariants what it is for", () => {
        expect([document.examples ?? [], document.invariants ?? []].map((list) => list.length > 0)).to.deep.equal([
          true,
          true,
        ]);
      });

      it("is replayed by every door, if it has rules", () => {
        if ((document.mappings ?? []).length === 0) return;
        const replayed = readdirSync(join(FOLDER, "scenarios", "shipped"));
        expect(replayed).to.include(file.replace(/\.json$/, ".scenario.json"));
      });

      for (const [index, example] of (document.examples ?? []).entries()) {
        it(example.name, async () => expect(await judge(compile(document), example, index)).to.deep.equal([]));
      }

      it("has an example for each rule, which fails without it", async () => {
        for (const at of (document.mappings ?? []).keys()) {
          const mapping = compile(without(document, at));
          const problems = await Promise.all(
            (document.examples ?? []).map((example, index) => judge(mapping, example, index)),
          );
          expect(problems.flat(), `rule ${at}`).not.to.deep.equal([]);
        }
      });

      it("has an example for each type of role assignment, which fails without it", () => {
        for (const at of (document.scim_roles ?? []).keys()) {
          expect(compileMapping(withoutType(document, at), CONTEXT).ok, `type ${at}`).to.equal(false);
        }
      });
    });
  }

  it("show object ids, names and app roles of Entra beside one another", () => {
    const { groups = {}, mappings = [] } = read("entra-object-ids.json");
    const inTheBook = mappings.filter((rule) => [rule.group_name ?? []].flat().some((name) => name in groups));
    const matchers = [inTheBook, mappings.filter((rule) => rule.group_id), mappings.filter((rule) => rule.app_role)];
    expect(matchers.map((rules) => rules.length > 0)).to.deep.equal([true, true, true]);
  });

  it("need no connection of a certain name, for a start", () => {
    expect(compileMapping(read("starter.json"), { version: 1, connections: [] }).ok).to.equal(true);
  });
});

describe("the schema of mapping documents", () => {
  const codes = (document: unknown) => {
    const checked = check(document);
    return checked.ok ? [] : checked.problems.map((problem) => `${problem.pointer} ${problem.code}`);
  };

  const accepted: readonly (readonly [string, unknown])[] = [
    ["an empty document", {}],
    [
      "a document of Tines",
      {
        group_attribute_name: "groups",
        tenant_owners_groups: ["IT"],
        mappings: [{ group_name: "A", team_name: "B", role_name: "TEAM_ADMIN" }],
      },
    ],
    [
      "the spellings of its live pages",
      { tenant_owners_group: "IT", mappings: [{ sso_group: "A", team_name: "B", role_name: "editor" }] },
    ],
    ["a strategy for all places, or one for each", { conflicts: "all" }],
    [
      "values as a list and as an object",
      {
        mappings: [
          {
            group_pattern: "{a}-{b}",
            values: { a: ["x"], b: { y: "Y", "*": true } },
            team_name: "{a}",
            role_name: "x",
          },
        ],
      },
    ],
    [
      "expectations as texts and as targets",
      { examples: [{ name: "x", expect: ["A/b", { scope: "tenant", role: "x" }, { team: "A", role: "x" }] }] },
    ],
  ];
  for (const [what, document] of accepted) it(`accepts ${what}`, () => expect(codes(document)).to.deep.equal([]));

  const refused: readonly (readonly [string, unknown, readonly string[]])[] = [
    ["what is no object", [], [" wrong_type"]],
    ["unknown keys", { maping: [] }, ["/maping unknown_key"]],
    [
      "unknown keys of a rule",
      { mappings: [{ group: "A", team_name: "B", role_name: "x" }] },
      ["/mappings/0/group unknown_key"],
    ],
    ["a rule without a role", { mappings: [{ group_name: "A", team_name: "B" }] }, ["/mappings/0 missing_key"]],
    [
      "empty names",
      { mappings: [{ group_name: "", team_name: "", role_name: "" }] },
      ["/mappings/0/group_name too_short", "/mappings/0/team_name too_short", "/mappings/0/role_name too_short"],
    ],
    [
      "an empty list of groups",
      { mappings: [{ group_name: [], team_name: "B", role_name: "x" }] },
      ["/mappings/0/group_name too_few"],
    ],
    [
      "everyone: false, which would match nobody",
      { mappings: [{ everyone: false, team_name: "B", role_name: "x" }] },
      ["/mappings/0/everyone wrong_value"],
    ],
    [
      "an id that does not fit a URL",
      { mappings: [{ id: "a b", everyone: true, team_name: "B", role_name: "x" }] },
      ["/mappings/0/id wrong_form"],
    ],
    ["another version", { version: 2 }, ["/version wrong_value"]],
    ["a policy that is none", { no_match: "refuse" }, ["/no_match wrong_value"]],
    [
      "an attribute that no rule can read",
      { examples: [{ name: "x", user: { shoeSize: "44" }, expect: [] }] },
      ["/examples/0/user/shoeSize unknown_key"],
    ],
    [
      "a target with more in it",
      { examples: [{ name: "x", expect: [{ scope: "tenant", role: "x", tenantId: 1 }] }] },
      ["/examples/0/expect/0 too_many", "/examples/0/expect/0/tenantId unknown_key"],
    ],
    [
      "a condition of more than 4096 characters",
      { mappings: [{ when: "x".repeat(4097), team_name: "B", role_name: "x" }] },
      ["/mappings/0/when too_long"],
    ],
  ];
  for (const [what, document, expected] of refused)
    it(`refuses ${what}`, () => expect(codes(document)).to.deep.equal(expected));

  it("takes off no wrapper by itself", () => {
    expect(codes({ user_group_mapping: {} })).to.deep.equal(["/user_group_mapping unknown_key"]);
    expect(codes(unwrapMapping({ user_group_mapping: { mappings: [] } }))).to.deep.equal([]);
  });
});

describe("W-5: the schema of targets", () => {
  const fits = (value: unknown) => compileSchema("target", "document")(value).ok;

  for (const value of [
    { scope: "tenant", role: "x" },
    { scope: "all_teams", role: "x" },
    { scope: "team:A:B", role: "x" },
    { scope: "resource:db:a:b", role: "x" },
    { team: "A", role: "x" },
  ]) {
    it(`accepts ${JSON.stringify(value)}`, () => expect(fits(value)).to.equal(true));
  }
  for (const value of [
    { scope: "tenant" },
    { role: "x" },
    { scope: "tenants", role: "x" },
    { scope: "team:", role: "x" },
    { scope: "resource:db", role: "x" },
    { scope: "resource:a b:c", role: "x" },
    { scope: "tenant", team: "A", role: "x" },
    { scope: "tenant", role: "x", isSuperAdmin: true },
    "tenant/x",
  ]) {
    it(`refuses ${JSON.stringify(value)}`, () => expect(fits(value)).to.equal(false));
  }
});
