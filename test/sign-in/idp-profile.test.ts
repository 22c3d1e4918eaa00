import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { loadIdpProfiles, profileFor } from "../../src/protocols/sign-in/idp-profile.js";

const profiles = loadIdpProfiles();
const named = (name: string) => profiles.find((profile) => profile.name === name);

describe("choosing an OpenID provider's profile", () => {
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
    ["https://acme.onelogin.com/oidc/2", "rfc", "onelogin-oidc"],
    ["https://onelogin.com.evil.example/oidc/2", "rfc", "generic-oidc"],
    ["https://oauth.id.jumpcloud.com/", "rfc", "jumpcloud-oidc"],
    ["https://auth.pingone.eu/0f6ac0f7-0000-4000-8000-000000000001/as", "rfc", "ping-oidc"],
    ["https://evil.auth.pingone.eu/0f6ac0f7/as", "rfc", "generic-oidc"],
    ["http://127.0.0.1:9000", "entra", "entra-oidc"],
    ["http://127.0.0.1:9000", "rfc", "generic-oidc"],
  ];
  for (const [issuer, profile, chosen] of cases) {
    it(`takes ${chosen} for ${issuer} of a connection with profile ${profile}`, () => {
      expect(profileFor(profiles, { protocol: "oidc", issuer, profile }).name).to.equal(chosen);
    });
  }
});

describe("choosing a SAML identity provider's profile", () => {
  const cases: readonly [entityId: string, profile: "rfc" | "okta" | "entra", chosen: string][] = [
    ["https://sts.windows.net/5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11/", "rfc", "entra-saml"],
    ["https://sts.windows.net.evil.example/", "rfc", "generic-saml"],
    ["http://www.okta.com/exk1fxph8tWgdK3Zf1t7", "rfc", "okta-saml"],
    ["http://www.okta.com/exk1fxph8tWgdK3Zf1t7", "entra", "okta-saml"],
    ["http://adfs.acme.example/adfs/services/trust", "rfc", "adfs"],
    ["https://sso.acme.example/realms/acme", "rfc", "keycloak-saml"],
    ["urn:acme.eu.auth0.com", "rfc", "auth0-saml"],
    ["urn:acme.eu.auth0.com", "okta", "okta-saml"],
    ["https://idp.acme.example/simplesaml/saml2/idp/metadata.php", "rfc", "simplesamlphp"],
    ["https://idp.acme.example/simplesaml/module.php/saml/idp/metadata", "rfc", "simplesamlphp"],
    ["https://auth.acme.example/saml/metadata", "rfc", "lemonldap-saml"],
    ["https://app.onelogin.com/saml/metadata/13590df4", "rfc", "onelogin-saml"],
    ["https://accounts.google.com/o/saml2?idpid=C01", "rfc", "google-saml"],
    ["http://www.jumpcloud.com/6f1e2d3c", "rfc", "jumpcloud-saml"],
    ["https://auth.pingone.com/0f6ac0f7", "rfc", "ping-saml"],
    ["an entityID that is no URL", "rfc", "generic-saml"],
    ["an entityID that is no URL", "entra", "entra-saml"],
  ];
  for (const [issuer, profile, chosen] of cases) {
    it(`takes ${chosen} for ${issuer} of a connection with profile ${profile}`, () => {
      expect(profileFor(profiles, { protocol: "saml", issuer, profile }).name).to.equal(chosen);
    });
  }
});

describe("what a provider gains by calling itself like another", () => {
  const generic = { oidc: named("generic-oidc"), saml: named("generic-saml") };
  const byPath = profiles.filter(({ applies }) => applies?.paths !== undefined);

  it("is looked at where anybody may choose the name", () => {
    expect(byPath.map(({ name }) => name)).to.include.members(["keycloak", "adfs", "simplesamlphp", "lemonldap-saml"]);
  });

  for (const profile of byPath) {
    const theirs = generic[profile.protocol];

    it(`${profile.name}: no e-mail counts that would not count without the name`, () => {
      const { verifiedBy, provedDomains = false, asserted = false } = profile.email;
      expect(verifiedBy.filter((one) => !theirs?.email.verifiedBy.some((other) => same(one, other)))).to.deep.equal([]);
      expect([provedDomains && !theirs?.email.provedDomains, asserted && !theirs?.email.asserted]).to.deep.equal([
        false,
        false,
      ]);
    });

    it(`${profile.name}: nobody is recognised by other claims than without the name`, () => {
      const { subject, externalIds } = profile.identity;
      expect(subject.filter((path) => !theirs?.identity.subject.includes(path))).to.deep.equal([]);
      expect(externalIds.filter((path) => !theirs?.identity.externalIds.includes(path))).to.deep.equal([]);
    });

    it(`${profile.name}: no name of a group is taken apart`, () => {
      expect(profile.groups).not.to.have.property("separator");
    });
  }

  it("needs a host of the vendor's own for anything more: no list of hosts ends below a public suffix", () => {
    const hosts = profiles.flatMap(({ applies }) => applies?.hosts ?? []);
    expect(hosts.filter((host) => /^\*\.[^.]+$/.test(host))).to.deep.equal([]);
  });
});

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

describe("a profile that extends another", () => {
  const [okta, generic] = [named("okta-saml"), named("generic-saml")];

  it("has everything that it does not say itself, key by key", () => {
    expect(okta?.groups).to.deep.equal({ ...generic?.groups, truncatedAt: 100 });
    expect(okta?.identity).to.deep.equal(generic?.identity);
  });

  it("says for itself to whom it applies", () => {
    const files = {
      base: { ...generic, name: "base", applies: { hosts: ["idp.example"] } },
      mine: { name: "mine", title: "Mine", protocol: "saml", extends: "base" },
    };
    expect(loaded(files).find(({ name }) => name === "mine")).not.to.have.property("applies");
  });

  const mistakes: readonly [title: string, said: JsonObject, message: string][] = [
    ["a profile that there is not", { extends: "nobody" }, "/extends must name a profile that extends none"],
    ["itself", { extends: "mine" }, "/extends must name a profile that extends none"],
    ["something that is no name", { extends: 7 }, "/extends must name a profile that extends none"],
    ["with a key that nobody knows", { extends: "generic-saml", groups: { claim: "x" } }, "/groups/claim"],
    ["with a section that is none", { extends: "generic-saml", groups: ["groups"] }, "/groups"],
  ];
  for (const [title, said, message] of mistakes) {
    it(`is refused when it extends ${title}`, () => {
      const mine = { name: "mine", title: "Mine", protocol: "saml", ...said };
      expect(() => loaded({ generic, mine }))
        .to.throw("rules/idp/mine.json: ")
        .with.property("message")
        .contains(message);
    });
  }

  it("is needed to be incomplete", () => {
    const mine = { name: "mine", title: "Mine", protocol: "saml" };
    expect(() => loaded({ mine })).to.throw("rules/idp/mine.json: ");
  });
});

describe("reading profiles", () => {
  it("names the file and the place of a mistake", () => {
    const broken = { ...profiles[0], groups: { claims: "groups" } };
    expect(() => loaded({ broken })).to.throw("rules/idp/broken.json: /groups/claims");
  });

  it("has one for everybody else per protocol", () => {
    const anybody = profiles.filter(({ applies }) => applies === undefined).map(({ name }) => name);
    expect(anybody).to.have.members(["generic-oidc", "generic-saml"]);
  });
});

/** Profiles of a folder with these files. */
function loaded(files: Readonly<Record<string, unknown>>) {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-idp-"));
  try {
    for (const [name, said] of Object.entries(files)) writeFileSync(join(folder, `${name}.json`), JSON.stringify(said));
    return loadIdpProfiles(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
