/** Signatures by RSA-PSS and ECDSA: those that hold, and what looks like one. */
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { expect } from "chai";
import { holds, maySign, type SignatureMethod } from "../../src/protocols/saml/signature-method.js";
import { attackerKey, ellipticKey, idpKey, makeKey, type SigningKey } from "../support/saml-keys.js";
import { replaceOnly } from "../support/saml-response.js";
import {
  ALGORITHM,
  DIGEST,
  DSIG_MORE_2007,
  ecdsaSigner,
  pssSigner,
  type SignatureWishes,
  type Signer,
} from "../support/saml-signature.js";
import { acceptedBase, consume, forEachSigning, type Hostile, type Otherwise, refuses } from "./corpus.js";

const [p384, p521, strangerEc] = await Promise.all([
  makeKey("idp.acme.example", { keyType: "ec", curve: "P-384" }),
  makeKey("idp.acme.example", { keyType: "ec", curve: "P-521" }),
  makeKey("idp.acme.example", { keyType: "ec", curve: "P-256" }),
]);
const KEYS: Otherwise = {
  idp: { certificates: [idpKey, ellipticKey, p384, p521].map(({ certificate }) => certificate) },
};

/** SignatureMethod with this in it. */
function parameters(content: string, signer: Signer | null = null): Partial<SignatureWishes> {
  const [empty, open] = ["/>", ">"].map((end) => `<ds:SignatureMethod Algorithm="${ALGORITHM.pss}"${end}`);
  return {
    algorithm: ALGORITHM.pss,
    signer,
    signedInfo: (xml) => replaceOnly(xml, empty ?? "", `${open}${content}</ds:SignatureMethod>`),
  };
}

function pssParams(content: string, signer: Signer | null = null): Partial<SignatureWishes> {
  return parameters(`<p:RSAPSSParams xmlns:p="${DSIG_MORE_2007}">${content}</p:RSAPSSParams>`, signer);
}

const digest = (algorithm: string) => `<ds:DigestMethod Algorithm="${algorithm}"/>`;
const mask = (algorithm: string, name = `${DSIG_MORE_2007}MGF1`) =>
  `<p:MaskGenerationFunction Algorithm="${name}">${digest(algorithm)}</p:MaskGenerationFunction>`;
const salt = (text: string) => `<p:SaltLength>${text}</p:SaltLength>`;

const HONEST: readonly (readonly [string, Partial<SignatureWishes>])[] = [
  ["RSA-PSS with SHA-256", { algorithm: ALGORITHM.pssSha256 }],
  ["RSA-PSS with SHA-384", { algorithm: ALGORITHM.pssSha384, digest: DIGEST.sha384 }],
  ["RSA-PSS with SHA-512", { algorithm: ALGORITHM.pssSha512, digest: DIGEST.sha512 }],
  ["RSA-PSS without any parameter", { algorithm: ALGORITHM.pss }],
  ["RSA-PSS with no parameter said", pssParams("")],
  ["RSA-PSS with its salt alone", pssParams(salt(" 32 "))],
  [
    "RSA-PSS with every parameter",
    pssParams(
      `${digest(DIGEST.sha512)}${mask(DIGEST.sha512)}${salt("64")}<p:TrailerField>1</p:TrailerField>`,
      pssSigner("sha512", 64),
    ),
  ],
  ["RSA-PSS with SHA-384 by parameter", pssParams(digest(DIGEST.sha384), pssSigner("sha384", 48))],
  ["ECDSA on P-256 with SHA-256", { algorithm: ALGORITHM.ecdsaSha256, key: ellipticKey }],
  ["ECDSA on P-384 with SHA-384", { algorithm: ALGORITHM.ecdsaSha384, key: p384, digest: DIGEST.sha384 }],
  ["ECDSA on P-521 with SHA-512", { algorithm: ALGORITHM.ecdsaSha512, key: p521, digest: DIGEST.sha512 }],
  ["ECDSA on P-384 with SHA-256", { algorithm: ALGORITHM.ecdsaSha256, key: p384 }],
];

describe("SML-17: signatures by RSA-PSS and ECDSA", () => {
  for (const [what, signature] of HONEST)
    for (const signed of ["assertion", "response", "both"] as const)
      it(`hold: ${what} (signed: ${signed})`, () => {
        acceptedBase({ base: { signed, signature }, otherwise: KEYS });
      });

  it("hold one by one algorithm and one by another, with keys of the connection", () => {
    const base = {
      responseSignature: { algorithm: ALGORITHM.pssSha256 },
      assertionSignature: { algorithm: ALGORITHM.ecdsaSha256, key: ellipticKey },
    };
    acceptedBase({ base, otherwise: KEYS });
  });

  const hostile = (
    name: string,
    signature: Partial<SignatureWishes>,
    guard: Hostile["guard"],
    base?: Partial<SignatureWishes>,
  ): Hostile => ({
    ...{ name, guard, otherwise: KEYS },
    ...(base && { base: { signature: base } }),
    derive: (valid) => valid.with({ signature }),
  });
  const ecdsa = { algorithm: ALGORITHM.ecdsaSha256, key: ellipticKey };
  const value = (octets: (length: number) => Buffer): Partial<SignatureWishes> => ({
    ...ecdsa,
    signer: (text, key) => octets(ecdsaSigner("sha256")(text, key).length),
  });
  const pss = { algorithm: ALGORITHM.pssSha256 };

  refuses(
    forEachSigning<Hostile>([
      hostile("ECDSA by a key that is not the connection's", { ...ecdsa, key: strangerEc }, "signature", ecdsa),
      hostile("ECDSA in DER", { ...ecdsa, signer: ecdsaSigner("sha256", "der") }, "signature", ecdsa),
      hostile(
        "ECDSA of two zeros",
        value((length) => Buffer.alloc(length)),
        "signature",
        ecdsa,
      ),
      hostile(
        "ECDSA of the largest numbers",
        value((length) => Buffer.alloc(length, 0xff)),
        "signature",
        ecdsa,
      ),
      hostile(
        "ECDSA of one and one",
        value(() => halves(1)),
        "signature",
        ecdsa,
      ),
      hostile(
        "ECDSA of half a signature",
        value((length) => Buffer.alloc(length / 2, 1)),
        "signature",
        ecdsa,
      ),
      hostile("ECDSA with octets behind it", { ...ecdsa, signer: longer(ecdsaSigner("sha256")) }, "signature", ecdsa),
      hostile("ECDSA of another hash than its name", { ...ecdsa, signer: ecdsaSigner("sha512") }, "signature", ecdsa),
      hostile("ECDSA with SHA-1", { ...ecdsa, algorithm: ALGORITHM.ecdsaSha1 }, "algorithm", ecdsa),
      hostile("ECDSA over a SHA-1 digest", { ...ecdsa, digest: DIGEST.sha1 }, "algorithm", ecdsa),
      hostile(
        "ECDSA under the name of RSA",
        { ...ecdsa, algorithm: ALGORITHM.rsaSha256, signer: ecdsaSigner("sha256") },
        "signature",
        ecdsa,
      ),
      hostile(
        "ECDSA under the name of RSA-PSS",
        { ...ecdsa, algorithm: ALGORITHM.pssSha256, signer: ecdsaSigner("sha256") },
        "signature",
        ecdsa,
      ),
      hostile(
        "RSA under the name of ECDSA",
        { algorithm: ALGORITHM.ecdsaSha256, signer: pkcs1("sha256") },
        "signature",
      ),
      hostile("RSA-PSS by a key that is not the connection's", { ...pss, key: attackerKey }, "signature", pss),
      hostile(
        "RSA-PSS under the name of RSA",
        { algorithm: ALGORITHM.rsaSha256, signer: pssSigner("sha256", 32) },
        "signature",
        pss,
      ),
      hostile("RSA under the name of RSA-PSS", { ...pss, signer: pkcs1("sha256") }, "signature", pss),
      hostile("RSA-PSS with SHA-1", { algorithm: ALGORITHM.pssSha1 }, "algorithm", pss),
      hostile("RSA-PSS without salt", { ...pss, signer: pssSigner("sha256", 0) }, "signature", pss),
      hostile("RSA-PSS with the longest salt", { ...pss, signer: pssSigner("sha256", 222) }, "signature", pss),
      hostile("RSA-PSS of another hash than its name", { ...pss, signer: pssSigner("sha512", 64) }, "signature", pss),
      hostile(
        "RSA-PSS that says it has no salt, and has none",
        pssParams(salt("0"), pssSigner("sha256", 0)),
        "signature_form",
        pss,
      ),
      hostile("RSA-PSS with a salt of 20", pssParams(salt("20"), pssSigner("sha256", 20)), "signature_form", pss),
      ...["", "-32", "32.0", "0x20", "032", "1e1", "99999999999999999999"].map((text) =>
        hostile(`RSA-PSS with a salt of \`${text}\``, pssParams(salt(text)), "signature_form", pss),
      ),
      hostile(
        "RSA-PSS with SHA-1 by parameter",
        pssParams(digest(DIGEST.sha1), pssSigner("sha1", 20)),
        "algorithm",
        pss,
      ),
      hostile("RSA-PSS with a mask of SHA-1", pssParams(mask(DIGEST.sha1)), "algorithm", pss),
      hostile("RSA-PSS with a mask of another hash", pssParams(mask(DIGEST.sha512)), "signature_form", pss),
      hostile("RSA-PSS with another mask", pssParams(mask(DIGEST.sha256, "urn:mask")), "signature_form", pss),
      hostile("RSA-PSS with two hashes", pssParams(digest(DIGEST.sha256).repeat(2)), "signature_form", pss),
      hostile("RSA-PSS with two salts", pssParams(salt("32").repeat(2)), "signature_form", pss),
      hostile("RSA-PSS with another trailer", pssParams("<p:TrailerField>2</p:TrailerField>"), "signature_form", pss),
      hostile("RSA-PSS with a part that is not known", pssParams("<p:Seed>0</p:Seed>"), "signature_form", pss),
      hostile("RSA-PSS with other parameters", parameters(`<x:Params xmlns:x="urn:x"/>`), "signature_form", pss),
      hostile(
        "RSA-PSS with its parameters in XML Signature's namespace",
        parameters("<ds:RSAPSSParams/>"),
        "signature_form",
        pss,
      ),
      hostile(
        "RSA-PSS with its parameters twice",
        parameters(`<p:RSAPSSParams xmlns:p="${DSIG_MORE_2007}"/>`.repeat(2)),
        "signature_form",
        pss,
      ),
      {
        name: "parameters that were put into a signature afterwards",
        otherwise: KEYS,
        base: { signature: { algorithm: ALGORITHM.pss } },
        derive: (valid) =>
          valid.altered((xml) =>
            xml.replaceAll(
              `<ds:SignatureMethod Algorithm="${ALGORITHM.pss}"/>`,
              `<ds:SignatureMethod Algorithm="${ALGORITHM.pss}"><p:RSAPSSParams xmlns:p="${DSIG_MORE_2007}"/></ds:SignatureMethod>`,
            ),
          ),
        guard: "signature",
      },
      {
        name: "a word that was changed under ECDSA",
        otherwise: KEYS,
        base: { signature: ecdsa },
        derive: (valid) => valid.altered((xml) => xml.replaceAll(">Engineering<", ">Owners<")),
        guard: "signature",
      },
      {
        name: "parameters where an algorithm has none",
        otherwise: KEYS,
        derive: (valid) =>
          valid.with({
            signature: {
              ...ecdsa,
              signedInfo: (xml) =>
                replaceOnly(
                  xml,
                  `<ds:SignatureMethod Algorithm="${ALGORITHM.ecdsaSha256}"/>`,
                  `<ds:SignatureMethod Algorithm="${ALGORITHM.ecdsaSha256}">${digest(DIGEST.sha256)}</ds:SignatureMethod>`,
                ),
            },
          }),
        guard: "signature_form",
      },
    ]),
  );
});

/** The number at the end of each half. */
function halves(number: number): Buffer {
  const half = Buffer.alloc(32);
  half[31] = number;
  return Buffer.concat([half, half]);
}

function longer(signer: Signer): Signer {
  return (octets, key) => Buffer.concat([signer(octets, key), Buffer.alloc(2)]);
}

function pkcs1(hash: string): Signer {
  return (octets, key) => sign(hash, octets, key.privateKey);
}

describe("SML-17: keys that certificates may hold", () => {
  const octets = Buffer.from("what is signed");
  const pss = (hash: SignatureMethod["hash"], saltLength: number): SignatureMethod => ({
    family: "pss",
    hash,
    saltLength,
  });

  it("may be bound to RSA-PSS, and hold for what they are bound to and nothing else", () => {
    const bound = generateKeyPairSync("rsa-pss", {
      ...{ modulusLength: 2048, hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha256" },
    });
    const value = sign("sha256", octets, bound.privateKey);
    expect(verify("sha256", octets, bound.publicKey, value)).to.equal(true);
    expect(maySign(bound.publicKey)).to.equal(true);
    expect(holds(pss("sha256", 32), bound.publicKey, octets, value)).to.equal(true);
    for (const method of [
      pss("sha512", 64),
      { ...pss("sha256", 32), family: "pkcs1" as const },
      { ...pss("sha256", 32), family: "ecdsa" as const },
    ])
      expect(holds(method, bound.publicKey, octets, value), JSON.stringify(method)).to.equal(false);
  });

  it("may not be of other curves or kinds", () => {
    const others = [
      generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
      generateKeyPairSync("ed25519"),
      generateKeyPairSync("dsa", { modulusLength: 2048, divisorLength: 256 }),
    ];
    expect(others.map(({ publicKey }) => maySign(publicKey))).to.deep.equal([false, false, false]);
    const [koblitz] = others;
    if (koblitz === undefined) throw new Error("no key");
    const value = sign("sha256", octets, { key: koblitz.privateKey, dsaEncoding: "ieee-p1363" });
    expect(holds({ family: "ecdsa", hash: "sha256", saltLength: 32 }, koblitz.publicKey, octets, value)).to.equal(
      false,
    );
  });
});

describe("SML-17: what is said of a key that does not fit", () => {
  it("counts keys of every kind", () => {
    const keys: readonly SigningKey[] = [ellipticKey, p384];
    const certificates = keys.map(({ certificate }) => certificate);
    const { base64 } = acceptedBase({});
    expect(() => consume(base64, { idp: { certificates } }))
      .to.throw()
      .with.nested.property("detail.problem")
      .that.contains("none of the 2 keys");
  });
});
