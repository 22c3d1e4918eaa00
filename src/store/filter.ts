/** Resource filters and sort orders as SQL, over columns where there are some and the search document elsewhere. */
import type { AttributePath, Comparator, ResourceFilter, ResourceSort } from "../model/filter.js";
import type { Dialect, JsonPlace, OrderTest, TextTest } from "./dialect.js";
import { ORDER_OPERATORS } from "./dialect.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";

/** A path that is a column of the row; `text` columns hold what filters compare with. */
interface Column {
  readonly expression: Fragment;
  readonly type: "text" | "number" | "flag";
}

/** A path that asks the membership rows. `where` completes the condition for one row, whose id is `value`. */
interface Rows {
  readonly from: Fragment;
  readonly value: Fragment;
}

/** What a filter is made over: one alias, its search document, and the paths that are kept elsewhere. */
export interface FilterSource {
  readonly document: Fragment;
  readonly id: Fragment;
  readonly columns: Readonly<Record<string, Column>>;
  /** By the name of the multi-valued attribute. */
  readonly rows: Readonly<Record<string, Rows>>;
}

type Compare = Extract<ResourceFilter, { readonly op: "compare" }>;
type Operand = string | number | boolean;

const TRUE = verbatim("1 = 1");
const FALSE = verbatim("1 = 0");
/** The path of an element that is a value itself. */
const ITSELF = "[]";

export function filterSql(dialect: Dialect, source: FilterSource, filter: ResourceFilter): Fragment {
  let aliases = 0;
  const alias = (): string => `e${++aliases}`;

  const conditionOf = (item: ResourceFilter, root: JsonPlace | undefined): Fragment => {
    switch (item.op) {
      case "and":
        return item.items.length === 0 ? TRUE : all(item.items, root, " and ");
      case "or":
        return item.items.length === 0 ? FALSE : all(item.items, root, " or ");
      case "not":
        // INVARIANT: null is false below every `not`, or an absent attribute would satisfy neither side
        return sql`not coalesce((${conditionOf(item.item, root)}), false)`;
      case "present":
        return leaf(item.path, root, (place) => dialect.jsonPresent(place), columnPresent, FALSE);
      case "compare":
        return comparison(item, root);
      case "element":
        return element(item.path, root, item.where);
    }
  };

  const all = (items: readonly ResourceFilter[], root: JsonPlace | undefined, separator: string): Fragment =>
    sql`(${join(
      items.map((item) => conditionOf(item, root)),
      separator,
    )})`;

  const comparison = (item: Compare, root: JsonPlace | undefined): Fragment => {
    const { path, comparator, value } = item;
    if (comparator === "ne" && value !== null && path.some((step) => step.multi)) return anyDiffers(path, value, root);
    if (comparator === "ne") return conditionOf({ op: "not", item: { ...item, comparator: "eq" } }, root);
    if (value === null) {
      // null and absent are one state (RFC 7643 section 2.5)
      return comparator === "eq" ? conditionOf({ op: "not", item: { op: "present", path } }, root) : FALSE;
    }
    return leaf(
      path,
      root,
      (place) => compareJson(dialect, place, comparator, value),
      (column) => compareColumn(dialect, column, comparator, value),
      FALSE,
    );
  };

  /** `ne` of several values: one of them is another, or there is none. */
  const anyDiffers = (path: AttributePath, value: Operand, root: JsonPlace | undefined): Fragment => {
    const isOther = (equal: Fragment): Fragment => sql`not coalesce((${equal}), false)`;
    const other = leaf(
      path,
      root,
      (place) => sql`(${dialect.jsonIsValue(place)} and ${isOther(compareJson(dialect, place, "eq", value))})`,
      (column) => isOther(compareColumn(dialect, column, "eq", value)),
      FALSE,
    );
    const some = leaf(path, root, dialect.jsonIsValue, () => TRUE, FALSE);
    return sql`(${other} or ${isOther(some)})`;
  };

  /** A test at the end of a path: on a column, on rows, or in the document, where any value of a list may satisfy it. */
  const leaf = (
    path: AttributePath,
    root: JsonPlace | undefined,
    inDocument: (place: JsonPlace) => Fragment,
    onColumn: (column: Column) => Fragment,
    otherwise: Fragment,
  ): Fragment => {
    const name = path.map((step) => step.name).join(".");
    if (root === undefined) {
      const column = source.columns[name];
      if (column !== undefined) return onColumn(column);
      const rows = source.rows[path[0]?.name ?? ""];
      if (rows !== undefined) return ofRows(rows, path.slice(1), onColumn, otherwise);
    }
    if (name === ITSELF) return root === undefined ? FALSE : inDocument(root);
    return walk(root ?? { base: source.document, names: [] }, path, inDocument);
  };

  const walk = (from: JsonPlace, path: AttributePath, test: (place: JsonPlace) => Fragment): Fragment => {
    const list = path.findIndex((step) => step.multi);
    const names = (list === -1 ? path : path.slice(0, list + 1)).map((step) => step.name);
    const place: JsonPlace = { base: contents(from), names: [...from.names, ...names] };
    if (list === -1) return test(place);
    const name = alias();
    const rest = path.slice(list + 1);
    const inside = elementPlace(name);
    return sql`exists (select 1 from ${dialect.jsonElements(place, name)} where ${walkRest(inside, rest, test)})`;
  };

  const walkRest = (inside: JsonPlace, rest: AttributePath, test: (place: JsonPlace) => Fragment): Fragment =>
    rest.length === 0 ? test(inside) : walk(inside, rest, test);

  const element = (path: AttributePath, root: JsonPlace | undefined, where: ResourceFilter): Fragment => {
    const rows = root === undefined && path.length === 1 ? source.rows[path[0]?.name ?? ""] : undefined;
    if (rows !== undefined) return sql`exists (${rows.from} and ${rowCondition(rows, where)})`;
    const holding = path.map((step, index) => ({ ...step, multi: step.multi || index === path.length - 1 }));
    return walk(root ?? { base: source.document, names: [] }, holding, (inside) => conditionOf(where, inside));
  };

  /** A condition inside `members[...]` or `groups[...]`: the row's own id is all that it can ask for. */
  const rowCondition = (rows: Rows, where: ResourceFilter): Fragment => {
    const inner: FilterSource = {
      ...source,
      columns: { value: { expression: rows.value, type: "text" }, [ITSELF]: { expression: rows.value, type: "text" } },
      rows: {},
      document: verbatim(dialect.name === "sqlite" ? "'{}'" : "cast('{}' as jsonb)"),
    };
    return filterSql(dialect, inner, where);
  };

  const ofRows = (
    rows: Rows,
    rest: AttributePath,
    onColumn: (column: Column) => Fragment,
    otherwise: Fragment,
  ): Fragment => {
    const name = rest.map((step) => step.name).join(".");
    if (name !== "" && name !== "value") return otherwise;
    return sql`exists (${rows.from} and ${onColumn({ expression: rows.value, type: "text" })})`;
  };

  const elementPlace = (name: string): JsonPlace => ({
    base: verbatim(`${name}.value`),
    names: [],
    element: verbatim(name),
  });

  /** SQLite reads an element as JSON only where it is an object. */
  const contents = (place: JsonPlace): Fragment =>
    place.element === undefined || dialect.name === "postgres"
      ? place.base
      : sql`case when ${place.element}.type = 'object' then ${place.base} else '{}' end`;

  return conditionOf(filter, undefined);
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

/** The order of a list: absent values last when ascending, first when descending, then by id (RFC 7644 section 3.4.2.3). */
export function orderSql(dialect: Dialect, source: FilterSource, sort: ResourceSort | undefined): Fragment {
  if (sort === undefined) return source.id;
  const column = source.columns[sort.path.map((step) => step.name).join(".")];
  const keys = column === undefined ? documentKeys(dialect, source, sort.path) : [column.expression];
  const absent = join(
    keys.map((key) => sql`(${key}) is null`),
    " and ",
  );
  const direction = verbatim(sort.descending ? " desc" : "");
  const nulls = verbatim(sort.descending ? " desc nulls first" : " nulls last");
  const ordered = keys.map((key) => sql`(${key})${nulls}`);
  return join([sql`(${absent})${direction}`, ...ordered, source.id], ", ");
}

/** A list sorts by its primary element, else by its first. */
function documentKeys(dialect: Dialect, source: FilterSource, path: AttributePath): readonly Fragment[] {
  const list = path.findIndex((step) => step.multi);
  const document = { base: source.document, names: path.map((step) => step.name) };
  if (list === -1) {
    const { number, text } = dialect.jsonKeys(document);
    return [number, text];
  }
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
  return [number, text].map(
    (key) => sql`select ${key} from ${elements} order by case when ${primary} then 0 else 1 end, s.key limit 1`,
  );
}
