import type { Pieces } from "../../src/engine/explain/pieces.js";

/** Drives long work to its end without letting anybody else be served. */
export function atOnce<Result>(pieces: Pieces<Result>): Result {
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return value;
  }
}
