/** `npm run bench -- engine`: everything about the mapping engine in one run. */
import { cpus } from "node:os";
import type { Shape } from "../population/shape.js";
import { measureApply, measureKill } from "./apply-speed.js";
import { measureEvaluation } from "./evaluation-speed.js";
import { measurePreview, type PreviewFigures } from "./preview-speed.js";
import { openWorld } from "./world.js";

export const PARTS = ["P6", "P7", "P8", "slope"] as const;
export type Part = (typeof PARTS)[number];

const SLOPE = [1000, 10_000];

export async function runEngineBench(shape: Shape, rounds: number, parts: ReadonlySet<Part>): Promise<void> {
  const tell = (text: string): void => console.log(text);
  tell(
    `node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}); medians of ${rounds} rounds`,
  );
  if (parts.has("P6")) {
    tell("\nP6: one person with 20 groups, literal rules only");
    await measureEvaluation(tell);
  }
  const slope: Point[] = [];
  if (parts.has("slope")) {
    for (const users of SLOPE.filter((one) => one < shape.users)) {
      const world = await openWorld({ ...shape, users }, () => undefined);
      try {
        slope.push({ users, ...(await measurePreview(world, rounds, () => undefined)) });
      } finally {
        await world.close();
      }
    }
  }
  if (!parts.has("P7") && !parts.has("P8") && !parts.has("slope")) return;
  tell("");
  let world = await openWorld(shape, tell);
  try {
    tell("\nP7: preview of an edit, 100 rules, ten of them expressions about the group");
    slope.push({ users: shape.users, ...(await measurePreview(world, rounds, tell)) });
    if (parts.has("slope")) tellSlope(slope, tell);
    if (!parts.has("P8")) return;
    tell("\nP8: the edit applied to everybody");
    await measureApply(world, rounds, tell);
    world = await measureKill(world, tell);
  } finally {
    await world.close();
  }
}

interface Point extends PreviewFigures {
  readonly users: number;
}

function tellSlope(slope: readonly Point[], tell: (text: string) => void): void {
  tell("  growth: milliseconds per 1,000 people, the ratio to bare SQL, and memory at most");
  for (const { users, preview, ratio, rssMegabytes } of slope) {
    tell(
      `    ${String(users).padStart(7)} people  ${((preview / users) * 1e6).toFixed(0).padStart(6)} ms  ${ratio.toFixed(2)}  RSS ${rssMegabytes.toFixed(0)} MB`,
    );
  }
}
