import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import type { QuirkName } from "../../src/protocols/scim/dialect.js";
import { readGroup, readUser } from "../../src/protocols/scim/document.js";
import { applyPatch, type PatchOutcome } from "../../src/protocols/scim/patch.js";
import { readPatchRequest } from "../../src/protocols/scim/patch-request.js";
import { ENTERPRISE, GROUP, groupReading, PATCH_OP, ROLECALL_GROUP, refusal, USER, userReading } from "./tables.js";

type Operations = readonly { readonly [key: string]: Json }[];

const platform: JsonObject = { displayName: "Platform", idpMappingNames: ["p"] };

function patch(operations: Operations): PatchOutcome & { readonly quirks: readonly QuirkName[] } {
  const reading = groupReading();
  const outcome = applyPatch(
    platform,
    readPatchRequest({ schemas: [PATCH_OP], Operations: operations }, reading),
    reading,
  );
  return { ...outcome, quirks: [...reading.quirks] };
}

/** `+` adds, `-` removes, `=` is the whole set. */
function members(operations: Operations): readonly string[] {
  const sign = { addMembers: "+", removeMembers: "-", setMembers: "=" };
  return patch(operations).members.map(({ kind, members }) => `${sign[kind]}${members.join(",")}`);
}

const remove = (filter: string): { readonly [key: string]: Json } => ({ op: "remove", path: `members[${filter}]` });

describe("SCIM PATCH of group members", () => {
  it("SEC-06: counts whom all operations name together, each as often as it is named", () => {
    const many = (count: number) => ({
      ...{ op: "add", path: "members", value: Array<Json>(count).fill({ value: "u1" }) },
    });
    const either = remove(Array<string>(40).fill('value eq "u1"').join(" or "));
    expect(members([many(5_000), many(4_960), either])).to.deep.equal(["-u1"]);
    for (const operations of [
      [many(5_000), many(5_001)],
      [many(5_000), many(4_961), either],
    ]) {
      expect(refusal(() => members(operations)).kind).to.equal("tooLarge");
    }
  });

  const cases: readonly (readonly [rule: string, operations: Operations, outcome: readonly string[]])[] = [
    ["OKTA-12: adds", [{ op: "add", path: "members", value: [{ value: "u1", display: "ada" }] }], ["+u1"]],
    [
      "OKTA-13: removes and adds in one PATCH",
      [remove('value eq "u1"'), { op: "add", path: "members", value: [{ value: "u2" }] }],
      ["-u1", "+u2"],
    ],
    [
      "OKTA-15: replaces the set",
      [{ op: "replace", path: "members", value: [{ value: "u1" }, { value: "u2" }] }],
      ["=u1,u2"],
    ],
    ["OKTA-15, BUG-20: replaces by nobody", [{ op: "replace", path: "members", value: [] }], ["="]],
    [
      "OKTA-15: replaces by nobody without a path",
      [{ op: "replace", value: { members: [], id: "g", displayName: "Platform" } }],
      ["="],
    ],
    ["OKTA-11, BUG-20: a rename touches no member", [{ op: "replace", value: { id: "g", displayName: "n" } }], []],
    ["ENTRA-22: a rename by path touches no member", [{ op: "Replace", path: "displayName", value: "n" }], []],
    [
      "ENTRA-19: adds by several operations",
      [
        {
          op: "Add",
          path: "members",
          value: [
            { $ref: null, value: "u1" },
            { $ref: null, value: "u2" },
          ],
        },
        { op: "Add", path: "members", value: [{ $ref: null, value: "u3" }] },
      ],
      ["+u1,u2,u3"],
    ],
    [
      "ENTRA-20, BUG-01: removes only the listed members",
      [{ op: "Remove", path: "members", value: [{ $ref: null, value: "u1" }] }],
      ["-u1"],
    ],
    [
      "ENTRA-20: a listed member goes by its id, whatever else is said of it",
      [
        {
          op: "remove",
          path: "members",
          value: [{ value: "u1", type: "Group", display: "x", $ref: "https://x/Groups/u1" }],
        },
      ],
      ["-u1"],
    ],
    ["ENTRA-20, BUG-01: an empty list removes nobody", [{ op: "Remove", path: "members", value: [] }], []],
    ["ENTRA-20: removes a lone listed member", [{ op: "remove", path: "members", value: { value: "u1" } }], ["-u1"]],
    ["ENTRA-21, BUG-02: removes the selected member", [remove('value eq "u1"')], ["-u1"]],
    ["ENTRA-21: removes several selected members", [remove('value eq "u1" or value eq "u2"')], ["-u1,u2"]],
    ["ENTRA-21: a condition on the type adds nothing", [remove('type eq "user" and Value Eq "u1"')], ["-u1"]],
    ["a condition on the type of a group adds nothing", [remove('value eq "g1" and type eq "Group"')], ["-g1"]],
    [
      "RFC-15: a group is named like a user",
      [
        {
          op: "add",
          path: "members",
          value: [{ value: "g1", type: "Group", $ref: "https://x/Groups/g1" }, { value: "u1" }],
        },
      ],
      ["+g1,u1"],
    ],
    [
      "ENTRA-21: an id of odd characters is one id",
      [remove('value eq "a]\\"b or value eq c"')],
      ['-a]"b or value eq c'],
    ],
    ["RFC-48: removes all", [{ op: "remove", path: "members" }], ["="]],
    [
      "C9: adds a bare id, and a list of them",
      [
        { op: "add", path: "members", value: "u1" },
        { op: "add", path: "members", value: ["u2"] },
      ],
      ["+u1,u2"],
    ],
    [
      "ENTRA-15: by the URN of the schema",
      [{ op: "add", path: `${GROUP}:members`, value: [{ value: "u1" }] }],
      ["+u1"],
    ],
    ["RFC-46: adds without a path", [{ op: "add", value: { MEMBERS: [{ VALUE: "u1" }] } }], ["+u1"]],
    [
      "RFC-45: names each member once",
      [
        { op: "add", path: "members", value: ["u1", "u1"] },
        { op: "add", path: "members", value: ["u1"] },
      ],
      ["+u1"],
    ],
    [
      "a filtered add means the member that the filter names",
      [{ op: "add", path: 'members[value eq "u1"]', value: { type: "User" } }],
      ["+u1"],
    ],
    [
      "the last word on a member counts",
      [
        { op: "add", path: "members", value: ["u1", "u2"] },
        remove('value eq "u1"'),
        { op: "remove", path: "members", value: ["u3"] },
        { op: "add", path: "members", value: ["u3"] },
      ],
      ["-u1", "+u2,u3"],
    ],
    [
      "what follows a replacement changes the new set",
      [
        { op: "replace", path: "members", value: ["u1", "u2"] },
        remove('value eq "u1"'),
        { op: "add", path: "members", value: ["u3"] },
      ],
      ["=u2,u3"],
    ],
    [
      "a replacement forgets what was before it",
      [
        { op: "add", path: "members", value: ["u1"] },
        remove('value eq "u2"'),
        { op: "replace", path: "members", value: ["u3"] },
      ],
      ["=u3"],
    ],
    [
      "everybody removed, then one added",
      [
        { op: "remove", path: "members" },
        { op: "add", path: "members", value: ["u1"] },
      ],
      ["=u1"],
    ],
    [
      "null members beside other attributes empty nothing",
      [{ op: "replace", value: { displayName: "n", members: null } }],
      [],
    ],
    [
      "BUG-20: null members beside others in the URN's object empty nothing",
      [{ op: "replace", value: { [GROUP]: { displayName: "n", members: null } } }],
      [],
    ],
  ];
  for (const [rule, operations, outcome] of cases) {
    it(rule, () => {
      expect(members(operations)).to.deep.equal(outcome);
    });
  }

  it("leaves the resource to itself: members never enter it", () => {
    const outcome = patch([{ op: "add", path: "members", value: ["u1"] }]);
    expect(outcome).to.deep.include({ resource: platform, changed: false });
  });

  it("OKTA-11: changes the name and ignores the id", () => {
    const outcome = patch([{ op: "replace", value: { id: "other", displayName: "n" } }]);
    expect(outcome.resource).to.deep.equal({ ...platform, displayName: "n" });
    expect(outcome.quirks).to.deep.equal(["read_only_in_value"]);
  });

  it("TEC-22, ENTRA-16: changes mapping names, one list, at either place", () => {
    const outcome = patch([
      { op: "add", path: "idpMappingNames", value: ["q"] },
      { op: "Add", path: `${ROLECALL_GROUP}:idpMappingNames`, value: [{ value: "1" }] },
    ]);
    expect(outcome.resource).to.deep.equal({
      ...platform,
      idpMappingNames: ["p", "q", "1"],
      [ROLECALL_GROUP]: { idpMappingNames: ["p", "q", "1"] },
    });
    expect(outcome.quirks).to.include("wrapped_value");
  });

  for (const value of [
    { idpMappingNames: ["q", "r"], [ROLECALL_GROUP]: { idpMappingNames: ["r", "s"] } },
    { [ROLECALL_GROUP]: { idpMappingNames: ["q", "r"] }, idpMappingNames: ["r", "s"] },
    { idpMappingNames: ["q", "r"], [`${ROLECALL_GROUP}:idpMappingNames`]: ["r", "s"] },
    { [`${ROLECALL_GROUP}:idpMappingNames`]: null, idpMappingNames: ["q", "r", "s"] },
    { idpMappingNames: ["q", "r", "s"], [ROLECALL_GROUP]: { idpMappingNames: null } },
  ]) {
    it(`TEC-22: replaces mapping names by what both places say, as PUT does: ${JSON.stringify(value)}`, () => {
      const { resource } = patch([
        { op: "add", path: "idpMappingNames", value: ["t"] },
        { op: "replace", value },
      ]);
      expect(resource["idpMappingNames"]).to.deep.equal(["q", "r", "s"]);
    });
  }

  const refused: readonly (readonly [kind: string, operation: { readonly [key: string]: Json }])[] = [
    ["invalidFilter", remove('display eq "x"')],
    ["invalidFilter", remove('value ne "x"')],
    ["invalidFilter", remove('not (value eq "x")')],
    ["invalidFilter", remove('value eq "x" and value eq "y"')],
    ["invalidFilter", remove('type eq "User"')],
    ["invalidFilter", remove("value eq null")],
    ["invalidFilter", remove("value pr")],
    ["invalidFilter", remove('value eq "x" and type eq "direct"')],
    ["invalidFilter", remove('value eq "x" and not (type eq null)')],
    ["invalidFilter", remove('value eq "x" or display eq "x"')],
    ["invalidValue", { op: "replace", path: "members", value: null }],
    ["invalidValue", { op: "Replace", path: `${GROUP}:members`, value: null }],
    ["invalidValue", { op: "Remove", path: "members", value: null }],
    ["invalidValue", { op: "add", path: "members", value: null }],
    ["invalidValue", { op: "replace", path: GROUP, value: { members: null } }],
    ["invalidValue", { op: "replace", path: "members", value: [null] }],
    ["invalidValue", { op: "add", path: "members", value: [null, null] }],
    ["invalidValue", { op: "remove", path: "members", value: [null] }],
    ["invalidValue", { op: "replace", value: { members: [null] } }],
    ["invalidValue", { op: "replace", value: { members: null } }],
    ["invalidValue", { op: "add", value: { [GROUP]: { members: null }, members: null, unknown: 1 } }],
    ["mutability", { op: "replace", path: 'members[value eq "x"].value', value: "y" }],
    ["mutability", { op: "replace", path: 'members[value eq "x"]', value: { value: "y" } }],
    ["mutability", { op: "add", path: "members.value", value: "y" }],
    ["mutability", { op: "replace", path: 'members[value eq "x"].display', value: "y" }],
    ["invalidValue", { op: "add", path: "members", value: [{ display: "x" }] }],
    ["invalidValue", { op: "add", path: "members", value: [{ value: "g", type: "Device" }] }],
    ["invalidValue", { op: "remove", path: "members", value: [{ $ref: "x" }] }],
    ["mutability", { op: "remove", path: "displayName" }],
    ["invalidValue", { op: "remove", path: "members", Path: "description" }],
    ["invalidValue", { op: "add", Op: "remove", path: "members", value: ["u1"] }],
    ["invalidValue", { op: "add", path: "members", value: ["u1"], VALUE: ["u2"] }],
  ];
  for (const [kind, operation] of refused) {
    it(`refuses ${JSON.stringify(operation)} as ${kind}`, () => {
      expect(refusal(() => patch([operation])).kind).to.equal(kind);
    });
  }

  it("refuses a message that lists operations twice, in two letter cases", () => {
    const operations = [{ op: "remove", path: "members" }];
    const body = { schemas: [PATCH_OP], Operations: operations, operations: [] };
    const { kind, detail } = refusal(() => readPatchRequest(body, groupReading()));
    expect([kind, detail]).to.deep.equal([
      "invalidValue",
      "`operations` is given twice: letter case makes no difference",
    ]);
  });

  const present = new Map<string, JsonObject>([
    ["u1", { value: "u1", $ref: "https://x.example/Users/u1", type: "User", display: "Ada" }],
    ["g1", { value: "g1", $ref: "https://x.example/Groups/g1", type: "Group", display: "Inner" }],
  ]);
  const conditions: readonly (readonly [filter: string, removed: readonly string[], asked: readonly string[]])[] = [
    ['type eq "Group" and value eq "u1"', [], ["u1"]],
    ['type eq "user" and value eq "u1"', ["u1"], ["u1"]],
    ['value eq "g1" and type eq "Group"', ["g1"], ["g1"]],
    ['value eq "g1" and not (type eq "Group")', [], ["g1"]],
    ['value eq "u1" and $ref eq "https://x.example/Groups/u1"', [], ["u1"]],
    ['value eq "u1" and $ref eq "https://x.example/Users/u1"', ["u1"], ["u1"]],
    ['value eq "u1" and display eq "Bob"', [], ["u1"]],
    ['value eq "u1" and display eq "ada"', ["u1"], ["u1"]],
    ['(value eq "u1" or value eq "g1") and type eq "User"', ["u1"], ["u1", "g1"]],
    ['value eq "g1" or value eq "u1" and type eq "Group"', ["g1"], ["g1", "u1"]],
    ['value eq "u1" or value eq "g1"', ["u1", "g1"], []],
    ['value eq "just-added" and type eq "Group"', ["just-added"], ["just-added"]],
  ];
  for (const [filter, removed, asked] of conditions) {
    it(`RFC-48: members[${filter}] removes those of whom all of it holds`, () => {
      const reading = groupReading();
      const operations = readPatchRequest({ schemas: [PATCH_OP], Operations: [remove(filter)] }, reading);
      const outcome = applyPatch(platform, operations, reading, present);
      expect(outcome.members.flatMap((operation) => operation.members)).to.deep.equal(removed);
      expect(outcome.asked).to.have.members(asked);
    });
  }

  const twice: readonly JsonObject[] = [
    { members: ["u1"], Members: ["u2"] },
    { members: ["u1"], [`${GROUP}:members`]: ["u2"] },
    { displayName: "a", displayname: "b" },
    { displayName: "a", [GROUP]: { displayName: "b" } },
    { [`${ROLECALL_GROUP}:description`]: "a", [ROLECALL_GROUP]: { Description: "b" } },
    { [ROLECALL_GROUP]: { description: "a" }, [ROLECALL_GROUP.toUpperCase()]: { description: "b" } },
  ];
  for (const value of twice) {
    it(`refuses what ${JSON.stringify(value)} gives twice, as POST does, and applies nothing`, () => {
      for (const op of ["add", "replace"]) {
        const { kind, detail } = refusal(() => patch([{ op, value }]));
        expect(kind).to.equal("invalidValue");
        expect(detail).to.include("is given twice");
      }
    });
  }

  it("refuses a member whose id is given twice, as POST and PUT do, where one of them would be passed over", () => {
    const twice: JsonObject = { value: "u1", Value: "u2" };
    const body = { schemas: [GROUP], displayName: "Platform", members: [twice] };
    const requests: readonly (() => unknown)[] = [
      () => readGroup(body, groupReading()),
      ...["add", "replace", "remove"].map((op) => () => patch([{ op, path: "members", value: [twice] }])),
      () => patch([{ op: "add", value: { members: [twice] } }]),
    ];
    for (const request of requests) {
      const { kind, detail } = refusal(request);
      expect(kind).to.equal("invalidValue");
      expect(detail).to.include("is given twice");
    }
  });

  it("refuses a manager whose id is given twice, also where one of them is empty", () => {
    const manager = { value: "", Value: "u2" };
    const body = { schemas: [USER], userName: "ada", [ENTERPRISE]: { manager } };
    const { kind, detail } = refusal(() => readUser(body, userReading()));
    expect([kind, detail.includes("is given twice")]).to.deep.equal(["invalidValue", true]);
  });

  it("SEC-06: bounds the members of one request over all its operations", () => {
    const ids = (from: number, count: number): readonly string[] =>
      Array.from({ length: count }, (_, index) => `u${from + index}`);
    const add = (value: readonly string[]): { readonly [key: string]: Json } => ({
      op: "add",
      path: "members",
      value,
    });
    expect(patch([add(ids(0, 5000)), add(ids(5000, 5000))]).members[0]?.members).to.have.length(10_000);
    expect(refusal(() => patch([add(ids(0, 5000)), add(ids(5000, 5001))])).kind).to.equal("tooLarge");
    expect(refusal(() => patch([add(ids(0, 10_001))])).kind).to.equal("tooLarge");
  });
});
