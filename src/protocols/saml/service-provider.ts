/** Owns what we say of ourselves in SAML: our metadata, and the requests that send people to their identity provider. */
import samlify from "samlify";
import type { NameIdFormat, SamlSettings } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import type { SigningKey } from "../../provisioning/connection-keys.js";
import type { ConnectionKey } from "../../provisioning/ports/connection-keys.js";
import type { Departure } from "../sign-in/sign-in-web.js";
import { signsRequests } from "./settings.js";
import { signedMessage, withSignature } from "./signed-message.js";

/** Our own names for one connection. */
export interface ServiceProvider {
  readonly entityId: string;
  /** Where responses are posted to. */
  readonly acsUrl: string;
  /** Where messages of a logout come to, by either binding. */
  readonly sloUrl: string;
}

export interface LoginRequest {
  /** An NCName that nobody can guess; the response must name it. */
  readonly id: string;
  /** At most 80 bytes (SAML bindings section 3.4.3). */
  readonly relayState: string;
  readonly now: Instant;
  /** `redirect` is the default; where the provider does not offer the wanted one, the other is taken. */
  readonly binding?: "redirect" | "post";
  /** Who is about to sign in; Entra and Okta fill it in, others ignore it. */
  readonly loginHint?: string;
  /** Absent: the request is not signed. */
  readonly key?: SigningKey;
}

const HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/** Providers that choose by our metadata take the first that they can make: one that outlives a new address is best. */
const NAME_ID_FORMATS: Readonly<Record<Exclude<NameIdFormat, "any">, string>> = {
  persistent: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  emailAddress: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  unspecified: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
};

/**
 * No `Format` in the policy unless an admin wants one: ADFS and Entra answer InvalidNameIDPolicy to one that they do not
 * send, others send their own all the same. `AllowCreate` lets a provider make a persistent identifier at a person's first
 * sign-in.
 */
const requestTemplate = ({ nameIdFormat = "any", forceAuthn = false }: SamlSettings) =>
  [
    '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"',
    ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{ID}" Version="2.0" IssueInstant="{IssueInstant}"',
    ` Destination="{Destination}" AssertionConsumerServiceURL="{AcsUrl}" ProtocolBinding="${HTTP_POST}"${forceAuthn ? ' ForceAuthn="true"' : ""}>`,
    "<saml:Issuer>{Issuer}</saml:Issuer>",
    `<samlp:NameIDPolicy${nameIdFormat === "any" ? "" : ` Format="${NAME_ID_FORMATS[nameIdFormat]}"`} AllowCreate="true"/>`,
    "</samlp:AuthnRequest>",
  ].join("");

/** Of SAML's schema; the library's own is another. */
const SCHEMA_ORDER = ["KeyDescriptor", "SingleLogoutService", "NameIDFormat", "AssertionConsumerService"];

/**
 * Our metadata for one connection (SAML metadata section 2.4.4). Every key that signs or may sign is in it, and of those
 * that decrypt those that are to be encrypted for: a retiring one is not.
 */
export function spMetadata(sp: ServiceProvider, idp: SamlSettings, keys: readonly ConnectionKey[]): string {
  const published = keys.filter(({ use, state }) => use === "signing" || state !== "retiring");
  const certificates = (use: ConnectionKey["use"]) =>
    [...published].sort(byState).flatMap((key) => (key.use === use ? key.certificate : []));
  const { nameIdFormat = "any" } = idp;
  // The library's types leave the order out.
  const described = {
    entityID: sp.entityId,
    elementsOrder: SCHEMA_ORDER,
    authnRequestsSigned: signsRequests(idp),
    wantAssertionsSigned: true,
    signingCert: certificates("signing"),
    encryptCert: certificates("encryption"),
    nameIDFormat: nameIdFormat === "any" ? Object.values(NAME_ID_FORMATS) : [NAME_ID_FORMATS[nameIdFormat]],
    singleLogoutService: [HTTP_REDIRECT, HTTP_POST].map((Binding) => ({ Binding, Location: sp.sloUrl })),
    assertionConsumerService: [{ Binding: HTTP_POST, Location: sp.acsUrl, isDefault: true }],
  };
  return samlify.ServiceProvider(described).getMetadata();
}

/** Providers that know of one key alone take the first. */
function byState(one: ConnectionKey, other: ConnectionKey): number {
  return Number(other.state === "active") - Number(one.state === "active");
}

/**
 * An AuthnRequest (SAML core section 3.4.1), signed where there is a key. It is deflated by HTTP-Redirect, and never by
 * HTTP-POST.
 */
export function authnRequest(sp: ServiceProvider, idp: SamlSettings, request: LoginRequest): Departure {
  const { binding, ssoUrl } = endpointOf(idp, request.binding ?? "redirect");
  const { key, relayState } = request;
  const xml = requestXml(sp, idp, ssoUrl, request);
  if (binding === "post") {
    const message = key === undefined ? xml : signedMessage(xml, key);
    const SAMLRequest = Buffer.from(message, "utf8").toString("base64");
    return { kind: "form", action: ssoUrl, fields: { SAMLRequest, RelayState: relayState } };
  }
  const options = { relayState, customTagReplacement: () => ({ id: request.id, context: xml }) };
  const { context } = providerOf(sp).createLoginRequest(identityProviderOf(idp), binding, options);
  const location = key === undefined ? context : withSignature(context, "SAMLRequest", key);
  return { kind: "redirect", location: withHint(location, request.loginHint) };
}

function endpointOf(idp: SamlSettings, wanted: "redirect" | "post") {
  const redirect = { binding: "redirect" as const, ssoUrl: idp.ssoRedirectUrl };
  const post = { binding: "post" as const, ssoUrl: idp.ssoPostUrl };
  const [first, second] = wanted === "redirect" ? [redirect, post] : [post, redirect];
  const { binding, ssoUrl } = first.ssoUrl === undefined ? second : first;
  if (ssoUrl === undefined) throw new Error("a SAML connection without an address to send people to");
  return { binding, ssoUrl };
}

/**
 * INVARIANT: `Destination`, the only value that a stranger wrote, is filled in last. The library fills in one tag after
 * the other, also such as look like tags in what it has just filled in; it escapes every value.
 */
function requestXml(sp: ServiceProvider, idp: SamlSettings, ssoUrl: string, { id, now }: LoginRequest): string {
  return samlify.SamlLib.replaceTagsByValue(requestTemplate(idp), {
    ID: id,
    // Whole seconds: every provider reads them.
    IssueInstant: now.replace(/\.\d+Z$/, "Z"),
    AcsUrl: sp.acsUrl,
    Issuer: sp.entityId,
    Destination: ssoUrl,
  });
}

function providerOf({ entityId, acsUrl }: Pick<ServiceProvider, "acsUrl" | "entityId">) {
  return samlify.ServiceProvider({
    entityID: entityId,
    authnRequestsSigned: false,
    assertionConsumerService: [{ Binding: HTTP_POST, Location: acsUrl, isDefault: true }],
  });
}

/** The provider as the library wants it. INVARIANT: made of what we accepted; it never sees a stranger's metadata. */
function identityProviderOf({ entityId, ssoRedirectUrl, ssoPostUrl }: SamlSettings) {
  const services = [
    // The library would put a second question mark behind a lone one.
    ...(ssoRedirectUrl === undefined ? [] : [{ Binding: HTTP_REDIRECT, Location: ssoRedirectUrl.replace(/\?$/, "") }]),
    ...(ssoPostUrl === undefined ? [] : [{ Binding: HTTP_POST, Location: ssoPostUrl }]),
  ];
  // The library writes to the console about a provider without logout addresses; nothing here reads them.
  return samlify.IdentityProvider({
    entityID: entityId,
    wantAuthnRequestsSigned: false,
    singleSignOnService: services,
    singleLogoutService: services,
  });
}

function withHint(location: string, hint: string | undefined): string {
  return hint === undefined ? location : `${location}&${new URLSearchParams({ login_hint: hint })}`;
}
