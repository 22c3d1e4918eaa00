import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./root.js";

/** The version of this installation, as package.json has it. */
export function readVersion(): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
  return version;
}
