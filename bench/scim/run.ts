/** `npm run bench -- scim`: everything about the SCIM server in one run. */
import { cpus } from "node:os";
import type { Shape } from "../population/shape.js";
import { measureContest } from "./contest.js";
import { OUTSIDERS } from "./exchanges.js";
import { measureInitialCycle } from "./initial-cycle.js";
import { measureInstances } from "./instances.js";
import { measurePages } from "./pages.js";
import { measureGroups, measureSlope } from "./slope.js";
import { openWorld, type World } from "./world.js";

export const PARTS = ["P1", "P2", "P3", "P4", "P5", "P11", "P12"] as const;
export type Part = (typeof PARTS)[number];

/** People of the contest; the slope goes from a tenth of them to ten times as many. */
export const USERS = 10_000;
const LARGEST = 10;
const SLOPE = [0.1, 1, LARGEST];

type Tell = (text: string) => void;

/** `postgresUrl`: an empty database for P11, which is left out without one. */
export async function runScimBench(
  shape: Shape,
  rounds: number,
  parts: ReadonlySet<Part>,
  postgresUrl?: string,
): Promise<void> {
  const tell: Tell = (text) => console.log(text);
  tell(
    `node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}); medians of ${rounds} rounds`,
  );
  if (parts.has("P1") || parts.has("P2") || parts.has("P4")) {
    await inWorld(shape, async (world) => {
      tell(`\nP1, P2: ${shape.users} people x ${shape.groupsPerUser} groups, 100 rules, sync live`);
      if (parts.has("P1") || parts.has("P2")) await measureContest(world, rounds, parts, tell);
      if (!parts.has("P4")) return;
      tell("\nP4: one connection, a member of a mapped group");
      await measureGroups(world, rounds, tell);
    });
  }
  if (parts.has("P3")) await runSlope(shape, rounds, tell);
  // a world of its own: people whom other parts made are in no groups, and the last page would be theirs
  if (parts.has("P5"))
    await inWorld({ ...shape, users: shape.users * LARGEST }, (world) => runPages(world, rounds, tell));
  if (parts.has("P11") && postgresUrl === undefined) tell("\nP11: left out, as no --database is given");
  if (parts.has("P11") && postgresUrl !== undefined) {
    tell("\nP11: two instances over one PostgreSQL, sync live");
    await measureInstances(postgresUrl, shape, rounds, tell);
  }
  if (parts.has("P12")) {
    tell("\nP12: the first cycle of a directory, at full speed");
    await measureInitialCycle(shape, tell);
  }
}

async function inWorld(shape: Shape, work: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld({ ...shape, users: shape.users + OUTSIDERS });
  try {
    await work(world);
  } finally {
    await world.stop();
  }
}

async function runPages(world: World, rounds: number, tell: Tell): Promise<void> {
  tell("\nP5: pages by cursor");
  await measurePages(world, rounds, tell);
}

async function runSlope(shape: Shape, rounds: number, tell: Tell): Promise<void> {
  tell("\nP3: growth");
  const worlds: World[] = [];
  try {
    for (const share of SLOPE) worlds.push(await openWorld({ ...shape, users: Math.round(shape.users * share) }));
    await measureSlope(worlds, rounds, tell);
  } finally {
    for (const world of worlds) await world.stop();
  }
}
