import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../src/platform/root.js";

const TESTS = join(projectRoot, "test");
const NAMING = /\.test\.ts$|^wire\/.*\.json$/;
const ID = /\b(?:(?:OKTA|ENTRA|IDP|RFC|CUR|EVT|ROLE|BUG|SEC)-\d{2}|C(?:[1-9]|1[0-7]))\b/g;

/** Ids of the page's rows, in its order; they stay for ever. */
const rows = JSON.parse(readFileSync(join(TESTS, "requirements", "scim-rows.json"), "utf8")) as readonly string[];
const page = readFileSync(join(projectRoot, "docs", "scim-conformance.md"), "utf8");
const [offered = "", notOffered = ""] = page.split("## Not offered");

describe("the rows of SCIM conformance", () => {
  it("are all told on the page, and the page tells of no other", () => {
    expect([...idsIn(page)].sort()).to.deep.equal([...rows].sort());
  });

  it("are named by a test, or stand with a reason among what is not offered", () => {
    const named = namedByTests();
    const excused = idsIn(notOffered);
    expect(rows.filter((id) => !named.has(id) && !excused.has(id))).to.deep.equal([]);
  });

  it("are promised only where a test names them", () => {
    const named = namedByTests();
    expect([...idsIn(offered)].filter((id) => !named.has(id))).to.deep.equal([]);
  });

  it("are named by no id that does not exist", () => {
    expect([...namedByTests()].filter((id) => !rows.includes(id))).to.deep.equal([]);
  });
});

function idsIn(text: string): ReadonlySet<string> {
  return new Set(text.match(ID) ?? []);
}

/** Ids in the texts of tests and in the fixtures that are replayed. Comments prove nothing. */
function namedByTests(): ReadonlySet<string> {
  const files = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter((path) => NAMING.test(path));
  const texts = files
    .filter((file) => !file.startsWith("requirements/scim-rows"))
    .map((file) => readFileSync(join(TESTS, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ""));
  return new Set(texts.flatMap((text) => [...idsIn(text)]));
}
