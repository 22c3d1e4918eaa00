import { createExpressionRunner } from "../platform/expression-runner.js";
import type { ExpressionPort } from "../provisioning/deps.js";

/** The expression host alone, for work on files. */
export async function withExpressions<Result>(work: (expressions: ExpressionPort) => Promise<Result>): Promise<Result> {
  const runner = createExpressionRunner();
  try {
    return await work(runner.apart());
  } finally {
    await runner.close();
  }
}
