import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder that holds package.json, schemas, config and rules: the same from source, build output or an installed package. */
export const projectRoot: string = findRoot(import.meta.dirname);

function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("package.json not found above this module: the installation is incomplete");
  return findRoot(parent);
}
