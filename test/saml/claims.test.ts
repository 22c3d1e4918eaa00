import { expect } from "chai";
import type { ObserveUser } from "../../src/model/directory.js";
import { nobodyNamed, samlClaims, subjectKey } from "../../src/protocols/saml/claims.js";
import type { NameId, SamlAttribute, VerifiedAssertion } from "../../src/protocols/saml/verified.js";
import { loadIdpProfiles } from "../../src/protocols/sign-in/idp-profile.js";
import { type TranslateSettings, translate } from "../../src/protocols/sign-in/translate.js";
import { ACME, NAME_ID } from "../support/saml-response.js";

const profiles = new Map(loadIdpProfiles().map((profile) => [profile.name, profile]));
const parties = { idp: ACME.idp, sp: ACME.sp };

const CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
const OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const ENTRA_GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const ENTRA_ROLES = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const GROUPS_LINK = "http://schemas.microsoft.com/claims/groups.link";
const ADFS_GROUP = "http://schemas.xmlsoap.org/claims/Group";
const SUBJECT_ID = "urn:oasis:names:tc:SAML:attribute:subject-id";

interface Given extends Partial<TranslateSettings> {
  readonly profile?: string;
  readonly nameId?: Partial<NameId>;
}

type Attributes = Readonly<Record<string, readonly string[]>> | readonly SamlAttribute[];

function assertion(attributes: Attributes, nameId: Partial<NameId> = {}): VerifiedAssertion {
  const listed = Array.isArray(attributes)
    ? (attributes as readonly SamlAttribute[])
    : Object.entries(attributes).map(([name, values]) => ({ name, values }));
  return {
    id: "_1",
    rememberUntil: "2026-11-22T10:00:00.000Z",
    issuedAt: "2026-11-22T09:00:00.000Z",
    nameId: { value: "p-1", format: NAME_ID.persistent, ...nameId },
    attributes: listed,
  };
}

function profileNamed(name = "generic-saml") {
  const profile = profiles.get(name);
  if (profile === undefined) throw new Error("no such profile");
  return profile;
}

function translated(attributes: Attributes, { profile, nameId, ...settings }: Given = {}): ObserveUser | undefined {
  return translate(samlClaims(assertion(attributes, nameId), parties), profileNamed(profile), {
    absentGroups: "unknown",
    provedDomains: [],
    ...settings,
  });
}

function observe(attributes: Attributes, given?: Given): ObserveUser {
  const observed = translated(attributes, given);
  if (observed === undefined) throw new Error("nobody was recognised");
  return observed;
}

const email = (value: string): Partial<NameId> => ({ value, format: NAME_ID.email });
const unspecified = (value: string): Partial<NameId> => ({ value, format: NAME_ID.unspecified });
const transient: Partial<NameId> = { value: "_7f2c", format: NAME_ID.transient };
const KNOWN = (value: unknown) => ({ known: true, value });
const UNKNOWN = (reason: string) => ({ known: false, reason });
const numbered = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`);

describe("the key that a NameID makes", () => {
  const own = { nameQualifier: ACME.idp, spNameQualifier: ACME.sp };
  const equal: readonly [title: string, one: Partial<NameId>, another: Partial<NameId>][] = [
    ["the letter case of an e-mail", email("Ada@Acme.Example"), email("ada@acme.example")],
    [
      "the letter case of an address without a format",
      unspecified("Ada@acme.example"),
      unspecified("ada@acme.example"),
    ],
    ["white space around the value", email(" ada@acme.example\n"), email("ada@acme.example")],
    ["qualifiers that name the two parties", { value: "x", ...own }, { value: "x" }],
    ["what a service is said to call the person", { value: "x", spProvidedId: "bob" }, { value: "x" }],
    ["empty qualifiers", { value: "x", nameQualifier: "", spNameQualifier: "" }, { value: "x" }],
    [
      "the SAML version that a format's name begins with",
      { value: "a@b.example", format: NAME_ID.email.replace("1.1", "2.0") },
      email("a@b.example"),
    ],
  ];
  for (const [title, one, another] of equal) {
    it(`does not depend on ${title}`, () => {
      expect(keyOf(one)).to.equal(keyOf(another));
    });
  }

  const different: readonly [title: string, one: Partial<NameId>, another: Partial<NameId>][] = [
    ["by format", email("ada"), unspecified("ada")],
    ["by format, a persistent one too", { value: "ada" }, unspecified("ada")],
    ["by the letter case of what is no address", unspecified("Ada"), unspecified("ada")],
    ["by the letter case of a persistent value", { value: "Abc" }, { value: "abc" }],
    ["by an e-mail with a KELVIN SIGN for its k", email("\u212Aim@acme.example"), email("kim@acme.example")],
    ["by another party's NameQualifier", { value: "x", nameQualifier: "https://other.example" }, { value: "x" }],
    ["by another party's SPNameQualifier", { value: "x", spNameQualifier: "https://other.example" }, { value: "x" }],
    [
      "by which of the qualifiers it is",
      { value: "x", nameQualifier: "https://other.example" },
      { value: "x", spNameQualifier: "https://other.example" },
    ],
    [
      "from a persistent value that is written like its key",
      email("a@b.example"),
      { value: "=emailAddress:a@b.example" },
    ],
    [
      "from a format that is written like an attribute's key",
      { value: "x", format: "attribute uid" },
      { value: "x", format: "attribute%20uid" },
    ],
    [
      "from a value that is written like a qualifier",
      { value: "x", format: "f", nameQualifier: "q" },
      { value: "x", format: "f;idp=q" },
    ],
    ["however long they are", { value: `${"x".repeat(300)}1` }, { value: `${"x".repeat(300)}2` }],
  ];
  for (const [title, one, another] of different) {
    it(`tells people apart ${title}`, () => {
      expect(keyOf(one)).not.to.equal(keyOf(another));
    });
  }

  it("is the bare value of a persistent NameID, which SCIM may push as externalId", () => {
    for (const value of ["p-1", "urn:uuid:7c1d", "x".repeat(1_000)]) expect(keyOf({ value })).to.equal(value);
  });

  it("never lets the persistent NameID that a third party gave out stand for an externalId", () => {
    const { subject, externalIds } = observe({}, { nameId: { value: "p-1", nameQualifier: "https://other.example" } });
    expect(subject).to.equal("=persistent;idp=https%3A//other.example:p-1");
    expect(externalIds).to.deep.equal([]);
  });

  it("fits into every database's index", () => {
    expect(keyOf({ value: "ü".repeat(1000), nameQualifier: "https://other.example" })).to.match(
      /^=sha256=[0-9a-f]{64}$/,
    );
    const { subject } = observe({ [SUBJECT_ID]: ["ü".repeat(1000)] }, { nameId: transient });
    expect(subject).to.match(/^=sha256=[0-9a-f]{64}$/);
  });

  function keyOf(nameId: Partial<NameId>): string {
    return subjectKey({ value: "p-1", format: NAME_ID.persistent, ...nameId }, parties);
  }
});

describe("who signed in by SAML", () => {
  const cases: readonly [title: string, attributes: Attributes, given: Given, subject: string | undefined][] = [
    ["a persistent NameID", {}, {}, "p-1"],
    ["an e-mail NameID, with its format", {}, { nameId: email("Ada@acme.example") }, "=emailAddress:ada@acme.example"],
    ["an unspecified NameID, with its format", {}, { nameId: unspecified("ada") }, "=unspecified:ada"],
    [
      "a lasting attribute beside a transient NameID",
      { [SUBJECT_ID]: ["ada@acme"] },
      { nameId: transient },
      "=attribute urn%3Aoasis%3Anames%3Atc%3ASAML%3Aattribute%3Asubject-id:ada@acme",
    ],
    [
      "a lasting attribute by its FriendlyName",
      [{ name: "urn:acme:1", friendlyName: "eduPersonUniqueId", values: ["u1"] }],
      { nameId: transient },
      "=attribute eduPersonUniqueId:u1",
    ],
    [
      "an attribute's value, not the persistent NameID that is written the same",
      { entryUUID: ["p-1"] },
      { nameId: transient },
      "=attribute entryUUID:p-1",
    ],
    [
      "an attribute's value, not the address that it is written like",
      { [OBJECT_ID]: ["=emailAddress:anna@acme.example"] },
      { profile: "entra-saml" },
      "=attribute http%3A//schemas.microsoft.com/identity/claims/objectidentifier:=emailAddress:anna@acme.example",
    ],
    ["nobody by a transient NameID alone", {}, { nameId: transient }, undefined],
    [
      "nobody by a user name that may be given to another",
      { uid: ["ada"], mail: ["a@b.example"] },
      { nameId: transient },
      undefined,
    ],
    ["nobody by a lasting attribute with two values", { [SUBJECT_ID]: ["a", "b"] }, { nameId: transient }, undefined],
    ["nobody by a lasting attribute without a value", { [SUBJECT_ID]: [""] }, { nameId: transient }, undefined],
    ["nobody by a NameID of white space", {}, { nameId: email(" \n") }, undefined],
    ["the NameID, whatever attributes say", { [SUBJECT_ID]: ["x"], [OBJECT_ID]: ["o1"] }, {}, "p-1"],
    ["Entra's object id before its NameID", { [OBJECT_ID]: ["o1"] }, { profile: "entra-saml" }, "o1"],
    ["Entra's NameID where it sends no object id", {}, { profile: "entra-saml" }, "p-1"],
    ["nobody by an attribute that is called like ours", { "{subject}": ["boss"] }, { nameId: transient }, undefined],
    ["the NameID, not an attribute that is called like ours", { "{subject}": ["boss"] }, {}, "p-1"],
    [
      "nobody by a FriendlyName that is like ours",
      [{ name: "x", friendlyName: "{subject}", values: ["boss"] }],
      { nameId: transient },
      undefined,
    ],
    [
      "nobody by a FriendlyName that two attributes bear",
      [
        { name: "x", friendlyName: "eduPersonUniqueId", values: ["u1"] },
        { name: "y", friendlyName: "eduPersonUniqueId", values: ["u2"] },
      ],
      { nameId: transient },
      undefined,
    ],
  ];
  for (const [title, attributes, given, subject] of cases) {
    it(`is ${title}`, () => {
      expect(translated(attributes, given)?.subject).to.equal(subject);
    });
  }

  it("and when nobody, tells the admin to have a lasting NameID sent", () => {
    const { guard, detail } = nobodyNamed(assertion({}, transient), profileNamed());
    expect([guard, detail["format"]]).to.deep.equal(["name_id", NAME_ID.transient]);
    expect(detail["problem"]).to.contain("send a persistent or an e-mail NameID");
    expect(detail["wanted"]).to.include(SUBJECT_ID).and.not.include("{subject}");
  });
});

describe("by which names a pushed person is found", () => {
  const cases: readonly [title: string, attributes: Attributes, given: Given, names: readonly string[]][] = [
    ["the NameID", {}, { nameId: email("Ada@acme.example") }, ["Ada@acme.example"]],
    ["a persistent NameID after readable names", { uid: ["ada"] }, {}, ["ada", "p-1"]],
    ["no transient NameID", { uid: ["ada"], [SUBJECT_ID]: ["s"] }, { nameId: transient }, ["ada"]],
    ["a UPN", { [`${CLAIMS}/upn`]: ["ada@acme.example"] }, {}, ["ada@acme.example", "p-1"]],
    ["no e-mail that nobody vouches for", { mail: ["ada@acme.example"] }, {}, ["p-1"]],
    [
      "an e-mail inside a proved domain",
      { mail: ["ada@acme.example"] },
      { provedDomains: ["acme.example"] },
      ["p-1", "ada@acme.example"],
    ],
    [
      "no display name",
      { displayName: ["ceo@acme.example"], [`${CLAIMS}/name`]: ["ceo@acme.example"] },
      { profile: "entra-saml" },
      ["p-1"],
    ],
  ];
  for (const [title, attributes, given, names] of cases) {
    it(title, () => {
      expect(observe(attributes, given).userNames).to.deep.equal(names);
    });
  }

  it("a persistent NameID as externalId, where the subject is another", () => {
    const observed = observe({ [OBJECT_ID]: ["o1"] }, { profile: "entra-saml" });
    expect(observed.externalIds).to.deep.equal(["p-1"]);
  });

  it("Entra's object id as externalId, where a NameID is the subject", () => {
    expect(observe({ [OBJECT_ID]: ["o1"] }).externalIds).to.deep.equal(["o1"]);
  });
});

describe("the user name of somebody new", () => {
  const cases: readonly [title: string, attributes: Attributes, given: Given, userName: string][] = [
    ["is a readable NameID", { uid: ["ada"] }, { nameId: email("ada@acme.example") }, "ada@acme.example"],
    ["is a UPN before an opaque NameID", { upn: ["ada@acme.example"] }, {}, "ada@acme.example"],
    ["is a uid by its OID", { "urn:oid:0.9.2342.19200300.100.1.1": ["ada"] }, {}, "ada"],
    ["is an e-mail before an opaque NameID", { mail: ["ada@acme.example"] }, {}, "ada@acme.example"],
    ["is an opaque NameID where there is nothing else", {}, {}, "p-1"],
    ["is Entra's `name`", { [`${CLAIMS}/name`]: ["ada@acme.example"] }, { profile: "entra-saml" }, "ada@acme.example"],
    [
      "is AD FS's UPN before a Windows account name",
      { [`${CLAIMS}/upn`]: ["ada@acme.example"] },
      { profile: "adfs", nameId: unspecified("ACME\\ada") },
      "ada@acme.example",
    ],
    [
      "is an e-mail before Auth0's user id",
      { [`${CLAIMS}/emailaddress`]: ["ada@acme.example"] },
      { profile: "auth0-saml", nameId: unspecified("auth0|5f7c") },
      "ada@acme.example",
    ],
  ];
  for (const [title, attributes, given, userName] of cases) {
    it(title, () => {
      expect(observe(attributes, given).attributes.userName).to.deep.equal(KNOWN(userName));
    });
  }
});

describe("W-11: groups in SAML attributes", () => {
  const cases: readonly [title: string, attributes: Attributes, given: Given, groups: unknown][] = [
    ["one value", { groups: ["Eng"] }, {}, KNOWN(["Eng"])],
    ["many values", { groups: ["Eng", "Ops"] }, {}, KNOWN(["Eng", "Ops"])],
    ["250 values", { groups: numbered(250) }, {}, KNOWN(numbered(250))],
    ["no attribute is unknown", { mail: ["a@b.example"] }, {}, UNKNOWN("absent_claim")],
    ["no attribute where the connection says so is empty", {}, { absentGroups: "empty" }, KNOWN([])],
    ["an attribute without values is known to be empty", { groups: [] }, {}, KNOWN([])],
    ["an attribute with one empty value is known to be empty", { groups: [""] }, {}, KNOWN([])],
    ["an attribute with a blank value is known to be empty", { groups: [" \n "] }, {}, KNOWN([])],
    ["a comma in a name", { groups: ["Sales, EMEA"] }, {}, KNOWN(["Sales, EMEA"])],
    ["a DN as a name", { groups: ["CN=Eng,OU=Groups,DC=acme"] }, {}, KNOWN(["CN=Eng,OU=Groups,DC=acme"])],
    [
      "UTF-8, quotes and markup",
      { groups: ["Förvaltning ❤", `"R&D"`, "<b>'x'</b>"] },
      {},
      KNOWN(["Förvaltning ❤", `"R&D"`, "<b>'x'</b>"]),
    ],
    [
      "a leading blank, as saml-idp leaves it when it splits",
      { groups: ["rassilon", " timelords"] },
      {},
      KNOWN(["rassilon", "timelords"]),
    ],
    ["a no-break space belongs to the name", { groups: ["\u00a0x"] }, {}, KNOWN(["\u00a0x"])],
    ["repeated values count once", { groups: ["a", " a"] }, {}, KNOWN(["a"])],
    ["a NUL is unreadable", { groups: ["a\u0000"] }, {}, UNKNOWN("absent_claim")],
    ["a name of 2,000 characters is unreadable", { groups: ["x".repeat(2000)] }, {}, UNKNOWN("absent_claim")],
    ["samlp's claim URI", { [ADFS_GROUP]: ["Eng"] }, {}, KNOWN(["Eng"])],
    ["Microsoft's claim URI", { [ENTRA_GROUPS]: ["Eng"] }, {}, KNOWN(["Eng"])],
    ["an OID", { "urn:oid:1.3.6.1.4.1.5923.1.5.1.1": ["Eng"] }, {}, KNOWN(["Eng"])],
    ["memberOf", { memberOf: ["Eng"] }, {}, KNOWN(["Eng"])],
    [
      "a FriendlyName",
      [{ name: "urn:oid:1.3.6.1.4.1.99999.1", friendlyName: "groups", values: ["Eng"] }],
      {},
      KNOWN(["Eng"]),
    ],
    [
      "a Name before a FriendlyName",
      [
        { name: "urn:acme:other", friendlyName: "groups", values: ["Other"] },
        { name: "groups", values: ["Eng"] },
      ],
      {},
      KNOWN(["Eng"]),
    ],
    [
      "the connection's own attribute",
      { "urn:acme:teams": ["Eng"], groups: ["x"] },
      { groupAttribute: "urn:acme:teams" },
      KNOWN(["Eng"]),
    ],
    [
      "the connection's own attribute, absent",
      { groups: ["x"] },
      { groupAttribute: "urn:acme:teams" },
      UNKNOWN("absent_claim"),
    ],
    [
      "the connection's own attribute by FriendlyName",
      [{ name: "urn:acme:1", friendlyName: "teams", values: ["Eng"] }],
      { groupAttribute: "teams" },
      KNOWN(["Eng"]),
    ],
    [
      "a URL with dots as the connection's own",
      { "https://acme.example/a.b": ["Eng"] },
      { groupAttribute: "https://acme.example/a.b" },
      KNOWN(["Eng"]),
    ],
    [
      "the mapping's attribute first",
      { teams: ["Eng"], groups: ["x"] },
      { mappedGroupAttribute: "teams" },
      KNOWN(["Eng"]),
    ],
    [
      "an attribute that is named like what every object has",
      {},
      { groupAttribute: "constructor", absentGroups: "empty" },
      KNOWN([]),
    ],
    ["Entra's ids", { [ENTRA_GROUPS]: ["1f3c0c7e"] }, { profile: "entra-saml" }, KNOWN(["1f3c0c7e"])],
    [
      "Entra's link in the place of the list",
      { [GROUPS_LINK]: ["https://graph.example/x"] },
      { profile: "entra-saml" },
      UNKNOWN("overage"),
    ],
    [
      "Entra's link is no absence",
      { [GROUPS_LINK]: ["https://graph.example/x"] },
      { profile: "entra-saml", absentGroups: "empty" },
      UNKNOWN("overage"),
    ],
    [
      "Entra's link without a value",
      { [GROUPS_LINK]: [] },
      { profile: "entra-saml", absentGroups: "empty" },
      UNKNOWN("overage"),
    ],
    [
      "Entra's link where its own attribute is named by the connection",
      { [GROUPS_LINK]: ["x"] },
      { profile: "entra-saml", groupAttribute: ENTRA_GROUPS },
      UNKNOWN("overage"),
    ],
    [
      "Entra's link where the list has a name of the admin's",
      { [GROUPS_LINK]: ["x"] },
      { profile: "entra-saml", groupAttribute: "teams", absentGroups: "empty" },
      UNKNOWN("overage"),
    ],
    [
      "Entra's link beside a list of groups leaves the list partial",
      { [GROUPS_LINK]: ["x"], [ENTRA_GROUPS]: ["a"] },
      { profile: "entra-saml" },
      { known: true, value: ["a"], partial: "overage" },
    ],
    [
      "Entra's link says nothing of another attribute that is there",
      { [GROUPS_LINK]: ["x"], department: ["a"] },
      { profile: "entra-saml", groupAttribute: "department" },
      KNOWN(["a"]),
    ],
    [
      "anybody else's attribute called like Entra's link",
      { [GROUPS_LINK]: ["x"] },
      { absentGroups: "empty" },
      KNOWN([]),
    ],
    ["roles are no groups", { [ENTRA_ROLES]: ["Acme.Admin"] }, { profile: "entra-saml" }, UNKNOWN("absent_claim")],
    ["Okta's 99 are all", { groups: numbered(99) }, { profile: "okta-saml" }, KNOWN(numbered(99))],
    [
      "Okta's 100 may be more",
      { groups: numbered(100) },
      { profile: "okta-saml" },
      { known: true, value: numbered(100), partial: "truncated_at_100" },
    ],
    ["anybody else's 100 are all", { groups: numbered(100) }, {}, KNOWN(numbered(100))],
    ["Keycloak's `member`", { member: ["/Eng"], Role: ["user"] }, { profile: "keycloak-saml" }, KNOWN(["/Eng"])],
  ];
  for (const [title, attributes, given, groups] of cases) {
    it(title, () => {
      expect(observe(attributes, given).groups).to.deep.equal(groups);
    });
  }

  it("one value with commas is taken apart where a profile says so, and nowhere else", () => {
    const profile = profileNamed();
    const joined = { ...profile, groups: { ...profile.groups, separator: "," } };
    const claims = samlClaims(assertion({ groups: ["Eng, Ops"] }), parties);
    const settings = { absentGroups: "unknown", provedDomains: [] } as const;
    expect(translate(claims, joined, settings)?.groups).to.deep.equal(KNOWN(["Eng", "Ops"]));
    expect(translate(claims, profile, settings)?.groups).to.deep.equal(KNOWN(["Eng, Ops"]));
  });
});

describe("app roles in SAML attributes", () => {
  const cases: readonly [title: string, attributes: Attributes, profile: string, roles: unknown][] = [
    ["Entra's", { [ENTRA_ROLES]: ["Acme.Admin"] }, "entra-saml", KNOWN(["Acme.Admin"])],
    ["Keycloak's", { Role: ["r1", "r2"] }, "keycloak-saml", KNOWN(["r1", "r2"])],
    ["absent ones are unknown", {}, "generic-saml", UNKNOWN("absent_claim")],
  ];
  for (const [title, attributes, profile, roles] of cases) {
    it(title, () => {
      expect(observe(attributes, { profile }).appRoles).to.deep.equal(roles);
    });
  }
});

describe("e-mail in SAML", () => {
  const mail = "ada@acme.example";
  const proved = { provedDomains: ["acme.example"] };
  const cases: readonly [
    title: string,
    attributes: Attributes,
    given: Given,
    fact: string | undefined,
    verified: string | undefined,
  ][] = [
    ["an attribute is a fact and links nobody", { mail: [mail] }, {}, mail, undefined],
    ["inside a proved domain it links", { mail: [mail] }, proved, mail, mail],
    ["outside the proved domains it does not", { mail: ["ada@other.example"] }, proved, "ada@other.example", undefined],
    ["below a proved domain it does not", { mail: ["ada@x.acme.example"] }, proved, "ada@x.acme.example", undefined],
    ["no claim vouches for it", { mail: [mail], email_verified: ["true"], xms_edov: ["1"] }, {}, mail, undefined],
    [
      "with a KELVIN SIGN it is a fact and links nobody",
      { mail: ["\u212Aim@acme.example"] },
      proved,
      "\u212Aim@acme.example",
      undefined,
    ],
    ["a claim URI", { [`${CLAIMS}/emailaddress`]: [mail] }, {}, mail, undefined],
    ["an OID", { "urn:oid:0.9.2342.19200300.100.1.3": [mail] }, {}, mail, undefined],
    ["a FriendlyName", [{ name: "urn:acme:1", friendlyName: "mail", values: [mail] }], proved, mail, mail],
    ["the first of several", { mail: ["", mail, "a@b.example"] }, proved, mail, mail],
    ["an e-mail NameID where no attribute has one", {}, { nameId: email(mail), ...proved }, mail, mail],
    ["no e-mail NameID without an address", {}, { nameId: email("ada") }, undefined, undefined],
    ["no e-mail NameID with two addresses", {}, { nameId: email(`${mail},a@b.example`) }, undefined, undefined],
    ["no e-mail NameID with a blank", {}, { nameId: email(`Ada ${mail}`), ...proved }, undefined, undefined],
    ["the attribute before an e-mail NameID", { mail: [mail] }, { nameId: email("ada@old.example") }, mail, undefined],
    ["no NameID of another format", {}, { nameId: unspecified(mail), ...proved }, undefined, undefined],
    ["none", {}, proved, undefined, undefined],
    [
      "Auth0's is anybody's word",
      { [`${CLAIMS}/emailaddress`]: [mail] },
      { profile: "auth0-saml", ...proved },
      mail,
      undefined,
    ],
  ];
  for (const [title, attributes, given, fact, verified] of cases) {
    it(title, () => {
      const observed = observe(attributes, given);
      expect([observed.attributes.email, observed.claimedEmail, observed.verifiedEmail]).to.deep.equal([
        fact === undefined ? undefined : KNOWN(fact),
        fact,
        verified,
      ]);
    });
  }
});

describe("attributes of people in SAML", () => {
  const cases: readonly [
    title: string,
    attributes: Attributes,
    attribute: "displayName" | "givenName" | "familyName" | "department",
    value: unknown,
  ][] = [
    ["saml-idp's first name", { firstName: ["Ada"] }, "givenName", KNOWN("Ada")],
    ["saml-idp's last name", { lastName: ["Lovelace"] }, "familyName", KNOWN("Lovelace")],
    ["samlp's name", { [`${CLAIMS}/name`]: ["Ada Lovelace"] }, "displayName", KNOWN("Ada Lovelace")],
    ["SimpleSAMLphp's cn", { cn: ["Ada Lovelace"] }, "displayName", KNOWN("Ada Lovelace")],
    ["pysaml2's OID", { "urn:oid:2.5.4.42": ["Ada"] }, "givenName", KNOWN("Ada")],
    [
      "a value with markup as it is",
      { displayName: [`Zoë "O'Neil" & <Söhne>`] },
      "displayName",
      KNOWN(`Zoë "O'Neil" & <Söhne>`),
    ],
    ["an empty value is known to be empty", { department: [""] }, "department", KNOWN(null)],
    ["no value is known to be empty", { department: [] }, "department", KNOWN(null)],
    ["two values say nothing", { department: ["a", "b"] }, "department", undefined],
    ["an absent attribute is not listed", {}, "department", undefined],
  ];
  for (const [title, attributes, attribute, value] of cases) {
    it(title, () => {
      expect(observe(attributes).attributes[attribute]).to.deep.equal(value);
    });
  }
});

describe("SAML attributes that rules read by name", () => {
  it("are there by Name and by FriendlyName, as lists", () => {
    const { claims } = observe([
      { name: "urn:oid:1.2.3", friendlyName: "office", values: ["Oslo", "Rome"] },
      { name: "floor", values: ["2"] },
      { name: "sid", values: ["S-1-5"] },
    ]);
    expect(claims).to.deep.equal({
      "urn:oid:1.2.3": ["Oslo", "Rome"],
      office: ["Oslo", "Rome"],
      floor: ["2"],
      sid: ["S-1-5"],
    });
  });

  it("leave groups and e-mail out under both their names, and what is not a fact", () => {
    const { claims } = observe(
      [
        { name: "urn:acme:teams", friendlyName: "teams", values: ["Eng"] },
        { name: "urn:oid:0.9.2342.19200300.100.1.3", friendlyName: "workMail", values: ["ada@acme.example"] },
        { name: "refresh_token", values: ["secret"] },
        { name: "{name_id}", values: ["x"] },
        { name: "x", friendlyName: "clientSecret", values: ["y"] },
      ],
      { groupAttribute: "teams" },
    );
    expect(claims).to.deep.equal({ x: ["y"] });
  });

  it("leave out what a provider says about itself", () => {
    const sent = {
      [GROUPS_LINK]: ["x"],
      "http://schemas.microsoft.com/identity/claims/tenantid": ["t"],
      office: ["Oslo"],
    };
    expect(observe(sent, { profile: "entra-saml" }).claims).to.deep.equal({ office: ["Oslo"] });
  });

  it("never hold the names in braces", () => {
    expect(Object.keys(observe({}, { nameId: email("ada@acme.example") }).claims)).to.deep.equal([]);
  });

  it("called like prototype members reach no prototype", () => {
    const names = ["__proto__", "constructor", "prototype"];
    const observed = observe(names.map((name) => ({ name, friendlyName: name, values: ["yes"] })));
    expect(Object.keys(observed.claims)).to.deep.equal([]);
    expect(Object.getPrototypeOf(observed.claims)).to.equal(Object.prototype);
  });

  it("are bounded in number and length, names before friendly names", () => {
    const many = Array.from({ length: 300 }, (_, at) => ({ name: `n${at}`, friendlyName: `f${at}`, values: ["x"] }));
    const { claims } = observe([{ name: "long", values: numbered(201) }, ...many]);
    expect(Object.keys(claims)).to.deep.equal(many.slice(0, 100).map(({ name }) => name));
  });
});
