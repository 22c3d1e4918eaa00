import type { DirectoryQuery } from "./directory.js";

/** The userName, folded, of a query that asks for nobody but the one who has it, whether a row of its own or one that it may take over. */
export function soughtName({ filter, offset, limit, walk }: DirectoryQuery): string | undefined {
  if (filter?.op !== "compare" || filter.comparator !== "eq" || typeof filter.value !== "string") return undefined;
  const [step, ...further] = filter.path;
  const isName = step?.name === "userName" && further.length === 0;
  return isName && offset === 0 && limit > 0 && walk === undefined ? filter.value : undefined;
}
