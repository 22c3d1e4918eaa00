import { expect } from "chai";
import { SignJWT } from "jose";
import { type Browser, createBrowser } from "../../demo/clients/browser.js";
import { NAME_ID_FORMATS } from "../../demo/processes/saml-provider-config.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { type SamlIdpProcess, startSamlIdp } from "../support/saml-idps.js";
import { openSamlHouse, type SamlHouse, signInBy } from "./saml-house.js";

const TENANT = "acme";

describe("Universal Logout at a SAML connection", () => {
  let house: SamlHouse;
  let idp: SamlIdpProcess;
  let org: HostileOp;
  let made = 0;

  before(async () => {
    house = await openSamlHouse();
    org = await startHostileOp("nobody's");
    idp = await startSamlIdp(house.partner(TENANT, "sso").acsUrl);
    await house.addTenant(TENANT, { no_match: "allow" });
    await house.connect(TENANT, "sso", { metadataXml: idp.metadataXml, universalLogoutIssuer: org.issuer });
    await house.connect(TENANT, "without", { metadataXml: idp.metadataXml });
  });
  after(async () => {
    await idp?.stop();
    await org?.close();
    await house?.close();
  });

  async function signedIn(userName: string, format: keyof typeof NAME_ID_FORMATS): Promise<Browser> {
    const browser = createBrowser();
    await idp.answer({ ...house.partner(TENANT, "sso"), signs: "both" });
    await idp.setPerson({ userName, firstName: "Ada", lastName: "L", email: `mail-of-${userName}` });
    await signInBy(house.loginUrl(TENANT, "sso"), { nameIdFormat: NAME_ID_FORMATS[format] }, { browser });
    expect(await house.me(browser)).to.include({ status: 200 });
    return browser;
  }

  async function revoke(sub_id: object, connection = "sso", issuer = org.issuer): Promise<number> {
    const address = `${house.url}/sso/${TENANT}/${connection}/global-token-revocation`;
    const now = Math.floor(Date.now() / 1000);
    made += 1;
    const claims = {
      iss: issuer,
      sub: "app",
      aud: address,
      jti: `jti-${made}`,
      iat: now,
      nbf: now - 300,
      exp: now + 300,
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "global-token-revocation+jwt" })
      .sign(org.keys.privateKey);
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify({ sub_id }) });
    return answer.status;
  }

  for (const format of ["emailAddress", "persistent", "unspecified"] as const) {
    it(`ends the sessions of a NameID of the format ${format}, told with the entity ID and without the format`, async () => {
      const userName = `Ada.${format}@acme.example`;
      const browser = await signedIn(userName, format);
      const [, iss = ""] = /entityID="([^"]+)"/.exec(idp.metadataXml) ?? [];
      expect(await revoke({ format: "iss_sub", iss, sub: "somebody else" })).to.equal(404);
      expect((await house.me(browser)).status).to.equal(200);
      expect(await revoke({ format: "iss_sub", iss, sub: userName })).to.equal(204);
      expect((await house.me(browser)).status).to.equal(401);
    });
  }

  it("takes the organisation's issuer for the entity ID, and finds people by e-mail", async () => {
    const names = ["one@acme.example", "two@acme.example"];
    const [first, second] = [
      await signedIn(names[0] ?? "", "emailAddress"),
      await signedIn(names[1] ?? "", "emailAddress"),
    ];
    expect(await revoke({ format: "iss_sub", iss: org.issuer, sub: names[0] })).to.equal(204);
    expect(await revoke({ format: "email", email: names[1] })).to.equal(204);
    expect([(await house.me(first)).status, (await house.me(second)).status]).to.deep.equal([401, 401]);
  });

  it("is nothing where no issuer is named, and not another issuer's word", async () => {
    expect(await revoke({ format: "email", email: "x@acme.example" }, "without")).to.equal(404);
    expect(await revoke({ format: "email", email: "x@acme.example" }, "sso", "https://evil.example")).to.equal(401);
    await house.change(TENANT, "sso", { universalLogoutIssuer: null });
    expect(await revoke({ format: "email", email: "x@acme.example" })).to.equal(404);
  });
});
