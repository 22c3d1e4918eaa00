/** Reads naming conventions out of group names: a fixed beginning and end, a part that names the team, perhaps one for the role. */

/** A group's name seen through one convention. */
export interface NameReading {
  /** The convention as a pattern. */
  readonly pattern: string;
  readonly team: string;
  /** Absent where the convention has no part for the role. */
  readonly role?: string;
}

const SEPARATORS = /([-_. :/]+)/;
const MOST_BEFORE = 2;
const MOST_BEHIND = 1;

/** Every convention that the name may follow. */
export function readings(name: string): readonly NameReading[] {
  // Words at even places, what stands between them at odd ones. Braces would be captures.
  const parts = /[{}*]/.test(name) ? [] : name.split(SEPARATORS);
  const found: NameReading[] = [];
  for (let before = 0; before <= MOST_BEFORE; before++) {
    for (let behind = 0; behind <= MOST_BEHIND; behind++) {
      const middle = parts.slice(before * 2, parts.length - behind * 2);
      if (middle.length === 0 || middle.includes("")) continue;
      const start = parts.slice(0, before * 2).join("");
      const end = parts.slice(parts.length - behind * 2).join("");
      found.push(...readMiddle(start, middle, end));
    }
  }
  return found;
}

function readMiddle(start: string, middle: readonly string[], end: string): readonly NameReading[] {
  const found: NameReading[] = [];
  if (start + end !== "") found.push({ pattern: `${start}{team}${end}`, team: middle.join("") });
  if (middle.length < 3) return found;
  const [first, after, before, last] = [middle[0], middle[1], middle.at(-2), middle.at(-1)] as [
    string,
    string,
    string,
    string,
  ];
  const roleLast = { team: middle.slice(0, -2).join(""), role: last };
  const roleFirst = { team: middle.slice(2).join(""), role: first };
  return [
    ...found,
    { pattern: `${start}{team}${before}{role}${end}`, ...roleLast },
    { pattern: `${start}{role}${after}{team}${end}`, ...roleFirst },
  ];
}
