import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { type EncryptionWishes, encryptedResponse, othersKey } from "../support/saml-encryption.js";
import { attackerKey } from "../support/saml-keys.js";
import type { ResponseWishes } from "../support/saml-response.js";
import { EDITORS, FORGED_METADATA, type ForgedHouse, openForgedHouse } from "./forged-provider.js";
import { endOf, publishedKey, referenceOn } from "./saml-house.js";

describe("encrypted responses at the SAML door", () => {
  let house: ForgedHouse;

  before(async () => {
    house = await openForgedHouse();
    await house.addTenant("acme", EDITORS);
    const metadataXml = FORGED_METADATA;
    for (const slug of ["okta", "second"]) await house.connect("acme", slug, { metadataXml });
    await house.connect("acme", "legacy", { metadataXml, legacyCbc: true });
  });
  after(() => house?.close());

  async function signIn(
    connection: string,
    encryption: Partial<EncryptionWishes> = {},
    wishes: Partial<ResponseWishes> = {},
    browser: Browser = createBrowser(),
  ): Promise<Visit> {
    const door = ["acme", connection] as const;
    const all = house.wishes(await house.begin(browser, door), door, wishes);
    const to = [{ key: await publishedKey(house.partner("acme", connection)) }];
    return house.post(browser, encryptedResponse({ to, ...encryption }, all), door);
  }

  it("let in whom an assertion names that is encrypted for the published key", async () => {
    for (const signed of ["assertion", "response", "both"] as const) {
      const browser = createBrowser();
      expect(endOf(await signIn("okta", {}, { signed }, browser))).to.equal("/me");
      expect((await house.me(browser)).teams).to.deep.equal([{ team: "Platform", role: "editor" }]);
    }
    expect(endOf(await signIn("legacy", { cipher: "aes-128-cbc" }))).to.equal("/me");
  });

  it("SML-25: have one page and one trace for each way in which they cannot be opened", async () => {
    const tamper = (octets: Buffer) => Buffer.concat([octets.subarray(0, -1), Buffer.from([(octets.at(-1) ?? 0) ^ 1])]);
    const ways: readonly (readonly [Partial<EncryptionWishes>, Partial<ResponseWishes>?])[] = [
      [{ cipher: "aes-128-cbc", tamper }],
      [{ cipher: "aes-128-cbc", tamper: (octets) => octets.subarray(0, -1) }],
      [{ tamper }],
      [{ to: [{ key: othersKey }] }],
      [{ plain: () => "no XML" }],
      [{ plain: (xml) => xml.replace("anna@", "evil@") }],
      [{}, { signed: "none" }],
      [{}, { signature: { key: attackerKey } }],
    ];
    const seen = new Set<string>();
    for (const [encryption, wishes] of ways) {
      const began = performance.now();
      const visit = await signIn("legacy", encryption, wishes);
      const took = performance.now() - began;
      // A timer never ends early: this holds on any machine.
      expect(took).to.be.at.least(245);
      expect(endOf(visit)).to.equal("401 sign_in_failed");
      const { detail } = await house.traceOf("acme", visit.text);
      const { guard, problem, wanted, got } = detail as Readonly<Record<string, unknown>>;
      const page = visit.text.replaceAll(referenceOn(visit.text), "REFERENCE");
      seen.add(JSON.stringify({ status: visit.status, page, guard, problem, wanted, got }));
    }
    expect([...seen]).to.have.length(1);
    expect([...seen][0]).to.contain('"guard":"encrypted"');
  });

  it("are opened by the key of their own connection alone", async () => {
    const visit = await signIn("okta", { to: [{ key: await publishedKey(house.partner("acme", "second")) }] });
    expect(endOf(visit)).to.equal("401 sign_in_failed");
  });
});
