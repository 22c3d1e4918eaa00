/** P3 and P4: what a request costs when there are more people, and when the group is larger. */
import { median } from "../measure/figures.js";
import { type Exchange, rateOf, type Wire } from "../measure/wire.js";
import { wiresTo } from "./contest.js";
import { finds, membershipMoves, posts, reads, switches } from "./exchanges.js";
import type { World } from "./world.js";

const WARM_UP_MILLISECONDS = 300;
const MEASURED_MILLISECONDS = 1000;

interface Lane {
  readonly wires: readonly Wire[];
  readonly exchanges: Iterator<Exchange, undefined>;
  readonly microseconds: number[];
}

/** Microseconds for one request each, medians of the rounds, which take turns. */
async function measured(lanes: readonly Lane[], rounds: number): Promise<readonly number[]> {
  for (const { wires, exchanges } of lanes) await rateOf(wires, exchanges, WARM_UP_MILLISECONDS);
  for (let round = 0; round < rounds; round++) {
    for (const { wires, exchanges, microseconds } of lanes) {
      microseconds.push(1e6 / (await rateOf(wires, exchanges, MEASURED_MILLISECONDS)));
    }
  }
  for (const { wires } of lanes) for (const wire of wires) wire.close();
  return lanes.map(({ microseconds }) => median(microseconds));
}

const OPERATIONS = [
  { name: "GET /Users/{id}", of: reads },
  { name: "GET /Users?filter=userName eq", of: finds },
  { name: "POST /Users", of: posts },
  { name: "PATCH /Users/{id} active", of: switches },
  { name: "PATCH /Groups/{id}, one member", of: (world: World) => membershipMoves(world, world.groups.small) },
] as const;

/** `worlds`: the smallest first. */
export async function measureSlope(
  worlds: readonly World[],
  rounds: number,
  tell: (text: string) => void,
): Promise<void> {
  const sizes = worlds.map(({ shape }) => `${Math.round(shape.users / 1000)}k`.padStart(10)).join("");
  tell(`  microseconds for a request          ${sizes}   most people : fewest`);
  for (const { name, of } of OPERATIONS) {
    const lanes = await Promise.all(
      worlds.map(async (world) => ({
        wires: await wiresTo(world),
        exchanges: of(world, world.shape),
        microseconds: [],
      })),
    );
    const figures = await measured(lanes, rounds);
    const ratio = (figures.at(-1) ?? 0) / (figures[0] ?? 1);
    tell(`  ${name.padEnd(36)}${figures.map((one) => one.toFixed(0).padStart(10)).join("")}   ${ratio.toFixed(2)}`);
  }
}

/** One connection, since whoever changes a group waits for it. */
export async function measureGroups(world: World, rounds: number, tell: (text: string) => void): Promise<void> {
  const lanes = await Promise.all(
    [world.groups.small, world.groups.large].map(async (group) => ({
      wires: await wiresTo(world, 1),
      exchanges: membershipMoves(world, group),
      microseconds: [],
    })),
  );
  const [small = 0, large = 0] = await measured(lanes, rounds);
  tell(`  one member in or out of a group of 10     ${small.toFixed(0)} microseconds`);
  tell(`  the same in a group of 10,000             ${large.toFixed(0)} microseconds`);
  tell(`  ratio                                     ${(large / small).toFixed(2)}`);
}
