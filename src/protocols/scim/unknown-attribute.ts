import { quote } from "../../model/quote.js";
import { ScimError, type ScimErrorKind } from "./errors.js";
import { hint, type ResourceType } from "./schema.js";

/** A name that none of these types has an attribute for, as the client wrote it. */
export function unknownAttribute(kind: ScimErrorKind, name: string, types: readonly ResourceType[]): ScimError {
  const hints = types.map((type) => hint(type, lastOf(name)));
  const best = hints.find((text) => text.startsWith(",")) ?? hints[0] ?? "";
  const where = types
    .map((type) => type.name)
    .join(", ")
    .replace(/, (?=[^,]*$)/, " or ");
  return new ScimError(kind, `${quote(name)} is no attribute of ${where}${best}`);
}

/** The name itself, without what it lies in. */
export function lastOf(name: string): string {
  return name.slice(Math.max(name.lastIndexOf(":"), name.lastIndexOf(".")) + 1);
}
