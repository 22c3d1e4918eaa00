/** What takes long takes its turns: walks over whole populations, and questions about one person or document. */
import type { TenantId } from "../../model/ids.js";
import { Refusal } from "../../model/problem.js";

/** Turns for what keeps the process busy, fair between tenants. */
export interface Walks {
  /** Runs the work when it is its turn. Refusal `rate_limited` when too many of the tenant wait already. */
  run<T>(tenant: TenantId, work: () => Promise<T>): Promise<T>;
}

/** How many have their turn, and how many may wait for it. */
export interface WalkLimits {
  /** At once, over all tenants; one tenant has one at a time. */
  readonly atOnce: number;
  /** Of one tenant, behind the one that runs. */
  readonly waiting: number;
}

const RETRY_SECONDS = 10;

/** Turns of this process: each instance has its own. `what` they are, for refusals. */
export function createWalks({ atOnce, waiting: most }: WalkLimits, what = "previews and changes of everybody"): Walks {
  const running = new Set<TenantId>();
  const waiting: { readonly tenant: TenantId; readonly begin: () => void }[] = [];
  const next = () => {
    while (running.size < atOnce) {
      const at = waiting.findIndex(({ tenant }) => !running.has(tenant));
      const [first] = at < 0 ? [] : waiting.splice(at, 1);
      if (!first) return;
      running.add(first.tenant);
      first.begin();
    }
  };
  return {
    async run(tenant, work) {
      if (waiting.filter((one) => one.tenant === tenant).length >= most) {
        const message = `too many ${what} of this tenant wait already: nothing was done, try again in ${RETRY_SECONDS} seconds`;
        throw new Refusal("rate_limited", message, { retryAfterSeconds: RETRY_SECONDS });
      }
      await new Promise<void>((begin) => {
        waiting.push({ tenant, begin });
        next();
      });
      try {
        return await work();
      } finally {
        running.delete(tenant);
        next();
      }
    },
  };
}
