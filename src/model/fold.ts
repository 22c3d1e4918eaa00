/** Text comparison as the RFCs ask for it. Never upper-case or NFKC before comparing: look-alikes would become equal. */

/** NFC and lower case: SCIM's case-insensitive comparison (RFC 7644 section 3.4.2.2). */
export function fold(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/**
 * ASCII letters lowered, everything else as it is: for linking people by e-mail or userName,
 * where U+212A KELVIN SIGN must not become `k`.
 */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The domain of an e-mail, ASCII-lowered, or `undefined` when there is no single `@` with text on both sides. */
export function emailDomain(email: string): string | undefined {
  const at = email.lastIndexOf("@");
  return at > 0 && at < email.length - 1 ? asciiLower(email.slice(at + 1)) : undefined;
}
