import { expect } from "chai";
import type { Browser, BrowserContext, Page, Request } from "playwright-core";
import { postPage } from "../../demo/processes/saml-pages.js";
import { type SamlProviderProcess, startSamlProvider } from "../../demo/processes/start-saml-provider.js";
import type { JsonObject } from "../../src/model/json.js";
import { startChromium } from "../support/chromium.js";
import { PASSWORD, type SamlIdpProcess, samlPerson, startSamlIdp, startSamlpProvider } from "../support/saml-idps.js";
import { ACME, samlResponse } from "../support/saml-response.js";
import { idpMetadata, ssoService } from "./idp-metadata.js";
import { openSamlHouse, referenceOn, type SamlHouse, withoutRedirect } from "./saml-house.js";

const TENANT = "acme";
const PATIENCE_MS = 120_000;

const MAPPING: JsonObject = {
  mappings: [
    { group_name: "Eng", team_name: "Platform", role_name: "editor" },
    { group_name: `Größe "XL" & <b>`, team_name: `Umlauts & <b>`, role_name: "viewer" },
  ],
};

describe("signing in through SAML in a real browser", function () {
  this.timeout(PATIENCE_MS);
  let chromium: Browser;
  let house: SamlHouse;
  /** Of another site than the service: `localhost` and `127.0.0.1` are two. */
  let elsewhere: SamlProviderProcess;
  let samlp: SamlProviderProcess;
  let samlIdp: SamlIdpProcess;
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];

  before(async () => {
    chromium = await startChromium();
    house = await openSamlHouse();
    await house.addTenant(TENANT, MAPPING);
    const accounts = { ada: samlPerson("ada", { groups: ["Eng", `Größe "XL" & <b>`] }), mallory: null };
    const partner = (slug: string) => house.partner(TENANT, slug);
    // Each is kept as soon as it is there, so that it is stopped even if another one fails to start.
    await Promise.all([
      startSamlProvider({ host: "localhost", accounts, serviceProviders: [partner("elsewhere")] }).then((started) => {
        elsewhere = started;
      }),
      startSamlpProvider({ accounts, serviceProviders: [partner("samlp")] }).then((started) => {
        samlp = started;
      }),
      startSamlIdp(partner("saml-idp").acsUrl).then((started) => {
        samlIdp = started;
      }),
    ]);
    await house.connect(TENANT, "elsewhere", { metadataXml: elsewhere.metadataXml });
    await house.connect(TENANT, "saml-idp", { metadataXml: samlIdp.metadataXml });
    const tile = idpMetadata({ entityId: ACME.idp, services: ssoService("https://idp.acme.example/sso") });
    await house.connect(TENANT, "tile", { metadataXml: tile, allowIdpInitiated: true });
    await house.connect(TENANT, "samlp", { metadataXml: withoutRedirect(samlp.metadataXml) });
  });
  after(async () => {
    await chromium?.close();
    await Promise.all([elsewhere?.stop(), samlp?.stop(), samlIdp?.stop()]);
    await house?.close();
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(complaints.splice(0), "what the browser complained of on our pages").to.deep.equal([]);
  });

  /** A page of a browser that knows nobody yet. It reaches this machine alone. */
  async function newPage(): Promise<Page> {
    const context = await chromium.newContext();
    contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    await context.route(
      ({ hostname }) => hostname !== "127.0.0.1" && hostname !== "localhost",
      (route) => route.abort(),
    );
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // That a page is a refusal is said by its status, of which browsers complain too.
      const isStatus = /the server responded with a status of 40[013]/.test(message.text());
      const isOurs = message.location().url.startsWith(house.url);
      if (message.type() === "error" && isOurs && !isStatus) complaints.push(message.text());
    });
    return page;
  }

  /** Every request to our ACS, as it is made. */
  function postsOf(page: Page, connection: string): Request[] {
    const { acsUrl } = house.partner(TENANT, connection);
    const posts: Request[] = [];
    page.on("request", (request) => {
      if (request.url() === acsUrl) posts.push(request);
    });
    return posts;
  }

  async function fillIn(page: Page, user: string): Promise<void> {
    await page.getByLabel("User name").fill(user);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function rowsOf(page: Page): Promise<readonly (readonly string[])[]> {
    await page.waitForURL(`${house.url}/me`);
    const rows = await page.getByRole("row").all();
    const cells = await Promise.all(rows.map((row) => row.getByRole("cell").allTextContents()));
    return cells.filter((texts) => texts.length > 0);
  }

  async function expectRefused(page: Page, code: string): Promise<string> {
    await page.getByRole("heading", { name: "Sign-in refused" }).waitFor();
    expect(await page.getByRole("definition").first().textContent()).to.equal(code);
    const text = await page.content();
    expect(referenceOn(text)).not.to.equal("no reference");
    return text;
  }

  const ADA = [
    ["Platform", "editor", "you are in group `Eng`"],
    ["Umlauts & <b>", "viewer", 'you are in group `Größe "XL" & <b>`'],
  ];

  it("lets a person in through the form of saml-idp", async () => {
    await samlIdp.answer({ ...house.partner(TENANT, "saml-idp"), signs: "both" });
    await samlIdp.setPerson({
      userName: "grace",
      nameIdFormat: "unspecified",
      email: "grace@acme.example",
      groups: "Eng",
    });
    const page = await newPage();
    await page.goto(house.loginUrl(TENANT, "saml-idp"));
    await page.locator("#btn-sign-in").click();
    expect(await rowsOf(page)).to.deep.equal([["Platform", "editor", "you are in group `Eng`"]]);
    expect(await page.locator("main").textContent()).to.contain("as grace (grace@acme.example)");
  });

  it("W-25: lets a person in from another site, whose post comes without our cookie", async () => {
    const page = await newPage();
    const posts = postsOf(page, "elsewhere");
    await page.goto(house.loginUrl(TENANT, "elsewhere"));
    await fillIn(page, "ada");
    expect(await rowsOf(page)).to.deep.equal(ADA);
    const told = await Promise.all(
      posts.map(async (post) => [await post.headerValue("origin"), (await post.headerValue("cookie")) !== null]),
    );
    expect(told).to.deep.equal([
      [new URL(elsewhere.metadataUrl).origin, false],
      [house.url, true],
    ]);
  });

  it("W-28: asks whoever comes from a page of their provider whom they go on as, and lets nobody in before", async () => {
    const { entityId, acsUrl } = house.partner(TENANT, "tile");
    const { base64 } = samlResponse({
      ...{ inResponseTo: null, destination: acsUrl, recipient: acsUrl, audiences: [[entityId]] },
      attributes: [{ name: "groups", values: ["Eng"] }],
    });
    const page = await newPage();
    const portal = `${new URL(elsewhere.metadataUrl).origin}/portal`;
    const body = postPage(acsUrl, { SAMLResponse: base64, RelayState: "https://evil.example/" });
    await page.route(portal, (route) => route.fulfill({ contentType: "text/html", body }));
    await page.goto(portal);
    const button = page.getByRole("button", { name: `Continue as ${ACME.nameId}` });
    await button.waitFor();
    const other = await page.context().newPage();
    expect((await other.goto(`${house.url}/me`))?.status()).to.equal(401);
    await button.click();
    expect(await rowsOf(page)).to.deep.equal([["Platform", "editor", "you are in group `Eng`"]]);
  });

  it("lets a person in after a request by POST, and out again", async () => {
    const page = await newPage();
    const requests: string[] = [];
    page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await page.goto(house.loginUrl(TENANT, "samlp"));
    await fillIn(page, "ada");
    expect(await rowsOf(page)).to.deep.equal(ADA);
    expect(requests).to.include("POST /sso").and.not.to.include("GET /sso");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect((await page.goto(`${house.url}/me`))?.status()).to.equal(401);
  });

  for (const binding of ["redirect", "post"]) {
    it(`W-29: signs out who leaves their provider, from a hidden frame of the provider's page (${binding})`, async () => {
      const page = await newPage();
      await page.goto(house.loginUrl(TENANT, "elsewhere"));
      await fillIn(page, "ada");
      expect(await rowsOf(page)).to.deep.equal(ADA);
      const { origin } = new URL(elsewhere.metadataUrl);
      await page.goto(`${origin}/a-page-of-its-own`);
      await page.locator("body").evaluate((element, src) => {
        const frame = Object.assign(element.ownerDocument.createElement("iframe"), { src, hidden: true });
        element.append(frame);
      }, `/logout?user=ada&binding=${binding}`);
      const answered = page.frameLocator("iframe").getByText("You are signed out: everywhere.");
      await answered.waitFor({ state: "attached" });
      expect((await page.goto(`${house.url}/me`))?.status()).to.equal(401);
    });
  }

  it("W-29: signs out at the provider too who signs out here", async () => {
    const page = await newPage();
    await page.goto(house.loginUrl(TENANT, "elsewhere"));
    await fillIn(page, "ada");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Your identity provider has signed you out too.").waitFor();
  });

  it("shows who is refused a code and a reference, by which an admin learns the rest", async () => {
    const page = await newPage();
    await page.goto(house.loginUrl(TENANT, "elsewhere"));
    await fillIn(page, "mallory");
    const text = await expectRefused(page, "sign_in_failed");
    expect(text).not.to.contain("RequestDenied");
    expect(JSON.stringify(await house.traceOf(TENANT, text))).to.contain("RequestDenied");
    expect((await page.goto(`${house.url}/me`))?.status()).to.equal(401);
  });

  it("W-25: lets nobody in with a response that was stolen from somebody else", async () => {
    const { acsUrl } = house.partner(TENANT, "elsewhere");
    const owner = await newPage();
    await owner.route(acsUrl, (route) => route.abort());
    const posted = owner.waitForRequest(acsUrl);
    await owner.goto(house.loginUrl(TENANT, "elsewhere"));
    await fillIn(owner, "ada");
    const stolen = Object.fromEntries(new URLSearchParams((await posted).postData() ?? ""));
    expect(stolen).to.have.property("SAMLResponse");

    const victim = await newPage();
    await victim.goto(house.loginUrl(TENANT, "elsewhere"));
    const trap = `${new URL(elsewhere.metadataUrl).origin}/trap`;
    await victim.route(trap, (route) => route.fulfill({ contentType: "text/html", body: postPage(acsUrl, stolen) }));
    await victim.goto(trap);
    await expectRefused(victim, "sign_in_expired");
    expect((await victim.goto(`${house.url}/me`))?.status()).to.equal(401);
  });
});
