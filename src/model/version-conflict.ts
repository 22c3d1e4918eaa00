import { Refusal } from "./problem.js";

/** Refusal `version_conflict`: what a write was made for is another by now, or gone. */
export function versionConflict(what: "user" | "group" | "service account" | "resource", id: string): Refusal {
  return new Refusal("version_conflict", `${what} \`${id}\` has changed: read it again, then retry`);
}
