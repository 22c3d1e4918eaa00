import { expect } from "chai";
import { parseMapping } from "../../src/compose.js";
import { compileFrozen, frozenFiles, outcomeOf } from "./frozen.js";

/** The promise of docs/mapping-guide.md: files in this folder are added, and never changed. */
describe("documents of version 1, frozen as they were once saved", () => {
  const files = frozenFiles("v1");

  it("are there", () => expect(files).to.have.length.above(8));

  for (const { file, frozen } of files) {
    for (const stored of [false, true]) {
      it(`${file}: ${frozen.about}${stored ? ", as a stored version" : ""}`, async () => {
        const compiled = compileFrozen(frozen, stored);
        expect(compiled.ok ? [] : compiled.problems).to.deep.equal([]);
        if (compiled.ok) expect(await outcomeOf(compiled.mapping, frozen)).to.deep.equal(frozen.then);
      });
    }
  }
});

describe("a document of another version", () => {
  const problems = (document: unknown) => {
    const parsed = parseMapping(JSON.stringify(document));
    return parsed.ok ? [] : parsed.problems;
  };

  for (const version of [2, 0, "1", null, { major: 1 }]) {
    it(`${JSON.stringify(version)} is refused by that alone, with what to do`, () => {
      const [refused, ...others] = problems({ version, teams: { of: "the future" } });
      expect(others).to.deep.equal([]);
      expect(refused).to.include({ pointer: "/version", code: "foreign_version" });
      expect(refused?.message).to.contain('reads version `1`: write `"version": 1`');
    });
  }

  it("is found in the wrapper of Tines too", () => {
    expect(problems({ user_group_mapping: { version: 2 } })).to.have.length(1);
  });

  it("is none that says 1, or nothing", () => {
    expect(problems({ version: 1 })).to.deep.equal([]);
    expect(problems({})).to.deep.equal([]);
    for (const other of [[], null, 3]) expect(problems(other).map(({ code }) => code)).to.deep.equal(["wrong_type"]);
  });
});
