/** Replays a scenario by signing people in through a real OpenID provider, over HTTP. */
import { createBrowser } from "../../demo/clients/browser.js";
import type { ProviderClaims } from "../../demo/processes/oidc-provider-config.js";
import type { UserAttribute } from "../../src/model/facts.js";
import type { ScenarioOutcome } from "../../src/provisioning/scenario/scenario.js";
import {
  type ScenarioConnection,
  type ScenarioFacts,
  type ScenarioVisitor,
  scenarioVisitors,
} from "../../src/provisioning/scenario/scenario-document.js";
import { askAdmin, type DoorHouse, labelsOf, linkByHand, outcomes, type Stage, setStage } from "./door-house.js";
import type { ScenarioFile } from "./scenario-files.js";

export async function replayBySignIn(
  house: DoorHouse,
  file: ScenarioFile,
): Promise<ReadonlyMap<string, ScenarioOutcome>> {
  const visitors = scenarioVisitors(file.scenario, "sign_in");
  if (visitors.length === 0) return new Map();
  const stage = await setStage(house, file, "in", "off");
  await askAdmin(stage, 200, "PUT", "/mapping", file.mapping);
  const seen = new Map<string, ScenarioOutcome>();
  for (const visitor of visitors) seen.set(visitor.userName, await signInAll(stage, file, visitor));
  return seen;
}

async function signInAll(stage: Stage, file: ScenarioFile, visitor: ScenarioVisitor): Promise<ScenarioOutcome> {
  let outcome: ScenarioOutcome = "nobody";
  for (const [index, { connection, said }] of visitor.links.entries()) {
    const subject = `${file.path} ${connection.slug} ${visitor.userName}`;
    if (index > 0) await linkByHand(stage, visitor.userName, connection.slug, subject);
    for (const facts of said) {
      await stage.house.idp.setAccount(subject, claimsOf(visitor.userName, connection, facts, file));
      outcome = await signIn(stage, visitor.userName, connection.slug, subject);
    }
  }
  return outcome;
}

/** What the person gets to see: their own access, or the code on the page that refuses them. */
async function signIn(stage: Stage, userName: string, slug: string, subject: string): Promise<ScenarioOutcome> {
  const { url } = stage.house.service;
  const browser = createBrowser();
  const login = `${url}/sso/${stage.tenant.slug}/${slug}/login?login_hint=${encodeURIComponent(subject)}`;
  const visit = await browser.visit(login);
  if (visit.status === 200) {
    const me = await browser.visit(`${url}/me`, { headers: { accept: "application/json" } });
    return labelsOf(JSON.parse(me.text));
  }
  const code = /Code<\/dt><dd><code>([a-z_]+)</.exec(visit.text)?.[1] ?? `page ${visit.status}: ${visit.text}`;
  return (await outcomes(stage)).get(userName) === "deactivated" ? "deactivated" : `refused:${code}`;
}

const CLAIM_OF: Readonly<Partial<Record<UserAttribute, string>>> = {
  displayName: "name",
  givenName: "given_name",
  familyName: "family_name",
  userType: "user_type",
  employeeNumber: "employee_number",
  costCenter: "cost_center",
};

/** The facts in the identity provider's own words, by which our profiles for it have to find them. */
function claimsOf(
  userName: string,
  connection: ScenarioConnection,
  facts: ScenarioFacts,
  { scenario }: ScenarioFile,
): ProviderClaims {
  const { groups, groupsUnknown, attributes = {}, appRoles, claims } = facts;
  const named = Object.entries(attributes).map(([name, value]) => [CLAIM_OF[name as UserAttribute] ?? name, value]);
  const ids = connection.profile === "entra" ? (scenario.groupIds ?? {}) : {};
  const listed = groups?.map((name) => ids[name] ?? name) ?? [];
  const filler = Array.from({ length: 100 - listed.length }, (_, at) => `filler ${at}`);
  return {
    preferred_username: userName,
    ...Object.fromEntries(named),
    ...(groups && { groups: groupsUnknown === "truncated_at_100" ? [...listed, ...filler] : listed }),
    ...(groupsUnknown === "overage" && { hasgroups: true }),
    ...(appRoles && { roles: appRoles }),
    ...claims,
  };
}
