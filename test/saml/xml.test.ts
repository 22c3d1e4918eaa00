import { expect } from "chai";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { RESPONSE_CAPS } from "../../src/protocols/saml/prescan.js";
import { attributeOf, childrenOf, elementsIn, parseXml, textOf } from "../../src/protocols/saml/xml.js";

const parse = (text: string) => parseXml(text, RESPONSE_CAPS);

function refusal(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SamlFailure) return `${error.guard}: ${String(error.detail["problem"])}`;
    throw error;
  }
  return "accepted";
}

describe("XML as values", () => {
  it("names elements and attributes by their namespace, whatever the prefix", () => {
    const prefixed = parse(`<p:a xmlns:p="urn:a" xmlns:q="urn:q" q:x="1" y="2"><p:b/></p:a>`);
    const plain = parse(`<a xmlns="urn:a" xmlns:r="urn:q" r:x="1" y="2"><b/></a>`);
    for (const root of [prefixed, plain]) {
      expect([root.namespace, root.name]).to.deep.equal(["urn:a", "a"]);
      expect(root.attributes).to.deep.equal([
        { namespace: "urn:q", name: "x", value: "1" },
        { namespace: "", name: "y", value: "2" },
      ]);
      expect(childrenOf(root, "urn:a", "b")).to.have.length(1);
    }
  });

  it("finds children by namespace and name, not by what they look like", () => {
    const root = parse(`<a><b>1</b><b xmlns="urn:x">2</b><c><b>3</b></c><b>4</b></a>`);
    expect(childrenOf(root, "", "b").map(textOf)).to.deep.equal(["1", "4"]);
    expect(childrenOf(root, "urn:x", "b").map(textOf)).to.deep.equal(["2"]);
  });

  it("tells attributes with a namespace from those without", () => {
    const root = parse(`<a xmlns:p="urn:p" p:ID="1" __proto__="2"/>`);
    expect(attributeOf(root, "ID")).to.equal(undefined);
    expect(attributeOf(root, "ID", "urn:p")).to.equal("1");
    expect(attributeOf(root, "__proto__")).to.equal("2");
    expect(attributeOf(root, "constructor")).to.equal(undefined);
  });

  it("reads text whole, with references resolved", () => {
    expect(textOf(parse("<a>R&amp;D &lt;x&gt; &#x1F600; Łukasz\u2028</a>"))).to.equal("R&D <x> 😀 Łukasz\u2028");
    expect(textOf(parse("<a/>"))).to.equal("");
  });

  it("reads no text in part: an element within makes it no text", () => {
    expect(textOf(parse("<a>ceo@acme.example<x/>.evil.example</a>"))).to.equal(undefined);
  });

  it("keeps all text that is directly inside, whatever stands between", () => {
    expect(parse("<a>one<b>two</b>three<b/>&amp;</a>").text).to.equal("onethree&");
  });

  it("makes one line break of each kind of line break in text, and a blank in values", () => {
    const root = parse(`<a x="1\r\n2\t3">1\r\n2\r3\n4&#13;</a>`);
    expect(textOf(root)).to.equal("1\n2\n3\n4\r");
    expect(attributeOf(root, "x")).to.equal("1 2 3");
  });

  it("walks through all elements in document order", () => {
    const names = [...elementsIn(parse("<a><b><c/></b><d/></a>"))].map(({ name }) => name);
    expect(names).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("looks past a byte order mark and a prolog", () => {
    expect(textOf(parse(`\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<a>x</a>`))).to.equal("x");
  });

  it("lets `xml:` be used without a declaration", () => {
    expect(attributeOf(parse(`<a xml:lang="en"/>`), "lang", "http://www.w3.org/XML/1998/namespace")).to.equal("en");
  });

  describe("refuses", () => {
    const refused: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
      "what the pre-scan refuses": ["<!DOCTYPE a><a/>", /^markup:/],
      "an element's prefix that nobody declared": ["<a><p:b/></a>", /^xml: .*`p` is not declared/],
      "an attribute's prefix that nobody declared": [`<a p:x=""/>`, /^xml: .*`p` is not declared/],
      "a prefix that is declared elsewhere": [`<a><b xmlns:p="urn:p"/><p:c/></a>`, /^xml: .*`p` is not declared/],
      "a prefix that every object has a property for": ["<constructor:a/>", /^xml: .*`constructor` is not declared/],
      "an attribute whose prefix every object has a property for": [`<a toString:x=""/>`, /^xml: /],
      "one attribute under two prefixes": [
        `<a xmlns:p="urn:x" xmlns:q="urn:x" p:ID="1" q:ID="2"/>`,
        /^xml: .*`ID` twice/,
      ],
      "names that the parser stumbles over": [`<a hasOwnProperty="1" b="2"/>`, /^xml: .*parser/],
    };
    for (const [what, [text, problem]] of Object.entries(refused))
      it(what, () => {
        expect(refusal(text)).to.match(problem);
      });
  });
});
