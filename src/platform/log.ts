/** Owns what may be written to the log: named events with fields from a closed list. */

import { pino } from "pino";

/**
 * All that a log line may carry beside its event. There is no field for bodies, headers, claims or tokens, and what is
 * not in this list is dropped at run time too.
 */
export interface LogFields {
  readonly requestId?: string;
  readonly method?: string;
  /** The route's pattern, never the path that was asked for. */
  readonly route?: string;
  readonly status?: number;
  readonly milliseconds?: number;
  readonly tenant?: number | string;
  readonly connection?: string;
  /** Id of a user, token, session or event; never a name or an address. */
  readonly user?: string;
  readonly token?: string;
  readonly run?: number;
  readonly version?: number;
  readonly count?: number;
  readonly attempt?: number;
  readonly bytes?: number;
  /** A code of ours, of node or of the database; never a library's sentence. */
  readonly code?: string;
  /** The code of what an error was caused by. */
  readonly cause?: string;
  readonly error?: string;
  readonly reason?: string;
  readonly reference?: string;
  readonly door?: string;
  /** Names of deviations that reading a client's request needed, from a closed list, joined by commas. */
  readonly quirks?: string;
  /** Frames of a stack: our functions and lines, without the error's message. */
  readonly at?: string;
  readonly file?: string;
  readonly url?: string;
  readonly host?: string;
  readonly signal?: string;
  /** An error's own sentence: written at level `debug` only, because it may quote what people sent. */
  readonly message?: string;
}

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** An error line for something that was thrown and is no answer to anybody: of it, what may be told. */
  fault(event: string, thrown: unknown, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LogDestination {
  write(line: string): void;
}

const ALLOWED: ReadonlySet<string> = new Set<keyof LogFields>([
  "requestId",
  "method",
  "route",
  "status",
  "milliseconds",
  "tenant",
  "connection",
  "user",
  "token",
  "run",
  "version",
  "count",
  "attempt",
  "bytes",
  "code",
  "cause",
  "error",
  "reason",
  "reference",
  "door",
  "quirks",
  "at",
  "file",
  "url",
  "host",
  "signal",
  "message",
]);

const LONGEST_VALUE = 1_000;

/** Lines wait for one another up to so many bytes and so long; what is left is written when the process ends. */
const WRITE_BYTES = 4_096;
const FLUSH_MILLISECONDS = 100;

/** Lines are JSON on standard error, which leaves standard output to what people and scripts read. */
export function createLogger(level: LogLevel, destination?: LogDestination): Logger {
  const output = pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    // many lines in one write: a write of its own costs a request as much as a question to the database
    destination ??
      pino.destination({ dest: 2, sync: false, minLength: WRITE_BYTES, periodicFlush: FLUSH_MILLISECONDS }),
  );
  const messages = level === "debug";
  const build = (bound: LogFields): Logger => {
    const line =
      (severity: "debug" | "info" | "warn" | "error") =>
      (event: string, fields: LogFields = {}): void => {
        if (output.isLevelEnabled(severity)) output[severity](allowed({ ...bound, ...fields }, messages), plain(event));
      };
    const error = line("error");
    return {
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error,
      fault: (event, thrown, fields) => error(event, { ...faultFields(thrown), ...fields }),
      with: (fields) => build({ ...bound, ...fields }),
    };
  };
  return build({});
}

// INVARIANT: nothing reaches the log but short values of listed fields: objects would bring in what nobody looked at.
function allowed(fields: LogFields, messages: boolean): Record<string, string | number> {
  const kept: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!ALLOWED.has(name) || (name === "message" && !messages)) continue;
    if (typeof value === "string") kept[name] = plain(value);
    else if (typeof value === "number" && Number.isFinite(value)) kept[name] = value;
  }
  return kept;
}

/** Characters that could forge a line, move a cursor or hide text, written out as escapes. */
function plain(text: string): string {
  if (text.length <= LONGEST_VALUE && /^[ -~]*$/.test(text)) return text;
  return text
    .slice(0, LONGEST_VALUE)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

function faultFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const [code, cause] = [codeOf(error), codeOf(error.cause)];
  const at = frames(error);
  return {
    error: /^\w{1,60}$/.test(error.name) ? error.name : "Error",
    ...(code !== undefined && { code }),
    ...(cause !== undefined && { cause }),
    ...(at === "" ? {} : { at }),
    message: error.message,
  };
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^\w{1,60}$/.test(code) ? code : undefined;
}

/** The frames alone: a stack begins with the message, which may hold anything, line breaks included. */
function frames(error: Error): string {
  const stack = error.stack ?? "";
  const end = error.message === "" ? 0 : stack.indexOf(error.message) + error.message.length;
  if (error.message !== "" && !stack.includes(error.message)) return "";
  return stack
    .slice(end)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "))
    .slice(0, 6)
    .map((line) => line.slice(3).replace(/file:\/\/\S*\/(?=(?:build|src|test|node_modules)\/)/, ""))
    .join(" < ");
}
