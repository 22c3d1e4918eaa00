import { type Problem, Refusal } from "../../model/problem.js";

/** Refusal `invalid_document`: the document with these problems becomes nobody's mapping. */
export function invalidDocument(problems: readonly Problem[]): Refusal {
  return new Refusal("invalid_document", "the mapping has problems: nothing was saved", { problems });
}
