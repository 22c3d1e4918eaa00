const HALF_PAIR = /\p{Surrogate}/u;

/** Whether both databases can keep the text: neither takes NUL, and PostgreSQL no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes("\0") && !HALF_PAIR.test(text);
}
