import { expect } from "chai";
import type { ObserveUser } from "../../src/model/directory.js";
import { samlClaims } from "../../src/protocols/saml/claims.js";
import { loadIdpProfiles, profileFor } from "../../src/protocols/sign-in/idp-profile.js";
import { translate } from "../../src/protocols/sign-in/translate.js";
import { consume, NOW } from "../saml/corpus.js";
import { ACME, samlResponse } from "../support/saml-response.js";
import {
  type ExpectedList,
  type OidcCase,
  type SamlCase,
  type SignInCase,
  type SignInFixture,
  signInFixtures,
  wishesOf,
} from "./wire-fixtures.js";

const profiles = loadIdpProfiles();
const fixtures = signInFixtures();

describe("what identity providers put on the wire", () => {
  for (const fixture of fixtures) {
    describe(fixture.title, () => {
      it(`is read by ${fixture.profile}`, () => expect(profileOf(fixture).name).to.equal(fixture.profile));

      for (const one of fixture.cases) {
        it(one.title, () => {
          const seen = observed(fixture, one);
          const { attributes, ...wanted } = one.expect;
          const kept = Object.keys(wanted).map((key) => [key, whatIsKnown(seen, key as keyof typeof wanted)]);
          expect(Object.fromEntries(kept)).to.deep.equal(wanted);
          for (const [name, value] of Object.entries(attributes ?? {})) {
            expect(seen.attributes[name as keyof ObserveUser["attributes"]], name).to.deep.equal({
              known: true,
              value,
            });
          }
        });
      }

      if (fixture.profile === "google") return;
      it("is shown with one group, with many, and without any", () => {
        const groups = fixture.cases.map((one) => one.expect.groups);
        const sizes = groups.map((names) => (Array.isArray(names) ? names.length : -1));
        expect(
          sizes.includes(1) && sizes.some((size) => size > 1) && groups.includes("unknown: absent_claim"),
        ).to.equal(true);
      });
    });
  }

  it("is shown for every profile that ships", () => {
    const shown = new Set(fixtures.map(({ profile }) => profile));
    expect(profiles.map(({ name }) => name).filter((name) => !shown.has(name))).to.deep.equal([]);
  });
});

function profileOf({ protocol, issuer, connectionProfile = "rfc" }: SignInFixture) {
  return profileFor(profiles, { protocol, issuer, profile: connectionProfile });
}

function observed(fixture: SignInFixture, one: SignInCase): ObserveUser {
  const claims =
    fixture.protocol === "oidc" ? oidcClaims(one as OidcCase) : assertedClaims(fixture.issuer, one as SamlCase);
  const settings = { absentGroups: "unknown", provedDomains: [], clientId: "rolecall", ...one.settings } as const;
  const seen = translate(claims, profileOf(fixture), settings);
  if (seen === undefined) throw new Error("nobody was recognised");
  return seen;
}

function oidcClaims({ idToken, userinfo }: OidcCase) {
  return { sources: userinfo === undefined ? [idToken] : [idToken, userinfo] };
}

/** Through a signed response and its verification: what a provider says in XML is not what it says in JSON. */
function assertedClaims(issuer: string, one: SamlCase) {
  const response = samlResponse({ now: NOW, issuer, ...wishesOf(one, { idp: issuer, sp: ACME.sp }) });
  const assertion = consume(response.base64, { idp: { entityId: issuer } });
  return samlClaims(assertion, { idp: issuer, sp: ACME.sp });
}

function whatIsKnown(seen: ObserveUser, key: "groups" | "appRoles" | keyof ObserveUser): unknown {
  if (key === "groups" || key === "appRoles") return listOf(seen[key]);
  return seen[key] ?? null;
}

function listOf(fact: ObserveUser["groups"]): ExpectedList {
  if (!fact.known) return `unknown: ${fact.reason}`;
  return "partial" in fact && fact.partial !== undefined ? { value: fact.value, partial: fact.partial } : fact.value;
}
