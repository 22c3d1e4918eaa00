import { expect } from "chai";
import type { ListPart } from "../../src/protocols/scim/list-resources.js";
import { inMergedOrder } from "../../src/protocols/scim/merged-lists.js";
import { refusal } from "./tables.js";

/** So many resources of a type, of which the list shows those that are asked for. */
function part(count: number): ListPart {
  return {
    type: "User",
    async list({ limit = 0 }) {
      const shown = Array.from({ length: Math.min(limit, count) }, (_, at) => String(at).padStart(6, "0"));
      return {
        total: count,
        resources: shown.map((id) => ({ id })),
        walked: { positions: shown.map((id) => ({ number: null, text: id, id })), more: limit < count },
      };
    },
  };
}

const page = async (count: number, startIndex: number) => {
  const { total, resources } = await inMergedOrder([part(count)], { by: "index", startIndex, count: 10 }, undefined);
  return { total, ids: resources.map(({ id }) => Number(id)) };
};

describe("a sorted list over several types", () => {
  it("RFC-29: ends where it ends, and is refused only where more lies too deep", async () => {
    expect(await page(1000, 999)).to.deep.equal({ total: 1000, ids: [998, 999] });
    expect(await page(20, 999)).to.deep.equal({ total: 20, ids: [] });
    expect(await page(1001, 1002)).to.deep.equal({ total: 1001, ids: [] });
    expect((await page(1001, 991)).ids).to.have.length(10);
    const outcome = await page(1001, 999).catch((error: unknown) => error);
    const refused = refusal(() => {
      throw outcome;
    });
    expect(refused.kind).to.equal("tooMany");
  });
});
