import { expect } from "chai";
import { ACME, BEARER, NAME_ID, type ResponseWishes, replaceOnly, SAML, STATUS } from "../support/saml-response.js";
import { acceptedBase, at, forEachSigning, type Hostile, judge, NOW, refuses } from "./corpus.js";
import { elementOf, insertBefore } from "./forge.js";

/** The provider itself signed what is wrong: only the check of the term stands between it and a session. */
function signedWith(name: string, wishes: Partial<ResponseWishes>, guard: Hostile["guard"]): Hostile {
  return { name, derive: (valid) => valid.with(wishes), guard };
}

const OTHER_NAMES: readonly (readonly [string, (url: string) => string])[] = [
  ["another tenant", (url) => url.replace("/sso/acme/", "/sso/globex/")],
  ["another connection of the tenant", (url) => url.replace("/okta/", "/entra/")],
  ["another host", (url) => url.replace("rolecall.example", "evil.example")],
  ["a longer host", (url) => url.replace("rolecall.example", "rolecall.example.evil.example")],
  ["another scheme", (url) => url.replace("https:", "http:")],
  ["another port", (url) => url.replace("rolecall.example", "rolecall.example:8443")],
  ["the default port written out", (url) => url.replace("rolecall.example", "rolecall.example:443")],
  ["a user before the host", (url) => url.replace("rolecall.example", "evil.example@rolecall.example")],
  ["another letter case", (url) => url.toUpperCase()],
  ["the host in other letter case", (url) => url.replace("rolecall", "Rolecall")],
  ["a slash at its end", (url) => `${url}/`],
  ["a query", (url) => `${url}?tenant=acme`],
  ["a fragment", (url) => `${url}#acme`],
  ["more behind it", (url) => `${url}2`],
  ["less of it", (url) => url.slice(0, -1)],
  ["only its end", (url) => url.slice("https://".length)],
  ["a way round through dots", (url) => url.replace("/sso/", "/sso/x/../")],
  ["percent signs for letters", (url) => url.replace("acme", "%61cme")],
  ["the other name beside it", (url) => `${url} https://evil.example`],
  ["nothing in it", () => ""],
];

describe("SML-7: Audience", () => {
  refuses([
    ...forEachSigning(
      OTHER_NAMES.map(([what, change]) =>
        signedWith(`an Audience that is ${what}`, { audiences: [[change(ACME.sp)]] }, "audience"),
      ),
    ),
    signedWith("an Audience that is our ACS", { audiences: [[ACME.acs]] }, "audience"),
    signedWith("an Audience that is the provider itself", { audiences: [[ACME.idp]] }, "audience"),
    signedWith("no AudienceRestriction", { audiences: [] }, "audience"),
    signedWith("an AudienceRestriction without Audience", { audiences: [[]] }, "audience"),
    signedWith(
      "two restrictions, the second one foreign",
      { audiences: [[ACME.sp], ["https://other.example"]] },
      "audience",
    ),
    signedWith(
      "two restrictions, the first one foreign",
      { audiences: [["https://other.example"], [ACME.sp]] },
      "audience",
    ),
    signedWith("two restrictions, the second one empty", { audiences: [[ACME.sp], []] }, "audience"),
    signedWith(
      "an Audience outside of any restriction",
      { audiences: [], extra: { inConditions: `<saml:Audience>${ACME.sp}</saml:Audience>` } },
      "conditions",
    ),
    signedWith(
      "an Audience of another namespace",
      {
        audiences: [],
        extra: {
          inConditions: `<saml:AudienceRestriction><x:Audience xmlns:x="urn:evil">${ACME.sp}</x:Audience></saml:AudienceRestriction>`,
        },
      },
      "audience",
    ),
    signedWith(
      "a ProxyRestriction with our name instead of an AudienceRestriction",
      {
        audiences: [],
        extra: {
          inConditions: `<saml:ProxyRestriction Count="1"><saml:Audience>${ACME.sp}</saml:Audience></saml:ProxyRestriction>`,
        },
      },
      "audience",
    ),
    signedWith(
      "an Audience with an element inside",
      {
        audiences: [],
        extra: {
          inConditions: `<saml:AudienceRestriction><saml:Audience>${ACME.sp}<saml:x/>.evil</saml:Audience></saml:AudienceRestriction>`,
        },
      },
      "audience",
    ),
    {
      name: "what is for another connection of ours",
      derive: (valid) => valid.with({ audiences: [[ACME.sp.replace("/okta/", "/entra/")]] }),
      guard: "audience",
    },
  ]);
});

describe("SML-8: Recipient, Destination", () => {
  refuses([
    ...forEachSigning(
      OTHER_NAMES.flatMap(([what, change]) => [
        signedWith(`a Recipient that is ${what}`, { recipient: change(ACME.acs) }, "recipient"),
        signedWith(`a Destination that is ${what}`, { destination: change(ACME.acs) }, "destination"),
      ]),
    ),
    signedWith("no Recipient", { recipient: null }, "recipient"),
    signedWith("a Recipient that is our entityID", { recipient: ACME.sp }, "recipient"),
    signedWith("no Destination of a signed Response", { destination: null }, "destination"),
    signedWith("a Destination that is our entityID", { destination: ACME.sp }, "destination"),
    signedWith(
      "a Recipient in a namespace of its own",
      {
        recipient: null,
        beforeSigning: (xml) =>
          replaceOnly(
            xml,
            "<saml:SubjectConfirmationData ",
            `<saml:SubjectConfirmationData saml:Recipient="${ACME.acs}" `,
          ),
      },
      "recipient",
    ),
    {
      name: "a response for this connection, posted to another one",
      derive: (valid) =>
        valid.with({
          destination: ACME.acs.replace("/acme/", "/globex/"),
          recipient: ACME.acs.replace("/acme/", "/globex/"),
        }),
      guard: "destination",
    },
  ]);
});

describe("SML-6: InResponseTo", () => {
  refuses([
    ...forEachSigning([
      signedWith("an answer to no request", { inResponseTo: null }, "in_response_to"),
      signedWith("an answer to another request", { inResponseTo: "_request-2" }, "in_response_to"),
      signedWith("an empty InResponseTo", { inResponseTo: "" }, "in_response_to"),
      signedWith("a Response that answers no request", { responseInResponseTo: null }, "in_response_to"),
      signedWith("a Response that answers another request", { responseInResponseTo: "_request-2" }, "in_response_to"),
      signedWith("an Assertion that answers no request", { confirmationInResponseTo: null }, "in_response_to"),
      signedWith(
        "an Assertion that answers another request",
        { confirmationInResponseTo: "_request-2" },
        "in_response_to",
      ),
      signedWith("another letter case", { inResponseTo: ACME.request.toUpperCase() }, "in_response_to"),
      signedWith("more behind it", { inResponseTo: `${ACME.request}x` }, "in_response_to"),
      signedWith("a blank behind it", { inResponseTo: `${ACME.request} ` }, "in_response_to"),
    ]),
    {
      name: "an InResponseTo in a namespace of its own",
      base: { signed: "assertion" },
      derive: (valid) => valid.altered((xml) => xml.replace(` InResponseTo="`, ` xmlns:x="urn:x" x:InResponseTo="`)),
      guard: "in_response_to",
    },
  ]);

  it("refuses the genuine answer to another browser's request", () => {
    const { base64 } = acceptedBase({});
    // The door asks for the request that this very browser was sent away with.
    expect(judge(base64, { inResponseTo: "_request-of-another-browser" })).to.equal("in_response_to");
  });
});

describe("SML-9: NotBefore / NotOnOrAfter of Conditions", () => {
  refuses([
    ...forEachSigning([
      signedWith("what ended a minute ago", { notBefore: at(-360), notOnOrAfter: at(-60) }, "expired"),
      signedWith("what ended an hour ago", { notBefore: at(-7200), notOnOrAfter: at(-3600) }, "expired"),
      signedWith("what begins in more than a minute", { notBefore: at(61) }, "not_yet_valid"),
      signedWith("what begins tomorrow", { notBefore: at(86_400), notOnOrAfter: at(86_700) }, "not_yet_valid"),
      signedWith("Conditions without NotOnOrAfter", { notOnOrAfter: null }, "conditions"),
      signedWith("no Conditions", { xml: { conditions: "" } }, "conditions"),
      signedWith("a lifetime of more than a day", { notOnOrAfter: at(86_400 + 301) }, "lifetime"),
      signedWith("a lifetime of ten years", { notOnOrAfter: at(10 * 365 * 86_400) }, "lifetime"),
      signedWith("an end before the beginning", { notBefore: at(30), notOnOrAfter: at(-30) }, "conditions"),
    ]),
    ...(
      [
        ["no zone", at(300).replace("Z", "")],
        ["no time of day", "2026-11-23"],
        ["a day that no month has", "2026-11-31T09:05:00Z"],
        ["a 30th of February", "2027-02-30T09:05:00Z"],
        ["an hour that no day has", "2026-11-22T25:05:00Z"],
        ["a number", "1795338300"],
        ["words", "tomorrow"],
        ["infinity", "Infinity"],
        ["NaN", "NaN"],
        ["a year of five digits", "12026-11-22T09:05:00Z"],
        ["a negative year", "-2026-11-22T09:05:00Z"],
        ["nothing", ""],
        ["a form of another country", "22/11/2026 09:05:00"],
        ["the form of mail", "Sun, 22 Nov 2026 09:05:00 GMT"],
        ["something behind it", `${at(300)} or later`],
        ["two times", `${at(300)} ${at(-300)}`],
      ] as const
    ).flatMap(([what, time]) => [
      signedWith(`a NotOnOrAfter that is ${what}`, { notOnOrAfter: time }, "conditions"),
      signedWith(`a NotBefore that is ${what}`, { notBefore: time }, "conditions"),
    ]),
    signedWith(
      "two Conditions, the first one good",
      { extra: { behindConditions: `<saml:Conditions NotOnOrAfter="${at(-3600)}"/>` } },
      "conditions",
    ),
    {
      name: "two Conditions, the second one good",
      derive: (valid) =>
        valid.with({
          beforeSigning: (xml) =>
            insertBefore(xml, "<saml:Conditions ", `<saml:Conditions NotOnOrAfter="${at(-3600)}"/>`),
        }),
      guard: "conditions",
    },
    {
      name: "the same Conditions twice",
      derive: (valid) =>
        valid.with({
          beforeSigning: (xml) => insertBefore(xml, "<saml:Conditions ", elementOf(xml, "saml:Conditions")),
        }),
      guard: "conditions",
    },
    {
      name: "Conditions of another namespace",
      derive: (valid) =>
        valid.with({
          beforeSigning: (xml) =>
            replaceOnly(
              xml,
              elementOf(xml, "saml:Conditions"),
              elementOf(xml, "saml:Conditions")
                .replaceAll("saml:Conditions", "x:Conditions")
                .replace(" ", ` xmlns:x="urn:x" `),
            ),
        }),
      guard: "structure",
    },
    {
      name: "what was valid when it was made, an hour later",
      derive: (valid) => valid.with({ now: at(-3600) }),
      guard: "expired",
    },
  ]);
});

describe("SML-14: unknown Condition", () => {
  refuses(
    (
      [
        ["of another namespace", `<x:Only xmlns:x="urn:evil">on Mondays</x:Only>`],
        [
          "of a type of its own",
          `<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x" xsi:type="x:OnMondays"/>`,
        ],
        ["of no type", "<saml:Condition/>"],
        ["of SAML's namespace with an unknown name", "<saml:OnMondays/>"],
      ] as const
    ).map(([what, condition]) => signedWith(`one ${what}`, { extra: { inConditions: condition } }, "conditions")),
  );
});

describe("SML-10: SubjectConfirmation method, SubjectConfirmationData times", () => {
  const data = (attributes: string) => `<saml:SubjectConfirmationData ${attributes}/>`;
  const good = `InResponseTo="${ACME.request}" NotOnOrAfter="${at(300)}" Recipient="${ACME.acs}"`;
  const confirmation = (method: string, content: string) =>
    `<saml:SubjectConfirmation Method="${method}">${content}</saml:SubjectConfirmation>`;
  refuses([
    signedWith("no SubjectConfirmation", { xml: { subjectConfirmation: "" } }, "subject_confirmation"),
    ...["holder-of-key", "sender-vouches", "Bearer", "bearer ", ""].map((method) =>
      signedWith(
        `the method \`${method}\``,
        { confirmationMethod: `urn:oasis:names:tc:SAML:2.0:cm:${method}` },
        "subject_confirmation",
      ),
    ),
    signedWith(
      "SAML 1's bearer",
      { confirmationMethod: "urn:oasis:names:tc:SAML:1.0:cm:bearer" },
      "subject_confirmation",
    ),
    signedWith(
      "a confirmation without method",
      { xml: { subjectConfirmation: `<saml:SubjectConfirmation>${data(good)}</saml:SubjectConfirmation>` } },
      "subject_confirmation",
    ),
    signedWith(
      "bearer without data",
      { xml: { subjectConfirmation: confirmation(BEARER, "") } },
      "subject_confirmation",
    ),
    signedWith(
      "bearer with empty data",
      { xml: { subjectConfirmation: confirmation(BEARER, "<saml:SubjectConfirmationData/>") } },
      "recipient",
    ),
    signedWith(
      "data of another namespace",
      {
        xml: {
          subjectConfirmation: confirmation(
            BEARER,
            data(good).replace("saml:SubjectConfirmationData", `x:SubjectConfirmationData xmlns:x="urn:x"`),
          ),
        },
      },
      "subject_confirmation",
    ),
    signedWith(
      "two data in one confirmation",
      { xml: { subjectConfirmation: confirmation(BEARER, data(good) + data(`Recipient="https://evil.example"`)) } },
      "subject_confirmation",
    ),
    signedWith("a confirmation that ended", { confirmationNotOnOrAfter: at(-61) }, "expired"),
    signedWith("a confirmation that does not end", { confirmationNotOnOrAfter: null }, "subject_confirmation"),
    signedWith("a confirmation that ends at no time", { confirmationNotOnOrAfter: "never" }, "subject_confirmation"),
    signedWith(
      "a confirmation that ends without zone",
      { confirmationNotOnOrAfter: at(300).replace("Z", "") },
      "subject_confirmation",
    ),
    signedWith("a confirmation that begins later", { confirmationNotBefore: at(120) }, "not_yet_valid"),
    signedWith("a confirmation that lasts for years", { confirmationNotOnOrAfter: at(10 * 365 * 86_400) }, "lifetime"),
    signedWith(
      "two confirmations of which each is half right",
      {
        xml: {
          subjectConfirmation:
            confirmation(BEARER, data(good.replace(ACME.acs, "https://evil.example/acs"))) +
            confirmation(BEARER, data(good.replace(at(300), at(-3600)))),
        },
      },
      "recipient",
    ),
    signedWith(
      "a good confirmation of the wrong method beside a wrong one of the right method",
      {
        xml: {
          subjectConfirmation:
            confirmation("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key", data(good)) +
            confirmation(BEARER, data(good.replace(ACME.request, "_request-2"))),
        },
      },
      "in_response_to",
    ),
    signedWith(
      "a confirmation outside of the Subject",
      { xml: { subjectConfirmation: "" }, extra: { behindConditions: confirmation(BEARER, data(good)) } },
      "structure",
    ),
  ]);
});

describe("SML-12: Issuer", () => {
  const foreign = "https://idp.evil.example/saml";
  const names: readonly (readonly [string, string])[] = [
    ["another provider", foreign],
    ["another letter case", ACME.idp.toUpperCase()],
    ["a slash at its end", `${ACME.idp}/`],
    ["less of it", ACME.idp.slice(0, -1)],
    ["more behind it", `${ACME.idp}x`],
    ["its name with blanks around it", ` ${ACME.idp} `],
    ["its name on a line of its own", `\n${ACME.idp}\n`],
    ["nothing", ""],
  ];
  const issuer = (attributes: string, text: string = ACME.idp) =>
    `<saml:Issuer xmlns:saml="${SAML}"${attributes}>${text}</saml:Issuer>`;
  refuses([
    ...forEachSigning(names.map(([what, name]) => signedWith(`an Issuer that is ${what}`, { issuer: name }, "issuer"))),
    ...names.flatMap(([what, name]) => [
      signedWith(`an Issuer of the Response alone that is ${what}`, { responseIssuer: name }, "issuer"),
      signedWith(
        `an Issuer of the Assertion alone that is ${what}`,
        { issuer: name, responseIssuer: ACME.idp },
        "issuer",
      ),
    ]),
    signedWith("no Issuer of the Assertion", { xml: { assertionIssuer: "" } }, "issuer"),
    signedWith(
      "two Issuers of the Assertion",
      { xml: { assertionIssuer: issuer("") + issuer("", foreign) } },
      "issuer",
    ),
    signedWith(
      "an element inside the Issuer",
      { xml: { assertionIssuer: issuer("", `${ACME.idp}<saml:x/>.evil`) } },
      "issuer",
    ),
    ...[NAME_ID.persistent, NAME_ID.email, "urn:evil", ""].map((format) =>
      signedWith(`an Issuer of the format \`${format}\``, { issuerFormat: format }, "issuer"),
    ),
    ...["NameQualifier", "SPNameQualifier", "SPProvidedID"].map((name) =>
      signedWith(`an Issuer with ${name}`, { xml: { assertionIssuer: issuer(` ${name}="x"`) } }, "issuer"),
    ),
    {
      name: "the provider of another connection",
      derive: (valid) => valid.with({ issuer: "https://idp.globex.example/saml" }),
      guard: "issuer",
    },
  ]);
});

describe("SML-13: SessionNotOnOrAfter", () => {
  const statement = (attributes: string) =>
    `<saml:AuthnStatement ${attributes}><saml:AuthnContext><saml:AuthnContextClassRef>x</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`;
  const ended = statement(`AuthnInstant="${at(-7200)}" SessionNotOnOrAfter="${at(-3600)}"`);
  const open = statement(`AuthnInstant="${at(-60)}" SessionNotOnOrAfter="${at(3600)}"`);
  const endless = statement(`AuthnInstant="${at(-60)}"`);
  refuses([
    ...forEachSigning([
      signedWith("a session that ended", { sessionNotOnOrAfter: at(-61) }, "session_ended"),
      signedWith(
        "two AuthnStatements, the second one's session ended",
        { xml: { authnStatement: open + ended } },
        "session_ended",
      ),
      signedWith(
        "two AuthnStatements, the first one's session ended",
        { xml: { authnStatement: ended + open } },
        "session_ended",
      ),
      signedWith(
        "two AuthnStatements, both sessions ended",
        { xml: { authnStatement: ended + ended } },
        "session_ended",
      ),
      signedWith(
        "two AuthnStatements, one without an end",
        { xml: { authnStatement: ended + endless } },
        "session_ended",
      ),
      signedWith("an end of the session that is no time", { sessionNotOnOrAfter: "soon" }, "authn_statement"),
      signedWith(
        "an end of the session without zone",
        { sessionNotOnOrAfter: at(3600).replace("Z", "") },
        "authn_statement",
      ),
      signedWith("no AuthnStatement", { xml: { authnStatement: "" } }, "authn_statement"),
      signedWith(
        "an AuthnStatement without AuthnInstant",
        { xml: { authnStatement: endless.replace(/ AuthnInstant="[^"]*"/, "") } },
        "authn_statement",
      ),
      signedWith("an AuthnInstant that is no time", { authnInstant: "now" }, "authn_statement"),
      signedWith("an AuthnInstant in the future", { authnInstant: at(3600) }, "authn_statement"),
      signedWith(
        "an AuthnStatement of another namespace",
        {
          xml: {
            authnStatement: open
              .replaceAll("saml:AuthnStatement", "x:AuthnStatement")
              .replace(" ", ` xmlns:x="urn:x" `),
          },
        },
        "structure",
      ),
    ]),
  ]);
});

describe("SML-14: IssueInstant, Version", () => {
  refuses([
    ...["1.1", "1.0", "2", "2.1", "3.0", "02.0", "2.0 ", ""].flatMap((version) => [
      signedWith(`version \`${version}\` of the Response`, { version, assertionVersion: "2.0" }, "version"),
      signedWith(`version \`${version}\` of the Assertion`, { assertionVersion: version }, "version"),
    ]),
    {
      name: "no Version of the Assertion",
      derive: (valid) =>
        valid.with({ beforeSigning: (xml) => xml.replace(/(<saml:Assertion [^>]*) Version="2.0"/, "$1") }),
      guard: "version",
    },
    {
      name: "no Version of the Response",
      derive: (valid) =>
        valid.with({ beforeSigning: (xml) => xml.replace(/(<samlp:Response [^>]*?) Version="2.0"/, "$1") }),
      guard: "version",
    },
    ...(
      [
        ["absent", null],
        ["no time", "now"],
        ["without zone", NOW.replace("Z", "")],
        ["two days old", at(-2 * 86_400)],
        ["an hour ahead", at(3600)],
        ["ten years ahead", at(10 * 365 * 86_400)],
      ] as const
    ).flatMap(([what, time]) => [
      signedWith(`an IssueInstant of the Assertion that is ${what}`, { assertionIssueInstant: time }, "issue_instant"),
      signedWith(
        `an IssueInstant of the Response that is ${what}`,
        { issueInstant: time, assertionIssueInstant: NOW },
        "issue_instant",
      ),
    ]),
  ]);
});

describe("SML-4: Status, with a genuine assertion under it", () => {
  const code = (value: string, content = "") => `<samlp:StatusCode Value="${value}">${content}</samlp:StatusCode>`;
  const status = (content: string) => ({ xml: { status: `<samlp:Status>${content}</samlp:Status>` } });
  refuses([
    ...forEachSigning([
      signedWith("a Requester's fault", { status: `${STATUS}Requester` }, "status"),
      signedWith(
        "a Responder's fault: NoPassive",
        { status: `${STATUS}Responder`, subStatus: `${STATUS}NoPassive` },
        "status",
      ),
      signedWith(
        "a success nested in a fault",
        { status: `${STATUS}Responder`, subStatus: `${STATUS}Success` },
        "status",
      ),
      signedWith("success in other letters", { status: `${STATUS}success` }, "status"),
      signedWith("success with more behind it", { status: `${STATUS}Successful` }, "status"),
      signedWith("success alone, without its name space", { status: "Success" }, "status"),
      signedWith("an empty code", { status: "" }, "status"),
      signedWith("success with a blank", { status: `${STATUS}Success ` }, "status"),
      signedWith("no code", status("<samlp:StatusMessage>Success</samlp:StatusMessage>"), "structure"),
      signedWith("a code without value", status("<samlp:StatusCode/>"), "structure"),
      signedWith(
        "two codes, the first one a success",
        status(code(`${STATUS}Success`) + code(`${STATUS}Requester`)),
        "structure",
      ),
      signedWith(
        "two codes, the second one a success",
        status(code(`${STATUS}Requester`) + code(`${STATUS}Success`)),
        "structure",
      ),
      signedWith(
        "a code of another namespace",
        status(`<x:StatusCode xmlns:x="urn:x" Value="${STATUS}Success"/>`),
        "structure",
      ),
      signedWith("SAML 1's success", status(code("samlp:Success")), "status"),
      signedWith("no Status", { xml: { status: "" } }, "structure"),
    ]),
    {
      name: "a fault without any assertion",
      derive: (valid) =>
        valid.with({
          status: `${STATUS}Responder`,
          subStatus: `${STATUS}AuthnFailed`,
          xml: { assertion: "" },
          signed: "response",
        }),
      guard: "status",
    },
    {
      name: "a fault without any assertion or signature",
      derive: (valid) =>
        valid.with({
          status: `${STATUS}Responder`,
          subStatus: `${STATUS}NoPassive`,
          xml: { assertion: "" },
          signed: "none",
        }),
      guard: "status",
    },
  ]);
});
