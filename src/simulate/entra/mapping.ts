/** Owns Entra's attribute mapping: which attribute of a person goes where in a SCIM user, one value at a time. */
import type { Json, JsonObject } from "../../model/json.js";
import { isObject, valueAt } from "../answer.js";
import { emailOf, fullName, type Person } from "../directory.js";
import { ENTERPRISE_USER, USER } from "../scim-urns.js";

export type Path =
  | { readonly kind: "core"; readonly attribute: string; readonly sub?: string }
  | { readonly kind: "typed"; readonly list: string; readonly type: string; readonly sub: string }
  | { readonly kind: "enterprise"; readonly attribute: string };

const MAPPING: readonly (readonly [Path, (person: Person) => string | undefined])[] = [
  [core("externalId"), ({ id }) => id],
  [core("userName"), ({ userName }) => userName],
  [core("displayName"), ({ displayName }) => displayName],
  [core("nickName"), ({ nickName }) => nickName],
  [core("title"), ({ title }) => title],
  [core("userType"), ({ userType }) => userType],
  [typed("emails", "work", "value"), emailOf],
  [core("name", "formatted"), fullName],
  [core("name", "familyName"), ({ familyName }) => familyName],
  [core("name", "givenName"), ({ givenName }) => givenName],
  [typed("phoneNumbers", "mobile", "value"), ({ mobilePhone }) => mobilePhone],
  [typed("addresses", "work", "locality"), ({ city }) => city],
  [typed("addresses", "work", "country"), ({ country }) => country],
  [enterprise("employeeNumber"), ({ employeeNumber }) => employeeNumber],
  [enterprise("department"), ({ department }) => department],
  [enterprise("costCenter"), ({ costCenter }) => costCenter],
  [enterprise("division"), ({ division }) => division],
  [enterprise("organization"), ({ organization }) => organization],
];

export interface Change {
  readonly path: Path;
  readonly value: string;
  /** Whether the server has another value there, to be replaced. */
  readonly replaces: boolean;
}

/** What Entra would write over the user that the server returned. It never clears a value: a person without one leaves the server's. */
export function changesBetween(user: JsonObject, person: Person): Change[] {
  return mappedValues(person).flatMap(({ path, value }) => {
    const there = valueAtPath(user, path);
    return there === value ? [] : [{ path, value, replaces: there !== undefined && there !== null }];
  });
}

/** The id of the manager, where the server tells it as an object has to. */
export function managerOf(user: JsonObject): Json | undefined {
  const manager = objectAt(user, ENTERPRISE_USER)["manager"];
  return isObject(manager) ? manager["value"] : undefined;
}

export function newUser(person: Person): JsonObject {
  const empty = { schemas: [USER, ENTERPRISE_USER], active: true, meta: { resourceType: "User" }, roles: [] };
  return mappedValues(person).reduce<JsonObject>(withValue, empty);
}

export function renderPath(path: Path): string {
  switch (path.kind) {
    case "core":
      return path.sub === undefined ? path.attribute : `${path.attribute}.${path.sub}`;
    case "typed":
      return `${path.list}[type eq "${path.type}"].${path.sub}`;
    case "enterprise":
      return `${ENTERPRISE_USER}:${path.attribute}`;
  }
}

function mappedValues(person: Person): { readonly path: Path; readonly value: string }[] {
  return MAPPING.flatMap(([path, read]) => {
    const value = read(person);
    return value === undefined ? [] : [{ path, value }];
  });
}

function withValue(user: JsonObject, { path, value }: { readonly path: Path; readonly value: string }): JsonObject {
  switch (path.kind) {
    case "core":
      if (path.sub === undefined) return { ...user, [path.attribute]: value };
      return { ...user, [path.attribute]: { ...objectAt(user, path.attribute), [path.sub]: value } };
    case "enterprise":
      return { ...user, [ENTERPRISE_USER]: { ...objectAt(user, ENTERPRISE_USER), [path.attribute]: value } };
    case "typed": {
      const elements = elementsAt(user, path.list);
      const element = elements.find(({ type }) => type === path.type) ?? newElement(path.list, path.type);
      const others = elements.filter(({ type }) => type !== path.type);
      return { ...user, [path.list]: [...others, { ...element, [path.sub]: value }] };
    }
  }
}

function newElement(list: string, type: string): JsonObject {
  return list === "emails" ? { primary: true, type } : { type };
}

function valueAtPath(user: JsonObject, path: Path): Json | undefined {
  if (path.kind === "enterprise") return objectAt(user, ENTERPRISE_USER)[path.attribute];
  if (path.kind === "core" && path.sub !== undefined) return objectAt(user, path.attribute)[path.sub];
  return valueAt(user, renderPath(path));
}

function objectAt(user: JsonObject, attribute: string): JsonObject {
  const value = user[attribute];
  return isObject(value) ? value : {};
}

function elementsAt(user: JsonObject, attribute: string): JsonObject[] {
  const value = user[attribute];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function core(attribute: string, sub?: string): Path {
  return { kind: "core", attribute, ...(sub === undefined ? {} : { sub }) };
}

function typed(list: string, type: string, sub: string): Path {
  return { kind: "typed", list, type, sub };
}

function enterprise(attribute: string): Path {
  return { kind: "enterprise", attribute };
}
