/**
 * Every check that needs no test run: `npm run check`. All of them run, whatever the others said, and one fault fails the whole.
 * `npm run check -- --only lint,types` runs some of them.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root, run } from "./run.mjs";

const steps = {
  lint: { what: "format, lint and the layer rule (biome)", passes: lint },
  types: { what: "types (tsc)", passes: types },
  unused: { what: "unused files, exports and dependencies (knip)", passes: unused },
  lock: { what: "the lock file names the builds for every platform", passes: lock },
  docs: { what: "generated documents are fresh", passes: docs },
};

process.exitCode = check(chosenSteps());

function check(names) {
  const failed = names.filter((name) => {
    console.log(`\n== ${name}: ${steps[name].what}`);
    return !steps[name].passes();
  });
  console.log(failed.length === 0 ? `\ncheck passed: ${names.join(", ")}` : `\ncheck failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

function chosenSteps() {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const names = values.only === undefined ? Object.keys(steps) : values.only.split(",");
  const unknown = names.filter((name) => !Object.hasOwn(steps, name));
  if (unknown.length === 0) return names;
  console.error(`unknown step \`${unknown.join(",")}\`: the steps are ${Object.keys(steps).join(", ")}`);
  process.exit(2);
}

function lint() {
  // Biome colours what it writes into a pipe, whatever NO_COLOR says, unless it is told.
  const colors = process.stdout.isTTY ? [] : ["--colors=off"];
  const options = ["--error-on-warnings", "--max-diagnostics=none", ...colors];
  return run("node_modules/@biomejs/biome/bin/biome", ["ci", ...options, "."]) === 0;
}

function types() {
  return run("node_modules/typescript/bin/tsc", ["-p", "tsconfig.json", "--noEmit", "--incremental", "false"]) === 0;
}

function unused() {
  const knip = (...args) => run("node_modules/knip/bin/knip.js", ["--no-progress", "--no-config-hints", ...args]) === 0;
  const anything = knip();
  // What only tests and tools use is unused too, where it is a whole file of src or a package that customers would install.
  console.log("-- in the service alone");
  const inService = knip("--production", "--include", "files,dependencies");
  return anything && inService;
}

function lock() {
  return run("scripts/lock.mjs", ["--check"]) === 0;
}

function docs() {
  if (!existsSync(join(root, "scripts/reference.ts"))) return true;
  return run("scripts/build.mjs") === 0 && run("build/scripts/reference.js", ["--check"]) === 0;
}
