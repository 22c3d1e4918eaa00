/** The logout of a SAML connection, begun by either side (SAML profiles section 4.4). No cookie decides anything here. */
import { randomBytes } from "node:crypto";
import { type Answer, redirect } from "../../http/exchange.js";
import { formPage, html, page } from "../../http/pages.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import { framedBy } from "../../http/security-headers.js";
import type { SamlSettings } from "../../model/connection.js";
import { signingKey } from "../../provisioning/connection-keys.js";
import { endByProvider } from "../../provisioning/end-sessions.js";
import { beginLogout, takeLogout } from "../../provisioning/pending-logout.js";
import { failSignIn } from "../sign-in/finish.js";
import { redactValue } from "../sign-in/redact.js";
import {
  type Departure,
  findCalledConnection,
  type LeftSession,
  type SignInWeb,
  takeTurn,
  type Visit,
} from "../sign-in/sign-in-web.js";
import { subjectKey } from "./claims.js";
import { refusal, SamlFailure } from "./failure.js";
import { subjectOfHint } from "./logout-hint.js";
import { type LogoutAddress, logoutRequest, logoutResponse, requestAddress, responseAddress } from "./logout-xml.js";
import { XENC } from "./namespaces.js";
import { type ConnectionVisit, decryptionOf, idpOf, serviceProviderOf } from "./saml-visit.js";
import type { SamlStatus } from "./shape.js";
import { type LogoutMessage, postedLogout, redirectedLogout } from "./slo-message.js";
import { type ExpectedLogout, verifyLogoutRequest, verifyLogoutResponse } from "./slo-verify.js";
import { attributeOf, elementsIn } from "./xml.js";

const PATH = "/sso/:tenant/:connection/slo";
const TAGS = ["sign-in"];
/** Of the form around the longest message. */
const FORM_BYTES = 160 * 1024;

export function logoutRoutes(web: SignInWeb): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: PATH,
      summary: "Where a SAML identity provider sends its messages of a logout by redirect",
      tags: TAGS,
      auth: anybody,
      responses: { 200: null, 303: null },
      async handler({ request }) {
        const visit = await findCalledConnection(web, request);
        return takeMessage(web, visit, () => redirectedLogout(request.queryText));
      },
    }),
    defineRoute<{ body: Readonly<Record<string, string>> }>({
      method: "POST",
      path: PATH,
      summary: "The same by a form that the browser posts",
      tags: TAGS,
      auth: anybody,
      body: { read: "form", bytes: FORM_BYTES },
      responses: { 200: null, 303: null },
      async handler({ request, body }) {
        const visit = await findCalledConnection(web, request);
        return takeMessage(web, visit, () => postedLogout(body));
      },
    }),
  ];
}

/** Where a browser whose session has ended goes on to, so that its provider signs the person out too. */
export async function leaveProvider(
  web: SignInWeb,
  { ended, ...visit }: Omit<LeftSession, "request">,
): Promise<Departure | undefined> {
  const idp = idpOf(visit);
  const to = requestAddress(idp);
  if (to === undefined || ended.logoutHint === undefined) return undefined;
  const envelope = await envelopeOf(web, visit, to);
  await beginLogout(web.p, visit.tenant, { connection: visit.connection.id, request: envelope.id });
  return logoutRequest(envelope, subjectOfHint(ended.logoutHint));
}

async function takeMessage(web: SignInWeb, visit: Visit, open: () => LogoutMessage): Promise<Answer> {
  const idp = idpOf(visit);
  let message: LogoutMessage | undefined;
  try {
    message = open();
    return message.shape.kind === "LogoutRequest"
      ? await signOut(web, visit, idp, message)
      : await signedOut(web, visit, idp, message);
  } catch (error) {
    if (!(error instanceof SamlFailure)) throw error;
    // strangers leave no more traces here than by sign-ins
    takeTurn(web, visit.request);
    throw await failSignIn(web, visit, { code: "logout_failed", detail: detailOf(error, message) });
  }
}

/**
 * Ends what the provider says, and tells it so. INVARIANT: whom nobody knows, and who is signed out already, is answered
 * like anybody else.
 */
async function signOut(web: SignInWeb, visit: Visit, idp: SamlSettings, message: LogoutMessage): Promise<Answer> {
  const { request, tenant, connection } = visit;
  const asked = verifyLogoutRequest(message, await expectedOf(web, visit, idp, message));
  const subject = subjectKey(asked.nameId, { idp: idp.entityId, sp: serviceProviderOf(web, visit).entityId });
  const named = asked.sessions.length === 0 ? [{}] : asked.sessions.map((idpSession) => ({ idpSession }));
  let count = 0;
  for (const [place, names] of named.entries()) {
    const logout = { id: `${asked.id} ${place}`, until: asked.rememberUntil, at: asked.issuedAt, subject, ...names };
    count += (await endByProvider(web.p, tenant, connection, logout, request.id)) ?? 0;
  }
  request.log.info("logout.by_provider", { connection: connection.slug, count });
  const to = responseAddress(idp, message.binding);
  if (to === undefined) return notice("You are signed out", "Your identity provider asked for it.");
  const { relayState } = message;
  const answer = { inResponseTo: asked.id, ...(relayState !== undefined && { relayState }) };
  return carried(logoutResponse(await envelopeOf(web, visit, to), answer), idp);
}

/**
 * What became of a logout that began here. The session has ended long since: a response that cannot be believed changes
 * nothing but what the person is told, if it answers a request that was sent.
 */
async function signedOut(web: SignInWeb, visit: Visit, idp: SamlSettings, message: LogoutMessage): Promise<Answer> {
  const inResponseTo = attributeOf(message.shape.root, "InResponseTo") ?? "";
  const isOurs = await takeLogout(web.p, visit.tenant, { connection: visit.connection.id, request: inResponseTo });
  if (!isOurs) throw refusal("in_response_to", "nobody asked for this logout here, or it was answered already");
  try {
    const expected = await expectedOf(web, visit, idp, message);
    return signedOutPage(verifyLogoutResponse(message, { ...expected, inResponseTo }));
  } catch (error) {
    if (!(error instanceof SamlFailure)) throw error;
    const { detail } = await failSignIn(web, visit, { code: "logout_failed", detail: detailOf(error, message) });
    const reference = `Reference: ${String(detail["reference"])}`;
    return notice("You are signed out here", `Your identity provider may still know you. ${reference}`);
  }
}

function signedOutPage({ success, code, subCode }: SamlStatus & { readonly success: boolean }): Answer {
  const isPartial = code === "PartialLogout" || subCode === "PartialLogout";
  if (success && !isPartial) return notice("You are signed out", "Your identity provider has signed you out too.");
  const others = isPartial
    ? "Your identity provider could not sign you out of all other applications: close your browser to be sure."
    : "Your identity provider did not sign you out: it may still know you.";
  return notice("You are signed out here", others);
}

function notice(title: string, text: string): Answer {
  return page({ status: 200, title, body: html`<p>${text}</p>` });
}

/** Providers ask from within a frame: where a form takes the answer back, their own pages may hold it. */
function carried(departure: Departure, idp: SamlSettings): Answer {
  if (departure.kind === "redirect") return redirect(departure.location);
  const { action, fields } = departure;
  const answer = formPage({ title: "Signing out", action, fields });
  const addresses = [action, idp.sloPostUrl, idp.sloRedirectUrl, idp.ssoPostUrl, idp.ssoRedirectUrl];
  const origins = addresses.flatMap((address) => (address === undefined ? [] : [new URL(address).origin]));
  return { ...answer, headers: { ...answer.headers, ...framedBy([...new Set(origins)]) } };
}

async function expectedOf(
  web: SignInWeb,
  visit: Visit,
  idp: SamlSettings,
  { shape }: LogoutMessage,
): Promise<ExpectedLogout> {
  const isEncrypted = [...elementsIn(shape.root)].some(({ namespace }) => namespace === XENC);
  const decryption = isEncrypted ? await decryptionOf(web, visit, idp) : undefined;
  const { sloUrl } = serviceProviderOf(web, visit);
  return { idp, sloUrl, now: web.p.now(), ...(decryption && { decryption }) };
}

async function envelopeOf(web: SignInWeb, visit: ConnectionVisit, to: LogoutAddress) {
  const { entityId: issuer } = serviceProviderOf(web, visit);
  const key = await signingKey(web.p, visit.tenant, visit.connection);
  return { id: `_${randomBytes(32).toString("base64url")}`, now: web.p.now(), issuer, to, key };
}

function detailOf({ guard, detail }: SamlFailure, message: LogoutMessage | undefined) {
  return { guard, ...detail, ...(message && { received: redactValue(message.seen, true) }) };
}
