/** Orders texts by their code units, the same everywhere and in every locale: for sorting what must come out stable. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
