/** What lint says of groups inside groups that rules map: nobody follows them. */
import { counted } from "../../model/counted.js";
import { quote } from "../../model/quote.js";
import { compareText } from "../compare-text.js";
import { type LintFinding, lintFinding } from "./finding.js";
import type { SeenGroup } from "./seen.js";

/** As many groups stand in the message. */
const NAMED = 5;

/** Collects mapped groups; `findings` names those with groups inside, the ones with most first. */
export function nesting(): {
  take(group: Pick<SeenGroup, "called" | "nested">): void;
  findings(): readonly LintFinding[];
} {
  const outer: { readonly name: string; readonly nested: number }[] = [];
  return {
    take({ called: name, nested = 0 }) {
      if (nested > 0) outer.push({ name, nested });
    },
    findings() {
      if (outer.length === 0) return [];
      const shown = outer
        .toSorted((a, b) => b.nested - a.nested || compareText(a.name, b.name))
        .slice(0, NAMED)
        .map(({ name, nested }) => `${quote(name)} has ${counted(nested, "group", "groups")} inside`);
      const others = outer.length > NAMED ? " and others have some" : "";
      const what = "who is only in an inner group gets nothing by the outer one: map the inner groups too";
      return [lintFinding("nested_group", "/mappings", `${shown.join(", ")}${others}; ${what}`)];
    },
  };
}
