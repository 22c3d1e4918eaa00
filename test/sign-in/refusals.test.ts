import { expect } from "chai";
import { refusedSignIn } from "../../src/protocols/sign-in/refusals.js";

describe("what a refused person is told", () => {
  it("is the code where it is one for people", () => {
    expect(refusedSignIn("no_seat", "r1")).to.deep.include({ code: "no_seat", detail: { reference: "r1" } });
  });

  it("is also when to come again where it could not be judged now", () => {
    expect(refusedSignIn("expression_busy", "r1").detail).to.deep.equal({ reference: "r1", retryAfterSeconds: 60 });
  });

  it("is no more than that it failed where the code is about our own affairs", () => {
    expect(refusedSignIn("uniqueness", "r1").code).to.equal("sign_in_failed");
  });
});
