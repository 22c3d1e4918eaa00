import { expect } from "chai";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { compiled, decided, desiredOf, group, known, link, type MadeUpLink, unknown } from "./made-up.js";

const STALE = { staleSince: "2026-11-20T00:00:00.000Z" };
const UNKNOWN = { department: unknown("never_asserted") } as const;
/** Undecided for people whose department is unknown, false for all others. */
const OPEN = "user.department = 'IT'";

type Entry = readonly [string, Partial<RuleDocument>];

function rules(...entries: readonly Entry[]): MappingDocument {
  return { mappings: entries.map(([id, more]) => ({ id, team_name: "A", role_name: "editor", ...more })) };
}

async function settled(document: MappingDocument, ...links: readonly MadeUpLink[]) {
  const decision = await decided(compiled(document), links.map(link));
  const locked = (scope: string, role: string, rule?: string) =>
    decision.locks.filter((one) => one.covers({ scope, role }, rule)).map((one) => one.rule);
  return { desired: desiredOf(decision), locked };
}

describe("conflicts between rules", () => {
  describe("first", () => {
    it("gives a team's role by the first rule that matches", async () => {
      const document = rules(["a", { group_name: "X" }], ["b", { group_name: "Y", role_name: "viewer" }]);
      expect((await settled(document, { groups: ["Y", "X"] })).desired).to.deep.equal(["A/editor by a@idp"]);
      expect((await settled(document, { groups: ["Y"] })).desired).to.deep.equal(["A/viewer by b@idp"]);
    });

    it("keeps every rule that gives the winning role, so that one of them may go", async () => {
      const document = rules(
        ["a", { group_name: "X" }],
        ["b", { group_name: "Y", role_name: "viewer" }],
        ["c", { everyone: true }],
      );
      expect((await settled(document, { groups: ["X", "Y"] })).desired).to.deep.equal([
        "A/editor by a@idp",
        "A/editor by c@idp",
      ]);
    });

    it("counts over all links, in document order", async () => {
      const document = rules(["a", { group_name: "X" }], ["b", { group_name: "Y", role_name: "viewer" }]);
      const found = await settled(document, { groups: ["Y"] }, { groups: ["X"], connection: { slug: "other" } });
      expect(found.desired).to.deep.equal(["A/editor by a@other"]);
    });

    it("leaves places of another kind alone, whatever is open", async () => {
      const document = rules(["a", { group_pattern: "g-{t}", team_name: "{t}" }]);
      const { locked } = await settled(document, { unlisted: "overage" });
      expect([locked("team:A", "x"), locked("tenant", "editor"), locked("all_teams", "editor")]).to.deep.equal([
        ["a"],
        [],
        [],
      ]);
    });

    it("lets no rule win behind an undecided one, and leaves the place as it is", async () => {
      const document = rules(
        ["a", { when: OPEN, role_name: "viewer" }],
        ["b", { everyone: true }],
        ["c", { everyone: true, team_name: "B" }],
      );
      const { desired, locked } = await settled(document, { user: UNKNOWN });
      expect(desired).to.deep.equal(["B/editor by c@idp"]);
      expect(locked("team:A", "anything")).to.deep.equal(["a"]);
      expect(locked("team:B", "editor")).to.deep.equal([]);
      expect(locked("tenant", "viewer")).to.deep.equal([]);
    });

    it("lets a rule win before an undecided one, and keeps what that one may give in the same place", async () => {
      const document = rules(
        ["a", { everyone: true }],
        ["b", { when: OPEN }],
        ["c", { when: `${OPEN} or 1 = 2`, role_name: "viewer" }],
      );
      const { desired, locked } = await settled(document, { user: UNKNOWN });
      expect(desired).to.deep.equal(["A/editor by a@idp"]);
      expect(locked("team:A", "editor", "b")).to.deep.equal(["b"]);
      expect(locked("team:A", "editor", "x")).to.deep.equal([]);
      expect(locked("team:A", "viewer", "c")).to.deep.equal([]);
    });

    it("lets one link's match win over another link's doubt about a later rule only", async () => {
      const document = rules(["a", { group_name: "X" }], ["b", { everyone: true, role_name: "viewer" }]);
      const links = [{}, { unlisted: "overage", connection: { slug: "other" } }] as const;
      expect((await settled(document, ...links)).desired).to.deep.equal([]);
      expect((await settled(document, { groups: ["X"] }, links[1])).desired).to.deep.equal(["A/editor by a@idp"]);
    });

    it("treats a stale match as one that may keep and never gives", async () => {
      const document = rules(["a", { group_name: "X" }], ["b", { everyone: true, role_name: "viewer" }]);
      const { desired, locked } = await settled(document, { groups: [group("X", STALE)] });
      expect(desired).to.deep.equal(["A/editor by a@idp?"]);
      expect(locked("team:A", "viewer")).to.deep.equal(["a"]);
    });

    it("drops a stale match behind a winner, unless it says the same", async () => {
      const document = rules(
        ["a", { everyone: true }],
        ["b", { group_name: "X", role_name: "viewer" }],
        ["c", { group_name: "Y" }],
      );
      const groups = [group("X", STALE), group("Y", STALE)];
      expect((await settled(document, { groups })).desired).to.deep.equal(["A/editor by a@idp", "A/editor by c@idp?"]);
    });
  });

  describe("one rule that gives several roles in one place", () => {
    const document = {
      role_order: ["ro", "rw", "adm"],
      ...rules(["a", { group_pattern: "g-{r}", role_name: "{r}" }], ["b", { everyone: true, role_name: "ro" }]),
    };

    it("gives the highest by `role_order`, in whatever order the groups come", async () => {
      expect((await settled(document, { groups: ["g-ro", "g-adm", "g-rw"] })).desired).to.deep.equal([
        "A/adm by a@idp",
      ]);
      expect((await settled(document, { groups: ["g-adm", "g-rw", "g-ro"] })).desired).to.deep.equal([
        "A/adm by a@idp",
      ]);
    });

    it("ranks unlisted roles below listed ones, and among themselves by name", async () => {
      expect((await settled(document, { groups: ["g-zzz", "g-ro"] })).desired).to.include("A/ro by a@idp");
      expect((await settled(document, { groups: ["g-x", "g-y"] })).desired).to.deep.equal(["A/y by a@idp"]);
      expect((await settled(document, { groups: ["g-y", "g-x"] })).desired).to.deep.equal(["A/y by a@idp"]);
    });

    it("gives what is known while more groups may match, and keeps what those may have given", async () => {
      const { desired, locked } = await settled(document, { groups: ["g-ro"], unlisted: "overage" });
      expect(desired).to.deep.equal(["A/ro by a@idp", "A/ro by b@idp"]);
      expect(locked("team:A", "adm", "a")).to.deep.equal(["a"]);
      expect(locked("team:A", "adm", "b")).to.deep.equal(["a"]);
      expect(locked("team:A", "ro", "b")).to.deep.equal([]);
      expect(locked("team:A", "owner", "a")).to.deep.equal([]);
    });

    it("does not give a lower role than a stale one", async () => {
      const { desired } = await settled(document, { groups: ["g-ro", group("g-adm", STALE)] });
      expect(desired).to.deep.equal(["A/adm by a@idp?"]);
      expect((await settled(document, { groups: ["g-adm", group("g-ro", STALE)] })).desired).to.deep.equal([
        "A/adm by a@idp",
      ]);
    });
  });

  describe("highest", () => {
    const highest = (...entries: readonly Entry[]) =>
      ({ conflicts: "highest", role_order: ["ro", "rw", "adm"], ...rules(...entries) }) as const;
    const low = ["low", { everyone: true, role_name: "ro" }] as const;
    const high = ["high", { group_name: "X", role_name: "adm" }] as const;

    it("gives the highest role, in whatever order the rules stand", async () => {
      expect((await settled(highest(low, high), { groups: ["X"] })).desired).to.deep.equal(["A/adm by high@idp"]);
      expect((await settled(highest(high, low), { groups: ["X"] })).desired).to.deep.equal(["A/adm by high@idp"]);
    });

    it("ranks owner above all listed roles", async () => {
      const document: MappingDocument = {
        role_order: ["admin"],
        tenant_owners_groups: ["X"],
        mappings: [{ everyone: true, scope: "tenant", role_name: "admin", id: "admin" }],
      };
      expect((await settled(document, { groups: ["X"] })).desired).to.deep.equal(["tenant/owner by tenant_owners@idp"]);
      const listed = { ...document, role_order: ["owner", "admin"] };
      expect((await settled(listed, { groups: ["X"] })).desired).to.deep.equal(["tenant/admin by admin@idp"]);
    });

    it("leaves a place alone in which an open rule could give more, wherever it stands", async () => {
      const open = ["open", { when: OPEN, role_name: "rw" }] as const;
      for (const document of [highest(low, open), highest(open, low)]) {
        const { desired, locked } = await settled(document, { user: UNKNOWN });
        expect(desired).to.deep.equal([]);
        expect(locked("team:A", "ro")).to.deep.equal(["open"]);
      }
    });

    it("gives what no open rule could exceed, and keeps that rule's own grants of the same role", async () => {
      const document = highest(
        ["mid", { everyone: true, role_name: "rw" }],
        ["less", { when: OPEN, role_name: "ro" }],
        ["same", { when: `${OPEN} or 1 = 2`, role_name: "rw" }],
      );
      const { desired, locked } = await settled(document, { user: UNKNOWN });
      expect(desired).to.deep.equal(["A/rw by mid@idp"]);
      expect(locked("team:A", "rw", "same")).to.deep.equal(["same"]);
      expect(locked("team:A", "ro", "less")).to.deep.equal([]);
    });

    it("supposes the most of a rule with an open capture, yet no more than the top of the order", async () => {
      const any = ["any", { group_pattern: "g-{r}", role_name: "{r}" }] as const;
      const unsure = { groups: ["X"], unlisted: "overage" } as const;
      expect(
        (await settled(highest(any, ["mid", { group_name: "X", role_name: "rw" }]), unsure)).desired,
      ).to.deep.equal([]);
      expect((await settled(highest(any, high), unsure)).desired).to.deep.equal(["A/adm by high@idp"]);
    });

    it("does not wait for more groups of a rule that gives something there already", async () => {
      const any = ["any", { group_pattern: "g-{r}", values: { r: ["ro", "adm"] }, role_name: "{r}" }] as const;
      expect((await settled(highest(any), { groups: ["g-ro"], unlisted: "overage" })).desired).to.deep.equal([
        "A/ro by any@idp",
      ]);
      expect(
        (await settled(highest(any, ["mid", { everyone: true, role_name: "rw" }]), { unlisted: "overage" })).desired,
      ).to.deep.equal([]);
    });

    it("lets nobody else win while a rule that gives less, or gave as much, could give more by unknown groups", async () => {
      const any = ["any", { group_pattern: "g-{r}", role_name: "{r}" }] as const;
      const unsure = { unlisted: "overage" } as const;
      const less = await settled(highest(any, ["mid", { everyone: true, role_name: "rw" }]), {
        ...unsure,
        groups: ["g-ro"],
      });
      expect(less.desired).to.deep.equal([]);
      const other = { groups: [group("g-ro", STALE)], connection: { slug: "other" } };
      const stale = await settled(highest(any, low), unsure, other);
      expect(stale.desired).to.deep.equal(["A/ro by any@other?"]);
    });

    it("supposes only what is at stake, where that is known", async () => {
      const document = highest(low, [
        "ops",
        { group_pattern: "g-{t}", team_name: "{t}", role_name: "adm", when: OPEN },
      ]);
      const { desired, locked } = await settled(document, { groups: ["g-B"], user: UNKNOWN });
      expect(desired).to.deep.equal(["A/ro by low@idp"]);
      expect(locked("team:B", "ro")).to.deep.equal(["ops"]);
      const here = await settled(document, { groups: ["g-A"], user: UNKNOWN });
      expect(here.desired).to.deep.equal([]);
    });

    it("keeps a higher stale role and gives no lower one meanwhile", async () => {
      const { desired, locked } = await settled(highest(low, high), { groups: [group("X", STALE)] });
      expect(desired).to.deep.equal(["A/adm by high@idp?"]);
      expect(locked("team:A", "ro")).to.deep.equal(["high"]);
      const fresh = await settled(highest(low, high, ["also", { group_name: "Y", role_name: "adm" }]), {
        groups: ["Y", group("X", STALE)],
      });
      expect(fresh.desired).to.deep.equal(["A/adm by also@idp", "A/adm by high@idp?"]);
    });
  });

  describe("all", () => {
    const all = (...entries: readonly Entry[]) => ({ conflicts: "all", ...rules(...entries) }) as const;

    it("adds everything up", async () => {
      const document = all(["a", { everyone: true }], ["b", { everyone: true, role_name: "viewer" }]);
      expect((await settled(document, {})).desired).to.deep.equal(["A/editor by a@idp", "A/viewer by b@idp"]);
    });

    it("keeps what an open rule could give, and holds nobody else's grant back", async () => {
      const document = all(["a", { when: OPEN }], ["b", { everyone: true }]);
      const { desired, locked } = await settled(document, { user: UNKNOWN });
      expect(desired).to.deep.equal(["A/editor by b@idp"]);
      expect(locked("team:A", "editor")).to.deep.equal(["a"]);
      expect(locked("team:A", "viewer")).to.deep.equal([]);
    });

    it("keeps stale grants beside fresh ones", async () => {
      const document = all(["a", { group_name: "X" }], ["b", { everyone: true, role_name: "viewer" }]);
      expect((await settled(document, { groups: [group("X", STALE)] })).desired).to.deep.equal([
        "A/editor by a@idp?",
        "A/viewer by b@idp",
      ]);
    });

    it("still lets `role_order` choose within one rule and place", async () => {
      const document = { ...all(["a", { group_pattern: "g-{r}", role_name: "{r}" }]), role_order: ["ro", "rw"] };
      expect((await settled(document, { groups: ["g-ro", "g-rw"] })).desired).to.deep.equal(["A/rw by a@idp"]);
      const stale = [group("g-rw", STALE), "g-ro"];
      expect((await settled(document, { groups: stale })).desired).to.deep.equal(["A/ro by a@idp", "A/rw by a@idp?"]);
      expect((await settled(document, { groups: [group("g-ro", STALE), "g-rw"] })).desired).to.deep.equal([
        "A/rw by a@idp",
      ]);
    });

    it("keeps by an open rule what it may still give, and nothing below what it gives for sure", async () => {
      const document = { ...all(["a", { group_pattern: "g-{r}", role_name: "{r}" }]), role_order: ["ro", "rw", "adm"] };
      const { locked } = await settled(document, { groups: ["g-rw"], unlisted: "overage" });
      expect([locked("team:A", "adm"), locked("team:A", "ro"), locked("team:B", "ro")]).to.deep.equal([["a"], [], []]);
    });
  });

  it("gives one grant when two rows of one connection say the same, the fresh one first", async () => {
    const document = rules(["a", { group_name: "X" }]);
    for (const links of [
      [{ groups: ["X"] }, { groups: [group("X", STALE)] }],
      [{ groups: [group("X", STALE)] }, { groups: ["X"] }],
    ]) {
      expect((await settled(document, ...links)).desired).to.deep.equal(["A/editor by a@idp"]);
    }
  });

  it("does not count what an inactive row says", async () => {
    const document = rules(["a", { group_name: "X" }], ["b", { group_name: "Y" }]);
    const links = [
      { groups: ["X"], scim: "inactive" },
      { groups: ["Y"], scim: "active", connection: { slug: "other" } },
    ] as const;
    expect((await settled(document, ...links)).desired).to.deep.equal(["A/editor by b@other"]);
  });

  describe("teams", () => {
    const captured = (policy: MappingDocument["unknown_team"]) =>
      ({
        unknown_team: policy,
        mappings: [
          {
            id: "p",
            group_pattern: "g-{t}",
            values: { t: { w: "Written", "*": true } },
            team_name: "{t}",
            role_name: "x",
          },
          { id: "l", everyone: true, team_name: "Literal", role_name: "x" },
        ],
        default_team: "Default",
      }) as MappingDocument;
    const groups = ["g-w", "g-new", "g-Old", "g-Literal"];
    const known_teams = {
      resolveTeam: (name: string) => (name === "Old" ? { name: "Renamed" } : name === "There" ? { name } : undefined),
    };
    const cases = [
      [
        "create",
        ["Literal/x by l@idp", "Literal/x by p@idp", "Renamed/x by p@idp", "Written/x by p@idp"],
        ["team:new"],
      ],
      [
        "create_any",
        ["Literal/x by l@idp", "Literal/x by p@idp", "Renamed/x by p@idp", "Written/x by p@idp", "new/x by p@idp"],
        [],
      ],
      ["reject", ["Renamed/x by p@idp"], ["team:Literal", "team:Literal", "team:Written", "team:new"]],
    ] as const;
    for (const [policy, desired, rejected] of cases) {
      it(`unknown ones under \`${policy}\``, async () => {
        const decision = await decided(compiled(captured(policy)), [link({ groups })], {}, "sync", known_teams);
        expect(desiredOf(decision)).to.deep.equal([...desired]);
        expect(decision.rejected.map((one) => one.target.scope).sort()).to.deep.equal([...rejected]);
      });
    }

    it("that were renamed are found by their old name, by winners and locks alike", async () => {
      const document = rules(["a", { when: OPEN, team_name: "Old" }], ["b", { everyone: true, team_name: "Renamed" }]);
      const decision = await decided(compiled(document), [link({ user: UNKNOWN })], {}, "sync", known_teams);
      expect(desiredOf(decision)).to.deep.equal([]);
      expect(decision.locks.some((one) => one.covers({ scope: "team:Renamed", role: "editor" }))).to.equal(true);
    });

    it("by a default that may not be made are not given", async () => {
      const decision = await decided(
        compiled(captured("reject")),
        [link()],
        { status: "pending", everRegistered: false },
        "sign_in",
        known_teams,
      );
      expect(desiredOf(decision)).to.deep.equal([]);
    });
  });

  it("reads app roles of one link and groups of another apart", async () => {
    const document = rules(["a", { group_name: "X", app_role: "r" }]);
    const links = [{ groups: ["X"] }, { appRoles: known(["r"]), connection: { slug: "other" } }];
    expect((await settled(document, ...links)).desired).to.deep.equal([]);
  });
});
