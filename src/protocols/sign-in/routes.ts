import { type Answer, redirect } from "../../http/exchange.js";
import { formPage, html, page, wantsJson } from "../../http/pages.js";
import { type Authenticator, anybody, defineRoute, type Face, type Route } from "../../http/route.js";
import { requireSameOrigin } from "../../http/same-origin.js";
import { Refusal } from "../../model/problem.js";
import { type Me, me } from "../../provisioning/explain/me.js";
import type { SessionOwner } from "../../provisioning/ports/instance.js";
import { closeSession, currentSession } from "../../provisioning/sessions.js";
import { chooserRoute } from "./chooser.js";
import { textOf } from "./claim-values.js";
import { ownSessionRoutes } from "./own-sessions.js";
import { ownFactsText, renderSignInError } from "./refusals.js";
import { safeReturnTo } from "./return-to.js";
import {
  browserValue,
  type Departure,
  findConnection,
  LOGIN_SECONDS,
  nothingHere,
  type SignInProtocol,
  type SignInWeb,
} from "./sign-in-web.js";
import { signedOutPage } from "./signed-out.js";

const TAGS = ["sign-in"];

/** The sign-in's addresses: those that all protocols share, and each protocol's own. */
export function signInFaces(
  web: SignInWeb,
  protocols: readonly SignInProtocol[],
  protocolRoutes: readonly Route[],
): readonly Face[] {
  const shared = [loginRoute(web, protocols), chooserRoute(web, protocols), logoutRoute(web, protocols)];
  return [
    { prefix: "/sso", routes: [...protocolRoutes, ...shared], renderError: renderSignInError },
    {
      prefix: "/me",
      routes: [meRoute(web), ...ownSessionRoutes(web, sessionAuthenticator(web))],
      renderError: renderSignInError,
    },
  ];
}

function loginRoute(web: SignInWeb, protocols: readonly SignInProtocol[]): Route {
  return defineRoute({
    method: "GET",
    path: "/sso/:tenant/:connection/login",
    summary: "Starts a sign-in and sends the browser to the identity provider",
    tags: TAGS,
    auth: anybody,
    responses: { 200: null, 303: null },
    async handler({ request }) {
      const { tenant, connection } = await findConnection(web, request);
      const protocol = protocols.find((one) => one.protocol === connection.protocol);
      if (protocol === undefined || connection.disabledAt !== undefined) throw nothingHere();
      const browser = browserValue(web, request);
      const returnTo = safeReturnTo(request.query.get("return_to"), web.publicUrl);
      const loginHint = textOf(request.query.get("login_hint"), 256);
      const departure = await protocol.begin({
        request,
        tenant,
        connection,
        browser,
        ...(returnTo === undefined ? {} : { returnTo }),
        ...(loginHint === undefined ? {} : { loginHint }),
      });
      return sentOn(departure, [web.pendingCookie.set(browser, LOGIN_SECONDS)]);
    },
  });
}

function sentOn(departure: Departure, cookies: readonly string[]): Answer {
  if (departure.kind === "redirect") return redirect(departure.location, cookies);
  const { action, fields } = departure;
  return formPage({ title: "On to your identity provider", action, fields, cookies });
}

function logoutRoute(web: SignInWeb, protocols: readonly SignInProtocol[]): Route {
  return defineRoute({
    method: "POST",
    path: "/sso/logout",
    summary: "Ends the browser's session, and asks its identity provider to do the same",
    tags: TAGS,
    auth: anybody,
    responses: { 200: null, 204: null, 303: null },
    async handler({ request }) {
      requireSameOrigin(request, web.publicUrl);
      const token = web.sessionCookie.read(request);
      const session = token === undefined ? undefined : await closeSession(web.p, token);
      const cookies = [web.sessionCookie.clear()];
      if (wantsJson(request)) return { status: 204, cookies };
      const protocol = protocols.find((one) => one.protocol === session?.connection.protocol);
      const departure = session && (await protocol?.leave?.({ request, ...session }));
      if (departure !== undefined) return sentOn(departure, cookies);
      return signedOutPage(cookies, html`<p>Your identity provider may still know you.</p>`);
    },
  });
}

/** A person with a live session; throws `unauthorized`. */
function sessionAuthenticator(web: Pick<SignInWeb, "p" | "sessionCookie">): Authenticator<SessionOwner> {
  return {
    name: "session",
    scheme: "cookie",
    async authenticate(request) {
      const token = web.sessionCookie.read(request);
      const session = token === undefined ? undefined : await currentSession(web.p, token);
      if (session === undefined) throw new Refusal("unauthorized", "nobody is signed in here: sign in first");
      request.identify({ tenant: session.tenant.slug, connection: session.connection.slug, user: session.userId });
      return session;
    },
  };
}

function meRoute(web: SignInWeb): Route {
  return defineRoute<{ principal: SessionOwner }>({
    method: "GET",
    path: "/me",
    summary: "Who is signed in, and what they hold",
    tags: TAGS,
    auth: sessionAuthenticator(web),
    responses: { 200: null },
    async handler({ request, principal }) {
      const person = await me(web.p, principal);
      return wantsJson(request) ? { status: 200, body: person } : mePage(person);
    },
  });
}

const PLACES: ReadonlyMap<string, string> = new Map([
  ["tenant", "Everywhere"],
  ["all_teams", "All teams"],
]);

function termsOf(received: NonNullable<Me["received"]>) {
  return ownFactsText(received).map(({ term, text }) => html`<dt>${term}</dt><dd>${text}</dd>`);
}

const INCOMPLETE: Readonly<Record<NonNullable<Me["groupsIncomplete"]>, string>> = {
  overage: "Your identity provider says that you are in more groups than it lists. What it listed before still counts.",
  truncated_at_100: "Your identity provider lists 100 groups at most. What it listed before still counts.",
};

function mePage({ tenant, user, why, received, groupsIncomplete }: Me): Answer {
  const rows = why.map(
    ({ team, scope, role, because }) =>
      html`<tr><td>${team ?? PLACES.get(scope) ?? scope}</td><td>${role}</td><td>${because.join("; ")}</td></tr>`,
  );
  const held =
    received !== undefined
      ? html`<p>You hold no role yet. If you miss one, ask your admin, with what stands here.</p>
<dl>${termsOf(received)}</dl>`
      : html`<table><tr><th>Where</th><th>Role</th><th>Because</th></tr>${rows}</table>`;
  const note = groupsIncomplete === undefined ? "" : html`<p>${INCOMPLETE[groupsIncomplete]}</p>`;
  const address = user.email === null ? "" : ` (${user.email})`;
  const body = html`<p>Signed in to ${tenant} as ${user.userName}${address}.</p>${held}${note}
<p><a href="/me/sessions">Where you are signed in</a></p>
<form method="post" action="/sso/logout"><p><button>Sign out</button></p></form>`;
  const fullName = [user.givenName, user.familyName].filter(Boolean).join(" ");
  return page({ status: 200, title: user.displayName ?? (fullName || user.userName), body });
}
