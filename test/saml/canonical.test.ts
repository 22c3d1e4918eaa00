/** Canonicalisation, beside what libxml2 makes of the same: the rare shapes, in which implementations differ. */
import { expect } from "chai";
import { canonical, canonicalWithout } from "../../src/protocols/saml/canonical.js";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { RESPONSE_CAPS } from "../../src/protocols/saml/prescan.js";
import { parseXml, type XmlElement } from "../../src/protocols/saml/xml.js";

const parsed = (xml: string): XmlElement => parseXml(xml, RESPONSE_CAPS);

/** What xmllint 2.9.14 writes (--exc-c14n, or by its library with a list of prefixes); with `#default`, what OpenJDK 17 signs. */
const RARE: readonly (readonly [what: string, xml: string, prefixes: readonly string[], canonical: string])[] = [
  [
    "prefixes in upper and lower case, and with other signs",
    '<b:x xmlns:b="urn:b" xmlns:B="urn:B" xmlns:_a="urn:_" xmlns:a1="urn:1" xmlns:a10="urn:10" xmlns:a-b="urn:-" B:p="1" _a:p="2" a10:p="3" a1:p="4" a-b:p="5"/>',
    [],
    '<b:x xmlns:B="urn:B" xmlns:_a="urn:_" xmlns:a-b="urn:-" xmlns:a1="urn:1" xmlns:a10="urn:10" xmlns:b="urn:b" a-b:p="5" a1:p="4" a10:p="3" B:p="1" _a:p="2"></b:x>',
  ],
  [
    "namespaces of attributes of which one begins like another",
    '<x xmlns:p="urn:a" xmlns:q="urn:ab" q:a="1" p:bz="2" z="3"/>',
    [],
    '<x xmlns:p="urn:a" xmlns:q="urn:ab" z="3" p:bz="2" q:a="1"></x>',
  ],
  [
    "attributes in no order, with and without prefix",
    '<x xmlns:z="urn:a" xmlns:a="urn:z" a:b="1" z:b="2" b="3" B="4" _b="5" ID="6"/>',
    [],
    '<x xmlns:a="urn:z" xmlns:z="urn:a" B="4" ID="6" _b="5" b="3" z:b="2" a:b="1"></x>',
  ],
  [
    "a default namespace that is taken back",
    '<x xmlns="urn:a"><y xmlns=""><z/></y><w/></x>',
    [],
    '<x xmlns="urn:a"><y xmlns=""><z></z></y><w></w></x>',
  ],
  [
    "a default namespace that comes in between",
    '<p:x xmlns:p="urn:p"><x xmlns="urn:a"><p:y/><z xmlns="urn:a"/></x></p:x>',
    [],
    '<p:x xmlns:p="urn:p"><x xmlns="urn:a"><p:y></p:y><z></z></x></p:x>',
  ],
  [
    "a default namespace that nothing uses",
    '<p:x xmlns:p="urn:p" xmlns="urn:a"><p:y/></p:x>',
    [],
    '<p:x xmlns:p="urn:p"><p:y></p:y></p:x>',
  ],
  [
    "a default namespace that nothing uses, listed",
    '<p:x xmlns:p="urn:p" xmlns="urn:a"><p:y/></p:x>',
    ["#default"],
    '<p:x xmlns="urn:a" xmlns:p="urn:p"><p:y></p:y></p:x>',
  ],
  [
    "a listed default namespace that comes in between, and is taken back",
    '<p:x xmlns:p="urn:p"><x xmlns="urn:a"><p:y/><p:z xmlns=""/></x></p:x>',
    ["#default"],
    '<p:x xmlns:p="urn:p"><x xmlns="urn:a"><p:y></p:y><p:z xmlns=""></p:z></x></p:x>',
  ],
  [
    "a prefix that nothing uses, listed and not",
    '<x xmlns:xs="urn:xs" xmlns:xsi="urn:xsi"><y/></x>',
    ["xs"],
    '<x xmlns:xs="urn:xs"><y></y></x>',
  ],
  [
    "a listed prefix that is declared anew, alike and otherwise",
    '<x xmlns:xs="urn:a"><y xmlns:xs="urn:a"><z xmlns:xs="urn:b"><w xmlns:xs="urn:a"/></z></y></x>',
    ["xs"],
    '<x xmlns:xs="urn:a"><y><z xmlns:xs="urn:b"><w xmlns:xs="urn:a"></w></z></y></x>',
  ],
  [
    "a prefix that means something else in siblings",
    '<r><p:x xmlns:p="urn:a"/><p:x xmlns:p="urn:b"><p:y xmlns:p="urn:a"/></p:x></r>',
    [],
    '<r><p:x xmlns:p="urn:a"></p:x><p:x xmlns:p="urn:b"><p:y xmlns:p="urn:a"></p:y></p:x></r>',
  ],
  [
    "a prefix in an attribute's value alone",
    '<x xmlns:xs="urn:xs" xmlns:xsi="urn:xsi" xsi:type="xs:string">v</x>',
    [],
    '<x xmlns:xsi="urn:xsi" xsi:type="xs:string">v</x>',
  ],
  [
    "the same, listed",
    '<x xmlns:xs="urn:xs" xmlns:xsi="urn:xsi" xsi:type="xs:string">v</x>',
    ["xs"],
    '<x xmlns:xs="urn:xs" xmlns:xsi="urn:xsi" xsi:type="xs:string">v</x>',
  ],
  [
    "xml: attributes",
    '<x xml:space="preserve" xml:lang="en" id="1"><y xml:lang="de" xmlns:a="urn:a" a:z="2"/></x>',
    [],
    '<x id="1" xml:lang="en" xml:space="preserve"><y xmlns:a="urn:a" xml:lang="de" a:z="2"></y></x>',
  ],
  ["line breaks in text", "<x>a\r\nb\rc\nd&#13;e&#10;f</x>", [], "<x>a\nb\nc\nd&#xD;e\nf</x>"],
  [
    "line breaks and tabs in attributes",
    '<x a="1\r\n2\r3\n4\t5" b="&#13;&#10;&#9;"/>',
    [],
    '<x a="1 2 3 4 5" b="&#xD;&#xA;&#x9;"></x>',
  ],
  [
    "entities and quotes in text",
    "<x>&lt;&gt;&amp;&quot;&apos;\"'>]]&gt;</x>",
    [],
    "<x>&lt;&gt;&amp;\"'\"'&gt;]]&gt;</x>",
  ],
  [
    "entities and quotes in attributes",
    "<x a=\"&lt;&gt;&amp;&quot;&apos;'>\" b='\"'/>",
    [],
    '<x a="&lt;>&amp;&quot;\'\'>" b="&quot;"></x>',
  ],
  [
    "characters by number",
    '<x a="&#65;&#xE9;&#x1F600;">&#65;&#xE9;&#x1F600;&#x85;&#x2028;&#xA0;</x>',
    [],
    '<x a="Aé😀">Aé😀\u0085\u2028\u00a0</x>',
  ],
  [
    "letters of everywhere",
    '<x a="Zoë 行政 😀">Zoë 行政 😀 \u0085\u2028</x>',
    [],
    '<x a="Zoë 行政 😀">Zoë 行政 😀 \u0085\u2028</x>',
  ],
  [
    "blanks between and inside tags",
    "<x  a = \"1\"\n  b='2' >\n  <y />\n</x >",
    [],
    '<x a="1" b="2">\n  <y></y>\n</x>',
  ],
  ["empty elements in both forms", "<x><y/><y></y></x>", [], "<x><y></y><y></y></x>"],
  [
    "a declaration of the prefix xml",
    '<x xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="en"/>',
    [],
    '<x xml:lang="en"></x>',
  ],
];

/** A tree without the parser's nodes. */
function plain({ namespace, name, attributes, text, children }: XmlElement): object {
  const sorted = [...attributes].sort((one, other) =>
    one.name + one.namespace < other.name + other.namespace ? -1 : 1,
  );
  return { namespace, name, attributes: sorted, text, children: children.map(plain) };
}

describe("SML-18: canonical octets", () => {
  for (const [what, xml, prefixes, octets] of RARE) {
    it(`are those of other implementations: ${what}`, () => {
      expect(canonical(parsed(xml).node, prefixes)).to.equal(octets);
    });

    it(`say what the message said, and stay what they are: ${what}`, () => {
      const again = parsed(octets);
      expect(plain(again)).to.deep.equal(plain(parsed(xml)));
      expect(canonical(again.node, prefixes)).to.equal(octets);
    });
  }

  it("take of what stands above the element the listed prefixes alone, and leave the tree as it was", () => {
    const root = parsed(
      '<r xmlns="urn:d" xmlns:xs="urn:xs" xmlns:no="urn:no" xml:lang="en"><p:x xmlns:p="urn:p"><s/></p:x></r>',
    );
    const before = root.node.toString();
    const [element] = root.children;
    const [inner] = element?.children ?? [];
    if (element === undefined || inner === undefined) throw new Error("there is no such element");
    const octets = '<p:x xmlns:p="urn:p" xmlns:xs="urn:xs"><s xmlns="urn:d"></s></p:x>';
    expect(canonical(element.node, ["xs", "nobody"])).to.equal(octets);
    expect(canonicalWithout(element.node, inner.node, ["xs"])).to.equal(
      '<p:x xmlns:p="urn:p" xmlns:xs="urn:xs"></p:x>',
    );
    expect(root.node.toString()).to.equal(before);
  });

  const ABOVE: readonly (readonly [xml: string, prefixes: readonly string[], octets: string])[] = [
    [
      '<x xmlns="urn:a" xmlns:s="urn:s"><p:y xmlns:p="urn:p"><p:z/></p:y></x>',
      ["#default", "s"],
      '<p:y xmlns="urn:a" xmlns:p="urn:p" xmlns:s="urn:s"><p:z></p:z></p:y>',
    ],
    [
      '<x xmlns="urn:a"><p:y xmlns:p="urn:p"><p:z xmlns=""><p:w/></p:z><p:v xmlns="urn:b" xmlns:q="urn:q"><q:u/><t/></p:v></p:y></x>',
      ["#default"],
      '<p:y xmlns="urn:a" xmlns:p="urn:p"><p:z xmlns=""><p:w></p:w></p:z><p:v xmlns="urn:b"><q:u xmlns:q="urn:q"></q:u><t></t></p:v></p:y>',
    ],
  ];
  for (const [xml, prefixes, octets] of ABOVE)
    it(`take the default namespace of what stands above the element where it is listed: ${xml}`, () => {
      const [element] = parsed(xml).children;
      expect(element && canonical(element.node, prefixes)).to.equal(octets);
    });

  for (const xml of [
    '<x xmlns:p="urn:p" p:xs="urn:evil"/>',
    `<x xmlns:p="urn:p"><y p:xs="&quot;/&gt;&lt;saml:Subject x=&quot;"/></x>`,
    '<x xml:xs="1" xmlns:xs="urn:xs"/>',
  ])
    it(`are not made where an attribute could be taken for the declaration of a listed prefix: ${xml}`, () => {
      expect(() => canonical(parsed(xml).node, ["xs"]))
        .to.throw(SamlFailure)
        .with.property("guard", "signature_form");
      expect(canonical(parsed(xml).node, ["other"])).to.be.a("string");
    });
});
