/** Owns the SCIM documents of the bench's people, as identity providers send them and as contestants answer them. */
import type { JsonObject } from "../../src/model/json.js";
import { groupName, type Shape, shapedUser } from "../population/shape.js";

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export type Person = JsonObject & { readonly userName: string };

/** A person who is there from the start, with the groups that they are in. */
export function storedPerson(shape: Shape, at: number): Person {
  const { userName, givenName, familyName, title, country, groups } = shapedUser(shape, at);
  return {
    schemas: [USER],
    ...{ externalId: `e${at}`, userName, displayName: `${givenName} ${familyName}`, active: true, title },
    name: { givenName, familyName },
    emails: [{ value: userName, primary: true }],
    addresses: [{ country, primary: true }],
    groups: groups.map((group) => ({ value: `g${group}`, display: groupName(group), type: "direct" })),
  };
}

/** Somebody new, by a number that nobody had before. */
export function newPerson(number: number): Person {
  const userName = `new.person${number}@example.com`;
  return {
    schemas: [USER],
    ...{ externalId: `n${number}`, userName, displayName: `New Person ${number}`, active: true, title: "Analyst" },
    name: { givenName: "New", familyName: `Person ${number}` },
    emails: [{ value: userName, type: "work", primary: true }],
  };
}

export function activePatch(active: boolean): JsonObject {
  return { schemas: [PATCH], Operations: [{ op: "replace", path: "active", value: active }] };
}

export function addMemberPatch(ids: readonly string[]): JsonObject {
  return { schemas: [PATCH], Operations: [{ op: "add", path: "members", value: ids.map((value) => ({ value })) }] };
}

export function removeMemberPatch(id: string): JsonObject {
  return { schemas: [PATCH], Operations: [{ op: "remove", path: `members[value eq "${id}"]` }] };
}
