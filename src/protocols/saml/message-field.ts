/** Owns how a field that a browser brings becomes octets: `SAMLRequest` or `SAMLResponse`, by whichever binding. */
import { isUtf8 } from "node:buffer";
import { refusal } from "./failure.js";

export type MessageField = "SAMLRequest" | "SAMLResponse";

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Line breaks of wrapped base64, which nobody counts. */
const LONGEST_WRAPPING = 16_384;

/** How many characters a field may have that holds so many bytes. */
export function longestField(bytes: number): number {
  return Math.ceil((bytes * 4) / 3) + LONGEST_WRAPPING;
}

/** Some providers wrap the lines of their base64; nothing else about it may be unusual. `bytes`: of what is in it. */
export function octetsOf(field: MessageField, text: string, bytes: number): Buffer {
  const longest = longestField(bytes);
  if (text.length > longest)
    throw refusal("size", `the field ${field} has more than ${longest} characters`, { got: text.length });
  const base64 = text.replace(/[ \t\r\n]+/g, "");
  const octets = Buffer.from(base64, "base64");
  if (!BASE64.test(base64) || octets.toString("base64") !== base64)
    throw refusal("encoding", `the field ${field} is no base64: the binding wants plain base64 of the message`);
  return octets;
}

export function utf8Of(octets: Buffer, of: string): string {
  if (isUtf8(octets)) return octets.toString("utf8");
  throw refusal(
    "encoding",
    `the ${of} is not UTF-8: the HTTP-POST binding wants plain XML, neither deflated nor in another encoding`,
  );
}
