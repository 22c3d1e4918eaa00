import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The pages, by name, that are missing in the folder or not what they should be. */
export function stalePages(folder: string, pages: ReadonlyMap<string, string>): readonly string[] {
  return [...pages.keys()].filter((name) => {
    const path = join(folder, name);
    return !existsSync(path) || readFileSync(path, "utf8") !== pages.get(name);
  });
}
