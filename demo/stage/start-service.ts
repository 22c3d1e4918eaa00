/** Starts the service as a process of its own: a database in a folder of its own, a free port, nothing taken over from the surroundings. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createTail, stop, tie } from "./children.js";
import { DemoFailure } from "./demo-failure.js";

export interface ServiceProcess {
  readonly url: string;
  /** The file with the operator's token. */
  readonly tokenPath: string;
  readonly operatorToken: string;
  /** By which its command line finds the same database. */
  readonly environment: NodeJS.ProcessEnv;
  /** The last lines of its log. */
  readonly log: readonly string[];
  /** Rejects when the service ends and nobody has stopped it. */
  readonly lost: Promise<never>;
  stop(): Promise<void>;
}

export async function startService(folder: string): Promise<ServiceProcess> {
  const program = fileURLToPath(new URL("../../src/main.js", import.meta.url));
  const environment = { ...withoutSettings(process.env), ...settings(folder) };
  const child = spawn(process.execPath, ["--disable-proto=delete", program], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
  });
  tie(child);
  const tail = createTail();
  child.stderr.setEncoding("utf8").on("data", tail.add);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      tail.add(line);
      const address = /^rolecall listening on (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      reject(new DemoFailure(`the service ended with ${code} before it could serve: ${tail.lines.join("; ")}`));
    });
  });
  const tokenPath = join(folder, "operator-token");
  const operatorToken = readFileSync(tokenPath, "utf8").trim();
  let isStopping = false;
  const lost = new Promise<never>((_resolve, reject) => {
    child.once("exit", (code, signal) => {
      if (!isStopping) reject(new DemoFailure(`the service ended with ${code ?? signal} while it was needed`));
    });
  });
  lost.catch(() => undefined);
  return {
    url,
    tokenPath,
    operatorToken,
    environment,
    log: tail.lines,
    lost,
    stop() {
      isStopping = true;
      return stop(child);
    },
  };
}

/** The identity providers of the demo are on loopback and speak plain HTTP. */
function settings(folder: string): NodeJS.ProcessEnv {
  return {
    ROLECALL_PORT: "0",
    ROLECALL_DATABASE_URL: `sqlite:${join(folder, "rolecall.db")}`,
    ROLECALL_ALLOW_PRIVATE_NETWORK: "1",
    ROLECALL_LOG_LEVEL: "warn",
  };
}

function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("ROLECALL_")));
}
