import { expect } from "chai";
import { LINT_CODES } from "../../src/engine/lint/finding.js";
import { readDocument } from "./markdown.js";

describe("docs/mapping-lint.md", () => {
  it("has a row for each code, in the words of the code itself", () => {
    const text = readDocument("docs/mapping-lint.md");
    for (const [code, { severity, meaning }] of Object.entries(LINT_CODES)) {
      expect(text).to.contain(`| \`${code}\` | ${severity} | ${meaning} |`);
    }
  });
});
