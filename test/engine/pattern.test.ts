import { expect } from "chai";
import fc from "fast-check";
import { matchPattern, type Pattern, parsePattern, type ValuesDocument } from "../../src/engine/pattern.js";
import { patternIndex } from "../../src/engine/pattern-index.js";

function pattern(text: string, values: ValuesDocument = {}): Pattern {
  const parsed = parsePattern(text, values, "/mappings/0");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.pattern;
}

function captures(text: string, name: string, values: ValuesDocument = {}): Record<string, string> | undefined {
  const found = matchPattern(pattern(text, values), name);
  return found && { ...found };
}

describe("group patterns", () => {
  const matching: readonly [string, string, ValuesDocument, Record<string, string> | undefined][] = [
    ["exact", "exact", {}, {}],
    ["exact", "Exact", {}, undefined],
    ["exact", "exact and more", {}, undefined],
    ["app-*", "app-", {}, {}],
    ["app-*", "xapp-1", {}, undefined],
    ["*-adm", "platform-adm", {}, {}],
    ["ab*b", "ab", {}, undefined],
    ["*", "", {}, {}],
    ["app-{team}", "app-", {}, undefined],
    ["app-{team}", "app-platform", {}, { team: "platform" }],
    ["app-{team}-{role}", "app-red-team-ro", {}, { team: "red-team", role: "ro" }],
    ["app-{team}-{role}", "app-a-read-only", { role: ["read-only"] }, { team: "a", role: "read-only" }],
    ["app-{team}-{role}", "app-a-b-only", { role: ["b-only", "only"] }, { team: "a-b", role: "only" }],
    ["{role}-{team}", "ro-x-team", { role: ["ro", "ro-x"] }, { role: "ro-x", team: "team" }],
    ["app-{team}", "app-platform", { team: { platform: "Platform" } }, { team: "Platform" }],
    ["app-{team}", "app-data", { team: { platform: "Platform" } }, undefined],
    ["app-{team}", "app-data", { team: { platform: "Platform", "*": true } }, { team: "data" }],
    ["app-{team}", "app-data", { team: { platform: "Platform", "*": "Others" } }, { team: "Others" }],
    ["app-{team}", "app-platform", { team: { platform: true, "*": "Others" } }, { team: "platform" }],
    ["app-{team}", "app-data", { team: ["platform", "*"] }, { team: "data" }],
    ["DOMAIN\\{team}", "DOMAIN\\ops", {}, { team: "ops" }],
    ["(a+)+{x}", "(a+)+b", {}, { x: "b" }],
  ];
  for (const [text, name, values, expected] of matching) {
    it(`\`${text}\` with ${JSON.stringify(values)} ${expected ? "matches" : "does not match"} \`${name}\``, () => {
      expect(captures(text, name, values)).to.deep.equal(expected);
    });
  }

  const refused: readonly [string, ValuesDocument, string, number | undefined][] = [
    ["app-{team", {}, "/mappings/0/group_pattern bad_pattern", 4],
    ["app-}", {}, "/mappings/0/group_pattern bad_pattern", 4],
    ["app-{1team}", {}, "/mappings/0/group_pattern bad_pattern", 4],
    ["{team}{role}", {}, "/mappings/0/group_pattern ambiguous_pattern", 6],
    ["app-**", {}, "/mappings/0/group_pattern ambiguous_pattern", 5],
    ["{team}-{team}", {}, "/mappings/0/group_pattern duplicate_capture", 7],
    ["app-{team}", { taem: ["x"] }, "/mappings/0/values/taem unknown_capture", undefined],
    ["app-{team}", { "a/b": ["x"] }, "/mappings/0/values/a~1b unknown_capture", undefined],
  ];
  for (const [text, values, expected, position] of refused) {
    it(`refuses \`${text}\` with ${JSON.stringify(values)}`, () => {
      const parsed = parsePattern(text, values, "/mappings/0");
      const problems = parsed.ok ? [] : parsed.problems;
      expect(`${problems[0]?.pointer} ${problems[0]?.code}`).to.equal(expected);
      expect(problems[0]?.position).to.equal(position);
    });
  }

  it("lets a closed capture stand beside an open one, as its values end it", () => {
    expect(captures("{env}{team}", "prodops", { env: ["prod", "dev"] })).to.deep.equal({ env: "prod", team: "ops" });
  });

  it("says what may have been meant by a capture that is not declared", () => {
    const parsed = parsePattern("app-{team}", { taem: ["x"] }, "/mappings/0");
    expect(parsed.ok ? [] : parsed.problems[0]?.suggestion).to.equal("team");
  });

  it("W-18: answers at all for a name that a backtracking matcher would never come back from", () => {
    expect(matchPattern(pattern("*a{b}a{c}a{d}a{e}a{f}a*x"), "a".repeat(50_000))).to.equal(undefined);
  });

  it("agrees with a regular expression that says the same", () => {
    const piece = fc.constantFrom("a", "b", "-", "{x}", "{y}", "*");
    const texts = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(texts, fc.array(fc.constantFrom("a", "b", "-"), { maxLength: 8 }), (text, letters) => {
        const parsed = parsePattern(text, {}, "");
        fc.pre(parsed.ok);
        if (!parsed.ok) return;
        const name = letters.join("");
        const source = text.replaceAll("*", ".*").replace(/\{(.)\}/g, "(?<$1>.+)");
        const expected = new RegExp(`^${source}$`).exec(name);
        const found = matchPattern(parsed.pattern, name);
        expect(found && { ...found }).to.deep.equal(expected ? { ...expected.groups } : undefined);
      }),
    );
  });

  it("finds in one pass every pattern that matches, each once, and answers the same from memory", () => {
    const index = patternIndex(
      ["app-*", "app-a*", "*", "app-a-b", "zz*", "zzz*"].map((text) => ({ owner: text, pattern: pattern(text) })),
    );
    const owners = () =>
      index
        ?.hits("app-a-b")
        .map((hit) => hit.owner)
        .sort();
    expect(owners()).to.deep.equal(["*", "app-*", "app-a*", "app-a-b"]);
    expect(owners()).to.deep.equal(["*", "app-*", "app-a*", "app-a-b"]);
    expect(
      index
        ?.hits("zz")
        .map((hit) => hit.owner)
        .sort(),
    ).to.deep.equal(["*", "zz*"]);
  });

  it("forgets the names it remembers before they are too many", () => {
    const index = patternIndex([{ owner: "all", pattern: pattern("g-*") }]);
    for (let n = 0; n < 20_005; n++) expect(index?.hits(`g-${n}`)).to.have.length(1);
    expect(index?.hits("g-0")).to.have.length(1);
  });

  it("is no index at all without patterns", () => {
    expect(patternIndex([])).to.equal(undefined);
  });
});
