/** Starts a provisioning client as a process and has it push. What the server answered stays in the client's own record. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Complaint } from "../../src/simulate/complaint.js";
import type { Exchange } from "../../src/simulate/scim-http.js";
import { createTail, stop, tie } from "./children.js";
import { DemoFailure } from "./demo-failure.js";

export interface Pushed<Result> {
  readonly result: Result;
  readonly exchanges: readonly Exchange[];
}

export interface PushClient {
  /** Fails where the server gave cause for complaint. The result is what the caller's type says of the command. */
  push<Result>(command: PushCommand): Promise<Pushed<Result>>;
  stop(): Promise<void>;
}

export interface PushCommand {
  readonly do: string;
  readonly [input: string]: unknown;
}

interface Reply<Result> extends Pushed<Result> {
  readonly ok: boolean;
  readonly error?: string;
  readonly complaints: readonly Complaint[];
}

export function startPushClient(name: "entra" | "okta", baseUrl: string, token: string): PushClient {
  const program = fileURLToPath(new URL(`../processes/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [program, baseUrl], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, SCIM_TOKEN: token },
  });
  tie(child);
  const tail = createTail();
  child.stderr.setEncoding("utf8").on("data", tail.add);
  child.stdin.on("error", () => undefined);
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async push<Result>(command: PushCommand) {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const { value, done } = await replies.next();
      if (done) throw new DemoFailure(`the ${name} client ended: ${tail.lines.join("; ")}`);
      const reply = JSON.parse(value) as Reply<Result>;
      if (!reply.ok) throw refused(name, command, reply);
      return reply;
    },
    stop: () => stop(child),
  };
}

function refused(name: string, command: PushCommand, reply: Reply<unknown>): DemoFailure {
  const { error, complaints, exchanges, result } = reply;
  const [first] = complaints;
  const answer = error ?? first?.detail ?? `${JSON.stringify(result)} after ${exchanges.length} exchanges`;
  return new DemoFailure(`the ${name} client has ${complaints.length || 1} complaints about \`${command["do"]}\``, {
    request: first?.request ?? JSON.stringify(command).slice(0, 200),
    answer,
  });
}
