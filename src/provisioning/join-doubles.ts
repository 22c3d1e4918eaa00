/** Join-doubles owns who becomes one when a connection goes live: pushed people, and those whom sign-ins made of them meanwhile. */

import type { Connection } from "../model/connection.js";
import type { ClaimsDocument } from "../model/directory.js";
import type { DirectoryUserId, Instant, UserId } from "../model/ids.js";
import { askAbout } from "./corrected-subjects.js";
import type { Context } from "./deps.js";
import { clearlyMeant, type JoinNotice, joinSignedIn } from "./join-signed-in.js";
import { endClosed, isPrivilegedByHand } from "./keep-out.js";
import { recordNotices } from "./notices.js";
import type { LinkRow } from "./ports/access.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { SignedInRow } from "./ports/signed-in.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";
import { links, meantBy } from "./sign-in-names.js";

/** What is pretended of rows that become one. */
export interface Joins {
  /** What pushed people get of the sign-ins that are theirs. */
  readonly claims: ReadonlyMap<DirectoryUserId, ClaimsDocument>;
  /** Rows of those sign-ins. */
  readonly ended: ReadonlySet<DirectoryUserId>;
}

interface Meant {
  readonly pushed: LinkCandidate;
  readonly signedIn: readonly SignedInRow[];
}

/** Pushed people with the sign-ins that their names mean, as if each was pushed to a live connection now. */
async function meantByPushed(reader: TenantReader, { id }: Connection): Promise<readonly Meant[]> {
  const byPushed = new Map<DirectoryUserId, { pushed: LinkCandidate; signedIn: Map<DirectoryUserId, SignedInRow> }>();
  for (const { pushed, signedIn } of await reader.doubles(id)) {
    if (meantBy(signedIn, pushed) === undefined) continue;
    const one = byPushed.get(pushed.id) ?? { pushed, signedIn: new Map() };
    one.signedIn.set(signedIn.id, signedIn);
    byPushed.set(pushed.id, one);
  }
  return [...byPushed.values()].map(({ pushed, signedIn }) => ({ pushed, signedIn: [...signedIn.values()] }));
}

/** Who would become one if the connection went live now. */
export async function joinsOf(reader: TenantReader, connection: Connection): Promise<Joins> {
  const claims = new Map<DirectoryUserId, ClaimsDocument>();
  const ended = new Set<DirectoryUserId>();
  const doubles = await meantByPushed(reader, connection);
  const users = doubles.flatMap(({ signedIn }) => signedIn.map(({ user }) => user));
  const roles = users.length === 0 ? undefined : await reader.privilegedRoles();
  const people = new Map((await reader.people([...new Set(users)])).map((state) => [state.id, state]));
  for (const { pushed, signedIn } of doubles) {
    const isMeant = (one: SignedInRow) => !ended.has(one.id) && links(meantBy(one, pushed));
    const one = clearlyMeant(pushed, pushed, signedIn.filter(isMeant));
    if (one === undefined || isPrivilegedByHand(people.get(one.user), roles)) continue;
    ended.add(one.id);
    if (one.claims) claims.set(pushed.id, one.claims);
  }
  return { claims, ended };
}

/** The row as it will be. */
export function asJoined(row: LinkRow, { claims, ended }: Joins, now: Instant): LinkRow {
  const joined = claims.get(row.directoryUser);
  if (joined) return { ...row, claims: joined };
  if (!ended.has(row.directoryUser)) return row;
  const attributes = {} as NonNullable<LinkRow["scim"]>["attributes"];
  return { ...row, deleted: true, scim: { active: false, attributes, appRoles: [], createdAt: now } };
}

/** Sign-ins of one statement. */
const MOST_ASKED = 500;

/** Makes them one, in the transaction in which the connection goes live, and ends the sessions of whom somebody keeps out from then on. Where it is a case for an admin, nobody is joined. */
export async function joinDoubles(
  tx: TenantWriter,
  connection: Connection,
  context: Context,
  now: Instant,
): Promise<void> {
  const notices: JoinNotice[] = [];
  const touched = new Set<UserId>();
  const state = { tx, connection: { ...connection, sync: "live" }, now, touched, notices } as const;
  for (const { pushed } of await meantByPushed(tx, connection)) {
    touched.add(pushed.user);
    await joinSignedIn(state, pushed, { ...pushed, active: pushed.scimActive });
  }
  const signedIn = await tx.signedInNow(connection.id);
  for (let from = 0; from < signedIn.length; from += MOST_ASKED) {
    const some = signedIn.slice(from, from + MOST_ASKED);
    await endClosed(
      tx,
      connection,
      some.filter(({ hasScim }) => !hasScim),
    );
    await askAbout(
      state,
      some.filter(({ hasScim }) => hasScim),
    );
  }
  await tx.markDirty([...touched], "facts", now);
  await recordNotices(tx, notices, context, now);
}
