/** Review items owns what becomes of what waited for an admin: who is who, and whose sign-in somebody's account is. */
import type { Tenant } from "../model/connection.js";
import type { ConnectionId, DirectoryUserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { acceptAcross, tellApart } from "./accept-across.js";
import { type Accepted, acceptOne, acceptSubject, take } from "./accept-subject.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import { privilegedAmong } from "./keep-out.js";
import { metBySubjects } from "./other-subject.js";
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
    if (item.kind === "same_email") await tellApart(tx, item);
    const isOfSubject = ["deleted_name", "kept_out"].includes(item.kind) && item.detail["subject"] !== undefined;
    if (isOfSubject) await tellApart(tx, item);
    if (isOfSubject) await tx.letPass(item.connection, String(item.detail["subject"]), candidates, now);
    await tx.appendAudit([
      auditEntry(context, now, "review_item.closed", { item: id, kind: item.kind, ...item.detail }),
    ]);
    return true;
  });
}

/**
 * An admin says that the subject of an item `other_subject` is the pushed person's from now on: their account is signed in to by it, and by
 * the one before no more; of an item `same_email`, that whoever came is the account that has the e-mail. False: nothing waits by that id. Refusal `conflict`: there is nothing to accept, or the account of the sign-in
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
    if (item.kind === "same_email") {
      const { user, touched: people } = await acceptAcross(tx, item, context, now);
      const accepted = { item: id, kind: item.kind, ...item.detail };
      await tx.appendAudit([{ ...auditEntry(context, now, "review_item.accepted", accepted), user }]);
      await tx.markDirty(people, "facts", now);
      return people;
    }
    return take(tx, [await acceptSubject(tx, item, now)], context, now);
  });
  if (touched) await reconcilePeople(p, tenant.id, touched, { context });
  return touched !== undefined;
}

/** Which items are to be accepted together. */
export interface AcceptMany {
  readonly connection: string;
  readonly kind: "other_subject";
  /** The `next` of the answer before. */
  readonly after?: string;
  /** 100 at the most. */
  readonly limit?: number;
}

/** What became of them. */
export interface AcceptedMany {
  readonly accepted: number;
  readonly refused: readonly { readonly item: string; readonly problem: string }[];
  /** How many wait still, refused ones among them. */
  readonly left: number;
  /** Where to go on; null: all were asked. */
  readonly next: string | null;
}

const MOST_TOGETHER = 100;

/**
 * Accepts items one after the other, as `acceptReviewItem` does; whatever it would refuse goes on waiting, and so does what hands over an account with privileges. INVARIANT: of items that say two
 * things of one person, or name one subject for two, none is accepted so. Refusal `not_found`: no such connection.
 */
export async function acceptReviewItems(
  p: Provisioning,
  tenant: Tenant,
  { connection: slug, kind, after, limit = MOST_TOGETHER }: AcceptMany,
  context: Context,
): Promise<AcceptedMany> {
  const now = p.now();
  const { touched, ...answer } = await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const connection = await tx.connectionBySlug(slug);
    if (!connection) throw new Refusal("not_found", `no connection \`${slug}\``);
    const of = { kind, connection: connection.id };
    const page = { limit: Math.min(limit, MOST_TOGETHER), ...(after !== undefined && { after }) };
    const { items, next } = await tx.waitingItems(of, page);
    const waiting = items.length === 0 ? [] : await tx.itemsNaming(of, items.flatMap(namesOf));
    const unread = await heldPrivileges(tx, connection.id, items);
    const met = await metBySubjects(tx, connection.id, items.map(subjectOf));
    const taken: Accepted[] = [];
    const refused: { item: string; problem: string }[] = [];
    for (const [at, item] of items.entries()) {
      try {
        refuseRivals(item, waiting);
        refuseUnread(item, unread);
        taken.push(await acceptOne(tx, item, { met: met[at] ?? [], together: true }, now));
        await tx.closeReviewItem(item.id, now);
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        refused.push({ item: item.id, problem: refusal.message });
      }
    }
    const people = await take(tx, taken, context, now);
    const left = await tx.countWaiting(of);
    return { touched: people, accepted: taken.length, refused, left, next: next ?? null };
  });
  if (touched.length > 0) await reconcilePeople(p, tenant.id, touched, { context });
  return answer;
}

/** Whom an item is about: the pushed user and the subject. */
function namesOf({ detail }: ReviewItem): readonly string[] {
  const [candidate] = (detail["candidates"] ?? []) as readonly string[];
  return [candidate, detail["subject"]].filter((name) => typeof name === "string");
}

function subjectOf({ detail }: ReviewItem): string {
  return String(detail["subject"]);
}

function refuseRivals(item: ReviewItem, waiting: readonly ReviewItem[]): void {
  const mine = new Set(namesOf(item));
  const rival = waiting.find((other) => other.id !== item.id && namesOf(other).some((name) => mine.has(name)));
  if (rival) throw new Refusal("conflict", `\`${rival.id}\` is about the same person or subject: accept one of them`);
}

/** Items whose pushed account owns the tenant, or holds privileges by hand. */
async function heldPrivileges(
  tx: TenantWriter,
  connection: ConnectionId,
  items: readonly ReviewItem[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.rowsById(connection, items.flatMap(candidateOf));
  const users = await privilegedAmong(tx, [...new Set(rows.map(({ user }) => user))]);
  const privileged = new Set(rows.flatMap(({ id, user }) => (users.has(user) ? [id] : [])));
  return new Set(items.flatMap((item) => (candidateOf(item).some((id) => privileged.has(id)) ? [item.id] : [])));
}

function candidateOf({ detail }: ReviewItem): readonly DirectoryUserId[] {
  return ((detail["candidates"] ?? []) as readonly DirectoryUserId[]).slice(0, 1);
}

/** INVARIANT: nobody hands over an account with privileges among others that nobody read. */
function refuseUnread({ id }: ReviewItem, unread: ReadonlySet<string>): void {
  if (unread.has(id))
    throw new Refusal(
      "conflict",
      `the pushed account holds privileges: make sure who comes, and accept \`${id}\` by itself`,
    );
}
