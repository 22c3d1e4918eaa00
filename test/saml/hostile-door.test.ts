/** What the verifier alone cannot know: the door's part in each guard, with responses that the provider really signed. */
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type { JsonObject } from "../../src/model/json.js";
import { ACME, type ResponseWishes, type SamlMessage } from "../support/saml-response.js";
import { evil } from "./forge.js";
import { type Door, EDITORS, FORGED_METADATA, type ForgedHouse, openForgedHouse } from "./forged-provider.js";
import { codeOn, endOf, referenceOn } from "./saml-house.js";

/** Two tenants that use one and the same identity provider, and two connections of the first. */
const ACME_OKTA: Door = ["acme", "okta"];
const ACME_SECOND: Door = ["acme", "second"];
const GLOBEX_OKTA: Door = ["globex", "okta"];
const DOORS = [ACME_OKTA, ACME_SECOND, GLOBEX_OKTA];

describe("hostile responses at the SAML door", () => {
  let house: ForgedHouse;

  before(async () => {
    house = await openForgedHouse();
    for (const tenant of ["acme", "globex"]) await house.addTenant(tenant, EDITORS);
    for (const [tenant, slug] of DOORS) await house.connect(tenant, slug, { metadataXml: FORGED_METADATA });
  });
  after(() => house?.close());

  const begin = (browser: Browser, door: Door = ACME_OKTA) => house.begin(browser, door);
  const answerTo = (request: string | null, door: Door = ACME_OKTA, wishes: Partial<ResponseWishes> = {}) =>
    house.answer(request, door, wishes);
  const post = (browser: Browser, base64: string, door: Door = ACME_OKTA) => house.post(browser, { base64 }, door);
  const guardOf = (visit: Visit, tenant = "acme") => house.guardOf(visit, tenant);

  async function signIn(
    browser: Browser,
    door: Door = ACME_OKTA,
    wishes: Partial<ResponseWishes> = {},
  ): Promise<Visit> {
    return post(browser, answerTo(await begin(browser, door), door, wishes).base64, door);
  }

  async function expectNobody(browser: Browser): Promise<void> {
    expect((await house.me(browser)).status).to.equal(401);
  }

  it("let a person in who is answered honestly, wherever RelayState points", async () => {
    for (const door of DOORS) {
      const browser = createBrowser();
      expect(endOf(await signIn(browser, door))).to.equal("/me");
      expect((await house.me(browser)).teams).to.deep.equal([{ team: "Platform", role: "editor" }]);
    }
  });

  it("SML-11: refuse an assertion whose ID came before, signed anew for another request", async () => {
    const once = { responseId: "_once", assertionId: "_once-1" };
    expect(endOf(await signIn(createBrowser(), ACME_OKTA, once))).to.equal("/me");
    const browser = createBrowser();
    const again = await signIn(browser, ACME_OKTA, once);
    expect(endOf(again)).to.equal("401 sign_in_failed");
    expect(await guardOf(again)).to.equal("replay");
    await expectNobody(browser);
  });

  it("SML-11: an ID that came to one connection is another one's own", async () => {
    const once = { responseId: "_shared", assertionId: "_shared-1" };
    for (const door of DOORS) expect(endOf(await signIn(createBrowser(), door, once))).to.equal("/me");
  });

  it("SML-11: refuse the same post a second time, with the same login and with a new one", async () => {
    const browser = createBrowser();
    const { base64 } = answerTo(await begin(browser));
    expect(endOf(await post(browser, base64))).to.equal("/me");
    const thief = createBrowser();
    await begin(thief);
    for (const again of [browser, thief]) {
      const visit = await post(again, base64);
      expect(await guardOf(visit)).to.equal("pending_login");
    }
    await expectNobody(thief);
  });

  it("SML-6: refuse a response that nobody asked for", async () => {
    const browser = createBrowser();
    await begin(browser);
    const visit = await post(browser, answerTo(null).base64);
    expect(await guardOf(visit)).to.equal("in_response_to");
    await expectNobody(browser);
  });

  it("SML-6, W-25, W-30: refuse the answer to a request of another browser, tenant or connection", async () => {
    const mallory = createBrowser();
    for (const door of DOORS) {
      const request = await begin(mallory, door);
      const victim = createBrowser();
      await begin(victim);
      const visit = await post(victim, answerTo(request).base64);
      expect(await guardOf(visit)).to.equal("pending_login");
      await expectNobody(victim);
    }
  });

  it("refuse an answer once anything else was tried on its request", async () => {
    const browser = createBrowser();
    const request = await begin(browser);
    const good = answerTo(request);
    expect(await guardOf(await post(browser, good.altered((xml) => evil(xml)).base64))).to.equal("signature");
    expect(await guardOf(await post(browser, good.base64))).to.equal("pending_login");
    await expectNobody(browser);
  });

  const misdirected: readonly (readonly [said: Door, given: Door])[] = [
    [ACME_OKTA, ACME_SECOND],
    [ACME_OKTA, GLOBEX_OKTA],
    [GLOBEX_OKTA, ACME_OKTA],
  ];
  for (const [said, given] of misdirected) {
    it(`SML-8, W-30: refuse at ${given.join("/")} what the provider said for ${said.join("/")}`, async () => {
      const browser = createBrowser();
      const elsewhere = answerTo(await begin(browser, given), said);
      const visit = await post(browser, elsewhere.base64, given);
      expect(await guardOf(visit, given[0])).to.equal("destination");
      await expectNobody(browser);
    });

    it(`SML-7, W-30: refuse at ${given.join("/")} what names ${said.join("/")} as its audience`, async () => {
      const browser = createBrowser();
      const audiences = [[house.partner(...said).entityId]];
      const elsewhere = answerTo(await begin(browser, given), given, { audiences });
      const visit = await post(browser, elsewhere.base64, given);
      expect(await guardOf(visit, given[0])).to.equal("audience");
      await expectNobody(browser);
    });
  }

  it("SML-13: keep a session no longer than the provider's own (SessionNotOnOrAfter)", async () => {
    const browser = createBrowser();
    const { base64 } = answerTo(await begin(browser), ACME_OKTA, { sessionNotOnOrAfter: inMinutes(20) });
    const { acsUrl } = house.partner(...ACME_OKTA);
    const body = new URLSearchParams({ SAMLResponse: base64 });
    const { headers } = await browser.visit(acsUrl, { method: "POST", body, stopBefore: `${house.url}/me` });
    const cookie = headers.getSetCookie().find((line) => line.startsWith("rolecall_session="));
    expect(Number(/; Max-Age=(\d+);/.exec(cookie ?? "")?.[1])).to.be.within(1, 20 * 60);
    expect((await house.me(browser)).status).to.equal(200);
  });

  describe("SML-27: Redirect binding for Response", () => {
    it("take no response from an address", async () => {
      const browser = createBrowser();
      const { base64 } = answerTo(await begin(browser));
      const { acsUrl } = house.partner(...ACME_OKTA);
      const visit = await browser.visit(`${acsUrl}?${new URLSearchParams({ SAMLResponse: base64 })}`);
      expect(visit.status).to.be.oneOf([404, 405]);
      await expectNobody(browser);
    });

    it("take no response from the address of a post", async () => {
      const browser = createBrowser();
      const { base64 } = answerTo(await begin(browser));
      const { acsUrl } = house.partner(...ACME_OKTA);
      const visit = await browser.visit(`${acsUrl}?${new URLSearchParams({ SAMLResponse: base64 })}`, {
        method: "POST",
        body: new URLSearchParams(),
      });
      expect(visit.status).to.be.within(400, 499);
      await expectNobody(browser);
    });

    it("do not take a signature beside an unsigned response for one (SimpleSign)", async () => {
      const browser = createBrowser();
      const { base64 } = answerTo(await begin(browser), ACME_OKTA, { signed: "none" });
      const body = new URLSearchParams({ SAMLResponse: base64, SigAlg: "urn:x", Signature: "AAAA" });
      const visit = await browser.visit(house.partner(...ACME_OKTA).acsUrl, { method: "POST", body });
      expect(await guardOf(visit)).to.equal("unsigned");
      await expectNobody(browser);
    });
  });

  describe("forms of another kind", () => {
    const bodies: readonly (readonly [string, string | undefined, (base64: string) => string])[] = [
      ["JSON", "application/json", (base64) => JSON.stringify({ SAMLResponse: base64 })],
      ["XML", "text/xml", (base64) => Buffer.from(base64, "base64").toString("utf8")],
      ["plain text", "text/plain", (base64) => `SAMLResponse=${encodeURIComponent(base64)}`],
      ["two responses", undefined, (base64) => `SAMLResponse=${encodeURIComponent(base64)}&SAMLResponse=PGEvPg%3D%3D`],
      [
        "two responses, the good one last",
        undefined,
        (base64) => `SAMLResponse=PGEvPg%3D%3D&SAMLResponse=${encodeURIComponent(base64)}`,
      ],
      ["an artifact", undefined, () => "SAMLart=AAQAAA"],
      ["a request", undefined, () => "SAMLRequest=PGEvPg%3D%3D"],
      ["another letter case", undefined, (base64) => `samlresponse=${encodeURIComponent(base64)}`],
    ];
    for (const [what, type = "application/x-www-form-urlencoded", bodyOf] of bodies) {
      it(`let nobody in: ${what}`, async () => {
        const browser = createBrowser();
        const { base64 } = answerTo(await begin(browser));
        const { acsUrl } = house.partner(...ACME_OKTA);
        const visit = await browser.visit(acsUrl, {
          method: "POST",
          body: bodyOf(base64),
          headers: { "content-type": type },
        });
        expect(visit.status).to.be.within(400, 499);
        await expectNobody(browser);
      });
    }

    it("let nobody in: more than anybody sends", async () => {
      const browser = createBrowser();
      await begin(browser);
      const visit = await post(browser, "PGEvPg==".repeat(200_000));
      expect([visit.status, codeOn(visit.text)]).to.deep.equal([401, "sign_in_failed"]);
    });
  });

  it("SML-25, W-34: say one and the same to the browser, whichever guard refused", async () => {
    const changes: readonly ((good: SamlMessage) => SamlMessage)[] = [
      (good) => good.with({ signed: "none" }),
      (good) => good.altered((xml) => evil(xml)),
      (good) => good.with({ audiences: [["https://other.example"]] }),
      (good) => good.with({ issuer: "https://idp.evil.example" }),
      (good) => good.with({ nameId: "" }),
      (good) => good.altered((xml) => xml.replace("<samlp:Status>", "<!-- --><samlp:Status>")),
      (good) => good.altered((xml) => `${xml}<`),
    ];
    const pages = [];
    for (const change of changes) {
      const browser = createBrowser();
      const { status, text } = await post(browser, change(answerTo(await begin(browser))).base64);
      expect(codeOn(text)).to.equal("sign_in_failed");
      pages.push(`${status} ${text.replaceAll(referenceOn(text), "REFERENCE")}`);
    }
    expect(new Set(pages).size).to.equal(1);
    expect(pages[0]).not.to.match(/signature|audience|issuer|xml|anna|evil/i);
  });

  it("leave little behind, however much a stranger sends", async () => {
    const browser = createBrowser();
    const attributes = Array.from({ length: 30 }, (_, n) => ({
      name: `a${n}`,
      values: Array<string>(200).fill(""),
      type: null,
    }));
    const visit = await post(browser, answerTo("_nobody-asked", ACME_OKTA, { signed: "none", attributes }).base64);
    expect(await guardOf(visit)).to.equal("pending_login");
    const trace = JSON.stringify(await house.traceOf("acme", visit.text));
    expect(trace.length).to.be.below(32_768);
    expect(trace, "attributes of a stranger").not.to.contain(`"a7"`);
  });

  describe("tell an admin what came, and not who it was about:", () => {
    const attributes = [
      { name: "groups", values: ["Strangers"] },
      { name: "firstName", values: ["Wilhelmina"] },
    ];

    it("from a response that a guard refused", async () => {
      const browser = createBrowser();
      const wishes = { attributes, audiences: [["https://other.example"]] };
      const { detail } = await house.traceOf("acme", (await signIn(browser, ACME_OKTA, wishes)).text);
      const { guard, received } = detail as JsonObject;
      expect(guard).to.equal("audience");
      expect(JSON.stringify(received)).to.contain("Strangers").and.to.contain("firstName");
      expect(JSON.stringify(detail)).not.to.contain("Wilhelmina").and.not.to.contain(ACME.nameId);
    });

    it("from one that was true of somebody whom no rule lets in", async () => {
      const stranger = { attributes, nameId: "wilhelmina@acme.example" };
      const { detail } = await house.traceOf("acme", (await signIn(createBrowser(), ACME_OKTA, stranger)).text);
      const { guard, message } = detail as JsonObject;
      expect(guard).to.equal("no_match");
      expect(JSON.stringify(message)).to.contain("Strangers").and.to.contain("firstName");
      expect(JSON.stringify(message)).not.to.match(/wilhelmina/i);
    });
  });

  it("let nobody in by a connection that has ended, not even whose sign-in was under way", async () => {
    const ended: Door = ["acme", "ended"];
    await house.connect(...ended, {
      metadataXml: FORGED_METADATA,
      mayGrantOwner: false,
    });
    const browser = createBrowser();
    const answer = answerTo(await begin(browser, ended), ended);
    await house.disconnect(...ended);
    expect((await post(browser, answer.base64, ended)).status).to.equal(404);
    for (const address of [house.loginUrl(...ended), house.partner(...ended).entityId])
      expect((await browser.visit(address)).status).to.equal(404);
    await expectNobody(browser);
  });
});

function inMinutes(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString();
}
