import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { EXPRESSION_LIMITS, type ExpressionJob, type ExpressionResult } from "../../src/model/expression.js";
import type { JsonObject } from "../../src/model/json.js";
import {
  createExpressionRunner,
  type ExpressionIncident,
  type ExpressionRunner,
  type ExpressionRunnerOptions,
} from "../../src/platform/expression-runner.js";
import { childrenOf, hasEnded, until } from "./processes.js";

/** Out of the reach of JSONata's guard rails: a quadratic built-in, and a promise that nobody keeps. */
const HANG = "$distinct(many)";
/** Minutes, if nobody ends it: a quarter of a million different texts. */
const LONG_HANG =
  "($s := $join($map([1..9999], $string), 'x'); " +
  "$l := $map($split('abcdefghijklmnopqrstuvwxyz', ''), function($l) { $replace($s, 'x', 'x' & $l) }); " +
  "$distinct($split($join($l, 'x'), 'x')))";
const STALL = "($g := function($f) { {'then': $f} }; $g(function($a) { 1 }))";
const EAT_MEMORY = `($a := 'xxxxxxxxxxxxxxxx'; ${"$a := $a & $a; ".repeat(23)}$length($a))`;

const FACTS: JsonObject = {
  user: { title: "VP" },
  groups: ["a", "b"],
  many: Array.from({ length: 20_000 }, (_, a) => ({ a })),
};

function job(source: string, input: JsonObject = FACTS): ExpressionJob {
  return { source, input };
}

function outcome(result: ExpressionResult | undefined) {
  return result?.ok ? result.value : result?.code;
}

describe("the runner of expressions", () => {
  let runner: ExpressionRunner;
  const incidents: ExpressionIncident[] = [];

  function start(options: ExpressionRunnerOptions = {}): ExpressionRunner {
    runner = createExpressionRunner({ ...options, onIncident: (incident) => incidents.push(incident) });
    return runner;
  }

  async function outcomes(tenant: number, ...sources: readonly string[]) {
    return (
      await runner.run(
        tenant,
        sources.map((source) => job(source)),
      )
    ).map(outcome);
  }

  beforeEach(() => {
    incidents.length = 0;
  });
  afterEach(() => runner.close());

  it("gives every job its own result, in order, over many batches", async () => {
    start();
    const jobs = Array.from({ length: 750 }, (_, index) => job("'x' & n", { n: index }));
    const results = await runner.run(1, jobs);
    expect(results.map(outcome)).to.deep.equal(jobs.map((_, index) => `x${index}`));
  });

  it("starts no process before there is work, and none for an empty list", async () => {
    start();
    const before = childrenOf(process.pid);
    expect(await runner.run(1, [])).to.deep.equal([]);
    expect(childrenOf(process.pid)).to.deep.equal(before);
  });

  it("kills a job that hangs, and answers the rest of its batch from a fresh child", async () => {
    start();
    const got = await outcomes(1, "1", "2", HANG, "3", "(", "user.title");
    expect(got).to.deep.equal([1, 2, "timeout", 3, "refused", "VP"]);
    expect(incidents).to.deep.equal([{ tenant: 1, source: HANG, code: "timeout" }]);
  });

  it("kills a job that waits for ever without doing anything", async () => {
    start();
    expect(await outcomes(1, "1", STALL, "2")).to.deep.equal([1, "timeout", 2]);
  });

  it("tells the job that took its child's memory, and spares the others", async () => {
    start({ killAfter: 20_000 });
    expect(await outcomes(1, "1", EAT_MEMORY, "2")).to.deep.equal([1, "memory", 2]);
    expect(incidents).to.deep.equal([{ tenant: 1, source: EAT_MEMORY, code: "memory" }]);
  });

  it("blames the job that left something running behind, not the next one", async () => {
    start();
    const left = `[$number('x'), (${"1; ".repeat(100)}${HANG})]`;
    expect(await outcomes(1, left, "1")).to.deep.equal(["timeout", 1]);
  });

  const contained: readonly (readonly [attack: string, source: string, code: string])[] = [
    ["endless tail recursion", "($f := function($x) { $f($x) }; $f(1))", "timeout"],
    ["endless recursion", "($f := function($x) { 1 + $f($x) }; $f(1))", "too_large"],
    ["a huge range", "[1..10000000]", "too_large"],
    ["a cross product", "[1..3000].([1..3000])", "too_large or timeout"],
    ["$pad", '$pad("", 500000000)', "refused"],
    ["$eval of itself", "($s := '$eval($s)'; $eval($s))", "refused"],
    ["$toMillis with a picture", "$toMillis('1', '[f1][f1][f1][f1]')", "refused"],
    ["a sort that never agrees", "$sort([1..9999], function($a, $b) { true })", "timeout or too_large"],
    ["brackets without end", "(".repeat(EXPRESSION_LIMITS.source), "refused"],
    ["a source without end", "1".repeat(EXPRESSION_LIMITS.source + 1), "too_large"],
    ["an own key __proto__", "{'__proto__': {'admin': true}}", "error"],
    ["a result without end", `$map([1..900], function($i) { '${"x".repeat(90)}' })`, "too_large"],
    ["code out of a text", "$uppercase.constructor('return process')()", "error"],
  ];
  for (const [attack, source, code] of contained) {
    it(`contains ${attack} that was never checked: ${code}`, async () => {
      start();
      const [attacked, next] = await outcomes(1, source, "1");
      expect(attacked).to.be.oneOf(code.split(" or "));
      expect(next).to.equal(1);
    });
  }

  it("W-18: matches /^(a+)+$/ in linear time", async () => {
    start();
    const source = "$contains($join($map([1..900], function($i) { 'aaaaa' })) & '!', /^(a+)+$/)";
    expect(await outcomes(1, source)).to.deep.equal([false]);
  });

  it("W-20: reaches no prototype and no process", async () => {
    start();
    const paths = ["user.__proto__", "user.constructor", "'a'.constructor.constructor", "groups.push", "$.process"];
    expect(await outcomes(1, ...paths)).to.deep.equal(paths.map(() => null));
  });

  it("refuses facts that are too large, and facts that nest too deeply", async () => {
    start();
    let nested: JsonObject = {};
    for (let depth = 0; depth < 50_000; depth++) nested = { nested };
    const large = { text: "x".repeat(EXPRESSION_LIMITS.input) };
    const results = await runner.run(1, [job("1", large), job("1", nested), job("1", { text: "x".repeat(200_000) })]);
    expect(results.map(outcome)).to.deep.equal(["too_large", "too_large", 1]);
  });

  it("takes facts of many megabytes in turns", async () => {
    start();
    const jobs = Array.from({ length: 30 }, (_, index) => job("$length(text)", { text: "x".repeat(200_000 + index) }));
    expect((await runner.run(1, jobs)).map(outcome)).to.deep.equal(jobs.map((_, index) => 200_000 + index));
  });

  const hanging = (input: number) => job(HANG, { ...FACTS, input });
  const FIVE_KILLS = Array(5).fill("timeout");

  it("suspends an expression of a tenant after bad ends on five inputs, until another mapping is active", async () => {
    start();
    const run = async (tenant: number, version: number, ...jobs: readonly ExpressionJob[]) =>
      (await runner.live(version).run(tenant, jobs)).map(outcome);
    const got = await run(1, 1, ...[1, 2, 3, 4, 5, 6, 7].map(hanging), job("1"));
    expect(got).to.deep.equal([...FIVE_KILLS, "suspended", "suspended", 1]);
    expect(incidents.map(({ suspended }) => suspended)).to.deep.equal([...Array(4).fill(undefined), "source"]);
    expect(incidents[4]).to.include({ tenant: 1, version: 1, source: HANG });
    expect(await run(1, 1, hanging(8))).to.deep.equal(["suspended"]);
    expect(await run(2, 1, hanging(1)), "another tenant has its own count").to.deep.equal(["timeout"]);
    expect(await run(1, 2, hanging(1)), "another version begins afresh").to.deep.equal(["timeout"]);
    expect(await run(1, 1, hanging(1)), "whoever is late with the one before suspends nothing").to.deep.equal([
      "timeout",
    ]);
    expect(await run(1, 2, hanging(1))).to.deep.equal(["timeout"]);
  });

  it("suspends an input of an expression after five bad ends of it, and no other input", async () => {
    start();
    const live = runner.live(1);
    for (const expected of [...FIVE_KILLS, "suspended"]) {
      expect((await live.run(1, [hanging(1)])).map(outcome)).to.deep.equal([expected]);
    }
    expect(incidents.map(({ suspended }) => suspended)).to.deep.equal([...Array(4).fill(undefined), "input"]);
    const [again] = await runner.live(1).run(1, [hanging(1)]);
    expect(again).to.have.property("message").that.contains("ended badly 5 times on these facts");
    expect((await live.run(1, [hanging(2), job(HANG, { many: [1] })])).map(outcome)).to.deep.equal(["timeout", [1]]);
  });

  it("lets no what-if suspend what decides, and forgets its bad ends with it", async () => {
    start();
    const six = [1, 2, 3, 4, 5, 6].map(hanging);
    const whatIf = runner.apart(1);
    expect((await whatIf.run(1, six)).map(outcome)).to.deep.equal([...FIVE_KILLS, "suspended"]);
    expect((await whatIf.run(1, [hanging(7)])).map(outcome)).to.deep.equal(["suspended"]);
    for (const other of [runner, runner.apart(1), runner.live(1)]) {
      expect((await other.run(1, [hanging(7)])).map(outcome)).to.deep.equal(["timeout"]);
    }
    expect(incidents.filter(({ suspended }) => suspended).map(({ version }) => version)).to.deep.equal([undefined]);
  });

  it("runs nothing in a what-if about a mapping that is suspended in its decisions", async () => {
    start();
    await runner.live(1).run(1, [1, 2, 3, 4, 5].map(hanging));
    expect((await runner.apart(1).run(1, [hanging(1)])).map(outcome)).to.deep.equal(["suspended"]);
    expect((await runner.apart().run(1, [hanging(1)])).map(outcome), "a draft").to.deep.equal(["timeout"]);
  });

  it("runs a tenant's decisions before its what-ifs, however many of them wait", async () => {
    start({ queueLimit: 1000 });
    const order: string[] = [];
    const whatIf = runner.run(1, Array(1000).fill(job("1", {}))).then(() => order.push("what-if"));
    const live = runner
      .live(1)
      .run(1, Array(300).fill(job("2", {})))
      .then((results) => order.push(`live ${results.filter(({ ok }) => ok).length}`));
    await Promise.all([whatIf, live]);
    expect(order).to.deep.equal(["live 300", "what-if"]);
  });

  it("counts what JSONata's own guard stopped, since it costs the same", async () => {
    start();
    const loop = "($f := function($x) { $f($x) }; $f(1))";
    expect(await outcomes(1, ...Array(6).fill(loop))).to.deep.equal([...Array(5).fill("timeout"), "suspended"]);
  });

  it("answers another tenant while one hangs, when there are two children", async () => {
    start({ children: 2 });
    const order: string[] = [];
    const hanging = Promise.all([outcomes(1, HANG), outcomes(1, HANG)]).then(() => order.push("hanging"));
    const other = outcomes(2, "1").then(() => order.push("other"));
    await Promise.all([hanging, other]);
    expect(order).to.deep.equal(["other", "hanging"]);
  });

  it("answers another tenant between two kills, when there is one child", async () => {
    start({ children: 1 });
    const order: string[] = [];
    const hanging = outcomes(1, HANG, HANG, HANG).then(() => order.push("hanging"));
    const other = outcomes(2, "1").then((got) => order.push(`other ${got}`));
    await Promise.all([hanging, other]);
    expect(order).to.deep.equal(["other 1", "hanging"]);
  });

  for (const [size, input] of [
    ["small", {}],
    ["large", FACTS],
  ] as const) {
    it(`does not kill a child because this process was too busy to talk to it (${size} batch)`, async () => {
      start({ killAfter: 200 });
      expect(await outcomes(1, "1")).to.deep.equal([1]);
      const children = childrenOf(process.pid);
      const answered = runner.run(1, [job("1", input), job("2", input)]);
      await new Promise((resolve) => process.nextTick(resolve));
      const until = performance.now() + 500;
      while (performance.now() < until);
      expect((await answered).map(outcome)).to.deep.equal([1, 2]);
      expect(await outcomes(1, "3")).to.deep.equal([3]);
      expect(childrenOf(process.pid)).to.deep.equal(children);
    });
  }

  it("judges nobody by the time that the one before took, however late it gets to judge", async () => {
    start({ killAfter: 200 });
    expect(await outcomes(1, "1")).to.deep.equal([1]);
    const children = childrenOf(process.pid);
    const slow = outcomes(1, "($f := function($x) { $f($x) }; $f(1))");
    const next = outcomes(2, "2");
    // The answer of the slow one and the end of its time are both waiting when this process comes to look at them.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await new Promise(setImmediate);
    const until = performance.now() + 800;
    while (performance.now() < until);
    expect([await slow, await next]).to.deep.equal([["timeout"], [2]]);
    expect(childrenOf(process.pid)).to.deep.equal(children);
    expect(incidents.map(({ tenant }) => tenant)).to.deep.equal([1]);
  });

  it("lets tenants take turns: a long queue does not hold up a short one", async () => {
    start();
    const order: string[] = [];
    const long = runner.run(1, Array(3000).fill(job("1", {}))).then(() => order.push("long"));
    const short = runner.run(2, [job("2")]).then(() => order.push("short"));
    await Promise.all([long, short]);
    expect(order).to.deep.equal(["short", "long"]);
  });

  it("refuses more than a tenant may have waiting, and goes on serving the others", async () => {
    start({ queueLimit: 10 });
    const first = runner.run(1, Array(10).fill(job("1", {})));
    const [refused, other] = await Promise.all([
      runner.run(1, Array(11).fill(job("1", {}))),
      runner.run(2, [job("2")]),
    ]);
    expect(refused.map(outcome)).to.deep.equal(Array(11).fill("queue_full"));
    expect(other.map(outcome)).to.deep.equal([2]);
    expect((await first).map(outcome)).to.deep.equal(Array(10).fill(1));
  });

  it("finishes what was handed in when it is closed, takes nothing more, and leaves no process behind", async () => {
    start();
    const before = childrenOf(process.pid);
    const handedIn = outcomes(1, "1", HANG, "2");
    const closed = runner.close();
    expect(await outcomes(1, "3")).to.deep.equal(["closed"]);
    expect(await handedIn).to.deep.equal([1, "timeout", 2]);
    await closed;
    expect(childrenOf(process.pid)).to.deep.equal(before);
  });

  it("replaces a child that was killed from outside between two batches", async () => {
    start();
    const before = childrenOf(process.pid);
    expect(await outcomes(1, "1")).to.deep.equal([1]);
    const [child] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    process.kill(Number(child), "SIGKILL");
    expect(await outcomes(1, "2")).to.deep.equal([2]);
    expect(incidents).to.deep.equal([]);
  });

  it("a tenant with 50,000 evaluations waiting delays another's one by a batch or two", async () => {
    start();
    let batches = 0;
    const long = Array.from({ length: 500 }, (_, index) =>
      runner.run(1, Array(100).fill(job(`${index % 2}`, {}))).then((results) => {
        batches += 1;
        return results;
      }),
    );
    const [short] = await runner.run(2, [job("2", {})]);
    expect(outcome(short)).to.equal(2);
    expect(batches).to.be.at.most(2);
    const all = (await Promise.all(long)).flat();
    expect(all.map(outcome)).to.deep.equal(Array.from({ length: 50_000 }, (_, at) => Math.floor(at / 100) % 2));
  });

  it("tenants with much waiting take turns, batch by batch", async () => {
    start();
    const order: number[] = [];
    const runs = [1, 2, 3].flatMap((tenant) =>
      Array.from({ length: 5 }, () =>
        runner.run(tenant, Array(100).fill(job(`${tenant}`, {}))).then(() => order.push(tenant)),
      ),
    );
    await Promise.all(runs);
    expect(order).to.deep.equal([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it("loses and blames nothing when its child is killed from outside again and again, in the middle of batches", async () => {
    start({ killAfter: 20_000 });
    const before = childrenOf(process.pid);
    const slow = "$count([1..300][$ in [1..300]]) + n";
    let answered = 0;
    let killed = 0;
    const runs = Array.from({ length: 300 }, async (_, n) => {
      const [result] = await runner.run(1, [job(slow, { n })]);
      answered += 1;
      return outcome(result);
    });
    // Each child is killed once it has answered, while it is at what comes next.
    while (killed < 4) {
      const seen = answered;
      await until(() => answered > seen);
      for (const child of childrenOf(process.pid)) if (!before.includes(child)) process.kill(child, "SIGKILL");
      killed += 1;
    }
    expect(await Promise.all(runs)).to.deep.equal(runs.map((_, n) => 300 + n));
    expect(incidents).to.deep.equal([]);
  });

  it("says that it is unavailable while no child can start, and answers again once one can", async () => {
    start();
    const program = process.execPath;
    try {
      process.execPath = "/nowhere/node";
      expect(await outcomes(1, "1", "2")).to.deep.equal(["unavailable", "unavailable"]);
      expect(await outcomes(2, "1")).to.deep.equal(["unavailable"]);
    } finally {
      process.execPath = program;
    }
    expect(await outcomes(1, "1", "2")).to.deep.equal([1, 2]);
    expect(incidents).to.deep.equal([]);
  });

  it("drains through signals that reach the whole process group", async () => {
    start();
    const before = childrenOf(process.pid);
    expect(await outcomes(1, "1")).to.deep.equal([1]);
    const [child] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.kill(Number(child), signal);
    expect(await outcomes(1, "2")).to.deep.equal([2]);
    expect(childrenOf(process.pid)).to.include(Number(child));
  });
});

describe("a child of the runner", () => {
  const program = (source: string, then: string) => `
    import { createExpressionRunner } from ${JSON.stringify(new URL("../../src/platform/expression-runner.js", import.meta.url).href)};
    const runner = createExpressionRunner();
    await runner.run(1, [{ source: "1", input: {} }]);
    console.log("ready");
    void runner.run(1, [{ source: ${JSON.stringify(source)}, input: {} }]);
    ${then}`;

  async function parentOf(source: string, then: string) {
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program(source, then)], {
      env: { ...process.env, ROLECALL_SECRET_KEY: "s3cret" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    const [child] = childrenOf(Number(parent.pid));
    return { parent, child: Number(child) };
  }

  it("ends when its parent is killed", async () => {
    const { parent, child } = await parentOf("1", "setInterval(() => {}, 1000);");
    expect(hasEnded(child)).to.equal(false);
    parent.kill("SIGKILL");
    await until(() => hasEnded(child));
  });

  it("ends with its parent even while an evaluation hangs", async () => {
    const { child } = await parentOf(LONG_HANG, "setTimeout(() => process.exit(0), 50);");
    await until(() => hasEnded(child));
  });

  it("W-20: is given nothing of its parent's environment", async () => {
    const { parent, child } = await parentOf("1", "setInterval(() => {}, 1000);");
    const environment = existsSync(`/proc/${child}/environ`) ? readFileSync(`/proc/${child}/environ`, "utf8") : "";
    parent.kill("SIGKILL");
    expect(environment).to.not.contain("s3cret");
  });
});
