/** What the rules chosen so far give, person by person. INVARIANT: a rule is chosen only if this stays within what people hold. */
import type { InferTable } from "./table.js";

export class Given {
  readonly #table: InferTable;
  readonly #given: readonly Set<number>[];
  readonly #gained: readonly Set<number>[];
  readonly #allowed: number;

  /** `allowed`: as many people may gain each target. */
  constructor(table: InferTable, allowed: number) {
    this.#table = table;
    this.#given = table.people.map(() => new Set());
    this.#gained = table.targets.map(() => new Set());
    this.#allowed = allowed;
  }

  /** Rules give the target, or a higher role in its place. */
  has(person: number, target: number): boolean {
    return this.#given[person]?.has(target) === true || this.inPlaceOf(person, target) !== undefined;
  }

  /** The higher role that rules give, so that the target does not count though a rule may give it too. */
  inPlaceOf(person: number, target: number): number | undefined {
    const given = this.#given[person] as ReadonlySet<number>;
    for (const higher of this.#table.above[target] as ReadonlySet<number>) if (given.has(higher)) return higher;
    return undefined;
  }

  /** Whether the person would have something by the target that they do not hold. */
  isGain(person: number, target: number): boolean {
    return !(this.#table.holds[person] as readonly number[]).includes(target) && !this.has(person, target);
  }

  /**
   * Whether the target may be given to all of these, beside those who gain it already, and those of `gaining`, who may gain it.
   * Nobody may lose a lower role by a gain.
   */
  allows(people: Iterable<number>, target: number, gaining: ReadonlySet<number>): boolean {
    const more = new Set<number>();
    for (const person of people) {
      if (gaining.has(person) || !this.isGain(person, target)) continue;
      if (this.#holdsLower(person, target)) return false;
      more.add(person);
    }
    return (this.#gained[target] as ReadonlySet<number>).size + gaining.size + more.size <= this.#allowed;
  }

  #holdsLower(person: number, target: number): boolean {
    return (this.#table.holds[person] as readonly number[]).some((held) => this.#table.above[held]?.has(target));
  }

  give(people: readonly number[], target: number): void {
    for (const person of people) {
      if (this.isGain(person, target)) this.#gained[target]?.add(person);
      this.#given[person]?.add(target);
    }
  }

  /** People who hold the target and to whom rules give neither it nor a higher role in its place: one more rule could. */
  missing(target: number): readonly number[] {
    return (this.#table.holders[target] as readonly number[]).filter((person) => !this.has(person, target));
  }

  /** People who hold the target and would not have it by the rules. */
  unexplained(target: number): readonly number[] {
    return (this.#table.holders[target] as readonly number[]).filter(
      (person) => !this.#given[person]?.has(target) || this.inPlaceOf(person, target) !== undefined,
    );
  }

  gained(target: number): readonly number[] {
    return [...(this.#gained[target] as ReadonlySet<number>)];
  }
}
