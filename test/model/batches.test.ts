import { expect } from "chai";
import { createBatches } from "../../src/model/batches.js";

const moment = () => new Promise((resolve) => setImmediate(resolve));

describe("batches", () => {
  /** Batches that wait until they are let go; what they were, by their items. */
  const held = (most: number, atOnce: number, weightOf?: (item: number) => number) => {
    const begun: (readonly number[])[] = [];
    const open: (() => void)[] = [];
    const batches = createBatches<number, string>({ most, atOnce, ...(weightOf && { weightOf }) });
    const join = (key: string, item: number) =>
      batches.join(key, item, async (items) => {
        begun.push(items);
        await new Promise<void>((go) => open.push(go));
        return items.map((one) => `${key}${one}`);
      });
    const letGo = async () => {
      for (const go of open.splice(0)) go();
      await moment();
    };
    return { begun, join, letGo };
  };

  it("begin with who comes in the same moment, and take together who comes meanwhile", async () => {
    const { begun, join, letGo } = held(10, 1);
    const all = [join("a", 1), join("a", 2)];
    await moment();
    all.push(join("a", 3), join("a", 4));
    await moment();
    expect(begun).to.deep.equal([[1, 2]]);
    await letGo();
    expect(begun).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
    await letGo();
    expect(await Promise.all(all)).to.deep.equal(["a1", "a2", "a3", "a4"]);
  });

  it("of one key wait for nothing of another", async () => {
    const { begun, join } = held(10, 1);
    void join("a", 1);
    void join("b", 2);
    await moment();
    expect(begun).to.deep.equal([[1], [2]]);
  });

  it("weigh no more than they may, but for one item that weighs more alone", async () => {
    const { begun, join, letGo } = held(5, 1, (item) => item);
    for (const item of [1, 2, 3, 9, 4]) void join("a", item);
    await moment();
    for (let left = 3; left > 0; left--) await letGo();
    expect(begun).to.deep.equal([[1, 2], [3], [9], [4]]);
  });

  it("are at work as many at once as is allowed, and begin anew when all are done", async () => {
    const { begun, join, letGo } = held(10, 2);
    for (const item of [1, 2, 3]) {
      void join("a", item);
      await moment();
    }
    expect(begun).to.deep.equal([[1], [2]]);
    await letGo();
    await letGo();
    expect(begun).to.deep.equal([[1], [2], [3]]);
    void join("a", 4);
    await moment();
    expect(begun.at(-1)).to.deep.equal([4]);
  });

  it("of several items let these come again before the next one begins, and single ones nobody", async () => {
    const begun: (readonly number[])[] = [];
    let again: () => void = () => expect.fail("nobody was waited for");
    const regroup = () => () => new Promise<void>((resolve) => (again = resolve));
    const batches = createBatches<number, number>({ most: 10, atOnce: 1, regroup });
    const join = (item: number) =>
      batches.join("a", item, async (items) => {
        begun.push(items);
        return items;
      });
    await join(1);
    await Promise.all([join(2), join(3)]);
    const more = [join(4)];
    await moment();
    more.push(join(5));
    await moment();
    expect(begun).to.deep.equal([[1], [2, 3]]);
    again();
    await Promise.all(more);
    expect(begun).to.deep.equal([[1], [2, 3], [4, 5]]);
  });

  it("of several items wait for these no longer than until all of them have come again", async () => {
    const begun: (readonly number[])[] = [];
    const batches = createBatches<number, number>({ most: 10, atOnce: 1, regroup: () => (all) => all });
    const join = (item: number) =>
      batches.join("a", item, async (items) => {
        begun.push(items);
        if (items.includes(1)) await moment();
        return items;
      });
    const first = [join(1), join(2)];
    await undefined;
    await undefined;
    const behind = join(3);
    await Promise.all(first);
    const again = [join(4)];
    await moment();
    expect(begun).to.deep.equal([[1, 2]]);
    again.push(join(5));
    await Promise.all([behind, ...again]);
    expect(begun).to.deep.equal([
      [1, 2],
      [3, 4, 5],
    ]);
  });

  it("P2: wait for whoever comes at the same time, one moment for all keys, and after that for nobody", async () => {
    const begun: string[] = [];
    let moments = 0;
    let came = 0;
    let pass: () => void = () => expect.fail("nobody waits for a moment");
    const moment = new Promise<void>((resolve) => (pass = resolve));
    const passed = () => {
      moments += 1;
      return moment;
    };
    const batches = createBatches<number, number>({ most: 10, atOnce: 1, gathering: { come: () => came++, passed } });
    const join = (key: string, item: number) =>
      batches.join(key, item, async (items) => {
        begun.push(`${key}${items}`);
        return items;
      });
    const all = [join("a", 1), join("b", 2)];
    await new Promise((resolve) => setImmediate(resolve));
    all.push(join("a", 3));
    expect({ begun, moments, came }).to.deep.equal({ begun: [], moments: 2, came: 3 });
    pass();
    await Promise.all(all);
    expect(begun).to.deep.equal(["a1,3", "b2"]);
  });

  it("fail for everybody who is in them, and for nobody who comes later", async () => {
    const batches = createBatches<number, number>({ most: 10, atOnce: 1 });
    const slow = batches.join("a", 0, async (items) => items);
    await moment();
    const failing = async (): Promise<readonly number[]> => {
      throw new Error("lost");
    };
    const together = await Promise.allSettled([batches.join("a", 1, failing), batches.join("a", 2, failing)]);
    expect(await slow).to.equal(0);
    expect(together.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    expect(await batches.join("a", 3, async (items) => items)).to.equal(3);
  });
});
