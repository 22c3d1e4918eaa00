/** Sign-in names own the one rule by which a pushed user and a sign-in are the same person, whichever of them comes first. */
import type { ObserveUser, ScimUserDocument } from "../model/directory.js";
import { asciiLower } from "../model/fold.js";
import type { SignInName } from "./ports/directory.js";
import type { SignedInRow } from "./ports/signed-in.js";

/** What a pushed user is called. */
export type PushedNames = Pick<ScimUserDocument, "userName" | "externalId"> & {
  /** Of somebody linked: the externalId is another one since then, and moves no link by itself. */
  readonly idChanged?: boolean;
};

/** What a sign-in calls somebody. */
export type SignInNames = Pick<SignedInRow, "subject" | "names">;

/** By which of its names a sign-in means a pushed user; all false: by none. */
export interface Meaning {
  /** They are one person, unless somebody else could be meant. */
  readonly links: boolean;
  /** The same, also where the pushed user was linked to another subject. */
  readonly moves: boolean;
  /** They are one person also where somebody of the same name was deleted: the provider names them so by what lasts, or by the subject itself. */
  readonly proves: boolean;
  /** While the pushed user is switched off or deleted, the sign-in is refused. */
  readonly closes: boolean;
}

/** All that a sign-in says of who it is, each once. */
export function signInNames({ subject, externalIds, userNames, assertedName, claimedEmail }: ObserveUser): SignInNames {
  const names: SignInName[] = [...new Set(externalIds)].map((name) => ({ kind: "id", name }));
  for (const name of new Set(userNames.map(asciiLower)))
    names.push({ kind: linksByName(name) ? "name" : "seen", name });
  if (assertedName !== undefined && linksByName(assertedName)) {
    names.push({ kind: "asserted", name: asciiLower(assertedName) });
  }
  const claimed = claimedEmail && asciiLower(claimedEmail);
  if (claimed && !names.some(({ kind, name }) => kind !== "id" && name === claimed)) {
    names.push({ kind: "seen", name: claimed });
  }
  return { subject, names: names.filter(({ name }) => name !== "") };
}

/**
 * What a sign-in means for a pushed user: by the externalId, which is its subject or another lasting id, or by the userName. INVARIANT:
 * what merely comes along moves no link, and no name does against a lasting id that says otherwise.
 */
export function meaningOf({ subject, names }: SignInNames, { userName, externalId, idChanged }: PushedNames): Meaning {
  const has = (kind: SignInName["kind"], name: string | undefined) =>
    names.some((one) => one.kind === kind && one.name === name);
  const called = asciiLower(userName);
  const isSubject = externalId === subject;
  const isId = has("id", externalId);
  const contradicts = externalId !== undefined && !isId && names.some(({ kind }) => kind === "id");
  const isAsserted = has("asserted", called) && !contradicts;
  const links = isSubject || isId || isAsserted || has("name", called);
  const closes = links || has("asserted", called) || has("seen", called);
  return {
    links,
    moves: (isSubject && idChanged !== true) || isAsserted,
    proves: isSubject || isId || isAsserted,
    closes,
  };
}

/** The names by which rows are found that a sign-in may mean. */
export function namesToAsk({ subject, names }: SignInNames) {
  return {
    externalIds: [subject, ...names.flatMap(({ kind, name }) => (kind === "id" ? [name] : []))],
    userNames: [...new Set(names.flatMap(({ kind, name }) => (kind === "id" ? [] : [name])))],
  };
}

/** INVARIANT: a non-ASCII local part never links by itself: look-alike letters would take an account. */
function linksByName(name: string): boolean {
  const at = name.lastIndexOf("@");
  const local = at < 0 ? name : name.slice(0, at);
  return name !== "" && [...local].every((letter) => letter <= "\u007f");
}
