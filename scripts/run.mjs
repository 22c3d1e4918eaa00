import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository this script stands in: a copy checks and tests itself. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a Node program of this repository or of an installed package, with its output passed on; yields its exit code. */
export function run(program, args = [], env = {}) {
  const result = spawnSync(process.execPath, [join(root, program), ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
  });
  if (result.error) console.error(`cannot run \`${program}\`: ${result.error.message}; did \`npm ci\` succeed?`);
  return result.status ?? 1;
}
