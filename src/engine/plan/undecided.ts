import type { Lock } from "../../model/evaluation.js";
import type { Instant } from "../../model/ids.js";
import type { PlanSummary, Undecided } from "../../model/plan.js";
import { compareText } from "../compare-text.js";
import type { CompiledMapping } from "../compile/compiled-mapping.js";
import { plainName } from "../rule-text.js";

/** How many a summary names. */
const NAMED = 20;

/** Counts rules that cannot be judged, by reason and in people; it grows with rules, and never with people. */
export interface UndecidedTally {
  /** Locks of one person's decision. */
  add(locks: readonly Lock[]): void;
  /** Those that concern the most people first. */
  value(mapping: CompiledMapping): PlanSummary["undecided"];
}

interface Counted {
  readonly lock: Lock;
  people: number;
  /** The latest, where all have one. */
  until: Instant | undefined;
}

/** Counts people by rule and reason: each person once, however many locks they have of the two. */
export function undecidedTally(): UndecidedTally {
  const counted = new Map<string, Counted>();
  return {
    add(locks) {
      const mine = new Map(locks.map((lock) => [`${lock.rule}\u0000${lock.open.reason}`, lock]));
      for (const [key, lock] of mine) {
        const known = counted.get(key);
        const { until } = lock.open;
        if (!known) counted.set(key, { lock, people: 1, until });
        else {
          known.people += 1;
          if (until === undefined || (known.until !== undefined && until > known.until)) known.until = until;
        }
      }
    },
    value({ ruleById }) {
      const all = [...counted.values()].map(({ lock: { rule, open }, people, until }): Undecided => {
        const named = ruleById.get(rule);
        const name = named ? plainName(named) : rule;
        return { rule, name, reason: open.reason, people, ...(until === undefined ? {} : { until }) };
      });
      const sorted = all.sort(
        (a, b) => b.people - a.people || compareText(a.rule, b.rule) || compareText(a.reason, b.reason),
      );
      return { items: sorted.slice(0, NAMED), more: Math.max(0, sorted.length - NAMED) };
    },
  };
}
