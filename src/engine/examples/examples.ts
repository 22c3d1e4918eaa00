/** The made-up people of a mapping document: those of its examples, and newcomers of whom nothing is known to speak. */

import {
  type AttributeValue,
  type Facts,
  type GroupFact,
  USER_ATTRIBUTES,
  type UserAttribute,
} from "../../model/facts.js";
import type { ConnectionId, DirectoryUserId, Instant } from "../../model/ids.js";
import { type Known, known, unknown } from "../../model/known.js";
import type { ExampleDocument } from "../../model/mapping.js";
import type { LinkConnection, PersonLink } from "../../model/person.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { type Target, targetKey, targetLabel } from "../../model/target.js";
import { type CompiledMapping, keysAt, type MappingConnection } from "../compile/compiled-mapping.js";
import { problem } from "../compile/problems.js";
import { parseTarget } from "../target-text.js";

/** The day on which made-up people live, so that examples give the same answer every day. */
const EXAMPLE_DAY: Instant = "2026-01-01T00:00:00.000Z";

/**
 * The person of an example: everything about them is known, and what the example leaves out is known to be absent.
 * Without a connection of their own they come by one that may grant `owner`, else by the first.
 */
export function exampleLink(example: ExampleDocument, mapping: CompiledMapping, at: Instant = EXAMPLE_DAY): PersonLink {
  const connection = exampleConnection(example, mapping);
  const groups = [
    ...(example.groups ?? []).map((name) => exampleGroup(name, connection.slug, mapping, at)),
    ...(example.group_ids ?? []).map((id) => ({ names: [id], ids: [id], source: "claims", since: at }) as const),
  ];
  const facts: Facts = {
    user: exampleUser(example),
    groups: { members: groups, unlisted: "not_member", answered: new Set() },
    appRoles: known(example.app_roles ?? []),
    claims: { ...noClaims(mapping), ...example.claims },
    connection: { slug: connection.slug, protocol: connection.protocol },
    now: at.slice(0, 10),
  };
  const { scim_roles: scimRoles = [] } = example;
  return {
    at,
    connection,
    directoryUser: "example" as DirectoryUserId,
    facts,
    scimRoles,
    signedIn: true,
    settling: false,
  };
}

const STAND_IN: MappingConnection = { slug: "example", protocol: "oidc", mayGrantOwner: true };

function exampleConnection(example: ExampleDocument, { connections }: CompiledMapping): LinkConnection {
  const sources = connections.filter((one) => one.protocol !== "local");
  const named = sources.find((one) => one.slug === example.connection);
  const source = named ?? sources.find((one) => one.mayGrantOwner) ?? sources[0] ?? STAND_IN;
  return {
    ...source,
    id: source.slug as ConnectionId,
    sync: "off",
    jit: "every_sign_in",
    groups: "claims",
    disabled: false,
    settleSeconds: 0,
    priority: 0,
    directoryGroups: [],
  };
}

/** A name of the alias book stands for what the connection calls the group. */
function exampleGroup(name: string, slug: string, { aliases }: CompiledMapping, since: Instant): GroupFact {
  const keys = keysAt(aliases, name, slug);
  return { names: keys, ids: keys, source: "claims", since };
}

function exampleUser({ user = {} }: ExampleDocument): Facts["user"] {
  const facts = {} as Record<UserAttribute, Known<AttributeValue>>;
  for (const attribute of USER_ATTRIBUTES) {
    const value = Object.hasOwn(user, attribute) ? user[attribute] : undefined;
    facts[attribute] = known(value ?? (attribute === "active" ? true : null));
  }
  return facts;
}

/** Claims that expressions read and the example does not have: lists of nothing. */
function noClaims({ reads, invariants }: CompiledMapping): Record<string, readonly string[]> {
  const paths = [...reads, ...invariants.flatMap((invariant) => invariant.never.reads)];
  const names = paths.filter((path) => path.startsWith("claims.")).map((path) => path.slice("claims.".length));
  return Object.fromEntries(names.map((name) => [name, []]));
}

/** What is wrong with the targets that an example's person was given: `expect` is exact. `index`: its place in `examples`. */
export function judgeExample(example: ExampleDocument, index: number, given: readonly Target[]): readonly Problem[] {
  const wanted = new Map(
    example.expect.map(parseTarget).flatMap((target) => (target ? [[targetKey(target), target] as const] : [])),
  );
  const had = new Map(given.map((target) => [targetKey(target), target]));
  const missing = [...wanted].filter(([key]) => !had.has(key)).map(([, target]) => quote(targetLabel(target)));
  const extra = [...had].filter(([key]) => !wanted.has(key)).map(([, target]) => quote(targetLabel(target)));
  if (missing.length + extra.length === 0) return [];
  const differences = [
    ...(missing.length > 0 ? [`does not get ${missing.sort().join(", ")}`] : []),
    ...(extra.length > 0 ? [`gets ${extra.sort().join(", ")} too`] : []),
  ];
  const message = `example ${quote(example.name)}: this person ${differences.join(" and ")}`;
  return [problem(`/examples/${index}/expect`, "example_failed", message)];
}

/** Somebody whom nobody has seen yet, at one connection. */
export interface Newcomer {
  /** Nothing is there of them: no group, no role, no attribute. */
  readonly plain: PersonLink;
  /** Nothing is known of them but the connection: good for what does not depend on the person. */
  readonly unknown: PersonLink;
}

/** Newcomers, one by each connection by which people can come. They are pushed where nobody can sign in. */
export function newcomers(mapping: CompiledMapping): readonly Newcomer[] {
  const slugs = mapping.connections.filter((one) => one.protocol !== "local").map((one) => one.slug);
  return (slugs.length === 0 ? [STAND_IN.slug] : slugs).map((slug) => {
    const link = exampleLink({ name: "", expect: [], connection: slug }, mapping);
    const plain = link.connection.protocol === "scim" ? { ...link, scim: "active" as const, signedIn: false } : link;
    const { user, connection, now } = plain.facts;
    const facts: Facts = {
      user: Object.fromEntries(Object.keys(user).map((name) => [name, NEVER_SEEN])) as unknown as Facts["user"],
      groups: { members: [], unlisted: "never_asserted", answered: new Set() },
      appRoles: NEVER_SEEN,
      claims: {},
      connection,
      now,
    };
    return { plain, unknown: { ...plain, facts } };
  });
}

const NEVER_SEEN = unknown("never_asserted");
