import { expect } from "chai";
import { parseMapping } from "../../src/compose.js";
import { createExpressionRunner } from "../../src/platform/expression-runner.js";
import { outcomeFaults, runScenario, type ScenarioOutcome } from "../../src/provisioning/scenario/scenario.js";
import type { ScenarioDoor } from "../../src/provisioning/scenario/scenario-document.js";
import { postgresUrl } from "../store/postgres-server.js";
import { callAdmin, type DoorHouse, openDoorHouses, setStage } from "./door-house.js";
import { replayByGoLivePreview, replayByMappingPreview } from "./preview-door.js";
import { replayByPush } from "./push-door.js";
import { type ScenarioFile, scenarioFiles } from "./scenario-files.js";
import { replayBySignIn } from "./sign-in-door.js";

const files = scenarioFiles();
const withPeople = files.filter(({ scenario }) => scenario.people);
const refused = files.filter(({ scenario }) => scenario.problems);

describe("scenarios, evaluated in memory", () => {
  const expressions = createExpressionRunner();
  const run = { p: { parseMapping, expressions }, tenant: 0, now: "2026-11-22T09:00:00.000Z" };
  after(() => expressions.close());

  for (const { path, scenario, mapping } of files.filter((file) => goesBy(file, "evaluate"))) {
    it(`${path}: ${scenario.name}`, async () => {
      expect(await runScenario(run, scenario, mapping)).to.deep.equal([]);
    });
  }
});

describe("scenarios by every door", () => {
  let closeHouses: (() => Promise<void>) | undefined;
  const houses = new Map<string, DoorHouse>();
  const databases = ["SQLite", "PostgreSQL"] as const;

  before(async () => {
    const { houses: opened, close } = await openDoorHouses(["sqlite::memory:", await postgresUrl()], withPeople);
    closeHouses = close;
    for (const [at, database] of databases.entries()) houses.set(database, opened[at] as DoorHouse);
  });
  after(() => closeHouses?.());

  for (const database of databases) {
    describe(`on ${database}`, () => {
      for (const file of withPeople) {
        it(`${file.path}: ${file.scenario.name}`, async () => {
          expect(await faultsByDoors(houses.get(database) as DoorHouse, file)).to.deep.equal([]);
        });
      }

      for (const file of refused) {
        it(`${file.path}: ${file.scenario.name}`, async () => {
          const stage = await setStage(houses.get(database) as DoorHouse, file, "bad", "off");
          const answer = await callAdmin(stage, "PUT", "/mapping", file.mapping);
          expect(answer.status, JSON.stringify(answer.body)).to.equal(422);
          const { problems } = answer.body as unknown as { problems: readonly { pointer: string; code: string }[] };
          const found = problems.map(({ pointer, code }) => ({ pointer, code }));
          expect(found).to.have.deep.members([...(file.scenario.problems ?? [])]);
          const read = await callAdmin(stage, "GET", "/mapping");
          expect(read.body).to.include({ version: 0 });
        });
      }
    });
  }
});

function goesBy({ scenario }: ScenarioFile, door: ScenarioDoor): boolean {
  return scenario.doors === undefined || scenario.doors.includes(door);
}

/** Replays by each door, in tenants apart; an empty list when all of them gave what the scenario expects. */
async function faultsByDoors(house: DoorHouse, file: ScenarioFile): Promise<readonly string[]> {
  const people = new Set<string>();
  const judge = (seen: ReadonlyMap<string, ScenarioOutcome> = new Map(), door: string): readonly string[] =>
    [...seen].flatMap(([userName, outcome]) => {
      people.add(userName);
      return outcomeFaults(file.scenario, userName, outcome, door);
    });
  const previews = goesBy(file, "preview");
  const [signedIn, pushed, drafted, live] = await Promise.all([
    goesBy(file, "sign_in") ? replayBySignIn(house, file) : undefined,
    goesBy(file, "push") ? replayByPush(house, file) : undefined,
    previews ? replayByMappingPreview(house, file) : undefined,
    previews ? replayByGoLivePreview(house, file) : undefined,
  ]);
  const faults = [
    ...judge(signedIn, "sign-in"),
    ...judge(pushed, "push"),
    ...judge(drafted?.shown, "preview of the mapping"),
    ...judge(drafted?.done, "the mapping, saved as previewed"),
    ...judge(live?.shown, "preview of going live"),
    ...judge(live?.done, "live, as previewed"),
  ];
  const missed = (file.scenario.people ?? []).filter(({ userName }) => !people.has(userName));
  return [...faults, ...missed.map(({ userName }) => `\`${userName}\` came by no door`)];
}
