/** Hostile messages of a logout (samlify#634 and beyond), each derived from a valid one that is accepted in the same test. */
import { deflateRawSync, deflateSync } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { verifyLogoutRequest } from "../../src/protocols/saml/slo-verify.js";
import { attackerKey, ellipticKey, globexKey, idpNextKey } from "../support/saml-keys.js";
import { logoutMessage, SLO, signedQuery, withSignature } from "../support/saml-logout.js";
import { ACME, NAME_ID, SAML, SAMLP, STATUS, samlResponse } from "../support/saml-response.js";
import { ALGORITHM, certificateInfo, DIGEST, signElement, TRANSFORM } from "../support/saml-signature.js";
import { at, NOW } from "./corpus.js";
import { EVE, insertAfter, insertBefore, signatureOf, without } from "./forge.js";
import {
  ACCEPTED,
  bothWays,
  EXPECTED_LOGOUT,
  type HostileLogout,
  judgeLogout,
  LOGOUT_ASKED,
  logout,
  opened,
  posted,
  refusesLogouts,
} from "./slo-corpus.js";

const evil = (xml: string): string => xml.replaceAll(`>${ACME.nameId}<`, `>${EVE.nameId}<`);
const evilId = (xml: string): string => evil(xml).replaceAll('ID="_logout-1"', `ID="${EVE.id}"`);
const root = /^<samlp:LogoutRequest[^>]*>/;
const issuerOf = (xml: string): string => /<saml:Issuer>[^<]*<\/saml:Issuer>/.exec(xml)?.[0] ?? "";
const nameOf = (xml: string): string => /<saml:NameID[^>]*>[^<]*<\/saml:NameID>/.exec(xml)?.[0] ?? "";
const message = (xml: string): string => encodeURIComponent(deflateRawSync(Buffer.from(xml)).toString("base64"));
const SIG_ALG = `&SigAlg=${encodeURIComponent(ALGORITHM.rsaSha256)}`;
const RESPONSE = { kind: "LogoutResponse", nameId: "" } as const;

describe("hostile logout messages", () => {
  describe("without a signature of the provider's", () => {
    refusesLogouts([
      { name: "an unsigned one, by post", guard: "unsigned", derive: ({ xml }) => posted(xml) },
      {
        name: "one whose signature was taken out",
        guard: "unsigned",
        derive: (valid) => posted(without(valid.signedXml(), signatureOf(valid.signedXml()))),
      },
      {
        name: "an unsigned one, by redirect",
        guard: "unsigned",
        derive: ({ xml }) => ({ query: `SAMLRequest=${message(xml)}` }),
      },
      {
        name: "one by redirect that names an algorithm and is not signed",
        guard: "unsigned",
        derive: ({ xml }) => ({ query: `SAMLRequest=${message(xml)}${SIG_ALG}` }),
      },
      {
        name: "one by redirect with a signature and no algorithm",
        guard: "unsigned",
        derive: (valid) => ({ query: valid.query().replace(SIG_ALG, "") }),
      },
      {
        name: "one by redirect with an empty signature",
        guard: "signature",
        derive: (valid) => ({ query: valid.query().replace(/&Signature=.*/, "&Signature=") }),
      },
      ...(
        [
          ["a stranger's", attackerKey],
          ["another tenant's", globexKey],
        ] as const
      ).flatMap(([whose, key]): HostileLogout[] => [
        {
          name: `one that ${whose} key signed, by redirect`,
          guard: "signature",
          derive: (valid) => ({ query: valid.query({ key }) }),
        },
        {
          name: `one that ${whose} key signed, by post`,
          guard: "signature",
          derive: (valid) => posted(valid.signedXml({ key })),
        },
        {
          name: `one that ${whose} key signed, with the provider's certificate in it`,
          guard: "signature",
          derive: (valid) => posted(valid.signedXml({ key, keyInfo: certificateInfo(idpNextKey) })),
        },
      ]),
      {
        name: "a signature beside the posted form (SimpleSign)",
        guard: "unsigned",
        derive: (valid) => {
          const octets = new URLSearchParams(valid.query());
          return { form: { ...formFields(valid.xml), ...pick(octets, "SigAlg"), ...pick(octets, "Signature") } };
        },
      },
      {
        name: "a signature within, by redirect, that counts for nothing there",
        guard: "structure",
        derive: (valid) => ({ query: `SAMLRequest=${message(valid.signedXml())}` }),
      },
      {
        name: "a signature within and one beside it",
        guard: "structure",
        derive: (valid) => ({ query: signedQuery(valid.signedXml()) }),
      },
      {
        name: "the signature of a response that the provider made",
        guard: "signature_form",
        derive: (valid) => {
          const response = samlResponse({ now: NOW, signed: "response" }).xml;
          return posted(insertAfter(valid.xml, "</saml:Issuer>", signatureOf(response)));
        },
      },
    ]);
  });

  describe("changed after they were signed", () => {
    refusesLogouts([
      { name: "another name", guard: "signature", derive: (valid) => posted(evil(valid.signedXml())) },
      {
        name: "no SessionIndex any more",
        guard: "signature",
        derive: (valid) => posted(valid.signedXml().replace(/<samlp:SessionIndex>.*<\/samlp:SessionIndex>/, "")),
      },
      {
        name: "another Destination",
        base: {},
        guard: "signature",
        derive: (valid) => posted(valid.signedXml().replace(SLO, `${SLO}2`)),
      },
      {
        name: "another message under the same signature, by redirect",
        guard: "signature",
        derive: (valid) => ({
          query: valid.query().replace(/SAMLRequest=[^&]*/, `SAMLRequest=${message(evil(valid.xml))}`),
        }),
      },
      {
        name: "a RelayState that came later",
        guard: "signature",
        derive: (valid) => ({ query: valid.query().replace("&SigAlg=", "&RelayState=x&SigAlg=") }),
      },
      {
        name: "a RelayState that was exchanged",
        guard: "signature",
        derive: (valid) => ({ query: valid.query({ relayState: "a" }).replace("RelayState=a", "RelayState=b") }),
      },
      {
        name: "a RelayState that was taken away",
        guard: "signature",
        derive: (valid) => ({ query: valid.query({ relayState: "a" }).replace("&RelayState=a", "") }),
      },
      {
        name: "another algorithm's name over the same signature",
        guard: "signature",
        derive: (valid) => ({ query: valid.query().replace("rsa-sha256", "rsa-sha512") }),
      },
    ]);
  });

  describe("whose query says one thing and is signed as another", () => {
    const both = (valid: string, other: string): string => `${valid}&${other}`;
    refusesLogouts([
      {
        name: "two messages, the signed one first",
        guard: "structure",
        derive: (valid) => ({ query: both(valid.query(), `SAMLRequest=${message(evil(valid.xml))}`) }),
      },
      {
        name: "two messages, the signed one last",
        guard: "structure",
        derive: (valid) => ({ query: both(`SAMLRequest=${message(evil(valid.xml))}`, valid.query()) }),
      },
      {
        name: "two algorithms",
        guard: "structure",
        derive: (valid) => ({ query: both(valid.query(), SIG_ALG.slice(1)) }),
      },
      {
        name: "two RelayStates",
        guard: "structure",
        derive: (valid) => ({ query: both(valid.query({ relayState: "a" }), "RelayState=b") }),
      },
      {
        name: "a request and a response",
        guard: "structure",
        derive: (valid) => ({ query: both(valid.query(), `SAMLResponse=${message(logout(RESPONSE).xml)}`) }),
      },
      {
        name: "a form with a request and a response",
        guard: "structure",
        derive: (valid) => ({ form: { ...valid.posted(), ...logout(RESPONSE).posted() } }),
      },
      {
        name: "no message at all",
        guard: "structure",
        derive: (valid) => ({ query: valid.query().replace("SAMLRequest=", "SamlRequest=") }),
      },
      {
        name: "a signed text whose name is escaped, which leaves no message",
        guard: "structure",
        derive: (valid) => ({ query: valid.query().replace("SAMLRequest=", "SAML%52equest=") }),
      },
      {
        name: "the same octets, escaped otherwise",
        guard: "signature",
        derive: (valid) => ({ query: valid.query().replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()) }),
      },
      {
        name: "octets that are broken escapes",
        guard: "encoding",
        derive: (valid) => ({ query: withSignature(`SAMLRequest=${message(valid.xml)}%E0%A4${SIG_ALG}`) }),
      },
      {
        name: "the parts signed in another order than that of the standard",
        guard: "signature",
        derive: (valid) => ({ query: withSignature(`${SIG_ALG.slice(1)}&SAMLRequest=${message(valid.xml)}`) }),
      },
      {
        name: "a response's text signed as a request's",
        guard: "structure",
        derive: () => ({ query: signedQuery(logout(RESPONSE).xml) }),
      },
      {
        name: "plus signs that are not escaped",
        guard: "encoding",
        derive: ({ xml }) => {
          let spread = xml;
          for (let n = 0; !deflateRawSync(Buffer.from(spread)).toString("base64").includes("+"); n += 1)
            spread = xml.replace("_session-1", `_session-${n}`);
          return { query: signedQuery(spread, { escaping: (text) => text.replaceAll("=", "%3D") }) };
        },
      },
    ]);

    it("takes the signed octets as they come: in any order, beside other parameters, escaped in either letter case", () => {
      const { xml } = logout();
      const small = (text: string) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase());
      const query = signedQuery(xml, { relayState: "ä b&c", escaping: small });
      const reordered = query.split("&").reverse().join("&");
      for (const each of [query, reordered, `x=1&${query}&y=%zz`, `&&${query}&`])
        expect(judgeLogout({ query: each })).to.equal(ACCEPTED);
      expect(opened({ query }).relayState).to.equal("ä b&c");
    });
  });

  describe("by algorithms that are not accepted", () => {
    refusesLogouts([
      {
        name: "RSA with SHA-1, by redirect",
        guard: "algorithm",
        derive: (valid) => ({ query: valid.query({ algorithm: ALGORITHM.rsaSha1 }) }),
      },
      {
        name: "an algorithm that nobody knows, by redirect",
        guard: "algorithm",
        derive: (valid) => ({ query: valid.query({ algorithm: "urn:none" }) }),
      },
      {
        name: "an empty algorithm, by redirect",
        guard: "algorithm",
        derive: (valid) => ({ query: valid.query({ algorithm: "" }) }),
      },
      ...[ALGORITHM.rsaSha1, ALGORITHM.hmacSha256, ALGORITHM.hmacSha1].map(
        (algorithm): HostileLogout => ({
          name: `${algorithm.split("#")[1]}, by post`,
          guard: "algorithm",
          derive: (valid) => posted(valid.signedXml({ algorithm })),
        }),
      ),
      {
        name: "a digest by SHA-1",
        guard: "algorithm",
        derive: (valid) => posted(valid.signedXml({ digest: DIGEST.sha1 })),
      },
      {
        name: "canonicalisation with comments",
        guard: "algorithm",
        derive: (valid) => posted(valid.signedXml({ canonicalization: TRANSFORM.exclusiveWithComments })),
      },
      {
        name: "a transform too many",
        guard: "signature_form",
        derive: (valid) =>
          posted(valid.signedXml({ transforms: [TRANSFORM.enveloped, TRANSFORM.exclusive, TRANSFORM.exclusive] })),
      },
      { name: "no reference", guard: "signature_form", derive: (valid) => posted(valid.signedXml({ uri: null })) },
      { name: "an empty reference", guard: "signature_form", derive: (valid) => posted(valid.signedXml({ uri: "" })) },
      {
        name: "a reference to something else",
        guard: "signature_form",
        derive: (valid) => posted(valid.signedXml({ uri: "#_other" })),
      },
      {
        name: "a signature of megabytes",
        guard: "signature_form",
        derive: (valid) => ({ query: valid.query().replace(/&Signature=.*/, `&Signature=${"A".repeat(4_000)}`) }),
      },
    ]);

    const { rsaSha384, rsaSha512, pssSha256, ecdsaSha256 } = ALGORITHM;
    for (const [algorithm, key] of [
      ...[rsaSha384, rsaSha512, pssSha256].map((one) => [one, idpNextKey] as const),
      [ecdsaSha256, ellipticKey] as const,
    ]) {
      it(`takes ${algorithm.split("#")[1]}, by either binding and any of the keys`, () => {
        const valid = logout();
        const { idp } = EXPECTED_LOGOUT;
        const known = { idp: { ...idp, certificates: [...idp.certificates, ellipticKey.certificate] } };
        expect(judgeLogout({ query: valid.query({ algorithm, key }) }, known)).to.equal(ACCEPTED);
        expect(judgeLogout(posted(valid.signedXml({ algorithm, key })), known)).to.equal(ACCEPTED);
      });
    }
  });

  describe("wrapped (samlify#634)", () => {
    /** A forged root, with the signed message somewhere in it. */
    const wrapped = (signed: string, place: (forged: string, original: string) => string): string =>
      place(evilId(without(signed, signatureOf(signed))), signed);
    const places: readonly (readonly [string, (forged: string, original: string) => string])[] = [
      ["in Extensions", (forged, original) => insertAfter(forged, issuerOf(forged), extensions(original))],
      ["at the end", (forged, original) => insertBefore(forged, "</samlp:LogoutRequest>", original)],
      ["at the beginning", (forged, original) => forged.replace(root, (start) => start + original)],
      ["in the Issuer", (forged, original) => insertBefore(forged, "</saml:Issuer>", original)],
      ["in the NameID", (forged, original) => insertBefore(forged, "</saml:NameID>", original)],
      ["in a SessionIndex", (forged, original) => insertBefore(forged, "</samlp:SessionIndex>", original)],
      [
        "in an Object of its signature",
        (forged, original) => insertAfter(forged, issuerOf(forged), signatureWith(original)),
      ],
      [
        "in the KeyInfo of its signature",
        (forged, original) => {
          const signature = signatureOf(original);
          const inner = without(original, signature);
          return insertAfter(forged, issuerOf(forged), signature.replace("<ds:KeyInfo>", `<ds:KeyInfo>${inner}`));
        },
      ],
    ];
    refusesLogouts([
      ...places.map(
        ([where, place]): HostileLogout => ({
          name: `another message with the signed one ${where}`,
          guard: "structure",
          derive: (valid) => posted(wrapped(valid.signedXml(), place)),
        }),
      ),
      ...places.slice(0, 4).map(
        ([where, place]): HostileLogout => ({
          name: `another message with the signed one ${where}, and its signature in its own place`,
          guard: "structure",
          derive: (valid) => {
            const signed = valid.signedXml();
            const signature = signatureOf(signed);
            const forged = insertAfter(evilId(valid.xml), issuerOf(signed), signature);
            return posted(place(forged, without(signed, signature)));
          },
        }),
      ),
      {
        name: "another message with the signature of the signed one",
        guard: "signature_form",
        derive: (valid) => posted(insertAfter(evilId(valid.xml), issuerOf(valid.xml), signatureOf(valid.signedXml()))),
      },
      {
        name: "the signed message inside another kind of message",
        guard: "structure",
        derive: (valid) => posted(`<samlp:Response xmlns:samlp="${SAMLP}">${valid.signedXml()}</samlp:Response>`),
      },
      {
        name: "two names, the forged one first",
        guard: "name_id",
        derive: () => posted(logout({ behindIssuer: `<saml:NameID>${EVE.nameId}</saml:NameID>` }).signedXml()),
      },
      {
        name: "a second name that came after signing",
        guard: "signature",
        derive: (valid) => posted(insertBefore(valid.signedXml(), "<saml:NameID", nameOf(evil(valid.xml)))),
      },
      {
        name: "a second signature, of a stranger",
        guard: "structure",
        derive: (valid) => posted(signElement(valid.signedXml(), "_logout-1", { key: attackerKey })),
      },
      {
        name: "one ID twice",
        guard: "structure",
        derive: (valid) =>
          posted(insertAfter(valid.signedXml(), issuerOf(valid.xml), extensions('<x xmlns="urn:x" ID="_logout-1"/>'))),
      },
      {
        name: "two roots",
        guard: "xml",
        derive: (valid) => posted(valid.signedXml() + evilId(valid.signedXml())),
      },
    ]);
  });

  describe("of another time", () => {
    refusesLogouts([
      ...bothWays("one of eleven minutes ago", "issue_instant", { issueInstant: at(-661) }),
      ...bothWays("one of yesterday", "issue_instant", { issueInstant: at(-90_000) }),
      ...bothWays("one of the future", "issue_instant", { issueInstant: at(61) }),
      ...bothWays("one of no time", "issue_instant", { issueInstant: null }),
      ...bothWays("one of a time that is none", "issue_instant", { issueInstant: "yesterday" }),
      ...bothWays("one that has expired", "expired", { notOnOrAfter: at(-60) }),
      ...bothWays("one whose end is no time", "expired", { notOnOrAfter: "never" }),
    ]);

    it("takes what is within a minute's difference of the clocks", () => {
      for (const wishes of [{ issueInstant: at(-659) }, { issueInstant: at(60) }, { notOnOrAfter: at(-59) }]) {
        const { query, posted: form } = logout(wishes);
        expect(judgeLogout({ query: query() })).to.equal(ACCEPTED);
        expect(judgeLogout({ form: form() })).to.equal(ACCEPTED);
      }
    });

    it("is remembered for as long as it could be accepted", () => {
      const { rememberUntil } = verifyLogoutRequest(opened({ query: logout().query() }), EXPECTED_LOGOUT);
      expect(judgeLogout({ query: logout().query() }, { now: rememberUntil })).to.equal("issue_instant");
    });
  });

  describe("from or for somebody else", () => {
    refusesLogouts([
      ...bothWays("one for another address", "destination", { destination: `${SLO}/` }),
      ...bothWays("one for another tenant", "destination", { destination: SLO.replace("acme", "globex") }),
      ...bothWays("one for the address of responses", "destination", { destination: ACME.acs }),
      ...bothWays("one for nobody", "destination", { destination: null }),
      ...bothWays("one for the empty address", "destination", { destination: "" }),
      ...bothWays("one of another provider", "issuer", { issuer: "https://idp.globex.example" }),
      ...bothWays("one of a provider in another letter case", "issuer", { issuer: ACME.idp.toUpperCase() }),
      ...bothWays("one of an issuer of another format", "issuer", { issuerFormat: NAME_ID.email }),
      ...bothWays("one of nobody", "structure", { issuer: null }),
      ...bothWays("one of two issuers", "structure", { behindIssuer: `<saml:Issuer>${ACME.idp}</saml:Issuer>` }),
    ]);
  });

  describe("of another form", () => {
    refusesLogouts([
      ...bothWays("a response in the place of a request", "structure", {
        ...{ behindIssuer: `<samlp:Status><samlp:StatusCode Value="${STATUS}Success"/></samlp:Status>` },
      }),
      ...bothWays("another version", "version", { version: "1.1" }),
      ...bothWays("an ID that is none", "structure", { id: "1 2" }),
      ...bothWays("nobody's name", "name_id", { nameXml: "" }),
      ...bothWays("an empty name", "name_id", { nameId: " " }),
      ...bothWays("a name of another kind", "name_id", { nameXml: "<saml:BaseID/>" }),
      ...bothWays("a name with an element in it", "name_id", {
        nameXml: `<saml:NameID>${ACME.nameId}<x xmlns="urn:x"/>.evil.example</saml:NameID>`,
      }),
      ...bothWays("a name with an invisible character", "name_id", { nameId: `anna\u200b@acme.example` }),
      ...bothWays("an encrypted name, where nothing is there to decrypt it", "encrypted", {
        nameXml: "<saml:EncryptedID/>",
      }),
      ...bothWays("a SessionIndex with an element in it", "structure", {
        sessionIndexes: [],
        atEnd: '<samlp:SessionIndex>_session-1<x xmlns="urn:x"/></samlp:SessionIndex>',
      }),
      ...bothWays("an element that does not belong there", "structure", { atEnd: '<x xmlns="urn:x"/>' }),
      ...bothWays("an assertion in it", "structure", {
        behindIssuer: extensions(`<saml:Assertion xmlns:saml="${SAML}"/>`),
      }),
      ...bothWays("text of its own", "structure", { atEnd: "text" }),
      ...bothWays("its parts in another order", "structure", {
        sessionIndexes: [],
        behindIssuer: "<samlp:SessionIndex>_session-1</samlp:SessionIndex>",
      }),
    ]);
  });

  describe("that a parser should never see", () => {
    const doctype = '<!DOCTYPE samlp:LogoutRequest [<!ENTITY x "y">]>';
    const markup: readonly (readonly [string, (xml: string) => string])[] = [
      ["a document type", (xml) => doctype + xml],
      ["an external document type", (xml) => `<!DOCTYPE x SYSTEM "http://evil.example/x.dtd">${xml}`],
      ["a comment in the name", (xml) => xml.replace("anna@", "an<!-- -->na@")],
      ["a CDATA section", (xml) => xml.replace(">anna", "><![CDATA[]]>anna")],
      ["a processing instruction", (xml) => xml.replace("<saml:NameID", "<?x?><saml:NameID")],
      ["an entity", (xml) => xml.replace(">anna", ">&x;anna")],
      ["a null character", (xml) => xml.replace(">anna", ">\u0000anna")],
    ];
    refusesLogouts([
      ...markup.flatMap(([what, change]): HostileLogout[] => [
        { name: `${what}, by redirect`, guard: "markup", derive: ({ xml }) => ({ query: signedQuery(change(xml)) }) },
        { name: `${what}, by post`, guard: "markup", derive: (valid) => posted(change(valid.signedXml())) },
      ]),
      {
        name: "a bomb of a megabyte that a few octets hold",
        guard: "size",
        derive: ({ xml }) => ({ query: signedQuery(xml + " ".repeat(1_000_000)) }),
      },
      {
        name: "a bomb of 300 megabytes",
        guard: "size",
        derive: () => ({ query: signedQuery(deflateRawSync(Buffer.alloc(300_000_000, 32)).subarray(0, 60_000)) }),
      },
      { name: "more than 64 kB, by post", guard: "size", derive: ({ xml }) => posted(xml + " ".repeat(90_000)) },
      {
        name: "a message of 65 kB, by post",
        guard: "size",
        derive: (valid) => posted(valid.signedXml() + " ".repeat(65_000)),
      },
      ...bothWays("hundreds of sessions", "size", {
        sessionIndexes: Array.from({ length: 400 }, (_, n) => `_s${n}`),
      }),
      {
        name: "elements in elements in elements",
        guard: "size",
        derive: () => ({
          query: logout({ behindIssuer: extensions(`${"<a>".repeat(40)}${"</a>".repeat(40)}`) }).query(),
        }),
      },
      {
        name: "what is not deflated",
        guard: "encoding",
        derive: ({ xml }) => ({ query: signedQuery(Buffer.from(xml)) }),
      },
      {
        name: "what is deflated with a header",
        guard: "encoding",
        derive: ({ xml }) => ({ query: signedQuery(deflateSync(Buffer.from(xml))) }),
      },
      {
        name: "a text that breaks off",
        guard: "encoding",
        derive: ({ xml }) => ({ query: signedQuery(deflateRawSync(Buffer.from(xml)).subarray(0, 100)) }),
      },
      {
        name: "another encoding than DEFLATE",
        guard: "encoding",
        derive: (valid) => ({ query: `${valid.query()}&SAMLEncoding=urn:x` }),
      },
      {
        name: "what is no UTF-8, by redirect",
        guard: "encoding",
        derive: ({ xml }) => ({
          query: signedQuery(deflateRawSync(Buffer.from(xml.replace("anna", "\u00e4nna"), "latin1"))),
        }),
      },
      {
        name: "what is no base64, by post",
        guard: "encoding",
        derive: (valid) => ({ form: { SAMLRequest: `${valid.posted()["SAMLRequest"]}-_` } }),
      },
      {
        name: "what is deflated, by post",
        guard: "encoding",
        derive: (valid) => ({
          form: { SAMLRequest: deflateRawSync(Buffer.from(valid.signedXml())).toString("base64") },
        }),
      },
    ]);
  });

  describe("that answer", () => {
    refusesLogouts([
      ...bothWays("an answer to another request", "in_response_to", { inResponseTo: "_another" }, RESPONSE),
      ...bothWays("an answer to nothing", "in_response_to", { inResponseTo: null }, RESPONSE),
      ...bothWays("an answer for another address", "destination", { destination: ACME.acs }, RESPONSE),
      ...bothWays("an answer of another provider", "issuer", { issuer: "https://idp.globex.example" }, RESPONSE),
      ...bothWays("an old answer", "issue_instant", { issueInstant: at(-661) }, RESPONSE),
      ...bothWays(
        "an answer without a status",
        "structure",
        { kind: "LogoutResponse", atEnd: '<x xmlns="urn:x"/>' },
        RESPONSE,
      ),
      {
        name: "an unsigned answer",
        base: RESPONSE,
        guard: "unsigned",
        derive: ({ xml }) => posted(xml, "SAMLResponse"),
      },
      {
        name: "an answer of a stranger",
        base: RESPONSE,
        guard: "signature",
        derive: (valid) => ({ query: valid.query({ key: attackerKey }) }),
      },
      {
        name: "an answer whose status was changed",
        base: { ...RESPONSE, status: `${STATUS}Success` },
        guard: "signature",
        derive: (valid) => posted(valid.signedXml().replace("status:Success", "status:Responder"), "SAMLResponse"),
      },
      {
        name: "a sign-in's response",
        base: RESPONSE,
        guard: "structure",
        derive: () => posted(samlResponse({ now: NOW }).xml, "SAMLResponse"),
      },
    ]);

    it("are read with their status, whatever it is", () => {
      const partial = logout({ ...RESPONSE, status: `${STATUS}Responder`, subStatus: "PartialLogout" });
      expect(judgeLogout({ query: partial.query() })).to.equal("answered Responder PartialLogout");
      expect(judgeLogout({ form: partial.posted() })).to.equal("answered Responder PartialLogout");
      expect(partial.xml).to.contain(LOGOUT_ASKED);
    });
  });

  describe("changed at random", () => {
    const flipped = (text: string, place: number, bit: number): string => {
      const octets = Buffer.from(text, "latin1");
      const index = place % octets.length;
      octets[index] = (octets[index] ?? 0) ^ (1 << (bit % 8));
      return octets.toString("latin1");
    };
    const cut = (text: string, place: number, length: number): string => {
      const start = place % text.length;
      return text.slice(0, start) + text.slice(start + 1 + (length % 40));
    };
    const doubled = (text: string, place: number, length: number): string => {
      const start = place % text.length;
      return text.slice(0, start + 1 + (length % 400)) + text.slice(start);
    };
    const number = fc.nat(100_000);
    const change = fc.tuple(fc.constantFrom(flipped, cut, doubled), number, number);

    it("W-29: sign out nobody but whom the provider named", () => {
      const { query, signedXml } = logoutMessage({ now: NOW, notOnOrAfter: at(60) });
      const [asked, xml] = [query({ relayState: "state" }), signedXml()];
      const property = fc.property(change, fc.boolean(), ([kind, a, b], byPost) => {
        const wire = byPost ? { form: { SAMLRequest: base64(kind(xml, a, b)) } } : { query: kind(asked, a, b) };
        const judged = judgeLogout(wire);
        if (judged.startsWith("signs out")) expect(judged).to.equal(ACCEPTED);
      });
      fc.assert(property, { seed: 20_261_123, numRuns: 1_500 });
    });
  });

  it("is refused by nothing but what the tables name", () => {
    expect(() => opened({ query: "" })).to.throw(SamlFailure);
    expect(judgeLogout({ form: {} })).to.equal("structure");
  });
});

function base64(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("base64");
}

function extensions(content: string): string {
  return `<samlp:Extensions>${content}</samlp:Extensions>`;
}

function signatureWith(original: string): string {
  const signature = signatureOf(original);
  return signature.replace("</ds:Signature>", `<ds:Object>${without(original, signature)}</ds:Object></ds:Signature>`);
}

function formFields(xml: string): Readonly<Record<string, string>> {
  return { SAMLRequest: Buffer.from(xml).toString("base64") };
}

function pick(query: URLSearchParams, name: string): Readonly<Record<string, string>> {
  return { [name]: query.get(name) ?? "" };
}
