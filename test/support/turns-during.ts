/** How many turns others have while the work goes on; `soFar` tells it meanwhile. */
export async function turnsDuring(work: (soFar: () => number) => Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const count = (): void => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  try {
    await work(() => turns);
    return turns;
  } finally {
    over = true;
  }
}
