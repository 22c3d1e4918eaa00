import type { Group, Person } from "../../src/simulate/directory.js";

export const ada: Person = {
  id: "00uada",
  userName: "ada@acme.test",
  givenName: "Ada",
  familyName: "Lovelace",
};
export const bob: Person = { id: "00ubob", userName: "bob@acme.test", givenName: "Bob", familyName: "Noyce" };
export const cy: Person = { id: "00ucy", userName: "cy@acme.test", givenName: "Cy", familyName: "Coleman" };

export function platform(...members: readonly Person[]): Group {
  return { id: "00gplatform", name: "Platform", members: members.map(({ id }) => id) };
}
