/** Owns bodies that say twice, in the same letters, whether somebody is active: a JSON parser would keep the last word in silence. */
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";

/**
 * Of a text that is JSON: throws where one object has a key twice with two values, and that decides who is switched off. Looks
 * into texts alone that may have one. Linear.
 */
export function refuseSaidTwice(text: string): void {
  if (!maySayTwice(text)) return;
  const open: Frame[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    const frame = open.at(-1);
    if (character === '"') {
      const end = endOfText(text, at);
      if (frame?.keys && frame.key === undefined) frame.key = keyOf(text.slice(at, end + 1));
      at = end;
    } else if (character === ":" && frame) frame.valueAt = at + 1;
    else if (character === "," && frame) endValue(text, frame, at);
    else if (character === "{")
      open.push({ start: at, keys: new Map(), key: undefined, valueAt: 0, doubtful: undefined });
    else if (character === "[")
      open.push({ start: at, keys: undefined, key: undefined, valueAt: 0, doubtful: undefined });
    else if ((character === "}" || character === "]") && frame) {
      endValue(text, frame, at);
      const { doubtful } = frame;
      if (doubtful !== undefined && ACTIVE.test(text.slice(frame.start, at))) throw saidTwice(doubtful);
      open.pop();
    }
  }
}

/** An object or, without keys, a list, as far as it was read. */
interface Frame {
  readonly start: number;
  /** The first value of each key. */
  readonly keys: Map<string, string> | undefined;
  /** Of the value that is being read. */
  key: string | undefined;
  valueAt: number;
  /** A key of an operation that stands there twice: it matters where the operation is about `active`. */
  doubtful: string | undefined;
}

const ACTIVE = /active/i;
const OPERATION = /"op/i;
const OF_OPERATION: ReadonlySet<string> = new Set(["op", "path", "value"]);

/** A key may also be written by escapes. */
function maySayTwice(text: string): boolean {
  if (text.includes("\\u")) return true;
  const first = text.search(ACTIVE);
  return first >= 0 && (OPERATION.test(text) || ACTIVE.test(text.slice(first + 1)));
}

function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === "\\") before -= 1;
  return (at - before) % 2 === 1;
}

function keyOf(written: string): string {
  return written.includes("\\") ? String(JSON.parse(written)) : written.slice(1, -1);
}

function endValue(text: string, frame: Frame, end: number): void {
  const { keys, key } = frame;
  if (keys === undefined || key === undefined) return;
  frame.key = undefined;
  const first = keys.get(key);
  const value = text.slice(frame.valueAt, end);
  if (first === undefined) keys.set(key, value);
  else if (meant(first) !== meant(value)) {
    const name = key.toLowerCase();
    if (name.endsWith("active") || ACTIVE.test(first) || ACTIVE.test(value)) throw saidTwice(key);
    if (OF_OPERATION.has(name)) frame.doubtful = key;
  }
}

/** A truth may stand as text. */
function meant(value: string): string {
  return value
    .trim()
    .replace(/^"(.*)"$/s, "$1")
    .toLowerCase();
}

function saidTwice(key: string): ScimError {
  return new ScimError("invalidValue", `${quote(key)} stands twice in one object, with two values: send one of them`);
}
