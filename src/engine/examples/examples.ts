/** Runs the tests that a mapping document carries: made-up people, and conditions that nothing given may meet. */

import type { ExpressionJob, ExpressionResult } from "../../model/expression.js";
import {
  type AttributeValue,
  type Facts,
  type GroupFact,
  USER_ATTRIBUTES,
  type UserAttribute,
} from "../../model/facts.js";
import type { ConnectionId, DirectoryUserId, Instant } from "../../model/ids.js";
import { type Known, known } from "../../model/known.js";
import type { ExampleDocument } from "../../model/mapping.js";
import type { LinkConnection, PersonLink } from "../../model/person.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { type Target, targetKey, targetLabel } from "../../model/target.js";
import { type CompiledMapping, keysAt, type MappingConnection } from "../compile/compiled-mapping.js";
import { problem } from "../compile/problems.js";
import { type Reads, readFacts } from "../fact-reads.js";
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

/** The conditions to run for what a person is given, by the keys that `judgeInvariants` looks the results up by. */
export function invariantJobs(
  mapping: CompiledMapping,
  link: PersonLink,
  given: readonly Target[],
): ReadonlyMap<string, ExpressionJob> {
  const jobs = new Map<string, ExpressionJob>();
  for (const { reads } of checksOf(mapping, link, given)) if (reads.ok) jobs.set(reads.key, reads.job);
  return jobs;
}

/**
 * The invariants that what a person is given breaks, each once, by name. One that fails or yields no boolean is reported
 * too; one that yields nothing is not broken, and one that reads an unknown fact proves nothing and passes. `who` names
 * the person in the messages.
 */
export function judgeInvariants(
  mapping: CompiledMapping,
  link: PersonLink,
  given: readonly Target[],
  results: ReadonlyMap<string, ExpressionResult>,
  who: string = "somebody",
): readonly Problem[] {
  const broken = new Map<string, Problem>();
  for (const { invariant, target, reads } of checksOf(mapping, link, given)) {
    if (broken.has(invariant.pointer)) continue;
    const name = `invariant ${quote(invariant.name)}`;
    const pointer = `${invariant.pointer}/never`;
    if (!reads.ok) {
      if (reads.refused === undefined) continue;
      const message = `${name} cannot be judged: ${reads.refused}`;
      broken.set(invariant.pointer, problem(pointer, "invariant_failed", message));
      continue;
    }
    const result = results.get(reads.key);
    if (result?.ok && (result.value === null || typeof result.value === "boolean")) {
      if (result.value !== true) continue;
      const message = `${name} is broken: ${who} would be given ${quote(targetLabel(target))}`;
      broken.set(invariant.pointer, problem(pointer, "invariant_broken", message));
    } else {
      const why = result?.ok === false ? result.message : "it yielded neither true nor false";
      broken.set(invariant.pointer, problem(pointer, "invariant_failed", `${name} cannot be judged: ${why}`));
    }
  }
  return [...broken.values()];
}

interface Check {
  readonly invariant: CompiledMapping["invariants"][number];
  readonly target: Target;
  readonly reads: Reads;
}

function checksOf(mapping: CompiledMapping, link: PersonLink, given: readonly Target[]): readonly Check[] {
  const table = mapping.tables(link.connection);
  return mapping.invariants.flatMap((invariant) =>
    given.map((target) => ({
      invariant,
      target,
      reads: readFacts(invariant.never, { facts: link.facts, table, target }),
    })),
  );
}
