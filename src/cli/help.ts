import type { Command } from "./command.js";

const EXIT_CODES = [
  "Exit codes:",
  "  0  done, and nothing was found",
  "  1  a check or test failed, or what was asked for was refused",
  "  2  the command line or the configuration is wrong; nothing was done",
];

export function generalHelp(commands: readonly Command[]): readonly string[] {
  const usages = commands.map((command) => [usageOf(command), command.summary] as const);
  return [
    "Usage: rolecall <command> [arguments]",
    "",
    "Commands:",
    ...columns(usages),
    "",
    "`rolecall <command> --help` says more; `rolecall --version` prints the version.",
    "Commands on the database read the service's own settings: config/default.json, the file named by",
    "ROLECALL_CONFIG, and the ROLECALL_ variables.",
    "",
    ...EXIT_CODES,
  ];
}

export function commandHelp(command: Command): readonly string[] {
  const options = Object.entries(command.options).map(([name, { value, what, required, many }]) => {
    const notes = [...(required ? ["needed"] : []), ...(many ? ["may stand several times"] : [])];
    return [
      `--${name}${value === undefined ? "" : ` ${value}`}`,
      `${what}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`,
    ] as const;
  });
  return [
    `Usage: rolecall ${usageOf(command)}${Object.keys(command.options).length > 0 ? " [flags]" : ""}`,
    "",
    command.summary,
    ...(command.details ? ["", ...command.details] : []),
    "",
    "Flags:",
    ...columns([...options, ["--help", "print this"]]),
    "",
    ...EXIT_CODES,
  ];
}

function usageOf({ name, takes }: Command): string {
  return takes === "" ? name : `${name} ${takes}`;
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}
