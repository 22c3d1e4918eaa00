/** Decides on the account itself: whether the person is registered, and whether a sign-in may go on. */
import type { Decision, LinkEvaluation, Open, RuleOutcome, Verdict } from "../model/evaluation.js";
import type { NoMatch } from "../model/mapping.js";
import type { DeactivatedBy, PersonLink, UserStatus } from "../model/person.js";
import { quote } from "../model/quote.js";
import type { CompiledMapping } from "./compile/compiled-mapping.js";
import { instantText } from "./reasons.js";

/** What decide knows of a person besides what the rules say. */
export interface DecidedPerson {
  readonly status: UserStatus;
  readonly everRegistered: boolean;
  readonly deactivatedBy?: DeactivatedBy | undefined;
  readonly links: readonly PersonLink[];
}

/** Through which door the person is looked at: only a sign-in registers people whom SCIM did not push. */
export type DecisionDoor = "sign_in" | "sync";

/** What all current links' rules together say of the person. */
export type Matching = "matched" | "undecided" | "unmatched";

/** A stale match proves nothing new, and an open rule may match yet: neither is "no match". */
export function matchingOf(evaluations: readonly LinkEvaluation[]): Matching {
  let matching: Matching = "unmatched";
  for (const { notable } of evaluations) {
    for (const one of notable) {
      if (one.status === "matched" && isFresh(one)) return "matched";
      matching = "undecided";
    }
  }
  return matching;
}

function isFresh({ matches, barren }: Extract<RuleOutcome, { status: "matched" }>): boolean {
  return barren?.stale === false || matches.some((match) => !match.stale);
}

interface Account extends Pick<Decision, "status" | "statusReason" | "statusConnection" | "deactivatedBy" | "verdict"> {
  /** Why `no_match`, which would end the account, does not judge yet. */
  readonly settling?: Open;
}

interface Judged {
  readonly person: DecidedPerson;
  readonly current: readonly PersonLink[];
  readonly matching: Matching;
  /** `no_match` refuses this person. */
  readonly refused: boolean;
  /** Links whose groups may be on their way: `no_match` waits for them. */
  readonly settling: readonly PersonLink[];
  readonly policy: NoMatch;
  readonly door: DecisionDoor;
}

/** `current`: the links that count as evidence; `matching`: what their rules say together. */
export function decideAccount(
  mapping: CompiledMapping,
  person: DecidedPerson,
  current: readonly PersonLink[],
  matching: Matching,
  door: DecisionDoor,
): Account {
  const inactive = person.links.find((link) => link.scim === "inactive");
  const policy = mapping.noMatch;
  const concerned = matching === "unmatched" && concernsNoMatch(current);
  const settling = concerned && mapping.readsGroups ? current.filter((link) => link.settling) : [];
  const refused = concerned && settling.length === 0;
  const judged: Judged = { person, current, matching, refused, settling, policy, door };
  const pushed = current.find((link) => link.scim === "active");
  if (pushed) return pushedAccount(judged, pushed);
  if (inactive) return deactivated("scim", inactive, `deactivated in \`${inactive.connection.slug}\``, "deactivated");
  return signedInAccount(judged);
}

/**
 * Whether `no_match` judges the person, at once or later: people who were just pushed wait for their groups, if groups are what
 * the rules ask for. People whom an admin made by hand are left to admins until a live connection keeps them, and service accounts are
 * no rule's business.
 */
function concernsNoMatch(current: readonly PersonLink[]): boolean {
  if (current.length === 0 || current.some(({ connection }) => connection.unruled)) return false;
  const isPushed = current.some(({ scim }) => scim === "active");
  return isPushed || !current.some(({ connection }) => connection.protocol === "local");
}

/** SCIM says that the person is active. */
function pushedAccount(judged: Judged, pushed: PersonLink): Account {
  const { person, refused, settling, policy, matching, door } = judged;
  const { slug, id } = pushed.connection;
  // Its time ends an account without being asked; a later end opens it again.
  if (pushed.expired) return unchanged(deny("deactivated"), deactivationReason("expired"));
  if (refused && policy === "deactivate") return withoutMatch(judged);
  const verdict: Verdict = refused && policy === "deny" ? deny("not_assigned") : ALLOW;
  if (person.status === "deactivated") {
    const waits = person.deactivatedBy === "no_match" && policy === "deactivate" && matching !== "matched";
    if (waits) return unchanged(deny("groups_unknown"), NONE_KNOWN);
    // An admin's word stands against a sign-in; it yields to the source that owns the account.
    if (person.deactivatedBy === "admin" && door === "sign_in") return stillDeactivated(person);
  }
  const account = { status: "registered", statusConnection: id, verdict } as const;
  const statusReason = `active in ${quote(slug)}`;
  if (policy !== "deactivate" || settling.length === 0) return { ...account, statusReason };
  const open = settlingOpen(settling);
  return { ...account, statusReason: `${statusReason}; ${open.detail}`, settling: open };
}

/** The account ends by nobody's doing later, so that whoever looks now is told. */
function settlingOpen(settling: readonly PersonLink[]): Open {
  const ends = settling.flatMap(({ settlesAt }) => settlesAt ?? []).sort();
  const until = ends.length === settling.length ? ends.at(-1) : undefined;
  if (until === undefined) {
    const detail = "no group was pushed yet: if no rule matches when groups have come, the account ends";
    return { reason: "settling", detail };
  }
  const detail = `pushed a short while ago: if no rule matches by ${instantText(until)}, the account ends`;
  return { reason: "settling", detail, until };
}

/** No SCIM document speaks of the person. */
function signedInAccount(judged: Judged): Account {
  switch (judged.person.status) {
    case "pending":
      return unknownAccount(judged);
    case "deactivated":
      return returningAccount(judged);
    case "registered":
      if (judged.refused && judged.policy === "deactivate") return withoutMatch(judged);
      return unchanged(judged.refused && judged.policy === "deny" ? deny("not_assigned") : ALLOW);
  }
}

function unknownAccount(judged: Judged): Account {
  const verdict = unknownVerdict(judged);
  return verdict.allow && judged.door === "sign_in" ? registered(judged, "first sign-in") : unchanged(verdict);
}

function unknownVerdict({ current, matching, refused, policy }: Judged): Verdict {
  if (current.every((link) => link.connection.jit === "off")) return deny("provisioning_off");
  if (matching === "matched" || policy === "allow" || policy === "default") return ALLOW;
  if (matching === "undecided") return deny("groups_unknown");
  return refused ? deny("not_assigned") : ALLOW;
}

/** Deactivated, and no SCIM document: only those whom `no_match` sent away come back by themselves. */
function returningAccount(judged: Judged): Account {
  const { person, matching, policy, door } = judged;
  if (person.deactivatedBy !== "no_match") return stillDeactivated(person);
  if (matching === "matched") return registered(judged, "a rule matches again");
  if (policy === "deactivate" || policy === "deny") {
    return matching === "undecided"
      ? unchanged(deny("groups_unknown"), NONE_KNOWN)
      : unchanged(deny("not_assigned"), NO_MATCH);
  }
  return door === "sign_in" ? registered(judged, "signed in, and `no_match` lets people in") : unchanged(ALLOW);
}

function withoutMatch({ person, current }: Judged): Account {
  const [strongest] = current as readonly [PersonLink, ...PersonLink[]];
  if (person.status !== "registered") return unchanged(deny("not_assigned"), NO_MATCH);
  return deactivated("no_match", strongest, NO_MATCH, "not_assigned");
}

const ALLOW: Verdict = { allow: true };

function deny(code: Extract<Verdict, { allow: false }>["code"]): Verdict {
  return { allow: false, code };
}

function unchanged(verdict: Verdict, statusReason = "no source speaks on the account"): Account {
  return { status: "unchanged", statusReason, verdict };
}

function stillDeactivated({ deactivatedBy }: DecidedPerson): Account {
  return unchanged(deny("deactivated"), deactivationReason(deactivatedBy));
}

function registered({ current }: Judged, reason: string): Account {
  return {
    status: "registered",
    statusReason: reason,
    statusConnection: current[0]?.connection.id,
    verdict: ALLOW,
  };
}

const NO_MATCH = "no rule matches";
const NONE_KNOWN = "no rule is known to match";

const DEACTIVATED_BECAUSE: Readonly<Record<DeactivatedBy, string>> = {
  no_match: NO_MATCH,
  scim: "the identity provider deactivated it",
  disabled_connection: "its connection was disabled",
  admin: "an admin deactivated it",
  expired: "its time was over",
};

/** Why an account is deactivated, by the door that ended it. */
export function deactivationReason(by: DeactivatedBy | undefined): string {
  return by === undefined ? "it was deactivated" : DEACTIVATED_BECAUSE[by];
}

function deactivated(
  by: "scim" | "no_match",
  { connection }: PersonLink,
  reason: string,
  code: "deactivated" | "not_assigned",
): Account {
  return {
    status: "deactivated",
    statusReason: reason,
    statusConnection: connection.id,
    deactivatedBy: by,
    verdict: deny(code),
  };
}
