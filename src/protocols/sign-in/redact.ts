import { createHash } from "node:crypto";
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

/**
 * Claims as a trace keeps them. Every name stays. Groups and protocol claims keep their values, cut at 200 characters;
 * an e-mail keeps its domain; any other text becomes its length and the start of its SHA-256, so that two sign-ins can
 * be compared and nothing can be read. Numbers and booleans stay. Nothing is kept that is deeper than three levels.
 */
export function redactClaims(claims: JsonObject, groupPaths: readonly ClaimPath[]): JsonObject {
  const kept = new Set([...AS_THEY_CAME, ...claimNames(groupPaths)]);
  const redacted: [string, Json][] = Object.entries(claims)
    .slice(0, MOST_ENTRIES)
    .map(([name, value]) => [traceKey(name), redactValue(value, kept.has(name))]);
  return Object.fromEntries(redacted);
}

/** The claims that stand at the beginning of these paths. */
export function claimNames(paths: readonly ClaimPath[]): readonly string[] {
  return paths.map((path) => (typeof path === "string" ? path : (path[0] ?? "")));
}

/** One value by the same rules; `plain` keeps what it says. */
export function redactValue(value: Json, plain: boolean): Json {
  return redact(value, plain, 1);
}

function redact(value: Json, plain: boolean, depth: number): Json {
  if (typeof value === "string") return plain ? cut(value) : disguise(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > 3) return "…";
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((one: Json) => redact(one, plain, depth + 1));
  const entries = Object.entries(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([name, inner]) => [traceKey(name), redact(inner, plain, depth + 1)]));
}

function disguise(text: string): string {
  const domain = emailDomain(text);
  if (domain !== undefined && !/\s/.test(text)) return `…@${cut(domain)}`;
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex").slice(0, 12)} (${text.length} characters)`;
}

/** Stored JSON is read back by a parser that refuses prototype names, and PostgreSQL refuses NUL. */
function traceKey(name: string): string {
  return ["__proto__", "constructor", "prototype"].includes(name) ? `(${name})` : cut(name);
}

function cut(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Surrogate}]/gu, "\uFFFD");
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}
