import { deflateRawSync, gzipSync } from "node:zlib";
import type { Guard } from "../../src/protocols/saml/failure.js";
import { ACME, type ResponseWishes, replaceOnly, type SamlMessage } from "../support/saml-response.js";
import { forEachSigning, type Hostile, NOW, refuses, signedAs } from "./corpus.js";
import { evilAssertion, insertBefore } from "./forge.js";

const ASSERTION_ONLY = { signed: "assertion" } as const;

function base64(octets: string | Uint8Array): string {
  return Buffer.from(octets).toString("base64");
}

/** The message's octets with these in place of a word of it. */
function withOctets(message: SamlMessage, word: string, octets: readonly number[]): string {
  const whole = Buffer.from(message.xml, "utf8");
  const at = whole.indexOf(word);
  return base64(Buffer.concat([whole.subarray(0, at), Buffer.from(octets), whole.subarray(at + word.length)]));
}

describe("SML-27, SML-28: Redirect binding for Response, inflate, and other wrappings of the form's text", () => {
  refuses([
    { name: "nothing", derive: () => "", guard: "encoding" },
    { name: "blanks", derive: () => "   \n", guard: "encoding" },
    { name: "text that is no base64", derive: (valid) => valid.xml, guard: "encoding" },
    { name: "base64 of base64", derive: (valid) => base64(valid.base64), guard: "xml" },
    {
      name: "strange characters in the base64",
      derive: (valid) => `${valid.base64.slice(0, 100)}%*!${valid.base64.slice(100)}`,
      guard: "encoding",
    },
    {
      name: "the URL's alphabet",
      base: { statusMessage: "¿¿¿???>>>~~~" },
      derive: ({ xml }) => Buffer.from(xml.replace("¿", "ÿÿ")).toString("base64url").replace(/^/, "-_"),
      guard: "encoding",
    },
    { name: "padding in the middle", derive: (valid) => `${base64("<a>")}=${valid.base64}`, guard: "encoding" },
    {
      name: "something behind the padding",
      derive: ({ xml }) => `${base64(`${xml}${" ".repeat(3 - (Buffer.byteLength(xml) % 3) || 1)}`)}====${base64("x")}`,
      guard: "encoding",
    },
    { name: "a cut message", derive: (valid) => valid.base64.slice(0, -101), guard: "encoding" },
    { name: "a NUL character", derive: (valid) => `${valid.base64}\u0000`, guard: "encoding" },
    {
      name: "deflated content, as the Redirect binding has it",
      derive: (valid) => base64(deflateRawSync(valid.xml)),
      guard: "encoding",
    },
    { name: "gzipped content", derive: (valid) => base64(gzipSync(valid.xml)), guard: "encoding" },
    {
      name: "a small text that would inflate to 100 MB",
      derive: () => base64(deflateRawSync(Buffer.alloc(100_000_000, 60), { level: 9 })),
      guard: "encoding",
    },
    {
      name: "UTF-16",
      derive: (valid) => base64(Buffer.from(valid.xml, "utf16le")),
      guard: "markup",
    },
    {
      name: "UTF-16 with a byte order mark",
      derive: (valid) => base64(Buffer.from(`\uFEFF${valid.xml}`, "utf16le")),
      guard: "encoding",
    },
    {
      name: "octets that are no UTF-8, in a name",
      derive: (valid) => withOctets(valid, "anna", [0x61, 0xff, 0x6e, 0x61]),
      guard: "encoding",
    },
    {
      name: "a letter in two octets where one would do",
      derive: (valid) => withOctets(valid, "anna", [0xc1, 0xa1, 0x6e, 0x6e, 0x61]),
      guard: "encoding",
    },
    {
      name: "half of a surrogate pair",
      derive: (valid) => withOctets(valid, "anna", [0xed, 0xa0, 0x80]),
      guard: "encoding",
    },
    {
      name: "a cut character at the end",
      derive: (valid) => base64(Buffer.concat([Buffer.from(valid.xml), Buffer.from([0xe2, 0x82])])),
      guard: "encoding",
    },
    {
      name: "NUL octets in a name",
      derive: (valid) => withOctets(valid, "anna", [0x61, 0x00, 0x6e]),
      guard: "markup",
    },
    ...[0x01, 0x08, 0x0b, 0x1f].map(
      (octet): Hostile => ({
        name: `a character that XML does not have (${octet})`,
        derive: (valid) => withOctets(valid, "anna", [octet]),
        guard: "markup",
      }),
    ),
    {
      name: "U+FFFE, which XML does not have",
      derive: (valid) => withOctets(valid, "anna", [0xef, 0xbf, 0xbe]),
      guard: "markup",
    },
  ]);
});

const DOCTYPES: readonly (readonly [string, string])[] = [
  ["alone", "<!DOCTYPE samlp:Response>"],
  ["in small letters", "<!doctype samlp:Response>"],
  ["with an entity that nothing uses", `<!DOCTYPE samlp:Response [<!ENTITY e "${ACME.nameId}">]>`],
  ["with an external entity", `<!DOCTYPE samlp:Response [<!ENTITY e SYSTEM "file:///etc/passwd">]>`],
  ["with a parameter entity", `<!DOCTYPE samlp:Response [<!ENTITY % e SYSTEM "https://evil.example/e.dtd"> %e;]>`],
  ["with an external subset", `<!DOCTYPE samlp:Response SYSTEM "https://evil.example/e.dtd">`],
  ["that gives an attribute its value", `<!DOCTYPE samlp:Response [<!ATTLIST saml:NameID Format CDATA "urn:evil">]>`],
  ["that makes an attribute an ID", "<!DOCTYPE samlp:Response [<!ATTLIST samlp:Status x ID #IMPLIED>]>"],
];

describe("SML-20: DOCTYPE, entities, processing instructions", () => {
  refuses([
    ...forEachSigning(
      DOCTYPES.map(
        ([what, doctype]): Hostile => ({
          name: `one ${what}`,
          derive: (valid) => valid.altered((xml) => doctype + xml),
          guard: "markup",
        }),
      ),
    ),
    {
      name: "one behind the prolog",
      derive: (valid) => valid.altered((xml) => `<?xml version="1.0"?>\n<!DOCTYPE samlp:Response>${xml}`),
      guard: "markup",
    },
    {
      name: "one behind the message",
      derive: (valid) => valid.altered((xml) => `${xml}<!DOCTYPE samlp:Response>`),
      guard: "markup",
    },
    {
      name: "an entity that it declares, in the name",
      base: ASSERTION_ONLY,
      derive: (valid) =>
        valid.altered(
          (xml) =>
            `<!DOCTYPE samlp:Response [<!ENTITY e "${ACME.nameId}">]>${replaceOnly(xml, `>${ACME.nameId}</saml:NameID>`, ">&e;</saml:NameID>")}`,
        ),
      guard: "markup",
    },
    {
      name: "ten levels of entities, each ten times the one before",
      derive: (valid) =>
        valid.altered((xml) => {
          const levels = Array.from({ length: 9 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`);
          return `<!DOCTYPE samlp:Response [<!ENTITY e0 "lol">${levels.join("")}]>${xml}`;
        }),
      guard: "markup",
    },
    {
      name: "an entity that nothing declares",
      derive: (valid) =>
        valid.altered((xml) => replaceOnly(xml, `>${ACME.nameId}</saml:NameID>`, ">&who;</saml:NameID>")),
      guard: "markup",
    },
    {
      name: "a processing instruction before the message",
      derive: (valid) => valid.altered((xml) => `<?xml-stylesheet href="https://evil.example/x.xsl"?>${xml}`),
      guard: "markup",
    },
    {
      name: "a processing instruction behind the message",
      derive: (valid) => valid.altered((xml) => `${xml}<?evil?>`),
      guard: "markup",
    },
    {
      name: "a processing instruction put into a signed NameID",
      derive: (valid) =>
        valid.altered((xml) =>
          replaceOnly(xml, `>${ACME.nameId}</saml:NameID>`, `>${ACME.nameId}<?evil?></saml:NameID>`),
        ),
      guard: "markup",
    },
    {
      name: "a second prolog",
      derive: (valid) => valid.altered((xml) => `<?xml version="1.0"?><?xml version="1.0"?>${xml}`),
      guard: "markup",
    },
    {
      name: "an entity of HTML, which XML does not have",
      base: ASSERTION_ONLY,
      derive: (valid) =>
        valid.replaced("</samlp:Status>", "<samlp:StatusMessage>&nbsp;&copy;</samlp:StatusMessage></samlp:Status>"),
      guard: "markup",
    },
  ]);
});

const SUFFIXED = { nameId: "admin@acme.example.evil.example" } as const;
const SPLIT = "admin@acme.example";
const REST = ".evil.example";

/** Each leaves the canonical form, and so the signature, as it was. */
const INVISIBLE: readonly (readonly [string, string])[] = [
  ["a comment", `${SPLIT}<!---->${REST}`],
  ["a comment with content", `${SPLIT}<!-- ${REST} -->${REST}`],
  ["CDATA around the end", `${SPLIT}<![CDATA[${REST}]]>`],
  ["CDATA around the beginning", `<![CDATA[${SPLIT}]]>${REST}`],
  ["CDATA around all of it", `<![CDATA[${SPLIT}${REST}]]>`],
  ["empty CDATA", `${SPLIT}<![CDATA[]]>${REST}`],
];

describe("SML-21: comments", () => {
  refuses(
    forEachSigning(
      INVISIBLE.map(
        ([what, text]): Hostile => ({
          name: `${what} put into a signed NameID`,
          base: SUFFIXED,
          derive: (valid) => valid.replaced(`>${SPLIT}${REST}</saml:NameID>`, `>${text}</saml:NameID>`),
          guard: "markup",
        }),
      ),
    ),
  );

  refuses([
    ...INVISIBLE.map(
      ([what, text]): Hostile => ({
        name: `${what} in a NameID that the provider signed so`,
        derive: (valid) => valid.with({ xml: { nameId: `<saml:NameID>${text}</saml:NameID>` } }),
        guard: "markup",
      }),
    ),
    ...(
      [
        ["a group", `>${ACME.groups[0]}<`, ">Own<!---->ers<"],
        ["the Audience", `>${ACME.sp}</saml:Audience>`, `>${ACME.sp}<!----></saml:Audience>`],
        ["the DigestValue", "<ds:DigestValue>", "<ds:DigestValue><!---->"],
        ["the SignatureValue", "<ds:SignatureValue>", "<ds:SignatureValue><!---->"],
        ["the certificate", "<ds:X509Certificate>", "<ds:X509Certificate><!---->"],
      ] as const
    ).map(
      ([where, from, to]): Hostile => ({
        name: `a comment in ${where}`,
        base: ASSERTION_ONLY,
        derive: (valid) => valid.altered((xml) => xml.replace(from, to)),
        guard: "markup",
      }),
    ),
    {
      name: "a comment between elements of the envelope",
      base: ASSERTION_ONLY,
      derive: (valid) => valid.replaced("<samlp:Status>", "<!-- --><samlp:Status>"),
      guard: "markup",
    },
    {
      name: "a comment before the message",
      derive: (valid) => valid.altered((xml) => `<!-- -->${xml}`),
      guard: "markup",
    },
    {
      name: "a comment behind the message",
      derive: (valid) => valid.altered((xml) => `${xml}<!-- -->`),
      guard: "markup",
    },
    {
      name: "a comment with a whole assertion in it",
      derive: (valid) => valid.altered((xml) => insertBefore(xml, "<saml:Assertion ", `<!--${evilAssertion(NOW)}-->`)),
      guard: "markup",
    },
    {
      name: "a processing instruction in a NameID",
      base: SUFFIXED,
      derive: (valid) => valid.replaced(`>${SPLIT}${REST}</saml:NameID>`, `>${SPLIT}<?x?>${REST}</saml:NameID>`),
      guard: "markup",
    },
    {
      name: "a processing instruction before the message",
      derive: (valid) => valid.altered((xml) => `<?xml-stylesheet href="https://evil.example/x.xsl"?>${xml}`),
      guard: "markup",
    },
    {
      name: "a processing instruction behind the prolog",
      derive: (valid) => valid.altered((xml) => `<?xml version="1.0"?><?php x ?>${xml}`),
      guard: "markup",
    },
    {
      name: "a prolog in the middle",
      base: ASSERTION_ONLY,
      derive: (valid) => valid.replaced("<samlp:Status>", `<?xml version="1.0"?><samlp:Status>`),
      guard: "markup",
    },
    {
      name: "two prologs",
      derive: (valid) => valid.altered((xml) => `<?xml version="1.0"?><?xml version="1.0"?>${xml}`),
      guard: "markup",
    },
    ...[
      `<?xml version="1.1"?>`,
      `<?xml version="1.0" encoding="UTF-16"?>`,
      `<?xml version="1.0" encoding="UTF-7"?>`,
      `<?xml version="1.0" encoding="ISO-8859-1"?>`,
      `<?xml version="1.0" standalone="no" x="<!ENTITY"?>`,
    ].map(
      (prolog): Hostile => ({
        name: `a prolog that says \`${prolog}\``,
        derive: (valid) => valid.altered((xml) => prolog + xml),
        guard: "markup",
      }),
    ),
  ]);
});

describe("text that is no XML", () => {
  const broken = (name: string, from: string, to: string, guard: Guard = "xml"): Hostile => ({
    name,
    base: ASSERTION_ONLY,
    derive: (valid) => valid.replaced(from, to),
    guard,
  });
  refuses([
    broken("an element that does not end", "</samlp:Status>", ""),
    broken("an element that ends twice", "</samlp:Status>", "</samlp:Status></samlp:Status>"),
    broken("ends that cross", "</samlp:Status>", "<samlp:StatusMessage></samlp:Status></samlp:StatusMessage>"),
    broken("an end of another letter case", "</samlp:Status>", "</samlp:status>"),
    broken("an end tag with attributes", "</samlp:Status>", `</samlp:Status x="1">`),
    broken("an attribute twice", "<samlp:Status>", `<samlp:Status x="1" x="2">`),
    broken("an attribute without quotes", "<samlp:Status>", "<samlp:Status x=1>"),
    broken("an attribute without value", "<samlp:Status>", "<samlp:Status x>"),
    broken("attributes that touch", "<samlp:Status>", `<samlp:Status x="1"y="2">`),
    broken("< in an attribute", "<samlp:Status>", `<samlp:Status x="<">`),
    broken("> in an attribute with an element behind it", "<samlp:Status>", `<samlp:Status x="><saml:NameID>">`),
    broken("& alone", "</samlp:Status>", "<samlp:StatusMessage>a & b</samlp:StatusMessage></samlp:Status>", "markup"),
    broken("]]> in text", "</samlp:Status>", "<samlp:StatusMessage>]]></samlp:StatusMessage></samlp:Status>"),
    broken("a blank behind <", "<samlp:Status>", "< samlp:Status>"),
    broken("a name with two colons", "<samlp:Status>", "<samlp:x:y/><samlp:Status>"),
    broken("a name that begins with a digit", "<samlp:Status>", "<1/><samlp:Status>"),
    broken(
      "the character reference of NUL",
      "</samlp:Status>",
      "<samlp:StatusMessage>&#0;</samlp:StatusMessage></samlp:Status>",
      "markup",
    ),
    broken(
      "the character reference of U+001F",
      "</samlp:Status>",
      "<samlp:StatusMessage>&#x1F;</samlp:StatusMessage></samlp:Status>",
      "markup",
    ),
    broken(
      "a character reference beyond Unicode",
      "</samlp:Status>",
      "<samlp:StatusMessage>&#x110000;</samlp:StatusMessage></samlp:Status>",
      "markup",
    ),
    broken(
      "a character reference of a surrogate",
      "</samlp:Status>",
      "<samlp:StatusMessage>&#xD800;</samlp:StatusMessage></samlp:Status>",
      "markup",
    ),
    broken(
      "a character reference without digits",
      "</samlp:Status>",
      "<samlp:StatusMessage>&#;</samlp:StatusMessage></samlp:Status>",
      "markup",
    ),
    signedAs<Hostile>(
      {
        name: "text before the message",
        derive: (valid) => valid.altered((xml) => `x${xml}`),
        guard: "xml",
      },
      "both",
    ),
    signedAs<Hostile>(
      {
        name: "text behind the message",
        derive: (valid) => valid.altered((xml) => `${xml}x`),
        guard: "xml",
      },
      "both",
    ),
    signedAs<Hostile>(
      {
        name: "an end tag behind the message",
        derive: (valid) => valid.altered((xml) => `${xml}</samlp:Response>`),
        guard: "xml",
      },
      "both",
    ),
    { name: "text alone", derive: () => base64("hello"), guard: "xml" },
    {
      name: "an HTML page",
      derive: () => base64("<html><body><p>no<br></body></html>"),
      guard: "xml",
    },
    {
      name: "JSON",
      derive: () => base64(JSON.stringify({ nameId: ACME.nameId })),
      guard: "xml",
    },
  ]);
});

/** Wherever the sender may write without having signed. */
function inEnvelope(content: string): Partial<Hostile> & Pick<Hostile, "derive"> {
  return {
    base: ASSERTION_ONLY,
    derive: (valid) =>
      valid.replaced("<samlp:Status>", `<samlp:Extensions>${content}</samlp:Extensions><samlp:Status>`),
  };
}

describe("SML-29: work before the signature is known good", () => {
  const times = (count: number, each: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => each(n)).join("");
  const nested = (depth: number, open: (n: number) => string, close: string) =>
    times(depth, open) + close.repeat(depth);
  refuses([
    {
      name: "172 kB of nested namespaces",
      ...inEnvelope(nested(4300, (n) => `<a xmlns:n${n}="urn:n${n}">`, "</a>")),
      guard: "size",
    },
    { name: "190 kB of deep nesting", ...inEnvelope(nested(27_000, () => "<a>", "</a>")), guard: "size" },
    { name: "a few levels more than any message has", ...inEnvelope(nested(40, () => "<a>", "</a>")), guard: "size" },
    { name: "10,000 levels", ...inEnvelope(nested(10_000, () => "<a>", "</a>")), guard: "size" },
    {
      name: "more namespaces at once than any message has, spread over a few elements",
      ...inEnvelope(nested(5, (n) => `<a${times(10, (m) => ` xmlns:n${n}${m}="urn:${n}:${m}"`)}>`, "</a>")),
      guard: "size",
    },
    {
      name: "a new name for each of hundreds of elements",
      ...inEnvelope(times(300, (n) => `<a${n}/>`)),
      guard: "size",
    },
    {
      name: "284 kB of attributes in one element",
      ...inEnvelope(`<a${times(20_000, (n) => ` a${n}="${n}"`)}/>`),
      guard: "size",
    },
    {
      name: "attributes spread over many elements",
      ...inEnvelope(times(6000, (n) => `<a b="1" c="2" d="3" e="4" f="5" n="${n}"/>`)),
      guard: "size",
    },
    { name: "a hundred thousand elements side by side", ...inEnvelope("<a/>".repeat(100_000)), guard: "size" },
    {
      name: "hundreds of namespaces in one element",
      ...inEnvelope(`<a${times(2000, (n) => ` xmlns:n${n}="urn:${n}"`)}/>`),
      guard: "size",
    },
    { name: "a million <", derive: () => base64("<".repeat(1_000_000)), guard: "size" },
    { name: "a million < and /", derive: () => base64("</".repeat(500_000)), guard: "size" },
    { name: "a quarter of a million <", derive: () => base64("<".repeat(250_000)), guard: "xml" },
    {
      name: "a quarter of a million &",
      derive: () => base64(`<a>${"&".repeat(250_000)}</a>`),
      guard: "markup",
    },
    { name: "a start tag that never ends", derive: () => base64(`<a ${"b='".repeat(80_000)}`), guard: "xml" },
    { name: "an end tag with 200 kB of blanks", derive: () => base64(`<a></a${" ".repeat(200_000)}`), guard: "xml" },
    { name: "a name of 300 kB", ...inEnvelope(`<${"a".repeat(150_000)}/>`), guard: "size" },
    {
      name: "a message of more than 512 kB, though the provider signed it",
      derive: (valid) => valid.with({ attributes: [{ name: "note", values: ["x".repeat(600_000)] }] }),
      guard: "size",
    },
    { name: "10 MB of base64", derive: () => "PGE+".repeat(2_500_000), guard: "size" },
    { name: "10 MB of blanks", derive: () => " ".repeat(10_000_000), guard: "size" },
    {
      name: "hundreds of signatures",
      base: ASSERTION_ONLY,
      derive: (valid) =>
        valid.altered((xml) => {
          const signature = /<ds:Signature .*?<\/ds:Signature>/.exec(xml)?.[0] ?? "";
          return insertBefore(xml, "<samlp:Status>", signature.repeat(150));
        }),
      guard: "structure",
    },
  ]);
});

describe("SML-30: many values", () => {
  const groups = (count: number): Partial<ResponseWishes> => ({
    attributes: [{ name: "groups", values: Array.from({ length: count }, (_, n) => `group-${n}`), type: null }],
  });
  const names = (count: number): Partial<ResponseWishes> => ({
    attributes: Array.from({ length: count }, (_, n) => ({ name: `a${n}`, values: [] })),
  });
  refuses([
    {
      name: "10,000 groups that the provider signed",
      derive: (valid) => valid.with(groups(10_000)),
      guard: "size",
    },
    {
      name: "5,001 groups that the provider signed",
      base: groups(5_000),
      derive: (valid) => valid.with(groups(5_001)),
      guard: "attributes",
    },
    {
      name: "301 attributes that the provider signed",
      base: names(300),
      derive: (valid) => valid.with(names(301)),
      guard: "attributes",
    },
    {
      name: "10,000 attributes that the provider signed",
      derive: (valid) => valid.with(names(10_000)),
      guard: "size",
    },
  ]);
});
