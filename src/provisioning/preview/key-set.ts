import { createHash } from "node:crypto";

/** A set of texts that keeps 132 bits of each one's SHA-256: a million take about 60 MB, however long they are. */
export interface KeySet {
  add(text: string): void;
  has(text: string): boolean;
  size(): number;
}

/** Characters of base64url. */
const KEPT = 22;

/** An empty one. */
export function createKeySet(): KeySet {
  const keys = new Set<string>();
  return {
    add: (text) => void keys.add(shortened(text)),
    has: (text) => keys.has(shortened(text)),
    size: () => keys.size,
  };
}

function shortened(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, KEPT);
}
