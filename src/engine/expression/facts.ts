import { USER_ATTRIBUTES } from "../../model/facts.js";
import { quote } from "../../model/quote.js";
import { suggest } from "../../model/suggest.js";

/**
 * What an expression is for. It may read the facts that `schemas/facts.schema.json` describes; the expressions of a rule
 * (`when`, `grants`) read `group` too, and invariants read `target`.
 */
export type ExpressionUse = "when" | "grants" | "profile" | "invariant";

/** One fact: `user.department`, `groups`, `claims.costcenter`, `group.name`, `now`. */
export type FactPath = string;

/** What is known of a value before the expression runs. */
export type Shape =
  | { readonly kind: "facts" }
  | { readonly kind: "object"; readonly name: FactObject }
  | { readonly kind: "text" | "list"; readonly path: FactPath }
  /** A text, number or boolean without parts. */
  | { readonly kind: "plain" }
  /** Something that the expression built; it holds no facts whole. */
  | { readonly kind: "any" };

export type FactObject = "user" | "group" | "claims" | "connection" | "target";

const FIELDS: Readonly<Record<Exclude<FactObject, "claims">, readonly string[]>> = {
  user: USER_ATTRIBUTES,
  group: ["name", "id"],
  connection: ["slug", "protocol"],
  target: ["scope", "team", "role"],
};

const ROOTS: ReadonlyMap<string, Shape> = new Map<string, Shape>(
  Object.entries({
    user: { kind: "object", name: "user" },
    groups: { kind: "list", path: "groups" },
    group_ids: { kind: "list", path: "group_ids" },
    group: { kind: "object", name: "group" },
    app_roles: { kind: "list", path: "app_roles" },
    claims: { kind: "object", name: "claims" },
    connection: { kind: "object", name: "connection" },
    now: { kind: "text", path: "now" },
    target: { kind: "object", name: "target" },
  } satisfies Record<string, Shape>),
);

/** A fact inside an object, to show how one is named. */
export function onePart(object: FactObject): FactPath {
  if (object === "claims") return "claims.NAME";
  return object === "user" ? "user.department" : `${object}.${FIELDS[object][0]}`;
}

/** Names that reach JavaScript's own objects; no fact, and no key of a result, is called so. */
export const PROTOTYPE_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** What a name reads, or why it reads nothing. */
export type Reading =
  | { readonly ok: true; readonly shape: Shape }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly suggestion?: string };

/** What `name` reads in a context of the given shape. */
export function readName(context: Shape, name: string, use: ExpressionUse): Reading {
  if (PROTOTYPE_KEYS.has(name)) return nothing("prototype_key", `${quote(name)} is no fact`);
  switch (context.kind) {
    case "facts":
      return readRoot(name, use);
    case "object":
      return readField(context.name, name);
    case "any":
      return { ok: true, shape: { kind: "any" } };
    default:
      return textHasNoParts(name, use);
  }
}

/** Known to be absent for some people, so that a negation may surprise. Claims that are absent are unknown instead. */
export function mayBeAbsent(path: FactPath): boolean {
  return path === "target.team" || (path.startsWith("user.") && path !== "user.userName" && path !== "user.active");
}

/** The names that a use may start with. */
export function rootNames(use: ExpressionUse): readonly string[] {
  const isOfRule = use === "when" || use === "grants";
  return [...ROOTS.keys()].filter(
    (name) => (name !== "group" || isOfRule) && (name !== "target" || use === "invariant"),
  );
}

function readRoot(name: string, use: ExpressionUse): Reading {
  const shape = ROOTS.get(name);
  const readable = rootNames(use);
  if (shape !== undefined && readable.includes(name)) return { ok: true, shape };
  if (name === "target") return nothing("unknown_fact", "`target` is read in invariants only");
  if (name === "group")
    return nothing("unknown_fact", "`group` is read in rules only, beside a group matcher: write `groups`");
  const attribute = USER_ATTRIBUTES.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return unknownFact(name, attribute === undefined ? suggest(name, readable) : `user.${attribute}`);
}

function readField(object: FactObject, name: string): Reading {
  if (object === "claims") return { ok: true, shape: { kind: "list", path: `claims.${name}` } };
  if (FIELDS[object].includes(name)) return { ok: true, shape: { kind: "text", path: `${object}.${name}` } };
  const meant = suggest(name, FIELDS[object]);
  return unknownFact(`${object}.${name}`, meant === undefined ? undefined : `${object}.${meant}`);
}

function textHasNoParts(name: string, use: ExpressionUse): Reading {
  const message = `${quote(name)} reads nothing: texts have no parts; facts are reached by \`$$.\``;
  if (!rootNames(use).includes(name)) return nothing("no_such_path", message);
  return { ok: false, code: "no_such_path", message, suggestion: `$$.${name}` };
}

function unknownFact(path: string, meant: string | undefined): Reading {
  if (meant === undefined) return nothing("unknown_fact", `unknown fact ${quote(path)}`);
  return {
    ok: false,
    code: "unknown_fact",
    message: `unknown fact ${quote(path)}, did you mean \`${meant}\`?`,
    suggestion: meant,
  };
}

function nothing(code: string, message: string): Reading {
  return { ok: false, code, message };
}
