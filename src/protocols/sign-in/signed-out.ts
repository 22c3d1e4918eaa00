import type { Answer, HttpRequest } from "../../http/exchange.js";
import { type Html, html, page } from "../../http/pages.js";
import { currentSession } from "../../provisioning/sessions.js";
import type { SignInWeb } from "./sign-in-web.js";

export function signedOutPage(cookies: readonly string[], body: Html = html`<p>You can close this page.</p>`): Answer {
  return page({ status: 200, title: "You are signed out", body, cookies });
}

/** Whether this browser has a session that is alive. */
export async function isSignedIn(web: SignInWeb, request: HttpRequest): Promise<boolean> {
  const token = web.sessionCookie.read(request);
  return token !== undefined && (await currentSession(web.p, token)) !== undefined;
}
