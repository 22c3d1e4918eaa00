/** Owns what an admin sees of a sign-in: what was claimed, the facts as rules read them, and what each rule made of them. */
import { type ExplainedOutcome, explainOutcomes } from "../engine/explain/outcomes.js";
import { linkFacts } from "../engine/facts.js";
import { shownName } from "../engine/match.js";
import { cutText } from "../model/cut-text.js";
import type { Facts, GroupFact } from "../model/facts.js";
import type { DirectoryUserId, Instant } from "../model/ids.js";
import type { Json, JsonObject } from "../model/json.js";
import { isCurrent } from "../model/person.js";
import type { RefusalCode } from "../model/problem.js";
import { mergeClaims } from "./claims.js";
import { linkConnection } from "./gather.js";
import type { Outcome, SignIn } from "./sign-in.js";

/** Bounds on what one trace holds. */
const MOST_RULES = 200;
const MOST_GROUPS = 1_000;
const LONGEST_REASON = 500;

/** What refused, by the code that the person was shown; `schemas/admin/sign-in.schema.json` says what each means. */
export const GUARDS: ReadonlyMap<RefusalCode, string> = new Map<RefusalCode, string>([
  ["connection_disabled", "connection"],
  ["provisioning_off", "jit"],
  ["needs_review", "link"],
  ["foreign_domain", "domains"],
  ["deactivated", "account"],
  ["sign_in_expired", "session"],
  ["not_assigned", "no_match"],
  ["groups_unknown", "groups"],
  ["no_seat", "seats"],
  ["expression_busy", "reconcile"],
]);

/** The document of `schemas/admin/sign-in.schema.json`, as far as this sign-in came. */
export function signInDetail(request: SignIn, { code, problem, judged }: Outcome, now: Instant): JsonObject {
  const { connection, observed, message, requestId } = request;
  const { groups } = observed;
  const facts = factsOf(request, judged, now);
  return {
    ...(code === undefined ? {} : { guard: GUARDS.get(code) ?? code }),
    ...(problem === undefined ? {} : { problem }),
    connection: connection.slug,
    subject: observed.subject,
    userNames: [...observed.userNames],
    groups: groups.known ? groups.value.slice(0, MOST_GROUPS) : { unknown: groups.reason },
    claims: Object.keys(observed.claims),
    ...(message === undefined ? {} : { message }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(facts === undefined ? {} : { facts: readable(facts) }),
    ...rulesOf(judged),
  };
}

/** As the rules read them, else as they would by this sign-in alone. */
function factsOf({ connection, observed }: SignIn, judged: Outcome["judged"], now: Instant): Facts | undefined {
  const links = judged?.person.links.filter((one) => one.connection.id === connection.id) ?? [];
  // Somebody who came back has an ended row beside the present one; whoever was switched off has nothing else to show.
  const link = links.find(isCurrent) ?? links[0];
  if (link !== undefined) return link.facts;
  const record = {
    directoryUser: "" as DirectoryUserId,
    connection: { ...linkConnection(connection, []), disabled: false },
    claims: mergeClaims(undefined, observed, now),
    memberships: [],
  };
  return linkFacts(record, now)?.facts;
}

function readable({ user, groups, appRoles, claims }: Facts): JsonObject {
  return {
    user: { ...user },
    groups: { members: groups.members.slice(0, MOST_GROUPS).map(readableGroup), unlisted: groups.unlisted },
    app_roles: appRoles,
    claims: Object.keys(claims),
  };
}

function readableGroup(group: GroupFact): Json {
  const { source, staleSince } = group;
  return { name: shownName(group), source, ...(staleSince === undefined ? {} : { staleSince }) };
}

function rulesOf(judged: Outcome["judged"]): JsonObject {
  if (judged === undefined) return { rules: [] };
  const { person, decision, mapping } = judged;
  const { rules, leftOut } = explainOutcomes(mapping, person.links, decision, person.state, MOST_RULES);
  return { rules: rules.map(readableRule), ...(leftOut === 0 ? {} : { rulesLeftOut: leftOut }) };
}

function readableRule({ matches, reason, ...said }: ExplainedOutcome): Json {
  return {
    ...said,
    matches: matches.map(({ target, evidence }) => ({
      target: { ...target },
      evidence: evidence.map((one) => ({ ...one })),
    })),
    reason: cutText(reason, LONGEST_REASON),
  };
}
