/** What no rule explains, person by person, and what stands in the way. */
import { quote } from "../../model/quote.js";
import { type Target, targetLabel } from "../../model/target.js";
import type { Given } from "./given.js";
import type { CurrentPerson, InferTable } from "./table.js";

export interface Holding {
  readonly userName: string;
  readonly target: Target;
}

/** What no rule explains, and why not. */
export interface InferException extends Holding {
  readonly reason: string;
}

/** Who holds the target and would not have it by the rules. `least`: fewer holders in a group are no reason for a rule. */
export function exceptionsOf(
  table: InferTable,
  given: Given,
  target: number,
  least: number,
): readonly InferException[] {
  return given.unexplained(target).map((person) => {
    const higher = given.inPlaceOf(person, target);
    const reason = higher === undefined ? nearestMiss(table, person, target, least) : overruled(table, higher);
    return { ...holding(table, person, target), reason };
  });
}

/** Person and target as the caller knows them. */
export function holding(table: InferTable, person: number, target: number): Holding {
  return { userName: (table.people[person] as CurrentPerson).userName, target: table.targets[target] as Target };
}

function overruled(table: InferTable, higher: number): string {
  const instead = quote(targetLabel(table.targets[higher] as Target));
  return `rules give ${instead}, and only the highest role in a team counts`;
}

/** The nearest group, and what is wrong with it. */
function nearestMiss(table: InferTable, person: number, target: number, least: number): string {
  const [nearest] = (table.groupsOf[person] as readonly number[])
    .map((group) => {
      const size = (table.members[group] as readonly number[]).length;
      return { group, size, held: table.counts[group]?.get(target) as number };
    })
    .sort((a, b) => b.held / b.size - a.held / a.size || b.size - a.size || a.group - b.group);
  if (nearest === undefined) return "the person is in no group";
  const name = quote(table.groups[nearest.group] as string);
  const { held, size } = nearest;
  if (held === size && size < least) return `only ${size} in ${name}, too few to make a rule of`;
  return `no group fits: of ${size} in ${name}, ${held} ${held === 1 ? "holds" : "hold"} this`;
}
