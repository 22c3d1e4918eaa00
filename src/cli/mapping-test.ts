import { existsSync } from "node:fs";
import { grouped } from "../model/grouped.js";
import type { Problem } from "../model/problem.js";
import type { ExpressionPort } from "../provisioning/deps.js";
import { type Command, EXIT, Misuse, type Terminal } from "./command.js";
import { judgeDocument, problemTeller, readDocument } from "./mapping-file.js";
import { withExpressions } from "./offline.js";
import { readScenario, replayScenario } from "./scenario-file.js";
import { isScenario, testFiles } from "./test-files.js";

const DEFAULT_FOLDER = "rules";

export const mappingTest: Command = {
  name: "mapping test",
  takes: "[PATH...]",
  summary: "Run the examples and invariants of mapping documents, and scenario files, without a database",
  details: [
    `PATH is a file or a folder; ./${DEFAULT_FOLDER} when absent. Files that end in .scenario.json are scenarios`,
    "(schemas/scenario.schema.json), each one test. Every other .json file in a folder is a mapping document, unless its",
    "`$schema` says otherwise: one test for the document, and one for each of its examples and invariants.",
    "The last line is `N passed, N failed`.",
  ],
  options: {},
  async run({ positionals }, terminal) {
    const files = testFiles(positionals.length > 0 ? positionals : defaultPaths());
    const tally = await withExpressions(async (expressions) => {
      const total = { passed: 0, failed: 0 };
      for (const path of files) {
        const { tests, failures } = await testFile(expressions, path);
        for (const line of failures.flat()) terminal.out(line);
        total.failed += failures.length;
        total.passed += tests - failures.length;
      }
      return total;
    });
    return report(tally, terminal);
  },
};

function defaultPaths(): readonly string[] {
  if (existsSync(DEFAULT_FOLDER)) return [DEFAULT_FOLDER];
  throw new Misuse(`there is no folder ./${DEFAULT_FOLDER} here: name files or folders`);
}

function report({ passed, failed }: { readonly passed: number; readonly failed: number }, terminal: Terminal) {
  // A run that tested nothing proves nothing.
  if (passed + failed === 0) terminal.err("rolecall: no mapping document and no scenario was found");
  terminal.out(`${passed} passed, ${failed} failed`);
  return passed > 0 && failed === 0 ? EXIT.done : EXIT.failed;
}

interface TestedFile {
  readonly tests: number;
  /** The lines of each test that failed. */
  readonly failures: readonly (readonly string[])[];
}

async function testFile(expressions: ExpressionPort, path: string): Promise<TestedFile> {
  return isScenario(path) ? testScenario(expressions, path) : testDocument(expressions, path);
}

async function testScenario(expressions: ExpressionPort, path: string): Promise<TestedFile> {
  const read = readScenario(path);
  if (!read.ok) return { tests: 1, failures: [read.lines] };
  const faults = await replayScenario(expressions, read);
  const lines = [`${path}: ${read.scenario.name}`, ...faults.map((fault) => `  ${fault}`)];
  return { tests: 1, failures: faults.length > 0 ? [lines] : [] };
}

/** The document itself is a test; where it fails, its examples and invariants are not run. */
async function testDocument(expressions: ExpressionPort, path: string): Promise<TestedFile> {
  const text = readDocument(path);
  const { checked, ownTests } = await judgeDocument(expressions, text);
  if (checked.ok) return { tests: 1 + ownTests, failures: [] };
  const { problems } = checked;
  const tell = problemTeller(path, text);
  if (!problems.every(isFailedTest)) return { tests: 1, failures: [tell(problems)] };
  const failed = grouped(problems, ({ pointer }) => pointer.split("/").slice(0, 3).join("/"));
  return { tests: 1 + ownTests, failures: [...failed.values()].map((found) => tell(found)) };
}

const FAILED_TESTS: ReadonlySet<string> = new Set(["example_failed", "invariant_broken", "invariant_failed"]);

function isFailedTest({ code }: Problem): boolean {
  return FAILED_TESTS.has(code);
}
