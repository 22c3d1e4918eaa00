/** Owns names in the form of Okta's external names, `roles.^[type=='account_type'].value`, which mean an element and one of its parts. */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import type { Reading } from "./dialect.js";
import { ScimError, type ScimErrorKind } from "./errors.js";
import { isList } from "./json-value.js";
import type { Schema } from "./schema.js";

const MARK = ".^[";
const LONGEST = 512;
const FORM =
  /^(?<urn>[^^]+:)?(?<name>[A-Za-z$][\w$-]*)\.\^\[\s*(?<part>[A-Za-z$][\w$-]*)\s*==\s*(?:'(?<single>[^'\\]*)'|"(?<double>[^"\\]*)"|(?<bare>[\w.-]+))\s*\](?:\.(?<sub>[A-Za-z$][\w$-]*))?$/;

interface ExternalName {
  readonly urn: string;
  readonly name: string;
  readonly part: string;
  readonly operand: string | boolean;
  readonly sub?: string;
}

/** `undefined` for every other text, and for what begins so and cannot be read. */
function readName(text: string): ExternalName | undefined {
  const found = text.includes(MARK) && text.length <= LONGEST ? FORM.exec(text)?.groups : undefined;
  if (found === undefined) return undefined;
  const { urn = "", name = "", part = "", single, double, bare = "", sub } = found;
  const word = bare === "true" || bare === "false" ? bare === "true" : bare;
  return { urn, name, part, operand: single ?? double ?? word, ...(sub !== undefined && { sub }) };
}

/** `undefined` for every other name; refuses with `kind` what begins so and cannot be read. */
function externalName(text: string, kind: ScimErrorKind): ExternalName | undefined {
  const name = readName(text);
  if (name !== undefined || !text.includes(MARK)) return name;
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

function pathOf({ urn, name, part, operand, sub }: ExternalName): string {
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

/** A resource's attributes, with the elements that such keys mean in the lists of their attributes. */
export function withNamedElements(schema: Schema, source: JsonObject, { quirks }: Pick<Reading, "quirks">): JsonObject {
  if (!Object.keys(source).some((key) => key.includes(MARK))) return source;
  const plain: Record<string, Json> = {};
  const made = new Map<string, Record<string, Json>>();
  const lists = new Map<string, Json[]>();
  for (const [key, value] of Object.entries(source)) {
    const external = externalName(key, "invalidValue");
    if (external === undefined) {
      plain[key] = value;
      continue;
    }
    quirks.add("external_name");
    const { name, part, sub } = partsOf(schema, key, external);
    const at = JSON.stringify([name, part, external.operand]);
    const element = made.get(at) ?? { [part]: external.operand };
    if (sub in element) throw new ScimError("invalidValue", `${quote(key)} is given twice`);
    element[sub] = value;
    if (!made.has(at)) lists.set(name, [...(lists.get(name) ?? []), element]);
    made.set(at, element);
  }
  for (const [name, elements] of lists) {
    const key = Object.keys(plain).find((candidate) => candidate.toLowerCase() === name.toLowerCase()) ?? name;
    const said = plain[key] ?? [];
    plain[key] = [...(isList(said) ? said : [said]), ...elements];
  }
  return plain;
}

/** Names as the schema writes them. */
function partsOf(schema: Schema, key: string, { urn, name, part, sub = "" }: ExternalName) {
  const attribute = urn === "" ? schema.attributes.get(name.toLowerCase()) : undefined;
  const [selecting, written] = [attribute?.subs.get(part.toLowerCase()), attribute?.subs.get(sub.toLowerCase())];
  if (!attribute?.multiValued || attribute.id === "members" || !selecting || !written) {
    const why = `means no part of a list of ${schema.name}: send the list, as in \`roles: [{ type, value }]\``;
    throw new ScimError("invalidValue", `${quote(key)} ${why}`);
  }
  return { name: attribute.name, part: selecting.name, sub: written.name };
}
