import { expect } from "chai";
import fc from "fast-check";
import { inOrderOfReference } from "../../src/protocols/scim/circles.js";

const sorted = (references: readonly (readonly number[])[]) =>
  inOrderOfReference([...references.keys()], (node) => references[node] ?? []);

/** Whether one node leads to another by one reference or more. */
function leads(references: readonly (readonly number[])[], from: number, to: number): boolean {
  const seen = new Set<number>();
  const next = [...(references[from] ?? [])];
  for (const node of next) {
    if (seen.has(node)) continue;
    seen.add(node);
    next.push(...(references[node] ?? []));
  }
  return seen.has(to);
}

describe("the order of what refers to one another", () => {
  it("is the given one where nothing refers to anything", async () => {
    expect(await sorted([[], [], []])).to.deep.equal([[0], [1], [2]]);
  });

  it("has each node once, behind all that it refers to, and together with exactly those that refer back to it", async () => {
    const graph = fc
      .integer({ min: 1, max: 8 })
      .chain((size) =>
        fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
      );
    await fc.assert(
      fc.asyncProperty(graph, async (references) => {
        const order = await sorted(references);
        const place = new Map(order.flatMap((together, at) => together.map((node) => [node, at] as const)));
        expect(order.flat()).to.have.members([...references.keys()]);
        for (const [one, refersTo] of references.entries()) {
          for (const other of refersTo) expect(place.get(other)).to.be.at.most(place.get(one) ?? -1);
          for (const other of references.keys()) {
            const isCircle = one === other || (leads(references, one, other) && leads(references, other, one));
            expect(place.get(one) === place.get(other), `${one} with ${other}`).to.equal(isCircle);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
