/** Review items owns what becomes of what waited for an admin: who is who, and whose sign-in somebody's account is. */
import type { Connection, Tenant } from "../model/connection.js";
import type { DirectoryUserId, Instant } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import { type JoinNotice, keepFormerSubject, moveSignIn } from "./join-signed-in.js";
import { holdsPrivileges } from "./keep-out.js";
import { recordNotices } from "./notices.js";
import { emptyClaims } from "./observe.js";
import type { LinkCandidate } from "./ports/directory.js";
import type { ReviewItem } from "./ports/review-items.js";
import type { TenantWriter } from "./ports/store.js";
import { reconcilePeople } from "./reconcile.js";

/**
 * An admin has decided what waited: whoever is kept out by somebody switched off or deleted is somebody else, and may sign in. False:
 * nothing waits by that id.
 */
export async function closeReviewItem(p: Provisioning, tenant: Tenant, id: string, context: Context): Promise<boolean> {
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    const item = await tx.closeReviewItem(id, now);
    if (item === undefined) return false;
    const candidates = (item.detail["candidates"] ?? []) as readonly DirectoryUserId[];
    if (item.kind === "deleted_name") await tx.letNamesGo(candidates);
    const isOfSubject = ["deleted_name", "kept_out"].includes(item.kind) && item.detail["subject"] !== undefined;
    if (isOfSubject) await tx.letPass(item.connection, String(item.detail["subject"]), candidates, now);
    await tx.appendAudit([
      auditEntry(context, now, "review_item.closed", { item: id, kind: item.kind, ...item.detail }),
    ]);
    return true;
  });
}

/**
 * An admin says that the subject of an item `other_subject` is the pushed person's from now on: their account is signed in to by it, and by
 * the one before no more. False: nothing waits by that id. Refusal `conflict`: there is nothing to accept, or the account of the sign-in
 * holds privileges.
 */
export async function acceptReviewItem(
  p: Provisioning,
  tenant: Tenant,
  id: string,
  context: Context,
): Promise<boolean> {
  const now = p.now();
  const touched = await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const item = await tx.closeReviewItem(id, now);
    if (item === undefined) return undefined;
    const { connection, row, subject } = await acceptable(tx, item);
    const joined = await moveSubject(tx, connection, row, subject, now);
    const accepted = { item: id, kind: item.kind, ...item.detail };
    await tx.appendAudit([{ ...auditEntry(context, now, "review_item.accepted", accepted), user: row.user }]);
    await recordNotices(tx, joined ? [joined] : [], context, now);
    await tx.endAllSessions([row.user]);
    const people = [row.user, ...(joined ? [joined.user] : [])];
    await tx.markDirty(people, "facts", now);
    return people;
  });
  if (touched) await reconcilePeople(p, tenant.id, touched, { context });
  return touched !== undefined;
}

async function acceptable(tx: TenantWriter, { id, kind, connection: at, detail }: ReviewItem) {
  const { subject, candidates } = detail;
  const [candidate] = (candidates ?? []) as readonly DirectoryUserId[];
  if (kind !== "other_subject" || typeof subject !== "string" || candidate === undefined) {
    throw new Refusal(
      "conflict",
      `\`${id}\` (\`${kind}\`) is nothing to accept: decide it as the documents say, and put it away`,
    );
  }
  const connection = (await tx.connections()).find((one) => one.id === at);
  const row = await tx.rowById(at, candidate);
  if (connection === undefined || !row?.hasScim || row.deleted) {
    throw new Refusal("conflict", "the pushed user is there no more: put the item away");
  }
  return { connection, row, subject };
}

async function moveSubject(
  tx: TenantWriter,
  connection: Connection,
  row: LinkCandidate,
  subject: string,
  now: Instant,
): Promise<JoinNotice | undefined> {
  const known = await tx.rowBySubject(connection.id, subject);
  if (known?.id === row.id) return undefined;
  if (known?.hasScim) {
    throw new Refusal("conflict", `\`${subject}\` signs in as another pushed user, \`${known.id}\`: put the item away`);
  }
  if (known !== undefined) return moveAlone(tx, connection, { ...known, subject }, row, now);
  await keepFormerSubject(tx, row, subject);
  await tx.updateClaims(row.id, row.claims ?? emptyClaims(now), subject, now);
  return undefined;
}

async function moveAlone(
  tx: TenantWriter,
  connection: Connection,
  known: LinkCandidate,
  row: LinkCandidate,
  now: Instant,
): Promise<JoinNotice | undefined> {
  if (await holdsPrivileges(tx, known.user)) {
    const remedy = "give the pushed account what it should have, take it from the other one, and accept again";
    throw new Refusal("conflict", `the account of the sign-in, \`${known.user}\`, holds privileges: ${remedy}`);
  }
  return moveSignIn(tx, connection, { ...known, claims: known.claims ?? emptyClaims(now) }, row, now);
}
