import { expect } from "chai";
import { createGathering } from "../../src/store/gathering.js";

describe("the moment in which requests come", () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  /** How many turns of the event loop it lasts, where one comes in each of the first so many. */
  const turnsWith = async (comers: number): Promise<number> => {
    const gathering = createGathering();
    let over = false;
    let turns = 0;
    gathering.come();
    void gathering.passed().then(() => (over = true));
    while (!over) {
      if (turns < comers) gathering.come();
      await turn();
      turns += 1;
    }
    return turns;
  };

  it("P2: lasts until a turn brings nobody, and never for many", async () => {
    const alone = await turnsWith(0);
    expect(alone).to.be.at.most(2);
    expect(await turnsWith(2)).to.be.above(alone);
    expect(await turnsWith(1_000)).to.be.at.most(5);
  });

  it("is one for all who wait for it, and a new one for whoever comes later", async () => {
    const gathering = createGathering();
    const first = gathering.passed();
    expect(gathering.passed()).to.equal(first);
    await first;
    expect(gathering.passed()).to.not.equal(first);
  });
});
