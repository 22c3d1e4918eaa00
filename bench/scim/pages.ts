/** P5: a page of a list by cursor (RFC 9865), the last one beside the first. */
import { median } from "../measure/figures.js";
import { exchange, rateOf, type Wire } from "../measure/wire.js";
import { wiresTo } from "./contest.js";
import type { World } from "./world.js";

const PAGE = 100;
const MEASURED_MILLISECONDS = 1000;

interface PageBody {
  readonly Resources: readonly unknown[];
  readonly nextCursor?: string;
}

export async function measurePages(world: World, rounds: number, tell: (text: string) => void): Promise<void> {
  const [wire] = await wiresTo(world, 1);
  if (wire === undefined) return;
  const first = pathOf("");
  const { last, pages, people } = await walk(wire, first);
  const [firsts, lasts]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    firsts.push(await millisecondsOf(wire, first));
    lasts.push(await millisecondsOf(wire, last));
  }
  wire.close();
  // the first round warms up
  const [start, end] = [median(firsts.slice(1)), median(lasts.slice(1))];
  tell(`  ${people} people on ${pages} pages of ${PAGE}, one connection`);
  tell(`  the first page                            ${start.toFixed(1)} ms`);
  tell(`  the last                                  ${end.toFixed(1)} ms`);
  tell(`  ratio                                     ${(end / start).toFixed(2)}`);
}

function pathOf(cursor: string): string {
  return `/Users?count=${PAGE}&cursor=${encodeURIComponent(cursor)}`;
}

/** The last page that is full: a short one would have less to tell. */
async function walk(wire: Wire, first: string) {
  let [path, last, pages, people] = [first, first, 0, 0];
  for (;;) {
    const { body } = await exchange(wire, { method: "GET", path, status: 200 });
    const { Resources, nextCursor } = JSON.parse(body) as PageBody;
    pages++;
    people += Resources.length;
    if (Resources.length === PAGE) last = path;
    if (nextCursor === undefined) return { last, pages, people };
    path = pathOf(nextCursor);
  }
}

async function millisecondsOf(wire: Wire, path: string): Promise<number> {
  return 1000 / (await rateOf([wire], again(path), MEASURED_MILLISECONDS));
}

function* again(path: string): Generator<{ method: string; path: string; status: number }, undefined> {
  for (;;) yield { method: "GET", path, status: 200 };
}
