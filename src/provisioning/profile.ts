import type { CompiledMapping } from "../engine/compile/compile.js";
import { type ComputedProfile, computedProfile, profileJobs } from "../engine/computed-profile.js";
import type { AttributeValue, UserAttribute } from "../model/facts.js";
import type { TenantId, UserId } from "../model/ids.js";
import { PROFILE_ATTRIBUTES, type ProfileAttribute } from "../model/mapping.js";
import type { PersonLink, PersonState, ShownProfile } from "../model/person.js";
import type { ExpressionPort } from "./deps.js";
import type { Gathered } from "./gather.js";
import { resultsOf } from "./mapping/expression-results.js";

/** What the ledger says of a person beside access: names, address, photo. */
export interface Profile extends ShownProfile {
  readonly userName: string;
  readonly email: string | null;
}

/** What the mapping's `profile` makes of people, its expressions for all of them at once; empty without any. */
export async function computeProfiles(
  expressions: ExpressionPort,
  tenant: TenantId,
  mapping: CompiledMapping,
  people: readonly Gathered[],
): Promise<ReadonlyMap<UserId, ComputedProfile>> {
  if (mapping.profile.size === 0) return new Map();
  const links = people.flatMap((person) => person.links);
  const results = await resultsOf(expressions, tenant, profileJobs(mapping, links));
  return new Map(
    people.map((person) => [person.state.id, computedProfile(mapping, profileLinks(person.links), results)]),
  );
}

/** A person's links in the order in which they speak on the profile: rows that ended come last. */
function profileLinks(links: readonly PersonLink[]): readonly PersonLink[] {
  return [...links.filter((link) => !hasEnded(link)), ...links.filter(hasEnded)];
}

/**
 * The profile that a person's links say, the strongest connection first and rows that ended (a deleted one before the
 * one that revived the account) last; what none of them knows stays as it is. `computed`: what the mapping's `profile`
 * made of them. `undefined` when nothing would change.
 */
export function changedProfile(
  state: PersonState,
  all: readonly PersonLink[],
  computed: ComputedProfile | undefined,
): Profile | undefined {
  const links = profileLinks(all);
  const userName = firstKnown(links, "userName");
  const email = firstKnown(links, "email");
  const profile = {
    userName: typeof userName === "string" && userName !== "" ? userName : state.userName,
    email: text(email, state.email),
    displayName: shown(state, links, computed, "displayName"),
    givenName: shown(state, links, computed, "givenName"),
    familyName: shown(state, links, computed, "familyName"),
    photo: shown(state, links, computed, "photo"),
  };
  return COMPARED.every((one) => profile[one] === state[one]) ? undefined : profile;
}

const COMPARED = ["userName", "email", ...PROFILE_ATTRIBUTES] as const;

/** INVARIANT: a photo is what the mapping computes, and nothing else says one. */
function shown(
  state: PersonState,
  links: readonly PersonLink[],
  computed: ComputedProfile | undefined,
  attribute: ProfileAttribute,
): string | null {
  const said = computed?.get(attribute);
  if (said) return "stays" in said ? state[attribute] : said.value;
  return attribute === "photo" ? null : text(firstKnown(links, attribute), state[attribute]);
}

function hasEnded({ scim, connection }: PersonLink): boolean {
  return scim === "inactive" || connection.disabled;
}

function firstKnown(links: readonly PersonLink[], attribute: UserAttribute): AttributeValue | undefined {
  for (const link of links) {
    const fact = link.facts.user[attribute];
    if (fact.known) return fact.value;
  }
  return undefined;
}

function text(value: AttributeValue | undefined, otherwise: string | null): string | null {
  if (value === undefined) return otherwise;
  return typeof value === "string" ? value : null;
}
