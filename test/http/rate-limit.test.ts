import { expect } from "chai";
import { createRateLimiter } from "../../src/http/rate-limit.js";
import { Refusal } from "../../src/model/problem.js";

describe("rate limit", () => {
  let now = 0;
  const clock = (): number => now;
  beforeEach(() => {
    now = 0;
  });

  function refusal(take: () => void): Refusal | undefined {
    try {
      take();
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  it("lets a minute's worth through at once, and then one by one as time passes", () => {
    const limiter = createRateLimiter(clock);
    for (let turn = 0; turn < 6; turn += 1) limiter.take("token", "a", 6);
    const refused = refusal(() => limiter.take("token", "a", 6));
    expect(refused?.code).to.equal("rate_limited");
    expect(refused?.detail).to.deep.equal({ retryAfterSeconds: 10 });
    now += 9_000;
    expect(refusal(() => limiter.take("token", "a", 6))?.detail).to.deep.equal({ retryAfterSeconds: 1 });
    now += 1_000;
    expect(refusal(() => limiter.take("token", "a", 6))).to.equal(undefined);
    expect(refusal(() => limiter.take("token", "a", 6))?.code).to.equal("rate_limited");
  });

  it("saves up no more than a minute's worth", () => {
    const limiter = createRateLimiter(clock);
    limiter.take("token", "a", 2);
    now += 3_600_000;
    limiter.take("token", "a", 2);
    limiter.take("token", "a", 2);
    expect(refusal(() => limiter.take("token", "a", 2))?.code).to.equal("rate_limited");
  });

  it("counts callers and kinds apart", () => {
    const limiter = createRateLimiter(clock);
    limiter.take("token", "a", 1);
    limiter.take("token", "b", 1);
    limiter.take("sign-in", "a", 1);
    expect(refusal(() => limiter.take("token", "a", 1))?.code).to.equal("rate_limited");
  });

  it("is off at a rate of 0", () => {
    const limiter = createRateLimiter(clock);
    for (let turn = 0; turn < 1_000; turn += 1) limiter.take("token", "a", 0);
  });

  it("remembers a bounded number of callers, and forgets the longest idle one first", () => {
    const limiter = createRateLimiter(clock, 3);
    for (const caller of ["a", "b", "c"]) limiter.take("address", caller, 1);
    expect(refusal(() => limiter.take("address", "a", 1))?.code).to.equal("rate_limited");
    limiter.take("address", "d", 1);
    expect(refusal(() => limiter.take("address", "a", 1))?.code).to.equal("rate_limited");
    expect(refusal(() => limiter.take("address", "b", 1))).to.equal(undefined);
  });
});
