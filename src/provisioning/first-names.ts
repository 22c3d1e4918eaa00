import type { NewProfile } from "./ports/directory-writer.js";

const NAMES = ["displayName", "givenName", "familyName"] as const;

/** The names that a person is shown by before a mapping was asked: those that are said. */
export function firstNames(said: (name: (typeof NAMES)[number]) => unknown): Partial<NewProfile> {
  return Object.fromEntries(NAMES.map((name) => [name, said(name)]).filter(([, value]) => typeof value === "string"));
}
