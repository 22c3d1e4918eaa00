import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import type { SignInClaims } from "../../src/protocols/sign-in/claims.js";
import { loadIdpProfiles } from "../../src/protocols/sign-in/idp-profile.js";
import { translate } from "../../src/protocols/sign-in/translate.js";

const profiles = new Map(loadIdpProfiles().map((profile) => [profile.name, profile]));

interface Given {
  readonly profile?: string;
  readonly groupAttribute?: string;
  readonly mappedGroupAttribute?: string;
  readonly absentGroups?: "unknown" | "empty";
  readonly provedDomains?: readonly string[];
  readonly userinfo?: JsonObject;
  readonly userinfoFailed?: true;
}

function observe(idToken: JsonObject, given: Given = {}) {
  const observed = translated(idToken, given);
  if (observed === undefined) throw new Error("nobody was recognised");
  return observed;
}

/** The ID token's claims, and userinfo's behind them. */
function translated(idToken: JsonObject, given: Given = {}) {
  const profile = profiles.get(given.profile ?? "generic-oidc");
  if (profile === undefined) throw new Error("no such profile");
  const claims: SignInClaims = {
    sources: [{ sub: "u1", ...idToken }, ...(given.userinfo === undefined ? [] : [{ sub: "u1", ...given.userinfo }])],
    ...(given.userinfoFailed === undefined ? {} : { incomplete: true }),
  };
  return translate(claims, profile, {
    clientId: "client-1",
    absentGroups: given.absentGroups ?? "unknown",
    provedDomains: given.provedDomains ?? [],
    ...(given.groupAttribute === undefined ? {} : { groupAttribute: given.groupAttribute }),
    ...(given.mappedGroupAttribute === undefined ? {} : { mappedGroupAttribute: given.mappedGroupAttribute }),
  });
}

const KNOWN = (value: readonly string[]) => ({ known: true, value });
const UNKNOWN = (reason: string) => ({ known: false, reason });
const numbered = (count: number) => Array.from({ length: count }, (_, at) => `g${at}`);

describe("OP-17, W-11: groups in claims", () => {
  const cases: readonly [title: string, idToken: JsonObject, given: Given, groups: unknown][] = [
    ["a list", { groups: ["a", "b"] }, {}, KNOWN(["a", "b"])],
    ["an empty list is known to be empty", { groups: [] }, {}, KNOWN([])],
    ["no claim is unknown", {}, {}, UNKNOWN("absent_claim")],
    ["no claim where the connection says so is empty", {}, { absentGroups: "empty" }, KNOWN([])],
    ["null is no claim", { groups: null }, {}, UNKNOWN("absent_claim")],
    ["userinfo alone", {}, { userinfo: { groups: ["u"] } }, KNOWN(["u"])],
    ["the ID token before userinfo", { groups: ["i"] }, { userinfo: { groups: ["u"] } }, KNOWN(["i"])],
    ["an empty list in the ID token is an answer", { groups: [] }, { userinfo: { groups: ["u"] } }, KNOWN([])],
    [
      "a userinfo endpoint that failed never means none",
      {},
      { absentGroups: "empty", userinfoFailed: true },
      UNKNOWN("absent_claim"),
    ],
    ["one bare string is one group, commas and all", { groups: "Sales, EMEA" }, {}, KNOWN(["Sales, EMEA"])],
    ["a DN stays whole", { groups: ["cn=a,ou=b"] }, {}, KNOWN(["cn=a,ou=b"])],
    ["an empty string lists nobody", { groups: "" }, {}, KNOWN([])],
    ["repeated names count once", { groups: ["a", "a"] }, {}, KNOWN(["a"])],
    ["numbers are ids", { groups: [7, "x"] }, {}, KNOWN(["7", "x"])],
    ["a list of one is not taken apart", { groups: ["a,b"] }, {}, KNOWN(["a,b"])],
    ["objects go by their name", { groups: [{ id: "1", name: "Eng" }, { display: "Ops" }] }, {}, KNOWN(["Eng", "Ops"])],
    ["one unreadable element spoils the list", { groups: ["a", { x: 1 }] }, {}, UNKNOWN("absent_claim")],
    ["a list in a list is unreadable", { groups: [["a"]] }, {}, UNKNOWN("absent_claim")],
    ["a boolean is unreadable", { groups: true }, { absentGroups: "empty" }, UNKNOWN("absent_claim")],
    ["a NUL is unreadable", { groups: ["a\u0000b"] }, {}, UNKNOWN("absent_claim")],
    ["half a surrogate pair is unreadable", { groups: ["a\ud800"] }, {}, UNKNOWN("absent_claim")],
    ["a name of 2,000 characters is unreadable", { groups: ["x".repeat(2000)] }, {}, UNKNOWN("absent_claim")],
    ["250 groups are a list", { groups: numbered(250) }, {}, KNOWN(numbered(250))],
    ["more groups than anybody has are unknown", { groups: numbered(5001) }, {}, UNKNOWN("overage")],
    ["a named claim", { memberOf: ["m"], groups: ["g"] }, { groupAttribute: "memberOf" }, KNOWN(["m"])],
    ["a named claim that is absent", { groups: ["g"] }, { groupAttribute: "memberOf" }, UNKNOWN("absent_claim")],
    [
      "a URL-named claim",
      { "https://acme.example/groups": ["u"] },
      { groupAttribute: "https://acme.example/groups" },
      KNOWN(["u"]),
    ],
    ["a nested claim", { realm_access: { roles: ["r"] } }, { groupAttribute: "realm_access.roles" }, KNOWN(["r"])],
    [
      "an exact name before a nested one",
      { "a.b": ["flat"], a: { b: ["nested"] } },
      { groupAttribute: "a.b" },
      KNOWN(["flat"]),
    ],
    [
      "the mapping's claim first",
      { memberOf: ["m"], groups: ["g"] },
      { mappedGroupAttribute: "memberOf" },
      KNOWN(["m"]),
    ],
    [
      "the provider's own claim where the mapping's is another protocol's",
      { groups: ["g"] },
      { mappedGroupAttribute: "http://schemas.xmlsoap.org/claims/Group" },
      KNOWN(["g"]),
    ],
    [
      "a claim that is named like what every object has",
      {},
      { groupAttribute: "constructor", absentGroups: "empty" },
      KNOWN([]),
    ],
    ["a named claim called __proto__", {}, { groupAttribute: "__proto__" }, UNKNOWN("absent_claim")],
    ["a named claim called constructor.name", {}, { groupAttribute: "constructor.name" }, UNKNOWN("absent_claim")],
    [
      "Keycloak's realm roles, which are always there, are no groups",
      { realm_access: { roles: ["r"] } },
      { profile: "keycloak" },
      UNKNOWN("absent_claim"),
    ],
    [
      "Keycloak's realm roles are groups where the connection says so",
      { realm_access: { roles: ["r"] } },
      { profile: "keycloak", groupAttribute: "realm_access.roles" },
      KNOWN(["r"]),
    ],
    [
      "Keycloak's groups beside its realm roles",
      { groups: ["/g"], realm_access: { roles: ["r"] } },
      { profile: "keycloak" },
      KNOWN(["/g"]),
    ],
    [
      "Entra's overage by _claim_names",
      { _claim_names: { groups: "src1" } },
      { profile: "entra-oidc" },
      UNKNOWN("overage"),
    ],
    ["Entra's overage by hasgroups", { hasgroups: true }, { profile: "entra-oidc" }, UNKNOWN("overage")],
    ["Entra's overage by hasgroups as text", { hasgroups: "true" }, { profile: "entra-oidc" }, UNKNOWN("overage")],
    [
      "overage is unknown even where absent means none",
      { _claim_names: { groups: "src1" } },
      { profile: "entra-oidc", absentGroups: "empty" },
      UNKNOWN("overage"),
    ],
    ["overage of another claim", { _claim_names: { address: "a" } }, { absentGroups: "empty" }, KNOWN([])],
    [
      "hasgroups means the groups claim only",
      { hasgroups: true },
      { profile: "entra-oidc", groupAttribute: "x" },
      UNKNOWN("absent_claim"),
    ],
    [
      "overage beside a list leaves the list partial",
      { groups: ["a"], _claim_names: { groups: "src1" } },
      {},
      { known: true, value: ["a"], partial: "overage" },
    ],
    ["Okta's 99 are all", { groups: numbered(99) }, { profile: "okta-oidc" }, KNOWN(numbered(99))],
    [
      "Okta's 100 may be more",
      { groups: numbered(100) },
      { profile: "okta-oidc" },
      { known: true, value: numbered(100), partial: "truncated_at_100" },
    ],
    ["anybody else's 100 are all", { groups: numbered(100) }, {}, KNOWN(numbered(100))],
  ];
  for (const [title, idToken, given, groups] of cases) {
    it(title, () => {
      expect(observe(idToken, given).groups).to.deep.equal(groups);
    });
  }
});

describe("app roles in claims", () => {
  const cases: readonly [title: string, idToken: JsonObject, profile: string, roles: unknown][] = [
    ["Entra's roles", { roles: ["Acme.Admin"] }, "entra-oidc", KNOWN(["Acme.Admin"])],
    ["absent roles are unknown", {}, "entra-oidc", UNKNOWN("absent_claim")],
    [
      "Keycloak's realm roles and those of this client alone",
      { realm_access: { roles: ["r"] }, resource_access: { "client-1": { roles: ["c"] }, other: { roles: ["o"] } } },
      "keycloak",
      KNOWN(["r", "c"]),
    ],
  ];
  for (const [title, idToken, profile, roles] of cases) {
    it(title, () => {
      expect(observe(idToken, { profile }).appRoles).to.deep.equal(roles);
    });
  }
});

describe("OP-18, OP-19: e-mail in claims", () => {
  const mail = "ada@acme.example";
  const cases: readonly [title: string, idToken: JsonObject, given: Given, email: string | undefined][] = [
    ["counts when verified", { email: mail, email_verified: true }, {}, mail],
    ["never without a word on it", { email: mail }, {}, undefined],
    ["never when unverified", { email: mail, email_verified: false }, {}, undefined],
    ["never by the text `true`", { email: mail, email_verified: "true" }, {}, undefined],
    ["never by the number 1", { email: mail, email_verified: 1 }, {}, undefined],
    ["Entra's xms_edov as text", { email: mail, xms_edov: "1" }, { profile: "entra-oidc" }, mail],
    ["Entra's own claim alone is anybody's text", { email: mail }, { profile: "entra-oidc" }, undefined],
    [
      "Entra's inside a proved domain",
      { email: mail },
      { profile: "entra-oidc", provedDomains: ["acme.example"] },
      mail,
    ],
    ["a proved domain means nothing to others", { email: mail }, { provedDomains: ["acme.example"] }, undefined],
    [
      "Google's in its own hosted domain",
      { email: mail, email_verified: true, hd: "acme.example" },
      { profile: "google" },
      mail,
    ],
    ["Google's of a private account is not", { email: mail, email_verified: true }, { profile: "google" }, undefined],
    ["userinfo where the ID token names none", {}, { userinfo: { email: mail, email_verified: true } }, mail],
    [
      "userinfo never verifies the ID token's",
      { email: mail },
      { userinfo: { email: mail, email_verified: true } },
      undefined,
    ],
    [
      "userinfo never replaces the ID token's",
      { email: "x@y.example", email_verified: true },
      { userinfo: { email: mail, email_verified: true } },
      "x@y.example",
    ],
    ["its domain as DNS knows it", { email: "Ada@ACME.example", email_verified: true }, {}, "Ada@acme.example"],
    [
      "a domain of its own alphabet",
      { email: "a@müller.example", email_verified: true },
      {},
      "a@xn--mller-kva.example",
    ],
    [
      "KELVIN SIGN in the local part links nobody",
      { email: "\u212Aim@acme.example", email_verified: true },
      {},
      undefined,
    ],
    ["KELVIN SIGN in the domain links nobody", { email: "kim@\u212Aorp.example", email_verified: true }, {}, undefined],
    ["full-width letters link nobody", { email: "ada@ａcme.example", email_verified: true }, {}, undefined],
    ["two at signs link nobody", { email: "a@b@acme.example", email_verified: true }, {}, undefined],
    ["no text at all", { email: ["a@b.example"], email_verified: true }, {}, undefined],
    [
      "no text at all inside a proved domain",
      { email: [mail] },
      { profile: "entra-oidc", provedDomains: ["acme.example"] },
      undefined,
    ],
  ];
  for (const [title, idToken, given, email] of cases) {
    it(title, () => {
      expect(observe(idToken, given).verifiedEmail).to.equal(email);
    });
  }

  it("that does not count appears nowhere, raw claims included, but for the door that it may close", () => {
    const { claimedEmail, claimedNames, ...observed } = observe({ email: mail, email_verified: false, name: "Ada" });
    expect(JSON.stringify(observed)).not.to.contain(mail);
    expect([claimedEmail, claimedNames]).to.deep.equal([mail, [mail]]);
  });

  it("that looks like another keeps its own form as an attribute", () => {
    const observed = observe({ email: "\u212Aim@acme.example", email_verified: true });
    expect(observed.attributes.email).to.deep.equal(KNOWN_TEXT("\u212Aim@acme.example"));
    expect(observed.userNames).to.deep.equal([]);
  });
});

const KNOWN_TEXT = (value: string | null) => ({ known: true, value });

describe("OP-18: who signed in", () => {
  it("is the sub", () => {
    expect(observe({}).subject).to.equal("u1");
  });

  it("is nobody by a list", () => {
    expect(translated({ sub: ["u1"] })).to.equal(undefined);
  });

  it("is Entra's oid, with the pairwise sub beside it", () => {
    const observed = observe({ oid: "o1" }, { profile: "entra-oidc" });
    expect([observed.subject, observed.externalIds]).to.deep.equal(["o1", ["u1"]]);
  });

  it("is nobody without a usable name", () => {
    expect(translated({ sub: "a\u0000" })).to.equal(undefined);
  });

  it("may be known by user name, then by verified e-mail", () => {
    const observed = observe({ preferred_username: "ada", email: "ada@acme.example", email_verified: true });
    expect(observed.userNames).to.deep.equal(["ada", "ada@acme.example"]);
  });
});

describe("attributes in claims", () => {
  const cases: readonly [
    title: string,
    claims: JsonObject,
    attribute: "department" | "country" | "employeeNumber",
    value: unknown,
  ][] = [
    ["a text", { department: "Sales" }, "department", KNOWN_TEXT("Sales")],
    ["an empty text is known to be empty", { department: "" }, "department", KNOWN_TEXT(null)],
    ["an absent claim is not listed", {}, "department", undefined],
    ["a list of one", { department: ["Sales"] }, "department", KNOWN_TEXT("Sales")],
    ["a list of two says nothing", { department: ["a", "b"] }, "department", undefined],
    ["an object says nothing", { department: { a: 1 } }, "department", undefined],
    ["a number is a text", { employee_number: 42 }, "employeeNumber", KNOWN_TEXT("42")],
    ["a part of the address", { address: { country: "SE" } }, "country", KNOWN_TEXT("SE")],
    ["a text of 2,000 characters says nothing", { department: "x".repeat(2000) }, "department", undefined],
  ];
  for (const [title, claims, attribute, value] of cases) {
    it(title, () => {
      expect(observe(claims).attributes[attribute]).to.deep.equal(value);
    });
  }
});

describe("raw claims", () => {
  it("are lists, without protocol claims, secrets, groups and what has no plain value", () => {
    const raw = observe({
      ...{ iss: "https://op.example", aud: "client-1", nonce: "n", sid: "s", at_hash: "h", groups: ["g"] },
      ...{
        refresh_token: "r",
        clientSecret: "c",
        office: "Oslo",
        levels: [1, 2],
        boss: true,
        nested: { a: 1 },
        "a\u0000": "x",
      },
    }).claims;
    expect(raw).to.deep.equal({ office: ["Oslo"], levels: ["1", "2"], boss: ["true"] });
  });

  it("OP-15: take the ID token's word before userinfo's", () => {
    expect(observe({ office: "Oslo" }, { userinfo: { office: "Rome", floor: "2" } }).claims).to.deep.equal({
      office: ["Oslo"],
      floor: ["2"],
    });
  });

  it("never let userinfo speak where the ID token's own value cannot be read", () => {
    expect(observe({ office: { a: 1 } }, { userinfo: { office: "Rome" } }).claims).to.deep.equal({});
  });

  it("are bounded in number and length", () => {
    const many: Record<string, Json> = { long: numbered(201) };
    for (let at = 0; at < 300; at++) many[`c${at}`] = "x";
    const raw = observe(many).claims;
    expect(Object.keys(raw)).to.have.length(100);
    expect(raw).not.to.have.property("long");
  });

  it("called like prototype members reach no prototype", () => {
    const hostile: JsonObject = JSON.parse(
      '{"__proto__": {"known": true, "admin": "yes"}, "constructor": ["x"], "prototype": "y"}',
    );
    const observed = observe(hostile, { userinfo: hostile });
    expect(Object.keys(observed.claims)).to.deep.equal([]);
    expect(Object.getPrototypeOf(observed.claims)).to.equal(Object.prototype);
    expect(({} as Record<string, unknown>)["admin"]).to.equal(undefined);
  });
});
