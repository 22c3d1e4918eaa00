/**
 * A stranger's text inside a message: in backticks, on one line, without characters that move a cursor or hide
 * text, and at most `limit` characters long.
 */
export function quote(text: string, limit = 80): string {
  return `\`${onOneLine(text.replaceAll("`", "?"), limit)}\``;
}

/** `quote` without the backticks around it, for what is no value inside a sentence but a sentence of its own. */
export function onOneLine(text: string, limit: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, "?");
  return line.length > limit ? `${line.slice(0, limit - 3).replace(/[\uD800-\uDBFF]$/, "")}...` : line;
}
