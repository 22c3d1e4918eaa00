import type { Page, PageQuery } from "./ports/store.js";

/** Reads a list to its end, so many items at a time. */
export async function* pagesOf<T>(
  read: (query: PageQuery) => Promise<Page<T>>,
  limit: number,
): AsyncGenerator<readonly T[]> {
  let after: string | undefined;
  do {
    const { items, next } = await read(after === undefined ? { limit } : { limit, after });
    yield items;
    after = next;
  } while (after !== undefined);
}

/** The same, one item after the other. */
export async function* itemsOf<T>(read: (query: PageQuery) => Promise<Page<T>>, limit: number): AsyncGenerator<T> {
  for await (const items of pagesOf(read, limit)) yield* items;
}
