import { expect } from "chai";
import { ACME, NAME_FORMAT, type ResponseWishes, SAML } from "../support/saml-response.js";
import { acceptedBase, consume, forEachSigning, type Hostile, NOW, refuses } from "./corpus.js";
import { EVE } from "./forge.js";

/** The provider itself signed what is wrong. */
function signedWith(name: string, wishes: Partial<ResponseWishes>, guard: Hostile["guard"]): Hostile {
  return { name, derive: (valid) => valid.with(wishes), guard };
}

function nameId(content: string, attributes = ""): Partial<ResponseWishes> {
  return { xml: { nameId: `<saml:NameID${attributes}>${content}</saml:NameID>` } };
}

describe("SML-14: missing Subject / NameID, empty NameID", () => {
  refuses([
    ...forEachSigning([
      signedWith("no Subject", { xml: { subject: "" } }, "subject"),
      signedWith("a Subject without NameID", { xml: { nameId: "" } }, "name_id"),
      signedWith("an empty NameID", nameId(""), "name_id"),
      signedWith("an empty NameID element", { xml: { nameId: "<saml:NameID/>" } }, "name_id"),
    ]),
    signedWith("a NameID of blanks", nameId("   "), "name_id"),
    signedWith("a NameID of line breaks", nameId("\n\t\n"), "name_id"),
    signedWith("a NameID of blanks by reference", nameId("&#32;&#9;"), "name_id"),
    signedWith(
      "two NameIDs",
      { xml: { nameId: `<saml:NameID>${ACME.nameId}</saml:NameID><saml:NameID>${EVE.nameId}</saml:NameID>` } },
      "name_id",
    ),
    signedWith(
      "a second NameID behind the confirmation",
      { extra: { inSubject: `<saml:NameID>${EVE.nameId}</saml:NameID>` } },
      "name_id",
    ),
    signedWith(
      "two Subjects",
      { extra: { behindConditions: `<saml:Subject><saml:NameID>${EVE.nameId}</saml:NameID></saml:Subject>` } },
      "structure",
    ),
    signedWith("a BaseID instead", { xml: { nameId: "<saml:BaseID/>" } }, "name_id"),
    signedWith("a BaseID beside the NameID", { extra: { inSubject: "<saml:BaseID/>" } }, "name_id"),
    signedWith(
      "a NameID of another namespace",
      { xml: { nameId: `<x:NameID xmlns:x="urn:x">${ACME.nameId}</x:NameID>` } },
      "name_id",
    ),
    signedWith(
      "a NameID in the confirmation alone",
      { xml: { nameId: "" }, extra: { inSubjectConfirmation: `<saml:NameID>${ACME.nameId}</saml:NameID>` } },
      "name_id",
    ),
    signedWith("text of its own in the Subject", { extra: { inSubject: EVE.nameId } }, "subject"),
    signedWith("a NameID of 100,000 characters", nameId("x".repeat(100_000)), "name_id"),
    signedWith("400,000 blanks within a NameID, for a minute's work", nameId(`x${" ".repeat(400_000)}x`), "name_id"),
  ]);
});

describe("SML-22: text with an element inside", () => {
  refuses([
    ...forEachSigning([
      signedWith("an element in the NameID", nameId("anna@acme.example<x/>.evil.example"), "name_id"),
      signedWith("an element around the NameID's end", nameId("anna@acme.example<x>.evil.example</x>"), "name_id"),
      signedWith(
        "an element around the NameID's beginning",
        nameId("<x>anna@acme.example</x>.evil.example"),
        "name_id",
      ),
      signedWith("an element around all of the NameID", nameId("<x>anna@acme.example</x>"), "name_id"),
      signedWith("a NameID in the NameID", nameId("<saml:NameID>anna@acme.example</saml:NameID>"), "name_id"),
      signedWith(
        "an element in a value",
        {
          extra: {
            inAttributeStatement: `<saml:Attribute Name="x"><saml:AttributeValue>Own<x/>ers</saml:AttributeValue></saml:Attribute>`,
          },
        },
        "attributes",
      ),
      signedWith(
        "a value in a value",
        {
          extra: {
            inAttributeStatement: `<saml:Attribute Name="x"><saml:AttributeValue><saml:AttributeValue>Owners</saml:AttributeValue></saml:AttributeValue></saml:Attribute>`,
          },
        },
        "attributes",
      ),
    ]),
  ]);
});

describe("characters in a NameID that are not seen, or move what is seen", () => {
  refuses(
    (
      [
        ["a tab", "anna&#9;@acme.example"],
        ["a line feed", "anna@acme.example&#10;admin@acme.example"],
        ["a carriage return", "anna@acme.example&#13;x"],
        ["DEL", "anna\u007F@acme.example"],
        ["a C1 control", "anna\u0085@acme.example"],
        ["a line separator", "anna\u2028@acme.example"],
        ["a mark that turns the direction of writing", "anna\u202E@acme.example"],
        ["a zero width space", "anna\u200B@acme.example"],
        ["a byte order mark", "anna\uFEFF@acme.example"],
        ["a joiner of Persian spelling", "anna\u200C@acme.example"],
        ["a grapheme joiner", "anna\u034F@acme.example"],
        ["a selector of a letter's form", "anna\uFE0F@acme.example"],
        ["one of the later selectors", "anna\u{E0100}@acme.example"],
        ["one of Mongolian's selectors", "anna\u180B@acme.example"],
        ["a Khmer vowel that is not seen", "anna\u17B4@acme.example"],
        ["a filler of Hangul", "anna\u3164@acme.example"],
        ["its half-width form", "anna\uFFA0@acme.example"],
        ["Braille without dots", "anna\u2800@acme.example"],
        ["a code point that stays invisible, whatever it will be", "anna\u2065@acme.example"],
        ["a no-break space at the end", "anna@acme.example\u00A0"],
        ["a wide space at the end", "anna@acme.example\u2003"],
        ["an ideographic space at the beginning", "\u3000anna@acme.example"],
      ] as const
    ).map(([what, text]) => signedWith(what, nameId(text), "name_id")),
  );
});

describe("SML-23: attributes", () => {
  const attribute = (name: string, values: readonly string[] = ["x"]) =>
    `<saml:Attribute${name}>${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join("")}</saml:Attribute>`;
  const statement = (content: string): Partial<ResponseWishes> => ({
    xml: { attributeStatement: `<saml:AttributeStatement>${content}</saml:AttributeStatement>` },
  });
  const email = attribute(` Name="email"`, [ACME.nameId]);
  refuses([
    ...forEachSigning([
      signedWith(
        "an Attribute without Name before others, which shifted their values",
        statement(attribute("", ["owner"]) + email),
        "attributes",
      ),
      signedWith("an Attribute with an empty Name", statement(attribute(` Name=""`) + email), "attributes"),
    ]),
    signedWith("a Name of blanks", statement(attribute(` Name="  "`)), "attributes"),
    signedWith("a Name in a namespace of its own", statement(attribute(` saml:Name="groups"`)), "attributes"),
    signedWith(
      "an Attribute of another namespace",
      statement(`${email}<x:Attribute xmlns:x="urn:x" Name="groups"/>`),
      "attributes",
    ),
    signedWith(
      "a value of another namespace",
      statement(`<saml:Attribute Name="a"><x:AttributeValue xmlns:x="urn:x">b</x:AttributeValue></saml:Attribute>`),
      "attributes",
    ),
    signedWith("an Attribute outside of any statement", { extra: { endOfAssertion: email } }, "structure"),
    signedWith(
      "a value outside of any Attribute",
      statement(`${email}<saml:AttributeValue>Owners</saml:AttributeValue>`),
      "attributes",
    ),
    ...["Owners", "<saml:NameID>Owners</saml:NameID>"].map((text) =>
      signedWith(
        `a value that is nil and holds \`${text}\``,
        statement(
          `${email}<saml:Attribute Name="a"><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true">${text}</saml:AttributeValue></saml:Attribute>`,
        ),
        "attributes",
      ),
    ),
    signedWith("text in a statement", statement(`${email}Owners`), "attributes"),
    signedWith(
      "text in an Attribute",
      statement(`<saml:Attribute Name="groups">Owners</saml:Attribute>`),
      "attributes",
    ),
    signedWith(
      "an Attribute in an Attribute",
      statement(`<saml:Attribute Name="a">${email}</saml:Attribute>`),
      "attributes",
    ),
    signedWith(
      "a decision that denies",
      { extra: { endOfAssertion: `<saml:AuthzDecisionStatement Resource="x" Decision="Deny"/>` } },
      "authn_statement",
    ),
    signedWith(
      "a decision that says nothing, behind one that permits",
      {
        extra: {
          endOfAssertion: `<saml:AuthzDecisionStatement Resource="x" Decision="Permit"/><saml:AuthzDecisionStatement Resource="x"/>`,
        },
      },
      "authn_statement",
    ),
    signedWith(
      "an assertion in the evidence of a decision",
      {
        extra: {
          endOfAssertion: `<saml:AuthzDecisionStatement Resource="x" Decision="Permit"><saml:Evidence><saml:Assertion ID="_e"/></saml:Evidence></saml:AuthzDecisionStatement>`,
        },
      },
      "structure",
    ),
    signedWith(
      "a decision alone",
      {
        xml: { authnStatement: "" },
        extra: { endOfAssertion: `<saml:AuthzDecisionStatement Resource="x" Decision="Permit"/>` },
      },
      "authn_statement",
    ),
    signedWith(
      "an element behind the statements",
      { extra: { endOfAssertion: `<x:Role xmlns:x="urn:x">Owners</x:Role>` } },
      "structure",
    ),
  ]);

  for (const name of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]) {
    it(`takes an attribute called \`${name}\` for a name like others, or not at all`, () => {
      const valid = acceptedBase({});
      const { base64 } = valid.with({
        attributes: [
          { name, values: ["Owners"] },
          { name: "email", values: [ACME.nameId] },
        ],
      });
      const before = Object.getOwnPropertyNames(Object.prototype);
      const { attributes } = consume(base64);
      expect(attributes.filter((each) => each.name !== name).map((each) => [each.name, each.values])).to.deep.equal([
        ["email", [ACME.nameId]],
      ]);
      for (const each of attributes) expect(each.values.every((value) => typeof value === "string")).to.equal(true);
      expect(Object.getOwnPropertyNames(Object.prototype)).to.deep.equal(before);
      expect(({} as { Owners?: unknown }).Owners).to.equal(undefined);
    });
  }

  for (const statement of [
    `<saml:AuthzDecisionStatement Resource="x" Decision="Permit"><saml:Action Namespace="x">Own</saml:Action></saml:AuthzDecisionStatement>`,
    `<saml:Statement xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x">${email}</saml:Statement>`,
  ])
    it(`are read of their own statements alone, and nothing of ${statement.slice(0, 21)}`, () => {
      const valid = acceptedBase({});
      const { base64 } = valid.with({ extra: { endOfAssertion: statement } });
      expect(consume(base64)).to.deep.equal(consume(valid.base64));
    });

  it("gives one attribute with the values of all that bear its Name, none of them lost or hidden behind another", () => {
    const valid = acceptedBase({});
    const { base64 } = valid.with({
      ...statement(
        attribute(` Name="role"`, ["viewer"]) +
          email +
          attribute(` Name="role" NameFormat="${NAME_FORMAT.uri}"`, ["editor", "viewer"]),
      ),
      extra: {
        endOfAssertion: `<saml:AttributeStatement>${attribute(` Name="role"`, ["admin"])}</saml:AttributeStatement>`,
      },
    });
    expect(consume(base64).attributes.map(({ name, values }) => [name, values])).to.deep.equal([
      ["role", ["viewer", "editor", "viewer", "admin"]],
      ["email", [ACME.nameId]],
    ]);
  });

  it("gives each attribute its own values, empty ones among them", () => {
    const valid = acceptedBase({});
    const { base64 } = valid.with({
      attributes: [
        { name: "nothing", values: [] },
        { name: "blank", values: [""] },
        { name: "three", values: ["a", "", "b,c"] },
        { name: "markup", values: [`<saml:NameID xmlns:saml="${SAML}">eve</saml:NameID>&amp;`] },
      ],
    });
    expect(consume(base64).attributes.map(({ name, values }) => [name, values])).to.deep.equal([
      ["nothing", []],
      ["blank", [""]],
      ["three", ["a", "", "b,c"]],
      ["markup", [`<saml:NameID xmlns:saml="${SAML}">eve</saml:NameID>&amp;`]],
    ]);
  });
});

describe("SML-11: replay", () => {
  it("gives the signed ID of the assertion, and keeps it for as long as the assertion could be accepted", () => {
    const valid = acceptedBase({ base: { signed: "assertion" } });
    const { id, rememberUntil } = consume(valid.base64);
    expect(id).to.equal("_assertion-1");
    for (let later = 0; later <= 600; later += 30) {
      const now = new Date(Date.parse(NOW) + later * 1000).toISOString();
      if (acceptedAt(valid.base64, now)) expect(rememberUntil > now, now).to.equal(true);
    }
  });

  it("gives the same ID when the unsigned Response round it got another one", () => {
    const valid = acceptedBase({ base: { signed: "assertion" } });
    const again = valid.replaced(` ID="_response-1"`, ` ID="_response-2"`);
    expect(consume(again.base64).id).to.equal(consume(valid.base64).id);
  });
});

function acceptedAt(base64: string, now: string): boolean {
  try {
    consume(base64, { now });
    return true;
  } catch {
    return false;
  }
}
