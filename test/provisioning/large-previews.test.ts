import { expect } from "chai";
import { Refusal } from "../../src/model/problem.js";
import { previewMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import type { PlanRow } from "../../src/provisioning/ports/mappings.js";
import type { Preview } from "../../src/provisioning/preview/population.js";
import { scimGroup, scimUser } from "../support/people.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

const PEOPLE = 620;
const give = (role: string, scope: string) => ({ group_name: "All", scope, role_name: role });
const BEFORE = { mappings: [give("viewer", "team:A"), give("reader", "tenant")] };
const AFTER = JSON.stringify({ mappings: [give("editor", "team:A"), give("admin", "tenant")] });

describe("previews of more people and lines than a page holds", () => {
  let t: TestTenant;
  /** Of a preview that was made before anybody came. */
  let ofNobody: string;

  before(async () => {
    t = await openTenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.mapping(BEFORE);
    ofNobody = (await preview(AFTER)).digest;
    const users = Array.from({ length: PEOPLE }, (_, at) => ({
      kind: "upsertUser" as const,
      document: scimUser(`p${at}@acme.test`),
    }));
    const { rows } = await t.change("okta", ...users);
    const members = rows.flatMap((row) => (row ? [row.id as never] : []));
    await t.change("okta", { kind: "upsertGroup", document: scimGroup("All"), members });
    await t.settled();
  });
  after(() => t.close());

  const preview = async (text: string) => previewMapping(t.p, await t.tenant(), text, {});
  const linesOf = async ({ lines }: Pick<Preview, "lines">, limit: number): Promise<readonly PlanRow[]> => {
    const all: PlanRow[] = [];
    for (let after: string | undefined; ; ) {
      const page = await lines({ limit, ...(after === undefined ? {} : { after }) });
      all.push(...page.items);
      if (page.next === undefined) return all;
      after = page.next;
    }
  };
  const shape = ({ user, change, target }: PlanRow) => `${user.userName} ${change} ${target?.scope} ${target?.role}`;

  it("list every line once, whatever the size of the pages, privileged lines first and losses before gains", async () => {
    const plan = await preview(AFTER);
    expect(plan.summary).to.deep.include({ users: PEOPLE, changed: PEOPLE, granted: 2 * PEOPLE, revoked: 2 * PEOPLE });
    expect(plan.summary.privileged).to.deep.equal({ granted: PEOPLE, revoked: PEOPLE });
    expect(plan.summary.byScope).to.deep.equal({
      items: [
        { scope: "team:A", granted: PEOPLE, revoked: PEOPLE },
        { scope: "tenant", granted: PEOPLE, revoked: PEOPLE },
      ],
      more: 0,
    });
    const lines = await linesOf(plan, 1000);
    expect(new Set(lines.map(shape)).size).to.equal(4 * PEOPLE);
    const classes = lines.map(({ privileged, change }) => `${privileged} ${change}`);
    const expected = ["true revoke", "true grant", "false revoke", "false grant"];
    expect(classes).to.deep.equal(expected.flatMap((one) => Array.from({ length: PEOPLE }, () => one)));
    for (const limit of [7, 499, 500, 501]) expect(await linesOf(plan, limit), `${limit}`).to.deep.equal(lines);
  });

  it("have one digest, however often they are made, and another one for one person less", async () => {
    const { digest } = await preview(AFTER);
    expect((await preview(AFTER)).digest).to.equal(digest);
    const late = await t.pushUser("okta", "late@acme.test");
    expect((await preview(AFTER)).digest).to.equal(digest);
    await t.change("okta", { kind: "deleteUser", id: late });
  });

  it("refuse a digest of before with as much of what is new as one reads, count the rest, and keep all of it", async () => {
    const refused = await saveMapping(t.p, await t.tenant(), AFTER, { digest: ofNobody }, ADMIN).catch(
      (error: unknown) => error,
    );
    if (!(refused instanceof Refusal)) throw new Error("nothing was refused");
    expect(refused.code).to.equal("plan_changed");
    expect(refused.detail["changes"]).to.have.length(500);
    expect(refused.detail["more"]).to.equal(3 * PEOPLE - 500);
    const reader = t.p.store.read((await t.tenant()).id);
    const lines = (page: { readonly limit: number }) => reader.planLines(String(refused.detail["plan"]), page);
    expect(await linesOf({ lines }, 1000)).to.deep.equal(await linesOf(await preview(AFTER), 1000));
  });

  it("are confirmed by their digest, all of it", async () => {
    const { digest } = await preview(AFTER);
    await saveMapping(t.p, await t.tenant(), AFTER, { digest }, ADMIN);
    await t.settled();
    expect(await t.holds("p0@acme.test")).to.deep.equal(["A/editor", "tenant/admin"]);
    expect(await t.holds(`p${PEOPLE - 1}@acme.test`)).to.deep.equal(["A/editor", "tenant/admin"]);
    expect((await preview(AFTER)).summary).to.include({ changed: 0, granted: 0, revoked: 0 });
  });
});
