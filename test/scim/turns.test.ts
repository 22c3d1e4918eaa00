import { expect } from "chai";
import { inBreaths } from "../../src/platform/in-breaths.js";
import { listText } from "../../src/protocols/scim/apart.js";
import { createTurns } from "../../src/protocols/scim/turns.js";
import { turnsDuring } from "../support/turns-during.js";

/** Work that ends when it is told to, and what has begun by now. */
function desk() {
  const begun: string[] = [];
  const ends = new Map<string, { readonly done: () => void; readonly fail: (error: Error) => void }>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve, reject) => ends.set(name, { done: () => resolve(name), fail: reject }));
  };
  return { begun, work, end: (name: string) => ends.get(name) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
  it("SEC-06: lets so many begin at once and the rest in their order, whatever becomes of those before", async () => {
    const inTurn = createTurns(2);
    const { begun, work, end } = desk();
    const all = ["a", "b", "c", "d"].map((name) => inTurn("t1", work(name)).catch((error: Error) => error.message));
    await settled();
    expect(begun).to.deep.equal(["a", "b"]);
    end("b")?.fail(new Error("broken"));
    await settled();
    expect(begun).to.deep.equal(["a", "b", "c"]);
    end("a")?.done();
    await settled();
    for (const name of ["c", "d"]) end(name)?.done();
    expect(await Promise.all(all)).to.deep.equal(["a", "broken", "c", "d"]);
    const later = inTurn("t1", work("e"));
    await settled();
    expect(begun.at(-1), "places become free again").to.equal("e");
    end("e")?.done();
    expect(await later).to.equal("e");
  });

  it("SEC-06: keeps nobody else waiting", async () => {
    const inTurn = createTurns(1);
    const { begun, work, end } = desk();
    const all = [inTurn("t1", work("a")), inTurn("t1", work("b")), inTurn("t2", work("c"))];
    await settled();
    expect(begun).to.deep.equal(["a", "c"]);
    for (const name of ["a", "c"]) end(name)?.done();
    await settled();
    end("b")?.done();
    expect(await Promise.all(all)).to.deep.equal(["a", "b", "c"]);
  });
});

describe("the text of a list", () => {
  it("is that of the whole, and is sent in pieces where it is long, with turns between them", async () => {
    const large = Array.from({ length: 30 }, (_, at) => ({ id: `${at}`, title: "x".repeat(100_000) }));
    for (const Resources of [[], [{ id: "1" }], large]) {
      const body = { schemas: ["list"], totalResults: 9, Resources };
      const text = await listText(body);
      const pieces: string[] = [];
      for await (const piece of typeof text === "string" ? [text] : text) pieces.push(piece);
      expect(JSON.parse(pieces.join(""))).to.deep.equal(body);
      expect(pieces).to.have.length(Resources === large ? 7 : 1);
    }
  });

  it("SEC-06: lets others have a turn behind each piece, though the client takes them at once", async () => {
    const title = "x".repeat(600_000);
    const text = await listText({ schemas: ["list"], Resources: Array.from({ length: 6 }, () => ({ title })) });
    const before: number[] = [];
    await turnsDuring(async (soFar) => {
      if (typeof text !== "string") for await (const _ of text) before.push(soFar());
    });
    expect(before).to.have.length(7);
    for (const [at, then] of before.entries()) if (at > 0) expect(then, `piece ${at}`).to.be.above(before[at - 1] ?? 0);
  });
});

describe("work in breaths", () => {
  it("lets others have their turn as often as it takes long, and keeps the order", async () => {
    let results: readonly number[] = [];
    const turns = await turnsDuring(async () => {
      results = await inBreaths([1, 2, 3, 4], (item) => {
        const until = performance.now() + 6;
        while (performance.now() < until);
        return item * 2;
      });
    });
    expect(results).to.deep.equal([2, 4, 6, 8]);
    expect(turns).to.be.at.least(3);
  });
});
