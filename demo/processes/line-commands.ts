/** Owns the conversation with a parent process: one JSON command a line on standard input, one JSON reply a line on standard output. */
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Json, JsonObject } from "../../src/model/json.js";
import { isObject } from "../../src/simulate/answer.js";
import { type ScimHttp, takeReport } from "../../src/simulate/scim-http.js";

/** Answers what the reply's `result` should say. Throws on a command that cannot be meant. */
export type Command = (input: JsonObject) => Promise<Json>;

/**
 * Carries out one command after the other, in their order, until standard input ends. A reply is `{ok, result?, error?, exchanges,
 * complaints}`; `ok` says that the command was understood, and that the server gave no cause for complaint. A command's `id` comes back.
 */
export async function serveCommands(
  commands: Readonly<Record<string, Command>>,
  http: ScimHttp,
  input: Readable = process.stdin,
  output: Writable = process.stdout,
): Promise<void> {
  for await (const line of createInterface({ input })) {
    if (line.trim() === "") continue;
    const { id, ...outcome } = await carryOut(commands, line);
    const { exchanges, complaints } = takeReport(http);
    const ok = outcome.error === undefined && complaints.length === 0;
    const reply = { ...(id === undefined ? {} : { id }), ok, ...outcome, exchanges, complaints };
    output.write(`${JSON.stringify(reply)}\n`);
  }
}

interface Outcome {
  readonly id?: Json;
  readonly result?: Json;
  readonly error?: string;
}

async function carryOut(commands: Readonly<Record<string, Command>>, line: string): Promise<Outcome> {
  const input = parseLine(line);
  if (input === undefined) return { error: "a command is a JSON object on one line" };
  const { id } = input;
  const label = id === undefined ? {} : { id };
  const name = input["do"];
  const command = typeof name === "string" && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    return {
      ...label,
      error: `unknown command \`${String(name)}\`: the commands are ${Object.keys(commands).join(", ")}`,
    };
  }
  try {
    return { ...label, result: await command(input) };
  } catch (error) {
    return { ...label, error: error instanceof Error ? error.message : String(error) };
  }
}

function parseLine(line: string): JsonObject | undefined {
  try {
    const value = JSON.parse(line) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
