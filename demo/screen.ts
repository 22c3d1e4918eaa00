/** Owns what the demo looks like: numbered steps, details in aligned columns, and colours where there is a terminal to show them. */

export interface Screen {
  /** A line at the left edge; empty without a text. */
  say(text?: string): void;
  /** Begins the next numbered step. */
  step(title: string): void;
  /** Details of the step, one row a line, in columns of one width each. */
  details(...rows: readonly Row[]): void;
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  /** Where in the story it is, for whoever has to say where it stopped: `after step 4`. */
  readonly place: string;
}

/** What a row is about decides its sign and its colour. */
export type Mark = "gain" | "loss" | "none" | "warning";

export interface Row {
  readonly mark: Mark;
  readonly cells: readonly string[];
}

export const gain = rowOf("gain");
export const loss = rowOf("loss");
export const note = rowOf("none");
export const warning = rowOf("warning");

const SIGNS: Readonly<Record<Mark, string>> = { gain: "+ ", loss: "- ", none: "", warning: "! " };
const COLOURS: Readonly<Record<Mark, number | undefined>> = { gain: 32, loss: 31, none: undefined, warning: 33 };
const BOLD = 1;
const INDENT = "     ";

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function createScreen(output: Output, environment: NodeJS.ProcessEnv): Screen {
  const isColoured = output.isTTY === true && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
  const paint = (text: string, colour: number | undefined): string =>
    isColoured && colour !== undefined ? `\u001b[${colour}m${text}\u001b[0m` : text;
  const write = (line: string): void => void output.write(`${line}\n`);
  let steps = 0;
  return {
    say: (text = "") => write(text),
    step(title) {
      steps += 1;
      write(`${String(steps).padStart(2)} ${paint(title, BOLD)}`);
    },
    details(...rows) {
      const lines = aligned(rows.map(({ mark, cells: [first = "", ...others] }) => [SIGNS[mark] + first, ...others]));
      for (const [index, { mark }] of rows.entries()) write(INDENT + paint(lines[index] ?? "", COLOURS[mark]));
    },
    table(head, rows) {
      const [first = "", ...others] = aligned([head, ...rows]);
      write(paint(first, BOLD));
      for (const line of others) write(line);
    },
    get place() {
      return steps === 0 ? "before step 1" : `after step ${steps}`;
    },
  };
}

function rowOf(mark: Mark): (...cells: readonly string[]) => Row {
  return (...cells) => ({ mark, cells });
}

/** A row of one cell is a sentence, and widens no column. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = rows.filter((row) => row.length > 1);
  const width = (column: number): number => Math.max(...columns.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, column) => (row.length > 1 ? cell.padEnd(width(column)) : cell))
      .join("  ")
      .trimEnd(),
  );
}
