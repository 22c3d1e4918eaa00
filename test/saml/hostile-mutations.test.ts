/** Signed messages, changed at random places in ways nobody thought of: reproducible by the seed. */
import { expect } from "chai";
import fc from "fast-check";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import type { VerifiedAssertion } from "../../src/protocols/saml/verified.js";
import { ACME } from "../support/saml-response.js";
import { acceptedBase, consume } from "./corpus.js";
import { mutated, mutation, pick, spans } from "./mutations.js";

const SEED = 20261122;

/** The identity that came out, if any did. Anything but a refusal of ours fails the test. */
function outcome(base64: string): VerifiedAssertion | undefined {
  try {
    return consume(base64);
  } catch (error) {
    if (error instanceof SamlFailure) return undefined;
    throw error;
  }
}

describe("SML-3: signed responses, mutated", () => {
  for (const signed of ["both", "assertion", "response"] as const) {
    it(`give the signed identity or a refusal, and no other error (signed: ${signed})`, () => {
      const valid = acceptedBase({ base: { signed } });
      const identity = consume(valid.base64);
      let refused = 0;
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
          const came = outcome(mutated(valid, mutations));
          if (came === undefined) refused += 1;
          else expect(came).to.deep.equal(identity);
        }),
        { seed: SEED, numRuns: 200 },
      );
      expect(refused, "mutations that did something").to.be.above(100);
    });
  }

  it("give the signed identity or a refusal when the form's text itself is damaged", () => {
    const valid = acceptedBase({});
    const identity = consume(valid.base64);
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(..."AZaz09+/=-_ %\n\u0000"), fc.boolean(), (number, character, longer) => {
        const at = number % valid.base64.length;
        const came = outcome(valid.base64.slice(0, at) + character + valid.base64.slice(longer ? at : at + 1));
        if (came !== undefined) expect(came).to.deep.equal(identity);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it("give nobody whom the provider did not name, whatever two signed messages are mixed into one", () => {
    const anna = acceptedBase({ base: { signed: "both" } });
    const bob = anna.with({ nameId: "bob@acme.example", assertionId: "_assertion-2", responseId: "_response-2" });
    const people = [consume(anna.base64), consume(bob.base64)];
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (a, b, which) => {
        const [start, end] = pick(spans(anna.xml), a);
        const [from, to] = pick(spans(bob.xml), b);
        const piece = bob.xml.slice(from, to);
        const xml =
          which % 2 === 0
            ? anna.xml.slice(0, start) + piece + anna.xml.slice(end)
            : anna.xml.slice(0, start) + piece + anna.xml.slice(start);
        const came = outcome(Buffer.from(xml).toString("base64"));
        if (came !== undefined) expect(people).to.deep.include(came);
      }),
      { seed: SEED, numRuns: 150 },
    );
    expect(people.map(({ nameId }) => nameId.value)).to.deep.equal([ACME.nameId, "bob@acme.example"]);
  });
});
