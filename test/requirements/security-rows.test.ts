import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../src/platform/root.js";

/** What holds, and what of it is not there yet. */
type Row = { readonly says: string; readonly open?: string };

const TESTS = join(projectRoot, "test");
const ID = /\b(?:SML|MD|OP|W)-[1-9]\d*\b/g;
const TABLE_ROW = /^\| ((?:SML|MD|OP|W)-\d+) \| (.+) \|$/gm;

/** By their ids, which stay for ever. */
const rows = JSON.parse(readFileSync(join(TESTS, "requirements", "security-rows.json"), "utf8")) as Readonly<
  Record<string, Row>
>;
const [holds = "", missing = ""] = readFileSync(join(projectRoot, "docs", "security.md"), "utf8").split("## Not yet");

describe("the rows of what stands against attacks", () => {
  it("are all told on the page, in order and in the same words, and the page tells of no other", () => {
    expect(tableOf(holds)).to.deep.equal(Object.entries(rows).map(([id, { says }]) => [id, says]));
  });

  it("are told to be missing there, with what is missing, exactly where something is", () => {
    const open = Object.entries(rows).flatMap(([id, row]) => (row.open === undefined ? [] : [[id, row.open]]));
    expect(tableOf(missing)).to.deep.equal(open);
  });

  it("are named by a test, or stand among what is missing", () => {
    const named = namedByTests();
    expect(Object.keys(rows).filter((id) => !named.has(id) && rows[id]?.open === undefined)).to.deep.equal([]);
  });

  it("are named by no id that does not exist", () => {
    expect([...namedByTests()].filter((id) => rows[id] === undefined)).to.deep.equal([]);
  });
});

function tableOf(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(TABLE_ROW)].map(([, id = "", says = ""]) => [id, says]);
}

/** Ids in the texts of tests. Comments prove nothing. */
function namedByTests(): ReadonlySet<string> {
  const files = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".test.ts"));
  const texts = files
    .filter((file) => !file.startsWith("requirements/security-rows"))
    .map((file) => readFileSync(join(TESTS, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ""));
  return new Set(texts.flatMap((text) => text.match(ID) ?? []));
}
