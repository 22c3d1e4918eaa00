/**
 * Owns bodies in which an object has a key twice in the same letters, of which a JSON parser would keep the last value in silence:
 * they are read as bodies that have it in two letter cases, so that one rule decides over both.
 */
import { quote } from "../../model/quote.js";
import { ScimError } from "./errors.js";

/**
 * A text that is JSON, with every key that stands again in its object, with another value, in a spelling of its own. The text itself
 * where there is none. Linear.
 */
export function spelledApart(text: string): string {
  const around: Keys[] = [];
  const pieces: string[] = [];
  let keys: Keys;
  let isKey = false;
  let done = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      const end = endOfText(text, at);
      const spelled = isKey && keys ? spelling(text, keys, at, end) : undefined;
      if (spelled !== undefined) {
        if (pieces.length >= 2 * MOST)
          throw new ScimError("invalidValue", `more than ${MOST} keys stand in their object twice: send each once`);
        pieces.push(text.slice(done, at), JSON.stringify(spelled));
        done = end + 1;
      }
      isKey = false;
      at = end;
    } else if (character === COMMA) isKey = keys !== undefined;
    else if (character === OBJECT || character === LIST) {
      around.push(keys);
      isKey = character === OBJECT;
      keys = isKey ? new Map() : undefined;
    } else if (character === OBJECT_END || character === LIST_END) keys = around.pop();
  }
  return pieces.length === 0 ? text : pieces.join("") + text.slice(done);
}

/** No client says so much twice, and each takes microseconds. */
const MOST = 1_000;

/** The keys of an object so far, each with the place behind its first one; of a list nothing. */
type Keys = Map<string, number> | undefined;

const [QUOTE, COMMA] = [0x22, 0x2c];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const BACKSLASH = 0x5c;

function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}

/** How the key between the two quotes must be spelled; `undefined`: as it is. */
function spelling(text: string, keys: NonNullable<Keys>, start: number, end: number): string | undefined {
  const written = text.slice(start + 1, end);
  const key = written.includes("\\") ? String(JSON.parse(`"${written}"`)) : written;
  const first = keys.get(key);
  if (first === undefined) keys.set(key, end + 1);
  if (first === undefined || isSamePlain(text, first, end + 1)) return undefined;
  const other = spellings(key).find((candidate) => !keys.has(candidate));
  if (other === undefined)
    throw new ScimError("invalidValue", `${quote(key)} stands in one object too often: send it once`);
  keys.set(other, end + 1);
  return other;
}

/** Of so many letters the case changes: who needs more spellings is refused, so that nobody makes us look for long. */
const LETTERS = 4;

function spellings(key: string): readonly string[] {
  const letters: number[] = [];
  for (let at = 0; at < key.length && letters.length < LETTERS; at += 1) {
    if (/[a-z]/i.test(key.charAt(at))) letters.push(at);
  }
  return Array.from({ length: 2 ** letters.length - 1 }, (_, before) => {
    const turned = letters.filter((_letter, bit) => ((before + 1) >> bit) % 2 === 1);
    return turned.reduce((spelled, at) => spelled.slice(0, at) + turn(spelled.charAt(at)) + spelled.slice(at + 1), key);
  });
}

function turn(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}

/** Whether the values behind both keys are the same text, number or word, as they are written. */
function isSamePlain(text: string, one: number, other: number): boolean {
  const first = plainAt(text, one);
  return first !== undefined && first === plainAt(text, other);
}

const TO_VALUE = /\s*:\s*/y;
const WORD = /[^\s,\]}"[{]+/y;

function plainAt(text: string, behindKey: number): string | undefined {
  TO_VALUE.lastIndex = behindKey;
  TO_VALUE.test(text);
  const start = TO_VALUE.lastIndex;
  if (text.charCodeAt(start) === QUOTE) return text.slice(start, endOfText(text, start));
  WORD.lastIndex = start;
  return WORD.exec(text)?.[0];
}
