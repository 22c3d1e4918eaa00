/** Facts as they would be if one of them were another: what explanations try out. */
import {
  type AttributeValue,
  type Facts,
  type GroupFact,
  USER_ATTRIBUTES,
  type UserAttribute,
} from "../../model/facts.js";
import { known } from "../../model/known.js";
import type { PersonLink } from "../../model/person.js";
import type { AliasBook } from "../compile/compiled-mapping.js";
import type { Step } from "./steps.js";

export type FactChange =
  /** `name` as rules know the group; `id` where a rule asks for it by that. */
  | { readonly kind: "group"; readonly name: string; readonly id?: string; readonly member: boolean }
  | { readonly kind: "app_role"; readonly role: string; readonly held: boolean }
  /** `not`: any value will do but this one; `value` is such a value. */
  | {
      readonly kind: "attribute";
      readonly attribute: UserAttribute;
      readonly value: AttributeValue;
      readonly not?: string;
    }
  | { readonly kind: "claim"; readonly claim: string; readonly value: string }
  /** An admin confirms that the group is what its name says. */
  | { readonly kind: "confirm"; readonly group: string }
  /** Everything that was known once is asserted again. */
  | { readonly kind: "fresh"; readonly fact: string };

/** What somebody would do to bring the change about. */
export function changeStep(change: FactChange): Step {
  switch (change.kind) {
    case "group":
      return change.member ? { do: "join_group", anyOf: [change.name] } : { do: "leave_group", group: change.name };
    case "app_role":
      return change.held ? { do: "get_app_role", anyOf: [change.role] } : { do: "lose_app_role", role: change.role };
    case "attribute":
      if (change.not !== undefined) return { do: "change_attribute", attribute: change.attribute, from: change.not };
      return { do: "set_attribute", attribute: change.attribute, anyOf: [change.value] };
    case "claim":
      return { do: "set_claim", claim: change.claim, anyOf: [change.value] };
    case "confirm":
      return { do: "confirm_group", group: change.group };
    case "fresh":
      return { do: "assert_fact", fact: change.fact };
  }
}

/** The link with that change made; the very same link where it is so already. */
export function changed(link: PersonLink, change: FactChange, aliases: AliasBook): PersonLink {
  const facts = changedFacts(link, change, aliases);
  return facts === link.facts ? link : { ...link, facts };
}

function changedFacts({ facts, at, connection }: PersonLink, change: FactChange, aliases: AliasBook): Facts {
  switch (change.kind) {
    case "group": {
      const keys = keysOf(change, connection.slug, aliases);
      return change.member ? joined(facts, change, keys, at) : left(facts, keys);
    }
    case "app_role":
      return withAppRole(facts, change.role, change.held);
    case "attribute": {
      const now = facts.user[change.attribute];
      if (change.not !== undefined && now.known && now.value !== null && now.value !== change.not) return facts;
      if (now.known && now.value === change.value && now.staleSince === undefined) return facts;
      return { ...facts, user: { ...facts.user, [change.attribute]: known(change.value) } };
    }
    case "claim": {
      const values = new Map(Object.entries(facts.claims)).get(change.claim) ?? [];
      if (values.includes(change.value)) return facts;
      return { ...facts, claims: { ...facts.claims, [change.claim]: [...values, change.value] } };
    }
    case "confirm": {
      const members = facts.groups.members.map(({ waiting: _, ...member }) => member);
      return { ...facts, groups: { ...facts.groups, members } };
    }
    case "fresh":
      return refreshed(facts);
  }
}

type GroupChange = Extract<FactChange, { readonly kind: "group" }>;

/** By which names and ids the connection knows the group. */
function keysOf({ name, id }: GroupChange, slug: string, aliases: AliasBook): readonly string[] {
  const stands = aliases.get(name)?.get(slug);
  return stands ?? (id === undefined ? [name] : [id]);
}

function joined(facts: Facts, { name, id }: GroupChange, keys: readonly string[], at: string): Facts {
  const { members } = facts.groups;
  const held = members.find((member) => isMeant(member, keys));
  if (held && held.staleSince === undefined) return facts;
  const names = id === undefined ? [keys[0] as string] : [name];
  const fact: GroupFact = { names, ids: keys, source: "claims", since: at };
  return { ...facts, groups: { ...facts.groups, members: [...members.filter((one) => one !== held), fact] } };
}

/** Known to be no member, also where groups as a whole are unknown. */
function left(facts: Facts, keys: readonly string[]): Facts {
  const { members, answered } = facts.groups;
  const exact = members.filter((member) => isMeant(member, keys));
  const gone = exact.length > 0 ? exact : members.filter((member) => isMeant(member, keys.flatMap(labelParts)));
  if (gone.length === 0) return facts;
  const known = new Set([...answered, ...keys, ...gone.flatMap(({ names, ids }) => [...names, ...ids])]);
  const groups = { ...facts.groups, members: members.filter((one) => !gone.includes(one)), answered: known };
  return { ...facts, groups };
}

/** Evidence calls a group by two names where rules and source differ: `Finance (1f3c...)`, `Sales (now Sales EU)`. */
function labelParts(label: string): readonly string[] {
  return /^(.+) \((?:now )?(.+)\)$/s.exec(label)?.slice(1) ?? [];
}

function isMeant({ names, ids }: GroupFact, keys: readonly string[]): boolean {
  return keys.some((key) => names.includes(key) || ids.includes(key));
}

function withAppRole(facts: Facts, role: string, held: boolean): Facts {
  const now = facts.appRoles.known ? facts.appRoles.value : [];
  if (facts.appRoles.known && facts.appRoles.staleSince === undefined && now.includes(role) === held) return facts;
  const others = now.filter((one) => one !== role);
  return { ...facts, appRoles: known(held ? [...others, role] : others) };
}

function refreshed(facts: Facts): Facts {
  const user = { ...facts.user };
  for (const attribute of USER_ATTRIBUTES) {
    const fact = user[attribute];
    if (fact.known) user[attribute] = known(fact.value);
  }
  const members = facts.groups.members.map(({ staleSince: _, ...member }) => member);
  const appRoles = facts.appRoles.known ? known(facts.appRoles.value) : facts.appRoles;
  return { ...facts, user, appRoles, groups: { ...facts.groups, members } };
}
