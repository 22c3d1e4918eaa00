import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type { JsonObject } from "../../src/model/json.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";

const CLIENT = "rolecall";

describe("signing out through OpenID Connect", () => {
  let service: SignInService;
  let op: HostileOp;
  let made = 0;

  beforeEach(async () => {
    service = await startSignInService();
    op = await startHostileOp(CLIENT);
    const acme = await service.addTenant({ slug: "acme", name: "Acme" });
    const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
    await service.addOidc(acme, "sso", oidc, { clientSecret: "a client secret" });
    await service.addOidc(acme, "here", { ...oidc, singleLogout: false }, { clientSecret: "a client secret" });
    await service.addOidc(acme, "okta", oidc, { clientSecret: "a client secret", profile: "okta" });
  });
  afterEach(async () => {
    await service?.close();
    await op?.close();
  });

  async function signedIn(metadata: JsonObject, claims: JsonObject = {}, connection = "sso"): Promise<Browser> {
    made += 1;
    op.behave({ metadata, claims: { sub: `s${made}`, ...claims } });
    const browser = createBrowser();
    const { status, text } = await browser.visit(`${service.url}/sso/acme/${connection}/login`);
    expect(status, text).to.equal(200);
    return browser;
  }

  const signOut = (browser: Browser, headers: Readonly<Record<string, string>> = {}): Promise<Visit> =>
    browser.visit(`${service.url}/sso/logout`, {
      method: "POST",
      from: `${service.url}/me`,
      stopBefore: op.issuer,
      headers,
    });

  const isAlive = async (browser: Browser) => (await browser.visit(`${service.url}/me`)).status === 200;

  it("OP-21: ends the own session, then sends the browser on to the provider with the registered address and no secret", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end?realm=x` }, { sid: "the sid" });
    const { url } = await signOut(browser);
    const { origin, pathname, searchParams } = new URL(url);
    expect(origin + pathname).to.equal(`${op.issuer}/end`);
    expect(Object.fromEntries(searchParams)).to.deep.equal({
      realm: "x",
      client_id: CLIENT,
      post_logout_redirect_uri: `${service.url}/sso/acme`,
      state: "signed_out",
      logout_hint: "the sid",
    });
    expect(await isAlive(browser)).to.equal(false);
    expect(browser.cookie("rolecall_session")).to.equal(undefined);
  });

  it("is told where the provider sends the browser back, instead of being signed in again", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` });
    await signOut(browser);
    const back = await browser.visit(`${service.url}/sso/acme?state=signed_out`);
    expect([back.status, back.hops.length]).to.deep.equal([200, 1]);
    expect(back.text).to.contain("You are signed out");
  });

  it("is told so by nobody who is still signed in", async () => {
    const browser = await signedIn({});
    const visit = await browser.visit(`${service.url}/sso/acme?state=signed_out`, {
      stopBefore: `${service.url}/sso/acme/sso`,
    });
    expect(visit.text).not.to.contain("signed out");
  });

  for (const endpoint of [undefined, "javascript:alert(1)", "not an address", 7]) {
    it(`ends here where the provider's place for it is ${endpoint}`, async () => {
      const browser = await signedIn(endpoint === undefined ? {} : { end_session_endpoint: endpoint });
      const { status, text, url } = await signOut(browser);
      expect([status, url]).to.deep.equal([200, `${service.url}/sso/logout`]);
      expect(text).to.contain("may still know you");
      expect(await isAlive(browser)).to.equal(false);
    });
  }

  for (const [connection, because] of [
    ["okta", "the provider would show an error without the ID token, as Okta does"],
    ["here", "the connection says so"],
  ] as const) {
    it(`ends here where ${because}`, async () => {
      const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` }, {}, connection);
      const { status, text, url } = await signOut(browser);
      expect([status, url]).to.deep.equal([200, `${service.url}/sso/logout`]);
      expect(text).to.contain("may still know you");
      expect(await isAlive(browser)).to.equal(false);
    });
  }

  it("answers a program without sending it anywhere", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` });
    expect((await signOut(browser, { accept: "application/json" })).status).to.equal(204);
    expect(await isAlive(browser)).to.equal(false);
  });

  it("W-26: is done by no other site's page", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` });
    const foreign = await browser.visit(`${service.url}/sso/logout`, { method: "POST", from: "https://evil.example/" });
    expect(foreign.status).to.equal(403);
    expect(await isAlive(browser)).to.equal(true);
  });
});
