/** Statements as values: SQL text with bound values, put together without any value ever becoming text. */

/** What a statement may bind. Objects never reach a driver, which would read their keys. */
export type Value = string | number | boolean | null;

/** A piece of SQL with `?` for each of its values. A class, so that no object from outside can pass for one. */
export class Fragment {
  readonly text: string;
  readonly values: readonly Value[];
  /** A look-up that takes no time: several of them may run at the same time. */
  readonly quick: boolean;

  constructor(text: string, values: readonly Value[], quick = false) {
    this.text = text;
    this.values = values;
    this.quick = quick;
  }
}

const FEW = 100;

/** The statement as one that looks up a few rows by their keys; `keys`: how many. */
export function quick({ text, values }: Fragment, keys = 1): Fragment {
  return new Fragment(text, values, keys <= FEW);
}

/** Values become `?`, fragments become part of the text. */
export function sql(strings: TemplateStringsArray, ...parts: readonly (Value | Fragment)[]): Fragment {
  let text = strings[0] ?? "";
  const values: Value[] = [];
  for (const [index, part] of parts.entries()) {
    if (part instanceof Fragment) {
      text += part.text;
      for (const value of part.values) values.push(value);
    } else if (part === null || typeof part !== "object") {
      text += "?";
      values.push(part);
    } else {
      throw new TypeError("a statement binds strings, numbers, booleans and null only");
    }
    text += strings[index + 1] ?? "";
  }
  return new Fragment(text, values);
}

/** Text of our own as a fragment. Never for anything that came from outside. */
export function verbatim(text: string): Fragment {
  return new Fragment(text, []);
}

export const NOTHING = verbatim("");

export function join(fragments: readonly Fragment[], separator: string): Fragment {
  return new Fragment(
    fragments.map((fragment) => fragment.text).join(separator),
    fragments.flatMap((fragment) => fragment.values),
  );
}

/** `insert into` one row; the names of columns are ours. */
export function insertion(table: string, columns: Readonly<Record<string, Value | Fragment>>): Fragment {
  const names = Object.keys(columns).join(", ");
  const values = join(
    Object.values(columns).map((value) => sql`${value}`),
    ", ",
  );
  return sql`insert into ${verbatim(`${table} (${names})`)} values (${values})`;
}

/** The list after `set`. */
export function assignments(columns: Readonly<Record<string, Value>>): Fragment {
  return join(
    Object.entries(columns).map(([name, value]) => sql`${verbatim(name)} = ${value}`),
    ", ",
  );
}

/** How many rows a statement must write, and what is thrown where it writes another number. */
export interface Writes {
  readonly rows: number;
  readonly otherwise: () => Error;
}

/** Runs statements. Those that are asked for without awaiting one another have no order. */
export interface Sql {
  all<Row>(statement: Fragment): Promise<readonly Row[]>;
  /** How many rows were written. */
  run(statement: Fragment): Promise<number>;
  /** Of a transaction: those that are sent without awaiting one another run in the order of sending, where it can be, as one. */
  send(statement: Fragment, must?: Writes): Promise<void>;
}

/** A sender for what runs statements one by one. */
export function sendingBy(run: Sql["run"]): Sql["send"] {
  return async (statement, must) => {
    const written = await run(statement);
    if (must !== undefined && written !== must.rows) throw must.otherwise();
  };
}

export async function one<Row>(sql: Sql, statement: Fragment): Promise<Row | undefined> {
  return (await sql.all<Row>(statement))[0];
}
