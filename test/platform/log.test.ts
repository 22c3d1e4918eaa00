import { expect } from "chai";
import { createLogger, type LogFields, type LogLevel } from "../../src/platform/log.js";

const SECRET = "hunter2";

function capture(level: LogLevel) {
  const lines: string[] = [];
  return { lines, log: createLogger(level, { write: (line) => lines.push(line) }) };
}

describe("log", () => {
  it("writes one JSON object per line, with the event, the time and the fields of the list", () => {
    const { lines, log } = capture("info");
    log.info("request", { route: "/api/v1/tenants/:tenant", status: 200, milliseconds: 3, tenant: 7, requestId: "r1" });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/\n$/);
    const { time, ...rest } = JSON.parse(lines[0] ?? "");
    expect(time).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(rest).to.deep.equal({
      level: "info",
      event: "request",
      route: "/api/v1/tenants/:tenant",
      status: 200,
      milliseconds: 3,
      tenant: 7,
      requestId: "r1",
    });
  });

  it("W-22: drops every field that is not on the list, and every value that is no short scalar", () => {
    const { lines, log } = capture("debug");
    const smuggled = {
      body: SECRET,
      headers: { authorization: SECRET },
      claims: [SECRET],
      err: new Error(SECRET),
      error: new Error(SECRET),
      code: { inner: SECRET },
      reason: [SECRET],
      status: 200n,
      tenant: { toJSON: () => SECRET },
      file: () => SECRET,
      "requestId ": SECRET,
    } as unknown as LogFields;
    for (const write of [log.debug, log.info, log.warn, log.error, log.with(smuggled).error]) write("event", smuggled);
    expect(lines).to.have.length(5);
    expect(lines.join("")).not.to.contain(SECRET);
  });

  it("writes messages at level debug only", () => {
    const quiet = capture("info");
    quiet.log.error("fault", { message: `rejected ${SECRET}` });
    expect(quiet.lines.join("")).to.contain('"event":"fault"').and.not.to.contain(SECRET);
    const loud = capture("debug");
    loud.log.error("fault", { message: `rejected ${SECRET}` });
    expect(loud.lines.join("")).to.contain(SECRET);
  });

  it("W-22: escapes what could forge a line, move a cursor or hide text", () => {
    const { lines, log } = capture("info");
    log.info("event\nforged", { reason: 'a\r\n{"level":"info"}\u001b[2J\u0085\u2028\u202e\u009b31m\u0000z' });
    expect(lines).to.have.length(1);
    expect(lines[0]?.trimEnd()).to.match(/^[\x20-\x7e]*$/);
    expect(JSON.parse(lines[0] ?? "").reason).to.match(/^a\\u\{d\}\\u\{a\}/);
  });

  it("cuts long values", () => {
    const { lines, log } = capture("info");
    log.info("event", { reason: "x".repeat(100_000) });
    expect(lines[0]?.length).to.be.below(1_200);
  });

  it("adds bound fields to each line, the later ones winning", () => {
    const { lines, log } = capture("info");
    log.with({ requestId: "a", tenant: 1 }).with({ tenant: 2 }).info("event", { status: 200 });
    expect(JSON.parse(lines[0] ?? "")).to.include({ requestId: "a", tenant: 2, status: 200 });
  });

  it("keeps below its level, and says nothing when silent", () => {
    const { lines, log } = capture("warn");
    log.debug("a");
    log.info("b");
    log.warn("c");
    capture("silent").log.error("d");
    expect(lines).to.have.length(1);
    const silent = capture("silent");
    silent.log.error("d");
    expect(silent.lines).to.deep.equal([]);
  });
});

describe("what is logged of a fault", () => {
  function logged(level: LogLevel, thrown: unknown): Record<string, unknown> {
    const { lines, log } = capture(level);
    log.fault("broken", thrown, { tenant: 7 });
    const { time: _, ...rest } = JSON.parse(lines[0] ?? "");
    return rest;
  }

  it("is its name, its code and where it happened", () => {
    const fault = Object.assign(new TypeError(`bad\n    at ${SECRET}\n${SECRET}`), { code: "SQLITE_BUSY" });
    const line = logged("info", fault);
    expect(line).to.include({ level: "error", event: "broken", tenant: 7, error: "TypeError", code: "SQLITE_BUSY" });
    expect(line["at"]).to.contain("log.test.js:");
    expect(JSON.stringify(line)).not.to.contain(SECRET);
    expect(logged("debug", fault)["message"]).to.contain(SECRET);
  });

  it("tells the code of what caused it, and no other word of that", () => {
    const cause = Object.assign(new Error(SECRET), { code: "SQLITE_FULL" });
    const line = logged("info", new Error("away", { cause }));
    expect(line).to.include({ error: "Error", cause: "SQLITE_FULL" });
    expect(JSON.stringify(line)).not.to.contain(SECRET);
    expect(logged("info", new Error("away", { cause: SECRET }))).not.to.have.property("cause");
  });

  it("is no code or name that is a sentence, and no frame that cannot be told from the message", () => {
    const fault = Object.assign(new Error("x"), {
      code: `no ${SECRET}`,
      name: `E ${SECRET}`,
      stack: `Error: at ${SECRET}`,
    });
    fault.message = "another message";
    expect(logged("info", fault)).to.deep.equal({ level: "error", event: "broken", tenant: 7, error: "Error" });
    expect(logged("info", SECRET)).to.deep.equal({ level: "error", event: "broken", tenant: 7, error: "string" });
  });
});
