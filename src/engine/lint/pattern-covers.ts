/** Proves that one group pattern matches every name that another one matches. Sound, and not complete: `false` is "not proved". */
import type { Pattern } from "../pattern.js";

type Segment = Pattern["segments"][number];

/** One character, or a stretch of unknown text: `any` may be empty, `some` is not. */
type Token = { readonly kind: "char"; readonly char: string } | { readonly kind: "any" } | { readonly kind: "some" };

/** More ways to fill in listed values than this are not tried one by one. */
const MAX_WAYS = 64;

/** Text that no identity provider sends: what matches it matches any text. */
const STRANGE = "\uE000";

/** A name that the pattern matches, with texts that nobody would list where it takes any. */
export function sampleName({ segments }: Pattern, open = STRANGE): string {
  return segments.map((segment) => sampleText(segment, open)).join("");
}

function sampleText(segment: Segment, open: string): string {
  if (segment.kind === "text") return segment.text;
  if (segment.kind === "any" || segment.values.others !== false) return open;
  return segment.texts[0] as string;
}

/** Whether `wide` matches every name that `narrow` matches. */
export function patternCovers(wide: Pattern, narrow: Pattern): boolean {
  const ways = tokensOf(narrow);
  return ways?.every((tokens) => matchesTokens(wide.segments, tokens)) === true;
}

function tokensOf({ segments }: Pattern): readonly (readonly Token[])[] | undefined {
  let ways: (readonly Token[])[] = [[]];
  for (const segment of segments) {
    const next = tokensOfSegment(segment);
    if (ways.length * next.length > MAX_WAYS) return undefined;
    ways = ways.flatMap((way) => next.map((tokens) => [...way, ...tokens]));
  }
  return ways;
}

function tokensOfSegment(segment: Segment): readonly (readonly Token[])[] {
  if (segment.kind === "text") return [chars(segment.text)];
  if (segment.kind === "any") return [[{ kind: "any" }]];
  return segment.values.others === false ? segment.texts.map(chars) : [[{ kind: "some" }]];
}

function chars(text: string): readonly Token[] {
  return text.split("").map((char) => ({ kind: "char", char }));
}

/** The places before or between tokens that the segments so far can have ended at, carried from left to right. */
function matchesTokens(segments: readonly Segment[], tokens: readonly Token[]): boolean {
  let ends = new Set([0]);
  for (const segment of segments) {
    ends = new Set(endsOf(segment, tokens, ends));
    if (ends.size === 0) return false;
  }
  return ends.has(tokens.length);
}

function endsOf(segment: Segment, tokens: readonly Token[], starts: ReadonlySet<number>): readonly number[] {
  if (segment.kind === "text") return endsOfTexts([segment.text], tokens, starts);
  if (segment.kind === "capture" && segment.values.others === false) return endsOfTexts(segment.texts, tokens, starts);
  const first = Math.min(...starts);
  const ends: number[] = [];
  // A capture takes some text: it has to have passed a token that cannot be empty.
  let isFilled = segment.kind === "any";
  for (let end = first; end <= tokens.length; end++) {
    isFilled ||= end > first && tokens[end - 1]?.kind !== "any";
    if (isFilled) ends.push(end);
  }
  return ends;
}

function endsOfTexts(
  texts: readonly string[],
  tokens: readonly Token[],
  starts: ReadonlySet<number>,
): readonly number[] {
  return [...starts].flatMap((start) =>
    texts.filter((text) => standsAt(text, tokens, start)).map((text) => start + text.length),
  );
}

function standsAt(text: string, tokens: readonly Token[], start: number): boolean {
  return text.split("").every((char, at) => {
    const token = tokens[start + at];
    return token?.kind === "char" && token.char === char;
  });
}
