import { inflateRawSync } from "node:zlib";
import { expect } from "chai";
import type { SamlSettings } from "../../src/model/connection.js";
import { METADATA_CAPS } from "../../src/protocols/saml/prescan.js";
import { authnRequest, type LoginRequest, spMetadata } from "../../src/protocols/saml/service-provider.js";
import { attributeOf, elementsIn, parseXml, type XmlElement } from "../../src/protocols/saml/xml.js";

const sp = {
  entityId: "https://rolecall.example/sso/acme/okta/metadata",
  acsUrl: "https://rolecall.example/sso/acme/okta/acs",
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
  it("names the address for responses, the name formats, and that assertions must be signed", () => {
    const md = "urn:oasis:names:tc:SAML:2.0:metadata";
    const format = (text: string) => ({ element: `${md} NameIDFormat`, text: `urn:oasis:names:tc:SAML:${text}` });
    expect(shapeOf(spMetadata(sp))).to.deep.equal([
      { element: `${md} EntityDescriptor`, entityID: sp.entityId },
      {
        element: `${md} SPSSODescriptor`,
        AuthnRequestsSigned: "false",
        WantAssertionsSigned: "true",
        protocolSupportEnumeration: PROTOCOL,
      },
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

  it("escapes what stands in it", () => {
    const strange = { entityId: `https://x.example/"<&'>`, acsUrl: `https://x.example/?a=1&b="<'>` };
    const attributes = [...elementsIn(parseXml(spMetadata(strange), METADATA_CAPS))].flatMap((element) => [
      attributeOf(element, "entityID"),
      attributeOf(element, "Location"),
    ]);
    expect(attributes.filter((value) => value !== undefined)).to.deep.equal([strange.entityId, strange.acsUrl]);
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
      spMetadata(sp);
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
