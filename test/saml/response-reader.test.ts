/** Large responses in a thread: read and judged as small ones are. */
import { createPrivateKey } from "node:crypto";
import { expect } from "chai";
import { type WorkerPool, WorkNotDone } from "../../src/platform/worker-pool.js";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { openResponse } from "../../src/protocols/saml/response.js";
import {
  createResponseReader,
  openResponsePool,
  type ResponseReader,
} from "../../src/protocols/saml/response-reader.js";
import type { ResponseJob, ResponseReply } from "../../src/protocols/saml/response-work.js";
import { verifyResponse } from "../../src/protocols/saml/verify.js";
import { encryptedResponse, ourKey } from "../support/saml-encryption.js";
import { attackerKey } from "../support/saml-keys.js";
import { ACME, type ResponseWishes, samlResponse } from "../support/saml-response.js";
import { ALGORITHM } from "../support/saml-signature.js";
import { EXPECTED, NOW } from "./corpus.js";
import { evil, evilAssertion, insertBefore, withoutSignatures } from "./forge.js";

const MANY = { name: "groups", values: Array.from({ length: 900 }, (_, number) => `Group number ${number}`) };
const FILLED: Partial<ResponseWishes> = { now: NOW, attributes: [MANY] };
const large = (wishes: Partial<ResponseWishes> = {}) => samlResponse({ ...FILLED, ...wishes });
const expected = {
  ...EXPECTED,
  decryption: { keys: [createPrivateKey(ourKey.privateKey)], legacyCbc: false, legacyTripleDes: false },
};

const MESSAGES: Readonly<Record<string, string>> = {
  "valid, both signed": large().base64,
  "valid, the assertion signed": large({ signed: "assertion" }).base64,
  "valid, by RSA-PSS": large({ signature: { algorithm: ALGORITHM.pssSha256 } }).base64,
  "valid, encrypted": encryptedResponse({}, FILLED).base64,
  unsigned: large().altered(withoutSignatures).base64,
  "signed by another key": large({ signature: { key: attackerKey } }).base64,
  "about another person": large().altered(evil).base64,
  "with another assertion": large().altered((xml) => insertBefore(xml, "<saml:Assertion", evilAssertion(NOW))).base64,
  "for another audience": large({ audiences: [["https://other.example"]] }).base64,
  "for another request": large({ inResponseTo: "_other" }).base64,
  "with a comment": large().altered((xml) =>
    xml.replace("Engineering", "Engin<!---->eering").replace("<saml:Issuer", "<!----><saml:Issuer"),
  ).base64,
  "encrypted, changed": encryptedResponse(
    { tamper: (octets) => Buffer.from(octets.map((octet, at) => (at === 99 ? octet ^ 1 : octet))) },
    FILLED,
  ).base64,
  "no XML": Buffer.alloc(40_000, "x").toString("base64"),
  "no base64": "*".repeat(40_000),
};

describe("SML-29: large responses", () => {
  const pool = openResponsePool();
  let jobs = 0;
  const counted: Pick<WorkerPool<ResponseJob, ResponseReply>, "run"> = {
    run(job, place) {
      jobs += 1;
      return pool.run(job, place);
    },
  };
  const reader = createResponseReader(counted);
  after(() => pool.close());

  /** All that comes of a message: what was read, and the identity or the refusal. */
  async function outcome(read: () => Promise<object>): Promise<unknown> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof SamlFailure) return { guard: error.guard, detail: error.detail };
      throw error;
    }
  }

  const apart = (by: ResponseReader, message: string) =>
    outcome(async () => {
      const { verify, ...read } = await by.read(message, ["acme", "192.0.2.1"]);
      return { ...read, verified: await outcome(() => verify(expected)) };
    });

  const here = (message: string) =>
    outcome(async () => {
      const opened = openResponse(message);
      const { shape: _, ...read } = opened;
      return { ...read, verified: await outcome(async () => verifyResponse(opened, expected)) };
    });

  for (const [what, message] of Object.entries(MESSAGES))
    it(`come to the same in a thread as they would here: ${what}`, async () => {
      const before = jobs;
      const came = await apart(reader, message);
      expect(came).to.deep.equal(await here(message));
      if (what.startsWith("valid")) expect(came).to.have.nested.property("verified.nameId.value", ACME.nameId);
      expect(jobs - before, "jobs").to.be.above(0);
    });

  it("are handed to a thread from 16 KiB on, and small ones and those that are too long are not", async () => {
    const before = jobs;
    const small = samlResponse({ now: NOW }).base64;
    expect(await apart(reader, small))
      .to.deep.equal(await here(small))
      .and.to.have.nested.property("verified.nameId.value", ACME.nameId);
    const tooLong = "A".repeat(800_000);
    expect(await apart(reader, tooLong))
      .to.deep.equal(await here(tooLong))
      .and.to.include({ guard: "size" });
    expect(await apart(reader, "A".repeat(16_384))).to.include({ guard: "markup" });
    expect(jobs).to.equal(before);
    await apart(reader, "A".repeat(16_388));
    expect(jobs).to.equal(before + 1);
  });

  it("are refused for now where no thread could do it, and errors of ours stay errors", async () => {
    const by = (error: Error) => createResponseReader({ run: () => Promise.reject(error) });
    const message = large().base64;
    for (const reason of ["busy", "timeout", "crash"] as const)
      expect(await apart(by(new WorkNotDone(reason)), message)).to.have.nested.property("detail.got", reason);
    expect(await apart(by(new WorkNotDone("busy")), message)).to.include({ guard: "busy" });
    let thrown: unknown;
    await apart(by(new Error("a fault")), message).catch((error: unknown) => {
      thrown = error;
    });
    expect(thrown).to.be.an("error").with.property("message", "a fault");
  });
});
