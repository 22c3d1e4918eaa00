import { parseArgs } from "node:util";
import { quote } from "../model/quote.js";
import { suggest } from "../model/suggest.js";
import { type Command, Misuse, type Option } from "./command.js";

/** A command's arguments, known to be what the command says it takes. */
export interface Arguments {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  required(name: string): string;
  has(name: string): boolean;
}

/** Throws Misuse for what the command does not take, with what was probably meant. */
export function readArguments(command: Command, args: readonly string[]): Arguments {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), multiple: true },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = knownOption(command, token.name, token.rawName);
    const value = valueFor(option, token.rawName, token.value);
    const earlier = values.get(token.name) ?? [];
    if (earlier.length > 0 && !option.many) throw new Misuse(`${token.rawName} stands twice: give it once`);
    values.set(token.name, [...earlier, value]);
  }
  for (const [name, option] of Object.entries(command.options)) {
    if (option.required && !values.has(name))
      throw new Misuse(`--${name} ${option.value ?? ""} is missing: ${option.what}`);
  }
  checkCount(command, positionals);
  return {
    positionals,
    text: (name) => values.get(name)?.[0],
    texts: (name) => values.get(name) ?? [],
    required: (name) => values.get(name)?.[0] ?? "",
    has: (name) => values.has(name),
  };
}

function knownOption(command: Command, name: string, rawName: string): Option {
  const option = Object.hasOwn(command.options, name) ? command.options[name] : undefined;
  if (option !== undefined && rawName.startsWith("--")) return option;
  const names = [...Object.keys(command.options), "help"].map((known) => `--${known}`);
  const meant = suggest(rawName.startsWith("--") ? rawName : `--${name}`, names);
  const hint = meant === undefined ? `see \`rolecall ${command.name} --help\`` : `did you mean ${quote(meant)}?`;
  throw new Misuse(`unknown flag ${quote(rawName)}, ${hint}`);
}

function valueFor(option: Option, rawName: string, value: string | undefined): string {
  if (option.value === undefined) {
    if (value !== undefined) throw new Misuse(`${rawName} takes no value`);
    return "";
  }
  if (value === undefined || value === "") throw new Misuse(`${rawName} needs a value: ${rawName} ${option.value}`);
  return value;
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const names = command.takes.split(" ").filter((name) => name !== "");
  const least = names.filter((name) => !name.startsWith("[")).length;
  const most = names.some((name) => name.includes("...")) ? Number.POSITIVE_INFINITY : names.length;
  if (positionals.length < least) {
    throw new Misuse(`${names[positionals.length]} is missing: rolecall ${command.name} ${command.takes}`);
  }
  if (positionals.length > most) {
    throw new Misuse(`${quote(positionals[most] ?? "")} is too much: rolecall ${command.name} ${command.takes}`);
  }
}
