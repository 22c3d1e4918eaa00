#!/usr/bin/env node
/** The command line's own process: arguments in, lines and an exit code out. */
import { createInterface } from "node:readline/promises";
import type { Terminal } from "./cli/command.js";
import { runCommandLine } from "./cli/run.js";

const terminal: Terminal = {
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  env: process.env,
  async confirm(question) {
    if (!process.stdin.isTTY) return undefined;
    const asked = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await asked.question(`${question} [y/N] `);
    asked.close();
    return /^y(es)?$/i.test(answer.trim());
  },
  ...(process.stderr.isTTY ? { status: showStatus } : {}),
  onInterrupt(stop) {
    process.once("SIGINT", stop);
    return () => process.off("SIGINT", stop);
  },
};

/** Replaces the line that is being written; what does not fit into it is left out, because a second line would stay. */
function showStatus(text: string): void {
  process.stderr.write(`\r\u001b[K${text.slice(0, Math.max(0, (process.stderr.columns || 80) - 1))}`);
}

// Whoever reads no further, as `head` does, is told nothing more; what was begun is done to its end all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), terminal);
