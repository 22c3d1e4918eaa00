/** How people sign in: a browser goes from the service to an identity provider and back, by the protocol that the connection speaks. */

import type { Person } from "../../src/simulate/directory.js";
import { type Browser, createBrowser, type Visit } from "../clients/browser.js";
import type { MeAnswer, SignInAnswer } from "../stage/admin-answers.js";
import { DemoFailure, must } from "../stage/demo-failure.js";
import { OKTA_PASSWORD } from "./acme-directory.js";
import type { Play } from "./play.js";

/** A browser that is signed in, and what the service told it about who that is. */
export interface Session {
  readonly me: MeAnswer;
  /** The status of asking `/me` once more. */
  ask(): Promise<number>;
}

/** By OIDC. Entra's stand-in lets in whoever the hint names. */
export async function signInAtEntra(play: Play, subject: string): Promise<Session> {
  const browser = createBrowser();
  return sessionOf(play, subject, browser, await browser.visit(`${play.loginUrls.entra}?login_hint=${subject}`));
}

/** A response of Okta's that a browser holds and has not posted yet. */
export interface HeldResponse {
  readonly samlResponse: string;
  /** Posts the form with this response in it, as often as one likes. */
  post(samlResponse: string): Promise<Visit>;
  /** Posts it as it came, and is signed in by that. */
  signIn(): Promise<Session>;
}

/** By SAML: the person fills in Okta's form, and the browser posts to the service what Okta says of them. */
export async function signInAtOkta(play: Play, person: Person): Promise<Session> {
  return (await askOkta(play, person)).signIn();
}

/** The same up to where the response would be posted. */
export async function askOkta(play: Play, { userName }: Person): Promise<HeldResponse> {
  const { loginUrls, acsUrl } = play;
  const browser = createBrowser();
  const form = await browser.visit(`${loginUrls.okta}?login_hint=${encodeURIComponent(userName)}`);
  const credentials = { user: userName, password: OKTA_PASSWORD };
  const held = await browser.submit(form, credentials, { stopBefore: acsUrl });
  const { unsent } = held;
  const samlResponse = unsent?.["SAMLResponse"];
  if (samlResponse === undefined) throw new DemoFailure(`Okta does not let \`${userName}\` in`, exchangedIn(held));
  const from = held.hops.at(-1);
  const post = (said: string): Promise<Visit> => {
    const body = new URLSearchParams({ ...unsent, SAMLResponse: said });
    return browser.visit(acsUrl, { method: "POST", body, ...(from === undefined ? {} : { from }) });
  };
  const signIn = async (): Promise<Session> => sessionOf(play, userName, browser, await post(samlResponse));
  return { samlResponse, post, signIn };
}

async function sessionOf(play: Play, subject: string, browser: Browser, visit: Visit): Promise<Session> {
  const { admin, stage } = play;
  if (visit.status !== 200) {
    const reference = referenceOn(visit);
    const trace = reference === undefined ? visit.text : JSON.stringify(await admin.ask(`/sign-ins/${reference}`));
    throw new DemoFailure(`\`${subject}\` could not sign in`, {
      ...exchangedIn(visit),
      answer: `${visit.status} ${trace}`,
    });
  }
  const ask = (): Promise<Visit> =>
    browser.visit(`${stage.service.url}/me`, { headers: { accept: "application/json" } });
  return { me: JSON.parse((await ask()).text) as MeAnswer, ask: async () => (await ask()).status };
}

/** The page tells the person a reference and nothing else; by that the service tells an admin the rest. */
export async function refusalOf({ admin }: Play, visit: Visit): Promise<SignInAnswer> {
  const reference = referenceOn(visit);
  must(visit.status >= 400 && reference !== undefined, "the sign-in is refused with a reference", exchangedIn(visit));
  return admin.ask<SignInAnswer>(`/sign-ins/${reference}`);
}

function referenceOn({ text }: Visit): string | undefined {
  return /Reference<\/dt><dd><code>([^<]+)/.exec(text)?.[1];
}

function exchangedIn({ url, status, text }: Visit) {
  return { request: url, answer: `${status} ${text}` };
}
