/** Owns what identity providers call the same attribute: by a short name, by an OID with a friendly name, or by a claim URI. */
import type { SamlServiceProvider } from "./saml-provider-config.js";

export interface AttributeName {
  readonly name: string;
  readonly nameFormat: string;
  readonly friendlyName?: string;
}

const BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
const URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
const CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";

/** OIDs of RFC 4524, RFC 4519, RFC 2798 and eduMember. */
const OIDS: Readonly<Record<string, readonly [oid: string, friendlyName: string]>> = {
  uid: ["0.9.2342.19200300.100.1.1", "uid"],
  mail: ["0.9.2342.19200300.100.1.3", "mail"],
  givenName: ["2.5.4.42", "givenName"],
  sn: ["2.5.4.4", "sn"],
  displayName: ["2.16.840.1.113730.3.1.241", "displayName"],
  groups: ["1.3.6.1.4.1.5923.1.5.1.1", "isMemberOf"],
};

const URIS: Readonly<Record<string, string>> = {
  uid: `${CLAIMS}/upn`,
  mail: `${CLAIMS}/emailaddress`,
  givenName: `${CLAIMS}/givenname`,
  sn: `${CLAIMS}/surname`,
  displayName: `${CLAIMS}/name`,
  groups: "http://schemas.xmlsoap.org/claims/Group",
};

/** Attributes that have no other name keep their short one. */
export function attributeName(short: string, names: NonNullable<SamlServiceProvider["attributeNames"]>): AttributeName {
  if (names === "uri") return { name: URIS[short] ?? short, nameFormat: URI };
  const [oid, friendlyName] = (names === "oid" ? OIDS[short] : undefined) ?? [];
  if (oid === undefined || friendlyName === undefined)
    return { name: short, nameFormat: names === "oid" ? URI : BASIC };
  return { name: `urn:oid:${oid}`, nameFormat: URI, friendlyName };
}
