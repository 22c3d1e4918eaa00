import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import { expect } from "chai";
import type { SamlSettings } from "../../src/model/connection.js";
import { METADATA_CAPS } from "../../src/protocols/saml/prescan.js";
import { authnRequest, type LoginRequest, spMetadata } from "../../src/protocols/saml/service-provider.js";
import { keysOf, signedElement } from "../../src/protocols/saml/signature.js";
import { attributeOf, elementsIn, parseXml, type XmlElement } from "../../src/protocols/saml/xml.js";
import type { SigningKey } from "../../src/provisioning/connection-keys.js";
import type { ConnectionKey } from "../../src/provisioning/ports/connection-keys.js";
import { othersKey, ourKey } from "../support/saml-encryption.js";

const sp = {
  entityId: "https://rolecall.example/sso/acme/okta/metadata",
  acsUrl: "https://rolecall.example/sso/acme/okta/acs",
  sloUrl: "https://rolecall.example/sso/acme/okta/slo",
};
const idp: SamlSettings = {
  entityId: "https://idp.example/metadata",
  ssoRedirectUrl: "https://idp.example/redirect",
  ssoPostUrl: "https://idp.example/post",
  certificates: [],
  requireSigned: "either",
};
const request: LoginRequest = {
  id: `_${"a".repeat(43)}`,
  relayState: "0123456789-_abc",
  now: "2026-11-22T09:00:00.123Z",
};
const PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion";
const HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

interface Sent {
  readonly address: string;
  readonly xml: string;
  readonly relayState: string | null;
}

/** What the provider gets, by whichever binding. */
function sent(settings: Partial<SamlSettings> = {}, over: Partial<LoginRequest> = {}): Sent {
  const departure = authnRequest(sp, { ...idp, ...settings }, { ...request, ...over });
  if (departure.kind === "form") {
    const { SAMLRequest = "", RelayState = null } = departure.fields;
    return {
      address: departure.action,
      xml: Buffer.from(SAMLRequest, "base64").toString("utf8"),
      relayState: RelayState,
    };
  }
  const query = new URL(departure.location).searchParams;
  const deflated = Buffer.from(query.get("SAMLRequest") ?? "", "base64");
  return {
    address: departure.location,
    xml: inflateRawSync(deflated).toString("utf8"),
    relayState: query.get("RelayState"),
  };
}

/** Its elements with their attributes, namespaces spelled out. */
function shapeOf(xml: string): readonly object[] {
  return [...elementsIn(parseXml(xml, METADATA_CAPS))].map(({ namespace, name, attributes, text }: XmlElement) => ({
    element: `${namespace} ${name}`,
    ...Object.fromEntries(attributes.map((attribute) => [attribute.name, attribute.value])),
    ...(text === "" ? {} : { text }),
  }));
}

describe("our metadata as a service provider", () => {
  it("names the addresses for responses and logouts in the schema's order, the name formats, and that assertions must be signed", () => {
    const md = "urn:oasis:names:tc:SAML:2.0:metadata";
    const format = (text: string) => ({ element: `${md} NameIDFormat`, text: `urn:oasis:names:tc:SAML:${text}` });
    expect(shapeOf(spMetadata(sp, idp, []))).to.deep.equal([
      { element: `${md} EntityDescriptor`, entityID: sp.entityId },
      {
        element: `${md} SPSSODescriptor`,
        AuthnRequestsSigned: "false",
        WantAssertionsSigned: "true",
        protocolSupportEnumeration: PROTOCOL,
      },
      { element: `${md} SingleLogoutService`, Binding: HTTP_REDIRECT, Location: sp.sloUrl },
      { element: `${md} SingleLogoutService`, Binding: HTTP_POST, Location: sp.sloUrl },
      format("2.0:nameid-format:persistent"),
      format("1.1:nameid-format:emailAddress"),
      format("1.1:nameid-format:unspecified"),
      {
        element: `${md} AssertionConsumerService`,
        index: "0",
        isDefault: "true",
        Binding: HTTP_POST,
        Location: sp.acsUrl,
      },
    ]);
  });

  it("has every key that may sign, and those that are to be encrypted for, the active one first", () => {
    const key = (use: ConnectionKey["use"], state: ConnectionKey["state"]): ConnectionKey => {
      const certificate = Buffer.from(`${use} ${state}`).toString("base64");
      return { id: state, use, state, certificate, algorithm: "RSA 2048", createdAt: request.now };
    };
    const states = ["retiring", "active", "next"] as const;
    const keys = states.flatMap((state) => [key("signing", state), key("encryption", state)]);
    const root = parseXml(spMetadata(sp, idp, keys), METADATA_CAPS);
    const published = [...elementsIn(root)]
      .filter(({ name }) => name === "KeyDescriptor")
      .map((one) => {
        const text = [...elementsIn(one)].find(({ name }) => name === "X509Certificate")?.text ?? "";
        return `${attributeOf(one, "use")}: ${Buffer.from(text, "base64").toString("utf8")}`;
      });
    expect(published).to.deep.equal([
      ...["signing: signing active", "signing: signing retiring", "signing: signing next"],
      ...["encryption: encryption active", "encryption: encryption next"],
    ]);
  });

  it("says whether requests are signed, and which name format is asked for alone", () => {
    const says = (settings: Partial<SamlSettings>) => {
      const root = parseXml(spMetadata(sp, { ...idp, ...settings }, []), METADATA_CAPS);
      const all = [...elementsIn(root)];
      const signed = all.map((one) => attributeOf(one, "AuthnRequestsSigned")).find((value) => value !== undefined);
      return [signed, ...all.filter(({ name }) => name === "NameIDFormat").map(({ text }) => text)];
    };
    const persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    expect(says({ signRequests: true, nameIdFormat: "persistent" })).to.deep.equal(["true", persistent]);
    expect(says({ wantsSignedRequests: true })[0]).to.equal("true");
    expect(says({ wantsSignedRequests: true, signRequests: false })[0]).to.equal("false");
  });

  it("escapes what stands in it", () => {
    const strange = { entityId: `https://x.example/"<&'>`, acsUrl: `https://x.example/?a=1&b="<'>`, sloUrl: "<'&\">" };
    const attributes = [...elementsIn(parseXml(spMetadata(strange, idp, []), METADATA_CAPS))].flatMap((element) => [
      attributeOf(element, "entityID"),
      attributeOf(element, "Location"),
    ]);
    expect(attributes.filter((value) => value !== undefined)).to.deep.equal([
      strange.entityId,
      strange.sloUrl,
      strange.sloUrl,
      strange.acsUrl,
    ]);
  });
});

describe("requests that send people to their SAML identity provider", () => {
  const bindings: readonly ["redirect" | "post", string | undefined][] = [
    ["redirect", idp.ssoRedirectUrl],
    ["post", idp.ssoPostUrl],
  ];
  for (const [binding, destination] of bindings) {
    it(`say by ${binding} what is wanted, of any name format, in whole seconds`, () => {
      expect(shapeOf(sent({}, { binding }).xml)).to.deep.equal([
        {
          element: `${PROTOCOL} AuthnRequest`,
          ID: request.id,
          Version: "2.0",
          IssueInstant: "2026-11-22T09:00:00Z",
          Destination: destination,
          AssertionConsumerServiceURL: sp.acsUrl,
          ProtocolBinding: HTTP_POST,
        },
        { element: `${ASSERTION} Issuer`, text: sp.entityId },
        { element: `${PROTOCOL} NameIDPolicy`, AllowCreate: "true" },
      ]);
    });
  }

  it("go by a redirect, with an opaque RelayState", () => {
    const { address, relayState } = sent();
    expect(address).to.match(/^https:\/\/idp\.example\/redirect\?SAMLRequest=[\w%]+&RelayState=0123456789-_abc$/);
    expect(relayState).to.equal(request.relayState);
  });

  it("go by a form where the provider takes no redirect, or when it is wanted", () => {
    const { ssoRedirectUrl, ...postOnly } = idp;
    for (const departure of [
      authnRequest(sp, postOnly, request),
      authnRequest(sp, idp, { ...request, binding: "post" }),
    ]) {
      expect(departure).to.include({ kind: "form", action: idp.ssoPostUrl });
    }
  });

  it("go by a redirect where the provider takes no form, whatever is wanted", () => {
    const { ssoPostUrl, ...redirectOnly } = idp;
    expect(authnRequest(sp, redirectOnly, { ...request, binding: "post" }).kind).to.equal("redirect");
  });

  const signing: SigningKey = {
    id: "k1",
    certificate: ourKey.certificate,
    privateKey: createPrivateKey(ourKey.privateKey),
  };

  it("are signed by redirect over the very octets that are sent, before anything else in the query", () => {
    for (const address of ["https://idp.example/sso", "https://idp.example/sso?SAMLRequest=1&x=%20%26"]) {
      const settings = { ...idp, ssoRedirectUrl: address };
      const departure = authnRequest(sp, settings, { ...request, key: signing, loginHint: "a&Signature=b" });
      const location = departure.kind === "redirect" ? departure.location : "";
      const [, octets = "", signature = ""] =
        /[?&](SAMLRequest=[^&]{2,}&RelayState=[^&]+&SigAlg=[^&]+)&Signature=([^&]+)&login_hint=[^&]+$/.exec(location) ??
        [];
      expect(octets).to.contain(encodeURIComponent("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"));
      const value = Buffer.from(decodeURIComponent(signature), "base64");
      expect(verify("sha256", Buffer.from(octets), createPublicKey(ourKey.publicPem), value)).to.equal(true);
    }
  });

  it("are signed by post inside, behind the Issuer, as our own verifier wants it", () => {
    const { xml } = sent({}, { binding: "post", key: signing });
    const root = parseXml(xml, METADATA_CAPS);
    expect(root.children.map(({ name }) => name)).to.deep.equal(["Issuer", "Signature", "NameIDPolicy"]);
    const [, signature] = root.children;
    if (signature === undefined) expect.fail("no signature");
    const signed = { element: root, id: request.id, signature };
    const read = signedElement(signed, keysOf([ourKey.certificate]));
    expect(attributeOf(read, "ID")).to.equal(request.id);
    expect(() => signedElement(signed, keysOf([othersKey.certificate]))).to.throw();
  });

  it("are not signed where there is no key, and ask for a name format and a fresh sign-in where an admin wants them", () => {
    expect(sent().address).to.not.match(/SigAlg|Signature/);
    const { xml } = sent({ nameIdFormat: "emailAddress", forceAuthn: true });
    const root = parseXml(xml, METADATA_CAPS);
    expect(attributeOf(root, "ForceAuthn")).to.equal("true");
    const [policy] = root.children.filter(({ name }) => name === "NameIDPolicy");
    expect(policy && attributeOf(policy, "Format")).to.equal("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress");
    expect(sent().xml).to.not.match(/ForceAuthn|Format/);
  });

  it("sso-wire trap 6: are not deflated by HTTP-POST", () => {
    expect(sent({}, { binding: "post" }).xml).to.match(/^<samlp:AuthnRequest /);
  });

  it("carry nothing but the request and the RelayState in the form", () => {
    const departure = authnRequest(sp, idp, { ...request, binding: "post", loginHint: "ann@acme.example" });
    expect(departure.kind === "form" && Object.keys(departure.fields)).to.deep.equal(["SAMLRequest", "RelayState"]);
  });

  const addresses = [
    "https://idp.example/sso?idpid=C01&x=%20%26%3D",
    "https://idp.example/sso?a='b'&c=\"d\"&e=<f>",
    "https://idp.example/sso?a={Issuer}&b={Destination}&c={ID}",
    "https://idp.example/sso?a=$1$&$`$'",
    "https://idp.example/sso?a=1&",
    "https://idp.example/sso?",
  ];
  for (const address of addresses) {
    it(`keep ${address} as the provider wrote it`, () => {
      const form = sent({ ssoPostUrl: address }, { binding: "post" });
      const redirect = sent({ ssoRedirectUrl: address });
      expect(form.address).to.equal(address);
      for (const { xml } of [form, redirect]) {
        expect(attributeOf(parseXml(xml, METADATA_CAPS), "Destination")).to.equal(address);
      }
      const [before, after = "", ...others] = redirect.address.split(/[?&]SAMLRequest=/);
      expect(before).to.equal(address.replace(/\?$/, ""));
      expect(after).to.match(/&RelayState=/);
      expect(others).to.deep.equal([]);
    });
  }

  it("name the person in a redirect's query when that is known, where Entra and Okta look", () => {
    const { address, relayState } = sent({}, { loginHint: "å b&RelayState=x@acme.example" });
    expect(new URL(address).searchParams.get("login_hint")).to.equal("å b&RelayState=x@acme.example");
    expect(new URL(address).searchParams.getAll("RelayState")).to.deep.equal([request.relayState]);
    expect(relayState).to.equal(request.relayState);
    expect(sent().address).not.to.include("login_hint");
  });

  it("write nothing to the console", () => {
    const { warn } = console;
    const written: unknown[] = [];
    console.warn = (...said: unknown[]) => written.push(said);
    try {
      spMetadata(sp, idp, []);
      sent();
      sent({}, { binding: "post" });
    } finally {
      console.warn = warn;
    }
    expect(written).to.deep.equal([]);
  });

  it("fail as a fault of ours for settings without any address", () => {
    const { ssoPostUrl, ssoRedirectUrl, ...nowhere } = idp;
    expect(() => authnRequest(sp, nowhere, request)).to.throw(/without an address/);
  });
});
