/** Redaction owns how names are taken out of texts: no name is ever read as a pattern, however many and however long they are. */

const ERASED = "[erased]";
const WORD = /[\p{L}\p{N}]+/gu;
const IN_WORD_BEFORE = /[\p{L}\p{N}]$/u;
const IN_WORD_AFTER = /^[\p{L}\p{N}]/u;

/** Takes names out of a text; `undefined` when it names nobody. Words of which a name is only a part stay. */
export type Redaction = (text: string) => string | undefined;

/** Words by which a name is looked up; what follows is compared. */
const DEPTH = 8;

interface Wanted {
  readonly folded: string;
  /** Where its first word begins. */
  readonly word: number;
}

/** Names that begin with the same words, and what stands between them. */
interface Branch {
  /** Those that go on with no further word, or are not looked up further; the longest first. */
  readonly ends: Wanted[];
  readonly next: Map<string, Branch>;
}

/**
 * Names of any number and length, whatever their letter case; the longest goes first. A name without a letter or digit names
 * nobody. The work grows with the text and not with how many names there are.
 */
export function redaction(names: readonly string[]): Redaction {
  const root: Branch = { ends: [], next: new Map() };
  for (const name of [...new Set(names.map(folded))].sort((a, b) => b.length - a.length)) {
    const words = wordsOf(name, DEPTH);
    let branch = root;
    for (const key of keysFrom(name, words, 0)) {
      const known = branch.next.get(key) ?? { ends: [], next: new Map() };
      branch.next.set(key, known);
      branch = known;
    }
    branch.ends.push({ folded: name, word: words[0]?.start ?? 0 });
  }
  return (text) => without(text, root);
}

interface Word {
  readonly start: number;
  readonly end: number;
}

function wordsOf(text: string, most: number): readonly Word[] {
  const words: Word[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (words.push({ start: index, end: index + word.length }) === most) break;
  }
  return words;
}

/** The word, then each next one with what stands before it. */
function* keysFrom(text: string, words: readonly Word[], first: number): Generator<string> {
  let from = words[first]?.start ?? 0;
  for (const { end } of words.slice(first, first + DEPTH)) {
    yield text.slice(from, end);
    from = end;
  }
}

function without(text: string, root: Branch): string | undefined {
  const all = folded(text);
  const words = wordsOf(all, all.length);
  const kept: string[] = [];
  let done = 0;
  for (const [nth, { start }] of words.entries()) {
    const found = nameAt(all, root, keysFrom(all, words, nth), start, done);
    if (found === undefined) continue;
    kept.push(text.slice(done, start - found.word), ERASED);
    done = start - found.word + found.folded.length;
  }
  return done === 0 ? undefined : kept.join("") + text.slice(done);
}

/** The name with most words, of these the longest, whose first word is this one. */
function nameAt(text: string, root: Branch, keys: Iterable<string>, start: number, done: number): Wanted | undefined {
  let branch = root;
  let found: Wanted | undefined;
  for (const key of keys) {
    const next = branch.next.get(key);
    if (next === undefined) break;
    branch = next;
    const fits = ({ folded: name, word }: Wanted) => start - word >= done && standsAt(text, name, start - word);
    found = branch.ends.find(fits) ?? found;
  }
  return found;
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
