import { expect } from "chai";
import { createHost } from "../../src/expression-host/host.js";
import type { ExpressionBatch, ExpressionReply } from "../../src/model/expression.js";

/** A channel that notes what happens in which order; its clock moves on by `step` whenever it is read. */
function notedChannel(step: number) {
  const events: string[] = [];
  const replies: ExpressionReply[] = [];
  let time = 0;
  const channel = {
    started: () => events.push("started"),
    reply: (text: string) => {
      const reply: ExpressionReply = JSON.parse(text);
      replies.push(reply);
      events.push(`reply ${reply.results.length}${reply.done ? " done" : ""}`);
    },
    now: () => {
      time += step;
      return time;
    },
  };
  return { channel, events, replies };
}

function batch(...sources: readonly string[]): ExpressionBatch {
  return { jobs: sources.map((source) => [source, '{"user":{"title":"VP"}}']) };
}

describe("the expression host", () => {
  it("tells each job before it runs it, and answers in order", async () => {
    const { channel, events, replies } = notedChannel(0);
    await createHost(channel)(batch("1", "user.title", "user.nothing", "(", "1 + user.title"));
    expect(events).to.deep.equal(["started", "started", "started", "started", "started", "reply 5 done"]);
    expect(replies[0]?.results).to.deep.equal([
      { ok: true, value: 1 },
      { ok: true, value: "VP" },
      { ok: true, value: null },
      { ok: false, code: "refused", message: "expected `)` before end of expression", position: 1 },
      { ok: false, code: "error", message: "the right side of `+` must be a number", position: 2 },
    ]);
  });

  it("sends what it has whenever 50 ms have passed, so that a job that hangs takes little with it", async () => {
    const { channel, events } = notedChannel(25);
    await createHost(channel)(batch("1", "2", "3"));
    expect(events).to.deep.equal(["started", "started", "reply 2", "started", "reply 3 done".replace("3", "1")]);
  });

  it("sends what it has when it grows large", async () => {
    const large = `$join($map([1..900], function($i) { '${"x".repeat(60)}' }))`;
    const { channel, replies } = notedChannel(0);
    await createHost(channel)(batch(...Array(12).fill(large)));
    expect(replies.length).to.be.greaterThan(1);
    expect(replies.flatMap(({ results }) => results)).to.have.length(12);
  });

  it("gives the rest of a batch back when its time is up", async () => {
    const { channel, events } = notedChannel(100);
    await createHost(channel)(batch("1", "2", "3"));
    expect(events).to.deep.equal(["started", "reply 1 done"]);
  });

  it("lets nothing of a failed job run on into the next one's time", async () => {
    const { channel, events, replies } = notedChannel(0);
    const leftover = "[$number('x'), $map([1..50], function($i) { $i })]";
    await createHost(channel)(batch(leftover, "1"));
    expect(events).to.deep.equal(["started", "started", "reply 2 done"]);
    expect(replies[0]?.results.map(({ ok }) => ok)).to.deep.equal([false, true]);
  });

  it("goes on answering rightly after more expressions than it keeps", async () => {
    const { channel, replies } = notedChannel(0);
    const host = createHost(channel);
    const sources = Array.from({ length: 450 }, (_, index) => `${index % 250} + 1`);
    await host(batch(...sources));
    const values = replies.flatMap(({ results }) => results.map((result) => result.ok && result.value));
    expect(values).to.deep.equal(Array.from({ length: 450 }, (_, index) => (index % 250) + 1));
  });

  it("shows one evaluation nothing of what another one has set", async () => {
    const { channel, replies } = notedChannel(0);
    await createHost(channel)(batch("$secret := 'x'", "$secret", "$string := 1", "$string(1)"));
    const values = replies.flatMap(({ results }) => results.map((result) => (result.ok ? result.value : "failed")));
    expect(values).to.deep.equal(["x", null, 1, "1"]);
  });
});
