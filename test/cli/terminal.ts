import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ExitCode, Terminal } from "../../src/cli/command.js";
import { runCommandLine } from "../../src/cli/run.js";

export interface Ran {
  readonly code: ExitCode;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Runs a command line in this process. `answer`: what the person at the terminal says; without one, nobody is there. */
export async function rolecall(
  args: readonly string[],
  { env = {}, answer }: { readonly env?: Terminal["env"]; readonly answer?: boolean } = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommandLine(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    env,
    confirm: async () => answer,
  });
  return { code, out, err };
}

/** A folder of its own for one test, with these files in it. */
export async function withFolder<Result>(
  files: Readonly<Record<string, unknown>>,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-cli-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content, null, 2));
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
