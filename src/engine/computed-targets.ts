/** Computed targets: what a rule's `grants` expression may yield, as `schemas/target.schema.json` has it. */
import type { Json } from "../model/json.js";
import { OWNER, SCOPE_KINDS, scopeKind, type Target, teamScope } from "../model/target.js";
import type { CompiledExpression } from "./compile/compiled-mapping.js";
import type { Give } from "./give.js";
import { roleName } from "./role-name.js";

/** Most targets of one result. */
export const MOST_COMPUTED_TARGETS = 200;

/** Most different targets of one rule's results for one person at one connection, over all groups. */
export const MOST_TARGETS_OF_RESULTS = 1_000;

/** The targets that an expression computed, or what is wrong with its result, in words. */
export type ComputedTargets =
  | { readonly ok: true; readonly targets: readonly Target[] }
  | { readonly ok: false; readonly message: string };

/** What a rule gives whose targets an expression computes: anything anywhere, and never `owner`. */
export function computedGive(grants: CompiledExpression): Give {
  const nothing = { parts: [], captures: new Set<string>() };
  return {
    kinds: SCOPE_KINDS,
    scope: nothing,
    role: nothing,
    scopes: undefined,
    roles: undefined,
    writtenScopes: new Set(),
    owner: false,
    needsRoleOrder: true,
    grants,
  };
}

/**
 * Reads the result of a `grants` expression: one target, a list of them, or nothing (`null`).
 * INVARIANT: messages hold nothing of the result, which is made of personal data, and no result makes an `owner`.
 */
export function computedTargets(value: Json): ComputedTargets {
  const entries = value === null ? [] : Array.isArray(value) ? value : [value];
  if (entries.length > MOST_COMPUTED_TARGETS) {
    return { ok: false, message: `\`grants\` yielded more than ${MOST_COMPUTED_TARGETS} targets` };
  }
  const targets: Target[] = [];
  for (const [at, entry] of entries.entries()) {
    const target = readTarget(entry);
    if (typeof target === "string") {
      return { ok: false, message: `target ${at + 1} of ${entries.length} that \`grants\` yielded ${target}` };
    }
    targets.push(target);
  }
  return { ok: true, targets };
}

/** The keys of a target, with the most characters that each may have. */
const LONGEST = { scope: 512, team: 256, role: 128 } as const;
export type TargetKey = keyof typeof LONGEST;
export const TARGET_KEYS = Object.keys(LONGEST) as readonly TargetKey[];

/** Whether a computed target may have this key. */
export function isTargetKey(key: string): key is TargetKey {
  return Object.hasOwn(LONGEST, key);
}

/** The target, or what is wrong with it, as the end of a sentence. */
function readTarget(entry: unknown): Target | string {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return "is no object";
  const written: Readonly<Record<string, unknown>> = { ...entry };
  const keys = Object.keys(written);
  const fault = keysFault(keys);
  if (fault !== undefined) return fault;
  for (const key of keys.filter(isTargetKey)) {
    const wrong = partFault(key, written[key]);
    if (wrong !== undefined) return wrong;
  }
  const { scope, team, role } = written;
  return { scope: scope === undefined ? teamScope(String(team)) : String(scope), role: roleName(String(role)) };
}

/** What is wrong with the keys of a target, as the end of a sentence. */
export function keysFault(keys: readonly string[]): string | undefined {
  if (!keys.every(isTargetKey)) return "has a key besides `scope`, `team` and `role`";
  if (!keys.includes("role")) return "has no `role`";
  if (keys.includes("team") !== keys.includes("scope")) return undefined;
  return keys.includes("team") ? "has both `team` and `scope`" : "has neither `team` nor `scope`";
}

/** What is wrong with the value of one key, as the end of a sentence. INVARIANT: no role may be `owner`. */
export function partFault(key: TargetKey, value: unknown): string | undefined {
  const has = `has a \`${key}\` that`;
  if (typeof value !== "string" || value === "") return `${has} is no text, or empty`;
  if ([...value].length > LONGEST[key]) return `${has} is longer than ${LONGEST[key]} characters`;
  if (UNFIT.test(value)) return `${has} holds control characters`;
  if (key === "scope" && scopeKind(value) === undefined) return `${has} is none`;
  return key === "role" && roleName(value) === OWNER.role ? OWNER_REFUSED : undefined;
}

const OWNER_REFUSED =
  "makes an `owner`, which nothing computed may do: write a rule with `scope: tenant` and `role_name: owner`";

/** Control characters and halves of surrogate pairs: what a name cannot hold in every database. */
export const UNFIT = /[\p{Cc}\p{Cs}]/u;
