import { createHash } from "node:crypto";
import { cutText } from "../../model/cut-text.js";
import { emailDomain } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { ClaimPath } from "./idp-profile.js";

/** About the provider, the protocol and the mapping, not about the person: an admin needs them as they came. */
const AS_THEY_CAME: ReadonlySet<string> = new Set([
  ...["iss", "aud", "azp", "exp", "nbf", "iat", "auth_time", "acr", "amr", "tid", "hd"],
  ...["email_verified", "xms_edov", "hasgroups", "_claim_names"],
]);

const MOST_ENTRIES = 300;
const LONGEST = 200;

/** How many more bytes of UTF-8 a trace may hold: strangers choose what is traced. */
export interface TraceBudget {
  left: number;
}

export function traceBudget(): TraceBudget {
  return { left: 24_000 };
}

/**
 * Claims as a trace keeps them. Every name stays. Groups and protocol claims keep their values, cut at 200 characters;
 * an e-mail keeps its domain; any other text becomes its length and the start of its SHA-256, so that two sign-ins can
 * be compared and nothing can be read. Numbers and booleans stay. Nothing is kept that is deeper than three levels, or
 * beyond the budget: `…` stands for the rest.
 */
export function redactClaims(
  claims: JsonObject,
  groupPaths: readonly ClaimPath[],
  budget: TraceBudget = traceBudget(),
): JsonObject {
  const kept = new Set([...AS_THEY_CAME, ...claimNames(groupPaths)]);
  return redactEntries(claims, budget, (value, name) => redact(value, kept.has(name), 1, budget));
}

/** The claims that stand at the beginning of these paths. */
export function claimNames(paths: readonly ClaimPath[]): readonly string[] {
  return paths.map((path) => (typeof path === "string" ? path : (path[0] ?? "")));
}

/** One value by the same rules; `plain` keeps what it says. */
export function redactValue(value: Json, plain: boolean, budget: TraceBudget = traceBudget()): Json {
  return redact(value, plain, 1, budget);
}

function redact(value: Json, plain: boolean, depth: number, budget: TraceBudget): Json {
  budget.left -= 8;
  if (typeof value === "string") return spend(plain ? cut(value) : disguise(value), budget);
  if (typeof value !== "object" || value === null) return value;
  if (depth > 3) return "…";
  if (!Array.isArray(value))
    return redactEntries(value as JsonObject, budget, (inner) => redact(inner, plain, depth + 1, budget));
  const list: Json[] = [];
  for (const one of value as readonly Json[]) {
    if (budget.left <= 0 || list.length >= MOST_ENTRIES) return [...list, "…"];
    list.push(redact(one, plain, depth + 1, budget));
  }
  return list;
}

function redactEntries(
  object: JsonObject,
  budget: TraceBudget,
  redactOne: (value: Json, name: string) => Json,
): JsonObject {
  const entries: [string, Json][] = [];
  for (const [name, value] of Object.entries(object)) {
    if (budget.left <= 0 || entries.length >= MOST_ENTRIES) {
      entries.push(["…", Object.keys(object).length - entries.length]);
      break;
    }
    entries.push([spend(traceKey(name), budget), redactOne(value, name)]);
  }
  return Object.fromEntries(entries);
}

function spend(text: string, budget: TraceBudget): string {
  budget.left -= Buffer.byteLength(text, "utf8");
  return text;
}

function disguise(text: string): string {
  if (text === "") return text;
  const domain = emailDomain(text);
  if (domain !== undefined && !/\s/.test(text)) return `…@${cut(domain)}`;
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex").slice(0, 12)} (${text.length} characters)`;
}

/** Stored JSON is read back by a parser that refuses prototype names, and PostgreSQL refuses NUL. */
function traceKey(name: string): string {
  return ["__proto__", "constructor", "prototype"].includes(name) ? `(${name})` : cut(name);
}

function cut(text: string): string {
  return cutText(text.replace(/[\p{Cc}\p{Surrogate}]/gu, "\uFFFD"), LONGEST);
}
