import { expect } from "chai";
import { framedBy } from "../../src/http/security-headers.js";

const ancestorsOf = (...origins: readonly string[]) =>
  framedBy(origins)["content-security-policy"]?.split("frame-ancestors ")[1];

describe("who may hold a page in a frame", () => {
  it("is any plain origin", () => {
    const origins = ["https://idp.example", "https://192.0.2.7:8443", "http://[2001:db8::7]:9000", "https://a_b.c-d"];
    expect(ancestorsOf(...origins)).to.equal(origins.join(" "));
  });

  it("is nobody by an origin that would say more in a policy", () => {
    const hostile = [
      "https://a.example;script-src",
      "https://a,b",
      "https://*",
      "https://'none'",
      "https://a b",
      "null",
    ];
    expect(ancestorsOf(...hostile)).to.equal("'none'");
    expect(ancestorsOf(...hostile, "https://a.example")).to.equal("https://a.example");
  });
});
