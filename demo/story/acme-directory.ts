/** Who works at Acme: 80 people and 4 groups in Okta, 3 people and a group in Entra, and two who only ever sign in. */

import type { Directory, Group, Person } from "../../src/simulate/directory.js";
import type { ProviderClaims } from "../processes/oidc-provider-config.js";
import type { SamlAccount } from "../processes/saml-provider-config.js";

export const DOMAIN = "acme.example";

const GIVEN = "Ana Ben Cleo Dan Emma Finn Gia Hugo Ines Jon Kaya Leo Mia Nils Ola Pia Quin Rosa Sam".split(" ");
const FAMILY = "Berg Dahl Lind Moe".split(" ");

export const ada: Person = oktaPerson("ada", "Ada", "Lovelace");
export const bob: Person = oktaPerson("bob", "Bob", "Noyce");
const olga: Person = oktaPerson("olga", "Olga", "Owen");
const ivar: Person = oktaPerson("ivar", "Ivar", "Owen");
const others = FAMILY.flatMap((family) => GIVEN.map((given) => otherPerson(given, family)));

export const platformAdmins = group("app-acme-platform-adm", [ada]);
export const platformEditors = group("app-acme-platform-rw", [bob, ...others.slice(0, 11)]);
const dataViewers = group("app-acme-data-ro", others.slice(11, 29));
export const itAdmins = group("IT Admins", [olga, ivar]);

export const oktaDirectory: Directory = {
  people: [ada, bob, olga, ivar, ...others],
  groups: [platformAdmins, platformEditors, dataViewers, itAdmins],
};

/** Whom the push that went wrong leaves out. */
export const leavers: readonly Person[] = others.slice(-60);

export const gus: Person = entraPerson("gus", "Gus", "Gray", "0f1c7c52-63d1-4d0b-8f1a-5d1a2f4be001");
export const hal: Person = entraPerson("hal", "Hal", "Hart", "0f1c7c52-63d1-4d0b-8f1a-5d1a2f4be002");
export const fay: Person = entraPerson("fay", "Fay", "Frost", "0f1c7c52-63d1-4d0b-8f1a-5d1a2f4be003");

/** Entra's claims name groups by these ids alone. */
export const FINANCE = "1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";
export const AUDITORS = "1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d12";
export const SALES = "1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d13";

export const entraDirectory: Directory = {
  people: [gus, hal, fay],
  groups: [{ id: FINANCE, name: "Finance", members: [gus.id, hal.id, fay.id] }],
};

/** Of everybody whom the story signs in at Okta. */
export const OKTA_PASSWORD = "a password for the demo";

/** What Okta says of a person at a sign-in, beside a NameID that is the user name: the id that it pushes is not in it. */
export function oktaAccount({ id, userName, givenName, familyName }: Person): SamlAccount {
  const groups = oktaDirectory.groups.filter(({ members }) => members.includes(id)).map(({ name }) => name);
  const attributes = {
    ...{ email: [userName], firstName: [givenName], lastName: [familyName] },
    groups: ["Everyone", ...groups],
  };
  return { password: OKTA_PASSWORD, attributes };
}

/** Acme's own id at Entra: in its issuer, and in each of its ID tokens. */
export const ENTRA_TENANT = "5f0b1d3c-9a51-4c19-8c46-2d1b6f6f0a10";

/** What Entra says of a person whom nobody pushed. */
export function entraClaims(name: string, fullName: string, groups: readonly string[] | "too many"): ProviderClaims {
  const userName = userNameOf(name);
  const claims = {
    ...{ name: fullName, preferred_username: userName, email: userName, email_verified: true },
    ...{ oid: `object-id-of-${name}`, tid: ENTRA_TENANT },
  };
  if (groups !== "too many") return { ...claims, groups };
  // Above 200 groups Entra lists none, and says where they could be asked for.
  const endpoint = "https://graph.windows.net/getMemberObjects";
  return { ...claims, _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint } } };
}

export function userNameOf(name: string): string {
  return `${name}@${DOMAIN}`;
}

function oktaPerson(name: string, givenName: string, familyName: string): Person {
  return { id: `00u${name.replace(".", "")}`, userName: userNameOf(name), givenName, familyName };
}

function otherPerson(givenName: string, familyName: string): Person {
  const person = oktaPerson(`${givenName}.${familyName}`.toLowerCase(), givenName, familyName);
  return { ...person, department: givenName > "P" ? "Support" : "Engineering" };
}

function entraPerson(name: string, givenName: string, familyName: string, id: string): Person {
  return { id, userName: userNameOf(name), givenName, familyName };
}

function group(name: string, members: readonly Person[]): Group {
  return { id: `00g-${name.toLowerCase().replaceAll(" ", "-")}`, name, members: members.map(({ id }) => id) };
}
