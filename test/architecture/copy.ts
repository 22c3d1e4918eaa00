/** A copy of the repository in a temporary folder, in which faults are planted and the real commands are run. */
import { spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { projectRoot } from "../../src/platform/root.js";

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

export interface Copy {
  write(path: string, text: string): void;
  append(path: string, text: string): void;
  /** Runs a script of the copy with node, in the copy. */
  run(script: string, ...args: string[]): Promise<Outcome>;
  remove(): void;
}

const leftOut = new Set([".git", "build", "coverage", "data", "node_modules"]);

/** Copies the paths, or everything that the repository keeps; packages are those of the original. */
export function copyRepository(paths?: readonly string[]): Copy {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-copy-"));
  const kept = (source: string): boolean => !leftOut.has(relative(projectRoot, source).split(sep)[0] ?? "");
  for (const path of paths ?? [""]) {
    cpSync(join(projectRoot, path), join(folder, path), { recursive: true, filter: kept });
  }
  symlinkSync(join(projectRoot, "node_modules"), join(folder, "node_modules"));
  return {
    write: (path, text) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    },
    append: (path, text) => appendFileSync(join(folder, path), text),
    run: (script, ...args) => runNode(folder, [join(folder, script), ...args]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runNode(folder: string, args: readonly string[]): Promise<Outcome> {
  // The tools that run in the copy are not what this run's coverage is about, and their output is read, so it is plain.
  const { NODE_V8_COVERAGE: _coverage, FORCE_COLOR: _color, ROLECALL_TEST_TOTALS: _totals, ...inherited } = process.env;
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...inherited, NO_COLOR: "1" }, stdio: "pipe" });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output: Buffer.concat(chunks).toString("utf8") }));
  });
}
