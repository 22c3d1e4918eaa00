/** Facts owns what a person's documents at one connection prove: the only thing that rules ever see. */
import { type AttributeValue, type Facts, USER_ATTRIBUTES, type UserAttribute } from "../model/facts.js";
import type { Instant } from "../model/ids.js";
import { type Known, known, unknown } from "../model/known.js";
import type { LinkRecord, PersonLink } from "../model/person.js";
import type { CompiledScimRoles } from "./compile/compile-scim-roles.js";
import { groupFacts } from "./group-facts.js";
import { scimRoleFacts } from "./scim-role-facts.js";
import { isDeclaredType } from "./scim-roles.js";

const EMPTY: Known<null> = known(null);
const NEVER: Known<never> = unknown("never_asserted");

/**
 * A link as evidence, as of `now`; `undefined` when it is none: its connection is disabled, or nothing but a SCIM
 * document speaks of the person while sync is not live. Documents that are no evidence count as if they were not there.
 * `declared`: the `scim_roles` of the mapping that the facts are for.
 */
export function linkFacts(record: LinkRecord, now: Instant, declared?: CompiledScimRoles): PersonLink | undefined {
  const { connection, scim, claims } = record;
  const isLocal = connection.protocol === "local";
  const isLive = scim !== undefined && (isLocal || connection.sync === "live");
  // What a sign-in taught of somebody who was deleted meanwhile has gone on in another row.
  const isGone = !isLive && (scim?.deleted === true || !claims);
  if (connection.disabled || (isGone && !isLocal)) return undefined;
  const groups = groupFacts(record, isLive, now);
  const facts: Facts = {
    user: userFacts(record, isLive),
    groups,
    appRoles: appRoleFacts(record, isLive, declared),
    claims: claims?.claims ?? {},
    connection: { slug: connection.slug, protocol: connection.protocol },
    now: now.slice(0, 10),
  };
  return {
    at: now,
    connection,
    directoryUser: record.directoryUser,
    facts,
    ...(isLive ? { scimRoles: scimRoleFacts(record) } : {}),
    ...(isLive && !isLocal ? { scim: scim.active && !scim.deleted ? "active" : "inactive" } : {}),
    signedIn: claims !== undefined || isLocal,
    ...(isLive && !isLocal ? settlingOf(record, now) : { settling: false }),
  };
}

/**
 * SCIM wins for each attribute that its document holds. One that it does not hold is what the claims say, if they ever
 * said anything of it, and known to be empty otherwise. Without SCIM, what claims never said is unknown.
 */
function userFacts(record: LinkRecord, isLive: boolean): Facts["user"] {
  const user = {} as Record<UserAttribute, Known<AttributeValue>>;
  for (const attribute of USER_ATTRIBUTES) user[attribute] = userFact(record, isLive, attribute);
  return user;
}

function userFact({ scim, claims }: LinkRecord, isLive: boolean, attribute: UserAttribute): Known<AttributeValue> {
  // Whoever signs in is active, as far as the source that let them in is concerned.
  if (attribute === "active") return known(isLive ? scim?.active === true : true);
  const pushed = isLive ? scim?.attributes[attribute] : undefined;
  if (pushed !== undefined && pushed !== null) return known(pushed);
  const claimed = claims?.attributes[attribute];
  if (claimed) return known(claimed.value, claimed.staleSince);
  return isLive ? EMPTY : NEVER;
}

/** App roles by the same rule: SCIM's, if it sent any; else what claims said; else none. */
function appRoleFacts(
  { scim, claims }: LinkRecord,
  isLive: boolean,
  declared: CompiledScimRoles | undefined,
): Facts["appRoles"] {
  const pushed = isLive && scim ? pushedAppRoles(scim, declared) : undefined;
  if (pushed?.known && pushed.value.length > 0) return pushed;
  if (claims?.appRoles) return known(claims.appRoles.value, claims.appRoles.staleSince);
  return pushed ?? NEVER;
}

/**
 * INVARIANT: what a declared type assigns is no app role, so that an admin of one place is none of another by a rule for
 * `admin`. An element without a type, or with another one, may carry the same value.
 */
function pushedAppRoles(
  { appRoles, roles }: NonNullable<LinkRecord["scim"]>,
  declared: CompiledScimRoles | undefined,
): Facts["appRoles"] {
  if (!appRoles.known || !roles) return appRoles;
  const times = new Map<string, number>();
  const count = (value: string, by: number) => times.set(value, (times.get(value) ?? 0) + by);
  for (const value of appRoles.value) count(value, 1);
  for (const { type, value } of roles) if (declared && isDeclaredType(declared, type)) count(value, -1);
  return known([...times].flatMap(([value, left]) => (left > 0 ? [value] : [])));
}

/**
 * A pushed person whose groups are probably still on their way: nothing was pushed to any group yet, or the person came
 * less than `settleSeconds` ago. Groups known from a sign-in end the wait.
 */
function settlingOf(
  { connection, scim, claims }: LinkRecord,
  now: Instant,
): Pick<PersonLink, "settling" | "settlesAt"> {
  const bySignIn =
    connection.groups !== "scim" && claims?.groups !== undefined && claims.groups.staleSince === undefined;
  if (bySignIn) return { settling: false };
  if (connection.firstGroupPushAt === undefined || !scim) return { settling: true };
  const end = Date.parse(scim.createdAt) + connection.settleSeconds * 1000;
  return end > Date.parse(now) ? { settling: true, settlesAt: new Date(end).toISOString() } : { settling: false };
}
