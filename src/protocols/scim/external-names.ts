/** Owns names in the form of Okta's external names, `roles.^[type=='account_type'].value`, which mean an element and one of its parts. */

import { quote } from "../../model/quote.js";
import type { Reading } from "./dialect.js";
import { ScimError, type ScimErrorKind } from "./errors.js";

const MARK = ".^[";
const LONGEST = 512;
const FORM =
  /^(?<urn>[^^]+:)?(?<name>[A-Za-z$][\w$-]*)\.\^\[\s*(?<part>[A-Za-z$][\w$-]*)\s*==\s*(?:'(?<single>[^'\\]*)'|"(?<double>[^"\\]*)"|(?<bare>[\w.-]+))\s*\](?:\.(?<sub>[A-Za-z$][\w$-]*))?$/;

export interface ExternalName {
  readonly urn: string;
  readonly name: string;
  readonly part: string;
  readonly operand: string | boolean;
  readonly sub?: string;
}

/** `undefined` for every other text, and for what begins so and cannot be read. */
function readName(text: string): ExternalName | undefined {
  const found = isExternalName(text) && text.length <= LONGEST ? FORM.exec(text)?.groups : undefined;
  if (found === undefined) return undefined;
  const { urn = "", name = "", part = "", single, double, bare = "", sub } = found;
  const word = bare === "true" || bare === "false" ? bare === "true" : bare;
  return { urn, name, part, operand: single ?? double ?? word, ...(sub !== undefined && { sub }) };
}

export function isExternalName(text: string): boolean {
  return text.includes(MARK);
}

/** `undefined` for every other name; refuses with `kind` what begins so and cannot be read. */
export function externalName(text: string, kind: ScimErrorKind): ExternalName | undefined {
  const name = readName(text);
  if (name !== undefined || !isExternalName(text)) return name;
  throw new ScimError(kind, `${quote(text)} cannot be read: write it as \`roles.^[type=='account_type'].value\``);
}

/** The path that such a name means; any other path as it is. */
export function pathMeant(path: string, { quirks }: Pick<Reading, "quirks">): string {
  const external = externalName(path, "invalidPath");
  if (external === undefined) return path;
  quirks.add("external_name");
  return pathOf(external);
}

/** `pathMeant`, of which nobody is told and which refuses nothing. */
export function plainPath(text: string): string {
  const external = readName(text);
  return external === undefined ? text : pathOf(external);
}

export function pathOf({ urn, name, part, operand, sub }: ExternalName): string {
  return `${urn}${name}[${part} eq ${JSON.stringify(operand)}]${sub === undefined ? "" : `.${sub}`}`;
}

/** Such a name with another operand, where there is one for its own; any other text as it is. */
export function withOperand(text: string, otherFor: (part: string, operand: string) => string): string {
  const external = readName(text);
  if (external === undefined || typeof external.operand !== "string") return text;
  const { urn, name, part, operand, sub } = external;
  const other = otherFor(part, operand);
  return other === operand ? text : `${urn}${name}.^[${part}=="${other}"]${sub === undefined ? "" : `.${sub}`}`;
}
