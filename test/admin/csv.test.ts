import { expect } from "chai";
import fc from "fast-check";
import { csv } from "../../src/admin/csv.js";

/** Reads what `csv` wrote, as a spreadsheet does (RFC 4180). */
function parse(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const next = text[at] ?? "";
    if (quoted && next === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (next === '"') quoted = !quoted;
    else if (!quoted && (next === "," || next === "\r")) {
      rows.at(-1)?.push(cell);
      cell = "";
      if (next === "\r") {
        at += 1;
        rows.push([]);
      }
    } else cell += next;
  }
  return rows.slice(0, -1);
}

describe("W-33: CSV for access reviews", () => {
  const formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", '=HYPERLINK("https://evil.example","x")'];
  for (const formula of formulas) {
    it(`disarms what a spreadsheet would run: ${JSON.stringify(formula)}`, () => {
      expect(parse(csv([["name"], [formula]]))).to.deep.equal([["name"], [`'${formula}`]]);
    });
  }

  it("leaves other texts as they are, whatever separators and quotes they hold", () => {
    const cells = ["ada@acme.example", 'Ada "the first"', "a,b", "line\nbreak", "", "team:Platform", "it's"];
    expect(parse(csv([["a"], cells]))).to.deep.equal([["a"], cells]);
  });

  it("never lets a cell begin a formula, and never lets one spill into another", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 2 })), (rows) => {
        const read = parse(csv([["a", "b"], ...rows]));
        expect(read).to.have.length(rows.length + 1);
        for (const [index, row] of rows.entries()) {
          expect(read[index + 1]?.map((cell, at) => cell === row[at] || cell === `'${row[at]}`)).to.deep.equal([
            true,
            true,
          ]);
          for (const cell of read[index + 1] ?? []) expect(cell).to.not.match(/^\s*[=+\-@]/);
        }
      }),
    );
  });
});
