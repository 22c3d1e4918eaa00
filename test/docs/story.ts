/** Reads the mapping guide's numbered stories: what happens in them, and what the page says of it, in the page's order. */
import { fencedBlocks } from "./markdown.js";

export interface Story {
  readonly number: number;
  readonly title: string;
  readonly parts: readonly StoryPart[];
}

export type StoryPart =
  | { readonly kind: "events"; readonly line: number; readonly rows: readonly EventRow[] }
  | { readonly kind: "block"; readonly line: number; readonly language: string; readonly text: string };

/** A row of a table that begins with `person`. */
export interface EventRow {
  readonly person: string;
  readonly what: string;
  readonly detail: string;
}

const HEADING = /^### (\d+)\. (.+)$/;

/** What checks look at; a block in any other language is for readers. */
const LANGUAGES = ["json", "draft", "preview", "holds", "explain", "warnings", "lint", "wrong", "problems"];

export function storiesOf(text: string): readonly Story[] {
  const lines = text.split("\n");
  const starts = lines.flatMap((line, at) => (HEADING.test(line) ? [at] : []));
  return starts.map((start) => {
    const next = lines.findIndex((line, at) => at > start && /^##/.test(line));
    const [, number, title = ""] = HEADING.exec(lines[start] ?? "") ?? [];
    const end = next < 0 ? lines.length : next;
    return { number: Number(number), title, parts: partsOf(lines, start, end) };
  });
}

function partsOf(lines: readonly string[], start: number, end: number): readonly StoryPart[] {
  const own = lines.slice(0, end).map((line, at) => (at < start ? "" : line));
  const blocks = LANGUAGES.flatMap((language) =>
    fencedBlocks(own.join("\n"), language).map(({ line, text }) => ({ kind: "block" as const, line, language, text })),
  );
  const tables = own.flatMap((line, at) => (line.startsWith("| person |") ? [eventsAt(own, at)] : []));
  return [...blocks, ...tables].sort((a, b) => a.line - b.line);
}

function eventsAt(lines: readonly string[], at: number): StoryPart {
  const end = lines.findIndex((line, index) => index > at && !line.startsWith("|"));
  const rows = lines.slice(at + 2, end < 0 ? lines.length : end).map((row) => {
    const [person = "", what = "", detail = ""] = row.slice(1, -1).split("|");
    return { person: plain(person), what: plain(what), detail: detail.trim() };
  });
  return { kind: "events", line: at + 1, rows };
}

function plain(cell: string): string {
  return cell.replaceAll("`", "").trim();
}

/** `groups: A, B; department: Sales` as lists by name. */
export function details(text: string): ReadonlyMap<string, readonly string[]> {
  const parts = text.split(";").flatMap((part) => {
    const [, name, values] = /^\s*([^:]+):\s*(.*?)\s*$/.exec(part) ?? [];
    return name === undefined || values === undefined ? [] : [[name.trim(), listOf(values)] as const];
  });
  return new Map(parts);
}

function listOf(values: string): readonly string[] {
  const listed = values.split(",").map((value) => plain(value));
  return listed.filter((value) => value !== "" && value !== "none");
}
