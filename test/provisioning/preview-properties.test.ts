import { expect } from "chai";
import fc from "fast-check";
import type { PersonState } from "../../src/model/person.js";
import { targetLabel } from "../../src/model/target.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import type { Preview } from "../../src/provisioning/preview/population.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import { goLive, previewSync, turnSyncOff } from "../../src/provisioning/sync-mode.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

/** `seats`: free ones, beyond those that are taken before anything is previewed. */
interface Story {
  readonly old: readonly boolean[];
  readonly trial: readonly boolean[];
  readonly seats: number | null;
  readonly leaving: boolean;
  readonly edits: boolean;
}

const members = fc.array(fc.boolean(), { maxLength: 4 });
const stories: fc.Arbitrary<Story> = fc.record({
  old: members,
  trial: members,
  seats: fc.option(fc.nat(3), { nil: null }),
  leaving: fc.boolean(),
  edits: fc.boolean(),
});

const mapping = (role: string) => ({
  no_match: "allow",
  mappings: [{ id: "eng", group_name: "Engineering", team_name: "Platform", role_name: role }],
});

/** As many as the other histories, and the same each time, unless `PROPERTY_RUNS` asks for more. */
const asked = process.env["PROPERTY_RUNS"];
const LIMITS = { numRuns: Number(asked ?? 12), ...(asked === undefined && { seed: 7 }) };

describe("what a preview shows", function () {
  this.timeout(LIMITS.numRuns * 10_000);
  const clock = testClock();
  let database: TestDatabase;

  before(async () => {
    database = await openDatabase({ with: clock.into });
    // What is done is done below, so that switches stay open until then.
    await database.worker.stop();
  });
  after(() => database.close());

  it("is what is done then: with few seats, and while a connection is being switched off", () =>
    fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const t = await database.tenant();
        await setUp(t, story);
        const before = await stateOf(t);
        const preview = await (story.edits ? edit(t) : wentLive(t));
        const shown = await linesOf(preview);
        await reconcileAll(t);
        const after = await stateOf(t);
        // Going live shows its own people alone.
        const mine = (lines: readonly string[]) => (story.edits ? lines : lines.filter((line) => /^new/.test(line)));
        expect(shown).to.deep.equal(mine(changesBetween(before, after)));
        const seatless = shown.filter((line) => line.endsWith("hold no seat is free"));
        expect(preview.summary).to.include({ held: seatless.length, kept: 0 });
      }),
      LIMITS,
    ));
});

async function setUp(t: TenantInTest, { old, trial, seats, leaving }: Story): Promise<void> {
  await t.connect({ slug: "old", protocol: "scim", sync: "live", settleSeconds: 0 });
  await t.connect({ slug: "new", protocol: "scim", sync: "test", mayGrantOwner: false, settleSeconds: 0 });
  await t.mapping(mapping("editor"));
  for (const [slug, people] of [["old", old] as const, ["new", trial] as const]) {
    const engineers = [];
    for (const [at, isEngineer] of people.entries()) {
      const id = await t.pushUser(slug, `${slug}${at}`);
      if (isEngineer) engineers.push(id);
    }
    await t.pushGroup(slug, "Engineering", engineers);
  }
  await reconcileAll(t);
  const { seatsUsed } = await t.tenant();
  await updateTenant(t.p, await t.tenant(), { seats: seats === null ? null : seatsUsed + seats }, ADMIN);
  if (!leaving) return;
  const { digest } = await previewSync(t.p, await t.tenant(), "old", { to: "off", onDisable: "deactivate" });
  const options = { onDisable: "deactivate", digest } as const;
  await turnSyncOff(t.p, await t.tenant(), await t.connection("old"), options, ADMIN);
}

async function edit(t: TenantInTest): Promise<Preview> {
  const preview = await previewMapping(t.p, await t.tenant(), JSON.stringify(mapping("viewer")), {});
  await t.mapping(mapping("viewer"), { digest: preview.digest });
  return preview;
}

async function wentLive(t: TenantInTest): Promise<Preview> {
  const preview = await previewSync(t.p, await t.tenant(), "new", { to: "live" });
  await goLive(t.p, await t.tenant(), "new", preview.digest, ADMIN);
  return preview;
}

/** What is done, and who is held; what they wait for is no change yet. */
async function linesOf({ lines }: Preview): Promise<readonly string[]> {
  const { items } = await lines({ limit: 1000 });
  const shown = items
    .filter(({ held }) => !held)
    .map(({ user, change, target, reason }) =>
      change === "hold"
        ? `${user.userName} hold ${reason}`
        : `${user.userName} ${change} ${target ? targetLabel(target) : ""}`,
    );
  return shown.sort();
}

async function reconcileAll(t: TenantInTest): Promise<void> {
  const { id } = await t.tenant();
  await reconcilePeople(t.p, id, await t.p.store.read(id).peopleIds({ limit: 100 }), { context: ADMIN });
}

async function stateOf(t: TenantInTest): Promise<readonly PersonState[]> {
  const reader = t.p.store.read((await t.tenant()).id);
  return reader.people(await reader.peopleIds({ limit: 100 }));
}

/** In the words of a preview's lines. */
function changesBetween(before: readonly PersonState[], after: readonly PersonState[]): readonly string[] {
  const was = new Map(before.map((person) => [person.id, person]));
  const labels = (person: PersonState | undefined) => new Set(person?.grants.map(({ target }) => targetLabel(target)));
  const changes = after.flatMap((person) => {
    const earlier = was.get(person.id);
    const [held, holds] = [labels(earlier), labels(person)];
    return [
      ...(earlier?.status !== "registered" && person.status === "registered" ? ["create_user "] : []),
      ...(earlier?.status === "registered" && person.status === "deactivated" ? ["deactivate_user "] : []),
      ...[...holds].filter((label) => !held.has(label)).map((label) => `grant ${label}`),
      ...[...held].filter((label) => !holds.has(label)).map((label) => `revoke ${label}`),
      ...(person.hold?.reason === "no_seat" ? ["hold no seat is free"] : []),
    ].map((change) => `${person.userName} ${change}`);
  });
  return changes.sort();
}
