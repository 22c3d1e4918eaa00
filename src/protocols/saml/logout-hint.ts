/** Owns what a session keeps for the day on which it asks its provider for a logout: whose it is, in the provider's own words. */
import type { LogoutSubject } from "./logout-xml.js";
import type { VerifiedAssertion } from "./verified.js";

/** Of a text that is sealed into the session's row. */
const LONGEST = 4_096;
/** What stands for a SessionIndex that was too long to be kept. */
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `undefined` where the provider's words are too many to be kept: it will not be asked then. */
export function logoutHint({ nameId, sessionIndex }: VerifiedAssertion): string | undefined {
  if (sessionIndex !== undefined && DIGEST.test(sessionIndex)) return undefined;
  const subject: LogoutSubject = { nameId, ...(sessionIndex !== undefined && { sessionIndex }) };
  const text = JSON.stringify(subject);
  return Buffer.byteLength(text, "utf8") > LONGEST ? undefined : text;
}

/** INVARIANT: the text is one that `logoutHint` made. */
export function subjectOfHint(text: string): LogoutSubject {
  return JSON.parse(text) as LogoutSubject;
}
