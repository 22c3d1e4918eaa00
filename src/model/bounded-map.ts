/** What is remembered to save work, and may be forgotten at any time. */
export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined;
  /** Makes the key the latest, also where it was there before. */
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

/**
 * A map whose values weigh no more than `most` together: what was set longest ago is forgotten first. `weightOf` is asked
 * once for each value that is set; without it each weighs 1. The latest stays whatever it weighs, and reading changes no order.
 */
export function boundedMap<Key, Value>(
  most: number,
  weightOf: (value: Value) => number = () => 1,
): BoundedMap<Key, Value> {
  const entries = new Map<Key, { readonly value: Value; readonly weight: number }>();
  let total = 0;
  const forget = (key: Key) => {
    total -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  };
  return {
    get: (key) => entries.get(key)?.value,
    set(key, value) {
      forget(key);
      const weight = weightOf(value);
      entries.set(key, { value, weight });
      total += weight;
      for (const oldest of entries.keys()) {
        if (total <= most || oldest === key) return;
        forget(oldest);
      }
    },
    delete: forget,
  };
}
