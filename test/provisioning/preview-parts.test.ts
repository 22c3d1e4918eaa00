import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import { draftMapping } from "../../src/provisioning/mapping/mappings.js";
import type { PlanRow } from "../../src/provisioning/ports/mappings.js";
import { type PopulationQuery, storePreview } from "../../src/provisioning/preview/population.js";
import { scimUser } from "../support/people.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const PEOPLE = 230;
const GROUPS = 12;
const ROUNDS = 3;

/** Numbers between 0 and 1, the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function randomMapping(random: () => number): MappingDocument {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const place = () => pick([{ team_name: "A" }, { team_name: "B" }, { scope: "tenant" }, { scope: "all_teams" }]);
  const matcher = () =>
    pick<Partial<RuleDocument>>([
      { group_name: `g${Math.floor(random() * GROUPS)}` },
      { group_pattern: "g*", when: `$contains(group.name, '${Math.floor(random() * 10)}')` },
      { when: `user.department = '${pick(["Sales", "Legal"])}'` },
      { when: `$count(groups) > ${Math.floor(random() * 6)} and user.title = 'Boss'` },
      { everyone: true },
    ]);
  const rules = Array.from({ length: 2 + Math.floor(random() * 6) }, () => ({
    ...{ ...matcher(), ...place(), role_name: pick(["viewer", "editor", "admin"]) },
  }));
  return { role_order: ["viewer", "editor", "admin"], no_match: "allow", mappings: rules };
}

describe("a preview of everybody", () => {
  let t: TestTenant;

  before(async () => {
    t = await openTenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    const random = chance(11);
    const users = Array.from({ length: PEOPLE }, (_, at) => {
      const attributes = { department: random() < 0.5 ? "Sales" : "Legal", title: random() < 0.3 ? "Boss" : null };
      return { kind: "upsertUser" as const, document: scimUser(`p${at}@acme.test`, { attributes }) };
    });
    const { rows } = await t.change("okta", ...users);
    const ids = rows.flatMap((row) => (row ? [row.id as DirectoryUserId] : []));
    for (let group = 0; group < GROUPS; group++) {
      await t.pushGroup(
        "okta",
        `g${group}`,
        ids.filter(() => random() < 0.4),
      );
    }
    await t.mapping(randomMapping(random));
    await t.settled();
  });
  after(() => t.close());

  const linesOf = async (query: PopulationQuery) => {
    const preview = await storePreview(t.p, t.p.store.read((await t.tenant()).id), query);
    const lines: PlanRow[] = [];
    for (let page = await preview.lines({ limit: 1000 }); ; ) {
      lines.push(...page.items);
      if (page.next === undefined) return { lines, summary: preview.summary, digest: preview.digest };
      page = await preview.lines({ limit: 1000, after: page.next });
    }
  };
  const inOrder = (lines: readonly PlanRow[]) => lines.map((line) => JSON.stringify(line)).sort();

  for (let round = 1; round <= ROUNDS; round++) {
    it(`says of each what a preview of that person alone says, where results are shared by nobody (${round})`, async () => {
      const { id } = await t.tenant();
      const { mapping } = await draftMapping(t.p, id, JSON.stringify(randomMapping(chance(round * 977))));
      const query = { kind: "mapping", subject: `round ${round}`, mapping } as const;
      const everybody = await linesOf(query);
      const people = await t.p.store.read(id).peopleIds({ limit: 1000 });
      const each: PlanRow[] = [];
      let changed = 0;
      for (const person of people) {
        const alone = await linesOf({ ...query, people: [person] });
        each.push(...alone.lines);
        changed += alone.summary.changed;
      }
      expect(people).to.have.length(PEOPLE);
      expect(inOrder(everybody.lines)).to.deep.equal(inOrder(each));
      expect(everybody.summary).to.include({ users: PEOPLE, changed });
      expect(everybody.digest).to.equal((await linesOf({ ...query, people: people.toReversed() })).digest);
    });
  }
});
