import { expect } from "chai";
import type { RunId } from "../../src/model/ids.js";
import type { AuditEntry } from "../../src/provisioning/ports/journal.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { LATER, makeWorld, NOW } from "./world.js";

export function journalConformance(open: OpenStore): void {
  describe("audit and events", () => {
    const store = storeForTests(open);

    it("gives audit entries back, newest first, by person, by action and page by page", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const full: AuditEntry = {
        ...{ at: NOW, actor: { kind: "api_key", id: "k", label: "ci" }, door: "admin", action: "user.created", user },
        ...{ run: 4 as RunId, requestId: "req", detail: { b: 1, a: ["x"] } },
      };
      const bare: AuditEntry = { at: LATER, actor: { kind: "worker" }, door: "worker", action: "run.held", detail: {} };
      await world.write((tx) => tx.appendAudit([full, bare]));
      await world.write((tx) => tx.appendAudit([]));
      const all = await world.read.audit({ limit: 10 });
      expect(all.items.map(({ id: _id, ...entry }) => entry)).to.deep.equal([bare, full]);
      const actions = async (query: object) =>
        (await world.read.audit({ limit: 10, ...query })).items.map((entry) => entry.action);
      expect(await actions({ user })).to.deep.equal(["user.created"]);
      expect(await actions({ action: "run.held" })).to.deep.equal(["run.held"]);
      const first = await world.read.audit({ limit: 1 });
      expect(await actions({ limit: 1, after: first.next })).to.deep.equal(["user.created"]);
      expect((await world.read.audit({ limit: 2 })).next).to.equal(undefined);
    });

    it("shows events once published, in the order they were written", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const append = (types: readonly string[]) =>
        world.write((tx) =>
          tx.appendEvents(
            types.map((type) => ({ type, user, data: { type } })),
            NOW,
          ),
        );
      await append(["a", "b"]);
      await append(["c"]);
      const events = (after: number, limit = 10) => world.read.events({ after, limit });
      expect(await events(0)).to.deep.equal([]);
      expect(await world.write((tx) => tx.publishEvents(LATER, 2))).to.equal(2);
      expect((await events(0)).map((event) => event.type)).to.deep.equal(["a", "b"]);
      expect(await world.write((tx) => tx.publishEvents(LATER, 10))).to.equal(1);
      expect(await world.write((tx) => tx.publishEvents(LATER, 10))).to.equal(0);
      const [, second] = await events(0, 2);
      const rest = await events(second?.position ?? 0);
      expect(rest).to.have.length(1);
      expect(rest[0]).to.deep.include({ type: "c", at: NOW, user, data: { type: "c" } });
      expect(rest[0]?.position).to.be.greaterThan(second?.position ?? 0);
    });
  });
}
