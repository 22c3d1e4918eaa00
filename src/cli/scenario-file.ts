import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseMapping } from "../compose.js";
import { now } from "../platform/clock.js";
import { parseJsonWithPositions } from "../platform/json.js";
import { compileSchema } from "../platform/schemas.js";
import type { ExpressionPort } from "../provisioning/deps.js";
import { runScenario } from "../provisioning/scenario/scenario.js";
import type { ScenarioDocument } from "../provisioning/scenario/scenario-document.js";
import { readDocument } from "./mapping-file.js";

export type ReadScenario =
  | { readonly ok: true; readonly scenario: ScenarioDocument; readonly mapping: string }
  | { readonly ok: false; readonly lines: readonly string[] };

/** Reads a scenario with its mapping, which stands in it or in a file of its own. */
export function readScenario(path: string): ReadScenario {
  const parsed = parseJsonWithPositions(readDocument(path));
  if (!parsed.ok) {
    const { problem, position } = parsed;
    return { ok: false, lines: [`${path}:${position.line}:${position.column}: / ${problem.code}: ${problem.message}`] };
  }
  const checked = compileSchema<ScenarioDocument>("scenario", "document")(parsed.value);
  if (!checked.ok) {
    const lines = checked.problems.map(({ pointer, code, message }) => {
      const { line, column } = parsed.positionOf(pointer);
      return `${path}:${line}:${column}: ${pointer === "" ? "/" : pointer} ${code}: ${message}`;
    });
    return { ok: false, lines };
  }
  const { mapping } = checked.value;
  if (typeof mapping !== "string") return { ok: true, scenario: checked.value, mapping: JSON.stringify(mapping) };
  const file = findAbove(dirname(path), mapping);
  if (file === undefined)
    return { ok: false, lines: [`${path}: no mapping document \`${mapping}\` here or in a folder above`] };
  return { ok: true, scenario: checked.value, mapping: readDocument(file) };
}

/** What went otherwise than the scenario expects, a sentence each. */
export function replayScenario(
  expressions: ExpressionPort,
  { scenario, mapping }: { readonly scenario: ScenarioDocument; readonly mapping: string },
): Promise<readonly string[]> {
  return runScenario({ p: { parseMapping, expressions }, tenant: 0, now: now() }, scenario, mapping);
}

/** Paths of mappings are below `rules/`, wherever that is: the folder of the scenario, or one above it. */
function findAbove(folder: string, name: string): string | undefined {
  const file = join(folder, name);
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  return parent === folder ? undefined : findAbove(parent, name);
}
