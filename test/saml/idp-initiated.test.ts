/** Sign-ins that begin at the identity provider, over HTTP: what is asked of the person, and what is not taken for one. */
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { createVault } from "../../src/platform/secrets.js";
import { encryptedResponse } from "../support/saml-encryption.js";
import { ACME, BEARER, type ResponseWishes, type SamlMessage, STATUS, samlResponse } from "../support/saml-response.js";
import { SECRET_KEY } from "../support/service.js";
import { EDITORS, FORGED_METADATA, type ForgedHouse, openForgedHouse } from "./forged-provider.js";
import { endOf, publishedKey } from "./saml-house.js";

describe("SML-6, W-28: sign-ins that begin at the identity provider", () => {
  let house: ForgedHouse;

  before(async () => {
    house = await openForgedHouse();
    await house.addTenant("acme", { ...EDITORS, no_match: "deny" });
    const metadataXml = FORGED_METADATA;
    await house.connect("acme", "asked", { metadataXml });
    for (const slug of ["portal", "second", "closing"])
      await house.connect("acme", slug, { metadataXml, allowIdpInitiated: true });
    await house.connect("acme", "anew", { metadataXml, allowIdpInitiated: true, forceAuthn: true });
    await house.connect("acme", "legacy", { metadataXml, allowIdpInitiated: true, legacyCbc: true });
  });
  after(() => house?.close());

  /** What the provider sends to this connection unasked. */
  const wishesFor = (connection: string, wishes: Partial<ResponseWishes> = {}) =>
    house.wishes(null, ["acme", connection], wishes);

  const post = (browser: Browser, message: SamlMessage, connection = "portal") =>
    house.post(browser, message, ["acme", connection], { from: "https://idp.acme.example/portal" });

  const arrive = (browser: Browser, wishes: Partial<ResponseWishes> = {}, connection = "portal") =>
    post(browser, samlResponse(wishesFor(connection, wishes)), connection);

  async function expectNobody(browser: Browser): Promise<void> {
    expect((await house.me(browser)).status).to.equal(401);
  }

  async function expectRefused(visit: Visit, guard: string, browser: Browser): Promise<void> {
    expect(endOf(visit)).to.match(/^40[01] sign_in_(failed|expired)$/);
    expect(await house.guardOf(visit)).to.equal(guard);
    await expectNobody(browser);
  }

  it("are refused unless the connection allows them", async () => {
    const browser = createBrowser();
    await expectRefused(await arrive(browser, {}, "asked"), "in_response_to", browser);
    await house.change("acme", "closing", { allowIdpInitiated: false });
    await expectRefused(await arrive(browser, {}, "closing"), "in_response_to", browser);
  });

  it("W-25: open no session before the person says who they go on as, and then lead to /me, wherever RelayState points", async () => {
    const browser = createBrowser();
    const question = await arrive(browser);
    expect(question.status, question.text).to.equal(200);
    expect(question.text).to.contain(`<button>Continue as ${ACME.nameId}</button>`).and.not.contain("evil.example");
    await expectNobody(browser);
    const page = await browser.submit(question);
    expect(endOf(page)).to.equal("/me");
    expect((await house.me(browser)).teams).to.deep.equal([{ team: "Platform", role: "editor" }]);
  });

  it("leave whoever is signed in signed in until they say so", async () => {
    const browser = createBrowser();
    await browser.submit(await arrive(browser));
    const before = await house.me(browser);
    await arrive(browser, { nameId: "bob@acme.example" });
    expect(await house.me(browser)).to.deep.equal(before);
  });

  it("count once: the same assertion is refused, before the answer to the question and after it", async () => {
    const [first, second] = [createBrowser(), createBrowser()];
    const message = samlResponse(wishesFor("portal"));
    const question = await post(first, message);
    await expectRefused(await post(second, message), "replay", second);
    expect(endOf(await first.submit(question))).to.equal("/me");
    await expectRefused(await post(second, message), "replay", second);
  });

  it("W-25: are not continued twice, by another browser, without a cookie, from another site, or at another connection", async () => {
    const browser = createBrowser();
    const question = await arrive(browser);
    const stranger = createBrowser();
    await expectRefused(await stranger.submit(question), "pending_login", stranger);
    await arrive(stranger);
    await expectRefused(await stranger.submit(question), "pending_login", stranger);
    const elsewhere = { ...question, text: question.text.replace("/portal/continue", "/second/continue") };
    expect(elsewhere.text).not.to.equal(question.text);
    await expectRefused(await browser.submit(elsewhere), "pending_login", browser);
    const bySite = await browser.submit({ ...question, url: "https://evil.example/" });
    expect(endOf(bySite)).to.equal("403 forbidden");
    await expectNobody(browser);
    expect(endOf(await browser.submit(question))).to.equal("/me");
    const again = createBrowser();
    again.setCookie(house.url, "rolecall_login", browser.cookie("rolecall_login") ?? "");
    await expectRefused(await again.submit(question), "pending_login", again);
  });

  it("are not continued with a ticket that nobody sealed, or that is too old", async () => {
    const browser = createBrowser();
    const question = await arrive(browser);
    for (const ticket of ["", "v1.a.b.c", "null", "{}"])
      await expectRefused(await browser.submit(question, { ticket }), "pending_login", browser);
    const sealed = / name="ticket" value="([^"]+)"/.exec(question.text)?.[1] ?? "";
    const vault = createVault(SECRET_KEY);
    const context = "continue acme portal";
    const open = JSON.parse(vault.open(sealed, context));
    const minutes = (Date.parse(open.until) - Date.now()) / 60_000;
    expect(minutes).to.be.within(0, 5);
    const old = vault.seal(JSON.stringify({ ...open, until: new Date(Date.now() - 1).toISOString() }), context);
    await expectRefused(await browser.submit(question, { ticket: old }), "pending_login", browser);
    expect(endOf(await browser.submit(question))).to.equal("/me");
  });

  it("are not continued once the connection allows it no more, or the person is deactivated", async () => {
    const browser = createBrowser();
    await house.change("acme", "closing", { allowIdpInitiated: true });
    const question = await arrive(browser, {}, "closing");
    expect(question.status).to.equal(200);
    await house.change("acme", "closing", { allowIdpInitiated: false });
    expect(endOf(await browser.submit(question))).to.equal("404 not_found");
    const leaving = await arrive(browser, {
      nameId: "leaver@acme.example",
      attributes: [{ name: "groups", values: ACME.groups }],
    });
    await house.deactivate("acme", "leaver@acme.example");
    const refused = await browser.submit(leaving);
    expect(endOf(refused)).to.equal("403 deactivated");
    const { outcome, detail } = await house.traceOf("acme", refused.text);
    expect({ outcome, detail }).to.deep.nested.include({ outcome: "deactivated", "detail.guard": "account" });
    expect(refused.text, "nothing that begins again").not.to.contain("<a ");
    await expectNobody(browser);
  });

  it("ask nobody who is not let in", async () => {
    const browser = createBrowser();
    const refused = await arrive(browser, {
      nameId: "eve@acme.example",
      attributes: [{ name: "groups", values: ["None"] }],
    });
    expect(endOf(refused)).to.equal("403 not_assigned");
  });

  const data = (request: string) =>
    `<saml:SubjectConfirmation Method="${BEARER}"><saml:SubjectConfirmationData InResponseTo="${request}"/></saml:SubjectConfirmation>`;
  const HOSTILE: readonly (readonly [string, Partial<ResponseWishes>, string])[] = [
    ["the Response answers a request", { responseInResponseTo: "_stolen" }, "pending_login"],
    ["the confirmation answers a request", { confirmationInResponseTo: "_stolen" }, "pending_login"],
    ["another confirmation answers a request", { extra: { inSubject: data("_stolen") } }, "pending_login"],
    ["an empty request is named", { responseInResponseTo: "" }, "pending_login"],
    ["it is signed by nobody", { signed: "none" }, "unsigned"],
    ["it is for another audience", { audiences: [["https://other.example"]] }, "audience"],
    ["it is for another address", { recipient: "https://other.example/acs" }, "recipient"],
    ["the provider says no", { status: `${STATUS}Responder`, subStatus: `${STATUS}AuthnFailed` }, "status"],
  ];
  for (const [what, wishes, guard] of HOSTILE)
    it(`are refused where ${what}`, async () => {
      const browser = createBrowser();
      await expectRefused(await arrive(browser, wishes), guard, browser);
    });

  it("are refused where a request is named inside what is encrypted", async () => {
    const to = [{ key: await publishedKey(house.partner("acme", "portal")) }];
    const named = { responseInResponseTo: null, confirmationInResponseTo: "_stolen" };
    const browser = createBrowser();
    const wishes = (more: Partial<ResponseWishes>) => wishesFor("portal", { signed: "both", ...more });
    for (const inside of [named, { extra: { inSubject: data("_stolen") } }])
      await expectRefused(await post(browser, encryptedResponse({ to }, wishes(inside))), "in_response_to", browser);
    expect((await post(browser, encryptedResponse({ to }, wishes({})))).status).to.equal(200);
  });

  it("are not read in CBC without a signature around it, whatever the connection reads where it asked", async () => {
    const to = [{ key: await publishedKey(house.partner("acme", "legacy")) }];
    const browser = createBrowser();
    const message = (signed: "assertion" | "both") =>
      encryptedResponse({ to, cipher: "aes-128-cbc" }, wishesFor("legacy", { signed }));
    await expectRefused(await post(browser, message("assertion"), "legacy"), "algorithm", browser);
    expect((await post(browser, message("both"), "legacy")).status).to.equal(200);
  });

  it("are held to `forceAuthn` by the ten minutes that a sign-in may take", async () => {
    const ago = (minutes: number) => ({ authnInstant: new Date(Date.now() - minutes * 60_000).toISOString() });
    const browser = createBrowser();
    await expectRefused(await arrive(browser, ago(12), "anew"), "authn_statement", browser);
    expect((await arrive(browser, ago(9), "anew")).status).to.equal(200);
  });

  it("take nothing away from sign-ins that begin here", async () => {
    const browser = createBrowser();
    const inResponseTo = await house.begin(browser, ["acme", "portal"]);
    expect(endOf(await arrive(browser, { inResponseTo }))).to.equal("/me");
  });
});
