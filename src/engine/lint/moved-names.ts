/** Findings about names that were pinned to groups which are called something else by now, or that others are called by. */
import { counted } from "../../model/counted.js";
import { quote } from "../../model/quote.js";
import { type LintFinding, lintFinding } from "./finding.js";
import { listed } from "./listed.js";
import type { Renaming } from "./renaming.js";
import type { MovedName } from "./wanted-book.js";

export function movedNames(renamed: Renaming, moved: MovedName): LintFinding {
  const { from } = moved.group;
  const place = from.kind === "expression" ? { position: from.text.position } : {};
  return { ...findingOf(renamed, moved), ...place };
}

function findingOf(renamed: Renaming, { group, name, how, called }: MovedName): LintFinding {
  const { pointer, kinds } = group;
  if (how === "taken") {
    const which = counted(called.length, "group is", "groups are");
    const message = `${which} called ${quote(name)}, by which rules mean another one: nothing is given by it unless an admin moves the name`;
    return lintFinding("name_taken", pointer, message);
  }
  if (how === "waiting") {
    const message = `the group that is meant by ${quote(name)} took the name over from a deleted one: anything privileged waits until an admin confirms it`;
    return lintFinding("unconfirmed_group", pointer, message);
  }
  const to = called[0] as string;
  const message = `the group that is meant by ${quote(name)} is called ${listed(called)} now, and goes on giving what it gave`;
  // Of an alias' name the book says what is meant.
  const fix = called.length === 1 && kinds.length === 1 ? renamed(group, to) : undefined;
  return lintFinding("renamed_group", pointer, message, { suggestion: to, fix });
}
