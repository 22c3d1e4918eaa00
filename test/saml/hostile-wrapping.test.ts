import { ACME, replaceOnly, SAML, SAMLP } from "../support/saml-response.js";
import { forEachSigning, type Hostile, NOW, refuses, signedAs } from "./corpus.js";
import {
  assertionOf,
  assertionSignatureOf,
  EVE,
  elementOf,
  evil,
  evilAssertion,
  inAdvice,
  inExtensions,
  inObject,
  insertAfter,
  insertBefore,
  outerResponse,
  signatureOf,
  without,
  withoutSignatures,
} from "./forge.js";

const RESPONSE = "_response-1";
const ASSERTION = "_assertion-1";

/** The wrappings of "On Breaking SAML", around a signed Response. */
const AROUND_RESPONSE: readonly (readonly [string, (xml: string) => string])[] = [
  [
    "XSW1: an evil Response that takes the signature, with the signed one inside the Signature",
    (xml) => {
      const signature = signatureOf(xml);
      const signed = without(xml, signature);
      return replaceOnly(
        evil(xml, RESPONSE),
        signature,
        signature.replace("</ds:Signature>", `${signed}</ds:Signature>`),
      );
    },
  ],
  [
    "XSW2: an evil Response that takes the signature, with the signed one before it",
    (xml) => {
      const signature = signatureOf(xml);
      return replaceOnly(evil(xml, RESPONSE), signature, without(xml, signature) + signature);
    },
  ],
  [
    "XSW3: an evil Assertion before the signed Response in an unsigned one",
    (xml) => outerResponse(xml, evilAssertion(NOW) + xml),
  ],
  [
    "XSW4: the signed Response inside an evil Assertion",
    (xml) => outerResponse(xml, insertBefore(evilAssertion(NOW), "<saml:Subject>", xml)),
  ],
  [
    "XSW5: an evil Response of the same ID that takes the signature, with the signed one at the end",
    (xml) => {
      const signed = without(xml, signatureOf(xml));
      return insertAfter(evil(xml), "</saml:Assertion>", signed);
    },
  ],
  [
    "XSW6: an evil Response of the same ID that takes the signature, with the signed one inside it",
    (xml) => {
      const signature = signatureOf(xml);
      const signed = without(xml, signature);
      return replaceOnly(evil(xml), signature, signature.replace("<ds:KeyInfo>", `${signed}<ds:KeyInfo>`));
    },
  ],
  [
    "XSW7: the signed Response inside the Extensions of an evil one",
    (xml) => {
      const unsigned = withoutSignatures(evil(xml, RESPONSE)).replace(`ID="${ASSERTION}"`, `ID="_evil-2"`);
      return insertBefore(unsigned, "<samlp:Status>", inExtensions(xml));
    },
  ],
  [
    "XSW8: the signed Response inside an Object of the signature that an evil one took",
    (xml) => {
      const signature = signatureOf(xml);
      const signed = without(xml, signature);
      const evilOne = evil(xml, RESPONSE);
      return replaceOnly(
        evilOne,
        signature,
        signature.replace("</ds:Signature>", `${inObject(signed)}</ds:Signature>`),
      );
    },
  ],
];

/** The same around a signed Assertion; `xml` is the whole message. */
const AROUND_ASSERTION: readonly (readonly [string, (xml: string) => string])[] = [
  [
    "XSW1: an evil Assertion that takes the signature, with the signed one inside the Signature",
    (xml) => {
      const signature = assertionSignatureOf(xml);
      const signed = without(assertionOf(xml), signature);
      const wrapping = signature.replace("</ds:Signature>", `${signed}</ds:Signature>`);
      return replaceOnly(xml, assertionOf(xml), evil(replaceOnly(assertionOf(xml), signature, "@"), ASSERTION)).replace(
        "@",
        wrapping,
      );
    },
  ],
  [
    "XSW2: an evil Assertion that takes the signature, with the signed one before it",
    (xml) => {
      const signature = assertionSignatureOf(xml);
      const signed = without(assertionOf(xml), signature);
      const evilOne = evil(without(assertionOf(xml), signature), ASSERTION);
      return replaceOnly(xml, assertionOf(xml), insertBefore(evilOne, "<saml:Subject>", signed + signature));
    },
  ],
  ["XSW3: an evil Assertion before the signed one", (xml) => insertBefore(xml, "<saml:Assertion ", evilAssertion(NOW))],
  [
    "XSW4: the signed Assertion inside an evil one",
    (xml) => replaceOnly(xml, assertionOf(xml), insertBefore(evilAssertion(NOW), "<saml:Subject>", assertionOf(xml))),
  ],
  [
    "XSW5: an evil Assertion with the signature, and the signed one without it at the end",
    (xml) => {
      const signature = assertionSignatureOf(xml);
      const signed = without(assertionOf(xml), signature);
      const evilOne = insertBefore(evil(signed, ASSERTION), "<saml:Subject>", signature);
      return replaceOnly(xml, assertionOf(xml), evilOne + signed);
    },
  ],
  [
    "XSW6: an evil Assertion with the signature, and the signed one inside it",
    (xml) => {
      const signature = assertionSignatureOf(xml);
      const signed = without(assertionOf(xml), signature);
      const wrapping = signature.replace("<ds:KeyInfo>", `${signed}<ds:KeyInfo>`);
      return replaceOnly(xml, assertionOf(xml), insertBefore(evil(signed, ASSERTION), "<saml:Subject>", wrapping));
    },
  ],
  [
    "XSW7: an evil Assertion of the same ID in the Extensions",
    (xml) => insertBefore(xml, "<samlp:Status>", inExtensions(evil(withoutSignatures(assertionOf(xml))))),
  ],
  [
    "XSW8: the signed Assertion in an Object of the signature that an evil one of the same ID took",
    (xml) => {
      const signature = assertionSignatureOf(xml);
      const signed = without(assertionOf(xml), signature);
      const wrapping = signature.replace("</ds:Signature>", `${inObject(signed)}</ds:Signature>`);
      return replaceOnly(xml, assertionOf(xml), insertBefore(evil(signed), "<saml:Subject>", wrapping));
    },
  ],
];

function wrapped(
  table: readonly (readonly [string, (xml: string) => string])[],
  signings: readonly ("both" | "assertion" | "response")[],
): Hostile[] {
  return signings.flatMap((signed) =>
    table.map(([name, wrap]) =>
      signedAs<Hostile>({ name, derive: (valid) => valid.altered(wrap), guard: "structure" }, signed),
    ),
  );
}

describe("SML-5: XSW1-8", () => {
  describe("around a signed Response", () => {
    refuses(wrapped(AROUND_RESPONSE, ["response", "both"]));
  });
  describe("around a signed Assertion", () => {
    refuses(wrapped(AROUND_ASSERTION, ["assertion", "both"]));
  });
});

describe("SML-4: what stands outside the assertion: a signed Response in an outer one", () => {
  refuses(
    forEachSigning<Hostile>([
      {
        name: "xsw-outer-response: the genuine Response as the only content of an unsigned one",
        derive: (valid) => valid.altered((xml) => outerResponse(xml, xml)),
        guard: "structure",
      },
      {
        name: "the genuine Response in an outer one that answers another request",
        derive: (valid) =>
          valid.altered((xml) => outerResponse(xml, xml.replaceAll(`"${ACME.request}"`, `"_request-2"`))),
        guard: "structure",
      },
      {
        name: "the genuine Response in the Status of an outer one",
        derive: (valid) =>
          valid.altered((xml) =>
            outerResponse(xml, evilAssertion(NOW)).replace(
              "</samlp:Status>",
              `<samlp:StatusDetail>${xml}</samlp:StatusDetail></samlp:Status>`,
            ),
          ),
        guard: "structure",
      },
    ]),
  );
});

describe("SML-5: more than one assertion", () => {
  refuses([
    ...forEachSigning<Hostile>([
      {
        name: "an evil one appended",
        derive: (valid) => valid.altered((xml) => insertAfter(xml, "</saml:Assertion>", evilAssertion(NOW))),
        guard: "structure",
      },
      {
        name: "an evil one prepended",
        derive: (valid) => valid.altered((xml) => insertBefore(xml, "<saml:Assertion ", evilAssertion(NOW))),
        guard: "structure",
      },
      {
        name: "an evil one that holds the genuine one in its Advice",
        derive: (valid) =>
          valid.altered((xml) =>
            replaceOnly(
              xml,
              assertionOf(xml),
              insertBefore(evilAssertion(NOW), "<saml:AuthnStatement ", inAdvice(assertionOf(xml))),
            ),
          ),
        guard: "structure",
      },
      {
        name: "an evil one in the Extensions",
        derive: (valid) =>
          valid.altered((xml) => insertBefore(xml, "<samlp:Status>", inExtensions(evilAssertion(NOW)))),
        guard: "structure",
      },
      {
        name: "an evil one in the Status",
        derive: (valid) =>
          valid.altered((xml) =>
            insertBefore(xml, "</samlp:Status>", `<samlp:StatusDetail>${evilAssertion(NOW)}</samlp:StatusDetail>`),
          ),
        guard: "structure",
      },
      {
        name: "an evil one in an Object of the signature",
        derive: (valid) => valid.altered((xml) => insertBefore(xml, "</ds:Signature>", inObject(evilAssertion(NOW)))),
        guard: "structure",
      },
      {
        name: "an evil one in KeyInfo",
        derive: (valid) => valid.altered((xml) => insertBefore(xml, "</ds:KeyInfo>", evilAssertion(NOW))),
        guard: "structure",
      },
      {
        name: "an evil one under another element of no namespace",
        derive: (valid) =>
          valid.altered((xml) => insertBefore(xml, "<saml:Assertion ", `<Bag xmlns="">${evilAssertion(NOW)}</Bag>`)),
        guard: "structure",
      },
      {
        name: "an EncryptedAssertion beside it",
        derive: (valid) =>
          valid.altered((xml) =>
            insertBefore(
              xml,
              "<saml:Assertion ",
              `<saml:EncryptedAssertion xmlns:saml="${SAML}">x</saml:EncryptedAssertion>`,
            ),
          ),
        guard: "structure",
      },
      {
        name: "an EncryptedAssertion around it",
        derive: (valid) =>
          valid.altered((xml) =>
            replaceOnly(
              xml,
              assertionOf(xml),
              `<saml:EncryptedAssertion xmlns:saml="${SAML}">${assertionOf(xml)}</saml:EncryptedAssertion>`,
            ),
          ),
        guard: "structure",
      },
    ]),
    {
      name: "two that the provider signed as one Response",
      base: { signed: "response" },
      derive: (valid) => valid.with({ extra: { endOfResponse: evilAssertion(NOW) } }),
      guard: "structure",
    },
    {
      name: "two that the provider signed each",
      base: { signed: "assertion" },
      derive: (valid) => {
        const other = assertionOf(valid.with({ assertionId: "_assertion-2" }).xml);
        return valid.altered((xml) => insertAfter(xml, "</saml:Assertion>", other));
      },
      guard: "structure",
    },
    {
      name: "a signed one that holds another in its Advice",
      derive: (valid) => valid.with({ extra: { behindConditions: inAdvice(evilAssertion(NOW)) } }),
      guard: "structure",
    },
    {
      name: "none",
      derive: (valid) => valid.with({ signed: "response", xml: { assertion: "" } }),
      guard: "structure",
    },
    {
      name: "one that hides in another namespace beside the signed one",
      derive: (valid) =>
        valid.altered((xml) =>
          insertBefore(
            xml,
            "<saml:Assertion ",
            evilAssertion(NOW).replaceAll(SAML, "urn:oasis:names:tc:SAML:1.0:assertion"),
          ),
        ),
      guard: "structure",
    },
  ]);
});

describe("SML-24: encrypted assertions", () => {
  const encrypted = (name: string) => `<saml:${name}><x xmlns="urn:x"/></saml:${name}>`;
  refuses([
    {
      name: "an EncryptedAssertion alone",
      derive: (valid) =>
        valid.with({
          signed: "response",
          xml: {
            assertion: `<saml:EncryptedAssertion xmlns:saml="${SAML}"><x xmlns="urn:x"/></saml:EncryptedAssertion>`,
          },
        }),
      guard: "encrypted",
    },
    {
      name: "an EncryptedID for the name",
      derive: (valid) => valid.with({ xml: { nameId: encrypted("EncryptedID") } }),
      guard: "encrypted",
    },
    {
      name: "an EncryptedAttribute",
      derive: (valid) => valid.with({ extra: { inAttributeStatement: encrypted("EncryptedAttribute") } }),
      guard: "encrypted",
    },
  ]);
});

describe("SML-5: IDs that are not one element's own", () => {
  refuses([
    ...forEachSigning<Hostile>([
      {
        name: "the Response and the Assertion with one ID",
        derive: (valid) => valid.with({ responseId: "_same-1", assertionId: "_same-1" }),
        guard: "structure",
      },
      {
        name: "an empty ID of the Assertion",
        derive: (valid) => valid.with({ assertionId: "" }),
        guard: "structure",
      },
      {
        name: "an empty ID of the Response",
        derive: (valid) => valid.with({ responseId: "" }),
        guard: "structure",
      },
      {
        name: "an ID that is a piece of XPath",
        derive: (valid) => valid.with({ responseId: "_r' or '1'='1", assertionId: "_a' or '1'='1" }),
        guard: "structure",
      },
      {
        name: "an ID with blanks around it",
        derive: (valid) => valid.with({ responseId: " _r ", assertionId: " _a " }),
        guard: "structure",
      },
    ]),
    {
      name: "no ID of the Assertion",
      base: { signed: "response" },
      derive: (valid) => valid.with({ beforeSigning: (xml) => replaceOnly(xml, ` ID="${ASSERTION}"`, "") }),
      guard: "structure",
    },
    {
      name: "no ID of the Response",
      base: { signed: "assertion" },
      derive: (valid) => valid.replaced(` ID="${RESPONSE}"`, ""),
      guard: "structure",
    },
    ...["ID", "Id", "id", "xml:id", "saml:ID"].map(
      (name): Hostile => ({
        name: `a Status that bears the Assertion's ID as ${name}`,
        base: { signed: "assertion" },
        derive: (valid) =>
          valid.replaced("<samlp:Status>", `<samlp:Status xmlns:saml="${SAML}" ${name}="${ASSERTION}">`),
        guard: "structure",
      }),
    ),
    ...["Id", "id", "xml:id", "x:ID"].map(
      (name): Hostile => ({
        name: `an evil Assertion's twin ID as ${name} on the Response`,
        base: { signed: "assertion" },
        derive: (valid) =>
          valid.replaced(` ID="${RESPONSE}"`, ` xmlns:x="urn:x" ID="${RESPONSE}" ${name}="${ASSERTION}"`),
        guard: "structure",
      }),
    ),
    {
      name: "a signed Subject with the Assertion's ID",
      derive: (valid) =>
        valid.with({ beforeSigning: (xml) => replaceOnly(xml, "<saml:Subject>", `<saml:Subject ID="${ASSERTION}">`) }),
      guard: "structure",
    },
  ]);
});

describe("SML-4: what stands outside the assertion: the unsigned envelope of a signed Assertion", () => {
  const envelope = (hostile: Hostile) => signedAs(hostile, "assertion");
  refuses([
    envelope({
      name: "unsigned-envelope-destination: another Destination",
      derive: (valid) => valid.replaced(` Destination="${ACME.acs}"`, ` Destination="https://evil.example/acs"`),
      guard: "destination",
    }),
    envelope({
      name: "unsigned-envelope-inresponseto: another InResponseTo",
      derive: (valid) =>
        valid.altered((xml) => xml.replace(` InResponseTo="${ACME.request}"`, ` InResponseTo="_request-2"`)),
      guard: "in_response_to",
    }),
    envelope({
      name: "no InResponseTo of the Response",
      derive: (valid) => valid.altered((xml) => xml.replace(` InResponseTo="${ACME.request}"`, "")),
      guard: "in_response_to",
    }),
    envelope({
      name: "unsigned-envelope-status: a Status that is no success",
      derive: (valid) => valid.replaced("status:Success", "status:Requester"),
      guard: "status",
    }),
    envelope({
      name: "a second Status",
      derive: (valid) => valid.altered((xml) => insertBefore(xml, "<saml:Assertion ", elementOf(xml, "samlp:Status"))),
      guard: "structure",
    }),
    envelope({
      name: "no Status",
      derive: (valid) => valid.altered((xml) => without(xml, elementOf(xml, "samlp:Status"))),
      guard: "structure",
    }),
    envelope({
      name: "another Issuer of the Response",
      derive: (valid) => valid.altered((xml) => xml.replace(`>${ACME.idp}<`, ">https://idp.evil.example/saml<")),
      guard: "issuer",
    }),
    envelope({
      name: "two Issuers of the Response",
      derive: (valid) => valid.altered((xml) => insertBefore(xml, "<saml:Issuer ", elementOf(xml, "saml:Issuer"))),
      guard: "structure",
    }),
    envelope({
      name: "another Version of the Response",
      derive: (valid) => valid.altered((xml) => xml.replace(`Version="2.0"`, `Version="1.1"`)),
      guard: "version",
    }),
    envelope({
      name: "an IssueInstant of the Response that is no time",
      derive: (valid) => valid.altered((xml) => xml.replace(`IssueInstant="${NOW}"`, `IssueInstant="yesterday"`)),
      guard: "issue_instant",
    }),
    envelope({
      name: "text of its own in the Response",
      derive: (valid) => valid.altered((xml) => insertBefore(xml, "<samlp:Status>", EVE.nameId)),
      guard: "structure",
    }),
    envelope({
      name: "a stray NameID in the Response",
      derive: (valid) =>
        valid.altered((xml) =>
          insertBefore(xml, "<saml:Assertion ", `<saml:NameID xmlns:saml="${SAML}">${EVE.nameId}</saml:NameID>`),
        ),
      guard: "structure",
    }),
    envelope({
      name: "a stray AttributeStatement in the Response",
      derive: (valid) =>
        valid.altered((xml) =>
          insertBefore(
            xml,
            "<saml:Assertion ",
            `<saml:AttributeStatement xmlns:saml="${SAML}"><saml:Attribute Name="groups"/></saml:AttributeStatement>`,
          ),
        ),
      guard: "structure",
    }),
    envelope({
      name: "the Assertion before the Status",
      derive: (valid) =>
        valid.altered((xml) => insertBefore(without(xml, assertionOf(xml)), "<samlp:Status>", assertionOf(xml))),
      guard: "structure",
    }),
    envelope({
      name: "the Assertion before the Issuer of the Response",
      derive: (valid) =>
        valid.altered((xml) => insertBefore(without(xml, assertionOf(xml)), "<saml:Issuer ", assertionOf(xml))),
      guard: "structure",
    }),
    envelope({
      name: "the Assertion in the Extensions",
      derive: (valid) =>
        valid.altered((xml) =>
          insertBefore(without(xml, assertionOf(xml)), "<samlp:Status>", inExtensions(assertionOf(xml))),
        ),
      guard: "structure",
    }),
  ]);
});

describe("SML-15: what is no Response", () => {
  const rename = (xml: string, name: string) => xml.replaceAll("samlp:Response", name);
  refuses([
    ...forEachSigning<Hostile>([
      {
        name: "the Assertion alone",
        derive: (valid) => valid.altered((xml) => assertionOf(xml)),
        guard: "structure",
      },
      {
        name: "a SOAP envelope around it",
        derive: (valid) =>
          valid.altered(
            (xml) =>
              `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${xml}</s:Body></s:Envelope>`,
          ),
        guard: "structure",
      },
      {
        name: "an ArtifactResponse around it",
        derive: (valid) =>
          valid.altered((xml) =>
            outerResponse(xml, xml)
              .replace(/^<samlp:Response /, "<samlp:ArtifactResponse ")
              .replace(/<\/samlp:Response>$/, "</samlp:ArtifactResponse>"),
          ),
        guard: "structure",
      },
      {
        name: "two roots, the signed one first",
        derive: (valid) => valid.altered((xml) => xml + evil(withoutSignatures(xml))),
        guard: "xml",
      },
      {
        name: "two roots, the signed one last",
        derive: (valid) => valid.altered((xml) => evil(withoutSignatures(xml)) + xml),
        guard: "xml",
      },
    ]),
    ...["samlp:LogoutResponse", "samlp:AuthnRequest", "saml:Response", "samlp:response"].map(
      (name): Hostile => ({
        name: `a signed \`${name}\``,
        derive: (valid) =>
          valid.with({ beforeSigning: (xml) => rename(xml, name).replace(/>/, ` xmlns:saml="${SAML}">`) }),
        guard: "structure",
      }),
    ),
    ...["urn:oasis:names:tc:SAML:1.0:protocol", "urn:evil", SAML].map(
      (namespace): Hostile => ({
        name: `a signed Response of the namespace \`${namespace}\``,
        derive: (valid) => valid.with({ beforeSigning: (xml) => xml.replaceAll(SAMLP, namespace) }),
        guard: "structure",
      }),
    ),
    {
      name: "a signed Assertion of the namespace of SAML 1",
      derive: (valid) =>
        valid.with({ beforeSigning: (xml) => xml.replaceAll(SAML, "urn:oasis:names:tc:SAML:1.0:assertion") }),
      guard: "structure",
    },
  ]);
});

describe("SML-15: games with the order of elements", () => {
  const moved = (name: string, before: string) => (xml: string) => {
    const part = elementOf(xml, name);
    return insertBefore(without(xml, part), before, part);
  };
  refuses(
    (
      [
        ["saml:Conditions", "<saml:Subject>"],
        ["saml:AttributeStatement", "<saml:Subject>"],
        ["saml:AttributeStatement", "<saml:Conditions "],
        ["saml:AuthnStatement", "<saml:Conditions "],
        ["saml:Conditions", "</saml:Assertion>"],
        ["saml:Subject", "</saml:Assertion>"],
      ] as const
    ).map(
      ([name, before]): Hostile => ({
        name: `a signed Assertion with its ${name} before ${before}`,
        derive: (valid) => valid.with({ beforeSigning: moved(name, before) }),
        guard: "structure",
      }),
    ),
  );
});

describe("games with namespaces", () => {
  refuses([
    {
      name: "the prefix of the assertion declared anew, and empty of meaning, at the Subject",
      base: { signed: "assertion" },
      derive: (valid) => valid.replaced("<saml:Subject>", `<saml:Subject xmlns:saml="urn:evil">`),
      guard: "structure",
    },
    {
      name: "a signed Subject of another namespace under the same prefix",
      derive: (valid) =>
        valid.with({
          beforeSigning: (xml) => replaceOnly(xml, "<saml:Subject>", `<saml:Subject xmlns:saml="urn:evil">`),
        }),
      guard: "structure",
    },
    {
      name: "a second Subject of another namespace",
      derive: (valid) =>
        valid.with({
          beforeSigning: (xml) =>
            insertBefore(
              xml,
              "<saml:Subject>",
              `<x:Subject xmlns:x="urn:evil"><x:NameID>${EVE.nameId}</x:NameID></x:Subject>`,
            ),
        }),
      guard: "structure",
    },
    {
      name: "a prefix that nothing declares",
      base: { signed: "assertion" },
      derive: (valid) => valid.replaced("<samlp:Status>", "<nobody:x/><samlp:Status>"),
      guard: "xml",
    },
    {
      name: "a prefix bound to two names at once",
      base: { signed: "assertion" },
      derive: (valid) => valid.replaced("<samlp:Status>", `<samlp:Status xmlns:a="urn:a" xmlns:a="urn:b">`),
      guard: "xml",
    },
    {
      name: "the xml prefix bound to something else",
      base: { signed: "assertion" },
      derive: (valid) => valid.replaced("<samlp:Status>", `<samlp:Status xmlns:xml="urn:evil">`),
      guard: "markup",
    },
    {
      name: "a prefix that is unbound by the empty name",
      base: { signed: "assertion" },
      derive: (valid) => valid.replaced("<samlp:Status>", `<samlp:Status xmlns:saml="">`),
      guard: "markup",
    },
  ]);
});
