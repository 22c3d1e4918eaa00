import type { SessionLimits, TeamPolicy, Tenant } from "../model/connection.js";
import { domainForm } from "../model/domain-form.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import { adoptableByEach, reviewWidened } from "./namesakes.js";

export interface TenantInput {
  readonly slug: string;
  readonly name: string;
  /** Domains that the operator vouches for count as proved. */
  readonly domains?: readonly string[];
  readonly seats?: number | null;
  readonly scim?: boolean;
}

export type TenantChange = Partial<Omit<TenantInput, "slug">> & {
  readonly teamPolicy?: TeamPolicy;
  /** `null`, all or one of them: as the service has it. */
  readonly sessionLimits?: { readonly [Key in keyof SessionLimits]?: number | null } | null;
};

/** Refusals: `slug_taken`, `domain_taken`. */
export async function createTenant(p: Provisioning, input: TenantInput, context: Context): Promise<Tenant> {
  const now = p.now();
  const { slug, name, domains = [], seats = null, scim = true } = input;
  const tenant = await p.store.instance.createTenant(
    { slug, name, domains: domains.map(domainForm), seats, scim },
    now,
  );
  await p.store.write(tenant.id, (tx) => tx.appendAudit([auditEntry(context, now, "tenant.created", { slug, name })]));
  return tenant;
}

/** Refusal `domain_taken`. More seats let in who waits for one: the worker sees to it. More domains may be those of hidden namesakes. */
export async function updateTenant(
  p: Provisioning,
  tenant: Tenant,
  change: TenantChange,
  context: Context,
): Promise<Tenant> {
  const now = p.now();
  const domains = change.domains && { domains: change.domains.map(domainForm) };
  const { sessionLimits, ...others } = change;
  const limits = sessionLimits !== undefined && { sessionLimits: limitsOf(sessionLimits) };
  const updated = await p.store.instance.updateTenant(tenant.id, { ...others, ...domains, ...limits }, now);
  await p.store.write(tenant.id, async (tx) => {
    if (domains) await reviewWidened(tx, adoptableByEach(tenant, await tx.connections()), now);
    await tx.appendAudit([auditEntry(context, now, "tenant.updated", { keys: Object.keys(change) })]);
  });
  p.wake();
  return updated;
}

function limitsOf(said: NonNullable<TenantChange["sessionLimits"]> | null): SessionLimits | null {
  const { idleMinutes = null, absoluteMinutes = null } = said ?? {};
  const own = { ...(idleMinutes !== null && { idleMinutes }), ...(absoluteMinutes !== null && { absoluteMinutes }) };
  return Object.keys(own).length === 0 ? null : own;
}
