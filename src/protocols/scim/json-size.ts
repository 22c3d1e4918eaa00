/** Owns how long a value is as JSON, without writing it. */

import type { Json } from "../../model/json.js";

/**
 * Whether the value takes more bytes than that as JSON without spaces, in UTF-8; escapes count as what they stand for. Looks at no
 * more of it than is needed to know.
 */
export function isLongerThan(value: Json, bytes: number): boolean {
  let length = 0;
  const left: Json[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === "string") length += Buffer.byteLength(next) + 2;
    else if (next === null || typeof next !== "object") length += String(next).length;
    else {
      const isArray = Array.isArray(next);
      const entries = Object.entries(next);
      length += 2 + Math.max(0, entries.length - 1);
      for (const [key, item] of entries) {
        if (!isArray) length += Buffer.byteLength(key) + 3;
        left.push(item);
      }
    }
    if (length > bytes) return true;
  }
  return false;
}
