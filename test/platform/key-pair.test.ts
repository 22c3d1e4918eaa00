import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect } from "chai";
import { makeKeyPair } from "../../src/platform/key-pair.js";

const FROM = "2026-11-22T12:00:00.000Z";

describe("a key pair that the service makes", () => {
  it("is RSA of 2048 bits, in a certificate of ten years that its own key signed and that names whose it is", async () => {
    const made = await makeKeyPair("signing", "acme/okta signing", FROM);
    expect(made.algorithm).to.equal("RSA 2048");
    const certificate = new X509Certificate(Buffer.from(made.certificate, "base64"));
    const key = createPrivateKey({ key: Buffer.from(made.privateKey, "base64"), format: "der", type: "pkcs8" });
    expect(certificate.checkPrivateKey(key)).to.equal(true);
    expect(certificate.verify(certificate.publicKey)).to.equal(true);
    expect(certificate.ca).to.equal(false);
    expect(certificate.subject).to.equal("CN=acme/okta signing");
    expect(certificate.publicKey.asymmetricKeyDetails).to.deep.include({ modulusLength: 2048, publicExponent: 65537n });
    expect(new Date(certificate.validFrom).toISOString()).to.equal(FROM);
    expect(new Date(certificate.validTo).toISOString()).to.equal("2036-11-22T12:00:00.000Z");
  });

  it("is another one each time, with another serial number, which is positive", async () => {
    const [one, other] = await Promise.all([0, 1].map(() => makeKeyPair("encryption", "a", FROM)));
    expect(one?.privateKey).to.not.equal(other?.privateKey);
    const serials = [one, other].map((made) => {
      return new X509Certificate(Buffer.from(made?.certificate ?? "", "base64")).serialNumber;
    });
    expect(new Set(serials).size).to.equal(2);
    for (const serial of serials) expect(serial).to.match(/^[0-9A-F]+$/);
  });
});
