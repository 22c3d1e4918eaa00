import type { Environment } from "../platform/config.js";
import type { Arguments } from "./arguments.js";

/** What a command sees of the outside. */
export interface Terminal {
  /** A line of the answer: what a script reads. */
  out(line: string): void;
  /** A line about the work: what went wrong, or how far it is. */
  err(line: string): void;
  readonly env: Environment;
  /** Asks a person for yes or no; `undefined` when nobody is there to be asked. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Shows a line below the others that the next one replaces, and an empty one takes away; absent where nobody watches. */
  readonly status?: (text: string) => void;
  /** Calls once when a person asks for the end; whoever asks twice is let out at once. Answers with what ends the listening. */
  readonly onInterrupt?: (stop: () => void) => () => void;
}

/** How a command ends. */
export const EXIT = {
  /** Done, and nothing was found. */
  done: 0,
  /** A check or test failed, or what was asked for was refused. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was done. */
  misused: 2,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Option {
  /** Absent: a switch without a value. */
  readonly value?: string;
  readonly what: string;
  readonly required?: true;
  readonly many?: true;
}

export interface Command {
  /** Its words: `mapping check`. */
  readonly name: string;
  /** Positional arguments as the help shows them; a name that ends in `...` stands for any number, brackets for none. */
  readonly takes: string;
  readonly summary: string;
  /** More lines for its own help. */
  readonly details?: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  run(args: Arguments, terminal: Terminal): Promise<ExitCode>;
}

/** A mistake in how a command was called. */
export class Misuse extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Misuse";
  }
}
