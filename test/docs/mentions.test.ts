import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { REFUSAL_STATUS } from "../../src/model/problem.js";
import { loadConfig } from "../../src/platform/config.js";
import { projectRoot } from "../../src/platform/root.js";
import { readDocument } from "./markdown.js";

const EXAMPLES = "config/examples";

describe("what the documents say of the service", () => {
  it("operations.md lists every variable that is read, and no other", () => {
    const read = namesIn(readFileSync(join(projectRoot, "src/platform/config.ts"), "utf8"), /\bROLECALL_[A-Z_]+\b/g);
    const listed = namesIn(readDocument("docs/operations.md"), /(?<=^\| `)ROLECALL_[A-Z_]+(?=`)/gm);
    expect([...listed].sort()).to.deep.equal([...read].sort());
  });

  it("sign-in.md says what to do about every code with which a sign-in is refused", () => {
    const codes = namesIn(
      readFileSync(join(projectRoot, "src/protocols/sign-in/refusals.ts"), "utf8"),
      /(?<=^ {2}\[")[a-z_]+(?=", [A-Z"][^[\]]*\],$)/gm,
    );
    const told = namesIn(readDocument("docs/sign-in.md"), /(?<=^\| `)[a-z_]+(?=` \| \d{3})/gm);
    expect(codes.size).to.be.above(8);
    expect([...codes].filter((code) => !told.has(code))).to.deep.equal([]);
  });

  it("sign-in.md names the status with which each code is answered", () => {
    const rows = [...readDocument("docs/sign-in.md").matchAll(/^\| `([a-z_]+)` \| (\d{3}) \|/gm)];
    expect(rows).to.have.length.above(5);
    for (const [, code = "", status] of rows) {
      expect(String(REFUSAL_STATUS[code as keyof typeof REFUSAL_STATUS]), code).to.equal(status);
    }
  });

  for (const name of readdirSync(join(projectRoot, EXAMPLES))) {
    it(`${EXAMPLES}/${name} is a configuration that the service takes`, () => {
      const path = join(projectRoot, EXAMPLES, name);
      expect(() => loadConfig({ ROLECALL_CONFIG: path })).not.to.throw();
    });
  }
});

function namesIn(text: string, pattern: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(pattern)].map(([name]) => name));
}
