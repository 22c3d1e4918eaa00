/** Sign-in names own the one rule by which a pushed user and a sign-in are the same person, whichever of them comes first. */
import type { ObserveUser, ScimUserDocument } from "../model/directory.js";
import { asciiLower, fold } from "../model/fold.js";
import type { SignInName } from "./ports/directory-writer.js";
import type { SignedInRow } from "./ports/signed-in.js";

/** What a pushed user is called. */
export type PushedNames = Pick<ScimUserDocument, "userName" | "externalId"> & {
  /** Of somebody linked: the externalId is another one since then, and moves no link by itself. */
  readonly idChanged?: boolean;
};

/** What a sign-in calls somebody. */
export type SignInNames = Pick<SignedInRow, "subject" | "names">;

/**
 * By what a sign-in means a pushed user, strongest first: the externalId is its subject; the userName stands in the subject's place; the
 * externalId is another lasting id; the userName is a name that links; or one that is good for nothing but closing the door.
 */
export type MeantBy = "subject" | "asserted" | "id" | "name" | "seen";

/** All that a sign-in says of who it is, each once. */
export function signInNames({ subject, externalIds, userNames, assertedName, claimedEmail }: ObserveUser): SignInNames {
  const names: SignInName[] = externalIds.map((name) => ({ kind: "id", name }));
  for (const said of userNames) names.push(...named("name", said));
  if (assertedName !== undefined) names.push(...named("asserted", assertedName));
  const claimed = claimedEmail && fold(claimedEmail);
  if (claimed && !names.some(({ kind, name }) => kind !== "id" && fold(name) === claimed)) {
    names.push({ kind: "seen", name: claimed });
  }
  const byKey = new Map(names.map((one) => [`${one.kind} ${one.name}`, one]));
  return { subject, names: [...byKey.values()].filter(({ name }) => name !== "") };
}

/** INVARIANT: names link by their ASCII letters alone, and close the door whatever the letter case. */
function named(kind: "name" | "asserted", said: string): readonly SignInName[] {
  const name = asciiLower(said);
  const closing = { kind: "closing", name: fold(said) } as const;
  if (!linksByName(name)) return [closing];
  return closing.name === name ? [{ kind, name }] : [{ kind, name }, closing];
}

/**
 * By what a sign-in means a pushed user who is called so; `undefined`: by nothing. INVARIANT: what merely comes along moves no link, and no
 * name does against a lasting id that says otherwise.
 */
export function meantBy(
  { subject, names }: SignInNames,
  { userName, externalId, idChanged }: PushedNames,
): MeantBy | undefined {
  const has = (kind: SignInName["kind"], name: string | undefined) =>
    names.some((one) => one.kind === kind && one.name === name);
  const called = asciiLower(userName);
  if (externalId === subject && idChanged !== true) return "subject";
  const isId = has("id", externalId);
  const contradicts = externalId !== undefined && !isId && names.some(({ kind }) => kind === "id");
  if (has("asserted", called) && !contradicts) return "asserted";
  if (isId || externalId === subject) return "id";
  if (has("name", called)) return "name";
  const folded = fold(userName);
  return names.some(({ kind, name }) => kind !== "id" && fold(name) === folded) ? "seen" : undefined;
}

/** They are one person, unless somebody else could be meant. */
export function links(by: MeantBy | undefined): by is Exclude<MeantBy, "seen"> {
  return by !== undefined && by !== "seen";
}

/** The same, also where the pushed user is linked to another subject. */
export function moves(by: MeantBy | undefined): by is "subject" | "asserted" {
  return by === "subject" || by === "asserted";
}

/** The same, also where somebody of the same name was deleted: the provider names them so by what lasts, or by the subject itself. */
export function proves(by: MeantBy | undefined): by is "subject" | "asserted" | "id" {
  return moves(by) || by === "id";
}

/** INVARIANT: a non-ASCII local part never links by itself: look-alike letters would take an account. */
function linksByName(name: string): boolean {
  const at = name.lastIndexOf("@");
  const local = at < 0 ? name : name.slice(0, at);
  return name !== "" && [...local].every((letter) => letter <= "\u007f");
}
