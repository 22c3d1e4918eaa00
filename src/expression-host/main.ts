/**
 * The expression host owns the evaluation of tenants' expressions. It is the entry of a child process that knows no
 * secret, may not touch files, start processes or make code from text, and may be killed at any moment.
 */
import process from "node:process";
import type { ExpressionBatch } from "../model/expression.js";
import { createHost } from "./host.js";

// An expression that found a way to a prototype would meet the next tenant's there.
Object.freeze(Object.prototype);

const run = createHost({
  // One byte on standard output per job, which is a pipe and therefore written at once.
  started: () => process.stdout.write("."),
  reply: (text) => process.send?.(text),
  now: () => performance.now(),
});

process.on("message", (batch: ExpressionBatch) => run(batch));
// The channel is all that keeps this process alive, so it ends with its parent. Signals to the whole process group are
// for the parent, which drains first.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
