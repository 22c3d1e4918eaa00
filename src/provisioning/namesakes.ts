/** Namesakes owns what an admin is told of people made by hand whose userName is a pushed person's: no client finds them. */
import type { Connection, Tenant } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import { adoptableBy } from "./adopt.js";
import type { Adoptable, HiddenOf } from "./ports/adoption.js";
import type { TenantWriter } from "./ports/store.js";

/** What each of these connections may take over, of those that may take anybody over. */
export function adoptableByEach(
  tenant: Pick<Tenant, "domains" | "lapsedDomains">,
  connections: readonly Connection[],
): readonly Adoptable[] {
  return connections.flatMap((connection) => {
    const adoptable = connection.disabledAt === undefined ? adoptableBy(tenant, connection) : undefined;
    return adoptable !== undefined && adoptable.domains.length > 0 ? [adoptable] : [];
  });
}

/** Tells of these people, made by hand or edited by an admin, in a constant number of statements for each connection. */
export async function reviewNamesakes(tx: TenantWriter, users: readonly UserId[], now: Instant): Promise<void> {
  if (users.length === 0) return;
  for (const { connection } of adoptableByEach(await tx.tenantNow(), await tx.connections())) {
    await tell(tx, connection, { users }, now);
  }
}

/**
 * Tells of those whom connections may take over by domains that they could take nobody over by before: they were hidden all along,
 * and nobody knew. `before`: as `adoptableByEach` was.
 */
export async function reviewWidened(tx: TenantWriter, before: readonly Adoptable[], now: Instant): Promise<void> {
  const had = new Map(before.map(({ connection, domains }) => [connection, new Set(domains)]));
  for (const { connection, domains } of adoptableByEach(await tx.tenantNow(), await tx.connections())) {
    const more = domains.filter((domain) => !had.get(connection)?.has(domain));
    if (more.length > 0) await tell(tx, connection, { domains: more }, now);
  }
}

async function tell(tx: TenantWriter, connection: Adoptable["connection"], of: HiddenOf, now: Instant): Promise<void> {
  const pairs = await tx.hiddenNamesakes(connection, of);
  const details = pairs.map(({ userName, user, pushed }) => ({
    names: [userName],
    candidates: [pushed.id],
    users: [user, pushed.user],
  }));
  await tx.insertReviewItems({ kind: "same_user_name", connection, details }, now);
}
