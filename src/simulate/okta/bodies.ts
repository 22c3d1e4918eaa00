/** Owns the bodies that Okta's provisioning puts on the wire. */
import type { Json, JsonObject } from "../../model/json.js";
import { isObject } from "../answer.js";
import { emailOf, fullName, type Person } from "../directory.js";
import { ENTERPRISE_USER, GROUP, PATCH_OP, USER } from "../scim-urns.js";

export interface Member {
  readonly value: string;
  /** The member's login. */
  readonly display: string;
}

type Operation = { readonly [key: string]: Json };

const ENTERPRISE_ATTRIBUTES = ["employeeNumber", "costCenter", "organization", "division", "department"] as const;
const CORE_ATTRIBUTES = ["nickName", "title", "userType"] as const;

/** Okta always sends a password; without password sync it is a random placeholder that nobody is meant to use. */
export function newUser(person: Person, placeholder: string): JsonObject {
  const extension = enterpriseAttributes(person);
  return {
    schemas: Object.keys(extension).length > 0 ? [USER, ENTERPRISE_USER] : [USER],
    userName: person.userName,
    name: { givenName: person.givenName, familyName: person.familyName },
    emails: [{ primary: true, value: emailOf(person), type: "work" }],
    displayName: fullName(person),
    ...optionalAttributes(person),
    locale: "en-US",
    externalId: person.id,
    groups: [],
    password: placeholder,
    active: true,
    ...(Object.keys(extension).length > 0 ? { [ENTERPRISE_USER]: extension } : {}),
  };
}

/** The user as it was read, readOnly parts and all, with the person's profile over it. */
export function changedUser(read: JsonObject, person: Person): JsonObject {
  const extension = enterpriseAttributes(person);
  const mapped = new Set<string>([...CORE_ATTRIBUTES, "phoneNumbers", "addresses", ENTERPRISE_USER]);
  const kept = Object.entries(read).filter(([key]) => !mapped.has(key));
  const remaining = extensionOf(read).filter(([key]) => !ENTERPRISE_ATTRIBUTES.some((name) => name === key));
  const merged = { ...Object.fromEntries(remaining), ...extension };
  return {
    ...Object.fromEntries(kept),
    schemas: Object.keys(merged).length > 0 ? [USER, ENTERPRISE_USER] : [USER],
    userName: person.userName,
    name: {
      ...(isObject(read["name"]) ? read["name"] : {}),
      givenName: person.givenName,
      familyName: person.familyName,
    },
    emails: changedEmails(read["emails"], emailOf(person)),
    displayName: fullName(person),
    ...optionalAttributes(person),
    externalId: person.id,
    ...(Object.keys(merged).length > 0 ? { [ENTERPRISE_USER]: merged } : {}),
  };
}

export function newGroup(name: string): JsonObject {
  return { schemas: [GROUP], displayName: name, members: [] };
}

/** What an app of the integration wizard sends for every change of a group. */
export function wholeGroup(name: string, members: readonly Member[]): JsonObject {
  return { schemas: [GROUP], displayName: name, members: members.map(memberValue) };
}

export function patch(...operations: readonly Operation[]): JsonObject {
  return { schemas: [PATCH_OP], Operations: operations };
}

export function activation(active: boolean): Operation {
  return { op: "replace", value: { active } };
}

export function rename(scimId: string, name: string): Operation {
  return { op: "replace", value: { id: scimId, displayName: name } };
}

export function addMembers(members: readonly Member[]): Operation {
  return { op: "add", path: "members", value: members.map(memberValue) };
}

export function removeMember(scimId: string): Operation {
  return { op: "remove", path: `members[value eq ${JSON.stringify(scimId)}]` };
}

export function replaceMembers(members: readonly Member[]): Operation {
  return { op: "replace", path: "members", value: members.map(memberValue) };
}

function memberValue({ value, display }: Member): JsonObject {
  return { value, display };
}

function optionalAttributes(person: Person): JsonObject {
  const { mobilePhone, country, city } = person;
  const address = { ...(city === undefined ? {} : { locality: city }), ...(country === undefined ? {} : { country }) };
  return {
    ...present(person, CORE_ATTRIBUTES),
    ...(mobilePhone === undefined ? {} : { phoneNumbers: [{ value: mobilePhone, type: "mobile" }] }),
    ...(Object.keys(address).length > 0 ? { addresses: [{ ...address, type: "work" }] } : {}),
  };
}

function enterpriseAttributes(person: Person): JsonObject {
  return present(person, ENTERPRISE_ATTRIBUTES);
}

function present(person: Person, keys: readonly (keyof Person)[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = person[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function extensionOf(read: JsonObject): [string, Json][] {
  const extension = read[ENTERPRISE_USER];
  return isObject(extension) ? Object.entries(extension) : [];
}

// Whatever else the server says of the work address, its `display` for one, goes back to it unchanged.
function changedEmails(read: Json | undefined, address: string): Json {
  const elements = Array.isArray(read) ? read.filter(isObject) : [];
  if (!elements.some(({ type }) => type === "work"))
    return [...elements, { primary: true, value: address, type: "work" }];
  return elements.map((element) => (element["type"] === "work" ? { ...element, value: address } : element));
}
