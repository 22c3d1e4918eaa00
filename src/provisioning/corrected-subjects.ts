/** Corrected-subjects owns what a push says of pushed people who came in to somebody else's account: their subject is another's by now. */
import type { DirectoryUserId, UserId } from "../model/ids.js";
import type { IngestState } from "./ingest-state.js";
import { reviewSubject } from "./other-subject.js";
import type { SignedInRow } from "./ports/signed-in.js";
import { isConfirmed, whoSignsIn } from "./who-signs-in.js";

type State = Pick<IngestState, "tx" | "connection" | "now">;

/**
 * After a push gave somebody an externalId, or switched somebody off who has one: whoever came in by it to another pushed person's account
 * is asked about, as at their next sign-in, and has no session until then. `changed`: the row whose own externalId is another one now.
 */
export async function askOtherSubjects(
  state: State,
  { externalId, changed }: { readonly externalId?: string | undefined; readonly changed?: DirectoryUserId },
): Promise<void> {
  const { tx, connection } = state;
  if (connection.sync !== "live") return;
  const ids = externalId === undefined ? [] : [externalId];
  await askAbout(state, await tx.pushedSignIns(connection.id, ids, changed === undefined ? [] : [changed]));
}

/** INVARIANT: names that another has by now say nothing until they are said again: who is renamed would lose the session to the next of the name. */
export async function askAbout({ tx, connection, now }: State, signIns: readonly SignedInRow[]): Promise<void> {
  const open = signIns.filter((one) => !isConfirmed(one, one));
  if (open.length === 0) return;
  const met = await tx.metBy(connection.id, open);
  const ended: UserId[] = [];
  for (const [at, known] of open.entries()) {
    const rows = (met[at] ?? []).filter((row) => isConfirmed(known, row));
    const who = whoSignsIn(known, { live: true, rows, known, privileged: new Set(), contested: new Set() });
    if (who.kind === "row") continue;
    if (who.kind === "ambiguous" && who.meant) await reviewSubject(tx, connection, who.meant, known.subject, now);
    ended.push(known.user);
  }
  if (ended.length > 0) await tx.endAllSessions(ended);
}
