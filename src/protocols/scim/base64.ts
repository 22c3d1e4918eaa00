/** What is in neither alphabet of RFC 4648 (sections 4 and 5). */
const FOREIGN = [/[^A-Za-z0-9+/]/, /[^A-Za-z0-9_-]/];

/**
 * Base64 in either alphabet, never both in one value, with or without padding. INVARIANT: searches for what is wrong instead
 * of matching what is right: a pattern of groups would run out of stack on a long value.
 */
export function isBase64(text: string): boolean {
  const data = text.replace(/={1,2}$/, "");
  if (data.length % 4 === 1) return false;
  if (data.length < text.length && text.length % 4 !== 0) return false;
  return FOREIGN.some((foreign) => !foreign.test(data));
}

/** The form in which the same bytes are the same text; what is no base64 stays as it is. */
export function base64Form(text: string): string {
  return isBase64(text) ? Buffer.from(text, "base64").toString("base64") : text;
}
