/** P6: how often a second one person with twenty groups is judged by literal rules. */
import { median, thousands } from "../measure/figures.js";
import { type Subject, subjects } from "./evaluation-subjects.js";

const RULES = [10, 100, 1000];
const ROUND_MILLISECONDS = 150;
const ROUNDS = 7;

export async function measureEvaluation(tell: (text: string) => void): Promise<void> {
  const columns: (readonly { readonly name: string; readonly perSecond: number; readonly share: number }[])[] = [];
  for (const rules of RULES) columns.push(await measureColumn(rules));
  tell(`  evaluations/s (share of the plain Map)   ${RULES.map((rules) => `${rules} rules`.padStart(20)).join("")}`);
  for (const [row, { name }] of (columns[0] ?? []).entries()) {
    const cells = columns.map((column) => {
      const { perSecond = 0, share = 0 } = column[row] ?? {};
      return `${thousands(perSecond)} (${(share * 100).toFixed(share < 0.01 ? 2 : 0)} %)`.padStart(20);
    });
    tell(`  ${name.padEnd(40)} ${cells.join("")}`);
  }
}

/** All subjects in turn, round after round; the first is what the others are held against, within each round. */
async function measureColumn(rules: number) {
  const all = subjects(rules);
  const matched = new Set(await Promise.all(all.map((subject) => subject.run(1))));
  if (matched.size > 1) throw new Error(`the subjects disagree on who matches: ${[...matched].join(", ")}`);
  const speeds = new Map<Subject, number[]>(all.map((subject) => [subject, []]));
  const [limit] = all as readonly [Subject, ...Subject[]];
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of all) speeds.get(subject)?.push(await speedOf(subject));
  }
  return all.map((subject) => {
    const mine = speeds.get(subject) ?? [];
    const shares = mine.map((speed, round) => speed / (speeds.get(limit)?.[round] ?? 1));
    return { name: subject.name, perSecond: median(mine), share: median(shares) };
  });
}

async function speedOf(subject: Subject): Promise<number> {
  let times = 1;
  let done = 0;
  const started = performance.now();
  for (;;) {
    await subject.run(times);
    done += times;
    const elapsed = performance.now() - started;
    if (elapsed >= ROUND_MILLISECONDS) return (done / elapsed) * 1000;
    times = Math.max(1, Math.min(100_000, Math.ceil((done / elapsed) * ROUND_MILLISECONDS * 0.2)));
  }
}
