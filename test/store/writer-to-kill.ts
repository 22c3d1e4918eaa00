/** A process that commits groups one after the other and says the number of each once it is committed; it is killed. */
import { openStore } from "../../src/store/open.js";
import { groupDocument, makeWorld, NOW } from "./world.js";

const store = await openStore(process.argv[2] ?? "");
await store.migrate();
const world = await makeWorld(store);
process.stdout.write(`tenant ${world.tenant.id}\n`);
for (let number = 0; ; number += 4) {
  await Promise.all(
    [0, 1, 2, 3].map(async (step) => {
      const name = `g${number + step}`;
      await world.write((tx) => tx.insertGroup(world.connection.id, groupDocument(name), NOW));
      process.stdout.write(`${name}\n`);
    }),
  );
}
