/** Resource filters and sort orders as SQL, over columns where there are some and the search document elsewhere. */
import type { AttributePath, Comparator, ResourceFilter, ResourceSort } from "../model/filter.js";
import type { ListPosition } from "../provisioning/ports/directory.js";
import type { Dialect, JsonPlace, OrderTest, TextTest } from "./dialect.js";
import { ORDER_OPERATORS } from "./dialect.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";

/** A path that is a column of the row; `text` columns hold what filters compare with. */
interface Column {
  readonly expression: Fragment;
  readonly type: "text" | "number" | "flag";
  /** Each row has one. */
  readonly always?: true;
}

/** A table of rows that a path asks. `from` is completed by a condition on one row, whose id is `value`; all have one type. */
interface RowTable {
  readonly from: Fragment;
  readonly value: Fragment;
  readonly type: Fragment;
}

type Rows = readonly RowTable[];

/** What a filter is made over: one alias, its search document, and the paths that are kept elsewhere. */
export interface FilterSource {
  readonly document: Fragment;
  readonly id: Fragment;
  readonly columns: Readonly<Record<string, Column>>;
  /** By the name of the multi-valued attribute: the tables that hold its elements. */
  readonly rows: Readonly<Record<string, Rows>>;
}

type Compare = Extract<ResourceFilter, { readonly op: "compare" }>;
type Operand = string | number | boolean;

const TRUE = verbatim("1 = 1");
const FALSE = verbatim("1 = 0");
/** The path of an element that is a value itself. */
const ITSELF = "[]";

export function filterSql(dialect: Dialect, source: FilterSource, filter: ResourceFilter): Fragment {
  return new FilterWriter(dialect, source).condition(filter, undefined);
}

/** Tests at the end of a path, by where the path ends. */
interface Leaf {
  readonly inDocument: (place: JsonPlace) => Fragment;
  readonly onColumn: (column: Column) => Fragment;
}

/** Writes one filter: each list that it walks into has an alias of its own. `root` is the element that paths start from. */
class FilterWriter {
  readonly #dialect: Dialect;
  readonly #source: FilterSource;
  #aliases = 0;

  constructor(dialect: Dialect, source: FilterSource) {
    this.#dialect = dialect;
    this.#source = source;
  }

  condition(item: ResourceFilter, root: JsonPlace | undefined): Fragment {
    switch (item.op) {
      case "and":
        return item.items.length === 0 ? TRUE : this.#joined(item.items, root, " and ");
      case "or":
        return item.items.length === 0 ? FALSE : this.#joined(item.items, root, " or ");
      case "not":
        return isNot(this.condition(item.item, root));
      case "present":
        return this.#leaf(item.path, root, {
          inDocument: (place) => this.#dialect.jsonPresent(place),
          onColumn: columnPresent,
        });
      case "compare":
        return this.#comparison(item, root);
      case "element":
        return this.#element(item.path, root, item.where);
    }
  }

  #joined(items: readonly ResourceFilter[], root: JsonPlace | undefined, separator: string): Fragment {
    const conditions = items.map((item) => this.condition(item, root));
    return sql`(${join(conditions, separator)})`;
  }

  #comparison(item: Compare, root: JsonPlace | undefined): Fragment {
    const { path, comparator, value } = item;
    if (comparator === "ne") {
      if (value !== null && path.some((step) => step.multi)) return this.#anyDiffers(path, value, root);
      return isNot(this.#comparison({ ...item, comparator: "eq" }, root));
    }
    if (value === null) {
      // null and absent are one state (RFC 7643 section 2.5)
      return comparator === "eq" ? isNot(this.condition({ op: "present", path }, root)) : FALSE;
    }
    return this.#leaf(path, root, this.#compared(comparator, value));
  }

  #compared(comparator: Exclude<Comparator, "ne">, value: Operand): Leaf {
    const dialect = this.#dialect;
    return {
      inDocument: (place) => compareJson(dialect, place, comparator, value),
      onColumn: (column) => compareColumn(dialect, column, comparator, value),
    };
  }

  /** `ne` of several values: one of them is another, or there is none. */
  #anyDiffers(path: AttributePath, value: Operand, root: JsonPlace | undefined): Fragment {
    const { jsonIsValue } = this.#dialect;
    const equal = this.#compared("eq", value);
    const other = this.#leaf(path, root, {
      inDocument: (place) => sql`(${jsonIsValue(place)} and ${isNot(equal.inDocument(place))})`,
      onColumn: (column) => isNot(equal.onColumn(column)),
    });
    const some = this.#leaf(path, root, { inDocument: jsonIsValue, onColumn: () => TRUE });
    return sql`(${other} or ${isNot(some)})`;
  }

  /** A test at the end of a path: on a column, on rows, or in the document, where any value of a list may satisfy it. */
  #leaf(path: AttributePath, root: JsonPlace | undefined, { inDocument, onColumn }: Leaf): Fragment {
    const name = nameOf(path);
    if (root === undefined) {
      const column = this.#source.columns[name];
      if (column !== undefined) return onColumn(column);
      const rows = this.#rowsOf(path);
      if (rows !== undefined) return ofRows(rows, path.slice(1), onColumn);
    }
    if (name === ITSELF) return root === undefined ? FALSE : inDocument(root);
    return this.#walk(root ?? this.#document(), path, inDocument);
  }

  #rowsOf(path: AttributePath): Rows | undefined {
    return this.#source.rows[path[0]?.name ?? ""];
  }

  #document(): JsonPlace {
    return { base: this.#source.document, names: [] };
  }

  #walk(from: JsonPlace, path: AttributePath, test: (place: JsonPlace) => Fragment): Fragment {
    const list = path.findIndex((step) => step.multi);
    const names = (list === -1 ? path : path.slice(0, list + 1)).map((step) => step.name);
    const place: JsonPlace = { base: this.#contents(from), names: [...from.names, ...names] };
    if (list === -1) return test(place);
    const alias = `e${++this.#aliases}`;
    const element: JsonPlace = { base: verbatim(`${alias}.value`), names: [], element: verbatim(alias) };
    const rest = path.slice(list + 1);
    const condition = rest.length === 0 ? test(element) : this.#walk(element, rest, test);
    return sql`exists (select 1 from ${this.#dialect.jsonElements(place, alias)} where ${condition})`;
  }

  /** SQLite reads an element as JSON only where it is an object. */
  #contents({ base, element }: JsonPlace): Fragment {
    if (element === undefined || this.#dialect.name === "postgres") return base;
    return sql`case when ${element}.type = 'object' then ${base} else '{}' end`;
  }

  #element(path: AttributePath, root: JsonPlace | undefined, where: ResourceFilter): Fragment {
    const rows = root === undefined && path.length === 1 ? this.#rowsOf(path) : undefined;
    if (rows !== undefined) return someRow(rows, (table) => this.#rowCondition(table, where));
    const holding = path.map((step, index) => ({ ...step, multi: step.multi || index === path.length - 1 }));
    return this.#walk(root ?? this.#document(), holding, (inside) => this.condition(where, inside));
  }

  /** A condition inside `members[...]` or `groups[...]`: the row's own id and type are all that it can ask for. */
  #rowCondition(table: RowTable, where: ResourceFilter): Fragment {
    const value: Column = { expression: table.value, type: "text" };
    const inner: FilterSource = {
      ...this.#source,
      columns: { value, [ITSELF]: value, type: { expression: table.type, type: "text" } },
      rows: {},
      document: verbatim(this.#dialect.name === "sqlite" ? "'{}'" : "cast('{}' as jsonb)"),
    };
    return filterSql(this.#dialect, inner, where);
  }
}

/** INVARIANT: null is false below every `not`, or an absent attribute would satisfy neither side. */
function isNot(condition: Fragment): Fragment {
  return sql`not coalesce((${condition}), false)`;
}

function nameOf(path: AttributePath): string {
  return path.map((step) => step.name).join(".");
}

function ofRows(rows: Rows, rest: AttributePath, onColumn: Leaf["onColumn"]): Fragment {
  const name = nameOf(rest);
  if (name !== "" && name !== "value") return FALSE;
  return someRow(rows, ({ value }) => onColumn({ expression: value, type: "text" }));
}

function someRow(rows: Rows, condition: (table: RowTable) => Fragment): Fragment {
  if (rows.length === 0) return FALSE;
  const tables = rows.map((table) => sql`exists (${table.from} and ${condition(table)})`);
  return sql`(${join(tables, " or ")})`;
}

function compareJson(
  dialect: Dialect,
  place: JsonPlace,
  comparator: Exclude<Comparator, "ne">,
  value: Operand,
): Fragment {
  if (comparator === "eq") return dialect.jsonEquals(place, value);
  if (isTextTest(comparator)) return typeof value === "string" ? dialect.jsonTest(place, comparator, value) : FALSE;
  return typeof value === "boolean" ? FALSE : dialect.jsonOrder(place, comparator, value);
}

function compareColumn(
  dialect: Dialect,
  column: Column,
  comparator: Exclude<Comparator, "ne">,
  value: Operand,
): Fragment {
  const wanted = { text: "string", number: "number", flag: "boolean" }[column.type];
  if (typeof value !== wanted) return FALSE;
  if (comparator === "eq") return sql`${column.expression} = ${value}`;
  if (isTextTest(comparator))
    return typeof value === "string" ? dialect.test(column.expression, comparator, value) : FALSE;
  return typeof value === "boolean" ? FALSE : sql`${column.expression} ${ORDER_OPERATORS[comparator]} ${value}`;
}

function isTextTest(comparator: TextTest | OrderTest): comparator is TextTest {
  return comparator === "co" || comparator === "sw" || comparator === "ew";
}

function columnPresent(column: Column): Fragment {
  return column.type === "text"
    ? sql`(${column.expression} is not null and ${column.expression} <> '')`
    : sql`${column.expression} is not null`;
}

/** What a list is sorted by: a number, a text, or the one where there is no other; null where a row has no value. */
export interface SortKeys {
  readonly number?: Fragment;
  readonly text?: Fragment;
  readonly always?: true;
  readonly descending: boolean;
}

export function sortKeys(dialect: Dialect, source: FilterSource, sort: ResourceSort | undefined): SortKeys {
  if (sort === undefined) return { descending: false };
  const { descending, holds } = sort;
  if (holds !== undefined) {
    const held = filterSql(dialect, source, holds);
    return { number: sql`case when ${held} then 1 else 0 end`, always: true, descending };
  }
  const column = source.columns[nameOf(sort.path)];
  if (column === undefined) return { ...documentKeys(dialect, source, sort.path), descending };
  const { type, expression, always } = column;
  if (type !== "flag") return { [type]: expression, descending, ...(always && { always }) };
  return { number: sql`case when ${expression} then 1 when not ${expression} then 0 end`, descending };
}

/** The order of a list: absent values last when ascending, first when descending, then by id (RFC 7644 section 3.4.2.3). */
export function orderSql({ number, text, descending }: SortKeys, id: Fragment): Fragment {
  const direction = verbatim(descending ? " desc nulls first" : " nulls last");
  const ordered = [number, text].flatMap((key) => (key === undefined ? [] : [sql`${key}${direction}`]));
  return join([...ordered, id], ", ");
}

/** What stands behind a position in that order. */
export function behindSql(keys: SortKeys, id: Fragment, position: ListPosition): Fragment {
  const byId = sql`${id} > ${position.id}`;
  const byText = behindKey(keys, keys.text, position.text, verbatim("text"), byId);
  return behindKey(keys, keys.number, position.number, verbatim("numeric"), byText);
}

/** By one key: behind its value, or at its value and behind by what comes next. */
function behindKey(
  { always, descending }: SortKeys,
  key: Fragment | undefined,
  given: string | number | null,
  type: Fragment,
  next: Fragment,
): Fragment {
  if (key === undefined) return next;
  if (given === null) {
    const same = sql`(${key} is null and ${next})`;
    return descending ? sql`(${key} is not null or ${same})` : same;
  }
  const value = sql`cast(${given} as ${type})`;
  const further = verbatim(descending ? "<" : ">");
  const same = sql`(${key} = ${value} and ${next})`;
  // the first condition says nothing new, but an index is entered by it
  if (always) return sql`(${key} ${further}= ${value} and (${key} ${further} ${value} or ${same}))`;
  return descending ? sql`(${key} < ${value} or ${same})` : sql`(${key} > ${value} or ${key} is null or ${same})`;
}

/** A list sorts by its primary element, else by its first. */
function documentKeys(dialect: Dialect, source: FilterSource, path: AttributePath): Pick<SortKeys, "number" | "text"> {
  const list = path.findIndex((step) => step.multi);
  const document = { base: source.document, names: path.map((step) => step.name) };
  if (list === -1) return dialect.jsonKeys(document);
  const elements = dialect.jsonElements({ base: source.document, names: document.names.slice(0, list + 1) }, "s");
  const isObject =
    dialect.name === "postgres"
      ? verbatim("s.value")
      : verbatim("case when s.type = 'object' then s.value else '{}' end");
  const names = document.names.slice(list + 1);
  const place: JsonPlace =
    names.length === 0 ? { base: verbatim("s.value"), names, element: verbatim("s") } : { base: isObject, names };
  const primary = dialect.jsonEquals({ base: isObject, names: ["primary"] }, true);
  const { number, text } = dialect.jsonKeys(place);
  const chosen = (key: Fragment): Fragment =>
    sql`(select ${key} from ${elements} order by case when ${primary} then 0 else 1 end, s.key limit 1)`;
  return { number: chosen(number), text: chosen(text) };
}
