import { expect } from "chai";
import { checkOidcSettings, type OidcInput } from "../../src/protocols/oidc/settings.js";
import { loadIdpProfiles } from "../../src/protocols/sign-in/idp-profile.js";

const profiles = loadIdpProfiles();
const good: OidcInput = { issuer: "https://sso.acme.example", clientId: "rolecall", hasSecret: true };
const TENANT = "5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";

function pointers(change: Partial<OidcInput>, allowHttp = false): readonly string[] {
  return checkOidcSettings({ ...good, ...change }, { allowHttp, profiles }).map(({ pointer }) => pointer);
}

describe("settings of an OIDC connection", () => {
  const accepted: readonly Partial<OidcInput>[] = [
    {},
    { issuer: "https://sso.acme.example/with/path" },
    { issuer: "https://acme.auth0.example/" },
    { issuer: `https://login.microsoftonline.com/${TENANT}/v2.0` },
    { issuer: `https://sts.windows.net/${TENANT}/` },
    { hasSecret: false, clientAuthMethod: "none" },
    { hasSecret: false, clientAuthMethod: "private_key_jwt" },
    { scopes: ["openid", "groups", "https://graph.example/User.Read"] },
  ];
  for (const change of accepted) {
    it(`accept ${JSON.stringify(change)}`, () => {
      expect(pointers(change)).to.deep.equal([]);
    });
  }

  const refused: readonly [pointer: string, change: Partial<OidcInput>][] = [
    ["/issuer", { issuer: "http://sso.acme.example" }],
    ["/issuer", { issuer: "sso.acme.example" }],
    ["/issuer", { issuer: "ftp://sso.acme.example" }],
    ["/issuer", { issuer: "https://sso.acme.example?x=1" }],
    ["/issuer", { issuer: "https://sso.acme.example#x" }],
    ["/issuer", { issuer: "https://user:pass@sso.acme.example" }],
    ["/issuer", { issuer: "https://sso.acme.example/.well-known/openid-configuration" }],
    ["/issuer", { issuer: "https://login.microsoftonline.com/common/v2.0" }],
    ["/issuer", { issuer: "https://login.microsoftonline.com/organizations/v2.0" }],
    ["/issuer", { issuer: "https://login.microsoftonline.com/consumers/v2.0" }],
    ["/issuer", { issuer: "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0" }],
    ["/issuer", { issuer: "https://LOGIN.microsoftonline.com/Common/v2.0" }],
    ["/issuer", { issuer: "https://login.microsoftonline.com/acme.onmicrosoft.com/v2.0" }],
    ["/issuer", { issuer: "https://login.microsoftonline.com./common/v2.0" }],
    ["/issuer", { issuer: "https://login.windows.net/common" }],
    ["/issuer", { issuer: "https://login.microsoft.com/common/v2.0" }],
    ["/issuer", { issuer: "https://acme.ciamlogin.com./common/v2.0" }],
    ["/clientId", { clientId: "" }],
    ["/clientId", { clientId: "a\nb" }],
    ["/clientSecret", { hasSecret: false }],
    ["/scopes", { scopes: ["profile"] }],
    ["/scopes/1", { scopes: ["openid", "two words"] }],
  ];
  for (const [pointer, change] of refused) {
    it(`refuse ${JSON.stringify(change)} at ${pointer}`, () => {
      expect(pointers(change)).to.deep.equal([pointer]);
    });
  }

  it("tell every mistake at once", () => {
    expect(pointers({ issuer: "x", clientId: "", hasSecret: false })).to.deep.equal([
      "/issuer",
      "/clientId",
      "/clientSecret",
    ]);
  });

  it("accept loopback providers over http where private networks are allowed", () => {
    expect(pointers({ issuer: "http://127.0.0.1:9000" }, true)).to.deep.equal([]);
  });

  it("suggest the issuer to somebody who pasted the discovery address", () => {
    const issuer = "https://sso.acme.example/x/.well-known/openid-configuration";
    const [problem] = checkOidcSettings({ ...good, issuer }, { allowHttp: false, profiles });
    expect(problem?.suggestion).to.equal("https://sso.acme.example/x");
  });
});
