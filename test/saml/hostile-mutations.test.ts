/** Signed messages, changed at random places in ways nobody thought of: reproducible by the seed. */
import { expect } from "chai";
import fc from "fast-check";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import type { VerifiedAssertion } from "../../src/protocols/saml/verified.js";
import { attackerKey } from "../support/saml-keys.js";
import { ACME, type SamlMessage } from "../support/saml-response.js";
import { signElement } from "../support/saml-signature.js";
import { acceptedBase, consume, NOW } from "./corpus.js";
import { EVE, evil, evilAssertion, withoutSignatures } from "./forge.js";

const SEED = 20261122;

/** Numbers of any size; each mutation takes them modulo what there is. */
interface Mutation {
  readonly kind: keyof typeof KINDS;
  readonly a: number;
  readonly b: number;
}

const KINDS = {
  flip: (xml: string, a: number, b: number) => {
    const octets = Buffer.from(xml, "latin1");
    const at = a % octets.length;
    octets[at] = (octets[at] ?? 0) ^ (1 << (b % 8));
    return octets.toString("latin1");
  },
  remove: (xml: string, a: number) => {
    const [start, end] = pick(spans(xml), a);
    return xml.slice(0, start) + xml.slice(end);
  },
  duplicate: (xml: string, a: number, b: number) => {
    const [start, end] = pick(spans(xml), a);
    const at = pick(borders(xml), b);
    return xml.slice(0, at) + xml.slice(start, end) + xml.slice(at);
  },
  move: (xml: string, a: number, b: number) => {
    const [start, end] = pick(spans(xml), a);
    const rest = xml.slice(0, start) + xml.slice(end);
    const at = pick(borders(rest), b);
    return rest.slice(0, at) + xml.slice(start, end) + rest.slice(at);
  },
  wrap: (xml: string, a: number, b: number) => {
    const [start, end] = pick(spans(xml), a);
    const name = pick(["samlp:Extensions", "saml:Advice", "ds:Object", "saml:Subject", "samlp:Response"], b);
    return `${xml.slice(0, start)}<${name}>${xml.slice(start, end)}</${name}>${xml.slice(end)}`;
  },
  forge: (xml: string, a: number) => {
    const at = pick(borders(xml), a);
    return xml.slice(0, at) + evilAssertion(NOW) + xml.slice(at);
  },
  speak: (xml: string, a: number, b: number) => {
    const [start, end] = pick(texts(xml), a);
    return xml.slice(0, start) + pick([EVE.nameId, EVE.groups[0], "", "<x/>", "<!---->"], b) + xml.slice(end);
  },
  attribute: (xml: string, a: number, b: number) => {
    const [start, end] = pick(attributes(xml), a);
    const [from, to] = pick(attributes(xml), b);
    return xml.slice(0, start) + xml.slice(from, to) + xml.slice(end);
  },
  strip: (xml: string) => withoutSignatures(xml),
  accuse: (xml: string) => evil(xml),
  sign: (xml: string) => {
    const ids = ["_assertion-1", "_response-1"].filter((id) => xml.split(` ID="${id}"`).length === 2);
    return ids.reduce((signed, id) => signElement(signed, id, { key: attackerKey }), withoutSignatures(xml));
  },
  rename: (xml: string, a: number, b: number) => {
    const names = [...new Set(Array.from(xml.matchAll(/<([a-z]+:\w+)/g), ([, name]) => name ?? ""))];
    const name = pick(names, a);
    return xml.replaceAll(new RegExp(`(</?)${name}(?=[\\s>/])`, "g"), `$1${pick(names, b)}`);
  },
} as const;

type Span = readonly [number, number];

function pick<Thing>(things: readonly Thing[], number: number): Thing {
  const thing = things[number % things.length];
  if (thing === undefined) throw new Error("nothing to pick from");
  return thing;
}

function matches(xml: string, pattern: RegExp): Span[] {
  return Array.from(xml.matchAll(pattern), ({ index, 0: text }) => [index, index + text.length] as const);
}

function texts(xml: string): Span[] {
  return matches(xml, /(?<=>)[^<>]+(?=<)/g);
}

/** Values of attributes, without their quotes. */
function attributes(xml: string): Span[] {
  return matches(xml, /(?<==")[^"<>]*(?=")/g);
}

/** Where one tag ends and the next thing begins. */
function borders(xml: string): number[] {
  return [0, ...matches(xml, /</g).map(([start]) => start), xml.length];
}

/** Whole elements. */
function spans(xml: string): Span[] {
  const found: Span[] = [];
  const open: number[] = [];
  for (const [start, end] of matches(xml, /<[^>]*>/g)) {
    const tag = xml.slice(start, end);
    if (!tag.startsWith("</")) open.push(start);
    if (tag.startsWith("</") || tag.endsWith("/>")) {
      const from = open.pop();
      if (from !== undefined) found.push([from, end]);
    }
  }
  return found.length === 0 ? [[0, xml.length]] : found;
}

/** The messages are ASCII, so that each character is an octet and stays one. */
function mutated(message: SamlMessage, mutations: readonly Mutation[]): string {
  let xml = message.xml;
  for (const { kind, a, b } of mutations) {
    if (texts(xml).length === 0 || attributes(xml).length === 0) break;
    xml = KINDS[kind](xml, a, b);
  }
  return Buffer.from(xml, "latin1").toString("base64");
}

/** The identity that came out, if any did. Anything but a refusal of ours fails the test. */
function outcome(base64: string): VerifiedAssertion | undefined {
  try {
    return consume(base64);
  } catch (error) {
    if (error instanceof SamlFailure) return undefined;
    throw error;
  }
}

const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
const mutation = fc.record({ kind: fc.constantFrom(...kinds), a: fc.nat(), b: fc.nat() });

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
