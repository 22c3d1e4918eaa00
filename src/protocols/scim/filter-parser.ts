/** Owns the grammar of filters: text to tree and back (RFC 7644 section 3.4.2.2), without knowing any schema. */

import type { Comparator } from "../../model/filter.js";
import { quote } from "../../model/quote.js";
import { type AttributeReference, parseReference, printReference } from "./attribute-reference.js";
import { ScimError } from "./errors.js";
import { isStorable } from "./storable-text.js";

export type Operand = string | number | boolean | null;

export type FilterNode =
  | { readonly kind: "and" | "or"; readonly items: readonly FilterNode[] }
  | { readonly kind: "not"; readonly item: FilterNode }
  | { readonly kind: "present"; readonly attribute: AttributeReference }
  | {
      readonly kind: "compare";
      readonly attribute: AttributeReference;
      readonly comparator: Comparator;
      readonly value: Operand;
    }
  /** `emails[...]`; `emails[...].value eq "x"` is read as the comparison joined to `where` by `and`. */
  | { readonly kind: "element"; readonly attribute: AttributeReference; readonly where: FilterNode };

export interface FilterOptions {
  /** Bare words stand for strings (C11). */
  readonly bareWords: boolean;
  /** Called once for each bare word. */
  readonly onBareWord?: () => void;
}

/** Bounds of one filter: bytes, nesting of brackets and `not`, comparisons. */
export const FILTER_LIMITS = { bytes: 4096, depth: 10, terms: 50 } as const;

const COMPARATORS: ReadonlyMap<string, Comparator> = new Map(
  (["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] as const).map((name) => [name, name]),
);
const CONSTANTS: ReadonlyMap<string, Operand> = new Map<string, Operand>([
  ["true", true],
  ["false", false],
  ["null", null],
]);
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

interface Cursor extends FilterOptions {
  readonly text: string;
  at: number;
  terms: number;
}

/** What nearly all filters are, with nothing in it that means anything else. */
const PLAIN_EQUALITY = /^([A-Za-z]\w*) eq "([ !#-[\]-~]*)"$/;

/** Reads a whole filter. Refuses with `invalidFilter` whatever the grammar or the limits do not allow. */
export function parseFilter(text: string, options: FilterOptions): FilterNode {
  if (Buffer.byteLength(text) > FILTER_LIMITS.bytes) {
    throw new ScimError(
      "invalidFilter",
      `the filter is longer than ${FILTER_LIMITS.bytes} bytes: ask for less at once`,
    );
  }
  const [, name, value] = PLAIN_EQUALITY.exec(text) ?? [];
  if (name !== undefined && value !== undefined)
    return { kind: "compare", attribute: { name }, comparator: "eq", value };
  const cursor: Cursor = { ...options, text, at: 0, terms: 0 };
  const node = readOr(cursor, 0, false);
  skipSpace(cursor);
  if (cursor.at < text.length) throw expected(cursor, "`and`, `or` or the end");
  return node;
}

/** Reads what stands inside the brackets of a path (RFC 7644 figure 7, `valFilter`). */
export function parseElementFilter(text: string, options: FilterOptions): FilterNode {
  const cursor: Cursor = { ...options, text, at: 0, terms: 0 };
  const node = readOr(cursor, 1, true);
  skipSpace(cursor);
  if (cursor.at < text.length) throw expected(cursor, "`and`, `or` or `]`");
  return node;
}

function readOr(cursor: Cursor, depth: number, inElement: boolean): FilterNode {
  return readChain(cursor, "or", () => readChain(cursor, "and", () => readTerm(cursor, depth, inElement)));
}

function readChain(cursor: Cursor, kind: "and" | "or", readItem: () => FilterNode): FilterNode {
  const first = readItem();
  const items = [first];
  while (takeKeyword(cursor, kind)) items.push(readItem());
  return items.length === 1 ? first : { kind, items };
}

function readTerm(cursor: Cursor, depth: number, inElement: boolean): FilterNode {
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "(") return readGroup(cursor, depth, inElement);
  const start = cursor.at;
  const word = readWord(cursor);
  if (word.toLowerCase() === "not") {
    skipSpace(cursor);
    if (cursor.text[cursor.at] === "(") return { kind: "not", item: readGroup(cursor, depth, inElement) };
  }
  const attribute = parseReference(word);
  if (attribute === undefined) {
    cursor.at = start;
    throw expected(cursor, "an attribute");
  }
  if (cursor.text[cursor.at] !== "[") return readComparison(cursor, attribute);
  if (inElement) throw expected(cursor, "an operator: brackets do not nest");
  return readElement(cursor, attribute, depth);
}

function readGroup(cursor: Cursor, depth: number, inElement: boolean): FilterNode {
  return readBracketed(cursor, ")", depth, inElement);
}

function readBracketed(cursor: Cursor, closing: ")" | "]", depth: number, inElement: boolean): FilterNode {
  if (depth >= FILTER_LIMITS.depth) {
    throw new ScimError("invalidFilter", `the filter is nested deeper than ${FILTER_LIMITS.depth} levels`);
  }
  cursor.at += 1;
  const node = readOr(cursor, depth + 1, inElement);
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== closing) throw expected(cursor, `\`${closing}\``);
  cursor.at += 1;
  return node;
}

function readElement(cursor: Cursor, attribute: AttributeReference, depth: number): FilterNode {
  const where = readBracketed(cursor, "]", depth, true);
  if (cursor.text[cursor.at] !== ".") return { kind: "element", attribute, where };
  cursor.at += 1;
  const sub = parseReference(readWord(cursor));
  if (sub === undefined || sub.uri !== undefined || sub.sub !== undefined) throw expected(cursor, "a sub-attribute");
  const comparison = readComparison(cursor, sub);
  const items = where.kind === "and" ? [...where.items, comparison] : [where, comparison];
  return { kind: "element", attribute, where: { kind: "and", items } };
}

function readComparison(cursor: Cursor, attribute: AttributeReference): FilterNode {
  cursor.terms += 1;
  if (cursor.terms > FILTER_LIMITS.terms) {
    throw new ScimError(
      "invalidFilter",
      `the filter has more than ${FILTER_LIMITS.terms} comparisons: ask for less at once`,
    );
  }
  skipSpace(cursor);
  const start = cursor.at;
  const operator = readWord(cursor).toLowerCase();
  if (operator === "pr") return { kind: "present", attribute };
  const comparator = COMPARATORS.get(operator);
  if (comparator === undefined) {
    cursor.at = start;
    throw expected(cursor, `an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) after ${quote(attribute.name)}`);
  }
  return { kind: "compare", attribute, comparator, value: readOperand(cursor) };
}

function readOperand(cursor: Cursor): Operand {
  skipSpace(cursor);
  const value = cursor.text[cursor.at] === '"' ? readString(cursor) : readBare(cursor);
  if (cursor.at < cursor.text.length && !endsWord(cursor.text[cursor.at])) throw expected(cursor, "a space");
  return value;
}

function readString(cursor: Cursor): string {
  const start = cursor.at;
  let end = start + 1;
  while (end < cursor.text.length && cursor.text[end] !== '"') end += cursor.text[end] === "\\" ? 2 : 1;
  const value = jsonString(cursor.text.slice(start, end + 1));
  if (value === undefined || !isStorable(value)) throw expected(cursor, "a text in double quotes, escaped as in JSON");
  cursor.at = end + 1;
  return value;
}

function jsonString(source: string): string | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A constant, a number, or in lenient mode a word that stands for itself. */
function readBare(cursor: Cursor): Operand {
  const start = cursor.at;
  while (cursor.at < cursor.text.length && !endsWord(cursor.text[cursor.at])) cursor.at += 1;
  const word = cursor.text.slice(start, cursor.at);
  const constant = CONSTANTS.get(word);
  if (constant !== undefined) return constant;
  // In lenient mode only a number that is printed as it was written is one: `0012` and `1.0` may be identifiers.
  if (NUMBER.test(word) && Number.isFinite(Number(word)) && (!cursor.bareWords || String(Number(word)) === word)) {
    return Number(word);
  }
  cursor.at = start;
  if (word === "" || word.includes('"') || !isStorable(word)) throw expected(cursor, "a value");
  if (!cursor.bareWords) throw expected(cursor, `a value; put text in double quotes: "${quote(word).slice(1, -1)}"`);
  cursor.at = start + word.length;
  cursor.onBareWord?.();
  return word;
}

function takeKeyword(cursor: Cursor, keyword: string): boolean {
  const before = cursor.at;
  skipSpace(cursor);
  const spaced = cursor.at > before || cursor.text[before - 1] === ")" || cursor.text[before - 1] === "]";
  if (spaced && readWord(cursor).toLowerCase() === keyword) return true;
  cursor.at = before;
  return false;
}

/** Up to a space, a bracket or a quote. */
function readWord(cursor: Cursor): string {
  const start = cursor.at;
  while (cursor.at < cursor.text.length && !endsWord(cursor.text[cursor.at]) && cursor.text[cursor.at] !== '"') {
    cursor.at += 1;
  }
  return cursor.text.slice(start, cursor.at);
}

function endsWord(character: string | undefined): boolean {
  return (
    character === " " ||
    character === "\t" ||
    character === "(" ||
    character === ")" ||
    character === "[" ||
    character === "]"
  );
}

function skipSpace(cursor: Cursor): void {
  while (cursor.text[cursor.at] === " " || cursor.text[cursor.at] === "\t") cursor.at += 1;
}

function expected(cursor: Cursor, what: string): ScimError {
  const rest = cursor.text.slice(cursor.at);
  const found = rest === "" ? "the end" : quote(rest);
  return new ScimError("invalidFilter", `filter, character ${cursor.at + 1}: expected ${what}, found ${found}`);
}

/** The text of a tree, in canonical form: `parseFilter(printFilter(tree))` is the tree again. */
export function printFilter(node: FilterNode): string {
  switch (node.kind) {
    case "and":
    case "or":
      return node.items.map((item) => printItem(node.kind, item)).join(` ${node.kind} `);
    case "not":
      return `not (${printFilter(node.item)})`;
    case "present":
      return `${printReference(node.attribute)} pr`;
    case "compare":
      return `${printReference(node.attribute)} ${node.comparator} ${JSON.stringify(node.value)}`;
    case "element":
      return `${printReference(node.attribute)}[${printFilter(node.where)}]`;
  }
}

/** `and` binds tighter than `or`; brackets keep a chain inside a chain of the same kind apart. */
function printItem(parent: "and" | "or", item: FilterNode): string {
  const bare = item.kind === "and" ? parent === "or" : item.kind !== "or";
  return bare ? printFilter(item) : `(${printFilter(item)})`;
}
