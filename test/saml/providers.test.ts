import { expect } from "chai";
import { samlClaims } from "../../src/protocols/saml/claims.js";
import { loadIdpProfiles, profileFor } from "../../src/protocols/sign-in/idp-profile.js";
import { translate } from "../../src/protocols/sign-in/translate.js";
import { ACME, NAME_FORMAT, NAME_ID, type ResponseWishes, samlResponse } from "../support/saml-response.js";
import { consume, NOW } from "./corpus.js";

const profiles = loadIdpProfiles();

const CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
const IDENTITY = "http://schemas.microsoft.com/identity/claims";

/** What each provider puts on the wire with its own settings, and what is known of the person after it was read. */
interface Provider {
  readonly title: string;
  readonly entityId: string;
  readonly sends: Partial<ResponseWishes>;
  readonly known: {
    readonly subject: string;
    readonly userNames: readonly string[];
    readonly userName: string;
    readonly displayName: string;
    readonly email: string;
    readonly groups: readonly string[];
  };
}

const basic = (name: string, ...values: string[]) => ({ name, values, nameFormat: NAME_FORMAT.basic });
const byOid = (oid: string, friendlyName: string, ...values: string[]) => ({
  name: `urn:oid:${oid}`,
  friendlyName,
  values,
  nameFormat: NAME_FORMAT.uri,
});
const byUri = (name: string, ...values: string[]) => ({ name, values });

const providers: readonly Provider[] = [
  {
    title: "SimpleSAMLphp: persistent NameID with an SPNameQualifier, short names",
    entityId: "https://idp.acme.example/simplesaml/saml2/idp/metadata.php",
    sends: {
      nameId: "2b6fd1a4c5",
      nameIdFormat: NAME_ID.persistent,
      spNameQualifier: ACME.sp,
      attributes: [
        basic("uid", "zoe"),
        basic("cn", `Zoë "Z" O'Neil & Söhne`),
        basic("mail", "zoe@acme.example"),
        basic("groups", "Eng", "Sales, EMEA", "CN=R&D,OU=Groups,DC=acme"),
      ],
    },
    known: {
      subject: "2b6fd1a4c5",
      userNames: ["zoe", "2b6fd1a4c5"],
      userName: "zoe",
      displayName: `Zoë "Z" O'Neil & Söhne`,
      email: "zoe@acme.example",
      groups: ["Eng", "Sales, EMEA", "CN=R&D,OU=Groups,DC=acme"],
    },
  },
  {
    title: "SimpleSAMLphp: names as OIDs",
    entityId: "https://idp.acme.example/simplesaml/saml2/idp/metadata.php",
    sends: {
      nameId: "2b6fd1a4c5",
      nameIdFormat: NAME_ID.persistent,
      attributes: [
        { ...byUri("urn:oid:0.9.2342.19200300.100.1.1", "zoe"), nameFormat: NAME_FORMAT.uri },
        { ...byUri("urn:oid:2.5.4.3", "Zoë"), nameFormat: NAME_FORMAT.uri },
        { ...byUri("urn:oid:0.9.2342.19200300.100.1.3", "zoe@acme.example"), nameFormat: NAME_FORMAT.uri },
        { ...byUri("urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "Eng"), nameFormat: NAME_FORMAT.uri },
      ],
    },
    known: {
      subject: "2b6fd1a4c5",
      userNames: ["zoe", "2b6fd1a4c5"],
      userName: "zoe",
      displayName: "Zoë",
      email: "zoe@acme.example",
      groups: ["Eng"],
    },
  },
  {
    title: "LemonLDAP::NG: e-mail NameID in the person's own letter case, values without a type",
    entityId: "https://auth.acme.example/saml/metadata",
    sends: {
      nameId: "Dwho@Acme.Example",
      nameIdFormat: NAME_ID.email,
      attributes: [
        { ...basic("uid", "dwho"), friendlyName: "uid", type: null },
        { ...basic("mail", "Dwho@Acme.Example"), friendlyName: "mail", type: null },
        { ...basic("cn", "Doctor Who"), friendlyName: "cn", type: null },
        { ...basic("groups", "timelords", "users"), friendlyName: "groups", type: null },
      ],
    },
    known: {
      subject: "=emailAddress:dwho@acme.example",
      userNames: ["Dwho@Acme.Example", "dwho"],
      userName: "Dwho@Acme.Example",
      displayName: "Doctor Who",
      email: "Dwho@Acme.Example",
      groups: ["timelords", "users"],
    },
  },
  {
    title: "pysaml2: persistent NameID with both qualifiers, OIDs with friendly names, plain `groups`",
    entityId: "https://pysaml.acme.example/idp.xml",
    sends: {
      prefixes: { samlp: "ns0", saml: "ns1" },
      nameId: "9d1f",
      nameIdFormat: NAME_ID.persistent,
      nameQualifier: "https://pysaml.acme.example/idp.xml",
      spNameQualifier: ACME.sp,
      attributes: [
        byOid("0.9.2342.19200300.100.1.1", "uid", "ada"),
        byOid("2.16.840.1.113730.3.1.241", "displayName", "Ada Lovelace"),
        byOid("0.9.2342.19200300.100.1.3", "mail", "ada@acme.example"),
        { ...byUri("groups", "Eng"), nameFormat: NAME_FORMAT.uri },
      ],
    },
    known: {
      subject: "9d1f",
      userNames: ["ada", "9d1f"],
      userName: "ada",
      displayName: "Ada Lovelace",
      email: "ada@acme.example",
      groups: ["Eng"],
    },
  },
  {
    title: "saml-idp: e-mail NameID, groups split at commas with their blanks",
    entityId: "urn:example:idp",
    sends: {
      nameId: "saml.jackson@example.com",
      nameIdFormat: NAME_ID.email,
      attributes: [
        basic("firstName", "Saml"),
        basic("lastName", "Jackson"),
        basic("displayName", "saml jackson"),
        basic("email", "saml.jackson@example.com"),
        basic("groups", "Simple IdP Users", " West Coast Users", " Cloud Users"),
      ],
    },
    known: {
      subject: "=emailAddress:saml.jackson@example.com",
      userNames: ["saml.jackson@example.com"],
      userName: "saml.jackson@example.com",
      displayName: "saml jackson",
      email: "saml.jackson@example.com",
      groups: ["Simple IdP Users", "West Coast Users", "Cloud Users"],
    },
  },
  {
    title: "samlp: unspecified NameID, claim URIs, values of any type",
    entityId: "urn:samlp.acme.example",
    sends: {
      nameId: "ada",
      nameIdFormat: null,
      attributes: [
        { ...byUri(`${CLAIMS}/nameidentifier`, "ada"), type: "xs:anyType" },
        { ...byUri(`${CLAIMS}/emailaddress`, "ada@acme.example"), type: "xs:anyType" },
        { ...byUri(`${CLAIMS}/name`, "Ada Lovelace"), type: "xs:anyType" },
        { ...byUri("http://schemas.xmlsoap.org/claims/Group", "Eng", "Ops"), type: "xs:anyType" },
      ],
    },
    known: {
      subject: "=unspecified:ada",
      userNames: ["ada"],
      userName: "ada",
      displayName: "Ada Lovelace",
      email: "ada@acme.example",
      groups: ["Eng", "Ops"],
    },
  },
  {
    title: "Entra ID: claims as it sends them unasked, and groups by id",
    entityId: "https://sts.windows.net/5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11/",
    sends: {
      nameId: "Ada@acme.example",
      nameIdFormat: NAME_ID.email,
      attributes: [
        byUri(`${IDENTITY}/tenantid`, "5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11"),
        byUri(`${IDENTITY}/objectidentifier`, "c7d5b2f0-0000-4000-8000-000000000001"),
        byUri(`${IDENTITY}/displayname`, "Ada Lovelace"),
        byUri("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", "1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11"),
        byUri(`${CLAIMS}/emailaddress`, "ada@acme.example"),
        byUri(`${CLAIMS}/name`, "Ada@acme.example"),
      ],
    },
    known: {
      subject: "c7d5b2f0-0000-4000-8000-000000000001",
      userNames: ["Ada@acme.example"],
      userName: "Ada@acme.example",
      displayName: "Ada Lovelace",
      email: "ada@acme.example",
      groups: ["1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11"],
    },
  },
  {
    title: "Keycloak: a name as NameID, each group an attribute of the same name",
    entityId: "https://sso.acme.example/realms/acme",
    sends: {
      nameId: "ada",
      nameIdFormat: NAME_ID.unspecified,
      attributes: [
        byOid("1.2.840.113549.1.9.1", "email", "ada@acme.example"),
        basic("displayName", "Ada Lovelace"),
        basic("member", "/Eng"),
        basic("member", "/Eng/Core"),
        basic("Role", "offline_access"),
      ],
    },
    known: {
      subject: "=unspecified:ada",
      userNames: ["ada"],
      userName: "ada",
      displayName: "Ada Lovelace",
      email: "ada@acme.example",
      groups: ["/Eng", "/Eng/Core"],
    },
  },
];

describe("identity providers with nothing but their metadata", () => {
  for (const { title, entityId, sends, known } of providers) {
    it(title, () => {
      const response = samlResponse({ now: NOW, issuer: entityId, ...sends });
      const assertion = consume(response.base64, { idp: { entityId } });
      const profile = profileFor(profiles, { protocol: "saml", issuer: entityId, profile: "rfc" });
      const claims = samlClaims(assertion, { idp: entityId, sp: ACME.sp });
      const observed = translate(claims, profile, { absentGroups: "unknown", provedDomains: [] });
      const { userName, displayName, email } = observed?.attributes ?? {};
      expect({
        subject: observed?.subject,
        userNames: observed?.userNames,
        ...{ userName, displayName, email, groups: observed?.groups },
      }).to.deep.equal({
        subject: known.subject,
        userNames: known.userNames,
        userName: { known: true, value: known.userName },
        displayName: { known: true, value: known.displayName },
        email: { known: true, value: known.email },
        groups: { known: true, value: known.groups },
      });
    });
  }
});
