import { expect } from "chai";
import type { CompiledMapping } from "../../src/engine/compile/compile.js";
import { type Apply, applyAll } from "../../src/engine/explain/applied.js";
import type { Case } from "../../src/engine/explain/as-if.js";
import { type Explanation, explain } from "../../src/engine/explain/explain.js";
import { proveGains } from "../../src/engine/explain/prove.js";
import { proveLosses } from "../../src/engine/explain/prove-losses.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { PersonLink, PersonState } from "../../src/model/person.js";
import { atOnce } from "./at-once.js";
import {
  compiled,
  decided,
  desiredOf,
  grant,
  group,
  link,
  type MadeUpLink,
  NOW,
  resultsOf,
  state,
  unknown,
} from "./made-up.js";

function document(...rules: readonly Partial<RuleDocument>[]): MappingDocument {
  return { mappings: rules.map((more) => ({ id: "r", team_name: "A", role_name: "editor", ...more })) };
}

async function proved(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  before: PersonState = state(),
  teams?: readonly string[],
  apply: Apply = applyAll,
): Promise<Explanation> {
  const resolveTeam = (name: string) => (teams === undefined || teams.includes(name) ? { name } : undefined);
  const decision = await decided(mapping, links, before, "sync", { resolveTeam });
  const base: Case = { mapping, links, state: before, door: "sync", resolveTeam, apply };
  const explanation = explain(mapping, links, decision.evaluations, decision, before, { apply });
  let gains = atOnce(proveGains(base, decision, explanation));
  while (gains.next) gains = atOnce(gains.next(await resultsOf(gains.jobs)));
  let losses = atOnce(proveLosses(base, explanation.assignments));
  while (losses.next) losses = atOnce(losses.next(await resultsOf(losses.jobs)));
  return { ...gains.explanation, assignments: losses.assignments };
}

const NOT = "does not match";
const UNKNOWN = { user: { department: unknown("never_asserted") } } as const;

describe("the smallest change that would give something", () => {
  const found: readonly (readonly [
    title: string,
    MappingDocument,
    MadeUpLink,
    steps: string,
    PersonState?,
    (readonly string[])?,
  ])[] = [
    ["any one of the groups", document({ group_name: ["X", "Y"] }), {}, `${NOT}: join group \`X\` or \`Y\``],
    ["a group by its id", document({ group_id: "1f", group_name: "Fin" }), {}, `${NOT}: join group \`Fin\``],
    ["a group by an id without a label", document({ group_id: "1f" }), {}, `${NOT}: join group \`1f\``],
    [
      "a group that the connection knows by another name",
      { ...document({ group_name: "Fin" }), groups: { Fin: { idp: "app-fin" } } },
      {},
      `${NOT}: join group \`Fin\``,
    ],
    [
      "a group that a pattern matches, by the values that are written",
      document({ group_pattern: "g-{t}-*x", values: { t: { pl: "Platform" } }, team_name: "{t}" }),
      {},
      `${NOT}: join group \`g-pl-x\``,
    ],
    [
      "a group that a pattern matches, of any name",
      { ...document({ group_pattern: "g-{t}", team_name: "{t}" }), unknown_team: "create_any" },
      {},
      `${NOT}: join group \`g-t\``,
    ],
    [
      "a name beside a pattern",
      document({ group_name: ["no", "g-1"], group_pattern: "g-*" }),
      {},
      `${NOT}: join group \`g-1\``,
    ],
    [
      "an id beside a pattern",
      document({ group_id: "1f", group_pattern: "g-{t}", values: { t: ["a"] } }),
      {},
      `${NOT}: join group \`g-a\``,
    ],
    ["an app role", document({ app_role: ["x", "y"] }), {}, `${NOT}: get app role \`x\` or \`y\``],
    [
      "group and app role both, where both are asked for",
      document({ group_name: "X", app_role: "x" }),
      {},
      `${NOT}: join group \`X\`, and get app role \`x\``,
    ],
    [
      "only the app role, where the group is there",
      document({ group_name: "X", app_role: "x" }),
      { groups: ["X"] },
      `${NOT}: get app role \`x\``,
    ],
    [
      "only the group, where the app role is there",
      document({ group_name: "X", app_role: "x" }),
      { appRoles: { known: true, value: ["x"] } },
      `${NOT}: join group \`X\``,
    ],
    [
      "an attribute that the condition compares",
      document({ when: "user.department = 'Sales'" }),
      { user: { department: "IT" } },
      `${NOT}: have \`user.department\` be \`Sales\``,
    ],
    [
      "only what is missing of a condition",
      document({ when: "user.department = 'Sales' and user.country in ['SE', 'NO']" }),
      { user: { department: "Sales", country: "US" } },
      `${NOT}: have \`user.country\` be \`SE\` or \`NO\``,
    ],
    [
      "all of a condition",
      document({ when: "user.department = 'Sales' and user.country = 'SE'" }),
      { user: { department: "IT", country: "US" } },
      `${NOT}: have \`user.department\` be \`Sales\`, and have \`user.country\` be \`SE\``,
    ],
    [
      "the shorter of two ways",
      document({ when: "(user.department = 'Sales' and user.country = 'SE') or 'X' in groups" }),
      { user: { department: "IT", country: "US" } },
      `${NOT}: join group \`X\``,
    ],
    [
      "to leave a group",
      document({ when: "$not('X' in groups)" }),
      { groups: ["X", "Y"] },
      `${NOT}: leave group \`X\``,
    ],
    [
      "another value",
      document({ when: "user.userType != 'External'" }),
      { user: { userType: "External" } },
      `${NOT}: have \`user.userType\` be something else than \`External\``,
    ],
    [
      "a value of a claim",
      document({ when: "'42' in claims.costcenter" }),
      { claims: { costcenter: ["7"] } },
      `${NOT}: have claim \`costcenter\` hold \`42\``,
    ],
    [
      "the group of a condition about it",
      document({ group_name: "X", when: "user.active" }),
      { user: { active: true } },
      `${NOT}: join group \`X\``,
    ],
    [
      "the group and the condition",
      document({ group_name: "X", when: "user.active" }),
      { user: { active: false } },
      `${NOT}: join group \`X\`, and have \`user.active\` be \`true\``,
    ],
    ["to switch the rule on", document({ everyone: true, enabled: false }), {}, "is switched off: enable rule `r`"],
    [
      "to put off its expiry",
      document({ everyone: true, expires_at: "2026-01-01" }),
      {},
      "ended at 2026-01-01T00:00:00.000Z: put off the expiry of rule `r`",
    ],
    [
      "to switch it on and be in its group",
      document({ group_name: "X", enabled: false }),
      {},
      "is switched off: enable rule `r`, and join group `X`",
    ],
    [
      "only to switch it on for who is in its group",
      document({ group_name: "X", enabled: false }),
      { groups: ["X"] },
      "is switched off: enable rule `r`",
    ],
    [
      "another connection",
      document({ everyone: true, connections: ["other", "idp"] }),
      { connection: { slug: "local", protocol: "local" } },
      "reads other connections: come by connection `idp` or `other`",
    ],
    [
      "to be heard of at all",
      document({ when: "user.department = 'IT'" }),
      UNKNOWN,
      "cannot be judged: `user.department` was never asserted: have `user.department` be `IT`",
    ],
    [
      "the group, where groups are unknown",
      document({ group_name: "X" }),
      { unlisted: "overage" },
      "cannot be judged: the identity provider left `groups` out, as there are too many: join group `X`",
    ],
    [
      "the app role, where app roles are unknown",
      document({ app_role: "x" }),
      { appRoles: unknown("absent_claim") },
      "cannot be judged: the sign-in did not carry `app_roles`: get app role `x`",
    ],
    [
      "to confirm a group that took over a name",
      document({ group_name: "X", team_name: undefined as never, scope: "tenant" }),
      { groups: [group("X", { waiting: "X" })] },
      "cannot be judged: group `X` took its name over from a deleted group, and waits to be confirmed: confirm group `X`",
    ],
    [
      "to stand above the rule that wins",
      document({ id: "up", everyone: true, role_name: "x" }, { group_name: "X" }),
      { groups: ["X"] },
      "which matches, but rule `up` decides there: move rule `r` above `up`",
    ],
    [
      "to leave the group of the rule that wins, where the highest does",
      {
        ...document({ id: "up", group_name: "Y", role_name: "high" }, { group_name: "X" }),
        ...{ conflicts: "highest", role_order: ["editor", "high"] },
      },
      { groups: ["X", "Y"] },
      "which matches, but rule `up` decides there: leave group `Y`",
    ],
    [
      "either, where both would do",
      document({ id: "up", group_name: "Y", role_name: "x" }, { group_name: "X" }),
      { groups: ["X", "Y"] },
      "which matches, but rule `up` decides there: move rule `r` above `up`",
    ],
    [
      "the group, and to stand above the rule that wins then",
      document({ id: "up", everyone: true, role_name: "x" }, { group_name: "X" }),
      {},
      `${NOT}: join group \`X\`, and move rule \`r\` above \`up\``,
    ],
    [
      "to be asserted again",
      document({ group_name: "X" }),
      { groups: [group("X", { staleSince: NOW })] },
      "which matches, but rule `r` cannot be judged: `X` was known once and is no longer asserted: have the identity provider say `groups` again",
    ],
    [
      "a team",
      { ...document({ group_name: "X" }), unknown_team: "reject" },
      { groups: ["X"] },
      "which matches, but there is no such team: create the team of `A/editor`",
      state(),
      [],
    ],
    [
      "a team, and to stand above a rule for another that exists",
      {
        ...document({ id: "up", everyone: true, team_name: "B", role_name: "x" }, { group_name: "X" }),
        unknown_team: "reject",
      },
      { groups: ["X"] },
      "which matches, but there is no such team: create the team of `A/editor`",
      state(),
      ["B"],
    ],
    [
      "the group and a team",
      { ...document({ group_name: "X" }), unknown_team: "reject" },
      {},
      `${NOT}: join group \`X\`, and create the team of \`A/editor\``,
      state(),
      [],
    ],
  ];
  for (const [title, mapping, made, sentence, before, teams] of found) {
    it(`is ${title}`, async () => {
      const { notGiven } = await proved(compiled(mapping), [link(made)], before, teams);
      const told = notGiven.find(({ rule }) => rule === "r");
      expect(told?.sentence.split(/ by rule `r`,? /)[1]).to.equal(sentence);
      expect(told?.proved).to.equal(true);
    });
  }

  it("tells all that comes with a group that the directory knows by more than the name", async () => {
    const mapping = document({ group_name: "Eng" }, { id: "by id", group_id: "g-1", team_name: "B" });
    const record = { id: "7", displayName: "Eng", externalId: "g-1", idpMappingNames: [], deleted: false };
    const { notGiven } = await proved(compiled(mapping), [link({ connection: { directoryGroups: [record] } })]);
    expect(notGiven.map(({ rule, gives }) => [rule, gives])).to.deep.equal([
      ["r", ["A/editor", "B/editor"]],
      ["by id", ["B/editor", "A/editor"]],
    ]);
  });

  it("leaves a group at another connection to another day", async () => {
    const mapping = document({ id: "up", group_name: "Y", role_name: "high" }, { group_name: "X" });
    const ranked = compiled({ ...mapping, conflicts: "highest", role_order: ["editor", "high"] });
    const links = [link({ groups: ["X"] }), link({ groups: ["Y"], connection: { slug: "other" } })];
    const told = (await proved(ranked, links)).notGiven.find(({ rule, why }) => rule === "r" && why === "overruled");
    expect(told).to.deep.include({ proved: false, by: "up" });
  });

  it("lets a connection grant owner, where none does", async () => {
    const connections = [{ slug: "other", protocol: "saml", mayGrantOwner: false }] as const;
    const mapping = compiled({ tenant_owners_groups: ["X"] }, { connections, stored: true });
    const { notGiven } = await proved(mapping, [link({ groups: ["X"], connection: { slug: "other" } })]);
    expect(notGiven[0]).to.deep.include({ proved: true, steps: [{ do: "allow_owners", connection: "other" }] });
  });

  it("sends owners to the connection that may grant owner", async () => {
    const [told] = (
      await proved(compiled({ tenant_owners_groups: ["X"] }), [link({ groups: ["X"], connection: { slug: "other" } })])
    ).notGiven;
    expect(told).to.deep.include({ proved: true, steps: [{ do: "use_connection", anyOf: ["idp"] }] });
  });

  it("lets no third connection grant owner, where two that do made the rule ambiguous", async () => {
    const connections = ["idp", "two"].map((slug) => ({ slug, protocol: "saml", mayGrantOwner: true }) as const);
    const mapping = compiled({ tenant_owners_groups: ["X"] }, { connections, stored: true });
    const [told] = (await proved(mapping, [link({ groups: ["X"], connection: { slug: "other" } })])).notGiven;
    expect(told).to.deep.include({ why: "unmet", proved: false });
  });

  const honest: readonly (readonly [string, MappingDocument, MadeUpLink, string, PersonState?])[] = [
    ["a condition that no plain value meets", document({ when: "1 = 2" }), {}, "meet the condition"],
    [
      "a pattern beside names that it does not match",
      document({ group_name: "no", group_pattern: "g-*" }),
      {},
      "join group",
    ],
    [
      "an expression that fails",
      document({ when: "$distinct(user.userName)" }),
      { user: { userName: "x" } },
      "repair rule",
    ],
    [
      "an account that is not active",
      document({ group_name: "X" }),
      { groups: ["X"] },
      "the account is not active",
      state([], { status: "deactivated", deactivatedBy: "admin" }),
    ],
    [
      "the owners' list, which nothing stands before",
      {
        tenant_owners_groups: ["X", "Y"],
        conflicts: "first",
        mappings: [{ id: "r", everyone: true, scope: "tenant", role_name: "admin" }],
      },
      { groups: ["X", "Y"] },
      "rule `tenant_owners` decides there",
    ],
    [
      "an open rule in the way",
      document({ id: "open", when: "$length(user.department) > 2", role_name: "x" }, { group_name: "X" }),
      { ...UNKNOWN, groups: ["X"] },
      "rule `open` cannot be judged",
    ],
  ];
  for (const [title, mapping, made, text, before] of honest) {
    it(`does not promise anything of ${title}`, async () => {
      const { notGiven } = await proved(compiled(mapping), [link(made)], before);
      const told = notGiven.find(({ rule }) => rule !== "open");
      expect(told?.sentence, String(told?.sentence)).to.contain(text);
      expect(told?.proved).to.equal(false);
    });
  }

  it("tells of rules first that are fewest proved steps away", async () => {
    const mapping = document(
      { id: "never", when: "1 = 2" },
      { id: "two", team_name: "B", when: "user.title = 'x' and user.country = 'SE'" },
      { id: "one", team_name: "C", group_name: "X" },
    );
    const { notGiven } = await proved(compiled(mapping), [link({ user: { title: "y", country: "NO" } })]);
    expect(notGiven.map(({ rule }) => rule)).to.deep.equal(["one", "two", "never"]);
  });

  it("is true of each rule of a long list that it was tried for, and says so of no other", async () => {
    const rules = Array.from({ length: 60 }, (_, n) => ({ id: `r${n}`, group_name: `g${n}`, team_name: `t${n}` }));
    const mapping = compiled(document(...rules));
    const { notGiven } = await proved(mapping, [link()]);
    const [tried, others] = [notGiven.filter((one) => one.proved), notGiven.filter((one) => one.proved === undefined)];
    expect([tried.length, others.length]).to.deep.equal([40, 20]);
    for (const { rule, steps } of tried) {
      const [step] = steps;
      const joined = step?.do === "join_group" ? step.anyOf : [];
      const decision = await decided(mapping, [link({ groups: joined })]);
      expect(desiredOf(decision).join()).to.contain(` by ${rule}@idp`);
    }
  });

  it("tries very many changes in several rounds", async () => {
    const names = ["1", "2", "3", "4", "5", "6"];
    const when = names.map((name) => `user.title = '${name}' or user.country = '${name}'`).join(" or ");
    const rules = Array.from({ length: 40 }, (_, n) => ({ id: `r${n}`, team_name: `t${n}`, group_name: names, when }));
    const { notGiven } = await proved(compiled(document(...rules)), [link({ user: { title: "x", country: "y" } })]);
    expect(notGiven.filter((one) => one.proved).length).to.equal(40);
  });
});

describe("what would end an assignment", () => {
  const evidence = [{ kind: "group", label: "X", source: "claims", since: NOW }] as const;
  const held = grant("team:A", "editor", { rule: "r", evidence });
  const byHand = grant("team:A", "editor", {
    origin: "manual",
    connection: undefined as never,
    rule: undefined as never,
  });

  async function toLose(
    mapping: MappingDocument,
    made: MadeUpLink,
    ...grants: readonly Parameters<typeof state>[0][]
  ): Promise<readonly unknown[]> {
    const before = state(grants.flat() as never);
    const { assignments } = await proved(compiled(mapping), [link(made)], before);
    return assignments.map(({ sentence, toLoseProved }) => [sentence.replace(/^.*to lose it, /, ""), toLoseProved]);
  }

  it("is what it was given by", async () => {
    expect(await toLose(document({ group_name: "X" }), { groups: ["X"] }, [held])).to.deep.equal([
      ["leave group `X`", true],
    ]);
  });

  it("is all of what it was given by, and the grant by hand", async () => {
    const other = grant("team:A", "editor", { rule: "s", evidence: [{ ...evidence[0], label: "Y" }] });
    const mapping = document({ group_name: "X" }, { id: "s", group_name: "Y" });
    expect(await toLose(mapping, { groups: ["X", "Y"] }, [held, other, byHand])).to.deep.equal([
      ["leave group `X`, and leave group `Y`, and end the manual grant", true],
    ]);
  });

  it("is also what another rule would give it by as soon as the first does not", async () => {
    const mapping = {
      ...document(
        { group_name: "X" },
        { id: "mid", group_name: "Y", role_name: "x" },
        { id: "low", app_role: "ar", role_name: "editor" },
      ),
      conflicts: "first",
    } as const;
    const made = { groups: ["X"], appRoles: { known: true, value: ["ar"] } } as const;
    expect(await toLose(mapping, made, [held])).to.deep.equal([["leave group `X`, and lose app role `ar`", true]]);
  });

  it("is found for one thing at once, and for another after some more tries", async () => {
    const mapping = document(
      { group_name: "X" },
      { id: "low", app_role: "ar" },
      { id: "b", everyone: true, team_name: "B" },
    );
    const other = grant("team:B", "editor", { rule: "b", evidence: [{ kind: "everyone", label: "everyone" }] });
    const made = { groups: ["X"], appRoles: { known: true, value: ["ar"] } } as const;
    expect(await toLose(mapping, made, [held, other])).to.deep.equal([
      ["leave group `X`, and lose app role `ar`", true],
      ["remove rule `b`", true],
    ]);
  });

  it("is found where groups are unknown", async () => {
    const made = { groups: ["X"], unlisted: "overage" } as const;
    expect(await toLose(document({ group_name: "X" }), made, [held])).to.deep.equal([["leave group `X`", true]]);
  });

  it("is to take the rule away from who is given it as everybody is", async () => {
    const everybody = grant("team:A", "editor", { rule: "r", evidence: [{ kind: "everyone", label: "everyone" }] });
    expect(await toLose(document({ everyone: true }), {}, [everybody])).to.deep.equal([["remove rule `r`", true]]);
  });

  it("is to stop meeting a condition, as far as a value is found that does not", async () => {
    const label = "user.department = 'IT'";
    const given = grant("team:A", "editor", { rule: "r", evidence: [{ kind: "expression", label }] });
    const made = { user: { department: "IT" } };
    expect(await toLose(document({ when: label }), made, [given])).to.deep.equal([
      ["stop meeting the condition `user.department = 'IT'`", true],
    ]);
  });

  it("is not promised where the access is kept", async () => {
    const mapping = document({ group_name: "X" }, { id: "open", when: "user.department = 'IT'" });
    expect(await toLose(mapping, { ...UNKNOWN, groups: ["X"] }, [held])).to.deep.equal([["leave group `X`", false]]);
  });

  it("is to take the rules out that cannot be judged, where these keep it, whatever it was given by", async () => {
    const label = "user.department = 'Sales'";
    const given = grant("team:A", "editor", { rule: "r", evidence: [{ kind: "expression", label }] });
    const failing = { when: "$number(user.department) > 1" };
    const sales = link({ user: { department: "Sales" } });
    const { assignments } = await proved(compiled(document(failing)), [sales], state([given]));
    expect(assignments[0]).to.deep.include({
      toLose: [{ do: "change_rule", rule: "r", how: "remove" }],
      toLoseProved: true,
    });
    expect(assignments[0]?.sentence).to.match(
      /^A\/editor is kept, since rule `r` cannot be judged: .+; it is judged anew once that ends; to lose it before, remove rule `r`$/,
    );
    const two = compiled(document({ ...failing, id: "s" }, failing));
    const both = await proved(two, [sales], state([given]));
    expect(both.assignments[0]).to.include({ toLoseProved: true });
    expect(both.assignments[0]?.sentence).to.match(/to lose it before, remove rule `r`$/);
    const unchangeable = grant("team:A", "editor", { rule: "r", evidence: [{ kind: "expression", label: "1 = 1" }] });
    const kept = await proved(compiled(document(failing)), [sales], state([unchangeable]));
    expect(kept.assignments[0]?.sentence).to.match(/^A\/editor is kept, since .+ remove rule `r`$/);
    const byHand = grant("team:A", "editor", { origin: "manual" });
    const beside = await proved(compiled(document(failing)), [sales], state([given, byHand]));
    expect(beside.assignments[0]).to.deep.include({ toLoseProved: true });
    expect(beside.assignments[0]?.sentence).to.match(/to lose it before, end the manual grant, and remove rule `r`$/);
  });

  it("is tried for the first of very many, and for conditions that some value does not meet", async () => {
    const many = Array.from({ length: 45 }, (_, n) => grant(`team:t${n}`, "x", { origin: "manual" }));
    const results = await toLose({}, {}, many);
    expect(results.filter((one) => (one as readonly unknown[])[1] === true).length).to.equal(40);
    const given = grant("team:A", "editor", { rule: "r", evidence: [{ kind: "expression", label: "1 = 1" }] });
    expect(await toLose(document({ when: "1 = 1" }), {}, [given])).to.deep.equal([
      ["stop meeting the condition `1 = 1`", undefined],
    ]);
    const always = grant("team:A", "editor", { rule: "r", evidence: [{ kind: "expression", label: "true" }] });
    expect(await toLose(document({ when: "true" }), {}, [always])).to.deep.equal([
      ["stop meeting the condition `true`", undefined],
    ]);
  });

  it("is tried at the connection that gave it, the others as they are", async () => {
    const links = [link({ groups: ["X"] }), link({ connection: { slug: "other" }, groups: ["X"] })];
    const atOther = grant("team:A", "editor", { rule: "r", evidence, connection: "other" as never });
    const { assignments } = await proved(compiled(document({ group_name: "X" })), links, state([held]));
    expect(assignments[0]).to.include({ toLoseProved: true });
    const both = await proved(compiled(document({ group_name: "X" })), links, state([held, atOther]));
    expect(both.assignments[0]).to.include({ toLoseProved: true });
  });

  it("is to have SCIM take a role away, from the person or from the group that carries it", async () => {
    const mapping = compiled({ scim_roles: [{ type: "account", values: ["admin"], scope: "tenant" }] });
    const role = { type: "account", value: "admin" };
    const links: readonly PersonLink[] = [
      { ...link({ scim: "active" }), scimRoles: [role, { ...role, group: "G" }, { ...role, value: "other" }] },
      { ...link({ scim: "active", connection: { slug: "other" } }), scimRoles: [] },
    ];
    const assigned = (await decided(mapping, links)).desired.map((one) =>
      grant("tenant", "admin", { ...one, rule: String(one.rule) }),
    );
    const { assignments } = await proved(mapping, links, state(assigned));
    expect(assignments.map(({ sentence, toLoseProved }) => [sentence, toLoseProved])).to.deep.equal([
      [
        "tenant/admin: to lose it, have SCIM take away role `account: admin`, and leave group `G`, or have SCIM take role `account: admin` away from it",
        true,
      ],
    ]);
  });

  it("is not promised where the one step undoes the other", async () => {
    const mapping = document({ group_name: "X" }, { id: "n", when: "$not('X' in groups)" });
    const [result] = await toLose(mapping, { groups: ["X"] }, [held]);
    expect(result).to.deep.equal(["leave group `X`, and stop meeting the condition `$not('X' in groups)`", false]);
  });

  it("is left as it is said where the connection is gone", async () => {
    const gone = grant("team:A", "editor", { rule: "r", evidence, connection: "gone" as never });
    expect(await toLose(document({ group_name: "X" }), {}, [gone])).to.deep.equal([["leave group `X`", undefined]]);
  });
});
