import { expect } from "chai";
import { linkFacts } from "../../src/engine/facts.js";
import type { ClaimsDocument } from "../../src/model/directory.js";
import { USER_ATTRIBUTES, type UserAttribute } from "../../src/model/facts.js";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { known, unknown } from "../../src/model/known.js";
import type { DirectoryGroupRecord, LinkConnection, LinkRecord, PersonLink } from "../../src/model/person.js";
import { BEFORE, connection, NOW } from "./made-up.js";

const LONG_AGO = "2026-11-22T10:59:59.000Z";
const JUST_NOW = "2026-11-22T11:30:00.000Z";

function pushed(attributes: Partial<Record<UserAttribute, string | boolean>> = {}, more: object = {}) {
  const all = Object.fromEntries(USER_ATTRIBUTES.map((name) => [name, attributes[name] ?? null])) as Record<
    UserAttribute,
    string | boolean | null
  >;
  return { active: true, deleted: false, attributes: all, appRoles: known([]), createdAt: BEFORE, ...more };
}

function claims(document: Partial<ClaimsDocument> = {}): ClaimsDocument {
  return { attributes: {}, claims: {}, at: BEFORE, ...document };
}

function record(
  made: Partial<Omit<LinkRecord, "connection">> & { connection?: Partial<LinkConnection> } = {},
): LinkRecord {
  return {
    directoryUser: "du" as DirectoryUserId,
    memberships: [],
    ...made,
    connection: connection(made.connection ?? { sync: "live" }),
  };
}

function facts(made: Parameters<typeof record>[0] = {}, now = NOW): PersonLink {
  const link = linkFacts(record(made), now);
  if (!link) throw new Error("no evidence");
  return link;
}

function directoryGroup(id: string, overrides: Partial<DirectoryGroupRecord> = {}): DirectoryGroupRecord {
  return {
    id,
    displayName: `Group ${id}`,
    externalId: `ext-${id}`,
    idpMappingNames: [],
    firstMembershipAt: LONG_AGO,
    deleted: false,
    ...overrides,
  };
}

/** `name:source`, with a question mark when stale; then what it means not to be listed. */
function groupsOf(link: PersonLink): readonly string[] {
  const { members, unlisted } = link.facts.groups;
  const shown = members.map((one) => `${one.names[0]}:${one.source}${one.staleSince ? "?" : ""}`).sort();
  return [...shown, unlisted];
}

describe("facts of a link", () => {
  describe("what is evidence", () => {
    it("is nothing at a disabled connection", () => {
      expect(
        linkFacts(record({ scim: pushed(), claims: claims(), connection: { sync: "live", disabled: true } }), NOW),
      ).to.equal(undefined);
    });

    for (const sync of ["off", "test"] as const) {
      it(`is no SCIM document while sync is ${sync}, yet the claims go on`, () => {
        expect(linkFacts(record({ scim: pushed(), connection: { sync } }), NOW)).to.equal(undefined);
        const link = facts({ scim: pushed({ title: "Boss" }), claims: claims(), connection: { sync } });
        expect(link.scim).to.equal(undefined);
        expect(link.facts.user.title).to.deep.equal(unknown("never_asserted"));
        expect(link.facts.appRoles).to.deep.equal(unknown("never_asserted"));
      });

      it(`is nothing of a row that SCIM deleted while sync is ${sync}: its claims have gone on elsewhere`, () => {
        const gone = record({ scim: pushed({}, { deleted: true }), claims: claims(), connection: { sync } });
        expect(linkFacts(gone, NOW)).to.equal(undefined);
      });
    }

    it("is a SCIM document while sync is live", () => {
      expect(facts({ scim: pushed() })).to.include({ scim: "active", signedIn: false, at: NOW });
    });

    it("says inactive of people who were deactivated or deleted", () => {
      expect(facts({ scim: pushed({}, { active: false }) }).scim).to.equal("inactive");
      expect(facts({ scim: pushed({}, { deleted: true }) }).scim).to.equal("inactive");
    });

    it("is a local row, on whose account no source has a word", () => {
      const local = { protocol: "local", sync: "off" } as const;
      const link = facts({ scim: pushed({ title: "Boss" }), connection: local });
      expect(link.scim).to.equal(undefined);
      expect(link).to.include({ signedIn: true, settling: false });
      expect(link.facts.user.title).to.deep.equal(known("Boss"));
      expect(facts({ connection: local }).facts.user.title).to.deep.equal(unknown("never_asserted"));
    });
  });

  describe("attributes", () => {
    const both = {
      scim: pushed({ department: "Sales" }),
      claims: claims({
        attributes: {
          department: { value: "IT", at: BEFORE },
          title: { value: "Boss", at: BEFORE, staleSince: JUST_NOW },
        },
      }),
    };

    it("are SCIM's where its document holds them", () => {
      expect(facts(both).facts.user.department).to.deep.equal(known("Sales"));
    });

    it("are what claims said where it does not, stale or not", () => {
      expect(facts(both).facts.user.title).to.deep.equal(known("Boss", JUST_NOW));
    });

    it("are known to be empty where neither holds them, and SCIM is evidence", () => {
      expect(facts(both).facts.user.country).to.deep.equal(known(null));
    });

    it("are unknown where claims never said anything, and SCIM is no evidence", () => {
      const link = facts({
        claims: claims({ attributes: { department: { value: null, at: BEFORE } } }),
        connection: { sync: "off" },
      });
      expect(link.facts.user.department).to.deep.equal(known(null));
      expect(link.facts.user.country).to.deep.equal(unknown("never_asserted"));
    });

    it("say active as SCIM does, and of whoever was let in", () => {
      expect(facts({ scim: pushed({}, { active: false }), claims: claims() }).facts.user.active).to.deep.equal(
        known(false),
      );
      expect(facts({ claims: claims(), connection: { sync: "off" } }).facts.user.active).to.deep.equal(known(true));
    });
  });

  it("carries claims, the day and the connection", () => {
    const link = facts({ claims: claims({ claims: { duties: ["on-call"] } }) });
    expect(link.facts.claims).to.deep.equal({ duties: ["on-call"] });
    expect(link.facts.now).to.equal("2026-11-22");
    expect(link.facts.connection).to.deep.equal({ slug: "idp", protocol: "oidc" });
    expect(facts({ scim: pushed() }).facts.claims).to.deep.equal({});
  });

  describe("app roles", () => {
    const claimed = claims({ appRoles: { value: ["claimed"], at: BEFORE } });
    const cases = [
      [
        "SCIM's, if it sent any",
        { scim: pushed({}, { appRoles: known(["pushed"]) }), claims: claimed },
        known(["pushed"]),
      ],
      ["the claims', if SCIM sent none", { scim: pushed(), claims: claimed }, known(["claimed"])],
      ["known to be none, if nobody sent any", { scim: pushed(), claims: claims() }, known([])],
      [
        "unknown, if SCIM cannot say and nobody claimed any",
        { scim: pushed({}, { appRoles: unknown("never_asserted") }) },
        unknown("never_asserted"),
      ],
      ["unknown without SCIM", { claims: claims() }, unknown("never_asserted")],
    ] as const;
    for (const [what, made, expected] of cases) {
      it(`are ${what}`, () => expect(facts(made).facts.appRoles).to.deep.equal(expected));
    }
  });

  describe("group authority", () => {
    const settled = directoryGroup("settled");
    const settling = directoryGroup("settling", { firstMembershipAt: JUST_NOW });
    const untouched = directoryGroup("untouched", { firstMembershipAt: undefined as never });
    const deleted = directoryGroup("deleted", { deleted: true });
    const directoryGroups = [settled, settling, untouched, deleted];
    const inSettled = [{ group: settled, since: LONG_AGO }];
    const inSettling = [{ group: settling, since: JUST_NOW }];
    const claimed = (...value: readonly string[]) => claims({ groups: { value, at: BEFORE } });
    const stale = (...value: readonly string[]) =>
      claims({ groups: { value, at: BEFORE, staleSince: JUST_NOW }, groupsUnknown: "overage" });
    const at = (overrides: Partial<LinkConnection> = {}) => ({ sync: "live", directoryGroups, ...overrides }) as const;
    const cameBack = (unconfirmedSince: string) =>
      directoryGroup("back", { firstMembershipAt: LONG_AGO, unconfirmedSince });
    const backSince = (since: string) => ({ directoryGroups: [...directoryGroups, cameBack(since)] });
    const inBackSince = (since: string) => [{ group: cameBack(since), since: LONG_AGO }];
    const back = backSince(BEFORE);
    const inBack = inBackSince(BEFORE);

    const cases: readonly (readonly [string, Parameters<typeof record>[0], readonly string[]])[] = [
      [
        "scim: memberships alone",
        { scim: pushed(), claims: claimed("Else"), memberships: inSettled, connection: at({ groups: "scim" }) },
        ["Group settled:scim", "not_member"],
      ],
      [
        "scim: unknown to people whom SCIM does not know",
        { claims: claimed("Else"), connection: at({ groups: "scim" }) },
        ["never_asserted"],
      ],
      [
        "claims: claims alone",
        { scim: pushed(), claims: claimed("Else"), memberships: inSettled, connection: at({ groups: "claims" }) },
        ["Else:claims", "not_member"],
      ],
      [
        "claims: unknown before the first sign-in",
        { scim: pushed(), memberships: inSettled, connection: at({ groups: "claims" }) },
        ["never_asserted"],
      ],
      [
        "claims: unknown when a sign-in never spoke of groups",
        { claims: claims(), connection: at({ groups: "claims" }) },
        ["never_asserted"],
      ],
      [
        "claims: unknown with its reason",
        { claims: claims({ groupsUnknown: "absent_claim" }), connection: at({ groups: "claims" }) },
        ["absent_claim"],
      ],
      [
        "claims: stale ones stay listed, and absence is unknown",
        { claims: stale("Else"), connection: at({ groups: "claims" }) },
        ["Else:claims?", "overage"],
      ],
      [
        "claims: stale without a reason",
        {
          claims: claims({ groups: { value: [], at: BEFORE, staleSince: NOW } }),
          connection: at({ groups: "claims" }),
        },
        ["absent_claim"],
      ],
      [
        "claims: a list cut off at 100 proves presence and no absence",
        {
          claims: claims({ groups: { value: ["Else"], at: BEFORE }, groupsUnknown: "truncated_at_100" }),
          connection: at({ groups: "claims" }),
        },
        ["Else:claims", "truncated_at_100"],
      ],
      [
        "auto: claims answer for people whom SCIM does not know",
        { claims: claimed("Else", "ext-settled"), connection: at() },
        ["Else:claims", "Group settled:claims", "not_member"],
      ],
      [
        "auto: SCIM answers for a settled group, whatever claims say",
        { scim: pushed(), claims: claimed("Group settled", "Else"), connection: at() },
        ["Else:claims", "not_member"],
      ],
      [
        "auto: SCIM answers for a deleted group",
        { scim: pushed(), claims: claimed("ext-deleted"), connection: at() },
        ["not_member"],
      ],
      [
        "auto: until a group settles, either says so: SCIM",
        { scim: pushed(), claims: claimed(), memberships: inSettling, connection: at() },
        ["Group settling:scim", "not_member"],
      ],
      [
        "auto: until a group settles, either says so: claims",
        { scim: pushed(), claims: claimed("ext-settling"), connection: at() },
        ["Group settling:claims", "not_member"],
      ],
      [
        "auto: the first pushed group empties nobody else's",
        { scim: pushed(), claims: claimed("Group untouched", "Else"), connection: at() },
        ["Else:claims", "Group untouched:claims", "not_member"],
      ],
      [
        "auto: claims answer for groups outside the directory",
        { scim: pushed(), claims: claimed("Else"), memberships: inSettled, connection: at() },
        ["Else:claims", "Group settled:scim", "not_member"],
      ],
      [
        "auto: before the first group is pushed, what claims never said is unknown",
        { scim: pushed(), connection: at({ directoryGroups: [] }) },
        ["never_asserted"],
      ],
      [
        "auto: a directory that pushes groups knows them all for people whose claims never listed any",
        { scim: pushed(), memberships: inSettled, connection: at({ firstGroupPushAt: "2026-01-01T00:00:00.000Z" }) },
        ["Group settled:scim", "not_member"],
      ],
      [
        "auto: a provider that says it left groups out is believed",
        {
          scim: pushed(),
          claims: { ...claims(), groupsUnknown: "overage" },
          memberships: inSettled,
          connection: at({ firstGroupPushAt: "2026-01-01T00:00:00.000Z" }),
        },
        ["Group settled:scim", "overage"],
      ],
      [
        "auto: a directory without sign-ins of its own knows it all",
        { scim: pushed(), memberships: inSettled, connection: at({ protocol: "scim" }) },
        ["Group settled:scim", "not_member"],
      ],
      [
        "auto: once groups are pushed, SCIM's word is all there is for people whose claims never listed a group",
        {
          scim: pushed(),
          claims: claims({ groupsUnknown: "absent_claim" }),
          connection: at({ firstGroupPushAt: BEFORE }),
        },
        ["not_member"],
      ],
      [
        "auto: a provider that says that it leaves groups out is believed",
        { scim: pushed(), claims: claims({ groupsUnknown: "overage" }), connection: at({ firstGroupPushAt: BEFORE }) },
        ["overage"],
      ],
      [
        "auto: a provider that cuts its lists off is believed",
        {
          scim: pushed(),
          claims: claims({ groupsUnknown: "truncated_at_100" }),
          connection: at({ firstGroupPushAt: BEFORE }),
        },
        ["truncated_at_100"],
      ],
      [
        "auto: claims are heard at a directory that has sign-ins after all",
        { scim: pushed(), claims: stale("Else"), connection: at({ protocol: "scim" }) },
        ["Else:claims?", "overage"],
      ],
      [
        "unmanaged groups: what was pushed last goes on, stale, and the rest is unknown",
        { scim: pushed(), memberships: inSettled, connection: at({ groupsUnmanagedSince: BEFORE }) },
        ["Group settled:scim?", "never_asserted"],
      ],
      [
        "unmanaged groups: the same where SCIM alone answers",
        {
          scim: pushed(),
          claims: claimed("Else"),
          memberships: inSettled,
          connection: at({ groups: "scim", groupsUnmanagedSince: BEFORE }),
        },
        ["Group settled:scim?", "never_asserted"],
      ],
      [
        "unmanaged groups: sign-ins answer once they have listed any",
        {
          scim: pushed(),
          claims: claimed("Else"),
          memberships: inSettled,
          connection: at({ groupsUnmanagedSince: BEFORE }),
        },
        ["Else:claims", "not_member"],
      ],
      [
        "unmanaged groups: what a sign-in listed before stays out once groups were pushed",
        {
          scim: pushed(),
          claims: claimed("Else"),
          memberships: inSettled,
          connection: at({ groupsUnmanagedSince: JUST_NOW, firstGroupPushAt: LONG_AGO }),
        },
        ["Group settled:scim?", "never_asserted"],
      ],
      [
        "unmanaged groups: a sign-in since then answers, also where groups were pushed",
        {
          scim: pushed(),
          claims: claimed("Else"),
          memberships: inSettled,
          connection: at({ groupsUnmanagedSince: BEFORE, firstGroupPushAt: LONG_AGO }),
        },
        ["Else:claims", "not_member"],
      ],
      [
        "unmanaged groups: an earlier sign-in answers where no group was ever pushed",
        { scim: pushed(), claims: claimed("Else"), connection: at({ groupsUnmanagedSince: JUST_NOW }) },
        ["Else:claims", "not_member"],
      ],
      [
        "unmanaged groups: sign-ins answer where they were chosen",
        { scim: pushed(), connection: at({ groups: "claims", groupsUnmanagedSince: BEFORE }) },
        ["never_asserted"],
      ],
      [
        "groups that came back: unconfirmed, they are stale, and the rest is known",
        { scim: pushed(), memberships: inBack, connection: at({ ...back, protocol: "scim" }) },
        ["Group back:scim?", "not_member"],
      ],
      [
        "groups that came back: stale where SCIM alone answers, whatever a sign-in said",
        { scim: pushed(), claims: claimed("Else"), memberships: inBack, connection: at({ ...back, groups: "scim" }) },
        ["Group back:scim?", "not_member"],
      ],
      [
        "groups that came back: a sign-in since then that lists others refutes them",
        { scim: pushed(), claims: claimed("Else"), memberships: inBack, connection: at(back) },
        ["Else:claims", "not_member"],
      ],
      [
        "groups that came back: a sign-in since then confirms what it lists",
        { scim: pushed(), claims: claimed("Group back"), memberships: inBack, connection: at(back) },
        ["Group back:claims", "not_member"],
      ],
      [
        "groups that came back: a sign-in since then puts somebody in whom SCIM did not",
        { scim: pushed(), claims: claimed("Group back"), connection: at(back) },
        ["Group back:claims", "not_member"],
      ],
      [
        "groups that came back: a list since then that is not whole refutes nothing",
        { scim: pushed(), claims: stale("Else"), memberships: inBack, connection: at(back) },
        ["Else:claims?", "Group back:scim?", "overage"],
      ],
      [
        "groups that came back: a list since then that is not whole confirms no more than it is sure of",
        { scim: pushed(), claims: stale("Group back"), memberships: inBack, connection: at(back) },
        ["Group back:claims?", "overage"],
      ],
      [
        "groups that came back: what a sign-in listed before stays out",
        { scim: pushed(), claims: claimed("Group back"), connection: at(backSince(JUST_NOW)) },
        ["not_member"],
      ],
      [
        "groups that came back: a sign-in before refutes nothing",
        {
          scim: pushed(),
          claims: claimed("Else"),
          memberships: inBackSince(JUST_NOW),
          connection: at(backSince(JUST_NOW)),
        },
        ["Else:claims", "Group back:scim?", "not_member"],
      ],
      [
        "groups that came back and left again unconfirmed: stale",
        { scim: pushed(), memberships: inBack, connection: at({ ...back, groupsUnmanagedSince: JUST_NOW }) },
        ["Group back:scim?", "never_asserted"],
      ],
      [
        "auto: stale claims keep what they listed",
        { scim: pushed(), claims: stale("Else"), memberships: inSettled, connection: at() },
        ["Else:claims?", "Group settled:scim", "overage"],
      ],
      [
        "local: memberships",
        { scim: pushed(), memberships: inSettled, connection: at({ protocol: "local", sync: "off" }) },
        ["Group settled:scim", "not_member"],
      ],
      [
        "test mode: memberships are no evidence, and neither are the directory's names",
        { scim: pushed(), claims: claimed("ext-settled"), memberships: inSettled, connection: at({ sync: "test" }) },
        ["ext-settled:claims", "not_member"],
      ],
      [
        "a deleted group holds nobody",
        { scim: pushed(), memberships: [{ group: deleted, since: LONG_AGO }], connection: at({ groups: "scim" }) },
        ["not_member"],
      ],
    ];
    for (const [what, made, expected] of cases) it(what, () => expect(groupsOf(facts(made))).to.deep.equal(expected));

    it("knows absence from the groups that SCIM answers for, while the rest is unknown", () => {
      const never = facts({ scim: pushed(), connection: at() }).facts.groups.answered;
      for (const key of ["Group settled", "ext-settling", "untouched", "deleted"])
        expect(never.has(key)).to.equal(true);
      const { answered } = facts({ scim: pushed(), claims: stale("Else"), connection: at() }).facts.groups;
      for (const key of ["Group settled", "ext-settled", "settled", "Group deleted"])
        expect(answered.has(key)).to.equal(true);
      for (const key of ["Group settling", "ext-untouched", "Else"]) expect(answered.has(key)).to.equal(false);
    });

    it("does not take a deleted group's answer for a living one of the same name", () => {
      const groups = [
        directoryGroup("a", { displayName: "X", deleted: true }),
        directoryGroup("b", { displayName: "X", firstMembershipAt: JUST_NOW }),
      ];
      const link = facts({ scim: pushed(), claims: stale("X"), connection: at({ directoryGroups: groups }) });
      expect(link.facts.groups.answered.has("X")).to.equal(false);
      expect(groupsOf(link)).to.deep.equal(["X:claims?", "overage"]);
      expect(link.facts.groups.members[0]?.ids).to.deep.equal(["ext-b", "b"]);
    });

    for (const value of ["Group settling", "ext-settling", "settling", "crew"]) {
      it(`makes one group of a membership and the claim \`${value}\``, () => {
        const named = { ...settling, idpMappingNames: ["crew"] };
        const memberships = [{ group: named, since: JUST_NOW }];
        const link = facts({
          scim: pushed(),
          claims: claimed(value),
          memberships,
          connection: at({ directoryGroups: [named] }),
        });
        expect(link.facts.groups.members).to.have.length(1);
        expect(link.facts.groups.members[0]).to.deep.equal({
          names: ["Group settling", "crew"],
          ids: ["ext-settling", "settling"],
          source: "scim",
          since: JUST_NOW,
        });
      });
    }

    it("makes one group of several claims that name it", () => {
      const link = facts({
        claims: claimed("Group settled", "ext-settled", "settled", "Else", "Else"),
        connection: at(),
      });
      expect(groupsOf(link)).to.deep.equal(["Else:claims", "Group settled:claims", "not_member"]);
    });

    it("takes an id before a name, so that nobody borrows a group's id as a name", () => {
      const groups = [directoryGroup("real", { externalId: "guid" }), directoryGroup("fake", { displayName: "guid" })];
      const link = facts({ claims: claimed("guid"), connection: at({ directoryGroups: groups }) });
      expect(link.facts.groups.members[0]?.ids).to.deep.equal(["guid", "real"]);
    });

    it("leaves a name that several groups share a name, with nobody's ids", () => {
      const groups = [directoryGroup("a", { displayName: "X" }), directoryGroup("b", { displayName: "X" })];
      const link = facts({ claims: claimed("X"), connection: at({ directoryGroups: groups }) });
      expect(link.facts.groups.members.map(({ names, ids }) => [names, ids])).to.deep.equal([[["X"], ["X"]]]);
    });

    it("shows a group that is not in the list it was given", () => {
      const { externalId: _, ...bare } = directoryGroup("new");
      const link = facts({
        scim: pushed(),
        memberships: [{ group: bare, since: NOW }],
        connection: at({ groups: "scim" }),
      });
      expect(link.facts.groups.members[0]).to.include({ source: "scim", since: NOW });
      expect(link.facts.groups.members[0]?.ids).to.deep.equal(["new"]);
    });

    it("settles exactly `settleSeconds` after the first membership", () => {
      const group = directoryGroup("g", { firstMembershipAt: "2026-11-22T11:00:00.000Z" });
      const made = { scim: pushed(), claims: claimed("Group g"), connection: at({ directoryGroups: [group] }) };
      expect(groupsOf(facts(made, "2026-11-22T11:59:59.999Z"))).to.deep.equal(["Group g:claims", "not_member"]);
      expect(groupsOf(facts(made, "2026-11-22T12:00:00.000Z"))).to.deep.equal(["not_member"]);
    });

    it("answers for each group from its own instant on, in whatever order one list is asked", () => {
      const directoryGroups = ["2026-11-22T11:00:00.000Z", "2026-11-22T11:30:00.000Z"].map((firstMembershipAt, index) =>
        directoryGroup(`g${index}`, { firstMembershipAt }),
      );
      const made = { scim: pushed(), claims: stale("Else"), connection: at({ directoryGroups }) };
      const answered = (now: string) => {
        const keys = facts(made, now).facts.groups.answered;
        return ["g0", "g1"].filter((key) => keys.has(key));
      };
      const hours = ["11:59:59.999Z", "12:00:00.000Z", "12:29:59.999Z", "12:30:00.000Z", "11:00:00.000Z"];
      expect(hours.map((hour) => answered(`2026-11-22T${hour}`))).to.deep.equal([[], ["g0"], ["g0"], ["g0", "g1"], []]);
    });

    it("shares what it builds of a directory between links", () => {
      const link = () => facts({ scim: pushed(), claims: stale("Else"), memberships: inSettled, connection: at() });
      expect(link().facts.groups.answered).to.equal(link().facts.groups.answered);
      expect(link().facts.groups.members[0]?.names).to.equal(link().facts.groups.members[0]?.names);
    });
  });

  describe("settling", () => {
    const first = { sync: "live", firstGroupPushAt: BEFORE } as const;
    const cases: readonly (readonly [string, Parameters<typeof record>[0], boolean])[] = [
      ["ends some time after the person came", { scim: pushed(), connection: first }, false],
      ["lasts while the person is new", { scim: pushed({}, { createdAt: JUST_NOW }), connection: first }, true],
      ["lasts until a first group is pushed", { scim: pushed() }, true],
      [
        "ends when a sign-in tells the groups",
        { scim: pushed(), claims: claims({ groups: { value: [], at: NOW } }) },
        false,
      ],
      [
        "does not end by stale groups",
        { scim: pushed(), claims: claims({ groups: { value: [], at: NOW, staleSince: NOW } }) },
        true,
      ],
      [
        "does not end by groups that do not count",
        {
          scim: pushed(),
          claims: claims({ groups: { value: [], at: NOW } }),
          connection: { sync: "live", groups: "scim" },
        },
        true,
      ],
      ["does not concern people who only signed in", { claims: claims(), connection: { sync: "off" } }, false],
    ];
    for (const [what, made, expected] of cases) it(what, () => expect(facts(made).settling).to.equal(expected));

    it("says when it ends, once a group was pushed", () => {
      const until = new Date(Date.parse(JUST_NOW) + 3_600_000).toISOString();
      expect(facts({ scim: pushed({}, { createdAt: JUST_NOW }), connection: first }).settlesAt).to.equal(until);
      expect(facts({ scim: pushed() })).not.to.have.property("settlesAt");
      expect(facts({ scim: pushed(), connection: first })).not.to.have.property("settlesAt");
    });
  });
});
