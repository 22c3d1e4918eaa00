import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../src/platform/root.js";

const TESTS = join(projectRoot, "test");
const NAMING = /\.test\.ts$|^wire\/.*\.json$/;
const ID = /\b(?:TAB|DS|TEC|TES|TIN)-[0-9]+\b/g;

/** Every row by its id: `requirements.json` holds their sentences, `done.json` the ids of those that are proved. */
const rows = read<Readonly<Record<string, string>>>("requirements.json");
const done = read<readonly string[]>("done.json");
const named = namedIds();

describe("the rows of what is promised", () => {
  it("are listed as done only where a test names them", () => {
    expect(done.filter((id) => !named.has(id))).to.deep.equal([]);
  });

  it("are named by no id that does not exist", () => {
    const unknown = [...named].filter(([id]) => rows[id] === undefined);
    expect(unknown).to.deep.equal([]);
  });

  it("are listed once, in order", () => {
    expect(done).to.deep.equal(Object.keys(rows).filter((id) => done.includes(id)));
  });
});

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(TESTS, "requirements", file), "utf8")) as T;
}

/** Ids in the texts of tests and in the fixtures that `wire-replay` names its tests by. Comments prove nothing. */
function namedIds(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const files = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter((path) => NAMING.test(path));
  for (const file of files) {
    const text = readFileSync(join(TESTS, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    for (const id of new Set(text.match(ID) ?? [])) found.set(id, [...(found.get(id) ?? []), file]);
  }
  return found;
}
