import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import type { Problem } from "../../src/model/problem.js";
import { type IdpMetadata, type MetadataRules, readIdpMetadata } from "../../src/protocols/saml/metadata.js";
import {
  attackerKey,
  certificateOf,
  ellipticKey,
  globexKey,
  idpKey,
  idpNextKey,
  makeKey,
} from "../support/saml-keys.js";
import {
  armoured,
  BINDING,
  entities,
  idpMetadata,
  idpRole,
  keyDescriptor,
  type MetadataWishes,
  metadataFile,
  SAML2,
  spRole,
  ssoService,
  wrapped,
} from "./idp-metadata.js";

const NOW = "2026-11-22T09:00:00.000Z";
const rules: MetadataRules = { now: NOW, allowHttp: false, pointer: "/metadataXml" };
const FIRST = idpKey.certificate;
const SECOND = idpNextKey.certificate;
const OTHER = attackerKey.certificate;
const ED25519 = generateKeyPairSync("ed25519").publicKey;

function read(xml: string, over: Partial<MetadataRules> = {}): IdpMetadata {
  const reading = readIdpMetadata(xml, { ...rules, ...over });
  expect(reading.ok ? [] : reading.problems).to.deep.equal([]);
  if (!reading.ok) throw new Error("refused");
  return reading.metadata;
}

function problemsOf(xml: string, over: Partial<MetadataRules> = {}): readonly Problem[] {
  const reading = readIdpMetadata(xml, { ...rules, ...over });
  return reading.ok ? [] : reading.problems;
}

function codesOf(xml: string): readonly string[] {
  return problemsOf(xml).map(({ code }) => code);
}

function certificatesOf(keys: string, more: Partial<MetadataWishes> = {}): readonly string[] {
  return read(idpMetadata({ keys, ...more })).certificates;
}

/** A certificate with an RSA key of that size. */
function withKey(bits: number, exponent: bigint): string {
  const modulus = Buffer.alloc(bits / 8, 0xff).toString("base64url");
  const e = Buffer.from(
    exponent
      .toString(16)
      .padStart(10, "0")
      .replace(/^(00)+/, ""),
    "hex",
  ).toString("base64url");
  const key = createPublicKey({ key: { kty: "RSA", n: modulus, e }, format: "jwk" });
  return certificateOf(key);
}

describe("identity provider metadata as it is published", () => {
  const okta = "https://acme.okta.example/app/acme_rolecall_1/exk1a2b3c4D5e6F7g8h9/sso/saml";
  const entra = "5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";
  const google = "https://accounts.google.example/o/saml2";
  const keycloak = "https://sso.acme.example/realms/acme";
  const shibboleth = "https://idp.acme.example/idp/profile/SAML2";
  const cases: Readonly<Record<string, IdpMetadata>> = {
    okta: {
      entityId: "http://www.okta.com/exk1a2b3c4D5e6F7g8h9",
      ssoRedirectUrl: okta,
      ssoPostUrl: okta,
      certificates: [FIRST],
    },
    entra: {
      entityId: `https://sts.windows.example/${entra}/`,
      ssoRedirectUrl: `https://login.microsoftonline.example/${entra}/saml2`,
      ssoPostUrl: `https://login.microsoftonline.example/${entra}/saml2`,
      sloRedirectUrl: `https://login.microsoftonline.example/${entra}/saml2`,
      certificates: [FIRST, SECOND],
    },
    adfs: {
      entityId: "http://adfs.acme.example/adfs/services/trust",
      ssoRedirectUrl: "https://adfs.acme.example/adfs/ls/",
      ssoPostUrl: "https://adfs.acme.example/adfs/ls/",
      sloRedirectUrl: "https://adfs.acme.example/adfs/ls/",
      certificates: [FIRST],
    },
    google: {
      entityId: `${google}?idpid=C01abcdef`,
      ssoRedirectUrl: `${google}/idp?idpid=C01abcdef`,
      ssoPostUrl: `${google}/idp?idpid=C01abcdef`,
      certificates: [FIRST],
      validUntil: "2031-04-19T12:41:02.000Z",
    },
    keycloak: {
      entityId: keycloak,
      ssoRedirectUrl: `${keycloak}/protocol/saml`,
      ssoPostUrl: `${keycloak}/protocol/saml`,
      sloRedirectUrl: `${keycloak}/protocol/saml`,
      sloPostUrl: `${keycloak}/protocol/saml`,
      wantsSignedRequests: true,
      certificates: [FIRST, SECOND],
    },
    simplesamlphp: {
      entityId: "https://idp.acme.example/simplesaml/saml2/idp/metadata.php",
      ssoRedirectUrl: "https://idp.acme.example/simplesaml/saml2/idp/SSOService.php",
      sloRedirectUrl: "https://idp.acme.example/simplesaml/saml2/idp/SingleLogoutService.php",
      certificates: [FIRST],
    },
    lemonldap: {
      entityId: "https://auth.acme.example/saml/metadata",
      ssoRedirectUrl: "https://auth.acme.example/saml/singleSignOn",
      ssoPostUrl: "https://auth.acme.example/saml/singleSignOn",
      sloRedirectUrl: "https://auth.acme.example/saml/singleLogout",
      sloRedirectResponseUrl: "https://auth.acme.example/saml/singleLogoutReturn",
      wantsSignedRequests: true,
      certificates: [FIRST],
    },
    shibboleth: {
      entityId: "https://idp.acme.example/idp/shibboleth",
      ssoRedirectUrl: `${shibboleth}/Redirect/SSO`,
      ssoPostUrl: `${shibboleth}/POST/SSO`,
      certificates: [FIRST, SECOND],
      validUntil: "2027-03-01T12:00:00.123Z",
    },
  };
  for (const [name, expected] of Object.entries(cases)) {
    it(`is read from ${name}, with the keys that sign for its identity provider's role alone`, () => {
      expect(read(metadataFile(name))).to.deep.equal(expected);
    });
  }
});

describe("keys of identity provider metadata", () => {
  it("MD-1: two KeyDescriptor use=signing: both may sign", () => {
    expect(certificatesOf(keyDescriptor(FIRST, "signing") + keyDescriptor(SECOND, "signing"))).to.deep.equal([
      FIRST,
      SECOND,
    ]);
  });

  it("MD-2: two KeyDescriptor with no use: both may sign", () => {
    expect(certificatesOf(keyDescriptor(FIRST) + keyDescriptor(SECOND))).to.deep.equal([FIRST, SECOND]);
  });

  it("MD-3: no-use A, signing B, encryption C: A and B may sign, C may not", () => {
    const keys = keyDescriptor(FIRST) + keyDescriptor(SECOND, "signing") + keyDescriptor(OTHER, "encryption");
    expect(certificatesOf(keys)).to.deep.equal([FIRST, SECOND]);
    const turned = keyDescriptor(OTHER, "encryption") + keyDescriptor(SECOND, "signing") + keyDescriptor(FIRST);
    expect(certificatesOf(turned)).to.deep.equal([SECOND, FIRST]);
  });

  it("MD-4: only use=encryption: there is no key that may sign", () => {
    expect(codesOf(idpMetadata({ keys: keyDescriptor(FIRST, "encryption") }))).to.deep.equal(["certificate_missing"]);
  });

  it("MD-5: IDPSSODescriptor A + SPSSODescriptor C in one entity: only A may sign", () => {
    const otherRoles = spRole(keyDescriptor(OTHER, "signing"));
    expect(certificatesOf(keyDescriptor(FIRST, "signing"), { otherRoles })).to.deep.equal([FIRST]);
    expect(codesOf(idpMetadata({ keys: "", otherRoles }))).to.deep.equal(["certificate_missing"]);
  });

  it("MD-6: certificate text with PEM armour: it is the certificate inside", () => {
    expect(certificatesOf(keyDescriptor(armoured(FIRST)))).to.deep.equal([FIRST]);
    expect(certificatesOf(keyDescriptor(`\n  ${armoured(FIRST).replaceAll("\n", "\r\n    ")}\n`))).to.deep.equal([
      FIRST,
    ]);
  });

  it("sso-wire trap 10: line breaks and blanks around and inside values are nothing", () => {
    const services =
      `<md:NameIDFormat>\n  urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\n</md:NameIDFormat>` +
      `<md:SingleSignOnService Binding="\n ${BINDING}HTTP-Artifact" Location="https://idp.example/artifact"/>` +
      `<md:SingleSignOnService Binding="${BINDING}SOAP" Location="https://idp.example/soap"/>` +
      `<md:SingleSignOnService Binding=" ${BINDING}HTTP-POST\n" Location="\n  https://idp.example/sso?a=1&amp;b=2\n"/>`;
    const xml = idpMetadata({
      entityId: "\n  https://idp.example/metadata ",
      keys: keyDescriptor(wrapped(FIRST)),
      services,
      roleAttributes: ' WantAuthnRequestsSigned="true"',
    });
    expect(read(xml)).to.deep.equal({
      entityId: "https://idp.example/metadata",
      ssoPostUrl: "https://idp.example/sso?a=1&b=2",
      wantsSignedRequests: true,
      certificates: [FIRST],
    });
  });

  it("are those of the role itself, not those of extensions, attribute authorities or signatures", () => {
    const otherRoles = `<md:AttributeAuthorityDescriptor protocolSupportEnumeration="${SAML2}">${keyDescriptor(OTHER)}</md:AttributeAuthorityDescriptor>`;
    const nested = `<md:Extensions>${keyDescriptor(OTHER)}</md:Extensions>`;
    expect(certificatesOf(nested + keyDescriptor(FIRST), { otherRoles })).to.deep.equal([FIRST]);
  });

  it("are not taken from elements of another namespace", () => {
    const strange = keyDescriptor(OTHER).replaceAll("md:KeyDescriptor", "ds:KeyDescriptor");
    expect(certificatesOf(strange + keyDescriptor(FIRST))).to.deep.equal([FIRST]);
  });

  it("are none where `use` says something unknown", () => {
    expect(
      certificatesOf(keyDescriptor(OTHER, "Signing") + keyDescriptor(OTHER, "") + keyDescriptor(FIRST)),
    ).to.deep.equal([FIRST]);
  });

  it("are there once when they are named twice", () => {
    expect(certificatesOf(keyDescriptor(FIRST, "signing") + keyDescriptor(wrapped(FIRST)))).to.deep.equal([FIRST]);
  });

  it("stay beside names of keys without certificates", () => {
    const named = "<md:KeyDescriptor><ds:KeyInfo><ds:KeyName>k1</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>";
    expect(certificatesOf(named + keyDescriptor(FIRST))).to.deep.equal([FIRST]);
    expect(codesOf(idpMetadata({ keys: named }))).to.deep.equal(["certificate_missing"]);
  });

  it("count with an expired certificate: the key is what is trusted", async () => {
    const expired = await makeKey("idp.acme.example", {
      notBeforeDate: new Date("2020-01-01T00:00:00Z"),
      notAfterDate: new Date("2021-01-01T00:00:00Z"),
    });
    expect(certificatesOf(keyDescriptor(expired.certificate))).to.deep.equal([expired.certificate]);
  });

  describe("in one X509Data", () => {
    const chain = (async () => {
      const ca = { key: globexKey.privateKey, cert: globexKey.certificatePem };
      return { root: globexKey.certificate, leaf: (await makeKey("idp.acme.example", { ca })).certificate };
    })();

    it("leave out the key that only issued another one, wherever it stands", async () => {
      const { root, leaf } = await chain;
      expect(certificatesOf(keyDescriptor([leaf, root]))).to.deep.equal([leaf]);
      expect(certificatesOf(keyDescriptor([root, leaf]))).to.deep.equal([leaf]);
    });

    it("do not fall back to the issuer's key when the certificate that it issued is refused", async () => {
      const ca = { key: globexKey.privateKey, cert: globexKey.certificatePem };
      const weak = await makeKey("idp.acme.example", { ca, keySize: 1024 });
      expect(codesOf(idpMetadata({ keys: keyDescriptor([weak.certificate, globexKey.certificate]) }))).to.deep.equal([
        "key_refused",
      ]);
    });

    it("all count when none issued another, as before a change of keys", () => {
      expect(certificatesOf(keyDescriptor([FIRST, SECOND]))).to.deep.equal([FIRST, SECOND]);
    });
  });

  const refusedKeys: readonly [
    title: string,
    certificate: () => string | Promise<string>,
    code: string,
    says: RegExp,
  ][] = [
    [
      "a key of another curve",
      () => certificateOf(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey),
      "key_refused",
      /`ec secp256k1`.*RSA.*P-256/,
    ],
    ["a key of another kind", () => certificateOf(ED25519), "key_refused", /`ed25519`.*RSA.*P-256/],
    [
      "an RSA key of 1024 bits",
      async () => (await makeKey("weak", { keySize: 1024 })).certificate,
      "key_refused",
      /1024 bits.*2048/,
    ],
    [
      "an RSA key of 8200 bits, which takes long to try",
      () => withKey(8_200, 65_537n),
      "key_refused",
      /8200 bits.*8192/,
    ],
    [
      "an RSA key whose exponent takes long to try",
      () => withKey(2_048, 2n ** 32n + 1n),
      "key_refused",
      /exponent.*65537/,
    ],
    ["no text", () => "", "certificate_invalid", /no X\.509 certificate/],
    ["text that is not base64", () => "not a certificate!", "certificate_invalid", /no X\.509 certificate/],
    ["base64 of something else", () => btoa("something else"), "certificate_invalid", /no X\.509 certificate/],
    [
      "a certificate with strange characters",
      () => `${FIRST.slice(0, 9)}*${FIRST.slice(9)}`,
      "certificate_invalid",
      /no X/,
    ],
    ["a certificate that was cut off", () => FIRST.slice(0, -40), "certificate_invalid", /no X\.509 certificate/],
    ["two certificates in one", () => armoured(FIRST) + armoured(SECOND), "certificate_invalid", /no X\.509/],
    [
      "a public key",
      () => idpKey.publicPem.replaceAll("PUBLIC KEY", "CERTIFICATE"),
      "certificate_invalid",
      /no X\.509 certificate/,
    ],
    ["an element inside", () => `${FIRST}<ds:X/>`, "certificate_invalid", /no X\.509 certificate/],
  ];
  for (const [title, certificate, code, says] of refusedKeys) {
    it(`are refused: ${title}`, async () => {
      const [problem, ...others] = problemsOf(idpMetadata({ keys: keyDescriptor(await certificate()) }));
      expect(problem).to.include({ code, pointer: "/metadataXml" });
      expect(problem?.message).to.match(says);
      expect(others).to.deep.equal([]);
    });
  }

  it("are taken with the largest RSA key and exponent that are tried", () => {
    const largest = withKey(8_192, 2n ** 32n - 1n);
    expect(certificatesOf(keyDescriptor(largest))).to.deep.equal([largest]);
  });

  it("may be of a kind that is not accepted beside one that is", () => {
    expect(certificatesOf(keyDescriptor(certificateOf(ED25519)) + keyDescriptor(FIRST))).to.deep.equal([FIRST]);
  });

  it("may be of an elliptic curve", () => {
    const { certificate } = ellipticKey;
    expect(certificatesOf(keyDescriptor(certificate) + keyDescriptor(FIRST))).to.deep.equal([certificate, FIRST]);
  });

  it("may not be broken beside one that is not", () => {
    expect(codesOf(idpMetadata({ keys: keyDescriptor("AAAA") + keyDescriptor(FIRST) }))).to.deep.equal([
      "certificate_invalid",
    ]);
  });

  it("are at most twenty, because each may be tried on each signature", () => {
    expect(certificatesOf(keyDescriptor(FIRST).repeat(20))).to.deep.equal([FIRST]);
    expect(codesOf(idpMetadata({ keys: keyDescriptor(FIRST).repeat(21) }))).to.deep.equal(["certificate_too_many"]);
  });
});

describe("the document of identity provider metadata", () => {
  it("MD-7: EntitiesDescriptor: the one identity provider in it is taken, among service providers too", () => {
    const sp = idpMetadata({ entityId: "https://sp.example", role: spRole(keyDescriptor(OTHER)) });
    expect(read(entities(sp + entities(idpMetadata()) + sp)).certificates).to.deep.equal([FIRST]);
  });

  it("MD-7: EntitiesDescriptor: several identity providers are refused", () => {
    const [problem, ...others] = problemsOf(entities(idpMetadata() + entities(idpMetadata({ entityId: "urn:other" }))));
    expect(problem).to.include({ code: "several_entities", pointer: "/metadataXml" });
    expect(problem?.message).to.match(/2 identity providers .*`urn:other`.*: say as `entityId` which one/);
    expect(others).to.deep.equal([]);
  });

  describe("a federation's, with a provider chosen by its name", () => {
    const other = { entityId: "urn:other", keys: keyDescriptor(SECOND, "signing") };
    const federation = entities(
      idpMetadata() + entities(idpMetadata(other)) + idpMetadata({ entityId: "https://sp.example", role: spRole() }),
    );

    it("MD-7: is that of the chosen one alone, however deep it stands", () => {
      const chosen = read(federation, { entityId: "urn:other" });
      expect([chosen.entityId, chosen.certificates]).to.deep.equal(["urn:other", [SECOND]]);
      expect(read(federation, { entityId: "https://idp.example/metadata" }).certificates).to.deep.equal([FIRST]);
    });

    it("is refused for a name that it does not hold, and one with a typing mistake is asked back", () => {
      const [problem] = problemsOf(federation, { entityId: "urn:othr" });
      expect(problem?.code).to.equal("entity_not_found");
      expect(problem?.message).to.match(/does not describe `urn:othr`, did you mean `urn:other`; it describes 2 /);
    });

    it("is refused for the name of a service provider in it", () => {
      const [problem] = problemsOf(federation, { entityId: "https://sp.example" });
      expect(problem?.code).to.equal("no_identity_provider");
    });

    it("is refused when two of its entities have the name: whose keys would be meant cannot be known", () => {
      const twice = entities(idpMetadata() + idpMetadata(other) + idpMetadata({ entityId: "urn:other" }));
      const [problem] = problemsOf(twice, { entityId: "urn:other" });
      expect(problem?.code).to.equal("several_entities");
      expect(problem?.message).to.match(/more than once/);
    });

    it("lists at most fifty names of several hundred", () => {
      const many = Array.from({ length: 300 }, (_, at) => idpMetadata({ entityId: `urn:idp:${at}` })).join("");
      const [problem] = problemsOf(entities(many));
      expect(problem?.message)
        .to.match(/300 identity providers .*`urn:idp:49`, and 250 more/)
        .and.not.match(/urn:idp:50/);
    });

    it("MD-7: holds no longer than the group around it", () => {
      const until = entities(entities(idpMetadata(other) + idpMetadata()), ' validUntil="2026-11-22T08:59:59Z"');
      expect(problemsOf(until, { entityId: "urn:other" }).map(({ code }) => code)).to.deep.equal(["metadata_expired"]);
    });
  });

  describe("what it says of logout", () => {
    const slo = (binding: string, attributes: string) =>
      `<md:SingleLogoutService Binding="${BINDING}${binding}" ${attributes}/>`;
    const withLogout = (services: string) =>
      read(idpMetadata({ services: services + ssoService("https://idp.example/sso") }));

    it("is the address of either binding, and where answers go", () => {
      const found = withLogout(
        slo("SOAP", 'Location="https://idp.example/soap"') +
          slo("HTTP-Redirect", 'Location=" https://idp.example/out\n" ResponseLocation="https://idp.example/done"') +
          slo("HTTP-POST", 'Location="https://idp.example/out-post"'),
      );
      expect(found).to.include({
        sloRedirectUrl: "https://idp.example/out",
        sloRedirectResponseUrl: "https://idp.example/done",
        sloPostUrl: "https://idp.example/out-post",
      });
      expect(found).to.not.have.property("sloPostResponseUrl");
    });

    for (const address of [
      "http://idp.example/out",
      "https://idp.example;script-src/",
      "javascript:alert(1)",
      "https://a:b@idp.example/",
      "",
    ]) {
      it(`is left out where the address is \`${address}\`, and sign-ins go on`, () => {
        const found = withLogout(slo("HTTP-Redirect", `Location="${address}"`));
        expect(Object.keys(found).filter((name) => name.startsWith("slo"))).to.deep.equal([]);
        expect(found.ssoRedirectUrl).to.equal("https://idp.example/sso");
      });
    }
  });

  for (const [said, wanted] of [
    ["true", true],
    [" 1 ", true],
    ["false", undefined],
    ["yes", undefined],
  ] as const) {
    it(`tells that sign-in requests must be signed by WantAuthnRequestsSigned="${said}": ${wanted ?? false}`, () => {
      const found = read(idpMetadata({ roleAttributes: ` WantAuthnRequestsSigned="${said}"` }));
      expect(found.wantsSignedRequests).to.equal(wanted);
    });
  }

  it("MD-7: EntitiesDescriptor: one without an identity provider is refused", () => {
    expect(codesOf(entities(""))).to.deep.equal(["no_identity_provider"]);
    expect(codesOf(entities(idpMetadata({ role: spRole() })))).to.deep.equal(["no_identity_provider"]);
  });

  const ends: readonly [where: string, xml: (end: string) => string][] = [
    ["EntityDescriptor", (end) => idpMetadata({ entityAttributes: ` validUntil="${end}"` })],
    ["IDPSSODescriptor", (end) => idpMetadata({ roleAttributes: ` validUntil="${end}"` })],
    ["EntitiesDescriptor", (end) => entities(idpMetadata(), ` validUntil="${end}"`)],
    ["outer EntitiesDescriptor", (end) => entities(entities(idpMetadata()), ` validUntil=" ${end}\n"`)],
  ];
  for (const [where, xml] of ends) {
    it(`MD-7: validUntil in the past: refused on an ${where}, and kept when it is to come`, () => {
      const [problem] = problemsOf(xml("2026-11-22T09:00:00Z"));
      expect(problem).to.include({ code: "metadata_expired", pointer: "/metadataXml" });
      expect(problem?.message).to.include("2026-11-22T09:00:00.000Z");
      expect(read(xml("2026-11-22T09:00:01Z")).validUntil).to.equal("2026-11-22T09:00:01.000Z");
    });
  }

  it("ends when the first of its elements does, and not when another entity's do", () => {
    const entityAttributes = ' validUntil="2027-03-01T00:00:00Z" cacheDuration="PT1S"';
    const roleAttributes = ' validUntil="2027-01-31T23:00:00.5+00:00"';
    const other = idpMetadata({ role: spRole(), entityAttributes: ' validUntil="2020-01-01T00:00:00Z"' });
    const xml = entities(
      idpMetadata({ entityAttributes, roleAttributes }) + other,
      ' validUntil="2027-04-01T00:00:00"',
    );
    expect(read(xml).validUntil).to.equal("2027-01-31T23:00:00.500Z");
  });

  it("ends in UTC where no zone is said", () => {
    const { validUntil } = read(idpMetadata({ entityAttributes: ' validUntil="2027-03-01T00:00:00"' }));
    expect(validUntil).to.equal("2027-03-01T00:00:00.000Z");
  });

  it("is refused with an end that is no time", () => {
    for (const end of [
      "",
      "tomorrow",
      "2030",
      "2027-13-01T00:00:00Z",
      "2027-02-30T00:00:00Z",
      "2027-01-01T00:00:00+02:00",
      "2027-01-01",
      "Fri, 01 Jan 2027 00:00:00 GMT",
    ]) {
      expect(codesOf(idpMetadata({ entityAttributes: ` validUntil="${end}"` })), end).to.deep.equal([
        "valid_until_invalid",
      ]);
    }
  });

  const forbidden: readonly [title: string, xml: string][] = [
    ["a DOCTYPE", `<!DOCTYPE x>${idpMetadata()}`],
    ["a DOCTYPE with entities", `<!DOCTYPE x [<!ENTITY a "b">]>${idpMetadata({ entityId: "&a;" })}`],
    ["a DOCTYPE that a comment hides", `<!<!-- -->DOCTYPE x>${idpMetadata()}`],
    ["a DOCTYPE between halves of comments", `<!--><!DOCTYPE x>${idpMetadata()}`],
    ["a CDATA section", idpMetadata({ keys: keyDescriptor(`<![CDATA[${FIRST}]]>`) })],
    ["a processing instruction", idpMetadata({ services: `<?x y?>${ssoService("https://idp.example/sso")}` })],
    ["a comment that does not end", `${idpMetadata()}<!-- `],
    ["an unknown entity", idpMetadata({ entityId: "urn:&eacute;" })],
    ["two roots", idpMetadata() + idpMetadata()],
    ["no end", idpMetadata().slice(0, -3)],
    ["a tag that a comment splits", idpMetadata().replace("<md:IDPSSO", "<<!-- -->md:IDPSSO")],
  ];
  for (const [title, xml] of forbidden) {
    it(`MD-7: DOCTYPE and the like: ${title} is refused`, () => {
      expect(codesOf(xml)).to.deep.equal(["xml_refused"]);
    });
  }

  it("MD-7: unsigned: it is read as it is, and a signature over it adds nothing", () => {
    const signature = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></ds:Signature>';
    const signed = idpMetadata().replace("<md:IDPSSO", `${signature}<md:IDPSSO`);
    expect(read(signed)).to.deep.equal(read(idpMetadata()));
  });

  it("may have comments anywhere, a prolog, a byte order mark and blanks around it", () => {
    const keys = keyDescriptor(`<!-- the new one -- from May on -->${FIRST.slice(0, 64)}<!-- -->${FIRST.slice(64)}`);
    const xml = `<!-- ours ---><!---->${idpMetadata({ keys })}<!-- <!DOCTYPE x> <?y?> & -->\n`;
    const expected = read(idpMetadata());
    expect(read(xml)).to.deep.equal(expected);
    expect(read(`\uFEFF<?xml version="1.0" encoding="utf-8" standalone="no"?>\n${xml}`)).to.deep.equal(expected);
    expect(read(`\n  <?xml version="1.0"?>${xml}`)).to.deep.equal(expected);
  });

  it("does not read what a comment holds", () => {
    const keys = `<!-- ${keyDescriptor(OTHER)} -->${keyDescriptor(FIRST)}`;
    expect(certificatesOf(keys)).to.deep.equal([FIRST]);
  });

  it("is refused when it is larger than any provider's", () => {
    expect(codesOf(idpMetadata({ services: " ".repeat(1_048_576) }))).to.deep.equal(["metadata_too_large"]);
    expect(codesOf(idpMetadata({ otherRoles: "<md:RoleDescriptor/>".repeat(20_000) }))).to.deep.equal([
      "metadata_too_large",
    ]);
  });

  it("has one role for sign-ins by SAML 2.0", () => {
    const old = idpRole({ protocols: "urn:oasis:names:tc:SAML:1.1:protocol", keys: keyDescriptor(OTHER) });
    expect(read(idpMetadata({ otherRoles: old })).certificates).to.deep.equal([FIRST]);
    expect(read(idpMetadata({ protocols: `urn:mace:shibboleth:1.0\n ${SAML2}` })).certificates).to.deep.equal([FIRST]);
    expect(codesOf(idpMetadata({ otherRoles: idpRole({ keys: keyDescriptor(OTHER) }) }))).to.deep.equal([
      "several_roles",
    ]);
  });
});

describe("what is given in place of identity provider metadata is called by its name", () => {
  const md = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"';
  const message = (name: string) => `<p:${name} xmlns:p="${SAML2}" ID="_1" Version="2.0"/>`;
  const fed = '<md:RoleDescriptor protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706"/>';
  const cases: readonly [title: string, text: string, code: string, says: RegExp][] = [
    ["nothing", " \n", "not_metadata", /is empty: give/],
    ["a comment alone", "<!-- later -->", "not_metadata", /is empty: give/],
    ["JSON", '{"issuer":"https://idp.example"}', "not_metadata", /is JSON.*`oidc`/],
    ["a certificate in PEM", armoured(FIRST), "not_metadata", /certificate alone: give the whole metadata/],
    ["a certificate in base64", wrapped(FIRST), "not_metadata", /certificate alone: give the whole metadata/],
    ["its address", " https://idp.example/metadata\n", "not_metadata", /`metadataUrl`/],
    ["a login page", "<!doctype html>\n<html><head>", "not_metadata", /web page.*login/],
    ["a login page of XHTML", '<?xml version="1.0"?>\n<HTML lang="en">', "not_metadata", /web page.*login/],
    ["a sentence", "see attachment", "not_metadata", /is not XML.*`EntityDescriptor`/],
    ["a private key", "-----BEGIN PRIVATE KEY-----", "not_metadata", /is not XML.*`EntityDescriptor`/],
    ["an AuthnRequest", message("AuthnRequest"), "not_metadata", /SAML `AuthnRequest`, a message of a sign-in/],
    ["a Response", message("Response"), "not_metadata", /SAML `Response`, a message of a sign-in/],
    [
      "SAML 1.1 metadata",
      '<EntityDescriptor xmlns="urn:x"/>',
      "not_metadata",
      /`EntityDescriptor` in the namespace `urn:x`/,
    ],
    ["an EntityDescriptor without namespace", "<EntityDescriptor/>", "not_metadata", /in the namespace ``/],
    [
      "a role without its entity",
      idpRole().replace(">", ` ${md} xmlns:ds="x">`),
      "not_metadata",
      /begins with `IDPSSODesc/,
    ],
    ["a WS-Federation document", '<FederationMetadata xmlns="urn:f"/>', "not_metadata", /WS-Federation.*SAML 2\.0/],
    ["a WS-Trust document", '<d:definitions xmlns:d="urn:wsdl"/>', "not_metadata", /WS-Trust.*SAML 2\.0/],
    ["any other XML", "<feed/>", "not_metadata", /begins with `feed`/],
    [
      "service provider metadata",
      idpMetadata({ role: spRole() }),
      "no_identity_provider",
      /service provider, perhaps our own/,
    ],
    ["WS-Federation in an entity", idpMetadata({ role: fed }), "no_identity_provider", /WS-Federation alone/],
    [
      "SAML 1.1 in an entity",
      idpMetadata({ protocols: `${SAML2}x` }),
      "no_identity_provider",
      /protocolSupportEnumeration/,
    ],
    ["an empty entity", idpMetadata({ role: "" }), "no_identity_provider", /has no `IDPSSODescriptor`/],
  ];
  for (const [title, text, code, says] of cases) {
    it(title, () => {
      const [problem, ...others] = problemsOf(text, { pointer: "/metadataUrl" });
      expect(problem).to.include({ code, pointer: "/metadataUrl" });
      expect(problem?.message).to.match(says);
      expect(others).to.deep.equal([]);
    });
  }
});

describe("the name and the addresses of identity provider metadata", () => {
  it("are all told of at once when they are wrong", () => {
    const xml = idpMetadata({
      entityId: "",
      keys: "",
      services: ssoService("ftp://idp.example"),
      entityAttributes: ' validUntil="2020-01-01T00:00:00Z"',
    });
    expect(codesOf(xml)).to.deep.equal([
      "entity_id_invalid",
      "certificate_missing",
      "sso_url_refused",
      "metadata_expired",
    ]);
  });

  it("have an entityID of 1 to 1024 characters, on one line, in no namespace", () => {
    const longest = `urn:${"x".repeat(1020)}`;
    expect(read(idpMetadata({ entityId: longest })).entityId).to.equal(longest);
    for (const entityId of ["", " \n ", `${longest}x`, "urn:a&#10;b", "urn:a&#x7f;"]) {
      expect(codesOf(idpMetadata({ entityId })), entityId).to.deep.equal(["entity_id_invalid"]);
    }
    expect(codesOf(idpMetadata().replace(" entityID=", " md:entityID="))).to.deep.equal(["entity_id_invalid"]);
  });

  const refused: readonly [location: string, says: RegExp][] = [
    ["", /must be an https URL/],
    ["/sso", /must be an https URL/],
    ["idp.example/sso", /must be an https URL/],
    ["http://idp.example/sso", /must be an https URL.*can be read on its way/],
    ["ftp://idp.example/sso", /must be an https URL/],
    ["javascript:alert(1)", /must be an https URL/],
    ["data:text/html,x", /must be an https URL/],
    ["https:idp.example", /must be an https URL/],
    ["https:\\\\idp.example", /must be an https URL/],
    ["https://idp.example\\@evil.example/", /must be an https URL/],
    ["https://", /must be an https URL/],
    ["https://idp.example:99999/", /must be an https URL/],
    ["https://idp.example/s s", /must be an https URL/],
    ["https://idp.example/&#9;sso", /must be an https URL/],
    ["https://idp.example/&#10;sso", /must be an https URL/],
    ["https://ïdp.example/sso", /must be an https URL/],
    ["https://admin@idp.example/", /without user and password/],
    ["https://:secret@idp.example/", /without user and password/],
    ["https://idp.example;script-src/", /plain name or address as its host/],
    ["https://idp.example,evil.example/", /plain name or address as its host/],
    ["https://idp.example%3Bscript-src/", /plain name or address as its host/],
    ["https://idp&apos;none&apos;/", /plain name or address as its host/],
    ["https://&quot;idp&quot;/", /plain name or address as its host/],
    ["https://*/", /plain name or address as its host/],
    ["https://idp.example/sso#here", /without fragment/],
    [`https://idp.example/${"x".repeat(2_000)}`, /at most 2000 characters/],
  ];
  for (const [location, says] of refused) {
    it(`have no sign-in address ${JSON.stringify(location.slice(0, 60))}`, () => {
      for (const binding of ["HTTP-Redirect", "HTTP-POST"]) {
        const services = ssoService(location, binding) + ssoService("https://idp.example/sso");
        const [problem, ...others] = problemsOf(idpMetadata({ services }));
        expect(problem).to.include({ code: "sso_url_refused" });
        expect(problem?.message).to.match(says).and.include(binding);
        expect(others).to.deep.equal([]);
      }
    });
  }

  it("may have a host of any plain kind", () => {
    for (const host of [
      "idp_1.example:8443",
      "xn--dp-4ja.example",
      "192.0.2.7",
      "[2001:db8::7]:8443",
      "IDP.example.",
    ]) {
      const location = `https://${host}/sso;v=1,2?a=*`;
      expect(read(idpMetadata({ services: ssoService(location) })).ssoRedirectUrl).to.equal(location);
    }
  });

  it("may be plain http where private networks are allowed", () => {
    const xml = idpMetadata({ services: ssoService("http://127.0.0.1:9000/sso") });
    expect(read(xml, { allowHttp: true }).ssoRedirectUrl).to.equal("http://127.0.0.1:9000/sso");
  });

  it("are the first of each binding, as they are written", () => {
    const services =
      ssoService("https://IDP.example:443/one?", "HTTP-Redirect") +
      ssoService("https://idp.example/two", "HTTP-Redirect") +
      ssoService("https://idp.example/three?x=%20", "HTTP-POST");
    const { ssoRedirectUrl, ssoPostUrl } = read(idpMetadata({ services }));
    expect([ssoRedirectUrl, ssoPostUrl]).to.deep.equal([
      "https://IDP.example:443/one?",
      "https://idp.example/three?x=%20",
    ]);
  });

  it("are missing where only other bindings, logout or other namespaces have some", () => {
    const location = "https://idp.example/x";
    const services = [
      ssoService(location, "SOAP"),
      ssoService(location, "HTTP-Artifact"),
      ssoService(location, "HTTP-POST-SimpleSign"),
      `<md:SingleLogoutService Binding="${BINDING}HTTP-Redirect" Location="${location}"/>`,
      ssoService(location).replace("md:", "ds:"),
      `<md:Extensions>${ssoService(location)}</md:Extensions>`,
    ];
    for (const service of services) {
      expect(codesOf(idpMetadata({ services: service })), service).to.deep.equal(["sso_url_missing"]);
    }
  });
});
