/** Redaction owns how names are taken out of texts: no name is ever read as a pattern, however many and however long they are. */

const ERASED = "[erased]";
const WORD = /[\p{L}\p{N}]+/gu;
const IN_WORD_BEFORE = /[\p{L}\p{N}]$/u;
const IN_WORD_AFTER = /^[\p{L}\p{N}]/u;

/** Takes names out of a text; `undefined` when it names nobody. Words of which a name is only a part stay. */
export type Redaction = (text: string) => string | undefined;

interface Wanted {
  readonly folded: string;
  /** Where its first word begins. */
  readonly word: number;
}

/**
 * Names of any number and length, whatever their letter case; the longest goes first. A name without a letter or digit names
 * nobody. The work grows with the text, and with the names that begin with one of its words.
 */
export function redaction(names: readonly string[]): Redaction {
  const byWord = new Map<string, Wanted[]>();
  for (const name of [...new Set(names.map(folded))].sort((a, b) => b.length - a.length)) {
    const first = name.matchAll(WORD).next().value;
    if (first === undefined) continue;
    const wanted = { folded: name, word: first.index };
    const same = byWord.get(first[0]);
    if (same) same.push(wanted);
    else byWord.set(first[0], [wanted]);
  }
  return (text) => without(text, byWord);
}

function without(text: string, byWord: ReadonlyMap<string, readonly Wanted[]>): string | undefined {
  const all = folded(text);
  const kept: string[] = [];
  let done = 0;
  for (const { 0: word, index } of byWord.size === 0 ? [] : all.matchAll(WORD)) {
    const found = byWord
      .get(word)
      ?.find((one) => index - one.word >= done && standsAt(all, one.folded, index - one.word));
    if (found === undefined) continue;
    kept.push(text.slice(done, index - found.word), ERASED);
    done = index - found.word + found.folded.length;
  }
  return done === 0 ? undefined : kept.join("") + text.slice(done);
}

function standsAt(text: string, name: string, start: number): boolean {
  const end = start + name.length;
  return (
    text.startsWith(name, start) &&
    !IN_WORD_BEFORE.test(text.slice(Math.max(0, start - 2), start)) &&
    !IN_WORD_AFTER.test(text.slice(end, end + 2))
  );
}

/** Without letter case. INVARIANT: as long as the text, so that what is found in it stands at the same place there. */
export function folded(text: string): string {
  return text.replace(/[^ -~]/gu, foldedLetter).toLowerCase();
}

function foldedLetter(letter: string): string {
  // the only letter that is longer when it is small
  if (letter === "İ") return "i";
  const small = letter.toUpperCase().toLowerCase();
  return small.length === letter.length ? small : letter.toLowerCase();
}
