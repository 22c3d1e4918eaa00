/** Makes messages of a logout as a provider would, signed with real keys, and with any part of them other than it should be. */
import { deflateRawSync } from "node:zlib";
import { idpKey, type SigningKey } from "./saml-keys.js";
import { ACME, NAME_ID, SAML, SAMLP, STATUS } from "./saml-response.js";
import { ALGORITHM, type SignatureWishes, signElement, signedOctets } from "./saml-signature.js";

export const SLO = "https://rolecall.example/sso/acme/okta/slo";

/** Text is escaped; what is called XML is taken as it is; `null` leaves the thing out. */
export interface LogoutWishes {
  readonly kind: "LogoutRequest" | "LogoutResponse";
  readonly now: string;
  readonly id: string;
  readonly version: string;
  readonly issueInstant: string | null;
  readonly destination: string | null;
  readonly notOnOrAfter: string | null;
  readonly inResponseTo: string | null;
  readonly issuer: string | null;
  readonly issuerFormat: string | null;
  readonly nameId: string;
  readonly nameIdFormat: string | null;
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
  /** Instead of the NameID. */
  readonly nameXml: string | null;
  readonly sessionIndexes: readonly string[];
  readonly status: string;
  readonly subStatus: string | null;
  /** XML behind the Issuer, and at the end. */
  readonly behindIssuer: string;
  readonly atEnd: string;
  /** Of the message itself. */
  readonly signature: Partial<SignatureWishes>;
}

export interface QueryWishes {
  readonly relayState?: string;
  readonly algorithm?: string;
  readonly key?: SigningKey;
  /** Escapes a value; what is signed is escaped so too. */
  readonly escaping?: (text: string) => string;
  readonly field?: "SAMLRequest" | "SAMLResponse";
}

export interface LogoutText {
  readonly id: string;
  readonly field: "SAMLRequest" | "SAMLResponse";
  readonly xml: string;
  /** The same with a signature in it. */
  signedXml(wishes?: Partial<SignatureWishes>): string;
  /** Fields of a form. */
  posted(relayState?: string): Readonly<Record<string, string>>;
  /** A query with a signature beside the message. */
  query(wishes?: QueryWishes): string;
}

export function logoutMessage(over: Partial<LogoutWishes> = {}): LogoutText {
  const now = over.now ?? new Date().toISOString();
  const wishes: LogoutWishes = {
    ...{ kind: "LogoutRequest", now, id: "_logout-1", version: "2.0", issueInstant: now, destination: SLO },
    ...{ notOnOrAfter: null, inResponseTo: null, issuer: ACME.idp, issuerFormat: null },
    ...{ nameId: ACME.nameId, nameIdFormat: NAME_ID.email, nameQualifier: null, spNameQualifier: null, nameXml: null },
    ...{ sessionIndexes: ["_session-1"], status: `${STATUS}Success`, subStatus: null },
    ...{ behindIssuer: "", atEnd: "", signature: {} },
    ...over,
  };
  const { id, kind } = wishes;
  const xml = messageXml(wishes);
  const field = kind === "LogoutRequest" ? "SAMLRequest" : "SAMLResponse";
  const signedXml = (more: Partial<SignatureWishes> = {}) => signElement(xml, id, { ...wishes.signature, ...more });
  return {
    ...{ id, field, xml, signedXml },
    posted: (relayState) => formOf(field, signedXml(), relayState),
    query: (more = {}) => signedQuery(xml, { field, ...more }),
  };
}

export function formOf(field: string, xml: string, relayState?: string): Readonly<Record<string, string>> {
  const message = Buffer.from(xml, "utf8").toString("base64");
  return { [field]: message, ...(relayState === undefined ? {} : { RelayState: relayState }) };
}

/** The octets that are signed stand in the query as they are. */
export function signedQuery(xml: string | Buffer, wishes: QueryWishes = {}): string {
  const { field = "SAMLRequest", relayState, algorithm = ALGORITHM.rsaSha256, escaping = encodeURIComponent } = wishes;
  const message = typeof xml === "string" ? deflateRawSync(Buffer.from(xml, "utf8")) : xml;
  const parts = [`${field}=${escaping(message.toString("base64"))}`];
  if (relayState !== undefined) parts.push(`RelayState=${escaping(relayState)}`);
  parts.push(`SigAlg=${escaping(algorithm)}`);
  return withSignature(parts.join("&"), algorithm, wishes.key ?? idpKey, escaping);
}

/** A signature over these octets behind them. */
export function withSignature(
  octets: string,
  algorithm: string = ALGORITHM.rsaSha256,
  key: SigningKey = idpKey,
  escaping: (text: string) => string = encodeURIComponent,
): string {
  return `${octets}&Signature=${escaping(signedOctets(octets, algorithm, key).toString("base64"))}`;
}

function messageXml(wishes: LogoutWishes): string {
  const { kind, behindIssuer, atEnd, issuer } = wishes;
  const attributes = [
    ["ID", wishes.id],
    ["Version", wishes.version],
    ["IssueInstant", wishes.issueInstant],
    ["Destination", wishes.destination],
    ["NotOnOrAfter", wishes.notOnOrAfter],
    ["InResponseTo", wishes.inResponseTo],
  ] as const;
  const said = attributes.map(([name, value]) => attribute(name, value)).join("");
  const by =
    issuer === null ? "" : `<saml:Issuer${attribute("Format", wishes.issuerFormat)}>${escaped(issuer)}</saml:Issuer>`;
  const content = kind === "LogoutRequest" ? subjectXml(wishes) : statusXml(wishes);
  return `<samlp:${kind} xmlns:samlp="${SAMLP}" xmlns:saml="${SAML}"${said}>${by}${behindIssuer}${content}${atEnd}</samlp:${kind}>`;
}

function subjectXml(wishes: LogoutWishes): string {
  const qualifiers = [
    attribute("NameQualifier", wishes.nameQualifier),
    attribute("SPNameQualifier", wishes.spNameQualifier),
    attribute("Format", wishes.nameIdFormat),
  ].join("");
  const name = wishes.nameXml ?? `<saml:NameID${qualifiers}>${escaped(wishes.nameId)}</saml:NameID>`;
  const indexes = wishes.sessionIndexes.map((index) => `<samlp:SessionIndex>${escaped(index)}</samlp:SessionIndex>`);
  return name + indexes.join("");
}

function statusXml({ status, subStatus }: LogoutWishes): string {
  const sub = subStatus === null ? "" : `<samlp:StatusCode Value="${STATUS}${subStatus}"/>`;
  return `<samlp:Status><samlp:StatusCode Value="${status}">${sub}</samlp:StatusCode></samlp:Status>`;
}

function attribute(name: string, value: string | null): string {
  return value === null ? "" : ` ${name}="${escaped(value)}"`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
