import { expect } from "chai";
import { EXPECTED } from "../../src/simulate/complaint.js";
import { VARIANTS } from "../../src/simulate/player.js";
import { phasesOf } from "../../src/simulate/simulate.js";
import { readDocument } from "./markdown.js";

describe("docs/simulate.md", () => {
  const text = readDocument("docs/simulate.md");

  it("has a row for each complaint, in the words of the complaint itself, and for no other", () => {
    for (const [code, expected] of Object.entries(EXPECTED)) expect(text).to.contain(`| \`${code}\` | ${expected} |`);
    const told = [...text.matchAll(/^\| `([a-z_]+_[a-z_]+)` \|/gm)].map(([, code]) => code);
    expect(told.sort()).to.deep.equal(Object.keys(EXPECTED).sort());
  });

  it("has a row for each phase, in the words that the program shows", () => {
    for (const { name, what, idp } of phasesOf("okta")) {
      expect(text).to.contain(`| \`${name}\`${idp === undefined ? "" : " (Okta)"} | ${what} |`);
    }
    for (const { name } of phasesOf("entra")) expect(text).to.contain(`| \`${name}\` |`);
  });

  it("has a row for each variant", () => {
    for (const variant of Object.values(VARIANTS).flat()) expect(text).to.match(new RegExp(`\\| \`${variant}\``));
  });
});
