/**
 * Replays a scenario by previews: of the mapping, over people who signed in before there was one, and of going live,
 * over people who were pushed in test mode. What was shown is then done, by its digest, and must turn out so.
 */
import type { JsonObject } from "../../src/model/json.js";
import { targetLabel } from "../../src/model/target.js";
import type { ScenarioOutcome } from "../../src/provisioning/scenario/scenario.js";
import { type ScenarioVisitor, scenarioVisitors } from "../../src/provisioning/scenario/scenario-document.js";
import { scenarioSignIn } from "../../src/provisioning/scenario/scenario-facts.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { askAdmin, type DoorHouse, linkByHand, outcomes, type Stage, setStage, settled } from "./door-house.js";
import { pushAll } from "./push-door.js";
import type { ScenarioFile } from "./scenario-files.js";

export interface Previewed {
  readonly shown: ReadonlyMap<string, ScenarioOutcome>;
  readonly done: ReadonlyMap<string, ScenarioOutcome>;
}

/** Nobody is left whom a preview of the mapping can show: history and refusals belong to sign-ins. */
export async function replayByMappingPreview(house: DoorHouse, file: ScenarioFile): Promise<Previewed | undefined> {
  const expect = file.scenario.expect ?? {};
  const visitors = scenarioVisitors(file.scenario, "sign_in").filter(
    ({ userName, links }) => typeof expect[userName] !== "string" && links.every(({ said }) => said.length === 1),
  );
  if (visitors.length === 0) return undefined;
  const stage = await setStage(house, file, "draft", "off");
  for (const visitor of visitors) await signInUnmapped(stage, file, visitor);
  const preview = await askAdmin(stage, 200, "POST", "/mapping/preview?includeFrozen=true", file.mapping);
  const shown = shownOutcomes(visitors, preview, []);
  await askAdmin(stage, 200, "PUT", `/mapping?includeFrozen=true&digest=${preview["digest"]}`, file.mapping);
  await settled(stage);
  return { shown, done: await outcomesOf(stage, visitors) };
}

/** Without rules everybody is let in; what they claimed stays with their link. */
async function signInUnmapped(stage: Stage, file: ScenarioFile, { userName, links }: ScenarioVisitor): Promise<void> {
  for (const [index, { connection, said }] of links.entries()) {
    if (index > 0) await linkByHand(stage, userName, connection.slug, userName);
    const observed = scenarioSignIn(userName, connection, said[0] ?? {}, file.scenario);
    const { p, tenant } = stage;
    const signedIn = await signIn(p, { tenant, connection: stage.connection(connection.slug), observed });
    if (!signedIn.allowed) throw new Error(`${userName} was refused: ${signedIn.code}`);
  }
}

/** The preview of going live, one connection after the other. */
export async function replayByGoLivePreview(house: DoorHouse, file: ScenarioFile): Promise<Previewed | undefined> {
  const visitors = scenarioVisitors(file.scenario, "push").filter(({ links }) => links.length === 1);
  if (visitors.length === 0) return undefined;
  const stage = await setStage(house, file, "test", "test");
  await askAdmin(stage, 200, "PUT", "/mapping", file.mapping);
  await pushAll(stage, file, visitors);
  await settled(stage);
  const shown = new Map<string, ScenarioOutcome>();
  for (const slug of new Set(visitors.flatMap(({ links }) => links.map(({ connection }) => connection.slug)))) {
    const here = visitors.filter(({ links }) => links.some(({ connection }) => connection.slug === slug));
    const preview = await askAdmin(stage, 200, "GET", `/connections/${slug}/preview?to=live`);
    for (const [userName, outcome] of shownOutcomes(here, preview, "deactivated")) shown.set(userName, outcome);
    const digest = JSON.stringify({ digest: preview["digest"] });
    await askAdmin(stage, 202, "POST", `/connections/${slug}/go-live`, digest);
    await settled(stage);
  }
  return { shown, done: await outcomesOf(stage, visitors) };
}

interface ShownChange {
  readonly user: { readonly userName: string };
  readonly change: string;
  readonly target: { readonly scope: string; readonly role: string } | null;
}

/** What people would hold after a preview's changes; `unchanged`: what becomes of those whom it does not name. */
function shownOutcomes(
  visitors: readonly ScenarioVisitor[],
  preview: JsonObject,
  unchanged: ScenarioOutcome,
): ReadonlyMap<string, ScenarioOutcome> {
  const changes = preview["changes"] as unknown as readonly ShownChange[];
  return new Map(
    visitors.map(({ userName }): [string, ScenarioOutcome] => {
      const mine = changes.filter((change) => change.user.userName === userName);
      if (mine.length === 0) return [userName, unchanged];
      const granted = mine.flatMap(({ change, target }) => (change === "grant" && target ? [targetLabel(target)] : []));
      return [userName, mine.some(({ change }) => change === "deactivate_user") ? "deactivated" : granted.sort()];
    }),
  );
}

async function outcomesOf(
  stage: Stage,
  visitors: readonly ScenarioVisitor[],
): Promise<ReadonlyMap<string, ScenarioOutcome>> {
  const held = await outcomes(stage);
  return new Map(visitors.map(({ userName }) => [userName, held.get(userName) ?? "deactivated"]));
}
