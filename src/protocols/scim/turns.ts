/** Owns how much of one kind of work goes on at once for one tenant: the rest waits, and other tenants do not. */

export type InTurn = <T>(tenant: string, work: () => Promise<T>) => Promise<T>;

interface Desk {
  busy: number;
  readonly waiting: (() => void)[];
}

/** Work begins in the order in which it was asked for; failing work makes room as any other does. */
export function createTurns(atOnce: number): InTurn {
  const desks = new Map<string, Desk>();
  return async (tenant, work) => {
    const desk = desks.get(tenant) ?? { busy: 0, waiting: [] };
    desks.set(tenant, desk);
    if (desk.busy < atOnce) desk.busy += 1;
    else await new Promise<void>((begin) => desk.waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = desk.waiting.shift();
      if (next !== undefined) next();
      else {
        desk.busy -= 1;
        if (desk.busy === 0) desks.delete(tenant);
      }
    }
  };
}
