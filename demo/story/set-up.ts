/** Steps 1 and 2: a tenant with two connections, and its first mapping. */
import type { JsonObject } from "../../src/model/json.js";
import type { Screen } from "../screen.js";
import type {
  ConnectionAnswer,
  MappingAnswer,
  MappingPreviewAnswer,
  OidcConnectionAnswer,
  SamlConnectionAnswer,
  StartedAnswer,
} from "../stage/admin-answers.js";
import { type AdminClient, createAdminClient } from "../stage/admin-client.js";
import { must } from "../stage/demo-failure.js";
import { openStage, type Stage } from "../stage/open-stage.js";
import { ada, bob, DOMAIN, ENTRA_TENANT, entraClaims, oktaAccount } from "./acme-directory.js";
import { mapping } from "./acme-mapping.js";
import { type Play, plural, runEnded } from "./play.js";

const TENANT = "acme";
const SECRET = "what-only-the-service-and-the-provider-know";

/** Both identity providers know the service, and some people to sign in. Okta names people by user name, as it does by default. */
export function openAcmeStage(): Promise<Stage> {
  return openStage((service) => ({
    okta: {
      accounts: { [ada.userName]: oktaAccount(ada), [bob.userName]: oktaAccount(bob) },
      serviceProviders: [{ entityId: addressAt(service, "okta/metadata"), signs: "both", nameIdFormat: "unspecified" }],
    },
    entra: {
      path: `/${ENTRA_TENANT}/v2.0`,
      accounts: { cy: entraClaims("cy", "Cy Coleman", []), dee: entraClaims("dee", "Dee Dorn", []) },
      claims: ["groups", "oid", "tid", "_claim_names", "_claim_sources"],
      clients: [
        {
          clientId: "rolecall",
          clientSecret: SECRET,
          redirectUris: [addressAt(service, "entra/callback")],
          postLogoutRedirectUris: [`${service}/sso/${TENANT}`],
        },
      ],
    },
  }));
}

/** Identity providers are told before the connections are made: these addresses are known from the first. */
function addressAt(service: string, path: string): string {
  return `${service}/sso/${TENANT}/${path}`;
}

export async function setUpAcme(screen: Screen, stage: Stage): Promise<Play> {
  const { service, idps } = stage;
  const admin = createAdminClient(service.url, service.operatorToken, TENANT);
  const body = { slug: TENANT, name: "Acme", domains: [DOMAIN], seats: 500 };
  const tenant = await admin.askRoot<{ readonly seats: number }>("/tenants", { method: "POST", body, expect: 201 });
  const { metadataUrl } = idps.okta;
  const okta = await connect<SamlConnectionAnswer>(admin, {
    ...{ slug: "okta", protocol: "saml", profile: "okta", metadataUrl, sync: "test" },
  });
  must(okta.saml.entityId === addressAt(service.url, "okta/metadata"), "Okta knows the service's name", admin.last);
  const { issuer } = idps.entra;
  const entra = await connect<OidcConnectionAnswer>(admin, {
    ...{ slug: "entra", protocol: "oidc", profile: "entra", issuer, clientId: "rolecall", clientSecret: SECRET },
    sync: "live",
  });
  must(entra.oidc.redirectUri === addressAt(service.url, "entra/callback"), "Entra knows the way back", admin.last);
  screen.step(`Acme is set up: ${tenant.seats} seats; connections okta (${spoken(okta)}) and entra (${spoken(entra)})`);
  return {
    screen,
    stage,
    admin,
    okta: stage.startPushClient("okta", okta.scim.baseUrl, await newToken(admin, "okta")),
    entra: stage.startPushClient("entra", entra.scim.baseUrl, await newToken(admin, "entra")),
    loginUrls: { okta: okta.saml.loginUrl, entra: entra.oidc.loginUrl },
    acsUrl: okta.saml.acsUrl,
  };
}

function connect<Answer>(admin: AdminClient, body: JsonObject): Promise<Answer> {
  return admin.ask<Answer>("/connections", { method: "POST", body, expect: 201 });
}

async function newToken(admin: AdminClient, slug: string): Promise<string> {
  const body = { name: `${slug} provisioning` };
  const asked = { method: "POST", body, expect: 201 } as const;
  return (await admin.ask<{ readonly token: string }>(`/connections/${slug}/tokens`, asked)).token;
}

function spoken({ protocol, sync }: ConnectionAnswer): string {
  return `${protocol.toUpperCase()} + SCIM, ${sync}`;
}

export async function saveFirstMapping(play: Play): Promise<void> {
  const { admin, screen } = play;
  const { digest, problems } = await admin.ask<MappingPreviewAnswer>("/mapping/preview", {
    method: "POST",
    body: mapping,
  });
  const saved = await admin.ask<StartedAnswer>(`/mapping?digest=${digest}`, { method: "PUT", body: mapping });
  await runEnded(play, saved.run.id);
  const { version, document } = await admin.ask<MappingAnswer>("/mapping");
  const { mappings: rules, examples } = document;
  screen.step(
    `Mapping version ${version} is saved: ${rules.length} rules and owners, ` +
      `${plural(problems.length, "problem")}, ${examples.length} examples pass`,
  );
}
