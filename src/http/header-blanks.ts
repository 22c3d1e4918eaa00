/**
 * A part of a header without the blanks around it, which are the space and the tab alone (RFC 9110 section 5.6.3, RFC 6265
 * section 5.2). INVARIANT: what `trim` takes off besides, such as byte 0xA0, belongs to the text: browsers keep a cookie
 * of another name for another host's word, and do not see `__Host-` behind such a byte.
 */
export function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
