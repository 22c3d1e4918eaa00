import { expect } from "chai";
import type { Instant, TenantId, UserId } from "../../src/model/ids.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { createUnmovedBook, isUnmoved } from "../../src/provisioning/preview/unmoved.js";
import { workRun } from "../../src/provisioning/runs/run-work.js";
import { testClock } from "../support/clock.js";
import { overridden } from "../support/overridden.js";
import { openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const rule = (group: string, role: string, more: object = {}) => ({
  ...{ id: group, group_name: group, team_name: group, role_name: role },
  ...more,
});
const FIRST = { mappings: [rule("Sales", "viewer"), rule("Ops", "viewer")] };
const EDIT = { mappings: [rule("Sales", "viewer"), rule("Ops", "editor")] };

describe("people whom an edit of the mapping leaves as they are", () => {
  const clock = testClock("2026-11-22T09:00:00.000Z");
  let database: TestDatabase;
  let t: TenantInTest;
  let isBusy = false;
  /** Whose facts the worker read. */
  let read: UserId[] = [];
  /** Happens when a save has looked at everybody, before it makes the mapping active. */
  let afterWalk: () => Promise<unknown> = async () => undefined;

  const watched = (p: Provisioning): Provisioning => {
    const { store } = p;
    const reader = (tenant: TenantId) => {
      const inner = store.read(tenant);
      const links: typeof inner.links = (ids) => {
        read.push(...ids);
        return inner.links(ids);
      };
      return overridden(inner, { links });
    };
    const tenantsWithWork: typeof store.instance.tenantsWithWork = async (...asked) =>
      isBusy ? [] : store.instance.tenantsWithWork(...asked);
    return { ...p, store: { ...store, read: reader, instance: { ...store.instance, tenantsWithWork } } };
  };
  const interrupted = (p: Provisioning): Provisioning => ({
    ...clock.into(p),
    walks: {
      async run(tenant, work) {
        const result = await p.walks.run(tenant, work);
        await afterWalk();
        return result;
      },
    },
  });

  before(async () => {
    database = await openDatabase({ with: interrupted, withWorker: watched });
  });
  after(() => database.close());
  beforeEach(async () => {
    isBusy = false;
    afterWalk = async () => undefined;
    t = await database.tenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live", settleSeconds: 0 });
    await t.mapping(FIRST);
    await t.pushGroup("okta", "Sales", [await t.pushUser("okta", "ada"), await t.pushUser("okta", "ben")]);
    await t.pushGroup("okta", "Ops", [await t.pushUser("okta", "cy")]);
    await t.settled();
    read = [];
  });

  const names = async (ids: readonly UserId[]) => {
    const people = await t.p.store.read((await t.tenant()).id).people(ids);
    return people.map(({ userName }) => userName).sort();
  };
  const noted = async (version: number) => {
    const unmoved = t.p.unmoved.take((await t.tenant()).id, version, 100);
    return names(unmoved.map(({ user }) => user));
  };
  const versions = async () =>
    Promise.all(["ada", "ben", "cy"].map(async (name) => (await t.person(name)).reconciledVersion));

  it("are taken as done by its run, which reads the facts of nobody but the others", async () => {
    const { run } = await t.mapping(EDIT);
    await t.settled();
    expect(await names([...new Set(read)])).to.deep.equal(["cy"]);
    expect(await versions()).to.deep.equal([2, 2, 2]);
    expect(await t.holds("cy")).to.deep.equal(["Ops/editor"]);
    expect(await t.p.store.read((await t.tenant()).id).run(run)).to.include({ status: "done", total: 3, done: 3 });
  });

  const meanwhile: readonly (readonly [string, () => Promise<unknown>, readonly string[] | string])[] = [
    [
      "left their group",
      async () => t.change("okta", { kind: "setMembers", group: await groupId("Sales"), members: [] }),
      [],
    ],
    [
      "joined another group",
      async () => t.change("okta", { kind: "addMembers", group: await groupId("Ops"), members: [await directoryId()] }),
      ["Ops/editor", "Sales/viewer"],
    ],
    ["were deleted", async () => t.change("okta", { kind: "deleteUser", id: await directoryId() }), "deactivated"],
  ];
  const groupId = async (name: string) => {
    const groups = await t.p.store.read((await t.tenant()).id).directoryGroups((await t.connection("okta")).id);
    return groups.find(({ displayName }) => displayName === name)?.id as never;
  };
  const directoryId = async () => {
    const [link] = await t.p.store.read((await t.tenant()).id).links([await t.userId("ada")]);
    return link?.directoryUser as never;
  };
  for (const [what, happens, expected] of meanwhile) {
    for (const when of ["save", "run"] as const) {
      it(`are looked at again when they ${what} before the ${when}`, async () => {
        if (when === "save") afterWalk = happens;
        isBusy = when === "run";
        await t.mapping(EDIT);
        if (when === "run") await happens();
        isBusy = false;
        await t.settled();
        expect(await t.holds("ada")).to.deep.equal(expected);
        expect(await versions()).to.deep.equal([2, 2, 2]);
      });
    }
  }

  const later = (minutes: number): Instant => new Date(Date.parse(clock.now()) + minutes * 60_000).toISOString();
  const edits: readonly (readonly [string, () => object, () => Promise<unknown>, boolean])[] = [
    ["nothing happened", () => EDIT, async () => undefined, true],
    ["nothing happened to the names it pins", () => ({ mappings: [...EDIT.mappings, rule("New", "x")] }), noop, true],
    [
      "a group that bears a name of it came",
      () => ({ mappings: [...EDIT.mappings, rule("New", "x")] }),
      () => t.pushGroup("okta", "New"),
      false,
    ],
    ["a group that bears no name of it came", () => EDIT, () => t.pushGroup("okta", "Another"), true],
    [
      "a connection was made",
      () => EDIT,
      () => t.connect({ slug: "sso", protocol: "oidc", mayGrantOwner: false }),
      false,
    ],
    [
      "a rule of it expired",
      () => ({ mappings: [...EDIT.mappings, rule("Ops", "x", { id: "short", expires_at: later(1) })] }),
      async () => clock.forward({ minutes: 2 }),
      false,
    ],
    [
      "a rule of it expires later",
      () => ({ mappings: [...EDIT.mappings, rule("Ops", "x", { id: "long", expires_at: later(5) })] }),
      async () => clock.forward({ minutes: 2 }),
      true,
    ],
    [
      "a day began that it reads",
      () => ({ mappings: [...EDIT.mappings, { when: "now < '2030-01-01'", team_name: "Ops", role_name: "x" }] }),
      async () => clock.forward({ hours: 24 }),
      false,
    ],
    ["a day began that it does not read", () => EDIT, async () => clock.forward({ hours: 24 }), true],
    ["it computes the profile", () => ({ ...EDIT, profile: { displayName: "user.userName" } }), noop, false],
  ];
  async function noop(): Promise<void> {}
  for (const [what, edit, happens, isKept] of edits) {
    it(`are ${isKept ? "remembered" : "forgotten"} when, between the look at everybody and the save, ${what}`, async () => {
      isBusy = true;
      afterWalk = happens;
      const { version } = await t.mapping(edit());
      const people = await noted(version);
      isBusy = false;
      await t.settled();
      if (isKept) expect(people).to.include.members(["ada", "ben"]).and.not.include("cy");
      else expect(people).to.deep.equal([]);
    });
  }

  it("are counted, and their run goes on with the others later, when it has to stop", async () => {
    isBusy = true;
    const { run } = await t.mapping(EDIT);
    const { id } = await t.tenant();
    const claimed = await t.p.store.write(id, (tx) => tx.claimRun(clock.now(), later(1)));
    if (claimed?.id !== run) throw new Error("the run was not to be had");
    const pace = { size: 10, lease: () => later(1), published: noop, stopped: () => true };
    await workRun(t.p, id, claimed, pace);
    expect(await t.p.store.read(id).run(run)).to.include({ status: "queued", done: 2 });
    expect(await versions()).to.deep.equal([2, 2, 1]);
    isBusy = false;
    await t.settled();
    expect(await t.p.store.read(id).run(run)).to.include({ status: "done", done: 3 });
  });

  describe("are nobody", () => {
    const person = { status: "registered", dirty: false, reconciledVersion: 1 };
    const plan = { person, changes: [], kept: [], refreshed: [], frozen: false };
    const cases: readonly (readonly [string, object, object?])[] = [
      ["with a change", { changes: [{}] }],
      ["with something kept", { kept: [{}] }],
      ["whose evidence moved", { refreshed: [{}] }],
      ["who is frozen", { frozen: true }],
      ["with a mark", { person: { ...person, dirty: true } }],
      ["whom an earlier version has not reached", { person: { ...person, reconciledVersion: 0 } }],
      ["who is not registered", { person: { ...person, status: "pending" } }],
      ["who is held", { person: { ...person, hold: {} } }],
      ["with a rule that could not be judged", {}, { locks: [{}] }],
    ];
    const asked = (more: object, decision: object = { locks: [] }) =>
      isUnmoved({ ...plan, ...more } as never, decision as never, 1);
    for (const [what, more, decision] of cases) {
      it(what, () => {
        expect([asked({}), asked(more, decision)]).to.deep.equal([true, false]);
      });
    }
  });

  describe("are remembered", () => {
    const people = (...ids: readonly string[]) => ids.map((id) => ({ user: id as UserId, factsVersion: 1 }));
    const [A, B] = [1 as TenantId, 2 as TenantId];

    it("until they are taken, once, for the last version alone", () => {
      const book = createUnmovedBook(10);
      book.keep(A, 2, people("a", "b", "c"));
      expect([book.take(A, 1, 9), book.take(B, 2, 9)]).to.deep.equal([[], []]);
      expect([book.take(A, 2, 2), book.take(A, 2, 2), book.take(A, 2, 2)]).to.deep.equal([
        people("a", "b"),
        people("c"),
        [],
      ]);
      book.keep(A, 3, people("a"));
      book.keep(A, 4, []);
      expect(book.take(A, 3, 9)).to.deep.equal([]);
    });

    it("up to so many over all tenants, the latest first", () => {
      const book = createUnmovedBook(3);
      book.keep(A, 2, people("a", "b"));
      book.keep(B, 2, people("c", "d"));
      expect([book.take(A, 2, 9), book.take(B, 2, 9)]).to.deep.equal([[], people("c", "d")]);
      book.keep(A, 3, people("a", "b", "c", "d"));
      expect(book.take(A, 3, 9)).to.deep.equal([]);
    });
  });
});
