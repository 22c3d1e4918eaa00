import { expect } from "chai";
import fc from "fast-check";
import type { DirectoryChange } from "../../src/model/directory.js";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { Refusal } from "../../src/model/problem.js";
import { type Target, targetLabel } from "../../src/model/target.js";
import { ingest } from "../../src/provisioning/ingest.js";
import { previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const GROUPS = ["Eng", "Ops"] as const;
const PEOPLE = 4;
const ORDER = ["viewer", "editor", "admin"];
const STRATEGIES = ["first", "highest", "all"] as const;

/** Who is in which group: people by groups. */
type Members = readonly (readonly boolean[])[];

interface Story {
  readonly before: MappingDocument;
  readonly after: MappingDocument;
  readonly members: Members;
  /** When the edit is saved. */
  readonly later: Members;
  /** Whether the worker has seen what moved before the edit is saved. */
  readonly isSettled: boolean;
}

const rule: fc.Arbitrary<RuleDocument> = fc
  .record({
    group: fc.constantFrom(...GROUPS),
    team: fc.boolean(),
    role: fc.constantFrom(...ORDER, "odd"),
    id: fc.boolean(),
  })
  .map(({ group, team, role, id }) => ({
    ...{ group_name: group, role_name: role, ...(team ? { team_name: "A" } : { scope: "tenant" }) },
    ...(id && { id: `${group}-${team}-${role}` }),
  }));
const mapping: fc.Arbitrary<MappingDocument> = fc
  .record({
    mappings: fc.uniqueArray(rule, { maxLength: 4, selector: ({ id: _, ...said }) => JSON.stringify(said) }),
    conflicts: fc.constantFrom(...STRATEGIES),
  })
  .map((said) => ({ ...said, role_order: ORDER, no_match: "allow" }));
const members: fc.Arbitrary<Members> = fc.array(fc.array(fc.boolean(), { minLength: PEOPLE, maxLength: PEOPLE }), {
  minLength: GROUPS.length,
  maxLength: GROUPS.length,
});
const stories: fc.Arbitrary<Story> = fc.record({
  ...{ before: mapping, after: mapping, members, later: members, isSettled: fc.boolean() },
});

/** As many as the other histories, and the same each time, unless `PROPERTY_RUNS` asks for more. */
const asked = process.env["PROPERTY_RUNS"];
const LIMITS = { numRuns: Number(asked ?? 25), ...(asked === undefined && { seed: 7 }) };

describe("what nobody reviewed", function () {
  this.timeout(LIMITS.numRuns * 10_000);
  const clock = testClock();
  let database: TestDatabase;

  before(async () => {
    // A brake that lets no loss pass but what was reviewed.
    const brake = { deactivationsFloor: 0, deactivationsShare: 0, accessFloor: 0, accessShare: 0, dripPerHour: 0 };
    database = await openDatabase({ with: (p) => clock.into({ ...p, settings: { ...p.settings, brake } }) });
  });
  after(() => database.close());

  it("is taken from nobody: it is refused with plan_changed, or held", async () => {
    const outcomes = { refused: 0, saved: 0 };
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const t = await database.tenant();
        const directory = await setUp(t, story);
        const text = JSON.stringify(story.after);
        const { digest, lines } = await previewMapping(t.p, await t.tenant(), text, {});
        const reviewed = (await lines({ limit: 1000 })).items.flatMap(({ user, change, target }) =>
          change === "revoke" && target ? [`${user.userName} ${targetLabel(target)}`] : [],
        );
        const first = await holdings(t);
        await (story.isSettled
          ? t.change("okta", ...moves(directory, story))
          : unreconciled(t, moves(directory, story)));
        const second = await holdings(t);
        const saved = await saveMapping(t.p, await t.tenant(), text, { digest }, ADMIN).catch(
          (error: unknown) => error,
        );
        const isRefused = saved instanceof Refusal;
        if (isRefused) expect(saved.code).to.equal("plan_changed");
        else if (saved instanceof Error) throw saved;
        clock.forward({ minutes: 2 });
        await t.settled();
        const third = await holdings(t);
        expect(taken(first, second, story.before)).to.deep.equal([]);
        const by = isRefused ? story.before : story.after;
        expect(taken(second, third, by).filter((one) => isRefused || !reviewed.includes(one))).to.deep.equal([]);
        outcomes[isRefused ? "refused" : "saved"] += 1;
      }),
      LIMITS,
    );
    expect(Math.min(outcomes.refused, outcomes.saved), "both were put to it").to.be.at.least(1);
  });
});

interface Pushed {
  readonly people: readonly DirectoryUserId[];
  readonly groups: readonly DirectoryGroupId[];
}

async function setUp(t: TenantInTest, { before: document, members: first }: Story): Promise<Pushed> {
  await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
  await t.mapping(document);
  const people: DirectoryUserId[] = [];
  for (let at = 0; at < PEOPLE; at++) people.push(await t.pushUser("okta", `p${at}`));
  const groups: DirectoryGroupId[] = [];
  for (const [at, name] of GROUPS.entries()) {
    groups.push(
      await t.pushGroup(
        "okta",
        name,
        people.filter((_, who) => first[at]?.[who]),
      ),
    );
  }
  await t.settled();
  return { people, groups };
}

function moves({ people, groups }: Pushed, { members: first, later }: Story): readonly DirectoryChange[] {
  return groups.flatMap((group, at) => {
    const joining = people.filter((_, who) => later[at]?.[who] && !first[at]?.[who]);
    const leaving = people.filter((_, who) => !later[at]?.[who] && first[at]?.[who]);
    return [
      { kind: "addMembers", group, members: joining } as const,
      { kind: "removeMembers", group, members: leaving } as const,
    ];
  });
}

/** Facts move, and the worker comes to them later. */
async function unreconciled(t: TenantInTest, changes: readonly DirectoryChange[]): Promise<void> {
  const tenant = await t.tenant();
  const connection = await t.connection("okta");
  await t.p.store.write(tenant.id, async (tx) => {
    const { touched } = await ingest(tx, tenant, connection, changes, t.p.now());
    await tx.delayMarks(touched, new Date(Date.parse(t.p.now()) + 60_000).toISOString());
  });
}

type Holdings = ReadonlyMap<string, readonly Target[]>;

async function holdings(t: TenantInTest): Promise<Holdings> {
  const reader = t.p.store.read((await t.tenant()).id);
  const people = await reader.people(await reader.peopleIds({ limit: 100 }));
  return new Map(people.map(({ userName, grants }) => [userName, grants.map(({ target }) => target)]));
}

/** `person place/role` of what is gone, but for a role that gave way to a higher one in its place. */
function taken(before: Holdings, after: Holdings, { conflicts }: MappingDocument): readonly string[] {
  return [...before].flatMap(([name, had]) => {
    const has = after.get(name) ?? [];
    const stays = ({ scope, role }: Target) =>
      has.some((one) => {
        const isHigher = ORDER.includes(role) && ORDER.indexOf(one.role) > ORDER.indexOf(role);
        return one.scope === scope && (one.role === role || (conflicts !== "all" && isHigher));
      });
    return had.filter((target) => !stays(target)).map((target) => `${name} ${targetLabel(target)}`);
  });
}
