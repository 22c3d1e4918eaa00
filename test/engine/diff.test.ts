import { expect } from "chai";
import { applyInMemory } from "../../src/engine/apply-in-memory.js";
import { diff } from "../../src/engine/diff.js";
import type { Evidence } from "../../src/model/grant.js";
import type { ConnectionId } from "../../src/model/ids.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { PersonState } from "../../src/model/person.js";
import type { PersonPlan } from "../../src/model/plan.js";
import { targetLabel } from "../../src/model/target.js";
import {
  ANY_TEAM,
  BEFORE,
  compiled,
  decided,
  grant,
  group,
  link,
  type MadeUpLink,
  NOW,
  state,
  unknown,
} from "./made-up.js";

const OPEN = "user.department = 'IT'";
const UNKNOWN = { user: { department: unknown("never_asserted") } } as const;

function document(...rules: readonly Partial<RuleDocument>[]): MappingDocument {
  return { mappings: rules.map((more) => ({ id: "rule", team_name: "A", role_name: "editor", ...more })) };
}

async function planned(
  mapping: MappingDocument,
  links: readonly MadeUpLink[],
  before: PersonState,
): Promise<PersonPlan> {
  const version = compiled(mapping);
  return diff(before, await decided(version, links.map(link), before), version);
}

/** `+ target by rule`, `- target by rule`, or the change of the account; kept ones as `= target`. */
function shown({ changes, kept }: PersonPlan): readonly string[] {
  const lines = changes.map((change) => {
    if (!("grant" in change)) return change.kind;
    return `${change.kind === "grant" ? "+" : "-"} ${targetLabel(change.grant.target)} by ${change.grant.rule}`;
  });
  return [...lines, ...kept.map((one) => `= ${targetLabel(one.grant.target)} by ${one.grant.rule}`)];
}

const held = grant("team:A", "editor", { evidence: [{ kind: "group", label: "X", source: "claims", since: BEFORE }] });

describe("comparing with what a person holds", () => {
  const X = { groups: ["X"] };
  const cases: readonly (readonly [string, MappingDocument, readonly MadeUpLink[], PersonState, readonly string[]])[] =
    [
      ["opens what is missing", document({ group_name: "X" }), [X], state(), ["+ A/editor by rule"]],
      ["leaves what is there", document({ group_name: "X" }), [X], state([held]), []],
      [
        "closes what no rule gives any more",
        document({ group_name: "X" }),
        [{}],
        state([held]),
        ["- A/editor by rule"],
      ],
      ["closes what a removed rule gave", document(), [X], state([held]), ["- A/editor by rule"]],
      [
        "moves a role within a place",
        document({ group_name: "X", role_name: "viewer" }),
        [X],
        state([held]),
        ["- A/editor by rule", "+ A/viewer by rule"],
      ],
      [
        "keeps a manual grant that no rule gives",
        document(),
        [X],
        state([grant("team:A", "editor", { origin: "manual", rule: undefined as never })]),
        [],
      ],
      [
        "keeps a default that was given once",
        document(),
        [X],
        state([grant("team:D", "member", { origin: "default", rule: "default_team" })]),
        [],
      ],
      [
        "ends a fallback once a rule matches",
        { ...document({ group_name: "X" }), no_match: "default", default_team: "D" },
        [X],
        state([
          held,
          grant("team:D", "member", { origin: "default", rule: "no_match", connection: undefined as never }),
        ]),
        ["- D/member by no_match"],
      ],
      [
        "closes what SCIM roles gave",
        document(),
        [X],
        state([grant("team:A", "editor", { origin: "scim_role", rule: "x" })]),
        ["- A/editor by x"],
      ],
      [
        "registers a new person first",
        document({ group_name: "X" }),
        [{ ...X, scim: "active" }],
        state([], { status: "pending", everRegistered: false }),
        ["create_user", "+ A/editor by rule"],
      ],
      [
        "gives nothing to a person who is not registered",
        document({ group_name: "X" }),
        [X],
        state([], { status: "pending", everRegistered: false }),
        [],
      ],
      [
        "brings a person back",
        document({ group_name: "X" }),
        [{ ...X, scim: "active" }],
        state([], { status: "deactivated", deactivatedBy: "scim" }),
        ["reactivate_user", "+ A/editor by rule"],
      ],
      [
        "takes everything with the account, what admins gave too",
        document({ group_name: "X" }),
        [{ ...X, scim: "inactive" }],
        state([held, grant("tenant", "owner", { origin: "manual", rule: undefined as never })]),
        ["deactivate_user", "- A/editor by rule", "- tenant/owner by undefined"],
      ],
      [
        "takes what an account that is deactivated still holds",
        document({ group_name: "X" }),
        [X],
        state([held], { status: "deactivated", deactivatedBy: "admin" }),
        ["- A/editor by rule"],
      ],
      [
        "deactivates nobody twice",
        document(),
        [{ scim: "inactive" }],
        state([], { status: "deactivated", deactivatedBy: "scim" }),
        [],
      ],
      [
        "deactivates nobody who was never registered",
        document(),
        [{ scim: "inactive" }],
        state([], { status: "pending", everRegistered: false }),
        [],
      ],
      ["keeps while the rule is undecided", document({ when: OPEN }), [UNKNOWN], state([held]), ["= A/editor by rule"]],
      [
        "takes an undecided person's access with the account",
        document({ when: OPEN }),
        [{ ...UNKNOWN, scim: "inactive" }],
        state([held]),
        ["deactivate_user", "- A/editor by rule"],
      ],
      [
        "leaves a whole place while a rule before it is undecided",
        document({ id: "open", when: OPEN }, { id: "low", group_name: "Y", role_name: "viewer" }),
        [UNKNOWN],
        state([grant("team:A", "viewer", { rule: "low" })]),
        ["= A/viewer by low"],
      ],
      [
        "lets no lower rule win meanwhile",
        document({ id: "open", when: OPEN }, { id: "low", everyone: true, role_name: "viewer" }),
        [UNKNOWN],
        state(),
        [],
      ],
      [
        "closes what a removed rule gave, under a lock too",
        document({ id: "open", when: OPEN }),
        [UNKNOWN],
        state([held]),
        ["- A/editor by rule"],
      ],
      [
        "closes what a rule gave that is switched off, under a lock too",
        document({ id: "open", when: OPEN }, { group_name: "X", enabled: false }),
        [UNKNOWN],
        state([held]),
        ["- A/editor by rule"],
      ],
      [
        "closes what a rule gave that is switched off, by a connection that is gone too",
        document({ id: "open", when: OPEN }, { group_name: "X", enabled: false }),
        [UNKNOWN],
        state([grant("team:A", "editor", { connection: "gone" as ConnectionId })]),
        ["- A/editor by rule"],
      ],
      [
        "closes what an expired rule gave, under a lock too",
        document({ id: "open", when: OPEN }, { group_name: "X", expires_at: "2026-11-22" }),
        [UNKNOWN],
        state([held]),
        ["- A/editor by rule"],
      ],
      [
        "closes what a rule gives elsewhere by now, under a lock too",
        document({ id: "open", when: OPEN }, { group_name: "X", team_name: "B" }),
        [UNKNOWN],
        state([held]),
        ["- A/editor by rule"],
      ],
      [
        "closes what a rule reads another connection for by now, under a lock too",
        document({ id: "open", when: OPEN }, { group_name: "X", connections: ["other"] }),
        [UNKNOWN],
        state([held]),
        ["- A/editor by rule"],
      ],
      [
        "keeps the role that an undecided rule gave before it was edited",
        document({ when: OPEN, role_name: "viewer" }),
        [UNKNOWN],
        state([held]),
        ["= A/editor by rule"],
      ],
      [
        "keeps what came by a connection that is gone, under a lock",
        document({ when: OPEN }),
        [UNKNOWN],
        state([grant("team:A", "editor", { connection: "gone" as ConnectionId })]),
        ["= A/editor by rule"],
      ],
      [
        "closes what came by a connection that is gone",
        document({ group_name: "X" }),
        [{}],
        state([grant("team:A", "editor", { connection: "gone" as ConnectionId })]),
        ["- A/editor by rule"],
      ],
      [
        "keeps an open grant on stale facts",
        document({ group_name: "X" }),
        [{ groups: [group("X", { staleSince: NOW })] }],
        state([held]),
        ["= A/editor by rule"],
      ],
      [
        "opens no grant on stale facts",
        document({ group_name: "X" }),
        [{ groups: [group("X", { staleSince: NOW })] }],
        state(),
        [],
      ],
      [
        "keeps a fallback while it is open whether a rule matches",
        { ...document({ when: OPEN }), no_match: "default", default_team: "D" },
        [UNKNOWN],
        state([grant("team:D", "member", { origin: "default", rule: "no_match", connection: undefined as never })]),
        ["= D/member by no_match"],
      ],
    ];
  for (const [what, mapping, links, before, expected] of cases) {
    it(what, async () => expect(shown(await planned(mapping, links, before))).to.deep.equal(expected));
  }

  it("lets a rule keep its higher role in a place, and opens no lower one beside it, while more groups are unknown", async () => {
    const mapping: MappingDocument = {
      role_order: ["ro", "adm"],
      ...document({ group_pattern: "g-{r}", role_name: "{r}" }),
    };
    const before = state([grant("team:A", "adm")]);
    const person = { groups: ["g-ro"], unlisted: "overage" } as const;
    expect(shown(await planned(mapping, [person], before))).to.deep.equal(["= A/adm by rule"]);
    expect(shown(await planned(mapping, [person], state()))).to.deep.equal(["+ A/ro by rule"]);
    const adds = { ...mapping, conflicts: "all" } as const;
    expect(shown(await planned(adds, [person], before))).to.deep.equal(["+ A/ro by rule", "= A/adm by rule"]);
  });

  it("holds a new role back for a kept one of its own place only", async () => {
    const mapping = { ...document({ when: OPEN }, { id: "b", everyone: true, team_name: "B" }) };
    expect(shown(await planned(mapping, [UNKNOWN], state([held])))).to.deep.equal([
      "+ B/editor by b",
      "= A/editor by rule",
    ]);
  });

  describe("evidence and version", () => {
    const mapping = document({ group_name: "X" });

    it("that have not moved need no update", async () => {
      expect((await planned(mapping, [X], state([held]))).refreshed).to.deep.equal([]);
    });

    it("of a rule that got an id are known by it, also where the rule is undecided now", async () => {
      const alone = { when: OPEN, team_name: "A", role_name: "editor" };
      const before = state([{ ...held, rule: String(compiled({ mappings: [alone] }).rules[0]?.id) }]);
      const { changes, kept, refreshed } = await planned(document({ when: OPEN }), [UNKNOWN], before);
      expect([changes, kept.length]).to.deep.equal([[], 1]);
      expect(refreshed).to.deep.equal([{ id: held.id, evidence: held.evidence, replaces: false, rule: "rule" }]);
    });

    it("need none when only the version moved", async () => {
      const older = { ...held, mappingVersion: 0 };
      const { changes, refreshed } = await planned(mapping, [X], state([older]));
      expect([changes, refreshed]).to.deep.equal([[], []]);
    });

    const moved = [
      { label: "Z" },
      { source: "scim" },
      { since: NOW },
      { staleSince: NOW },
      { kind: "app_role" },
    ] as const;
    for (const part of moved) {
      it(`are updated without a change when the ${Object.keys(part)[0]} moved`, async () => {
        const before = {
          ...held,
          evidence: [{ kind: "group", label: "X", source: "claims", since: BEFORE, ...part } as const],
        };
        const { changes, refreshed } = await planned(mapping, [X], state([before]));
        expect(changes).to.have.length(0);
        expect(refreshed[0]?.evidence).to.deep.equal(held.evidence);
      });
    }

    const replaced: readonly (readonly [string, readonly Evidence[], boolean])[] = [
      ["another group", [{ kind: "group", label: "Z", source: "claims", since: BEFORE }], true],
      ["less than there is", [], true],
      ["the same from another source", [{ kind: "group", label: "X", source: "scim", since: BEFORE }], true],
      ["the same claim of another sign-in", [{ kind: "group", label: "X", source: "claims", since: NOW }], false],
      ["the same as stale", [{ kind: "group", label: "X", source: "claims", since: BEFORE, staleSince: NOW }], false],
    ];
    for (const [what, evidence, replaces] of replaced) {
      it(`${replaces ? "replace" : "do not replace"} what they were given by where it was ${what}`, async () => {
        const { refreshed } = await planned(mapping, [X], state([{ ...held, evidence }]));
        expect(refreshed.map((one) => one.replaces)).to.deep.equal([replaces]);
      });
    }

    it("replace a membership that SCIM began anew", async () => {
      const rejoined = { groups: [group("X", { source: "scim", since: NOW })] };
      const before = [{ kind: "group", label: "X", source: "scim", since: BEFORE }] as const;
      const { refreshed } = await planned(mapping, [rejoined], state([{ ...held, evidence: before }]));
      expect(refreshed.map((one) => one.replaces)).to.deep.equal([true]);
    });

    it("are updated when there is more of it", async () => {
      const before = { ...held, evidence: [] };
      expect((await planned(mapping, [X], state([before]))).refreshed).to.have.length(1);
    });
  });

  describe("reasons", () => {
    const reasonOf = async (mapping: MappingDocument, links: readonly MadeUpLink[], before: PersonState) => {
      const { changes, kept } = await planned(mapping, links, before);
      return [...changes, ...kept].map((one) => one.reason);
    };
    const BY_NAME = { group_pattern: "t-{team}", team_name: "{team}" } as const;
    const cases: readonly (readonly [MappingDocument, readonly MadeUpLink[], PersonState, readonly string[]])[] = [
      [
        document({ group_name: "X", app_role: "r", when: "1 = 1" }),
        [{ ...X, appRoles: { known: true, value: ["r"] } }],
        state(),
        ["rule `rule`: group `X` and app role `r` and condition `1 = 1`"],
      ],
      [document({ everyone: true }), [X], state(), ["rule `rule`: everyone"]],
      [document(), [X], state([held]), ["rule `rule` is not in the mapping any more"]],
      [document({ group_name: "X", enabled: false }), [X], state([held]), ["rule `rule` does not give this any more"]],
      [document({ group_name: "X" }), [{}], state([held]), ["rule `rule` does not match any more"]],
      [
        document({ id: "up", everyone: true, role_name: "viewer" }, { group_name: "X" }),
        [X],
        state([held]),
        ["rule `rule` is overruled: rule `up` decides here, and gives `A/viewer`", "rule `up`: everyone"],
      ],
      [
        document({ group_name: "X", role_name: "viewer" }),
        [X],
        state([held]),
        ["rule `rule` gives `A/viewer` instead", "rule `rule`: group `X`"],
      ],
      [
        document({ id: "up", everyone: true, role_name: "viewer" }, BY_NAME),
        [{ groups: ["t-B"] }],
        state([held]),
        ["rule `rule` matches, and does not give this any more", "rule `up`: everyone", "rule `rule`: group `t-B`"],
      ],
      [
        { ...document({ id: "up", everyone: true, role_name: "viewer" }, BY_NAME), conflicts: "all" },
        [{ groups: ["t-B"] }],
        state([held]),
        ["rule `rule` matches, and does not give this any more", "rule `up`: everyone", "rule `rule`: group `t-B`"],
      ],
      [
        document(BY_NAME),
        [{ groups: ["t-B"] }],
        state([held]),
        ["rule `rule` matches, and does not give this any more", "rule `rule`: group `t-B`"],
      ],
      [
        { default_team: "D" },
        [{ scim: "active" }],
        state([], { status: "pending", everRegistered: false }),
        ["active in `idp`", "the default of new accounts"],
      ],
      [{ default_team: "D", no_match: "default" }, [{}], state(), ["no rule matches: the default"]],
      [
        { ...document({ group_name: "X" }), default_team: "D", no_match: "default" },
        [X],
        state([held, grant("team:D", "member", { origin: "default", rule: "no_match" })]),
        ["a rule matches now"],
      ],
      [
        { default_team: "D", no_match: "allow" },
        [X],
        state([grant("team:D", "member", { origin: "default", rule: "no_match" })]),
        ["the mapping gives no default any more"],
      ],
      [
        { default_team: "D", no_match: "default" },
        [],
        state([grant("team:D", "member", { origin: "default", rule: "no_match" })]),
        ["no connection knows the person any more"],
      ],
      [document(), [{ scim: "inactive" }], state([held]), ["deactivated in `idp`", "deactivated in `idp`"]],
      [
        document(),
        [X],
        state([held], { status: "deactivated", deactivatedBy: "admin" }),
        ["the account is not active"],
      ],
      [
        document({ when: OPEN }),
        [UNKNOWN],
        state([held]),
        ["rule `rule` cannot be judged: `user.department` was never asserted"],
      ],
      [
        document({ group_name: "X" }),
        [{ unlisted: "absent_claim" }],
        state([held]),
        ["rule `rule` cannot be judged: the sign-in did not carry `groups`"],
      ],
      [
        document({ group_name: "X" }),
        [{ unlisted: "overage" }],
        state([held]),
        ["rule `rule` cannot be judged: the identity provider left `groups` out, as there are too many"],
      ],
      [
        document({ group_name: "X" }),
        [{ unlisted: "truncated_at_100" }],
        state([held]),
        ["rule `rule` cannot be judged: the identity provider stops at 100 `groups`"],
      ],
      [
        document({ group_name: "X" }),
        [{ unlisted: "rehired" }],
        state([held]),
        ["rule `rule` cannot be judged: `groups` from before a long absence wait to be asserted again"],
      ],
      [
        document({ group_name: "X" }),
        [{ groups: [group("X", { staleSince: NOW })] }],
        state([held]),
        ["rule `rule` cannot be judged: `X` was known once and is no longer asserted"],
      ],
      [
        document({ when: "$distinct(user.userName)" }),
        [{ user: { userName: "ada" } }],
        state([held]),
        ["rule `rule` cannot be judged: the expression yielded neither true nor false"],
      ],
    ];
    for (const [mapping, links, before, expected] of cases) {
      it(String(expected[0]), async () => expect(await reasonOf(mapping, links, before)).to.deep.equal(expected));
    }
  });

  it("hands on that a person is frozen, and changes nothing about it", async () => {
    const frozen = { ...X, connection: { jit: "first_sign_in" } } as const;
    const plan = await planned(document({ group_name: "X" }), [frozen], state());
    expect([plan.frozen, plan.changes.length]).to.deep.equal([true, 1]);
  });

  it("puts the account first, then what goes, then what comes, each in an order of its own", async () => {
    const mapping = compiled({
      mappings: ["C", "A", "B"].map((team) => ({ everyone: true, team_name: team, role_name: "x", id: team })),
    });
    const before = state(
      [
        grant("team:Z", "x", { rule: "1" }),
        grant("team:Z", "a", { rule: "2" }),
        grant("team:Y", "x", { rule: "4" }),
        grant("team:Y", "x", { rule: "3" }),
      ],
      { status: "deactivated" },
    );
    const decision = await decided(mapping, [link({ scim: "active" })], before, "sync", ANY_TEAM);
    expect(shown(diff(before, decision, mapping))).to.deep.equal([
      "reactivate_user",
      "- Y/x by 3",
      "- Y/x by 4",
      "- Z/a by 2",
      "- Z/x by 1",
      "+ A/x by A",
      "+ B/x by B",
      "+ C/x by C",
    ]);
  });

  describe("applied in memory", () => {
    const applied = async (mapping: MappingDocument, links: readonly MadeUpLink[], before: PersonState) =>
      applyInMemory(before, await planned(mapping, links, before), { version: 7, now: NOW });

    it("registers, opens and remembers", async () => {
      const before = state([], { status: "pending", everRegistered: false, seat: false, dirty: true });
      const person = await applied(document({ group_name: "X" }), [{ ...X, scim: "active" }], before);
      expect(person).to.include({
        status: "registered",
        everRegistered: true,
        seat: true,
        dirty: false,
        reconciledVersion: 7,
      });
      expect(person.grants.map((one) => [targetLabel(one.target), one.since, one.mappingVersion])).to.deep.equal([
        ["A/editor", NOW, 7],
      ]);
    });

    it("deactivates by whoever said so, and brings back", async () => {
      const gone = await applied(document(), [{ scim: "inactive" }], state([held]));
      expect(gone).to.include({ status: "deactivated", deactivatedBy: "scim", seat: false, everRegistered: true });
      expect(gone.grants).to.deep.equal([]);
      const back = await applied(document(), [{ scim: "active" }], gone);
      expect(back.status).to.equal("registered");
      expect("deactivatedBy" in back).to.equal(false);
    });

    it("takes a refreshed grant's evidence over, and leaves others alone", async () => {
      const other = grant("team:Z", "x", { origin: "manual" });
      const person = await applied(document({ group_name: "X" }), [X], state([{ ...held, evidence: [] }, other]));
      expect(person.grants).to.deep.equal([{ ...held, mappingVersion: 7 }, other]);
    });

    it("leaves a person who was never registered as they are", async () => {
      const before = state([], { status: "pending", everRegistered: false, seat: false });
      expect(await applied(document(), [{}], before)).to.include({
        status: "pending",
        everRegistered: false,
        seat: false,
      });
    });
  });
});
