import { expect } from "chai";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

const names = (count: number) => Array.from({ length: count }, (_, index) => `g${index}`);
const MANY = "[1..200].{'scope': 'resource:p:' & $$.group.name & '-' & $, 'role': 'v'}";

describe("a mapping that would give one person very much", () => {
  let t: TestTenant;
  let neighbour: TestTenant;
  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
    neighbour = await openTenant();
    await neighbour.connect({ slug: "main", protocol: "oidc", sync: "live" });
  });
  afterEach(async () => {
    await t.close();
    await neighbour.close();
  });

  it("fails for the person whose groups make too many computed targets, and leaves what they had", async () => {
    await t.mapping({
      role_order: ["v"],
      mappings: [
        { id: "many", group_pattern: "*", grants: MANY },
        { id: "plain", group_name: "g0", team_name: "A", role_name: "v" },
      ],
    });
    await t.signIn("main", "ann", { groups: ["g0"] });
    const before = await t.holds("ann");
    expect(before).to.have.length(201);
    const [answer] = await Promise.all([
      t.signIn("main", "ann", { groups: names(50) }),
      neighbour.pushUser("main", "bob", { externalId: "bob" }),
    ]);
    expect(answer).to.have.property("allowed", true);
    expect(await t.holds("ann")).to.deep.equal(before);
    const { notGiven } = await explainUser(t.p, await t.tenant(), await t.userId("ann"));
    expect(notGiven.map(({ rule, why, because }) => [rule, why, because])).to.deep.equal([
      [
        "many",
        "failed",
        "rule `many` cannot be judged: `grants` yielded more than 1000 targets for this person over all groups",
      ],
    ]);
  });

  it("gives what honest name patterns give over all groups, and tells of it in part", async () => {
    const scopes = ["resource:p:{n}", "resource:q:{n}"];
    const mappings = scopes.map((scope) => ({ group_pattern: "g{n}", scope, role_name: "v" }));
    await t.mapping({ mappings });
    await t.signIn("main", "ann", { groups: names(1000) });
    expect(await t.holds("ann")).to.have.length(2000);
    const wanted = { scope: "resource:q:999", role: "v" };
    const user = await t.userId("ann");
    const told = await explainUser(t.p, await t.tenant(), user);
    expect([told.assignments.length, told.assignmentsLeftOut]).to.deep.equal([500, 1500]);
    const asked = await explainUser(t.p, await t.tenant(), user, { wanted });
    expect(asked.assignments.map(({ target }) => target)).to.deep.equal([wanted]);
    expect(asked.assignmentsLeftOut).to.equal(1999);
    const { changes, changesLeftOut } = await tryPerson(t.p, await t.tenant(), { user, facts: { groups: [] } });
    expect([changes.length, changesLeftOut]).to.deep.equal([500, 1500]);
  });

  it("is explained in pieces: others are served between what is tried", async () => {
    const mappings = Array.from({ length: 40 }, (_, index) => {
      return { id: `r${index}`, group_name: `h${index}`, team_name: `T${index}`, role_name: "v" };
    });
    await t.mapping({ mappings: [{ everyone: true, team_name: "All", role_name: "v" }, ...mappings] });
    await t.signIn("main", "ann", { groups: names(40) });
    const [tenant, user] = [await t.tenant(), await t.userId("ann")];
    const turns = { seen: 0, over: false };
    const turn = () => {
      turns.seen += 1;
      if (!turns.over) setImmediate(turn);
    };
    setImmediate(turn);
    const { notGiven } = await explainUser(t.p, tenant, user);
    turns.over = true;
    expect(notGiven.filter(({ proved }) => proved)).to.have.length(40);
    expect(turns.seen).to.be.greaterThan(80);
  });
});
