import { expect } from "chai";
import fc from "fast-check";
import { parseMapping } from "../../src/compose.js";
import { prepareExpression } from "../../src/engine/expression/expression.js";
import { faultOf } from "../../src/engine/expression/result.js";
import type { ExpressionResult } from "../../src/model/expression.js";
import type { GroupFact } from "../../src/model/facts.js";
import type { Known } from "../../src/model/known.js";
import type { ExampleDocument, MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { PersonLink } from "../../src/model/person.js";
import { targetLabel } from "../../src/model/target.js";
import type { ExpressionPort } from "../../src/provisioning/deps.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { exampleOf, exampleOfUser } from "../../src/provisioning/mapping/example-of-user.js";
import { tryAlone } from "../../src/provisioning/mapping/examples.js";
import { checkMapping } from "../../src/provisioning/mapping/mappings.js";
import { CONTEXT, compiled, group, known, link, unknown } from "../engine/made-up.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

/** Runs expressions in this process: these are ours. */
const EXPRESSIONS: ExpressionPort = {
  run: (_tenant, jobs) =>
    Promise.all(
      jobs.map(async ({ source, input }): Promise<ExpressionResult> => {
        try {
          return { ok: true, value: await prepareExpression(source).evaluate(input) };
        } catch (error) {
          const { code, message } = faultOf(error, source);
          return { ok: false, code, message };
        }
      }),
    ),
};

const made = (document: MappingDocument, person: PersonLink) => exampleOf(EXPRESSIONS, 1, compiled(document), person);

/** The codes of what a save finds wrong with the document when it carries the example. */
async function problemsWith(document: MappingDocument, example: ExampleDocument) {
  const examples = [...(document.examples ?? []), example];
  const text = JSON.stringify({ ...document, examples });
  const checked = await checkMapping({ parseMapping, expressions: EXPRESSIONS }, text, { tenant: 1, ...CONTEXT });
  return checked.ok ? [] : checked.problems;
}

const rule = (more: Partial<RuleDocument>): RuleDocument => ({ team_name: "A", role_name: "editor", ...more });

describe("an example made of a person", () => {
  const cases: readonly [title: string, document: MappingDocument, person: PersonLink, example: object][] = [
    [
      "has only the groups that some rule matches",
      { mappings: [rule({ group_name: "Eng" }), rule({ group_pattern: "app-*" }), rule({ group_id: "g-1" })] },
      link({ groups: ["Eng", "Choir", "app-x", group("Board", { ids: ["g-1"] }), group("Secret", { ids: ["g-2"] })] }),
      { groups: ["Eng", "app-x"], group_ids: ["g-1"], expect: ["A/editor"] },
    ],
    [
      "has only the groups that an expression asks for by name",
      { mappings: [rule({ when: "'Eng' in groups or 'g-1' in group_ids or 'r1' in app_roles" })] },
      link({ groups: ["Eng", "Choir", group("Board", { ids: ["g-1"] })], appRoles: known(["r1", "r2"]) }),
      { groups: ["Eng"], group_ids: ["g-1"], app_roles: ["r1"], expect: ["A/editor"] },
    ],
    [
      "has all groups where an expression reads the whole list, and says so",
      { mappings: [rule({ when: "$count(groups) > 1" })] },
      link({ groups: ["Eng", "Choir"] }),
      {
        groups: ["Choir", "Eng"],
        note: "all of `groups` is kept, as an expression reads it whole",
        expect: ["A/editor"],
      },
    ],
    [
      "calls groups as the alias book does, and by id what the book gives another meaning",
      {
        groups: { Finance: { idp: "guid-1" }, Eng: { idp: "guid-2" } },
        mappings: [rule({ group_name: "Finance" }), rule({ team_name: "B", group_pattern: "En*" })],
      },
      link({ groups: [group("Money", { ids: ["guid-1"] }), group("Eng", { ids: ["other"] })] }),
      { groups: ["Finance"], group_ids: ["Eng"], expect: ["A/editor", "B/editor"] },
    ],
    [
      "tells one of several groups that the alias book calls by one name by its id: the others may match something else",
      {
        groups: { Finance: { idp: ["guid-1", "app-money"] } },
        mappings: [
          rule({ group_pattern: "app-{t}", team_name: "B" }),
          rule({ group_name: "Finance" }),
          rule({ when: "'Finance' in groups", team_name: "C" }),
        ],
      },
      link({ groups: [group("Money", { ids: ["guid-1"] })] }),
      { group_ids: ["guid-1"], expect: ["A/editor", "C/editor"] },
    ],
    [
      "has ids that narrow a pattern",
      { mappings: [rule({ group_pattern: "app-*", group_name: ["app-x", "app-y"] })] },
      link({ groups: ["app-x", "app-z"] }),
      { groups: ["app-x", "app-z"], expect: ["A/editor"] },
    ],
    [
      "has the app roles and claims that rules look at",
      { mappings: [rule({ app_role: "r1" }), rule({ when: "'4711' in claims.costcenter or claims.level[0] = '7'" })] },
      link({ appRoles: known(["r1", "r2"]), claims: { costcenter: ["4711", "4712"], level: ["7"], phone: ["555"] } }),
      {
        app_roles: ["r1"],
        claims: { costcenter: ["4711"], level: ["7"] },
        note: "all of `claims.level` is kept, as an expression reads it whole",
        expect: ["A/editor"],
      },
    ],
    [
      "has no attribute that no expression reads, and somebody else's name where it makes no difference",
      {
        mappings: [
          rule({ when: "user.department = 'Sales' and $contains(user.email, /@acme\\.example$/)" }),
          rule({ team_name: "B", when: "user.displayName = user.givenName & ' ' & user.familyName" }),
        ],
        invariants: [{ name: "numbers", never: "$length(user.employeeNumber) != 6 or $length(user.manager) < 3" }],
      },
      link({
        user: {
          userName: "ada",
          email: "ada@acme.example",
          displayName: "Ada Lovelace",
          givenName: "Ada",
          familyName: "Lovelace",
          employeeNumber: "E-4711",
          manager: "grace",
          department: "Sales",
          title: "Countess",
          active: false,
        },
      }),
      {
        user: {
          department: "Sales",
          email: "someone@acme.example",
          displayName: "Ada Lovelace",
          givenName: "Ada",
          familyName: "Lovelace",
          employeeNumber: "x-1111",
          manager: "someone",
        },
        note: "kept as they are, since another value changes the answer: displayName, givenName, familyName",
        expect: ["A/editor", "B/editor"],
      },
    ],
    [
      "has the role assignments that SCIM pushed, where the mapping takes them",
      {
        mappings: [],
        scim_roles: [{ type: "workspace_{name}", values: ["editor"], scope: "resource:workspace:{name}" }],
      },
      {
        ...link({}),
        scimRoles: [
          { type: "workspace_Fraud", value: "editor", group: "Choir" },
          { type: "WORKSPACE_Fraud", value: "Editor" },
          { type: "not_declared_any_more", value: "editor" },
        ],
      },
      { scim_roles: [{ type: "workspace_Fraud", value: "editor" }], expect: ["resource:workspace:Fraud/editor"] },
    ],
    [
      "says of role assignments, too, that they are stale",
      { mappings: [], scim_roles: [{ type: "account_type", values: ["admin"], scope: "tenant" }] },
      {
        ...link({}),
        scimRoles: [{ type: "account_type", value: "admin", group: "Admins", staleSince: "2026-11-20T00:00:00.000Z" }],
      },
      {
        scim_roles: [{ type: "account_type", value: "admin" }],
        note:
          "some of what is listed here was known once and is no longer asserted of the person; " +
          "here, where all is known and the day is 2026-01-01, `tenant/admin` is given too",
        expect: ["tenant/admin"],
      },
    ],
    [
      "says who is not active, if somebody asks",
      { mappings: [rule({ when: "user.active" })] },
      link({ user: { active: false } }),
      { user: { active: false }, expect: [] },
    ],
    [
      "says what is not known of the person, and what that changes",
      {
        mappings: [
          rule({ when: "$exists(user.title) or $not('x' in claims.c)" }),
          rule({ app_role: "r1", team_name: "B" }),
          rule({ group_name: "Eng", team_name: "C" }),
        ],
      },
      link({ user: { title: unknown("absent_claim") }, unlisted: "overage", appRoles: unknown("never_asserted") }),
      {
        note:
          "groups that are not listed here are not known of the person and count as absent; " +
          "`user.title` is not known of the person and counts as absent here; " +
          "`app_roles` is not known of the person and counts as absent here; " +
          "`claims.c` is not known of the person and counts as absent here; " +
          "here, where all is known and the day is 2026-01-01, `A/editor` is given too",
        expect: ["A/editor"],
      },
    ],
    [
      "says what is stale, and that it gives nothing new to the person themself",
      { mappings: [rule({ group_name: "Eng" }), rule({ team_name: "B", when: "user.title = 'VP'" })] },
      link({
        groups: [group("Eng", { staleSince: "2026-11-20T00:00:00.000Z" })],
        user: { title: known("VP", "2026-11-20T00:00:00.000Z") },
      }),
      {
        groups: ["Eng"],
        user: { title: "VP" },
        note:
          "some of what is listed here was known once and is no longer asserted of the person; " +
          "here, where all is known and the day is 2026-01-01, `A/editor`, `B/editor` is given too",
        expect: ["A/editor", "B/editor"],
      },
    ],
    [
      "says what no example can show",
      { mappings: [rule({ when: "now > '2026-06-01'" })] },
      link({}),
      { note: "the person is given `A/editor` too, which no example can show", expect: [] },
    ],
    [
      "has a name that no other example has",
      { mappings: [], examples: ["", " (2)"].map((n) => ({ name: `a person of idp${n}`, expect: [] })) },
      link({}),
      { name: "a person of idp (3)", expect: [] },
    ],
    [
      "writes a team out that would read as something else",
      { mappings: [rule({ group_name: "Eng", team_name: "tenant" })] },
      link({ groups: ["Eng"] }),
      { groups: ["Eng"], expect: [{ scope: "team:tenant", role: "editor" }] },
    ],
    [
      "leaves out the connection of somebody made by hand",
      { mappings: [] },
      link({ connection: { slug: "local", protocol: "local" } }),
      { connection: undefined, note: "the person is made by hand and comes by no connection", expect: [] },
    ],
  ];
  for (const [title, document, person, wanted] of cases) {
    it(title, async () => {
      const example = await made(document, person);
      const base = { name: "a person of idp", connection: "idp" };
      const { connection, ...rest } = { ...base, ...wanted } as ExampleDocument;
      const name = connection === undefined ? "a person of local" : rest.name;
      expect(example).to.deep.equal({ ...rest, name, ...(connection === undefined ? {} : { connection }) });
      expect(await problemsWith(document, example)).to.deep.equal([]);
    });
  }

  it("says which invariant the person breaks", async () => {
    const document: MappingDocument = {
      mappings: [rule({ group_name: "Eng" })],
      invariants: [{ name: "nobody edits", never: "target.role = 'editor'" }],
    };
    const example = await made(document, link({ groups: ["Eng"] }));
    expect(example.note).to.contain("invariant `nobody edits` is broken");
  });

  it("passes against the mapping it was made for, whatever the mapping and the person, and tells no group that nobody asks for", async () => {
    await fc.assert(
      fc.asyncProperty(someDocument, somePerson, async (document, person) => {
        const example = await made(document, person);
        expect(await problemsWith(document, example)).to.deep.equal([]);
        const readsAll = JSON.stringify(document).includes("$count(groups)");
        if (!readsAll) expect(JSON.stringify(example)).to.not.contain("choir");
        if (!isSure(person) || readsAll) return;
        const [alone] = await tryAlone(EXPRESSIONS, 1, compiled(document), [person]);
        expect([...example.expect].sort()).to.deep.equal([...new Set(alone?.given.map(targetLabel))].sort());
      }),
      { numRuns: 300 },
    );
  });
});

const STALE = "2026-11-20T00:00:00.000Z";
const someRule: fc.Arbitrary<RuleDocument> = fc
  .record({
    match: fc.constantFrom<Partial<RuleDocument>>(
      { group_name: "eng" },
      { group_name: ["ops", "Finance"] },
      { group_id: "id-eng" },
      { group_pattern: "app-{t}", when: "user.department = 'd0'" },
      { group_pattern: "app-{t}" },
      { app_role: "r1" },
      { app_role: ["r1", "r2"], group_name: "eng" },
      { everyone: true },
      { when: "'eng' in groups" },
      { when: "$count(groups) > 1" },
      { when: "$contains(user.userName, 'a')" },
      { when: "$number(user.employeeNumber) > 100" },
      { when: "'x' in claims.c and $not('Finance' in groups)" },
      { when: "claims.c[0] = 'x'" },
      { when: "user.email = user.userName & '@acme.example'" },
    ),
    team: fc.constantFrom("A", "B"),
    role: fc.constantFrom("ro", "rw"),
    enabled: fc.boolean(),
  })
  .map(({ match, team, role, enabled }) => ({ ...match, team_name: team, role_name: role, enabled }));

const someDocument: fc.Arbitrary<MappingDocument> = fc
  .record({
    rules: fc.array(someRule, { maxLength: 5 }),
    conflicts: fc.constantFrom("first", "highest", "all"),
    aliased: fc.boolean(),
  })
  .map(({ rules, conflicts, aliased }) => ({
    role_order: ["ro", "rw"],
    conflicts: conflicts as "first" | "highest" | "all",
    ...(aliased ? { groups: { Finance: { idp: ["id-money", "app-money"] } } } : {}),
    mappings: rules.map((one, index) => ({ id: `r${index}`, ...one })),
  }));

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Known<T>> {
  return fc.oneof(
    { weight: 4, arbitrary: value.map((one) => known(one)) },
    value.map((one) => known(one, STALE)),
    fc.constant(unknown("absent_claim")),
  );
}

const GROUPS: readonly GroupFact[] = [
  group("eng", { ids: ["id-eng"] }),
  group("ops"),
  group("Finance", { ids: ["id-finance"] }),
  group("money", { ids: ["id-money"] }),
  group("app-a"),
  group("app-money"),
  group("choir", { ids: ["id-choir"] }),
];

const somePerson: fc.Arbitrary<PersonLink> = fc
  .record({
    groups: fc.subarray([...GROUPS]),
    stale: fc.integer({ min: 0, max: 5 }),
    unlisted: fc.constantFrom("not_member", "not_member", "not_member", "overage" as const),
    userName: maybe(fc.constantFrom("ann", "bob")),
    email: maybe(fc.constantFrom("ann@acme.example", "bob@acme.example", null)),
    employeeNumber: maybe(fc.constantFrom("7", "4711", "no number", null)),
    department: maybe(fc.constantFrom("d0", "d1", null)),
    appRoles: maybe(fc.subarray(["r1", "r2", "r3"])),
    claims: fc.constantFrom<Record<string, readonly string[]>>({}, { c: [] }, { c: ["x", "y"] }, { c: ["y"] }),
  })
  .map(({ groups, stale, unlisted, appRoles, claims, ...user }) =>
    link({
      groups: groups.map((one, index) => (index === stale ? { ...one, staleSince: STALE } : one)),
      unlisted: unlisted as "not_member" | "overage",
      user,
      appRoles,
      claims,
    }),
  );

/** Everything that rules read is known and fresh, and each group has one name, so that examples can say all of it. */
function isSure({ facts }: PersonLink): boolean {
  const facts_ = [facts.user.userName, facts.user.email, facts.user.employeeNumber, facts.user.department];
  return (
    facts.groups.unlisted === "not_member" &&
    facts.groups.members.every((one) => one.staleSince === undefined) &&
    [...facts_, facts.appRoles].every((fact) => fact.known && fact.staleSince === undefined) &&
    Object.hasOwn(facts.claims, "c")
  );
}

describe("an example made of a user", () => {
  let t: TestTenant;
  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
  });
  afterEach(() => t.close());

  it("is one for each connection, says what is held beside the rules, and passes when it is pasted", async () => {
    await t.connect({ slug: "other", protocol: "oidc", mayGrantOwner: false });
    const mapping = { mappings: [{ id: "eng", group_name: "Eng", team_name: "Platform", role_name: "editor" }] };
    await t.mapping(mapping);
    const id = await t.pushUser("main", "ada@acme.example", { externalId: "ada" });
    await t.pushGroup("main", "Eng", [id]);
    await t.pushGroup("main", "Choir", [id]);
    const tenant = await t.tenant();
    const user = await t.userId("ada@acme.example");
    const target = { scope: "team:Board", role: "viewer" };
    await addManualGrant(t.p, tenant, user, { target, reason: "because" }, ADMIN);
    const { version, examples } = await exampleOfUser(t.p, tenant, user);
    expect(version).to.equal(1);
    expect(examples).to.deep.equal([
      {
        name: "a person of main",
        connection: "main",
        groups: ["Eng"],
        note: "the person holds `Board/viewer` by hand, too",
        expect: ["Platform/editor"],
      },
    ]);
    expect(await t.mapping({ ...mapping, examples })).to.have.property("version", 2);
    const again = await exampleOfUser(t.p, tenant, user);
    expect(again.examples.map(({ name }) => name)).to.deep.equal(["a person of main (2)"]);
  });

  it("is none for nobody", async () => {
    const refusal = await exampleOfUser(t.p, await t.tenant(), "nobody" as never).catch((error: unknown) => error);
    expect(refusal).to.have.property("code", "not_found");
  });
});
