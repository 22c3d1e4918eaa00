/**
 * `npm test`: compiles, runs the tests under coverage, and checks the coverage gates. The last line is `N passed, N failed`, where
 * a build, run or gate that failed counts as one. `npm test -- build/test/engine/**` and mocha's options run some of the tests, without gates.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { missedGates } from "./coverage-gates.mjs";
import { root, run } from "./run.mjs";

const totalsFile = join(root, "build/test-totals.json");
const summaryFile = join(root, "coverage/coverage-summary.json");
const mocha = "node_modules/mocha/bin/mocha.js";
const allTests = "build/test/**/*.test.js";

const outcome = runTests(process.argv.slice(2));
for (const fault of outcome.faults) console.error(fault);
const failed = outcome.failed + outcome.faults.length;
console.log(`${outcome.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function runTests(chosen) {
  if (run("scripts/build.mjs") !== 0) return { passed: 0, failed: 0, faults: ["the build failed, so no test ran"] };
  for (const file of [totalsFile, summaryFile]) rmSync(file, { force: true });
  const status = chosen.length === 0 ? runAll() : runSome(chosen);
  return { ...readTotals(), faults: [...faultsOfRun(status), ...(chosen.length === 0 ? faultsOfCoverage() : [])] };
}

function runAll() {
  mkdirSync(join(root, "coverage"), { recursive: true });
  const excluded = typeOnlyOutputs().flatMap((path) => ["--exclude", path]);
  return run("node_modules/c8/bin/c8.js", [...excluded, process.execPath, join(root, mocha), allTests], mochaEnv());
}

function runSome(chosen) {
  const namesFiles = chosen.some((argument) => argument.endsWith(".js"));
  return run(mocha, namesFiles ? chosen : [...chosen, allTests], mochaEnv());
}

function mochaEnv() {
  return { ROLECALL_TEST_TOTALS: totalsFile };
}

function readTotals() {
  if (!existsSync(totalsFile)) return { passed: 0, failed: 0 };
  const { passed, failed } = JSON.parse(readFileSync(totalsFile, "utf8"));
  return { passed, failed };
}

function faultsOfRun(status) {
  if (!existsSync(totalsFile)) return [`the test run broke off with exit code ${status}`];
  const { passed, failed, skipped } = JSON.parse(readFileSync(totalsFile, "utf8"));
  if (passed + failed + skipped === 0) return ["no test was found"];
  return status !== 0 && failed === 0 ? [`the test run ended with exit code ${status}, although no test failed`] : [];
}

function faultsOfCoverage() {
  if (!existsSync(summaryFile)) return ["coverage was not measured"];
  return missedGates(JSON.parse(readFileSync(summaryFile, "utf8")), root);
}

/** Files of types alone compile to nothing, are never loaded, and would count as lines that no test reached. */
function typeOnlyOutputs() {
  const nothing = /^(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*export \{\};(?:\s|\/\/.*)*$/;
  return readdirSync(join(root, "build/src"), { recursive: true })
    .filter((name) => name.endsWith(".js"))
    .map((name) => join("build/src", name))
    .filter((path) => nothing.test(readFileSync(join(root, path), "utf8")));
}
