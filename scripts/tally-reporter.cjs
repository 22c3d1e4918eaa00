/**
 * Mocha's spec report with one closing line, `N passed, N failed`; where ROLECALL_TEST_TOTALS names a file, the totals go there
 * instead, for a caller who has more to count. A run that is over but cannot end, because something was left open, is ended and failed.
 */
const { writeFileSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

const GRACE_MS = 20_000;

class TallyReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => this.#close());
  }

  #close() {
    const { passes, failures, pending } = this.stats;
    const totals = { passed: passes, failed: failures, skipped: pending };
    const file = process.env.ROLECALL_TEST_TOTALS;
    if (file) writeFileSync(file, JSON.stringify(totals));
    else console.log(`${totals.passed} passed, ${totals.failed} failed`);
    setTimeout(endByForce, GRACE_MS).unref();
  }
}

function endByForce() {
  console.error(`the tests are over, but these are still open: ${process.getActiveResourcesInfo().join(", ")}`);
  // Mocha sets the exit code in a listener of its own; the last one to speak wins.
  process.on("exit", () => {
    process.exitCode = 1;
  });
  process.exit();
}

module.exports = TallyReporter;
