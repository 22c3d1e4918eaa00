/** Strikes own the memory of which expressions ended badly: by themselves, or on one input. */
import { createHash } from "node:crypto";
import { boundedMap } from "../model/bounded-map.js";

/** What came to its end badly so often that it is not run any more. */
export type Suspended = "source" | "input";

/** What is counted for one purpose, and ends with it. */
export interface Strikes {
  /** Why this is not run any more, in words; `undefined` when it may run. */
  refusal(source: string, input: string): string | undefined;
  /** Counts a bad end. Answers with what is suspended by it, from now on. */
  strike(source: string, input: string): Suspended | undefined;
}

/** The strikes of decisions, by tenant and version of its mapping: a newer version begins afresh. */
export interface LiveStrikes {
  of(tenant: number, version: number): Strikes;
}

/** Bad ends of one input until it is suspended, and different inputs until their expression is. */
const MOST = 5;
/** Expressions and tenants beyond these make older ones be forgotten, which are then tried again. */
const SOURCES = 1000;
const TENANTS = 1000;

const LIVE = "it runs again once a mapping is activated";
const OF_ONE_ATTEMPT = "it was left out from there on";

/**
 * An input counts once towards its expression's suspension: whoever comes back with the same facts again and again suspends
 * nothing but the attempts on those.
 */
function createStrikes(until: string): Strikes {
  const sources = boundedMap<string, Map<string, number>>(SOURCES);
  return {
    refusal(source, input) {
      const inputs = sources.get(source);
      if (inputs === undefined) return undefined;
      if (inputs.size >= MOST) return `the expression ended badly ${MOST} times: ${until}`;
      if ((inputs.get(digestOf(input)) ?? 0) < MOST) return undefined;
      return `the expression ended badly ${MOST} times on these facts: ${until}, or on other facts`;
    },
    strike(source, input) {
      const inputs = sources.get(source) ?? new Map<string, number>();
      // What was under way when its expression was suspended suspends nothing more.
      if (inputs.size >= MOST) return undefined;
      const digest = digestOf(input);
      const count = (inputs.get(digest) ?? 0) + 1;
      inputs.set(digest, count);
      sources.set(source, inputs);
      if (inputs.size >= MOST) return "source";
      return count === MOST ? "input" : undefined;
    },
  };
}

/** The strikes of a preview, a try, a check: they end with it. `live`: what these have suspended is not run either. */
export function strikesApart(live?: Strikes): Strikes {
  const own = createStrikes(OF_ONE_ATTEMPT);
  return {
    refusal: (source, input) => live?.refusal(source, input) ?? own.refusal(source, input),
    strike: own.strike,
  };
}

export function createLiveStrikes(): LiveStrikes {
  const newest = boundedMap<number, { readonly version: number; readonly strikes: Strikes }>(TENANTS);
  return {
    of(tenant, version) {
      // Who is late with an older version counts alone: the newer one is no business of theirs.
      const late = createStrikes(LIVE);
      const current = () => {
        const known = newest.get(tenant);
        if (known?.version === version) return known.strikes;
        return known === undefined || known.version < version ? undefined : late;
      };
      return {
        refusal: (source, input) => current()?.refusal(source, input),
        strike(source, input) {
          const strikes = current() ?? createStrikes(LIVE);
          if (strikes !== late) newest.set(tenant, { version, strikes });
          return strikes.strike(source, input);
        },
      };
    },
  };
}

function digestOf(input: string): string {
  return createHash("sha256").update(input).digest("base64");
}
