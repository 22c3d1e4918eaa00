import { expect } from "chai";
import type { DecidedPerson, DecisionDoor } from "../../src/engine/account.js";
import type { MappingDocument, NoMatch } from "../../src/model/mapping.js";
import type { DeactivatedBy } from "../../src/model/person.js";
import { compiled, decided, desiredOf, group, link, type MadeUpLink } from "./made-up.js";

const MATCHED: MadeUpLink = { groups: ["X"] };
const UNMATCHED: MadeUpLink = {};
const UNDECIDED: MadeUpLink = { unlisted: "overage" };
const STALE: MadeUpLink = { groups: [group("X", { staleSince: "2026-11-20T00:00:00.000Z" })] };
const PENDING = { status: "pending", everRegistered: false } as const;

function document(policy: NoMatch | undefined, more: MappingDocument = {}): MappingDocument {
  return {
    ...(policy === undefined ? {} : { no_match: policy }),
    ...(policy === "default" ? { default_team: "D" } : {}),
    mappings: [{ id: "r", group_name: "X", team_name: "A", role_name: "editor" }],
    ...more,
  };
}

/** `status verdict`, with who deactivated. */
async function account(
  policy: NoMatch | undefined,
  links: readonly MadeUpLink[],
  person: Partial<DecidedPerson> = {},
  door: DecisionDoor = "sign_in",
  more: MappingDocument = {},
): Promise<string> {
  const decision = await decided(compiled(document(policy, more)), links.map(link), person, door);
  const { status, deactivatedBy, verdict } = decision;
  return `${status}${deactivatedBy ? ` by ${deactivatedBy}` : ""}, ${verdict.allow ? "allow" : verdict.code}`;
}

describe("the account and the sign-in", () => {
  describe("of unknown people", () => {
    const cases: readonly (readonly [NoMatch | undefined, MadeUpLink, string])[] = [
      [undefined, MATCHED, "registered, allow"],
      [undefined, UNMATCHED, "unchanged, not_assigned"],
      [undefined, UNDECIDED, "unchanged, groups_unknown"],
      [undefined, STALE, "unchanged, groups_unknown"],
      ["deny", MATCHED, "registered, allow"],
      ["deny", UNMATCHED, "unchanged, not_assigned"],
      ["deny", UNDECIDED, "unchanged, groups_unknown"],
      ["deactivate", UNMATCHED, "unchanged, not_assigned"],
      ["deactivate", UNDECIDED, "unchanged, groups_unknown"],
      ["allow", UNMATCHED, "registered, allow"],
      ["allow", UNDECIDED, "registered, allow"],
      ["default", UNMATCHED, "registered, allow"],
      ["default", UNDECIDED, "registered, allow"],
    ];
    for (const [policy, made, expected] of cases) {
      it(`\`${policy ?? "deny_new"}\`, ${JSON.stringify(made)}: ${expected}`, async () => {
        expect(await account(policy, [made], PENDING)).to.equal(expected);
      });
    }

    it("registers nobody by a sync without a SCIM document", async () => {
      expect(await account(undefined, [MATCHED], PENDING, "sync")).to.equal("unchanged, allow");
    });

    it("creates nobody where just-in-time provisioning is off", async () => {
      const off = { ...MATCHED, connection: { jit: "off" } } as const;
      expect(await account(undefined, [off], PENDING)).to.equal("unchanged, provisioning_off");
      expect(await account(undefined, [off], {})).to.equal("unchanged, allow");
      const elsewhere = { ...MATCHED, connection: { slug: "other" } };
      expect(await account(undefined, [off, elsewhere], PENDING)).to.equal("registered, allow");
    });

    it("lets everybody in while there is no rule", async () => {
      expect(await account(undefined, [UNDECIDED], PENDING, "sign_in", { mappings: [] })).to.equal("registered, allow");
    });
  });

  describe("of known people", () => {
    const cases: readonly (readonly [NoMatch | undefined, MadeUpLink, string])[] = [
      [undefined, UNMATCHED, "unchanged, allow"],
      ["allow", UNMATCHED, "unchanged, allow"],
      ["default", UNMATCHED, "unchanged, allow"],
      ["deny", MATCHED, "unchanged, allow"],
      ["deny", UNMATCHED, "unchanged, not_assigned"],
      ["deny", UNDECIDED, "unchanged, allow"],
      ["deny", STALE, "unchanged, allow"],
      ["deactivate", MATCHED, "unchanged, allow"],
      ["deactivate", UNMATCHED, "deactivated by no_match, not_assigned"],
      ["deactivate", UNDECIDED, "unchanged, allow"],
      ["deactivate", STALE, "unchanged, allow"],
    ];
    for (const [policy, made, expected] of cases) {
      it(`\`${policy ?? "deny_new"}\`, ${JSON.stringify(made)}: ${expected}`, async () => {
        expect(await account(policy, [made])).to.equal(expected);
        expect(await account(policy, [made], {}, "sync")).to.equal(expected);
      });
    }

    it("need every current link unmatched", async () => {
      const other = { connection: { slug: "other" } };
      expect(await account("deactivate", [UNMATCHED, { ...MATCHED, ...other }])).to.equal("unchanged, allow");
      expect(await account("deactivate", [UNMATCHED, { ...UNDECIDED, ...other }])).to.equal("unchanged, allow");
      expect(await account("deactivate", [UNMATCHED, other])).to.equal("deactivated by no_match, not_assigned");
    });

    it("are not judged without any link, nor when an admin made them by hand", async () => {
      expect(await account("deactivate", [])).to.equal("unchanged, allow");
      const local = { connection: { slug: "local", protocol: "local" } } as const;
      expect(await account("deactivate", [local])).to.equal("unchanged, allow");
      expect(await account("deny", [UNMATCHED, local])).to.equal("unchanged, allow");
      expect(await account("deny", [local], PENDING)).to.equal("registered, allow");
    });

    it("are judged by what a live connection keeps them by, in whatever groups they are by hand", async () => {
      const byHand = (groups: readonly string[]) =>
        ({ connection: { slug: "local", protocol: "local" }, groups }) as const;
      const pushed = { ...UNMATCHED, scim: "active" } as const;
      expect(await account("deactivate", [pushed, byHand(["Book club"])])).to.equal(
        "deactivated by no_match, not_assigned",
      );
      expect(await account("deny", [pushed, byHand(["Book club"])])).to.equal("registered, not_assigned");
      expect(await account("deactivate", [pushed, { ...byHand([]), ...MATCHED }])).to.equal("registered, allow");
    });
  });

  describe("of people whom SCIM pushed", () => {
    const active = { scim: "active" } as const;
    const inactive = { scim: "inactive" } as const;
    const other = { connection: { slug: "other" } };
    const cases: readonly (readonly [
      string,
      NoMatch | undefined,
      readonly MadeUpLink[],
      Partial<DecidedPerson>,
      string,
    ])[] = [
      ["are registered, whatever matches", undefined, [active], PENDING, "registered, allow"],
      ["are registered under deny too, and refused at the door", "deny", [active], PENDING, "registered, not_assigned"],
      [
        "are let in under deny when something matches",
        "deny",
        [{ ...active, ...MATCHED }],
        PENDING,
        "registered, allow",
      ],
      [
        "are let in under deny while groups are unknown",
        "deny",
        [{ ...active, ...UNDECIDED }],
        {},
        "registered, allow",
      ],
      [
        "wait under deny until their groups are there",
        "deny",
        [{ ...active, settling: true }],
        {},
        "registered, allow",
      ],
      [
        "wait under deactivate until their groups are there",
        "deactivate",
        [{ ...active, settling: true }],
        {},
        "registered, allow",
      ],
      ["are deactivated when nothing matches", "deactivate", [active], {}, "deactivated by no_match, not_assigned"],
      ["are never registered when nothing matches", "deactivate", [active], PENDING, "unchanged, not_assigned"],
      ["are deactivated when SCIM says so", undefined, [inactive], {}, "deactivated by scim, deactivated"],
      [
        "stay deactivated by SCIM whatever matches",
        undefined,
        [{ ...inactive, ...MATCHED }],
        { status: "deactivated" },
        "deactivated by scim, deactivated",
      ],
      [
        "are kept by another source that pushed them",
        undefined,
        [inactive, { ...active, ...other }],
        {},
        "registered, allow",
      ],
      [
        "are not kept by a sign-in alone",
        undefined,
        [inactive, { ...MATCHED, ...other }],
        {},
        "deactivated by scim, deactivated",
      ],
      [
        "come back when SCIM says so",
        undefined,
        [active],
        { status: "deactivated", deactivatedBy: "scim" },
        "registered, allow",
      ],
      [
        "come back from no_match with a match",
        "deactivate",
        [{ ...active, ...MATCHED }],
        { status: "deactivated", deactivatedBy: "no_match" },
        "registered, allow",
      ],
      [
        "do not come back from no_match on a guess",
        "deactivate",
        [{ ...active, ...UNDECIDED }],
        { status: "deactivated", deactivatedBy: "no_match" },
        "unchanged, groups_unknown",
      ],
      [
        "do not come back from no_match while nothing matches",
        "deactivate",
        [active],
        { status: "deactivated", deactivatedBy: "no_match" },
        "unchanged, not_assigned",
      ],
      [
        "come back from no_match when it lets people in",
        "allow",
        [active],
        { status: "deactivated", deactivatedBy: "no_match" },
        "registered, allow",
      ],
    ];
    for (const [what, policy, links, person, expected] of cases) {
      it(what, async () => expect(await account(policy, links, person)).to.equal(expected));
    }

    describe("who wait for their groups under deactivate", () => {
      const told = async (policy: NoMatch, ...links: readonly MadeUpLink[]) => {
        const { statusReason, locks } = await decided(compiled(document(policy)), links.map(link), {}, "sync");
        const ends = locks.map(({ open: { reason, until } }) => [reason, until]);
        const covering = locks.filter(({ covers }) => covers({ scope: "team:A", role: "editor" }));
        expect(covering.map(({ rule }) => rule)).not.to.include("no_match");
        return { statusReason, ends };
      };
      const soon = { ...active, settling: true, settlesAt: "2026-11-22T12:30:00.000Z" };
      const later = { ...active, ...other, settling: true, settlesAt: "2026-11-22T14:05:09.000Z" };

      it("are told until when, by the last of their sources", async () => {
        const until = "14:05:09 UTC on 2026-11-22";
        expect(await told("deactivate", later, soon)).to.deep.equal({
          statusReason: `active in \`other\`; pushed a short while ago: if no rule matches by ${until}, the account ends`,
          ends: [["settling", later.settlesAt]],
        });
      });

      it("are told of no time while no group was pushed", async () => {
        expect(await told("deactivate", soon, { ...active, ...other, settling: true })).to.deep.equal({
          statusReason:
            "active in `idp`; no group was pushed yet: if no rule matches when groups have come, the account ends",
          ends: [["settling", undefined]],
        });
      });

      for (const [what, policy, ...links] of [
        ["a policy that ends no account", "deny", soon],
        ["a rule that matches", "deactivate", { ...soon, ...MATCHED }],
        ["a rule that may match", "deactivate", { ...soon, ...UNDECIDED }],
      ] as const) {
        it(`are told nothing of it by ${what}`, async () => {
          const { statusReason, ends } = await told(policy, ...links);
          expect(statusReason).to.equal("active in `idp`");
          expect(ends.flat()).not.to.include("settling");
        });
      }
    });

    it("do not wait for groups that no rule asks about", async () => {
      const byTitle: MappingDocument = {
        mappings: [{ id: "t", when: "user.title = 'x'", team_name: "A", role_name: "editor" }],
      };
      expect(await account("deactivate", [{ ...active, settling: true }], {}, "sync", byTitle)).to.equal(
        "deactivated by no_match, not_assigned",
      );
    });

    it("come back from an admin's deactivation by a push, and not by a sign-in", async () => {
      const person = { status: "deactivated", deactivatedBy: "admin" } as const;
      expect(await account(undefined, [active], person, "sign_in")).to.equal("unchanged, deactivated");
      expect(await account(undefined, [active], person, "sync")).to.equal("registered, allow");
    });
  });

  describe("of deactivated people whom no source pushes", () => {
    for (const by of ["scim", "admin", "disabled_connection"] as const) {
      it(`is never revived by a sign-in after ${by}`, async () => {
        expect(await account(undefined, [MATCHED], { status: "deactivated", deactivatedBy: by })).to.equal(
          "unchanged, deactivated",
        );
      });
    }
    const cases: readonly (readonly [NoMatch, MadeUpLink, DecisionDoor, string])[] = [
      ["deactivate", MATCHED, "sign_in", "registered, allow"],
      ["deactivate", MATCHED, "sync", "registered, allow"],
      ["deactivate", UNMATCHED, "sign_in", "unchanged, not_assigned"],
      ["deactivate", UNDECIDED, "sign_in", "unchanged, groups_unknown"],
      ["deny", UNMATCHED, "sign_in", "unchanged, not_assigned"],
      ["allow", UNMATCHED, "sign_in", "registered, allow"],
      ["allow", UNMATCHED, "sync", "unchanged, allow"],
    ];
    for (const [policy, made, door, expected] of cases) {
      it(`after no_match, \`${policy}\`, ${JSON.stringify(made)}, ${door}: ${expected}`, async () => {
        expect(await account(policy, [made], { status: "deactivated", deactivatedBy: "no_match" }, door)).to.equal(
          expected,
        );
      });
    }
  });

  describe("says of deactivated people why they are", () => {
    const by = (deactivatedBy: DeactivatedBy | undefined) => ({ status: "deactivated", deactivatedBy }) as const;
    const cases: readonly (readonly [
      NoMatch | undefined,
      MadeUpLink,
      DeactivatedBy | undefined,
      DecisionDoor,
      string,
    ])[] = [
      ["deactivate", { scim: "active" }, "no_match", "sync", "no rule matches"],
      ["deactivate", { scim: "active", ...UNDECIDED }, "no_match", "sync", "no rule is known to match"],
      ["deactivate", UNMATCHED, "no_match", "sync", "no rule matches"],
      ["deactivate", UNDECIDED, "no_match", "sync", "no rule is known to match"],
      ["allow", MATCHED, "scim", "sync", "the identity provider deactivated it"],
      ["allow", MATCHED, "disabled_connection", "sync", "its connection was disabled"],
      ["allow", MATCHED, "admin", "sync", "an admin deactivated it"],
      ["allow", MATCHED, undefined, "sync", "it was deactivated"],
      ["allow", { scim: "active" }, "admin", "sign_in", "an admin deactivated it"],
    ];
    for (const [policy, made, door, seen, expected] of cases) {
      it(`\`${policy}\`, ${JSON.stringify(made)}, by ${door}, ${seen}: ${expected}`, async () => {
        const decision = await decided(compiled(document(policy)), [link(made)], by(door), seen);
        expect(decision.statusReason).to.equal(expected);
      });
    }
  });

  describe("defaults", () => {
    const given = async (mapping: MappingDocument, links: readonly MadeUpLink[], person: Partial<DecidedPerson>) =>
      desiredOf(await decided(compiled(mapping), links.map(link), person, "sign_in"));

    it("are given once, at the first registration, beside what rules give", async () => {
      const mapping = document(undefined, { default_team: "D", default_role: "viewer" });
      expect(await given(mapping, [MATCHED], PENDING)).to.deep.equal(["A/editor by r@idp", "D/viewer by default_team"]);
      expect(await given(mapping, [MATCHED], {})).to.deep.equal(["A/editor by r@idp"]);
      expect(
        await given(mapping, [{ scim: "active" }], { status: "deactivated", deactivatedBy: "scim" }),
      ).to.deep.equal([]);
    });

    it("are not given to people who are not registered", async () => {
      const mapping = document("deny", { default_team: "D" });
      expect(await given(mapping, [UNMATCHED], PENDING)).to.deep.equal([]);
    });

    it("are a role of the tenant without a team", async () => {
      expect(await given({ default_role: "guest" }, [UNMATCHED], PENDING)).to.deep.equal([
        "tenant/guest by default_role",
      ]);
    });

    it("become a fallback for as long as nothing matches", async () => {
      const mapping = document("default");
      expect(await given(mapping, [UNMATCHED], PENDING)).to.deep.equal(["D/member by no_match"]);
      expect(await given(mapping, [UNMATCHED], {})).to.deep.equal(["D/member by no_match"]);
      expect(await given(mapping, [MATCHED], PENDING)).to.deep.equal(["A/editor by r@idp"]);
      expect(await given(mapping, [], {})).to.deep.equal([]);
    });

    for (const made of [UNDECIDED, STALE]) {
      it(`neither come nor go as a fallback while it is open whether a rule matches: ${JSON.stringify(made)}`, async () => {
        const decision = await decided(compiled(document("default")), [link(made)]);
        expect(desiredOf(decision).filter((one) => one.includes("no_match"))).to.deep.equal([]);
        const covers = (rule: string) =>
          decision.locks.some((one) => one.covers({ scope: "team:D", role: "member" }, rule));
        expect(covers("no_match")).to.equal(true);
        expect(covers("default_team")).to.equal(false);
      });
    }
  });

  describe("frozen", () => {
    const frozen = async (...links: readonly MadeUpLink[]) => (await decided(compiled({}), links.map(link))).frozen;
    const first = { connection: { jit: "first_sign_in" } } as const;

    it("are people of whom only first sign-ins are known", async () => {
      expect(await frozen(first)).to.equal(true);
      expect(await frozen({})).to.equal(false);
      expect(await frozen(first, { connection: { slug: "other" } })).to.equal(false);
      expect(await frozen({ ...first, scim: "active" })).to.equal(false);
      expect(await frozen({ connection: { ...first.connection, protocol: "local" } })).to.equal(false);
      expect(await frozen()).to.equal(false);
    });
  });
});
