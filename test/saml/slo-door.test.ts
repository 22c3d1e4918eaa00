/** Single logout over real HTTP: the provider's messages at the door, and the messages that leave it. */
import { verify, X509Certificate } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { LOGOUT_CAPS } from "../../src/protocols/saml/prescan.js";
import { keysOf, signedElement } from "../../src/protocols/saml/signature.js";
import { logoutShape } from "../../src/protocols/saml/slo-shape.js";
import { attributeOf, childrenOf, elementsIn, parseXml, type XmlElement } from "../../src/protocols/saml/xml.js";
import { encryptedElement, othersKey } from "../support/saml-encryption.js";
import { attackerKey } from "../support/saml-keys.js";
import { type LogoutText, type LogoutWishes, logoutMessage } from "../support/saml-logout.js";
import { ACME, NAME_ID, type ResponseWishes, SAML, SAMLP, STATUS, samlResponse } from "../support/saml-response.js";
import { idpMetadata, sloService, ssoService } from "./idp-metadata.js";
import { codeOn, endOf, openSamlHouse, type SamlHouse } from "./saml-house.js";

const IDP = "https://idp.acme.example";
const MAPPING = { mappings: [{ group_name: ACME.groups[0], team_name: "Platform", role_name: "editor" }] };
type Door = readonly [tenant: string, connection: string];

const ACME_OKTA: Door = ["acme", "okta"];
const ACME_SECOND: Door = ["acme", "second"];
const GLOBEX_OKTA: Door = ["globex", "okta"];
const BOTH = sloService(`${IDP}/slo`, "HTTP-Redirect", `${IDP}/done?a=1`) + sloService(`${IDP}/slo-post`, "HTTP-POST");
/** What logout addresses each connection's provider has. */
const CONNECTIONS: readonly (readonly [Door, services: string])[] = [
  [ACME_OKTA, BOTH],
  [ACME_SECOND, BOTH],
  [GLOBEX_OKTA, BOTH],
  [["acme", "posting"], sloService(`${IDP}/slo-post`, "HTTP-POST", `${IDP}/done-post`)],
  [["acme", "without"], ""],
  [["acme", "switched-off"], BOTH],
];
const WAYS = ["redirect", "post"] as const;

describe("single logout", () => {
  let house: SamlHouse;
  let count = 0;

  before(async () => {
    house = await openSamlHouse();
    for (const tenant of ["acme", "globex"]) await house.addTenant(tenant, MAPPING);
    for (const [[tenant, slug], services] of CONNECTIONS) {
      const metadataXml = idpMetadata({ entityId: ACME.idp, services: services + ssoService(`${IDP}/sso`) });
      await house.connect(tenant, slug, { metadataXml, ...(slug === "switched-off" && { singleLogout: false }) });
    }
  });
  after(() => house?.close());

  const sloUrl = ([tenant, connection]: Door): string =>
    house.partner(tenant, connection).acsUrl.replace(/acs$/, "slo");

  interface SignedIn {
    readonly browser: Browser;
    readonly nameId: string;
    readonly sessionIndex: string;
  }
  type Wishes = Partial<ResponseWishes> & { readonly sessionIndex?: string };

  /** Somebody nobody has seen yet, in a browser of their own. */
  async function signedIn(door: Door, wishes: Wishes = {}): Promise<SignedIn> {
    const { arrive, ...person } = await underWay(door, wishes);
    expect(await arrive()).to.equal("/me");
    return person;
  }

  /** The same as far as the provider's answer, which its browser has still to bring. */
  async function underWay(
    door: Door,
    wishes: Wishes = {},
  ): Promise<SignedIn & { readonly arrive: () => Promise<string>; readonly visit: () => Promise<Visit> }> {
    const browser = createBrowser();
    const { url } = await browser.visit(house.loginUrl(...door), { stopBefore: IDP });
    const inResponseTo = /ID="([^"]+)"/.exec(inflated(new URL(url).searchParams.get("SAMLRequest")))?.[1] ?? "";
    const { entityId, acsUrl } = house.partner(...door);
    count += 1;
    const said = {
      ...{ responseId: `_r${count}`, assertionId: `_a${count}`, inResponseTo, destination: acsUrl, recipient: acsUrl },
      ...{ audiences: [[entityId]], nameId: `person-${count}@acme.example`, sessionIndex: `_s${count}` },
      ...{ attributes: [{ name: "groups", values: [ACME.groups[0]] }], ...wishes },
    };
    const { base64 } = samlResponse(said);
    const body = new URLSearchParams({ SAMLResponse: base64 });
    const visit = () => browser.visit(acsUrl, { method: "POST", body });
    const arrive = async () => endOf(await visit());
    return { browser, nameId: said.nameId, sessionIndex: said.sessionIndex, arrive, visit };
  }

  async function isIn(browser: Browser): Promise<boolean> {
    return (await house.me(browser)).status === 200;
  }

  function request(door: Door, wishes: Partial<LogoutWishes>): LogoutText {
    count += 1;
    return logoutMessage({ id: `_l${count}`, destination: sloUrl(door), ...wishes });
  }

  /** Brought by a browser that has no cookie of ours, as in a frame of another site. */
  function bring(
    door: Door,
    text: LogoutText,
    way: (typeof WAYS)[number],
    relayState?: string,
    browser = createBrowser(),
  ): Promise<Visit> {
    const options = { from: `${IDP}/logout`, stopBefore: IDP };
    if (way === "redirect") {
      const query = text.query({ escaping: asBrowsers, ...(relayState !== undefined && { relayState }) });
      return browser.visit(`${sloUrl(door)}?${query}`, options);
    }
    return browser.visit(sloUrl(door), {
      ...options,
      method: "POST",
      body: new URLSearchParams(text.posted(relayState)),
    });
  }

  async function certificatesOf([tenant, connection]: Door): Promise<readonly string[]> {
    const { text } = await createBrowser().visit(house.partner(tenant, connection).entityId);
    return Array.from(text.matchAll(/use="signing">.*?X509Certificate>([^<]+)</gs), ([, one]) => one ?? "");
  }

  /** What left for the provider, once the connection's published key was found to have signed it. */
  async function sent(door: Door, { url, unsent }: Visit, kind: "LogoutRequest" | "LogoutResponse") {
    const [certificate = ""] = await certificatesOf(door);
    const field = kind === "LogoutRequest" ? "SAMLRequest" : "SAMLResponse";
    if (unsent !== undefined) {
      const xml = Buffer.from(unsent[field] ?? "", "base64").toString("utf8");
      const { root, id, signature } = logoutShape(parseXml(xml, LOGOUT_CAPS), kind);
      if (signature === undefined) throw new Error("what was sent is not signed");
      const signed = signedElement({ element: root, id, signature }, keysOf([certificate]));
      return { to: url, root: signed, relayState: unsent["RelayState"] };
    }
    const octets = url.slice(url.indexOf(`${field}=`), url.indexOf("&Signature="));
    const query = new URL(url).searchParams;
    const { publicKey } = new X509Certificate(Buffer.from(certificate, "base64"));
    const signature = Buffer.from(query.get("Signature") ?? "", "base64");
    expect(verify("sha256", Buffer.from(octets), publicKey, signature), "the signature").to.equal(true);
    const { root } = logoutShape(parseXml(inflated(query.get(field)), LOGOUT_CAPS), kind);
    return { to: url.slice(0, url.indexOf(field) - 1), root, relayState: query.get("RelayState") ?? undefined };
  }

  function statusIn(root: XmlElement): string | undefined {
    const code = [...elementsIn(root)].find(({ name }) => name === "StatusCode");
    return code && attributeOf(code, "Value");
  }

  async function expectSuccess(door: Door, text: LogoutText, visit: Visit): Promise<void> {
    const { root } = await sent(door, visit, "LogoutResponse");
    expect([attributeOf(root, "InResponseTo"), statusIn(root)]).to.deep.equal([text.id, `${STATUS}Success`]);
  }

  describe("that the provider begins", () => {
    for (const way of WAYS) {
      it(`W-29: ends the named session without any cookie of it, and answers signed, to where answers go (${way})`, async () => {
        const { browser, nameId, sessionIndex } = await signedIn(ACME_OKTA);
        const text = request(ACME_OKTA, { nameId, sessionIndexes: [sessionIndex] });
        const relayState = `state ä'&="${"x".repeat(60)}`;
        const visit = await bring(ACME_OKTA, text, way, relayState);
        const answer = await sent(ACME_OKTA, visit, "LogoutResponse");
        const to = way === "redirect" ? `${IDP}/done?a=1` : `${IDP}/slo-post`;
        expect([answer.to, answer.relayState]).to.deep.equal([to, relayState]);
        expect(attributeOf(answer.root, "Destination")).to.equal(to);
        expect(childrenOf(answer.root, SAML, "Issuer")[0]?.text).to.equal(house.partner(...ACME_OKTA).entityId);
        await expectSuccess(ACME_OKTA, text, visit);
        expect(await isIn(browser)).to.equal(false);
      });

      it(`W-29: ends that session of several, or all of the person's without a SessionIndex (${way})`, async () => {
        const one = await signedIn(ACME_OKTA);
        const { nameId } = one;
        const [two, three] = [await signedIn(ACME_OKTA, { nameId }), await signedIn(ACME_OKTA, { nameId })];
        const inside = () => Promise.all([one, two, three].map(({ browser }) => isIn(browser)));
        await bring(ACME_OKTA, request(ACME_OKTA, { nameId, sessionIndexes: [two.sessionIndex] }), way);
        expect(await inside()).to.deep.equal([true, false, true]);
        await bring(ACME_OKTA, request(ACME_OKTA, { nameId, sessionIndexes: [] }), way);
        expect(await inside()).to.deep.equal([false, false, false]);
      });

      it(`knows whoever signed in with an SPProvidedID by the name alone, as the same person, and the other way round (${way})`, async () => {
        const nameId = `provided-${way}`;
        const persistent = { nameId, nameIdFormat: NAME_ID.persistent };
        const ours = await signedIn(ACME_OKTA, { ...persistent, spProvidedId: "ours-1" });
        const theirs = await signedIn(ACME_OKTA, persistent);
        const [one, other] = [await house.me(ours.browser), await house.me(theirs.browser)];
        expect(one.user?.id).to.be.a("string").and.to.equal(other.user?.id);
        await bring(ACME_OKTA, request(ACME_OKTA, { ...persistent, sessionIndexes: [ours.sessionIndex] }), way);
        expect([await isIn(ours.browser), await isIn(theirs.browser)]).to.deep.equal([false, true]);
        const nameXml = `<saml:NameID Format="${NAME_ID.persistent}" SPProvidedID="ours-2">${nameId}</saml:NameID>`;
        await bring(ACME_OKTA, request(ACME_OKTA, { nameXml, sessionIndexes: [theirs.sessionIndex] }), way);
        expect(await isIn(theirs.browser)).to.equal(false);
      });

      it(`W-29: ends sessions of its own connection alone (${way})`, async () => {
        const wishes = { nameId: `shared-${way}@acme.example`, sessionIndex: `_shared-${way}` };
        const all = [];
        for (const door of [ACME_OKTA, ACME_SECOND, GLOBEX_OKTA]) all.push(await signedIn(door, wishes));
        const text = request(ACME_SECOND, { nameId: wishes.nameId, sessionIndexes: [] });
        await expectSuccess(ACME_SECOND, text, await bring(ACME_SECOND, text, way));
        expect(await Promise.all(all.map(({ browser }) => isIn(browser)))).to.deep.equal([true, false, true]);
      });

      it(`W-29: refuses what was said for another connection or tenant, and ends nothing (${way})`, async () => {
        const wishes = { nameId: `astray-${way}@acme.example`, sessionIndex: `_astray-${way}` };
        for (const [said, given] of [
          [ACME_SECOND, ACME_OKTA],
          [GLOBEX_OKTA, ACME_OKTA],
        ] as const) {
          const { browser } = await signedIn(given, wishes);
          const visit = await bring(given, request(said, { nameId: wishes.nameId, sessionIndexes: [] }), way);
          expect(endOf(visit)).to.equal("400 logout_failed");
          const { detail } = await house.traceOf(given[0], visit.text);
          expect(detail).to.include({ guard: "destination" });
          expect(await isIn(browser)).to.equal(true);
        }
      });

      it(`W-29: refuses what is not signed, or by a stranger, tells an admin why, and ends nothing (${way})`, async () => {
        const { browser, nameId } = await signedIn(ACME_OKTA);
        const text = request(ACME_OKTA, { nameId, sessionIndexes: [] });
        const forged = { ...text, query: () => text.query({ key: attackerKey }) };
        const stranger = way === "redirect" ? forged : request(ACME_OKTA, { nameId, signature: { key: attackerKey } });
        const visit = await bring(ACME_OKTA, stranger, way);
        expect(endOf(visit)).to.equal("400 logout_failed");
        const { detail } = await house.traceOf("acme", visit.text);
        expect(detail).to.include({ guard: "signature" });
        expect(JSON.stringify(detail), "the person's name").not.to.contain(nameId);
        expect(await isIn(browser)).to.equal(true);
      });

      it(`W-29: answers a repeated request like the first, and it ends nothing that began since (${way})`, async () => {
        const { nameId } = await signedIn(ACME_OKTA);
        const text = request(ACME_OKTA, { nameId, sessionIndexes: [] });
        await expectSuccess(ACME_OKTA, text, await bring(ACME_OKTA, text, way));
        const { browser } = await signedIn(ACME_OKTA, { nameId });
        await expectSuccess(ACME_OKTA, text, await bring(ACME_OKTA, text, way));
        expect(await isIn(browser)).to.equal(true);
        const another = request(ACME_OKTA, { nameId, sessionIndexes: [] });
        await expectSuccess(ACME_OKTA, another, await bring(ACME_OKTA, another, way));
        expect(await isIn(browser)).to.equal(false);
      });

      it(`W-29: answers for whom nobody knows as for anybody, and ends nothing (${way})`, async () => {
        const { browser, nameId, sessionIndex } = await signedIn(ACME_OKTA);
        const strangers: readonly Partial<LogoutWishes>[] = [
          { nameId: "nobody@acme.example", sessionIndexes: [] },
          { nameId: "nobody@acme.example", sessionIndexes: [sessionIndex] },
          { nameId, sessionIndexes: ["_another"] },
          { nameId, nameIdFormat: NAME_ID.persistent, sessionIndexes: [] },
          { nameId, nameQualifier: "https://another.example", sessionIndexes: [] },
        ];
        for (const wishes of strangers) {
          const text = request(ACME_OKTA, wishes);
          await expectSuccess(ACME_OKTA, text, await bring(ACME_OKTA, text, way));
        }
        expect(await isIn(browser)).to.equal(true);
      });

      it(`answers by the binding that the provider has, to where its answers go (${way})`, async () => {
        const door: Door = ["acme", "posting"];
        const { browser, nameId } = await signedIn(door);
        const text = request(door, { nameId, sessionIndexes: [] });
        const visit = await bring(door, text, way, "state");
        expect([visit.url, visit.unsent?.["RelayState"]]).to.deep.equal([`${IDP}/done-post`, "state"]);
        await expectSuccess(door, text, visit);
        expect(await isIn(browser)).to.equal(false);
      });

      it(`ends the session also where the provider takes no answer (${way})`, async () => {
        const door: Door = ["acme", "without"];
        const { browser, nameId } = await signedIn(door);
        const visit = await bring(door, request(door, { nameId, sessionIndexes: [] }), way);
        expect([visit.status, visit.url.split("?")[0]]).to.deep.equal([200, sloUrl(door)]);
        expect(await isIn(browser)).to.equal(false);
      });

      it(`gives no RelayState back that is longer than SAML allows, and ends the session all the same (${way})`, async () => {
        const { browser, nameId } = await signedIn(ACME_OKTA);
        const text = request(ACME_OKTA, { nameId, sessionIndexes: [] });
        const visit = await bring(ACME_OKTA, text, way, "ä".repeat(41));
        expect((await sent(ACME_OKTA, visit, "LogoutResponse")).relayState).to.equal(undefined);
        expect(await isIn(browser)).to.equal(false);
      });

      it(`knows people by a name that is encrypted for the connection (${way})`, async () => {
        const { browser, nameId } = await signedIn(ACME_OKTA);
        const { text: metadata } = await createBrowser().visit(house.partner(...ACME_OKTA).entityId);
        const [, certificate = ""] = /use="encryption">.*?X509Certificate>([^<]+)</s.exec(metadata) ?? [];
        const { publicKey } = new X509Certificate(Buffer.from(certificate, "base64"));
        const key = { ...othersKey, publicPem: publicKey.export({ type: "spki", format: "pem" }).toString() };
        const name = `<saml:NameID xmlns:saml="${SAML}" Format="${NAME_ID.email}">${nameId}</saml:NameID>`;
        const nameXml = encryptedElement("EncryptedID", name, { to: [{ key }] });
        const text = request(ACME_OKTA, { nameXml, sessionIndexes: [] });
        await expectSuccess(ACME_OKTA, text, await bring(ACME_OKTA, text, way));
        expect(await isIn(browser)).to.equal(false);
      });
    }

    for (const [what, indexes] of [
      ["that session", ["_constant"]],
      ["all of the person's", []],
    ] as const) {
      it(`W-29: opens no session for a sign-in that was under way when the provider ended ${what}, but for a later one`, async () => {
        const same = { nameId: `constant-${indexes.length}@acme.example`, sessionIndex: "_constant" };
        const late = await underWay(ACME_OKTA, same);
        const another = await underWay(ACME_OKTA, { sessionIndex: "_constant" });
        const elsewhere = await underWay(ACME_SECOND, same);
        await signedIn(ACME_OKTA, same);
        await bring(ACME_OKTA, request(ACME_OKTA, { nameId: same.nameId, sessionIndexes: indexes }), "redirect");
        const refused = await late.visit();
        expect(endOf(refused)).to.equal("400 sign_in_expired");
        expect(refused.text).to.contain(`<a href="${house.loginUrl(...ACME_OKTA)}">Sign in again</a>`);
        const { outcome, detail } = await house.traceOf("acme", refused.text);
        expect({ outcome, detail }).to.deep.nested.include({ outcome: "sign_in_expired", "detail.guard": "session" });
        expect([await another.arrive(), await elsewhere.arrive()]).to.deep.equal(["/me", "/me"]);
        await signedIn(ACME_OKTA, same);
      });
    }

    it("ends each of several sessions that one request names", async () => {
      const one = await signedIn(ACME_OKTA);
      const { nameId } = one;
      const [two, three] = [await signedIn(ACME_OKTA, { nameId }), await signedIn(ACME_OKTA, { nameId })];
      const sessionIndexes = [one.sessionIndex, "_unknown", three.sessionIndex, one.sessionIndex];
      await bring(ACME_OKTA, request(ACME_OKTA, { nameId, sessionIndexes }), "redirect");
      const inside = await Promise.all([one, two, three].map(({ browser }) => isIn(browser)));
      expect(inside).to.deep.equal([false, true, false]);
    });

    it("is answered also where signing out here stays here", async () => {
      const door: Door = ["acme", "switched-off"];
      const { browser, nameId } = await signedIn(door);
      const text = request(door, { nameId, sessionIndexes: [] });
      await expectSuccess(door, text, await bring(door, text, "redirect"));
      expect(await isIn(browser)).to.equal(false);
    });

    it("takes an empty SessionIndex for none, so that nobody stays in by it", async () => {
      const { browser, nameId } = await signedIn(ACME_OKTA);
      await bring(ACME_OKTA, request(ACME_OKTA, { nameId, sessionIndexes: [" "] }), "post");
      expect(await isIn(browser)).to.equal(false);
    });

    it("knows sessions whose SessionIndex is too long to be kept", async () => {
      const sessionIndex = `_${"long".repeat(100)}`;
      const { browser, nameId } = await signedIn(ACME_OKTA, { sessionIndex });
      await bring(ACME_OKTA, request(ACME_OKTA, { nameId, sessionIndexes: [`${sessionIndex}x`] }), "post");
      expect(await isIn(browser)).to.equal(true);
      await bring(ACME_OKTA, request(ACME_OKTA, { nameId, sessionIndexes: [sessionIndex] }), "post");
      expect(await isIn(browser)).to.equal(false);
    });

    it("lets pages of the provider alone hold the form that takes the answer back", async () => {
      const text = request(ACME_OKTA, { sessionIndexes: [] });
      const body = new URLSearchParams(text.posted());
      const { headers, status } = await fetch(sloUrl(ACME_OKTA), { method: "POST", body });
      const policy = headers.get("content-security-policy") ?? "";
      expect([status, policy.split("; ").find((part) => part.startsWith("frame-ancestors"))]).to.deep.equal([
        200,
        `frame-ancestors ${IDP}`,
      ]);
      expect(policy).to.contain("default-src 'self'");
    });

    it("says one and the same to the browser, whichever guard refused", async () => {
      const { nameId } = await signedIn(ACME_OKTA);
      const pages = new Set<string>();
      for (const text of [
        request(ACME_OKTA, { nameId, issuer: "https://idp.evil.example" }),
        request(ACME_OKTA, { nameId, signature: { key: attackerKey } }),
        request(ACME_OKTA, { nameId: "" }),
        request(ACME_OKTA, { nameId, issueInstant: "2020-01-01T00:00:00Z" }),
      ]) {
        const visit = await bring(ACME_OKTA, text, "post");
        pages.add(visit.text.replaceAll(/<code>[0-9A-Z]{26}<\/code>/g, "REFERENCE"));
      }
      expect([...pages]).to.have.length(1);
      expect([...pages][0]).not.to.match(/signature|issuer|xml|evil/i);
    });
  });

  describe("that begins here", () => {
    const out = (browser: Browser, options: object = {}): Promise<Visit> =>
      browser.visit(`${house.url}/sso/logout`, { method: "POST", from: house.url, stopBefore: IDP, ...options });

    const qualified = {
      nameIdFormat: NAME_ID.persistent,
      nameQualifier: ACME.idp,
      spNameQualifier: 'urn:group <&">',
      spProvidedId: 'ours <&">',
    };

    for (const [door, to] of [
      [ACME_OKTA, `${IDP}/slo`],
      [["acme", "posting"] as const, `${IDP}/slo-post`],
    ] as const) {
      it(`W-29: ends the session here, then asks the provider by the name that it gave, with all qualifiers (${to})`, async () => {
        const { browser, nameId, sessionIndex } = await signedIn(door, { ...qualified, sessionIndex: `_<&"${to}` });
        const stolen = createBrowser();
        stolen.setCookie(house.url, "rolecall_session", browser.cookie("rolecall_session") ?? "");
        expect(await isIn(stolen)).to.equal(true);
        const asked = await sent(door, await out(browser), "LogoutRequest");
        expect(await isIn(stolen), "ended, not only forgotten by the browser").to.equal(false);
        expect([asked.to, attributeOf(asked.root, "Destination")]).to.deep.equal([to, to]);
        const [name] = childrenOf(asked.root, SAML, "NameID");
        expect([name?.text, ...(name?.attributes ?? []).map((one) => `${one.name}=${one.value}`).sort()]).to.deep.equal(
          [
            ...[nameId, `Format=${qualified.nameIdFormat}`, `NameQualifier=${qualified.nameQualifier}`],
            ...[`SPNameQualifier=${qualified.spNameQualifier}`, `SPProvidedID=${qualified.spProvidedId}`],
          ],
        );
        expect(childrenOf(asked.root, SAMLP, "SessionIndex").map(({ text }) => text)).to.deep.equal([sessionIndex]);
      });
    }

    /** The ID of the request that was sent, and the browser that brought it. */
    async function begun(door: Door = ACME_OKTA): Promise<string> {
      const { browser } = await signedIn(door);
      const { root } = await sent(door, await out(browser), "LogoutRequest");
      return attributeOf(root, "ID") ?? "";
    }

    const answer = (door: Door, inResponseTo: string, wishes: Partial<LogoutWishes> = {}): LogoutText =>
      request(door, { kind: "LogoutResponse", inResponseTo, ...wishes });

    for (const way of WAYS) {
      it(`tells the person what became of it, without any cookie, once (${way})`, async () => {
        const text = answer(ACME_OKTA, await begun());
        const visit = await bring(ACME_OKTA, text, way);
        expect(visit.status).to.equal(200);
        expect(visit.text).to.contain("signed you out too");
        expect(codeOn((await bring(ACME_OKTA, text, way)).text)).to.equal("logout_failed");
      });

      it(`tells the person where the provider failed (${way})`, async () => {
        for (const [status, subStatus, words] of [
          [`${STATUS}Responder`, "PartialLogout", "close your browser"],
          [`${STATUS}PartialLogout`, null, "close your browser"],
          [`${STATUS}Success`, "PartialLogout", "close your browser"],
          [`${STATUS}Requester`, null, "did not sign you out"],
        ] as const) {
          const visit = await bring(ACME_OKTA, answer(ACME_OKTA, await begun(), { status, subStatus }), way);
          expect(visit.status).to.equal(200);
          expect(visit.text).to.contain("You are signed out here").and.to.contain(words);
        }
      });

      it(`W-29: does not take a stranger's word for what the provider did, and tells an admin (${way})`, async () => {
        const text = answer(ACME_OKTA, await begun(), { signature: { key: attackerKey } });
        const forged = { ...text, query: () => text.query({ key: attackerKey }) };
        const visit = await bring(ACME_OKTA, forged, way);
        expect(visit.status).to.equal(200);
        expect(visit.text).to.contain("may still know you").and.not.to.contain("signed you out too");
        const [, reference = ""] = /Reference: (\w+)/.exec(visit.text) ?? [];
        const { detail } = await house.traceOf("acme", `Reference</dt><dd><code>${reference}<`);
        expect(detail).to.include({ guard: "signature" });
      });
    }

    it("W-29: refuses an answer that nobody asked for, or that another connection asked for", async () => {
      const { browser } = await signedIn(ACME_OKTA);
      for (const text of [
        answer(ACME_OKTA, "_nobody-asked"),
        answer(ACME_OKTA, await begun(ACME_SECOND)),
        answer(ACME_OKTA, ""),
      ]) {
        const visit = await bring(ACME_OKTA, text, "redirect", undefined, browser);
        expect(endOf(visit)).to.equal("400 logout_failed");
      }
      expect(await isIn(browser)).to.equal(true);
    });

    it("does not take the answer to a sign-in's request for one to a logout's", async () => {
      const { url } = await createBrowser().visit(house.loginUrl(...ACME_OKTA), { stopBefore: IDP });
      const [, id = ""] = /ID="([^"]+)"/.exec(inflated(new URL(url).searchParams.get("SAMLRequest"))) ?? [];
      expect(endOf(await bring(ACME_OKTA, answer(ACME_OKTA, id), "redirect"))).to.equal("400 logout_failed");
    });

    it("stays here where the provider takes no requests or is to hear none, and where a program asks", async () => {
      for (const slug of ["without", "switched-off"]) {
        const { browser } = await signedIn(["acme", slug]);
        expect((await out(browser)).text).to.contain("may still know you");
      }
      const other = await signedIn(ACME_OKTA);
      const visit = await out(other.browser, { headers: { accept: "application/json" } });
      expect(visit.status).to.equal(204);
      expect(await isIn(other.browser)).to.equal(false);
    });

    it("asks the provider for nothing once its own request has ended the session", async () => {
      const { browser, nameId } = await signedIn(ACME_OKTA);
      await bring(ACME_OKTA, request(ACME_OKTA, { nameId, sessionIndexes: [] }), "redirect");
      const visit = await out(browser);
      expect([visit.status, visit.url]).to.deep.equal([200, `${house.url}/sso/logout`]);
    });
  });
});

/** What a browser asks for is escaped so, whatever it was told. */
function asBrowsers(text: string): string {
  return encodeURIComponent(text).replaceAll("'", "%27");
}

function inflated(base64: string | null): string {
  return inflateRawSync(Buffer.from(base64 ?? "", "base64")).toString("utf8");
}
