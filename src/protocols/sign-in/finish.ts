import type { Answer, HttpRequest } from "../../http/exchange.js";
import { redirect } from "../../http/exchange.js";
import type { ObserveUser } from "../../model/directory.js";
import type { Instant, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { Refusal, type RefusalCode } from "../../model/problem.js";
import { closeSession, openSession } from "../../provisioning/sessions.js";
import { signIn } from "../../provisioning/sign-in.js";
import { traceFailure } from "../../provisioning/sign-in-trace.js";
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
  /** From when the sign-in is: by the identity provider's clock where it says so, else when it began here. */
  readonly since: Instant;
  /** What the identity provider wants to hear when the session ends here. */
  readonly logoutHint?: string;
  /** When the identity provider wants the session to end at the latest. */
  readonly sessionEndsAt?: Instant;
  /** A path on our own origin. */
  readonly returnTo?: string;
}

/** What a sign-in that was let in opens a session with. */
export interface Opening
  extends Pick<VerifiedPerson, "idpSession" | "logoutHint" | "sessionEndsAt" | "since" | "subject"> {
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
    throw refusedSignIn(outcome.code, outcome.reference, outcome.told);
  }
  request.identify({ user: outcome.user });
  const { subject, idpSession, since, logoutHint, sessionEndsAt } = person;
  const { user, epoch, reference } = outcome;
  return {
    ...{ user, epoch, reference, subject, since },
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
  { request, tenant, connection }: Visit,
  { reference, sessionEndsAt, ...opening }: Opening,
  returnTo = "/me",
): Promise<Answer> {
  const ends = sessionEndsAt === undefined ? {} : { endsAt: sessionEndsAt };
  const named = { ...opening, ...browserOf(request), connection };
  const session = await openSession(web.p, tenant, { ...named, ...ends }).catch((error: unknown) => {
    throw error instanceof Refusal ? refusedSignIn(error.code, reference) : error;
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

/** Traces a sign-in that failed before anybody was recognised; the answer is the refusal to throw. */
export async function failSignIn(
  web: SignInWeb,
  visit: Visit,
  code: RefusalCode,
  detail: JsonObject,
): Promise<Refusal> {
  const { request, tenant, connection } = visit;
  const reference = await traceFailure(web.p, {
    tenant,
    connection,
    code,
    detail: { ...detail, requestId: request.id },
  });
  request.log.info("sign_in.failed", { code, reference });
  return refusedSignIn(code, reference);
}
