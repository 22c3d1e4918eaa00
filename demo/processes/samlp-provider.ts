/** A SAML identity provider as a process of its own, made with Auth0's samlp; `saml-identity-provider.ts` says how it is used. */
import { randomUUID } from "node:crypto";
import {
  type AuthOptions,
  auth,
  type ErrorOptions,
  type Handler,
  metadata,
  parseRequest,
  type Request,
  sendError,
} from "samlp";
import { attributeName } from "./saml-attribute-names.js";
import { newSamlKey } from "./saml-certificate.js";
import {
  type SamlAddresses,
  type SamlLibrary,
  type SamlMessage,
  type SamlRequest,
  type SamlStatus,
  serveSamlProvider,
} from "./saml-identity-provider.js";
import { nameIdOf } from "./saml-name-id.js";
import {
  NAME_ID_FORMATS,
  type SamlAccount,
  type SamlProviderConfig,
  type SamlServiceProvider,
} from "./saml-provider-config.js";
import { createSamlSessions, type SamlSession } from "./saml-sessions.js";
import { createSamlpLogout } from "./samlp-logout.js";

const STATUS = "urn:oasis:names:tc:SAML:2.0:status:";

await serveSamlProvider(openLibrary);

async function openLibrary(
  { serviceProviders }: SamlProviderConfig,
  { origin, ssoUrl, sloUrl }: SamlAddresses,
): Promise<SamlLibrary> {
  const { host } = new URL(origin);
  const key = await newSamlKey("samlp");
  const own = { issuer: `urn:samlp:${host}`, key: key.privateKey, cert: key.certificate };
  const sessions = createSamlSessions();
  const logout = createSamlpLogout(own);
  return {
    entityId: own.issuer,
    metadata() {
      const path = new URL(ssoUrl).pathname;
      const slo = new URL(sloUrl).pathname;
      const logoutEndpointPaths = { redirect: slo, post: slo };
      const endpoints = { redirectEndpointPath: path, postEndpointPath: path, logoutEndpointPaths };
      return sent(metadata({ ...own, ...endpoints }), { headers: { host }, protocol: "http" });
    },
    async read(message) {
      const { id, issuer } = await parsed(message);
      const serviceProvider = serviceProviders.find(({ entityId }) => entityId === issuer);
      if (serviceProvider === undefined) throw new Error(`the service provider \`${issuer}\` is not known here`);
      // The library reads no more of a request: whoever should not be asked anything is asked all the same.
      return { message, id, serviceProvider, isPassive: false };
    },
    async respond(request, userName, account) {
      const session = sessionOf(request.serviceProvider, userName, account);
      sessions.add(session);
      await logout.join(session);
      const { user, options } = identityOf(session, account);
      const answer = { ...own, ...answerOptions(request), ...assertionOptions(session), ...options };
      return sent(auth(answer), { ...expressRequest(request.message), user });
    },
    refuse(request, status) {
      return sent(
        sendError({ ...own, ...answerOptions(request), ...errorOptions(request, status) }),
        expressRequest(request.message),
      );
    },
    takeLogout: (message) => logout.take(message),
    async beginLogout(userName, binding) {
      const session = sessions.ofUser(userName);
      if (session === undefined) throw new Error(`\`${userName}\` is not signed in here`);
      return logout.begin(session, binding);
    },
  };
}

/** What the person is called in front of the service, from now until they sign out. */
function sessionOf(serviceProvider: SamlServiceProvider, userName: string, account: SamlAccount): SamlSession {
  const { nameIdFormat = "persistent" } = serviceProvider;
  return {
    ...{ userName, serviceProvider, nameIdFormat: NAME_ID_FORMATS[nameIdFormat], sessionIndex: `_${randomUUID()}` },
    nameId: nameIdOf(userName, account, { ...serviceProvider, nameIdFormat }),
  };
}

/** A request as express would hand it on. */
function expressRequest({ binding, fields }: SamlMessage): Request {
  return binding === "post" ? { method: "POST", query: {}, body: fields } : { method: "GET", query: fields, body: {} };
}

function parsed(message: SamlMessage): Promise<{ readonly id: string; readonly issuer: string }> {
  return new Promise((resolve, reject) => {
    parseRequest(expressRequest(message), (error, request) => {
      if (request === undefined) reject(error ?? new Error("there is no SAMLRequest"));
      else resolve(request);
    });
  });
}

/** What the middleware sends, of which express would make an answer. */
function sent<R>(middleware: Handler<R>, request: R): Promise<string> {
  return new Promise((resolve, reject) => {
    const send = (body: number | string): void =>
      typeof body === "string" ? resolve(body) : reject(new Error(`samlp answers ${body}`));
    middleware(request, { set: () => undefined, send }, reject);
  });
}

function answerOptions({ serviceProvider, message }: SamlRequest) {
  const { entityId, acsUrl, signs } = serviceProvider;
  if (acsUrl === undefined) throw new Error(`nobody said where answers to \`${entityId}\` go`);
  return { destination: acsUrl, RelayState: message.fields["RelayState"] ?? "", signResponse: signs !== "assertion" };
}

function assertionOptions({ serviceProvider, nameIdFormat, sessionIndex }: SamlSession) {
  const { entityId, acsUrl = "", signs } = serviceProvider;
  return {
    audience: entityId,
    recipient: acsUrl,
    signAssertion: signs !== "response",
    nameIdentifierFormat: nameIdFormat,
    lifetimeInSeconds: 600,
    authnContextClassRef: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    sessionIndex,
    getPostURL: ((_audience, _dom, _request, done) => done(null, acsUrl)) satisfies AuthOptions["getPostURL"],
  };
}

function errorOptions({ id, serviceProvider: { acsUrl = "" } }: SamlRequest, status: SamlStatus) {
  return {
    inResponseTo: id,
    signatureAlgorithm: "rsa-sha256",
    digestAlgorithm: "sha256",
    error: { code: `${STATUS}${status}`, description: `nobody is signed in: ${status}` },
    getPostURL: ((_request, done) => done(null, acsUrl)) satisfies ErrorOptions["getPostURL"],
  };
}

/** With claim URIs a person goes through the library's own mapper, as a passport.js profile; with other names through ours. */
function identityOf(
  { userName, serviceProvider, nameId }: SamlSession,
  account: SamlAccount,
): { readonly user: object; readonly options: Pick<AuthOptions, "profileMapper"> } {
  const { attributeNames = "short" } = serviceProvider;
  if (attributeNames === "uri") return { user: passportProfile(nameId, account), options: {} };
  const claims = Object.entries(account.attributes).map(
    ([short, values]) => [attributeName(short, attributeNames).name, values] as const,
  );
  const mapper = {
    getClaims: () => Object.fromEntries(claims),
    getNameIdentifier: () => ({ nameIdentifier: nameId }),
  };
  return { user: { userName }, options: { profileMapper: () => mapper } };
}

/** Attributes that such profiles do not know become claims below `http://schemas.passportjs.com/`. */
function passportProfile(id: string, { attributes }: SamlAccount): object {
  const { mail = [], displayName, givenName, sn, ...others } = attributes;
  return {
    id,
    emails: mail.map((value) => ({ value })),
    displayName: displayName?.[0],
    name: { givenName: givenName?.[0], familyName: sn?.[0] },
    ...others,
  };
}
