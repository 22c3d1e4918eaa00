import { expect } from "chai";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { METADATA_CAPS, prescan, RESPONSE_CAPS, type XmlCaps } from "../../src/protocols/saml/prescan.js";

const TINY: XmlCaps = {
  bytes: 400,
  depth: 3,
  elements: 4,
  attributesPerElement: 3,
  attributes: 5,
  namespacesInScope: 2,
  elementNames: 3,
  nameLength: 10,
};

function refusal(text: string, caps: XmlCaps = RESPONSE_CAPS): string {
  try {
    prescan(text, caps);
  } catch (error) {
    if (error instanceof SamlFailure) return `${error.guard}: ${String(error.detail["problem"])}`;
    throw error;
  }
  return "accepted";
}

const many = (count: number, write: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => write(i)).join("");

describe("the pre-scan of XML", () => {
  describe("takes", () => {
    const accepted: Readonly<Record<string, string>> = {
      "an empty element": "<a/>",
      "elements in elements, and text": "<a>one<b>two</b>three<c/></a>",
      "blanks wherever XML allows them": "\n<a  x = '1'\n\ty=\"2\" ><b /></a\n>\n",
      "both quotes, each within the other": `<a x='"' y="'"/>`,
      "a greater-than sign in a value and in text": `<a x="1>0" y="]]>">2>1</a>`,
      "the five entities and characters by number": `<a x="&amp;&lt;">&gt;&quot;&apos;&#65;&#x1F600;</a>`,
      "characters outside of ASCII": `<a x="Jürgen">Łukasz 😀</a>`,
      "prefixes and dots in names": "<ns0:a.b-c xmlns:ns0='urn:x' ns0:d_1=''/>",
      "the prefix `xml`, declared for what it always stands for": `<a xmlns:xml="http://www.w3.org/XML/1998/namespace"/>`,
      "the default namespace, and its end": `<a xmlns="urn:x"><b xmlns=""/></a>`,
    };
    for (const [what, text] of Object.entries(accepted))
      it(what, () => {
        expect(prescan(text, RESPONSE_CAPS)).to.equal(text);
      });

    for (const prolog of [
      `<?xml version="1.0"?>`,
      `<?xml version='1.0' encoding='utf-8'?>\n`,
      `<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\r\n`,
    ])
      it(`the prolog ${JSON.stringify(prolog)}, and leaves it away`, () => {
        expect(prescan(`${prolog}<a/>`, RESPONSE_CAPS).trim()).to.equal("<a/>");
        expect(prescan(`\uFEFF${prolog}<a/>`, RESPONSE_CAPS).trim()).to.equal("<a/>");
      });

    it("line separators, as references that the parser leaves alone", () => {
      expect(prescan("<a>x\u2028y\u0085z</a>", RESPONSE_CAPS)).to.equal("<a>x&#x2028;y&#x85;z</a>");
    });
  });

  describe("refuses", () => {
    const refused: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
      "a document type": [`<!DOCTYPE a><a/>`, /^markup: .*document types/],
      "a document type with entities": [`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, /^markup: .*document types/],
      "a document type behind the prolog": [`<?xml version="1.0"?><!DOCTYPE a><a/>`, /^markup: .*document types/],
      "a comment": ["<a>x<!-- y --></a>", /^markup: .*comments/],
      "a comment behind the element": ["<a/><!-- y -->", /^markup: .*comments/],
      "a CDATA section": ["<a><![CDATA[x]]></a>", /^markup: .*CDATA/],
      "a processing instruction": ["<a><?x y?></a>", /^markup: .*processing instructions/],
      "a second prolog": [`<?xml version="1.0"?><?xml version="1.0"?><a/>`, /^markup: .*processing instructions/],
      "a prolog that is not at the start": [`\n<?xml version="1.0"?><a/>`, /^markup: .*processing instructions/],
      "a stylesheet": [`<?xml-stylesheet href="x"?><a/>`, /^markup: .*prolog/],
      "XML 1.1": [`<?xml version="1.1"?><a/>`, /^markup: .*prolog/],
      "another encoding": [`<?xml version="1.0" encoding="UTF-16"?><a/>`, /^markup: .*`UTF-16`: only UTF-8/],
      "UTF-7": [`<?xml version="1.0" encoding="utf-7"?><a/>`, /^markup: .*only UTF-8/],
      "an entity of nobody's": ["<a>&nbsp;</a>", /^markup: .*`&`/],
      "an ampersand alone": ["<a>R&D</a>", /^markup: .*`&`/],
      "an ampersand alone in a value": [`<a x="R & D"/>`, /^markup: .*`&`/],
      "a null character": ["<a>\u0000</a>", /^markup: .*character/],
      "a control character": ["<a>\u0008</a>", /^markup: .*character/],
      "half a character": ["<a>\uD800</a>", /^markup: .*character/],
      "a null character by number": ["<a>&#0;</a>", /^markup: .*character/],
      "half a character by number": ["<a>&#xD800;</a>", /^markup: .*character/],
      "a number that is no character": ["<a>&#x110000;</a>", /^markup: .*character/],
      "nothing at all": ["", /^xml: .*no element/],
      "text alone": ["hello", /^xml: .*outside/],
      "two document elements": ["<a/><a/>", /^xml: .*more than one document element/],
      "text before the element": ["x<a/>", /^xml: .*outside/],
      "text behind the element": ["<a/>x", /^xml: .*outside/],
      "an element that is not closed": ["<a><b></b>", /^xml: .*ends before/],
      "elements that overlap": ["<a><b></a></b>", /^xml: .*end tag/],
      "an end tag in other letters": ["<a></A>", /^xml: .*end tag/],
      "an end tag too many": ["<a/></a>", /^xml: .*end tag/],
      "an end tag with more in it": ["<a></a x>", /^xml: .*end tag/],
      "a less-than sign in a value": [`<a x="<b>"/>`, /^xml: .*start tag of `a`/],
      "a less-than sign in text": ["<a>1 < 2</a>", /^xml: .*starts no element/],
      "the end of a CDATA section in text": ["<a>x]]></a>", /^xml: .*CDATA/],
      "an attribute without quotes": ["<a x=1/>", /^xml: .*start tag of `a`/],
      "an attribute without value": ["<a x/>", /^xml: .*start tag of `a`/],
      "attributes without a blank between": [`<a x="1"y="2"/>`, /^xml: .*start tag of `a`/],
      "a slash with a blank behind it": ["<a / >", /^xml: .*start tag of `a`/],
      "an attribute given twice": [`<a x="1" x="2"/>`, /^xml: .*`x` twice/],
      "an attribute given twice under a name of every object's": [
        `<a __proto__="1" __proto__="2"/>`,
        /^xml: .*`__proto__` twice/,
      ],
      "a name with two colons": ["<a:b:c/>", /^xml: .*start tag/],
      "a prefix of XML's own, declared anew": [`<a xmlns:xml="urn:x"/>`, /^markup: .*`xml` is reserved/],
      "the namespace of `xml` under another prefix": [
        `<a xmlns:x="http://www.w3.org/XML/1998/namespace"/>`,
        /^markup: .*namespace/,
      ],
      "the namespace of declarations, which would hide attributes": [
        `<a xmlns:x="http://www.w3.org/2000/xmlns/" x:ID="y"/>`,
        /^markup: .*namespace/,
      ],
      "an attribute that canonicalisation takes for a declaration": [`<a xmlnsEvil="x"/>`, /^markup: .*`xmlnsEvil`/],
      "the same in other letters": [`<a XmlnsEvil="x"/>`, /^markup: .*`XmlnsEvil`/],
      "a declaration in other letters": [`<a XMLNS="urn:x"/>`, /^markup: .*`XMLNS`/],
      "a prefix that canonicalisation takes for a declaration's": [
        `<a xmlns:xmlnsx="urn:x" xmlnsx:nil="true"/>`,
        /^markup: .*`xmlnsx:nil`/,
      ],
      "such a prefix of an element": [`<xmlnsx:a xmlns:xmlnsx="urn:x"/>`, /^markup: .*`xmlnsx:a`/],
      "a prefix that is declared to be nothing": [`<a xmlns:x=""/>`, /^markup: .*namespace/],
      "a namespace that would write attributes when canonicalised": [
        `<a xmlns:x='urn:x" ID="y'/>`,
        /^markup: .*namespace/,
      ],
      "the same by a reference": [`<a xmlns:x="urn:x&quot; ID=&quot;y"/>`, /^markup: .*namespace/],
      "XHTML, whose scripts the parser reads by other rules": [
        `<a xmlns="http://www.w3.org/1999/xhtml"/>`,
        /^markup: .*namespace/,
      ],
    };
    for (const [what, [text, problem]] of Object.entries(refused))
      it(what, () => {
        expect(refusal(text)).to.match(problem);
      });
  });

  describe("SML-29: counts, and allows no more than the caps say:", () => {
    const limits: Readonly<Record<string, readonly [fits: string, tooMuch: string, problem: string]>> = {
      bytes: [`<a>${"é".repeat(196)}</a>`, `<a>${"é".repeat(197)}</a>`, "400 bytes"],
      depth: ["<a><b><a/></b></a>", "<a><b><a><b/></a></b></a>", "3 levels of elements"],
      elements: ["<a><b/><b/><b/></a>", "<a><b/><b/><b/><b/></a>", "4 elements"],
      "attributes of one element": [`<a x="" y="" z=""/>`, `<a w="" x="" y="" z=""/>`, "3 attributes of one element"],
      "attributes in all": [
        `<a x="" y="" z=""><b x="" y=""/></a>`,
        `<a x="" y="" z=""><b x="" y=""/><b z=""/></a>`,
        "5 attributes",
      ],
      "namespaces in force": [
        `<a xmlns="urn:a"><b xmlns="urn:b"/><b xmlns="urn:c"></b><b xmlns="urn:d"/></a>`,
        `<a xmlns="urn:a"><b xmlns="urn:b"><b xmlns="urn:c"/></b></a>`,
        "2 namespaces in force at once",
      ],
      "different names": ["<a><b/><c/><c/></a>", "<a><b/><c/><d/></a>", "3 different element names"],
      "length of an element's name": ["<a234567890/>", "<a2345678901/>", "10 characters in a name"],
      "length of an attribute's name": [`<a a234567890=""/>`, `<a a2345678901=""/>`, "10 characters in a name"],
    };
    for (const [what, [fits, tooMuch, problem]] of Object.entries(limits))
      it(what, () => {
        expect(refusal(fits, TINY)).to.equal("accepted");
        expect(refusal(tooMuch, TINY)).to.equal(`size: the XML has more than ${problem}`);
      });

    it("length of a namespace", () => {
      expect(refusal(`<a xmlns="${"u".repeat(256)}"/>`)).to.equal("accepted");
      expect(refusal(`<a xmlns="${"u".repeat(257)}"/>`)).to.equal(
        "size: the XML has more than 256 characters in a namespace",
      );
    });
  });

  describe("SML-29: stops documents that were made to keep parsers busy:", () => {
    const bombs: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
      "172 kB of nested namespaces": [
        many(4200, (i) => `<a xmlns:n${i}="urn:${i}">`) + "</a>".repeat(4200),
        /^size: .*(levels|namespaces)/,
      ],
      "190 kB of nested elements": ["<a>".repeat(27_000) + "</a>".repeat(27_000), /^size: .*levels/],
      "284 kB of attributes": [`<a ${many(22_000, (i) => `a${i}="${i}" `)}/>`, /^size: .*attributes of one element/],
      "many attributes in many elements": [
        `<a>${many(2000, () => `<b ${many(20, (i) => `a${i}="" `)}/>`)}</a>`,
        /^size: .*16000 attributes/,
      ],
      "elements without end": [`<a>${"<b/>".repeat(100_000)}</a>`, /^size: .*elements/],
      "elements that all have other names": [`<a>${many(20_000, (i) => `<b${i}></b${i}>`)}</a>`, /^size: .*names/],
      "a name without end": [`<${"a".repeat(400_000)}/>`, /^size: .*name/],
      "blanks without end in an end tag": [`<a></a${" ".repeat(400_000)}x>`, /^xml:/],
      "blanks without end in a start tag": [`<a${" ".repeat(400_000)}=/>`, /^xml:/],
      "less-than signs without end": [`<a>${"<".repeat(400_000)}</a>`, /^xml:/],
      "ampersands without end": [`<a>${"&".repeat(400_000)}</a>`, /^markup:/],
      "too many bytes": ["<".repeat(600_000), /^size: .*524288 bytes/],
    };
    for (const [what, [text, problem]] of Object.entries(bombs))
      it(what, () => {
        expect(refusal(text)).to.match(problem);
      });
  });

  it("lets a response have 6,500 elements, which 5,000 values fit in", () => {
    const response = (inside: number) => `<a>${"<b/>".repeat(inside)}</a>`;
    expect(refusal(response(6_499))).to.equal("accepted");
    expect(refusal(response(6_500))).to.equal("size: the XML has more than 6500 elements");
  });

  it("lets metadata be larger than a response", () => {
    const text = `<a>${"x".repeat(800_000)}</a>`;
    expect(refusal(text, METADATA_CAPS)).to.equal("accepted");
    expect(refusal(text, RESPONSE_CAPS)).to.match(/^size:/);
  });
});
