import { expect } from "chai";
import { editedLink, type FactEdits } from "../../src/engine/explain/edited-facts.js";
import { unknown } from "../../src/model/known.js";
import type { DirectoryGroupRecord, PersonLink } from "../../src/model/person.js";
import { BEFORE, compiled, link, NOW } from "./made-up.js";

const MAPPING = compiled({
  groups: { Finance: { idp: ["g-1", "fin"] } },
  mappings: [{ group_name: "Finance", team_name: "Finance", role_name: "viewer" }],
});
const record: DirectoryGroupRecord = {
  id: "7",
  displayName: "Sales",
  externalId: "ext-7",
  idpMappingNames: [],
  deleted: false,
};
const KNOWN = link({ connection: { directoryGroups: [record] }, groups: ["A", "B"], unlisted: "absent_claim" });

function groupsOf(edits: FactEdits, of: PersonLink = KNOWN): readonly string[] {
  return editedLink(of, edits, MAPPING).facts.groups.members.map(({ names }) => names.join("|"));
}

describe("edited facts", () => {
  it("leave everything as it is that nobody edits", () => {
    expect(editedLink(KNOWN, {}, MAPPING)).to.deep.equal(KNOWN);
  });

  it("make `active` SCIM's word on the account, where SCIM speaks of it", () => {
    const scimOf = (scim: "active" | "inactive" | undefined, active: boolean | string) =>
      editedLink({ ...KNOWN, ...(scim && { scim }) }, { user: { active } }, MAPPING).scim;
    expect(scimOf("active", false)).to.equal("inactive");
    expect(scimOf("inactive", true)).to.equal("active");
    expect(scimOf("active", "no")).to.equal("active");
    expect(scimOf(undefined, false)).to.equal(undefined);
  });

  const groups: readonly (readonly [string, FactEdits, readonly string[]])[] = [
    ["join groups", { groups: { add: ["C"] } }, ["A", "B", "C"]],
    ["join none twice", { groups: { add: ["A", "C", "C"] } }, ["A", "B", "C"]],
    ["leave groups", { groups: { remove: ["A", "Z"] } }, ["B"]],
    [
      "join and leave at once, by name and by id",
      { groups: { add: ["C"] }, group_ids: { add: ["d"], remove: ["A"] } },
      ["B", "C", "d"],
    ],
    ["are in these groups and no others", { groups: ["B", "C"] }, ["B", "C"]],
    ["are in no group", { groups: [] }, []],
    ["are in groups of these names and these ids", { groups: ["B"], group_ids: ["C"] }, ["B", "C"]],
    ["are in these, and in one more", { groups: ["B"], group_ids: { add: ["C"] } }, ["B", "C"]],
    [
      "know groups of the alias book by what the connection calls them",
      { groups: { add: ["Finance"] } },
      ["A", "B", "g-1"],
    ],
  ];
  for (const [what, edits, expected] of groups) it(what, () => expect(groupsOf(edits)).to.deep.equal(expected));

  it("know who is said to have left a group to be out of it, also where groups are unknown", () => {
    const { groups } = editedLink(KNOWN, { groups: { remove: ["A", "Z"] } }, MAPPING).facts;
    expect([
      groups.unlisted,
      groups.answered.has("A"),
      groups.answered.has("Z"),
      groups.answered.has("B"),
    ]).to.deep.equal(["absent_claim", true, true, false]);
  });

  it("assert a stale group again by adding it, or by listing it", () => {
    const [stale] = link({ groups: ["A"] }).facts.groups.members;
    const facts = { ...KNOWN.facts, groups: { ...KNOWN.facts.groups, members: [{ ...stale, staleSince: BEFORE }] } };
    const held = { ...KNOWN, facts } as PersonLink;
    for (const edits of [{ groups: { add: ["A"] } }, { groups: ["A"] }]) {
      const { members } = editedLink(held, edits, MAPPING).facts.groups;
      expect(members).to.deep.equal([stale]);
    }
  });

  it("leave a group of the alias book by any of its keys", () => {
    expect(groupsOf({ groups: { remove: ["Finance"] } }, link({ groups: ["fin", "A"] }))).to.deep.equal(["A"]);
  });

  it("know by a whole list that there are no others, and by an addition nothing more than before", () => {
    const unlisted = (edits: FactEdits) => editedLink(KNOWN, edits, MAPPING).facts.groups.unlisted;
    expect(unlisted({ groups: [] })).to.equal("not_member");
    expect(unlisted({ group_ids: ["x"] })).to.equal("not_member");
    expect(unlisted({ groups: { add: ["C"] } })).to.equal("absent_claim");
  });

  it("keep what is known of a group that stays, and take names and ids of a new one from the directory", () => {
    const { members } = editedLink(KNOWN, { groups: ["A", "Sales"] }, MAPPING).facts.groups;
    expect(members).to.deep.equal([
      { names: ["A"], ids: ["A"], source: "claims", since: BEFORE },
      { names: ["Sales"], ids: ["ext-7", "7"], source: "scim", since: NOW },
    ]);
  });

  const roles: readonly (readonly [string, PersonLink, FactEdits["app_roles"], readonly string[]])[] = [
    ["a whole list", link(), ["x"], ["x"]],
    [
      "what is added and removed",
      link({ appRoles: { known: true, value: ["x", "y"] } }),
      { add: ["x", "z"], remove: ["y"] },
      ["x", "z"],
    ],
    ["what is removed alone", link({ appRoles: { known: true, value: ["x", "y"] } }), { remove: ["y"] }, ["x"]],
    ["what is added where nothing was known", link({ appRoles: unknown("never_asserted") }), { add: ["z"] }, ["z"]],
  ];
  for (const [what, of, edit, expected] of roles) {
    it(`hold app roles by ${what}`, () => {
      const { appRoles } = editedLink(of, edit === undefined ? {} : { app_roles: edit }, MAPPING).facts;
      expect(appRoles).to.deep.include({ known: true, value: expected });
    });
  }

  it("have attributes and claims, which are known then", () => {
    const before = link({
      user: { department: "Sales", title: unknown("never_asserted") },
      claims: { a: ["1"], b: ["2"] },
    });
    const { user, claims } = editedLink(
      before,
      { user: { department: null, title: "Boss", active: false }, claims: { b: ["3"], c: [] } },
      MAPPING,
    ).facts;
    expect([user.department, user.title, user.active].map((one) => one.known && one.value)).to.deep.equal([
      null,
      "Boss",
      false,
    ]);
    expect(user.country).to.deep.equal(before.facts.user.country);
    expect(claims).to.deep.equal({ a: ["1"], b: ["3"], c: [] });
  });
});
