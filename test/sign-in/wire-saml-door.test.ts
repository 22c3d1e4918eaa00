import { inflateRawSync } from "node:zlib";
import { expect } from "chai";
import { type Browser, createBrowser } from "../../demo/clients/browser.js";
import type { JsonObject } from "../../src/model/json.js";
import { idpMetadata, ssoService } from "../saml/idp-metadata.js";
import { endOf, openSamlHouse, type SamlHouse } from "../saml/saml-house.js";
import { samlResponse } from "../support/saml-response.js";
import { type SamlCase, signInFixtures, wishesOf } from "./wire-fixtures.js";

const SSO = "https://idp.acme.example/sso";

/** Each group is a team: what somebody holds shows which groups were understood. */
const EVERY_GROUP: JsonObject = {
  unknown_team: "create_any",
  no_match: "allow",
  mappings: [{ group_pattern: "{team}", values: { team: { "*": true } }, team_name: "{team}", role_name: "viewer" }],
};

const FILES = ["entra-saml", "okta-saml", "onelogin-saml", "lemonldap-saml", "simplesamlphp"];

describe("what SAML identity providers put on the wire, at the door", () => {
  let house: SamlHouse;

  before(async () => {
    house = await openSamlHouse();
  });
  after(() => house?.close());

  for (const fixture of signInFixtures()) {
    if (fixture.protocol !== "saml" || !FILES.includes(fixture.file.replace(/\.json$/, ""))) continue;
    describe(fixture.title, () => {
      for (const [index, one] of fixture.cases.entries()) {
        it(one.title, async () => {
          const tenant = `${fixture.profile}-${index}`;
          await house.addTenant(tenant, EVERY_GROUP);
          const metadataXml = idpMetadata({ entityId: fixture.issuer, services: ssoService(SSO) });
          await house.connect(tenant, "sso", { metadataXml, ...one.settings });
          const browser = createBrowser();
          await signIn(browser, tenant, fixture.issuer, one);
          const { teams = [] } = await house.me(browser);
          expect(teams.map(({ team }) => team).sort()).to.deep.equal(namesOf(one));
        });
      }
    });
  }

  async function signIn(browser: Browser, tenant: string, issuer: string, one: SamlCase): Promise<void> {
    const { entityId, acsUrl } = house.partner(tenant, "sso");
    const { url } = await browser.visit(house.loginUrl(tenant, "sso"), { stopBefore: SSO });
    const request = Buffer.from(new URL(url).searchParams.get("SAMLRequest") ?? "", "base64");
    const inResponseTo = / ID="([^"]+)"/.exec(inflateRawSync(request).toString("utf8"))?.[1] ?? null;
    const addressed = { inResponseTo, destination: acsUrl, recipient: acsUrl, audiences: [[entityId]] };
    const said = wishesOf(one, { idp: issuer, sp: entityId });
    const ids = { responseId: `_r-${tenant}`, assertionId: `_a-${tenant}` };
    const { base64 } = samlResponse({ issuer, ...ids, ...addressed, ...said });
    const visit = await browser.visit(acsUrl, { method: "POST", body: new URLSearchParams({ SAMLResponse: base64 }) });
    expect(endOf(visit), visit.text).to.equal("/me");
  }
});

function namesOf({ expect: { groups = [] } }: SamlCase): readonly string[] {
  if (typeof groups === "string") return [];
  return [...("value" in groups ? groups.value : groups)].sort();
}
