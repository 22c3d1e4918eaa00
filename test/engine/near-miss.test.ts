import { expect } from "chai";
import fc from "fast-check";
import type { CompiledMapping } from "../../src/engine/compile/compile.js";
import { diff } from "../../src/engine/diff.js";
import { applyAll } from "../../src/engine/explain/applied.js";
import type { Case } from "../../src/engine/explain/as-if.js";
import { editedLink, type FactEdits } from "../../src/engine/explain/edited-facts.js";
import { type ExplainedRule, explain } from "../../src/engine/explain/explain.js";
import { proveGains } from "../../src/engine/explain/prove.js";
import type { Step } from "../../src/engine/explain/steps.js";
import { jobsOf, judgePerson } from "../../src/engine/judge.js";
import type { Decision } from "../../src/model/evaluation.js";
import { grantKey } from "../../src/model/grant.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { DirectoryGroupRecord, PersonLink } from "../../src/model/person.js";
import { covers, type Target, targetKey, targetLabel } from "../../src/model/target.js";
import { atOnce } from "./at-once.js";
import { compiled, decided, group, link, type MadeUpLink, NOW, resultsOf, state, unknown } from "./made-up.js";

const TEAM_ROLE: RuleDocument = {
  id: "r",
  group_pattern: "app-{team}-{role}",
  values: { team: { core: "Core", data: "Data" }, role: { adm: "team_admin", rw: "editor", ro: "Viewer" } },
  team_name: "{team}",
  role_name: "{role}",
};
const CORE_VIEWER: Target = { scope: "team:Core", role: "viewer" };

function caseOf(mapping: CompiledMapping, person: PersonLink): Case {
  return { mapping, links: [person], state: state(), door: "sync", resolveTeam: (name) => ({ name }), apply: applyAll };
}

async function nearest(
  document: MappingDocument,
  person: PersonLink,
  wanted?: Target,
): Promise<readonly ExplainedRule[]> {
  const base = caseOf(compiled({ role_order: ["viewer", "editor", "team_admin"], ...document }), person);
  const decision = await decided(base.mapping, base.links);
  const explained = explain(base.mapping, base.links, decision.evaluations, decision, base.state, wanted && { wanted });
  let gains = atOnce(proveGains(base, decision, explained));
  while (gains.next) gains = atOnce(gains.next(await resultsOf(gains.jobs)));
  return gains.explanation.notGiven;
}

function directoryGroup(id: string, more: Partial<DirectoryGroupRecord> = {}): DirectoryGroupRecord {
  return { id, displayName: id, idpMappingNames: [], deleted: false, ...more };
}

describe("a group that bears the name of another one", () => {
  const rule = { mappings: [{ id: "r", group_name: "Eng", team_name: "Core", role_name: "viewer" }] };
  const pinned = (id: string, state: "held" | "contends") =>
    directoryGroup(id, { displayName: "Eng", pins: [{ name: "Eng", state, knownAs: ["Eng"], since: NOW }] });
  const because = async (groups: MadeUpLink["groups"]) => {
    const directoryGroups = [pinned("1", "held"), pinned("2", "contends")];
    const [first] = await nearest(rule, link({ connection: { directoryGroups }, groups: groups ?? [] }));
    return first?.because;
  };

  it("is told of, with the one that rules mean", async () => {
    expect(await because([group("Eng", { names: [], ids: ["2"], presentName: "Eng" })])).to.equal(
      "rule `r` does not match, as the person's group `Eng` (id `2`) inherits nothing: rules mean another one by that name, id `1` of connection `idp`",
    );
  });

  it("is not told of where there is no other, or the rule asks for another name", async () => {
    for (const odd of [
      group("Eng", { names: [], ids: ["1"], presentName: "Eng" }),
      group("Old", { ids: ["2"], presentName: "New" }),
      group("Old", { ids: ["2"] }),
    ]) {
      expect(await because([odd])).to.equal("rule `r` does not match");
    }
  });
});

describe("the nearest rule to what is asked for", () => {
  const joins: readonly (readonly [string, Partial<RuleDocument>, Target, readonly string[]])[] = [
    ["a value written for each capture", {}, CORE_VIEWER, ["app-core-ro"]],
    [
      "several values that mean the same",
      { values: { team: { core: "Core", kern: "Core" }, role: { ro: "viewer" } } },
      CORE_VIEWER,
      ["app-core-ro", "app-kern-ro"],
    ],
    ["an open capture", { values: { role: { ro: "viewer" } } }, CORE_VIEWER, ["app-Core-ro"]],
    [
      "a written value beside any other text",
      { values: { team: { core: "Core", "*": true }, role: { ro: "viewer" } } },
      CORE_VIEWER,
      ["app-core-ro", "app-Core-ro"],
    ],
    [
      "any other text that means one thing",
      { values: { team: { data: "Data", "*": "Core" }, role: { ro: "viewer" } } },
      CORE_VIEWER,
      ["app-team-ro"],
    ],
    [
      "an open capture whose text is written to mean something else",
      { values: { team: { Core: "Data", c: "Core", "*": true }, role: ["viewer"] } },
      CORE_VIEWER,
      ["app-c-viewer"],
    ],
    [
      "a part of a name",
      { team_name: "X {team}", values: { role: ["viewer"] } },
      { scope: "team:X Y", role: "viewer" },
      ["app-Y-viewer"],
    ],
    [
      "a capture that the target does not use",
      { role_name: "Viewer" },
      CORE_VIEWER,
      ["app-core-adm", "app-core-rw", "app-core-ro"],
    ],
    [
      "a role in all teams",
      { team_name: undefined as never, scope: "all_teams" },
      CORE_VIEWER,
      ["app-core-ro", "app-data-ro"],
    ],
    [
      "names beside the pattern",
      { group_name: ["app-core-ro", "app-core-rw", "app-data-ro"] },
      CORE_VIEWER,
      ["app-core-ro"],
    ],
    ["an id beside the pattern", { group_id: "1f" }, CORE_VIEWER, ["app-core-ro"]],
  ];
  for (const [title, more, wanted, groups] of joins) {
    it(`is to join the groups that give it, by ${title}`, async () => {
      const { team_name: place, ...rule } = { ...TEAM_ROLE, ...more };
      const document = { mappings: [{ ...rule, ...(place === undefined ? {} : { team_name: place }) }] };
      const [told, ...others] = await nearest({ unknown_team: "create_any", ...document }, link(), wanted);
      expect(others).to.deep.equal([]);
      expect(told?.proved).to.equal(true);
      expect(told?.steps).to.deep.equal([{ do: "join_group", anyOf: groups }]);
      expect(told?.gives).to.have.length(1);
    });
  }

  const impossible: readonly (readonly [string, Partial<RuleDocument>])[] = [
    ["another team", { team_name: "Other" }],
    ["a team whose name begins otherwise", { team_name: "X {team}", values: { role: ["viewer"] } }],
    ["a capture that cannot be both team and role", { values: {}, role_name: "{team}" }],
    ["a role that no value means", { values: { role: ["editor"] } }],
    ["names beside the pattern that give something else", { group_name: ["app-core-rw"] }],
  ];
  for (const [title, more] of impossible) {
    it(`is no pattern that gives ${title}`, async () => {
      expect(await nearest({ mappings: [{ ...TEAM_ROLE, ...more }] }, link(), CORE_VIEWER)).to.deep.equal([]);
    });
  }

  it("is another group of a pattern that matches already and gives something else", async () => {
    const [told] = await nearest({ mappings: [TEAM_ROLE] }, link({ groups: ["app-data-ro"] }), CORE_VIEWER);
    expect(told).to.deep.include({ proved: true, steps: [{ do: "join_group", anyOf: ["app-core-ro"] }] });
    expect(told?.sentence).to.equal(
      "Core/viewer by rule `r`, which matches, but gives something else: join group `app-core-ro`",
    );
    expect(await nearest({ mappings: [TEAM_ROLE] }, link({ groups: ["app-core-ro"] }), CORE_VIEWER)).to.deep.equal([]);
  });

  it("is a group that exists before a name that is made up", async () => {
    const directoryGroups = [
      directoryGroup("app-Core-rw"),
      directoryGroup("app-Core-eu-ro", { deleted: true }),
      directoryGroup("1f", { displayName: "app-Core-x-ro" }),
      directoryGroup("2f", { displayName: "app-Core-y-ro" }),
    ];
    const rule = {
      ...TEAM_ROLE,
      group_pattern: "app-{team}-*{role}",
      values: { role: { ro: "viewer" } },
      team_name: "Core",
    };
    const person = link({ connection: { directoryGroups } });
    const [told] = await nearest({ mappings: [rule] }, person, CORE_VIEWER);
    expect(told?.steps).to.deep.equal([{ do: "join_group", anyOf: ["app-Core-x-ro", "app-Core-y-ro"] }]);
    const [byId] = await nearest({ mappings: [{ ...rule, group_id: "2f" }] }, person, CORE_VIEWER);
    expect(byId?.steps).to.deep.equal([{ do: "join_group", anyOf: ["app-Core-y-ro"] }]);
    const many = Array.from({ length: 9 }, (_, n) => directoryGroup(`app-c${n}-ro`));
    const [first] = await nearest({ mappings: [rule] }, link({ connection: { directoryGroups: many } }), CORE_VIEWER);
    expect(first?.steps[0]).to.have.property("anyOf").with.length(5);
  });

  it("leaves groups out that open more than others do, and says what comes besides", async () => {
    const also: RuleDocument = { id: "also", group_name: "app-core-ro", team_name: "Z", role_name: "editor" };
    const values = { team: { core: "Core", kern: "Core" }, role: { ro: "viewer" } };
    const [told] = await nearest({ mappings: [{ ...TEAM_ROLE, values }, also] }, link(), CORE_VIEWER);
    expect(told).to.deep.include({ steps: [{ do: "join_group", anyOf: ["app-kern-ro"] }], gives: ["Core/viewer"] });
    const [only] = await nearest({ mappings: [TEAM_ROLE, also] }, link(), CORE_VIEWER);
    expect(only?.gives).to.deep.equal(["Core/viewer", "Z/editor"]);
    expect(only?.sentence).to.match(/: join group `app-core-ro`, which gives Z\/editor too$/);
  });

  it("is a rule that computes its targets only where trying it gave this one", async () => {
    const computed: RuleDocument = { id: "c", group_pattern: "x-*", grants: "{'team': 'Core', 'role': 'viewer'}" };
    const [told] = await nearest({ mappings: [computed] }, link(), CORE_VIEWER);
    expect(told).to.deep.include({ proved: true, gives: ["Core/viewer"] });
    const other = { scope: "team:Data", role: "viewer" };
    expect(await nearest({ mappings: [computed] }, link(), other)).to.deep.equal([]);
    const all: RuleDocument = { id: "c", everyone: true, grants: "{'team': 'Core', 'role': 'viewer'}" };
    expect(await nearest({ mappings: [all] }, link(), other)).to.deep.equal([]);
  });

  it("is to stand above what wins in that very place", async () => {
    const other: RuleDocument = { id: "first", group_name: "app-core-ro", team_name: "Core", role_name: "editor" };
    const person = link({ groups: ["app-core-ro", "app-data-ro"] });
    const [told] = await nearest({ conflicts: "first", mappings: [other, TEAM_ROLE] }, person, CORE_VIEWER);
    expect(told?.steps).to.deep.equal([{ do: "change_rule", rule: "r", how: "move_up", above: "first" }]);
    expect(told?.proved).to.equal(true);
  });

  it("is to make the very team that is missing, of several", async () => {
    const mapping = compiled({
      unknown_team: "reject",
      role_order: ["viewer", "editor", "team_admin"],
      mappings: [TEAM_ROLE],
    });
    const resolveTeam = () => undefined;
    const base = { ...caseOf(mapping, link({ groups: ["app-data-ro", "app-core-ro"] })), resolveTeam };
    const decision = await decided(mapping, base.links, base.state, "sync", { resolveTeam });
    const explained = explain(mapping, base.links, decision.evaluations, decision, base.state, { wanted: CORE_VIEWER });
    let gains = atOnce(proveGains(base, decision, explained));
    while (gains.next) gains = atOnce(gains.next(await resultsOf(gains.jobs)));
    const [told] = gains.explanation.notGiven;
    expect(told).to.deep.include({ proved: true, gives: ["Core/viewer"] });
    expect(told?.steps).to.deep.equal([{ do: "create_team", target: "Core/viewer" }]);
  });

  it("names one target for all groups where nothing is asked for", async () => {
    const [told] = await nearest({ mappings: [TEAM_ROLE] }, link());
    expect(told).to.deep.include({
      steps: [{ do: "join_group", anyOf: ["app-core-adm"] }],
      gives: ["Core/team_admin"],
    });
    expect(told?.sentence).to.equal("Core/team_admin by rule `r` does not match: join group `app-core-adm`");
  });

  it("names the first of very many targets", async () => {
    const teams = ["1", "2", "3", "4", "5", "6", "7"].map((team) => `{'team': '${team}', 'role': 'x'}`);
    const [told] = await nearest({ mappings: [{ id: "c", app_role: "x", grants: `[${teams.join()}]` }] }, link());
    expect(told?.gives).to.have.length(7);
    expect(told?.sentence).to.match(/^1\/x, 2\/x, 3\/x, 4\/x, 5\/x and 2 more by /);
  });
});

const NAMES = ["app-core-ro", "app-core-adm", "app-data-rw", "app-a-b-ro", "x-ro", "plain"];
const targets = fc.record({
  scope: fc.constantFrom("team:Core", "team:Data", "team:a-b", "team:core", "all_teams"),
  role: fc.constantFrom("viewer", "editor", "team_admin", "ro"),
});
const values = fc.constantFrom<NonNullable<RuleDocument["values"]>>(
  {},
  { team: { core: "Core", data: "Data" }, role: { adm: "team_admin", rw: "editor", ro: "Viewer" } },
  { team: { core: "Core", "*": true }, role: { ro: "viewer", "*": "editor" } },
  { team: { core: "Core", kern: "Core", "*": "Data" }, role: { ro: "viewer", adm: "team_admin" } },
);
const patternRule = fc
  .record({
    values,
    group_pattern: fc.constantFrom("app-{team}-{role}", "{team}-{role}", "app*-{team}-{role}"),
    give: fc.constantFrom<Partial<RuleDocument>>(
      { team_name: "{team}", role_name: "{role}" },
      { team_name: "{team}", role_name: "{team}" },
      { team_name: "Core", role_name: "{role}" },
      { team_name: "a-{team}", role_name: "viewer" },
      { scope: "all_teams", role_name: "{role}" },
    ),
    group_name: fc.option(fc.subarray(NAMES, { minLength: 1 }), { freq: 3, nil: undefined }),
  })
  .map(({ give, group_name: names, ...rule }) => ({ ...rule, ...give, ...(names ? { group_name: names } : {}) }));
const literalRule = targets.chain(({ scope, role }) =>
  fc
    .constantFrom<Partial<RuleDocument>>(
      { group_name: NAMES },
      { group_name: ["app-core-ro", "new"] },
      { app_role: ["a", "b"] },
      { group_name: "plain", grants: "{'team': 'Core', 'role': 'viewer'}" },
      { group_pattern: "*", grants: "$contains(group.name, 'core') ? {'team': 'Core', 'role': 'viewer'} : null" },
    )
    .map((rule) => ("grants" in rule ? rule : { ...rule, scope, role_name: role })),
);
const condition = fc.constantFrom(
  {},
  {},
  { when: "user.department in ['d0', 'd1']" },
  { when: "$contains(group.name, 'core') or user.country = 'SE'" },
);
const documents = fc
  .record({
    conflicts: fc.constantFrom("first" as const, "highest" as const, "all" as const),
    mappings: fc.array(
      fc.tuple(fc.oneof({ weight: 2, arbitrary: patternRule }, literalRule), condition).map(([rule, when]) => {
        const readsGroup = "when" in when && when.when.includes("group.");
        return { ...rule, ...(readsGroup && "app_role" in rule ? {} : when) };
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ conflicts, mappings }) => ({
    ...{ conflicts, unknown_team: "create_any" as const, role_order: ["viewer", "editor", "team_admin"] },
    mappings: mappings.map((rule, at) => ({ ...rule, id: `r${at}` }) as RuleDocument),
  }));
const people = fc
  .record({
    groups: fc.subarray(NAMES),
    unlisted: fc.constantFrom("not_member" as const, "overage" as const),
    department: fc.constantFrom("d0", "d2", unknown("never_asserted")),
    directory: fc.subarray(NAMES),
  })
  .map(({ department, directory, ...person }) =>
    link({
      ...person,
      user: { department },
      connection: { directoryGroups: directory.map((name) => directoryGroup(name)) },
    }),
  );

/** The edits of each alternative, where steps are about facts alone. */
function editsOf(steps: readonly Step[]): readonly FactEdits[] {
  let all: readonly FactEdits[] = [{}];
  for (const step of steps) {
    const ways = wayOf(step);
    all = all.flatMap((one) => ways.map((way) => ({ ...one, ...way, user: { ...one.user, ...way.user } })));
  }
  return all;
}

function wayOf(step: Step): readonly FactEdits[] {
  if (step.do === "join_group") return step.anyOf.map((name) => ({ groups: { add: [name] } }));
  if (step.do === "get_app_role") return step.anyOf.map((name) => ({ app_roles: { add: [name] } }));
  if (step.do === "set_attribute") return step.anyOf.map((value) => ({ user: { [step.attribute]: value } }));
  return [];
}

/** What the rule gives by the decision, and what is new besides. */
function gainedBy(one: Case, decision: Decision, rule: string, before: Decision): readonly Target[] {
  const due = new Set(before.desired.filter(({ stale }) => !stale).map(grantKey));
  const had = new Set(before.desired.filter(({ stale }) => !stale).map(({ target }) => targetKey(target)));
  return diff(one.state, decision, one.mapping).changes.flatMap((change) => {
    if (change.kind !== "grant") return [];
    const { grant } = change;
    return (grant.rule === rule && !due.has(grantKey(grant))) || !had.has(targetKey(grant.target))
      ? [grant.target]
      : [];
  });
}

describe("every proved step", () => {
  it("gives what the answer speaks of, whichever alternative is followed", async function () {
    this.timeout(60_000);
    let followed = 0;
    const property = fc.asyncProperty(documents, people, fc.option(targets), async (document, person, asked) => {
      const wanted = asked ?? undefined;
      const base = caseOf(compiled(document), person);
      const before = await decided(base.mapping, [person]);
      for (const { rule, steps, proved, gives } of await nearest(document, person, wanted)) {
        expect(gives !== undefined).to.equal(proved === true);
        for (const edits of proved ? editsOf(steps) : []) {
          const after = caseOf(base.mapping, editedLink(person, edits, base.mapping));
          const decision = judgePerson(after, await resultsOf(jobsOf(after)));
          const gained = gainedBy(after, decision, rule, before);
          const told = JSON.stringify({ rule, edits });
          expect([...new Set(gained.map(targetLabel))], told).to.have.members(gives as readonly string[] as string[]);
          if (wanted)
            expect(
              gained.some((target) => covers(target, wanted)),
              told,
            ).to.equal(true);
          followed += 1;
        }
      }
    });
    await fc.assert(property, { numRuns: 250 });
    expect(followed).to.be.greaterThan(30);
  });
});
