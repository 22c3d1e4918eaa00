import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/platform/root.js";

/** The fenced blocks of a document in one language, also within lists, with the line on which each begins. */
export function fencedBlocks(
  text: string,
  language: string,
): readonly { readonly line: number; readonly text: string }[] {
  const blocks: { line: number; text: string }[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const opened = /^( *)(`{3,})(\S*)/.exec(lines[at] ?? "");
    if (!opened) continue;
    const [, indent = "", fence = "", said] = opened;
    const end = lines.findIndex((line, index) => index > at && line.startsWith(`${indent}${fence}`));
    if (end < 0) throw new Error(`the block that begins on line ${at + 1} does not end`);
    const inside = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    if (said === language) blocks.push({ line: at + 1, text: inside.join("\n") });
    at = end;
  }
  return blocks;
}

/** The lines of the first table behind the first line that begins like this; throws when there is none. */
export function tableAfter(text: string, beginning: string): readonly string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(beginning));
  const first = lines.findIndex((line, index) => from >= 0 && index > from && line.startsWith("|"));
  if (first < 0) throw new Error(`no table behind a line that begins with \`${beginning}\``);
  const end = lines.findIndex((line, index) => index > first && !line.startsWith("|"));
  return lines.slice(first, end < 0 ? lines.length : end);
}

/** A document's lines outside fenced blocks. */
export function prose(text: string): string {
  let fence: string | undefined;
  const kept = text.split("\n").map((line) => {
    const mark = /^`{3,}/.exec(line)?.[0];
    const inside = fence !== undefined;
    if (mark !== undefined && (!inside || line.startsWith(fence as string))) fence = inside ? undefined : mark;
    return inside || mark !== undefined ? "" : line;
  });
  return kept.join("\n");
}

/** Documents that people write: paths relative to the project. */
export function writtenDocuments(): readonly string[] {
  const top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
  const below = readdirSync(join(projectRoot, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join("docs", path));
  return [...top.filter((path) => existsSync(join(projectRoot, path))), ...below.sort()];
}

export function readDocument(path: string): string {
  return readFileSync(join(projectRoot, path), "utf8");
}
