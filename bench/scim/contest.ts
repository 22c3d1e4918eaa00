/** P1 and P2: the same requests to Rolecall, to a bare node:http server, to a careful knex service and to scimmy, in turns. */
import { median, thousands } from "../measure/figures.js";
import { type Exchange, openWire, rateOf, type Wire } from "../measure/wire.js";
import { type Contestant, startContestant } from "./contestant.js";
import { finds, posts, reads, switches } from "./exchanges.js";
import type { World } from "./world.js";

const CONNECTIONS = 8;
/** A server that has just begun compiles what it runs: each answers as many requests as that takes, or as many as it can in so long. */
const WARM_UP_REQUESTS = 4_000;
const WARM_UP_MILLISECONDS = 12_000;
const WARM_UP_STEP_MILLISECONDS = 400;
/** Bare servers end connections that idle for five seconds, and all others have their turn meanwhile. */
const MEASURED_MILLISECONDS = 1500;

const OPERATIONS = [
  { part: "P1", name: "POST /Users", of: posts },
  { part: "P1", name: "PATCH /Users/{id} active", of: switches },
  { part: "P2", name: "GET /Users/{id}, 20 groups", of: reads },
  { part: "P2", name: "GET /Users?filter=userName eq", of: finds },
] as const;

/** The columns, in the order of `contestants`. */
const NAMES = ["Rolecall", "limit", "knex", "scimmy"] as const;

interface Lane {
  readonly wires: readonly Wire[];
  readonly exchanges: Iterator<Exchange, undefined>;
  readonly rates: number[];
}

export async function measureContest(
  world: World,
  rounds: number,
  parts: ReadonlySet<string>,
  tell: (text: string) => void,
): Promise<void> {
  const contest = { shape: world.shape, database: world.copy };
  const others = [
    await startContestant("limit", "scim/limit-server", contest),
    await startContestant("knex", "scim/knex-server", contest),
    await startContestant("scimmy", "scim/scimmy-server", contest),
  ];
  // the database of this one is a copy, with the same token in it
  const contestants = [world, ...others.map((one) => ({ ...one, token: world.token }))];
  try {
    tell(
      `  requests/s, ${CONNECTIONS} connections   ${NAMES.map((name) => name.padStart(12)).join("")}   of limit, of knex`,
    );
    for (const { part, name, of } of OPERATIONS) {
      if (parts.has(part)) tellRow(`${part} ${name}`, await measureRow(contestants, of, world, rounds), tell);
    }
    const memory = await Promise.all(contestants.map((one) => one.rssMegabytes()));
    tell(`  ${"RSS, MB".padEnd(34)}${memory.map((one) => one.toFixed(0).padStart(12)).join("")}`);
  } finally {
    await Promise.all(others.map((one) => one.stop()));
  }
}

async function measureRow(
  contestants: readonly Contestant[],
  of: (contestant: Contestant, shape: World["shape"]) => Iterator<Exchange, undefined>,
  { shape }: World,
  rounds: number,
): Promise<readonly number[]> {
  const warm: { readonly one: Contestant; readonly exchanges: Lane["exchanges"] }[] = [];
  for (const one of contestants) {
    const exchanges = of(one, shape);
    await warmUp(one, exchanges);
    warm.push({ one, exchanges });
  }
  const lanes: readonly Lane[] = await Promise.all(
    warm.map(async ({ one, exchanges }) => ({ wires: await wiresTo(one), exchanges, rates: [] })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const { wires, exchanges, rates } of lanes) {
      rates.push(await rateOf(wires, exchanges, MEASURED_MILLISECONDS));
    }
  }
  for (const { wires } of lanes) for (const wire of wires) wire.close();
  return lanes.map(({ rates }) => median(rates));
}

async function warmUp(contestant: Contestant, exchanges: Lane["exchanges"]): Promise<void> {
  const wires = await wiresTo(contestant);
  const until = performance.now() + WARM_UP_MILLISECONDS;
  for (let done = 0; done < WARM_UP_REQUESTS && performance.now() < until; ) {
    done += ((await rateOf(wires, exchanges, WARM_UP_STEP_MILLISECONDS)) * WARM_UP_STEP_MILLISECONDS) / 1000;
  }
  for (const wire of wires) wire.close();
}

export function wiresTo(
  { url, token }: Pick<Contestant, "url" | "token">,
  connections = CONNECTIONS,
): Promise<readonly Wire[]> {
  return Promise.all(Array.from({ length: connections }, () => openWire(url, token)));
}

function tellRow(name: string, rates: readonly number[], tell: (text: string) => void): void {
  const [rolecall = 0, limit = 0, knex = 0] = rates;
  const cells = rates.map((rate) => thousands(rate).padStart(12)).join("");
  const share = `${((100 * rolecall) / limit).toFixed(1)} %`;
  tell(`  ${name.padEnd(34)}${cells}   ${share.padStart(8)} ${(rolecall / knex).toFixed(2).padStart(8)}`);
}
