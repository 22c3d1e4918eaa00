/** Owns the border where text becomes JSON values: what is refused there never has to be thought of inside. */

import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
  visit,
} from "jsonc-parser";
import type { Json, JsonObject } from "../model/json.js";
import { type Problem, Refusal } from "../model/problem.js";

const DEEPEST = 64;
const TOO_DEEP = `nested more than ${DEEPEST} levels deep: flatten the document`;
/** A parser makes tables of large objects, at a hundred times the cost of a list of that length. */
const MOST_KEYS = 10_000;
const TOO_WIDE = `an object has more than ${MOST_KEYS} keys: send fewer`;
/** However small they are, each costs some time, and nobody else is served meanwhile. */
const MOST_VALUES = 500_000;
const TOO_MANY = `there are more than ${MOST_VALUES} values: send less at a time`;
/** This many characters are parsed in no time, however deeply they are nested and wherever they are broken. */
const HARMLESS_LENGTH = 65_536;

/** Names that reach a prototype when somebody merges or sets paths carelessly later. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Throws Refusal `bad_request`, `body_too_large` for too many keys or values. A byte order mark is tolerated (RFC 8259 section 8.1); of equal keys the last one wins. */
export function parseJson(text: string): Json {
  const bare = withoutMark(text);
  const shape = bare.length > HARMLESS_LENGTH ? shapeFlaw(bare) : undefined;
  if (shape !== undefined) throw new Refusal(shape === TOO_DEEP ? "bad_request" : "body_too_large", shape);
  const value = parsed(bare);
  const flaw = findFlaw(value, 1);
  if (flaw !== undefined) throw new Refusal("bad_request", flaw.message, { pointer: pointerTo(flaw) });
  return value;
}

/** The parser's own error goes no further: it quotes the text. */
function parsed(text: string): Json {
  let sentence: string;
  try {
    return JSON.parse(text);
  } catch (error) {
    sentence = error instanceof Error ? error.message : "";
  }
  const fault = text.length > HARMLESS_LENGTH ? faultInLong(text, sentence) : describe(syntaxFault(text));
  throw new Refusal("bad_request", `this is not valid JSON: ${fault}`);
}

export type PositionedJson =
  | {
      readonly ok: true;
      readonly value: Json;
      /**
       * Of the key, or of the list entry, that the pointer names; of the nearest thing around it when it names nothing.
       * With `character`: of that character of the text that stands there, counted as JavaScript counts.
       */
      positionOf(pointer: string, character?: number): Position;
    }
  | { readonly ok: false; readonly problem: Problem; readonly position: Position };

/** For files: the same rules as `parseJson`, with the place of every value. */
export function parseJsonWithPositions(text: string): PositionedJson {
  const bare = withoutMark(text);
  const value = tryParse(bare);
  if (value === undefined) {
    const fault = syntaxFault(bare);
    const message = `this is not valid JSON: ${fault.what}`;
    return { ok: false, problem: { pointer: "", code: "syntax", message }, position: fault.position };
  }
  const flaw = findFlaw(value, 1);
  const positionOf = positions(bare);
  if (flaw === undefined) return { ok: true, value, positionOf };
  const pointer = pointerTo(flaw);
  const { code, message } = flaw;
  return { ok: false, problem: { pointer, code, message }, position: positionOf(pointer) };
}

/**
 * Keys that stand twice in one object, of which `JSON.parse` keeps the last in silence. For a text that is JSON; walks it once.
 */
export function repeatedKeys(text: string): readonly Problem[] {
  const found: Problem[] = [];
  const open: Set<string>[] = [];
  visit(withoutMark(text), {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty(key, _offset, _length, _line, _character, pathOf) {
      const keys = open.at(-1);
      if (keys?.has(key)) {
        const pointer = [...pathOf(), key].map(pointerStep).join("");
        const message = `the key \`${key}\` stands twice: JSON keeps only the last, so remove or merge one`;
        found.push({ pointer, code: "duplicate_key", message });
      }
      keys?.add(key);
    },
  });
  return found;
}

/** `~` and `/` of a key as RFC 6901 writes them. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

interface Flaw {
  readonly code: string;
  readonly message: string;
  /** From the inside out. */
  readonly steps: (string | number)[];
}

// INVARIANT: the depth is checked on the way down, so that this recursion is never deeper than DEEPEST.
function findFlaw(value: Json, depth: number): Flaw | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > DEEPEST) {
    return { code: "too_deep", message: TOO_DEEP, steps: [] };
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const flaw = findFlaw(value[index], depth + 1);
      if (flaw !== undefined) return within(flaw, index);
    }
    return undefined;
  }
  const object = value as JsonObject;
  for (const key of Object.keys(object)) {
    if (FORBIDDEN_KEYS.has(key)) {
      return { code: "forbidden_key", message: `the key \`${key}\` is not allowed: rename it`, steps: [key] };
    }
    const flaw = findFlaw(object[key] ?? null, depth + 1);
    if (flaw !== undefined) return within(flaw, key);
  }
  return undefined;
}

/** Counts brackets, keys and values outside of texts: a parser spends seconds on megabytes of them. */
function shapeFlaw(text: string): string | undefined {
  const keys: number[] = [0];
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfText(text, at);
        break;
      case COMMA:
        values += 1;
        break;
      case LIST:
      case OBJECT:
        depth += 1;
        if (depth > DEEPEST) return TOO_DEEP;
        keys[depth] = 0;
        if (!isEmpty(text, at)) values += 1;
        break;
      case LIST_END:
      case OBJECT_END:
        depth = Math.max(0, depth - 1);
        break;
      case COLON: {
        const count = (keys[depth] ?? 0) + 1;
        if (count > MOST_KEYS) return TOO_WIDE;
        keys[depth] = count;
      }
    }
    if (values > MOST_VALUES) return TOO_MANY;
  }
  return undefined;
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];

function isEmpty(text: string, opened: number): boolean {
  const next = text.charCodeAt(opened + 1);
  return next === LIST_END || next === OBJECT_END;
}

/** The place of the quote that ends the text; behind everything where none does. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE && at < text.length; code = text.charCodeAt(at)) {
    at += code === BACKSLASH ? 2 : 1;
  }
  return at;
}

function within(flaw: Flaw, step: string | number): Flaw {
  flaw.steps.push(step);
  return flaw;
}

function pointerTo(flaw: Flaw): string {
  return flaw.steps.toReversed().map(pointerStep).join("");
}

function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** `undefined` when the text is no JSON; the parser's own sentence would quote the text. */
function tryParse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface SyntaxFault {
  readonly what: string;
  readonly position: Position;
}

function describe({ what, position }: SyntaxFault): string {
  return `line ${position.line}, column ${position.column}: ${what}`;
}

/** Asked only once `JSON.parse` has failed: it tells neither line nor reason without quoting the text. */
function syntaxFault(text: string): SyntaxFault {
  const errors: ParseError[] = [];
  treeOf(text, errors);
  const [first] = errors;
  if (first === undefined)
    return { what: "nested too deeply, or a character that JSON does not know", position: { line: 1, column: 1 } };
  const words = printParseErrorCode(first.error)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return { what: words, position: positionAt(lineStarts(text), first.offset) };
}

/**
 * No second parser walks a long text: the first one tells the place of most faults.
 * INVARIANT: of its sentence only the number is taken, since the rest may quote the text.
 */
function faultInLong(text: string, sentence: string): string {
  const position = / at position (\d+)$/.exec(sentence)?.[1];
  if (position !== undefined) return `${lineAndColumn(text, Number(position))}: the text cannot go on so`;
  return "it has a character where none of that kind can stand, or ends too early";
}

function lineAndColumn(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", start)) {
    line += 1;
    start = end + 1;
  }
  return `line ${line}, column ${offset - start + 1}`;
}

/** `undefined` also for a text that is nested deeper than this parser can go. */
function treeOf(text: string, errors: ParseError[] = []): Node | undefined {
  try {
    return parseTree(text, errors, { disallowComments: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function positions(text: string): (pointer: string, character?: number) => Position {
  const root = treeOf(text);
  const starts = lineStarts(text);
  return (pointer, character) => {
    const path = pointer.split("/").slice(1).map(unescapeStep);
    for (let length = path.length; length > 0; length -= 1) {
      const node = root === undefined ? undefined : nodeAt(root, path.slice(0, length));
      if (node === undefined) continue;
      const value = node.type === "property" ? node.children?.[1] : node;
      const inside = character === undefined || !value ? undefined : offsetInText(text, value, character);
      return positionAt(starts, inside ?? node.offset);
    }
    return positionAt(starts, root?.offset ?? 0);
  };
}

const ESCAPE_LENGTH = 2;
const UNICODE_ESCAPE_LENGTH = 6;

/** Where a character of a JSON string is written, each escape being one character; its closing quote, beyond the last. */
function offsetInText(text: string, node: Node, character: number): number | undefined {
  if (node.type !== "string") return undefined;
  const end = node.offset + node.length - 1;
  let at = node.offset + 1;
  for (let left = character; left > 0 && at < end; left -= 1) {
    if (text[at] !== "\\") at += 1;
    else at += text[at + 1] === "u" ? UNICODE_ESCAPE_LENGTH : ESCAPE_LENGTH;
  }
  return at;
}

function unescapeStep(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** The property (key and value) for a step into an object, the entry itself for a step into a list. */
function nodeAt(root: Node, path: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  let place: Node | undefined = root;
  for (const step of path) {
    if (node?.type === "array") {
      node = findNodeAtLocation(node, [Number(step)]);
      place = node;
    } else {
      // Of equal keys the last one counts, as in JSON.parse.
      place = node?.children?.findLast(
        (property) => property.children?.[0] && getNodeValue(property.children[0]) === step,
      );
      node = place?.children?.[1];
    }
    if (node === undefined) return undefined;
  }
  return place;
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function positionAt(starts: readonly number[], offset: number): Position {
  const after = starts.findIndex((start) => start > offset);
  const line = after === -1 ? starts.length : after;
  return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
}
