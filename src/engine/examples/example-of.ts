/** Makes an example of a real person at one connection, with as little of the person in it as the mapping's rules need. */
import { type Facts, USER_ATTRIBUTES, type UserAttribute } from "../../model/facts.js";
import type { ExampleDocument } from "../../model/mapping.js";
import type { PersonLink } from "../../model/person.js";
import { quote } from "../../model/quote.js";
import { type Target, targetKey } from "../../model/target.js";
import { type CompiledExpression, type CompiledMapping, expressionsOf } from "../compile/compiled-mapping.js";
import { type Asked, isAsked } from "../expression/asked.js";
import { askedTexts } from "../expression/expression.js";
import type { FactPath } from "../expression/facts.js";
import { declaredRoles } from "../scim-roles.js";
import { writtenTarget } from "../target-text.js";
import { type GroupKeys, groupKeysOf } from "./example-groups.js";

/** An example whose `expect` is still to be found out by running it. */
export interface ExampleDraft {
  readonly example: ExampleDocument;
  /** Attributes in it that tell who the person is: `withMadeUp` may take their place. */
  readonly personal: readonly UserAttribute[];
  /** What whoever reads the example should know of how it came about, a sentence each. */
  readonly notes: readonly string[];
}

/** Attributes that say who somebody is, as against what they do and where. */
const PERSONAL: ReadonlySet<UserAttribute> = new Set<UserAttribute>([
  "userName",
  "email",
  "displayName",
  "givenName",
  "familyName",
  "employeeNumber",
  "manager",
]);

/**
 * The person of a link, reduced to what some rule or invariant of the mapping could look at: groups and app roles that
 * match something, attributes and claims that an expression reads. What is unknown is left out, and noted.
 */
export function draftExample(mapping: CompiledMapping, link: PersonLink, name: string): ExampleDraft {
  const { facts, connection, scimRoles = [] } = link;
  const readers = readersOf(mapping);
  const reads = new Set(readers.flatMap((one) => one.reads));
  const askedOf = (list: FactPath) => asked(readers, list);
  const groups = groupKeysOf(mapping, link, askedOf("groups"), askedOf("group_ids"));
  const user = attributesOf(facts, reads);
  const roles = mapping.scimRoles ? declaredRoles(mapping.scimRoles, scimRoles) : [];
  const example = {
    name,
    ...(connection.protocol === "local" ? {} : { connection: connection.slug }),
    ...listed("groups", groups.groups),
    ...listed("group_ids", groups.ids),
    ...listed("app_roles", appRolesOf(mapping, facts, askedOf("app_roles"))),
    ...(roles.length > 0 ? { scim_roles: roles } : {}),
    ...nonEmpty("user", user),
    ...nonEmpty("claims", claimsOf(facts, reads, askedOf)),
    expect: [],
  };
  const personal = USER_ATTRIBUTES.filter((attribute) => PERSONAL.has(attribute) && Object.hasOwn(user, attribute));
  return { example, personal, notes: notesOn(mapping, link, reads, groups, askedOf) };
}

function readersOf({ rules, invariants }: CompiledMapping): readonly CompiledExpression[] {
  return [...rules.filter((rule) => rule.enabled).flatMap(expressionsOf), ...invariants.map(({ never }) => never)];
}

function asked(readers: readonly CompiledExpression[], list: FactPath): Asked {
  const texts = new Set<string>();
  for (const { source, reads } of readers) {
    if (!reads.includes(list)) continue;
    const some = askedTexts(source, list);
    if (!some) return "all";
    for (const text of some) texts.add(text);
  }
  return texts;
}

function listed(key: "groups" | "group_ids" | "app_roles", texts: readonly string[]) {
  return texts.length > 0 ? { [key]: texts } : {};
}

function nonEmpty(key: "user" | "claims", values: object) {
  return Object.keys(values).length > 0 ? { [key]: values } : {};
}

function appRolesOf(mapping: CompiledMapping, { appRoles }: Facts, wanted: Asked): readonly string[] {
  if (!appRoles.known) return [];
  const matched = new Set(mapping.rules.flatMap((rule) => rule.appRoles ?? []));
  return appRoles.value.filter((role) => matched.has(role) || isAsked(wanted, role)).toSorted();
}

/** Attributes that are absent are left out, as is being active. */
function attributesOf({ user }: Facts, reads: ReadonlySet<FactPath>): Record<string, string | boolean> {
  const attributes: Record<string, string | boolean> = {};
  for (const attribute of USER_ATTRIBUTES) {
    const fact = user[attribute];
    if (!reads.has(`user.${attribute}`) || !fact.known || fact.value === null) continue;
    if (attribute !== "active" || fact.value === false) attributes[attribute] = fact.value;
  }
  return attributes;
}

function claimsOf(
  { claims }: Facts,
  reads: ReadonlySet<FactPath>,
  askedOf: (list: FactPath) => Asked,
): Record<string, readonly string[]> {
  const kept: Record<string, readonly string[]> = {};
  for (const [name, values] of Object.entries(claims)) {
    const path = `claims.${name}`;
    const wanted = askedOf(path);
    const texts = reads.has(path) ? values.filter((value) => isAsked(wanted, value)) : [];
    if (texts.length > 0) kept[name] = texts;
  }
  return kept;
}

function notesOn(
  mapping: CompiledMapping,
  link: PersonLink,
  reads: ReadonlySet<FactPath>,
  groups: GroupKeys,
  askedOf: (list: FactPath) => Asked,
): readonly string[] {
  const { facts } = link;
  const known = (path: string, isKnown: boolean) =>
    isKnown ? [] : [`${quote(path)} is not known of the person and counts as absent here`];
  const attributes = USER_ATTRIBUTES.filter((one) => reads.has(`user.${one}`));
  const claims = [...reads].filter((path) => path.startsWith("claims."));
  const asksRoles = reads.has("app_roles") || mapping.rules.some((rule) => rule.appRoles);
  const isKept = mapping.scimRoles !== undefined && link.scimRoles?.some((one) => one.staleSince !== undefined);
  const isStale = groups.stale || isKept || attributes.some((one) => staleSince(facts.user[one]) !== undefined);
  return [
    ...(mapping.readsGroups && facts.groups.unlisted !== "not_member"
      ? ["groups that are not listed here are not known of the person and count as absent"]
      : []),
    ...attributes.flatMap((one) => known(`user.${one}`, facts.user[one].known)),
    ...(asksRoles ? known("app_roles", facts.appRoles.known) : []),
    ...claims.flatMap((path) => known(path, Object.hasOwn(facts.claims, path.slice("claims.".length)))),
    ...(isStale ? ["some of what is listed here was known once and is no longer asserted of the person"] : []),
    ...["groups", "group_ids", "app_roles", ...claims].flatMap((path) =>
      askedOf(path) === "all" ? [`all of ${quote(path)} is kept, as an expression reads it whole`] : [],
    ),
    ...(link.connection.protocol === "local" ? ["the person is made by hand and comes by no connection"] : []),
  ];
}

function staleSince(fact: Facts["user"][UserAttribute]): string | undefined {
  return fact.known ? fact.staleSince : undefined;
}

/** The example with somebody else's value for an attribute that tells who the person is; an address keeps its domain. */
export function withMadeUp(example: ExampleDocument, attribute: UserAttribute): ExampleDocument {
  const value = String(example.user?.[attribute]);
  return { ...example, user: { ...example.user, [attribute]: madeUp(attribute, value) } };
}

function madeUp(attribute: UserAttribute, value: string): string {
  switch (attribute) {
    case "displayName":
      return "Some One";
    case "givenName":
      return "Some";
    case "familyName":
      return "One";
    case "employeeNumber":
      return value.replace(/\p{L}/gu, "x").replace(/\p{N}/gu, "1");
    default:
      return `someone${value.includes("@") ? value.slice(value.lastIndexOf("@")) : ""}`;
  }
}

/** Targets as `expect` says them, each once. */
export function expectationOf(given: readonly Target[]): ExampleDocument["expect"] {
  const distinct = new Map(given.map((target) => [targetKey(target), target]));
  return [...distinct.values()].map(writtenTarget).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
