/** P11: two instances over one PostgreSQL beside one of them alone, by as many connections in all. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, thousands } from "../measure/figures.js";
import type { MeasuredService } from "../measure/start-measured-service.js";
import { type Exchange, exchange, openWire, rateOf, type Wire } from "../measure/wire.js";
import { makeTenant } from "../population/make-tenant.js";
import type { Shape } from "../population/shape.js";
import { addMemberPatch, newPerson, removeMemberPatch } from "./people.js";
import { adminOf, giveToken, serveDatabase } from "./world.js";

const CONNECTIONS = 8;
const WARM_UP_MILLISECONDS = 3000;
const MEASURED_MILLISECONDS = 3000;
const PEOPLE = 200;
const CONNECTION = "okta";
const GROUP = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName: "bench" };
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

type Exchanges = Generator<Exchange, undefined>;

/** The tenant stays in the database: make one for the bench, and drop it. */
export async function measureInstances(
  databaseUrl: string,
  shape: Shape,
  rounds: number,
  tell: (text: string) => void,
): Promise<void> {
  process.env["ROLECALL_SECRET_KEY"] ??= Buffer.alloc(32, 7).toString("base64");
  process.env["ROLECALL_OPERATOR_TOKEN"] ??= "rco_bench";
  const slug = `bench-${Date.now()}`;
  await makeTenant({ databaseUrl, slug, shape, progress: () => undefined });
  const folder = await mkdtemp(join(tmpdir(), "rolecall-bench-"));
  const first = await serveDatabase(folder, databaseUrl);
  const second = await serveDatabase(folder, databaseUrl);
  try {
    await measurePair([first, second], slug, rounds, tell);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function measurePair(
  [first, second]: readonly [MeasuredService, MeasuredService],
  slug: string,
  rounds: number,
  tell: (text: string) => void,
): Promise<void> {
  const token = await giveToken(adminOf(first), slug, CONNECTION);
  const lanes = [[first], [first, second]];
  tell(`  requests/s, ${CONNECTIONS} connections              one         two   two of one`);
  for (const [name, exchanges] of await operations(first, token)) {
    // each of the two by itself, or the one that both lanes use would be the warmer one
    for (const service of [first, second]) await laneRate([service], token, exchanges, WARM_UP_MILLISECONDS);
    const rates = lanes.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, services] of lanes.entries()) {
        rates[at]?.push(await laneRate(services, token, exchanges, MEASURED_MILLISECONDS));
      }
    }
    const [one = 0, two = 0] = rates.map(median);
    const cells = [one, two].map((rate) => thousands(rate).padStart(12)).join("");
    tell(`  ${name.padEnd(32)}${cells} ${(two / one).toFixed(2).padStart(12)}`);
  }
}

/** Connections are made anew: a server ends those that wait unused. */
async function laneRate(
  services: readonly MeasuredService[],
  token: string,
  exchanges: Exchanges,
  milliseconds: number,
): Promise<number> {
  const urls = services.flatMap(({ url }) => Array.from({ length: CONNECTIONS / services.length }, () => url));
  const wires = await Promise.all(urls.map((url) => openWire(`${url}/api/scim/v2`, token)));
  const rate = await rateOf(wires, exchanges, milliseconds);
  for (const wire of wires) wire.close();
  return rate;
}

/** The same sequence goes on from lane to lane, so that nobody is made twice. */
async function operations(
  { url }: MeasuredService,
  token: string,
): Promise<readonly (readonly [name: string, of: Exchanges])[]> {
  const wire = await openWire(`${url}/api/scim/v2`, token);
  const creations = posts();
  const ids: string[] = [];
  while (ids.length < PEOPLE) ids.push(await madeBy(wire, creations.next().value));
  const group = await madeBy(wire, { method: "POST", path: "/Groups", body: JSON.stringify(GROUP), status: 201 });
  wire.close();
  return [
    ["different people: POST /Users", creations],
    ["one group: PATCH of members", moves(ids, group)],
    ["one user: PATCH of an attribute", titles(ids[0] ?? "")],
  ];
}

async function madeBy(wire: Wire, asked: Exchange | undefined): Promise<string> {
  if (asked === undefined) throw new Error("there is nothing left to make");
  const { body } = await exchange(wire, asked);
  return (JSON.parse(body) as { readonly id: string }).id;
}

function* posts(): Exchanges {
  for (let number = 0; ; number++) {
    yield { method: "POST", path: "/Users", body: JSON.stringify(newPerson(number)), status: 201 };
  }
}

function* moves(ids: readonly string[], group: string): Exchanges {
  const path = `/Groups/${group}?attributes=displayName`;
  for (let turn = 0; ; turn++) {
    const person = ids[turn % ids.length] ?? "";
    const isIn = Math.floor(turn / ids.length) % 2 === 1;
    const body = isIn ? removeMemberPatch(person) : addMemberPatch([person]);
    yield { method: "PATCH", path, body: JSON.stringify(body), status: 200 };
  }
}

function* titles(id: string): Exchanges {
  for (let turn = 0; ; turn++) {
    const Operations = [{ op: "replace", path: "title", value: `Title ${turn}` }];
    yield {
      method: "PATCH",
      path: `/Users/${id}`,
      body: JSON.stringify({ schemas: [PATCH], Operations }),
      status: 200,
    };
  }
}
