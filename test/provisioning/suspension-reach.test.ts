import { expect } from "chai";
import { Refusal } from "../../src/model/problem.js";
import { createExpressionRunner } from "../../src/platform/expression-runner.js";
import { explainUser, explanationOf } from "../../src/provisioning/explain/explain-user.js";
import { exampleOfUser } from "../../src/provisioning/mapping/example-of-user.js";
import { lintMapping } from "../../src/provisioning/mapping/lint.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { tryPerson } from "../../src/provisioning/preview/try-person.js";
import { reconcilePeople } from "../../src/provisioning/reconcile.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

/** Comes to its end for the good alone; each other title is another input that does not. */
const when = "user.title = 'good' or $count($map([1..1000], function($a) { $map([1..1000], function($b) { 1 }) })) > 0";
const RULE = { id: "endless", when, team_name: "Board", role_name: "editor" };
const DOCUMENT = { mappings: [RULE] };
const BOARD = ["Board/editor"];

/** A hundred seconds a second, so that nobody waits for another attempt. */
const begun = Date.now();
const hurried = () => new Date(begun + (Date.now() - begun) * 100).toISOString();

describe("what an expression that ends badly is suspended for", () => {
  let t: TestTenant;
  beforeEach(async () => {
    t = await openTenant({ with: (p) => ({ ...p, now: hurried }) });
    await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
    await t.mapping(DOCUMENT);
  });
  afterEach(() => t.close());

  const push = (name: string, title: string, id?: string) =>
    t.pushUser("main", name, { externalId: name, attributes: { title }, ...(id === undefined ? {} : { id }) });

  async function told() {
    const reader = t.p.store.read((await t.tenant()).id);
    return (await reader.audit({ action: "expression.suspended", limit: 10 })).items.map(({ detail }) => detail);
  }

  it("tries, previews, lint and explanations suspend nothing that decides, whatever they are asked", async () => {
    const tenant = await t.tenant();
    const ann = await push("ann", "good");
    for (const title of ["a", "b", "c", "d", "e", "f"]) {
      const { notGiven } = await tryPerson(t.p, tenant, { connection: "main", facts: { user: { title } } });
      expect(notGiven[0]).to.include({ rule: "endless", why: "failed" });
    }
    const examples = ["a", "b", "c", "d", "e", "f"].map((title) => ({ name: title, user: { title }, expect: [] }));
    const draft = JSON.stringify({ ...DOCUMENT, examples });
    await previewMapping(t.p, tenant, draft, {});
    await lintMapping(t.p, tenant, draft, { days: 30 });
    await push("ann", "bad", ann);
    const user = await t.userId("ann");
    for (let times = 0; times < 6; times++) await explainUser(t.p, tenant, user);
    await exampleOfUser(t.p, tenant, user);
    await push("ann", "good", ann);
    await push("bob", "good");
    expect([await t.holds("ann"), await t.holds("bob")]).to.deep.equal([BOARD, BOARD]);
    expect((await told()).filter(({ reach }) => reach !== "one_input")).to.deep.equal([]);
  });

  it("tries, lint, examples and explanations of a tenant take turns, and too many are refused; decisions and checks go on", async () => {
    const tenant = await t.tenant();
    await push("ann", "good");
    const ann = await t.userId("ann");
    let end: () => void = () => undefined;
    const busy = t.p.questions.run(
      tenant.id,
      () =>
        new Promise<void>((done) => {
          end = done;
        }),
    );
    const questions = [
      () => tryPerson(t.p, tenant, { user: "ann" }),
      () => lintMapping(t.p, tenant, undefined, { days: 30 }),
      () => exampleOfUser(t.p, tenant, ann),
      () => explainUser(t.p, tenant, ann),
    ];
    let answered = 0;
    const asked = Array.from({ length: 50 }, (_, at) => (questions[at % 4] ?? questions[0])?.().then(() => ++answered));
    for (const ask of questions) {
      const refused = await ask().catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(Refusal).with.property("code", "rate_limited");
    }
    await push("bob", "good");
    expect(await t.holds("bob")).to.deep.equal(BOARD);
    expect(await explanationOf(t.p, tenant, ann), "what a check says").to.have.property("assignments");
    expect(answered).to.equal(0);
    end();
    await Promise.all([busy, ...asked]);
    expect(answered).to.equal(50);
  });

  it("one person's facts end the attempts on themselves, and leave everybody else the rule", async () => {
    const ann = await push("ann", "good");
    await push("ann", "bad", ann);
    await t.settled();
    expect((await t.person("ann")).dirty, "nobody tries again").to.equal(false);
    expect(await t.holds("ann"), "kept").to.deep.equal(BOARD);
    const { assignments } = await explainUser(t.p, await t.tenant(), await t.userId("ann"));
    expect(assignments[0]?.grants[0]?.kept).to.contain("ended badly 5 times on these facts");
    const places = [{ pointer: "/mappings/0", rule: "endless" }];
    expect(await told()).to.deep.equal([{ version: 1, code: "timeout", reach: "one_input", places }]);
    await push("bob", "good");
    expect(await t.holds("bob")).to.deep.equal(BOARD);
    await push("ann", "good", ann);
    expect(await t.holds("ann"), "by other facts").to.deep.equal(BOARD);
    expect((await t.person("ann")).dirty).to.equal(false);
  });

  it("a mapping that another instance made active begins afresh on this one", async () => {
    const here = createExpressionRunner();
    try {
      const { id } = await t.tenant();
      const p = { ...t.p, expressions: here };
      await push("bob", "fine");
      const bob = await t.userId("bob");
      for (const n of [1, 2, 3, 4, 5])
        await here.live(1).run(id, [{ source: when, input: { user: { title: `${n}` } } }]);
      const reconciled = async () => (await reconcilePeople(p, id, [bob], { context: ADMIN })).counts["suspended"] ?? 0;
      expect(await reconciled()).to.equal(1);
      await t.mapping({ mappings: [RULE], no_match: "allow" });
      expect(await reconciled()).to.equal(0);
    } finally {
      await here.close();
    }
  });
});
