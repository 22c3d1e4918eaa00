import { inflateRawSync } from "node:zlib";
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { type EncryptionWishes, encryptedResponse, othersKey } from "../support/saml-encryption.js";
import { attackerKey } from "../support/saml-keys.js";
import { ACME, type ResponseWishes } from "../support/saml-response.js";
import { idpMetadata, ssoService } from "./idp-metadata.js";
import { endOf, openSamlHouse, publishedKey, referenceOn, type SamlHouse } from "./saml-house.js";

const IDP = "https://idp.acme.example/sso";
const MAPPING = { mappings: [{ group_name: ACME.groups[0], team_name: "Platform", role_name: "editor" }] };

describe("encrypted responses at the SAML door", () => {
  let house: SamlHouse;
  let count = 0;

  before(async () => {
    house = await openSamlHouse();
    await house.addTenant("acme", MAPPING);
    const metadataXml = idpMetadata({ entityId: ACME.idp, services: ssoService(IDP) });
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
    const { url } = await browser.visit(house.loginUrl("acme", connection), { stopBefore: IDP });
    const request = Buffer.from(new URL(url).searchParams.get("SAMLRequest") ?? "", "base64");
    const [, inResponseTo = ""] = / ID="([^"]+)"/.exec(inflateRawSync(request).toString("utf8")) ?? [];
    const { entityId, acsUrl } = house.partner("acme", connection);
    count += 1;
    const ids = { responseId: `_r${count}`, assertionId: `_a${count}`, inResponseTo };
    const all = { ...ids, destination: acsUrl, recipient: acsUrl, audiences: [[entityId]], ...wishes };
    const to = [{ key: await publishedKey(house.partner("acme", connection)) }];
    const body = new URLSearchParams({ SAMLResponse: encryptedResponse({ to, ...encryption }, all).base64 });
    return browser.visit(acsUrl, { method: "POST", body });
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
