/** The command line owns what people do beside the running service: checking mappings offline, and first steps on the database. */
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { suggest } from "../model/suggest.js";
import { ConfigError } from "../platform/config.js";
import { readVersion } from "../platform/version.js";
import { readArguments } from "./arguments.js";
import { type Command, EXIT, type ExitCode, Misuse, type Terminal } from "./command.js";
import { commandHelp, generalHelp } from "./help.js";
import { infer } from "./infer.js";
import { mappingCheck } from "./mapping-check.js";
import { mappingLint } from "./mapping-lint.js";
import { mappingPreview } from "./mapping-preview.js";
import { mappingTest } from "./mapping-test.js";
import { migrate } from "./migrate.js";
import { runsRelease } from "./runs-release.js";
import { serviceAccountCreate } from "./service-account-create.js";
import { simulatePush } from "./simulate.js";
import { tenantCreate } from "./tenant-create.js";
import { tokenCreate } from "./token-create.js";

export const commands: readonly Command[] = [
  mappingCheck,
  mappingLint,
  mappingTest,
  mappingPreview,
  infer,
  simulatePush,
  migrate,
  tenantCreate,
  tokenCreate,
  serviceAccountCreate,
  runsRelease,
];

/** Runs one command line to its end. Never throws: whatever goes wrong is a line and an exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    return report(error, terminal);
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first, second] = args;
  const wantsHelp = args.includes("--help") || args.includes("-h") || first === "help";
  if (first === undefined || first.startsWith("-") || first === "help") {
    if (first === "--version") terminal.out(readVersion());
    else if (first === undefined || wantsHelp) for (const line of generalHelp(commands)) terminal.out(line);
    else throw new Misuse(`unknown flag ${quote(first)}: see \`rolecall --help\``);
    return first === undefined ? EXIT.misused : EXIT.done;
  }
  const command = commands.find(({ name }) => name === first || name === `${first} ${second}`);
  if (command === undefined) {
    const group = commands.filter(({ name }) => name.startsWith(`${first} `));
    if (group.length === 0 || !(second === undefined || wantsHelp)) throw unknownCommand(first, second);
    for (const line of generalHelp(group)) terminal.out(line);
    return wantsHelp ? EXIT.done : EXIT.misused;
  }
  if (wantsHelp) {
    for (const line of commandHelp(command)) terminal.out(line);
    return EXIT.done;
  }
  return command.run(readArguments(command, args.slice(command.name.split(" ").length)), terminal);
}

function unknownCommand(first: string, second: string | undefined): Misuse {
  const said = second === undefined || second.startsWith("-") ? first : `${first} ${second}`;
  const names = commands.map(({ name }) => name);
  const meant = suggest(said, names) ?? suggest(first, [...new Set(names.map((name) => name.split(" ")[0] ?? ""))]);
  const hint = meant === undefined ? "see `rolecall --help`" : `did you mean ${quote(meant)}?`;
  return new Misuse(`unknown command ${quote(said)}, ${hint}`);
}

function report(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof Misuse) {
    terminal.err(`rolecall: ${error.message}`);
    return EXIT.misused;
  }
  if (error instanceof ConfigError) {
    for (const line of error.lines) terminal.err(line);
    return EXIT.misused;
  }
  if (error instanceof Refusal) {
    terminal.err(`rolecall: ${error.message} (${error.code})`);
    return EXIT.failed;
  }
  terminal.err(`rolecall: ${error instanceof Error ? error.message : String(error)}`);
  return EXIT.failed;
}
