import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadIdpProfiles, profileFor } from "../../src/protocols/sign-in/idp-profile.js";

const profiles = loadIdpProfiles();

describe("choosing an identity provider's profile", () => {
  const cases: readonly [issuer: string, profile: "rfc" | "okta" | "entra", chosen: string][] = [
    ["https://login.microsoftonline.com/5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11/v2.0", "rfc", "entra-oidc"],
    ["https://acme.ciamlogin.com/5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11/v2.0", "rfc", "entra-oidc"],
    ["https://acme.okta.com", "rfc", "okta-oidc"],
    ["https://acme.okta.com/oauth2/default", "entra", "okta-oidc"],
    ["https://okta.com", "rfc", "generic-oidc"],
    ["https://evil-okta.com", "rfc", "generic-oidc"],
    ["https://acme.okta.com.evil.example", "rfc", "generic-oidc"],
    ["https://accounts.google.com", "rfc", "google"],
    ["https://sso.acme.example/realms/acme", "rfc", "keycloak"],
    ["https://sso.acme.example/realms/acme", "okta", "okta-oidc"],
    ["http://127.0.0.1:9000", "entra", "entra-oidc"],
    ["http://127.0.0.1:9000", "rfc", "generic-oidc"],
  ];
  for (const [issuer, profile, chosen] of cases) {
    it(`takes ${chosen} for ${issuer} of a connection with profile ${profile}`, () => {
      expect(profileFor(profiles, { protocol: "oidc", issuer, profile }).name).to.equal(chosen);
    });
  }
});

describe("reading profiles", () => {
  it("names the file and the place of a mistake", () => {
    const folder = mkdtempSync(join(tmpdir(), "rolecall-idp-"));
    try {
      writeFileSync(join(folder, "broken.json"), JSON.stringify({ ...profiles[0], groups: { claims: "groups" } }));
      expect(() => loadIdpProfiles(folder)).to.throw("rules/idp/broken.json: /groups/claims");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
