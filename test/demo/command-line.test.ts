import { expect } from "chai";
import { DemoFailure } from "../../demo/stage/demo-failure.js";
import { runCommandLine } from "../../demo/stage/run-command-line.js";

describe("the demo's command line", () => {
  it("answers what the command printed", async () => {
    expect(await runCommandLine(["--help"], process.env)).to.include.members(["Usage: rolecall <command> [arguments]"]);
  });

  it("fails with what was run and what it said, where the command does", async () => {
    const failure = await runCommandLine(["runs", "release", "none", "--tenant", "acme"], process.env).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(DemoFailure).with.property("message", "the command ended with 2");
    expect(failure).to.have.nested.property("exchanged.request", "rolecall runs release none --tenant acme");
    expect(failure).to.have.nested.property("exchanged.answer").that.contains("NUMBER must be the number of a run");
  });
});
