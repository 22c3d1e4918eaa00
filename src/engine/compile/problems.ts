import type { Problem } from "../../model/problem.js";

/** Collects what is wrong with a document, and what is merely odd, so that everything is reported at once. */
export interface Findings {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** Empty lists, for a compilation to fill. */
export function noFindings(): Findings {
  return { problems: [], warnings: [] };
}

/** A problem; `suggestion` goes into the message too, as a question. */
export function problem(pointer: string, code: string, message: string, suggestion?: string): Problem {
  if (suggestion === undefined) return { pointer, code, message };
  return { pointer, code, message: `${message}, did you mean \`${suggestion}\`?`, suggestion };
}
