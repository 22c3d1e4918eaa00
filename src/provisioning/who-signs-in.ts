/**
 * Who signs in owns the one decision whom a sign-in means at its connection, and who keeps it out: over what was gathered, without a
 * store. Somebody whose subject is that of a pushed person is that person, while nothing names another pushed person instead (`whoIsPushed`). For whoever else comes while SCIM is evidence, the first line
 * counts that holds for anybody whom they meet; while it is none, nobody is linked to another subject, and who is out is said by the account's standing alone.
 *
 * | line | met by | who is met | the sign-in |
 * |---|---|---|---|
 * | claimed | the externalId: the subject, or another lasting id | pushed, nobody has signed in | is theirs; two of them: an admin says |
 * | moved | the externalId: the subject; or the name in its place | active, pushed | is theirs; renamed with privileges: an admin says |
 * | named | a name that links | active, nobody has signed in | is theirs; but for who is gone or is said to be somebody else: an admin says |
 * | kept out | whatever is or was theirs, also as claimed; refused before | switched off, or deleted and not back | is refused; but for whom an admin let in, what another active person has now, and the last way in |
 * | bound | the externalId or a name, also as claimed | active, signs in under another subject | an admin says |
 * | back | the subject or externalId that they had last | deleted, and back | an admin says |
 * | on | the subject that they had last; or the externalId, where nobody had signed in | deleted, while SCIM is no evidence, and the account goes on | is theirs |
 * | new | | | is somebody new, or who they were: known by sign-in alone |
 */
import { asciiLower, fold } from "../model/fold.js";
import type { DirectoryUserId, UserId } from "../model/ids.js";
import type { LinkCandidate, SignInName } from "./ports/directory-writer.js";
import type { Met, MetRow } from "./ports/kept-out.js";
import type { SignedInRow } from "./ports/signed-in.js";
import { links, type MeantBy, meantBy, moves, proves, type SignInNames } from "./sign-in-names.js";

/** What is known of a sign-in whose subject is no pushed person's. */
export interface SignInFacts {
  /** SCIM is evidence at the connection. */
  readonly live: boolean;
  /** Whom it meets there, but for its own row. */
  readonly rows: readonly MetRow[];
  /** The row of its subject: known by sign-in alone, or a pushed person's. */
  readonly known?: LinkCandidate;
  /** Accounts that no client moves. */
  readonly privileged: ReadonlySet<UserId>;
  /** Pushed people whom the names of another sign-in mean, too. */
  readonly contested: ReadonlySet<DirectoryUserId>;
  /** The row of its account, where that is the last way into the tenant: its own, or the one that was deleted under its subject. */
  readonly lastWayIn?: LinkCandidate;
}

/** Whom a sign-in means, among the rows of its connection. */
export type WhoSignsIn =
  | {
      readonly kind: "row";
      readonly row: LinkCandidate;
      /** The row of the sign-in until now, which becomes that of the pushed one. */
      readonly joins?: SignedInRow;
      /** The row was deleted while SCIM was evidence, which it is no more: the account goes on, in a row of its own. */
      readonly goesOn?: true;
    }
  /** Refused, and never made anew (SCIM beats JIT). */
  | {
      readonly kind: "inactive";
      readonly user: UserId;
      readonly keepers: readonly MetRow[];
      /** The account of the sign-in, which is another one than theirs: no session of it stays. */
      readonly own?: UserId;
      /** The pushed person whose account the subject came in to until now: no session of the subject stays. */
      readonly was?: UserId;
    }
  | { readonly kind: "nobody" }
  | {
      readonly kind: "ambiguous";
      readonly rows: readonly LinkCandidate[];
      /** The one of them whose account an admin may say is the sign-in's. */
      readonly meant?: LinkCandidate;
    };

/** How somebody whom a sign-in meets stands. */
type Standing = "free" | "unclaimed" | "taken" | "back" | "other";

interface MetAs {
  readonly row: MetRow;
  readonly by: MeantBy | undefined;
  readonly is: Standing;
}

/** Decides by the table above. */
export function whoSignsIn(signIn: SignInNames, facts: SignInFacts): WhoSignsIn {
  if (facts.known?.hasScim) return whoIsPushed(signIn, facts, facts.known);
  if (facts.known) return whoIsKnown(signIn, facts, facts.known);
  const who = whoIsNew(signIn, facts);
  const isRefused = who.kind === "ambiguous" || who.kind === "inactive";
  return isRefused && facts.lastWayIn ? { kind: "row", row: facts.lastWayIn } : who;
}

function whoIsNew(signIn: SignInNames, facts: SignInFacts): WhoSignsIn {
  const met = facts.rows.map((row): MetAs => {
    return { row, by: row.deleted ? undefined : meantBy(signIn, row), is: standingOf(row, facts.live) };
  });
  return (
    claimed(signIn, met) ??
    moved(met, facts) ??
    named(signIn, met, facts) ??
    keptOut(signIn, met, facts) ??
    bound(signIn, met) ??
    back(signIn, met) ??
    on(signIn, met, facts) ?? { kind: "nobody" }
  );
}

function standingOf(row: MetRow, live: boolean): Standing {
  if (row.deleted) return row.again && (row.again.scimActive || !live) ? "back" : "other";
  if (!row.hasScim) return "other";
  if (row.subject === undefined) return row.scimActive || !live ? "free" : "unclaimed";
  return live && row.scimActive && !row.ended ? "taken" : "other";
}

function claimed(signIn: SignInNames, met: readonly MetAs[]): WhoSignsIn | undefined {
  const named = met.filter(({ row, is }) => (is === "free" || is === "unclaimed") && hasId(signIn, row.externalId));
  const free = new Set(named.flatMap(({ row, is }) => (is === "free" ? row.externalId : [])));
  // whoever is off is no second one beside an active person of the same id
  const rows = named.filter(({ row, is }) => is === "free" || !free.has(row.externalId));
  return rows.length > 0 ? only(rows) : undefined;
}

function moved(met: readonly MetAs[], { live, privileged }: SignInFacts): WhoSignsIn | undefined {
  if (!live) return undefined;
  const meant = met.filter(({ by, is }) => (is === "free" || is === "taken") && moves(by));
  const bySubject = meant.filter(({ by }) => by === "subject");
  const [one, another] = bySubject.length > 0 ? bySubject : meant;
  if (one === undefined || another !== undefined) return undefined;
  return privileged.has(one.row.user) ? { kind: "ambiguous", rows: [one.row], meant: one.row } : only([one]);
}

/**
 * INVARIANT: a name alone makes nobody of somebody who is gone: whose subject or id was that of another user, or who was refused for one
 * before, does not get the account of the new hire of the same name, nor what somebody who came back may have given up, nor that of
 * somebody who they are not by an admin's word.
 */
function named(signIn: SignInNames, met: readonly MetAs[], { live, rows }: SignInFacts): WhoSignsIn | undefined {
  const [one, another] = met.filter(({ by, is }) => is === "free" && links(by));
  if (one === undefined) return undefined;
  if (another !== undefined || !live || proves(one.by))
    return only(met.filter(({ by, is }) => is === "free" && links(by)));
  const lasting = keepersAmong(rows).filter((keeper) => keeper.met.some(({ by }) => by !== "name"));
  const deleted = rows.filter((row) => row.deleted && !row.letIn && isOwn(signIn, row));
  const gone = [...deleted, ...lasting].find(({ user }) => user !== one.row.user);
  if (gone === undefined && !one.row.notThem) return only([one]);
  return { kind: "ambiguous", rows: gone ? [one.row, gone] : [one.row], meant: one.row };
}

/** INVARIANT: another identifier is no way around a deactivation. */
function keptOut(signIn: SignInNames, met: readonly MetAs[], { live, rows }: SignInFacts): WhoSignsIn | undefined {
  const keepers = new Set<MetRow>(keepersAmong(rows, live ? isOff : hasEnded));
  for (const { row, by, is } of met) {
    if (row.letIn || is === "back") continue;
    const isBefore = row.met.some((one) => one.by === "before");
    // a sign-in that became a pushed person's is nobody's deletion
    if (live && row.deleted && row.hasScim && (isOwn(signIn, row) || isBefore)) keepers.add(row);
    // who is pushed as off was asked about above
    const isEnded = row.ended && !(live && row.hasScim && !row.scimActive);
    if (!row.deleted && isEnded && (by !== undefined || isBefore)) keepers.add(row);
  }
  const strength = ({ by }: MetAs) => STRENGTH.indexOf(by);
  const [first] = met.filter(({ row }) => keepers.has(row)).sort((a, b) => strength(a) - strength(b));
  return first && { kind: "inactive", user: first.row.user, keepers: [...keepers] };
}

const STRENGTH: readonly (MeantBy | undefined)[] = ["subject", "asserted", "id", "name", "seen", undefined];

/** INVARIANT: nobody who is linked gets a second account, which the source could not switch off. */
function bound({ subject }: SignInNames, met: readonly MetAs[]): WhoSignsIn | undefined {
  const taken = met.filter(({ by, is }) => is === "taken" && by !== undefined);
  if (taken.length === 0) return undefined;
  const said = taken.filter(({ row }) => row.externalId === subject);
  const [one, another] = said.length > 0 ? said : taken.filter(({ by }) => links(by));
  const meant = one !== undefined && another === undefined ? one.row : undefined;
  return { kind: "ambiguous", rows: taken.map(({ row }) => row), ...(meant && { meant }) };
}

/**
 * INVARIANT: an account that came back is nobody's by what the person was once known by, unless nobody signs in to it: that is no way
 * past an admin's word.
 */
function back(signIn: SignInNames, met: readonly MetAs[]): WhoSignsIn | undefined {
  const [one] = met.filter(({ row, is }) => is === "back" && isOwn(signIn, row));
  const again = one?.row.again;
  if (one === undefined || again === undefined) return undefined;
  const isTheirs = again.subject === undefined && one.row.subject === signIn.subject;
  return isTheirs ? { kind: "row", row: again } : { kind: "ambiguous", rows: [again], meant: again };
}

/** While SCIM is no evidence the account goes on or has ended, whatever became of its row; who had none by then is a stranger. */
function on(signIn: SignInNames, met: readonly MetAs[], { live }: SignInFacts): WhoSignsIn | undefined {
  const isTheirs = ({ row }: MetAs) =>
    row.subject === undefined ? hasId(signIn, row.externalId) : row.subject === signIn.subject;
  const goesOn = ({ row }: MetAs) => row.deleted && row.hasScim && !(row.ended || row.pending || row.notThem);
  const found = live ? [] : met.filter((one) => goesOn(one) && isTheirs(one));
  const rows = [...new Map(found.map(({ row }) => [row.user, row])).values()];
  const [row, another] = rows;
  if (row === undefined) return undefined;
  return another === undefined ? { kind: "row", row, goesOn: true } : { kind: "ambiguous", rows };
}

/**
 * A subject that is known as a pushed person is that person. INVARIANT: but only while nothing names somebody else: an externalId that was
 * corrected, or an address that somebody else was given, leaves nobody in the account of whoever had the subject before, owner or not.
 * Where another active pushed person is named an admin says, and where that one is out, so is the sign-in.
 */
function whoIsPushed(signIn: SignInNames, { rows }: SignInFacts, known: LinkCandidate): WhoSignsIn {
  const named = isConfirmed(signIn, known) ? [] : rows.filter((row) => isNamedInstead(signIn, row, known));
  const meant = named.filter(isActive);
  const lasting = meant.filter((row) => hasId(signIn, row.externalId));
  const [one, another] = lasting.length > 0 ? lasting : meant;
  if (one) return { kind: "ambiguous", rows: another ? meant : [one], ...(!another && { meant: one }) };
  const keepers = keepersAmong(rows).filter((row) => named.includes(row));
  const [keeper] = keepers;
  if (keeper === undefined) return { kind: "row", row: known };
  return { kind: "inactive", user: keeper.user, keepers, was: known.user };
}

/** The sign-in has the externalId of the person as whom its subject is known: it is theirs, whoever else is named beside it. */
export function isConfirmed(signIn: SignInNames, known: Pick<LinkCandidate, "externalId">): boolean {
  return hasId(signIn, known.externalId);
}

/**
 * By the externalId; by the name in the subject's place; or by a name that links, where nobody has signed in as this one. INVARIANT: whoever
 * comes in as a stranger is not refused the next time: what names the known person, too, goes before names of others, and before ids of who is out.
 */
function isNamedInstead(signIn: SignInNames, row: MetRow, known: LinkCandidate): boolean {
  if (row.user === known.user) return false;
  const isThere = isActive(row);
  if (hasId(signIn, row.externalId)) return isThere || !(row.notThem || moves(meantBy(signIn, known)));
  // a name of somebody deleted may have been theirs before it was the known one's
  if (row.notThem || (row.deleted && row.id < known.id)) return false;
  const isOwn = isCalled(signIn, known, "asserted", "name");
  if (isCalled(signIn, row, "asserted")) return isThere || !isOwn;
  const isFirst = row.subject === undefined && isCalled(signIn, row, "name");
  return isFirst && !(isOwn && (known.scimActive || !isThere));
}

function isCalled({ names }: SignInNames, { userName }: LinkCandidate, ...by: readonly SignInName["kind"][]): boolean {
  return names.some(({ kind, name }) => by.includes(kind) && name === asciiLower(userName));
}

function isActive({ hasScim, scimActive, deleted }: LinkCandidate): boolean {
  return hasScim && scimActive && !deleted;
}

/** Of those who are known by sign-in alone two lines count: `claimed` and `named` of one whom nobody else could mean, and `kept out`. */
function whoIsKnown(signIn: SignInNames, facts: SignInFacts, known: LinkCandidate): WhoSignsIn {
  const keepers = keepersAmong(facts.rows);
  // whoever is kept out is nobody new by a name alone: that may be the name of the one who came in their place
  const isMeant = (row: MetRow) => {
    const by = meantBy(signIn, row);
    return isFree(row) && (keepers.length > 0 || row.notThem ? proves(by) : links(by));
  };
  const [pushed, another] = facts.rows.filter(isMeant);
  const isPlain = pushed !== undefined && another === undefined && !facts.contested.has(pushed.id);
  if (isPlain && !facts.privileged.has(known.user)) {
    const row = { ...pushed, subject: signIn.subject, ...(known.claims && { claims: known.claims }) };
    return { kind: "row", row, joins: { ...known, ...signIn } };
  }
  const [keeper] = keepers;
  if (keeper === undefined || facts.lastWayIn) return { kind: "row", row: known };
  return { kind: "inactive", user: keeper.user, keepers, own: known.user };
}

/** Pushed, active, and nobody has signed in to it. */
export function isFree(row: LinkCandidate): boolean {
  return isActive(row) && row.subject === undefined;
}

/**
 * Those who are switched off or deleted and not back, and keep out whoever meets them so. INVARIANT: a rename opens nothing; what another
 * active pushed person has by now closes nothing anew.
 */
export function keepersAmong(rows: readonly MetRow[], isOut: (row: MetRow) => boolean = isOff): readonly MetRow[] {
  const active = rows.filter(isActive);
  const counts = (row: MetRow) => (one: Met) => one.by === "before" || !active.some((other) => has(other, one, row));
  return rows.filter((row) => isOut(row) && !row.letIn && row.met.some(counts(row)));
}

/** While SCIM is no evidence. */
function hasEnded({ hasScim, ended }: MetRow): boolean {
  return hasScim && ended;
}

function isOff({ hasScim, scimActive, deleted, keepsOut, again }: MetRow): boolean {
  return hasScim && (deleted ? keepsOut && !(again?.hasScim && again.scimActive) : !scimActive);
}

/** Whether somebody else has by now what a sign-in meets this one by. */
function has({ user, externalId, userName }: LinkCandidate, { by, name }: Met, keeper: MetRow): boolean {
  return user !== keeper.user && (by === "id" ? externalId === name : fold(userName) === fold(name));
}

/** Whether a refused sign-in is plainly that of the one who keeps it out: an admin need not be told. */
export function isPlainlyTheirs(signIn: SignInNames, keeper: MetRow): boolean {
  return keeper.subject === undefined ? proves(meantBy(signIn, keeper)) : keeper.subject === signIn.subject;
}

function isOwn(signIn: SignInNames, { subject, externalId }: LinkCandidate): boolean {
  return subject === signIn.subject || hasId(signIn, externalId);
}

function hasId({ subject, names }: SignInNames, id: string | undefined): boolean {
  return id !== undefined && (id === subject || names.some(({ kind, name }) => kind === "id" && name === id));
}

function only(met: readonly MetAs[]): WhoSignsIn {
  const rows = met.map(({ row }) => row);
  const [row, ...more] = rows;
  if (row === undefined) return { kind: "nobody" };
  return more.length === 0 ? { kind: "row", row } : { kind: "ambiguous", rows };
}
