/** Other subject owns what an item `other_subject` says, and what of it holds still when an admin accepts it. */
import type { Connection } from "../model/connection.js";
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { Refusal } from "../model/problem.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { MetRow } from "./ports/kept-out.js";
import type { ReviewItem } from "./ports/review-items.js";
import type { TenantWriter } from "./ports/store.js";

/** Somebody else's subject may be that of a pushed person by now: an admin decides, who accepts the item if so. */
export async function reviewSubject(
  tx: TenantWriter,
  connection: Connection,
  { id, user, userName, subject: signedInBy }: Pick<LinkCandidate, "id" | "user" | "userName" | "subject">,
  subject: string,
  now: Instant,
): Promise<void> {
  const [met = []] = await metBySubjects(tx, connection.id, [subject]);
  const formerOf = goneOf(met, user);
  const heldBy = met.find((row) => row.user !== user && isHolder(row, subject))?.user;
  const detail = {
    ...{ subject, names: [userName], users: [user], candidates: [id] },
    ...(formerOf.length > 0 && { formerOf }),
    ...(heldBy !== undefined && { heldBy }),
    ...(signedInBy !== undefined && { signedInBy }),
  };
  await tx.closeOutdated({ connection: connection.id, detail }, now);
  await tx.insertReviewItem({ kind: "other_subject", connection: connection.id, detail }, now);
}

/** Whom each subject by itself meets, whatever else the provider says. */
export function metBySubjects(
  tx: TenantWriter,
  connection: ConnectionId,
  subjects: readonly string[],
): Promise<readonly (readonly MetRow[])[]> {
  if (subjects.length === 0) return Promise.resolve([]);
  return tx.metBy(
    connection,
    subjects.map((subject) => ({ subject, names: [] })),
  );
}

/** Whose the subject is or was, among others than this account, who are switched off or deleted and not back: but for whom an admin told apart from it. */
export function goneOf(met: readonly MetRow[], besides: UserId): readonly UserId[] {
  const others = met.filter((row) => row.user !== besides && row.met.length > 0 && !row.letIn && !row.notThem);
  return [...new Set(others.filter(isGone).map(({ user }) => user))];
}

function isGone({ hasScim, scimActive, deleted, ended, again }: MetRow): boolean {
  if (deleted) return hasScim && !(again?.hasScim && again.scimActive);
  return ended || (hasScim && !scimActive);
}

/** Pushed, active, and signs in by it. */
function isHolder({ hasScim, scimActive, deleted, subject: own }: LinkCandidate, subject: string): boolean {
  return hasScim && scimActive && !deleted && own === subject;
}

/** What an item asks about. */
export interface AskedSubject {
  readonly subject: string;
  readonly candidate: DirectoryUserId;
  /** Of whom it says that the subject is or was theirs, and that they are gone. */
  readonly formerOf: readonly UserId[];
  /** The pushed person who signs in by it. */
  readonly heldBy?: UserId;
  /** By which subject the pushed person signed in when it was made. */
  readonly signedInBy?: string;
}

/** Refusal `conflict`: the item asks of no subject. */
export function askedSubject({ id, kind, detail }: Pick<ReviewItem, "id" | "kind" | "detail">): AskedSubject {
  const { subject, candidates, formerOf, heldBy, signedInBy }: JsonObject = detail;
  const [candidate] = (candidates ?? []) as readonly DirectoryUserId[];
  if (kind !== "other_subject" || typeof subject !== "string" || candidate === undefined) {
    throw new Refusal(
      "conflict",
      `\`${id}\` (\`${kind}\`) is nothing to accept: decide it as the documents say, and put it away`,
    );
  }
  return {
    ...{ subject, candidate, formerOf: (formerOf ?? []) as readonly UserId[] },
    ...(typeof heldBy === "string" && { heldBy: heldBy as UserId }),
    ...(typeof signedInBy === "string" && { signedInBy }),
  };
}

/** How things stand when an item is accepted. */
export interface Standing {
  readonly row: LinkCandidate;
  /** The row that has the subject. */
  readonly known: LinkCandidate | undefined;
  /** As `goneOf` says. */
  readonly gone: readonly UserId[];
  /** Accepted among others: nobody read it. */
  readonly together: boolean;
}

/**
 * INVARIANT: an admin's word counts for what the item said. It takes no account from whoever signs in to it since, and gives none to whose
 * subject is another person's by now. Nor does what nobody read give one to somebody who left, or take a subject from whom it was pushed for.
 */
export function refuseOutdated(asked: AskedSubject, { row, known, gone, together }: Standing): void {
  const { subject, formerOf, heldBy, signedInBy } = asked;
  if (row.subject !== undefined && row.subject !== subject && row.subject !== signedInBy) {
    throw conflict(`\`${row.user}\` is signed in to by another subject since: put the item away`);
  }
  const other = known && known.user !== row.user && isHolder(known, subject) ? known : undefined;
  if (other && other.user !== heldBy) {
    throw conflict(`the subject is that of \`${other.user}\`, who is pushed, by now: put the item away`);
  }
  const unsaid = gone.find((user) => !formerOf.includes(user));
  if (unsaid !== undefined) {
    throw conflict(`the subject was that of \`${unsaid}\`, who is switched off or deleted by now: put the item away`);
  }
  if (!together) return;
  if (gone[0] !== undefined) {
    throw conflict(`the subject is or was that of \`${gone[0]}\`, who is switched off or deleted: ${READ_IT}`);
  }
  const isSaid = row.externalId === subject && other?.externalId !== subject;
  if (other && !isSaid) throw conflict(`the subject is that of \`${other.user}\`, who is pushed: ${READ_IT}`);
}

const READ_IT = "make sure who comes, and accept the item by itself";

function conflict(problem: string): Refusal {
  return new Refusal("conflict", problem);
}
