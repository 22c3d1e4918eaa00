import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseJsonWithPositions } from "../platform/json.js";
import { Misuse } from "./command.js";
import { readDocument } from "./mapping-file.js";

export function isScenario(path: string): boolean {
  return path.endsWith(".scenario.json");
}

/** The files to test, each once: those that are named, and those in named folders that are scenarios or mapping documents. */
export function testFiles(paths: readonly string[]): readonly string[] {
  const files = new Map<string, string>();
  for (const path of paths) {
    const found = isFolder(path) ? filesIn(path).filter(isTest) : [path];
    for (const file of found) files.set(resolve(file), file);
  }
  return [...files.values()];
}

function isFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Misuse(`there is no ${path}`);
  return found.isDirectory();
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json") && !name.includes("node_modules"))
    .sort()
    .map((name) => join(folder, name));
}

/** Other documents lie beside mappings; they say by `$schema` what they are. */
function isTest(file: string): boolean {
  if (isScenario(file)) return true;
  const parsed = parseJsonWithPositions(readDocument(file));
  if (!parsed.ok || typeof parsed.value !== "object" || parsed.value === null) return true;
  const schema = "$schema" in parsed.value ? parsed.value["$schema"] : undefined;
  return typeof schema !== "string" || schema.endsWith("mapping.schema.json");
}
