/** Owns the reading of CSV files (RFC 4180, and what spreadsheets make of it), row by row. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { CsvError, parse } from "csv-parse";

export interface CsvRow {
  /** Line of the file on which the row ends, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A file that is no CSV, and where. */
export class CsvFault extends Error {
  readonly line: number;

  constructor(message: string, options: ErrorOptions & { readonly line: number }) {
    super(message, options);
    this.name = "CsvFault";
    this.line = options.line;
  }
}

interface RecordWithInfo {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

const DELIMITERS = [",", "\t", ";"] as const;
const HEAD = 64 * 1024;
/** A row of more characters than this is an unclosed quote. */
const LONGEST_ROW = 1024 * 1024;

/**
 * The rows of a file in UTF-8, its header first; blank lines are left out, a byte order mark is tolerated. Comma, tab or
 * semicolon divides, whichever the header has most of. Throws CsvFault, and the file system's own errors.
 */
export async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  // Where the last whole row ended: rows that wait to be read are lost when the next one is broken.
  let ended = 0;
  const parser = parse({
    bom: true,
    delimiter: await delimiterOf(path),
    max_record_size: LONGEST_ROW,
    info: true,
    on_record(cells, { lines }) {
      ended = lines;
      return cells;
    },
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const stream = createReadStream(path);
  stream.on("error", (error) => parser.destroy(error));
  stream.pipe(parser);
  try {
    for await (const { record: cells, info } of parser as AsyncIterable<RecordWithInfo>) {
      const line = info.lines;
      if (cells.some((cell) => cell.includes("\uFFFD"))) {
        throw new CsvFault("the file is not in UTF-8: export it so", { line });
      }
      yield { line, cells };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CsvFault(`this row is no CSV: ${reasonOf(error)}`, { line: ended + 1, cause: error });
  } finally {
    stream.destroy();
  }
}

function reasonOf({ code }: CsvError): string {
  if (code === "CSV_QUOTE_NOT_CLOSED" || code === "CSV_MAX_RECORD_SIZE") return "a quote is opened and never closed";
  return "a quote stands inside a cell: write it twice, and the cell in quotes";
}

async function delimiterOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    const [header = ""] = buffer
      .toString("utf8", 0, bytesRead)
      .replace(/"[^"]*"/g, "")
      .split(/[\r\n]+/)
      .filter((line) => line.trim() !== "");
    const count = (delimiter: string) => header.split(delimiter).length;
    return DELIMITERS.toSorted((a, b) => count(b) - count(a))[0] as string;
  } finally {
    await file.close();
  }
}
