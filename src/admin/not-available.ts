import { Refusal } from "../model/problem.js";

/** Refuses what the API's contract knows and this version does not do, so that nobody takes silence for consent. */
export function notAvailable(pointer: string, what: string): Refusal {
  return notAvailableAtAll([{ pointer, what }]);
}

export function notAvailableAtAll(parts: readonly { readonly pointer: string; readonly what: string }[]): Refusal {
  const problems = parts.map(({ pointer, what }) => ({
    pointer,
    code: "not_available",
    message: `${what} is not available in this version`,
  }));
  return new Refusal("invalid_document", problems.map(({ message }) => message).join("; "), { problems });
}
