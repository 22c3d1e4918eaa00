import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { certificateOf, idpKey, idpNextKey } from "../support/saml-keys.js";
import { type AdminClient, type CallOptions, DATABASES, expectProblem, mistakes, openAdmin } from "./admin-client.js";
import { ENTITY_ID, idpMetadata, type MetadataServer, startMetadataServer } from "./saml-metadata.js";

const XML = idpMetadata();
const NEXT = idpMetadata({ certificates: [idpNextKey.certificate] });
const SAML = { slug: "new", protocol: "saml", metadataXml: XML };
const OIDC = { slug: "new", protocol: "oidc", issuer: "https://idp.example", clientId: "c", clientSecret: "s" };
const MEGABYTE = 1024 * 1024;
/** What a `metadataUrl` stands for that is to be fetched. */
const HERE = "{idp}";
const NO_XML = { metadataXml: undefined };
const FETCHED = { ...NO_XML, metadataUrl: HERE };

/** Refused with 422 unless it says otherwise. */
interface Case {
  readonly what: string;
  readonly call: string;
  readonly options: CallOptions;
  readonly status?: number;
  readonly code?: string;
  /** As `pointer code`. */
  readonly wanted?: readonly string[];
  /** What is found at the address. */
  readonly served?: string;
}

function refusedNew(what: string, more: object, ...wanted: readonly string[]): Case {
  return { what, call: "POST connections", options: { body: { ...SAML, ...more } }, wanted };
}

function refusedChange(what: string, connection: string, body: object, ...wanted: readonly string[]): Case {
  return { what, call: `PATCH connections/${connection}`, options: { body }, wanted };
}

const wrongValues: readonly (readonly [key: string, value: unknown, code: string])[] = [
  ["slug", "A b", "wrong_form"],
  ["slug", 1, "wrong_type"],
  ["metadataXml", "", "too_short"],
  ["metadataXml", 1, "wrong_type"],
  ["metadataXml", null, "wrong_type"],
  ["metadataXml", [XML], "wrong_type"],
  ["metadataXml", { xml: XML }, "wrong_type"],
  ["metadataXml", " ".repeat(MEGABYTE + 1), "too_long"],
  ["requireSigned", "none", "wrong_value"],
  ["requireSigned", false, "wrong_value"],
  ["allowIdpInitiated", "yes", "wrong_type"],
  ["allowIdpInitiated", null, "wrong_type"],
  ["groupAttribute", "", "too_short"],
  ["groupAttribute", "a\nb", "wrong_form"],
  ["groupAttribute", "x".repeat(201), "too_long"],
  ["groupAttribute", ["groups"], "wrong_type"],
  ["jit", "always", "wrong_value"],
  ["jit", true, "wrong_value"],
  ["sync", "on", "wrong_value"],
  ["groups", "saml", "wrong_value"],
  ["profile", "adfs", "wrong_value"],
  ["mayGrantOwner", 1, "wrong_type"],
  ["allowedDomains", "acme.example", "wrong_type"],
  ["requireDomains", "true", "wrong_type"],
  ["absentGroups", "none", "wrong_value"],
  ["rolesFrom", "users", "wrong_type"],
  ["settleSeconds", -1, "out_of_range"],
  ["settleSeconds", 1.5, "wrong_type"],
  ["directory", "okta", "not_available"],
  ["manages", [], "too_few"],
  ["manages", "users", "wrong_type"],
  ["adopt", "everybody", "wrong_value"],
  ["onLastGroupRemoved", "keep", "not_available"],
  ["directWhen", "true", "not_available"],
  ["issuer", "https://idp.example", "unknown_key"],
  ["clientId", "rolecall", "unknown_key"],
  ["clientSecret", "s", "unknown_key"],
  ["scopes", [], "unknown_key"],
  ["metadataXML", XML, "unknown_key"],
  ["certificates", [idpKey.certificate], "unknown_key"],
  ["entityId", 1, "wrong_type"],
  ["entityId", "", "too_short"],
  ["priority", 1, "unknown_key"],
];

/** The XML, and what the protocol says to it: the same whether it was given or fetched. */
const badMetadata: readonly (readonly [what: string, xml: string, ...codes: string[]])[] = [
  ["no XML", "hello", "not_metadata"],
  ["another document", "<x/>", "not_metadata"],
  ["XML that ends too early", XML.slice(0, -20), "xml_refused"],
  ["a DOCTYPE", `<!DOCTYPE x [<!ENTITY a "b">]>${XML}`, "xml_refused"],
  [
    "entities that grow",
    `<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>${XML.replace("/sso", "&b;")}`,
    "xml_refused",
  ],
  ["elements within elements", `${"<a>".repeat(20_000)}${"</a>".repeat(20_000)}`, "metadata_too_large"],
  [
    "attributes without end",
    `<a ${Array.from({ length: 50_000 }, (_, at) => `a${at}=""`).join(" ")}/>`,
    "metadata_too_large",
  ],
  ["a service provider", XML.replaceAll("IDPSSODescriptor", "SPSSODescriptor"), "no_identity_provider"],
  ["no name", idpMetadata({ entityId: "" }), "entity_id_invalid"],
  ["no key", idpMetadata({ certificates: [] }), "certificate_missing"],
  ["a key that is none", idpMetadata({ certificates: ["QUJD"] }), "certificate_invalid"],
  [
    "a key of a kind that is not taken",
    idpMetadata({ certificates: [certificateOf(generateKeyPairSync("ed25519").publicKey)] }),
    "key_refused",
  ],
  ["an address that is a script", idpMetadata({ ssoUrl: "javascript:alert(1)" }), "sso_url_refused", "sso_url_refused"],
  ["an end in the past", idpMetadata({ validUntil: "2020-01-01T00:00:00Z" }), "metadata_expired"],
  [
    "several mistakes",
    idpMetadata({ certificates: [], validUntil: "soon" }),
    ...["certificate_missing", "valid_until_invalid"],
  ],
];

const badAddresses = [
  "",
  "idp.example",
  "ftp://idp.example/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "//idp.example/",
];
badAddresses.push("https://user:secret@idp.example/", "https://idp.example/#x", "https://idp.example/ x", "https://");

const cases: readonly Case[] = [
  ...wrongValues.map(([key, value, code]) =>
    refusedNew(`${key} ${JSON.stringify(value)?.slice(0, 40)}`, { [key]: value }, `/${key} ${code}`),
  ),
  ...wrongValues
    .filter(([key, , code]) => key !== "slug" && key !== "priority" && !(code === "unknown_key" && key in OIDC))
    .filter(([key]) => key !== "scopes")
    .map(([key, value, code]) =>
      refusedChange(`${key} ${JSON.stringify(value)?.slice(0, 40)}`, "sso", { [key]: value }, `/${key} ${code}`),
    ),
  ...badMetadata.flatMap(([what, xml, ...codes]) => [
    refusedNew(`metadata with ${what}`, { metadataXml: xml }, ...codes.map((code) => `/metadataXml ${code}`)),
    refusedChange(`metadata with ${what}`, "sso", { metadataXml: xml }, ...codes.map((code) => `/metadataXml ${code}`)),
    {
      ...refusedNew(`metadata with ${what}`, FETCHED, ...codes.map((code) => `/metadataUrl ${code}`)),
      served: xml,
    },
  ]),
  ...badAddresses.map((metadataUrl) => {
    const code = metadataUrl === "" ? "too_short" : "metadata_url_refused";
    return refusedNew(`the address "${metadataUrl}"`, { ...NO_XML, metadataUrl }, `/metadataUrl ${code}`);
  }),
  refusedNew(
    "an address of 3000 letters",
    { ...NO_XML, metadataUrl: `https://a.example/${"x".repeat(3000)}` },
    "/metadataUrl too_long",
  ),
  {
    ...refusedNew("an address where nobody answers", { ...NO_XML, metadataUrl: "http://127.0.0.1:1/" }),
    ...{ status: 503, code: "unavailable", wanted: ["/metadataUrl unavailable"] },
  },
  {
    ...refusedNew("more than a megabyte at the address", FETCHED),
    ...{ served: " ".repeat(MEGABYTE + 1), status: 503, code: "unavailable", wanted: ["/metadataUrl unavailable"] },
  },
  refusedChange(
    "another identity provider's metadata",
    "sso",
    { metadataXml: idpMetadata({ entityId: "https://idp.other.example" }), jit: "off" },
    "/metadataXml entity_id_changed",
  ),
  refusedNew("the name of another provider", { entityId: `${ENTITY_ID}2` }, "/entityId entity_not_found"),
  refusedChange("the name of another provider", "sso", { entityId: `${ENTITY_ID}2` }, "/entityId entity_id_changed"),
  refusedNew("no metadata at all", NO_XML, " missing_key"),
  refusedNew("metadata in both ways", { metadataUrl: HERE }, "/metadataUrl not_allowed", "/metadataXml not_allowed"),
  refusedNew("a domain that is none", { allowedDomains: ["https://a.example"] }, "/allowedDomains/0 wrong_form"),
  refusedNew(
    "several keys of a later version",
    { directory: "okta", directWhen: {} },
    "/directWhen not_available",
    "/directory not_available",
  ),
  {
    what: "a `__proto__` key",
    call: "POST connections",
    options: { text: `{"__proto__":{"metadataXml":"<x/>"},"slug":"new","protocol":"saml"}` },
    ...{ status: 400, code: "bad_request" },
  },
  {
    what: "a `constructor` key, deep inside",
    call: "PATCH connections/sso",
    options: { text: `{"metadataXml":{"constructor":{"prototype":1}}}` },
    ...{ status: 400, code: "bad_request" },
  },
  {
    what: "the slug of another connection",
    call: "POST connections",
    options: { body: { ...SAML, slug: "sso" } },
    ...{ status: 409, code: "slug_taken" },
  },
  refusedChange(
    "metadata in both ways",
    "sso",
    { metadataXml: NEXT, metadataUrl: HERE },
    "/metadataUrl not_allowed",
    "/metadataXml not_allowed",
  ),
  refusedChange("a change of nothing", "sso", {}, " too_few"),
  refusedChange("another protocol", "sso", { protocol: "oidc" }, "/protocol unknown_key"),
  refusedChange("another slug", "sso", { slug: "other" }, "/slug unknown_key"),
  refusedChange(
    "OIDC keys on a SAML connection",
    "sso",
    {
      issuer: "https://idp.example",
      clientId: "c",
      clientSecret: "s",
      scopes: ["openid"],
      clientAuthMethod: "none",
      idTokenAlg: "ES256",
      jit: "off",
    },
    ...["/clientAuthMethod", "/clientId", "/clientSecret", "/idTokenAlg", "/issuer", "/scopes"].map(
      (at) => `${at} unknown_key`,
    ),
  ),
  ...["oidc", "scim", "local"].map((connection) =>
    refusedChange(
      "SAML keys where SAML is not spoken",
      connection,
      { metadataXml: NEXT, requireSigned: "both", allowIdpInitiated: true, jit: "off" },
      ...["/allowIdpInitiated", "/metadataXml", "/requireSigned"].map((at) => `${at} unknown_key`),
    ),
  ),
  ...[OIDC, { slug: "new", protocol: "scim" }].map((body) => ({
    what: `metadata for ${body.protocol}`,
    call: "POST connections",
    options: { body: { ...body, metadataXml: XML } },
    wanted: ["/metadataXml unknown_key"],
  })),
  {
    what: "a SAML connection of another tenant",
    call: "PATCH connections/foreign",
    options: { body: { metadataXml: NEXT } },
    ...{ status: 404, code: "not_found" },
  },
  {
    what: "the end of a SAML connection of another tenant",
    call: "DELETE connections/foreign",
    options: { body: { onDisable: "deactivate" } },
    ...{ status: 404, code: "not_found" },
  },
];

for (const [database, newUrl] of DATABASES) {
  describe(`bad input to SAML connections, on ${database}`, () => {
    let client: AdminClient;
    let idp: MetadataServer;
    let tenant: string;
    let untouched: unknown;

    before(async () => {
      client = await openAdmin(undefined, await newUrl());
      idp = await startMetadataServer();
      const other = await client.tenant();
      await client.post(`${other}/connections`, { ...SAML, slug: "foreign" });
      tenant = await client.tenant();
      for (const body of [
        { ...SAML, slug: "sso" },
        { ...OIDC, slug: "oidc" },
        { slug: "scim", protocol: "scim" },
      ]) {
        const made = await client.post(`${tenant}/connections`, body);
        expect(made.status, made.text).to.equal(201);
      }
      untouched = await everything();
    });
    after(() => Promise.all([client.close(), idp.close()]));

    async function everything(): Promise<unknown> {
      const replies = await Promise.all(
        ["connections", "audit", "events"].map((list) => client.get(`${tenant}/${list}`)),
      );
      expect(replies.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
      return replies.map(({ body }) => body);
    }

    for (const { what, call, options, status = 422, code = "invalid_document", wanted, served = XML } of cases) {
      it(`changes nothing and says why: ${what} (${call})`, async () => {
        idp.serve(served);
        const [method = "", path = ""] = call.split(" ");
        const text = options.text ?? JSON.stringify(options.body).replaceAll(HERE, idp.url);
        const reply = await client.call(method, `${tenant}/${path}`, { text });
        expectProblem(reply, status, code);
        if (wanted !== undefined) expect([...mistakes(reply)].sort()).to.deep.equal([...wanted].sort());
        expect(await everything()).to.deep.equal(untouched);
      });
    }
  });
}

describe("metadata addresses in production", () => {
  let client: AdminClient;
  before(async () => {
    client = await openAdmin((config) => ({ ...config, allowPrivateNetwork: false }));
  });
  after(() => client.close());

  for (const [metadataUrl, status, code] of [
    ["http://idp.example/metadata", 422, "invalid_document"],
    ["https://127.0.0.1/metadata", 400, "address_refused"],
    ["https://localhost/metadata", 400, "address_refused"],
    ["https://169.254.169.254/latest/meta-data", 400, "address_refused"],
    ["https://[::1]/metadata", 400, "address_refused"],
    ["https://0x7f.1/metadata", 400, "address_refused"],
  ] as const) {
    it(`reach nobody inside: ${metadataUrl}`, async () => {
      const tenant = await client.tenant();
      const reply = await client.post(`${tenant}/connections`, { ...SAML, ...NO_XML, metadataUrl });
      expectProblem(reply, status, code);
      expect((await client.get(`${tenant}/connections`)).body.items).to.have.length(1);
    });
  }
});
