import { expect } from "chai";
import { runStory } from "../../src/admin/run-story.js";
import type { ConnectionId, RunId } from "../../src/model/ids.js";
import type { Run } from "../../src/model/plan.js";

const RUN: Run = {
  ...{ id: 3 as RunId, trigger: "go_live", status: "done", connection: "c" as ConnectionId },
  ...{ total: 40, done: 40, counts: {}, createdAt: "2026-11-22T09:00:00.000Z" },
};
const FULL = "no seat is free";

describe("what is told of a run", () => {
  const cases: readonly (readonly [what: string, run: Partial<Run>, held: number, story: readonly string[]])[] = [
    [
      "names who began it, and on what",
      { startedBy: "api_key:ci" },
      0,
      ["connection `okta` went live, by `api_key:ci`", "40 of 40 people done"],
    ],
    [
      "says how many wait for what, and what to do about them",
      { trigger: "held", status: "held", total: 2, done: 0 },
      2,
      [
        "what people of connection `okta` would lose or be given was held back",
        `2 people wait: ${FULL}`,
        "release them with the `digest` of the run's preview, or discard the run to keep them as they are",
      ],
    ],
    [
      "says who let them go, and how far it is",
      { trigger: "held", status: "running", total: 2, done: 1, decidedBy: "operator" },
      1,
      [
        "what people of connection `okta` would lose or be given was held back",
        `1 person waits: ${FULL}`,
        "released by `operator`",
        "1 of 2 people done",
      ],
    ],
    [
      "says who kept them as they are",
      { trigger: "held", status: "discarded", decidedBy: "operator", counts: { discarded: 2 } },
      0,
      ["what people of connection `okta` would lose or be given was held back", "discarded by `operator`"],
    ],
    [
      "says who stays although the run was released, and why",
      { trigger: "held", total: 2, done: 1, decidedBy: "operator", counts: { last_owner: 1 } },
      0,
      [
        "what people of connection `okta` would lose or be given was held back",
        "released by `operator`",
        "1 of 2 people done",
        "1 person stays held, see `runs?status=held`: the last active owner of the tenant stays",
      ],
    ],
    [
      "names the version, and what it left behind",
      { trigger: "mapping", mappingVersion: 7, counts: { held: 1, kept: 2, failed: 1 }, done: 39 },
      0,
      [
        "mapping version 7 was saved",
        "39 of 40 people done",
        "1 person was held back by it: see `runs?status=held`",
        "2 people keep something because a rule cannot be judged",
        "1 person could not be reconciled, and is tried again by itself",
      ],
    ],
    [
      "says that it goes on by itself after attempts that left somebody undone",
      { status: "running", done: 39, counts: { attempts: 2 } },
      0,
      [
        "connection `okta` went live",
        "39 of 40 people done",
        "2 attempts left somebody undone: the next follows by itself within a minute",
      ],
    ],
    [
      "says what keeps people registered who were to leave, and where to look",
      { trigger: "disable", status: "running", done: 39, counts: { attempts: 12 } },
      0,
      [
        "connection `okta` was switched off, and its people leave",
        "39 of 40 people done",
        "12 attempts left somebody undone: the next follows by itself within a minute",
        "whoever is left stays registered until they can be reconciled: the service's log says why they cannot (`worker.reconcile_failed`)",
      ],
    ],
    [
      "says why it failed",
      { status: "failed", total: 1, done: 0, counts: { attempts: 9 }, error: "some people could not be reconciled" },
      0,
      ["connection `okta` went live", "0 of 1 person done", "it failed: some people could not be reconciled"],
    ],
  ];
  for (const [what, run, held, story] of cases) {
    it(what, () => {
      const waiting = held === 0 ? [] : [{ reason: "no_seat", because: FULL, people: held }];
      expect(runStory({ ...RUN, ...run }, "okta", waiting)).to.deep.equal(story);
    });
  }

  it("says ahead that the last owner is never let go", () => {
    const waiting = [{ reason: "last_owner", because: "the last active owner of the tenant stays", people: 1 }];
    for (const status of ["held", "queued"] as const) {
      const story = runStory({ ...RUN, trigger: "held", status }, "okta", waiting);
      expect(story).to.include("no release lets the last owner go: make somebody else an owner first");
    }
  });

  for (const [trigger, words] of [
    ["rollback", "an earlier mapping was brought back as version 7"],
    ["disable", "a connection was switched off, and its people leave"],
    ["convert", "a connection was switched off, and its people keep what they hold"],
    ["push", "a push to a connection touched more people than its answer waits for"],
    ["pins", "an admin decided which group of a connection a name means"],
  ] as const) {
    it(`says what began it: ${trigger}`, () => {
      expect(runStory({ ...RUN, trigger, mappingVersion: 7 }, null, [])[0]).to.equal(words);
    });
  }
});
