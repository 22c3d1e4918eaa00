/** Group patterns: text, `*` (any text, also none) and `{captures}` (some text), matched whole and case-sensitively. */
import type { Problem } from "../model/problem.js";
import { suggest } from "../model/suggest.js";
import { escapePointer } from "./compile/pointer.js";

/** What a capture may hold: the written values with what they stand for, and what any other text stands for. */
export interface CaptureValues {
  readonly written: ReadonlyMap<string, string>;
  /** `false`: nothing else is accepted. `true`: any other text stands for itself. A text: for that. */
  readonly others: boolean | string;
}

type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | {
      readonly kind: "capture";
      readonly name: string;
      readonly values: CaptureValues;
      readonly texts: readonly string[];
    };

/** A pattern for names of groups: fixed texts, stars and captures, anchored at both ends. */
export interface Pattern {
  readonly text: string;
  /** The fixed text that every match begins with; may be empty. */
  readonly prefix: string;
  readonly suffix: string;
  readonly segments: readonly Segment[];
  readonly captures: ReadonlyMap<string, CaptureValues>;
}

/** What each capture stands for after its `values` were looked up. */
export type Captured = Readonly<Record<string, string>>;

/** What a document says that captures stand for: texts by what they catch, or the texts that may be caught. */
export type ValuesDocument = Readonly<Record<string, Readonly<Record<string, string | true>> | readonly string[]>>;

/** The pattern, or every mistake in it. */
export type ParsedPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const ANYTHING: CaptureValues = { written: new Map(), others: true };
const TOKEN = /\*|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]/g;

/** Reads a pattern with the `values` of its rule; `pointer` addresses the rule. */
export function parsePattern(text: string, values: ValuesDocument, pointer: string): ParsedPattern {
  const problems: Problem[] = [];
  const segments: Segment[] = [];
  const captures = new Map<string, CaptureValues>();
  const report = (code: string, position: number, message: string) =>
    problems.push({ pointer: `${pointer}/group_pattern`, code, message, position });
  let end = 0;
  for (const token of text.matchAll(TOKEN)) {
    const name = token[1];
    if (token.index > end) segments.push({ kind: "text", text: text.slice(end, token.index) });
    end = token.index + token[0].length;
    if (token[0] !== "*" && name === undefined) {
      report("bad_pattern", token.index, `\`${token[0]}\` in a pattern belongs to a capture such as \`{team}\``);
      continue;
    }
    const segment = name === undefined ? ({ kind: "any" } as const) : captureSegment(name, values);
    if (isOpen(segments.at(-1)) && isOpen(segment)) {
      report(
        "ambiguous_pattern",
        token.index,
        "two parts that match any text stand side by side: put text between them",
      );
    }
    if (segment.kind === "capture") {
      if (captures.has(segment.name)) {
        report("duplicate_capture", token.index, `the capture \`{${segment.name}}\` stands twice in the pattern`);
      }
      captures.set(segment.name, segment.values);
    }
    segments.push(segment);
  }
  if (end < text.length) segments.push({ kind: "text", text: text.slice(end) });
  problems.push(...strayValues(values, captures, pointer));
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    pattern: { text, prefix: textOf(segments.at(0)), suffix: textOf(segments.at(-1)), segments, captures },
  };
}

function captureSegment(name: string, document: ValuesDocument): Segment {
  const listed = Object.hasOwn(document, name) ? document[name] : undefined;
  const values = listed === undefined ? ANYTHING : captureValues(listed);
  // The longest first, so that each part of a pattern takes as much text as it can.
  const texts = [...values.written.keys()].sort((a, b) => b.length - a.length);
  return { kind: "capture", name, values, texts };
}

function captureValues(listed: Readonly<Record<string, string | true>> | readonly string[]): CaptureValues {
  const entries = isList(listed) ? listed.map((value) => [value, true] as const) : Object.entries(listed);
  const written = new Map<string, string>();
  let others: boolean | string = false;
  for (const [value, meaning] of entries) {
    if (value === "*") others = meaning;
    else written.set(value, meaning === true ? value : meaning);
  }
  return { written, others };
}

function isList(listed: object): listed is readonly string[] {
  return Array.isArray(listed);
}

function isOpen(segment: Segment | undefined): boolean {
  return segment?.kind === "any" || (segment?.kind === "capture" && segment.values.others !== false);
}

function textOf(segment: Segment | undefined): string {
  return segment?.kind === "text" ? segment.text : "";
}

function strayValues(
  values: ValuesDocument,
  captures: ReadonlyMap<string, unknown>,
  pointer: string,
): readonly Problem[] {
  return Object.keys(values)
    .filter((name) => !captures.has(name))
    .map((name) => unknownCapture(name, captures.keys(), `${pointer}/values/${escapePointer(name)}`));
}

const MOST_SAMPLES = 32;

/**
 * A few names that the pattern matches: by the values that are written out, else with the capture's own name for any text.
 * `meant`: captures that are to stand for this very text, worked out backwards through their values. No way to that, no names.
 * Where texts of captures run into one another a name may be read differently: who asks for a meaning matches to be sure.
 */
export function sampleNames({ segments }: Pattern, meant: Captured = {}): readonly string[] {
  let names = [""];
  for (const segment of segments) {
    const texts = sampleTexts(segment, meant);
    names = names.flatMap((name) => texts.map((text) => name + text)).slice(0, MOST_SAMPLES);
  }
  return names;
}

function sampleTexts(segment: Segment, meant: Captured): readonly string[] {
  if (segment.kind === "text") return [segment.text];
  if (segment.kind === "any") return [""];
  const { name, texts, values } = segment;
  if (!Object.hasOwn(meant, name)) return texts.length > 0 ? texts : [name];
  const text = meant[name] as string;
  const written = texts.filter((one) => values.written.get(one) === text);
  if (values.others === true && !values.written.has(text)) return [...written, text];
  return values.others === text ? [...written, name] : written;
}

/** The problem of a capture that is used and not declared. */
export function unknownCapture(name: string, declared: Iterable<string>, pointer: string): Problem {
  const near = suggest(name, declared);
  return {
    pointer,
    code: "unknown_capture",
    message: `\`group_pattern\` has no capture \`{${name}}\`${near === undefined ? "" : `, did you mean \`{${near}}\`?`}`,
    ...(near === undefined ? {} : { suggestion: near }),
  };
}

/**
 * Matches a whole name. Of several ways, the one in which earlier parts take as much text as they can.
 * INVARIANT: the time is at most the name's length times the pattern's size, whatever both say; nothing is tried twice.
 */
export function matchPattern(pattern: Pattern, name: string): Captured | undefined {
  if (!name.startsWith(pattern.prefix) || !name.endsWith(pattern.suffix)) return undefined;
  const reachable = reachableEnds(pattern.segments, name);
  if (reachable[0]?.[0] !== 1) return undefined;
  const captured: Record<string, string> = Object.create(null);
  let at = 0;
  pattern.segments.forEach((segment, index) => {
    const end = longestEnd(segment, name, at, reachable[index + 1] as Uint8Array);
    if (segment.kind === "capture") captured[segment.name] = meaning(segment.values, name.slice(at, end));
    at = end;
  });
  return captured;
}

/** For each segment and offset: 1 when the segments from there on can match the rest of the name. */
function reachableEnds(segments: readonly Segment[], name: string): readonly Uint8Array[] {
  let after = new Uint8Array(name.length + 1);
  after[name.length] = 1;
  const table = [after];
  for (const segment of segments.toReversed()) {
    const here = new Uint8Array(name.length + 1);
    // Open parts may end anywhere behind: whether any end works is carried along from the right.
    let endsBehind = 0;
    for (let at = name.length; at >= 0; at--) {
      const endsHere = after[at] as number;
      if (segment.kind === "text") here[at] = endsAfter(name, at, segment.text, after);
      else if (segment.kind === "any") here[at] = endsBehind | endsHere;
      else if (segment.values.others !== false) here[at] = endsBehind;
      else here[at] = segment.texts.some((text) => endsAfter(name, at, text, after) === 1) ? 1 : 0;
      endsBehind |= endsHere;
    }
    table.unshift(here);
    after = here;
  }
  return table;
}

function endsAfter(name: string, at: number, text: string, after: Uint8Array): number {
  return name.startsWith(text, at) ? (after[at + text.length] as number) : 0;
}

/** Where the segment ends when it takes as much as it can; called only where some end works. */
function longestEnd(segment: Segment, name: string, at: number, after: Uint8Array): number {
  if (segment.kind === "text") return at + segment.text.length;
  if (segment.kind === "capture" && segment.values.others === false) {
    const text = segment.texts.find((one) => endsAfter(name, at, one, after) === 1) as string;
    return at + text.length;
  }
  return after.lastIndexOf(1);
}

function meaning(values: CaptureValues, text: string): string {
  const written = values.written.get(text);
  if (written !== undefined) return written;
  return typeof values.others === "string" ? values.others : text;
}
