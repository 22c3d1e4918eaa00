import { expect } from "chai";
import { quote } from "../../src/model/quote.js";
import { suggest } from "../../src/model/suggest.js";

describe("suggest", () => {
  const cases: [string, string[], string | undefined][] = [
    ["engineerng", ["sales", "engineering"], "engineering"],
    ["Engineering", ["engineering"], "engineering"],
    ["team_nmae", ["role_name", "team_name"], "team_name"],
    ["ab", ["ba", "abc"], undefined],
    ["AB", ["ab"], "ab"],
    ["cat", ["bat", "hat"], "bat"],
    ["editor", ["viewer", "owner"], undefined],
    ["", ["a"], undefined],
    ["x", [], undefined],
    ["vewer", ["power", "viewer"], "viewer"],
    ["caf\u00e9s", ["cafe\u0301s"], "cafe\u0301s"],
  ];
  for (const [word, candidates, expected] of cases) {
    it(`takes ${word || "nothing"} out of ${candidates.join(", ") || "nothing"} for ${expected ?? "nothing"}`, () => {
      expect(suggest(word, candidates)).to.equal(expected);
    });
  }

  it("does not measure words that nobody types", () => {
    const candidates = Array.from({ length: 1_000 }, (_, index) => `${"x".repeat(100_000)}${index}`);
    expect(suggest("x".repeat(100_000), candidates)).to.equal(undefined);
    expect(suggest("xxxx", candidates)).to.equal(undefined);
  });
});

describe("quote", () => {
  const cases: [string, string][] = [
    ["plain", "`plain`"],
    ["a`b", "`a?b`"],
    ["a\nb\u202ec\u2028d\u0000", "`a?b?c?d?`"],
    ["x".repeat(81), `\`${"x".repeat(77)}...\``],
    [`${"x".repeat(76)}😀${"x".repeat(20)}`, `\`${"x".repeat(76)}...\``],
    ["\ud800", "`?`"],
  ];
  for (const [text, expected] of cases) {
    it(`writes ${JSON.stringify(text).slice(0, 30)} safely`, () => expect(quote(text)).to.equal(expected));
  }
});
