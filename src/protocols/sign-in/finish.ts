import type { Answer, HttpRequest } from "../../http/exchange.js";
import { redirect } from "../../http/exchange.js";
import type { ObserveUser } from "../../model/directory.js";
import type { Instant, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { Refusal, type RefusalCode } from "../../model/problem.js";
import type { SignInTimes } from "../../provisioning/ended-marks.js";
import { closeSession, openSession } from "../../provisioning/sessions.js";
import { signIn } from "../../provisioning/sign-in.js";
import { traceFailure, traceLateRefusal } from "../../provisioning/sign-in-trace.js";
import { browserName } from "./browser-name.js";
import { refusedSignIn } from "./refusals.js";
import type { SignInWeb, Visit } from "./sign-in-web.js";

/** A person whom a protocol has verified, and where they were going. */
export interface VerifiedPerson extends Visit {
  readonly observed: ObserveUser;
  /** What an admin may see of the identity provider's message: redacted. */
  readonly message: JsonObject;
  /** The identity provider's own names for person and session, for its logout calls. */
  readonly subject: string;
  readonly idpSession?: string;
  readonly from: SignInTimes;
  /** What the identity provider wants to hear when the session ends here. */
  readonly logoutHint?: string;
  /** When the identity provider wants the session to end at the latest. */
  readonly sessionEndsAt?: Instant;
  /** A path on our own origin. */
  readonly returnTo?: string;
}

/** What a sign-in that was let in opens a session with. */
export interface Opening
  extends Pick<VerifiedPerson, "from" | "idpSession" | "logoutHint" | "sessionEndsAt" | "subject"> {
  readonly user: UserId;
  /** The account's session epoch when it was let in: no session opens once it has moved. */
  readonly epoch: number;
  /** Names the trace. */
  readonly reference: string;
}

/** Takes a verified person through the pipeline and opens a session. */
export async function finishSignIn(web: SignInWeb, person: VerifiedPerson): Promise<Answer> {
  return openDecided(web, person, await decide(web, person), person.returnTo);
}

/** Whether this person may go on; throws the refusal that the person is shown. No session opens by it. */
export async function decide(web: SignInWeb, person: VerifiedPerson): Promise<Opening> {
  const { request, tenant, connection, observed, message } = person;
  const outcome = await signIn(web.p, { tenant, connection, observed, message, requestId: request.id });
  if (!outcome.allowed) {
    request.log.info("sign_in.refused", { code: outcome.code, reference: outcome.reference });
    const { told } = outcome;
    throw refusedSignIn(outcome.code, outcome.reference, { ...wayBack(web, person), ...(told && { told }) });
  }
  request.identify({ user: outcome.user });
  const { subject, idpSession, from, logoutHint, sessionEndsAt } = person;
  const { user, epoch, reference } = outcome;
  return {
    ...{ user, epoch, reference, subject, from },
    ...(idpSession === undefined ? {} : { idpSession }),
    ...(logoutHint === undefined ? {} : { logoutHint }),
    ...(sessionEndsAt === undefined ? {} : { sessionEndsAt }),
  };
}

/**
 * INVARIANT: the session is always a new one, and the browser's old one ends: nobody goes on under an identifier that was
 * known before (session fixation).
 */
export async function openDecided(
  web: SignInWeb,
  visit: Visit,
  { reference, sessionEndsAt, ...opening }: Opening,
  returnTo = "/me",
): Promise<Answer> {
  const { request, tenant, connection } = visit;
  const ends = sessionEndsAt === undefined ? {} : { endsAt: sessionEndsAt };
  const named = { ...opening, ...browserOf(request), connection };
  const session = await openSession(web.p, tenant, { ...named, ...ends }).catch(async (error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
    await traceLateRefusal(web.p, tenant, reference, error);
    request.log.info("sign_in.refused", { code: error.code, reference });
    throw refusedSignIn(error.code, reference, wayBack(web, { ...visit, returnTo }));
  });
  const earlier = web.sessionCookie.read(request);
  if (earlier !== undefined) await closeSession(web.p, earlier);
  const seconds = (Date.parse(session.expiresAt) - Date.parse(web.p.now())) / 1000;
  return redirect(web.publicUrl + returnTo, [web.sessionCookie.set(session.token, seconds)]);
}

/** What a person tells this session from their others by. */
function browserOf(request: HttpRequest) {
  const browser = browserName(request.header("user-agent"));
  return { address: request.address, ...(browser !== undefined && { browser }) };
}

/** Where this sign-in begins. INVARIANT: of our own words alone, and of a path of our own that was judged before. */
function wayBack(
  { publicUrl }: SignInWeb,
  { tenant, connection, returnTo }: LostVisit,
): { readonly startAgain: string } {
  const url = new URL(`${publicUrl}/sso/${tenant.slug}/${connection.slug}/login`);
  if (returnTo !== undefined && returnTo !== "/me") url.searchParams.set("return_to", returnTo);
  return { startAgain: url.href };
}

/** Somebody's way in that ended here, and where it was to lead. */
export interface LostVisit extends Visit {
  /** A path on our own origin. */
  readonly returnTo?: string;
}

export interface Failed {
  readonly code: RefusalCode;
  /** For the trace. */
  readonly detail: JsonObject;
  /** The provider says that it, or the person, wanted no sign-in. */
  readonly declined?: boolean;
}

/** Traces a sign-in that failed before anybody was recognised; the answer is the refusal to throw. */
export async function failSignIn(
  web: SignInWeb,
  visit: LostVisit,
  { code, detail, declined = false }: Failed,
): Promise<Refusal> {
  const { request, tenant, connection } = visit;
  const reference = await traceFailure(web.p, {
    tenant,
    connection,
    code,
    detail: { ...detail, requestId: request.id },
  });
  request.log.info("sign_in.failed", { code, reference });
  return refusedSignIn(code, reference, { ...wayBack(web, visit), declined });
}
