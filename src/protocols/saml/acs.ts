/** Owns where responses come in (SAML profiles section 4.1.4): which login one answers, and the way from it to a session. */
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import type { Answer, HttpRequest } from "../../http/exchange.js";
import { formPage } from "../../http/pages.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import { isFromAnotherSite } from "../../http/same-origin.js";
import type { SamlSettings } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import { Refusal, type RefusalCode } from "../../model/problem.js";
import type { PendingLogin } from "../../provisioning/ports/sign-ins.js";
import { provedDomains } from "../../provisioning/proved-domains.js";
import {
  awaitsLogin,
  begunAt,
  LOGIN_MINUTES,
  type ReturnedLogin,
  takeLogin,
  takeOnce,
} from "../../provisioning/sessions.js";
import { failSignIn, finishSignIn, type LostVisit, type VerifiedPerson } from "../sign-in/finish.js";
import { createGroupAttributes, type GroupAttribute, type GroupAttributeOf } from "../sign-in/group-attribute.js";
import { groupPaths } from "../sign-in/groups.js";
import { type IdpProfile, loadIdpProfiles, profileFor } from "../sign-in/idp-profile.js";
import { findConnection, type SignInWeb, type Visit } from "../sign-in/sign-in-web.js";
import { translate } from "../sign-in/translate.js";
import { assertedNameOf, nobodyNamed, samlClaims, subjectKey } from "./claims.js";
import { type Guard, refusal, SamlFailure } from "./failure.js";
import { askToContinue, continueRoute } from "./idp-initiated.js";
import { logoutHint } from "./logout-hint.js";
import { requestAddress } from "./logout-xml.js";
import { requestNamed } from "./response.js";
import { isLarge, type ReadResponse, type ResponseReader } from "./response-reader.js";
import { decryptionOf, idpOf, serviceProviderOf } from "./saml-visit.js";
import { redactSeen, seenOf } from "./trace.js";
import type { VerifiedAssertion } from "./verified.js";

interface AcsDoor {
  readonly web: SignInWeb;
  readonly profiles: readonly IdpProfile[];
  readonly groupAttributeOf: GroupAttributeOf;
  readonly reader: ResponseReader;
}

/**
 * How long after it came a response with something encrypted in it is refused, at the earliest. INVARIANT: longer than any
 * of the ways takes in which one is refused, so that none is told from the others by a clock.
 */
const REFUSAL_MILLISECONDS = 250;
/** The same of a large one, which waits for a thread. */
const LARGE_REFUSAL_MILLISECONDS = 2_000;

function refusalMilliseconds(samlResponse: string): number {
  return isLarge(samlResponse) ? LARGE_REFUSAL_MILLISECONDS : REFUSAL_MILLISECONDS;
}

/** How a connection's provider speaks, and where groups are looked for. */
interface Reading {
  readonly idp: SamlSettings;
  readonly profile: IdpProfile;
  readonly attribute: GroupAttribute;
}

/** `bytes`: the longest form that is taken. */
export function acsRoutes(web: SignInWeb, reader: ResponseReader, bytes: number): readonly Route[] {
  const door: AcsDoor = {
    ...{ web, profiles: loadIdpProfiles(), groupAttributeOf: createGroupAttributes(web.p) },
    reader,
  };
  return [acsRoute(door, bytes), continueRoute(web, takesUnasked)];
}

function acsRoute(door: AcsDoor, bytes: number): Route {
  return defineRoute<{ body: Readonly<Record<string, string>> }>({
    method: "POST",
    path: "/sso/:tenant/:connection/acs",
    summary: "Where a browser posts what its SAML identity provider says",
    tags: ["sign-in"],
    auth: anybody,
    body: { read: "form", bytes, tooLong: (request) => tooLong(door, request, bytes) },
    responses: { 200: null, 303: null },
    async handler({ request, body }) {
      const visit = await findConnection(door.web, request);
      return takeResponse(door, visit, body["SAMLResponse"] ?? "");
    },
  });
}

async function takeResponse(door: AcsDoor, visit: Visit, samlResponse: string): Promise<Answer> {
  const began = performance.now();
  const reading = await readingOf(door, visit);
  let opened: ReadResponse | undefined;
  let login: PendingLogin | undefined;
  try {
    const early = isLarge(samlResponse) ? await firstLook(door, visit, samlResponse) : undefined;
    if (early !== undefined) return early;
    opened = await door.reader.read(samlResponse, [String(visit.tenant.id), visit.request.network]);
    if (opened.inResponseTo === undefined) return await unasked(door, visit, reading, opened);
    if (cookiesWereLeftOut(door, visit)) return postedAgain(door, visit, samlResponse);
    login = await pendingLogin(door, visit, opened.inResponseTo);
    const { inResponseTo } = opened;
    const begun = begunAt(login);
    const assertion = await verified(door, visit, reading, opened, { inResponseTo, begun });
    return await finishSignIn(door.web, { ...personOf(door, visit, reading, assertion, begun), ...goingTo(login) });
  } catch (error) {
    if (!(error instanceof SamlFailure)) throw error;
    const refusal = await refused(door, { ...visit, ...goingTo(login) }, reading, error, opened, login === undefined);
    if (opened?.isEncrypted) await setTimeout(began + refusalMilliseconds(samlResponse) - performance.now());
    throw refusal;
  }
}

/**
 * What is known of a large response before it costs anything: whether a login waits for it in this browser. Throws `SamlFailure`.
 * INVARIANT: this decides nothing but whether it is read.
 */
async function firstLook(door: AcsDoor, visit: Visit, samlResponse: string): Promise<Answer | undefined> {
  if (takesUnasked(visit)) return undefined;
  const state = requestNamed(samlResponse);
  if (state === undefined) throw unsolicited();
  if (cookiesWereLeftOut(door, visit)) return postedAgain(door, visit, samlResponse);
  if (!(await awaitsLogin(door.web.p, visit.tenant, returnedTo(door, visit, state))))
    throw new SamlFailure("pending_login");
  return undefined;
}

/** A sign-in that began at the provider. INVARIANT: that its assertion was never used is all that tells it from a copy. */
async function unasked(door: AcsDoor, visit: Visit, reading: Reading, opened: ReadResponse): Promise<Answer> {
  if (!takesUnasked(visit)) throw unsolicited();
  const now = Date.parse(door.web.p.now());
  // Nobody knows when it began: no longer ago than any sign-in may take.
  const begun = new Date(now - LOGIN_MINUTES * 60_000).toISOString();
  const assertion = await verified(door, visit, reading, opened, { begun });
  return askToContinue(door.web, personOf(door, visit, reading, assertion, begun));
}

function goingTo(login: PendingLogin | undefined): Pick<LostVisit, "returnTo"> {
  return login?.returnTo === undefined ? {} : { returnTo: login.returnTo };
}

function takesUnasked({ connection }: Visit): boolean {
  return connection.disabledAt === undefined && connection.saml?.allowIdpInitiated === true;
}

/** Some browsers send our cookie with no post that another site's page made: they get to make it from ours, once. */
function cookiesWereLeftOut({ web }: AcsDoor, { request }: Visit): boolean {
  return web.pendingCookie.read(request) === undefined && isFromAnotherSite(request, web.publicUrl);
}

function postedAgain(door: AcsDoor, visit: Visit, samlResponse: string): Answer {
  const action = serviceProviderOf(door.web, visit).acsUrl;
  return formPage({ title: "One moment", action, fields: { SAMLResponse: samlResponse } });
}

/** INVARIANT: the login that was begun is taken out before anything is verified, so that nothing is tried twice. */
async function pendingLogin(door: AcsDoor, visit: Visit, requestId: string): Promise<PendingLogin> {
  try {
    return await takeLogin(door.web.p, visit.tenant, returnedTo(door, visit, requestId));
  } catch (error) {
    throw error instanceof Refusal ? new SamlFailure("pending_login", {}, { cause: error }) : error;
  }
}

function returnedTo({ web }: AcsDoor, { request, connection }: Visit, state: string): ReturnedLogin {
  return { connection: connection.id, state, browser: web.pendingCookie.read(request) };
}

/** The assertion, taken once: whoever has a copy of it is too late. */
async function verified(
  door: AcsDoor,
  visit: Visit,
  { idp }: Reading,
  opened: ReadResponse,
  { begun, ...asked }: { readonly inResponseTo?: string; readonly begun: Instant },
): Promise<VerifiedAssertion> {
  const { p } = door.web;
  const decryption = opened.isEncrypted ? await decryptionOf(door.web, visit, idp) : undefined;
  const assertion = await opened.verify({
    ...{ idp, sp: serviceProviderOf(door.web, visit), now: p.now(), ...asked },
    // INVARIANT: what may be tried as often as anybody likes is never read where it may be changed.
    ...(decryption && {
      decryption: asked.inResponseTo === undefined ? { ...decryption, legacyCbc: false } : decryption,
    }),
    ...(idp.forceAuthn && { authenticatedSince: begun }),
  });
  const { id, rememberUntil: until } = assertion;
  const first = await takeOnce(p, visit.tenant, { connection: visit.connection.id, id, until });
  if (!first) throw refusal("replay", "this assertion was used before: start the sign-in anew", { got: id });
  return assertion;
}

function personOf(
  door: AcsDoor,
  visit: Visit,
  { idp, profile, attribute }: Reading,
  assertion: VerifiedAssertion,
  begun: Instant,
): VerifiedPerson {
  const { tenant, connection } = visit;
  const parties = { idp: idp.entityId, sp: serviceProviderOf(door.web, visit).entityId };
  const { absentGroups, groupSeparator } = connection;
  const groups = { absentGroups, ...(groupSeparator && { groupSeparator }), ...attribute };
  const settings = { provedDomains: provedDomains(tenant), ...groups };
  const observed = translate(samlClaims(assertion, parties), profile, settings);
  if (observed === undefined) throw nobodyNamed(assertion, profile);
  const assertedName = assertedNameOf(assertion.nameId, observed.subject, parties);
  const { sessionIndex, sessionEndsAt } = assertion;
  const hint = requestAddress(idp) && logoutHint(assertion);
  return {
    ...visit,
    observed: assertedName === undefined ? observed : { ...observed, assertedName },
    subject: subjectKey(assertion.nameId, parties),
    from: { since: assertion.issuedAt, begun },
    message: { profile: profile.name, ...redactSeen(seenOf(assertion), groupPaths(profile, attribute)) },
    ...(sessionIndex === undefined ? {} : { idpSession: sessionIndex }),
    ...(hint === undefined ? {} : { logoutHint: hint }),
    ...(sessionEndsAt === undefined ? {} : { sessionEndsAt }),
  };
}

/** What providers say where they, or the person, wanted no sign-in (SAML core section 3.2.2.2). */
const DENIALS: readonly unknown[] = ["RequestDenied", "AuthnFailed"];

const CODES: { readonly [Name in Guard]?: RefusalCode } = { pending_login: "sign_in_expired", busy: "expression_busy" };

/** The trace says all that an admin may know; the page says one thing, whichever guard it was, but for a plain no of the provider's. */
function refused(
  door: AcsDoor,
  visit: LostVisit,
  { profile, attribute }: Reading,
  { guard, detail }: SamlFailure,
  opened: ReadResponse | undefined,
  isStranger: boolean,
): Promise<Refusal> {
  const code = CODES[guard] ?? "sign_in_failed";
  // Who began no sign-in here is told apart from who did: strangers must not fill the traces.
  const { attributes, ...outline } = opened?.seen ?? {};
  const seen = isStranger ? outline : opened?.seen;
  const received = seen && { received: redactSeen(seen, groupPaths(profile, attribute)) };
  const { got } = detail;
  const declined = guard === "status" && Array.isArray(got) && got.some((said) => DENIALS.includes(said));
  return failSignIn(door.web, visit, {
    code,
    detail: { guard, ...detail, profile: profile.name, ...received },
    declined,
  });
}

/** What was never read. INVARIANT: nobody knows whose sign-in it was, so that it leaves no more than any stranger's. */
async function tooLong(door: AcsDoor, request: HttpRequest, bytes: number): Promise<Refusal> {
  const visit = await findConnection(door.web, request);
  const reading = await readingOf(door, visit);
  const length = Number(request.header("content-length"));
  const failure = refusal(
    "size",
    `the posted form is longer than \`limits.acsBodyBytes\` of the service's configuration (${bytes} bytes): let the identity provider send only those groups that rules need, or let the operator raise the limit`,
    { wanted: bytes, ...(length > bytes && { got: length }) },
  );
  return refused(door, visit, reading, failure, undefined, true);
}

function unsolicited(): SamlFailure {
  return refusal(
    "in_response_to",
    "the response answers no request of ours: sign-ins begin at the connection's login address, unless `allowIdpInitiated` lets them begin at the identity provider",
  );
}

async function readingOf(door: AcsDoor, visit: Visit): Promise<Reading> {
  const idp = idpOf(visit);
  const { tenant, connection } = visit;
  const address = { protocol: "saml" as const, issuer: idp.entityId, profile: connection.profile };
  const attribute = await door.groupAttributeOf(tenant, connection);
  return { idp, profile: profileFor(door.profiles, address), attribute };
}
