/** Those who verify one and the same response: Rolecall with every guard, and two libraries as their documentation sets them up. */
import { SAML, ValidateInResponseTo } from "@node-saml/node-saml";
import samlify from "samlify";
import { openResponse } from "../../src/protocols/saml/response.js";
import { verifyResponse } from "../../src/protocols/saml/verify.js";
import { idpKey } from "../../test/support/saml-keys.js";
import { ACME } from "../../test/support/saml-response.js";

export interface Verifier {
  readonly name: string;
  /** Of the NameID that it took the response for. */
  verify(samlResponse: string): Promise<string | undefined>;
}

const HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const SKEW_MILLISECONDS = 60_000;

/** Of responses whose assertion is signed, made at `now`. */
export function verifiers(now: string): readonly [rolecall: Verifier, nodeSaml: Verifier, samlify: Verifier] {
  return [rolecall(now), nodeSaml(), bySamlify()];
}

function rolecall(now: string): Verifier {
  const expected = {
    idp: { entityId: ACME.idp, certificates: [idpKey.certificate], requireSigned: "either" as const },
    ...{ sp: { entityId: ACME.sp, acsUrl: ACME.acs }, inResponseTo: ACME.request, now },
  };
  return {
    name: "Rolecall",
    verify: async (samlResponse) => verifyResponse(openResponse(samlResponse), expected).nameId.value,
  };
}

function nodeSaml(): Verifier {
  const saml = new SAML({
    ...{ callbackUrl: ACME.acs, issuer: ACME.sp, audience: ACME.sp, idpIssuer: ACME.idp },
    ...{ idpCert: idpKey.certificatePem, wantAssertionsSigned: true, wantAuthnResponseSigned: false },
    ...{ acceptedClockSkewMs: SKEW_MILLISECONDS, validateInResponseTo: ValidateInResponseTo.never },
  });
  return {
    name: "node-saml",
    verify: async (SAMLResponse) => (await saml.validatePostResponseAsync({ SAMLResponse })).profile?.nameID,
  };
}

/** Without a schema validator, which it leaves to its users. */
function bySamlify(): Verifier {
  samlify.setSchemaValidator({ validate: async () => "not looked at" });
  const services = [{ Binding: HTTP_POST, Location: "https://idp.acme.example/sso" }];
  const idp = samlify.IdentityProvider({
    ...{ entityID: ACME.idp, signingCert: idpKey.certificatePem },
    ...{ singleSignOnService: services, singleLogoutService: services },
  });
  const sp = samlify.ServiceProvider({
    ...{ entityID: ACME.sp, wantMessageSigned: false, clockDrifts: [-SKEW_MILLISECONDS, SKEW_MILLISECONDS] },
    assertionConsumerService: [{ Binding: HTTP_POST, Location: ACME.acs }],
  });
  return {
    name: "samlify",
    async verify(SAMLResponse) {
      const { extract } = await sp.parseLoginResponse(idp, "post", { body: { SAMLResponse } });
      return extract.nameID;
    },
  };
}
