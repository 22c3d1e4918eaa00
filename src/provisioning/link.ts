/**
 * Link gathers what is known of a sign-in inside one connection, for the decision whom it means; never by e-mail across connections
 * (design section 2, Linking).
 */
import type { Connection } from "../model/connection.js";
import type { ObserveUser } from "../model/directory.js";
import type { Instant } from "../model/ids.js";
import { mayKeepOut, privilegedAmong } from "./keep-out.js";
import { signedInAs } from "./link-push.js";
import { isLastWayIn } from "./owners.js";
import type { LinkCandidate, SignInName } from "./ports/directory-writer.js";
import type { MetRow } from "./ports/kept-out.js";
import type { TenantWriter } from "./ports/store.js";
import { links, meantBy, moves, type SignInNames, signInNames } from "./sign-in-names.js";
import { isConfirmed, isFree, keepersAmong, type SignInFacts, type WhoSignsIn, whoSignsIn } from "./who-signs-in.js";

/**
 * The row of a person who signs in. INVARIANT: first links of a tenant are decided one after the other: two requests at once
 * would both find nobody, and make two people, or both find the same free row, and be one.
 */
export async function linkSignIn(tx: TenantWriter, connection: Connection, observed: ObserveUser): Promise<WhoSignsIn> {
  const signIn = signInNames(observed);
  const known = await tx.rowBySubject(connection.id, observed.subject);
  if (!known) await tx.lockTenant();
  const row = known ?? (await tx.rowBySubject(connection.id, observed.subject));
  if (row === undefined) return whoSignsIn(signIn, await gatherNew(tx, connection, signIn));
  if (connection.sync !== "live") return { kind: "row", row };
  if (row.hasScim) return whoIsPushed(tx, connection, signIn, row);
  return whoSignsIn(signIn, await gatherKnown(tx, connection, signIn, row));
}

/** INVARIANT: a person whom nothing contradicts costs one look-up at the most. */
async function whoIsPushed(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  known: LinkCandidate,
): Promise<WhoSignsIn> {
  const isAsked = !isConfirmed(signIn, known) && (await tx.namesAnother(connection.id, signIn, known.id));
  const [rows = []] = isAsked ? await tx.metBy(connection.id, [signIn]) : [];
  return whoSignsIn(signIn, { live: true, rows, known, privileged: new Set(), contested: new Set() });
}

async function gatherNew(tx: TenantWriter, connection: Connection, signIn: SignInNames): Promise<SignInFacts> {
  const [rows = []] = await tx.metBy(connection.id, [signIn]);
  const isChanged = ({ idChanged, nameChanged }: MetRow) => idChanged === true || nameChanged === true;
  const moved = rows.filter((row) => isChanged(row) && moves(meantBy(signIn, row)));
  const privileged = await privilegedAmong(
    tx,
    moved.map(({ user }) => user),
  );
  const gone = rows.find(({ deleted, subject, again }) => deleted && subject === signIn.subject && !again);
  const [account] = gone ? await tx.people([gone.user]) : [];
  const isLast = account !== undefined && (await isLastWayIn(tx, account));
  const live = connection.sync === "live";
  return { live, rows, privileged, contested: new Set(), ...(gone && isLast && { lastWayIn: gone }) };
}

/** New names are asked about one sign-in or push after the other. */
async function gatherKnown(
  tx: TenantWriter,
  connection: Connection,
  signIn: SignInNames,
  known: LinkCandidate,
): Promise<SignInFacts> {
  const called = await tx.signInNames(known.id);
  const isSame = ({ kind, name }: SignInName) => called.some((one) => one.kind === kind && one.name === name);
  if (!signIn.names.every(isSame)) await tx.lockTenant();
  // INVARIANT: whether they come by these names or by those of their last sign-in
  const asked = { ...signIn, names: [...signIn.names, ...called] };
  const met = async () => (await tx.metBy(connection.id, [asked])).flat().filter(({ id }) => id !== known.id);
  const isMeant = (row: MetRow) => isFree(row) && links(meantBy(signIn, row));
  const first = await met();
  const mayJoin = first.some(isMeant);
  if (mayJoin) await tx.lockTenant();
  const rows = mayJoin ? await met() : first;
  const meant = rows.filter(isMeant);
  const rivals = meant.length === 0 ? [] : await signedInAs(tx, connection, ...meant);
  const isRival = (pushed: MetRow) => rivals.some((one) => one.id !== known.id && links(meantBy(one, pushed)));
  const keepers = keepersAmong(rows);
  const staysIn = keepers.length > 0 && !(await mayKeepOut(tx, known.user, { keepers }));
  return {
    live: true,
    ...{ rows, known },
    privileged: await privilegedAmong(tx, meant.length === 0 ? [] : [known.user]),
    contested: new Set(meant.filter(isRival).map(({ id }) => id)),
    ...(staysIn && { lastWayIn: known }),
  };
}

/** Two people may be meant: an admin decides, and nobody is linked until then. */
export async function reviewLink(
  tx: TenantWriter,
  connection: Connection,
  rows: readonly LinkCandidate[],
  names: readonly string[],
  now: Instant,
): Promise<void> {
  const detail = { names: [...names], candidates: rows.map((row) => row.id) };
  await tx.insertReviewItem({ kind: "ambiguous_link", connection: connection.id, detail }, now);
}
