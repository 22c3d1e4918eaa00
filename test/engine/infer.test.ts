import { expect } from "chai";
import fc from "fast-check";
import {
  type CurrentPerson,
  type Inference,
  type InferOptions,
  inferMapping,
  targetProblem,
} from "../../src/engine/infer/infer.js";
import { readings } from "../../src/engine/infer/names.js";
import { orderedRoles } from "../../src/engine/infer/roles.js";
import { judgePerson, someoneBy } from "../../src/engine/judge.js";
import { parseTarget } from "../../src/engine/target-text.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { type Target, targetLabel } from "../../src/model/target.js";
import { expectValid } from "./lint-made-up.js";
import { compiled, link } from "./made-up.js";

const OPTIONS: InferOptions = { leastPeople: 1, allowedGains: 0, roleOrder: [] };

/** `ann: Eng, Ops > Platform/editor, tenant/admin` */
function people(...lines: readonly string[]): readonly CurrentPerson[] {
  return lines.map((line) => {
    const [userName = "", rest = ""] = line.split(": ");
    const [groups = "", held = ""] = rest.split(">");
    const list = (text: string) =>
      text
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== "");
    return { userName, groups: list(groups), holds: list(held).map((one) => parseTarget(one) as Target) };
  });
}

function given(document: MappingDocument, groups: readonly string[]): readonly string[] {
  const decision = judgePerson(someoneBy(compiled(document), link({ groups })), new Map());
  return [...new Set(decision.desired.map(({ target }) => targetLabel(target)))].sort();
}

/** INVARIANT of inference: by the mapping and the exceptions people have what they have, and what is listed as a gain. */
function expectReproduced(who: readonly CurrentPerson[], { document, exceptions, gains }: Inference): void {
  for (const { userName, groups, holds } of who) {
    const labels = (list: readonly { readonly userName: string; readonly target: Target }[]) =>
      list.filter((one) => one.userName === userName).map(({ target }) => targetLabel(target));
    const excepted = labels(exceptions);
    const now = [...new Set([...given(document, groups), ...excepted])].sort();
    const wanted = [...new Set([...holds.map(targetLabel), ...labels(gains)])].sort();
    expect(now, `${userName} by ${JSON.stringify(document)}`).to.deep.equal(wanted);
  }
}

function rulesOf(inference: Inference): readonly RuleDocument[] {
  return inference.document.mappings ?? [];
}

describe("inferring a mapping", () => {
  it("names the groups that everybody with the target is in, and nobody else", async () => {
    const who = people(
      "ann: Eng, All > Platform/editor",
      "bob: Eng, All, Sec > Platform/editor, tenant/admin",
      "cy: Sec, All > tenant/admin",
      "dan: All",
    );
    const found = inferMapping(who, OPTIONS);
    expect(rulesOf(found)).to.deep.equal([
      { group_name: "Eng", team_name: "Platform", role_name: "editor" },
      { group_name: "Sec", scope: "tenant", role_name: "admin" },
    ]);
    expect([found.exceptions, found.gains]).to.deep.equal([[], []]);
    expectReproduced(who, found);
    await expectValid(found.document);
    expect(found.document.examples).to.have.length(2);
  });

  it("takes as few groups as cover a target, the larger ones first, and none that others make needless", () => {
    const who = people(
      "a: Big, X > T/v",
      "b: Big, Y > T/v",
      "c: Big, X, Left > T/v",
      "d: Y, Right > T/v",
      "e: Left > T/v",
      "f: Right, Y > T/v",
    );
    const [rule] = rulesOf(inferMapping(who, OPTIONS));
    expect(rule?.group_name).to.deep.equal(["Big", "Left", "Right"]);
    const greedy = people(
      "a: L, M1 > T/v",
      "b: L, M2 > T/v",
      "c: L, M1 > T/v",
      "d: L, M2 > T/v",
      "e: M1 > T/v",
      "f: M2 > T/v",
      "g: M1 > T/v",
      "h: M2 > T/v",
      "i: L",
    );
    expect(rulesOf(inferMapping(greedy, OPTIONS))[0]?.group_name).to.deep.equal(["M1", "M2"]);
    const late = people("1: A, B > T/v", "2: A, C > T/v", "3: A, B > T/v", "4: A, C > T/v", "5: B > T/v", "6: C > T/v");
    expect(rulesOf(inferMapping(late, OPTIONS))[0]?.group_name).to.deep.equal(["B", "C"]);
  });

  it("says why an exception is one, by the nearest group", () => {
    const who = people("ann: Eng > T/v", "bob: Eng", "cy: > T/v", "dan: One > T/x");
    const { exceptions } = inferMapping(who, { ...OPTIONS, leastPeople: 2 });
    expect(
      exceptions.map(({ userName, target, reason }) => `${userName} ${targetLabel(target)}: ${reason}`).sort(),
    ).to.deep.equal([
      "ann T/v: no group fits: of 2 in `Eng`, 1 holds this",
      "cy T/v: the person is in no group",
      "dan T/x: only 1 in `One`, too few to make a rule of",
    ]);
  });

  it("lets as many gain as it is told, and lists them", () => {
    const who = people("a: Eng > T/v", "b: Eng > T/v", "c: Eng", "d: Eng2 > T/v", "e: Eng2", "f: Eng2 > T/v");
    const found = inferMapping(who, { ...OPTIONS, allowedGains: 1 });
    expect(found.gains.map(({ userName }) => userName)).to.deep.equal(["c"]);
    expect(found.exceptions.map(({ userName }) => userName)).to.deep.equal(["d", "f"]);
    expectReproduced(who, found);
    expect(inferMapping(who, { ...OPTIONS, allowedGains: 2 }).exceptions).to.deep.equal([]);
  });

  it("gives to everyone what everyone has, unless that is a privilege, few people, or one group says it", () => {
    const many = (count: number, target: string, group = "") =>
      people(...Array.from({ length: count }, (_, index) => `p${index}: ${group} > ${target}`));
    expect(rulesOf(inferMapping(many(10, "*/viewer"), OPTIONS))).to.deep.equal([
      { everyone: true, scope: "all_teams", role_name: "viewer" },
    ]);
    expect(rulesOf(inferMapping(many(10, "T/viewer", "All"), OPTIONS))[0]?.group_name).to.equal("All");
    for (const [count, target] of [
      [9, "T/viewer"],
      [10, "tenant/viewer"],
      [10, "T/admin"],
    ] as const) {
      expect(inferMapping(many(count, target), OPTIONS).exceptions).to.have.length(count);
    }
  });

  it("finds a convention with teams and roles, with what each text means", async () => {
    const who = people(
      "a: app-acme-platform-rw > Platform/editor",
      "b: app-acme-platform-ro, app-acme-sales-rw > Platform/viewer, Sales/editor",
      "c: app-acme-sales-ro > Sales/viewer",
      "d: app-acme-site-rel-ro, app-other > site-rel/viewer",
      "e: app-acme-site-rel-rw > site-rel/editor",
    );
    const found = inferMapping(who, OPTIONS);
    expect(rulesOf(found)).to.deep.equal([
      {
        group_pattern: "app-acme-{team}-{role}",
        values: {
          team: { platform: "Platform", sales: "Sales", "site-rel": true },
          role: { ro: "viewer", rw: "editor" },
        },
        team_name: "{team}",
        role_name: "{role}",
      },
    ]);
    expect(found.document.role_order).to.deep.equal(["viewer", "editor"]);
    expectReproduced(who, found);
    await expectValid(found.document);
  });

  it("finds a convention with the role in front, with one role alone, and leaves out a group that does not follow it", () => {
    const front = people(
      ...["a", "b", "c"].flatMap((team) => [
        `${team}1: adm_${team} > ${team}/boss`,
        `${team}2: usr_${team} > ${team}/member`,
      ]),
    );
    expect(rulesOf(inferMapping(front, OPTIONS)).map((rule) => rule.group_pattern)).to.deep.equal(["{role}_{team}"]);
    const one = people(
      "a: team A > A/v",
      "b: team B > B/v",
      "c: team C > C/v",
      "d: team D > D/v",
      "e: team X > Y/w",
      "f: team Z",
    );
    const found = inferMapping(one, OPTIONS);
    expect(rulesOf(found).map((rule) => rule.group_pattern ?? rule.group_name)).to.deep.equal([
      "team {team}",
      "team X",
    ]);
    expectReproduced(one, found);
  });

  it("leaves texts out of a convention until no group gets more than its members have", () => {
    const teams = ["a", "b", "c", "d"];
    const lines = teams.flatMap((team) => [
      `${team}1: g-${team}-ro > ${team}/viewer`,
      `${team}2: g-${team}-rw > ${team}/editor`,
    ]);
    const who = people(
      ...lines,
      "x1: g-x-ro > x/viewer",
      "x2: g-x-rw > x/viewer",
      "x3: g-x-rw",
      "z: g-a-zz > a/odd",
      "y: g-b-zz > b/other",
    );
    const found = inferMapping(who, OPTIONS);
    expect(Object.keys(rulesOf(found)[0]?.values?.["team"] ?? {})).to.deep.equal(teams);
    expectReproduced(who, found);
  });

  it("reads data in which only the highest role counts, and says so in the document", () => {
    const who = people(
      ...["a", "b", "c"].flatMap((team) => [
        `${team}1: g-${team}-ro > ${team}/viewer`,
        `${team}2: g-${team}-ro, g-${team}-rw > ${team}/editor`,
      ]),
    );
    const found = inferMapping(who, OPTIONS);
    expect(found.exceptions).to.deep.equal([]);
    expectReproduced(who, found);
    const plain = people("1: Staff > T/viewer", "2: Staff, Boss > T/editor", "3: Staff > T/viewer");
    const literal = inferMapping(plain, OPTIONS);
    expect(literal.document).to.deep.include({
      role_order: ["viewer", "editor"],
      conflicts: { team: "highest", tenant: "all", all_teams: "all", resource: "all" },
    });
    expectReproduced(plain, literal);
    const reversed = inferMapping(plain, { ...OPTIONS, roleOrder: ["editor", "viewer"] });
    expect(reversed.exceptions).to.have.length(2);
    expectReproduced(plain, reversed);
  });

  it("keeps its one rule when one person of many holds a lower role too, which is then the one exception", () => {
    const wiki = Array.from({ length: 40 }, (_, index) => {
      const groups = [
        "Staff-Wiki",
        ...(index % 2 ? ["Writers-Wiki"] : []),
        ...(index % 8 === 1 ? ["Admins-Wiki"] : []),
      ];
      return `p${index}: ${groups.join(", ")} > Wiki/${["viewer", "editor", "admin"][groups.length - 1]}`;
    });
    const clean = inferMapping(people(...wiki), { ...OPTIONS, leastPeople: 2 });
    expect(rulesOf(clean).map(({ group_pattern }) => group_pattern)).to.deep.equal(["{role}-{team}"]);
    for (const [name, extra, kept] of [
      ["an admin", "p1: > Wiki/viewer", "Wiki/admin"],
      ["an admin by another role", "p1: > Wiki/editor", "Wiki/admin"],
      ["an editor", "p3: > Wiki/viewer", "Wiki/editor"],
    ] as const) {
      const [whom = "", more = ""] = extra.split(": > ");
      const who = people(...wiki.map((line) => (line.startsWith(`${whom}:`) ? `${line}, ${more}` : line)));
      const found = inferMapping(who, { ...OPTIONS, leastPeople: 2 });
      const { examples: _, ...document } = found.document;
      expect(clean.document, name).to.deep.include(document);
      expect(
        found.exceptions.map(({ userName, target, reason }) => [userName, targetLabel(target), reason]),
      ).to.deep.equal([[whom, more, `rules give \`${kept}\`, and only the highest role in a team counts`]]);
      expectReproduced(who, found);
    }
  });

  it("takes of adding up and the highest role what leaves fewer rules and exceptions, of equals adding up", () => {
    const both = people("1: Staff > T/viewer", "2: Staff, Boss > T/viewer, T/editor", "3: Staff > T/viewer");
    expect(inferMapping(both, OPTIONS).document.conflicts).to.equal("all");
    const fewer = people("1: A > T/viewer", "2: A, B > T/editor", "3: A > T/viewer", "4: A, B > T/editor, T/viewer");
    const found = inferMapping(fewer, { ...OPTIONS, leastPeople: 2 });
    expect([found.document.conflicts, rulesOf(found).length, found.exceptions.length]).to.deep.equal([
      { team: "highest", tenant: "all", all_teams: "all", resource: "all" },
      2,
      1,
    ]);
    expectReproduced(fewer, found);
    const exceptionsFirst = people("1: A > T/v", "2: B > T/v, T/w", "3: A > T/v", "4: B > T/v, T/w");
    expect(inferMapping(exceptionsFirst, OPTIONS).exceptions).to.deep.equal([]);
  });

  it("lets nobody gain a higher role who would lose the one they hold by it", () => {
    const who = people(
      "p0: app-c-ro > c/viewer",
      "p1: app-c-ro, Staff > c/editor",
      "p2: app-a-ro, app-c-ro > a/viewer, c/editor",
      "p3: ",
    );
    const found = inferMapping(who, { ...OPTIONS, allowedGains: 1 });
    expectReproduced(who, found);
    const another = people(
      "p0: Boss",
      "p1: app-a-ro, app-b-rw, Boss > a/viewer, b/editor",
      "p2: ",
      "p3: app-a-ro, app-a-rw, Boss > a/editor",
      "p4: > a/editor",
    );
    expectReproduced(another, inferMapping(another, { ...OPTIONS, leastPeople: 2, allowedGains: 1 }));
    const several = people(
      "p0: Boss > a/viewer",
      "p1: app-b-ro, app-b-rw > a/viewer",
      "p2: app-b-ro, app-c-ro, Staff > a/editor",
      "p3: Staff > a/viewer",
      "p4: Staff",
      "p5: ",
    );
    expectReproduced(several, inferMapping(several, { ...OPTIONS, allowedGains: 1 }));
  });

  it("tells rules apart that give several roles in one place to one group", async () => {
    const who = people("a: G > T/x, T/y", "b: G > T/x, T/y");
    const { document } = inferMapping(who, OPTIONS);
    expect(document.mappings?.map(({ id = null }) => id)).to.deep.equal([null, "inferred-2"]);
    await expectValid(document);
  });

  it("splits what is longer than the schema lets a list be", () => {
    const who = people("x: Z", ...Array.from({ length: 502 }, (_, index) => `p${index}: G${index} > T/v`));
    expect(rulesOf(inferMapping(who, OPTIONS)).map((rule) => rule.group_name?.length)).to.deep.equal([500, 2]);
  });

  it("names groups one by one where a capture would hold more texts than the schema lets it", () => {
    const who = people("x: Z", ...Array.from({ length: 2001 }, (_, index) => `p${index}: t-${index} > T${index}/v`));
    expect(rulesOf(inferMapping(who, OPTIONS))).to.have.length(2001);
    expect(rulesOf(inferMapping(who.slice(0, 2001), OPTIONS)).map(({ group_pattern }) => group_pattern)).to.deep.equal([
      "t-{team}",
    ]);
  }).timeout(20_000);

  it("takes braces in names as they are", async () => {
    const who = people(...["a", "b", "c"].map((team) => `${team}: t-${team} > ${team}/{x}`), "d: {d}-e > d/v", "e: e");
    const found = inferMapping(who, { ...OPTIONS, roleOrder: ["v", "v"] });
    expectReproduced(who, found);
    await expectValid(found.document);
  });

  it("leaves a document without examples where a target is none", () => {
    const who = [{ userName: "a", groups: ["G"], holds: [{ scope: "nowhere", role: "x" }] }];
    expect(inferMapping(who, OPTIONS).document).to.not.have.property("examples");
  });

  it("knows what no mapping can give", () => {
    expect(targetProblem({ scope: "team:A", role: "owner" })).to.contain("scope `tenant` only");
    expect(targetProblem({ scope: "nowhere", role: "x" })).to.contain("is no scope");
    expect(targetProblem({ scope: "tenant", role: "owner" })).to.equal(undefined);
  });
});

describe("names that follow conventions", () => {
  it("are read in every way that leaves a part for the team", () => {
    expect(readings("a-b-c").map(({ pattern, team, role = "" }) => `${pattern} ${team} ${role}`)).to.include.members([
      "{team}-{role} a-b c",
      "{role}-{team} b-c a",
      "a-{team} b-c ",
      "a-{team}-c b ",
      "a-{team}-{role} b c",
    ]);
    for (const odd of ["plain", "", "-", "a{b}-c", "x*-y"]) expect(readings(odd)).to.deep.equal([]);
  });

  it("put roles in the order that their words say, those that are given above", () => {
    const roles = ["sysadmin", "editor", "thing", "Viewer", "guest", "lead", "editor"];
    expect(orderedRoles(roles, [])).to.deep.equal(["guest", "Viewer", "thing", "editor", "lead", "sysadmin"]);
    expect(orderedRoles(roles, ["lead", "guest"])).to.deep.equal([
      "Viewer",
      "thing",
      "editor",
      "sysadmin",
      "lead",
      "guest",
    ]);
  });
});

const GROUPS = ["app-a-ro", "app-a-rw", "app-b-ro", "app-b-rw", "app-c-ro", "app-c-rw", "app-x", "Staff", "Boss"];
const aTarget = fc.constantFrom(
  "a/viewer",
  "a/editor",
  "b/viewer",
  "b/editor",
  "c/editor",
  "*/viewer",
  "tenant/owner",
  "resource:k:n/x",
);
const aLiteral = fc
  .record({ groups: fc.subarray(GROUPS, { minLength: 1, maxLength: 3 }), target: aTarget })
  .map(({ groups, target }): RuleDocument => {
    const { scope, role } = parseTarget(target) as Target;
    return scope.startsWith("team:")
      ? { group_name: groups, team_name: scope.slice(5), role_name: role }
      : { group_name: groups, scope, role_name: role };
  });
const CONVENTION: RuleDocument = {
  group_pattern: "app-{t}-{r}",
  values: { t: ["a", "b", "c"], r: { ro: "viewer", rw: "editor" } },
  team_name: "{t}",
  role_name: "{r}",
};
const aMapping = fc
  .record({
    literal: fc.array(aLiteral, { maxLength: 5 }),
    convention: fc.boolean(),
    conflicts: fc.constantFrom("all" as const, "highest" as const, "first" as const),
  })
  .map(
    ({ literal, convention, conflicts }): MappingDocument => ({
      conflicts,
      role_order: ["viewer", "editor"],
      mappings: [...literal.map((rule, index) => ({ id: `r${index}`, ...rule })), ...(convention ? [CONVENTION] : [])],
    }),
  );
const someGroups = fc.array(fc.subarray(GROUPS, { maxLength: 4 }), { minLength: 1, maxLength: 14 });

function peopleBy(
  document: MappingDocument,
  groups: readonly (readonly string[])[],
  extra: readonly (readonly [number, string])[],
) {
  return groups.map((mine, index): CurrentPerson => {
    const more = extra.flatMap(([whom, target]) => (whom % groups.length === index ? [target] : []));
    const held = [...new Set([...given(document, mine), ...more])];
    return { userName: `p${index}`, groups: mine, holds: held.map((one) => parseTarget(one) as Target) };
  });
}

describe("inference, whatever the data", () => {
  it("reproduces exactly what people have: nobody gains or loses anything that is not listed", () => {
    const noise = fc.array(fc.tuple(fc.nat(50), aTarget), { maxLength: 4 });
    fc.assert(
      fc.property(
        aMapping,
        someGroups,
        noise,
        fc.constantFrom(1, 2),
        fc.constantFrom(0, 0, 1, 3),
        (document, groups, extra, leastPeople, allowedGains) => {
          const who = peopleBy(document, groups, extra);
          const found = inferMapping(who, { leastPeople, allowedGains, roleOrder: [] });
          expectReproduced(who, found);
          if (allowedGains === 0) expect(found.gains).to.deep.equal([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("is no larger than the literal mapping that the data came from, and leaves no exceptions", () => {
    fc.assert(
      fc.property(fc.array(aLiteral, { maxLength: 6 }), someGroups, (literal, groups) => {
        const mappings = literal.map((rule, index) => ({ id: `r${index}`, ...rule }));
        const who = peopleBy({ conflicts: "all", mappings }, groups, []);
        const found = inferMapping(who, OPTIONS);
        expect(found.exceptions).to.deep.equal([]);
        expect(rulesOf(found).length).to.be.at.most(mappings.length);
      }),
      { numRuns: 300 },
    );
  });

  it("does not depend on the order of people or of their groups", () => {
    fc.assert(
      fc.property(aMapping, someGroups, (document, groups) => {
        const who = peopleBy(document, groups, []);
        const turned = who.toReversed().map((one) => ({ ...one, groups: one.groups.toReversed() }));
        expect(inferMapping(turned, OPTIONS).document).to.deep.equal(inferMapping(who, OPTIONS).document);
      }),
      { numRuns: 100 },
    );
  });
});
