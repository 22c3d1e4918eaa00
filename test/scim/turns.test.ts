import { expect } from "chai";
import { listText } from "../../src/protocols/scim/apart.js";
import { createTurns } from "../../src/protocols/scim/turns.js";

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

describe("turns of one tenant's lists", () => {
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

  it("SEC-06: keeps no other tenant waiting", async () => {
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
  it("is that of the whole, however large its resources are", async () => {
    const large = Array.from({ length: 30 }, (_, at) => ({ id: `${at}`, title: "x".repeat(100_000) }));
    for (const Resources of [[], [{ id: "1" }], large]) {
      const body = { schemas: ["list"], totalResults: 9, Resources };
      expect(JSON.parse(await listText(body))).to.deep.equal(body);
    }
  });
});
