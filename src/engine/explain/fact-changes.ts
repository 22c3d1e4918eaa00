/** Facts as they would be if one of them were another: what explanations try out, and what somebody pretends. */
import {
  type AttributeValue,
  type Facts,
  type GroupFact,
  USER_ATTRIBUTES,
  type UserAttribute,
} from "../../model/facts.js";
import { known } from "../../model/known.js";
import type { PersonLink } from "../../model/person.js";
import { pushTo } from "../../model/push-to.js";
import type { AliasBook } from "../compile/compiled-mapping.js";
import { groupDirectory } from "../directory-groups.js";
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

function changedFacts(link: PersonLink, change: FactChange, aliases: AliasBook): Facts {
  const { facts } = link;
  switch (change.kind) {
    case "group":
      return withGroups(link, [change], aliases);
    case "app_role":
      return withAppRoles(facts, change.held ? [change.role] : [], change.held ? [] : [change.role]);
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

export type GroupChange = Extract<FactChange, { readonly kind: "group" }>;

/** By which names and ids the connection knows the group. */
function keysOf({ name, id }: GroupChange, slug: string, aliases: AliasBook): readonly string[] {
  const stands = aliases.get(name)?.get(slug);
  return stands ?? (id === undefined ? [name] : [id]);
}

/** Groups joined and left, one after the other; the very same facts where it is so already. People may be in very many. */
export function withGroups(link: PersonLink, changes: readonly GroupChange[], aliases: AliasBook): Facts {
  const { facts, connection } = link;
  const members: (GroupFact | undefined)[] = [...facts.groups.members];
  const places = new Map<string, number[]>();
  const place = ({ names, ids }: GroupFact, at: number) => {
    for (const key of new Set([...names, ...ids])) pushTo(places, key, at);
  };
  facts.groups.members.forEach(place);
  const meant = (keys: readonly string[]) =>
    keys.flatMap((key) => places.get(key) ?? []).filter((at) => members[at] !== undefined);
  const gone: string[] = [];
  let isChanged = false;
  for (const change of changes) {
    const keys = keysOf(change, connection.slug, aliases);
    const exact = meant(keys);
    if (change.member) {
      const at = exact.length > 0 ? Math.min(...exact) : members.length;
      const held = members[at];
      if (held && held.staleSince === undefined) continue;
      const fact = held ? asserted(held) : newGroup(link, change, keys);
      members[at] = fact;
      if (!held) place(fact, at);
      isChanged = true;
      continue;
    }
    for (const at of new Set(exact.length > 0 ? exact : meant(keys.flatMap(labelParts)))) {
      const { names, ids } = members[at] as GroupFact;
      gone.push(...keys, ...names, ...ids);
      members[at] = undefined;
      isChanged = true;
    }
  }
  if (!isChanged) return facts;
  // Known to be no member, also where groups as a whole are unknown.
  const answered = gone.length === 0 ? facts.groups.answered : new Set([...facts.groups.answered, ...gone]);
  return { ...facts, groups: { ...facts.groups, members: members.filter((one) => one !== undefined), answered } };
}

function asserted({ staleSince: _, ...member }: GroupFact): GroupFact {
  return member;
}

/** A group that the directory knows comes with all its names and ids. */
function newGroup({ connection, at }: PersonLink, { name, id }: GroupChange, keys: readonly string[]): GroupFact {
  const directory = groupDirectory(connection.directoryGroups, connection.settleSeconds);
  const [record] = keys.flatMap((key) => directory.meantBy(key));
  if (record) return { ...directory.namesOf(record), source: "scim", since: at };
  return { names: [id === undefined ? (keys[0] as string) : name], ids: keys, source: "claims", since: at };
}

/** Evidence calls a group by two names where rules and source differ: `Finance (1f3c...)`, `Sales (now Sales EU)`. */
function labelParts(label: string): readonly string[] {
  return /^(.+) \((?:now )?(.+)\)$/s.exec(label)?.slice(1) ?? [];
}

/** App roles held and lost; the very same facts where it is so already. */
export function withAppRoles(facts: Facts, held: readonly string[], lost: readonly string[]): Facts {
  const now = new Set(facts.appRoles.known ? facts.appRoles.value : []);
  const isKnown = facts.appRoles.known && facts.appRoles.staleSince === undefined;
  if (isKnown && held.every((role) => now.has(role)) && !lost.some((role) => now.has(role))) return facts;
  const without = new Set(lost);
  return { ...facts, appRoles: known([...new Set([...now, ...held])].filter((role) => !without.has(role))) };
}

function refreshed(facts: Facts): Facts {
  const user = { ...facts.user };
  for (const attribute of USER_ATTRIBUTES) {
    const fact = user[attribute];
    if (fact.known) user[attribute] = known(fact.value);
  }
  const members = facts.groups.members.map(asserted);
  const appRoles = facts.appRoles.known ? known(facts.appRoles.value) : facts.appRoles;
  return { ...facts, user, appRoles, groups: { ...facts.groups, members } };
}
