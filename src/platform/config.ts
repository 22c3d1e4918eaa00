/** Owns the settings of a process: defaults, a file and environment variables become one checked value. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "../model/json.js";
import { type Problem, Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { didYouMean, suggest } from "../model/suggest.js";
import { parseRanges } from "./addresses.js";
import { parseJson } from "./json.js";
import type { LogLevel } from "./log.js";
import { projectRoot } from "./root.js";
import { compileSchema } from "./schemas.js";

/** Every key is described in schemas/config.schema.json. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Without a trailing slash; `null`: `http://HOST:PORT` with the port that was really taken. */
  readonly publicUrl: string | null;
  readonly databaseUrl: string;
  readonly operatorToken: string | null;
  readonly secretKey: string | null;
  readonly logLevel: LogLevel;
  readonly allowPrivateNetwork: boolean;
  readonly network: {
    readonly allow: readonly string[];
    readonly timeoutMilliseconds: number;
    readonly responseBytes: number;
    readonly metadataRefreshHours: number;
  };
  readonly trustedProxies: readonly string[];
  readonly limits: {
    readonly scimBodyBytes: number;
    readonly scimGroupBodyBytes: number;
    readonly adminBodyBytes: number;
    readonly acsBodyBytes: number;
    readonly mappingBytes: number;
    readonly requestsPerMinutePerToken: number;
    readonly signInsPerMinutePerAddress: number;
    readonly patchOperations: number;
    readonly membersPerRequest: number;
    readonly resourceBytes: number;
    readonly bulkOperations: number;
    readonly bulkBodyBytes: number;
  };
  readonly scim: { readonly schemaFiles: readonly string[] };
  readonly sessions: { readonly idleMinutes: number; readonly absoluteMinutes: number };
  readonly sync: { readonly inlineUsers: number; readonly inlineMilliseconds: number };
  readonly brake: {
    readonly deactivationsFloor: number;
    readonly deactivationsShare: number;
    readonly accessFloor: number;
    readonly accessShare: number;
    readonly dripPerHour: number;
  };
  readonly expressions: { readonly processes: 1 | 2 };
  readonly previews: { readonly atOnce: number; readonly waiting: number };
  readonly requestLog: { readonly days: number; readonly entriesPerConnection: number };
  readonly worker: { readonly pollMilliseconds: number };
  readonly shutdown: { readonly graceMilliseconds: number };
}

/** Mistakes in the settings, one line for each, naming the key and where it was set; never the value of a secret. */
export class ConfigError extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[], options?: ErrorOptions) {
    super(lines.join("\n"), options);
    this.name = "ConfigError";
    this.lines = lines;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const asText = (text: string): Json => text;
const asInteger = (text: string): Json => (/^\d{1,15}$/.test(text) ? Number(text) : text);
const asSwitch = (text: string): Json => ({ "1": true, true: true, "0": false, false: false })[text] ?? text;

/** What does not read as its type stays text, for the schema to refuse by name. */
const VARIABLES: Readonly<Record<string, { readonly key: keyof Config; read(text: string): Json }>> = {
  ROLECALL_HOST: { key: "host", read: asText },
  ROLECALL_PORT: { key: "port", read: asInteger },
  ROLECALL_PUBLIC_URL: { key: "publicUrl", read: asText },
  ROLECALL_DATABASE_URL: { key: "databaseUrl", read: asText },
  ROLECALL_OPERATOR_TOKEN: { key: "operatorToken", read: asText },
  ROLECALL_SECRET_KEY: { key: "secretKey", read: asText },
  ROLECALL_LOG_LEVEL: { key: "logLevel", read: asText },
  ROLECALL_ALLOW_PRIVATE_NETWORK: { key: "allowPrivateNetwork", read: asSwitch },
};

const FILE_VARIABLE = "ROLECALL_CONFIG";

/** Throws ConfigError with every mistake. An empty variable counts as absent. */
export function loadConfig(env: Environment): Config {
  const defaults = readSettings(join(projectRoot, "config", "default.json"), "config/default.json");
  const path = env[FILE_VARIABLE] ?? "";
  const file = path === "" ? {} : readSettings(path, `${FILE_VARIABLE} file ${path}`);
  const variables = readVariables(env);
  const { $schema: _, ...settings } = merge(merge(defaults, file), variables.settings);

  const sourceOf = (key: string): string => {
    const variable = variables.sources.get(key);
    if (variable !== undefined) return ` (from ${variable})`;
    return isSet(file, key.split(".")) ? ` (from ${FILE_VARIABLE} file ${path})` : "";
  };
  const checked = compileSchema<Config>("config", "document")(settings);
  const mistakes = [...(checked.ok ? [] : checked.problems.map(formMistake)), ...meaningMistakes(settings)];
  const lines = [
    ...variables.typos,
    ...mistakes.map(({ key, message }) => `config: ${key} ${message}${sourceOf(key)}`),
  ];
  if (!checked.ok || lines.length > 0) throw new ConfigError(lines);
  return checked.value;
}

/** What browsers and identity providers see, once the port is known. */
export function publicUrlOf(config: Config, port: number): string {
  if (config.publicUrl !== null) return new URL(config.publicUrl).origin;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  return new URL(`http://${host}:${port}`).origin;
}

interface Mistake {
  readonly key: string;
  readonly message: string;
}

function formMistake({ pointer, code, message, suggestion }: Problem): Mistake {
  return { key: keyOf(pointer), message: code === "unknown_key" ? `is unknown${didYouMean(suggestion)}` : message };
}

/** Mistakes that the schema cannot see; values of a wrong type are its business. */
function meaningMistakes(settings: JsonObject): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const { publicUrl, databaseUrl, secretKey, network, trustedProxies } = settings;
  if (typeof publicUrl === "string" && !isOrigin(publicUrl)) {
    mistakes.push({
      key: "publicUrl",
      message: "must be an absolute http or https URL without user, path, slash at the end or query",
    });
  }
  if (typeof databaseUrl === "string" && !/^(sqlite:.|postgres(ql)?:\/\/.)/.test(databaseUrl)) {
    mistakes.push({
      key: "databaseUrl",
      message: "must be `sqlite:PATH`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST/DATABASE`",
    });
  }
  if (typeof secretKey === "string" && decodeKey(secretKey) === undefined) {
    mistakes.push({
      key: "secretKey",
      message: "must be 32 bytes in base64, such as `openssl rand -base64 32` prints",
    });
  }
  const lists = { "network.allow": isObject(network) ? network["allow"] : undefined, trustedProxies };
  for (const [key, list] of Object.entries(lists)) {
    for (const range of Array.isArray(list) ? list : []) {
      if (typeof range !== "string" || parseRanges([range]) !== undefined) continue;
      mistakes.push({ key, message: `must list address ranges such as \`10.0.0.0/8\`, has ${quote(range)}` });
    }
  }
  return mistakes;
}

function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return (
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "" &&
    url.password === "" &&
    !/[/?#]$/.test(text)
  );
}

/** 32 bytes from base64, or `undefined`. */
export function decodeKey(text: string): Buffer | undefined {
  const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0);
  return key.length === 32 ? key : undefined;
}

function readSettings(path: string, name: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new ConfigError([`config: ${name} cannot be read${code}`], { cause: error });
  }
  try {
    const settings = parseJson(text);
    if (isObject(settings)) return settings;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new ConfigError([`config: ${name}: ${error.message}`], { cause: error });
  }
  throw new ConfigError([`config: ${name} must hold a JSON object`]);
}

function readVariables(env: Environment) {
  const settings: Record<string, Json> = {};
  const sources = new Map<string, string>();
  for (const [name, { key, read }] of Object.entries(VARIABLES)) {
    const text = env[name] ?? "";
    if (text === "") continue;
    settings[key] = read(text);
    sources.set(key, name);
  }
  return { settings, sources, typos: typos(env) };
}

/** A variable that is nearly one of ours would be ignored in silence. Others of the prefix may be somebody else's. */
function typos(env: Environment): readonly string[] {
  const names = [...Object.keys(VARIABLES), FILE_VARIABLE];
  return Object.keys(env)
    .filter((name) => name.startsWith("ROLECALL_") && !names.includes(name))
    .flatMap((name) => {
      const meant = suggest(
        name.slice("ROLECALL_".length),
        names.map((known) => known.slice("ROLECALL_".length)),
      );
      return meant === undefined
        ? []
        : [`config: the variable ${quote(name)} is unknown, did you mean ${quote(`ROLECALL_${meant}`)}?`];
    });
}

/** Objects key by key; anything else, lists included, replaces. */
function merge(base: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    merged[key] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return merged;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSet(settings: JsonObject, path: readonly string[]): boolean {
  let value: Json | undefined = settings;
  for (const step of path) {
    if (Array.isArray(value)) return true;
    value = isObject(value) ? value[step] : undefined;
  }
  return value !== undefined;
}

function keyOf(pointer: string): string {
  return pointer.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
}
