/** P8: an edit that changes one person in five is applied to everybody, beside a bare bulk write of the same rows. */
import { join } from "node:path";
import type { MappingDocument } from "../../src/model/mapping.js";
import { median, secondsOf, thousands } from "../measure/figures.js";
import type { Seen } from "../measure/measured-service.js";
import { startNeighbour } from "../measure/neighbour.js";
import { bareWrite, countOf, rowsOfRun, type WrittenRows } from "./bare-write.js";
import { previewEdit, tellSeen } from "./preview-speed.js";
import { BIG, SMALL, type World } from "./world.js";

interface RunView {
  readonly id: number;
  readonly status: string;
  readonly total: number;
  readonly done: number;
}

interface Saved {
  readonly version: number;
  readonly run: RunView;
}

export async function measureApply(world: World, rounds: number, tell: (text: string) => void): Promise<void> {
  const [saves, applies, bares, ratios]: [number[], number[], number[], number[]] = [[], [], [], []];
  const seen: Seen[] = [];
  const latencies: number[] = [];
  let written: WrittenRows | undefined;
  for (let round = 0; round < rounds; round++) {
    const document = round % 2 === 0 ? world.edit : world.mapping;
    const { digest } = await previewEdit({ admin: world.admin, edit: document });
    await world.service.begin();
    const neighbour = startNeighbour(world.admin, SMALL, world.neighbour);
    let saved: Saved | undefined;
    saves.push(
      await secondsOf(async () => {
        saved = await save(world, document, digest);
      }),
    );
    const apply = await secondsOf(() => ended(world, runOf(saved)));
    latencies.push(...(await neighbour.stop()));
    seen.push(await world.service.seen());
    written = await rowsOfRun(world.path, world.tenant, runOf(saved), saved?.version ?? 0);
    const bare = await bareWrite(join(world.folder, `scratch-${round}.db`), world.path, world.tenant, written);
    applies.push(apply);
    bares.push(bare);
    ratios.push(apply / bare);
  }
  if (!written) return;
  tell(
    `  bare bulk write of the same ${thousands(countOf(written))} rows                  ${median(bares).toFixed(2)} s`,
  );
  tell(
    `    ${thousands(written.opened.length)} grants opened, ${thousands(written.closed.length)} closed, ${thousands(written.refreshed.length)} refreshed, ${thousands(written.audit.length)} audit entries, ${thousands(written.events.length)} events, ${thousands(written.people.length)} people`,
  );
  tell(`  the run, from its start to its end                   ${median(applies).toFixed(2)} s`);
  tell(`  ratio                                                ${median(ratios).toFixed(2)}`);
  tell(`  before it, the save with its second look at everybody ${median(saves).toFixed(2)} s`);
  tellSeen(seen, latencies, tell);
}

function save(world: World, document: MappingDocument, digest: string): Promise<Saved> {
  return world.admin.call<Saved>("PUT", `/tenants/${BIG}/mapping?digest=${digest}`, JSON.stringify(document));
}

function runOf(saved: Saved | undefined): number {
  if (saved === undefined) throw new Error("nothing was saved");
  return saved.run.id;
}

function readRun(world: World, run: number, wait = 0): Promise<RunView> {
  return world.admin.call<RunView>("GET", `/tenants/${BIG}/runs/${run}?wait=${wait}`);
}

async function ended(world: World, run: number): Promise<RunView> {
  for (;;) {
    const view = await readRun(world, run, 20);
    if (view.status === "done") return view;
    if (view.status !== "queued" && view.status !== "running") throw new Error(`run ${run} is ${view.status}`);
  }
}

/** Kills the service while a run is under way; the next start takes it up where it was. Answers with the new world. */
export async function measureKill(world: World, tell: (text: string) => void): Promise<World> {
  const { mapping } = await world.admin
    .call<{ readonly document: MappingDocument }>("GET", `/tenants/${BIG}/mapping`)
    .then(({ document }) => ({ mapping: document }));
  const isEdited = JSON.stringify(mapping) === JSON.stringify(world.edit);
  const next = isEdited ? world.mapping : world.edit;
  const { digest } = await previewEdit({ admin: world.admin, edit: next });
  const run = runOf(await save(world, next, digest));
  let done = 0;
  while (done < world.shape.users / 4) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ({ done } = await readRun(world, run));
  }
  const restarted = await world.killAndRestart();
  const left = await readRun(restarted, run);
  const seconds = await secondsOf(() => ended(restarted, run));
  const { summary } = await previewEdit({ admin: restarted.admin, edit: next });
  tell(
    `  killed after ${thousands(left.done)} of ${thousands(left.total)} people; started again, the run was done ${seconds.toFixed(1)} s later, with ${summary.changed} people left to change`,
  );
  return restarted;
}
