/** A plain model of what RFC 7643 and RFC 7644 say of users: whole resources, copied and changed in the open. */
import type { Json, JsonObject } from "../../../src/model/json.js";

export const EXTENSION = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
export const CORE = "urn:ietf:params:scim:schemas:core:2.0:User";

/** Types that the schema names: a replacement through a filter may make elements of these alone (C7). */
const KNOWN_TYPES: Readonly<Record<string, readonly string[]>> = {
  emails: ["work", "home", "other"],
  phoneNumbers: ["work", "home", "mobile", "fax", "pager", "other"],
};

export type Element = {
  readonly value?: string;
  readonly type?: string;
  readonly display?: string;
  readonly primary?: boolean;
};

/** What a refused request is answered with. */
export class Refused extends Error {
  readonly scimType: string;
  constructor(scimType: string) {
    super(scimType);
    this.scimType = scimType;
  }
}

export interface Where {
  readonly type: string;
  readonly value?: string;
}

export type Target =
  | { readonly on: "single"; readonly name: string }
  | { readonly on: "part"; readonly sub: "givenName" | "familyName" }
  | { readonly on: "extension"; readonly name: string }
  | { readonly on: "list"; readonly name: string }
  | { readonly on: "some"; readonly name: string; readonly where: Where; readonly sub?: keyof Element }
  | { readonly on: "resource" }
  | { readonly on: "nothing" };

export interface ModelOperation {
  readonly op: "add" | "replace" | "remove";
  readonly target: Target;
  readonly value?: Json;
}

export function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** A body as it is kept by POST, or by PUT over what was there before. */
export function written(body: JsonObject, before?: JsonObject): JsonObject {
  const resource: Record<string, Json> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === "schemas") continue;
    const kept = name in KNOWN_TYPES ? list(value as readonly Element[]) : value;
    if (kept !== undefined && !isEmpty(kept)) resource[name] = kept as Json;
  }
  return settled({ ...resource, active: resource["active"] ?? before?.["active"] ?? true });
}

function isEmpty(value: Json): boolean {
  if (value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function settled(resource: JsonObject): JsonObject {
  const name = resource["userName"];
  if (typeof name !== "string" || name.trim() === "") throw new Refused("invalidValue");
  return resource;
}

/** RFC-04, RFC-05. */
function list(elements: readonly Element[]): readonly Element[] | undefined {
  const joined = merged(elements);
  if (joined.filter((element) => element.primary === true).length > 1) throw new Refused("invalidValue");
  return joined.length === 0 ? undefined : joined;
}

function merged(elements: readonly Element[]): readonly Element[] {
  const result: Element[] = [];
  for (const element of elements) {
    const at = result.findIndex((present) => isSame(present, element));
    if (at < 0) result.push(element);
    else result[at] = { ...result[at], ...element };
  }
  return result;
}

function isSame(one: Element, other: Element): boolean {
  if (one.value === undefined || other.value === undefined) return false;
  return folded(one.value) === folded(other.value) && folded(one.type ?? "") === folded(other.type ?? "");
}

export function patched(stored: JsonObject, operations: readonly ModelOperation[]): JsonObject {
  let resource = stored;
  for (const operation of operations) resource = applied(resource, operation);
  return settled({ ...resource, active: resource["active"] ?? stored["active"] ?? true });
}

/** What a request says of `active` in the end, whatever becomes of the rest of it. */
export function saidActive(request: JsonObject | readonly ModelOperation[]): Json | undefined {
  if (!isOperations(request)) return request["active"];
  const said = request.flatMap(({ target, value }): readonly (Json | undefined)[] => {
    if (target.on === "resource") return [(value as JsonObject)["active"]];
    return target.on === "single" && target.name === "active" ? [value] : [];
  });
  return said.filter((value) => value !== undefined).at(-1);
}

function isOperations(request: JsonObject | readonly ModelOperation[]): request is readonly ModelOperation[] {
  return Array.isArray(request);
}

function applied(resource: JsonObject, { op, target, value }: ModelOperation): JsonObject {
  switch (target.on) {
    case "nothing":
      throw new Refused("invalidPath");
    case "resource":
      if (op === "remove") throw new Refused("noTarget");
      return Object.entries(value as JsonObject).reduce(
        (result, [name, item]) => applied(result, { op, target: placeOf(name), value: item }),
        resource,
      );
    case "single":
      if (op === "remove" && target.name === "userName") throw new Refused("mutability");
      return withKey(resource, target.name, op === "remove" ? null : (value ?? null), op);
    case "part": {
      const name = (resource["name"] ?? {}) as JsonObject;
      return withKey(resource, "name", withKey(name, target.sub, op === "remove" ? null : (value ?? null), op), op);
    }
    case "extension": {
      const data = (resource[EXTENSION] ?? {}) as JsonObject;
      const next = withKey(data, target.name, op === "remove" ? null : (value ?? null), op);
      return withKey(resource, EXTENSION, next, op);
    }
    case "list":
    case "some": {
      const before = (resource[target.name] ?? []) as readonly Element[];
      const after = target.on === "list" ? wholeList(before, op, value) : someElements(before, op, target, value);
      return withKey(resource, target.name, after as Json, "replace");
    }
  }
}

function placeOf(name: string): Target {
  if (name.startsWith("name.")) return { on: "part", sub: name.slice(5) as "givenName" };
  if (name.startsWith(`${EXTENSION}:`)) return { on: "extension", name: name.slice(EXTENSION.length + 1) };
  return name in KNOWN_TYPES ? { on: "list", name } : { on: "single", name };
}

/** Null, and nothing inside, are the same as absent; adding nothing changes nothing. */
function withKey(object: JsonObject, key: string, value: Json, op: ModelOperation["op"]): JsonObject {
  if (!isEmpty(value)) return { ...object, [key]: value };
  if (op === "add" && value === null) return object;
  const { [key]: _, ...rest } = object;
  return rest;
}

function wholeList(before: readonly Element[], op: ModelOperation["op"], value: Json | undefined): readonly Element[] {
  if (op === "remove")
    return value === undefined ? [] : before.filter((one) => !isListed(one, value as readonly Element[]));
  const given = (value ?? []) as readonly Element[];
  if (op === "replace") return list(given) ?? [];
  const added = list(given) ?? [];
  const primary = added.find((element) => element.primary === true);
  const joined = merged([...before, ...added]);
  return primary === undefined ? joined : joined.map((one) => demoted(one, isSame(one, primary)));
}

function isListed(element: Element, listed: readonly Element[]): boolean {
  return listed.some(
    ({ value, type }) =>
      folded(element.value ?? "") === folded(value ?? "") &&
      (type === undefined || folded(element.type ?? "") === folded(type)),
  );
}

function demoted(element: Element, stays: boolean): Element {
  return stays || element.primary !== true ? element : { ...element, primary: false };
}

function someElements(
  before: readonly Element[],
  op: ModelOperation["op"],
  { name, where, sub }: Extract<Target, { readonly on: "some" }>,
  value: Json | undefined,
): readonly Element[] {
  const chosen = before.filter((element) => isChosen(element, where));
  if (op === "remove") {
    return before.flatMap((element) => (chosen.includes(element) ? without(element, sub) : [element]));
  }
  const part = sub === undefined ? (value as Element) : { [sub]: value };
  if (chosen.length === 0) {
    if (op === "replace" && !KNOWN_TYPES[name]?.includes(folded(where.type))) throw new Refused("noTarget");
    const made: Element = { ...where, ...part };
    const others = made.primary === true ? before.map((element) => demoted(element, false)) : before;
    return [...others, made];
  }
  const change = (element: Element): Element =>
    sub === undefined && op === "replace" ? { ...where, ...part } : { ...element, ...part };
  const after = before.map((element) => (chosen.includes(element) ? change(element) : element));
  const primaries = after.filter((element, at) => element.primary === true && chosen.includes(before[at] as Element));
  if (primaries.length > 1) throw new Refused("invalidValue");
  const [primary] = primaries;
  return merged(primary === undefined ? after : after.map((element) => demoted(element, element === primary)));
}

function isChosen(element: Element, { type, value }: Where): boolean {
  return (
    element.type !== undefined &&
    folded(element.type) === folded(type) &&
    (value === undefined || (element.value !== undefined && folded(element.value) === folded(value)))
  );
}

/** Nothing is left of an element that has lost its value, nor of one with neither value nor name. */
function without(element: Element, sub: keyof Element | undefined): readonly Element[] {
  if (sub === undefined) return [];
  const rest: Element = Object.fromEntries(Object.entries(element).filter(([name]) => name !== sub));
  return sub !== "value" && ("value" in rest || "display" in rest) ? [rest] : [];
}
