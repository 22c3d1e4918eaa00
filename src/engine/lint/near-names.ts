/**
 * Finds names that are almost other names, in one pass over many of them: by what is left when one letter goes, so that
 * twenty thousand names meet five thousand without every pair being compared.
 */
import { fold } from "../../model/fold.js";
import { editDistance } from "../../model/suggest.js";
import { compareText } from "../compare-text.js";

export interface NearNames {
  /** Holds a name that exists against all words. `where` tells apart what `nearest` may suggest. */
  take(name: string, where: string): void;
  /** The nearest of the names taken there; `undefined` when none is near. */
  nearest(word: string, where: string): string | undefined;
}

/** Longer names are no typing mistakes, and shorter ones are near to anything. */
const LONGEST = 100;
const SHORTEST = 4;
/** From this length on two letters may be wrong. */
const LONG = 8;

/** A UUID without its dashes. */
const RANDOM = /^[0-9a-f]{32}$/;

interface Near {
  readonly name: string;
  readonly distance: number;
}

/** `words`: names that seem to be mistakes. */
export function nearNames(words: Iterable<string>): NearNames {
  const byRest = new Map<string, Set<string>>();
  for (const word of words) for (const rest of rests(bare(word))) add(byRest, rest, word);
  const best = new Map<string, Near>();
  return {
    take(name, where) {
      const plain = bare(name);
      const met = new Set(rests(plain).flatMap((rest) => [...(byRest.get(rest) ?? [])]));
      for (const word of met) {
        const distance = distanceOf(bare(word), plain);
        if (distance === undefined || word === name) continue;
        const key = keyOf(word, where);
        const known = best.get(key);
        if (!known || distance < known.distance || (distance === known.distance && compareText(name, known.name) < 0)) {
          best.set(key, { name, distance });
        }
      }
    },
    nearest: (word, where) => best.get(keyOf(word, where))?.name,
  };
}

function keyOf(word: string, where: string): string {
  return `${where}\u0000${word}`;
}

/** Letter case, blanks, dashes, underscores and dots are what people most often get wrong. */
function bare(name: string): string {
  return fold(name).replace(/[\s\-_.]+/g, "");
}

/** The text itself and all that is left of it when one letter goes. */
function rests(text: string): readonly string[] {
  if (text.length > LONGEST) return [text];
  return [text, ...Array.from({ length: text.length }, (_, at) => text.slice(0, at) + text.slice(at + 1))];
}

/** `undefined`: too far. Names that differ in a number mean different things; ids made of random digits are never near by chance. */
function distanceOf(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (Math.min(a.length, b.length) < SHORTEST) return undefined;
  if (digits(a) !== digits(b) && !RANDOM.test(b)) return undefined;
  const distance = editDistance(a, b);
  return distance <= (a.length < LONG ? 1 : 2) ? distance : undefined;
}

function digits(text: string): string {
  return text.replace(/\D+/g, " ").trim();
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  if (values) values.add(value);
  else map.set(key, new Set([value]));
}
