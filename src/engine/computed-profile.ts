/** Computed profiles: what a document's `profile` makes of a person's facts, per attribute. */
import type { ExpressionJob, ExpressionResult } from "../model/expression.js";
import type { ProfileAttribute } from "../model/mapping.js";
import type { PersonLink } from "../model/person.js";
import type { CompiledExpression, CompiledMapping } from "./compiled-mapping.js";
import { type Reads, readFacts } from "./fact-reads.js";

/** What came of each attribute that the document computes; a value of `null` is known to be empty. */
export type ComputedProfile = ReadonlyMap<ProfileAttribute, { readonly value: string | null } | "stays">;

/** Most characters of a computed attribute, as of one that an admin writes. */
const LONGEST = 500;

/** The expressions to run for a person's links, by the keys that `computedProfile` looks the results up by. */
export function profileJobs(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
): ReadonlyMap<string, ExpressionJob> {
  const jobs = new Map<string, ExpressionJob>();
  for (const link of links) {
    if (isByHand(link)) continue;
    for (const expression of mapping.profile.values()) {
      const reads = readsOf(mapping, expression, link);
      if (reads.ok) jobs.set(reads.key, reads.job);
    }
  }
  return jobs;
}

/**
 * The computed profile of a person. `links` in order, the strongest first: the first whose facts are known decides. A
 * failure leaves the attribute as it is; what an admin wrote of a local person stands as written.
 * INVARIANT: no attribute that identifies a person (user name, e-mail, ids) is ever computed.
 */
export function computedProfile(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  results: ReadonlyMap<string, ExpressionResult>,
): ComputedProfile {
  const profile = new Map<ProfileAttribute, { readonly value: string | null } | "stays">();
  for (const [attribute, expression] of mapping.profile) {
    profile.set(attribute, "stays");
    for (const link of links) {
      const said = isByHand(link) ? byHand(attribute, link) : ask(mapping, expression, link, results);
      if (said === "undecided") continue;
      profile.set(attribute, said);
      break;
    }
  }
  return profile;
}

type Said = { readonly value: string | null } | "undecided" | "stays";

function isByHand({ connection }: PersonLink): boolean {
  return connection.protocol === "local";
}

function byHand(attribute: ProfileAttribute, { facts }: PersonLink): Said {
  const fact = facts.user[attribute];
  return fact.known ? { value: typeof fact.value === "string" ? fact.value : null } : "undecided";
}

function ask(
  mapping: CompiledMapping,
  expression: CompiledExpression,
  link: PersonLink,
  results: ReadonlyMap<string, ExpressionResult>,
): Said {
  const reads = readsOf(mapping, expression, link);
  if (!reads.ok) return reads.refused === undefined ? "undecided" : "stays";
  const result = results.get(reads.key);
  if (!result?.ok) return "stays";
  const { value } = result;
  if (value !== null && typeof value !== "string") return "stays";
  const text = (value ?? "").trim();
  if ([...text].length > LONGEST || UNFIT.test(text)) return "stays";
  return { value: text === "" ? null : text };
}

const UNFIT = /[\p{Cc}\p{Cs}]/u;

function readsOf(mapping: CompiledMapping, expression: CompiledExpression, { facts, connection }: PersonLink): Reads {
  return readFacts(expression, { facts, table: mapping.tables(connection) });
}
