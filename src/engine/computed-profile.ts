/** Computed profiles: what a document's `profile` makes of a person's facts, per attribute. */
import type { Open } from "../model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../model/expression.js";
import type { Json } from "../model/json.js";
import type { ProfileAttribute } from "../model/mapping.js";
import type { PersonLink } from "../model/person.js";
import { quote } from "../model/quote.js";
import type { CompiledExpression, CompiledMapping } from "./compile/compiled-mapping.js";
import { UNFIT } from "./computed-targets.js";
import { failureOf, isFailure, unread } from "./condition.js";
import { type Reads, readFacts } from "./fact-reads.js";
import { openText } from "./reasons.js";

/** A value, `null` when it is known to be empty; or why the attribute stays as it is, where a connection is to blame. */
export type ComputedAttribute = { readonly value: string | null } | { readonly stays: Gap | undefined };

interface Gap {
  readonly connection: string;
  readonly open: Open;
}

/** What came of each attribute that the document computes. */
export type ComputedProfile = ReadonlyMap<ProfileAttribute, ComputedAttribute>;

/** An attribute that a person's facts leave as it is, though the document computes it. */
export interface KeptAttribute {
  readonly attribute: ProfileAttribute;
  /** Where its expression stands in the document. */
  readonly pointer: string;
  /** Slug of the connection whose facts it was to be computed from. */
  readonly connection: string;
  readonly why: "undecided" | "failed";
  /** In words; holds no value of any fact. */
  readonly because: string;
  /** Offset of the character in the expression where it failed. */
  readonly position?: number;
  readonly sentence: string;
}

/** Most characters of a computed text, as of one that an admin writes; of a photo's address, as browsers take them. */
const LONGEST = 500;
const LONGEST_URL = 2048;

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
 * failure leaves the attribute as it is; what an admin wrote of a local person stands as written, and what a service account is
 * called as its source says.
 * INVARIANT: no attribute that identifies a person (user name, e-mail, ids) is ever computed.
 */
export function computedProfile(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  results: ReadonlyMap<string, ExpressionResult>,
): ComputedProfile {
  const profile = new Map<ProfileAttribute, ComputedAttribute>();
  for (const [attribute, expression] of mapping.profile) {
    profile.set(attribute, computedAttribute(mapping, attribute, expression, links, results));
  }
  return profile;
}

/** The attributes of a person that stay as they are, as their expressions fail or their facts are unknown. */
export function keptAttributes(profile: ComputedProfile | undefined): readonly KeptAttribute[] {
  return gapsOf(profile).map(([attribute, { connection, open }]) => {
    const because = openText(open);
    return {
      ...{ attribute, pointer: `/profile/${attribute}`, connection, because },
      why: isFailure(open) ? ("failed" as const) : ("undecided" as const),
      ...(open.position === undefined ? {} : { position: open.position }),
      sentence: `${quote(attribute)} stays as it is: ${because}`,
    };
  });
}

/** Why attributes of a person stay as they are, for whoever counts them or tries again. */
export function opensOf(profile: ComputedProfile | undefined): readonly Open[] {
  return gapsOf(profile).map(([, { open }]) => open);
}

function gapsOf(profile: ComputedProfile | undefined): readonly (readonly [ProfileAttribute, Gap])[] {
  return [...(profile ?? [])].flatMap(([attribute, computed]) =>
    "stays" in computed && computed.stays ? [[attribute, computed.stays] as const] : [],
  );
}

function computedAttribute(
  mapping: CompiledMapping,
  attribute: ProfileAttribute,
  expression: CompiledExpression,
  links: readonly PersonLink[],
  results: ReadonlyMap<string, ExpressionResult>,
): ComputedAttribute {
  let undecided: Gap | undefined;
  for (const link of links) {
    if (isByHand(link)) {
      const written = byHand(attribute, link);
      if (written) return written;
      continue;
    }
    const said = ask(mapping, attribute, expression, link, results);
    if ("value" in said) return said;
    const gap = { connection: link.connection.slug, open: said };
    if (isFailure(said)) return { stays: gap };
    undecided ??= gap;
  }
  return { stays: undecided };
}

function isByHand({ connection }: PersonLink): boolean {
  return connection.protocol === "local" || connection.unruled === true;
}

/** Nobody writes photos by hand. */
function byHand(attribute: ProfileAttribute, { facts }: PersonLink): { readonly value: string | null } | undefined {
  if (attribute === "photo") return undefined;
  const fact = facts.user[attribute];
  return fact.known ? { value: typeof fact.value === "string" ? fact.value : null } : undefined;
}

function ask(
  mapping: CompiledMapping,
  attribute: ProfileAttribute,
  expression: CompiledExpression,
  link: PersonLink,
  results: ReadonlyMap<string, ExpressionResult>,
): { readonly value: string | null } | Open {
  const reads = readsOf(mapping, expression, link);
  if (!reads.ok) return unread(reads);
  const result = results.get(reads.key) as ExpressionResult;
  if (!result.ok) return failureOf(result);
  const { value } = result;
  const fault = faultOf(attribute, value);
  if (fault !== undefined) return { reason: "not_text", detail: fault };
  const text = ((value ?? "") as string).trim();
  return { value: text === "" ? null : text };
}

/** Why a result is no value of the attribute, in words without the result. */
function faultOf(attribute: ProfileAttribute, value: Json): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== "string") return "the expression yielded no text";
  const text = value.trim();
  if (UNFIT.test(text)) return "the expression yielded a text with control characters";
  if (attribute !== "photo") {
    return [...text].length > LONGEST ? `the expression yielded more than ${LONGEST} characters` : undefined;
  }
  if (text.length > LONGEST_URL) return `the expression yielded more than ${LONGEST_URL} characters`;
  return text === "" || isPhotoUrl(text) ? undefined : "the expression yielded no https address";
}

/** An absolute https address that every reader reads alike: no spaces, quotes or backslashes, and nobody's password. */
function isPhotoUrl(text: string): boolean {
  if (!PHOTO_URL.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}

const PHOTO_URL = /^https:\/\/[^\s\\"'<>`{}|^/?#][^\s\\"'<>`{}|^]*$/iu;

function readsOf(mapping: CompiledMapping, expression: CompiledExpression, { facts, connection }: PersonLink): Reads {
  return readFacts(expression, { facts, table: mapping.tables(connection) });
}
