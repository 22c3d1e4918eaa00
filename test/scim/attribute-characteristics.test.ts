import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { readValue } from "../../src/protocols/scim/attribute-value.js";
import { type Reading, startReading } from "../../src/protocols/scim/dialect.js";
import { finishResource } from "../../src/protocols/scim/document.js";
import { matches } from "../../src/protocols/scim/filter-match.js";
import { readFilter } from "../../src/protocols/scim/filter-resolve.js";
import { applyPatch } from "../../src/protocols/scim/patch.js";
import type { PatchOperation } from "../../src/protocols/scim/patch-request.js";
import { type ProjectionRequest, projectResource, readProjection } from "../../src/protocols/scim/project.js";
import { searchDocument } from "../../src/protocols/scim/search-document.js";
import { refusal } from "./tables.js";
import { TEST, TEST_EXTENSION, testType } from "./test-resource.js";

const reading = (): Reading => startReading(testType, "rfc");
const resource: JsonObject = { identifier: "a", [TEST_EXTENSION]: { extRequired: "x" } };

function read(name: string, value: Json): Json | undefined {
  const attribute = testType.core.attributes.get(name.toLowerCase());
  if (attribute === undefined) throw new Error(name);
  return readValue(attribute, value, reading());
}

describe("SCIM attribute characteristics", () => {
  const types: readonly (readonly [name: string, good: readonly Json[], bad: readonly Json[]])[] = [
    ["integerAttr", [0, -7, 9007199254740991], [1.5, "1", true, 1e300, {}]],
    ["decimalAttr", [0, 1.5, -2e10], ["1.5", true, [], Number.POSITIVE_INFINITY]],
    ["booleanAttr", [true, false], ["yes", 1, {}]],
    [
      "dateTimeAttr",
      ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+02:00"],
      ["2026-01-31", "2026-01-31T12:00:00", "2026-02-30T00:00:00Z", 7],
    ],
    [
      "binaryAttr",
      ["", "AA==", "AA", "-_8=", "-_8", "+/8=", "AAAA"],
      ["A A", "=A", "A", "AAAAA", "AA=", "AAA==", "==", "AAAA==", "+_8=", "AA\n==", 7],
    ],
    [
      "referenceAttr",
      [
        ...[
          "https://x.example/y?z#a",
          "../Users/1",
          "",
          "/Users/1",
          "Users/a:b",
          "?a=b:c",
          "#a:b",
          "bulkId:u",
          "urn:a:b",
        ],
        ...[
          "https://x.example/bilder/Zoë.jpg?size[]=100%",
          "data:image/png;base64,AA==",
          "//x.example/y",
          "file:///C:/y",
        ],
        ...["http://a:b@[::1]:8080/y", "http://x.example:/", "http://[::1]", "localhost:8080/x", "x.example/y"],
      ],
      [
        ...["a b", "<x>", 7, "::::", ":a", "1a:b", "a b:c", "http://[x", "http://[x]", "http://x]", "http://[::1]x"],
        ...["http://x:y/", "http://::::", "//[", "http://a@[/b"],
      ],
    ],
    ["multiStrings", [["a", "b"]], [7, [7], [{ value: 7 }], [{ value: "a", type: "b" }]]],
    ["complexAttr", [{ sub1: "a", sub2: 1, sub3: true }], [{ sub1: 1 }, { sub2: 1.5 }, "a", [{ sub1: "a" }]]],
  ];
  for (const [name, good, bad] of types) {
    it(`RFC-02: ${name}`, () => {
      for (const value of good) expect(read(name, value), JSON.stringify(value)).to.deep.equal(value);
      for (const value of bad) {
        expect(refusal(() => read(name, value)).kind, JSON.stringify(value)).to.equal("invalidValue");
      }
    });
  }

  it("RFC-02, SEC-06: looks at base64 of any length, and never runs out of stack", () => {
    const long = "A".repeat(8_000_000);
    expect(read("binaryAttr", long)).to.equal(long);
    for (const value of [`${long}!`, `${long}A`, `${long}=`]) {
      expect(refusal(() => read("binaryAttr", value)).kind).to.equal("invalidValue");
    }
  });

  it("ENTRA-16: unwraps {value} where the values are plain", () => {
    expect(read("multiStrings", [{ value: "1" }, "2"])).to.deep.equal(["1", "2"]);
    const operations = [
      { kind: "add", path: `${TEST_EXTENSION}:department_ids`, value: [{ value: "1" }, { value: "1" }] },
    ] as const;
    expect(applyPatch(resource, operations, reading()).resource[TEST_EXTENSION]).to.deep.equal({
      extRequired: "x",
      department_ids: ["1"],
    });
  });

  it("RFC-11, RFC-26: enforces required attributes, extensions and parts", () => {
    const finish = (body: JsonObject): JsonObject => finishResource(body, reading(), undefined);
    expect(finish(resource)).to.deep.equal(resource);
    expect(refusal(() => finish({ identifier: "a" })).detail).to.equal(`\`${TEST_EXTENSION}\` is required`);
    expect(refusal(() => finish({ identifier: "a", [TEST_EXTENSION]: { extString: "x" } })).detail).to.contain(
      "extRequired",
    );
    expect(refusal(() => finish({ ...resource, complexAttr: { sub2: 1 } })).detail).to.equal(
      `\`${TEST}:complexAttr.sub1\` is required`,
    );
  });

  it("RFC-19: refuses to change or clear what is immutable, and takes the same value again", () => {
    const previous: JsonObject = {
      ...resource,
      immutableAttr: "i",
      complexAttr: { sub1: "a", sub2: 1 },
      [TEST_EXTENSION]: { extRequired: "x", extImmutable: "e" },
    };
    const finish = (more: JsonObject): JsonObject => finishResource({ ...previous, ...more }, reading(), previous);
    expect(finish({})).to.deep.equal(previous);
    expect(refusal(() => finish({ immutableAttr: "j" })).kind).to.equal("mutability");
    expect(refusal(() => finish({ complexAttr: { sub1: "a", sub2: 2 } })).kind).to.equal("mutability");
    expect(refusal(() => finish({ [TEST_EXTENSION]: { extRequired: "x" } })).kind).to.equal("mutability");
    expect(finishResource({ ...resource, immutableAttr: "i" }, reading(), resource)).to.include({ immutableAttr: "i" });
    expect(refusal(() => applyPatch(previous, [{ kind: "remove", path: "immutableAttr" }], reading())).kind).to.equal(
      "mutability",
    );
    expect(refusal(() => applyPatch(previous, [{ kind: "remove", path: TEST_EXTENSION }], reading())).kind).to.equal(
      "invalidValue",
    );
  });

  for (const [what, kind, path, serial, expected] of [
    ["another by a list", "add", "multiComplex", "other", "mutability"],
    ["another by a path", "add", 'multiComplex[value eq "a"]', "other", "mutability"],
    ["the same in other letter case by a list", "add", "multiComplex", "SET", "set"],
    ["the same in other letter case by a path", "add", 'multiComplex[value eq "a"]', "SET", "set"],
    ["one where none is", "add", "multiComplex", "first", "first"],
  ] as const) {
    it(`RFC-19: an immutable part of an element that is there: ${what}`, () => {
      const element = { value: "a", type: "t", ...(expected === "first" ? {} : { serial: "set" }) };
      const previous: JsonObject = { ...resource, multiComplex: [element] };
      const added = { value: "A", type: "t", serial, secret: "new" };
      const value = path === "multiComplex" ? [added, { value: "b", serial: "b" }] : added;
      const patch = () => applyPatch(previous, [{ kind, path, value }], reading()).resource["multiComplex"];
      if (expected === "mutability") expect(refusal(patch).kind).to.equal(expected);
      else {
        const [first] = patch() as readonly Json[];
        expect(first).to.deep.equal({ ...added, serial: expected });
      }
    });
  }

  const KEPT = { value: "a", type: "t", serial: "set" };
  const path = "multiComplex";
  const ofKept = `${path}[value eq "a"]`;
  for (const [what, operations, expected] of [
    ["removed by its path", [{ kind: "remove", path: `${ofKept}.serial` }], "mutability"],
    ["emptied by its path", [{ kind: "replace", path: `${ofKept}.serial`, value: null }], "mutability"],
    ["removed of all elements", [{ kind: "remove", path: `${path}.serial` }], "mutability"],
    ["another in a list", [{ kind: "replace", path, value: [{ ...KEPT, serial: "other" }] }], "mutability"],
    ["left out of a list", [{ kind: "replace", path, value: [{ value: "A", type: "T" }] }], "mutability"],
    [
      "another by its element",
      [{ kind: "replace", path: ofKept, value: { serial: "other", type: "t" } }],
      "mutability",
    ],
    [
      "another after its element was removed and added again",
      [
        { kind: "remove", path: ofKept },
        { kind: "add", path, value: [{ ...KEPT, serial: "other" }] },
      ],
      "mutability",
    ],
    [
      "the same in other letter case in a list",
      [{ kind: "replace", path, value: [{ value: "b" }, { ...KEPT, serial: "SET" }] }],
      [{ value: "b" }, KEPT],
    ],
    ["of an element that goes", [{ kind: "replace", path, value: [{ value: "b" }] }], [{ value: "b" }]],
    ["of an element of another value", [{ kind: "replace", path: ofKept, value: { value: "b" } }], [{ value: "b" }]],
    [
      "of an element of another type",
      [{ kind: "replace", path, value: [{ value: "a", type: "u", serial: "other" }] }],
      [{ value: "a", type: "u", serial: "other" }],
    ],
  ] as const satisfies readonly (readonly [string, readonly PatchOperation[], Json])[]) {
    it(`RFC-19: an immutable part of an element of a list: ${what}`, () => {
      const previous: JsonObject = { ...resource, multiComplex: [KEPT] };
      const patch = () => applyPatch(previous, operations, reading()).resource["multiComplex"];
      if (expected === "mutability") expect(refusal(patch).kind).to.equal(expected);
      else expect(patch()).to.deep.equal(expected);
    });
  }

  it("RFC-19: an immutable part of an element stays by a PUT, too, which may take whole elements away", () => {
    const previous: JsonObject = { ...resource, multiComplex: [KEPT, { value: "c", serial: "c" }] };
    const put = (multiComplex: Json) => finishResource({ ...resource, multiComplex }, reading(), previous);
    for (const serial of ["other", ""]) {
      const said = { value: "a", type: "t", ...(serial && { serial }) };
      expect(refusal(() => put([said])).kind, serial).to.equal("mutability");
    }
    expect(put([{ value: "d" }, { ...KEPT, value: "A", serial: "SET" }])["multiComplex"]).to.deep.equal([
      { value: "d" },
      { ...KEPT, value: "A" },
    ]);
  });

  it("RFC-19: keeps a write-only attribute out of the resource, by PATCH too", () => {
    expect(applyPatch(resource, [{ kind: "add", path: "writeOnlyAttr", value: "s" }], reading())).to.deep.include({
      resource,
      changed: false,
    });
  });

  it("RFC-18: honours returned always, default, request and never, for parts too", () => {
    const full: JsonObject = {
      id: "1",
      identifier: "a",
      requestOnlyAttr: "r",
      alwaysReturnedAttr: "w",
      writeOnlyAttr: "s",
      complexAttr: { sub1: "a", sub2: 1, sub3: true },
      multiStrings: ["m"],
      [TEST_EXTENSION]: { extRequired: "x", extString: "y" },
    };
    const show = (request: ProjectionRequest): JsonObject =>
      projectResource(testType, full, readProjection(request, reading()));
    const always = { id: "1", alwaysReturnedAttr: "w" };
    expect(show({})).to.deep.equal({
      ...always,
      identifier: "a",
      complexAttr: { sub1: "a", sub2: 1 },
      multiStrings: ["m"],
      [TEST_EXTENSION]: { extRequired: "x", extString: "y" },
    });
    expect(show({ attributes: "requestOnlyAttr" })).to.deep.equal({ ...always, requestOnlyAttr: "r" });
    expect(show({ attributes: "writeOnlyAttr" })).to.deep.equal(always);
    expect(show({ attributes: "complexAttr.sub2" })).to.deep.equal({ ...always, complexAttr: { sub1: "a", sub2: 1 } });
    expect(show({ attributes: "complexAttr.sub3" })).to.deep.equal({
      ...always,
      complexAttr: { sub1: "a", sub3: true },
    });
    expect(
      show({ excludedAttributes: "complexAttr.sub1,complexAttr.sub2,alwaysReturnedAttr,id,identifier" }),
    ).to.deep.equal({
      ...always,
      complexAttr: { sub1: "a" },
      multiStrings: ["m"],
      [TEST_EXTENSION]: { extRequired: "x", extString: "y" },
    });
    expect(show({ excludedAttributes: TEST_EXTENSION })).not.to.have.property(TEST_EXTENSION);
  });

  it("RFC-36, RFC-34: compares numbers as numbers and times as times", () => {
    const document = searchDocument(testType, {
      integerAttr: 10,
      decimalAttr: 1.5,
      dateTimeAttr: "2026-01-01T01:00:00+01:00",
      multiStrings: ["A"],
    });
    const ask = (text: string): boolean => matches(readFilter(text, reading()), document);
    expect(ask("integerAttr gt 9 and decimalAttr le 1.5")).to.equal(true);
    expect(ask("integerAttr lt 9 or decimalAttr ge 2")).to.equal(false);
    expect(ask('dateTimeAttr eq "2026-01-01T00:00:00Z" and dateTimeAttr lt "2026-01-01T00:30:00Z"')).to.equal(true);
    expect(ask('multiStrings eq "a" and multiStrings[value sw "a"]')).to.equal(true);
    expect(ask('multiStrings.value eq "a" and multiStrings.VALUE pr and not (multiStrings.value eq "b")')).to.equal(
      true,
    );
    expect(refusal(() => ask('multiStrings.type eq "a"')).kind).to.equal("invalidFilter");
    expect(refusal(() => ask("integerAttr.value eq 1")).kind).to.equal("invalidFilter");
    expect(refusal(() => ask('integerAttr co "1"')).kind).to.equal("invalidFilter");
    expect(refusal(() => ask('integerAttr eq "1"')).kind).to.equal("invalidFilter");
  });

  it("RFC-02: compares base64 by its bytes, in either alphabet and with padding or without", () => {
    const spellings = ["-_8=", "+/8=", "-_8"];
    for (const sent of spellings) {
      const document = searchDocument(testType, { binaryAttr: sent });
      for (const asked of spellings) {
        expect(matches(readFilter(`binaryAttr eq "${asked}"`, reading()), document), `${sent} ${asked}`).to.equal(true);
      }
      expect(matches(readFilter('binaryAttr eq "-_8A"', reading()), document)).to.equal(false);
      expect(matches(readFilter('binaryAttr co "/8"', reading()), document)).to.equal(true);
    }
  });

  it("RFC-02: says which numbers are taken", () => {
    for (const value of [1.5, 2 ** 53]) {
      expect(refusal(() => read("integerAttr", value)).detail).to.contain(
        "integerAttr` must be a whole number of at most 9007199254740991, not this one",
      );
    }
    expect(refusal(() => read("decimalAttr", Number.POSITIVE_INFINITY)).detail).to.contain(
      "below 1.8e308, not this one",
    );
  });

  it("RFC-13: neither filters by what is never returned nor shows it, inside elements too", () => {
    const ask = (text: string): unknown => readFilter(text, reading());
    for (const text of ['multiComplex[secret eq "x"]', 'multiComplex.secret sw "x"', "writeOnlyAttr pr"]) {
      expect(refusal(() => ask(text)).kind, text).to.equal("invalidFilter");
    }
    const full: JsonObject = { id: "1", multiComplex: [{ value: "a", secret: "x" }] };
    expect(
      projectResource(testType, full, readProjection({ attributes: "multiComplex.secret,multiComplex" }, reading())),
    ).to.deep.equal({
      id: "1",
      multiComplex: [{ value: "a" }],
    });
  });

  it("BUG-03: a filtered removal on plain values removes these and no others", () => {
    const before: JsonObject = { ...resource, multiStrings: ["a", "b", "c"] };
    const after = applyPatch(before, [{ kind: "remove", path: 'multiStrings[value eq "B"]' }], reading()).resource;
    expect(after["multiStrings"]).to.deep.equal(["a", "c"]);
    const listed = applyPatch(
      before,
      [{ kind: "remove", path: "multiStrings", value: ["C", { value: "a" }] }],
      reading(),
    ).resource;
    expect(listed["multiStrings"]).to.deep.equal(["b"]);
    const replaced = applyPatch(
      before,
      [{ kind: "replace", path: 'multiStrings[value eq "b"]', value: "d" }],
      reading(),
    ).resource;
    expect(replaced["multiStrings"]).to.deep.equal(["a", "d", "c"]);
    expect(
      refusal(() => applyPatch(before, [{ kind: "add", path: 'multiStrings[value eq "x"]', value: "d" }], reading()))
        .kind,
    ).to.equal("noTarget");
  });
});
