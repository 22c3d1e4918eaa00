/** Owns what people see of their own sessions in other browsers, and how they end them. */
import { type Answer, redirect } from "../../http/exchange.js";
import { html, page, wantsJson } from "../../http/pages.js";
import { type Authenticator, defineRoute, type Route } from "../../http/route.js";
import { requireSameOrigin } from "../../http/same-origin.js";
import type { Context } from "../../provisioning/deps.js";
import { endOneSession, endOthersOf } from "../../provisioning/end-sessions.js";
import type { SessionOwner } from "../../provisioning/ports/instance.js";
import type { SessionRow } from "../../provisioning/ports/sign-ins.js";
import { stillAlive } from "../../provisioning/sessions.js";
import type { SignInWeb } from "./sign-in-web.js";

const SESSIONS = "/me/sessions";
/** Nobody has as many, and whoever does ends them all at once. */
const MOST_SHOWN = 100;
const OTHERS = "others";

type Own = { readonly principal: SessionOwner };
type OwnOne = Own & { readonly params: { readonly session: string } };

export function ownSessionRoutes(web: SignInWeb, auth: Authenticator<SessionOwner>): readonly Route[] {
  const common = { tags: ["sign-in"], auth };
  return [
    defineRoute<Own>({
      ...common,
      method: "GET",
      path: SESSIONS,
      summary: "Where one is signed in",
      responses: { 200: null },
      handler: async ({ request, principal }) => {
        const items = await ownSessions(web, principal);
        return wantsJson(request) ? { status: 200, body: { items: items.map(view) } } : sessionsPage(items);
      },
    }),
    defineRoute<OwnOne>({
      ...common,
      method: "POST",
      path: `${SESSIONS}/:session/end`,
      summary: "Ends one session of one's own, or with `others` all but this one",
      responses: { 204: null, 303: null },
      async handler({ request, params, principal }) {
        requireSameOrigin(request, web.publicUrl);
        const { id, tenant, userId: user } = principal;
        const context: Context = { actor: { kind: "person", id: user }, door: "sign_in", requestId: request.id };
        if (params.session === OTHERS) await endOthersOf(web.p, principal, context);
        else await endOneSession(web.p, tenant, { id: params.session, user }, context);
        const cookies = params.session === id ? [web.sessionCookie.clear()] : [];
        return wantsJson(request) ? { status: 204, cookies } : redirect(web.publicUrl + SESSIONS, cookies);
      },
    }),
  ];
}

type OwnSession = SessionRow & { readonly slug: string; readonly isThis: boolean };

async function ownSessions(
  { p }: SignInWeb,
  { id, tenant, userId: user }: SessionOwner,
): Promise<readonly OwnSession[]> {
  const now = p.now();
  const reader = p.store.read(tenant.id);
  const { items } = await reader.sessions({ user, limit: MOST_SHOWN, now, ...stillAlive(p, tenant, now) });
  const slugs = new Map((await reader.connections()).map((connection) => [connection.id, connection.slug]));
  return items.map((row) => ({ ...row, slug: slugs.get(row.connection) ?? "", isThis: row.id === id }));
}

function view({ id, slug, createdAt, lastSeenAt, expiresAt, isThis, ...row }: OwnSession) {
  const from = { address: row.address ?? null, browser: row.browser ?? null };
  return { id, connection: slug, createdAt, lastSeenAt, expiresAt, ...from, current: isThis };
}

function sessionsPage(items: readonly OwnSession[]): Answer {
  const rows = items.map(({ id, slug, createdAt, lastSeenAt, address = "", browser = "A browser", isThis }) => {
    const what = `${browser}, since ${timeText(createdAt)}`;
    const end = isThis
      ? html`This one`
      : html`<form method="post" action="${SESSIONS}/${id}/end"><button aria-label="Sign out: ${what}">Sign out</button></form>`;
    return html`<tr><th scope="row">${browser}</th><td>${address}</td><td>${slug}</td><td>${timeText(createdAt)}</td><td>${timeText(lastSeenAt)}</td><td>${end}</td></tr>`;
  });
  const others =
    items.length < 2
      ? ""
      : html`<form method="post" action="${SESSIONS}/${OTHERS}/end"><p><button>Sign out everywhere else</button></p></form>`;
  const body = html`<table><thead><tr><th scope="col">Browser</th><th scope="col">Address</th><th scope="col">Signed in by</th>
<th scope="col">Since</th><th scope="col">Last used</th><th scope="col">End</th></tr></thead><tbody>${rows}</tbody></table>${others}
<p><a href="/me">Back to what you hold</a></p>`;
  return page({ status: 200, title: "Where you are signed in", body });
}

function timeText(instant: string): string {
  return `${instant.slice(0, 16).replace("T", " ")} UTC`;
}
