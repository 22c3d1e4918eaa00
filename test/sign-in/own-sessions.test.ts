import { expect } from "chai";
import { type Browser, createBrowser } from "../../demo/clients/browser.js";
import { browserName } from "../../src/protocols/sign-in/browser-name.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";

const CLIENT = "rolecall";
const JSON_ONLY = { accept: "application/json" };

interface Shown {
  readonly id: string;
  readonly current: boolean;
  readonly browser: string | null;
  readonly connection: string;
}

describe("one's own sessions", () => {
  let service: SignInService;
  let op: HostileOp;
  let made = 0;

  before(async () => {
    service = await startSignInService();
    op = await startHostileOp(CLIENT);
    const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
    for (const slug of ["acme", "globex"]) {
      const tenant = await service.addTenant({ slug, name: slug });
      await service.addOidc(tenant, "sso", oidc, { clientSecret: "s" });
    }
  });
  after(async () => {
    await service?.close();
    await op?.close();
  });

  async function signedIn(sub: string, userAgent = "curl/8", tenant = "acme"): Promise<Browser> {
    op.behave({ claims: { sub } });
    const browser = createBrowser();
    const headers = { "user-agent": userAgent };
    const { status, text } = await browser.visit(`${service.url}/sso/${tenant}/sso/login`, { headers });
    expect(status, text).to.equal(200);
    return browser;
  }

  const unique = (name: string): string => {
    made += 1;
    return `${name}-${made}`;
  };
  const sessions = async (browser: Browser): Promise<readonly Shown[]> => {
    const { status, text } = await browser.visit(`${service.url}/me/sessions`, { headers: JSON_ONLY });
    expect(status, text).to.equal(200);
    return JSON.parse(text).items;
  };
  const isAlive = async (browser: Browser) => (await browser.visit(`${service.url}/me`)).status === 200;
  const end = (browser: Browser, which: string, from = `${service.url}/me/sessions`) =>
    browser.visit(`${service.url}/me/sessions/${which}/end`, { method: "POST", from });

  it("are shown, this one and the others, and nobody else's", async () => {
    const sub = unique("ada");
    const mine = await signedIn(sub, "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0");
    await signedIn(sub);
    await signedIn(unique("bob"));
    await signedIn(sub, "curl/8", "globex");
    const shown = await sessions(mine);
    expect(shown.map(({ current, browser, connection }) => [current, browser, connection])).to.deep.equal([
      [true, "Firefox on Windows", "sso"],
      [false, null, "sso"],
    ]);
    const { text } = await mine.visit(`${service.url}/me/sessions`);
    expect(text).to.contain("Firefox on Windows").and.contain("Sign out everywhere else");
    expect(text).not.to.contain(mine.cookie("rolecall_session") ?? "none");
  });

  it("end one by one, by the page's own forms", async () => {
    const sub = unique("ada");
    const [mine, other] = [await signedIn(sub), await signedIn(sub)];
    const shown = await mine.visit(`${service.url}/me/sessions`);
    const after = await mine.submit(shown);
    expect([after.status, after.url]).to.deep.equal([200, `${service.url}/me/sessions`]);
    expect([await isAlive(mine), await isAlive(other)]).to.deep.equal([true, false]);
  });

  it("end everywhere else at once", async () => {
    const sub = unique("ada");
    const [mine, ...others] = [await signedIn(sub), await signedIn(sub), await signedIn(sub)];
    const stranger = await signedIn(unique("bob"));
    if (mine === undefined) throw new Error("nobody");
    expect((await end(mine, "others")).status).to.equal(200);
    expect(await Promise.all(others.map(isAlive))).to.deep.equal([false, false]);
    expect([await isAlive(mine), await isAlive(stranger)]).to.deep.equal([true, true]);
  });

  it("end here, too, and take the cookie along", async () => {
    const mine = await signedIn(unique("ada"));
    const [one] = await sessions(mine);
    expect((await end(mine, one?.id ?? "")).status).to.equal(401);
    expect(mine.cookie("rolecall_session")).to.equal(undefined);
  });

  it("are nobody else's to end", async () => {
    const [mine, other] = [await signedIn(unique("ada")), await signedIn(unique("bob"))];
    const [one] = await sessions(other);
    expect((await end(mine, one?.id ?? "")).status).to.equal(404);
    expect((await end(createBrowser(), one?.id ?? "")).status).to.equal(401);
    expect(await isAlive(other)).to.equal(true);
  });

  it("W-26: are ended by no other site's page", async () => {
    const sub = unique("ada");
    const [mine, other] = [await signedIn(sub), await signedIn(sub)];
    const [one] = await sessions(other);
    const headers = { "sec-fetch-site": "same-site", origin: "https://evil.example" };
    for (const which of [one?.id ?? "", "others"]) {
      const { status } = await mine.visit(`${service.url}/me/sessions/${which}/end`, { method: "POST", headers });
      expect(status).to.equal(403);
    }
    expect(await isAlive(other)).to.equal(true);
  });

  it("W-26: every route that changes something on a cookie's strength refuses other sites; the rest bring their own proof", async () => {
    const { text } = await createBrowser().visit(`${service.url}/openapi.json`, { headers: JSON_ONLY });
    const paths = Object.entries(JSON.parse(text).paths as Readonly<Record<string, object>>);
    const changing = paths
      .filter(([path]) => path.startsWith("/sso") || path.startsWith("/me"))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .filter((route) => !route.startsWith("get "));
    // What an identity provider, or the browser on its behalf, posts: a signed message, and for sign-ins the login's own cookie.
    const signed = /^post \/sso\/\{tenant\}\/\{connection\}\/(acs|slo|backchannel-logout|global-token-revocation)$/;
    const cookied = changing.filter((route) => !signed.test(route));
    expect(cookied).to.include("post /sso/logout").and.to.include("post /me/sessions/{session}/end");
    const mine = await signedIn(unique("ada"));
    for (const route of cookied) {
      const [, path = ""] = route.split(" ");
      const address = `${service.url}${path.replace("{tenant}", "acme").replace("{connection}", "sso").replace("{session}", "others")}`;
      const body = new URLSearchParams({ ticket: "x" });
      const foreign = await mine.visit(address, { method: "POST", body, from: "https://evil.example/" });
      expect(foreign.status, route).to.be.oneOf([401, 403]);
      const headers = { "sec-fetch-site": "cross-site", origin: service.url };
      expect((await mine.visit(address, { method: "POST", body, headers })).status, route).to.equal(403);
    }
    expect(await isAlive(mine)).to.equal(true);
  });
});

describe("what a browser is called", () => {
  const names: readonly [userAgent: string | undefined, name: string | undefined][] = [
    ["Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/128.0 Safari/537.36", "Chrome on Windows"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/128.0 Safari/537.36 Edg/128.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 Version/17.6 Safari/605.1.15",
      "Safari on macOS",
    ],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) Version/17.6 Mobile/15E148 Safari/604.1", "Safari on iOS"],
    [
      "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/128.0 Mobile Safari/537.36",
      "Chrome on Android",
    ],
    ["Firefox/1", "Firefox"],
    ["curl/8.5.0", undefined],
    [`${"x".repeat(600)} Firefox/130.0`, undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [userAgent, name] of names) {
    it(`is ${name} for \`${userAgent?.slice(0, 60)}\``, () => expect(browserName(userAgent)).to.equal(name));
  }
});
