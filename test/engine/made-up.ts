import { expect } from "chai";
import type { DecidedPerson, DecisionDoor } from "../../src/engine/account.js";
import { type CompiledMapping, compileMapping, type MappingContext } from "../../src/engine/compile/compile.js";
import { type DecideOptions, decide } from "../../src/engine/decide.js";
import { evaluate, expressionJobs } from "../../src/engine/evaluate.js";
import { prepareExpression } from "../../src/engine/expression/expression.js";
import { ExpressionFault } from "../../src/engine/expression/result.js";
import type { Decision, LinkEvaluation } from "../../src/model/evaluation.js";
import type { ExpressionJob, ExpressionResult } from "../../src/model/expression.js";
import { type AttributeValue, type GroupFact, USER_ATTRIBUTES, type UserAttribute } from "../../src/model/facts.js";
import { type Grant, type GrantKey, grantKey } from "../../src/model/grant.js";
import type { ConnectionId, DirectoryUserId, GrantId, UserId } from "../../src/model/ids.js";
import { type Known, known, type UnknownReason, unknown } from "../../src/model/known.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { type LinkConnection, NOTHING_SHOWN, type PersonLink, type PersonState } from "../../src/model/person.js";
import type { Problem } from "../../src/model/problem.js";
import { targetLabel } from "../../src/model/target.js";

export const NOW = "2026-11-22T12:00:00.000Z";
export const BEFORE = "2026-11-01T00:00:00.000Z";

/** One connection `idp` that may grant `owner`, and a second, `other`, that may not. */
export const CONTEXT: MappingContext = {
  version: 1,
  connections: [
    { slug: "local", protocol: "local", mayGrantOwner: false },
    { slug: "idp", protocol: "oidc", mayGrantOwner: true },
    { slug: "other", protocol: "saml", mayGrantOwner: false },
  ],
};

export function compiled(document: MappingDocument, context: Partial<MappingContext> = {}): CompiledMapping {
  const result = compileMapping(document, { ...CONTEXT, ...context });
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.mapping;
}

export function problemsOf(document: MappingDocument, context: Partial<MappingContext> = {}): readonly Problem[] {
  const result = compileMapping(document, { ...CONTEXT, ...context });
  return result.ok ? [] : result.problems;
}

/** `/pointer code` per problem. */
export function codesOf(document: MappingDocument, context: Partial<MappingContext> = {}): readonly string[] {
  return problemsOf(document, context).map(({ pointer, code }) => `${pointer} ${code}`);
}

export function warningsOf(document: MappingDocument, context: Partial<MappingContext> = {}): readonly Problem[] {
  return compileMapping(document, { ...CONTEXT, ...context }).warnings;
}

export function connection(overrides: Partial<LinkConnection> = {}): LinkConnection {
  const slug = overrides.slug ?? "idp";
  return {
    id: slug as ConnectionId,
    slug,
    protocol: "oidc",
    sync: "off",
    jit: "every_sign_in",
    groups: "auto",
    mayGrantOwner: slug === "idp",
    disabled: false,
    settleSeconds: 3600,
    priority: 0,
    directoryGroups: [],
    ...overrides,
  };
}

export function group(name: string, overrides: Partial<GroupFact> = {}): GroupFact {
  return { names: [name], ids: [name], source: "claims", since: BEFORE, ...overrides };
}

export interface MadeUpLink {
  readonly connection?: Partial<LinkConnection>;
  readonly groups?: readonly (string | GroupFact)[];
  readonly unlisted?: "not_member" | UnknownReason;
  readonly answered?: readonly string[];
  readonly user?: Partial<Record<UserAttribute, AttributeValue | Known<AttributeValue>>>;
  readonly appRoles?: Known<readonly string[]>;
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  readonly scim?: "active" | "inactive";
  readonly signedIn?: boolean;
  readonly settling?: boolean;
  readonly settlesAt?: string;
  readonly at?: string;
}

/** A person at a connection of whom everything is known that is not said to be unknown. */
export function link(made: MadeUpLink = {}): PersonLink {
  const at = made.at ?? NOW;
  const where = connection(made.connection);
  return {
    at,
    connection: where,
    directoryUser: `du-${where.slug}` as DirectoryUserId,
    facts: {
      user: userFacts(made.user ?? {}),
      groups: {
        members: (made.groups ?? []).map((one) => (typeof one === "string" ? group(one) : one)),
        unlisted: made.unlisted ?? "not_member",
        answered: new Set(made.answered),
      },
      appRoles: made.appRoles ?? known([]),
      claims: made.claims ?? {},
      connection: { slug: where.slug, protocol: where.protocol },
      now: at.slice(0, 10),
    },
    ...(made.scim === undefined ? {} : { scim: made.scim }),
    signedIn: made.signedIn ?? true,
    settling: made.settling ?? false,
    ...(made.settlesAt === undefined ? {} : { settlesAt: made.settlesAt }),
  };
}

function userFacts(user: NonNullable<MadeUpLink["user"]>): PersonLink["facts"]["user"] {
  const facts = {} as Record<UserAttribute, Known<AttributeValue>>;
  for (const attribute of USER_ATTRIBUTES) {
    const value = user[attribute] ?? null;
    facts[attribute] = typeof value === "object" && value !== null ? value : known(value);
  }
  return facts;
}

/** Runs expressions for real, in this process. */
export async function resultsOf(jobs: ReadonlyMap<string, ExpressionJob>): Promise<Map<string, ExpressionResult>> {
  const results = new Map<string, ExpressionResult>();
  for (const [key, { source, input }] of jobs) {
    try {
      results.set(key, { ok: true, value: await prepareExpression(source).evaluate(input) });
    } catch (error) {
      expect(error).to.be.instanceOf(ExpressionFault);
      const { code, message, offset } = error as ExpressionFault;
      results.set(key, { ok: false, code, message, ...(offset === undefined ? {} : { position: offset }) });
    }
  }
  return results;
}

export async function evaluated(mapping: CompiledMapping, one: PersonLink): Promise<LinkEvaluation> {
  return evaluate(mapping, one, await resultsOf(expressionJobs(mapping, [one])));
}

/** `rule status target,target (open reason)` for each outcome that is not unmatched. */
export function outcomesOf(evaluation: LinkEvaluation): readonly string[] {
  return evaluation.notable.map((outcome) => {
    const targets =
      outcome.status === "matched"
        ? ` ${outcome.matches.map((match) => targetLabel(match.target) + (match.stale ? "?" : "")).join(",")}`
        : "";
    const open = outcome.status !== "unmatched" && outcome.open ? ` (${outcome.open.reason})` : "";
    return `${outcome.rule} ${outcome.status}${targets}${open}`;
  });
}

export const ANY_TEAM: DecideOptions = { resolveTeam: (name) => ({ name }) };

export async function decided(
  mapping: CompiledMapping,
  links: readonly PersonLink[],
  person: Partial<DecidedPerson> = {},
  door: DecisionDoor = "sync",
  options: DecideOptions = ANY_TEAM,
): Promise<Decision> {
  const results = await resultsOf(expressionJobs(mapping, links));
  const evaluations = links.map((one) => evaluate(mapping, one, results));
  const full = { status: "registered", everRegistered: true, ...person, links } as const;
  return decide(mapping, full, evaluations, door, options);
}

/** `Team/role by rule@connection`, a question mark behind what is only kept; sorted. */
export function desiredOf({ desired }: Pick<Decision, "desired">): readonly string[] {
  return desired
    .map(
      (one) =>
        `${targetLabel(one.target)} by ${one.rule}${one.connection ? `@${one.connection}` : ""}${one.stale ? "?" : ""}`,
    )
    .sort();
}

export function state(grants: readonly Grant[] = [], overrides: Partial<PersonState> = {}): PersonState {
  return {
    id: "u1" as UserId,
    userName: "ada@acme.test",
    email: "ada@acme.test",
    ...NOTHING_SHOWN,
    displayName: "Ada",
    status: "registered",
    everRegistered: true,
    factsVersion: 1,
    reconciledVersion: 1,
    dirty: false,
    seat: true,
    grants,
    ...overrides,
  };
}

/** An open grant: of rule `rule` at connection `idp` unless something else is said. */
export function grant(scope: string, role: string, overrides: Partial<Grant> = {}): Grant {
  const key: GrantKey = {
    target: { scope, role },
    origin: "rule",
    connection: "idp" as ConnectionId,
    rule: "rule",
    ...overrides,
  };
  return { id: grantKey(key) as GrantId, mappingVersion: 1, evidence: [], since: BEFORE, ...key, ...overrides };
}

export { known, unknown };
