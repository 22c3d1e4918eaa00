/** Runs a command of `rolecall` as a process beside the service, on the same database, as an operator with a shell there would. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { tie } from "./children.js";
import { DemoFailure } from "./demo-failure.js";

/** Answers the lines that it printed. Fails where it does not exit 0. */
export async function runCommandLine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const program = fileURLToPath(new URL("../../src/cli.js", import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"], env: environment });
  tie(child);
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) {
    const request = `rolecall ${args.join(" ")}`;
    throw new DemoFailure(`the command ended with ${code}`, { request, answer: `${output}${errors}` });
  }
  return output.trimEnd().split("\n");
}
