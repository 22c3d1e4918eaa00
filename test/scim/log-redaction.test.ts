import { expect } from "chai";
import fc from "fast-check";
import type { Json } from "../../src/model/json.js";
import { redactExpression } from "../../src/protocols/scim/log/redacted-expression.js";
import { redactMessage, textsOf } from "../../src/protocols/scim/log/redacted-message.js";
import { redactAddress, redactBody, redactQuery } from "../../src/protocols/scim/log/redacted-request.js";
import { createVocabulary } from "../../src/protocols/scim/log/vocabulary.js";
import { ENTERPRISE, GROUP, PATCH_OP, schemas, USER } from "./tables.js";

const words = createVocabulary(schemas.types);
const redacting = { words, domains: new Set(["acme.example"]) };
const ULID = "01M828FNC9AN3DYGS4XZW9QE4Z";
const UUID = "1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";
const OKTA_ID = "00u1abcdefghijklmnop";

const BODIES: readonly (readonly [what: string, body: Json, shown: Json])[] = [
  [
    "a new user as Okta sends it: names and addresses by first letter and length, the password not even so",
    {
      schemas: [USER],
      ...{ userName: "ada@acme.example", externalId: OKTA_ID, displayName: "Ada Lovelace", locale: "en-US" },
      name: { givenName: "Ada", familyName: "Lovelace" },
      emails: [{ primary: true, value: "ada@home.example", type: "work" }],
      ...{ groups: [], password: "1mz050nq", active: true },
    },
    {
      schemas: [USER],
      ...{ userName: "a…(3)@acme.example", externalId: OKTA_ID, displayName: "A…(12)", locale: "e…(5)" },
      name: { givenName: "A…(3)", familyName: "L…(8)" },
      emails: [{ primary: true, value: "a…(16)", type: "work" }],
      ...{ groups: [], password: "(secret)", active: true },
    },
  ],
  [
    "what says nothing of anybody: ids, booleans in words, null, foreign schemas",
    {
      schemas: [
        ...[USER, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User"],
        ...["urn:acme:x:1.0", "urn:people:ada.lovelace:User", "urn:ietf:params:scim:schemas:extension:acme:2.0:User"],
      ],
      active: "False",
      title: null,
      [ENTERPRISE]: {
        manager: { value: ULID, $ref: `https://x.example/scim/v2/Users/${ULID}` },
        employeeNumber: 12345,
      },
      roles: [{ type: "WindowsAzureActiveDirectoryRole", value: "Acme.Admin", primary: "True" }],
    },
    {
      schemas: [
        ...[USER, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User"],
        ...["urn:a…(4):…(1):1.0", "urn:p…(6):a…(12):User", "urn:ietf:params:scim:schemas:extension:a…(4):2.0:User"],
      ],
      active: "False",
      title: null,
      [ENTERPRISE]: { manager: { value: ULID, $ref: `/Users/${ULID}` }, employeeNumber: "…(5 digits)" },
      roles: [{ type: "WindowsAzureActiveDirectoryRole", value: "A…(10)", primary: "True" }],
    },
  ],
  [
    "operations with their paths, and what those compare with masked",
    {
      schemas: [PATCH_OP],
      Operations: [
        { op: "Replace", path: 'emails[type eq "work"].value', value: "ada@x.example" },
        { op: "remove", path: `members[value eq "${UUID}"]` },
        { op: "remove", path: 'members[value eq "lovelace"]' },
        { op: "add", path: "members", value: [{ value: ULID, display: "Ada" }] },
        {
          op: "replace",
          value: { "name.givenName": "Augusta", active: false, 'emails[type eq "home"].value': "x@y.z" },
        },
        { op: "overwrite", path: "nickNaem", value: "Countess" },
      ],
    },
    {
      schemas: [PATCH_OP],
      Operations: [
        { op: "Replace", path: 'emails[type eq "work"].value', value: "a…(13)" },
        { op: "remove", path: `members[value eq "${UUID}"]` },
        { op: "remove", path: 'members[value eq "l…(8)"]' },
        { op: "add", path: "members", value: [{ value: ULID, display: "A…(3)" }] },
        { op: "replace", value: { "name.givenName": "A…(7)", active: false, 'emails[type eq "home"].value': "x…(5)" } },
        { op: "o…(9)", path: "n…(8)", value: "C…(8)" },
      ],
    },
  ],
  [
    "RFC-13: secrets, whichever way they are named",
    {
      Password: "hunter22",
      [`${USER}:password`]: ["hunter22"],
      clientSecret: { value: "hunter22" },
      Operations: [
        { op: "replace", path: `${USER}:password`, value: "hunter22" },
        { op: "replace", Path: "PASSWORD", Value: { a: "hunter22" } },
        { op: "remove", path: 'x[password eq "hunter22"]' },
      ],
    },
    {
      Password: "(secret)",
      [`${USER}:password`]: "(secret)",
      "c…(12)": "(secret)",
      Operations: [
        { op: "replace", path: `${USER}:password`, value: "(secret)" },
        { op: "replace", Path: "PASSWORD", Value: "(secret)" },
        { op: "remove", path: "…(1)[password eq (secret)]" },
      ],
    },
  ],
  [
    "references to what is no resource",
    {
      manager: { $ref: "/People/ada.lovelace" },
      members: [{ $ref: "/ada.lovelace" }, { $ref: "https://x.example/People/ada.lovelace" }],
      Operations: [
        { method: "PUT", path: "/Peoples/ada.lovelace" },
        { op: "add", path: "/ada.lovelace" },
        { method: "PUT", path: "Users/ada.lovelace" },
        { method: "PUT", path: "Peoples/ada.lovelace" },
        { op: "remove", path: "http://h.example/Users/ada.lovelace" },
        { method: "PUT", path: `Users/${ULID}` },
      ],
    },
    {
      manager: { $ref: "/P…(6)/a…(12)" },
      members: [{ $ref: "/a…(12)" }, { $ref: "h…(6)//x…(9)/P…(6)/a…(12)" }],
      Operations: [
        { method: "PUT", path: "/P…(7)/a…(12)" },
        { op: "add", path: "/a…(12)" },
        { method: "PUT", path: "Users/a…(12)" },
        { method: "PUT", path: "P…(7)/a…(12)" },
        { op: "remove", path: "h…(5)//h…(9)/Users/a…(12)" },
        { method: "PUT", path: `Users/${ULID}` },
      ],
    },
  ],
  ["a body that is no object", "Ada Lovelace", "A…(12)"],
  [
    "a name in the place of a key",
    { "Ada Lovelace": 1, "ada@x.example": 1 },
    { "A…(12)": "…(1 digits)", "a…(13)": "…(1 digits)" },
  ],
  [
    "names of attributes that nobody declared, each",
    { "ada.lovelace": true, "ada.babbage1": false, "urn:acme:2.0:User:ada": null, nickName: null },
    { "a…(12)": true, "a…(12) #2": false, "urn:a…(4):2.0:User:a…(3)": null, nickName: null },
  ],
  ["texts that databases refuse", { userName: "\u0000\ud800ab", "\ud800": true }, { userName: "…(4)", "…(1)": true }],
  [
    "bulk requests with their addresses",
    { failOnErrors: 1, Operations: [{ method: "POST", path: "/Users", bulkId: "qwerty", data: { userName: "ada" } }] },
    { failOnErrors: 1, Operations: [{ method: "POST", path: "/Users", bulkId: "q…(6)", data: { userName: "a…(3)" } }] },
  ],
];

describe("SCIM requests in the log", () => {
  for (const [what, body, shown] of BODIES) {
    it(`show ${what}`, () => expect(redactBody(body, redacting)).to.deep.equal(shown));
  }

  it("are cut where they are long, and say so", () => {
    const members = Array.from({ length: 10_000 }, () => ({ value: ULID }));
    const { members: shown } = redactBody({ members }, redacting) as { readonly members: readonly Json[] };
    expect(shown).to.have.length(21);
    expect(shown.at(-1)).to.equal("… and 9980 more");
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`a${at}`, at]));
    expect(redactBody(wide, redacting)).to.include({ "…": "and 40 more" });
    let deep: Json = "x";
    for (let at = 0; at < 30; at++) deep = [deep];
    expect(JSON.stringify(redactBody(deep, redacting))).to.equal('[[[[[[[["…"]]]]]]]]');
    const all = Array.from({ length: 20 }, () => wide);
    expect(JSON.stringify(redactBody(all, redacting)).length).to.be.lessThan(10_000);
  });

  const FILTERS: readonly (readonly [filter: string, shown: string])[] = [
    ['userName eq "ada@acme.example"', 'userName eq "a…(3)@acme.example"'],
    ["userName eq ada.lovelace@x.example", "userName eq a…(22)"],
    ['emails[type eq "work" and value co "lovelace"]', 'emails[type eq "work" and value co "l…(8)"]'],
    [
      `id eq "${ULID}" and ${ENTERPRISE}:manager eq "${UUID}"`,
      `id eq "${ULID}" and ${ENTERPRISE}:manager eq "${UUID}"`,
    ],
    ["not (favouriteColour pr) or active eq true", "not (f…(15) pr) or active eq true"],
    ["userName eq Lovelace and Charles eq Babbage", "userName eq L…(8) and C…(7) eq B…(7)"],
    ['password sw "hunter"', "password sw (secret)"],
    ["userName eq Ada Lovelace", "userName eq A…(3) L…(8)"],
    ["Ada Lovelace", "A…(3) L…(8)"],
    ['userName eq "Ada \\" Lovelace" and title eq "', 'userName eq "A…(14)" and title eq ""'],
    ["userName eq Lovelace eq Byron", "userName eq L…(8) …(2) B…(5)"],
  ];
  for (const [filter, shown] of FILTERS) {
    it(`show the filter ${filter} without whom it looks for`, () => {
      expect(redactExpression(filter, redacting)).to.equal(shown);
    });
  }

  it("show parameters by name, and counts as they are", () => {
    const query =
      'filter=userName+eq+"ada"&startIndex=1&count=lots&attributes=userName,name.givenName,ada.lovelace&sortBy=lovelace&cursor=abcdef&aadOptscim062020&a%20b=x&ada.lovelace=1&ada.babbage1=true';
    expect(redactQuery(new URLSearchParams(query), redacting)).to.deep.equal({
      ...{
        filter: 'userName eq "a…(3)"',
        startIndex: "1",
        count: "l…(4)",
        attributes: "userName,name.givenName,a…(12)",
      },
      sortBy: "l…(8)",
      ...{ cursor: "a…(6)", aadOptscim062020: "", "a…(3)": "…(1)", "a…(12)": "…(1)", "a…(12) #2": "true" },
    });
  });

  const ADDRESSES: readonly (readonly [path: string, shown: string])[] = [
    [`/Users/${ULID}`, `/Users/${ULID}`],
    ["/Users/ada%40x.example", "/Users/a…(13)"],
    ["/Users/%E0%A4%A", "/Users/…(8)"],
    [`/Schemas/${USER}`, `/Schemas/${USER}`],
    ["/Users/.search", "/Users/.search"],
    ["/scim/v2/Users", "/scim/v2/Users"],
    ["/Employees/ada.lovelace", "/E…(9)/a…(12)"],
    ["/ada.lovelace", "/a…(12)"],
    ["/a/b/c/d/e/f/g/h/i/j", `/${Array.from({ length: 8 }, () => "…(1)").join("/")}/…`],
    ["", "/"],
  ];
  for (const [path, shown] of ADDRESSES) {
    it(`show the address ${path} as ${shown}`, () => expect(redactAddress(path, redacting)).to.equal(shown));
  }

  const MESSAGES: readonly (readonly [message: string, sent: readonly string[], shown: string])[] = [
    ["userName `ada@x.example` is taken in this connection", [], "userName `a…(13)` is taken in this connection"],
    [
      "`emails.value` must be a text, not the text `Ada Lovelace`",
      [],
      "`emails.value` must be a text, not the text `A…(3) L…(8)`",
    ],
    [
      'expected a value; put text in double quotes: "ada", found `ada`',
      [],
      'expected a value; put text in double quotes: "a…(3)", found `a…(3)`',
    ],
    [`no user \`${ULID}\``, [], `no user \`${ULID}\``],
    [
      "the content type must be `application/scim+json` in UTF-8, is `text/plain`",
      [],
      "the content type must be `application/scim+json` in UTF-8, is `text/plain`",
    ],
    ["is `application/ada.lovelace`", [], "is `a…(11)/a…(12)`"],
    ["is `text/plain; charset=Lovelace`", [], "is `t…(4)/p…(6) c…(16)`"],
    ["no user Lovelace here", ["Lovelace", "user"], "no user L…(8) here"],
    ["no user `x`Lovelace`", ["x`Lovelace", "Lovelace"], "no user `x…(10)`"],
    [
      "`nickNam` names no attribute of User, did you mean `nickName`?",
      ["nickNam"],
      "`n…(7)` names no attribute of User, did you mean `nickName`?",
    ],
    [
      'expected a value; put text in double quotes: "Jones", found `Jones and active eq true`',
      ["userName eq Jones and active eq true", "userName", "Jones", "active"],
      'expected a value; put text in double quotes: "J…(5)", found `J…(5) and active eq true`',
    ],
    [
      'expected an operator (eq, pr) after `userName`, found `equals "abc def" and title pr`',
      ['userName equals "abc def" and title pr', "equals", "userName", "title"],
      'expected an operator (eq, pr) after `userName`, found `e…(6) "a…(7)" and title pr`',
    ],
    [
      'the value at `emails[type eq "work" and value eq "Lovelace"]` is not there',
      ['emails[type eq "work" and value eq "Lovelace"]', "emails", "Lovelace", "value"],
      'the value at `emails[type eq "work" and value eq "L…(8)"]` is not there',
    ],
    ["found `Lovelace and Byr", ["Lovelace"], "found `L…(8) and B…(3)"],
  ];
  for (const [message, sent, shown] of MESSAGES) {
    it(`tell "${message}" without what it quotes`, () => {
      expect(redactMessage(message, sent, redacting)).to.equal(shown);
    });
  }

  it("hold no value of five letters or more, whatever was sent, unless it is a word of the protocol or an id", () => {
    // Nothing of the protocol has a q followed by a z.
    const secret = fc
      .tuple(
        fc.constantFrom("Qz", "qz"),
        fc.stringMatching(/^[a-z]{3,12}$/),
        fc.constantFrom("", "@x.example", " Qzson", '"', "`", "]", "\\"),
      )
      .map((parts) => parts.join(""));
    const key = fc.constantFrom(
      ...[
        "userName",
        "emails",
        "value",
        "type",
        "name.givenName",
        "schemas",
        "op",
        "$ref",
        "filter",
        "meta",
        ENTERPRISE,
      ],
      "favouriteColour",
    );
    const expression = fc
      .tuple(key, fc.constantFrom(" eq ", ' eq "', "[value eq ", '[type eq "', " "), secret)
      .map((parts) => parts.join(""));
    const path = fc.oneof(
      expression,
      secret,
      secret.map((word) => `Users/${word}`),
    );
    const operation = fc.record({ op: secret, path, value: secret });
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        secret,
        expression,
        operation,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.oneof(key, secret), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, secret, (body, word) => {
        const shown = JSON.stringify(redactBody(body, redacting));
        expect(shown).not.to.match(/qz[a-z]{3}/i);
        const query = new URLSearchParams({
          filter: `userName eq ${word} and title eq "${word}" and ${word} eq 1`,
          [word]: word,
        });
        expect(JSON.stringify(redactQuery(query, redacting))).not.to.match(/qz[a-z]{3}/i);
        expect(redactAddress(`/Users/${encodeURIComponent(word)}`, redacting)).not.to.match(/qz[a-z]{3}/i);
        const sent = textsOf(body, query, "");
        for (const message of [`no user \`${word}\` here`, `is "${word}"`, `no ${word}: \`userName\``]) {
          expect(redactMessage(message, sent, redacting)).not.to.match(/qz[a-z]{3}/i);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("SEC-06: takes no more texts and words of a large body than a message could repeat", () => {
    const none = new URLSearchParams();
    const parts = ["ada@acme.example", ...Array<Json>(9000).fill("small words ")];
    const bodies: readonly Json[] = [
      { description: "longish ".repeat(1_000_000) },
      { names: Array<Json>(500).fill("longish ".repeat(400)) },
      { names: Array<Json>(500).fill("a ".repeat(2000)) },
      { names: parts },
    ];
    for (const body of bodies) expect(textsOf(body, none, "")).to.have.length.below(12_000);
    let looked = 0;
    const around = (inner: Json): Json => ({
      get in() {
        looked += 1;
        return inner;
      },
    });
    const deep = Array.from({ length: 30_000 }).reduce<Json>(around, 1);
    textsOf(deep, none, "");
    expect(looked).to.be.below(20_000);
    const message = "longish is no name, nor is small";
    expect(redactMessage(message, textsOf(bodies[0], none, ""), redacting)).to.equal(
      message.replace("longish", "l…(7)"),
    );
  });

  it("names of groups are masked too: what they are called is looked up by their ids", () => {
    expect(redactBody({ schemas: [GROUP], displayName: "Engineering" }, redacting)).to.deep.equal({
      schemas: [GROUP],
      displayName: "E…(11)",
    });
  });
});
