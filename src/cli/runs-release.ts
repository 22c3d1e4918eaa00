import type { Opened } from "../compose.js";
import type { Tenant } from "../model/connection.js";
import type { RunId } from "../model/ids.js";
import { previewRun, releaseRun, waitForRun } from "../provisioning/runs/held-runs.js";
import { startWorker } from "../provisioning/runs/worker.js";
import { type Command, EXIT, type ExitCode, Misuse, type Terminal } from "./command.js";
import { commandLineContext, tenantNamed, withInstallation } from "./installation.js";
import { changeLine, summaryLines } from "./plan-text.js";

const SHOWN = 20;
const LONGEST_WAIT = 600;

export const runsRelease: Command = {
  name: "runs release",
  takes: "NUMBER",
  summary: "Show what a held run would do, and let it go as shown",
  details: ["Lines that begin with ! are privileged. The last owner of a tenant stays held whatever is released."],
  options: {
    tenant: { value: "SLUG", what: "whose run it is", required: true },
    yes: { what: "do not ask" },
  },
  async run(args, terminal) {
    const number = args.positionals[0] ?? "";
    if (!/^[1-9]\d{0,8}$/.test(number)) throw new Misuse("NUMBER must be the number of a run, such as 3");
    const run = Number(number) as RunId;
    return withInstallation(terminal, async (opened) => {
      const tenant = await tenantNamed(opened, args.required("tenant"));
      const preview = await previewRun(opened.p, tenant, run);
      for (const line of summaryLines(preview.summary)) terminal.out(line);
      const { items, next } = await preview.lines({ limit: SHOWN });
      for (const line of items) terminal.out(changeLine(line));
      if (next !== undefined) terminal.out(`  ... and more: the admin API lists them all under plan ${preview.id}`);
      const agreed = args.has("yes") || (await terminal.confirm(`Release run ${run} of ${tenant.slug}?`));
      if (agreed === undefined) throw new Misuse("nobody is here to be asked: add --yes to release it as shown");
      if (!agreed) return EXIT.failed;
      await releaseRun(opened.p, tenant, run, preview.digest, commandLineContext(terminal));
      return finish(opened, tenant, run, terminal);
    });
  },
};

/** Does the work here: the service may not be running. Where it is, the two share it. */
async function finish(opened: Opened, tenant: Tenant, id: RunId, terminal: Terminal): Promise<ExitCode> {
  const worker = startWorker(opened.p);
  opened.onWake(worker.wake);
  try {
    const run = await waitForRun(opened.p, tenant, id, LONGEST_WAIT);
    terminal.out(`run ${id} is ${run.status}: ${run.done} of ${run.total} people done`);
    return run.status === "done" ? EXIT.done : EXIT.failed;
  } finally {
    await worker.stop();
  }
}
