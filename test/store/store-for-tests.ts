import type { Store } from "../../src/provisioning/ports/store.js";

/** Gives a store on an empty, migrated database. */
export type OpenStore = () => Promise<Store>;

/** One store for a group of tests, each of which makes tenants of its own. */
export function storeForTests(open: OpenStore): () => Store {
  let store: Store | undefined;
  before(async () => {
    store = await open();
  });
  after(async () => {
    await store?.close();
  });
  return () => {
    if (store === undefined) throw new Error("the store is open only inside tests");
    return store;
  };
}
