import { expect } from "chai";
import fc from "fast-check";
import type { AttributeReference } from "../../src/protocols/scim/attribute-reference.js";
import { FILTER_LIMITS, type FilterNode, parseFilter, printFilter } from "../../src/protocols/scim/filter-parser.js";
import { isStorable } from "../../src/protocols/scim/storable-text.js";
import { refusal, USER } from "./tables.js";

const strict = { bareWords: false };
const lenient = { bareWords: true };
const eq = (name: string, value: string): FilterNode => ({
  kind: "compare",
  attribute: { name },
  comparator: "eq",
  value,
});

describe("SCIM filter grammar", () => {
  it("RFC-30: binds not tighter than and, and tighter than or", () => {
    expect(parseFilter('a eq "1" or not (b eq "2") and c eq "3"', strict)).to.deep.equal({
      kind: "or",
      items: [eq("a", "1"), { kind: "and", items: [{ kind: "not", item: eq("b", "2") }, eq("c", "3")] }],
    });
    expect(parseFilter('(a eq "1" or b eq "2") and c eq "3"', strict)).to.deep.equal({
      kind: "and",
      items: [{ kind: "or", items: [eq("a", "1"), eq("b", "2")] }, eq("c", "3")],
    });
  });

  const values: readonly (readonly [string, unknown])[] = [
    ["true", true],
    ["false", false],
    ["null", null],
    ["-1.5e3", -1500],
    ['"a \\"b\\" \\u00e9\\n"', 'a "b" é\n'],
    ['"é, ] ) and x"', "é, ] ) and x"],
  ];
  for (const [text, value] of values) {
    it(`RFC-30: reads the operand ${text}`, () => {
      expect(parseFilter(`a.b ne ${text}`, strict)).to.deep.equal({
        kind: "compare",
        attribute: { name: "a", sub: "b" },
        comparator: "ne",
        value,
      });
    });
  }

  it("P2: reads an equality of one attribute in short as in full, whatever is compared", () => {
    const piece = fc.constantFrom(
      "a",
      "userName",
      "not",
      "$ref",
      "1",
      "x.y",
      "constructor",
      " ",
      '"',
      "\\",
      "\\u0041",
      "é",
      "eq",
      "]",
      "\0",
      "\n",
    );
    const piecesOf = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(""));
    const names = fc.oneof({ weight: 3, arbitrary: fc.constantFrom("a", "userName", "not", "constructor") }, piecesOf);
    const read = (text: string): unknown => {
      try {
        return parseFilter(text, strict);
      } catch (error) {
        return (error as Error).name;
      }
    };
    fc.assert(
      fc.property(names, piecesOf, (name, value) => {
        const text = `${name} eq "${value}"`;
        expect(read(text), text).to.deep.equal(read(` ${text}`));
      }),
      { numRuns: 500 },
    );
  });

  it("RFC-31, BUG-11: takes operators and connectives in any letter case and keeps both sides", () => {
    expect(parseFilter('a EQ "1" AND b Pr Or NOT (c eQ "2")', strict)).to.deep.equal(
      parseFilter('a eq "1" and b pr or not (c eq "2")', strict),
    );
  });

  it("RFC-30: reads a filter on elements, also compound", () => {
    expect(parseFilter('emails[type eq "work" and value co "@x"]', strict)).to.deep.equal({
      kind: "element",
      attribute: { name: "emails" },
      where: {
        kind: "and",
        items: [eq("type", "work"), { kind: "compare", attribute: { name: "value" }, comparator: "co", value: "@x" }],
      },
    });
  });

  it("ENTRA-04: a comparison behind the brackets must hold for the element that the brackets select", () => {
    expect(parseFilter('emails[type eq "work"].value eq "u@x"', strict)).to.deep.equal(
      parseFilter('emails[type eq "work" and value eq "u@x"]', strict),
    );
    expect(parseFilter('emails[a eq "1" or b eq "2"].value eq "u@x"', strict)).to.deep.equal(
      parseFilter('emails[(a eq "1" or b eq "2") and value eq "u@x"]', strict),
    );
  });

  it("BUG-07: takes the dot of 2.0 in a URN for no sub-attribute", () => {
    expect(parseFilter(`${USER}:name.familyName pr`, strict)).to.deep.equal({
      kind: "present",
      attribute: { uri: USER, name: "name", sub: "familyName" },
    });
  });

  const broken = [
    "",
    " ",
    "userName",
    "userName eq",
    'userName zz "x"',
    'eq "x"',
    'userName eq "x',
    'userName eq "x" "y"',
    'userName eq "x" and',
    'and userName eq "x"',
    '(userName eq "x"',
    'userName eq "x")',
    'userName eq "x"and id pr',
    "emails[]",
    'emails[type eq "x"',
    'emails[type eq "x"]]',
    'emails[a[b eq "c"]]',
    'emails[type eq "x"].',
    'emails[type eq "x"].value',
    'not userName eq "x"',
    'userName eq "\\x"',
    'userName eq "a\\u0000b"',
    'userName eq "\\ud800"',
    "userName eq 'x'",
    'user name eq "x"',
    "1=1",
    'userName eq "x"; drop table users',
    'a.b.c eq "x"',
    "a eq 1e999",
    "a eq 01",
    "a eq -",
    "a..b pr",
    ".a pr",
    "a: pr",
  ];
  for (const text of broken) {
    it(`RFC-33: refuses ${JSON.stringify(text)}`, () => {
      expect(refusal(() => parseFilter(text, strict)).kind).to.equal("invalidFilter");
    });
  }

  it("takes any number of spaces between words and around the filter", () => {
    expect(parseFilter('  a   eq  "1"   and ( b pr )  ', strict)).to.deep.equal(
      parseFilter('a eq "1" and (b pr)', strict),
    );
    expect(parseFilter('emails[ type  eq "x" ]', strict)).to.deep.equal(parseFilter('emails[type eq "x"]', strict));
  });

  it("says where the mistake is and what belongs there", () => {
    expect(refusal(() => parseFilter('userName zz "x"', strict)).detail).to.equal(
      'filter, character 10: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) after `userName`, found `zz "x"`',
    );
  });

  it("C11: takes bare words for text in lenient mode only, and tells of each", () => {
    let told = 0;
    const onBareWord = (): void => {
      told += 1;
    };
    const options = { ...lenient, onBareWord };
    expect(parseFilter("userName sw O and meta.created gt 2015-10-10T14:38:21.8617979-07:00", options)).to.deep.equal(
      parseFilter('userName sw "O" and meta.created gt "2015-10-10T14:38:21.8617979-07:00"', strict),
    );
    expect(told).to.equal(2);
    expect(refusal(() => parseFilter("userName sw O", strict)).detail).to.contain('put text in double quotes: "O"');
  });

  it("C11: keeps the digits of a bare identifier", () => {
    const values = ["0012", "1.0", "12"].map((word) => parseFilter(`externalId eq ${word}`, lenient));
    expect(values.map((node) => node.kind === "compare" && node.value)).to.deep.equal(["0012", "1.0", 12]);
  });

  it("has room for every userName, however it is written", () => {
    for (const name of ["\u{1D160}".repeat(512), '"'.repeat(512), "\u0001".repeat(512)]) {
      expect(parseFilter(`userName eq ${JSON.stringify(name)}`, strict)).to.include({ value: name });
    }
  });

  it("W-12, SEC-06: bounds bytes, depth and number of comparisons", () => {
    const terms = (count: number): string => Array.from({ length: count }, () => "a pr").join(" or ");
    const nested = (depth: number): string => `${"(".repeat(depth)}a pr${")".repeat(depth)}`;
    const sized = (bytes: number): string => `a eq "${"é".repeat((bytes - 7) / 2)}" `;
    for (const [fits, breaks] of [
      [terms(FILTER_LIMITS.terms), terms(FILTER_LIMITS.terms + 1)],
      [nested(FILTER_LIMITS.depth), nested(FILTER_LIMITS.depth + 1)],
      [sized(FILTER_LIMITS.bytes - 1).trim(), sized(FILTER_LIMITS.bytes + 1)],
    ] as const) {
      parseFilter(fits, strict);
      expect(refusal(() => parseFilter(breaks, strict)).kind).to.equal("invalidFilter");
    }
    expect(refusal(() => parseFilter(nested(1000), strict)).kind).to.equal("invalidFilter");
    expect(refusal(() => parseFilter(`${"not (".repeat(20)}a pr${")".repeat(20)}`, strict)).kind).to.equal(
      "invalidFilter",
    );
  });

  it("parse(print(filter)) is the filter", () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(printFilter(filter), strict)).to.deep.equal(filter);
        expect(parseFilter(printFilter(filter), lenient)).to.deep.equal(filter);
      }),
      { numRuns: 300 },
    );
  });
});

const name = fc.stringMatching(/^[a-z][A-Za-z0-9_-]{0,5}$/).filter((text) => text !== "not");
const reference: fc.Arbitrary<AttributeReference> = fc.record(
  { uri: fc.constant(USER), name, sub: name },
  { requiredKeys: ["name"] },
);
const operand = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 8 }).filter((text) => isStorable(text)),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const comparator = fc.constantFrom("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le");

function trees(
  attribute: fc.Arbitrary<AttributeReference>,
  others: readonly fc.Arbitrary<FilterNode>[],
): fc.Arbitrary<FilterNode> {
  return fc.letrec<{ node: FilterNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 2, depthSize: "small" },
      fc.record({ kind: fc.constant("present"), attribute }) as fc.Arbitrary<FilterNode>,
      fc.record({ kind: fc.constant("compare"), attribute, comparator, value: operand }) as fc.Arbitrary<FilterNode>,
      ...others,
      fc.record({ kind: fc.constant("not"), item: tie("node") }) as fc.Arbitrary<FilterNode>,
      fc.record({
        kind: fc.constantFrom("and", "or"),
        items: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
      }) as fc.Arbitrary<FilterNode>,
    ),
  })).node;
}

const inner = trees(fc.record({ name }), []);
const element = fc.record({
  kind: fc.constant("element"),
  attribute: reference,
  where: inner,
}) as fc.Arbitrary<FilterNode>;
const filters = trees(reference, [element]).filter((filter) => {
  const text = printFilter(filter);
  return Buffer.byteLength(text) <= FILTER_LIMITS.bytes && text.split(" ").length < 90;
});
