/** Owns what a generated tenant looks like: who is in which groups and what is known of each person, all of it by the seed. */
import { createRandom } from "../../src/simulate/random.js";

export interface Shape {
  readonly users: number;
  readonly groups: number;
  readonly groupsPerUser: number;
  readonly seed: number;
}

export const DEFAULT_SHAPE: Shape = { users: 100_000, groups: 1000, groupsPerUser: 20, seed: 4 };

export interface ShapedUser {
  readonly userName: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly department: string;
  readonly title: string;
  readonly country: string;
  readonly costCenter: string;
  /** Positions among the groups, ascending. */
  readonly groups: readonly number[];
  /** One in twenty has signed in, too. */
  readonly hasClaims: boolean;
}

const DEPARTMENTS = ["Sales", "Engineering", "Finance", "Support", "Legal", "Operations", "Marketing", "Research"];
const COUNTRIES = ["SE", "NO", "DE", "FR", "US", "GB", "IN", "JP"];
const TITLES = ["Analyst", "Engineer", "Manager", "Director", "Assistant"];
const GIVEN = ["Ada", "Bo", "Chen", "Dina", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jon"];
const FAMILY = ["Adler", "Berg", "Costa", "Dahl", "Evans", "Frank", "Garcia", "Holm", "Ito", "Jansen"];
const CLAIMS_EVERY = 20;
/** How uneven group sizes are: the largest holds nearly everybody, the smallest a few. */
const SKEW = 2.5;

/** A person by position: asked twice, the answer is the same. */
export function shapedUser(shape: Shape, at: number): ShapedUser {
  const random = createRandom(shape.seed * 1_000_003 + at);
  const pick = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? "";
  return {
    userName: `user${at}@example.com`,
    givenName: pick(GIVEN),
    familyName: `${pick(FAMILY)} ${at}`,
    department: pick(DEPARTMENTS),
    title: pick(TITLES),
    country: pick(COUNTRIES),
    costCenter: `CC${Math.floor(random() * 200)}`,
    groups: groupsOf(shape, random),
    hasClaims: at % CLAIMS_EVERY === 0,
  };
}

function groupsOf({ groups, groupsPerUser }: Shape, random: () => number): readonly number[] {
  const mine = new Set<number>();
  const wanted = Math.min(groupsPerUser, groups);
  while (mine.size < wanted) mine.add(Math.floor(groups * random() ** SKEW));
  return [...mine].sort((a, b) => a - b);
}

const ROLES = ["ro", "rw", "adm"];

/**
 * A group's name by its position. One in ten follows a naming convention per area, one in ten is a project, the others have
 * plain names.
 */
export function groupName(at: number): string {
  const tens = Math.floor(at / 10);
  if (at % 10 === 7) return `app-${tens % 10}-team${Math.floor(tens / 10)}-${ROLES[tens % 3]}`;
  if (at % 10 === 4) return `prj-${tens % 10}-${at}-${tens % 2 === 0 ? "open" : "secret"}`;
  return `Group ${at}`;
}
