/** Compiles everything to build/, and removes what was compiled from sources that are gone: a deleted test must not run on. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.mjs";

const folders = ["src", "test", "demo", "bench", "scripts"];

removeOrphans();
process.exitCode = run("node_modules/typescript/bin/tsc", ["-p", "tsconfig.json"]);

function removeOrphans() {
  const sources = new Set(
    folders.flatMap((folder) => filesIn(folder, ".ts")).map((path) => path.slice(0, -".ts".length)),
  );
  const outputs = new Set(folders.flatMap((folder) => filesIn(join("build", folder), ".js")).map(nameOfOutput));
  for (const name of outputs) {
    if (sources.has(name)) continue;
    for (const ending of [".js", ".js.map"]) rmSync(join(root, "build", `${name}${ending}`), { force: true });
  }
  // The compiler's notes say that all of it was written; where that is no longer so, they must go.
  if ([...sources].some((name) => !outputs.has(name))) rmSync(join(root, "build/.tsbuildinfo"), { force: true });
}

function filesIn(folder, ending) {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

function nameOfOutput(path) {
  return path.slice("build/".length, -".js".length);
}
