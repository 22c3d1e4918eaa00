/** Logout at the SAML identity provider that is made with samlify: begun by a service, or here. */
import { randomUUID } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import samlify from "samlify";
import type { SamlMessage } from "./saml-identity-provider.js";
import { postPage, signedOutPage } from "./saml-pages.js";
import type { SamlServiceProvider } from "./saml-provider-config.js";
import type { SamlSent, SamlSession, SamlSessions } from "./saml-sessions.js";

type IdentityProvider = ReturnType<typeof samlify.IdentityProvider>;
type Partner = ReturnType<typeof samlify.ServiceProvider>;
type Binding = SamlMessage["binding"];

export interface SamlLogout {
  take(message: SamlMessage): Promise<SamlSent>;
  begin(session: SamlSession, binding: Binding): Promise<SamlSent>;
}

/** What samlify's own template lacks: qualifiers of the name. */
const REQUEST = [
  '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"',
  ' ID="{ID}" Version="2.0" IssueInstant="{Now}" NotOnOrAfter="{Later}" Destination="{Destination}"><saml:Issuer>{Issuer}</saml:Issuer>',
  '<saml:NameID Format="{NameIDFormat}" NameQualifier="{NameQualifier}" SPNameQualifier="{SPNameQualifier}">{NameID}</saml:NameID>',
  "<samlp:SessionIndex>{SessionIndex}</samlp:SessionIndex></samlp:LogoutRequest>",
].join("");

export function createSamlLogout(
  idp: IdentityProvider,
  services: readonly SamlServiceProvider[],
  sessions: SamlSessions,
): SamlLogout {
  return {
    async take(message) {
      const { binding, fields, queryText } = message;
      const partner = await partnerOf(services, issuerOf(message));
      const request =
        binding === "post" ? { body: fields } : { query: fields, octetString: queryText.replace(/&Signature=.*$/, "") };
      if (fields["SAMLResponse"] !== undefined) {
        await idp.parseLogoutResponse(partner, binding, request);
        return { page: signedOutPage("everywhere") };
      }
      const parsed = await idp.parseLogoutRequest(partner, binding, request);
      const { nameID: nameId, sessionIndex } = parsed.extract;
      sessions.take({ nameId, sessionIndex });
      return sent(idp.createLogoutResponse(partner, { extract: parsed.extract }, binding, fields["RelayState"] ?? ""));
    },
    async begin(session, binding) {
      const partner = await partnerOf(services, session.serviceProvider.entityId);
      const context = requestXml(session, idp, String(partner.entityMeta.getSingleLogoutService(binding)));
      const user = { logoutNameID: session.nameId, sessionIndex: session.sessionIndex };
      sessions.take(session);
      return sent(
        idp.createLogoutRequest(partner, binding, user, "state of the provider", () => ({ id: "", context })),
      );
    },
  };
}

/** As its own metadata describes it. */
async function partnerOf(services: readonly SamlServiceProvider[], entityId: string): Promise<Partner> {
  if (!services.some((one) => one.entityId === entityId)) throw new Error(`\`${entityId}\` is not known here`);
  const metadata = await (await fetch(entityId)).text();
  return samlify.ServiceProvider({ metadata, wantLogoutRequestSigned: true, wantLogoutResponseSigned: true });
}

/** The library wants to know whose message it is before it reads it. */
function issuerOf({ binding, fields }: SamlMessage): string {
  const octets = Buffer.from(fields["SAMLRequest"] ?? fields["SAMLResponse"] ?? "", "base64");
  const xml = (binding === "redirect" ? inflateRawSync(octets) : octets).toString("utf8");
  return /<saml:Issuer>([^<]*)</.exec(xml)?.[1] ?? "nobody";
}

function requestXml(session: SamlSession, idp: IdentityProvider, destination: string): string {
  const isPersistent = session.nameIdFormat.endsWith(":persistent");
  const entityId = idp.entityMeta.getEntityID();
  return samlify.SamlLib.replaceTagsByValue(REQUEST, {
    ...{ ID: `_${randomUUID()}`, Now: new Date().toISOString(), Later: new Date(Date.now() + 60_000).toISOString() },
    ...{ Issuer: entityId, Destination: destination, SessionIndex: session.sessionIndex, NameID: session.nameId },
    NameIDFormat: session.nameIdFormat,
    NameQualifier: isPersistent ? entityId : undefined,
    SPNameQualifier: isPersistent ? session.serviceProvider.entityId : undefined,
  });
}

interface Made {
  readonly context: string;
  readonly entityEndpoint?: string;
  readonly type?: string;
  readonly relayState?: string | undefined;
}

function sent({ context, entityEndpoint, type, relayState }: Made): SamlSent {
  if (entityEndpoint === undefined || type === undefined) return { location: context };
  const state = relayState === undefined || relayState === "" ? {} : { RelayState: relayState };
  return { page: postPage(entityEndpoint, { [type]: context, ...state }) };
}
