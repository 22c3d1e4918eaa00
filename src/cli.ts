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
};

// Whoever reads no further, as `head` does, is told nothing more; what was begun is done to its end all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), terminal);
