/** Owns the small directory that the clients push from: people, groups and who is in them, as an identity provider's admin sees them. */
import type { Json, JsonObject } from "../model/json.js";
import { isObject } from "./answer.js";

export interface Person {
  /** The identity provider's own id: an Okta user id, an Entra object id. It becomes the externalId. */
  readonly id: string;
  readonly userName: string;
  readonly givenName: string;
  readonly familyName: string;
  /** Without one, the user name is the address. */
  readonly email?: string;
  readonly displayName?: string;
  readonly nickName?: string;
  readonly title?: string;
  readonly userType?: string;
  readonly mobilePhone?: string;
  readonly city?: string;
  readonly country?: string;
  readonly employeeNumber?: string;
  readonly department?: string;
  readonly costCenter?: string;
  readonly division?: string;
  readonly organization?: string;
  /** The id of another person. */
  readonly manager?: string;
  /** Absent means yes. A suspended person stays in the directory, without access to the application. */
  readonly active?: boolean;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  /** Ids of people. Those who are not assigned to the application are no members there. */
  readonly members: readonly string[];
}

/** Everything that is assigned to the application. Who is missing was unassigned. */
export interface Directory {
  readonly people: readonly Person[];
  readonly groups: readonly Group[];
  /** Ids of people whose accounts were destroyed for good, not only unassigned. */
  readonly erased?: readonly string[];
}

export function isActive(person: Person): boolean {
  return person.active ?? true;
}

export function emailOf(person: Person): string {
  return person.email ?? person.userName;
}

export function fullName(person: Person): string {
  return person.displayName ?? `${person.givenName} ${person.familyName}`;
}

const REQUIRED = ["id", "userName", "givenName", "familyName"] as const;
const OPTIONAL = [
  "email",
  "displayName",
  "nickName",
  "title",
  "userType",
  "mobilePhone",
  "city",
  "country",
  "employeeNumber",
  "department",
  "costCenter",
  "division",
  "organization",
  "manager",
] as const;

/** Throws, with the place in the document, at the first thing that is not as the types above say. */
export function parseDirectory(value: Json | undefined): Directory {
  const document = objectWith(value, "directory", ["people", "groups", "erased"]);
  const { erased } = document;
  return {
    people: parsePeople(document["people"], "directory.people"),
    groups: parseGroups(document["groups"], "directory.groups"),
    ...(erased === undefined ? {} : { erased: parseTexts(erased, "directory.erased") }),
  };
}

export function parsePeople(value: Json | undefined, place: string): Person[] {
  return listOf(value, place).map((item, index) => parsePerson(item, `${place}[${index}]`));
}

export function parseGroups(value: Json | undefined, place: string): Group[] {
  return listOf(value, place).map((item, index) => {
    const at = `${place}[${index}]`;
    const group = objectWith(item, at, ["id", "name", "members"]);
    return {
      id: parseText(group["id"], `${at}.id`),
      name: parseText(group["name"], `${at}.name`),
      members: parseTexts(group["members"] ?? [], `${at}.members`),
    };
  });
}

export function parseTexts(value: Json | undefined, place: string): string[] {
  return listOf(value, place).map((item, index) => parseText(item, `${place}[${index}]`));
}

export function parseText(value: Json | undefined, place: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`\`${place}\` must be a text`);
  return value;
}

function parsePerson(value: Json, place: string): Person {
  const person = objectWith(value, place, [...REQUIRED, ...OPTIONAL, "active"]);
  const { active } = person;
  if (active !== undefined && typeof active !== "boolean") throw new Error(`\`${place}.active\` must be true or false`);
  const optional = OPTIONAL.filter((key) => person[key] !== undefined);
  return {
    id: parseText(person["id"], `${place}.id`),
    userName: parseText(person["userName"], `${place}.userName`),
    givenName: parseText(person["givenName"], `${place}.givenName`),
    familyName: parseText(person["familyName"], `${place}.familyName`),
    ...Object.fromEntries(optional.map((key) => [key, parseText(person[key], `${place}.${key}`)])),
    ...(active === undefined ? {} : { active }),
  };
}

function listOf(value: Json | undefined, place: string): readonly Json[] {
  if (!Array.isArray(value)) throw new Error(`\`${place}\` must be a list`);
  return value;
}

function objectWith(value: Json | undefined, place: string, keys: readonly string[]): JsonObject {
  if (!isObject(value)) throw new Error(`\`${place}\` must be an object`);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new Error(`\`${place}\` has the unknown key \`${unknown}\`: the keys are ${keys.join(", ")}`);
  return value;
}
