/** Characters with which a spreadsheet begins a formula, also behind blanks that it would skip. */
const FORMULA = /^[\s]*[=+\-@\t\r\n]/;

/**
 * A table as spreadsheets read it (RFC 4180). INVARIANT: no cell is a formula: names come from strangers, and a formula
 * would run in the hands of whoever reviews access.
 */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
