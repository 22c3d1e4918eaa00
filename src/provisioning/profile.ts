import type { AttributeValue, UserAttribute } from "../model/facts.js";
import type { PersonLink, PersonState } from "../model/person.js";

export interface Profile {
  readonly userName: string;
  readonly email: string | null;
  readonly displayName: string | null;
}

/**
 * The profile that a person's links say, the strongest connection first and rows that ended (a deleted one before the
 * one that revived the account) last; what none of them knows stays as it is. `undefined` when nothing would change.
 */
export function changedProfile(state: PersonState, all: readonly PersonLink[]): Profile | undefined {
  const links = [...all.filter((link) => !hasEnded(link)), ...all.filter(hasEnded)];
  const userName = firstKnown(links, "userName");
  const email = firstKnown(links, "email");
  const displayName = firstKnown(links, "displayName");
  const profile = {
    userName: typeof userName === "string" && userName !== "" ? userName : state.userName,
    email: text(email, state.email),
    displayName: text(displayName, state.displayName),
  };
  const same =
    profile.userName === state.userName && profile.email === state.email && profile.displayName === state.displayName;
  return same ? undefined : profile;
}

function hasEnded({ scim, connection }: PersonLink): boolean {
  return scim === "inactive" || connection.disabled;
}

function firstKnown(links: readonly PersonLink[], attribute: UserAttribute): AttributeValue | undefined {
  for (const link of links) {
    const fact = link.facts.user[attribute];
    if (fact.known) return fact.value;
  }
  return undefined;
}

function text(value: AttributeValue | undefined, otherwise: string | null): string | null {
  if (value === undefined) return otherwise;
  return typeof value === "string" ? value : null;
}
