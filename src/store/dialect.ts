/** The few real differences between the databases; everything else is SQL that both read alike. */
import { type Fragment, join, NOTHING, sql, type Value, verbatim } from "./sql.js";
import { refuseUnstorable, toJson } from "./values.js";

/** What a driver's error means to the store. */
export type Failure = "unique" | "foreign_key" | "unstorable" | "retry" | "unavailable" | "other";

/** Names for column types, used by migrations. `document` is JSON that filters look into; `json` comes back as it was stored. */
export type ColumnType = "text" | "int" | "flag" | "real" | "json" | "document" | "tenant_key";

/** A column of `rows`. */
export type RowType = "text" | "bigint" | "boolean";

/** A place in a search document: the JSON value under `names`, from an element of a list or from the document. */
export interface JsonPlace {
  readonly base: Fragment;
  readonly names: readonly string[];
  /** The alias of the element that `base` is, when `names` is empty. */
  readonly element?: Fragment;
}

/** A table, a name for it, and the rows of it that count, of which an index is ordered by this column. */
export interface Keyed {
  readonly table: string;
  readonly as: string;
  readonly key: string;
  readonly where: Fragment;
  /** What must hold besides, looked at once the key has found a row: an index that knows it only seems to be a better way. */
  readonly besides?: Fragment;
}

export type TextTest = "co" | "sw" | "ew";
export type OrderTest = "gt" | "ge" | "lt" | "le";

export interface Dialect {
  readonly name: "sqlite" | "postgres";
  readonly columns: Readonly<Record<ColumnType, string>>;
  /** End of a `create table`: checked types, and rows stored in their primary key where they are small. */
  readonly tableEnd: { readonly wide: string; readonly narrow: string };
  /** A subquery of one column `value` with these strings: one parameter however many there are. */
  list(values: readonly string[]): Fragment;
  /**
   * `from ... where ...` of what tables hold under these values: of the first what its key finds, of the others what theirs finds
   * for the same value. `values` is a subquery of one column in brackets. PostgreSQL enters each table by its key alone, once for
   * each value, whatever it knows of the tables.
   */
  each(values: Fragment, ...tables: readonly [Keyed, ...Keyed[]]): Fragment;
  /** Whether a table holds something under a value: of a query that is about other rows, entered in the same way. */
  finds(value: Fragment, table: Keyed): Fragment;
  /** A subquery of these rows, with their index as `ordinal`: one parameter however many there are. */
  rows(columns: Readonly<Record<string, RowType>>, rows: readonly Readonly<Record<string, Value>>[]): Fragment;
  /** Rows as one text of JSON, each an object with these keys, in this order. */
  jsonRows(columns: Readonly<Record<string, Fragment>>, order: Fragment, from: Fragment): Fragment;
  /** One object of JSON as text, with these keys. */
  jsonObject(columns: Readonly<Record<string, Fragment>>): Fragment;
  /** Text of JSON as a value of a `json` or `document` column. */
  json(text: Fragment): Fragment;
  document(text: Fragment): Fragment;
  /** Row locks, which SQLite needs none of: its writer is alone. */
  lock(table?: string): Fragment;
  /** Holds off deletions and other changes of these rows, not other readers like this one. */
  share(table: string): Fragment;
  /** Holds off only who takes these rows with `wholeLock`. */
  keyShare(table: string): Fragment;
  wholeLock(): Fragment;
  /** Only in a materialized `with`: as a plain subquery PostgreSQL may run it, and lock more rows, several times. */
  readonly lockFree: Fragment;
  /** Texts of a group, one after the other. */
  glue(text: Fragment, separator: string): Fragment;
  test(value: Fragment, test: TextTest, operand: string): Fragment;
  /** Whether a text has one of these in it: one parameter however many there are. */
  holdsOneOf(value: Fragment, texts: readonly string[]): Fragment;
  /** Text or JSON as text in which A to Z are small. */
  asciiLower(value: Fragment): Fragment;
  jsonEquals(place: JsonPlace, operand: string | number | boolean): Fragment;
  jsonTest(place: JsonPlace, test: TextTest, operand: string): Fragment;
  jsonOrder(place: JsonPlace, test: OrderTest, operand: string | number): Fragment;
  jsonPresent(place: JsonPlace): Fragment;
  /** Something other than null is there, be it empty. */
  jsonIsValue(place: JsonPlace): Fragment;
  /** The elements of a list as a table with this alias; nothing for what is no list. */
  jsonElements(place: JsonPlace, alias: string): Fragment;
  /** The texts of a list at a path of ours inside a `json` column, as a table with this alias and one column `value`. */
  jsonTexts(column: Fragment, path: readonly string[], alias: string): Fragment;
  /** Two sort keys of a scalar: by number, then by text; null for what is absent. */
  jsonKeys(place: JsonPlace): { readonly number: Fragment; readonly text: Fragment };
  failure(error: unknown): Failure;
}

export const ORDER_OPERATORS = {
  gt: verbatim(">"),
  ge: verbatim(">="),
  lt: verbatim("<"),
  le: verbatim("<="),
} as const;

/** `cast` for a parameter that a database cannot type by its place. */
export function bigint(value: number | null): Fragment {
  return sql`cast(${value} as bigint)`;
}
export function text(value: string | null): Fragment {
  return sql`cast(${value} as text)`;
}

/** Keys and values, one after the other; names of columns are ours. */
function keysAndValues(columns: Readonly<Record<string, Fragment>>): Fragment {
  const pairs = Object.entries(columns).map(([name, value]) => sql`${verbatim(`'${name}'`)}, ${value}`);
  return join(pairs, ", ");
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function code(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

// ---- SQLite ----

/** INVARIANT: a name ends up quoted inside a bound JSON path; one that could end the quotes never gets there. */
function jsonPath(names: readonly string[]): string {
  for (const name of names) {
    refuseUnstorable(name);
    if (/["\\]/.test(name)) throw new TypeError("an attribute's name holds no quotes");
  }
  return `$${names.map((name) => `."${name}"`).join("")}`;
}

function sqliteType(place: JsonPlace): Fragment {
  if (place.names.length === 0 && place.element !== undefined) return sql`${place.element}.type`;
  return sql`json_type(${place.base}, ${jsonPath(place.names)})`;
}

function sqliteValue(place: JsonPlace): Fragment {
  if (place.names.length === 0 && place.element !== undefined) return sql`${place.element}.value`;
  return sql`json_extract(${place.base}, ${jsonPath(place.names)})`;
}

function sqliteTest(value: Fragment, test: TextTest, operand: string): Fragment {
  if (test === "co") return sql`instr(${value}, ${operand}) > 0`;
  if (operand === "") return sql`${value} is not null`;
  if (test === "sw") return sql`substr(${value}, 1, length(${operand})) = ${operand}`;
  return sql`(length(${value}) >= length(${operand}) and substr(${value}, -length(${operand})) = ${operand})`;
}

const SQLITE_NUMBER = verbatim("('integer', 'real')");

/** Held by another process, or a disk that is full or fails: the same may be tried again. */
const SQLITE_UNAVAILABLE = ["SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR"];

function counts({ where, besides }: Keyed): Fragment {
  return besides === undefined ? where : sql`${where} and ${besides}`;
}

export const SQLITE: Dialect = {
  name: "sqlite",
  columns: {
    text: "text",
    int: "integer",
    flag: "integer",
    real: "real",
    json: "text",
    document: "text",
    tenant_key: "integer primary key",
  },
  tableEnd: { wide: "strict", narrow: "strict, without rowid" },
  list: (values) => sql`(select value from json_each(${toJson(values)}))`,
  each(values, first, ...others) {
    const joined = others.map(
      (table) =>
        sql`${verbatim(`join ${table.table} ${table.as} on ${table.as}.${table.key} = ${first.as}.${first.key}`)} and ${counts(table)}`,
    );
    return sql`${verbatim(`from ${first.table} ${first.as}`)} ${join(joined, " ")}
      where ${counts(first)} and ${verbatim(`${first.as}.${first.key}`)} in ${values}`;
  },
  finds: (value, table) =>
    sql`exists (select 1 from ${verbatim(`${table.table} ${table.as}`)}
      where ${counts(table)} and ${verbatim(`${table.as}.${table.key}`)} = ${value})`,
  rows(columns, rows) {
    // lists are read in half the time that objects take
    const names = Object.keys(columns);
    const fields = names.map((name, index) => `value ->> ${index} as ${name}`);
    const lists = rows.map((row) => names.map((name) => row[name] ?? null));
    return sql`(select ${verbatim(fields.join(", "))}, key as ordinal from json_each(${toJson(lists)}))`;
  },
  jsonRows: (columns, order, from) =>
    sql`(select json_group_array(json_object(${keysAndValues(columns)}) order by ${order}) ${from})`,
  jsonObject: (columns) => sql`json_object(${keysAndValues(columns)})`,
  json: (value) => value,
  document: (value) => value,
  lock: () => NOTHING,
  share: () => NOTHING,
  keyShare: () => NOTHING,
  wholeLock: () => NOTHING,
  lockFree: NOTHING,
  glue: (value, separator) => sql`group_concat(${value}, ${separator})`,
  test: sqliteTest,
  holdsOneOf: (value, texts) =>
    sql`exists (select 1 from json_each(${toJson(texts)}) as held where instr(${value}, held.value) > 0)`,
  asciiLower: (value) => sql`lower(${value})`,
  jsonEquals(place, operand) {
    if (typeof operand === "boolean") return sql`${sqliteType(place)} = ${operand ? "true" : "false"}`;
    const types = typeof operand === "number" ? SQLITE_NUMBER : verbatim("('text')");
    return sql`(${sqliteType(place)} in ${types} and ${sqliteValue(place)} = ${operand})`;
  },
  jsonTest: (place, test, operand) =>
    sql`(${sqliteType(place)} = 'text' and ${sqliteTest(sqliteValue(place), test, operand)})`,
  jsonOrder(place, test, operand) {
    const types = typeof operand === "number" ? SQLITE_NUMBER : verbatim("('text')");
    return sql`(${sqliteType(place)} in ${types} and ${sqliteValue(place)} ${ORDER_OPERATORS[test]} ${operand})`;
  },
  jsonPresent(place) {
    const value = sqliteValue(place);
    return sql`case ${sqliteType(place)} when 'text' then ${value} <> '' when 'array' then ${value} <> '[]'
      when 'object' then ${value} <> '{}' else ${value} is not null end`;
  },
  jsonIsValue: (place) => sql`${sqliteType(place)} <> 'null'`,
  jsonElements(place, alias) {
    const list = sql`case when ${sqliteType(place)} = 'array' then ${sqliteValue(place)} else '[]' end`;
    return sql`json_each(${list}) as ${verbatim(alias)}`;
  },
  jsonTexts: (column, path, alias) => sql`json_each(${column}, ${jsonPath(path)}) as ${verbatim(alias)}`,
  jsonKeys: (place) => ({
    number: sql`case when ${sqliteType(place)} in ('integer', 'real', 'true', 'false') then ${sqliteValue(place)} end`,
    text: sql`case when ${sqliteType(place)} = 'text' then ${sqliteValue(place)} end`,
  }),
  failure(error) {
    if (SQLITE_UNAVAILABLE.includes(code(error))) return "unavailable";
    if (code(error) !== "SQLITE_CONSTRAINT") return "other";
    if (message(error).includes("FOREIGN KEY")) return "foreign_key";
    return message(error).includes("UNIQUE") ? "unique" : "other";
  },
};

// ---- PostgreSQL ----

function pgValue(place: JsonPlace): Fragment {
  return place.names.reduce((json, name) => {
    refuseUnstorable(name);
    return sql`(${json} -> cast(${name} as text))`;
  }, place.base);
}

function pgText(place: JsonPlace): Fragment {
  return sql`(${pgValue(place)} #>> '{}') collate "C"`;
}

function pgTest(value: Fragment, test: TextTest, operand: string): Fragment {
  if (test === "co") return sql`strpos(${value}, ${text(operand)}) > 0`;
  if (operand === "") return sql`${value} is not null`;
  if (test === "sw") return sql`starts_with(${value}, ${text(operand)})`;
  return sql`right(${value}, length(${text(operand)})) = ${text(operand)}`;
}

/** An array as PostgreSQL reads it from text. */
function pgArray(values: readonly Value[]): string {
  const elements = values.map((value) => (value === null ? "NULL" : `"${String(value).replace(/["\\]/g, "\\$&")}"`));
  return `{${elements.join(",")}}`;
}

const PG_FAILURES: Readonly<Record<string, Failure>> = {
  "23505": "unique",
  "23503": "foreign_key",
  "22021": "unstorable",
  "22P05": "unstorable",
  "40001": "retry",
  "40P01": "retry",
  // its disk is full
  "53100": "unavailable",
  "53300": "unavailable",
  // the operator's `lock_timeout` and `statement_timeout`
  "55P03": "unavailable",
  "57014": "unavailable",
  "57P01": "unavailable",
  "57P03": "unavailable",
  "08006": "unavailable",
  ECONNREFUSED: "unavailable",
  ECONNRESET: "unavailable",
  ETIMEDOUT: "unavailable",
};

/**
 * Rows under one value. Without statistics every index that begins with the tenant seems as good as another: only one brings the
 * rows in the order of the key. `=` would leave nothing to put in order, a range of one value does; `offset` keeps the order.
 */
function entered(value: Fragment, { table, as, key, where, besides }: Keyed): Fragment {
  const column = verbatim(`${as}.${key}`);
  const found = sql`select * from ${verbatim(`${table} ${as}`)} where ${where}
    and ${column} between ${value} and ${value} order by ${column} offset 0`;
  return besides === undefined ? found : sql`select * from (${found}) as ${verbatim(as)} where ${besides}`;
}

export const POSTGRES: Dialect = {
  name: "postgres",
  columns: {
    text: 'text collate "C"',
    int: "bigint",
    flag: "boolean",
    real: "double precision",
    json: "json",
    document: "jsonb",
    tenant_key: "bigint generated by default as identity primary key",
  },
  tableEnd: { wide: "", narrow: "" },
  // arrays: PostgreSQL sees how many elements there are, and plans for as many look-ups
  list: (values) => sql`(select value from unnest(cast(${pgArray(values)} as text[])) as listed (value))`,
  each(values, ...tables) {
    const listed = verbatim("listed.value");
    const found = tables.map((table) => sql`lateral (${entered(listed, table)}) as ${verbatim(table.as)}`);
    return sql`from (select distinct value from ${values} as every (value)) as listed, ${join(found, ", ")} where true`;
  },
  finds: (value, table) => sql`exists (${entered(value, table)})`,
  rows(columns, rows) {
    const arrays = Object.entries(columns).map(
      ([name, type]) => sql`cast(${pgArray(rows.map((row) => row[name] ?? null))} as ${verbatim(type)}[])`,
    );
    const names = verbatim(Object.keys(columns).join(", "));
    return sql`(select ${names}, nth - 1 as ordinal
      from unnest(${join(arrays, ", ")}) with ordinality as listed (${names}, nth))`;
  },
  jsonRows: (columns, order, from) =>
    sql`(select cast(coalesce(json_agg(json_build_object(${keysAndValues(columns)}) order by ${order}), '[]') as text) ${from})`,
  jsonObject: (columns) => sql`cast(json_build_object(${keysAndValues(columns)}) as text)`,
  json: (value) => sql`cast(${value} as json)`,
  document: (value) => sql`cast(${value} as jsonb)`,
  // `no key`: a full row lock would make every insert that refers to the row wait
  lock: (table) => verbatim(table === undefined ? " for no key update" : ` for no key update of ${table}`),
  share: (table) => verbatim(` for share of ${table}`),
  keyShare: (table) => verbatim(` for key share of ${table}`),
  wholeLock: () => verbatim(" for update"),
  lockFree: verbatim(" for no key update skip locked"),
  glue: (value, separator) => sql`string_agg(${value}, ${separator})`,
  test: pgTest,
  holdsOneOf: (value, texts) =>
    sql`exists (select 1 from unnest(cast(${pgArray(texts)} as text[])) as held (value) where strpos(${value}, held.value) > 0)`,
  asciiLower: (value) => sql`lower(cast(${value} as text) collate "C")`,
  jsonEquals: (place, operand) => sql`${pgValue(place)} = cast(${toJson(operand)} as jsonb)`,
  jsonTest: (place, test, operand) =>
    sql`(jsonb_typeof(${pgValue(place)}) = 'string' and ${pgTest(pgText(place), test, operand)})`,
  jsonOrder(place, test, operand) {
    const operator = ORDER_OPERATORS[test];
    if (typeof operand === "string") {
      return sql`(jsonb_typeof(${pgValue(place)}) = 'string' and ${pgText(place)} ${operator} ${text(operand)})`;
    }
    // only `case` keeps the cast from being tried on what is no number
    const number = sql`cast(${pgValue(place)} #>> '{}' as numeric) ${operator} cast(${operand} as numeric)`;
    return sql`case when jsonb_typeof(${pgValue(place)}) = 'number' then ${number} end`;
  },
  jsonPresent: (place) => sql`${pgValue(place)} not in ('null', '""', '[]', '{}')`,
  jsonIsValue: (place) => sql`${pgValue(place)} <> 'null'`,
  jsonElements(place, alias) {
    const list = sql`case when jsonb_typeof(${pgValue(place)}) = 'array' then ${pgValue(place)} else '[]' end`;
    return sql`jsonb_array_elements(${list}) with ordinality as ${verbatim(alias)} (value, key)`;
  },
  jsonTexts: (column, path, alias) =>
    sql`json_array_elements_text(${column} #> cast(${pgArray(path)} as text[])) as ${verbatim(alias)} (value)`,
  jsonKeys: (place) => ({
    number: sql`case jsonb_typeof(${pgValue(place)}) when 'number' then cast(${pgValue(place)} #>> '{}' as numeric)
      when 'boolean' then case when ${pgValue(place)} = 'true' then 1 else 0 end end`,
    text: sql`case when jsonb_typeof(${pgValue(place)}) = 'string' then ${pgText(place)} end`,
  }),
  failure(error) {
    // knex gives up waiting for a connection of its pool
    if (error instanceof Error && error.name === "KnexTimeoutError") return "unavailable";
    // the driver gives no code where the server went in the middle of a statement
    if (message(error).startsWith("Connection terminated")) return "unavailable";
    return PG_FAILURES[code(error)] ?? "other";
  },
};
