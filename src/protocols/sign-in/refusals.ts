import { type ErrorWords, renderErrorPage } from "../../http/pages.js";
import type { ErrorRenderer } from "../../http/route.js";
import { Refusal, type RefusalCode } from "../../model/problem.js";
import type { OwnRefusal } from "../../provisioning/own-refusal.js";

const FAILED =
  "the sign-in could not be completed: start again, and give the reference to your admin if that fails too";

/** What a person is told. No word of a library's or a provider's, and nothing that only insiders may know. */
const MESSAGES: ReadonlyMap<string, string> = new Map<RefusalCode, string>([
  ["sign_in_failed", FAILED],
  ["sign_in_expired", "this sign-in was begun elsewhere, was used or ended already, or took too long: start again"],
  [
    "logout_failed",
    "what came from your identity provider could not be verified, and changed nothing: sign out here, and give the reference to your admin",
  ],
  ["unavailable", "the identity provider does not answer right now: try again in a minute"],
  ["provisioning_off", "there is no account for you here: ask your admin for one"],
  [
    "not_assigned",
    "nothing that your identity provider says of you gives access to this application: ask your admin, with the reference",
  ],
  ["deactivated", "your account is not active: ask your admin"],
  ["groups_unknown", "the identity provider did not say which groups you are in: ask your admin"],
  ["needs_review", "your account could not be told from another one: an admin has to look at it"],
  ["connection_disabled", "this way of signing in is switched off: ask your admin"],
  ["no_seat", "there is no free seat for you: ask your admin"],
  ["foreign_domain", "your e-mail address is not of a domain that may sign in here: ask your admin"],
  ["expression_busy", "the sign-in could not be judged in time: try again in a minute"],
]);

/** What nothing stands in the way of but beginning again. */
const BEGUN_AGAIN: ReadonlySet<RefusalCode> = new Set([
  "sign_in_failed",
  "sign_in_expired",
  "unavailable",
  "expression_busy",
]);

const DECLINED =
  "you or your identity provider said no to this sign-in: start again, or ask your admin for access, with the reference";

interface ToldWith {
  readonly told?: OwnRefusal;
  /** Where this sign-in begins. */
  readonly startAgain?: string;
  /** The provider says that it, or the person, wanted no sign-in. */
  readonly declined?: boolean;
}

/** A sign-in that was refused and traced; the reference is all that an admin needs. */
export function refusedSignIn(
  given: RefusalCode,
  reference: string,
  { told, startAgain, declined = false }: ToldWith = {},
): Refusal {
  const code = MESSAGES.has(given) ? given : "sign_in_failed";
  return new Refusal(code, declined ? DECLINED : (MESSAGES.get(code) ?? FAILED), {
    reference,
    ...(code === "expression_busy" ? { retryAfterSeconds: 60 } : {}),
    ...(told === undefined ? {} : { received: told }),
    ...(startAgain !== undefined && BEGUN_AGAIN.has(code) ? { startAgain } : {}),
    ...(declined ? { declined } : {}),
  });
}

const KINDS: Readonly<Record<OwnRefusal["asksFor"][number], string>> = {
  groups: "the groups that you are in",
  app_roles: "your application roles",
  attributes: "other things that your identity provider says of you",
};

/** What a person who was refused, or holds nothing, is told of themselves, as terms and what they stand for. */
export function ownFactsText({ groups, groupsLeftOut, asksFor }: OwnRefusal): NonNullable<ErrorWords["facts"]> {
  const more = groupsLeftOut === 0 ? "" : `, and ${groupsLeftOut} more`;
  const listed = groups === null ? "your identity provider did not say" : `${groups.join(", ") || "none"}${more}`;
  return [
    ...(asksFor.length === 0
      ? []
      : [{ term: "Access depends on", text: asksFor.map((kind) => KINDS[kind]).join("; ") }]),
    { term: "Your groups, as received", text: listed },
  ];
}

/** Only `refusedSignIn` writes this. */
function toldIn({ received }: Readonly<Record<string, unknown>>): OwnRefusal | undefined {
  return received as OwnRefusal | undefined;
}

/** Whoever sends an answer a second time may be in by the first. */
function waysOn(code: string, startAgain: string): NonNullable<ErrorWords["links"]> {
  const again = { text: "Sign in again", href: startAgain };
  return code === "sign_in_expired" ? [again, { text: "Go on, if you are signed in already", href: "/me" }] : [again];
}

/** Titles and advice where no sign-in was refused. */
const OTHERS: ReadonlyMap<string, readonly [title: string, advice: string]> = new Map([
  ["not_found", ["Nothing here", "there is no sign-in at this address: check it, or ask your admin for the right one"]],
  ["unauthorized", ["You are not signed in", "sign in first"]],
  ["rate_limited", ["Too many sign-ins", "too many came from your network: try again in a minute"]],
  ["forbidden", ["Not from here", "this request came from another site: repeat it from our own page"]],
  ["method_not_allowed", ["Not possible here", "this address does not take such requests"]],
  ["bad_request", ["Not possible here", "the request is not valid: start again"]],
  ["body_too_large", ["Not possible here", "the identity provider's answer is too large: ask your admin"]],
  ["unsupported_media_type", ["Not possible here", "the request is not valid: start again"]],
]);

const FAULT = ["Something went wrong", "try again, and give the reference to your admin if that fails too"] as const;

export const renderSignInError: ErrorRenderer = renderErrorPage((code, detail) => {
  const { startAgain, declined } = detail;
  const refused = declined === true ? DECLINED : MESSAGES.get(code);
  const refusedTitle = code === "logout_failed" ? "Sign-out refused" : "Sign-in refused";
  const [title, advice] = refused === undefined ? (OTHERS.get(code) ?? FAULT) : [refusedTitle, refused];
  const told = toldIn(detail);
  return {
    title,
    advice: `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.`,
    ...(told === undefined ? {} : { facts: ownFactsText(told) }),
    ...(typeof startAgain === "string" ? { links: waysOn(code, startAgain) } : {}),
  };
});
