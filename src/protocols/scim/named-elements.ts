/**
 * Owns keys of a POST's or a PUT's body that name one part of one element of a list, in the form of Okta's external names: each does
 * to the list that the body says what it does as the path of a PATCH.
 */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { externalName, isExternalName, pathOf } from "./external-names.js";
import { changedValue } from "./patch-attribute.js";
import { type AttributeTarget, findTarget } from "./patch-path.js";
import { isRoles } from "./roles.js";
import type { Schema } from "./schema.js";

/** The attributes, in which those keys have written to what the others say: a body has no order. */
export function withNamedElements(
  schema: Schema,
  source: JsonObject,
  read: (plain: JsonObject) => Record<string, Json>,
  reading: Reading,
): Record<string, Json> {
  const entries = Object.entries(source);
  const named = entries.filter(([key]) => isExternalName(key));
  if (named.length === 0) return read(source);
  refuseMany(named.length, reading);
  const attributes = read(Object.fromEntries(entries.filter(([key]) => !isExternalName(key))));
  const seen = new Set<string>();
  for (const [key, value] of named) {
    const { meaning, target } = targetOf(schema, key, reading);
    if (seen.has(meaning)) throw new ScimError("invalidValue", `${quote(key)} is given twice`);
    seen.add(meaning);
    write(attributes, target, value, reading);
  }
  return attributes;
}

/** Each looks through its list. */
function refuseMany(count: number, { limits }: Reading): void {
  if (count <= limits.values) return;
  throw new ScimError("invalidValue", `more than ${limits.values} keys name elements of lists: send the lists`);
}

function targetOf(schema: Schema, key: string, reading: Reading) {
  const external = externalName(key, "invalidValue");
  const { urn = "", name = "", part = "", sub = "", operand = "" } = external ?? {};
  const attribute = urn === "" ? schema.attributes.get(name.toLowerCase()) : undefined;
  const [selecting, written] = [part, sub].map((one) => attribute?.subs.get(one.toLowerCase()));
  const isNamed = external && attribute?.multiValued && attribute.id !== "members" && selecting && written;
  const target = isNamed ? findTarget(`${schema.urn}:${pathOf(external)}`, reading) : undefined;
  if (target?.attribute === undefined) {
    const why = `means no part of a list of ${schema.name}: send the list, as in \`roles: [{ type, value }]\``;
    throw new ScimError("invalidValue", `${quote(key)} ${why}`);
  }
  reading.quirks.add("external_name");
  return { meaning: JSON.stringify([selecting?.id, written?.id, operand]), target };
}

function write(attributes: Record<string, Json>, target: AttributeTarget, value: Json, reading: Reading): void {
  const { attribute, sub } = target;
  if (isRoles(attribute) && reading.roles?.managed === false) {
    reading.quirks.add("unmanaged_roles");
    return;
  }
  if (attribute.mutability === "readOnly" || sub?.mutability === "readOnly") return;
  for (const sent of [attribute, sub]) if (sent?.returned === "request") reading.sent.add(sent);
  const said = value === null ? ({ kind: "remove", value: undefined } as const) : ({ kind: "add", value } as const);
  const after = changedValue({ ...said, target, selects() {}, lists() {} }, attributes[attribute.name], reading);
  if (after === undefined) delete attributes[attribute.name];
  else attributes[attribute.name] = after;
}
