/** A SAML identity provider as a process of its own, made with samlify; `saml-identity-provider.ts` says how it is used. */
import { randomUUID } from "node:crypto";
import samlify from "samlify";
import { attributeName } from "./saml-attribute-names.js";
import { newSamlKey, type SamlKey } from "./saml-certificate.js";
import {
  type SamlAddresses,
  type SamlLibrary,
  type SamlMessage,
  type SamlRequest,
  type SamlStatus,
  serveSamlProvider,
} from "./saml-identity-provider.js";
import { createSamlLogout } from "./saml-logout.js";
import { nameIdOf } from "./saml-name-id.js";
import { escaped, postPage } from "./saml-pages.js";
import {
  NAME_ID_FORMATS,
  type SamlAccount,
  type SamlProviderConfig,
  type SamlServiceProvider,
} from "./saml-provider-config.js";
import { createSamlSessions, type SamlSession } from "./saml-sessions.js";

const BINDINGS = samlify.Constants.namespace.binding;
const STATUS = "urn:oasis:names:tc:SAML:2.0:status:";
const MINUTE_MS = 60_000;

/** What samlify's own template lacks: a statement of the authentication, qualifiers of the name, and attributes of several values. */
const RESPONSE = [
  '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"',
  ' ID="{ID}" Version="2.0" IssueInstant="{Now}" Destination="{AcsUrl}" InResponseTo="{InResponseTo}">',
  '<saml:Issuer>{Issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{Success}"/></samlp:Status>',
  '<saml:Assertion xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  ' ID="{AssertionID}" Version="2.0" IssueInstant="{Now}"><saml:Issuer>{Issuer}</saml:Issuer><saml:Subject>',
  '<saml:NameID Format="{NameIDFormat}" NameQualifier="{NameQualifier}" SPNameQualifier="{SPNameQualifier}">{NameID}</saml:NameID>',
  '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
  '<saml:SubjectConfirmationData NotOnOrAfter="{Later}" Recipient="{AcsUrl}" InResponseTo="{InResponseTo}"/>',
  '</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{Now}" NotOnOrAfter="{Later}">',
  "<saml:AudienceRestriction><saml:Audience>{Audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>",
  '<saml:AuthnStatement AuthnInstant="{Now}" SessionIndex="{SessionIndex}"><saml:AuthnContext><saml:AuthnContextClassRef>',
  "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
  "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>{Attributes}</saml:Assertion></samlp:Response>",
].join("");

const REFUSAL = [
  '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"',
  ' ID="{ID}" Version="2.0" IssueInstant="{Now}" Destination="{AcsUrl}" InResponseTo="{InResponseTo}">',
  '<saml:Issuer>{Issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{Responder}"><samlp:StatusCode Value="{Status}"/>',
  "</samlp:StatusCode><samlp:StatusMessage>{Message}</samlp:StatusMessage></samlp:Status></samlp:Response>",
].join("");

// The library insists on being told how to validate against the schema; this provider trusts what it reads.
samlify.setSchemaValidator({ validate: async () => "not validated" });
await serveSamlProvider(openLibrary);

async function openLibrary({ serviceProviders }: SamlProviderConfig, addresses: SamlAddresses): Promise<SamlLibrary> {
  const { metadataUrl: entityId, ssoUrl } = addresses;
  const sessions = createSamlSessions();
  const key = await newSamlKey("SAML identity provider for development");
  const idp = createIdentityProvider(addresses, key);
  const readPartner = createPartners();
  const logout = createSamlLogout(idp, serviceProviders, sessions);

  async function read(message: SamlMessage): Promise<SamlRequest> {
    const { binding, fields } = message;
    const { samlContent, extract } = await idp.parseLoginRequest(
      nobody(ssoUrl),
      binding,
      binding === "post" ? { body: fields } : { query: fields },
    );
    const serviceProvider = serviceProviders.find((one) => one.entityId === extract.issuer);
    if (serviceProvider === undefined) throw new Error(`the service provider \`${extract.issuer}\` is not known here`);
    const { id, destination, assertionConsumerServiceUrl: acsUrl } = extract.request ?? {};
    if (typeof id !== "string") throw new Error("the request has no ID");
    if (destination !== ssoUrl) throw new Error(`the request is meant for \`${destination}\`, not for \`${ssoUrl}\``);
    const registered = acsUrlOf(await readPartner(serviceProvider));
    if (acsUrl !== undefined && acsUrl !== registered)
      throw new Error(`the request wants its answer at \`${acsUrl}\`, which is not in the service provider's metadata`);
    return { message, id, serviceProvider, isPassive: /\sIsPassive="(?:1|true)"/.test(samlContent) };
  }

  async function respond(request: SamlRequest, userName: string, account: SamlAccount): Promise<string> {
    const partner = await readPartner(request.serviceProvider);
    const session = sessionOf(request, userName, account);
    sessions.add(session);
    const xml = responseXml(request, { entityId, acsUrl: acsUrlOf(partner), account, session });
    const { context } = await idp.createLoginResponse(
      partner,
      { extract: {} },
      "post",
      {},
      {
        customTagReplacement: () => ({ id: "", context: xml }),
      },
    );
    return answerPage(request, acsUrlOf(partner), context);
  }

  async function refuse(request: SamlRequest, status: SamlStatus): Promise<string> {
    const partner = await readPartner(request.serviceProvider);
    const xml = refusalXml(request, status, { entityId, acsUrl: acsUrlOf(partner) });
    const isSigned = request.serviceProvider.signs !== "assertion";
    return answerPage(
      request,
      acsUrlOf(partner),
      isSigned ? signedMessage(xml, idp, key) : Buffer.from(xml).toString("base64"),
    );
  }

  return {
    entityId,
    metadata: async () => idp.getMetadata(),
    ...{ read, respond, refuse },
    takeLogout: (message) => logout.take(message),
    async beginLogout(userName, binding) {
      const session = sessions.ofUser(userName);
      if (session === undefined) throw new Error(`\`${userName}\` is not signed in here`);
      return logout.begin(session, binding);
    },
  };
}

function answerPage({ message }: SamlRequest, acsUrl: string, SAMLResponse: string): string {
  const { RelayState } = message.fields;
  return postPage(acsUrl, { SAMLResponse, ...(RelayState === undefined ? {} : { RelayState }) });
}

type IdentityProvider = ReturnType<typeof samlify.IdentityProvider>;
type Partner = ReturnType<typeof samlify.ServiceProvider>;

function createIdentityProvider({ metadataUrl, ssoUrl, sloUrl }: SamlAddresses, key: SamlKey): IdentityProvider {
  return samlify.IdentityProvider({
    entityID: metadataUrl,
    privateKey: key.privateKey,
    signingCert: key.certificate,
    nameIDFormat: Object.values(NAME_ID_FORMATS),
    singleSignOnService: [
      { Binding: BINDINGS.redirect, Location: ssoUrl },
      { Binding: BINDINGS.post, Location: ssoUrl },
    ],
    singleLogoutService: [
      { Binding: BINDINGS.redirect, Location: sloUrl },
      { Binding: BINDINGS.post, Location: sloUrl },
    ],
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
  });
}

/** What the person is called in front of the service, from now until they sign out. */
function sessionOf({ serviceProvider }: SamlRequest, userName: string, account: SamlAccount): SamlSession {
  const { nameIdFormat = "persistent" } = serviceProvider;
  return {
    ...{ userName, serviceProvider, nameIdFormat: NAME_ID_FORMATS[nameIdFormat], sessionIndex: `_${randomUUID()}` },
    nameId: nameIdOf(userName, account, { ...serviceProvider, nameIdFormat }),
  };
}

/** The library reads a request in the name of a service, before it can be known whose request it is. */
function nobody(ssoUrl: string): Partner {
  return samlify.ServiceProvider({
    entityID: ssoUrl,
    assertionConsumerService: [{ Binding: BINDINGS.post, Location: ssoUrl }],
  });
}

/** Services as their own metadata describes them, but for what is signed: that is the configuration's. */
function createPartners(): (serviceProvider: SamlServiceProvider) => Promise<Partner> {
  const known = new Map<string, Partner>();
  return async ({ entityId, signs }) => {
    const before = known.get(entityId);
    if (before !== undefined) return before;
    const answer = await fetch(entityId);
    if (!answer.ok) throw new Error(`the metadata of \`${entityId}\` cannot be had: ${answer.status}`);
    const described = samlify.ServiceProvider({ metadata: await answer.text() });
    if (described.entityMeta.getEntityID() !== entityId)
      throw new Error(`the metadata at \`${entityId}\` is somebody else's`);
    const partner = samlify.ServiceProvider({
      entityID: entityId,
      assertionConsumerService: [{ Binding: BINDINGS.post, Location: acsUrlOf(described) }],
      wantAssertionsSigned: signs !== "response",
      wantMessageSigned: signs !== "assertion",
    });
    known.set(entityId, partner);
    return partner;
  };
}

function acsUrlOf(partner: Partner): string {
  return String(partner.entityMeta.getAssertionConsumerService("post"));
}

interface Answer {
  readonly entityId: string;
  readonly acsUrl: string;
}

function responseXml(
  request: SamlRequest,
  { entityId, acsUrl, account, session }: Answer & { readonly account: SamlAccount; readonly session: SamlSession },
): string {
  const { serviceProvider } = request;
  const { nameIdFormat = "persistent", attributeNames = "short" } = serviceProvider;
  const isPersistent = nameIdFormat === "persistent";
  const filled = samlify.SamlLib.replaceTagsByValue(RESPONSE, {
    ...commonTags(request, { entityId, acsUrl }),
    Later: new Date(Date.now() + 5 * MINUTE_MS).toISOString(),
    Success: `${STATUS}Success`,
    AssertionID: `_${randomUUID()}`,
    NameIDFormat: session.nameIdFormat,
    NameQualifier: isPersistent ? entityId : undefined,
    SPNameQualifier: isPersistent ? serviceProvider.entityId : undefined,
    Audience: serviceProvider.entityId,
    SessionIndex: session.sessionIndex,
    NameID: session.nameId,
  });
  const attributes = Object.entries(account.attributes).map(([short, values]) =>
    attributeXml(attributeName(short, attributeNames), values),
  );
  const statement =
    attributes.length === 0 ? "" : `<saml:AttributeStatement>${attributes.join("")}</saml:AttributeStatement>`;
  return filled.replace("{Attributes}", () => statement);
}

function attributeXml(
  { name, nameFormat, friendlyName }: ReturnType<typeof attributeName>,
  values: readonly string[],
): string {
  const friendly = friendlyName === undefined ? "" : ` FriendlyName="${escaped(friendlyName)}"`;
  const texts = values.map(
    (value) => `<saml:AttributeValue xsi:type="xs:string">${escaped(value)}</saml:AttributeValue>`,
  );
  return `<saml:Attribute Name="${escaped(name)}" NameFormat="${escaped(nameFormat)}"${friendly}>${texts.join("")}</saml:Attribute>`;
}

function refusalXml(request: SamlRequest, status: SamlStatus, answer: Answer): string {
  return samlify.SamlLib.replaceTagsByValue(REFUSAL, {
    ...commonTags(request, answer),
    Responder: `${STATUS}Responder`,
    Status: `${STATUS}${status}`,
    Message: `nobody is signed in: ${status}`,
  });
}

function commonTags({ id }: SamlRequest, { entityId, acsUrl }: Answer): Readonly<Record<string, string>> {
  return { ID: `_${randomUUID()}`, Now: new Date().toISOString(), InResponseTo: id, Issuer: entityId, AcsUrl: acsUrl };
}

function signedMessage(xml: string, idp: IdentityProvider, { privateKey }: SamlKey): string {
  return samlify.SamlLib.constructSAMLSignature({
    rawSamlMessage: xml,
    isMessageSigned: true,
    privateKey,
    privateKeyPass: "",
    signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    signingCert: String(idp.entityMeta.getX509Certificate("signing")),
    signatureConfig: {
      prefix: "ds",
      location: { reference: "/*[local-name(.)='Response']/*[local-name(.)='Issuer']", action: "after" },
    },
  });
}
