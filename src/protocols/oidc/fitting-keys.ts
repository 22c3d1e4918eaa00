import type { JsonObject } from "../../model/json.js";
import { failureFrom, keysInDoubt } from "./failure.js";
import type { KnownProvider, KnownProviders } from "./known-providers.js";
import type { Provider } from "./rp.js";

/** A token without a `kid` is tried with this many keys of its kind at most. */
export const MOST_TRIED = 10;

/**
 * Attempts what verifies a signature of the provider's, which it may have made with a key that came a moment ago: where no
 * key fits, the keys are read anew, once; where several may, each is tried. INVARIANT: an attempt repeats nothing that a
 * provider grants only once. `rereads`: how often in a minute at the most, where fewer than usual. Throws what the last attempt
 * threw.
 */
export async function withFittingKeys<Result>(
  known: KnownProviders,
  provider: Provider,
  attempt: (known: KnownProvider) => Promise<Result>,
  rereads?: number,
): Promise<Result> {
  const seen = await known.of(provider);
  try {
    return await withEachKey(seen, attempt);
  } catch (error) {
    if (!["key", "signature"].includes(failureFrom(error, "grant").guard)) throw error;
    const newer = await known.newer(provider, seen, rereads);
    if (newer === undefined) throw error;
    return withEachKey(newer, attempt);
  }
}

async function withEachKey<Result>(
  known: KnownProvider,
  attempt: (known: KnownProvider) => Promise<Result>,
): Promise<Result> {
  try {
    return await attempt(known);
  } catch (error) {
    let last: unknown = error;
    for (const key of keysInDoubt(error).slice(0, MOST_TRIED)) {
      try {
        return await attempt({ ...known, keys: [key as JsonObject] });
      } catch (failure) {
        last = failure;
      }
    }
    throw last;
  }
}
