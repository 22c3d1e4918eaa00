import { isLoss } from "../../engine/plan/digest.js";
import type { Connection } from "../../model/connection.js";
import type { PersonPlan, PlanLine } from "../../model/plan.js";
import { bucketOf } from "../brake.js";
import type { Losing } from "../brake-buckets.js";
import type { Gathered } from "../gather.js";

/** Counts people who would lose something that nobody reviewed, by the bucket that the brake charges it to. */
export interface LosingTally {
  /** `unseen`: lines of the person's plan that no review covers. */
  add(person: Gathered, plan: PersonPlan, unseen: readonly PlanLine[]): void;
  value(): readonly Losing[];
}

export function losingTally(connections: readonly Connection[]): LosingTally {
  const losing = new Map<string, Losing>();
  return {
    add({ links }, plan, unseen) {
      if (!unseen.some(isLoss)) return;
      const bucket = bucketOf(plan, { connections, connectionOf: () => links[0]?.connection.id });
      const key = `${bucket.connection}|${bucket.kind}`;
      losing.set(key, { ...bucket, people: (losing.get(key)?.people ?? 0) + 1 });
    },
    value: () => [...losing.values()],
  };
}
