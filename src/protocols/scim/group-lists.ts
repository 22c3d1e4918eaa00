/**
 * Owns the lists of a group that both the core schema and Rolecall's extension have. Each is one list: it stands at the paths by
 * which clients have sent it, the same at both, and a change by either path is a change of it.
 */
import type { JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { isList, isObject } from "./json-value.js";
import { addElements } from "./multi-value.js";
import type { AttributeTarget } from "./patch-path.js";
import { ROLECALL_GROUP } from "./roles.js";
import type { Attribute, ResourceType, Schema } from "./schema.js";

/** Names of attributes. */
export const GROUP_LISTS: readonly string[] = ["roles", "idpMappingNames"];
const IDS: ReadonlySet<string> = new Set(GROUP_LISTS.flatMap((name) => [name, `${ROLECALL_GROUP}:${name}`]));

export function isGroupList({ id }: Pick<Attribute, "id">): boolean {
  return IDS.has(id);
}

/** The resource with each of these lists whole at both its paths, where both say something of it. */
export function joinLists(resource: JsonObject, names: readonly string[], reading: Reading): JsonObject {
  let joined = resource;
  for (const name of names) {
    const extension = joined[ROLECALL_GROUP];
    const attribute = reading.type.core.attributes.get(name.toLowerCase());
    if (!isObject(extension) || attribute === undefined) continue;
    const [core, own] = [joined[name], extension[name]];
    if (!isList(core) || !isList(own) || core === own) continue;
    const all = addElements(attribute, core, own, reading);
    if (all.length > reading.limits.values) {
      throw new ScimError("invalidValue", `${quote(name)} has more than ${reading.limits.values} values`);
    }
    joined = { ...joined, [name]: all, [ROLECALL_GROUP]: { ...extension, [name]: all } };
  }
  return joined;
}

/** The other schema of such a list, where the resource has the list there. */
export function otherPlace(
  { schema, attribute }: Pick<AttributeTarget, "schema" | "attribute">,
  resource: JsonObject,
  type: ResourceType,
): Schema | undefined {
  if (!isGroupList(attribute)) return undefined;
  const extension = type.extensions.find((one) => one.schema.urn === ROLECALL_GROUP)?.schema;
  const other = schema.extension ? type.core : extension;
  const data = other?.extension ? resource[other.urn] : resource;
  return other && isObject(data) && isList(data[attribute.name]) ? other : undefined;
}
