/** Owns how much of one kind of work goes on at once for one tenant, or one resource: the rest waits, and what is for others does not. */

export type InTurn = <T>(whose: string, work: () => Promise<T>) => Promise<T>;

interface Desk {
  busy: number;
  readonly waiting: (() => void)[];
}

/** Work begins in the order in which it was asked for; failing work makes room as any other does. */
export function createTurns(atOnce: number): InTurn {
  const desks = new Map<string, Desk>();
  return async (whose, work) => {
    const desk = desks.get(whose) ?? { busy: 0, waiting: [] };
    desks.set(whose, desk);
    if (desk.busy < atOnce) desk.busy += 1;
    else await new Promise<void>((begin) => desk.waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = desk.waiting.shift();
      if (next !== undefined) next();
      else {
        desk.busy -= 1;
        if (desk.busy === 0) desks.delete(whose);
      }
    }
  };
}
