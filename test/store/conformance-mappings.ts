import { expect } from "chai";
import type { PlanRow } from "../../src/provisioning/ports/mappings.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { expectRefusal, LATER, makeWorld, NOW } from "./world.js";

const SUMMARY = {
  ...{ users: 1, changed: 1, granted: 1, revoked: 0, held: 0, frozen: 0, created: 0, deactivated: 0 },
  ...{ newTeams: ["Platform"], drifted: 0 },
};

function line(index: number): PlanRow {
  const user = { id: `u${index}`, userName: `user ${index}` };
  return {
    user,
    change: "grant",
    target: { scope: "tenant", role: "r" },
    reason: "x",
    privileged: true,
    factsVersion: index,
  };
}

export function mappingConformance(open: OpenStore): void {
  describe("mappings and plans", () => {
    const store = storeForTests(open);

    it("appends versions, activates each, and gives the text back as it was sent", async () => {
      const { read, write } = await makeWorld(store());
      expect(await read.activeMapping()).to.equal(undefined);
      const text = '{ "version": 1,\n  "mappings": [ ] , "b": 1.0 }\n';
      expect(await write((tx) => tx.saveMapping(0, { text, author: "op", note: "first" }, NOW))).to.equal(1);
      expect(await write((tx) => tx.saveMapping(1, { text: "{}", author: "op", restores: 1 }, LATER))).to.equal(2);
      expect(await read.mappingVersion(1)).to.deep.equal({
        version: 1,
        text,
        author: "op",
        note: "first",
        createdAt: NOW,
      });
      expect(await read.activeMapping()).to.deep.equal({
        version: 2,
        text: "{}",
        author: "op",
        restores: 1,
        createdAt: LATER,
      });
      expect((await read.tenantNow()).activeVersion).to.equal(2);
      expect(await read.mappingVersion(3)).to.equal(undefined);
      const page = await read.mappingVersions({ limit: 1 });
      expect(page.items.map((item) => item.version)).to.deep.equal([2]);
      const rest = await read.mappingVersions({ limit: 5, after: page.next ?? "" });
      expect(rest.items.map((item) => item.version)).to.deep.equal([1]);
      expect(rest.next).to.equal(undefined);
    });

    it("refuses to save over a version that was not the active one", async () => {
      const { read, write } = await makeWorld(store());
      const save = (expected: number) => write((tx) => tx.saveMapping(expected, { text: "{}", author: "op" }, NOW));
      await save(0);
      await expectRefusal(save(0), "version_conflict");
      await expectRefusal(save(7), "version_conflict");
      expect((await read.activeMapping())?.version).to.equal(1);
    });

    it("keeps a plan of many lines in their order", async () => {
      const { read, write } = await makeWorld(store());
      const lines = Array.from({ length: 6203 }, (_, index) => line(index));
      const plan = { kind: "mapping", subject: "doc", digest: "d1", summary: SUMMARY, expiresAt: LATER } as const;
      const id = await write((tx) => tx.savePlan(plan, lines, NOW));
      const { expiresAt: _expiresAt, ...stored } = plan;
      expect(await read.plan("mapping", "doc", "d1")).to.deep.equal({ id, ...stored, createdAt: NOW });
      expect(await read.planById(id)).to.deep.equal({ id, ...stored, createdAt: NOW });
      expect(await read.planById("other")).to.equal(undefined);
      for (const [from, limit] of [
        [0, 3],
        [498, 5],
        [4999, 2],
        [6200, 100],
        [6203, 10],
        [9999, 10],
        [0, 0],
      ] as const) {
        expect(await read.planLines(id, from, limit), `${from}+${limit}`).to.deep.equal(
          lines.slice(from, from + limit),
        );
      }
      expect(await read.planLines(id, 0, 10_000)).to.have.length(6203);
    });

    it("finds a plan by kind, subject and digest together, the latest of several", async () => {
      const { read, write } = await makeWorld(store());
      const plan = { kind: "go_live", subject: "okta", digest: "d", summary: SUMMARY, expiresAt: LATER } as const;
      await write((tx) => tx.savePlan(plan, [], NOW));
      const id = await write((tx) => tx.savePlan(plan, [line(1)], NOW));
      expect((await read.plan("go_live", "okta", "d"))?.id).to.equal(id);
      expect(await read.plan("disable", "okta", "d")).to.equal(undefined);
      expect(await read.plan("go_live", "other", "d")).to.equal(undefined);
      expect(await read.plan("go_live", "okta", "e")).to.equal(undefined);
    });
  });
}
