/** Makes SAML responses as a provider would, signed with real keys, and with any part of them other than it should be. */
import { type SignatureWishes, signElement } from "./saml-signature.js";

export const SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol";
export const SAML = "urn:oasis:names:tc:SAML:2.0:assertion";
export const STATUS = "urn:oasis:names:tc:SAML:2.0:status:";
export const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
export const NAME_ID = {
  persistent: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  transient: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
  entity: "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
  email: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  unspecified: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
} as const;
export const NAME_FORMAT = {
  basic: "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
  uri: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
} as const;

export interface WireAttribute {
  /** `null`: no Name. */
  readonly name: string | null;
  readonly values: readonly string[];
  readonly friendlyName?: string;
  readonly nameFormat?: string;
  /** `xs:string` and the like; `null`: none. `xs:string` unless told. */
  readonly type?: string | null;
}

/** Text is escaped; what is called XML is taken as it is; `null` leaves the thing out. Instants are counted from `now`. */
export interface ResponseWishes {
  readonly now: string;
  readonly signed: "assertion" | "response" | "both" | "none";
  /** For each signature, and over it for each of the two. */
  readonly signature: Partial<SignatureWishes>;
  readonly assertionSignature: Partial<SignatureWishes>;
  readonly responseSignature: Partial<SignatureWishes>;
  /** Empty: the default namespace. */
  readonly prefixes: { readonly samlp: string; readonly saml: string };

  readonly responseId: string;
  readonly version: string;
  readonly issueInstant: string | null;
  readonly destination: string | null;
  /** Of the Response and of SubjectConfirmationData. */
  readonly inResponseTo: string | null;
  readonly responseInResponseTo: string | null;
  readonly confirmationInResponseTo: string | null;
  readonly status: string;
  readonly subStatus: string | null;
  readonly statusMessage: string | null;

  /** Of the Assertion, and of the Response. */
  readonly issuer: string;
  readonly responseIssuer: string | null;
  readonly issuerFormat: string | null;

  readonly assertionId: string;
  readonly assertionVersion: string;
  readonly assertionIssueInstant: string | null;
  readonly nameId: string;
  readonly nameIdFormat: string | null;
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
  readonly spProvidedId: string | null;
  readonly confirmationMethod: string;
  readonly recipient: string | null;
  readonly confirmationNotBefore: string | null;
  readonly confirmationNotOnOrAfter: string | null;
  readonly notBefore: string | null;
  readonly notOnOrAfter: string | null;
  /** One AudienceRestriction for each list. */
  readonly audiences: readonly (readonly string[])[];
  readonly authnInstant: string;
  readonly sessionIndex: string | null;
  readonly sessionNotOnOrAfter: string | null;
  readonly authnContext: string;
  readonly attributes: readonly WireAttribute[];

  /** XML instead of these elements; the empty text leaves one out. */
  readonly xml: Partial<Record<Part, string>>;
  /** XML beside them. */
  readonly extra: Partial<Record<Place, string>>;
  /** Changes the message before it is signed. */
  readonly beforeSigning: (xml: string) => string;
}

export type Part =
  | "responseIssuer"
  | "status"
  | "assertion"
  | "assertionIssuer"
  | "subject"
  | "nameId"
  | "subjectConfirmation"
  | "conditions"
  | "authnStatement"
  | "attributeStatement";

export type Place =
  | "responseAttributes"
  | "beforeStatus"
  | "inStatus"
  | "beforeAssertion"
  | "endOfResponse"
  | "assertionAttributes"
  | "inSubject"
  | "inSubjectConfirmation"
  | "inSubjectConfirmationData"
  | "conditionsAttributes"
  | "inConditions"
  | "behindConditions"
  | "inAuthnStatement"
  | "inAttributeStatement"
  | "endOfAssertion";

/** Who Acme's responses are from and for, unless told. */
export const ACME = {
  idp: "https://idp.acme.example/saml",
  sp: "https://rolecall.example/sso/acme/okta/metadata",
  acs: "https://rolecall.example/sso/acme/okta/acs",
  request: "_request-1",
  nameId: "anna@acme.example",
  groups: ["Engineering", "IT Admins"],
} as const;

export class SamlMessage {
  readonly xml: string;
  readonly wishes: Partial<ResponseWishes>;

  constructor(xml: string, wishes: Partial<ResponseWishes>) {
    this.xml = xml;
    this.wishes = wishes;
  }

  /** As the form posts it. */
  get base64(): string {
    return Buffer.from(this.xml, "utf8").toString("base64");
  }

  /** Another message, made and signed anew with these wishes over the old ones. */
  with(wishes: Partial<ResponseWishes>): SamlMessage {
    return samlResponse({ ...this.wishes, ...wishes });
  }

  /** This message with other text, after it was signed. */
  altered(alter: (xml: string) => string): SamlMessage {
    const xml = alter(this.xml);
    if (xml === this.xml) throw new Error("nothing was altered");
    return new SamlMessage(xml, this.wishes);
  }

  /** This message with one piece of text, which must be there once, replaced after it was signed. */
  replaced(from: string, to: string): SamlMessage {
    return this.altered((xml) => replaceOnly(xml, from, to));
  }
}

/** Replaces a piece of text that is there exactly once. */
export function replaceOnly(xml: string, from: string, to: string): string {
  const parts = xml.split(from);
  if (parts.length !== 2) throw new Error(`\`${from}\` is there ${parts.length - 1} times`);
  return parts.join(to);
}

export function samlResponse(wishes: Partial<ResponseWishes> = {}): SamlMessage {
  const all = withDefaults(wishes);
  let xml = all.beforeSigning(responseXml(all));
  if (all.signed === "assertion" || all.signed === "both") {
    xml = signElement(xml, all.assertionId, { ...all.signature, ...all.assertionSignature });
  }
  if (all.signed === "response" || all.signed === "both") {
    xml = signElement(xml, all.responseId, { ...all.signature, ...all.responseSignature });
  }
  return new SamlMessage(xml, wishes);
}

/** A signed message of another make: the Assertion alone, as text to put where it does not belong. */
export function samlAssertion(wishes: Partial<ResponseWishes> = {}): string {
  const all = withDefaults(wishes);
  const xml = all.beforeSigning(assertionXml(all));
  if (all.signed === "none" || all.signed === "response") return xml;
  return signElement(xml, all.assertionId, { ...all.signature, ...all.assertionSignature });
}

function withDefaults(wishes: Partial<ResponseWishes>): ResponseWishes {
  const now = wishes.now ?? new Date().toISOString();
  const after = (seconds: number) => new Date(Date.parse(now) + seconds * 1000).toISOString();
  const issueInstant = wishes.issueInstant === undefined ? now : wishes.issueInstant;
  const inResponseTo = wishes.inResponseTo === undefined ? ACME.request : wishes.inResponseTo;
  const issuer = wishes.issuer ?? ACME.idp;
  return {
    now,
    signed: "both",
    signature: {},
    assertionSignature: {},
    responseSignature: {},
    prefixes: { samlp: "samlp", saml: "saml" },
    responseId: "_response-1",
    version: "2.0",
    issueInstant,
    destination: ACME.acs,
    inResponseTo,
    responseInResponseTo: inResponseTo,
    confirmationInResponseTo: inResponseTo,
    status: `${STATUS}Success`,
    subStatus: null,
    statusMessage: null,
    issuer,
    responseIssuer: issuer,
    issuerFormat: null,
    assertionId: "_assertion-1",
    assertionVersion: wishes.version ?? "2.0",
    assertionIssueInstant: issueInstant,
    nameId: ACME.nameId,
    nameIdFormat: NAME_ID.email,
    nameQualifier: null,
    spNameQualifier: null,
    spProvidedId: null,
    confirmationMethod: BEARER,
    recipient: ACME.acs,
    confirmationNotBefore: null,
    confirmationNotOnOrAfter: after(300),
    notBefore: after(-30),
    notOnOrAfter: after(300),
    audiences: [[ACME.sp]],
    authnInstant: after(-10),
    sessionIndex: "_session-1",
    sessionNotOnOrAfter: after(8 * 3600),
    authnContext: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    attributes: [
      { name: "email", values: [ACME.nameId] },
      { name: "groups", values: ACME.groups },
    ],
    xml: {},
    extra: {},
    beforeSigning: (xml) => xml,
    ...wishes,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function attribute(name: string, value: string | null | undefined): string {
  return value === null || value === undefined ? "" : ` ${name}="${escapeXml(value)}"`;
}

/** Writes elements of one namespace. */
function writer(prefix: string) {
  const named = (name: string) => (prefix === "" ? name : `${prefix}:${name}`);
  return (name: string, attributes: string, content: string) =>
    `<${named(name)}${attributes}${content === "" ? "/>" : `>${content}</${named(name)}>`}`;
}

function declaration(prefix: string, namespace: string): string {
  return attribute(prefix === "" ? "xmlns" : `xmlns:${prefix}`, namespace);
}

function responseXml(wishes: ResponseWishes): string {
  const { prefixes, xml, extra } = wishes;
  const samlp = writer(prefixes.samlp);
  const attributes =
    declaration(prefixes.samlp, SAMLP) +
    attribute("ID", wishes.responseId) +
    attribute("Version", wishes.version) +
    attribute("IssueInstant", wishes.issueInstant) +
    attribute("Destination", wishes.destination) +
    attribute("InResponseTo", wishes.responseInResponseTo) +
    (extra.responseAttributes ?? "");
  const content =
    (xml.responseIssuer ?? issuerXml(wishes, wishes.responseIssuer)) +
    (extra.beforeStatus ?? "") +
    (xml.status ?? statusXml(wishes)) +
    (extra.beforeAssertion ?? "") +
    (xml.assertion ?? assertionXml(wishes)) +
    (extra.endOfResponse ?? "");
  return samlp("Response", attributes, content);
}

function issuerXml(wishes: ResponseWishes, issuer: string | null): string {
  if (issuer === null) return "";
  const { saml } = wishes.prefixes;
  const attributes = declaration(saml, SAML) + attribute("Format", wishes.issuerFormat);
  return writer(saml)("Issuer", attributes, escapeXml(issuer));
}

function statusXml(wishes: ResponseWishes): string {
  const samlp = writer(wishes.prefixes.samlp);
  const sub = wishes.subStatus === null ? "" : samlp("StatusCode", attribute("Value", wishes.subStatus), "");
  const code = samlp("StatusCode", attribute("Value", wishes.status), sub);
  const message = wishes.statusMessage === null ? "" : samlp("StatusMessage", "", escapeXml(wishes.statusMessage));
  return samlp("Status", "", code + message + (wishes.extra.inStatus ?? ""));
}

function assertionXml(wishes: ResponseWishes): string {
  const { prefixes, xml, extra } = wishes;
  const attributes =
    declaration(prefixes.saml, SAML) +
    attribute("ID", wishes.assertionId) +
    attribute("Version", wishes.assertionVersion) +
    attribute("IssueInstant", wishes.assertionIssueInstant) +
    (extra.assertionAttributes ?? "");
  const content =
    (xml.assertionIssuer ?? issuerXml(wishes, wishes.issuer)) +
    (xml.subject ?? subjectXml(wishes)) +
    (xml.conditions ?? conditionsXml(wishes)) +
    (extra.behindConditions ?? "") +
    (xml.authnStatement ?? authnStatementXml(wishes)) +
    (xml.attributeStatement ?? attributeStatementXml(wishes)) +
    (extra.endOfAssertion ?? "");
  return writer(prefixes.saml)("Assertion", attributes, content);
}

function subjectXml(wishes: ResponseWishes): string {
  const { xml, extra } = wishes;
  const saml = writer(wishes.prefixes.saml);
  const qualifiers =
    attribute("NameQualifier", wishes.nameQualifier) +
    attribute("SPNameQualifier", wishes.spNameQualifier) +
    attribute("SPProvidedID", wishes.spProvidedId) +
    attribute("Format", wishes.nameIdFormat);
  const nameId = xml.nameId ?? saml("NameID", qualifiers, escapeXml(wishes.nameId));
  return saml(
    "Subject",
    "",
    nameId + (xml.subjectConfirmation ?? subjectConfirmationXml(wishes)) + (extra.inSubject ?? ""),
  );
}

function subjectConfirmationXml(wishes: ResponseWishes): string {
  const { extra } = wishes;
  const saml = writer(wishes.prefixes.saml);
  const data =
    attribute("InResponseTo", wishes.confirmationInResponseTo) +
    attribute("NotBefore", wishes.confirmationNotBefore) +
    attribute("NotOnOrAfter", wishes.confirmationNotOnOrAfter) +
    attribute("Recipient", wishes.recipient);
  return saml(
    "SubjectConfirmation",
    attribute("Method", wishes.confirmationMethod),
    saml("SubjectConfirmationData", data, extra.inSubjectConfirmationData ?? "") + (extra.inSubjectConfirmation ?? ""),
  );
}

function conditionsXml(wishes: ResponseWishes): string {
  const { extra } = wishes;
  const saml = writer(wishes.prefixes.saml);
  const times =
    attribute("NotBefore", wishes.notBefore) +
    attribute("NotOnOrAfter", wishes.notOnOrAfter) +
    (extra.conditionsAttributes ?? "");
  const restrictions = wishes.audiences.map((audiences) =>
    saml("AudienceRestriction", "", audiences.map((audience) => saml("Audience", "", escapeXml(audience))).join("")),
  );
  return saml("Conditions", times, restrictions.join("") + (extra.inConditions ?? ""));
}

function authnStatementXml(wishes: ResponseWishes): string {
  const saml = writer(wishes.prefixes.saml);
  const attributes =
    attribute("AuthnInstant", wishes.authnInstant) +
    attribute("SessionNotOnOrAfter", wishes.sessionNotOnOrAfter) +
    attribute("SessionIndex", wishes.sessionIndex);
  const context = saml("AuthnContext", "", saml("AuthnContextClassRef", "", escapeXml(wishes.authnContext)));
  return saml("AuthnStatement", attributes, (wishes.extra.inAuthnStatement ?? "") + context);
}

function attributeStatementXml(wishes: ResponseWishes): string {
  const content = wishes.attributes.map((each) => attributeXml(each, wishes)).join("");
  const extra = wishes.extra.inAttributeStatement ?? "";
  return content + extra === "" ? "" : writer(wishes.prefixes.saml)("AttributeStatement", "", content + extra);
}

function attributeXml({ name, values, friendlyName, nameFormat, type }: WireAttribute, wishes: ResponseWishes): string {
  const saml = writer(wishes.prefixes.saml);
  const typed =
    type === null
      ? ""
      : ` xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type ?? "xs:string"}"`;
  const attributes =
    attribute("Name", name) +
    attribute("NameFormat", nameFormat ?? NAME_FORMAT.basic) +
    attribute("FriendlyName", friendlyName);
  return saml("Attribute", attributes, values.map((value) => saml("AttributeValue", typed, escapeXml(value))).join(""));
}
