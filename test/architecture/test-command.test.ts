import { expect } from "chai";
import { type Copy, copyRepository, type Outcome } from "./copy.js";

/** What `npm test` is made of; the sources and tests it runs on are this file's own. */
const machinery = [
  "package.json",
  "tsconfig.json",
  ".mocharc.json",
  ".c8rc.json",
  "scripts/build.mjs",
  "scripts/coverage-gates.mjs",
  "scripts/run.mjs",
  "scripts/tally-reporter.cjs",
  "scripts/test.mjs",
];

const engine = `export function kind(size: number): string {
  if (size > 2) return "large";
  return "small";
}
`;

const test = (expected: string, sizes: readonly number[]): string => `import { expect } from "chai";
import { kind } from "../../src/engine/kind.js";

it("tells large from small", () => {
  expect(${JSON.stringify(sizes)}.map(kind)).to.deep.equal(${expected});
});
`;

const shelf = "export const answer = (): number => 42;\n";
const shelfTest = `import { answer } from "../src/shelf/answer.js";

it("answers", () => {
  answer();
});
`;

describe("the test command", () => {
  it("passes when all tests pass and the engine is covered", async () => {
    const { code, output } = await npmTest({ engineTest: test('["small", "large"]', [1, 3]) });
    expect(lastLine(output)).to.equal("2 passed, 0 failed");
    expect(code).to.equal(0);
  });

  it("fails when a test fails", async () => {
    const { code, output } = await npmTest({ engineTest: test('["large", "large"]', [1, 3]) });
    expect(lastLine(output)).to.equal("1 passed, 1 failed");
    expect(code).to.equal(1);
  });

  it("fails when a branch of the engine is not covered, though the rest is", async () => {
    const { code, output } = await npmTest({ engineTest: test('["small"]', [1]) });
    expect(output).to.match(/^coverage of src\/engine: \d\d\.\d\d % of branches, at least 100 % are asked for/m);
    expect(lastLine(output)).to.match(/^2 passed, [12] failed$/);
    expect(code).to.equal(1);
  });

  it("fails when a file of the engine is never loaded", async () => {
    const { code, output } = await npmTest({
      engineTest: test('["small", "large"]', [1, 3]),
      more: { "src/engine/forgotten.ts": "export const forgotten = (): number => 1;\n" },
    });
    expect(output).to.contain("coverage of src/engine: ");
    expect(code).to.equal(1);
  });

  it("fails when too little outside the engine is covered", async () => {
    const { code, output } = await npmTest({
      engineTest: test('["small", "large"]', [1, 3]),
      more: { "src/shelf/idle.ts": `export const idle = [\n${"  (): number => 1,\n".repeat(20)}];\n` },
    });
    expect(output).to.contain("coverage of src without engine: ");
    expect(code).to.equal(1);
  });

  it("fails when the sources do not compile", async () => {
    const { code, output } = await npmTest({ engineTest: "export const wrong: number = 'text';\n" });
    expect(lastLine(output)).to.equal("0 passed, 1 failed");
    expect(code).to.equal(1);
  });

  it("fails when there is no test", async () => {
    const { code, output } = await npmTest({
      engineTest: "export {};\n",
      more: { "test/shelf.test.ts": "export {};\n" },
    });
    expect(lastLine(output)).to.match(/^0 passed, [1-9]/);
    expect(code).to.equal(1);
  });

  it("does not run a compiled test whose source is gone", async () => {
    const { code, output } = await npmTest({
      engineTest: test('["small", "large"]', [1, 3]),
      more: { "build/test/gone.test.js": 'it("is gone", () => { throw new Error(); });\n' },
    });
    expect(lastLine(output)).to.equal("2 passed, 0 failed");
    expect(code).to.equal(0);
  });
});

async function npmTest(project: { engineTest: string; more?: Readonly<Record<string, string>> }): Promise<Outcome> {
  const copy: Copy = copyRepository(machinery);
  try {
    const files = {
      "src/engine/kind.ts": engine,
      "src/engine/size.ts": "/** Of types alone: compiles to nothing. */\nexport type Size = number;\n",
      "src/shelf/answer.ts": shelf,
      "test/engine/kind.test.ts": project.engineTest,
      "test/shelf.test.ts": shelfTest,
      ...project.more,
    };
    for (const [path, text] of Object.entries(files)) copy.write(path, text);
    return await copy.run("scripts/test.mjs");
  } finally {
    copy.remove();
  }
}

function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}
