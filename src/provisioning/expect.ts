import type { Tenant } from "../model/connection.js";
import type { Instant } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";

export interface ExpectedChange {
  /** People who may lose access beyond what the brake lets through anyway. */
  readonly max: number;
  readonly until: Instant;
}

const LONGEST_DAYS = 30;

/**
 * Announces a planned change of a connection to the brake; it replaces an earlier announcement. Refusals: `not_found`,
 * `bad_request` (over already, or more than 30 days ahead: a forgotten one would leave the brake open).
 */
export async function expectChange(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  { max, until }: ExpectedChange,
  context: Context,
): Promise<void> {
  const now = p.now();
  const latest = new Date(Date.parse(now) + LONGEST_DAYS * 86_400_000).toISOString();
  if (until <= now) throw new Refusal("bad_request", "`until` is in the past");
  if (until > latest) throw new Refusal("bad_request", `\`until\` is more than ${LONGEST_DAYS} days ahead`);
  const connection = await p.store.read(tenant.id).connectionBySlug(slug);
  if (!connection || connection.disabledAt !== undefined) throw new Refusal("not_found", `no connection \`${slug}\``);
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    await tx.putExpectation(connection.id, max, until);
    await tx.appendAudit([auditEntry(context, now, "connection.change_expected", { connection: slug, max, until })]);
  });
}
