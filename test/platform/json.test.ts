import { expect } from "chai";
import { Refusal } from "../../src/model/problem.js";
import { parseJson, parseJsonWithPositions, pointerStep, repeatedKeys } from "../../src/platform/json.js";

function refusal(text: string): Refusal {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("the text was taken");
}

describe("W-14: JSON at the border", () => {
  const keys = ["__proto__", "constructor", "prototype"];
  for (const key of keys) {
    it(`refuses the key ${key} at any depth, however it is spelled`, () => {
      const escaped = [...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
      for (const text of [`{"${key}":1}`, `{"a":[0,{"b":{"${key}":{}}}]}`, `{"${escaped}":1}`]) {
        const { code, message } = refusal(text);
        expect(code).to.equal("bad_request");
        expect(message).to.contain(`\`${key}\``);
      }
      expect(refusal(`{"a":[0,{"b/c":{"${key}":1}}]}`).detail).to.deep.equal({ pointer: `/a/1/b~1c/${key}` });
      expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
    });
    it(`takes ${key} as a value`, () => expect(parseJson(`["${key}"]`)).to.deep.equal([key]));
  }

  it("refuses more than 64 levels, and survives a million", () => {
    expect(() => parseJson("[".repeat(64) + "]".repeat(64))).not.to.throw();
    expect(refusal("[".repeat(65) + "]".repeat(65)).message).to.contain("64 levels");
    expect(refusal(`${'{"a":'.repeat(65)}1${"}".repeat(65)}`).message).to.contain("64 levels");
    expect(refusal("[".repeat(1_000_000) + "]".repeat(1_000_000)).code).to.equal("bad_request");
    expect(refusal("[".repeat(1_000_000)).message, "is not even parsed").to.contain("64 levels");
    const brackets = JSON.stringify({ text: `${"[".repeat(100_000)}\\"{`, list: Array(50_000).fill([{}]) });
    expect(parseJson(brackets)).to.deep.equal(JSON.parse(brackets));
  });

  it("refuses more than 10,000 keys in one object of a long text", () => {
    const wide = (count: number): string =>
      JSON.stringify({
        pad: "x{:".repeat(30_000),
        list: [{}, Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]))],
      });
    expect(parseJson(wide(10_000))).to.deep.equal(JSON.parse(wide(10_000)));
    expect(refusal(wide(10_001)).message).to.contain("10000 keys");
    expect(refusal(wide(10_001)).code, "as a body that is too long").to.equal("body_too_large");
    const many = JSON.stringify(Array(20_000).fill({ a: 1, b: { c: 2 } }));
    expect(parseJson(many), "keys count by object").to.have.length(20_000);
  });

  it("refuses more than 500,000 values in a long text before it is parsed, however they are nested", () => {
    const pad = "x,[{".repeat(30_000);
    const count = (value: unknown): number =>
      typeof value !== "object" || value === null
        ? 1
        : 1 + Object.values(value).reduce((all: number, item) => all + count(item), 0);
    for (const [each, unit] of [
      [1, 1],
      [{}, 1],
      [[[]], 2],
      [{ a: 1, b: [2] }, 4],
    ] as const) {
      const list = Array(Math.floor((500_000 - 4) / unit)).fill(each);
      const most = JSON.stringify({ pad, list });
      expect(count(JSON.parse(most))).to.be.within(499_990, 500_000);
      expect(parseJson(most)).to.have.keys("pad", "list");
      const more = refusal(JSON.stringify({ pad, list: [...list, ...Array(5).fill(each)] }));
      expect([more.code, more.message]).to.deep.equal([
        "body_too_large",
        "there are more than 500000 values: send less at a time",
      ]);
    }
    expect(refusal(`[${"1,".repeat(600_000)}`).code, "broken as it is").to.equal("body_too_large");
  });

  it("tells where a long text is broken, where the parser tells it, and never quotes it", () => {
    const lines = `{"a":\n"${"hunter2 ".repeat(20_000)}",\n`;
    expect(refusal(`${lines}  'b': 1}`).message).to.contain("line 3, column 3");
    const { code, message } = refusal(`${lines} "b": hunter2}`);
    expect(code).to.equal("bad_request");
    expect(message).not.to.contain("hunter2");
    expect(refusal("[1,".repeat(40_000)).message).not.to.contain("[1");
  });

  it("tolerates a byte order mark", () => expect(parseJson('\uFEFF{"a":1}')).to.deep.equal({ a: 1 }));

  it("lets the last of equal keys win", () => expect(parseJson('{"a":1,"a":2}')).to.deep.equal({ a: 2 }));

  const broken: [string, string][] = [
    ["", "line 1, column 1"],
    ["{", "line 1, column 2"],
    ['{"a":\n [1,,2]}', "line 2, column 5"],
    ['{"a":1} x', "line 1, column 9"],
    ["{'a':1}", "line 1, column 2"],
    ['{"a":1,}', "line 1, column 8"],
    ["// hello\n{}", "line 1, column 1"],
    ['"a\tb"', "line 1, column 1"],
    ["NaN", "line 1, column 1"],
  ];
  for (const [text, place] of broken) {
    it(`tells where ${JSON.stringify(text)} is broken`, () => {
      const { code, message } = refusal(text);
      expect(code).to.equal("bad_request");
      expect(message).to.contain(place);
    });
  }

  it("does not quote the text that it cannot read", () => {
    expect(refusal('{"password": hunter2').message).not.to.contain("hunter2");
  });
});

describe("JSON with positions", () => {
  const text = '{\n  "mappings": [1,\n    {"team/name": "x"}],\n  "a": 1,\n  "a": 2\n}';
  const places: [string, number, number][] = [
    ["", 1, 1],
    ["/mappings", 2, 3],
    ["/mappings/1", 3, 5],
    ["/mappings/1/team~1name", 3, 6],
    ["/mappings/1/gone/further", 3, 5],
    ["/mappings/9", 2, 3],
    ["/a", 5, 3],
  ];
  for (const [pointer, line, column] of places) {
    it(`finds ${pointer || "the whole"}`, () => {
      const parsed = parseJsonWithPositions(text);
      expect(parsed.ok && parsed.positionOf(pointer)).to.deep.equal({ line, column });
    });
  }

  it("keeps the rules of the border, with the place of the breach", () => {
    expect(parseJsonWithPositions('{"a":\n {"constructor": 1}}')).to.deep.include({
      ok: false,
      position: { line: 2, column: 3 },
    });
    expect(parseJsonWithPositions('{"a":\n // no\n 1}')).to.deep.include({
      ok: false,
      position: { line: 2, column: 2 },
    });
    expect(parseJsonWithPositions("[".repeat(1_000_000))).to.include({ ok: false });
  });

  it("survives a document that is too deep to look around in", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const parsed = parseJsonWithPositions(deep);
    expect(parsed.ok ? "" : parsed.problem.code).to.equal("too_deep");
  });
});

it("writes a step of a pointer as RFC 6901 asks", () => expect(pointerStep("a/b~c")).to.equal("/a~1b~0c"));

describe("keys that stand twice", () => {
  const found = (text: string) => repeatedKeys(text).map(({ pointer, code }) => [pointer, code]);
  const TWICE = "duplicate_key";

  it("are found at any depth, however they are spelled", () => {
    expect(found('{"a":1,"b":[{"c":1},{"c":{"d":1,"d":2},"\\u0063":3}],"a":2}')).to.deep.equal([
      ["/b/1/c/d", TWICE],
      ["/b/1/c", TWICE],
      ["/a", TWICE],
    ]);
    expect(found('\uFEFF{"x/y":1,"x/y":2}')).to.deep.equal([["/x~1y", TWICE]]);
  });

  it("are none where equal keys stand in different objects", () => {
    expect(found('{"a":{"a":{"b":1}},"b":[{"a":1},{"a":1}],"c":"{\\"c\\":1,\\"c\\":2}"}')).to.deep.equal([]);
  });
});
