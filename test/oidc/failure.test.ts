import { expect } from "chai";
import { failureFrom } from "../../src/protocols/oidc/failure.js";

describe("what a provider says of a refusal", () => {
  it("is kept cut, and never ends in half a character, which no database takes", () => {
    const words = { error: `${"e".repeat(99)}\u{1F600}`, error_description: `\uD83D${"d".repeat(298)}\u{1F600}` };
    const said = Object.assign(new Error("refused"), { code: "OAUTH_RESPONSE_BODY_ERROR", ...words });
    expect(failureFrom(said, "grant").detail).to.deep.equal({
      error: `${"e".repeat(99)}…`,
      description: `\uFFFD${"d".repeat(298)}…`,
    });
  });
});
