/** Owns the people and groups that a simulated identity provider pushes: the same for the same seed, and told apart from all others by it. */
import { createHash } from "node:crypto";
import { type Directory, fullName, type Group, type Person } from "./directory.js";
import { createRandom } from "./random.js";

export type IdentityProvider = "entra" | "okta";

export interface Size {
  readonly users: number;
  readonly groups: number;
  /** Spread evenly over the groups; three for each user unless told. */
  readonly memberships?: number;
  /** A whole number. It stands in every user name and group name. */
  readonly seed: number;
  /** Of all addresses. */
  readonly domain?: string;
}

const GIVEN = ["Ada", "Boris", "Chiara", "Dmitri", "Élodie", "Fatou", "Grace", "Hiro", "Inés", "Jan", "Kofi", "Łucja"];
const FAMILY = ["Lovelace", "O'Neil", "Müller", "García López", "Van den Berg", "Sato", "Mensah", "Åström", "Nowak"];
const DEPARTMENTS = ["Engineering", "Finance", "Legal", "Operations", "Sales", "Support"];
const TITLES = ["Analyst", "Engineer", "Lead", "Manager", "Partner"];
const PLACES = [
  { city: "Łódź", country: "PL" },
  { city: "London", country: "GB" },
  { city: "São Paulo", country: "BR" },
  { city: "Zürich", country: "CH" },
];
/** Of so many people in a row, the first manages the others. */
const TEAM = 8;

/** Not a name under which mail is delivered, unless told otherwise. */
export const SIMULATED_DOMAIN = "simulate.example";

export function simulatedDirectory(idp: IdentityProvider, size: Size): Directory {
  const { users, groups, memberships = users * 3, seed } = size;
  const random = createRandom(seed);
  const people = Array.from({ length: users }, (_, index) => simulatedPerson(idp, size, index));
  const each = Math.min(users, Math.floor(memberships / Math.max(1, groups)));
  const more = each < users ? memberships % Math.max(1, groups) : 0;
  return {
    people,
    groups: Array.from({ length: groups }, (_, index): Group => {
      const first = Math.floor(random() * users);
      const length = each + (index < more ? 1 : 0);
      const members = Array.from({ length }, (_, offset) => objectId(idp, seed, (first + offset) % users));
      const topic = pick(DEPARTMENTS, index);
      return { id: groupId(idp, seed, index), name: `Simulated ${tagOf(seed)} ${topic} ${index + 1}`, members };
    }),
  };
}

/** The person with this number, who exists for any number: newcomers have those that follow the first `users`. */
export function simulatedPerson(
  idp: IdentityProvider,
  { seed, domain = SIMULATED_DOMAIN }: Size,
  index: number,
): Person {
  const givenName = pick(GIVEN, index);
  const familyName = pick(FAMILY, Math.floor(index / GIVEN.length) + index);
  const place = pick(PLACES, index);
  const manager = index - (index % TEAM);
  const person: Person = {
    id: objectId(idp, seed, index),
    userName: `${mailName(givenName)}.${mailName(familyName)}.${tagOf(seed)}-${index + 1}@${domain}`,
    givenName,
    familyName,
    title: pick(TITLES, index),
    department: pick(DEPARTMENTS, index),
    employeeNumber: String(100_000 + index),
    costCenter: `CC-${index % 10}`,
    mobilePhone: `+48 555 ${String(index).padStart(6, "0")}`,
    ...place,
    ...(manager === index ? {} : { manager: objectId(idp, seed, manager) }),
  };
  return { ...person, displayName: fullName(person) };
}

/** What stands in every name of a run. */
export function tagOf(seed: number): string {
  return seed.toString(36);
}

function mailName(name: string): string {
  const letters = name
    .normalize("NFD")
    .replaceAll("Ł", "L")
    .replace(/[^A-Za-z']/g, "");
  return letters.toLowerCase();
}

// Okta's ids are 20 letters and digits that begin with 00u or 00g, Entra's are GUIDs.
function objectId(idp: IdentityProvider, seed: number, index: number): string {
  return idOf(idp, "u", `${seed}/user/${index}`);
}

function groupId(idp: IdentityProvider, seed: number, index: number): string {
  return idOf(idp, "g", `${seed}/group/${index}`);
}

function idOf(idp: IdentityProvider, kind: "g" | "u", text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  if (idp === "okta") return `00${kind}${hex.slice(0, 17)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

function pick<Item>(items: readonly Item[], index: number): Item {
  return items[index % items.length] as Item;
}
