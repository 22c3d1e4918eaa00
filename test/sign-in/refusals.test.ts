import { expect } from "chai";
import { refusedSignIn } from "../../src/protocols/sign-in/refusals.js";

describe("what a refused person is told", () => {
  it("is the code where it is one for people", () => {
    expect(refusedSignIn("no_seat", "r1")).to.deep.include({ code: "no_seat", detail: { reference: "r1" } });
  });

  it("is also when to come again where it could not be judged now", () => {
    expect(refusedSignIn("expression_busy", "r1").detail).to.deep.equal({ reference: "r1", retryAfterSeconds: 60 });
  });

  it("is where to begin again, if nothing else stands in the way", () => {
    const startAgain = "https://rolecall.example/sso/acme/idp/login";
    const codes = ["sign_in_failed", "sign_in_expired", "unavailable", "expression_busy", "uniqueness"] as const;
    for (const code of codes) expect(refusedSignIn(code, "r1", { startAgain }).detail).to.include({ startAgain });
    for (const code of ["not_assigned", "deactivated", "needs_review", "logout_failed"] as const) {
      expect(refusedSignIn(code, "r1", { startAgain }).detail, code).to.deep.equal({ reference: "r1" });
    }
  });

  it("is that it was a no, where the provider says so", () => {
    const { code, message, detail } = refusedSignIn("sign_in_failed", "r1", { declined: true });
    expect([code, detail]).to.deep.equal(["sign_in_failed", { reference: "r1", declined: true }]);
    expect(message).to.match(/^you or your identity provider said no/);
  });

  it("is no more than that it failed where the code is about our own affairs", () => {
    expect(refusedSignIn("uniqueness", "r1").code).to.equal("sign_in_failed");
  });
});
