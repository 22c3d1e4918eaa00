/** P7: a preview of an edit for everybody, over HTTP, beside the bare reading of the same rows. */
import { median, percentile, secondsOf, thousands } from "../measure/figures.js";
import type { Seen } from "../measure/measured-service.js";
import { startNeighbour } from "../measure/neighbour.js";
import { bareRead } from "./bare-read.js";
import { BIG, SMALL, type World } from "./world.js";

export interface PreviewFigures {
  readonly preview: number;
  readonly bare: number;
  readonly ratio: number;
  readonly rssMegabytes: number;
}

interface PreviewAnswer {
  readonly digest: string;
  readonly summary: {
    readonly users: number;
    readonly changed: number;
    readonly granted: number;
    readonly revoked: number;
  };
}

export async function measurePreview(
  world: World,
  rounds: number,
  tell: (text: string) => void,
): Promise<PreviewFigures> {
  const [previews, bares, ratios]: [number[], number[], number[]] = [[], [], []];
  const seen: Seen[] = [];
  const latencies: number[] = [];
  let answer: PreviewAnswer | undefined;
  let rows = 0;
  for (let round = 0; round < rounds; round++) {
    const bare = await secondsOf(async () => {
      rows = await bareRead(world.path, world.tenant);
    });
    await world.service.begin();
    const neighbour = startNeighbour(world.admin, SMALL, world.neighbour);
    const preview = await secondsOf(async () => {
      answer = await previewEdit(world);
    });
    latencies.push(...(await neighbour.stop()));
    seen.push(await world.service.seen());
    previews.push(preview);
    bares.push(bare);
    ratios.push(preview / bare);
  }
  const figures = { preview: median(previews), bare: median(bares), ratio: median(ratios) };
  const rssMegabytes = Math.max(...seen.map((one) => one.rssMegabytes));
  tell(`  bare SQL: ${thousands(rows)} rows read by the driver alone      ${figures.bare.toFixed(2)} s`);
  tell(`  preview over HTTP, plan stored                       ${figures.preview.toFixed(2)} s`);
  tell(`  ratio                                                ${figures.ratio.toFixed(2)}`);
  const { changed = 0, granted = 0, revoked = 0 } = answer?.summary ?? {};
  tell(`  ${thousands(changed)} people changed, ${thousands(granted)} granted, ${thousands(revoked)} revoked`);
  tellSeen(seen, latencies, tell);
  return { ...figures, rssMegabytes };
}

export function previewEdit({ admin, edit }: Pick<World, "admin" | "edit">): Promise<PreviewAnswer> {
  return admin.call<PreviewAnswer>("POST", `/tenants/${BIG}/mapping/preview`, JSON.stringify(edit));
}

/** What the service's process saw of itself, and what another tenant's requests took meanwhile. */
export function tellSeen(seen: readonly Seen[], latencies: readonly number[], tell: (text: string) => void): void {
  const blocked = seen.map((one) => one.blockedMilliseconds);
  tell(`  event loop blocked at most (of each round)           ${blocked.map((one) => one.toFixed(0)).join(", ")} ms`);
  tell(`  memory at most: RSS ${worst(seen, "rssMegabytes")} MB, heap ${worst(seen, "heapMegabytes")} MB`);
  const [middle, high, most] = [median(latencies), percentile(latencies, 0.99), Math.max(...latencies)];
  tell(
    `  another tenant's ${latencies.length} requests meanwhile: median ${middle.toFixed(1)} ms, 99 % ${high.toFixed(1)} ms, slowest ${most.toFixed(1)} ms`,
  );
}

function worst(seen: readonly Seen[], key: "rssMegabytes" | "heapMegabytes"): string {
  return Math.max(...seen.map((one) => one[key])).toFixed(0);
}
