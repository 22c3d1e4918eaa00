/** Steps 1 and 2: a tenant with two connections, and its first mapping. */
import type { Screen } from "../screen.js";
import type { ConnectionAnswer, MappingAnswer, StartedAnswer } from "../stage/admin-answers.js";
import { type AdminClient, createAdminClient } from "../stage/admin-client.js";
import { must } from "../stage/demo-failure.js";
import { type IdpName, openStage, type Stage } from "../stage/open-stage.js";
import { ada, bob, DOMAIN, ENTRA_TENANT, entraClaims, oktaClaims } from "./acme-directory.js";
import { mapping } from "./acme-mapping.js";
import { type Play, runEnded } from "./play.js";

const TENANT = "acme";
const SECRET = "what-only-the-service-and-the-provider-know";

/** Both identity providers know the service as a client, and some people to sign in. */
export function openAcmeStage(): Promise<Stage> {
  return openStage((name, service) => ({
    ...(name === "entra" ? { path: `/${ENTRA_TENANT}/v2.0` } : {}),
    accounts:
      name === "okta"
        ? { [ada.id]: oktaClaims(ada, ["app-acme-platform-adm"]), [bob.id]: oktaClaims(bob, ["app-acme-platform-rw"]) }
        : { cy: entraClaims("cy", "Cy Coleman", []), dee: entraClaims("dee", "Dee Dorn", []) },
    claims: ["groups", "oid", "tid", "_claim_names", "_claim_sources"],
    clients: [{ clientId: "rolecall", clientSecret: SECRET, redirectUris: [redirectUri(name, service)] }],
  }));
}

function redirectUri(name: IdpName, service: string): string {
  return `${service}/sso/${TENANT}/${name}/callback`;
}

export async function setUpAcme(screen: Screen, stage: Stage): Promise<Play> {
  const { service } = stage;
  const admin = createAdminClient(service.url, service.operatorToken, TENANT);
  const body = { slug: TENANT, name: "Acme", domains: [DOMAIN], seats: 500 };
  const tenant = await admin.askRoot<{ readonly seats: number }>("/tenants", { method: "POST", body, expect: 201 });
  const okta = await connect(admin, stage, "okta", "test");
  const entra = await connect(admin, stage, "entra", "live");
  screen.step(
    `Acme is set up: ${tenant.seats} seats; connections okta (OIDC, SCIM ${okta.sync}) and entra (OIDC, SCIM ${entra.sync})`,
  );
  return {
    screen,
    stage,
    admin,
    okta: stage.startPushClient("okta", okta.scim.baseUrl, okta.token),
    entra: stage.startPushClient("entra", entra.scim.baseUrl, entra.token),
    loginUrls: { okta: okta.oidc.loginUrl, entra: entra.oidc.loginUrl },
  };
}

async function connect(admin: AdminClient, stage: Stage, slug: IdpName, sync: "live" | "test") {
  const { issuer } = stage.idps[slug];
  const settings = { slug, protocol: "oidc", profile: slug, issuer, clientId: "rolecall", clientSecret: SECRET, sync };
  const connection = await admin.ask<ConnectionAnswer>("/connections", { method: "POST", body: settings, expect: 201 });
  const expected = redirectUri(slug, stage.service.url);
  must(connection.oidc.redirectUri === expected, `the redirect URI is ${expected}`, admin.last);
  const path = `/connections/${slug}/tokens`;
  const body = { name: `${slug} provisioning` };
  const { token } = await admin.ask<{ readonly token: string }>(path, { method: "POST", body, expect: 201 });
  return { ...connection, issuer, token };
}

export async function saveFirstMapping(play: Play): Promise<void> {
  const { admin, screen } = play;
  const saved = await admin.ask<StartedAnswer>("/mapping", { method: "PUT", body: mapping });
  await runEnded(play, saved.run.id);
  const { version, document } = await admin.ask<MappingAnswer>("/mapping");
  const { mappings: rules, examples } = document;
  screen.step(
    `Mapping version ${version} is saved: ${rules.length} rules and owners, ${examples.length} examples pass`,
  );
}
