import type { Instant, TenantId } from "../../model/ids.js";

const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 60;

/** Tenants whom the worker leaves alone for a while after a failed visit: each failure doubles the time. */
export interface Rests {
  isResting(tenant: TenantId, now: Instant): boolean;
  failed(tenant: TenantId, now: Instant): void;
  succeeded(tenant: TenantId): void;
}

/** Remembers in this process which tenants' visits failed, and for how long each rests: longer each time. */
export function createRests(): Rests {
  const rests = new Map<TenantId, { readonly until: number; readonly seconds: number }>();
  return {
    isResting: (tenant, now) => (rests.get(tenant)?.until ?? 0) > Date.parse(now),
    failed(tenant, now) {
      const last = rests.get(tenant);
      const seconds = last ? Math.min(last.seconds * 2, LONGEST_SECONDS) : FIRST_SECONDS;
      rests.set(tenant, { until: Date.parse(now) + seconds * 1000, seconds });
    },
    succeeded: (tenant) => void rests.delete(tenant),
  };
}
