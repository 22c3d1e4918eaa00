import { randomFillSync } from "node:crypto";
import { monotonicFactory } from "ulid";

const BYTES = 4096;

/** Makes ids that sort by their making, also within a millisecond: lists in creation order are lists in id order. */
export function createIds(): () => string {
  const bytes = new Uint8Array(BYTES);
  let used = BYTES;
  // a byte for each letter, as the library itself would ask for, but fetched many at a time
  return monotonicFactory(() => {
    if (used === BYTES) {
      randomFillSync(bytes);
      used = 0;
    }
    return (bytes[used++] ?? 0) / 256;
  });
}
