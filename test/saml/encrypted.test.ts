import { createPrivateKey } from "node:crypto";
import { expect } from "chai";
import type { Decryption } from "../../src/protocols/saml/decrypt.js";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import {
  type EncryptionWishes,
  encryptedElement,
  encryptedResponse,
  MGF1P,
  othersKey,
  ourKey,
  ourNextKey,
  RSA_1_5,
  type Wrapping,
  XENC11,
} from "../support/saml-encryption.js";
import { attackerKey } from "../support/saml-keys.js";
import { ACME, type ResponseWishes, type SamlMessage, samlResponse } from "../support/saml-response.js";
import { at, consume, judge, NOW, type Otherwise } from "./corpus.js";

const DECRYPTION: Decryption = {
  keys: [ourKey, ourNextKey].map(({ privateKey }) => createPrivateKey(privateKey)),
  legacyCbc: false,
  legacyTripleDes: false,
};
const OAEP = `${XENC11}rsa-oaep`;
const GCM = ["aes-128-gcm", "aes-192-gcm", "aes-256-gcm"] as const;
const CBC = ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc"] as const;

type Case = readonly [
  name: string,
  encryption: Partial<EncryptionWishes>,
  wishes?: Partial<ResponseWishes>,
  decryption?: Partial<Decryption>,
];

const otherwise = (decryption: Partial<Decryption> = {}, more: Otherwise = {}): Otherwise => ({
  ...more,
  decryption: { ...DECRYPTION, ...decryption },
});

function message(encryption: Partial<EncryptionWishes>, wishes: Partial<ResponseWishes> = {}): SamlMessage {
  return encryptedResponse(encryption, { now: NOW, ...wishes });
}

function accepts(cases: readonly Case[]): void {
  for (const [name, encryption, wishes, decryption] of cases) {
    it(`takes ${name}`, () => {
      expect(consume(message(encryption, wishes).base64, otherwise(decryption)).nameId.value).to.equal(ACME.nameId);
    });
  }
}

/** Each next to the valid one that it differs from in that one thing. */
function refuses(
  cases: readonly (readonly [name: string, guard: string, ...rest: readonly Partial<EncryptionWishes>[]])[],
): void {
  for (const [name, guard, encryption = {}] of cases) {
    for (const signed of ["assertion", "both"] as const) {
      it(`refuses ${name} (signed: ${signed})`, () => {
        expect(judge(message({}, { signed }).base64, otherwise())).to.equal(`nobody: accepted as \`${ACME.nameId}\``);
        expect(judge(message(encryption, { signed }).base64, otherwise())).to.equal(guard);
      });
    }
  }
}

describe("SML-26: encrypted assertions that providers send", () => {
  accepts(GCM.map((cipher): Case => [`${cipher}, signed inside alone`, { cipher }]));
  accepts(
    (["assertion", "response", "both"] as const).flatMap((signed): Case[] => [
      [`a signature by \`${signed}\` with AES-GCM`, {}, { signed }],
      ...(signed === "assertion"
        ? []
        : CBC.map((cipher): Case => [`${cipher} signed by \`${signed}\``, { cipher }, { signed }])),
    ]),
  );
  const wrappings: readonly (readonly [name: string, wrapping: Wrapping])[] = [
    ["rsa-oaep-mgf1p with SHA-1", { ...MGF1P, digest: "sha1" }],
    ["rsa-oaep-mgf1p with SHA-256 and MGF1 with SHA-1, as it is written", { ...MGF1P, digest: "sha256" }],
    [
      "rsa-oaep-mgf1p with SHA-256 for both, as libraries for Node read it",
      { ...MGF1P, digest: "sha256", really: { digest: "sha256", mask: "sha256" } },
    ],
    ["rsa-oaep with nothing said", { algorithm: OAEP }],
    ["rsa-oaep with SHA-256 for both", { algorithm: OAEP, digest: "sha256", mask: "sha256" }],
    ["rsa-oaep with SHA-256 and MGF1 with SHA-1", { algorithm: OAEP, digest: "sha256", mask: "sha1" }],
    ["rsa-oaep with SHA-1 and MGF1 with SHA-256", { algorithm: OAEP, digest: "sha1", mask: "sha256" }],
    ["rsa-oaep with a label", { algorithm: OAEP, label: "any label" }],
    ["rsa-oaep with a label and two hashes", { algorithm: OAEP, digest: "sha256", mask: "sha1", label: "any label" }],
  ];
  accepts(wrappings.map(([name, wrapping]): Case => [name, { wrapping }]));
  accepts([
    ["EncryptedKey beside EncryptedData", { place: "beside" }],
    ["EncryptedKey beside EncryptedData, which refers to it", { place: "beside, with RetrievalMethod" }],
    [
      "the key among others' by our name as Recipient",
      {
        to: [
          { key: othersKey, recipient: "x" },
          { key: ourKey, recipient: ACME.sp },
        ],
      },
    ],
    ["the key among others' without Recipient", { to: [{ key: othersKey, recipient: "x" }, { key: ourKey }] }],
    ["our key under another name", { to: [{ key: ourKey, recipient: "urn:an:alias" }] }],
    ["two keys beside, of which the second is ours", { to: [{ key: othersKey }, { key: ourKey }], place: "beside" }],
    ["the key before or after the present one", { to: [{ key: ourNextKey }] }],
  ]);
  accepts([
    ["CBC that is signed inside alone, with `legacyCbc`", { cipher: "aes-128-cbc" }, {}, { legacyCbc: true }],
    [
      "3DES under a Response signature, with `legacyTripleDes`",
      { cipher: "des-ede3-cbc" },
      { signed: "both" },
      { legacyTripleDes: true },
    ],
    ["3DES signed inside alone, with both", { cipher: "des-ede3-cbc" }, {}, { legacyCbc: true, legacyTripleDes: true }],
  ]);

  it("takes attributes and session from the plaintext, as from any assertion", () => {
    const { attributes, sessionIndex } = consume(message({}).base64, otherwise());
    expect(attributes.find(({ name }) => name === "groups")?.values).to.deep.equal(ACME.groups);
    expect(sessionIndex).to.equal("_session-1");
  });

  it("takes a NameID that is encrypted inside a signed assertion, also in CBC", () => {
    const nameId = `<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">ada</saml:NameID>`;
    for (const cipher of [...GCM, ...CBC]) {
      const xml = { nameId: encryptedElement("EncryptedID", nameId, { cipher }) };
      for (const signed of ["both", "assertion", "response"] as const) {
        const { base64 } = samlResponse({ now: NOW, signed, xml });
        expect(consume(base64, otherwise()).nameId.value).to.equal("ada");
      }
    }
    const other = encryptedElement("EncryptedID", nameId.replaceAll("NameID", "BaseID"));
    expect(judge(samlResponse({ now: NOW, xml: { nameId: other } }).base64, otherwise())).to.equal("name_id");
    const broken = encryptedElement("EncryptedID", nameId, { to: [{ key: othersKey }] });
    expect(judge(samlResponse({ now: NOW, xml: { nameId: broken } }).base64, otherwise())).to.equal("encrypted");
  });
});

describe("SML-24: what is encrypted by an algorithm that is not up to date", () => {
  const weak: readonly Case[] = [
    ["CBC without a signature around it", { cipher: "aes-256-cbc" }],
    ["3DES without its switch", { cipher: "des-ede3-cbc" }, { signed: "both" }],
    ["3DES by `legacyCbc` alone", { cipher: "des-ede3-cbc" }, {}, { legacyCbc: true }],
    [
      "3DES by its switch alone without a signature around it",
      { cipher: "des-ede3-cbc" },
      {},
      { legacyTripleDes: true },
    ],
    ["RSA 1.5", { wrapping: RSA_1_5 }, { signed: "both" }, { legacyCbc: true, legacyTripleDes: true }],
  ];
  for (const [name, encryption, wishes, decryption] of weak) {
    it(`refuses ${name}`, () => {
      expect(judge(message(encryption, wishes).base64, otherwise(decryption))).to.equal("algorithm");
      const twin = message({ ...encryption, cipher: "aes-256-gcm", wrapping: MGF1P }, wishes);
      expect(judge(twin.base64, otherwise(decryption))).to.contain("accepted");
    });
  }
});

describe("SML-24: hostile encryption", () => {
  const element = (from: string | RegExp, to: string): Partial<EncryptionWishes> => ({
    element: (xml) => {
      const changed = xml.replace(from, to);
      if (changed === xml) throw new Error("nothing was changed");
      return changed;
    },
  });
  const data = /<xenc:EncryptedData .*<\/xenc:EncryptedData>/;
  const five = [0, 1, 2, 3, 4].map(() => ({ key: ourKey }));
  refuses([
    ["an unknown cipher", "algorithm", element("xmlenc11#aes256-gcm", "xmlenc11#aes256-ctr")],
    [
      "a digest of OAEP that is not in the list",
      "algorithm",
      {
        wrapping: MGF1P,
        ...element(
          `rsa-oaep-mgf1p">`,
          `rsa-oaep-mgf1p"><d:DigestMethod xmlns:d="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>`,
        ),
      },
    ],
    [
      "a ciphertext that is elsewhere",
      "structure",
      element(/<xenc:CipherValue>[^<]*<\/xenc:CipherValue>/, `<xenc:CipherReference URI="http://127.0.0.1/"/>`),
    ],
    [
      "an EncryptedData beside the first",
      "structure",
      { element: (xml) => xml.replace(data, (one) => one + one.replaceAll(/ Id="[^"]*"/g, "")) },
    ],
    ["no EncryptedKey", "structure", element(/<ds:KeyInfo.*<\/ds:KeyInfo>/, "")],
    ["more EncryptedKeys than anybody needs", "structure", { to: five }],
    [
      "a stranger beside EncryptedData",
      "structure",
      element("</saml:EncryptedAssertion>", `<x xmlns="urn:x"/></saml:EncryptedAssertion>`),
    ],
    [
      "a plain Assertion inside EncryptedAssertion",
      "structure",
      element("<xenc:EncryptedData", `<saml:Assertion ID="_evil"/><xenc:EncryptedData`),
    ],
    ["a ciphertext that is no base64", "structure", element(/<xenc:CipherValue>[^<]*</, "<xenc:CipherValue>%%%<")],
    ["what is encrypted for another", "encrypted", { to: [{ key: othersKey }] }],
    ["a key that is not that of the cipher", "encrypted", element("xmlenc11#aes256-gcm", "xmlenc11#aes128-gcm")],
    [
      "a label that is not the one it was padded with",
      "encrypted",
      {
        wrapping: { algorithm: OAEP, label: "any label" },
        ...element(/<xenc:OAEPparams>[^<]*</, `<xenc:OAEPparams>${Buffer.from("another").toString("base64")}<`),
      },
    ],
    [
      "a tag that does not fit",
      "encrypted",
      { tamper: (octets) => Buffer.concat([octets.subarray(0, -1), Buffer.from([(octets.at(-1) ?? 0) ^ 1])]) },
    ],
    ["a tag that is cut", "encrypted", { tamper: (octets) => octets.subarray(0, -12) }],
    ["nothing at all", "encrypted", { tamper: () => Buffer.alloc(0) }],
  ]);

  const plaintexts: readonly (readonly [name: string, plain: (xml: string) => string])[] = [
    ["no XML", () => "hello"],
    ["a character that XML does not have", (xml) => `${xml}\u0000`],
    ["a document type", (xml) => `<!DOCTYPE x [<!ENTITY e "x">]>${xml}`],
    ["a comment", (xml) => xml.replace("anna@", "anna<!---->@")],
    ["two assertions", (xml) => xml + xml],
    ["another element around it", (xml) => `<x xmlns="urn:x">${xml}</x>`],
    [
      "another element than an assertion",
      () => `<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">x</saml:NameID>`,
    ],
    [
      "something changed after it was signed",
      (xml) => xml.replace(">anna@acme.example</saml:NameID>", ">evil@acme.example</saml:NameID>"),
    ],
    [
      "an assertion within the assertion",
      (xml) => xml.replace("</saml:Assertion>", `<saml:Advice>${xml}</saml:Advice></saml:Assertion>`),
    ],
    [
      "more levels than any has",
      (xml) => xml.replace("</saml:Assertion>", `${"<a>".repeat(40)}${"</a>".repeat(40)}</saml:Assertion>`),
    ],
  ];
  for (const [name, plain] of plaintexts) {
    it(`refuses a plaintext with ${name}`, () => {
      expect(judge(message({ plain }).base64, otherwise())).to.equal("encrypted");
    });
  }

  it("refuses what nobody signed, or somebody else, though it is encrypted for us", () => {
    expect(judge(message({}, { signed: "none" }).base64, otherwise())).to.equal("encrypted");
    const forged = message({}, { signed: "assertion", signature: { key: attackerKey } });
    expect(judge(forged.base64, otherwise())).to.equal("encrypted");
  });

  it("refuses an assertion that holds no more, or is for others, like any other", () => {
    expect(
      judge(message({}, { notOnOrAfter: at(-120), confirmationNotOnOrAfter: at(-120) }).base64, otherwise()),
    ).to.equal("expired");
    expect(judge(message({}, { audiences: [["urn:another"]] }).base64, otherwise())).to.equal("audience");
  });

  it("asks for the signatures that the connection wants, before it decrypts and after", () => {
    const either = message({}).base64;
    expect(judge(either, otherwise({ keys: [] }, { idp: { requireSigned: "response" } }))).to.equal("unsigned");
    expect(judge(either, otherwise({}, { idp: { requireSigned: "assertion" } }))).to.contain("accepted");
    const around = message({}, { signed: "response" }).base64;
    expect(judge(around, otherwise({}, { idp: { requireSigned: "both" } }))).to.equal("unsigned");
    expect(judge(around, otherwise({}, { idp: { requireSigned: "response" } }))).to.contain("accepted");
  });

  it("refuses a ciphertext that was put in place of the one under the Response signature, before it is tried", () => {
    const [one, other] = [message({}, { signed: "both" }), message({})];
    const value = (xml: string) => /<saml:EncryptedAssertion[\s\S]*<\/saml:EncryptedAssertion>/.exec(xml)?.[0] ?? "";
    const swapped = one.replaced(value(one.xml), value(other.xml));
    expect(judge(swapped.base64, otherwise({ keys: [] }))).to.equal("signature");
  });

  it("refuses an encrypted assertion beside a plain one, and one where none is expected", () => {
    const plain = samlResponse({ now: NOW, signed: "assertion" }).xml;
    const encrypted = /<saml:EncryptedAssertion[\s\S]*<\/saml:EncryptedAssertion>/.exec(message({}).xml)?.[0] ?? "";
    const both = plain.replace("</samlp:Response>", `${encrypted}</samlp:Response>`);
    expect(judge(Buffer.from(both).toString("base64"), otherwise())).to.equal("structure");
    const inside = plain.replace("</samlp:Status>", `</samlp:Status><samlp:Extensions>${encrypted}</samlp:Extensions>`);
    expect(judge(Buffer.from(inside).toString("base64"), otherwise())).to.equal("structure");
  });
});

describe("an answer to `forceAuthn`", () => {
  it("must be of an authentication after the request, a minute of clocks aside", () => {
    const judged = (authnInstant: string) =>
      judge(samlResponse({ now: NOW, authnInstant }).base64, { authenticatedSince: at(-120) });
    expect(judged(at(-100))).to.contain("accepted");
    expect(judged(at(-180))).to.contain("accepted");
    expect(judged(at(-181))).to.equal("authn_statement");
    expect(judge(samlResponse({ now: NOW, authnInstant: at(-181) }).base64)).to.contain("accepted");
  });
});

describe("SML-25: the answer to what cannot be decrypted", () => {
  function answerTo(base64: string, decryption: Partial<Decryption> = {}): string {
    try {
      consume(base64, otherwise(decryption));
      return "accepted";
    } catch (error) {
      if (!(error instanceof SamlFailure)) throw error;
      return JSON.stringify([error.guard, error.detail, error.message]);
    }
  }

  it("is one and the same for 127 flipped bits of CBC that is signed inside alone, and for every other cause", () => {
    const legacy = { legacyCbc: true };
    const flipped = Array.from({ length: 127 }, (_, index) => {
      const tamper = (octets: Buffer) => {
        const changed = Buffer.from(octets);
        const place = Math.floor((index * octets.length) / 127);
        changed[place] = (changed[place] ?? 0) ^ (1 << (index % 8));
        return changed;
      };
      return answerTo(message({ cipher: "aes-256-cbc", tamper }).base64, legacy);
    });
    const others = [
      message({ cipher: "aes-256-cbc", to: [{ key: othersKey }] }),
      message({ cipher: "aes-256-cbc", tamper: (octets) => octets.subarray(0, -1) }),
      message({ tamper: (octets) => octets.subarray(0, 20) }),
      message({ plain: () => "<" }),
      message({}, { signed: "none" }),
    ].map(({ base64 }) => answerTo(base64, legacy));
    const answers = new Set([...flipped, ...others]);
    expect([...answers]).to.have.length(1);
    expect([...answers][0]).to.match(/^\["encrypted",/);
    expect([...answers][0]).to.not.match(/accepted|padding|tag|OAEP|decrypt/i);
  });
});
