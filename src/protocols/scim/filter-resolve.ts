/** Owns what a filter means: its tree and a resource type's tables become the `ResourceFilter` that stores understand. */

import type { CompiledScimRoles } from "../../engine/compile/compile-scim-roles.js";
import { typeKey } from "../../engine/scim-roles.js";
import type { AttributePath, Comparator, PathStep, ResourceFilter } from "../../model/filter.js";
import { fold } from "../../model/fold.js";
import { quote } from "../../model/quote.js";
import { type AttributeReference, printReference } from "./attribute-reference.js";
import { base64Form } from "./base64.js";
import { instantOf } from "./date-time.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { type FilterNode, type Operand, parseFilter } from "./filter-parser.js";
import { booleanFromText } from "./quirks/entra.js";
import { compareRelation, isRelation, relationElement, relationPath } from "./relation-filter.js";
import { isRoles, TYPE_KEY } from "./roles.js";
import { type Attribute, type Lookup, lookup, type ResourceType } from "./schema.js";
import { unknownAttribute } from "./unknown-attribute.js";

/** Text of a request to filter of the model. Anything that cannot be asked is refused with `invalidFilter` (RFC-33). */
export function readFilter(text: string, reading: Reading): ResourceFilter {
  return resolveFilter(parseFilter(text, filterOptions(reading)), reading);
}

export function filterOptions(reading: Reading): { readonly bareWords: boolean; readonly onBareWord: () => void } {
  return { bareWords: reading.dialect.bareWords, onBareWord: () => reading.quirks.add("unquoted_operand") };
}

function resolveFilter(node: FilterNode, reading: Reading): ResourceFilter {
  switch (node.kind) {
    case "and":
    case "or":
      return joined(
        node.kind,
        node.items.map((item) => resolveFilter(item, reading)),
      );
    case "not":
      return negated(resolveFilter(node.item, reading));
    case "present":
      return presence(node.attribute, reading);
    case "compare":
      return comparison(node.attribute, node.comparator, node.value, reading);
    case "element":
      return elementOf(node.attribute, node.where, reading);
  }
}

/** What holds for all resources of the type, or for none, goes out of a filter: the rest is asked of rows. */
function joined(op: "and" | "or", items: readonly ResourceFilter[]): ResourceFilter {
  const [deciding, idle] = op === "and" ? [NEVER, ALWAYS] : [ALWAYS, NEVER];
  if (items.includes(deciding)) return deciding;
  const left = items.filter((item) => item !== idle);
  const [only] = left;
  if (only === undefined) return idle;
  return left.length === 1 ? only : { op, items: left };
}

function negated(item: ResourceFilter): ResourceFilter {
  if (item === ALWAYS) return NEVER;
  return item === NEVER ? ALWAYS : { op: "not", item };
}

/**
 * A filter on one element of `attribute`, for paths of a PATCH and for projections; its paths start at the element. Where the
 * reading knows what the mapping declares, types of roles are equal when they are the same to the mapping.
 */
export function resolveElementFilter(node: FilterNode, attribute: Attribute, reading: Reading): ResourceFilter {
  return withinElement(node, attribute, [], reading, isRoles(attribute) ? reading.roles?.declared : undefined);
}

function presence(reference: AttributeReference, reading: Reading): ResourceFilter {
  const found = find(reference, reading);
  if (found === undefined) return NEVER;
  const attribute = found.sub ?? found.attribute;
  if (attribute === undefined) {
    return found.schema.extension ? { op: "present", path: [{ name: found.schema.urn, multi: false }] } : ALWAYS;
  }
  if (attribute.id === "schemas" || attribute.path[0]?.name === "meta") return ALWAYS;
  if (isRelation(attribute)) return { op: "present", path: relationPath(attribute) };
  return { op: "present", path: askable(attribute).path };
}

function comparison(
  reference: AttributeReference,
  comparator: Comparator,
  value: Operand,
  reading: Reading,
): ResourceFilter {
  const found = find(reference, reading);
  if (found === undefined) return comparator === (value === null ? "eq" : "ne") ? ALWAYS : NEVER;
  const attribute = found.sub ?? found.attribute;
  if (attribute === undefined) throw refused(reference, "is a schema: name one of its attributes");
  if (attribute.id === "meta.resourceType") return compareConstant(reading.type.name, comparator, value);
  if (attribute.id === "schemas") return compareSchemas(comparator, value, reading);
  if (isRelation(attribute)) return compareRelation(attribute, comparator, value);
  return compare(askable(attribute), (leaf) => leaf.path, comparator, value, reading);
}

function elementOf(reference: AttributeReference, where: FilterNode, reading: Reading): ResourceFilter {
  const found = find(reference, reading);
  if (found === undefined) return NEVER;
  const { attribute, sub } = found;
  if (attribute === undefined || sub !== undefined) throw refused(reference, "takes no brackets");
  if (isRelation(attribute)) return relationElement(attribute, where);
  askable(attribute);
  if (attribute.multiValued) {
    return { op: "element", path: attribute.path, where: withinElement(where, attribute, [], reading) };
  }
  if (attribute.type !== "complex") throw refused(reference, "has a single value: compare it without brackets");
  return withinElement(where, attribute, attribute.path, reading);
}

function withinElement(
  node: FilterNode,
  parent: Attribute,
  prefix: AttributePath,
  reading: Reading,
  types?: CompiledScimRoles,
): ResourceFilter {
  const pathOf = (leaf: Attribute): AttributePath =>
    leaf === parent ? [ITSELF] : [...prefix, ...leaf.path.slice(parent.path.length)];
  switch (node.kind) {
    case "and":
    case "or":
      return { op: node.kind, items: node.items.map((item) => withinElement(item, parent, prefix, reading, types)) };
    case "not":
      return { op: "not", item: withinElement(node.item, parent, prefix, reading, types) };
    case "present":
      return { op: "present", path: pathOf(subAttribute(parent, node.attribute)) };
    case "compare":
      return (
        ofRoleType(node, types) ??
        compare(subAttribute(parent, node.attribute), pathOf, node.comparator, node.value, reading)
      );
    case "element":
      throw refused(node.attribute, "cannot be filtered inside brackets");
  }
}

function ofRoleType(
  { attribute: { uri, name, sub }, comparator, value }: Extract<FilterNode, { readonly kind: "compare" }>,
  types: CompiledScimRoles | undefined,
): ResourceFilter | undefined {
  const isType = uri === undefined && sub === undefined && name.toLowerCase() === "type";
  if (types === undefined || !isType || typeof value !== "string" || !EQUALITY.has(comparator)) return undefined;
  return { op: "compare", path: [{ name: TYPE_KEY, multi: false }], comparator, value: typeKey(types, value) };
}

/** The step by which a filter means an element that is a plain value. */
const ITSELF: PathStep = { name: "[]", multi: false };

/** Inside the brackets of an attribute with plain values, `value` is the value itself. */
function subAttribute(parent: Attribute, reference: AttributeReference): Attribute {
  const plain = reference.uri === undefined && reference.sub === undefined;
  const name = reference.name.toLowerCase();
  const found = parent.type === "complex" ? parent.subs.get(name) : name === "value" ? parent : undefined;
  if (!plain || found === undefined) throw refused(reference, `is no sub-attribute of ${quote(parent.name)}`);
  return askable(found);
}

/** `undefined` where several types are searched and another may have it: the attribute is as absent here. */
function find(reference: AttributeReference, reading: Reading): Lookup | undefined {
  const found = lookup(reading.type, reference) ?? plainValues(reading.type, reference);
  if (found?.urnLeftOut) reading.quirks.add("urn_left_out");
  if (found !== undefined) return found;
  if (reading.strangers === undefined) {
    throw unknownAttribute("invalidFilter", printReference(reference), [reading.type]);
  }
  reading.strangers.add(printReference(reference));
  return undefined;
}

/** Values that are no objects have the name that they have in brackets. */
function plainValues(type: ResourceType, { sub, ...whole }: AttributeReference): Lookup | undefined {
  const found = sub?.toLowerCase() === "value" ? lookup(type, whole) : undefined;
  return found?.attribute?.multiValued && found.attribute.type !== "complex" ? found : undefined;
}

function askable(attribute: Attribute): Attribute {
  const derived = attribute.id === "schemas" || (attribute.path[0]?.name === "meta" && attribute.type !== "dateTime");
  if (attribute.returned === "never" || derived) {
    throw new ScimError("invalidFilter", `${quote(attribute.id)} cannot be filtered by`);
  }
  return attribute;
}

function compare(
  attribute: Attribute,
  pathOf: (leaf: Attribute) => AttributePath,
  comparator: Comparator,
  value: Operand,
  reading: Reading,
): ResourceFilter {
  if (attribute.type === "complex") {
    const significant = attribute.subs.get("value");
    if (significant === undefined) {
      throw new ScimError(
        "invalidFilter",
        `${quote(attribute.id)} has parts: compare one, for instance ${quote(`${attribute.id}.${[...attribute.subs.values()][0]?.name}`)}`,
      );
    }
    reading.quirks.add("compared_by_value");
    return compare(significant, pathOf, comparator, value, reading);
  }
  const operand =
    value === null ? nullOperand(attribute, comparator) : typedOperand(attribute, comparator, value, reading);
  return { op: "compare", path: pathOf(attribute), comparator, value: operand };
}

function nullOperand(attribute: Attribute, comparator: Comparator): null {
  if (comparator === "eq" || comparator === "ne") return null;
  throw new ScimError("invalidFilter", `${quote(attribute.id)}: ${comparator} needs a value, not null`);
}

const EQUALITY: ReadonlySet<Comparator> = new Set(["eq", "ne"]);
const SUBSTRING: ReadonlySet<Comparator> = new Set(["co", "sw", "ew"]);

function typedOperand(
  attribute: Attribute,
  comparator: Comparator,
  value: string | number | boolean,
  reading: Reading,
): string | number | boolean {
  const fits = (suits: boolean): void => {
    if (!suits)
      throw new ScimError("invalidFilter", `${quote(attribute.id)} is ${attribute.type}: ${comparator} does not apply`);
  };
  switch (attribute.type) {
    case "boolean":
      fits(EQUALITY.has(comparator));
      return booleanOperand(attribute, value, reading);
    case "integer":
    case "decimal":
      fits(!SUBSTRING.has(comparator));
      return typeof value === "number" ? value : wrongOperand(attribute, "a number");
    case "dateTime":
      fits(!SUBSTRING.has(comparator));
      return (
        instantOf(String(value)) ?? wrongOperand(attribute, "a date and time with its zone, as 2026-01-31T12:00:00Z")
      );
    case "binary":
      fits(EQUALITY.has(comparator) || SUBSTRING.has(comparator));
      return EQUALITY.has(comparator)
        ? base64Form(textOperand(attribute, value, reading))
        : textOperand(attribute, value, reading);
    default:
      return textOperand(attribute, value, reading);
  }
}

function booleanOperand(attribute: Attribute, value: string | number | boolean, reading: Reading): boolean {
  if (typeof value === "boolean") return value;
  const read = booleanFromText(value);
  if (read === undefined) return wrongOperand(attribute, "true or false");
  reading.quirks.add("boolean_as_text");
  return read;
}

function textOperand(attribute: Attribute, value: string | number | boolean, reading: Reading): string {
  if (typeof value !== "string" && !reading.dialect.bareWords) return wrongOperand(attribute, "text in double quotes");
  if (typeof value !== "string") reading.quirks.add("unquoted_operand");
  const text = String(value);
  return attribute.caseExact ? text : fold(text);
}

function wrongOperand(attribute: Attribute, wanted: string): never {
  throw new ScimError("invalidFilter", `${quote(attribute.id)} is compared with ${wanted}`);
}

/** Every resource has an id. */
export const ALWAYS: ResourceFilter = { op: "present", path: [{ name: "id", multi: false }] };
export const NEVER: ResourceFilter = { op: "not", item: ALWAYS };

function compareConstant(constant: string, comparator: Comparator, value: Operand): ResourceFilter {
  if (comparator !== "eq" && comparator !== "ne") {
    throw new ScimError("invalidFilter", "`meta.resourceType` can be compared by eq and ne");
  }
  return (value === constant) === (comparator === "eq") ? ALWAYS : NEVER;
}

function compareSchemas(comparator: Comparator, value: Operand, reading: Reading): ResourceFilter {
  if (comparator !== "eq" || typeof value !== "string") {
    throw new ScimError("invalidFilter", "`schemas` can be compared by eq with a URI in double quotes");
  }
  const schema = reading.type.schemas.get(value.toLowerCase());
  if (schema === undefined) return NEVER;
  return schema.extension ? { op: "present", path: [{ name: schema.urn, multi: false }] } : ALWAYS;
}

function refused(reference: AttributeReference, why: string): ScimError {
  return new ScimError("invalidFilter", `${quote(printReference(reference))} ${why}`);
}
