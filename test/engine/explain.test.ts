import { expect } from "chai";
import { type Explanation, explain } from "../../src/engine/explain/explain.js";
import type { GrantOrigin } from "../../src/model/grant.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { PersonState } from "../../src/model/person.js";
import {
  BEFORE,
  CONTEXT,
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
  return { mappings: rules.map((more) => ({ id: "r", team_name: "A", role_name: "editor", ...more })) };
}

async function explained(
  mapping: MappingDocument,
  made: MadeUpLink,
  before: PersonState = state(),
  teams?: readonly string[],
): Promise<Explanation> {
  const version = compiled(mapping);
  const links = [link(made)];
  const resolveTeam = (name: string) => (teams === undefined || teams.includes(name) ? { name } : undefined);
  const decision = await decided(version, links, before, "sync", { resolveTeam });
  return explain(version, links, decision.evaluations, decision, before);
}

describe("explaining", () => {
  describe("why a person holds something", () => {
    const evidence = [{ kind: "group", label: "X", source: "scim", since: BEFORE }] as const;
    const held = grant("team:A", "editor", { rule: "r", evidence });

    it("shows each grant with its rule, version, evidence and age, and what would end it", async () => {
      const { assignments } = await explained(document({ group_name: "X" }), { groups: ["X"] }, state([held]));
      expect(assignments).to.deep.equal([
        {
          target: { scope: "team:A", role: "editor" },
          label: "A/editor",
          grants: [
            {
              origin: "rule",
              rule: "r",
              name: "r",
              pointer: "/mappings/0",
              mappingVersion: 1,
              connection: "idp",
              evidence,
              since: BEFORE,
              sentence: "rule `r`: group `X` (by SCIM, since 2026-11-01, 21 days); held since 2026-11-01, 21 days",
            },
          ],
          conflict: { strategy: "first", lost: [] },
          toLose: [{ do: "leave_group", group: "X" }],
          sentence: "A/editor: to lose it, leave group `X`",
        },
      ]);
    });

    it("names the last version that reached the person, unless the grant stays for another reason or goes", async () => {
      const versionsOf = async (mapping: MappingDocument, made: MadeUpLink, origin: GrantOrigin = "rule") => {
        const before = state([{ ...held, origin }], { reconciledVersion: 5 });
        const { assignments } = await explained(mapping, made, before);
        return assignments[0]?.grants.map(({ mappingVersion }) => mappingVersion);
      };
      expect(await versionsOf(document({ group_name: "X" }), { groups: ["X"] })).to.deep.equal([5]);
      expect(await versionsOf(document({ when: OPEN }), UNKNOWN)).to.deep.equal([1]);
      expect(await versionsOf(document({ group_name: "X" }), { groups: [] })).to.deep.equal([1]);
      expect(await versionsOf(document({ group_name: "X" }), { groups: ["X"] }, "manual")).to.deep.equal([1]);
    });

    it("gathers all reasons of one assignment, a manual one with who and why", async () => {
      const byHand = grant("team:A", "editor", {
        origin: "manual",
        connection: undefined as never,
        rule: undefined as never,
        by: "eve",
        reason: "on call",
        expiresAt: NOW,
      });
      const other = grant("team:0", "x", { origin: "default", connection: undefined as never, rule: "default_team" });
      const { assignments } = await explained(
        document({ group_name: "X" }),
        { groups: ["X"] },
        state([held, byHand, other]),
      );
      expect(assignments.map((one) => one.label)).to.deep.equal(["0/x", "A/editor"]);
      expect(assignments[1]?.grants[1]).to.include({ origin: "manual", by: "eve", reason: "on call", expiresAt: NOW });
      expect(assignments[1]?.sentence).to.equal("A/editor: to lose it, leave group `X`, and end the manual grant");
      expect(assignments[0]?.toLose).to.deep.equal([{ do: "end_grant", origin: "default" }]);
    });

    it("says why a grant is kept that nothing decides now", async () => {
      const { assignments } = await explained(document({ when: OPEN }), UNKNOWN, state([held]));
      expect(assignments[0]?.grants[0]?.kept).to.equal(
        "rule `r` cannot be judged: `user.department` was never asserted",
      );
    });

    const ends: readonly (readonly [Parameters<typeof grant>[2], string])[] = [
      [{ evidence: [{ kind: "app_role", label: "x" }] }, "lose app role `x`"],
      [{ evidence: [...evidence, { kind: "expression", label: "1 = 1" }] }, "leave group `X`"],
      [{ evidence: [{ kind: "expression", label: "1 = 1" }] }, "stop meeting the condition `1 = 1`"],
      [{ evidence: [{ kind: "everyone", label: "everyone" }], rule: "r" }, "remove rule `r`"],
    ];
    for (const [overrides, expected] of ends) {
      it(`to lose it: ${expected}`, async () => {
        const { assignments } = await explained({}, {}, state([grant("team:A", "editor", overrides)]));
        expect(assignments[0]?.sentence).to.equal(`A/editor: to lose it, ${expected}`);
      });
    }
  });

  describe("why not", () => {
    const cases: readonly (readonly [
      string,
      MappingDocument,
      MadeUpLink,
      string,
      PersonState?,
      (readonly string[])?,
    ])[] = [
      ["unmet", document({ group_name: ["X", "Y"] }), {}, "A/editor by rule `r` does not match: join group `X` or `Y`"],
      [
        "unmet",
        document({ group_pattern: "g-{t}-*", team_name: "{t} team" }),
        {},
        "{t} team/editor by rule `r` does not match: join group `g-{t}-*`",
      ],
      ["unmet", document({ app_role: ["x", "y"] }), {}, "A/editor by rule `r` does not match: get app role `x` or `y`"],
      ["unmet", document({ when: "1 = 2" }), {}, "A/editor by rule `r` does not match: meet the condition `1 = 2`"],
      [
        "unmet",
        document({ everyone: true, connections: ["other"] }),
        {},
        "A/editor by rule `r` reads other connections: come by connection `other`",
      ],
      [
        "unmet",
        document({ everyone: true, enabled: false }),
        {},
        "A/editor by rule `r` is switched off: enable rule `r`",
      ],
      [
        "unmet",
        document({ everyone: true, expires_at: "2026-01-01" }),
        {},
        "A/editor by rule `r` ended at 2026-01-01T00:00:00.000Z: put off the expiry of rule `r`",
      ],
      [
        "unmet",
        { tenant_owners_groups: ["X"] },
        { groups: ["X"], connection: { slug: "other" } },
        "tenant/owner by rule `tenant_owners` gives `owner`: set `mayGrantOwner` for connection `other`",
      ],
      [
        "undecided",
        document({ when: OPEN }),
        UNKNOWN,
        "A/editor by rule `r` cannot be judged: `user.department` was never asserted: have the identity provider say `user.department` again",
      ],
      [
        "failed",
        document({ when: "$distinct(user.userName)" }),
        { user: { userName: "x" } },
        "A/editor by rule `r` cannot be judged: the expression yielded neither true nor false: repair rule `r`",
      ],
      [
        "overruled",
        document({ id: "up", everyone: true, role_name: "x" }, { group_name: "X" }),
        { groups: ["X"] },
        "A/editor by rule `r`, which matches, but rule `up` decides there: move rule `r` above `up`",
      ],
      [
        "overruled",
        {
          ...document({ id: "up", everyone: true, role_name: "high" }, { group_name: "X" }),
          conflicts: "highest",
          role_order: ["editor", "high"],
        },
        { groups: ["X"] },
        "A/editor by rule `r`, which matches, but rule `up` decides there",
      ],
      [
        "waits",
        document({ id: "open", when: OPEN, role_name: "x" }, { group_name: "X" }),
        { ...UNKNOWN, groups: ["X"] },
        "A/editor by rule `r`, which matches, but rule `open` cannot be judged: `user.department` was never asserted",
      ],
      [
        "waits",
        document({ group_name: "X" }),
        { groups: [group("X", { staleSince: NOW })] },
        "A/editor by rule `r`, which matches, but rule `r` cannot be judged: `X` was known once and is no longer asserted",
      ],
      [
        "waits",
        { ...document({ group_name: "X" }), conflicts: "all" },
        { groups: [group("X", { staleSince: NOW })] },
        "A/editor by rule `r`, which matches, but rule `r` cannot be judged: `what it matches by` was known once and is no longer asserted",
      ],
      [
        "unknown_team",
        { ...document({ group_name: "X" }), unknown_team: "reject" },
        { groups: ["X"] },
        "A/editor by rule `r`, which matches, but there is no such team: create the team of `A/editor`",
        state(),
        [],
      ],
      [
        "account",
        document({ group_name: "X" }),
        { groups: ["X"] },
        "A/editor by rule `r`, which matches, but the account is not active",
        state([], { status: "deactivated", deactivatedBy: "admin" }),
      ],
    ];
    for (const [why, mapping, made, sentence, before = state(), teams] of cases) {
      it(sentence, async () => {
        const { notGiven } = await explained(mapping, made, before, teams);
        const found = notGiven.find((one) => one.rule === "r" || one.rule === "tenant_owners");
        expect([found?.why, found?.sentence]).to.deep.equal([why, sentence]);
        expect(found).to.include({ connection: made.connection?.slug ?? "idp" });
        expect(found?.pointer).to.match(/^\/(mappings|tenant_owners_groups)/);
      });
    }

    it("names the rule that is in the way", async () => {
      const { notGiven } = await explained(
        document({ id: "up", everyone: true, role_name: "x" }, { group_name: "X" }),
        { groups: ["X"] },
      );
      expect(notGiven.map((one) => [one.rule, one.by])).to.deep.equal([["r", "up"]]);
    });

    it("asks to repair a mapping in which owners have become ambiguous", async () => {
      const connections = [
        { slug: "idp", protocol: "oidc", mayGrantOwner: true },
        { slug: "other", protocol: "saml", mayGrantOwner: true },
      ] as const;
      const mapping = compiled({ tenant_owners_groups: ["X"] }, { connections, stored: true });
      const links = [link({ groups: ["X"] })];
      const decision = await decided(mapping, links);
      const { notGiven } = explain(mapping, links, decision.evaluations, decision, state());
      expect(notGiven[0]?.sentence).to.equal(
        "tenant/owner by rule `tenant_owners` cannot be judged: several connections may grant `owner`: repair rule `tenant_owners`",
      );
    });

    it("has nothing to say of rules that give, or that keep what they gave", async () => {
      expect((await explained(document({ group_name: "X" }), { groups: ["X"] })).notGiven).to.deep.equal([]);
      const stale = { groups: [group("X", { staleSince: NOW })] };
      expect(
        (await explained(document({ group_name: "X" }), stale, state([grant("team:A", "editor", { rule: "r" })])))
          .notGiven,
      ).to.deep.equal([]);
    });

    it("tells those first that are nearest, then in document order over all links", async () => {
      const mapping = compiled(
        document(
          { id: "off", everyone: true, enabled: false },
          { id: "far", group_name: "X", app_role: "x", when: "1 = 2" },
          { id: "a", group_name: "X" },
          { id: "b", group_name: "Y" },
          { id: "c", group_name: "Z", when: "1 = 2" },
          { id: "given", everyone: true, role_name: "x" },
          { id: "lost", everyone: true },
          { id: "elsewhere", everyone: true, connections: ["nowhere"], group_name: "X", expires_at: "2026-01-01" },
        ),
        { connections: [...CONTEXT.connections, { slug: "nowhere", protocol: "oidc", mayGrantOwner: false }] },
      );
      const links = [link({ groups: ["Z"] }), link({ connection: { slug: "other" } })];
      const decision = await decided(mapping, links);
      const { notGiven, notGivenLeftOut } = explain(mapping, links, decision.evaluations, decision, state(), {
        most: 9,
      });
      expect(notGiven.map((one) => `${one.rule}@${one.connection}`)).to.deep.equal([
        ...["lost@idp", "lost@other", "off@idp", "off@other", "a@idp", "a@other", "b@idp", "b@other", "c@idp"],
      ]);
      expect(notGivenLeftOut).to.equal(5);
    });

    it("counts what it leaves out without the rules that give", async () => {
      const mapping = compiled(
        document(
          { id: "up", everyone: true, role_name: "x" },
          { id: "lost", everyone: true },
          { id: "also", everyone: true, team_name: "B" },
          { id: "far", group_name: "X" },
        ),
      );
      const links = [link()];
      const decision = await decided(mapping, links);
      const none = explain(mapping, links, decision.evaluations, decision, state(), { most: 0 });
      expect([none.notGiven, none.notGivenLeftOut]).to.deep.equal([[], 2]);
    });

    it("tells only of rules that could give what is asked for", async () => {
      const mapping = compiled(
        document(
          { id: "it", group_name: "X" },
          { id: "role", group_name: "X", role_name: "viewer" },
          { id: "team", group_name: "X", team_name: "B" },
          { id: "pattern", group_pattern: "g-{t}", team_name: "{t}" },
        ),
      );
      const links = [link()];
      const decision = await decided(mapping, links);
      const wanted = { scope: "team:A", role: "editor" };
      const all = compiled({ mappings: [{ id: "all", group_name: "X", scope: "all_teams", role_name: "editor" }] });
      const found = (one: typeof mapping, made: typeof decision, target = wanted) =>
        explain(one, links, made.evaluations, made, state(), { wanted: target }).notGiven.map(({ rule }) => rule);
      expect(found(mapping, decision)).to.deep.equal(["it", "pattern"]);
      const inAll = await decided(all, links);
      expect(found(all, inAll)).to.deep.equal(["all"]);
      expect(found(all, inAll, { scope: "tenant", role: "editor" })).to.deep.equal([]);
      const before = state([
        grant("team:A", "viewer"),
        grant("all_teams", "editor"),
        grant("all_teams", "viewer"),
        grant("team:B", "editor"),
      ]);
      const { assignments, assignmentsLeftOut } = explain(mapping, links, decision.evaluations, decision, before, {
        wanted,
      });
      expect(assignments.map(({ label }) => label)).to.deep.equal(["*/editor", "A/viewer"]);
      expect(assignmentsLeftOut).to.equal(2);
    });

    it("speaks of a rule by what it says where nobody gave it an id, and shows its note", async () => {
      const mapping = { mappings: [{ group_name: "X", team_name: "A", role_name: "editor", note: "by ticket 7" }] };
      const [told] = (await explained(mapping, {})).notGiven;
      expect(told).to.include({ name: "group X -> A/editor", note: "by ticket 7" });
      expect(told?.sentence).to.equal("A/editor by rule `group X -> A/editor` does not match: join group `X`");
      const held = grant("team:A", "editor", { rule: told?.rule ?? "" });
      const [assignment] = (await explained(mapping, { groups: ["X"] }, state([held]))).assignments;
      expect(assignment?.grants[0]).to.include({ note: "by ticket 7", name: "group X -> A/editor" });
    });
  });

  describe("what competes", () => {
    it("names the rules that offered something else in the same place and lost, once each", async () => {
      const mapping = document({ id: "a", group_name: "X" }, { id: "b", everyone: true, role_name: "viewer" });
      const held = grant("team:A", "editor", { rule: "a" });
      const [assignment] = (await explained(mapping, { groups: ["X"] }, state([held]))).assignments;
      expect(assignment?.conflict).to.deep.equal({
        strategy: "first",
        lost: [{ rule: "b", name: "b", label: "A/viewer" }],
      });
    });

    it("says nothing where everything adds up, or nothing came by a rule", async () => {
      const held = grant("team:A", "editor", { rule: "a" });
      const all = { ...document({ id: "a", group_name: "X" }), conflicts: "all" } as const;
      expect((await explained(all, { groups: ["X"] }, state([held]))).assignments[0]).not.to.have.property("conflict");
      const manual = grant("team:A", "editor", { origin: "manual" });
      expect((await explained({}, {}, state([manual]))).assignments[0]).not.to.have.property("conflict");
    });
  });

  it("tells the account and the verdict", async () => {
    const { account } = await explained(
      {},
      { scim: "active" },
      state([], { status: "pending", everRegistered: false }),
    );
    expect(account).to.deep.equal({ status: "pending", reason: "active in `idp`", verdict: { allow: true } });
  });
});
