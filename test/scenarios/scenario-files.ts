/** The scenario files that ship, each with the text of its mapping. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { projectRoot } from "../../src/platform/root.js";
import { compileSchema } from "../../src/platform/schemas.js";
import type { ScenarioDocument } from "../../src/provisioning/scenario/scenario-document.js";

export interface ScenarioFile {
  /** Below `rules/scenarios`, without the ending: `tines/first-wins`. */
  readonly path: string;
  readonly scenario: ScenarioDocument;
  readonly mapping: string;
}

const RULES = join(projectRoot, "rules");
const ENDING = ".scenario.json";

export function scenarioFiles(): readonly ScenarioFile[] {
  const folder = join(RULES, "scenarios");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ENDING))
    .map((name) => join(folder, name))
    .sort()
    .map((file) => readScenario(file, relative(folder, file).slice(0, -ENDING.length).split(sep).join("/")));
}

function readScenario(file: string, path: string): ScenarioFile {
  const checked = compileSchema<ScenarioDocument>("scenario", "document")(JSON.parse(readFileSync(file, "utf8")));
  if (!checked.ok) {
    const problems = checked.problems.map(({ pointer, message }) => `${pointer}: ${message}`);
    throw new Error(`${path} is no scenario: ${problems.join("; ")}`);
  }
  const { mapping } = checked.value;
  const text = typeof mapping === "string" ? readFileSync(join(RULES, mapping), "utf8") : JSON.stringify(mapping);
  return { path, scenario: checked.value, mapping: text };
}
