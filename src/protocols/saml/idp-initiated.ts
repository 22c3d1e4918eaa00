/**
 * Owns sign-ins that begin at the identity provider. Nobody here asked for them, so anybody can send a browser a response of
 * their own account: the person is asked before a session opens (login CSRF).
 */
import type { Answer } from "../../http/exchange.js";
import { html, page } from "../../http/pages.js";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import { requireSameOrigin } from "../../http/same-origin.js";
import type { ConnectionId, Instant } from "../../model/ids.js";
import type { Refusal } from "../../model/problem.js";
import { takeOnce } from "../../provisioning/sessions.js";
import { decide, failSignIn, type Opening, openDecided, type VerifiedPerson } from "../sign-in/finish.js";
import {
  browserValue,
  findConnection,
  LOGIN_SECONDS,
  nothingHere,
  type SignInWeb,
  type Visit,
} from "../sign-in/sign-in-web.js";

/** How long the page with the question is good for. */
const MINUTES = 5;
const MOST_BYTES = 32_768;

/** What the page holds, sealed: no session is open yet, and nothing of the person is kept for it. */
interface Ticket {
  readonly opening: Opening;
  readonly connection: ConnectionId;
  /** Digest of the random value in the browser's cookie. */
  readonly browser: string;
  readonly id: string;
  readonly until: Instant;
}

/** A page that asks the person who was let in whether to go on as that person. Throws the refusal of whoever was not. */
export async function askToContinue(web: SignInWeb, person: VerifiedPerson): Promise<Answer> {
  const { p } = web;
  const opening = await decide(web, person);
  const [account] = await p.store.read(person.tenant.id).people([opening.user]);
  const name = account?.email ?? account?.userName ?? "this person";
  const browser = browserValue(web, person.request);
  const ticket: Ticket = {
    ...{ opening, connection: person.connection.id, browser: p.secrets.hashToken(browser), id: p.secrets.newToken("") },
    until: new Date(Date.parse(p.now()) + MINUTES * 60_000).toISOString(),
  };
  const sealed = p.secrets.encrypt(JSON.stringify(ticket), contextOf(person));
  const body = html`<p>Your identity provider says that you are ${name}.</p>
<form method="post" action="${addressOf(web, person)}"><input type="hidden" name="ticket" value="${sealed}">
<p><button>Continue as ${name}</button></p></form>
<p>If you did not come from your identity provider just now, or this is not you, close this page.</p>`;
  const cookies = [web.pendingCookie.set(browser, LOGIN_SECONDS)];
  return page({ status: 200, title: `Sign in to ${person.tenant.name}`, body, cookies });
}

/** Where the page's button leads. `allows`: whether the connection still lets sign-ins begin elsewhere. */
export function continueRoute(web: SignInWeb, allows: (visit: Visit) => boolean): Route {
  return defineRoute<{ body: Readonly<Record<string, string>> }>({
    method: "POST",
    path: "/sso/:tenant/:connection/continue",
    summary: "Opens the session of a sign-in that began at the SAML identity provider, once the person said yes",
    tags: ["sign-in"],
    auth: anybody,
    body: { read: "form", bytes: MOST_BYTES },
    responses: { 200: null, 303: null },
    async handler({ request, body }) {
      requireSameOrigin(request, web.publicUrl);
      const visit = await findConnection(web, request);
      if (!allows(visit)) throw nothingHere();
      const ticket = opened(web, visit, body["ticket"] ?? "");
      if (ticket === undefined || !(await isMineAndNew(web, visit, ticket))) throw await tooLate(web, visit);
      request.identify({ user: ticket.opening.user });
      return openDecided(web, visit, ticket.opening);
    },
  });
}

function opened({ p }: SignInWeb, visit: Visit, sealed: string): Ticket | undefined {
  try {
    return JSON.parse(p.secrets.decrypt(sealed, contextOf(visit))) as Ticket;
  } catch {
    return undefined;
  }
}

async function isMineAndNew({ p, pendingCookie }: SignInWeb, visit: Visit, ticket: Ticket): Promise<boolean> {
  const browser = pendingCookie.read(visit.request);
  const { id, until, connection } = ticket;
  const isMine = browser !== undefined && p.secrets.hashToken(browser) === ticket.browser;
  if (!isMine || until <= p.now() || connection !== visit.connection.id) return false;
  return takeOnce(p, visit.tenant, { connection, id: `continue ${id}`, until });
}

function tooLate(web: SignInWeb, visit: Visit): Promise<Refusal> {
  return failSignIn(web, visit, { code: "sign_in_expired", detail: { guard: "pending_login" } });
}

function addressOf({ publicUrl }: SignInWeb, { tenant, connection }: Visit): string {
  return `${publicUrl}/sso/${tenant.slug}/${connection.slug}/continue`;
}

/** What is sealed for one connection opens at no other. */
function contextOf({ tenant, connection }: Visit): string {
  return `continue ${tenant.slug} ${connection.slug}`;
}
