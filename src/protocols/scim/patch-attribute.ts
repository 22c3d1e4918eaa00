/** Owns what one operation does to one attribute: from its present value to its next one, as values. */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { readElement, readElements, readParts, readValue, refuseMany } from "./attribute-value.js";
import type { Reading } from "./dialect.js";
import { elementForm, withoutPart, withParts } from "./element-form.js";
import { ScimError } from "./errors.js";
import { matches } from "./filter-match.js";
import type { FilterNode } from "./filter-parser.js";
import { isList, isObject, without } from "./json-value.js";
import { keepImmutable } from "./kept-rules.js";
import { addElements, joinElements, keptParts, withOnePrimary, withoutListed } from "./multi-value.js";
import type { AttributeTarget } from "./patch-path.js";
import type { PatchKind } from "./patch-request.js";
import { isEmptyManager, MANAGER, unwrappedFromList } from "./quirks/entra.js";
import { changeRoles, isRoles } from "./roles.js";
import type { Attribute } from "./schema.js";

export interface AttributeChange {
  readonly kind: PatchKind;
  readonly target: AttributeTarget;
  readonly value: Json | undefined;
  /** Told how many elements the path selects, before any of them is changed. */
  selects(count: number): void;
  /** Told how many elements the value lists, before any of them is read. */
  lists(count: number): void;
}

type Elements = readonly Json[];

/** The attribute's value after the operation; `undefined` is unassigned. */
export function changedValue(change: AttributeChange, before: Json | undefined, reading: Reading): Json | undefined {
  const { attribute, where, sub } = change.target;
  const isWhole = !attribute.multiValued || where !== undefined || sub !== undefined;
  if (change.kind === "remove" && isWhole && (change.value ?? null) !== null) reading.quirks.add("removal_with_value");
  if (!attribute.multiValued) {
    return sub === undefined ? changeSingle(change, before, reading) : changePart(change, sub, before, reading);
  }
  if (isList(change.value)) {
    refuseMany(attribute, change.value, reading);
    change.lists(change.value.length);
  }
  const elements = isList(before) ? before : [];
  const after = isRoles(attribute)
    ? changeRoles(
        {
          ...change,
          selects: where !== undefined,
          ...(sub && { sub: sub.name }),
          ...(reading.roles?.declared && { declared: reading.roles.declared }),
          onBlank: () => void reading.quirks.add("blank_role"),
        },
        elements,
        ({ whole, value }, present) => {
          const left = whole ? wholeRemoval(change) : value === undefined ? change : { ...change, value };
          return changeElements(left, present, reading);
        },
      )
    : changeElements(change, elements, reading);
  return after.length === 0 ? undefined : after;
}

/** The elements that the path selects go, whatever part of them it names. */
function wholeRemoval({ target: { sub: _, ...target }, ...change }: AttributeChange): AttributeChange {
  return { ...change, kind: "remove", target, value: undefined };
}

function changeElements(change: AttributeChange, elements: Elements, reading: Reading): Elements {
  const { where, sub } = change.target;
  return where !== undefined || sub !== undefined
    ? changeSelected(change, elements, reading)
    : changeList(change, elements, reading);
}

function changeSingle(change: AttributeChange, before: Json | undefined, reading: Reading): Json | undefined {
  const { kind, target, value = null } = change;
  if (kind === "remove") return undefined;
  if (value === null) return kind === "add" ? before : undefined;
  if (target.attribute.type !== "complex") return readValue(target.attribute, unlisted(value, reading), reading);
  const parts = readParts(target.attribute, value, reading);
  return applyParts(isObject(before) ? before : {}, parts, kind);
}

function unlisted(value: Json, reading: Reading): Json {
  const plain = unwrappedFromList(value);
  if (plain === undefined) return value;
  reading.quirks.add("wrapped_value");
  return plain;
}

/** RFC 7644 section 3.5.2: parts that are not named stay, for `add` and for `replace` alike. */
function applyParts(
  before: JsonObject,
  parts: ReadonlyMap<Attribute, Json | undefined>,
  kind: PatchKind,
): JsonObject | undefined {
  const after: Record<string, Json> = { ...before };
  for (const [sub, part] of parts) {
    if (part !== undefined) after[sub.name] = part;
    else if (kind === "replace") delete after[sub.name];
  }
  return Object.keys(after).length === 0 ? undefined : after;
}

function changePart(
  change: AttributeChange,
  sub: Attribute,
  before: Json | undefined,
  reading: Reading,
): Json | undefined {
  const whole = isObject(before) ? before : {};
  const part = partValue(change, sub, reading);
  if (part !== undefined) return { ...whole, [sub.name]: part };
  if (change.kind === "add") return before;
  const rest = without(whole, sub.name);
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** The value for a sub-attribute; `undefined` says to take it away. */
function partValue(change: AttributeChange, sub: Attribute, reading: Reading): Json | undefined {
  const { kind, value = null, target } = change;
  if (kind === "remove") return undefined;
  if (target.attribute.id === MANAGER && sub.name === "value" && isEmptyManager(value)) {
    reading.quirks.add("manager_emptied");
    return undefined;
  }
  return readValue(sub, value, reading);
}

function changeList(change: AttributeChange, before: Elements, reading: Reading): Elements {
  const { kind, target, value } = change;
  const { attribute } = target;
  if (value === undefined || value === null) return kind === "add" ? before : [];
  const listed = listOf(value, reading);
  if (kind === "remove") return removeListed(attribute, before, listed, reading);
  const read = readElements(attribute, listed, reading) ?? [];
  if (kind === "replace") return read;
  return bounded(attribute, addElements(attribute, before, read, reading), reading);
}

/** ENTRA-20, BUG-01: a removal that lists values takes these and never the others, not even when it lists none. */
function removeListed(attribute: Attribute, before: Elements, listed: Elements, reading: Reading): Elements {
  reading.quirks.add("remove_by_value");
  const read = listed.flatMap((item) => (item === null ? [] : (readElement(attribute, item, reading) ?? [])));
  if (read.length < listed.length) {
    throw new ScimError("invalidValue", `${quote(attribute.id)}: a listed value says nothing to find it by`);
  }
  return withoutListed(attribute, before, read, reading);
}

function listOf(value: Json, reading: Reading): Elements {
  if (isList(value)) return value;
  reading.quirks.add("lone_value");
  return [value];
}

function bounded(attribute: Attribute, elements: Elements, reading: Reading): Elements {
  if (elements.length <= reading.limits.values) return elements;
  throw new ScimError("invalidValue", `${quote(attribute.id)} would have more than ${reading.limits.values} values`);
}

/** Elements that the filter selects, or all of them where a sub-attribute was named without one. */
function changeSelected(change: AttributeChange, before: Elements, reading: Reading): Elements {
  const { kind, target } = change;
  const { attribute, where } = target;
  const selected = before.map(
    (element) => where === undefined || matches(where.filter, elementForm(attribute, element, reading)),
  );
  change.selects(selected.filter(Boolean).length);
  if (kind === "remove" || change.value === null) {
    if (kind === "add") return before;
    const takeAway = taker(change, reading);
    const left = before.flatMap((element, index) => (selected[index] ? takeAway(element) : [element]));
    return target.sub === undefined ? left : joinElements(attribute, [], left, reading);
  }
  if (!selected.includes(true)) {
    const made = makeElement(change, reading);
    return bounded(
      attribute,
      withOnePrimary(attribute, [...before, made], (element) => element === made),
      reading,
    );
  }
  const write = writer(change, reading);
  const after = before.map((element, index) => (selected[index] ? write(element) : element));
  return joinElements(
    attribute,
    [],
    withOnePrimary(attribute, after, (_, index) => selected[index] === true),
    reading,
  );
}

/**
 * RFC 7644 section 3.5.2.2: the part alone goes. With its value the element goes where it cannot be without one, and with any part
 * where nothing would be left but its type and whether it is the primary one.
 */
function taker({ target: { attribute, sub } }: AttributeChange, reading: Reading): (element: Json) => Elements {
  const isNeeded = sub?.name === "value" && (sub.required || isRoles(attribute));
  return (element) => {
    if (sub === undefined || isNeeded || !isObject(element)) return [];
    const rest = withoutPart(attribute, element, sub.name, reading);
    return Object.keys(rest).some((key) => key !== "type" && key !== "primary") ? [rest] : [];
  };
}

function writer(change: AttributeChange, reading: Reading): (element: Json) => Json {
  const { kind, target } = change;
  const { attribute, where, sub } = target;
  if (sub !== undefined) {
    const part = readValue(sub, change.value ?? null, reading);
    if (part === undefined) return (element) => element;
    const parts = { [sub.name]: part };
    return (element) => {
      if (!isObject(element)) return element;
      const kept = keepImmutable(sub, element[sub.name], part);
      return kept === part ? withParts(attribute, element, parts, reading) : element;
    };
  }
  const value = readLone(attribute, change.value ?? null, reading);
  if (!isObject(value)) return () => value;
  // `replace` puts the new element in the place of the old; what the filter pinned still holds unless it says otherwise.
  const pinned = where === undefined ? {} : (pinnedParts(where.node, attribute, reading) ?? {});
  const replacement = { ...pinned, ...value };
  return (element) =>
    kind === "add" && isObject(element)
      ? withParts(attribute, element, keptParts(attribute, element, value), reading)
      : replacement;
}

function readLone(attribute: Attribute, value: Json, reading: Reading): Json {
  const isListed = isList(value) && value.length === 1;
  if (isListed) reading.quirks.add("listed_value");
  const lone = isListed ? (value[0] ?? null) : value;
  const read = lone === null ? undefined : readElement(attribute, lone, reading);
  if (read === undefined) throw new ScimError("invalidValue", `${quote(attribute.id)}: the value must be one element`);
  return read;
}

/**
 * The element that a filter describes, when nothing matched it (C7, ENTRA-11, ENTRA-12): always for `add`; for `replace`
 * where the profile says so or the type is one that the schema names. Refused where the filter does not pin its parts.
 */
function makeElement(change: AttributeChange, reading: Reading): Json {
  const { kind, target } = change;
  const { attribute, where, sub } = target;
  const pinned = where === undefined ? {} : pinnedParts(where.node, attribute, reading);
  const mayMake =
    kind === "add" ||
    where === undefined ||
    reading.dialect.replaceCreates ||
    hasKnownType(pinned, attribute) ||
    isAssignment(pinned, attribute, reading);
  if (pinned === undefined || !mayMake || attribute.type !== "complex") {
    throw new ScimError("noTarget", `no value of ${quote(attribute.id)} matches the filter of the path`);
  }
  if (where !== undefined) reading.quirks.add("element_from_filter");
  const written =
    sub === undefined
      ? readLone(attribute, change.value ?? null, reading)
      : { [sub.name]: readValue(sub, change.value ?? null, reading) ?? null };
  return { ...pinned, ...(isObject(written) ? written : {}) };
}

/** The parts that `a eq x and b eq y` fixes; `undefined` for a filter that leaves any of them open. */
function pinnedParts(node: FilterNode, attribute: Attribute, reading: Reading): JsonObject | undefined {
  const parts: Record<string, Json> = {};
  for (const item of node.kind === "and" ? node.items : [node]) {
    if (item.kind !== "compare" || item.comparator !== "eq" || item.value === null) return undefined;
    const sub = attribute.subs.get(item.attribute.name.toLowerCase());
    if (sub === undefined || Object.hasOwn(parts, sub.name)) return undefined;
    parts[sub.name] = readValue(sub, item.value, reading) ?? null;
  }
  return parts;
}

/** Where the mapping declares types, a path names an assignment, made or refused by its type. */
function isAssignment(pinned: JsonObject | undefined, attribute: Attribute, reading: Reading): boolean {
  return isRoles(attribute) && reading.roles?.declared !== undefined && typeof pinned?.["type"] === "string";
}

function hasKnownType(pinned: JsonObject | undefined, attribute: Attribute): boolean {
  const type = pinned?.["type"];
  const known = attribute.subs.get("type")?.canonicalValues ?? [];
  return typeof type === "string" && known.some((value) => value.toLowerCase() === type.toLowerCase());
}
