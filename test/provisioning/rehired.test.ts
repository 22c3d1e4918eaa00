import { expect } from "chai";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { personNamed } from "../../src/provisioning/explain/person-named.js";
import { exampleOfUser } from "../../src/provisioning/mapping/example-of-user.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const rule = (id: string, group: string, team: string, role: string) => ({
  id,
  group_name: group,
  team_name: team,
  role_name: role,
});

describe("somebody who was deleted at the source and came back by another row of it", () => {
  let t: TestTenant;
  let teams: "create" | "reject";

  /** In group B since the return; group A is there, and the first row is gone. */
  async function rehired(): Promise<void> {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    const mappings = [rule("a", "A", "T", "editor"), rule("b", "B", "U", "viewer")];
    await t.mapping({ version: 1, no_match: "allow", unknown_team: teams, mappings });
    const first = await t.pushUser("okta", "bob", { externalId: "e1" });
    await t.pushGroup("okta", "A", [first]);
    await t.change("okta", { kind: "deleteUser", id: first });
    const second = await t.pushUser("okta", "bob", { externalId: "e1" });
    await t.pushGroup("okta", "B", [second]);
    await t.settled();
  }

  beforeEach(async () => {
    t = await openTenant();
    teams = "create";
  });
  afterEach(() => t.close());

  it("is told what would give them more, and what would take what they hold, by the row that counts", async () => {
    await rehired();
    const { assignments, notGiven } = await explainUser(t.p, await t.tenant(), await t.userId("bob"));
    const told = notGiven.map(({ rule: id, proved, steps }) => ({ id, proved, steps }));
    expect(told).to.deep.equal([{ id: "a", proved: true, steps: [{ do: "join_group", anyOf: ["A"] }] }]);
    expect(assignments.map(({ label, toLose, toLoseProved }) => ({ label, toLose, toLoseProved }))).to.deep.equal([
      { label: "U/viewer", toLose: [{ do: "leave_group", group: "B" }], toLoseProved: true },
    ]);
  });

  it("is meant by their name, if they got an account of their own, and the first one is deactivated", async () => {
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    const first = await t.pushUser("okta", "bob", { externalId: "e1" });
    await t.change("okta", { kind: "deleteUser", id: first });
    await t.pushUser("okta", "bob", { externalId: "e2" });
    await t.settled();
    const reader = t.p.store.read((await t.tenant()).id);
    const { items } = await reader.users({ userName: "bob", limit: 5 });
    expect(items.map(({ status }) => status)).to.have.members(["registered", "deactivated"]);
    expect(await personNamed(reader, "bob")).to.include({ status: "registered", userName: "bob" });
    const away = await t.pushUser("okta", "eve", { externalId: "e3" });
    await t.change("okta", { kind: "deleteUser", id: away });
    expect(await personNamed(reader, "eve")).to.include({ status: "deactivated" });
  });

  it("is told of a team that is missing by the rules that match now alone", async () => {
    teams = "reject";
    await rehired();
    const { notGiven } = await explainUser(t.p, await t.tenant(), await t.userId("bob"));
    expect(notGiven.map(({ rule: id, why, steps }) => [id, why, steps[0]])).to.deep.equal([
      ["b", "unknown_team", { do: "create_team", target: "U/viewer" }],
      ["a", "unmet", { do: "join_group", anyOf: ["A"] }],
    ]);
  });

  it("is tried with facts of the row that counts", async () => {
    await rehired();
    const tenant = await t.tenant();
    for (const [groups, change, target] of [
      [{ add: ["A"] }, "grant", { scope: "team:T", role: "editor" }],
      [{ remove: ["B"] }, "revoke", { scope: "team:U", role: "viewer" }],
    ] as const) {
      const { changes } = await tryPerson(t.p, tenant, { user: "bob", connection: "okta", facts: { groups } });
      expect(changes.map((line) => [line.change, line.target])).to.deep.equal([[change, target]]);
    }
  });

  it("makes one example, of the row that counts", async () => {
    await rehired();
    const { examples } = await exampleOfUser(t.p, await t.tenant(), await t.userId("bob"));
    expect(examples.map(({ name, groups, expect: given }) => ({ name, groups, given }))).to.deep.equal([
      { name: "a person of okta", groups: ["B"], given: ["U/viewer"] },
    ]);
  });
});
