import { expect } from "chai";
import { parseMapping } from "../../src/compose.js";
import { createExpressionRunner } from "../../src/platform/expression-runner.js";
import { runScenario } from "../../src/provisioning/scenario.js";
import { scenarioFiles } from "./scenario-files.js";

const files = scenarioFiles();

describe("scenarios, evaluated in memory", () => {
  const expressions = createExpressionRunner();
  const run = { p: { parseMapping, expressions }, tenant: 0, now: "2026-11-22T09:00:00.000Z" };
  after(() => expressions.close());

  for (const { path, scenario, mapping } of files) {
    it(`${path}: ${scenario.name}`, async () => {
      expect(await runScenario(run, scenario, mapping)).to.deep.equal([]);
    });
  }
});
