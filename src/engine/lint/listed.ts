import { quote } from "../../model/quote.js";
import { compareText } from "../compare-text.js";

/** As many names stand in one message. */
const NAMED = 5;

/** Names in quotes, in their order, the first few. */
export function listed(names: readonly string[]): string {
  const shown = names
    .toSorted(compareText)
    .slice(0, NAMED)
    .map((name) => quote(name));
  return `${shown.join(", ")}${names.length > NAMED ? " and others" : ""}`;
}
