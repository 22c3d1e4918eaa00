import { expect } from "chai";
import type { PlanLineFilter, PlanRow } from "../../src/provisioning/ports/mappings.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { expectRefusal, LATER, makeWorld, NOW, SUMMARY, savePlan } from "./world.js";

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
      expect(await read.mappingAuthors()).to.deep.equal([
        { version: 2, author: "op", restores: 1, createdAt: LATER },
        { version: 1, author: "op", note: "first", createdAt: NOW },
      ]);
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

    it("keeps a plan of many lines in the order of their places, whenever they come and however full pages are", async () => {
      const { read, write } = await makeWorld(store());
      const lines = Array.from({ length: 1203 }, (_, index) => line(index));
      const plan = { kind: "mapping", subject: "doc" } as const;
      const id = await write((tx) => tx.beginPlan({ ...plan, expiresAt: LATER }, NOW));
      await write((tx) => tx.addPlanPages(id, [{ place: 2_000_000_001, lines: lines.slice(1000) }]));
      await write((tx) => tx.addPlanPages(id, []));
      await write((tx) =>
        tx.addPlanPages(id, [
          { place: 2_000_000_000, lines: lines.slice(501, 1000) },
          { place: 7, lines: lines.slice(500, 501) },
          { place: 0, lines: lines.slice(0, 500) },
        ]),
      );
      expect(await read.plan("mapping", "doc", ""), "unfinished").to.equal(undefined);
      expect(await read.planById(id), "unfinished").to.equal(undefined);
      await write((tx) => tx.finishPlan(id, { digest: "d1", summary: SUMMARY, expiresAt: LATER }));
      const stored = { id, ...plan, digest: "d1", summary: SUMMARY, createdAt: NOW };
      expect(await read.plan("mapping", "doc", "d1")).to.deep.equal(stored);
      expect(await read.planById(id)).to.deep.equal(stored);
      expect(await read.planById("other")).to.equal(undefined);
      for (const limit of [1, 100, 499, 500, 501, 1000, 1203, 5000]) {
        const seen: unknown[] = [];
        let after: string | undefined;
        do {
          const page = await read.planLines(id, { limit, ...(after === undefined ? {} : { after }) });
          if (limit === 1 && seen.length > 3) break;
          expect(page.items.length, `${limit}`).to.equal(Math.min(limit, lines.length - seen.length));
          seen.push(...page.items);
          after = page.next;
        } while (after !== undefined);
        expect(seen, `${limit}`).to.deep.equal(limit === 1 ? lines.slice(0, 4) : lines);
      }
      await expectRefusal(read.planLines(id, { limit: 1, after: "1.x" }), "bad_request");
      expect(await read.planLines(id, { limit: 10, after: "3000000000.0" })).to.deep.equal({ items: [] });
      await write((tx) => tx.dropPlan(id));
      expect(await read.planById(id)).to.equal(undefined);
      expect(await read.planLines(id, { limit: 1 })).to.deep.equal({ items: [] });
    });

    describe("lines of a plan that somebody asks for", () => {
      const of = (user: string, change: PlanRow["change"], scope?: string, role = "editor"): PlanRow => ({
        ...line(1),
        user: { id: `id of ${user}`, userName: `${user}@Acme.test` },
        change,
        ...(scope !== undefined && { target: { scope, role } }),
      });
      const { target: _, ...account } = of("ada", "create_user");
      const lines = [
        of("ada", "grant", "tenant", "admin"),
        of("ben", "revoke", "team:A"),
        ...Array.from({ length: 30 }, (_, at) => of(`p${at}`, "grant", "team:A")),
        of("ada", "grant", "team:A"),
        account,
        of("ada", "revoke", 'team:A\'s "B"'),
      ];
      const cases: readonly (readonly [what: string, PlanLineFilter, matches: (one: PlanRow) => boolean])[] = [
        ["by change", { change: "revoke" }, (one) => one.change === "revoke"],
        ["by scope", { scope: "team:A" }, (one) => one.target?.scope === "team:A"],
        ["by a scope with quotes", { scope: 'team:A\'s "B"' }, (one) => one.target?.scope === 'team:A\'s "B"'],
        ["by role", { role: "admin" }, (one) => one.target?.role === "admin"],
        ["by userName in any letter case", { user: "ADA@acme.test" }, (one) => one.user.userName.startsWith("ada")],
        ["by a user's id", { user: "id of ben" }, (one) => one.user.id === "id of ben"],
        [
          "by several",
          { change: "grant", user: "ada@acme.test" },
          (one) => one.user.id.endsWith("ada") && one.change === "grant",
        ],
        ["by something that nobody has", { role: "nobody's" }, () => false],
        ["by nothing", {}, () => true],
      ];

      for (const [what, where, matches] of cases) {
        it(`are found ${what}, in their order, whatever the pages`, async () => {
          const { read, write } = await makeWorld(store());
          const id = await write((tx) => tx.beginPlan({ kind: "mapping", subject: "s", expiresAt: LATER }, NOW));
          const pages = Array.from({ length: 50 }, (_, at) => ({ place: at * 3, lines: at % 25 === 7 ? lines : [] }));
          await write((tx) => tx.addPlanPages(id, pages));
          await write((tx) => tx.finishPlan(id, { digest: "d", summary: SUMMARY, expiresAt: LATER }));
          const expected = [...lines, ...lines].filter(matches);
          for (const limit of [1, 2, 7, 500]) {
            const seen: PlanRow[] = [];
            for (let after: string | undefined; ; ) {
              const page = await read.planLines(id, { limit, where, ...(after === undefined ? {} : { after }) });
              seen.push(...page.items);
              expect(page.items.length).to.be.at.most(limit);
              if (page.next === undefined) break;
              after = page.next;
            }
            expect(seen, `${limit}`).to.deep.equal(expected);
          }
        });
      }
    });

    it("reads figures of plans that an earlier release stored, without those that it did not count", async () => {
      const { read, write } = await makeWorld(store());
      const { kept: _, undecided: __, ...before } = SUMMARY;
      const plan = {
        kind: "mapping",
        subject: "s",
        digest: "d",
        summary: before as typeof SUMMARY,
        expiresAt: LATER,
      } as const;
      const id = await write((tx) => savePlan(tx, plan, []));
      expect((await read.planById(id))?.summary).to.deep.equal({
        ...before,
        kept: 0,
        undecided: { items: [], more: 0 },
      });
    });

    it("finds a plan by kind, subject and digest together, the latest of several", async () => {
      const { read, write } = await makeWorld(store());
      const plan = { kind: "go_live", subject: "okta", digest: "d", summary: SUMMARY, expiresAt: LATER } as const;
      await write((tx) => savePlan(tx, plan, []));
      const id = await write((tx) => savePlan(tx, plan, [line(1)]));
      expect((await read.plan("go_live", "okta", "d"))?.id).to.equal(id);
      expect(await read.plan("disable", "okta", "d")).to.equal(undefined);
      expect(await read.plan("go_live", "other", "d")).to.equal(undefined);
      expect(await read.plan("go_live", "okta", "e")).to.equal(undefined);
    });
  });
}
