/** Encrypted messages, and what is encrypted in them, changed at random places: reproducible by the seed. */
import { createPrivateKey } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import type { VerifiedAssertion } from "../../src/protocols/saml/verified.js";
import { type EncryptionWishes, encryptedElement, encryptedResponse, ourKey } from "../support/saml-encryption.js";
import { attackerKey, ellipticKey, idpKey } from "../support/saml-keys.js";
import { ACME, type ResponseWishes, type SamlMessage, samlAssertion } from "../support/saml-response.js";
import { ALGORITHM } from "../support/saml-signature.js";
import { acceptedBase, consume, NOW, type Otherwise } from "./corpus.js";
import { elementOf, evil, evilAssertion } from "./forge.js";
import { mutated, mutatedXml, mutation, pick, spans } from "./mutations.js";

const SEED = 20261123;
const RUNS = 120;
const OTHERWISE: Otherwise = {
  idp: { certificates: [idpKey.certificate, ellipticKey.certificate] },
  decryption: { keys: [createPrivateKey(ourKey.privateKey)], legacyCbc: false, legacyTripleDes: false },
};
const BOB = { nameId: "bob@acme.example", assertionId: "_assertion-2", responseId: "_response-2" };

function message(
  encryption: Partial<EncryptionWishes>,
  signed: ResponseWishes["signed"],
  wishes: Partial<ResponseWishes> = {},
): SamlMessage {
  return encryptedResponse(encryption, { now: NOW, signed, ...wishes });
}

/** The identity that came out, if any did. Anything but a refusal of ours fails the test. */
function outcome(base64: string): VerifiedAssertion | undefined {
  try {
    return consume(base64, OTHERWISE);
  } catch (error) {
    if (error instanceof SamlFailure) return undefined;
    throw error;
  }
}

const encoded = (xml: string) => Buffer.from(xml, "latin1").toString("base64");
const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });

describe("SML-3: encrypted responses, mutated", () => {
  const kinds: readonly (readonly [ResponseWishes["signed"], Partial<EncryptionWishes>])[] = [
    ["assertion", {}],
    ["response", {}],
    ["both", { place: "beside" }],
    ["response", { cipher: "aes-128-cbc" }],
    ["both", { cipher: "aes-256-cbc", place: "beside" }],
  ];
  for (const [signed, encryption] of kinds) {
    const how = `${encryption.cipher ?? "GCM"}, ${encryption.place ?? "inside"}, signed: ${signed}`;

    it(`give the signed identity or a refusal, and no other error (${how})`, () => {
      const valid = message(encryption, signed);
      const identity = consume(valid.base64, OTHERWISE);
      let refused = 0;
      fc.assert(
        fc.property(mutations, (changes) => {
          const came = outcome(mutated(valid, changes));
          if (came === undefined) refused += 1;
          else expect(came).to.deep.equal(identity);
        }),
        { seed: SEED, numRuns: RUNS },
      );
      expect(refused, "mutations that did something").to.be.above(RUNS / 2);
    });

    it(`give it also where the octets of a ciphertext are bent (${how})`, () => {
      const valid = message(encryption, signed);
      const identity = consume(valid.base64, OTHERWISE);
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.nat({ max: 7 }), (which, place, bit) => {
          const values = [...valid.xml.matchAll(/(?<=CipherValue>)[^<]+/g)];
          const { 0: value, index } = pick(values, which);
          const octets = Buffer.from(value, "base64");
          const at = place % octets.length;
          octets[at] = (octets[at] ?? 0) ^ (1 << bit);
          const xml = valid.xml.slice(0, index) + octets.toString("base64") + valid.xml.slice(index + value.length);
          const came = outcome(encoded(xml));
          if (came !== undefined) expect(came).to.deep.equal(identity);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    });
  }

  it("give it or a refusal, whatever somebody who has the plaintext encrypts for us anew", () => {
    const identity = consume(message({}, "assertion").base64, OTHERWISE);
    let refused = 0;
    fc.assert(
      fc.property(mutations, (changes) => {
        const came = outcome(message({ plain: (xml) => mutatedXml(xml, changes) }, "assertion").base64);
        if (came === undefined) refused += 1;
        else expect(came).to.deep.equal(identity);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(refused, "mutations that did something").to.be.above(RUNS / 2);
  });

  it("give nobody whom the provider did not name, whatever assertion stands in the place of the encrypted one", () => {
    const anna = message({}, "assertion");
    const bob = message({}, "assertion", BOB);
    const people = [anna, bob].map(({ base64 }) => consume(base64, OTHERWISE));
    const genuine = samlAssertion({ now: NOW, signed: "assertion" });
    const foreign = [
      elementOf(bob.xml, "saml:EncryptedAssertion"),
      encryptedElement("EncryptedAssertion", evilAssertion(NOW)),
      encryptedElement("EncryptedAssertion", evil(genuine)),
      encryptedElement(
        "EncryptedAssertion",
        samlAssertion({ now: NOW, signed: "assertion", signature: { key: attackerKey } }),
      ),
      encryptedElement("EncryptedAssertion", genuine + evilAssertion(NOW)),
      encryptedElement("EncryptedID", evilAssertion(NOW)),
      evilAssertion(NOW),
      genuine,
    ];
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat({ max: 2 }), (a, b, way) => {
        const [start, end] = pick(spans(anna.xml), a);
        const piece = pick(foreign, b);
        const own = elementOf(anna.xml, "saml:EncryptedAssertion");
        const xml =
          way === 0
            ? anna.xml.replace(own, () => piece)
            : anna.xml.slice(0, start) + piece + anna.xml.slice(way === 1 ? end : start);
        const came = outcome(encoded(xml));
        if (came === undefined) return;
        seen.add(came.nameId.value);
        expect(people).to.deep.include(came);
      }),
      { seed: SEED, numRuns: 2 * RUNS },
    );
    expect([...seen], "accepted replacements").to.include(BOB.nameId);
  });
});

describe("SML-3: responses that are signed by other algorithms, mutated", () => {
  const algorithms = [
    { algorithm: ALGORITHM.pssSha256 },
    { algorithm: ALGORITHM.pss },
    { algorithm: ALGORITHM.ecdsaSha256, key: ellipticKey },
  ];
  for (const signature of algorithms)
    it(`give the signed identity or a refusal, and no other error: ${signature.algorithm}`, () => {
      const valid = acceptedBase({ base: { signature }, otherwise: OTHERWISE });
      const identity = consume(valid.base64, OTHERWISE);
      expect(identity.nameId.value).to.equal(ACME.nameId);
      fc.assert(
        fc.property(mutations, (changes) => {
          const came = outcome(mutated(valid, changes));
          if (came !== undefined) expect(came).to.deep.equal(identity);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    });
});
