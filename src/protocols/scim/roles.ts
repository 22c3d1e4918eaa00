/**
 * Owns role assignments on the wire: elements of `roles` that have a type. What the mapping's `scim_roles` does not declare is
 * refused, what it declares is kept in its spelling, and a blank value takes an assignment away.
 */
import type { CompiledScimRoles } from "../../engine/compile/compile-scim-roles.js";
import { resolveScimRole, scimRoleProblem, typeKey } from "../../engine/scim-roles.js";
import type { ScimProfile } from "../../model/connection.js";
import { fold } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { type ScimRole, scimRoleLabel } from "../../model/scim-role.js";
import { isOwner } from "../../model/target.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";
import type { Attribute } from "./schema.js";

/** What a request's reader knows of role assignments. */
export interface RolePolicy {
  /** The connection takes the roles of this kind of resource; otherwise they are ignored, and what is assigned stays (TEC-10). */
  readonly managed: boolean;
  /** Entra's app roles have types of Microsoft's own: one that is not declared is no assignment, and is kept. */
  readonly profile: ScimProfile;
  /** What the resource stands for is no person: an assignment that makes an owner of the tenant is refused. */
  readonly ownsNothing?: true;
  /** The declarations of the active mapping, read when a request speaks of roles; absent: it has none. */
  readonly declared?: CompiledScimRoles;
}

export const ROLECALL_GROUP = "urn:ietf:params:scim:schemas:extension:rolecall:2.0:Group";

const ROLE_ATTRIBUTES: ReadonlySet<string> = new Set(["roles", `${ROLECALL_GROUP}:roles`]);

/** In the form by which elements are compared: the type as the mapping tells types apart. */
export const TYPE_KEY = "type=";

/** `roles` of a resource, wherever it stands. */
export function isRoles({ id }: Pick<Attribute, "id">): boolean {
  return ROLE_ATTRIBUTES.has(id);
}

const ROLES_NAMED = /roles/i;

/** Whether a body says anything of roles: only then is the mapping asked. Lists of members are not looked through. */
export function speaksOfRoles(body: Json | undefined, depth = 2): boolean {
  if (!isObject(body)) return false;
  return Object.entries(body).some(([key, value]) => {
    if (ROLES_NAMED.test(key)) return true;
    if (typeof value === "string") return key.toLowerCase() === "path" && ROLES_NAMED.test(value);
    if (isList(value)) return key.toLowerCase() === "operations" && value.some((item) => speaksOfRoles(item, depth));
    return depth > 0 && speaksOfRoles(value, depth - 1);
  });
}

/** TEC-17, TEC-41: null, nothing and blanks say that nothing is assigned. */
export function isBlankRole(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (isList(value)) return value.length === 1 && isBlankRole(value[0]);
  if (isObject(value)) return isBlankRole(value["value"]);
  return typeof value === "string" && value.trim() === "";
}

type Elements = readonly Json[];

export interface RolesChange {
  readonly kind: "add" | "replace" | "remove";
  readonly value: Json | undefined;
  /** The operation names one part of the elements, or selects some of them. */
  readonly sub?: string;
  readonly selects: boolean;
  /** By which types are told apart. */
  readonly declared?: CompiledScimRoles;
  /** Told that a blank took assignments away. */
  onBlank(): void;
}

/**
 * One PATCH operation on roles. A blank value takes away the assignments that it names, by the path's filter or by its type,
 * and no other (TEC-17); `apply` does what is left of the operation.
 */
export function changeRoles(
  change: RolesChange,
  before: Elements,
  apply: (change: { readonly whole?: true; readonly value?: Json }, before: Elements) => Elements,
): Elements {
  const { kind, value, sub, selects, declared } = change;
  const typeOf = (element: Json) => namedType(element).map((type) => keyOfType(type, declared));
  if (selects && (sub === undefined || sub === "value")) {
    const takes = kind === "remove" ? value === undefined || value === null : isBlankRole(value);
    if (takes && kind !== "remove") change.onBlank();
    return takes ? apply({ whole: true }, before) : apply({}, before);
  }
  if (selects || sub !== undefined || value === undefined || value === null) return apply({}, before);
  const listed = isList(value) ? value : [value];
  const blank = new Set(listed.flatMap((item) => (isBlankRole(item) ? typeOf(item) : [])));
  if (blank.size === 0) return apply({}, before);
  change.onBlank();
  const kept = before.filter((element) => !typeOf(element).some((type) => blank.has(type)));
  const rest = listed.filter((item) => !isBlankRole(item) || typeOf(item).length === 0);
  return rest.length === 0 ? kept : apply({ value: rest }, kept);
}

function namedType(element: Json): readonly string[] {
  if (!isObject(element)) return [];
  const key = Object.keys(element).find((name) => name.toLowerCase() === "type");
  const type = key === undefined ? undefined : element[key];
  return typeof type === "string" ? [type] : [];
}

function keyOfType(type: string, declared: CompiledScimRoles | undefined): string {
  return declared === undefined ? fold(type) : typeKey(declared, type);
}

/**
 * The resource with its assignments in the mapping's spelling. Refuses what the mapping does not declare, unless it was stored
 * before: a mapping that forgets a type must not stop unrelated changes.
 */
export function settleRoles(
  resource: JsonObject,
  policy: RolePolicy | undefined,
  previous: JsonObject = {},
): JsonObject {
  const declared = policy?.declared;
  if (declared === undefined) return resource;
  const settled: Record<string, Json> = { ...resource };
  const before = new Set(assignmentsOf(previous).map((role) => keyOf(role, declared)));
  const settle = (list: Elements) => list.map((element) => settleOne(element, declared, policy, before));
  if (isList(resource["roles"])) settled["roles"] = settle(resource["roles"]);
  const extension = resource[ROLECALL_GROUP];
  if (isObject(extension) && isList(extension["roles"])) {
    settled[ROLECALL_GROUP] = { ...extension, roles: settle(extension["roles"]) };
  }
  return settled;
}

function settleOne(
  element: Json,
  declared: CompiledScimRoles,
  policy: RolePolicy | undefined,
  before: ReadonlySet<string>,
): Json {
  const role = assignmentOf(element);
  if (role === undefined || !isObject(element)) return element;
  const resolved = resolveScimRole(declared, role);
  if (resolved.ok && policy?.ownsNothing && isOwner(resolved.target)) {
    throw new ScimError("invalidValue", `${quote(scimRoleLabel(role))}: no service account owns the tenant`);
  }
  if (resolved.ok) return { ...element, ...resolved.role };
  const tolerated =
    before.has(keyOf(role, declared)) || (resolved.why === "unknown_type" && policy?.profile === "entra");
  if (tolerated) return element;
  throw new ScimError("invalidValue", scimRoleProblem(declared, role));
}

/** Every assignment of a resource, each once, whichever attribute lists it (TEC-22): as it is written, which the mapping may tell apart. */
export function assignmentsOf(resource: JsonObject): readonly ScimRole[] {
  const extension = resource[ROLECALL_GROUP];
  const lists = [resource["roles"], isObject(extension) ? extension["roles"] : undefined];
  const roles = lists.flatMap((list) => (isList(list) ? list.flatMap((element) => assignmentOf(element) ?? []) : []));
  return [...new Map(roles.map((role) => [`${role.type}\u0000${role.value}`, role])).values()];
}

/** An element without a type is an app role, and assigns nothing by itself. */
export function assignmentOf(element: Json): ScimRole | undefined {
  if (!isObject(element)) return undefined;
  const { type, value } = element;
  if (typeof type !== "string" || type === "" || typeof value !== "string" || value === "") return undefined;
  return { type, value };
}

function keyOf({ type, value }: ScimRole, declared: CompiledScimRoles): string {
  return `${typeKey(declared, type)}\u0000${fold(value)}`;
}

const KEPT_OF_GROUPS = ["description", "idpMappingNames"] as const;
const MAPPING_NAMES = "idpmappingnames";

/**
 * What a PUT leaves as it is where the connection does not take these roles: the assignments, and of groups also what a client
 * that pushes no more than names and members does not know of, unless the body speaks of it (TEC-10, TEC-23).
 */
export function keepUnmanaged(
  resource: JsonObject,
  body: JsonObject,
  previous: JsonObject | undefined,
  isGroup: boolean,
): JsonObject {
  if (previous === undefined) return resource;
  const names = ["roles", ...(isGroup ? KEPT_OF_GROUPS : [])];
  const said = Object.entries(body).find(([key]) => key.toLowerCase() === ROLECALL_GROUP.toLowerCase())?.[1];
  const inExtension = isObject(said) ? said : {};
  // A list that both schemas have is one list: whoever speaks of it at one path has spoken of it.
  const named = [...Object.keys(body), ...Object.keys(inExtension)].filter(
    (key) => key.toLowerCase() === MAPPING_NAMES,
  );
  const kept = keep(resource, [...Object.keys(body), ...named], previous, names);
  const before = previous[ROLECALL_GROUP];
  if (!isObject(before)) return kept;
  const present = resource[ROLECALL_GROUP];
  const extension = keep(isObject(present) ? present : {}, [...Object.keys(inExtension), ...named], before, names);
  return Object.keys(extension).length === 0 ? kept : { ...kept, [ROLECALL_GROUP]: extension };
}

function keep(
  resource: JsonObject,
  keys: readonly string[],
  previous: JsonObject,
  names: readonly string[],
): JsonObject {
  const said = new Set(keys.map((key) => key.toLowerCase()));
  const kept = names.flatMap((name) => {
    const value = previous[name];
    const stays = name === "roles" || !said.has(name.toLowerCase());
    return stays && value !== undefined ? [[name, value] as const] : [];
  });
  return { ...resource, ...Object.fromEntries(kept) };
}
