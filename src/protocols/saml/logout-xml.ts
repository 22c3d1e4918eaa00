/** Owns the messages of a logout that we send: their XML, and how a browser carries them (SAML core section 3.7). */
import { deflateRawSync } from "node:zlib";
import type { SamlSettings } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import type { SigningKey } from "../../provisioning/connection-keys.js";
import type { Departure } from "../sign-in/sign-in-web.js";
import { SAML, SAMLP, STATUS_PREFIX } from "./namespaces.js";
import { signedMessage, withSignature } from "./signed-message.js";
import type { LogoutBinding } from "./slo-message.js";
import type { NameId } from "./verified.js";

/** Where a provider takes one kind of message. */
export interface LogoutAddress {
  readonly binding: LogoutBinding;
  readonly url: string;
}

export interface LogoutEnvelope {
  /** An NCName that nobody can guess. */
  readonly id: string;
  readonly now: Instant;
  /** Our own entityID for the connection. */
  readonly issuer: string;
  readonly to: LogoutAddress;
  readonly key: SigningKey;
}

/** Who is signed out: as the provider named them. */
export interface LogoutSubject {
  readonly nameId: NameId;
  readonly sessionIndex?: string;
}

/** Where the provider takes logout requests; `undefined`: nowhere that we can send a browser to, or an admin wants none sent. */
export function requestAddress(idp: SamlSettings): LogoutAddress | undefined {
  const { sloRedirectUrl, sloPostUrl, singleLogout = true } = idp;
  if (!singleLogout) return undefined;
  return firstOf([
    ["redirect", sloRedirectUrl],
    ["post", sloPostUrl],
  ]);
}

/** Where it takes our answers: by the binding of its request, if it can. */
export function responseAddress(idp: SamlSettings, binding: LogoutBinding): LogoutAddress | undefined {
  const redirect = ["redirect", idp.sloRedirectResponseUrl ?? idp.sloRedirectUrl] as const;
  const post = ["post", idp.sloPostResponseUrl ?? idp.sloPostUrl] as const;
  return firstOf(binding === "redirect" ? [redirect, post] : [post, redirect]);
}

function firstOf(choices: readonly (readonly [LogoutBinding, string | undefined])[]): LogoutAddress | undefined {
  return choices.flatMap(([binding, url]) => (url === undefined ? [] : [{ binding, url }]))[0];
}

export function logoutRequest(envelope: LogoutEnvelope, { nameId, sessionIndex }: LogoutSubject): Departure {
  const qualifiers = [
    ["NameQualifier", nameId.nameQualifier],
    ["SPNameQualifier", nameId.spNameQualifier],
    ["Format", nameId.format],
    ["SPProvidedID", nameId.spProvidedId],
  ].flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${escaped(value)}"`]));
  const index = sessionIndex === undefined ? "" : `<samlp:SessionIndex>${escaped(sessionIndex)}</samlp:SessionIndex>`;
  const name = `<saml:NameID${qualifiers.join("")}>${escaped(nameId.value)}</saml:NameID>`;
  return sent("SAMLRequest", messageXml("LogoutRequest", envelope, "", name + index), envelope);
}

/** The answer `Success`. `relayState`: as it came with the request. */
export function logoutResponse(
  envelope: LogoutEnvelope,
  { inResponseTo, relayState }: { readonly inResponseTo: string; readonly relayState?: string },
): Departure {
  const status = `<samlp:Status><samlp:StatusCode Value="${STATUS_PREFIX}Success"/></samlp:Status>`;
  const xml = messageXml("LogoutResponse", envelope, ` InResponseTo="${escaped(inResponseTo)}"`, status);
  return sent("SAMLResponse", xml, envelope, relayState);
}

function messageXml(
  name: "LogoutRequest" | "LogoutResponse",
  { id, now, issuer, to }: LogoutEnvelope,
  attributes: string,
  content: string,
): string {
  // Whole seconds: every provider reads them.
  const instant = now.replace(/\.\d+Z$/, "Z");
  return [
    `<samlp:${name} xmlns:samlp="${SAMLP}" xmlns:saml="${SAML}" ID="${escaped(id)}" Version="2.0"`,
    ` IssueInstant="${instant}" Destination="${escaped(to.url)}"${attributes}>`,
    `<saml:Issuer>${escaped(issuer)}</saml:Issuer>${content}</samlp:${name}>`,
  ].join("");
}

/** Signed in each case: inside the message by HTTP-POST, beside it by HTTP-Redirect. */
function sent(
  field: "SAMLRequest" | "SAMLResponse",
  xml: string,
  { to, key }: LogoutEnvelope,
  relayState?: string,
): Departure {
  if (to.binding === "post") {
    const message = Buffer.from(signedMessage(xml, key), "utf8").toString("base64");
    const state = relayState === undefined ? {} : { RelayState: relayState };
    return { kind: "form", action: to.url, fields: { [field]: message, ...state } };
  }
  const message = escapedForQuery(deflateRawSync(Buffer.from(xml, "utf8")).toString("base64"));
  const state = relayState === undefined ? "" : `&RelayState=${escapedForQuery(relayState)}`;
  const location = `${to.url}${to.url.includes("?") ? "&" : "?"}${field}=${message}${state}`;
  return { kind: "redirect", location: withSignature(location, field, key) };
}

/** INVARIANT: as browsers leave it. They escape the apostrophe, and what is signed would be another text then. */
function escapedForQuery(text: string): string {
  return encodeURIComponent(text).replaceAll("'", "%27");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"\t\n\r]/g, (character) => ENTITIES[character] ?? character);
}
