/** Replays a scenario by pushing people and groups over HTTP, as SCIM clients do: users first, then groups, then what changed. */
import type { JsonObject } from "../../src/model/json.js";
import type { ScenarioOutcome } from "../../src/provisioning/scenario/scenario.js";
import {
  type ScenarioFacts,
  type ScenarioVisit,
  type ScenarioVisitor,
  scenarioVisitors,
} from "../../src/provisioning/scenario/scenario-document.js";
import { createToken } from "../../src/provisioning/tokens.js";
import { ADMIN } from "../support/tenant.js";
import { askAdmin, type DoorHouse, linkByHand, outcomes, type Stage, setStage, settled } from "./door-house.js";
import type { ScenarioFile } from "./scenario-files.js";

export async function replayByPush(
  house: DoorHouse,
  file: ScenarioFile,
): Promise<ReadonlyMap<string, ScenarioOutcome>> {
  const visitors = scenarioVisitors(file.scenario, "push");
  if (visitors.length === 0) return new Map();
  const stage = await setStage(house, file, "push", "live");
  await askAdmin(stage, 200, "PUT", "/mapping", file.mapping);
  await pushAll(stage, file, visitors);
  await settled(stage);
  const held = await outcomes(stage);
  return new Map(visitors.map(({ userName }) => [userName, held.get(userName) ?? "deactivated"]));
}

/** Pushes everybody's facts, connection by connection. */
export async function pushAll(stage: Stage, file: ScenarioFile, visitors: readonly ScenarioVisitor[]): Promise<void> {
  const depth = Math.max(...visitors.map((visitor) => visitor.links.length));
  for (let at = 0; at < depth; at++) {
    const pushes = visitors.flatMap(({ userName, links }): Push[] => {
      const visit = links[at];
      return visit?.by === "push" ? [{ userName, visit }] : [];
    });
    for (const slug of new Set(pushes.map(({ visit }) => visit.connection.slug))) {
      const here = pushes.filter(({ visit }) => visit.connection.slug === slug);
      if (at > 0) {
        await settled(stage);
        for (const { userName } of here) await linkByHand(stage, userName, slug, userName);
      }
      await pushConnection(stage, file, slug, here);
    }
  }
}

interface Push {
  readonly userName: string;
  readonly visit: ScenarioVisit;
}

async function pushConnection(
  stage: Stage,
  { scenario }: ScenarioFile,
  slug: string,
  people: readonly Push[],
): Promise<void> {
  const scim = await scimClient(stage, slug);
  const ids = new Map<string, string>();
  const first = ({ visit }: Push): ScenarioFacts => visit.said[0] ?? {};
  for (const push of people) {
    const created = await scim(201, "POST", "/Users", userResource(push.userName, first(push)));
    ids.set(push.userName, String(created["id"]));
  }
  const members = (name: string, of: (push: Push) => ScenarioFacts) =>
    people
      .filter((push) => of(push).groups?.includes(name))
      .map(({ userName }) => ({ value: ids.get(userName) ?? "" }));
  const names = new Set(people.flatMap(({ visit }) => visit.said.flatMap((facts) => facts.groups ?? [])));
  const groups = new Map<string, string>();
  for (const name of names) {
    const externalId = scenario.groupIds?.[name];
    const group = {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
      displayName: name,
      ...(externalId === undefined ? {} : { externalId }),
      members: members(name, first),
    };
    groups.set(name, String((await scim(201, "POST", "/Groups", group))["id"]));
  }
  const now = ({ visit }: Push): ScenarioFacts => visit.said.at(-1) ?? {};
  for (const push of people.filter(({ visit }) => visit.said.length > 1)) {
    await scim(200, "PUT", `/Users/${ids.get(push.userName)}`, userResource(push.userName, now(push)));
  }
  for (const [name, id] of groups) {
    const patch = { op: "replace", path: "members", value: members(name, now) };
    const body = { schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: [patch] };
    await scim(200, "PATCH", `/Groups/${id}`, body);
  }
}

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const IN_ENTERPRISE = new Set(["department", "employeeNumber", "costCenter", "division", "organization"]);

function userResource(userName: string, { attributes = {}, appRoles = [], scimRoles = [] }: ScenarioFacts): JsonObject {
  const roles = [...appRoles.map((value) => ({ value })), ...scimRoles.map(({ type, value }) => ({ type, value }))];
  const { givenName, familyName, country, ...others } = attributes;
  const core = Object.entries(others).filter(([name]) => !IN_ENTERPRISE.has(name));
  const enterprise = Object.entries(others).filter(([name]) => IN_ENTERPRISE.has(name));
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", ...(enterprise.length > 0 ? [ENTERPRISE] : [])],
    userName,
    externalId: userName,
    active: true,
    ...Object.fromEntries(core),
    ...(givenName === undefined && familyName === undefined ? {} : { name: { givenName, familyName } as JsonObject }),
    ...(country === undefined ? {} : { addresses: [{ type: "work", primary: true, country }] }),
    ...(roles.length > 0 && { roles }),
    ...(enterprise.length > 0 && { [ENTERPRISE]: Object.fromEntries(enterprise) }),
  };
}

type ScimClient = (status: number, method: string, path: string, body: JsonObject) => Promise<JsonObject>;

async function scimClient({ house, p, tenant }: Stage, slug: string): Promise<ScimClient> {
  const { token } = await createToken(p, tenant, slug, { name: "scenario" }, ADMIN);
  return async (status, method, path, body) => {
    const answer = await fetch(`${house.service.url}/api/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status !== status && answer.status !== 204)
      throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  };
}
