import { expect } from "chai";
import { explain } from "../../src/engine/explain/explain.js";
import { linkFacts } from "../../src/engine/facts.js";
import { holdsName, knownNames, mappedNames, repin } from "../../src/engine/pins/group-pins.js";
import { acceptNames, confirmName, freedBy, moveName } from "../../src/engine/pins/pin-orders.js";
import type { ClaimsDocument } from "../../src/model/directory.js";
import { type GroupFact, USER_ATTRIBUTES, type UserAttribute } from "../../src/model/facts.js";
import type { DirectoryUserId } from "../../src/model/ids.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import type { DirectoryGroupRecord, GroupPin, LinkConnection, PersonLink } from "../../src/model/person.js";
import {
  BEFORE,
  compiled,
  connection,
  decided,
  desiredOf,
  evaluated,
  group,
  known,
  link,
  NOW,
  outcomesOf,
  state,
} from "./made-up.js";

const SINCE = "2026-11-20T00:00:00.000Z";

function pin(name: string, state: GroupPin["state"] = "held", knownAs: readonly string[] = [name]): GroupPin {
  return { name, state, knownAs, since: SINCE };
}

function record(id: string, displayName: string, ...pins: readonly GroupPin[]): DirectoryGroupRecord {
  const more = pins.length > 0 ? { pins } : {};
  return { id, displayName, idpMappingNames: [], firstMembershipAt: BEFORE, deleted: false, ...more };
}

describe("group pins", () => {
  describe("the names that rules know a group by", () => {
    const cases: readonly (readonly [string, DirectoryGroupRecord, readonly string[]])[] = [
      ["its own, where it holds none", { ...record("g", "A"), idpMappingNames: ["B", "A"] }, ["A", "B"]],
      ["what it was called when it took a name", record("g", "New", pin("A", "held", ["A", "x"])), ["A", "x"]],
      ["the same while it waits", record("g", "New", pin("A", "waiting")), ["A"]],
      ["not one that it contends for", record("g", "A", pin("A", "contends")), []],
      [
        "its other names beside one that it contends for",
        { ...record("g", "A", pin("A", "contends")), idpMappingNames: ["B"] },
        ["B"],
      ],
      ["what it holds, and not what it is called beside it", record("g", "B", pin("A"), pin("B", "contends")), ["A"]],
      ["a name that an admin gave it", record("g", "X", pin("A", "held", ["X"])), ["X", "A"]],
    ];
    for (const [what, one, names] of cases) {
      it(`are ${what}`, () => expect(knownNames(one)).to.deep.equal(names));
    }
  });

  it("give nothing to a group that calls itself by another living one's id, as the alias book may say ids", () => {
    const real = { ...record("1", "Finance"), externalId: "ext-fin" };
    const wanted = new Set(["ext-fin", "1", "own", "gone"]);
    const groups = [
      real,
      record("2", "ext-fin"),
      record("3", "1"),
      { ...record("4", "own"), externalId: "own" },
      record("5", "gone"),
      { ...record("6", "Old"), externalId: "gone", deleted: true },
    ];
    const { pins, groups: after } = repin(groups, new Set(), wanted);
    const told = pins.map(({ group: of, name, state: how }) => `${of} ${name} ${how}`);
    expect(told).to.deep.equal(["2 ext-fin contends", "3 1 contends", "4 own held", "5 gone held"]);
    expect(after.map(knownNames)).to.deep.equal([["Finance"], [], [], ["own"], ["gone"], ["Old"]]);
    const freed = repin([...after, record("7", "x", pin("x"))], new Set([...wanted, "x"]), wanted);
    expect(freed.pins, "nor does it inherit such a name").to.deep.equal([]);
  });

  it("names texts of expressions that read names of groups, wherever these stand, and of no others", () => {
    const conditions: Readonly<Record<string, readonly string[]>> = {
      "'A' in groups": ["A"],
      "$count(groups[$ = 'A' or $ in ['B', 'C']]) > 0": ["A", "B", "C"],
      "$count({'key': groups[$ = 'A']}.key) > 0": ["A", "key"],
      "$filter(groups, function($g) { $g = 'A' }) ? 'B' = 'B' : user.title = 'C'": ["A", "B", "C"],
      "(groups ?? 'A') = \"B\"": ["A", "B"],
      "'\u{1F512} A' in groups and '' in groups and '\\u0000' in groups and '\\ud83d' in groups": ["\u{1F512} A"],
      [`'${"n".repeat(512)}' in groups or '${"n".repeat(513)}' in groups`]: ["n".repeat(512)],
      "'A' in group_ids or 'A' in app_roles or user.title = 'A'": [],
    };
    for (const [when, names] of Object.entries(conditions)) {
      const mapping = compiled({ mappings: [{ when, team_name: "T", role_name: "editor" }] });
      expect([...mappedNames(mapping, "idp")].sort(), when).to.deep.equal(names);
    }
  });

  it("names texts of conditions and computed targets after the alias book, where the rule is read", () => {
    const mapping = compiled({
      groups: { Finance: { idp: ["app-finance", "g-77"] } },
      role_order: ["editor"],
      mappings: [
        { group_pattern: "app-*", when: "group.name = 'Finance'", team_name: "A", role_name: "editor" },
        { everyone: true, when: "user.title = 'no'", grants: "'IT' in groups ? {'team': 'A', 'role': 'editor'}" },
        { when: "'Only other' in groups", connections: ["other"], team_name: "A", role_name: "editor" },
        { when: "'Off' in groups", enabled: false, team_name: "A", role_name: "editor" },
        { group_id: "g", when: "group.id = 'by-id'", team_name: "A", role_name: "editor" },
      ],
    });
    const computed = ["A", "IT", "editor", "role", "team"];
    expect([...mappedNames(mapping, "idp")].sort()).to.deep.equal([...computed, "app-finance", "g-77"].sort());
    expect([...mappedNames(mapping, "other")].sort()).to.deep.equal([...computed, "Finance", "Only other"].sort());
  });

  it("names what literal rules look for, after the alias book, and no pattern", () => {
    const mapping = compiled({
      groups: { Finance: { idp: "app-finance" } },
      tenant_owners_groups: ["IT"],
      mappings: [
        { group_name: ["Finance", "Ops"], team_name: "A", role_name: "editor" },
        { group_name: "Only other", connections: ["other"], team_name: "A", role_name: "viewer" },
        { group_pattern: "x-{team}", team_name: "{team}", role_name: "viewer" },
        { group_id: "id-1", team_name: "B", role_name: "viewer" },
        { everyone: true, team_name: "C", role_name: "viewer" },
        { group_name: "Off", enabled: false, team_name: "C", role_name: "editor" },
      ],
    });
    expect([...mappedNames(mapping, "idp")].sort()).to.deep.equal(["IT", "Ops", "app-finance"]);
    expect([...mappedNames(mapping, "other")].sort()).to.deep.equal(["Finance", "IT", "Only other", "Ops"]);
  });

  describe("under another mapping", () => {
    const names = (...list: readonly string[]) => new Set(list);

    it("stay, in the very same list, while the names are the same", () => {
      const groups = [record("a", "A", pin("A"))];
      expect(repin(groups, names("A"), names("A"))).to.deep.equal({ groups, dropped: [], fresh: [], pins: [] });
      expect(repin(groups, names("A"), names("A", "Else")).groups).to.equal(groups);
    });

    it("go to every living group that bears a new name, so that nobody loses anything", () => {
      const gone = { ...record("c", "A"), deleted: true };
      const { pins, fresh, groups } = repin([record("a", "A"), record("b", "A"), gone], names(), names("A"));
      expect(pins.map((one) => `${one.group} ${one.name} ${one.state}`)).to.deep.equal(["a A held", "b A held"]);
      expect(fresh).to.deep.equal(["A"]);
      expect(groups.map(holdsName)).to.deep.equal([true, true, false]);
    });

    it("give a renamed group the new name beside the one that it holds, by present and by known names", () => {
      const renamed = record("a", "B", pin("A", "held", ["A", "x"]), pin("B", "contends"));
      const present = repin([renamed], names("A"), names("A", "B"));
      expect(knownNames(present.groups[0] as DirectoryGroupRecord)).to.deep.equal(["A", "x", "B"]);
      const former = repin([renamed], names("A"), names("A", "x"));
      expect(former.pins).to.deep.equal([{ group: "a", name: "x", state: "held", knownAs: ["A", "x"] }]);
    });

    it("forget a name that is dropped: the group goes by what it is called now", () => {
      const { groups, dropped } = repin([record("a", "B", pin("A")), record("b", "C")], names("A"), names());
      expect(dropped).to.deep.equal(["A"]);
      expect(groups.map(knownNames)).to.deep.equal([["B"], ["C"]]);
    });

    it("go on waiting under a name that the mapping does not use for a while", () => {
      const groups = [record("a", "A", pin("A", "waiting")), record("b", "A", pin("A", "contends"))];
      const unchanged = { groups, dropped: [], fresh: [], pins: [] };
      expect(repin(groups, names("A"), names()), "dropped").to.deep.equal(unchanged);
      expect(repin(groups, names("A"), names("A")), "used again").to.deep.equal(unchanged);
    });

    it("let a group that loses its last name so take one that is free, waiting, and none that is held", () => {
      const late = record("b", "B", pin("B", "contends"), pin("C", "contends"));
      const first = record("a", "B", pin("A"), pin("B", "contends"));
      const { groups, pins } = repin([late, first, record("c", "C", pin("C"))], names("A", "B", "C"), names("B", "C"));
      expect(pins).to.deep.equal([{ group: "a", name: "B", state: "waiting", knownAs: ["B"] }]);
      expect(groups.map(knownNames)).to.deep.equal([[], ["B"], ["C"]]);
    });
  });

  describe("by an admin's order", () => {
    it("confirm only who waits under the name", () => {
      const groups = [record("a", "A", pin("A", "waiting")), record("b", "B", pin("B", "waiting")), record("c", "C")];
      expect(confirmName(groups, "A")).to.deep.equal({
        remove: [],
        put: [{ group: "a", name: "A", state: "held", knownAs: ["A"] }],
      });
    });

    it("move: those that held it contend while they are called so, and leave it otherwise", () => {
      const groups = [
        record("a", "A", pin("A")),
        record("b", "B", pin("A")),
        record("c", "C"),
        record("d", "D", pin("Other")),
      ];
      const order = moveName(groups, "A", { id: "c" });
      expect(order.remove).to.deep.equal([{ group: "b", name: "A" }]);
      expect(order.put.map((one) => `${one.group} ${one.state}`)).to.deep.equal(["a contends", "c held"]);
      expect(freedBy(groups, order).map(({ id }) => id)).to.deep.equal(["a", "b"]);
    });

    it("move to a group that holds a name gives it that one more, and not what it is called now", () => {
      const groups = [record("a", "Now", pin("Then"))];
      expect(moveName(groups, "A", { id: "a" }).put).to.deep.equal([
        { group: "a", name: "A", state: "held", knownAs: ["A"] },
      ]);
    });

    it("accept: leaves names that it has no more, takes free ones, keeps waiting where it waits", () => {
      const one = {
        ...record("a", "B", pin("A"), pin("B", "contends"), pin("C", "waiting"), pin("D", "contends")),
        idpMappingNames: ["C", "D"],
      };
      const groups = [one, record("b", "D", pin("D")), record("c", "Else")];
      const order = acceptNames(groups, one);
      expect(order.remove).to.deep.equal([{ group: "a", name: "A" }]);
      expect(order.put.map((put) => `${put.name} ${put.state} ${put.knownAs}`)).to.deep.equal([
        "B held B,C,D",
        "C waiting B,C,D",
      ]);
      expect(freedBy(groups, order)).to.deep.equal([]);
      expect(acceptNames([], record("x", "X"))).to.deep.equal({ remove: [], put: [] });
    });
  });

  describe("as facts", () => {
    const renamed = record("a", "New", pin("A"));
    const newcomer = record("b", "A", pin("A", "contends"));
    const waiting = record("c", "W", pin("W", "waiting"));

    function pushed(...groups: readonly DirectoryGroupRecord[]): PersonLink {
      const attributes = Object.fromEntries(USER_ATTRIBUTES.map((name) => [name, null])) as Record<UserAttribute, null>;
      const scim = { active: true, deleted: false, attributes, appRoles: known([]), createdAt: BEFORE };
      const memberships = groups.map((one) => ({ group: one, since: BEFORE }));
      return factsOf({ memberships, scim }, groups);
    }

    function claimed(
      values: readonly string[],
      directoryGroups: readonly DirectoryGroupRecord[],
      stale = false,
    ): PersonLink {
      const groups = { value: values, at: NOW, ...(stale ? { staleSince: BEFORE } : {}) };
      const claims: ClaimsDocument = { attributes: {}, claims: {}, at: NOW, groups };
      return factsOf({ memberships: [], claims }, directoryGroups);
    }

    function factsOf(made: object, directoryGroups: readonly DirectoryGroupRecord[]): PersonLink {
      const where: LinkConnection = connection({ sync: "live", directoryGroups, settleSeconds: 0 });
      const facts = linkFacts(
        { directoryUser: "du" as DirectoryUserId, memberships: [], ...made, connection: where },
        NOW,
      );
      if (!facts) throw new Error("no evidence");
      return facts;
    }

    it("show the known name, what it is called now, and the name that waits", () => {
      const [first, second, third] = pushed(renamed, newcomer, waiting).facts.groups.members;
      expect(first)
        .to.deep.include({ names: ["A"], presentName: "New" })
        .and.not.have.property("waiting");
      expect(second).to.deep.include({ names: [], presentName: "A" });
      expect(third)
        .to.deep.include({ names: ["W"], waiting: "W" })
        .and.not.have.property("presentName");
    });

    it("find a renamed group by claims of either name", () => {
      for (const name of ["A", "New", "a"]) {
        const { members } = claimed([name], [renamed]).facts.groups;
        expect(members, name).to.have.length(1);
        expect(members[0], name).to.deep.include({ names: ["A"], ids: ["a"], source: "claims" });
        expect(members[0], name).not.to.have.property("staleSince");
      }
    });

    it("take a claim that may mean the newcomer for nothing new, and an id beside it for certain", () => {
      const [only] = claimed(["A"], [renamed, newcomer]).facts.groups.members;
      expect(only).to.deep.include({ names: ["A"], ids: ["a"], staleSince: SINCE });
      for (const values of [
        ["A", "a"],
        ["a", "A"],
      ]) {
        const [certain] = claimed(values, [renamed, newcomer]).facts.groups.members;
        expect(certain, values.join()).not.to.have.property("staleSince");
      }
      const [older] = claimed(["A"], [renamed, newcomer], true).facts.groups.members;
      expect(older).to.include({ staleSince: BEFORE });
    });

    it("date the doubt from the first newcomer, and end it with the last living one", () => {
      const earlier = record("d", "A", { ...pin("A", "contends"), since: BEFORE });
      for (const groups of [
        [renamed, newcomer, earlier],
        [renamed, earlier, newcomer],
      ]) {
        expect(claimed(["A"], groups).facts.groups.members[0]).to.include({ staleSince: BEFORE });
      }
      const gone = { ...newcomer, deleted: true };
      expect(claimed(["A"], [renamed, gone]).facts.groups.members[0]).not.to.have.property("staleSince");
    });

    it("find a group by the name that it may not take, while nobody holds it", () => {
      const both = record("a", "B", pin("A"), pin("B", "contends"));
      expect(claimed(["B"], [both]).facts.groups.members[0]).to.deep.include({ names: ["A"], presentName: "B" });
    });

    it("have no name for a group that contends for its only one, so that no condition takes it for the holder", async () => {
      const rule = { group_id: ["a", "b"], team_name: "T", role_name: "editor" };
      const mapping = compiled({
        mappings: [
          { ...rule, id: "is", when: "group.name = 'A'" },
          { ...rule, id: "is-now", when: "group.name = 'New'" },
          { ...rule, id: "has", when: "'A' in groups" },
          { ...rule, id: "by-id", when: "group.id = 'b'" },
        ],
      });
      const factOf = (one: DirectoryGroupRecord) => pushed(one).facts.groups.members[0] as GroupFact;
      const outcomes = async (one: DirectoryGroupRecord) =>
        outcomesOf(await evaluated(mapping, link({ groups: [factOf(one)] })));
      expect(await outcomes(newcomer)).to.deep.equal(["by-id matched T/editor"]);
      expect(await outcomes(renamed)).to.deep.equal(["is matched T/editor", "has matched T/editor"]);
    });

    it("say both names in evidence, and the present one where no name is known", async () => {
      const mapping = compiled({
        mappings: [
          { id: "name", group_name: "A", team_name: "T", role_name: "editor" },
          { id: "id", group_id: "b", team_name: "U", role_name: "editor" },
        ],
      });
      const { notable } = await evaluated(mapping, pushed(renamed, newcomer));
      const labels = notable.flatMap((one) =>
        one.status === "matched" ? one.matches.map((m) => m.evidence[0]?.label) : [],
      );
      expect(labels).to.deep.equal(["A (now New)", "A"]);
    });
  });

  describe("waiting for an admin", () => {
    const document: MappingDocument = {
      mappings: [
        { id: "admin", group_name: "W", scope: "tenant", role_name: "admin" },
        { id: "team", group_name: "W", team_name: "T", role_name: "editor" },
        { id: "marked", group_name: "W", team_name: "T", role_name: "root" },
        { id: "by-id", group_id: "g-1", scope: "tenant", role_name: "reader" },
        { id: "pattern", group_pattern: "W{x}", scope: "tenant", role_name: "pattern-{x}" },
        { id: "condition", when: "'W' in groups", scope: "tenant", role_name: "asked" },
        { id: "free", when: "user.title = 'Boss'", scope: "tenant", role_name: "boss" },
        { id: "computed", group_name: "W", grants: "[{'team': 'T', 'role': group.name}]" },
        { id: "read", everyone: true, grants: "[{'team': 'T', 'role': $string($count(groups))}]" },
      ],
      conflicts: { team: "all", tenant: "all" },
      role_order: ["editor", "root"],
    };
    const roles = { privilegedRoles: new Set(["root"]) };
    const waits = group("W", { ids: ["g-1"], waiting: "W" });

    it("gives what is ordinary, and nothing privileged: by name, pattern, condition or computed target", async () => {
      const made = link({ groups: [waits], user: { title: "Boss" }, connection: roles });
      expect(outcomesOf(await evaluated(compiled(document), made))).to.deep.equal([
        "admin undecided (unconfirmed_group)",
        "team matched T/editor",
        "marked undecided (unconfirmed_group)",
        "by-id matched tenant/reader",
        "condition undecided (unconfirmed_group)",
        "free matched tenant/boss",
        "computed undecided (unconfirmed_group)",
        "read undecided (unconfirmed_group)",
      ]);
      const pattern = link({ groups: [group("Wx", { waiting: "Wx" })] });
      expect(outcomesOf(await evaluated(compiled(document), pattern))).to.include(
        "pattern undecided (unconfirmed_group)",
      );
    });

    it("gives nothing privileged by a condition on the group's name, although the group itself is found by id", async () => {
      const rule = { group_id: "g-1", scope: "tenant" };
      const mapping = compiled({
        conflicts: { tenant: "all" },
        mappings: [
          { ...rule, id: "named", role_name: "admin", when: "group.name = 'W'" },
          { ...rule, id: "by-id", role_name: "reader", when: "group.id = 'g-1'" },
          { id: "other", group_id: "g-2", scope: "tenant", role_name: "second", when: "group.name != 'W'" },
        ],
      });
      const groups = [waits, group("Sure", { ids: ["g-2"] })];
      expect(outcomesOf(await evaluated(mapping, link({ groups })))).to.deep.equal([
        "named undecided (unconfirmed_group)",
        "by-id matched tenant/reader",
        "other matched tenant/second",
      ]);
    });

    it("lets another group of the person give what waits for this one", async () => {
      const mapping = compiled({
        conflicts: { tenant: "all" },
        mappings: [
          { id: "either", group_name: ["W", "Sure"], scope: "tenant", role_name: "admin" },
          { id: "captured", group_pattern: "p-{x}", scope: "tenant", role_name: "r-{x}" },
          { id: "computed", group_name: ["W", "Sure"], grants: "[{'team': 'T', 'role': group.name}]" },
        ],
        role_order: ["r-a", "r-b"],
      });
      const groups = [waits, "Sure", group("p-a", { waiting: "p-a" }), "p-b"];
      expect(outcomesOf(await evaluated(mapping, link({ groups })))).to.deep.equal([
        "either matched tenant/admin",
        "captured matched tenant/r-b (unconfirmed_group)",
        "computed matched T/Sure (unconfirmed_group)",
      ]);
    });

    it("stays undecided for the reason that was there before", async () => {
      const mapping = compiled({ mappings: [{ group_name: "W", app_role: "x", scope: "tenant", role_name: "admin" }] });
      const made = link({ groups: [waits], appRoles: { known: false, reason: "absent_claim" } });
      expect(outcomesOf(await evaluated(mapping, made))[0]).to.contain("(absent_claim)");
    });

    it("is over for a rule whose condition does not hold, whoever the group turns out to be", async () => {
      const mapping = compiled({
        mappings: [
          { id: "told", group_name: "W", when: "user.department = 'IT'", scope: "tenant", role_name: "admin" },
          { id: "asked", group_name: "W", when: "$count(groups) > 1", scope: "tenant", role_name: "reader" },
          { id: "read", group_name: "W", when: "group.name = 'X'", scope: "tenant", role_name: "auditor" },
        ],
      });
      const outcomes = async (department: string) =>
        outcomesOf(await evaluated(mapping, link({ groups: [waits], user: { department } })));
      const open = ["asked undecided (unconfirmed_group)", "read undecided (unconfirmed_group)"];
      expect(await outcomes("Sales")).to.deep.equal(open);
      expect(await outcomes("IT")).to.deep.equal(["told undecided (unconfirmed_group)", ...open]);
    });

    it("keeps what somebody has, gives nothing new, and says what to do", async () => {
      const mapping = compiled({ mappings: [{ id: "admin", group_name: "W", scope: "tenant", role_name: "admin" }] });
      const made = link({ groups: [waits] });
      const decision = await decided(mapping, [made]);
      expect(desiredOf(decision)).to.deep.equal([]);
      expect(decision.locks.some((lock) => lock.covers({ scope: "tenant", role: "admin" }, "admin"))).to.equal(true);
      const { notGiven } = explain(mapping, [made], decision.evaluations, decision, state());
      expect(notGiven[0]).to.deep.include({ why: "undecided", steps: [{ do: "confirm_group", group: "W" }] });
      expect(notGiven[0]?.sentence).to.contain("waits to be confirmed: confirm group `W`");
    });
  });
});
